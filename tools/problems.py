"""Problems, allergies and family history."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from domain.answers import Conflict
from domain.facts import Fact, FactKind
from tools.concepts import Target, content_words, normalise_name
from tools.context import ToolContext, cite, day, in_sentence, plain_name, within
from tools.notes import sentence_around
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.periods import Period

if TYPE_CHECKING:
    from knowledge_base.rows import AllergyRow, ConditionRow


def find_condition(ctx: ToolContext, name: str) -> Target:
    """The problem that a name means: from the vocabulary, else from the record's own names, else the words themselves."""
    if name.startswith("record:"):
        label = name.removeprefix("record:")
        return Target(kind="condition", id=name, label=label, displays=frozenset({label}))
    return (
        ctx.lexicon.resolve(name, "condition")
        or ctx.lexicon.from_record(name, ctx.chart.conditions, "condition")
        or Target(kind="condition", id=f"text:{name}", label=name)
    )


def conditions_of(ctx: ToolContext, target: Target, period: Period | None = None) -> list[ConditionRow]:
    """Condition rows that record the target."""
    return [r for r in within(ctx.chart.conditions, period) if ctx.lexicon.matches(target, r, "condition")]


def list_problems(
    ctx: ToolContext, status: str = "active", period: Period | None = None, clinical_only: bool = False
) -> ToolResult:
    """The problem list: `status` active | resolved | all; a period limits by onset. Newest onset first."""
    if status not in {"active", "resolved", "all"}:
        raise RetryableToolError("status is one of active, resolved, all")
    rows = within(ctx.chart.conditions, period)
    if status != "all":
        rows = [r for r in rows if ctx.chart.is_active(r) == (status == "active")]
    if clinical_only:
        rows = [r for r in rows if not is_social(ctx, r)]
    when = f" {period.label}" if period and period.label else ""
    looked = (f"{len(ctx.chart.conditions)} conditions up to {day(ctx.as_of)}",)
    if not rows:
        kind = "" if status == "all" else f"{status} "
        return ToolResult(
            tool="list_problems",
            found=False,
            looked_at=looked,
            data={"n": 0, "status": status},
            statements=(say(f"No {kind}problem is recorded{when}. Looked at {looked[0]}."),),
        )
    grouped: dict[str, list[ConditionRow]] = {}
    for row in rows:
        grouped.setdefault(normalise_name(row.display), []).append(row)
    newest_first = sorted(grouped.values(), key=lambda g: g[-1].time.timestamp() if g[-1].time else 0.0, reverse=True)
    kind = "" if status == "all" else f"{status} "
    head = say(f"**{len(newest_first)}** {kind}{'problem' if len(newest_first) == 1 else 'problems'}{when}:")
    return ToolResult(
        tool="list_problems",
        statements=(head, *[_problem_line(ctx, group) for group in newest_first]),
        data={"n": len(newest_first), "status": status, "names": [plain_name(g[-1].display) for g in newest_first]},
    )


def is_social(ctx: ToolContext, row: ConditionRow) -> bool:
    """Whether a condition row is a social finding (employment, education, housing), not a medical problem."""
    found = [ctx.lexicon.vocabulary.get("condition", i) for i in ctx.lexicon.concept_ids("condition", row)]
    return bool(found) and all(c is not None and c.extra.get("kind") == "social" for c in found)


def _problem_line(ctx: ToolContext, group: list[ConditionRow]) -> Statement:
    row = group[-1]
    parts = [f"since {day(row.onset or row.time)}"]
    if not ctx.chart.is_active(row):
        parts = [
            f"{day(row.onset or row.time)} to {day(row.abatement)}"
            if row.abatement
            else f"onset {parts[0][6:]}, {row.clinical_status}"
        ]
    if row.verification_status not in {"confirmed", ""}:
        parts.append(row.verification_status)
    if len(group) > 1:
        parts.append(f"{len(group)} episodes")
    return say(f"{plain_name(row.display)} ({', '.join(parts)})", cite(row), item=True)


