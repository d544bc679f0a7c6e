"""The course of events: what began, ended, was done or found, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.facts import Evidence
from tools.context import abated, cite, day, plain_name
from tools.drugs.spans import ended_on
from tools.story.model import Basis, Section, Sentence, tell
from tools.story.picture import Picture
from tools.story.sections import HISTORY, Style, is_trivial
from tools.story.wording import drug_name, quoted, small


@dataclass(frozen=True)
class Event:
    """Something that happened on a day; `weight` says how much it matters."""

    moment: datetime
    date: str
    text: str
    evidence: tuple[Evidence, ...]
    weight: int
    order: int


def events_of(picture: Picture) -> list[Event]:
    """Everything dated that is worth telling, oldest first."""
    found = [*_visits(picture), *_problems(picture), *_studies(picture), *_drugs(picture)]
    died = picture.chart.deceased_on
    if died is not None:
        found.append(Event(died, day(died), "died", (picture.patient_evidence,), 5, 9))
    if picture.period is not None:
        found = [e for e in found if picture.period.contains(e.moment)]
    return sorted(found, key=lambda e: (e.date, e.order, e.moment.timestamp()))


def _visits(picture: Picture) -> list[Event]:
    return [
        Event(v.start, day(v.start, v.rows[0].time_precision), v.words(dated=False) + (f", until {day(v.end)}" if v.end and v.is_acute and day(v.end) != day(v.start) else ""),
              v.evidence, 4 if v.is_acute else 1, 0)
        for v in picture.visits if v.start is not None
    ]  # fmt: skip


def _problems(picture: Picture) -> list[Event]:
    found = []
    weights = {id(p): g.weight for g in picture.groups for p in (*g.active, *g.past)}
    for problem in picture.problems:
        weight = 3 if problem.is_active or weights.get(id(problem), 0) >= 60 else 1
        for row in problem.rows:
            began = row.onset or row.time
            if began is None:
                continue
            date = day(began, row.time_precision if row.time == began else "day")
            doubt = f" ({row.verification_status})" if row.verification_status not in {"confirmed", ""} else ""
            found.append(Event(began, date, f"onset of {problem.name}{doubt}", (cite(row),), weight, 1))
            ended = abated(picture.ctx, row)
            if row.abatement is not None and picture.chart.is_known(row.abatement) and ended != date:
                found.append(Event(row.abatement, ended, f"{problem.name} resolved", (cite(row),), 1, 5))
    return found


def _studies(picture: Picture) -> list[Event]:
    found, told = [], set()
    rows: list[tuple[Any, str]] = [(r, r.outcome) for r in picture.chart.procedures]
    rows += [(r, r.conclusion) for r in picture.chart.reports if r.conclusion]
    for row, words in rows:
        key = (plain_name(row.display), day(row.time))
        if row.time is None or is_trivial(row.display) or key in told:
            continue
        told.add(key)
        said = f": {quoted(words)}" if words else ""
        text = f"{small(plain_name(row.display))}{said}"
        found.append(Event(row.time, day(row.time, row.time_precision), text, (cite(row),), 3 if words else 2, 3))
    return found


def _drugs(picture: Picture) -> list[Event]:
    found = []
    pressing = {id(d) for g in picture.current if g.is_acute for d in (*g.drugs, *g.former)}
    for drug in picture.drugs:
        for course in (*drug.now, *drug.past):
            first, name = course.rows[0], drug_name(course.latest.display, drug.names)
            if first.time is not None:
                text = f"{name} ordered"
                found.append(
                    Event(
                        first.time,
                        day(first.time, first.time_precision),
                        text,
                        (cite(first),),
                        3 if id(drug) in pressing else 2 if course.is_active else 1,
                        4,
                    )
                )
            if not course.is_active:
                end, date = ended_on(picture.ctx, course.latest)
                why = f": {quoted(course.latest.status_reason)}" if course.latest.status_reason else ""
                if end is not None:
                    found.append(
                        Event(end, date, f"{name} {course.status}{why}", (cite(course.latest),), 2 if why else 1, 6)
                    )
    return found


def timeline(picture: Picture, style: Style) -> Section:
    """One line a day, oldest first; a short one keeps the weighty days and says how many it left out."""
    days: dict[str, list[Event]] = {}
    for event in events_of(picture):
        days.setdefault(event.date, []).append(event)
    kept = list(days)
    if len(kept) > style.timeline:
        ranked = sorted(days, key=lambda d: (max(e.weight for e in days[d]), d), reverse=True)
        chosen = set(ranked[: style.timeline])
        kept = [d for d in kept if d in chosen]
    lines = [_line(day, days[day]) for day in kept]
    left = len(days) - len(kept)
    if left:
        evidence = [e for d in days if d not in kept for event in days[d] for e in event.evidence]
        text = f"{left} further {'day' if left == 1 else 'days'} with minor or older events {'is' if left == 1 else 'are'} left out here."
        lines.append(tell(text, *evidence[:40], basis=Basis.DERIVED))
    if not lines:
        when = f" {picture.period.label}" if picture.period else ""
        lines.append(
            tell(
                f"No dated event is in the record{when}.",
                picture.absence("record", "no dated entry"),
                basis=Basis.ABSENCE,
            )
        )
    return Section(id="timeline", title="Timeline", code=HISTORY, sentences=tuple(lines))


def _line(date: str, events: list[Event]) -> Sentence:
    texts = list(dict.fromkeys(e.text for e in events))
    shown = texts if len(texts) <= 8 else [*texts[:8], f"and {len(texts) - 8} more entries"]
    return tell(
        f"{date}: {'; '.join(shown)}.".replace(".”.", ".”"), *[e for event in events for e in event.evidence], item=True
    )
