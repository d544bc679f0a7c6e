"""The AG-UI door: its events, held against the models of the protocol's own package."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.test_app_api import Door, door
from tests.unit.test_app_scripted import PATIENT_ID

__all__ = ["door"]
core = pytest.importorskip("ag_ui.core")
adapter = pytest.importorskip("pydantic").TypeAdapter(core.Event)


def body(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    given = {"threadId": "t-1", "runId": "r-1", "state": {}, "messages": list(messages), "tools": [], "context": [],
             "forwardedProps": {"as_of": "2022-01-01"}, **fields}  # fmt: skip
    core.RunAgentInput.model_validate(given)  # what we are sent is what the protocol sends
    return given


def said(text: str) -> dict[str, Any]:
    return {"id": "m1", "role": "user", "content": text}


def run(door: Door, text: str) -> list[Any]:
    answer = door.client.post(f"/v1/patients/{PATIENT_ID}/agui", json=body(said(text)))
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    return [adapter.validate_python(json.loads(line)) for line in lines]


def test_a_run_has_its_steps_tools_text_and_result_in_order(door: Door) -> None:
    events = run(door, "weight trend")
    kinds = [event.type.value for event in events]
    assert kinds[0] == "RUN_STARTED" and kinds[-1] == "RUN_FINISHED"
    started = [e.step_name for e in events if e.type.value == "STEP_STARTED"]
    assert started and started == [e.step_name for e in events if e.type.value == "STEP_FINISHED"]
    calls = {e.tool_call_id for e in events if e.type.value == "TOOL_CALL_START"}
    assert calls == {e.tool_call_id for e in events if e.type.value == "TOOL_CALL_RESULT"} == {
        e.tool_call_id for e in events if e.type.value == "TOOL_CALL_END"
    }  # fmt: skip
    text = "".join(e.delta for e in events if e.type.value == "TEXT_MESSAGE_CONTENT")
    result = events[-1].result
    assert text.startswith(result["text"]) and result["citations"] and result["warnings"]
    assert all(warning in text for warning in result["warnings"])
    assert kinds.index("TEXT_MESSAGE_START") > max(i for i, kind in enumerate(kinds) if kind.startswith("TOOL"))


def test_a_fault_ends_the_run_without_its_text(door: Door) -> None:
    events = run(door, "crash SECRET-MARK")
    assert events[-1].type.value == "RUN_ERROR" and "SECRET-MARK" not in events[-1].message


@pytest.mark.parametrize(
    "messages",
    [[], [{"id": "a", "role": "assistant", "content": "hello"}], [{"id": "b", "role": "user", "content": []}]],
)
def test_without_a_question_nothing_is_run(door: Door, messages: list[dict[str, Any]]) -> None:
    assert door.client.post(f"/v1/patients/{PATIENT_ID}/agui", json=body(*messages)).status_code == 422


def test_an_unknown_patient_is_a_404(door: Door) -> None:
    assert door.client.post("/v1/patients/nobody/agui", json=body(said("weight?"))).status_code == 404
