"""Which values MedCalc-Bench's labels take from a note, where a careful reader takes others.

Each reader gives the inputs that a convention of `evals.medcalc` changes, with their quotes; none where it changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from domain.errors import ChartTwinError
from domain.predictions import ModelCard, ModelInput
from domain.quantities import convert
from tools.calculation import Calculated, Used
from tools.calculation.reading import NoteReading
from tools.calculation.unread import lowered_of, stated
from tools.calculation.values import of_any_time, used

Reader = Callable[[Calculated, ModelCard, NoteReading], dict[str, Used]]

_MASS = re.compile(r"(?<![\d.,/])(?P<n>\d{1,3}(?:\.\d+)?)[\s-]?(?P<unit>kg|kilograms?|lbs?|pounds?)\b(?!\s*/)")
_CHANGE = re.compile(r"\b(?:los[st]|loss|losing|gain\w*|decreas\w+|increas\w+)\b")
_NEAR = 45  # characters between a weight and the word for its change
_GRAMS_PER_MOLE = {
    "creatinine": 113.12, "glucose": 180.16, "cholesterol": 386.654, "triglycerides": 861.338, "calcium": 40.08,
    "bilirubin": 548.66, "urea_nitrogen": 28.013,
}  # fmt: skip
_MOLES = {"umol/L": 1e-6, "mmol/L": 1e-3}
_IONISED = re.compile(r"\bioni[sz]ed calcium\b[^.;\d]{0,20}(?P<n>\d{1,2}(?:\.\d+)?)\s?(?P<unit>mg/dl|mmol/l)")
_PER_DL = re.compile(r"\s*(?:\([^()]{0,25})?m(?:mol|eq)\s?/\s?dl", re.IGNORECASE)


def _changed_weight(base: Calculated, card: ModelCard, reading: NoteReading) -> dict[str, Used]:
    spec = next((item for item in card.inputs if item.name == "weight_kg"), None)
    if spec is None or any(item.name == spec.name for item in base.inputs):
        return {}
    for match in _MASS.finditer(reading.lower):
        around = reading.lower[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        if _CHANGE.search(around):
            unit = "kg" if match["unit"].startswith("k") else "[lb_av]"
            kilograms = convert(float(match["n"]), unit, spec.unit)
            return {spec.name: used(reading, spec.name, float(match["n"]), unit, *match.span(), converted=kilograms)}
    return {}


def _literal_units(base: Calculated, card: ModelCard, reading: NoteReading) -> dict[str, Used]:
    read = {item.name: item for item in base.inputs}
    found: dict[str, Used] = {}
    text = lowered_of(reading)
    for spec in card.inputs:
        taken = read.get(spec.name)
        if spec.unit == "meq/L" and taken and taken.span and _PER_DL.match(text, taken.span[1]):
            found[spec.name] = taken.model_copy(update={"converted": 10 * float(taken.taken)})
        elif taken is None or "is impossible" in taken.note:
            found |= _by_written_unit(reading, spec)
    return found


def _by_written_unit(reading: NoteReading, spec: ModelInput) -> dict[str, Used]:
    for item in stated(reading, spec):
        per_dl = spec.unit == "meq/L" and item.unit.lower().endswith("q/dl")
        try:
            value = (
                10 * float(item.value) if per_dl else convert(float(item.value), item.unit, spec.unit, spec.substance)
            )
        except ChartTwinError:
            continue
        return {spec.name: item.model_copy(update={"converted": value})}
    return {}


def _ionised(base: Calculated, card: ModelCard, reading: NoteReading) -> dict[str, Used]:
    spec = next((item for item in card.inputs if item.name == "calcium_mg_dl"), None)
    if spec is None or any(item.name == spec.name for item in base.inputs):
        return {}
    match = _IONISED.search(lowered_of(reading))
    if match is None:
        return {}
    unit = "mg/dL" if match["unit"].startswith("mg") else "mmol/L"
    value = convert(float(match["n"]), unit, spec.unit, spec.substance)
    return {spec.name: used(reading, spec.name, float(match["n"]), unit, *match.span(), converted=value)}


def _highest_creatinine(base: Calculated, card: ModelCard, reading: NoteReading) -> dict[str, Used]:
    found = _creatinines(card, reading) if card.id == "ckd_epi_2021_creatinine" else []
    return {"creatinine_mg_dl": max(found, key=lambda item: float(item.taken))} if found else {}


def _last_creatinine(base: Calculated, card: ModelCard, reading: NoteReading) -> dict[str, Used]:
    found = _creatinines(card, reading) if card.id == "mdrd" else []
    return {"creatinine_mg_dl": found[-1]} if found else {}


def _creatinines(card: ModelCard, reading: NoteReading) -> list[Used]:
    return [item for spec in card.inputs if spec.name == "creatinine_mg_dl" for item in of_any_time(reading, spec)]


def _rounded(base: Calculated, card: ModelCard, reading: NoteReading) -> dict[str, Used]:
    substances = {spec.name: spec.substance for spec in card.inputs if spec.unit == "mg/dL"}
    return {
        item.name: item.model_copy(update={"converted": _milligrams(float(item.value), item.unit, substance)})
        for item in base.inputs
        if item.unit in _MOLES and (substance := substances.get(item.name)) in _GRAMS_PER_MOLE
    }


def _milligrams(amount: float, unit: str, substance: str | None) -> float:
    """Per dL; amounts under a thousandth keep three digits, as the benchmark's explanations do."""
    grams = _to_three(_to_three(amount * _MOLES[unit]) * _GRAMS_PER_MOLE[substance or ""])
    return _to_three(grams * 1000) / 10


def _to_three(number: float) -> float:
    return round(number, 3) if number > 0.001 else float(f"{number:.3g}")


READERS: dict[str, Reader] = {
    "ionised_calcium_is_calcium": _ionised,
    "weight_change_is_weight": _changed_weight,
    "impossible_unit_literal": _literal_units,
    "ckd_epi_highest_creatinine": _highest_creatinine,
    "mdrd_last_creatinine": _last_creatinine,
    "conversion_rounded": _rounded,
}
