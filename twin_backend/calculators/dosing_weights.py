"""Weights for dosing: adjusted (doi:10.1345/aph.19381) and lean (Janmahasatian 2005)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.calculators.ideal_body_weight import ideal_weight_kg
from twin_backend.display import measured, rounded
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_ADULT = inputs.changed(inputs.AGE, required=False, description="Given only to refuse children.")
# Janmahasatian 2005: 9270 x weight / (a + b x BMI)
_LEAN = {"male": (6680, 216), "female": (8780, 244)}

ADJUSTED_CARD = ModelCard(
    id="adjusted_body_weight",
    version="1.0.0",
    title="Adjusted body weight",
    aliases=("adjusted weight", "abw", "adjbw", "adj bw", "dosing weight"),
    kind="calculator",
    summary="Ideal weight (Devine) plus a part, 0.4 unless asked otherwise, of the excess over it.",
    inputs=(
        inputs.WEIGHT,
        inputs.changed(inputs.HEIGHT, derivation=(152.4, 230)),
        inputs.SEX,
        inputs.number("adjustment_factor", "Part of the excess weight counted", "1", (0.1, 0.6), required=False,
                      default=0.4, default_source="0.4, the factor studied for aminoglycosides and in general use."),
        _ADULT,
    ),
    outputs=(("adjusted_body_weight", "kg", "Adjusted body weight"), ("ideal_body_weight", "kg", "Ideal body weight")),
    source="Ideal weight: Devine 1974, traced in Pai MP, Paloucek FP. The origin of the ideal body weight equations. "
    "Ann Pharmacother 2000;34:1066-9; factor 0.4: Bauer LA, et al. Eur J Clin Pharmacol 1983;24:643-7.",
    doi="10.1345/aph.19381",
    population="Adults of 5 feet or taller; the factor from obese patients on aminoglycosides.",
    context_of_use="Drug dosing in obese adults.",
    limitations=("Below 152.4 cm Devine's rule extrapolates.", "The factor depends on the drug (0.25 to 0.4)."),
)  # fmt: skip

LEAN_CARD = ModelCard(
    id="lean_body_weight",
    version="1.0.0",
    title="Lean body weight (Janmahasatian)",
    aliases=("lean body mass", "lbw", "lbm", "lean weight", "janmahasatian", "fat free mass"),
    kind="calculator",
    summary="Fat-free mass from weight, height and sex.",
    inputs=(inputs.WEIGHT, inputs.HEIGHT, inputs.SEX, _ADULT),
    outputs=(("lean_body_weight", "kg", "Lean body weight"),),
    source="Janmahasatian S, et al. Quantification of lean bodyweight. Clin Pharmacokinet 2005;44:1051-65.",
    doi="10.2165/00003088-200544100-00004",
    population="373 adults (167 women) of 17-82 years, 41-216 kg and BMI 17-70 kg/m².",
    context_of_use="Drug dosing in adults, obese ones included.",
    limitations=("Not for children, oedema or unusual muscle mass.",),
)


def adjusted(values: Values) -> Result:
    """IBW + factor x (weight - IBW), kg."""
    weight = values.number("weight_kg")
    ideal = ideal_weight_kg(values.number("height_cm"), values.choice("sex"))
    kg = ideal + values.number("adjustment_factor") * (weight - ideal)
    outputs = (
        measured("adjusted_body_weight", "Adjusted body weight", kg, "kg", 1),
        measured("ideal_body_weight", "Ideal body weight", ideal, "kg", 1),
    )
    if weight > ideal:
        return Result(outputs)
    warning = f"Actual weight is not above ideal weight ({rounded(ideal, 1)} kg): dose on the actual weight instead."
    return Result(outputs, warnings=(warning,))


def lean(values: Values) -> Result:
    """9270 W / (6680 + 216 BMI) for men, 9270 W / (8780 + 244 BMI) for women, kg."""
    weight, (a, b) = values.number("weight_kg"), _LEAN[values.choice("sex")]
    return Result((measured("lean_body_weight", "Lean body weight", 9270 * weight / (a + b * _bmi(values)), "kg", 1),))


def _bmi(values: Values) -> float:
    return values.number("weight_kg") / (values.number("height_cm") / 100) ** 2


def _refuse_lean(values: Values) -> list[str]:
    reasons = adults_only(values)
    if not 8 <= _bmi(values) <= 200:
        reasons.append(f"weight and height give {_bmi(values):.0f} kg/m², beyond any adult; check values and units")
    return reasons


def _refuse_adjusted(values: Values) -> list[str]:
    if ideal_weight_kg(values.number("height_cm"), values.choice("sex")) > 20:
        return adults_only(values)
    return [*adults_only(values), "at this height the rule gives an ideal weight under 20 kg"]


MODELS = (
    Model(ADJUSTED_CARD, closed_form(adjusted), refuse=_refuse_adjusted),
    Model(LEAN_CARD, closed_form(lean), refuse=_refuse_lean),
)
