"""The assistant with its embedded model: one answer for one question, events in order, memory bound to its patient."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from agents.assistant import QUESTION_LIMIT, Assistant
from agents.models import build_remote_model
from domain.answers import Answer
from domain.errors import InvalidInput, ModelUnavailable, UnknownPatient
from tests.conftest import MARK, NOW, Bench

ROOT = Path(__file__).parents[2]


def ask(bench: Bench, who: int | str, question: str, thread: str | None = None, as_of: datetime | None = NOW) -> Answer:
    return bench.assistant.ask(bench.patient_id(who), question, as_of=as_of, thread_id=thread)


PLAIN: list[Any] = [
    (4, "is he still on lisinopril?", "No: lisinopril 20 mg is not active", "medication"),
    (6, "most recent creatinine?", "Latest creatinine: **165 umol/L** on 2026-10-19", "latest"),
    (4, "highest blood pressure", "**152/88 mmHg** on 2023-11-06", "statistics"),
    (8, "any allergies to penicillins?", "Yes: **Allergy to penicillin**", "allergies"),
    (8, "can I give amoxicillin?", "**Allergy recorded: Allergy to penicillin**", "medication_safety"),
    (5, "does she have celiac disease", "**refuted**", "condition"),
    (4, "CHA2DS2-VASc?", "**5 points", "calculate"),
    (7, "MELD", "**20 points", "calculate"),
    (12, "is he alive?", "Died on **2026-06-17**", "demographics"),
    (1, "how many ED visits in the last 2 years?", "**1** emergency department visit", "encounters"),
    (11, "last troponin", "Not documented: no troponin result is recorded", "latest"),
    (10, "has she had a c-section", "Cesarean section", "procedures"),
    (6, "ldl? and hdl? and tg?", "HDL cholesterol: **45 mg/dL**", "latest"),
]


@pytest.mark.parametrize(("who", "question", "phrase", "tool"), PLAIN)
def test_questions(cohort: Bench, who: int, question: str, phrase: str, tool: str) -> None:
    answer = ask(cohort, who, question)
    assert phrase in answer.text and answer.tool_calls[0].name == tool
    assert not any(c.error for c in answer.tool_calls) and not answer.refused
    numbers = [c.number for c in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1)) and all(f"[{n}]" in answer.text for n in numbers)
    for citation in answer.citations:
        if not citation.evidence.ref.startswith("Knowledge/"):
            assert cohort.store.resolve(cohort.patient_id(who), citation.evidence.ref)
    assert answer.trace_id and answer.question == question


FOUND: list[Any] = [
    # what must not be answered so; each was
    (6, "was her creatinine ever above 2?", "6** of 6"),
    (4, "INR between 2023 and now", " in 2023: **2.4**"),
    (2, "NKDA?", "No: **1** active"),
    (2, "CT-774210 LDL", "150 mg/dL"),
    (9, "any latex allergy?", "Note and record disagree"),
]


@pytest.mark.parametrize(("who", "question", "wrong"), FOUND)
def test_wrong_answers_that_were_seen(cohort: Bench, who: int, question: str, wrong: str) -> None:
    assert wrong not in ask(cohort, who, question).text


@pytest.mark.parametrize("question", ["LDL on 2/30/2026", "LDL on 2026-02-30"])
def test_a_day_that_does_not_exist_is_no_threshold(cohort: Bench, question: str) -> None:
    answer = ask(cohort, 2, question)
    assert all(c.name != "threshold" for c in answer.tool_calls), answer.text


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["", "   ", "\n\t"])
def test_an_empty_question(cohort: Bench, question: str) -> None:
    with pytest.raises(InvalidInput, match="the question is empty"):
        ask(cohort, 2, question)


def test_a_huge_question(cohort: Bench) -> None:
    with pytest.raises(InvalidInput, match=f"at most {QUESTION_LIMIT}"):
        ask(cohort, 2, "a" * (QUESTION_LIMIT + 1))


def test_an_unknown_patient(cohort: Bench) -> None:
    with pytest.raises(UnknownPatient):
        ask(cohort, "nobody", "latest LDL?")


@pytest.mark.parametrize(
    "question",
    [
        "?",
        "💊",
        "...",
        "\u0000",
        "<script>alert(1)</script>",
        "'; DROP TABLE notes; --",
        "[1][2][99]",
        "{period} {observation}",
        "%s %d {}",
    ],
)
def test_odd_questions_get_an_answer(cohort: Bench, question: str) -> None:
    answer = ask(cohort, 2, question)
    assert answer.text and not any(c.error for c in answer.tool_calls)


def test_a_long_question_is_read(cohort: Bench) -> None:
    answer = ask(
        cohort,
        2,
        "She came in today feeling well and we talked about her plans for the summer. " * 12
        + "What was her latest LDL?",
    )
    assert answer.text


def test_a_greeting_shows_the_whole_help(cohort: Bench) -> None:
    answer = ask(cohort, 2, "hello")
    assert "For example:" in answer.text and answer.warnings == ()


def test_many_ambiguous_names_cost_no_more_than_a_few_readings(cohort: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = 0

    def counted(*choices: Any) -> Any:
        nonlocal drawn
        drawn = 0
        for combination in itertools.product(*choices):
            drawn += 1
            assert drawn < 1000
            yield combination

    monkeypatch.setattr("agents.embedded.reading.reader.product", counted, raising=False)
    assert ask(cohort, 2, " ".join(["iron"] * 14)).text


# --- determinism, threads, concurrency -------------------------------------------------------------------------------

SAME = [
    (4, "is he still on lisinopril?"),
    (6, "creatinine trend"),
    (1, "what do the notes say about the abscess?"),
    (7, "MELD"),
    (1, "active problems and meds"),
    (8, "record vs notes"),
]


def essence(answer: Answer) -> dict[str, Any]:
    return answer.model_dump(mode="json", exclude={"trace_id", "latency_s", "tool_calls"})


def test_the_same_question_has_the_same_answer(cohort: Bench) -> None:
    other = cohort.assistant_with(None)
    for who, question in SAME:
        first, again = ask(cohort, who, question), ask(cohort, who, question)
        assert essence(first) == essence(again) == essence(other.ask(cohort.patient_id(who), question, as_of=NOW))
        assert first.trace_id != again.trace_id


def test_the_answer_does_not_hang_on_the_order_of_sets(crafted: Bench) -> None:
    program = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from agents import build_assistant; from knowledge_base.records import RecordStore; from twin_backend import build_twin\n"
        "assistant = build_assistant(RecordStore(Path(sys.argv[1])), None, build_twin(0))\n"
        "for who, q in (('units', 'creatinine trend'), ('status', 'active meds and problems'), ('notes', 'any allergies?'), ('units', 'neutrophils'), ('status', 'iron')):\n"
        "    print(assistant.ask(who, q, as_of=datetime(2026, 11, 10, tzinfo=UTC)).text)\n"
    )
    outputs = []
    for seed in ("1", "2"):
        done = subprocess.run([sys.executable, "-c", program, str(crafted.store.data_dir)], capture_output=True, text=True, cwd=ROOT,
                              env={**os.environ, "PYTHONHASHSEED": seed}, timeout=60, check=True)  # fmt: skip
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1] and "creatinine" in outputs[0].lower()


def test_many_threads_at_once(cohort: Bench) -> None:
    questions = [(who, q) for who in (1, 2, 4, 6) for q in ("latest creatinine?", "active meds", "any allergies?")]
    alone = [essence(ask(cohort, who, q)) for who, q in questions]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda pair: essence(ask(cohort, *pair)), questions))
    assert together == alone


# --- events ----------------------------------------------------------------------------------------------------------


def check_events(events: list[Any]) -> None:
    kinds = [e.kind for e in events]
    assert kinds[0] == "step" and kinds[-1] == "answer" and kinds.count("answer") == 1
    first_token = kinds.index("token")
    assert set(kinds[:first_token]) <= {"step", "tool"} and set(kinds[first_token:-1]) == {"token"}
    assert [e.data["name"] for e in events if e.kind == "step"] == ["prefetch", "plan", "act", "plan", "verify"]
    assert "".join(e.data["text"] for e in events if e.kind == "token") == events[-1].data["text"]
    ended = [e.data for e in events if e.kind == "tool" and e.data["phase"] == "end"]
    calls = events[-1].data["tool_calls"]
    assert [{key: data[key] for key in calls[0]} for data in ended] == calls
    started = [e.data["id"] for e in events if e.kind == "tool" and e.data["phase"] == "start"]
    assert started == [data["id"] for data in ended]
    assert all(0 <= data["started_s"] <= data["ended_s"] for data in ended)


def test_events_in_order(cohort: Bench) -> None:
    check_events(list(cohort.assistant.stream("demo-ct-006", "creatinine trend and latest potassium", as_of=NOW)))


def test_events_of_a_refusal(cohort: Bench) -> None:
    events = list(cohort.assistant.stream("demo-ct-002", "Gonzales LDL", as_of=NOW))
    assert [e.data["name"] for e in events if e.kind == "step"] == ["prefetch", "verify"]
    assert events[-1].kind == "answer" and events[-1].data["refused"]


def test_events_for_asynchronous_callers(cohort: Bench) -> None:
    async def collect(question: str) -> list[Any]:
        return [e async for e in cohort.assistant.astream("demo-ct-006", question, as_of=NOW)]

    async def leave_early() -> str:
        async for event in cohort.assistant.astream("demo-ct-006", "latest potassium", as_of=NOW):
            return event.kind
        return ""

    check_events(asyncio.run(collect("creatinine trend and latest potassium")))
    assert asyncio.run(leave_early()) == "step"
    with pytest.raises(InvalidInput):
        asyncio.run(collect("  "))


# --- memory ----------------------------------------------------------------------------------------------------------

DIALOGUE = [
    ("latest creatinine?", "**1.2 mg/dL** on 2026-11-02"),
    ("and the one before?", "**1.5 mg/dL** on 2026-10-28"),
    ("what about potassium?", "**4.1 mmol/L** on 2026-11-02"),
    ("is that normal?", "Normal: within the range"),
    ("trend?", "otassium, "),
    ("is he on vancomycin?", "vancomycin"),
    ("when was it started?", "2026-10-18"),
    ("and daptomycin?", "aptomycin"),
]


def test_a_conversation(cohort: Bench) -> None:
    for question, phrase in DIALOGUE:
        assert phrase in ask(cohort, 1, question, "dialogue").text, question


def test_a_thread_belongs_to_its_patient(cohort: Bench) -> None:
    first = ask(cohort, 1, "latest creatinine?", "shared")
    assert "creatinine" in first.text
    elsewhere = ask(cohort, 6, "and the one before?", "shared")
    assert (
        not any(c.arguments.get("concept") == "creatinine" for c in elsewhere.tool_calls)
        and "creatinine" not in elsewhere.text.lower()
    )
    assert "**1.5 mg/dL** on 2026-10-28" in ask(cohort, 1, "and the one before?", "shared").text


def test_without_a_thread_nothing_is_remembered(cohort: Bench) -> None:
    ask(cohort, 1, "latest creatinine?")
    assert "creatinine" not in ask(cohort, 1, "and the one before?").text.lower()


def test_a_refusal_in_between_does_not_break_the_thread(cohort: Bench) -> None:
    ask(cohort, 1, "latest creatinine?", "interrupted")
    assert ask(cohort, 1, "what about Walter Lindqvist?", "interrupted").refused
    assert "**1.5 mg/dL** on 2026-10-28" in ask(cohort, 1, "and the one before?", "interrupted").text


def test_the_moment_is_that_of_each_turn(cohort: Bench) -> None:
    early = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert "2026-10-23" in ask(cohort, 1, "latest creatinine?", "moments", early).text
    assert "2026-11-02" in ask(cohort, 1, "latest creatinine?", "moments").text


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2024, 1, 1, 12, tzinfo=UTC).replace(tzinfo=None),
        datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_a_moment_without_a_zone_is_taken_as_utc(cohort: Bench, moment: datetime) -> None:
    assert "2023" in ask(cohort, 6, "latest creatinine?", as_of=moment).text


# --- privacy ---------------------------------------------------------------------------------------------------------


def test_no_patient_data_in_logs_or_errors(
    crafted: Bench, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A name and a note's words go through the whole flow at debug level; the answer has them, the logs do not."""
    caplog.set_level(logging.DEBUG)
    questions = [
        f"what do the notes say about {MARK}?",
        "what is the patient's name?",
        f"{MARK} creatinine",
        "what do the notes say about contrast?",
        f"period {MARK} 2/30/2020 {MARK}",
    ]
    texts = [ask(crafted, "notes", q, "logged").text for q in questions]
    assert any(MARK in t for t in texts)
    list(crafted.assistant.stream("notes", f"is {MARK} allergic to latex?", as_of=NOW))
    printed = capfd.readouterr()
    for text in (caplog.text, printed.out, printed.err, " ".join(str(r.args) for r in caplog.records)):
        assert MARK.lower() not in text.lower()
    for who, question in (("notes", f"{MARK} " * 9000), ("nobody", MARK), ("notes", " ")):
        with pytest.raises((InvalidInput, UnknownPatient)) as caught:
            ask(crafted, who, question)
        assert MARK not in str(caught.value)


