"""Free water and sodium deficit from total body water (Adrogue and Madias 2000, doi:10.1056/NEJM200005183422006)."""

from __future__ import annotations

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import measured, rounded
from twin_backend.model import Model, Result, Values, closed_form

# Total body water as a fraction of weight: (child, adult, elderly)
_WATER_FRACTION = {"male": (0.6, 0.6, 0.5), "female": (0.6, 0.5, 0.45)}
_NORMAL_SODIUM_MEQ_L = 140.0
_PATIENT = (
    inputs.WEIGHT,
    inputs.changed(inputs.AGE, description="Under 18 child, from 65 elderly: for the water fraction."),
    inputs.SEX,
)
_WATER_LIMITS = (
    "Total body water is assumed from age and sex (0.6, 0.5 or 0.45 of weight); it is lower in obesity and oedema.",
    "A one-time estimate: ongoing losses come on top, and sodium must be checked every few hours.",
)

FREE_WATER_CARD = ModelCard(
    id="free_water_deficit",
    version="1.0.0",
    title="Free water deficit",
    aliases=("water deficit", "fwd", "free water", "hypernatremia water deficit"),
    kind="calculator",
    summary="Water that would bring a raised sodium to the target: total body water x (sodium / target - 1).",
    inputs=(
        *_PATIENT,
        inputs.SODIUM,
        inputs.changed(
            inputs.SODIUM, name="target_sodium_meq_l", label="Target sodium", required=False,
            default=_NORMAL_SODIUM_MEQ_L, plausible=(120, 160), default_source="The published formula uses 140 mEq/L.",
        ),
    ),
    outputs=(("free_water_deficit", "L", "Free water deficit"), ("total_body_water", "L", "Total body water")),
    source="Adrogué HJ, Madias NE. Hypernatremia. N Engl J Med 2000;342:1493-9.",
    doi="10.1056/NEJM200005183422006",
    population="Review; the water fractions are conventional values for lean people.",
    context_of_use="Hypernatraemia from loss of water.",
    model_risk="medium",
    limitations=(
        *_WATER_LIMITS,
        "Underestimates where the lost fluid held sodium.",
        "Chronic hypernatraemia: lower sodium by no more than 10-12 mEq/L in 24 h.",
    ),
)  # fmt: skip

SODIUM_CARD = ModelCard(
    id="sodium_deficit",
    version="1.0.0",
    title="Sodium deficit",
    aliases=("na deficit", "hyponatremia sodium deficit", "hyponatraemia deficit"),
    kind="calculator",
    summary="Sodium that would bring a low sodium to the target: total body water x (target - sodium).",
    inputs=(
        *_PATIENT,
        inputs.SODIUM,
        inputs.changed(inputs.SODIUM, name="target_sodium_meq_l", label="Target sodium", plausible=(100, 150)),
    ),
    outputs=(("sodium_deficit", "meq", "Sodium deficit"), ("total_body_water", "L", "Total body water")),
    source="Adrogué HJ, Madias NE. Hyponatremia. N Engl J Med 2000;342:1581-9.",
    doi="10.1056/NEJM200005253422107",
    population="Review; the water fractions are conventional values for lean people.",
    context_of_use="Hyponatraemia with volume depletion.",
    model_risk="high",
    limitations=(
        *_WATER_LIMITS,
        "Not for SIADH or oedematous states, where water is in excess.",
        "Too fast a correction causes osmotic demyelination: no more than 8 mEq/L in any 24 h.",
    ),
)


def total_body_water_l(weight_kg: float, age_years: float, sex: str) -> float:
    """Weight times the conventional water fraction of the age group and sex, in L."""
    child, adult, elderly = _WATER_FRACTION[sex]
    return weight_kg * (child if age_years < 18 else adult if age_years < 65 else elderly)


def free_water(values: Values) -> Result:
    """TBW x (Na/target - 1), L."""
    water = _water(values)
    deficit = water * (values.number("sodium_meq_l") / values.number("target_sodium_meq_l") - 1)
    return Result((measured("free_water_deficit", "Free water deficit", deficit, "L", 1), _water_output(values)))


def sodium(values: Values) -> Result:
    """TBW x (target - Na), meq."""
    rise = values.number("target_sodium_meq_l") - values.number("sodium_meq_l")
    deficit = measured("sodium_deficit", "Sodium deficit", _water(values) * rise, "meq", 0)
    warning = "The target is over 8 mEq/L above the current sodium: spread the correction over more than 24 h."
    return Result((deficit, _water_output(values)), warnings=(warning,) if rise > 8 else ())


def _water(values: Values) -> float:
    return total_body_water_l(values.number("weight_kg"), values.number("age_years"), values.choice("sex"))


def _water_output(values: Values) -> Output:
    water = _water(values)
    fraction = f"{rounded(water / values.number('weight_kg'), 2)} of body weight"
    return measured("total_body_water", "Total body water", water, "L", 1, fraction)


def _not_raised(values: Values) -> list[str]:
    given, target = values.number("sodium_meq_l"), values.number("target_sodium_meq_l")
    return [] if given > target else [f"sodium_meq_l is {given:g}, not above the target of {target:g}"]


def _not_low(values: Values) -> list[str]:
    given, target = values.number("sodium_meq_l"), values.number("target_sodium_meq_l")
    return [] if given < target else [f"sodium_meq_l is {given:g}, not below the target of {target:g}"]


MODELS = (
    Model(FREE_WATER_CARD, closed_form(free_water), refuse=_not_raised),
    Model(SODIUM_CARD, closed_form(sodium), refuse=_not_low),
)
