"""Results of an intermittent intravenous drug: exposure, probabilities, the dose for a target, fit and course."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from domain.predictions import Calibration, Output, Residual, Series
from twin_backend.display import measured, rounded
from twin_backend.model import Values
from twin_backend.pk.intermittent_drug import LEVELS, Drug, Regimen, regimen_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin_backend.engines.compartments import Body
    from twin_backend.engines.individualisation import Posterior

    Floats = NDArray[np.float64]

ENSEMBLE_SIZE = 1000
_HORIZON_H = 72.0


def spread_of(ensemble: Body, regimen: Regimen) -> dict[str, Floats]:
    """Exposure of every individual, by name."""
    curve = ensemble.concentration()
    steady = curve.at_steady_state(
        regimen.dose_mg, regimen.interval_h, regimen.infusion_h, [regimen.infusion_h, regimen.interval_h]
    )
    first = curve.at(regimen.doses(1), [regimen.infusion_h])
    return {
        "auc24": regimen.dose_mg * 24 / regimen.interval_h / ensemble.clearance,
        "peak": steady[:, 0],
        "trough": steady[:, 1],
        "first_peak": first[:, 0],
    }


def exposure(patient: Body, spread: dict[str, Floats], regimen: Regimen, known: bool) -> list[Output]:
    """Exposure of the patient, with the spread of the ensemble."""
    import numpy as np

    mine, curve = spread_of(patient, regimen), patient.concentration()
    low, high = (float(p) for p in np.percentile(spread["auc24"], [5, 95]))
    first_day = float(curve.area(regimen.in_one_day(regimen.dose_mg, 0.0), 24.0)[0])
    before_second = float(curve.at(regimen.doses(1), [regimen.interval_h])[0, 0])
    who = "given the measured levels" if known else "of patients with these covariates"
    return [
        measured("auc24", "AUC24 at steady state", float(mine["auc24"][0]), "mg.h/L", 0,
                 f"90 % {who}: {rounded(low, 0)}-{rounded(high, 0)}"),
        measured("auc24_low", "AUC24, 5th percentile", low, "mg.h/L", 0),
        measured("auc24_high", "AUC24, 95th percentile", high, "mg.h/L", 0),
        measured("auc_first_24h", "AUC of the first 24 h", first_day, "mg.h/L", 0),
        measured("peak", "Peak at steady state (end of infusion)", float(mine["peak"][0]), "mg/L", 1),
        measured("trough", "Trough at steady state", float(mine["trough"][0]), "mg/L", 1),
        measured("first_peak", "Peak of the first dose (end of infusion)", float(mine["first_peak"][0]), "mg/L", 1),
        measured("first_trough", "Level before the second dose", before_second, "mg/L", 1),
    ]  # fmt: skip


def disposition(drug: Drug, patient: Body) -> list[Output]:
    """Clearance, volumes and half-life of the patient."""
    total = float(patient.volumes[:, 0].sum())
    return [
        measured("half_life", "Terminal half-life", float(patient.terminal_half_life()[0]), "h", 1),
        measured("clearance", f"{drug.name} clearance", float(patient.clearance[0]), "L/h", 2),
        measured("central_volume", "Central volume of distribution", float(patient.volumes[0, 0]), "L", 1),
        measured("steady_state_volume", "Volume of distribution at steady state", total, "L", 1),
    ]


def _percent(hit: NDArray[np.bool_]) -> float:
    return float(100 * hit.mean())


def probabilities(drug: Drug, spread: dict[str, Floats]) -> list[Output]:
    """The share of the ensemble within the targets of the drug."""
    found, basis = [], f"{ENSEMBLE_SIZE} draws"
    if drug.auc_target:
        low, high = drug.auc_target
        inside = _percent((spread["auc24"] >= low) & (spread["auc24"] <= high))
        label = f"Probability that AUC24 is {low:g}-{high:g}"
        found.append(measured("probability_auc24_in_target", label, inside, "%", 0, basis))
    if drug.peak_target:
        reached = _percent(spread["first_peak"] >= drug.peak_target)
        label = f"Probability of a first peak of {drug.peak_target:g} mg/L or more"
        found.append(measured("probability_peak_in_target", label, reached, "%", 0, basis))
    if drug.trough_limit:
        below = _percent(spread["trough"] < drug.trough_limit)
        label = f"Probability of a trough under {drug.trough_limit:g} mg/L"
        found.append(measured("probability_trough_below_limit", label, below, "%", 0, basis))
    return found


def search(drug: Drug, patient: Body, ensemble: Body, values: Values) -> list[Output]:
    """Doses that reach what was asked for: the model is linear, so each is one division."""
    found, regimen = [], regimen_of(values)
    target, peak = values.optional("target_auc24_mg_h_l"), values.optional("target_peak_mg_l")
    if target is not None:
        dose = target * float(patient.clearance[0]) * regimen.interval_h / 24
        label = "Dose that reaches the AUC24 asked for, at steady state"
        found.append(measured("dose_for_target_auc24", label, dose, "mg", 0, f"every {regimen.interval_h:g} h"))
    if target is not None and values.has("doses_given"):
        found += _next_day(drug, patient, ensemble, values, target)
    if peak is not None:
        dose = regimen.dose_mg * peak / float(spread_of(patient, regimen)["peak"][0])
        label = "Dose that reaches the peak asked for, at steady state"
        found.append(measured("dose_for_target_peak", label, dose, "mg", 0, f"every {regimen.interval_h:g} h"))
    return found


def _next_day(drug: Drug, patient: Body, ensemble: Body, values: Values, target: float) -> list[Output]:
    """What earlier doses leave of an AUC over the next 24 h, and the dose that makes up the rest."""
    regimen, past, count = regimen_of(values), regimen_of(values, "measured_"), int(values.number("doses_given"))
    start = count * past.interval_h

    def parts(of: Body) -> tuple[Floats, Floats]:
        curve, given = of.concentration(), past.doses(count)
        left = curve.area(given, start + 24) - curve.area(given, start)
        return left, curve.area(regimen.in_one_day(1.0, 0.0), 24.0)

    left, per_mg = parts(patient)
    dose = max(0.0, (target - float(left[0])) / float(per_mg[0]))
    text = f"from {start:g} h after the first dose, every {regimen.interval_h:g} h; earlier doses leave {rounded(float(left[0]), 0)} mg·h/L"
    found = [measured("next_24h_dose", "Dose that reaches the AUC asked for in the next 24 h", dose, "mg", 0, text)]
    if drug.auc_target:
        low, high = drug.auc_target
        left, per_mg = parts(ensemble)
        reached = left + dose * per_mg
        label = f"Probability of {low:g}-{high:g} in the next 24 h at that dose"
        chance = _percent((reached >= low) & (reached <= high))
        found.append(measured("next_24h_probability_in_target", label, chance, "%", 0, f"{ENSEMBLE_SIZE} draws"))
    return found


def fitted(values: Values, posterior: Posterior | None) -> list[Output]:
    """The measured levels beside what the individual estimate gives for them."""
    if posterior is None:
        return []
    return [
        measured(f"level_{n}_predicted", f"Level {n} by the individual estimate", float(predicted), "mg/L", 1,
                 f"measured {values.number(f'level_{n}_mg_l'):g} mg/L")
        for n, predicted in zip(given_levels(values), posterior.predicted, strict=True)
    ]  # fmt: skip


def calibration_of(values: Values, posterior: Posterior | None) -> Calibration | None:
    """How the estimate was made, its residuals and its shrinkage."""
    if posterior is None:
        return None
    rows = []
    for n, predicted, sd in zip(given_levels(values), posterior.predicted, posterior.residual_sd, strict=True):
        level = values.number(f"level_{n}_mg_l")
        rows.append(
            Residual(
                name=f"level_{n}_mg_l", measured=level, predicted=float(predicted), unit="mg/L",
                standardised=float((level - predicted) / sd),
            )
        )  # fmt: skip
    return Calibration(
        method="maximum a posteriori, Laplace approximation of the posterior",
        residuals=tuple(rows),
        shrinkage=posterior.shrinkage(),
    )


def trajectory(drug: Drug, patient: Body, ensemble: Body, regimen: Regimen) -> tuple[Series, float]:
    """Concentration from the first dose, and the relative error of the drug's mass balance at the end of it."""
    import numpy as np

    from twin_backend.engines.compartments import mass_balance_error

    horizon = max(_HORIZON_H, 2 * regimen.interval_h)
    doses = regimen.doses(ceil(horizon / regimen.interval_h))
    ends = np.concatenate([doses.starts, doses.starts + doses.durations])
    times = np.unique(np.concatenate([np.linspace(0, horizon, 73), ends[ends <= horizon]]))
    centre = patient.concentration().at(doses, times)[0]
    low, high = np.percentile(ensemble.concentration().at(doses, times), [5, 95], axis=0)
    series = Series(
        name="concentration", label=f"{drug.name} concentration from the first dose", unit="mg/L", time_unit="h",
        times=tuple(times.tolist()), values=tuple(centre.tolist()), lower=tuple(low.tolist()),
        upper=tuple(high.tolist()), band="5th to 95th percentile of patients",
    )  # fmt: skip
    return series, mass_balance_error(patient, doses, horizon)


def given_levels(values: Values) -> list[int]:
    """The numbers of the levels that were measured."""
    return [n for n in LEVELS if values.has(f"level_{n}_mg_l")]
