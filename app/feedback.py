"""What readers thought of answers, and where they corrected what was read from a note; kept beside the record.

A row holds no patient id, no question and no answer: patient and subject are keyed hashes, whose key stays in a file of its
own, so that rows of one patient can be told to belong together and no more. A comment and the words of a corrected fact are
what the reader gave; they can hold anything, so the file is treated as the record is.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime

from domain.errors import StoreUnavailable
from domain.facts import Fact, Frozen

FILE_NAME = "feedback.sqlite3"
KEY_NAME = "feedback.key"
COMMENT_LIMIT = 2000
Verdict = Literal["helpful", "not_helpful", "wrong", "corrected"]
CORRECTIONS = ("present", "absent", "possible", "past", "family", "planned or conditional")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
  number INTEGER PRIMARY KEY, at TEXT NOT NULL, owner TEXT NOT NULL, about TEXT NOT NULL, patient TEXT NOT NULL,
  subject TEXT NOT NULL, verdict TEXT NOT NULL, comment TEXT NOT NULL, fact TEXT NOT NULL, was TEXT NOT NULL,
  should_be TEXT NOT NULL
)
"""
_COLUMNS = ("at", "owner", "about", "patient", "subject", "verdict", "comment", "fact", "was", "should_be")


class Feedback(Frozen):
    """One row. `about` is answer or fact; `subject` stands for the question, or for the note and the place in it.

    `fact`, `was` and `should_be` are of a corrected fact: its kind and words, what it was said to be, what it is.
    """

    at: AwareDatetime
    owner: str
    about: Literal["answer", "fact"]
    patient: str = ""
    subject: str
    verdict: Verdict
    comment: str = ""
    fact: str = ""
    was: str = ""
    should_be: str = ""


class FeedbackStore:
    """The rows of a data directory; the file is made with the first of them."""

    def __init__(self, folder: Path) -> None:
        self._path, self._key_path = folder / FILE_NAME, folder / KEY_NAME

    def of_answer(
        self, owner: str, patient_id: str, question: str, verdict: Verdict, comment: str, at: datetime
    ) -> Feedback:
        """Keep what somebody thought of the answer to a question; the same again replaces it.

        Raises:
            StoreUnavailable: it cannot be kept.
        """
        row = Feedback(
            at=at, owner=owner, about="answer", patient=self._hash("patient", patient_id),
            subject=self._hash("question", patient_id, " ".join(question.lower().split())), verdict=verdict,
            comment=comment.strip()[:COMMENT_LIMIT],
        )  # fmt: skip
        self._keep(row)
        return row

    def of_fact(
        self, owner: str, patient_id: str, text: str, fact: Fact, was: str, should_be: str, at: datetime
    ) -> Feedback:
        """Keep the correction of a fact that was read from a text; `should_be` is empty when it is no such fact at all.

        Raises:
            StoreUnavailable: it cannot be kept.
        """
        span = fact.evidence.span
        place = "" if span is None else f"{span.start}-{span.end}"
        row = Feedback(
            at=at, owner=owner, about="fact", patient=self._hash("patient", patient_id) if patient_id else "",
            subject=self._hash("fact", text, place, fact.kind.value), verdict="corrected" if should_be else "wrong",
            fact=f"{fact.kind.value}: {fact.text[:200]}", was=was, should_be=should_be,
        )  # fmt: skip
        self._keep(row)
        return row

    def rows(self) -> list[Feedback]:
        """Everything that was kept, oldest first.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        if not self._path.exists():
            return []
        with self._open() as connection:
            found = connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM feedback ORDER BY number").fetchall()
        return [Feedback.model_validate(dict(zip(_COLUMNS, row, strict=True))) for row in found]

    def _keep(self, row: Feedback) -> None:
        values = row.model_dump(mode="json")
        with self._open() as connection:
            connection.execute(
                "DELETE FROM feedback WHERE owner = ? AND about = ? AND subject = ?",
                (row.owner, row.about, row.subject),
            )
            connection.execute(
                f"INSERT INTO feedback ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})",
                [values[name].encode("utf-8", "replace").decode() for name in _COLUMNS],
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self._path.exists():
                self._path.touch(mode=0o600)
            with closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
                connection.execute(_SCHEMA)
                yield connection
        except (sqlite3.Error, OSError):
            raise StoreUnavailable("the feedback cannot be read or kept in the data directory") from None

    def _hash(self, *parts: str) -> str:
        text = "\x00".join(parts).encode("utf-8", "replace")
        return hmac.new(self._key(), text, hashlib.sha256).hexdigest()[:32]

    def _key(self) -> bytes:
        try:
            if not self._key_path.exists():
                # Written whole before it is there: a second process must not read half a key.
                made = self._key_path.with_suffix(f".{secrets.token_hex(4)}")
                with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(secrets.token_bytes(32))
                try:
                    os.link(made, self._key_path)
                except FileExistsError:
                    pass
                finally:
                    made.unlink()
            return self._key_path.read_bytes()
        except OSError:
            raise StoreUnavailable("the feedback cannot be kept in the data directory") from None
