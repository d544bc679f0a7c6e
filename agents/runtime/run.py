"""What one run shares between its steps: how long it may take, whether it was stopped, what it has looked up already."""

from __future__ import annotations

import secrets
import string
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.errors import ChartTwinError

if TYPE_CHECKING:
    from tools.outcome import ToolResult

DEFAULT_BUDGET_S = 60.0
_LONGEST_RESERVE_S = 5.0


class RunCancelled(ChartTwinError):
    """The run was stopped by its user, or the client left."""

    kind = "cancelled"


def _nonce() -> str:
    # Letters only: a digit would count as a number that a tool returned.
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(10))


@dataclass
class Run:
    """One run, shared by every graph and sub-graph that works on its question.

    `budget_s` is the wall-clock time of the whole run. The configured model may use it up to a reserve, in which the
    embedded model can still answer.
    """

    budget_s: float = DEFAULT_BUDGET_S
    started: float = field(default_factory=time.monotonic)
    cancelled: threading.Event = field(default_factory=threading.Event)
    given_up: str = ""  # why the configured model is no longer asked in this run
    has_fallback: bool = False
    model_calls: int = 0
    looked_up: dict[str, ToolResult] = field(default_factory=dict)  # by call, see `agents.runtime.calls`
    nonce: str = field(default_factory=_nonce)  # of the fences around data

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.started

    @property
    def left_s(self) -> float:
        """Seconds that the run may still take."""
        return self.budget_s - self.elapsed_s

    @property
    def left_for_model_s(self) -> float:
        """Seconds that the configured model may still take."""
        return self.left_s - min(_LONGEST_RESERVE_S, 0.2 * self.budget_s)

    def check(self) -> None:
        """Goes no further when the run was stopped.

        Raises:
            RunCancelled: it was.
        """
        if self.cancelled.is_set():
            raise RunCancelled("the run was stopped")
