"""LDL cholesterol by the NIH equation 2 (Sampson et al. 2020, doi:10.1001/jamacardio.2020.0013)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

_TRIGLYCERIDE_LIMIT_MG_DL = 800.0

CARD = ModelCard(
    id="ldl_sampson_nih",
    version="1.0.0",
    title="Sampson-NIH LDL cholesterol",
    aliases=("sampson", "nih ldl", "nih equation 2", "sampson ldl", "ldl sampson"),
    kind="calculator",
    summary="LDL cholesterol fitted to beta-quantification, for triglycerides up to 800 mg/dL.",
    inputs=(
        inputs.TOTAL_CHOLESTEROL,
        inputs.HDL,
        inputs.changed(inputs.TRIGLYCERIDES, derivation=(10, _TRIGLYCERIDE_LIMIT_MG_DL)),
    ),
    outputs=(("ldl", "mg/dL", "LDL cholesterol (Sampson-NIH)"), ("non_hdl", "mg/dL", "Non-HDL cholesterol")),
    source="Sampson M, et al. A new equation for calculation of low-density lipoprotein cholesterol in patients with "
    "normolipidemia and/or hypertriglyceridemia. JAMA Cardiol 2020;5:540-8.",
    doi="10.1001/jamacardio.2020.0013",
    population="8,656 patients (18,715 beta-quantification results) of the NIH Clinical Center, many with high "
    "triglycerides.",
    context_of_use="Lipid panels without a direct LDL, triglycerides up to 800 mg/dL.",
    limitations=("Not valid in type III hyperlipoproteinaemia.", "Above 800 mg/dL of triglycerides measure directly."),
)


def compute(values: Values) -> Result:
    """TC/0.948 - HDL/0.971 - (TG/8.56 + TG x non-HDL/2140 - TG^2/16100) - 9.44, mg/dL."""
    total, hdl = values.number("total_cholesterol_mg_dl"), values.number("hdl_mg_dl")
    triglycerides, non_hdl = values.number("triglycerides_mg_dl"), total - hdl
    vldl = triglycerides / 8.56 + triglycerides * non_hdl / 2140 - triglycerides**2 / 16100
    ldl = total / 0.948 - hdl / 0.971 - vldl - 9.44
    return Result(
        (
            measured("ldl", "LDL cholesterol (Sampson-NIH)", ldl, "mg/dL", 0),
            measured("non_hdl", "Non-HDL cholesterol", non_hdl, "mg/dL", 0),
        )
    )


def _refuse(values: Values) -> list[str]:
    ldl = float(compute(values).outputs[0].value)
    return ["these values give an LDL of zero or less; measure LDL directly"] if ldl <= 0 else []


def _contradict(values: Values) -> list[str]:
    if values.number("hdl_mg_dl") < values.number("total_cholesterol_mg_dl"):
        return []
    return ["hdl_mg_dl must be below total_cholesterol_mg_dl; are they swapped?"]


MODEL = Model(CARD, closed_form(compute), declines=("triglycerides_mg_dl",), refuse=_refuse, contradict=_contradict)
