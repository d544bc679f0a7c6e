"""Questions that span specialists: split, worked on side by side, put together; bounded, and no part loses another."""

from __future__ import annotations

import functools
import re
import threading
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agents import Event
from agents.context import RunContext
from agents.graph import build_graph
from agents.specialists.roster import ROSTER, by_name, specialist_of
from agents.specialists.splitting import Split, clauses, may_span, split_question
from agents.specialists.supervisor import checked_split
from agents.state import in_order
from domain.answers import Answer
from tests.conftest import NOW, Bench
from tests.unit.test_agents_graph import ScriptedModel, calls, says
from tools import catalogue
from tools.catalogue import TOOLS

SPANNING = "why did her creatinine rise, and what would her vancomycin AUC be if it reaches 2?"


def ask(bench: Bench, who: int, question: str, **more: Any) -> tuple[Answer, list[Event]]:
    events = list(bench.assistant.stream(bench.patient_id(who), question, as_of=NOW, **more))
    return Answer.model_validate(events[-1].data), events


# --- roster ----------------------------------------------------------------------------------------------------------


def test_every_tool_belongs_to_a_specialist_and_none_is_invented() -> None:
    assert {t for s in ROSTER for t in s.tools} == set(TOOLS)
    assert all(specialist_of(t) in {s.name for s in ROSTER} for t in TOOLS)
    assert all(len(s.prompt) > 100 and len(set(s.tools)) == len(s.tools) for s in ROSTER)


# --- splitting -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def split(cohort: Bench) -> Any:
    planner = cohort.assistant.__dict__.get("_planner") or _planner(cohort)

    def of(who: int, question: str) -> Split | None:
        if not may_span(question):
            return None
        return split_question(question, planner, RunContext(tools=cohort.context(who)))

    return of


def _planner(bench: Bench) -> Any:
    from agents.models import build_embedded_model

    return getattr(build_embedded_model(bench.twin, bench.index.embedder if bench.index else None), "planner")  # noqa: B009


CASES: list[tuple[int, str, list[tuple[str, str, dict[str, Any]]]]] = [
    (1, SPANNING, [
        ("chart", "possible_causes", {"concept": "creatinine", "direction": "rise"}),
        ("simulation", "compare_plans", {"drug": "vancomycin", "propose": "current", "conditions": {"creatinine_mg_dl": {"value": 2.0, "unit": "mg/dL"}}}),
    ]),
    (1, "If his creatinine reaches 2.5, what would his eGFR be and what would the vancomycin AUC be?", [
        ("simulation", "what_if", {"model": "ckd_epi_2021_creatinine", "scenarios": [{"changes": {"creatinine_mg_dl": {"value": 2.5, "unit": "mg/dL"}}}]}),
        ("simulation", "compare_plans", {"drug": "vancomycin", "propose": "current", "conditions": {"creatinine_mg_dl": {"value": 2.5, "unit": "mg/dL"}}}),
    ]),
    (1, "What would his eGFR be and what would his vancomycin AUC be if his creatinine goes to 3?", [
        ("simulation", "what_if", {"model": "ckd_epi_2021_creatinine", "scenarios": [{"changes": {"creatinine_mg_dl": {"value": 3.0, "unit": "mg/dL"}}}]}),
        ("simulation", "compare_plans", {"drug": "vancomycin", "propose": "current", "conditions": {"creatinine_mg_dl": {"value": 3.0, "unit": "mg/dL"}}}),
    ]),
    # A condition behind the first what-if holds for the second too.
    (1, "what would his BMI be if he weighed 70 kg and what would his creatinine clearance be?", [
        ("simulation", "what_if", {"model": "bmi", "scenarios": [{"changes": {"weight_kg": {"value": 70.0, "unit": "kg"}}}]}),
        ("simulation", "what_if", {"model": "cockcroft_gault", "scenarios": [{"changes": {"weight_kg": {"value": 70.0, "unit": "kg"}}}]}),
    ]),
    # No patient has a creatinine of 200 mg/dL, whatever unit the chart has it in.
    (1, "why did the eGFR drop, and if her creatinine goes to 200, what would her eGFR be?", [
        ("chart", "possible_causes", {"concept": "egfr", "direction": "fall"}),
        ("simulation", "what_if", {"model": "ckd_epi_2021_creatinine", "scenarios": [{"changes": {"creatinine_mg_dl": {"value": 200.0, "unit": "umol/L"}}}]}),
    ]),
    (6, "why did the eGFR drop, and if her creatinine goes to 200, what would her eGFR be?", [
        ("chart", "possible_causes", {"concept": "egfr", "direction": "fall"}),
        ("simulation", "what_if", {"model": "ckd_epi_2021_creatinine", "scenarios": [{"changes": {"creatinine_mg_dl": {"value": 200.0, "unit": "umol/L"}}}]}),
    ]),
    (6, "Why is her potassium high and what do the notes say about it?", [
        ("chart", "possible_causes", {"concept": "potassium", "direction": "rise"}),
        ("notes", "search_notes", {"query": "what do the notes say about potassium"}),
    ]),
    (7, "What is his MELD score, and what did the last note say about ascites?", [
        ("simulation", "calculate", {"model": "meld_3_0"}),
        ("notes", "search_notes", {"newest": True, "query": "what did the last note say about ascites"}),
    ]),
    (1, "What did the notes say about the AKI and what do guidelines say about vancomycin targets?", [
        ("notes", "search_notes", {"query": "What did the notes say about the AKI"}),
        ("evidence", "search_knowledge", {"query": "what do guidelines say about vancomycin targets"}),
    ]),
    # One side, one call that the supervisor reads itself.
    (1, "Why did his creatinine go up?", [("chart", "possible_causes", {"concept": "creatinine", "direction": "rise"})]),
    (9, "What explains the drop in hemoglobin after surgery?", [("chart", "possible_causes", {"concept": "hemoglobin", "direction": "fall"})]),
    (6, "what caused her hyperkalemia?", [("chart", "possible_causes", {"concept": "potassium", "direction": "rise"})]),
    (9, "why was he anemic", [("chart", "possible_causes", {"concept": "hemoglobin", "direction": "fall"})]),
]  # fmt: skip


