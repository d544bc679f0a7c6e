"""Runs a question so that a client that leaves stops it: as one answer, or as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi import Request

from app.api.problems import public_details
from app.dates import now, parse_as_of
from app.logs import log_event, log_unexpected, pseudonym
from domain.answers import Answer
from domain.errors import ChartTwinError

if TYPE_CHECKING:
    from agents import Assistant, Event

_KEEP_ALIVE_S = 15.0
_LEFT_CHECK_S = 0.25


class Question(NamedTuple):
    """One question of one patient, with the moment to treat as now."""

    patient_id: str
    text: str
    as_of: datetime
    thread_id: str | None


def make_question(patient_id: str, text: str, as_of: str | None, thread_id: str | None) -> Question:
    """The question of a request.

    Raises:
        InvalidInput: the date cannot be read.
    """
    return Question(patient_id, text, parse_as_of(as_of) or now(), thread_id)


async def events_of(assistant: Assistant, question: Question) -> AsyncIterator[Event]:
    """The events of a run; closing this stops the run."""
    stream = assistant.astream(question.patient_id, question.text, as_of=question.as_of, thread_id=question.thread_id)
    async with aclosing(stream) as events:  # type: ignore[type-var]
        async for event in events:
            yield event


class RunFailed(ChartTwinError):
    """The run ended in an error event."""

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(str(data.get("message", "the run failed")))
        self.kind = str(data.get("kind", "error"))  # type: ignore[misc]


async def answer_of(assistant: Assistant, question: Question, request: Request) -> Answer | None:
    """The answer, or None when the client left before it was ready.

    Raises:
        ChartTwinError: the question cannot be answered.
    """
    run = asyncio.ensure_future(_last_answer(assistant, question))
    try:
        while not run.done():
            await asyncio.wait({run}, timeout=_LEFT_CHECK_S)
            if not run.done() and await request.is_disconnected():
                return None
        return run.result()
    finally:
        run.cancel()


async def _last_answer(assistant: Assistant, question: Question) -> Answer:
    async with aclosing(events_of(assistant, question)) as events:  # type: ignore[type-var]
        async for event in events:
            if event.kind == "answer":
                _log_answer(question, event.data)
                return Answer.model_validate(event.data)
            if event.kind == "error":
                raise RunFailed(event.data)
    raise RunFailed({"kind": "no_answer", "message": "the run ended without an answer"})


async def sse(assistant: Assistant, question: Question) -> AsyncIterator[bytes]:
    """Server-sent events, numbered, named by the kind of the event; quiet times are filled with comments."""
    events = events_of(assistant, question)
    number = 0
    pending: asyncio.Task[Event] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(events))  # type: ignore[arg-type]
            done, _ = await asyncio.wait({pending}, timeout=_KEEP_ALIVE_S)
            if not done:
                yield b": waiting\n\n"
                continue
            task, pending = pending, None
            try:
                event = task.result()
            except StopAsyncIteration:
                return
            number += 1
            if event.kind == "answer":
                _log_answer(question, event.data)
            yield _frame(number, event.kind, event.data)
    except ChartTwinError as error:
        yield _frame(
            number + 1, "error", {"kind": error.kind, "message": error.message, **public_details(error.details)}
        )
    except Exception as error:
        # Headers are out: the fault can only travel as an event, and its text stays here.
        log_unexpected(error)
        yield _frame(number + 1, "error", {"kind": "internal_error", "message": "an unexpected fault"})
    finally:
        if pending is not None:
            pending.cancel()
            await asyncio.wait({pending})
        await events.aclose()  # type: ignore[attr-defined]


def _frame(number: int, kind: str, data: dict[str, Any]) -> bytes:
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data, ensure_ascii=False, default=str)}\n\n".encode()


def _log_answer(question: Question, data: dict[str, Any]) -> None:
    log_event(
        "answer",
        patient=pseudonym(question.patient_id),
        tools=len(data.get("tool_calls", ())),
        citations=len(data.get("citations", ())),
        ms=round(1000 * float(data.get("latency_s", 0.0))),
    )


def text_with_warnings(answer: Answer) -> str:
    """The text with what warns: a client that shows the text alone must not miss what speaks against a drug."""
    unsaid = [f"Warning: {warning}" for warning in answer.warnings if warning not in answer.text]
    return "\n\n".join([answer.text, *unsaid])
