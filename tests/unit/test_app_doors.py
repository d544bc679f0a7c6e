"""Every operation of the API, walked from its own description: rights, and what may leave through faults and logs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from fastapi.testclient import TestClient

from app.access.callers import Role
from app.access.gate import Gate
from app.api.description import examples
from app.api.main import build_app
from app.assembly import Services
from app.logs import configure_logs
from app.settings import load_settings
from tests.unit.test_app_access import door, key_of
from tests.unit.test_app_scripted import PATIENT_ID, scripted_services

__all__ = ["door"]
Door = tuple[TestClient, Gate]

# What answers without a credential, and why: it says nothing about anybody.
PUBLIC = {
    ("get", "/healthz"), ("get", "/readyz"), ("get", "/sign-in"), ("post", "/sign-in"), ("get", "/sign-in/organisation"),
    ("get", "/sign-in/return"), ("get", "/fhir/metadata"), ("get", "/fhir/.well-known/smart-configuration"), ("get", "/cds-services"),
}  # fmt: skip
# What a signed-in caller of any role may ask: about the server and about themselves.
OF_ANYONE = {
    ("get", "/v1/version"), ("get", "/v1/whoami"), ("post", "/sign-out"), ("post", "/v1/break-glass"),
    ("get", "/v1/jobs"), ("get", "/v1/jobs/{job_id}"), ("delete", "/v1/jobs/{job_id}"),
    ("get", "/v1/jobs/{job_id}/result"),
}  # fmt: skip


class Operation(NamedTuple):
    """One operation with its placeholders filled."""

    method: str
    template: str
    path: str
    takes_patient: bool


def operations(client: TestClient, patient_id: str) -> list[Operation]:
    """Every operation of the OpenAPI document."""
    found = []
    for template, methods in client.app.openapi()["paths"].items():  # type: ignore[attr-defined]
        path = template.replace("{patient_id}", patient_id).replace("{resource_type}", "Observation")
        path = re.sub(r"\{[a-z_]+\}", "x", path)
        found += [Operation(m, template, path, "{patient_id}" in template) for m in methods if m in METHODS]
    return found


METHODS = {"get", "post", "put", "patch", "delete"}
BODY: dict[str, Any] = {
    "question": "potassium?",
    "text": "K 4.0",
    "sql": "select 1",
    "items": [],
    "kind": "note_addendum",
}


def send(client: TestClient, operation: Operation, **options: Any) -> Any:
    body = {} if operation.method in ("get", "delete") else {"json": BODY}
    return client.request(operation.method, operation.path, **body, **options)


def test_without_a_credential_every_operation_refuses_except_those_named_here(door: Door) -> None:
    client, _ = door
    seen = operations(client, PATIENT_ID)
    assert len(seen) > 60
    open_ones = {(o.method, o.template) for o in seen if send(client, o).status_code not in (401, 403)}
    assert open_ones <= PUBLIC, open_ones - PUBLIC


def test_every_operation_on_a_patient_refuses_a_caller_without_that_patient(door: Door) -> None:
    """In the same words for a patient who exists and one who does not."""
    client, gate = door
    clinician = key_of(gate, "dr-x", Role.CLINICIAN, "somebody-else")
    checked = 0
    for real, absent in zip(operations(client, PATIENT_ID), operations(client, "no-such-patient"), strict=True):
        if not real.takes_patient:
            continue
        answers = [send(client, one, headers=clinician) for one in (real, absent)]
        texts = {re.sub(r"no-such-patient|" + re.escape(PATIENT_ID), "ID", a.text) for a in answers}
        assert {a.status_code for a in answers} <= {403, 422}, (real, [a.text for a in answers])
        assert len(texts) == 1, (real, texts)
        checked += 1
    assert checked >= 10


@pytest.mark.parametrize("role", [Role.EVALUATOR, Role.ADMIN])
def test_roles_without_the_right_to_records_get_none_of_any_operation(door: Door, role: Role) -> None:
    client, gate = door
    caller = key_of(gate, f"r-{role}", role, PATIENT_ID)
    mark = client.app.state.services.store.patient(PATIENT_ID).family  # type: ignore[attr-defined]
    for operation in operations(client, PATIENT_ID):
        if (operation.method, operation.template) in PUBLIC | OF_ANYONE:
            continue
        answer = send(client, operation, headers=caller)
        assert mark not in answer.text, operation
        if operation.takes_patient:
            assert answer.status_code in (403, 422), (operation, answer.text)


def test_a_model_run_opens_for_who_made_it_and_for_who_has_its_patient(door: Door) -> None:
    client, gate = door
    maker, other = key_of(gate, "i-1", Role.INTEGRATOR), key_of(gate, "i-2", Role.INTEGRATOR)
    reader = key_of(gate, "i-3", Role.INTEGRATOR, PATIENT_ID)
    body = {"inputs": {"sodium_meq_l": 140, "chloride_meq_l": 104, "bicarbonate_meq_l": 24}}
    made = client.post("/v1/twin/models/anion_gap/runs", json=body, headers=maker).json()
    for path in (f"/v1/twin/runs/{made['id']}", f"/v1/twin/runs/{made['id']}/explanation"):
        assert client.get(path, headers=maker).status_code == 200
        refused, unknown = client.get(path, headers=other), client.get(path.replace(made["id"], "x"), headers=other)
        assert refused.status_code == unknown.status_code == 404
        assert refused.json()["detail"] == unknown.json()["detail"]
    assert client.post(f"/v1/twin/runs/{made['id']}/replay", headers=other).status_code == 404
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    services.store.save_run(PATIENT_ID, services.twin.run(made["id"]))
    assert client.get(f"/v1/twin/runs/{made['id']}", headers=reader).status_code == 200
    assert client.get(f"/v1/twin/runs/{made['id']}", headers=other).status_code == 404


# --- patient data in logs, faults and metrics ----------------------------------------------------------------------------

MARK = "Zqxwmarkson"


@pytest.fixture
def marked(tmp_path: Path) -> Iterator[TestClient]:
    base, _ = scripted_services(tmp_path)
    services = Services(load_settings(data_dir=base.settings.data_dir)).provide(
        store=base.store, assistant=base.assistant, twin=base.twin, index=None
    )
    app = build_app(services, with_ui=False, warm=False)
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        yield client


def _bodies() -> list[dict[str, Any]]:
    """Bodies of many shapes that carry the mark: right ones, wrong types, unknown fields, values that cannot be."""
    note = {
        "resourceType": "DocumentReference",
        "id": MARK,
        "subject": {"reference": f"Patient/{MARK}"},
        "content": MARK,
    }
    return [
        {"question": f"crash {MARK}", "text": MARK, "sql": f"select '{MARK}' from {MARK}"},
        {"question": {MARK: MARK}, "text": [MARK], "inputs": MARK, MARK: MARK},
        {"inputs": {MARK: MARK, "age_years": MARK}, "scenarios": [{"name": MARK, "changes": {MARK: MARK}}]},
        {"model": MARK, "messages": [{"role": "user", "content": MARK}], "metadata": {"patient_id": MARK}},
        {"model": "charttwin", "messages": [{"role": "user", "content": f"crash {MARK}"}], "metadata": {"patient_id": PATIENT_ID}},
        {"hook": "patient-view", "hookInstance": MARK, "context": {"patientId": MARK, "userId": MARK}, "prefetch": {"patient": MARK}},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": MARK, "arguments": {MARK: MARK}}},
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": note}, {"resource": {"resourceType": "Patient", "id": MARK, "birthDate": MARK}}]},
        note,
    ]  # fmt: skip


def test_no_log_fault_or_metric_repeats_what_was_sent_about_a_patient(
    marked: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every operation, with a mark in its path, its query and bodies of many shapes."""
    client = marked
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    faults: list[tuple[str, str]] = []
    sent = 0
    try:
        configure_logs("debug")
        for patient_id in (MARK, PATIENT_ID):
            for operation in [*operations(client, patient_id), Operation("post", "/mcp", f"/mcp/{patient_id}", True)]:
                path = operation.path.replace("/x", f"/{MARK}")
                for body in _bodies() if operation.method in ("post", "put", "patch") else [{}]:
                    options: dict[str, Any] = (
                        {"json": body}
                        if body
                        else {"params": {"patient": MARK, "ref": f"Note/{MARK}#0-3", "limit": MARK}}
                    )
                    answer = client.request(operation.method, path, **options)
                    sent += 1
                    if answer.status_code >= 400 and MARK in answer.text:
                        faults.append((f"{operation.method} {operation.template}", answer.text[:300]))
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    written = "".join(capsys.readouterr())
    assert sent > 400
    assert not faults, "\n".join(f"{w}: {t}" for w, t in dict(faults).items())
    assert "route=" in written
    found = [line[:300] for line in written.splitlines() if MARK in line or PATIENT_ID in line]
    assert not found, found[:10]
    metrics = client.get("/metrics").text
    assert "charttwin" in metrics or "http" in metrics
    assert MARK not in metrics and PATIENT_ID not in metrics


