"""What the tests of the command line share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def own_loggers() -> Iterator[None]:
    """The handlers and level of the root logger as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def run(
    own_loggers: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Ran]:
    """Runs a command in this process with an empty data directory of its own."""
    from app import cli

    monkeypatch.setenv("CHARTTWIN_DATA_DIR", str(tmp_path / "default"))

    def call(*arguments: object) -> Ran:
        code = cli.run([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    return call
