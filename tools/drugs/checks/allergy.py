"""Recorded allergies against a drug: itself, its class, a related one; then what the record refutes and notes add."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from domain.facts import Fact, FactKind
from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target
from tools.context import ToolContext, cite, dated, day, plain_name
from tools.drugs.allergens import is_active_allergy
from tools.drugs.allergy_notes import allergy_conflicts
from tools.drugs.checks.rules import kinds_of, opening, rules
from tools.notes.claims import is_set_right

if TYPE_CHECKING:
    from knowledge_base.rows import AllergyRow


def allergies(ctx: ToolContext, drug: Target, kinds: frozenset[str]) -> Iterable[Finding]:
    """Allergies to the drug, its class or a related one; what was refuted; what only notes say; that there is none."""
    rows = [r for r in ctx.chart.allergies if is_active_allergy(r)]
    hits = [f for r in rows if (f := allergy_finding(ctx, drug, kinds, r))]
    yield from hits
    refuted = [f for r in ctx.chart.refuted_allergies if (f := _refuted(ctx, drug, kinds, r))]
    yield from refuted
    if not hits and not refuted and (told := _told(ctx, drug)) is not None:
        hits = [told]
        yield told
    for conflict in allergy_conflicts(ctx):
        text = f"Record and notes disagree on allergies: {conflict.record_says}; {conflict.note_says}. The record is followed."
        yield Finding(check="allergy", severity=Severity.INFO, text=text, evidence=conflict.evidence)
    if hits:
        return
    if rows or ctx.chart.no_known_allergies or refuted:
        known = [cite(r) for r in (*rows, *ctx.chart.no_known_allergies)]
        text = f"No allergy to {drug.label} or its relatives among {len(rows)} active allergies."
        yield Finding(check="allergy", severity=Severity.INFO, text=text, evidence=tuple(known))
    else:
        text = "The record has no allergy entry at all, not even that none is known: ask the patient."
        yield Finding(check="allergy", severity=Severity.NOT_CHECKED, text=text)


def _refuted(ctx: ToolContext, drug: Target, kinds: frozenset[str], row: AllergyRow) -> Finding | None:
    """That an allergy was recorded and refuted, with by whom and on what grounds as far as the record says."""
    if allergy_finding(ctx, drug, kinds, row) is None:
        return None
    raw = ctx.store.resource(ctx.patient_id, row.ref)
    who = next((n for k in ("asserter", "recorder") if (n := raw.get(k, {}).get("display"))), "")
    by = f" by {who}" if who else ""
    why = f" {row.note}" if row.note else ""
    told = [f for f in _mentions(ctx, drug)][-1:]
    said = f" A note of {day(ctx.chart.note_time(told[0]))} still says “{told[0].evidence.quote}”." if told else ""
    text = f"The record has refuted an allergy{by}: {plain_name(row.display)} ({dated(row)}).{why}{said}"
    return Finding(
        check="allergy", severity=Severity.INFO, text=text, evidence=(cite(row), *(f.evidence for f in told))
    )


def _told(ctx: ToolContext, drug: Target) -> Finding | None:
    """An allergy to the drug that a note affirms and the record has no entry of."""
    for fact in _mentions(ctx, drug):
        when = day(ctx.chart.note_time(fact))
        text = (
            f"A note of {when} mentions an allergy, “{fact.evidence.quote}”, that the structured record does not have."
        )
        return Finding(check="allergy", severity=Severity.WARNING, text=text, evidence=(fact.evidence,))
    return None


def _mentions(ctx: ToolContext, drug: Target) -> Iterable[Fact]:
    for fact in ctx.chart.facts:
        told = fact.kind is FactKind.ALLERGY and not fact.assertion.is_negated and not fact.assertion.is_family
        if told and fact.concept_id and _means(ctx, fact.concept_id, drug) and not is_set_right(ctx, fact):
            yield fact


def _means(ctx: ToolContext, concept: str, drug: Target) -> bool:
    target = ctx.lexicon.resolve(concept, "allergen", "medication", "drug_class")
    return target is not None and drug.id in _covered(ctx, {target.id, *target.ids})


def _covered(ctx: ToolContext, ids: set[str]) -> set[str]:
    """The ingredients that allergens, classes and drugs stand for."""
    found = set(ids)
    for concept in ids:
        if ctx.lexicon.vocabulary.get("drug_class", concept) is not None:
            found |= ctx.lexicon.vocabulary.ingredients(concept)
    return found


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


def active_allergies(ctx: ToolContext, drug: Target) -> list[Finding]:
    """Findings of the active allergies that are to the drug, or to its class or a related drug with grave findings."""
    kinds = kinds_of(ctx.lexicon, drug.id)
    rows = [r for r in ctx.chart.allergies if is_active_allergy(r)]
    return [f for r in rows if (f := allergy_finding(ctx, drug, kinds, r))]


def _allergy_kinds(ctx: ToolContext, row: AllergyRow) -> frozenset[str]:
    """The drugs and classes an allergy is about, with the classes of its drugs."""
    vocabulary = ctx.lexicon.vocabulary
    found = set(ctx.lexicon.concept_ids("medication", row)) | set(ctx.lexicon.concept_ids("drug_class", row))
    for concept in ctx.lexicon.concept_ids("allergen", row):
        allergen = vocabulary.get("allergen", concept)
        found |= {concept, *(allergen.members if allergen else ())}
    classes = {c for drug in found if vocabulary.get("medication", drug) for c in vocabulary.classes_of(drug)}
    return frozenset(found | classes)
