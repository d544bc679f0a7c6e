"""Every laboratory result of a record or a period, the newest of each, for "show me her labs"."""

from __future__ import annotations

from knowledge_base.rows import ObservationRow
from tools.concepts import normalise_name
from tools.context import ToolContext, day, number, plain_name, within
from tools.measurements.readings import find_target, reading_of, reference_range
from tools.outcome import ToolResult, say
from tools.times.periods import Period

_BEDSIDE = frozenset({"blood_pressure", "systolic_blood_pressure", "diastolic_blood_pressure", "heart_rate", "respiratory_rate", "body_temperature", "oxygen_saturation", "body_weight", "body_height", "bmi"})  # fmt: skip
_MOST = 40  # results listed; the newest go first and the rest is counted


def all_results(ctx: ToolContext, period: Period | None = None, outside_only: bool = False) -> ToolResult:
    """The newest value of each laboratory test, newest first, over all time or in a period.

    With `outside_only` those outside the range reported with them, or outside the usual adult range.
    """
    rows = [
        r
        for r in within(ctx.chart.observations, period)
        if _is_laboratory(ctx, r) and (r.value is not None or r.value_text)
    ]
    when = f" {period.label}" if period is not None and period.label else ""
    looked = (f"{len(ctx.chart.observations)} observations up to {day(ctx.as_of)}",)
    if not rows:
        return ToolResult(
            tool="panel",
            found=False,
            looked_at=looked,
            statements=(say(f"Not documented: no laboratory result is recorded{when}. Looked at {looked[0]}."),),
        )
    newest: dict[str, ObservationRow] = {}
    for row in sorted(rows, key=lambda r: r.time.timestamp() if r.time else 0.0):
        newest[_label(ctx, row)] = row
    listed = sorted(newest.items(), key=lambda i: (-(i[1].time.timestamp() if i[1].time else 0.0), i[0]))
    if outside_only:
        return _outside(ctx, listed, when, looked)
    lines = [
        say(f"{label}: {reading.shown} on {day(reading.time)}", reading.evidence, item=True)
        for label, row in listed[:_MOST]
        for reading in (reading_of(row),)
    ]
    left_out = len(listed) - len(lines)
    rest = (
        (say(f"{left_out} more tests have only older results: ask for one by name, or for a panel."),)
        if left_out
        else ()
    )
    head = say(f"Latest laboratory results{when}, {len(lines)} of {len(listed)} tests:")
    return ToolResult(tool="panel", statements=(head, *lines, *rest), data={"n": len(listed)})


def _is_laboratory(ctx: ToolContext, row: ObservationRow) -> bool:
    """By its category; a result without one is a laboratory's where its test has a usual range."""
    if row.category:
        return row.category == "laboratory"
    concepts = [ctx.lexicon.vocabulary.get("observation", i) for i in ctx.lexicon.concept_ids("observation", row)]
    return any(c is not None and c.id not in _BEDSIDE and (c.extra.get("low") or c.extra.get("high")) for c in concepts)


def _outside(
    ctx: ToolContext, listed: list[tuple[str, ObservationRow]], when: str, looked: tuple[str, ...]
) -> ToolResult:
    """The newest results that lie outside their range; tests without a range are counted, not judged."""
    lines, judged = [], 0
    for label, row in listed:
        reading = reading_of(row)
        low, high = reference_range(ctx, find_target(ctx, label), reading)
        if reading.value is None or (low is None and high is None):
            continue
        judged += 1
        side = (
            "low"
            if low is not None and reading.value < low
            else "high"
            if high is not None and reading.value > high
            else ""
        )
        if side:
            limits = f"{number(low) if low is not None else ''}–{number(high) if high is not None else ''}"
            lines.append(
                say(
                    f"{label}: {reading.shown} on {day(reading.time)}, {side} (range {limits})",
                    reading.evidence,
                    item=True,
                )
            )
    unjudged = len(listed) - judged
    rest = f" {unjudged} tests have no range and are not judged." if unjudged else ""
    head = f"**{len(lines)}** of {judged} latest laboratory results{when} outside the range:"
    none = f"None of {judged} latest laboratory results{when} is outside its range."
    return ToolResult(
        tool="panel",
        statements=(say(f"{head if lines else none}{rest}"), *lines),
        looked_at=looked,
        data={"n": len(lines)},
    )


def _label(ctx: ToolContext, row: ObservationRow) -> str:
    """What a result is called: one name for a test that different laboratories call differently."""
    ids = sorted(ctx.lexicon.concept_ids("observation", row))
    concept = ctx.lexicon.vocabulary.get("observation", ids[0]) if ids else None
    return concept.label if concept is not None else plain_name(row.display) or normalise_name(row.display)
