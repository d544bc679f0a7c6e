"""How well survival was predicted: discrimination, overall error, calibration, and the same by subgroup.

Harrell's C (doi:10.1001/jama.1982.03320430047030), Uno's C (doi:10.1002/sim.4154), integrated Brier score by inverse
probability of censoring weights (doi:10.1002/(SICI)1097-0258(19990915/30)18:17/18<2529::AID-SIM274>3.0.CO;2-5).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from twin_backend.training.datasets import Dataset, Floats
from twin_backend.training.learners import outcome

_GRID = 20
_SMALLEST_GROUP = 5  # events, below which a subgroup has no C index


def brier_grid(data: Dataset) -> Floats:
    """The days over which the Brier score is integrated, up to the last horizon."""
    last = data.horizons_d[-1]
    return np.linspace(last / _GRID, last, _GRID)


def _ended(data: Dataset, last: float) -> Dataset:
    """The same patients with follow-up ended just after `last`."""
    return replace(data, time_d=np.minimum(data.time_d, last + 1), event=data.event & (data.time_d <= last))


def harrell(data: Dataset, risk: Floats) -> float:
    """Share of comparable pairs in which the patient with the event first had the higher risk."""
    from sksurv.metrics import concordance_index_censored

    return float(concordance_index_censored(data.event, data.time_d, risk)[0])


def integrated_brier(train: Dataset, test: Dataset, survival: Floats) -> float:
    """Mean squared error of the survival probability on `brier_grid`; 0 is perfect, 0.25 a coin."""
    from sksurv.metrics import integrated_brier_score

    ended, grid = _ended(test, test.horizons_d[-1]), brier_grid(test)
    followed = grid >= ended.time_d.min()  # before that everybody is alive, and scikit-survival refuses to say so
    known = integrated_brier_score(outcome(train), outcome(ended), survival[:, followed], grid[followed])
    return float(known)


def discrimination_and_error(train: Dataset, test: Dataset, risk: Floats, survival: Floats) -> dict[str, float]:
    """The figures of one fold; the censoring distribution is that of the training patients."""
    from sksurv.metrics import concordance_index_ipcw

    last = test.horizons_d[-1]
    uno = concordance_index_ipcw(outcome(train), outcome(_ended(test, last)), risk, tau=last)[0]
    return {
        "harrell_c": harrell(test, risk),
        "uno_c": float(uno),
        "integrated_brier": integrated_brier(train, test, survival),
    }


def _observed(data: Dataset, day: float) -> tuple[float, float]:
    """Kaplan–Meier probability of the event by `day`, with Greenwood's standard error."""
    free, variance = 1.0, 0.0
    for t in np.unique(data.time_d[data.event & (data.time_d <= day)]):
        at_risk, died = int(np.sum(data.time_d >= t)), int(np.sum(data.event & (data.time_d == t)))
        free *= 1 - died / at_risk
        variance += died / (at_risk * (at_risk - died)) if at_risk > died else 0.0
    return 1 - free, free * variance**0.5


def calibration(data: Dataset, survival: Floats, groups: int = 5) -> dict[str, Any]:
    """Predicted against observed probability of the event by `calibrated_at_d`.

    Args:
        data: The patients, none of whom the prediction was fitted to.
        survival: Predicted probability of being free of the event on that day, shape (patients,).
        groups: Number of groups of equal size by predicted probability.

    Returns:
        Mean predicted and observed, their ratio, the slope (1 is right, below 1 is too extreme; the coefficient of the
        complementary log-log of the prediction in a Cox model), and the groups.
    """
    from sksurv.linear_model import CoxPHSurvivalAnalysis

    day = data.calibrated_at_d
    predicted = 1 - survival
    observed, error = _observed(data, day)
    link = np.log(-np.log(np.clip(survival, 1e-9, 1 - 1e-9)))
    slope = float(CoxPHSurvivalAnalysis(n_iter=200).fit(link[:, None], outcome(data)).coef_[0])
    rows = []
    for chosen in np.array_split(np.argsort(predicted, kind="stable"), groups):
        seen, spread = _observed(data.rows(chosen), day)
        rows.append(
            {"n": len(chosen), "predicted": float(predicted[chosen].mean()), "observed": seen, "observed_se": spread}
        )
    return {
        "day": day, "predicted": float(predicted.mean()), "observed": observed, "observed_se": error,
        "expected_to_observed": float(predicted.mean()) / observed, "slope": slope, "groups": rows,
    }  # fmt: skip


def by_subgroup(data: Dataset, survival: Floats) -> dict[str, dict[str, dict[str, Any]]]:
    """Discrimination and calibration within sex, age band and the like, by attribute and group."""
    table: dict[str, dict[str, dict[str, Any]]] = {}
    for attribute, labels in data.groups.items():
        for label in sorted(labels.unique()):
            chosen = np.flatnonzero((labels == label).to_numpy())
            part, predicted = data.rows(chosen), 1 - survival[chosen]
            observed, error = _observed(part, data.calibrated_at_d)
            table.setdefault(attribute, {})[str(label)] = {
                "n": len(chosen), "events": int(part.event.sum()),
                "harrell_c": harrell(part, predicted) if part.event.sum() >= _SMALLEST_GROUP else None,
                "predicted": float(predicted.mean()), "observed": observed, "observed_se": error,
                "expected_to_observed": float(predicted.mean()) / observed if observed else None,
            }  # fmt: skip
    return table
