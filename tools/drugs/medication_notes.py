"""What notes say of a drug: of one that the record does not list, and of one that it says is no longer taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from domain.answers import Conflict
from domain.facts import FactKind
from tools.concepts import Target
from tools.context import ToolContext, cite, day
from tools.measurements.changes import interval_hours, interval_in
from tools.notes.claims import lists_as_taken, taken_until
from tools.outcome import Statement, say

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


def note_contradiction(
    ctx: ToolContext, target: Target, last_order: datetime | None, ended: datetime | None = None
) -> list[Statement]:
    """The newest note that lists a drug which the record says is not active, where it is no older than the last order.

    A note of the day on which the last order ended, or of a day before, contradicts nothing.
    """
    facts = [f for f in ctx.chart.facts if f.concept_id in target.ids and lists_as_taken(ctx, f)]
    if not facts:
        return []
    newest = facts[-1]
    span = newest.evidence.span
    when = ctx.chart.note_times.get(span.note_id) if span else None
    over = taken_until(newest, when) if when is not None else None
    if over is not None and over <= ctx.as_of:
        return []
    if when is None or (last_order is not None and when.date() < last_order.date()):
        return []
    if ended is not None and when.date() <= ended.date():
        return []
    text = f"The note of {day(when)} still mentions “{newest.evidence.quote}”; the structured record is followed."
    return [say(text, newest.evidence)]


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
