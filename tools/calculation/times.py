"""How long before the note something happened, as far as the words around it tell."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from tools.calculation.reading import NoteReading

_YEARS_AGO = re.compile(
    r"\b(?:in|since|during|from)\s(?:[a-z]{3,9}\s)?(?:19|20)\d\d\b|\bremote(?:ly)?\b|\b(?:many|several) years\b|\bchildhood\b|\bdecades?\b|\b(?:in|during) (?:college|high school|(?:his|her) (?:youth|teens|twenties|thirties|forties|fifties|sixties))\b|\bat age \d+"
)
_NOW = re.compile(
    r"\b(?:recent(?:ly)?|current(?:ly)?|just (?:had|underwent|completed|finished)|"
    r"still in (?:place|situ)|remains in (?:place|situ)|this (?:week|morning|admission|month))\b"
)
_AFTER = re.compile(
    r"\b(?P<n>\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve)[\s-]+(?P<u>hour|day|week|month|year)s?"
    r"\s(?:after|following|since|post|out from|status post|into)\b"
)
_BEFORE = re.compile(
    r"\b(?P<n>\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve)[\s-]+(?P<u>day|week|month|year)s?"
    r"\s(?:before|prior to|ahead of|preceding) (?:the|this|that|his|her|its) \w"
)
_WORDS = {word: float(n) for n, word in enumerate(
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 1)} | {"twelve": 12.0}  # fmt: skip
_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
_LONG_AGO = 10 * 365.25
_CLAUSE_END = re.compile(r"[.!?]\s|\n\s*\n|;")
_FULL_STOP = re.compile(r"[.!?]\s|\n\s*\n")
_FURTHEST = 400  # characters that a time may stand from what it dates


class _Time(NamedTuple):
    start: int
    end: int
    days: float


@lru_cache(maxsize=8)
def _times(low: str) -> tuple[_Time, ...]:
    from nlp_pipeline.times.relative import relative_times

    told = [(r.mention.start, r.mention.end, r.mention.days_before) for r in relative_times(low)]
    times = [_Time(start, end, _LONG_AGO if days is None else days) for start, end, days in told]
    times += [_Time(*m.span(), _LONG_AGO) for m in _YEARS_AGO.finditer(low)]
    for match in (*_AFTER.finditer(low), *_BEFORE.finditer(low)):
        count = _WORDS.get(match["n"]) or float(match["n"])
        times.append(_Time(*match.span(), count * _DAYS[match["u"]]))
    counted = {
        time.start for time in times if time.days != _LONG_AGO
    }  # "three weeks before the infarction" has a count
    return tuple(sorted(time for time in times if time.days != _LONG_AGO or time.start not in counted))


def sentence(low: str, start: int, end: int, ends: re.Pattern[str] = _CLAUSE_END) -> tuple[int, int]:
    """The characters of the clause or sentence around [start, end)."""
    furthest = max(0, start - _FURTHEST)
    before = max((m.end() for m in ends.finditer(low, furthest, start)), default=furthest)
    after = ends.search(low, end, end + _FURTHEST)
    return before, after.start() if after else min(len(low), end + _FURTHEST)


def days_ago(reading: NoteReading, start: int, end: int) -> float | None:
    """Days before the note that the nearest time of the same clause, or else sentence, names; None where none does."""
    low = reading.lower
    for first, last in (sentence(low, start, end), sentence(low, start, end, _FULL_STOP)):
        near = [time for time in _times(low) if first <= time.start and time.end <= last]
        if near:
            return min(near, key=lambda time: max(time.start - end, start - time.end)).days
    return None


def told_as_recent(reading: NoteReading, start: int, end: int) -> bool:
    """Whether the sentence calls it recent or present without a count of days."""
    first, last = sentence(reading.lower, start, end)
    return _NOW.search(reading.lower, first, last) is not None
