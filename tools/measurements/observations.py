"""Labs, vitals, scores and social observations: the latest or another place in the series, the series, a panel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.quantities import normalise_unit
from tools.concepts import Target
from tools.context import ToolContext, day, in_sentence, number
from tools.events.findings import reports_naming
from tools.events.intervals import in_days
from tools.measurements.readings import (
    Reading,
    also_in,
    comparable,
    find_target,
    note_values,
    reading_data,
    readings,
    reference_range,
    unit_label,
)
from tools.outcome import Statement, ToolResult, say
from tools.times.periods import Period, wall_clock


def latest(
    ctx: ToolContext, concept: str, offset: int = 0, first: bool = False, period: Period | None = None, unit: str = ""
) -> ToolResult:
    """The most recent value of a lab, vital or score, or the one `offset` places before it (`first`: from the start)."""
    target = find_target(ctx, concept)
    if period is not None and period.near is not None and not offset and not first:
        return _nearest(ctx, target, period, period.near, unit)
    found = readings(ctx, target, period)
    label = in_sentence(target)
    if not found:
        return not_recorded(ctx, target, period)
    position = offset if first else len(found) - 1 - offset
    if not 0 <= position < len(found):
        ends = found[0] if not first else found[-1]
        which = "earlier" if not first else "later"
        return ToolResult(
            tool="latest",
            found=False,
            statements=(
                say(
                    f"No {which} {label} is documented: the record has {len(found)} "
                    f"{'value' if len(found) == 1 else 'values'}{in_period(period)}, the "
                    f"{'first' if not first else 'last'} on {day(ends.time)} ({ends.shown}).",
                    ends.evidence,
                ),
            ),
            looked_at=(looked_at_observations(ctx),),
            data={"concept": target.id, "offset": offset, "n": len(found)},
        )
    chosen = found[position]
    lead = ("First" if offset == 0 else f"{_ordinal(offset + 1)}") if first else _lead(offset)
    shown = f"**{chosen.shown}**{also_in(ctx, target, chosen, unit)}"
    statement = say(f"{lead} {label}{in_period(period)}: {shown} on {day(chosen.time)}.", chosen.evidence)
    return ToolResult(
        tool="latest",
        statements=(statement, *_range_note(ctx, target, chosen)),
        data={"concept": target.id, "offset": offset, "first": first, "n": len(found), **reading_data(chosen)},
        artifacts=(trend_artifact(ctx, target, found),) if len(found) > 1 and chosen.value is not None else (),
    )


def _nearest(ctx: ToolContext, target: Target, period: Period, moment: datetime, unit: str) -> ToolResult:
    """The value nearest to one moment, with how far it is from it; beyond the reach of what was asked it is said to be no answer."""
    timed = [r for r in readings(ctx, target) if r.time is not None]
    if not timed:
        return not_recorded(ctx, target, period)
    chosen = min(timed, key=lambda r: abs(wall_clock(r.time) - wall_clock(moment)) if r.time else timedelta.max)
    off = wall_clock(chosen.time or moment) - wall_clock(moment)
    if not period.contains(chosen.time) and abs(off) > period.reach:
        return not_recorded(ctx, target, period)
    label = in_sentence(target)
    label = f"{label[:1].upper()}{label[1:]}"
    shown = f"**{chosen.shown}**{also_in(ctx, target, chosen, unit)} on {day(chosen.time)}"
    text = f"{label}{in_period(period)}: {shown}, the value nearest to {day(moment)}{_how_far(chosen, moment)}."
    return ToolResult(
        tool="latest",
        statements=(say(text, chosen.evidence), *_range_note(ctx, target, chosen)),
        data={"concept": target.id, "n": len(timed), "nearest_to": moment.isoformat(), **reading_data(chosen)},
        artifacts=(trend_artifact(ctx, target, timed),) if len(timed) > 1 and chosen.value is not None else (),
    )


def _how_far(chosen: Reading, moment: datetime) -> str:
    days = (wall_clock(chosen.time or moment).date() - wall_clock(moment).date()).days
    if not days:
        return ""
    return f" ({in_days(abs(days))} {'later' if days > 0 else 'earlier'})"


def _lead(offset: int) -> str:
    return {0: "Latest", 1: "Previous"}.get(offset, f"{_ordinal(offset + 1)} most recent")


def _ordinal(n: int) -> str:
    suffix = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"


def in_period(period: Period | None) -> str:
    """A period as it follows in a sentence (" since 2019"), empty where there is none."""
    return f" {_with_preposition(period.label)}" if period is not None and period.label else ""


def _with_preposition(label: str) -> str:
    head = label.split()[0].lower()
    if label.lower().endswith((" ago", " back")):
        return label
    known = {
        "in",
        "on",
        "over",
        "during",
        "within",
        "since",
        "after",
        "before",
        "between",
        "from",
        "the",
        "until",
        "through",
        "prior",
        "by",
        "as",
        "up",
        "for",
        "across",
        "at",
        "of",
        "around",
        "dated",
        "about",
    }
    if head in {"last", "past", "previous", "this", "current"}:
        return f"in the {label}" if head == "past" or any(c.isdigit() for c in label) else label
    if head in known:
        return label
    return f"on {label}" if len(head) == 10 and head[:4].isdigit() else f"in {label}" if head[:1].isdigit() else label


def _range_note(ctx: ToolContext, target: Target, reading: Reading) -> tuple[Statement, ...]:
    """A flag when the value lies outside the range that the laboratory reported with it."""
    if reading.value is None or (reading.low is None and reading.high is None):
        return ()
    if reading.low is not None and reading.value < reading.low:
        return (say(f"Below the reported range (low limit {number(reading.low)}).", reading.evidence),)
    if reading.high is not None and reading.value > reading.high:
        return (say(f"Above the reported range (high limit {number(reading.high)}).", reading.evidence),)
    return ()


def looked_at_observations(ctx: ToolContext) -> str:
    """How many observations were searched, for a "not documented"."""
    return f"{len(ctx.chart.observations)} observations up to {day(ctx.as_of)}"


def not_recorded(ctx: ToolContext, target: Target, period: Period | None = None) -> ToolResult:
    """A plain "not documented" with what was searched, and what a note says if a note has it."""
    label = in_sentence(target)
    looked_at = (looked_at_observations(ctx), f"{len(ctx.chart.notes)} notes")
    if reported := reports_naming(ctx, target, period):
        own = say(f"No {label} value is recorded by itself{in_period(period)}.")
        return ToolResult(tool="latest", statements=(*reported, own), data={"concept": target.id, "n": 0})
    statements = [say(f"Not documented: no {label} result is recorded{in_period(period)}.")]
    statements.extend(_outside(ctx, target, period) if period is not None else ())
    statements.extend(_nearest_of_kin(ctx, target, period))
    statements.extend(note_values(ctx, target, period) or _kin_in_notes(ctx, target, period))
    return ToolResult(
        tool="latest",
        found=False,
        statements=(*statements, say(f"Looked at {' and '.join(looked_at)}.")),
        looked_at=looked_at,
        data={"concept": target.id, "n": 0},
    )


def _outside(ctx: ToolContext, target: Target, period: Period) -> list[Statement]:
    """The last value before a period and the first after it; of a period that is still open, the most recent."""
    timed = [r for r in readings(ctx, target) if r.time is not None]
    since, until = (wall_clock(m) if m is not None else None for m in (period.since, period.until))
    before = [r for r in timed if since is not None and r.time and wall_clock(r.time) < since]
    after = [r for r in timed if until is not None and r.time and wall_clock(r.time) >= until]
    told = [("The last before that", before[-1:]), ("The first after that", after[:1])]
    return [say(f"{lead} was {r.shown} on {day(r.time)}.", r.evidence) for lead, rows in told for r in rows]


# A test that is ordered instead of another, and is called by its name.
_KIN = {"bnp": "nt_probnp", "nt_probnp": "bnp", "urea": "bun", "bun": "urea", "crp": "hs_crp", "hs_crp": "crp", "free_t4": "total_t4", "total_t4": "free_t4", "glucose_fasting": "glucose", "uacr": "upcr", "upcr": "uacr", "urine_albumin": "uacr", "qt_interval": "qtc_interval"}  # fmt: skip


def _nearest_of_kin(ctx: ToolContext, target: Target, period: Period | None) -> list[Statement]:
    """The newest value of the test that is usually ordered instead, of that period where it has one."""
    kin = ctx.lexicon.resolve(_KIN[target.id], "observation") if target.id in _KIN else None
    found = (readings(ctx, kin, period) or readings(ctx, kin)) if kin is not None else []
    if kin is None or not found or kin.id in target.ids:
        return []
    return [
        say(f"Another test is recorded: {kin.label} {found[-1].shown} on {day(found[-1].time)}.", found[-1].evidence)
    ]


def _kin_in_notes(ctx: ToolContext, target: Target, period: Period | None) -> list[Statement]:
    """What notes say of the test that is called by this one's name ("QT" of a QTc)."""
    kin = ctx.lexicon.resolve(_KIN[target.id], "observation") if target.id in _KIN else None
    return note_values(ctx, kin, period) if kin is not None else []


