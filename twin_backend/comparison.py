"""What changes between a baseline and its scenarios, member by member where both are ensembles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidInput
from domain.predictions import InputUsed, ModelInput, ModelRun, Output, Scenario
from twin_backend.contract import BASELINE

_MOVES = ("add", "multiply")
BAND = (5.0, 95.0)


@dataclass(frozen=True)
class Executed:
    """A run with the values of its ensemble's members, by output."""

    run: ModelRun
    draws: Mapping[str, Sequence[float]]


def named(scenarios: Sequence[Scenario], at_least: int) -> None:
    """Refuse scenarios that cannot be told apart.

    Raises:
        InvalidInput: there are too few, or two of one name, or one called as the baseline is.
    """
    names = [BASELINE, *(scenario.name for scenario in scenarios)]
    if len(scenarios) < at_least or len(set(names)) < len(names) or "" in names:
        needed = "one or more scenarios" if at_least else "scenarios"
        raise InvalidInput(f"a comparison takes {needed} with distinct names other than {BASELINE!r}")


def absolute(
    specs: Mapping[str, ModelInput], baseline: Mapping[str, InputUsed], changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The changes with every `{"add": x}` and `{"multiply": x}` worked out on the baseline's value.

    Raises:
        InvalidInput: a move is not a number, or the baseline has no number to move.
    """
    return {name: _moved(specs.get(name), baseline.get(name), name, change) for name, change in changes.items()}


def is_move(change: Any) -> bool:
    """Whether a change is relative to the baseline."""
    return isinstance(change, Mapping) and len(change) == 1 and next(iter(change)) in _MOVES


def _moved(spec: ModelInput | None, held: InputUsed | None, name: str, change: Any) -> Any:
    if not is_move(change):
        return change
    ((move, amount),) = change.items()
    if isinstance(amount, bool) or not isinstance(amount, (int, float)):
        raise InvalidInput(f'{name}: {{"{move}": x}} takes a number in the unit of the input')
    if held is None or spec is None or spec.kind not in ("number", "numbers", "integer"):
        raise InvalidInput(f"{name} has no number in the baseline to change from")
    before = held.value if isinstance(held.value, tuple) else (float(held.value),)
    moved = [value + amount if move == "add" else value * amount for value in before]
    if spec.kind == "integer":
        moved = [float(round(value)) for value in moved]
    sign = f"{amount:+g}" if move == "add" else f"× {amount:g}"
    shown = ", ".join(f"{value:g}" for value in before)
    value = moved if spec.kind == "numbers" else moved[0]
    return {"value": value, "unit": spec.unit, "note": f"{shown} of the baseline {sign}"}


def differences(runs: Sequence[Executed], step: str = "") -> list[dict[str, Any]]:
    """A row for every output that a scenario changes, against the first run."""
    baseline = {output.name: output for output in runs[0].run.outputs}
    return [
        _row(runs[0], one, baseline[output.name], output, step)
        for one in runs[1:]
        for output in one.run.outputs
        if output.name in baseline and output.value != baseline[output.name].value
    ]


def _row(first: Executed, second: Executed, before: Output, after: Output, step: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        **({"step": step} if step else {}),
        "scenario": second.run.scenario, "output": after.name, "label": after.label, "unit": after.unit,
        "baseline": before.value, "value": after.value, "display": f"{before.display} → {after.display}",
    }  # fmt: skip
    if not any(isinstance(output.value, (bool, str)) for output in (before, after)):
        row["difference"] = float(after.value) - float(before.value)
        row.update(_paired_band(first, second, after.name))
    return row


def _paired_band(first: Executed, second: Executed, output: str) -> dict[str, Any]:
    """The spread of the members' differences: member i is the same patient in both runs."""
    before, after = first.draws.get(output, ()), second.draws.get(output, ())
    if len(before) == 0 or len(before) != len(after) or first.run.seed != second.run.seed:
        return {}
    import numpy as np

    paired = np.asarray(after, dtype=float) - np.asarray(before, dtype=float)
    low, high = (float(value) for value in np.percentile(paired, BAND))
    return {
        "difference_low": low,
        "difference_high": high,
        "band": f"{BAND[0]:g}th to {BAND[1]:g}th percentile of {len(paired)} paired members",
    }
