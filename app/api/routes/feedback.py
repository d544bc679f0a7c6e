"""What a reader thought of an answer."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.deps import ServicesDep
from app.dates import now
from app.feedback import COMMENT_LIMIT, FeedbackStore

router = APIRouter(prefix="/v1", tags=["questions"])


class FeedbackBody(BaseModel):
    """A verdict on the answer to a question about a patient."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    patient_id: str = Field(max_length=200)
    question: str = Field(min_length=1, max_length=20_000, description="As it was asked; only a keyed hash is kept.")
    verdict: Literal["helpful", "not_helpful"]
    comment: str = Field(default="", max_length=COMMENT_LIMIT)


class Kept(BaseModel):
    """That it was kept."""

    kept: bool = True


@router.post("/feedback", status_code=201, summary="Say what you think of an answer")
def give_feedback(body: FeedbackBody, services: ServicesDep) -> Kept:
    """Kept beside the record, with patient and question as keyed hashes. The same question again replaces the verdict."""
    services.store.patient(body.patient_id)
    FeedbackStore(services.store.data_dir).of_answer(
        services.caller.subject, body.patient_id, body.question, body.verdict, body.comment, now()
    )
    return Kept()
