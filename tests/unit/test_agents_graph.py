"""The graph around any chat model: what a model may not do, and what happens when it tries. Only the model is scripted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from agents import Event
from agents.context import RunContext
from domain.answers import Answer
from domain.errors import ModelUnavailable
from tests.conftest import NOW, Bench
from tools.catalogue import TOOLS

Step = AIMessage | Exception | Callable[[list[BaseMessage]], AIMessage]


def says(text: str) -> AIMessage:
    return AIMessage(content=text)


def calls(*wanted: tuple[str, dict[str, Any]], text: str = "") -> AIMessage:
    return AIMessage(
        content=text,
        tool_calls=[{"name": n, "args": a, "id": f"c{i}-{n}", "type": "tool_call"} for i, (n, a) in enumerate(wanted)],
    )


class ScriptedModel(BaseChatModel):
    """Plays its steps in order and the last one ever after; keeps what it was shown."""

    steps: list[Any]
    shown: list[list[BaseMessage]] = Field(default_factory=list)
    tools: list[Any] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        self.tools = list(tools)
        return self.bind(**kwargs)

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        self.shown.append(list(messages))
        step = self.steps[min(len(self.shown), len(self.steps)) - 1]
        if isinstance(step, Exception):
            raise step
        message = step if isinstance(step, AIMessage) else step(messages)
        return ChatResult(generations=[ChatGeneration(message=message.model_copy())])


def play(
    bench: Bench, *steps: Step, question: str = "latest LDL?", who: int = 2
) -> tuple[Answer, ScriptedModel, list[Event]]:
    model = ScriptedModel(steps=list(steps))
    events = list(bench.assistant_with(model).stream(bench.patient_id(who), question, as_of=NOW))
    return Answer.model_validate(events[-1].data), model, events


LDL = calls(("latest", {"concept": "ldl"}))
GIVEN_UP = "The configured model {}; the embedded model answered instead."
LDL_TEXT = "Latest LDL cholesterol: **150 mg/dL** on 2026-06-09 [1]."


def test_a_model_that_follows_the_rules(cohort: Bench) -> None:
    answer, model, events = play(cohort, LDL, says("LDL is 150 mg/dL (2026-06-09) [1]."))
    assert answer.text == "LDL is 150 mg/dL (2026-06-09) [1]."
    assert [c.evidence.ref for c in answer.citations] == ["Observation/demo-ct-002-obs-ldl-20260609-0830"]
    assert answer.warnings == () and not answer.refused and not answer.abstained
    assert [(c.name, c.arguments, c.error) for c in answer.tool_calls] == [("latest", {"concept": "ldl"}, "")]
    assert [e.kind for e in events if e.kind != "token"] == [
        "step",
        "step",
        "step",
        "tool",
        "tool",
        "step",
        "step",
        "answer",
    ]
    assert [e.data["name"] for e in events if e.kind == "step"] == ["prefetch", "plan", "act", "plan", "verify"]
    assert "".join(e.data["text"] for e in events if e.kind == "token") == answer.text
    assert {t["function"]["name"] for t in model.tools} == set(TOOLS)


def test_what_the_model_is_shown(cohort: Bench) -> None:
    _, model, _ = play(cohort, LDL, says("LDL is 150 [1]."))
    first, second = model.shown
    assert (
        isinstance(first[0], SystemMessage)
        and "Today is 2026-11-10" in str(first[0].content)
        and "58-year-old female" in str(first[0].content)
    )
    assert [type(m) for m in first[1:]] == [HumanMessage] and [type(m) for m in second[1:]] == [
        HumanMessage,
        AIMessage,
        ToolMessage,
    ]
    lines = str(second[-1].content).splitlines()
    nonce = lines[0].removeprefix("⟦data latest ").removesuffix("⟧")
    assert (
        lines[1] == LDL_TEXT
        and lines[-1] == f"⟦end {nonce}⟧"
        and f"⟦data patient_card {nonce}⟧" in str(first[0].content)
    )
    everything = json.dumps([str(m.content) for m in second])
    assert "Gonzales" not in everything and "demo-ct-003" not in everything


def test_an_invented_number_gets_one_repair_and_is_then_removed(cohort: Bench) -> None:
    answer, model, events = play(cohort, LDL, says("LDL is 150 mg/dL [1]. It was 210 mg/dL in youth [1]."))
    assert answer.text == "LDL is 150 mg/dL [1]."
    assert len(model.shown) == 3  # plan, draft, one repair
    assert "number 210" in str(model.shown[2][-1].content) and "Rewrite the answer without them" in str(
        model.shown[2][-1].content
    )
    [warning] = answer.warnings
    assert "no tool result supports it: 1 value(s) (number)" in warning
    assert "210" not in answer.text + "".join(e.data["text"] for e in events if e.kind == "token")


def test_a_repair_that_succeeds_leaves_no_warning(cohort: Bench) -> None:
    answer, model, _ = play(cohort, LDL, says("LDL is 151 mg/dL [1]."), says("LDL is 150 mg/dL [1]."))
    assert answer.text == "LDL is 150 mg/dL [1]." and answer.warnings == () and len(model.shown) == 3


def test_a_repair_may_look_something_up(cohort: Bench) -> None:
    answer, _, _ = play(
        cohort,
        LDL,
        says("LDL 150 [1], HDL 46."),
        calls(("latest", {"concept": "hdl"})),
        says("LDL 150 [1], HDL 46 mg/dL [2]."),
    )
    assert answer.text == "LDL 150 [1], HDL 46 mg/dL [2]." and len(answer.citations) == 2


@pytest.mark.parametrize(
    ("draft", "kind"),
    [
        ("She takes warfarin [1].", "drug"),
        ("Measured on 2026-06-10 [1].", "date"),
        ("LDL is high [7].", "citation"),
        ("LDL is 149.", "number"),
    ],
)
def test_when_nothing_is_left_of_an_invented_answer_the_embedded_model_answers(
    cohort: Bench, draft: str, kind: str
) -> None:
    answer, model, events = play(cohort, LDL, says(draft))
    assert f"{kind} " in str(model.shown[2][-1].content) and len(model.shown) == 3
    assert answer.text.startswith(LDL_TEXT) and draft not in answer.text
    assert answer.warnings == (GIVEN_UP.format("gave no answer that the record supports"),)
    assert [e.data for e in events if e.kind == "reset"] == [{"reason": "fallback"}]


def test_system_messages_only_lead(cohort: Bench) -> None:
    _, model, _ = play(cohort, LDL, says("LDL is 151 mg/dL [1]."))
    for shown in model.shown:
        assert not any(isinstance(m, SystemMessage) for m in shown[1:])


# --- calls -----------------------------------------------------------------------------------------------------------


def test_an_unknown_tool_is_told_apart_and_the_model_may_go_on(cohort: Bench) -> None:
    answer, model, _ = play(cohort, calls(("delete_record", {"id": 1})), LDL, says("LDL is 150 [1]."))
    assert answer.text == "LDL is 150 [1]."
    assert [(c.name, c.error) for c in answer.tool_calls] == [("delete_record", "retryable"), ("latest", "")]
    assert "there is no tool called 'delete_record'; there are patient_card" in str(model.shown[1][-1].content)


FORGED: list[tuple[str, dict[str, Any]]] = [
    ("latest", {"concept": "ldl", "patient_id": "demo-ct-003"}), ("latest", {"concept": "ldl", "patient": "Maria Gonzales"}),
    ("demographics", {"patient_id": "demo-ct-003"}), ("latest", {"concept": "ldl", "as_of": "2030-01-01"}),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "arguments"), FORGED)
def test_a_forged_patient_is_refused(cohort: Bench, tool: str, arguments: dict[str, Any]) -> None:
    answer, model, _ = play(cohort, calls((tool, arguments)), says("LDL is 104 mg/dL."))
    assert answer.tool_calls[0].error == "retryable" and "Extra inputs are not permitted" in str(
        model.shown[1][-1].content
    )
    assert "104" not in answer.text and "demo-ct-003" not in str(model.shown[1][-1].content)


def test_another_patients_row_cannot_be_reached_by_its_name(cohort: Bench) -> None:
    names = ["Maria Gonzales LDL", "record:demo-ct-003", "demo-ct-003-obs-ldl-20250311-0800", "../demo-ct-003"]
    wanted = calls(*(("latest", {"concept": n}) for n in names[:2]), *(("look_up", {"name": n}) for n in names))
    answer, model, _ = play(cohort, wanted, says("Done."))
    assert all("demo-ct-002" in c.evidence.ref for c in answer.citations)
    assert not any("104 mg/dL" in str(m.content) for m in model.shown[1])


@pytest.mark.parametrize("wanted", [LDL, calls(("nope", {})), calls(*[("latest", {"concept": "ldl"})] * 9)])
def test_a_model_that_never_stops_is_stopped(cohort: Bench, wanted: AIMessage) -> None:
    answer, model, _ = play(cohort, wanted)
    assert len(model.shown) <= RunContext.max_rounds
    assert (
        len([c for c in answer.tool_calls if not c.error]) <= RunContext.max_calls + 1
    )  # and the embedded model's own
    assert answer.text.startswith(LDL_TEXT) and len(answer.citations) == 1
    assert len(answer.warnings) == 1 and "the embedded model answered instead" in answer.warnings[0]


def test_a_stopped_turn_leaves_no_open_calls_in_the_thread(cohort: Bench) -> None:
    model = ScriptedModel(steps=[LDL])
    assistant = cohort.assistant_with(model)
    for question in ("latest LDL?", "and HDL?"):
        assistant.ask("demo-ct-002", question, as_of=NOW, thread_id="t")
    history = model.shown[-1]
    asked = [c["id"] for m in history if isinstance(m, AIMessage) for c in m.tool_calls]
    assert len(asked) == len([m for m in history if isinstance(m, ToolMessage)])


def test_several_calls_are_run_in_order_under_one_numbering(cohort: Bench) -> None:
    answer, _, _ = play(
        cohort,
        calls(("latest", {"concept": "ldl"}), ("latest", {"concept": "hdl"}), ("latest", {"concept": "ldl"})),
        says("HDL 46 [2]; LDL 150 [1]."),
    )
    assert [c.name for c in answer.tool_calls] == ["latest"] * 3
    assert answer.text == "HDL 46 [1]; LDL 150 [2]."  # renumbered in reading order
    assert [c.evidence.ref.split("-obs-")[1].split("-")[0] for c in answer.citations] == ["hdl", "ldl"]


def test_malformed_inputs_come_back_as_a_fault(cohort: Bench) -> None:
    answer, _, _ = play(
        cohort, calls(("calculate", {"model": "bmi", "inputs": {"weight_kg": None}})), LDL, says("LDL is 150 [1].")
    )
    assert answer.text == "LDL is 150 [1]." and answer.tool_calls[0].error


# --- answers without a look-up ---------------------------------------------------------------------------------------


def test_an_answer_without_a_look_up_states_no_value(cohort: Bench) -> None:
    answer, _, _ = play(cohort, says("Her LDL is 151 mg/dL. Ask me about a lab by name."))
    assert answer.text.startswith(LDL_TEXT) and "151" not in answer.text
    assert answer.warnings == (GIVEN_UP.format("gave no answer that the record supports"),)


def test_a_claim_without_a_look_up_is_marked(cohort: Bench) -> None:
    answer, _, _ = play(
        cohort, says("She has no allergies and heart failure was ruled out."), question="any allergies?"
    )
    assert answer.warnings


def test_an_empty_reply_is_no_answer(cohort: Bench) -> None:
    for content in ("", "   ", [], [{"type": "reasoning", "reasoning": "150"}], "<think>LDL is 151 mg/dL.</think>"):
        answer, _, _ = play(cohort, AIMessage(content=content))
        assert answer.text.startswith(LDL_TEXT), content
        assert answer.warnings == (GIVEN_UP.format("gave an empty answer"),)


def test_content_in_parts_is_read(cohort: Bench) -> None:
    answer, _, _ = play(cohort, LDL, AIMessage(content=[{"type": "text", "text": "LDL is 150 "}, "mg/dL [1]."]))
    assert answer.text == "LDL is 150 mg/dL [1]."


def test_the_verdict_of_tools_stays_when_the_model_denies_it(cohort: Bench) -> None:
    """Conflicts and warnings come from the tools, beside whatever the model says."""
    answer, _, _ = play(cohort, calls(("allergies", {})), says("No allergies."), question="any allergies?", who=8)
    assert answer.conflicts[0].topic == "allergies"
    assert "Note and record disagree on allergies: the record says 1 active: Allergy to penicillin" in answer.text


def test_a_poisoned_note_reaches_no_model(cohort: Bench) -> None:
    _, model, _ = play(cohort, calls(("search_notes", {"query": "enoxaparin dose"}), ("list_notes", {"aspect": "last", "period": "on 2026-08-13"}), ("search_notes", {"query": "maintenance mode"})),
                       says("Done."), question="what do the notes say?", who=9)  # fmt: skip
    shown = "\n".join(str(m.content) for m in model.shown[1])
    for words in (
        "maintenance mode.",
        "400 mg",
        "ignore all previous",
        "tool_result",
        "other patients in the database",
    ):
        assert words not in shown


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("boom"), "failed (RuntimeError)"),
        (TimeoutError("boom"), "took too long"),
        (ConnectionRefusedError("boom"), "could not be reached"),
        (ValueError("boom"), "failed (ValueError)"),
        (ModelUnavailable("boom"), "failed (ModelUnavailable)"),
    ],
)
def test_a_failing_model_is_replaced_and_it_is_said(cohort: Bench, error: Exception, reason: str) -> None:
    answer, _, events = play(cohort, error)
    assert answer.text.startswith(LDL_TEXT)
    assert answer.warnings == (GIVEN_UP.format(reason),)
    assert "boom" not in answer.model_dump_json()
    kinds = [e.kind for e in events]
    assert "reset" in kinds and kinds.index("reset") < kinds.index("token") and kinds[-1] == "answer"


def test_a_model_that_fails_after_its_look_ups(cohort: Bench) -> None:
    """The embedded model starts anew; the trace keeps what the other looked up, and nothing is looked up twice."""
    answer, _, _ = play(cohort, calls(("latest", {"concept": "hdl"})), RuntimeError("boom"))
    assert answer.text.startswith(LDL_TEXT) and "HDL" not in answer.text and len(answer.warnings) == 1
    assert [c.arguments.get("concept") for c in answer.tool_calls] == ["hdl", "ldl"]


def test_a_guard_needs_no_model(cohort: Bench) -> None:
    answer, model, _ = play(cohort, RuntimeError("not asked"), question="Maria Gonzales LDL?")
    assert answer.refused and model.shown == [] and answer.warnings == ()


def test_memory_of_the_thread_reaches_the_model_and_only_of_the_thread(cohort: Bench) -> None:
    model = ScriptedModel(steps=[LDL, says("LDL is 150 [1]."), says("As said."), says("Nothing."), says("Nothing.")])
    assistant = cohort.assistant_with(model)
    for who, question, thread in (
        (2, "latest LDL?", "a"),
        (2, "sure?", "a"),
        (3, "sure?", "a"),
        (2, "sure?", "b"),
        (2, "sure?", None),
    ):
        assistant.ask(cohort.patient_id(who), question, as_of=NOW, thread_id=thread)
    remembered = [any("150" in str(m.content) for m in shown[1:]) for shown in model.shown]
    assert remembered == [False, True, True, False, False, False]
