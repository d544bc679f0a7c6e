"""CDS Hooks 2.0: discovery, cards for charts and orders, what is refused, feedback."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from app.access.callers import Role
from app.access.gate import Gate
from app.api.main import build_app
from app.assembly import Services
from app.cds.orders import draft_orders
from app.settings import load_settings

TODAY = "2026-11-01"
ID = "ehr-1"


def coded(text: str, system: str = "", code: str = "") -> dict[str, Any]:
    return {"text": text, **({"coding": [{"system": system, "code": code, "display": text}]} if code else {})}


def lab(name: str, code: str, value: float, unit: str, number: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": coded(name, "http://loinc.org", code),
        "subject": {"reference": f"Patient/{ID}"},
        "effectiveDateTime": TODAY,
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]}


def prefetch() -> dict[str, Any]:
    patient = {"resourceType": "Patient", "id": ID, "gender": "female", "birthDate": "1950-02-03",
               "name": [{"family": "Marker", "given": ["Phi"]}]}  # fmt: skip
    allergy = {
        "resourceType": "AllergyIntolerance", "id": "a1", "patient": {"reference": f"Patient/{ID}"},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
        "code": coded("Penicillin", "http://snomed.info/sct", "764146007"), "criticality": "high",
    }  # fmt: skip
    warfarin = {
        "resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order", "authoredOn": TODAY,
        "subject": {"reference": f"Patient/{ID}"}, "medicationCodeableConcept": coded("Warfarin 5 MG Oral Tablet"),
    }  # fmt: skip
    return {
        "patient": patient,
        "allergies": bundle(allergy),
        "medications": bundle(warfarin),
        "laboratory": bundle(
            lab("Creatinine", "2160-0", 3.1, "mg/dL", 1), lab("Potassium", "2823-3", 4.4, "mmol/L", 2)
        ),
        "vitals": bundle(lab("Body weight", "29463-7", 62, "kg", 3)),
        "nothing": None,
    }


def order(text: str, dose: str = "", identifier: str = "d1") -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest", "id": identifier, "status": "draft", "intent": "order",
        "subject": {"reference": f"Patient/{ID}"}, "medicationCodeableConcept": coded(text),
        **({"dosageInstruction": [{"text": dose}]} if dose else {}),
    }  # fmt: skip


def hook(name: str, *orders: dict[str, Any], fetched: dict[str, Any] | None = None, **context: Any) -> dict[str, Any]:
    context = {"userId": "Practitioner/1", "patientId": ID, **context}
    if orders:
        context["draftOrders"] = bundle(*orders)
    body = {"hook": name, "hookInstance": str(uuid4()), "context": context}
    return {**body, **({"prefetch": fetched} if fetched is not None else {})}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Gate]]:
    services = Services(load_settings(data_dir=tmp_path_factory.mktemp("cds"), access="keys"))
    services.gate.register.add("ehr", frozenset({Role.INTEGRATOR}))
    services.gate.register.allow("ehr", ID)
    key = services.gate.register.issue_key("ehr")
    app = build_app(services.provide(index=None), with_ui=False, warm=False)
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        client.headers["authorization"] = f"Bearer {key}"
        yield client, services.gate


def cards(door: tuple[TestClient, Gate], service: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = door[0].post(f"/cds-services/{service}", json=body)
    assert answer.status_code == 200, answer.text
    shown: list[dict[str, Any]] = answer.json()["cards"]
    for card in shown:  # what the specification asks of every card
        assert 0 < len(card["summary"]) <= 140 and card["indicator"] in ("info", "warning", "critical")
        assert card["source"]["label"] and card["uuid"]
        assert all(link["url"].startswith("http") and link["type"] == "absolute" for link in card["links"])
    return shown


def test_discovery_is_public_and_names_the_prefetch(door: tuple[TestClient, Gate]) -> None:
    found = TestClient(door[0].app, base_url="http://127.0.0.1:7860").get("/cds-services")
    services = found.json()["services"]
    assert found.status_code == 200 and {s["hook"] for s in services} == {"patient-view", "order-select", "order-sign"}
    for service in services:
        assert {"id", "hook", "title", "description", "prefetch"} <= set(service)
        assert service["prefetch"]["patient"] == "Patient/{{context.patientId}}"


def test_an_order_against_an_allergy_is_critical(door: tuple[TestClient, Gate]) -> None:
    body = hook("order-sign", order("Amoxicillin 500 MG Oral Capsule", "500 mg three times a day"), fetched=prefetch())
    shown = cards(door, "charttwin-order-sign", body)
    assert shown[0]["indicator"] == "critical" and "allerg" in shown[0]["detail"].lower()
    assert shown[0]["overrideReasons"] and any("AllergyIntolerance" in link["url"] for link in shown[0]["links"])


def test_kidney_function_and_interactions_are_shown(door: tuple[TestClient, Gate]) -> None:
    body = hook(
        "order-sign",
        order("Metformin 1000 MG Oral Tablet", "1000 mg twice daily", "d1"),
        order("Ibuprofen 600 MG Oral Tablet", "600 mg every 8 hours", "d2"),
        fetched=prefetch(),
    )
    text = " ".join(card["detail"] for card in cards(door, "charttwin-order-sign", body)).lower()
    assert "egfr" in text and "warfarin" in text


def test_an_order_that_nothing_stands_against_gets_no_alarm(door: tuple[TestClient, Gate]) -> None:
    body = hook("order-sign", order("Acetaminophen 500 MG Oral Tablet", "500 mg every 6 hours"), fetched=prefetch())
    assert not [c for c in cards(door, "charttwin-order-sign", body) if c["indicator"] == "critical"]


def test_only_selected_orders_are_checked_at_selection(door: tuple[TestClient, Gate]) -> None:
    both = (order("Amoxicillin 500 MG Oral Capsule", "", "d1"), order("Acetaminophen 500 MG Oral Tablet", "", "d2"))
    chosen = hook("order-select", *both, fetched=prefetch(), selections=["MedicationRequest/d2"])
    assert not any("allerg" in c["summary"].lower() for c in cards(door, "charttwin-order-select", chosen))
    chosen["context"]["selections"] = ["MedicationRequest/d1"]
    assert cards(door, "charttwin-order-select", chosen)[0]["indicator"] == "critical"


def test_a_drug_that_is_not_known_is_said_to_be_unchecked(door: tuple[TestClient, Gate]) -> None:
    (card,) = cards(door, "charttwin-order-sign", hook("order-sign", order("Zonulinofib 5 mg"), fetched=prefetch()))
    assert "not checked" in card["summary"]


def test_a_chart_with_notes_shows_contradictions_and_risks(door: tuple[TestClient, Gate]) -> None:
    text = "Allergies: No known drug allergies.\nAssessment: chronic kidney disease."
    note = {
        "resourceType": "DocumentReference", "id": "n1", "status": "current", "date": f"{TODAY}T10:00:00Z",
        "subject": {"reference": f"Patient/{ID}"}, "type": coded("Progress note"),
        "content": [{"attachment": {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()}}],
    }  # fmt: skip
    shown = cards(door, "charttwin-chart", hook("patient-view", fetched={**prefetch(), "notes": bundle(note)}))
    details = " ".join(card["detail"] for card in shown)
    assert any("disagree" in card["summary"] for card in shown) and "eGFR" in details
    assert len(shown) <= 2, "a chart that is opened is no place for a list"


def test_what_cannot_be_answered(door: tuple[TestClient, Gate]) -> None:
    client, _ = door
    path = "/cds-services/charttwin-chart"
    assert client.post(path, json=hook("patient-view")).status_code == 412
    other = {**prefetch(), "patient": {**prefetch()["patient"], "id": "another"}}
    assert client.post(path, json=hook("patient-view", fetched=other)).status_code == 422
    assert client.post(path, json=hook("order-sign", fetched=prefetch())).status_code == 422
    nothing = client.post("/cds-services/nothing", json=hook("patient-view"))
    assert (nothing.status_code, nothing.json()["kind"]) == (404, "not_found")
    unnamed = client.post(path, json=hook("patient-view") | {"hookInstance": "Zebra"}).json()["detail"]
    assert unnamed == "body.hookInstance: must be a UUID", "no letter of the value is repeated"
    assert client.post(path, json={"hook": "patient-view"}).status_code == 422
    stranger = hook(
        "patient-view", fetched={**prefetch(), "patient": {**prefetch()["patient"], "id": "x"}}, patientId="x"
    )
    assert client.post(path, json=stranger).status_code == 403
    assert (
        TestClient(client.app, base_url="http://127.0.0.1:7860").post(path, json=hook("patient-view")).status_code
        == 401
    )


def test_feedback_is_kept_in_the_trail_without_comments(door: tuple[TestClient, Gate]) -> None:
    client, gate = door
    item = {
        "card": str(uuid4()), "outcome": "overridden", "outcomeTimestamp": "2026-11-01T10:00:00Z",
        "overrideReason": {"reason": {"code": "will-monitor", "system": "urn:charttwin:override"}, "userComment": "PHI-MARKER"},
    }  # fmt: skip
    answer = client.post("/cds-services/charttwin-order-sign/feedback", json={"feedback": [item]})
    assert answer.status_code == 200 and gate.trail is not None
    entry = gate.trail.entries(newest=True, limit=1)[0]
    assert "will-monitor" in entry.reason and item["card"] in entry.reason and "MARKER" not in entry.reason


@pytest.mark.parametrize(
    ("instruction", "words"),
    [
        ({"text": "one daily"}, "one daily"),
        (
            {"doseAndRate": [{"doseQuantity": {"value": 500, "unit": "mg"}}], "route": coded("oral"),
             "timing": {"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}}},
            "500 mg oral every 8 hours",
        ),
        ({"doseAndRate": [{"doseQuantity": {"value": 2.5, "code": "mg"}}],
          "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}}, "2.5 mg 2 times a day"),
        ({"timing": "daily", "route": 3, "doseAndRate": "x"}, ""),
    ],
)  # fmt: skip
def test_dosages_in_words(instruction: dict[str, Any], words: str) -> None:
    resource = {**order("Drug"), "dosageInstruction": [instruction]}
    assert draft_orders(bundle(resource), None)[0].text == f"Drug {words}".strip()


@pytest.mark.parametrize(
    "broken", [{}, {"entry": 3}, {"entry": [3, {"resource": None}, {"resource": {"resourceType": "X"}}]}]
)
def test_malformed_orders_are_passed_over(broken: dict[str, Any]) -> None:
    assert draft_orders(broken, None) == [] and json.dumps(broken)


def test_nothing_of_a_prefetched_patient_stays_on_disk(door: tuple[TestClient, Gate], tmp_path: Path) -> None:
    import tempfile

    cards(door, "charttwin-order-sign", hook("order-sign", order("Ibuprofen 600 MG Oral Tablet"), fetched=prefetch()))
    assert not list(Path(tempfile.gettempdir()).glob("charttwin-cds-*"))
