"""Fits the confidence of calculated answers: `python -m evals.calibration --notes train.jsonl.gz --split 012`.

Ridge-penalised logistic regression by Newton's method: deterministic, so there is no seed. A calculator's own coefficient is
penalised harder than a feature's: it moves away from its kind only as far as its counts carry it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.calculation import Calculated
from tools.calculation.confidence import Calibration, confidence, features

OUT = Path(__file__).parents[1] / "tools" / "data" / "answer_confidence.json"
_RIDGE_FEATURE = 0.5
_RIDGE_CALCULATOR = 2.0
_STEPS = 100

Floats = NDArray[np.float64]


def fit(judged: Sequence[tuple[Calculated, bool]]) -> Calibration:
    """The calibration of answers that are known to be right or wrong.

    Raises:
        ValueError: there are none.
    """
    if not judged:
        raise ValueError("no answers to fit")
    rows = [features(answer) for answer, _ in judged]
    names = list(rows[0])
    calculators = sorted({answer.calculator for answer, _ in judged})
    design = np.array(
        [
            [*row.values(), *(float(answer.calculator == name) for name in calculators)]
            for row, (answer, _) in zip(rows, judged, strict=True)
        ]
    )
    penalty = np.array([_RIDGE_FEATURE] * len(names) + [_RIDGE_CALCULATOR] * len(calculators))
    penalty[names.index("intercept")] = 0.0
    weights = _logistic(design, np.array([float(right) for _, right in judged]), penalty)
    rounded = [round(float(weight), 3) for weight in weights]
    return Calibration(
        dict(zip(names, rounded, strict=False)), dict(zip(calculators, rounded[len(names) :], strict=True))
    )


def _logistic(design: Floats, right: Floats, penalty: Floats) -> Floats:
    weights = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        share = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (share - right) + penalty * weights
        curve = (design * (share * (1 - share))[:, None]).T @ design + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-9:
            break
    return weights


def written(calibration: Calibration, answers: int, notes: str, split: str) -> dict[str, Any]:
    """The calibration as it is stored, with what it was made from."""
    return {
        "made_by": f"python -m evals.calibration --notes {notes} --split {split}",
        "data": f"MedCalc-Bench training rows (CC BY-SA 4.0), folds {', '.join(split)}: {answers} answers under the "
        "conventions of each label's release. Deterministic: no seed.",
        "weights": calibration.weights,
        "calculators": calibration.calculators,
    }


def calibration_error(judged: Sequence[tuple[float, bool]]) -> float:
    """The mean distance of stated confidence and share right, over tenths of confidence (Naeini et al. 2015)."""
    tenths: dict[int, list[tuple[float, bool]]] = {}
    for stated, right in judged:
        tenths.setdefault(min(9, int(stated * 10)), []).append((stated, right))
    return sum(abs(sum(s for s, _ in items) - sum(r for _, r in items)) for items in tenths.values()) / len(judged)


def held_out(judged: Sequence[tuple[Calculated, bool]], folds: Sequence[int], held: str) -> list[tuple[float, bool]]:
    """The answers of each held fold with the confidence that a fit to all other folds gives them."""
    stated = []
    for fold in map(int, held):
        calibration = fit([item for item, own in zip(judged, folds, strict=True) if own != fold])
        stated += [
            (confidence(answer, calibration), right)
            for (answer, right), own in zip(judged, folds, strict=True)
            if own == fold
        ]
    return stated


def main() -> None:
    """Fit to the answers over a file of labelled notes, and write the coefficients."""
    from evals.suites.note_calculators import read_labelled, run_note_calculators

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--split", default="012")
    parser.add_argument("--held", default="", help="folds to report the calibration error of, each by a fit without it")
    chosen = parser.parse_args()
    rows = read_labelled(chosen.notes, chosen.split)
    answered = [
        (item, int(row.get("fold", 0)))
        for item, row in zip(run_note_calculators(rows), rows, strict=True)
        if item.answer.answer is not None
    ]
    judged = [(item.answer, item.right) for item, _ in answered]
    data = written(fit(judged), len(judged), chosen.notes.name, chosen.split)
    if chosen.held:
        error = calibration_error(held_out(judged, [fold for _, fold in answered], chosen.held))
        data["held"] = (
            f"expected calibration error of folds {', '.join(chosen.held)}, each by a fit to the others: {error:.3f}"
        )
    OUT.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
