"""The model card of a study, in the order of TRIPOD+AI (Collins et al. 2024, doi:10.1136/bmj-2023-078378)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_NAMES = {
    "cox": "Cox, ridge (baseline)",
    "cox_flexible": "Cox, ridge, curved terms",
    "xgboost_cox": "XGBoost, Cox loss",
    "gradient_boosting": "gradient boosting, Cox loss",
    "survival_forest": "random survival forest",
}


def card_text(figures: dict[str, Any]) -> str:
    """Markdown; every number in it comes from the figures."""
    data, plan, exported = figures["data"], figures["plan"], figures["exported"]
    shipped = figures["learners"][exported]
    name = figures["dataset"]
    command = f"python -m twin_backend.training --dataset {name} --seed {figures['seed']}"
    command += f" --repeats {plan['repeats']} --trials {plan['trials']} --tuning-rows {plan['tuning_rows']}"
    parts = [
        f"# survival_{name}: how it was trained",
        "",
        f"<!-- Written by `{command}`. -->",
        "",
        "In the order of TRIPOD+AI (<https://doi.org/10.1136/bmj-2023-078378>). What the model is for, its inputs and its",
        f"limits are on its page of the model reference, `survival_{name}`.",
        "",
        "## Data",
        "",
        f"{data['patients']:,} patients, {data['events']:,} events, followed for up to {data['last_day']:g} days; carried by",
        "the package scikit-survival and checked column by column before training. No value is missing in the columns used.",
        "",
        *_listed("Not used", (f"`{column}`: {reason}" for column, reason in data["left_out"].items())),
        *_listed("To know", data["notes"]),
        "## Analysis",
        "",
        f"Nested cross-validation: {plan['outer_folds']} outer folds (drawings: {plan['repeats']}), {plan['inner_folds']} inner ones;",
        f"{plan['trials']} settings tried for each learner and outer fold, in at most {plan['tuning_rows']:,} patients. Settings are",
        "tuned (Optuna) for Harrell's C less the integrated Brier score; patients of an outer fold are never used for it.",
        "Intervals are ± one standard error over the outer folds, which share training patients: the true uncertainty is wider.",
        "",
        "## Performance",
        "",
        f"Day {shipped['calibration']['day']:g} for the slope and for expected to observed events.",
        "",
        _table(
            ("Learner", "Harrell C", "Uno C", "Integrated Brier", "Slope", "Expected / observed"),
            [_performance(learner, found) for learner, found in figures["learners"].items()],
        ),
        "",
        "A learner replaces a simpler one where its C in the same folds is higher by more than the standard error of the difference:",
        "",
        _table(
            ("Learner", "Against", "Difference of C", "Standard error", "Preferred"),
            [
                (_NAMES[row["learner"]], _NAMES[row["against"]], f"{row['difference']:+.4f}", f"{row['standard_error']:.4f}",
                 "yes" if row["preferred"] else "no")
                for row in figures["choice"]
            ],
        ),
        "",
        f"Chosen: {_NAMES[figures['chosen']]}. Exported for the twin: {_NAMES[exported]}, with "
        + ", ".join(f"{key} {value:.3g}" for key, value in figures["settings"].items())
        + ".",
        "",
        "## Calibration of the exported model",
        "",
        _table(
            ("Fifth by predicted risk", "Patients", "Predicted", "Observed (Kaplan–Meier)"),
            [
                (str(number), str(row["n"]), _percent(row["predicted"]), _with_error(row))
                for number, row in enumerate(shipped["calibration"]["groups"], start=1)
            ],
        ),
        "",
        "## Subgroups",
        "",
        _table(
            ("Attribute", "Group", "Patients", "Events", "Harrell C", "Predicted", "Observed", "Expected / observed"),
            [_subgroup(attribute, label, row) for attribute, rows in figures["subgroups"].items() for label, row in rows.items()],
        ),
        "",
        "## What the prediction depends on",
        "",
        "Permutation importance is the loss of C in the outer test folds when an input is shuffled; SHAP is the mean absolute",
        "value over the patients, exact for the Cox model, on the log hazard.",
        "",
        _table(
            ("Input", "Permutation", "SHAP"),
            [
                (f"`{key}`", f"{value:+.4f}", f"{figures['shap'][key]:.3f}")
                for key, value in figures["permutation_importance"].items()
            ],
        ),
        "",
        "## Limits",
        "",
        "No patients from elsewhere: the figures say how the model does in patients like these, not in others. Associations are",
        "not effects. Nobody but the authors has reviewed it, and no clinician has used it.",
        "",
        "## To repeat it",
        "",
        "    pip install 'charttwin[training]'",
        f"    {command}",
        "",
        "Versions: " + ", ".join(f"{package} {found}" for package, found in figures["versions"].items()) + ".",
        "The same seed and versions give the same figures.",
        "",
    ]  # fmt: skip
    return "\n".join(parts)


def _performance(learner: str, found: dict[str, Any]) -> tuple[str, ...]:
    spread = (f"{row['mean']:.3f} ± {row['standard_error']:.3f}" for row in found["summary"].values())
    calibrated = found["calibration"]
    return (_NAMES[learner], *spread, f"{calibrated['slope']:.2f}", f"{calibrated['expected_to_observed']:.2f}")


def _subgroup(attribute: str, label: str, row: dict[str, Any]) -> tuple[str, ...]:
    c, ratio = row["harrell_c"], row["expected_to_observed"]
    return (
        attribute, label, str(row["n"]), str(row["events"]), "too few events" if c is None else f"{c:.3f}",
        _percent(row["predicted"]), _with_error(row), "no event" if ratio is None else f"{ratio:.2f}",
    )  # fmt: skip


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _with_error(row: dict[str, Any]) -> str:
    return f"{100 * row['observed']:.1f} ± {100 * row['observed_se']:.1f} %"


def _listed(title: str, items: Iterable[str]) -> list[str]:
    rows = [f"- {item}" for item in items]
    return [f"{title}:", "", *rows, ""] if rows else []


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
