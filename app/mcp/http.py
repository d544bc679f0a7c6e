"""MCP over streamable HTTP at `/mcp/PATIENT`: the address binds the connection, every request is checked anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from app.access.callers import Action
from app.access.guarded import GuardedServices
from app.api.problems import problem_of
from app.dates import now, parse_as_of
from app.mcp.binding import Binding
from domain.errors import ChartTwinError

if TYPE_CHECKING:
    from app.assembly import Services


class McpDoor:
    """An ASGI application; without sessions of its own, so that no request can ride on what another was allowed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sessions: Any = None
        self._wanted, self._ready, self._ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Serve while this is open. The protocol's library takes a second to import, so it waits for the first request."""
        serving = asyncio.create_task(self._serve())
        try:
            yield
        finally:
            self._ended.set()
            self._wanted.set()
            await serving

    async def _serve(self) -> None:
        await self._wanted.wait()
        if self._ended.is_set():
            return
        sessions = await run_in_threadpool(_build_sessions)
        async with sessions.run():
            self._sessions = sessions
            self._ready.set()
            await self._ended.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bind the request to the patient of its address and pass it on."""
        request = Request(scope)
        try:
            caller, gate = request.state.caller, request.state.gate
            caller.require(Action.READ_RECORD)
            caller.require_all_types()
            parts = GuardedServices(self._services, gate, caller, "/mcp/{patient_id}")
            moment = parse_as_of(request.query_params.get("as_of")) or now()
        except ChartTwinError as error:
            await problem_of(error)(scope, receive, send)
            return
        scope["state"]["mcp_binding"] = Binding(parts, scope["path_params"]["patient_id"], moment)
        self._wanted.set()
        await self._ready.wait()
        if request.method == "POST":
            body = await Request(scope, receive).body()
            if not _is_message(body):
                await _NOT_A_MESSAGE(scope, receive, send)
                return
            receive = _replayed(body, receive)
        await self._sessions.handle_request(scope, receive, send)


# The library's own words for a message it cannot read repeat the message, and with it what it says of a patient.
_NOT_A_MESSAGE = JSONResponse(
    {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "this is no JSON-RPC 2.0 message"}}, 400
)


def _is_message(body: bytes) -> bool:
    from mcp.types import jsonrpc_message_adapter
    from pydantic import ValidationError

    try:
        jsonrpc_message_adapter.validate_json(body)
    except ValidationError:
        return False
    return True


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read already, once more, and after it what the client does next."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _build_sessions() -> Any:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from app.mcp.server import build_server

    return StreamableHTTPSessionManager(build_server(_binding_of), stateless=True, json_response=True)


def _binding_of(ctx: Any) -> Binding:
    binding: Binding = ctx.request.state.mcp_binding
    return binding
