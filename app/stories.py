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


class NotAcceptable(ChartTwinError):
    """None of the forms asked for can be sent."""

    kind = "not_acceptable"


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


MEDIA_TYPES = {"json": "application/json", "markdown": "text/markdown", "fhir": "application/fhir+json"}


def accepted_form(header: str) -> str:
    """The form that an Accept header likes best, JSON first among equals; without a header JSON.

    Raises:
        NotAcceptable: the header takes none of the forms.
    """
    ranges = [r for part in header.split(",") if (r := _media_range(part)) is not None]
    if not ranges:
        return "json"
    liked = {form: _liking(media, ranges) for form, media in MEDIA_TYPES.items()}
    best = max(liked, key=lambda form: liked[form])
    if liked[best] <= 0:
        raise NotAcceptable(
            f"a story is sent as {', '.join(MEDIA_TYPES.values())}", accepted=list(MEDIA_TYPES.values())
        )
    return best


def _media_range(part: str) -> tuple[str, float] | None:
    """A media range in small letters with its quality; one whose quality cannot be read counts as wanted."""
    media, *parameters = [p.strip().lower() for p in part.split(";")]
    if "/" not in media:
        return None
    given = next((p[2:] for p in parameters if p.startswith("q=")), "1")
    try:
        return media, min(max(float(given), 0.0), 1.0)
    except ValueError:
        return media, 1.0


def _liking(media: str, ranges: list[tuple[str, float]]) -> float:
    """The quality of the most specific range that a media type lies in (RFC 9110, 12.5.1); 0 for none."""
    kind = media.partition("/")[0]
    for wanted in (media, f"{kind}/*", "*/*"):
        given = [quality for name, quality in ranges if name == wanted]
        if given:
            return max(given)
    return 0.0


def check_form(form: str) -> str:
    """The form, if it is one.

    Raises:
        InvalidInput: it is none.
    """
    if form not in FORMS:
        raise InvalidInput(f"format is one of {', '.join(FORMS)}", accepted=list(FORMS))
    return form
