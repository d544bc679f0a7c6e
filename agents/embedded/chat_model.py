"""The embedded default as a LangChain chat model: plans tool calls, then writes the answer from their results.

It has no weights to sample: the same question over the same record gives the same words. It reads the run's context
for the date that counts as today and for the names in the record; it never sees a patient other than the bound one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import ConfigDict

from agents.embedded.planner import Call, Plan, Planner
from agents.embedded.reading.framing import without_framing
from agents.embedded.routing.beside import asks_openly
from agents.embedded.routing.beyond_lists import (
    BESIDE_THE_RECORD,
    NOTES_FIRST,
    TOLD_IN_WORDS,
    asks_beyond_lists,
    is_short,
)
from agents.embedded.routing.ordering import settle_order
from agents.embedded.turns.discourse import plan_in_context
from agents.embedded.turns.turns import earlier_turns
from tools.concepts import content_words, default_lexicon


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
        plan: Plan = plan_in_context(
            self.planner, question, run_context.setting, earlier_turns(messages), run_context.tools.twin.catalogue
        )
        plan = settle_order(question, plan, run_context.tools)
        details: dict[str, Any] = {"confidence": plan.confidence, "refused": plan.refused}
        if plan.reply:
            return AIMessage(content=plan.reply, additional_kwargs={"plan": details})
        calls: list[Any] = [
            {"name": c.tool, "args": c.arguments, "id": _call_id(c, n), "type": "tool_call"}
            for n, c in enumerate(plan.calls, 1)
        ]
        if parts := {call["id"]: c.part for call, c in zip(calls, plan.calls, strict=True) if c.part}:
            details["parts"] = parts
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
_FIRST_CALL = f"{_NOTES_CALL}_first"  # the same, where what they tell comes before what the record says
_SECOND_LOOK, _SECOND_FIRST = f"{_NOTES_CALL}_second", f"{_FIRST_CALL}_second"


def _call_id(call: Call, number: int) -> str:
    prefix = {BESIDE_THE_RECORD: _NOTES_CALL, NOTES_FIRST: _FIRST_CALL}.get(call.intent, "call")
    return f"{prefix}_{number}"


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
_ONLY_TELLING = frozenset({"latest", "statistics", "series", "threshold", "is_normal", "change", "medication", "immunizations", "encounters", "possible_causes"})  # fmt: skip
_OR_NEAREST = frozenset({"condition", "procedures", "procedure_result", "devices", "demographics", "age_when", "family_history", "section_of_note", "care_plans", "timeline"})  # fmt: skip


def _second_look(turn: Sequence[BaseMessage], results: Sequence[ToolMessage]) -> AIMessage | None:
    """What no list of the record has is looked for in the notes, once: a score's missing inputs, or what was asked."""
    if (scored := _score_from_notes(turn, results)) is not None:
        return scored
    if len(results) == 1 and _names_no_calculator(results[0]):  # "has she lost weight, according to the note"
        query = without_framing(str(turn[0].content), default_lexicon())
        call = {"name": "search_notes", "args": {"query": query}, "id": _SECOND_LOOK, "type": "tool_call"}
        return AIMessage(content="", tool_calls=[call])
    if (of_parts := _looks_of_parts(turn, results)) is not None:
        return of_parts
    looked_up = [m for m in results if not str(m.tool_call_id).startswith(_NOTES_CALL)]
    missing = [m for m in looked_up if isinstance(m.artifact, dict) and not m.artifact.get("found")]
    nothing = missing and all(m.name in _ONLY_TELLING | _OR_NEAREST for m in missing)
    if not nothing or len(results) > 4 or any(not _adds_nothing(m) for m in results if m not in looked_up):
        return None
    question = without_framing(str(turn[0].content), default_lexicon())
    none_found = len(missing) == len(looked_up)
    near = none_found and (all(_may_show_nearest(m) for m in looked_up) or asks_beyond_lists(question))
    asked = next((c["args"] for m in turn if isinstance(m, AIMessage) for c in m.tool_calls), {})
    # A note tells what happened long before it was written: of the time asked for, only a short one is its own.
    # Where its notes tell nothing, the time belongs to what is told: "how long did the steroid shot in March help".
    looked = len(looked_up) < len(results)
    period = {"period": asked["period"]} if is_short(str(asked.get("period") or "")) and not looked else {}
    about = _name_asked(looked_up[0], asked, question) if none_found and len(looked_up) == 1 else ""
    call = {
        "name": "search_notes",
        "args": {"query": question, "near": near, **period, **({"about": about} if about else {})},
        "id": _SECOND_FIRST if asks_openly(question) else _SECOND_LOOK,
        "type": "tool_call",
    }
    done = any(m.tool_call_id in {_SECOND_LOOK, _SECOND_FIRST} for m in results)
    return None if done else AIMessage(content="", tool_calls=[call])


