"""What happens when something in the chat is used. One session sees one patient at a time."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from app.access.guarded import GuardedServices
from app.dates import now
from app.evidence import open_evidence
from app.logs import log_event, log_unexpected, pseudonym
from app.overview import Overview, age_on, overview_of, patient_name
from app.ui import evidence_panel, plots, render
from app.ui.asking import begin_of, moment_of
from app.ui.examples import example_questions
from domain.answers import Answer
from domain.errors import ChartTwinError, UnknownThread
from tools.context import Chart
from tools.extent import Extent, Sources

if TYPE_CHECKING:
    import gradio as gr

    from agents import Event
    from agents.memory import Conversation
    from app.assembly import Services
    from app.feedback import Verdict
    from app.settings import Settings
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
    given: dict[str, Answer] = field(default_factory=dict)  # by number, as the links under an answer name it
    judged: tuple[str, Verdict] | None = None  # the answer that a comment may still be given on
    drafts: list[str] = field(default_factory=list)  # that wait for a decision, the oldest first
    seen: dict[str, int] = field(default_factory=dict)  # the version of each draft that was shown
    as_of: str = ""  # the day that counts as today, as it was typed
    owner: str = ""  # whoever opened it; the page of somebody else does not get it, whatever id it sends


@dataclass
class Turn:
    """A question while it is being answered."""

    began: float
    steps: Message
    calls: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""
    chart: Chart | None = None  # as of the moment that is asked about
    reply: Message = field(default_factory=lambda: {"role": "assistant", "content": ""})


class Callbacks:
    """The chat's behaviour over the parts of this server."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def settings(self) -> Settings:
        """The settings of this server."""
        return self._services.settings

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
        session = Session(patient_id=patient_id, owner=owner, as_of=(as_of or "").strip())
        return session, card, example_questions(store, patient_id, moment)

    def overview(self, session: Session, services: GuardedServices) -> Overview:
        """The header of the open patient as the record stands now."""
        return overview_of(services.store, session.patient_id, self._moment(session.as_of))

    async def ask(
        self,
        question: str,
        as_of: str | None,
        session: Session,
        services: GuardedServices,
        since: str | None = "",
        sources: Sources = "both",
    ) -> AsyncIterator[list[Message]]:
        """The conversation, again and again, while a question is answered.

        Args:
            question: What is asked.
            as_of: The date to treat as today, as it was typed.
            session: The conversation.
            services: The parts as the caller may use them.
            since: The day that the look begins at, as it was typed.
            sources: Whether it goes into the record, the notes or both.
        """
        if not question.strip() or not session.patient_id:
            yield session.messages
            return
        steps = {"role": "assistant", "content": "", "metadata": {"title": "Opening the chart", "status": "pending"}}
        turn = Turn(time.perf_counter(), steps)
        session.messages += [{"role": "user", "content": render.neutral(question.strip())}, turn.steps]
        yield session.messages
        painted = 0.0
        try:
            moment = moment_of(as_of)
            turn.chart = Chart(services.store, session.patient_id, moment)
            extent = Extent(since=begin_of(since, as_of), sources=sources)
            async with aclosing(self._events(question, moment, extent, session, services)) as events:  # type: ignore[type-var]
                async for event in events:
                    self._apply(event, turn, session)
                    if event.kind != "token" or time.perf_counter() - painted > _REPAINT_S:
                        painted = time.perf_counter()
                        yield session.messages
        except ChartTwinError as error:
            self._fail(error.message, turn, session)
        except Exception as error:
            log_unexpected(error)
            self._fail(_UNEXPECTED, turn, session)
        finally:
            _close_steps(turn)
        yield session.messages

    def stopped(self, session: Session) -> list[Message]:
        """The conversation after the user stopped an answer: what was under way is shown as over."""
        for message in session.messages:
            if message.get("metadata", {}).get("status") == "pending":
                message["metadata"] = {"title": "Not finished", "status": "done"}
        session.messages.append({"role": "assistant", "content": render.callout("info", "Stopped.", "")})
        return session.messages

    def open_citation(self, key: str, session: Session, services: GuardedServices) -> str:
        """The evidence panel of a citation of this conversation."""
        ref = session.refs.get(key)
        if ref is None:
            return evidence_panel.failure_html(_NOT_FOUND)
        try:
            view = open_evidence(services.store, session.patient_id, ref)
            return evidence_panel.evidence_html(view, partial(render.linked, refs=session.refs, prefix="input"))
        except ChartTwinError:
            return evidence_panel.failure_html(_NOT_FOUND)

    async def _events(
        self, question: str, moment: datetime, extent: Extent, session: Session, services: GuardedServices
    ) -> AsyncIterator[Event]:
        assistant = await run_in_threadpool(lambda: services.assistant)
        narrowed: dict[str, Any] = {} if extent.is_whole else {"extent": extent}
        stream = assistant.astream(session.patient_id, question, as_of=moment, thread_id=session.thread_id, **narrowed)
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
        key = _given(answer, session)
        session.drafts += _drafts(answer)
        turn.calls = turn.calls or [call.model_dump(mode="json") for call in answer.tool_calls]
        turn.steps["content"] = "\n".join(map(render.tool_line, turn.calls)) or "Nothing had to be looked up."
        _show_reply(turn, session, render.answer_markdown(answer, key))
        session.messages.extend(_plots(answer, turn.chart))
        log_event(
            "answer", patient=pseudonym(session.patient_id), tools=len(turn.calls), citations=len(answer.citations)
        )

    def threads(self, session: Session, services: GuardedServices) -> tuple[list[tuple[str, str]], str | None]:
        """The caller's conversations about the open patient as the list shows them, and which of them is this one."""
        if not session.patient_id:
            return [], None
        kept = services.memory.list(session.patient_id)
        this = next((t.id for t in kept if session.thread_id in (t.id, t.name)), None)
        return [(f"{t.title[:48]} · {render.day(t.last_used)} · {t.turns}", t.id) for t in kept], this

    def reopen(self, thread_id: str, session: Session, services: GuardedServices) -> Session:
        """A conversation of before, read back and ready to go on.

        Raises:
            UnknownThread: it is none of the caller's about the open patient.
        """
        found = services.memory.read(thread_id)
        if found.patient_id != session.patient_id:
            raise UnknownThread("this conversation is not about the open patient")
        again = Session(
            patient_id=session.patient_id, thread_id=found.id, as_of=session.as_of, owner=session.owner
        )  # fmt: skip
        _read_back(found, again, services)
        return again

    def delete(self, thread_id: str, session: Session, services: GuardedServices) -> Session:
        """The session after a conversation was deleted: as it was, or a new one where that conversation was this one.

        Raises:
            UnknownThread: it is none of the caller's.
        """
        _, this = self.threads(session, services)
        services.memory.delete(thread_id)
        if thread_id != this:
            return session
        return Session(patient_id=session.patient_id, as_of=session.as_of, owner=session.owner)

    def _fail(self, message: str, turn: Turn, session: Session) -> None:
        _show_reply(turn, session, render.callout("error", "No answer.", render.esc(message)))

    def _moment(self, as_of: str | None) -> datetime:
        try:
            return moment_of(as_of)
        except ChartTwinError:
            return now()  # the header stays; the question says what is wrong with the date


