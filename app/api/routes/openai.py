"""The OpenAI-compatible door: chat completions about one patient, for clients that speak nothing else.

The patient is named in `metadata.patient_id`, or by a token that reaches one patient alone. What a client sends as system
or assistant text changes nothing: questions are answered from the record.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.api.deps import ServicesDep
from app.api.problems import STATUS_OF_KIND, StandardRoute, openai_error
from app.api.streaming import RunFailed, answer_of, events_of, make_question, text_with_warnings
from app.dates import now
from app.logs import log_unexpected
from domain.answers import Answer
from domain.errors import ChartTwinError, InvalidInput

MODEL = "charttwin"
_KEPT_CONVERSATIONS = 2000
_REPLAYED = 3  # earlier questions asked again where the conversation is not known here any more


router = APIRouter(prefix="/v1", tags=["openai"], route_class=StandardRoute)


class Part(BaseModel):
    """One piece of a message's content; only text is read."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One message of the conversation."""

    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """The content as text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class ChatRequest(BaseModel):
    """What `chat.completions.create` sends. Sampling options are accepted and have no effect."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "model": MODEL,
                    "messages": [{"role": "user", "content": "What was the last potassium?"}],
                    "metadata": {"patient_id": "p001"},
                }
            ]
        },
    )
    model: Annotated[str, Field(max_length=200)]
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=400)]
    stream: bool | None = False
    n: Annotated[int, Field(ge=1, le=1)] | None = 1
    metadata: dict[str, str] | None = None  # patient_id, as_of, thread_id
    tools: Annotated[list[Any], Field(max_length=0)] | None = None  # the tools are ours, bound to the patient


class _Conversations:
    """Which thread continues which messages, so that a client that sends the whole history is understood."""

    def __init__(self) -> None:
        self._threads: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def thread_of(self, key: str) -> str | None:
        """The thread whose last answer ended these messages."""
        with self._lock:
            return self._threads.get(key)

    def keep(self, key: str, thread: str) -> None:
        """Remember it, the oldest forgotten."""
        with self._lock:
            self._threads[key] = thread
            self._threads.move_to_end(key)
            while len(self._threads) > _KEPT_CONVERSATIONS:
                self._threads.popitem(last=False)


_conversations = _Conversations()


@router.get("/models", summary="Models, as OpenAI clients list them")
async def list_models() -> dict[str, Any]:
    """The one model of this door."""
    return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "charttwin"}]}


@router.get("/models/{model_id}", summary="One model, as OpenAI clients ask for it")
async def get_model(model_id: str) -> dict[str, Any]:
    """The one model of this door."""
    _require_model(model_id)
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "charttwin"}


@router.post("/chat/completions", summary="Chat completions", response_model=None)
async def complete(body: ChatRequest, request: Request, services: ServicesDep) -> Response:
    """Answers the last user message about the patient of the request.

    `metadata` names the patient (`patient_id`), and may name `as_of` and `thread_id`. The whole answer, with citations,
    conflicts, warnings and tool calls, stands in the extra field `charttwin`; streamed chunks carry tool steps there.
    """
    _require_model(body.model)
    metadata = body.metadata or {}
    patient_id = _patient_of(metadata, services.caller.patients)
    await run_in_threadpool(services.store.patient, patient_id)
    assistant = await run_in_threadpool(lambda: services.assistant)
    *earlier, last = [m for m in body.messages if m.role in ("user", "assistant")] or [body.messages[-1]]
    if last.role != "user" or not last.text.strip():
        raise InvalidInput("the last message must be a question of the user", field="messages")
    scope = f"{services.caller.subject}\n{patient_id}"
    thread = metadata.get("thread_id") or _conversations.thread_of(_key(scope, earlier))
    if thread is None:
        thread = f"chat-{secrets.token_hex(12)}"
        for message in [m for m in earlier if m.role == "user"][-_REPLAYED:]:
            replayed = make_question(patient_id, message.text, metadata.get("as_of"), thread)
            await answer_of(assistant, replayed, request)
    question = make_question(patient_id, last.text, metadata.get("as_of"), thread)

    def keep(answer: Answer) -> None:
        said = ChatMessage(role="assistant", content=text_with_warnings(answer))
        _conversations.keep(_key(scope, [*earlier, last, said]), thread)

    if body.stream:
        chunks = _chunks(events_of(assistant, question), keep)
        return StreamingResponse(chunks, media_type="text/event-stream", headers={"x-accel-buffering": "no"})
    answer = await answer_of(assistant, question, request)
    if answer is None:
        return Response(status_code=499)  # the client has left
    keep(answer)
    said = {"role": "assistant", "content": text_with_warnings(answer), "refusal": None}
    choice = {"index": 0, "message": said, "finish_reason": "stop", "logprobs": None}
    return JSONResponse({**_head("chat.completion"), "choices": [choice], "charttwin": answer.model_dump(mode="json")})


async def _chunks(events: AsyncIterator[Any], keep: Callable[[Answer], None]) -> AsyncIterator[bytes]:
    """Chunks: tool steps as they happen, the text once it is verified; a draft that could be taken back is not sent."""
    head = _head("chat.completion.chunk")

    def frame(delta: dict[str, Any], finish: str | None = None, **extra: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return (
            f"data: {json.dumps({**head, 'choices': [choice], **extra}, ensure_ascii=False, default=str)}\n\n".encode()
        )

    yield frame({"role": "assistant", "content": ""})
    try:
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                if event.kind in ("step", "tool"):
                    yield frame({}, charttwin={"event": event.kind, **event.data})
                elif event.kind == "error":
                    raise RunFailed(event.data)
                elif event.kind == "answer":
                    answer = Answer.model_validate(event.data)
                    keep(answer)
                    for piece in text_with_warnings(answer).splitlines(keepends=True):
                        yield frame({"content": piece})
                    yield frame({}, "stop", charttwin={"event": "answer", **answer.model_dump(mode="json")})
    except ChartTwinError as error:
        status = STATUS_OF_KIND.get(error.kind, 500)
        yield f"data: {json.dumps({'error': openai_error(error.kind, error.message, status)})}\n\n".encode()
    except Exception as error:
        # Headers are out: the fault can only travel as an event, and its text stays here.
        log_unexpected(error)
        yield f"data: {json.dumps({'error': openai_error('internal_error', 'an unexpected fault', 500)})}\n\n".encode()
    yield b"data: [DONE]\n\n"


def _head(kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": kind,
        "created": int(now().timestamp()),
        "model": MODEL,
    }


def _require_model(name: str) -> None:
    if name != MODEL:
        raise InvalidInput(f"the model of this door is {MODEL!r}", field="model", accepted=[MODEL])


def _patient_of(metadata: dict[str, str], reach: frozenset[str] | None) -> str:
    if named := metadata.get("patient_id"):
        return named
    if reach is not None and len(reach) == 1:
        return next(iter(reach))
    raise InvalidInput("name the patient in metadata.patient_id", field="metadata.patient_id")


def _key(scope: str, messages: list[ChatMessage]) -> str:
    told = json.dumps([scope, [(m.role, m.text.strip()) for m in messages]], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()
