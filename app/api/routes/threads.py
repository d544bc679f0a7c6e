"""The caller's conversations: listed, read back, exported, deleted."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel

from agents.memory.records import Conversation, ThreadSummary
from app.api.deps import ServicesDep
from domain.errors import InvalidInput

router = APIRouter(prefix="/v1/threads", tags=["conversations"])


class Deleted(BaseModel):
    """How many conversations were deleted."""

    deleted: int


@router.get("", summary="List your conversations")
def list_threads(services: ServicesDep, patient_id: str | None = None) -> list[ThreadSummary]:
    """The caller's conversations about the patients in reach, or about one; the last used first."""
    return list(services.memory.list(patient_id))


@router.get("/{thread_id}", summary="Read a conversation")
def read_thread(thread_id: str, services: ServicesDep) -> Conversation:
    """Questions and answers with their citations, oldest first. A conversation of somebody else is not found."""
    return services.memory.read(thread_id)


@router.get("/{thread_id}/export", summary="Export a conversation", response_model=Conversation)
def export_thread(thread_id: str, services: ServicesDep) -> Response:
    """The same as a JSON file."""
    found = services.memory.read(thread_id)
    headers = {"content-disposition": f'attachment; filename="conversation-{found.id}.json"'}
    return Response(found.model_dump_json(indent=2), media_type="application/json", headers=headers)


@router.delete("/{thread_id}", summary="Delete a conversation", status_code=204)
def delete_thread(thread_id: str, services: ServicesDep) -> None:
    """Remove it for good; its bytes are gone from the store when this returns."""
    services.memory.delete(thread_id)


@router.delete("", summary="Delete your conversations about a patient, or all")
def delete_threads(services: ServicesDep, patient_id: str | None = None, everything: bool = False) -> Deleted:
    """Remove the caller's conversations about one patient (`patient_id`), or all of them (`everything=true`)."""
    if (patient_id is None) != everything:
        raise InvalidInput("name the patient_id, or say everything=true", field="patient_id")
    return Deleted(deleted=services.memory.delete_all(patient_id))
