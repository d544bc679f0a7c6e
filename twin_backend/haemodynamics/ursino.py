"""Bleeding, fluids, a vasopressor and ventilation in a closed circulation with baroreflex (after Ursino 1998)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import exp
from typing import TYPE_CHECKING

from domain.predictions import ModelCard, ModelInput, Numerics, Output, Series
from twin_backend import inputs
from twin_backend.display import category, measured
from twin_backend.model import Model, Result, Values, adults_only
from twin_backend.randomness import standard_normals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin_backend.engines.circulation import Bodies, Events, Readings

    Floats = NDArray[np.float64]

ENSEMBLE_SIZE = 200
_BAND = (5, 95)
_VALID_ABOVE_MMHG = 40.0
_LARGEST_LOSS_PERCENT = 50.0
# Share of airway pressure that reaches the chest: lungs 0.2 and chest wall 0.2445 L/cmH2O (Albanese 2016)
_TRANSMITTED = 0.2 / (0.2 + 0.2445)
_MMHG_PER_CMH2O = 0.73556
_MEAN_ABOVE_PEEP_CMH2O = 4.0  # a tidal breath of 12 cmH2O for a third of the cycle
_VASOPRESSOR_MOST, _VASOPRESSOR_HALF = 3.0, 0.1  # drive; ug/kg/min
_VASOPRESSOR_ONSET_S = 60.0
# ATLS 10th edition: up to 15, 15 to 30, 31 to 40 and over 40 % of the blood volume
_CLASSES = (("I", 15.0, "minimal signs"), ("II", 30.0, "faster pulse, narrower pulse pressure"),
            ("III", 40.0, "hypotension"), ("IV", 100.0, "immediately life-threatening"))  # fmt: skip


def _given(name: str, label: str, most_ml: float, most_rate: float) -> tuple[ModelInput, ...]:
    return (
        inputs.number(f"{name}_ml", label, "mL", (0, most_ml), required=False, default=0.0,
                      default_source="Not given: none."),
        inputs.number(f"{name}_rate_ml_min", f"{label}: rate", "mL/min", (1, most_rate), required=False,
                      description=f"Needed with {name}_ml."),
        _start(name, label),
    )  # fmt: skip


def _start(name: str, label: str) -> ModelInput:
    return inputs.number(f"{name}_start_min", f"{label}: start", "min", (0, 120), required=False, default=0.0,
                         default_source="At the start.")  # fmt: skip


def _outputs() -> tuple[tuple[str, str, str], ...]:
    return (
        ("mean_arterial_pressure", "mm[Hg]", "Mean arterial pressure at the end"),
        ("systolic_pressure", "mm[Hg]", "Systolic pressure at the end"),
        ("diastolic_pressure", "mm[Hg]", "Diastolic pressure at the end"),
        ("pulse_pressure", "mm[Hg]", "Pulse pressure at the end"),
        ("heart_rate", "/min", "Heart rate at the end"),
        ("shock_index", "{ratio}", "Shock index at the end"),
        ("stroke_volume", "mL", "Stroke volume at the end"),
        ("cardiac_output", "L/min", "Cardiac output at the end"),
        ("systemic_vascular_resistance", "dyn.s/cm5", "Systemic vascular resistance at the end"),
        ("central_venous_pressure", "mm[Hg]", "Central venous pressure at the end"),
        ("blood_volume", "L", "Blood volume at the end"),
        ("lowest_mean_arterial_pressure", "mm[Hg]", "Lowest mean arterial pressure"),
        ("time_of_lowest_mean_arterial_pressure", "min", "Time of the lowest mean arterial pressure"),
        ("probability_map_below_65", "%", "Share of the ensemble whose mean pressure falls under 65 mmHg"),
        ("baseline_mean_arterial_pressure", "mm[Hg]", "Mean arterial pressure before"),
        ("baseline_heart_rate", "/min", "Heart rate before"),
        ("baseline_cardiac_output", "L/min", "Cardiac output before"),
        ("baseline_blood_volume", "L", "Blood volume before"),
        ("blood_loss_percent", "%", "Blood lost, of the volume before"),
        ("atls_class", "", "ATLS class of that loss"),
        ("hemoglobin", "g/dL", "Hemoglobin at the end"),
    )


CARD = ModelCard(
    id="haemodynamics_ursino",
    version="1.0.0",
    title="Circulation under bleeding, fluids, a vasopressor and ventilation (Ursino)",
    aliases=(
        "ursino", "haemodynamics", "hemodynamics", "hemodynamics_ursino", "haemodynamic simulation",
        "hemodynamic simulation", "circulation simulation", "haemorrhage", "hemorrhage", "haemorrhage simulation",
        "hemorrhage simulation", "blood loss simulation", "what if bleeding", "fluid bolus simulation",
        "vasopressor simulation", "positive pressure ventilation simulation", "baroreflex",
    ),
    kind="simulation",
    summary="Pressures, heart rate and cardiac output over the minutes after blood loss, crystalloid, blood, "
    "noradrenaline or positive-pressure ventilation, with the spread of 200 bodies.",
    inputs=(
        inputs.changed(inputs.WEIGHT, derivation=(40, 150)),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse children."),
        inputs.changed(inputs.HEIGHT, required=False,
                       description="With it, blood volume per kg falls with obesity (Lemmens 2006)."),
        inputs.changed(inputs.HEART_RATE, required=False, derivation=(45, 110), label="Resting heart rate",
                       description="Before the events. Without it, the published body's."),
        inputs.changed(inputs.SYSTOLIC, required=False, derivation=(90, 180), label="Resting systolic pressure",
                       description="Before the events, with the diastolic. Without them, the published body's."),
        inputs.changed(inputs.DIASTOLIC, required=False, derivation=(45, 110), label="Resting diastolic pressure"),
        inputs.changed(inputs.HEMOGLOBIN, required=False, label="Hemoglobin before",
                       description="Only for the hemoglobin at the end."),
        *_given("blood_loss", "Blood lost", 6000, 1000),
        *_given("crystalloid", "Crystalloid infused", 6000, 500),
        *_given("blood_transfusion", "Blood transfused", 6000, 500),
        inputs.number("norepinephrine_ug_kg_min", "Noradrenaline", "ug/kg/min", (0, 3), derivation=(0, 1),
                      required=False, default=0.0, default_source="Not given: none."),
        _start("norepinephrine", "Noradrenaline"),
        inputs.number("peep_cmh2o", "PEEP of positive-pressure ventilation", "cm[H2O]", (0, 40), required=False,
                      description="Mean airway pressure is taken as PEEP + 4. Without it and mean airway pressure, "
                      "breathing is spontaneous."),
        inputs.number("mean_airway_pressure_cmh2o", "Mean airway pressure of ventilation", "cm[H2O]", (0, 60),
                      required=False, derivation=(0, 30), description="Instead of PEEP."),
        _start("ventilation", "Ventilation"),
        inputs.number("baroreflex_percent", "Baroreflex, share of normal", "%", (0, 200), required=False,
                      default=100.0, default_source="Ursino 1998: the intact reflex.",
                      description="Less under deep anaesthesia or in autonomic failure."),
        inputs.number("horizon_min", "Minutes simulated", "min", (1, 120), required=False, default=30.0,
                      default_source="Long enough for a reflex and a litre of fluid."),
    ),
    outputs=_outputs(),
    source="Ursino M. Interaction between carotid baroregulation and the pulsating heart: a mathematical model. "
    "Am J Physiol 1998;275:H1733-47 (vessels, heart, carotid reflex); Heldt T, et al. J Appl Physiol 2002;92:1239-54 "
    "(doi:10.1152/japplphysiol.00241.2001; low-pressure reflex on veins); Drobin D, Hahn RG. Anesthesiology "
    "1999;90:81-91 (doi:10.1097/00000542-199901000-00013) and Hahn RG. Acta Anaesthesiol Scand 2020 "
    "(doi:10.1111/aas.13533; crystalloid); Albanese A, et al. Am J Physiol Heart Circ Physiol 2016;310:H899-921 "
    "(doi:10.1152/ajpheart.00230.2014; lung and chest wall); Chemla D, et al. Am J Physiol 1998;274:H500-5 "
    "(doi:10.1152/ajpheart.1998.274.2.H500; pulse pressure); Lemmens HJ, et al. Obes Surg 2006;16:773-6 "
    "(doi:10.1381/096089206777346673; blood volume and body mass index).",
    doi="10.1152/ajpheart.1998.275.5.H1733",
    population="One healthy adult of 70 kg with 5.3 L of blood, parameters from human and animal experiments; scaled "
    "by weight. Not fitted to patients in shock.",
    context_of_use="Teaching and what-if discussion: in which direction, in what order and roughly how far.",
    model_risk="high",
    limitations=(
        "The beat is averaged: systolic and diastolic pressure follow from mean pressure, stroke volume and "
        "compliance.",
        "Heart rate saturates near 110 per min: registries see about that in ATLS class IV (Guly HR, et al. "
        "Resuscitation 2011;82:556-9), the ATLS table gives over 140.",
        "No pain, hypoxia, acidosis, coagulopathy, angiotensin, vasopressin, ischaemia of heart or brain, autoregulation "
        "or late vasodilatation: decompensation is not in it.",
        "Noradrenaline's dose-effect curve (half effect at 0.1 ug/kg/min) and refill from the tissues are assumptions.",
        "Ventilation acts by mean intrathoracic pressure only; pulmonary resistance does not rise with lung volume.",
        "The band is an assumed spread between people (coefficients of variation: body size 8 %, systemic resistance "
        "15 %, lung resistance 15 %, arterial compliance 20 %, ventricular elastances 15 %, venous unstressed volume "
        "3 %, reflex gain 25 %, fluid exchange 30 %, intrinsic beat 8 %, set point 5 %), not a confidence interval.",
        "Not for septic, cardiogenic or obstructive shock.",
    ),
)  # fmt: skip


def compute(values: Values, seed: int) -> Result:
    """The published body made like this patient, and 200 relatives, through the events."""
    import numpy as np

    from twin_backend.engines import circulation
    from twin_backend.engines import circulation_bodies as kin

    body, held = _body(values)
    normals = standard_normals(seed, f"{CARD.id}/bodies", (ENSEMBLE_SIZE, len(kin.SPREAD)))
    bodies = kin.ensemble(body, normals, held).scaled({"reflex_gain": values.number("baroreflex_percent") / 100})
    rest = circulation.settle(bodies, ENSEMBLE_SIZE + 1)
    course = _course(values)
    times, states = circulation.simulate(bodies, rest, course, values.number("horizon_min"))
    readings = [circulation.read(bodies, s, course(60 * t)) for t, s in zip(times, states, strict=True)]
    readings[0] = circulation.read(bodies, states[0])
    tables = _tables(bodies, readings)
    draws = {name: tuple(table[-1, 1:].tolist()) for name, table in tables.items()}
    lowest = tables["mean_arterial_pressure"].min(axis=0)
    invalid = tuple(_invalid(times, tables["mean_arterial_pressure"][:, 0]))
    return Result(
        outputs=(
            *(_at_the_end(name, table) for name, table in tables.items()),
            *_lowest(times, tables["mean_arterial_pressure"][:, 0]),
            measured("probability_map_below_65", "Share of the ensemble whose mean pressure falls under 65 mmHg",
                     float(100 * np.mean(lowest[1:] < 65)), "%", 0),
            *_before(tables),
            *_loss(values),
            *_hemoglobin(values, float(readings[-1].hemoglobin[0])),
        ),
        series=tuple(_series(name, times, table) for name, table in tables.items()),
        warnings=(*_warnings(values), *(f"Outside what the model is valid for: {text}." for text in invalid)),
        outside=invalid,
        solver="Heun for volumes, exact decay for the reflex, Euler for fluids, 0.2 s steps",
        ensemble_size=ENSEMBLE_SIZE,
        conservation={"blood_and_fluid_relative_error": circulation.balance_error(states)},
        numerics=Numerics(step="0.2 s", error_estimate=0.03, error_basis="mean arterial pressure in mmHg, against steps of "
                          "0.1 s, in a course of bleeding, ventilation, noradrenaline and crystalloid"),
        draws={**draws, "lowest_mean_arterial_pressure": tuple(lowest[1:].tolist())},
    )  # fmt: skip


def _size(values: Values) -> float:
    """How much larger than the published body; blood per kg falls with the square root of body mass index / 22."""
    weight, height = values.number("weight_kg"), values.optional("height_cm")
    leanness = 1.0 if height is None else (22.0 / (weight / (height / 100) ** 2)) ** 0.5
    return weight / 70.0 * leanness


def _body(values: Values) -> tuple[Bodies, frozenset[str]]:
    """The patient's body, and what is known of it, so that the ensemble does not vary it."""
    from twin_backend.engines.circulation import Bodies
    from twin_backend.engines.circulation_bodies import fitted

    body = Bodies().sized(_size(values))
    rate, systolic = values.optional("heart_rate_bpm"), values.optional("systolic_bp_mmhg")
    held = frozenset([] if rate is None else ["beat"]) | frozenset([] if systolic is None else ["set point"])
    if not held:
        return body, held
    if systolic is None:
        return fitted(body, None, None, rate), held
    pulse = systolic - values.number("diastolic_bp_mmhg")
    return fitted(body, values.number("diastolic_bp_mmhg") + pulse / 3, pulse, rate), held


