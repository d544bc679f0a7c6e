"""What flows through the graph."""

from __future__ import annotations

from typing import Annotated, Any

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from typing_extensions import TypedDict


def in_order(kept: list[dict[str, Any]], new: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """The outcomes of a question's parts by their place in the question, whichever came first; None begins anew."""
    return [] if new is None else sorted([*kept, *new], key=lambda outcome: int(outcome["place"]))


class GraphState(TypedDict, total=False):
    """One thread's messages, and the working values of the current turn (reset when a turn starts)."""

    messages: Annotated[list[AnyMessage], add_messages]
    question: str
    rounds: int
    tool_errors: int
    repairs: int
    refs: dict[str, int]  # citation number by evidence ref, in order of first use
    evidence: dict[str, dict[str, Any]]
    results: list[dict[str, Any]]  # ToolResult dumps of this turn
    trace: list[dict[str, Any]]  # ToolCall dumps of this turn
    warnings: list[str]
    reply: str  # a direct reply of a guard: nothing is planned
    refused: bool
    draft: str
    answer: dict[str, Any]
    split: list[dict[str, Any]]  # Part dumps of a question that spans several specialists, empty on the straight path
    outcomes: Annotated[list[dict[str, Any]], in_order]  # what the specialists came back with
