"""Judges one calculated answer: MedCalc-Bench's official rule, and whether the quotes hold the values that were used."""

from __future__ import annotations

import math
import re
from typing import Any

from tools.calculation import Calculated, Used

# Calculators whose answer is a count of points: rounded, it must be the label (Khandekar et al. 2024, evaluation code).
_WHOLE = frozenset({4, 15, 16, 17, 18, 20, 21, 25, 27, 28, 29, 32, 33, 36, 43, 45, 48, 51})
RULE_BASED = frozenset({"risk", "severity", "diagnosis"})
_DIGITS = re.compile(r"\d+")


def is_right(row: dict[str, Any], answer: float | int | str | None) -> bool:
    """Whether an answer is right by the benchmark's rule; no answer is wrong.

    Dates and gestational ages must be the same, points the same whole number, all else within the label's limits.
    """
    label = str(row["ground_truth_answer"])
    if answer is None:
        return False
    if row["output_type"] in ("date", "weeks_days"):
        return _whole_numbers(str(answer)) == _whole_numbers(label)
    try:
        given = float(answer)
    except ValueError:
        return False
    if not math.isfinite(given):
        return False
    if row["calculator_id"] in _WHOLE:
        return round(given) == round(float(label))
    low, high = sorted((float(row["lower_limit"]), float(row["upper_limit"])))
    return low <= given <= high


def _whole_numbers(text: str) -> list[int]:
    return [int(digits) for digits in _DIGITS.findall(text)]


# --- quotes -----------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")
_THOUSANDS = re.compile(r"(?<=\d)[,\s\u2009\u202f](?=\d{3}(?!\d))")
_WORD = re.compile(r"[a-z]+")
_SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
} | {"once": 1, "twice": 2, "half": 0.5}
_WITHIN = frozenset({"and", "a", "an"})
_TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}  # fmt: skip
# What a number before the word is in the units that the calculators take: years of age, days, mL.
_UNIT_WORDS: dict[str, tuple[float, ...]] = {
    "month": (1 / 12, 30.4), "week": (7 / 365.25, 7.0), "day": (1 / 365.25,), "hour": (1 / 24,), "year": (365.25,),
    "lit": (1000.0,),
}  # fmt: skip


def unquoted(text: str, answer: Calculated) -> list[str]:
    """The names of the inputs whose span does not hold what was used; empty where every quote does.

    A number of the note must stand in its quote, in digits or in words; a finding must have one. Derived values are left
    out: what they were derived from is quoted, and their note says how.
    """
    return [item.name for item in answer.inputs if item.span and not _holds(text, item)]


def _holds(text: str, item: Used) -> bool:
    assert item.span is not None
    if item.origin == "record":
        return True
    if not item.quote.strip() or text[slice(*item.span)] != item.quote:
        return False
    if item.origin == "derived" or isinstance(item.value, bool | str):
        return True
    stated = abs(item.value)
    return any(abs(number - stated) <= 1e-3 * max(1.0, stated) for number in _said(item.quote))


def _said(quote: str) -> list[float]:
    """The numbers of a quote, and what its own words make of them: months as years, doses a day, litres as mL."""
    numbers = numbers_in(quote)
    factors = [factor for word, factors in _UNIT_WORDS.items() if word in quote.lower() for factor in factors]
    scaled = [number * factor for number in numbers for factor in factors]
    both = [(a, b) for place, a in enumerate(numbers) for b in numbers[place + 1 :]]
    computed = [a * b for a, b in both] + [a / b for a, b in both if b] + [a + b for a in numbers for b in scaled]
    return [*numbers, *scaled, *computed]


def numbers_in(quote: str) -> list[float]:
    """Every number that a quote says, in digits (either decimal mark) or in words."""
    plain = _THOUSANDS.sub("", quote)
    found = [float(match) for match in _NUMBER.findall(_DECIMAL_COMMA.sub(".", plain))]
    return found + [float(match) for match in _NUMBER.findall(plain)] + _in_words(quote.lower())


def _in_words(quote: str) -> list[float]:
    found: list[float] = []
    total: float | None = None
    for word in _WORD.findall(quote):
        if word in _TENS:
            total = (total or 0.0) + _TENS[word]
        elif word in _SMALL:
            total = (total or 0.0) + _SMALL[word]
        elif word == "hundred":
            total = 100.0 * (total or 1.0)
        elif word not in _WITHIN and total is not None:
            found.append(total)
            total = None
    return found if total is None else [*found, total]
