"""Which calculator a question asks for, and which of its outputs: phrases as data, then the names of the twin's models."""

from __future__ import annotations

import json
import re
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


@lru_cache(maxsize=4)
def _named(names: tuple[tuple[str, str], ...]) -> tuple[_Phrase, ...]:
    return tuple(
        _Phrase(re.compile(rf"(?<![A-Za-z0-9]){_loose(alias)}(?![A-Za-z0-9])", re.IGNORECASE), Ask(model))
        for alias, model in sorted(names, key=lambda pair: -len(pair[0]))
    )


def _loose(alias: str) -> str:
    return r"[\s\-_]*".join(re.escape(part) for part in re.split(r"[\s\-_]+", alias) if part)


def ask_of(question: str, aliases: tuple[_Phrase, ...]) -> Ask | None:
    """The calculator that the question names or describes, or None.

    The phrase that reaches furthest wins, of those that are listed; without one, the longest name of a model.
    """
    text = " ".join(question.replace("₂", "2").split())
    listed = [(match.end() - match.start(), -place, phrase.ask) for place, phrase in enumerate(_phrases())
              if (match := phrase.pattern.search(text))]  # fmt: skip
    if listed:
        return max(listed, key=lambda found: found[:2])[2]
    return next((phrase.ask for phrase in aliases if phrase.pattern.search(text)), None)
