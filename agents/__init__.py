"""Tool-calling agents over one patient's record, notes and twin. Importing this package loads no model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.assistant import Assistant, Event, build_assistant
    from agents.verification import verify_answer

__all__ = ["Assistant", "Event", "build_assistant", "verify_answer"]


def __getattr__(name: str) -> Any:
    if name == "verify_answer":
        from agents import verification

        return verification.verify_answer
    if name in __all__:
        from agents import assistant

        return getattr(assistant, name)
    raise AttributeError(name)
