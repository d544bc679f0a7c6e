"""The weight at which a person of some height has a wanted body mass index (Keys et al. 1972, doi:10.1016/0021-9681(72)90027-6)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

CARD = ModelCard(
    id="target_weight",
    version="1.0.0",
    title="Target weight",
    aliases=("target body weight", "goal weight", "weight for a bmi"),
    kind="calculator",
    summary="The weight that gives a wanted body mass index at the person's height.",
    inputs=(inputs.HEIGHT, inputs.number("target_bmi_kg_m2", "Body mass index to be reached", "kg/m2", (10, 60))),
    outputs=(("target_weight", "kg", "Target weight"),),
    source="Keys A, et al. Indices of relative weight and obesity. J Chronic Dis 1972;25:329-43 (the index; solved for weight).",
    doi="10.1016/0021-9681(72)90027-6",
    population="Not derived: the definition of the body mass index, solved for weight.",
    context_of_use="Setting a weight goal with a patient.",
    limitations=("The index does not tell muscle from fat, and is not valid for children or in pregnancy.",),
)


def compute(values: Values) -> Result:
    """Target index x height squared."""
    weight = values.number("target_bmi_kg_m2") * (values.number("height_cm") / 100) ** 2
    return Result(outputs=(measured("target_weight", "Target weight", weight, "kg", 1),))


MODEL = Model(CARD, closed_form(compute))
