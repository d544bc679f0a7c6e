"""The tool calls of one message: side by side, each once, within the time of the run."""

from __future__ import annotations

import contextvars
import json
import queue
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args, get_origin

from agents.context import RunContext
from agents.runtime.replies import MALFORMED
from tools.catalogue import argument_models, run_tool
from tools.outcome import FinalToolError, RetryableToolError, ToolResult

_WORKERS = 8
_TOO_LATE = "this look-up took too long and was given up"
_BROKEN = "this look-up failed through a fault of ours; another one may still answer"


class Outcome(NamedTuple):
    """What became of a call: a result, or a message with the kind of fault."""

    call: Mapping[str, Any]
    result: ToolResult | None
    message: str = ""
    fault: str = ""
    started_s: float = 0.0  # seconds since the run began
    ended_s: float = 0.0


def call_key(name: str, arguments: Mapping[str, Any]) -> str:
    """What makes two calls the same."""
    return f"{name} {json.dumps(arguments, sort_keys=True, default=str)}"


def run_calls(calls: Sequence[Mapping[str, Any]], context: RunContext) -> list[Outcome]:
    """The outcomes in the order of the calls, whatever order they ended in.

    A call that this run has made before is answered from its result. A call that is not back when the time of the run
    is over is given up.

    Raises:
        RunCancelled: the run was stopped meanwhile.
    """
    run = context.run
    wanted = [(str(call["name"]), _mended(str(call["name"]), call["args"])) for call in calls]
    keys = [call_key(*one) for one in wanted]
    open_calls: dict[str, tuple[str, dict[str, Any]]] = {}
    over: set[int] = set()
    for number, key in enumerate(keys):
        if context.calls_made >= context.max_calls:
            over.add(number)
            continue
        context.calls_made += 1
        if key not in run.looked_up:
            open_calls[key] = wanted[number]
    done = _side_by_side(open_calls, context)
    outcomes = []
    for number, (call, key) in enumerate(zip(calls, keys, strict=True)):
        if number in over:
            told = f"the limit of {context.max_calls} tool calls per question is reached"
            outcomes.append(Outcome(call, None, told, FinalToolError.kind, run.elapsed_s, run.elapsed_s))
        elif key in done:
            outcomes.append(done[key]._replace(call=call))
        else:
            outcomes.append(Outcome(call, run.looked_up[key], "", "", run.elapsed_s, run.elapsed_s))
    return outcomes


def _side_by_side(calls: dict[str, tuple[str, dict[str, Any]]], context: RunContext) -> dict[str, Outcome]:
    if not calls:
        return {}
    run = context.run
    waiting: queue.SimpleQueue[tuple[str, tuple[str, dict[str, Any]]]] = queue.SimpleQueue()
    finished: queue.SimpleQueue[tuple[str, Outcome]] = queue.SimpleQueue()
    for item in calls.items():
        waiting.put(item)
    context.tools.chart  # noqa: B018  read once, so that the calls share it

    def work() -> None:
        while not run.cancelled.is_set():
            try:
                key, (name, arguments) = waiting.get_nowait()
            except queue.Empty:
                return
            finished.put((key, _one(name, arguments, context)))

    for _ in range(min(_WORKERS, len(calls))):
        # Daemons: a look-up that never ends (a twin elsewhere) must not keep the process alive.
        threading.Thread(
            target=contextvars.copy_context().run, args=(work,), name="charttwin-tool", daemon=True
        ).start()
    began = run.elapsed_s
    done: dict[str, Outcome] = {}
    while len(done) < len(calls) and run.left_s > 0:
        run.check()
        try:
            key, outcome = finished.get(timeout=min(0.05, max(0.001, run.left_s)))
        except queue.Empty:
            continue
        done[key] = outcome
        if outcome.result is not None:
            run.looked_up[key] = outcome.result
    for key in calls.keys() - done.keys():
        done[key] = Outcome({}, None, _TOO_LATE, "timeout", began, run.elapsed_s)
    return done


def _one(name: str, arguments: dict[str, Any], context: RunContext) -> Outcome:
    began = context.run.elapsed_s
    result, told, fault = None, "", ""
    try:
        if MALFORMED in arguments:
            raise RetryableToolError(f"{name}: the arguments are no JSON object; it takes {_accepted(name)}")
        result = run_tool(context.tools, name, arguments)
    except (RetryableToolError, FinalToolError) as error:
        told, fault = error.message, error.kind
    except Exception:
        # A fault of ours costs this look-up, not the others; it is recorded as what it is and claims nothing.
        told, fault = _BROKEN, "internal"
    return Outcome({}, result, told, fault, began, context.run.elapsed_s)


def _accepted(name: str) -> str:
    model = argument_models().get(name)
    return ", ".join(model.model_fields) if model is not None and model.model_fields else "no arguments"


def _mended(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, with objects and lists that came as JSON in a string read; models write them so."""
    model = argument_models().get(name)
    mended = dict(arguments)
    if model is None:
        return mended
    for field, value in arguments.items():
        known = model.model_fields.get(field)
        if known is None or not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
            continue
        kinds = {get_origin(a) or a for a in (known.annotation, *get_args(known.annotation))}
        if str not in kinds:
            try:
                mended[field] = json.loads(value)
            except ValueError:
                continue
    return mended
