"""The trail of every access: append-only, each entry sealed with the one before it, exportable as FHIR AuditEvent."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from app.dates import now
from domain.errors import StoreUnavailable
from domain.write_ahead import use_write_ahead_log

Outcome = Literal["success", "refused", "failed"]
_FIRST = "0" * 64
_SCHEMA = """
CREATE TABLE IF NOT EXISTS trail (
  seq INTEGER PRIMARY KEY, time TEXT NOT NULL, actor TEXT NOT NULL, via TEXT NOT NULL, door TEXT NOT NULL,
  action TEXT NOT NULL, patient TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, seal TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS trail_patient ON trail (patient, seq);
CREATE TRIGGER IF NOT EXISTS trail_is_not_changed BEFORE UPDATE ON trail BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS trail_is_not_cut BEFORE DELETE ON trail BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""


@dataclass(frozen=True)
class Entry:
    """One access: who, through which door, what, of which patient, how it ended."""

    seq: int
    time: str
    actor: str
    via: str
    door: str
    action: str
    patient: str
    outcome: Outcome
    reason: str
    seal: str


@dataclass(frozen=True)
class Verdict:
    """Whether the trail is whole; `broken_at` is the first entry that does not fit."""

    entries: int
    is_whole: bool
    broken_at: int | None = None
    last_seal: str = _FIRST


class AuditTrail:
    """Writes and reads the trail. Safe for threads and processes."""

    def __init__(self, path: Path, key: str = "") -> None:
        """Open or make the trail.

        Args:
            path: The SQLite file.
            key: With a key the seals are HMAC-SHA256, which nobody who lacks it can compute anew; without, SHA-256.

        Raises:
            StoreUnavailable: the file cannot be opened or written.
        """
        self._key = key.encode()
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, timeout=10.0, isolation_level=None)
            use_write_ahead_log(self._db)
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
            path.chmod(0o600)
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable("the audit trail cannot be opened or written") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def write(
        self,
        actor: str,
        action: str,
        *,
        via: str = "",
        door: str = "",
        patient: str = "",
        outcome: Outcome = "success",
        reason: str = "",
    ) -> None:
        """Append one entry.

        Raises:
            StoreUnavailable: it cannot be written; what it stands for must then not happen.
        """
        values = {
            "time": now().isoformat(timespec="milliseconds"),
            "actor": actor,
            "via": via,
            "door": door,
            "action": action,
            "patient": patient,
            "outcome": outcome,
            "reason": reason[:500],
        }
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                last = self._db.execute("SELECT seq, seal FROM trail ORDER BY seq DESC LIMIT 1").fetchone() or (
                    0,
                    _FIRST,
                )
                row = {"seq": last[0] + 1, **values}
                row["seal"] = self._seal(last[1], row)
                marks = ", ".join(f":{name}" for name in row)
                self._db.execute(f"INSERT INTO trail ({', '.join(row)}) VALUES ({marks})", row)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise StoreUnavailable("the audit trail cannot be written, so nothing is shown") from error

    def entries(
        self, *, patient: str = "", actor: str = "", after: int = 0, limit: int = 1000, newest: bool = False
    ) -> list[Entry]:
        """Entries in order, from after a sequence number on; with `newest` the last of them."""
        query = "SELECT * FROM trail WHERE seq > ?"
        values: list[Any] = [after]
        for column, value in (("patient", patient), ("actor", actor)):
            if value:
                query += f" AND {column} = ?"
                values.append(value)
        with self._lock:
            order = "seq DESC" if newest else "seq"
            rows = self._db.execute(f"{query} ORDER BY {order} LIMIT ?", [*values, limit]).fetchall()
        return [Entry(*row) for row in (reversed(rows) if newest else rows)]

    def verify(self) -> Verdict:
        """Compute every seal anew. A trail that was cut at its end fits: compare `last_seal` with one noted elsewhere."""
        previous, count = _FIRST, 0
        for entry in self.all():
            row = asdict(entry)
            seal = row.pop("seal")
            if entry.seq != count + 1 or not hmac.compare_digest(seal, self._seal(previous, row)):
                return Verdict(count, False, entry.seq, previous)
            previous, count = seal, count + 1
        return Verdict(count, True, None, previous)

    def all(self) -> Iterator[Entry]:
        """The whole trail, in order."""
        after = 0
        while page := self.entries(after=after, limit=5000):
            yield from page
            after = page[-1].seq

    def _seal(self, previous: str, row: dict[str, Any]) -> str:
        message = f"{previous}\n{json.dumps(row, sort_keys=True, ensure_ascii=False)}".encode()
        if self._key:
            return hmac.new(self._key, message, hashlib.sha256).hexdigest()
        return hashlib.sha256(message).hexdigest()


_OUTCOMES = {"success": "0", "refused": "4", "failed": "8"}
_ACTIONS = {"record.read": "R", "record.write": "C", "compute": "E"}


def audit_event(entry: Entry) -> dict[str, Any]:
    """The entry as a FHIR R4 AuditEvent."""
    resource: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": f"trail-{entry.seq}",
        "type": {
            "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
            "code": "rest",
            "display": "RESTful Operation",
        },
        "subtype": [{"system": "urn:charttwin:action", "code": entry.action}],
        "action": _ACTIONS.get(entry.action, "E"),
        "recorded": entry.time,
        "outcome": _OUTCOMES[entry.outcome],
        "agent": [
            {
                "who": {"identifier": {"system": "urn:charttwin:subject", "value": entry.actor}},
                "requestor": True,
                "policy": [f"urn:charttwin:via:{entry.via or 'none'}"],
            }
        ],
        "source": {"observer": {"display": "ChartTwin"}, "site": entry.door or "unknown"},
        "extension": [{"url": "urn:charttwin:seal", "valueString": entry.seal}],
    }
    if entry.reason:
        resource["outcomeDesc"] = entry.reason
    if entry.action == "break-glass":
        resource["purposeOfEvent"] = [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "BTG"}]}
        ]
    if entry.patient:
        resource["entity"] = [
            {
                "what": {"reference": f"Patient/{entry.patient}"},
                "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "1"},
            }
        ]
    return resource
