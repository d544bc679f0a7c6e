"""People, their roles, keys, browser sessions, patient lists and opened glass: what an administrator keeps."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.access.callers import Role
from app.dates import now
from domain.errors import InvalidInput, StoreUnavailable
from domain.write_ahead import use_write_ahead_log

ALL_PATIENTS = "*"
_KEY_PREFIX = "ct"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS people (
  subject TEXT PRIMARY KEY, name TEXT NOT NULL, roles TEXT NOT NULL, created TEXT NOT NULL, disabled TEXT
);
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, subject TEXT NOT NULL REFERENCES people, digest TEXT NOT NULL, created TEXT NOT NULL,
  expires TEXT, revoked TEXT
);
CREATE TABLE IF NOT EXISTS patient_lists (subject TEXT NOT NULL, patient TEXT NOT NULL, PRIMARY KEY (subject, patient));
CREATE TABLE IF NOT EXISTS opened_glass (
  subject TEXT NOT NULL, patient TEXT NOT NULL, until TEXT NOT NULL, PRIMARY KEY (subject, patient)
);
CREATE TABLE IF NOT EXISTS sessions (
  digest TEXT PRIMARY KEY, subject TEXT NOT NULL, name TEXT NOT NULL, roles TEXT NOT NULL, seen TEXT NOT NULL,
  ends TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS made_runs (subject TEXT NOT NULL, run TEXT NOT NULL, PRIMARY KEY (subject, run)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Person:
    """Somebody an administrator has entered, or who came with a session."""

    subject: str
    name: str
    roles: frozenset[Role]
    is_disabled: bool = False


class AccessRegister:
    """One SQLite file beside the record store. Secrets are kept as digests only."""

    def __init__(self, path: Path | None) -> None:
        """Open or make the register; in memory without a path.

        Raises:
            StoreUnavailable: the file cannot be opened or written.
        """
        self._lock = threading.RLock()
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, timeout=10.0, isolation_level=None)
            use_write_ahead_log(self._db)
            self._db.executescript(_SCHEMA)
            if path is not None:
                path.chmod(0o600)
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable("the register of people and keys cannot be opened or written") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # --- people --------------------------------------------------------------------------------------------------

    def add(self, subject: str, roles: frozenset[Role], name: str = "") -> Person:
        """Enter somebody, or change name and roles of who is there.

        Raises:
            InvalidInput: the subject is empty or too long, or there is no role.
        """
        if not subject.strip() or len(subject) > 200:
            raise InvalidInput("a subject has 1 to 200 characters", field="subject")
        if not roles:
            raise InvalidInput(f"a role is needed: {', '.join(Role)}", field="roles")
        person = Person(subject, name or subject, roles)
        self._do(
            "INSERT INTO people VALUES (?, ?, ?, ?, NULL) ON CONFLICT(subject) DO UPDATE SET name=excluded.name, "
            "roles=excluded.roles, disabled=NULL",
            subject, person.name, _join(roles), _stamp(),
        )  # fmt: skip
        return person

    def people(self) -> list[Person]:
        """Everybody entered."""
        return [_person(row) for row in self._all("SELECT subject, name, roles, disabled FROM people ORDER BY subject")]

    def person(self, subject: str) -> Person | None:
        """Somebody by subject."""
        row = self._one("SELECT subject, name, roles, disabled FROM people WHERE subject = ?", subject)
        return _person(row) if row else None

    def disable(self, subject: str) -> bool:
        """Shut somebody out: keys, sessions and opened glass end at once. False when nobody is called so."""
        with self._lock:
            self._do("DELETE FROM sessions WHERE subject = ?", subject)
            self._do("DELETE FROM opened_glass WHERE subject = ?", subject)
            return self._do("UPDATE people SET disabled = ? WHERE subject = ?", _stamp(), subject) > 0

    # --- keys ----------------------------------------------------------------------------------------------------

    def issue_key(self, subject: str, days: int | None = 365) -> str:
        """A new API key; it is shown this once and kept as a digest.

        Raises:
            InvalidInput: nobody is called so.
        """
        if self.person(subject) is None:
            raise InvalidInput("nobody is entered under this subject", field="subject")
        key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        expires = _stamp(timedelta(days=days)) if days else None
        self._do("INSERT INTO keys VALUES (?, ?, ?, ?, ?, NULL)", key_id, subject, _digest(secret), _stamp(), expires)
        return f"{_KEY_PREFIX}_{key_id}_{secret}"

    def revoke_keys(self, subject: str) -> int:
        """End every key of somebody; how many there were."""
        return self._do("UPDATE keys SET revoked = ? WHERE subject = ? AND revoked IS NULL", _stamp(), subject)

    def of_key(self, key: str) -> Person | None:
        """Whose key this is; None when it does not hold."""
        prefix, _, rest = key.partition("_")
        key_id, _, secret = rest.partition("_")
        row = self._one("SELECT subject, digest, expires, revoked FROM keys WHERE id = ?", key_id)
        digest = row[1] if row else _digest("")
        # Compared in constant time also when there is no such key, so that time tells nothing.
        holds = hmac.compare_digest(digest, _digest(secret)) and prefix == _KEY_PREFIX
        if row is None or not holds or row[3] or (row[2] and row[2] <= _stamp()):
            return None
        person = self.person(row[0])
        return None if person is None or person.is_disabled else person

    # --- browser sessions ----------------------------------------------------------------------------------------

    def open_session(self, person: Person, minutes: int) -> str:
        """A new session; the token goes into the browser's cookie, its digest stays here."""
        token = secrets.token_urlsafe(32)
        self._do("DELETE FROM sessions WHERE ends < ?", _stamp())
        self._do(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)",
            _digest(token), person.subject, person.name, _join(person.roles), _stamp(), _stamp(timedelta(minutes=minutes)),
        )  # fmt: skip
        return token

    def of_session(self, token: str, idle_minutes: int) -> Person | None:
        """Whose session this is; None when it has ended or was left idle."""
        digest = _digest(token)
        row = self._one("SELECT subject, name, roles, seen, ends FROM sessions WHERE digest = ?", digest)
        if row is None:
            return None
        if row[4] <= _stamp() or row[3] <= _stamp(timedelta(minutes=-idle_minutes)):
            self.close_session(token)
            return None
        if row[3] <= _stamp(timedelta(seconds=-30)):  # not at every request: a page makes dozens
            self._do("UPDATE sessions SET seen = ? WHERE digest = ?", _stamp(), digest)
        entered = self.person(row[0])
        if entered is not None and entered.is_disabled:
            return None
        return Person(row[0], row[1], entered.roles if entered else _roles(row[2]))

    def close_session(self, token: str) -> None:
        """Sign out."""
        self._do("DELETE FROM sessions WHERE digest = ?", _digest(token))

    # --- patients in reach ---------------------------------------------------------------------------------------

    def allow(self, subject: str, *patients: str) -> None:
        """Put patients on somebody's list; `*` stands for all."""
        for patient in patients:
            self._do("INSERT OR IGNORE INTO patient_lists VALUES (?, ?)", subject, patient)

    def withdraw(self, subject: str, *patients: str) -> None:
        """Take patients off somebody's list."""
        for patient in patients:
            self._do("DELETE FROM patient_lists WHERE subject = ? AND patient = ?", subject, patient)

    def patients_of(self, subject: str) -> frozenset[str] | None:
        """The patients on somebody's list and those behind opened glass; None for all."""
        listed = {row[0] for row in self._all("SELECT patient FROM patient_lists WHERE subject = ?", subject)}
        if ALL_PATIENTS in listed:
            return None
        opened = self._all("SELECT patient FROM opened_glass WHERE subject = ? AND until > ?", subject, _stamp())
        return frozenset(listed | {row[0] for row in opened})

    def break_glass(self, subject: str, patient: str, minutes: int) -> datetime:
        """Open one record to somebody for a while; until when."""
        until = now() + timedelta(minutes=minutes)
        self._do("INSERT OR REPLACE INTO opened_glass VALUES (?, ?, ?)", subject, patient, until.isoformat())
        return until

    # --- runs of the twin ----------------------------------------------------------------------------------------

    def note_runs(self, subject: str, runs: list[str]) -> None:
        """Keep who made model runs, so that only they may open them again by id."""
        for run in runs:
            self._do("INSERT OR IGNORE INTO made_runs VALUES (?, ?)", subject, run)

    def made_run(self, subject: str, run: str) -> bool:
        """Whether somebody made a run."""
        return self._one("SELECT 1 FROM made_runs WHERE subject = ? AND run = ?", subject, run) is not None

    # --- the file ------------------------------------------------------------------------------------------------

    def _do(self, statement: str, *values: Any) -> int:
        with self._lock:
            try:
                return self._db.execute(statement, values).rowcount
            except sqlite3.Error as error:
                raise StoreUnavailable("the register of people and keys cannot be written") from error

    def _all(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()

    def _one(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        found = self._all(statement, *values)
        return found[0] if found else None


def _digest(secret: str) -> str:
    # A plain hash is enough: the secrets are 256 random bits, not passwords that can be guessed.
    return hashlib.sha256(secret.encode()).hexdigest()


def _stamp(later: timedelta = timedelta()) -> str:
    return (now() + later).isoformat()


def _join(roles: frozenset[Role]) -> str:
    return " ".join(sorted(roles))


def _roles(text: str) -> frozenset[Role]:
    return frozenset(Role(role) for role in text.split())


def _person(row: tuple[Any, ...]) -> Person:
    return Person(row[0], row[1], _roles(row[2]), is_disabled=row[3] is not None)
