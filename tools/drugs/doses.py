"""The dose of a drug: how it is ordered now, whether as often as asked, and what it was before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from tools.concepts import normalise_name
from tools.context import cite, dated, plain_name
from tools.measurements.changes import interval_hours, interval_in
from tools.outcome import Statement, say

if TYPE_CHECKING:
    from knowledge_base.rows import MedicationRow
    from tools.drugs.medications import Course


def dose_now(found: Sequence[Course], frequency: str = "") -> list[Statement]:
    """Dose and instructions of each course; `frequency` is a rhythm asked about, answered with yes or no where both are known."""
    statements = []
    for course in found:
        row = course.latest
        told = f"; instructions: {row.dosage_text}" if row.dosage_text else "; no dosage instruction is recorded"
        state = "active" if course.is_active else f"not active ({course.status})"
        asked, ordered = interval_in(frequency), interval_hours(row)
        verdict = "" if asked is None or ordered is None else "Yes: " if asked == ordered else "No: "
        statements.append(say(f"{verdict}**{course.name}**, {state}, ordered {dated(row)}{told}.", cite(row)))
    return statements


def dose_history(rows: Iterable[MedicationRow]) -> list[Statement]:
    """Every order that differs from the one before in product, dose or frequency, oldest first, led by the last change.

    Administrations are left out: they repeat what was ordered.
    """
    ordered = sorted((r for r in rows if r.kind != "administration" and r.time), key=_stamp)
    steps = ordered[:1] + [after for before, after in pairwise(ordered) if _as_ordered(before) != _as_ordered(after)]
    if not steps:
        return [say("Not documented: no dated order tells of a dose.")]
    newest = steps[-1]
    lead = f"**{_named(newest)}** since **{dated(newest)}** ({newest.status})"
    if len(steps) == 1:
        return [say(f"{lead}; no other dose is recorded.{_instructions(newest)}", cite(newest))]
    before = steps[-2]
    text = f"{lead}; before that **{_named(before)}**, ordered {dated(before)} ({before.status})."
    lines = [say(f"{dated(r)}: {_named(r)}, {r.status}{_instructions(r)}", cite(r), item=True) for r in steps]
    return [say(text, cite(newest), cite(before)), *lines]


def _stamp(row: MedicationRow) -> float:
    return row.time.timestamp() if row.time else 0.0


def _as_ordered(row: MedicationRow) -> tuple[object, ...]:
    return normalise_name(row.display), row.dose_value, row.dose_unit, row.frequency, row.dosage_text


def _named(row: MedicationRow) -> str:
    return plain_name(row.display)


def _instructions(row: MedicationRow) -> str:
    return f" ({row.dosage_text})" if row.dosage_text else ""
