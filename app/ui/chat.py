"""The layout of the chat, and how its parts are wired."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from starlette.concurrency import run_in_threadpool

from app.access.guarded import GuardedServices
from app.dates import now, parse_as_of
from app.overview import Overview
from app.ui import acts, draft_card, evidence_panel, render
from app.ui.asking import SURE, AskingBar
from app.ui.callbacks import Callbacks, Session
from app.ui.code_status import code_status, status_html
from app.ui.emergency import EmergencyForm, is_offered
from app.ui.examples import COUNT
from app.ui.rooms.models import CALCULATORS, TWIN, ModelRoom
from app.ui.rooms.note import NoteRoom
from app.ui.rooms.page import Marks, Page
from app.ui.rooms.story import StoryRoom, blank_story
from domain.errors import ChartTwinError
from tools.context import ToolContext
from tools.extent import Sources  # Gradio reads the annotations of handlers, so this cannot wait for type checkers

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.assembly import Services

_ASSETS = Path(__file__).parent / "assets"
_MAX_QUESTION = 20_000
_WELCOME = (
    "### Ask about this chart\n"
    "In your own words, abbreviations and all: *most recent creat and when*, *is she still on lisinopril*, "
    "*A1c trend*, *what if vancomycin were 1250 mg q12h*.\n\n"
    "Answers come from the record first; what only a note says is marked as such, and a contradiction is shown. "
    "What the chart does not say is answered with what was looked for."
)
_LOADING = "### One moment\nThe patients are being loaded."
_NO_PATIENT = "### Choose a patient above\nType part of a name or of an id to search."
_NO_RECORDS = (
    "### There are no records here yet\n"
    "Load the demo cohort with `charttwin demo`, or your own FHIR bundles and notes with `charttwin ingest PATH`, "
    "then reload this page."
)
_NOBODY = "### No patient is in your reach\nAn administrator puts patients on your list with `charttwin access allow`."
_BRAND = f'<div class="ct-brand">{(_ASSETS / "favicon.svg").read_text(encoding="utf-8")}ChartTwin</div>'
_LEAVE_JS = "() => fetch('/sign-out', {method: 'POST'}).finally(() => location.assign('/sign-in'))"
_THEME_JS = "() => window.charttwinToggleTheme()"


def mount_chat(app: FastAPI, services: Services) -> None:
    """Serve the chat at `/`."""
    gr.mount_gradio_app(
        app,
        build_chat(services),
        path="/",
        server_name=services.settings.host,
        server_port=services.settings.port,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        max_file_size="1kb",
        theme=_theme(),
        css=(_ASSETS / "chat.css").read_text(encoding="utf-8"),
        head=f"<script>{(_ASSETS / 'page.js').read_text(encoding='utf-8')}</script>",
        favicon_path=str(_ASSETS / "favicon.svg"),
    )


def build_chat(services: Services) -> gr.Blocks:
    """The chat as Gradio blocks."""
    with gr.Blocks(analytics_enabled=False, title="ChartTwin", fill_width=True, delete_cache=(3600, 3600)) as blocks:
        _Chat(Callbacks(services))
    return blocks


def _theme() -> gr.themes.Base:
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_md,
        font=fonts,
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "monospace"],
    )


class _Chat:
    """The components of one page and their events."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self.session = gr.State(None)  # kept on the server; set when a patient is opened
        self.opened = gr.State("")  # another value whenever a patient or another day is opened: rooms begin anew
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        with gr.Row(elem_id="ct-bar", equal_height=True):
            gr.HTML(_BRAND, elem_id="ct-brand", js_on_load=None)
            self.patient = gr.Dropdown(
                label="Patient", choices=[], value=None, interactive=True, elem_id="ct-patient", scale=4, min_width=240
            )
            self.as_of = gr.Textbox(
                label="As of",
                placeholder="today, or 2024-05-31",
                max_lines=1,
                max_length=40,
                elem_id="ct-as-of",
                scale=0,
                min_width=184,
            )
            self.leave = gr.Button("Sign out", size="sm", elem_id="ct-leave", scale=0, min_width=90, visible=False)
            self.theme = gr.Button("Light / dark", size="sm", elem_id="ct-theme", scale=0, min_width=110)
        self.header = gr.HTML(render.header_html(None), elem_id="ct-header", js_on_load=None)
        self.emergency = EmergencyForm(self._callbacks, self.patient)
        with gr.Row(elem_id="ct-main"):
            with gr.Column(scale=5, min_width=360, elem_id="ct-work"), gr.Tabs(elem_id="ct-rooms"):
                with gr.Tab("Ask", id="ask"), gr.Column(elem_id="ct-talk"):
                    self._lay_out_talk()
                page = Page(self._callbacks, self.session, self.as_of, self.opened)
                with gr.Tab("Story", id="story"), gr.Column(elem_classes="ct-room"):
                    self.story = StoryRoom(page)
                with gr.Tab("Twin", id="twin"), gr.Column(elem_classes="ct-room"):
                    ModelRoom(page, TWIN, self._callbacks.model_cards())
                with gr.Tab("Calculators", id="calculators"), gr.Column(elem_classes="ct-room"):
                    ModelRoom(page, CALCULATORS, self._callbacks.model_cards())
                with gr.Tab("Note", id="note"), gr.Column(elem_classes="ct-room"):
                    NoteRoom(page)
            with gr.Column(scale=3, min_width=300, elem_id="ct-side"):
                self.evidence = gr.HTML(
                    evidence_panel.EMPTY,
                    elem_id="ct-evidence",
                    js_on_load=(_ASSETS / "evidence.js").read_text(encoding="utf-8"),
                )
        gr.HTML(render.footer_html(self._callbacks.settings), js_on_load=None, elem_id="ct-foot")

    def _lay_out_talk(self) -> None:
        self.bar = AskingBar(self._callbacks)
        self.chat = gr.Chatbot(
            value=[],
            placeholder=_LOADING,
            label="Conversation",
            show_label=False,
            elem_id="ct-chat",
            height="100%",
            autoscroll=False,  # evidence.js keeps the question in sight instead of the end of the answer
            layout="bubble",
            latex_delimiters=[],
            buttons=[],
            feedback_options=None,
            group_consecutive_messages=True,
            allow_file_downloads=False,
        )
        self.outbox = acts.Outbox((_ASSETS / "acts.js").read_text(encoding="utf-8"))
        self.draft = draft_card.DraftCard()
        with gr.Row(elem_id="ct-examples"):
            self.examples = [gr.Button("", size="sm", visible=False, elem_classes="ct-example") for _ in range(COUNT)]
        self.question = gr.Textbox(
            label="Question",
            show_label=True,
            placeholder="Ask about this patient   ( / )",
            lines=1,
            max_lines=6,
            max_length=_MAX_QUESTION,
            submit_btn=True,
            elem_id="ct-question",
            interactive=False,
        )

    def _wire(self) -> None:
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        talk = [self.session, self.chat, self.evidence, *self.bar.outputs, *self._cards]
        opened = [*talk, self.opened, self.header, self.question, *self.examples, self.story.story]
        picked = [self.patient, self.as_of]
        self.patient.change(self._open, picked, opened, concurrency_limit=8, **private)
        self.bar.fresh.click(self._begin_anew, self.session, talk, **private)
        gr.on(
            [self.as_of.submit, self.as_of.blur], self._redate, [self.as_of, self.session],
            [self.header, self.opened, self.story.story], **private,
        )  # fmt: skip
        blocks = gr.context.Context.root_block
        assert blocks is not None
        blocks.load(self._load, None, [self.patient, self.chat, self.leave, self.emergency.box], **private)
        running = [self._wire_ask(self.question.submit, self.question, private)]
        running += [self._wire_ask(button.click, button, private) for button in self.examples]
        self.question.stop(self._stop, self.session, [self.chat, self.question], cancels=running, **private)
        self.evidence.select(self._cite, self.session, self.evidence, concurrency_limit=8, **private)
        self.evidence.clear(lambda: evidence_panel.EMPTY, None, self.evidence, **private)
        self.bar.threads.input(self._reopen, [self.bar.threads, self.session], talk, **private)
        self.bar.delete.click(self._delete, [self.bar.threads, self.session], talk, js=SURE, **private)
        self.outbox.said.select(self._act, self.session, self.outbox.outputs, **private)
        gr.on(
            [self.outbox.send.click, self.outbox.comment.submit], self._comment, [self.outbox.comment, self.session],
            self.outbox.outputs, **private,
        )  # fmt: skip
        decided = [self.draft.reason, self.session]
        self.draft.confirm.click(self._confirm, decided, [*self.draft.outputs, self.header], **private)
        self.draft.reject.click(self._reject, decided, self.draft.outputs, **private)
        self.leave.click(None, None, None, js=_LEAVE_JS, **private)
        self.theme.click(None, None, None, js=_THEME_JS, **private)

    @property
    def _cards(self) -> list[Any]:
        return [*self.outbox.outputs, *self.draft.outputs]

    def _wire_ask(self, event: Any, source: gr.Textbox | gr.Button, private: dict[str, Any]) -> Any:
        return event(
            self._ask,
            [source, self.as_of, self.bar.since, self.bar.sources, self.session],
            [self.chat, self.question, *self.bar.outputs, *self._cards],
            concurrency_limit=8,
            **private,
        )

    def _load(self, request: gr.Request) -> tuple[Any, Any, Any, Any]:
        services = self._callbacks.services_for(request)
        choices = self._callbacks.choices(services)
        return (
            gr.Dropdown(choices=choices, value=None),
            gr.Chatbot(value=[], placeholder=_empty_page(services)),
            gr.Button(visible=not services.gate.is_local),
            gr.Accordion(visible=is_offered(services)),
        )

    def _open(self, patient_id: str | None, as_of: str | None, request: gr.Request) -> list[Any]:
        services = self._callbacks.services_for(request)
        session, card, questions = self._callbacks.open_patient(patient_id, as_of, services)
        padded = [*questions, *[""] * (COUNT - len(questions))]
        return [
            session,
            gr.Chatbot(value=[], placeholder=_WELCOME if card else _empty_page(services)),
            evidence_panel.EMPTY,
            *self.bar.listed(session, services),
            *self._no_cards(),
            session.thread_id,
            self._header(card, as_of, session, services),
            gr.Textbox(value="", interactive=card is not None, submit_btn=True, stop_btn=False),
            *[gr.Button(value=text, visible=bool(text)) for text in padded],
            blank_story(session),
        ]

    def _begin_anew(self, session: Session | None, request: gr.Request) -> list[Any]:
        services = self._callbacks.services_for(request)
        own = self._own(session, services)
        return self._talk(Session(patient_id=own.patient_id, owner=own.owner, as_of=own.as_of), services)

    def _talk(self, session: Session, services: GuardedServices) -> list[Any]:
        """The conversation of a session, with nothing open beside it but the draft that waits in it."""
        return [
            session,
            session.messages,
            evidence_panel.EMPTY,
            *self.bar.listed(session, services),
            *self.outbox.shown(acts.Acted("")),
            *draft_card.show(session, services),
        ]

    def _redate(self, as_of: str | None, session: Session | None, request: gr.Request) -> list[Any]:
        services = self._callbacks.services_for(request)
        own = self._own(session, services)
        typed = (as_of or "").strip()
        if typed == own.as_of or not own.patient_id:
            return [gr.skip()] * 3
        own.as_of = typed
        _, card, _ = self._callbacks.open_patient(own.patient_id, typed, services)
        return [self._header(card, typed, own, services), secrets.token_hex(8), blank_story(own)]

    def _header(self, card: Overview | None, as_of: str | None, session: Session, services: GuardedServices) -> str:
        if card is None:
            return render.header_html(None)
        moment, told = None, ""
        try:
            moment = parse_as_of(as_of)
        except ChartTwinError:
            told = render.callout(
                "error", "As of:", "Give a date such as 2024-05-31. Until then this is the chart of today."
            )
        ctx = ToolContext(services.store, session.patient_id, moment or now(), services.twin)
        return render.header_html(card, moment, status_html(code_status(ctx), Marks(session, "head"))) + told

    async def _ask(
        self,
        question: str,
        as_of: str | None,
        since: str | None,
        sources: Sources,
        session: Session | None,
        request: gr.Request,
    ) -> AsyncIterator[tuple[Any, ...]]:
        services = await run_in_threadpool(self._callbacks.services_for, request)
        if session is None or session.owner != services.caller.subject:
            yield (gr.skip(), gr.skip(), *self._same_cards())
            return
        session.judged = None
        cleared = (*[gr.skip()] * len(self.bar.outputs), *self._no_cards())
        yield (session.messages, gr.Textbox(value="", submit_btn=False, stop_btn=True), *cleared)
        async for messages in self._callbacks.ask(question, as_of, session, services, since, sources):
            yield (messages, gr.skip(), *self._same_cards())
        cards = await run_in_threadpool(draft_card.show, session, services)
        threads = await run_in_threadpool(self.bar.listed, session, services)
        said = [gr.skip()] * len(self.outbox.outputs)
        yield (session.messages, gr.Textbox(submit_btn=True, stop_btn=False), *threads, *said, *cards)

    def _same_cards(self) -> list[Any]:
        return [gr.skip()] * (len(self.bar.outputs) + len(self._cards))

    def _no_cards(self) -> list[Any]:
        return [*self.outbox.shown(acts.Acted("")), *self.draft.hidden()]

    def _reopen(self, thread_id: str | None, session: Session | None, request: gr.Request) -> list[Any]:
        services = self._callbacks.services_for(request)
        own = self._own(session, services)
        if not thread_id:  # the new conversation, which is open already
            return [gr.skip()] * self._talk_size
        try:
            return self._talk(self._callbacks.reopen(thread_id, own, services), services)
        except ChartTwinError as error:
            return self._with_fault(error)

    def _delete(self, thread_id: str | None, session: Session | None, request: gr.Request) -> list[Any]:
        services = self._callbacks.services_for(request)
        own = self._own(session, services)
        if not thread_id:  # the reader thought better of it
            return [gr.skip()] * self._talk_size
        try:
            left = self._callbacks.delete(thread_id, own, services)
        except ChartTwinError as error:
            return self._with_fault(error)
        return self._talk(left, services)

    @property
    def _talk_size(self) -> int:
        return 3 + len(self.bar.outputs) + len(self._cards)

    def _with_fault(self, error: ChartTwinError) -> list[Any]:
        skipped = [gr.skip()] * self._talk_size
        return [*skipped[:2], evidence_panel.failure_html(error.message), *skipped[3:]]

    def _act(self, session: Session | None, event: gr.EventData, request: gr.Request) -> list[Any]:
        key = str(event._data.get("key")) if isinstance(event._data, dict) else ""
        services = self._callbacks.services_for(request)
        return self.outbox.shown(acts.act(key, self._own(session, services), services))

    def _comment(self, comment: str, session: Session | None, request: gr.Request) -> list[Any]:
        services = self._callbacks.services_for(request)
        return self.outbox.shown(acts.Acted(acts.add_comment(comment, self._own(session, services), services)))

    def _confirm(self, reason: str, session: Session | None, request: gr.Request) -> list[Any]:
        services = self._callbacks.services_for(request)
        own = self._own(session, services)
        card = draft_card.decide(True, reason, own, services)
        if not own.patient_id:
            return [*card, gr.skip()]
        # What was written may be an allergy or a problem, and the header stays in sight.
        return [*card, self._header(self._callbacks.overview(own, services), own.as_of, own, services)]

    def _reject(self, reason: str, session: Session | None, request: gr.Request) -> list[Any]:
        services = self._callbacks.services_for(request)
        return draft_card.decide(False, reason, self._own(session, services), services)

    def _stop(self, session: Session | None, request: gr.Request) -> tuple[Any, Any]:
        own = self._own(session, self._callbacks.services_for(request))
        return self._callbacks.stopped(own), gr.Textbox(submit_btn=True, stop_btn=False)

    def _cite(self, session: Session | None, event: gr.EventData, request: gr.Request) -> str:
        key = event._data.get("key") if isinstance(event._data, dict) else None
        services = self._callbacks.services_for(request)
        return self._callbacks.open_citation(str(key), self._own(session, services), services)

    def _own(self, session: Session | None, services: GuardedServices) -> Session:
        return session if session is not None and session.owner == services.caller.subject else Session()


def _empty_page(services: GuardedServices) -> str:
    if services.store.patients():
        return _NO_PATIENT
    return _NO_RECORDS if services.gate.is_local else _NOBODY