def _given(answer: Answer, session: Session) -> str:
    """The number that the links of an answer go by in this session."""
    session.answers += 1
    key = str(session.answers)
    session.refs |= render.citation_keys(answer, key)
    session.given[key] = answer
    return key


def _drafts(answer: Answer) -> list[str]:
    return [str(a.get("draft", {}).get("id", "")) for a in answer.artifacts if a.get("kind") == "draft"]


def _read_back(found: Conversation, session: Session, services: GuardedServices) -> None:
    for entry in found.entries:
        answer = entry.answer
        session.drafts += _drafts(answer)
        steps = "\n".join(render.tool_line(call.model_dump(mode="json")) for call in answer.tool_calls)
        title = f"{render.steps_title(len(answer.tool_calls), None)} · as of {render.day(entry.as_of)}"
        folded = {"title": title, "status": "done"}
        session.messages += [
            {"role": "user", "content": render.neutral(entry.question)},
            {"role": "assistant", "content": steps or "Nothing had to be looked up.", "metadata": folded},
            {"role": "assistant", "content": render.answer_markdown(answer, _given(answer, session))},
            *_plots(answer, Chart(services.store, session.patient_id, entry.as_of)),
        ]


def _show_reply(turn: Turn, session: Session, content: str) -> None:
    turn.reply["content"] = content
    if not any(message is turn.reply for message in session.messages[-3:]):
        session.messages.append(turn.reply)


def _close_steps(turn: Turn) -> None:
    seconds = time.perf_counter() - turn.began
    turn.steps["metadata"] = {"title": render.steps_title(len(turn.calls), seconds), "status": "done"}


def _plots(answer: Answer, chart: Chart | None) -> Iterator[Message]:
    import gradio as gr

    for artifact in answer.artifacts:
        figure = plots.figure_of(artifact, chart)
        if figure is not None:
            yield {"role": "assistant", "content": gr.Plot(figure, show_label=False, elem_classes="ct-plot")}
