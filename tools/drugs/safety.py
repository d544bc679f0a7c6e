"""Before a drug is given: allergies, duplicates and the values its use depends on, as the chart has them. No verdict."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from tools.context import ToolContext, cite, counted, plain_name
from tools.drugs.allergies import (
    allergy_conflicts,
    allergy_rows,
    is_active_allergy,
    only_in_notes,
    related_allergies,
    set_aside_allergies,
)
from tools.drugs.cautions import interaction_cautions, kidney_cautions
from tools.drugs.medications import courses, find_drug
from tools.knowledge import knowledge_statements
from tools.measurements.observations import latest
from tools.outcome import Statement, ToolResult, say

if TYPE_CHECKING:
    from knowledge_base.rows import AllergyRow
    from tools.concepts import Target


@lru_cache(maxsize=1)
def _checks() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = json.loads(
        resources.files("tools").joinpath("data/drug_checks.json").read_text("utf-8")
    )
    return loaded


def medication_safety(ctx: ToolContext, drug: str) -> ToolResult:
    """What the chart says that bears on giving a drug: allergy, same or related active drugs, relevant values, guidance."""
    target = find_drug(ctx, drug)
    hits = [r for r in allergy_rows(ctx, target) if is_active_allergy(r)]
    statements = [_allergy(row) for row in hits] or _no_allergy(ctx, target)
    same = [c for c in courses(ctx, target) if c.is_active]
    statements.extend(say(f"Already active: {c.name}.", cite(c.latest)) for c in same)
    cautions = [*kidney_cautions(ctx, target), *interaction_cautions(ctx, target, most=4)]
    statements.extend(say(c.text, *c.evidence) for c in cautions)
    if not any(c.kind == "interaction" for c in cautions):
        active = sum(1 for c in courses(ctx) if c.is_active and c not in same)
        text = f"The packaged list of serious interactions has none with the {active} other active medications; it is not complete."
        statements.append(
            say(text) if active else say("No other medication is active, so no interaction was looked for.")
        )
    for concept in _relevant(ctx, target.id):
        result = latest(ctx, concept)
        statements.extend(result.statements[:1] if result.found else [say(f"{_name(ctx, concept)}: not documented.")])
    statements.extend(knowledge_statements(f"{target.label} contraindication renal dose monitoring", target.label))
    statements.append(
        say("This is what the chart says that bears on the decision; whether to give it is yours to decide.")
    )
    return ToolResult(
        tool="medication_safety",
        statements=tuple(statements),
        conflicts=allergy_conflicts(ctx),
        data={"drug": target.id, "allergy": [r.ref for r in hits], "active": [c.name for c in same]},
        looked_at=(
            counted(len(ctx.chart.allergies), "allergy entry"),
            counted(len(ctx.chart.medications), "medication entry"),
        ),
    )


def _allergy(row: AllergyRow) -> Statement:
    reaction = f", reaction: {', '.join(row.reactions)}" if row.reactions else ""
    word = "Intolerance" if row.type == "intolerance" else "Allergy"
    return say(f"**{word} recorded: {plain_name(row.display)}**{reaction}.", cite(row))


def _no_allergy(ctx: ToolContext, target: Target) -> list[Statement]:
    """That none is recorded, with what comes near: entries set aside, relatives, and what only notes say."""
    n = len(ctx.chart.allergies)
    head = f"Allergy to {target.label}: none recorded ({counted(n, 'allergy entry')} looked at)."
    if not n and not ctx.chart.no_known_allergies:
        head = f"Allergy to {target.label}: not known, the record has no allergy entry at all, not even that none is known."
    return [say(head), *set_aside_allergies(ctx, target), *related_allergies(ctx, target), *only_in_notes(ctx, target)]


def _relevant(ctx: ToolContext, drug_id: str) -> list[str]:
    keys = [drug_id, *sorted(ctx.lexicon.vocabulary.classes_of(drug_id))]
    return list(dict.fromkeys(c for key in keys for c in _checks().get(key, ())))


def _name(ctx: ToolContext, concept: str) -> str:
    found = ctx.lexicon.vocabulary.get("observation", concept)
    return found.label if found else concept
