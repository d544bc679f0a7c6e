"""Who calls and what that allows: roles, SMART scopes, and the patients in reach."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.errors import ChartTwinError


class Role(StrEnum):
    """What somebody is to the system."""

    CLINICIAN = "clinician"
    INTEGRATOR = "integrator"
    EVALUATOR = "evaluator"
    ADMIN = "admin"


class Action(StrEnum):
    """What can be done; every route names the one it needs."""

    READ_RECORD = "record.read"
    WRITE_RECORD = "record.write"
    COMPUTE = "compute"  # models, calculators and extraction over what the caller sends
    MANAGE_ACCESS = "access.manage"
    READ_AUDIT = "audit.read"
    READ_METRICS = "metrics.read"
    BREAK_GLASS = "break-glass"


# An administrator manages access and reads the trail, and sees no record: two people are needed to misuse it.
_OF_ROLE = {
    Role.CLINICIAN: {Action.READ_RECORD, Action.WRITE_RECORD, Action.COMPUTE, Action.BREAK_GLASS},
    Role.INTEGRATOR: {Action.READ_RECORD, Action.WRITE_RECORD, Action.COMPUTE},
    Role.EVALUATOR: {Action.COMPUTE, Action.READ_METRICS},
    Role.ADMIN: {Action.MANAGE_ACCESS, Action.READ_AUDIT, Action.READ_METRICS},
}
_SCOPE = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]+)\.(read|write|\*|c?r?u?d?s?)(?:\?\S*)?")


class NotSignedIn(ChartTwinError):
    """The request carries no credential, or one that does not hold."""

    kind = "not_signed_in"


class NotPermitted(ChartTwinError):
    """The caller is known and may not do this; whether the patient exists is not said."""

    kind = "not_permitted"


class TooManyRequests(ChartTwinError):
    """The caller's rate limit is reached; `details['retry_after']` gives the seconds to wait."""

    kind = "too_many_requests"
    retryable = True


@dataclass(frozen=True)
class Caller:
    """Somebody who was identified.

    `patients` are those in reach, None for all; `resource_types` the FHIR types that may be read, None for all.
    """

    subject: str
    name: str
    roles: frozenset[Role]
    via: str  # local | key | session | token
    patients: frozenset[str] | None = frozenset()
    actions: frozenset[Action] = frozenset()
    resource_types: frozenset[str] | None = None
    expires: datetime | None = None

    def require(self, action: Action) -> None:
        """Pass, or refuse.

        Raises:
            NotPermitted: none of the caller's roles or scopes allows the action.
        """
        if action not in self.actions:
            raise NotPermitted(f"this needs the right {action.value!r}, which your roles and scopes do not give")

    def require_all_types(self) -> None:
        """Refuse a caller whose scopes name single resource types, where a whole record is read.

        Raises:
            NotPermitted: the scopes do not cover every type.
        """
        if self.resource_types is not None:
            raise NotPermitted("this reads the whole record and needs the scope patient/*.read or user/*.read")

    def require_type(self, resource_type: str) -> None:
        """Pass when one type may be read.

        Raises:
            NotPermitted: no scope covers it.
        """
        if self.resource_types is not None and resource_type not in self.resource_types:
            raise NotPermitted(f"no scope of this token covers {resource_type}")


NOBODY = Caller(subject="", name="", roles=frozenset(), via="none")  # on public addresses


def actions_of(roles: frozenset[Role]) -> frozenset[Action]:
    """What the roles allow together."""
    return frozenset(action for role in roles for action in _OF_ROLE[role])


LOCAL = Caller(
    subject="local",
    name="This computer",
    roles=frozenset(Role),
    via="local",
    patients=None,
    actions=frozenset(Action),
)


@dataclass(frozen=True)
class Scopes:
    """What the SMART scopes of a token allow (SMART App Launch 2.2, v1 and v2 forms)."""

    actions: frozenset[Action]
    resource_types: frozenset[str] | None
    is_patient_bound: bool


def read_scopes(text: str) -> Scopes | None:
    """The meaning of a scope string; None when it names no clinical scope."""
    readable: set[str] = set()
    actions: set[Action] = set()
    contexts: set[str] = set()
    for scope in text.split():
        match = _SCOPE.fullmatch(scope)
        if match is None or "?" in scope:  # a scope narrowed by a search is not understood, so it gives nothing
            continue
        context, resource, rights = match.groups()
        contexts.add(context)
        if rights in ("read", "*") or "r" in rights.replace("write", ""):
            readable.add(resource)
            actions |= {Action.READ_RECORD, Action.COMPUTE}
        if resource == "*" and (rights in ("write", "*") or {"c", "u"} <= set(rights)):
            actions.add(Action.WRITE_RECORD)
    if not contexts:
        return None
    types = None if "*" in readable else frozenset(readable)
    return Scopes(frozenset(actions), types, is_patient_bound=contexts == {"patient"})
