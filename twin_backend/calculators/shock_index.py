"""Shock index (Rady et al. 1994, doi:10.1016/S0196-0644(94)70279-9), with its modified and age forms."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

CARD = ModelCard(
    id="shock_index",
    version="1.0.0",
    title="Shock index",
    aliases=("si shock", "modified shock index", "age shock index"),
    kind="calculator",
    summary="Heart rate over systolic pressure; over mean pressure, and times age, where those are known.",
    inputs=(
        inputs.HEART_RATE,
        inputs.SYSTOLIC,
        inputs.changed(inputs.DIASTOLIC, required=False, description="For the modified index."),
        inputs.changed(inputs.AGE, required=False, description="For the age index; children are refused."),
    ),
    outputs=(
        ("shock_index", "{ratio}", "Shock index"),
        ("modified_shock_index", "{ratio}", "Modified shock index (rate / mean pressure)"),
        ("age_shock_index", "{index}", "Age shock index (age x shock index)"),
    ),
    source="Rady MY, et al. A comparison of the shock index and conventional vital signs to identify acute, critical "
    "illness in the emergency department. Ann Emerg Med 1994;24:685-90; index: Allgöwer M, Burri C. Dtsch Med "
    "Wochenschr 1967;92:1947-50; modified: Liu YC, et al. World J Emerg Med 2012;3:114-7.",
    doi="10.1016/S0196-0644(94)70279-9",
    population="275 adults in an emergency department; normal 0.5 to 0.7.",
    context_of_use="Adults: early notice of haemodynamic instability.",
    limitations=("Blunted by beta-blockers, pacing and chronic hypertension.", "Children have ranges of their own."),
)


def compute(values: Values) -> Result:
    """Rate / systolic; rate / mean arterial pressure; age x index."""
    rate, systolic = values.number("heart_rate_bpm"), values.number("systolic_bp_mmhg")
    index = rate / systolic
    reading = "above 0.9: suggests critical illness" if index > 0.9 else "0.9 or below (usual 0.5-0.7)"
    outputs = [measured("shock_index", "Shock index", index, "{ratio}", 2, reading)]
    if values.has("diastolic_bp_mmhg"):
        mean = (systolic + 2 * values.number("diastolic_bp_mmhg")) / 3
        ratio = rate / mean
        outside = "outside 0.7-1.3: higher mortality in the source" if not 0.7 <= ratio <= 1.3 else "within 0.7-1.3"
        label = "Modified shock index (rate / mean pressure)"
        outputs.append(measured("modified_shock_index", label, ratio, "{ratio}", 2, outside))
    if values.has("age_years"):
        with_age = index * values.number("age_years")
        outputs.append(measured("age_shock_index", "Age shock index (age x shock index)", with_age, "{index}", 0))
    return Result(tuple(outputs))


def _contradict(values: Values) -> list[str]:
    diastolic = values.optional("diastolic_bp_mmhg")
    if diastolic is None or diastolic < values.number("systolic_bp_mmhg"):
        return []
    return ["diastolic_bp_mmhg must be below systolic_bp_mmhg; are they swapped?"]


MODEL = Model(CARD, closed_form(compute), refuse=adults_only, contradict=_contradict)