def _course(values: Values) -> Callable[[float], Events]:
    """Seconds since the start to what is being done to the patient."""
    from twin_backend.engines.circulation import Events

    flows = {name: _flow(values, name) for name in ("blood_loss", "blood_transfusion", "crystalloid")}
    dose, dose_start = values.number("norepinephrine_ug_kg_min"), 60 * values.number("norepinephrine_start_min")
    drive = _VASOPRESSOR_MOST * dose / (dose + _VASOPRESSOR_HALF)
    airway, airway_start = _airway_pressure(values) or 0.0, 60 * values.number("ventilation_start_min")
    thorax = _TRANSMITTED * _MMHG_PER_CMH2O * airway

    def course(second: float) -> Events:
        return Events(
            bleeding=flows["blood_loss"](second),
            blood=flows["blood_transfusion"](second),
            crystalloid=flows["crystalloid"](second),
            vasopressor=drive * (1 - exp(-max(second - dose_start, 0.0) / _VASOPRESSOR_ONSET_S)),
            thoracic_pressure=thorax if second >= airway_start else 0.0,
        )

    return course


def _flow(values: Values, name: str) -> Callable[[float], float]:
    """mL/s at a second; the last step carries what is left of the volume, so that all of it is given."""
    from twin_backend.engines.circulation import STEP_S

    volume = values.number(f"{name}_ml")
    if not volume:
        return lambda second: 0.0
    rate, start = values.number(f"{name}_rate_ml_min") / 60, 60 * values.number(f"{name}_start_min")

    def at(second: float) -> float:
        running = second - start + 1e-9
        left = volume - rate * max(running, 0.0)
        return min(rate, left / STEP_S) if running >= 0 and left > 0 else 0.0

    return at


