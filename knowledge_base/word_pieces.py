"""A text in detail: the vectors of its word pieces, so that a question is compared with a sentence piece by piece.

Late interaction (Khattab and Zaharia 2020, doi:10.1145/3397271.3401075) on the vectors of a model that was not trained
for it: each piece of the question looks for its nearest piece in the sentence, and rare pieces count more. The vectors
are centred, cut to their principal directions and kept as bytes; which directions, and how rare a piece is, were worked
out from the charts of `evals/cases/note_passages` (`python benchmarks/note_answers.py --fit-pieces`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int8]

PACKAGED = Path(__file__).parent / "data" / "word_pieces.npz"
_SCALE = np.float32(127)


class InDetail(NamedTuple):
    """A text: its vector of length one, and the codes of its word pieces, shape (pieces, directions)."""

    vector: Floats
    codes: Codes
    weights: Floats  # how telling each piece is, together 1; shape (pieces,)


class Directions:
    """How vectors of word pieces are cut to codes.

    Args:
        path: Holds `mean` (dimension,), `directions` (dimension, directions) and `rarity` (vocabulary,).
    """

    def __init__(self, path: Path = PACKAGED) -> None:
        self._path = path

    @cached_property
    def _numbers(self) -> dict[str, Floats]:
        with np.load(self._path) as file:
            return {name: file[name].astype(np.float32) for name in ("mean", "directions", "rarity")}

    @property
    def count(self) -> int:
        """How many directions a code has."""
        return int(self._numbers["directions"].shape[1])

    def codes(self, pieces: Floats) -> Codes:
        """The codes of vectors of word pieces, shape (pieces, dimension)."""
        cut = (pieces - self._numbers["mean"]) @ self._numbers["directions"]
        cut /= np.maximum(np.linalg.norm(cut, axis=1, keepdims=True), 1e-9)
        codes: Codes = np.rint(cut * _SCALE).astype(np.int8)
        return codes

    def weights(self, ids: Sequence[int]) -> Floats:
        """How telling word pieces are, by their numbers in the vocabulary."""
        rarity: Floats = self._numbers["rarity"][np.asarray(ids, dtype=np.intp)]
        return rarity / max(float(rarity.sum()), 1e-9)


def likeness(question: InDetail, sentences: Sequence[InDetail]) -> Floats:
    """How near each sentence comes to a question piece by piece, less what the sentences come to on the average.

    Shape (n,); zeros where an embedder gives no word pieces.
    """
    found = np.zeros(len(sentences), dtype=np.float32)
    held = [n for n, s in enumerate(sentences) if len(s.codes)]
    if not held or not len(question.codes):
        return found
    sizes = np.array([len(sentences[n].codes) for n in held])
    pieces = np.concatenate([sentences[n].codes for n in held]).astype(np.float32)
    near = question.codes.astype(np.float32) @ pieces.T
    best = np.maximum.reduceat(near, np.cumsum(sizes) - sizes, axis=1) / _SCALE**2
    found[held] = question.weights @ best
    found[held] -= found[held].mean()
    return found
