"""Facts of a note against marked spans: which were found, with which words, assertion, code and value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from domain.errors import ChartTwinError
from domain.facts import Assertion, Fact, Frozen
from domain.quantities import Quantity, convert
from evals.metrics.agreement import Counts

ATTRIBUTES = tuple(Assertion.model_fields)
VALUE_TOLERANCE = 0.005  # relative: half a per cent allows a unit conversion's rounding


class GoldSpan(Frozen):
    """One marked span: characters [start, end) of the note, what it is, and what is said of it."""

    start: int
    end: int
    text: str
    kind: str
    concept_id: str = ""
    assertion: Assertion = Assertion()
    value: float | str | None = None
    unit: str = ""


class NoteScore(NamedTuple):
    """What one note adds to the figures."""

    exact: Counts
    overlap: Counts
    kinds: dict[str, Counts]
    assertions: dict[str, Counts]
    concepts: tuple[bool, ...]
    values: tuple[bool, ...]
    faults: tuple[str, ...]


def score_note(gold: Sequence[GoldSpan], facts: Sequence[Fact], *, complete: bool = True) -> NoteScore:
    """The counts of one note.

    A fact matches a span of the same kind whose characters it shares; the pairing is one to one, the largest overlap
    first. Assertions, concepts and values are judged on matched pairs only, so a missed span counts once, as missed.

    Args:
        gold: The marked spans.
        facts: What was extracted; facts of a kind nobody marked are left out.
        complete: Whether every entity of the marked kinds was marked. If not, an unmatched fact is not an error, and
            precision is not claimed.
    """
    kinds = {span.kind for span in gold}
    candidates = _mentions([fact for fact in facts if str(fact.kind) in kinds and fact.evidence.span])
    pairs = _pair(gold, candidates)
    same = [pair for pair in pairs if (pair[0].start, pair[0].end) == _bounds(pair[1])]
    counted = candidates if complete else [fact for _, fact in pairs]
    return NoteScore(
        exact=_entity_counts(gold, counted, same),
        overlap=_entity_counts(gold, counted, pairs),
        kinds={
            kind: _entity_counts(
                [span for span in gold if span.kind == kind],
                [fact for fact in counted if str(fact.kind) == kind],
                [pair for pair in pairs if pair[0].kind == kind],
            )
            for kind in sorted(kinds)
        },
        assertions={name: _attribute_counts(name, pairs) for name in ATTRIBUTES},
        concepts=tuple(span.concept_id == fact.concept_id for span, fact in pairs if span.concept_id),
        values=tuple(same_value(span, fact) for span, fact in pairs if span.value is not None),
        faults=_faults(gold, candidates if complete else [], pairs),
    )


def _mentions(facts: Sequence[Fact]) -> list[Fact]:
    """One fact a mention: a disease of two relatives is two facts with the same words."""
    return list({(fact.kind, fact.evidence.span, fact.concept_id): fact for fact in reversed(facts)}.values())[::-1]


def same_value(span: GoldSpan, fact: Fact) -> bool:
    """Whether the fact carries the value of the span, in its unit or one that converts to it."""
    if isinstance(span.value, str) or not isinstance(fact.value, Quantity):
        return str(span.value).strip().lower() == str(fact.value).strip().lower()
    if span.value is None:
        return False
    found = fact.value.value
    if span.unit:
        try:
            found = convert(found, fact.value.unit, span.unit, fact.concept_id or None)
        except ChartTwinError:
            return False
    return abs(found - span.value) <= VALUE_TOLERANCE * abs(span.value)


def _bounds(fact: Fact) -> tuple[int, int]:
    span = fact.evidence.span
    assert span is not None  # candidates without a span were left out
    return span.start, span.end


def _pair(gold: Sequence[GoldSpan], facts: Sequence[Fact]) -> list[tuple[GoldSpan, Fact]]:
    shared = []
    for i, span in enumerate(gold):
        for j, fact in enumerate(facts):
            start, end = _bounds(fact)
            overlap = min(span.end, end) - max(span.start, start)
            if overlap > 0 and str(fact.kind) == span.kind:
                same_concept = bool(span.concept_id) and span.concept_id == fact.concept_id
                length_gap = abs((end - start) - (span.end - span.start))
                shared.append((-overlap, length_gap, not same_concept, i, j))
    pairs, used_gold, used_facts = [], set(), set()
    for *_, i, j in sorted(shared):
        if i not in used_gold and j not in used_facts:
            used_gold.add(i)
            used_facts.add(j)
            pairs.append((gold[i], facts[j]))
    return pairs


def _entity_counts(gold: Sequence[GoldSpan], facts: Sequence[Fact], met: Sequence[object]) -> Counts:
    return Counts(len(met), len(facts) - len(met), len(gold) - len(met))


def _attribute_counts(name: str, pairs: Sequence[tuple[GoldSpan, Fact]]) -> Counts:
    judged = [(bool(getattr(span.assertion, name)), bool(getattr(fact.assertion, name))) for span, fact in pairs]
    return Counts(
        sum(said and found for said, found in judged),
        sum(found and not said for said, found in judged),
        sum(said and not found for said, found in judged),
    )


def _faults(
    gold: Sequence[GoldSpan], candidates: Sequence[Fact], pairs: Sequence[tuple[GoldSpan, Fact]]
) -> tuple[str, ...]:
    met = {id(span) for span, _ in pairs}
    paired = {id(fact) for _, fact in pairs}
    faults = [f"missed {span.kind} {span.text!r} at {span.start}" for span in gold if id(span) not in met]
    faults += [
        f"extra {fact.kind} {fact.text!r} at {_bounds(fact)[0]}" for fact in candidates if id(fact) not in paired
    ]
    for span, fact in pairs:
        faults += [f"{span.text!r} at {span.start}: {fault}" for fault in _disagreements(span, fact)]
    return tuple(faults)


def _disagreements(span: GoldSpan, fact: Fact) -> list[str]:
    found: list[str] = []
    for name in ATTRIBUTES:
        said, got = getattr(span.assertion, name), getattr(fact.assertion, name)
        found += [f"{name} is {got}, marked {said}"] if said != got else []
    if span.concept_id and span.concept_id != fact.concept_id:
        found.append(f"concept is {fact.concept_id or 'none'}, marked {span.concept_id}")
    if span.value is not None and not same_value(span, fact):
        found.append(f"value is {_value_text(fact.value)}, marked {span.value} {span.unit}".rstrip())
    return found


def _value_text(value: Any) -> str:
    return "none" if value is None else str(value)
