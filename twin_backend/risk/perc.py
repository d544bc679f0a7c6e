"""Pulmonary embolism rule-out criteria, PERC (Kline et al. 2004, doi:10.1111/j.1538-7836.2004.00790.x)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import score
from twin_backend.model import Model, Result, Values, adults_only, closed_form
from twin_backend.points import at_least, under

_FLAGS = ("unilateral_leg_swelling", "hemoptysis", "recent_surgery_or_trauma", "previous_dvt_or_pe", "hormone_use")

CARD = ModelCard(
    id="perc",
    version="1.0.0",
    title="PERC rule",
    aliases=("perc rule", "pulmonary embolism rule-out criteria", "pe rule out", "perc score"),
    kind="risk_score",
    summary="How many of eight criteria are positive; none, with low suspicion, excludes pulmonary embolism untested.",
    inputs=(
        inputs.AGE,
        inputs.HEART_RATE,
        inputs.changed(inputs.SPO2, description="On room air."),
        inputs.flag("unilateral_leg_swelling", "Unilateral leg swelling"),
        inputs.flag("hemoptysis", "Haemoptysis"),
        inputs.flag("recent_surgery_or_trauma", "Surgery or trauma needing hospital treatment within 4 weeks"),
        inputs.flag("previous_dvt_or_pe", "Previous deep vein thrombosis or pulmonary embolism"),
        inputs.flag("hormone_use", "Oestrogen use (contraception or replacement)"),
    ),
    outputs=(("perc", "{score}", "Positive PERC criteria"),),
    source="Kline JA, et al. Clinical criteria to prevent unnecessary diagnostic testing in emergency department "
    "patients with suspected pulmonary embolism. J Thromb Haemost 2004;2:1247-55; validated in J Thromb Haemost "
    "2008;6:772-80 (doi:10.1111/j.1538-7836.2008.02944.x).",
    doi="10.1111/j.1538-7836.2004.00790.x",
    population="3,148 emergency patients of 10 US hospitals (derivation); 8,138 of 13 (validation).",
    context_of_use="Adults in the emergency department whom the clinician puts under 15 % likely to have the disease.",
    model_risk="medium",
    limitations=(
        "Means nothing without a low clinical suspicion (under 15 %) first.",
        "Not for prevalence far above that of US emergency departments, or for pregnancy.",
    ),
)


def compute(values: Values) -> Result:
    """The number of criteria that are not met for ruling out."""
    present = {
        "age 50 or over": at_least(values.number("age_years"), 50),
        "heart rate 100 or over": at_least(values.number("heart_rate_bpm"), 100),
        "oxygen saturation under 95 %": under(values.number("spo2_percent"), 95),
        **{name.replace("_", " "): values.flag(name) for name in _FLAGS},
    }
    items = [name for name, there in present.items() if there]
    if items:
        reading = f"positive: does not rule out pulmonary embolism; {', '.join(items)}"
    else:
        reading = "negative: with low clinical suspicion the chance of pulmonary embolism is under 2 %"
    return Result(outputs=(score("perc", "Positive PERC criteria", len(items), reading),))


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
