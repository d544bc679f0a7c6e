"""How likely a sentence of a note answers a question: a logistic regression over a few signs, its numbers kept as data.

The sentences of one question are ordered by a conditional logit over the same signs: which of them answers, if one does.

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
    """What speaks for a sentence; shares are parts of what is asked, weighed by rarity, from 0 to 1."""

    covered: float  # in its words, another name or a word of its topic; 0 where only the question's frame stands there
    own: float  # in the question's own words or another name
    alike: float  # by a synonym
    related: float  # by a word of its topic
    labelled: float  # what it opens with before a colon, or what a heading just before it tells
    headed: float  # what only the heading it stands under tells
    before: float  # what only the sentences just before it tell
    noted: float  # what only the rest of its note tells
    noted_name: float  # what only the rest of its note tells, of the question's clinical names
    titled: float  # what only the title or the author of its note tells
    meaning: float  # cosine of question and sentence in its place
    likeness: float  # how near it comes to the question word piece by word piece, less the average of the notes
    names_it: bool  # holds a clinical name of the question, or follows a sentence that does
    has_form: bool  # has a time where "when" is asked, a cause where "why" is
    lacks_form: bool
    adds: float  # how much it says beyond the question's words
    opens: bool  # the first line of its note, which heads it
    is_copied: bool
    denies_too: bool  # says that something is not, where the question asks why it is not
    later: float  # how late it was written, of a sentence that holds what is asked, where the latest is; negative for the first
    corrects: bool  # says that something was moved, changed or wrong
    of_kin: bool  # opens with a relative, where none is asked about
    dated: bool  # its note is of the time that the question names
    set_in: float  # how much its note tells of what only frames the question: the occasion, or who wrote it
    planned: bool  # of a plan, where the question asks for one
    quotes: bool  # has words in quotation marks, where those are asked


class Judgement(Frozen):
    """The fitted numbers, and the likelihoods from which a sentence counts."""

    intercept: float
    weights: dict[str, float]
    order: dict[str, float]  # weights of the score that orders the sentences of one question
    answers: float  # taken to answer
    close: float  # shown beside the record although it lacks the name that the question is about
    near: float  # shown as the nearest there is

    def likelihood(self, signs: Signs) -> float:
        """The fitted probability that a sentence with these signs answers."""
        total = self.intercept + sum(w * float(getattr(signs, name)) for name, w in self.weights.items())
        return 1.0 / (1.0 + math.exp(-total))

    def score(self, signs: Signs) -> float:
        """The fitted score by which the sentences of one question are ordered; scores of two questions say nothing."""
        return sum(w * float(getattr(signs, name)) for name, w in self.order.items())


@lru_cache(maxsize=1)
def judgement() -> Judgement:
    """The packaged numbers."""
    text = resources.files("tools").joinpath("data/note_judgement.json").read_text(encoding="utf-8")
    return Judgement(**{key: value for key, value in json.loads(text).items() if key != "fitted"})
