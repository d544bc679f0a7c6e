"""Gentamicin and tobramycin by kidney function, one compartment (Zaske et al. 1982, doi:10.1128/AAC.21.3.407)."""

from __future__ import annotations

from math import exp, log

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.calculators.cockcroft_gault import creatinine_clearance_ml_min
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

CARD = ModelCard(
    id="aminoglycoside_zaske",
    version="1.0.0",
    title="Gentamicin and tobramycin, traditional dosing (Zaske)",
    aliases=("gentamicin dosing", "tobramycin", "tobramycin dosing", "aminoglycoside dosing", "zaske",
             "gentamicin_zaske", "gentamicin traditional dosing", "sawchuk-zaske"),
    kind="calculator",
    summary="Elimination of gentamicin or tobramycin from creatinine clearance; interval and dose for a peak and "
    "trough, and peak and trough of a dose.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(18, 100)),
        inputs.changed(inputs.WEIGHT, label="Dosing weight (adjusted weight in obesity)", derivation=(35, 150)),
        inputs.changed(inputs.SEX, required=False, description="Needed unless crcl_ml_min is given."),
        inputs.changed(inputs.CREATININE, required=False, description="Needed unless crcl_ml_min is given."),
        inputs.number("crcl_ml_min", "Creatinine clearance (Cockcroft-Gault)", "mL/min", (0, 400), required=False,
                      derivation=(5, 150), description="If absent, from creatinine, age, the weight given and sex."),
        inputs.number("volume_l_kg", "Volume of distribution", "L/kg", (0.1, 0.8), required=False, default=0.26,
                      default_source="Adults of normal hydration (Bauer, Applied Clinical Pharmacokinetics)."),
        inputs.number("infusion_h", "Infusion duration", "h", (0.1, 4), required=False, default=1.0,
                      default_source="Traditional dosing: over 1 h, or 0.5 h with the peak 0.5 h later."),
        inputs.number("target_peak_mg_l", "Peak to reach", "mg/L", (1, 60), required=False),
        inputs.number("target_trough_mg_l", "Trough to reach", "mg/L", (0.05, 10), required=False,
                      description="With the peak: gives the interval."),
        inputs.number("interval_h", "Dosing interval", "h", (4, 168), required=False,
                      description="With the peak: gives the dose at this interval."),
        inputs.number("dose_mg", "Dose", "mg", (5, 2000), required=False,
                      description="With the interval: gives its peak and trough."),
    ),
    outputs=(
        ("elimination_rate", "/h", "Elimination rate constant"),
        ("half_life", "h", "Half-life"),
        ("volume", "L", "Volume of distribution"),
        ("clearance", "L/h", "Clearance"),
        ("interval_for_target", "h", "Interval for the peak and trough, before rounding"),
        ("dose_for_target", "mg", "Dose for the peak at the interval"),
        ("loading_dose", "mg", "Loading dose for the peak"),
        ("peak", "mg/L", "Peak at steady state (end of infusion)"),
        ("trough", "mg/L", "Trough at steady state"),
        ("auc24", "mg.h/L", "AUC24 at steady state"),
        ("crcl_used", "mL/min", "Creatinine clearance used"),
    ),
    source="Zaske DE, et al. Gentamicin pharmacokinetics in 1,640 patients: method for control of serum "
    "concentrations. Antimicrob Agents Chemother 1982;21:407-11; ke = 0.00293 CrCl + 0.014 and V = 0.26 L/kg as in "
    "Bauer LA, Applied Clinical Pharmacokinetics.",
    doi="10.1128/AAC.21.3.407",
    population="Adults with serious Gram-negative infection; kidney function from normal to none.",
    context_of_use="Adults starting gentamicin or tobramycin in divided doses, before levels are known.",
    model_risk="high",
    limitations=(
        "Individual clearance differs by half or more; measure levels.",
        "Not for extended-interval dosing by nomogram, burns, pregnancy, cystic fibrosis or kidney replacement.",
        "In overhydration, sepsis or ascites the volume is larger: give volume_l_kg.",
    ),
)  # fmt: skip


