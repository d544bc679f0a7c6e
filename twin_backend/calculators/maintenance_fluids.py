"""Maintenance water by weight (Holliday and Segar 1957, doi:10.1542/peds.19.5.823), with its hourly 4-2-1 form."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

# kg in the step, mL/kg per day, mL/kg per hour
_STEPS = ((10.0, 100.0, 4.0), (10.0, 50.0, 2.0), (float("inf"), 20.0, 1.0))
_USUAL_MOST_ML_DAY = 2400.0
_NEWBORN_YEARS = 28 / 365.25

CARD = ModelCard(
    id="maintenance_fluids",
    version="1.0.0",
    title="Maintenance fluids (Holliday-Segar)",
    aliases=(
        "holliday-segar", "holliday segar", "4-2-1 rule", "421 rule", "maintenance fluid", "maintenance iv fluids",
        "maintenance fluid rate",
    ),
    kind="calculator",
    summary="Daily maintenance water by weight, and the hourly rate by the 4-2-1 rule.",
    inputs=(
        inputs.changed(inputs.WEIGHT, derivation=(3, 70)),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse newborns under 28 days."),
    ),
    outputs=(
        ("daily_fluid_ml", "mL/d", "Maintenance fluid per day"),
        ("hourly_rate_ml_h", "mL/h", "Hourly rate by the 4-2-1 rule"),
        ("hourly_average_ml_h", "mL/h", "Daily volume over 24 hours"),
    ),
    source="Holliday MA, Segar WE. The maintenance need for water in parenteral fluid therapy. "
    "Pediatrics 1957;19:823-32.",
    doi="10.1542/peds.19.5.823",
    population="Energy use of hospitalised children and adults of 3 to 70 kg, from earlier studies.",
    context_of_use="Patients in fluid balance who cannot drink: the starting rate of maintenance fluid.",
    model_risk="medium",
    limitations=(
        "Replaces neither deficits nor ongoing losses.",
        "Overestimates where vasopressin is raised (surgery, pneumonia, meningitis); isotonic fluid is advised.",
        "Not for newborns, burns, heart or kidney failure.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """100, 50 and 20 mL/kg/day (4, 2 and 1 mL/kg/h) for the first 10 kg, the next 10 kg and the rest."""
    left, daily, hourly = values.number("weight_kg"), 0.0, 0.0
    for size, per_day, per_hour in _STEPS:
        step = min(left, size)
        daily, hourly, left = daily + per_day * step, hourly + per_hour * step, left - step
    over = daily > _USUAL_MOST_ML_DAY
    warnings = ("Over 2400 mL/day: many hospitals stop at 2400 mL/day (100 mL/h).",) if over else ()
    return Result(
        outputs=(
            measured("daily_fluid_ml", "Maintenance fluid per day", daily, "mL/d", 0, written=f"{daily:.0f} mL/day"),
            measured("hourly_rate_ml_h", "Hourly rate by the 4-2-1 rule", hourly, "mL/h", 0),
            measured("hourly_average_ml_h", "Daily volume over 24 hours", daily / 24, "mL/h", 1),
        ),
        warnings=warnings,
    )


def _refuse(values: Values) -> list[str]:
    age = values.optional("age_years")
    if age is None or age >= _NEWBORN_YEARS:
        return []
    return ["age_years is under 28 days; newborns need other volumes by day of life"]


MODEL = Model(CARD, closed_form(compute), refuse=_refuse)
