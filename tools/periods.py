"""Time expressions in a question, resolved against the date that counts as today.

A period is half open, [since, until). Relative windows end at `as_of`; a bare year or month is that calendar span.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from domain.facts import Frozen


class Period(Frozen):
    """A stretch of time that a question names, with the characters it stands at.

    `role` is "window" for a range to filter by and "day" for one named date.
    """

    since: datetime | None = None
    until: datetime | None = None
    label: str = ""
    start: int = 0
    end: int = 0
    role: str = "window"

    def contains(self, moment: datetime | None) -> bool:
        """Whether the moment lies inside; a row without a time lies in no period."""
        if moment is None:
            return False
        local = wall_clock(moment)
        return (self.since is None or local >= wall_clock(self.since)) and (
            self.until is None or local < wall_clock(self.until)
        )


def wall_clock(moment: datetime) -> datetime:
    """The moment as the chart's own clock showed it: a visit at 23:30+02:00 belongs to that day, not to UTC's."""
    return moment.replace(tzinfo=None)


MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "couple of": 2,
    "couple": 2,
    "few": 3,
}
_UNITS = {
    "d": "day",
    "day": "day",
    "w": "week",
    "wk": "week",
    "week": "week",
    "mo": "month",
    "mos": "month",
    "mth": "month",
    "month": "month",
    "m": "month",
    "y": "year",
    "yr": "year",
    "year": "year",
    "decade": "decade",
    "h": "hour",
    "hr": "hour",
    "hour": "hour",
}

_MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\.?"
_YEAR = r"(?:19|20)\d\d"
_COUNT = r"(?:\d{1,3}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + ")"
_UNIT = "(?:" + "|".join(sorted(_UNITS, key=len, reverse=True)) + ")s?"
_DATE = (
    rf"(?:{_YEAR}[-/]\d{{1,2}}[-/]\d{{1,2}}|\d{{1,2}}/\d{{1,2}}/(?:{_YEAR}|\d\d)|\d{{1,2}}\.\d{{1,2}}\.{_YEAR}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+{_YEAR}|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}"
    rf"|{_MONTH},?\s+(?:of\s+)?{_YEAR}|{_YEAR}[-/]\d{{1,2}}|\d{{1,2}}/{_YEAR}|{_YEAR})"
)


def _midnight(day: date, as_of: datetime) -> datetime:
    return datetime.combine(day, time(), tzinfo=as_of.tzinfo)


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def calendar_span(text: str) -> tuple[date, date] | None:
    """The day, month or year that a date names, as [first day, day after the last)."""
    found = text.strip().lower().replace(".", " ").replace(",", " ") if re.search("[a-z]", text.lower()) else text
    words = found.split()
    try:
        if re.fullmatch(_YEAR, text.strip()):
            year = int(text)
            return date(year, 1, 1), date(year + 1, 1, 1)
        if any(w in MONTHS for w in words):
            month = next(MONTHS[w] for w in words if w in MONTHS)
            year = int(next(w for w in words if re.fullmatch(_YEAR, w)))
            days = [int(m[1]) for w in words if (m := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", w))]
            first = date(year, month, days[0] if days else 1)
            return first, (first + timedelta(days=1) if days else _next_month(first))
        parts = [int(p) for p in re.split(r"[-/.]", text.strip())]
        if len(parts) == 2:
            year, month = (parts[0], parts[1]) if parts[0] > 1000 else (parts[1], parts[0])
            return date(year, month, 1), _next_month(date(year, month, 1))
        if parts[0] > 1000:
            first = date(parts[0], parts[1], parts[2])
        else:  # month first, as in the United States, unless that is impossible
            year = parts[2] + (2000 if parts[2] < 50 else 1900) if parts[2] < 100 else parts[2]
            dotted = "." in text  # 7.3.2020 is written day first
            month, day = (parts[1], parts[0]) if parts[0] > 12 or (dotted and parts[1] <= 12) else (parts[0], parts[1])
            first = date(year, month, day)
        return first, first + timedelta(days=1)
    except (ValueError, StopIteration, IndexError):
        return None


def subtract(moment: datetime, count: int, unit: str) -> datetime:
    """The moment so many units earlier; the day is clipped to the month's length."""
    if unit == "hour":
        return moment - timedelta(hours=count)
    if unit in {"day", "week"}:
        return moment - timedelta(days=count * (7 if unit == "week" else 1))
    months = count * {"month": 1, "year": 12, "decade": 120}[unit]
    total = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(total, 12)
    if year < 1:
        return moment.replace(year=1, month=1, day=1)
    last = (_next_month(date(year, month + 1, 1)) - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


def _count(text: str | None) -> int:
    cleaned = (text or "1").strip().lower()
    return int(cleaned) if cleaned.isdigit() else _NUMBERS.get(cleaned, 1)


def _unit(text: str) -> str:
    lowered = text.lower()
    return _UNITS.get(lowered) or _UNITS[lowered.removesuffix("s")]


def _between(match: re.Match[str], as_of: datetime) -> Period | None:
    first, second = calendar_span(match["a"]), calendar_span(match["b"])
    if first is None or second is None:
        return None
    first, second = sorted((first, second))
    return Period(since=_midnight(first[0], as_of), until=_midnight(second[1], as_of), label=match[0])


def _until_now(match: re.Match[str], as_of: datetime) -> Period | None:
    span = calendar_span(match["a"])
    return Period(since=_midnight(span[0], as_of), label=match[0]) if span is not None else None


def _months_of_year(match: re.Match[str], as_of: datetime) -> Period | None:
    first = calendar_span(f"{match['m1']} {match['yr']}")
    second = calendar_span(f"{match['m2']} {match['yr']}")
    if first is None or second is None:
        return None
    return Period(since=_midnight(first[0], as_of), until=_midnight(second[1], as_of), label=match[0])


def _two_days(match: re.Match[str], as_of: datetime) -> Period | None:
    first, second = calendar_span(f"{match['d1']} {match['mon']} {match['yr']}"), calendar_span(match["b"])
    if first is None or second is None:
        return None
    return Period(since=_midnight(first[0], as_of), until=_midnight(second[1], as_of), label=match[0])


def _since(match: re.Match[str], as_of: datetime) -> Period | None:
    span = calendar_span(match["a"])
    if span is None:
        return None
    after = match["word"].lower().startswith(("after", "later"))
    return Period(since=_midnight(span[1] if after else span[0], as_of), label=match[0])


def _before(match: re.Match[str], as_of: datetime) -> Period | None:
    span = calendar_span(match["a"])
    if span is None:
        return None
    inclusive = match["word"].lower() in {"until", "till", "through", "as of", "up to", "by"}
    return Period(until=_midnight(span[1] if inclusive else span[0], as_of), label=match[0])


def _trailing(match: re.Match[str], as_of: datetime) -> Period | None:
    count, unit = _count(match["n"]), _unit(match["unit"])
    return Period(since=subtract(as_of, count, unit), until=as_of + timedelta(seconds=1), label=match[0])


def _calendar_relative(match: re.Match[str], as_of: datetime) -> Period | None:
    back = 1 if match["which"].lower() in {"last", "previous"} else 0
    today, unit = as_of.date(), match["unit"].lower()
    if unit == "year":
        first = date(today.year - back, 1, 1)
        until = date(first.year + 1, 1, 1)
    elif unit == "month":
        first = today.replace(day=1)
        if back:
            first = (first - timedelta(days=1)).replace(day=1)
        until = _next_month(first)
    else:
        first = today - timedelta(days=today.weekday() + 7 * back)
        until = first + timedelta(days=7)
    return Period(
        since=_midnight(first, as_of), until=None if match["word"] else _midnight(until, as_of), label=match[0]
    )


def _ago(match: re.Match[str], as_of: datetime) -> Period | None:
    count, unit = _count(match["n"]), _unit(match["unit"])
    moment = subtract(as_of, count, unit)
    if match["more"]:
        return Period(until=moment, label=match[0])
    if match["word"]:
        return Period(since=_midnight(moment.date(), as_of) if unit != "hour" else moment, label=match[0])
    if moment.year < 10:  # the slack would leave the calendar
        return Period(since=moment, until=moment + timedelta(days=366), label=match[0])
    slack = {"hour": 0, "day": 0, "week": 3, "month": 15, "year": 183, "decade": 1826}[unit]
    return Period(
        since=_midnight((moment - timedelta(days=slack)).date(), as_of),
        until=_midnight((moment + timedelta(days=slack + 1)).date(), as_of),
        label=match[0],
    )


def _named_day(match: re.Match[str], as_of: datetime) -> Period | None:
    words = match["day"].lower()
    back = {"today": 0, "yesterday": 1}.get(words, 2)
    since = _midnight(as_of.date() - timedelta(days=back), as_of)
    until = None if match["word"] else since + timedelta(days=1)
    return Period(since=since, until=until, label=match[0], role="window" if match["word"] else "day")


def _decade(match: re.Match[str], as_of: datetime) -> Period | None:
    year = int(match["y"]) if len(match["y"]) == 4 else 1900 + int(match["y"])
    return Period(
        since=_midnight(date(year, 1, 1), as_of), until=_midnight(date(year + 10, 1, 1), as_of), label=match[0]
    )


def _month_only(match: re.Match[str], as_of: datetime) -> Period | None:
    month = MONTHS[match["m"].lower().rstrip(".")]
    year = as_of.year if month <= as_of.month else as_of.year - 1
    first = date(year, month, 1)
    until = None if match[0].lower().startswith("since") else _midnight(_next_month(first), as_of)
    return Period(since=_midnight(first, as_of), until=until, label=match[0])


def _on(match: re.Match[str], as_of: datetime) -> Period | None:
    span = calendar_span(match["a"])
    if span is None:
        return None
    one_day = (span[1] - span[0]).days == 1
    return Period(
        since=_midnight(span[0], as_of),
        until=_midnight(span[1], as_of),
        label=match[0],
        role="day" if one_day else "window",
    )


_Reader = Callable[[re.Match[str], datetime], Period | None]
_PATTERNS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reader)
    for pattern, reader in (
        (
            rf"\b(?:on\s+)?(?P<d1>\d{{1,2}})\s*(?:and|-|to)\s*(?P<b>\d{{1,2}}\s+(?P<mon>{_MONTH})\s+(?P<yr>{_YEAR}))\b",
            _two_days,
        ),
        (
            rf"\b(?:between|from)\s+(?P<a>{_DATE})\s+(?:and|to|through|until|till|up to|-)\s+(?:now|today|present|date|the present)\b",
            _until_now,
        ),
        (
            rf"\b(?:between|from)\s+(?P<m1>{_MONTH})\s+(?:and|to|through|until|till|-)\s+(?P<m2>{_MONTH})\s+(?P<yr>{_YEAR})\b",
            _months_of_year,
        ),
        (
            rf"\b(?P<m1>{_MONTH})\s*(?:to|through|until|till|-|–)\s*(?P<m2>{_MONTH})\s+(?P<yr>{_YEAR})\b",
            _months_of_year,
        ),
        (rf"\b(?:between|from)\s+(?P<a>{_DATE})\s+(?:and|to|through|until|till|-)\s+(?P<b>{_DATE})\b", _between),
        (rf"\b(?:in\s+)?(?P<a>{_YEAR})\s*(?:-|–|to|through)\s*(?P<b>{_YEAR})\b(?![-/]\d)", _between),
        (
            rf"\b(?P<word>from)\s+(?:the\s+)?(?:start|beginning)\s+of\s+(?P<a>{_DATE})(?:\s+(?:on|onwards?|forward))?\b",
            _since,
        ),
        (
            rf"\b(?P<word>)(?:from\s+|in\s+)?(?P<a>{_DATE})\s+(?:till|to|until|through|up to)\s+(?:now|today|present|date|the present)\b",
            _since,
        ),
        (rf"\b(?P<word>)(?P<a>{_DATE})\s+(?:onwards?|and later|and after)\b", _since),
        (rf"\b(?P<word>since|after|later\s+than|starting)\s+(?:the\s+)?(?P<a>{_DATE})\b", _since),
        (rf"\b(?P<word>from)\s+(?P<a>{_DATE})\s+(?:on|onwards?|forward)\b", _since),
        (
            rf"\b(?P<word>before|prior\s+to|until|till|through|up\s+to|earlier\s+than|by|as\s+of)\s+(?P<a>{_DATE})\b",
            _before,
        ),
        (
            rf"\b(?:(?:in|over|during|within|for|across)\s+)?(?:the\s+)?(?:last|past|previous|prior|preceding)\s+(?P<n>{_COUNT})\s*-?\s*(?P<unit>{_UNIT})\b",
            _trailing,
        ),
        (
            rf"\b(?:in|over|during|within|across)\s+(?:the\s+)?(?:last|past|previous|prior)\s+(?P<n>)(?P<unit>{_UNIT})\b",
            _trailing,
        ),
        (rf"\b(?:the\s+)?past\s+(?P<n>)(?P<unit>{_UNIT})\b", _trailing),
        (rf"\bwithin\s+(?P<n>{_COUNT})\s*-?\s*(?P<unit>{_UNIT})\b", _trailing),
        (
            r"\b(?:(?P<word>since)\s+)?(?P<which>last|this|previous|current)\s+(?P<unit>year|month|week)\b",
            _calendar_relative,
        ),
        (
            rf"\b(?:(?P<word>since)\s+|(?P<more>more\s+than|over|earlier\s+than|before)\s+|about\s+|around\s+)?(?P<n>{_COUNT})\s+(?P<unit>{_UNIT})\s+(?:ago|back)\b",
            _ago,
        ),
        (r"\b(?:(?P<word>since)\s+)?(?P<day>the\s+day\s+before\s+yesterday|today|yesterday)\b", _named_day),
        (r"\b(?:in\s+|during\s+)?the\s+(?P<y>(?:19|20)\d0|[5-9]0)['’]?s\b", _decade),
        (rf"\b(?:(?:in|on|during|for|of|at|dated|from|around)\s+)?(?P<a>{_DATE})\b", _on),
        (rf"\b(?:in|during|of|since)\s+(?P<m>{_MONTH})(?=\W|$)(?!\s+\d)", _month_only),
    )
)


def find_periods(text: str, as_of: datetime) -> list[Period]:
    """The time expressions of a question, left to right, none overlapping; the longer reading wins."""
    taken: list[Period] = []
    for pattern, reader in _PATTERNS:
        for match in pattern.finditer(text):
            if any(match.start() < p.end and p.start < match.end() for p in taken):
                continue
            period = reader(match, as_of)
            if period is not None:
                taken.append(period.model_copy(update={"start": match.start(), "end": match.end()}))
    return sorted(taken, key=lambda p: p.start)
