"""What was read from a patient's notes, without what stands in text that addresses software."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from domain.facts import Fact
from tools.untrusted.segments import Spans, instruction_spans

if TYPE_CHECKING:
    from knowledge_base.records import RecordStore


def set_aside_of(store: RecordStore, patient_id: str) -> Mapping[str, Spans]:
    """By note: the characters that address software. Nothing they say is quoted, searched, counted or exported."""

    def scan() -> dict[str, Spans]:
        return {n.id: spans for n in store.notes(patient_id) if (spans := instruction_spans(n.text))}

    return store.derived(patient_id, "set_aside", scan)


def trusted_facts(store: RecordStore, patient_id: str) -> list[Fact]:
    """The facts of notes that touch no such text, oldest note first."""
    aside = set_aside_of(store, patient_id)
    return [
        f
        for f in store.facts(patient_id)
        if (span := f.evidence.span) is None
        or not any(start < span.end and span.start < end for start, end in aside.get(span.note_id, ()))
    ]
