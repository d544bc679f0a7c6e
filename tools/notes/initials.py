"""Short names by their first letters: "ankle foot orthosis" asked where a note writes "AFO", and the other way round."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from domain.facts import Note
from knowledge_base.words import STOP_WORDS, stem
from tools.concepts import common_words, tokenize
from tools.notes.subjects import Subject

_SHORT_NAME = re.compile(r"\b(?=[A-Z0-9]*[A-Z])[A-Z][A-Z0-9]{1,4}(?=s?\b)")
_LONGEST = 5  # words


def short_names_in(notes: Iterable[Note]) -> frozenset[str]:
    """The short names in capitals that notes use, in lower case."""
    return frozenset(m[0].lower() for n in notes for m in _SHORT_NAME.finditer(n.text) if len(m[0]) > 2)


def with_initials(
    question: str, asked: Sequence[Subject], used: Collection[str], texts: Iterable[str]
) -> list[Subject]:
    """What is asked, each thing also by the short name that the notes use for it, or by the long one ("RSBI" for "rapid
    shallow breathing index").
    """
    tokens = [t.norm for t in tokenize(question.lower())]
    short: dict[str, str] = {}
    for at in range(len(tokens)):
        for size in range(3, _LONGEST + 1):
            run = tokens[at : at + size]
            letters = "".join(word[0] if word.isalpha() else word for word in run)
            if len(run) == size and letters in used and not {run[0], run[-1]} & STOP_WORDS:
                short |= {stem(word): letters for word in run if word not in STOP_WORDS}
    known = " ".join(texts).lower()
    return [_named_also(thing, short, known, used) for thing in asked]


def _named_also(thing: Subject, short: dict[str, str], known: str, used: Collection[str]) -> Subject:
    letters = next((short[w] for w in thing.own if w in short), "")
    if letters:
        return thing._replace(also=(*thing.also, (letters,)))
    word = thing.own[0]
    if (
        len(thing.own) > 1
        or not 3 <= len(word) <= _LONGEST
        or not word.isalpha()
        or word in used
        or word in common_words()
    ):
        return thing
    long = re.search(r"\b" + r"[ -]".join(rf"({letter}[a-z]{{2,}})" for letter in word) + r"\b", known)
    return thing._replace(also=(*thing.also, tuple(stem(w) for w in long.groups()))) if long is not None else thing
