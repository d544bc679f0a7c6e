"""Longest-match lookup of many phrases over tokens: one dictionary step per token, white space between words ignored.

A phrase found across a line break is the same phrase, which spaCy's PhraseMatcher misses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from spacy.tokens import Doc

T = TypeVar("T")
_END, _CLASSED = -1, -99  # token keys are unsigned hashes, so these are free; other negative keys are word classes
_MAX_SKIPPED = 3


class Match(NamedTuple, Generic[T]):
    """Words [start, end) of the token list and what the phrase stands for."""

    start: int
    end: int
    payload: T


class Tokens(NamedTuple):
    """The tokens of a Doc that are not white space: LOWER keys and their indices in the Doc."""

    keys: list[int]
    indices: list[int]


def tokens_of(doc: Doc) -> Tokens:
    """The keys of a Doc as plain lists, which pure Python walks fastest."""
    from spacy.attrs import IS_SPACE, LOWER

    array = doc.to_array([LOWER, IS_SPACE])
    kept = array[:, 1] == 0
    return Tokens(array[kept, 0].tolist(), kept.nonzero()[0].tolist())


class PhraseTrie(Generic[T]):
    """Phrases as sequences of token keys, each with a payload."""

    def __init__(self) -> None:
        self._root: dict[int, Any] = {}

    def add(self, keys: Iterable[int], payload: T) -> None:
        """Store a phrase; a second payload for the same phrase replaces the first."""
        node = self._root
        for key in keys:
            node = node.setdefault(key, {})
        if node is not self._root:
            node[_END] = payload

    def add_choices(self, slots: Iterable[Iterable[Sequence[int]]], payload: Any) -> None:
        """Append a payload to every phrase that takes one choice of each slot; here the stored payloads are lists.

        One step per node instead of one per phrase: three slots of thirty choices are 27,000 phrases.
        """
        nodes = [self._root]
        for slot in slots:
            reached: dict[int, dict[int, Any]] = {}
            for choice in slot:
                for origin in nodes:
                    node = origin
                    for key in choice:
                        if key < 0:
                            node[_CLASSED] = True
                        node = node.setdefault(key, {})
                    reached[id(node)] = node
            nodes = list(reached.values())
        for node in nodes:
            if node is not self._root:
                stored = node.setdefault(_END, [])
                if payload not in stored:
                    stored.append(payload)

    def find(self, tokens: Tokens) -> list[Match[T]]:
        """The longest phrase that starts at each token; matches may overlap."""
        keys = tokens.keys
        root, total, found = self._root, len(keys), []
        for start, key in enumerate(keys):
            node = root.get(key)
            if node is None:
                continue
            position, best, payload = start + 1, 0, None
            while node is not None:
                if _END in node:
                    best, payload = position, node[_END]
                if position == total:
                    break
                node = node.get(keys[position])
                position += 1
            if best:
                found.append(Match(start, best, cast(T, payload)))
        return found

    def scan(
        self, keys: Sequence[int], low: int, high: int, kinds: Mapping[int, int], skips: Mapping[int, bool]
    ) -> Iterator[tuple[int, list[tuple[int, T]]]]:
        """Each word of [low, high) at which phrases start, with all of them as end and payload, the longest first.

        Args:
            keys: The words.
            low: The first word.
            high: Where phrases end at the latest.
            kinds: The key that stands for the class of a word, such as a year; 0 if it has none.
            skips: Whether a word may stand between the words of a phrase ("is [currently] negative").
        """
        root = self._root
        for start in range(low, high):
            key = keys[start]
            node = root.get(key)
            if node is None:
                if _CLASSED not in root or (node := root.get(kinds[key])) is None:
                    continue
            position, skipped = start + 1, 0
            if _END not in node and _CLASSED not in node:  # most words open nothing here
                if position >= high or (keys[position] not in node and not skips[keys[position]]):
                    continue
            found: list[tuple[int, T]] = []
            while True:
                if _END in node:
                    found.append((position, node[_END]))
                following = None
                while position < high:
                    key = keys[position]
                    following = node.get(key)
                    if following is None and _CLASSED in node:
                        following = node.get(kinds[key])
                    position += 1
                    if following is not None:
                        break
                    skipped += 1
                    if skipped > _MAX_SKIPPED or not skips[key]:
                        break
                if following is None:
                    break
                node = following
            if found:
                found.reverse()
                yield start, found


def longest_first(matches: Sequence[Match[T]]) -> list[Match[T]]:
    """Matches without overlaps, the longer winning, then the earlier; in text order."""
    taken: set[int] = set()
    kept = []
    for match in sorted(matches, key=lambda m: (m.start - m.end, m.start)):
        if match.start in taken or match.end - 1 in taken:
            continue
        taken.update(range(match.start, match.end))
        kept.append(match)
    return sorted(kept, key=lambda m: m.start)
