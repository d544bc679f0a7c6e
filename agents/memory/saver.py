"""LangGraph's view of the memory: it reads the state of an open turn's thread, and hands in the state when the turn ends.

Nothing is written here. A turn is committed as a whole, state and transcript in one transaction, by the conversations: a
run that breaks or is left leaves its thread as it was, with no open tool call that a later run would stumble over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from domain.errors import InvalidInput

KEPT_TURNS = 20  # in the state that a model reads; the transcript keeps them all
State = tuple[Checkpoint, CheckpointMetadata]


def strict_serializer() -> JsonPlusSerializer:
    """Messages and plain values, nothing else: no pickle, and no class is imported because a stored byte names it."""
    return JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None)


class TurnSaver(BaseCheckpointSaver[int]):
    """The checkpointer of the graph; only threads that were opened for a turn exist for it."""

    def __init__(self) -> None:
        super().__init__(serde=strict_serializer())
        self._before: dict[str, bytes | None] = {}
        self._after: dict[str, State] = {}

    def begin(self, thread_id: str, state: bytes | None) -> None:
        """Let a run read and write this thread."""
        self._before[thread_id] = state
        self._after.pop(thread_id, None)

    def end(self, thread_id: str) -> None:
        """Forget the turn."""
        self._before.pop(thread_id, None)
        self._after.pop(thread_id, None)

    def state_after(self, thread_id: str) -> bytes:
        """The state that the run left, with the newest turns only, for storage.

        Raises:
            RuntimeError: no run on this thread has ended.
        """
        if thread_id not in self._after:
            raise RuntimeError("the run left no state")
        checkpoint, metadata = self._after[thread_id]
        values = dict(checkpoint["channel_values"])
        values["messages"] = _newest_turns(values.get("messages", []))
        kind, data = self.serde.dumps_typed(({**checkpoint, "channel_values": values}, dict(metadata)))
        return kind.encode() + b"\0" + data

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The state before this turn."""
        thread_id = self._opened(config)
        stored = self._before[thread_id]
        if stored is None or config["configurable"].get("checkpoint_ns"):
            return None  # a sub-graph starts afresh each turn
        kind, _, data = stored.partition(b"\0")
        checkpoint, metadata = self.serde.loads_typed((kind.decode(), data))
        return CheckpointTuple(_place(thread_id, checkpoint["id"]), checkpoint, metadata, None, [])

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """The one state there is."""
        found = self.get_tuple(config) if config is not None else None
        yield from [found] if found is not None else []

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Hold the state until the turn is committed."""
        thread_id = self._opened(config)
        if not config["configurable"].get("checkpoint_ns"):
            self._after[thread_id] = (checkpoint, metadata)
        return _place(thread_id, checkpoint["id"])

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Nothing: a run that broke is not resumed, it is asked again."""

    def delete_thread(self, thread_id: str) -> None:
        """Forget the turn; stored threads are deleted where they are stored."""
        self.end(thread_id)

    def _opened(self, config: RunnableConfig) -> str:
        thread_id = str(config["configurable"]["thread_id"])
        if thread_id not in self._before:
            raise InvalidInput("this thread was not opened for a turn")
        return thread_id


def _place(thread_id: str, checkpoint_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": checkpoint_id}}


def _newest_turns(messages: Sequence[Any]) -> Sequence[Any]:
    """The messages from the question on that began the oldest turn to keep; requests for a repair begin none."""
    starts = [
        index
        for index, message in enumerate(messages)
        if isinstance(message, HumanMessage) and not message.additional_kwargs.get("repair")
    ]
    return messages if len(starts) <= KEPT_TURNS else messages[starts[-KEPT_TURNS] :]
