"""Recorded values that a note sets aside: a sample at the wrong time, haemolysed, of another patient, not to be used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from domain.answers import Conflict
from domain.facts import Note
from knowledge_base.rows import ObservationRow
from tools.concepts import content_words
from tools.context import ToolContext, cite, dated, day, plain_name
from tools.measurements.readings import reading_of
from tools.notes.search import quoted

_SET_ASIDE = re.compile(
    r"\b(?:not a (?:true |real |valid )?(?:trough|peak|level|fasting)|do not use|disregard|mis-?timed|wrong(?:ly)? timed|drawn (?:too )?(?:early|late)"
    r"|(?:ha?emoly[sz]ed|lipa?emic|clotted|contaminated|mislabell?ed|spurious|erroneous|invalid|artefact\w*|artifact\w*)"
    r"|not valid|wrong (?:patient|tube|sample|bottle)|drawn from (?:the )?(?:line|picc|drip arm|infusion arm)|entered in error"
    r"|(?:taken|drawn|collected) (?:during|\d+ min(?:utes)? after|while)[^.;\n]{0,30}\b(?:infusion|dose|running))",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:not|no|never|isn't|wasn't)\s+(?:\w+\s+)?$", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w./-])\d+(?:\.\d+)?(?![\w/]|\.\d)")
_REACH = timedelta(days=10)


def value_conflicts(ctx: ToolContext) -> tuple[Conflict, ...]:
    """Values of the record that a note of the days after says are not to be used; the note's whole words beside each."""
    found: dict[str, Conflict] = {}
    suspicious = ctx.chart.suspicious_note_ids
    rows = [r for r in ctx.chart.observations if r.value is not None and r.time is not None]
    for note in reversed(ctx.chart.notes):
        if note.id in suspicious or note.time is None:
            continue
        for match in _SET_ASIDE.finditer(note.text):
            if _DENIED.search(note.text[max(0, match.start() - 15) : match.start()]):
                continue
            words, evidence = quoted(note, *_line(note.text, match))
            for row in _meant(note, match, rows):
                found.setdefault(
                    row.ref,
                    Conflict(
                        topic=_label(ctx, row),
                        record_says=f"{reading_of(row).shown} ({dated(row)})",
                        note_says=f"note of {day(note.time)} sets it aside: “{words}”",
                        evidence=(cite(row), evidence),
                    ),
                )
    return tuple(found.values())


def _meant(note: Note, match: re.Match[str], rows: list[ObservationRow]) -> Iterator[ObservationRow]:
    """The values that the line of a note names, of the days before it, and of a thing that the note speaks of."""
    start, end = _line(note.text, match)
    numbers = {float(n) for n in _NUMBER.findall(note.text[start:end])}
    text = note.text.lower()
    for row in rows:
        if row.value not in numbers or row.time is None or note.time is None:
            continue
        close = timedelta(0) <= note.time - row.time <= _REACH
        if close and any(w in text for w in content_words(plain_name(row.display)) if len(w) > 2):
            yield row


def _label(ctx: ToolContext, row: ObservationRow) -> str:
    known = [ctx.lexicon.vocabulary.get("observation", i) for i in ctx.lexicon.concept_ids("observation", row)]
    return next((c.label for c in known if c is not None), plain_name(row.display))


def _line(text: str, match: re.Match[str]) -> tuple[int, int]:
    start = text.rfind("\n", 0, match.start()) + 1
    stop = text.find("\n", match.end())
    return start, stop if stop >= 0 else len(text)
