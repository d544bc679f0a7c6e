"""What a date expression says, and the moment it names once the note's own time is known."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

DAYS_PER_MONTH, DAYS_PER_YEAR = 30.4375, 365.25


class DateMention(NamedTuple):
    """Characters [start, end) that name a time: fixed parts, or days before the note or before another date of it.

    `precision` is day, month or year. A mention without parts and without `days_before` is a time that the note does
    not place ("in childhood"): it is known to be neither now nor on a date.
    """

    start: int
    end: int
    year: int = 0  # 0: not written, the one nearest to the note is meant
    month: int = 0
    day: int = 0
    hour: int = 0
    minute: int = 0
    weekday: int = 0  # 1 to 7, Monday first: the last one before the note
    days_before: float | None = None  # negative: after `base`
    precision: str = "day"
    is_short_year: bool = False  # `year` is 0 to 99
    is_ahead: bool = False  # of something planned, which alone may lie after the note
    is_duration: bool = False  # how long something has lasted, so when it began
    base: DateMention | None = None  # the admission, operation or birth that `days_before` counts from


def resolve(mention: DateMention, anchor: datetime | None) -> datetime | None:
    """The moment a mention names: its time of day where that is written, else the start of its day, month or year.

    Args:
        mention: A date expression of a note.
        anchor: The note's time, which relative expressions count from; its zone is used for all.

    Returns:
        None where the note does not place the expression, or it is relative and the note has no time.
    """
    if mention.days_before is not None:
        origin = resolve(mention.base, anchor) if mention.base else anchor
        return _before(mention.days_before, mention.precision, origin) if origin else None
    if mention.weekday:
        return _before((anchor.weekday() - mention.weekday) % 7 + 1, "day", anchor) if anchor else None
    year = _year(mention, anchor)
    if year is None or mention.day > monthrange(year, mention.month or 1)[1]:
        return None
    zone = anchor.tzinfo if anchor else UTC
    return datetime(year, mention.month or 1, mention.day or 1, mention.hour, mention.minute, tzinfo=zone)


_PIVOT = 40  # without a note's time, 39 is 2039 and 40 is 1940: births are older than plans are far ahead
_PLANNED = 10  # years that a plan may lie ahead
_SLIP = 1  # a full date of next year is nearer than one of 99 years ago, also where nothing says that it is planned


def _year(mention: DateMention, anchor: datetime | None) -> int | None:
    """The full year: two digits, or none, mean the latest that is not after the note's, or for a plan the next."""
    if mention.is_short_year:
        if anchor is None:
            return mention.year + (2000 if mention.year < _PIVOT else 1900)
        latest = anchor.year - (anchor.year - mention.year) % 100
        ahead = _PLANNED if mention.is_ahead else _SLIP if mention.day else 0
        return latest + 100 if latest + 100 - anchor.year <= ahead else latest
    if mention.year:
        return mention.year
    if anchor is None or not mention.month:
        return None
    if mention.is_ahead:
        return anchor.year + ((mention.month, mention.day or 31) < (anchor.month, anchor.day))
    return anchor.year - ((mention.month, mention.day) > (anchor.month, anchor.day))


def _before(days: float, precision: str, origin: datetime) -> datetime:
    if precision == "day":
        return (origin - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
    # Calendar months, since a month before 2 March is in February whatever the length of a month is on average.
    months = max(origin.year * 12 + origin.month - 1 - round(days / DAYS_PER_MONTH), 12)
    month = months % 12 + 1 if precision == "month" else 1
    return datetime(months // 12, month, 1, tzinfo=origin.tzinfo)
