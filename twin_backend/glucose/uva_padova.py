"""A day of meals and insulin in a virtual patient with type 1 diabetes: UVA/Padova S2008."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.predictions import ModelCard, Numerics, Series
from twin_backend import inputs
from twin_backend.glucose import uva_padova_day
from twin_backend.glucose.glucose_summary import summary
from twin_backend.model import Model, Result, Values
from twin_backend.randomness import standard_normals

if TYPE_CHECKING:
    from twin_backend.engines.uva_padova import Course

_PATIENTS = tuple(f"{group}#{one:03d}" for group in ("adult", "adolescent", "child") for one in range(1, 11))
_SENSOR_REPORTS = (39.0, 600.0)  # mg/dL, Dexcom STS as simulated
_VALID = (20.0, 600.0)

CARD = ModelCard(
    id="glucose_uva_padova_s2008",
    version="1.0.0",
    title="Glucose over a day in a virtual patient (UVA/Padova S2008, type 1 diabetes)",
    aliases=(
        "uva padova", "uva/padova", "uva padova simulator", "s2008", "simglucose", "t1d simulator", "t1dms",
        "virtual patient", "dalla man", "glucose day", "missed bolus", "glucose_uva_padova", "uva_padova_s2008",
    ),
    kind="simulation",
    summary="Glucose minute by minute over meals, basal insulin and boluses in one of 30 published virtual patients.",
    inputs=(
        inputs.choice("patient", "Virtual patient", ("average_adult", *_PATIENTS),
                      description="A published patient, or the mean of the ten adults brought into balance."),
        inputs.numbers("carbohydrate_g", "Carbohydrate of each meal", "g", (0, 300), required=False,
                       description="A list, one for each meal; without it, a day of fasting."),
        inputs.numbers("meal_time_h", "Time of each meal", "h", (0, 72), required=False,
                       description="Hours since the start, one for each meal."),
        inputs.number("basal_units_per_h", "Basal insulin", "[IU]/h", (0, 20), required=False,
                      substance="insulin",
                      description="Without it, the rate that holds this body's fasting glucose."),
        inputs.numbers("insulin_bolus_units", "Rapid-acting insulin boluses", "[IU]", (0, 100), required=False,
                       substance="insulin",
                       description="A list, one for each meal or each bolus time; 0 is none. Without it, each meal is "
                       "covered by the carbohydrate ratio."),
        inputs.numbers("bolus_time_h", "Time of each bolus", "h", (0, 72), required=False,
                       description="Hours since the start; without it, with the meals."),
        inputs.number("insulin_carb_ratio_g_per_unit", "Carbohydrate that one unit of insulin covers", "g", (1, 150),
                      required=False, description="Without it and without boluses, this body's own published ratio."),
        inputs.number("bolus_percent", "Share of each bolus that is given", "%", (0, 300), required=False,
                      default=100.0, default_source="Every bolus in full."),
        inputs.integer("missed_bolus", "The bolus that is missed (1 is the first)", "1", (1, 50), required=False),
        inputs.changed(inputs.GLUCOSE, label="Starting glucose", plausible=_VALID, required=False,
                       description="Without it, the body's fasting glucose."),
        inputs.number("fasting_glucose_mg_dl", "Fasting glucose on the basal rate", "mg/dL", (40, 400),
                      required=False, substance="glucose", derivation=(133, 153),
                      description="Calibrates glucose production to this patient."),
        inputs.number("basal_need_units_per_h", "Basal insulin that this patient needs", "[IU]/h", (0.05, 10),
                      required=False, derivation=(0.28, 1.73), description="Calibrates insulin sensitivity."),
        inputs.changed(inputs.WEIGHT, required=False, plausible=(10, 300), derivation=(23, 112),
                       description="Scales the body; without it, the virtual patient's own."),
        inputs.number("horizon_h", "Hours simulated", "h", (1, 72), required=False, default=24.0,
                      default_source="A day."),
        inputs.flag("cgm_noise", "Add a sensor's readings with their error", required=False, default=False,
                    default_source="Glucose without measurement error.",
                    description="Every 5 min, within the 39 to 600 mg/dL that the simulated sensor reports."),
        inputs.choice("diabetes_type", "Type of diabetes", ("type_1", "type_2", "none"), required=False,
                      description="Given only to refuse others than type 1."),
    ),
    outputs=(
        ("mean_glucose", "mg/dL", "Mean glucose"),
        ("min_glucose", "mg/dL", "Lowest glucose"),
        ("time_of_min", "min", "Time of the lowest glucose"),
        ("max_glucose", "mg/dL", "Highest glucose"),
        ("time_of_max", "min", "Time of the highest glucose"),
        ("final_glucose", "mg/dL", "Glucose at the end"),
        ("time_in_range", "%", "Time in range 70-180 mg/dL"),
        ("time_below_70", "%", "Time below 70 mg/dL"),
        ("time_below_54", "%", "Time below 54 mg/dL"),
        ("time_above_180", "%", "Time above 180 mg/dL"),
        ("time_above_250", "%", "Time above 250 mg/dL"),
        ("lbgi", "{index}", "Low blood glucose index"),
        ("hbgi", "{index}", "High blood glucose index"),
        ("basal_used", "[IU]/h", "Basal insulin used"),
        ("bolus_total", "[IU]", "Boluses in all"),
    ),
    source="Kovatchev BP, et al. In silico preclinical trials: a proof of concept in closed-loop control of type 1 "
    "diabetes. J Diabetes Sci Technol 2009;3:44-55. Equations: Dalla Man C, et al. IEEE Trans Biomed Eng "
    "2007;54:1740-9 (doi:10.1109/TBME.2007.893506) and 2006;53:2472-8 (doi:10.1109/TBME.2006.883792). Parameters of "
    "the 30 patients: Xie J, simglucose 0.2.11 (MIT licence). Sensor error: Breton M, Kovatchev B. J Diabetes Sci "
    "Technol 2008;2:853-62.",
    doi="10.1177/193229680900300106",
    population="30 virtual patients with type 1 diabetes (10 adults, 10 adolescents, 10 children) of the simulator that "
    "the FDA accepted in 2008 in place of animal trials of insulin treatments.",
    context_of_use="Teaching, testing of treatment rules and what-if discussion of meals, basal rates and full, "
    "reduced, early, late or missed boluses in type 1 diabetes.",
    model_risk="high",
    limitations=(
        "A virtual body: calibration to fasting glucose, basal need and weight moves its level, not its dynamics; the "
        "scaling of insulin sensitivity by basal need is this project's, not the publications'.",
        "Glucose is subcutaneous, as a sensor without error reports it and as simglucose reports BG.",
        "No exercise, illness, counter-regulation (version S2013 has it), dawn effect, protein, fat or long-acting "
        "insulin; carbohydrate is eaten at 5 g/min.",
        "Not valid under 20 or over 600 mg/dL, and not for insulin far under the basal need over many hours.",
        "Never a basis for an insulin dose.",
    ),
)  # fmt: skip


def compute(values: Values, seed: int) -> Result:
    """The course of glucose, its summary, and what a sensor would have shown of it."""
    from twin_backend.engines import uva_padova

    body = uva_padova_day.body(values)
    meals, boluses, basal = uva_padova_day.events(values, body)
    minutes = round(60 * values.number("horizon_h"))
    start = uva_padova_day.start_glucose(values, body)
    course = uva_padova.simulate(body, uva_padova.plan_day(basal, meals, boluses, minutes), start)
    outside = tuple(_outside(course))
    noisy = values.flag("cgm_noise")
    return Result(
        outputs=(
            *summary(course.sensor_glucose_mg_per_dl[:, 0]),
            *uva_padova_day.insulin_outputs(basal, boluses),
        ),
        series=(*_series(course), *([_sensor(course, seed)] if noisy else [])),
        warnings=(*uva_padova_day.warnings(values, body), *(f"Outside what the model is valid for: {o}." for o in outside)),
        outside=outside,
        solver="Matrix exponential (insulin), Runge-Kutta 4 (gut, glucose)",
        numerics=Numerics(
            step="1 min; gut 0.5 min while eating",
            error_estimate=0.02,
            error_basis="mg/dL, largest difference from simglucose over its 30 patients on the days of the tests",
        ),
        conservation={"carbohydrate_relative_error": float(course.carbohydrate_error[0])},
        seeded=noisy,
    )  # fmt: skip


def _outside(course: Course) -> list[str]:
    """Where the course leaves what was validated; values stay as computed, since a clamp would hide it."""
    import numpy as np

    plasma, (low, high) = course.plasma_glucose_mg_per_dl[:, 0], _VALID
    found = []
    for words, hit in ((f"under {low:g}", plasma < low), (f"over {high:g}", plasma > high)):
        if hit.any():
            first = int(np.argmax(hit))
            found.append(f"glucose is {words} mg/dL from minute {first}; do not read values from there on")
    return found


def _series(course: Course) -> tuple[Series, ...]:
    """Every fifth minute, which is what a glucose sensor reports."""
    shown = (
        ("glucose", "Glucose", "mg/dL", course.sensor_glucose_mg_per_dl),
        ("plasma_glucose", "Plasma glucose", "mg/dL", course.plasma_glucose_mg_per_dl),
        ("plasma_insulin", "Plasma insulin", "pmol/L", course.insulin_pmol_per_l),
    )
    return tuple(
        Series(
            name=name, label=label, unit=unit, time_unit="min", times=tuple(map(float, range(0, len(values), 5))),
            values=tuple(values[::5, 0].tolist()),
        )
        for name, label, unit, values in shown
    )  # fmt: skip


def _sensor(course: Course, seed: int) -> Series:
    """Glucose with a sensor's error, limited to what the sensor reports."""
    import numpy as np

    from twin_backend.engines.sensor_noise import draws_needed, sensor_error_mg_per_dl

    glucose = course.sensor_glucose_mg_per_dl[::5, 0]
    times = 5.0 * np.arange(len(glucose))
    normals = standard_normals(seed, f"{CARD.id}/cgm", (draws_needed(int(times[-1])),))
    read = np.clip(glucose + sensor_error_mg_per_dl(normals, times), *_SENSOR_REPORTS)
    return Series(
        name="cgm", label="Sensor glucose with its error", unit="mg/dL", time_unit="min", times=tuple(times.tolist()),
        values=tuple(read.tolist()),
    )  # fmt: skip


def _refuse(values: Values) -> list[str]:
    if not values.has("diabetes_type") or values.choice("diabetes_type") == "type_1":
        return []
    return [f"diabetes_type is {values.choice('diabetes_type')}; the virtual patients have type 1 and no own insulin"]


MODEL = Model(
    CARD, compute, refuse=_refuse, contradict=uva_padova_day.contradict, also_needed=uva_padova_day.also_needed
)
