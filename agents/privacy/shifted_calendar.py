"""Two calendars side by side: the record's, and the one that a model sees, moved by a constant number of days."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date, timedelta

UNSTATED_YEAR = "an unstated year"
UNSTATED_MONTH = "an unstated month"
_ISO = re.compile(r"(?<!\d)((?:19|20)\d{2})-(\d{2})-(\d{2})(?!\d)")
_ISO_MONTH = re.compile(r"(?<![\d/-])(?P<year>(?:19|20)\d{2})-(?P<month>0[1-9]|1[0-2])(?![\d/-])")
_NAMES = "January February March April May June July August September October November December".split()
_WORDY_MONTH = re.compile(
    rf"\b(?P<name>{'|'.join(f'{n}|{n[:3]}' for n in _NAMES)})\.?,?\s+(?:of\s+)?(?P<year>(?:19|20)\d{{2}})(?!\d)",
    re.IGNORECASE,
)
_SLASHED_MONTH = re.compile(r"(?<![\d/-])(?P<month>0?[1-9]|1[0-2])/(?P<year>(?:19|20)\d{2})(?![\d/-])")
_YEAR = re.compile(r"(?<![\w./,-])(?P<year>(?:19|20)\d{2})(?![\w/-]|[.,]\d)")
_MONTHS = (_ISO_MONTH, _WORDY_MONTH, _SLASHED_MONTH)


class ShiftedCalendar:
    """Takes months and years of the moved calendar back, as far as the dates that were sent tell which they are."""

    def __init__(self, days: int) -> None:
        self.days = days
        self._sent: set[date] = set()  # dates as the model saw them
        self._plain: set[str] = set()  # years that were sent as they are

    def note(self, rest: str, masked: str) -> None:
        """Remembers what is sent: the dates in it, and the years that stood alone in the original."""
        for match in _ISO.finditer(masked):
            day = _day(*map(int, match.groups()))
            if day is not None:
                self._sent.add(day)
        self._plain.update(m["year"] for m in _YEAR.finditer(rest))

    def months(self, text: str) -> Iterable[re.Match[str]]:
        """Months written with digits, which the finder of dates leaves alone."""
        return _ISO_MONTH.finditer(text)

    def moved(self, text: str, further: int) -> str | None:
        """A date or month in ISO form moved into the model's calendar; None when there is no such day."""
        iso, month = _ISO.fullmatch(text), _ISO_MONTH.fullmatch(text)
        if month is not None:
            middle = date(int(month["year"]), int(month["month"]), 15) + timedelta(self.days + further)
            return f"{middle:%Y-%m}"
        day = _day(*map(int, iso.groups())) if iso is not None else None
        return (day + timedelta(self.days + further)).isoformat() if day is not None else None

    def loose_ends(self, text: str) -> list[tuple[int, int, str]]:
        """The months and years of a model's text that came from moved dates, and what they are in the record."""
        found: list[tuple[int, int, str]] = []
        for pattern in _MONTHS:
            for match in pattern.finditer(text):
                months = {d.replace(day=1) for d in self._originals(int(match["year"]), _month_of(match))}
                new = f"{months.pop():%Y-%m}" if len(months) == 1 else UNSTATED_MONTH
                if not any(start < match.end() and match.start() < end for start, end, _ in found):
                    found.append((match.start(), match.end(), new))
        for match in _YEAR.finditer(text):
            if match["year"] in self._plain or any(s <= match.start() < e for s, e, _ in found):
                continue
            years = {d.year for d in self._originals(int(match["year"]))}
            if years:
                found.append((match.start(), match.end(), str(years.pop()) if len(years) == 1 else UNSTATED_YEAR))
        return found

    def as_ranges(self, text: str, written: str) -> str:
        """A time expression of a tool call in which months and years of the moved calendar are exact days of the record.

        Args:
            text: The expression with its dates taken back.
            written: The expression as the model wrote it. Years that were sent as they are stay.
        """
        for pattern in (*_MONTHS, _YEAR):
            match = pattern.search(text)
            if match is None or match[0] not in written or match["year"] in self._plain:
                continue
            month = _month_of(match) if pattern is not _YEAR else 0
            year = int(match["year"])
            last = date(year, month or 12, calendar.monthrange(year, month or 12)[1]) - timedelta(self.days)
            first = date(year, month or 1, 1) - timedelta(self.days)
            before = text[: match.start()].rstrip().lower()
            if before.endswith(("since", "from", "after")):
                return f"since {(last + timedelta(1) if before.endswith('after') else first).isoformat()}"
            if before.endswith(("before", "until", "till", "through", "up to")):
                return f"before {(first if before.endswith('before') else last + timedelta(1)).isoformat()}"
            return f"between {first.isoformat()} and {last.isoformat()}"
        return text

    def _originals(self, year: int, month: int = 0) -> list[date]:
        return [d - timedelta(self.days) for d in self._sent if d.year == year and month in (0, d.month)]


def _month_of(match: re.Match[str]) -> int:
    groups = match.groupdict()
    if groups.get("name"):
        return next(i for i, n in enumerate(_NAMES, 1) if n[:3].lower() == groups["name"][:3].lower())
    return int(groups["month"])


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
