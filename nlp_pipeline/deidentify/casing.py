"""Text in capitals or without any, written as if it had been typed with care, so that the same rules read it."""

from __future__ import annotations

import re

from nlp_pipeline.deidentify.lexicons import lexicons
from nlp_pipeline.deidentify.name_cues import TITLES

_WORD = re.compile(r"[A-Za-z]{2,}(?:['’][A-Za-z]+)?")
_LINE = re.compile(r"[^\n]+")
_FEW = 0.005  # share of capitals below which a text has none to speak of
_INSTITUTIONS = frozenset(
    "hospital hospitals clinic center centre medical general memorial community regional university health healthcare system"
    " nursing home rehab rehabilitation hospice pharmacy manor street avenue road drive lane boulevard court st ave rd ln".split()
)


def recased(text: str) -> str:
    """The text with the same length, its lines in capitals and a text without capitals in ordinary letters."""
    letters = sum(map(str.isalpha, text))
    if letters and sum(map(str.isupper, text)) < _FEW * letters:
        return _WORD.sub(_ordinary, text)
    return _LINE.sub(lambda line: _WORD.sub(_ordinary, line[0]) if _in_capitals(line[0]) else line[0], text)


def _in_capitals(line: str) -> bool:
    return line.isupper() and line.count(" ") > 1


def _ordinary(match: re.Match[str]) -> str:
    word = match[0].lower()
    lex = lexicons()
    named = word in lex.given or word in lex.surnames
    small = word in lex.common or (word in lex.clinical and not named)
    return word.capitalize() if word in TITLES | _INSTITUTIONS or not small else word
