"""Time expressions in a question, resolved against the date that counts as today.

A period is half open, [since, until). Relative windows end at `as_of`; a bare year or month is that calendar span.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from domain.facts import Frozen
from tools.times.calendar_words import (
    APART,
    COUNT,
    DATE,
    MONTH,
    UNIT,
    YEAR,
    calendar_span,
    count_of,
    midnight,
    next_month,
    unit_of,
)
from tools.times.calendar_words import MONTHS as MONTHS
from tools.times.calendar_words import subtract as subtract


class Period(Frozen):
    """A stretch of time that a question names, with the characters it stands at.

    `role` is "window" for a range to filter by and "day" for one named date. `near` is the one moment that is meant by "a
    year ago" or "around 3 May": of results that nearest to it is wanted, no further off than `reach`.
    """

    since: datetime | None = None
    until: datetime | None = None
    label: str = ""
    start: int = 0
    end: int = 0
    role: str = "window"
    near: datetime | None = None
    reach: timedelta = timedelta(0)

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


def _between(match: re.Match[str], as_of: datetime) -> Period | None:
    first, second = calendar_span(match["a"], as_of), calendar_span(match["b"], as_of)
    if first is None or second is None:
        return None
    first, second = sorted((first, second))
    return Period(since=midnight(first[0], as_of), until=midnight(second[1], as_of), label=match[0])


def _until_now(match: re.Match[str], as_of: datetime) -> Period | None:
    span = calendar_span(match["a"], as_of)
    return Period(since=midnight(span[0], as_of), label=match[0]) if span is not None else None


def _months_of_year(match: re.Match[str], as_of: datetime) -> Period | None:
    first = calendar_span(f"{match['m1']} {match['yr']}", as_of)
    second = calendar_span(f"{match['m2']} {match['yr']}", as_of)
    if first is None or second is None:
        return None
    return Period(since=midnight(first[0], as_of), until=midnight(second[1], as_of), label=match[0])


def _months(match: re.Match[str], as_of: datetime) -> Period | None:
    """ "Between February and October": of this year, where that has begun, else of the year before."""
    second = MONTHS[match["m2"].lower().rstrip(".")]
    year = as_of.year if second <= as_of.month else as_of.year - 1
    first = MONTHS[match["m1"].lower().rstrip(".")]
    begun = date(year if first <= second else year - 1, first, 1)
    return Period(
        since=midnight(begun, as_of), until=midnight(next_month(date(year, second, 1)), as_of), label=match[0]
    )


def _two_days(match: re.Match[str], as_of: datetime) -> Period | None:
    first, second = (
        calendar_span(f"{match['d1']} {match['mon']} {match['yr']}", as_of),
        calendar_span(match["b"], as_of),
    )
    if first is None or second is None:
        return None
    return Period(since=midnight(first[0], as_of), until=midnight(second[1], as_of), label=match[0])


def _since(match: re.Match[str], as_of: datetime) -> Period | None:
    span = calendar_span(match["a"], as_of)
    if span is None:
        return None
    after = match["word"].lower().startswith(("after", "later"))
    return Period(since=midnight(span[1] if after else span[0], as_of), label=match[0])


def _before(match: re.Match[str], as_of: datetime) -> Period | None:
    span = calendar_span(match["a"], as_of)
    if span is None:
        return None
    inclusive = match["word"].lower() in {"until", "till", "through", "as of", "up to", "by"}
    return Period(until=midnight(span[1] if inclusive else span[0], as_of), label=match[0])


def _trailing(match: re.Match[str], as_of: datetime) -> Period | None:
    count, unit = count_of(match["n"]), unit_of(match["unit"])
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
        until = next_month(first)
    else:
        first = today - timedelta(days=today.weekday() + 7 * back)
        until = first + timedelta(days=7)
    return Period(since=midnight(first, as_of), until=None if match["word"] else midnight(until, as_of), label=match[0])


def _ago(match: re.Match[str], as_of: datetime) -> Period | None:
    count, unit = count_of(match["n"]), unit_of(match["unit"])
    moment = subtract(as_of, count, unit)
    if match["more"]:
        return Period(until=moment, label=match[0])
    if match["word"]:
        return Period(since=midnight(moment.date(), as_of) if unit != "hour" else moment, label=match[0])
    if moment.year < 10:  # the slack would leave the calendar
        return Period(since=moment, until=moment + timedelta(days=366), label=match[0])
    slack = {"hour": 0, "day": 0, "week": 3, "month": 15, "year": 183, "decade": 1826}[unit]
    return Period(
        since=midnight((moment - timedelta(days=slack)).date(), as_of),
        until=midnight((moment + timedelta(days=slack + 1)).date(), as_of),
        label=match[0],
        near=moment,
        reach=min(max(timedelta(days=slack), (as_of - moment) / 3), _FAR),
    )


_FAR = timedelta(days=366)
_ABOUT = {"day": timedelta(days=7), "month": timedelta(days=31)}


def _around(match: re.Match[str], as_of: datetime) -> Period | None:
    """ "Around 3 May 2026": a week to either side of a day, and the months beside a month."""
    span = calendar_span(match["a"], as_of)
    if span is None or (span[1] - span[0]).days > _ABOUT["month"].days:
        return _on(match, as_of)
    reach = _ABOUT["day" if (span[1] - span[0]).days == 1 else "month"]
    first, last = midnight(span[0], as_of), midnight(span[1], as_of)
    return Period(since=first - reach, until=last + reach, label=match[0], near=first + (last - first) / 2, reach=reach)


_SEASON_BEGINS = 7  # July: vaccinations against influenza are counted from July to June


def _season(match: re.Match[str], as_of: datetime) -> Period | None:
    back = 1 if match["which"].lower() in {"last", "previous"} else 0
    year = as_of.year - back - (as_of.month < _SEASON_BEGINS)
    return Period(
        since=midnight(date(year, _SEASON_BEGINS, 1), as_of),
        until=midnight(date(year + 1, _SEASON_BEGINS, 1), as_of),
        label=f"{match['which']} season",
    )


def _named_day(match: re.Match[str], as_of: datetime) -> Period | None:
    words = match["day"].lower()
    back = {"today": 0, "yesterday": 1}.get(words, 2)
    since = midnight(as_of.date() - timedelta(days=back), as_of)
    until = None if match["word"] else since + timedelta(days=1)
    return Period(since=since, until=until, label=match[0], role="window" if match["word"] else "day")


def _decade(match: re.Match[str], as_of: datetime) -> Period | None:
    year = int(match["y"]) if len(match["y"]) == 4 else 1900 + int(match["y"])
    return Period(since=midnight(date(year, 1, 1), as_of), until=midnight(date(year + 10, 1, 1), as_of), label=match[0])


def _month_only(match: re.Match[str], as_of: datetime) -> Period | None:
    month = MONTHS[match["m"].lower().rstrip(".")]
    year = as_of.year if month <= as_of.month else as_of.year - 1
    first = date(year, month, 1)
    until = None if match[0].lower().startswith("since") else midnight(next_month(first), as_of)
    return Period(since=midnight(first, as_of), until=until, label=match[0])


def _beside_month(match: re.Match[str], as_of: datetime) -> Period | None:
    """ "Before August", "after March": of the month as "in August" names it."""
    period = _month_only(match, as_of)
    if period is None or period.since is None or period.until is None:
        return period
    word = match["word"].lower()
    if word.startswith("after"):
        return Period(since=period.until, label=match[0])
    inclusive = word in {"until", "till", "by"}
    return Period(until=period.until if inclusive else period.since, label=match[0])


def _month_of_something(match: re.Match[str], as_of: datetime) -> Period | None:
    """ "The June visit": the month as "in June" names it."""
    named = re.match(rf"in (?P<m>{MONTH})", f"in {match[0]}", re.IGNORECASE)
    period = _month_only(named, as_of) if named is not None else None
    return period.model_copy(update={"label": f"in {match[0]}"}) if period is not None else None


def _on(match: re.Match[str], as_of: datetime) -> Period | None:
    span = calendar_span(match["a"], as_of)
    if span is None:
        return None
    one_day = (span[1] - span[0]).days == 1
    return Period(
        since=midnight(span[0], as_of),
        until=midnight(span[1], as_of),
        label=match[0],
        role="day" if one_day else "window",
    )


_Reader = Callable[[re.Match[str], datetime], Period | None]
_PATTERNS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reader)
    for pattern, reader in (
        (
            rf"\b(?:on\s+)?(?P<d1>\d{{1,2}})\s*(?:and|-|to)\s*(?P<b>\d{{1,2}}\s+(?P<mon>{MONTH})\s+(?P<yr>{YEAR}))\b",
            _two_days,
        ),
        (
            rf"\b(?:between|from)\s+(?P<a>{DATE})\s+(?:and|to|through|until|till|up to|-)\s+(?:now|today|present|date|the present)\b",
            _until_now,
        ),
        (
            rf"\b(?:between|from)\s+(?P<m1>{MONTH})\s+(?:and|to|through|until|till|-)\s+(?P<m2>{MONTH})\s+(?P<yr>{YEAR})\b",
            _months_of_year,
        ),
        (
            rf"\b(?P<m1>{MONTH})\s*(?:to|through|until|till|-|–)\s*(?P<m2>{MONTH})\s+(?P<yr>{YEAR})\b",
            _months_of_year,
        ),
        (rf"\b(?:between|from)\s+(?P<a>{DATE})\s+(?:and|to|through|until|till|-)\s+(?P<b>{DATE})\b", _between),
        (
            rf"\b(?:between|from)\s+(?P<m1>{MONTH})\s+(?:and|to|through|until|till|-)\s+(?P<m2>{MONTH})(?=\W|$)(?!\s+\d)",
            _months,
        ),
        (rf"\b(?:in\s+)?(?P<a>{YEAR})\s*(?:-|–|to|through)\s*(?P<b>{YEAR})\b(?![-/]\d)", _between),
        (
            rf"\b(?P<word>from)\s+(?:the\s+)?(?:start|beginning)\s+of\s+(?P<a>{DATE})(?:\s+(?:on|onwards?|forward))?\b",
            _since,
        ),
        (
            rf"\b(?P<word>)(?:from\s+|in\s+)?(?P<a>{DATE})\s+(?:till|to|until|through|up to)\s+(?:now|today|present|date|the present)\b",
            _since,
        ),
        (rf"\b(?P<word>)(?P<a>{DATE})\s+(?:onwards?|and later|and after)\b", _since),
        (rf"\b(?P<word>since|after|later\s+than|starting)\s+(?:the\s+)?(?P<a>{DATE})\b", _since),
        (rf"\b(?P<word>from)\s+(?P<a>{DATE})\s+(?:on|onwards?|forward)\b", _since),
        (
            rf"\b(?P<word>before|prior\s+to|until|till|through|up\s+to|earlier\s+than|by|as\s+of)\s+(?P<a>{DATE})\b",
            _before,
        ),
        (
            rf"\b(?:(?:in|over|during|within|for|across)\s+)?(?:the\s+)?(?:last|past|previous|prior|preceding)\s+(?P<n>{COUNT}){APART}(?P<unit>{UNIT})\b",
            _trailing,
        ),
        (
            rf"\b(?:in|over|during|within|across)\s+(?:the\s+)?(?:last|past|previous|prior)\s+(?P<n>)(?P<unit>{UNIT})\b",
            _trailing,
        ),
        (rf"\b(?:the\s+)?past\s+(?P<n>)(?P<unit>{UNIT})\b", _trailing),
        (rf"\bwithin\s+(?P<n>{COUNT}){APART}(?P<unit>{UNIT})\b", _trailing),
        (
            r"\b(?:(?P<word>since)\s+)?(?P<which>last|this|previous|current)\s+(?P<unit>year|month|week)\b",
            _calendar_relative,
        ),
        (
            rf"\b(?:(?P<word>since)\s+|(?P<more>more\s+than|over|earlier\s+than|before)\s+|about\s+|around\s+)?(?P<n>{COUNT})\s+(?P<unit>{UNIT})\s+(?:ago|back)\b",
            _ago,
        ),
        (r"\b(?:the\s+)?(?P<which>this|current|last|previous)\s+(?:season\b|(?=(?:flu|influenza)\s+season))", _season),
        (r"\b(?:(?P<word>since)\s+)?(?P<day>the\s+day\s+before\s+yesterday|today|yesterday)\b", _named_day),
        (r"\b(?:in\s+|during\s+)?the\s+(?P<y>(?:19|20)\d0|[5-9]0)['’]?s\b", _decade),
        (rf"\b(?:around|about|near|close\s+to|roughly)\s+(?:the\s+)?(?P<a>{DATE})\b", _around),
        (rf"\b(?:(?:in|on|during|for|of|at|dated|from)\s+)?(?P<a>{DATE})\b", _on),
        (rf"\b(?P<word>before|prior\s+to|until|till|by|after)\s+(?P<m>{MONTH})(?=\W|$)(?!\s+\d)", _beside_month),
        (rf"\b(?:in|during|of|since)\s+(?P<m>{MONTH})(?=\W|$)(?!\s+\d)", _month_only),
        (
            rf"(?<=\bthe )(?P<m>{MONTH})(?=\s+[a-z])|(?<=\b(?:his|her) )(?P<m2>{MONTH})(?=\s+[a-z])",
            _month_of_something,
        ),
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
