"""Serves chat and API on one port."""

from __future__ import annotations

import contextlib
import errno
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.assembly import Services
from app.commands.console import remark, say
from app.commands.records import load_demo
from app.commands.services import open_services
from app.settings import LOOPBACK_HOSTS
from domain.errors import InvalidInput, StoreUnavailable

if TYPE_CHECKING:
    from fastapi import FastAPI


def serve(
    *,
    data_dir: Path | None,
    host: str | None,
    port: int | None,
    with_ui: bool,
    prepare: Callable[[Services], None] | None = None,
) -> None:
    """Serve until interrupted. The port is taken first, so that a taken one shows before anything is loaded."""
    services = open_services(data_dir, create=True, host=host, port=port)
    _refuse_open_door(services)
    listening = listen(services.settings.host, services.settings.port)
    try:
        services.store.patients()
        if prepare is not None:
            prepare(services)
        run_server(services, listening, with_ui=with_ui)
    finally:
        listening.close()


def serve_twin(*, data_dir: Path | None, host: str | None, port: int | None) -> None:
    """Serve the twin alone until interrupted; no record is opened."""
    from app.api.twin_only import build_twin_app

    services = open_services(data_dir, host=host, port=port, twin_url="")
    _refuse_open_door(services)
    listening = listen(services.settings.host, services.settings.port)
    try:
        services.twin.catalogue()
        _run(build_twin_app(services), listening, lambda: _announce_twin(services, listening))
    finally:
        listening.close()


def demo(*, data_dir: Path | None, port: int | None, serve_it: bool) -> None:
    """Load the demo cohort, then serve it."""
    if serve_it:
        serve(data_dir=data_dir, host=None, port=port, with_ui=True, prepare=load_demo)
        return
    services = open_services(data_dir, create=True)
    load_demo(services)
    services.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address; port 0 takes a free one.

    Raises:
        InvalidInput: the port is taken, or not ours to use.
        StoreUnavailable: the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(128)  # claims the port: two sockets may be bound to one, but only one may listen
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise InvalidInput(
                f"port {port} is taken; choose another with --port N, or --port 0 for any free one", field="port"
            ) from None
        if error.errno == errno.EACCES:
            raise InvalidInput(
                f"port {port} may not be used by this user; choose one above 1023", field="port"
            ) from None
        raise StoreUnavailable(f"cannot listen on {host} port {port}: {error.strerror}") from None
    return bound


def _refuse_open_door(services: Services) -> None:
    if services.gate.is_local and services.settings.host not in LOOPBACK_HOSTS:
        raise InvalidInput(
            "local mode has no sign-in and serves this computer alone; to serve others set CHARTTWIN_ACCESS to keys or "
            "oidc, and CHARTTWIN_ALLOWED_HOSTS to the names it answers to",
            field="host",
        )


def run_server(services: Services, listening: socket.socket, *, with_ui: bool) -> None:
    """Serve on the socket until interrupted."""
    from app.api.main import build_app

    remark("Starting …")
    _run(build_app(services, with_ui=with_ui), listening, lambda: _announce(services, listening, with_ui))


def _run(app: FastAPI, listening: socket.socket, announce: Callable[[], None]) -> None:
    import uvicorn

    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=2)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                announce()

    with contextlib.suppress(KeyboardInterrupt):  # raised again once everything is closed
        Server(config).run(sockets=[listening])


def _announce_twin(services: Services, listening: socket.socket) -> None:
    address = _address(services, listening)
    say(f"The twin at {address}   (API reference: {address}/docs)   Ctrl-C stops it")
    say(f"Runs in {services.settings.twin_runs_path}. Not a medical device.")
    sys.stdout.flush()


def _address(services: Services, listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    if services.gate.is_local:
        remark("Local mode: no sign-in, for this computer alone.")
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _announce(services: Services, listening: socket.socket, with_ui: bool) -> None:
    address = _address(services, listening)
    say(f"ChartTwin at {address}{'' if with_ui else '/docs'}   (API reference: {address}/docs)   Ctrl-C stops it")
    say(f"Records in {services.settings.data_dir}. Not a medical device.")
    sys.stdout.flush()
