"""Blood volume of adults (Nadler, Hidalgo and Bloch 1962; formula in doi:10.1213/ANE.0000000000001992)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# sex: litres for each m3 of height cubed, each kg of weight, and the constant
_COEFFICIENTS = {"male": (0.3669, 0.03219, 0.6041), "female": (0.3561, 0.03308, 0.1833)}

CARD = ModelCard(
    id="blood_volume_nadler",
    version="1.1.0",
    title="Blood volume (Nadler)",
    aliases=(
        "blood volume",
        "estimated blood volume",
        "total blood volume",
        "nadler",
        "nadler blood volume",
        "ebv",
        "tbv",
    ),
    kind="calculator",
    summary="Total blood volume from height, weight and sex, plasma volume when hematocrit is given, and what share of it an amount of blood is.",
    inputs=(
        inputs.WEIGHT,
        inputs.HEIGHT,
        inputs.SEX,
        inputs.changed(inputs.HEMATOCRIT, required=False, description="For the plasma volume."),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse children."),
        inputs.number(
            "volume_ml",
            "Volume to be set against it",
            "mL",
            (1, 20_000),
            required=False,
            description="A loss, an exchange or a transfusion, as a share of the blood volume.",
        ),
    ),
    outputs=(
        ("blood_volume", "L", "Blood volume"),
        ("plasma_volume", "L", "Plasma volume"),
        ("red_cell_volume", "L", "Red cell volume"),
        ("share_of_blood_volume", "%", "Share of the blood volume"),
    ),
    source="Nadler SB, Hidalgo JH, Bloch T. Prediction of blood volume in normal human adults. Surgery 1962;51:224-32 "
    "(no DOI; the one given is a review of blood-loss formulas, Lopez-Picado A, et al. Anesth Analg 2017;125:280-6).",
    doi="10.1213/ANE.0000000000001992",
    population="155 healthy adults (92 men, 63 women).",
    context_of_use="Adults: apheresis, exchange and blood-loss calculations.",
    limitations=("Overestimates in obesity.", "Not for children, pregnancy or oedema."),
)


def compute(values: Values) -> Result:
    """a h^3 + b W + c with h in m, L; plasma = volume x (1 - hematocrit)."""
    per_height, per_weight, constant = _COEFFICIENTS[values.choice("sex")]
    height_m = values.number("height_cm") / 100
    volume = per_height * height_m**3 + per_weight * values.number("weight_kg") + constant
    outputs = [measured("blood_volume", "Blood volume", volume, "L", 2)]
    hematocrit = values.optional("hematocrit_percent")
    if hematocrit is not None:
        cells = volume * hematocrit / 100
        outputs.append(measured("plasma_volume", "Plasma volume", volume - cells, "L", 2))
        outputs.append(measured("red_cell_volume", "Red cell volume", cells, "L", 2))
    if (asked := values.optional("volume_ml")) is not None:
        outputs.append(measured("share_of_blood_volume", "Share of the blood volume", asked / volume / 10, "%", 1))
    return Result(tuple(outputs))


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
