"""The model of an intermittent intravenous drug: typical patient, individual estimate from levels, ensemble."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twin_backend.model import Model, Result, Value, Values, adults_only
from twin_backend.pk import intermittent_results as results
from twin_backend.pk.intermittent_drug import LEVELS, Drug, regimen_of
from twin_backend.randomness import standard_normals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from domain.predictions import ModelCard
    from twin_backend.engines.individualisation import Population, Posterior

    Floats = NDArray[np.float64]


def model(card: ModelCard, drug: Drug, also_needed: Callable[[Values], list[str]] | None = None) -> Model:
    """The model of a drug given by intermittent infusion."""
    return Model(
        card,
        lambda values, seed: _simulated(card.id, drug, values, seed),
        refuse=adults_only,
        contradict=_contradict,
        also_needed=lambda values: [*(also_needed(values) if also_needed else []), *_level_needs(values)],
        held_in_comparison=_held_in_comparison,
    )


def _simulated(model_id: str, drug: Drug, values: Values, seed: int) -> Result:
    from twin_backend.engines.individualisation import Population

    regimen, population = regimen_of(values), Population.of(drug.effects, drug.covariance)
    posterior = _posterior(drug, population, values)
    normals = standard_normals(seed, f"{model_id}/eta", (results.ENSEMBLE_SIZE, len(drug.effects)))
    if posterior is None:
        centre, members = 0 * normals[:1], population.draws(normals)
    else:
        centre, members = posterior.mode[None, :], posterior.draws(normals)
    patient, ensemble = drug.body(values, centre), drug.body(values, members)
    spread = results.spread_of(ensemble, regimen)
    series, balance = results.trajectory(drug, patient, ensemble, regimen)
    return Result(
        outputs=(
            *results.exposure(patient, spread, regimen, known=posterior is not None),
            *results.disposition(drug, patient),
            *results.probabilities(drug, spread),
            *results.search(drug, patient, ensemble, values),
            *results.fitted(values, posterior),
        ),
        series=(series,),
        warnings=(*drug.remarks(values), *_level_warnings(values, posterior)),
        solver="closed form (superposition)" + ("" if posterior is None else ", MAP estimate by BFGS"),
        ensemble_size=results.ENSEMBLE_SIZE,
        conservation={"mass_balance_relative_error": balance},
        calibration=results.calibration_of(values, posterior),
        draws={name: tuple(drawn.tolist()) for name, drawn in spread.items()},
    )


def _posterior(drug: Drug, population: Population, values: Values) -> Posterior | None:
    import numpy as np

    from twin_backend.engines.individualisation import individualise

    levels, past = results.given_levels(values), regimen_of(values, "measured_")
    if not levels:
        return None

    def predict(effects: Floats) -> Floats:
        curve, columns = drug.body(values, effects).concentration(), []
        for n in levels:
            time, number = values.number(f"level_{n}_time_h"), values.optional(f"level_{n}_dose_number")
            if number is None:
                columns.append(curve.at_steady_state(past.dose_mg, past.interval_h, past.infusion_h, [time])[:, 0])
            else:
                since_first = time + (number - 1) * past.interval_h
                columns.append(curve.at(past.doses(int(number)), [since_first])[:, 0])
        return np.stack(columns, axis=1)

    observed = np.array([values.number(f"level_{n}_mg_l") for n in levels])
    return individualise(population, predict, observed, drug.residual_sd)


def _level_warnings(values: Values, posterior: Posterior | None) -> list[str]:
    if posterior is None:
        warnings = ["No measured level: results are for the typical patient with these covariates."]
        if values.has("measured_dose_mg") and not values.has("doses_given"):
            warnings.append("measured_dose_mg and measured_interval_h are not used without a measured level.")
        return warnings
    warnings = []
    for n, predicted, sd in zip(results.given_levels(values), posterior.predicted, posterior.residual_sd, strict=True):
        if not values.has(f"level_{n}_dose_number"):
            warnings.append(f"Level {n} was taken to be at steady state, since its dose number is not given.")
        if abs(values.number(f"level_{n}_mg_l") - predicted) > 2 * sd:
            warnings.append(f"Level {n} fits poorly; check dose times, sampling time and kidney function.")
    if not values.has("measured_dose_mg"):
        warnings.append("The levels were taken to belong to this dose and interval.")
    return warnings


def _level_needs(values: Values) -> list[str]:
    return [f"level_{n}_time_h" for n in results.given_levels(values) if not values.has(f"level_{n}_time_h")]


def _contradict(values: Values) -> list[str]:
    faults = []
    if values.number("infusion_h") > values.number("interval_h"):
        faults.append("infusion_h cannot exceed interval_h")
    for n in LEVELS:
        if not values.has(f"level_{n}_mg_l") and (
            values.has(f"level_{n}_time_h") or values.has(f"level_{n}_dose_number")
        ):
            faults.append(f"level_{n}_time_h and level_{n}_dose_number go with level_{n}_mg_l, which is absent")
    if values.has("measured_dose_mg") != values.has("measured_interval_h"):
        faults.append("measured_dose_mg and measured_interval_h go together")
    if values.has("doses_given") and not values.has("target_auc24_mg_h_l"):
        faults.append("doses_given goes with target_auc24_mg_h_l, which is absent")
    return faults


def _held_in_comparison(values: Values) -> dict[str, Value]:
    """Levels were drawn under the regimen of the baseline; a what-if dose must not rewrite that past."""
    if not results.given_levels(values) and not values.has("doses_given"):
        return {}
    past = regimen_of(values, "measured_")
    return {
        "measured_dose_mg": past.dose_mg,
        "measured_interval_h": past.interval_h,
        "measured_infusion_h": past.infusion_h,
    }
