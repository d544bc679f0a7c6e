"""What was started, ended or done to a patient, as marks above a trend and as the lanes of a timeline."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from app.overview import short_label
from tools.context import Chart

_NEVER_GIVEN = {"cancelled", "draft", "entered-in-error", "not-taken", "unknown"}
_LANES = ("Problems", "Drugs", "Procedures", "Visits")
_OVER = {"stopped", "completed", "ended"}
_MOST_MARKS, _LONGEST = 14, 60


class Mark(NamedTuple):
    """Something that happened at a moment."""

    time: datetime
    text: str


class Stretch(NamedTuple):
    """Something that lasted; without an end it still does, or the record does not say when it ended."""

    lane: str
    label: str
    start: datetime
    end: datetime | None


def interventions(chart: Chart, first: datetime, last: datetime) -> list[Mark]:
    """Drugs begun and ended and procedures done between two moments, those of a day together, the newest if too many."""
    marks = [Mark(p.time, short_label(p.display)) for p in chart.procedures if p.time is not None]
    for drug in _drugs(chart):
        marks.append(Mark(drug.start, f"{drug.label} started"))
        if drug.end is not None:
            marks.append(Mark(drug.end, f"{drug.label} ended"))
    inside = sorted({m for m in marks if first <= m.time <= last}, key=lambda m: (m.time.timestamp(), m.text))
    days = (list(same) for _, same in groupby(inside, key=lambda m: m.time.date()))
    return [Mark(same[0].time, "; ".join(dict.fromkeys(m.text for m in same))) for same in days][-_MOST_MARKS:]


def stretches(chart: Chart) -> list[Stretch]:
    """Problems, drugs, procedures and visits with a date."""
    problems = [("Problems", c.display, c.onset or c.time, c.abatement) for c in chart.conditions]
    procedures = [("Procedures", p.display, p.time, p.end) for p in chart.procedures]
    visits = [
        ("Visits", e.reason_display or e.type_display or e.display, e.start or e.time, e.end) for e in chart.encounters
    ]
    dated = [
        Stretch(lane, _short(label), start, end)
        for lane, label, start, end in (*problems, *procedures, *visits)
        if start is not None
    ]
    return sorted([*dated, *_drugs(chart)], key=lambda one: _LANES.index(one.lane))


def _drugs(chart: Chart) -> list[Stretch]:
    """One stretch per drug as it is written: from its first order to the end of its last, where none is in force."""
    orders = [m for m in chart.medications if m.status not in _NEVER_GIVEN and not m.do_not_perform]
    dated = [(short_label(m.display), m.start or m.authored or m.time, m) for m in orders]
    found: list[Stretch] = []
    by_name = sorted((d for d in dated if d[1] is not None), key=lambda d: (d[0], d[1].timestamp() if d[1] else 0.0))
    for name, same in groupby(by_name, key=lambda d: d[0]):
        rows = list(same)
        # An order that is over and has no end in the record lasted for one knows not how long: its own day is certain.
        ends = [row.end or (begun if row.status in _OVER else None) for _, begun, row in rows]
        is_over = all(end is not None and end <= chart.as_of for end in ends)
        last = max((end for end in ends if end is not None), default=None) if is_over else None
        start = rows[0][1]
        if start is not None:
            found.append(Stretch("Drugs", _short(name), start, last))
    return found


def _short(text: str) -> str:
    words = short_label(text)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
