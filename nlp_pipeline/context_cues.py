"""Finds context cues in the words of a text: which phrases of the rule files hold where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

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
    " remotely prophylactically apparently early supposedly questionably".split()
)
_MAX_HEADING = 4
_COMMON = frozenset(
    "is are was were be been being has have had does did do a an the to of in for and or with on at by from , . : ( )"
    " - – — = ? ) he she it they we patient any this that may might can will would should could as all his her one two"
    " there their its who which also so than then be more most out but over some other such time s".split()
)


class Words(NamedTuple):
    """The words of a Doc (tokens that are not white space): LOWER keys, token indices, white space after each."""

    keys: list[int]
    indices: list[int]
    gaps: list[bool]


class Cue(NamedTuple):
    """Words [start, end) and the rule that holds there."""

    start: int
    end: int
    rule: ContextPhrase


def _start(cue: Cue) -> int:
    return cue.start


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
        self._parts: dict[str, list[tuple[int, ...]]] = {}
        self._trie: PhraseTrie[list[ContextPhrase]] = PhraseTrie()
        self._terminators: PhraseTrie[list[ContextPhrase]] = PhraseTrie()
        anchors: set[int] = set()
        self._common = dict.fromkeys(self.keys(_COMMON), 2) | {_NUMBER: 2} | dict.fromkeys(self.keys("-–—().,:/="), 1)
        for phrase in load_phrases():
            slots = [[k for choice in slot for k in self._split(nlp, choice)] for slot in slots_of(phrase.literal)]
            if phrase.direction == "TERMINATE":
                self._terminators.add_choices(slots, phrase)
            else:
                self._trie.add_choices(slots, phrase)
            if phrase.direction not in {"TERMINATE", "PSEUDO"}:
                anchors |= self._anchors(phrase, slots)
        anchors -= self.keys("()-–—−")  # "(-)" is told by two of them
        self._signs = [self.keys(pair) for pair in ("(-", "(−")]
        self._anchor_words = anchors | {key for key, kind in self._kinds.items() if kind in anchors}
        self.words_of = {p.stop_at: self.keys(p.stop_at) for p in load_phrases()}
        conditions = {p.unless_before for p in load_phrases()} | {p.unless_after for p in load_phrases()}
        self._conditions = {words: self.keys(words) for words in conditions}
        self._needs = {p.needs: self._strings.add(p.needs) for p in load_phrases() if p.needs}
        self._punctuation = self.keys(_PUNCTUATION)
        self._closers = self._punctuation | self.keys(_PREPOSITIONS)
        self._colon = self._strings.add(":")

    def keys(self, words: Iterable[str]) -> frozenset[int]:
        """Word keys of single words, and of word classes."""
        return frozenset(_CLASSES.get(word) or self._strings.add(word) for word in words)

    def _anchors(self, phrase: ContextPhrase, slots: list[list[tuple[int, ...]]]) -> frozenset[int]:
        """Words of which a text must hold one for the phrase to occur: those of its rarest slot."""
        if phrase.needs:
            return self.keys([phrase.needs])
        common = self._common

        def rarest(choice: tuple[int, ...]) -> int:
            return min(choice, key=lambda key: (common.get(key, 0), -len(self._strings[key]) if key > 0 else 0))

        options = [frozenset(rarest(choice) for choice in slot) for slot in slots if all(slot)]
        return min(options, key=lambda keys: (max(common.get(key, 0) for key in keys), len(keys)))

    def _split(self, nlp: Language, choice: str) -> list[tuple[int, ...]]:
        """The keys of one choice as the tokenizer splits it; signs and digits are not split alike in every case."""
        if choice not in self._parts:
            forms = {choice} if choice.replace(" ", "").isalpha() else {choice, choice.upper()}
            self._parts[choice] = list({tuple(self._key_list(nlp, form)) for form in forms})
        return self._parts[choice]

    def _key_list(self, nlp: Language, form: str) -> Iterator[int]:
        for word in form.split():
            if word.lower() in _CLASSES:
                yield _CLASSES[word.lower()]
            elif word.lower() == "n't":  # a token only behind its verb
                yield self._strings.add("n't")
            else:
                for token in nlp.tokenizer(word):  # a word of a class is stored as the class, which no literal may hide
                    key = self._strings.add(token.lower_)
                    yield self._kinds[key] or key

    def words(self, doc: Doc) -> Words:
        """The words of a Doc with what the rules ask about them."""
        from spacy.attrs import IS_SPACE, LOWER, SPACY

        array = doc.to_array([LOWER, IS_SPACE, SPACY])
        keys, spaces, trailing = (array[:, column].tolist() for column in range(3))
        if any(spaces):
            indices = [i for i, space in enumerate(spaces) if not space]
            following = [*indices[1:], len(keys)][: len(indices)]
            gaps = [bool(trailing[i]) or n != i + 1 for i, n in zip(indices, following, strict=True)]
            keys = [keys[i] for i in indices]
            return Words(keys, indices, gaps)
        return Words(keys, list(range(len(keys))), trailing)

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
        keys, reach = words.keys, -1
        sentence = keys[low:high]
        if self._anchor_words.isdisjoint(sentence) and not any(pair.issubset(sentence) for pair in self._signs):
            return self._ends(words, low, high, []) if ends else []
        cues: list[Cue] = []
        covered: list[tuple[int, int]] = []
        for start, phrases in self._trie.scan(keys, low, high, self._kinds, self._fillers):
            for end, rules in phrases:
                if end <= reach:
                    break
                if rules[0].direction == "PSEUDO" and any(start < f < end for f in findings):
                    continue
                held = [rule for rule in rules if self._holds(words, start, end, rule, low, high)]
                if held:
                    reach = end
                    covered.append((start, reach))
                    cues += [Cue(start, reach, rule) for rule in held if rule.direction != "PSEUDO"]
                    break
        if not cues and not ends:
            return []
        return sorted(cues + self._ends(words, low, high, covered), key=_start)

    def _ends(self, words: Words, low: int, high: int, covered: list[tuple[int, int]]) -> list[Cue]:
        """The terminators outside cues; a verb at the start of a cue ends the scopes before it ("was not seen")."""
        found = []
        inside: dict[int, int] = {}
        for start, end in covered:
            inside |= dict.fromkeys(range(start + 1, end), end)
        for start, phrases in self._terminators.scan(words.keys, low, high, self._kinds, self._fillers):
            for end, rules in phrases:
                if end > inside.get(start, -1):
                    found += [Cue(start, end, r) for r in rules if self._holds(words, start, end, r, low, high)]
        return found

    def is_number(self, key: int) -> bool:
        """Whether a word is written in digits, "x3" too."""
        return self._strings[key].removeprefix("x")[:1].isdigit()

    def is_filler(self, key: int) -> bool:
        """Whether a word is an adverb that changes nothing here."""
        return self._fillers[key]

    def headings(self, doc: Doc, words: Words, low: int, high: int) -> list[int]:
        """Where a heading inside a line starts: "no murmurs Abdomen: soft" holds two statements."""
        found: list[int] = []
        if self._colon not in words.keys[low:high]:
            return found
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
        if rule.attached and (words.gaps[end - 1] or end >= high):
            return False
        if rule.attached_before and (start == low or words.gaps[start - 1]):
            return False
        if rule.spaced and not (start > low and words.gaps[start - 1] and words.gaps[end - 1]):
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
