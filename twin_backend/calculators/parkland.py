"""Fluid for the first day of a burn (Baxter and Shires 1968, doi:10.1111/j.1749-6632.1968.tb14738.x)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

_FIRST_PERIOD_H = 8.0

CARD = ModelCard(
    id="parkland",
    version="1.0.0",
    title="Parkland formula for burns",
    aliases=("parkland formula", "parkland burn", "parkland burn formula", "baxter formula", "burn fluid"),
    kind="calculator",
    summary="Lactated Ringer's in the first 24 h: 4 mL x kg x % burned, half of it within 8 h of the burn.",
    inputs=(
        inputs.WEIGHT,
        inputs.number("tbsa_percent", "Body surface burned (second and third degree)", "%", (1, 100),
                      derivation=(15, 100)),
        inputs.number("fluid_factor_ml", "Fluid for each kg and % burned", "mL", (1, 6), required=False, default=4.0,
                      default_source="4 mL as Baxter published; consensus formulas start from 2."),
        inputs.number("hours_since_burn", "Time since the burn", "h", (0, 7.9), required=False,
                      description="For the rate over what is left of the first 8 h."),
    ),
    outputs=(
        ("fluid_24h", "mL", "Fluid in the first 24 h"),
        ("fluid_first_8h", "mL", "Fluid in the first 8 h after the burn"),
        ("fluid_next_16h", "mL", "Fluid in the next 16 h"),
        ("rate_first_8h", "mL/h", "Rate until 8 h after the burn"),
        ("rate_next_16h", "mL/h", "Rate in the next 16 h"),
    ),
    source="Baxter CR, Shires T. Physiological response to crystalloid resuscitation of severe burns. "
    "Ann N Y Acad Sci 1968;150:874-94.",
    doi="10.1111/j.1749-6632.1968.tb14738.x",
    population="Animals and adults with severe burns.",
    context_of_use="Burns of 15-20 % or more in the first 24 h, then adjusted to urine output.",
    model_risk="high",
    limitations=(
        "A starting point: adjust to urine output (adults 0.5 mL/kg/h); it often gives too much.",
        "Children need maintenance fluid with glucose on top.",
        "First-degree burns do not count; inhalation and electrical injury need more.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """4 x kg x %, mL."""
    total = values.number("fluid_factor_ml") * values.number("weight_kg") * values.number("tbsa_percent")
    left = _FIRST_PERIOD_H - (values.optional("hours_since_burn") or 0.0)
    return Result(
        (
            measured("fluid_24h", "Fluid in the first 24 h", total, "mL", 0),
            measured("fluid_first_8h", "Fluid in the first 8 h after the burn", total / 2, "mL", 0),
            measured("fluid_next_16h", "Fluid in the next 16 h", total / 2, "mL", 0),
            measured("rate_first_8h", "Rate until 8 h after the burn", total / 2 / left, "mL/h", 0),
            measured("rate_next_16h", "Rate in the next 16 h", total / 2 / 16, "mL/h", 0),
        )
    )


MODEL = Model(CARD, closed_form(compute))
