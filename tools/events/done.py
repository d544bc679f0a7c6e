"""What was done to the patient, and when: procedures and vaccinations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from tools.concepts import Target
from tools.context import ToolContext, cite, counted, dated, day, in_sentence, on_date, plain_name, within
from tools.events import done_details
from tools.events.done_details import came_of, until
from tools.outcome import Statement, ToolResult, say
from tools.times.periods import Period, wall_clock

_LISTED = 20
_DATES_SHOWN = 6
_REPORTED_WITHIN = timedelta(days=7)


def find_target(ctx: ToolContext, name: str, kind: str, rows: Iterable[Any]) -> Target:
    """What a name means among rows of a kind: of the vocabulary, of the record alone, else the name as it stands."""
    rows = list(rows)
    return (
        ctx.lexicon.of_record(name, rows, kind)
        or ctx.lexicon.resolve(name, kind)
        or ctx.lexicon.from_record(name, rows, kind)
        or Target(kind=kind, id=f"text:{name}", label=name.replace("_", " "))
    )


def when_said(period: Period | None) -> str:
    """A period as it ends a phrase; empty for all time."""
    return f" {period.label}" if period and period.label else ""


def recorded(
    ctx: ToolContext,
    tool: str,
    noun: str,
    name: str,
    kind: str,
    everything: Sequence[Any],
    aspect: str,
    period: Period | None,
    render: Callable[[Any], str],
    offset: int = 0,
) -> ToolResult:
    """The shared shape of "has there been / when / how many / list" over one resource type."""
    target = find_target(ctx, name, kind, everything) if name else None
    rows = [r for r in within(everything, period) if target is None or ctx.lexicon.matches(target, r, kind)]
    looked = (
        f"{counted(len(everything), f'{noun} entry')} up to {day(ctx.as_of)}",
        counted(len(ctx.chart.notes), "note"),
    )
    label = in_sentence(target) if target else noun
    data = {"name": target.id if target else "", "aspect": aspect, "n": len(rows), "offset": offset}
    if aspect in {"declined", "why_not"}:
        return done_details.declined(ctx, tool, label, target, kind, looked, data)
    if rows and offset >= len(rows):
        text = f"No {'further' if aspect == 'first' else 'earlier'} {label} is documented: {len(rows)} recorded, first {dated(rows[0])}, last {dated(rows[-1])}."
        return ToolResult(
            tool=tool, found=False, looked_at=looked, data=data, statements=(say(text, cite(rows[0]), cite(rows[-1])),)
        )
    if not rows:
        return _none_recorded(ctx, tool, label, target, kind, everything, period, looked, data)
    if aspect == "count":
        text = f"**{len(rows)}** {label} {'entry is' if len(rows) == 1 else 'entries are'} recorded{when_said(period)}"
        few = target is not None and len(rows) <= _DATES_SHOWN
        shown = rows if few else [rows[0], rows[-1]]
        text += (
            f": {', '.join(dated(r) for r in rows)}." if few else f" (first {dated(rows[0])}, last {dated(rows[-1])})."
        )
        statements = [say(text, *[cite(r) for r in shown])]
    elif aspect in done_details.ASPECTS:
        statements = done_details.told_of(ctx, aspect, rows, label, kind)
        if aspect == "who" and not any("**" in s.text for s in statements):  # nobody is named: notes may say who
            return ToolResult(tool=tool, found=False, looked_at=looked, data=data, statements=tuple(statements))
        if aspect == "due" and target is None:
            statements += _listing(rows, label, aspect, render, period)
    elif aspect == "first" or offset:
        row = rows[offset] if aspect == "first" else rows[-1 - offset]
        lead = (
            ("First" if not offset else f"No. {offset + 1}")
            if aspect == "first"
            else "The one before the last"
            if offset == 1
            else f"{offset} before the last"
        )
        statements = [
            say(
                f"{lead} {label}{when_said(period)}: **{render(row)}** {on_date(row)}{until(row)} ({len(rows)} recorded){came_of(row)}.",
                cite(row),
            )
        ]
    elif aspect == "last" or (target is not None and len(rows) == 1):
        row, total = rows[-1], len(rows)
        lead = "Yes" if aspect == "has" else "Most recent" if total > 1 else "Recorded"
        few = target is not None and total <= _DATES_SHOWN
        dates = ": " + ", ".join(dated(r) for r in rows) if few else f", first {dated(rows[0])}"
        more = f" ({total} recorded{dates})" if total > 1 else ""
        statements = [say(f"{lead}: **{render(row)}** {on_date(row)}{until(row)}{more}{came_of(row)}.", cite(row))]
        if target is not None and period is None:
            statements += done_details.not_done(ctx, target, kind, after=row)
    else:
        statements = _listing(rows, label, aspect, render, period)
    return ToolResult(
        tool=tool,
        statements=tuple(statements),
        data={**data, "time": rows[-1].time.isoformat() if rows[-1].time else None},
    )


def _listing(
    rows: Sequence[Any], label: str, aspect: str, render: Callable[[Any], str], period: Period | None
) -> list[Statement]:
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(render(row), []).append(row)
    lead = "Yes: " if aspect == "has" else ""
    head = say(f"{lead}**{len(rows)}** {label} {'entry' if len(rows) == 1 else 'entries'} recorded{when_said(period)}:")
    newest = sorted(groups.items(), key=lambda g: g[1][-1].time.timestamp() if g[1][-1].time else 0.0, reverse=True)
    lines = []
    for name, group in newest[:_LISTED]:
        last = group[-1]
        times = (
            f"{dated(last)}{until(last)}{came_of(last)}"
            if len(group) == 1
            else f"{len(group)} times, first {dated(group[0])}, last {dated(last)}"
        )
        lines.append(say(f"{name}: {times}", cite(last), item=True))
    if len(newest) > _LISTED:
        lines.append(say(f"… and {len(newest) - _LISTED} more kinds", item=True))
    return [head, *lines]


def _none_recorded(
    ctx: ToolContext,
    tool: str,
    label: str,
    target: Target | None,
    kind: str,
    everything: Sequence[Any],
    period: Period | None,
    looked: tuple[str, ...],
    data: dict[str, Any],
) -> ToolResult:
    undone = done_details.not_done(ctx, target, kind) if target is not None else []
    none = say(f"No {label} is recorded{when_said(period)} (not documented).")
    # What was put down as not done answers "was it done" better than that nothing is recorded.
    statements = (
        [
            say(
                f"No {label} is recorded as done: {undone[0].text[:1].lower()}{undone[0].text[1:]}", *undone[0].evidence
            ),
            *undone[1:],
        ]
        if undone and data["aspect"] == "has"
        else [none, *undone]
    )
    if period is not None:
        outside = [r for r in everything if target is None or ctx.lexicon.matches(target, r, kind)]
        if outside:
            row = outside[-1]
            statements.append(say(f"Outside that period: {plain_name(row.display)} {on_date(row)}.", cite(row)))
    if target is not None:
        from tools.problems import note_findings

        statements.extend(note_findings(ctx, target))
    statements.append(say(f"Looked at {looked[0]} and {looked[1]}."))
    return ToolResult(tool=tool, found=False, statements=tuple(statements), looked_at=looked, data=data)


def procedures(
    ctx: ToolContext, name: str = "", aspect: str = "list", period: Period | None = None, offset: int = 0
) -> ToolResult:
    """Procedures and operations. `aspect`: list | has | last | first | count | end (when it ended) | who | where | reason | duration | since | due | declined | why_not.

    `offset` steps from the last or first.
    """

    def render(row: Any) -> str:
        reason = f" for {plain_name(row.reason_display)}" if getattr(row, "reason_display", "") else ""
        return f"{plain_name(row.display)}{reason}"

    rows = with_reported(ctx, name) if name else ctx.chart.procedures
    return recorded(ctx, "procedures", "procedure", name, "procedure", rows, aspect, period, render, offset)


def with_reported(ctx: ToolContext, name: str) -> list[Any]:
    """Procedures, and the studies of a name that stand in the record as a report alone: what was reported was done.

    A report within a week of such a procedure is of that procedure, and no second one.
    """
    done, reports = list(ctx.chart.procedures), ctx.chart.reports
    target = find_target(ctx, name, "procedure", [*done, *reports])
    own = [r.time for r in done if r.time is not None and ctx.lexicon.matches(target, r, "procedure")]
    alone = [
        r
        for r in reports
        if r.time is not None
        and ctx.lexicon.matches(target, r, "procedure")
        and not any(abs(wall_clock(r.time) - wall_clock(t)) <= _REPORTED_WITHIN for t in own)
    ]
    return sorted([*done, *alone], key=lambda r: wall_clock(r.time).timestamp() if r.time else 0.0) if alone else done


def immunizations(
    ctx: ToolContext, name: str = "", aspect: str = "list", period: Period | None = None, offset: int = 0
) -> ToolResult:
    """Vaccinations given. `aspect`: list | has | last | first | count | since | due | declined | why_not | lot.

    `offset` steps from the last or first: the second dose is `first` with offset 1.
    """

    def render(row: Any) -> str:
        return plain_name(row.display)

    rows = ctx.chart.immunizations
    return recorded(ctx, "immunizations", "vaccination", name, "immunization", rows, aspect, period, render, offset)
