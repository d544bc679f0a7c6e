"""Ten-year ASCVD risk by the 2013 Pooled Cohort Equations (Goff et al., doi:10.1161/01.cir.0000437741.48606.98).

Coefficients: guideline appendix 7, table A.
"""

from __future__ import annotations

from math import exp, log
from typing import NamedTuple

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, closed_form


class _Equation(NamedTuple):
    """Coefficients of one sex and race; `x` marks an interaction with the logarithm of age."""

    ln_age: float
    ln_age_squared: float
    ln_tc: float
    x_tc: float
    ln_hdl: float
    x_hdl: float
    ln_treated: float
    x_treated: float
    ln_untreated: float
    x_untreated: float
    smoker: float
    x_smoker: float
    diabetes: float
    mean: float
    baseline_survival: float


_EQUATIONS = {
    ("female", "white"): _Equation(
        -29.799, 4.884, 13.540, -3.114, -13.578, 3.149, 2.019, 0, 1.957, 0, 7.574, -1.665, 0.661, -29.18, 0.9665
    ),
    ("female", "african_american"): _Equation(
        17.114, 0, 0.940, 0, -18.920, 4.475, 29.291, -6.432, 27.820, -6.087, 0.691, 0, 0.874, 86.61, 0.9533
    ),
    ("male", "white"): _Equation(
        12.344, 0, 11.853, -2.664, -7.990, 1.769, 1.797, 0, 1.764, 0, 7.837, -1.795, 0.658, 61.18, 0.9144
    ),
    ("male", "african_american"): _Equation(
        2.469, 0, 0.302, 0, -0.307, 0, 1.916, 0, 1.809, 0, 0.549, 0, 0.645, 19.54, 0.8954
    ),
}
# 2019 ACC/AHA primary prevention guideline (doi:10.1161/CIR.0000000000000678)
_BANDS = ((5, "low (under 5 %)"), (7.5, "borderline (5 to under 7.5 %)"), (20, "intermediate (7.5 to under 20 %)"))

CARD = ModelCard(
    id="pce_2013",
    version="1.0.0",
    title="Pooled Cohort Equations (10-year ASCVD risk)",
    aliases=(
        "ascvd risk", "ascvd", "pooled cohort", "pooled cohort equations", "pce", "10 year risk", "10-year ascvd risk",
        "ten year risk", "cardiovascular risk", "heart attack and stroke risk", "acc/aha risk", "statin risk",
    ),
    kind="risk_score",
    summary="Ten-year risk of a first heart attack, stroke or coronary death.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(40, 79)),
        inputs.SEX,
        inputs.choice("race", "Race, as the equations use it", ("white", "african_american", "other"),
                      description="Equations exist for white and African American people only; others are refused.",
                      default_source="the guideline suggests the white coefficients, which may over- or underestimate"),
        inputs.changed(inputs.TOTAL_CHOLESTEROL, derivation=(130, 320)),
        inputs.changed(inputs.HDL, derivation=(20, 100)),
        inputs.changed(inputs.SYSTOLIC, derivation=(90, 200)),
        inputs.flag("on_antihypertensive", "Treated for hypertension"),
        inputs.DIABETES,
        inputs.flag("current_smoker", "Current smoker"),
        inputs.flag("prior_ascvd", "Previous heart attack, stroke or other ASCVD", required=False,
                    description="The equations are refused where this is true."),
    ),
    outputs=(("ascvd_risk_10y", "%", "10-year ASCVD risk"),),
    source="Goff DC, et al. 2013 ACC/AHA guideline on the assessment of cardiovascular risk. "
    "Circulation 2014;129(25 suppl 2):S49-73.",
    doi="10.1161/01.cir.0000437741.48606.98",
    population="24,626 white and African American men and women aged 40-79 without previous ASCVD, heart failure or "
    "atrial fibrillation, of ARIC, CARDIA, CHS and Framingham.",
    context_of_use="Primary prevention in US adults aged 40-79: talking about statins and blood pressure.",
    model_risk="medium",
    limitations=(
        "Overestimates in many present-day cohorts, by up to half or more.",
        "Not for people with ASCVD, or with LDL of 190 mg/dL or more, who are treated without a score.",
        "Race enters as the derivation cohorts recorded it; PREVENT (2023) leaves it out.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """1 - S0 ^ exp(sum - mean), in percent."""
    equation = _EQUATIONS[values.choice("sex"), values.choice("race")]
    risk = 100 * (1 - equation.baseline_survival ** exp(_individual_sum(equation, values) - equation.mean))
    reading = band(risk, _BANDS, "high (20 % or more)")
    warnings = () if values.has("prior_ascvd") else ("Applies only to people without previous heart attack or stroke.",)
    return Result(outputs=(measured("ascvd_risk_10y", "10-year ASCVD risk", risk, "%", 1, reading),), warnings=warnings)


def _individual_sum(equation: _Equation, values: Values) -> float:
    age, tc = log(values.number("age_years")), log(values.number("total_cholesterol_mg_dl"))
    hdl, pressure = log(values.number("hdl_mg_dl")), log(values.number("systolic_bp_mmhg"))
    treated = values.flag("on_antihypertensive")
    alone, with_age = (
        (equation.ln_treated, equation.x_treated) if treated else (equation.ln_untreated, equation.x_untreated)
    )
    return (
        equation.ln_age * age
        + equation.ln_age_squared * age**2
        + (equation.ln_tc + equation.x_tc * age) * tc
        + (equation.ln_hdl + equation.x_hdl * age) * hdl
        + (alone + with_age * age) * pressure
        + (equation.smoker + equation.x_smoker * age) * values.flag("current_smoker")
        + equation.diabetes * values.flag("diabetes")
    )


def _refuse(values: Values) -> list[str]:
    reasons = []
    if values.choice("race") == "other":
        reasons.append(
            "race is other; equations were derived for white and African American people only (the guideline suggests "
            "the white equation with caution: give race as white to do so knowingly)"
        )
    if values.has("prior_ascvd") and values.flag("prior_ascvd"):
        reasons.append("prior_ascvd is true; the equations predict a first event")
    return reasons


def _contradict(values: Values) -> list[str]:
    if values.number("hdl_mg_dl") < values.number("total_cholesterol_mg_dl"):
        return []
    return ["hdl_mg_dl must be below total_cholesterol_mg_dl; are they swapped?"]


MODEL = Model(CARD, closed_form(compute), declines=("age_years",), refuse=_refuse, contradict=_contradict)
