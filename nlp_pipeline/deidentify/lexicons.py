"""The packaged word lists, and the words that clinical text uses without meaning a person."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_DATA = Path(__file__).parent / "data"


class Lexicons(NamedTuple):
    """Lower-case words; `common` and `clinical` are nobody's names, `ambiguous` ones are names only in context."""

    female: frozenset[str]
    male: frozenset[str]
    given: frozenset[str]
    surnames: frozenset[str]
    eponyms: frozenset[str]
    common: frozenset[str]
    clinical: frozenset[str]
    places: frozenset[str]
    ambiguous: frozenset[str]


@lru_cache(maxsize=1)
def lexicons() -> Lexicons:
    """The lists, read once."""
    female, male = _words("given_female"), _words("given_male")
    common, places = _words("common_words"), frozenset(_lines("places"))
    given, surnames = female | male, _words("surnames")
    clinical = _clinical_words()
    # "also words": given names that are words, months or places, beyond what the other lists hold
    ambiguous = (given | surnames) & (common | places | clinical | _words("also_words"))
    return Lexicons(female, male, given, surnames, _words("eponyms"), common, clinical, places, ambiguous)


@lru_cache(maxsize=1)
def streets() -> tuple[str, ...]:
    """Made-up names of streets and institutions."""
    return tuple((_DATA / "streets.txt").read_text(encoding="utf-8").split())


def _words(name: str) -> frozenset[str]:
    return frozenset((_DATA / f"{name}.txt").read_text(encoding="utf-8").split())


def _lines(name: str) -> list[str]:
    return [line for line in (_DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines() if line]


def _clinical_words() -> frozenset[str]:
    from nlp_pipeline.vocabulary import load_vocabulary

    found: set[str] = set()
    for surface in load_vocabulary().by_surface:
        found.update(re.findall(r"[a-z]{3,}", surface))
    return frozenset(found)
