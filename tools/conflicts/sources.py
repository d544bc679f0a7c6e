"""What the finders of contradictions read: the facts of trusted notes, newest first, and the words they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.facts import Evidence, Fact, Note
from tools.context import ToolContext
from tools.notes.search import quoted

# "?" and ";" do not end what a note says of one thing: 'Quit smoking?? - says "mostly"'.
_STOP = re.compile(r"[.!](?=\s|$)|\n[ \t]*\n|\n(?=[ \t]*(?:\d{1,2}[.)]|[-*•#])[ \t])|\n(?=[A-Z][\w /&-]{2,40}:)")
_MARK = re.compile(r"\s*(?:\d{1,2}[.)]|[-*•#]|[SOAP]\))\s+")
_BEFORE, _AFTER = 240, 240


def facts_newest_first(ctx: ToolContext) -> Iterator[Fact]:
    """The facts of notes that give no orders to the reader."""
    suspicious = ctx.chart.suspicious_note_ids
    return (f for f in reversed(ctx.chart.facts) if (s := f.evidence.span) is not None and s.note_id not in suspicious)


def note_of(ctx: ToolContext, fact: Fact) -> Note | None:
    """The visible note that a fact stands in."""
    span = fact.evidence.span
    return ctx.chart.notes_by_id.get(span.note_id) if span is not None else None


def in_full(ctx: ToolContext, fact: Fact, until: int = 0) -> tuple[str, Evidence]:
    """The whole sentence or list item around a fact, up to the sentence that holds the place `until`, with its citation."""
    note, span = note_of(ctx, fact), fact.evidence.span
    if note is None or span is None:
        return fact.evidence.quote, fact.evidence
    return passage(note, span.start, max(span.end, until))


def passage(note: Note, start: int, end: int) -> tuple[str, Evidence]:
    """The whole sentences of a note around characters, with their citation."""
    before = [m.end() for m in _STOP.finditer(note.text, max(0, start - _BEFORE), start)]
    low = before[-1] if before else 0 if start <= _BEFORE else note.text.find(" ", start - _BEFORE, start) + 1
    mark = _MARK.match(note.text, low, start)
    after = _STOP.search(note.text, end)
    high = after.end() if after is not None and after.end() - end <= _AFTER else min(len(note.text), end + _AFTER)
    return quoted(note, mark.end() if mark is not None else low, high)