def _crcl_ml_min(values: Values) -> float:
    given = values.optional("crcl_ml_min")
    if given is not None:
        return given
    return creatinine_clearance_ml_min(
        values.number("age_years"), values.number("weight_kg"), values.number("creatinine_mg_dl"), values.choice("sex")
    )


def compute(values: Values) -> Result:
    """ke = 0.00293 CrCl + 0.014 per h; V = 0.26 L/kg; intermittent infusion at steady state."""
    crcl = _crcl_ml_min(values)
    rate, volume = 0.00293 * crcl + 0.014, values.number("volume_l_kg") * values.number("weight_kg")
    return Result(
        outputs=(
            measured("elimination_rate", "Elimination rate constant", rate, "/h", 3),
            measured("half_life", "Half-life", log(2) / rate, "h", 1),
            measured("volume", "Volume of distribution", volume, "L", 1),
            measured("clearance", "Clearance", rate * volume, "L/h", 2),
            *_for_target(values, rate, volume),
            *_of_dose(values, rate, volume),
            measured("crcl_used", "Creatinine clearance used", crcl, "mL/min", 0),
        )
    )


def _for_target(values: Values, rate: float, volume: float) -> list[Output]:
    peak, trough = values.optional("target_peak_mg_l"), values.optional("target_trough_mg_l")
    if peak is None:
        return []
    infusion, interval, found = values.number("infusion_h"), values.optional("interval_h"), []
    if trough is not None:
        computed = log(peak / trough) / rate + infusion
        label = "Interval for the peak and trough, before rounding"
        found.append(measured("interval_for_target", label, computed, "h", 1))
        interval = computed if interval is None else interval
    loading = peak * rate * volume * infusion / (1 - exp(-rate * infusion))
    found.append(measured("loading_dose", "Loading dose for the peak", loading, "mg", 0))
    if interval is not None:
        dose = loading * (1 - exp(-rate * interval))
        label = "Dose for the peak at the interval"
        found.append(measured("dose_for_target", label, dose, "mg", 0, f"every {interval:.3g} h"))
    return found


def _of_dose(values: Values, rate: float, volume: float) -> list[Output]:
    dose = values.optional("dose_mg")
    if dose is None:
        return []
    infusion, interval = values.number("infusion_h"), values.number("interval_h")
    peak = dose / infusion / (rate * volume) * (1 - exp(-rate * infusion)) / (1 - exp(-rate * interval))
    return [
        measured("peak", "Peak at steady state (end of infusion)", peak, "mg/L", 1),
        measured("trough", "Trough at steady state", peak * exp(-rate * (interval - infusion)), "mg/L", 1),
        measured("auc24", "AUC24 at steady state", dose * 24 / interval / (rate * volume), "mg.h/L", 0),
    ]


def _also_needed(values: Values) -> list[str]:
    needed = [] if values.has("crcl_ml_min") else [n for n in ("sex", "creatinine_mg_dl") if not values.has(n)]
    if values.has("dose_mg") and not values.has("interval_h"):
        needed.append("interval_h")
    if values.has("target_trough_mg_l") and not values.has("target_peak_mg_l"):
        needed.append("target_peak_mg_l")
    return needed


def _contradict(values: Values) -> list[str]:
    faults = []
    peak, trough, interval = (values.optional(n) for n in ("target_peak_mg_l", "target_trough_mg_l", "interval_h"))
    if peak is not None and trough is not None and trough >= peak:
        faults.append("target_trough_mg_l must be below target_peak_mg_l")
    if interval is not None and values.number("infusion_h") > interval:
        faults.append("infusion_h cannot exceed interval_h")
    return faults


MODEL = Model(CARD, closed_form(compute), refuse=adults_only, contradict=_contradict, also_needed=_also_needed)
