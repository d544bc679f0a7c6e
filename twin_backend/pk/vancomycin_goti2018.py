"""Vancomycin exposure of a regimen in an adult (Goti et al. 2018), with MAP estimation from measured levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.predictions import Calibration, ModelCard, ModelInput, Output, Residual, Series
from twin_backend import inputs
from twin_backend.display import band, measured, rounded
from twin_backend.engines import vancomycin_goti2018_population as population
from twin_backend.model import Model, Result, Value, Values, adults_only
from twin_backend.randomness import standard_normals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin_backend.engines.estimation import Estimate
    from twin_backend.engines.solvers import Regimen, TwoCompartment

    Floats = NDArray[np.float64]

ENSEMBLE_SIZE = 500
TARGET_MG_H_L = (400.0, 600.0)  # Rybak et al. 2020 consensus guideline, doi:10.1093/ajhp/zxaa036
_HORIZON_H = 72.0
_LEVELS = (1, 2)


def _level_inputs() -> tuple[ModelInput, ...]:
    rows: list[ModelInput] = []
    for n in _LEVELS:
        rows += [
            inputs.number(f"level_{n}_mg_l", f"Measured level {n}", "mg/L", (0.5, 150), required=False,
                          substance="vancomycin"),
            inputs.number(f"level_{n}_time_h", f"Level {n}: time since the start of the last dose before it", "h",
                          (0, 240), required=False),
            inputs.integer(f"level_{n}_dose_number", f"Level {n}: which dose that was (1 = first)", "1", (1, 200),
                           required=False, description="Without it the level is taken to be at steady state."),
        ]  # fmt: skip
    return tuple(rows)


CARD = ModelCard(
    id="vancomycin_goti2018",
    version="1.0.0",
    title="Vancomycin exposure (Goti 2018)",
    aliases=(
        "vanc", "vanco", "vancomycin", "vanc auc", "vanco auc", "vancomycin auc", "auc24", "vancomycin dosing",
        "vancomycin trough", "vanc trough", "vancomycin pk", "goti",
    ),
    kind="simulation",
    summary="AUC24, peak and trough of a vancomycin regimen, with the spread between patients; individual with levels.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(18, 101)),
        inputs.changed(inputs.WEIGHT, derivation=(33, 255)),
        inputs.flag("hemodialysis", "On intermittent haemodialysis"),
        inputs.number("dose_mg", "Dose", "mg", (50, 5000)),
        inputs.number("interval_h", "Dosing interval", "h", (4, 168)),
        inputs.number("infusion_h", "Infusion duration", "h", (0.25, 24), required=False, default=1.0,
                      default_source="Labelling: infuse over at least 60 minutes."),
        inputs.changed(inputs.SEX, required=False, description="Needed unless crcl_ml_min is given."),
        inputs.changed(inputs.CREATININE, required=False, description="Needed unless crcl_ml_min is given."),
        inputs.number("crcl_ml_min", "Creatinine clearance (Cockcroft-Gault)", "mL/min", (1, 400), required=False,
                      derivation=(4, 150), description="If absent, from creatinine, age, actual weight and sex."),
        *_level_inputs(),
        inputs.number("measured_dose_mg", "Dose given before the levels", "mg", (50, 5000), required=False,
                      description="Without it the levels are taken to belong to dose_mg."),
        inputs.number("measured_interval_h", "Interval before the levels", "h", (4, 168), required=False),
        inputs.number("measured_infusion_h", "Infusion duration before the levels", "h", (0.25, 24), required=False),
    ),
    outputs=(
        ("auc24", "mg.h/L", "AUC24 at steady state"),
        ("auc24_low", "mg.h/L", "AUC24, 5th percentile"),
        ("auc24_high", "mg.h/L", "AUC24, 95th percentile"),
        ("probability_auc24_in_target", "%", "Probability that AUC24 is 400-600"),
        ("probability_auc24_below", "%", "Probability that AUC24 is under 400"),
        ("probability_auc24_above", "%", "Probability that AUC24 is over 600"),
        ("auc_first_24h", "mg.h/L", "AUC of the first 24 h"),
        ("peak", "mg/L", "Peak at steady state (end of infusion)"),
        ("trough", "mg/L", "Trough at steady state"),
        ("half_life", "h", "Terminal half-life"),
        ("clearance", "L/h", "Vancomycin clearance"),
        ("central_volume", "L", "Central volume of distribution"),
        ("crcl_used", "mL/min", "Creatinine clearance used"),
        ("level_1_predicted", "mg/L", "Level 1 by the individual estimate"),
        ("level_2_predicted", "mg/L", "Level 2 by the individual estimate"),
    ),
    source="Goti V, et al. Hospitalized patients with and without hemodialysis have markedly different vancomycin "
    "pharmacokinetics: a population pharmacokinetic model-based analysis. Ther Drug Monit 2018;40:212-21; target: "
    "Rybak MJ, et al. Am J Health Syst Pharm 2020;77:835-64 (doi:10.1093/ajhp/zxaa036).",
    doi="10.1097/FTD.0000000000000490",
    population="1,812 hospitalised adults (17-101 years, 33-255 kg, 18.5 % on haemodialysis) of two US hospitals; "
    "2,765 levels, mostly one a patient.",
    context_of_use="Adults on intermittent intravenous vancomycin: comparing regimens against the AUC target before "
    "levels are known, and with them.",
    model_risk="medium",
    limitations=(
        "Not for continuous kidney replacement, ECMO, burns, pregnancy or children.",
        "Haemodialysis enters as an average effect; the timing of sessions is not modelled.",
        "Assumes stable kidney function and doses given as stated.",
        "Central volume scales with weight as in table 2 of the paper; peripheral volume does not.",
        "The band is between-patient spread of this model; error of the model itself is not in it.",
        "The AUC target assumes MRSA with a broth-microdilution MIC of 1 mg/L or less.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class _Patient:
    crcl_ml_min: float
    weight_kg: float
    dialysis: bool

    def parameters(self, eta: Floats) -> TwoCompartment:
        return population.individual(self.crcl_ml_min, self.weight_kg, self.dialysis, eta)


def compute(values: Values, seed: int) -> Result:
    """Exposure of the regimen: the population's median patient with these covariates, or this one given levels."""
    import numpy as np

    from twin_backend.engines.solvers import Regimen

    patient = _Patient(_creatinine_clearance(values), values.number("weight_kg"), values.flag("hemodialysis"))
    regimen = Regimen(values.number("dose_mg"), values.number("interval_h"), values.number("infusion_h"))
    estimate = _estimate(values, patient)
    centre = np.zeros(3) if estimate is None else estimate.eta
    individual = patient.parameters(centre[None, :])
    ensemble = patient.parameters(_draw(seed, estimate))
    series, balance = _trajectory(individual, ensemble, regimen)
    return Result(
        outputs=(
            *_exposure(individual, ensemble, regimen, known=estimate is not None),
            *_disposition(individual, patient),
            *_fit(values, estimate),
        ),
        series=(series,),
        warnings=tuple(_warnings(values, patient, estimate)),
        solver="closed form (superposition)" + ("" if estimate is None else ", MAP estimate by BFGS"),
        ensemble_size=ENSEMBLE_SIZE,
        conservation={"mass_balance_relative_error": balance},
        calibration=_calibration(values, estimate),
        draws=_members(ensemble, regimen),
    )


