"""Lookup of many phrases with choices over words: one dictionary step per word, and adverbs may stand in between.

Words are numbers of tokens without white space, so that a phrase found across a line break is the same phrase, which
spaCy's PhraseMatcher misses. The phrases of the rules are hundreds of thousands when their choices are written out, of
which texts touch a few: a node of the trie is made when a text first comes to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Any, Generic, TypeVar

import numpy as np

T = TypeVar("T")
_END = -1  # words are not negative
_MAX_SKIPPED = 3
_Place = tuple[int, int, tuple[int, ...]]  # in a pattern, before a slot, with the rest of a choice that has begun
_Node = dict[int, Any]  # the next node by word, or the places of one that is still to be made; and the payloads
_MIX, _SHIFT, _SLOTS = 0x9E3779B97F4A7C15 - (1 << 64), 44, 1 << 20  # spreads bits; the highest 20 are a slot

Numbers = np.ndarray[Any, np.dtype[np.int64]]


class PhraseTrie(Generic[T]):
    """Phrases as sequences of words, each with its payloads.

    Args:
        skips: The words that may stand between the words of a phrase ("is [currently] negative").
    """

    def __init__(self, skips: Set[int]) -> None:
        self._skips = skips
        self._patterns: list[tuple[list[list[tuple[int, ...]]], T]] = []
        self._nodes: dict[tuple[_Place, ...], _Node] = {}  # nodes after which the same follows are one
        self._root: _Node = {}

    def add(self, slots: list[list[tuple[int, ...]]], payload: T) -> None:
        """Store every phrase that takes one choice of each slot; before `close`."""
        self._patterns.append((slots, payload))

    def close(self) -> None:
        """Make the node before the first word."""
        self._root = self._made([(number, 0, ()) for number in range(len(self._patterns))])

    def steps(self, node: _Node | None = None) -> Iterator[tuple[int, _Node]]:
        """The words that may follow at a node, or open a phrase, with the node after each."""
        node = self._root if node is None else node
        for word, following in node.items():
            if word != _END:
                if type(following) is list:
                    node[word] = following = self._node(following)
                yield word, following

    def single(self) -> dict[int, list[T]]:
        """The payloads of the phrases of one word."""
        return {word: node[_END] for word, node in self.steps() if _END in node}

    def at(self, words: Sequence[int], start: int, high: int) -> list[tuple[int, list[T]]]:
        """All phrases that start at a word and end at most at another, as end and payloads, the longest first."""
        skips = self._skips
        node = self._root.get(words[start])
        found: list[tuple[int, list[T]]] = []
        position, skipped = start + 1, 0
        while node is not None:
            if _END in node:
                found.append((position, node[_END]))
            following = None
            while position < high:
                word = words[position]
                position += 1
                following = node.get(word)
                if following is not None:
                    break
                skipped += 1
                if skipped > _MAX_SKIPPED or word not in skips:
                    break
            if type(following) is list:
                following = node[word] = self._node(following)
            node = following
        found.reverse()
        return found

    def _node(self, places: Sequence[_Place]) -> _Node:
        """The node at which these places have been reached."""
        key = tuple(places)
        if key not in self._nodes:
            self._nodes[key] = self._made(places)
        return self._nodes[key]

    def _made(self, places: Sequence[_Place]) -> _Node:
        following: dict[int, dict[_Place, None]] = {}
        payloads: list[T] = []
        for pattern, slot, rest in places:
            slots, payload = self._patterns[pattern]
            if rest:
                following.setdefault(rest[0], {})[pattern, slot, rest[1:]] = None
                continue
            for number in range(slot, len(slots)):
                for choice in slots[number]:
                    if choice:
                        following.setdefault(choice[0], {})[pattern, number + 1, choice[1:]] = None
                if () not in slots[number]:
                    break
            else:
                if payload not in payloads:
                    payloads.append(payload)
        node: _Node = {key: list(reached) for key, reached in following.items()}
        if payloads:
            node[_END] = payloads
        return node


class Openings:
    """Where phrases of two tries may start, for all words of a text at once.

    One table knows which words open a phrase; tables of hashes know which pairs and triples do. A word that may be
    skipped goes with everything.

    Args:
        tries: The tries.
        size: How many words there are.
        skips: Those that may be skipped.
    """

    _SKIPPED = 12  # goes on in both

    def __init__(self, tries: tuple[PhraseTrie[Any], PhraseTrie[Any]], size: int, skips: Set[int]) -> None:
        self._words = np.zeros(size, np.uint8)
        self._pairs, self._triples = np.zeros(_SLOTS, np.uint8), np.zeros(_SLOTS, np.uint8)
        self._skipped = np.zeros(size, np.uint8)
        self._skipped[list(skips)] = self._SKIPPED
        # Bits of the one and the other trie: a phrase ends here, or goes on.
        for trie, ends, goes_on in zip(tries, (1, 2), (4, 8), strict=True):
            pairs, triples = [], []
            for first, after in trie.steps():
                self._words[first] |= ends * (_END in after) | goes_on * (len(after) > (_END in after))
                for second, last in trie.steps(after):
                    pairs.append((first, second, ends * (_END in last) | goes_on * (len(last) > (_END in last))))
                    triples += [(first, second, third) for third in last if third != _END]
            firsts, seconds, bits = np.array(pairs).T
            np.bitwise_or.at(self._pairs, _slots(_joined(firsts, seconds)), bits.astype(np.uint8))
            firsts, seconds, thirds = np.array(triples).T
            slots = _slots(_joined(_joined(firsts, seconds), thirds))
            np.bitwise_or.at(self._triples, slots, np.uint8(ends))

    def find(self, words: Numbers) -> tuple[Numbers, Numbers]:
        """For each trie the words at which `PhraseTrie.at` may find something; elsewhere it finds nothing."""
        padded = np.append(words, (0, 0))
        pairs = _joined(padded[:-2], padded[1:-1])
        skipped = self._skipped[padded]
        one, two = self._words[words], self._pairs[_slots(pairs)]
        three = self._triples[_slots(_joined(pairs, padded[2:]))] | skipped[2:] >> 2
        two = (two | two >> 2 & three | skipped[1:-1] >> 2) & one >> 2
        found = (one | two) & 3
        return (found & 1).nonzero()[0], (found & 2).nonzero()[0]


def _joined(words: Numbers, following: Numbers) -> Numbers:
    return words * _MIX ^ following


def _slots(hashes: Numbers) -> Numbers:
    return (hashes * _MIX >> _SHIFT) & _SLOTS - 1
