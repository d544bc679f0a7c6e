"""The turns before a question, read back from the conversation's messages."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from agents.embedded.planner import Call


class Turn(NamedTuple):
    """A question that was asked, and the calls that were planned for it; `understood` when they led somewhere."""

    question: str
    calls: tuple[Call, ...]
    understood: bool
    units: dict[str, str] = {}  # of the values that were shown, by concept
    day: date | None = None  # of what was shown, where everything shown was of one day


def earlier_turns(messages: Sequence[BaseMessage]) -> tuple[Turn, ...]:
    """The turns before the current question, newest first."""
    starts = [
        i for i, m in enumerate(messages) if isinstance(m, HumanMessage) and not m.additional_kwargs.get("repair")
    ]
    pairs = list(itertools.pairwise(starts))
    return tuple(_turn(messages[start:end]) for start, end in reversed(pairs))


def _turn(messages: Sequence[BaseMessage]) -> Turn:
    planned = next((m for m in messages if isinstance(m, AIMessage) and m.tool_calls), None)
    calls = tuple(Call(tool=c["name"], arguments=c["args"]) for c in planned.tool_calls) if planned is not None else ()
    calls = (
        tuple(c for c in calls if not c.arguments.get("beside")) or calls
    )  # what was asked, not what was searched too
    results = [m.artifact for m in messages if isinstance(m, ToolMessage) and isinstance(m.artifact, dict)]
    data = [r["data"] for r in results if isinstance(r.get("data"), dict)]
    only_looked_up = all(call.tool == "look_up" for call in calls)
    return Turn(
        str(messages[0].content),
        calls,
        bool(calls) and (not only_looked_up or any(r.get("found") for r in results)),
        {str(d["concept"]): str(d["unit"]) for d in data if d.get("concept") and d.get("unit")},
        _only_day(m for m in messages if isinstance(m, ToolMessage)),
    )


def _only_day(results: Iterable[ToolMessage]) -> date | None:
    """The day that the results are of, where they name one only."""
    texts = [m.artifact.get("text", m.content) if isinstance(m.artifact, dict) else m.content for m in results]
    days = {d for text in texts for d in _DAY.findall(str(text).partition("Looked at")[0])}
    try:
        return date.fromisoformat(days.pop()) if len(days) == 1 else None
    except ValueError:
        return None


_DAY = re.compile(r"\b(?:19|20)\d\d-\d\d-\d\d\b")
