"""Conversations: kept per owner and patient, sealed at rest, listed, exported and deleted. Importing this loads no library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.memory.conversations import Conversations, OpenTurn
    from agents.memory.records import LOCAL_OWNER, Conversation, KeptTurn, ThreadSummary

__all__ = ["LOCAL_OWNER", "Conversation", "Conversations", "KeptTurn", "OpenTurn", "ThreadSummary"]
_RECORDS = frozenset({"LOCAL_OWNER", "Conversation", "KeptTurn", "ThreadSummary"})


def __getattr__(name: str) -> Any:
    if name in _RECORDS:
        from agents.memory import records

        return getattr(records, name)
    if name in __all__:
        from agents.memory import conversations

        return getattr(conversations, name)
    raise AttributeError(name)
