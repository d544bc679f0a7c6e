"""What the server answers. Fields that a later version adds are kept and not required."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Answered(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())


class Evidence(_Answered):
    """What a statement rests on: `Note/<id>#<start>-<end>`, `<Type>/<id>`, `Run/<id>` or `Knowledge/<id>`."""

    ref: str
    quote: str = ""


class Citation(_Answered):
    """The `[number]` of an answer."""

    number: int
    evidence: Evidence


class Conflict(_Answered):
    """Record and note contradict each other; the answer follows the record."""

    topic: str
    record_says: str
    note_says: str


class Answer(_Answered):
    """A cited answer."""

    question: str
    text: str
    citations: tuple[Citation, ...] = ()
    warnings: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    tool_calls: tuple[dict[str, Any], ...] = ()
    artifacts: tuple[dict[str, Any], ...] = ()
    confidence: float | None = None
    abstained: bool = False
    refused: bool = False


class Event(_Answered):
    """One thing that happened in a run: step, tool, token, reset, answer or error."""

    id: int
    kind: str
    data: dict[str, Any]


class Patient(_Answered):
    """One patient of the list."""

    id: str
    name: str
    gender: str
    birth_date: date | None
    deceased: datetime | None = None


class PatientDetail(Patient):
    """One patient with what the record holds."""

    allergies: list[str]
    problems: list[str]
    counts: dict[str, int]


class Fact(_Answered):
    """One statement read from a note."""

    id: str
    kind: str
    text: str
    concept_id: str = ""
    assertion: dict[str, Any] = {}
    evidence: Evidence


class Story(_Answered):
    """The patient's story in sections of cited sentences."""

    kind: str
    audience: str
    title: str
    sections: list[dict[str, Any]]
    warnings: list[str] = []


class Calculated(_Answered):
    """A calculator over a note, or an abstention that names what is missing."""

    calculator: str
    answer: Any = None
    unit: str = ""
    inputs: list[dict[str, Any]] = []
    missing: list[str] = []


class ModelCard(_Answered):
    """What a model of the twin is."""

    id: str
    version: str
    title: str
    kind: str
    summary: str
    inputs: list[dict[str, Any]]
    source: str
    doi: str


class ModelRun(_Answered):
    """One run of a model with everything that conditions it."""

    id: str
    model_id: str
    model_version: str
    title: str
    outputs: list[dict[str, Any]]
    inputs: list[dict[str, Any]] = []
    warnings: list[str] = []


class Job(_Answered):
    """Long work and how far it is."""

    id: str
    kind: str
    state: str
    created: datetime
    finished: datetime | None
    done: int
    total: int
    fault: dict[str, str] | None


class WhoAmI(_Answered):
    """The caller as the server sees it."""

    subject: str
    name: str
    roles: list[str]
    actions: list[str]
    via: str
    reaches_all_patients: bool
    patients: list[str]
