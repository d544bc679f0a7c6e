"""What notes say of a drug: of one that the record does not list, and of one that it says is no longer taken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from domain.answers import Conflict
from domain.facts import FactKind
from tools.concepts import Target
from tools.context import ToolContext, cite, day
from tools.measurements.changes import interval_hours, interval_in
from tools.notes.search import search_notes
from tools.outcome import Statement, say
from tools.times.periods import Period

if TYPE_CHECKING:
    from tools.drugs.medications import Course


def note_mentions(ctx: ToolContext, target: Target, limit: int = 2) -> list[Statement]:
    """What notes say of a drug that the record does not list."""
    facts = [
        f
        for f in ctx.chart.facts
        if f.kind is FactKind.MEDICATION and f.concept_id in target.ids and not f.assertion.is_family
    ]
    statements = []
    for fact in facts[-limit:]:
        when = day(ctx.chart.note_time(fact))
        negated = " (negated there)" if fact.assertion.is_negated else ""
        text = f"A note of {when} mentions “{fact.evidence.quote}”{negated}; it is not in the structured record."
        statements.append(say(text, fact.evidence))
    return statements


_TOLD = 2
_HELD = re.compile(
    r"\b(?:hold|holds|held|holding|paus\w+|suspend\w*|withh[eo]ld\w*|stop|stopped|stopping|discontinu\w+)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"[.;:]\s|\b(?:resum\w+|chang\w+|start\w*|continu\w+|giv\w+|switch\w*|instead|then|acetaminophen only)\b",
    re.IGNORECASE,
)


def told_of_hold(ctx: ToolContext, target: Target, period: Period | None) -> list[Statement]:
    """Sentences of the notes of a period that speak of holding or stopping a drug; not of another drug that they name beside it."""
    told = search_notes(
        ctx, f"hold or stop {target.label.lower()}", period, near=False, about=target.label, beside=True
    )
    return [s for s in told.statements if _is_of(ctx, target, s.text)][:_TOLD] if told.found else []


def _is_of(ctx: ToolContext, target: Target, text: str) -> bool:
    """Whether a hold in a text is of the drug: the last one named before it in its clause, or one named right behind it."""
    named = ctx.lexicon.find_mentions(text, ("medication", "drug_class"), fuzzy=False)
    drugs = [(m.start, any(t.ids & target.ids for t in m.targets)) for m in named]
    for hold in _HELD.finditer(text):
        end = _ENDS.search(text, hold.end())
        behind = [mine for at, mine in drugs if hold.end() <= at < (end.start() if end else len(text))]
        ends = [e.end() for e in _ENDS.finditer(text, 0, hold.start())]
        before = [mine for at, mine in drugs if (ends[-1] if ends else 0) <= at < hold.start()]
        if (before and before[-1]) or any(behind):
            return True
    return False


def rhythm_conflicts(ctx: ToolContext, target: Target, found: Sequence[Course], frequency: str) -> tuple[Conflict, ...]:
    """Notes that have a drug taken as often as was asked about, where it is ordered otherwise: the newest of them.

    A drug for once a week that somebody writes down as daily is an old and deadly slip.
    """
    asked = interval_in(frequency)
    orders = [c.latest for c in found if interval_hours(c.latest)]
    if asked is None or not orders or any(interval_hours(row) == asked for row in orders):
        return ()
    said = [
        f
        for f in ctx.chart.facts
        if f.kind is FactKind.MEDICATION and f.concept_id in target.ids and interval_in(f.evidence.quote) == asked
    ]
    if not said:
        return ()
    fact, order = said[-1], orders[-1]
    return (
        Conflict(
            topic=target.label,
            record_says=order.dosage_text or order.frequency or order.display,
            note_says=f"note of {day(ctx.chart.note_time(fact))} has “{fact.evidence.quote}”",
            evidence=(cite(order), fact.evidence),
        ),
    )
