"""What a note or a record says: spans, assertions, facts and the evidence that a claim points to."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from domain.codes import Code
from domain.errors import UnknownEvidence
from domain.quantities import Quantity


class Frozen(BaseModel):
    """An immutable value; a change makes a new one with `model_copy(update=...)`."""

    model_config = ConfigDict(frozen=True)


class Note(Frozen):
    """A clinical note as stored: `text` is never changed, since every span counts its characters."""

    id: str
    patient_id: str
    text: str
    title: str = ""
    note_type: str = ""
    time: AwareDatetime | None = None
    author: str = ""
    encounter_id: str = ""


class Span(Frozen):
    """Characters [start, end) of a note."""

    note_id: str
    start: int = Field(ge=0)
    end: int

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if self.end <= self.start:
            raise ValueError("a span has at least one character")
        return self


class EvidenceKind(StrEnum):
    """What a citation points to."""

    SPAN = "span"
    RESOURCE = "resource"
    RUN = "run"
    KNOWLEDGE = "knowledge"


class Evidence(Frozen):
    """Where a statement comes from.

    `ref` is the citation as written in answers: `Note/<id>#<start>-<end>`, `<ResourceType>/<id>`, `Run/<id>` or
    `Knowledge/<id>`. `quote` is a short verbatim excerpt or rendering of what stands there.
    """

    ref: str
    quote: str = ""
    time: datetime | None = None

    @property
    def kind(self) -> EvidenceKind:
        """What the reference points to, read from its form."""
        head = self.ref.partition("/")[0]
        return {"Note": EvidenceKind.SPAN, "Run": EvidenceKind.RUN, "Knowledge": EvidenceKind.KNOWLEDGE}.get(
            head, EvidenceKind.RESOURCE
        )

    @property
    def span(self) -> Span | None:
        """The note span of a `Note/...` reference, else None."""
        return parse_span(self.ref) if self.kind is EvidenceKind.SPAN else None


_SPAN_REF = re.compile(r"Note/(?P<id>.+)#(?P<start>\d+)-(?P<end>\d+)")


def span_ref(span: Span) -> str:
    """The citation of a note span, `Note/<id>#<start>-<end>`."""
    return f"Note/{span.note_id}#{span.start}-{span.end}"


def parse_span(ref: str) -> Span:
    """The span a `Note/<id>#<start>-<end>` citation names.

    Raises:
        UnknownEvidence: the text has another form.
    """
    match = _SPAN_REF.fullmatch(ref)
    if match is None:
        raise UnknownEvidence("a note citation reads Note/<id>#<start>-<end>")
    return Span(note_id=match["id"], start=int(match["start"]), end=int(match["end"]))


class Assertion(Frozen):
    """The five ConText attributes of a finding (Harkema et al. 2009, doi:10.1016/j.jbi.2009.05.002)."""

    is_negated: bool = False
    is_historical: bool = False
    is_hypothetical: bool = False
    is_family: bool = False
    is_uncertain: bool = False

    @property
    def is_current_finding(self) -> bool:
        """Whether the patient has it, now, for certain: no attribute is set."""
        return not any((self.is_negated, self.is_historical, self.is_hypothetical, self.is_family, self.is_uncertain))


class FactKind(StrEnum):
    """What a fact is about."""

    CONDITION = "condition"
    SYMPTOM = "symptom"
    MEDICATION = "medication"
    ALLERGY = "allergy"
    OBSERVATION = "observation"
    PROCEDURE = "procedure"
    FAMILY_HISTORY = "family_history"
    SOCIAL_HISTORY = "social_history"
    DEMOGRAPHIC = "demographic"
    DEVICE = "device"
    EVENT_DATE = "event_date"


class DoseStep(Frozen):
    """One of several doses that a note gives for the same drug: of a taper, a change, or loading and maintenance.

    `role` is "previous" (the dose before a change), "loading", "maintenance" or empty.
    """

    dose: Quantity
    dose_high: Quantity | None = None
    frequency: str = ""
    duration: str = ""
    role: str = ""


class MedicationSig(Frozen):
    """How a drug is to be taken, as far as the note says it.

    `dose` is the amount of drug as written, which is the dose in force: after a change the new one, of a taper the
    first. `dose_high` is the upper end of a range ("40-80 mg"). `strength` holds the parts of a combination
    ("875/125 mg"), of which `dose` is the first. Where units are counted as well ("10 mg tablet, take 2 tablets"),
    `dose` is one unit's and `amount` the count, so what is taken is their product. `steps` holds every dose in text
    order where there are several, and is empty otherwise; `doses` lists them in both cases. `reason` is what an
    as-needed drug is for.
    """

    drug: str
    dose: Quantity | None = None
    dose_high: Quantity | None = None
    strength: tuple[Quantity, ...] = ()
    amount: Quantity | None = None
    form: str = ""
    route: str = ""
    frequency: str = ""
    as_needed: bool = False
    reason: str = ""
    duration: str = ""
    status: str = ""
    last_taken: str = ""
    steps: tuple[DoseStep, ...] = ()

    @property
    def doses(self) -> tuple[Quantity, ...]:
        """Every dose that the note gives for this mention of the drug, in text order; ranges with both ends."""
        stated = self.steps or ((DoseStep(dose=self.dose, dose_high=self.dose_high),) if self.dose else ())
        return tuple(q for step in stated for q in (step.dose, step.dose_high) if q is not None)


class Fact(Frozen):
    """One asserted, coded statement of a note, with the characters it was read from."""

    id: str
    kind: FactKind
    concept_id: str = ""
    text: str
    codes: tuple[Code, ...] = ()
    value: Quantity | str | None = None
    comparator: str = ""
    sig: MedicationSig | None = None
    effective: datetime | None = None
    assertion: Assertion = Assertion()
    section: str = ""
    evidence: Evidence
    extractor_version: str = ""
    high: float | None = None  # the upper bound where the note gives a range, in the unit of the value
    flag: str = ""  # of a measurement: H, L, critical, abnormal, implausible; joined by commas
