"""Digoxin: clearance and volume (Koup, Jusko 1975) and body stores (Jelliffe), with loading, maintenance and level."""

from __future__ import annotations

from domain.predictions import ModelCard, ModelInput, Output
from twin_backend import inputs
from twin_backend.calculators.cockcroft_gault import creatinine_clearance_ml_min
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_NONRENAL_ML_MIN = {True: 20.0, False: 40.0}
_BANDS = (
    (0.5, "below the range of 0.5-0.9 ng/mL for heart failure"),
    (0.90001, "within 0.5-0.9 ng/mL, the range for heart failure"),
    (2.00001, "above the range for heart failure of 0.5-0.9 ng/mL, at most 2"),
)
_TOXIC = "over 2 ng/mL, toxic range"

_KIDNEY: tuple[ModelInput, ...] = (
    inputs.changed(inputs.AGE, derivation=(18, 100)),
    inputs.changed(inputs.WEIGHT, label="Weight (ideal or lean weight in obesity)", derivation=(35, 120)),
    inputs.changed(inputs.SEX, required=False, description="Needed unless crcl_ml_min is given."),
    inputs.changed(inputs.CREATININE, required=False, description="Needed unless crcl_ml_min is given."),
    inputs.number("crcl_ml_min", "Creatinine clearance (Cockcroft-Gault)", "mL/min", (0, 400), required=False,
                  derivation=(0, 150), description="If absent, from creatinine, age, the weight given and sex."),
)  # fmt: skip

KOUP_JUSKO = ModelCard(
    id="digoxin_koup_jusko",
    version="1.0.0",
    title="Digoxin clearance, dose and level (Koup and Jusko)",
    aliases=("digoxin", "digoxin dosing", "digoxin level", "digoxin clearance", "koup jusko", "jusko", "digoxin pk",
             "digoxin maintenance dose"),
    kind="calculator",
    summary="Digoxin clearance and volume from kidney function and heart failure; level of a dose, dose for a level.",
    inputs=(
        *_KIDNEY,
        inputs.flag("heart_failure", "Moderate or severe heart failure (NYHA III or IV)",
                    description="Halves the clearance that does not go through the kidney."),
        inputs.number("bioavailability", "Bioavailability", "1", (0.3, 1), required=False, default=0.7,
                      default_source="Tablets 0.7; elixir 0.8; capsules and injection 1 (Bauer)."),
        inputs.number("dose_ug_day", "Dose a day", "ug/d", (10, 2000), required=False,
                      description="Gives its steady-state level."),
        inputs.number("target_ng_ml", "Level to reach", "ng/mL", (0.2, 3), required=False, substance="digoxin",
                      description="Gives loading and maintenance dose."),
    ),
    outputs=(
        ("clearance", "mL/min", "Digoxin clearance"),
        ("volume", "L", "Volume of distribution"),
        ("half_life", "h", "Half-life"),
        ("steady_state_level", "ng/mL", "Mean steady-state level of the dose"),
        ("loading_dose", "ug", "Loading dose for the level asked for"),
        ("maintenance_dose", "ug/d", "Maintenance dose for the level asked for"),
        ("crcl_used", "mL/min", "Creatinine clearance used"),
    ),
    source="Koup JR, et al. Digoxin pharmacokinetics: role of renal failure in dosage regimen design. Clin Pharmacol "
    "Ther 1975;18:9-21; volume: Jusko WJ, et al. 1974; both as given in Bauer LA, Applied Clinical Pharmacokinetics; "
    "range in heart failure: Rathore SS, et al. JAMA 2003;289:871-8.",
    doi="10.1002/cpt19751819",
    population="Patients and volunteers from normal kidney function to none.",
    context_of_use="Adults starting or on digoxin with stable kidney function.",
    model_risk="high",
    limitations=(
        "Predictions miss the measured level by a third or more in many patients; measure it.",
        "Amiodarone, verapamil, quinidine, macrolides and others raise the level and are not in the equation.",
        "A level means nothing within 6-8 h of a dose.",
        "In obesity use ideal weight.",
    ),
)  # fmt: skip

