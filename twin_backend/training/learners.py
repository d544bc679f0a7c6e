"""The learners that are compared: ridge Cox as the baseline, Cox with splines, random survival forest, boosted trees."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from twin_backend.engines.cox import CoxModel, Term, columns
from twin_backend.training.datasets import Dataset, Floats

# Quantiles of the knots of a restricted cubic spline with four of them (Harrell 2015, doi:10.1007/978-3-319-19425-7).
_KNOTS = (0.05, 0.35, 0.65, 0.95)
_FOREST_TIMES = 60
_MOST_PATIENTS_OF_GRADIENT_BOOSTING = 1000  # its time grows with their square


@dataclass(frozen=True)
class Fitted:
    """A fitted learner: `risk` ranks patients, `survival` gives probabilities at days, shape (patients, days)."""

    risk: Callable[[pd.DataFrame], Floats]
    survival: Callable[[pd.DataFrame, Iterable[float]], Floats]
    cox: CoxModel | None = None


@dataclass(frozen=True)
class Learner:
    """How to fit, and what of it is tuned: `space` asks a trial for settings."""

    fit: Callable[[Dataset, dict[str, Any], int], Fitted]
    space: Callable[[Any], dict[str, Any]]


def matrix(terms: Iterable[Term], frame: pd.DataFrame) -> Floats:
    """The columns of the terms side by side, shape (patients, columns)."""
    return np.column_stack([np.array([columns(term, v) for v in frame[term.input]], dtype=float) for term in terms])


def outcome(data: Dataset, time_d: Floats | None = None) -> Any:
    """Event and time as scikit-survival takes them."""
    from sksurv.util import Surv

    return Surv.from_arrays(data.event, data.time_d if time_d is None else time_d)


def baseline_hazard(data: Dataset, linear_predictor: Floats) -> tuple[Floats, Floats]:
    """Breslow's cumulative hazard at linear predictor 0, at each event time (doi:10.2307/2529620)."""
    times = np.unique(data.time_d[data.event])
    order = np.argsort(data.time_d)
    sums = np.cumsum(np.exp(linear_predictor[order])[::-1])[::-1]
    at_risk = sums[np.searchsorted(data.time_d[order], times, side="left")]
    died = np.array([np.sum(data.event & (data.time_d == t)) for t in times])
    return times, np.cumsum(died / at_risk)


def _proportional(data: Dataset, risk: Callable[[pd.DataFrame], Floats], cox: Any = None) -> Fitted:
    """Survival of a learner whose risk is a log hazard ratio."""
    times, hazard = baseline_hazard(data, risk(data.frame))

    def survival(frame: pd.DataFrame, days: Iterable[float]) -> Floats:
        steps = np.searchsorted(times, np.asarray(list(days)), side="right")
        return np.exp(-np.exp(risk(frame))[:, None] * np.concatenate([[0.0], hazard])[steps])

    return Fitted(risk, survival, cox(times, hazard) if cox else None)


def _placed(terms: Iterable[Term], frame: pd.DataFrame) -> list[Term]:
    """The terms with the knots of their splines at quantiles of these patients."""
    placed = []
    for term in terms:
        if term.kind == "spline":
            values = frame[term.input].to_numpy(dtype=float)
            knots = np.unique(np.quantile(np.log1p(values) if term.log else values, _KNOTS))
            kind = ("log1p" if term.log else "linear") if len(knots) < 3 else "spline"
            term = replace(
                term,
                kind=kind,
                knots=tuple(map(float, knots)) if kind == "spline" else (),
                log=term.log and kind == "spline",
            )
        placed.append(term)
    return placed


def _cox(data: Dataset, terms: Iterable[Term], penalty: float) -> Fitted:
    from sksurv.linear_model import CoxPHSurvivalAnalysis

    placed = _placed(terms, data.frame)
    x = matrix(placed, data.frame)
    centre, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale == 0] = 1.0
    fitted = CoxPHSurvivalAnalysis(alpha=penalty, ties="efron", n_iter=200).fit((x - centre) / scale, outcome(data))
    slopes = fitted.coef_ / scale

    def risk(frame: pd.DataFrame) -> Floats:
        return np.asarray((matrix(placed, frame) - centre) @ slopes, dtype=float)

    def exported(times: Floats, hazard: Floats) -> CoxModel:
        widths = [len(columns(term, data.frame[term.input].iloc[0])) for term in placed]
        at = np.concatenate([[0], np.cumsum(widths)])
        whole = tuple(
            replace(term, centres=tuple(map(float, centre[a:b])), coefficients=tuple(map(float, slopes[a:b])))
            for term, a, b in zip(placed, at, at[1:], strict=False)
        )
        return CoxModel(whole, tuple(map(float, times)), tuple(map(float, hazard)))

    return _proportional(data, risk, exported)


