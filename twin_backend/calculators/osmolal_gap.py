"""Osmolal gap with ethanol accounted for (Worthley 1987, doi:10.1177/0310057X8701500214; Purssell 2001)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

_ETHANOL_MG_DL_PER_MOSM = 4.6  # molar mass 46.07 g/mol; confirmed by doi:10.3389/fmed.2019.00306
_ETHANOL_PURSSELL = 3.7  # empirical, 1.25 mOsm for each mmol
_UPPER = 10.0

CARD = ModelCard(
    id="osmolal_gap",
    version="1.0.0",
    title="Osmolal gap",
    aliases=("osmolar gap", "osm gap", "serum osmolal gap", "serum osmolar gap"),
    kind="calculator",
    summary="Measured minus calculated osmolality (2 Na + glucose/18 + BUN/2.8), with ethanol counted when given.",
    inputs=(
        inputs.number("measured_osmolality_mosm_kg", "Measured osmolality", "mosm/kg", (150, 600)),
        inputs.SODIUM,
        inputs.GLUCOSE,
        inputs.BUN,
        inputs.number("ethanol_mg_dl", "Serum ethanol", "mg/dL", (0, 1500), substance="ethanol", required=False,
                      description="Counted in the calculated osmolality."),
    ),
    outputs=(
        ("osmolal_gap", "mosm/kg", "Osmolal gap"),
        ("calculated_osmolality", "mosm/kg", "Calculated osmolality"),
        ("osmolal_gap_purssell", "mosm/kg", "Osmolal gap with Purssell's ethanol factor (3.7)"),
    ),
    source="Worthley LI, Guerin M, Pain RW. Anaesth Intensive Care 1987;15:199-202; ethanol/4.6: Nguyen MT, et al. "
    "Front Med 2020;6:306 (doi:10.3389/fmed.2019.00306); ethanol/3.7: Purssell RA, et al. Ann Emerg Med 2001;38:653-9 "
    "(doi:10.1067/mem.2001.119455).",
    doi="10.1177/0310057X8701500214",
    population="Adult hospital and emergency patients.",
    context_of_use="Adults with suspected ingestion of methanol, ethylene glycol or another alcohol.",
    model_risk="medium",
    limitations=(
        "A normal gap does not exclude toxic alcohol: the baseline varies from about -14 to +10, and late on the gap "
        "closes while acid forms.",
        "Published ethanol factors differ (4.6 by molar mass, 3.7 by Purssell); both gaps are shown.",
        "Osmolality must be measured by freezing-point depression.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """Measured - (2 Na + glucose/18 + BUN/2.8 + ethanol/4.6), mosm/kg."""
    measured_value = values.number("measured_osmolality_mosm_kg")
    without_ethanol = (
        2 * values.number("sodium_meq_l") + values.number("glucose_mg_dl") / 18 + values.number("bun_mg_dl") / 2.8
    )
    ethanol = values.optional("ethanol_mg_dl")
    calculated = without_ethanol + (ethanol or 0.0) / _ETHANOL_MG_DL_PER_MOSM
    gap = measured_value - calculated
    outputs = [
        measured("osmolal_gap", "Osmolal gap", gap, "mosm/kg", 0, _reading(gap)),
        measured("calculated_osmolality", "Calculated osmolality", calculated, "mosm/kg", 0),
    ]
    if ethanol is None:
        return Result(tuple(outputs), warnings=("No ethanol given: if there is any, it widens this gap.",))
    other = measured_value - without_ethanol - ethanol / _ETHANOL_PURSSELL
    label = "Osmolal gap with Purssell's ethanol factor (3.7)"
    outputs.append(measured("osmolal_gap_purssell", label, other, "mosm/kg", 0, _reading(other)))
    return Result(tuple(outputs))


def _reading(gap: float) -> str:
    return "raised (above 10 mOsm/kg)" if gap > _UPPER else "not raised (10 mOsm/kg or less)"


MODEL = Model(CARD, closed_form(compute))
