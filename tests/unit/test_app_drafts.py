"""Drafts and queries through the doors: REST and command line."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.access.callers import Action, Caller, Role, actions_of
from app.access.gate import Gate
from app.api.main import build_app
from app.assembly import Services
from app.settings import load_settings
from knowledge_base.ingest import ingest_paths
from knowledge_base.records import RecordStore
from tests.conftest import MARK
from tests.unit.conftest import Ran
from tests.unit.test_kb_fhir import bundle, patient, write
from tests.unit.test_tools_drafts import allergy, lab, order, problem
from twin_backend.service import TwinBackend

RECORDS = [
    patient("ann", gender="female", birthDate="1958-03-04", family=MARK),
    allergy("a-pen", "ann", "91936005", "Allergy to penicillin"),
    order("m-war", "ann", "11289", "Warfarin 5 MG"),
    order("m-ibu", "ann", "5640", "Ibuprofen 400 MG"),
    problem("c-dm", "ann", "44054006", "Type 2 diabetes mellitus"),
    lab("o-k", "ann", "2823-3", "Potassium", 5.4, "mmol/L"),
    patient("bea", gender="female", birthDate="1998-03-04"),
    lab("o-kb", "bea", "2823-3", "Potassium", 3.3, "mmol/L"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record without notes."""
    folder = tmp_path_factory.mktemp("doors")
    store = RecordStore(folder / "data")
    assert ingest_paths([write(folder / "r.json", bundle(*RECORDS))], store).rejected == ()
    store.close()
    return folder / "data"


@pytest.fixture
def data_dir(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "data"))


@pytest.fixture
def door(data_dir: Path, twin: TwinBackend) -> Iterator[TestClient]:
    """The API over it, in local mode."""
    services = Services(load_settings(data_dir=data_dir)).provide(twin=twin, index=None)
    app = build_app(services, with_ui=False, warm=False)
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        yield client


def propose(door: TestClient, request: str, who: str = "ann") -> Any:
    return door.post(f"/v1/patients/{who}/drafts", json={"request": request})


def test_a_draft_from_request_to_record(door: TestClient, data_dir: Path) -> None:
    made = propose(door, "order furosemide 40 mg PO daily")
    assert made.status_code == 201
    draft = made.json()
    assert (draft["status"], draft["version"], draft["needs_override"]) == ("pending", 1, False)
    assert draft["resources"][0]["intent"] == "proposal" and draft["on_confirmation"][0]["intent"] == "order"
    assert [d["id"] for d in door.get("/v1/patients/ann/drafts").json()] == [draft["id"]]
    assert door.get(f"/v1/drafts/{draft['id']}").json()["text"] == draft["text"]
    edited = door.post(
        f"/v1/drafts/{draft['id']}/edit", json={"version": 1, "arguments": {"order": "furosemide 20 mg PO daily"}}
    )
    assert edited.json()["version"] == 2 and "+Start: furosemide, 20 mg" in edited.json()["difference"]
    address = f"/v1/drafts/{draft['id']}/confirm"
    assert door.post(address, json={"version": 1}).status_code == 409
    confirmed = door.post(address, json={"version": 2}).json()
    assert confirmed["status"] == "written" and confirmed["decision"]["by"] == "local"
    assert door.post(address, json={"version": 2}).json() == confirmed
    store = RecordStore(data_dir)
    assert [r.display for r in store.medications("ann") if r.ref in confirmed["written"]] == ["furosemide"]
    store.close()


def test_a_critical_finding_is_a_409_until_there_is_a_reason(door: TestClient) -> None:
    draft = propose(door, "prescribe amoxicillin 500 mg PO TID").json()
    address = f"/v1/drafts/{draft['id']}/confirm"
    refused = door.post(address, json={"version": 1})
    assert (refused.status_code, refused.json()["kind"]) == (409, "override_needed")
    done = door.post(address, json={"version": 1, "override_reason": "allergy was ruled out by skin test"})
    assert done.json()["status"] == "written"
    assert any(ref.startswith("DetectedIssue/") for ref in done.json()["written"])


def test_a_rejected_draft_stays_rejected(door: TestClient) -> None:
    draft = propose(door, "add gout to the problem list").json()
    assert door.post(f"/v1/drafts/{draft['id']}/reject", json={}).json()["status"] == "rejected"
    refused = door.post(f"/v1/drafts/{draft['id']}/confirm", json={"version": 1})
    assert (refused.status_code, refused.json()["kind"]) == (409, "draft_conflict")