def _forest(data: Dataset, settings: dict[str, Any], seed: int) -> Fitted:
    from sksurv.ensemble import RandomSurvivalForest

    terms = data.linear
    # Times rounded up to few values: growing and predicting take time and memory in proportion to their number.
    edges = np.unique(np.quantile(data.time_d, np.linspace(0, 1, _FOREST_TIMES + 1)[1:]))
    coarse = edges[np.minimum(np.searchsorted(edges, data.time_d), len(edges) - 1)]
    forest = RandomSurvivalForest(**settings, n_jobs=1, random_state=seed).fit(
        matrix(terms, data.frame), outcome(data, coarse)
    )

    def survival(frame: pd.DataFrame, days: Iterable[float]) -> Floats:
        curves = np.asarray(forest.predict_survival_function(matrix(terms, frame), return_array=True))
        steps = np.searchsorted(forest.unique_times_, np.asarray(list(days)), side="right")
        return np.column_stack([np.ones(len(frame)), curves])[:, steps]

    return Fitted(lambda frame: np.asarray(forest.predict(matrix(terms, frame))), survival)


def _boosted(data: Dataset, settings: dict[str, Any], seed: int) -> Fitted:
    from sksurv.ensemble import GradientBoostingSurvivalAnalysis

    x = matrix(data.linear, data.frame)
    trees = GradientBoostingSurvivalAnalysis(**settings, random_state=seed).fit(x, outcome(data))
    return _proportional(data, lambda frame: np.asarray(trees.predict(matrix(data.linear, frame)), dtype=float))


def _xgboost(data: Dataset, settings: dict[str, Any], seed: int) -> Fitted:
    import xgboost

    rounds = settings["rounds"]
    chosen = {key: value for key, value in settings.items() if key != "rounds"}
    label = np.where(data.event, data.time_d, -data.time_d)  # XGBoost marks censoring by the sign
    trees = xgboost.train(
        {"objective": "survival:cox", "nthread": 1, "seed": seed, **chosen},
        xgboost.DMatrix(matrix(data.linear, data.frame), label=label), num_boost_round=rounds,
    )  # fmt: skip
    return _proportional(
        data,
        lambda frame: trees.predict(xgboost.DMatrix(matrix(data.linear, frame)), output_margin=True).astype(float),
    )


def _tree_space(trial: Any) -> dict[str, Any]:
    return {
        "max_depth": trial.suggest_int("max_depth", 1, 4),
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
    }


LEARNERS = {
    "cox": Learner(
        lambda data, settings, _: _cox(data, data.linear, settings["penalty"]),
        lambda trial: {"penalty": trial.suggest_float("penalty", 1e-4, 100, log=True)},
    ),
    "cox_flexible": Learner(
        lambda data, settings, _: _cox(data, data.flexible, settings["penalty"]),
        lambda trial: {"penalty": trial.suggest_float("penalty", 1e-4, 100, log=True)},
    ),
    "xgboost_cox": Learner(
        _xgboost,
        lambda trial: {
            **_tree_space(trial), "rounds": trial.suggest_int("rounds", 20, 300),
            "min_child_weight": trial.suggest_float("min_child_weight", 1, 30, log=True),
            "reg_lambda": trial.suggest_float("reg_lambda", 0.1, 30, log=True),
        },
    ),
    "gradient_boosting": Learner(
        _boosted,
        lambda trial: {
            **_tree_space(trial), "n_estimators": trial.suggest_int("n_estimators", 20, 200),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 40),
        },
    ),
    "survival_forest": Learner(
        _forest,
        lambda trial: {
            "n_estimators": trial.suggest_int("n_estimators", 50, 150),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 60),
            "max_features": trial.suggest_float("max_features", 0.2, 1.0),
        },
    ),
}  # fmt: skip


def learners_for(patients: int) -> tuple[str, ...]:
    """The learners whose time is bearable for so many patients, simplest first."""
    few = patients <= _MOST_PATIENTS_OF_GRADIENT_BOOSTING
    return tuple(name for name in LEARNERS if few or name != "gradient_boosting")
