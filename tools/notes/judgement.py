"""How likely a sentence of a note answers a question: a logistic regression over a few signs, its numbers kept as data.

`benchmarks/note_answers.py` fits the numbers and draws precision and recall over the limits.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from domain.facts import Frozen


class Signs(NamedTuple):
    """What speaks for a sentence; shares are parts of what is asked, from 0 to 1 (see `note_matching.Shares`)."""

    covered: float
    own: float
    related: float
    meaning: float  # cosine of question and sentence
    names_it: bool  # holds a clinical name of the question, or follows a sentence that does
    lacks_form: bool  # has no time where "when" is asked, no cause where "why" is


class Judgement(Frozen):
    """The fitted numbers, and the likelihoods from which a sentence counts."""

    intercept: float
    weights: dict[str, float]
    answers: float  # taken to answer
    close: float  # shown beside the record although it lacks the name that the question is about
    near: float  # shown as the nearest there is

    def likelihood(self, signs: Signs) -> float:
        """The fitted probability that a sentence with these signs answers."""
        total = self.intercept + sum(w * float(getattr(signs, name)) for name, w in self.weights.items())
        return 1.0 / (1.0 + math.exp(-total))


@lru_cache(maxsize=1)
def judgement() -> Judgement:
    """The packaged numbers."""
    text = resources.files("tools").joinpath("data/note_judgement.json").read_text(encoding="utf-8")
    return Judgement(**{key: value for key, value in json.loads(text).items() if key != "fitted"})
