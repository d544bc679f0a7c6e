"""Conversations of owners about patients: opened for a turn, committed, listed, read back, deleted, expired.

A thread belongs to one owner and one patient. Its id is a keyed hash of owner, patient and the name the client gave it,
so the same name of another owner or patient is another thread, and no id can be guessed. An id that was listed opens its
thread for that owner and patient only; whether it exists for somebody else is not said.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from agents.memory import keyring
from agents.memory.records import Conversation, KeptTurn, ThreadSummary
from agents.memory.saver import TurnSaver
from agents.memory.sealing import MasterKey, Sealer
from agents.memory.tables import (
    THREADS,
    TURNS,
    connect,
    exclusive,
    make_tables,
    owe_scrub,
    owes_scrub,
    scrub,
    sqlite_url,
)
from domain.answers import Answer
from domain.errors import InvalidInput, StoreUnavailable, ThreadBusy, UnknownThread

TITLE_LENGTH = 80
_NAME_LENGTH = 200
_ID = re.compile(r"t-[0-9a-f]{32}")
_NOT_YOURS = "there is no such conversation of yours; list them to see which there are"


@dataclass
class OpenTurn:
    """A thread while one question is asked on it; `turns` is how many it had when it was opened."""

    id: str
    name: str
    owner: str
    patient_id: str
    turns: int
    memory: Conversations

    def commit(self, question: str, answer: Answer, *, asked: datetime, as_of: datetime) -> None:
        """Keep the turn: the graph's state and the transcript, both or neither.

        Raises:
            ThreadBusy: another process has asked on this thread meanwhile; nothing of this turn is kept.
            UnknownThread: the thread was deleted meanwhile.
            StoreUnavailable: it cannot be written.
        """
        entry = KeptTurn(number=self.turns + 1, asked=asked, as_of=as_of, question=question, answer=answer)
        self.memory._commit(self, entry)


class Conversations:
    """The memory. Safe for threads; several processes may share one."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        url: str = "",
        key: str = "",
        old_keys: Sequence[str] = (),
        wait_s: float = 30.0,
    ) -> None:
        """Open or make the store.

        Args:
            path: The SQLite file; in memory when None.
            url: Of a PostgreSQL database, instead of a file.
            key: The master key (see `sealing.MasterKey`); what is in the store is sealed the first time it is given.
                Without one, nothing is encrypted.
            old_keys: Master keys of before, to read a store that was sealed with one of them.
            wait_s: How many seconds a question waits for another on the same thread.

        Raises:
            InvalidInput: the URL or a key cannot be read.
            StoreUnavailable: the store cannot be opened, or was sealed with a key that is not among those given.
            ModelUnavailable: the database's driver is not installed.
        """
        masters = [MasterKey(text) for text in (key, *old_keys) if text]
        if old_keys and not key:
            raise InvalidInput("old memory keys need a current one beside them", field="memory_key")
        self.saver = TurnSaver()
        self._wait_s = wait_s
        self._busy: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        in_memory = path is None and not url
        # One connection is all that a database in memory has: its transactions must not run into each other.
        self._serial: AbstractContextManager[Any] = threading.RLock() if in_memory else nullcontext()
        try:
            if path is not None and not url:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(mode=0o600)
            self._engine = connect(url or sqlite_url(path))
            self._sealer = self._open(masters)
        except OSError as error:
            raise StoreUnavailable(f"the conversations cannot be kept there: {error.strerror}") from None

    def _open(self, masters: Sequence[MasterKey]) -> Sealer:
        with self._write() as connection:
            exclusive(connection)
            make_tables(connection)
            sealer, before = keyring.open_keys(connection, masters)
            if before is not None:
                _seal_all(connection, before, sealer)
                owe_scrub(connection)
            owed = owes_scrub(connection)
        if owed:
            self._scrub()
        return sealer

    def close(self) -> None:
        """Let go of the store."""
        self._engine.dispose()

    # --- a turn --------------------------------------------------------------------------------------------------

    @contextmanager
    def turn(self, owner: str, patient_id: str, thread: str) -> Iterator[OpenTurn]:
        """The thread, held for one question; a second question on it waits.

        Args:
            owner: Who asks.
            patient_id: About whom.
            thread: An id from a list, or any name of the client's own.

        Raises:
            UnknownThread: the id is of no thread of this owner.
            InvalidInput: the thread is about another patient, or the name is empty or too long.
            ThreadBusy: another question on it has not ended in time.
            StoreUnavailable: it cannot be read.
        """
        thread_id = self._id_of(owner, patient_id, thread)
        lock = self._lock_of(thread_id)
        if not lock.acquire(timeout=self._wait_s):
            raise ThreadBusy("another question of this conversation is still being answered; ask again when it is done")
        try:
            row = self._row(thread_id)
            name = self._head(row)["name"] if row is not None else thread
            state = self._sealer.open(row.state, _place(row, "state")) if row is not None else None
            self.saver.begin(thread_id, state)
            yield OpenTurn(thread_id, name, owner, patient_id, row.turns if row is not None else 0, self)
        finally:
            self.saver.end(thread_id)
            lock.release()

    def _lock_of(self, thread_id: str) -> threading.Lock:
        with self._guard:
            if len(self._busy) > 10_000:  # those in use stay
                self._busy = {key: lock for key, lock in self._busy.items() if lock.locked()}
            return self._busy.setdefault(thread_id, threading.Lock())

    def _id_of(self, owner: str, patient_id: str, thread: str) -> str:
        if not _ID.fullmatch(thread):
            if not thread.strip() or len(thread) > _NAME_LENGTH:
                raise InvalidInput(f"a thread has a name of 1 to {_NAME_LENGTH} characters", field="thread_id")
            return "t-" + self._sealer.tag("thread", owner, patient_id, thread)
        row = self._owned(owner, thread)
        if row.patient != self._sealer.tag("patient", patient_id):
            raise InvalidInput(
                "this conversation is about another patient; open that patient's chart, or start a new one",
                field="thread_id",
            )
        return thread

    def _commit(self, turn: OpenTurn, entry: KeptTurn) -> None:
        state = self.saver.state_after(turn.id)
        owner, patient = self._sealer.tag("owner", turn.owner), self._sealer.tag("patient", turn.patient_id)
        used = int(entry.asked.timestamp())
        key = {"id": turn.id, "owner": owner, "patient": patient}
        new = {
            "used": used,
            "turns": entry.number,
            "state": self._sealer.seal(state, _place_of(**key, part="state")),
        }
        body = self._sealer.seal(entry.model_dump_json().encode(), _place_of(**key, part=f"turn {entry.number}"))
        with self._write() as connection:
            if turn.turns == 0:
                exclusive(connection)
                if connection.execute(select(THREADS.c.id).where(THREADS.c.id == turn.id)).first() is not None:
                    raise _overtaken()
                head = {
                    "name": turn.name,
                    "owner": turn.owner,
                    "patient": turn.patient_id,
                    "title": _title(entry.question),
                }
                sealed = self._sealer.seal(json.dumps(head).encode(), _place_of(**key, part="head"))
                connection.execute(insert(THREADS).values(**key, **new, created=used, head=sealed))
            else:
                same = (THREADS.c.id == turn.id) & (THREADS.c.turns == turn.turns)
                if not connection.execute(update(THREADS).where(same).values(**new)).rowcount:
                    if connection.execute(select(THREADS.c.id).where(THREADS.c.id == turn.id)).first() is None:
                        raise UnknownThread("this conversation was deleted while the question was answered")
                    raise _overtaken()
            connection.execute(insert(TURNS).values(thread=turn.id, number=entry.number, body=body))

    # --- what is kept --------------------------------------------------------------------------------------------

    def list(self, owner: str, patient_id: str | None = None) -> tuple[ThreadSummary, ...]:
        """The owner's conversations, about one patient or all, the last used first."""
        chosen = THREADS.c.owner == self._sealer.tag("owner", owner)
        if patient_id is not None:
            chosen &= THREADS.c.patient == self._sealer.tag("patient", patient_id)
        with self._read() as connection:
            rows = connection.execute(select(THREADS).where(chosen).order_by(THREADS.c.used.desc(), THREADS.c.id)).all()
        return tuple(self._summary(row) for row in rows)

    def read(self, owner: str, thread_id: str) -> Conversation:
        """One conversation with all its turns.

        Raises:
            UnknownThread: it is not there, or not this owner's.
            StoreUnavailable: it was altered or cannot be read.
        """
        row = self._owned(owner, thread_id)
        with self._read() as connection:
            bodies = connection.execute(
                select(TURNS.c.number, TURNS.c.body)
                .where((TURNS.c.thread == row.id) & (TURNS.c.number <= row.turns))
                .order_by(TURNS.c.number)
            ).all()
        entries = tuple(
            KeptTurn.model_validate_json(self._sealer.open(body, _place(row, f"turn {number}")))
            for number, body in bodies
        )
        return Conversation(**self._summary(row).model_dump(), entries=entries)

    def delete(self, owner: str, thread_id: str) -> None:
        """Remove one conversation; its bytes are gone from the store's files when this returns.

        Raises:
            UnknownThread: it is not there, or not this owner's.
        """
        row = self._owned(owner, thread_id)
        self._remove(THREADS.c.id == row.id)

    def delete_all(self, *, owner: str | None = None, patient_id: str | None = None) -> int:
        """Remove all conversations of an owner, of a patient (whoever held them), or of one about the other.

        Returns:
            How many there were.

        Raises:
            InvalidInput: neither is named; nothing is deleted by mistake.
        """
        if owner is None and patient_id is None:
            raise InvalidInput("name the owner or the patient whose conversations are to be deleted")
        chosen = []
        if owner is not None:
            chosen.append(THREADS.c.owner == self._sealer.tag("owner", owner))
        if patient_id is not None:
            chosen.append(THREADS.c.patient == self._sealer.tag("patient", patient_id))
        return self._remove(and_(*chosen))

    def expire(self, before: datetime) -> int:
        """Remove the conversations last used before a moment, and say how many there were."""
        return self._remove(THREADS.c.used < int(before.timestamp()))

    def _remove(self, chosen: ColumnElement[bool]) -> int:
        with self._write() as connection:
            ids = list(connection.execute(select(THREADS.c.id).where(chosen)).scalars())
            for start in range(0, len(ids), 500):
                some = ids[start : start + 500]
                connection.execute(delete(TURNS).where(TURNS.c.thread.in_(some)))
                connection.execute(delete(THREADS).where(THREADS.c.id.in_(some)))
                owe_scrub(connection)
        if ids:
            self._scrub()
        return len(ids)

    def _scrub(self) -> None:
        with self._serial, _faults():
            scrub(self._engine)

    def _owned(self, owner: str, thread_id: str) -> Row[Any]:
        row = self._row(thread_id) if _ID.fullmatch(thread_id) else None
        if row is None or row.owner != self._sealer.tag("owner", owner):
            raise UnknownThread(_NOT_YOURS)
        return row

    def _row(self, thread_id: str) -> Row[Any] | None:
        with self._read() as connection:
            return connection.execute(select(THREADS).where(THREADS.c.id == thread_id)).first()

    def _head(self, row: Row[Any]) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._sealer.open(row.head, _place(row, "head")))
        return found

    def _summary(self, row: Row[Any]) -> ThreadSummary:
        head = self._head(row)
        return ThreadSummary(
            id=row.id,
            name=head["name"],
            owner=head["owner"],
            patient_id=head["patient"],
            title=head["title"],
            created=datetime.fromtimestamp(row.created, UTC),
            last_used=datetime.fromtimestamp(row.used, UTC),
            turns=row.turns,
        )

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._serial, _faults(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._serial, _faults(), self._engine.execution_options(writes=True).begin() as connection:
            yield connection


@contextmanager
def _faults() -> Iterator[None]:
    """A database's fault as ours, without its text: that may quote what was stored."""
    try:
        yield
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise StoreUnavailable(f"the conversations cannot be opened, read or written ({kind})") from None


def _overtaken() -> ThreadBusy:
    return ThreadBusy(
        "another question was asked in this conversation meanwhile; nothing of this one is kept, ask again"
    )


def _title(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def _place(row: Row[Any], part: str) -> str:
    return _place_of(row.id, row.owner, row.patient, part)


def _place_of(id: str, owner: str, patient: str, part: str) -> str:
    return "\n".join((id, owner, patient, part))


def _seal_all(connection: Connection, before: Sealer, after: Sealer) -> None:
    """Everything that was stored open, sealed."""
    for row in connection.execute(select(THREADS)).all():
        parts = {
            name: after.seal(before.open(getattr(row, name), _place(row, name)), _place(row, name))
            for name in ("head", "state")
        }
        connection.execute(update(THREADS).where(THREADS.c.id == row.id).values(**parts))
        for number, body in connection.execute(
            select(TURNS.c.number, TURNS.c.body).where(TURNS.c.thread == row.id)
        ).all():
            place = _place(row, f"turn {number}")
            same = (TURNS.c.thread == row.id) & (TURNS.c.number == number)
            connection.execute(update(TURNS).where(same).values(body=after.seal(before.open(body, place), place)))
