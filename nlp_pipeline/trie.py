"""Lookup of many phrases with choices over words: one dictionary step per word, and adverbs may stand in between.

Words are LOWER keys of tokens without white space, so that a phrase found across a line break is the same phrase,
which spaCy's PhraseMatcher misses. The phrases of the rules are hundreds of thousands when their choices are written
out, of which texts touch a few: a node of the trie is made when a text first comes to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")
_END, _CLASSED = -1, -99  # token keys are unsigned hashes, so these are free; other negative keys are word classes
_MAX_SKIPPED = 3
_Node = dict[int, Any]  # the next node by word key, or the places of one that is still to be made; and the two above


class _Place(NamedTuple):
    """A place inside a pattern: the rest of a choice that has begun, and the slot that follows it."""

    pattern: int
    slot: int
    rest: tuple[int, ...] = ()


class PhraseTrie(Generic[T]):
    """Phrases as sequences of word keys, each with its payloads.

    Args:
        kinds: The key that stands for the class of a word, such as a year; 0 if it has none.
        skips: Whether a word may stand between the words of a phrase ("is [currently] negative").
    """

    def __init__(self, kinds: Mapping[int, int], skips: Mapping[int, bool]) -> None:
        self._kinds, self._skips = kinds, skips
        self._patterns: list[tuple[list[list[tuple[int, ...]]], T]] = []
        self._nodes: dict[tuple[_Place, ...], _Node] = {}  # nodes after which the same follows are one
        self._firsts = _Firsts(self, kinds)

    def add(self, slots: list[list[tuple[int, ...]]], payload: T) -> None:
        """Store every phrase that takes one choice of each slot; before the first scan."""
        self._patterns.append((slots, payload))

    def root(self) -> _Node:
        """The node before the first word."""
        return self.node([_Place(number, 0) for number in range(len(self._patterns))])

    def node(self, places: Sequence[_Place]) -> _Node:
        """The node at which these places have been reached."""
        key = tuple(places)
        if key not in self._nodes:
            self._nodes[key] = self._made(places)
        return self._nodes[key]

    def _made(self, places: Sequence[_Place]) -> _Node:
        node: _Node = {}
        following: dict[int, dict[_Place, None]] = {}
        payloads: list[T] = []
        for pattern, slot, rest in places:
            slots, payload = self._patterns[pattern]
            if rest:
                following.setdefault(rest[0], {})[_Place(pattern, slot, rest[1:])] = None
                continue
            for number in range(slot, len(slots)):
                for choice in slots[number]:
                    if choice:
                        following.setdefault(choice[0], {})[_Place(pattern, number + 1, choice[1:])] = None
                if () not in slots[number]:
                    break
            else:
                if payload not in payloads:
                    payloads.append(payload)
        node.update((key, list(reached)) for key, reached in following.items())
        if payloads:
            node[_END] = payloads
        if any(key < 0 for key in following):
            node[_CLASSED] = True
        return node

    def scan(self, keys: Sequence[int], low: int, high: int) -> Iterator[tuple[int, list[tuple[int, list[T]]]]]:
        """Each word of [low, high) at which phrases start, with all of them as end and payloads, the longest first.

        Args:
            keys: The words.
            low: The first word.
            high: Where phrases end at the latest.
        """
        firsts, kinds, skips = self._firsts, self._kinds, self._skips
        pairs = zip(keys[low:high], [*keys[low + 1 : high], 0], strict=True)
        for start, (key, second) in enumerate(pairs, low):
            first = firsts[key]
            if first is None:
                continue
            node, alone, classed = first
            if second not in node and not skips[second] and not (classed and kinds[second] in node):
                if alone:  # a word by itself, or, for most, the start of nothing
                    yield start, [(start + 1, node[_END])]
                continue
            position, skipped = start + 1, 0
            found: list[tuple[int, list[T]]] = []
            while True:
                if _END in node:
                    found.append((position, node[_END]))
                following = None
                while position < high:
                    key = keys[position]
                    following = node.get(key)
                    if following is None and _CLASSED in node:
                        key = kinds[key]
                        following = node.get(key)
                    position += 1
                    if following is not None:
                        break
                    skipped += 1
                    if skipped > _MAX_SKIPPED or not skips[keys[position - 1]]:
                        break
                if following is None:
                    break
                if type(following) is list:
                    following = node[key] = self.node(following)
                node = following
            if found:
                found.reverse()
                yield start, found


class _First(NamedTuple):
    """A first word: its node, whether it is a phrase by itself, and whether classes of words may follow."""

    node: _Node
    alone: bool
    classed: bool


class _Firsts(dict[int, "_First | None"]):
    """The node that a word opens, by itself or by its class; None for most words."""

    def __init__(self, trie: PhraseTrie[Any], kinds: Mapping[int, int]) -> None:
        self._trie, self._kinds = trie, kinds
        self._root: dict[int, Any] | None = None

    def __missing__(self, key: int) -> _First | None:
        if self._root is None:
            self._root = self._trie.root()
        places = self._root.get(key) or self._root.get(self._kinds[key])
        first: _First | None = None
        if places:
            node = self._trie.node(places)
            first = _First(node, _END in node, _CLASSED in node)
        self[key] = first
        return first
