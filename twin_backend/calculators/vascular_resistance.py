"""Systemic and pulmonary vascular resistance (2022 ESC/ERS guidelines, doi:10.1093/eurheartj/ehac237)."""

from __future__ import annotations

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

_DYN_PER_WOOD = 80.0
_CARDIAC_OUTPUT = inputs.number("cardiac_output_l_min", "Cardiac output", "L/min", (0.3, 30))
_SOURCE = (
    "Humbert M, et al. 2022 ESC/ERS guidelines for the diagnosis and treatment of pulmonary hypertension. "
    "Eur Heart J 2022;43:3618-731 (haemodynamic definitions; resistance = pressure difference / flow)."
)

SYSTEMIC_CARD = ModelCard(
    id="systemic_vascular_resistance",
    version="1.0.0",
    title="Systemic vascular resistance",
    aliases=("svr", "systemic resistance", "svri"),
    kind="calculator",
    summary="(Mean arterial - central venous pressure) / cardiac output x 80.",
    inputs=(
        inputs.MEAN_PRESSURE,
        inputs.number("central_venous_pressure_mmhg", "Central venous (right atrial) pressure", "mm[Hg]", (-5, 50)),
        _CARDIAC_OUTPUT,
        inputs.changed(inputs.BSA, required=False, description="For the index."),
    ),
    outputs=(
        ("svr", "dyn.s/cm5", "Systemic vascular resistance"),
        ("svr_wood", "mm[Hg].min/L", "Systemic vascular resistance (Wood units)"),
        ("svri", "dyn.s.m2/cm5", "Systemic vascular resistance index"),
    ),
    source=_SOURCE,
    doi="10.1093/eurheartj/ehac237",
    population="Physiology; usual adult values at rest 800-1200 dyn·s/cm⁵.",
    context_of_use="Shock and heart failure with a measured cardiac output.",
    limitations=("A derived value: errors of all three measurements add up.",),
)

PULMONARY_CARD = ModelCard(
    id="pulmonary_vascular_resistance",
    version="1.0.0",
    title="Pulmonary vascular resistance",
    aliases=("pvr", "pulmonary resistance", "transpulmonary gradient"),
    kind="calculator",
    summary="(Mean pulmonary artery - wedge pressure) / cardiac output, in Wood units and x 80.",
    inputs=(
        inputs.number("mean_pulmonary_artery_pressure_mmhg", "Mean pulmonary artery pressure", "mm[Hg]", (3, 120)),
        inputs.number("wedge_pressure_mmhg", "Pulmonary artery wedge pressure", "mm[Hg]", (0, 60)),
        _CARDIAC_OUTPUT,
    ),
    outputs=(
        ("pvr_wood", "mm[Hg].min/L", "Pulmonary vascular resistance (Wood units)"),
        ("pvr", "dyn.s/cm5", "Pulmonary vascular resistance"),
        ("transpulmonary_gradient", "mm[Hg]", "Transpulmonary gradient"),
    ),
    source=_SOURCE,
    doi="10.1093/eurheartj/ehac237",
    population="Physiology; the guideline's limit of normal is 2 Wood units.",
    context_of_use="Right heart catheterisation.",
    limitations=("Depends on a correct wedge pressure, at end expiration.",),
)


def systemic(values: Values) -> Result:
    """80 x (MAP - CVP) / CO, dyn.s/cm5."""
    drop = values.number("mean_arterial_pressure_mmhg") - values.number("central_venous_pressure_mmhg")
    wood = drop / values.number("cardiac_output_l_min")
    label = "Systemic vascular resistance"
    outputs = [
        measured("svr", label, _DYN_PER_WOOD * wood, "dyn.s/cm5", 0, "usually 800-1200 dyn·s/cm⁵"),
        measured("svr_wood", f"{label} (Wood units)", wood, "mm[Hg].min/L", 1),
    ]
    if values.has("bsa_m2"):
        index = _DYN_PER_WOOD * wood * values.number("bsa_m2")
        outputs.append(measured("svri", f"{label} index", index, "dyn.s.m2/cm5", 0))
    return Result(tuple(outputs))


def pulmonary(values: Values) -> Result:
    """(mPAP - PAWP) / CO, Wood units."""
    drop = values.number("mean_pulmonary_artery_pressure_mmhg") - values.number("wedge_pressure_mmhg")
    wood = drop / values.number("cardiac_output_l_min")
    reading = "above 2 Wood units: raised" if wood > 2 else "2 Wood units or less: not raised"
    label = "Pulmonary vascular resistance"
    outputs: tuple[Output, ...] = (
        measured("pvr_wood", f"{label} (Wood units)", wood, "mm[Hg].min/L", 1, reading),
        measured("pvr", label, _DYN_PER_WOOD * wood, "dyn.s/cm5", 0),
        measured("transpulmonary_gradient", "Transpulmonary gradient", drop, "mm[Hg]", 0),
    )
    return Result(outputs)


def _reversed(high: str, low: str, values: Values) -> list[str]:
    return [] if values.number(high) > values.number(low) else [f"{low} must be below {high}; are they swapped?"]


def _systemic_reversed(values: Values) -> list[str]:
    return _reversed("mean_arterial_pressure_mmhg", "central_venous_pressure_mmhg", values)


def _pulmonary_reversed(values: Values) -> list[str]:
    return _reversed("mean_pulmonary_artery_pressure_mmhg", "wedge_pressure_mmhg", values)


MODELS = (
    Model(SYSTEMIC_CARD, closed_form(systemic), contradict=_systemic_reversed),
    Model(PULMONARY_CARD, closed_form(pulmonary), contradict=_pulmonary_reversed),
)
