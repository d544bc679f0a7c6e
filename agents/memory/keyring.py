"""The keys in the store: one for the hashes, and data keys, each sealed under a master key."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from agents.memory.sealing import MasterKey, Sealer, new_key
from agents.memory.tables import KEYS
from domain.errors import StoreUnavailable

_HASHES = 0


def open_keys(connection: Connection, masters: Sequence[MasterKey]) -> tuple[Sealer, Sealer | None]:
    """The sealer of this store; and the one before, when a master key is given to a store that was open until now.

    The first master key is the current one. A store sealed under another of them is taken over: its keys are sealed
    anew, and a new data key is made for what comes.

    Raises:
        StoreUnavailable: the store is sealed and none of the keys is its own; nothing is changed.
    """
    rows = {row.number: row for row in connection.execute(select(KEYS)).all()}
    current = masters[0] if masters else None
    if not rows:
        return Sealer(*_make(connection, current)), None
    sealed_under = {row.master for row in rows.values()}
    by_name = {"": None, **{master.fingerprint: master for master in masters}}
    unknown = sorted(sealed_under - set(by_name))
    if unknown:
        raise StoreUnavailable(_wrong_key(unknown[0], masters), fingerprint=unknown[0])
    keys = {number: _unwrap(by_name[row.master], row.wrapped, number) for number, row in sorted(rows.items())}
    hashes = keys.pop(_HASHES)
    if current is None or sealed_under == {current.fingerprint}:
        return Sealer(keys, hashes), None
    for number, key in ((_HASHES, hashes), *keys.items()):
        wrapped = {"master": current.fingerprint, "wrapped": current.wrap(key, _place(number))}
        connection.execute(update(KEYS).where(KEYS.c.number == number).values(**wrapped))
    before = None if keys else Sealer({}, hashes)
    keys |= _add(connection, current, max(keys, default=0) + 1)
    return Sealer(keys, hashes), before


def _make(connection: Connection, current: MasterKey | None) -> tuple[dict[int, bytes], bytes]:
    hashes = new_key()
    _insert(connection, current, _HASHES, hashes)
    return (_add(connection, current, 1) if current is not None else {}), hashes


def _add(connection: Connection, master: MasterKey, number: int) -> dict[int, bytes]:
    key = new_key()
    _insert(connection, master, number, key)
    return {number: key}


def _insert(connection: Connection, master: MasterKey | None, number: int, key: bytes) -> None:
    name, wrapped = (master.fingerprint, master.wrap(key, _place(number))) if master is not None else ("", key)
    connection.execute(insert(KEYS).values(number=number, master=name, wrapped=wrapped))


def _unwrap(master: MasterKey | None, wrapped: bytes, number: int) -> bytes:
    return wrapped if master is None else master.unwrap(wrapped, _place(number))


def _place(number: int) -> str:
    return f"conversation key {number}"


def _wrong_key(fingerprint: str, masters: Sequence[MasterKey]) -> str:
    if not masters:
        return "the conversations are encrypted: set CHARTTWIN_MEMORY_KEY to their key; nothing was changed"
    return (
        f"the conversations are encrypted with another key (fingerprint {fingerprint}); set CHARTTWIN_MEMORY_KEY to it, "
        "or add it to CHARTTWIN_MEMORY_OLD_KEYS to go over to the new one; nothing was changed"
    )