def _looks_of_parts(turn: Sequence[BaseMessage], results: Sequence[ToolMessage]) -> AIMessage | None:
    """A look into the notes for each ask of a sentence with several of which the record has nothing; None for one ask."""
    plan: dict[str, Any] = next((m.additional_kwargs.get("plan", {}) for m in turn if isinstance(m, AIMessage)), {})
    parts: dict[str, str] = plan.get("parts", {})
    if len(set(parts.values())) < 2 or any(str(m.tool_call_id).startswith(_SECOND_LOOK) for m in results):
        return None
    calls: list[Any] = []
    for part in dict.fromkeys(parts.values()):
        of_part = [m for m in results if parts.get(str(m.tool_call_id)) == part]
        record = [m for m in of_part if not str(m.tool_call_id).startswith(_NOTES_CALL)]
        missing = [m for m in record if not (m.artifact or {}).get("found")]
        told = any(not _adds_nothing(m) for m in of_part if m not in record)
        if (
            told
            or not record
            or len(missing) < len(record)
            or any(m.name not in _ONLY_TELLING | _OR_NEAREST for m in missing)
        ):
            continue
        near = all(_may_show_nearest(m) for m in missing) or asks_beyond_lists(part)
        calls.append({"name": "search_notes", "args": {"query": part, "near": near}, "id": f"{_SECOND_LOOK}_{len(calls) + 1}", "type": "tool_call"})  # fmt: skip
    return AIMessage(content="", tool_calls=calls[:3]) if calls else None


# By tool, the argument whose name a note has to hold: of a drug that nobody ordered, what it says of others tells nothing.
_NAMED_BY = {"medication": "drug", "latest": "concept", "series": "concept", "statistics": "concept", "threshold": "concept", "is_normal": "concept", "change": "concept", "immunizations": "name", "procedures": "name"}  # fmt: skip
# A test for a disease is told by the name of the disease.
_TESTED_FOR = re.compile(
    r"\b(?:test(?:s|ed|ing)?|screen(?:s|ed|ing)?|swab(?:s|bed)?|serolog\w+|antibod\w+|pcr)\b", re.IGNORECASE
)
# Words that any vaccine or operation may have: they tell none from another.
_OF_ANY = re.compile(
    r"\b(?:vaccines?|vaccinations?|total|partial|replacement|surger(?:y|ies)|operation|procedure|removal|repair|insertion|placement)\b"
)


def _name_asked(result: ToolMessage, asked: Mapping[str, Any], question: str) -> str:
    """The name that was looked up, where a note has to hold it; empty where notes tell the matter in words of their own."""
    name = str(asked.get(_NAMED_BY.get(str(result.name), "")) or "")
    if result.name == "condition" and _TESTED_FOR.search(question):
        name = str(asked.get("name") or "")
    name = "" if name in TOLD_IN_WORDS else name.removeprefix("record:").replace("_", " ")
    return (
        (" ".join(_OF_ANY.sub(" ", name).split()) or name) if result.name in {"immunizations", "procedures"} else name
    )


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
        about = " ".join(
            w for w in content_words(question) if w not in _OF_ANY_SCORE
        )  # "SOFA": what does not name it tells nothing
        name, arguments, place = "search_notes", {"query": question, "near": False, "about": about}, _SECOND_LOOK
    call = {"name": name, "args": arguments, "id": place, "type": "tool_call"}
    return AIMessage(content="", tool_calls=[call])