def condition(
    ctx: ToolContext, name: str, aspect: str = "has", period: Period | None = None, newest: bool = False
) -> ToolResult:
    """One problem. `aspect`: has (ever or now) | active | onset | resolved | count; `newest` takes the last episode's onset."""
    if aspect not in {"has", "active", "onset", "resolved", "count", "ever"}:
        raise RetryableToolError("aspect is one of has, active, ever, onset, resolved, count")
    target = find_condition(ctx, name)
    rows = conditions_of(ctx, target, period)
    if not rows:
        return _no_condition(ctx, target, name, period)
    active = [r for r in rows if ctx.chart.is_active(r)]
    data = {
        "condition": target.id,
        "aspect": aspect,
        "active": bool(active),
        "n": len(rows),
        "onset": rows[0].time.isoformat() if rows[0].time else None,
    }
    conflicts = _note_denials(ctx, target, active or rows)
    if aspect == "onset":
        statements = [_onset(ctx, r) for r in (_distinct(rows[-1:]) if newest else _distinct(rows))]
    elif aspect == "resolved":
        statements = [_resolution(ctx, r) for r in _distinct(rows, newest=True)]
    elif aspect == "count":
        text = f"**{len(rows)}** {'episode' if len(rows) == 1 else 'episodes'} of {in_sentence(target)} recorded: "
        text += ", ".join(day(r.onset or r.time) for r in rows[-12:]) + "."
        statements = [say(text, *[cite(r) for r in rows[-12:]])]
    else:
        statements = _has(ctx, target, rows, active, aspect)
    return ToolResult(tool="condition", statements=tuple(statements), data=data, conflicts=conflicts)


def _distinct(rows: list[ConditionRow], newest: bool = False) -> list[ConditionRow]:
    """One row per named condition: its first episode, or its newest."""
    chosen: dict[str, ConditionRow] = {}
    for row in reversed(rows) if newest else rows:
        chosen.setdefault(normalise_name(row.display), row)
    return list(chosen.values())


def _onset(ctx: ToolContext, row: ConditionRow) -> Statement:
    state = (
        "active"
        if ctx.chart.is_active(row)
        else f"resolved {day(row.abatement)}"
        if row.abatement
        else row.clinical_status
    )
    return say(f"{plain_name(row.display)}: onset **{day(row.onset or row.time)}** ({state}).", cite(row))


def _resolution(ctx: ToolContext, row: ConditionRow) -> Statement:
    if ctx.chart.is_active(row):
        return say(
            f"Not resolved: {plain_name(row.display)} is active (since {day(row.onset or row.time)}).", cite(row)
        )
    if row.abatement is None:
        return say(f"{plain_name(row.display)} is {row.clinical_status}; the record gives no date for it.", cite(row))
    return say(
        f"{plain_name(row.display)} resolved on **{day(row.abatement)}** (onset {day(row.onset or row.time)}).",
        cite(row),
    )


def _has(
    ctx: ToolContext, target: Target, rows: list[ConditionRow], active: list[ConditionRow], aspect: str
) -> list[Statement]:
    if active:
        statements = []
        for row in _distinct(active):
            doubt = f", {row.verification_status}" if row.verification_status not in {"confirmed", ""} else ""
            text = f"Yes: **{plain_name(row.display)}**, active since {day(row.onset or row.time)}{doubt}."
            statements.append(say(text, cite(row)))
        return statements
    episodes = _distinct(rows, newest=True)
    lead = "Not now" if aspect == "active" else "Yes, in the past"
    statements = []
    for row in episodes:
        until = f" to {day(row.abatement)}" if row.abatement else f", {row.clinical_status}"
        doubt = f" ({row.verification_status})" if row.verification_status not in {"confirmed", ""} else ""
        text = f"{lead}: **{plain_name(row.display)}**, {day(row.onset or row.time)}{until}{doubt}; {row.clinical_status or 'resolved'}, no longer active."
        statements.append(say(text, cite(row)))
    return statements


