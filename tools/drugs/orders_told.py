"""What the orders of one drug tell of it: when it was first and last ordered, for what, by whom, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.concepts import Target
from tools.context import cite, dated, plain_name
from tools.drugs.doses import dose_history
from tools.outcome import Statement, say

if TYPE_CHECKING:
    from tools.drugs.medications import Course


def recency(course: Course) -> float:
    """When its deciding order was written, as seconds to sort by."""
    time = course.latest.time
    return time.timestamp() if time else 0.0


def start(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    """When a drug and each of its products was first ordered."""
    earliest = min(found, key=lambda c: c.first.timestamp() if c.first else float("inf"))
    statements = [say(f"{earliest.name} was first ordered on **{earliest.since}**.", cite(earliest.rows[0]))]
    for course in found:
        if course is not earliest:
            statements.append(say(f"{course.name}: first ordered {course.since}", cite(course.rows[0]), item=True))
    return statements


def last(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    """When a drug was last ordered."""
    newest = max(found, key=lambda c: c.rows[-1].time.timestamp() if c.rows[-1].time else 0.0)
    row = newest.rows[-1]
    return [say(f"{newest.name} was last ordered on **{dated(row)}** (status {row.status}).", cite(row))]


def every_dose(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    """Every change of product, dose or rhythm."""
    return dose_history(r for c in found for r in c.rows)


def reason(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    """What a drug was ordered for."""
    with_reason = [r for c in found for r in c.rows if r.reason_display]
    if not with_reason:
        newest = max(found, key=recency)
        text = f"Not documented: no indication is recorded with the orders of {newest.name}."
        ended = newest.latest.status_reason
        why = [say(f"It is {newest.status}, reason: {ended}.", cite(newest.latest))] if ended else []
        return [say(text, cite(newest.latest)), *why]
    row = with_reason[-1]
    return [
        say(
            f"{plain_name(row.display)} was ordered for **{plain_name(row.reason_display)}** ({dated(row)}).",
            cite(row),
        )
    ]


def prescriber(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    """Who ordered a drug last."""
    ordered = [r for c in found for r in c.rows if r.requester]
    if not ordered:
        newest = max(found, key=recency)
        text = f"Not documented: no prescriber is recorded with the orders of {newest.name}."
        return [say(text, cite(newest.latest))]
    row = max(ordered, key=lambda r: r.time.timestamp() if r.time else 0.0)
    return [say(f"{plain_name(row.display)} was last ordered by **{row.requester}** ({dated(row)}).", cite(row))]


def count(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    """How many orders of a drug there are."""
    rows = sorted((r for c in found for r in c.rows), key=lambda r: r.time.timestamp() if r.time else 0.0)
    text = f"**{len(rows)}** {'order' if len(rows) == 1 else 'orders'} of {target.label}, first {dated(rows[0])}, last {dated(rows[-1])}."
    return [say(text, cite(rows[0]), cite(rows[-1]))]
