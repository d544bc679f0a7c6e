"""Streams that can be taken up again: the events of a run are kept for a while, and `Last-Event-ID` says where to go on."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from domain.errors import UnknownEvidence

_KEPT_S = 300.0
_MOST = 200
_KEEP_ALIVE_S = 15.0


@dataclass
class _Kept:
    owner: str
    at: float
    frames: list[bytes] = field(default_factory=list)
    is_over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class RunBoard:
    """Runs that go on while their client is away. One event loop uses it."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, _Kept] = OrderedDict()

    def start(self, owner: str, frames: AsyncIterator[bytes]) -> str:
        """Begin to collect a stream's frames; the id to follow it by."""
        self._forget()
        run_id, kept = secrets.token_urlsafe(18), _Kept(owner, time.monotonic())
        self._runs[run_id] = kept
        kept.task = asyncio.create_task(self._collect(kept, frames))
        return run_id

    def follow(self, owner: str, run_id: str, after: int = 0) -> AsyncIterator[bytes]:
        """The frames from after a number on, as they come.

        Raises:
            UnknownEvidence: no such run of this owner, or it was forgotten.
        """
        kept = self._runs.get(run_id)
        if kept is None or kept.owner != owner:
            raise UnknownEvidence("no such run of yours; runs are kept for five minutes")
        return self._follow(kept, after)

    async def _follow(self, kept: _Kept, after: int) -> AsyncIterator[bytes]:
        place = max(0, after)
        while True:
            while place < len(kept.frames):
                yield kept.frames[place]
                place += 1
            if kept.is_over:
                return
            kept.changed.clear()
            try:
                await asyncio.wait_for(kept.changed.wait(), _KEEP_ALIVE_S)
            except TimeoutError:
                yield b": waiting\n\n"

    async def _collect(self, kept: _Kept, frames: AsyncIterator[bytes]) -> None:
        try:
            async for frame in frames:
                if not frame.startswith(b":"):  # each numbered frame stands at its number
                    kept.frames.append(frame)
                    kept.changed.set()
        finally:
            kept.is_over = True
            kept.changed.set()

    def _forget(self) -> None:
        oldest = time.monotonic() - _KEPT_S
        while self._runs and (len(self._runs) >= _MOST or next(iter(self._runs.values())).at < oldest):
            _, gone = self._runs.popitem(last=False)
            if gone.task is not None:
                gone.task.cancel()
