"""How often one caller may ask: a bucket per caller that refills steadily."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_BUCKETS = 10_000


class RateLimiter:
    """Token buckets in memory, the longest unused forgotten first."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow `per_minute` requests a minute and as many at once; 0 means no limit."""
        self._rate, self._size, self._clock = per_minute / 60.0, float(per_minute), clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_for(self, who: str) -> float:
        """Seconds until the next request of this caller is allowed; 0 when this one is."""
        if self._rate <= 0:
            return 0.0
        with self._lock:
            moment = self._clock()
            left, seen = self._buckets.pop(who, (self._size, moment))
            left = min(self._size, left + (moment - seen) * self._rate)
            allowed = left >= 1.0
            self._buckets[who] = (left - 1.0 if allowed else left, moment)
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
            return 0.0 if allowed else (1.0 - left) / self._rate
