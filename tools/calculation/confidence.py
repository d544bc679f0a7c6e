"""How sure an answer is: calibrated on training notes by what it rests on."""

from __future__ import annotations

from tools.calculation.answers import Calculated


def confidence(answer: Calculated) -> float:
    """The share of answers of this kind that were right on the training notes."""
    conflicts = sum(bool(item.others) for item in answer.inputs)
    assumed = len(answer.assumptions)
    return max(0.05, 0.95 - 0.1 * conflicts - 0.03 * assumed)
