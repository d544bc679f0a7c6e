"""Where runs and calibrations are kept: in memory, or in a SQLite file that other processes read too."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

from domain.errors import StoreUnavailable, UnknownEvidence
from domain.predictions import CalibratedModel, ModelRun
from domain.write_ahead import use_write_ahead_log

T = TypeVar("T")
FILE_NAME = "twin_runs.sqlite3"
_BUSY_TIMEOUT_S = 30.0
_WRITTEN_AT_ONCE = 256
_TABLES = """
CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calibrations (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
"""


class RunStore(Protocol):
    """Keeps what a twin has computed; a run saved again under its id changes nothing but its scenario's name."""

    def save_run(self, run: ModelRun) -> None:
        """Keep a run."""
        ...

    def run(self, run_id: str) -> ModelRun:
        """The run of this id, or `UnknownEvidence`."""
        ...

    def runs(self) -> Iterator[ModelRun]:
        """Every run kept."""
        ...

    def save_calibration(self, fitted: CalibratedModel) -> None:
        """Keep a calibration."""
        ...

    def calibration(self, calibration_id: str) -> CalibratedModel:
        """The calibration of this id, or `UnknownEvidence`."""
        ...

    def calibrations(self) -> Iterator[CalibratedModel]:
        """Every calibration kept."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """Within it, what is saved is written at once at the end: for a batch."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class MemoryRuns:
    """Runs of this process, the least recently used dropped beyond `keep`; calibrations likewise."""

    def __init__(self, keep: int = 1000) -> None:
        self._keep = keep
        self._runs: OrderedDict[str, ModelRun] = OrderedDict()
        self._calibrations: OrderedDict[str, CalibratedModel] = OrderedDict()
        self._lock = threading.Lock()

    def save_run(self, run: ModelRun) -> None:
        """Keep a run, and drop the one unused for longest where there are too many."""
        with self._lock:
            _put(self._runs, run.id, run, self._keep)

    def run(self, run_id: str) -> ModelRun:
        """The run of this id.

        Raises:
            UnknownEvidence: it was never made here, or has been dropped.
        """
        with self._lock:
            return _get(self._runs, run_id, "run")

    def runs(self) -> Iterator[ModelRun]:
        """Every run kept, the most recently used last."""
        with self._lock:
            return iter(list(self._runs.values()))

    def save_calibration(self, fitted: CalibratedModel) -> None:
        """Keep a calibration."""
        with self._lock:
            _put(self._calibrations, fitted.id, fitted, self._keep)

    def calibration(self, calibration_id: str) -> CalibratedModel:
        """The calibration of this id; raises as `run` does."""
        with self._lock:
            return _get(self._calibrations, calibration_id, "calibration")

    def calibrations(self) -> Iterator[CalibratedModel]:
        """Every calibration kept."""
        with self._lock:
            return iter(list(self._calibrations.values()))

    def together(self) -> AbstractContextManager[None]:
        """Memory needs no batching."""
        return contextlib.nullcontext()

    def close(self) -> None:
        """Nothing is held open."""


def _put(kept: OrderedDict[str, T], key: str, value: T, limit: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > limit:
        kept.popitem(last=False)


def _get(kept: OrderedDict[str, T], key: str, noun: str) -> T:
    if key not in kept:
        raise UnknownEvidence(f"no {noun} with this id is kept in memory", run_id=key)
    kept.move_to_end(key)
    return kept[key]


class SqliteRuns:
    """Runs in one SQLite file, made with its folder when the first is saved; many processes may share it.

    The file holds the values a patient was described by, so it belongs where the record is.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._waiting: list[tuple[str, str, str]] | None = None  # table, id and body, while a batch collects them

    def save_run(self, run: ModelRun) -> None:
        """Keep a run.

        Raises:
            StoreUnavailable: the file cannot be made or written.
        """
        self._save("runs", run.id, run.model_dump_json())

    def run(self, run_id: str) -> ModelRun:
        """The run of this id, whichever process made it.

        Raises:
            UnknownEvidence: there is none.
            StoreUnavailable: the file cannot be read.
        """
        return ModelRun.model_validate_json(self._read("runs", run_id))

    def runs(self) -> Iterator[ModelRun]:
        """Every run kept, by id."""
        return (ModelRun.model_validate_json(body) for body in self._all("runs"))

    def save_calibration(self, fitted: CalibratedModel) -> None:
        """Keep a calibration; raises as `save_run` does."""
        self._save("calibrations", fitted.id, fitted.model_dump_json())

    def calibration(self, calibration_id: str) -> CalibratedModel:
        """The calibration of this id; raises as `run` does."""
        return CalibratedModel.model_validate_json(self._read("calibrations", calibration_id))

    def calibrations(self) -> Iterator[CalibratedModel]:
        """Every calibration kept, by id."""
        return (CalibratedModel.model_validate_json(body) for body in self._all("calibrations"))

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Within it, what is saved is written some hundreds at once, at the end, or when something is read."""
        with self._lock:
            self._waiting = []
        try:
            yield
        finally:
            with self._lock:
                self._write_waiting()
                self._waiting = None

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            self._write_waiting()
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _save(self, table: str, key: str, body: str) -> None:
        with self._lock:
            if self._waiting is not None:
                self._waiting.append((table, key, body))
                if len(self._waiting) >= _WRITTEN_AT_ONCE:
                    self._write_waiting()
                return
            self._write([(table, key, body)])

    def _write_waiting(self) -> None:
        if self._waiting:
            self._write(self._waiting)
            self._waiting = []

    def _write(self, rows: list[tuple[str, str, str]]) -> None:
        with _explained(self.path):
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                for table, key, body in rows:
                    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", (key, body))
            finally:
                connection.execute("COMMIT")

    def _read(self, table: str, key: str) -> str:
        with self._lock:
            self._write_waiting()
        if not self.path.is_file():
            raise UnknownEvidence("no run is kept here yet", run_id=key)
        with self._lock, _explained(self.path):
            row = self._open().execute(f"SELECT body FROM {table} WHERE id = ?", (key,)).fetchone()
        if row is None:
            raise UnknownEvidence(f"the run store has no such entry among its {table}", run_id=key)
        return str(row[0])

    def _all(self, table: str) -> list[str]:
        with self._lock:
            self._write_waiting()
        if not self.path.is_file():
            return []
        with self._lock, _explained(self.path):
            return [body for (body,) in self._open().execute(f"SELECT body FROM {table} ORDER BY id")]

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._read_only() if self._is_locked() else self._writable()
        return self._connection

    def _is_locked(self) -> bool:
        return self.path.is_file() and not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK))

    def _read_only(self) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1"  # no log can be made beside it
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    def _writable(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_TABLES)
        return connection


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turns a database error into one that says what to do, without the values."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(
            f"the run store {path} cannot be used ({type(error).__name__}); name another folder with --data-dir",
            data_dir=str(path.parent),
        ) from None
