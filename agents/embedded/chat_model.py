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

from agents.embedded.beyond_lists import BESIDE_THE_RECORD, TOLD_IN_WORDS, asks_beyond_lists, is_short
from agents.embedded.discourse import plan_in_context
from agents.embedded.ordering import settle_order
from agents.embedded.planner import Call, Plan, Planner, Setting
from agents.embedded.turns import earlier_turns
from tools.events import encounter_rows


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
        tools = run_context.tools
        emergencies = [at for r in encounter_rows(tools, "emergency") if (at := r.start or r.time) is not None]
        setting = Setting(
            tools.as_of, run_context.people, run_context.record, run_context.admissions,
            tools.chart.patient.birth_date, emergencies,
        )  # fmt: skip
        plan: Plan = plan_in_context(
            self.planner, question, setting, earlier_turns(messages), run_context.tools.twin.catalogue
        )
        plan = settle_order(question, plan, run_context.tools)
        details = {"confidence": plan.confidence, "refused": plan.refused}
        if plan.reply:
            return AIMessage(content=plan.reply, additional_kwargs={"plan": details})
        calls = [
            {"name": c.tool, "args": c.arguments, "id": _call_id(c, n), "type": "tool_call"}
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


_NOTES_CALL = "call_notes"  # looks into the notes beside what the record says: silent where they add nothing
_SECOND_LOOK = f"{_NOTES_CALL}_second"


def _call_id(call: Call, number: int) -> str:
    return f"{_NOTES_CALL}_{number}" if call.intent == BESIDE_THE_RECORD else f"call_{number}"


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


# What the record may lack while a note tells it. Of a result or a drug that nobody measured or ordered, sentences that
# only come near say nothing, and are not shown.
_ONLY_TELLING = frozenset({"latest", "statistics", "series", "threshold", "is_normal", "change", "medication", "immunizations"})  # fmt: skip
_OR_NEAREST = frozenset({"condition", "procedures", "procedure_result", "devices", "demographics", "age_when", "family_history", "section_of_note", "care_plans"})  # fmt: skip


def _second_look(turn: Sequence[BaseMessage], results: Sequence[ToolMessage]) -> AIMessage | None:
    """What no list of the record has is looked for in the notes, once: a score's missing inputs, or what was asked."""
    if (scored := _score_from_notes(turn, results)) is not None:
        return scored
    looked_up = [m for m in results if not str(m.tool_call_id).startswith(_NOTES_CALL)]
    missing = [m for m in looked_up if isinstance(m.artifact, dict) and not m.artifact.get("found")]
    nothing = missing and all(m.name in _ONLY_TELLING | _OR_NEAREST for m in missing)
    if not nothing or len(results) > 4 or any(not _adds_nothing(m) for m in results if m not in looked_up):
        return None
    question = str(turn[0].content)
    none_found = len(missing) == len(looked_up)
    near = none_found and (all(_may_show_nearest(m) for m in looked_up) or asks_beyond_lists(question))
    asked = next((c["args"] for m in turn if isinstance(m, AIMessage) for c in m.tool_calls), {})
    # A note tells what happened long before it was written: of the time asked for, only a short one is its own.
    period = {"period": asked["period"]} if is_short(str(asked.get("period") or "")) else {}
    call = {
        "name": "search_notes",
        "args": {"query": question, "near": near, **period},
        "id": _SECOND_LOOK,
        "type": "tool_call",
    }
    return None if any(m.tool_call_id == _SECOND_LOOK for m in results) else AIMessage(content="", tool_calls=[call])


def _score_from_notes(turn: Sequence[BaseMessage], results: Sequence[ToolMessage]) -> AIMessage | None:
    """The same calculator over the newest note, where the record alone lacks inputs."""
    if not results or results[0].name != "calculate" or len(results) > 2:
        return None
    if not ((results[0].artifact or {}).get("data") or {}).get("missing"):
        return None
    question = str(turn[0].content)
    arguments: dict[str, Any] = {"question": question}
    name, place = "calculate_from_note", f"{_NOTES_CALL}_score"
    if len(results) == 2:
        if results[1].tool_call_id != place or (results[1].artifact or {}).get("found"):
            return None
        name, arguments, place = "search_notes", {"query": question, "near": False}, _SECOND_LOOK
    call = {"name": name, "args": arguments, "id": place, "type": "tool_call"}
    return AIMessage(content="", tool_calls=[call])


def _may_show_nearest(message: ToolMessage) -> bool:
    about = str(((message.artifact or {}).get("data") or {}).get("concept", ""))
    return message.name in _OR_NEAREST or about in TOLD_IN_WORDS


def write_answer(results: Sequence[ToolMessage]) -> str:
    """The answer from tool results, in the order they were asked for; what a tool could not do is said."""
    parts = []
    for message in results:
        text = str(message.content).strip()
        if str(message.tool_call_id).startswith(_NOTES_CALL) and _adds_nothing(message):
            continue
        if message.status == "error":
            done = (
                "Nothing was drafted, ordered or changed"
                if str(message.name).startswith("draft_")
                else "I could not look that up"
            )
            text = f"{done}: {text}"
        parts.append(text)
    return "\n\n".join(dict.fromkeys(parts))


def _adds_nothing(message: ToolMessage) -> bool:
    """Whether a look into the notes beside the record found nothing to quote."""
    result = message.artifact or {}
    return not result.get("found") and not (result.get("data") or {}).get("nearest")
