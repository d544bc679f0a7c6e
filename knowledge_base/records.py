"""The record store: every resource, note, fact and model run of each patient, exhaustively and by patient only.

The database is the truth. What is read is turned into rows (`knowledge_base.rows`) once per patient and kept in memory
until that patient's record is written again, by this process or another.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from domain.errors import UnknownEvidence, UnknownPatient
from domain.facts import Fact, Note
from domain.predictions import ModelRun
from knowledge_base import fhir, rows
from knowledge_base.database import FACTS, NOTES, OUTBOX, PATIENTS, RESOURCES, RUNS, Database, row_dict
from knowledge_base.elements import Json, reference_of

_ROW = TypeVar("_ROW", bound=rows.Row)
_T = TypeVar("_T")
_PATIENTS_IN_MEMORY = 64
FACTS_TASK, CHUNKS_TASK = "facts", "chunks"


@dataclass(frozen=True)
class StoredResource:
    """A validated resource with its patient, its references as `Type/id`, and its first row where its type has one."""

    patient_id: str
    raw: Json
    row: rows.Row | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Patient, type and id: what makes two resources the same one."""
        return self.patient_id, self.raw["resourceType"], self.raw["id"]


@dataclass(frozen=True)
class StoredNote:
    """A note and the resource (or file) it came from."""

    note: Note
    source_ref: str


@dataclass
class Saved:
    """What a save did: resources and notes that are new or differ, and notes held as the same text already."""

    resources: int = 0
    notes: int = 0
    duplicates: int = 0


@dataclass(frozen=True)
class Task:
    """One piece of outbox work on one note; `note` is None where the note is gone and its traces must go."""

    seq: int
    patient_id: str
    note_id: str
    note: Note | None


@dataclass
class _Cached:
    """What is in memory of one patient, as of one generation of the record."""

    generation: int
    values: dict[str, Any] = field(default_factory=dict)


