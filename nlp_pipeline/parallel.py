"""Batches of notes over worker processes: results in order, a bounded number of batches in flight."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
_IN_FLIGHT = 3  # batches per process: one is worked on, one waits, one is on its way back


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`, the last one shorter."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def map_batches(work: Callable[[list[T]], list[R]], items: Iterable[T], size: int, processes: int) -> Iterator[R]:
    """`work` on batches of the items in several processes; the results one by one, in the order of the items.

    Args:
        work: A function of a module, so that a process can find it by name.
        items: Any iterable; at most three batches for each process are read ahead.
        size: Items in a batch.
        processes: How many worker processes.
    """
    with ProcessPoolExecutor(processes, mp_context=_context(), initializer=_leave_interrupts) as pool:
        waiting: deque[Future[list[R]]] = deque()
        try:
            for batch in batched(items, size):
                waiting.append(pool.submit(work, batch))
                if len(waiting) >= processes * _IN_FLIGHT:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            # The reader may have stopped early: what has not begun is not begun. Futures that are cancelled one by one are
            # taken out by the executor at a moment when nothing wakes it any more, and it can wait forever.
            pool.shutdown(wait=True, cancel_futures=True)


def _leave_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the reader stops the work; a worker's traceback helps nobody


def _context() -> multiprocessing.context.BaseContext:
    # A fork shares the loaded pipeline and starts at once, but is only safe while no other thread runs.
    alone = threading.active_count() == 1
    return multiprocessing.get_context("fork" if sys.platform == "linux" and alone else "spawn")
