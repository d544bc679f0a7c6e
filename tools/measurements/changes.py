"""Where a series of results moved, and what happened to drugs, problems and procedures around it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.facts import Frozen
from tools.context import ToolContext, plain_name
from tools.measurements.readings import Reading
from tools.times.periods import wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import MedicationRow

RECENT = timedelta(days=365)
_NEAR_BASELINE = 0.25  # of the whole move: a reading this close to the start still counts as "before"
_SLIGHT = 0.05  # relative move below which an older, larger one is preferred
_GAP = timedelta(days=30)  # between the end of one order and the next: longer is a new start
_ENDED = frozenset({"stopped", "completed", "cancelled"})


class Move(Frozen):
    """A rise or fall from the last reading near the earlier level to the furthest one."""

    before: Reading
    after: Reading
    direction: str  # "up" | "down"

    @property
    def relative(self) -> float:
        """The move as a share of the earlier value; infinite from zero."""
        first, last = self.before.value or 0.0, self.after.value or 0.0
        return abs(last - first) / abs(first) if first else float("inf")


class DrugEvent(Frozen):
    """A start, stop or change of dose, with the order that shows it."""

    event: str  # started | increased | reduced | stopped
    name: str
    row: Any
    time: datetime
    detail: str = ""

    @property
    def adds(self) -> bool:
        """Whether there is more of the drug afterwards."""
        return self.event in {"started", "increased"}


def largest_move(found: Sequence[Reading], direction: str = "any", recent_first: bool = True) -> Move | None:
    """The largest rise or fall among comparable, timed readings; None when the series never moved that way.

    Args:
        found: Readings in one unit, oldest first.
        direction: "up", "down" or "any".
        recent_first: Prefer a move that ended in the year before the newest reading, unless it is slight.
    """
    timed = [r for r in found if r.value is not None and r.time is not None]
    if len(timed) < 2:
        return None
    everything = _largest(timed, 0, direction)
    if not recent_first or everything is None:
        return everything
    newest = timed[-1].time
    since = next(
        n for n, r in enumerate(timed) if newest is not None and r.time is not None and newest - r.time <= RECENT
    )
    recent = _largest(timed[max(0, since - 1) :], 0, direction)
    return recent if recent is not None and recent.relative >= _SLIGHT else everything


def _largest(timed: Sequence[Reading], start: int, direction: str) -> Move | None:
    moves = [m for way in ("up", "down") if direction in {way, "any"} and (m := _one_way(timed[start:], way))]
    return max(moves, key=lambda m: abs((m.after.value or 0.0) - (m.before.value or 0.0)), default=None)


def _one_way(timed: Sequence[Reading], way: str) -> Move | None:
    sign = 1.0 if way == "up" else -1.0
    values = [sign * (r.value or 0.0) for r in timed]
    best, peak, low = 0.0, -1, values[0]
    lowest_before = values[0]
    for index, value in enumerate(values):
        low = min(low, value)
        if value - low > best:
            best, peak, lowest_before = value - low, index, low
    if peak < 0:
        return None
    near = lowest_before + _NEAR_BASELINE * best
    base = max(i for i in range(peak) if values[i] <= near)
    return Move(before=timed[base], after=timed[peak], direction=way)


def drug_events(ctx: ToolContext) -> list[DrugEvent]:
    """Every start, stop and change of dose that the orders show, oldest first.

    Orders of one ingredient are one story whatever their strength; a renewal is no event.
    """
    groups: dict[frozenset[str], list[MedicationRow]] = defaultdict(list)
    for row in ctx.chart.medications:
        ids = ctx.lexicon.concept_ids("medication", row) or frozenset({plain_name(row.display).casefold()})
        groups[ids].append(row)
    events: list[DrugEvent] = []
    for rows in groups.values():
        ordered = [r for r in rows if r.kind != "administration"] or rows
        events.extend(_events_of(ctx, sorted((r for r in ordered if _begin(r)), key=lambda r: _stamp(_begin(r)))))
    return sorted(events, key=lambda e: _stamp(e.time))


def _events_of(ctx: ToolContext, rows: Sequence[MedicationRow]) -> list[DrugEvent]:
    events: list[DrugEvent] = []
    previous: MedicationRow | None = None
    for row in rows:
        begin, name = _begin(row), plain_name(row.display)
        if begin is None:
            continue
        ended = previous.end if previous is not None else None
        if previous is None or (ended is not None and wall_clock(begin) - wall_clock(ended) > _GAP):
            events.append(DrugEvent(event="started", name=name, row=row, time=begin))
        elif (change := _dose_change(previous, row)) is not None:
            events.append(DrugEvent(event=change[0], name=name, row=row, time=begin, detail=change[1]))
        previous = row
        over = row.end is not None and row.status in _ENDED and ctx.chart.is_known(row.end)
        followed = any(
            (b := _begin(r)) is not None and r is not row and b >= begin and row.end is not None
            and wall_clock(b) - wall_clock(row.end) <= _GAP
            for r in rows
        )  # fmt: skip
        if over and not followed and row.end is not None:
            events.append(DrugEvent(event="stopped", name=name, row=row, time=row.end, detail=row.status_reason))
    return events


def _begin(row: MedicationRow) -> datetime | None:
    return row.start or row.authored or row.time


def _stamp(moment: datetime | None) -> float:
    return moment.timestamp() if moment is not None else 0.0


def _dose_change(before: MedicationRow, after: MedicationRow) -> tuple[str, str] | None:
    if before.dose_unit != after.dose_unit:
        return None
    if (interval_hours(before) is None) != (interval_hours(after) is None):  # a dose given once is no daily amount
        return None
    old, new = daily_amount(before), daily_amount(after)
    if old is None or new is None or old == new:
        return None
    was = f"from {before.dose_value:g} {before.dose_unit} {before.frequency}".strip()
    now = f"to {after.dose_value:g} {after.dose_unit} {after.frequency}".strip()
    return ("increased" if new > old else "reduced"), f"{was} {now}"


_TIMES_A_DAY = {"daily": 1, "qd": 1, "od": 1, "nightly": 1, "qhs": 1, "bid": 2, "tid": 3, "qid": 4, "weekly": 1 / 7}
_EVERY = re.compile(r"\b(?:q|every)\s*(\d{1,3})\s*-?\s*(?:h\b|hr|hour)", re.IGNORECASE)
# "2 times every day": how a FHIR rhythm without words is read.
_COUNTED = re.compile(r"\b(\d{1,2}) times (?:every|a|per) (day|week)\b", re.IGNORECASE)
_IN_WORDS = (
    (re.compile(r"\b(?:twice (?:a |per )?week(?:ly)?)\b", re.IGNORECASE), 84.0),
    (re.compile(r"\b(?:once (?:a |per |every )?week|once weekly|weekly|every week)\b", re.IGNORECASE), 168.0),
    (re.compile(r"\b(?:every other day|alternate days|every second day|every 2 days)\b", re.IGNORECASE), 48.0),
    (re.compile(r"\b(?:(?:twice|two times) (?:a day|daily|per day)|bid|bd|b\.i\.d\.)", re.IGNORECASE), 12.0),
    (re.compile(r"\b(?:three times (?:a day|daily|per day)|tid|tds)\b", re.IGNORECASE), 8.0),
    (re.compile(r"\b(?:four times (?:a day|daily|per day)|qid|qds)\b", re.IGNORECASE), 6.0),
    (re.compile(r"\b(?:once (?:a day|daily|per day)|daily|a day|every (?:day|morning|evening|night)|nightly|qd|at bedtime)\b", re.IGNORECASE), 24.0),
)  # fmt: skip


def interval_hours(row: MedicationRow) -> float | None:
    """Hours between doses as the order says it, None when it does not."""
    return interval_in(row.frequency or "") or interval_in(row.dosage_text or "")


def interval_in(text: str) -> float | None:
    """Hours between doses as words say it ("twice a day", "q8h"), None where they do not."""
    if match := _EVERY.search(text):
        return float(match[1])
    if (match := _COUNTED.search(text)) and int(match[1]):
        return (24.0 if match[2].lower() == "day" else 168.0) / int(match[1])
    times = _TIMES_A_DAY.get(text.strip().lower())
    if times:
        return 24.0 / times
    return next((hours for pattern, hours in _IN_WORDS if pattern.search(text)), None)


def daily_amount(row: MedicationRow) -> float | None:
    """Amount a day in the order's own unit; the dose itself where no frequency is written."""
    if row.dose_value is None:
        return None
    hours = interval_hours(row)
    return row.dose_value * 24.0 / hours if hours else row.dose_value
