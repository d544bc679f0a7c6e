"""A note as a calculator reads it: its facts by concept, in text order, with the words around them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from domain.facts import Assertion, Fact, FactKind, Note
from domain.quantities import Quantity
from tools.calculation.denials import Denials


class Found(NamedTuple):
    """A value or finding with the characters [start, end) that say it."""

    value: float | bool | str
    unit: str
    start: int
    end: int
    assertion: Assertion
    concept_id: str = ""
    comparator: str = ""
    high: float | None = None


class NoteReading:
    """The facts of one note."""

    def __init__(self, text: str, facts: Iterable[Fact]) -> None:
        self.text = text
        self.facts = list(facts)
        self._said: dict[tuple[int, int], Assertion] = {}
        self._by_concept: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            self._by_concept[fact.concept_id].append(fact)

    @classmethod
    def of(cls, text: str) -> NoteReading:
        """The reading of a text that is no stored note."""
        from nlp_pipeline import extract

        return cls(text, next(iter(extract([Note(id="note", patient_id="", text=text)]))))

    @cached_property
    def lower(self) -> str:
        """The text in lower case, character for character."""
        from nlp_pipeline.folding import folded

        return folded(self.text)

    def about(self, *concepts: str) -> list[Fact]:
        """The facts about any of these concepts, in text order."""
        found = [fact for concept in concepts for fact in self._by_concept.get(concept, ())]
        return sorted(found, key=lambda fact: bounds(fact)[0])

    def measured(self, *concepts: str) -> list[Found]:
        """The numeric values of these concepts, in text order."""
        return [
            Found(fact.value.value, fact.value.unit, *bounds(fact), fact.assertion, fact.concept_id, fact.comparator,
                  fact.high)
            for fact in self.about(*concepts)
            if isinstance(fact.value, Quantity) and fact.kind is not FactKind.FAMILY_HISTORY
        ]  # fmt: skip

    def written(self, *concepts: str) -> list[Found]:
        """The values in words of these concepts ("normal", "elevated"), in text order."""
        return [
            Found(fact.value, "", *bounds(fact), fact.assertion, fact.concept_id)
            for fact in self.about(*concepts)
            if isinstance(fact.value, str)
        ]

    def matching(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        """Where a pattern in small letters matches."""
        return list(pattern.finditer(self.lower))

    def asserted(self, spans: Sequence[tuple[int, int]]) -> list[Assertion]:
        """What ConText says of each of these characters; asked once per span."""
        from nlp_pipeline import assert_spans

        new = [span for span in dict.fromkeys(spans) if span not in self._said]
        if new:
            told = assert_spans(self.text, new)
            self._said.update((span, self._denied(span[0], said)) for span, said in zip(new, told, strict=True))
        return [self._said[span] for span in spans]

    def said(self, fact: Fact) -> Assertion:
        """What the note says of a fact, long lists of denials included."""
        return self._denied(bounds(fact)[0], fact.assertion)

    def _denied(self, start: int, said: Assertion) -> Assertion:
        return said.model_copy(update={"is_negated": True}) if self._denials.covers(start) else said

    @cached_property
    def _denials(self) -> Denials:
        return Denials(self.lower)


def bounds(fact: Fact) -> tuple[int, int]:
    """The characters of a fact of a note."""
    span = fact.evidence.span
    return (span.start, span.end) if span else (0, 0)
