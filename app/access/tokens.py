"""Bearer tokens of an identity provider: JSON web tokens checked against its published keys (OpenID Connect, SMART)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.access.callers import NotSignedIn
from app.settings import LOOPBACK_HOSTS
from domain.errors import ChartTwinError, InvalidInput

# No symmetric algorithm and no "none": the issuer's public keys are all that is trusted.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
_KEYS_LAST_S = 600.0
_REFETCH_AFTER_S = 10.0  # an unknown key id fetches anew, but a flood of forged ids does not
_LEEWAY_S = 30
_TIMEOUT_S = 5.0

Fetch = Callable[[str], dict[str, Any]]


class IssuerUnreachable(ChartTwinError):
    """The identity provider's keys cannot be fetched."""

    kind = "issuer_unreachable"


@dataclass(frozen=True)
class Endpoints:
    """Where the identity provider is asked."""

    keys: str
    authorize: str = ""
    token: str = ""


def fetch_json(url: str) -> dict[str, Any]:
    """A JSON document over HTTP.

    Raises:
        IssuerUnreachable: no answer, an error, or no JSON object.
    """
    import httpx

    try:
        response = httpx.get(url, timeout=_TIMEOUT_S, follow_redirects=False)
        response.raise_for_status()
        found = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise IssuerUnreachable("the identity provider cannot be reached") from error
    if not isinstance(found, dict):
        raise IssuerUnreachable("the identity provider's answer is not a JSON object")
    return found


class TokenVerifier:
    """Checks signature, issuer, audience and times of tokens; the issuer's keys are cached and their rotation followed."""

    def __init__(self, issuer: str, audience: str, fetch: Fetch = fetch_json) -> None:
        """Hold the settings; nothing is fetched before the first token.

        Raises:
            InvalidInput: the issuer is neither https nor on this machine, or the audience is missing.
        """
        parts = urlsplit(issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS):
            raise InvalidInput("CHARTTWIN_OIDC_ISSUER must be an https address", field="oidc_issuer")
        if not audience:
            raise InvalidInput(
                "CHARTTWIN_OIDC_AUDIENCE is needed: tokens made for others are refused", field="audience"
            )
        self.issuer, self.audience = issuer, audience
        self._fetch = fetch
        self._lock = threading.Lock()
        self._endpoints: Endpoints | None = None
        self._keys: dict[str, Any] = {}
        self._fetched = 0.0

    def endpoints(self) -> Endpoints:
        """The provider's addresses, from its discovery document.

        Raises:
            IssuerUnreachable: it cannot be fetched or is that of another issuer.
        """
        if self._endpoints is None:
            found = self._fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self.issuer or not isinstance(found.get("jwks_uri"), str):
                raise IssuerUnreachable("the discovery document is not that of the configured issuer")
            self._endpoints = Endpoints(
                found["jwks_uri"], str(found.get("authorization_endpoint", "")), str(found.get("token_endpoint", ""))
            )
        return self._endpoints

    def claims(self, token: str, *, audience: str | None = None, nonce: str | None = None) -> dict[str, Any]:
        """The claims of a token that holds.

        Raises:
            NotSignedIn: malformed, badly signed, expired, or made by or for somebody else.
            IssuerUnreachable: the keys cannot be fetched.
        """
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in _ALGORITHMS:
                raise NotSignedIn("the token's algorithm is not accepted")
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(str(header.get("kid", ""))),
                algorithms=list(_ALGORITHMS),
                audience=audience or self.audience,
                issuer=self.issuer,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise NotSignedIn("the token has expired") from None
        except (jwt.PyJWTError, TypeError, ValueError):  # a key of another kind than the header claims is a TypeError
            # The library's message may quote the token's content, so it does not travel.
            raise NotSignedIn("the token does not hold") from None
        if nonce is not None and claims.get("nonce") != nonce:
            raise NotSignedIn("the token belongs to another sign-in")
        return claims

    def _key(self, key_id: str) -> Any:
        with self._lock:
            age = time.monotonic() - self._fetched if self._fetched else _KEYS_LAST_S
            if age >= _KEYS_LAST_S or (key_id not in self._keys and age >= _REFETCH_AFTER_S):
                self._refresh()
            if key_id not in self._keys:
                raise NotSignedIn("the token is signed with a key that its issuer does not publish")
            return self._keys[key_id]

    def _refresh(self) -> None:
        import jwt

        try:
            published = self._fetch(self.endpoints().keys)
        except IssuerUnreachable:
            if self._keys:  # a short outage of the issuer does not shut everybody out
                self._fetched = time.monotonic() - _KEYS_LAST_S + _REFETCH_AFTER_S
                return
            raise
        keys = {}
        for entry in published.get("keys", []):
            try:
                key = jwt.PyJWK.from_dict(entry)
            except (jwt.PyJWTError, TypeError, AttributeError):
                continue  # a key of a kind we do not read is no reason to refuse the others
            if entry.get("use", "sig") == "sig" and entry.get("kty") != "oct":
                keys[str(entry.get("kid", ""))] = (
                    key  # with its algorithm, so that the header of a token cannot choose another
                )
        self._keys, self._fetched = keys, time.monotonic()
