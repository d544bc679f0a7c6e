"""Drafts that wait for a person: what is proposed, for whom, by whom, with which checks. Nothing here is the record.

Drafts live in a database of their own beside the record, so that a proposal can be lost without losing care, and a
reader of the record can never mistake one for a fact. Every version and every step of a draft is kept.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime

from domain.errors import ChartTwinError, StoreUnavailable
from domain.facts import Evidence, EvidenceKind, Frozen

Json = dict[str, Any]
FILE_NAME = "drafts.sqlite3"
LIFETIME = timedelta(hours=24)
_SKEW = timedelta(minutes=5)  # between the clocks of two machines


class UnknownDraft(ChartTwinError):
    """No draft of that id belongs to this owner."""

    kind = "unknown_draft"


class DraftConflict(ChartTwinError):
    """The draft has moved on: another version, or settled already; `details` say where it stands."""

    kind = "draft_conflict"


class DraftStale(DraftConflict):
    """The record has changed since the draft was checked; it was checked again and wants a new look."""

    kind = "draft_stale"


class DraftExpired(DraftConflict):
    """The time to confirm is over, or has not come."""

    kind = "draft_expired"


class OverrideNeeded(ChartTwinError):
    """A critical finding stands; a confirmation has to give the reason to go on nevertheless."""

    kind = "override_needed"
    retryable = True


class Severity(StrEnum):
    """How much a finding of a check matters; `not_checked` says that there was nothing to check with."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    NOT_CHECKED = "not_checked"


class Finding(Frozen):
    """What one check found, with what it rests on."""

    check: str  # allergy | former | duplicate | interaction | kidney | laboratory | dose | pregnancy | completeness | record | text
    severity: Severity
    text: str
    evidence: tuple[Evidence, ...] = ()
    source: str = ""


class Change(Frozen):
    """One resource that a confirmation would write.

    `resource` is the proposal (status draft, intent proposal); `final` what confirming sets in it, where the texts
    `@at`, `@by` and `@date` stand for the confirmation's own. `replaces` is the digest of the stored resource that this
    one takes the place of, empty for a new one.
    """

    resource: Json
    final: Json = {}
    replaces: str = ""


class Decision(Frozen):
    """What a person decided about a version of a draft, and why they went on against a critical finding."""

    decision: str  # confirm | reject
    by: str
    name: str = ""
    at: AwareDatetime
    version: int
    reason: str = ""


