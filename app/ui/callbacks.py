"""What happens when something in the chat is used. One session sees one patient at a time."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from app.access.guarded import GuardedServices
from app.dates import now, parse_as_of
from app.evidence import open_evidence
from app.logs import log_event, place_of, pseudonym
from app.overview import Overview, age_on, overview_of, patient_name
from app.ui import evidence_panel, plots, render
from app.ui.examples import example_questions
from domain.answers import Answer
from domain.errors import ChartTwinError

if TYPE_CHECKING:
    import gradio as gr

    from agents import Event
    from app.assembly import Services
    from domain.predictions import ModelCard

Message = dict[str, Any]

_REPAINT_S = 0.04
_UNEXPECTED = "Something failed on our side, and nothing was changed. Ask again; the server's log names the place."
_NOT_FOUND = "This citation cannot be opened any more: the entry is no longer in the record."


@dataclass
class Session:
    """One browser tab with one patient: switching the patient makes a new one."""

    patient_id: str = ""
    thread_id: str = field(default_factory=lambda: f"ui-{secrets.token_hex(12)}")
    messages: list[Message] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    answers: int = 0
    owner: str = ""  # whoever opened it; the page of somebody else does not get it, whatever id it sends


@dataclass
class Turn:
    """A question while it is being answered."""

    began: float
    steps: Message
    calls: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""
    reply: Message = field(default_factory=lambda: {"role": "assistant", "content": ""})


class Callbacks:
    """The chat's behaviour over the parts of this server."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def services_for(self, request: gr.Request) -> GuardedServices:
        """The parts as whoever sits before this page may use them.

        Raises:
            NotSignedIn: the session of the page has ended.
        """
        headers = {name.lower(): value for name, value in dict(request.headers).items()}
        cookies = {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
        gate = self._services.gate
        address = request.client.host if request.client else ""
        return GuardedServices(self._services, gate, gate.identify(headers, cookies, address), "/")

    def model_cards(self) -> list[ModelCard]:
        """Every model of the twin."""
        return list(self._services.twin.catalogue())

    def choices(self, services: GuardedServices) -> list[tuple[str, str]]:
        """The patients as the picker shows them: name, age, sex and enough of the id to tell namesakes apart."""
        today = now().date()
        rows = services.store.patients()
        choices = []
        for row in rows:
            age = age_on(row.birth_date, (row.deceased.date() if row.deceased else today))
            who = ", ".join(filter(None, ("" if age is None else f"{age} y", row.gender, f"id {row.id[:12]}")))
            choices.append((f"{patient_name(row)} ({who})", row.id))
        return choices

    def open_patient(
        self, patient_id: str | None, as_of: str | None, services: GuardedServices
    ) -> tuple[Session, Overview | None, list[str]]:
        """A new session, the header and the example questions of a patient; of none when none is chosen."""
        owner = services.caller.subject
        if not patient_id:
            return Session(owner=owner), None, []
        moment = self._moment(as_of)
        store = services.store
        card = overview_of(store, patient_id, moment)
        log_event("opened", patient=pseudonym(patient_id))
        return Session(patient_id=patient_id, owner=owner), card, example_questions(store, patient_id, moment)

    async def ask(
        self, question: str, as_of: str | None, session: Session, services: GuardedServices
    ) -> AsyncIterator[list[Message]]:
        """The conversation, again and again, while a question is answered."""
        if not question.strip() or not session.patient_id:
            yield session.messages
            return
        steps = {"role": "assistant", "content": "", "metadata": {"title": "Opening the chart", "status": "pending"}}
        turn = Turn(time.perf_counter(), steps)
        session.messages += [{"role": "user", "content": render.neutral(question.strip())}, turn.steps]
        yield session.messages
        painted = 0.0
        try:
            moment = parse_as_of(as_of) or now()
            async with aclosing(self._events(question, moment, session, services)) as events:  # type: ignore[type-var]
                async for event in events:
                    self._apply(event, turn, session)
                    if event.kind != "token" or time.perf_counter() - painted > _REPAINT_S:
                        painted = time.perf_counter()
                        yield session.messages
        except ChartTwinError as error:
            self._fail(error.message, turn, session)
        except Exception as error:
            log_event("internal_error", level=40, kind=type(error).__name__, where=place_of(error).replace(" at ", "@"))
            self._fail(_UNEXPECTED, turn, session)
        finally:
            _close_steps(turn)
        yield session.messages

    def stopped(self, session: Session) -> list[Message]:
        """The conversation after the user stopped an answer."""
        session.messages.append({"role": "assistant", "content": render.callout("info", "Stopped.", "")})
        return session.messages

    def open_citation(self, key: str, session: Session, services: GuardedServices) -> str:
        """The evidence panel of a citation of this conversation."""
        ref = session.refs.get(key)
        if ref is None:
            return evidence_panel.failure_html(_NOT_FOUND)
        try:
            return evidence_panel.evidence_html(open_evidence(services.store, session.patient_id, ref))
        except ChartTwinError:
            return evidence_panel.failure_html(_NOT_FOUND)

    async def _events(
        self, question: str, moment: datetime, session: Session, services: GuardedServices
    ) -> AsyncIterator[Event]:
        assistant = await run_in_threadpool(lambda: services.assistant)
        stream = assistant.astream(session.patient_id, question, as_of=moment, thread_id=session.thread_id)
        async with aclosing(stream) as events:  # type: ignore[type-var]
            async for event in events:
                yield event

    def _apply(self, event: Event, turn: Turn, session: Session) -> None:
        data = event.data
        if event.kind == "step":
            turn.steps["metadata"]["title"] = render.step_title(str(data.get("name", "")))
        elif event.kind == "tool":
            if data.get("phase") == "start":
                return  # the step's title says that something is being looked up
            turn.calls.append(data)
            turn.steps["content"] = "\n".join(map(render.tool_line, turn.calls))
        elif event.kind == "reset":
            turn.text = ""
            turn.reply["content"] = ""
        elif event.kind == "token":
            turn.text += str(data.get("text", ""))
            _show_reply(turn, session, render.streaming_markdown(turn.text))
        elif event.kind == "answer":
            self._finish(Answer.model_validate(data), turn, session)
        elif event.kind == "error":
            self._fail(str(data.get("message") or _UNEXPECTED), turn, session)

    def _finish(self, answer: Answer, turn: Turn, session: Session) -> None:
        session.answers += 1
        key = str(session.answers)
        session.refs |= render.citation_keys(answer, key)
        turn.calls = turn.calls or [call.model_dump(mode="json") for call in answer.tool_calls]
        turn.steps["content"] = "\n".join(map(render.tool_line, turn.calls)) or "Nothing had to be looked up."
        _show_reply(turn, session, render.answer_markdown(answer, key))
        session.messages.extend(_plots(answer))
        log_event(
            "answer", patient=pseudonym(session.patient_id), tools=len(turn.calls), citations=len(answer.citations)
        )

    def _fail(self, message: str, turn: Turn, session: Session) -> None:
        _show_reply(turn, session, render.callout("error", "No answer.", render.esc(message)))

    def _moment(self, as_of: str | None) -> datetime:
        try:
            return parse_as_of(as_of) or now()
        except ChartTwinError:
            return now()  # the header stays; the question says what is wrong with the date


def _show_reply(turn: Turn, session: Session, content: str) -> None:
    turn.reply["content"] = content
    if not any(message is turn.reply for message in session.messages[-3:]):
        session.messages.append(turn.reply)


def _close_steps(turn: Turn) -> None:
    seconds = time.perf_counter() - turn.began
    turn.steps["metadata"] = {"title": render.steps_title(len(turn.calls), seconds), "status": "done"}


def _plots(answer: Answer) -> Iterator[Message]:
    import gradio as gr

    for artifact in answer.artifacts:
        figure = plots.figure_of(artifact)
        if figure is not None:
            yield {"role": "assistant", "content": gr.Plot(figure, show_label=False, elem_classes="ct-plot")}
