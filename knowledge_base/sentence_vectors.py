"""Vectors of single sentences of notes, kept so that a question need not wait until they are computed.

They stand beside the note index, by patient and note, and go when their note goes. A text is known by its hash: nothing
of the text is kept. Whatever is missing is computed again, so the file may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from domain.write_ahead import use_write_ahead_log
from knowledge_base.embedding import Vectors

FILE = "sentences.sqlite3"
_WAIT_S = 5.0
_AT_ONCE = 400  # placeholders in one statement


class SentenceVectors:
    """Vectors by patient, note, model and hash of the text, in one file of the index's folder.

    Args:
        folder: The folder of the note index; it has to exist.
        model: Which embedder made the vectors; those of another are not seen.
        dimension: Length of a vector.

    Raises:
        sqlite3.Error: the file cannot be opened or written.
    """

    def __init__(self, folder: Path, model: str, dimension: int) -> None:
        self._model, self._bytes = model, dimension * 4
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(folder / FILE, timeout=_WAIT_S, check_same_thread=False)
        self._connection.isolation_level = None
        use_write_ahead_log(self._connection)
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS sentences (patient TEXT NOT NULL, note TEXT NOT NULL, model TEXT NOT NULL, "
            "text_hash BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (patient, text_hash, model, note)) WITHOUT ROWID"
        )

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._connection.close()

    def of(self, patient_id: str, texts: Sequence[str]) -> dict[str, Vectors]:
        """The kept vectors of a patient's sentences; texts that are not kept are left out."""
        by_hash = {_hash(text): text for text in texts}
        keys, found = list(by_hash), {}
        with self._lock:
            for start in range(0, len(keys), _AT_ONCE):
                part = keys[start : start + _AT_ONCE]
                rows = self._connection.execute(
                    "SELECT text_hash, vector FROM sentences WHERE patient = ? AND model = ? AND text_hash IN "
                    f"({', '.join('?' * len(part))})",
                    (patient_id, self._model, *part),
                )
                # A row of another length was cut off, or written by a model of the same name.
                found.update({by_hash[key]: np.frombuffer(v, np.float32) for key, v in rows if len(v) == self._bytes})
        return found

    def keep(self, patient_id: str, rows: Iterable[tuple[str, str, Vectors]]) -> None:
        """Keeps vectors: (note id, text, vector)."""
        values = [
            (patient_id, note, self._model, _hash(text), v.astype(np.float32).tobytes()) for note, text, v in rows
        ]
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO sentences VALUES (?, ?, ?, ?, ?)", values)

    def forget(self, notes: Iterable[tuple[str, str]]) -> None:
        """Removes what is kept of notes: (patient id, note id)."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("DELETE FROM sentences WHERE patient = ? AND note = ?", list(notes))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
