"""The surrogates of one run, in both directions: one to one, so that what comes back can be read."""

from __future__ import annotations

import re
from collections.abc import Callable

from nlp_pipeline.deidentify import Category
from nlp_pipeline.deidentify.surrogates import Surrogates

_WORD = re.compile(r"[^\W_]+")
_LIKE_A_DAY = re.compile(r"(?<![\w/])\d{1,2}(?:/\d{1,2}|st|nd|rd|th)(?![\w/])")
_TRIES = 60
_TELLING = 4  # letters of a name that still tell it inside a longer one: Maria in "Mariana"


class SurrogateTable:
    """Identifier ↔ surrogate. No two identifiers share a surrogate, and none is a word that was sent as itself."""

    def __init__(self, key: bytes, patient_id: str, known: frozenset[str] = frozenset()) -> None:
        """Hold the key.

        Args:
            key: The secret that surrogates are derived from.
            patient_id: Whose they are.
            known: Words that no surrogate may be, in small letters: the names of the record itself.
        """
        self._key, self._patient_id, self._known = key, patient_id, known
        self._long = [word for word in known if len(word) >= _TELLING]
        self._surrogates: dict[int, Surrogates] = {}
        self._to: dict[str, str] = {}
        self._from: dict[str, str] = {}
        self._from_folded: dict[str, str] = {}
        self._categories: dict[str, Category] = {}
        self._sent: set[str] = set()
        self._sent_like_days: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def surrogates(self, attempt: int = 0) -> Surrogates:
        """The generator of surrogates; another one for every further attempt."""
        if attempt not in self._surrogates:
            key = self._key if not attempt else self._key + attempt.to_bytes(2, "big")
            self._surrogates[attempt] = Surrogates(key, self._patient_id)
        return self._surrogates[attempt]

    def note_words(self, text: str) -> None:
        """Remembers the words of a text that is sent: none of them may become a surrogate."""
        self._sent.update(w.lower() for w in _WORD.findall(text))
        self._sent_like_days.update(_LIKE_A_DAY.findall(text))

    def was_sent(self, written: str) -> bool:
        """Whether "7/10" or "25th" was sent as it is: it is then no day of the moved calendar."""
        return written in self._sent_like_days

    def surrogate(self, original: str, category: Category, make: Callable[[int], str]) -> str:
        """The surrogate of an identifier, made on first use; `make` gives another one for every attempt."""
        if original in self._to:
            return self._to[original]
        for attempt in range(_TRIES):
            made = make(attempt)
            if self._is_free(made, original):
                return self._add(original, made, category)
        return self._add(original, f"{category}-{self._numeral(len(self._to))}", category)

    def _is_free(self, made: str, original: str) -> bool:
        if made == original or made in self._from or made in self._sent_like_days:
            return False
        taken = self._from_folded.get(made.lower())
        if taken is not None and taken.lower() != original.lower():
            return False
        # A date or number that only consists of digits is taken back by its form, so words need not be new.
        words = [w.lower() for w in _WORD.findall(made) if w.isalpha()]
        return not any(w in self._sent or w in self._known or any(k in w for k in self._long) for w in words)

    def _add(self, original: str, made: str, category: Category) -> str:
        self._to[original], self._from[made], self._categories[made] = made, original, category
        self._from_folded.setdefault(made.lower(), original)
        self._pattern = None
        return made

    @staticmethod
    def _numeral(number: int) -> str:
        letters = ""
        while True:
            number, rest = divmod(number, 26)
            letters = chr(97 + rest) + letters
            if not number:
                return f"zz{letters}"

    def found_in(self, text: str) -> list[tuple[int, int, str, Category]]:
        """Where surrogates stand in a text: start, end, the original in the case of the text, and its category."""
        if not self._from:
            return []
        if self._pattern is None:
            words = sorted(self._from, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(_bounded, words)), re.IGNORECASE)
        return [(m.start(), m.end(), *self._original(m[0])) for m in self._pattern.finditer(text)]

    def _original(self, written: str) -> tuple[str, Category]:
        if written in self._from:
            return self._from[written], self._categories[written]
        original = self._from_folded[written.lower()]
        category = self._categories[self._to[original]]
        if written.isupper():
            return original.upper(), category
        return (original.lower() if written.islower() else original), category


def _bounded(word: str) -> str:
    """The pattern of a word that does not begin or end inside another."""
    before = r"(?<![^\W_])" if word[:1].isalnum() else ""
    return before + re.escape(word) + (r"(?![^\W_])" if word[-1:].isalnum() else "")
