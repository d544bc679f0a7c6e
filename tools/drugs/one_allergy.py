"""One substance: whether the record holds an allergy to it, what it says of it, and what notes tell beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.answers import Conflict
from tools.context import ToolContext, cite, counted, dated, in_sentence, plain_name
from tools.drugs.allergens import (
    allergies_in_force,
    allergy_rows,
    find_allergen,
    is_active_allergy,
    is_covered,
    related_allergies,
    set_aside_allergies,
    set_aside_rows,
)
from tools.drugs.allergy_entries import ENTRY_ASPECTS, entry_said
from tools.drugs.allergy_notes import only_in_notes
from tools.drugs.answer_form import asks_by_whom, asks_when, lacks_form
from tools.drugs.reaction_notes import (
    Passage,
    allergies_of_relatives,
    as_statement,
    bears_on_allergy,
    is_told,
    of_relatives,
    of_the_reaction,
    passages_of,
    told,
    tolerance,
)
from tools.drugs.reactions import (
    is_known_by_reaction,
    is_recorded_reaction,
    reactions_told,
    says_it_was_set_right,
)
from tools.drugs.substances import substances_in
from tools.notes.search import search_notes
from tools.outcome import Statement, ToolResult, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from knowledge_base.rows import AllergyRow
    from tools.concepts import Target

_OF_THE_REACTION = re.compile(r"\breact\w*|\brxn\b|\btreat\w*|\bgiven (?:for|to)\b", re.IGNORECASE)
_OFF_THE_LIST = re.compile(r"\bde-?label\w*|\b(?:taken|come|came|struck) (?:off|away)\b|\bruled out\b|\bdisproved\b|\btaken away\b", re.IGNORECASE)  # fmt: skip
_OPENLY = re.compile(r"\b(?:how|why|who|when|which|what|where)\b", re.IGNORECASE)
_AT_A_TIME = re.compile(
    r"^\W*(?:did|was|were|any)\b.*\b(?:react\w*|rash|hives|itch\w*|problem|trouble)\b", re.IGNORECASE
)
_OF_KIN = re.compile(r"\b(?:mother|father|mum|mom|dad|brother|sister|sons?|daughters?|children|kids|aunt|uncle|grand\w+|siblings?|relatives?|family)\b(?:['’]s)?", re.IGNORECASE)  # fmt: skip
_MAY_IT = re.compile(
    r"^\W*(?:so |and |but )?(?:can|may|could|should|is it|would it)\b|\b(?:safe|ok(?:ay)?|alright|all right|allowed)\b",
    re.IGNORECASE,
)
_IS_IT_LISTED = re.compile(
    r"\b(?:is|was|has|are)\b.*\b(?:on|entered|added|listed|put|in)\b.*\blist(?:ed)?\b", re.IGNORECASE
)
_WITH_A_NOTE = frozenset({"reaction", "onset", "kind", "age"})


def looked_at(ctx: ToolContext) -> tuple[str, str]:
    """What a claim that there is no allergy rests on."""
    return counted(len(ctx.chart.allergies), "allergy entry"), counted(len(ctx.chart.notes), "note")


def told_or_none(ctx: ToolContext, told_of: Sequence[Statement], none: str, notes: bool = True) -> ToolResult:
    """What was found, or that there is none with what was looked at: the entries, and the notes."""
    looked = looked_at(ctx)
    statements = (*told_of,) or (say(f"{none} Looked at {' and '.join(looked if notes else looked[:1])}."),)
    return ToolResult(
        tool="allergies", found=bool(told_of), statements=statements, looked_at=looked, data={"n": len(told_of)}
    )


def allergy_to(
    ctx: ToolContext, substance: str, conflicts: tuple[Conflict, ...], aspect: str, reaction: str, question: str
) -> ToolResult:
    """What the record and the notes have of an allergy to one substance."""
    target = find_allergen(ctx, substance)
    hits = allergy_rows(ctx, target)
    active = [r for r in hits if is_active_allergy(r)]
    passages = passages_of(ctx, target, [*active, *set_aside_rows(ctx, target)])
    led = _led_by_a_note(ctx, target, active, passages, question) if active and not reaction else []
    if aspect == "told" and not led:
        return _told(ctx, target, active, passages, conflicts, question)
    if active:
        if reaction:
            statements = _of_reaction(ctx, target, active, passages, reaction)
        else:
            statements = [*led, *(entry_said(ctx, target, row, "told" if led else aspect) for row in active)]
            beside = _beside(ctx, active, passages, aspect, question)
            statements += [s for s in beside if not _stands(s, statements)]
        return ToolResult(
            tool="allergies",
            statements=tuple(statements),
            conflicts=conflicts,
            data={"substance": target.id, "n": len(hits)},
        )
    return _not_on_list(ctx, target, passages, conflicts, aspect, reaction, question)


def _beside(
    ctx: ToolContext, active: Sequence[AllergyRow], passages: Sequence[Passage], aspect: str, question: str
) -> list[Statement]:
    """What notes say beside an entry: the reaction's own sentences, and that it was borne since or taken off."""
    quoted: list[Passage] = []
    if question and aspect in _WITH_A_NOTE:
        ranked = told(ctx, passages, question, len(passages))[0]
        quoted += of_the_reaction(ranked, active)[:1]
    quoted += [p for p in tolerance(passages) if p not in quoted][:2]
    return [as_statement(ctx, p) for p in quoted[:2]]


