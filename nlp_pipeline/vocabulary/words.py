"""The words of a text as numbers, with their places, each distinct piece between blanks taken apart once."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np

from nlp_pipeline.vocabulary.phrases import UNKNOWN, Numbers
from nlp_pipeline.vocabulary.surfaces import WORD, plain_digits

_REMEMBERED = 100_000  # pieces, some 25 MB; then it starts afresh
_LONG = 60  # characters of pieces not worth remembering
_MARKS = frozenset(".,;:)")
_NO_WORD = -1
_ROW, _TWO_ROWS = struct.Struct("=4q").pack, struct.Struct("=8q").pack


class Words:
    """The numbers of the words of a text, and where each of them begins and ends in it."""

    def __init__(self, rows: np.ndarray[Any, Any]) -> None:
        places = rows[:, 3].cumsum()
        places -= rows[:, 3]
        held = rows[:, 0] != _NO_WORD
        self._rows, self._places = rows[held], places[held]
        self.numbers: Numbers = np.ascontiguousarray(self._rows[:, 0])

    def begins(self, words: Any = slice(None)) -> Numbers:
        """The offsets at which these words begin."""
        return self._places[words] + self._rows[words, 1]

    def ends(self, words: Any = slice(None)) -> Numbers:
        """The offsets at which these words end."""
        return self._places[words] + self._rows[words, 2]


class WordReader:
    """Takes texts apart into words by the numbers of a `PhraseIndex`."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self.numbers = numbers
        self._pieces = _Pieces(numbers)

    def __call__(self, text: str) -> Words:
        """The words of a text in lower case."""
        if len(self._pieces) > _REMEMBERED:
            self._pieces.clear()
        pieces = plain_digits(text).replace("\n", " ").replace("\t", " ").split(" ")
        content = b"".join(map(self._pieces.__getitem__, pieces))
        return Words(np.frombuffer(content, dtype=np.int64).reshape(-1, 4))


class _Pieces(dict[str, bytes]):
    """The rows of words of each piece as bytes, which are joined faster than anything else.

    A row is the number of the word, its begin and end in the piece, and how far the next row's piece is from this one's.
    """

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._number = numbers.get

    def __missing__(self, piece: str) -> bytes:
        number_of, size, stem = self._number, len(piece), piece[:-1]
        if piece.isalnum():
            content = _ROW(number_of(piece, UNKNOWN), 0, size, size + 1)
        elif stem.isalnum() and piece[-1] in _MARKS:
            mark = number_of(piece[-1], UNKNOWN)
            content = _TWO_ROWS(number_of(stem, UNKNOWN), 0, size - 1, 0, mark, size - 1, size, size + 1)
        else:
            fields: list[int] = []
            for match in WORD.finditer(piece):
                begin, end = match.span()
                fields += (number_of(piece[begin:end], UNKNOWN), begin, end, 0)
            fields = fields or [_NO_WORD, 0, 0, 0]
            fields[-1] = size + 1
            content = array("q", fields).tobytes()
        if size <= _LONG:
            self[piece] = content
        return content
