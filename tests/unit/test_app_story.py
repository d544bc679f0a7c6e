"""The story at the doors: three forms over HTTP and at the terminal, and faults that name what is accepted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.main import build_app
from app.assembly import Services
from app.settings import load_settings
from knowledge_base.validation import faults
from tests.unit.test_kb_fhir import bundle, concept, document, patient, resource, write

NAME = "Zqxwvfam"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from knowledge_base.ingest import ingest_paths
    from knowledge_base.records import RecordStore

    folder = tmp_path_factory.mktemp("story")
    order = resource(
        "MedicationRequest",
        "m1",
        status="active",
        intent="order",
        authoredOn="2024-01-10",
        medicationCodeableConcept=concept("29046", "Lisinopril 10 MG"),
    )
    note = document("n1", "Plan: lisinopril 10 mg daily. Full code.")
    store = RecordStore(folder / "data")
    ingest_paths([write(folder / "b.json", bundle(patient(family=NAME), order, note))], store)
    store.close()
    return folder / "data"


@pytest.fixture(scope="module")
def client(loaded: Path) -> Iterator[TestClient]:
    services = Services(load_settings(data_dir=loaded), create=False)
    with TestClient(
        build_app(services, with_ui=False, warm=False), base_url="http://127.0.0.1:7860", raise_server_exceptions=False
    ) as found:
        yield found


def get(client: TestClient, patient_id: str = "p1", **query: Any) -> Any:
    return client.get(f"/v1/patients/{patient_id}/story", params={"as_of": "2024-06-01", **query})


def test_json_has_sections_sentences_and_evidence(client: TestClient) -> None:
    body = get(client, kind="full").json()
    assert body["kind"] == "full" and body["as_of"].startswith("2024-06-01")
    assert all(s["evidence"] and s["basis"] for part in body["sections"] for s in part["sentences"])
    assert "isinopril 10 mg" in json.dumps(body)


def test_markdown_and_fhir(client: TestClient) -> None:
    page = get(client, format="markdown")
    assert page.headers["content-type"].startswith("text/markdown") and page.text.startswith("# Summary by problem")
    made = get(client, format="fhir", kind="sbar", audience="handoff")
    assert made.headers["content-type"].startswith("application/fhir+json")
    assert made.json()["type"] == "document" and faults(made.json()) == []


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"kind": "novel"}, "one_liner"),
        ({"audience": "king"}, "handoff"),
        ({"format": "pdf"}, "markdown"),
        ({"period": "whenever"}, "period"),
        ({"as_of": "soon"}, "as_of"),
    ],
)
def test_a_wrong_value_is_a_problem_that_names_what_is_accepted(
    client: TestClient, query: dict[str, str], word: str
) -> None:
    response = get(client, **query)
    assert 400 <= response.status_code < 500 and response.headers["content-type"] == "application/problem+json"
    assert word in response.text and NAME not in response.text


@pytest.mark.parametrize(
    ("accept", "query", "expected"),
    [
        ("*/*", {}, "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", {}, "application/json"),
        ("text/markdown", {}, "text/markdown"),
        ("text/*", {}, "text/markdown"),
        ("application/fhir+json", {}, "application/fhir+json"),
        ("Application/FHIR+JSON; charset=utf-8", {}, "application/fhir+json"),
        ("application/json;q=0.2, text/markdown;q=0.9", {}, "text/markdown"),
        ("application/json;q=0.9, text/markdown;q=0.9", {}, "application/json"),
        ("application/json;q=0, */*;q=0.3", {}, "text/markdown"),
        ("application/*;q=0.4, text/markdown;q=0.3", {}, "application/json"),
        ("*/*;q=0.1, application/fhir+json;q=0.5", {}, "application/fhir+json"),
        ("no media type", {}, "application/json"),
        ("application/pdf", {"format": "markdown"}, "text/markdown"),
        ("text/markdown", {"format": "json"}, "application/json"),
    ],
)
def test_the_accept_header_chooses_the_form(
    client: TestClient, accept: str, query: dict[str, str], expected: str
) -> None:
    response = client.get(
        "/v1/patients/p1/story",
        params={"kind": "one_liner", "as_of": "2024-06-01", **query},
        headers={"Accept": accept},
    )
    assert response.status_code == 200 and response.headers["content-type"].split(";")[0] == expected
    assert response.headers["vary"] == "Accept"


@pytest.mark.parametrize("accept", ["application/pdf", "application/json;q=0", "text/html, image/*;q=0.5"])
def test_a_form_that_is_not_sent_is_a_problem_that_names_those_that_are(client: TestClient, accept: str) -> None:
    response = client.get("/v1/patients/p1/story", headers={"Accept": accept})
    assert response.status_code == 406 and response.headers["content-type"] == "application/problem+json"
    assert response.json()["kind"] == "not_acceptable" and "text/markdown" in response.json()["accepted"]


def test_an_unknown_patient_is_not_found(client: TestClient) -> None:
    assert get(client, "nobody").status_code == 404


def test_at_the_terminal(run: Callable[..., Any], loaded: Path, tmp_path: Path) -> None:
    told = run("story", "p1", "--kind", "one_liner", "--as-of", "2024-06-01", "--data-dir", loaded)
    assert told.code == 0 and "74-year-old woman" in told.out
    out = tmp_path / "story.json"
    made = run("story", "p1", "--format", "fhir", "--out", out, "--data-dir", loaded)
    assert made.code == 0 and json.loads(out.read_text())["resourceType"] == "Bundle" and made.out == ""
    parsed = run("story", "p1", "--format", "json", "--as-of", "2024-06-01", "--data-dir", loaded)
    assert json.loads(parsed.out)["sections"]


def test_faults_at_the_terminal_are_one_line(run: Callable[..., Any], loaded: Path, tmp_path: Path) -> None:
    for arguments in (
        ("p1", "--kind", "novel"),
        ("p1", "--format", "pdf"),
        ("nobody",),
        ("p1", "--out", tmp_path / "no" / "such"),
    ):
        failed = run("story", *arguments, "--data-dir", loaded)
        assert failed.code == 2 and failed.err.count("\n") == 1 and NAME not in failed.err
