"""Calculated serum osmolality and osmolal gap (Worthley et al. 1987, doi:10.1177/0310057X8701500214)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, closed_form

CARD = ModelCard(
    id="serum_osmolality",
    version="1.0.0",
    title="Calculated serum osmolality",
    aliases=("osmolality", "osmolarity", "calculated osmolality", "serum osm"),
    kind="calculator",
    summary="2 x sodium + glucose/18 + BUN/2.8, and the osmolal gap when osmolality was measured.",
    inputs=(
        inputs.SODIUM,
        inputs.GLUCOSE,
        inputs.BUN,
        inputs.number(
            "measured_osmolality_mosm_kg", "Measured osmolality", "mosm/kg", (150, 600), required=False,
            description="For the osmolal gap.",
        ),
    ),
    outputs=(
        ("serum_osmolality", "mosm/kg", "Calculated osmolality"),
        ("osmolal_gap", "mosm/kg", "Osmolal gap"),
    ),
    source="Worthley LI, Guerin M, Pain RW. For calculating osmolality, the simplest formula is the best. "
    "Anaesth Intensive Care 1987;15:199-202.",
    doi="10.1177/0310057X8701500214",
    population="Adult hospital patients.",
    context_of_use="Adults: hypo- and hypernatraemia, suspected toxic alcohol.",
    limitations=("Ethanol is not in the formula and widens the gap.", "A normal gap does not exclude toxic alcohol."),
)  # fmt: skip


def compute(values: Values) -> Result:
    """2 Na + glucose/18 + BUN/2.8, mosm/kg."""
    calculated = (
        2 * values.number("sodium_meq_l") + values.number("glucose_mg_dl") / 18 + values.number("bun_mg_dl") / 2.8
    )
    reading = band(calculated, ((275, "low"), (295.0001, "within 275-295")), "high")
    outputs = [measured("serum_osmolality", "Calculated osmolality", calculated, "mosm/kg", 0, reading)]
    osmolality = values.optional("measured_osmolality_mosm_kg")
    if osmolality is not None:
        gap = osmolality - calculated
        text = "raised (above 10 mOsm/kg)" if gap > 10 else "not raised (10 mOsm/kg or less)"
        outputs.append(measured("osmolal_gap", "Osmolal gap", gap, "mosm/kg", 0, text))
    return Result(outputs=tuple(outputs))


MODEL = Model(CARD, closed_form(compute))