def _led_by_a_note(
    ctx: ToolContext, target: Target, active: Sequence[AllergyRow], passages: Sequence[Passage], question: str
) -> list[Statement]:
    """The note that answers before the entry does: that it was taken off, or that this member of a class was borne."""
    borne = tolerance(passages)
    if _OFF_THE_LIST.search(question) and not _OPENLY.search(question):
        right = next((p for p in borne if says_it_was_set_right(p.text)), None)
        return [_after("Yes, by a note; the list still has the entry.", as_statement(ctx, right))] if right else []
    if _AT_A_TIME.search(question) and all(is_covered(ctx, target, row) for row in active):
        own = [p for p in borne if any(n.target.id == target.id for n in substances_in(ctx.lexicon, p.text))]
        return [_after(f"No reaction to {in_sentence(target)} is told:", as_statement(ctx, p)) for p in own[:1]]
    return []


def _stands(statement: Statement, among: Sequence[Statement]) -> bool:
    return any(e in s.evidence for s in among for e in statement.evidence)


def _of_reaction(
    ctx: ToolContext, target: Target, active: Sequence[AllergyRow], passages: Sequence[Passage], reaction: str
) -> list[Statement]:
    """Whether a finding was the reaction: by the entry, else by what a note tells of it."""
    recorded = [r for r in active if is_recorded_reaction(ctx.lexicon, r, reaction)]
    if recorded:
        return [entry_said(ctx, target, row, "has", reaction) for row in recorded]
    asked = reactions_told(reaction)
    if any(is_known_by_reaction(name) for name in asked) and any(row.reactions for row in active):
        # Whether it was anaphylaxis is what the entry is about: the record is followed, and the notes that differ are shown.
        naming = [p for p in passages if asked.keys() & reactions_told(p.text).keys()][:2]
        entries = [entry_said(ctx, target, row, "reaction", reaction) for row in active]
        return [*entries, *(as_statement(ctx, p) for p in naming)]
    entries = [entry_said(ctx, target, row, "told") for row in active]
    is_so, passage = is_told(passages, reaction)
    if passage is None:
        return [entry_said(ctx, target, row, "reaction", reaction) for row in active]
    lead = "Yes, a note tells of it; the allergy entry does not name it:" if is_so else "No, a note denies it:"
    return [_after(lead, as_statement(ctx, passage)), *entries]


def _after(lead: str, quote: Statement) -> Statement:
    return say(f"{lead} {quote.text}", *quote.evidence)


def _not_on_list(
    ctx: ToolContext,
    target: Target,
    passages: Sequence[Passage],
    conflicts: tuple[Conflict, ...],
    aspect: str,
    reaction: str,
    question: str,
) -> ToolResult:
    looked = looked_at(ctx)
    others = allergies_in_force(ctx)
    outright = only_in_notes(ctx, target, outright=True)
    statements: list[Statement] = []
    if reaction and (passage := (found := is_told(passages, reaction))[1]) is not None:
        lead = "Yes, a note tells of it:" if found[0] else "No, a note denies it:"
        statements.append(_after(lead, as_statement(ctx, passage)))
    aside = set_aside_allergies(ctx, target)
    if outright and not aside:
        is_it_listed = _IS_IT_LISTED.search(question) is not None
        lead = f"Yes, by a note; {in_sentence(target)} is not on the allergy list." if not statements else ""
        if is_it_listed:
            lead = f"No: {in_sentence(target)} is not on the allergy list, though a note tells of an allergy to it."
        statements += [*([say(lead)] if lead else []), *outright]
        aside = [say("")] if not statements else []
    else:
        statements += aside or [say(f"No {in_sentence(target)} allergy is recorded.")]
        if aspect in ENTRY_ASPECTS:
            statements += [entry_said(ctx, target, row, aspect) for row in set_aside_rows(ctx, target)]
    near = [s for s in only_in_notes(ctx, target) if s not in outright]
    related = related_allergies(ctx, target)
    bearing = [p for p in told(ctx, passages, question, len(passages))[0] if bears_on_allergy(p)]
    if asks_when(question):  # the note that was written when it happened
        bearing.sort(key=lambda p: str(ctx.chart.notes_by_id[p.note_id].time))
    bearing = bearing[:2]
    kin = [as_statement(ctx, p) for p in of_relatives(ctx, target)[:1]]
    statements += [
        *related,
        *near,
        *(say(f"Of a relative, not of the patient: {s.text}", *s.evidence) for s in kin),
        *(as_statement(ctx, p) for p in bearing if not _is_quoted(p, statements)),
    ]
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
        found=bool(outright),
        statements=tuple(s for s in statements if s.text),
        looked_at=looked,
        conflicts=conflicts if others else (),
        data={"substance": target.id, "n": 0, "told": len(outright) + len(near) + len(related)},
    )