class RecordStore:
    """The patients' records in one data directory.

    Safe to share between threads, and between processes that open the same directory. Every method but `patients` and
    `patient` works within one patient, and a patient id that is not stored raises `UnknownPatient`.

    Args:
        data_dir: Folder of the database; made if `create` and missing.
        create: Whether a missing folder or database is made; if not, its absence is an error that says what to run.
        busy_timeout_s: How long a write waits for another process before it gives up.

    Raises:
        StoreUnavailable: the folder or database is missing, unreadable, read-only where it must be made, or damaged.
    """

    def __init__(self, data_dir: Path | str, create: bool = True, busy_timeout_s: float = 30.0) -> None:
        self._database = Database(Path(data_dir), busy_timeout_s, create)
        self._cache: OrderedDict[str, _Cached] = OrderedDict()
        self._generations: dict[str, int] = {}
        self._patients: list[rows.PatientRow] | None = None
        self._seen_version = -1
        self._lock = threading.RLock()
        self._watcher: sqlite3.Connection = self._database.watcher()

    @property
    def data_dir(self) -> Path:
        """The folder of this store."""
        return self._database.data_dir

    def close(self) -> None:
        """Closes the database; the store cannot be used after."""
        with self._lock:
            self._watcher.close()
            self._database.close()

    # --- what is known of a patient -------------------------------------------------------------------------------

    def patients(self) -> list[rows.PatientRow]:
        """Every patient, by family name, given name and id."""
        with self._lock:
            self._refresh()
            if self._patients is None:
                self._patients = self._read_patients()
            return list(self._patients)

    def patient(self, patient_id: str) -> rows.PatientRow:
        """One patient.

        Raises:
            UnknownPatient: no such patient is stored.
        """
        return self._cached(patient_id, "patient", lambda: self._read_patient(patient_id))

    def observations(self, patient_id: str) -> list[rows.ObservationRow]:
        """Every observation, components as rows of their own after the observation that holds them."""
        return self._rows(patient_id, rows.ObservationRow, "Observation")

    def conditions(self, patient_id: str) -> list[rows.ConditionRow]:
        """Every problem and diagnosis, of any status."""
        return self._rows(patient_id, rows.ConditionRow, "Condition")

    def medications(self, patient_id: str) -> list[rows.MedicationRow]:
        """Every drug order, statement and administration, of any status."""
        types = ("MedicationRequest", "MedicationStatement", "MedicationAdministration")
        return self._rows(patient_id, rows.MedicationRow, *types)

    def allergies(self, patient_id: str) -> list[rows.AllergyRow]:
        """Every allergy and intolerance, of any status."""
        return self._rows(patient_id, rows.AllergyRow, "AllergyIntolerance")

    def procedures(self, patient_id: str) -> list[rows.ProcedureRow]:
        """Every procedure, of any status."""
        return self._rows(patient_id, rows.ProcedureRow, "Procedure")

    def immunizations(self, patient_id: str) -> list[rows.ImmunizationRow]:
        """Every immunization, not-done ones included."""
        return self._rows(patient_id, rows.ImmunizationRow, "Immunization")

    def encounters(self, patient_id: str) -> list[rows.EncounterRow]:
        """Every visit and stay."""
        return self._rows(patient_id, rows.EncounterRow, "Encounter")

    def reports(self, patient_id: str) -> list[rows.ReportRow]:
        """Every diagnostic report."""
        return self._rows(patient_id, rows.ReportRow, "DiagnosticReport")

    def care_plans(self, patient_id: str) -> list[rows.CarePlanRow]:
        """Every care plan, of any status."""
        return self._rows(patient_id, rows.CarePlanRow, "CarePlan")

    def devices(self, patient_id: str) -> list[rows.DeviceRow]:
        """Every device."""
        return self._rows(patient_id, rows.DeviceRow, "Device")

    def family_history(self, patient_id: str) -> list[rows.FamilyHistoryRow]:
        """Every relative with their conditions."""
        return self._rows(patient_id, rows.FamilyHistoryRow, "FamilyMemberHistory")

    def counts(self, patient_id: str) -> dict[str, int]:
        """How many resources of each type are stored, and how many notes and facts."""
        return dict(self._cached(patient_id, "counts", lambda: self._read_counts(patient_id)))

    def resource(self, patient_id: str, ref: str) -> Json:
        """The resource of a `Type/id` reference as it was ingested, references resolved.

        Raises:
            UnknownEvidence: this patient has no such resource.
        """
        self.patient(patient_id)
        raw = self._look_up(patient_id, ref)
        if raw is None:
            raise UnknownEvidence("the reference names no resource of this patient; citations read Type/id")
        return raw

    def resources(self, patient_id: str, resource_type: str) -> list[Json]:
        """Every resource of a type as it was ingested, references resolved, by id."""
        self.patient(patient_id)
        return [raw for _, raw in sorted(self._raw_of_type(patient_id, resource_type).items())]

    def holders(self, resource_type: str, resource_id: str) -> set[str]:
        """The patients who have a resource of this type and id; no text of it is read."""
        query = select(RESOURCES.c.patient_id).where(RESOURCES.c.type == resource_type, RESOURCES.c.id == resource_id)
        facts = select(FACTS.c.patient_id).where(FACTS.c.id == resource_id)
        with self._database.read() as connection:
            return {*connection.execute(query).scalars(), *connection.execute(facts).scalars()}

    def run_holders(self, run_id: str) -> set[str]:
        """The patients whose record keeps this model run."""
        with self._database.read() as connection:
            return set(connection.execute(select(RUNS.c.patient_id).where(RUNS.c.id == run_id)).scalars())

    # --- notes, facts, runs ---------------------------------------------------------------------------------------

    def notes(self, patient_id: str) -> list[Note]:
        """Every note, by time, undated first."""
        return list(self._cached(patient_id, "notes", lambda: self._read_notes(patient_id)))

    def note(self, patient_id: str, note_id: str) -> Note:
        """One note.

        Raises:
            UnknownEvidence: this patient has no such note.
        """
        by_id = self._cached(patient_id, "notes_by_id", lambda: {note.id: note for note in self.notes(patient_id)})
        if note_id not in by_id:
            raise UnknownEvidence("this patient has no note of that id")
        return by_id[note_id]

    def facts(self, patient_id: str) -> list[Fact]:
        """Every fact read from the notes, in the order of the notes and of the text in them."""
        return list(self._cached(patient_id, "facts", lambda: self._read_facts(patient_id)))

    def derived(self, patient_id: str, name: str, make: Callable[[], _T]) -> _T:
        """A value computed from this patient's record, kept until the record changes (an index of words, say)."""
        return self._cached(patient_id, f"derived:{name}", make)

    def save_run(self, patient_id: str, run: ModelRun) -> None:
        """Keeps a model run so that `Run/<id>` resolves; the same run saved again changes nothing."""
        self.patient(patient_id)
        with self._database.write() as connection:
            values = {"patient_id": patient_id, "id": run.id, "body": run.model_dump_json()}
            connection.execute(insert(RUNS).values(values).on_conflict_do_nothing())

    def run(self, patient_id: str, run_id: str) -> ModelRun:
        """A model run of this patient.

        Raises:
            UnknownEvidence: no such run of this patient is kept.
        """
        self.patient(patient_id)
        query = select(RUNS.c.body).where(RUNS.c.patient_id == patient_id, RUNS.c.id == run_id)
        with self._database.read() as connection:
            body = connection.execute(query).scalar_one_or_none()
        if body is None:
            raise UnknownEvidence("this patient has no model run of that id")
        return ModelRun.model_validate_json(body)

    def runs(self, patient_id: str) -> list[ModelRun]:
        """Every kept model run of a patient, by id."""
        self.patient(patient_id)
        query = select(RUNS.c.body).where(RUNS.c.patient_id == patient_id).order_by(RUNS.c.id)
        with self._database.read() as connection:
            return [ModelRun.model_validate_json(body) for body in connection.execute(query).scalars()]

    def resolve(self, patient_id: str, ref: str) -> dict[str, Any]:
        """What a citation points to, for showing beside an answer.

        Args:
            patient_id: The patient whose answer it is; nothing of another patient is ever returned.
            ref: `Type/id`, `Note/<id>#<start>-<end>`, `Note/<id>`, `Run/<id>` or `Knowledge/<id>`.

        Returns:
            `ref`, `title` and `rendered` (pairs of label and value); for a note also `text`, `start`, `end`; for a
            resource or run also `raw`.

        Raises:
            UnknownEvidence: the citation has another form, or names nothing of this patient.
        """
        from knowledge_base.rendering import resolve

        return resolve(self, patient_id, ref)

    # --- writing --------------------------------------------------------------------------------------------------

    def known_patients(self) -> set[str]:
        """The ids of every patient stored."""
        with self._database.read() as connection:
            return set(connection.execute(select(PATIENTS.c.id)).scalars())

    def save(
        self,
        resources: Sequence[StoredResource],
        notes: Sequence[StoredNote] = (),
        withdrawn: Iterable[tuple[str, str]] = (),
    ) -> Saved:
        """Stores a batch in one transaction; what is stored already is left alone.

        Args:
            resources: Resources, each with its patient; the same key replaces.
            notes: Notes, each with its patient; a changed or new note is put in the outbox.
            withdrawn: (patient, source reference) of documents entered in error, whose notes are removed.
        """
        saved = Saved()
        touched: set[str] = set()
        with self._database.write() as connection:
            touched |= _write_resources(connection, resources, saved)
            for patient_id, source_ref in withdrawn:
                touched |= _withdraw(connection, patient_id, source_ref)
            touched |= _write_notes(connection, notes, saved)
            _bump(connection, touched)
        return saved

    # --- the outbox -----------------------------------------------------------------------------------------------

    def enqueue_stale(self, extractor: str | None, index: str | None) -> None:
        """Puts notes back in the outbox whose facts or chunks were made by another extractor or index."""
        stale: list[tuple[str, Any]] = []
        if extractor:
            stale.append((FACTS_TASK, (NOTES.c.extractor != "") & (NOTES.c.extractor != extractor)))
        if index:
            stale.append((CHUNKS_TASK, (NOTES.c.indexed_in != "") & (NOTES.c.indexed_in != index)))
        for task, condition in stale:
            with self._database.read() as connection:
                found = [tuple(row) for row in connection.execute(_keys_of(condition))]
            if found:
                with self._database.write() as connection:
                    _enqueue(connection, found, (task,))

    def pending(self, task: str) -> list[Task]:
        """The outbox work of one kind, oldest first."""
        joined = OUTBOX.outerjoin(NOTES, (NOTES.c.patient_id == OUTBOX.c.patient_id) & (NOTES.c.id == OUTBOX.c.note_id))
        query = (
            select(OUTBOX.c.seq, OUTBOX.c.patient_id.label("owner"), OUTBOX.c.note_id, NOTES)
            .select_from(joined)
            .where(OUTBOX.c.task == task)
            .order_by(OUTBOX.c.seq)
        )
        with self._database.read() as connection:
            found = [row_dict(row) for row in connection.execute(query)]
        return [Task(r["seq"], r["owner"], r["note_id"], _note_of(r) if r["id"] is not None else None) for r in found]

    def has_notes(self) -> bool:
        """Whether any note is stored, or was and has left work behind."""
        with self._database.read() as connection:
            stored = connection.execute(select(NOTES.c.id).limit(1)).first()
            return stored is not None or connection.execute(select(OUTBOX.c.seq).limit(1)).first() is not None

    def pending_count(self) -> int:
        """How much outbox work is left, of both kinds."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(OUTBOX)).scalar_one()

    def finish_facts(self, done: Sequence[tuple[Task, Sequence[Fact]]], extractor: str) -> None:
        """Replaces the facts of notes and ticks their work off, in one transaction.

        A note that has changed since its task was read is left for its new task.
        """
        with self._database.write() as connection:
            live = _still_due(connection, [task for task, _ in done])
            for task, facts in done:
                if task.seq not in live:
                    continue
                where = (FACTS.c.patient_id == task.patient_id) & (FACTS.c.note_id == task.note_id)
                connection.execute(delete(FACTS).where(where))
                values = [_fact_values(task, fact) for fact in {fact.id: fact for fact in facts}.values()]
                if values:
                    connection.execute(insert(FACTS), values)
                _tick(connection, task, {"extractor": extractor})
            _bump(connection, {task.patient_id for task, _ in done if task.seq in live})

    def finish_chunks(self, done: Sequence[Task], index: str) -> None:
        """Ticks off the indexing of notes."""
        with self._database.write() as connection:
            live = _still_due(connection, done)
            for task in done:
                if task.seq in live:
                    _tick(connection, task, {"indexed_in": index})

    # --- reading from the database --------------------------------------------------------------------------------

    def _cached(self, patient_id: str, name: str, load: Callable[[], _T]) -> _T:
        """The value in memory, loaded if the patient's record is newer; loading happens outside the lock."""
        with self._lock:
            self._refresh()
            generation = self._generations.get(patient_id)
            if generation is None:
                raise UnknownPatient("no patient of that id is stored; `charttwin patients` lists those that are")
            kept = self._cache.get(patient_id)
            if kept is None or kept.generation != generation:
                kept = self._cache[patient_id] = _Cached(generation)
            self._cache.move_to_end(patient_id)
            while len(self._cache) > _PATIENTS_IN_MEMORY:
                self._cache.popitem(last=False)
            if name in kept.values:
                found: _T = kept.values[name]
                return found
        value = load()
        kept.values[name] = value
        return value

    def _refresh(self) -> None:
        """Asks SQLite whether any other connection has committed, and if so which patients changed."""
        version = self._watcher.execute("PRAGMA data_version").fetchone()[0]
        if version == self._seen_version:
            return
        with self._database.read() as connection:
            found = {row.id: row.generation for row in connection.execute(select(PATIENTS))}
        if found != self._generations:
            self._generations, self._patients = found, None
        self._seen_version = version

    def _rows(self, patient_id: str, kind: type[_ROW], *types: str) -> list[_ROW]:
        def load() -> list[_ROW]:
            resources = [raw for name in types for raw in self._raw_of_type(patient_id, name).values()]
            by_type: dict[str, dict[str, Json]] = {}

            def look_up(ref: str) -> Json | None:
                name, _, key = ref.partition("/")
                if not key or name.startswith(("urn:", "#")):
                    return None
                if name not in by_type:
                    by_type[name] = self._raw_of_type(patient_id, name)
                return by_type[name].get(key)

            made = [row for raw in resources for row in fhir.read_rows(raw, patient_id, look_up)]
            return _with_panels([row for row in made if isinstance(row, kind)], resources)

        return list(self._cached(patient_id, "+".join(types), load))

    def _raw_of_type(self, patient_id: str, name: str) -> dict[str, Json]:
        query = select(RESOURCES.c.id, RESOURCES.c.raw).where(
            RESOURCES.c.patient_id == patient_id, RESOURCES.c.type == name
        )
        with self._database.read() as connection:
            return {key: json.loads(raw) for key, raw in connection.execute(query)}

    def _look_up(self, patient_id: str, ref: str) -> Json | None:
        name, _, key = ref.partition("/")
        query = select(RESOURCES.c.raw).where(
            RESOURCES.c.patient_id == patient_id, RESOURCES.c.type == name, RESOURCES.c.id == key
        )
        with self._database.read() as connection:
            raw = connection.execute(query).scalar_one_or_none()
        return None if raw is None else json.loads(raw)

    def _read_patients(self) -> list[rows.PatientRow]:
        query = select(RESOURCES.c.raw).where(RESOURCES.c.type == "Patient")
        with self._database.read() as connection:
            raws = [json.loads(raw) for raw in connection.execute(query).scalars()]
        found = [row for raw in raws for row in fhir.read_patient(raw, raw["id"], lambda ref: None)]
        people = [row for row in found if isinstance(row, rows.PatientRow)]
        return sorted(people, key=lambda row: (row.family, row.given, row.id))

    def _read_patient(self, patient_id: str) -> rows.PatientRow:
        raw = self._raw_of_type(patient_id, "Patient").get(patient_id)
        found = fhir.read_patient(raw, patient_id, lambda ref: self._look_up(patient_id, ref)) if raw else []
        for row in found:
            if isinstance(row, rows.PatientRow):
                return row
        raise UnknownPatient("no patient of that id is stored; `charttwin patients` lists those that are")

    def _read_counts(self, patient_id: str) -> dict[str, int]:
        query = select(RESOURCES.c.type, func.count()).where(RESOURCES.c.patient_id == patient_id)
        with self._database.read() as connection:
            counted = {name: n for name, n in connection.execute(query.group_by(RESOURCES.c.type).order_by("type"))}
            for name, table in (("Note", NOTES), ("Fact", FACTS)):
                where = select(func.count()).select_from(table).where(table.c.patient_id == patient_id)
                counted[name] = connection.execute(where).scalar_one()
        return counted

    def _read_notes(self, patient_id: str) -> list[Note]:
        with self._database.read() as connection:
            found = connection.execute(select(NOTES).where(NOTES.c.patient_id == patient_id))
            notes = [_note_of(row_dict(row)) for row in found]
        return sorted(notes, key=_note_key)

    def _read_facts(self, patient_id: str) -> list[Fact]:
        order = {note.id: index for index, note in enumerate(self.notes(patient_id))}
        query = select(FACTS.c.note_id, FACTS.c.body).where(FACTS.c.patient_id == patient_id)
        with self._database.read() as connection:
            found = [(note_id, Fact.model_validate_json(body)) for note_id, body in connection.execute(query)]

        def place(pair: tuple[str, Fact]) -> tuple[int, int, str]:
            span = pair[1].evidence.span
            return order.get(pair[0], -1), span.start if span else -1, pair[1].id

        return [fact for _, fact in sorted(found, key=place)]


