"""Signing in with a browser: an access key, or the organisation's identity provider (OpenID Connect with PKCE)."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.access.callers import Caller, NotPermitted, NotSignedIn
from app.access.gate import SESSION_COOKIE, Gate
from app.access.register import Person
from app.access.tokens import IssuerUnreachable

router = APIRouter(include_in_schema=False)
_PAGE = Path(__file__).parents[1] / "static" / "sign_in.html"
_FLOW_COOKIE = "charttwin_sign_in"
_FLOW_MINUTES = 10


@router.get("/sign-in")
def page(request: Request, next: str = "/", fault: str = "") -> HTMLResponse:
    """The sign-in page."""
    gate: Gate = request.state.gate
    return _page(gate, _inside(next), fault)


@router.post("/sign-in")
def with_key(request: Request, key: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/") -> Response:
    """A session for the owner of an access key."""
    gate: Gate = request.state.gate
    address = request.client.host if request.client else ""
    if gate.attempts.wait_for(f"page {address}"):
        return _page(gate, _inside(next), "Too many attempts. Wait a minute.", 429)
    person = gate.register.of_key(key.strip())
    if person is None:
        if gate.trail is not None:
            gate.trail.write("unknown", "sign-in", via="page", door="/sign-in", outcome="refused")
        return _page(
            gate, _inside(next), "This key does not hold. Check it, or ask your administrator for a new one.", 401
        )
    return _signed_in(gate, person, request, _inside(next))


@router.get("/sign-in/organisation")
def to_organisation(request: Request, next: str = "/") -> Response:
    """Off to the identity provider."""
    gate: Gate = request.state.gate
    if gate.verifier is None or not gate.settings.oidc_client_id:
        return _page(gate, "/", "Sign-in with your organisation is not set up here.", 404)
    flow = {"state": secrets.token_urlsafe(24), "nonce": secrets.token_urlsafe(24), "next": _inside(next),
            "verifier": secrets.token_urlsafe(48)}  # fmt: skip
    challenge = base64.urlsafe_b64encode(hashlib.sha256(flow["verifier"].encode()).digest()).rstrip(b"=").decode()
    query = urlencode(
        {
            "response_type": "code",
            "client_id": gate.settings.oidc_client_id,
            "redirect_uri": _return_address(request),
            "scope": "openid profile",
            "state": flow["state"],
            "nonce": flow["nonce"],
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    response = RedirectResponse(f"{gate.verifier.endpoints().authorize}?{query}", 303)
    # Lax, not strict: the browser comes back from another site with it.
    value = base64.urlsafe_b64encode(json.dumps(flow).encode()).decode()
    response.set_cookie(
        _FLOW_COOKIE, value, max_age=60 * _FLOW_MINUTES, httponly=True, samesite="lax", secure=_is_https(request),
        path="/sign-in",
    )  # fmt: skip
    return response


@router.get("/sign-in/return")
def back(request: Request, code: str = "", state: str = "") -> Response:
    """Back from the identity provider."""
    gate: Gate = request.state.gate
    flow = _flow_of(request.cookies.get(_FLOW_COOKIE, ""))
    if gate.verifier is None or not code or flow is None or not secrets.compare_digest(flow["state"], state):
        return _page(gate, "/", "This sign-in was not begun here, or took too long. Try again.", 400)
    try:
        token = _exchange(gate, code, flow["verifier"], _return_address(request))
        claims = gate.verifier.claims(token, audience=gate.settings.oidc_client_id, nonce=flow["nonce"])
        caller: Caller = gate.of_claims({**claims, "scope": ""})
    except (NotSignedIn, NotPermitted, IssuerUnreachable) as error:
        return _page(gate, "/", f"Sign-in failed: {error.message}.", 403)
    person = Person(caller.subject, caller.name, caller.roles)
    return _signed_in(gate, person, request, flow["next"], as_page=True)


@router.post("/sign-out")
def out(request: Request) -> Response:
    """End the session."""
    gate: Gate = request.state.gate
    gate.register.close_session(request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


def _signed_in(gate: Gate, person: Person, request: Request, next_path: str, as_page: bool = False) -> Response:
    token = gate.register.open_session(person, gate.settings.session_minutes)
    if gate.trail is not None:
        gate.trail.write(person.subject, "sign-in", via="page", door="/sign-in")
    if as_page:
        # A redirect chain that began elsewhere does not carry a strict cookie; a page of ours does.
        target = html.escape(next_path, quote=True)
        response: Response = HTMLResponse(f'<!doctype html><meta http-equiv="refresh" content="0;url={target}">')
        response.delete_cookie(_FLOW_COOKIE, path="/sign-in")
    else:
        response = RedirectResponse(next_path, 303)
    response.set_cookie(
        SESSION_COOKIE, token, max_age=60 * gate.settings.session_minutes, httponly=True, samesite="strict",
        secure=_is_https(request), path="/",
    )  # fmt: skip
    return response


def _exchange(gate: Gate, code: str, verifier: str, redirect: str) -> str:
    import httpx

    assert gate.verifier is not None
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier,
            "client_id": gate.settings.oidc_client_id}  # fmt: skip
    if secret := gate.settings.oidc_client_secret.get_secret_value():
        form["client_secret"] = secret
    try:
        answer = httpx.post(gate.verifier.endpoints().token, data=form, timeout=10.0)
        answer.raise_for_status()
        return str(answer.json()["id_token"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        raise IssuerUnreachable("the identity provider did not give a token") from None


def _flow_of(value: str) -> dict[str, Any] | None:
    try:
        flow = json.loads(base64.urlsafe_b64decode(value))
    except ValueError:
        return None
    wanted = ("state", "nonce", "next", "verifier")
    whole = isinstance(flow, dict) and all(isinstance(flow.get(name), str) for name in wanted)
    return {**flow, "next": _inside(flow["next"])} if whole else None


def _return_address(request: Request) -> str:
    return str(request.url_for("back"))


def _is_https(request: Request) -> bool:
    return request.url.scheme == "https"


def _inside(path: str) -> str:
    """A path of this server; anything that could lead elsewhere becomes the start page."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else "/"


def _page(gate: Gate, next_path: str, fault: str, status: int = 200) -> HTMLResponse:
    has_organisation = gate.verifier is not None and bool(gate.settings.oidc_client_id)
    organisation = (
        f'<a class="other" href="/sign-in/organisation?{urlencode({"next": next_path})}">Sign in with your organisation</a>'
        if has_organisation
        else ""
    )
    shown = f'<p role="alert" class="fault">{html.escape(fault)}</p>' if fault else ""
    text = _PAGE.read_text(encoding="utf-8")
    for mark, value in (
        ("{{fault}}", shown),
        ("{{next}}", html.escape(next_path, quote=True)),
        ("{{organisation}}", organisation),
    ):
        text = text.replace(mark, value)
    return HTMLResponse(text, status)
