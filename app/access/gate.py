"""Identifies who calls, and decides and records every access to a patient. The one place where that is decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.access.audit import AuditTrail, Outcome
from app.access.callers import (
    LOCAL,
    Action,
    Caller,
    NotPermitted,
    NotSignedIn,
    Role,
    actions_of,
    read_scopes,
)
from app.access.limits import RateLimiter
from app.access.register import AccessRegister, Person
from app.access.tokens import TokenVerifier
from app.settings import Settings
from domain.errors import InvalidInput, StoreUnavailable

SESSION_COOKIE = "charttwin_session"
_REASON = (10, 500)  # characters: enough to say why a record outside one's list is opened


class Gate:
    """Everything that stands between a request and a record."""

    def __init__(
        self, settings: Settings, register: AccessRegister, trail: AuditTrail | None, verifier: TokenVerifier | None
    ) -> None:
        """Hold the parts; `trail` is None only in local mode over a folder that cannot be written."""
        if trail is None and settings.access != "local":
            raise StoreUnavailable("without an audit trail only local mode is served")
        self.settings, self.register, self.trail, self.verifier = settings, register, trail, verifier
        self.requests = RateLimiter(settings.requests_per_minute)
        self.attempts = RateLimiter(10)

    @property
    def is_local(self) -> bool:
        """Whether everybody on this computer is trusted: no sign-in, loopback only."""
        return self.settings.access == "local"

    def close(self) -> None:
        """Let go of files."""
        self.register.close()
        if self.trail is not None:
            self.trail.close()

    # --- who -----------------------------------------------------------------------------------------------------

    def identify(self, headers: Mapping[str, str], cookies: Mapping[str, str], address: str) -> Caller:
        """Who makes this request.

        Raises:
            NotSignedIn: there is no credential, or it does not hold.
        """
        if self.is_local:
            return LOCAL
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and credential:
            return self._of_credential(credential.strip(), address)
        if token := cookies.get(SESSION_COOKIE, ""):
            person = self.register.of_session(token, self.settings.session_idle_minutes)
            if person is None:
                raise NotSignedIn("the session has ended; sign in again")
            return self._caller(person, "session")
        raise NotSignedIn("sign in, or send an access key or token as Authorization: Bearer …")

    def _of_credential(self, credential: str, address: str) -> Caller:
        if credential.count(".") == 2 and self.verifier is not None:
            return self.of_claims(self.verifier.claims(credential))
        person = self.register.of_key(credential)
        if person is None:
            if self.attempts.wait_for(address):
                raise NotSignedIn("too many keys that do not hold; wait a minute")
            raise NotSignedIn("the access key does not hold")
        return self._caller(person, "key")

    def _caller(self, person: Person, via: str) -> Caller:
        return Caller(
            subject=person.subject,
            name=person.name,
            roles=person.roles,
            via=via,
            patients=self.register.patients_of(person.subject),
            actions=actions_of(person.roles),
        )

    def of_claims(self, claims: Mapping[str, Any]) -> Caller:
        """The caller that a token's claims stand for.

        Roles come from the claim named by `oidc_roles_claim`, rights from SMART scopes; a token with scopes of the
        patient context reaches its launch patient only.

        Raises:
            NotSignedIn: the person is shut out.
            NotPermitted: the token gives no role and no clinical scope.
        """
        subject = str(claims["sub"])
        entered = self.register.person(subject)
        if entered is not None and entered.is_disabled:
            raise NotSignedIn("this account is shut")
        roles = _roles_in(claims.get(self.settings.oidc_roles_claim)) | (entered.roles if entered else frozenset())
        scopes = read_scopes(_text(claims.get("scope") or claims.get("scp")))
        actions, types = actions_of(roles), None
        patients = self.register.patients_of(subject)
        if scopes is not None:
            # A token with clinical scopes never does more than they say, whatever the person's roles allow.
            actions = (actions & scopes.actions) if roles else scopes.actions
            types = scopes.resource_types
            launched = str(claims.get("patient", ""))
            if scopes.is_patient_bound:
                patients = frozenset({launched}) if launched else frozenset()
        if not actions:
            raise NotPermitted("the token names no role and no scope that this server knows")
        return Caller(
            subject=subject,
            name=str(claims.get("name") or subject),
            roles=roles or frozenset({Role.INTEGRATOR}),
            via="token",
            patients=patients,
            actions=actions,
            resource_types=types,
            expires=datetime.fromtimestamp(float(claims["exp"]), UTC) if "exp" in claims else None,
        )

    # --- what ----------------------------------------------------------------------------------------------------

    def admit(self, caller: Caller, patient_id: str, action: Action, door: str) -> None:
        """Let a caller to a patient's record, and record it before anything is shown.

        Raises:
            NotPermitted: the action or the patient is out of reach; the same words whether or not the patient exists.
            StoreUnavailable: the access cannot be recorded.
        """
        try:
            caller.require(action)
            if caller.patients is not None and patient_id not in caller.patients:
                raise NotPermitted(
                    "this record is not in your reach; ask for access"
                    + (", or break the glass with a reason" if Action.BREAK_GLASS in caller.actions else "")
                )
        except NotPermitted:
            self.record(caller, action, door=door, patient=patient_id, outcome="refused")
            raise
        self.record(caller, action, door=door, patient=patient_id)

    def record(
        self,
        caller: Caller,
        action: Action | str,
        *,
        door: str,
        patient: str = "",
        outcome: Outcome = "success",
        reason: str = "",
    ) -> None:
        """Write to the trail.

        Raises:
            StoreUnavailable: it cannot be written.
        """
        if self.trail is not None:
            self.trail.write(
                caller.subject, str(action), via=caller.via, door=door, patient=patient[:200], outcome=outcome,
                reason=reason,
            )  # fmt: skip

    def break_glass(self, caller: Caller, patient_id: str, reason: str, door: str) -> datetime:
        """Open one record outside the caller's list for a while; until when.

        Raises:
            NotPermitted: the caller is no clinician.
            InvalidInput: the reason is too short or too long.
        """
        caller.require(Action.BREAK_GLASS)
        if not _REASON[0] <= len(reason.strip()) <= _REASON[1]:
            raise InvalidInput(f"a reason has {_REASON[0]} to {_REASON[1]} characters", field="reason")
        self.record(caller, Action.BREAK_GLASS, door=door, patient=patient_id, reason=reason.strip())
        return self.register.break_glass(caller.subject, patient_id, self.settings.break_glass_minutes)


def build_gate(settings: Settings) -> Gate:
    """The gate of a data directory.

    Raises:
        InvalidInput: the settings of the identity provider cannot be used.
        StoreUnavailable: the register or the trail cannot be opened.
    """
    verifier = None
    if settings.access == "oidc":
        verifier = TokenVerifier(settings.oidc_issuer, settings.oidc_audience)
    folder = settings.data_dir
    try:
        register = AccessRegister(folder / "access.sqlite3")
        trail = AuditTrail(folder / "audit.sqlite3", settings.audit_key.get_secret_value())
    except StoreUnavailable:
        if settings.access != "local":
            raise
        return Gate(settings, AccessRegister(None), None, verifier)
    return Gate(settings, register, trail, verifier)


def _roles_in(claim: Any) -> frozenset[Role]:
    named = claim if isinstance(claim, list) else _text(claim).split()
    return frozenset(Role(name) for name in named if name in set(Role))


def _text(claim: Any) -> str:
    return " ".join(map(str, claim)) if isinstance(claim, list) else str(claim or "")
