"""Where a sentence of a note too long to be one statement is cut: dictation without stops, lines that run on, lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LONG = 170  # characters; a longer sentence is cut where it can be
_SHORTEST = 40  # a shorter piece stays with what follows it
_LINE = re.compile(r"\s*\n\s*")
_LIST = re.compile(r"(?:;|\s[-–]>|\s→)\s+(?![^(]*\))")  # not inside brackets
# Words that open a statement in dictation.
_OPENERS = (
    "no not denies denied nil plan exam examination impression assessment told says reports complains asks asked needs"
    " repeat continue keep hold stop start review correction also but because wife husband daughter son mother father family"
    " advised discussed agreed if"
)
_DICTATED = re.compile(rf"\s+(?=(?:{'|'.join(_OPENERS.split())})\b)", re.IGNORECASE)


def clauses_of(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A sentence of a note, or its pieces where it is long: at its line ends, the marks of a list, or the words that open
    a statement where it has no marks.
    """
    pieces = [(start, end)]
    for border in (_LINE, _LIST, _DICTATED):
        pieces = [part for piece in pieces for part in _cut(text, *piece, border)]
    return pieces


def _cut(text: str, start: int, end: int, border: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    if end - start <= _LONG or (border is _DICTATED and _has_marks(text[start:end])):
        yield start, end
        return
    begin = start
    is_wrapped = border is _LINE and _has_marks(
        text[start:end]
    )  # prose whose lines were broken: its small letters go on
    for mark in border.finditer(text, start, end):
        if is_wrapped and text[mark.end() : mark.end() + 1].islower():
            continue
        if mark.start() - begin >= _SHORTEST and end - mark.end() >= _SHORTEST:
            yield begin, mark.start() + (text[mark.start()] == ";")
            begin = mark.end()
    yield begin, end


def _has_marks(sentence: str) -> bool:
    """Whether a sentence has marks enough to be read by: one in every hundred characters."""
    return len(re.findall(r"[,;:()]", sentence)) * 100 >= len(sentence)
