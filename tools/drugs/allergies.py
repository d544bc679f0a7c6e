"""Allergies and intolerances: what the record lists, what it has set aside, and what only notes say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers import Conflict
from domain.facts import FactKind
from knowledge_base.rows import AllergyRow
from tools.concepts import Target
from tools.context import ToolContext, cite, dated, day, in_sentence, plain_name
from tools.drugs.allergens import allergies_in_force, concerning, find_allergen, mistaken_allergies
from tools.drugs.allergy_entries import ENTRY_ASPECTS, since
from tools.drugs.allergy_notes import allergy_conflicts, denied_in_notes, only_in_notes, told_by_notes
from tools.drugs.answer_form import asks_by_whom
from tools.drugs.one_allergy import allergy_to, looked_at, of_family, told_or_none
from tools.drugs.reaction_notes import as_statement, sentences_on
from tools.drugs.reactions import is_recorded_reaction
from tools.notes.search import sentence_around
from tools.outcome import RetryableToolError, Statement, ToolResult, say

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASPECTS = (
    "list",
    "has",
    "reaction",
    "count",
    "none_known",
    "told",
    "set_aside",
    "unlisted",
    "family",
    *sorted(ENTRY_ASPECTS),
)
_CATEGORIES = ("drug", "food", "environment")
_TOLD_SHOWN = 4
_MANY = 5


def allergies(
    ctx: ToolContext,
    substance: str = "",
    aspect: str = "list",
    category: str = "",
    reaction: str = "",
    besides: str = "",
    question: str = "",
) -> ToolResult:
    """Allergies and intolerances: all, or one substance (drug, class, food), with what notes tell of it.

    `aspect` of a substance: has | reaction | onset | recorded | severity | criticality | status | kind (allergy or intolerance) | age |
    told (how it was treated, where, who: what no entry holds, from the notes). Of the list: list | count | none_known ("NKDA?") |
    set_aside (no longer in force) | unlisted (in notes alone) | family (relatives'). `category`: drug | food | environment or a drug class, listed first.
    `reaction`: a finding (hives): whether it was the reaction to the substance, or which entries have it. `besides`: a substance
    to leave out. `question`: as it was asked, to choose what is quoted. Notes that contradict the record are shown as a conflict.
    """
    if aspect not in _ASPECTS:
        raise RetryableToolError(f"aspect is one of {', '.join(_ASPECTS)}")
    conflicts = allergy_conflicts(ctx)
    if substance.strip():
        return allergy_to(ctx, substance, conflicts, aspect, reaction, question)
    if aspect == "family":
        return of_family(ctx, question)
    if aspect == "unlisted":
        told = only_in_notes(ctx, limit=_TOLD_SHOWN)
        return told_or_none(ctx, told, "No allergy is told by the notes alone.")
    active = allergies_in_force(ctx)
    over = [r for r in ctx.chart.allergies if r not in active]
    past = [_allergy_line(r, past=True) for r in (*over, *ctx.chart.refuted_allergies)]
    if aspect == "set_aside":
        past += [_allergy_line(r, past=True) for r in mistaken_allergies(ctx)]
        return told_or_none(ctx, past, "No allergy entry is resolved, refuted or entered in error.", notes=False)
    if reaction.strip():
        return _with_reaction(ctx, active, reaction, aspect, conflicts)
    if besides.strip():
        left_out = find_allergen(ctx, besides)
        if left_over := [r for r in active if r not in concerning(ctx, left_out, active)]:
            active, past = left_over, []
    if not active:
        return _none_active(ctx, past, conflicts, question)
    head, active = _head(ctx, active, aspect, category)
    told = told_by_notes(ctx, _TOLD_SHOWN)
    if category and category not in _CATEGORIES:  # what only notes say of the class asked about stands first
        told = only_in_notes(ctx, find_allergen(ctx, category), limit=_TOLD_SHOWN)
    none_known = [
        say(f"The record also says “{plain_name(r.display)}” ({dated(r)}): the entries above are followed.", cite(r))
        for r in ctx.chart.no_known_allergies[-1:]
    ]
    return ToolResult(
        tool="allergies",
        statements=(*_by_whom(ctx, question), head, *[_allergy_line(r) for r in active], *past, *none_known, *told),
        conflicts=conflicts,
        data={"n": len(active), "names": [plain_name(r.display) for r in active]},
    )


def _head(ctx: ToolContext, active: list[AllergyRow], aspect: str, category: str) -> tuple[Statement, list[AllergyRow]]:
    if aspect == "none_known":
        return say(f"No: {_kinds_counted(active)} {'is' if len(active) == 1 else 'are'} recorded:"), active
    if aspect == "count":
        kinds = _kinds_counted(active)
        mixed = " and " in kinds
        return say(f"**{len(active)}** entries: {kinds}:" if mixed else f"{kinds} recorded:"), active
    of_kind = [r for r in active if not category or _is_of_category(ctx, r, category)]
    others = [r for r in active if r not in of_kind]
    word = _category_in_words(ctx, category)
    if not of_kind:
        return say(f"No {word} allergy is recorded. Other active entries ({len(others)}):"), others
    if others:
        kind = _kinds_counted(of_kind, word)
        return say(f"{kind} recorded, listed first of {len(active)}:"), [*of_kind, *others]
    if len(active) > _MANY:  # the names together, before what is said of each
        names = "; ".join(plain_name(r.display) for r in active)
        return say(f"{_kinds_counted(active)} recorded: {names}.", *[cite(r) for r in active]), active
    return say(f"{_kinds_counted(active)} recorded:"), active


def _by_whom(ctx: ToolContext, question: str) -> list[Statement]:
    """Who wrote of the allergies, where that is asked: the first note that speaks of them, and the newest."""
    if not asks_by_whom(question):
        return []
    facts = [f for f in ctx.chart.facts if f.kind is FactKind.ALLERGY and not f.assertion.is_family]
    said = []
    for fact in dict.fromkeys((*facts[:1], *facts[-1:])):
        span = fact.evidence.span
        note = ctx.chart.notes_by_id.get(span.note_id) if span is not None else None
        if note is not None and note.author:
            quote, evidence = sentence_around(ctx, fact.evidence)
            title = note.title or note.note_type or "note"
            said.append(say(f"The {title} of {day(note.time)}, written by {note.author}, says: “{quote}”", evidence))
    return said


def _category_in_words(ctx: ToolContext, category: str) -> str:
    if not category or category in _CATEGORIES:
        return category
    return in_sentence(find_allergen(ctx, category)).removesuffix("s")


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
    ctx: ToolContext, past: Sequence[Statement], conflicts: tuple[Conflict, ...], question: str
) -> ToolResult:
    looked = looked_at(ctx)
    none_known = ctx.chart.no_known_allergies[-1:]
    if none_known:
        text = f"{plain_name(none_known[0].display)} (recorded {dated(none_known[0])})."
    else:
        text = "No allergy is recorded: the record has no active AllergyIntolerance entry"
        text += ", and none that says that no allergy is known." if not past else "."
    denials = denied_in_notes(ctx) if not none_known else []
    return ToolResult(
        tool="allergies",
        found=bool(past),
        statements=(
            *_by_whom(ctx, question),
            say(text, *[cite(r) for r in none_known]),
            *past,
            *told_by_notes(ctx, _TOLD_SHOWN),
            *denials,
            say(f"Looked at {looked[0]} and {looked[1]}."),
        ),
        looked_at=looked,
        data={"n": 0},
        conflicts=conflicts,
    )


def _with_reaction(
    ctx: ToolContext, active: Sequence[AllergyRow], reaction: str, aspect: str, conflicts: tuple[Conflict, ...]
) -> ToolResult:
    """The entries with a reaction ("what gave her hives"), and the notes' sentences on it where none has it."""
    named = ctx.lexicon.resolve(reaction, "condition")
    word = in_sentence(named) if named is not None else reaction
    rows = [r for r in active if is_recorded_reaction(ctx.lexicon, r, reaction)]
    looked = looked_at(ctx)
    if rows:
        names = ", ".join(f"**{plain_name(r.display)}**" for r in rows)
        lead = "Yes: recorded" if aspect == "has" else "Recorded"
        head = say(f"{lead} with {word} as the reaction: {names}.", *[cite(r) for r in rows])
        lines = [_allergy_line(r) for r in rows]
        return ToolResult(
            tool="allergies",
            statements=(head, *lines),
            conflicts=conflicts,
            data={"n": len(rows), "names": [plain_name(r.display) for r in rows]},
        )
    others = "; ".join(
        f"{plain_name(r.display)} ({', '.join(r.reactions) or 'reaction not documented'})" for r in active
    )
    quoted = [as_statement(ctx, p) for p in sentences_on(ctx, reaction)]
    statements = [say(f"No {word} is recorded as the reaction of an allergy entry."), *told_by_notes(ctx, 2), *quoted]
    if others:
        statements.append(say(f"Recorded: {others}.", *[cite(r) for r in active]))
    statements.append(say(f"Looked at {looked[0]} and {looked[1]}."))
    return ToolResult(
        tool="allergies",
        found=False,
        statements=tuple(statements),
        looked_at=looked,
        data={"n": 0},
        conflicts=conflicts,
    )


def _is_of_category(ctx: ToolContext, row: AllergyRow, category: str) -> bool:
    """By the recorded category; a row that names a drug is a drug allergy whatever its category says. Else a drug class."""
    named = ctx.lexicon.find_mentions(row.display, ("medication", "drug_class"), fuzzy=False)
    if category == "drug":
        return bool(named) or "medication" in row.category
    if category in _CATEGORIES:
        return category in row.category and not named
    return bool(concerning(ctx, _class(ctx, category), [row])) or _is_class_within(ctx, row, category)


def _class(ctx: ToolContext, category: str) -> Target:
    return ctx.lexicon.resolve(category, "drug_class") or find_allergen(ctx, category)


def _is_class_within(ctx: ToolContext, row: AllergyRow, category: str) -> bool:
    """Whether an entry names a class whose every member is of the category: cephalosporins are antibiotics."""
    wanted = _class(ctx, category).ids
    named = (ctx.lexicon.resolve(i, "drug_class") for i in ctx.lexicon.concept_ids("drug_class", row))
    covered = [t.ids for t in named if t is not None]
    allergens = (ctx.lexicon.resolve(i, "allergen") for i in ctx.lexicon.concept_ids("allergen", row))
    covered += [t.ids - {t.id} for t in allergens if t is not None]
    return any(ids and len(ids & wanted) * 2 > len(ids) for ids in covered)


def _allergy_line(row: AllergyRow, past: bool = False) -> Statement:
    verified = row.verification_status
    parts = [
        p
        for p in (
            "intolerance" if row.type == "intolerance" else "",
            f"{row.criticality} criticality" if row.criticality and not past else "",
            ", ".join(row.category),
            f"reaction: {', '.join(row.reactions)}" if row.reactions else "",
            since(row),
            row.clinical_status if past and verified != "refuted" else "",
            verified if verified not in {"confirmed", ""} else "",
            f"note: {row.note.rstrip('.')}" if past and row.note else "",
        )
        if p
    ]
    lead = "Not in force: " if past else ""
    return say(f"{lead}{plain_name(row.display)}" + (f" ({'; '.join(parts)})" if parts else ""), cite(row), item=True)
