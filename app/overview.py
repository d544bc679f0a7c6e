"""The card of a patient that stays in sight: who, allergies, problems, what the record holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING

from domain.facts import Frozen

if TYPE_CHECKING:
    from knowledge_base.records import RecordStore
    from knowledge_base.rows import AllergyRow, ConditionRow, PatientRow, Row

_NOT_TRUE = {"entered-in-error", "refuted"}
_OVER = {"resolved", "inactive", "remission"}
_SEMANTIC_TAG = re.compile(r" \((disorder|finding|situation|procedure|substance|person|morphologic abnormality)\)$")


class AllergyLine(Frozen):
    """One allergy as the header shows it."""

    label: str
    reactions: tuple[str, ...] = ()
    high: bool = False


class Overview(Frozen):
    """What the header of a patient says."""

    id: str
    name: str
    gender: str = ""
    birth_date: date | None = None
    deceased: datetime | None = None
    age_years: int | None = None
    allergies: tuple[AllergyLine, ...] = ()
    no_known_allergy: bool = False
    problems: tuple[str, ...] = ()
    counts: dict[str, int] = {}
    last_entry: datetime | None = None


def patient_name(row: PatientRow) -> str:
    """Given and family name, or the id when the record has none; Synthea's digits after names are left out."""
    words = " ".join((*row.given, row.family)).split() or row.name.split()
    return " ".join(re.sub(r"\d+$", "", word) for word in words).strip() or row.id


def age_on(birth: date | None, day: date) -> int | None:
    """Completed years on a day; None before birth or without a birth date."""
    if birth is None or day < birth:
        return None
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def overview_of(store: RecordStore, patient_id: str, as_of: datetime) -> Overview:
    """The header of a patient as the record stood at `as_of`.

    Raises:
        UnknownPatient: no such patient.
    """
    row = store.patient(patient_id)
    allergies = [a for a in store.allergies(patient_id) if _counts(a) and _began(a.recorded or a.time, as_of)]
    last_day = row.deceased if row.deceased and row.deceased <= as_of else as_of
    return Overview(
        id=row.id,
        name=patient_name(row),
        gender=row.gender or "",
        birth_date=row.birth_date,
        deceased=row.deceased,
        age_years=age_on(row.birth_date, last_day.date()),
        allergies=tuple(_allergy_line(a) for a in allergies if not _is_none_known(a)),
        no_known_allergy=any(_is_none_known(a) for a in allergies),
        problems=tuple(_problems(store.conditions(patient_id), as_of)),
        counts=_counts_until(store, patient_id, as_of),
        last_entry=_last_entry(store, patient_id, as_of),
    )


def short_label(display: str) -> str:
    """A coding display without SNOMED's semantic tag."""
    return _SEMANTIC_TAG.sub("", display or "")


def _counts(row: AllergyRow | ConditionRow) -> bool:
    return row.verification_status not in _NOT_TRUE and row.clinical_status not in _OVER and row.status not in _NOT_TRUE


def _began(time: datetime | None, as_of: datetime) -> bool:
    return time is None or time <= as_of


def _is_none_known(row: AllergyRow) -> bool:
    return re.match(r"no known", row.display or "", re.IGNORECASE) is not None


def _allergy_line(row: AllergyRow) -> AllergyLine:
    return AllergyLine(label=short_label(row.display), reactions=row.reactions, high=row.criticality == "high")


def _problems(rows: Iterable[ConditionRow], as_of: datetime) -> list[str]:
    """Active problems, each once: disorders before symptoms, newest first; circumstances of life left out."""
    active = [r for r in rows if _counts(r) and _began(r.onset or r.time, as_of) and not _ended(r, as_of)]
    kinds = [(_kind_of(row), row) for row in reversed(active)]
    ordered = sorted((pair for pair in kinds if pair[0] != "social"), key=lambda pair: pair[0] == "symptom")
    return list(dict.fromkeys(short_label(row.display) for _, row in ordered))


def _ended(row: ConditionRow, as_of: datetime) -> bool:
    return row.abatement is not None and row.abatement <= as_of


def _kind_of(row: ConditionRow) -> str:
    from nlp_pipeline.vocabulary import load_vocabulary

    by_code = load_vocabulary().by_code
    found = (concept for code in row.codes for concept in by_code.get(code, ()) if concept.kind == "condition")
    return next((concept.extra.get("kind", "") for concept in found), "")


def _counts_until(store: RecordStore, patient_id: str, as_of: datetime) -> dict[str, int]:
    """How much of each kind the record holds, less what is dated after `as_of`: how much was yet to come is not told."""
    readers = (
        store.observations, store.conditions, store.medications, store.allergies, store.procedures,
        store.immunizations, store.encounters, store.reports, store.care_plans, store.devices, store.family_history,
    )  # fmt: skip
    dated: Iterator[Row] = chain.from_iterable(read(patient_id) for read in readers)
    later_refs = {row.ref for row in dated if not _began(row.time, as_of)}
    later_notes = {note.id for note in store.notes(patient_id) if not _began(note.time, as_of)}
    later = Counter(ref.split("/")[0] for ref in later_refs)
    later["Note"] = later["DocumentReference"] = len(later_notes)
    if later_notes:
        spans = (fact.evidence.span for fact in store.facts(patient_id))
        later["Fact"] = sum(span is not None and span.note_id in later_notes for span in spans)
    return {kind: max(0, count - later[kind]) for kind, count in store.counts(patient_id).items()}


def _last_entry(store: RecordStore, patient_id: str, as_of: datetime) -> datetime | None:
    sources = (store.encounters(patient_id), store.observations(patient_id), store.notes(patient_id))
    times = [row.time for rows in sources for row in rows if row.time is not None and row.time <= as_of]
    return max(times, default=None)
