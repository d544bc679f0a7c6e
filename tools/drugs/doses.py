"""The dose of a drug: how it is ordered now, whether as often as asked, and what it was before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from domain.errors import UnitMismatch, UnknownUnit
from domain.quantities import convert, normalise_unit
from tools.concepts import normalise_name
from tools.context import cite, dated, plain_name
from tools.measurements.changes import interval_hours, interval_in
from tools.outcome import Statement, say

if TYPE_CHECKING:
    from knowledge_base.rows import MedicationRow
    from tools.drugs.medications import Course


def dose_now(found: Sequence[Course], frequency: str = "", amount: str = "") -> list[Statement]:
    """Dose and instructions of each course.

    `frequency` (a rhythm) and `amount` ("500 mg") are asked about: yes or no where the order tells both, else neither.
    """
    statements = []
    for course in found:
        row = course.latest
        told = f"; instructions: {row.dosage_text}" if row.dosage_text else "; no dosage instruction is recorded"
        state = "active" if course.is_active else f"not active ({course.status})"
        verdict = _verdict(_same_rhythm(row, frequency), _same_amount(row, amount)) if course.is_active else ""
        statements.append(say(f"{verdict}**{course.name}**, {state}, ordered {dated(row)}{told}.", cite(row)))
    return statements


def _verdict(*asked: bool | None) -> str:
    """No where anything asked differs, yes where all that is asked agrees; a thing that was not asked is None."""
    known = [a for a in asked if a is not None]
    return "" if not known else "Yes: " if all(known) else "No: "


def _same_rhythm(row: MedicationRow, frequency: str) -> bool | None:
    asked, ordered = interval_in(frequency), interval_hours(row)
    return None if asked is None or ordered is None else asked == ordered


_AMOUNT = re.compile(r"(?P<n>\d+(?:[.,]\d+)?)\s*(?P<unit>[A-Za-zµμ]+)")


def _same_amount(row: MedicationRow, amount: str) -> bool | None:
    """Whether one dose is as much as asked; None where nothing is asked, or the units cannot be set against each other."""
    match = _AMOUNT.fullmatch(amount.strip())
    if match is None or row.dose_value is None:
        return None
    try:
        asked = convert(
            float(match["n"].replace(",", ".")), normalise_unit(match["unit"]), normalise_unit(row.dose_unit)
        )
    except (UnitMismatch, UnknownUnit):
        return None
    return abs(asked - row.dose_value) <= 0.001 * row.dose_value


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
