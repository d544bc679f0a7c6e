"""Vocabulary entries in the text: the longest name wins, short forms are taken only where their context fits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from nlp_pipeline.layers import Entities, chart, label_names
from nlp_pipeline.short_forms import Mention, has_result, is_blocked, load_rules, reading_of
from nlp_pipeline.structure.sections import section_at
from nlp_pipeline.vocabulary.lexicon import NO_MEMBER, FormRules, Lexicon, Surface, load_lexicon
from nlp_pipeline.vocabulary.phrases import Numbers
from nlp_pipeline.vocabulary.words import WordReader

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from nlp_pipeline.structure.sections import Section
    from nlp_pipeline.vocabulary import Concept, Vocabulary

_VACCINE_NEAR = re.compile(r"\b(?:vaccin\w*|immuni[sz]\w*|shot|booster|jab)\b", re.I)
_DOSE_NEXT = re.compile(
    r"\s*(?:\d[\d.,/\-]*)\s*(?:mg|mcg|µg|ug|g|gm|gram|grams|meq|units?|iu|puffs?|tabs?|tablets?|caps?)\b(?!\s*/\s*d?l)",
    re.I,
)
_POSSESSIVE = frozenset({"'s", "\u2019s"})
_BEYOND = 1 << 60
_INSIDE, _OUTSIDE, _BEGIN = 1, 2, 3  # spaCy's codes of the tags of entities
_ORDER = ("medication", "drug_class", "immunization", "condition", "procedure", "observation", "allergen")
_ORDER_ALLERGY = ("allergen", "medication", "drug_class", "condition", "immunization", "procedure", "observation")
_ORDER_VALUE = ("observation", "medication", "drug_class", "condition", "procedure", "immunization", "allergen")


Flags = np.ndarray[Any, np.dtype[np.bool_]]


class Meaning(NamedTuple):
    """Candidate concepts, and the label of their entity as the string store numbers it."""

    concepts: tuple[Concept, ...]
    label: int


_NOTHING = Meaning((), 0)


class TargetMatcher:
    """spaCy component: sets `doc.ents` once and keeps the candidate concepts of each in the chart."""

    def __init__(self, nlp: Language, vocabulary: Vocabulary) -> None:
        self._lexicon = packaged_lexicon(vocabulary)
        numbers = self._lexicon.index.numbers
        self._read = WordReader(numbers)
        self._negating = np.zeros(len(numbers) + 1, dtype=bool)
        self._negating[[numbers[word] for word in NO_MEMBER]] = True
        self._number_of_label = nlp.vocab.strings.add
        self._plain: dict[int, Meaning | None] = {}  # by payload; None where the context decides

    def __call__(self, doc: Doc) -> Doc:
        from spacy.attrs import ENT_IOB, ENT_TYPE, IDX, LENGTH

        layer = chart(doc)
        text = layer.text
        words = self._read(layer.lowered)
        firsts, lasts, payloads = words_and_payloads = self._lexicon.index.find(words.numbers)
        lows = words.begins(firsts)
        free = ~(self._negating[words.numbers[firsts - 1]] & (firsts > 0) | _in_headers(lows, layer.sections))
        if not free.all():
            (firsts, lasts, payloads), lows = words_and_payloads[:, free], lows[free]
        highs = words.ends(lasts - 1)
        if "'s" in text or "\u2019s" in text:
            possessive = [text[end : end + 2] in _POSSESSIVE for end in highs.tolist()]
            highs += 2 * np.array(possessive, dtype=np.int64)
        # The tokens that hold the first and the last character of each match.
        starts, lengths = doc.to_array([IDX, LENGTH]).astype(np.int64).T
        begins, ends = starts.searchsorted(lows, side="right") - 1, starts.searchsorted(highs, side="left")
        meanings = self._meanings(payloads.tolist(), text, lows, highs, layer.sections)
        labels = np.array([meaning.label for meaning in meanings], dtype=np.uint64)
        kept = _apart(begins, ends, np.flatnonzero(labels))
        begins, ends, labels = begins[kept], ends[kept], labels[kept]
        doc.from_array([ENT_IOB, ENT_TYPE], _tags(begins, ends, labels, len(doc)))
        closes = starts[ends - 1] + lengths[ends - 1]
        layer.entities = Entities(starts[begins].tolist(), closes.tolist(), label_names(doc, labels.tolist()))
        layer.concepts = [meanings[place].concepts for place in kept.tolist()]
        return doc

    def _meanings(
        self, payloads: list[int], text: str, lows: Numbers, highs: Numbers, sections: list[Section]
    ) -> list[Meaning]:
        """What each match stands for where it is."""
        plain = self._plain
        for payload in payloads:
            if payload not in plain:
                plain[payload] = self._known(payload)
        found = [plain[payload] for payload in payloads]
        for place, meaning in enumerate(found):
            if meaning is None:
                surface, low, high = self._lexicon.surface(payloads[place]), int(lows[place]), int(highs[place])
                section = section_at(sections, low)
                found[place] = self._meaning(choose(surface, text, low, high, section.category if section else ""))
        return cast("list[Meaning]", found)

    def _known(self, payload: int) -> Meaning | None:
        """What a phrase names whatever its context."""
        surface = self._lexicon.surface(payload)
        free = len(surface.concepts) == 1 and not surface.form and not surface.needs_capitals
        return self._meaning(surface.concepts) if free else None

    def _meaning(self, concepts: tuple[Concept, ...]) -> Meaning:
        return Meaning(concepts, self._number_of_label(label_of(concepts[0]))) if concepts else _NOTHING


def _in_headers(positions: Numbers, sections: list[Section]) -> Flags:
    """Which positions a section header covers."""
    spans = [(s.start, s.body_start) for s in sections if s.title and s.category != "other"]
    if not spans:
        return np.zeros(len(positions), dtype=bool)
    starts, ends = np.array([*spans, (_BEYOND, _BEYOND)]).T
    return starts[ends.searchsorted(positions, side="right")] <= positions


def _apart(begins: Numbers, ends: Numbers, kept: Numbers) -> Numbers:
    """Those of the matches to be kept that share no token with one before them."""
    if (begins[kept[1:]] >= ends[kept[:-1]]).all():
        return kept
    apart, reach = [], 0
    for place in kept.tolist():
        if begins[place] >= reach:
            apart.append(place)
            reach = ends[place]
    return np.array(apart, dtype=np.int64)


def _tags(begins: Numbers, ends: Numbers, labels: np.ndarray[Any, Any], tokens: int) -> np.ndarray[Any, Any]:
    """The tags of all tokens; one array costs a third of as many Span objects."""
    tags = np.zeros((tokens, 2), dtype=np.uint64)
    tags[:, 0] = _OUTSIDE
    lengths = ends - begins
    inside = np.repeat(begins - lengths.cumsum() + lengths, lengths) + np.arange(lengths.sum())
    tags[inside, 0] = _INSIDE
    tags[inside, 1] = np.repeat(labels, lengths)
    tags[begins, 0] = _BEGIN
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


def choose(surface: Surface, text: str, start: int, end: int, category: str) -> tuple[Concept, ...]:
    """The concepts a mention may stand for, the likeliest first; empty where a short form means something else."""
    if surface.needs_capitals and text[start:end].islower():
        return ()
    candidates = surface.concepts
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
    kinds = {c.kind for c in candidates}
    if "immunization" in kinds and len(kinds) > 1 and category != "immunizations":
        if not _VACCINE_NEAR.search(text, max(0, start - 50), end + 50):
            candidates = tuple(c for c in candidates if c.kind != "immunization")
    order = _ORDER
    if category == "allergies":
        order = _ORDER_ALLERGY
    elif category == "medications" or _DOSE_NEXT.match(text, end):
        order = _ORDER
    elif kinds.isdisjoint(("condition", "procedure")) or has_result(text, start, end):
        order = _ORDER_VALUE
    return tuple(sorted(candidates, key=lambda c: order.index(c.kind)))
