"""Framingham general cardiovascular risk, lipids or BMI (D'Agostino 2008, doi:10.1161/CIRCULATIONAHA.107.699579)."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log
from typing import NamedTuple

from domain.predictions import ModelCard, ModelInput
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, closed_form


class _Equation(NamedTuple):
    """Coefficients of one sex; `logs` weigh the logarithms of the measurements other than age and pressure."""

    ln_age: float
    logs: dict[str, float]
    ln_untreated: float
    ln_treated: float
    smoker: float
    diabetes: float
    mean: float
    baseline_survival: float


_LIPIDS = {
    "female": _Equation(
        2.32888, {"total_cholesterol_mg_dl": 1.20904, "hdl_mg_dl": -0.70833}, 2.76157, 2.82263, 0.52873, 0.69154,
        26.1931, 0.95012,
    ),
    "male": _Equation(
        3.06117, {"total_cholesterol_mg_dl": 1.12370, "hdl_mg_dl": -0.93263}, 1.93303, 1.99881, 0.65451, 0.57367,
        23.9802, 0.88936,
    ),
}  # fmt: skip
_BMI = {
    "female": _Equation(2.72107, {"bmi_kg_m2": 0.51125}, 2.81291, 2.88267, 0.61868, 0.77763, 26.0145, 0.94833),
    "male": _Equation(3.11296, {"bmi_kg_m2": 0.79277}, 1.85508, 1.92672, 0.70953, 0.53160, 23.9388, 0.88431),
}
_BANDS = ((6, "low (under 6 %)"), (20, "intermediate (6 to 20 %)"))


def _card(id_: str, title: str, aliases: tuple[str, ...], measurements: tuple[ModelInput, ...]) -> ModelCard:
    return ModelCard(
        id=id_,
        version="1.0.0",
        title=title,
        aliases=aliases,
        kind="risk_score",
        summary="Ten-year risk of a first coronary, cerebrovascular or peripheral arterial event or heart failure.",
        inputs=(
            inputs.changed(inputs.AGE, derivation=(30, 74)),
            inputs.SEX,
            *measurements,
            inputs.SYSTOLIC,
            inputs.ON_ANTIHYPERTENSIVE,
            inputs.CURRENT_SMOKER,
            inputs.DIABETES,
            inputs.PRIOR_CVD,
        ),
        outputs=(("cvd_risk_10y", "%", "10-year risk of general cardiovascular disease"),),
        source="D'Agostino RB, et al. General cardiovascular risk profile for use in primary care: the Framingham "
        "Heart Study. Circulation 2008;117:743-53.",
        doi="10.1161/CIRCULATIONAHA.107.699579",
        population="8,491 Framingham participants aged 30-74 without cardiovascular disease; 1,174 events in 12 years.",
        context_of_use="Primary prevention in adults aged 30-74.",
        model_risk="medium",
        limitations=(
            "Derived in a mostly white US town; overestimates in many present-day populations.",
            "The outcome is wider than ASCVD: it counts angina, claudication and heart failure.",
        ),
    )


CARD = _card(
    "framingham_2008",
    "Framingham general cardiovascular risk (2008, lipids)",
    ("framingham", "framingham risk", "framingham risk score", "frs", "general cardiovascular risk profile"),
    (inputs.TOTAL_CHOLESTEROL, inputs.HDL),
)
CARD_BMI = _card(
    "framingham_2008_bmi",
    "Framingham general cardiovascular risk (2008, BMI)",
    ("framingham bmi", "framingham simple", "framingham without lipids", "office-based framingham", "frs bmi"),
    (inputs.BMI,),
)


def _risk(equations: dict[str, _Equation]) -> Callable[[Values], Result]:
    def compute(values: Values) -> Result:
        """1 - S0 ^ exp(sum - mean), in percent."""
        equation = equations[values.choice("sex")]
        risk = 100 * (1 - equation.baseline_survival ** exp(_individual_sum(equation, values) - equation.mean))
        output = measured("cvd_risk_10y", "10-year risk of general cardiovascular disease", risk, "%", 1,
                          band(risk, _BANDS, "high (over 20 %)"))  # fmt: skip
        known = values.has("prior_cvd")
        warnings = () if known else ("Applies only to people without previous cardiovascular disease.",)
        return Result(outputs=(output,), warnings=warnings)

    return compute


def _individual_sum(equation: _Equation, values: Values) -> float:
    pressure = equation.ln_treated if values.flag("on_antihypertensive") else equation.ln_untreated
    return (
        equation.ln_age * log(values.number("age_years"))
        + sum(weight * log(values.number(name)) for name, weight in equation.logs.items())
        + pressure * log(values.number("systolic_bp_mmhg"))
        + equation.smoker * values.flag("current_smoker")
        + equation.diabetes * values.flag("diabetes")
    )


def _refuse(values: Values) -> list[str]:
    prior = values.has("prior_cvd") and values.flag("prior_cvd")
    return ["prior_cvd is true; the equations predict a first event"] if prior else []


def _contradict(values: Values) -> list[str]:
    if values.number("hdl_mg_dl") < values.number("total_cholesterol_mg_dl"):
        return []
    return ["hdl_mg_dl must be below total_cholesterol_mg_dl; are they swapped?"]


MODELS = (
    Model(CARD, closed_form(_risk(_LIPIDS)), ("age_years",), _refuse, _contradict),
    Model(CARD_BMI, closed_form(_risk(_BMI)), ("age_years",), _refuse),
)
