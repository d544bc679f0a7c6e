"""What integrators rest on: keys for sending again, entity tags, pages, jobs, streams that can be taken up again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.access.callers import Role
from app.api.main import build_app
from app.assembly import Services
from app.settings import load_settings
from knowledge_base.ingest import resume
from tests.unit.test_app_scripted import PATIENT_ID, ScriptedAssistant, scripted_services

ASK = f"/v1/patients/{PATIENT_ID}/ask"


class Door:
    def __init__(self, client: TestClient, assistant: ScriptedAssistant, services: Services) -> None:
        self.client, self.assistant, self.services = client, assistant, services

    def key(self, subject: str, *patients: str) -> dict[str, str]:
        register = self.services.gate.register
        register.add(subject, frozenset({Role.INTEGRATOR}))
        register.allow(subject, *patients)
        return {"authorization": f"Bearer {register.issue_key(subject)}"}

    def finished(self, job: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        for _ in range(600):
            found: dict[str, Any] = self.client.get(f"/v1/jobs/{job['id']}", headers=headers).json()
            if found["finished"]:
                return found
            time.sleep(0.05)
        raise AssertionError("the job does not end")


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    base, assistant = scripted_services(tmp_path)
    services = Services(load_settings(data_dir=base.settings.data_dir, access="keys"))
    services.provide(store=base.store, assistant=assistant, twin=base.twin, index=None)
    app = build_app(services, with_ui=False, warm=False)
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        yield Door(client, assistant, services)


# --- sending again --------------------------------------------------------------------------------------------------


def test_a_post_with_the_same_key_runs_once(door: Door) -> None:
    headers = {**door.key("a", PATIENT_ID), "idempotency-key": "k1"}
    first = door.client.post(ASK, json={"question": "weight trend"}, headers=headers)
    second = door.client.post(ASK, json={"question": "weight trend"}, headers=headers)
    assert first.status_code == 200 and first.content == second.content and door.assistant.started == 1
    assert second.headers["idempotency-replayed"] == "true" and "idempotency-replayed" not in first.headers
    other = door.client.post(ASK, json={"question": "something else"}, headers=headers)
    assert other.status_code == 422 and other.json()["kind"] == "idempotency_key_reused"
    again = door.client.post(ASK, json={"question": "weight trend"}, headers={**headers, "idempotency-key": "k2"})
    assert again.status_code == 200 and door.assistant.started == 2


def test_keys_belong_to_their_caller(door: Door) -> None:
    mine = {**door.key("a", PATIENT_ID), "idempotency-key": "k1"}
    door.client.post(ASK, json={"question": "weight trend"}, headers=mine)
    stranger = {**door.key("b"), "idempotency-key": "k1"}
    assert door.client.post(ASK, json={"question": "weight trend"}, headers=stranger).status_code == 403


def test_a_fault_may_be_tried_again_and_a_bad_key_is_refused(door: Door) -> None:
    headers = {**door.key("a", PATIENT_ID), "idempotency-key": "k1"}
    assert door.client.post(ASK, json={"question": "crash"}, headers=headers).status_code == 500
    assert door.client.post(ASK, json={"question": "weight trend"}, headers=headers).status_code == 200
    for bad in ("", "x" * 300):
        answer = door.client.post(ASK, json={"question": "weight trend"}, headers={**headers, "idempotency-key": bad})
        assert answer.status_code == 422


def test_a_stream_is_passed_through_a_key(door: Door) -> None:
    headers = {**door.key("a", PATIENT_ID), "idempotency-key": "k1"}
    for _ in range(2):
        answer = door.client.post(ASK, json={"question": "weight trend", "stream": True}, headers=headers)
        assert answer.status_code == 200 and "event: answer" in answer.text


# --- entity tags and pages -------------------------------------------------------------------------------------------


def test_what_is_held_already_is_not_sent_again(door: Door) -> None:
    headers = door.key("a", PATIENT_ID)
    path = f"/v1/patients/{PATIENT_ID}"
    first = door.client.get(path, headers=headers)
    assert first.headers["etag"].startswith('"')
    again = door.client.get(path, headers={**headers, "if-none-match": f'W/"x", {first.headers["etag"]}'})
    assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == first.headers["etag"]
    changed = door.client.get(path, headers={**headers, "if-none-match": '"other"'})
    assert changed.status_code == 200 and changed.content == first.content


def test_lists_come_in_pages(door: Door) -> None:
    headers = door.key("a", PATIENT_ID)
    path = f"/v1/patients/{PATIENT_ID}/facts"
    resume(door.services.store, None, door.services.nlp)
    whole = door.client.get(f"{path}?limit=5000", headers=headers)
    total = int(whole.headers["x-total-count"])
    assert total > 3
    collected, address = [], f"{path}?limit=300"
    while address:
        page = door.client.get(address, headers=headers)
        collected += page.json()
        address = page.links["next"]["url"] if "next" in page.links else ""
    assert collected == whole.json() and len(collected) == total


# --- jobs -----------------------------------------------------------------------------------------------------------


def test_questions_as_a_job(door: Door) -> None:
    headers = door.key("a", PATIENT_ID)
    body = {
        "questions": [
            {"id": "1", "patient_id": PATIENT_ID, "question": "weight trend"},
            {"id": "2", "patient_id": "another", "question": "weight trend"},
            {"id": "3", "patient_id": PATIENT_ID, "question": "anything"},
        ]
    }
    taken = door.client.post("/v1/jobs/questions", json=body, headers=headers)
    assert taken.status_code == 202 and taken.headers["location"] == f"/v1/jobs/{taken.json()['id']}"
    job = door.finished(taken.json(), headers)
    assert job["state"] == "done" and (job["done"], job["total"]) == (3, 3)
    result = door.client.get(job["result"], headers=headers).json()
    assert [row["id"] for row in result] == ["1", "2", "3"]
    assert result[0]["answer"]["citations"] and result[1]["fault"]["kind"] == "not_permitted"


def test_notes_as_a_job(door: Door) -> None:
    headers = door.key("a")
    body = {"notes": [{"id": "n1", "text": "Denies chest pain. Type 2 diabetes."}, {"id": "n2", "text": ""}]}
    job = door.finished(door.client.post("/v1/jobs/extractions", json=body, headers=headers).json(), headers)
    assert job["state"] == "done"
    result = door.client.get(job["result"], headers=headers).json()
    assert any(fact["assertion"]["is_negated"] for fact in result[0]["facts"]) and result[1]["facts"] == []


def test_jobs_of_others_are_not_found_and_bad_ones_not_taken(door: Door) -> None:
    mine, other = door.key("a", PATIENT_ID), door.key("b", PATIENT_ID)
    body = {"questions": [{"id": "1", "patient_id": PATIENT_ID, "question": "weight trend"}]}
    job = door.client.post("/v1/jobs/questions", json=body, headers=mine).json()
    for path in (f"/v1/jobs/{job['id']}", f"/v1/jobs/{job['id']}/result", "/v1/jobs/nothing"):
        assert door.client.get(path, headers=other).status_code == 404
    assert door.client.get("/v1/jobs", headers=other).json() == []
    assert [j["id"] for j in door.client.get("/v1/jobs", headers=mine).json()] == [job["id"]]
    refused: list[dict[str, Any]] = [{}, {"questions": []}, {"questions": [{**body["questions"][0], "as_of": "soon"}]}]
    for bad in refused:
        assert door.client.post("/v1/jobs/questions", json=bad, headers=mine).status_code == 422


def test_a_cancelled_job_ends(door: Door) -> None:
    headers = door.key("a", PATIENT_ID)
    asked = [{"id": str(n), "patient_id": PATIENT_ID, "question": "weight trend"} for n in range(1000)]
    job = door.client.post("/v1/jobs/questions", json={"questions": asked}, headers=headers).json()
    assert door.client.delete(f"/v1/jobs/{job['id']}", headers=headers).status_code == 200
    assert door.finished(job, headers)["state"] == "cancelled"
    assert door.client.get(f"/v1/jobs/{job['id']}/result", headers=headers).status_code == 422


# --- streams ---------------------------------------------------------------------------------------------------------


def frames(text: str) -> list[tuple[int, str, dict[str, Any]]]:
    found = []
    for frame in text.split("\n\n"):
        if frame and not frame.startswith(":"):
            fields = dict(line.split(": ", 1) for line in frame.splitlines())
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def test_a_broken_stream_is_taken_up_where_it_stopped(door: Door) -> None:
    headers = door.key("a", PATIENT_ID)
    first = door.client.post(ASK, json={"question": "weight trend", "resumable": True}, headers=headers)
    whole = frames(first.text)
    address = first.headers["location"]
    assert whole[-1][1] == "answer" and [n for n, _, _ in whole] == list(range(1, len(whole) + 1))
    rest = door.client.get(address, headers={**headers, "last-event-id": "3"})
    assert frames(rest.text) == whole[3:]
    assert frames(door.client.get(address, headers=headers).text) == whole
    stranger = door.key("b", PATIENT_ID)
    assert door.client.get(address, headers=stranger).status_code == 404
    assert door.client.get(address, headers={**headers, "last-event-id": "x"}).status_code == 422