def series(
    ctx: ToolContext, concept: str, period: Period | None = None, limit: int | None = None, unit: str = ""
) -> ToolResult:
    """All values of a lab or vital over time with the trend; `limit` keeps the newest so many.

    `unit` adds every value in another unit.
    """
    target = find_target(ctx, concept)
    found = readings(ctx, target, period)
    label = in_sentence(target)
    if not found:
        return not_recorded(ctx, target, period)
    _, warnings = comparable(found)
    if warnings:  # a direction across units that do not convert would mean nothing
        found = [r for r in found if r.value is None or normalise_unit(r.unit) == normalise_unit(found[-1].unit)]
    kept = found[-limit:] if limit else found
    shown_as = {r.ref: f"{r.shown}{also_in(ctx, target, r, unit)}" for r in kept}
    statements = [_series_head(label, found, kept, period, shown_as)]
    shown = kept if len(kept) <= 12 else [*kept[:2], *kept[-8:]]
    for index, reading in enumerate(shown):
        if len(shown) < len(kept) and index == 2:
            statements.append(say(f"… {len(kept) - len(shown)} more in between …", item=True))
        statements.append(say(f"{day(reading.time)}: {shown_as[reading.ref]}", reading.evidence, item=True))
    return ToolResult(
        tool="series",
        statements=tuple(statements),
        warnings=warnings,
        data={"concept": target.id, "n": len(kept), "readings": [reading_data(r) for r in kept]},
        artifacts=(trend_artifact(ctx, target, kept),) if any(r.value is not None for r in kept) else (),
    )


