"""Any program that reads one line of JSON and writes one: a mechanistic engine in another language, a licensed tool.

Request, one line on standard input:

    {"protocol": 1, "stop": 24, "points": 97, "time_unit": "h", "seed": 0, "inputs": {"dose": 500},
     "variables": ["C"]}

Response, one line on standard output:

    {"protocol": 1, "times": [0, ...], "values": {"C": [0, ...]}, "solver": "...", "warnings": []}

or `{"protocol": 1, "error": "..."}`. The program is started for each run and ends after it, so that no run can leave
anything to the next. With `recording`, each exchange is appended to a file of JSON lines, and answered from there when
the same is asked again; with `replay_only`, the program is never started. A recording holds the inputs of patients.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.errors import ModelUnavailable, SolverFailed
from twin_backend.interop.adapter import Course
from twin_backend.interop.manifest import Engine

PROTOCOL = 1


def run(engine: Engine, start: Mapping[str, float], variables: Sequence[str], seed: int) -> Course:
    """The course that the program computes, or that it is recorded to have computed.

    Raises:
        ModelUnavailable: the program cannot be started, or may not be and nothing is recorded.
        SolverFailed: it failed, took too long, or answered something else than the protocol.
    """
    request = {
        "protocol": PROTOCOL, "stop": engine.stop, "points": engine.points, "time_unit": engine.time_unit,
        "seed": seed, "inputs": dict(start), "variables": list(variables),
    }  # fmt: skip
    recorded = _recorded(engine.recording, request)
    if recorded is not None:
        return _course(recorded, "recorded")
    if engine.replay_only:
        raise ModelUnavailable("this exchange is not in the recording, and the program may not be started")
    response = _exchange(engine, request)
    course = _course(response, "live")
    if engine.recording is not None:
        _record(engine.recording, request, response)
    return course


def _exchange(engine: Engine, request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        done = subprocess.run(
            list(engine.command), input=json.dumps(request) + "\n", capture_output=True, text=True, check=False,
            timeout=engine.timeout_s,
        )  # fmt: skip
    except OSError as error:
        raise ModelUnavailable(f"the program of the model cannot be started ({error.strerror})") from error
    except subprocess.TimeoutExpired:
        raise SolverFailed(f"the program of the model did not answer within {engine.timeout_s:g} s") from None
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:  # what it wrote to stderr stays unseen: it may quote a patient's values
        raise SolverFailed(f"the program of the model ended with code {done.returncode} and no answer")
    return _read(lines[-1])


def _read(line: str) -> dict[str, Any]:
    try:
        response = json.loads(line)
    except ValueError:
        raise SolverFailed("the program of the model answered no JSON") from None
    if not isinstance(response, dict) or response.get("protocol") != PROTOCOL:
        raise SolverFailed(f"the program of the model does not speak protocol {PROTOCOL}")
    if "error" in response:
        raise SolverFailed("the program of the model reports an error")
    return response


def _course(response: Mapping[str, Any], how: str) -> Course:
    try:
        times = tuple(float(value) for value in response["times"])
        values = {str(name): tuple(float(v) for v in course) for name, course in response["values"].items()}
        warnings = tuple(str(text) for text in response.get("warnings", ()))
        solver = str(response.get("solver") or "an outside program")
    except (KeyError, TypeError, ValueError, AttributeError):
        raise SolverFailed("the program of the model answered without times and values") from None
    return Course(times, values, f"{solver} ({how})", warnings)


def _recorded(path: Path | None, request: Mapping[str, Any]) -> dict[str, Any] | None:
    if path is None or not path.is_file():
        return None
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            exchange = json.loads(line)
            if exchange["request"] == request:
                return dict(exchange["response"])
    return None


def _record(path: Path, request: Mapping[str, Any], response: Mapping[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"request": request, "response": response}) + "\n")
