"""What the patient's notes say, as testimony: their stored sentences, read once, with what the pipeline asserted of each finding.

Two readers look at a note: the pipeline, when it was filed, and the reader of drafts. Where they disagree about a finding
the more cautious one is believed, since testimony that may be misread bears out nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from agents.verification.evidence import Source, union_of
from agents.verification.names import HERE, Name, Setting, State, find_names
from agents.verification.readings import Before, Reading
from agents.verification.said import Said
from agents.verification.sentences import read
from domain.facts import Fact, FactKind, Note, Span, span_ref
from tools.concepts import Lexicon
from tools.context import ToolContext, day

_MOST_SENTENCES = 400
_SECTIONS = {"family_history": Setting(State.FAMILY, is_attributed=True), "allergies": Setting(None, True, True)}
_LISTED = Setting(State.PRESENT, is_attributed=True)
_ORDERS = re.compile(r"\b(?:start|stop|begin|hold|held|resum|chang|switch|discontinu|restart|reduc|increas)\w*\b|->|→")
_NOTED = Setting(is_attributed=True)
_ENDED = frozenset({"stopped", "discontinued"})
# Who says that something is absent or of a relative, or only thought of, is believed before who does not.
_CAUTION = (State.ABSENT, State.FAMILY, State.CONSIDERED, State.NAMED, State.PAST, State.PRESENT)


class NoteSentence(NamedTuple):
    """A sentence of a note with its claims; spans count the note's characters."""

    note_id: str
    start: int
    end: int
    words: str  # in lower case
    reading: Reading
    keys: frozenset[str]  # of everything that it names


@dataclass(slots=True)
class Wanted:
    """What to look for in notes: words as they stand, and the keys of clinical names."""

    words: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def add(self, text: str, lexicon: Lexicon) -> None:
        """The words of a claim, and whatever they name."""
        self.words.add(text.lower().lstrip("-−+").strip())
        self.add_names(text, lexicon)

    def add_names(self, text: str, lexicon: Lexicon) -> None:
        """Whatever a text names."""
        for name in find_names(text, lexicon):
            self.keys |= name.ids

    def finder(self) -> re.Pattern[str] | None:
        """The words as one pattern."""
        words = sorted(w for w in self.words if len(w) >= 2)
        return re.compile("|".join(rf"(?<![\w.]){re.escape(w)}(?!\w)" for w in words)) if words else None


def add_note_sentences(said: Said, ctx: ToolContext, wanted: Wanted) -> int:
    """Adds the sentences of the patient's notes that hold what is wanted; how many there were."""
    finder = wanted.finder()
    if finder is None and not wanted.keys:
        return 0
    times = {note.id: note.time for note in ctx.chart.notes}
    count = 0
    for sentence in reversed(note_sentences(ctx)):
        if sentence.note_id not in times or _is_set_aside(sentence, ctx):
            continue
        if sentence.keys.isdisjoint(wanted.keys) and (finder is None or finder.search(sentence.words) is None):
            continue
        when = times[sentence.note_id]
        ref = span_ref(Span(note_id=sentence.note_id, start=sentence.start, end=sentence.end))
        source = Source(ref, f"note of {day(when)}: “{sentence.reading.text[:240]}”", "note")
        said.add_reading(sentence.reading, source)
        if when is not None:  # "stop HCTZ" is done on the day of its note
            names = [n for n in sentence.reading.names if n.state in HERE] if _ORDERS.search(sentence.words) else []
            said.add_day(when.date(), *union_of(names), source)
        count += 1
        if count == _MOST_SENTENCES:
            break
    return count


def note_sentences(ctx: ToolContext) -> Sequence[NoteSentence]:
    """The sentences of all of the patient's notes, read once and kept until the record changes."""

    def make() -> list[NoteSentence]:
        facts: dict[str, list[Fact]] = {}
        for fact in ctx.store.facts(ctx.patient_id):
            if (span := fact.evidence.span) is not None:
                facts.setdefault(span.note_id, []).append(fact)
        notes = ctx.store.notes(ctx.patient_id)
        return [s for note in notes for s in _sentences(note, facts.get(note.id, ()), ctx.lexicon)]

    return ctx.store.derived(ctx.patient_id, "note_sentences_as_claims", make)


def _is_set_aside(sentence: NoteSentence, ctx: ToolContext) -> bool:
    """Whether a sentence touches text that addresses software."""
    return any(s < sentence.end and sentence.start < e for s, e in ctx.chart.set_aside.get(sentence.note_id, ()))


def _sentences(note: Note, facts: Sequence[Fact], lexicon: Lexicon) -> Iterable[NoteSentence]:
    from knowledge_base.chunking import chunk_note

    for chunk in chunk_note(note.text):
        listed = _LISTED if "medications" in (chunk.category or "") else _NOTED
        before = Before(_SECTIONS.get(chunk.category, listed))
        for start, end in chunk.sentences:
            text = re.sub(r"\s", " ", note.text[start:end])  # a wrapped line is one sentence, every character in place
            reading = read(text, lexicon, before)
            inside = [
                f for f in facts if f.evidence.span and start < f.evidence.span.end and f.evidence.span.start < end
            ]
            reading.names = [_asserted(n, start, inside) for n in reading.names]
            keys = frozenset().union(*(n.own for n in reading.names))
            yield NoteSentence(note.id, start, end, text.lower(), reading, keys)


def _asserted(name: Name, start: int, facts: Sequence[Fact]) -> Name:
    """The name with what the pipeline asserted of it, where that is the more cautious reading."""
    for fact in facts:
        span = fact.evidence.span
        if span is None or span.end <= start + name.start or start + name.end <= span.start:
            continue
        if fact.kind is FactKind.OBSERVATION and "observation" not in name.kinds:
            continue
        state, is_family = _state(fact), fact.assertion.is_family or fact.kind is FactKind.FAMILY_HISTORY
        if _CAUTION.index(state) < _CAUTION.index(name.state):
            both_sure = {state, name.state} == {State.ABSENT, State.PRESENT} and name.is_explicit
            state = State.CONSIDERED if both_sure else state
            name = replace(name, state=state, is_explicit=True, is_ended=state is State.PAST)
        name = replace(name, is_family=name.is_family or is_family)
        if fact.kind is FactKind.ALLERGY:
            name = replace(name, is_allergy=True)
    return name


def _state(fact: Fact) -> State:
    assertion = fact.assertion
    if assertion.is_negated:
        return State.ABSENT
    if assertion.is_family or fact.kind is FactKind.FAMILY_HISTORY:
        return State.FAMILY
    if assertion.is_uncertain or assertion.is_hypothetical:
        return State.CONSIDERED
    if assertion.is_historical or (fact.sig is not None and fact.sig.status in _ENDED):
        return State.PAST
    return State.PRESENT
