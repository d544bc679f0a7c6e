"""Allergies and intolerances: what the record lists, what it has set aside, and what only notes say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.answers import Conflict
from domain.facts import Fact, FactKind
from knowledge_base.rows import AllergyRow
from tools.concepts import Target, normalise_name
from tools.context import ToolContext, cite, counted, dated, day, in_sentence, plain_name
from tools.drugs.reactions import is_recorded_reaction, shared_group
from tools.notes.claims import affirms_allergy, denies_allergy, is_set_right, sentence_of
from tools.notes.search import sentence_around
from tools.outcome import RetryableToolError, Statement, ToolResult, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from knowledge_base.drafts import Finding

_ASPECTS = ("list", "has", "reaction", "count", "none_known")
_TOLERATED = re.compile(r"\W{0,3}(?:(?:is|was) )?(?:ok\b|okay|fine\b|safe\b|tolerat|allowed|without (?:reaction|problem|issue))", re.IGNORECASE)  # fmt: skip


def is_active_allergy(row: AllergyRow) -> bool:
    """Whether an allergy is in force: one without a status counts as active."""
    return row.clinical_status in {"active", ""}


def allergies(
    ctx: ToolContext, substance: str = "", aspect: str = "list", category: str = "", reaction: str = ""
) -> ToolResult:
    """Allergies and intolerances: all, or whether one to a substance (drug, class, food) is recorded.

    `aspect`: list | has | reaction | count | none_known (answers "NKDA?"). `category`: drug | food | environment narrows a list, the rest is still named.
    `reaction`: a finding (hives, anaphylaxis): whether it is the recorded reaction to the substance.
    Notes that contradict the record are shown as a conflict.
    """
    if aspect not in _ASPECTS:
        raise RetryableToolError(f"aspect is one of {', '.join(_ASPECTS)}")
    conflicts = allergy_conflicts(ctx)
    if substance.strip():
        return _allergy_to(ctx, substance, conflicts, aspect, reaction)
    rows = ctx.chart.allergies
    active = [r for r in rows if is_active_allergy(r)]
    past = [_allergy_line(r, past=True) for r in (*(r for r in rows if r not in active), *ctx.chart.refuted_allergies)]
    if not active:
        return _none_active(ctx, past, conflicts, aspect)
    head, active = _head(ctx, active, aspect, category)
    told = only_in_notes(ctx)
    none_known = [
        say(f"The record also says “{plain_name(r.display)}” ({dated(r)}): the entries above are followed.", cite(r))
        for r in ctx.chart.no_known_allergies[-1:]
    ]
    return ToolResult(
        tool="allergies",
        statements=(head, *[_allergy_line(r) for r in active], *past, *none_known, *told),
        conflicts=conflicts,
        data={"n": len(active), "names": [plain_name(r.display) for r in active]},
    )


def _head(ctx: ToolContext, active: list[AllergyRow], aspect: str, category: str) -> tuple[Statement, list[AllergyRow]]:
    if aspect == "none_known":
        return say(f"No: {_kinds_counted(active)} {'is' if len(active) == 1 else 'are'} recorded:"), active
    of_kind = [r for r in active if not category or _is_of_category(ctx, r, category)]
    others = [r for r in active if r not in of_kind]
    if not of_kind:
        return say(f"No {category} allergy is recorded. Other active entries ({len(others)}):"), others
    if others:
        kind = _kinds_counted(of_kind, category)
        return say(f"{kind} recorded, listed first of {len(active)}:"), [*of_kind, *others]
    return say(f"{_kinds_counted(active)} recorded:"), active


def _kinds_counted(rows: Sequence[AllergyRow], category: str = "") -> str:
    """ "**2** active allergies and **1** active intolerance": an intolerance is no allergy."""
    intolerances = [r for r in rows if r.type == "intolerance"]
    kind = f"{category} " if category else ""
    parts = [
        f"**{n}** active {kind}{one if n == 1 else many}"
        for n, one, many in (
            (len(rows) - len(intolerances), "allergy", "allergies"),
            (len(intolerances), "intolerance", "intolerances"),
        )
        if n
    ]
    return " and ".join(parts)


def _none_active(
    ctx: ToolContext, past: Sequence[Statement], conflicts: tuple[Conflict, ...], aspect: str
) -> ToolResult:
    looked = _looked_at(ctx)
    none_known = ctx.chart.no_known_allergies[-1:]
    if none_known:
        text = f"{plain_name(none_known[0].display)} (recorded {dated(none_known[0])})."
    else:
        text = "No allergy is recorded: the record has no active AllergyIntolerance entry"
        text += ", and none that says that no allergy is known." if not past else "."
    denials = _denied_in_notes(ctx) if not none_known else []
    return ToolResult(
        tool="allergies",
        found=bool(past),
        statements=(
            say(text, *[cite(r) for r in none_known]),
            *past,
            *only_in_notes(ctx),
            *denials,
            say(f"Looked at {looked[0]} and {looked[1]}."),
        ),
        looked_at=looked,
        data={"n": 0},
        conflicts=conflicts,
    )


def _looked_at(ctx: ToolContext) -> tuple[str, str]:
    return counted(len(ctx.chart.allergies), "allergy entry"), counted(len(ctx.chart.notes), "note")


def _is_of_category(ctx: ToolContext, row: AllergyRow, category: str) -> bool:
    """By the recorded category; a row that names a drug is a drug allergy whatever its category says."""
    named = ctx.lexicon.find_mentions(row.display, ("medication", "drug_class"), fuzzy=False)
    if category == "drug":
        return bool(named) or "medication" in row.category
    return category in row.category and not named


def _allergy_line(row: AllergyRow, past: bool = False) -> Statement:
    verified = row.verification_status
    parts = [
        p
        for p in (
            "intolerance" if row.type == "intolerance" else "",
            f"{row.criticality} criticality" if row.criticality and not past else "",
            ", ".join(row.category),
            f"reaction: {', '.join(row.reactions)}" if row.reactions else "",
            _since(row),
            row.clinical_status if past and verified != "refuted" else "",
            verified if verified not in {"confirmed", ""} else "",
            f"note: {row.note.rstrip('.')}" if past and row.note else "",
        )
        if p
    ]
    lead = "Not in force: " if past else ""
    return say(f"{lead}{plain_name(row.display)}" + (f" ({'; '.join(parts)})" if parts else ""), cite(row), item=True)


def _since(row: AllergyRow) -> str:
    if row.time is None:
        return ""
    return f"since {dated(row)}" if row.onset == row.time and row.recorded != row.time else f"recorded {dated(row)}"


# --- one substance ---------------------------------------------------------------------------------------------------


def find_allergen(ctx: ToolContext, substance: str) -> Target:
    """The substance that an allergy question names."""
    found = ctx.lexicon.resolve(substance, "allergen", "medication", "drug_class")
    if found is None:
        found = ctx.lexicon.from_record(substance, ctx.chart.allergies, "allergen")
    return found or Target(kind="allergen", id=f"text:{substance}", label=substance)


def allergy_rows(ctx: ToolContext, target: Target) -> list[AllergyRow]:
    """Allergy rows that concern a substance: itself, its class, or members of it."""
    return _concerning(ctx, target, ctx.chart.allergies)


def _concerning(ctx: ToolContext, target: Target, rows: Iterable[AllergyRow]) -> list[AllergyRow]:
    if target.displays:
        return [r for r in rows if normalise_name(r.display) in target.displays]
    return [r for r in rows if ctx.lexicon.matches_allergy(target, r)]


def _allergy_to(
    ctx: ToolContext, substance: str, conflicts: tuple[Conflict, ...], aspect: str, reaction: str
) -> ToolResult:
    target = find_allergen(ctx, substance)
    rows = ctx.chart.allergies
    hits = allergy_rows(ctx, target)
    active = [r for r in hits if is_active_allergy(r)]
    if active:
        return ToolResult(
            tool="allergies",
            statements=tuple(_recorded(ctx, target, row, aspect, reaction) for row in active),
            conflicts=conflicts,
            data={"substance": target.id, "n": len(hits)},
        )
    looked = _looked_at(ctx)
    others = [r for r in rows if is_active_allergy(r)]
    statements = [*set_aside_allergies(ctx, target)] or [say(f"No {in_sentence(target)} allergy is recorded.")]
    told = [*related_allergies(ctx, target), *only_in_notes(ctx, target)]
    statements += told
    if others:
        names = "; ".join(plain_name(r.display) for r in others)
        kinds = " and intolerances" if any(r.type == "intolerance" for r in others) else ""
        statements.append(say(f"Recorded allergies{kinds}: {names}.", *[cite(r) for r in others]))
    elif ctx.chart.no_known_allergies:
        row = ctx.chart.no_known_allergies[-1]
        statements.append(say(f"The record says: {plain_name(row.display)} ({dated(row)}).", cite(row)))
    else:
        statements.append(say("The record has no active allergy entry at all."))
    statements.append(say(f"Looked at {looked[0]} and {looked[1]}."))
    return ToolResult(
        tool="allergies",
        found=False,
        statements=tuple(statements),
        looked_at=looked,
        conflicts=conflicts if others else (),
        data={"substance": target.id, "n": 0, "told": len(told)},
    )


def _recorded(ctx: ToolContext, target: Target, row: AllergyRow, aspect: str, reaction: str = "") -> Statement:
    grave = f"{row.criticality} criticality" if row.criticality else ""
    severe = f"{row.severity} reaction" if row.severity else ""
    unsure = row.verification_status if row.verification_status not in {"confirmed", ""} else ""
    covers = f" It covers {in_sentence(target)}." if _is_covered(ctx, target, row) else ""
    note = f" {row.note}" if row.note else ""
    if aspect == "reaction" and row.reactions and not reaction:
        kind = "intolerance" if row.type == "intolerance" else ""
        parts = [p for p in (plain_name(row.display), kind, grave, severe, unsure, _since(row)) if p]
        return say(f"Recorded reaction: **{', '.join(row.reactions)}** ({'; '.join(parts)}).{covers}{note}", cite(row))
    had = f"reaction: {', '.join(row.reactions)}" if row.reactions else ""
    if not had and aspect == "reaction":
        had = "the reaction is not documented"
    told = "".join(f"; {p}" for p in (grave, had, severe, unsure) if p)
    when = f" ({_since(row)})" if row.time else ""
    lead = (
        _is_it_so(ctx, row, reaction) if reaction else "Yes, as an intolerance" if row.type == "intolerance" else "Yes"
    )
    return say(f"{lead}: **{plain_name(row.display)}** is recorded{told}{when}.{covers}{note}", cite(row))


def _is_it_so(ctx: ToolContext, row: AllergyRow, reaction: str) -> str:
    """Whether the reaction asked about is the recorded one, as the opening of an answer."""
    named = ctx.lexicon.resolve(reaction, "condition")
    words = in_sentence(named) if named is not None else reaction
    is_so = is_recorded_reaction(ctx.lexicon, row, named.label if named is not None else reaction)
    if is_so is None:
        return f"Not documented whether it was {words}"
    return "Yes" if is_so else f"No, {words} is not the recorded reaction"


def _is_covered(ctx: ToolContext, target: Target, row: AllergyRow) -> bool:
    """Whether the row is about a class or group that the substance belongs to, not about the substance by name."""
    own = ctx.lexicon.concept_ids("medication", row) | ctx.lexicon.concept_ids("allergen", row)
    own |= ctx.lexicon.concept_ids("drug_class", row)
    if target.kind == "allergen":  # nuts asked, walnut on file: the narrower entry covers nothing
        recorded = ctx.lexicon.concept_ids("allergen", row)
        groups = [g for c in recorded - {target.id} if (g := ctx.lexicon.resolve(c, "allergen")) is not None]
        return target.id not in recorded and any(target.id in g.ids for g in groups)
    return target.kind == "medication" and target.id not in own


def set_aside_allergies(ctx: ToolContext, target: Target) -> list[Statement]:
    """Entries about a substance that the record no longer holds for: refuted, resolved, inactive."""
    refuted = _concerning(ctx, target, ctx.chart.refuted_allergies)
    past = [r for r in allergy_rows(ctx, target) if not is_active_allergy(r)]
    statements = []
    for row in (*past, *refuted):
        state = "refuted" if row in refuted else row.clinical_status
        reaction = f" (reaction then: {', '.join(row.reactions)})" if row.reactions else ""
        text = f"No active allergy to {in_sentence(target)}: {plain_name(row.display)}{reaction} is recorded as **{state}**."
        statements.append(say(f"{text} {row.note}" if row.note else text, cite(row)))
    return statements


def related_allergies(ctx: ToolContext, target: Target) -> list[Statement]:
    """Active allergies to another drug of the same class, or of a class that cross-reacts, with the source."""
    found = [f for r in ctx.chart.allergies if is_active_allergy(r) and (f := _relation(ctx, target, r))]
    return [
        say(f"But {f.text[:1].lower()}{f.text[1:]}{f' ({f.source})' if f.source else ''}", *f.evidence) for f in found
    ]


def _relation(ctx: ToolContext, target: Target, row: AllergyRow) -> Finding | None:
    from knowledge_base.drafts import Finding, Severity
    from tools.drafts.checks import allergy_finding
    from tools.drafts.rules import kinds_of

    if target.displays:
        return None
    if target.kind == "allergen" and (group := shared_group(ctx.lexicon, target, row)):
        text = f"A related allergy is recorded: {plain_name(row.display)} ({group})."
        return Finding(check="allergy", severity=Severity.WARNING, text=text, evidence=(cite(row),))
    if target.kind not in {"medication", "drug_class"}:
        return None
    return allergy_finding(ctx, target, kinds_of(ctx.lexicon, target.id), row)


# --- notes -----------------------------------------------------------------------------------------------------------


def only_in_notes(ctx: ToolContext, target: Target | None = None, limit: int = 2) -> list[Statement]:
    """Allergies that notes affirm and the record does not have; of one substance, or all."""
    found: dict[str, Statement] = {}
    for fact in reversed(ctx.chart.facts):
        if not affirms_allergy(fact) or is_set_right(ctx, fact) or _is_tolerated(ctx, fact):
            continue
        named = (
            ctx.lexicon.resolve(fact.concept_id, "allergen", "medication", "drug_class") if fact.concept_id else None
        )
        if named is not None and (_concerning(ctx, named, (*ctx.chart.allergies, *ctx.chart.refuted_allergies))):
            continue
        if target is not None and (named is None or not _means(ctx, named, target)):
            continue
        quote, evidence = sentence_around(ctx, fact.evidence)
        key = fact.concept_id or quote
        if key not in found:
            text = f"Only in notes, not in the structured record: note of {day(ctx.chart.note_time(fact))}: “{quote}”"
            found[key] = say(text, evidence)
    return list(found.values())[:limit]


def _is_tolerated(ctx: ToolContext, fact: Fact) -> bool:
    text, place = sentence_of(ctx, fact)
    return _TOLERATED.match(text[place + len(fact.evidence.quote) :]) is not None


def _means(ctx: ToolContext, named: Target, target: Target) -> bool:
    """Whether an allergy that a note names bears on the substance: it, its class, a member of it, or a relative."""
    covered = {named.id, *named.ids}
    for concept in (named.id, *named.ids):
        if ctx.lexicon.vocabulary.get("drug_class", concept) is not None:
            covered |= ctx.lexicon.vocabulary.ingredients(concept)
    if target.id in covered or covered & set(target.ids):
        return True
    as_row = AllergyRow(ref="", patient_id=ctx.patient_id, resource_type="", display=named.label)
    return ctx.lexicon.matches_allergy(target, as_row) or _relation(ctx, target, as_row) is not None


def _denied_in_notes(ctx: ToolContext) -> list[Statement]:
    """What the newest note says that denies all allergies, where the record itself is silent."""
    for fact in reversed(ctx.chart.facts):
        if fact.kind is FactKind.ALLERGY and fact.concept_id == "no_known_allergies" and denies_allergy(ctx, fact):
            text = f"A note of {day(ctx.chart.note_time(fact))} says “{fact.evidence.quote}” (note text only)."
            return [say(text, fact.evidence)]
    return []


def allergy_conflicts(ctx: ToolContext) -> tuple[Conflict, ...]:
    """The newest note that denies recorded allergies, be it all of them or one."""
    active = [r for r in ctx.chart.allergies if is_active_allergy(r)]
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
                evidence=(cite(active[0]), evidence),
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
    target = ctx.lexicon.resolve(fact.concept_id, "allergen", "medication", "drug_class")
    return target is not None and any(ctx.lexicon.matches_allergy(target, row) for row in active)
