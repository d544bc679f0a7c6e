"""Oxygenation index of ventilated lungs (Trachsel et al. 2005, doi:10.1164/rccm.200405-625OC)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

CARD = ModelCard(
    id="oxygenation_index",
    version="1.0.0",
    title="Oxygenation index",
    aliases=("oxygen index", "oi"),
    kind="calculator",
    summary="Mean airway pressure x FiO2 x 100 / PaO2.",
    inputs=(
        inputs.number("mean_airway_pressure_cmh2o", "Mean airway pressure", "cm[H2O]", (1, 60)),
        inputs.FIO2,
        inputs.PAO2,
    ),
    outputs=(("oxygenation_index", "{index}", "Oxygenation index"),),
    source="Trachsel D, et al. Oxygenation index predicts outcome in children with acute hypoxemic respiratory "
    "failure. Am J Respir Crit Care Med 2005;172:206-11.",
    doi="10.1164/rccm.200405-625OC",
    population="131 children with acute hypoxaemic respiratory failure on ventilators.",
    context_of_use="Severity of hypoxaemic failure on a ventilator, above all in children.",
    limitations=("Ventilated patients only.", "Thresholds for ECMO (often 40) are local policy."),
)


def compute(values: Values) -> Result:
    """100 x MAP x FiO2 / PaO2."""
    index = 100 * values.number("mean_airway_pressure_cmh2o") * values.number("fio2") / values.number("pao2_mmhg")
    return Result((measured("oxygenation_index", "Oxygenation index", index, "{index}", 1),))


MODEL = Model(CARD, closed_form(compute))
