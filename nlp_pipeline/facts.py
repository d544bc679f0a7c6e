"""Doc to facts: the one place where what the components found becomes `domain.facts.Fact`."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from domain.codes import Code, code_of
from domain.errors import UnknownCode
from domain.facts import Assertion, Evidence, Fact, FactKind, MedicationSig, Note
from domain.quantities import Quantity
from nlp_pipeline.date_mentions import DateMention, resolve
from nlp_pipeline.layers import Chart, IntervalSet, Value, chart, entities_between, entity_starts, sentence_of
from nlp_pipeline.sections import section_at
from nlp_pipeline.version import EXTRACTOR_VERSION

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

    from nlp_pipeline.vocabulary import Concept

_KINDS = {
    "CONDITION": FactKind.CONDITION,
    "SYMPTOM": FactKind.SYMPTOM,
    "SOCIAL": FactKind.SOCIAL_HISTORY,
    "MEDICATION": FactKind.MEDICATION,
    "DRUG_CLASS": FactKind.MEDICATION,
    "PROCEDURE": FactKind.PROCEDURE,
    "IMMUNIZATION": FactKind.PROCEDURE,
}
_NEAR = 60  # characters between a finding and the date it is given
_LIST = 150  # characters over which a duration speaks for the items of a list
_CLAUSE = re.compile(r"[.;:()]|\b(?:but|who|which|with|on|has|had|was|is|then|after|before|in|at)\b", re.IGNORECASE)
_OPENING = 12  # a date that begins this near the start of a sentence is about all of it


def facts_of(doc: Doc, note: Note) -> list[Fact]:
    """The facts of a processed note in text order, each with its characters, section, assertion and time."""
    layer, ents = chart(doc), doc.ents
    reader = _Reader(layer, ents, note)
    facts = [*reader.allergies(ents), *reader.medications(ents), *reader.values(ents)]
    facts += [*reader.findings(), *reader.entities(ents), *reader.dates()]
    unique = {fact.id: fact for fact in facts}
    return sorted(unique.values(), key=_position)


def assertion_of(span: Span) -> Assertion:
    """The five ConText attributes that the pipeline set on an entity."""
    extension = span._
    return _assertion(
        extension.is_negated,
        extension.is_historical,
        extension.is_hypothetical,
        extension.is_family,
        extension.is_uncertain,
    )


@lru_cache(maxsize=32)
def _assertion(negated: bool, historical: bool, hypothetical: bool, family: bool, uncertain: bool) -> Assertion:
    return Assertion(
        is_negated=negated,
        is_historical=historical,
        is_hypothetical=hypothetical,
        is_family=family,
        is_uncertain=uncertain,
    )


def fact_id(note_id: str, start: int, end: int, kind: FactKind, concept_id: str) -> str:
    """The same id for the same statement of the same note, whenever it is extracted."""
    return hashlib.sha256(f"{note_id}\x1f{start}\x1f{end}\x1f{kind}\x1f{concept_id}".encode()).hexdigest()[:24]


class _Reader:
    """Makes the facts of one note; each method turns one layer of the chart into facts."""

    def __init__(self, layer: Chart, ents: tuple[Span, ...], note: Note) -> None:
        self._layer, self._note = layer, note
        self._starts = entity_starts(ents)
        measured = IntervalSet((max(v.start, v.number), v.end) for v in layer.values)
        self._dates = [(d, resolve(d, note.time)) for d in layer.dates if not measured.holds(d.start)]
        self._used = set(layer.suppressed)

    def allergies(self, ents: tuple[Span, ...]) -> list[Fact]:
        facts = []
        for index, reaction in self._layer.reactions:
            self._used.add(index)
            ent, concepts = ents[index], self._layer.concepts[index]
            order = {"allergen": 0, "medication": 1, "drug_class": 2}
            concept = min(concepts, key=lambda c: order.get(c.kind, 3))
            asserted = assertion_of(ent).model_copy(update={"is_hypothetical": False})
            facts.append(
                self._fact(
                    ent.start_char, ent.end_char, FactKind.ALLERGY, concept.id, concept, reaction or None, asserted
                )
            )
        return facts

    def medications(self, ents: tuple[Span, ...]) -> list[Fact]:
        facts = []
        for start, end, index, sig in self._layer.sigs:
            if index in self._used:
                continue
            self._used.add(index)
            asserted = assertion_of(ents[index])
            if sig.status in {"stopped", "not taking"}:
                asserted = asserted.model_copy(
                    update={"is_historical": sig.status == "stopped" or asserted.is_historical}
                )
            concepts = self._layer.concepts[index]
            for concept in [c for c in concepts if c.kind == concepts[0].kind]:  # a brand may hold two ingredients
                own = sig.model_copy(update={"drug": concept.label})
                facts.append(self._fact(start, end, FactKind.MEDICATION, concept.id, concept, None, asserted, sig=own))
        return facts

    def values(self, ents: tuple[Span, ...]) -> list[Fact]:
        return [self._value(v, ents) for v in self._layer.values]

    def _value(self, value: Value, ents: tuple[Span, ...]) -> Fact:
        # A measured value was measured: negation and doubt of the sentence are about its findings.
        about = ents[value.target] if value.target >= 0 else None
        asserted = Assertion(
            is_historical=value.is_baseline,
            is_hypothetical=value.is_goal,
            is_family=bool(about is not None and about._.is_family),
        )
        fact = self._fact(
            value.start, value.end, FactKind.OBSERVATION, value.concept_id, value.concept, value.value, asserted,
            comparator=value.comparator,
        )  # fmt: skip
        ranged = value.high is not None or value.flag
        return fact.model_copy(update={"high": value.high, "flag": value.flag}) if ranged else fact

    def findings(self) -> list[Fact]:
        from nlp_pipeline.vocabulary import load_vocabulary

        vocabulary, facts = load_vocabulary(), []
        for f in self._layer.findings:
            asserted = Assertion(is_negated=f.is_negated, is_historical=f.is_historical)
            concept = vocabulary.get("observation", f.concept_id)
            facts.append(self._fact(f.start, f.end, f.kind, f.concept_id, concept, f.value, asserted))
        return facts

    def entities(self, ents: tuple[Span, ...]) -> list[Fact]:
        members = dict(self._layer.relatives)
        facts = []
        for index, ent in enumerate(ents):
            kind = _KINDS.get(ent.label_)
            if index in self._used or kind is None:
                continue
            concept, asserted, value = self._layer.concepts[index][0], assertion_of(ent), None
            if asserted.is_family and kind in {FactKind.CONDITION, FactKind.SYMPTOM}:
                kind, value = FactKind.FAMILY_HISTORY, members.get(index, "family")
            facts.append(self._fact(ent.start_char, ent.end_char, kind, concept.id, concept, value, asserted))
        return facts

    def dates(self) -> list[Fact]:
        facts = []
        for mention, moment in self._dates:
            if moment is None:
                continue
            value = moment.date().isoformat()[: _DIGITS[mention.precision]]
            span = (mention.start, mention.end)
            facts.append(self._fact(*span, FactKind.EVENT_DATE, "", None, value, Assertion(), when=moment))
        return facts

    def _fact(
        self,
        start: int,
        end: int,
        kind: FactKind,
        concept_id: str,
        concept: Concept | None,
        value: Quantity | str | None,
        assertion: Assertion,
        comparator: str = "",
        sig: MedicationSig | None = None,
        when: datetime | None = None,
    ) -> Fact:
        note = self._note
        start, end = _trimmed(note.text, start, end)
        section = section_at(self._layer.sections, start)
        quote = note.text[start:end]
        return Fact(
            id=fact_id(note.id, start, end, kind, concept_id or quote.lower()),
            kind=kind,
            concept_id=concept_id,
            text=quote,
            codes=codes_of(concept) if concept else (),
            value=value,
            comparator=comparator,
            sig=sig,
            effective=when or self._effective(start, end, kind, assertion),
            assertion=assertion,
            section=section.category if section else "",
            evidence=Evidence(ref=f"Note/{note.id}#{start}-{end}", quote=quote, time=note.time),
            extractor_version=EXTRACTOR_VERSION,
        )

    def _effective(self, start: int, end: int, kind: FactKind, assertion: Assertion) -> datetime | None:
        """The time given beside a finding, else the note's time unless it is about the past or the family.

        None where the note gives a time that it does not place ("in childhood").
        """
        if self._dates and kind is not FactKind.DEMOGRAPHIC:
            low, high = sentence_of(self._layer, start)
            first = bisect_left(self._dates, low, key=lambda pair: pair[0].start)
            last = bisect_left(self._dates, high, key=lambda pair: pair[0].start)
            if first < last:
                # How long something has lasted dates neither what was done about it nor a habit that goes on.
                lasting = kind is not FactKind.PROCEDURE and (
                    kind is not FactKind.SOCIAL_HISTORY or assertion.is_historical
                )
                candidates = [pair for pair in self._dates[first:last] if lasting or not pair[0].is_duration]
                beside = self._beside(start, end, low, candidates)
                if beside:
                    return beside[0]
        return None if assertion.is_historical or assertion.is_family else self._note.time

    def _beside(
        self, start: int, end: int, low: int, candidates: list[tuple[DateMention, datetime | None]]
    ) -> list[datetime | None]:
        """The moment of the nearest date with no other finding in between, or of the one that opens the sentence."""
        near = []
        for mention, moment in candidates:
            gap = max(mention.start - end, start - mention.end, 0)
            between = entities_between(self._starts, min(end, mention.end), max(start, mention.start))
            if gap <= _NEAR and not between:
                near.append((gap, moment))
            elif mention.is_duration and mention.end <= start and not self._breaks(mention.end, start):
                near.append((gap + _NEAR, moment))  # "3-day history of fever and cough": the cough as well
            elif mention.start - low <= _OPENING and mention.end <= start and mention.days_before is None:
                near.append((gap + _NEAR, moment))
        return [min(near, key=lambda pair: pair[0])[1]] if near else []

    def _breaks(self, start: int, end: int) -> bool:
        """Whether something other than a list stands between two places."""
        return end - start > _LIST or _CLAUSE.search(self._note.text, start, end) is not None


_DIGITS = {"year": 4, "month": 7, "day": 10}


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while end > start + 1 and text[end - 1].isspace():
        end -= 1
    while start < end - 1 and text[start].isspace():
        start += 1
    return start, end


def _position(fact: Fact) -> tuple[int, int, str, str]:
    start, _, end = fact.evidence.ref.rpartition("#")[2].partition("-")
    return int(start), int(end), fact.kind.value, fact.concept_id


def codes_of(concept: Concept) -> tuple[Code, ...]:
    """The typed codes of a vocabulary concept; one that lacks its system's form is left out."""
    return _codes(concept.codes, concept.label)


@lru_cache(maxsize=8192)
def _codes(pairs: tuple[tuple[str, str], ...], display: str) -> tuple[Code, ...]:
    codes = []
    for system, code in pairs:
        try:
            codes.append(code_of(system, code, display))
        except UnknownCode:
            continue
    return tuple(codes)


FactReader = Callable[["Doc", Note], list[Fact]]
