"""What every tool runs against: one patient, one moment, the services. Models can fill none of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from domain.facts import Evidence, Fact, Note
from tools.concepts import SEMANTIC_TAG, Lexicon, Target, default_lexicon
from tools.extent import WHOLE, Extent
from tools.times.periods import Period, wall_clock
from tools.untrusted import Spans, set_aside_of, trusted_facts, without_orders

if TYPE_CHECKING:
    from knowledge_base.records import RecordStore
    from knowledge_base.rows import (
        AllergyRow,
        CarePlanRow,
        ConditionRow,
        DeviceRow,
        EncounterRow,
        FamilyHistoryRow,
        ImmunizationRow,
        MedicationRow,
        ObservationRow,
        PatientRow,
        ProcedureRow,
        ReportRow,
        Row,
    )
    from knowledge_base.vectors import VectorIndex
    from twin_backend.service import TwinBackend

# Statuses of what did not happen, or has not happened yet: a draft order and a planned procedure are no facts.
_NOT_TRUE = frozenset({"entered-in-error", "cancelled", "not-done", "draft", "preparation", "planned", "proposed"})
_END_OF_DAY = time(23, 59, 59)
_NO_KNOWN_ALLERGY = re.compile(r"\bno known\b.*\ballerg|\bno allerg|\bnkd?a\b", re.IGNORECASE)
R = TypeVar("R", bound="Row")


@dataclass
class ToolContext:
    """One run's services, patient and moment. Rows later than `as_of` and rows entered in error are invisible.

    What `extent` leaves out is invisible too; where safety is checked, `whole` is asked instead.
    """

    store: RecordStore
    patient_id: str
    as_of: datetime
    twin: TwinBackend
    index: VectorIndex | None = None
    lexicon: Lexicon = field(default_factory=default_lexicon)
    asked: str = ""  # the user's own words; without them nothing is drafted
    owner: str = "local"  # on whose behalf, for what is kept beside the record
    agent: str = ""  # which model fills the arguments
    extent: Extent = WHOLE  # how much of the chart the reader wants looked at

    @cached_property
    def chart(self) -> Chart:
        """The patient's visible record."""
        return Chart(self.store, self.patient_id, self.as_of, self.extent)

    @cached_property
    def whole(self) -> ToolContext:
        """The same over all of the chart: an allergy is one, whatever the reader chose to look at."""
        return self if self.extent.is_whole else replace(self, extent=WHOLE)


