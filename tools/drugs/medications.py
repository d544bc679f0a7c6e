"""Medications: what is active, stopped or was ever prescribed, since when, at which dose and why."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.facts import Frozen
from tools.concepts import Target, content_words, normalise_name
from tools.context import ToolContext, cite, dated, day, in_sentence, plain_name, within
from tools.drugs.doses import dose_history, dose_now
from tools.drugs.medication_notes import note_contradiction, note_mentions, rhythm_conflicts
from tools.drugs.spans import last_end, neighbours, stopped, taken_for
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.problems import find_condition
from tools.times.periods import Period, wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import MedicationRow

_LOOKS_BACK = (
    "The record keeps the status of today: whether an order that has since been stopped was active on the date asked about "
    "is inferred from its renewals."
)
_AS_NEEDED = re.compile(r"\bas needed\b|\bprn\b|\bwhen (?:needed|required)\b", re.IGNORECASE)
_ASPECTS = (
    "active", "ever", "start", "stop", "last", "dose", "reason", "count", "stopped", "prescriber", "dose_history", "duration", "before", "after",
)  # fmt: skip


class Course(Frozen):
    """Every order of one product, oldest first, and its state at `as_of`."""

    name: str
    rows: tuple[Any, ...]
    status: str

    @property
    def is_active(self) -> bool:
        """Whether an order is active now."""
        return self.status == "active"

    @property
    def first(self) -> datetime | None:
        """When it was first ordered."""
        return next((r.time for r in self.rows if r.time is not None), None)

    @property
    def since(self) -> str:
        """When it was first ordered, as precisely as the record says."""
        return next((dated(r) for r in self.rows if r.time is not None), "an unrecorded date")

    @property
    def latest(self) -> MedicationRow:
        """The order that decides the state: the newest active one, else the newest."""
        active = [r for r in self.rows if r.status == "active"]
        return (active or list(self.rows))[-1]


def courses(ctx: ToolContext, target: Target | None = None, period: Period | None = None) -> list[Course]:
    """Orders grouped by product; only those of a drug or class when a target is given."""
    groups: dict[str, list[MedicationRow]] = defaultdict(list)
    for row in within(ctx.chart.medications, period):
        if row.kind == "administration" and target is None:
            continue
        if target is None or ctx.lexicon.matches(target, row, "medication"):
            groups[normalise_name(row.display)].append(row)
    return [
        Course(name=plain_name(rows[-1].display), rows=tuple(rows), status=_status(ctx, rows))
        for rows in groups.values()
    ]


def _status(ctx: ToolContext, rows: list[MedicationRow]) -> str:
    if ctx.chart.is_renewed_later(rows[-1]):  # looking back: an order that was renewed afterwards was in force
        return "active"
    if any(r.status == "active" and not _ended(ctx, r) for r in rows):
        return "active"
    return rows[-1].status if rows[-1].status != "active" else "completed"


def _ended(ctx: ToolContext, row: MedicationRow) -> bool:
    end = getattr(row, "end", None)
    return end is not None and wall_clock(end) < wall_clock(ctx.as_of)


def find_drug(ctx: ToolContext, name: str) -> Target:
    """The drug or class that a name means: from the vocabulary, else from the record's own product names.

    Raises:
        RetryableToolError: neither knows the name.
    """
    if name.startswith("record:"):
        label = name.removeprefix("record:")
        return Target(kind="medication", id=name, label=label, displays=frozenset({label}))
    target = ctx.lexicon.resolve(name, "medication", "drug_class") or ctx.lexicon.from_record(
        name, ctx.chart.medications, "medication"
    )
    if target is None:
        raise RetryableToolError("no drug or drug class of that name is known; use an ingredient, brand or class name")
    if not any(ctx.lexicon.matches(target, r, "medication") for r in ctx.chart.medications):
        # "Interferon" is an ingredient of its own to the vocabulary; the record has "interferon beta-1a".
        return ctx.lexicon.from_record(name.replace("_", " "), ctx.chart.medications, "medication") or target
    return target


def list_medications(
    ctx: ToolContext,
    status: str = "active",
    drug: str = "",
    period: Period | None = None,
    reason: str = "",
    as_needed: bool = False,
) -> ToolResult:
    """The medication list: `status` active | stopped | all, optionally of one drug or class, or ordered in a period.

    `reason` is a problem: only what was ordered for it is listed, or all where no order names it. `as_needed`: only
    what is taken when needed.
    """
    if status not in {"active", "stopped", "all"}:
        raise RetryableToolError("status is one of active, stopped, all")
    target = find_drug(ctx, drug) if drug else None
    found = courses(ctx, target, period)
    active_now = {normalise_name(c.name) for c in courses(ctx, target) if c.is_active}
    notes: tuple[Statement, ...] = ()
    of_reason = ""
    if reason:
        problem = find_condition(ctx, reason)
        for_it = [c for c in found if _ordered_for(ctx, c, problem)]
        kept = [c for c in for_it if status != "active" or c.is_active]
        if kept:
            found, of_reason = for_it, f" ordered for {in_sentence(problem)}"
        else:
            notes = (
                say(
                    f"No {status if status != 'all' else ''} order names {in_sentence(problem)} as its reason.".replace(
                        "  ", " "
                    )
                ),
            )
    if as_needed:
        found = [c for c in found if c.latest.as_needed or _AS_NEEDED.search(c.latest.dosage_text or "")]
        of_reason = f"{of_reason} to be taken as needed"
    if status == "active":
        found = [c for c in found if c.is_active]
    elif status == "stopped":
        found = [c for c in found if not c.is_active and normalise_name(c.name) not in active_now]
    when = f" {period.label}" if period and period.label else ""
    of_what = f"{target.label} " if target else ""
    if not found:
        looked = (_looked_at(ctx),)
        kind = "" if status == "all" else f"{status} "
        text = f"No {kind}{of_what}medication{of_reason} is recorded{when}. Looked at {looked[0]}."
        return ToolResult(
            tool="list_medications",
            found=False,
            statements=(say(text),),
            looked_at=looked,
            data={"status": status, "n": 0},
        )
    found.sort(key=lambda c: _over_or_ordered(ctx, c), reverse=True)
    kind = {"active": "active ", "stopped": "stopped or completed ", "all": ""}[status]
    noun = "medication" if len(found) == 1 else "medications"
    head = say(f"**{len(found)}** {kind}{of_what}{noun}{of_reason}{when}:")
    return ToolResult(
        tool="list_medications",
        statements=(*notes, head, *[_line(ctx, c) for c in found]),
        data={"status": status, "n": len(found), "names": [c.name for c in found]},
        warnings=(_LOOKS_BACK,) if ctx.chart.looks_back else (),
    )


def _ordered_for(ctx: ToolContext, course: Course, problem: Target) -> bool:
    """Whether an order of the course names the problem as its reason."""
    given = {normalise_name(r.reason_display) for r in course.rows if r.reason_display}
    names = {normalise_name(plain_name(d)) for d in problem.displays} or {normalise_name(problem.label)}
    words = [set(content_words(n)) for n in names]
    for text in given:
        ids = {
            i for m in ctx.lexicon.find_mentions(text, ("condition",), fuzzy=False) for t in m.targets for i in t.ids
        }
        said = set(content_words(text))
        if (problem.ids & ids) or any(w and w <= said for w in words):
            return True
    return False


def _line(ctx: ToolContext, course: Course) -> Statement:
    row = course.latest
    over = "" if course.is_active else f"{_state(ctx, course)}, "
    detail = [f"{over}last ordered {dated(row)}"]
    if row.dosage_text:
        detail.insert(0, row.dosage_text)
    return say(f"{course.name} ({'; '.join(detail)})", cite(row), item=True)


def _looked_at(ctx: ToolContext) -> str:
    return f"{len(ctx.chart.medications)} medication entries up to {day(ctx.as_of)}"


def medication(
    ctx: ToolContext,
    drug: str,
    aspect: str = "active",
    period: Period | None = None,
    frequency: str = "",
    of_class: str = "",
) -> ToolResult:
    """One drug or class. `aspect`: active | ever | start | stop | last | dose | dose_history | reason | prescriber | count
    | duration (for how long it was taken) | before | after (the drug that was taken before it, or that followed it).

    `frequency` with the dose: a rhythm in words ("twice a day"), which is confirmed or denied. `of_class` with before
    and after: only drugs of that class.
    """
    if aspect not in _ASPECTS:
        raise RetryableToolError(f"aspect is one of {', '.join(_ASPECTS)}")
    target = find_drug(ctx, drug)
    found = courses(ctx, target, period)
    if not found:
        return _never(ctx, target, aspect, period)
    active = [c for c in found if c.is_active]
    within_class = find_drug(ctx, of_class) if of_class else None
    told: dict[str, Callable[[Target, list[Course], list[Course]], list[Statement]]] = {
        "active": lambda _, every, now: _active(ctx, every, now),
        "ever": lambda drug, every, _: _ever(ctx, drug, every),
        "start": _start,
        "stop": lambda _, every, now: stopped(ctx, every, now),
        "last": _last,
        "dose": lambda _, every, now: dose_now(now or [max(every, key=_recency)], frequency),
        "dose_history": _dose_history,
        "reason": _reason,
        "count": _count,
        "stopped": lambda _, every, now: stopped(ctx, every, now),
        "duration": lambda drug, every, _: taken_for(ctx, drug, every),
        "before": lambda drug, every, _: neighbours(ctx, drug, every, courses(ctx), False, within_class),
        "after": lambda drug, every, _: neighbours(ctx, drug, every, courses(ctx), True, within_class),
        "prescriber": _prescriber,
    }
    statements = told[aspect](target, found, active)
    last_order = max((r.time for c in courses(ctx, target) for r in c.rows if r.time), default=None)
    ended = max((e for c in courses(ctx, target) if (e := last_end(ctx, c)[0])), key=wall_clock, default=None)
    contradicted = not active and aspect in {"active", "stop", "stopped"}
    notes = note_contradiction(ctx, target, last_order, ended) if contradicted else []
    return ToolResult(
        tool="medication",
        found=aspect not in {"before", "after"} or not statements[0].text.startswith("Not documented"),
        statements=(*statements, *notes),
        conflicts=rhythm_conflicts(ctx, target, active or found, frequency),
        warnings=(_LOOKS_BACK,) if ctx.chart.looks_back and aspect in {"active", "stop", "stopped"} else (),
        data={
            "drug": target.id,
            "aspect": aspect,
            "active": bool(active),
            "products": [c.name for c in found],
            "n": sum(len(c.rows) for c in found),
            "first": found_first.isoformat() if (found_first := _first(found)) else None,
        },
    )


def _never(ctx: ToolContext, target: Target, aspect: str, period: Period | None) -> ToolResult:
    looked = (_looked_at(ctx), f"{len(ctx.chart.notes)} notes")
    when = f" {period.label}" if period and period.label else ""
    lead = "No" if aspect in {"active", "ever", "stop", "stopped"} else "Not documented"
    statements = [say(f"{lead}: no {target.label} order is recorded{when}.")]
    if period is not None and (other := courses(ctx, target)):
        row = other[-1].latest
        statements.append(say(f"Outside that period: {other[-1].name}, last ordered {dated(row)}.", cite(row)))
    statements.extend(note_mentions(ctx, target))
    return ToolResult(
        tool="medication",
        found=False,
        statements=(*statements, say(f"Looked at {' and '.join(looked)}.")),
        looked_at=looked,
        data={"drug": target.id, "aspect": aspect, "active": False, "n": 0},
    )


def _first(found: list[Course]) -> datetime | None:
    times = [c.first for c in found if c.first is not None]
    return min(times, key=lambda t: t.timestamp()) if times else None


def _state(ctx: ToolContext, course: Course) -> str:
    """Its status, with the day it ended where the record has it."""
    end = last_end(ctx, course)[1]
    return f"{course.status} {end}" if end else course.status


def _over_or_ordered(ctx: ToolContext, course: Course) -> float:
    moment = last_end(ctx, course)[0] or course.latest.time
    return moment.timestamp() if moment else 0.0


def _active(ctx: ToolContext, found: list[Course], active: list[Course]) -> list[Statement]:
    if active:
        return [
            say(
                f"Yes: **{c.name}** is active (first ordered {c.since}, last ordered {dated(c.latest)}"
                f"{'; ' + c.latest.dosage_text if c.latest.dosage_text else ''}).",
                cite(c.latest),
            )
            for c in active
        ]
    newest = max(found, key=lambda c: _over_or_ordered(ctx, c))
    end = last_end(ctx, newest)[1]
    text = (
        f"No: {newest.name} is not active; the last order, of {dated(newest.latest)}, is recorded as **{newest.status}**"
        f"{f' on {end}' if end else ''}{f' ({newest.latest.status_reason})' if newest.latest.status_reason else ''}."
    )
    return [say(text, cite(newest.latest))]


def _recency(course: Course) -> float:
    time = course.latest.time
    return time.timestamp() if time else 0.0


def _ever(ctx: ToolContext, target: Target, found: list[Course]) -> list[Statement]:
    lines = []
    for course in sorted(found, key=_recency, reverse=True):
        state = (
            "active now"
            if course.is_active
            else f"now {course.status}"
            if not last_end(ctx, course)[1]
            else _state(ctx, course)
        )
        span = f"first ordered {course.since}"
        if len(course.rows) > 1:
            span += f", last {dated(course.rows[-1])}"
        lines.append(say(f"{course.name}: {span}; {state}", cite(course.rows[0]), cite(course.latest), item=True))
    head = say(f"Yes: {target.label} is recorded.") if len(lines) > 1 else None
    if head is None:
        return [say("Yes: " + lines[0].text + ".", *lines[0].evidence)]
    return [head, *lines]


def _start(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    earliest = min(found, key=lambda c: c.first.timestamp() if c.first else float("inf"))
    statements = [say(f"{earliest.name} was first ordered on **{earliest.since}**.", cite(earliest.rows[0]))]
    for course in found:
        if course is not earliest:
            statements.append(say(f"{course.name}: first ordered {course.since}", cite(course.rows[0]), item=True))
    return statements


def _last(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    newest = max(found, key=lambda c: c.rows[-1].time.timestamp() if c.rows[-1].time else 0.0)
    row = newest.rows[-1]
    return [say(f"{newest.name} was last ordered on **{dated(row)}** (status {row.status}).", cite(row))]


def _dose_history(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    return dose_history(r for c in found for r in c.rows)


def _reason(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    with_reason = [r for c in found for r in c.rows if r.reason_display]
    if not with_reason:
        newest = max(found, key=_recency)
        text = f"Not documented: no indication is recorded with the orders of {newest.name}."
        ended = newest.latest.status_reason
        why = [say(f"It is {newest.status}, reason: {ended}.", cite(newest.latest))] if ended else []
        return [say(text, cite(newest.latest)), *why]
    row = with_reason[-1]
    return [
        say(
            f"{plain_name(row.display)} was ordered for **{plain_name(row.reason_display)}** ({dated(row)}).",
            cite(row),
        )
    ]


def _prescriber(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    ordered = [r for c in found for r in c.rows if r.requester]
    if not ordered:
        newest = max(found, key=_recency)
        text = f"Not documented: no prescriber is recorded with the orders of {newest.name}."
        return [say(text, cite(newest.latest))]
    row = max(ordered, key=lambda r: r.time.timestamp() if r.time else 0.0)
    return [say(f"{plain_name(row.display)} was last ordered by **{row.requester}** ({dated(row)}).", cite(row))]


def _count(target: Target, found: list[Course], active: list[Course]) -> list[Statement]:
    rows = sorted((r for c in found for r in c.rows), key=lambda r: r.time.timestamp() if r.time else 0.0)
    text = f"**{len(rows)}** {'order' if len(rows) == 1 else 'orders'} of {target.label}, first {dated(rows[0])}, last {dated(rows[-1])}."
    return [say(text, cite(rows[0]), cite(rows[-1]))]