def _no_condition(ctx: ToolContext, target: Target, name: str, period: Period | None) -> ToolResult:
    looked = (
        f"{len(ctx.chart.conditions)} conditions",
        f"{len(ctx.chart.procedures)} procedures",
        f"{len(ctx.chart.notes)} notes",
    )
    when = f" {period.label}" if period and period.label else ""
    statements = []
    refuted = [r for r in ctx.chart.refuted_conditions if ctx.lexicon.matches(target, r, "condition")]
    if refuted:
        row = refuted[-1]
        statements.append(
            say(f"No: {plain_name(row.display)} was considered and **refuted** ({day(row.time)}).", cite(row))
        )
    else:
        statements.append(
            say(f"No {in_sentence(target)} is recorded{when}; the problem list does not have it (not documented).")
        )
    related = [
        r
        for r in ctx.chart.procedures
        if (words := content_words(name)) and all(w in normalise_name(r.display) for w in words)
    ]
    if related:
        statements.append(
            say(
                f"A procedure names it: {plain_name(related[-1].display)} ({day(related[-1].time)}).", cite(related[-1])
            )
        )
    if period is not None and (outside := conditions_of(ctx, target)):
        row = outside[-1]
        statements.append(
            say(f"Outside that period: {plain_name(row.display)}, onset {day(row.onset or row.time)}.", cite(row))
        )
    statements.extend(note_findings(ctx, target))
    statements.append(say(f"Looked at {', '.join(looked[:-1])} and {looked[-1]} up to {day(ctx.as_of)}."))
    return ToolResult(
        tool="condition",
        found=False,
        statements=tuple(statements),
        looked_at=looked,
        data={"condition": target.id, "active": False, "n": 0},
    )


def note_findings(ctx: ToolContext, target: Target, limit: int = 2) -> list[Statement]:
    """What the notes say of a problem, newest first, with how it is asserted there."""
    kinds = {FactKind.CONDITION, FactKind.SYMPTOM, FactKind.FAMILY_HISTORY}
    facts = [f for f in ctx.chart.facts if f.kind in kinds and f.concept_id in target.ids]
    words = []
    mentions = {fact.evidence.ref: fact for fact in reversed(facts)}  # several relatives of one mention are one line
    for fact in mentions.values():
        a = fact.assertion
        how = (
            "as family history"
            if a.is_family or fact.kind is FactKind.FAMILY_HISTORY
            else "as absent"
            if a.is_negated
            else "as uncertain"
            if a.is_uncertain
            else "as hypothetical"
            if a.is_hypothetical
            else "as history"
            if a.is_historical
            else "as present"
        )
        when = day(ctx.chart.note_time(fact))
        words.append(say(f"A note of {when} mentions “{fact.evidence.quote}” {how}.", fact.evidence))
        if len(words) == limit:
            break
    return words


def _note_denials(ctx: ToolContext, target: Target, active: list[ConditionRow]) -> tuple[Conflict, ...]:
    """Notes written while a problem was active that deny it in the history sections."""
    if not active:
        return ()
    since = min((r.time for r in active if r.time), default=None, key=lambda t: t.timestamp())
    for fact in reversed(ctx.chart.facts):
        if fact.kind is not FactKind.CONDITION or fact.concept_id not in target.ids or not fact.assertion.is_negated:
            continue
        if is_set_right(ctx, fact):
            continue
        when = ctx.chart.note_time(fact)
        if when is not None and since is not None and when >= since and not fact.assertion.is_family:
            row = active[0]
            return (
                Conflict(
                    topic=target.label,
                    record_says=f"{plain_name(row.display)}, {'active since' if ctx.chart.is_active(row) else 'recorded'} {day(row.onset or row.time)}",
                    note_says=f"note of {day(when)}: “{fact.evidence.quote}” is negated",
                    evidence=(cite(row), fact.evidence),
                ),
            )
    return ()


