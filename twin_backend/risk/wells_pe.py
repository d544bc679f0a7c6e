"""Wells score for pulmonary embolism (Wells et al. 2000, doi:10.1055/s-0037-1613830)."""

from __future__ import annotations

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import category, measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form
from twin_backend.points import listed, over

_LIKELY_OVER = 4.0
_MODERATE_FROM, _HIGH_OVER = 2.0, 6.0
_POINTS = {
    "clinical_signs_dvt": 3.0, "alternative_diagnosis_less_likely": 3.0, "immobilization_or_surgery": 1.5,
    "previous_dvt_or_pe": 1.5, "hemoptysis": 1.0, "malignancy": 1.0,
}  # fmt: skip

CARD = ModelCard(
    id="wells_pe",
    version="1.0.0",
    title="Wells score for pulmonary embolism",
    aliases=(
        "wells pe",
        "wells criteria pe",
        "wells score pe",
        "wells criteria for pulmonary embolism",
        "wells criteria for pe",
        "pe pretest",
    ),
    kind="risk_score",
    summary="Pretest probability of pulmonary embolism, read in two tiers and in three.",
    inputs=(
        inputs.flag("clinical_signs_dvt", "Signs of deep vein thrombosis (leg swelling and pain on palpation)"),
        inputs.flag("alternative_diagnosis_less_likely", "Another diagnosis is less likely than pulmonary embolism"),
        inputs.HEART_RATE,
        inputs.flag("immobilization_or_surgery", "Immobile 3 days or more, or surgery in the previous 4 weeks"),
        inputs.flag("previous_dvt_or_pe", "Previous deep vein thrombosis or pulmonary embolism"),
        inputs.flag("hemoptysis", "Haemoptysis"),
        inputs.flag("malignancy", "Cancer treated within 6 months, or palliative"),
        inputs.OPTIONAL_AGE,
    ),
    outputs=(
        ("wells_pe", "{score}", "Wells score (PE)"),
        ("two_tier", "", "Two-tier reading"),
        ("three_tier", "", "Three-tier reading"),
    ),
    source="Wells PS, et al. Derivation of a simple clinical model to categorize patients probability of pulmonary "
    "embolism. Thromb Haemost 2000;83:416-20; two-tier prevalence: van Belle A, et al. (Christopher study) "
    "JAMA 2006;295:172-9 (doi:10.1001/jama.295.2.172).",
    doi="10.1055/s-0037-1613830",
    population="In- and outpatients with suspected pulmonary embolism of a Canadian multicentre cohort.",
    context_of_use="Adults with suspected pulmonary embolism: whether a D-dimer can exclude it or imaging is needed.",
    model_risk="medium",
    limitations=(
        "The item on another diagnosis is a judgement and carries a quarter of the points.",
        "Not for pregnancy, or once anticoagulated for the suspicion.",
    ),
)


def compute(values: Values) -> Result:
    """The sum of seven items, in halves of a point."""
    items = {name.replace("_", " "): points * values.flag(name) for name, points in _POINTS.items()}
    items["heart rate over 100"] = 1.5 * over(values.number("heart_rate_bpm"), 100)
    total = sum(items.values())
    return Result(
        outputs=(
            measured("wells_pe", "Wells score (PE)", total, "{score}", 1, listed(items)),
            _two_tier(total),
            _three_tier(total),
        )
    )


def _two_tier(total: float) -> Output:
    if total > _LIKELY_OVER:
        return category("two_tier", "Two-tier reading", "PE likely", "over 4; prevalence 37.1 % (Christopher 2006)")
    return category("two_tier", "Two-tier reading", "PE unlikely", "4 or less; prevalence 12.1 % (Christopher 2006)")


def _three_tier(total: float) -> Output:
    label = "Three-tier reading"
    if total > _HIGH_OVER:
        return category("three_tier", label, "high", "over 6; prevalence 66.7 % (Wells 2000)")
    if total >= _MODERATE_FROM:
        return category("three_tier", label, "moderate", "2 to 6; prevalence 20.5 % (Wells 2000)")
    return category("three_tier", label, "low", "under 2; prevalence 3.6 % (Wells 2000)")


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
