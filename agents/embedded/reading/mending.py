"""Misspelt words of a question put right ("medicaton list", "bolod suagr") before it is read.

A word is misspelt only if nothing knows it: no English word list, no clinical vocabulary, no name of the store or the
record. It is put right by one slip of the fingers (two in a long word): letters swapped, left out, doubled, mistaken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from agents.embedded.routing.visit_words import single_words
from agents.guards.relatives import KINSHIP
from knowledge_base.words import STOP_WORDS, stem
from nlp_pipeline.deidentify.lexicons import lexicons
from tools.concepts import Lexicon, Token, common_words, english_words, tokenize

if TYPE_CHECKING:
    from agents.embedded.reading.record_names import RecordNames

_SHORTEST = 4  # letters; below, too many words are one slip from another
_LONG = 7  # from here on a slip is no other word by chance
_TWO_SLIPS = 9
_MISTAKEN = 3  # the rank of a letter that was mistaken for another: the weakest evidence
_MONTHS = frozenset("january february march april june july august september october november december".split())
_MEASURES = frozenset(
    "pounds kilos kilograms kilogrammes stones inches feet centimetres centimeters millilitres milligrams micrograms units percent".split()
)
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "y", "ness", "al", "ful", "less")


class Mender:
    """Corrects towards the words that questions and names are made of; a word that is right as it stands is left alone."""

    def __init__(self, lexicon: Lexicon, known_words: Mapping[str, int]) -> None:
        self.lexicon = lexicon
        self._asked = Counter(
            {w: n for w, n in known_words.items() if w.isalpha()}
        )  # how often the exemplars say a word
        spelt = set(self._asked) | common_words() | KINSHIP | single_words() | _MEASURES | _MONTHS
        self._everyday = sorted(w for w in spelt if len(w) >= _SHORTEST and w.isalpha())
        self._english = sorted(w for w in english_words() - spelt if len(w) >= _LONG)
        self._clinical = sorted(w for w in lexicon.words - spelt if len(w) > _SHORTEST)
        self._known = frozenset(spelt) | english_words()
        self._known_stems = frozenset(stem(w) for w in spelt)

    def mended(self, text: str, record: RecordNames | None = None, names: Collection[str] = ()) -> str:
        """The text with misspelt words put right; `names` are people's and stay as they are."""
        shouts = text.isupper()
        for token in reversed(tokenize(text)):
            written = text[token.start : token.end]
            named = written[:1].isupper() and token.start > 0
            if (written.isupper() and not shouts) or token.norm in names or self._is_right(token):
                continue  # letters that stand for words; a person; a word
            better = self._nearest(token.norm, record)
            if better is None or (named and not shouts and better not in _MONTHS):
                continue
            text = f"{text[: token.start]}{better}{written[len(token.norm) :]}{text[token.end :]}"
        return text

    def _is_right(self, token: Token) -> bool:
        word = token.norm
        if len(word) < _SHORTEST or not word.isalpha() or word in self._known or stem(word) in self._known_stems:
            return True
        if self.lexicon.knows_word(word) or word in lexicons().given | lexicons().surnames:
            return True
        return any(word.endswith(e) and _bases(word, e) & self._known for e in _ENDINGS)

    def _nearest(self, word: str, record: RecordNames | None) -> str | None:
        """The likeliest word that was meant; None where none is near, or the slip would be too great a guess."""
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        near = [
            (rank, -self._asked[found], found)
            for words, penalty in (
                (self._everyday, 0),
                (self._clinical, 1),
                (self._english if len(word) >= _LONG else (), 2),
            )
            for found, _, _ in process.extract(
                word, words, scorer=DamerauLevenshtein.distance, score_cutoff=1, limit=None
            )
            if (rank := _rank(word, found) + penalty) <= self._bound(word, found, penalty)
        ]
        if near:
            return min(near)[2]
        if len(word) < _TWO_SLIPS or self.lexicon.find_mentions(word) or (record is not None and record.find(word)):
            return None
        long = [w for w in (*self._everyday, *self._clinical) if len(w) >= _TWO_SLIPS - 2 and w[0] == word[0]]
        best = process.extractOne(word, long, scorer=DamerauLevenshtein.distance, score_cutoff=2)
        return None if best is None else str(best[0])

    def _bound(self, word: str, found: str, penalty: int) -> int:
        """How weak the evidence may be: a short word is only put right where letters are swapped or left out."""
        if penalty == 2:
            return _MISTAKEN
        if len(word) > 5:
            return _MISTAKEN + (2 if len(word) >= _LONG else 1)
        everyday = found in self._asked or found in KINSHIP
        return _MISTAKEN + (1 if everyday and len(word) > _SHORTEST else -2 if len(word) <= _SHORTEST else 0)


def _rank(typed: str, meant: str) -> int:
    """How far a slip is from what fingers do: swapped 0, left out 1, too many 2, mistaken 3; another first letter, 2 more."""
    if len(typed) == len(meant):
        rank = 0 if sorted(typed) == sorted(meant) else _MISTAKEN
    else:
        rank = 1 if len(typed) < len(meant) else 2
    return (
        rank
        + (2 if typed[0] != meant[0] and rank else 0)
        + (2 if meant in STOP_WORDS and len(typed) > len(meant) else 0)
    )


def _bases(word: str, ending: str) -> set[str]:
    """What a word is without its ending: "hobbies" of "hobby", "freezer" of "freeze", "stopped" of "stop"."""
    base = word[: -len(ending)]
    if len(base) < 3 or (base.endswith("e") and ending[0] in "ei"):
        return set()
    doubled = base[-1] == base[-2] != base[-3]
    return {base, f"{base}e", f"{base[:-1]}y" if base.endswith("i") else base, base[:-1] if doubled else base}
