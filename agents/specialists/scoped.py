"""A chat model in one role: it sees that role's tools and prompt, and is asked in every other way as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, SystemMessage

from agents.specialists.roster import Specialist


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
