"""The words of a sentence as parallel lists, which pure Python makes and walks fastest."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple

_WORD = re.compile(r"([^\W_]+(?:[.'’][^\W_]+)*|[^\w\s])")


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


def words_of(text: str, low: int, high: int) -> Words:
    """The words and signs of text[low:high]."""
    parts = _WORD.split(text[low:high])
    edges = list(accumulate(map(len, parts), initial=low))
    return Words(edges[1:-1:2], edges[2::2], [p.lower() for p in parts[1::2]])