def _is_quoted(passage: Passage, statements: Sequence[Statement]) -> bool:
    """Whether what a passage says already stands in a statement."""
    spans = [e.span for s in statements for e in s.evidence if e.span is not None]
    return any(s.note_id == passage.note_id and s.start < passage.end and passage.start < s.end for s in spans)


def _told(
    ctx: ToolContext,
    target: Target,
    active: Sequence[AllergyRow],
    passages: Sequence[Passage],
    conflicts: tuple[Conflict, ...],
    question: str,
) -> ToolResult:
    """What notes tell of the reaction that no entry holds, with the entry behind it; not found where no sentence has it."""
    if _OF_KIN.search(question):
        return _of_kin(ctx, target, question)
    by_whom = asks_by_whom(question)
    ranked, answers = told(ctx, passages, question, len(passages))
    best = ranked[:1] + [p for p in of_the_reaction(ranked, active) if p not in ranked[:1]][:1]
    if _OFF_THE_LIST.search(question):
        best = [p for p in tolerance(ranked) if p not in best[:1]][:1] + best[:1]
    elif _OF_THE_REACTION.search(question):
        best = of_the_reaction(best, active)
    quoted = [as_statement(ctx, p, by_whom) for p in best]
    authors = [ctx.chart.notes_by_id[p.note_id].author or "" for p in best]
    found = answers and not lacks_form(ctx, question, [p.text for p in best], authors)
    if not found:
        searched = search_notes(ctx, question, near=False, limit=2)
        quotes = [e.quote for s in searched.statements for e in s.evidence]
        if searched.found and not lacks_form(ctx, question, quotes):
            found, quoted = True, list(searched.statements)
    looked = looked_at(ctx)
    if not found:
        quoted.insert(
            0, say(f"Not documented in those words. Looked at {looked[0]} and {looked[1]}; what comes nearest:")
        )
        quoted = quoted if len(quoted) > 1 else [say(f"Not documented. Looked at {looked[0]} and {looked[1]}.")]
    entries = [entry_said(ctx, target, row, "told") for row in active] or set_aside_allergies(ctx, target)
    if entries and _MAY_IT.search(
        question
    ):  # "can he eat peanut butter": the entry, and no yes or no to what is for a clinician
        quoted, entries, found = entries, [as_statement(ctx, p) for p in best], True
    return ToolResult(
        tool="allergies",
        found=found,
        statements=(*quoted, *entries),
        looked_at=looked,
        conflicts=conflicts,
        data={"substance": target.id, "n": len(active)},
    )


def _of_kin(ctx: ToolContext, target: Target, question: str) -> ToolResult:
    """A relative's reaction, as the patient's notes tell it: family history, and no allergy of the patient."""
    passages = of_relatives(ctx, target)
    quotes = [p.text for p in passages]
    lacks_when = asks_when(question) and not any(re.search(r"\d", q) for q in quotes)
    found = bool(passages) and not lacks_when and not lacks_form(ctx, question, quotes)
    looked = looked_at(ctx)
    lead = [] if found else [say(f"Not documented. Looked at {looked[0]} and {looked[1]}.")]
    told_of = [as_statement(ctx, p) for p in passages[:2]]
    return ToolResult(
        tool="allergies",
        found=found,
        statements=(*lead, *(_after("Of a relative, not of the patient:", s) for s in told_of)),
        looked_at=looked,
        data={"substance": target.id, "n": 0},
    )


def of_family(ctx: ToolContext, question: str) -> ToolResult:
    """Which relatives react to what, as this patient's notes tell it; of one relative where the question names one."""
    passages = allergies_of_relatives(ctx, question)
    told_of = [_after("Of a relative, not of the patient:", as_statement(ctx, p)) for p in passages[:4]]
    return told_or_none(ctx, told_of, "Not documented: no allergy of such a relative.")
