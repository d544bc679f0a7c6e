"""The headers of a note: candidates judged by how the note is written.

What is asked of a candidate grows from a line start over a sentence start to the middle of running text; what the note
does elsewhere (all headers at line starts, or a whole note in one line) decides the doubtful ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from nlp_pipeline.structure.candidates import ALONE, COLUMN, INSIDE, LINE, SENTENCE, Candidate, find_candidates
from nlp_pipeline.structure.line_breaks import hard_breaks
from nlp_pipeline.structure.titles import COMPOSED, LIKELY, LISTED, OTHER, UNKNOWN, load_rules

_LIST_LIKE = frozenset(
    {
        "past_medical_history", "past_surgical_history", "family_history", "social_history", "medications", "allergies",
        "problem_list", "labs_and_studies", "vital_signs", "imaging", "diagnosis", "immunizations", "follow_up",
        "patient_instructions", "assessment", "assessment_and_plan", "plan",
    }
)  # fmt: skip
_PLANS = frozenset({"assessment", "assessment_and_plan", "plan"})


class Header(NamedTuple):
    """A header as written; the text under it begins at `body_start`."""

    start: int
    body_start: int
    title: str
    category: str


def find_headers(text: str, breaks: Iterable[int] | None = None) -> list[Header]:
    """The headers of a note in order; `breaks` are its `hard_breaks`, for callers that have them."""
    candidates, artefact = find_candidates(text)
    if not candidates:
        return []
    return _judge(_unwrapped(text, candidates, set(hard_breaks(text) if breaks is None else breaks)), artefact)


def _unwrapped(text: str, candidates: list[Candidate], breaks: set[int]) -> list[Candidate]:
    """The candidates with those at a line start that only wrapping has made placed where they would stand without."""
    out = []
    for c in candidates:
        # hard breaks are at the first character of a line, a title is behind its markers
        begin = text.rfind("\n", 0, c.start) + 1
        begin += len(text[begin : c.start]) - len(text[begin : c.start].lstrip())
        doubtful = c.known.level < COMPOSED or c.known.kind in {"study", "item"}
        if (
            doubtful
            and c.place == LINE
            and c.shape != "lower"
            and c.start - begin < 8
            and text.rfind("\n", 0, c.start) > 0
            and not c.lead
            and begin not in breaks
        ):
            before = text[:begin].rstrip()[-1:] if begin < 2 else text[max(0, begin - 30) : begin].rstrip()[-1:]
            c = c._replace(place=SENTENCE if before in ".;!?" else INSIDE, soft=True)
        out.append(c)
    return out


class _Style:
    """What the sure headers of a note look like."""

    def __init__(self, candidates: list[Candidate], artefact: bool) -> None:
        sure = [c for c in candidates if c.known.level >= COMPOSED and c.known.kind in {"section", "system"}]
        self.sure = len(sure)
        at_line = [c for c in sure if c.place == LINE]
        self.at_line = Counter((c.lead, c.shape) for c in at_line)
        # one word in Title Case is sentence case too
        self.at_line.update((c.lead, "sentence") for c in at_line if c.shape == "title" and " " not in c.title)
        self.lead = Counter(c.lead for c in sure if c.place == LINE and c.shape != "lower")
        self.alone = Counter(c.shape for c in sure if c.place == ALONE)
        inline = [c for c in sure if c.place not in (LINE, ALONE) and c.known.kind == "section"]
        led = {c.paragraph for c in sure if c.place == LINE}
        # Prose may name a section or two before a colon; four of them are headers.
        self.running = len({c.known.category for c in inline if c.shape in ("title", "sentence")}) > 3
        sections = [c for c in inline if c.shape == "caps" or c.paragraph in led or self.running]
        self.artefact = artefact
        self.flattened = artefact or len(sections) >= max(2, sum(self.lead.values()))
        self.capitals = sum(c.shape == "caps" and len(c.title) > 4 for c in sure)


def _judge(candidates: list[Candidate], artefact: bool) -> list[Header]:
    style = _Style(candidates, artefact)
    rules = load_rules()
    out: list[Header] = []
    last: Candidate | None = None
    current = ""
    for candidate in candidates:
        if out and candidate.start < out[-1].body_start:
            continue
        if not _accepted(candidate, style, last, current):
            continue
        category = candidate.known.category
        if candidate.known.kind in {"system", "item"} and not category:
            category = current if current in rules.inherit_from else rules.subsection_default
        if candidate.known.level > UNKNOWN:
            current = category
        out.append(Header(candidate.start, candidate.body_start, candidate.title, category or OTHER))
        last = candidate
    return out


def _accepted(c: Candidate, style: _Style, last: Candidate | None, current: str) -> bool:
    if c.place == ALONE:
        return _accepted_alone(c, style)
    if c.known.kind == "document" and c.known.level == LISTED and c.shape != "caps":
        return False
    if c.place == LINE:
        return _accepted_at_line(c, style, last, current)
    return _accepted_inline(c, style, last, current)


def _accepted_alone(c: Candidate, style: _Style) -> bool:
    if c.lead == "#":
        return True
    if c.known.kind in {"document", "letter"} or c.lead == "mark":
        return False
    if c.known.level >= COMPOSED:
        return c.known.level == LISTED or c.after_blank or c.lead == "underlined"
    if c.value or not c.title[0].isupper():
        return False
    if c.known.level == LIKELY and (
        c.shape in ("caps", "title") or ((c.list_next or c.text_next) and c.title.count(" ") < 6)
    ):
        return c.after_blank or c.lead == "underlined"
    if c.lead == "underlined":
        return True
    if not (c.list_next or (c.text_next and style.alone[c.shape] > 1)):
        return False
    return c.after_blank and c.title.count(" ") < 6


def _accepted_at_line(c: Candidate, style: _Style, last: Candidate | None, current: str) -> bool:
    level, kind = c.known.level, c.known.kind
    if c.shape == "lower":
        return style.at_line[c.lead, "lower"] > 1
    if level >= COMPOSED:
        listed = c.lead == "number" and c.shape != "caps" and current in _LIST_LIKE
        if listed and style.lead["number"] < 3:
            return False
        # In a plan, organ systems are the points of the list ("Neuro: propofol off").
        point = kind in {"system", "item"} and (c.shape != "caps" or (len(c.title) < 5 and not style.capitals))
        return not (point and (current in _PLANS or (kind == "item" and c.label_next)))
    # Under a header with nothing on its own line stands a list, and a label there is one of its items.
    item = last is not None and last.known.category in _LIST_LIKE and (not last.has_text or current in _PLANS)
    item = item and last is not None and last.paragraph >= c.paragraph - 1
    if c.shape == "caps":
        if (c.text_next or (c.value and " " not in c.title)) and not style.artefact:
            return False
        if len(c.title) < 4:
            return False
        return not (item and c.lead) or level == LIKELY
    if c.value and c.text_next:
        return False
    if item or c.lead == "mark":
        return False
    if level == LIKELY and kind != "document" and (c.shape == "title" or c.title.count(" ") < 5) and not c.value:
        return c.lead != "number" or style.lead["number"] > 2
    if not c.has_text and c.shape == "title" and not c.lead:
        return len(c.title) > 4
    # The rest must resemble the sure headers of the note.
    return style.at_line[c.lead, c.shape] > 2 and c.title.count(" ") < 4 and not (c.value and c.lead != "number")


def _accepted_inline(c: Candidate, style: _Style, last: Candidate | None, current: str) -> bool:
    level, kind = c.known.level, c.known.kind
    if c.soft and level == LISTED and not style.flattened and sum(style.lead.values()) > 2:
        return True
    under = style.running or (last is not None and last.paragraph == c.paragraph)
    if kind == "document" or (level < COMPOSED and c.text_next):
        return False
    if c.shape == "caps":
        if level >= COMPOSED and kind in {"section", "system"}:
            return c.place != INSIDE or under or style.sure > 1
        if kind in {"study", "item"} and level >= COMPOSED:
            return style.flattened and (under or style.sure > 2)
        if level == UNKNOWN and c.value and " " not in c.title:
            return False
        return style.flattened and style.sure > (2 if len(c.title) > 3 else 4)
    if not under or level < LIKELY:
        return False
    if level == LIKELY:
        return style.flattened and style.capitals == 0
    if kind == "system":
        return current in load_rules().inherit_from and current not in _PLANS
    if kind != "section":
        return False
    return (style.flattened and (c.place != INSIDE or style.sure > 2)) or (c.place == COLUMN and level == LISTED)
