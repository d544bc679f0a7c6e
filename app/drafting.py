"""Drafts and record queries for the doors: the parts put together, and what is shown of a draft."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from domain.errors import InvalidInput
from domain.facts import Evidence

if TYPE_CHECKING:
    from agents.drafting import Drafting
    from knowledge_base.drafts import Draft
    from knowledge_base.records import RecordStore
    from knowledge_base.vectors import VectorIndex
    from tools.context import ToolContext
    from tools.outcome import ToolResult
    from twin_backend import TwinBackend


class HasParts(Protocol):
    """What these need of the services."""

    @property
    def store(self) -> RecordStore: ...
    @property
    def twin(self) -> TwinBackend: ...
    @property
    def index(self) -> VectorIndex | None: ...


def context_of(
    services: HasParts, patient_id: str, as_of: datetime, owner: str = "local", asked: str = ""
) -> ToolContext:
    """The tools of a patient at a moment.

    Raises:
        UnknownPatient: no such patient.
    """
    from tools.context import ToolContext

    services.store.patient(patient_id)
    return ToolContext(services.store, patient_id, as_of, services.twin, asked=asked, owner=owner)


def drafting_of(services: HasParts, owner: str, writes_to: RecordStore) -> Drafting:
    """The drafts of an owner; `writes_to` is the record that a confirmation is written to."""
    from agents.drafting import Drafting
    from knowledge_base.drafts import DraftStore

    def context(patient_id: str, at: datetime) -> ToolContext:
        return context_of(services, patient_id, at, owner)

    return Drafting(writes_to, DraftStore(services.store.data_dir), owner, context)


def propose(
    services: HasParts,
    patient_id: str,
    owner: str,
    at: datetime,
    *,
    request: str = "",
    tool: str = "",
    arguments: dict[str, str] | None = None,
) -> Draft:
    """A draft from the owner's sentence, or from a tool's name and arguments.

    Raises:
        InvalidInput: the sentence asks for no draft, or it speaks of another patient.
        RetryableToolError, FinalToolError: see `tools.drafts.desk.Desk.propose`.
    """
    from tools.drafts import read_draft_request

    if request:
        read = read_draft_request(request, context_of(services, patient_id, at, owner, request))
        if read is None:
            raise InvalidInput(
                "the request asks for no draft, or names no drug, test or problem that is known; for example: order furosemide 40 mg PO daily · add gout to the problem list · "
                "message the patient that … · add to the note that …"
            )
        tool, arguments = read.tool, read.arguments
    drafting = drafting_of(services, owner, services.store)
    return drafting.propose(patient_id, tool, arguments or {}, at, request=request)


def shown(draft: Draft, now: datetime) -> dict[str, Any]:
    """A draft as the doors show it: its words, findings and resources, and what can be done with it."""
    body = draft.model_dump(mode="json", exclude={"changes", "request"})
    expired = draft.status == "pending" and now > draft.expires_at
    body["status"] = "expired" if expired else draft.status
    body["needs_override"] = bool(draft.critical)
    body["resources"] = [change.resource for change in draft.changes]
    body["on_confirmation"] = [change.final for change in draft.changes]
    return body


def query(services: HasParts, patient_id: str, sql: str, as_of: datetime) -> ToolResult:
    """The answer of `query_record`.

    Raises:
        UnknownPatient: no such patient.
        RetryableToolError: the statement is refused or faulty.
    """
    from typing import cast

    from tools.context import ToolContext
    from tools.record_query import query_record

    services.store.patient(patient_id)
    # A query runs no model, so whoever may read may have one: the twin asks for a right of its own.
    return query_record(ToolContext(services.store, patient_id, as_of, cast("TwinBackend", None)), sql)


def evidence_of(result: ToolResult) -> list[list[Evidence]]:
    """The evidence of each row of a query's result."""
    return [list(statement.evidence) for statement in result.statements[1:]]


def index_written(services: HasParts, store: RecordStore) -> None:
    """Reads the facts of notes that a confirmation added, so that they can be found."""
    from knowledge_base.ingest import resume

    resume(store, services.index)
