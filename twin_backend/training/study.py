"""One study: from a data set and a seed to figures, a model for the twin and a model card."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from twin_backend.engines.cox import CoxModel, as_json
from twin_backend.training.datasets import Dataset
from twin_backend.training.importance import permutation, shap_values
from twin_backend.training.learners import LEARNERS
from twin_backend.training.metrics import by_subgroup, calibration
from twin_backend.training.nested import Fold, Plan, choose, cross_validate, mean_and_error, pooled, tune

_PACKAGES = ("numpy", "pandas", "scikit-learn", "scikit-survival", "xgboost-cpu", "optuna", "shap", "pandera")
_DIGITS = 6  # of the figures; below them libraries of other machines differ


def study(data: Dataset, plan: Plan) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures of the study, and the model for the twin.

    The model is a Cox model. Where a tree ensemble was preferred, the figures say so under `chosen`, and the better of
    the Cox models, which the twin can evaluate without further libraries, is exported under `exported`.
    """
    results = cross_validate(data, plan)
    chosen, steps = choose(results)
    cox = chosen if chosen.startswith("cox") else choose({n: r for n, r in results.items() if n.startswith("cox")})[0]
    settings = tune(data, cox, plan, plan.seed)
    final = LEARNERS[cox].fit(data, settings, plan.seed)
    assert final.cox is not None
    trees = [name for name in results if not name.startswith("cox")]
    challenger = max(
        trees, key=lambda name: mean_and_error([f.figures["harrell_c"] for f in results[name]])[0], default=None
    )
    figures: dict[str, Any] = {
        "dataset": data.name, "seed": plan.seed,
        "plan": {"repeats": plan.repeats, "outer_folds": plan.outer_folds, "inner_folds": plan.inner_folds, "trials": plan.trials, "tuning_rows": plan.tuning_rows},
        "versions": {name: version(name) for name in _PACKAGES},
        "data": _described(data),
        "learners": {name: _learner(data, runs) for name, runs in results.items()},
        "chosen": chosen, "choice": steps, "exported": cox, "settings": settings,
        "subgroups": by_subgroup(data, pooled(data, results[cox])),
        "permutation_importance": permutation(data, results[cox], plan.seed),
        "shap": shap_values(data, final, plan.seed),
    }  # fmt: skip
    if challenger:
        last = results[challenger][-1].fitted
        figures["challenger"] = {
            "learner": challenger,
            "permutation_importance": permutation(data, results[challenger], plan.seed),
            "shap": shap_values(data, last, plan.seed),
        }
    return rounded(figures), exported_model(data, final.cox, figures)


def exported_model(data: Dataset, cox: CoxModel, figures: dict[str, Any]) -> dict[str, Any]:
    """What `twin_backend/survival/data` keeps of a study: coefficients, ranges of the inputs, validation, settings."""
    found = figures["learners"][figures["exported"]]
    return {
        "dataset": data.name, "seed": figures["seed"], "learner": figures["exported"], "settings": figures["settings"],
        "patients": len(data.event), "events": int(data.event.sum()), "ranges": figures["data"]["ranges"],
        "model": as_json(cox),
        "validation": rounded({
            "repeats": figures["plan"]["repeats"], "outer_folds": figures["plan"]["outer_folds"], **found["summary"],
            "calibration_slope": found["calibration"]["slope"],
            "expected_to_observed": found["calibration"]["expected_to_observed"],
            "calibrated_at_d": data.calibrated_at_d,
        }),
    }  # fmt: skip


def _described(data: Dataset) -> dict[str, Any]:
    numbers = data.frame.select_dtypes("float")
    return {
        "patients": len(data.event), "events": int(data.event.sum()), "last_day": float(data.time_d.max()),
        "horizons_d": data.horizons_d,
        "ranges": {name: [float(column.min()), float(column.max())] for name, column in numbers.items()},
        "left_out": data.left_out, "notes": data.notes,
    }  # fmt: skip


def _learner(data: Dataset, runs: list[Fold]) -> dict[str, Any]:
    summary = {}
    for figure in runs[0].figures:
        mean, error = mean_and_error([fold.figures[figure] for fold in runs])
        summary[figure] = {"mean": mean, "standard_error": error}
    return {
        "summary": summary, "calibration": calibration(data, pooled(data, runs)),
        "folds": [{"settings": fold.settings, **fold.figures} for fold in runs],
    }  # fmt: skip


def rounded(value: Any) -> Any:
    """JSON-ready values with `_DIGITS` significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return value
