"""Whether a question is about the open patient: numbers and places that mean somebody else, relatives, names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agents.guards.elsewhere import means_another_by_place
from agents.guards.names import names_stranger
from agents.guards.relatives import RELATIONS as RELATIONS
from agents.guards.relatives import asks_of_a_relative
from domain.facts import Frozen
from tools.concepts import Lexicon, tokenize

# A patient's number written in groups; without them `elsewhere` knows it.
_NUMBERED = re.compile(
    r"\b(?:nhs|mrn|chi|medicare|hospital|patient)\s*(?:number|no\.?|id|#)?\s*[:#]?\s*(?P<number>\d{2,4}(?:[ -]\d{2,5}){1,3})\b(?!-)",
    re.IGNORECASE,
)
_TITLES = frozenset("mr mrs ms dr miss jr sr ii iii iv md phd de la el da di al van von".split())


class People(Frozen):
    """Names that decide whether a question is about the open patient: own, and others' known to the store."""

    own: frozenset[str]
    others: frozenset[str]
    own_ids: frozenset[str] = frozenset()
    other_ids: frozenset[str] = frozenset()
    gender: str = ""  # of the open patient, as the record has it
    # Given and family name of others whose words are also the patient's or everyday words: only the pair tells them.
    other_pairs: frozenset[tuple[str, str]] = frozenset()
    around: frozenset[str] = frozenset()  # words of the names of this chart's clinicians, authors and places
    told: frozenset[str] = frozenset()  # words that its notes write like names

    @property
    def names(self) -> frozenset[str]:
        """Every word of a name that is known."""
        return self.own | self.others | self.around


def name_words(names: Iterable[str]) -> frozenset[str]:
    """The words of names in lower case, with and without the digits that synthetic names carry."""
    words: set[str] = set()
    for name in names:
        for token in tokenize(name):
            bare = re.sub(r"\d+$", "", token.norm)
            words |= {token.norm, bare} if len(bare) > 1 and token.norm not in _TITLES else set()
    return frozenset(w for w in words if len(w) > 1)


def without_own_ids(text: str, people: People, instead: str = " ") -> str:
    """The text with the open patient's own numbers, and the words that introduce them, replaced."""
    for own_id in sorted(people.own_ids, key=len, reverse=True):
        lead = r"(?:\b(?:patient|mrn|pt|chart|record|hospital number|number)\s*(?:id|number|no\.?|#)?\s*[:#]?\s*)*"
        text = re.sub(rf"{lead}(?<!\w){re.escape(own_id)}(?!\w)", instead, text, flags=re.IGNORECASE)
    return text


def names_somebody_else(text: str, people: People, lexicon: Lexicon) -> bool:
    """Whether the question is about a person other than the open patient."""
    cleaned = without_own_ids(text, people)
    if means_another_by_place(cleaned):
        return True
    own_numbers = {re.sub(r"\D", "", value) for value in people.own_ids}
    if any(re.sub(r"\D", "", m["number"]) not in own_numbers for m in _NUMBERED.finditer(cleaned)):
        return True
    lowered = cleaned.lower()
    if any(other in lowered for other in people.other_ids):
        return True
    return asks_of_a_relative(cleaned, lexicon, people.gender) or names_stranger(text, people, lexicon)
