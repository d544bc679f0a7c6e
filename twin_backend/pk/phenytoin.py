"""Phenytoin: level normalised for albumin (Sheiner-Tozer) and dosing by saturable elimination (Michaelis-Menten)."""

from __future__ import annotations

from math import log

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import band, measured, rounded
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_BANDS = ((10, "below the usual range of 10-20 mg/L"), (20.0001, "within the usual range of 10-20 mg/L"))
_ABOVE = "above the usual range of 10-20 mg/L"
_VOLUME_L_PER_KG = 0.7
_LEVEL = inputs.number("phenytoin_mg_l", "Total phenytoin level", "mg/L", (0.1, 150), substance="phenytoin")

CORRECTION = ModelCard(
    id="phenytoin_sheiner_tozer",
    version="1.0.0",
    title="Phenytoin corrected for albumin (Sheiner-Tozer)",
    aliases=("corrected phenytoin", "phenytoin correction", "adjusted phenytoin", "sheiner-tozer", "sheiner tozer",
             "winter-tozer", "phenytoin albumin", "free phenytoin estimate"),
    kind="calculator",
    summary="Total phenytoin that the same free level would give at normal albumin.",
    inputs=(
        _LEVEL,
        inputs.changed(inputs.ALBUMIN, derivation=(1.5, 4.4)),
        inputs.flag("renal_failure", "End-stage kidney disease: clearance under 10 mL/min, or dialysis"),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse children."),
    ),
    outputs=(
        ("corrected_phenytoin", "mg/L", "Corrected phenytoin"),
        ("corrected_phenytoin_umol", "umol/L", "Corrected phenytoin, molar"),
    ),
    source="Sheiner LB, Tozer TN, in Melmon KL, Morrelli HF, eds. Clinical Pharmacology, 2nd ed. 1978; assessed in "
    "Dager WE, et al. Ann Pharmacother 1995;29:667-70 (the DOI here).",
    doi="10.1177/106002809502907-802",
    population="Reasoned from binding data; assessed in 29 adults with albumin below 2.5 g/dL.",
    context_of_use="Adults on phenytoin with low albumin where a free level cannot be measured.",
    model_risk="medium",
    limitations=(
        "Measure the free level where possible; valproate and other displacing drugs invalidate the equation.",
        "Read 12 % low against measured free levels in the 1995 study; the factor 0.25 for 0.2 was proposed since.",
        "Between clearances of 10 and 25 mL/min binding lies between the two equations.",
    ),
)  # fmt: skip

_TYPICAL = "Adult with normal kidney, liver and albumin (Bauer, Applied Clinical Pharmacokinetics)."
DOSING = ModelCard(
    id="phenytoin_michaelis_menten",
    version="1.0.0",
    title="Phenytoin dose and steady state (Michaelis-Menten)",
    aliases=("phenytoin dosing", "phenytoin michaelis-menten", "phenytoin steady state", "phenytoin dose",
             "phenytoin maintenance dose", "phenytoin vmax km", "ludden"),
    kind="calculator",
    summary="Steady-state phenytoin of a dose, and the dose for a level; Vmax or both parameters from measured levels.",
    inputs=(
        inputs.WEIGHT,
        inputs.number("dose_mg_day", "Dose a day", "mg/d", (10, 2000), required=False,
                      description="Gives its steady-state level."),
        inputs.number("target_mg_l", "Level to reach", "mg/L", (1, 40), required=False, substance="phenytoin",
                      description="Gives the dose for it."),
        inputs.number("vmax_mg_kg_day", "Vmax", "mg/kg/d", (1, 25), required=False, default=7.0,
                      default_source=_TYPICAL),
        inputs.number("km_mg_l", "Km", "mg/L", (0.5, 30), required=False, default=4.0, default_source=_TYPICAL),
        inputs.number("salt_factor", "Phenytoin in the product", "1", (0.5, 1), required=False, default=0.92,
                      default_source="Phenytoin sodium (capsules, injection); 1 for suspension and chewable tablets."),
        inputs.number("bioavailability", "Bioavailability", "1", (0.2, 1), required=False, default=1.0,
                      default_source="Oral phenytoin is absorbed nearly completely."),
        inputs.number("level_1_mg_l", "Steady-state level 1", "mg/L", (0.5, 100), required=False,
                      substance="phenytoin"),
        inputs.number("level_1_dose_mg_day", "Dose a day at level 1", "mg/d", (10, 2000), required=False),
        inputs.number("level_2_mg_l", "Steady-state level 2", "mg/L", (0.5, 100), required=False,
                      substance="phenytoin"),
        inputs.number("level_2_dose_mg_day", "Dose a day at level 2", "mg/d", (10, 2000), required=False),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse children."),
    ),
    outputs=(
        ("steady_state_level", "mg/L", "Steady-state level of the dose"),
        ("time_to_90_percent", "d", "Time to 90 % of it"),
        ("dose_for_target", "mg/d", "Dose a day for the level asked for"),
        ("vmax", "mg/d", "Vmax used"),
        ("km", "mg/L", "Km used"),
    ),
    source="Ludden TM, et al. Individualization of phenytoin dosage regimens. Clin Pharmacol Ther 1977;21:287-93; "
    "typical parameters and time to steady state: Winter ME, Basic Clinical Pharmacokinetics; Bauer LA, Applied "
    "Clinical Pharmacokinetics.",
    doi="10.1002/cpt1977213287",
    population="Adults with epilepsy at steady state on two or more doses.",
    context_of_use="Adults on maintenance phenytoin: first dose by weight, next dose from steady-state levels.",
    model_risk="high",
    limitations=(
        "Vmax varies by a quarter and Km by half between patients: the typical parameters are a start only.",
        "Levels must be total, at steady state and of a patient with normal binding, or corrected for it.",
        "Near Vmax a small change of dose is a large change of level.",
    ),
)  # fmt: skip


