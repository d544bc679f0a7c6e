"""Wordings that fresh question rounds brought up: several asks, set-against values, visits, drafts, suppositions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from agents.context import RunContext
from agents.embedded.asks import NO_SUCH_MODEL
from agents.embedded.planner import Call, Plan, Planner, Setting
from agents.embedded.routing.ordering import settle_order
from agents.embedded.turns.discourse import plan_in_context
from agents.embedded.turns.turns import Turn, earlier_turns
from agents.models import build_embedded_model
from knowledge_base.embedding import build_embedder
from knowledge_base.rows import EncounterRow
from tests.conftest import Bench
from tools.drafts import read_draft_request
from tools.drugs.medications import list_medications
from tools.measurements.all_results import all_results
from tools.measurements.readings import unit_label
from tools.outcome import ToolResult

CREATININE = {"concept": "creatinine"}


EMERGENCY_VISIT = EncounterRow(
    ref="Encounter/ed", patient_id="units", resource_type="Encounter", class_code="EMER", type_display="Emergency visit", time=datetime(2024, 1, 5, 8, tzinfo=UTC),
    start=datetime(2024, 1, 5, 8, tzinfo=UTC), end=datetime(2024, 1, 5, 14, tzinfo=UTC),
)  # fmt: skip


class Room:
    """The embedded planner over a small record with one visit of an emergency department."""

    def __init__(self, bench: Bench) -> None:
        self.context = RunContext(tools=bench.context("units"))
        self.planner: Planner = build_embedded_model(
            bench.twin, cast(Any, build_embedder()), cache_dir=bench.store.data_dir / "cache"
        ).planner
        self.cards = bench.twin.catalogue
        self.setting = Setting(
            self.context.tools.as_of,
            self.context.people,
            self.context.record,
            born=date(1952, 2, 29),
            visits=(EMERGENCY_VISIT,),
        )

    def plan(self, question: str, *turns: Turn) -> Plan:
        return plan_in_context(self.planner, question, self.setting, turns, self.cards)

    def calls(self, question: str, *turns: Turn) -> list[tuple[str, dict[str, Any]]]:
        """What is looked up, without the search of the notes beside it."""
        plan = self.plan(question, *turns)
        return [
            (c.tool, {k: v for k, v in c.arguments.items() if v})
            for c in plan.calls
            if not c.arguments.get("beside") and c.tool != "search_notes"
        ]


@pytest.fixture(scope="module")
def room(crafted: Bench) -> Room:
    return Room(crafted)


ASKS: list[tuple[str, list[tuple[str, dict[str, Any]]]]] = [
    ("whats the gap between the first and the most recent creatinine", [("series", CREATININE)]),
    ("creatinine today vs first recorded", [("series", CREATININE)]),
    ("highest creatinine and its date, then the latest one", [("statistics", {**CREATININE, "statistic": "max"}), ("latest", CREATININE)]),
    ("creatinine at its lowest and at present", [("statistics", {**CREATININE, "statistic": "min"}), ("latest", CREATININE)]),
    ("creatinine max/min/now", [("statistics", {**CREATININE, "statistic": "range"}), ("latest", CREATININE)]),
    ("creatinine on every visit", [("series", CREATININE)]),
    ("creatinine range", [("statistics", {**CREATININE, "statistic": "range"})]),
    ("creatinine compared to a year ago", [("change", {**CREATININE, "period": "a year ago"})]),
    ("average creatinine in 2023 and in 2025", [("statistics", {**CREATININE, "statistic": "mean", "period": "in 2023"}), ("statistics", {**CREATININE, "statistic": "mean", "period": "in 2025"})]),
    ("the creatinine of january 2024, was it higher than in february 2025", [("latest", {**CREATININE, "period": "of january 2024"}), ("latest", {**CREATININE, "period": "in february 2025"})]),
    ("creatinine jan to mar 2024", [("latest", {**CREATININE, "period": "jan to mar 2024"})]),
    ("creatinine on ED visit", [("latest", {**CREATININE, "period": "on 2024-01-05"})]),
    ("bp ED visit", [("latest", {"concept": "blood_pressure", "period": "on 2024-01-05"})]),
    ("creatinine at age 71", [("latest", {**CREATININE, "period": "between 2023-02-28 and 2024-02-27"})]),
    ("what about aspirin", [("medication", {"drug": "aspirin", "aspect": "active"})]),
    ("was metformin ever stopped", [("medication", {"drug": "metformin", "aspect": "stop"})]),
    ("was metformin ever increased", [("medication", {"drug": "metformin", "aspect": "dose_history"})]),
    ("when did we diagnose the diabetes & what was started for it", [("condition", {"name": "diabetes", "aspect": "onset"}), ("list_medications", {"drug": "antidiabetic", "status": "all"})]),
    ("what is her depression being treated with", [("medication", {"drug": "antidepressant", "aspect": "active", "claim": "open"})]),
    ("since when is he on apixaban & for what indication", [("medication", {"drug": "apixaban", "aspect": "start"}), ("medication", {"drug": "apixaban", "aspect": "reason"})]),
    ("naproxen with ckd - ok?", [("medication_safety", {"drug": "naproxen"})]),
    ("which meds are prn", [("list_medications", {"status": "active", "as_needed": True})]),
    ("any ER visit or hospital stay", [("encounters", {"aspect": "has", "kind": "emergency"}), ("encounters", {"aspect": "has", "kind": "inpatient"})]),
    ("has she got prediabetes", [("condition", {"name": "prediabetes", "aspect": "has"})]),
    ("what ckd stage is she at", [("calculate", {"model": "ckd_epi_2021_creatinine"})]),
    ("bmi class", [("calculate", {"model": "bmi"})]),
    ("ideal body weight", [("calculate", {"model": "ideal_body_weight"})]),
    ("latest labs", [("lab_panel", {"panel": "all"})]),
    ("any labs out of range", [("lab_panel", {"panel": "abnormal"})]),
    ("what's happening with her kidneys", [("lab_panel", {"panel": "renal_function"})]),
    ("bp on 25 jan 24", [("latest", {"concept": "blood_pressure", "period": "on 25 jan 2024"})]),
    ("creatinine 1.0 - when was that", [("series", CREATININE)]),
    ("creatinine 3 highest", [("series", CREATININE)]),
    ("mean creatinine of the last 3 visits", [("statistics", {**CREATININE, "statistic": "mean", "limit": 3})]),
    ("latest creatinine; was it ever above 1.2", [("latest", CREATININE), ("threshold", {**CREATININE, "comparison": "above", "value": 1.2})]),
    ("osteoporosis drug", [("medication", {"drug": "osteoporosis_drug", "aspect": "active"})]),
    ("penicillin allergy - can he get cefazolin", [("medication_safety", {"drug": "cefazolin"})]),
    ("is LDL above 100 and what is she taking for it", [("threshold", {"concept": "ldl", "comparison": "above", "value": 100.0}), ("medication", {"drug": "lipid_lowering", "aspect": "active"})]),
    ("breast cancer in family - who, what age", [("family_history", {"name": "breast_cancer"})]),
    ("microalbumin creatinine - did it ever exceed 100", [("threshold", {"concept": "uacr", "comparison": "above", "value": 100.0})]),
    ("procedures for the heart", [("procedures", {"aspect": "list"})]),
    ("HEART score", [("calculate", {"model": "heart_score"})]),
    ("ICD model and expiry", [("devices", {})]),
    ("the latest creatinine and if she takes any statin", [("latest", CREATININE), ("medication", {"drug": "statin", "aspect": "active"})]),
    ("creatinine 2023 and creatinine now", [("latest", {**CREATININE, "period": "2023"}), ("latest", CREATININE)]),
    ("depression onset and treatment", [("condition", {"name": "depression", "aspect": "onset"}), ("medication", {"drug": "antidepressant", "aspect": "active"})]),
    ("K+ below 4", [("threshold", {"concept": "potassium", "comparison": "below", "value": 4.0})]),
    ("is the creatinine at target", [("latest", CREATININE)]),
]  # fmt: skip


@pytest.mark.parametrize(("question", "wanted"), ASKS)
def test_what_is_asked_is_looked_up(room: Room, question: str, wanted: list[tuple[str, dict[str, Any]]]) -> None:
    assert room.calls(question) == wanted


def test_a_goal_alone_is_looked_for_in_the_notes(room: Room) -> None:
    assert [c.tool for c in room.plan("what is the creatinine target").calls] == ["search_notes"]


SUPPOSED: list[tuple[str, str, list[dict[str, Any]]]] = [
    ("compare her egfr at creatinine 1.2 vs 1.8", "ckd_epi_2021_creatinine", [{"creatinine_mg_dl": 1.2}, {"creatinine_mg_dl": 1.8}]),
    ("what would crcl be at weight 60, 80 or 100 kg", "cockcroft_gault", [{"weight_kg": 60.0}, {"weight_kg": 80.0}, {"weight_kg": 100.0}]),
    ("crcl if weight was 60 kg and height 170 cm", "cockcroft_gault", [{"weight_kg": 60.0, "height_cm": 170.0}]),
    ("predict egfr when he is 85", "ckd_epi_2021_creatinine", [{"age_years": 85.0}]),
    ("egfr if creatinine 2.0 and he were 60", "ckd_epi_2021_creatinine", [{"creatinine_mg_dl": 2.0, "age_years": 60.0}]),
]  # fmt: skip


@pytest.mark.parametrize(("question", "model", "changes"), SUPPOSED)
def test_values_beside_each_other_are_scenarios_of_their_own(
    room: Room, question: str, model: str, changes: list[dict[str, Any]]
) -> None:
    (call,) = room.plan(question).calls
    assert (call.tool, call.arguments["model"]) == ("what_if", model)
    assert [{k: v["value"] for k, v in s["changes"].items()} for s in call.arguments["scenarios"]] == changes


def test_each_score_that_is_supposed_about_is_run(room: Room) -> None:
    plan = room.plan("if weight rises to 70 kg what would bmi and crcl be")
    assert {c.arguments["model"] for c in plan.calls} == {"bmi", "cockcroft_gault"}


def test_a_wanted_index_gives_a_weight(room: Room) -> None:
    (call,) = room.plan("how much would he need to lose to have BMI 25").calls
    assert call.arguments == {"model": "target_weight", "scenarios": [], "inputs": {"target_bmi_kg_m2": 25.0}}


@pytest.mark.parametrize("question", ["simulate the bp with 40 mg of lisinopril", "what if her hgb was 8"])
def test_what_no_model_computes_gets_no_measured_value(room: Room, question: str) -> None:
    plan = room.plan(question)
    assert plan.refused and plan.reply == NO_SUCH_MODEL


# --- follow-ups ------------------------------------------------------------------------------------------------------


def _turn(call: Call, day: date | None = None) -> Turn:
    return Turn("…", (call,), True, {}, day)


def test_then_is_the_day_that_was_shown(room: Room) -> None:
    visits = Call(tool="encounters", arguments={"kind": "emergency", "aspect": "count"})
    asked = room.calls("what was his creatinine then", _turn(visits, date(2024, 4, 25)))
    assert asked == [("latest", {**CREATININE, "period": "on 2024-04-25"})]


def test_a_year_before_counts_from_the_value_that_was_shown(room: Room) -> None:
    latest = Call(tool="latest", arguments=CREATININE)
    asked = room.calls("and a year before?", _turn(latest, date(2025, 2, 5)))
    assert asked == [("latest", {**CREATININE, "period": "until 2024-02-05"})]


def test_another_number_replaces_the_one_that_was_supposed(room: Room) -> None:
    scenario = {"name": "with body weight -15", "changes": {"weight_kg": {"add": -15.0}}}
    run = Call(tool="what_if", arguments={"model": "bmi", "scenarios": [scenario]})
    (call,) = room.plan("and 25?", _turn(run)).calls
    assert call.arguments["scenarios"][0]["changes"] == {"weight_kg": {"add": -25.0}}


@pytest.mark.parametrize(
    ("shown", "day"),
    [
        ("Latest creatinine: 1.1 mg/dL on 2024-04-25.", date(2024, 4, 25)),
        ("1.1 on 2024-04-25, 1.2 on 2024-05-25.", None),
        ("Not documented. Looked at 5 notes up to 2026-11-20", None),
    ],
)
def test_a_turn_knows_its_day_where_there_is_one(shown: str, day: date | None) -> None:
    call = {"name": "latest", "args": CREATININE, "id": "c1", "type": "tool_call"}
    messages = [
        HumanMessage("creatinine?"),
        AIMessage(content="", tool_calls=[cast(Any, call)]),
        ToolMessage(content=shown, tool_call_id="c1", artifact={"found": True, "data": {}}),
        HumanMessage("and then?"),
    ]
    assert earlier_turns(messages)[0].day == day


# --- drafts ----------------------------------------------------------------------------------------------------------

DRAFTS = [
    ("draft an rx for metformin 500 mg bid", "draft_order", {"order": "metformin 500 mg bid", "action": "start"}),
    ("Rx for lisinopril 5 mg po daily pls", "draft_order", {"order": "lisinopril 5 mg po daily", "action": "start"}),
    ("lisinopril increase to 20 mg", "draft_order", {"order": "lisinopril to 20 mg", "action": "change"}),
    ("note to chart: counselled on smoking", "draft_note", {"text": "Counselled on smoking."}),
]


@pytest.mark.parametrize(("sentence", "tool", "arguments"), DRAFTS)
def test_an_order_in_other_words_becomes_a_draft(
    room: Room, sentence: str, tool: str, arguments: dict[str, str]
) -> None:
    (call,) = settle_order(sentence, Plan(), room.context.tools).calls
    assert (call.tool, call.arguments) == (tool, arguments)
    assert read_draft_request(sentence, room.context.tools) is not None


@pytest.mark.parametrize("sentence", ["draft a summary of her history", "rx for gout?", "metformin increase in 2024?"])
def test_what_orders_nothing_stays_a_question(room: Room, sentence: str) -> None:
    plan = Plan(calls=(Call(tool="latest", arguments=CREATININE),))
    assert settle_order(sentence, plan, room.context.tools) == plan


# --- tools -----------------------------------------------------------------------------------------------------------


def _text(result: ToolResult) -> str:
    return "\n".join(s.text for s in result.statements)


def test_all_results_gives_the_newest_of_each_test(crafted: Bench) -> None:
    shown = _text(all_results(crafted.context("status")))
    assert "Potassium: 4 mmol/L on 2024-03-05" in shown and "7.9" not in shown and "1 of 1" in shown


def test_results_outside_their_range_are_named_with_it(crafted: Bench) -> None:
    shown = _text(all_results(crafted.context("east"), outside_only=True))
    assert "**1** of 1" in shown and "Potassium: 3.3 mmol/L on 2025-11-10, low (range 3.5–" in shown


def test_no_result_at_all_is_said(crafted: Bench) -> None:
    result = all_results(crafted.context("notes"))
    assert not result.found and "no laboratory result is recorded" in _text(result)


def test_a_list_for_a_reason_that_no_order_names_says_so(crafted: Bench) -> None:
    shown = _text(list_medications(crafted.context("status"), reason="asthma"))
    assert shown.startswith("No active order names asthma as its reason.") and "Lisinopril" in shown


def test_what_is_taken_when_needed_is_a_list_of_its_own(crafted: Bench) -> None:
    assert "to be taken as needed is recorded" in _text(list_medications(crafted.context("status"), as_needed=True))


def test_feet_are_shown_as_feet() -> None:
    assert unit_label("[ft_i]") == "ft"
