"""The client held against the server's own description, and against the server."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from fastapi.testclient import TestClient

import charttwin_client
from app.access.callers import Role
from app.api.main import build_app
from app.assembly import Services
from app.settings import load_settings
from charttwin_client import AsyncChartTwin, ChartTwin, ChartTwinProblem, calls, models
from charttwin_client.calls import Call
from tests.unit.test_app_scripted import PATIENT_ID, scripted_services

# The client's name of a schema of the server, where the two differ.
NAMES = {"Patient": "PatientSummary", "Story": "StoryBody", "Job": "JobStatus"}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[TestClient, str]]:
    base, assistant = scripted_services(tmp_path)
    services = Services(load_settings(data_dir=base.settings.data_dir, access="keys"))
    services.provide(store=base.store, assistant=assistant, twin=base.twin, index=None)
    services.gate.register.add("a", frozenset({Role.INTEGRATOR}))
    services.gate.register.allow("a", PATIENT_ID)
    key = services.gate.register.issue_key("a")
    app = build_app(services, with_ui=False, warm=False)
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as http:
        yield http, key


def every_call() -> list[Call[Any]]:
    fillers: dict[str, Any] = {"int": 1, "str": "x", "str | None": "x", "bool": False, "Mapping[str, Any]": {"a": 1}}
    made = []
    for name, function in inspect.getmembers(calls, inspect.isfunction):
        if function.__module__ != calls.__name__ or name.startswith("_"):
            continue
        signature = inspect.signature(function)
        made.append(function(*(fillers.get(str(p.annotation), [{"id": "x"}]) for p in signature.parameters.values())))
    return made


def test_every_call_is_in_the_servers_description(door: tuple[TestClient, str]) -> None:
    described = door[0].get("/openapi.json").json()
    for call in every_call():
        path = call.template.replace("{model_id}", "{model_id}")
        operation = described["paths"].get(path, {}).get(call.method.lower())
        assert operation is not None, f"{call.method} {call.template} is not served"
        names = {p["name"] for p in operation.get("parameters", []) if p["in"] == "query"}
        assert set(call.query or {}) <= names
        if call.body is not None:
            ref = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
            assert set(call.body) <= set(described["components"]["schemas"][ref]["properties"])


def test_every_field_of_the_clients_models_is_the_servers(door: tuple[TestClient, str]) -> None:
    schemas = door[0].get("/openapi.json").json()["components"]["schemas"]
    for name, model in inspect.getmembers(models, inspect.isclass):
        if not issubclass(model, models._Answered) or name in ("_Answered", "Event"):
            continue
        served = schemas.get(NAMES.get(name, name)) or schemas.get(f"{NAMES.get(name, name)}-Output")
        assert served is not None, f"the server has no schema for {name}"
        assert set(model.model_fields) <= set(served["properties"]), name


def test_answers_streams_and_refusals(door: tuple[TestClient, str]) -> None:
    http, key = door
    with ChartTwin("http://127.0.0.1:7860", key, http=http) as client:  # type: ignore[arg-type]
        assert client.whoami().subject == "a" and client.patients()[0].id == PATIENT_ID
        assert client.patient(PATIENT_ID).counts
        answer = client.ask(PATIENT_ID, "weight trend", idempotency_key="k")
        assert answer.citations[0].evidence.ref.startswith("Observation/")
        assert client.evidence(PATIENT_ID, answer.citations[0].evidence.ref)["rows"]
        events = list(client.stream(PATIENT_ID, "weight trend"))
        assert events[-1].kind == "answer" and events[-1].data["text"] == answer.text
        assert any(card.id == "bmi" for card in client.list_models())
        run = client.run_model("bmi", {"weight_kg": 80, "height_cm": 180})
        assert run.outputs and client.calculate("Weight 80 kg, height 180 cm.", "BMI?").calculator
        (asked,) = client.ask_many([{"id": "1", "patient_id": PATIENT_ID, "question": "weight trend"}])
        assert asked["answer"]["text"] == answer.text
        for refused, kind in (
            (lambda: client.patient("x"), "not_permitted"),
            (lambda: client.run_model("none", {}), "unknown_model"),
        ):
            with pytest.raises(ChartTwinProblem) as problem:
                refused()
            assert problem.value.kind == kind


def test_the_asynchronous_client(door: tuple[TestClient, str]) -> None:
    http, key = door

    async def go() -> None:
        transport = httpx.ASGITransport(app=http.app)  # type: ignore[arg-type]
        async with AsyncChartTwin(
            "", key, http=httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860")
        ) as client:
            answer = await client.ask(PATIENT_ID, "weight trend")
            events = [event async for event in client.stream(PATIENT_ID, "weight trend")]
            assert events[-1].data["text"] == answer.text
            assert (await client.send(calls.whoami())).subject == "a"

    asyncio.run(go())


def test_the_client_stands_alone() -> None:
    folder = Path(charttwin_client.__file__).parent
    ours = ("app", "agents", "tools", "domain", "knowledge_base", "nlp_pipeline", "twin_backend", "evals")
    for path in folder.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not any(f"from {name}" in text or f"import {name}" in text for name in ours), path.name
    assert get_args(Call.__orig_bases__[0])  # type: ignore[attr-defined]
