"""Weekly warfarin dose by the two IWPC algorithms (International Warfarin Pharmacogenetics Consortium 2009).

doi:10.1056/NEJMoa0809329
"""

from __future__ import annotations

from typing import NamedTuple

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import measured, rounded
from twin_backend.model import Model, Result, Values, adults_only, closed_form


class _Equation(NamedTuple):
    """Coefficients for the square root of the weekly dose in mg; `race` is relative to white patients."""

    intercept: float
    decade: float
    height_cm: float
    weight_kg: float
    race: dict[str, float]
    enzyme_inducer: float
    amiodarone: float


_CLINICAL = _Equation(
    4.0376, -0.2546, 0.0118, 0.0134,
    {"white": 0.0, "asian": -0.6752, "african_american": 0.4060, "other": 0.0443}, 1.2799, -0.5695,
)  # fmt: skip
_PHARMACOGENETIC = _Equation(
    5.6044, -0.2614, 0.0087, 0.0128,
    {"white": 0.0, "asian": -0.1092, "african_american": -0.2760, "other": -0.1032}, 1.1816, -0.5503,
)  # fmt: skip
_VKORC1 = {"gg": 0.0, "ag": -0.8677, "aa": -1.6974, "unknown": -0.4854}
_CYP2C9 = {
    "*1/*1": 0.0, "*1/*2": -0.5211, "*1/*3": -0.9357, "*2/*2": -1.0616, "*2/*3": -1.9206, "*3/*3": -2.3312,
    "unknown": -0.2188,
}  # fmt: skip
_LOW_MG, _HIGH_MG = 21, 49

CARD = ModelCard(
    id="iwpc_warfarin_dose",
    version="1.0.0",
    title="IWPC warfarin dose",
    aliases=(
        "iwpc", "iwpc warfarin", "warfarin dose estimate", "warfarin dosing algorithm", "iwpc pharmacogenetic",
        "iwpc clinical", "iwpc warfarin clinical", "iwpc warfarin pharmacogenetic", "warfarin pharmacogenetic dose",
        "warfarin starting dose",
    ),
    kind="calculator",
    summary="Stable weekly warfarin dose for an INR of 2 to 3, from clinical data alone and with the genotype.",
    inputs=(
        inputs.AGE,
        inputs.HEIGHT,
        inputs.WEIGHT,
        inputs.choice("race", "Race, as the equations use it", ("white", "asian", "african_american", "other"),
                      description="other: mixed or not stated, a group of its own in the equations."),
        inputs.flag("enzyme_inducer", "Takes carbamazepine, phenytoin or rifampicin"),
        inputs.flag("amiodarone", "Takes amiodarone"),
        inputs.choice("vkorc1_genotype", "VKORC1 -1639 (rs9923231) genotype", tuple(_VKORC1), required=False,
                      description="Both genotypes together; unknown is a category of the pharmacogenetic equation."),
        inputs.choice("cyp2c9_genotype", "CYP2C9 genotype", tuple(_CYP2C9), required=False),
    ),
    outputs=(
        ("clinical_dose_mg_per_week", "mg/wk", "Weekly dose, clinical algorithm"),
        ("pharmacogenetic_dose_mg_per_week", "mg/wk", "Weekly dose, pharmacogenetic algorithm"),
    ),
    source="International Warfarin Pharmacogenetics Consortium. Estimation of the warfarin dose with clinical and "
    "pharmacogenetic data. N Engl J Med 2009;360:753-64 (equations: supplementary appendix).",
    doi="10.1056/NEJMoa0809329",
    population="4,043 patients on a stable warfarin dose with an INR of 2 to 3, of 21 groups in 9 countries; validated "
    "in 1,009 more.",
    context_of_use="Adults starting warfarin with a target INR of 2 to 3: the dose to expect once stable.",
    model_risk="high",
    limitations=(
        "Predicts the maintenance dose, not a loading dose; the INR decides.",
        "CYP2C9 *5, *6, *8 and *11, common in people of African ancestry, are not in the equation.",
        "About half of patients need a dose more than a fifth away from the predicted one.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """The square of the sum, in mg a week; age in whole decades."""
    outputs = [_dose("clinical_dose_mg_per_week", _root(_CLINICAL, values))]
    if _genotyped(values):
        outputs.append(_dose("pharmacogenetic_dose_mg_per_week", _root(_PHARMACOGENETIC, values) + _genes(values)))
        return Result(outputs=tuple(outputs))
    warning = "No genotype given: the pharmacogenetic algorithm was not run."
    return Result(outputs=tuple(outputs), warnings=(warning,))


def _root(equation: _Equation, values: Values) -> float:
    return (
        equation.intercept
        + equation.decade * (values.number("age_years") // 10)
        + equation.height_cm * values.number("height_cm")
        + equation.weight_kg * values.number("weight_kg")
        + equation.race[values.choice("race")]
        + equation.enzyme_inducer * values.flag("enzyme_inducer")
        + equation.amiodarone * values.flag("amiodarone")
    )


def _genes(values: Values) -> float:
    return _VKORC1[values.choice("vkorc1_genotype")] + _CYP2C9[values.choice("cyp2c9_genotype")]


def _genotyped(values: Values) -> bool:
    return values.has("vkorc1_genotype") and values.has("cyp2c9_genotype")


def _dose(name: str, root: float) -> Output:
    label = next(label for output, _, label in CARD.outputs if output == name)
    weekly = root**2
    size = "low" if weekly <= _LOW_MG else "high" if weekly >= _HIGH_MG else "intermediate"
    reading = f"{size} dose; about {rounded(weekly / 7, 1)} mg a day"
    return measured(name, label, weekly, "mg/wk", 1, reading, written=f"{rounded(weekly, 1)} mg/week")


def _both_genes(values: Values) -> list[str]:
    genes = ("vkorc1_genotype", "cyp2c9_genotype")
    return [name for name in genes if not values.has(name)] if any(values.has(name) for name in genes) else []


def _refuse(values: Values) -> list[str]:
    roots = [_root(_CLINICAL, values)]
    if _genotyped(values):
        roots.append(_root(_PHARMACOGENETIC, values) + _genes(values))
    if min(roots) > 0:
        return adults_only(values)
    return [*adults_only(values), "the equation gives no positive dose for these inputs"]


MODEL = Model(CARD, closed_form(compute), refuse=_refuse, also_needed=_both_genes)
