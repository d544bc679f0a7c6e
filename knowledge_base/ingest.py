"""From files to the record, and from the record to facts and vectors.

The record is written first, one transaction per bundle, together with the work that follows from its notes; then the
facts are extracted and the chunks indexed. Whatever is left undone by a crash is done by the next run, or by `resume`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.errors import InvalidRecord, UnknownPatient
from domain.facts import Note
from knowledge_base.elements import Json
from knowledge_base.filing import Filed, file_batch
from knowledge_base.records import CHUNKS_TASK, FACTS_TASK, RecordStore, StoredNote, Task
from knowledge_base.rows import IngestReport, Rejection
from knowledge_base.sources import Batch, Sources, batch_of, find_sources, iter_batches, read_note

if TYPE_CHECKING:
    from knowledge_base.vectors import VectorIndex

Progress = Callable[[int, int, str], None]  # done, total, label: "record", "facts" or "index"
_NOTES_AT_ONCE = 32


def ingest_paths(
    paths: Iterable[Path | str],
    store: RecordStore,
    index: VectorIndex | None = None,
    nlp: Any = None,
    progress: Progress | None = None,
    *,
    facts: bool = True,
    patient_id: str | None = None,
) -> IngestReport:
    """Takes files and folders into the record, then derives facts and vectors from their notes.

    A resource that is not valid is reported and left out, and the rest loads. A file is one transaction. Ingesting
    the same files again changes nothing.

    Args:
        paths: Bundles (`.json`, `.json.gz`), NDJSON (`.ndjson`, `.ndjson.gz`), text notes (`.txt`, named as
            `sources.read_note` says), or folders of them.
        store: Where the record goes.
        index: Where the chunks go; without one they wait in the outbox until `resume` is given one.
        nlp: The pipeline that reads the notes; built when first needed.
        progress: Called with done, total and the stage.
        facts: Whether facts are extracted now, or wait in the outbox.
        patient_id: Whose the text notes are, where their names do not say.

    Raises:
        InvalidRecord: none of the files could be taken in; `details["rejected"]` says why, file by file.
        StoreUnavailable: the store cannot be written.
    """
    began = time.perf_counter()
    run = _Run(store, progress)
    sources = find_sources(paths)
    run.rejected.extend(sources.refused)
    run.take_batches(sources)
    run.take_notes(sources, patient_id)
    if not run.files:
        raise _nothing_taken(run.rejected)
    recorded = time.perf_counter()
    derived = resume(store, index, nlp, progress, facts=facts)
    report = run.report(sources)
    stages = {"record": recorded - began, **derived.stage_seconds}
    return report.model_copy(
        update={
            "facts": derived.facts,
            "chunks": derived.chunks,
            "seconds": time.perf_counter() - began,
            "stage_seconds": stages,
        }
    )


def ingest_bundle(
    bundle: Json,
    store: RecordStore,
    index: VectorIndex | None = None,
    nlp: Any = None,
    *,
    facts: bool = True,
    needs_patient: bool = True,
) -> IngestReport:
    """Takes a Bundle that is in memory into the record, as `ingest_paths` takes a file.

    Args:
        bundle: A FHIR R4 Bundle as parsed.
        store: Where the record goes.
        index: Where the chunks go.
        nlp: The pipeline that reads the notes.
        facts: Whether facts are extracted now, or wait in the outbox.
        needs_patient: Whether the Bundle must bring its Patient; without, patients already stored do.

    Raises:
        InvalidRecord: nothing in it could be taken in; `details["rejected"]` says why.
        StoreUnavailable: the store cannot be written.
    """
    began = time.perf_counter()
    run = _Run(store, None)
    run.take_batch(batch_of(bundle, "Bundle", needs_patient=needs_patient))
    if not run.files:
        raise _nothing_taken(run.rejected)
    derived = resume(store, index, nlp, facts=facts)
    report = run.report(Sources((), (), (), ()))
    return report.model_copy(
        update={"facts": derived.facts, "chunks": derived.chunks, "seconds": time.perf_counter() - began}
    )


def ingest_note(
    note: Note, store: RecordStore, index: VectorIndex | None = None, nlp: Any = None, *, facts: bool = True
) -> IngestReport:
    """Takes one note of a stored patient into the record; the same id again replaces it.

    Raises:
        UnknownPatient: the note's patient is not stored.
        InvalidRecord: the note has no text.
    """
    store.patient(note.patient_id)
    if not note.text.strip():
        raise InvalidRecord("the note has no text", path="text")
    saved = store.save((), [StoredNote(note, f"Note/{note.id}")])
    derived = resume(store, index, nlp, facts=facts)
    return derived.model_copy(
        update={"patients": (note.patient_id,), "notes": 1, "changed": saved.notes + saved.resources}
    )


def resume(
    store: RecordStore,
    index: VectorIndex | None = None,
    nlp: Any = None,
    progress: Progress | None = None,
    *,
    facts: bool = True,
) -> IngestReport:
    """Does the work that is due: facts of new or changed notes, or of an older extractor, and chunks likewise.

    Safe to call at every start: with nothing due it costs one query and loads no model.
    """
    began = time.perf_counter()
    extracted = _derive_facts(store, nlp, progress) if facts else 0
    between = time.perf_counter()
    chunks = _derive_chunks(store, index, progress) if index is not None else 0
    ended = time.perf_counter()
    stages = {"facts": between - began, "index": ended - between}
    return IngestReport(facts=extracted, chunks=chunks, seconds=ended - began, stage_seconds=stages)


class _Run:
    """The tally of one ingest."""

    def __init__(self, store: RecordStore, progress: Progress | None) -> None:
        self.store = store
        self.progress = progress
        self.files = 0
        self.rejected: list[Rejection] = []
        self.patients: dict[str, None] = {}
        self.resources: Counter[str] = Counter()
        self.ignored: Counter[str] = Counter()
        self.changed = 0
        self.notes = 0
        self._read = 0

    def take_batches(self, sources: Sources) -> None:
        for batch in iter_batches(sources, self.rejected):
            try:
                self.take_batch(batch)
            finally:
                self._advance(sources, batch.files)

    def take_batch(self, batch: Batch) -> None:
        try:
            filed = file_batch(batch, self.store.known_patients())
        except InvalidRecord as error:
            self.rejected.extend(error.details["rejected"])  # type: ignore[arg-type]
            self.rejected.append(Rejection(file=batch.label, path="entry", reason=str(error.details["reason"])))
            return
        self._save(filed, batch.files)

    def take_notes(self, sources: Sources, patient_id: str | None) -> None:
        known = self.store.known_patients()
        taken: list[StoredNote] = []
        for path in sources.notes:
            self._advance(sources, 1)
            try:
                note = read_note(path, patient_id)
                if note.patient_id not in known:
                    raise UnknownPatient("the patient of this note is not in the store; ingest their record first")
            except (InvalidRecord, UnknownPatient) as error:
                self.rejected.append(Rejection(file=path.name, reason=str(error.details.get("reason", error.message))))
                continue
            taken.append(StoredNote(note, f"Note/{note.id}"))
        if taken:
            patients = list(dict.fromkeys(stored.note.patient_id for stored in taken))
            self._save(Filed(notes=taken, patients=patients), len(taken))

    def _save(self, filed: Filed, files: int) -> None:
        # Documents before reports: of a text that both carry, the document is the note.
        notes = sorted(filed.notes, key=lambda stored: stored.source_ref.startswith("DiagnosticReport/"))
        self.rejected.extend(filed.rejected)
        self.ignored.update(filed.ignored)
        if not filed.resources and not notes:
            return
        saved = self.store.save(filed.resources, notes, filed.withdrawn)
        self.files += files
        self.patients.update(dict.fromkeys((*filed.patients, *(r.patient_id for r in filed.resources))))
        self.resources.update(resource.raw["resourceType"] for resource in filed.resources)
        self.changed += saved.resources + saved.notes
        self.notes += len(notes) - saved.duplicates

    def _advance(self, sources: Sources, files: int) -> None:
        self._read += files
        if self.progress is not None:
            self.progress(self._read, sources.count, "record")

    def report(self, sources: Sources) -> IngestReport:
        return IngestReport(
            files=self.files,
            patients=tuple(self.patients),
            resources=dict(sorted(self.resources.items())),
            ignored=dict(sorted(self.ignored.items())),
            changed=self.changed,
            notes=self.notes,
            rejected=tuple(self.rejected),
        )


def _nothing_taken(rejected: Sequence[Rejection]) -> InvalidRecord:
    first = next(iter(rejected), None)
    said = f"{first.file}: {first.path + ' ' if first.path else ''}{first.reason}" if first else "no path was given"
    more = f" (and {len(rejected) - 1} more faults)" if len(rejected) > 1 else ""
    return InvalidRecord(f"nothing could be taken in. {said}{more}", rejected=tuple(rejected))


def _derive_facts(store: RecordStore, nlp: Any, progress: Progress | None) -> int:
    if not store.has_notes():
        return 0
    import nlp_pipeline

    version: str = nlp_pipeline.EXTRACTOR_VERSION
    store.enqueue_stale(version, None)
    tasks = store.pending(FACTS_TASK)
    found = 0
    if any(task.note for task in tasks) and nlp is None:
        nlp = nlp_pipeline.build_pipeline()
    for start in range(0, len(tasks), _NOTES_AT_ONCE):
        batch = tasks[start : start + _NOTES_AT_ONCE]
        present = [(task, task.note) for task in batch if task.note is not None]
        facts = nlp_pipeline.extract([note for _, note in present], nlp=nlp)
        done = list(zip([task for task, _ in present], facts, strict=True))
        store.finish_facts([*done, *((task, ()) for task in batch if task.note is None)], version)
        found += sum(len(some) for _, some in done)
        if progress is not None:
            progress(start + len(batch), len(tasks), "facts")
    return found


def _derive_chunks(store: RecordStore, index: VectorIndex, progress: Progress | None) -> int:
    store.enqueue_stale(None, index.name)
    tasks = store.pending(CHUNKS_TASK)
    found = 0
    for start in range(0, len(tasks), _NOTES_AT_ONCE):
        batch: list[Task] = tasks[start : start + _NOTES_AT_ONCE]
        found += index.replace([(task.patient_id, task.note_id, task.note) for task in batch])
        store.finish_chunks(batch, index.name)
        if progress is not None:
            progress(start + len(batch), len(tasks), "index")
    return found
