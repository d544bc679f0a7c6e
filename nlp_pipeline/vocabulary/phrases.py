"""Longest-match lookup of very many phrases over words, loaded from plain arrays."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import repeat

PhraseMatch = tuple[int, int, int]  # words [start, end) of a text and the number stored for their phrase

_SHIFT = 1 << 20  # more than the words of any vocabulary here


class PhraseIndex:
    """A trie in two flat dictionaries: words to numbers, then (state, number of the next word) to the next state.

    The number of a word that begins a phrase is the state after it as well, so that most words of a text cost one look.
    Flat dictionaries are made from arrays in a few hundredths of a second, where nested ones or an automaton of the same
    hundred thousand phrases take over half a second.
    """

    def __init__(self, phrases: Mapping[str, int]) -> None:
        """The index of phrases, their words joined by single spaces, each with its number."""
        firsts = dict.fromkeys(phrase.partition(" ")[0] for phrase in phrases)
        self._words = {word: number for number, word in enumerate(firsts, 1)}
        self._roots = len(firsts) + 1  # numbers and states below are those of first words
        self._step: dict[int, int] = {}
        self._payload = [-1] * self._roots
        for phrase, payload in phrases.items():
            self._add(phrase.split(" "), payload)
        self._follows = self._continuing()

    def __len__(self) -> int:
        return sum(p >= 0 for p in self._payload)

    def find(self, words: list[str]) -> list[PhraseMatch]:
        """Phrases without overlaps, the longer winning, then the earlier; in text order."""
        step, payloads, follows, roots = self._step.get, self._payload, self._follows, self._roots
        unknown = len(follows) - 1
        numbers = list(map(self._words.get, words, repeat(unknown)))
        numbers.append(unknown)  # the end of the text continues no phrase
        found: list[PhraseMatch] = []
        cluster, reach = 0, 0  # where the present run of overlapping phrases begins in `found`, and the word it ends at
        for start, state in enumerate(numbers):
            if state >= roots:
                continue
            payload = payloads[state]
            position = end = start + 1
            number = numbers[position]
            while follows[number]:
                following = step(state * _SHIFT + number)
                if following is None:
                    break
                state = following
                position += 1
                if payloads[state] >= 0:
                    end, payload = position, payloads[state]
                number = numbers[position]
            if payload < 0:
                continue
            if start >= reach:
                if len(found) > cluster + 1:
                    found[cluster:] = _longest(found[cluster:])
                cluster = len(found)
            reach = max(reach, end)
            found.append((start, end, payload))
        found[cluster:] = _longest(found[cluster:])
        return found

    def to_parts(self) -> list[bytes]:
        """The index as plain bytes, for `from_parts`."""
        numbers = ([self._roots], self._step.keys(), self._step.values(), self._payload)
        return ["\n".join(self._words).encode(), *(array("q", values).tobytes() for values in numbers)]

    @classmethod
    def from_parts(cls, parts: list[bytes]) -> PhraseIndex:
        """The index that `to_parts` wrote on this machine."""
        words, *numbers = parts
        (roots,), keys, states, payload = (_ints(part) for part in numbers)
        index = cls({})
        index._words = {word: i for i, word in enumerate(words.decode().split("\n"), 1)}
        index._roots, index._payload = roots, payload
        index._step = dict(zip(keys, states, strict=True))
        index._follows = index._continuing()
        return index

    def _add(self, words: list[str], payload: int) -> None:
        numbers, state = self._words, 0
        for position, word in enumerate(words):
            number = numbers.setdefault(word, len(numbers) + 1)
            if position == 0:
                state = number
                continue
            key = state * _SHIFT + number
            following = self._step.get(key)
            if following is None:
                following = self._step[key] = len(self._payload)
                self._payload.append(-1)
            state = following
        if self._payload[state] < 0:
            self._payload[state] = payload

    def _continuing(self) -> bytearray:
        """For each word number whether it continues any phrase: small enough to stay in the processor's cache.

        The last place is that of unknown words.
        """
        follows = bytearray(len(self._words) + 2)
        for key in self._step:
            follows[key % _SHIFT] = 1
        return follows


def _ints(part: bytes) -> list[int]:
    values = array("q")
    values.frombytes(part)
    return values.tolist()


def _longest(matches: list[PhraseMatch]) -> list[PhraseMatch]:
    taken: set[int] = set()
    kept = []
    for match in sorted(matches, key=lambda m: (m[0] - m[1], m[0])):
        if match[0] not in taken and match[1] - 1 not in taken:
            taken.update(range(match[0], match[1]))
            kept.append(match)
    return sorted(kept)
