"""Calculators and simulations by the names that clinicians use."""

from __future__ import annotations

import re
from collections.abc import Iterable

from domain.predictions import ModelCard
from tools.concepts import Token, common_words, normalise_name, tokenize


class ModelNames:
    """Calculators and simulations by the names that clinicians use."""

    def __init__(self, cards: Iterable[ModelCard], extra: dict[str, str]) -> None:
        self._names: dict[str, str] = {}
        self.cards = {card.id: card for card in cards}
        for card in self.cards.values():
            for name in (card.id.replace("_", " "), card.title, *card.aliases):
                self._names.setdefault(normalise_name(name), card.id)
        for name, model_id in extra.items():
            self._names[normalise_name(name)] = model_id

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """Start, end and model id of every calculator named, longest first, none overlapping."""
        tokens, found, position = tokenize(text), [], 0
        while position < len(tokens):
            for length in range(min(9, len(tokens) - position), 0, -1):
                name = " ".join(t.norm for t in tokens[position : position + length])
                if name in self._names and not _is_everyday(name, text, tokens[position]):
                    found.append((tokens[position].start, tokens[position + length - 1].end, self._names[name]))
                    position += length - 1
                    break
            position += 1
        return found or self._misspelt(tokens)

    def _misspelt(self, tokens: list[Token]) -> list[tuple[int, int, str]]:
        """A calculator whose name is nearly right ("Cockroft Gault", "chadsvac")."""
        from rapidfuzz import fuzz, process

        names = [n for n in self._names if len(n) >= 7]
        for length in (3, 2, 1):
            for position in range(len(tokens) - length + 1):
                words = " ".join(t.norm for t in tokens[position : position + length])
                if (
                    len(words) < 7
                    or "ruled" in words
                    or all(t.norm in common_words() for t in tokens[position : position + length])
                ):
                    continue
                best = process.extractOne(words, names, scorer=fuzz.ratio, score_cutoff=89.0)
                if best is not None and not _is_another_word(words.split(), best[0].split()):
                    return [(tokens[position].start, tokens[position + length - 1].end, self._names[best[0]])]
        return []


def _is_another_word(said: list[str], name: list[str]) -> bool:
    """Whether a word that differs is a word of its own: "HDL cholesterol" for LDL, "many blood pressures" for the mean."""
    pairs = zip(said, name, strict=True) if len(said) == len(name) else ()
    return any(a != b and (len(a) <= 3 or a in common_words()) for a, b in pairs)


_FROM_TO = re.compile(r"\s+(?:between|from|since|over|to)\b", re.IGNORECASE)  # "the gap between the two": a difference


def _is_everyday(name: str, text: str, token: Token) -> bool:
    """Whether a nickname of a calculator stands in its everyday sense: "the gap between", "procedures for the heart"."""
    if name == "gap":
        return _FROM_TO.match(text, token.end) is not None
    return name == "heart" and not text[token.start : token.end].isupper()
