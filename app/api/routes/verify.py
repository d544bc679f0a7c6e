"""Any system's answer, checked claim by claim."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import ValidationError

from agents.verification import AnswerCheck, EvidenceText, verify_answer
from app.access.callers import Action
from app.api.deps import CallerDep, Needs, ServicesDep
from app.api.schemas import VerifyBody, VerifyEvidence
from app.dates import now, parse_as_of
from domain.errors import InvalidInput
from tools.context import ToolContext
from tools.outcome import ToolResult

router = APIRouter(prefix="/v1", tags=["verify"])


@router.post("/verify", summary="Check an answer claim by claim")
def verify(body: VerifyBody, services: ServicesDep, caller: CallerDep) -> AnswerCheck:
    """Each claim of an answer as supported, unsupported, contradicted or not checkable, and the answer without what fails.

    Held against the given evidence, against the whole stored record of one patient, or both. The text is not stored.
    """
    moment = parse_as_of(body.as_of) or now()
    context = None
    if body.patient_id is not None and body.mode != "evidence":
        Needs(Action.READ_RECORD)(caller)
        services.store.patient(body.patient_id)
        context = ToolContext(services.store, body.patient_id, moment, services.twin)
    return verify_answer(body.text, evidence=_evidence(body), context=context, as_of=moment, mode=body.mode)


def _evidence(body: VerifyBody) -> list[EvidenceText | ToolResult]:
    found: list[EvidenceText | ToolResult] = []
    for number, item in enumerate(body.evidence, 1):
        if isinstance(item, VerifyEvidence):
            found.append(EvidenceText(id=item.id, text=item.text))
            continue
        try:
            found.append(ToolResult.model_validate(item))
        except ValidationError as error:
            raise InvalidInput(
                f"evidence {number} is neither {{id, text}} nor a tool result", accepted=["{id, text}", "tool result"]
            ) from error
    return found
