"""The drugs of a chart, one entry per ingredient: what is taken now and how, what it replaced, what stands against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from domain.facts import Evidence
from tools.concepts import normalise_name
from tools.context import ToolContext, cite, dated, day
from tools.drugs.medications import Course, courses
from tools.drugs.spans import ended_on
from tools.story.wording import both, drug_name, quoted, regimen
from tools.times.periods import wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import MedicationRow

_REAL_STATUS = frozenset(
    {"active", "stopped", "completed", "on-hold", "not-taken", "intended", "unknown", "in-progress"}
)


@dataclass(frozen=True)
class Drug:
    """One ingredient or combination with its orders: `now` in force, `past` not."""

    ids: frozenset[str]
    names: tuple[str, ...]
    now: tuple[Course, ...]
    past: tuple[Course, ...]

    @property
    def is_active(self) -> bool:
        """Whether an order is in force."""
        return bool(self.now)

    @property
    def first(self) -> datetime | None:
        """When the orders in force were first written."""
        times = [c.first for c in (self.now or self.past) if c.first is not None]
        return min(times, key=lambda t: t.timestamp()) if times else None

    @property
    def newest(self) -> MedicationRow:
        """The order that decides its state."""
        return max((c.latest for c in (self.now or self.past)), key=lambda r: r.time.timestamp() if r.time else 0.0)

    @property
    def name(self) -> str:
        """Its shortest honest name."""
        return both(self.names) if self.names else drug_name(self.newest.display)

    @property
    def stamp(self) -> float:
        """When it was last ordered."""
        return self.newest.time.timestamp() if self.newest.time else 0.0


def drugs_of(ctx: ToolContext) -> list[Drug]:
    """Every drug of the record by ingredient, administrations apart from orders left out; newest order last."""
    groups: dict[tuple[str, ...], list[Course]] = {}
    for course in courses(ctx):
        ids = tuple(sorted(ctx.lexicon.concept_ids("medication", course.latest)))
        groups.setdefault(ids or (f"name:{normalise_name(course.name)}",), []).append(course)
    found = []
    for ids, members in groups.items():
        known = [ctx.lexicon.vocabulary.get("medication", i) for i in ids]
        now = tuple(c for c in members if c.is_active)
        past = tuple(c for c in members if not c.is_active and c.status in _REAL_STATUS)
        if now or past:
            found.append(Drug(frozenset(ids), tuple(c.label for c in known if c), now, past))
    return sorted(found, key=lambda d: d.stamp)


def taking(drug: Drug) -> str:
    """How an active drug is taken, each order in force once."""
    return both(list(dict.fromkeys(regimen(c.latest, drug.names) for c in drug.now)))


def since(drug: Drug) -> str:
    """Since when the orders in force run, and the last renewal where it is another day."""
    first, last = drug.first, drug.newest
    start = next((dated(c.rows[0]) for c in drug.now if c.first == first), day(first))
    if not drug.now or first is None:
        return ""
    renewed = dated(last) if last.time and last.time.date() != first.date() and len(drug.now) == 1 else ""
    return f"since {start}" + (f", last ordered {renewed}" if renewed else "")


def evidence_of(drug: Drug) -> tuple[Evidence, ...]:
    """The orders in force: the first and the deciding one of each course."""
    found: list[Evidence] = []
    for course in drug.now:
        found += [cite(course.latest)] if course.rows[0].ref == course.latest.ref else [
            cite(course.latest), cite(course.rows[0])
        ]  # fmt: skip
    return tuple(found)


def stopped(ctx: ToolContext, course: Course, names: tuple[str, ...] = ()) -> str:
    """A course that is over: what it was, when it ended as far as known, and why in the record's words."""
    row = course.latest
    _, end = ended_on(ctx, row)
    when = f"{end}" if end else f"ordered {dated(row)}, end not dated"
    why = f": {quoted(row.status_reason)}" if row.status_reason else ""
    return f"{drug_name(row.display, names)} ({course.status} {when}{why})" if end else (
        f"{drug_name(row.display, names)} ({course.status}, {when}{why})"
    )  # fmt: skip


def duplicates(drugs: list[Drug]) -> list[Drug]:
    """Drugs of one ingredient with more than one order in force."""
    return [d for d in drugs if len(d.ids) == 1 and len(d.now) > 1]


def in_force_past_its_end(ctx: ToolContext, drug: Drug) -> str:
    """The date an active order's own words or validity set as its end, when that date is past; else empty."""
    for course in drug.now:
        end, text = ended_on(ctx, course.latest)
        if end is not None and wall_clock(end).date() < ctx.as_of.date():
            return text
    return ""
