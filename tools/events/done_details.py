"""What else the record tells of a procedure or a vaccine: who, where, why, whether due, refused, which lot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tools.concepts import Target
from tools.context import ToolContext, cite, dated, day, on_date, plain_name
from tools.events.intervals import in_days
from tools.events.visits import describe_encounter, duration, visit_of
from tools.outcome import Statement, ToolResult, say
from tools.times.periods import wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import EncounterRow

ASPECTS = frozenset({"who", "where", "reason", "due", "lot", "duration", "since", "end"})
_MOST = 6


def until(row: Any) -> str:
    """The day that something ended on, where it went on for longer than a day."""
    end = getattr(row, "end", None)
    return f" to {day(end)}" if end is not None and row.time is not None and end.date() > row.time.date() else ""


def came_of(row: Any) -> str:
    """What a procedure brought, as the record has it: "9 of 24 cores positive", "78 Gy in 39 fractions"."""
    if conclusion := getattr(row, "conclusion", ""):
        return f"; report: {conclusion.rstrip('.')}"
    outcome = getattr(row, "outcome", "")
    return f"; outcome: {outcome.rstrip('.')}" if outcome else ""


def _end(row: Any) -> Statement:
    end = getattr(row, "end", None)
    what = f"{plain_name(row.display)}, begun {dated(row)}"
    if end is None or (row.time is not None and end.date() == row.time.date()):
        text = f"{plain_name(row.display)} {on_date(row)}: no later end is recorded."
        return say(text, cite(row))
    return say(f"Ended **{day(end)}**: {what}.", cite(row))


def told_of(ctx: ToolContext, aspect: str, rows: Sequence[Any], label: str, kind: str) -> list[Statement]:
    """What the record tells of the newest of the rows, one of `ASPECTS`; what it does not tell is said."""
    row = rows[-1]
    what = f"{plain_name(row.display)} {on_date(row)}{until(row)}"
    if aspect == "end":
        return [_end(row)]
    if aspect == "due":
        return _due(ctx, rows, label, kind)
    if aspect == "reason":
        if getattr(row, "reason_display", ""):
            return [say(f"For **{plain_name(row.reason_display)}**: {what}.", cite(row))]
        return [say(f"No reason is recorded for it (not documented): {what}.", cite(row))]
    if aspect == "since" and row.time is not None:
        exact = row.time_precision not in {"year", "month"}
        ago = in_days((wall_clock(ctx.as_of).date() - wall_clock(row.time).date()).days) if exact else ""
        text = f"**{ago}** ago, as of {day(ctx.as_of)}: {what}." if ago else f"The day is not recorded: {what}."
        return [say(text, cite(row))]
    if aspect == "duration":
        timed = row.start is not None and row.end is not None and row.end > row.start
        took = (
            f"**{duration(row.start, row.end, 'instant')}**"
            if timed
            else "How long it took is not recorded (not documented)"
        )
        return [say(f"{took}: {what}.", cite(row))]
    if aspect == "lot":
        told = ", ".join(
            f"{name} **{value}**" for name, value in (("lot", row.lot_number), ("site", row.site)) if value
        )
        return [
            say(
                f"{told[:1].upper()}{told[1:]}: {what}."
                if told
                else f"No lot or site is recorded (not documented): {what}.",
                cite(row),
            )
        ]
    visit = visit_of(ctx, row)
    if aspect == "who":
        if row.performer:
            return [say(f"**{row.performer}**: {what}.", cite(row))]
        return [say(f"Who did it is not recorded (not documented): {what}.", cite(row)), *_under(visit, "practitioner")]
    if getattr(row, "location", ""):
        return [say(f"**{row.location}**: {what}.", cite(row))]
    if visit is not None and visit.provider:
        return [
            say(
                f"**{visit.provider}**: {what}, at a visit there ({describe_encounter(visit)}).", cite(row), cite(visit)
            )
        ]
    site = f" on the {row.body_site}" if getattr(row, "body_site", "") else ""
    return [say(f"Where it was done is not recorded (not documented): {what}{site}.", cite(row))]


def _under(visit: EncounterRow | None, field: str) -> list[Statement]:
    who = getattr(visit, field) if visit is not None else ""
    if visit is None or not who:
        return []
    at = f", {visit.provider}" if visit.provider else ""
    return [say(f"The visit it was done at was with **{who}**{at} ({describe_encounter(visit)}).", cite(visit))]


def _due(ctx: ToolContext, rows: Sequence[Any], label: str, kind: str) -> list[Statement]:
    row = rows[-1]
    what = "vaccines were given" if kind == "immunization" else "was done"
    head = f"Whether {'another ' if label != 'vaccination' else 'a '}{label} is due is not recorded: the record has what {what}, and no schedule."
    if label in {"vaccination", "procedure"}:
        return [say(head)]
    times = (
        f"{len(rows)} recorded: {', '.join(dated(r) for r in rows[-_MOST:])}; the last" if len(rows) > 1 else "The last"
    )
    ago = ""
    if row.time is not None and row.time_precision not in {"year", "month"}:
        ago = f", {in_days((wall_clock(ctx.as_of).date() - wall_clock(row.time).date()).days)} before {day(ctx.as_of)}"
    outcome = f" ({row.outcome})" if getattr(row, "outcome", "") else ""
    last = f"{times} **{plain_name(row.display)}** {on_date(row, bold=True)}{ago}{outcome}."
    target = ctx.lexicon.resolve(label, kind)
    return [
        say(last, *[cite(r) for r in rows[-_MOST:]]),
        *(not_done(ctx, target, kind, after=row) if target else []),
        say(head),
    ]


def _undone(ctx: ToolContext, kind: str) -> list[Any]:
    read = ctx.store.procedures if kind == "procedure" else ctx.store.immunizations
    rows: list[Any] = [r for r in read(ctx.patient_id) if r.status == "not-done" and ctx.chart.is_known(r.time)]
    return rows


def _why_not(row: Any) -> str:
    why = getattr(row, "status_reason", "") or getattr(row, "outcome", "") or getattr(row, "note", "")
    why = why or getattr(row, "reason_display", "")
    return f": {why}" if why else ""


def not_done(ctx: ToolContext, target: Target, kind: str, after: Any = None) -> list[Statement]:
    """What the record says was not done or not given, with its reason; only later than the row `after`."""
    rows = [r for r in _undone(ctx, kind) if ctx.lexicon.matches(target, r, kind)]
    if after is not None and after.time is not None:
        rows = [r for r in rows if r.time is not None and r.time > after.time]
    verb = "not done" if kind == "procedure" else "not given"
    return [
        say(f"Recorded as {verb} {on_date(r)}{_why_not(r)} ({plain_name(r.display)}).", cite(r)) for r in rows[-_MOST:]
    ]


def declined(
    ctx: ToolContext,
    tool: str,
    label: str,
    target: Target | None,
    kind: str,
    looked: tuple[str, ...],
    data: dict[str, Any],
) -> ToolResult:
    """What was refused or withheld, with the reason on record."""
    rows = [r for r in _undone(ctx, kind) if target is None or ctx.lexicon.matches(target, r, kind)]
    if not rows:
        text = f"No {label} is recorded as refused or not {'done' if kind == 'procedure' else 'given'} (not documented). Looked at {looked[0]}."
        return ToolResult(tool=tool, found=False, looked_at=looked, data=data, statements=(say(text),))
    row = rows[-1]
    verb = "done" if kind == "procedure" else "given"
    lead = "" if data["aspect"] == "why_not" else "Yes: "
    head = say(f"{lead}**{plain_name(row.display)}** was not {verb} {on_date(row)}{_why_not(row)}.", cite(row))
    lines = [
        say(f"{plain_name(r.display)}: not {verb} {on_date(r)}{_why_not(r)}", cite(r), item=True) for r in rows[:-1]
    ]
    return ToolResult(tool=tool, statements=(head, *lines), data={**data, "n": len(rows)})
