"""Tells a patient's story over the services of this run, in the form that a door asked for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, cast

from domain.errors import ChartTwinError, InvalidInput

if TYPE_CHECKING:
    from domain.facts import Note
    from knowledge_base.records import RecordStore
    from tools.story import Story
    from twin_backend import TwinBackend

FORMS = ("json", "markdown", "fhir")


class HasStore(Protocol):
    """The one part a story needs: the records in reach."""

    @property
    def store(self) -> RecordStore:
        """The records."""
        ...


def tell_story(
    services: HasStore, patient_id: str, *, kind: str, audience: str, as_of: datetime, period: str = ""
) -> Story:
    """The story of a patient at a moment.

    Raises:
        UnknownPatient: no such patient.
        InvalidInput: the kind, the audience or the period is not understood.
    """
    from tools.catalogue import read_period
    from tools.context import ToolContext
    from tools.story import build_story

    # A story runs no model, so whoever may read may have one: the twin asks for a right of its own.
    ctx = ToolContext(services.store, patient_id, as_of, cast("TwinBackend", None))
    return build_story(ctx, kind, audience, read_period(period, as_of))


def story_document(services: HasStore, story: Story, recorded: datetime) -> dict[str, Any]:
    """The story as a FHIR document Bundle."""
    from app import version
    from knowledge_base.fhir_composition import Line, Part, document_of

    store, patient_id = services.store, story.patient_id

    def look_up(ref: str) -> dict[str, Any] | None:
        try:
            return store.resource(patient_id, ref)
        except ChartTwinError:
            return None

    def note(note_id: str) -> Note | None:
        try:
            return store.note(patient_id, note_id)
        except ChartTwinError:
            return None

    parts = [
        Part(title=s.title, code=s.code, lines=tuple(Line(text=x.text, evidence=x.evidence, item=x.item) for x in s.sentences))
        for s in story.sections
    ]  # fmt: skip
    return document_of(
        store.resource(patient_id, f"Patient/{patient_id}"),
        patient_id,
        story.title,
        parts,
        look_up=look_up,
        note=note,
        recorded=recorded,
        as_of=story.as_of,
        version=version(),
    )


def check_form(form: str) -> str:
    """The form, if it is one.

    Raises:
        InvalidInput: it is none.
    """
    if form not in FORMS:
        raise InvalidInput(f"format is one of {', '.join(FORMS)}", accepted=list(FORMS))
    return form