def corrected(values: Values) -> Result:
    """Level / (0.2 albumin + 0.1), or / (0.1 albumin + 0.1) in end-stage kidney disease; mg/L."""
    slope = 0.1 if values.flag("renal_failure") else 0.2
    level = values.number("phenytoin_mg_l") / (slope * values.number("albumin_g_dl") + 0.1)
    label = "Corrected phenytoin"
    normal = "Albumin is above normal: the correction is meant for low albumin."
    warnings = (normal,) if values.number("albumin_g_dl") > 4.4 else ()
    return Result(
        outputs=(
            measured("corrected_phenytoin", label, level, "mg/L", 1, band(level, _BANDS, _ABOVE)),
            measured("corrected_phenytoin_umol", f"{label}, molar", level / 252.27 * 1000, "umol/L", 0),
        ),
        warnings=warnings,
    )


def _absorbed(values: Values, name: str) -> float:
    """Phenytoin that reaches the blood of a daily dose of the product, mg/d."""
    return values.number(name) * values.number("salt_factor") * values.number("bioavailability")


def _parameters(values: Values) -> tuple[float, float]:
    """Vmax in mg/d and Km in mg/L: typical, or with one level Vmax of this patient, or with two levels both."""
    vmax, km = values.number("vmax_mg_kg_day") * values.number("weight_kg"), values.number("km_mg_l")
    if not values.has("level_1_mg_l"):
        return vmax, km
    first, first_dose = values.number("level_1_mg_l"), _absorbed(values, "level_1_dose_mg_day")
    if values.has("level_2_mg_l"):
        second, second_dose = values.number("level_2_mg_l"), _absorbed(values, "level_2_dose_mg_day")
        km = (second_dose - first_dose) / (first_dose / first - second_dose / second)
    return first_dose * (km + first) / first, km


def dosed(values: Values) -> Result:
    """Elimination Vmax C / (Km + C) equals the dose at steady state."""
    vmax, km = _parameters(values)
    outputs: list[Output] = []
    warnings = []
    if values.has("dose_mg_day"):
        dose = _absorbed(values, "dose_mg_day")
        if dose < vmax:
            outputs += _steady(dose, vmax, km, values.number("weight_kg"))
        else:
            warnings.append(
                f"The dose brings in {rounded(dose, 0)} mg/d of phenytoin and Vmax is {rounded(vmax, 0)} mg/d: there is "
                "no steady state, the level rises without end."
            )
    if values.has("target_mg_l"):
        target = values.number("target_mg_l")
        product = values.number("salt_factor") * values.number("bioavailability")
        outputs.append(
            measured("dose_for_target", "Dose a day for the level asked for", vmax * target / (km + target) / product,
                     "mg/d", 0, f"of a product with salt factor {values.number('salt_factor'):g}")
        )  # fmt: skip
    basis = _basis(values)
    outputs += [measured("vmax", "Vmax used", vmax, "mg/d", 0, basis), measured("km", "Km used", km, "mg/L", 1, basis)]
    if basis == "typical":
        warnings.append("Typical parameters: no measured level was given.")
    return Result(tuple(outputs), warnings=tuple(warnings))


def _steady(dose: float, vmax: float, km: float, weight_kg: float) -> list[Output]:
    """The level, and the time from no drug to 90 % of it (the rate equation integrated)."""
    level = km * dose / (vmax - dose)
    days = km * _VOLUME_L_PER_KG * weight_kg * (log(10) * vmax - 0.9 * dose) / (vmax - dose) ** 2
    return [
        measured("steady_state_level", "Steady-state level of the dose", level, "mg/L", 1,
                 band(level, _BANDS, _ABOVE)),
        measured("time_to_90_percent", "Time to 90 % of it", days, "d", 0, "without a loading dose"),
    ]  # fmt: skip


def _basis(values: Values) -> str:
    if values.has("level_2_mg_l"):
        return "both from the two levels"
    return "Vmax from the level, Km typical" if values.has("level_1_mg_l") else "typical"


def _also_needed(values: Values) -> list[str]:
    needed = [] if values.has("dose_mg_day") or values.has("target_mg_l") else ["dose_mg_day"]
    for n in (1, 2):
        names = (f"level_{n}_mg_l", f"level_{n}_dose_mg_day")
        if any(values.has(name) for name in names):
            needed += [name for name in names if not values.has(name)]
    if values.has("level_2_mg_l") and not values.has("level_1_mg_l"):
        needed += ["level_1_mg_l", "level_1_dose_mg_day"]
    return list(dict.fromkeys(needed))


def _contradict(values: Values) -> list[str]:
    names = [f"level_{n}_{field}" for n in (1, 2) for field in ("mg_l", "dose_mg_day")]
    if not all(values.has(name) for name in names):
        return []
    low, low_dose, high, high_dose = (values.number(name) for name in names)
    if (high - low) * (high_dose - low_dose) > 0 and _parameters(values)[1] > 0:
        return []
    return ["the two steady states cannot be of one Michaelis-Menten curve: the level must rise more than the dose"]


MODELS = (
    Model(CORRECTION, closed_form(corrected), refuse=adults_only),
    Model(DOSING, closed_form(dosed), refuse=adults_only, contradict=_contradict, also_needed=_also_needed),
)
