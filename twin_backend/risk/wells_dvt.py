"""Wells score for deep vein thrombosis (Wells et al. 2003, doi:10.1056/NEJMoa023153)."""

from __future__ import annotations

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import category, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form
from twin_backend.points import at_least, listed

_SWELLING_CM = 3.0
_POINTS = {
    "active_cancer": 1, "paralysis_or_immobilization": 1, "bedridden_or_major_surgery": 1, "localized_tenderness": 1,
    "entire_leg_swollen": 1, "pitting_edema": 1, "collateral_superficial_veins": 1, "previous_dvt": 1,
    "alternative_diagnosis_as_likely": -2,
}  # fmt: skip

CARD = ModelCard(
    id="wells_dvt",
    version="1.0.0",
    title="Wells score for deep vein thrombosis",
    aliases=("wells dvt", "wells criteria dvt", "wells score dvt", "wells criteria for dvt", "dvt pretest"),
    kind="risk_score",
    summary="Pretest probability of deep vein thrombosis of the leg, read in two tiers and in three.",
    inputs=(
        inputs.flag("active_cancer", "Active cancer (treated within 6 months, or palliative)"),
        inputs.flag("paralysis_or_immobilization", "Paralysis, paresis or recent plaster of the leg"),
        inputs.flag("bedridden_or_major_surgery", "Bedridden 3 days or more, or major surgery within 12 weeks"),
        inputs.flag("localized_tenderness", "Tenderness along the deep veins"),
        inputs.flag("entire_leg_swollen", "Entire leg swollen"),
        inputs.number("calf_swelling_cm", "Calf circumference over that of the other leg", "cm", (-30, 40),
                      description="10 cm below the tibial tuberosity; 0 for no difference."),
        inputs.flag("pitting_edema", "Pitting oedema of the symptomatic leg only"),
        inputs.flag("collateral_superficial_veins", "Collateral superficial veins (not varicose)"),
        inputs.flag("previous_dvt", "Previously documented deep vein thrombosis"),
        inputs.flag("alternative_diagnosis_as_likely", "Another diagnosis is at least as likely"),
        inputs.OPTIONAL_AGE,
    ),
    outputs=(
        ("wells_dvt", "{score}", "Wells score (DVT)"),
        ("two_tier", "", "Two-tier reading"),
        ("three_tier", "", "Three-tier reading"),
    ),
    source="Wells PS, et al. Evaluation of D-dimer in the diagnosis of suspected deep-vein thrombosis. "
    "N Engl J Med 2003;349:1227-35; three tiers: Wells PS, et al. Lancet 1997;350:1795-8 "
    "(doi:10.1016/S0140-6736(97)08140-3), with the prevalence of JAMA 2006;295:199-207 (doi:10.1001/jama.295.2.199).",
    doi="10.1056/NEJMoa023153",
    population="1,096 outpatients with suspected deep vein thrombosis at five Canadian centres.",
    context_of_use="Adult outpatients with suspected thrombosis of the leg: whether a D-dimer can exclude it.",
    model_risk="medium",
    limitations=(
        "Not for pregnancy, and less useful in hospital inpatients and with known cancer.",
        "The 1997 three-tier rule had no item for previous thrombosis; its tiers are applied to the 2003 points here.",
        "With symptoms in both legs, score the more symptomatic one.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """A point for each of nine findings, less two where another diagnosis is as likely."""
    items = {name.replace("_", " "): points * values.flag(name) for name, points in _POINTS.items()}
    items["calf swelling 3 cm or more"] = int(at_least(values.number("calf_swelling_cm"), _SWELLING_CM))
    total = sum(items.values())
    return Result(
        outputs=(score("wells_dvt", "Wells score (DVT)", total, listed(items)), _two_tier(total), _three_tier(total))
    )


def _two_tier(total: int) -> Output:
    if total >= 2:
        return category("two_tier", "Two-tier reading", "DVT likely", "2 or more; prevalence 27.9 % (Wells 2003)")
    return category("two_tier", "Two-tier reading", "DVT unlikely", "under 2; prevalence 5.5 % (Wells 2003)")


def _three_tier(total: int) -> Output:
    label = "Three-tier reading"
    if total >= 3:
        return category("three_tier", label, "high", "3 or more; prevalence 53 % (Wells 2006)")
    if total >= 1:
        return category("three_tier", label, "moderate", "1 or 2; prevalence 17 % (Wells 2006)")
    return category("three_tier", label, "low", "0 or less; prevalence 5.0 % (Wells 2006)")


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
