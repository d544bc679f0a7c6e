"""Who may see what: keys, sessions, tokens, roles, scopes, patient lists, opened glass, and the trail."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi.testclient import TestClient

from app.access.audit import AuditTrail, audit_event
from app.access.callers import Action, NotPermitted, NotSignedIn, Role, actions_of, read_scopes
from app.access.gate import Gate
from app.access.limits import RateLimiter
from app.access.register import AccessRegister
from app.access.tokens import IssuerUnreachable, TokenVerifier
from app.api.main import build_app
from app.assembly import Services
from app.settings import load_settings
from domain.errors import InvalidInput, StoreUnavailable
from tests.unit.test_app_scripted import PATIENT_ID, scripted_services

ISSUER = "https://id.hospital.example"
AUDIENCE = "charttwin"


class Issuer:
    """An identity provider: keys that can be rotated, tokens, and whether it can be reached."""

    def __init__(self) -> None:
        self.keys = {"k1": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.is_up = True
        self.fetches = 0

    def fetch(self, url: str) -> dict[str, Any]:
        if not self.is_up:
            raise IssuerUnreachable("down")
        if url.endswith("openid-configuration"):
            return {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys", "authorization_endpoint": f"{ISSUER}/auth"}
        self.fetches += 1
        shown = []
        for name, key in self.keys.items():
            entry = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
            shown.append({**entry, "kid": name, "use": "sig"})
        return {"keys": shown}

    def token(self, kid: str = "k1", key: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
        base = {"iss": ISSUER, "aud": AUDIENCE, "sub": "dr-t", "exp": int(time.time()) + 300}
        merged = {name: value for name, value in {**base, **claims}.items() if value is not None}
        return jwt.encode(merged, key or self.keys[kid], algorithm=algorithm, headers={"kid": kid})


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def open_app(tmp_path: Path, issuer: Issuer | None = None, **settings: Any) -> tuple[TestClient, Gate]:
    base, _ = scripted_services(tmp_path)
    chosen = load_settings(data_dir=base.settings.data_dir, **{"access": "keys", **settings})
    services = Services(chosen).provide(store=base.store, assistant=base.assistant, twin=base.twin, index=None)
    if issuer is not None:
        services.gate.verifier = TokenVerifier(ISSUER, AUDIENCE, issuer.fetch)
    app = build_app(services, with_ui=False, warm=False)
    client = TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False, raise_server_exceptions=False)
    return client, services.gate


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[TestClient, Gate]]:
    client, gate = open_app(tmp_path)
    with client:
        yield client, gate


def bearer(credential: str) -> dict[str, str]:
    return {"authorization": f"Bearer {credential}"}


def key_of(gate: Gate, subject: str, role: Role, *patients: str) -> dict[str, str]:
    gate.register.add(subject, frozenset({role}))
    gate.register.allow(subject, *patients)
    return bearer(gate.register.issue_key(subject))


# --- credentials ----------------------------------------------------------------------------------------------------


def test_without_a_credential_only_public_addresses_answer(door: tuple[TestClient, Gate]) -> None:
    client, _ = door
    assert client.get("/healthz").status_code == 200 and client.get("/openapi.json").status_code == 200
    for path in ("/version", "/v1/patients", "/v1/whoami", "/v1/audit", f"/v1/patients/{PATIENT_ID}", "/v1/nowhere"):
        refused = client.get(path)
        assert refused.status_code == 401 and refused.json()["kind"] == "not_signed_in", path
        assert refused.headers["www-authenticate"].startswith("Bearer")


def test_a_browser_is_sent_to_the_sign_in_page(door: tuple[TestClient, Gate]) -> None:
    client, _ = door
    sent = client.get("/", headers={"accept": "text/html"})
    assert sent.status_code == 303 and sent.headers["location"].startswith("/sign-in")
    page = client.get("/sign-in", params={"next": '/"><script>alert(1)</script>'})
    assert page.status_code == 200 and "<script>" not in page.text


def test_a_key_opens_the_patients_on_its_list_and_no_other(door: tuple[TestClient, Gate]) -> None:
    client, gate = door
    allowed, empty = key_of(gate, "dr-a", Role.CLINICIAN, PATIENT_ID), key_of(gate, "dr-b", Role.CLINICIAN)
    assert [row["id"] for row in client.get("/v1/patients", headers=allowed).json()] == [PATIENT_ID]
    assert client.get(f"/v1/patients/{PATIENT_ID}", headers=allowed).status_code == 200
    assert client.get("/v1/patients", headers=empty).json() == []
    known = client.get(f"/v1/patients/{PATIENT_ID}", headers=empty)
    unknown = client.get("/v1/patients/nobody", headers=empty)
    assert known.status_code == unknown.status_code == 403
    assert known.json() == unknown.json(), "a refusal must not tell whether the patient exists"


@pytest.mark.parametrize("role", [Role.EVALUATOR, Role.ADMIN])
def test_roles_without_the_right_read_no_record(door: tuple[TestClient, Gate], role: Role) -> None:
    client, gate = door
    key = key_of(gate, "x", role, "*")
    for path in ("/v1/patients", f"/v1/patients/{PATIENT_ID}", f"/v1/patients/{PATIENT_ID}/facts"):
        assert client.get(path, headers=key).status_code == 403
    asked = client.post(f"/v1/patients/{PATIENT_ID}/ask", headers=key, json={"question": "weight trend"})
    assert asked.status_code == 403
    assert client.get("/v1/audit", headers=key).status_code == (200 if role is Role.ADMIN else 403)


def test_keys_end_when_revoked_expired_or_their_owner_is_shut_out(tmp_path: Path) -> None:
    register = AccessRegister(tmp_path / "access.sqlite3")
    register.add("a", frozenset({Role.CLINICIAN}))
    first, lasting = register.issue_key("a", days=1), register.issue_key("a", days=None)
    assert register.of_key(first) and register.of_key(lasting)
    register._db.execute("UPDATE keys SET expires = '2000-01-01' WHERE expires IS NOT NULL")
    assert register.of_key(first) is None and register.of_key(lasting) is not None
    assert register.revoke_keys("a") == 2 and register.of_key(lasting) is None
    again = register.issue_key("a")
    assert register.disable("a") and register.of_key(again) is None


@pytest.mark.parametrize("key", ["", "ct", "ct_", "ct__", "ct_abc_def", "xx_1_2", "ct_' OR 1=1 --_x", "\x00", "é" * 50])
def test_what_is_no_key_opens_nothing(tmp_path: Path, key: str) -> None:
    register = AccessRegister(tmp_path / "access.sqlite3")
    register.add("a", frozenset({Role.CLINICIAN}))
    register.issue_key("a")
    assert register.of_key(key) is None


def test_secrets_are_kept_as_digests(tmp_path: Path) -> None:
    register = AccessRegister(tmp_path / "access.sqlite3")
    person = register.add("a", frozenset({Role.CLINICIAN}))
    secret = register.issue_key("a").split("_", 2)[2]
    token = register.open_session(person, 10)
    register.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret.encode() not in stored and token.encode() not in stored


def test_bad_input_to_the_register_is_refused(tmp_path: Path) -> None:
    register = AccessRegister(tmp_path / "access.sqlite3")
    for subject, roles in ((" ", frozenset({Role.ADMIN})), ("x" * 300, frozenset({Role.ADMIN})), ("x", frozenset())):
        with pytest.raises(InvalidInput):
            register.add(subject, roles)
    with pytest.raises(InvalidInput):
        register.issue_key("nobody")


# --- sessions -------------------------------------------------------------------------------------------------------


def test_signing_in_and_out_with_a_browser(door: tuple[TestClient, Gate]) -> None:
    client, gate = door
    key = key_of(gate, "dr-a", Role.CLINICIAN, PATIENT_ID)["authorization"].split()[1]
    refused = client.post("/sign-in", data={"key": "ct_wrong_key"})
    assert refused.status_code == 401 and "does not hold" in refused.text and "set-cookie" not in refused.headers
    done = client.post("/sign-in", data={"key": key, "next": "//evil.example/x"})
    assert done.status_code == 303 and done.headers["location"] == "/"
    cookie = done.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert client.get("/v1/whoami").json()["via"] == "session"
    assert client.post("/sign-out", headers={"sec-fetch-site": "same-origin"}).status_code == 303
    assert client.get("/v1/whoami").status_code == 401


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}])
def test_a_change_with_the_cookie_must_come_from_our_own_page(
    door: tuple[TestClient, Gate], headers: dict[str, str]
) -> None:
    client, gate = door
    key = key_of(gate, "dr-a", Role.CLINICIAN, PATIENT_ID)["authorization"].split()[1]
    client.post("/sign-in", data={"key": key})
    ask = f"/v1/patients/{PATIENT_ID}/ask"
    assert client.post(ask, json={"question": "weight trend"}, headers=headers).status_code == 403
    own = client.post(ask, json={"question": "weight trend"}, headers={"sec-fetch-site": "same-origin"})
    assert own.status_code == 200


def test_sessions_end_by_time_and_by_idling(tmp_path: Path) -> None:
    register = AccessRegister(tmp_path / "access.sqlite3")
    person = register.add("a", frozenset({Role.CLINICIAN}))
    token = register.open_session(person, minutes=10)
    assert register.of_session(token, idle_minutes=5) is not None
    assert register.of_session(token, idle_minutes=0) is None, "left idle"
    assert register.of_session(token, idle_minutes=5) is None, "an ended session does not come back"
    assert register.of_session(register.open_session(person, minutes=0), idle_minutes=5) is None


def test_guessing_keys_is_slowed_down(door: tuple[TestClient, Gate]) -> None:
    client, _ = door
    answers = [client.post("/sign-in", data={"key": f"ct_{n}_x"}).status_code for n in range(12)]
    assert answers.count(401) == 10 and answers[-1] == 429


# --- tokens ---------------------------------------------------------------------------------------------------------


def test_a_token_with_a_role_signs_in(tmp_path: Path, issuer: Issuer) -> None:
    client, gate = open_app(tmp_path, issuer)
    gate.register.allow("dr-t", PATIENT_ID)
    headers = bearer(issuer.token(roles=["clinician", "janitor"], name="Dr T"))
    assert client.get("/v1/whoami", headers=headers).json()["roles"] == ["clinician"]
    assert client.get(f"/v1/patients/{PATIENT_ID}", headers=headers).status_code == 200


def test_a_launch_token_reaches_its_patient_only(tmp_path: Path, issuer: Issuer) -> None:
    client, gate = open_app(tmp_path, issuer)
    gate.register.allow("dr-t", "*")
    scope = "launch/patient patient/*.read openid"
    here = bearer(issuer.token(scope=scope, patient=PATIENT_ID))
    there = bearer(issuer.token(scope=scope, patient="somebody-else"))
    nowhere = bearer(issuer.token(scope=scope))
    assert client.get(f"/v1/patients/{PATIENT_ID}", headers=here).status_code == 200
    for headers in (there, nowhere):
        assert client.get(f"/v1/patients/{PATIENT_ID}", headers=headers).status_code == 403
        assert client.get("/v1/patients", headers=headers).json() == []


def test_a_scope_of_single_types_does_not_open_the_whole_record(tmp_path: Path, issuer: Issuer) -> None:
    client, _ = open_app(tmp_path, issuer)
    headers = bearer(issuer.token(scope="patient/Observation.rs", patient=PATIENT_ID))
    assert client.get(f"/v1/patients/{PATIENT_ID}", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"aud": "another-service"},
        {"iss": "https://evil.example"},
        {"nbf": int(time.time()) + 3600},
    ],
)
def test_tokens_that_do_not_hold(issuer: Issuer, change: dict[str, Any]) -> None:
    verifier = TokenVerifier(ISSUER, AUDIENCE, issuer.fetch)
    assert verifier.claims(issuer.token())["sub"] == "dr-t"
    with pytest.raises(NotSignedIn):
        verifier.claims(issuer.token(**change))


def test_forged_tokens_do_not_hold(issuer: Issuer) -> None:
    verifier = TokenVerifier(ISSUER, AUDIENCE, issuer.fetch)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = issuer.keys["k1"].public_key()
    from cryptography.hazmat.primitives import serialization

    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    forged = [
        issuer.token(key=stranger),
        issuer.token("unknown", key=stranger),
        issuer.token(key=ec.generate_private_key(ec.SECP256R1()), algorithm="ES256"),
        jwt.encode({"sub": "dr-t", "iss": ISSUER, "aud": AUDIENCE, "exp": 9e9}, None, algorithm="none"),  # type: ignore[arg-type]
        # The published key as a shared secret, the classic confusion of algorithms.
        _hmac_token(pem),
        "a.b.c",
        "..",
    ]
    for token in forged:
        with pytest.raises(NotSignedIn):
            verifier.claims(token)


def _hmac_token(secret: bytes) -> str:
    import base64
    import hashlib
    import hmac

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    body = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{part({'sub': 'x', 'iss': ISSUER, 'aud': AUDIENCE, 'exp': 9e9})}"
    seal = base64.urlsafe_b64encode(hmac.new(secret, body.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
    return f"{body}.{seal}"


def test_keys_are_cached_and_their_rotation_followed(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("app.access.tokens.time.monotonic", lambda: clock[0])
    verifier = TokenVerifier(ISSUER, AUDIENCE, issuer.fetch)
    for _ in range(5):
        verifier.claims(issuer.token())
    assert issuer.fetches == 1
    issuer.keys["k2"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(NotSignedIn):
        verifier.claims(issuer.token("k2"))  # a flood of unknown key ids does not reach the issuer
    clock[0] += 11
    assert verifier.claims(issuer.token("k2")) and issuer.fetches == 2
    issuer.is_up = False
    clock[0] += 601
    assert verifier.claims(issuer.token("k2")), "a short outage does not shut everybody out"


def test_an_issuer_must_be_https_and_reachable(issuer: Issuer) -> None:
    for bad in ("http://id.hospital.example", "file:///etc/passwd", ""):
        with pytest.raises(InvalidInput):
            TokenVerifier(bad, AUDIENCE)
    with pytest.raises(InvalidInput):
        TokenVerifier(ISSUER, "")
    issuer.is_up = False
    with pytest.raises(IssuerUnreachable):
        TokenVerifier(ISSUER, AUDIENCE, issuer.fetch).claims(issuer.token())


@pytest.mark.parametrize(
    ("scope", "types", "writes"),
    [
        ("patient/*.read", None, False),
        ("user/*.rs", None, False),
        ("patient/*.cruds", None, True),
        ("user/*.*", None, True),
        ("patient/Observation.read patient/Condition.rs", {"Observation", "Condition"}, False),
        ("patient/*.write", set(), False),
        ("patient/Observation.rs?category=vital-signs", "none", False),
        ("openid profile", "none", False),
        ("patient/*.readx patients/*.read", "none", False),
    ],
)
def test_what_scopes_mean(scope: str, types: Any, writes: bool) -> None:
    found = read_scopes(scope)
    if types == "none":
        assert found is None
        return
    assert found is not None and found.resource_types == (None if types is None else frozenset(types))
    assert (Action.WRITE_RECORD in found.actions) is (writes or scope == "patient/*.write")


def test_scopes_never_widen_what_roles_allow(tmp_path: Path, issuer: Issuer) -> None:
    _, gate = open_app(tmp_path, issuer)
    caller = gate.of_claims({"sub": "e", "roles": ["evaluator"], "scope": "user/*.read"})
    assert caller.actions <= actions_of(frozenset({Role.EVALUATOR}))
    with pytest.raises(NotPermitted):
        gate.of_claims({"sub": "e", "scope": "openid"})


# --- the glass ------------------------------------------------------------------------------------------------------


def test_a_clinician_breaks_the_glass_with_a_reason_that_is_recorded(door: tuple[TestClient, Gate]) -> None:
    client, gate = door
    headers, path = key_of(gate, "dr-a", Role.CLINICIAN), f"/v1/patients/{PATIENT_ID}"
    assert client.get(path, headers=headers).status_code == 403
    assert client.post(f"{path}/break-glass", headers=headers, json={"reason": "because"}).status_code == 422
    opened = client.post(f"{path}/break-glass", headers=headers, json={"reason": "Unconscious in the ED"})
    assert opened.status_code == 200 and client.get(path, headers=headers).status_code == 200
    assert gate.trail is not None
    (entry,) = [entry for entry in gate.trail.entries() if entry.action == "break-glass"]
    assert entry.reason == "Unconscious in the ED"
    assert audit_event(entry)["purposeOfEvent"][0]["coding"][0]["code"] == "BTG"
    gate.register._db.execute("UPDATE opened_glass SET until = '2000-01-01'")
    assert client.get(path, headers=headers).status_code == 403


def test_nobody_else_breaks_the_glass(door: tuple[TestClient, Gate]) -> None:
    client, gate = door
    for role in (Role.INTEGRATOR, Role.EVALUATOR, Role.ADMIN):
        headers = key_of(gate, role, role)
        answer = client.post(
            f"/v1/patients/{PATIENT_ID}/break-glass", headers=headers, json={"reason": "I would like to see it"}
        )
        assert answer.status_code == 403


# --- the trail ------------------------------------------------------------------------------------------------------


def test_every_access_and_every_refusal_is_in_the_trail(door: tuple[TestClient, Gate]) -> None:
    client, gate = door
    allowed, empty = key_of(gate, "dr-a", Role.CLINICIAN, PATIENT_ID), key_of(gate, "dr-b", Role.CLINICIAN)
    client.get(f"/v1/patients/{PATIENT_ID}", headers=allowed)
    client.get(f"/v1/patients/{PATIENT_ID}", headers=empty)
    client.post(f"/v1/patients/{PATIENT_ID}/ask", headers=allowed, json={"question": "weight trend"})
    assert gate.trail is not None
    seen = [(e.actor, e.action, e.patient, e.outcome) for e in gate.trail.entries()]
    assert seen == [
        ("dr-a", "record.read", PATIENT_ID, "success"),
        ("dr-b", "record.read", PATIENT_ID, "refused"),
        ("dr-a", "record.read", PATIENT_ID, "success"),
    ]
    assert gate.trail.verify().is_whole


def test_a_changed_trail_is_found_out(tmp_path: Path) -> None:
    trail = AuditTrail(tmp_path / "audit.sqlite3", key="secret")
    for number in range(20):
        trail.write("a", "record.read", patient=f"p{number}")
    assert trail.verify().is_whole and trail.verify().entries == 20
    other = sqlite3.connect(tmp_path / "audit.sqlite3")
    for statement in ("UPDATE trail SET patient = 'x' WHERE seq = 7", "DELETE FROM trail WHERE seq = 7"):
        with pytest.raises(sqlite3.DatabaseError, match="append only"):
            other.execute(statement)
    other.execute("DROP TRIGGER trail_is_not_changed")
    other.execute("UPDATE trail SET patient = 'x' WHERE seq = 7")
    other.commit()
    assert trail.verify().broken_at == 7
    other.execute("UPDATE trail SET patient = 'p6' WHERE seq = 7")
    other.execute("DROP TRIGGER trail_is_not_cut")
    other.execute("DELETE FROM trail WHERE seq = 3")
    other.commit()
    assert trail.verify().broken_at == 4
    assert not AuditTrail(tmp_path / "audit.sqlite3", key="another").verify().is_whole


def test_without_a_trail_nothing_is_shown(door: tuple[TestClient, Gate], monkeypatch: pytest.MonkeyPatch) -> None:
    client, gate = door
    headers = key_of(gate, "dr-a", Role.CLINICIAN, PATIENT_ID)

    def fails(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("the audit trail cannot be written, so nothing is shown")

    monkeypatch.setattr(gate.trail, "write", fails)
    refused = client.get(f"/v1/patients/{PATIENT_ID}", headers=headers)
    assert refused.status_code == 503 and "name" not in refused.json()


def test_the_trail_is_written_by_threads_at_once(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    trails = [AuditTrail(tmp_path / "audit.sqlite3") for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: trails[n % 3].write("a", "record.read", patient=str(n)), range(120)))
    verdict = trails[0].verify()
    assert verdict.is_whole and verdict.entries == 120


def test_audit_events_are_fhir(tmp_path: Path) -> None:
    from fhir.resources.R4B.auditevent import AuditEvent

    trail = AuditTrail(tmp_path / "audit.sqlite3")
    trail.write("a", "record.read", via="key", door="/v1/patients/{patient_id}", patient="p1")
    trail.write("a", "break-glass", via="key", door="x", patient="p1", reason="Unconscious in the ED")
    trail.write("a", "record.list", via="key")
    for entry in trail.entries():
        AuditEvent.model_validate(audit_event(entry))


# --- bounds ---------------------------------------------------------------------------------------------------------


def test_the_rate_limit_says_when_to_come_back(tmp_path: Path) -> None:
    client, gate = open_app(tmp_path, requests_per_minute=5)
    headers = key_of(gate, "dr-a", Role.CLINICIAN)
    answers = [client.get("/v1/whoami", headers=headers) for _ in range(7)]
    assert [a.status_code for a in answers] == [200] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_bucket_refills_steadily() -> None:
    clock = [0.0]
    limiter = RateLimiter(60, lambda: clock[0])
    assert [limiter.wait_for("a") for _ in range(60)] == [0.0] * 60
    assert limiter.wait_for("a") == pytest.approx(1.0) and limiter.wait_for("b") == 0.0
    clock[0] += 1.0
    assert limiter.wait_for("a") == 0.0 and limiter.wait_for("a") > 0


def test_local_mode_trusts_this_computer_and_nobody_else(tmp_path: Path) -> None:
    client, _ = open_app(tmp_path, access="local")
    assert client.get("/v1/whoami").json()["subject"] == "local"
    from app.commands.serve import serve

    with pytest.raises(InvalidInput, match="local mode"):
        serve(data_dir=tmp_path, host="0.0.0.0", port=0, with_ui=False)


def test_generated_attempts_across_callers_and_patients_leak_nothing(door: tuple[TestClient, Gate]) -> None:
    """Every store method, every caller, patients in and out of reach: what is out of reach is refused in the same words."""
    import random

    from app.access.guarded import PATIENT_READS, GuardedServices

    client, gate = door
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    draw = random.Random(7)
    ids = [PATIENT_ID, "nobody", "p2", f"{PATIENT_ID}/", PATIENT_ID.upper(), f" {PATIENT_ID}", "", "*", "%", "' OR 1=1"]
    leaks = attempts = 0
    for number in range(400):
        reach = draw.sample(ids, draw.randrange(3))
        subject, role = f"s{number}", draw.choice(list(Role))
        gate.register.add(subject, frozenset({role}))
        gate.register.allow(subject, *[i for i in reach if i != "*"])
        caller = gate.identify(bearer(gate.register.issue_key(subject)), {}, "x")
        held = GuardedServices(services, gate, caller, "test")
        for _ in range(25):
            patient, method = draw.choice(ids), draw.choice(sorted(PATIENT_READS))
            may = patient in reach and patient != "*" and role in (Role.CLINICIAN, Role.INTEGRATOR)
            attempts += 1
            try:
                getattr(held.store, method)(patient)
            except NotPermitted:
                assert not may
            except Exception:  # let through: the method itself objects to the missing arguments or the unknown id
                leaks += not may
            else:
                leaks += not may
    assert attempts == 10_000 and leaks == 0


def test_metrics_count_routes_and_never_paths(door: tuple[TestClient, Gate]) -> None:
    client, gate = door
    clinician, evaluator = key_of(gate, "dr-a", Role.CLINICIAN, PATIENT_ID), key_of(gate, "ev", Role.EVALUATOR)
    client.get(f"/v1/patients/{PATIENT_ID}", headers=clinician)
    client.get("/v1/patients/PHI-MARKER-7731", headers=clinician)
    client.request("PHIMARKER", "/v1/patients", headers=clinician)
    assert client.get("/metrics", headers=clinician).status_code == 403
    text = client.get("/metrics", headers=evaluator).text
    assert 'route="/v1/patients/{patient_id}"' in text and 'status="403"' in text
    assert PATIENT_ID not in text and "MARKER" not in text
