"""The embedded default as a LangChain chat model: plans tool calls, then writes the answer from their results.

It has no weights to sample: the same question over the same record gives the same words. It reads the run's context
for the date that counts as today and for the names in the record; it never sees a patient other than the bound one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import ConfigDict

from agents.embedded.discourse import plan_in_context
from agents.embedded.planner import Plan, Planner, Setting
from agents.embedded.turns import earlier_turns


class EmbeddedChatModel(BaseChatModel):
    """Plans with exemplars and typed slots, answers from tool results; needs `run_context` bound to its calls."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    planner: Planner

    @property
    def _llm_type(self) -> str:
        return "charttwin-embedded"

    @property
    def reads_context(self) -> bool:
        """Whether the graph must bind the run's context to calls of this model."""
        return True

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[LanguageModelInput, AIMessage]:
        """The same model: it knows the catalogue's tools."""
        return self.bind(**kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages, kwargs.get("run_context")))])

    def _reply(self, messages: list[BaseMessage], run_context: Any) -> AIMessage:
        turn = this_turn(messages)
        results = [m for m in turn if isinstance(m, ToolMessage)]
        if results:
            if (second := _second_look(turn, results)) is not None:
                return second
            return AIMessage(content=write_answer(results))
        if run_context is None:
            raise ValueError("the embedded model needs run_context=... bound to its calls")
        question = next((str(m.content) for m in reversed(turn) if isinstance(m, HumanMessage)), "")
        setting = Setting(run_context.tools.as_of, run_context.people, run_context.record, run_context.admissions)
        plan: Plan = plan_in_context(
            self.planner, question, setting, earlier_turns(messages), run_context.tools.twin.catalogue
        )
        details = {"confidence": plan.confidence, "refused": plan.refused}
        if plan.reply:
            return AIMessage(content=plan.reply, additional_kwargs={"plan": details})
        calls = [
            {"name": c.tool, "args": c.arguments, "id": f"call_{n}", "type": "tool_call"}
            for n, c in enumerate(plan.calls, 1)
        ]
        return AIMessage(content="", tool_calls=calls, additional_kwargs={"plan": details})

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        reply = self._reply(messages, kwargs.get("run_context"))
        yield from _chunks(reply)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in _chunks(self._reply(messages, kwargs.get("run_context"))):
            yield chunk


def _chunks(reply: AIMessage) -> Iterator[ChatGenerationChunk]:
    if reply.tool_calls:
        pieces = [
            {"name": c["name"], "args": _json(c["args"]), "id": c["id"], "index": n, "type": "tool_call_chunk"}
            for n, c in enumerate(reply.tool_calls)
        ]
        message = AIMessageChunk(content="", tool_call_chunks=pieces, additional_kwargs=reply.additional_kwargs)
        yield ChatGenerationChunk(message=message)
        return
    for word in re.findall(r"\S+\s*", str(reply.content)):
        yield ChatGenerationChunk(message=AIMessageChunk(content=word))


def _json(value: Any) -> str:
    import json

    return json.dumps(value)


def is_repair(message: BaseMessage) -> bool:
    """Whether a message is the verifier's request to mend a draft, not a question of the user."""
    return isinstance(message, HumanMessage) and bool(message.additional_kwargs.get("repair"))


def is_own_words(message: BaseMessage) -> bool:
    """Whether a message is one of the embedded model's fixed replies (help, a refusal), which claim nothing."""
    return isinstance(message, AIMessage) and "plan" in message.additional_kwargs


def this_turn(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """From the newest human message on."""
    for index in range(len(messages) - 1, -1, -1):
        if isinstance(messages[index], HumanMessage) and not is_repair(messages[index]):
            return list(messages[index:])
    return list(messages)


_STRUCTURED = frozenset({"condition", "procedures", "latest", "devices", "immunizations", "statistics"})


def _second_look(turn: Sequence[BaseMessage], results: Sequence[ToolMessage]) -> AIMessage | None:
    """A search of the notes for what no list of the record has, once."""
    nothing = all(
        m.name in _STRUCTURED and isinstance(m.artifact, dict) and not m.artifact.get("found") for m in results
    )
    if not nothing or len(results) > 2:
        return None
    question = str(turn[0].content)
    asked = next((c["args"] for m in turn if isinstance(m, AIMessage) for c in m.tool_calls), {})
    period = {"period": asked["period"]} if asked.get("period") else {}
    call = {
        "name": "search_notes",
        "args": {"query": question, "near": False, **period},
        "id": "call_notes",
        "type": "tool_call",
    }
    return AIMessage(content="", tool_calls=[call])


def write_answer(results: Sequence[ToolMessage]) -> str:
    """The answer from tool results, in the order they were asked for; what a tool could not do is said."""
    parts = []
    for message in results:
        text = str(message.content).strip()
        if message.tool_call_id == "call_notes" and not (message.artifact or {}).get("found"):
            continue  # the second look found nothing to add
        if message.status == "error":
            text = f"I could not look that up: {text}"
        parts.append(text)
    return "\n\n".join(dict.fromkeys(parts))