def _airway_pressure(values: Values) -> float | None:
    mean, peep = values.optional("mean_airway_pressure_cmh2o"), values.optional("peep_cmh2o")
    return mean if peep is None else peep + _MEAN_ABOVE_PEEP_CMH2O


def _tables(bodies: Bodies, readings: list[Readings]) -> dict[str, Floats]:
    """By output name, values over times and bodies, the patient's in the first column."""
    import numpy as np

    def table(name: str) -> Floats:
        return np.stack([getattr(reading, name) for reading in readings])

    mean, pulse, rate = table("mean_pressure"), table("pulse_pressure"), table("heart_rate")
    systolic = mean + 2 / 3 * pulse
    return {
        "mean_arterial_pressure": mean,
        "systolic_pressure": systolic,
        "diastolic_pressure": mean - pulse / 3,
        "pulse_pressure": pulse,
        "heart_rate": rate,
        "shock_index": rate / np.maximum(systolic, 1.0),
        "stroke_volume": table("stroke_volume"),
        "cardiac_output": table("cardiac_output"),
        "systemic_vascular_resistance": table("resistance") * 1333.22,
        "central_venous_pressure": table("central_venous_pressure"),
        "blood_volume": table("blood_volume") / 1000,
    }


_DECIMALS = {"shock_index": 2, "cardiac_output": 1, "central_venous_pressure": 1, "blood_volume": 2}


