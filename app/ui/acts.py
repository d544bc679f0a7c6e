"""What can be done with an answer that was given: copy it, take it along as a document, say what one thinks of it."""

from __future__ import annotations

import base64
import secrets
from typing import NamedTuple

import gradio as gr

from app.access.guarded import GuardedServices
from app.dates import now
from app.export.answers import FORMS, MEDIA_TYPES, export
from app.export.text import to_clipboard
from app.feedback import COMMENT_LIMIT, FeedbackStore, Verdict
from app.ui.callbacks import Session
from app.ui.render import callout, esc
from domain.errors import ChartTwinError

_VERDICTS: dict[str, Verdict] = {"good": "helpful", "bad": "not_helpful"}
_THANKS = "Kept beside the record, and sent nowhere. A few words on why help most."


class Acted(NamedTuple):
    """What an act leads to: HTML for the page's script, and whether a comment may be added."""

    html: str
    asks_comment: bool = False


def act(key: str, session: Session, services: GuardedServices) -> Acted:
    """Do what a link under an answer stands for, as `copy-2`: the act and the number of the answer."""
    name, _, number = key.partition("-")
    answer = session.given.get(number)
    if answer is None:
        return Acted(callout("error", "Not possible.", "This answer is not in the conversation any more."))
    try:
        if name in _VERDICTS:
            _keep(number, _VERDICTS[name], "", session, services)
            session.judged = (number, _VERDICTS[name])
            return Acted(f'<p class="ct-told" role="status">{esc(_THANKS)}</p>', asks_comment=True)
        if name == "copy":
            services.guarded_store.admit(session.patient_id)
            return Acted(_outbox("copy", to_clipboard(answer), "", "", "Copied, with its citations."))
        form = "html" if name == "print" else name
        document = export(services.store, session.patient_id, answer, form, now())
        text = base64.b64encode(document).decode() if form == "pdf" else document.decode()
        told = "Opened in a new tab to print." if name == "print" else "Saved by your browser."
        kind = "print" if name == "print" else "save"
        return Acted(_outbox(kind, text, f"answer-{number}.{FORMS[form]}", MEDIA_TYPES[form], told))
    except ChartTwinError as error:
        return Acted(callout("error", "Not possible.", esc(error.message)))


def add_comment(comment: str, session: Session, services: GuardedServices) -> str:
    """Keep the words that go with the last verdict."""
    if session.judged is None:
        return ""
    try:
        _keep(*session.judged, comment, session, services)
    except ChartTwinError as error:
        return callout("error", "Not kept.", esc(error.message))
    session.judged = None
    return '<p class="ct-told" role="status">Thank you; kept beside the record.</p>'


def _keep(number: str, verdict: Verdict, comment: str, session: Session, services: GuardedServices) -> None:
    services.guarded_store.admit(session.patient_id)
    question = session.given[number].question
    store = FeedbackStore(services.settings.data_dir)
    store.of_answer(services.caller.subject, session.patient_id, question, verdict, comment, now())


def _outbox(kind: str, text: str, name: str, media: str, told: str) -> str:
    # The token makes each one new, or the page's script would not see the second of two that are the same.
    return (
        f'<pre hidden data-kind="{kind}" data-name="{esc(name)}" data-media="{esc(media)}" '
        f'data-token="{secrets.token_hex(4)}">{esc(text)}</pre><p class="ct-told" role="status">{esc(told)}</p>'
    )


class Outbox:
    """The line under the conversation that says what was done, and takes a comment."""

    def __init__(self, script: str) -> None:
        with gr.Row(elem_id="ct-outbox-row"):
            self.said = gr.HTML("", elem_id="ct-outbox", js_on_load=script)
            with gr.Row(visible=False, elem_id="ct-comment-row") as self.row:
                self.comment = gr.Textbox(
                    label="Comment on the answer", placeholder="What was right or wrong about it?", max_lines=2,
                    max_length=COMMENT_LIMIT, elem_id="ct-comment", scale=4,
                )  # fmt: skip
                self.send = gr.Button("Send", size="sm", scale=0, min_width=80, elem_id="ct-comment-send")

    @property
    def outputs(self) -> list[gr.components.Component | gr.Row]:
        """What `cleared` and `shown` fill."""
        return [self.said, self.row, self.comment]

    @staticmethod
    def shown(acted: Acted) -> list[object]:
        """The line after an act."""
        return [acted.html, gr.Row(visible=acted.asks_comment), ""]
