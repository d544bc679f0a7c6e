"""Guards and planner on arbitrary questions: never an error, always a call that exists or a reply, the same each time."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents import guards
from agents.assistant import Assistant
from agents.context import RunContext
from agents.embedded.planner import Planner
from agents.models import build_embedded_model
from tests.conftest import NOW, Bench
from tools.catalogue import TOOLS

WORDS = st.sampled_from(
    "what is the latest her his creatinine a1c bp lisinopril statins diabetes allergies penicillin colonoscopy flu shot and or , ? trend average highest above 140 mg "
    "in 2020 last 2 years since on 2026-10-19 before ago when was why did he stop still on note says record meld bmi if were 70 kg normal before that one "
    "ED visits how many Maria Gonzalez Gonzales Parkinson's room 4 🙂 血压 \u0000 [1] {x} q12h".split(" ")
)
QUESTIONS = st.one_of(st.lists(WORDS, min_size=1, max_size=9).map(" ".join), st.text(min_size=1, max_size=60))
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(RELAXED, max_examples=200)
@given(st.one_of(QUESTIONS, st.text(max_size=200)))
def test_guards_read_any_text(cohort: Bench, text: str) -> None:
    context = RunContext(tools=cohort.context(2))
    first = guards.names_somebody_else(text, context.people, context.tools.lexicon)
    assert first is guards.names_somebody_else(text, context.people, context.tools.lexicon)
    assert guards.is_foreign(text) in {True, False} and guards.is_emergency(text) in {True, False}


@settings(RELAXED, max_examples=100)
@given(QUESTIONS)
def test_naming_somebody_else_refuses_whatever_else_is_asked(cohort: Bench, text: str) -> None:
    context = RunContext(tools=cohort.context(2))
    for name in ("maria gonzales", "Harold Okafor", "demo-ct-003"):
        assert guards.names_somebody_else(f"{text} {name}", context.people, context.tools.lexicon)


@pytest.fixture(scope="module")
def planner(cohort: Bench) -> Planner:
    """Without an embedder: routing by words alone, which is quick and takes the same paths."""
    return build_embedded_model(cohort.twin, None).planner


@settings(RELAXED, max_examples=60)
@given(QUESTIONS)
def test_any_question_has_a_plan(cohort: Bench, planner: Planner, text: str) -> None:
    context = RunContext(tools=cohort.context(2))
    setting = context.setting
    plan = planner.plan(text, setting)
    assert plan.calls or plan.reply
    assert all(c.tool in TOOLS for c in plan.calls) and len(plan.calls) <= 8
    assert planner.plan(text, setting) == plan
    follow_up = planner.plan("and the one before?", setting, plan.calls)
    assert follow_up.calls or follow_up.reply


@settings(RELAXED, max_examples=30)
@given(st.lists(WORDS, min_size=1, max_size=6).map(" ".join))
def test_any_question_has_an_answer_about_the_open_patient(cohort: Bench, text: str) -> None:
    assistant: Assistant = cohort.assistant
    if not text.strip():
        return
    answer = assistant.ask("demo-ct-002", text, as_of=NOW)
    assert answer.text.strip()
    assert all(
        "demo-ct-002" in c.evidence.ref or c.evidence.ref.startswith(("Run/", "Knowledge/")) for c in answer.citations
    )
    assert all(f"[{c.number}]" in answer.text for c in answer.citations)
    # "creatinine 4 mg" cannot be looked up, and that is said; nothing else may go wrong.
    assert {c.error for c in answer.tool_calls} <= {"", "retryable"}
