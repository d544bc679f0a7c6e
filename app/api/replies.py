"""What makes a request safe to send again: idempotency keys for changes, entity tags for reads."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem

_KEPT_S = 24 * 3600.0
_MOST = 5000
_MOST_BYTES = 1024 * 1024
_KEY_LENGTH = (1, 255)


@dataclass
class _Reply:
    """One kept answer; `status` 0 while the first request is still being answered."""

    digest: str
    at: float
    status: int = 0
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


class Replies:
    """ASGI middleware behind the doorkeeper, since keys belong to callers.

    A POST under `/v1` with an `Idempotency-Key` runs once: the same key, address and body get the same answer again for a
    day; the same key with another body is refused. Answers are kept in memory, so that none lies on a disk. A GET of JSON
    carries an `ETag`, and `If-None-Match` gets 304.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: OrderedDict[tuple[str, str, str], _Reply] = OrderedDict()
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or pass on."""
        if scope["type"] != "http" or not scope["path"].startswith(("/v1/", "/fhir")):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] == "GET":
            await self._app(scope, receive, _Tagged(send, headers.get("if-none-match", "")))
        elif scope["method"] == "POST" and (key := headers.get("idempotency-key")) is not None:
            await self._once(key, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _once(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        if not _KEY_LENGTH[0] <= len(key) <= _KEY_LENGTH[1]:
            await problem(422, "invalid_input", "an Idempotency-Key has 1 to 255 characters")(scope, receive, send)
            return
        body = await _whole(receive)
        digest = hashlib.sha256(body).hexdigest()
        place = (scope["state"]["caller"].subject, f"{scope['path']}?{scope['query_string'].decode('latin-1')}", key)
        with self._lock:
            self._forget()
            held = self._kept.get(place)
            if held is None:
                self._kept[place] = _Reply(digest, time.monotonic())
        if held is not None:
            await _again(held, digest, scope, send)
            return
        recorder = _Recorder(send)
        try:
            await self._app(scope, _replayed(body, receive), recorder)
        finally:
            with self._lock:
                if recorder.is_whole and recorder.status < 500:
                    self._kept[place] = _Reply(
                        digest, time.monotonic(), recorder.status, recorder.headers, bytes(recorder.body)
                    )
                else:  # a fault of ours, a stream or something too long may be asked for again
                    self._kept.pop(place, None)

    def _forget(self) -> None:
        oldest = time.monotonic() - _KEPT_S
        while self._kept and (len(self._kept) >= _MOST or next(iter(self._kept.values())).at < oldest):
            self._kept.popitem(last=False)


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False) and message["type"] == "http.request"
    return body


def _replayed(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def give() -> Message:
        nonlocal sent
        if sent:
            return await receive()  # later messages say whether the client has left
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


async def _again(held: _Reply, digest: str, scope: Scope, send: Send) -> None:
    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    if held.digest != digest:
        refusal = problem(422, "idempotency_key_reused", "this Idempotency-Key was used with another body")
        await refusal(scope, nothing, send)
    elif held.status == 0:
        refusal = problem(409, "in_progress", "the first request with this Idempotency-Key is still being answered")
        await refusal(scope, nothing, send)
    else:
        headers = [*held.headers, (b"idempotency-replayed", b"true")]
        await send({"type": "http.response.start", "status": held.status, "headers": headers})
        await send({"type": "http.response.body", "body": held.body})


class _Recorder:
    """Passes a response on and keeps it, where it is short and no stream."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status, self.body, self.is_whole = 0, bytearray(), False
        self.headers: tuple[tuple[bytes, bytes], ...] = ()
        self._is_kept = True

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], tuple(message["headers"])
            self._is_kept = b"text/event-stream" not in dict(self.headers).get(b"content-type", b"")
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            self._is_kept = self._is_kept and len(self.body) <= _MOST_BYTES
            self.is_whole = self._is_kept and not message.get("more_body", False)
        await self._send(message)


class _Tagged:
    """Adds an entity tag to a JSON answer, and sends 304 where the client holds it already."""

    def __init__(self, send: Send, held: str) -> None:
        self._send = send
        self._held = {tag.strip().removeprefix("W/") for tag in held.split(",")}
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            if message["status"] == 200 and "json" in kind:
                self._start = message
                return
        elif message["type"] == "http.response.body" and self._start is not None:
            start, self._start = self._start, None
            if not message.get("more_body", False):
                tag = f'"{hashlib.sha256(message.get("body", b"")).hexdigest()[:32]}"'
                headers = MutableHeaders(raw=start["headers"])
                headers["etag"] = tag
                if tag in self._held or "*" in self._held:
                    del headers["content-length"]
                    start, message = {**start, "status": 304}, {**message, "body": b""}
            await self._send(start)
        await self._send(message)
