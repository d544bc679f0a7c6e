"""How much of a chart a question may look at, when the reader narrows it: from a day on, in the record or in the notes."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from domain.facts import Frozen
from tools.times.periods import wall_clock

if TYPE_CHECKING:
    from knowledge_base.rows import Row

Sources = Literal["both", "record", "notes"]
# What has no end of its own: an allergy of long ago is an allergy today.
_STANDING = frozenset({"AllergyIntolerance", "FamilyMemberHistory", "Device"})
_IN_FORCE = frozenset({"active", "recurrence", "relapse", "on-hold", "in-progress"})


class Extent(Frozen):
    """What is looked at. `since` is a day of the chart's own clock; without one there is no start."""

    since: date | None = None
    sources: Sources = "both"

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.since is None and self.sources == "both"

    def includes(self, moment: datetime | None) -> bool:
        """Whether something that happened at a moment is looked at; what has no date is."""
        return self.since is None or moment is None or wall_clock(moment).date() >= self.since

    def includes_row(self, row: Row) -> bool:
        """Whether an entry of the record is looked at: it began since then, or was still in force."""
        if self.sources == "notes":
            return False
        if self.includes(row.time) or row.ref.partition("/")[0] in _STANDING:
            return True
        end = getattr(row, "abatement", None) or getattr(row, "end", None)
        if end is not None:
            return self.includes(end)
        clinical = getattr(row, "clinical_status", None)
        return clinical == "" or (row.status if clinical is None else clinical) in _IN_FORCE

    def includes_note(self, moment: datetime | None) -> bool:
        """Whether a note written at a moment is looked at."""
        return self.sources != "record" and self.includes(moment)

    def told(self) -> str:
        """What was looked at, in a sentence for the answer; empty when nothing is left out."""
        if self.is_whole:
            return ""
        what = {"both": "the chart", "record": "the record alone, no notes", "notes": "the notes alone, not the record"}
        start = f" from {self.since.isoformat()} on, with what was still in force then" if self.since else ""
        return f"Looked at: {what[self.sources]}{start}."


WHOLE = Extent()
