"""Nested cross-validation: settings are tuned in inner folds, and judged in outer ones that tuning never saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin_backend.training.datasets import Dataset, Floats
from twin_backend.training.learners import LEARNERS, Fitted
from twin_backend.training.metrics import brier_grid, discrimination_and_error, harrell, integrated_brier

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """How much is computed.

    `tuning_rows` bounds the patients that inner folds use, since the time of a tree ensemble grows with them.
    """

    seed: int = 1
    repeats: int = 1
    outer_folds: int = 5
    inner_folds: int = 3
    trials: int = 20
    tuning_rows: int = 1000
    learners: tuple[str, ...] = tuple(LEARNERS)


@dataclass(frozen=True)
class Fold:
    """One learner in one outer fold."""

    test: Positions
    settings: dict[str, Any]
    fitted: Fitted
    figures: dict[str, float]
    survival: Floats  # of the test patients at `calibrated_at_d`


def folds(data: Dataset, count: int, seed: int) -> Iterator[tuple[Positions, Positions]]:
    """Training and test positions, events spread evenly."""
    from sklearn.model_selection import StratifiedKFold

    yield from StratifiedKFold(count, shuffle=True, random_state=seed).split(np.zeros(len(data.event)), data.event)


def tune(data: Dataset, learner: str, plan: Plan, seed: int) -> dict[str, Any]:
    """The settings that do best in inner folds, by Harrell's C less the integrated Brier score.

    The C index alone does not notice survival that is too extreme or too tame.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    data = data.sample(plan.tuning_rows, seed)
    parts = list(folds(data, plan.inner_folds, seed))

    def objective(trial: Any) -> float:
        settings = LEARNERS[learner].space(trial)
        scores = []
        for train, test in parts:
            inner, held_out = data.rows(train), data.rows(test)
            fitted = LEARNERS[learner].fit(inner, settings, seed)
            error = integrated_brier(inner, held_out, fitted.survival(held_out.frame, brier_grid(data)))
            scores.append(harrell(held_out, fitted.risk(held_out.frame)) - error)
        return float(np.mean(scores))

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=plan.trials)
    return dict(study.best_params)


def cross_validate(data: Dataset, plan: Plan) -> dict[str, list[Fold]]:
    """Every learner of the plan in the same outer folds, which are drawn anew at each repeat."""
    found: dict[str, list[Fold]] = {name: [] for name in plan.learners}
    splits = [split for repeat in range(plan.repeats) for split in folds(data, plan.outer_folds, plan.seed + repeat)]
    for number, (train, test) in enumerate(splits):
        outer, held_out = data.rows(train), data.rows(test)
        for name in plan.learners:
            settings = tune(outer, name, plan, plan.seed + 1000 * (number + 1))
            fitted = LEARNERS[name].fit(outer, settings, plan.seed)
            risk = fitted.risk(held_out.frame)
            figures = discrimination_and_error(outer, held_out, risk, fitted.survival(held_out.frame, brier_grid(data)))
            at_horizon = fitted.survival(held_out.frame, [data.calibrated_at_d])[:, 0]
            found[name].append(Fold(test, settings, fitted, figures, at_horizon))
    return found


def pooled(data: Dataset, runs: list[Fold]) -> Floats:
    """Each patient's survival at `calibrated_at_d`, the mean over the models that were not fitted to that patient."""
    survival, models = np.zeros(len(data.event)), np.zeros(len(data.event))
    for fold in runs:
        survival[fold.test] += fold.survival
        models[fold.test] += 1
    return survival / models


def mean_and_error(values: list[float]) -> tuple[float, float]:
    """Mean over the folds and its standard error, as if the folds were independent (they share training patients)."""
    return float(np.mean(values)), float(np.std(values, ddof=1) / len(values) ** 0.5)


def choose(results: dict[str, list[Fold]]) -> tuple[str, list[dict[str, Any]]]:
    """The simplest learner that no more complex one beats by more than a standard error of the paired difference.

    Learners come simplest first; the difference is of Harrell's C in the same fold.
    """
    names = list(results)
    best, steps = names[0], []
    for name in names[1:]:
        pairs = zip(results[name], results[best], strict=True)
        mean, error = mean_and_error([a.figures["harrell_c"] - b.figures["harrell_c"] for a, b in pairs])
        steps.append(
            {"learner": name, "against": best, "difference": mean, "standard_error": error, "preferred": mean > error}
        )
        if mean > error:
            best = name
    return best, steps