def _creatinine_clearance(values: Values) -> float:
    given = values.optional("crcl_ml_min")
    if given is not None:
        return given
    return population.goti_creatinine_clearance(
        values.number("age_years"), values.number("weight_kg"), values.number("creatinine_mg_dl"), values.choice("sex")
    )


def _draw(seed: int, estimate: Estimate | None) -> Floats:
    """Random effects of the ensemble, (n, 3): the population's, or the posterior's once levels are known."""
    import numpy as np

    z = standard_normals(seed, f"{CARD.id}/eta", (ENSEMBLE_SIZE, 3))
    if estimate is None:
        spread: Floats = z * np.array(population.OMEGA_SD)
        return spread
    individual: Floats = estimate.eta + z @ np.linalg.cholesky(estimate.covariance).T
    return individual


def _given_levels(values: Values) -> list[int]:
    return [n for n in _LEVELS if values.has(f"level_{n}_mg_l")]


def _measured_regimen(values: Values) -> Regimen:
    from twin_backend.engines.solvers import Regimen

    def either(name: str) -> float:
        return values.number(f"measured_{name}" if values.has(f"measured_{name}") else name)

    return Regimen(either("dose_mg"), either("interval_h"), either("infusion_h"))


def _estimate(values: Values, patient: _Patient) -> Estimate | None:
    import numpy as np

    from twin_backend.engines.estimation import map_estimate
    from twin_backend.engines.solvers import concentration_mg_per_l, steady_state_mg_per_l

    levels = _given_levels(values)
    if not levels:
        return None
    regimen = _measured_regimen(values)

    def predict(eta: Floats) -> Floats:
        parameters, predicted = patient.parameters(eta[None, :]), []
        for n in levels:
            time, dose = values.number(f"level_{n}_time_h"), values.optional(f"level_{n}_dose_number")
            if dose is None:
                curve = steady_state_mg_per_l(parameters, regimen, np.array([time]))
            else:
                since_first = time + (dose - 1) * regimen.interval_h
                curve = concentration_mg_per_l(parameters, regimen.repeated(int(dose)), np.array([since_first]))
            predicted.append(curve[0, 0])
        return np.array(predicted)

    observed = np.array([values.number(f"level_{n}_mg_l") for n in levels])
    return map_estimate(predict, observed, population.residual_variance, np.array(population.OMEGA_SD))


