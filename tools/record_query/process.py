"""The worker process of one chart: started when first asked, given tables as needed, killed when it overruns."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

from tools.context import Chart, ToolContext
from tools.outcome import FinalToolError, RetryableToolError
from tools.record_query.schema import TABLES, Line

_WORKER = Path(__file__).with_name("worker.py")
_START_S = 20.0  # a cold start on a busy machine; usually 0.2 s
_GRACE_S = 1.5  # for an interrupted statement to say so, before the process is ended
# Nothing of our environment goes along: no keys, no folders. Windows starts no process without the one name.
_ENVIRONMENT = {"SYSTEMROOT": r"C:\Windows"}
_TOO_MUCH = "the statement needs too much time or memory and was ended; read fewer rows or join on more columns"


class QueryProcess:
    """SQL over the rows of one chart. Safe to share between threads: one statement at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._replies: queue.Queue[str | None] = queue.Queue()
        self._lock = threading.Lock()
        self._lines: dict[str, list[Line]] = {}

    def lines(self, ctx: ToolContext, table: str) -> list[Line]:
        """The rows of a table with their evidence, read from the chart once."""
        if table not in self._lines:
            self._lines[table] = list(TABLES[table].read(ctx))
        return self._lines[table]

    def select(self, ctx: ToolContext, request: dict[str, Any]) -> dict[str, Any]:
        """The answer of the worker to a statement.

        Raises:
            RetryableToolError: the statement is refused, faulty or too expensive; the message says what is accepted.
            FinalToolError: the process cannot be run on this machine.
        """
        with self._lock:
            seconds = float(request["seconds"]) + _GRACE_S
            reply = self._exchange(request, seconds if self._process else _START_S)
            for name in reply.get("need", ()):
                table = TABLES[name]
                rows = [
                    dict(zip((c for c, _ in table.columns), values, strict=True)) for values, _ in self.lines(ctx, name)
                ]
                self._exchange({"load": name, "columns": list(table.columns), "rows": json.dumps(rows)}, _START_S)
            if "need" in reply:
                reply = self._exchange(request, seconds)
        if "refused" in reply:
            raise RetryableToolError(f"query_record: {reply['refused']}")
        return reply

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):  # what was never sent has nobody to go to
                        stream.close()
            process.wait()

    def _exchange(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        if self._process is not None and self._process.poll() is not None:
            self.close()  # the system ended it between two statements
        process = self._process or self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            line = self._replies.get(timeout=seconds)
        except (queue.Empty, OSError):
            line = None
        if line is None:
            self.close()
            raise RetryableToolError(f"query_record: {_TOO_MUCH}")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _start(self) -> subprocess.Popen[str]:
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", str(_WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, encoding="utf-8", env=_ENVIRONMENT, close_fds=True,
            )  # fmt: skip
        except OSError as error:
            raise FinalToolError(f"the process that runs SQL cannot be started ({error.strerror})") from error
        self._process, self._replies = process, queue.Queue()
        threading.Thread(target=_read, args=(process, self._replies), name="charttwin-sql", daemon=True).start()
        return process


def _read(process: subprocess.Popen[str], replies: queue.Queue[str | None]) -> None:
    """Hands on the lines of a worker, and None when it has gone."""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            replies.put(line)
    except (ValueError, OSError):  # closed from here
        pass
    replies.put(None)


# By chart: a run's chart holds one patient at one moment, and its process goes with it.
_PROCESSES: weakref.WeakKeyDictionary[Chart, QueryProcess] = weakref.WeakKeyDictionary()
_PROCESSES_LOCK = threading.Lock()


def process_of(ctx: ToolContext) -> QueryProcess:
    """The process of this run's chart."""
    chart = ctx.chart
    with _PROCESSES_LOCK:
        found = _PROCESSES.get(chart)
        if found is None:
            found = _PROCESSES[chart] = QueryProcess()
            weakref.finalize(chart, found.close)
        return found