def _series_head(
    label: str, found: list[Reading], kept: list[Reading], period: Period | None, shown_as: dict[str, str]
) -> Statement:
    first, last = kept[0], kept[-1]
    if len(kept) == 1:
        return say(
            f"One {label} value{in_period(period)}: **{shown_as[last.ref]}** on {day(last.time)}.", last.evidence
        )
    newest = f" (the newest {len(kept)} of {len(found)})" if len(kept) < len(found) else ""
    text = (
        f"{label[:1].upper() + label[1:]}, {len(kept)} values{newest}{in_period(period)}: {_direction(kept)} from "
        f"{shown_as[first.ref]} on {day(first.time)} to **{shown_as[last.ref]}** on {day(last.time)}{_moved_by(kept)}."
    )
    return say(text, first.evidence, last.evidence)


def _moved_by(kept: list[Reading]) -> str:
    """By how much the newest value is above or below the first; nothing for pairs, and where it is about the same."""
    first, last = kept[0], kept[-1]
    if first.value is None or last.value is None or last.second is not None or _direction(kept) not in {"rose", "fell"}:
        return ""
    difference = last.value - first.value
    return f" ({'up' if difference > 0 else 'down'} {number(abs(difference))} {unit_label(last.unit)})".replace(
        " )", ")"
    )


