"""Sides and levels of the body, and what is spoken of on each: "left forearm", "RLL", "right popliteal vein"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from agents.verification.names import Name, State
from agents.verification.readings import Reading

_SIDE = re.compile(
    r"\b(?P<side>left|right|bilateral|both|(?-i:[LR])(?=\s+[a-zA-Z]{3}))(?:[- ]sided|-hand(?:ed)?)?\s+(?P<what>[a-z]+(?:\s+[a-z]+){0,2})",
    re.IGNORECASE,
)
_LEVEL = re.compile(
    r"\b(?P<side>upper|middle|lower)\s+(?P<what>lobe|quadrant|limb|extremity|pole)(?:s|ies)?\b", re.IGNORECASE
)
_LOBES = {"RUL": ("right", "upper"), "RML": ("right", "middle"), "RLL": ("right", "lower"), "LUL": ("left", "upper"), "LLL": ("left", "lower")}  # fmt: skip
_LOBE = re.compile(rf"\b(?:{'|'.join(_LOBES)})\b")
_STOP = re.compile(r"(?<=[a-z)])[.;]\s")
_BARE = re.compile(r"\b(?:left|right)\b", re.IGNORECASE)
# Behind these the side is of something else than what stands before them.
_APART = re.compile(r"[a-z)][.;]\s|\b(?:and|but|with|while|from|after|because)\b", re.IGNORECASE)
_WHOLE = {"l": "left", "r": "right", "both": "bilateral"}
_NO_PART = frozenset(
    {"the", "and", "with", "was", "were", "from", "for", "his", "her", "now", "away", "after", "before", "side", "sided", "total",
     "acute", "upper", "middle", "lower", "not", "has", "had", "that", "this", "than", "then", "when", "under", "over", "via", "today"}
)  # fmt: skip


class Sided(NamedTuple):
    """A side or level with the words of what is there; `start` and `end` count the text's characters."""

    side: str
    parts: frozenset[str]
    start: int
    end: int


def sides_of(text: str) -> Iterator[Sided]:
    """Each side that a text names, with what is on it."""
    for match in _SIDE.finditer(text):
        side = match["side"].lower()
        parts = frozenset(w for w in match["what"].lower().split() if len(w) > 2 and w not in _NO_PART)
        yield Sided(_WHOLE.get(side, side), parts, *match.span())
    for match in _LEVEL.finditer(text):
        yield Sided(match["side"].lower(), frozenset({f"level of {match['what'].lower()}"}), *match.span())
    for match in _LOBE.finditer(text):
        side, level = _LOBES[match[0]]
        yield Sided(side, frozenset({"lobe"}), *match.span())
        yield Sided(level, frozenset({"level of lobe"}), *match.span())


def given_sides(text: str) -> Iterator[tuple[str, str]]:
    """Words of the body with the sides that a line of the evidence gives them.

    "Right kidney 9.4 cm, left 9.6 cm" gives the kidney both.
    """
    for sentence in _STOP.split(text):
        named = {m[0].lower() for m in _BARE.finditer(sentence)}
        for sided in sides_of(sentence):
            for side in named if len(named) > 1 and sided.side in named else {sided.side}:
                for part in sided.parts:
                    yield part, side


def sides_of_names(reading: Reading) -> Iterator[tuple[Name, Sided]]:
    """What a line names with the side that it puts it on: "left forearm abscess", "DVT in the right leg"."""
    text = reading.plain
    names = [n for n in reading.names if not n.kinds.isdisjoint({"condition", "procedure", "device"})]
    for sided in sides_of(text):
        inside = [n for n in names if sided.start < n.end and n.start <= sided.end + 1]
        ahead = [n for n in names if n.end <= sided.start and not _APART.search(text, n.end, sided.start)]
        for name in inside[:1] or ahead[-1:]:
            if name.state not in {State.ABSENT, State.CONSIDERED} and not name.is_family:
                yield name, sided
