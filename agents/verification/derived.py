"""What follows from values by arithmetic: differences, percentages, ratios, durations, ages, roundings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import combinations

from agents.verification.numbers import Number

DAYS_PER = {
    "d": 1.0,
    "wk": 7.0,
    "mo": 30.4375,
    "a": 365.25,
    "decade": 3652.5,
    "h": 1 / 24,
    "min": 1 / 1440,
    "s": 1 / 86400,
}


def slack_of(number: Number) -> float:
    """How far a value may lie from what is written and still round to it.

    Half a unit of the last digit shown, either way: people round half up, floats do not. A whole number below ten is
    taken as exact, since "8 %" is no rounding of 7.8 %. "About 30" stands for what lies within half of its last step.
    """
    exact = number.digits == 0 and number.value < 10
    slack = 0.0 if exact else 0.5 * 10.0**-number.digits
    if number.is_approximate and number.value:
        step = 10.0**-number.digits
        while number.digits == 0 and number.value % (step * 10) == 0 and step * 10 <= number.value:
            step *= 10
        if number.digits == 0 and number.value >= 20 and number.value % (step * 5) == 0:
            step *= 5
        slack = max(slack, min(step / 2, 0.06 * number.value))
    return slack + 1e-9


def differences(values: Sequence[float]) -> list[float]:
    """Absolute differences between any two."""
    return [abs(a - b) for a, b in combinations(values, 2)]


def percent_changes(values: Sequence[float]) -> list[float]:
    """Absolute change of each later value from each earlier one, in percent."""
    return [abs(b - a) / abs(a) * 100 for a, b in combinations(values, 2) if a]


def ratios(values: Sequence[float]) -> list[float]:
    """Later over earlier."""
    return [b / a for a, b in combinations(values, 2) if a]


def shares(values: Iterable[float]) -> list[float]:
    """What part, in percent, each is of each."""
    kept = [v for v in values if v > 0]
    return [a / b * 100 for a in kept for b in kept if a < b]


def telling(values: Sequence[float]) -> list[float]:
    """First, last but one, last, lowest and highest of a course, in order: what a summary compares."""
    if len(values) <= 3:
        return list(values)
    places = sorted({0, len(values) - 2, len(values) - 1, values.index(min(values)), values.index(max(values))})
    return [values[i] for i in places]


def fits_ratio(said: float, actual: float, hedge: str) -> bool:
    """Whether "doubled", "nearly doubled", "more than doubled" describes a ratio."""
    if actual <= 0:
        return False
    relative = actual / said if said >= 1 else said / actual
    if hedge in {"nearly", "almost", "less than"}:
        return 0.8 <= relative < 1.03
    if hedge in {"more than", "over"}:
        return 0.98 <= relative < 1.5
    low, high = (0.85, 1.18) if hedge else (0.9, 1.2)
    return low <= relative <= high


def fits_duration(number: Number, first: date, last: date) -> bool:
    """Whether the time between two days is what is said, completed or rounded."""
    days = abs((last - first).days)
    unit = DAYS_PER.get(number.unit)
    if unit is None or number.unit in {"h", "min", "s"}:
        return False
    count = days / unit
    if number.comparator in {">", ">="}:
        return number.value - 1e-9 <= count <= number.value * 1.5 + 1
    if number.comparator in {"<", "<="}:
        return number.value * 0.5 <= count <= number.value + 1e-9
    near = 0.5 if number.digits == 0 else 0.5 * 10**-number.digits + 0.02
    if number.is_approximate:
        near = max(near, 0.15 * number.value)
    return abs(count - number.value) <= near + 1e-9 or (
        number.digits == 0 and _completed(number.unit, first, last) == number.value
    )


def _completed(unit: str, first: date, last: date) -> float:
    first, last = min(first, last), max(first, last)
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    if unit == "mo":
        return months
    if unit == "a":
        return months // 12
    return math.floor((last - first).days / DAYS_PER[unit])


def age_on(born: date, day: date) -> int:
    """Completed years of life on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def direction(values: Sequence[float]) -> str:
    """up, down or flat, by the tools' own rule: under 5 % of the start is about stable."""
    change = values[-1] - values[0]
    if abs(change) < 0.05 * max(abs(values[0]), 1e-9):
        return "flat"
    return "up" if change > 0 else "down"
