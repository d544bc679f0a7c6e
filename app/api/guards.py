"""What every request passes: host and origin checks, size limits, security headers, a log line without patient data."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.metrics import count_request
from app.api.problems import problem
from app.logs import log_event
from app.settings import Settings

# The browser itself refuses anything that is not served from here, whatever a note in an answer contains.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_OTHER_BODY_LIMIT = 4 * 1024 * 1024
_BULK_BODY_LIMIT = 64 * 1024 * 1024  # whole records, and many notes at once
_BULK = ("/v1/jobs", "/fhir")
_PATIENT_DATA = ("/v1/", "/fhir", "/mcp/", "/cds-services/")


class Guards:
    """ASGI middleware in front of API and UI."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._pass_on(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        names = self._settings.host_names
        if _host_name(headers.get("host", "")) not in names:
            return problem(421, "foreign_host", "this server answers to its loopback address only")
        if scope["method"] in ("TRACE", "CONNECT"):  # would repeat headers, or make a tunnel; nothing here takes them
            refusal = problem(405, "method_not_allowed", "this server does not take this method")
            refusal.headers["allow"] = "DELETE, GET, HEAD, OPTIONS, POST"
            return refusal
        origin = headers.get("origin")
        if origin and _host_name(urlsplit(origin).netloc) not in names:
            return problem(403, "foreign_origin", "requests from other sites are refused")
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._limit(scope):
            return _too_large(self._limit(scope))
        return None

    def _limit(self, scope: Scope) -> int:
        if scope["path"].startswith(_BULK):
            return _BULK_BODY_LIMIT
        return self._settings.max_question_bytes if scope["path"].startswith("/v1/") else _OTHER_BODY_LIMIT

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        limit, seen, status = self._limit(scope), 0, 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(status_code=413)  # the one kind that FastAPI passes on while it reads a body
            return message

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(scope, MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, counted, dressed)
        _log(scope, status, began)


def _too_large(limit: int) -> ASGIApp:
    return problem(413, "too_large", f"the body of a request has at most {limit} bytes")


def _add_headers(scope: Scope, headers: MutableHeaders) -> None:
    headers.setdefault("content-security-policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("x-content-type-options", "nosniff")
    headers.setdefault("referrer-policy", "same-origin")
    if scope["path"].startswith(_PATIENT_DATA):
        headers["cache-control"] = "no-store"


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host


def _log(scope: Scope, status: int, began: float) -> None:
    route = scope.get("route")
    path = getattr(route, "path", "") or "-"  # the template, never the path: that holds patient ids
    seconds = time.perf_counter() - began
    count_request(path, scope["method"], status, seconds)
    if path.startswith(("/v1", "/healthz", "/readyz")):
        ms = round(seconds * 1000)
        log_event("request", route=path, method=scope["method"], status=status, ms=ms)
