"""The SQLite database of the record store: its tables, its connections and what can go wrong with them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool

from domain.errors import StoreUnavailable
from domain.write_ahead import use_write_ahead_log

SCHEMA_VERSION = 1
FILE_NAME = "record.sqlite3"

METADATA = MetaData()

PATIENTS = Table(
    "patients",
    METADATA,
    Column("id", Text, primary_key=True),
    # Counts the writes to this patient's record: what is cached of the patient holds while it stands still.
    Column("generation", Integer, nullable=False, default=0),
)
RESOURCES = Table(
    "resources",
    METADATA,
    # The patient is part of the key: two hospitals may both number an observation "1".
    Column("patient_id", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("status", Text),
    Column("time", Text),  # UTC, ISO 8601
    Column("system", Text),
    Column("code", Text),
    Column("display", Text),
    Column("value", Float),
    Column("unit", Text),
    Column("value_text", Text),
    Column("digest", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Index("resources_by_type", "type", "patient_id"),
)
NOTES = Table(
    "notes",
    METADATA,
    Column("patient_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("title", Text, nullable=False, default=""),
    Column("note_type", Text, nullable=False, default=""),
    Column("time", Text),  # ISO 8601 in the zone of the record
    Column("author", Text, nullable=False, default=""),
    Column("encounter_id", Text, nullable=False, default=""),
    Column("source_ref", Text, nullable=False, default=""),
    Column("digest", Text, nullable=False),
    Column("text_digest", Text, nullable=False),
    Column("extractor", Text, nullable=False, default=""),  # version that read the facts, empty while they are due
    Column("indexed_in", Text, nullable=False, default=""),  # name of the index that holds the chunks, likewise
)
FACTS = Table(
    "facts",
    METADATA,
    Column("patient_id", Text, primary_key=True),
    Column("note_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("concept_id", Text, nullable=False),
    Column("body", Text, nullable=False),
)
# Work that follows from a committed note. It is written with the note and deleted with its own result, so a crash at
# any point leaves it to be done again. A changed note gets a new `seq`, so that a late worker cannot tick it off.
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("patient_id", Text, nullable=False),
    Column("note_id", Text, nullable=False),
    Column("task", Text, nullable=False),  # facts | chunks
    UniqueConstraint("patient_id", "note_id", "task"),
    sqlite_autoincrement=True,
)
RUNS = Table(
    "runs",
    METADATA,
    Column("patient_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
)


class Database:
    """Connections to one data directory: many readers, one writer at a time, in any number of processes."""

    def __init__(self, data_dir: Path, busy_timeout_s: float, create: bool) -> None:
        self.data_dir = Path(data_dir)
        self.path = self.data_dir / FILE_NAME
        self._busy_timeout_s = busy_timeout_s
        self._prepare(create)
        self.read_only = not _writable(self.path)
        self._engine = self._build_engine()
        with _explained(self.data_dir):
            self._set_up()

    def _prepare(self, create: bool) -> None:
        """The directory exists, made where that is allowed."""
        if self.path.is_file():
            return
        if not create:
            raise StoreUnavailable(
                f"there is no record in {self.data_dir}; run `charttwin demo` or `charttwin ingest PATH`, or name "
                "another folder with --data-dir",
                data_dir=str(self.data_dir),
            )
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"the data folder {self.data_dir} cannot be made ({error.strerror}); name another with --data-dir",
                data_dir=str(self.data_dir),
            ) from error
        if not os.access(self.data_dir, os.W_OK):
            raise _read_only(self.data_dir)

    def _connect(self) -> sqlite3.Connection:
        if not self.read_only:
            uri = f"{self.path.absolute().as_uri()}?mode=rwc"
        else:
            # Nobody can write here, so there is no log to share: `immutable` reads without making one.
            uri = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True, timeout=self._busy_timeout_s, check_same_thread=False)
        connection.isolation_level = None  # transactions are begun below, not guessed by the driver
        return connection

    def _build_engine(self) -> Engine:
        # Parameters hold patient data, so no exception may print them.
        engine = create_engine(
            "sqlite://", creator=self._connect, poolclass=QueuePool, pool_size=8, max_overflow=32, hide_parameters=True
        )

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            immediate = connection.get_execution_options().get("immediate", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

        return engine

    def _set_up(self) -> None:
        if not self.read_only:
            connection = self._connect()
            try:
                use_write_ahead_log(connection)
                connection.execute("PRAGMA synchronous=NORMAL")
                found = connection.execute("PRAGMA user_version").fetchone()[0]
            finally:
                connection.close()
            if found == 0:
                with self._engine.execution_options(immediate=True).begin() as transaction:
                    METADATA.create_all(transaction, checkfirst=True)
                    transaction.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
        with self.read() as connection_:
            version = connection_.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version != SCHEMA_VERSION:
            raise StoreUnavailable(
                f"the record in {self.data_dir} has format {version}, this version reads {SCHEMA_VERSION}; "
                "ingest again into a new --data-dir",
                data_dir=str(self.data_dir),
            )

    def watcher(self) -> sqlite3.Connection:
        """A raw connection kept open to ask whether anyone else has written; see `RecordStore`."""
        with _explained(self.data_dir):
            return self._connect()

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view of the database."""
        with _explained(self.data_dir), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: all of it is stored, or nothing.

        Raises:
            StoreUnavailable: the folder is read-only or full, or another process holds the database too long.
        """
        if self.read_only:
            raise _read_only(self.data_dir)
        with _explained(self.data_dir), self._engine.execution_options(immediate=True).begin() as connection:
            yield connection

    def close(self) -> None:
        """Closes every idle connection."""
        self._engine.dispose()


def _writable(path: Path) -> bool:
    if not path.exists():
        return True
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _read_only(data_dir: Path) -> StoreUnavailable:
    return StoreUnavailable(
        f"the data folder {data_dir} is read-only: make it writable, or name another with --data-dir",
        data_dir=str(data_dir),
    )


_ADVICE = (
    ("locked", "is in use by another process that is writing; try again when it has finished"),
    ("busy", "is in use by another process that is writing; try again when it has finished"),
    ("readonly", "is read-only: make it writable, or name another with --data-dir"),
    ("full", "is on a disk that is full; free some space and try again"),
    ("unable to open", "cannot be opened; check that the folder exists and may be read and written"),
    ("not a database", f"holds a {FILE_NAME} that is not a database; move it away and ingest again"),
    ("malformed", f"holds a damaged {FILE_NAME}; restore it from a copy, or move it away and ingest again"),
    ("no such table", f"holds a {FILE_NAME} of another program; move it away and ingest again"),
)


@contextlib.contextmanager
def _explained(data_dir: Path) -> Iterator[None]:
    """Turns a database error into one that says what to do; the SQL and its values stay out of the message."""
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:
        said = str(error.orig if isinstance(error, DatabaseError) else error).lower()
        advice = next((words for sign, words in _ADVICE if sign in said), None)
        if advice is None:
            raise
        raise StoreUnavailable(f"the record in {data_dir} {advice}", data_dir=str(data_dir)) from None


def row_dict(row: Any) -> dict[str, Any]:
    """A result row as a plain dict."""
    return dict(row._mapping)