class Chart:
    """The rows of one patient as they stood at a moment, oldest first."""

    def __init__(self, store: RecordStore, patient_id: str, as_of: datetime, extent: Extent = WHOLE) -> None:
        self._store, self._patient_id, self.as_of, self.extent = store, patient_id, as_of, extent
        self.patient: PatientRow = store.patient(patient_id)

    def is_known(self, moment: datetime | None) -> bool:
        """Whether something of that time was known at `as_of`.

        The last second of a day stands for the whole day, as the chart's own clock counts it.
        """
        if moment is None:
            return True
        if self.as_of.time() >= _END_OF_DAY:
            return wall_clock(moment).date() <= self.as_of.date()
        return moment <= self.as_of

    def _visible(self, rows: Iterable[R]) -> list[R]:
        true = (row for row in rows if row.status not in _NOT_TRUE and self.is_known(row.time))
        return [row for row in true if self.extent.includes_row(row)]

    @cached_property
    def looks_back(self) -> bool:
        """Whether the record holds anything later than `as_of`: statuses are then those of today, not of that day."""
        later = (*self._store.medications(self._patient_id), *self._store.observations(self._patient_id))
        return any(not self.is_known(row.time) for row in later)

    @cached_property
    def observations(self) -> list[ObservationRow]:
        """Observations and their components."""
        return self._visible(self._store.observations(self._patient_id))

    @cached_property
    def conditions(self) -> list[ConditionRow]:
        """Conditions that were not refuted or entered in error."""
        rows = self._visible(self._store.conditions(self._patient_id))
        return [r for r in rows if r.verification_status not in {"refuted", "entered-in-error"}]

    @cached_property
    def refuted_conditions(self) -> list[ConditionRow]:
        """Conditions that the record says the patient does not have."""
        rows = self._visible(self._store.conditions(self._patient_id))
        return [r for r in rows if r.verification_status == "refuted"]

    @cached_property
    def medications(self) -> list[MedicationRow]:
        """Medication requests, statements and administrations; an order not to give a drug is none of them."""
        rows = self._visible(self._store.medications(self._patient_id))
        return [r for r in rows if not r.do_not_perform]

    def is_renewed_later(self, row: MedicationRow) -> bool:
        """Whether an order that the record now calls stopped or completed was followed by one of the same product.

        Only asked when looking back from `as_of`: the record keeps the status of today, and an order of a year ago that
        was renewed the month after was in force then. What the later order says is not used.
        """
        if row.kind != "request" or row.status not in {"stopped", "completed"}:
            return False
        name = row.display.casefold()
        return any(
            later.kind == "request"
            and later.display.casefold() == name
            and later.time is not None
            and not self.is_known(later.time)
            for later in self._store.medications(self._patient_id)
        )

    @cached_property
    def allergies(self) -> list[AllergyRow]:
        """Allergies that were not refuted or entered in error; "no known allergy" entries stand apart."""
        return [r for r in self._allergy_entries if not _NO_KNOWN_ALLERGY.search(r.display)]

    @cached_property
    def refuted_allergies(self) -> list[AllergyRow]:
        """Allergies that the record says the patient does not have."""
        rows = self._visible(self._store.allergies(self._patient_id))
        return [r for r in rows if r.verification_status == "refuted"]

    @cached_property
    def no_known_allergies(self) -> list[AllergyRow]:
        """Entries that say there is no known allergy."""
        return [r for r in self._allergy_entries if _NO_KNOWN_ALLERGY.search(r.display)]

    @cached_property
    def _allergy_entries(self) -> list[AllergyRow]:
        rows = self._visible(self._store.allergies(self._patient_id))
        return [r for r in rows if r.verification_status not in {"refuted", "entered-in-error"}]

    @cached_property
    def procedures(self) -> list[ProcedureRow]:
        """Procedures that were done or are under way."""
        return self._visible(self._store.procedures(self._patient_id))

    @cached_property
    def immunizations(self) -> list[ImmunizationRow]:
        """Vaccinations given."""
        return self._visible(self._store.immunizations(self._patient_id))

    @cached_property
    def encounters(self) -> list[EncounterRow]:
        """Visits and admissions."""
        return self._visible(self._store.encounters(self._patient_id))

    @cached_property
    def reports(self) -> list[ReportRow]:
        """Diagnostic reports."""
        return self._visible(self._store.reports(self._patient_id))

    @cached_property
    def care_plans(self) -> list[CarePlanRow]:
        """Care plans."""
        return self._visible(self._store.care_plans(self._patient_id))

    @cached_property
    def devices(self) -> list[DeviceRow]:
        """Devices."""
        return self._visible(self._store.devices(self._patient_id))

    @cached_property
    def family_history(self) -> list[FamilyHistoryRow]:
        """Diseases of relatives."""
        return self._visible(self._store.family_history(self._patient_id))

    @cached_property
    def notes(self) -> list[Note]:
        """Notes written by then, oldest first; text that addresses software is blanked, character by character."""
        known = [
            n
            for n in self._store.notes(self._patient_id)
            if self.is_known(n.time) and self.extent.includes_note(n.time)
        ]
        return [without_orders(n, self.set_aside.get(n.id, ())) for n in known]

    @cached_property
    def set_aside(self) -> Mapping[str, Spans]:
        """By note: the characters that address software."""
        return set_aside_of(self._store, self._patient_id)

    @cached_property
    def suspicious_note_ids(self) -> frozenset[str]:
        """Notes of which nothing is left without that text."""
        return frozenset(n.id for n in self.notes if n.id in self.set_aside and not re.search(r"\w", n.text))

    @cached_property
    def facts(self) -> list[Fact]:
        """What was extracted from those notes, oldest note first; not what touches text that was set aside."""
        visible = {n.id for n in self.notes}
        return [
            f
            for f in trusted_facts(self._store, self._patient_id)
            if (span := f.evidence.span) and span.note_id in visible
        ]

    @cached_property
    def notes_by_id(self) -> dict[str, Note]:
        """The visible notes by their id."""
        return {n.id: n for n in self.notes}

    @cached_property
    def facts_by_note(self) -> dict[str, list[Fact]]:
        """What each visible note says."""
        found: dict[str, list[Fact]] = {}
        for fact in self.facts:
            if (span := fact.evidence.span) is not None:
                found.setdefault(span.note_id, []).append(fact)
        return found

    @cached_property
    def note_times(self) -> dict[str, datetime | None]:
        """When each visible note was written."""
        return {n.id: n.time for n in self.notes}

    def note_time(self, fact: Fact) -> datetime | None:
        """When the note that a fact was read from was written."""
        span = fact.evidence.span
        return self.note_times.get(span.note_id) if span is not None else None

    def age_on(self, moment: datetime) -> int | None:
        """Completed years of age on a date, None when the birth date is not recorded."""
        born = self.patient.birth_date
        if born is None:
            return None
        return moment.year - born.year - ((moment.month, moment.day) < (born.month, born.day))

    @property
    def age(self) -> int | None:
        """Completed years of age at `as_of`, or at death."""
        return self.age_on(self.deceased_on or self.as_of)

    @property
    def deceased_on(self) -> datetime | None:
        """When the patient died, if that was before `as_of`."""
        died = self.patient.deceased
        return died if died is not None and self.is_known(died) else None

    def is_active(self, condition: ConditionRow) -> bool:
        """Whether a condition was active at `as_of`: an abatement still to come is not yet known."""
        abated = condition.abatement
        if abated is not None:
            return not self.is_known(abated)
        return condition.clinical_status in {"active", "recurrence", "relapse", ""}


