"""Morphine milligram equivalents per day (CDC guideline, Dowell et al. 2022, doi:10.15585/mmwr.rr7103a1)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, rounded
from twin_backend.model import Model, Result, Values, closed_form

# Input: factor of the guideline's table, drug, highest plausible daily amount
_ORAL: dict[str, tuple[float, str, float]] = {
    "codeine_mg_per_day": (0.15, "Codeine", 2000),
    "hydrocodone_mg_per_day": (1.0, "Hydrocodone", 2000),
    "hydromorphone_mg_per_day": (5.0, "Hydromorphone", 1000),
    "methadone_mg_per_day": (4.7, "Methadone", 1000),
    "morphine_mg_per_day": (1.0, "Morphine", 5000),
    "oxycodone_mg_per_day": (1.5, "Oxycodone", 3000),
    "oxymorphone_mg_per_day": (3.0, "Oxymorphone", 1000),
    "tapentadol_mg_per_day": (0.4, "Tapentadol", 2000),
    "tramadol_mg_per_day": (0.2, "Tramadol", 2000),
}
_PATCH, _PATCH_FACTOR = "fentanyl_transdermal_mcg_per_h", 2.4
_FACTORS = {**{name: factor for name, (factor, _, _) in _ORAL.items()}, _PATCH: _PATCH_FACTOR}
_CAUTION_MME = 50

CARD = ModelCard(
    id="opioid_morphine_equivalents",
    version="1.0.0",
    title="Morphine milligram equivalents (CDC 2022)",
    aliases=(
        "mme", "morphine milligram equivalents", "morphine equivalents", "morphine equivalent dose", "opioid mme",
        "opioid conversion", "oral morphine equivalent", "cdc opioid factors", "med opioid",
    ),
    kind="calculator",
    summary="The daily opioid dose of a patient in milligrams of oral morphine, for judging overdose risk.",
    inputs=(
        *(
            inputs.number(name, f"{drug} by mouth", "mg/d", (0, most), required=False, description="Total of a day.")
            for name, (_, drug, most) in _ORAL.items()
        ),
        inputs.number(_PATCH, "Fentanyl patch", "ug/h", (0, 1000), required=False,
                      description="Strength of the patch, not micrograms per day."),
        inputs.flag("for_conversion", "The result is to set the dose of another opioid", required=False,
                    description="The calculation is refused where this is true."),
    ),
    outputs=(("mme_per_day", "mg/d", "Morphine milligram equivalents per day"),),
    source="Dowell D, et al. CDC clinical practice guideline for prescribing opioids for pain, United States, 2022. "
    "MMWR Recomm Rep 2022;71(RR-3):1-95.",
    doi="10.15585/mmwr.rr7103a1",
    population="Factors from equianalgesic tables and pharmacoepidemiology in adults with pain.",
    context_of_use="Adults taking opioids for pain: judging the risk of overdose, offering naloxone.",
    model_risk="high",
    limitations=(
        "Not for setting the dose when changing opioids: cross-tolerance is incomplete, and the new opioid is started "
        "substantially lower.",
        "Not for buprenorphine, injected opioids, or methadone for opioid use disorder.",
        "Factors of 2016 differ (hydromorphone 4, methadone 4 to 12, tramadol 0.1).",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """Sum of daily dose x factor; fentanyl patches in ug/h x 2.4."""
    parts = {name: values.number(name) * factor for name, factor in _FACTORS.items() if values.has(name)}
    total = sum(parts.values())
    listed = ", ".join(f"{name.split('_')[0]} {rounded(part, 1)}" for name, part in parts.items())
    risk = f"{_CAUTION_MME} or more: overdose risk rises, weigh benefit again" if total >= _CAUTION_MME else "below 50"
    shown = f"{rounded(total, 1)} MME/day"
    return Result(
        outputs=(
            measured(
                "mme_per_day", "Morphine milligram equivalents per day", total, "mg/d", 1, f"{risk}; {listed}",
                written=shown,
            ),
        ),
        warnings=_warnings(parts),
    )  # fmt: skip


def _warnings(parts: dict[str, float]) -> tuple[str, ...]:
    warnings = [
        "Only the opioids given were counted.",
        "Do not use this figure to set the dose of another opioid.",
    ]
    if "methadone_mg_per_day" in parts:
        warnings.append(
            "Methadone: long and variable half-life, and its relative potency grows with the dose; never convert to or "
            "from it, or titrate it, by this figure."
        )
    if _PATCH in parts:
        warnings.append("Fentanyl patch: absorption varies with heat and skin, and goes on after the patch is removed.")
    return tuple(warnings)


def _some_opioid(values: Values) -> list[str]:
    return [] if any(values.has(name) for name in _FACTORS) else list(_FACTORS)


def _refuse(values: Values) -> list[str]:
    if values.has("for_conversion") and values.flag("for_conversion"):
        return ["for_conversion is true; the guideline says not to set the dose of a new opioid by these factors"]
    return []


MODEL = Model(CARD, closed_form(compute), refuse=_refuse, also_needed=_some_opioid)
