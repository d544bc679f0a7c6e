"""Conversations over REST and at the terminal: the caller's own, and of these those about patients in reach."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from agents.memory import Conversations
from app.access.callers import Role
from app.api.main import build_app
from app.assembly import Services
from app.dates import now
from app.settings import load_settings
from domain.errors import InvalidInput
from tests.memory_bench import KEY, OTHER_KEY, Talk
from tests.unit.conftest import Ran
from tests.unit.test_app_scripted import PATIENT_ID, scripted_services


class Door:
    """The API in local mode over a memory with three conversations."""

    def __init__(self, client: TestClient, services: Services) -> None:
        self.client, self.talk = client, Talk(services.memory)
        self.talk.ask("local", PATIENT_ID, "t", "first")
        self.talk.ask("local", PATIENT_ID, "t", "second")
        self.talk.ask("somebody", PATIENT_ID, "t", "not yours")
        self.mine = self.talk.memory.list("local")[0].id
        self.theirs = self.talk.memory.list("somebody")[0].id


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    services, _ = scripted_services(tmp_path)
    services.provide(memory=Conversations())
    app = build_app(services, with_ui=False, warm=False)
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        yield Door(client, services)


def test_the_callers_conversations_are_listed(door: Door) -> None:
    listed = door.client.get("/v1/threads").json()
    assert [(t["id"], t["title"], t["turns"], t["patient_id"]) for t in listed] == [(door.mine, "first", 2, PATIENT_ID)]
    assert door.client.get("/v1/threads", params={"patient_id": PATIENT_ID}).json() == listed
    assert door.client.get("/v1/threads", params={"patient_id": "somebody-else"}).json() == []


def test_a_conversation_is_read_and_exported(door: Door) -> None:
    found = door.client.get(f"/v1/threads/{door.mine}").json()
    assert [e["question"] for e in found["entries"]] == ["first", "second"]
    assert found["entries"][0]["answer"]["citations"][0]["evidence"]["ref"] == "Observation/o1"
    file = door.client.get(f"/v1/threads/{door.mine}/export")
    assert file.headers["content-disposition"] == f'attachment; filename="conversation-{door.mine}.json"'
    assert file.json() == found and file.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["{theirs}", "{theirs}/export", "t-" + "0" * 32, "t", "..%2f"])
def test_what_is_not_the_callers_is_not_found(door: Door, path: str) -> None:
    response = door.client.get(f"/v1/threads/{path.format(theirs=door.theirs)}")
    assert response.status_code == 404 and response.json()["kind"] in {"unknown_thread", "not_found"}
    assert "not yours" not in response.text


def test_conversations_are_deleted(door: Door) -> None:
    assert door.client.delete(f"/v1/threads/{door.theirs}").status_code == 404
    assert door.client.delete(f"/v1/threads/{door.mine}").status_code == 204
    assert door.client.get(f"/v1/threads/{door.mine}").status_code == 404
    door.talk.ask("local", PATIENT_ID, "t", "again")
    assert door.client.delete("/v1/threads").status_code == 422
    assert door.client.delete("/v1/threads", params={"patient_id": "p", "everything": True}).status_code == 422
    assert door.client.delete("/v1/threads", params={"patient_id": PATIENT_ID}).json() == {"deleted": 1}
    assert door.client.delete("/v1/threads", params={"everything": True}).json() == {"deleted": 0}
    assert door.talk.memory.read("somebody", door.theirs).turns == 1


def test_a_conversation_that_is_busy_is_a_conflict_to_try_again() -> None:
    from app.api.problems import problem_of
    from domain.errors import ThreadBusy

    assert problem_of(ThreadBusy("wait")).status_code == 409


def test_a_patient_who_went_out_of_reach_takes_the_conversation_along(tmp_path: Path) -> None:
    base, _ = scripted_services(tmp_path)
    settings = load_settings(data_dir=base.settings.data_dir, access="keys")
    services = Services(settings).provide(store=base.store, assistant=base.assistant, twin=base.twin, index=None)
    services.provide(memory=Conversations())
    register = services.gate.register
    register.add("dr-a", frozenset({Role.CLINICIAN}))
    register.allow("dr-a", PATIENT_ID)
    key = register.issue_key("dr-a")
    talk = Talk(services.memory)
    talk.ask("dr-a", PATIENT_ID, "t", "mine")
    talk.ask("dr-a", "p-elsewhere", "t", "no longer mine to see")
    app = build_app(services, with_ui=False, warm=False)
    with TestClient(app, base_url="http://127.0.0.1:7860", headers={"authorization": f"Bearer {key}"}) as client:
        assert [t["title"] for t in client.get("/v1/threads").json()] == ["mine"]
        elsewhere = next(t.id for t in talk.memory.list("dr-a") if t.patient_id == "p-elsewhere")
        refused = client.get(f"/v1/threads/{elsewhere}")
        assert refused.status_code == 403 and "no longer mine" not in refused.text
        assert client.get("/v1/threads", headers={"authorization": "Bearer none"}).status_code == 401


# --- the terminal ----------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(run: Callable[..., Ran], tmp_path: Path) -> tuple[Path, str]:
    """A data directory with a sealed conversation of two turns, and its id."""
    services, _ = scripted_services(tmp_path)
    talk = Talk(Conversations(services.settings.conversations_path))
    talk.ask("local", PATIENT_ID, "t", "first")
    talk.ask("local", PATIENT_ID, "t", "second")
    talk.ask("dr-a", PATIENT_ID, "t", "third")
    return services.settings.data_dir, talk.memory.list("local")[0].id


def test_the_commands(run: Callable[..., Ran], kept: tuple[Path, str], tmp_path: Path) -> None:
    data, thread = kept
    listed = run("threads", "list", "--data-dir", data)
    assert listed.code == 0 and thread in listed.out and "first" in listed.out and "third" not in listed.out
    assert json.loads(run("threads", "list", "--json", "--data-dir", data).out)["turns"] == 2
    shown = run("threads", "show", thread, "--no-color", "--data-dir", data)
    assert shown.out.index("1. first") < shown.out.index("answer to first") < shown.out.index("2. second")
    exported = run("threads", "export", thread, "--out", tmp_path / "c.json", "--data-dir", data)
    assert exported.code == 0 and json.loads((tmp_path / "c.json").read_text())["entries"][1]["question"] == "second"
    assert (tmp_path / "c.json").stat().st_mode & 0o077 == 0
    again = run("threads", "export", thread, "--out", tmp_path / "c.json", "--data-dir", data)
    assert again.code == 2 and "name a new file" in again.err
    assert run("threads", "show", thread, "--owner", "dr-a", "--data-dir", data).code == 2
    assert run("threads", "delete", "--data-dir", data).code == 2
    assert run("threads", "delete", thread, "--data-dir", data).out == "1 conversation deleted\n"
    assert run("threads", "show", thread, "--data-dir", data).code == 2
    assert run("threads", "delete", "--patient", PATIENT_ID, "--data-dir", data).out == "1 conversation deleted\n"


def test_a_data_directory_that_is_not_there_is_not_made(run: Callable[..., Ran], tmp_path: Path) -> None:
    ran = run("threads", "list", "--data-dir", tmp_path / "none")
    assert ran.code == 2 and not (tmp_path / "none").exists()


# --- settings --------------------------------------------------------------------------------------------------------


def open_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> Conversations:
    for name, value in environment.items():
        monkeypatch.setenv(f"CHARTTWIN_MEMORY_{name.upper()}", value)
    return Services(load_settings(data_dir=tmp_path)).memory


def test_the_settings_open_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Talk(open_memory(tmp_path, monkeypatch, key=KEY)).ask("a", "p", "t", "q")
    rotated = open_memory(tmp_path, monkeypatch, key=OTHER_KEY, old_keys=f" {KEY}, ")
    assert rotated.list("a")[0].turns == 1
    assert KEY not in repr(load_settings(data_dir=tmp_path))


def test_what_is_too_old_goes_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(open_memory(tmp_path, monkeypatch))
    for name, days in (("old", 40), ("new", 20)):
        minutes = int((now() - timedelta(days=days)).timestamp() - _start()) // 60
        talk.ask("a", "p", name, "q", minutes=minutes)
    assert [t.name for t in open_memory(tmp_path, monkeypatch, days="30").list("a")] == ["new"]


def _start() -> float:
    from tests.memory_bench import START_OF_TIME

    return START_OF_TIME.timestamp()


@pytest.mark.parametrize("setting", [{"key": "hunter2"}, {"url": "mongodb://x"}])
def test_a_setting_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        open_memory(tmp_path, monkeypatch, **setting)
    assert not any(value in refused.value.message for value in setting.values())
