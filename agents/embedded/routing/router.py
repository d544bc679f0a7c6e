"""Which intent a question has: nearest exemplars by sentence embedding and words, with slots that must fit.

The exemplars are data. Embeddings of the packaged ones are computed once and kept on disk by content hash.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from agents.embedded.reading.reader import PROTOTYPES, Variant, cues_of
from domain.errors import InvalidInput
from knowledge_base.words import stem

T = TypeVar("T")

SURE = 0.7  # of a route that words name outright, whatever the rest is like

_SEMANTIC_WEIGHT = 0.55
_MISSING_SLOT = 0.30
_EXTRA_SLOT = 0.14
_UNKNOWN_SLOT = 0.10
_CUE = 0.09
_IN_RECORD = 0.05
_SLOT = re.compile(r"\{(\w+)\}")
_FREE = frozenset({"period", "number"})
_WORD = re.compile(r"[a-z0-9]+|[><=]+")

# Near neighbours: a drug may fill a class slot and the other way round; an allergen may be a drug.
_SUBSTITUTES = {
    "medication": {"drug_class"},
    "drug_class": {"medication"},
    "allergen": {"medication", "drug_class"},
    "panel": set(),
    "immunization": set(),
}


class Embeds(Protocol):
    """What the router needs of an embedder."""

    name: str

    def embed(self, texts: list[str]) -> Any: ...


class Exemplar(NamedTuple):
    """One phrasing of an intent with the kinds of slots it has."""

    intent: str
    text: str
    slots: tuple[str, ...]
    cues: frozenset[str] = frozenset()


class Route(NamedTuple):
    """An intent for one reading of the question."""

    intent: str
    score: float
    variant: Variant


def parse_exemplars(text: str, source: str) -> list[Exemplar]:
    """Exemplars from their file format: `[intent]` headings, one phrasing a line, `#` comments.

    Raises:
        InvalidInput: a phrasing stands before any heading, or names a slot that does not exist.
    """
    exemplars, intent = [], ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            intent = line[1:-1]
            continue
        slots = tuple(_SLOT.findall(line))
        unknown = sorted(set(slots) - set(PROTOTYPES))
        if not intent or unknown:
            fault = f"unknown slot {', '.join(unknown)}" if unknown else "no [intent] above it"
            raise InvalidInput(f"{source}, line {number}: {fault}; slots are {', '.join(PROTOTYPES)}")
        text_without_slots = _SLOT.sub(" ", line)
        exemplars.append(
            Exemplar(intent, _SLOT.sub(lambda m: PROTOTYPES[m[1]], line).lower(), slots, cues_of(text_without_slots))
        )
    return exemplars


@lru_cache(maxsize=1)
def packaged_exemplars() -> tuple[Exemplar, ...]:
    """The exemplars that ship with the project."""
    text = resources.files("agents.embedded").joinpath("exemplars.txt").read_text(encoding="utf-8")
    return tuple(parse_exemplars(text, "exemplars.txt"))


class Router:
    """Nearest-exemplar routing. Without an embedder it goes by words alone."""

    def __init__(self, embedder: Embeds | None, extra: Sequence[Exemplar] = (), cache_dir: Path | None = None) -> None:
        self.exemplars = [*packaged_exemplars(), *extra]
        self.words = Counter(  # how often the exemplars say a word; a slot's stand-in is none of theirs
            w for e in self.exemplars if not e.intent.startswith("note.search") for w in _WORD.findall(e.text)
        )
        for word in (w for p in PROTOTYPES.values() for w in p.split()):
            del self.words[word]
        self._family_words: dict[str, frozenset[str]] = {}
        self._embedder = embedder
        self._document_frequency: Counter[str] = Counter()
        counts = [Counter(_features(e.text)) for e in self.exemplars]
        for count in counts:
            self._document_frequency.update(count.keys())
        inverted: dict[str, list[tuple[int, float]]] = {}
        for index, count in enumerate(counts):
            for feature, weight in self._weigh(count).items():
                inverted.setdefault(feature, []).append((index, weight))
        self._inverted = {
            f: (np.array([i for i, _ in found]), np.array([w for _, w in found])) for f, found in inverted.items()
        }
        # Exemplars with the same slots, or the same cues, misfit alike: each cost is worked out once.
        self._slots, self._slots_of = _distinct([e.slots for e in self.exemplars])
        self._cues, self._cues_of = _distinct([e.cues for e in self.exemplars])
        self._intents, self._intent_of = _distinct([e.intent for e in self.exemplars])
        self._sizes = np.bincount(self._intent_of)
        self._vectors = self._embed_exemplars(cache_dir) if embedder is not None else None

    def words_of_family(self, intent: str) -> frozenset[str]:
        """The words that the exemplars of an intent's family are made of: a question's other words ask for more."""
        family = intent.partition(".")[0]
        if family not in self._family_words:
            texts = [e.text for e in self.exemplars if e.intent.partition(".")[0] == family]
            words = {w for text in texts for w in _WORD.findall(text)}
            self._family_words[family] = frozenset(words | {stem(w) for w in words})
        return self._family_words[family]

    def _embed_exemplars(self, cache_dir: Path | None) -> Any:
        assert self._embedder is not None
        texts = [e.text for e in self.exemplars]
        digest = hashlib.sha256(json.dumps([self._embedder.name, texts]).encode()).hexdigest()[:16]
        path = cache_dir / f"exemplars-{digest}.npy" if cache_dir is not None else None
        if path is not None and path.exists():
            return np.load(path)
        vectors = self._embedder.embed(texts)
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                np.save(path, vectors)
            except OSError:  # a read-only data folder only costs the next start its cache
                pass
        return vectors

    def _weigh(self, count: Counter[str]) -> dict[str, float]:
        total = len(self.exemplars) + 1
        weights = {
            f: (1.0 + math.log(n)) * math.log(total / (1 + self._document_frequency.get(f, 0)))
            for f, n in count.items()
        }
        norm = math.sqrt(sum(w * w for w in weights.values())) or 1.0
        return {f: w / norm for f, w in weights.items()}

    def _lexical(self, text: str) -> NDArray[np.float64]:
        scores = np.zeros(len(self.exemplars))
        for feature, weight in self._weigh(Counter(_features(text))).items():
            if feature in self._inverted:
                places, weights = self._inverted[feature]
                scores[places] += weight * weights
        return scores

    def route(self, variants: Sequence[Variant], allow_followup: bool = False, most: int = 5) -> list[Route]:
        """The best intents over all readings of a question, best first."""
        best: dict[str, Route] = {}
        semantic = self._semantic([v.masked.lower() for v in variants])
        for number, variant in enumerate(variants):
            likeness = self._lexical(variant.masked.lower())
            if semantic is not None:
                likeness = _SEMANTIC_WEIGHT * semantic[number] + (1 - _SEMANTIC_WEIGHT) * likeness
            for intent, score in zip(self._intents, self._by_intent(likeness - self._misfits(variant)), strict=True):
                if intent.startswith("followup.") and not allow_followup:
                    continue
                if intent not in best or score > best[intent].score:
                    best[intent] = Route(intent, score, variant)
        return sorted(best.values(), key=lambda r: r.score, reverse=True)[:most]

    def _by_intent(self, scores: NDArray[np.float64]) -> list[float]:
        """For each intent its nearest exemplar, steadied by the mean of its nearest three."""
        ranked = scores[np.lexsort((-scores, self._intent_of))]
        starts = np.cumsum(self._sizes) - self._sizes
        nearest = ranked[starts]
        total = nearest
        for rank in (1, 2):
            there = np.minimum(starts + rank, len(ranked) - 1)
            total = total + np.where(self._sizes > rank, ranked[there], 0.0)
        mixed: list[float] = (0.85 * nearest + 0.15 * (total / np.minimum(3, self._sizes))).tolist()
        return mixed

    def _misfits(self, variant: Variant) -> NDArray[np.float64]:
        """What it costs each exemplar that its slots and cues and the question's do not match."""
        slots = np.array([_slots_misfit(s, variant) for s in self._slots])
        cues = np.array([_CUE * min(3, len(c ^ variant.cues)) for c in self._cues])
        return slots[self._slots_of] + cues[self._cues_of] - _IN_RECORD * variant.in_record

    def _semantic(self, texts: list[str]) -> NDArray[np.float64] | None:
        if self._vectors is None or self._embedder is None:
            return None
        return np.asarray(self._embedder.embed(texts) @ self._vectors.T, dtype=np.float64)


def _features(text: str) -> list[str]:
    words = _WORD.findall(text.lower())
    return [*words, *(f"{a} {b}" for a, b in itertools.pairwise(words))]


def _distinct(values: Sequence[T]) -> tuple[tuple[T, ...], NDArray[np.intp]]:
    """The different values in the order of their first use, and which of them each value is."""
    seen: dict[T, int] = {}
    places = np.array([seen.setdefault(v, len(seen)) for v in values])
    return tuple(seen), places


def _slots_misfit(slots: tuple[str, ...], variant: Variant) -> float:
    wanted = [s for s in slots if s not in _FREE]
    have = [s.kind for s in variant.slots]
    cost = _UNKNOWN_SLOT * sum(1 for s in variant.slots if not s.known)
    for kind in wanted:
        options = [kind, *_SUBSTITUTES.get(kind, ())]
        match = next((o for o in options if o in have), None)
        if match is None:
            cost += _MISSING_SLOT
        else:
            have.remove(match)
            cost += 0.0 if match == kind else 0.02
    seen: set[str] = set(wanted)
    for kind in have:  # several names of one kind ("sodium and potassium") share one slot
        cost += 0.02 if kind in seen else _EXTRA_SLOT
        seen.add(kind)
    return cost
