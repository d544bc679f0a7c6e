"""How much of what a question asks stands in a sentence, by words, their other names and their topics."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from tools.notes.sentences import Sentence
from tools.notes.subjects import Subject
from tools.notes.words import forms_of, is_known

ALIKE = 0.9  # what another word for it counts ("tubed" for "intubated")
RELATED = 0.75  # what a related word counts ("parrots" for "pets")
_TELLING_HEAD = re.compile(
    r"(?:(?:retino|neuro|nephro|cardiomyo)pathy|(?<!arthr)itis|ectomy|(?<!arthro)plasty|(?<!arthro)scopy)$"
)
_IN_PART = 0.6  # the most that part of its words counts
_WRITTEN_IN_FORMS = 7  # letters: a shorter synonym is the beginning of too many other words
_MISSPELT_FROM = 6  # letters: one wrong letter of a shorter word makes another


class Sought(NamedTuple):
    """A subject as it is looked for among the words of a chart."""

    thing: Subject
    own: tuple[frozenset[str], ...]  # for each of its own words, the chart's words that are forms of it
    telling: tuple[float, ...]  # which part of it each own word is, by its rarity: "urine sediment" is about sediment
    names: frozenset[str]  # other names of one word
    long_names: tuple[str, ...]  # and of several, as they stand among the words in order
    heads: frozenset[str]
    alike: frozenset[str]
    long_alike: tuple[str, ...]
    related: frozenset[str]
    long_related: tuple[str, ...]
    as_typed: tuple[str, ...]  # related words that are no content words


def sought(thing: Subject, rarity: Mapping[str, float]) -> Sought:
    """A subject made ready for sentences of these words, each with how telling it is."""
    names = [n for n in (*thing.names, *thing.also) if n]
    forms = {name: forms_of(name) for name in thing.related}
    alike = [written for name in thing.alike if (written := forms_of(name))]
    own = tuple(frozenset(_forms_of_name(word, names, rarity)) for word in thing.own)
    rarest = max(rarity.values(), default=1.0)
    telling = [max(0.1, min((rarity[w] for w in held), default=rarest)) for held in own]
    return Sought(
        thing,
        own,
        tuple(part / sum(telling) for part in telling),
        frozenset(n[0] for n in names if len(n) == 1),
        tuple(f" {' '.join(n)} " for n in names if len(n) > 1),
        frozenset(n[-1] for n in names if _TELLING_HEAD.search(n[-1])),
        frozenset(w for name in alike if len(name) == 1 for w in _written_as(name[0], rarity)),
        tuple(f" {' '.join(name)} " for name in alike if len(name) > 1),
        frozenset(f[0] for f in forms.values() if len(f) == 1),
        tuple(f" {' '.join(f)} " for f in forms.values() if len(f) > 1),
        tuple(f" {name} " for name, f in forms.items() if not f),
    )


def match(one: Sought, sentence: Sentence) -> float:
    """How much of a thing stands in a sentence: 1 for its words or another name, less for a word of its topic."""
    thing, words = one.thing, sentence.words
    held = [not forms.isdisjoint(words) for forms in one.own]
    as_written = (
        not thing.exact or re.search(rf"\b{re.escape(thing.exact)}\b", sentence.text, re.IGNORECASE) is not None
    )
    if as_written and all(held):
        return 1.0
    if not one.names.isdisjoint(words) or any(name in sentence.stems for name in one.long_names):
        return 1.0
    if sentence.label and any(word.startswith(sentence.label) for word in thing.own):
        return 1.0
    if not one.alike.isdisjoint(words) or any(name in sentence.stems for name in one.long_alike):
        return ALIKE
    if not one.related.isdisjoint(words) or any(name in sentence.stems for name in one.long_related):
        return RELATED
    if one.as_typed and any(name in f" {sentence.text.lower()} " for name in one.as_typed):
        return RELATED
    if not one.heads.isdisjoint(words):
        return RELATED  # "background retinopathy" for diabetic retinopathy
    return _IN_PART * sum(part for part, stands in zip(one.telling, held, strict=True) if stands)


def rarities(sentences: Sequence[Sentence]) -> dict[str, float]:
    """How telling a word is in this chart; a word that no sentence has is the most telling of all."""
    counts = Counter(w for s in sentences for w in s.words)
    total = len(sentences)
    return {w: math.log((total + 1.0) / (n + 0.5)) for w, n in counts.items()}


def _forms_of_name(word: str, names: Sequence[Sequence[str]], vocabulary: Collection[str]) -> set[str]:
    """The words of a chart that are a form of a word; of the beginning of a name ("bronch"), only what can mean that name."""
    found = _forms_in(word, vocabulary)
    whole = [n[0] for n in names if len(n) == 1 and n[0] != word and n[0].startswith(word)]
    if not whole:
        return found
    return {w for w in found if w == word or any(_is_form(name, w) or name.startswith(w) for name in whole)}


def _written_as(word: str, vocabulary: Collection[str]) -> set[str]:
    """The words of a chart that are a form of a synonym, short ones as they stand."""
    if len(word) < _WRITTEN_IN_FORMS:  # "bronch" for bronchoscopy is not in "bronchial"
        return {word} if word in vocabulary else set()
    return {w for w in vocabulary if _is_form(word, w)}


def _forms_in(word: str, vocabulary: Collection[str]) -> set[str]:
    """The words of a chart that are a form of a word, or what a misspelt one means."""
    found = {w for w in vocabulary if _is_form(word, w)}
    if found or len(word) < _MISSPELT_FROM or not word.isalpha() or is_known(word):
        return found
    from rapidfuzz.distance import DamerauLevenshtein

    return {w for w in vocabulary if w[0] == word[0] and DamerauLevenshtein.distance(w, word, score_cutoff=1) <= 1}


@lru_cache(maxsize=65536)
def _is_form(word: str, other: str) -> bool:
    """Whether one word is another in another form: "physio" in "physiotherapy", "referral" beside "referred"."""
    if word == other:
        return True
    if not word.isalpha() or len(word) < 3:
        return False
    doubled = word + word[-1]  # "swim" in "swimming", "stop" in "stopped"
    if other in (doubled, f"{doubled}ing"):
        return True
    if len(word) < 5:
        return False
    root = word[: min(len(word), max(6, len(word) - 3))]  # not shorter: "cancel" is not in "cancer"
    # "catheter" for "catheterization", too
    return other.startswith(root) or (len(other) > 6 and word.startswith(other))