def _exposure(individual: TwoCompartment, ensemble: TwoCompartment, regimen: Regimen, known: bool) -> list[Output]:
    import numpy as np

    from twin_backend.engines.solvers import auc_mg_h_per_l, steady_state_mg_per_l

    daily_mg = regimen.dose_mg * 24 / regimen.interval_h
    auc24 = daily_mg / float(individual.clearance_l_per_h[0])
    spread = daily_mg / ensemble.clearance_l_per_h
    below, above = (float(100 * np.mean(hit)) for hit in (spread < TARGET_MG_H_L[0], spread > TARGET_MG_H_L[1]))
    inside = 100 - below - above
    low, high = (float(p) for p in np.percentile(spread, [5, 95]))
    edges = np.array([regimen.infusion_h, regimen.interval_h])
    peak, trough = (float(c) for c in steady_state_mg_per_l(individual, regimen, edges)[0])
    first_day = regimen.repeated(int(np.ceil(24 / regimen.interval_h)))
    first = float(auc_mg_h_per_l(individual, first_day, 24.0)[0])
    reading = band(auc24, ((400, "below the target of 400-600"), (600.0001, "within the target of 400-600")),
                   "above the target of 400-600")  # fmt: skip
    who = "given the measured levels" if known else "of patients with these covariates"
    draws = f"{who}; {ENSEMBLE_SIZE} simulated"
    return [
        measured("auc24", "AUC24 at steady state", auc24, "mg.h/L", 0,
                 f"{reading}; 90 % {who}: {rounded(low, 0)}-{rounded(high, 0)}"),
        measured("auc24_low", "AUC24, 5th percentile", low, "mg.h/L", 0),
        measured("auc24_high", "AUC24, 95th percentile", high, "mg.h/L", 0),
        measured("probability_auc24_in_target", "Probability that AUC24 is 400-600", inside, "%", 0, draws),
        measured("probability_auc24_below", "Probability that AUC24 is under 400", below, "%", 0, draws),
        measured("probability_auc24_above", "Probability that AUC24 is over 600", above, "%", 0, draws),
        measured("auc_first_24h", "AUC of the first 24 h", first, "mg.h/L", 0),
        measured("peak", "Peak at steady state (end of infusion)", peak, "mg/L", 1),
        measured("trough", "Trough at steady state", trough, "mg/L", 1),
    ]  # fmt: skip


