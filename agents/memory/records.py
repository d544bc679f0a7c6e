"""What is kept of a conversation, as callers see it."""

from __future__ import annotations

from datetime import datetime

from domain.answers import Answer
from domain.facts import Frozen

LOCAL_OWNER = "local"  # whoever sits at this computer, where nobody signs in
EXPORT_FORMAT = "charttwin-conversation/1"


class ThreadSummary(Frozen):
    """One conversation in a list. `id` opens it again; `name` is what the client called it."""

    id: str
    name: str
    owner: str
    patient_id: str
    title: str
    created: datetime
    last_used: datetime
    turns: int


class KeptTurn(Frozen):
    """One question with its answer; `as_of` is the moment it was answered for."""

    number: int
    asked: datetime
    as_of: datetime
    question: str
    answer: Answer


class Conversation(ThreadSummary):
    """A conversation with all its turns, oldest first."""

    format: str = EXPORT_FORMAT
    entries: tuple[KeptTurn, ...] = ()