def _direction(kept: list[Reading]) -> str:
    values = [r.value for r in kept if r.value is not None]
    if len(values) < 2:
        return "went"
    change = values[-1] - values[0]
    spread = max(values) - min(values)
    if spread == 0 or abs(change) < 0.05 * max(abs(values[0]), 1e-9):
        return "about stable,"
    return "rose" if change > 0 else "fell"


def trend_artifact(ctx: ToolContext, target: Target, found: list[Reading]) -> dict[str, Any]:
    """A series as a chart draws it: points, unit and reference range."""
    points = [
        {"time": r.time.isoformat() if r.time else None, "value": r.value, "second": r.second, "ref": r.ref}
        for r in found
        if r.value is not None
    ]
    low, high = reference_range(ctx, target, found[-1])
    return {
        "kind": "trend",
        "title": target.label,
        "unit": unit_label(found[-1].unit),
        "points": points,
        "reference_range": [low, high] if low is not None or high is not None else None,
    }


def is_normal(ctx: ToolContext, concept: str, offset: int = 0, period: Period | None = None) -> ToolResult:
    """Whether the latest value lies in the reported range, else in the usual adult range (said which)."""
    result = latest(ctx, concept, offset, period=period)
    if not result.found or result.data.get("value") is None:
        return result
    target = find_target(ctx, concept)
    reading = readings(ctx, target, period)[-1 - offset]
    low, high = reference_range(ctx, target, reading)
    if low is None and high is None:
        note = "No reference range is documented for it, so it is not judged normal or abnormal here."
        return result.model_copy(update={"statements": (*result.statements[:1], say(note))})
    value = reading.value or 0.0
    place = "below" if low is not None and value < low else "above" if high is not None and value > high else "within"
    source = "reported with the result" if reading.low is not None or reading.high is not None else "usual for adults"
    limits = (
        f"{number(low)}–{number(high)}"
        if low is not None and high is not None
        else (f"≥ {number(low)}" if low is not None else f"≤ {number(high or 0.0)}")
    )
    verdict = {"within": "Normal: within", "below": "Low: below", "above": "High: above"}[place]
    text = f"{verdict} the range {limits} {unit_label(reading.unit)}".rstrip() + f" ({source})."
    return result.model_copy(update={"statements": (result.statements[0], say(text, reading.evidence))})


def panel(ctx: ToolContext, concepts: Sequence[str], title: str, period: Period | None = None) -> ToolResult:
    """The latest value of each of several observations, as a list (vital signs, a metabolic panel)."""
    lines, missing, data = [], [], {}
    for concept in concepts:
        target = ctx.lexicon.resolve(concept, "observation")
        found = readings(ctx, target, period) if target else []
        if target and found:
            last = found[-1]
            lines.append(say(f"{target.label}: {last.shown} on {day(last.time)}", last.evidence, item=True))
            data[target.id] = reading_data(last)
        elif target:
            missing.append(target.label)
    if not lines:
        looked = (looked_at_observations(ctx),)
        return ToolResult(
            tool="panel",
            found=False,
            looked_at=looked,
            statements=(say(f"Not documented: no {title} recorded{in_period(period)}. Looked at {looked[0]}."),),
        )
    if missing:
        lines.append(say(f"Not documented: {', '.join(missing)}."))
    return ToolResult(tool="panel", statements=(say(f"Latest {title}{in_period(period)}:"), *lines), data=data)
