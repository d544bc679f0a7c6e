"""Visits as a clinician counts them: an emergency visit and the stay it led to are one, and the record's last sign of life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from domain.facts import Evidence
from tools.context import ToolContext, cite, day, plain_name
from tools.story.wording import quoted, small

if TYPE_CHECKING:
    from knowledge_base.rows import EncounterRow

_ACUTE_CLASSES = {"IMP": "inpatient admission", "ACUTE": "inpatient admission", "NONAC": "inpatient admission",
                  "EMER": "emergency department visit", "OBSENC": "observation stay", "SS": "short stay"}  # fmt: skip
_GAP = timedelta(hours=24)


@dataclass(frozen=True)
class Visit:
    """One visit or stay: the encounters that follow each other without a day between."""

    rows: tuple[EncounterRow, ...]

    @property
    def start(self) -> datetime | None:
        """When it began."""
        return self.rows[0].start or self.rows[0].time

    @property
    def end(self) -> datetime | None:
        """When it ended; None while it lasts."""
        ends = [r.end or (r.start if r.class_code not in _ACUTE_CLASSES else None) for r in self.rows]
        return ends[-1]

    @property
    def main(self) -> EncounterRow:
        """The row that names it: the stay, else the first."""
        return next((r for r in self.rows if r.class_code in {"IMP", "ACUTE", "NONAC"}), self.rows[0])

    @property
    def is_acute(self) -> bool:
        """Whether it was a stay or an emergency."""
        return any(r.class_code in _ACUTE_CLASSES for r in self.rows)

    @property
    def is_open(self) -> bool:
        """Whether the patient is in hospital now, as far as the record says."""
        return self.main.class_code in _ACUTE_CLASSES and self.main.end is None and self.main.status in {
            "in-progress", "arrived", "triaged", "onleave",
        }  # fmt: skip

    @property
    def what(self) -> str:
        """Its kind in words."""
        row = self.main
        named = plain_name(row.type_display or row.display)
        acute = _ACUTE_CLASSES.get(row.class_code, "")
        return small(named) if named else acute or "visit"

    @property
    def reason(self) -> str:
        """Why, in the record's words."""
        return plain_name(self.main.reason_display)

    @property
    def dates(self) -> str:
        """Its day, or its first and last day."""
        first = day(self.start, self.rows[0].time_precision)
        last = day(self.end) if self.end else ""
        return f"{first} to {last}" if last and last != first and self.is_acute else first

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Its encounters."""
        return tuple(cite(r, plain_name(r.type_display or r.display)) for r in self.rows)

    def words(self, dated: bool = True) -> str:
        """The visit in a clause."""
        for_what = f" for {quoted(self.reason)}" if self.reason else ""
        return f"{self.what}{for_what}" + (f" ({self.dates})" if dated else "")


def visits_of(ctx: ToolContext) -> list[Visit]:
    """The visits of a chart, oldest first; undated ones left out."""
    rows = [r for r in ctx.chart.encounters if (r.start or r.time) is not None]
    found: list[list[EncounterRow]] = []
    for row in rows:
        last = found[-1][-1] if found else None
        start = row.start or row.time
        if last is not None and start is not None and _joins(last, row, start):
            found[-1].append(row)
        else:
            found.append([row])
    return [Visit(tuple(group)) for group in found]


def _joins(last: EncounterRow, row: EncounterRow, start: datetime) -> bool:
    end = last.end or last.start or last.time
    acute = last.class_code in _ACUTE_CLASSES and row.class_code in _ACUTE_CLASSES
    return acute and end is not None and timedelta(0) <= start - end <= _GAP


class Contact(NamedTuple):
    """Something that happened with the patient, and how precisely its time is known."""

    moment: datetime
    evidence: Evidence
    what: str
    precision: str


def last_contact(ctx: ToolContext) -> Contact | None:
    """The newest thing that happened with the patient, what it was, and its citation; None in an empty chart."""
    chart = ctx.chart
    found: list[Contact] = []
    for row, what in (
        *((r, "visit") for r in chart.encounters[-1:]), *((r, "result") for r in chart.observations[-1:]),
        *((r, "order") for r in chart.medications[-1:]), *((r, "procedure") for r in chart.procedures[-1:]),
        *((r, "vaccination") for r in chart.immunizations[-1:]), *((r, "problem entry") for r in chart.conditions[-1:]),
    ):  # fmt: skip
        if row.time is not None:
            found.append(Contact(row.time, cite(row), what, row.time_precision))
    trusted = [n for n in chart.notes if n.time is not None and n.text and n.id not in chart.suspicious_note_ids]
    if trusted and trusted[-1].time is not None:
        note = trusted[-1]
        ref = f"Note/{note.id}#0-{min(len(note.text), 60)}"
        found.append(Contact(trusted[-1].time, Evidence(ref=ref, quote=note.text[:60], time=note.time), "note", "day"))
    return max(found, key=lambda f: f.moment.timestamp(), default=None)
