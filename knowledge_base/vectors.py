"""The note index: chunk vectors in Chroma, in the data directory, always asked for one patient.

The index can be rebuilt from the record at any time, so it holds no text: only vectors and where they come from. The
vectors of single sentences, by which answers are ranked, are kept in a file beside it.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from domain.errors import StoreUnavailable
from domain.facts import Note
from knowledge_base.chroma import ChromaFolder, open_folder
from knowledge_base.chunking import CHUNKER_VERSION, chunk_note, embedded_text
from knowledge_base.embedding import Embedder
from knowledge_base.sentence_vectors import SentenceVectors
from knowledge_base.word_pieces import InDetail

FOLDER = "vectors"
_BEFORE_ALL_TIME = -1e15  # of undated notes, which every date includes
_MOST_PER_CALL = 2000


class Hit(NamedTuple):
    """A chunk near a query; `similarity` is the cosine, 1 for the same direction."""

    note_id: str
    start: int
    end: int
    similarity: float


class VectorIndex:
    """Chunk vectors of all patients' notes.

    Args:
        data_dir: The data directory; the index is in its folder `vectors`.
        embedder: Makes the vectors. Each embedder has its own collection, so changing it mixes nothing.
        sentences: What questions are compared with in a note, sentence by sentence. With it their vectors are computed
            when the note is taken in, else when a patient is first asked about.

    Raises:
        StoreUnavailable: the folder cannot be opened or written.
    """

    def __init__(
        self, data_dir: Path | str, embedder: Embedder, sentences: Callable[[Note], Sequence[str]] | None = None
    ) -> None:
        self._embedder = embedder
        self.name = f"{embedder.name}/{CHUNKER_VERSION}"
        self._collection = _collection_name(self.name)
        self._chroma: ChromaFolder = open_folder(Path(data_dir) / FOLDER, _connect)
        self._sentences = sentences
        self._kept = _open_kept(Path(data_dir) / FOLDER, embedder)

    @property
    def embedder(self) -> Embedder:
        """What makes the vectors."""
        return self._embedder

    def close(self) -> None:
        """Lets go of the files."""
        self._chroma.close()
        if self._kept is not None:
            self._kept.close()

    def replace(self, notes: Sequence[tuple[str, str, Note | None]]) -> int:
        """Makes the index hold exactly the chunks of these notes: (patient id, note id, note or None if it is gone).

        Returns how many chunks they have. Doing it again changes nothing.
        """
        ids: list[str] = []
        texts: list[str] = []
        details: list[dict[str, Any]] = []
        for note in (note for _, _, note in notes if note is not None):
            for chunk in chunk_note(note.text):
                ids.append(f"{note.patient_id}|{note.id}|{chunk.start}-{chunk.end}")
                texts.append(embedded_text(note.text, chunk))
                details.append(_details(note, chunk.start, chunk.end, chunk.section))
        vectors = self._embedder.embed(texts)

        def change(collection: Any) -> None:
            for where in _of_notes((patient_id, note_id) for patient_id, note_id, _ in notes):
                collection.delete(where=where)
            for start in range(0, len(ids), _MOST_PER_CALL):
                part = slice(start, start + _MOST_PER_CALL)
                collection.upsert(ids=ids[part], embeddings=vectors[part], metadatas=details[part])

        self._chroma.write(self._collection, change)
        self._replace_sentences(notes)
        return len(ids)

    def _replace_sentences(self, notes: Sequence[tuple[str, str, Note | None]]) -> None:
        if self._kept is None:
            return
        try:
            self._kept.forget((patient_id, note_id) for patient_id, note_id, _ in notes)
        except sqlite3.Error as error:
            raise StoreUnavailable(
                "sentence vectors of notes could not be removed; the notes stay in the outbox and are tried again",
                cause=type(error).__name__,
            ) from error
        for note in (note for _, _, note in notes if note is not None):
            texts = self._sentences(note) if self._sentences is not None else ()
            details = self._embedder.in_detail(texts)
            with contextlib.suppress(sqlite3.Error):  # computed when they are asked for
                self._kept.keep(note.patient_id, [(note.id, t, d) for t, d in zip(texts, details, strict=True)])

    def in_detail(self, patient_id: str, sentences: Sequence[tuple[str, str]]) -> list[InDetail]:
        """Sentences of a patient's notes, (note id, text), with their word pieces; new ones are kept."""
        texts = [text for _, text in sentences]
        known: dict[str, InDetail] = {}
        if self._kept is not None:
            with contextlib.suppress(sqlite3.Error):  # a file that is busy or gone costs time, not the answer
                known = self._kept.of(patient_id, texts)
        new = {text: note_id for note_id, text in sentences if text not in known}
        if new:
            computed = dict(zip(new, self._embedder.in_detail(list(new)), strict=True))
            known |= computed
            if self._kept is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._kept.keep(patient_id, [(new[text], text, detail) for text, detail in computed.items()])
        return [known[t] for t in texts]

    def delete(self, patient_id: str, note_ids: Sequence[str]) -> None:
        """Removes the chunks of notes."""
        self.replace([(patient_id, note_id, None) for note_id in note_ids])

    def query(self, patient_id: str, text: str, k: int = 30, as_of: datetime | None = None) -> list[Hit]:
        """The chunks of one patient's notes nearest to a text, nearest first, of notes up to `as_of`."""
        where: dict[str, Any] = {"patient_id": patient_id}
        if as_of is not None:
            where = {"$and": [where, {"time": {"$lte": as_of.timestamp()}}]}
        vector = self._embedder.embed([text])
        found = self._chroma.read(
            self._collection,
            lambda collection: collection.query(
                query_embeddings=vector, n_results=k, where=where, include=["metadatas", "distances"]
            ),
        )
        pairs = zip(found["metadatas"][0], found["distances"][0], strict=True)
        hits = [(d, Hit(d["note_id"], int(d["start"]), int(d["end"]), 1.0 - distance)) for d, distance in pairs]
        # The filter is Chroma's; this is the lock on the door if it ever fails.
        return [hit for details, hit in hits if details["patient_id"] == patient_id]

    def count(self, patient_id: str) -> int:
        """How many chunks are held of a patient."""
        found = self._chroma.read(self._collection, lambda c: c.get(where={"patient_id": patient_id}, include=[]))
        return len(found["ids"])


def _open_kept(folder: Path, embedder: Embedder) -> SentenceVectors | None:
    """The file of sentence vectors; None where it cannot be opened, as they can be computed each time."""
    try:
        return SentenceVectors(folder, embedder.name, embedder.dimension)
    except sqlite3.Error:
        return None


def _connect(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))


def _details(note: Note, start: int, end: int, section: str) -> dict[str, Any]:
    return {
        "patient_id": note.patient_id,
        "note_id": note.id,
        "start": start,
        "end": end,
        "section": section,
        "time": note.time.timestamp() if note.time else _BEFORE_ALL_TIME,
    }


def _of_notes(keys: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """One filter per patient, so that a note id that two patients share never reaches across."""
    by_patient: dict[str, list[str]] = {}
    for patient_id, note_id in keys:
        by_patient.setdefault(patient_id, []).append(note_id)
    for patient_id, note_ids in by_patient.items():
        yield {"$and": [{"patient_id": patient_id}, {"note_id": {"$in": note_ids}}]}


def _collection_name(name: str) -> str:
    """A name in Chroma's alphabet, distinct for distinct names."""
    readable = re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-")[:40]
    return f"notes-{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
