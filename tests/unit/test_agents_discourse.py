"""Follow-ups: which change a short question makes to which earlier call, and what is a question of its own."""

from __future__ import annotations

import random
import time
from typing import Any, cast

import pytest

from agents import guards
from agents.context import RunContext
from agents.embedded.planner import Call, Plan, Planner
from agents.embedded.turns.discourse import plan_in_context
from agents.embedded.turns.turns import Turn, earlier_turns
from agents.models import build_embedded_model
from knowledge_base.embedding import build_embedder
from tests.conftest import Bench

CREATININE = Call(tool="latest", arguments={"concept": "creatinine"})
POTASSIUM = Call(tool="latest", arguments={"concept": "potassium", "period": "in 2024"})
HIGHEST = Call(tool="statistics", arguments={"concept": "creatinine", "statistic": "max", "period": "in 2024"})
METFORMIN = Call(tool="medication", arguments={"drug": "metformin", "aspect": "active"})
WARFARIN = Call(tool="medication", arguments={"drug": "warfarin", "aspect": "active"})
ASTHMA = Call(tool="condition", arguments={"name": "asthma", "aspect": "has"})
STAY = Call(tool="encounters", arguments={"kind": "inpatient", "aspect": "last"})
SCOPE = Call(tool="procedures", arguments={"name": "colonoscopy", "aspect": "last"})
NOTES = Call(tool="search_notes", arguments={"query": "abscess"})
LATEX = Call(tool="allergies", arguments={"substance": "latex", "aspect": "has"})
VANCOMYCIN = Call(
    tool="what_if",
    arguments={"model": "vancomycin_goti2018", "scenarios": [], "inputs": {"dose_mg": 1000.0, "interval_h": 12.0}},
)
STROKE_RISK = Call(tool="calculate", arguments={"model": "cha2ds2_vasc"})
MELD = Call(tool="calculate", arguments={"model": "meld_3_0"})


class Room:
    """The embedded planner over a small record."""

    def __init__(self, bench: Bench) -> None:
        context = RunContext(tools=bench.context("units"))
        self.planner: Planner = build_embedded_model(
            bench.twin, cast(Any, build_embedder()), cache_dir=bench.store.data_dir / "cache"
        ).planner
        self.setting = context.setting
        self.cards = bench.twin.catalogue

    def plan(self, question: str, *turns: Turn) -> Plan:
        return plan_in_context(self.planner, question, self.setting, turns, self.cards)

    def after(self, question: str, *calls: Call) -> list[tuple[str, dict[str, Any]]]:
        """The calls after turns of one call each, newest first."""
        plan = self.plan(question, *(Turn("…", (call,), True) for call in calls))
        return [(c.tool, {k: v for k, v in c.arguments.items() if v}) for c in plan.calls]


@pytest.fixture(scope="module")
def room(crafted: Bench) -> Room:
    return Room(crafted)


