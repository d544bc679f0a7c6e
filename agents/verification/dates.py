"""Dates of a text in any common writing, each as the span of days that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from tools.times.calendar_words import MONTH as _M
from tools.times.calendar_words import MONTHS

_Y = r"(?:19|20)\d\d"
_SUFFIX = "(?:st|nd|rd|th)?"
_FORMS = re.compile(
    rf"(?P<iso>(?<![\d-]){_Y}-\d{{2}}-\d{{2}}(?!\d))(?:T\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?:Z|[+-]\d{{2}}:?\d{{2}})?)?"
    rf"|(?P<isoslash>(?<![\d/]){_Y}/\d{{1,2}}/\d{{1,2}}(?![\d/]))"
    rf"|\b(?P<mdr>{_M}\s+\d{{1,2}}{_SUFFIX}\s*(?:-|–|to|and|through)\s*\d{{1,2}}{_SUFFIX},?\s+{_Y})\b"
    rf"|\b(?P<dmr>\d{{1,2}}{_SUFFIX}\s*(?:-|–|to|and|through)\s*\d{{1,2}}{_SUFFIX}\s+{_M},?\s+{_Y})\b"
    rf"|\b(?P<mdy>{_M}\s+\d{{1,2}}{_SUFFIX},?\s+{_Y})\b"
    rf"|\b(?P<dmy>\d{{1,2}}{_SUFFIX}[\s-]+(?:of\s+)?{_M},?[\s-]+{_Y})\b"
    rf"|(?<![\d/])(?P<us>\d{{1,2}}/\d{{1,2}}/(?:{_Y}|\d\d))(?![\d/])"
    rf"|(?<![\d.])(?P<dot>\d{{1,2}}\.\d{{1,2}}\.{_Y})(?![\d.]\d)"
    rf"|\b(?P<my>{_M},?\s+(?:of\s+)?{_Y})\b"
    rf"|(?<![\d-])(?P<ym>{_Y}-(?:0[1-9]|1[0-2]))(?![\d-])|(?<![\d/])(?P<mslash>(?:0?[1-9]|1[0-2])/{_Y})(?![\d/])"
    rf"|\b(?P<mdmd>{_M}\s+\d{{1,2}}{_SUFFIX}\s*(?:-|–|to|through)\s*\d{{1,2}}{_SUFFIX})(?=\s*(?:[,;)]|\.(?!\d)|$))"
    rf"|\b(?P<md>{_M}\s+\d{{1,2}}{_SUFFIX})\b(?![,\s]+\d{{4}}|\s*(?:mg|tablets?|%|mm))"
    rf"|\b(?P<dm>\d{{1,2}}{_SUFFIX}\s+(?:of\s+)?(?!may\b\s+[a-z]){_M})(?![\w-])"
    rf"|\b(?P<decade>{_Y[:-4]}\d0)['’]?s\b|\b(?P<decade2>(?:19|20)\d0)['’]?s\b"
    rf"|(?<![\w.,/-])(?P<yy>{_Y})(?P<joint>\s?[-–/]\s?)(?P<yy2>{_Y}|\d\d)(?![\w.,-]?\d)"
    rf"|(?P<year>(?<![\w.,/:-]){_Y}(?![\w%/]|[.,:-]\d))",
    re.IGNORECASE,
)
_CUE = re.compile(
    r"(?:\b(?:on|from|since|until|till|through|dated|by|before|after|of|in|to|and|between|the)|\(|[-–])\s*$",
    re.IGNORECASE,
)
_SLASHED = re.compile(
    r"(?<![\d/.])(?P<m>0?[1-9]|1[0-2])/(?P<d>0?[1-9]|[12]\d|3[01])(?![\d/]|\.\d|\s?(?:mm|mg))(?P<clock>\s+(?!19\d\d|20[0-3]\d)[0-2]\d[0-5]\d(?![\w.]))?"
)
_SLASH_CUE = re.compile(
    r"(?:\b(?:on|from|since|until|till|through|dated|by|before|after|of|between|last|next|stop|started|ends?|ended|to|d/c)|[-–(])\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DateSpan:
    """Days [first, last] that a text names. `month_day` is set where no year is given."""

    start: int
    end: int
    text: str
    first: date | None = None
    last: date | None = None
    month_day: tuple[int, int] | None = None
    may_be_number: bool = False  # four digits that could also count something
    other: date | None = None  # 3/4/2025 read day first

    @property
    def label(self) -> str:
        """The date as faults name it: ISO, as coarse as written."""
        if self.first is None or self.last is None:
            return self.text
        if self.first == self.last:
            return self.first.isoformat()
        if (self.first.month, self.first.day, self.last.month, self.last.day) == (1, 1, 12, 31):
            return self.first.isoformat()[:4] if self.first.year == self.last.year else self.text
        return self.first.isoformat()[:7]

    def covers(self, day: date) -> bool:
        """Whether a day lies in what is named."""
        if self.month_day is not None:
            return (day.month, day.day) == self.month_day
        if self.first is None or self.last is None:
            return False
        return self.first <= day <= self.last or day == self.other

    @property
    def is_day(self) -> bool:
        """Whether one day is named."""
        return self.first is not None and self.first == self.last


def find_dates(text: str) -> list[DateSpan]:
    """The dates of a text, left to right."""
    found: list[DateSpan] = []
    for match in _FORMS.finditer(text):
        found.extend(_spans(text, match))
    taken = [(d.start, d.end) for d in found]
    for match in _SLASHED.finditer(text):
        if any(s < match.end() and match.start() < e for s, e in taken[-40:] if e > match.start()) or not (
            match["clock"] or _SLASH_CUE.search(text[max(0, match.start() - 12) : match.start()])
        ):
            continue  # "10/22 0020" gives the hour, and so is a day
        if not any(s < match.end() and match.start() < e for s, e in taken):
            found.append(DateSpan(match.start(), match.end(), match[0], month_day=(int(match["m"]), int(match["d"]))))
    return sorted(found, key=lambda d: d.start)


def _spans(text: str, match: re.Match[str]) -> list[DateSpan]:
    kind, start, end, written = match.lastgroup or "", match.start(), match.end(), match[0]
    try:
        if match["yy"]:
            return _years(text, match)
        if match["year"]:
            return [_year(start, end, written, int(written), _may_count(text, start, end))]
        if decade := match["decade"] or match["decade2"]:
            first = int(decade)
            return [DateSpan(start, end, written, date(first, 1, 1), date(first + 9, 12, 31))]
        kind = next(k for k, v in match.groupdict().items() if v)
        digits = [int(d) for d in re.findall(r"\d+", written.partition("T")[0] if kind == "iso" else written)]
        month = next((MONTHS[w] for w in re.findall(r"[a-z]+", written.lower()) if w in MONTHS), 0)
        if kind in {"iso", "isoslash"}:
            return [_day(start, end, written, date(digits[0], digits[1], digits[2]))]
        if kind in {"mdr", "dmr"}:
            opening, closing = date(digits[2], month, digits[0]), date(digits[2], month, digits[1])
            return [_day(start, end, written, opening), _day(start, end, written, closing)]
        if kind == "mdy" or kind == "dmy":
            return [_day(start, end, written, date(digits[1], month, digits[0]))]
        if kind == "us":
            return [_slashed(start, end, written, digits)]
        if kind == "dot":
            return [_day(start, end, written, date(digits[2], digits[1], digits[0]))]
        if kind in {"my", "ym", "mslash"}:
            year = max(digits)
            month = month or min(digits)
            return [DateSpan(start, end, written, date(year, month, 1), _month_end(year, month))]
        if kind == "mdmd":
            return [DateSpan(start, end, written, month_day=(month, d)) for d in digits]
        if kind in {"md", "dm"}:
            if re.match(r"may\b", written) or (kind == "dm" and not re.search(r"[A-Z]", written)):
                return []  # "may 5" is a permission more often than a date
            if not 1 <= digits[0] <= 31:
                return []
            return [DateSpan(start, end, written, month_day=(month, digits[0]))]
    except (ValueError, StopIteration, IndexError):
        # 30 February is no day, and still a claim: it names a date that nothing can give.
        return [DateSpan(start, end, written)] if kind in {"iso", "mdy", "dmy"} else []
    return []


def _slashed(start: int, end: int, written: str, digits: list[int]) -> DateSpan:
    year = digits[2] if digits[2] > 99 else digits[2] + (2000 if digits[2] < 50 else 1900)
    a, b = digits[0], digits[1]
    readings = []
    for month, day in ((a, b), (b, a)):
        try:
            readings.append(date(year, month, day))
        except ValueError:
            continue
    if not readings:
        raise ValueError(written)
    return DateSpan(start, end, written, readings[0], readings[0], other=readings[1] if len(readings) > 1 else None)


def _years(text: str, match: re.Match[str]) -> list[DateSpan]:
    first = int(match["yy"])
    second = int(match["yy2"]) if len(match["yy2"]) == 4 else first // 100 * 100 + int(match["yy2"])
    if not first < second <= first + 60:
        return [_year(match.start("yy"), match.end("yy"), match["yy"], first, True)]
    return [
        _year(match.start("yy"), match.end("yy"), match["yy"], first, False),
        _year(match.start("yy2"), match.end("yy2"), match["yy2"], second, False),
    ]


def _year(start: int, end: int, written: str, year: int, may_be_number: bool) -> DateSpan:
    return DateSpan(start, end, written, date(year, 1, 1), date(year, 12, 31), may_be_number=may_be_number)


def _may_count(text: str, start: int, end: int) -> bool:
    return _CUE.search(text[max(0, start - 12) : start]) is None


def _day(start: int, end: int, written: str, day: date) -> DateSpan:
    return DateSpan(start, end, written, day, day)


def _month_end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def is_same_date(claimed: DateSpan, given: DateSpan) -> bool:
    """Whether a claimed date covers one that the evidence gives."""
    if given.month_day is not None:
        return claimed.month_day == given.month_day or (
            claimed.is_day and claimed.first is not None and (claimed.first.month, claimed.first.day) == given.month_day
        )
    if given.first is None or given.last is None:
        return False
    if claimed.month_day is not None:
        return given.is_day and claimed.covers(given.first)
    return claimed.covers(given.first) and claimed.covers(given.last)


def dates_in(text: str) -> list[str]:
    """Every calendar day of a text as YYYY-MM-DD."""
    return [d.first.isoformat() for d in find_dates(text) if d.is_day and d.first is not None]
