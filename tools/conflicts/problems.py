"""Problems that a note written since their beginning denies, and who affirms them after.

A note that reports a mistake ("ED chart said no DM; she HAS diabetes") is no denial: a note that also asserts the problem
does not count against it. A broader name ("no infection") denies the problem only where a note tells its history.
"""

from __future__ import annotations

import re

from domain.answers import Conflict
from domain.facts import Fact, FactKind
from knowledge_base.rows import ConditionRow
from tools.conflicts.sources import facts_newest_first, in_full
from tools.context import ToolContext, began, cite, day, plain_name
from tools.notes.claims import denies_problem, is_set_right, said_of, sentence_of
from tools.problems import since_when

_HISTORY = frozenset({"past_medical_history", "problem_list", "diagnosis", "assessment", "assessment_and_plan", "history_of_present_illness"})  # fmt: skip
_HISTORY_WORDS = re.compile(r"\b(?:history of|h/o|hx(?: of)?|known|pmh|diagnos\w+|dx)\b", re.IGNORECASE)
_EVER = re.compile(r"\b(?:no|denies(?: any)?|without|negative)\s+(?:\w+\s+)?(?:history|hx|h/o|prior|previous|past)\b|\bnever\b", re.IGNORECASE)  # fmt: skip
# "No infection in 30 d" is of those days; "not combined pill: migraine" and "rather than from the fracture" deny another thing.
_OF_A_TIME = re.compile(
    r"\W{0,2}(?:in|within|for|over|during|since|at present|today|this|now)\b[^.;]{0,20}(?:\d|\bweek|\bmonth|\byear|\bday|\bnow|\bpresent)?",
    re.IGNORECASE,
)
_OTHER_DENIED = re.compile(r"\b(?:rather than|instead of|other than|apart from)\b[^.;]*$|\bnot?\b[^.;:]*:[^.;]*$", re.IGNORECASE)  # fmt: skip
_DENIES_OF = re.compile(r"\b(?:denies|negative for|history|no h/o)[^.;:]*:", re.IGNORECASE)
_MOST_NARROWER = 30


def problem_conflicts(ctx: ToolContext) -> tuple[Conflict, ...]:
    """Active problems that a later note denies, and past ones of which it denies that they ever were; the newest note for each."""
    facts = [f for f in facts_newest_first(ctx) if f.kind is FactKind.CONDITION]
    found = []
    for row in ctx.chart.conditions:
        if (fact := _denial(ctx, row, facts)) is not None:
            found.append(_conflict(ctx, row, fact, facts))
    return tuple(found)


def _conflict(ctx: ToolContext, row: ConditionRow, fact: Fact, facts: list[Fact]) -> Conflict:
    note_says = f"note of {day(ctx.chart.note_time(fact))}: “{said_of(ctx, fact)}”"
    evidence = [cite(row), in_full(ctx, fact)[1]]
    after = _affirmed_after(ctx, row, fact, facts)
    if after is not None:
        words, more = in_full(ctx, after)
        note_says += f"; a note of {day(ctx.chart.note_time(after))} affirms it: “{words}”"
        evidence.append(more)
    return Conflict(
        topic=plain_name(row.display),
        record_says=f"active {since_when(row)}" if ctx.chart.is_active(row) else f"{began(row)}, {row.clinical_status}",
        note_says=note_says,
        evidence=tuple(evidence),
    )


def _denial(ctx: ToolContext, row: ConditionRow, facts: list[Fact]) -> Fact | None:
    vocabulary = ctx.lexicon.vocabulary
    known = ctx.lexicon.concept_ids("condition", row)
    own = frozenset(i for i in known if len(vocabulary.descendants("condition", i)) <= _MOST_NARROWER)  # not "tumour"
    broad = _broader(ctx, own)
    start, is_over = row.onset or row.time, not ctx.chart.is_active(row)
    asserted = {_note_id(f) for f in facts if f.concept_id in own | broad and asserts(f)}
    for fact in facts:
        if fact.concept_id not in own | broad or not denies_problem(ctx, fact):
            continue
        written = ctx.chart.note_time(fact)
        if start is None or written is None or written < start or _note_id(fact) in asserted:
            continue
        if is_over and not _EVER.search(sentence_of(ctx, fact)[0]):
            continue  # it is over: only that it never was contradicts the record
        if (is_over or not fact.assertion.is_historical) and _denies_this(ctx, fact, exact=fact.concept_id in own):
            return fact
    return None


def _denies_this(ctx: ToolContext, fact: Fact, exact: bool) -> bool:
    text, place = sentence_of(ctx, fact)
    before, after = text[:place], text[place + len(fact.evidence.quote) :]
    timed = _OF_A_TIME.match(after)
    if timed is not None and re.search(r"\d|week|month|year|day|now|present", timed[0], re.IGNORECASE):
        return False
    if _OTHER_DENIED.search(before) and not _DENIES_OF.search(before):
        return False
    return exact or fact.section in _HISTORY or _HISTORY_WORDS.search(before) is not None


def _broader(ctx: ToolContext, own: frozenset[str]) -> frozenset[str]:
    """The broader names that denying denies the problem too ("no diabetes", "no kidney problems")."""
    vocabulary = ctx.lexicon.vocabulary
    above = {a for i in own for a in vocabulary.ancestors("condition", i)}
    return frozenset(a for a in above if len(vocabulary.descendants("condition", a)) <= _MOST_NARROWER)


def asserts(fact: Fact) -> bool:
    """Whether a fact says that the patient has it, had it or may have it."""
    said = fact.assertion
    return not (said.is_negated or said.is_family or said.is_hypothetical)


def _affirmed_after(ctx: ToolContext, row: ConditionRow, denied: Fact, facts: list[Fact]) -> Fact | None:
    """The newest fact of a note later than the denial that affirms the problem."""
    own = ctx.lexicon.concept_ids("condition", row)
    when = ctx.chart.note_time(denied)
    for fact in facts:
        written = ctx.chart.note_time(fact)
        if written is None or when is None or written <= when:
            return None
        if fact.concept_id in own and asserts(fact) and not fact.assertion.is_uncertain and not is_set_right(ctx, fact):
            return fact
    return None


def _note_id(fact: Fact) -> str:
    return fact.evidence.span.note_id if fact.evidence.span is not None else ""
