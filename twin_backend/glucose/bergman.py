"""A meal and an insulin bolus in type 1 diabetes: what glucose would do under the minimal model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.predictions import ModelCard, Numerics, Output, Series
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, adults_only

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin_backend.engines.minimal_model import Course, Parameters

    Floats = NDArray[np.float64]

_SENSITIVITY = 0.0081  # dL/mU/min, see minimal_model.Parameters
_SENSITIVITY_SPAN = (0.7, 1.3)
_VALID_ABOVE_MG_DL = 20.0

CARD = ModelCard(
    id="glucose_insulin_bergman",
    version="1.0.0",
    title="Glucose after a meal and insulin (minimal model, type 1 diabetes)",
    aliases=(
        "bergman", "minimal model", "glucose simulation", "glucose insulin", "meal bolus", "insulin bolus",
        "glucose trajectory", "what if insulin", "glucose what-if",
    ),
    kind="simulation",
    summary="Glucose over the hours after a meal and a subcutaneous rapid-acting bolus in type 1 diabetes.",
    inputs=(
        inputs.choice("diabetes_type", "Type of diabetes", ("type_1", "type_2", "none"),
                      description="Only type 1 is simulated; the model has no insulin secretion of its own."),
        inputs.changed(inputs.GLUCOSE, label="Starting glucose", plausible=(20, 1000), derivation=(60, 300)),
        inputs.number("carbohydrate_g", "Carbohydrate eaten", "g", (0, 300), derivation=(0, 120)),
        inputs.number("insulin_bolus_units", "Rapid-acting insulin bolus", "[IU]", (0, 100), derivation=(0, 25), substance="insulin"),
        inputs.integer("meal_time_min", "Time of the meal", "min", (0, 720), required=False, default=0.0,
                       default_source="At the start."),
        inputs.integer("bolus_time_min", "Time of the bolus", "min", (0, 720), required=False, default=0.0,
                       default_source="At the start."),
        inputs.number("basal_units_per_h", "Basal insulin", "[IU]/h", (0, 20), required=False, substance="insulin",
                      description="Without it, the rate that holds the starting glucose steady."),
        inputs.number("insulin_sensitivity_dl_per_mu_per_min", "Insulin sensitivity", "dL/m[IU]/min", (0.0005, 0.05),
                      required=False, default=_SENSITIVITY, derivation=(0.002, 0.02),
                      default_source="Representative set of Kanderian et al. 2009."),
        inputs.number("horizon_h", "Hours simulated", "h", (1, 24), required=False, default=6.0,
                      default_source="Long enough for a meal and a rapid-acting bolus."),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse children."),
    ),
    outputs=(
        ("peak_glucose", "mg/dL", "Peak glucose"),
        ("time_of_peak", "min", "Time of the peak"),
        ("nadir_glucose", "mg/dL", "Lowest glucose"),
        ("time_of_nadir", "min", "Time of the lowest glucose"),
        ("final_glucose", "mg/dL", "Glucose at the end"),
        ("time_in_range", "%", "Time in range 70-180 mg/dL"),
        ("time_below_70", "%", "Time below 70 mg/dL"),
        ("time_below_54", "%", "Time below 54 mg/dL"),
        ("time_above_180", "%", "Time above 180 mg/dL"),
        ("basal_used", "[IU]/h", "Basal insulin used"),
    ),
    source="Bergman RN, et al. Quantitative estimation of insulin sensitivity. Am J Physiol 1979;236:E667-77; "
    "Kanderian SS, et al. Identification of intraday metabolic profiles during closed-loop glucose control in "
    "individuals with type 1 diabetes. J Diabetes Sci Technol 2009;3:1047-57 (doi:10.1177/193229680900300508).",
    doi="10.1152/ajpendo.1979.236.6.E667",
    population="Structure: intravenous glucose tests (dogs, then humans). Insulin and meal routes, parameters: people "
    "with type 1 diabetes studied under closed-loop insulin; one representative parameter set.",
    context_of_use="Teaching and what-if discussion of timing and size of meals and boluses in type 1 diabetes.",
    model_risk="high",
    limitations=(
        "One representative body: not fitted to this patient unless insulin sensitivity is given; weight is not used.",
        "No exercise, illness, counter-regulation, renal glucose loss, protein, fat or long-acting insulin.",
        "The band shows insulin sensitivity 30 % lower and higher; it is an illustration, not a confidence interval.",
        "Never a basis for an insulin dose.",
    ),
)  # fmt: skip


def compute(values: Values, _seed: int) -> Result:
    """The glucose course, with the same course for a less and a more insulin-sensitive body as the band."""
    import numpy as np

    from twin_backend.engines import minimal_model

    sensitivity = values.number("insulin_sensitivity_dl_per_mu_per_min")
    bodies = [minimal_model.Parameters().with_sensitivity(sensitivity * f) for f in (1.0, *_SENSITIVITY_SPAN)]
    courses = [_course(values, body) for body in bodies]
    runs = [minimal_model.simulate(body, course) for body, course in zip(bodies, courses, strict=True)]
    glucose = [states[:, minimal_model.GLUCOSE] for states in runs]
    stacked = np.stack(glucose)
    series = (
        _series("glucose", "Glucose", "mg/dL", glucose[0], stacked.min(axis=0), stacked.max(axis=0)),
        _series("plasma_insulin", "Plasma insulin", "m[IU]/L", 10 * runs[0][:, minimal_model.IP]),
    )
    invalid = tuple(_invalid(glucose[0]))
    return Result(
        outputs=(*_outputs(glucose[0]), _basal(courses[0])),
        series=series,
        warnings=(*_warnings(values), *(f"Outside what the model is valid for: {text}." for text in invalid)),
        outside=invalid,
        solver="Runge-Kutta 4, 1 min steps",
        numerics=Numerics(
            step="1 min",
            error_estimate=1.1e-6,
            error_basis="mg/dL, largest difference from steps of 0.25 min over 6 h with 60 g eaten and 6 units given",
        ),
        conservation={"carbohydrate_relative_error": _carbohydrate_error(runs[0], values.number("carbohydrate_g"))},
    )


def _course(values: Values, body: Parameters) -> Course:
    from twin_backend.engines.minimal_model import Course

    start = values.number("glucose_mg_dl")
    given = values.optional("basal_units_per_h")
    return Course(
        start_glucose_mg_per_dl=start,
        basal_mu_per_min=body.basal_mu_per_min(start) if given is None else given * 1000 / 60,
        carbohydrate_g=values.number("carbohydrate_g"),
        meal_time_min=int(values.number("meal_time_min")),
        bolus_mu=1000 * values.number("insulin_bolus_units"),
        bolus_time_min=int(values.number("bolus_time_min")),
        horizon_min=round(60 * values.number("horizon_h")),
    )


def _series(
    name: str, label: str, unit: str, values: Floats, low: Floats | None = None, high: Floats | None = None
) -> Series:
    """Every fifth minute, which is what a glucose sensor reports."""
    shown = Series(
        name=name, label=label, unit=unit, time_unit="min", times=tuple(float(t) for t in range(0, len(values), 5)),
        values=tuple(values[::5].tolist()),
    )  # fmt: skip
    if low is None or high is None:
        return shown
    band = "insulin sensitivity 30 % lower to 30 % higher"
    return shown.model_copy(
        update={"lower": tuple(low[::5].tolist()), "upper": tuple(high[::5].tolist()), "band": band}
    )


def _outputs(glucose: Floats) -> list[Output]:
    import numpy as np

    def share(hit: NDArray[np.bool_]) -> float:
        return float(100 * np.mean(hit))

    peak, nadir = int(np.argmax(glucose)), int(np.argmin(glucose))
    lowest = float(glucose[nadir])
    return [
        measured("peak_glucose", "Peak glucose", float(glucose[peak]), "mg/dL", 0),
        measured("time_of_peak", "Time of the peak", peak, "min", 0),
        measured("nadir_glucose", "Lowest glucose", lowest, "mg/dL", 0, _low_reading(lowest)),
        measured("time_of_nadir", "Time of the lowest glucose", nadir, "min", 0),
        measured("final_glucose", "Glucose at the end", float(glucose[-1]), "mg/dL", 0),
        measured("time_in_range", "Time in range 70-180 mg/dL", share((glucose >= 70) & (glucose <= 180)), "%", 0),
        measured("time_below_70", "Time below 70 mg/dL", share(glucose < 70), "%", 0),
        measured("time_below_54", "Time below 54 mg/dL", share(glucose < 54), "%", 0),
        measured("time_above_180", "Time above 180 mg/dL", share(glucose > 180), "%", 0),
    ]


def _low_reading(lowest: float) -> str:
    if lowest < 54:
        return "level 2 hypoglycaemia (below 54 mg/dL)"
    return "level 1 hypoglycaemia (54-69 mg/dL)" if lowest < 70 else "no hypoglycaemia"


def _basal(course: Course) -> Output:
    return measured("basal_used", "Basal insulin used", course.basal_mu_per_min * 60 / 1000, "[IU]/h", 2)


def _invalid(glucose: Floats) -> list[str]:
    """Where the course leaves physiology; values stay as computed, since a clamp would hide it."""
    import numpy as np

    under = np.flatnonzero(glucose < _VALID_ABOVE_MG_DL)
    if not len(under):
        return []
    return [f"glucose is under 20 mg/dL from minute {int(under[0])}; do not read values from there on"]


def _warnings(values: Values) -> list[str]:
    warnings = ["A representative body, not this patient's: read differences between scenarios, not levels."]
    if not values.has("basal_units_per_h"):
        warnings.append("Basal insulin was set to the rate that holds the starting glucose.")
    return warnings


def _carbohydrate_error(states: Floats, eaten_g: float) -> float:
    from twin_backend.engines.minimal_model import ABSORBED, MEAL_1, MEAL_2

    if eaten_g == 0:
        return 0.0
    return float(abs(states[-1, [MEAL_1, MEAL_2, ABSORBED]].sum() - eaten_g) / eaten_g)


def _refuse(values: Values) -> list[str]:
    reasons = adults_only(values)
    if values.choice("diabetes_type") != "type_1":
        reasons.append(
            f"diabetes_type is {values.choice('diabetes_type')}; the model has no insulin secretion and was identified "
            "in type 1 diabetes only"
        )
    if not values.has("basal_units_per_h") and _no_basal_holds(values):
        reasons.append("no basal rate holds this starting glucose; give basal_units_per_h")
    return reasons


def _no_basal_holds(values: Values) -> bool:
    # EGP/GEZI, about 605 mg/dL: above it glucose falls even without insulin.
    return values.number("glucose_mg_dl") > 1.33 / 0.0022


def _contradict(values: Values) -> list[str]:
    horizon = 60 * values.number("horizon_h")
    late = [name for name in ("meal_time_min", "bolus_time_min") if values.number(name) >= horizon]
    return [f"{name} lies beyond the {values.number('horizon_h'):g} h simulated" for name in late]


MODEL = Model(CARD, compute, refuse=_refuse, contradict=_contradict)
