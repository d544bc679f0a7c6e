"""What a question says about weights: which one counts in Cockcroft-Gault, and a target body mass index."""

from __future__ import annotations

import re

from domain.predictions import ModelCard
from tools.calculation import body_size, values
from tools.calculation.answers import DERIVED, Used
from tools.calculation.reading import NoteReading

_BMI_NORMAL, _BMI_OVER = 18.5, 25.0
_TARGET_BMI = re.compile(
    r"\b(?:target|goal|desired|ideal|aim\w* for a)\b[a-z\s()]{0,20}\b(?:bmi|body mass index)\b[a-z\s:=]{0,12}(?P<bmi>\d+(?:\.\d+)?)"
)


def weight_basis(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """Actual, ideal or adjusted weight, where the question ties it to the body mass index."""
    if "adjusted body weight" not in question.lower():
        return {}
    specs = {spec.name: spec for spec in card.inputs}
    weight, height = (body_size.measured(reading, specs[name]) for name in ("weight_kg", "height_cm"))
    sex = values.sex(reading, specs["sex"])
    if weight is None or height is None or sex is None:
        return {}
    bmi = float(weight.taken) / (float(height.taken) / 100) ** 2
    ideal = (50.0 if sex.value == "male" else 45.5) + 2.3 * (float(height.taken) / 2.54 - 60)
    if bmi >= _BMI_OVER:
        basis = "adjusted"
    elif bmi >= _BMI_NORMAL:
        basis = "ideal" if ideal < float(weight.taken) else "actual"
    else:
        basis = "actual"
    note = f"as the question asks for a body mass index of {bmi:.1f} kg/m2"
    return {"weight_basis": Used(name="weight_basis", value=basis, origin=DERIVED, note=note)}


def target_bmi(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """The body mass index that the note wants to reach."""
    match = _TARGET_BMI.search(reading.lower)
    if match is None:
        return {}
    return {"target_bmi_kg_m2": values.used(reading, "target_bmi_kg_m2", float(match["bmi"]), "kg/m2", *match.span())}
