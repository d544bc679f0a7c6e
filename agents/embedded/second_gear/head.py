"""The intent head and the re-ranking of unsure routes with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from importlib import resources
from io import BytesIO
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from agents.embedded.reading.reader import PROTOTYPES, Variant
from agents.embedded.reading.wording import CUES
from agents.embedded.routing.router import Embeds, Route
from domain.errors import ModelUnavailable

Matrix = npt.NDArray[np.float32]

# Chosen on the development questions of docs/explanation/second-gear.md, for gains there that cost nothing elsewhere.
BELOW = 0.50  # a best route under this score is unsure
WEIGHT = 0.50  # what a probability of one adds to the score of a route
SURE = 0.60  # a probability under this adds nothing
RULED_OUT = 0.05  # the router's own choice is left only if the head gives it no more than this
_INDICATOR = 0.5  # slot kinds and cues beside a vector of length one


class IntentHead(NamedTuple):
    """Weights of a network with one hidden layer, and the names of what goes in and comes out."""

    embedder: str
    intents: tuple[str, ...]
    inputs: tuple[str, ...]
    hidden_weights: Matrix
    hidden_bias: Matrix
    output_weights: Matrix
    output_bias: Matrix

    def probabilities(self, inputs: Matrix) -> Matrix:
        """The probability of each intent, shape (n, intents); rows sum to one."""
        hidden = np.maximum(inputs @ self.hidden_weights + self.hidden_bias, 0.0)
        logits = hidden @ self.output_weights + self.output_bias
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        scaled: Matrix = raised / raised.sum(axis=1, keepdims=True)
        return scaled

    def to_bytes(self) -> bytes:
        """The head as an .npz file, in half precision: a third digit of a weight changes no ranking."""
        buffer = BytesIO()
        arrays = {n: np.asarray(getattr(self, n), dtype=np.float16) for n in self._fields[3:]}
        names = {n: np.array(getattr(self, n)) for n in self._fields[:3]}
        np.savez_compressed(buffer, **names, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> IntentHead:
        """The head of an .npz file.

        Raises:
            ModelUnavailable: the file is not such a head, or was made for other inputs than this version reads.
        """
        try:
            with np.load(BytesIO(content), allow_pickle=False) as file:
                weights = [file[n].astype(np.float32) for n in cls._fields[3:]]
                head = cls(
                    str(file["embedder"]), tuple(file["intents"].tolist()), tuple(file["inputs"].tolist()), *weights
                )
        except (KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
            raise ModelUnavailable(
                "the intent head cannot be read; reinstall the package", model="intent-head"
            ) from error
        if head.inputs != input_names():
            raise ModelUnavailable(
                "the intent head was trained on other slots or cues; run python -m agents.embedded.training",
                model="intent-head",
            )
        return head


def input_names() -> tuple[str, ...]:
    """Slot kinds and cue words that stand beside the sentence vector, in order."""
    return (*(f"slot:{kind}" for kind in PROTOTYPES), *(f"cue:{cue}" for cue in CUES))


def features(vectors: Matrix, slots: Sequence[Collection[str]], cues: Sequence[Collection[str]]) -> Matrix:
    """The inputs of the head, shape (n, vector + slot kinds + cues)."""
    marks = [
        [*(kind in kinds for kind in PROTOTYPES), *(cue in said for cue in CUES)]
        for kinds, said in zip(slots, cues, strict=True)
    ]
    return np.hstack([vectors, _INDICATOR * np.asarray(marks, dtype=np.float32)]).astype(np.float32)


class SecondGear:
    """Re-ranks the routes of a question that the router is unsure of. Deterministic; safe to share between threads."""

    def __init__(self, head: IntentHead, embedder: Embeds, below: float = BELOW, weight: float = WEIGHT) -> None:
        self._head = head
        self._embedder = embedder
        self._below = below
        self._weight = weight
        self._column = {intent: number for number, intent in enumerate(head.intents)}

    def rank(self, variant: Variant) -> list[tuple[str, float]]:
        """The intents of one reading of a question with their probabilities, likeliest first."""
        row = self._probabilities([variant])[0]
        return [(self._head.intents[n], float(row[n])) for n in np.argsort(-row, kind="stable")]

    def rerank(self, routes: list[Route]) -> list[Route]:
        """The routes, best first, with what the head is sure of added to their scores.

        They come back as they are where the best is sure, or is a follow-up (the head reads one question alone), or
        where the head would have another intent but does not rule the router's out.
        """
        if not routes or routes[0].score >= self._below or routes[0].intent.startswith("followup."):
            return routes
        best = routes[0]
        # The head judges what is asked, not which names are meant: a reading that knows fewer of them is no candidate.
        variants = {id(r.variant): r.variant for r in routes if _reads_as_much(r.variant, best.variant)}
        rows = dict(zip(variants, self._probabilities(list(variants.values())), strict=True))
        weighed = [self._weighed(r, rows.get(id(r.variant))) for r in routes]
        weighed.sort(key=lambda r: r.score, reverse=True)
        overruled = weighed[0].intent != best.intent
        return routes if overruled and self._likely(best, rows[id(best.variant)]) > RULED_OUT else weighed

    def _weighed(self, route: Route, probabilities: Matrix | None) -> Route:
        likely = self._likely(route, probabilities) if probabilities is not None else 0.0
        return Route(route.intent, route.score + self._weight * likely, route.variant) if likely >= SURE else route

    def _likely(self, route: Route, probabilities: Matrix) -> float:
        column = self._column.get(route.intent)  # None: an intent that the head was not trained on
        return float(probabilities[column]) if column is not None else 0.0

    def _probabilities(self, variants: Sequence[Variant]) -> Matrix:
        vectors = self._embedder.embed([v.masked.lower() for v in variants])
        kinds = [{s.kind for s in v.slots} for v in variants]
        return self._head.probabilities(features(vectors, kinds, [v.cues for v in variants]))


def _reads_as_much(variant: Variant, best: Variant) -> bool:
    """Whether a reading knows as many names as the router's, in the record too, and leaves no more unknown."""
    known, unknown = (sum(s.known is wanted for s in variant.slots) for wanted in (True, False))
    best_known, best_unknown = (sum(s.known is wanted for s in best.slots) for wanted in (True, False))
    return known >= best_known and unknown <= best_unknown and variant.in_record >= best.in_record


@lru_cache(maxsize=1)
def packaged_head() -> IntentHead:
    """The head that ships with the project."""
    return IntentHead.from_bytes(resources.files("agents.embedded.second_gear").joinpath("head.npz").read_bytes())


def build_second_gear(embedder: Any) -> SecondGear | None:
    """The second gear over an embedder; None without one, or with another than the head was trained on."""
    if embedder is None or packaged_head().embedder != embedder.name:
        return None
    return SecondGear(packaged_head(), embedder)
