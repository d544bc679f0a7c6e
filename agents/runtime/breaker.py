"""A model server that is down is not asked again by every question: after a failure it rests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Whether a model may be asked. Thread safe.

    Failures that cost waiting or cannot mend themselves in a moment (`grave`: unreachable, too slow, key refused) open
    it at once, others after `patience` in a row. After the rest one question tries again; each further failure doubles
    the rest, up to `longest_s`.
    """

    def __init__(
        self,
        patience: int = 3,
        rest_s: float = 30.0,
        longest_s: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._patience, self._first_rest, self._longest, self._clock = patience, rest_s, longest_s, clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rest = rest_s
        self._until = 0.0
        self._trying = False
        self.reason = ""

    def may_ask(self) -> bool:
        """Whether the model may be asked now. While it rests: no; when the rest is over, one caller at a time."""
        with self._lock:
            if not self._until:
                return True
            if self._clock() < self._until or self._trying:
                return False
            self._trying = True
            return True

    def succeeded(self) -> None:
        """The model answered."""
        with self._lock:
            self._failures, self._rest, self._until, self._trying, self.reason = 0, self._first_rest, 0.0, False, ""

    def failed(self, reason: str, grave: bool) -> None:
        """The model did not answer."""
        with self._lock:
            self._failures += 1
            self.reason = reason
            if grave or self._trying or self._failures >= self._patience:
                rest = min(self._longest, self._rest * 2) if self._until else self._rest
                self._rest, self._until, self._trying = rest, self._clock() + rest, False

    def left_alone(self) -> None:
        """A trial ended without a verdict (the user stopped the run): the next question may try."""
        with self._lock:
            self._trying = False
