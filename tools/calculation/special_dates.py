"""Dates of a pregnancy: last period, cycle length, and the day for which an age is asked."""

from __future__ import annotations

import re
from datetime import date

from domain.predictions import ModelCard
from tools.calculation.answers import Used
from tools.calculation.reading import NoteReading
from tools.calculation.values import used

_DATE = r"(?P<date>\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{1,2}-\d{1,2}|(?:[a-z]{3,9}\.? \d{1,2},? \d{4})|(?:\d{1,2} [a-z]{3,9}\.?,? \d{4}))"
_GAP = r"(?:[a-z\s,:()\[\]=\-]|\blmp\b){0,40}?"
_LMP = re.compile(
    rf"\b(?:last (?:menstrual|normal menstrual) period|lmp|last menses|last period|last menstruation)\b{_GAP}{_DATE}"
)
_TODAY = re.compile(
    rf"\b(?:today(?:'s date)?|current date|date of (?:visit|examination|today)|seen on|presents? on|as of|visit on)\b{_GAP}{_DATE}"
)
_CYCLE = re.compile(
    r"\bcycle(?:s| length)?\b[a-z\s,:]{0,30}?(?P<days>\d{2})[\s-]?days?|(?P<before>\d{2})[\s-]?day\b[a-z\s]{0,20}cycles?"
)
_MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}  # fmt: skip


def dates_of_pregnancy(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """The inputs of pregnancy dating."""
    found: dict[str, Used] = {}
    for name, pattern in (("lmp_date", _LMP), ("as_of_date", _TODAY)):
        match = pattern.search(reading.lower)
        day = read_date(match["date"]) if match else None
        if match and day:
            found[name] = used(reading, name, day.isoformat(), "", *match.span())
    if match := _CYCLE.search(reading.lower):
        days = float(match["days"] or match["before"])
        found["cycle_length_days"] = used(reading, "cycle_length_days", days, "d", *match.span())
    return found


def read_date(text: str) -> date | None:
    """A date as US notes write it (month first), as ISO, or with the month's name; None where it is none."""
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    word = re.search(r"[a-z]{3}", text)
    try:
        if word:
            day, year = numbers
            return date(year, _MONTHS[word[0]], day)
        if numbers[0] > 31:
            return date(*numbers)
        month, day, year = numbers
        return date(year, month, day)
    except (ValueError, KeyError, TypeError):
        return None
