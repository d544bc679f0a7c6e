"""Longest-match lookup of very many phrases over the words of a text, loaded from plain arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

UNKNOWN = 0  # the number of words that are in no phrase
_SHIFT = 20  # bits for the numbers of words: more than any vocabulary here has
_BITS = (1 << _SHIFT) - 1
_MIX = 0x1E3779B97F4A7C15  # spreads the bits of keys

Numbers = np.ndarray[Any, np.dtype[np.int64]]


class PhraseIndex:
    """A trie in two flat dictionaries: words to numbers, then (state, number of the next word) to the next state.

    The number of a word is the state after it as well. Where phrases may start is computed for all words of a text at
    once: at words that are a phrase themselves, and at pairs of words that a table of hashes knows.
    Flat dictionaries are made from arrays in a few hundredths of a second, where nested ones or an automaton of the same
    hundred thousand phrases take over half a second.
    """

    def __init__(self, phrases: Mapping[str, int], words: Iterable[str] = ()) -> None:
        """The index of phrases, their words joined by single spaces, each with its payload.

        Args:
            phrases: Payloads, at least 0, by phrase.
            words: Further words that the caller wants to tell from unknown ones.
        """
        known = dict.fromkeys(word for phrase in phrases for word in phrase.split(" "))
        self.numbers = {word: number for number, word in enumerate([*known, *(w for w in words if w not in known)], 1)}
        self._step: dict[int, int] = {}
        self._payload = [-1] * (len(self.numbers) + 1)
        for phrase, payload in phrases.items():
            self._add(phrase, payload)
        self._set_tables(np.fromiter(self._step, np.int64, len(self._step)))

    def __len__(self) -> int:
        return sum(p >= 0 for p in self._payload)

    def find(self, numbers: Numbers) -> Numbers:
        """Phrases without overlaps, the longer winning, then the earlier; in text order.

        Args:
            numbers: The words of a text by `numbers` of this index.

        Returns:
            Three rows: the word at which each phrase begins, the word after its last one, and its payload.
        """
        words = np.append(numbers, UNKNOWN)  # the end of the text continues no phrase
        pairs = words[:-1] << _SHIFT | words[1:]
        ends, payloads = np.arange(1, len(words)), self._alone[numbers]
        opening = np.flatnonzero(self._opens[_hashes(pairs)])
        step, payload_of, word_at = self._step.get, self._payload, words.data
        longer: list[tuple[int, int]] = []
        for position, pair, payload in zip(
            (opening + 1).tolist(), pairs[opening].tolist(), payloads[opening].tolist(), strict=True
        ):
            end, state = position, step(pair)
            while state is not None:
                position += 1
                if payload_of[state] >= 0:
                    end, payload = position, payload_of[state]
                state = step(state << _SHIFT | word_at[position])
            longer.append((end, payload))
        if longer:
            ends[opening], payloads[opening] = np.array(longer).T
        starts = np.flatnonzero(payloads >= 0)
        return _without_overlaps(np.array((starts, ends[starts], payloads[starts])))

    def to_parts(self) -> list[bytes]:
        """The index as plain bytes, for `from_parts`."""
        arrays = ([*self._step], [*self._step.values()], self._payload)
        return ["\n".join(self.numbers).encode(), *(np.array(values, dtype=np.int64).tobytes() for values in arrays)]

    @classmethod
    def from_parts(cls, parts: list[bytes]) -> PhraseIndex:
        """The index that `to_parts` wrote on this machine."""
        index = cls({})
        index.numbers = {word: number for number, word in enumerate(parts[0].decode().split("\n"), 1)}
        keys, states, payload = (np.frombuffer(part, dtype=np.int64) for part in parts[1:])
        index._step = dict(zip(keys.tolist(), states.tolist(), strict=True))
        index._payload = payload.tolist()
        index._set_tables(keys)
        return index

    def _add(self, phrase: str, payload: int) -> None:
        state, *others = (self.numbers[word] for word in phrase.split(" "))
        for number in others:
            key = state << _SHIFT | number
            following = self._step.get(key)
            if following is None:
                following = self._step[key] = len(self._payload)
                self._payload.append(-1)
            state = following
        if self._payload[state] < 0:
            self._payload[state] = payload

    def _set_tables(self, keys: Numbers) -> None:
        """The payload of each word that is a phrase alone, or -1, and which hashes pairs have that begin a phrase."""
        words = len(self.numbers) + 1
        self._alone = np.array(self._payload[:words], dtype=np.int64)
        self._opens = np.zeros(_BITS + 1, dtype=bool)
        self._opens[_hashes(keys[keys < words << _SHIFT])] = True


def _hashes(pairs: Numbers) -> Numbers:
    return (pairs * _MIX >> 40) & _BITS


def _without_overlaps(found: Numbers) -> Numbers:
    """Of matches that overlap, the longer, then the earlier ones."""
    starts, ends, _ = found
    reach = np.maximum.accumulate(ends)
    clashing = np.flatnonzero(starts[1:] < reach[:-1]).tolist()  # matches that reach beyond the start of the next
    if not clashing:
        return found
    kept = np.ones(len(starts), dtype=bool)
    low = clashing[0]
    for place, following in zip(clashing, [*clashing[1:], -1], strict=True):
        if following != place + 1:  # a run of them ends, and with the next match all that overlap are together
            high = place + 2
            kept[low + 1 : high] = False
            if ends[low] < reach[high - 1]:  # most often the first holds all others
                kept[low:high] = _longest(starts[low:high].tolist(), ends[low:high].tolist())
            low = following
    return found[:, kept]


def _longest(starts: list[int], ends: list[int]) -> list[bool]:
    taken: set[int] = set()
    kept = [False] * len(starts)
    for place in sorted(range(len(starts)), key=lambda i: (starts[i] - ends[i], starts[i])):
        if starts[place] not in taken and ends[place] - 1 not in taken:
            taken.update(range(starts[place], ends[place]))
            kept[place] = True
    return kept