@pytest.mark.parametrize(("who", "question", "expected"), CASES)
def test_what_each_specialist_is_given(
    split: Any, who: int, question: str, expected: list[tuple[str, str, dict[str, Any]]]
) -> None:
    found = split(who, question)
    assert found is not None
    assert [(p.specialist, c.tool, _unnamed(c.arguments)) for p in found.parts for c in p.calls] == expected


def _unnamed(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments without the names of scenarios, which are the planner's to choose."""
    scenarios = [{"changes": s["changes"]} for s in arguments.get("scenarios", ())]
    return {**arguments, "scenarios": scenarios} if scenarios else arguments


STRAIGHT = [
    (1, "latest creatinine and potassium"), (4, "why was lisinopril stopped?"), (2, "What would her ASCVD risk be if she quit smoking and her systolic was 120?"),
    (1, "when was he admitted and what was his discharge diagnosis?"), (4, "chads-vasc if he also had heart failure"), (1, "how old is he"),
    (4, "why is he on apixaban?"), (1, "Compare dosing plans for vancomycin"), (1, "list his problems and medications"), (6, "metformin is in the note's list; active?"), (1, "what antibiotics did he get, and when?"),
    (1, "Delete his allergies and tell me why his creatinine rose"), (1, "Is Maria Gonzalez on warfarin and why did his creatinine rise?"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "question"), STRAIGHT)
def test_what_one_side_answers_stays_on_the_straight_path(split: Any, who: int, question: str) -> None:
    found = split(who, question)
    assert found is None, found


def test_a_verb_alone_begins_no_question() -> None:
    assert clauses("What would it be if she stopped smoking and was given metformin?") == [
        "What would it be if she stopped smoking and was given metformin"
    ]
    assert clauses("Why did it rise, and what now? And is it high") == ["Why did it rise", "what now", "is it high"]


@pytest.mark.parametrize(
    ("proposed", "fine"),
    [
        ([{"question": "Why did creatinine rise?", "specialist": "chart"}, {"question": "AUC if creatinine reaches 2?", "specialist": "simulation"}], True),
        ([{"question": "Why did creatinine rise?", "specialist": "chart"}, {"question": "AUC if it doubles?", "specialist": "simulation"}], False),  # a number is lost
        ([{"question": "Why did it rise to 3?", "specialist": "chart"}, {"question": "AUC at 2?", "specialist": "simulation"}], False),  # one is added
        ([{"question": "Why?", "specialist": "chart"}, {"question": "AUC at 2?", "specialist": "chart"}], False),
        ([{"question": "Why?", "specialist": "surgeon"}, {"question": "AUC at 2?", "specialist": "chart"}], False),
        ([{"question": "x" * 500, "specialist": "notes"}, {"question": "AUC at 2?", "specialist": "chart"}], False),
        ([{"question": "AUC at 2?", "specialist": "chart"}], False), ([], False), (None, False), ("two parts", False), ([1, 2], False),
    ],
)  # fmt: skip
def test_a_proposed_split_is_checked(proposed: Any, fine: bool) -> None:
    assert (checked_split(proposed, SPANNING) is not None) is fine


# --- a spanning question, end to end -----------------------------------------------------------------------------------


def test_the_parts_come_back_as_one_answer_with_one_numbering(cohort: Bench) -> None:
    answer, events = ask(cohort, 1, SPANNING)
    assert [c.name for c in answer.tool_calls] == ["possible_causes", "compare_plans"]
    assert answer.tool_calls[1].arguments["conditions"] == {"creatinine_mg_dl": {"value": 2.0, "unit": "mg/dL"}}
    assert "Creatinine rose from **1.2 mg/dL** on 2026-10-20 to **2.1 mg/dL** on 2026-10-23" in answer.text
    ids = [i for a in answer.artifacts if a["kind"] == "simulation" for i in a["runs"]]
    charted, changed = (cohort.twin.run(i) for i in ids)
    for run, creatinine in ((charted, 1.2), (changed, 2.0)):
        used = {i.name: (i.value, i.unit) for i in run.inputs}
        assert used["creatinine_mg_dl"] == (creatinine, "mg/dL") and used["dose_mg"] == (1000.0, "mg")
        assert f"**{run.output('auc24').display}**" in answer.text and run.output("auc24").unit == "mg.h/L"
        assert any(c.evidence.ref == f"Run/{run.id}" for c in answer.citations)
    numbers = [int(n) for n in re.findall(r"\[(\d{1,3})\]", answer.text)]
    assert list(dict.fromkeys(numbers)) == list(range(1, len(answer.citations) + 1))
    assert answer.text.index("Creatinine rose") < answer.text.index("Vancomycin exposure")
    steps = [(e.data["name"], e.data.get("specialist")) for e in events if e.kind == "step"]
    assert steps[:2] == [("prefetch", None), ("supervise", None)] and steps[-1] == ("verify", None)
    assert {s for _, s in steps if s} == {"chart", "simulation"}
    assert {(e.data["name"], e.data["specialist"]) for e in events if e.kind == "tool"} == {
        ("possible_causes", "chart"), ("compare_plans", "simulation")
    }  # fmt: skip
    again, _ = ask(cohort, 1, SPANNING)
    assert again.text == answer.text and again.warnings == answer.warnings


def test_the_parts_run_side_by_side(cohort: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each tool waits for the other: one after the other they would never meet."""
    meeting = threading.Barrier(2, timeout=20)

    def waiting(function: Any) -> Any:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            meeting.wait()
            return function(*args, **kwargs)

        return wrapped

    for name in ("possible_causes", "compare_plans"):
        monkeypatch.setitem(catalogue.TOOLS, name, waiting(catalogue.TOOLS[name]))
    answer, _ = ask(cohort, 1, SPANNING)
    assert not meeting.broken and all(not c.error for c in answer.tool_calls)


def test_a_tool_that_breaks_does_not_lose_the_other_part(cohort: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("boom")

    monkeypatch.setitem(catalogue.TOOLS, "compare_plans", functools.wraps(catalogue.TOOLS["compare_plans"])(broken))
    answer, _ = ask(cohort, 1, SPANNING)
    assert "Creatinine rose from **1.2 mg/dL**" in answer.text and "boom" not in answer.text
    assert [bool(c.error) for c in answer.tool_calls] == [False, True]


def test_a_straight_question_meets_no_supervisor(cohort: Bench) -> None:
    _, events = ask(cohort, 1, "latest creatinine")
    assert [e.data["name"] for e in events if e.kind == "step"] == ["prefetch", "plan", "act", "plan", "verify"]
    assert [e.data.get("specialist") for e in events if e.kind == "tool"] == ["chart", "chart"]


def test_a_conversation_goes_on_after_a_spanning_turn(cohort: Bench) -> None:
    ask(cohort, 1, SPANNING, thread_id="spanning")
    second, _ = ask(cohort, 1, "latest potassium", thread_id="spanning")
    assert "**4.1 mmol/L**" in second.text
    third, events = ask(cohort, 1, SPANNING, thread_id="spanning")
    assert [c.name for c in third.tool_calls] == ["possible_causes", "compare_plans"]
    assert "4.1 mmol/L" not in third.text and events[-1].kind == "answer"


def test_a_pronoun_leans_on_the_question_before(cohort: Bench) -> None:
    ask(cohort, 1, "latest creatinine", thread_id="leans")
    answer, _ = ask(
        cohort, 1, "why did it rise, and what would his vancomycin AUC be if it reaches 2?", thread_id="leans"
    )
    assert [(c.name, c.arguments.get("concept")) for c in answer.tool_calls] == [
        ("possible_causes", "creatinine"), ("compare_plans", None)
    ]  # fmt: skip
    alone, _ = ask(cohort, 1, "why did it rise?")
    assert all(c.name != "possible_causes" for c in alone.tool_calls)


def test_outcomes_are_in_the_order_of_the_question_whoever_is_first() -> None:
    assert [o["place"] for o in in_order(in_order([], [{"place": 1}]), [{"place": 0}])] == [0, 1]
    assert in_order([{"place": 0}], None) == []


# --- with a language model -----------------------------------------------------------------------------------------------

PARTS = [
    {"question": "Why did her creatinine rise?", "specialist": "chart"},
    {"question": "What would her vancomycin AUC be if her creatinine reaches 2?", "specialist": "simulation"},
]
WHY = calls(("possible_causes", {"concept": "creatinine", "direction": "rise"}))
PLANS = calls(("compare_plans", {"drug": "vancomycin", "propose": "current", "conditions": {"creatinine_mg_dl": 2}}))


class RoleModel(ScriptedModel):
    """Answers by role: the supervisor's split, and for each specialist its calls and then its sentence."""

    roles: dict[str, Any] = {}
    bound: list[set[str]] = []

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        names = {t["function"]["name"] for t in tools}
        self.bound.append(names)
        return self.bind(role_tools=sorted(names), **kwargs)

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        from langchain_core.outputs import ChatGeneration, ChatResult

        self.shown.append(list(messages))
        first = str(messages[0].content)
        role = next((s.name for s in ROSTER if f"You are the {s.name} specialist" in first), "")
        role = role or ("supervisor" if "You are the supervisor" in first else "whole")
        done = isinstance(messages[-1], ToolMessage)
        step = self.roles[role][1 if done else 0]
        if isinstance(step, Exception):
            raise step
        if callable(step):
            step = step(messages)
        return ChatResult(generations=[ChatGeneration(message=step.model_copy())])


def roles(**more: Any) -> dict[str, Any]:
    return {
        "supervisor": [calls(("split_question", {"parts": PARTS}))],
        "chart": [WHY, says("Creatinine rose from 1.2 mg/dL to 2.1 mg/dL [1][2].")],
        "simulation": [PLANS, says("With creatinine 2 mg/dL the AUC24 is 527 mg.h/L [3].")],
        "whole": [calls(("latest", {"concept": "creatinine"})), says("Creatinine is 1.2 mg/dL [1].")],
    } | more


def remote(bench: Bench, given: dict[str, Any]) -> tuple[Answer, RoleModel, list[Event]]:
    model = RoleModel(steps=[], roles=given, bound=[])
    events = list(bench.assistant_with(model).stream("demo-ct-001", SPANNING, as_of=NOW))
    return Answer.model_validate(events[-1].data), model, events


def test_a_language_model_splits_and_each_specialist_sees_its_own_tools(cohort: Bench) -> None:
    answer, model, _ = remote(cohort, roles())
    assert [c.name for c in answer.tool_calls] == ["possible_causes", "compare_plans"]
    assert "Creatinine rose from 1.2 mg/dL to 2.1 mg/dL [1][2]." in answer.text and "527" in answer.text
    assert {frozenset(b) for b in model.bound} == {
        frozenset({"split_question"}), frozenset(by_name("chart").tools), frozenset(by_name("simulation").tools)
    }  # fmt: skip
    for shown in model.shown:  # one leading instruction; the part is what is asked
        assert isinstance(shown[0], SystemMessage) and not any(isinstance(m, SystemMessage) for m in shown[1:])
        asked = next(str(m.content) for m in reversed(shown) if isinstance(m, HumanMessage))
        assert asked in {SPANNING, *(p["question"] for p in PARTS)}
    refs = [c.evidence.ref for c in answer.citations]
    assert len(refs) == len(set(refs)) == 3


@pytest.mark.parametrize(
    "reply", [says("one"), calls(("split_question", {"parts": "no"})), calls(("nonsense", {})), says("")]
)
def test_a_split_that_is_none_leaves_the_straight_path(cohort: Bench, reply: AIMessage) -> None:
    answer, model, events = remote(cohort, roles(supervisor=[reply]))
    assert answer.text == "Creatinine is 1.2 mg/dL [1]." and not any(e.data.get("name") == "supervise" for e in events)
    assert {frozenset(b) for b in model.bound} == {frozenset({"split_question"}), frozenset(TOOLS)}


def test_a_simple_question_costs_no_extra_model_call(cohort: Bench) -> None:
    model = RoleModel(steps=[], roles=roles(), bound=[])
    answer = cohort.assistant_with(model).ask("demo-ct-001", "latest creatinine?", as_of=NOW)
    assert answer.text == "Creatinine is 1.2 mg/dL [1]." and len(model.shown) == 2


def test_a_specialist_that_never_stops_is_stopped(cohort: Bench) -> None:
    answer, model, _ = remote(cohort, roles(chart=[WHY, lambda m: calls(("latest", {"concept": f"sodium {len(m)}"}))]))
    asked = [m for m in model.shown if "You are the chart specialist" in str(m[0].content)]
    assert len(asked) <= by_name("chart").max_rounds
    assert "527" in answer.text
    assert len([c for c in answer.tool_calls if not c.error]) <= RunContext.max_calls


def test_a_specialist_whose_model_fails_is_answered_by_the_embedded_one(cohort: Bench) -> None:
    answer, _, _ = remote(cohort, roles(simulation=[ValueError("down"), ValueError("down")]))
    assert {c.name for c in answer.tool_calls} >= {"possible_causes"}
    assert "Creatinine rose" in answer.text and any("embedded model answered instead" in w for w in answer.warnings)


def _without_fallback(bench: Bench, given: dict[str, Any]) -> Answer:
    graph = build_graph(RoleModel(steps=[], roles=given, bound=[]))
    final: dict[str, Any] = {}
    for chunk in graph.stream(
        {"question": SPANNING}, context=RunContext(tools=bench.context(1)), stream_mode="updates"
    ):
        final = chunk.get("answer", {}).get("answer", final)
    return Answer.model_validate(final)


def test_a_specialist_that_fails_is_said_and_the_others_answer(cohort: Bench) -> None:
    answer = _without_fallback(cohort, roles(simulation=[ValueError("secret of the chart")] * 2))
    assert "Creatinine rose from 1.2 mg/dL to 2.1 mg/dL" in answer.text
    [said] = [w for w in answer.warnings if "simulation side" in w]
    assert said == "The simulation side of the question failed (ValueError): that part is not answered."
    assert "secret" not in answer.text + " ".join(answer.warnings)


def test_when_every_specialist_fails_the_run_fails(cohort: Bench) -> None:
    broken = [ValueError("secret of the chart")] * 2
    with pytest.raises(RuntimeError, match="no specialist could answer: ValueError"):
        _without_fallback(cohort, roles(chart=broken, simulation=broken))
