"""Which allergy entries concern a substance: in force, set aside, entered in error, or of a relative of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from knowledge_base.drafts import Finding, Severity
from knowledge_base.rows import AllergyRow
from tools.concepts import Target, normalise_name
from tools.context import ToolContext, cite, in_sentence, plain_name
from tools.drugs.checks.relatives import allergy_finding
from tools.drugs.checks.rules import kinds_of
from tools.drugs.reactions import shared_group
from tools.drugs.substances import substances_in
from tools.outcome import Statement, say

if TYPE_CHECKING:
    from collections.abc import Iterable


def is_active_allergy(row: AllergyRow) -> bool:
    """Whether an allergy is in force: one without a status counts as active."""
    return row.clinical_status in {"active", ""}


def allergies_in_force(ctx: ToolContext) -> list[AllergyRow]:
    """The entries that hold today."""
    return [r for r in ctx.chart.allergies if is_active_allergy(r)]


def find_allergen(ctx: ToolContext, substance: str) -> Target:
    """The substance that an allergy question names."""
    found = ctx.lexicon.resolve(substance, "allergen", "medication", "drug_class")
    if found is None:
        named = substances_in(ctx.lexicon, substance)
        found = named[0].target if named else None
    if found is None:
        found = ctx.lexicon.from_record(substance, ctx.chart.allergies, "allergen")
    return found or Target(kind="allergen", id=f"text:{substance}", label=substance)


def allergy_rows(ctx: ToolContext, target: Target) -> list[AllergyRow]:
    """Allergy rows that concern a substance: itself, its class, or members of it."""
    return concerning(ctx, target, ctx.chart.allergies)


def concerning(ctx: ToolContext, target: Target, rows: Iterable[AllergyRow]) -> list[AllergyRow]:
    """The rows among these that concern a substance."""
    if target.displays:
        return [r for r in rows if normalise_name(r.display) in target.displays]
    return [r for r in rows if ctx.lexicon.matches_allergy(target, r)]


def is_covered(ctx: ToolContext, target: Target, row: AllergyRow) -> bool:
    """Whether the row is about a class or group that the substance belongs to, not about the substance by name."""
    own = ctx.lexicon.concept_ids("medication", row) | ctx.lexicon.concept_ids("allergen", row)
    own |= ctx.lexicon.concept_ids("drug_class", row)
    if target.kind == "allergen":  # nuts asked, walnut on file: the narrower entry covers nothing
        recorded = ctx.lexicon.concept_ids("allergen", row)
        groups = [g for c in recorded - {target.id} if (g := ctx.lexicon.resolve(c, "allergen")) is not None]
        return target.id not in recorded and any(target.id in g.ids for g in groups)
    return target.kind == "medication" and target.id not in own


def mistaken_allergies(ctx: ToolContext) -> list[AllergyRow]:
    """Entries made in error: no evidence of an allergy, and shown only where it is asked what became of them."""
    rows = ctx.store.allergies(ctx.patient_id)
    return [r for r in rows if r.verification_status == "entered-in-error" and ctx.chart.is_known(r.time)]


def set_aside_rows(ctx: ToolContext, target: Target) -> list[AllergyRow]:
    """Entries about a substance that the record no longer holds for: resolved, inactive, refuted, made in error."""
    past = [r for r in allergy_rows(ctx, target) if not is_active_allergy(r)]
    return [*past, *concerning(ctx, target, (*ctx.chart.refuted_allergies, *mistaken_allergies(ctx)))]


def set_aside_allergies(ctx: ToolContext, target: Target) -> list[Statement]:
    """What became of the entries about a substance that no longer hold."""
    statements = []
    for row in set_aside_rows(ctx, target):
        struck = row.verification_status in {"refuted", "entered-in-error"}
        state = row.verification_status.replace("-", " ") if struck else row.clinical_status
        reaction = f" (reaction then: {', '.join(row.reactions)})" if row.reactions else ""
        text = f"No active allergy to {in_sentence(target)}: {plain_name(row.display)}{reaction} is recorded as **{state}**."
        statements.append(say(f"{text} {row.note}" if row.note else text, cite(row)))
    return statements


def related_allergies(ctx: ToolContext, target: Target) -> list[Statement]:
    """Active allergies to another drug of the same class, or of a class that cross-reacts, with the source."""
    found = [f for r in allergies_in_force(ctx) if (f := relation(ctx, target, r))]
    return [
        say(f"But {f.text[:1].lower()}{f.text[1:]}{f' ({f.source})' if f.source else ''}", *f.evidence) for f in found
    ]


def relation(ctx: ToolContext, target: Target, row: AllergyRow) -> Finding | None:
    """What an allergy to something else means for a substance: the same class, or one that cross-reacts."""
    if target.displays:
        return None
    if target.kind == "allergen" and (group := shared_group(ctx.lexicon, target, row)):
        text = f"A related allergy is recorded: {plain_name(row.display)} ({group})."
        return Finding(check="allergy", severity=Severity.WARNING, text=text, evidence=(cite(row),))
    if target.kind not in {"medication", "drug_class"}:
        return None
    return allergy_finding(ctx, target, kinds_of(ctx.lexicon, target.id), row)
