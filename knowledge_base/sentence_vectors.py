"""Vectors of single sentences of notes and of their word pieces, kept so that a question need not wait until they are computed.

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
from knowledge_base.word_pieces import InDetail

FILE = "sentences.sqlite3"
_WAIT_S = 5.0
_AT_ONCE = 400  # placeholders in one statement
_NO_WEIGHTS = np.zeros(0, np.float32)  # only the pieces of a question are weighed


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
        self._connection.execute("DROP TABLE IF EXISTS sentences")  # of before word pieces were kept
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS detailed (patient TEXT NOT NULL, note TEXT NOT NULL, model TEXT NOT NULL, "
            "text_hash BLOB NOT NULL, vector BLOB NOT NULL, codes BLOB NOT NULL, directions INTEGER NOT NULL, "
            "PRIMARY KEY (patient, text_hash, model, note)) WITHOUT ROWID"
        )

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._connection.close()

    def of(self, patient_id: str, texts: Sequence[str]) -> dict[str, InDetail]:
        """What is kept of a patient's sentences; texts that are not kept are left out."""
        by_hash = {_hash(text): text for text in texts}
        keys, found = list(by_hash), {}
        with self._lock:
            for start in range(0, len(keys), _AT_ONCE):
                part = keys[start : start + _AT_ONCE]
                rows = self._connection.execute(
                    "SELECT text_hash, vector, codes, directions FROM detailed WHERE patient = ? AND model = ? AND "
                    f"text_hash IN ({', '.join('?' * len(part))})",
                    (patient_id, self._model, *part),
                )
                for key, vector, codes, directions in rows:
                    # A row of another length was cut off, or written by a model of the same name.
                    if len(vector) == self._bytes and (not codes or (directions and len(codes) % directions == 0)):
                        found[by_hash[key]] = InDetail(
                            np.frombuffer(vector, np.float32),
                            np.frombuffer(codes, np.int8).reshape(-1, max(1, directions)),
                            _NO_WEIGHTS,
                        )
        return found

    def keep(self, patient_id: str, rows: Iterable[tuple[str, str, InDetail]]) -> None:
        """Keeps sentences: (note id, text, what is known of it)."""
        values = [(patient_id, note, self._model, _hash(text), *_as_bytes(detail)) for note, text, detail in rows]
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO detailed VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def forget(self, notes: Iterable[tuple[str, str]]) -> None:
        """Removes what is kept of notes: (patient id, note id)."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("DELETE FROM detailed WHERE patient = ? AND note = ?", list(notes))


def _as_bytes(detail: InDetail) -> tuple[bytes, bytes, int]:
    return detail.vector.astype(np.float32).tobytes(), detail.codes.tobytes(), detail.codes.shape[1]


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
