"""Relatives by their names: whether a record's relationship, or a sentence, is of the relative that is asked about."""

from __future__ import annotations

import re

# With the codes of HL7's RoleCode, which records without a display show.
_SAME = (
    ("mother", "mom", "mum", "mommy", "mummy", "mam", "mth", "nmth"),
    ("father", "dad", "daddy", "fth", "nfth"),
    ("brother", "bro", "nbro"),
    ("sister", "sis", "nsis"),
    ("son",),
    ("daughter", "dau", "ndau"),
    ("grandmother", "grandma", "granny", "nan", "nana", "grmth", "mgrmth", "pgrmth"),
    ("grandfather", "grandpa", "grandad", "granddad", "grfth", "mgrfth", "pgrfth"),
    ("uncle",),
    ("aunt", "auntie", "aunty"),
    ("cousin",),
    ("nephew",),
    ("niece",),
    ("twin",),
)
_GROUPS = {
    "parent": ("mother", "father"),
    "sibling": ("brother", "sister"),
    "child": ("son", "daughter"),
    "children": ("son", "daughter"),
    "kid": ("son", "daughter"),
    "grandparent": ("grandmother", "grandfather"),
}
_NAMES = {name: group[0] for group in _SAME for name in group}
_SIDES = {"maternal": "mother", "paternal": "father"}
_SIDE = re.compile(
    r"\b(?P<side>maternal|paternal|mother|father)(?:['’]?s)?\s+(?:side|family|line|history|hx|relatives?)\b",
    re.IGNORECASE,
)
_WORD = re.compile(rf"\b(?P<name>{'|'.join([*_NAMES, *_GROUPS])})(?:s|['’]s)?\b", re.IGNORECASE)


def relative_in(text: str) -> str:
    """The relative, or the side of the family, that a text names; empty where it names none or several."""
    sides = {m["side"].lower() for m in _SIDE.finditer(text)}
    if sides:
        side = sides.pop()
        return "" if sides else {"mother": "maternal", "father": "paternal"}.get(side, side)
    named = {_NAMES.get(m["name"].lower(), m["name"].lower()) for m in _WORD.finditer(text)}
    return named.pop() if len(named) == 1 else ""


def is_of(relative: str, text: str) -> bool:
    """Whether a relationship or a sentence is of the relative or the side: "paternal" is the father and his family."""
    words = {_NAMES.get(m["name"].lower(), m["name"].lower()) for m in _WORD.finditer(text)}
    if relative in _SIDES:
        return _SIDES[relative] in words or re.search(rf"\b{relative}\b", text, re.IGNORECASE) is not None
    return bool(words & {relative, *_GROUPS.get(relative, ())}) or any(
        relative in members and group in words for group, members in _GROUPS.items()
    )