@pytest.mark.parametrize(
    ("who", "body", "status", "kind"),
    [
        ("nobody", {"request": "order furosemide 40 mg"}, 404, "unknown_patient"),
        ("ann", {"request": "what is her potassium?"}, 422, "invalid_input"),
        ("ann", {"request": "stop furosemide"}, 422, "final"),
        ("ann", {"tool": "draft_order", "arguments": {"order": "xyzzy"}}, 422, "retryable"),
        ("ann", {"tool": "delete_everything", "arguments": {}}, 422, "retryable"),
        ("ann", {}, 422, "retryable"),
        ("ann", {"request": "order furosemide", "patient_id": "bea"}, 422, "invalid_request"),
        ("ann", {"request": "x" * 9000}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_drafted_says_why(
    door: TestClient, who: str, body: dict[str, Any], status: int, kind: str
) -> None:
    answer = door.post(f"/v1/patients/{who}/drafts", json=body)
    assert (answer.status_code, answer.json()["kind"]) == (status, kind)
    assert MARK not in answer.text


OF_ANOTHER = [
    {"request": "order furosemide 40 mg PO daily for Mrs Gonzalez"},
    {"request": "order a BMP for the patient in bed 4"},
    {"request": "add gout to the problem list of Maria Gonzalez"},
    {"request": "message the patient that Mrs Gonzalez's potassium is 5.4"},
    {"request": "order ibuprofen 400 mg PO daily for her husband"},
    {"tool": "draft_order", "arguments": {"order": "furosemide 40 mg PO daily", "reason": "for Mrs Gonzalez"}},
    {"tool": "draft_note", "arguments": {"text": "Mr Gonzalez's potassium is 5.4."}},
]
OF_THIS_ONE = [
    "order furosemide 40 mg PO daily for Mrs " + MARK,
    "add to the note that her mother had breast cancer",
    "add to the note that her daughter Linda will drive her",
    "message the patient that Dr Rawlins will call her",
    "refer her to Dr Smith in cardiology",
]


@pytest.mark.parametrize("body", OF_ANOTHER)
def test_a_draft_that_speaks_of_another_patient_is_refused(door: TestClient, body: dict[str, Any]) -> None:
    answer = door.post("/v1/patients/ann/drafts", json=body)
    assert answer.status_code == 422 and "someone else" in answer.text, answer.text
    assert door.get("/v1/patients/ann/drafts").json() == []


@pytest.mark.parametrize("request_text", OF_THIS_ONE)
def test_a_draft_may_name_the_patient_clinicians_and_relatives(door: TestClient, request_text: str) -> None:
    assert propose(door, request_text).status_code == 201


def test_an_edit_cannot_turn_a_draft_to_another_patient(door: TestClient) -> None:
    made = propose(door, "add to the note that she refused the colonoscopy").json()
    body = {"version": 1, "arguments": {"text": "Mrs Gonzalez refused the colonoscopy."}}
    assert door.post(f"/v1/drafts/{made['id']}/edit", json=body).status_code == 422
    assert door.get(f"/v1/drafts/{made['id']}").json()["version"] == 1


def test_the_openai_door_says_in_the_content_what_speaks_against_a_drug(door: TestClient) -> None:
    asked = {"model": "charttwin", "metadata": {"patient_id": "ann"}}
    question = {"role": "user", "content": "what medications is she on?"}
    answer = door.post("/v1/chat/completions", json={**asked, "messages": [question]}).json()
    content, warnings = answer["choices"][0]["message"]["content"], answer["charttwin"]["warnings"]
    assert any("ibuprofen" in w.lower() and "warfarin" in w.lower() for w in warnings), warnings
    assert all(w in content for w in warnings)
    streamed = door.post("/v1/chat/completions", json={**asked, "messages": [question], "stream": True}).text
    assert "bleeding" in "".join(line for line in streamed.splitlines() if '"content"' in line).lower()


def test_unknown_drafts_are_not_found(door: TestClient) -> None:
    for answer in (
        door.get("/v1/drafts/draft-0"),
        door.post("/v1/drafts/draft-0/confirm", json={"version": 1}),
        door.post("/v1/drafts/draft-0/reject", json={}),
    ):
        assert (answer.status_code, answer.json()["kind"]) == (404, "unknown_draft")


def _caller(subject: str, *roles: Role, patients: frozenset[str], actions: frozenset[Action] | None = None) -> Caller:
    own = frozenset(roles)
    return Caller(subject, subject, own, "key", patients, actions if actions is not None else actions_of(own))


def test_rights_and_reach_hold_for_drafts(door: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = _caller(
        "reader", Role.CLINICIAN, patients=frozenset({"ann"}), actions=frozenset({Action.READ_RECORD, Action.COMPUTE})
    )
    current = [reader]
    monkeypatch.setattr(Gate, "identify", lambda *arguments: current[0])
    monkeypatch.setattr(Gate, "is_local", property(lambda gate: False))
    draft = propose(door, "order furosemide 40 mg PO daily").json()
    refused = door.post(f"/v1/drafts/{draft['id']}/confirm", json={"version": 1})
    assert (refused.status_code, refused.json()["kind"]) == (403, "not_permitted")
    assert propose(door, "order furosemide 40 mg PO daily", "bea").status_code in (403, 404)
    assert door.post("/v1/patients/bea/query", json={"sql": "SELECT count(*) FROM patient"}).status_code in (403, 404)
    current[0] = _caller("other", Role.CLINICIAN, patients=frozenset({"ann"}))
    assert door.get(f"/v1/drafts/{draft['id']}").status_code == 404
    assert door.get("/v1/patients/ann/drafts").json() == []


def test_a_query_over_rest(door: TestClient) -> None:
    answer = door.post(
        "/v1/patients/ann/query", json={"sql": "SELECT value, unit FROM observation WHERE concept = 'potassium'"}
    )
    body = answer.json()
    assert body["rows"] == [[5.4, "mmol/L"]] and body["evidence"][0][0]["ref"] == "Observation/o-k"
    before = door.post("/v1/patients/ann/query", json={"sql": "SELECT value FROM observation", "as_of": "2020-01-01"})
    assert before.json()["found"] is False and before.json()["rows"] == []
    for sql in ("DROP TABLE observation", "SELECT * FROM read_text('/etc/hostname')", "SELECT raw FROM resources"):
        refused = door.post("/v1/patients/ann/query", json={"sql": sql})
        assert (refused.status_code, refused.json()["kind"]) == (422, "retryable")
    assert door.post("/v1/patients/nobody/query", json={"sql": "SELECT 1"}).status_code == 404


def test_logs_hold_no_request_and_no_row(door: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    propose(door, "order furosemide 40 mg PO daily for Zebrafever")
    door.post("/v1/patients/ann/query", json={"sql": "SELECT display AS Zebrafever FROM condition"})
    ours = " ".join(
        r.getMessage()
        for r in caplog.records
        if r.name.startswith(("app", "charttwin", "tools", "agents", "knowledge_base"))
    )
    assert "Zebrafever" not in ours and MARK not in ours and "Potassium" not in ours


# --- the command line ----------------------------------------------------------------------------------------------------


def test_drafts_at_the_terminal(run: Callable[..., Ran], data_dir: Path) -> None:
    where = ("--data-dir", data_dir)
    made = run("drafts", "propose", "order furosemide 40 mg PO daily", "--patient", "ann", "--json", *where)
    assert made.code == 0, made.err
    identifier = json.loads(made.out)["id"]
    assert identifier in run("drafts", "list", *where).out
    shown = run("drafts", "show", identifier, *where)
    assert "Nothing is written until it is confirmed" in shown.out and "proposed" in shown.err
    without = run("drafts", "confirm", identifier, *where)
    assert without.code == 2 and "--version" in without.err
    edited = run("drafts", "edit", identifier, "--version", "1", "--set", "order=furosemide 20 mg PO daily", *where)
    assert "version 2" in edited.out and "+Start: furosemide, 20 mg" in edited.out
    done = run("drafts", "confirm", identifier, "--version", "2", *where)
    assert done.code == 0 and "In the record: MedicationRequest/" in done.out
    again = run("drafts", "reject", identifier, *where)
    assert again.code == 2 and "written already" in again.err


def test_a_query_at_the_terminal(run: Callable[..., Ran], data_dir: Path) -> None:
    sql = "SELECT value FROM observation WHERE concept = 'potassium'"
    plain = run("query", sql, "--patient", "ann", "--data-dir", data_dir)
    assert plain.code == 0 and "1. value: 5.4 [Observation/o-k]" in plain.out
    rows = run("query", sql, "--patient", "ann", "--json", "--data-dir", data_dir)
    assert json.loads(rows.out)["rows"] == [[5.4]]
    refused = run("query", "DELETE FROM observation", "--patient", "ann", "--data-dir", data_dir)
    assert refused.code == 2 and "only SELECT" in refused.err
    assert run("query", sql, "--patient", "nobody", "--data-dir", data_dir).code == 2


def test_a_draft_made_as_of_another_day_cannot_be_confirmed_today(
    door: TestClient, data_dir: Path, twin: TwinBackend
) -> None:
    from knowledge_base.drafts import DraftStore
    from tools.context import ToolContext
    from tools.drafts import Desk

    store = RecordStore(data_dir)
    for moment in (datetime.now(UTC) - timedelta(days=400), datetime.now(UTC) + timedelta(days=400)):
        context = ToolContext(store, "ann", moment, twin)
        draft = Desk(DraftStore(data_dir)).propose(context, "draft_order", {"order": "furosemide 40 mg PO daily"})
        refused = door.post(f"/v1/drafts/{draft.id}/confirm", json={"version": 1})
        assert (refused.status_code, refused.json()["kind"]) == (409, "draft_expired")
    store.close()