CHANGES: list[tuple[Call, str, str, dict[str, Any]]] = [
    (CREATININE, "and before that?", "latest", {"concept": "creatinine", "offset": 1}),
    (CREATININE, "two before that", "latest", {"concept": "creatinine", "offset": 2}),
    (CREATININE, "no, the first ever", "latest", {"concept": "creatinine", "first": True}),
    (CREATININE, "in umol/L", "latest", {"concept": "creatinine", "unit": "umol/L"}),
    (CREATININE, "and in µmol/l please?", "latest", {"concept": "creatinine", "unit": "umol/l"}),
    (CREATININE, "what's that in mmol?", "latest", {"concept": "creatinine", "unit": "mmol/L"}),
    (POTASSIUM, "what is it in mg/dL", "latest", {"concept": "potassium", "period": "in 2024", "unit": "mg/dL"}),
    (CREATININE, "plot it", "series", {"concept": "creatinine"}),
    (CREATININE, "is it getting better?", "series", {"concept": "creatinine"}),
    (POTASSIUM, "show me all of them", "series", {"concept": "potassium", "period": "in 2024"}),
    (CREATININE, "is that normal?", "is_normal", {"concept": "creatinine"}),
    (CREATININE, "how many times was it measured?", "statistics", {"concept": "creatinine", "statistic": "count"}),
    (HIGHEST, "overall?", "statistics", {"concept": "creatinine", "statistic": "max"}),
    (METFORMIN, "since when?", "medication", {"drug": "metformin", "aspect": "start"}),
    (METFORMIN, "how long has she been on it?", "medication", {"drug": "metformin", "aspect": "start"}),
    (METFORMIN, "when was it stopped?", "medication", {"drug": "metformin", "aspect": "stop"}),
    (METFORMIN, "what dose?", "medication", {"drug": "metformin", "aspect": "dose"}),
    (METFORMIN, "and why?", "medication", {"drug": "metformin", "aspect": "reason"}),
    (METFORMIN, "who prescribed it", "medication", {"drug": "metformin", "aspect": "prescriber"}),
    (METFORMIN, "is he still on it?", "medication", {"drug": "metformin", "aspect": "active"}),
    (METFORMIN, "when was the dose changed?", "list_medications", {"drug": "metformin", "status": "all"}),
    (METFORMIN, "any side effects?", "medication_safety", {"drug": "metformin"}),
    (METFORMIN, "any others?", "list_medications", {"status": "active"}),
    (ASTHMA, "since when?", "condition", {"name": "asthma", "aspect": "onset"}),
    (ASTHMA, "when did it resolve?", "condition", {"name": "asthma", "aspect": "resolved"}),
    (ASTHMA, "what else does he have?", "list_problems", {"status": "active"}),
    (ASTHMA, "any other allergies?", "allergies", {}),
    (LATEX, "what happens?", "allergies", {"substance": "latex", "aspect": "reaction"}),
    (LATEX, "who wrote the last note?", "list_notes", {"aspect": "author", "about": "the last note"}),
    (LATEX, "any food ones?", "allergies", {"category": "food"}),
    (STAY, "why?", "encounters", {"kind": "inpatient", "aspect": "reason"}),
    (STAY, "the one before", "encounters", {"kind": "inpatient", "aspect": "last", "offset": 1}),
    (STAY, "any others?", "encounters", {"kind": "inpatient", "aspect": "list"}),
    (SCOPE, "when was the first?", "procedures", {"name": "colonoscopy", "aspect": "first"}),
    (NOTES, "which note says so?", "search_notes", {"query": "abscess"}),
    (METFORMIN, "do the notes mention it?", "search_notes", {"query": "Metformin"}),
    (CREATININE, "say that again", "latest", {"concept": "creatinine"}),
    (STROKE_RISK, "how was that calculated?", "calculate", {"model": "cha2ds2_vasc"}),
    (HIGHEST, "since then?", "statistics", {"concept": "creatinine", "statistic": "max", "period": "since 2025-01-01"}),
    (HIGHEST, "and the year before?", "statistics", {"concept": "creatinine", "statistic": "max", "period": "in 2023"}),
]  # fmt: skip


@pytest.mark.parametrize(("last", "question", "tool", "arguments"), CHANGES)
def test_one_change(room: Room, last: Call, question: str, tool: str, arguments: dict[str, Any]) -> None:
    (found,) = room.after(question, last)
    given = {k: (v.lower() if k == "query" else v) for k, v in found[1].items()}
    assert (found[0], given) == (tool, {k: (v.lower() if k == "query" else v) for k, v in arguments.items()})


DOSING: list[tuple[str, dict[str, Any]]] = [
    ("same but q8h", {"dose_mg": 1000.0, "interval_h": 8.0}),
    ("and with 1.5 g instead?", {"dose_mg": 1500.0, "interval_h": 12.0}),
    ("1.5 g q24h", {"dose_mg": 1500.0, "interval_h": 24.0}),
    ("double the dose", {"dose_mg": 2000.0, "interval_h": 12.0}),
    ("over 2 hours", {"dose_mg": 1000.0, "interval_h": 12.0, "infusion_h": 2.0}),
    ("what if her creatinine were 2?", {"dose_mg": 1000.0, "interval_h": 12.0, "creatinine_mg_dl": {"value": 2.0, "unit": "mg/dL"}}),
    ("with creatinine 150 umol/L", {"dose_mg": 1000.0, "interval_h": 12.0, "creatinine_mg_dl": {"value": 150.0, "unit": "umol/L"}}),
    ("if she weighed 100 kg", {"dose_mg": 1000.0, "interval_h": 12.0, "weight_kg": {"value": 100.0, "unit": "kg"}}),
    ("and the trough?", {"dose_mg": 1000.0, "interval_h": 12.0}),
]  # fmt: skip


