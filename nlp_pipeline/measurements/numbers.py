"""Where the numbers of a note stand, what telling unit follows each, and the word that leads to it.

One search through the note answers what every later step asks first about a number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nlp_pipeline.measurements.names import Anchor

# Where a number begins, the end of the word that leads to it over "of", "was" and the like (three letters in lower
# case, fewer of a shorter word, or a closing bracket), and the kind of the telling unit that it has. A plain tuple: a note has many of them.
Number = tuple[int, str, str | None]

# A unit that only a laboratory or a vital sign has; a range may stand before it.
TELLING = (
    r"(?:\s?[-–]\s?\d[\d.]{0,5}+)?+[\s-]?+(?=[bcdegikmnpu/°º℃℉%µμ])"
    r"(?:(?P<kilograms>kgs?\b(?!\s?(?:/|m\b|of\b|body)))|(?P<pressure>/\s?\d{2,3}\s?mm\s?Hg)|(?P<temperature>(?:°|º)\s?[CF]\b|℃|℉|degrees?\s[CF])"
    r"|(?P<pulse>bpm\b|beats?\s?(?:/|per)\s?min)|(?P<breaths>breaths?\s?(?:/|per)\s?min)|(?P<saturation>%\s?(?:on\s|\(?in\s)?(?:RA\b|room\sair))"
    r"|(?P<sample>(?:[mnpµμu]?(?:g|mol|U|IU|M|mol)|mEq|mcg|copies|k?IU|kU)\s?/\s?(?:[dmµμun]?L|mmol)\b(?!\s?/)))"
)
DIGIT = re.compile(r"\d")
_NUMBERS = re.compile(rf"\d[\d.,]*+(?:(?={TELLING})|)", re.IGNORECASE)
_LINKS = frozenset("to of at the was were is about approximately only remained measured".split())
_LINK_ENDS = frozenset(link[-2:] for link in _LINKS)
_SEPARATORS = "".join(c for c in map(chr, range(0x3001)) if c.isspace()) + ":=(,+-⁻−<>≤≥"
_WINDOW = 44
_INSIDE = frozenset("./–")  # before the second number of "120/80"


def numbers_of(text: str) -> list[Number]:
    """The numbers of a text in order."""
    return [(start := m.start(), _lead(text, start), m.lastgroup) for m in _NUMBERS.finditer(text)]


def _lead(text: str, number: int) -> str:
    if text[number - 1 : number] in _INSIDE:
        return ""
    before = text[number - _WINDOW if number > _WINDOW else 0 : number].rstrip(_SEPARATORS)
    while before[-2:].lower() in _LINK_ENDS:
        words = before.rsplit(None, 1)
        if len(words) < 2 or words[1].lower() not in _LINKS:
            break
        before = words[0].rstrip(_SEPARATORS)
    end = before[-3:].lower()
    if end.isalnum() and end.isascii():
        return end  # mostly
    if end.endswith(")"):
        return ")"
    for cut in (2, 1):  # the last sign may be of any kind: "pCO₂"
        if not (end[cut - 1 : cut].isalnum() and end[cut - 1 : cut].isascii()):
            return end[cut:] or end
    return end


def next_digits(text: str, anchors: list[Anchor]) -> list[int]:
    """Where the first digit after each of the names stands; the end of the text where there is none."""
    found = []
    position = -1
    for anchor in anchors:
        if position < anchor.end:
            digit = DIGIT.search(text, anchor.end)
            position = digit.start() if digit else len(text)
        found.append(position)
    return found