def within(rows: Iterable[R], period: Period | None) -> list[R]:
    """The rows inside a period; all of them when there is none."""
    return [r for r in rows if period is None or period.contains(r.time)]


def cite(row: Any, quote: str = "") -> Evidence:
    """The evidence of a row, quoted by its display unless told otherwise."""
    return Evidence(ref=row.ref, quote=quote or row.display, time=row.time)


def day(moment: datetime | None, precision: str = "day") -> str:
    """A date as answers write it, YYYY-MM-DD, in the chart's own time zone; no more of it than was recorded."""
    if moment is None:
        return "an unrecorded date"
    text = moment.date().isoformat()
    return {"year": text[:4], "month": text[:7]}.get(precision, text)


def dated(row: Row) -> str:
    """The date of a row at its own precision."""
    return day(row.time, row.time_precision)


def on_date(row: Row, bold: bool = False) -> str:
    """ "on 2024-03-05", "in 2008": when a row was, in a sentence."""
    mark = "**" if bold else ""
    return f"{'in' if row.time_precision in {'year', 'month'} else 'on'} {mark}{dated(row)}{mark}"


def began(row: ConditionRow) -> str:
    """When a problem began, else when it was recorded, at the precision of the record."""
    return day(row.onset, row.time_precision if row.time == row.onset else "day") if row.onset else dated(row)


def abated(ctx: ToolContext, row: ConditionRow) -> str:
    """When a problem ended, as precisely as the record gave it; empty where it gave no date. The row keeps the day alone."""
    if row.abatement is None:
        return ""
    if row.abatement.day == 1 and row.abatement.hour == 0:
        text = str(ctx.store.resource(ctx.patient_id, row.ref).get("abatementDateTime") or "")
        if 4 <= len(text) < len("2024-05-31"):
            return text
    return day(row.abatement)


def number(value: float, digits: int = 2) -> str:
    """A number without needless digits."""
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def counted(n: int, one: str) -> str:
    """ "1 note", "3 notes", "2 allergy entries"."""
    return f"{n} {one if n == 1 else one[:-1] + 'ies' if one.endswith('ry') else one + 's'}"


def plain_name(display: str) -> str:
    """A display without SNOMED's semantic tag."""
    return SEMANTIC_TAG.sub("", display).strip() or display


def in_sentence(target: Target) -> str:
    """A target's label for a sentence: abbreviations keep their capitals, other words start small."""
    word = target.label.split()[0] if target.label else ""
    return target.label if sum(c.isupper() for c in word) > 1 else target.label[:1].lower() + target.label[1:]
