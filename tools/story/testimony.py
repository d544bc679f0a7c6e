"""What the notes add, always in quotes with its date: the latest assessment of each problem, findings the record lacks,
results said to be pending, and the code status. A note that gives orders to the assistant is not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from domain.facts import Fact, FactKind
from tools.context import ToolContext, day
from tools.drugs.medications import Course, courses
from tools.notes.claims import is_set_right
from tools.story.model import Basis, Sentence, tell
from tools.story.overtaken import moved, overtaken
from tools.story.passages import around, body_start, is_summary
from tools.story.problems import Group, family_of
from tools.story.wording import excerpt

if TYPE_CHECKING:
    from datetime import datetime

    from domain.facts import Evidence, Note

_ASSESSING = frozenset({"assessment", "assessment_and_plan", "plan"})
_COURSE = frozenset({"hospital_course", "diagnosis", "problem_list"})
_STAYS = frozenset({"IMP", "ACUTE", "NONAC", "EMER", "OBSENC", "SS"})
_HISTORY = frozenset(
    {"past_medical_history", "diagnosis", "assessment", "assessment_and_plan", "problem_list", "hospital_course"}
)
_PENDING = re.compile(
    r"\b(?:pending|not (?:yet )?back(?: yet)?|await(?:ing|ed)|to follow\b(?! up)|not (?:yet )?resulted|ordered, not done|not done as of|still outstanding|outstanding (?:result|lab|test)s?)\b",
    re.IGNORECASE,
)
_NOTHING_PENDING = re.compile(
    r"\b(?:pending|outstanding)\b[^.\n]{0,20}:?\s*(?:none|nil|no\b)|\b(?:no|none|nothing)\b[^.\n]{0,25}\b(?:pending|outstanding)",
    re.IGNORECASE,
)
_HEAD, _OPENING, _LEAST_WORDS, _OLD = 45, 120, 5, 2.0
_ELSEWHERE = frozenset({"past_medical_history", "history_of_present_illness", "family_history", "social_history", "allergies", "medications",
                        "physical_exam", "review_of_systems", "vital_signs", "labs_and_studies", "chief_complaint"})  # fmt: skip
_FRESH = timedelta(days=180)
_LATELY, _OVERNIGHT = timedelta(days=21), timedelta(hours=20)
_MEDICAL = frozenset({"disorder", "pregnancy"})
HasLater = Callable[[str, Any], bool]
_SAYS = {"uncertain": "as uncertain", "historical": "as history", "current": "as present"}


@dataclass(frozen=True)
class Line:
    """A stretch of a note."""

    note: Note
    start: int
    end: int


class Testimony:
    """The trusted notes of a chart, newest first, and their facts by place."""

    def __init__(self, ctx: ToolContext) -> None:
        self._ctx = ctx
        chart = ctx.chart
        self.notes: list[Note] = [
            n for n in reversed(chart.notes) if n.id not in chart.suspicious_note_ids and n.text.strip()
        ]
        self._by_id = {n.id: n for n in self.notes}
        self._rank = {n.id: i for i, n in enumerate(self.notes)}

    @cached_property
    def facts(self) -> list[Fact]:
        """Facts of the trusted notes, newest note first."""
        found = [f for f in self._ctx.chart.facts if (s := f.evidence.span) is not None and s.note_id in self._by_id]
        return sorted(found, key=lambda f: self._rank[f.evidence.span.note_id] if f.evidence.span else 0)

    def line_of(self, fact: Fact) -> Line | None:
        """The list item or sentence that a fact stands in."""
        span = fact.evidence.span
        note = self._by_id.get(span.note_id) if span else None
        return Line(note, *around(note.text, span.start, span.end)) if note is not None and span is not None else None

    def line_at(self, note_id: str, start: int, end: int) -> Line | None:
        """The list item or sentence around characters of a trusted note."""
        note = self._by_id.get(note_id)
        return Line(note, *around(note.text, start, end)) if note is not None else None

    def assessment_of(self, group: Group, leading: bool = False) -> Sentence | None:
        """What the newest note that assesses a problem of the group says of it; of the leading problem also how a note begins."""
        wanted = self._widened(group)
        measured = frozenset(group.family.get("results", ())[:2])
        found: list[tuple[float, Line]] = []
        for fact in self.facts:
            by_name = fact.kind is FactKind.CONDITION and fact.concept_id in wanted
            if not by_name and not (fact.kind is FactKind.OBSERVATION and fact.concept_id in measured):
                continue
            said = fact.assertion
            if said.is_family or said.is_hypothetical or said.is_negated:
                continue
            if said.is_uncertain and group.active and not any(p.doubt for p in group.active):
                continue  # a doubt that the record has settled since
            line = self._course_of(fact) if fact.section == "hospital_course" else self.line_of(fact)
            if line is None or line.end - line.start <= 12:
                continue
            if (rank := self._telling(group, line, fact, leading)) > 0 and (by_name or rank_of_item(line, fact) > 0):
                found.append((rank, line))
        found += self._visit_plan(group)
        return self.say(max(found, key=lambda f: f[0])[1]) if found else None

    def _course_of(self, fact: Fact) -> Line | None:
        """The hospital course that a fact stands in, from its first sentence."""
        from nlp_pipeline import find_sections

        span = fact.evidence.span
        note = self._by_id.get(span.note_id) if span else None
        if note is None or span is None:
            return None
        found = next((s for s in find_sections(note.text) if s.start <= span.start < s.end), None)
        return Line(note, found.body_start or found.start, found.end) if found is not None else None

    def _visit_plan(self, group: Group) -> list[tuple[float, Line]]:
        """The plan of the newest visit that was made for a problem of the group."""
        from nlp_pipeline import find_sections

        for visit in reversed(self._ctx.chart.encounters[-12:]):
            mentions = self._ctx.lexicon.find_mentions(visit.reason_display, ("condition",), fuzzy=False)
            if not {t.id for m in mentions for t in m.targets} & self._widened(group):
                continue
            own = [n for n in self.notes if f"Encounter/{n.encounter_id}" == visit.ref]
            for note in own[:1]:
                for section in find_sections(note.text):
                    if section.category in _ASSESSING and section.end - section.start > 40 and note.time is not None:
                        years = (self._ctx.as_of - note.time).days / 365.25
                        return (
                            [(2.7 - 1.5 * years, Line(note, section.body_start or section.start, section.end))]
                            if years < _OLD
                            else []
                        )
        return []

    def _telling(self, group: Group, line: Line, fact: Fact, leading: bool) -> float:
        """How much a line says of a group today: its section, and how new its note is; 0 for a passing state.

        What a note of a stay says of a chronic problem ("amlodipine held") is over when the stay is.
        """
        weight = (
            3.0
            if fact.section in _ASSESSING
            else 2.9
            if fact.section == "hospital_course"
            else 2.0
            if fact.section in _COURSE
            else 0.0
        )
        moment, span = line.note.time, fact.evidence.span
        if span is not None and span.start - line.start > _HEAD:
            weight -= 1.2  # named in passing
        elif fact.section == "" and span is not None and span.start <= body_start(line.note.text) + _OPENING:
            weight = 1.8 if leading or span.start - line.start <= 6 else 0.0  # how a note without headings begins
        words = line.note.text[line.start : line.end]
        if sum(c.islower() for c in words) < _LEAST_WORDS:
            return 0.0  # a heading
        weight = max(weight, rank_of_item(line, fact))
        if moment is None or weight == 0.0:
            return 0.0
        summary = is_summary(line.note)
        if not group.is_acute and group.active and not summary and self._in_a_stay(moment):
            return 0.0
        years = (self._ctx.as_of - moment).days / 365.25
        if years > _OLD:
            return 0.0
        return max(weight + (0.5 if summary else 0.0) - 1.5 * years, 0.01)

    def _in_a_stay(self, moment: datetime) -> bool:
        return any(
            v.class_code in _STAYS and v.start is not None and v.start <= moment <= (v.end or self._ctx.as_of)
            for v in self._ctx.chart.encounters
        )

    def _widened(self, group: Group) -> frozenset[str]:
        """The group's concepts, narrower ones and the ones right above: a note says "CKD" of stage 3b."""
        vocabulary = self._ctx.lexicon.vocabulary
        ids = set(group.ids)
        for concept_id in group.ids:
            ids |= vocabulary.descendants("condition", concept_id)
            concept = vocabulary.get("condition", concept_id)
            roots = set(group.family.get("of", ()))
            ids |= {
                p
                for p in (concept.parents if concept else ())
                if p in roots or vocabulary.ancestors("condition", p) & roots
            }
        return frozenset(ids)

    def say(self, line: Line, lead: str = "") -> Sentence:
        """A line as testimony, with the note it is from."""
        quote, evidence = excerpt(line.note, line.start, line.end)
        return self._quoted(line.note, f"{lead or 'Note'} of", quote, evidence)

    def quote_at(self, note: Note, start: int, end: int, lead: str) -> Sentence:
        """A stretch of a note as testimony."""
        return self.say(Line(note, start, end), lead)

    def _quoted(self, note: Note, lead: str, quote: str, evidence: Evidence) -> Sentence:
        """A quote with its note; what the record has overtaken since of its plan is marked."""
        title = (note.title or note.note_type or "note").strip()
        span = evidence.span
        since, orders = overtaken(self._ctx, note, span.start, span.end, self._courses) if span is not None else ("", ())  # fmt: skip
        mark = f" (Overtaken since: {since}.)" if since else ""
        later, sources = moved(self._ctx, note, span.start, span.end) if span is not None else ("", ())
        mark += f" (Moved since: {later})" if later else ""
        return tell(f"{lead} {day(note.time)} ({title}): {quote}{mark}", evidence, *orders, *sources, basis=Basis.NOTE)

    @cached_property
    def _courses(self) -> list[Course]:
        return courses(self._ctx)

    def unrecorded(self, known: frozenset[str], limit: int) -> list[Sentence]:
        """Diagnoses that notes assert and no entry of the record has, newest first, with how they are asserted."""
        vocabulary, told = self._ctx.lexicon.vocabulary, set(known)
        lines: list[Sentence] = []
        denied: set[str] = set()
        families_known = {family_of(self._ctx, frozenset({i})) for i in known}
        for fact in self.facts:
            if len(lines) == limit:
                break
            if fact.kind is not FactKind.CONDITION or not fact.concept_id or fact.concept_id in told | denied:
                continue
            concept = vocabulary.get("condition", fact.concept_id)
            said = fact.assertion
            if said.is_negated:
                denied.add(fact.concept_id)  # the newest word on it is a denial
            if said.is_negated or said.is_family or said.is_hypothetical or fact.section not in _HISTORY:
                continue
            if concept is None or concept.extra.get("kind") not in _MEDICAL or is_set_right(self._ctx, fact):
                continue
            if fact.text.strip().lower() in concept.ambiguous or self._is_only_like(fact):
                continue  # a short form that may mean another thing is too little for a diagnosis, and so is "flu-like"
            family = family_of(self._ctx, frozenset({concept.id}))
            if not family or family in families_known:
                continue
            related = vocabulary.descendants("condition", concept.id) | vocabulary.ancestors("condition", concept.id)
            if related & known:
                continue
            line = self.line_of(fact)
            if line is None:
                continue
            told.add(concept.id)
            how = "uncertain" if said.is_uncertain else "historical" if said.is_historical else "current"
            place = fact.evidence.span.end if fact.evidence.span is not None else 0
            quote, evidence = excerpt(line.note, line.start, line.end, 200, holding=place)
            text = f"{concept.label} stands only in a note ({day(line.note.time)}, {_SAYS[how]}): {quote}"
            lines.append(tell(text, evidence, basis=Basis.NOTE, item=True))
        return lines

    def _is_only_like(self, fact: Fact) -> bool:
        span = fact.evidence.span
        note = self._by_id.get(span.note_id) if span is not None else None
        return (
            note is not None and span is not None and note.text[span.end : span.end + 5].lower() in {"-like", " like"}
        )

    def pending(self, has_later: HasLater) -> list[Sentence]:
        """Sentences of recent notes that call a result pending, those left out whose result came since."""
        found: list[Sentence] = []
        for note in self._recent(_FRESH):
            if self._of_a_past_stay(note):
                continue
            for match in _PENDING.finditer(note.text):
                start, end = around(note.text, match.start(), match.end(), items=False)
                words = note.text[start:end]
                if _NOTHING_PENDING.search(words) or self._came_since(words, note, has_later):
                    continue
                sentence = self.say(Line(note, start, end), "Pending at the note")
                if all(sentence.text.partition(": ")[2] != s.text.partition(": ")[2] for s in found):
                    found.append(sentence.model_copy(update={"item": True}))
        return found[:4]

    def _came_since(self, words: str, note: Note, has_later: HasLater) -> bool:
        ids = self.measured_in(words)
        return bool(ids) and (any(has_later(i, note.time) for i in ids) or self._told_since(ids, note))

    def measured_in(self, words: str) -> frozenset[str]:
        """The measurements that words name, a panel by its members."""
        from tools.catalogue import panel_members

        mentions = self._ctx.lexicon.find_mentions(words, ("observation",), fuzzy=False)
        ids = {t.id for m in mentions for t in m.targets}
        return frozenset(ids | {p for i in ids for p in panel_members(i)})

    def _told_since(self, ids: frozenset[str], note: Note) -> bool:
        """Whether a later note gives a value of one of them."""
        return any(
            f.kind is FactKind.OBSERVATION and f.value is not None and f.concept_id in ids and (t := self._ctx.chart.note_time(f)) is not None
            and note.time is not None and t > note.time
            for f in self.facts
        )  # fmt: skip

    def follow_up(self) -> list[Sentence]:
        """The follow-up part of the newest notes, when they are recent: what an earlier stay or month planned is no plan of now."""
        from nlp_pipeline import find_sections

        for note in self._of_now():
            for section in find_sections(note.text):
                if section.category in {"follow_up", "plan", "assessment_and_plan"} and section.title:
                    body = note.text[section.body_start or section.start : section.end]
                    if len(body.strip()) > 15:
                        return [
                            self.say(Line(note, section.body_start or section.start, section.end), "Plan in the note")
                        ]
        return []

    def _of_now(self) -> Iterator[Note]:
        """The notes of the last three weeks on record, none before the newest summary or of a stay that is over."""
        newest: datetime | None = None
        for note in list(self._recent(_FRESH))[:6]:
            newest = newest or note.time
            if newest is None or note.time is None or newest - note.time > _LATELY:
                return
            if self._of_a_past_stay(note):
                return
            yield note
            if is_summary(note):
                return

    def _of_a_past_stay(self, note: Note) -> bool:
        """Whether a note was written in the course of a stay that has ended since; its summary speaks for it."""
        return not is_summary(note) and any(
            v.class_code in _STAYS and v.start is not None and v.end is not None and note.time is not None
            and v.start <= note.time <= v.end < self._ctx.as_of and v.end - v.start > _OVERNIGHT
            for v in self._ctx.chart.encounters
        )  # fmt: skip

    def essence(self, note: Note) -> tuple[int, int]:
        """The part of a note that says most: its assessment or plan, else its beginning."""
        from nlp_pipeline import find_sections

        for wanted in (("assessment_and_plan", "assessment"), ("plan", "follow_up")):
            for section in find_sections(note.text):
                if section.category in wanted and section.end - section.start > 30:
                    return section.body_start or section.start, section.end
        return body_start(note.text), len(note.text)

    def newest(self, within_days: int = 120) -> Sentence | None:
        """How the newest recent note begins."""
        for note in self._recent(timedelta(days=within_days)):
            quote, evidence = excerpt(note, body_start(note.text), len(note.text), 900)
            return self._quoted(note, "Newest note,", quote, evidence)
        return None

    def newest_of(self, kind: FactKind, limit: int) -> list[Sentence]:
        """The newest line for each concept of a kind, as the notes have it."""
        told: set[str] = set()
        places: list[Line] = []
        lines: list[Sentence] = []
        for fact in self.facts:
            key = fact.concept_id or fact.text.lower()
            if fact.kind is not kind or key in told or fact.assertion.is_hypothetical or len(lines) == limit:
                continue
            told.add(key)
            line = self.line_of(fact)
            if line is None or any(
                p.note.id == line.note.id and p.start < line.end and line.start < p.end for p in places
            ):
                continue  # what is quoted already is not said twice
            places.append(line)
            lines.append(self.say(line).model_copy(update={"item": True}))
        return lines

    def _recent(self, age: timedelta) -> Iterator[Note]:
        return (n for n in self.notes if n.time is not None and self._ctx.as_of - n.time <= age)


def rank_of_item(line: Line, fact: Fact) -> float:
    """Weight of an item of a list that begins with what the fact names, whatever heading the note has: 0 for no such item."""
    span = fact.evidence.span
    head = line.note.text[max(0, line.start - 6) : line.start]
    marked = re.search(r"(?:\d{1,2}[.)]|[-*•#]|[AP][)/:])[ \t]*$", head) is not None
    if span is None or fact.section in _ELSEWHERE or not marked or span.start - line.start > _HEAD / 3:
        return 0.0
    return 2.9
