"""A chat model that plays a script: for evaluations and demonstrations of how the graph holds against any model.

The script sees what a model would be shown, in plain values, and gives text, calls, or a failure. What it was shown is
kept, so that it can be checked that nothing reached it which should not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field


class Shown(NamedTuple):
    """What the model is shown: which call of the question this is, the newest human words, what tools said so far."""

    number: int
    question: str
    told: tuple[str, ...]


class Call(NamedTuple):
    """A tool call; the arguments are the text that stands where JSON is expected."""

    name: str
    arguments: str = "{}"


Piece = str | Call | Any  # anything else is streamed as content as it is, whatever it may be
Script = Callable[[Shown], Iterable[Piece]]


def _silent(shown: Shown) -> Iterable[Piece]:
    return ()


class ScriptedChatModel(BaseChatModel):
    """Streams what `script` gives; `seen` holds every tool result and human message that it was shown."""

    script: Script = _silent
    calls: int = 0
    seen: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "charttwin-scripted"

    def play(self, script: Script) -> None:
        """Begins a new script, with nothing seen."""
        self.script, self.calls, self.seen = script, 0, []

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[LanguageModelInput, AIMessage]:
        """The same model: a script knows what it calls."""
        return self.bind(**kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(p for p in self.script(self._shown(messages)) if isinstance(p, str))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        shown = self._shown(messages)
        for number, piece in enumerate(self.script(shown)):
            yield ChatGenerationChunk(message=_chunk(piece, shown.number, number))

    def _shown(self, messages: list[BaseMessage]) -> Shown:
        self.calls += 1
        told = tuple(str(m.content) for m in messages if isinstance(m, ToolMessage))
        self.seen = [str(m.content) for m in messages if not isinstance(m, AIMessage)]
        question = next((str(m.content) for m in reversed(messages) if isinstance(m, HumanMessage)), "")
        return Shown(self.calls, question, told)


def _chunk(piece: Piece, asked: int, number: int) -> AIMessageChunk:
    if isinstance(piece, Call):
        call = {"name": piece.name, "args": piece.arguments, "id": f"s{asked}_{number}", "index": number}
        return AIMessageChunk(content="", tool_call_chunks=[{**call, "type": "tool_call_chunk"}])  # type: ignore[typeddict-item]
    return AIMessageChunk(content=piece)
