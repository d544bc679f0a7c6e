"""Tool results as messages: numbered for citation, fenced for a language model, traced for the answer."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, ToolMessage

from agents.context import RunContext
from agents.runtime.calls import Outcome
from agents.runtime.inert import fenced, shortened
from domain.answers import ToolCall
from tools.outcome import Statement, ToolResult

_REPEATED = "This call was made before in this turn. Its result stands above and has not changed: answer from it."


def tool_message(
    outcome: Outcome,
    context: RunContext,
    refs: dict[str, int],
    evidence: dict[str, dict[str, Any]],
    is_repeat: bool,
    is_for_configured: bool,
) -> ToolMessage:
    """What the model is told of a call. A language model gets it fenced as data, and no longer than it can use."""
    name, call_id = outcome.call["name"][:60], str(outcome.call["id"])
    if outcome.result is None:
        return ToolMessage(content=outcome.message, tool_call_id=call_id, name=name, status="error")
    artifact = {"found": outcome.result.found, "data": outcome.result.data}
    text = numbered(outcome.result, refs, evidence)
    if not is_for_configured:
        return ToolMessage(content=text, tool_call_id=call_id, name=name, artifact=artifact)
    shown = shortened(text, context.max_result_chars)
    content = _REPEATED if is_repeat else fenced(shown, context.run.nonce, f"data {name}")
    return ToolMessage(content=content, tool_call_id=call_id, name=name, artifact={**artifact, "text": text})


def plain_of(message: ToolMessage) -> str:
    """What a tool said, without the fence."""
    artifact = message.artifact if isinstance(message.artifact, dict) else {}
    return str(artifact.get("text", message.content))


def traced(outcome: Outcome) -> dict[str, Any]:
    """The call as the answer's trace shows it."""
    record = ToolCall(
        name=outcome.call["name"][:60],
        arguments=outcome.call["args"],
        summary=outcome.result.summary if outcome.result is not None else "",
        latency_ms=round((outcome.ended_s - outcome.started_s) * 1000, 2),
        error=outcome.fault,
    )
    return record.model_dump(mode="json")


def numbered(result: ToolResult, refs: dict[str, int], evidence: dict[str, dict[str, Any]]) -> str:
    """The statements with citation numbers, one numbering for the whole turn."""
    return "\n".join(numbered_line(s, refs, evidence) for s in result.statements)


def numbered_line(statement: Statement, refs: dict[str, int], evidence: dict[str, dict[str, Any]]) -> str:
    """A statement with its citation numbers before the full stop."""
    markers = ""
    for item in statement.evidence:
        refs.setdefault(item.ref, len(refs) + 1)
        evidence.setdefault(item.ref, item.model_dump(mode="json"))
        marker = f"[{refs[item.ref]}]"
        markers += marker if marker not in markers else ""
    text = statement.text
    if markers:
        stop = text[-1] if text[-1:] in {".", "!", "?"} else ""
        text = f"{text.removesuffix(stop) if stop else text} {markers}{stop}"
    return f"- {text}" if statement.item else text


def calls_left(messages: list[Any]) -> list[ToolMessage]:
    """Answers to calls that were asked for when the limit was reached: a history with open calls cannot be continued."""
    last = messages[-1]
    if not isinstance(last, AIMessage):
        return []
    return [
        ToolMessage(
            content="not run: the limit of this question is reached",
            tool_call_id=str(c["id"]),
            name=c["name"][:60],
            status="error",
        )
        for c in last.tool_calls
    ]
