"""Days named without their year, or by their number alone: "since the 18th of October", "on the 22nd".

The newest such day is meant that is not after today; it is written out, so that the answer says which day was taken.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from tools.times.calendar_words import MONTH_NAME, MONTHS

_ORDINAL_WORDS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first".split()
_IN_WORDS = re.compile(
    rf"\b(?:the\s+)?(?P<word>{'|'.join(w.replace('-', '[- ]') for w in reversed(_ORDINAL_WORDS))})\s+(?:of\s+)?(?P<month>{MONTH_NAME})\b",
    re.IGNORECASE,
)
_NO_YEAR = r"(?![\w/.-]*\d)(?!\s+\d\d\b)(?!\.?,?\s+(?:of\s+)?(?:19|20)\d\d)(?!\.?,?\s+['’]\d\d)"
_DAY_OF_MONTH = re.compile(
    rf"(?<![\w/.-])(?:the\s+)?(?P<day>\d{{1,2}})(?P<th>st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{MONTH_NAME})\b{_NO_YEAR}",
    re.IGNORECASE,
)
# "Oct 24" behind "in" or "since" is a month of a year; a day has its ending, or stands behind "on" or "on arrival".
_MONTH_AND_DAY = re.compile(
    rf"\b(?P<on>(?:on|arrival|admission|presentation)\s+)?(?P<month>{MONTH_NAME})\.?\s+(?:the\s+)?(?P<day>\d{{1,2}})(?P<th>st|nd|rd|th)?(?![\w/.:-])(?!,?\s+(?:19|20)\d\d)",
    re.IGNORECASE,
)
# "On 10/23", "on arrival 21/8": a day in figures without its year; no share of a dose or of a scale.
_IN_FIGURES = re.compile(
    r"\b(?P<lead>(?:on|since|from|until|till|before|after|by|dated|of|arrival|admission|admitted|presentation|discharged?|seen|visit|clinic|bloods|labs)\s+(?:the\s+)?)"
    r"(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/]|\.\d|\s*(?:mm|cm|kg|mg|mmol|weeks?|days?|hours?|h\b|/|tab\w*|pills?|dose|strength|of\b|normal|ns\b|saline))",
    re.IGNORECASE,
)
# "27 May and 2 June 2026", "May 27 to June 2, 2026": the year that stands at the end is that of both.
_TO = r"\s*(?P<to>\b(?:and|to|until|till|through)\b|[-–])\s*(?:the\s+)?"
_BOTH_WAYS = (
    rf"(?P<day_>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month_>{MONTH_NAME})",
    rf"(?P<month_>{MONTH_NAME})\s+(?P<day_>\d{{1,2}})(?:st|nd|rd|th)?",
)
_RANGES = tuple(
    re.compile(rf"\b{day.replace('_', '1')}{_TO}{day.replace('_', '2')},?\s+(?P<year>(?:19|20)\d\d)\b", re.IGNORECASE)
    for day in _BOTH_WAYS
)
_DAY_ALONE = re.compile(
    r"\b(?P<lead>on|since|from|until|till|after|before|by|between)\s+the\s+(?P<day>\d{1,2})(?:st|nd|rd|th)(?=\s*(?:[?.,;!:]|$|and\b|to\b|till\b|until\b))",
    re.IGNORECASE,
)


_MONTHS_OF_A_YEAR = 12
_BEFORE_A_DAY = frozenset("on since from until till before after by dated of".split())


def with_whole_dates(text: str, as_of: datetime) -> str:
    """The text with the year put to a day of a month, and month and year to a day alone."""

    def in_words(match: re.Match[str]) -> str:
        return f"{_ORDINAL_WORDS.index(match['word'].lower().replace(' ', '-')) + 1} {match['month']}"

    def of_month(match: re.Match[str]) -> str:
        word = match["month"]
        if word == "may" and not match["th"]:  # "at 5 may he eat"
            return match[0]
        return _newest(int(match["day"]), MONTHS[word.lower()], as_of) or match[0]

    def month_first(match: re.Match[str]) -> str:
        whole = _newest(int(match["day"]), MONTHS[match["month"].lower()], as_of) if match["on"] or match["th"] else ""
        return f"{match['on'] or ''}{whole}" if whole else match[0]

    def alone(match: re.Match[str]) -> str:
        months = [(as_of.year - (as_of.month - back < 1), (as_of.month - back - 1) % 12 + 1) for back in range(3)]
        days = [d for year, month in months if (d := _day(year, month, int(match["day"]))) and d <= as_of.date()]
        return f"{match['lead']} {days[0]}" if days else match[0]

    def in_figures(match: re.Match[str]) -> str:
        """Month first, as in the United States, unless that is impossible; the answer shows which day was taken."""
        first, second = int(match["a"]), int(match["b"])
        day, month = (first, second) if first > _MONTHS_OF_A_YEAR else (second, first)
        lead = match["lead"].split()[0].lower()
        settled = day > _MONTHS_OF_A_YEAR or lead in _BEFORE_A_DAY
        whole = _newest(day, month, as_of) if settled and month <= _MONTHS_OF_A_YEAR else ""
        on = "" if lead in _BEFORE_A_DAY else "on "
        return f"{match['lead']}{on}{whole}" if whole else match[0]

    for pattern in _RANGES:
        text = pattern.sub(_both, text)
    text = _IN_FIGURES.sub(in_figures, text)
    return _DAY_ALONE.sub(
        alone, _MONTH_AND_DAY.sub(month_first, _DAY_OF_MONTH.sub(of_month, _IN_WORDS.sub(in_words, text)))
    )


def _both(match: re.Match[str]) -> str:
    """Both days of a range with the year that stands behind the second; a range over New Year begins the year before."""
    month, month2, year = MONTHS[match["month1"].lower()], MONTHS[match["month2"].lower()], int(match["year"])
    first = _day(year - (month > month2), month, int(match["day1"]))
    last = _day(year, month2, int(match["day2"]))
    if not (first and last):
        return match[0]
    if match["to"].lower() == "and":
        return f"{first} and {last}"
    led = match.string[: match.start()].rstrip().lower().endswith(("from", "between", "since"))
    return f"{first} to {last}" if led else f"from {first} to {last}"


def _newest(day: int, month: int, as_of: datetime) -> str:
    found = [d for year in (as_of.year, as_of.year - 1) if (d := _day(year, month, day)) and d <= as_of.date()]
    return str(found[0]) if found else ""


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
