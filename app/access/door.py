"""In front of every route: who calls, how often, and whether a browser page of ours sent it."""

from __future__ import annotations

import math
from http.cookies import SimpleCookie
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.callers import NOBODY, NotPermitted, NotSignedIn, TooManyRequests
from app.access.gate import SESSION_COOKIE, Gate
from app.api.problems import STATUS_OF_KIND, fault_at, public_details
from domain.errors import ChartTwinError

# Open to everybody, because they say nothing about anybody: liveness, what the server can do, and signing in.
PUBLIC = frozenset(
    {"/healthz", "/readyz", "/sign-in", "/sign-in/organisation", "/sign-in/return", "/openapi.json", "/docs",
     "/favicon.ico", "/fhir/metadata", "/fhir/.well-known/smart-configuration", "/cds-services"}
)  # fmt: skip
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Doorkeeper:
    """ASGI middleware: `scope["state"]["caller"]` is set, or the request is refused."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app, self._gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, send to the sign-in page, or pass on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        address = (scope.get("client") or ("", 0))[0]
        state = scope.setdefault("state", {})
        state["gate"] = self._gate
        try:
            state["caller"] = NOBODY
            if scope["path"] not in PUBLIC:
                try:
                    state["caller"] = await self._identify(headers, address)
                except NotSignedIn:
                    self._limit(f"unsigned {address}")
                    raise
                _refuse_foreign_forms(scope, headers)
            self._limit(state["caller"].subject or address)
        except ChartTwinError as error:
            status = STATUS_OF_KIND.get(error.kind, 500)
            refusal = fault_at(scope["path"], error.kind, error.message, status, **public_details(error.details))
            if isinstance(error, NotSignedIn):
                if _wants_page(scope, headers):
                    await RedirectResponse(f"/sign-in?next={quote(scope['path'])}", 303)(scope, receive, send)
                    return
                refusal.headers["www-authenticate"] = 'Bearer realm="charttwin"'
            if isinstance(error, TooManyRequests):
                refusal.headers["retry-after"] = str(error.details["retry_after"])
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _identify(self, headers: Headers, address: str) -> object:
        cookies = {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
        if self._gate.is_local:
            return self._gate.identify(headers, cookies, address)
        # Keys of an issuer may have to be fetched, which must not hold up the others.
        return await run_in_threadpool(self._gate.identify, headers, cookies, address)

    def _limit(self, who: str) -> None:
        if wait := self._gate.requests.wait_for(who):
            raise TooManyRequests("too many requests; wait before the next", retry_after=math.ceil(wait))


def _refuse_foreign_forms(scope: Scope, headers: Headers) -> None:
    """A change asked for with the browser's cookie must come from a page of this server (CSRF)."""
    if scope.get("method", "GET") in _SAFE or SESSION_COOKIE not in headers.get("cookie", ""):
        return
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin", "")
    if site == "same-origin" or (site is None and origin and urlsplit(origin).netloc == headers.get("host", "")):
        return
    raise NotPermitted("a request with the session's cookie must come from a page of this server")


def _wants_page(scope: Scope, headers: Headers) -> bool:
    return scope.get("method") == "GET" and "text/html" in headers.get("accept", "")