def test_brackets_in_a_note_are_no_citation(crafted: Bench) -> None:
    answer = ask(crafted, "notes", "what do the notes say about contrast?")
    assert "Tolerated contrast" in answer.text


# --- models by name --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gpt-4", "openai:", "mistral:x", "", ":", "embedded:x"])
def test_an_unknown_model_names_the_known(name: str) -> None:
    with pytest.raises(ModelUnavailable, match="use embedded, openai:NAME, anthropic:NAME or ollama:NAME"):
        build_remote_model(name)


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_a_model_whose_package_is_missing_names_the_extra(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"langchain_{provider}", None)
    with pytest.raises(ModelUnavailable, match=rf"pip install 'charttwin\[{provider}\]'"):
        build_remote_model(f"{provider}:some-model")


def test_conversations_outlive_the_process(cohort: Bench, tmp_path: Path) -> None:
    from agents import build_assistant
    from agents.memory import Conversations

    def again() -> Assistant:
        return build_assistant(
            cohort.store, cohort.index, cohort.twin, memory=Conversations(tmp_path / "threads" / "t.sqlite3")
        )

    again().ask("demo-ct-001", "latest creatinine?", as_of=NOW, thread_id="kept")
    assert (
        "**1.5 mg/dL** on 2026-10-28"
        in again().ask("demo-ct-001", "and the one before?", as_of=NOW, thread_id="kept").text
    )
