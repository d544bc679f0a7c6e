"""The word lists of the guards: common given names, eponyms, and what owns things without being a patient."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def given_names() -> frozenset[str]:
    """Given names so common that one alone, in small letters, names a person."""
    return _listed("given_names")


@lru_cache(maxsize=1)
def eponyms() -> frozenset[str]:
    """Names of diseases, signs, scores and operations, pairs with a hyphen, beyond those of de-identification."""
    return _listed("eponyms")


@lru_cache(maxsize=1)
def eponym_pairs() -> re.Pattern[str]:
    """Eponyms of two names ("Salter-Harris"), of which each may be anybody's."""
    pairs = (re.escape(e).replace(r"\-", "[ -]") for e in eponyms() if "-" in e)
    return re.compile(rf"\b(?:{'|'.join(pairs)})(?:['’]s)?\b", re.IGNORECASE)


@lru_cache(maxsize=1)
def owners() -> frozenset[str]:
    """What owns things in questions and is no patient: roles, institutions, animals, things."""
    return _listed("not_people")


def _listed(name: str) -> frozenset[str]:
    text = resources.files("agents.guards").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(w for line in text.splitlines() if not line.startswith("#") for w in line.split())
