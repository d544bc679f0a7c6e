"""Whether a drug was given, or its order in force, on a day or in a short time of the past: not what is ordered now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tools.concepts import Target
from tools.context import ToolContext, cite, dated, day
from tools.drugs.spans import ended_on
from tools.measurements.observations import in_period
from tools.outcome import Statement, ToolResult, say
from tools.times.periods import Period, wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import MedicationRow
    from tools.drugs.medications import Course

_SHORT = timedelta(days=32)  # a month and no longer: what was ordered in a year is told by its orders
_CHARTED = timedelta(
    days=2
)  # between two doses on the chart; where the next is further off, giving is not what it tells


def during(ctx: ToolContext, target: Target, found: Sequence[Course], period: Period, aspect: str) -> ToolResult | None:
    """What was given of a drug and which orders were in force in a period; None where its orders are to be looked at as a list.

    That is where the period is long and has orders of its own, or reaches to the present. Of "a year ago" that one day
    counts. `aspect` active asks whether it was taken then, ever whether it was ordered.
    """
    if period.near is not None:
        since = period.near.replace(hour=0, minute=0, second=0, microsecond=0)
        period = period.model_copy(update={"since": since, "until": since + timedelta(days=1)})
    rows = [r for c in found for r in c.rows if _begin(r) is not None]
    orders = [r for r in rows if r.kind != "administration"]
    in_force = [r for r in orders if _is_in_force(ctx, r, period)]
    if not rows or period.until is None or wall_clock(period.until) > wall_clock(ctx.as_of):
        return None
    if not _is_short(period):
        ordered = any(period.contains(_begin(r)) for r in orders)
        if ordered or not in_force:
            return None
        return _result(target, [_told_in_force(ctx, in_force, period, "Yes: " if aspect == "active" else "")], True)
    given = [r for r in rows if r.kind == "administration"]
    if told := _of_chart(ctx, given, period):
        return _result(target, [*told, *([_told_in_force(ctx, in_force, period, lead="")] if in_force else ())], True)
    if in_force:
        return _result(target, [_told_in_force(ctx, in_force, period)], True)
    return _result(target, _told_absent(ctx, target, orders or rows, period), False)


def _is_short(period: Period) -> bool:
    since, until = period.since, period.until
    return since is not None and until is not None and until - since <= _SHORT


def _result(target: Target, statements: Sequence[Statement], found: bool) -> ToolResult:
    data = {"drug": target.id, "aspect": "during", "active": found}
    return ToolResult(tool="medication", found=True, statements=tuple(statements), data=data)


def _of_chart(ctx: ToolContext, given: Sequence[MedicationRow], period: Period) -> list[Statement]:
    """The doses given in a period, or that none was while doses were charted before and after it; nothing where none were."""
    within = [r for r in given if period.contains(_begin(r))]
    if within:
        times = ", ".join(f"{_dose(r)} at {_clock(r)}" for r in within[:6])
        more = f" and {len(within) - 6} more" if len(within) > 6 else ""
        return [
            say(
                f"Yes: {len(within)} {'dose' if len(within) == 1 else 'doses'} given{in_period(period)}: **{times}**{more}.",
                *[cite(r) for r in within[:6]],
            )
        ]
    before = [r for r in given if period.since is not None and _stamp(r) < wall_clock(period.since)]
    after = [r for r in given if period.until is not None and _stamp(r) >= wall_clock(period.until)]
    near = [("the last before", before[-1:], period.since), ("the next", after[:1], period.until)]
    told = [f"{lead} was {_dose(r)} at {_clock(r)}" for lead, rows, _ in near for r in rows]
    if not any(rows and edge and abs(_stamp(rows[0]) - wall_clock(edge)) <= _CHARTED for _, rows, edge in near):
        return []
    return [
        say(
            f"No: no dose is charted as given{in_period(period)}; {', '.join(told)}.",
            *[cite(r) for _, rows, _ in near for r in rows],
        )
    ]


def _told_in_force(ctx: ToolContext, rows: Sequence[MedicationRow], period: Period, lead: str = "Yes: ") -> Statement:
    listed = "; ".join(
        f"**{r.display}** (ordered {dated(r)}, {_until(ctx, r)}{f': {r.dosage_text}' if r.dosage_text else ''})"
        for r in rows
    )
    verb = "was" if len(rows) == 1 else "were"
    text = f"{lead}{listed} {verb} in force{in_period(period)} by the orders."
    return say(text, *[cite(r) for r in rows])


def _told_absent(ctx: ToolContext, target: Target, rows: Sequence[MedicationRow], period: Period) -> list[Statement]:
    """That no order was in force, with those before and after; of one whose end nobody recorded that it is not known."""
    lines = [say(f"{r.display}: ordered {dated(r)}, {_until(ctx, r)}", cite(r), item=True) for r in rows]
    open_ended = [
        r
        for r in rows
        if _has_no_end(ctx, r) and (b := _begin(r)) and period.until and wall_clock(b) < wall_clock(period.until)
    ]
    if open_ended:
        text = f"Not documented: whether {target.label} was still taken{in_period(period)}; when its earlier order ended is not recorded."
    else:
        text = f"No: no {target.label} order was in force{in_period(period)}."
    return [say(text), *lines]


def _is_in_force(ctx: ToolContext, row: MedicationRow, period: Period) -> bool:
    begin, end = _begin(row), ended_on(ctx, row)[0]
    if begin is None or (period.until is not None and wall_clock(begin) >= wall_clock(period.until)):
        return False
    if period.contains(begin):
        return True
    if end is None:
        return row.status == "active"
    return period.since is None or wall_clock(end) >= wall_clock(period.since)


def _has_no_end(ctx: ToolContext, row: MedicationRow) -> bool:
    return row.status != "active" and ended_on(ctx, row)[0] is None


def _until(ctx: ToolContext, row: MedicationRow) -> str:
    if row.status == "active":
        return "still active"
    end = ended_on(ctx, row)[1]
    return f"{row.status} {end}" if end else f"{row.status}, end not recorded"


def _dose(row: MedicationRow) -> str:
    return (row.dosage_text or row.display).split(" intravenous")[0] if row.dosage_text else row.display


def _clock(row: MedicationRow) -> str:
    moment = _begin(row)
    return (
        f"{day(moment)} {moment:%H:%M}"
        if moment is not None and row.time_precision not in {"day", "month", "year"}
        else day(moment)
    )


def _begin(row: MedicationRow) -> datetime | None:
    return row.start or row.time


def _stamp(row: MedicationRow) -> datetime:
    moment = _begin(row)
    return wall_clock(moment) if moment is not None else datetime(1, 1, 1)  # noqa: DTZ001  a wall clock has no zone