def _note_key(note: Note) -> tuple[bool, float, str]:
    return (note.time is not None, note.time.timestamp() if note.time else 0.0, note.id)


def _with_panels(found: list[_ROW], resources: list[Json]) -> list[_ROW]:
    """Rows in order of time; members of a panel (`hasMember`) name the panel as their parent."""
    parents = {
        reference_of(member): f"{raw['resourceType']}/{raw['id']}"
        for raw in resources
        for member in raw.get("hasMember", ())
    }
    if parents:
        found = [
            row.model_copy(update={"parent_ref": parents[row.ref]})
            if isinstance(row, rows.ObservationRow) and not row.parent_ref and row.ref in parents
            else row
            for row in found
        ]
    return sorted(found, key=rows.sort_key)


def digest(value: object) -> str:
    """SHA-256 of a text, or of a JSON value in canonical form."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _write_resources(connection: Connection, resources: Sequence[StoredResource], saved: Saved) -> set[str]:
    """Stores the new and changed ones; the last of equal keys wins. Returns the patients written to."""
    latest = {resource.key: resource for resource in resources}
    owners = {resource.patient_id for resource in latest.values()}
    held: dict[tuple[str, str, str], str] = {}
    for owner in owners:
        query = select(RESOURCES.c.type, RESOURCES.c.id, RESOURCES.c.digest).where(RESOURCES.c.patient_id == owner)
        held |= {(owner, name, key): stamp for name, key, stamp in connection.execute(query)}
    values = [_resource_values(resource) for resource in latest.values()]
    changed = [v for v in values if held.get((v["patient_id"], v["type"], v["id"])) != v["digest"]]
    if changed:
        statement = insert(RESOURCES)
        replaced = {c.name: statement.excluded[c.name] for c in RESOURCES.c if not c.primary_key}
        upsert = statement.on_conflict_do_update(index_elements=RESOURCES.primary_key, set_=replaced)
        connection.execute(upsert, changed)
    saved.resources += len(changed)
    return {v["patient_id"] for v in changed}


def _resource_values(resource: StoredResource) -> dict[str, Any]:
    row, raw = resource.row, resource.raw
    system, code = row.codes[0] if row and row.codes else (None, None)
    value: dict[str, Any] = {}
    if isinstance(row, rows.ObservationRow):
        value = {"value": row.value, "unit": row.unit, "value_text": row.value_text}
    return {
        "patient_id": resource.patient_id,
        "type": raw["resourceType"],
        "id": raw["id"],
        "status": row.status if row else raw.get("status"),
        "time": row.time.astimezone(UTC).isoformat() if row and row.time else None,
        "system": system,
        "code": code,
        "display": row.display if row else None,
        "value": None,
        "unit": None,
        "value_text": None,
        "digest": digest(raw),
        "raw": json.dumps(raw, ensure_ascii=False, separators=(",", ":")),
        **value,
    }


def _write_notes(connection: Connection, notes: Sequence[StoredNote], saved: Saved) -> set[str]:
    """Stores new and changed notes with their outbox work. Returns the patients written to."""
    touched: set[str] = set()
    held: dict[str, dict[str, dict[str, Any]]] = {}
    for stored in notes:
        note = stored.note
        mine = held.get(note.patient_id)
        if mine is None:
            query = select(NOTES).where(NOTES.c.patient_id == note.patient_id)
            mine = held[note.patient_id] = {row.id: row_dict(row) for row in connection.execute(query)}
        values = _note_values(stored)
        if _told_already(values, mine.values()):
            saved.duplicates += 1
            continue
        if note.id in mine and mine[note.id]["digest"] == values["digest"]:
            continue
        statement = insert(NOTES).values(values)
        replaced = {c.name: statement.excluded[c.name] for c in NOTES.c if not c.primary_key}
        connection.execute(statement.on_conflict_do_update(index_elements=NOTES.primary_key, set_=replaced))
        # Facts of the old text would cite characters that are no longer there.
        connection.execute(delete(FACTS).where(FACTS.c.patient_id == note.patient_id, FACTS.c.note_id == note.id))
        _enqueue(connection, [(note.patient_id, note.id)], (FACTS_TASK, CHUNKS_TASK))
        mine[note.id] = values
        saved.notes += 1
        touched.add(note.patient_id)
    return touched


def _told_already(new: dict[str, Any], held: Iterable[dict[str, Any]]) -> bool:
    """Whether a report's presented text and a document hold one and the same note of one visit.

    Text copied forward to another day is another note: who wrote what when is part of the record.
    """
    return any(
        old["text_digest"] == new["text_digest"]
        and old["id"] != new["id"]
        and {"DiagnosticReport", "DocumentReference"}
        == {old["source_ref"].partition("/")[0], new["source_ref"].partition("/")[0]}
        and (not old["time"] or not new["time"] or old["time"][:10] == new["time"][:10])
        and (not old["encounter_id"] or not new["encounter_id"] or old["encounter_id"] == new["encounter_id"])
        for old in held
    )


def _note_values(stored: StoredNote) -> dict[str, Any]:
    note = stored.note
    values: dict[str, Any] = {
        "patient_id": note.patient_id,
        "id": note.id,
        "text": note.text,
        "title": note.title,
        "note_type": note.note_type,
        "time": note.time.isoformat() if note.time else None,
        "author": note.author,
        "encounter_id": note.encounter_id,
        "source_ref": stored.source_ref,
    }
    stamps = {"digest": digest(values), "text_digest": digest(note.text)}
    return values | stamps | {"extractor": "", "indexed_in": ""}


def _note_of(values: dict[str, Any]) -> Note:
    names = ("id", "patient_id", "text", "title", "note_type", "author", "encounter_id")
    time = datetime.fromisoformat(values["time"]) if values["time"] else None
    return Note(**{name: values[name] for name in names}, time=time)


def _withdraw(connection: Connection, patient_id: str, source_ref: str) -> set[str]:
    """Removes the notes of a document entered in error, with their facts; the outbox removes their chunks."""
    condition = (NOTES.c.patient_id == patient_id) & (NOTES.c.source_ref == source_ref)
    found = [tuple(row) for row in connection.execute(_keys_of(condition))]
    for owner, note_id in found:
        connection.execute(delete(FACTS).where(FACTS.c.patient_id == owner, FACTS.c.note_id == note_id))
        connection.execute(delete(NOTES).where(NOTES.c.patient_id == owner, NOTES.c.id == note_id))
    _enqueue(connection, found, (FACTS_TASK, CHUNKS_TASK))
    return {owner for owner, _ in found}


def _keys_of(condition: Any) -> Any:
    return select(NOTES.c.patient_id, NOTES.c.id).where(condition)


def _enqueue(connection: Connection, notes: Iterable[Any], tasks: Iterable[str]) -> None:
    values = [{"patient_id": owner, "note_id": note_id, "task": task} for owner, note_id in notes for task in tasks]
    if values:
        # REPLACE gives the work a new `seq`, which a worker on the old text does not hold.
        connection.execute(insert(OUTBOX).prefix_with("OR REPLACE"), values)


def _still_due(connection: Connection, tasks: Sequence[Task]) -> set[int]:
    wanted = [task.seq for task in tasks]
    return set(connection.execute(select(OUTBOX.c.seq).where(OUTBOX.c.seq.in_(wanted))).scalars())


def _tick(connection: Connection, task: Task, stamp: dict[str, str]) -> None:
    where = (NOTES.c.patient_id == task.patient_id) & (NOTES.c.id == task.note_id)
    connection.execute(update(NOTES).where(where).values(stamp))
    connection.execute(delete(OUTBOX).where(OUTBOX.c.seq == task.seq))


def _bump(connection: Connection, patients: set[str]) -> None:
    for patient_id in patients:
        statement = insert(PATIENTS).values(id=patient_id, generation=1)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_={"generation": PATIENTS.c.generation + 1})
        )


def _fact_values(task: Task, fact: Fact) -> dict[str, str]:
    return {
        "patient_id": task.patient_id,
        "note_id": task.note_id,
        "id": fact.id,
        "kind": str(fact.kind),
        "concept_id": fact.concept_id,
        "body": fact.model_dump_json(),
    }
