"""Misspelt everyday words of a question put right ("medicaton list"); clinical names have the lexicon's own way."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from knowledge_base.words import stem
from tools.concepts import Lexicon, common_words, tokenize

if TYPE_CHECKING:
    from agents.embedded.reader import RecordNames


class Mender:
    """Corrects towards the words that questions are made of; a word that is right as it stands is left alone."""

    def __init__(self, lexicon: Lexicon, known_words: frozenset[str]) -> None:
        self.lexicon = lexicon
        spelt = known_words | common_words()
        self._long_words = sorted(w for w in spelt if len(w) >= 6 and w.isalpha())
        self._known_stems = frozenset(stem(w) for w in spelt)

    def mended(self, text: str, record: RecordNames | None = None) -> str:
        """The text with misspelt everyday words put right ("medicaton list"); clinical names have the lexicon's own way."""
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        for token in reversed(tokenize(text)):
            word = token.norm
            if len(word) < 7 or not word.isalpha() or word in _right_words() or stem(word) in self._known_stems:
                continue
            if self.lexicon.knows_word(word) or (text[token.start].isupper() and token.start > 0):
                continue  # a clinical name, or a person's
            best = process.extractOne(
                word, self._long_words, scorer=DamerauLevenshtein.distance, score_cutoff=1 if len(word) < 9 else 2
            )
            if best is None or (best[1] > 1 and self._is_a_name(word, record)):
                continue
            text = f"{text[: token.start]}{best[0]}{text[token.end :]}"
        return text

    def _is_a_name(self, word: str, record: RecordNames | None) -> bool:
        return bool(self.lexicon.find_mentions(word)) or (record is not None and bool(record.find(word)))


@lru_cache(maxsize=1)
def _right_words() -> frozenset[str]:
    """Words that are spelt right though they are close to one of the exemplars' words."""
    text = resources.files("agents.embedded").joinpath("right_words.txt").read_text(encoding="utf-8")
    return frozenset(w for line in text.splitlines() if not line.startswith("#") for w in line.split())
