"""The words that make a name: where the name of a test begins, seen from its end."""

from __future__ import annotations

import re

from nlp_pipeline.measurements.grammar import gap_of
from nlp_pipeline.measurements.units import UNIT

_STOP = frozenset(
    "and or with was were is are the a an of to at in on for by from his her their which that had has have showed revealed found after before"
    " she he it they this patient value values level levels serum plasma normal elevated high low including demonstrated as be been between"
    " than but while when during until dose doses rate reached reaching increased decreased rose fell approximately about only also then including already further following drop day days another later subsequently finally again peak maximum"
    " minimum nadir upon improved decreased increased no negative positive".split()
)
_NOT_NAMES = frozenset(
    "dose dosed infusion rate concentration solution bolus range reference normal increase decrease daily increments flow upper lower limit".split()
)
_UNIT = re.compile(UNIT, re.IGNORECASE)
LETTERS = re.compile(r"[^\W\d_]{2,}|[A-Z]\d")
_WORD = re.compile(r"\S+")
_FAR = 60


def name_before(text: str, start: int) -> int | None:
    """Where the name of a test that ends before the position begins, or None."""
    span = name_span(text, start)
    return span[0] if span else None


def name_span(text: str, start: int) -> tuple[int, int] | None:
    """The name of a test that leads, over link words only, to the position."""
    low = max(0, start - _FAR)
    words = [(m[0], m.start() + low) for m in _WORD.finditer(text[low:start])]
    index = len(words) - 1
    while index >= 0 and gap_of(" " + text[words[index][1] : start]) is not None:
        index -= 1
    end = index
    while index >= 0 and end - index < 5:
        word = words[index][0]
        bare = word.strip("()[],;:.").lower()
        if (
            bare in _STOP
            or (index < end and word[-1] in ",;:.)]")
            or word[-1] in ";."
            or not bare
            or (bare[0].isdigit() and "-" not in bare)
        ):
            break
        if bare in _NOT_NAMES or _UNIT.fullmatch(bare):
            return None
        index -= 1
        if word[0] in "([" or "\n" in text[words[index][1] : words[index + 1][1]]:
            break
    named = words[index + 1 : end + 1]
    if not named or not any(LETTERS.search(w) or w[:1].isupper() for w, _ in named):
        return None
    first, position = named[0]
    last, at = named[-1]
    return position + (len(first) - len(first.lstrip("(["))), at + len(last.rstrip(",;:()[]"))
