"""When a drug was stopped, for how long it was taken, and which drug came before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tools.concepts import Target, normalise_name
from tools.context import ToolContext, cite, dated, day
from tools.events.intervals import in_days
from tools.outcome import Statement, say
from tools.times.periods import wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import MedicationRow
    from tools.drugs.medications import Course

_OVERLAP = timedelta(days=31)  # a successor is often begun before the other is off
_NEAR = timedelta(days=366)  # beyond a year nothing took the place of anything
_ALSO = timedelta(days=61)  # what else is told of stands as near as this
_SHOWN = 3


def ended_on(ctx: ToolContext, row: MedicationRow) -> tuple[datetime | None, str]:
    """When an order ended as far as the record says: its own end, or the end of its dispensing validity."""
    if row.end is not None:
        return row.end, day(row.end)
    raw = ctx.store.resource(ctx.patient_id, row.ref)
    text = str(raw.get("dispenseRequest", {}).get("validityPeriod", {}).get("end") or "")
    if not text:
        return None, ""
    try:
        moment = datetime.fromisoformat(text if len(text) > 10 else f"{text}T00:00:00+00:00")
    except ValueError:
        return None, ""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=ctx.as_of.tzinfo)
    return (moment, text[:10]) if ctx.chart.is_known(moment) else (None, "")


def last_end(ctx: ToolContext, course: Course) -> tuple[datetime | None, str]:
    """When the last order of a course that is over ended; nothing of one that is active."""
    if course.is_active:
        return None, ""
    ends = [(end, text) for r in course.rows if (end := (found := ended_on(ctx, r))[0]) and (text := found[1])]
    return max(ends, key=lambda e: wall_clock(e[0]), default=(None, ""))


def stopped(ctx: ToolContext, found: Sequence[Course], active: Sequence[Course]) -> list[Statement]:
    """When the newest course was stopped and why, or that it is not; of an active one, the end of an earlier order."""
    if active:
        course = active[0]
        told = [
            say(f"Not stopped: {course.name} is active (last ordered {dated(course.latest)}).", cite(course.latest))
        ]
        earlier = [r for r in course.rows if r.status in {"stopped", "completed"} and ended_on(ctx, r)[0]]
        if earlier:
            row = earlier[-1]
            why = f" ({row.status_reason})" if row.status_reason else ""
            told.append(say(f"An earlier order, of {dated(row)}, ended on {ended_on(ctx, row)[1]}{why}.", cite(row)))
        return told
    newest = max(found, key=lambda c: _stamp(last_end(ctx, c)[0] or c.latest.time))
    row, end = newest.latest, last_end(ctx, newest)[1]
    when = f" on **{end}**" if end else ""
    unknown = "" if end else "; the record gives no stop date"
    why = f", reason: {row.status_reason}" if row.status_reason else ""
    text = f"{newest.name}: **{newest.status}**{when}{why} (last ordered {dated(row)}{unknown})."
    return [say(text, cite(row))]


def taken_for(ctx: ToolContext, target: Target, found: Sequence[Course]) -> list[Statement]:
    """For how long a drug was taken, one line for each spell: from its first order to the end of its last, or to now."""
    orders = sorted(((r, c) for c in found for r in c.rows if r.time is not None), key=lambda o: _stamp(o[0].time))
    if not orders:
        return [say(f"Not documented: the orders of {target.label} bear no date.")]
    spells: list[list[tuple[MedicationRow, Course]]] = []
    over: datetime | None = None  # when everything ordered so far had ended; None while an end is not known
    for row, course in orders:
        gap = over is not None and row.time is not None and wall_clock(row.time) > wall_clock(over) + _OVERLAP
        spells = [*spells, []] if gap or not spells else spells
        end = None if course.is_active and row.ref == course.latest.ref else ended_on(ctx, row)[0]
        over = _later_of(over, end) if spells[-1] else end
        spells[-1].append((row, course))
    return [_told_spell(ctx, spell) for spell in spells]


def _later_of(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else max(one, other, key=wall_clock)


def _told_spell(ctx: ToolContext, spell: Sequence[tuple[MedicationRow, Course]]) -> Statement:
    first, last = spell[0][0], spell[-1][0]
    active = next((c for r, c in reversed(spell) if c.is_active and r.ref == c.latest.ref), None)
    ends = [e for r, _ in spell if (e := ended_on(ctx, r))[0] is not None]
    end, text = max(ends, key=lambda e: _stamp(e[0]), default=(None, ""))
    if active is not None:
        end, text = ctx.as_of, f"{day(ctx.as_of)}, still active"
    products = list(dict.fromkeys(c.name for _, c in spell))
    name, again = products[0], f" in {len(spell)} orders" if len(spell) > 1 else ""
    if len(products) > 1:
        name, again = f"{products[0]}, later {', '.join(products[1:])}", ""
    if end is None or first.time is None:
        told = f"{name}: from {dated(first)}, {last.status}; when it ended is not recorded."
        return say(told, cite(first), cite(last))
    exact = first.time_precision not in {"year", "month"}
    days = max(0, (wall_clock(end).date() - wall_clock(first.time).date()).days)
    span = f", **{in_days(days)}**" if exact else ""
    return say(f"{name}: from {dated(first)} to {text}{span}{again}.", cite(first), cite(last))


def neighbours(
    ctx: ToolContext,
    target: Target,
    found: Sequence[Course],
    every: Sequence[Course],
    after: bool,
    within: Target | None,
) -> list[Statement]:
    """The drugs that were taken before or `after` one: those of its class or for its reason, else the nearest in time.

    `within` is a class that the question names ("which antibiotic came before"). What is nearest in time alone is said
    to be no more than that: the record does not say which drug took the place of which.
    """
    others = [c for c in every if c.first is not None and not any(r in c.rows for f in found for r in f.rows)]
    anchor = max(found, key=lambda c: _stamp(c.latest.time)) if after else _first_of_its_spell(ctx, found)
    if after:
        end = last_end(ctx, anchor)[0] or anchor.latest.time
        near = [c for c in others if end is not None and _is_near(c.first, end - _overlap(anchor, end), end + _NEAR)]
    else:
        begin = anchor.first
        near = [c for c in others if begin is not None and _was_until(ctx, c, begin)]
    near = [c for c in near if not _goes_on(ctx, c, others, anchor)]
    kin = [c for c in near if _is_kin(ctx, c, found, within)]
    side = "after" if after else "before"
    chosen = sorted(kin or ([] if within else near), key=lambda c: _distance(ctx, c, anchor, after))[:_SHOWN]
    anchored = f"{anchor.name} was first ordered {anchor.since}"
    if (over := last_end(ctx, anchor)[1]) and after:
        anchored = f"{anchor.name} was {anchor.status} {over}"
    if not chosen:
        of = f"none of the {within.label.lower()}" if within else "no drug"
        text = f"Not documented: {of} is recorded shortly {side} {target.label} ({anchored})."
        return [say(text, cite(anchor.rows[0]))]
    first, *more = chosen
    more = [c for c in more if _distance(ctx, c, anchor, after) <= _ALSO.total_seconds()]
    label = anchor.name if target.displays else target.label
    head = f"**{first.name}** {side} {label}: {_span(ctx, first)}. {_capital(anchored)}."
    told = [say(head, cite(first.latest), cite(anchor.rows[0]))]
    if not kin:
        text = "That is by their dates alone: the two share neither a class nor a reason on record."
        told.append(say(text))
    return told + [say(f"{c.name}: {_span(ctx, c)}", cite(c.latest), item=True) for c in (more if kin else ())]


def _first_of_its_spell(ctx: ToolContext, found: Sequence[Course]) -> Course:
    """The course with which the newest spell of a drug began: a higher dose is no new drug."""
    anchor = max(found, key=lambda c: _stamp(c.first))
    for course in sorted(found, key=lambda c: -_stamp(c.first)):
        end, begin = last_end(ctx, course)[0], anchor.first
        if end is not None and begin is not None and _is_near(begin, end - _OVERLAP, end + _OVERLAP):
            anchor = course
    return anchor


def _span(ctx: ToolContext, course: Course) -> str:
    end = last_end(ctx, course)[1]
    why = f" ({course.latest.status_reason})" if course.latest.status_reason else ""
    state = "active" if course.is_active else f"{course.status}{f' {end}' if end else ''}{why}"
    return f"ordered {course.since}, {state}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _goes_on(ctx: ToolContext, course: Course, others: Sequence[Course], anchor: Course) -> bool:
    """Whether a drug was in force when another began and for long after, at whatever dose: it neither made way nor took over."""
    ids = ctx.lexicon.concept_ids("medication", course.latest)
    same = [c for c in others if ids & ctx.lexicon.concept_ids("medication", c.latest)]
    turn = _stamp(anchor.first)
    later = turn + _OVERLAP.total_seconds()
    renewed = any(_stamp(r.time) > later for c in same for r in c.rows)
    for row, of in ((r, c) for c in same for r in c.rows if r.time is not None and _stamp(r.time) <= turn):
        end = ended_on(ctx, row)[0]
        recent = _stamp(row.time) > turn - _NEAR.total_seconds()  # an order without an end, renewed later, was in force
        if (
            _stamp(end) > later
            if end is not None
            else (row.status == "active" and of.is_active) or (renewed and recent)
        ):
            return True
    return False


def _overlap(course: Course, end: datetime) -> timedelta:
    """How long before the end of a course its successor may have begun: not from the start, in a short one."""
    ran = wall_clock(end) - wall_clock(course.first) if course.first is not None else timedelta(0)
    return min(_OVERLAP, ran / 2)


def _is_near(moment: datetime | None, since: datetime, until: datetime) -> bool:
    return moment is not None and wall_clock(since) <= wall_clock(moment) <= wall_clock(until)


def _was_until(ctx: ToolContext, course: Course, begin: datetime) -> bool:
    """Whether a course ran until about a moment: it ended within the year before, or not long after."""
    end = last_end(ctx, course)[0]
    if end is None:
        return not course.is_active and _is_near(course.latest.time, begin - _NEAR, begin)
    return _is_near(end, begin - _NEAR, begin + _overlap(course, end))


def _distance(ctx: ToolContext, course: Course, anchor: Course, after: bool) -> float:
    """How far apart in time two courses stand, in seconds."""
    earlier, later = (anchor, course) if after else (course, anchor)
    end = last_end(ctx, earlier)[0] or earlier.latest.time
    return abs(_stamp(later.first) - _stamp(end))


def _is_kin(ctx: ToolContext, course: Course, found: Sequence[Course], within: Target | None) -> bool:
    if within is not None:
        return ctx.lexicon.matches(within, course.latest, "medication")
    mine = {normalise_name(r.reason_display) for r in course.rows if r.reason_display}
    theirs = {normalise_name(r.reason_display) for c in found for r in c.rows if r.reason_display}
    if mine & theirs:
        return True
    return bool(_classes(ctx, [course]) & _classes(ctx, found))


def _classes(ctx: ToolContext, found: Sequence[Course]) -> frozenset[str]:
    ids = {i for c in found for r in c.rows for i in ctx.lexicon.concept_ids("medication", r)}
    return frozenset(k for i in ids for k in ctx.lexicon.vocabulary.classes_of(i))


def _stamp(moment: datetime | None) -> float:
    return wall_clock(moment).timestamp() if moment is not None else 0.0
