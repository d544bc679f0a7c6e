"""The write-ahead log on a file that others open in the same moment."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.write_ahead import use_write_ahead_log


def test_everybody_who_opens_a_new_file_at_once_gets_the_log(tmp_path: Path) -> None:
    for round_ in range(6):
        barrier = threading.Barrier(8)

        def opened(_: int, path: Path = tmp_path / f"{round_}.sqlite3", barrier: threading.Barrier = barrier) -> str:
            barrier.wait(10)
            connection = sqlite3.connect(path, isolation_level=None)
            try:
                use_write_ahead_log(connection)
                return str(connection.execute("PRAGMA journal_mode").fetchone()[0])
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(opened, range(8))) == ["wal"] * 8


def test_it_waits_no_longer_than_allowed_for_a_file_in_use(tmp_path: Path) -> None:
    holder = sqlite3.connect(tmp_path / "a.sqlite3", isolation_level=None)
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    other = sqlite3.connect(tmp_path / "a.sqlite3", timeout=0, isolation_level=None)
    try:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            use_write_ahead_log(other, wait_s=0.1)
        holder.execute("ROLLBACK")
        use_write_ahead_log(other, wait_s=0.1)
    finally:
        holder.close()
        other.close()


def test_another_fault_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "b.sqlite3").write_bytes(b"not a database at all" * 100)
    connection = sqlite3.connect(tmp_path / "b.sqlite3", isolation_level=None)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        use_write_ahead_log(connection, wait_s=30)
    connection.close()
