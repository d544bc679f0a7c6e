"""Framingham risk of hard coronary heart disease, as ATP III uses it (NCEP 2002, doi:10.1161/circ.106.25.3143)."""

from __future__ import annotations

from math import exp, log
from typing import NamedTuple

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, closed_form


class _Equation(NamedTuple):
    """Coefficients of one sex; ages and measurements enter as logarithms."""

    age: float
    total_cholesterol: float
    hdl: float
    systolic: float
    treated: float
    smoker: float
    age_cholesterol: float
    age_smoker: float
    oldest_smoker: float  # the age above which smoking weighs no less
    age_squared: float
    mean: float
    baseline_survival: float


_EQUATIONS = {
    "male": _Equation(
        52.00961, 20.014077, -0.905964, 1.305784, 0.241549, 12.096316, -4.605038, -2.84367, 70, -2.93323,
        172.300168, 0.9402,
    ),
    "female": _Equation(
        31.764001, 22.465206, -1.187731, 2.552905, 0.420251, 13.07543, -5.060998, -2.996945, 78, 0,
        146.5933061, 0.98767,
    ),
}  # fmt: skip
_BANDS = ((10, "low (under 10 %)"), (20, "intermediate (10 to 20 %)"))

CARD = ModelCard(
    id="framingham_hard_chd",
    version="1.0.0",
    title="Framingham risk of hard coronary heart disease (ATP III)",
    aliases=("framingham hard chd", "framingham atp iii", "atp iii risk", "hard coronary heart disease risk"),
    kind="risk_score",
    summary="Ten-year risk of myocardial infarction or coronary death.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(20, 79)),
        inputs.SEX,
        inputs.TOTAL_CHOLESTEROL,
        inputs.HDL,
        inputs.SYSTOLIC,
        inputs.ON_ANTIHYPERTENSIVE,
        inputs.CURRENT_SMOKER,
        inputs.PRIOR_CVD,
    ),
    outputs=(("hard_chd_risk_10y", "%", "10-year risk of myocardial infarction or coronary death"),),
    source="National Cholesterol Education Program. Third report of the expert panel on detection, evaluation and "
    "treatment of high blood cholesterol in adults (Adult Treatment Panel III), final report. Circulation "
    "2002;106:3143-421.",
    doi="10.1161/circ.106.25.3143",
    population="Framingham participants without coronary disease or diabetes, which ATP III counts as equal to it.",
    context_of_use="Primary prevention in adults of 20 to 79 years without diabetes.",
    model_risk="medium",
    limitations=(
        "Derived in a mostly white US town; overestimates in many present-day populations.",
        "Not for people with diabetes, coronary disease or another equivalent of it, who were left out.",
        "Stroke and heart failure are no part of the outcome; later equations include them.",
    ),
)


def compute(values: Values) -> Result:
    """1 - S0 ^ exp(sum - mean), in percent."""
    equation = _EQUATIONS[values.choice("sex")]
    risk = 100 * (1 - equation.baseline_survival ** exp(_individual_sum(equation, values) - equation.mean))
    output = measured("hard_chd_risk_10y", "10-year risk of myocardial infarction or coronary death", risk, "%", 1,
                      band(risk, _BANDS, "high (over 20 %)"))  # fmt: skip
    known = values.has("prior_cvd")
    warnings = () if known else ("Applies only to people without previous coronary disease.",)
    return Result(outputs=(output,), warnings=warnings)


def _individual_sum(equation: _Equation, values: Values) -> float:
    age = values.number("age_years")
    cholesterol = log(values.number("total_cholesterol_mg_dl"))
    smoking = equation.smoker + equation.age_smoker * log(min(age, equation.oldest_smoker))
    return (
        equation.age * log(age)
        + equation.total_cholesterol * cholesterol
        + equation.hdl * log(values.number("hdl_mg_dl"))
        + equation.systolic * log(values.number("systolic_bp_mmhg"))
        + equation.treated * values.flag("on_antihypertensive")
        + smoking * values.flag("current_smoker")
        + equation.age_cholesterol * log(age) * cholesterol
        + equation.age_squared * log(age) ** 2
    )


def _refuse(values: Values) -> list[str]:
    prior = values.has("prior_cvd") and values.flag("prior_cvd")
    return ["prior_cvd is true; the equations predict a first event"] if prior else []


def _contradict(values: Values) -> list[str]:
    if values.number("hdl_mg_dl") < values.number("total_cholesterol_mg_dl"):
        return []
    return ["hdl_mg_dl must be below total_cholesterol_mg_dl; are they swapped?"]


MODEL = Model(CARD, closed_form(compute), ("age_years",), _refuse, _contradict)
