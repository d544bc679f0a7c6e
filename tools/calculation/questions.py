"""Which calculator a question asks for, and which of its outputs: phrases as data, then the names of the twin's models."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from twin_backend import TwinBackend


class Ask(NamedTuple):
    """A calculator and the output that is wanted; an empty output means the model's first."""

    model: str
    output: str = ""


class _Phrase(NamedTuple):
    pattern: re.Pattern[str]
    ask: Ask


@lru_cache(maxsize=1)
def _phrases() -> tuple[_Phrase, ...]:
    rows = json.loads(resources.files("tools").joinpath("data/calculator_questions.json").read_text(encoding="utf-8"))
    return tuple(
        _Phrase(re.compile(pattern, re.IGNORECASE), Ask(row["model"], row.get("output", "")))
        for row in rows
        for pattern in row["phrases"]
    )


def aliases_of(twin: TwinBackend) -> tuple[_Phrase, ...]:
    """The names of a twin's models as phrases, the longest first."""
    return _named(tuple(
        (alias, card.id)
        for card in twin.catalogue()
        for alias in (card.title, card.id.replace("_", " "), *card.aliases)
        if len(alias) > 2
    ))  # fmt: skip


_WORDS = frozenset({"gap", "heart", "map"})  # names that are also words: only in capitals


@lru_cache(maxsize=4)
def _named(names: tuple[tuple[str, str], ...]) -> tuple[_Phrase, ...]:
    return tuple(
        _Phrase(
            re.compile(
                rf"(?<![A-Za-z0-9]){_loose(alias.upper() if alias in _WORDS else alias)}(?![A-Za-z0-9])",
                0 if alias in _WORDS else re.IGNORECASE,
            ),
            Ask(model),
        )
        for alias, model in sorted(names, key=lambda pair: -len(pair[0]))
    )


def _loose(alias: str) -> str:
    return r"[\s\-_]*".join(re.escape(part) for part in re.split(r"[\s\-_]+", alias) if part)


_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-") | dict.fromkeys(
    map(ord, "\u2018\u2019"), "'"
)
_LONGEST = 2000  # characters of a question that are read
_OTHER_QUESTION = re.compile(
    r"^\W*(?:who|where|why)\b|\b(?:what|which) (?:drug|medication|medicine)s?\b", re.IGNORECASE
)


def _plain(question: str) -> str:
    """The question with plain digits, dashes, quotes and spaces."""
    return " ".join(unicodedata.normalize("NFKC", question[:_LONGEST]).translate(_DASHES).split())


@lru_cache(maxsize=256)
def ask_of(question: str, aliases: tuple[_Phrase, ...]) -> Ask | None:
    """The calculator that the question names or describes, or None.

    The phrase that reaches furthest wins of those that are listed, unless it is a part of another model's name;
    without one, the longest name of a model.
    """
    text = _plain(question)
    if _OTHER_QUESTION.search(text):
        return None
    listed = [(match.end() - match.start(), -place, match.span(), phrase.ask) for place, phrase in enumerate(_phrases())
              if (match := phrase.pattern.search(text))]  # fmt: skip
    named = next(((match.span(), alias.ask) for alias in aliases if (match := alias.pattern.search(text))), None)
    if not listed:
        return named[1] if named else None
    _, _, told, ask = max(listed, key=lambda found: found[:2])
    wider = named is not None and named[0][0] <= told[0] and told[1] <= named[0][1] and named[0] != told
    return named[1] if named and wider and named[1].model != ask.model else ask