# --- allergies ---------------------------------------------------------------------------------------------------


def allergies(ctx: ToolContext, substance: str = "", aspect: str = "list", category: str = "") -> ToolResult:
    """Allergies and intolerances: all, or whether one to a substance (drug, class, food) is recorded.

    `aspect`: list | has | reaction | count | none_known (answers "NKDA?"). `category`: drug | food | environment narrows a list, the rest is still named.
    Notes that contradict the record are shown as a conflict.
    """
    rows = ctx.chart.allergies
    conflicts = allergy_conflicts(ctx)
    if substance:
        return _allergy_to(ctx, substance, rows, conflicts, aspect)
    looked = (f"{len(rows)} allergy entries", f"{len(ctx.chart.notes)} notes")
    active = [r for r in rows if r.clinical_status in {"active", ""}]
    inactive = [r for r in rows if r not in active]
    if not active:
        none_known = ctx.chart.no_known_allergies
        text = "No allergy is recorded: the record has no active AllergyIntolerance entry."
        if none_known:
            text = f"{plain_name(none_known[-1].display)} (recorded {day(none_known[-1].time)})."
        statements = [
            say(text, *[cite(r) for r in none_known[-1:]]),
            *_allergy_testimony(ctx),
            say(f"Looked at {looked[0]} and {looked[1]}."),
        ]
        statements[1:1] = [_allergy_line(r, past=True) for r in inactive]
        return ToolResult(
            tool="allergies",
            found=bool(inactive),
            statements=tuple(statements),
            looked_at=looked,
            data={"n": 0},
            conflicts=conflicts,
        )
    head = say(f"**{len(active)}** active {'allergy' if len(active) == 1 else 'allergies'} recorded:")
    if aspect == "none_known":
        head = say(f"No: **{len(active)}** active {'allergy is' if len(active) == 1 else 'allergies are'} recorded:")
    elif category:
        of_kind = [r for r in active if _is_of_category(ctx, r, category)]
        others = [r for r in active if r not in of_kind]
        if not of_kind:
            head = say(f"No {category} allergy is recorded. Other active allergies ({len(others)}):")
            active = others
        elif others:
            head = say(
                f"**{len(of_kind)}** active {category} {'allergy' if len(of_kind) == 1 else 'allergies'} recorded, listed first of {len(active)}:"
            )
            active = [*of_kind, *others]
    lines = [_allergy_line(r) for r in active] + [_allergy_line(r, past=True) for r in inactive]
    return ToolResult(
        tool="allergies",
        statements=(head, *lines),
        conflicts=conflicts,
        data={"n": len(active), "names": [plain_name(r.display) for r in active]},
    )


def _is_of_category(ctx: ToolContext, row: AllergyRow, category: str) -> bool:
    """By the recorded category; a row that names a drug is a drug allergy whatever its category says."""
    named = ctx.lexicon.find_mentions(row.display, ("medication", "drug_class"), fuzzy=False)
    if category == "drug":
        return bool(named) or "medication" in row.category
    return category in row.category and not named


def _allergy_line(row: AllergyRow, past: bool = False) -> Statement:
    parts = [
        p
        for p in (
            f"{row.criticality} criticality" if row.criticality else "",
            ", ".join(row.category),
            f"reaction: {', '.join(row.reactions)}" if row.reactions else "",
            f"recorded {day(row.time)}" if row.time else "",
            f"{row.clinical_status}" if past else "",
            row.verification_status if row.verification_status not in {"confirmed", ""} else "",
        )
        if p
    ]
    return say(f"{plain_name(row.display)}" + (f" ({'; '.join(parts)})" if parts else ""), cite(row), item=True)


