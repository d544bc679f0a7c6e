"""Which drugs, problems and procedures are known to move a result, from the packaged list, and how notes name it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from tools.concepts import Target
from tools.context import ToolContext


@lru_cache(maxsize=1)
def known_effects() -> dict[str, Any]:
    """The packaged effects of drugs, problems and procedures on results, with their sources."""
    loaded: dict[str, Any] = json.loads(
        resources.files("tools").joinpath("data/result_effects.json").read_text("utf-8")
    )
    return loaded


def effects_on(ctx: ToolContext, target: Target) -> list[tuple[Mapping[str, Any], Target]]:
    """The effects listed for a result or its wider name, each with the drug or class it is of."""
    labs = same_result(ctx, target)
    pairs = []
    for effect in known_effects()["drug_effects"]:
        if effect["lab"] in labs and (drug := ctx.lexicon.resolve(effect["drug"], "drug_class", "medication")):
            pairs.append((effect, drug))
    return pairs


def same_result(ctx: ToolContext, target: Target) -> frozenset[str]:
    """Ids under which effects on a result may be listed: itself, what is narrower, what is wider."""
    wider = ctx.lexicon.vocabulary.ancestors("observation", target.id)
    return frozenset({target.id, *target.ids, *wider})


def suspects(ctx: ToolContext, target: Target, direction: str) -> list[str]:
    """Names under which notes may blame a drug of this patient: of every listed drug that was ever ordered, and its class."""
    names: list[str] = []
    for effect, drug in effects_on(ctx, target):
        if effect["effect"] != direction:
            continue
        ordered = [r for r in ctx.chart.medications if ctx.lexicon.matches(drug, r, "medication")]
        ids = {i for r in ordered for i in ctx.lexicon.concept_ids("medication", r)} & set(drug.ids)
        concepts = [ctx.lexicon.vocabulary.get("medication", i) for i in ids]
        concepts.append(ctx.lexicon.vocabulary.get("drug_class", drug.id) if ordered else None)
        names += [n for c in concepts if c is not None for n in (c.label, *c.synonyms) if len(n) > 3]
    return names


def names_of(ctx: ToolContext, target: Target) -> list[str]:
    """How notes may call the result: its label, its synonyms of two letters or more, and what its change is called."""
    concept = ctx.lexicon.vocabulary.get("observation", target.id)
    names = [target.label, *(s for s in (concept.synonyms if concept else ()) if len(s) > 2)]
    if concept is not None:
        names += [s.capitalize() for s in concept.extra.get("ambiguous", "").split("|") if len(s) == 2]
    for lab in same_result(ctx, target):
        names += known_effects()["also_called"].get(lab, [])
    return names
