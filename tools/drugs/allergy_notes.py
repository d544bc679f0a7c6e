"""What notes say of allergies beside the list: told by them alone, denied by them, or in conflict with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.answers import Conflict
from domain.facts import Fact, FactKind
from knowledge_base.rows import AllergyRow
from tools.concepts import Target
from tools.context import ToolContext, cite, day, in_sentence, plain_name
from tools.drugs.allergens import allergies_in_force, concerning, relation
from tools.drugs.reactions import reactions_told, says_it_was_borne
from tools.drugs.substances import substances_in
from tools.notes.claims import affirms_allergy, denies_allergy, is_set_right, sentence_of
from tools.notes.search import sentence_around
from tools.outcome import Statement, say

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOLERATED = re.compile(r"\W{0,3}(?:(?:is|was) )?(?:ok\b|okay|fine\b|safe\b|tolerat|allowed|without (?:reaction|problem|issue))", re.IGNORECASE)  # fmt: skip

# "Penicillin (rash), codeine", "hives with aspirin": the next of a list; "wheeze, nebulised salbutamol x3" is what was given.
_OPENS_NEXT = re.compile(r"(?:[,;:(/+&•*-]|\b(?:to|and|or|from|with|after|on|also|by|both))\s*$", re.IGNORECASE)

_SEVERAL = 2


def only_in_notes(
    ctx: ToolContext, target: Target | None = None, limit: int = 2, outright: bool = False
) -> list[Statement]:
    """Allergies that notes affirm and the record does not have; of one substance, or all. `outright`: of itself, no relative."""
    return [statement for _, statement in _only_in_notes(ctx, target, outright)][:limit]


def told_by_notes(ctx: ToolContext, limit: int) -> list[Statement]:
    """All that only notes call an allergy; of several the names first, then what is said of each."""
    found = _only_in_notes(ctx)[:limit]
    names = list(dict.fromkeys(name for name, _ in found if name))
    if len(names) < _SEVERAL:
        return [s for _, s in found]
    lead = say(f"By notes alone: {'; '.join(names)}.", *[e for _, s in found for e in s.evidence])
    return [lead, *(s for _, s in found)]


def _only_in_notes(
    ctx: ToolContext, target: Target | None = None, outright: bool = False
) -> list[tuple[str, Statement]]:
    found: dict[str, tuple[str, Statement]] = {}
    for fact in reversed(ctx.chart.facts):
        if not affirms_allergy(fact) or is_set_right(ctx, fact) or _is_tolerated(ctx, fact):
            continue
        named = _named(ctx, fact)
        if named is not None and (concerning(ctx, named, (*ctx.chart.allergies, *ctx.chart.refuted_allergies))):
            continue
        if target is not None and (named is None or not _means(ctx, named, target)):
            continue
        if outright and named is not None and target is not None and not _is_itself(named, target):
            continue
        quote, evidence = sentence_around(ctx, fact.evidence)
        key = fact.concept_id or quote
        if key not in found and not any(f"“{quote}”" in s.text for _, s in found.values()):
            text = f"Only in notes, not in the structured record: note of {day(ctx.chart.note_time(fact))}: “{quote}”"
            found[key] = (in_sentence(named) if named is not None else "", say(text, evidence))
    return list(found.values())


def _named(ctx: ToolContext, fact: Fact) -> Target | None:
    """The substance that a fact of an allergy is about."""
    return ctx.lexicon.resolve(fact.concept_id, "allergen", "medication", "drug_class") if fact.concept_id else None


def still_told(ctx: ToolContext, row: AllergyRow) -> Fact | None:
    """The newest note that has an allergy which the record has refuted."""
    for fact in reversed(ctx.chart.facts):
        if affirms_allergy(fact) and not is_set_right(ctx, fact) and (named := _named(ctx, fact)) is not None:
            if concerning(ctx, named, [row]):
                return fact
    return None


def _is_itself(named: Target, target: Target) -> bool:
    """Whether a substance that a note names is the one asked about, or a class with it in it; not a member of a class asked about."""
    return named.id == target.id or target.id in named.ids


def _is_tolerated(ctx: ToolContext, fact: Fact) -> bool:
    """Whether the sentence says that it was borne, or only that it was given for the reaction to something else."""
    text, place = sentence_of(ctx, fact)
    if _TOLERATED.match(text[place + len(fact.evidence.quote) :]) is not None:
        return True
    clause = re.split(r"[;\n]|(?<=[a-z)])\. ", text[place:])[0]
    if says_it_was_borne(clause) or says_it_was_borne(text[:place]):
        return not any(reactions_told(text).values())
    before = text[:place]
    reacted_before = any(reactions_told(before).values()) and bool(substances_in(ctx.lexicon, before))
    return reacted_before and _OPENS_NEXT.search(before) is None


def _means(ctx: ToolContext, named: Target, target: Target) -> bool:
    """Whether an allergy that a note names bears on the substance: it, its class, a member of it, or a relative."""
    covered = {named.id, *named.ids}
    for concept in (named.id, *named.ids):
        if ctx.lexicon.vocabulary.get("drug_class", concept) is not None:
            covered |= ctx.lexicon.vocabulary.ingredients(concept)
    if target.id in covered or covered & set(target.ids):
        return True
    as_row = AllergyRow(ref="", patient_id=ctx.patient_id, resource_type="", display=named.label)
    return ctx.lexicon.matches_allergy(target, as_row) or relation(ctx, target, as_row) is not None


def denied_in_notes(ctx: ToolContext) -> list[Statement]:
    """What the newest note says that denies all allergies, where the record itself is silent."""
    for fact in reversed(ctx.chart.facts):
        if fact.kind is FactKind.ALLERGY and fact.concept_id == "no_known_allergies" and denies_allergy(ctx, fact):
            text = f"A note of {day(ctx.chart.note_time(fact))} says “{fact.evidence.quote}” (note text only)."
            return [say(text, fact.evidence)]
    return []


def allergy_conflicts(ctx: ToolContext) -> tuple[Conflict, ...]:
    """The newest note that denies recorded allergies, be it all of them or one."""
    active = allergies_in_force(ctx)
    if not active:
        return ()
    for fact in reversed(ctx.chart.facts):
        if not denies_allergy(ctx, fact) or not _denies_one_of(ctx, fact, active):
            continue
        names = ", ".join(plain_name(r.display) for r in active)
        # "allergic to penicillin" alone would say the opposite of "states he is not allergic to penicillin".
        in_words = fact.evidence.quote, fact.evidence
        said, evidence = in_words if fact.concept_id == "no_known_allergies" else sentence_around(ctx, fact.evidence)
        return (
            Conflict(
                topic="allergies",
                record_says=f"{len(active)} active: {names}",
                note_says=f"note of {day(ctx.chart.note_time(fact))}: “{said}”",
                evidence=(*(cite(r) for r in active), evidence),
            ),
        )
    return ()


def unlisted_allergies(ctx: ToolContext) -> tuple[Conflict, ...]:
    """Allergies that notes affirm and the record does not list."""
    return tuple(
        Conflict(
            topic="allergies",
            record_says="no such allergy",
            note_says=s.text.partition(": ")[2],
            evidence=s.evidence,
        )
        for s in only_in_notes(ctx)
    )


def _denies_one_of(ctx: ToolContext, fact: Fact, active: Sequence[AllergyRow]) -> bool:
    """Whether a denied allergy is one of the recorded ones; "no known allergies" denies them all."""
    if fact.concept_id == "no_known_allergies":
        return True
    target = _named(ctx, fact)
    return target is not None and any(ctx.lexicon.matches_allergy(target, row) for row in active)
