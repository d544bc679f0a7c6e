"""The story room: the patient's story by kind and audience, every sentence with its evidence."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import gradio as gr

from app.stories import tell_story
from app.ui import plots
from app.ui.callbacks import Session
from app.ui.marks import stretches
from app.ui.render import callout, esc
from app.ui.rooms.page import CHOOSE, PRIVATE, Marks, Page, in_plain_words
from tools.context import Chart

if TYPE_CHECKING:
    from tools.story import Story

_KINDS = [
    ("Summary by problem", "problem_oriented"),
    ("One line", "one_liner"),
    ("Since the last visit", "since_last_visit"),
    ("Handoff (SBAR)", "sbar"),
    ("Timeline", "timeline"),
    ("Everything", "full"),
]
_AUDIENCES = [
    ("Clinician, short", "clinician_short"),
    ("Clinician, long", "clinician_long"),
    ("Handoff", "handoff"),
    ("Patient", "patient"),
]


_START = (
    '<div class="ct-empty-room"><h2>The patient\'s story</h2><p>Choose what is to be told and for whom. Every sentence carries '
    "the entries and the lines of notes that it rests on; what nobody wrote down is said to be missing.</p></div>"
)


def blank_story(session: Session) -> str:
    """The room before a story is told; nothing of another patient or day stays in it."""
    return _START if session.patient_id else CHOOSE


class StoryRoom:
    """Components and events of the room."""

    def __init__(self, page: Page) -> None:
        self._page = page
        with gr.Row(elem_classes="ct-room-bar"):
            self.kind = gr.Dropdown(_KINDS, value="problem_oriented", label="Story", min_width=180)
            self.audience = gr.Dropdown(_AUDIENCES, value="clinician_short", label="For", min_width=160)
            self.tell = gr.Button("Tell it", variant="primary", scale=0, min_width=110, elem_id="ct-tell")
        self.plot = gr.Plot(None, show_label=False, visible=False, elem_classes="ct-plot", elem_id="ct-story-plot")
        self.story = gr.HTML(CHOOSE, elem_id="ct-story", elem_classes="ct-room-sheet", js_on_load=None)
        inputs = [self.kind, self.audience, page.session, page.as_of]
        tells = [self.tell.click, self.kind.input, self.audience.input]
        gr.on(tells, self._tell, inputs, [self.story, self.plot], **PRIVATE)
        page.opened.change(lambda: gr.Plot(visible=False), None, self.plot, **PRIVATE)

    def _tell(
        self, kind: str, audience: str, session: Session | None, as_of: str | None, request: gr.Request
    ) -> list[Any]:
        def make() -> list[Any]:
            opened = self._page.open(session, as_of, request)
            if opened is None:
                return _alone(CHOOSE)
            services, held, moment = opened
            story = tell_story(services, held.patient_id, kind=kind, audience=audience, as_of=moment)
            html = story_html(story, Marks(held, "story"))
            if kind != "timeline":
                return _alone(html)
            figure = plots.timeline(stretches(Chart(services.store, held.patient_id, moment)), moment)
            return [html, gr.Plot(figure, visible=figure is not None)]

        told: list[Any] = in_plain_words(make, _alone)
        return told


def _alone(html: str) -> list[Any]:
    return [html, gr.Plot(visible=False)]


def story_html(story: Story, marks: Marks) -> str:
    """The story as an article with links to its evidence."""
    parts = [f"<h2>{esc(story.title)}</h2>"]
    for section in story.sections:
        lines = []
        for is_list, sentences in groupby(section.sentences, key=lambda sentence: sentence.item):
            tag = "li" if is_list else "p"
            shown = "".join(f"<{tag}>{esc(s.text)} {marks.of(s.evidence)}</{tag}>" for s in sentences)
            lines.append(f"<ul>{shown}</ul>" if is_list else shown)
        parts.append(f"<section><h3>{esc(section.title)}</h3>{''.join(lines)}</section>")
    parts += [callout("warn", "Mind", esc(warning)) for warning in story.warnings]
    return f'<article class="ct-sheet">{"".join(parts)}</article>'
