"""`charttwin mcp`: the tools over standard input and output, for one patient."""

from __future__ import annotations

import asyncio
from pathlib import Path

from app.access.callers import LOCAL
from app.access.guarded import GuardedServices
from app.commands.services import open_services, require_patients
from app.dates import now, parse_as_of


def serve_stdio(patient_id: str, *, as_of: str | None, data_dir: Path | None) -> None:
    """Serve until standard input closes. Whoever can start this can read the data directory, so no key is asked for.

    Raises:
        UnknownPatient: no such patient.
        InvalidInput: no patient is loaded, or the date cannot be read.
    """
    from mcp.server.stdio import stdio_server

    from app.mcp.binding import Binding
    from app.mcp.server import build_server

    services = open_services(data_dir)
    require_patients(services)
    moment = parse_as_of(as_of)
    parts = GuardedServices(services, services.gate, LOCAL, "charttwin mcp")
    parts.store.patient(patient_id)
    server = build_server(lambda _: Binding(parts, patient_id, moment or now()))

    async def serve() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    try:
        asyncio.run(serve())
    finally:
        services.close()
