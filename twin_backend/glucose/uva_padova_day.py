"""What the inputs of `glucose_uva_padova_s2008` say of a day: whose body, which meals, which insulin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.predictions import Output
from twin_backend.display import measured
from twin_backend.model import Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from twin_backend.engines.uva_padova import Event
    from twin_backend.engines.uva_padova_patients import Bodies

    Floats = NDArray[np.float64]


def body(values: Values) -> Bodies:
    """The virtual patient, calibrated as far as the inputs say."""
    import numpy as np

    from twin_backend.engines import uva_padova_patients

    found = uva_padova_patients.patient(values.choice("patient"))
    if values.has("weight_kg"):
        found = found.with_weight(np.array([values.number("weight_kg")]))
    if values.has("basal_need_units_per_h"):
        found = found.with_basal_need(np.array([values.number("basal_need_units_per_h")]))
    if values.has("fasting_glucose_mg_dl"):
        found = found.with_fasting_glucose(np.array([values.number("fasting_glucose_mg_dl")]))
    return found


def start_glucose(values: Values, body: Bodies) -> Floats:
    """Where glucose starts, in mg/dL."""
    import numpy as np

    return np.array([values.number("glucose_mg_dl")]) if values.has("glucose_mg_dl") else body.gb


def events(values: Values, body: Bodies) -> tuple[list[Event], list[Event], Floats]:
    """Meals in g, boluses in U as given (after the share and the missed one), and basal insulin in U/h."""
    import numpy as np

    from twin_backend.engines.uva_padova import Event

    grams = _listed(values, "carbohydrate_g")
    meals = [Event(_minute(hour), amount) for hour, amount in zip(_listed(values, "meal_time_h"), grams, strict=True)]
    ratio = values.optional("insulin_carb_ratio_g_per_unit") or float(body.carb_ratio[0])
    planned = _listed(values, "insulin_bolus_units") or tuple(amount / ratio for amount in grams)
    given = [amount * values.number("bolus_percent") / 100 for amount in planned]
    if values.has("missed_bolus"):
        given[int(values.number("missed_bolus")) - 1] = 0.0
    boluses = [Event(_minute(hour), amount) for hour, amount in zip(_bolus_hours(values), given, strict=True)]
    basal = values.optional("basal_units_per_h")
    return meals, boluses, body.basal_u_per_h if basal is None else np.array([basal])


def insulin_outputs(basal: Floats, boluses: Sequence[Event]) -> tuple[Output, Output]:
    """The insulin that was given."""
    total = float(sum(bolus.amount for bolus in boluses))
    return (
        measured("basal_used", "Basal insulin used", float(basal[0]), "[IU]/h", 2),
        measured("bolus_total", "Boluses in all", total, "[IU]", 1),
    )


def warnings(values: Values, body: Bodies) -> list[str]:
    """What was taken from the virtual patient because the inputs do not say it."""
    said = ["A virtual body, not this patient's: read differences between scenarios, not levels."]
    if not values.has("basal_units_per_h"):
        said.append("Basal insulin was set to the rate that holds this body's fasting glucose.")
    if values.has("carbohydrate_g") and not (
        values.has("insulin_bolus_units") or values.has("insulin_carb_ratio_g_per_unit")
    ):
        said.append(f"Boluses follow this body's own ratio, 1 unit for {body.carb_ratio[0]:.3g} g of carbohydrate.")
    return said


def also_needed(values: Values) -> list[str]:
    """Times without amounts, and amounts without times."""
    needed = []
    if values.has("carbohydrate_g") != values.has("meal_time_h"):
        needed.append("meal_time_h" if values.has("carbohydrate_g") else "carbohydrate_g")
    if values.has("insulin_bolus_units") and not (values.has("meal_time_h") or values.has("bolus_time_h")):
        needed.append("bolus_time_h")
    if values.has("bolus_time_h") and not (values.has("insulin_bolus_units") or values.has("carbohydrate_g")):
        needed.append("insulin_bolus_units")
    return needed


def contradict(values: Values) -> list[str]:
    """Lists that do not match, times beyond the end, a missed bolus that is not there, two ways to dose."""
    said = []
    if len(_listed(values, "carbohydrate_g")) != len(_listed(values, "meal_time_h")):
        said.append("carbohydrate_g and meal_time_h need one value each for every meal")
    boluses = len(_listed(values, "insulin_bolus_units") or _listed(values, "carbohydrate_g"))
    if boluses and boluses != len(_bolus_hours(values)):
        said.append(f"{boluses} boluses have {len(_bolus_hours(values))} times; give bolus_time_h with one for each")
    horizon = values.number("horizon_h")
    for name in ("meal_time_h", "bolus_time_h"):
        said += [f"{name} {hour:g} lies beyond the {horizon:g} h simulated"
                 for hour in _listed(values, name) if _minute(hour) >= round(60 * horizon)]  # fmt: skip
    if values.has("missed_bolus") and values.number("missed_bolus") > boluses:
        said.append(f"missed_bolus is {values.number('missed_bolus'):g}, of {boluses} boluses")
    if values.has("insulin_bolus_units") and values.has("insulin_carb_ratio_g_per_unit"):
        said.append("insulin_bolus_units and insulin_carb_ratio_g_per_unit exclude each other")
    return said


def _listed(values: Values, name: str) -> tuple[float, ...]:
    return values.numbers(name) if values.has(name) else ()


def _bolus_hours(values: Values) -> tuple[float, ...]:
    return _listed(values, "bolus_time_h") or _listed(values, "meal_time_h")


def _minute(hour: float) -> int:
    return round(60 * hour)
