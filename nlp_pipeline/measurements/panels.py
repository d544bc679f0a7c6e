"""Panels written as one group of numbers: the "fishbones" of blood counts and chemistry, and blood gases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nlp_pipeline.layers import Value
from nlp_pipeline.measurements.units import quantity_of

if TYPE_CHECKING:
    from nlp_pipeline.measurements.names import NameFinder

_D = r"\d{1,3}(?:\.\d{1,2})?"
_NAME = r"(?P<name>\b(?:CBC|BMP|CMP|SMA-?7|[Cc]hem-?\s?(?:7|10)|[Ll]ytes|[Ll]abs?|ABG|VBG)\b[^\d\n]{0,25}?)?"
_S = r"\s?[/|]\s?"
_FORMS = (
    ("<", re.compile(rf"{_NAME}(?<![\d.])(?P<a>{_D})\s?>-*\s?(?P<b>{_D})\s?/\s?(?P<c>{_D})\s?-*<\s?(?P<d>\d{{1,4}})(?!\d|\.\d)"),
     ("wbc", "hemoglobin", "hematocrit", "platelets")),
    ("<", re.compile(
        rf"{_NAME}(?<![\d./])(?P<a>1[0-9]\d){_S}(?P<b>\d(?:\.\d)?){_S}(?P<c>\d{{2,3}}){_S}(?P<d>\d{{1,2}}){_S}(?P<e>\d{{1,3}}){_S}(?P<f>{_D})\s?[<|]\s?(?P<g>\d{{2,4}})(?!\d|[./]\d)"),
     ("sodium", "potassium", "chloride", "bicarbonate", "bun", "creatinine", "glucose")),
    ("|", re.compile(
        rf"{_NAME}(?<![\d./])(?P<a>1[0-9]\d)\s?\|\s?(?P<b>\d{{2,3}})\s?\|\s?(?P<c>\d{{1,3}})\s?[/<]\s?(?P<d>\d{{2,4}})\s+(?P<e>\d(?:\.\d)?)\s?\|\s?(?P<f>\d{{1,2}})\s?\|\s?(?P<g>{_D})(?!\d|[./]\d)"),
     ("sodium", "chloride", "bun", "glucose", "potassium", "bicarbonate", "creatinine")),
    ("BG", re.compile(
        r"(?P<name>\b[AV]BG\b[^\d\n]{0,25}?)(?P<a>[67]\.\d{1,2})\s?/\s?(?P<b>\d{1,3})\s?/\s?(?P<c>\d{1,3})(?:\s?/\s?(?P<d>\d{1,2}))?(?!\d|[./]\d)"),
     ("blood_ph", "pco2", "po2", "bicarbonate")),
)  # fmt: skip
_VENOUS = {
    "blood_ph": "blood_ph_venous",
    "pco2": "pco2_venous",
    "po2": "po2_venous",
    "bicarbonate": "bicarbonate_venous",
}


def _around(pattern: re.Pattern[str], text: str, cue: str) -> list[re.Match[str]]:
    """The matches near each cue: the patterns are too dear to try at every character."""
    found, position = {}, text.find(cue)
    while position >= 0:
        beside = text[max(0, position - 2) : position] + text[position + 1 : position + 3]
        number = any(c.isdigit() for c in beside) or cue == "BG"
        match = pattern.search(text, max(0, position - 70), position + 40) if number else None
        if match:
            found[match.start("a")] = match
        position = text.find(cue, position + 1)
    return list(found.values())


def panel_values(text: str, names: NameFinder) -> list[Value]:
    """The values of each group, all shown with the whole group."""
    found: list[Value] = []
    for cue, pattern, concept_ids in _FORMS:
        for match in _around(pattern, text, cue):
            venous = (match["name"] or "").startswith("VBG")
            start = match.start("name") if match["name"] else match.start("a")
            for concept_id, group in zip(concept_ids, "abcdefg", strict=False):
                number = match.groupdict().get(group)
                concept = names.concept(_VENOUS.get(concept_id, concept_id) if venous else concept_id)
                quantity = quantity_of(concept, float(number), None) if concept and number else None
                if concept and quantity:
                    found.append(Value(start, match.end(), concept.id, concept, quantity))
    return found
