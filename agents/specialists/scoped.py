"""A chat model in a role: it sees that role's tools and prompt; and the embedded model with what the supervisor reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage

from agents.embedded.chat_model import this_turn
from agents.embedded.turns.turns import earlier_turns
from agents.specialists.roster import Specialist
from agents.specialists.splitting import may_span, split_question


class ScopedModel:
    """What `nodes.make_plan` asks instead of the configured model, so that bounds, privacy and fallback stay the same."""

    def __init__(self, model: BaseChatModel, prompt: str, tools: Sequence[dict[str, Any]] | frozenset[str]) -> None:
        """Hold the model.

        Args:
            model: The configured chat model.
            prompt: What is added to the instructions.
            tools: Names of the catalogue's tools that are bound, or schemas to bind instead of them.
        """
        self._model, self._prompt, self._tools = model, prompt, tools

    @property
    def reads_context(self) -> bool:
        """A configured model is told what it needs in words."""
        return False

    def bind_tools(self, tools: Sequence[dict[str, Any]], **kwargs: Any) -> _Bound:
        """The model with this role's tools."""
        if isinstance(self._tools, frozenset):
            bound = [t for t in tools if t["function"]["name"] in self._tools]
        else:
            bound = list(self._tools)
        return _Bound(self._model.bind_tools(bound, **kwargs), self._prompt)


class _Bound:
    def __init__(self, model: Any, prompt: str) -> None:
        self._model, self._prompt = model, prompt

    def stream(self, messages: Sequence[BaseMessage], **kwargs: Any) -> Iterator[Any]:
        """The reply as it comes."""
        return iter(self._model.stream(self._told(messages), **kwargs))

    def invoke(self, messages: Sequence[BaseMessage], **kwargs: Any) -> Any:
        """The reply."""
        return self._model.invoke(self._told(messages), **kwargs)

    def _told(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        """The messages with the role's prompt in the leading instructions: many servers take only one system message."""
        first, *rest = messages
        if isinstance(first, SystemMessage):
            return [SystemMessage(content=f"{first.content}\n\n{self._prompt}"), *rest]
        return [SystemMessage(content=self._prompt), *messages]


def scoped(model: BaseChatModel, specialist: Specialist) -> Any:
    """The model as a specialist; the embedded one knows its tools and is left as it is."""
    if getattr(model, "reads_context", False):
        return model
    return ScopedModel(model, specialist.prompt, frozenset(specialist.tools))


class ReadingModel:
    """The embedded model as a fallback: it answers too what only the supervisor reads, all parts in one message."""

    reads_context = True

    def __init__(self, embedded: BaseChatModel) -> None:
        self._embedded = embedded
        self.planner: Any = getattr(embedded, "planner", None)

    def bind(self, **kwargs: Any) -> _Reading:
        """The model bound to a run's context."""
        return _Reading(self._embedded.bind(**kwargs), self.planner, kwargs["run_context"])


class _Reading:
    def __init__(self, bound: Any, planner: Any, context: Any) -> None:
        self._bound, self._planner, self._context = bound, planner, context

    def invoke(self, messages: Sequence[BaseMessage]) -> Any:
        """The calls of a question that has not been looked up yet, else what the embedded model replies."""
        turn = this_turn(messages)
        question = str(turn[0].content) if turn else ""
        fresh = self._planner is not None and not any(isinstance(m, ToolMessage) for m in turn)
        wanted = fresh and may_span(question)
        split = split_question(question, self._planner, self._context, asked_before(messages)) if wanted else None
        if split is None:
            return self._bound.invoke(list(messages))
        calls = [c for p in split.parts for c in p.calls]
        asked = [
            {"name": c.tool, "args": c.arguments, "id": f"call_{n}", "type": "tool_call"}
            for n, c in enumerate(calls, 1)
        ]
        plan = {"confidence": min(c.confidence for c in calls), "refused": False}
        return AIMessage(content="", tool_calls=asked, additional_kwargs={"plan": plan})


def asked_before(messages: Sequence[BaseMessage]) -> list[str]:
    """The question before this one, if it was understood: what a pronoun may lean on."""
    turns = earlier_turns(messages)
    return [turns[0].question] if turns and turns[0].understood else []


def reading(fallback: Any) -> Any:
    """The fallback as the graph asks it."""
    return ReadingModel(fallback) if getattr(fallback, "planner", None) is not None else fallback
