"""Simplified Pulmonary Embolism Severity Index (Jiménez et al. 2010, doi:10.1001/archinternmed.2010.199)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form
from twin_backend.points import at_least, over, under

# 30-day mortality, % with 95 % interval, in the RIETE cohort
_MORTALITY = {False: (1.0, "0.0-2.1"), True: (10.9, "8.5-13.2")}

CARD = ModelCard(
    id="spesi",
    version="1.0.0",
    title="Simplified PESI",
    aliases=("s-pesi", "simplified pulmonary embolism severity index", "spesi score"),
    kind="risk_score",
    summary="Six findings that separate low from high 30-day mortality after acute pulmonary embolism.",
    inputs=(
        inputs.AGE,
        inputs.flag("cancer", "Cancer, active or in the history"),
        inputs.flag("chronic_cardiopulmonary_disease", "Chronic heart failure or chronic lung disease"),
        inputs.HEART_RATE,
        inputs.SYSTOLIC,
        inputs.changed(inputs.SPO2, description="With or without supplemental oxygen."),
    ),
    outputs=(("spesi", "{score}", "sPESI"), ("mortality_30_day", "%", "30-day mortality of the risk group")),
    source="Jiménez D, et al. Simplification of the pulmonary embolism severity index for prognostication in patients "
    "with acute symptomatic pulmonary embolism. Arch Intern Med 2010;170:1383-9.",
    doi="10.1001/archinternmed.2010.199",
    population="995 patients of one Madrid hospital (derivation); 7,106 of the RIETE registry (validation).",
    context_of_use="Adults with confirmed acute pulmonary embolism: early discharge or home treatment.",
    model_risk="medium",
    limitations=("Everyone over 80, or with cancer, is high risk.", "Does not see the right ventricle or troponin."),
)


def compute(values: Values) -> Result:
    """A point for each of six findings."""
    present = {
        "age over 80": over(int(values.number("age_years")), 80),
        "cancer": values.flag("cancer"),
        "chronic cardiopulmonary disease": values.flag("chronic_cardiopulmonary_disease"),
        "pulse 110 or over": at_least(values.number("heart_rate_bpm"), 110),
        "systolic pressure under 100": under(values.number("systolic_bp_mmhg"), 100),
        "oxygen saturation under 90 %": under(values.number("spo2_percent"), 90),
    }
    items = [name for name, there in present.items() if there]
    mortality, interval = _MORTALITY[bool(items)]
    risk = "high risk (1 or more)" if items else "low risk (0)"
    return Result(
        outputs=(
            score("spesi", "sPESI", len(items), f"{risk}; {', '.join(items) or 'no items'}"),
            measured("mortality_30_day", "30-day mortality of the risk group", mortality, "%", 1,
                     f"{risk}; 95 % interval {interval} %"),
        )
    )  # fmt: skip


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