def find_allergen(ctx: ToolContext, substance: str) -> Target:
    """The substance that an allergy question names."""
    found = ctx.lexicon.resolve(substance, "allergen", "medication", "drug_class")
    if found is None:
        found = ctx.lexicon.from_record(substance, ctx.chart.allergies, "allergen")
    return found or Target(kind="allergen", id=f"text:{substance}", label=substance)


def allergy_rows(ctx: ToolContext, target: Target) -> list[AllergyRow]:
    """Allergy rows that concern a substance: itself, its class, or members of it."""
    if target.displays:
        return [r for r in ctx.chart.allergies if normalise_name(r.display) in target.displays]
    return [r for r in ctx.chart.allergies if ctx.lexicon.matches_allergy(target, r)]


def _allergy_to(
    ctx: ToolContext, substance: str, rows: list[AllergyRow], conflicts: tuple[Conflict, ...], aspect: str
) -> ToolResult:
    target = find_allergen(ctx, substance)
    hits = allergy_rows(ctx, target)
    if hits:
        statements = []
        for row in hits:
            state = "" if row.clinical_status in {"active", ""} else f" ({row.clinical_status})"
            reaction = (
                f"; reaction: {', '.join(row.reactions)}"
                if row.reactions
                else ("; the reaction is not documented" if aspect == "reaction" else "")
            )
            criticality = f"; {row.criticality} criticality" if row.criticality else ""
            statements.append(
                say(
                    f"Yes: **{plain_name(row.display)}** is recorded{state}{criticality}{reaction} "
                    f"({'recorded ' + day(row.time)}).",
                    cite(row),
                )
            )
        return ToolResult(
            tool="allergies",
            statements=tuple(statements),
            conflicts=conflicts,
            data={"substance": target.id, "n": len(hits)},
        )
    looked = (f"{len(rows)} allergy entries", f"{len(ctx.chart.notes)} notes")
    statements = [say(f"No {in_sentence(target)} allergy is recorded.")]
    others = [r for r in rows if r.clinical_status in {"active", ""}]
    if others:
        names = "; ".join(plain_name(r.display) for r in others)
        statements.append(say(f"Recorded allergies: {names}.", *[cite(r) for r in others]))
    else:
        statements.append(say("The record has no active allergy entry at all."))
    statements.extend(_allergy_testimony(ctx, target))
    statements.append(say(f"Looked at {looked[0]} and {looked[1]}."))
    return ToolResult(
        tool="allergies",
        found=False,
        statements=tuple(statements),
        looked_at=looked,
        conflicts=conflicts if others else (),
        data={"substance": target.id, "n": 0},
    )


def _allergy_testimony(ctx: ToolContext, target: Target | None = None, limit: int = 2) -> list[Statement]:
    """Allergies that only notes mention."""
    found = []
    for fact in reversed(ctx.chart.facts):
        if fact.kind is not FactKind.ALLERGY or fact.concept_id == "no_known_allergies" or fact.assertion.is_negated:
            continue
        if target is not None and fact.concept_id not in {*target.ids, target.id}:
            continue
        when = day(ctx.chart.note_time(fact))
        found.append(
            say(
                f"A note of {when} mentions an allergy: “{fact.evidence.quote}” (not in the structured record).",
                fact.evidence,
            )
        )
        if len(found) == limit:
            break
    return found


# What follows a name and makes it something else: "no gout flare" does not deny gout, a "latex-free" room no allergy.
_OTHER_THING = re.compile(
    r"[\s-]*(?:free\b|flares?\b|exacerbations?\b|attacks?\b|recurrence|relapse|progression|crisis|symptoms?\b|complications?\b|decompensation)",
    re.IGNORECASE,
)
_SET_RIGHT = re.compile(
    r"\b(?:incorrect|wrong|erroneous|in error|not (?:correct|true|accurate)|false|disproved|contrary)\b", re.IGNORECASE
)


