"""The note room: paste a note or open a file, and see what is read from it, by kind and assertion."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import gradio as gr

from app.dates import now
from app.feedback import CORRECTIONS, FeedbackStore
from app.ui.render import callout, esc
from app.ui.rooms.page import PRIVATE, Page, in_plain_words
from domain.facts import Fact, Note
from tools.measurements.readings import unit_label

_MOST = 200_000
_START = (
    '<div class="ct-empty-room"><h2>Read a note</h2><p>Paste a note, open a file, or take the example. Problems, drugs, results '
    "and more are marked by kind, with what is said of each: absent, possible, past, planned, or of the family. Nothing of the "
    "note is stored; a correction keeps the words that were read wrongly.</p></div>"
)
_EXAMPLE = (
    "Assessment: 67-year-old woman with type 2 diabetes and CKD stage 3. Denies chest pain. No fever.\n"
    "Mother had breast cancer at 52. Possible pneumonia; will start amoxicillin 500 mg PO TID for 7 days.\n"
    "BP 148/86, HR 92, T 38.1 C, SpO2 94 % on room air. Creatinine 1.6 mg/dL, K 5.2 mmol/L.\n"
)
_STATES = (
    ("is_negated", "absent"),
    ("is_family", "family"),
    ("is_hypothetical", "planned or conditional"),
    ("is_uncertain", "possible"),
    ("is_historical", "past"),
)


_SYSTEMS = {
    "Icd10CmCode": "ICD-10-CM",
    "SnomedCode": "SNOMED CT",
    "LoincCode": "LOINC",
    "AtcCode": "ATC",
    "HpoCode": "HPO",
}
_NO_SUCH = "no such fact"


class ReadNote(NamedTuple):
    """The note that is shown, its facts in the order of the text, and who had it read."""

    text: str
    facts: list[Fact]
    owner: str


class NoteRoom:
    """Components and events of the room."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.text = gr.Textbox(
            label="Note", lines=6, max_lines=14, max_length=_MOST, elem_id="ct-note-text",
            placeholder="Paste the text of a note, or open a file (text, PDF, Word).",
        )  # fmt: skip
        with gr.Row(elem_classes="ct-room-bar"):
            self.read = gr.Button("Read the note", variant="primary", scale=0, min_width=140, elem_id="ct-read")
            gr.HTML(
                '<label class="ct-file">Open a file<input type="file" id="ct-note-file" accept=".txt,.pdf,.docx"></label>'
                '<span id="ct-file-said" role="alert"></span>',
                js_on_load=_OPEN_FILE,
            )
            self.example = gr.Button("Example", scale=0, min_width=90)
        self.found = gr.HTML(_START, elem_id="ct-note", elem_classes="ct-room-sheet", js_on_load=None)
        with gr.Row(visible=False, elem_classes="ct-room-bar", elem_id="ct-correct") as self.correct:
            self.fact = gr.Dropdown([], label="Read wrongly", min_width=220, elem_id="ct-correct-fact")
            self.state = gr.Dropdown(
                [*CORRECTIONS, _NO_SUCH], value=_NO_SUCH, label="It is", min_width=140, elem_id="ct-correct-state"
            )
            self.keep = gr.Button("Keep the correction", scale=0, min_width=160, elem_id="ct-correct-keep")
        self.said = gr.HTML("", elem_id="ct-correct-said", js_on_load=None)
        self.shown = gr.State(None)  # on the server; what a correction is about
        outputs = [self.found, self.shown, self.correct, self.fact, self.said]
        gr.on([self.read.click, self.text.submit], self._read, self.text, outputs, **PRIVATE)
        self.keep.click(self._keep, [self.fact, self.state, self.shown], self.said, **PRIVATE)
        self.example.click(lambda: _EXAMPLE, None, self.text, **PRIVATE)

    def _read(self, text: str, request: gr.Request) -> list[Any]:
        def make() -> list[Any]:
            services = self._page.callbacks.services_for(request)
            if not text.strip():
                return _page_of(_START)
            from nlp_pipeline import extract

            facts = in_text_order(next(iter(extract([Note(id="pasted", patient_id="", text=text)], nlp=services.nlp))))
            return _page_of(note_html(text, facts), ReadNote(text, facts, services.caller.subject))

        shown: list[Any] = in_plain_words(make, _page_of)
        return shown

    def _keep(self, number: int | None, state: str, shown: ReadNote | None, request: gr.Request) -> str:
        def make() -> str:
            services = self._page.callbacks.services_for(request)
            if shown is None or number is None or shown.owner != services.caller.subject:
                return callout("info", "Nothing to keep.", "Choose a fact that was read wrongly.")
            fact = shown.facts[number]
            should_be = "" if state == _NO_SUCH else state
            FeedbackStore(services.settings.data_dir).of_fact(
                shown.owner, "", shown.text, fact, state_of(fact), should_be, now()
            )
            return callout("info", "Kept.", f"“{esc(fact.text)}” is {esc(state)}, not {esc(state_of(fact))}.")

        told: str = in_plain_words(make, str)
        return told


