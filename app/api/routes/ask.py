"""Questions about one patient."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from app.api.deps import ServicesDep
from app.api.runs import RunBoard
from app.api.schemas import AskBody
from app.api.streaming import answer_of, make_question, sse
from domain.answers import Answer

router = APIRouter(prefix="/v1/patients", tags=["questions"])
_CLIENT_LEFT = 499

_STREAM_DOC: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; or, when streaming, events named step, tool, token, reset, answer and error.",
        "content": {"text/event-stream": {}},
    }
}


@router.post("/{patient_id}/ask", response_model=Answer, responses=_STREAM_DOC, summary="Ask about one patient")
async def ask(patient_id: str, body: AskBody, request: Request, services: ServicesDep) -> Response | Answer:
    """Answer a question from the patient's record, notes and twin; every claim has a citation."""
    question = make_question(patient_id, body.question, body.as_of, body.thread_id)
    # Known before any header leaves, so that these faults have their own status in a stream too.
    await run_in_threadpool(services.store.patient, patient_id)
    assistant = await run_in_threadpool(lambda: services.assistant)
    if body.stream or body.resumable or "text/event-stream" in request.headers.get("accept", ""):
        if not body.resumable:
            return _stream(sse(assistant, question))
        board: RunBoard = request.app.state.runs
        run_id = board.start(services.caller.subject, sse(assistant, question))
        location = f"/v1/patients/{quote(patient_id, safe='')}/ask/{run_id}"
        return _stream(board.follow(services.caller.subject, run_id), location=location)
    answer = await answer_of(assistant, question, request)
    return answer if answer is not None else Response(status_code=_CLIENT_LEFT)


@router.get(
    "/{patient_id}/ask/{run_id}",
    responses=_STREAM_DOC,
    response_class=StreamingResponse,
    summary="Take a stream up again",
)
async def follow(
    patient_id: str,
    run_id: str,
    request: Request,
    services: ServicesDep,
    last_event_id: Annotated[int, Header(ge=0, le=10**6)] = 0,
) -> Response:
    """The events of a resumable run from after `Last-Event-ID` on; runs are kept for five minutes."""
    await run_in_threadpool(services.store.patient, patient_id)
    board: RunBoard = request.app.state.runs
    return _stream(board.follow(services.caller.subject, run_id, last_event_id))


def _stream(frames: AsyncIterator[bytes], **headers: str) -> StreamingResponse:
    headers |= {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)
