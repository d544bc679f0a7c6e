"""The chat's behaviour without a browser: sessions, streams, evidence and faults in plain words."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.access.callers import LOCAL
from app.access.guarded import GuardedServices
from app.ui.callbacks import Callbacks, Message, Session
from app.ui.examples import COUNT, example_questions
from app.ui.render import step_title
from tests.unit.test_app_scripted import PATIENT_ID, ScriptedAssistant, scripted_services


class Page:
    """A browser tab without the browser."""

    def __init__(self, data_dir: Path) -> None:
        services, self.assistant = scripted_services(data_dir)
        self.store = services.store
        self.callbacks = Callbacks(services)
        self.services = GuardedServices(services, services.gate, LOCAL, "/")
        self.session = self.open()

    def open(self) -> Session:
        session, card, _ = self.callbacks.open_patient(PATIENT_ID, None, self.services)
        assert card is not None
        return session

    def ask(self, question: str, as_of: str = "") -> list[str]:
        """The titles and texts that were seen while the answer came."""
        seen: list[str] = []

        async def follow() -> None:
            async for messages in self.callbacks.ask(question, as_of, self.session, self.services):
                seen.extend(title_of(m) or str(m["content"]) for m in messages)

        asyncio.run(follow())
        return seen

    @property
    def texts(self) -> list[str]:
        return [m["content"] for m in self.session.messages if isinstance(m["content"], str)]


def title_of(message: Message) -> str:
    return (message.get("metadata") or {}).get("title", "")


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(tmp_path)


def test_the_picker_tells_namesakes_apart(page: Page) -> None:
    ((label, value),) = page.callbacks.choices(page.services)
    assert value == PATIENT_ID and label.startswith("Edythe Morar (") and "female" in label and PATIENT_ID[:8] in label


def test_an_answer_streams_and_ends_with_links_callouts_and_a_plot(page: Page) -> None:
    seen = page.ask("weight trend")
    assert "Looking it up" in seen and len(set(seen)) > 4
    question, steps, reply, plot = page.session.messages
    assert question["content"] == "weight trend"
    assert steps["metadata"]["status"] == "done" and steps["metadata"]["title"].startswith("1 look-up")
    assert (
        'href="#cite-1-1"' in reply["content"] and "ct-conflict" in reply["content"] and "draft" not in reply["content"]
    )
    assert type(plot["content"]).__name__ == "Plot"


def test_links_of_earlier_answers_still_open_their_own_evidence(page: Page) -> None:
    page.ask("weight trend")
    page.ask("what if")
    assert "Body" in page.callbacks.open_citation("1-1", page.session, page.services)
    assert "Vancomycin exposure" in page.callbacks.open_citation("2-1", page.session, page.services)


@pytest.mark.parametrize("key", ["9-9", "", "Observation/anything", "None"])
def test_a_key_of_another_conversation_opens_nothing(page: Page, key: str) -> None:
    page.ask("weight trend")
    assert "cannot be opened" in page.callbacks.open_citation(key, page.session, page.services)
    assert "cannot be opened" in page.callbacks.open_citation("1-1", page.open(), page.services)


def test_a_thread_lasts_for_one_patient_in_one_session(page: Page) -> None:
    page.ask("weight trend")
    page.ask("what if")
    page.session = page.open()
    page.ask("weight trend")
    first, second, third = (thread for _, thread, _ in page.assistant.threads)
    assert first == second != third and page.session.refs.keys() == {"1-1", "1-2", "1-c1-1"}


def test_a_fault_is_told_in_plain_words(page: Page) -> None:
    page.ask("crash")
    assert "Something failed on our side" in page.texts[-1] and "PHI-MARKER" not in page.texts[-1]
    assert all(title_of(m) != "Looking it up" for m in page.session.messages)


def test_a_date_that_cannot_be_read_is_told(page: Page) -> None:
    page.ask("weight trend", as_of="soon")
    assert "“As of” is a date such as 2024-05-31" in page.texts[-1]


def test_an_empty_question_is_not_asked(page: Page) -> None:
    page.ask("   ")
    assert page.session.messages == [] and page.assistant.started == 0


def test_a_stopped_answer_is_ended(page: Page) -> None:
    page.assistant.pause_s = 0.01

    async def leave() -> None:
        stream = page.callbacks.ask("weight trend", "", page.session, page.services)
        for _ in range(3):
            await anext(stream)
        await stream.aclose()

    asyncio.run(leave())
    assert page.assistant.started == 1 and page.assistant.finished == 0
    assert page.session.messages[1]["metadata"]["status"] == "done"
    assert "Stopped" in page.callbacks.stopped(page.session)[-1]["content"]


def test_nothing_goes_on_turning_after_a_stop(page: Page) -> None:
    async def pressed_while_it_runs() -> None:
        stream = page.callbacks.ask("weight trend", "", page.session, page.services)
        await anext(stream)
        shown = page.callbacks.stopped(page.session)
        assert [m["metadata"]["status"] for m in shown if "metadata" in m] == ["done"]
        await stream.aclose()

    asyncio.run(pressed_while_it_runs())


@pytest.mark.parametrize("step", ["prefetch", "plan", "supervise", "act", "report", "verify"])
def test_every_step_is_told_in_plain_words(step: str) -> None:
    assert step not in step_title(step).lower().split()


def test_what_the_user_types_is_text(page: Page) -> None:
    page.ask("<img src=x onerror=alert(1)>")
    assert "<img" not in page.texts[0]


def test_no_patient_means_no_conversation(page: Page) -> None:
    session, card, questions = page.callbacks.open_patient(None, None, page.services)
    assert card is None and questions == [] and session.patient_id == ""
    assert session.thread_id != page.session.thread_id


def test_examples_fit_the_chart(page: Page) -> None:
    questions = example_questions(page.store, PATIENT_ID, datetime(2022, 1, 1, tzinfo=UTC))
    assert len(questions) == COUNT and "How has HbA1c changed over time?" in questions
    assert not any("vancomycin" in question.lower() for question in questions)
    before_birth = example_questions(page.store, PATIENT_ID, datetime(1970, 1, 1, tzinfo=UTC))
    assert "Which medicines are active now?" in before_birth and len(before_birth) == 4


def test_the_scripted_assistant_is_used(page: Page) -> None:
    assert isinstance(page.assistant, ScriptedAssistant)
