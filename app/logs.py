"""Logs that cannot carry patient data: what is not on the allow-list is dropped.

Our own events are names with allow-listed fields. Records of other libraries keep level, logger and place, and lose
their message, because exception text and request lines hold questions, names and note text.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import sys
import time
from hashlib import blake2b
from types import TracebackType

LOGGER = logging.getLogger("charttwin")

ALLOWED_FIELDS = frozenset(
    {"door", "route", "method", "status", "kind", "ms", "tools", "citations", "rows", "patients", "resources", "notes",
     "facts", "files", "rejected", "part", "version", "port", "patient", "trace", "where", "suite"}
)  # fmt: skip
_SAFE_TEXT = re.compile(r"[A-Za-z0-9_./:{}\-]{0,80}")
_PSEUDONYM_KEY = secrets.token_bytes(16)


def pseudonym(identifier: str) -> str:
    """A name for a patient that holds within this process and cannot be traced back."""
    return blake2b(identifier.encode(), key=_PSEUDONYM_KEY, digest_size=5).hexdigest()


def log_event(event: str, level: int = logging.INFO, **fields: str | int | float | None) -> None:
    """Write one event; a field that is not allow-listed, or a text that could be prose, is left out."""
    LOGGER.log(level, event, extra={"charttwin_fields": {k: v for k, v in fields.items() if _may_log(k, v)}})


def _may_log(name: str, value: str | int | float | None) -> bool:
    if value is None or name not in ALLOWED_FIELDS:
        return False
    return not isinstance(value, str) or _SAFE_TEXT.fullmatch(value) is not None


def place_of(error: BaseException) -> str:
    """Type and innermost place of an exception, without its text: `KeyError at records.py:120`."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = type(error).__name__
    if trace is None:
        return name
    path = trace.tb_frame.f_code.co_filename.replace("\\", "/")
    return f"{name} at {'/'.join(path.split('/')[-2:])}:{trace.tb_lineno}"


def log_unexpected(error: BaseException, event: str = "internal_error") -> None:
    """Write that something of ours failed: what kind of exception and where, never its text."""
    log_event(event, level=logging.ERROR, kind=type(error).__name__, where=place_of(error).replace(" at ", "@"))


class PhiSafeFormatter(logging.Formatter):
    """One line per record: time, level, event and allow-listed fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; arguments, message of other libraries and exception text never enter it."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        fields: dict[str, object] = dict(getattr(record, "charttwin_fields", {}))
        own = hasattr(record, "charttwin_fields")
        event = record.msg if own else f"{record.name} {record.module}:{record.lineno}"
        if record.exc_info and record.exc_info[1] is not None:
            fields["error"] = place_of(record.exc_info[1]).replace(" at ", "@")
        tail = "".join(f" {name}={value}" for name, value in fields.items())
        return f"{stamp} {record.levelname.lower()} {event}{tail}"


def _is_news(record: logging.LogRecord) -> bool:
    """False for what is reported as an error on every shutdown with a page open: the page's waiting connection."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def configure_logs(level: str = "warning") -> None:
    """Send every logger of the process through the safe formatter to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PhiSafeFormatter())
    handler.addFilter(_is_news)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(level.upper())
    # Their own handlers print raw messages; their access lines hold patient ids.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "gradio", "chromadb", "httpx"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)
