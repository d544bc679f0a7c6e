"""One question to a chat model that may hang, flood or die: asked on a thread of its own, waited for no longer than allowed."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, message_chunk_to_message
from langchain_core.messages.ai import add_ai_message_chunks

from agents.runtime.faults import ModelFault, ModelTimedOut
from agents.runtime.run import Run

MAX_REPLY_CHARS = 60_000
MAX_CHUNKS = 20_000
_LOOK_S = 0.05  # how often a stopped run is noticed
_PAUSE_S = 0.5  # before a second try
# Calls that were given up still hold a thread until their connection ends. So many may hang at once in this process;
# beyond that the model counts as busy and the embedded one answers.
_SLOTS = threading.BoundedSemaphore(32)
_END = object()


class _Call:
    """A model's stream, read on its own thread. The thread is a daemon: a model that never ends cannot keep us alive."""

    def __init__(self, model: Any, messages: list[BaseMessage]) -> None:
        self._model, self._messages = model, messages
        self.items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.given_up = threading.Event()
        threading.Thread(target=self._work, name="charttwin-model-call", daemon=True).start()

    def _work(self) -> None:
        from langsmith.run_helpers import tracing_context

        try:
            # Tracing would send the messages to a third party; an environment variable is no consent.
            with tracing_context(enabled=False):
                stream = self._model.stream(self._messages)
                for chunk in stream:
                    if self.given_up.is_set():
                        break
                    self.items.put(chunk)
                close = getattr(stream, "close", None)
                if close is not None:
                    close()
            self.items.put(_END)
        except BaseException as error:
            self.items.put(error)
        finally:
            _SLOTS.release()


def ask(model: Any, messages: list[BaseMessage], run: Run) -> AIMessage:
    """The model's whole reply, as one message.

    Nothing of a reply is used before its end: a stream that dies half way, or is cut at its length limit, is a failure.

    Raises:
        ModelFault: the model is too slow, too long, or gave something that is no message.
        RunCancelled: the run was stopped meanwhile.
        Exception: whatever the model raised.
    """
    if run.left_for_model_s <= 0:
        raise ModelTimedOut(f"did not answer within its part of {run.budget_s:g} s")
    if not _SLOTS.acquire(blocking=False):
        raise ModelFault("is busy with earlier questions")
    try:
        call = _Call(model, messages)
    except RuntimeError as error:  # no further thread can be started
        _SLOTS.release()
        raise ModelFault("is busy with earlier questions") from error
    try:
        return _whole(_chunks(call, run))
    finally:
        call.given_up.set()


def _chunks(call: _Call, run: Run) -> list[Any]:
    chunks: list[Any] = []
    size = 0
    while True:
        run.check()
        left = run.left_for_model_s
        if left <= 0:
            raise ModelTimedOut(f"did not answer within its part of {run.budget_s:g} s")
        try:
            item = call.items.get(timeout=min(left, _LOOK_S))
        except queue.Empty:
            continue
        if item is _END:
            return chunks
        if isinstance(item, BaseException):
            if chunks and isinstance(item, Exception):
                raise ModelFault("broke off half way") from item
            raise item
        chunks.append(item)
        size += _size(item)
        if size > MAX_REPLY_CHARS or len(chunks) > MAX_CHUNKS:
            raise ModelFault("gave an answer without end")


def _size(chunk: Any) -> int:
    content = getattr(chunk, "content", "")
    arguments = sum(len(str(c.get("args") or "")) for c in getattr(chunk, "tool_call_chunks", ()))
    return (len(content) if isinstance(content, str) else len(str(content))) + arguments


def _whole(chunks: list[Any]) -> AIMessage:
    if not chunks or not all(isinstance(c, AIMessage) for c in chunks):
        raise ModelFault("gave no answer" if not chunks else "gave an answer that could not be read")
    parts = [c for c in chunks if isinstance(c, AIMessageChunk)]
    if len(parts) != len(chunks):
        message: BaseMessage = chunks[-1]
    else:
        message = message_chunk_to_message(add_ai_message_chunks(parts[0], *parts[1:]) if parts[1:] else parts[0])
    if not isinstance(message, AIMessage):
        raise ModelFault("gave an answer that could not be read")
    ending = {**message.additional_kwargs, **message.response_metadata}
    if (
        "length" in (ending.get("finish_reason"), ending.get("done_reason"))
        or ending.get("stop_reason") == "max_tokens"
    ):
        raise ModelFault("was cut off at its length limit")
    return message


def pause(run: Run, seconds: float = _PAUSE_S) -> None:
    """Waits before a second try, no longer than the run lasts.

    Raises:
        RunCancelled: the run was stopped meanwhile.
    """
    until = time.monotonic() + min(seconds, max(0.0, run.left_for_model_s))
    run.cancelled.wait(max(0.0, until - time.monotonic()))
    run.check()
