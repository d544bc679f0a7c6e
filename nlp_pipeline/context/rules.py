"""The context rule files: groups of phrases with choices.

`rules/context_lists.json` names lists of words; every other `rules/context_*.json` holds groups. A group gives its
phrases a category, a direction and the conditions of `ContextPhrase`. In a phrase "[a|b|]" is a choice, the last one
empty, "{name}" one word of a list, "<year>" a year, "<n>" any other number and "<member>" a relative.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

RULES = Path(__file__).parent.parent / "rules"
_LISTS = "context_lists.json"
_UNIT = re.compile(r"(?:\[[^\]]*\]|[^\s\[])+")
_PART = re.compile(r"\[[^\]]*\]|[^\[]+")
_LIST = re.compile(r"\{(\w+)\}")
_SETS = ("allowed_types", "excluded_types", "terminates", "stop_at", "needs", "unless_before", "unless_after")
_CONDITIONS = frozenset(
    "initial final closing open attached attached_before spaced needs unless_before unless_after".split()
)


class ContextPhrase(NamedTuple):
    """One phrase of the rule files with the behaviour of its group; the field names are the files'."""

    literal: str  # with its choices
    category: str
    direction: str
    max_scope: int | None = None  # words
    allowed_types: frozenset[str] | None = None  # labels of targets that it may modify; None: every label
    excluded_types: frozenset[str] = frozenset()  # labels of targets that it does not modify
    terminates: frozenset[str] | None = None  # categories whose scope it ends; None: every category
    side: str = ""  # a terminator of forward or of backward scopes only
    retreats: bool = False  # a terminator whose own subject is outside the scope too
    inner: bool = False  # a terminator whose first words are still in the scope
    clausal: bool = False  # a terminator: a verb, which a cue with a clause of its own ("denies that") has once
    initial: bool = False  # must open the sentence or follow punctuation
    final: bool = False  # must be followed by punctuation or the end
    closing: bool = False  # must be followed by punctuation, the end, or a preposition
    open: bool = False  # must not be `closing`
    attached: bool = False  # no white space before the next word
    attached_before: bool = False  # no white space after the word before
    spaced: bool = False  # white space on both sides
    needs: frozenset[str] = frozenset()  # words of which the sentence must hold one too
    stop_at: frozenset[str] = frozenset()  # words that end its scope
    unless_before: frozenset[str] = frozenset()  # cancelled where the next word is one of these
    unless_after: frozenset[str] = frozenset()  # cancelled where one of the two words before is one of these
    conditional: bool = False  # whether it has any of the conditions on its neighbours, which most phrases have not


@lru_cache(maxsize=1)
def load_lists(folder: Path = RULES) -> dict[str, list[str]]:
    """The named word lists; "relative" holds the words of the class "<member>"."""
    lists: dict[str, list[str]] = json.loads((folder / _LISTS).read_text(encoding="utf-8"))
    return lists


@lru_cache(maxsize=1)
def load_phrases(folder: Path = RULES) -> tuple[ContextPhrase, ...]:
    """Every phrase of the packaged rules, lists filled in, in file order."""
    lists = load_lists(folder)
    phrases: list[ContextPhrase] = []
    for path in sorted(folder.glob("context_*.json")):
        if path.name != _LISTS:
            for group in json.loads(path.read_text(encoding="utf-8"))["groups"]:
                phrases.extend(_phrases(group, lists))
    return tuple(phrases)


def slots_of(phrase: str) -> list[list[str]]:
    """The choices for each place of a phrase, in order; an empty choice is ""."""
    return [_choices(unit) for unit in _UNIT.findall(phrase)]


def expand(phrase: str) -> Iterator[str]:
    """The literals that a phrase stands for."""
    for combination in itertools.product(*slots_of(phrase)):
        yield " ".join(" ".join(combination).split())


def _choices(unit: str) -> list[str]:
    """The choices of a unit without outer spaces: "of", "[of|for|]" or "[year|day]-old"."""
    parts = [part[1:-1].split("|") if part.startswith("[") else [part] for part in _PART.findall(unit)]
    return list(dict.fromkeys("".join(combination).strip() for combination in itertools.product(*parts)))


def _filled(pattern: str, lists: dict[str, list[str]]) -> str:
    """A pattern with its lists as choices; a list inside a choice is part of that choice."""

    def words(match: re.Match[str]) -> str:
        joined = "|".join(lists[match[1]])
        inside = pattern.count("[", 0, match.start()) > pattern.count("]", 0, match.start())
        return joined if inside else f"[{joined}]"

    return _LIST.sub(words, pattern)


def _phrases(group: dict[str, Any], lists: dict[str, list[str]]) -> Iterator[ContextPhrase]:
    settings = {k: v for k, v in group.items() if k not in {"phrases", "why"}}
    for name in _SETS:
        if name in settings:
            settings[name] = frozenset(choice for word in settings[name] for choice in expand(_filled(word, lists)))
    settings["conditional"] = not _CONDITIONS.isdisjoint(settings)
    for pattern in group["phrases"]:
        yield ContextPhrase(_filled(pattern, lists), **settings)
