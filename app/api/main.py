"""The FastAPI application: routes, guards, error documents, an offline reference page, and the chat at `/`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route, compile_path

from app import version
from app.access.callers import Action
from app.access.door import PUBLIC, Doorkeeper
from app.api.deps import Needs
from app.api.description import install_description
from app.api.guards import Guards
from app.api.jobs import JobBoard
from app.api.metrics import router as metrics_router
from app.api.problems import install_problem_handlers
from app.api.replies import Replies
from app.api.routes import (
    access,
    agui,
    ask,
    calculate,
    cds,
    drafts,
    evidence,
    exports,
    feedback,
    fhir,
    health,
    notes,
    openai,
    patients,
    query,
    sign_in,
    story,
    threads,
    twin,
    verify,
)
from app.api.routes import (
    jobs as job_routes,
)
from app.api.runs import RunBoard
from app.assembly import Readiness, Services
from app.mcp.http import McpDoor

_STATIC = Path(__file__).parent / "static"


def build_app(services: Services, *, with_ui: bool = True, warm: bool = True) -> FastAPI:
    """The application over these parts.

    Args:
        services: The parts; they are built when first needed.
        with_ui: Mount the chat at `/`.
        warm: Load models in the background from the start; `/readyz` says when that is done.
    """
    readiness = Readiness(services)
    mcp_door = McpDoor(services)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if warm:
            readiness.start()
        async with mcp_door.run():
            yield
        jobs.close()
        services.close()

    app = FastAPI(
        title="ChartTwin",
        version=version(),
        description="Cited answers about a patient's record, notes and digital twin. Not a medical device.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    app.state.readiness = readiness
    app.state.jobs = jobs = JobBoard()
    app.state.runs = RunBoard()
    # The last added is the outermost: host and size first, then who calls.
    app.add_middleware(Replies)
    app.add_middleware(Doorkeeper, gate=services.gate)
    app.add_middleware(Guards, settings=services.settings)
    install_problem_handlers(app)
    for routes in (health, sign_in, access, cds, fhir, job_routes):
        app.include_router(routes.router)
    app.include_router(metrics_router)
    for routes in (ask, agui, threads, patients, evidence, exports, feedback, story, query, drafts, openai):
        app.include_router(routes.router, dependencies=[Depends(Needs(Action.READ_RECORD))])
    for routes in (twin, calculate, notes, verify):
        app.include_router(routes.router, dependencies=[Depends(Needs(Action.COMPUTE))])
    app.router.routes.append(Route("/mcp/{patient_id}", endpoint=mcp_door))
    add_pages(app)
    install_description(app, None if services.settings.access == "local" else PUBLIC)
    if with_ui:
        from app.ui.chat import mount_chat

        mount_chat(app, services)
    return app


def methods_of(app: FastAPI, path: str) -> list[str]:
    """The methods that the described operations at this address take."""
    found = [methods for template, methods in app.openapi()["paths"].items() if compile_path(template)[0].match(path)]
    return sorted({method.upper() for methods in found for method in methods})


def add_pages(app: FastAPI) -> None:
    """The offline reference page, and a 404 document for every address of the API that is not there."""
    reference = (_STATIC / "reference.html").read_text(encoding="utf-8")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(reference)

    # Without this, the chat mounted at `/` would answer for unknown API addresses.
    @app.api_route("/v1/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    async def unknown_address(rest: str, request: Request) -> None:
        allowed = methods_of(app, request.url.path)
        raise HTTPException(405, headers={"allow": ", ".join(allowed)}) if allowed else HTTPException(404)