def in_text_order(facts: list[Fact]) -> list[Fact]:
    """The facts that have a place in the text, by that place; the longer first where two begin together."""
    placed = [(f.evidence.span, f) for f in facts if f.evidence.span is not None]
    return [fact for span, fact in sorted(placed, key=lambda p: (p[0].start, -p[0].end))]


def _page_of(html: str, shown: ReadNote | None = None) -> list[Any]:
    facts = shown.facts if shown is not None else []
    choices = [(f"{f.text[:60]} ({f.kind.value.replace('_', ' ')}, {state_of(f)})", i) for i, f in enumerate(facts)]
    return [html, shown, gr.Row(visible=bool(facts)), gr.Dropdown(choices=choices, value=None), ""]


# The file goes to the server's own address and comes back as text: nothing of it lies in an upload folder.
_OPEN_FILE = """
const picker = element.querySelector("#ct-note-file");
picker.addEventListener("change", async () => {
  const file = picker.files[0];
  if (!file) return;
  const box = document.querySelector("#ct-note-text textarea");
  const answer = await fetch("/v1/notes/text", {method: "POST", body: file, headers: {"content-type": "application/octet-stream", "x-file-name": encodeURIComponent(file.name)}});
  const told = await answer.json();
  element.querySelector("#ct-file-said").textContent = answer.ok ? "" : `This file cannot be read: ${told.detail}`;
  picker.value = "";
  if (!answer.ok) return; // what stands in the box stays
  box.value = told.text;
  box.dispatchEvent(new Event("input", {bubbles: true}));
});
"""


def state_of(fact: Fact) -> str:
    """What is said of a fact in one word."""
    return next((name for field, name in _STATES if getattr(fact.assertion, field)), "present")


def note_html(text: str, facts: list[Fact]) -> str:
    """The note with its facts marked, and a table of them."""
    placed = in_text_order(facts)
    parts: list[str] = []
    place = 0
    for fact in placed:
        span = fact.evidence.span
        if span is None or span.start < place:
            continue  # within one that is marked already
        state = state_of(fact)
        title = esc(f"{fact.kind.value.replace('_', ' ')}, {state}" + (f", {fact.section}" if fact.section else ""))
        parts.append(esc(text[place : span.start]))
        parts.append(
            f'<mark class="ct-fact ct-kind-{esc(fact.kind.value)} ct-state-{esc(state.split()[0])}" title="{title}">'
            f"{esc(text[span.start : span.end])}<sup>{esc(state if state != 'present' else '')}</sup></mark>"
        )
        place = span.end
    parts.append(esc(text[place:]))
    counts = Counter(fact.kind.value for fact in facts)
    told = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.most_common())
    rows = "".join(_row(fact) for fact in placed)
    empty = callout("info", "Nothing was found.", "No problem, drug, result or the like is known by these words.")
    table = (
        "<table class='ct-facts-table'><thead><tr><th>Words</th><th>Kind</th><th>Said to be</th><th>Value</th><th>Codes</th>"
        f"</tr></thead><tbody>{rows}</tbody></table>"
    )
    return (
        f'<article class="ct-sheet"><p class="ct-dim">{esc(told)}</p><div class="ct-note ct-read-note" tabindex="0">'
        f"{''.join(parts)}</div>{table if facts else empty}</article>"
    )


def _row(fact: Fact) -> str:
    codes = ", ".join(
        f"{_SYSTEMS.get(type(c).__name__, type(c).__name__.removesuffix('Code'))} {c.code}" for c in fact.codes[:2]
    )
    value = "" if fact.value is None else str(getattr(fact.value, "display", "") or _shown(fact))
    return (
        f"<tr><td>{esc(fact.text)}</td><td>{esc(fact.kind.value.replace('_', ' '))}</td><td>{esc(state_of(fact))}</td>"
        f"<td>{esc(value)}</td><td><small>{esc(codes)}</small></td></tr>"
    )


def _shown(fact: Fact) -> str:
    value = fact.value
    if isinstance(value, str) or value is None:
        return value or ""
    return f"{fact.comparator}{value.value:g} {unit_label(value.unit)}".strip()
