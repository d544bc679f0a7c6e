"""The words that questions about visits are made of, and how a question is heard in them.

The table (`visit_words.json`) has every phrase with its roles: names of visits, places, what brings a patient in and
out, what is asked, which in the series. One phrase may have several roles; the longest phrase is heard.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from tools.concepts import common_words
from tools.events.visits import TITLES, abbreviations, specialty_names

WORD = re.compile(r"[a-z0-9]+(?:[&+'][a-z0-9]+)*|#|§|&")
TAKEN_OUT = "§"  # stands where a period or a reason was
_LONGEST = 7  # words of the longest phrase
_MISSPELT = 6  # letters of the shortest word that may be misspelt by one
_DOCTOR = frozenset({"dr", "doctor", "prof", "professor"})

Role = tuple[str, str]  # what a phrase is, and of which kind: ("noun", "emergency")


class Said(NamedTuple):
    """A phrase of the question with the roles it can have."""

    words: tuple[str, ...]
    roles: frozenset[Role]
    start: int
    end: int


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, in lower case."""
    return tuple(WORD.findall(text.lower().replace("’", "'")))


@lru_cache(maxsize=1)
def phrases() -> dict[tuple[str, ...], frozenset[Role]]:
    """Every phrase with its roles."""
    loaded = json.loads(resources.files("agents.embedded").joinpath("visit_words.json").read_text("utf-8"))
    found: dict[tuple[str, ...], set[Role]] = {}
    for role, entries in loaded.items():
        by_kind = entries if isinstance(entries, dict) else {"": entries}
        for kind, texts in by_kind.items():
            for text in texts:
                found.setdefault(tuple(text.split()), set()).add((role, kind))
    for name in specialty_names():
        if name == "surgery" or name.upper() in abbreviations():
            continue  # "after the surgery" is an operation; its clinicians and clinics are named otherwise
        found.setdefault(words_of(name), set()).add(("specialty", name))
    return {words: frozenset(roles) for words, roles in found.items()}


@lru_cache(maxsize=1)
def single_words() -> frozenset[str]:
    """Every word of the table: none of them is misspelt."""
    return frozenset(word for words in phrases() for word in words)


@lru_cache(maxsize=1)
def _long_words() -> tuple[str, ...]:
    return tuple(sorted(w for w in single_words() if len(w) >= _MISSPELT))


@lru_cache(maxsize=1)
def _persons() -> frozenset[str]:
    return frozenset(words[0] for words, roles in phrases().items() if len(words) == 1 and ("person", "") in roles)


@lru_cache(maxsize=256)
def _names(names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The names of clinicians and places as words, titles left out; also what a long name is called for short."""
    whole = [_untitled(words_of(name)) for name in names]
    shorter = [part for words in whole for n in range(2, len(words)) for part in (words[:n], words[-n:])]
    alone = [(w,) for words in whole for w in words if len(w) > 2 and (w,) not in phrases() and w not in common_words()]
    return tuple(sorted({w for w in (*whole, *shorter, *alone) if w}, key=len, reverse=True))


def _untitled(words: tuple[str, ...]) -> tuple[str, ...]:
    """A name without the titles before it: "Dr. Wanda Osei"; an "MS Clinic" is no Ms. Clinic where a word stands before."""
    return _untitled(words[1:]) if words and words[0] in TITLES else words


class Heard:
    """The phrases of a question, the words `left` that no phrase explains, and a clinician or place by `name`."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self._text = text
        self._tokens = [(m[0], m.start(), m.end()) for m in WORD.finditer(text.lower().replace("’", "'"))]
        self._own = _names(tuple(sorted(set(names))))
        self.said: list[Said] = []
        self.left: list[tuple[str, int, int]] = []
        self.name = ""
        self.named_at: list[Said] = []
        position = 0
        while position < len(self._tokens):
            taken = self._name(position) or self._phrase(position) or self._misspelt(position)
            if not taken and self._tokens[position][0] != TAKEN_OUT:
                self.left.append(self._tokens[position])
            position += taken or 1

    def _phrase(self, at: int) -> int:
        word, start, end = self._tokens[at]
        if self._text[start:end] in abbreviations():
            self.said.append(Said((word,), frozenset({("specialty", word)}), start, end))
            return 1
        for length in range(min(_LONGEST, len(self._tokens) - at), 0, -1):
            words = tuple(t[0] for t in self._tokens[at : at + length])
            anybody = tuple("~" if w in _persons() else w for w in words)
            roles = phrases().get(words) or phrases().get(anybody)
            if roles:
                self.said.append(Said(words, roles, self._tokens[at][1], self._tokens[at + length - 1][2]))
                return length
        return 0

    def _misspelt(self, at: int) -> int:
        """A word one letter away from a word of the table ("admited"), heard as that word."""
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        word, start, end = self._tokens[at]
        if len(word) < _MISSPELT or not word.isalpha() or word in common_words():
            return 0
        found = process.extractOne(word, _long_words(), scorer=DamerauLevenshtein.distance, score_cutoff=1)
        if found is None:
            return 0
        self._tokens[at] = (found[0], start, end)
        return self._phrase(at)

    def _name(self, at: int) -> int:
        """The words of a clinician's or a place's name in this record, or the word behind a clinician's title."""
        words = [t[0] for t in self._tokens]
        start = at
        named = any(tuple(words[at : at + len(name)]) == name for name in self._own)
        while not named and start < len(words) and words[start] in TITLES:
            start += 1
        end = start + next((len(name) for name in self._own if tuple(words[start : start + len(name)]) == name), 0)
        if end == start > at and words[start - 1] in _DOCTOR and start < len(words):
            end += words[start] not in common_words() and (words[start],) not in phrases()
        if end == start:
            return 0
        self.name = f"{self.name} {self._text[self._tokens[at][1] : self._tokens[end - 1][2]]}".strip()
        self.named_at.append(Said(tuple(words[at:end]), frozenset(), self._tokens[at][1], self._tokens[end - 1][2]))
        return end - at

    @property
    def seen_by(self) -> str:
        """The clinician, place or specialty that is named; empty where none is."""
        return self.name or next((kind for s in self.said for role, kind in s.roles if role == "specialty"), "")

    def kinds(self, role: str) -> set[str]:
        """The kinds in which a role is said."""
        return {kind for s in self.said for r, kind in s.roles if r == role}

    def has(self, role: str, kind: str = "") -> bool:
        """Whether a role is said, of that kind where one is given."""
        return any(r == role and (not kind or k == kind) for s in self.said for r, k in s.roles)

    def stands_in(self, said: Said, prepositions: frozenset[str]) -> bool:
        """Whether one of the prepositions is right before a phrase, articles apart."""
        before = list(words_of(self._text[: said.start]))
        while before and before[-1] in ARTICLES:
            before.pop()
        return bool(before) and before[-1] in prepositions


ARTICLES = frozenset({"the", "a", "an", "her", "his", "their", "that", "any", "some", "our"})


def names_a_visit(text: str) -> bool:
    """Whether a text says which visits it is about: by a name, a place, or what brought somebody in or out."""
    heard = Heard(text, ())
    return bool(heard.seen_by) or any(heard.has(role) for role in ("noun", "place", "come", "leave"))
