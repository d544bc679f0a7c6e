"""The story room: the patient's story by kind and audience, every sentence with its evidence."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import gradio as gr

from app.stories import tell_story
from app.ui.callbacks import Session
from app.ui.render import callout, esc
from app.ui.rooms.page import CHOOSE, PRIVATE, Marks, Page, in_plain_words

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


class StoryRoom:
    """Components and events of the room."""

    def __init__(self, page: Page) -> None:
        self._page = page
        with gr.Row(elem_classes="ct-room-bar"):
            self.kind = gr.Dropdown(_KINDS, value="problem_oriented", label="Story", min_width=180)
            self.audience = gr.Dropdown(_AUDIENCES, value="clinician_short", label="For", min_width=160)
            self.tell = gr.Button("Tell it", variant="primary", scale=0, min_width=110, elem_id="ct-tell")
        self.story = gr.HTML(CHOOSE, elem_id="ct-story", elem_classes="ct-room-sheet", js_on_load=None)
        inputs = [self.kind, self.audience, page.session, page.as_of]
        gr.on([self.tell.click, self.kind.input, self.audience.input], self._tell, inputs, self.story, **PRIVATE)

    def _tell(self, kind: str, audience: str, session: Session | None, as_of: str | None, request: gr.Request) -> str:
        def make() -> str:
            opened = self._page.open(session, as_of, request)
            if opened is None:
                return CHOOSE
            services, held, moment = opened
            story = tell_story(services, held.patient_id, kind=kind, audience=audience, as_of=moment)
            return story_html(story, Marks(held, "story"))

        told: str = in_plain_words(make, str)
        return told


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
