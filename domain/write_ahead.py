"""SQLite's write-ahead log, turned on also when several processes open a new file at once."""

from __future__ import annotations

import sqlite3
import time

_PAUSE_S = 0.02


def use_write_ahead_log(connection: sqlite3.Connection, wait_s: float = 10.0) -> None:
    """Turn the log on, which holds for the file from then on.

    The change needs the file for itself and fails at once, whatever the busy timeout, while another connection makes it.

    Raises:
        sqlite3.OperationalError: the file was in use for `wait_s` seconds, or cannot be written.
    """
    deadline = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
