"""Weights and heights that stand without their name: "a 9-kg infant", "(76 kg, 1.75 m)", "weight and length were 2,830 g and 48 cm".

They are taken only where no named value is there, and never from a loss, a gain, a tumour or a dose.
"""

from __future__ import annotations

import re

from domain.errors import InvalidInput
from domain.predictions import ModelInput
from domain.quantities import convert
from tools.calculation.answers import Used
from tools.calculation.reading import NoteReading
from tools.calculation.values import used

_NUMBER = r"(?<![\d.,/:–-])(?P<n>\d{1,3}(?:[.,]\d{3})?(?:\.\d+)?)"
_WEIGHT = re.compile(
    rf"{_NUMBER}[\s-]?(?P<unit>kgs?|kilograms?|lbs?|pounds?)\b(?!\s*[/.·]\s*(?:m|sq|h|d|min)|[\s-]+(?:of\s+)?(?:unintentional\s+|unintended\s+)?"
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
    r"[\s-]*(?:\([^)]{0,40}\)\s*)?(?:tall|high\b(?!\s+res)|in\s+height|in\s+length|in\s+crown|height|stature)"
)
_BESIDE_WEIGHT = re.compile(r"^.{0,14}\d\s?-?kg|\bkg\b.{0,14}$")
_NEWBORN = re.compile(r"\b(?:birth|newborn|neonate|infant|gestation|boy|girl|male|female|baby)\b")


def size(reading: NoteReading, spec: ModelInput) -> Used | None:
    """A body weight or height that the note gives without naming it, or None."""
    finder = {"weight_kg": _weights, "height_cm": _heights}.get(spec.name)
    for match in finder(reading.lower) if finder else ():
        stated, unit = float(match["n"].replace(",", "")), _UNITS[match["unit"][:2].rstrip("s")]
        try:
            value = convert(stated, unit, spec.unit)
        except InvalidInput:
            continue
        low, high = spec.plausible or (0.0, float("inf"))
        if low <= value <= high:
            return used(reading, spec.name, stated, unit, *match.span(), converted=None if unit == spec.unit else value)
    return None


_UNITS = {"kg": "kg", "ki": "kg", "lb": "[lb_av]", "po": "[lb_av]", "g": "g", "gm": "g", "gr": "g", "cm": "cm", "ce": "cm",
          "m": "m", "me": "m"}  # fmt: skip


def _weights(text: str) -> list[re.Match[str]]:
    found = [m for m in _WEIGHT.finditer(text) if not _CHANGED.search(text[max(0, m.start() - 60) : m.start()])]
    if found:
        return found
    return [
        m
        for m in _GRAMS.finditer(text)
        if 400 <= float(m["n"].replace(",", "")) <= 9999
        and (
            _WEIGHT_WORD.search(text[max(0, m.start() - 100) : m.start()])
            or _NEWBORN.match(text[m.end() : m.end() + 12].strip(" -"))
        )
    ]


def _heights(text: str) -> list[re.Match[str]]:
    found = []
    for match in _HEIGHT.finditer(text):
        before, after = text[max(0, match.start() - 100) : match.start()], text[match.end() : match.end() + 30]
        number = float(match["n"].replace(",", ""))
        possible = 0.3 <= number <= 2.3 if match["unit"].startswith("m") else 28 <= number <= 230
        beside = _BESIDE_WEIGHT.search(after) or _BESIDE_WEIGHT.search(before[-20:])
        if possible and (_TALL.match(after) or beside or (_HEIGHT_WORD.search(before) and number > 60)):
            found.append(match)
    return found