def is_set_right(ctx: ToolContext, fact: Fact) -> bool:
    """Whether the note quotes the statement only to say that it is wrong ("ED note says NKDA: incorrect")."""
    span = fact.evidence.span
    note = next((n for n in ctx.chart.notes if span and n.id == span.note_id), None)
    if note is None or span is None:
        return False
    around, behind = note.text[max(0, span.start - 60) : span.end + 60], note.text[span.end : span.end + 24]
    other = _OTHER_THING.match(behind) or _OTHER_THING.search(fact.evidence.quote)
    return _SET_RIGHT.search(around) is not None or other is not None


def _denies_one_of(ctx: ToolContext, fact: Fact, active: Sequence[AllergyRow]) -> bool:
    """Whether a denied allergy is one of the recorded ones; "no known allergies" denies them all."""
    if fact.concept_id == "no_known_allergies":
        return True
    target = ctx.lexicon.resolve(fact.concept_id, "allergen", "medication", "drug_class")
    return target is not None and any(ctx.lexicon.matches_allergy(target, row) for row in active)


def allergy_conflicts(ctx: ToolContext) -> tuple[Conflict, ...]:
    """The newest note that says "no known allergies" although the record has active ones."""
    active = [r for r in ctx.chart.allergies if r.clinical_status in {"active", ""}]
    if not active:
        return ()
    for fact in reversed(ctx.chart.facts):
        denies = fact.kind is FactKind.ALLERGY and (
            fact.concept_id == "no_known_allergies" or fact.assertion.is_negated
        )
        if not denies or is_set_right(ctx, fact) or not _denies_one_of(ctx, fact, active):
            continue
        when = day(ctx.chart.note_time(fact))
        names = ", ".join(plain_name(r.display) for r in active)
        return (
            Conflict(
                topic="allergies",
                record_says=f"{len(active)} active: {names}",
                note_says=f"note of {when}: “{fact.evidence.quote}”",
                evidence=(cite(active[0]), fact.evidence),
            ),
        )
    return ()


# --- family history ----------------------------------------------------------------------------------------------


def family_history(ctx: ToolContext, name: str = "") -> ToolResult:
    """Diseases of relatives, from FamilyMemberHistory and from notes; optionally one disease."""
    target = find_condition(ctx, name) if name else None
    statements = []
    for row in ctx.chart.family_history:
        listed = [c for c in row.conditions if target is None or _family_match(ctx, target, c[0])]
        if listed:
            what = ", ".join(plain_name(c[0]) + (f" ({c[1]})" if c[1] else "") for c in listed)
            statements.append(say(f"{row.relationship}: {what}", cite(row, f"{row.relationship}: {what}"), item=True))
    seen: set[str] = set()
    for fact in reversed(ctx.chart.facts):
        is_family = fact.kind is FactKind.FAMILY_HISTORY or fact.assertion.is_family
        if not is_family or fact.assertion.is_negated or (target is not None and fact.concept_id not in target.ids):
            continue
        if fact.concept_id not in seen and len(seen) < 8:
            seen.add(fact.concept_id)
            when = day(ctx.chart.note_time(fact))
            quote, evidence = sentence_around(ctx, fact.evidence)
            statements.append(say(f"note of {when}: “{quote}”", evidence, item=True))
    looked = (f"{len(ctx.chart.family_history)} family history entries", f"{len(ctx.chart.notes)} notes")
    if not statements:
        of_what = f" of {in_sentence(target)}" if target else ""
        return ToolResult(
            tool="family_history",
            found=False,
            looked_at=looked,
            data={"n": 0},
            statements=(
                say(f"Not documented: no family history{of_what} is recorded. Looked at {looked[0]} and {looked[1]}."),
            ),
        )
    return ToolResult(
        tool="family_history", statements=(say("Family history:"), *statements), data={"n": len(statements)}
    )


def _family_match(ctx: ToolContext, target: Target, display: str) -> bool:
    found = ctx.lexicon.find_mentions(display, ("condition",), fuzzy=False)
    return any(t.id in target.ids for m in found for t in m.targets) or target.label.lower() in display.lower()
