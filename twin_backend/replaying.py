"""A run's own record as inputs to compute it again, and what differs when that is done."""

from __future__ import annotations

import math
from typing import Any

from domain.predictions import ModelRun, Output, Series


def inputs_of(run: ModelRun) -> dict[str, Any]:
    """The inputs that give this run again, with their origin, time and evidence."""
    return {
        item.name: {
            "value": item.value,
            "unit": item.unit or None,
            "time": item.time,
            "origin": item.origin,
            "evidence": item.evidence,
            "note": item.note,
        }
        for item in run.inputs
    }


def deviations(old: ModelRun, new: ModelRun) -> tuple[str, ...]:
    """What differs between a run and its replay, in words; empty where both are the same to the last bit."""
    found = []
    if old.model_version != new.model_version:
        found.append(f"the model is now version {new.model_version}; the run was made by {old.model_version}")
    before = {output.name: output for output in old.outputs}
    after = {output.name: output for output in new.outputs}
    found += [f"{name} is {'new' if name in after else 'gone'}" for name in before.keys() ^ after.keys()]
    for name in (name for name in before if name in after):
        found += _output(before[name], after[name])
    found += _series(old.series, new.series)
    for field in ("warnings", "outside_derivation", "conservation", "calibration"):
        if getattr(old, field) != getattr(new, field):
            found.append(f"{field} differ")
    return tuple(sorted(found))


def _output(old: Output, new: Output) -> list[str]:
    if old == new:
        return []
    if old.value == new.value:
        return [f"{old.name} has the same value, worded otherwise"]
    return [f"{old.name} was {old.value}, is {new.value}{_apart(old.value, new.value)}"]


def _apart(old: object, new: object) -> str:
    if isinstance(old, (bool, str)) or isinstance(new, (bool, str)):
        return ""
    first, second = float(old), float(new)  # type: ignore[arg-type]
    scale = max(abs(first), abs(second))
    return f" (apart by {abs(first - second) / scale:.2g} of it)" if scale and math.isfinite(scale) else ""


def _series(old: tuple[Series, ...], new: tuple[Series, ...]) -> list[str]:
    if [series.name for series in old] != [series.name for series in new]:
        return ["the series are others"]
    return [f"the series {a.name} differs{_furthest(a, b)}" for a, b in zip(old, new, strict=True) if a != b]


def _furthest(old: Series, new: Series) -> str:
    if old.times != new.times:
        return " in its times"
    return f" by {max((abs(a - b) for a, b in zip(old.values, new.values, strict=True)), default=0.0):.2g} at most"
