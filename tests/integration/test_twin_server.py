"""`charttwin twin serve` as a process, and a twin in this one that speaks to it."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_api_server import ROOT, charttwin
from tests.unit.test_twin_contract import EGFR
from twin_backend import build_twin
from twin_backend.remote import RemoteTwin


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = charttwin("twin", "serve", "--port", 0, "--data-dir", tmp_path / "data")
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert found, "the address is the first line"
    yield process, found[0]
    process.kill()
    process.communicate(timeout=10)


def test_a_twin_elsewhere_answers_and_keeps_its_runs(server: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    process, address = server
    twin = RemoteTwin(address)
    run = twin.predict("egfr", EGFR)
    assert run.outputs == build_twin().predict("egfr", EGFR).outputs
    assert twin.replay(run.id).identical and twin.explain(run.id).run_id == run.id
    twin.close()
    process.send_signal(signal.SIGINT)
    process.wait(20)
    assert build_twin(store=tmp_path / "data" / "twin_runs.sqlite3").run(run.id) == run
    assert not (tmp_path / "data" / "record.sqlite3").exists()
