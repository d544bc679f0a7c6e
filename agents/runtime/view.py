"""What the configured model is shown of a thread: instructions, the patient card, a few earlier turns, this turn in full."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agents.context import RunContext
from agents.embedded.chat_model import is_repair
from agents.runtime.inert import fenced, inert
from tools.catalogue import run_tool, tool_schemas
from tools.context import day

EARLIER_TURNS = 6
_EARLIER_CHARS = 1500
_MARKER = re.compile(r"\s?\[\d{1,3}\]")


@lru_cache(maxsize=1)
def shown_tools() -> tuple[dict[str, Any], ...]:
    """The tools' schemas without what says nothing: titles that repeat the name, empty defaults. A fifth fewer tokens."""
    return tuple(_spare(schema) for schema in tool_schemas())


def _spare(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _spare(v) for k, v in value.items() if not _says_nothing(k, v)}
    return [_spare(v) for v in value] if isinstance(value, list) else value


def _says_nothing(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value in ("", False, None, 0))


@lru_cache(maxsize=1)
def _template() -> str:
    return resources.files("agents").joinpath("prompts/system.md").read_text(encoding="utf-8")


def system_message(context: RunContext) -> SystemMessage:
    """The instructions with today's date and the patient card, which is fenced like every text of the record."""
    card = fenced(run_tool(context.tools, "patient_card", {}).summary, context.run.nonce, "data patient_card")
    shifted = SHIFTED_DATES if context.masker is not None else ""
    text = _template().format(as_of=day(context.tools.as_of), card=card, nonce=context.run.nonce, shifted=shifted)
    return SystemMessage(content=text)


# Years alone stay (a year identifies little), so the two calendars differ by up to a year.
SHIFTED_DATES = (
    "\n- Names, places and numbers are replaced and all dates are moved by a constant number of days; years that stand "
    "alone are not. Pass names and time expressions to the tools exactly as the user wrote them."
)


def shown(messages: Sequence[AnyMessage]) -> list[BaseMessage]:
    """The thread as a model is shown it.

    Of earlier turns the question and the answer: their look-ups are not evidence for this one, and every provider takes
    a history that alternates. Citation numbers of earlier answers are left out, since they start anew with each turn.
    """
    starts = [i for i, m in enumerate(messages) if isinstance(m, HumanMessage) and not is_repair(m)]
    if not starts:
        return list(messages)
    view: list[BaseMessage] = []
    for begin, end in list(pairwise(starts))[-EARLIER_TURNS:]:
        answers = [m for m in messages[begin:end] if isinstance(m, AIMessage) and not m.tool_calls and m.content]
        if answers:
            view.append(HumanMessage(content=_earlier(str(messages[begin].content))))
            view.append(AIMessage(content=_earlier(_MARKER.sub("", str(answers[-1].content)))))
    for message in messages[starts[-1] :]:
        if isinstance(message, ToolMessage):
            # The artifact stays here: it is for the graph, and it is not fenced.
            status = message.status
            view.append(
                ToolMessage(
                    content=message.content, tool_call_id=message.tool_call_id, name=message.name, status=status
                )
            )
        elif isinstance(message, AIMessage):
            view.append(AIMessage(content=message.content or "", tool_calls=message.tool_calls))
        else:
            view.append(HumanMessage(content=message.content))
    return view


def _earlier(text: str) -> str:
    return inert(text)[:_EARLIER_CHARS]
