"""Reactions to a substance: which findings are one, and whether a named one is what the record has."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from tools.concepts import Lexicon, Target, content_words, normalise_name

if TYPE_CHECKING:
    from knowledge_base.rows import AllergyRow


@lru_cache(maxsize=1)
def _lists() -> dict[str, tuple[str, ...]]:
    text = resources.files("tools").joinpath("data/allergic_reactions.json").read_text(encoding="utf-8")
    return {name: tuple(ids) for name, ids in json.loads(text).items()}


def is_reaction(condition: str) -> bool:
    """Whether a condition can be what a substance did to somebody (hives, bronchospasm)."""
    return condition in _lists()["reactions"] or is_allergy_itself(condition)


def is_allergy_itself(condition: str) -> bool:
    """Whether a condition only says that there is an allergy ("allergic reaction to aspirin")."""
    return condition in _lists()["allergy_itself"]


def is_recorded_reaction(lexicon: Lexicon, row: AllergyRow, reaction: str) -> bool | None:
    """Whether a reaction of that name is the one recorded; None where the record names no reaction, or one too vague to say."""
    asked = lexicon.resolve(reaction, "condition")
    if not row.reactions:
        return None
    for recorded in row.reactions:
        found = lexicon.resolve(recorded, "condition")
        if set(content_words(normalise_name(reaction))) & set(content_words(normalise_name(recorded))):
            return True
        if asked is not None and found is not None and (asked.ids & found.ids):
            return True
    return False


def shared_group(lexicon: Lexicon, target: Target, row: AllergyRow) -> str:
    """The smallest group that holds both a substance and a recorded one (almond and walnut: tree nuts); empty for none."""
    recorded = lexicon.concept_ids("allergen", row)
    groups = (g for name in _lists()["groups"] if (g := lexicon.resolve(name, "allergen")) is not None)
    shared = next((g for g in groups if target.id in g.ids and recorded & g.ids), None)
    return shared.label.lower() if shared is not None else ""