_OF_ANY_SCORE = frozenset(
    {"score", "scores", "index", "criteria", "points", "risk", "calculate", "calculation", "current", "latest"}
)


def _names_no_calculator(message: ToolMessage) -> bool:
    """Whether a note was to be calculated with, but the question names no calculator: what it says was meant."""
    result = message.artifact or {}
    data = result.get("data") or {}
    return message.name == "calculate_from_note" and not result.get("found") and not data.get("calculator")


def _may_show_nearest(message: ToolMessage) -> bool:
    about = str(((message.artifact or {}).get("data") or {}).get("concept", ""))
    return message.name in _OR_NEAREST or about in TOLD_IN_WORDS


def write_answer(results: Sequence[ToolMessage]) -> str:
    """The answer from tool results, in the order they were asked for; what a tool could not do is said."""
    parts = []
    for message in _told_first(results):
        text = str(message.content).strip()
        if str(message.tool_call_id).startswith(_NOTES_CALL) and _adds_nothing(message):
            continue
        if len(results) > 1 and _names_no_calculator(message):
            continue
        if message.name == "calculate" and not _found(message) and any(_is_score_of_note(m) for m in results):
            continue  # the note holds what the record alone lacks
        if message.status == "error":
            done = (
                "Nothing was drafted, ordered or changed"
                if str(message.name).startswith("draft_")
                else "I could not look that up"
            )
            text = f"{done}: {text}"
        parts.append(text)
    return "\n\n".join(_once(parts))


def _once(parts: Sequence[str]) -> list[str]:
    """The parts of an answer without the quotes that an earlier part has already."""
    kept: list[str] = []
    quoted: set[str] = set()
    for part in dict.fromkeys(parts):
        lines = [line for line in part.splitlines() if line.strip() not in quoted]
        quoted |= {line.strip() for line in lines if "“" in line}
        if any(line.strip() for line in lines):
            kept.append("\n".join(lines))
    return kept


def _is_score_of_note(message: ToolMessage) -> bool:
    return message.name == "calculate_from_note" and _found(message)


def _told_first(results: Sequence[ToolMessage]) -> list[ToolMessage]:
    """The results in order; what notes tell comes before what the record lacks of it, or says of the names alone.

    A guideline beside it says nothing of why this patient was treated so.
    """
    ordered: list[ToolMessage] = []
    begin = 0  # of the results that the next look into the notes stands beside
    for message in results:
        ordered.append(message)
        if not str(message.tool_call_id).startswith(_NOTES_CALL):
            continue
        before = ordered[begin:-1]
        if _found(message) and (str(message.tool_call_id).startswith(_FIRST_CALL) or _lacks_value(before)):
            ordered[begin:] = [message, *(m for m in before if m.name != "search_knowledge")]
        begin = len(ordered)
    return ordered


def _found(message: ToolMessage) -> bool:
    return bool((message.artifact or {}).get("found"))


def _lacks_value(record: Sequence[ToolMessage]) -> bool:
    """Whether the one look into the record found no score, or no directive: "no result is recorded" of what notes state."""
    if len(record) != 1 or (record[0].artifact or {}).get("found") is not False:
        return False
    about = str(((record[0].artifact or {}).get("data") or {}).get("concept", ""))
    return record[0].name == "calculate" or about == "advance_directive"


def _adds_nothing(message: ToolMessage) -> bool:
    """Whether a look into the notes beside the record found nothing to quote."""
    result = message.artifact or {}
    return not result.get("found") and not (result.get("data") or {}).get("nearest")
