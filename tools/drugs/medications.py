"""Medications: what is active, stopped or was ever prescribed, since when, at which dose and why."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.facts import Frozen
from tools.claims import Claim, answered
from tools.concepts import Target, content_words, normalise_name
from tools.context import ToolContext, cite, dated, day, in_sentence, plain_name, within
from tools.drugs.doses import dose_now
from tools.drugs.medication_notes import note_mentions, rhythm_conflicts, told_of_hold
from tools.drugs.on_days import during
from tools.drugs.orders_told import count, every_dose, last, prescriber, reason, recency, start
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
    if (own := ctx.lexicon.of_record(name, ctx.chart.medications, "medication")) is not None:
        return own
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
    found = [
        c for c in found if any(r.kind != "administration" for r in c.rows)
    ] or found  # a dose given is no further drug
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
    found.sort(key=lambda c: (c.is_active, _over_or_ordered(ctx, c)), reverse=True)
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
    claim: Claim = "",
    amount: str = "",
) -> ToolResult:
    """One drug or class. `aspect`: active | ever | start | stop | last | dose | dose_history | reason | prescriber | count
    | duration (for how long it was taken) | before | after (the drug that was taken before it, or that followed it).

    `frequency` and `amount` with the dose: a rhythm in words ("twice a day") and a dose ("500 mg"), which are confirmed or
    denied. `of_class` with before and after: only drugs of that class. `claim`, with active and ever, is what a yes/no
    question says beyond "takes it": not so (off it), never, held, advice (should, is it safe), open (anything else).
    """
    if aspect not in _ASPECTS:
        raise RetryableToolError(f"aspect is one of {', '.join(_ASPECTS)}")
    if aspect not in {"active", "ever", "dose"}:
        claim = ""
    found = _of_drug(ctx, drug, aspect, period, frequency, of_class, claim, amount)
    if claim == "held" and found.data.get("aspect") == "during":
        held = told_of_hold(ctx, find_drug(ctx, drug), period) or [say("No hold is recorded for that time.")]
        found = found.model_copy(update={"statements": (*found.statements, *held)})
    if aspect == "dose" and not (frequency or amount):
        claim = "open"  # how much is no question of yes or no
    return answered(found, claim)


def _of_drug(
    ctx: ToolContext,
    drug: str,
    aspect: str,
    period: Period | None,
    frequency: str,
    of_class: str,
    claim: Claim,
    amount: str,
) -> ToolResult:
    target = find_drug(ctx, drug)
    if (
        period is not None
        and aspect in {"active", "ever", "dose"}
        and (then := during(ctx, target, courses(ctx, target), period, aspect))
    ):
        return then
    found = courses(ctx, target, period)
    if not found:
        return _never(ctx, target, aspect, period)
    active = [c for c in found if c.is_active]
    within_class = find_drug(ctx, of_class) if of_class else None
    told: dict[str, Callable[[Target, list[Course], list[Course]], list[Statement]]] = {
        "active": lambda drug, every, now: [*_active(ctx, every, now), *_hold(ctx, drug, every, now, claim)],
        "ever": lambda drug, every, _: _ever(ctx, drug, every),
        "start": start,
        "stop": lambda _, every, now: stopped(ctx, every, now),
        "last": last,
        "dose": lambda _, every, now: dose_now(now or [max(every, key=recency)], frequency, amount),
        "dose_history": every_dose,
        "reason": reason,
        "count": count,
        "stopped": lambda _, every, now: stopped(ctx, every, now),
        "duration": lambda drug, every, _: taken_for(ctx, drug, every),
        "before": lambda drug, every, _: neighbours(ctx, drug, every, courses(ctx), False, within_class),
        "after": lambda drug, every, _: neighbours(ctx, drug, every, courses(ctx), True, within_class),
        "prescriber": prescriber,
    }
    statements = told[aspect](target, found, active)
    return ToolResult(
        tool="medication",
        found=aspect not in {"before", "after"} or not statements[0].text.startswith("Not documented"),
        statements=tuple(statements),
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


def _hold(ctx: ToolContext, target: Target, found: list[Course], active: list[Course], claim: Claim) -> list[Statement]:
    """Where a hold or its wisdom is asked about: the hold that the record has, what notes say of one, or that there is none."""
    if claim not in {"held", "advice"}:
        return []
    paused = [c for c in found if c.status == "on-hold"]
    if paused:
        return [say(f"The record has {c.name} as **on hold**.", cite(c.latest)) for c in paused]
    since = min((c.first for c in active or found if c.first), default=None)
    told = told_of_hold(ctx, target, Period(since=since) if since is not None else None)
    if claim == "advice" or not active:
        return told
    return (
        [say("The record itself shows no hold; notes speak of holding or stopping it:"), *told]
        if told
        else [say("No hold is recorded.")]
    )


def _ever(ctx: ToolContext, target: Target, found: list[Course]) -> list[Statement]:
    lines = []
    for course in sorted(found, key=recency, reverse=True):
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
