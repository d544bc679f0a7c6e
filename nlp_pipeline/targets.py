"""Vocabulary entries in the text: the longest name wins, short forms are taken only where their context fits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nlp_pipeline.layers import chart
from nlp_pipeline.sections import section_at
from nlp_pipeline.short_forms import Mention, has_result, is_blocked, load_rules, reading_of
from nlp_pipeline.vocabulary.lexicon import FormRules, Lexicon, Surface, load_lexicon
from nlp_pipeline.vocabulary.surfaces import words_of

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from nlp_pipeline.sections import Section
    from nlp_pipeline.vocabulary import Concept, Vocabulary

_VACCINE_NEAR = re.compile(r"\b(?:vaccin\w*|immuni[sz]\w*|shot|booster|jab)\b", re.I)
_DOSE_NEXT = re.compile(
    r"\s*(?:\d[\d.,/\-]*)\s*(?:mg|mcg|µg|ug|g|gm|gram|grams|meq|units?|iu|puffs?|tabs?|tablets?|caps?)\b(?!\s*/\s*d?l)",
    re.I,
)
_NOT_A = frozenset({"non", "anti", "pseudo"})  # before a name: "non-diabetic", "anti-tuberculosis treatment"
_POSSESSIVE = frozenset({"'s", "\u2019s"})
_INSIDE, _OUTSIDE, _BEGIN = 1, 2, 3  # spaCy's codes of the tags of entities
_ORDER = ("medication", "drug_class", "immunization", "condition", "procedure", "observation", "allergen")
_ORDER_ALLERGY = ("allergen", "medication", "drug_class", "condition", "immunization", "procedure", "observation")
_ORDER_VALUE = ("observation", "medication", "drug_class", "condition", "procedure", "immunization", "allergen")


class TargetMatcher:
    """spaCy component: sets `doc.ents` once and keeps the candidate concepts of each in the chart."""

    def __init__(self, nlp: Language, vocabulary: Vocabulary) -> None:
        self._lexicon = packaged_lexicon(vocabulary)
        self._add_label = nlp.vocab.strings.add
        self._plain: dict[int, _Plain | None] = {}  # by payload; None where the context decides

    def __call__(self, doc: Doc) -> Doc:
        from spacy.attrs import ENT_IOB, ENT_TYPE, IDX

        layer = chart(doc)
        text = layer.text
        words, bounds = words_of(text)
        found = self._lexicon.index.find(words)
        lows = [bounds[2 * begin] for begin, _, _ in found]
        highs = [bounds[2 * end - 1] for _, end, _ in found]
        highs = [end + 2 if text[end : end + 2] in _POSSESSIVE else end for end in highs]
        # The tokens that hold the first and the last character of each match.
        starts = doc.to_array(IDX).astype("int64")
        first = (starts.searchsorted(lows, side="right") - 1).tolist()
        last = starts.searchsorted(highs, side="left").tolist()
        headers = _Headers(layer.sections)
        entities: list[tuple[int, int, int]] = []  # first token, end token, label
        concepts: list[tuple[Concept, ...]] = []
        reach, plain_of = 0, self._plain
        for (word, _, payload), low, high, begin, end in zip(found, lows, highs, first, last, strict=True):
            if begin < reach or (word and words[word - 1] in _NOT_A) or (low < headers.end and headers.hold(low)):
                continue
            plain = plain_of[payload] if payload in plain_of else self._known(payload)
            meant, label = plain or self._chosen(payload, text, low, high, section_at(layer.sections, low))
            if meant:
                entities.append((begin, end, label))
                concepts.append(meant)
                reach = end
        doc.from_array([ENT_IOB, ENT_TYPE], _tags(entities, len(doc)))
        layer.concepts = concepts
        return doc

    def _known(self, payload: int) -> _Plain | None:
        """What a phrase names whatever its context, kept for the next time."""
        surface = self._lexicon.surface(payload)
        free = len(surface.concepts) == 1 and not surface.form and not surface.needs_capitals
        found = _Plain(surface.concepts, self._add_label(label_of(surface.concepts[0]))) if free else None
        self._plain[payload] = found
        return found

    def _chosen(self, payload: int, text: str, low: int, high: int, section: Section | None) -> _Plain:
        meant = choose(self._lexicon.surface(payload), text, low, high, section)
        return _Plain(meant, self._add_label(label_of(meant[0])) if meant else 0)


class _Plain(NamedTuple):
    """Concepts and the label of their entity, as the string store numbers it."""

    concepts: tuple[Concept, ...]
    label: int


class _Headers:
    """The spans of section headers, asked about at increasing positions."""

    def __init__(self, sections: list[Section]) -> None:
        self._spans = [(s.start, s.body_start) for s in sections if s.title and s.category != "other"]
        self._next = 0
        self.end = self._spans[-1][1] if self._spans else 0

    def hold(self, position: int) -> bool:
        """Whether a header covers the position."""
        while self._spans[self._next][1] <= position:
            self._next += 1
        return self._spans[self._next][0] <= position


def _tags(entities: list[tuple[int, int, int]], tokens: int) -> np.ndarray:
    """The tags of all tokens; one array costs a third of as many Span objects."""
    tags = np.full((tokens, 2), (_OUTSIDE, 0), dtype="uint64")
    if entities:
        begins, ends, labels = np.array(entities, dtype="uint64").T
        lengths = (ends - begins).astype("int64")
        offsets = np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)
        inside = np.repeat(begins.astype("int64"), lengths) + offsets
        tags[inside, 0] = _INSIDE
        tags[inside, 1] = np.repeat(labels, lengths)
        tags[begins.astype("int64"), 0] = _BEGIN
    return tags


def packaged_lexicon(vocabulary: Vocabulary) -> Lexicon:
    """The lexicon of the vocabulary, the packaged open terms and the rules of short forms."""
    rules = load_rules()
    return load_lexicon(vocabulary, FormRules(rules.concepts, rules.capitals, frozenset(rules.blocked)))


def label_of(concept: Concept) -> str:
    """The entity label: the concept's kind, where symptoms and social findings have their own."""
    if concept.kind == "condition" and concept.extra.get("kind") in {"symptom", "social"}:
        return concept.extra["kind"].upper()
    return concept.kind.upper()


def choose(surface: Surface, text: str, start: int, end: int, section: Section | None) -> tuple[Concept, ...]:
    """The concepts a mention may stand for, the likeliest first; empty where a short form means something else."""
    if surface.needs_capitals and text[start:end].islower():
        return ()
    candidates, category = surface.concepts, section.category if section else ""
    if surface.form:
        mention = Mention(text, start, end, category)
        if is_blocked(surface.form, mention):
            return ()
        if surface.by_context:
            candidates = reading_of(surface.form, mention, surface.by_context)
    return _likeliest_first(candidates, text, start, end, category) if len(candidates) > 1 else candidates


def _likeliest_first(
    candidates: tuple[Concept, ...], text: str, start: int, end: int, category: str
) -> tuple[Concept, ...]:
    if category != "immunizations" and not _VACCINE_NEAR.search(text, max(0, start - 50), end + 50):
        candidates = tuple(c for c in candidates if c.kind != "immunization") or candidates
    order = _ORDER
    if category == "allergies":
        order = _ORDER_ALLERGY
    elif _DOSE_NEXT.match(text, end) or category == "medications":
        order = _ORDER
    elif has_result(text, start, end) or not any(c.kind in {"condition", "procedure"} for c in candidates):
        order = _ORDER_VALUE
    return tuple(sorted(candidates, key=lambda c: order.index(c.kind)))
