"""Which questions the notes answer, which the record, and which of the two comes first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from langchain_core.messages import ToolMessage

from agents.context import RunContext
from agents.embedded.chat_model import write_answer
from agents.embedded.planner import Call, Planner, Setting
from agents.embedded.routing.beyond_lists import NOTES_FIRST
from agents.embedded.routing.notes_asked import asks_for_a_goal, asks_for_a_rule, asks_for_a_saying
from agents.embedded.routing.speakers import asks_of_a_speaker
from agents.models import build_embedded_model
from knowledge_base.embedding import build_embedder
from tests.conftest import Bench
from tools.notes.days_told import speaks_of
from tools.times.periods import Period

RULES = [
    "bp limit for mirabegron", "what happens to ocrelizumab if the igg goes under 5", "size at which urology operates on the stone",
    "what would make them give zoledronate", "heparin stop criterion", "at what Hb do we transfuse", "if the K is over 6 what's the plan",
    "cutoff for holding carvedilol", "what is the plan if the swallow fails", "under what circumstances would they restart apixaban",
    "when should torsemide be held", "when do they hold the mtx", "creatinine needed before losartan is restarted", "nephrology's cap for creatinine",
    "how low did the neutrophils have to go for them to give GCSF", "sodium rising too fast contingency", "what drug was to be given if the sodium rose too quickly", "sick day rule for fever",
]  # fmt: skip
NO_RULES = [
    "potassium within normal limits?", "how many potassiums above the limit of 5.5", "at what age was he diagnosed", "what happened when he took penicillin",
    "at what dose does he take metformin", "when was CRP over 100", "does he meet SIRS criteria", "what was the plan", "is the ALT over the upper limit of normal",
    "when was it stopped", "when does he take it", "when did they stop it", "how long did he have to be on oxygen",
]  # fmt: skip
SAYINGS = [
    "what did he say about goserelin the first time round", "exact words he wrote about the tracheostomy", "how did she describe the fatigue",
    "what did the pt himself write down when asked", "what does he want done about the nodule", "does he want the ICD turned off", "would he accept dialysis",
    "how'd she put the relief after steroids", "by the July meeting, was he willing to be referred",
]  # fmt: skip
NO_SAYINGS = ["what does she take", "what did she weigh", "quote the last crp", "what did he have for his gout", "is he on insulin", "does he have gout"]  # fmt: skip


@pytest.mark.parametrize(("question", "is_so"), [*((q, True) for q in RULES), *((q, False) for q in NO_RULES)])
def test_a_rule_is_told_by_a_limit_of_its_own(question: str, is_so: bool) -> None:
    assert asks_for_a_rule(question) is is_so


@pytest.mark.parametrize(("question", "is_so"), [*((q, True) for q in SAYINGS), *((q, False) for q in NO_SAYINGS)])
def test_what_the_patient_said_or_wants(question: str, is_so: bool) -> None:
    assert asks_for_a_saying(question) is is_so


@pytest.mark.parametrize(
    ("question", "is_so"),
    [("MAP target", True), ("aim for sats", True), ("is the MAP at target", False), ("latest MAP", False)],
)
def test_a_goal_is_no_value(question: str, is_so: bool) -> None:
    assert asks_for_a_goal(question) is is_so


@pytest.mark.parametrize(
    ("question", "is_so"),
    [
        ("why did Deshmukh decide against it", True), ("what EDSS did Blake give her", True), ("per Dr Deshmukh, which dose range", True),
        ("what does nephrology blame for the AKI", True), ("when did Deshmukh last see him", False), ("who is Deshmukh", False), ("which dose did Deshmukh order", False),
    ],
)  # fmt: skip
def test_somebody_who_is_named_speaks(question: str, is_so: bool) -> None:
    assert asks_of_a_speaker(question, frozenset({"deshmukh", "blake"})) is is_so


# --- plans over the demo patients ------------------------------------------------------------------------------------

Plans = Callable[[int, str], list[Call]]


@pytest.fixture(scope="module")
def plans(cohort: Bench) -> Plans:
    model = build_embedded_model(cohort.twin, cast(Any, build_embedder()), cache_dir=cohort.store.data_dir / "cache")
    planner: Planner = model.planner
    settings: dict[int, Setting] = {}

    def planned(patient: int, question: str) -> list[Call]:
        if patient not in settings:
            settings[patient] = RunContext(tools=cohort.context(patient)).setting
        return list(planner.plan(question, settings[patient]).calls)

    return planned


@pytest.mark.parametrize(
    ("patient", "question"),
    [
        (2, "a1c at which metformin would be started"), (2, "what happens if her A1c reaches 6.5"), (3, "ALT limit for holding methotrexate"),
        (3, "what did the pharmacy have wrong about methotrexate"), (1, "what would prompt a TEE"), (1, "MAP target"),
    ],
)  # fmt: skip
def test_only_notes_tell_a_rule(plans: Plans, patient: int, question: str) -> None:
    assert [c.tool for c in plans(patient, question)] == ["search_notes"]


@pytest.mark.parametrize(
    ("patient", "question"),
    [
        (3, "why did she say no to prednisone"), (2, "why is she not on a statin"), (1, "vanc loading dose"), (2, "how many hours a night on cpap"),
        (2, "lowest sat on the sleep study"), (1, "weight he told the ED"),
    ],
)  # fmt: skip
def test_notes_come_first_where_the_record_has_only_the_name(plans: Plans, patient: int, question: str) -> None:
    calls = plans(patient, question)
    assert calls[-1].intent == NOTES_FIRST and calls[-1].tool == "search_notes" and len(calls) > 1


@pytest.mark.parametrize(
    ("patient", "question", "tool"),
    [
        (3, "is she on methotrexate", "medication"), (2, "latest a1c", "latest"), (2, "does she have asthma", "condition"), (1, "why was amlodipine stopped", "medication"),
        (2, "a1c within normal limits?", "is_normal"), (1, "highest creatinine", "statistics"), (2, "reason HCTZ was stopped", "medication"), (1, "gout", "condition"),
    ],
)  # fmt: skip
def test_what_the_record_tells_stays_first(plans: Plans, patient: int, question: str, tool: str) -> None:
    calls = plans(patient, question)
    assert calls[0].tool == tool and all(c.intent != NOTES_FIRST for c in calls)


def test_a_word_of_no_list_is_no_visit(plans: Plans) -> None:
    assert [c.tool for c in plans(1, "latest edss")] == ["look_up"]
    assert plans(1, "latest visit")[0].tool == "encounters"


def test_oxygen_that_is_given_is_no_saturation(plans: Plans) -> None:
    asked = [str(c.arguments.get("concept", "")) for c in plans(1, "how much oxygen does he get on the plane")]
    assert "oxygen_saturation" not in asked
    assert plans(1, "latest oxygen")[0].arguments["concept"] == "oxygen_saturation"


def test_what_is_so_stays_with_what_is_asked_about_it(plans: Plans) -> None:
    asked = plans(1, "he had sepsis, how come nobody scanned his heart")
    assert {c.part for c in asked} == {""}, "one ask"
    assert len({c.part for c in plans(1, "latest creatinine, and does he have gout")}) == 2


def test_an_aside_in_brackets_is_not_cut(plans: Plans) -> None:
    assert all("(" not in c.part for c in plans(1, "any molecular result (ALK, ROS1) on the nodule"))


# --- the order of an answer ------------------------------------------------------------------------------------------


def _result(ident: str, tool: str, text: str, found: bool = True) -> ToolMessage:
    return ToolMessage(content=text, tool_call_id=ident, name=tool, artifact={"found": found, "data": {}})


def test_notes_that_tell_come_first_and_leave_no_guideline() -> None:
    record = [_result("call_1", "condition", "Yes: AF"), _result("call_2", "search_knowledge", "Guidance")]
    told = _result("call_notes_first_3", "search_notes", "NOT anticoagulated: platelets 62")
    assert write_answer([*record, told]) == "NOT anticoagulated: platelets 62\n\nYes: AF"


def test_notes_that_tell_nothing_leave_the_record_first() -> None:
    nothing = _result("call_notes_first_2", "search_notes", "Not documented", found=False)
    assert write_answer([_result("call_1", "condition", "Yes: AF"), nothing]) == "Yes: AF"


def test_notes_beside_the_record_come_after_it() -> None:
    told = _result("call_notes_2", "search_notes", "The note says")
    assert write_answer([_result("call_1", "latest", "Latest: 5"), told]) == "Latest: 5\n\nThe note says"


def test_each_ask_keeps_its_own_notes() -> None:
    results = [
        _result("call_1", "latest", "Latest: 5"),
        _result("call_2", "condition", "Yes: AF"),
        _result("call_notes_first_3", "search_notes", "The note says"),
        _result("call_4", "latest", "Latest: 7"),
    ]
    assert write_answer(results).endswith("Latest: 7")


# --- the time that a note tells of -----------------------------------------------------------------------------------


def _period(first: str, days: int) -> Period:
    since = datetime.fromisoformat(first)
    return Period(since=since, until=since + timedelta(days=days), label="then")


@pytest.mark.parametrize(
    ("period", "text", "is_so"),
    [
        (_period("2026-09-01", 30), "Botox 15/9 did NOT go ahead", True),
        (_period("2026-09-01", 30), "given in Sept", True),
        (_period("2026-09-01", 30), "fell on 12 October, 4/5 power", False),
        (_period("2026-09-15", 1), "cancelled on 15 Sep", True),
        (_period("2026-09-15", 1), "cancelled on 9/15", True),
        (_period("2026-09-15", 1), "cancelled in Sept, BP 115/90", False),
        (_period("2024-01-01", 366), "stopped in 2024", True),
        (_period("2024-01-01", 366), "stopped 5/24", True),
        (_period("2024-01-01", 366), "stopped in 2025, 24 infusions", False),
        (Period(label="ever"), "in Sept", False),
    ],
)
def test_a_sentence_that_speaks_of_a_time(period: Period, text: str, is_so: bool) -> None:
    assert speaks_of(period, text) is is_so


def test_what_happened_then_is_told_later(cohort: Bench) -> None:
    found = cohort.run(3, "search_notes", {"query": "when was the anastrozole finished", "period": "in December 2024"})
    assert found.found and "Anastrozole finished December 2024" in found.summary
    absent = cohort.run(3, "search_notes", {"query": "when was the anastrozole finished", "period": "in March 2025"})
    assert not absent.found and "A note of another time does" in absent.summary
