"""Long work: taken at once with 202, done in the background, its progress and result fetched until they are forgotten."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from app.dates import now
from app.logs import log_unexpected
from domain.errors import ChartTwinError, UnknownEvidence

State = Literal["waiting", "running", "done", "failed", "cancelled"]
_MOST = 500
_WORKERS = 2


class Cancelled(Exception):
    """The job was cancelled; raised inside its work."""


@dataclass
class Job:
    """One piece of work and how far it is. Results are kept in memory only."""

    id: str
    owner: str
    kind: str
    created: datetime
    state: State = "waiting"
    done: int = 0
    total: int = 0
    finished: datetime | None = None
    result: Any = None
    fault: dict[str, str] | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def advance(self, done: int, total: int) -> None:
        """Note the progress.

        Raises:
            Cancelled: the job was cancelled meanwhile.
        """
        self.done, self.total = done, total
        if self.stop.is_set():
            raise Cancelled


class JobBoard:
    """The jobs of a server, the oldest finished ones forgotten first."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="charttwin-job")

    def submit(self, owner: str, kind: str, work: Callable[[Job], Any]) -> Job:
        """Take work; it begins when a worker is free."""
        job = Job(secrets.token_urlsafe(18), owner, kind, now())
        with self._lock:
            for key in [k for k, j in self._jobs.items() if j.finished is not None][: max(0, len(self._jobs) - _MOST)]:
                del self._jobs[key]
            self._jobs[job.id] = job
        self._pool.submit(self._run, job, work)
        return job

    def find(self, owner: str, job_id: str) -> Job:
        """A job of this owner.

        Raises:
            UnknownEvidence: there is none of this id, or it is somebody else's.
        """
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None or job.owner != owner:
            raise UnknownEvidence("no such job of yours; it may have been forgotten")
        return job

    def of(self, owner: str) -> list[Job]:
        """The jobs of an owner, the newest first."""
        with self._lock:
            return [job for job in reversed(self._jobs.values()) if job.owner == owner]

    def close(self) -> None:
        """Stop what runs and take no more."""
        with self._lock:
            for job in self._jobs.values():
                job.stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job, work: Callable[[Job], Any]) -> None:
        try:
            job.advance(0, 0)
            job.state = "running"
            job.result = work(job)
            job.state = "done"
        except Cancelled:
            job.state = "cancelled"
        except ChartTwinError as error:
            job.state, job.fault = "failed", {"kind": error.kind, "message": error.message}
        except Exception as error:
            log_unexpected(error)
            job.state, job.fault = "failed", {"kind": "internal_error", "message": "an unexpected fault"}
        finally:
            job.finished = now()
