"""Conversations of two or three turns: whether the last is understood in the light of those before.

A row is `{id, patient_id, as_of, category, turns, expect}`. What is expected of the last turn:

- `calls`: each must be among the tool calls, with its arguments: `tool` may name alternatives ("latest|series"). A text is
  equal without regard to case, `a|b` are alternatives, `~a` is contained; null says that the argument has no effect (it is
  absent, empty, zero or false). A period is compared by containment, since its wording is the reader's own.
- `mentions`: names of model inputs, anywhere in the arguments, with their values.
- `text`: words that the answer contains. `refused`: whether it is a refusal (false unless said).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Any

from domain.answers import Answer, ToolCall
from domain.errors import ChartTwinError
from evals.gold import moment
from evals.report import CaseResult, Figure, Outcome, proportion

Row = dict[str, Any]
Progress = Callable[[int, int, str], None]


def run_dialogues(
    rows: Sequence[Row], assistant: Any, run_id: str, progress: Progress | None = None
) -> list[CaseResult]:
    """The result of each row, in order. The conversations are deleted afterwards.

    Args:
        rows: The gold.
        assistant: What answers; its `memory` holds the conversations.
        run_id: The owner of the conversations of this run.
        progress: Called after each row.
    """
    owner = f"eval-{run_id}"
    results = []
    try:
        for number, row in enumerate(rows, 1):
            results.append(run_dialogue(row, assistant, owner))
            if progress:
                progress(number, len(rows), str(row["id"]))
    finally:
        assistant.memory.delete_all(owner=owner)
    return results


def run_dialogue(row: Row, assistant: Any, owner: str) -> CaseResult:
    """Asks the turns of a row one after another and judges the last answer."""
    known: dict[str, Any] = {"id": str(row["id"]), "category": str(row["category"])}
    known["question"] = " → ".join(row["turns"])
    try:
        for turn in row["turns"]:
            began = perf_counter()
            answer = assistant.ask(
                row["patient_id"], turn, as_of=moment(row["as_of"]), thread_id=str(row["id"]), owner=owner
            )
    except Exception as error:
        kind = error.kind if isinstance(error, ChartTwinError) else type(error).__name__
        return CaseResult(**known, outcome=Outcome.FAILED, error=kind, reasons=(f"answering raised {kind}",))
    reasons = tuple(faults(row["expect"], answer))
    calls = "; ".join(f"{call.name} {call.arguments}" for call in answer.tool_calls)
    return CaseResult(
        **known,
        outcome=Outcome.FAILED if reasons else Outcome.PASSED,
        reasons=reasons,
        answer=answer.text,
        latency_s=perf_counter() - began,
        detail={"calls": calls} if calls else {},
    )


def faults(expect: dict[str, Any], answer: Answer) -> Iterator[str]:
    """What is wrong with an answer."""
    unknown = set(expect) - {"calls", "mentions", "text", "refused"}
    if unknown or not expect:
        raise ValueError(f"an expectation has calls, mentions, text or refused; not {sorted(unknown)}")
    if answer.refused != bool(expect.get("refused", False)):
        yield "is a refusal" if answer.refused else "is no refusal"
    for wanted in expect.get("calls", ()):
        if not any(_is_call(call, wanted) for call in answer.tool_calls):
            yield f"no call {wanted['tool']} {wanted['arguments']}"
    for name, value in expect.get("mentions", {}).items():
        if not any(_equal(found, value) for call in answer.tool_calls for found in _named(call.arguments, name)):
            yield f"{name} is not {value}"
    yield from (f"does not say {text!r}" for text in expect.get("text", ()) if text.lower() not in answer.text.lower())


def _is_call(call: ToolCall, wanted: dict[str, Any]) -> bool:
    if call.error or call.name not in wanted["tool"].split("|"):
        return False
    return all(_fits(name, call.arguments.get(name), value) for name, value in wanted["arguments"].items())


def _fits(name: str, found: Any, wanted: Any) -> bool:
    if wanted is None:
        return not found
    if isinstance(wanted, str):
        given = str(found or "").lower()
        contained = name == "period"
        return any(
            option.lstrip("~") in given if contained or option.startswith("~") else option == given
            for option in wanted.lower().split("|")
        )
    return _equal(found if found is not None else type(wanted)(), wanted)


def _named(arguments: Any, name: str) -> Iterator[Any]:
    """Every value under this name, however deep."""
    if isinstance(arguments, dict):
        for key, value in arguments.items():
            if key == name:
                yield value.get("value") if isinstance(value, dict) else value
            yield from _named(value, name)
    elif isinstance(arguments, list):
        for item in arguments:
            yield from _named(item, name)


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return abs(found - wanted) < 1e-9
    return bool(found == wanted)


def dialogue_figures(cases: Sequence[CaseResult]) -> list[Figure]:
    """The share understood, of all and by kind of follow-up."""
    figures = [proportion("understood", "all", [case.outcome for case in cases])]
    for category in sorted({case.category for case in cases}):
        figures.append(proportion("understood", category, [c.outcome for c in cases if c.category == category]))
    return figures
