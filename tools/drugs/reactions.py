"""Reactions to a substance: which findings are one, what they are called, and whether a named one is what the record has."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from tools.concepts import Lexicon, Target, content_words, normalise_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from knowledge_base.rows import AllergyRow

# Between a part and its swelling: "swelling of the lips", "her ankles have swollen up".
_NEAR = 32
_DENIED = re.compile(
    r"\b(?:no|not|never|without|nil|denie[sd]|denying|nor|free of|negative for)\b[^,;.()\n]*$", re.IGNORECASE
)
_SET_RIGHT = re.compile(
    r"[^.;\n]{0,40}\b(?:wrong|incorrect\w*|in error|erroneous\w*|mistak\w+|disproved|not (?:true|correct|confirmed|right)|ruled out|excluded|removed)\b",
    re.IGNORECASE,
)  # "ED sheet entry of anaphylaxis is WRONG"
_OF_NO_PART = "swelling"


def _is_said(text: str, match: re.Match[str]) -> bool:
    return not _DENIED.search(text[: match.start()]) and not _SET_RIGHT.match(text, match.end())


@lru_cache(maxsize=1)
def words_of_reactions() -> dict[str, Any]:
    """What `data/allergic_reactions.json` holds: conditions, groups of substances, and everyday words for both."""
    text = resources.files("tools").joinpath("data/allergic_reactions.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def as_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Words of a list as one pattern: `*` ends a word anyhow, spaces and hyphens are alike."""
    forms = sorted(words, key=len, reverse=True)
    parts = [
        r"[\s-]+".join(re.escape(w) for w in form.removesuffix("*").split()) + (r"\w*" if form.endswith("*") else r"\b")
        for form in forms
    ]
    return re.compile(rf"\b(?:{'|'.join(parts)})", re.IGNORECASE)


@lru_cache(maxsize=1)
def _told_as() -> dict[str, re.Pattern[str]]:
    return {name: as_pattern(words) for name, words in words_of_reactions()["told_as"].items()}


@lru_cache(maxsize=1)
def _swellings() -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    lists = words_of_reactions()
    return as_pattern(lists["swells"]), {part: as_pattern(words) for part, words in lists["parts"].items()}


def is_reaction(condition: str) -> bool:
    """Whether a condition can be what a substance did to somebody (hives, bronchospasm)."""
    return condition in words_of_reactions()["reactions"] or is_allergy_itself(condition)


def is_allergy_itself(condition: str) -> bool:
    """Whether a condition only says that there is an allergy ("allergic reaction to aspirin")."""
    return condition in words_of_reactions()["allergy_itself"]


def reactions_told(text: str) -> dict[str, bool]:
    """The reactions that a text names, by one name each ("threw up": vomiting), with whether it says that there was one.

    A swelling is named with its part ("swelling of the lip"); where no part is named it is "swelling". What is denied in one
    clause and said in another counts as said.
    """
    found: dict[str, bool] = {}
    for name, pattern in _told_as().items():
        for match in pattern.finditer(text):
            found[name] = found.get(name, False) or _is_said(text, match)
    swells, parts = _swellings()
    for match in swells.finditer(text):
        start, end = max(0, match.start() - _NEAR), match.end() + _NEAR
        clause = (
            re.split(r"[,;.()\n]", text[start : match.start()])[-1],
            re.split(r"[,;.()\n]", text[match.end() : end])[0],
        )
        around = " ".join((clause[0], match[0], clause[1]))
        said = _is_said(text, match)
        named = [f"{_OF_NO_PART} of the {part}" for part, pattern in parts.items() if pattern.search(around)]
        for name in named or [_OF_NO_PART]:
            found[name] = found.get(name, False) or said
    return found


def recorded_reactions(row: AllergyRow) -> frozenset[str]:
    """The recorded reactions of an entry, by the names that `reactions_told` gives them."""
    return frozenset(name for words in row.reactions for name in reactions_told(words))


def are_alike(asked: str, told: str) -> bool:
    """Whether two names of `reactions_told` mean the same: a swelling of no named part is any swelling."""
    return asked == told or (asked == _OF_NO_PART and told.startswith(_OF_NO_PART))


def is_recorded_reaction(lexicon: Lexicon, row: AllergyRow, reaction: str) -> bool | None:
    """Whether a reaction of that name is the one recorded; None where the record names no reaction, or one too vague to say."""
    asked = lexicon.resolve(reaction, "condition")
    if not row.reactions:
        return None
    names = (reaction, *([asked.label] if asked is not None else []))
    if any(are_alike(a, b) for name in names for a in reactions_told(name) for b in recorded_reactions(row)):
        return True
    said = [set(content_words(normalise_name(name))) for name in names]
    for recorded in row.reactions:
        found = lexicon.resolve(recorded, "condition")
        words = set(content_words(normalise_name(recorded)))
        if any((s & words) - _VAGUE for s in said):
            return True
        if asked is not None and found is not None and (asked.ids & found.ids):
            return True
    return False


# "Facial swelling" and "ankle swelling" share a word, and are not the same.
_VAGUE = frozenset({"swelling", "reaction", "pain", "skin", "acute", "severe", "mild"})


@lru_cache(maxsize=2)
def _listed(name: str) -> re.Pattern[str]:
    return as_pattern(words_of_reactions()[name])


def says_it_was_borne(text: str) -> bool:
    """Whether a text says that a substance was tolerated, tested, or taken off the list."""
    return _listed("tolerated").search(text) is not None


def where_it_was_borne(text: str) -> tuple[int, int] | None:
    """The sentence of a text that says so; None where none does. What sets an entry right comes before what was only borne."""
    found = _listed("set_right").search(text) or _listed("tolerated").search(text)
    if found is None:
        return None
    start = max(
        text.rfind(". ", 0, found.start()) + 2 if ". " in text[: found.start()] else 0,
        text.rfind("\n", 0, found.start()) + 1,
    )
    stop = re.compile(r"[.!?](?=\s|$)|\n|$").search(text, found.end())
    return start, stop.end() if stop is not None else len(text)


def says_it_was_set_right(text: str) -> bool:
    """Whether a text says that somebody is not allergic after all, or how that was tested."""
    return _listed("set_right").search(text) is not None


def is_known_by_reaction(name: str) -> bool:
    """Whether a reaction is rare enough that its name stands for what happened ("when did he get SJS")."""
    return name in words_of_reactions()["known_by_reaction"]


def shared_group(lexicon: Lexicon, target: Target, row: AllergyRow) -> str:
    """The smallest group that holds both a substance and a recorded one (almond and walnut: tree nuts); empty for none."""
    recorded = lexicon.concept_ids("allergen", row)
    groups = (g for name in words_of_reactions()["groups"] if (g := lexicon.resolve(name, "allergen")) is not None)
    shared = next((g for g in groups if target.id in g.ids and recorded & g.ids), None)
    return shared.label.lower() if shared is not None else ""
