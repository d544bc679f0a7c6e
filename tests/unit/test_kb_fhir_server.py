"""Pulling from a FHIR server: pages, servers without $everything, busy and broken ones, and taking up again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.errors import InvalidInput, InvalidRecord, StoreUnavailable
from knowledge_base.fhir_server import FhirServer, pull
from knowledge_base.ingest import ingest_paths
from knowledge_base.records import RecordStore

BASE = "https://ehr.example/fhir"


def observation(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": f"o{number}", "status": "final", "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}], "text": "Body weight"},
        "effectiveDateTime": f"2024-01-{number + 1:02d}", "valueQuantity": {"value": 70 + number, "unit": "kg"},
    }  # fmt: skip


class Ehr:
    """A FHIR server of two patients with pages of three; it can be busy, lack operations, and break off."""

    def __init__(self, *, everything: bool = True, busy: int = 0) -> None:
        self.has_everything, self.busy = everything, busy
        self.asked: list[str] = []
        self.waited: list[float] = []
        self.breaks_after: int | None = None
        self.next_host = BASE

    def server(self) -> FhirServer:
        client = httpx.Client(transport=httpx.MockTransport(self.answer))
        return FhirServer(BASE, key="token", client=client, sleep=self.waited.append)

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer token" and request.url.host == "ehr.example"
        path = request.url.path.removeprefix("/fhir/")
        self.asked.append(path)
        if self.busy:
            self.busy -= 1
            return httpx.Response(503, headers={"retry-after": "7"})
        if self.breaks_after is not None and len(self.asked) > self.breaks_after:
            raise httpx.ConnectError("gone")
        patients = [{"resourceType": "Patient", "id": "p1"}, {"resourceType": "Patient", "id": "p2"}]
        if path == "Patient":
            return self.page(request, patients)
        if path.endswith("$everything") and self.has_everything:
            own = [observation(n) for n in range(8)] if "/p1/" in path else []
            return self.page(request, [p for p in patients if f"/{p['id']}/" in path] + own)
        if path in ("Patient/p1", "Patient/p2"):
            return httpx.Response(200, json=patients[int(path[-1]) - 1])
        if path == "Observation":
            return self.page(
                request, [observation(n) for n in range(8)] if request.url.params["patient"] == "p1" else []
            )
        return httpx.Response(404, json={"resourceType": "OperationOutcome"})

    def page(self, request: httpx.Request, held: list[dict[str, Any]]) -> httpx.Response:
        start = int(request.url.params.get("_page", "0"))
        body: dict[str, Any] = {"resourceType": "Bundle", "entry": [{"resource": r} for r in held[start : start + 3]]}
        if start + 3 < len(held):
            query = request.url.copy_set_param("_page", str(start + 3)).query.decode()
            body["link"] = [
                {"relation": "next", "url": f"{self.next_host}{request.url.path.removeprefix('/fhir')}?{query}"}
            ]
        return httpx.Response(200, json=body)


@pytest.mark.parametrize("everything", [True, False])
def test_every_page_of_every_patient_is_pulled_and_loads(tmp_path: Path, everything: bool) -> None:
    ehr = Ehr(everything=everything)
    files = pull(ehr.server(), tmp_path / "pulled")
    store = RecordStore(tmp_path / "data")
    report = ingest_paths(files, store, facts=False)
    assert len(files) == 2 and report.resources == {"Observation": 8, "Patient": 2}
    assert [row.id for row in store.patients()] == ["p1", "p2"]


def test_a_busy_server_is_asked_again_after_the_time_it_names(tmp_path: Path) -> None:
    ehr = Ehr(busy=2)
    assert len(pull(ehr.server(), tmp_path, ["p1"])) == 1 and ehr.waited == [7.0, 7.0]
    with pytest.raises(StoreUnavailable, match="503"):
        pull(Ehr(busy=99).server(), tmp_path / "b", ["p1"])


def test_a_pull_that_broke_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    ehr = Ehr()
    ehr.breaks_after = 3
    with pytest.raises(StoreUnavailable):
        pull(ehr.server(), tmp_path, ["p1", "p2"])
    assert len(list(tmp_path.glob("*.json"))) == 1 and not list(tmp_path.glob("*.part"))
    ehr.breaks_after, ehr.asked = None, []
    assert len(pull(ehr.server(), tmp_path, ["p1", "p2"])) == 2
    assert all("/p2/" in path for path in ehr.asked), "what is there already is not asked for again"


def test_the_credential_goes_to_no_other_host(tmp_path: Path) -> None:
    ehr = Ehr()
    ehr.next_host = "https://evil.example/fhir"
    with pytest.raises(InvalidRecord, match="another host"):
        pull(ehr.server(), tmp_path, ["p1"])


def test_pages_that_lead_in_a_circle_end(tmp_path: Path) -> None:
    body = {
        "resourceType": "Bundle",
        "link": [{"relation": "next", "url": f"{BASE}/Patient/p1/$everything?_count=200"}],
    }
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=body))
    with pytest.raises(InvalidRecord, match="circle"):
        pull(FhirServer(BASE, client=httpx.Client(transport=transport)), tmp_path, ["p1"])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, text="<html>"), InvalidRecord),
        (httpx.Response(200, json=[1]), InvalidRecord),
        (httpx.Response(200, json={"resourceType": "Patient"}), InvalidRecord),
        (httpx.Response(401), StoreUnavailable),
        (httpx.Response(500), StoreUnavailable),
        (httpx.Response(404), InvalidRecord),
    ],
)
def test_what_is_no_fhir_is_said(tmp_path: Path, answer: httpx.Response, error: type[Exception]) -> None:
    server = FhirServer(BASE, client=httpx.Client(transport=httpx.MockTransport(lambda request: answer)))
    with pytest.raises(error):
        pull(server, tmp_path, ["p1"])
    assert not list(tmp_path.glob("*.json"))


@pytest.mark.parametrize("address", ["", "ehr.example", "file:///etc/passwd", "ftp://x/y"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(InvalidInput):
        FhirServer(address)


def test_bundles_are_whole_json(tmp_path: Path) -> None:
    (path,) = pull(Ehr().server(), tmp_path, ["p1"])
    assert json.loads(path.read_text())["entry"][0]["resource"]["id"] == "p1"
