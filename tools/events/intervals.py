"""What lies between visits: time since one, return after discharge, appointments to come; and who saw the patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tools.context import ToolContext, cite, counted, dated, day, on_date
from tools.events import visit_notes
from tools.events.visits import (
    ENCOUNTER_KINDS,
    describe_encounter,
    encounter_rows,
    is_stay,
    of_these,
    reason_label,
    specialty_names,
)
from tools.outcome import Statement, ToolResult, say
from tools.times.periods import Period, wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import EncounterRow

_FUTURE = frozenset({"planned", "booked", "pending", "proposed"})
_LISTED = 12


def _days_between(earlier: datetime, later: datetime) -> int:
    return (wall_clock(later).date() - wall_clock(earlier).date()).days


def in_days(days: int) -> str:
    """A span in days, with weeks, months or years beside it once it is long."""
    text = f"{days} day{'' if days == 1 else 's'}"
    if days >= 730:
        return f"{text} (about {days / 365.25:.1f} years)"
    if days >= 61:
        return f"{text} (about {days / 30.44:.0f} months)"
    return f"{text} ({days // 7} weeks)" if days >= 14 and days % 7 == 0 else text


def time_since(ctx: ToolContext, moment: datetime, row: EncounterRow, what: str) -> Statement:
    """How long ago something was, up to the moment that counts as now."""
    return say(f"**{in_days(_days_between(moment, ctx.as_of))}** since {what}, as of {day(ctx.as_of)}.", cite(row))


def between_last_two(rows: Sequence[EncounterRow], noun: str, about: str, data: dict[str, Any]) -> ToolResult:
    """The time between the newest visit and the one before it."""
    if len(rows) < 2:
        text = f"Only one {noun}{about} is recorded, {on_date(rows[0])}: there is no time between two."
        return ToolResult(tool="encounters", found=False, statements=(say(text, cite(rows[0])),), data=data)
    earlier, later = rows[-2], rows[-1]
    assert earlier.time is not None and later.time is not None
    gap = in_days(_days_between(earlier.time, later.time))
    text = f"**{gap}** between the last two {noun}s{about}: {dated(earlier)} and {dated(later)}."
    return ToolResult(tool="encounters", statements=(say(text, cite(earlier), cite(later)),), data=data)


def days_in_hospital(
    rows: Sequence[EncounterRow], period: Period | None, about: str, data: dict[str, Any]
) -> ToolResult:
    """The days of all stays together, of each stay only those inside the period."""
    stays = [(r, r.start or r.time, r.end) for r in rows if is_stay(r)]
    known = [(r, start, end) for r, start, end in stays if start is not None and end is not None]
    total = sum(_days_inside(start, end, period) for _, start, end in known)
    head = f"**{total} day{'' if total == 1 else 's'}** in hospital{about}, over {counted(len(known), 'admission')}:"
    lines = [
        say(
            f"{dated(r)} to {day(end)}: {in_days(_days_between(start, end))}, {describe_encounter(r)}",
            cite(r),
            item=True,
        )
        for r, start, end in known[-_LISTED:]
    ]
    return ToolResult(tool="encounters", statements=(say(head), *lines), data=data, found=bool(known))


def _days_inside(start: datetime, end: datetime, period: Period | None) -> int:
    begin = max(start, period.since, key=wall_clock) if period is not None and period.since is not None else start
    finish = min(end, period.until, key=wall_clock) if period is not None and period.until is not None else end
    return max(0, _days_between(begin, finish))


def readmission(ctx: ToolContext, kind: str, reason: str, within_days: int) -> ToolResult:
    """Whether a discharge was followed by another stay, or by an emergency visit, within so many days."""
    stays = [r for r in encounter_rows(ctx, "any", None, reason) if is_stay(r) and r.end is not None]
    looked = (f"{counted(len(ctx.chart.encounters), 'encounter')} up to {day(ctx.as_of)}",)
    data = {"kind": kind, "aspect": "readmission", "n": 0}
    if not stays:
        about = f" for {reason_label(ctx, reason)}" if reason else ""
        text = f"No hospital admission{about} with a discharge is recorded, so nobody was readmitted after one. Looked at {looked[0]}."
        return ToolResult(tool="encounters", found=False, looked_at=looked, data=data, statements=(say(text),))
    returns = [(stay, back, days) for stay in stays for back, days in _returns(ctx, stay, within_days)]
    wanted = [r for r in returns if is_stay(r[1]) == (kind != "emergency")]
    other = [r for r in returns if r not in wanted]
    last = stays[-1]
    to_ed = "emergency department visit"
    meant, besides = (to_ed, "hospital admission") if kind == "emergency" else ("hospital admission", to_ed)
    if wanted:
        statements = [_return(stay, back, days, f"Yes: {meant}") for stay, back, days in wanted]
    else:
        after = (
            f"the discharge of {day(last.end)}"
            if len(stays) == 1
            else f"any of {len(stays)} discharges (last {day(last.end)})"
        )
        cited = [cite(s) for s in stays[-3:]]
        statements = [say(f"No: no {meant} is recorded within {within_days} days after {after}.", *cited)]
    statements += [_return(stay, back, days, f"But {besides}") for stay, back, days in other]
    return ToolResult(
        tool="encounters", statements=tuple(statements), looked_at=looked, data={**data, "n": len(wanted)}
    )


def _returns(ctx: ToolContext, stay: EncounterRow, within_days: int) -> list[tuple[EncounterRow, int]]:
    assert stay.end is not None
    found = []
    for row in of_these(ctx, ctx.chart.encounters, "inpatient") + of_these(ctx, ctx.chart.encounters, "emergency"):
        start = row.start or row.time
        if row.ref == stay.ref or start is None or wall_clock(start) < wall_clock(stay.end):
            continue
        days = _days_between(stay.end, start)
        if days <= within_days:
            found.append((row, days))
    return found


def _return(stay: EncounterRow, back: EncounterRow, days: int, lead: str) -> Statement:
    text = f"{lead} **{days} day{'' if days == 1 else 's'}** after the discharge of {day(stay.end)}: {dated(back)}, {describe_encounter(back)}."
    return say(text, cite(stay), cite(back))


def to_come(ctx: ToolContext, kind: str, seen_by: str) -> ToolResult:
    """Visits that the record has as planned for later than now, and what notes of the last visit plan."""
    every = ctx.store.encounters(ctx.patient_id)
    planned = [r for r in every if r.status in _FUTURE and (at := r.start or r.time) is not None and at > ctx.as_of]
    planned = sorted(
        of_these(ctx, planned, kind, "", seen_by), key=lambda r: (r.start or r.time or ctx.as_of).timestamp()
    )
    noun = ENCOUNTER_KINDS[kind].noun
    about = f" with {specialty_names().get(seen_by.lower(), seen_by)}" if seen_by else ""
    data = {"kind": kind, "aspect": "next", "n": len(planned)}
    if planned:
        row = planned[0]
        head = say(f"Next {noun}{about}: **{dated(row)}**, {describe_encounter(row)} ({row.status}).", cite(row))
        lines = [
            say(f"{dated(r)}: {describe_encounter(r)} ({r.status})", cite(r), item=True) for r in planned[1:_LISTED]
        ]
        return ToolResult(tool="encounters", statements=(head, *lines), data=data)
    looked = (f"{counted(len(every), 'encounter')}",)
    past, newest = encounter_rows(ctx, kind, None, "", seen_by), encounter_rows(ctx)
    last = past[-1] if past else newest[-1] if newest else None
    told = visit_notes.follow_up_planned(ctx, (last.start or last.time) if last is not None else None, seen_by)
    before = f"; the last was {on_date(past[-1])}" if past and past[-1].time is not None else ""
    none = say(f"No {noun}{about} to come is on record (not documented){before}.", *[cite(r) for r in past[-1:]])
    statements = (*told, none)
    return ToolResult(tool="encounters", found=bool(told), statements=statements, looked_at=looked, data=data)


def clinicians(
    ctx: ToolContext, rows: Sequence[EncounterRow], noun: str, about: str, data: dict[str, Any]
) -> ToolResult:
    """Everybody whom the patient was seen by, the one seen most often first; a general practitioner where one is named."""
    groups: dict[str, list[EncounterRow]] = {}
    for row in rows:
        if row.practitioner:
            groups.setdefault(row.practitioner, []).append(row)
    statements = []
    named = ctx.store.resource(ctx.patient_id, ctx.chart.patient.ref).get("generalPractitioner") or []
    displays = [str(n["display"]) for n in named if isinstance(n, dict) and n.get("display")]
    if displays:
        statements.append(say(f"General practitioner on record: **{', '.join(displays)}**.", cite(ctx.chart.patient)))
    if not groups:
        if not statements:
            text = f"No clinician is recorded for {counted(len(rows), noun)}{about} (not documented)."
            return ToolResult(tool="encounters", found=False, statements=(say(text),), data=data)
        return ToolResult(tool="encounters", statements=tuple(statements), data=data)
    ranked = sorted(groups.items(), key=lambda g: (-len(g[1]), -(g[1][-1].time or ctx.as_of).timestamp()))
    head = (
        f"**{len(ranked)}** clinician{'' if len(ranked) == 1 else 's'} recorded for {counted(len(rows), noun)}{about}"
    )
    head += ", the one seen most often first:" if len(ranked) > 1 else ":"
    statements.append(say(head))
    for name, seen in ranked[:_LISTED]:
        places = ", ".join(dict.fromkeys(r.provider for r in seen if r.provider))
        text = f"**{name}**{f', {places}' if places else ''}: {counted(len(seen), 'visit')}, last {dated(seen[-1])}"
        statements.append(say(text, cite(seen[-1]), item=True))
    return ToolResult(tool="encounters", statements=tuple(statements), data=data)