class Draft(Frozen):
    """A proposal for one patient, and where it stands.

    `status` is pending, confirmed (decided, being written), written or rejected; a pending draft past `expires_at` can
    only be rejected. `request` is the sentence of the user that asked for it.
    """

    id: str
    patient_id: str
    owner: str
    tool: str  # draft_order | draft_note | draft_problem_change | draft_message
    arguments: dict[str, Any]
    title: str
    text: str
    changes: tuple[Change, ...]
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()
    version: int = 1
    status: str = "pending"
    made_at: AwareDatetime
    expires_at: AwareDatetime
    made_by: str = ""
    request: str = ""
    edited_by: str = ""
    difference: str = ""
    decision: Decision | None = None
    written: tuple[str, ...] = ()

    @property
    def critical(self) -> tuple[Finding, ...]:
        """The findings that a confirmation has to answer."""
        return tuple(f for f in self.findings if f.severity is Severity.CRITICAL)

    @property
    def fingerprint(self) -> str:
        """What a person looked at: the words, the resources and every finding with its sources in the record."""
        said = {
            "text": self.text,
            "changes": [change.model_dump(mode="json") for change in self.changes],
            "findings": sorted([f.check, f.severity, f.text, *_refs(f.evidence)] for f in self.findings),
            "evidence": sorted(_refs(self.evidence)),
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()

    def require_open(self, now: datetime) -> None:
        """Pass while the draft can be confirmed or edited.

        Raises:
            DraftConflict: it is settled.
            DraftExpired: its time is over, or lies ahead.
        """
        if self.status != "pending":
            raise DraftConflict(f"the draft is {self.status} already", status=self.status, version=self.version)
        if not self.made_at - _SKEW <= now <= self.expires_at:
            raise DraftExpired(
                f"the draft can be confirmed from {self.made_at:%Y-%m-%d %H:%M} to {self.expires_at:%Y-%m-%d %H:%M}; "
                "ask for it again",
                status="expired",
            )


def _refs(evidence: tuple[Evidence, ...]) -> list[str]:
    # A calculation of the same inputs at another hour is another run.
    return sorted({item.ref for item in evidence if item.kind is not EvidenceKind.RUN})


def draft_id(patient_id: str, owner: str, tool: str, arguments: Json, made_at: datetime) -> str:
    """The id of a draft: the same request at the same moment is the same draft."""
    said = json.dumps([patient_id, owner, tool, arguments, made_at.isoformat()], sort_keys=True)
    return "draft-" + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def difference(before: str, after: str) -> str:
    """The lines taken out (-) and put in (+) between two texts."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


_SCHEMA = """
CREATE TABLE IF NOT EXISTS drafts (
  id TEXT PRIMARY KEY, patient_id TEXT NOT NULL, owner TEXT NOT NULL, version INTEGER NOT NULL, status TEXT NOT NULL,
  made_at TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS drafts_of ON drafts (owner, patient_id, made_at);
CREATE TABLE IF NOT EXISTS steps (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, draft_id TEXT NOT NULL, version INTEGER NOT NULL, step TEXT NOT NULL,
  by TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL
);
"""


class DraftStore:
    """The drafts of one data directory. Safe for threads and processes: each call has its own connection.

    A draft is only ever given to its owner; to others it does not exist.

    Raises:
        StoreUnavailable: the file cannot be made, read or written.
    """

    def __init__(self, data_dir: Path | str) -> None:
        self.path = Path(data_dir) / FILE_NAME

    def add(self, draft: Draft) -> Draft:
        """Keeps a new draft; one that is there already is returned as it stands."""
        with self._transaction() as db:
            if (row := db.execute("SELECT body FROM drafts WHERE id = ?", (draft.id,)).fetchone()) is not None:
                return Draft.model_validate_json(row[0])
            body = draft.model_dump_json()
            values = (draft.id, draft.patient_id, draft.owner, 1, draft.status, draft.made_at.isoformat(), body)
            db.execute("INSERT INTO drafts VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            _note(db, draft, "proposed", draft.made_by, draft.made_at)
        return draft

    def get(self, identifier: str, owner: str) -> Draft:
        """One draft.

        Raises:
            UnknownDraft: the owner has no draft of that id.
        """
        if self.path.is_file():
            with self._transaction(write=False) as db:
                row = db.execute("SELECT body FROM drafts WHERE id = ? AND owner = ?", (identifier, owner)).fetchone()
            if row is not None:
                return Draft.model_validate_json(row[0])
        raise UnknownDraft("you have no draft of that id; `charttwin drafts list` shows those that you have")

    def of_owner(self, owner: str, patient_id: str = "", status: str = "") -> list[Draft]:
        """The drafts of an owner, newest first, optionally of one patient or status."""
        if not self.path.is_file():
            return []
        query, values = "SELECT body FROM drafts WHERE owner = ?", [owner]
        for column, value in (("patient_id", patient_id), ("status", status)):
            if value:
                query, values = f"{query} AND {column} = ?", [*values, value]
        with self._transaction(write=False) as db:
            rows = db.execute(f"{query} ORDER BY made_at DESC, id", values).fetchall()
        return [Draft.model_validate_json(row[0]) for row in rows]

    def replace(self, draft: Draft, step: str, by: str, at: datetime) -> Draft:
        """Puts the next version of a pending draft in place of the one before it.

        Raises:
            DraftConflict: somebody was faster.
        """
        self._move(draft, "pending", draft.version - 1, step, by, at)
        return draft

    def decide(self, draft: Draft, decision: Decision) -> Draft:
        """Keeps what a person decided, before anything follows from it.

        Raises:
            DraftConflict: somebody was faster.
        """
        status = "confirmed" if decision.decision == "confirm" else "rejected"
        decided = draft.model_copy(update={"status": status, "decision": decision})
        self._move(decided, "pending", draft.version, status, decision.by, decision.at)
        return decided

    def mark_written(self, draft: Draft, refs: tuple[str, ...], at: datetime) -> Draft:
        """Keeps that a confirmed draft stands in the record."""
        written = draft.model_copy(update={"status": "written", "written": refs})
        self._move(written, "confirmed", draft.version, "written", "", at)
        return written

    def reopen(self, draft: Draft, at: datetime) -> Draft:
        """Takes a decision back that could not be carried out: the draft waits again."""
        waiting = draft.model_copy(update={"status": "pending", "decision": None})
        self._move(waiting, "confirmed", draft.version, "reopened", "", at)
        return waiting

    def steps(self, identifier: str, owner: str) -> list[dict[str, Any]]:
        """What happened to a draft, oldest first: step, version, by, at."""
        self.get(identifier, owner)
        with self._transaction(write=False) as db:
            rows = db.execute("SELECT step, version, by, at FROM steps WHERE draft_id = ? ORDER BY seq", (identifier,))
            return [dict(zip(("step", "version", "by", "at"), row, strict=True)) for row in rows]

    def _move(self, draft: Draft, status: str, version: int, step: str, by: str, at: datetime) -> None:
        with self._transaction() as db:
            done = db.execute(
                "UPDATE drafts SET version = ?, status = ?, body = ? WHERE id = ? AND owner = ? AND status = ? AND version = ?",
                (draft.version, draft.status, draft.model_dump_json(), draft.id, draft.owner, status, version),
            )
            if done.rowcount != 1:
                raise DraftConflict("the draft was changed or settled meanwhile; look at it again")
            _note(db, draft, step, by, at)

    @contextmanager
    def _transaction(self, write: bool = True) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(self.path, timeout=10.0, isolation_level=None)
        except sqlite3.Error as error:
            raise StoreUnavailable("the drafts cannot be opened; check the data folder") from error
        try:
            if write:
                db.executescript(_SCHEMA)
                self.path.chmod(0o600)
            db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            yield db
            db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable("the drafts cannot be read or written; check the data folder") from error
        finally:
            db.close()


def _note(db: sqlite3.Connection, draft: Draft, step: str, by: str, at: datetime) -> None:
    values = (draft.id, draft.version, step, by, at.isoformat(), draft.model_dump_json())
    db.execute("INSERT INTO steps (draft_id, version, step, by, at, body) VALUES (?, ?, ?, ?, ?, ?)", values)
