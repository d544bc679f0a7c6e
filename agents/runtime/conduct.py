"""What all runs of one assistant share: how long they may take, the state of their model's server, what may leave."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agents.context import RunContext
from agents.runtime.breaker import Breaker
from agents.runtime.run import DEFAULT_BUDGET_S, Run
from domain.errors import InvalidInput
from tools.context import ToolContext

if TYPE_CHECKING:
    from agents.privacy.masking import Masker

SHORTEST_BUDGET_S = 1.0


class Conduct:
    """How the runs of one assistant are conducted. The breaker and the key of surrogates are theirs in common."""

    def __init__(self, budget_s: float = DEFAULT_BUDGET_S, *, deidentify: bool = False, not_asked: str = "") -> None:
        """Hold the bounds.

        Args:
            budget_s: Wall-clock seconds of one run with a model other than the embedded one.
            deidentify: Whether the model may only see surrogates.
            not_asked: Why the configured model is never asked, as the end of a sentence; empty when it is.

        Raises:
            InvalidInput: the time is too short to answer in.
        """
        if not budget_s >= SHORTEST_BUDGET_S:
            raise InvalidInput(f"the time budget of a question is at least {SHORTEST_BUDGET_S:g} s")
        self.budget_s, self.deidentify, self.not_asked = budget_s, deidentify, not_asked
        self.breaker = Breaker()
        self._under_way: dict[int, tuple[tuple[str, ...], Run]] = {}
        self._lock = threading.Lock()
        # Of this process: a conversation is masked anew from its originals each time, so no key has to be kept.
        self._key = secrets.token_bytes(32)

    @contextmanager
    def running(self, tools: ToolContext, key: tuple[str, ...], stop: threading.Event | None) -> Iterator[RunContext]:
        """The context of a new run, for as long as it lasts.

        Args:
            tools: What it runs against.
            key: What `cancel` finds it by.
            stop: Ends the run when it is set.
        """
        run = Run(budget_s=self.budget_s, given_up=self.not_asked)
        if stop is not None:
            run.cancelled = stop
        with self._lock:
            self._under_way[id(run)] = (key, run)
        try:
            masker = self._masker(tools) if self.deidentify else None
            yield RunContext(tools=tools, run=run, breaker=self.breaker, masker=masker)
        finally:
            run.cancelled.set()  # whoever still works for this run may stop
            with self._lock:
                del self._under_way[id(run)]

    def cancel(self, *key: str) -> int:
        """Stops the runs under way whose key begins so; returns how many there were."""
        with self._lock:
            chosen = [run for whole, run in self._under_way.values() if whole[: len(key)] == key]
        for run in chosen:
            run.cancelled.set()
        return len(chosen)

    def _masker(self, tools: ToolContext) -> Masker:
        from agents.privacy.identifiers import record_identifiers
        from agents.privacy.masking import Masker

        known = record_identifiers(tools.store, tools.patient_id)
        return Masker(self._key, tools.patient_id, known, tools.as_of.year)


def untraced(chunks: Iterator[Any]) -> Generator[Any, None, None]:
    """The same, with tracing switched off while each is made: it would send the record to a third party.

    Around each step and not around the whole, since a generator shares its context with whoever reads it.
    """
    from langsmith.run_helpers import tracing_context

    try:
        while True:
            with tracing_context(enabled=False):
                try:
                    chunk = next(chunks)
                except StopIteration:
                    return
            yield chunk
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
