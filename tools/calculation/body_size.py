"""Weights and heights that stand without their name: "a 9-kg infant", "(76 kg, 1.75 m)", "weight and length were 2,830 g and 48 cm".

They are taken only where no named value is there, and never from a loss, a gain, a tumour or a dose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.errors import InvalidInput
from domain.predictions import ModelInput
from domain.quantities import convert
from tools.calculation.answers import Used
from tools.calculation.reading import NoteReading
from tools.calculation.values import is_of_another_time, number, used

_NUMBER = r"(?:(?<![\d.,/:–-])|(?<=kg/)|(?<=cm/))(?P<n>\d,\d{1,2}(?!\d)|\d{1,3},\d{3}|\d{1,4}(?:\.\d+)?)"
_WEIGHT = re.compile(
    rf"{_NUMBER}[\s-]?(?P<unit>kgs?|kilograms?|lbs?|pounds?)\b(?!(?:\s*[/·]\s*|\.)(?:m|sq|h|d|min)|[\s-]+(?:of\s+)?(?:unintentional\s+|unintended\s+)?"
    r"(?:weight[\s-]+)?(?:loss|gain|lost|lifting|object|load|per\b))"
)
_GRAMS = re.compile(rf"{_NUMBER}[\s-]?(?P<unit>g|gm|gms|grams?)\b(?!\s*/)")
_HEIGHT = re.compile(rf"{_NUMBER}[\s-]?(?P<unit>cms?|centimet(?:er|re)s?|m|met(?:er|re)s?)\b")
_CHANGED = re.compile(
    r"\b(?:loss(?:es)?|lost|los(?:t|ing)|gain(?:ed|ing|s)?|dropp\w+|decreas\w+|increas\w+|reduc\w+|lifting|lift|carrying|per|every|bmi)"
    r"[a-z\s(~≈,-]{0,40}$"
)
_WEIGHT_WORD = re.compile(r"\b(?:weigh\w*|bodyweight|birthweight|bw|wt)\b[^.;]{0,90}$")
_HEIGHT_WORD = re.compile(r"\b(?:height|length|stature|tall|ht|measur\w+)\b[^.;]{0,90}$")
_TALL = re.compile(
    r"[\s-]*(?:\([^)]{0,40}\)\s*)?(?:tall|high\b(?!\s+res)|in\s+height|in\s+length|in\s+crown|height|stature|long\b)"
)
_BESIDE_WEIGHT = re.compile(r"^.{0,14}\d\s?-?kg|\bkg\b.{0,14}$")
_NEWBORN = re.compile(r"\b(?:birth|newborn|neonate|infant|gestation|boy|girl|male|female|baby)\b")


def measured(reading: NoteReading, spec: ModelInput) -> Used | None:
    """A body weight or height, named or not; a named one of another time gives way to a present one without name."""
    named = number(reading, spec)
    if named and named.span and not is_of_another_time(reading, named.span):
        return named
    unnamed = list(_unnamed(reading, spec))
    present = (item for item in unnamed if item.span and not is_of_another_time(reading, item.span))
    return next(present, None) or named or next(iter(unnamed), None)


def _unnamed(reading: NoteReading, spec: ModelInput) -> Iterator[Used]:
    """The body weights or heights that the note gives without naming them."""
    finder = {"weight_kg": _weights, "height_cm": _heights}.get(spec.name)
    low, high = spec.plausible or (0.0, float("inf"))
    for match in finder(reading.lower) if finder else ():
        stated, unit = _amount(match), _UNITS[match["unit"][:2].rstrip("s")]
        if unit == "cm" and stated < _METRES_BELOW:
            unit = "m"
        try:
            value = convert(stated, unit, spec.unit)
        except InvalidInput:
            continue
        if low <= value <= high:
            yield used(reading, spec.name, stated, unit, *match.span(), converted=None if unit == spec.unit else value)


def _amount(match: re.Match[str]) -> float:
    """The number of a match; a comma before one or two digits is a decimal one."""
    digits = match["n"]
    return float(digits.replace(",", "." if _DECIMAL_COMMA.fullmatch(digits) else ""))


_DECIMAL_COMMA = re.compile(r"\d,\d{1,2}")
_METRES_BELOW = 2.3  # "1.65 cm" is a slip for metres
_UNITS = {"kg": "kg", "ki": "kg", "lb": "[lb_av]", "po": "[lb_av]", "g": "g", "gm": "g", "gr": "g", "cm": "cm", "ce": "cm",
          "m": "m", "me": "m"}  # fmt: skip


def _weights(text: str) -> list[re.Match[str]]:
    found = [m for m in _WEIGHT.finditer(text) if not _CHANGED.search(text[max(0, m.start() - 60) : m.start()])]
    if found:
        return found
    return [
        m
        for m in _GRAMS.finditer(text)
        if 400 <= _amount(m) <= 9999
        and (
            _WEIGHT_WORD.search(text[max(0, m.start() - 100) : m.start()])
            or _NEWBORN.match(text[m.end() : m.end() + 12].strip(" -"))
        )
    ]


def _heights(text: str) -> list[re.Match[str]]:
    found = []
    for match in _HEIGHT.finditer(text):
        before, after = text[max(0, match.start() - 100) : match.start()], text[match.end() : match.end() + 30]
        tall = _amount(match)
        metres = 0.3 <= tall <= 2.3 and (match["unit"].startswith("m") or 1.2 <= tall)
        possible = metres or (not match["unit"].startswith("m") and 28 <= tall <= 230)
        beside = _BESIDE_WEIGHT.search(after) or _BESIDE_WEIGHT.search(before[-20:])
        if possible and (_TALL.match(after) or beside or (_HEIGHT_WORD.search(before) and (metres or tall > 40))):
            found.append(match)
    return found