JELLIFFE = ModelCard(
    id="digoxin_jelliffe",
    version="1.0.0",
    title="Digoxin loading and maintenance (Jelliffe)",
    aliases=("jelliffe", "digoxin jelliffe", "digoxin loading dose", "digoxin body stores", "digoxin daily loss"),
    kind="calculator",
    summary="Loading dose by weight, share of the body stores lost a day by kidney function, and maintenance dose.",
    inputs=(
        *_KIDNEY,
        inputs.number("body_stores_ug_kg", "Peak body stores aimed at", "ug/kg", (4, 20), required=False, default=10.0,
                      default_source="Label: 10 ug/kg in heart failure (8-12 ug/kg)."),
        inputs.number("bioavailability", "Bioavailability", "1", (0.3, 1), required=False, default=0.8,
                      default_source="Tablets, as the label's table of doses implies."),
    ),
    outputs=(
        ("body_stores", "ug", "Peak body stores"),
        ("daily_loss", "%", "Share of the stores lost a day"),
        ("loading_dose_iv", "ug", "Loading dose, intravenous"),
        ("loading_dose_oral", "ug", "Loading dose by mouth"),
        ("maintenance_dose_iv", "ug/d", "Maintenance dose, intravenous"),
        ("maintenance_dose_oral", "ug/d", "Maintenance dose by mouth"),
        ("crcl_used", "mL/min", "Creatinine clearance used"),
    ),
    source="Jelliffe RW, Brooker G. A nomogram for digoxin therapy. Am J Med 1974;57:63-8; as in the US label of "
    "digoxin (% daily loss = 14 + creatinine clearance / 5).",
    doi="10.1016/0002-9343(74)90769-9",
    population="Adults on digoxin for heart failure or atrial fibrillation; kidney function from normal to none.",
    context_of_use="Adults starting digoxin with stable kidney function.",
    model_risk="high",
    limitations=(
        "Stores of 10 ug/kg give levels near 1 ng/mL, above the range now preferred in heart failure.",
        "The label corrects creatinine clearance to 70 kg or 1.73 m2.",
        "Interacting drugs are not in the equation.",
    ),
)  # fmt: skip


def _crcl_ml_min(values: Values) -> float:
    given = values.optional("crcl_ml_min")
    if given is not None:
        return given
    return creatinine_clearance_ml_min(
        values.number("age_years"), values.number("weight_kg"), values.number("creatinine_mg_dl"), values.choice("sex")
    )


def _used(crcl: float) -> Output:
    return measured("crcl_used", "Creatinine clearance used", crcl, "mL/min", 0)


def clearance_and_level(values: Values) -> Result:
    """CL = 1.303 CrCl + 20 or 40 mL/min; V = (226 + 298 CrCl / (29.1 + CrCl)) x weight / 70 L."""
    crcl = _crcl_ml_min(values)
    clearance = 1.303 * crcl + _NONRENAL_ML_MIN[values.flag("heart_failure")]
    volume = (226 + 298 * crcl / (29.1 + crcl)) * values.number("weight_kg") / 70
    litres_a_day, share = clearance * 1.44, values.number("bioavailability")
    outputs = [
        measured("clearance", "Digoxin clearance", clearance, "mL/min", 0),
        measured("volume", "Volume of distribution", volume, "L", 0),
        measured("half_life", "Half-life", 0.693147180559945 * volume / (clearance * 0.06), "h", 0),
    ]
    dose, target = values.optional("dose_ug_day"), values.optional("target_ng_ml")
    if dose is not None:
        level = dose * share / litres_a_day
        label = "Mean steady-state level of the dose"
        outputs.append(measured("steady_state_level", label, level, "ng/mL", 2, band(level, _BANDS, _TOXIC)))
    if target is not None:
        outputs += [
            measured("loading_dose", "Loading dose for the level asked for", target * volume / share, "ug", 0,
                     "half at once, then a quarter twice at 6-8 h intervals"),
            measured("maintenance_dose", "Maintenance dose for the level asked for", target * litres_a_day / share,
                     "ug/d", 0),
        ]  # fmt: skip
    return Result((*outputs, _used(crcl)))


def body_stores(values: Values) -> Result:
    """14 + CrCl / 5 percent of the peak stores are lost and replaced each day."""
    crcl, share = _crcl_ml_min(values), values.number("bioavailability")
    stores = values.number("body_stores_ug_kg") * values.number("weight_kg")
    loss = 14 + crcl / 5
    daily = stores * loss / 100
    return Result(
        outputs=(
            measured("body_stores", "Peak body stores", stores, "ug", 0),
            measured("daily_loss", "Share of the stores lost a day", loss, "%", 1),
            measured("loading_dose_iv", "Loading dose, intravenous", stores, "ug", 0),
            measured("loading_dose_oral", "Loading dose by mouth", stores / share, "ug", 0),
            measured("maintenance_dose_iv", "Maintenance dose, intravenous", daily, "ug/d", 0),
            measured("maintenance_dose_oral", "Maintenance dose by mouth", daily / share, "ug/d", 0),
            _used(crcl),
        )
    )


def _also_needed(values: Values) -> list[str]:
    return [] if values.has("crcl_ml_min") else [n for n in ("sex", "creatinine_mg_dl") if not values.has(n)]


MODELS = (
    Model(KOUP_JUSKO, closed_form(clearance_and_level), refuse=adults_only, also_needed=_also_needed),
    Model(JELLIFFE, closed_form(body_stores), refuse=adults_only, also_needed=_also_needed),
)
