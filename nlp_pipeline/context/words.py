"""The words of a Doc as small numbers, one for each word that the rules name."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nlp_pipeline.context.rules import load_lists

if TYPE_CHECKING:
    from spacy.strings import StringStore
    from spacy.tokens import Doc

OTHER, FILLER, DIGITS, NUMBER, YEAR, MEMBER = range(6)  # what the words share that no rule names; the last three are
CLASSES = {"<year>": YEAR, "<n>": NUMBER, "<member>": MEMBER}  # classes, to which named words may belong as well
_NUMBERS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen"
    " nineteen twenty thirty forty fifty several few many".split()
)
_FILLERS = frozenset(
    "currently yet ever really quite very well now also still then so far all both otherwise even been again presently"
    " either just always often later eventually".split()
)
_NO_FILLERS = frozenset(
    "likely unlikely only family possibly probably presumably presumptively potentially conceivably previously formerly"
    " remotely prophylactically apparently early supposedly questionably largely mostly partially partly mainly nearly".split()
)
_BITS = np.uint64(18)  # of a number, and of a slot
_NUMBER = np.uint64((1 << 18) - 1)

Numbers = np.ndarray[Any, np.dtype[np.int64]]
Keys = np.ndarray[Any, np.dtype[np.uint64]]


class Symbols:
    """The number of each word.

    Numbers are looked up for all words of a text at once, in a table whose slots are the highest bits of LOWER keys. A
    slot holds the other bits of a key with its number, as one value that threads may share; words with the same slot
    take turns in it.
    """

    def __init__(self, strings: StringStore) -> None:
        self._strings = strings
        self._named: dict[int, int] = {}  # numbers by key
        self._table = np.zeros(1 << int(_BITS), np.uint64)
        self.fillers, self.digits = {FILLER}, {DIGITS, NUMBER, YEAR}
        self.class_of = [*range(MEMBER + 1)]  # by number; the number itself if it is in no class
        self._kinds = dict.fromkeys(load_lists()["relative"], MEMBER)
        self._kinds |= dict.fromkeys(map(str, range(1900, 2100)), YEAR)
        self._kinds |= dict.fromkeys(_NUMBERS, NUMBER)
        for word in _NUMBERS:  # which are not in digits as the others of their class
            self.add(word)

    @cached_property
    def classes(self) -> Numbers:
        """`class_of` when all words are named."""
        return np.array(self.class_of)

    def add(self, word: str) -> int:
        """The number of a word that a rule names, or of a class; all are named before the first text is read."""
        return CLASSES.get(word) or self.add_key(self._strings.add(word))

    def add_key(self, key: int) -> int:
        """`add` by the key of the word."""
        number = self._named.get(key)
        if number is None:
            shared = self._shared(key)
            number = self._named[key] = len(self.class_of)
            self.class_of.append(shared if shared >= NUMBER else number)
            if shared == FILLER:
                self.fillers.add(number)
            if self._is_digits(self._strings[key]):
                self.digits.add(number)
        return number

    def read(self, keys: Keys) -> Numbers:
        """The numbers of the words of a text."""
        slots, rest = (keys >> np.uint64(64) - _BITS).view(np.int64), keys << _BITS
        found = self._table[slots]
        strange = ((found ^ rest) > _NUMBER).nonzero()[0].tolist()
        for place in strange:
            key = int(keys[place])
            found[place] = rest[place] | np.uint64(self._named.get(key) or self._shared(key))
            self._table[slots[place]] = found[place]
        return (found & _NUMBER).view(np.int64)

    def _shared(self, key: int) -> int:
        """What a word is besides its name."""
        word = self._strings[key]
        kind = self._kinds.get(word)
        if kind is not None:
            return kind
        if self._is_digits(word):
            return NUMBER if word.replace(".", "").replace("%", "").isdigit() else DIGITS
        if word in _FILLERS or (len(word) > 4 and word.endswith("ly") and word not in _NO_FILLERS):
            return FILLER
        return OTHER

    @staticmethod
    def _is_digits(word: str) -> bool:
        return word[:1].isdigit() or (word[:1] == "x" and word[1:2].isdigit())


class Words:
    """The words of a Doc, which are its tokens that are not white space.

    Attributes:
        doc: The Doc.
        keys: The numbers of the words.
        kinds: The same, with the number of its class for a word that has one.
        array: `kinds` as an array.
        lowers: The LOWER keys of the words.
        indices: Their tokens.
        moved: Whether these are not simply 0, 1, 2, ...
        sentences: The tokens at which sentences start.
    """

    def __init__(self, doc: Doc, symbols: Symbols) -> None:
        from spacy.attrs import IS_SPACE, LOWER, SENT_START, SPACY

        lowers, blank, self._spaced, starts = doc.to_array([LOWER, IS_SPACE, SPACY, SENT_START]).T
        self.doc = doc
        self.moved = bool(blank.any())
        self._tokens = (blank == 0).nonzero()[0] if self.moved else np.arange(len(doc))
        self.indices: Sequence[int] = self._tokens.tolist() if self.moved else range(len(doc))
        self.lowers = lowers[self._tokens]
        numbers = symbols.read(self.lowers)
        self.keys: list[int] = numbers.tolist()
        self.array = symbols.classes[numbers]
        self.kinds: list[int] = self.array.tolist()
        self.sentences = (starts == 1).nonzero()[0]

    @cached_property
    def gaps(self) -> list[bool]:
        """Whether white space follows each word."""
        following = np.append(self._tokens, len(self.doc))[1:]
        return ((self._spaced[self._tokens] != 0) | (following != self._tokens + 1)).tolist()  # type: ignore[no-any-return]

    def token(self, word: int) -> int:
        """The token of a word; the end of the Doc for the word after the last."""
        return self.indices[word] if word < len(self.indices) else len(self.doc)

    def first(self, token: int) -> int:
        """The first word at or after a token."""
        return bisect_left(self.indices, token) if self.moved else token

    def firsts(self, tokens: Numbers) -> Numbers:
        """`first` of many tokens."""
        return self._tokens.searchsorted(tokens) if self.moved else tokens
