"""Who the caller is, opening a record in an emergency, and the trail."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.access.audit import audit_event
from app.access.callers import Action
from app.api.deps import CallerDep, GateDep

router = APIRouter(prefix="/v1", tags=["access"])


class WhoAmI(BaseModel):
    """The caller as the server sees it."""

    subject: str
    name: str
    roles: list[str]
    actions: list[str]
    via: str
    reaches_all_patients: bool
    patients: list[str]


class Reason(BaseModel):
    """Why a record outside one's list is opened."""

    reason: Annotated[str, Field(min_length=10, max_length=500, examples=["Unconscious in the emergency department"])]


class OpenedGlass(BaseModel):
    """Until when the record is open to the caller."""

    patient_id: str
    until: datetime


class Trail(BaseModel):
    """A page of the trail; `next_after` continues it, None at its end."""

    entries: list[dict[str, Any]]
    next_after: int | None


@router.get("/whoami", summary="Who is calling")
def whoami(caller: CallerDep) -> WhoAmI:
    """Subject, roles and rights of the credential that was sent."""
    return WhoAmI(
        subject=caller.subject,
        name=caller.name,
        roles=sorted(caller.roles),
        actions=sorted(caller.actions),
        via=caller.via,
        reaches_all_patients=caller.patients is None,
        patients=sorted(caller.patients or ()),
    )


@router.post("/patients/{patient_id}/break-glass", summary="Open a record in an emergency")
def break_glass(patient_id: str, body: Reason, caller: CallerDep, gate: GateDep) -> OpenedGlass:
    """Opens a record outside the clinician's list for a while; the reason goes into the trail."""
    until = gate.break_glass(caller, patient_id, body.reason, "/v1/patients/{patient_id}/break-glass")
    return OpenedGlass(patient_id=patient_id, until=until)


@router.get("/audit", summary="Read the trail")
def read_trail(
    caller: CallerDep,
    gate: GateDep,
    patient: Annotated[str, Query(max_length=200)] = "",
    actor: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    fhir: Annotated[bool, Query(description="As FHIR R4 AuditEvent resources.")] = False,
) -> Trail:
    """Who saw what and when; for administrators."""
    caller.require(Action.READ_AUDIT)
    gate.record(caller, Action.READ_AUDIT, door="/v1/audit", patient=patient)
    found = gate.trail.entries(patient=patient, actor=actor, after=after, limit=limit) if gate.trail else []
    shown = [audit_event(entry) if fhir else asdict(entry) for entry in found]
    return Trail(entries=shown, next_after=found[-1].seq if len(found) == limit else None)
