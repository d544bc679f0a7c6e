"""The sentences of notes as they are ranked: where each stands, and what it is read as."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from domain.facts import Note
from knowledge_base.words import words_of
from tools.notes.asks import is_formality, is_quoting
from tools.notes.subjects import QUOTED
from tools.notes.words import written_out

_LABEL = re.compile(r"\W*([A-Za-z]{3,7}):\s")


class Sentence(NamedTuple):
    """A sentence of a note: where it stands, what it is read as, and its words."""

    note_id: str
    start: int
    end: int
    section: str
    text: str  # with its section and with shorthand written out
    words: frozenset[str]
    stems: str  # the words in order, for names of several words
    label: str = ""  # what it opens with before a colon, often cut short: "Accom: caravan park"


def note_texts(note: Note) -> list[str]:
    """What questions are compared with in a note, by meaning: each sentence as it is read."""
    return [sentence.text for sentence in sentences_of(note)]


def sentences_of(note: Note) -> list[Sentence]:
    """The sentences of a note that say something, in order."""
    from knowledge_base.chunking import chunk_note

    found = []
    for chunk in chunk_note(note.text):
        for start, end in chunk.sentences:
            said = note.text[start:end]
            if not _says_something(said, chunk.section) or is_formality(note.text, start, end):
                continue
            text = written_out(said)
            words = words_of(f"{written_out(chunk.section)} {text}")
            words += [QUOTED] if is_quoting(said) else []
            title = chunk.section.strip(" #:*")
            read = f"{title}: {text}" if title and not said.lower().startswith(title.lower()) else text
            label = _LABEL.match(said)
            found.append(
                Sentence(
                    note.id, start, end, chunk.section, read, frozenset(words), f" {' '.join(words)} ",
                    label[1].lower() if label else "",
                )
            )  # fmt: skip
    return found


def _says_something(sentence: str, section: str) -> bool:
    """Whether a sentence is more than a date, a bullet or a heading; under a heading, numbers alone say something."""
    bare = sentence.strip(" #-*\n\t:")
    letters = re.search(r"[A-Za-z]{3}|[A-Za-z]{2}.*\d", bare) or (section.strip(" #:*") and re.search(r"\d\D+\d", bare))
    return len(bare) > 3 and bool(letters) and not sentence.lstrip().startswith("#")


def without_copies(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Text copied forward counts once, from its latest note."""
    last = {s.text.lower(): s for s in sentences}
    return [s for s in sentences if last[s.text.lower()] is s]
