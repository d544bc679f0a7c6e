"""What leaves: nothing unasked; nothing that identifies somebody when de-identified; and what comes back is read back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from agents.assistant import Assistant, build_assistant
from agents.models import choose_model
from agents.privacy.identifiers import Identifiers, record_identifiers
from agents.privacy.masking import Masker
from agents.privacy.policy import Policy, is_loopback, parse_policies
from agents.runtime.faults import NotPermitted
from domain.answers import Answer
from domain.errors import InvalidInput
from tests.conftest import NOW, Bench

KEY = b"0123456789abcdef" * 2
ISO = re.compile(r"(?<!\d)(?:19|20)\d\d-\d\d-\d\d")


# --- policy ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "provider", "address", "expected"),
    [
        ("", "openai", "http://127.0.0.1:8080/v1", Policy.ALLOW),
        ("local", "ollama", "http://localhost:11434", Policy.ALLOW),
        ("local", "openai", "http://[::1]:8080/v1", Policy.ALLOW),
        ("deidentify", "openai", "https://api.openai.com/v1", Policy.DEIDENTIFY),
        ("openai=deidentify, ollama=allow", "ollama", "http://gpu.hospital.example", Policy.ALLOW),
        ("allow, openai=deidentify", "openai", "https://api.openai.com/v1", Policy.DEIDENTIFY),
        ("ALLOW", "anthropic", "https://api.anthropic.com", Policy.ALLOW),
    ],
)
def test_what_a_policy_lets_out(setting: str, provider: str, address: str, expected: Policy) -> None:
    assert parse_policies(setting).for_model(provider, address) is expected


@pytest.mark.parametrize(
    "address",
    [
        "https://api.openai.com/v1", "http://127.0.0.1.evil.example/v1", "http://127.0.0.1@evil.example/v1", "http://10.0.0.5/v1",
        "http://0.0.0.0:80", "http://localhost.evil.example", "", "127.0.0.1:80", "http://2130706433/", "http://[::1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("setting", ["", "local", "allow,openai=local", "ollama=allow"])
def test_nothing_leaves_unasked(setting: str, address: str) -> None:
    assert not is_loopback(address)
    with pytest.raises(NotPermitted, match="CHARTTWIN_PRIVACY"):
        parse_policies(setting).for_model("openai", address)


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(InvalidInput, match="local, deidentify and allow"):
        parse_policies("openai=share")


def test_a_model_that_the_policy_excludes_is_not_even_built(cohort: Bench) -> None:
    assert choose_model("openai:gpt-x").model is None
    assistant = build_assistant(cohort.store, cohort.index, cohort.twin, model="openai:gpt-x")
    answer = assistant.ask("demo-ct-002", "latest LDL?", as_of=NOW)
    assert answer.text.startswith("Latest LDL cholesterol: **150 mg/dL**")
    [warning] = answer.warnings
    assert warning.startswith("The configured model was not asked") and "CHARTTWIN_PRIVACY" in warning


# --- masking ---------------------------------------------------------------------------------------------------------


class Clerk(BaseChatModel):
    """Looks up everything that names people, asks again by a date it has seen, and repeats all it was told.

    It streams in pieces of three characters, so that names and dates are cut at every border.
    """

    question: dict[str, Any] = Field(default_factory=dict)
    sent: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "clerk"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self.bind(**kwargs)

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        self.sent.append(
            json.dumps([[str(m.content), getattr(m, "tool_calls", [])] for m in messages], ensure_ascii=False)
        )
        told = [str(m.content) for m in messages if isinstance(m, ToolMessage)]
        calls: list[tuple[str, dict[str, Any]]] = []
        if not told:
            calls = [
                ("demographics", {}), ("encounters", {}), ("list_medications", {}), ("list_notes", {}), ("list_problems", {}),
                ("search_notes", {"query": str(messages[-1].content)}), ("procedures", {}), ("family_history", {}), ("timeline", {}),
            ]  # fmt: skip
        elif len(told) < 10:
            seen = sorted({d for text in told for d in ISO.findall(text)})
            calls = [("encounters", {"period": f"since {seen[0]}"}), ("list_notes", {"period": f"on {seen[-1]}"})]
        for number, (name, arguments) in enumerate(calls):
            text = json.dumps(arguments)
            for at in range(0, len(text), 3):
                piece = {"name": name if not at else None, "args": text[at : at + 3], "id": f"c{len(told)}{number}" if not at else None, "index": number}  # fmt: skip
                yield chunk("", [{**piece, "type": "tool_call_chunk"}])
        if not calls:
            lines = [line for text in told for line in text.splitlines() if not line.startswith("⟦")]
            text = "\n".join(dict.fromkeys(lines))
            for at in range(0, len(text), 3):
                yield chunk(text[at : at + 3])


def chunk(text: str, calls: list[Any] | None = None) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=text, tool_call_chunks=calls or []))


def assistant_of(bench: Bench, privacy: str) -> tuple[Assistant, Clerk]:
    clerk = Clerk()
    return build_assistant(bench.store, bench.index, bench.twin, chat_model=clerk, privacy=privacy), clerk


def said(answer: Answer) -> dict[str, Any]:
    calls = [(c.name, c.arguments, c.summary, c.error) for c in answer.tool_calls]
    return {**answer.model_dump(exclude={"trace_id", "latency_s", "tool_calls"}), "calls": calls}


@pytest.mark.parametrize("who", range(1, 13))
def test_no_identifier_leaves_and_the_answer_is_the_same(cohort: Bench, who: int) -> None:
    patient = cohort.store.patient(cohort.patient_id(who))
    question = (
        f"What do the notes say about {patient.name}, born {patient.birth_date}, MRN {patient.identifiers[0][1]}?"
    )
    (plain, open_clerk), (masked, clerk) = assistant_of(cohort, "allow"), assistant_of(cohort, "deidentify")
    expected = plain.ask(patient.id, question, as_of=NOW)
    answer = masked.ask(patient.id, question, as_of=NOW)
    assert said(answer) == said(expected) and len(answer.tool_calls) == 11 and answer.warnings == expected.warnings

    known = record_identifiers(cohort.store, patient.id)
    out, before = "\n".join(clerk.sent), "\n".join(open_clerk.sent)
    words = {w.lower() for w in re.findall(r"[^\W_]+", out)}
    assert {w.lower() for w in known.name_words} & {w.lower() for w in re.findall(r"[^\W_]+", before)}
    assert not {w.lower() for w in known.name_words} & words
    assert not [n for n in known.numbers if n.lower() in out.lower()]
    for _, place in known.phrases:
        assert place.lower() not in out.lower()
    dates, originals = set(ISO.findall(out)), set(ISO.findall(before))
    shift = {(b - a).days for a, b in zip(sorted(map(day, originals)), sorted(map(day, dates)), strict=True)}
    assert len(originals) > 3 and len(shift) == 1 and shift.pop() != 0
    assert str(patient.birth_date) in originals and str(patient.birth_date) not in out


WRITTEN_DAY = re.compile(
    r"(?<![\w./])(?:\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{4}-\d\d-\d\d|\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}(?!\d))(?![\w/])"
)
# Scores, shares and strengths of these notes; no day.
NO_DAY = {"5/5", "6/10", "7/10", "4/10", "27/30", "1/2"}


@pytest.mark.parametrize("who", [1, 2, 3, 6, 9, 11])
def test_no_day_of_a_note_leaves_in_any_written_form(cohort: Bench, who: int) -> None:
    patient_id = cohort.patient_id(who)
    assistant, clerk = assistant_of(cohort, "deidentify")
    assistant.ask(patient_id, "What do the notes say about cultures, testing, surgery and levels?", as_of=NOW)
    sent = " ".join("\n".join(str(part) for part, _ in json.loads("".join(clerk.sent[-1:]))).split())
    mask = Masker(KEY, patient_id, record_identifiers(cohort.store, patient_id), NOW.year)
    seen = 0
    for note in cohort.store.notes(patient_id):
        flat = " ".join(note.text.split())
        out = mask.mask(flat)
        assert mask.unmask(out) == flat
        for match in WRITTEN_DAY.finditer(flat):
            numbers = [int(n) for n in re.findall(r"\d+", match[0])]
            if match[0] in NO_DAY or ("/" in match[0] and (numbers[0] > 12 or numbers[1] > 31)):
                continue
            seen += 1
            around = flat[max(0, match.start() - 12) : match.end() + 2]
            assert around not in out and around not in sent, around
    assert seen or who in {3, 6, 11}


def test_titles_stay_and_no_surrogate_is_a_name_of_the_record() -> None:
    mask = masker(people=("Dr. Patricia Welch", "Samuel Adeyemi", "Linh Do", "Ann Tran, MD"))
    text = "Dr. Patricia Welch saw Mr. Adeyemi; Linh Do and Ann Tran, MD agreed. Dr Welch will call."
    out = mask.mask(text)
    assert mask.unmask(out) == text
    assert out.startswith("Dr. ") and " Mr. " in out and ", MD agreed" in out and " Dr " in out
    words = set(re.findall(r"\w+", out.lower()))
    assert not words & {"patricia", "welch", "samuel", "adeyemi", "linh", "do", "ann", "tran"}


@pytest.mark.parametrize("patient", [f"p{n}" for n in range(12)])
def test_scores_that_were_sent_are_no_days_when_they_come_back(patient: str) -> None:
    mask = masker(patient)
    text = "Strength 5/5, pain 7/10, seen 7/3 and 10/18, 25th percentile, back on the 25th."
    out = mask.mask(text)
    assert "5/5" in out and "7/10" in out and "10/18" not in out and mask.unmask(out) == text
    assert mask.unmask("- 7/10\n- 5/5\n25th") == "- 7/10\n- 5/5\n25th"


def day(text: str) -> Any:
    return date.fromisoformat(text)


def masker(days_of: str = "p1", **known: Any) -> Masker:
    return Masker(KEY, days_of, Identifiers(**known), 2026)


def test_words_that_are_also_names_are_names_with_a_capital() -> None:
    mask = masker(people=("Dr. Rose May", "Li An"))
    text = "Dr. May saw her; the rash may be rosea. Rose said an exam on May 3, 2026 was fine. LI agreed."
    out = mask.mask(text)
    assert mask.unmask(out) == text
    assert " may be " in out and " an exam " in out and "rosea" in out
    assert not {"May", "Rose", "LI"} & set(re.findall(r"\w+", out.replace("May ", "")))


def test_a_surrogate_that_the_text_uses_itself_is_no_surrogate() -> None:
    probe = masker(people=("Quillon",)).mask("Quillon")
    mask = masker(people=("Quillon",))
    first = mask.mask("Quillon was here.")
    text = f"Quillon met {probe}, and {probe.upper()}."
    assert probe in first
    again = mask.mask(text)
    assert mask.unmask(again) == text and again.count(probe) == 1


def test_what_a_model_makes_of_names_and_dates_is_read_back() -> None:
    mask = masker(people=("Henrik Solano",), numbers=frozenset({"CT-774210"}))
    out = mask.mask("Henrik Solano (MRN CT-774210), 93-year-old, admitted 2026-06-09.")
    name, date_sent = out.split()[1], ISO.search(out)
    assert date_sent is not None and "93" not in out and "CT-774210" not in out
    assert mask.unmask(f"{name.upper()}'s stay; Mr. {name.lower()}") == "SOLANO's stay; Mr. solano"
    moved = date.fromisoformat(date_sent[0])
    for written, meant in (
        (f"{moved:%B} {moved.day}, {moved.year}", "June 9, 2026"),
        (f"{moved.month}/{moved.day}/{moved.year}", "6/9/2026"),
    ):
        assert re.sub(r"\b0(?=\d)", "", mask.unmask(f"Admitted {written}.")) == f"Admitted {meant}."


def test_a_year_or_month_of_moved_dates_is_put_back_or_left_out() -> None:
    mask = masker()
    out = mask.mask("Seen 2025-12-20 and 2026-01-02; in 1999 a fracture.")
    years = {d[:4] for d in ISO.findall(out)}
    one = mask.unmask(f"Seen in {min(years)}; fracture in 1999.")
    assert one in {"Seen in 2025; fracture in 1999.", "Seen in an unstated year; fracture in 1999."}
    months = {d[:7] for d in ISO.findall(out)}
    assert mask.unmask(f"Seen in {min(months)}.") in {"Seen in 2025-12.", "Seen in an unstated month."}


def test_time_expressions_of_the_moved_calendar_become_days_of_the_record() -> None:
    mask = masker()
    sent = date.fromisoformat(ISO.findall(mask.mask("Seen 2026-01-02. In 1999 too."))[0])
    days = sent - date(2026, 1, 2)

    def period(text: str) -> str:
        call = {"name": "latest", "args": {"concept": "ldl", "period": text}, "id": "1", "type": "tool_call"}
        return str(mask.unmask_message(AIMessage(content="", tool_calls=[call])).tool_calls[0]["args"]["period"])

    assert (
        period(f"on {sent}") == "on 2026-01-02"
        and period("in 1999") == "in 1999"
        and period("last 2 years") == "last 2 years"
    )
    first, last = date(2025, 1, 1) - days, date(2025, 12, 31) - days
    assert period("in 2025") == f"between {first} and {last}"
    assert period("since 2025") == f"since {first}" and period("before 2025") == f"before {first}"
    assert period("after 2025") == f"since {last + timedelta(1)}"
    assert period("in March 2025") == f"between {date(2025, 3, 1) - days} and {date(2025, 3, 31) - days}"


def test_another_patient_or_key_has_other_surrogates() -> None:
    texts = {masker(p, people=("Henrik Solano",)).mask("Henrik Solano, 2026-06-09") for p in ("p1", "p2", "p3")}
    assert len(texts) == 3


def test_earlier_turns_of_a_conversation_are_masked_too(cohort: Bench) -> None:
    assistant, clerk = assistant_of(cohort, "deidentify")
    for _ in range(2):
        assistant.ask(
            "demo-ct-003", "what do the notes say about Maria Gonzales on 2026-06-09?", as_of=NOW, thread_id="masked"
        )
    earlier = [text for text, _ in json.loads(clerk.sent[-1])][1:3]
    assert earlier[0].startswith("what do the notes say about ") and "Age: **58 years**" in earlier[1]
    # A surrogate may hold a name by chance ("Mariana"), and another date may be moved to the day that was asked about.
    assert not re.search(r"\b(?:Gonzales|Maria)\b", "".join(clerk.sent))
    assert "2026-06-09" not in earlier[0] and "1968-04-21" not in earlier[1]
