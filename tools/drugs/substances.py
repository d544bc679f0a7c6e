"""Substances that a text names: by the vocabulary, and by what they are called where allergies are spoken of."""

from __future__ import annotations

import re
from functools import lru_cache

from domain.facts import Frozen
from tools.concepts import Lexicon, Target
from tools.drugs.reactions import as_pattern, words_of_reactions

_KINDS = ("allergen", "medication", "drug_class")
_NO_ONE_SUBSTANCE = frozenset({"drug_allergen", "environmental_allergen", "food_allergen"})  # "drug allergies"


class Named(Frozen):
    """A place of a text that names a substance."""

    start: int
    end: int
    target: Target
    drug: str = ""  # the drug or class that it names too, where the target is an allergen of that name


@lru_cache(maxsize=1)
def _also_called() -> list[tuple[re.Pattern[str], str]]:
    return [(as_pattern(words), name) for name, words in words_of_reactions()["also_called"].items()]


def substances_in(lexicon: Lexicon, text: str) -> list[Named]:
    """Every substance that a text names, in order; of names that overlap, the longer one.

    The vocabulary leaves out what elsewhere means other things: "tape", "dye", "pen".
    """
    found: list[Named] = []
    for pattern, name in _also_called():
        target = lexicon.resolve(name, *_KINDS)
        found += [
            Named(start=m.start(), end=m.end(), target=target) for m in pattern.finditer(text) if target is not None
        ]
    found += [
        Named(start=m.start, end=m.end, target=t, drug=d.id if (d := m.of_kind("medication", "drug_class")) else "")
        for m in lexicon.find_mentions(text, _KINDS, fuzzy=False)
        if (t := m.of_kind(*_KINDS)) is not None and t.id not in _NO_ONE_SUBSTANCE
    ]
    kept: list[Named] = []
    for one in sorted(found, key=lambda n: (n.start - n.end, n.start)):
        if not any(k.start < one.end and one.start < k.end for k in kept):
            kept.append(one)
    return sorted(kept, key=lambda n: n.start)
