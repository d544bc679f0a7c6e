"""Alveolar oxygen tension and A-a gradient (Fenn, Rahn and Otis 1946, doi:10.1152/ajplegacy.1946.146.5.637)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, rounded
from twin_backend.model import Model, Result, Values, closed_form

CARD = ModelCard(
    id="alveolar_gas",
    version="1.0.0",
    title="Alveolar gas equation and A-a gradient",
    aliases=(
        "a-a gradient", "aa gradient", "a-a o2 gradient", "alveolar arterial gradient",
        "alveolar-arterial oxygen gradient", "alveolar gas equation", "alveolar oxygen", "pao2 alveolar",
    ),
    kind="calculator",
    summary="Alveolar oxygen tension, its gradient to arterial blood, and the gradient expected for age.",
    inputs=(
        inputs.FIO2,
        inputs.PACO2,
        inputs.changed(inputs.PAO2, required=False, description="For the A-a gradient."),
        inputs.changed(inputs.AGE, required=False, description="For the gradient expected at this age."),
        inputs.number("atmospheric_pressure_mmhg", "Atmospheric pressure", "mm[Hg]", (230, 1600), required=False,
                      default=760.0, default_source="Sea level, as the equation is printed."),
        inputs.number("respiratory_quotient", "Respiratory quotient", "1", (0.6, 1.3), required=False, default=0.8,
                      default_source="0.8, as the equation is printed."),
    ),
    outputs=(
        ("alveolar_oxygen", "mm[Hg]", "Alveolar oxygen tension (PAO2)"),
        ("a_a_gradient", "mm[Hg]", "A-a gradient"),
        ("expected_a_a_gradient", "mm[Hg]", "A-a gradient expected for age (age/4 + 4)"),
        ("expected_a_a_gradient_mellemgaard", "mm[Hg]", "A-a gradient expected for age (2.5 + 0.21 age)"),
    ),
    source="Fenn WO, Rahn H, Otis AB. A theoretical study of the composition of the alveolar air at altitude. "
    "Am J Physiol 1946;146:637-53 (here in the usual short form); expected for age: the bedside rule age/4 + 4, and "
    "Mellemgaard K. Acta Physiol Scand 1966;67:10-20 (doi:10.1111/j.1748-1716.1966.tb03281.x).",
    doi="10.1152/ajplegacy.1946.146.5.637",
    population="Physiology; the expected gradient from 80 healthy seated people of 15-75 years breathing air.",
    context_of_use="Hypoxaemia: is gas exchange impaired, or only ventilation?",
    limitations=(
        "Water vapour is taken as 47 mmHg (37 °C).",
        "The gradient widens with inspired oxygen; the expected values are for room air.",
        "Needs a known FiO2 and an arterial sample.",
    ),
)  # fmt: skip
_WATER_VAPOUR_MMHG = 47.0


def compute(values: Values) -> Result:
    """FiO2 (Patm - 47) - PaCO2/R, minus PaO2; mm[Hg]."""
    alveolar = _alveolar(values)
    outputs = [measured("alveolar_oxygen", "Alveolar oxygen tension (PAO2)", alveolar, "mm[Hg]", 0)]
    age = values.optional("age_years")
    expected = None if age is None else age / 4 + 4
    if values.has("pao2_mmhg"):
        gradient = alveolar - values.number("pao2_mmhg")
        outputs.append(measured("a_a_gradient", "A-a gradient", gradient, "mm[Hg]", 0, _reading(gradient, expected)))
    if age is not None:
        label = "A-a gradient expected for age"
        outputs += [
            measured("expected_a_a_gradient", f"{label} (age/4 + 4)", age / 4 + 4, "mm[Hg]", 0),
            measured("expected_a_a_gradient_mellemgaard", f"{label} (2.5 + 0.21 age)", 2.5 + 0.21 * age, "mm[Hg]", 0),
        ]
    on_oxygen = age is not None and values.number("fio2") > 0.25
    warnings = ("The gradient expected for age holds for room air; inspired oxygen widens it.",) if on_oxygen else ()
    return Result(tuple(outputs), warnings=warnings)


def _alveolar(values: Values) -> float:
    inspired = values.number("fio2") * (values.number("atmospheric_pressure_mmhg") - _WATER_VAPOUR_MMHG)
    return inspired - values.number("paco2_mmhg") / values.number("respiratory_quotient")


def _reading(gradient: float, expected: float | None) -> str:
    if expected is None:
        return ""
    relation = "raised: above" if gradient > expected else "not raised: within"
    return f"{relation} the {rounded(expected, 0)} mmHg expected for age"


def _impossible(values: Values) -> list[str]:
    alveolar = _alveolar(values)
    if alveolar <= 0:
        return ["fio2, paco2_mmhg and atmospheric_pressure_mmhg leave no oxygen in the alveolus; check their units"]
    if values.has("pao2_mmhg") and values.number("pao2_mmhg") > alveolar + 20:
        return [f"pao2_mmhg is above the alveolar {alveolar:.0f} mmHg; check fio2 and the sample"]
    return []


MODEL = Model(CARD, closed_form(compute), contradict=_impossible)