# --- the description ---------------------------------------------------------------------------------------------------


def test_every_operation_has_a_real_example_that_fits_its_own_description(marked: TestClient) -> None:
    document = marked.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    checker = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": document["components"]}
    without, checked = [], 0
    for path, operations_of in document["paths"].items():
        for method, operation in operations_of.items():
            sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            answers = {code: r for code, r in operation["responses"].items() if code < "300"}
            shown = [m for r in answers.values() for m in r.get("content", {}).values() if "example" in m]
            if (not shown and "204" not in answers) or (sent and "example" not in sent):
                without.append(f"{method} {path}")
            for media in [sent, *shown]:
                if "schema" in media and "example" in media:
                    jsonschema.validate(media["example"], {**checker, **media["schema"]})
                    checked += 1
    assert not without
    assert checked > 80
    assert set(examples()) == {f"{m.upper()} {p}" for p, ms in document["paths"].items() for m in ms}


def test_faults_are_described_as_they_come(marked: TestClient) -> None:
    document = marked.get("/openapi.json").json()
    for address, media in (
        ("/v1/patients/nobody", "application/problem+json"),
        ("/fhir/Observation/nothing", "application/fhir+json"),
        ("/v1/models/nothing", "application/json"),
    ):
        answer = marked.get(address)
        assert answer.status_code in (404, 422) and answer.headers["content-type"] == media
        template = re.sub(r"nobody", "{patient_id}", address).replace(
            "Observation/nothing", "{resource_type}/{resource_id}"
        )
        template = template.replace("models/nothing", "models/{model_id}")
        described = document["paths"][template]["get"]["responses"][str(answer.status_code)]["content"][media]["schema"]
        jsonschema.validate(answer.json(), {"components": document["components"], **described})
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert "security" not in document and "securitySchemes" not in document["components"]  # local mode


def test_where_people_sign_in_the_description_says_how(door: Door) -> None:
    document = door[0].get("/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {"bearer", "session"}
    assert document["paths"]["/healthz"]["get"]["security"] == [] and document["security"]


def test_another_method_is_answered_with_those_that_there_are(marked: TestClient) -> None:
    answer = marked.get("/v1/calculate")
    assert answer.status_code == 405 and answer.headers["allow"] == "POST"
    assert marked.get("/v1/nothing").status_code == 404
    assert marked.request("TRACE", "/v1/patients").status_code == 405
