"""The twin over HTTP: the same answers and the same errors as in this process."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.twin_only import build_twin_app
from app.assembly import Services
from app.settings import load_settings
from domain.errors import ChartTwinError, InvalidInput, ModelUnavailable, UnknownEvidence
from domain.facts import Evidence
from domain.patient import Covariate
from domain.predictions import ModelRun, Scenario
from domain.quantities import Quantity
from tests.unit.test_twin_contract import CITED, EGFR, LEVEL, TO_VANCOMYCIN, VANCOMYCIN
from twin_backend import TwinBackend, build_twin
from twin_backend.remote import RemoteTwin

LOCAL = build_twin(seed=3)
ADDRESS = "http://127.0.0.1:7861"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = load_settings(data_dir=tmp_path_factory.mktemp("twin"), seed=3)
    with TestClient(build_twin_app(Services(settings)), base_url=ADDRESS, raise_server_exceptions=False) as found:
        yield found


@pytest.fixture(scope="module")
def remote(client: TestClient) -> RemoteTwin:
    return RemoteTwin(ADDRESS, client)


def timeless(value: Any) -> Any:
    """Without how long it took, which is the one thing that differs."""
    if isinstance(value, dict):
        return {key: timeless(one) for key, one in value.items() if key != "wall_time_ms"}
    if isinstance(value, (list, tuple)):
        return [timeless(one) for one in value]
    return timeless(value.model_dump()) if hasattr(value, "model_dump") else value


COVARIATE = Covariate(
    name="creatinine_mg_dl", value=Quantity(value=106.1, unit="umol/L"), time=datetime(2024, 5, 1, tzinfo=UTC),
    origin="resource", evidence=Evidence(ref="Observation/17", quote="Creatinine"), note="fasting",
)  # fmt: skip
WORSE = [
    Scenario(name="worse", changes={"creatinine_mg_dl": {"multiply": 2}}),
    Scenario(name="b", changes={"age_years": 40}),
]
CALLS: dict[str, Callable[[TwinBackend], Any]] = {
    "catalogue": lambda twin: twin.catalogue(),
    "describe by alias": lambda twin: twin.describe("vanc auc"),
    "describe with a slash": lambda twin: twin.describe("CHA₂DS₂-VASc"),
    "predict": lambda twin: twin.predict("egfr", EGFR, scenario="now"),
    "a covariate": lambda twin: twin.predict("egfr", {**EGFR, "creatinine_mg_dl": COVARIATE}),
    "a quantity": lambda twin: twin.predict("egfr", {**EGFR, "age_years": Quantity(value=55, unit="a")}),
    "a mapping": lambda twin: twin.predict("egfr", {**EGFR, "creatinine_mg_dl": CITED}),
    "simulate": lambda twin: twin.simulate("vanco", VANCOMYCIN),
    "compare": lambda twin: twin.compare("egfr", EGFR, WORSE),
    "compare ensembles": lambda twin: twin.compare("vanco", VANCOMYCIN, WORSE),
    "what if": lambda twin: twin.what_if("egfr", EGFR, {"age_years": {"add": 5}}),
    "chains": lambda twin: twin.chains(),
    "joined by name": lambda twin: twin.joined(TO_VANCOMYCIN.name, VANCOMYCIN, WORSE),
    "joined": lambda twin: twin.joined(TO_VANCOMYCIN, VANCOMYCIN),
    "calibrate": lambda twin: twin.calibrate("vanco", VANCOMYCIN, [LEVEL]),
    "tornado": lambda twin: twin.sensitivity("egfr", EGFR),
    "tornado over ranges": lambda twin: twin.sensitivity("egfr", EGFR, ranges={"age_years": [40, 60]}, output="egfr"),
    "run": lambda twin: twin.run(twin.predict("egfr", EGFR).id),
    "explain": lambda twin: twin.explain(twin.predict("egfr", {**EGFR, "creatinine_mg_dl": CITED}).id).text,
    "replay": lambda twin: twin.replay(twin.simulate("vanco", VANCOMYCIN).id),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_remote_twin_answers_as_the_local_one(remote: RemoteTwin, call: Callable[[TwinBackend], Any]) -> None:
    assert isinstance(remote, TwinBackend)
    here, there = call(LOCAL), call(remote)
    assert type(here) is type(there) and timeless(here) == timeless(there)


FAULTS: dict[str, Callable[[TwinBackend], Any]] = {
    "unknown model": lambda twin: twin.predict("chadsvasx", {}),
    "unknown model described": lambda twin: twin.describe("no/such model?"),
    "missing": lambda twin: twin.predict("egfr", {"age_years": 55}),
    "outside": lambda twin: twin.predict("egfr", {**EGFR, "age_years": 10}),
    "impossible": lambda twin: twin.predict("egfr", {**EGFR, "creatinine_mg_dl": 88, "age_years": -1}),
    "wrong unit": lambda twin: twin.predict("egfr", {**EGFR, "creatinine_mg_dl": {"value": 1, "unit": "kg"}}),
    "unknown input": lambda twin: twin.predict("egfr", {**EGFR, "height": 3}),
    "no simulation": lambda twin: twin.simulate("egfr", EGFR),
    "equal names": lambda twin: twin.compare("egfr", EGFR, [Scenario(name="a"), Scenario(name="a")]),
    "nothing to move": lambda twin: twin.what_if("egfr", EGFR, {"sex": {"add": 1}}),
    "no chain": lambda twin: twin.joined("nonsense", {}),
    "no learner": lambda twin: twin.calibrate("egfr", EGFR, [LEVEL]),
    "no levels": lambda twin: twin.calibrate("vanco", VANCOMYCIN, []),
    "no method": lambda twin: twin.sensitivity("egfr", EGFR, method="guess"),
    "no run": lambda twin: twin.explain("0" * 16),
}


@pytest.mark.parametrize("call", FAULTS.values(), ids=FAULTS)
def test_the_remote_twin_fails_as_the_local_one(remote: RemoteTwin, call: Callable[[TwinBackend], Any]) -> None:
    with pytest.raises(ChartTwinError) as here:
        call(LOCAL)
    with pytest.raises(ChartTwinError) as there:
        call(remote)
    assert type(here.value) is type(there.value)
    if not isinstance(here.value, UnknownEvidence):  # whose words name the kind of store
        assert here.value.message == there.value.message
    for name in ("missing", "accepted", "outside", "unknown"):
        assert here.value.details.get(name) in (there.value.details.get(name), [])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_json_cannot_hold_is_refused_here(remote: RemoteTwin, bad: float) -> None:
    with pytest.raises(InvalidInput):
        remote.predict("egfr", {**EGFR, "age_years": bad})


def test_a_faulty_body_is_an_invalid_input(remote: RemoteTwin) -> None:
    with pytest.raises(InvalidInput, match="samples"):
        remote.sensitivity("egfr", EGFR, samples=10**6)


def test_a_server_that_is_not_there_is_said_with_what_to_do() -> None:
    with socket.socket() as held:  # bound and not listening: nobody answers
        held.bind(("127.0.0.1", 0))
        twin = RemoteTwin(f"http://127.0.0.1:{held.getsockname()[1]}")
        with pytest.raises(ModelUnavailable, match="charttwin twin serve"):
            twin.catalogue()
        twin.close()
        with pytest.raises(ModelUnavailable):
            twin.catalogue()


class Replies:
    """A client that answers one thing, whatever is asked."""

    def __init__(self, status: int, body: Any) -> None:
        self.status_code, self._body = status, body

    def request(self, method: str, url: str, json: Any = None) -> Replies:
        return self

    def json(self) -> Any:
        if isinstance(self._body, ValueError):
            raise self._body
        return self._body


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, {"hello": 1}), (200, ValueError("no JSON")), (500, ["?"]), (500, {"kind": "internal_error"}), (404, {"detail": "nginx"})],
)  # fmt: skip
def test_another_server_at_the_address_is_not_believed(status: int, body: Any) -> None:
    with pytest.raises(ModelUnavailable):
        RemoteTwin(ADDRESS, Replies(status, body)).predict("egfr", EGFR)


def test_the_twin_alone_serves_no_record_and_says_what_it_serves(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"} and "openapi.json" in client.get("/docs").text
    paths = set(client.get("/openapi.json").json()["paths"])
    assert {"/v1/twin/models", "/v1/twin/runs/{run_id}/explanation", "/v1/twin/joined"} <= paths
    assert not [path for path in paths if "patients" in path]
    assert client.get("/v1/patients").status_code == 404
    assert client.get("/v1/twin/models", headers={"host": "evil.example"}).status_code == 421


def test_the_application_may_use_a_twin_elsewhere(tmp_path: Path) -> None:
    services = Services(load_settings(data_dir=tmp_path, twin_url=ADDRESS))
    assert isinstance(services.twin, RemoteTwin)
    services.close()
    assert not list(tmp_path.iterdir())


def test_runs_of_the_application_outlive_it(tmp_path: Path) -> None:
    services = Services(load_settings(data_dir=tmp_path / "new"))
    run = services.twin.predict("egfr", EGFR)
    services.close()
    again = Services(load_settings(data_dir=tmp_path / "new"))
    found: ModelRun = again.twin.run(run.id)
    assert found == run
    again.close()


def test_where_nothing_can_be_written_the_twin_still_answers(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    services = Services(load_settings(data_dir=tmp_path / "file" / "data"))
    assert services.twin.run(services.twin.predict("egfr", EGFR).id).model_id == "ckd_epi_2021_creatinine"
