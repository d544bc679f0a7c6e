"""Calendar dates in the forms that notes use, each with its own form kept when it is shifted; and ages over 89."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from nlp_pipeline.deidentify.bare_days import find_bare_days
from nlp_pipeline.deidentify.spans import Category, PhiSpan

_NAMES = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december")  # fmt: skip
_MONTH = (
    r"(?P<month>(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|JANUARY|FEBRUARY|MARCH|APRIL|MAY|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER|Jan|Feb|Mar|Apr|Jun|Jul"
    r"|Aug|Sept?|Oct|Nov|Dec|JAN|FEB|MAR|APR|JUN|JUL|AUG|SEPT?|OCT|NOV|DEC|january|february|april|june|july|august"
    r"|september|october|november|december)\b\.?)"
)
_MONTH_INSIDE = _MONTH.replace(r"\b\.?)", ")")  # with digits on both sides of it
_YEAR = r"(?P<year>(?:19|20)\d{2}|['’]\d{2})"
_UNIT = r"(?!\s?(?:mg|mcg|g|mL|ml|units?|tabs?|tablets?|%|x\b|times|days?|weeks?|months?|years?|hours?|puffs?|mm|cm|kg|lbs?)\b)"
# Not inside another number; the second date of "3/2-3/5/2020" may follow the first.
_APART = r"(?:(?<![\w./-])|(?<=\d{4}-)|(?<=/\d-)|(?<=/\d\d-))"
_FORMS = (
    re.compile(r"(?<![\w./-])(?P<year>(?:19|20)\d{2})(?P<sep>[-/.])(?P<mm>\d{1,2})(?P=sep)(?P<dd>\d{1,2})(?![\d/-])"),
    re.compile(r"(?<![\w.-])(?P<year>(?:19|20)\d{2})(?P<mm>0[1-9]|1[0-2])(?P<dd>0[1-9]|[12]\d|3[01])(?![\w-]|\.\d)"),
    re.compile(
        rf"{_APART}(?P<mm>\d{{1,2}})(?P<sep>[-/.])(?P<dd>\d{{1,2}})(?P=sep)(?P<year>(?:19|20)\d{{2}})(?![\d/]|-\d+-)"
    ),
    re.compile(
        rf"{_APART}(?P<mm>\d{{1,2}})(?P<sep>[-/])(?P<dd>\d{{1,2}})(?P=sep)(?P<year>\d{{2}})(?![\w/]|-(?!\d{{1,2}}/)|\.\d){_UNIT}"
    ),
    re.compile(
        rf"\b{_MONTH}\s{{1,2}}(?P<dd>\d{{1,2}})(?P<th>st|nd|rd|th)?(?:(?P<dash>\s?[-–]\s?)(?P<dd2>\d{{1,2}})(?P<th2>st|nd|rd|th)?)?"
        rf"(?:,?\s{{1,2}}{_YEAR})?(?![\w/%]|\.\d|,\d){_UNIT}"
    ),
    re.compile(
        rf"(?<![\w./-])(?P<dd>\d{{1,2}})(?P<th>st|nd|rd|th)?(?:\s(?:day\s)?of\s|[\s-]){_MONTH}(?:,?[\s-]{_YEAR})?(?![\w/-]){_UNIT}"
    ),
    re.compile(
        rf"(?<![\w./-])(?P<dd>\d{{1,2}})[-/]?{_MONTH_INSIDE}[-/]?(?P<year>(?:19|20)?\d{{2}})(?![\w-])"
    ),  # 18OCT26
    re.compile(rf"(?<![\w./-])(?P<dd>\d{{1,2}}){_MONTH}(?![\w/-])"),  # 18Oct
    re.compile(rf"\b{_MONTH}(?:,?\s(?:of\s)?|[-/]){_YEAR}(?!\w)"),
    re.compile(r"(?<![\w./-])(?P<mm>0?[1-9]|1[0-2])/(?P<year>(?:19|20)\d{2})(?![\d/-])"),
)
_AGE = re.compile(
    r"(?<![\d.])(?P<n>9\d|1[0-2]\d|(?i:ninety(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?))"
    r"(?=[\s-]{0,2}(?:years?|yrs?|y)[\s./-]{0,2}(?:old|o\b|of\s+age)|[\s-]?y\.?/?o\b|\s?(?:yo\s?)?[MFmf]\s(?:with|w/|who|present|admitted|s/p|c/o|h/o|hx)"
    r"|[\s-]{1,2}(?:years?|yrs?)\b(?=[,.;)]|\s+(?:male|female|man|woman|lady|gentleman)))",
    re.IGNORECASE,
)
_AGE_LABEL = re.compile(r"\b(?:age|aged|age\s+of|age\s+is)\s?:?\s?(?P<n>9\d|1[0-2]\d)(?!\d|\.\d|[-/%])", re.IGNORECASE)


class CalendarDate(NamedTuple):
    """A date as written: its span, the form it has, and the month that it stands in where it names none itself."""

    start: int
    end: int
    match: re.Match[str]
    month: int = 0


def find_dates(text: str) -> list[CalendarDate]:
    """The calendar dates of a text; years on their own and times of day are left, as they say little."""
    found: list[CalendarDate] = []
    taken: set[int] = set()

    def take(match: re.Match[str], start: int) -> None:
        end = match.end()
        if start not in taken and end - 1 not in taken:
            taken.update(range(start, end))
            found.append(CalendarDate(start, end, match))

    for pattern in _FORMS:
        for match in pattern.finditer(text):
            if _is_date(match):
                take(match, match.start())
    for match in find_bare_days(text):
        take(match, match.start("mm") if match.groupdict().get("mm") else match.start("dd"))
    return _with_months(sorted(found, key=lambda item: item.start))


def _with_months(found: list[CalendarDate]) -> list[CalendarDate]:
    """ "On the 18th" is of the month of the date before it, else of the one after it."""
    months = [_month_of(item) for item in found]
    for place, item in enumerate(found):
        if not months[place]:
            nearest = (*reversed(months[:place]), *months[place + 1 :])
            found[place] = item._replace(month=next(filter(None, nearest), 1))
    return found


def _month_of(item: CalendarDate) -> int:
    parts = item.match.groupdict()
    if parts.get("month"):
        return _month(str(parts["month"]))
    month = _number(parts, "mm")
    return _number(parts, "dd") if month > 12 else month


def find_ages(text: str) -> Iterator[PhiSpan]:
    """Ages over 89: the number, without its unit."""
    for pattern in (_AGE, _AGE_LABEL):
        for match in pattern.finditer(text):
            if match["n"][0] in "9nN" or int(match["n"]) < 125:
                yield PhiSpan(match.start("n"), match.end("n"), Category.AGE)


def shifted(item: CalendarDate, days: int, day_first: bool, year: int) -> str:
    """The date moved by so many days, written in the same form.

    Args:
        item: What `find_dates` gave.
        days: How far.
        day_first: Whether 3/4/2020 is the third of April in this text.
        year: The year of a date that names none.
    """
    parts = item.match.groupdict()
    first, second = _number(parts, "mm"), _number(parts, "dd")
    swap = _day_first(item, day_first) if parts.get("sep") else first > 12
    month, day = (
        (second, first)
        if swap
        else (_month(str(parts["month"])) if parts.get("month") else first or item.month, second)
    )
    moved = _moved(_full_year(parts.get("year")) or year, month, day or 15, days)
    if moved is None:
        return "[date]"
    edits: list[tuple[str, str]] = []
    if parts.get("month"):
        edits.append(("month", _like(str(parts["month"]), moved.month)))
        if day:
            edits.append(("dd", str(moved.day).zfill(len(str(parts["dd"])))))
    elif day and not first:
        edits.append(("dd", str(moved.day)))
    elif day:
        named = {"mm": moved.day, "dd": moved.month} if swap else {"mm": moved.month, "dd": moved.day}
        edits += [(name, _padded(str(parts[name]), value)) for name, value in named.items()]
    else:
        edits.append(("mm", _padded(str(parts["mm"]), moved.month)))
    if parts.get("year"):
        edits.append(("year", _year_like(str(parts["year"]), moved.year)))
    if parts.get("th"):
        edits.append(("th", _ordinal(moved.day)))
    if parts.get("dd2"):
        last = _moved(_full_year(parts.get("year")) or year, month, int(str(parts["dd2"])), days)
        if last is None:
            return "[date]"
        named_month = f"{_like(str(parts['month']), last.month)} " if parts.get("month") else f"{last.month}/"
        prefix = "" if last.month == moved.month else named_month
        edits.append(("dd2", prefix + str(last.day)))
        if parts.get("th2"):
            edits.append(("th2", _ordinal(last.day)))
    return _edited(item, edits)


def writes_day_first(dates: list[CalendarDate]) -> bool:
    """Whether the text writes 13/4/2020 somewhere, and 4/13/2020 nowhere."""
    numeric = [d.match for d in dates if d.match.groupdict().get("sep") and d.match.start("mm") < d.match.start("year")]
    return any(int(m["mm"]) > 12 for m in numeric) and not any(int(m["dd"]) > 12 for m in numeric)


def _day_first(item: CalendarDate, day_first: bool) -> bool:
    if item.match.start("year") < item.match.start("mm"):
        return False
    return int(item.match["mm"]) > 12 or (day_first and int(item.match["dd"]) <= 12)


def _is_date(match: re.Match[str]) -> bool:
    parts = match.groupdict()
    day = int(parts["dd"]) if parts.get("dd") else 1
    if parts.get("month"):
        return 1 <= day <= 31
    month = int(parts["mm"])
    if parts.get("sep") and match.start("year") > match.start("mm"):
        return (1 <= month <= 12 and 1 <= day <= 31) or (1 <= day <= 12 and 1 <= month <= 31)
    return 1 <= month <= 12 and 1 <= day <= 31


def _number(parts: dict[str, str | None], name: str) -> int:
    return int(parts.get(name) or 0)


def _month(word: str) -> int:
    short = word.lower().rstrip(".")[:3]
    return next(number for number, name in enumerate(_NAMES, start=1) if name.startswith(short))


def _full_year(text: str | None) -> int:
    if not text:
        return 0
    digits = text.lstrip("'’")
    return int(digits) if len(digits) == 4 else (2000 if int(digits) < 40 else 1900) + int(digits)


def _moved(year: int, month: int, day: int, days: int) -> date | None:
    for last in (day, 28):  # "2/30" is no day; it is moved as the 28th
        try:
            return date(year, month, last) + timedelta(days=days)
        except (ValueError, OverflowError):
            continue
    return None


def _like(written: str, month: int) -> str:
    """The name of a month in the length and the letter case of another."""
    bare, dot = written.rstrip("."), "." if written.endswith(".") else ""
    name = (
        _NAMES[month - 1]
        if bare.lower() in _NAMES and (len(bare) > 3 or not dot) and bare.lower() != "may"
        else _NAMES[month - 1][:3]
    )
    if bare.lower() == "may":
        name = _NAMES[month - 1]
    return (name.upper() if bare.isupper() else name if bare.islower() else name.capitalize()) + dot


def _padded(written: str, value: int) -> str:
    return f"{value:0{len(written)}d}"


def _year_like(written: str, year: int) -> str:
    return str(year) if len(written) == 4 else f"{written[:-2]}{year % 100:02d}"


def _ordinal(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _edited(item: CalendarDate, edits: list[tuple[str, str]]) -> str:
    text, position, out = item.match.string, item.start, ""
    for name, new in sorted(edits, key=lambda edit: item.match.start(edit[0])):
        out += text[position : item.match.start(name)] + new
        position = item.match.end(name)
    return out + text[position : item.end]
