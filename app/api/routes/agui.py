"""The AG-UI door (Agent-User Interaction protocol): one run of a question as the events that its front ends draw."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.api.deps import ServicesDep
from app.api.streaming import events_of, make_question, text_with_warnings
from app.logs import log_unexpected
from domain.answers import Answer
from domain.errors import ChartTwinError, InvalidInput

router = APIRouter(prefix="/v1/patients", tags=["questions"])
_THREAD = r"^[A-Za-z0-9_.:-]+$"


class AgUiMessage(BaseModel):
    """One message of the conversation; only the text of the last one of the user is read."""

    model_config = ConfigDict(extra="ignore")
    role: Annotated[str, Field(max_length=40)]
    content: Any = None


class AgUiInput(BaseModel):
    """RunAgentInput of AG-UI 1.0. State, tools and context of the front end have no say in what is looked up."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)
    threadId: Annotated[str, Field(min_length=1, max_length=128, pattern=_THREAD)]
    runId: Annotated[str, Field(min_length=1, max_length=128)]
    messages: Annotated[list[AgUiMessage], Field(min_length=1, max_length=1000)]
    forwardedProps: dict[str, Any] | None = Field(default=None, description="`as_of`: the date to treat as now.")


@router.post(
    "/{patient_id}/agui",
    summary="Ask, as AG-UI front ends do",
    response_class=StreamingResponse,
    responses={200: {"description": "AG-UI events.", "content": {"text/event-stream": {}}}},
)
async def run(patient_id: str, body: AgUiInput, services: ServicesDep) -> StreamingResponse:
    """Answers the last message of the user; earlier ones are known by `threadId`. The whole answer is the run's result."""
    last = body.messages[-1] if body.messages else None
    if last is None or last.role != "user" or not isinstance(last.content, str):
        raise InvalidInput("the last message must be a question of the user, as text", field="messages")
    as_of = (body.forwardedProps or {}).get("as_of")
    question = make_question(patient_id, last.content, str(as_of) if as_of else None, body.threadId)
    await run_in_threadpool(services.store.patient, patient_id)
    assistant = await run_in_threadpool(lambda: services.assistant)
    frames = _frames(events_of(assistant, question), body.threadId, body.runId)
    return StreamingResponse(frames, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _frames(events: AsyncIterator[Any], thread_id: str, run_id: str) -> AsyncIterator[bytes]:
    """The frames of a run: a step ends where the next begins, text comes once it is verified, a fault ends the run."""
    run = {"threadId": thread_id, "runId": run_id}
    step = ""
    yield _frame("RUN_STARTED", **run)
    try:
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                if event.kind == "step":
                    if step:
                        yield _frame("STEP_FINISHED", stepName=step)
                    step = str(event.data.get("name", ""))
                    yield _frame("STEP_STARTED", stepName=step)
                elif event.kind == "tool":
                    for frame in _of_tool(event.data):
                        yield frame
                elif event.kind == "reset":
                    yield _frame("CUSTOM", name="reset", value=event.data)
                elif event.kind == "error":
                    yield _frame("RUN_ERROR", message=str(event.data.get("message", "")), code=event.data.get("kind"))
                    return
                elif event.kind == "answer":
                    if step:
                        yield _frame("STEP_FINISHED", stepName=step)
                    for frame in _of_answer(Answer.model_validate(event.data)):
                        yield frame
                    yield _frame("RUN_FINISHED", **run, result=event.data, outcome={"type": "success"})
    except ChartTwinError as error:
        yield _frame("RUN_ERROR", message=error.message, code=error.kind)
    except Exception as error:
        # Headers are out: the fault can only travel as an event, and its text stays here.
        log_unexpected(error)
        yield _frame("RUN_ERROR", message="an unexpected fault", code="internal_error")


def _of_tool(data: dict[str, Any]) -> Iterator[bytes]:
    call = str(data["id"])
    if data["phase"] == "start":
        yield _frame("TOOL_CALL_START", toolCallId=call, toolCallName=data["name"])
        yield _frame("TOOL_CALL_ARGS", toolCallId=call, delta=json.dumps(data["arguments"], default=str))
        yield _frame("TOOL_CALL_END", toolCallId=call)
    else:
        said = str(data.get("error") or data.get("summary") or "")
        yield _frame("TOOL_CALL_RESULT", messageId=_new_id(), toolCallId=call, content=said, role="tool")


def _of_answer(answer: Answer) -> Iterator[bytes]:
    message = _new_id()
    yield _frame("TEXT_MESSAGE_START", messageId=message, role="assistant")
    for piece in text_with_warnings(answer).splitlines(keepends=True):
        yield _frame("TEXT_MESSAGE_CONTENT", messageId=message, delta=piece)
    yield _frame("TEXT_MESSAGE_END", messageId=message)


def _new_id() -> str:
    return f"msg-{secrets.token_hex(8)}"


def _frame(kind: str, **fields: Any) -> bytes:
    return f"data: {json.dumps({'type': kind, **fields}, ensure_ascii=False, default=str)}\n\n".encode()
