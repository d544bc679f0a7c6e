"""Equivalent anti-inflammatory doses of systemic corticosteroids (Liu et al. 2013, doi:10.1186/1710-1492-9-30)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, rounded
from twin_backend.model import Model, Result, Values, closed_form

# Doses in mg taken as equal, as in US prescribing information and the British National Formulary
_EQUAL_MG = {
    "hydrocortisone": 20.0, "cortisone": 25.0, "prednisone": 5.0, "prednisolone": 5.0, "methylprednisolone": 4.0,
    "triamcinolone": 4.0, "deflazacort": 6.0, "dexamethasone": 0.75, "betamethasone": 0.75,
}  # fmt: skip

CARD = ModelCard(
    id="steroid_equivalents",
    version="1.0.0",
    title="Corticosteroid equivalent doses",
    aliases=(
        "steroid equivalent", "steroid conversion", "steroid converter", "corticosteroid conversion",
        "glucocorticoid equivalents", "glucocorticoid conversion", "prednisone equivalent", "steroid equivalence",
    ),
    kind="calculator",
    summary="The dose of each systemic corticosteroid with the same anti-inflammatory effect.",
    inputs=(
        inputs.choice("steroid", "Corticosteroid given", tuple(_EQUAL_MG)),
        inputs.number("dose_mg", "Dose given", "mg", (0.01, 5000), description="By mouth or into a vein."),
        inputs.choice("target_steroid", "Corticosteroid wanted", tuple(_EQUAL_MG), required=False,
                      description="All are shown where it is not given."),
    ),
    outputs=(
        ("equivalent_dose_mg", "mg", "Equivalent dose of the corticosteroid wanted"),
        *((f"{name}_mg", "mg", f"Equivalent {name}") for name in _EQUAL_MG),
    ),
    source="Equivalent doses of US prescribing information (prednisolone sodium phosphate) and of the British National "
    "Formulary; reviewed in Liu D, et al. A practical guide to the monitoring and management of the complications of "
    "systemic corticosteroid therapy. Allergy Asthma Clin Immunol 2013;9:30.",
    doi="10.1186/1710-1492-9-30",
    population="Not derived in one cohort: relative potencies from old bioassays and clinical use.",
    context_of_use="Changing from one systemic corticosteroid to another, or stating a prednisone equivalent.",
    model_risk="medium",
    limitations=(
        "Oral and intravenous doses only; joint, depot, inhaled and topical doses do not convert.",
        "Anti-inflammatory effect only: mineralocorticoid effect and duration differ (dexamethasone and betamethasone "
        "have no useful mineralocorticoid effect).",
        "Tables differ: betamethasone is given as 0.6 to 0.75 mg, and dexamethasone suppresses cortisol more than its "
        "table value says.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """dose x (equal dose of the other / equal dose of the one given), in mg."""
    given, dose = values.choice("steroid"), values.number("dose_mg")
    doses = {name: dose * equal / _EQUAL_MG[given] for name, equal in _EQUAL_MG.items()}
    outputs = []
    if values.has("target_steroid"):
        target = values.choice("target_steroid")
        shown = f"{rounded(doses[target], 2)} mg {target}"
        label = "Equivalent dose of the corticosteroid wanted"
        outputs.append(measured("equivalent_dose_mg", label, doses[target], "mg", 2, target, written=shown))
    outputs += [measured(f"{name}_mg", f"Equivalent {name}", value, "mg", 2) for name, value in doses.items()]
    return Result(outputs=tuple(outputs))


MODEL = Model(CARD, closed_form(compute))
