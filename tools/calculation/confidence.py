"""How sure an answer is: a logistic model of what it rests on, fitted to answers over real notes with known labels.

An answer is the surer, the fewer values compete for its inputs, the less was assumed or converted, and the earlier in the
note an equation finds its values: later ones are often those after treatment. How often a calculator was right counts too,
drawn towards the average of its kind. `python -m evals.calibration` writes the coefficients.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from tools.calculation.answers import ASSUMED_ABSENT, Calculated

CONVENTION = "benchmark convention"  # how warnings begin that are none of the calculator
_POINTS = "{score}"
_START = 64  # characters; before that, where a value stands says nothing


class Calibration(NamedTuple):
    """The coefficients: of each feature, and of each calculator that the fit knew."""

    weights: dict[str, float]
    calculators: dict[str, float]


def features(answer: Calculated) -> dict[str, float]:
    """What the confidence in an answer rests on; counts as logarithms, since the first conflict matters most.

    In a score a competing or converted value seldom changes the points, so these have a weight of their own there.
    """
    points = answer.unit == _POINTS
    values = [item for item in answer.inputs if not isinstance(item.value, bool)]
    last = max((item.span[0] for item in values if item.span), default=0)
    doubtful = {
        "conflicting_inputs": math.log1p(sum(bool(item.others) for item in values)),
        "values_derived": math.log1p(sum(item.origin == "derived" for item in values)),
        "values_converted": math.log1p(sum(item.converted is not None for item in values)),
        "warnings": math.log1p(sum(not text.startswith(CONVENTION) for text in answer.warnings)),
    }
    return {
        "intercept": 1.0,
        "points": float(points),
        "criteria_not_mentioned": math.log1p(sum(item.origin == ASSUMED_ABSENT for item in answer.inputs)),
        "criteria_told": math.log1p(sum(criterion.span is not None for criterion in answer.criteria)),
        "values_assumed": math.log1p(sum(item.origin.startswith("assumed") for item in values)),
        "judgements_assumed": float(sum(item.origin == "assumed" for item in answer.inputs)),
        "depth": 0.0 if points else math.log2(1 + last / _START),
        **doubtful,
        **{f"{name}_in_score": count * points for name, count in doubtful.items()},
    }


def confidence(answer: Calculated, calibration: Calibration | None = None) -> float:
    """The probability that an answer is right; 0 where there is none."""
    if answer.answer is None:
        return 0.0
    fitted = calibration or packaged()
    logit = sum(fitted.weights.get(name, 0.0) * value for name, value in features(answer).items())
    logit += fitted.calculators.get(answer.calculator, 0.0)
    return round(1 / (1 + math.exp(-logit)), 3)


@lru_cache(maxsize=1)
def packaged() -> Calibration:
    """The calibration that comes with the package."""
    text = resources.files("tools").joinpath("data/answer_confidence.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return Calibration(data["weights"], data["calculators"])
