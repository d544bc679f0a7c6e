"""Whether a sentence of a note speaks of a time: what happened in September is often told in a note of October."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tools.outcome import ToolResult, say
from tools.times.periods import Period

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FEW_MONTHS = timedelta(days=95)
_ONE_DAY = timedelta(days=1, hours=1)


def of_another_time(
    elsewhere: ToolResult, period: Period, limit: int, looked: tuple[str, ...], warnings: tuple[str, ...]
) -> ToolResult:
    """What notes of another time tell: an answer where it names the time asked about, else the nearest there is."""
    named = [s for s in elsewhere.statements if any(speaks_of(period, e.quote) for e in s.evidence)]
    others = [s for s in elsewhere.statements if s not in named]
    statements = (*named, *others)[:limit]
    if named:
        return elsewhere.model_copy(update={"statements": statements, "warnings": warnings})
    head = say(f"Not documented: no note mentions it. Looked at {looked[0]}. A note of another time does:")
    return elsewhere.model_copy(
        update={
            "found": False,
            "statements": (head, *statements),
            "data": {**elsewhere.data, "n": 0, "nearest": True},
            "looked_at": looked,
            "warnings": warnings,
        }
    )


def speaks_of(period: Period, text: str) -> bool:
    """Whether a text names the period: its day or month ("15/9", "Sept"); of a longer one, a year in it."""
    since, until = period.since, period.until
    if since is None or until is None or since > until:
        return False
    last = max(since, until - timedelta(seconds=1))
    if until - since > _FEW_MONTHS:
        years = range(since.year, last.year + 1)
        return any(re.search(rf"\b(?:{year}|(?<=/){year % 100:02d}|'{year % 100:02d})\b", text) for year in years)
    day = since.day if until - since <= _ONE_DAY else None
    return any(_has_day(text, month, day) for month in _months(since, last))


def _months(since: datetime, last: datetime) -> list[int]:
    count = (last.year - since.year) * 12 + last.month - since.month
    return [(since.month - 1 + n) % 12 + 1 for n in range(count + 1)]


def _has_day(text: str, month: int, day: int | None) -> bool:
    """Whether a month stands there by name or number, with the day where one is meant; both orders of figures count."""
    name, figure = rf"{_MONTHS[month - 1]}[a-z]*", rf"0?{month}"
    any_day = r"\d{1,2}" if day is None else rf"0?{day}"
    alone = rf"|\b{name}\b" if day is None else ""
    pattern = (
        rf"\b{any_day}(?:st|nd|rd|th)?\s+(?:of\s+)?{name}\b|\b{name}\s+{any_day}(?:st|nd|rd|th)?\b"
        rf"|(?<![\d/.]){any_day}/{figure}(?![\d])|(?<![\d/.]){figure}/{any_day}(?![\d])|-0?{figure}-{any_day}\b{alone}"
    )
    return re.search(pattern, text, re.IGNORECASE) is not None
