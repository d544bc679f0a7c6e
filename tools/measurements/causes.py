"""Why a result may have changed: what the record and the notes have around the change. Associations, never a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.facts import Evidence, Frozen
from tools.concepts import Target, normalise_name
from tools.context import ToolContext, cite, day, in_sentence, plain_name
from tools.drugs.medications import Course, courses
from tools.measurements.changes import DrugEvent, Move, drug_events, largest_move
from tools.measurements.known_effects import effects_on, known_effects, names_of, same_result, suspects
from tools.measurements.observations import not_recorded, series
from tools.measurements.readings import comparable, find_target, readings, reference_range
from tools.notes.reasons import any_of, stated_reasons
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.problems import is_social
from tools.times.periods import Period, wall_clock

_DIRECTIONS = {"any": "any", "rise": "up", "up": "up", "fall": "down", "down": "down"}
_MOST = 6  # of each kind that are named; the rest is counted
_OTHER_LEAD = timedelta(days=14)
_PROBLEM_LEAD, _PROBLEM_LAG = timedelta(days=30), timedelta(days=14)
_NOTE_LEAD, _NOTE_LAG = timedelta(days=7), timedelta(days=30)
_STAYS = frozenset({"IMP", "ACUTE", "NONAC", "EMER", "OBSENC", "SS"})


class Found(Frozen):
    """One thing that lies near the change in time."""

    kind: str  # drug | problem | procedure
    name: str
    event: str
    time: datetime
    known: bool
    source: str = ""
    detail: str = ""
    evidence: Evidence


def possible_causes(ctx: ToolContext, concept: str, direction: str = "any", period: Period | None = None) -> ToolResult:
    """What happened around a change of a lab or vital, for "why did it rise / fall": drugs started, stopped or changed that are
    known to move it, problems, procedures, and sentences of notes that state a reason. Associated in time, not proven.

    `direction`: any | rise | fall.
    """
    if direction not in _DIRECTIONS:
        raise RetryableToolError("direction is one of any, rise, fall")
    target = find_target(ctx, concept)
    found, warnings = comparable(readings(ctx, target, period))
    if not found:
        return not_recorded(ctx, target, period).model_copy(update={"tool": "possible_causes"})
    move = largest_move(found, _DIRECTIONS[direction], recent_first=period is None)
    if move is None or move.before.time is None or move.after.time is None:
        return _no_move(ctx, target, found, direction, period, warnings)
    near = [*_drugs(ctx, target, move), *_problems(ctx, target, move), *_procedures(ctx, target, move)]
    known, other = [f for f in near if f.known], [f for f in near if not f.known]
    names, label = names_of(ctx, target), in_sentence(target)
    reasons = stated_reasons(ctx, names, suspects(ctx, target, move.direction), _around(move, _NOTE_LEAD, _NOTE_LAG))
    recorded = _recorded_reasons(ctx, names, move)
    statements: list[Statement] = [_head(ctx, target, move)]
    if known or reasons or recorded:
        statements.append(say("Associated in time with the change, not proven to be its cause:"))
    else:
        statements.append(
            say(
                f"Nothing that is known to move {label} that way was found around it, and no note or order states a reason."
            )
        )
    statements += [_known_line(f, move, label) for f in known[:_MOST]]
    statements += recorded
    statements += [say(f"Note of {day(r.evidence.time)}: “{r.quote}”", r.evidence, item=True) for r in reasons]
    statements += _rest(ctx, target, move, known, other, label)
    statements.append(_looked_at(ctx, move))
    if sources := _sources(known[:_MOST]):
        statements.append(say(f"Known effects from: {sources}."))
    return ToolResult(
        tool="possible_causes",
        statements=tuple(statements),
        data={
            "concept": target.id,
            "direction": "rise" if move.direction == "up" else "fall",
            "before": _point(move.before), "after": _point(move.after), "unit": move.after.unit,
            "candidates": [f.model_dump(mode="json", exclude={"evidence"}) | {"ref": f.evidence.ref} for f in near],
            "stated": [r.evidence.ref for r in reasons] + [e.ref for line in recorded for e in line.evidence],
        },
        looked_at=(_looked_at(ctx, move).text,),
        warnings=warnings,
        artifacts=series(ctx, target.id, period).artifacts if len(found) > 2 else (),
    )  # fmt: skip


def _point(reading: Any) -> dict[str, Any]:
    return {"value": reading.value, "time": reading.time.isoformat(), "ref": reading.ref}


def _no_move(
    ctx: ToolContext, target: Target, found: Sequence[Any], direction: str, period: Period | None, warnings: tuple[str, ...]
) -> ToolResult:  # fmt: skip
    word = {"any": "change", "rise": "rise", "up": "rise"}.get(direction, "fall")
    label, first, last = in_sentence(target), found[0], found[-1]
    if len(found) == 1:
        text = f"Only one {label} is documented: **{last.shown}** on {day(last.time)}; a {word} cannot be seen."
    else:
        text = (
            f"The record shows no {word} of {label}: {len(found)} values from {first.shown} ({day(first.time)}) to "
            f"{last.shown} ({day(last.time)})."
        )
    return ToolResult(
        tool="possible_causes", found=False, statements=(say(text, first.evidence, last.evidence),), warnings=warnings,
        looked_at=(f"{len(found)} {label} values",), data={"concept": target.id, "direction": direction, "n": len(found)},
    )  # fmt: skip


def _head(ctx: ToolContext, target: Target, move: Move) -> Statement:
    label = in_sentence(target)
    verb = "rose" if move.direction == "up" else "fell"
    percent = (
        f" ({(move.after.value - move.before.value) / move.before.value:+.0%})"
        if move.before.value and move.after.value is not None
        else ""
    )
    text = (
        f"{label[:1].upper() + label[1:]} {verb} from **{move.before.shown}** on {day(move.before.time)} to "
        f"**{move.after.shown}** on {day(move.after.time)}{percent}."
    )
    low, high = reference_range(ctx, target, move.after)
    inside = [
        (low is None or (r.value or 0.0) >= low) and (high is None or (r.value or 0.0) <= high)
        for r in (move.before, move.after)
    ]
    if (low is not None or high is not None) and all(inside):
        text += " Both values lie within the reference range."
    return say(text, move.before.evidence, move.after.evidence)


def _around(move: Move, lead: timedelta, lag: timedelta = timedelta()) -> Period:
    first, last = move.before.time, move.after.time
    assert first is not None and last is not None  # `largest_move` keeps timed readings only
    return Period(since=first - lead, until=last + lag + timedelta(minutes=1))


def _within(move: Move, moment: datetime | None, lead: timedelta, lag: timedelta = timedelta()) -> bool:
    return _around(move, lead, lag).contains(moment)


# --- drugs -------------------------------------------------------------------------------------------------------


def _drugs(ctx: ToolContext, target: Target, move: Move) -> list[Found]:
    effects = effects_on(ctx, target)
    found: list[Found] = []
    for event in drug_events(ctx):
        wanted = move.direction if event.adds else {"up": "down", "down": "up"}[move.direction]
        matching = [
            (effect, drug) for effect, drug in effects
            if effect["effect"] == wanted and ctx.lexicon.matches(drug, event.row, "medication")
            and _in_reach(move, event, timedelta(days=effect["onset_days"]))
        ]  # fmt: skip
        if matching:
            effect, _ = min(matching, key=lambda m: len(m[1].ids))  # the narrowest entry: the drug before its class
            found.append(_drug(event, known=True, source=str(effect["source"])))
        elif _in_reach(move, event, _OTHER_LEAD):
            found.append(_drug(event, known=False))
    start = move.before.time
    assert start is not None
    return sorted(found, key=lambda f: (not f.known, abs(wall_clock(f.time) - wall_clock(start))))


def _in_reach(move: Move, event: DrugEvent, lead: timedelta) -> bool:
    """Whether an event lies before the end of the move and not too long before its start; dates without a clock count
    to the end of their day."""
    return _within(move, event.time, lead)


def _drug(event: DrugEvent, known: bool, source: str = "") -> Found:
    return Found(
        kind="drug", name=event.name, event=event.event, time=event.time, known=known, source=source,
        detail=event.detail, evidence=cite(event.row),
    )  # fmt: skip


def _recorded_reasons(ctx: ToolContext, names: Sequence[str], move: Move) -> list[Statement]:
    """Orders whose recorded reason for stopping names the result."""
    pattern, around = any_of(names), _around(move, timedelta(days=90), _NOTE_LAG)
    return [
        say(
            f"{plain_name(row.display)}, ordered {day(row.time)}, is recorded as {row.status} because of “{row.status_reason}”",
            cite(row, f"{row.display}: {row.status}, {row.status_reason}"), item=True,
        )
        for row in ctx.chart.medications
        if row.status_reason and around.contains(row.time) and pattern.search(row.status_reason)
    ]  # fmt: skip


# --- problems and procedures ---------------------------------------------------------------------------------------


def _problems(ctx: ToolContext, target: Target, move: Move) -> list[Found]:
    labs = same_result(ctx, target)
    tied = {
        condition for row in known_effects()["conditions"]
        if row["effect"] == move.direction and labs & set(row["labs"]) for condition in row["conditions"]
    }  # fmt: skip
    known_targets = [t for c in sorted(tied) if (t := ctx.lexicon.resolve(c, "condition"))]
    # Between readings far apart, what was there at the first of them cannot tell why the second differs.
    first, last = move.before.time, move.after.time
    lead = (
        _PROBLEM_LEAD
        if first is not None and last is not None and last - first <= 2 * _PROBLEM_LEAD
        else -timedelta(days=1)
    )
    found, seen = [], set()
    for row in ctx.chart.conditions:
        began = row.onset or row.time
        name = normalise_name(row.display)
        if began is None or name in seen or is_social(ctx, row) or not _within(move, began, lead, _PROBLEM_LAG):
            continue
        seen.add(name)
        known = any(ctx.lexicon.matches(t, row, "condition") for t in known_targets)
        found.append(
            Found(
                kind="problem",
                name=plain_name(row.display),
                event="recorded",
                time=began,
                known=known,
                evidence=cite(row),
            )
        )
    return sorted(found, key=lambda f: not f.known)


def _procedures(ctx: ToolContext, target: Target, move: Move) -> list[Found]:
    labs = same_result(ctx, target)
    rules = [r for r in known_effects()["procedures"] if r["effect"] == move.direction and labs & set(r["labs"])]
    found = []
    for row in ctx.chart.procedures:
        done = row.start or row.time
        if done is None:
            continue
        name = row.display.lower()
        lead = max((r["onset_days"] for r in rules if any(w in name for w in r["words"])), default=None)
        if lead is not None and _within(move, done, timedelta(days=lead)):
            found.append(_procedure(row, done, known=True))
        elif _within(move, done, timedelta(days=2)):
            found.append(_procedure(row, done, known=False))
    return sorted(found, key=lambda f: not f.known)


def _procedure(row: Any, done: datetime, known: bool) -> Found:
    return Found(
        kind="procedure", name=plain_name(row.display), event="done", time=done, known=known, evidence=cite(row)
    )


# --- sentences -----------------------------------------------------------------------------------------------------


def _known_line(found: Found, move: Move, label: str) -> Statement:
    word = {"up": "raise", "down": "lower"}[move.direction]
    when = f"{day(found.time)}{_distance(found.time, move)}"
    if found.kind != "drug":
        verb = {"problem": "recorded", "procedure": "done"}[found.kind]
        return say(f"{found.name}, {verb} {when}; can {word} {label}", found.evidence, item=True)
    detail = f" ({found.detail})" if found.detail else ""
    if found.event in {"started", "increased"}:
        effect = f"known to {word} {label}"
    else:
        effect = f"while in force it {'lowers' if move.direction == 'up' else 'raises'} {label}"
    return say(f"{found.name} {found.event} {when}{detail}; {effect}", found.evidence, item=True)


def _distance(moment: datetime, move: Move) -> str:
    first, last = move.before.time, move.after.time
    if first is None or last is None:
        return ""
    days = (wall_clock(last).date() - wall_clock(moment).date()).days
    if days == 0:
        return ", the day of the later value"
    noun = "day" if abs(days) == 1 else "days"
    return f", {days} {noun} before the later value" if days > 0 else f", {-days} {noun} after it"


def _rest(
    ctx: ToolContext, target: Target, move: Move, known: Sequence[Found], other: Sequence[Found], label: str
) -> list[Statement]:
    lines = []
    if len(known) > _MOST:
        lines.append(say(f"{len(known) - _MOST} more of that kind are not named here."))
    if other:
        shown = other[:_MOST]
        text = "; ".join(f"{f.name} {f.event} {day(f.time)}" for f in shown)
        more = f" and {len(other) - _MOST} more" if len(other) > _MOST else ""
        lines.append(
            say(
                f"Also around that time, without a listed effect on {label}: {text}{more}.",
                *[f.evidence for f in shown],
            )
        )
    word = "raise" if move.direction == "up" else "lower"
    running, unknown = _in_force(ctx, target, move, known)
    if running:
        text = "; ".join(c.name for c in running)
        lines.append(
            say(
                f"In force throughout, so not new, though it can {word} {label}: {text}.",
                *[cite(c.latest) for c in running],
            )
        )
    if unknown:
        text = "; ".join(c.name for c in unknown)
        lines.append(
            say(
                f"Ordered before and stopped since, on a date the record does not give; it can {word} {label}: {text}.",
                *[cite(c.latest) for c in unknown],
            )
        )
    return lines + _stays(ctx, move)


def _in_force(
    ctx: ToolContext, target: Target, move: Move, known: Sequence[Found]
) -> tuple[list[Course], list[Course]]:
    """Drugs with the effect that were ordered before the change: those that ran on, and those whose end is not recorded."""
    named = {f.evidence.ref for f in known}
    drugs = [drug for effect, drug in effects_on(ctx, target) if effect["effect"] == move.direction]
    running: list[Course] = []
    unknown: list[Course] = []
    for course in courses(ctx):
        began, row, after = course.first, course.latest, move.after.time
        if began is None or after is None or move.before.time is None or row.ref in named:
            continue
        over = row.end is not None and wall_clock(row.end) < wall_clock(after)
        if over or wall_clock(began) >= wall_clock(move.before.time):
            continue
        if any(ctx.lexicon.matches(d, row, "medication") for d in drugs):
            ended = not course.is_active and row.end is None
            (unknown if ended else running).append(course)
    return running[:_MOST], unknown[:_MOST]


def _stays(ctx: ToolContext, move: Move) -> list[Statement]:
    during = _around(move, timedelta(days=1))
    rows = [
        r for r in ctx.chart.encounters
        if r.class_code in _STAYS and during.until is not None and during.since is not None and (begin := r.start or r.time)
        and wall_clock(begin) < wall_clock(during.until) and wall_clock(r.end or ctx.as_of) >= wall_clock(during.since)
    ]  # fmt: skip
    if not rows:
        return []
    text = "; ".join(
        f"{plain_name(r.reason_display or r.type_display or r.class_display or 'stay')} ({day(r.start or r.time)}"
        f"{f' to {day(r.end)}' if r.end else ', not ended'})"
        for r in rows[-2:]
    )
    return [say(f"In hospital or emergency care then: {text}.", *[cite(r) for r in rows[-2:]])]


def _looked_at(ctx: ToolContext, move: Move) -> Statement:
    period = _around(move, _NOTE_LEAD, _NOTE_LAG)
    notes = sum(1 for n in ctx.chart.notes if period.contains(n.time))
    return say(
        f"Looked at {len(ctx.chart.medications)} medication entries, {len(ctx.chart.conditions)} conditions, "
        f"{len(ctx.chart.procedures)} procedures and {notes} {'note' if notes == 1 else 'notes'} of that time."
    )


def _sources(found: Sequence[Found]) -> str:
    sources = known_effects()["sources"]
    keys = dict.fromkeys(f.source for f in found if f.source)
    return "; ".join(sources[k]["cite"] + (f" (doi:{sources[k]['doi']})" if sources[k]["doi"] else "") for k in keys)