def _disposition(individual: TwoCompartment, patient: _Patient) -> list[Output]:
    return [
        measured("half_life", "Terminal half-life", float(individual.terminal_half_life_h()[0]), "h", 1),
        measured("clearance", "Vancomycin clearance", float(individual.clearance_l_per_h[0]), "L/h", 2),
        measured("central_volume", "Central volume of distribution", float(individual.central_volume_l[0]), "L", 1),
        measured("crcl_used", "Creatinine clearance used", min(patient.crcl_ml_min, population.CRCL_CAP_ML_MIN),
                 "mL/min", 0),
    ]  # fmt: skip


def _fit(values: Values, estimate: Estimate | None) -> list[Output]:
    if estimate is None:
        return []
    return [
        measured(f"level_{n}_predicted", f"Level {n} by the individual estimate", float(predicted), "mg/L", 1,
                 f"measured {values.number(f'level_{n}_mg_l'):g} mg/L")
        for n, predicted in zip(_given_levels(values), estimate.predicted, strict=True)
    ]  # fmt: skip


def _members(ensemble: TwoCompartment, regimen: Regimen) -> dict[str, tuple[float, ...]]:
    """Each member's own exposure, so that two regimens are compared in the same patients."""
    import numpy as np

    from twin_backend.engines.solvers import steady_state_mg_per_l

    edges = np.array([regimen.infusion_h, regimen.interval_h])
    peak, trough = steady_state_mg_per_l(ensemble, regimen, edges).T
    auc24 = regimen.dose_mg * 24 / regimen.interval_h / ensemble.clearance_l_per_h
    drawn = {"auc24": auc24, "peak": peak, "trough": trough, "clearance": ensemble.clearance_l_per_h}
    return {name: tuple(values.tolist()) for name, values in drawn.items()}


def _calibration(values: Values, estimate: Estimate | None) -> Calibration | None:
    """The levels beside their fit, and what they leave of the variance between patients."""
    import numpy as np

    if estimate is None:
        return None
    spread = np.sqrt(population.residual_variance(estimate.predicted))
    residuals = []
    for n, predicted, sd in zip(_given_levels(values), estimate.predicted, spread, strict=True):
        name, level = f"level_{n}_mg_l", values.number(f"level_{n}_mg_l")
        residuals.append(
            Residual(
                name=name, measured=level, predicted=float(predicted), unit="mg/L",
                standardised=float((level - predicted) / sd),
            )
        )  # fmt: skip
    left = np.diag(estimate.covariance) / np.array(population.OMEGA_SD) ** 2
    shrinkage = dict(zip(("clearance", "central_volume", "peripheral_volume"), map(float, left), strict=True))
    return Calibration(
        method="maximum a posteriori, Laplace's approximation", residuals=tuple(residuals), shrinkage=shrinkage
    )


def _trajectory(individual: TwoCompartment, ensemble: TwoCompartment, regimen: Regimen) -> tuple[Series, float]:
    """Concentration from the first dose, and the relative error of the drug's mass balance at the end of it."""
    import numpy as np

    from twin_backend.engines.solvers import concentration_mg_per_l, mass_balance_error

    horizon = max(_HORIZON_H, 2 * regimen.interval_h)
    doses = regimen.repeated(int(np.ceil(horizon / regimen.interval_h)))
    edges = np.concatenate([doses.start_times_h, doses.start_times_h + regimen.infusion_h])
    times = np.unique(np.concatenate([np.linspace(0, horizon, 97), edges[edges <= horizon]]))
    centre = concentration_mg_per_l(individual, doses, times)[0]
    low, high = np.percentile(concentration_mg_per_l(ensemble, doses, times), [5, 95], axis=0)
    series = Series(
        name="concentration", label="Vancomycin concentration from the first dose", unit="mg/L", time_unit="h",
        times=tuple(times.tolist()), values=tuple(centre.tolist()), lower=tuple(low.tolist()),
        upper=tuple(high.tolist()), band="5th to 95th percentile of patients",
    )  # fmt: skip
    return series, mass_balance_error(individual, doses, horizon)


