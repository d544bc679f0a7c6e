"""Finds context cues in the words of a text: which phrases of the rule files hold where."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nlp_pipeline.context.rules import ContextPhrase, load_phrases, slots_of
from nlp_pipeline.context.trie import Openings, PhraseTrie
from nlp_pipeline.context.words import CLASSES, Symbols, Words

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from nlp_pipeline.context.words import Numbers

_PUNCTUATION = frozenset([".", ",", ";", ")", "]", "|", "?", "!", ":", "/"])
_PREPOSITIONS = frozenset(
    "by with via on in at after based given because since due through as during prior today x × and but for until"
    " while when if so and or from despite secondary per as w s ( using under which once - – — following throughout over within owing".split()
)
_MAX_HEADING = 4


class Cue(NamedTuple):
    """Words [start, end) and the rule that holds there."""

    start: int
    end: int
    rule: ContextPhrase


Opening = tuple[int, list[tuple[int, list[ContextPhrase]]]]  # a word, and the phrases there by end, the longest first


class Found(NamedTuple):
    """Cues in text order, and the words [start, end) of all phrases found, those of no category too."""

    cues: list[Cue]
    covered: list[tuple[int, int]]


class CueFinder:
    """The compiled rules."""

    def __init__(self, nlp: Language) -> None:
        self._strings = nlp.vocab.strings
        self._symbols = Symbols(self._strings)
        self._trie: PhraseTrie[ContextPhrase] = PhraseTrie(self._symbols.fillers)
        self._terminators: PhraseTrie[ContextPhrase] = PhraseTrie(self._symbols.fillers)
        phrases = load_phrases()
        slots_by_phrase = [slots_of(phrase.literal) for phrase in phrases]
        keys_of = self._choices(nlp, {choice for slots in slots_by_phrase for slot in slots for choice in slot})
        for phrase, slots in zip(phrases, slots_by_phrase, strict=True):
            trie = self._terminators if phrase.direction == "TERMINATE" else self._trie
            trie.add([[keys for choice in slot for keys in keys_of[choice]] for slot in slots], phrase)
        self.words_of = {p.stop_at: self.keys(p.stop_at) for p in phrases}
        conditions = {words for p in phrases for words in (p.unless_before, p.unless_after, p.needs)}
        self._conditions = {words: self.keys(words) for words in conditions}
        self._punctuation = self.keys(_PUNCTUATION)
        self._closers = self._punctuation | self.keys(_PREPOSITIONS)
        self._colon = self._symbols.add(":")

    def keys(self, words: Iterable[str]) -> frozenset[int]:
        """The numbers of words, and of word classes."""
        return frozenset(map(self._symbols.add, words))

    def close(self) -> None:
        """Get ready to read texts: all words that rules name have been asked for by `keys`."""
        self._trie.close()
        self._terminators.close()
        self._openings = Openings((self._trie, self._terminators), len(self._symbols.class_of), self._symbols.fillers)
        self._in_need = {
            word: frozenset().union(*(self._conditions[rule.needs] for rule in rules))
            for word, rules in self._trie.single().items()
            if all(rule.needs for rule in rules)
        }

    def words(self, doc: Doc) -> Words:
        """The words of a Doc."""
        return Words(doc, self._symbols)

    def _choices(self, nlp: Language, choices: Collection[str]) -> dict[str, list[tuple[int, ...]]]:
        """The keys of each choice as the tokenizer splits it; signs and digits are not split alike in every case."""
        from spacy.attrs import LOWER, SPACY

        forms = {c: {c} if c.replace(" ", "").isalpha() else {c, c.upper()} for c in choices}
        words = dict.fromkeys(word for each in forms.values() for form in each for word in form.split())
        keys: dict[str, tuple[int, ...]] = {"n't": (self._symbols.add("n't"),)}  # a token only behind its verb
        keys |= {word: (kind,) for word, kind in CLASSES.items()}
        keys |= {word.upper(): found for word, found in keys.items()}
        split = [word for word in words if word not in keys]
        doc = nlp.tokenizer(" ".join(split) + " ")  # all at once, since every Doc costs something
        remaining, word_keys = iter(split), []
        for key, spaced in doc.to_array([LOWER, SPACY]).tolist():
            # Stored as the class of a word, which no literal may hide.
            word_keys.append(self._symbols.class_of[self._symbols.add_key(key)])
            if spaced:
                keys[next(remaining)] = tuple(word_keys)
                word_keys = []
        return {c: list({tuple(k for w in f.split() for k in keys[w]) for f in each}) for c, each in forms.items()}

    def text(self, words: Words, start: int, end: int) -> str:
        """Words in lower case."""
        return " ".join(self._strings[key] for key in words.lowers[start:end].tolist())

    def phrases(self, words: Words, edges: Numbers, wanted: Numbers) -> tuple[dict[int, list[Opening]], list[int]]:
        """The phrases of cues by sentence, and the words at which terminators may start.

        Args:
            words: The text.
            edges: The first words of its sentences, and the number of words.
            wanted: The sentences to look at.
        """
        openings, endings = self._openings.find(words.array)
        numbers = edges.searchsorted(openings, side="right") - 1
        kept = np.zeros(len(edges), dtype=bool)
        kept[wanted] = True
        kept = kept[numbers]
        openings, numbers = openings[kept], numbers[kept]
        found: dict[int, list[Opening]] = {}
        at, kinds = self._trie.at, words.kinds
        borders = edges.tolist()
        for start, number in zip(openings.tolist(), numbers.tolist(), strict=True):
            high = borders[number + 1]
            phrases = at(kinds, start, high)
            if not phrases:
                continue
            if kinds[start] in self._in_need and phrases[0][0] == start + 1:  # most often "-", which denies next to "+"
                if self._in_need[kinds[start]].isdisjoint(words.keys[borders[number] : high]):
                    continue
            found.setdefault(number, []).append((start, phrases))
        return found, endings.tolist()

    def find(self, words: Words, low: int, high: int, openings: list[Opening], findings: Collection[int]) -> Found:
        """The cues among the words [low, high); of overlapping phrases the first, then the longest.

        Args:
            words: The text.
            low: The first word of a sentence.
            high: Where it stops.
            openings: Its phrases.
            findings: Where targets start: "no change in edema" is no negation unless the change is the finding.
        """
        reach = -1
        found = Found([], [])
        for start, phrases in openings:
            for end, rules in phrases:
                if end <= reach:
                    break
                if rules[0].direction == "PSEUDO" and any(start < f < end for f in findings):
                    continue
                held = [
                    rule for rule in rules if not rule.conditional or self._holds(words, start, end, rule, low, high)
                ]
                if held:
                    reach = end
                    found.covered.append((start, reach))
                    found.cues.extend([Cue(start, reach, rule) for rule in held if rule.direction != "PSEUDO"])
                    break
        return found

    def ends(
        self, words: Words, low: int, high: int, openings: Iterable[int], covered: list[tuple[int, int]]
    ) -> list[Cue]:
        """The terminators outside cues; a verb at the start of a cue ends the scopes before it ("was not seen")."""
        found = []
        ahead, limit = iter([*covered, (len(words.keys), 0)]), -1
        begin, close = next(ahead)
        for start in openings:
            while begin < start:
                limit = close
                begin, close = next(ahead)
            for end, rules in self._terminators.at(words.kinds, start, high):
                if end > limit:
                    for rule in rules:
                        if not rule.conditional or self._holds(words, start, end, rule, low, high):
                            found.append(Cue(start, end, rule))
        return found

    def is_number(self, key: int) -> bool:
        """Whether a word is written in digits, "x3" too."""
        return key in self._symbols.digits

    def is_filler(self, key: int) -> bool:
        """Whether a word is an adverb that changes nothing here."""
        return key in self._symbols.fillers

    def headings(self, words: Words, low: int, high: int) -> list[int]:
        """Where a heading inside a line starts: "no murmurs Abdomen: soft" holds two statements."""
        found: list[int] = []
        if self._colon not in words.keys[low:high]:
            return found
        doc = words.doc
        colons = [i for i in range(low + 1, high) if words.keys[i] == self._colon]
        if not colons or not any(doc[words.indices[i]].is_lower for i in range(low, high)):
            return found  # in text without lower case capitals say nothing
        for colon in colons:
            start = colon
            while start > low and colon - start < _MAX_HEADING and doc[words.indices[start - 1]].text[0].isupper():
                start -= 1
            if start < colon:
                found.append(start)
        return found

    def _holds(self, words: Words, start: int, end: int, rule: ContextPhrase, low: int, high: int) -> bool:
        """Whether the conditions of a rule on its neighbours are met."""
        keys = words.keys
        if rule.needs and self._conditions[rule.needs].isdisjoint(keys[low:high]):
            return False
        if rule.final and not self._followed(keys, end, high, self._punctuation):
            return False
        if rule.closing and not self._followed(keys, end, high, self._closers):
            return False
        if rule.open and self._followed(keys, end, high, self._closers):
            return False
        if rule.initial and start > low and keys[start - 1] not in self._punctuation:
            return False
        if rule.attached and (words.gaps[end - 1] or end >= high):
            return False
        if rule.attached_before and (start == low or words.gaps[start - 1]):
            return False
        if rule.spaced and not (start > low and words.gaps[start - 1] and words.gaps[end - 1]):
            return False
        if rule.unless_before and end < high:
            barred = self._conditions[rule.unless_before]
            if keys[end] in barred or words.kinds[end] in barred:
                return False
        if rule.unless_after:
            return self._conditions[rule.unless_after].isdisjoint(keys[max(low, start - 2) : start])
        return True

    @staticmethod
    def _followed(keys: list[int], end: int, high: int, by: frozenset[int]) -> bool:
        return end >= high or keys[end] in by
