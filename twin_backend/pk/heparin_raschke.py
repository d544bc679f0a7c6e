"""Weight-based heparin nomogram (Raschke et al. 1993, doi:10.7326/0003-4819-119-9-199311010-00002)."""

from __future__ import annotations

from math import floor
from typing import NamedTuple

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import category, measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_INITIAL_BOLUS_UNITS_KG = 80
_INITIAL_RATE_UNITS_KG_H = 18


class _Step(NamedTuple):
    """A row of the nomogram: up to which aPTT in whole seconds and which ratio it goes, and what it asks for."""

    seconds: float
    ratio: float
    bolus_units_kg: int
    hold_min: int
    change_units_kg_h: int
    text: str


_STEPS = (
    _Step(34, 1.2, 80, 0, 4, "aPTT under 35 s (ratio under 1.2): bolus 80 units/kg, raise the rate by 4 units/kg/h"),
    _Step(45, 1.5, 40, 0, 2, "aPTT 35-45 s (ratio 1.2-1.5): bolus 40 units/kg, raise the rate by 2 units/kg/h"),
    _Step(70, 2.3, 0, 0, 0, "aPTT 46-70 s (ratio 1.5-2.3): therapeutic, no change"),
    _Step(90, 3.0, 0, 0, -2, "aPTT 71-90 s (ratio 2.3-3): lower the rate by 2 units/kg/h"),
    _Step(float("inf"), float("inf"), 0, 60, -3,
          "aPTT over 90 s (ratio over 3): hold for 1 h, then lower the rate by 3 units/kg/h"),
)  # fmt: skip

CARD = ModelCard(
    id="heparin_raschke",
    version="1.0.0",
    title="Heparin nomogram (Raschke)",
    aliases=("raschke", "raschke nomogram", "heparin nomogram", "heparin dosing", "heparin drip", "heparin infusion",
             "unfractionated heparin", "ufh dosing", "weight-based heparin"),
    kind="calculator",
    summary="Starting bolus and rate of unfractionated heparin by weight, and the next step for an aPTT.",
    inputs=(
        inputs.WEIGHT,
        inputs.number("aptt_seconds", "aPTT", "s", (10, 400), required=False,
                      description="Without it, and without aptt_ratio, the starting doses only."),
        inputs.number("aptt_ratio", "aPTT over control", "1", (0.4, 15), required=False,
                      description="Instead of seconds, where the reagent is not the paper's."),
        inputs.number("current_rate_units_h", "Infusion rate now", "[IU]/h", (0, 10000), required=False,
                      substance="heparin",
                      description="Needed to give the new rate in units/h."),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse children."),
    ),
    outputs=(
        ("initial_bolus", "[IU]", "Starting bolus"),
        ("initial_rate", "[IU]/h", "Starting rate"),
        ("step", "", "Row of the nomogram"),
        ("bolus", "[IU]", "Bolus now"),
        ("hold", "min", "Hold the infusion"),
        ("rate_change_per_kg", "[IU]/kg/h", "Change of the rate by weight"),
        ("rate_change", "[IU]/h", "Change of the rate"),
        ("new_rate", "[IU]/h", "New rate"),
    ),
    source="Raschke RA, et al. The weight-based heparin dosing nomogram compared with a 'standard care' nomogram: a "
    "randomized controlled trial. Ann Intern Med 1993;119:874-81.",
    doi="10.7326/0003-4819-119-9-199311010-00002",
    population="115 adults with venous thromboembolism or unstable angina, of whom 62 were dosed by this nomogram.",
    context_of_use="Adults starting or on intravenous unfractionated heparin for thromboembolism.",
    model_risk="high",
    limitations=(
        "Seconds are of the paper's reagent; a laboratory maps its own range to anti-Xa 0.3-0.7 units/mL.",
        "Many hospitals cap the bolus and rate in heavy patients; the paper did not.",
        "aPTT is repeated 6 h after every change.",
        "Not for acute coronary syndromes with fibrinolysis, nor after bleeding.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """80 units/kg, then 18 units/kg/h; and the row of the aPTT."""
    weight = values.number("weight_kg")
    outputs = [
        measured("initial_bolus", "Starting bolus", _INITIAL_BOLUS_UNITS_KG * weight, "[IU]", 0),
        measured("initial_rate", "Starting rate", _INITIAL_RATE_UNITS_KG_H * weight, "[IU]/h", 0),
    ]
    step = _step(values)
    if step is None:
        return Result(tuple(outputs), warnings=("No aPTT: starting doses only.",))
    change = step.change_units_kg_h * weight
    outputs += [
        category("step", "Row of the nomogram", step.text),
        measured("bolus", "Bolus now", step.bolus_units_kg * weight, "[IU]", 0),
        measured("hold", "Hold the infusion", step.hold_min, "min", 0),
        measured("rate_change_per_kg", "Change of the rate by weight", step.change_units_kg_h, "[IU]/kg/h", 0,
                 written=f"{step.change_units_kg_h:+d} units/kg/h" if step.change_units_kg_h else "no change"),
        measured("rate_change", "Change of the rate", change, "[IU]/h", 0),
    ]  # fmt: skip
    current = values.optional("current_rate_units_h")
    if current is None:
        return Result(tuple(outputs), warnings=("The new rate needs current_rate_units_h.",))
    outputs.append(measured("new_rate", "New rate", max(0.0, current + change), "[IU]/h", 0))
    return Result(tuple(outputs))


def _step(values: Values) -> _Step | None:
    seconds, ratio = values.optional("aptt_seconds"), values.optional("aptt_ratio")
    if seconds is not None:  # the nomogram is in whole seconds
        return next(step for step in _STEPS if floor(seconds + 0.5) <= step.seconds)
    if ratio is None:
        return None
    low = next((step for step in _STEPS[:2] if ratio < step.ratio), None)
    return low or next(step for step in _STEPS[2:] if ratio <= step.ratio)  # 1.5 and 2.3 are therapeutic


def _contradict(values: Values) -> list[str]:
    both = values.has("aptt_seconds") and values.has("aptt_ratio")
    return ["give aptt_seconds or aptt_ratio, not both"] if both else []


MODEL = Model(CARD, closed_form(compute), refuse=adults_only, contradict=_contradict)
