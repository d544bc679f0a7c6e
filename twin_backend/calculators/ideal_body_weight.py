"""Ideal and adjusted body weight (Devine 1974, as traced by Pai and Paloucek, doi:10.1345/aph.19381)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_BASE_KG = {"female": 45.5, "male": 50.0}
_SHORTEST_CM = 152.4  # 5 feet, where Devine's rule begins

CARD = ModelCard(
    id="ideal_body_weight",
    version="1.0.0",
    title="Ideal and adjusted body weight",
    aliases=("ibw", "ideal weight", "devine"),
    kind="calculator",
    summary="Devine's ideal body weight, and the adjusted weight (ideal + 0.4 of the excess) when weight is given.",
    inputs=(
        inputs.changed(inputs.HEIGHT, derivation=(_SHORTEST_CM, 230)),
        inputs.SEX,
        inputs.changed(inputs.WEIGHT, required=False, description="Actual weight, for the adjusted weight."),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse children."),
    ),
    outputs=(
        ("ideal_body_weight", "kg", "Ideal body weight"),
        ("adjusted_body_weight", "kg", "Adjusted body weight"),
        ("percent_of_ideal", "%", "Actual over ideal weight"),
    ),
    source="Devine BJ. Gentamicin therapy. Drug Intell Clin Pharm 1974;8:650-5; traced in Pai MP, Paloucek FP. "
    "Ann Pharmacother 2000;34:1066-9.",
    doi="10.1345/aph.19381",
    population="A rule of thumb from insurance tables for adults of 5 feet or taller; not fitted to data.",
    context_of_use="Choosing a weight for drug dosing in adults.",
    limitations=("Below 152.4 cm the rule extrapolates.", "Says nothing of body composition."),
)


def ideal_weight_kg(height_cm: float, sex: str) -> float:
    """Devine's ideal body weight in kg: 50 (men) or 45.5 (women) + 2.3 for each inch over 5 feet."""
    return _BASE_KG[sex] + 2.3 * (height_cm / 2.54 - 60)


def adjusted_weight_kg(weight_kg: float, ideal_kg: float) -> float:
    """Ideal weight plus 0.4 of the excess over it, in kg."""
    return ideal_kg + 0.4 * (weight_kg - ideal_kg)


def compute(values: Values) -> Result:
    """Ideal weight, and adjusted weight where the actual one is known."""
    ideal = ideal_weight_kg(values.number("height_cm"), values.choice("sex"))
    outputs = [measured("ideal_body_weight", "Ideal body weight", ideal, "kg", 1)]
    warnings = []
    weight = values.optional("weight_kg")
    if weight is not None:
        outputs.append(measured("percent_of_ideal", "Actual over ideal weight", 100 * weight / ideal, "%", 0))
        if weight > ideal:
            adjusted = adjusted_weight_kg(weight, ideal)
            outputs.append(measured("adjusted_body_weight", "Adjusted body weight", adjusted, "kg", 1))
        else:
            warnings.append("Actual weight is not above ideal weight, so no adjusted weight is given.")
    return Result(outputs=tuple(outputs), warnings=tuple(warnings))


def _too_short(values: Values) -> list[str]:
    if ideal_weight_kg(values.number("height_cm"), values.choice("sex")) > 20:
        return adults_only(values)
    return [*adults_only(values), "at this height the rule gives a weight under 20 kg"]


MODEL = Model(CARD, closed_form(compute), refuse=_too_short)
