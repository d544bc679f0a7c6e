"""The twin alone behind HTTP: the same routes, guards and error documents as the whole, without records and chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI

from app import version
from app.access.callers import Action
from app.access.door import Doorkeeper
from app.api.deps import Needs
from app.api.guards import Guards
from app.api.main import add_pages
from app.api.problems import install_problem_handlers
from app.api.routes import twin
from app.api.schemas import Health
from app.assembly import Services


def build_twin_app(services: Services) -> FastAPI:
    """The application over the twin of these parts; no patient record is opened."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        services.close()

    app = FastAPI(
        title="ChartTwin: the twin",
        version=version(),
        description="Published models with their sources, bounds and refusals. Not a medical device.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    app.add_middleware(Doorkeeper, gate=services.gate)
    app.add_middleware(Guards, settings=services.settings)
    install_problem_handlers(app)
    app.include_router(twin.router, dependencies=[Depends(Needs(Action.COMPUTE))])

    @app.get("/healthz", tags=["health"], summary="Alive")
    def health() -> Health:
        return Health(status="ok")

    add_pages(app)
    return app
