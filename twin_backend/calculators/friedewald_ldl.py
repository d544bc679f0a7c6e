"""LDL cholesterol by Friedewald, Levy and Fredrickson (1972, doi:10.1093/clinchem/18.6.499)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

_TRIGLYCERIDE_LIMIT_MG_DL = 400.0

CARD = ModelCard(
    id="friedewald_ldl",
    version="1.0.0",
    title="Friedewald LDL cholesterol",
    aliases=("ldl", "ldl-c", "calculated ldl", "friedewald", "ldl friedewald", "non-hdl", "non hdl cholesterol"),
    kind="calculator",
    summary="LDL cholesterol as total minus HDL minus a fifth of triglycerides; refused from 400 mg/dL triglycerides.",
    inputs=(inputs.TOTAL_CHOLESTEROL, inputs.HDL, inputs.TRIGLYCERIDES),
    outputs=(("ldl", "mg/dL", "LDL cholesterol (calculated)"), ("non_hdl", "mg/dL", "Non-HDL cholesterol")),
    source="Friedewald WT, Levy RI, Fredrickson DS. Estimation of the concentration of low-density lipoprotein "
    "cholesterol in plasma. Clin Chem 1972;18:499-502.",
    doi="10.1093/clinchem/18.6.499",
    population="448 patients and relatives of a lipid clinic, fasting; triglycerides below 400 mg/dL.",
    context_of_use="Fasting lipid panels without a direct LDL.",
    limitations=(
        "Assumes a fasting sample.",
        "Underestimates LDL below 70 mg/dL or with triglycerides over about 150; Martin-Hopkins is better there.",
        "Not valid in type III hyperlipoproteinaemia.",
    ),
)


def compute(values: Values) -> Result:
    """TC - HDL - TG/5, mg/dL."""
    non_hdl = values.number("total_cholesterol_mg_dl") - values.number("hdl_mg_dl")
    ldl = non_hdl - values.number("triglycerides_mg_dl") / 5
    warnings = []
    if ldl < 70 and values.number("triglycerides_mg_dl") > 150:
        warnings.append("With LDL under 70 and triglycerides over 150 mg/dL, Friedewald reads too low.")
    return Result(
        outputs=(
            measured("ldl", "LDL cholesterol (calculated)", ldl, "mg/dL", 0),
            measured("non_hdl", "Non-HDL cholesterol", non_hdl, "mg/dL", 0),
        ),
        warnings=tuple(warnings),
    )


def _refuse(values: Values) -> list[str]:
    triglycerides = values.number("triglycerides_mg_dl")
    if triglycerides >= _TRIGLYCERIDE_LIMIT_MG_DL:
        return [f"triglycerides_mg_dl is {triglycerides:g}; from 400 mg/dL measure LDL directly"]
    ldl = values.number("total_cholesterol_mg_dl") - values.number("hdl_mg_dl") - triglycerides / 5
    return ["these values give an LDL of zero or less; measure LDL directly"] if ldl <= 0 else []


def _contradict(values: Values) -> list[str]:
    if values.number("hdl_mg_dl") < values.number("total_cholesterol_mg_dl"):
        return []
    return ["hdl_mg_dl must be below total_cholesterol_mg_dl; are they swapped?"]


MODEL = Model(CARD, closed_form(compute), refuse=_refuse, contradict=_contradict)
