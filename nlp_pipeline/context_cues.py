"""Finds context cues in the words of a text: which phrases of the rule files hold where."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nlp_pipeline.context_rules import ContextPhrase, load_lists, load_phrases, slots_of
from nlp_pipeline.trie import PhraseTrie

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.strings import StringStore
    from spacy.tokens import Doc

_YEAR, _NUMBER, _MEMBER, _WORD = -2, -3, -4, 0  # keys of word classes; token keys are unsigned hashes
_CLASSES = {"<year>": _YEAR, "<n>": _NUMBER, "<member>": _MEMBER}
_NUMBERS = frozenset("one two three four five six seven eight nine ten several few".split())
_PUNCTUATION = frozenset([".", ",", ";", ")", "]", "|", "?", "!", ":", "/"])
_PREPOSITIONS = frozenset(
    "by with via on in at after based given because since due through as during prior today x × and but for until"
    " while when if so and or from despite secondary per as w s ( using under which once - – — following throughout over within".split()
)
_FILLERS = frozenset(
    "currently yet ever really quite very well now also still then so far all both otherwise even at this time been"
    " again longer presently either just always often later eventually".split()
) - {"at", "this", "time", "longer"}
_NO_FILLERS = frozenset(
    "likely unlikely only family possibly probably presumably presumptively potentially conceivably previously formerly"
    " remotely prophylactically apparently early supposedly questionably largely mostly partially partly mainly nearly".split()
)
_MAX_HEADING = 4


class Words:
    """The words of a Doc, which are its tokens that are not white space.

    Attributes:
        doc: The Doc.
        keys: The LOWER keys of the words.
        indices: Their tokens.
        moved: Whether these are not simply 0, 1, 2, ...
    """

    __slots__ = ("doc", "indices", "keys", "moved")

    def __init__(self, doc: Doc) -> None:
        from spacy.attrs import IS_SPACE, LOWER

        array = doc.to_array([LOWER, IS_SPACE])
        spaces = array[:, 1]
        self.doc = doc
        self.indices: Sequence[int] = range(len(doc))
        self.moved = bool(spaces.any())
        if self.moved:
            kept = (spaces == 0).nonzero()[0]
            array, self.indices = array[kept], kept.tolist()
        self.keys: list[int] = array[:, 0].tolist()

    def gap(self, word: int) -> bool:
        """Whether white space follows a word."""
        token = self.indices[word]
        return self.token(word + 1) != token + 1 or bool(self.doc[token].whitespace_)

    def token(self, word: int) -> int:
        """The token of a word; the end of the Doc for the word after the last."""
        return self.indices[word] if word < len(self.indices) else len(self.doc)

    def first(self, token: int) -> int:
        """The first word at or after a token."""
        return bisect_left(self.indices, token) if self.moved else token

    def firsts(self, tokens: np.ndarray) -> np.ndarray:
        """`first` of many tokens."""
        return np.searchsorted(self.indices, tokens) if self.moved else tokens


class Cue(NamedTuple):
    """Words [start, end) and the rule that holds there."""

    start: int
    end: int
    rule: ContextPhrase


class _Kinds(dict[int, int]):
    """The class of each word key: a relative, a year, another number, or none."""

    def __init__(self, strings: StringStore) -> None:
        super().__init__((strings.add(word), _MEMBER) for word in load_lists()["relative"])
        self.update((strings.add(str(year)), _YEAR) for year in range(1900, 2100))
        self.update((strings.add(str(number)), _NUMBER) for number in range(100))
        self.update((strings.add(word), _NUMBER) for word in _NUMBERS)
        self._strings = strings

    def __missing__(self, key: int) -> int:
        word = self._strings[key]
        kind = _WORD
        if word[:1].isdigit() and word.replace(".", "").replace("%", "").isdigit():
            kind = _NUMBER  # years are stored from the start
        self[key] = kind
        return kind


class _Fillers(dict[int, bool]):
    """Whether a word key may stand inside a phrase: "is [currently] negative"."""

    def __init__(self, strings: StringStore) -> None:
        self._strings = strings

    def __missing__(self, key: int) -> bool:
        word = self._strings[key]
        adverb = len(word) > 4 and word.endswith("ly") and word not in _NO_FILLERS
        self[key] = adverb or word in _FILLERS
        return self[key]


class CueFinder:
    """The compiled rules."""

    def __init__(self, nlp: Language) -> None:
        self._strings = nlp.vocab.strings
        self._kinds, self._fillers = _Kinds(self._strings), _Fillers(self._strings)
        self._trie: PhraseTrie[ContextPhrase] = PhraseTrie(self._kinds, self._fillers)
        self._terminators: PhraseTrie[ContextPhrase] = PhraseTrie(self._kinds, self._fillers)
        phrases = load_phrases()
        slots_by_phrase = [slots_of(phrase.literal) for phrase in phrases]
        keys_of = self._choices(nlp, {choice for slots in slots_by_phrase for slot in slots for choice in slot})
        for phrase, slots in zip(phrases, slots_by_phrase, strict=True):
            trie = self._terminators if phrase.direction == "TERMINATE" else self._trie
            trie.add([[keys for choice in slot for keys in keys_of[choice]] for slot in slots], phrase)
        self.words_of = {p.stop_at: self.keys(p.stop_at) for p in phrases}
        conditions = {p.unless_before for p in phrases} | {p.unless_after for p in phrases}
        self._conditions = {words: self.keys(words) for words in conditions}
        self._needs = {p.needs: self._strings.add(p.needs) for p in phrases if p.needs}
        self._punctuation = self.keys(_PUNCTUATION)
        self._closers = self._punctuation | self.keys(_PREPOSITIONS)
        self._colon = self._strings.add(":")

    def keys(self, words: Iterable[str]) -> frozenset[int]:
        """Word keys of single words, and of word classes."""
        return frozenset(_CLASSES.get(word) or self._strings.add(word) for word in words)

    def _choices(self, nlp: Language, choices: Collection[str]) -> dict[str, list[tuple[int, ...]]]:
        """The keys of each choice as the tokenizer splits it; signs and digits are not split alike in every case."""
        from spacy.attrs import LOWER, SPACY

        forms = {c: {c} if c.replace(" ", "").isalpha() else {c, c.upper()} for c in choices}
        words = dict.fromkeys(word for each in forms.values() for form in each for word in form.split())
        keys: dict[str, tuple[int, ...]] = {"n't": (self._strings.add("n't"),)}  # a token only behind its verb
        keys |= {word: (kind,) for word, kind in _CLASSES.items()}
        keys |= {word.upper(): found for word, found in keys.items()}
        split = [word for word in words if word not in keys]
        doc = nlp.tokenizer(" ".join(split) + " ")  # all at once, since every Doc costs something
        remaining, word_keys = iter(split), []
        for key, spaced in doc.to_array([LOWER, SPACY]).tolist():
            word_keys.append(self._kinds[key] or key)  # stored as the class of a word, which no literal may hide
            if spaced:
                keys[next(remaining)] = tuple(word_keys)
                word_keys = []
        return {c: list({tuple(k for w in f.split() for k in keys[w]) for f in each}) for c, each in forms.items()}

    def text(self, words: Words, start: int, end: int) -> str:
        """Words in lower case."""
        return " ".join(self._strings[key] for key in words.keys[start:end])

    def find(self, words: Words, low: int, high: int, findings: Collection[int] = (), ends: bool = False) -> list[Cue]:
        """The cues among the words [low, high), in text order; of overlapping phrases the first, then the longest.

        Args:
            words: The text.
            low: The first word.
            high: Where to stop.
            findings: Where targets start: "no change in edema" is no negation unless the change is the finding.
            ends: Whether terminators are wanted also where there is nothing to end.
        """
        reach = -1
        cues: list[Cue] = []
        covered: list[tuple[int, int]] = []
        for start, phrases in self._trie.scan(words.keys, low, high):
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
                    covered.append((start, reach))
                    cues += [Cue(start, reach, rule) for rule in held if rule.direction != "PSEUDO"]
                    break
        if not cues and not ends:
            return []
        return sorted(cues + self._ends(words, low, high, covered), key=itemgetter(0))

    def _ends(self, words: Words, low: int, high: int, covered: list[tuple[int, int]]) -> list[Cue]:
        """The terminators outside cues; a verb at the start of a cue ends the scopes before it ("was not seen")."""
        found = []
        inside: dict[int, int] = {}
        for start, end in covered:
            inside |= dict.fromkeys(range(start + 1, end), end)
        for start, phrases in self._terminators.scan(words.keys, low, high):
            for end, rules in phrases:
                if end > inside.get(start, -1):
                    for rule in rules:
                        if not rule.conditional or self._holds(words, start, end, rule, low, high):
                            found.append(Cue(start, end, rule))
        return found

    def is_number(self, key: int) -> bool:
        """Whether a word is written in digits, "x3" too."""
        return self._strings[key].removeprefix("x")[:1].isdigit()

    def is_filler(self, key: int) -> bool:
        """Whether a word is an adverb that changes nothing here."""
        return self._fillers[key]

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
        if rule.final and not self._followed(keys, end, high, self._punctuation):
            return False
        if rule.closing and not self._followed(keys, end, high, self._closers):
            return False
        if rule.open and self._followed(keys, end, high, self._closers):
            return False
        if rule.initial and start > low and keys[start - 1] not in self._punctuation:
            return False
        if rule.attached and (words.gap(end - 1) or end >= high):
            return False
        if rule.attached_before and (start == low or words.gap(start - 1)):
            return False
        if rule.spaced and not (start > low and words.gap(start - 1) and words.gap(end - 1)):
            return False
        if rule.needs and self._needs[rule.needs] not in keys[low:high]:
            return False
        if rule.unless_before and end < high:
            barred = self._conditions[rule.unless_before]
            if keys[end] in barred or self._kinds[keys[end]] in barred:
                return False
        if rule.unless_after:
            return self._conditions[rule.unless_after].isdisjoint(keys[max(low, start - 2) : start])
        return True

    @staticmethod
    def _followed(keys: list[int], end: int, high: int, by: frozenset[int]) -> bool:
        return end >= high or keys[end] in by
