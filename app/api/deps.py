"""What the routes are given."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from app.access.callers import Action, Caller
from app.access.gate import Gate
from app.access.guarded import GuardedServices
from app.assembly import Readiness, Services


def get_caller(request: Request) -> Caller:
    """Who makes this request; the doorkeeper has found out."""
    return cast(Caller, request.state.caller)


def get_gate(request: Request) -> Gate:
    """Who may see what."""
    return cast(Gate, request.state.gate)


def get_services(request: Request) -> GuardedServices:
    """The parts of this server as the caller may use them."""
    services = cast(Services, request.app.state.services)
    route = request.scope.get("route")
    return GuardedServices(services, get_gate(request), get_caller(request), getattr(route, "path", ""))


class Needs:
    """A dependency that lets only callers pass whose roles or scopes allow an action."""

    def __init__(self, action: Action) -> None:
        self.action = action

    def __call__(self, caller: Annotated[Caller, Depends(get_caller)]) -> None:
        """Pass, or refuse."""
        caller.require(self.action)
        if self.action is Action.READ_RECORD:
            caller.require_all_types()


def get_readiness(request: Request) -> Readiness:
    """How far loading is."""
    return cast(Readiness, request.app.state.readiness)


ServicesDep = Annotated[GuardedServices, Depends(get_services)]
CallerDep = Annotated[Caller, Depends(get_caller)]
GateDep = Annotated[Gate, Depends(get_gate)]
ReadinessDep = Annotated[Readiness, Depends(get_readiness)]
