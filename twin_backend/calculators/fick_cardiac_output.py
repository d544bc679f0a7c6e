"""Cardiac output by Fick's principle; assumed oxygen uptake: Narang 2014, doi:10.1161/CIRCULATIONAHA.113.003334."""

from __future__ import annotations

from math import sqrt

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, rounded
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_ML_PER_G_AND_DL = 13.4  # 1.34 mL of oxygen for each g of hemoglobin, 10 dL in a litre
_ASSUMED_VO2_ML_MIN_M2 = 125.0

CARD = ModelCard(
    id="fick_cardiac_output",
    version="1.0.0",
    title="Cardiac output (Fick)",
    aliases=("cardiac output", "fick", "fick equation", "cardiac output fick", "cardiac index"),
    kind="calculator",
    summary="Oxygen uptake over the arteriovenous oxygen difference; uptake measured, or assumed as 125 mL/min/m².",
    inputs=(
        inputs.HEMOGLOBIN,
        inputs.number("sao2_percent", "Arterial oxygen saturation", "%", (20, 100)),
        inputs.number("svo2_percent", "Mixed venous oxygen saturation", "%", (10, 100)),
        inputs.number("vo2_ml_min", "Oxygen uptake", "mL/min", (30, 6000), required=False,
                      description="Measured; else weight and height are needed and 125 mL/min/m² is assumed."),
        inputs.changed(inputs.WEIGHT, required=False, description="For body surface area."),
        inputs.changed(inputs.HEIGHT, required=False, description="For body surface area (Mosteller)."),
        inputs.changed(inputs.HEART_RATE, required=False, description="For stroke volume."),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse children."),
    ),
    outputs=(
        ("cardiac_output", "L/min", "Cardiac output"),
        ("cardiac_index", "L/min/m2", "Cardiac index"),
        ("stroke_volume", "mL", "Stroke volume"),
        ("vo2_used", "mL/min", "Oxygen uptake used"),
    ),
    source="Fick A. Verh Phys Med Ges Würzburg 1870;2:16; assumed uptake: Narang N, et al. Inaccuracy of estimated "
    "resting oxygen uptake in the clinical setting. Circulation 2014;129:203-10.",
    doi="10.1161/CIRCULATIONAHA.113.003334",
    population="Adults at rest; Narang: 535 patients at right heart catheterisation.",
    context_of_use="Right heart catheterisation, no shunt, steady state.",
    limitations=(
        "An assumed uptake is off by more than 25 % in a quarter of patients, more so in obesity.",
        "Dissolved oxygen is left out; not for patients breathing high oxygen.",
        "Not valid with an intracardiac shunt.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """VO2 / (13.4 x Hb x (SaO2 - SvO2)), L/min."""
    area = _area_m2(values)
    uptake = values.number("vo2_ml_min") if values.has("vo2_ml_min") else _ASSUMED_VO2_ML_MIN_M2 * (area or 0.0)
    difference = (values.number("sao2_percent") - values.number("svo2_percent")) / 100
    output = uptake / (_ML_PER_G_AND_DL * values.number("hemoglobin_g_dl") * difference)
    outputs = [measured("cardiac_output", "Cardiac output", output, "L/min", 2)]
    if area is not None:
        outputs.append(measured("cardiac_index", "Cardiac index", output / area, "L/min/m2", 2, "usually 2.5-4.0"))
    if values.has("heart_rate_bpm"):
        stroke = 1000 * output / values.number("heart_rate_bpm")
        outputs.append(measured("stroke_volume", "Stroke volume", stroke, "mL", 0))
    outputs.append(measured("vo2_used", "Oxygen uptake used", uptake, "mL/min", 0))
    if values.has("vo2_ml_min"):
        return Result(tuple(outputs))
    assumed = f"Oxygen uptake was assumed as 125 mL/min/m² ({rounded(uptake, 0)} mL/min), not measured."
    return Result(tuple(outputs), warnings=(assumed,))


def _area_m2(values: Values) -> float | None:
    if values.has("weight_kg") and values.has("height_cm"):
        return sqrt(values.number("weight_kg") * values.number("height_cm") / 3600)
    return None


def _needed(values: Values) -> list[str]:
    if values.has("vo2_ml_min"):
        return []
    return [name for name in ("weight_kg", "height_cm") if not values.has(name)]


def _contradict(values: Values) -> list[str]:
    if values.number("svo2_percent") < values.number("sao2_percent"):
        return []
    return ["svo2_percent must be below sao2_percent; are they swapped?"]


MODEL = Model(CARD, closed_form(compute), refuse=adults_only, contradict=_contradict, also_needed=_needed)
