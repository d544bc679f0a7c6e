"""The tables of conversations, in SQLite or PostgreSQL, and the connection to them.

In the open stand: the thread's id, the keyed hashes of owner and patient, times, and the number of turns. All else,
names of threads included, is in `head`, `state` and `body`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    create_engine,
    event,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool

from domain.errors import InvalidInput, ModelUnavailable, StoreUnavailable
from domain.write_ahead import use_write_ahead_log

_metadata = MetaData()
KEYS = Table(
    "conversation_keys",
    _metadata,
    Column("number", SmallInteger, primary_key=True, autoincrement=False),  # 0 is the key of the hashes
    Column("master", String(32), nullable=False),  # fingerprint of the master key; empty when stored open
    Column("wrapped", LargeBinary, nullable=False),
)
THREADS = Table(
    "conversation_threads",
    _metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(32), nullable=False),
    Column("patient", String(32), nullable=False),
    Column("created", BigInteger, nullable=False),  # seconds since 1970, UTC
    Column("used", BigInteger, nullable=False),
    Column("turns", Integer, nullable=False),  # also the version: a turn that was begun on fewer is refused
    Column("head", LargeBinary, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Index("conversation_threads_owner", "owner", "patient", "used"),
    Index("conversation_threads_patient", "patient"),
)
TURNS = Table(
    "conversation_turns",
    _metadata,
    Column("thread", String(40), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)
_BUSY_MS = 10_000
_STILL_READ = (
    "deleted, but another process is reading the file, whose log still holds the bytes until that process ends"
)


def sqlite_url(path: Path | None) -> str:
    """The address of a file, or of memory."""
    return f"sqlite:///{path}" if path is not None else "sqlite://"


def connect(url: str) -> Engine:
    """The engine of an address; nothing is opened yet.

    Raises:
        InvalidInput: the address is not one of SQLite or PostgreSQL.
        ModelUnavailable: the driver is not installed.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidInput(
            "the memory URL cannot be read; it is postgresql://user@host/database", field="memory_url"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "postgres":  # the older spelling that many hosts still print
        parsed, backend = parsed.set(drivername="postgresql"), "postgresql"
    if backend == "postgresql":
        return _postgresql(parsed.set(drivername="postgresql+psycopg"))
    if backend != "sqlite":
        raise InvalidInput(
            "conversations are kept in SQLite or PostgreSQL; the memory URL is postgresql://user@host/database",
            field="memory_url",
        )
    pool: dict[str, Any] = {} if parsed.database else {"poolclass": StaticPool}
    engine = create_engine(parsed, connect_args={"check_same_thread": False}, hide_parameters=True, **pool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: Any) -> Engine:
    try:
        # A statement may name no thread, but its parameters do: they are kept out of every error text.
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except ModuleNotFoundError:
        raise ModelUnavailable("a PostgreSQL memory needs the extra: pip install 'charttwin[postgres]'") from None


def make_tables(connection: Connection) -> None:
    """Make what is missing; call inside `exclusive`."""
    _metadata.create_all(connection)


def exclusive(connection: Connection) -> None:
    """Hold everybody else off until the transaction ends; SQLite does so from its beginning."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7220177412)")


def scrub(engine: Engine) -> None:
    """Give back the space of what was deleted, so that its bytes are in no file of the store.

    Raises:
        StoreUnavailable: another process holds the file open for reading.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA user_version=0")
            if connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar():
                raise StoreUnavailable(_STILL_READ)
        else:
            for table in (THREADS, TURNS):
                connection.exec_driver_sql(f"VACUUM {table.name}")


def owe_scrub(connection: Connection) -> None:
    """Note, in the transaction that deletes, that bytes are still to be given back: a crash before `scrub` is made good."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA user_version=1")


def owes_scrub(connection: Connection) -> bool:
    """Whether a deletion was cut off before its bytes were given back."""
    return connection.dialect.name == "sqlite" and bool(connection.exec_driver_sql("PRAGMA user_version").scalar())


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    use_write_ahead_log(connection)
    for pragma in ("synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
