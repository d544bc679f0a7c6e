"""What an allergy entry means for a drug: the same substance, one of its class, or one that cross-reacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target
from tools.context import ToolContext, cite, plain_name
from tools.drugs.checks.rules import groups_of, opening, rules

if TYPE_CHECKING:
    from knowledge_base.rows import AllergyRow


def allergy_finding(ctx: ToolContext, drug: Target, kinds: frozenset[str], row: AllergyRow) -> Finding | None:
    """What an allergy means for a drug or class: the same, of the same class, or cross-reacting; None when it means nothing."""
    reaction = f" (reaction: {', '.join(row.reactions)})" if row.reactions else ""
    name = f"{plain_name(row.display)}{reaction}"
    word = "Intolerance" if row.type == "intolerance" else "Allergy"
    if ctx.lexicon.matches_allergy(drug, row):
        mild = row.type == "intolerance" and row.criticality != "high"
        return Finding(
            check="allergy", severity=Severity.WARNING if mild else Severity.CRITICAL, evidence=(cite(row),),
            text=f"{word} recorded: {name}. {opening(drug.label)} is it or belongs to it.",
        )  # fmt: skip
    recorded = _allergy_kinds(ctx, row)
    everything = kinds | ctx.lexicon.vocabulary.classes_of(drug.id)
    if same := sorted(recorded & everything & set(rules()["same_class_reacts"])):
        text = f"{word} recorded: {name}. {opening(drug.label)} is of the same class ({same[0].replace('_', ' ')})."
        severe = row.type != "intolerance" or row.criticality == "high"
        return Finding(
            check="allergy",
            severity=Severity.CRITICAL if severe else Severity.WARNING,
            text=text,
            evidence=(cite(row),),
        )
    for rule in rules()["cross_reactivity"]:
        harmless = rule.get("unless_reaction", ())  # a cough on an ACE inhibitor does not speak against an ARB
        if row.reactions and all(any(w in r.lower() for w in harmless) for r in row.reactions):
            continue
        if rule["allergy"] in recorded and rule["drug"] in everything:
            text = f"{word} recorded: {name}. {rule['text']}"
            return Finding(check="allergy", severity=Severity(rule["severity"]), text=text, evidence=(cite(row),), source=rule["source"])  # fmt: skip
    return None


def _allergy_kinds(ctx: ToolContext, row: AllergyRow) -> frozenset[str]:
    """The drugs and classes an allergy is about, with the classes of its drugs."""
    vocabulary = ctx.lexicon.vocabulary
    found = set(ctx.lexicon.concept_ids("medication", row)) | set(ctx.lexicon.concept_ids("drug_class", row))
    for concept in ctx.lexicon.concept_ids("allergen", row):
        allergen = vocabulary.get("allergen", concept)
        found |= {concept, *(allergen.members if allergen else ())}
    drugs = [d for d in found if vocabulary.get("medication", d)]
    classes = {c for drug in drugs for c in (*vocabulary.classes_of(drug), *groups_of(drug))}
    return frozenset(found | classes)
