"""What every form of an exported answer is made from: the answer, and what each of its citations opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.evidence import EvidenceView, open_evidence
from domain.answers import Answer
from domain.errors import ChartTwinError, InvalidInput
from domain.facts import Evidence, EvidenceKind

if TYPE_CHECKING:
    from knowledge_base.records import RecordStore

FORMS = {"markdown": "md", "html": "html", "pdf": "pdf", "fhir": "json"}  # with the ending of the file
MEDIA_TYPES = {
    "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "fhir": "application/fhir+json",
}
NOT_A_DEVICE = "Not a medical device: for discussion with a clinician, not for treatment decisions on its own."
NOT_FOUND = "not found in this record"
_EXCERPT = 160  # characters of a note before and after what is cited


@dataclass(frozen=True)
class Source:
    """A citation with what stands there now; `view` is None when this patient's record holds no such thing."""

    number: int
    ref: str
    quote: str
    time: datetime | None
    view: EvidenceView | None

    @property
    def title(self) -> str:
        """What it is, in a few words."""
        return self.view.title if self.view is not None else NOT_FOUND

    @property
    def excerpt(self) -> tuple[str, str, str]:
        """Of a note: the words before what is cited, the words that are, and those after."""
        if self.view is None or self.view.start is None or self.view.end is None:
            return "", "", ""
        text, start, end = self.view.text, self.view.start, self.view.end
        before = text[max(0, start - _EXCERPT) : start]
        return before, text[start:end], text[end : end + _EXCERPT]


@dataclass(frozen=True)
class Exported:
    """An answer about a patient with its sources opened."""

    answer: Answer
    patient_id: str
    made: datetime
    sources: tuple[Source, ...]


def gather(store: RecordStore, patient_id: str, answer: Answer, made: datetime) -> Exported:
    """The answer with each citation looked up in the record of this patient, and in no other.

    Raises:
        InvalidInput: nothing that it cites is in the record of this patient, so that it is about somebody else.
        UnknownPatient: no such patient.
    """
    store.patient(patient_id)
    sources = []
    for citation in answer.citations:
        found = citation.evidence
        try:
            view = open_evidence(store, patient_id, found.ref)
        except ChartTwinError:
            view = None
        sources.append(Source(citation.number, found.ref, found.quote, found.time, view))
    return Exported(_with_doubt(answer, sources), patient_id, made, tuple(sources))


def _with_doubt(answer: Answer, sources: list[Source]) -> Answer:
    """The answer with a warning where some of its sources are not in the record under whose name it is exported."""
    of_patient = [s for s in sources if Evidence(ref=s.ref).kind is not EvidenceKind.KNOWLEDGE]
    missing = sum(source.view is None for source in of_patient)
    if not missing:
        return answer
    if missing == len(of_patient):
        raise InvalidInput(
            "nothing that this answer cites is in the record of this patient, so it is not exported under that name; "
            "export it for the patient who was asked about",
            field="citations",
        )
    told = (
        f"{missing} of {len(of_patient)} sources were not found in the record of this patient: check whom this is about"
    )
    return answer.model_copy(update={"warnings": (*answer.warnings, f"{told}.")})


def export(store: RecordStore, patient_id: str, answer: Answer, form: str, made: datetime) -> bytes:
    """The answer in one of the `FORMS`; text is UTF-8.

    Raises:
        InvalidInput: there is no such form, or the answer is about somebody else.
        UnknownPatient: no such patient.
    """
    if form not in FORMS:
        raise InvalidInput(f"format is one of {', '.join(FORMS)}", field="format", accepted=list(FORMS))
    whole = gather(store, patient_id, answer, made)
    if form == "pdf":
        from app.export.pdf import to_pdf

        return to_pdf(whole)
    if form == "html":
        from app.export.html import to_html

        text = to_html(whole)
    elif form == "fhir":
        from app.export.fhir import to_json

        text = to_json(whole)
    else:
        from app.export.text import to_markdown

        text = to_markdown(whole)
    return text.encode("utf-8", "replace")  # half a surrogate pair cannot be sent