@pytest.mark.parametrize(("question", "inputs"), DOSING)
def test_a_dosing_run_keeps_what_is_not_changed(room: Room, question: str, inputs: dict[str, Any]) -> None:
    found = room.after(question, VANCOMYCIN)
    assert found == [("what_if", {"model": "vancomycin_goti2018", "inputs": inputs})]


SUPPOSED: list[tuple[Call, str, dict[str, Any]]] = [
    (STROKE_RISK, "what if he were 76?", {"age_years": {"value": 76.0, "unit": "a"}}),
    (STROKE_RISK, "and if he had diabetes", {"diabetes": True}),
    (STROKE_RISK, "without hypertension?", {"hypertension": False}),
    (STROKE_RISK, "what if the patient was a woman", {"sex": "female"}),
    (MELD, "and with a creatinine of 2?", {"creatinine_mg_dl": {"value": 2.0, "unit": "mg/dL"}}),
    (MELD, "what if the bilirubin was 5 and the INR 2.1", {"bilirubin_mg_dl": {"value": 5.0, "unit": "mg/dL"}, "inr": {"value": 2.1, "unit": "1"}}),
]  # fmt: skip


@pytest.mark.parametrize(("last", "question", "changes"), SUPPOSED)
def test_a_score_under_a_supposition(room: Room, last: Call, question: str, changes: dict[str, Any]) -> None:
    ((tool, arguments),) = room.after(question, last)
    assert tool == "what_if" and arguments["model"] == last.arguments["model"]
    assert [s["changes"] for s in arguments["scenarios"]] == [changes]


def test_a_further_supposition_replaces_the_one_before_unless_it_adds(room: Room) -> None:
    supposed = {"model": "cha2ds2_vasc", "scenarios": [{"name": "with diabetes yes", "changes": {"diabetes": True}}]}
    last = Call(tool="what_if", arguments=supposed)
    ((_, replaced),) = room.after("and if he were 80?", last)
    ((_, added),) = room.after("and if he were also 80?", last)
    aged = {"age_years": {"value": 80.0, "unit": "a"}}
    assert replaced["scenarios"][0]["changes"] == aged
    assert added["scenarios"][0]["changes"] == {"diabetes": True, **aged}


def test_a_supposition_about_what_the_model_does_not_take_is_said(room: Room) -> None:
    plan = room.plan("what if his potassium were 6?", Turn("…", (STROKE_RISK,), True))
    assert not plan.calls and "does not take potassium" in plan.reply


def test_a_change_goes_to_the_newest_turn_that_it_fits(room: Room) -> None:
    assert room.after("when was it started?", CREATININE, METFORMIN) == [("medication", {"drug": "metformin", "aspect": "start"})]  # fmt: skip
    assert room.after("plot it", METFORMIN, CREATININE) == [("series", {"concept": "creatinine"})]


def test_the_other_one_and_the_second_one(room: Room) -> None:
    both = Turn("sodium and potassium?", (Call(tool="latest", arguments={"concept": "sodium"}), CREATININE), True)
    trend = Turn("creatinine trend", (Call(tool="series", arguments={"concept": "creatinine"}),), True)
    (other,) = room.plan("and the other one?", trend, both).calls
    assert (other.tool, other.arguments) == ("series", {"concept": "sodium"})
    (stopped,) = room.plan(
        "when was the other one stopped?", *(Turn("…", (c,), True) for c in (METFORMIN, WARFARIN))
    ).calls
    assert stopped.arguments["drug"] == "warfarin" and stopped.arguments["aspect"] == "stop"
    (second,) = room.plan("and the second one?", both).calls
    assert second.arguments["concept"] == "creatinine"


def test_a_bare_limit_is_in_the_unit_that_was_shown(room: Room) -> None:
    shown = Turn("creatinine?", (CREATININE,), True, {"creatinine": "umol/L"})
    (call,) = room.plan("was the creatinine ever above 200?", shown).calls
    assert (call.tool, call.arguments["unit"]) == ("threshold", "umol/L")
    (stated,) = room.plan("was the creatinine ever above 2 mg?", shown).calls
    assert stated.arguments["unit"] == "mg"


