"""One Chroma collection on disk that several threads and processes can use.

Chroma keeps its graph in memory and does not notice what another process writes: it then fails on ids that it cannot
find. So every write is counted in a small database beside it, under that database's lock, and whoever sees the count
moved by another process opens the collection anew.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from domain.errors import StoreUnavailable
from domain.write_ahead import use_write_ahead_log

_T = TypeVar("_T")
_ATTEMPTS = 3
_WAIT_S = 60.0
# Chroma shares one system per folder within a process, so all users of a folder share the handle that reopens it.
_HANDLES: WeakValueDictionary[Path, ChromaFolder] = WeakValueDictionary()
_HANDLES_LOCK = threading.Lock()


def open_folder(folder: Path, connect: Callable[[Path], Any]) -> ChromaFolder:
    """The handle of a Chroma folder, one per process; `connect` makes the client.

    Raises:
        StoreUnavailable: the folder cannot be made, written or opened.
    """
    with _HANDLES_LOCK:
        handle = _HANDLES.get(folder.absolute())
        if handle is None:
            handle = _HANDLES[folder.absolute()] = ChromaFolder(folder.absolute(), connect)
        return handle


class ChromaFolder:
    """A Chroma client that stays in step with other processes."""

    def __init__(self, folder: Path, connect: Callable[[Path], Any]) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._collections: dict[str, Any] = {}
        self._connect = connect
        self._client: Any = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unavailable(str(error.strerror)) from error
        if not os.access(folder, os.W_OK):
            raise self._unavailable("it is read-only")
        self._turnstile = self._open_turnstile()
        self._seen = self._version()
        self._open()

    def read(self, name: str, use: Callable[[Any], _T]) -> _T:
        """What `use` makes of a collection; opened anew, and tried again, where another process is writing."""
        with self._lock:
            for attempt in range(_ATTEMPTS):
                if attempt or self._version() != self._seen:
                    self._reopen()
                try:
                    return use(self._collection(name))
                except StoreUnavailable:
                    raise
                except Exception as error:  # Chroma's Rust core raises one bare type for all that goes wrong
                    cause = type(error).__name__
            raise self._unavailable(cause)

    def write(self, name: str, change: Callable[[Any], None]) -> None:
        """Lets `change` alter a collection while no other process does."""
        with self._lock, self._alone():
            if self._version() != self._seen:
                self._reopen()
            change(self._collection(name))

    def close(self) -> None:
        """Lets go of the files; the next use opens them again."""
        with self._lock:
            self._close_client()

    def _collection(self, name: str) -> Any:
        if self._client is None:
            self._open()
        if name not in self._collections:
            self._collections[name] = self._client.get_or_create_collection(
                name, configuration={"hnsw": {"space": "cosine", "ef_search": 200}}, embedding_function=None
            )
        return self._collections[name]

    def _open(self) -> None:
        try:
            self._client = self._connect(self._folder)
        except Exception as error:  # as above; a damaged file shows here
            raise self._unavailable(type(error).__name__) from error

    def _reopen(self) -> None:
        self._seen = self._version()
        self._close_client()
        self._open()

    def _close_client(self) -> None:
        self._collections.clear()
        if self._client is not None:
            self._client.close()
            self._client = None

    def _open_turnstile(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self._folder / "writes.sqlite3", timeout=_WAIT_S, check_same_thread=False)
            connection.isolation_level = None
            use_write_ahead_log(connection)
            connection.execute("CREATE TABLE IF NOT EXISTS writes (number INTEGER NOT NULL)")
            return connection
        except sqlite3.Error as error:
            raise self._unavailable(str(error)) from error

    def _version(self) -> int:
        """Moves when another process (never this handle) has written."""
        found: int = self._turnstile.execute("PRAGMA data_version").fetchone()[0]
        return found

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self._turnstile.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._unavailable("another process is writing to it") from error
        try:
            self._turnstile.execute("DELETE FROM writes")
            self._turnstile.execute("INSERT INTO writes VALUES (abs(random()))")
            yield
        finally:
            # Counted even where the change failed midway, for something may have been written.
            self._turnstile.execute("COMMIT")

    def _unavailable(self, cause: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"the note index in {self._folder} cannot be used ({cause}); check the folder, or move it away and run "
            "`charttwin ingest` again: it is rebuilt from the record",
            folder=str(self._folder),
        )
