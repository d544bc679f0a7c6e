"""Homeostasis model assessment of insulin resistance and beta-cell function (Matthews 1985, doi:10.1007/BF00280883)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

_LEAST_GLUCOSE_MG_DL = 63.0  # 3.5 mmol/L: the formula for beta-cell function has its pole here

CARD = ModelCard(
    id="homa_ir",
    version="1.0.0",
    title="HOMA-IR and HOMA-B",
    aliases=("homa", "homa-ir", "homa1", "homa-b", "homa beta", "homeostasis model assessment", "insulin resistance"),
    kind="calculator",
    summary="Insulin resistance as fasting glucose x insulin / 405, and beta-cell function in % of normal (HOMA1).",
    inputs=(
        inputs.changed(inputs.GLUCOSE, name="fasting_glucose_mg_dl", label="Fasting glucose", plausible=(20, 800)),
        inputs.number("fasting_insulin_uiu_ml", "Fasting insulin", "u[IU]/mL", (0.2, 500), substance="insulin"),
    ),
    outputs=(("homa_ir", "{index}", "HOMA-IR"), ("homa_beta", "%", "HOMA-B (beta-cell function)")),
    source="Matthews DR, et al. Homeostasis model assessment: insulin resistance and beta-cell function from fasting "
    "plasma glucose and insulin concentrations in man. Diabetologia 1985;28:412-9.",
    doi="10.1007/BF00280883",
    population="Model of the fasting steady state, calibrated so that healthy lean adults under 35 have 1 and 100 %.",
    context_of_use="Research and group comparison; a rough guide in one person.",
    limitations=(
        "Fasting steady state only; not for people on insulin.",
        "Insulin assays differ, so there is no universal cut-off; the updated HOMA2 needs its own program.",
    ),
)


def compute(values: Values) -> Result:
    """Glucose x insulin / 405 (mg/dL; 22.5 in mmol/L); 360 x insulin / (glucose - 63), %."""
    glucose, insulin = values.number("fasting_glucose_mg_dl"), values.number("fasting_insulin_uiu_ml")
    outputs = [
        measured("homa_ir", "HOMA-IR", glucose * insulin / 405, "{index}", 2, "1.0 is the model's healthy value")
    ]
    if glucose <= _LEAST_GLUCOSE_MG_DL:
        return Result(tuple(outputs), warnings=("Glucose is 63 mg/dL or less, where HOMA-B is not defined.",))
    beta = 360 * insulin / (glucose - _LEAST_GLUCOSE_MG_DL)
    outputs.append(measured("homa_beta", "HOMA-B (beta-cell function)", beta, "%", 0))
    return Result(tuple(outputs))


MODEL = Model(CARD, closed_form(compute))