@pytest.mark.parametrize(
    ("question", "tool"),
    [
        ("what are her allergies?", "allergies"),
        ("latest sodium?", "latest"),
        ("what medications is he on now?", "list_medications"),
        ("how old is he?", "demographics"),
        ("list the active problems", "list_problems"),
    ],
)
@pytest.mark.parametrize("last", [POTASSIUM, HIGHEST, METFORMIN, STAY, VANCOMYCIN])
def test_a_new_topic_inherits_nothing(room: Room, last: Call, question: str, tool: str) -> None:
    found = room.after(question, last)
    assert [t for t, _ in found] == [tool]
    held = {str(v) for v in last.arguments.values()} - {"last", "max", "active"}
    assert not [value for _, arguments in found for value in arguments.values() if str(value) in held]


@pytest.mark.parametrize(
    "question", ["and his wife?", "what about her brother's?", "and for my mother", "the other Zqxwvfam"]
)
def test_somebody_else_is_refused_also_in_passing(room: Room, question: str) -> None:
    people = room.setting.people.model_copy(update={"others": frozenset({"zqxwvfam"})})
    setting = room.setting._replace(people=people)
    plan = plan_in_context(room.planner, question, setting, [Turn("…", (CREATININE,), True)], room.cards)
    assert plan.refused and plan.reply == guards.OTHER_PATIENT


def test_a_relative_is_meant_where_the_family_is_the_topic(room: Room) -> None:
    family = Turn("diabetes in the family?", (Call(tool="family_history", arguments={"name": "diabetes"}),), True)
    assert not room.plan("and his mother?", family).refused


def test_what_was_asked_is_repeated_in_the_askers_words(room: Room) -> None:
    turns = [Turn(q, (CREATININE,), True) for q in ("third?", "second?", "first?")]
    assert "“third?”" in room.plan("what did I ask before?", *turns).reply
    assert "“first?”" in room.plan("what was my first question?", *turns).reply
    listed = room.plan("what have I asked so far?", *turns).reply
    assert listed.index("first?") < listed.index("second?") < listed.index("third?")


def test_what_is_only_known_as_it_stands_has_no_last_year(room: Room) -> None:
    plan = room.plan("and last year?", Turn("…", (STROKE_RISK,), True))
    assert not plan.calls and "as of that date" in plan.reply


def test_a_turn_that_led_nowhere_is_passed_over(room: Room) -> None:
    failed = Turn("blorf", (Call(tool="look_up", arguments={"name": "blorf"}),), False)
    refused = Turn("and his wife's?", (), False)
    (call,) = room.plan("and before that?", refused, failed, Turn("…", (CREATININE,), True)).calls
    assert call.arguments == {"concept": "creatinine", "offset": 1}


def test_turns_are_read_back_from_the_messages(crafted: Bench) -> None:
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

    call = {"name": "latest", "args": {"concept": "creatinine"}, "id": "call_1", "type": "tool_call"}
    lost = {"name": "look_up", "args": {"name": "blorf"}, "id": "call_1", "type": "tool_call"}
    shown = {"found": True, "data": {"concept": "creatinine", "unit": "umol/L"}}
    turns = earlier_turns(
        [
            HumanMessage("creatinine?"),
            AIMessage("", tool_calls=[call]),
            ToolMessage("88", tool_call_id="call_1", artifact=shown),
            HumanMessage("mend it", additional_kwargs={"repair": True}),
            AIMessage("88 [1]"),
            HumanMessage("blorf"),
            AIMessage("", tool_calls=[lost]),
            ToolMessage("nothing", tool_call_id="call_1", artifact={"found": False, "data": {}}),
            HumanMessage("and before?"),
        ]
    )
    assert [(t.question, t.understood, t.units) for t in turns] == [
        ("blorf", False, {}),
        ("creatinine?", True, {"creatinine": "umol/L"}),
    ]
    assert earlier_turns([HumanMessage("first")]) == ()


def test_reading_a_follow_up_takes_no_time(room: Room) -> None:
    """Words that the patterns are made of, in any order: none of them may make a pattern try for long."""
    words = "and what is was it that how many times has he she been the dose of on taking any other ones before since when show me all them value in which note says who over".split()
    draw = random.Random(7)
    asked = [" ".join(draw.choices(words, k=30))[:159] for _ in range(60)]
    from agents.embedded.turns.changes import Asked, changed_calls

    turns = [Turn("…", (METFORMIN,), True), Turn("…", (CREATININE,), True)]
    began = time.process_time()
    for text in asked:
        next(changed_calls(Asked(room.planner, text, text, room.setting, turns, room.cards)), None)
    assert time.process_time() - began < 10
