"""The sentences of notes as they are ranked: where each stands, and what it is read as."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from domain.facts import Note
from knowledge_base.words import words_of
from tools.notes.asks import is_formality, is_quoting
from tools.notes.clauses import clauses_of
from tools.notes.subjects import QUOTED
from tools.notes.words import written_out

# "[copied from 06/11] ..." to the end of its line, or of its paragraph where it stands alone.
_COPIED = re.compile(
    r"\b(?:cop(?:ied|y)(?:[- ](?:and[- ])?pasted?|[- ]forward\w*)?|carried(?: forward| over)?|pulled|imported|pasted)\b[^\n]{0,20}?(?:\bfrom\b|\bof\b|:|\])"
    r"(?:[^\n\]]{0,30}\][ \t]*\n(?:[^\n]|\n(?![ \t]*\n))*|[^\n]*)",
    re.IGNORECASE,
)
_HEADING = 100  # characters; a longer first line says something
_LABEL = re.compile(r"\W*([A-Za-z]{3,7}):\s")
_TOPIC = re.compile(r"\W*([A-Za-z][A-Za-z0-9 /&+-]{1,30}?):(?=\s)")


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
    gap: int = 2  # line breaks between it and the sentence before it in its note, two at most
    opens: bool = False  # the first line of its note, which heads it
    topic: str = ""  # its own first words before a colon, or a heading just before it
    is_copied: bool = False  # stands in text that the note says was copied from an earlier one


def as_sentence(title: str) -> Sentence:
    """A heading or label as it is read."""
    text = written_out(title)
    words = words_of(text)
    return Sentence("", 0, len(title), "", text, frozenset(words), f" {' '.join(words)} ")


def note_texts(note: Note) -> list[str]:
    """What questions are compared with in a note, by meaning: each sentence as it is read, in its place."""
    return [in_place(note, sentence) for sentence in sentences_of(note)]


def in_place(note: Note, sentence: Sentence) -> str:
    """A sentence with the title of its note before it: "54/60" is a score of the clinic's note and not of the ward's."""
    return f"{note.title}. {sentence.text}" if note.title else sentence.text


def sentences_of(note: Note) -> list[Sentence]:
    """The sentences of a note that say something, in order."""
    from knowledge_base.chunking import chunk_note

    found: list[Sentence] = []
    before = 0
    first = note.text.lstrip()
    line = first.partition("\n")[0]
    heads = len(note.text) - len(first) + len(line) if "\n" in first and len(line) < _HEADING else 0
    copied = [m.span() for m in _COPIED.finditer(note.text)]
    for chunk in chunk_note(note.text):
        pieces = (piece for whole in chunk.sentences for piece in clauses_of(note.text, *whole))
        for start, end in pieces:
            said = note.text[start:end]
            if not _says_something(said, chunk.section) or is_formality(note.text, start, end):
                continue
            text = written_out(said)
            under = chunk.section if not found or found[-1].section != chunk.section else ""
            words = words_of(f"{written_out(under)} {text}")
            words += [QUOTED] if is_quoting(said) else []
            # Short names written out part the names of several words: "PR (per rectum) bleeding".
            plain = words_of(said)
            in_order = words if plain == words else [*words, "", *plain]
            title = chunk.section.strip(" #:*")
            read = f"{title}: {text}" if title and not said.lower().startswith(title.lower()) else text
            label, topic = _LABEL.match(said), _TOPIC.match(said)
            found.append(
                Sentence(
                    note.id, start, end, chunk.section, read, frozenset(words), f" {' '.join(in_order)} ",
                    label[1].lower() if label else "", min(2, note.text.count("\n", before, start)) if found else 2,
                    start < heads, topic[1] if topic else under,
                    any(a < end and start < b for a, b in copied),
                )
            )  # fmt: skip
            before = end
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
