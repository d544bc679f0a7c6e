"""The words of a sentence as parallel lists, which pure Python makes and walks fastest."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple

_WORD = re.compile(r"([^\W_]+(?:[.'’][^\W_]+)*|[^\w\s])")
_ASCII_WORD = re.compile(r"([a-z0-9]+(?:[.'][a-z0-9]+)*|[^a-z0-9_\s])")  # the same of plain text, a third faster


class Words(NamedTuple):
    """Start and end characters and the lower-case text of each word or sign."""

    starts: list[int]
    ends: list[int]
    texts: list[str]

    def at(self, character: int) -> int:
        """The index of the first word that starts at or after a character."""
        return bisect_left(self.starts, character)

    def range(self, low: int, high: int) -> tuple[int, int]:
        """The indices of the words that start in [low, high)."""
        return bisect_left(self.starts, low), bisect_left(self.starts, high)


def words_of(lower: str, low: int, high: int) -> Words:
    """The words and signs of lower[low:high], of a text in lower case."""
    piece = lower[low:high]
    parts = (_ASCII_WORD if piece.isascii() else _WORD).split(piece)
    edges = list(accumulate(map(len, parts), initial=low))
    return Words(edges[1:-1:2], edges[2::2], parts[1::2])
