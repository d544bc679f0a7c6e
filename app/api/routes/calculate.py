"""Calculators over the text of a note."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.deps import ServicesDep
from tools.calculation import Calculated, NoteCalculator

router = APIRouter(prefix="/v1/calculate", tags=["calculate"])


class CalculateBody(BaseModel):
    """A note and a question about it; the text is not stored."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=200_000, examples=["A 70-year-old man, 80 kg, creatinine 1.4 mg/dL."])
    question: str = Field(min_length=1, max_length=1500, examples=["What is his creatinine clearance?"])


@router.post("", summary="Answer a calculator question over a note")
def calculate(body: CalculateBody, services: ServicesDep) -> Calculated:
    """The answer with the words of the note behind every input, or an abstention that names what is missing."""
    return NoteCalculator(services.twin)(body.text, body.question)