def _declared(name: str) -> tuple[str, str]:
    return next((unit, label) for declared, unit, label in CARD.outputs if declared == name)


def _at_the_end(name: str, table: Floats) -> Output:
    import numpy as np

    unit, label = _declared(name)
    low, high = np.percentile(table[-1, 1:], _BAND)
    decimals = _DECIMALS.get(name, 0)
    spread = f"5th to 95th percentile {low:.{decimals}f} to {high:.{decimals}f}"
    return measured(name, label, float(table[-1, 0]), unit, decimals, f"{spread}; before {table[0, 0]:.{decimals}f}")


def _lowest(times: Floats, pressure: Floats) -> Iterator[Output]:
    where = int(pressure.argmin())
    for name, value in (("lowest_mean_arterial_pressure", pressure[where]),
                        ("time_of_lowest_mean_arterial_pressure", times[where])):  # fmt: skip
        unit, label = _declared(name)
        yield measured(name, label, float(value), unit, 0)


def _before(tables: dict[str, Floats]) -> Iterator[Output]:
    for name in ("mean_arterial_pressure", "heart_rate", "cardiac_output", "blood_volume"):
        unit, label = _declared(f"baseline_{name}")
        yield measured(f"baseline_{name}", label, float(tables[name][0, 0]), unit, _DECIMALS.get(name, 0))


