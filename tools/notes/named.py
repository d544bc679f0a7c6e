"""Which note is meant: by its title, or by what it tells."""

from __future__ import annotations

from collections.abc import Sequence

from domain.facts import Note
from knowledge_base.words import words_of
from tools.context import ToolContext
from tools.notes.asks import heading_of
from tools.notes.passages import rank_sentences
from tools.notes.words import written_out

# Words that name a document and not which one.
_DOCUMENT = frozenset(
    words_of("note notes summary letter report entry document record text author last latest newest recent most about")
)


def notes_named(ctx: ToolContext, notes: Sequence[Note], about: str) -> Sequence[Note]:
    """The notes whose titles have most of these words, else the one that tells of them; without any, the newest."""
    wanted = {*words_of(written_out(about))} - _DOCUMENT
    if not wanted:
        return notes[-1:]
    shared = [len(wanted & _title(note)) for note in notes]
    if any(shared):
        return [note for note, held in zip(notes, shared, strict=True) if held == max(shared)]
    best = next(iter(rank_sentences(ctx, about, notes)), None)
    return [note for note in notes if best is not None and best.is_near_by_name and note.id == best.note_id]


def _title(note: Note) -> set[str]:
    return {*words_of(written_out(f"{note.title} {note.note_type} {heading_of(note.text)}"))}
