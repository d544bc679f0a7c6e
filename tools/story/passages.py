"""Stretches of a note: the list item or sentence around characters, and where its text begins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.facts import Note

_SUMMARY = re.compile(r"discharge|summary", re.IGNORECASE)
_ITEM = re.compile(r"(?:^[ \t]*(?:\d{1,2}[.)]|[-*•#]|[SOAP][)/:])[ \t]+|(?<=[.;] )\d{1,2}[.)] (?=[A-Z]))", re.MULTILINE)
_END = re.compile(
    r"(?<=[.!?])\s+(?=[A-Z0-9*\"(])|\n[ \t]*\n|\n(?=[ \t]*(?:\d{1,2}[.)]|[-*•#])[ \t])|\n(?=[A-Z][A-Za-z /&-]{2,40}:)"
)
_MOST_AROUND = 400  # characters of a note beside what is looked at


def is_summary(note: Note) -> bool:
    """Whether a note sums up a stay."""
    return _SUMMARY.search(f"{note.title} {note.note_type}") is not None


def body_start(text: str) -> int:
    """Past a heading in capitals."""
    first = re.match(r"\s*[A-Z0-9 /,&()-]{4,90}\n+", text)
    return first.end() if first and first.end() < len(text) - 20 else 0


def around(text: str, start: int, end: int, items: bool = True) -> tuple[int, int]:
    """The list item (or, without `items`, the sentence) around characters of a note."""
    low = 0
    for match in _END.finditer(text, max(0, start - 600), start):
        low = match.end()
    if items:
        heads = [m for m in _ITEM.finditer(text, max(0, start - 600), start + 1)]
        if heads and not re.search(r"\n[ \t]*\n", text[heads[-1].start() : start]):
            low = heads[-1].end()
    stop = _END.search(text, end)
    high = stop.start() if stop else len(text)
    if items:
        following = re.compile(
            r"(?<=[.;:])[ \t](?=\d{1,2}[.)] [A-Z])|\n[ \t]*\n|\n(?=[ \t]*(?:\d{1,2}[.)]|[-*•#])[ \t])|\n(?=[A-Z][A-Za-z /&-]{2,40}:)"
        ).search(text, end)
        high = following.start() if following and low else high
    if start - low > _MOST_AROUND:
        low = text.find(" ", start - _MOST_AROUND, start) + 1  # at a word
    return low, min(high, end + _MOST_AROUND)
