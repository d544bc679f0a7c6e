"""Body surface area: Mosteller (doi:10.1056/NEJM198710223171717), Du Bois, Haycock, Gehan and George."""

from __future__ import annotations

from math import sqrt

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

CARD = ModelCard(
    id="bsa",
    version="1.0.0",
    title="Body surface area",
    aliases=(
        "body surface area",
        "mosteller",
        "du bois",
        "dubois",
        "haycock",
        "gehan george",
        "bsa mosteller",
        "bsa du bois",
    ),
    kind="calculator",
    summary="Body surface area by Mosteller's formula, with Du Bois, Haycock, and Gehan and George beside it.",
    inputs=(inputs.WEIGHT, inputs.HEIGHT),
    outputs=(
        ("bsa", "m2", "Body surface area (Mosteller)"),
        ("bsa_du_bois", "m2", "Body surface area (Du Bois)"),
        ("bsa_haycock", "m2", "Body surface area (Haycock)"),
        ("bsa_gehan_george", "m2", "Body surface area (Gehan and George)"),
    ),
    source="Mosteller RD. Simplified calculation of body-surface area. N Engl J Med 1987;317:1098; "
    "Du Bois D, Du Bois EF. Arch Intern Med 1916;17:863-71 (doi:10.1001/archinte.1916.00080130010002); "
    "Haycock GB, et al. J Pediatr 1978;93:62-6 (doi:10.1016/S0022-3476(78)80601-5); Gehan EA, George SL. Cancer "
    "Chemother Rep 1970;54:225-35.",
    doi="10.1056/NEJM198710223171717",
    population="Mosteller simplifies Gehan and George's fit to 401 subjects of all ages; Du Bois measured 9.",
    context_of_use="Dosing and indexing by surface area, adults and children.",
    limitations=("Formulas disagree by 5-10 % in obesity and in small children.",),
)


def compute(values: Values) -> Result:
    """m2."""
    weight, height = values.number("weight_kg"), values.number("height_cm")
    haycock = 0.024265 * weight**0.5378 * height**0.3964
    gehan_george = 0.0235 * weight**0.51456 * height**0.42246
    return Result(
        outputs=(
            measured("bsa", "Body surface area (Mosteller)", sqrt(weight * height / 3600), "m2", 2),
            measured("bsa_du_bois", "Body surface area (Du Bois)", 0.007184 * weight**0.425 * height**0.725, "m2", 2),
            measured("bsa_haycock", "Body surface area (Haycock)", haycock, "m2", 2),
            measured("bsa_gehan_george", "Body surface area (Gehan and George)", gehan_george, "m2", 2),
        )
    )


MODEL = Model(CARD, closed_form(compute))
