"""Carboplatin dose for a target exposure (Calvert et al. 1989, doi:10.1200/JCO.1989.7.11.1748)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, rounded
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_GFR_CAP_ML_MIN = 125.0
_NON_RENAL_ML_MIN = 25.0

CARD = ModelCard(
    id="carboplatin_calvert",
    version="1.0.0",
    title="Carboplatin dose (Calvert)",
    aliases=("calvert", "calvert formula", "calvert carboplatin", "carboplatin", "carboplatin dose", "carboplatin auc"),
    kind="calculator",
    summary="Dose in mg as target AUC x (GFR + 25), with the dose at the FDA's GFR cap of 125 mL/min beside it.",
    inputs=(
        inputs.number("target_auc", "Target area under the curve", "mg.min/mL", (0.5, 20), derivation=(4, 8)),
        inputs.number("gfr_ml_min", "Glomerular filtration rate, not indexed", "mL/min", (1, 250), derivation=(33, 136),
                      description="Measured, or Cockcroft-Gault; a rate per 1.73 m² must be de-indexed first."),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse children."),
    ),
    outputs=(
        ("carboplatin_dose", "mg", "Carboplatin dose"),
        ("carboplatin_dose_capped", "mg", "Carboplatin dose with GFR capped at 125 mL/min"),
    ),
    source="Calvert AH, et al. Carboplatin dosage: prospective evaluation of a simple formula based on renal function. "
    "J Clin Oncol 1989;7:1748-56; cap: FDA, carboplatin dosing information (2010).",
    doi="10.1200/JCO.1989.7.11.1748",
    population="18 (derivation) and 31 (evaluation) adults; GFR by 51Cr-EDTA, 33-136 mL/min.",
    context_of_use="Adults: carboplatin by target exposure, checked by an oncology pharmacist.",
    model_risk="high",
    limitations=(
        "Derived with measured GFR; estimated rates overdose where creatinine is low.",
        "The original formula has no cap; the FDA advises 125 mL/min where GFR is estimated.",
        "Not for children, who have formulas of their own.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """AUC x (GFR + 25), mg."""
    auc, gfr = values.number("target_auc"), values.number("gfr_ml_min")
    dose = auc * (gfr + _NON_RENAL_ML_MIN)
    capped = auc * (min(gfr, _GFR_CAP_ML_MIN) + _NON_RENAL_ML_MIN)
    outputs = (
        measured("carboplatin_dose", "Carboplatin dose", dose, "mg", 0),
        measured("carboplatin_dose_capped", "Carboplatin dose with GFR capped at 125 mL/min", capped, "mg", 0),
    )
    if gfr <= _GFR_CAP_ML_MIN:
        return Result(outputs)
    warning = (
        f"GFR {gfr:g} is above 125 mL/min: where it is estimated, the FDA advises a cap, which gives "
        f"{rounded(capped, 0)} mg."
    )
    return Result(outputs, warnings=(warning,))


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
