"""Propofol in plasma and at the effect site: Marsh (doi:10.1093/bja/67.1.41), Schnider and Eleveld."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from domain.predictions import ModelCard, ModelInput, Output, Series
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, adults_only
from twin_backend.pk import propofol_parameters as parameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin_backend.engines.compartments import Body, Doses, Response

    Floats = NDArray[np.float64]

_SERIES_POINTS = 181
_PEAK_SEARCH_MIN = 15.0
_COURSE_MIN = 60.0

_COURSE: tuple[ModelInput, ...] = (
    inputs.number("bolus_mg", "Bolus at the start", "mg", (0, 1000), required=False),
    inputs.number("infusion_mg_kg_h", "Infusion from the start", "mg/kg/h", (0, 40), required=False,
                  description="ug/kg/min is accepted with its unit (1 mg/kg/h = 16.7 ug/kg/min)."),
    inputs.number("infusion_min", "Infusion duration", "min", (0.1, 1440), required=False,
                  description="Without it the infusion runs to the end."),
    inputs.number("time_min", "Time of the concentrations asked for", "min", (0, 1440), required=False,
                  description="Without it the parameters of the patient and the course over an hour."),
    inputs.number("target_ug_ml", "Target concentration", "ug/mL", (0.1, 15), required=False,
                  description="Gives the bolus and rates that hold it in plasma."),
)  # fmt: skip
_OUTPUTS = (
    ("plasma_concentration", "ug/mL", "Plasma concentration"),
    ("effect_site_concentration", "ug/mL", "Effect-site concentration"),
    ("peak_effect_site", "ug/mL", "Peak effect-site concentration of the bolus alone"),
    ("time_to_peak_effect", "min", "Time to peak effect of a bolus"),
    ("v1", "L", "Central volume"),
    ("v2", "L", "Fast peripheral volume"),
    ("v3", "L", "Slow peripheral volume"),
    ("clearance", "L/min", "Elimination clearance"),
    ("q2", "L/min", "Fast distribution clearance"),
    ("q3", "L/min", "Slow distribution clearance"),
    ("k10", "/min", "k10"),
    ("k12", "/min", "k12"),
    ("k13", "/min", "k13"),
    ("k21", "/min", "k21"),
    ("k31", "/min", "k31"),
    ("ke0", "/min", "ke0"),
    ("target_bolus", "mg", "Bolus that brings plasma to the target at once"),
    ("target_steady_rate", "mg/h", "Infusion rate that holds the target at steady state"),
)
_CONTEXT = "Understanding and teaching of propofol infusion in adults; to compare models and regimens."
_LIMITS = (
    "Typical patient: individuals differ from it by a third or more; titrate to effect.",
    "Not a pump: it computes concentrations of a stated regimen and gives no advice.",
)

MARSH = ModelCard(
    id="propofol_marsh",
    version="1.0.0",
    title="Propofol concentrations (Marsh)",
    aliases=("marsh", "marsh model", "propofol marsh", "marsh 1991", "diprifusor"),
    kind="simulation",
    summary="Plasma and effect-site propofol after a bolus and an infusion, by the Marsh adult model.",
    inputs=(
        inputs.changed(inputs.AGE, required=False, derivation=(16, 90),
                       description="Given only to refuse children: age plays no part in the model."),
        inputs.changed(inputs.WEIGHT, derivation=(30, 150)),
        *_COURSE,
        inputs.choice("ke0_variant", "Effect-site rate constant", ("diprifusor", "modified"), required=False,
                      default="diprifusor", default_source="0.26/min of the Diprifusor; the paper itself has none.",
                      description="diprifusor: 0.26/min; modified: 1.2/min."),
    ),
    outputs=_OUTPUTS,
    source="Marsh B, et al. Pharmacokinetic model driven infusion of propofol in children. Br J Anaesth 1991;67:41-8 "
    "(adult parameters, after Gepts 1987); effect site: Absalom AR, et al. Br J Anaesth 2009;103:26-37.",
    doi="10.1093/bja/67.1.41",
    population="Adult parameters after 18 surgical patients of Gepts 1987; the central volume was raised in Marsh 1991.",
    context_of_use=_CONTEXT,
    model_risk="high",
    limitations=(*_LIMITS, "Volumes scale with total weight: overdoses in obesity; age plays no part."),
)  # fmt: skip

SCHNIDER = ModelCard(
    id="propofol_schnider",
    version="1.0.0",
    title="Propofol concentrations (Schnider)",
    aliases=("schnider", "schnider model", "propofol schnider", "schnider 1998"),
    kind="simulation",
    summary="Plasma and effect-site propofol after a bolus and an infusion, by the Schnider model.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(25, 81)),
        inputs.changed(inputs.WEIGHT, derivation=(44, 123)),
        inputs.changed(inputs.HEIGHT, derivation=(155, 196)),
        inputs.SEX,
        *_COURSE,
    ),
    outputs=_OUTPUTS,
    source="Schnider TW, et al. The influence of method of administration and covariates on the pharmacokinetics of "
    "propofol in adult volunteers. Anesthesiology 1998;88:1170-82; effect site: Anesthesiology 1999;90:1502-16.",
    doi="10.1097/00000542-199805000-00006",
    population="24 healthy volunteers (11 women) of 25-81 years and 44-123 kg.",
    context_of_use=_CONTEXT,
    model_risk="high",
    limitations=(*_LIMITS, "The lean body mass of James falls again in obesity: refused over BMI 42 (men), 35 (women)."),
)  # fmt: skip

ELEVELD = ModelCard(
    id="propofol_eleveld2018",
    version="1.0.0",
    title="Propofol concentrations and BIS (Eleveld 2018)",
    aliases=("eleveld", "eleveld model", "propofol eleveld", "propofol_eleveld", "propofol", "propofol tci", "tiva"),
    kind="simulation",
    summary="Plasma and effect-site propofol and the bispectral index after a bolus and an infusion, children to old "
    "age.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(0, 88)),
        inputs.changed(inputs.WEIGHT, derivation=(1, 160)),
        inputs.HEIGHT,
        inputs.SEX,
        inputs.flag("opioid", "An opioid is given with it"),
        *_COURSE,
    ),
    outputs=(*_OUTPUTS, ("bis", "1", "Bispectral index, typical patient")),
    source="Eleveld DJ, et al. Pharmacokinetic-pharmacodynamic model for propofol for broad application in anaesthesia "
    "and sedation. Br J Anaesth 2018;120:942-59 (with the corrigendum on Q2).",
    doi="10.1016/j.bja.2018.01.018",
    population="1,033 people of 30 studies, from preterm newborns to 88 years and 0.68-160 kg; bispectral index from "
    "5 studies of adults.",
    context_of_use="Understanding and teaching of propofol infusion at any age; to compare models and regimens.",
    model_risk="high",
    limitations=(
        *_LIMITS,
        "Arterial concentrations; a birth at 40 weeks is assumed, which matters in the first year only.",
        "The index is without its delay and without other drugs.",
    ),
)  # fmt: skip


def _body(patient: parameters.Parameters) -> Body:
    from twin_backend.engines.compartments import Body

    return Body.of(patient.cl, (patient.v1, patient.v2, patient.v3), (patient.q2, patient.q3))


def _given(values: Values) -> Doses:
    from twin_backend.engines.compartments import Doses

    rate = (values.optional("infusion_mg_kg_h") or 0.0) * values.number("weight_kg") / 60
    minutes = values.optional("infusion_min") or _horizon_min(values)
    return Doses.of([values.optional("bolus_mg") or 0.0, rate * minutes], [0.0, 0.0], [0.0, minutes])


def _horizon_min(values: Values) -> float:
    return max(values.optional("time_min") or _COURSE_MIN, 10.0)


def _compute(values: Values, patient: parameters.Parameters) -> Result:
    import numpy as np

    from twin_backend.engines.compartments import mass_balance_error

    body, doses, horizon = _body(patient), _given(values), _horizon_min(values)
    plasma = body.concentration()
    effect = plasma.through(patient.ke0)
    times, given = np.linspace(0.0, horizon, _SERIES_POINTS), values.has("bolus_mg") or values.has("infusion_mg_kg_h")
    return Result(
        outputs=(
            *_at_time(values, plasma, effect, doses),
            *_peak(values, patient),
            *_parameters(patient),
            *_target(values, patient),
        ),
        series=(
            _series("plasma", "Propofol in plasma", times, plasma.at(doses, times)[0]),
            _series("effect_site", "Propofol at the effect site", times, effect.at(doses, times)[0]),
        ),
        warnings=() if given else ("Nothing is given: bolus_mg or infusion_mg_kg_h would make a course.",),
        solver="closed form (superposition of exponentials)",
        conservation={"mass_balance_relative_error": mass_balance_error(body, doses, horizon)},
    )


def _at_time(values: Values, plasma: Response, effect: Response, doses: Doses) -> list[Output]:
    time = values.optional("time_min")
    if time is None:
        return []
    in_plasma, at_site = (max(0.0, float(site.at(doses, [time])[0, 0])) for site in (plasma, effect))
    return [
        measured("plasma_concentration", "Plasma concentration", in_plasma, "ug/mL", 2),
        measured("effect_site_concentration", "Effect-site concentration", at_site, "ug/mL", 2),
    ]


def _peak(values: Values, patient: parameters.Parameters) -> list[Output]:
    """When a bolus has its greatest effect; how great, where one is given."""
    from scipy.optimize import minimize_scalar

    from twin_backend.engines.compartments import Doses

    effect, unit = _body(patient).concentration().through(patient.ke0), Doses.of(1.0, 0.0)
    found = minimize_scalar(
        lambda minute: -float(effect.at(unit, [minute])[0, 0]), bounds=(0.01, _PEAK_SEARCH_MIN), method="bounded",
        options={"xatol": 1e-6},
    )  # fmt: skip
    outputs = [measured("time_to_peak_effect", "Time to peak effect of a bolus", float(found.x), "min", 2)]
    bolus = values.optional("bolus_mg")
    if bolus:
        label = "Peak effect-site concentration of the bolus alone"
        outputs.append(measured("peak_effect_site", label, -float(found.fun) * bolus, "ug/mL", 2))
    return outputs


def _parameters(p: parameters.Parameters) -> list[Output]:
    rows = (
        ("v1", "Central volume", p.v1, "L", 2), ("v2", "Fast peripheral volume", p.v2, "L", 1),
        ("v3", "Slow peripheral volume", p.v3, "L", 0), ("clearance", "Elimination clearance", p.cl, "L/min", 2),
        ("q2", "Fast distribution clearance", p.q2, "L/min", 2),
        ("q3", "Slow distribution clearance", p.q3, "L/min", 2), ("k10", "k10", p.cl / p.v1, "/min", 3),
        ("k12", "k12", p.q2 / p.v1, "/min", 3), ("k13", "k13", p.q3 / p.v1, "/min", 4),
        ("k21", "k21", p.q2 / p.v2, "/min", 4), ("k31", "k31", p.q3 / p.v3, "/min", 4),
        ("ke0", "ke0", p.ke0, "/min", 3),
    )  # fmt: skip
    return [measured(*row) for row in rows]


def _target(values: Values, patient: parameters.Parameters) -> list[Output]:
    target = values.optional("target_ug_ml")
    if target is None:
        return []
    rate = target * patient.cl * 60
    return [
        measured("target_bolus", "Bolus that brings plasma to the target at once", target * patient.v1, "mg", 0),
        measured("target_steady_rate", "Infusion rate that holds the target at steady state", rate, "mg/h", 0,
                 "reached after hours; more is needed before"),
    ]  # fmt: skip


def _series(name: str, label: str, times: Floats, values: Floats) -> Series:
    return Series(
        name=name, label=label, unit="ug/mL", time_unit="min", times=tuple(times.tolist()),
        values=tuple(values.tolist()),
    )  # fmt: skip


def _eleveld(values: Values) -> Result:
    result = _compute(values, parameters.eleveld(values))
    effects = [float(o.value) for o in result.outputs if o.name == "effect_site_concentration"]
    shown = [
        measured("bis", "Bispectral index, typical patient",
                 parameters.eleveld_bis(effect, values.number("age_years")), "1", 0)
        for effect in effects
    ]  # fmt: skip
    warnings = result.warnings
    if shown and values.number("age_years") < 18:
        warnings = (*warnings, "The bispectral index was modelled in adults; in children it is an extrapolation.")
    return Result(
        outputs=(*result.outputs, *shown), series=result.series, warnings=warnings, solver=result.solver,
        conservation=result.conservation,
    )  # fmt: skip


def _infusion_needs_rate(values: Values) -> list[str]:
    if values.has("infusion_min") and not values.has("infusion_mg_kg_h"):
        return ["infusion_min goes with infusion_mg_kg_h, which is absent"]
    return []


def _sixteen_or_over(values: Values) -> list[str]:
    age = values.optional("age_years")
    return [] if age is None or age >= 16 else [f"age_years is {age:g}; the adult parameters are for 16 years or older"]


def _schnider_applies(values: Values) -> list[str]:
    reasons = adults_only(values)
    bmi = values.number("weight_kg") / (values.number("height_cm") / 100) ** 2
    limit = 35 if values.choice("sex") == "female" else 42
    if bmi > limit:
        reasons.append(f"BMI is {bmi:.0f} kg/m2; over {limit} the lean body mass of James falls with weight")
    elif min(parameters.schnider(values)[:6]) <= 0:
        reasons.append("a volume or clearance of the model is not positive for this age and size")
    return reasons


def _no_more(_values: Values) -> list[str]:
    return []


def _model(
    card: ModelCard, compute: Callable[[Values], Result], refuse: Callable[[Values], list[str]] = _no_more
) -> Model:
    return Model(card, lambda values, _seed: compute(values), refuse=refuse, contradict=_infusion_needs_rate)


MODELS = (
    _model(MARSH, lambda values: _compute(values, parameters.marsh(values)), _sixteen_or_over),
    _model(SCHNIDER, lambda values: _compute(values, parameters.schnider(values)), _schnider_applies),
    _model(ELEVELD, _eleveld),
)
