"""Pulmonary Embolism Severity Index (Aujesky et al. 2005, doi:10.1164/rccm.200506-862OC)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import category, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form
from twin_backend.points import at_least, listed, under

_TOP_OF_CLASS = ((65, "I"), (85, "II"), (105, "III"), (125, "IV"))
# Risk and 30-day mortality over the derivation and validation cohorts
_MEANING = {
    "I": ("very low", "0-1.6%"), "II": ("low", "1.7-3.5%"), "III": ("intermediate", "3.2-7.1%"),
    "IV": ("high", "4.0-11.4%"), "V": ("very high", "10.0-24.5%"),
}  # fmt: skip

CARD = ModelCard(
    id="pesi",
    version="1.0.0",
    title="Pulmonary Embolism Severity Index",
    aliases=("pulmonary embolism severity index", "pe severity", "pesi score"),
    kind="risk_score",
    summary="Points and class of 30-day mortality after acute pulmonary embolism.",
    inputs=(
        inputs.AGE,
        inputs.SEX,
        inputs.flag("cancer", "Cancer, active or in the history"),
        inputs.flag("heart_failure", "Chronic heart failure"),
        inputs.flag("chronic_lung_disease", "Chronic lung disease"),
        inputs.HEART_RATE,
        inputs.SYSTOLIC,
        inputs.RESPIRATORY_RATE,
        inputs.TEMPERATURE,
        inputs.ALTERED_MENTAL_STATUS,
        inputs.changed(inputs.SPO2, description="With or without supplemental oxygen."),
    ),
    outputs=(
        ("pesi", "{score}", "PESI"),
        ("risk_class", "", "PESI class"),
        ("mortality_30_day", "", "30-day mortality of the class"),
    ),
    source="Aujesky D, et al. Derivation and validation of a prognostic model for pulmonary embolism. "
    "Am J Respir Crit Care Med 2005;172:1041-6; mortality ranges as in the 2019 ESC guideline "
    "(doi:10.1093/eurheartj/ehz405).",
    doi="10.1164/rccm.200506-862OC",
    population="15,531 patients discharged with pulmonary embolism from 186 hospitals in Pennsylvania.",
    context_of_use="Adults with confirmed acute pulmonary embolism: early discharge or home treatment.",
    model_risk="medium",
    limitations=(
        "Predicts death from any cause; does not see the right ventricle or troponin.",
        "Age weighs heavily: a class I or II may still be unfit for home treatment.",
    ),
)


def compute(values: Values) -> Result:
    """Age in years plus the points of ten findings."""
    items = {
        "age": int(values.number("age_years")),
        "male sex": 10 * (values.choice("sex") == "male"),
        "cancer": 30 * values.flag("cancer"),
        "heart failure": 10 * values.flag("heart_failure"),
        "chronic lung disease": 10 * values.flag("chronic_lung_disease"),
        "pulse 110 or over": 20 * at_least(values.number("heart_rate_bpm"), 110),
        "systolic pressure under 100": 30 * under(values.number("systolic_bp_mmhg"), 100),
        "respiratory rate 30 or over": 20 * at_least(values.number("respiratory_rate_per_min"), 30),
        "temperature under 36 °C": 20 * under(values.number("temperature_c"), 36),
        "altered mental status": 60 * values.flag("altered_mental_status"),
        "oxygen saturation under 90 %": 20 * under(values.number("spo2_percent"), 90),
    }
    total = sum(items.values())
    risk_class = next((name for top, name in _TOP_OF_CLASS if total <= top), "V")
    risk, mortality = _MEANING[risk_class]
    return Result(
        outputs=(
            score("pesi", "PESI", total, f"class {risk_class}, {risk} risk; {listed(items)}"),
            category("risk_class", "PESI class", risk_class, f"{risk} risk"),
            category("mortality_30_day", "30-day mortality of the class", mortality, "range over the cohorts"),
        )
    )


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
