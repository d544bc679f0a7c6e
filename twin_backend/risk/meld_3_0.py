"""MELD 3.0 (Kim et al. 2021, doi:10.1053/j.gastro.2021.08.050)."""

from __future__ import annotations

from math import log

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import score
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# The score itself bounds these before use; that is part of the published formula, and the run says where it applied.
_BOUNDS = {
    "bilirubin_mg_dl": (1.0, float("inf")),
    "inr": (1.0, float("inf")),
    "creatinine_mg_dl": (1.0, 3.0),
    "sodium_meq_l": (125.0, 137.0),
    "albumin_g_dl": (1.5, 3.5),
}

CARD = ModelCard(
    id="meld_3_0",
    version="1.0.0",
    title="MELD 3.0",
    aliases=("meld", "meld3", "meld 3", "meld score", "model for end-stage liver disease"),
    kind="risk_score",
    summary="Severity of end-stage liver disease and rank on the US liver transplant waiting list.",
    inputs=(
        inputs.SEX,
        inputs.BILIRUBIN,
        inputs.SODIUM,
        inputs.INR,
        inputs.CREATININE,
        inputs.ALBUMIN,
        inputs.flag("dialysis", "Dialysis twice or more, or 24 h of continuous haemodialysis, in the last 7 days"),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse candidates under 18."),
    ),
    outputs=(("meld_3_0", "{score}", "MELD 3.0"),),
    source="Kim WR, et al. MELD 3.0: the Model for End-stage Liver Disease updated for the modern era. "
    "Gastroenterology 2021;161:1887-95; rounding and range 6-40 as in OPTN policy 9.",
    doi="10.1053/j.gastro.2021.08.050",
    population="29,410 adults newly listed for liver transplant in the US, 2016-2018.",
    context_of_use="Adults with end-stage liver disease: prognosis and transplant referral.",
    model_risk="medium",
    limitations=(
        "Warfarin raises the INR and with it the score.",
        "Does not see ascites, encephalopathy or cancer; exception points are not included.",
        "The rule for candidates aged 12-17 is not implemented.",
    ),
)


def compute(values: Values) -> Result:
    """1.33 (female) + 4.56 ln(bili) + 0.82 (137-Na) - 0.24 (137-Na) ln(bili) + 9.09 ln(INR) + 11.14 ln(Cr)
    + 1.85 (3.5-alb) - 1.83 (3.5-alb) ln(Cr) + 6, rounded, within 6 and 40."""
    bounded = {name: min(max(values.number(name), low), high) for name, (low, high) in _BOUNDS.items()}
    dialysis = values.flag("dialysis")
    creatinine = log(3.0 if dialysis else bounded["creatinine_mg_dl"])
    bilirubin, sodium = log(bounded["bilirubin_mg_dl"]), 137 - bounded["sodium_meq_l"]
    albumin = 3.5 - bounded["albumin_g_dl"]
    raw = (
        1.33 * (values.choice("sex") == "female")
        + 4.56 * bilirubin
        + 0.82 * sodium
        - 0.24 * sodium * bilirubin
        + 9.09 * log(bounded["inr"])
        + 11.14 * creatinine
        + 1.85 * albumin
        - 1.83 * albumin * creatinine
        + 6
    )
    points = min(max(int(raw + 0.5), 6), 40)
    warnings = [
        f"{name} {values.number(name):g} was taken as {used:g}, as the score prescribes."
        for name, used in bounded.items()
        if used != values.number(name) and not (dialysis and name == "creatinine_mg_dl")
    ]
    if dialysis:
        warnings.append("Creatinine was taken as 3.0 mg/dL because of dialysis, as the score prescribes.")
    return Result(outputs=(score("meld_3_0", "MELD 3.0", points, _reading(points)),), warnings=tuple(warnings))


def _reading(points: int) -> str:
    return "15 or more: transplant evaluation is usually considered" if points >= 15 else "below 15"


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
