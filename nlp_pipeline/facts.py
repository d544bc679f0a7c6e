"""Doc to facts: the one place where what the components found becomes `domain.facts.Fact`."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from domain.codes import Code, code_of
from domain.errors import UnknownCode
from domain.facts import Assertion, Evidence, Fact, FactKind, MedicationSig, Note
from domain.quantities import Quantity
from nlp_pipeline.layers import IntervalSet, attributes, chart, entities
from nlp_pipeline.times.mentions import DateMention, resolve
from nlp_pipeline.version import EXTRACTOR_VERSION

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from nlp_pipeline.layers import Entities
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
_ATTRIBUTES = ("is_negated", "is_historical", "is_hypothetical", "is_family", "is_uncertain")
_NEAR = 60  # characters between a finding and the date it is given
_LIST = 150  # characters over which a duration speaks for the items of a list
_CLAUSE = re.compile(r"[.;:()]|\b(?:but|who|which|with|on|has|had|was|is|then|after|before|in|at)\b", re.IGNORECASE)
_Model = TypeVar("_Model", bound=BaseModel)
_BESIDE = re.compile(r"[^.;]{0,12}")  # between a procedure and the coming day that it is meant for
_UNTIL = re.compile(r"[,;\s]{0,3}(?:until|till)\s+", re.IGNORECASE)
_OPENING = 12  # a date that begins this near the start of a sentence is about all of it


def facts_of(doc: Doc, note: Note) -> list[Fact]:
    """The facts of a processed note in text order, each with its characters, section, assertion and time."""
    reader = _Reader(doc, note)
    reader.allergies()
    reader.medications()
    reader.values()
    reader.findings()
    reader.entities()
    reader.dates()
    return reader.sorted()


@lru_cache(maxsize=32)
def _assertion(negated: bool, historical: bool, hypothetical: bool, family: bool, uncertain: bool) -> Assertion:
    return Assertion(
        is_negated=negated,
        is_historical=historical,
        is_hypothetical=hypothetical,
        is_family=family,
        is_uncertain=uncertain,
    )


_NONE_SET = _assertion(False, False, False, False, False)


def _assertions(found: Entities, attributes: dict[tuple[int, int], set[str]]) -> list[Assertion]:
    """The five ConText attributes that the pipeline set on each entity."""
    stated = {span: _assertion(*(name in names for name in _ATTRIBUTES)) for span, names in attributes.items()}
    return [stated.get(span, _NONE_SET) for span in zip(found.starts, found.ends, strict=True)]


def fact_id(note_id: str, start: int, end: int, kind: FactKind, concept_id: str, member: str = "") -> str:
    """The same id for the same statement of the same note, whenever it is extracted.

    `member` tells apart the facts of one mention that is about several relatives.
    """
    stated = f"{note_id}\x1f{start}\x1f{end}\x1f{kind}\x1f{concept_id}"
    return hashlib.sha256((f"{stated}\x1f{member}" if member else stated).encode()).hexdigest()[:24]


class _Reader:
    """Makes the facts of one note; each method turns one layer of the chart into facts."""

    def __init__(self, doc: Doc, note: Note) -> None:
        self._layer, self._note = chart(doc), note
        self._entities = entities(doc)
        self._asserted = _assertions(self._entities, attributes(doc))
        self._section_ends = [s.end for s in self._layer.sections]
        self._dates = self._resolved(note.time)
        self._sentence_starts = [low for low, _ in self._layer.sentences] if self._dates else []
        self._dated: dict[int, list[tuple[DateMention, datetime | None]]] = {}  # by the number of the sentence
        for pair in self._dates:
            self._dated.setdefault(self._sentence(pair[0].start), []).append(pair)
        self._horizon = note.time.replace(hour=23, minute=59, second=59) if note.time else None
        self._used = set(self._layer.suppressed)
        self._facts: dict[tuple[int, int, FactKind, str, str], Fact] = {}  # by what makes the id

    def _resolved(self, time: datetime | None) -> list[tuple[DateMention, datetime | None]]:
        layer = self._layer
        if not layer.dates:
            return []
        measured = IntervalSet((max(v.start, v.number), v.end) for v in layer.values)
        return [(d, resolve(d, time)) for d in layer.dates if not measured.holds(d.start)]

    def sorted(self) -> list[Fact]:
        """The facts in text order, each statement once."""
        return [fact for _, fact in sorted(self._facts.items())]  # no two keys are equal, so no facts are compared

    def allergies(self) -> None:
        order = {"allergen": 0, "medication": 1, "drug_class": 2}
        for index, reaction in self._layer.reactions:
            self._used.add(index)
            concept = min(self._layer.concepts[index], key=lambda c: order.get(c.kind, 3))
            asserted = self._asserted[index].model_copy(update={"is_hypothetical": False})
            start, end = self._entities.starts[index], self._entities.ends[index]
            self._add(start, end, FactKind.ALLERGY, concept.id, concept, reaction or None, asserted)

    def medications(self) -> None:
        for start, end, index, sig in self._layer.sigs:
            if index in self._used:
                continue
            self._used.add(index)
            asserted = self._asserted[index]
            if sig.status == "stopped" and self._goes_on(end):
                sig = sig.model_copy(update={"status": ""})
            if sig.status == "stopped" and not asserted.is_historical:
                asserted = asserted.model_copy(update={"is_historical": True})
            concepts = self._layer.concepts[index]
            for concept in [c for c in concepts if c.kind == concepts[0].kind]:  # a brand may hold two ingredients
                own = sig if sig.drug == concept.label else sig.model_copy(update={"drug": concept.label})
                self._add(start, end, FactKind.MEDICATION, concept.id, concept, None, asserted, sig=own)

    def _goes_on(self, end: int) -> bool:
        """Whether a drug that was read as stopped is given until a day that is still to come."""
        until = _UNTIL.match(self._note.text, end) if self._dated else None
        return until is not None and any(
            mention.start == until.end() and self._is_ahead(moment)
            for mention, moment in self._dated.get(self._sentence(until.end()), ())
        )

    def values(self) -> None:
        for value in self._layer.values:
            # A measured value was measured: negation and doubt of the sentence are about its findings.
            is_family = value.target >= 0 and self._asserted[value.target].is_family
            asserted = _assertion(False, value.is_baseline, value.is_goal, is_family, False)
            self._add(
                value.start, value.end, FactKind.OBSERVATION, value.concept_id, value.concept, value.value, asserted,
                comparator=value.comparator, high=value.high, flag=value.flag,
            )  # fmt: skip

    def findings(self) -> None:
        from nlp_pipeline.vocabulary import load_vocabulary

        vocabulary = load_vocabulary()
        for f in self._layer.findings:
            asserted = _assertion(f.is_negated, f.is_historical, False, False, False)
            concept = vocabulary.get("observation", f.concept_id)
            self._add(f.start, f.end, f.kind, f.concept_id, concept, f.value, asserted)

    def entities(self) -> None:
        members, used, layer = self._members(), self._used, self._layer
        each = zip(*self._entities, layer.concepts, self._asserted, strict=True)
        for index, (start, end, label, (concept, *_), asserted) in enumerate(each):
            kind = _KINDS.get(label)
            if index in used or kind is None:
                continue
            if not asserted.is_family or kind not in {FactKind.CONDITION, FactKind.SYMPTOM}:
                self._add(start, end, kind, concept.id, concept, None, asserted)
                continue
            relatives = members.get(index, ["family"])
            for relative in relatives:
                told_apart = relative if len(relatives) > 1 else ""
                self._add(
                    start, end, FactKind.FAMILY_HISTORY, concept.id, concept, relative, asserted, member=told_apart
                )

    def _members(self) -> dict[int, list[str]]:
        """The relatives of each entity that has any: "breast cancer in her mother and sister" is said of both."""
        members: dict[int, dict[str, None]] = {}
        for target, named in self._layer.relatives:
            members.setdefault(target, {}).update(dict.fromkeys(named.split(", ")))
        return {target: list(each) for target, each in members.items()}

    def dates(self) -> None:
        for mention, moment in self._dates:
            if moment is None:
                continue
            value = moment.date().isoformat()[: _DIGITS[mention.precision]]
            self._add(mention.start, mention.end, FactKind.EVENT_DATE, "", None, value, _NONE_SET, when=moment)

    def _add(
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
        high: float | None = None,
        flag: str = "",
        member: str = "",
    ) -> None:
        note = self._note
        quote = note.text[start:end]
        if quote[:1].isspace() or quote[-1:].isspace():
            start, end = _trimmed(note.text, start, end)
            quote = note.text[start:end]
        stated = (start, end, kind, concept_id or quote.lower(), member)
        self._facts[stated] = _unchecked(
            Fact,
            {
                "id": fact_id(note.id, *stated),
                "kind": kind,
                "concept_id": concept_id,
                "text": quote,
                "codes": codes_of(concept) if concept else (),
                "value": value,
                "comparator": comparator,
                "sig": sig,
                "effective": when or self._effective(start, end, kind, assertion, sig),
                "assertion": assertion,
                "section": self._category(start),
                "evidence": _unchecked(
                    Evidence, {"ref": f"Note/{note.id}#{start}-{end}", "quote": quote, "time": note.time}
                ),
                "extractor_version": EXTRACTOR_VERSION,
                "high": high,
                "flag": flag,
            },
        )

    def _category(self, position: int) -> str:
        """The category of the section that holds a character."""
        index, sections = bisect_right(self._section_ends, position), self._layer.sections
        return sections[index].category if index < len(sections) and sections[index].start <= position else ""

    def _sentence(self, position: int) -> int:
        """The number of the sentence that holds a character."""
        return max(bisect_right(self._sentence_starts, position) - 1, 0)

    def _effective(
        self, start: int, end: int, kind: FactKind, assertion: Assertion, sig: MedicationSig | None
    ) -> datetime | None:
        """The time given beside a finding, else the note's time unless it is about the past or the family.

        None where the note gives a time that it does not place ("in childhood").
        """
        if self._dated and kind is not FactKind.DEMOGRAPHIC:
            sentence = self._sentence(start)
            if sentence in self._dated:
                # How long something has lasted dates neither what was done about it nor a habit that goes on.
                lasting = kind is not FactKind.PROCEDURE and (
                    kind is not FactKind.SOCIAL_HISTORY or assertion.is_historical
                )
                planned = assertion.is_hypothetical or (sig is not None and sig.status == "planned")
                candidates = [
                    (mention, moment)
                    for mention, moment in self._dated[sentence]
                    if (lasting or not mention.is_duration)
                    and (planned or not self._is_ahead(moment) or self._awaited(end, mention, kind, assertion))
                ]
                low = self._sentence_starts[sentence] if self._sentence_starts else 0
                beside = self._beside(start, end, low, candidates)
                if beside:
                    return beside[0]
        return None if assertion.is_historical or assertion.is_family else self._note.time

    def _is_ahead(self, moment: datetime | None) -> bool:
        """Whether a moment is later than the day of the note, so that nothing stated as a fact has happened then."""
        return moment is not None and self._horizon is not None and moment > self._horizon

    def _awaited(self, end: int, mention: DateMention, kind: FactKind, assertion: Assertion) -> bool:
        """Whether a procedure is given its coming day without being called planned: "colonoscopy on 14 May"."""
        done = assertion.is_historical or assertion.is_negated or kind is not FactKind.PROCEDURE
        return not done and mention.start >= end and _BESIDE.fullmatch(self._note.text, end, mention.start) is not None

    def _beside(
        self, start: int, end: int, low: int, candidates: list[tuple[DateMention, datetime | None]]
    ) -> list[datetime | None]:
        """The moment of the nearest date with no other finding in between, or of the one that opens the sentence."""
        near = []
        for mention, moment in candidates:
            gap = max(mention.start - end, start - mention.end, 0)
            between = self._entities.between(min(end, mention.end), max(start, mention.start))
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


_FIELDS: dict[type[BaseModel], set[str]] = {model: set(model.model_fields) for model in (Fact, Evidence)}


def _unchecked(model: type[_Model], values: dict[str, Any]) -> _Model:
    """An instance of a frozen model from a value for each of its fields, all typed already.

    It is `model_construct` in a sixth of the time: checking facts took longer than most of finding them.
    """
    made, put = model.__new__(model), object.__setattr__
    put(made, "__dict__", values)
    put(made, "__pydantic_fields_set__", _FIELDS[model])
    put(made, "__pydantic_extra__", None)
    put(made, "__pydantic_private__", None)
    return made


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