def _loss_percent(values: Values) -> float:
    """Of the blood before, all that is to be lost, even beyond the horizon."""
    return 100 * values.number("blood_loss_ml") / (5300.0 * _size(values))


def _loss(values: Values) -> Iterator[Output]:
    lost = _loss_percent(values)
    if not lost:
        return
    name, signs = next((name, signs) for name, limit, signs in _CLASSES if lost < limit or lost <= limit != 15)
    yield measured("blood_loss_percent", "Blood lost, of the volume before", lost, "%", 0)
    yield category("atls_class", "ATLS class of that loss", name, f"{signs} (by volume alone, ATLS 10th edition)")


def _hemoglobin(values: Values, share: float) -> Iterator[Output]:
    before = values.optional("hemoglobin_g_dl")
    if before is not None:
        note = "transfused blood taken as whole blood of the patient's own hemoglobin"
        yield measured("hemoglobin", "Hemoglobin at the end", before * share, "g/dL", 1, note)


def _series(name: str, times: Floats, table: Floats) -> Series:
    import numpy as np

    unit, label = _declared(name)
    low, high = np.percentile(table[:, 1:], _BAND, axis=1)
    return Series(
        name=name, label=label.removesuffix(" at the end"), unit=unit, time_unit="min", times=tuple(times.tolist()),
        values=tuple(table[:, 0].tolist()), lower=tuple(low.tolist()), upper=tuple(high.tolist()),
        band="5th to 95th percentile of 200 bodies",
    )  # fmt: skip


def _invalid(times: Floats, pressure: Floats) -> list[str]:
    """Where the course leaves what a body compensates; values stay as computed, since a clamp would hide it."""
    under = (pressure < _VALID_ABOVE_MMHG).nonzero()[0]
    if not len(under):
        return []
    return [
        f"mean arterial pressure is under 40 mmHg from minute {times[under[0]]:g}: organs fail, which is not modelled"
    ]


def _warnings(values: Values) -> Iterator[str]:
    yield "A representative body, not this patient's: read directions and differences between scenarios, not levels."
    if values.has("peep_cmh2o"):
        yield "Mean airway pressure was taken as PEEP + 4 cmH2O."
    if values.number("norepinephrine_ug_kg_min"):
        yield "Noradrenaline's dose-effect curve is an assumption."
    for name in ("blood_loss", "crystalloid", "blood_transfusion"):
        if volume := values.number(f"{name}_ml"):
            end = values.number(f"{name}_start_min") + volume / values.number(f"{name}_rate_ml_min")
            if end > values.number("horizon_min") + 1e-6:
                yield f"{name}_ml is not complete within the {values.number('horizon_min'):g} min simulated."


def _also_needed(values: Values) -> list[str]:
    events = ("blood_loss", "crystalloid", "blood_transfusion")
    needed = [f"{name}_rate_ml_min" for name in events if values.number(f"{name}_ml")]
    pair = ("systolic_bp_mmhg", "diastolic_bp_mmhg")
    needed += pair if any(values.has(name) for name in pair) else ()
    return [name for name in needed if not values.has(name)]


def _contradict(values: Values) -> list[str]:
    found = []
    systolic, diastolic = values.optional("systolic_bp_mmhg"), values.optional("diastolic_bp_mmhg")
    if systolic is not None and diastolic is not None and systolic - diastolic < 10:
        found.append("systolic_bp_mmhg must exceed diastolic_bp_mmhg by 10 mmHg or more")
    if values.has("peep_cmh2o") and values.has("mean_airway_pressure_cmh2o"):
        found.append("give peep_cmh2o or mean_airway_pressure_cmh2o, not both")
    return found


def _refuse(values: Values) -> list[str]:
    reasons = adults_only(values)
    lost = _loss_percent(values)
    if lost > _LARGEST_LOSS_PERCENT:
        reasons.append(f"blood_loss_ml is {lost:.0f} % of the blood volume; beyond 50 % the model has no meaning")
    return reasons


MODEL = Model(
    CARD,
    compute,
    declines=("weight_kg", "heart_rate_bpm", "systolic_bp_mmhg", "diastolic_bp_mmhg"),
    refuse=_refuse,
    contradict=_contradict,
    also_needed=_also_needed,
)
