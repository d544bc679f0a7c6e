"""Drafts that wait for a person: proposed, looked at, edited, rejected, confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Query
from pydantic import BaseModel, ConfigDict, Field

from app.access.callers import Action
from app.access.guarded import GuardedServices
from app.api.deps import CallerDep, ServicesDep
from app.dates import now
from app.drafting import drafting_of, index_written, propose, shown
from domain.facts import Evidence
from knowledge_base.drafts import Draft, DraftStore, Finding

router = APIRouter(prefix="/v1", tags=["drafts"])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ProposeBody(_Body):
    """A sentence, or the name of a tool with its arguments."""

    request: str = Field(default="", max_length=8000, examples=["order furosemide 40 mg PO daily"])
    tool: str = Field(
        default="", max_length=40, description="draft_order, draft_note, draft_problem_change or draft_message"
    )
    arguments: dict[str, str] = Field(default_factory=dict)


class ConfirmBody(_Body):
    """Which version was looked at, and why it is confirmed in spite of critical findings."""

    version: int = Field(ge=1)
    override_reason: str = Field(default="", max_length=500)


class EditBody(_Body):
    """New arguments over those of a version."""

    version: int = Field(ge=1)
    arguments: dict[str, str] = Field(min_length=1)


class RejectBody(_Body):
    """Why it is not wanted."""

    reason: str = Field(default="", max_length=500)


class DraftBody(BaseModel):
    """A draft with its findings, its FHIR resources, and where it stands."""

    id: str
    patient_id: str
    tool: str
    arguments: dict[str, Any]
    title: str
    text: str
    version: int
    status: str = Field(description="pending, expired, confirmed (being written), written or rejected")
    needs_override: bool
    findings: list[Finding]
    evidence: list[Evidence]
    resources: list[dict[str, Any]]
    on_confirmation: list[dict[str, Any]]
    difference: str = ""
    made_at: datetime
    expires_at: datetime
    decision: dict[str, Any] | None = None
    written: list[str] = []


def _body(draft: Draft) -> DraftBody:
    return DraftBody.model_validate(shown(draft, now()))


def _own(services: GuardedServices, draft_id: str) -> Draft:
    """A draft of the caller, whose patient is in reach."""
    draft = DraftStore(services.store.data_dir).get(draft_id, services.caller.subject)
    services.guarded_store.admit(draft.patient_id)
    return draft


@router.post("/patients/{patient_id}/drafts", status_code=201, summary="Propose a draft")
def propose_draft(patient_id: str, body: ProposeBody, services: ServicesDep, caller: CallerDep) -> DraftBody:
    """A draft order, note, problem-list change or message with its checks. The record is not changed."""
    draft = propose(
        services,
        patient_id,
        caller.subject,
        now(),
        request=body.request.strip(),
        tool=body.tool,
        arguments=body.arguments,
    )
    return _body(draft)


@router.get("/patients/{patient_id}/drafts", summary="List drafts")
def list_drafts(
    patient_id: str,
    services: ServicesDep,
    caller: CallerDep,
    status: Annotated[str, Query(max_length=20, description="pending, confirmed, written or rejected")] = "",
) -> list[DraftBody]:
    """The caller's own drafts for a patient, newest first."""
    services.store.patient(patient_id)
    return [_body(d) for d in DraftStore(services.store.data_dir).of_owner(caller.subject, patient_id, status)]


@router.get("/drafts/{draft_id}", summary="One draft")
def get_draft(draft_id: str, services: ServicesDep) -> DraftBody:
    """A draft of the caller."""
    return _body(_own(services, draft_id))


@router.post("/drafts/{draft_id}/confirm", summary="Confirm a draft")
def confirm_draft(
    draft_id: str, body: ConfirmBody, services: ServicesDep, caller: CallerDep, after: BackgroundTasks
) -> DraftBody:
    """Write the version that was looked at to the record, with who confirmed it. Confirming twice writes once.

    409 `draft_stale` when the record has changed meanwhile and with it a finding: the new version is to be looked at.
    409 `override_needed` when a critical finding stands and no reason is given.
    """
    draft = _own(services, draft_id)
    store = services.guarded_store.for_writing(draft.patient_id)
    settled = _decide(
        services, draft, caller, "approve", version=body.version, reason=body.override_reason, store=store
    )
    if any(ref.startswith("DocumentReference/") for ref in settled.written):
        after.add_task(index_written, services, store)
    return _body(settled)


@router.post("/drafts/{draft_id}/edit", summary="Edit a draft")
def edit_draft(draft_id: str, body: EditBody, services: ServicesDep, caller: CallerDep) -> DraftBody:
    """The next version, checked anew; `difference` shows the lines that changed."""
    draft = _own(services, draft_id)
    return _body(_decide(services, draft, caller, "edit", version=body.version, changes=body.arguments))


@router.post("/drafts/{draft_id}/reject", summary="Reject a draft")
def reject_draft(draft_id: str, body: RejectBody, services: ServicesDep, caller: CallerDep) -> DraftBody:
    """The draft is put away; nothing is written."""
    draft = _own(services, draft_id)
    return _body(_decide(services, draft, caller, "reject", version=draft.version, reason=body.reason))


def _decide(
    services: GuardedServices, draft: Draft, caller: CallerDep, decision: str, *, store: Any = None, **given: Any
) -> Draft:
    from agents.drafting import Review

    caller.require(Action.WRITE_RECORD if decision == "approve" else Action.READ_RECORD)
    review = Review.model_validate(
        {"decision": decision, "by": caller.subject, "name": caller.name, "at": now(), **given}
    )
    return drafting_of(services, caller.subject, store or services.store).decide(draft.id, review)
