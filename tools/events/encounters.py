"""Visits and hospital stays: when, how long, why, with whom, where, and what followed them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tools.context import ToolContext, cite, counted, dated, day, on_date, plain_name
from tools.events import intervals as visit_intervals
from tools.events import visit_notes
from tools.events.done import when_said
from tools.events.visits import (
    ENCOUNTER_KINDS,
    describe_encounter,
    duration,
    encounter_rows,
    is_stay,
    reason_label,
    setting_of,
    specialty_names,
    under_way_in,
    words_of_name,
)
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.times.periods import Period, wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import EncounterRow

_LISTED = 20
ASPECTS = (
    "last", "first", "list", "count", "has", "current", "reason", "provider", "place", "clinicians", "stay", "discharge",
    "disposition", "setting", "told", "days", "since", "since_discharge", "between", "readmission", "next",
)  # fmt: skip


def encounters(
    ctx: ToolContext,
    kind: str = "any",
    aspect: str = "last",
    period: Period | None = None,
    reason: str = "",
    offset: int = 0,
    first: bool = False,
    seen_by: str = "",
    within_days: int = 30,
) -> ToolResult:
    """Visits and admissions. `kind`: any | emergency | inpatient | ambulatory | urgent_care | wellness | virtual | in_person | home.

    `aspect`: last | first | list | count | has | current | reason | provider | place | clinicians (all of them, the one
    seen most often first) | stay (length of stay) | discharge (its date) | disposition (discharged to where) | setting
    (inpatient or outpatient) | told (what its notes conclude) | days (total in hospital) | since (time since the visit) | since_discharge | between (time between the last two) |
    readmission (`within_days` after discharge) | next (appointments to come). `seen_by` is a clinician, a specialty or
    a place; `offset` steps from the last visit, or with `first` from the first.
    """
    if aspect not in ASPECTS:
        raise RetryableToolError(f"aspect is one of {', '.join(ASPECTS)}")
    if aspect == "next":
        return visit_intervals.to_come(ctx, kind, seen_by)
    if aspect == "readmission":
        return visit_intervals.readmission(ctx, kind, reason, within_days)
    spans = period is not None and aspect not in {"count", "between", "since"}
    rows = (
        under_way_in(ctx, kind, period, reason, seen_by)
        if spans and period is not None
        else encounter_rows(ctx, kind, period, reason, seen_by)
    )
    of_a_stay = aspect in {"stay", "days", "discharge", "disposition", "since_discharge"}
    if of_a_stay and kind == "any" and (stays := [r for r in rows if is_stay(r)]):
        rows, kind = stays, "inpatient"
    elif of_a_stay and aspect != "stay" and kind == "any":
        rows, kind = [], "inpatient"
    if aspect == "current":
        return _current_stay(ctx, rows, kind)
    noun = ENCOUNTER_KINDS[kind].noun
    about = _about(ctx, reason, seen_by)
    data = {"kind": kind, "aspect": aspect, "n": len(rows), "offset": offset}
    looked = (f"{counted(len(ctx.chart.encounters), 'encounter')} up to {day(ctx.as_of)}",)
    if not rows:
        return _none(ctx, noun, about, kind, aspect, period, reason, seen_by, looked, data)
    if aspect == "count":
        text = f"**{len(rows)}** {noun}{'s' if len(rows) != 1 else ''}{about} recorded{when_said(period)}"
        text += f" (first {dated(rows[0])}, last {dated(rows[-1])})." if len(rows) > 1 else f" ({dated(rows[0])})."
        return ToolResult(tool="encounters", statements=(say(text, cite(rows[0]), cite(rows[-1])),), data=data)
    if aspect == "clinicians":
        return visit_intervals.clinicians(ctx, rows, noun, f"{about}{when_said(period)}", data)
    if aspect == "days":
        return visit_intervals.days_in_hospital(rows, period, f"{about}{when_said(period)}", data)
    if aspect == "between":
        return visit_intervals.between_last_two(rows, noun, about, data)
    if aspect == "list" or (aspect == "has" and len(rows) > 1):
        order = "" if len(rows) == 1 else ", newest first" if len(rows) <= _LISTED else f"; the newest {_LISTED}"
        head = say(
            f"{'Yes: ' if aspect == 'has' else ''}**{len(rows)}** {noun}{'s' if len(rows) > 1 else ''}{about}{when_said(period)}{order}:"
        )
        lines = [say(f"{_span(r)}: {describe_encounter(r)}", cite(r), item=True) for r in reversed(rows[-_LISTED:])]
        return ToolResult(tool="encounters", statements=(head, *lines), data=data)
    if offset >= len(rows):
        text = f"No {'further' if first else 'earlier'} {noun}{about} is documented; the first is of {dated(rows[0])}."
        return ToolResult(
            tool="encounters", found=False, statements=(say(text, cite(rows[0])),), looked_at=looked, data=data
        )
    if aspect == "setting" and not offset and not first:
        rows = [r for r in rows if is_stay(r)] or rows  # of a stay and the visits about it, the stay was meant
    row = rows[offset] if first or aspect == "first" else rows[-1 - offset]
    statements = [_one_encounter(ctx, row, noun + about, aspect, _place(aspect, offset, first, len(rows)))]
    if aspect in {"reason", "last", "stay"} and not row.reason_display and (diagnosed := _diagnosed_at(ctx, row)):
        names = ", ".join(plain_name(r.display) for r in diagnosed)
        statements.append(say(f"Diagnosed then: **{names}**.", *[cite(r) for r in diagnosed]))
    elif aspect == "reason" and not row.reason_display:
        statements.extend(visit_notes.complaint_in_notes(ctx, row))
    elif aspect == "disposition" and not row.discharge_disposition:
        statements.extend(visit_notes.destination_in_notes(ctx, row))
    elif aspect == "told":
        statements.extend(visit_notes.told_at(ctx, row))
    if aspect == "last" and kind in {"any", "virtual"} and not (offset or period or reason or seen_by):
        statements.extend(visit_notes.later_contacts(ctx, row))
    return ToolResult(
        tool="encounters",
        statements=tuple(statements),
        data={**data, "time": row.time.isoformat() if row.time else None},
    )


def _span(row: EncounterRow) -> str:
    start, end = row.start or row.time, row.end
    longer = start is not None and end is not None and end.date() != start.date() and is_stay(row)
    return f"{dated(row)} to {day(end)}" if longer else dated(row)


def _about(ctx: ToolContext, reason: str, seen_by: str) -> str:
    with_whom = specialty_names().get(seen_by.lower(), seen_by)
    words = words_of_name(seen_by)
    is_place = words and any(words <= words_of_name(f"{r.provider} {r.location}") for r in ctx.chart.encounters)
    with_or_at = f" {'at' if is_place else 'with'} {with_whom}" if seen_by else ""
    return (f" for {reason_label(ctx, reason)}" if reason else "") + with_or_at


def _none(
    ctx: ToolContext,
    noun: str,
    about: str,
    kind: str,
    aspect: str,
    period: Period | None,
    reason: str,
    seen_by: str,
    looked: tuple[str, ...],
    data: dict[str, Any],
) -> ToolResult:
    lead = "**0**: no" if aspect == "count" else "No"
    statements = [say(f"{lead} {noun}{about} is recorded{when_said(period)} (none documented).")]
    if period is not None and (outside := encounter_rows(ctx, kind, None, reason, seen_by)):
        statements.append(say(f"Outside that period the last was {on_date(outside[-1])}.", cite(outside[-1])))
        if kind == "any" and not (reason or seen_by):
            statements.extend(visit_notes.contacts_in(ctx, period))
    elif (reason or seen_by) and (others := encounter_rows(ctx, kind, period)):
        last = others[-1]
        statements.append(say(f"The last {noun} was {on_date(last)}: {describe_encounter(last)}.", cite(last)))
    if seen_by:
        statements.extend(visit_notes.mentions_of(ctx, seen_by))
    statements.append(say(f"Looked at {looked[0]}."))
    return ToolResult(tool="encounters", found=False, statements=tuple(statements), looked_at=looked, data=data)


def _diagnosed_at(ctx: ToolContext, row: EncounterRow) -> list[Any]:
    """Conditions that the record ties to a visit."""
    return [r for r in ctx.chart.conditions if r.encounter_ref and r.encounter_ref == row.ref]


def _current_stay(ctx: ToolContext, rows: Sequence[EncounterRow], kind: str) -> ToolResult:
    now = wall_clock(ctx.as_of)
    under_way = [
        r
        for r in rows
        if (start := r.start or r.time)
        and wall_clock(start) <= now
        and (
            (r.end is None and r.status == "in-progress")
            or (r.end is not None and wall_clock(r.end).date() >= now.date())
        )
    ]
    noun = ENCOUNTER_KINDS[kind].noun
    if under_way:
        row = under_way[-1]
        text = f"Yes: {noun} since **{dated(row)}**, {describe_encounter(row)}."
        return ToolResult(tool="encounters", statements=(say(text, cite(row)),), data={"kind": kind, "n": 1})
    last = f" The last was {on_date(rows[-1])}." if rows else ""
    looked = (f"{counted(len(ctx.chart.encounters), 'encounter')} up to {day(ctx.as_of)}",)
    return ToolResult(
        tool="encounters",
        found=False,
        looked_at=looked,
        data={"kind": kind, "n": 0},
        statements=(
            say(f"No: no {noun} is under way.{last}", *[cite(r) for r in rows[-1:]]),
            say(f"Looked at {looked[0]}."),
        ),
    )


def _place(aspect: str, offset: int, first: bool, n: int) -> str:
    """ "Last", "The one before the last": where in the series it stands; "Yes" to whether there was any."""
    if aspect == "has":
        return "Yes:"
    if aspect == "first" or first:
        return f"No. {offset + 1}" if offset else "First"
    if n == 1 and aspect != "last":
        return ""
    return "Last" if not offset else "The one before the last" if offset == 1 else f"{offset} before the last"


def _one_encounter(ctx: ToolContext, row: EncounterRow, noun: str, aspect: str, place: str) -> Statement:
    lead = f"{place} {noun}".strip()
    lead = lead[:1].upper() + lead[1:]
    start, end = row.start or row.time, row.end
    what = describe_encounter(row)
    length = f" to {day(end)}" if start is not None and end is not None and end.date() != start.date() else ""
    if aspect == "reason":
        reason = plain_name(row.reason_display) if row.reason_display else "no reason is recorded (not documented)"
        return say(f"{lead}, {dated(row)}: **{reason}** ({plain_name(row.type_display or row.display)}).", cite(row))
    if aspect == "provider":
        who = ", ".join(p for p in (row.practitioner, row.provider) if p) or "no provider is recorded (not documented)"
        return say(f"{lead}, {dated(row)}: **{who}**.", cite(row))
    if aspect == "place":
        where = ", ".join(p for p in (row.location, row.provider) if p) or "no place is recorded (not documented)"
        return say(f"{lead}, {dated(row)}: **{where}** ({what}).", cite(row))
    if aspect == "setting":
        setting = setting_of(row) or "not recorded (not documented)"
        return say(f"**{setting[:1].upper()}{setting[1:]}**: {what}, {dated(row)}{length}.", cite(row))
    if aspect == "disposition":
        to = row.discharge_disposition or "not recorded (not documented)"
        return say(f"Discharged to: **{to}** ({what}, {dated(row)}{length}).", cite(row))
    if aspect in {"stay", "discharge", "since_discharge"} and end is None:
        state = "still under way" if row.status == "in-progress" else "its end is not recorded (not documented)"
        return say(f"{lead}: since {dated(row)}, {state} ({what}).", cite(row))
    if aspect == "discharge":
        return say(f"Discharged **{day(end)}** ({what}, since {dated(row)}).", cite(row))
    if aspect == "since_discharge" and end is not None:
        return visit_intervals.time_since(ctx, end, row, f"the discharge of {day(end)} ({what})")
    if aspect == "since" and start is not None:
        return visit_intervals.time_since(
            ctx, end or start, row, f"the {place.lower() or 'last'} {noun}, {_span(row)} ({what})"
        )
    if aspect == "stay" and start is not None and end is not None:
        took = duration(start, end, row.time_precision)
        return say(f"{lead}: {dated(row)}{length}, **{took}** ({what}).", cite(row))
    at = f" at {row.provider}" if row.provider else ""
    return say(f"{lead}{'' if aspect == 'has' else ':'} **{dated(row)}**{length}, {what}{at}.", cite(row))
