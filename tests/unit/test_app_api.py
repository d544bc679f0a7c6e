"""The REST door in process: answers, streams, errors as problem documents, and what it refuses."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.main import build_app
from app.assembly import Services
from app.logs import configure_logs
from app.settings import load_settings
from tests.unit.test_app_scripted import PATIENT_ID, POISON, ScriptedAssistant, scripted_services

MARK = "PHI-MARKER-7731"
ASK = f"/v1/patients/{PATIENT_ID}/ask"


class Door:
    def __init__(self, client: TestClient, assistant: ScriptedAssistant) -> None:
        self.client = client
        self.assistant = assistant

    def ask(self, question: str, **body: Any) -> Any:
        return self.client.post(ASK, json={"question": question, **body})


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    services, assistant = scripted_services(tmp_path)
    app = build_app(services, with_ui=False, warm=False)
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        yield Door(client, assistant)


def events(text: str) -> list[tuple[int, str, dict[str, Any]]]:
    frames = [frame for frame in text.split("\n\n") if frame and not frame.startswith(":")]
    found = []
    for frame in frames:
        fields = dict(line.split(": ", 1) for line in frame.splitlines())
        found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def is_problem(response: Any, status: int, kind: str) -> dict[str, Any]:
    body = response.json()
    assert response.status_code == status and response.headers["content-type"] == "application/problem+json"
    assert body["kind"] == kind and body["status"] == status and body["type"] and body["title"]
    return body


def test_a_question_is_answered_with_citations(door: Door) -> None:
    response = door.ask("weight trend", as_of="2024-01-01", thread_id="t-1")
    assert response.status_code == 200 and response.json()["citations"][0]["evidence"]["ref"].startswith("Observation/")
    assert door.assistant.threads == [(PATIENT_ID, "t-1", "weight trend")]
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "headers"), [({"stream": True}, {}), ({}, {"accept": "text/event-stream"})], ids=["body", "header"]
)
def test_an_answer_is_streamed_as_numbered_events(door: Door, body: dict, headers: dict) -> None:
    response = door.client.post(ASK, json={"question": "weight trend", **body}, headers=headers)
    assert response.headers["content-type"].startswith("text/event-stream")
    found = events(response.text)
    assert [number for number, _, _ in found] == list(range(1, len(found) + 1))
    kinds = [kind for _, kind, _ in found]
    assert kinds[0] == "step" and kinds[-1] == "answer" and {"tool", "token", "reset"} <= set(kinds)
    after_reset = found[kinds.index("reset") + 1 : -1]
    assert "".join(data["text"] for _, _, data in after_reset) == found[-1][2]["text"]


def test_a_fault_within_a_stream_is_an_event_without_its_text(door: Door) -> None:
    found = events(door.ask("crash", stream=True).text)
    assert found[-1][1:] == ("error", {"kind": "internal_error", "message": "an unexpected fault"})


def test_a_fault_without_a_stream_is_a_problem_without_its_text(door: Door) -> None:
    response = door.ask("crash")
    is_problem(response, 500, "internal_error")
    assert MARK not in response.text


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_patient_is_a_404(door: Door, stream: bool) -> None:
    response = door.client.post(f"/v1/patients/{MARK}/ask", json={"question": "x", "stream": stream})
    assert MARK not in is_problem(response, 404, "unknown_patient")["detail"]


def test_an_empty_question_is_refused(door: Door) -> None:
    is_problem(door.ask("   "), 422, "invalid_input")
    assert events(door.ask(" ", stream=True).text)[-1][1] == "error"


def test_a_question_of_50_kb_is_refused_by_the_assistant_and_100_kb_before_it(door: Door) -> None:
    is_problem(door.ask("a" * 50_000), 422, "invalid_input")
    is_problem(door.ask("a" * 100_000), 413, "too_large")
    assert door.assistant.started == 1


def test_a_body_without_length_is_counted_while_it_arrives(door: Door) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b"a" * 1024

    is_problem(door.client.post(ASK, content=chunks(), headers={"content-type": "application/json"}), 413, "too_large")


def test_a_question_in_another_language_arrives_unharmed(door: Door) -> None:
    question = "Quel est le dernier taux de créatinine ? 血清肌酐是多少 🩺"
    assert door.ask(question).json()["question"] == question


def test_broken_json_is_a_400(door: Door) -> None:
    response = door.client.post(ASK, content=f'{{"question": "{MARK}', headers={"content-type": "application/json"})
    problem = is_problem(response, 400, "invalid_request")
    assert MARK not in str(problem) and problem["detail"] == "body, character 13: is not JSON"
    form = door.client.post(ASK, content="question=x", headers={"content-type": "application/x-www-form-urlencoded"})
    assert "Content-Type: application/json" in is_problem(form, 422, "invalid_request")["detail"]


@pytest.mark.parametrize(
    "body", [{}, {"question": 3}, {"question": "x", "unknown": MARK}, {"question": "x", "thread_id": "a b"}]
)
def test_a_body_of_another_form_names_the_field_and_not_its_value(door: Door, body: dict) -> None:
    problem = is_problem(door.client.post(ASK, json=body), 422, "invalid_request")
    assert problem["errors"] and MARK not in str(problem)


def test_a_date_of_another_form_is_refused(door: Door) -> None:
    is_problem(door.ask("x", as_of="last tuesday"), 422, "invalid_input")


def test_patients_are_listed_and_opened(door: Door) -> None:
    listed = door.client.get("/v1/patients").json()
    assert [(row["id"], row["name"]) for row in listed] == [(PATIENT_ID, "Edythe Morar")]
    opened = door.client.get(f"/v1/patients/{PATIENT_ID}", params={"as_of": "2021-05-01"}).json()
    assert "Anemia" in opened["problems"] and opened["counts"]["Note"] == 36
    assert door.client.get(f"/v1/patients/{PATIENT_ID}/facts").json() == []


def test_problems_of_the_future_are_not_shown(door: Door) -> None:
    assert door.client.get(f"/v1/patients/{PATIENT_ID}", params={"as_of": "1975-01-01"}).json()["problems"] == []


def test_counts_are_of_the_day_too(door: Door) -> None:
    def counted(day: str) -> dict[str, int]:
        return door.client.get(f"/v1/patients/{PATIENT_ID}", params={"as_of": day}).json()["counts"]

    whole, half, none = counted("2100-01-01"), counted("2015-01-01"), counted("1900-01-01")
    assert whole == door.client.get(f"/v1/patients/{PATIENT_ID}").json()["counts"]
    for kind in ("Observation", "Encounter", "Note", "DocumentReference"):
        assert whole[kind] > half[kind] > none[kind] == 0, kind


def test_evidence_opens_note_resource_and_run(door: Door) -> None:
    cited = [
        c["evidence"]["ref"] for q in ("weight trend", "poison", "what if") for c in door.ask(q).json()["citations"]
    ]
    opened = {ref: door.client.get(f"/v1/patients/{PATIENT_ID}/evidence", params={"ref": ref}).json() for ref in cited}
    resource, note, poison, run = cited
    assert ["span", "span"] == [opened[note]["kind"], opened[poison]["kind"]] and opened[run]["run"]["id"] == "run-0001"
    assert opened[resource]["kind"] == "resource" and opened[resource]["rows"]
    assert opened[poison]["text"][opened[poison]["start"] : opened[poison]["end"]] == POISON


@pytest.mark.parametrize(
    "ref", ["Observation/none", "Note/none#0-4", "Note/poisoned-1#0-99999", "Run/none", "nonsense", ""]
)
def test_evidence_that_does_not_resolve_is_a_404(door: Door, ref: str) -> None:
    is_problem(door.client.get(f"/v1/patients/{PATIENT_ID}/evidence", params={"ref": ref}), 404, "unknown_evidence")


def test_the_twin_lists_and_runs_models(door: Door) -> None:
    models = door.client.get("/v1/twin/models").json()
    assert len(models) > 5
    bmi = next(m for m in models if "body mass index" in f"{m['title']} {m['aliases']}".lower())
    names = {item["name"]: item for item in bmi["inputs"]}
    weight, height = next(n for n in names if "weight" in n), next(n for n in names if "height" in n)
    inputs = {weight: {"value": 70, "unit": "kg"}, height: {"value": 175, "unit": "cm"}}
    run = door.client.post(f"/v1/twin/models/{bmi['id']}/runs", json={"inputs": inputs}).json()
    assert run["outputs"][0]["value"] == pytest.approx(22.86, abs=0.01) and run["inputs"][0]["origin"] == "user"
    missing = is_problem(door.client.post(f"/v1/twin/models/{bmi['id']}/runs", json={}), 422, "missing_input")
    assert set(missing["missing"]) == {weight, height}
    is_problem(door.client.get("/v1/twin/models/none"), 404, "unknown_model")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:7860"])
def test_another_host_name_is_refused(door: Door, host: str) -> None:
    is_problem(door.client.get("/v1/patients", headers={"host": host}), 421, "foreign_host")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1.evil.example"])
def test_a_page_of_another_site_is_refused(door: Door, origin: str) -> None:
    is_problem(door.client.post(ASK, json={"question": "x"}, headers={"origin": origin}), 403, "foreign_origin")
    assert "access-control-allow-origin" not in door.client.get("/v1/patients").headers


def test_own_pages_are_answered(door: Door) -> None:
    assert door.client.get("/v1/patients", headers={"origin": "http://127.0.0.1:7860"}).status_code == 200
    assert door.client.get("/v1/patients", headers={"host": "localhost:7860"}).status_code == 200


def test_health_version_and_an_unknown_address(door: Door) -> None:
    assert door.client.get("/healthz").json() == {"status": "ok"}
    assert door.client.get("/version").json()["name"] == "charttwin"
    is_problem(door.client.get("/v1/none"), 404, "not_found")


def test_readiness_follows_the_warm_up(tmp_path: Path) -> None:
    services, _ = scripted_services(tmp_path)
    cold = build_app(services, with_ui=False, warm=False)
    with TestClient(cold, base_url="http://localhost") as client:
        assert client.get("/readyz").status_code == 503
    services, _ = scripted_services(tmp_path / "again")
    warm = build_app(services, with_ui=False)
    with TestClient(warm, base_url="http://localhost") as client:
        assert warm.state.readiness.wait(30)
        assert client.get("/readyz").json()["parts"]["index"] == "degraded"


def test_a_data_directory_that_cannot_be_used_shows_in_readiness_and_answers(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    app = build_app(Services(load_settings(data_dir=tmp_path / "file" / "data")), with_ui=False)
    with TestClient(app, base_url="http://localhost") as client:
        app.state.readiness.wait(30)
        assert client.get("/readyz").json()["parts"]["store"] == "failed: store_unavailable"
        is_problem(client.get("/v1/patients"), 503, "store_unavailable")


def test_the_reference_page_needs_no_other_server(door: Door) -> None:
    page = door.client.get("/docs").text
    assert "openapi.json" in page and "http://" not in page and "https://" not in page
    paths = door.client.get("/openapi.json").json()["paths"]
    assert {"/v1/patients/{patient_id}/ask", "/v1/twin/models/{model_id}/runs", "/readyz"} <= set(paths)


def test_what_is_asked_reaches_no_log(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logs("debug")
        door.ask(f"weight trend {MARK}")
        door.ask(f"crash {MARK}")
        door.client.get(f"/v1/patients/{MARK}")
        door.client.get(f"/v1/patients/{PATIENT_ID}/evidence", params={"ref": f"Note/{MARK}#0-3"})
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    written = "".join(capsys.readouterr())
    assert "route=/v1/patients/{patient_id}/ask" in written and "internal_error" in written
    assert MARK not in written and PATIENT_ID not in written


def test_a_calculator_over_a_note_quotes_it(door: Door) -> None:
    text = "A 70-year-old man, weight 80 kg, creatinine 1.4 mg/dL."
    answer = door.client.post("/v1/calculate", json={"text": text, "question": "creatinine clearance?"}).json()
    assert round(answer["answer"]) == 56
    assert {item["name"]: item["quote"] for item in answer["inputs"]}["creatinine_mg_dl"] == "creatinine 1.4 mg/dL"


def test_a_calculator_without_its_inputs_names_them(door: Door) -> None:
    answer = door.client.post("/v1/calculate", json={"text": "A 70-year-old man.", "question": "anion gap?"}).json()
    assert answer["answer"] is None and "sodium_meq_l" in answer["missing"]


def test_a_calculation_needs_a_note_and_a_question(door: Door) -> None:
    assert door.client.post("/v1/calculate", json={"question": "anion gap?"}).status_code == 422