def _warnings(values: Values, patient: _Patient, estimate: Estimate | None) -> list[str]:
    warnings = []
    if patient.crcl_ml_min > population.CRCL_CAP_ML_MIN:
        warnings.append(
            f"Creatinine clearance {patient.crcl_ml_min:.0f} mL/min was taken as 150, as the paper did; "
            "augmented clearance may need more drug than this says."
        )
    if not values.has("crcl_ml_min") and values.number("age_years") > 60 and values.number("creatinine_mg_dl") < 1:
        warnings.append("Over 60 years, creatinine below 1 mg/dL was taken as 1, as the paper did.")
    if patient.dialysis:
        warnings.append("Haemodialysis is an average effect here; levels around sessions are not modelled.")
    if estimate is None:
        warnings.append("No measured level: results are for the typical patient with these covariates.")
        if values.has("measured_dose_mg"):
            warnings.append("measured_dose_mg and measured_interval_h are not used without a measured level.")
        return warnings
    return warnings + _level_warnings(values, estimate)


def _level_warnings(values: Values, estimate: Estimate) -> list[str]:
    import numpy as np

    levels, warnings = _given_levels(values), []
    infusion = _measured_regimen(values).infusion_h
    spread = np.sqrt(population.residual_variance(estimate.predicted))
    for n, predicted, sd in zip(levels, estimate.predicted, spread, strict=True):
        if not values.has(f"level_{n}_dose_number"):
            warnings.append(f"Level {n} was taken to be at steady state, since its dose number is not given.")
        if values.number(f"level_{n}_time_h") < infusion + 1:
            warnings.append(f"Level {n} was drawn within 1 h of the infusion, where distribution misleads.")
        if abs(values.number(f"level_{n}_mg_l") - predicted) > 2 * sd:
            warnings.append(f"Level {n} fits poorly; check dose times, sampling time and kidney function.")
    if not values.has("measured_dose_mg"):
        warnings.append("The levels were taken to belong to this dose and interval.")
    return warnings


def _also_needed(values: Values) -> list[str]:
    needed = [] if values.has("crcl_ml_min") else [n for n in ("sex", "creatinine_mg_dl") if not values.has(n)]
    return needed + [f"level_{n}_time_h" for n in _given_levels(values) if not values.has(f"level_{n}_time_h")]


def _contradict(values: Values) -> list[str]:
    faults = []
    if values.number("infusion_h") > values.number("interval_h"):
        faults.append("infusion_h cannot exceed interval_h")
    for n in _LEVELS:
        if not values.has(f"level_{n}_mg_l") and (
            values.has(f"level_{n}_time_h") or values.has(f"level_{n}_dose_number")
        ):
            faults.append(f"level_{n}_time_h and level_{n}_dose_number go with level_{n}_mg_l, which is absent")
    measured_inputs = [values.has(f"measured_{name}") for name in ("dose_mg", "interval_h")]
    if any(measured_inputs) and not all(measured_inputs):
        faults.append("measured_dose_mg and measured_interval_h go together")
    return faults


def _held_in_comparison(values: Values) -> dict[str, Value]:
    """Levels were drawn under the regimen of the baseline; a what-if dose must not rewrite that past."""
    if not _given_levels(values):
        return {}
    past = _measured_regimen(values)
    return {
        "measured_dose_mg": past.dose_mg,
        "measured_interval_h": past.interval_h,
        "measured_infusion_h": past.infusion_h,
    }


MODEL = Model(
    CARD,
    compute,
    refuse=adults_only,
    contradict=_contradict,
    also_needed=_also_needed,
    held_in_comparison=_held_in_comparison,
)
