"""An outside model as a model of the twin: the same checks before it runs, the same record after."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from domain.errors import SolverFailed
from domain.predictions import Numerics, Series
from domain.predictions import Output as RunOutput
from twin_backend.display import measured
from twin_backend.interop.manifest import Engine, Manifest, Output, read_manifest
from twin_backend.model import Model, Result, Values


@dataclass(frozen=True)
class Course:
    """What an engine gives back: the times it reports, in the manifest's unit, and each variable at them."""

    times: tuple[float, ...]
    values: Mapping[str, tuple[float, ...]]
    solver: str
    warnings: tuple[str, ...] = ()


Run = Callable[[Engine, Mapping[str, float], Sequence[str], int], Course]


def load_models(manifest: Path) -> tuple[Model, ...]:
    """The model of a manifest, in the form that `build_twin(extra_models=...)` takes.

    Raises:
        InvalidInput: the manifest cannot be used.
    """
    read = read_manifest(Path(manifest))
    return (Model(read.card(), partial(_compute, read)),)


def _engine(kind: str) -> Run:
    """The function that runs a kind of model; its library is imported by the function itself."""
    run: Run = import_module(f"twin_backend.interop.{kind}").run
    return run


def _compute(manifest: Manifest, values: Values, seed: int) -> Result:
    start = {part.variable: values.number(part.name) for part in manifest.inputs}
    engine = manifest.engine
    course = _engine(engine.kind)(engine, start, manifest.variables, seed)
    _check(course, manifest.variables)
    return Result(
        outputs=tuple(_output(part, course, engine.time_unit) for part in manifest.outputs),
        series=tuple(
            Series(
                name=part.name, label=part.label, unit=part.unit, time_unit=engine.time_unit, times=course.times,
                values=course.values[part.variable],
            )
            for part in manifest.series
        ),
        warnings=course.warnings,
        solver=course.solver + (f", model file sha256 {engine.sha256[:12]}" if engine.sha256 else ""),
        numerics=Numerics(
            step="" if engine.kind == "process" else "variable",
            tolerance="" if engine.kind == "process" else f"{engine.tolerance:g} relative",
        ),
        seeded=engine.kind == "process",
    )  # fmt: skip


def _check(course: Course, variables: Sequence[str]) -> None:
    """Refuse what cannot be shown as a course.

    Raises:
        SolverFailed: times do not rise, a variable is missing or of another length, or a value is not finite.
    """
    times = course.times
    if len(times) < 2 or any(not earlier < later for earlier, later in pairwise(times)):
        raise SolverFailed("the engine's times do not rise")
    for name in variables:
        values = course.values.get(name)
        if values is None or len(values) != len(times):
            raise SolverFailed(f"the engine gave no full course of {name}")
        if not all(map(math.isfinite, values)):
            raise SolverFailed(f"the engine gave values of {name} that are not finite")


def _output(part: Output, course: Course, time_unit: str) -> RunOutput:
    values, times = course.values[part.variable], course.times
    taken = {
        "last": lambda: values[-1],
        "max": lambda: max(values),
        "min": lambda: min(values),
        "mean": lambda: _mean(times, values),
        "time_of_max": lambda: times[values.index(max(values))],
        "time_of_min": lambda: times[values.index(min(values))],
    }[part.take]()
    return measured(part.name, part.label, taken, part.unit, part.decimals)


def _mean(times: Sequence[float], values: Sequence[float]) -> float:
    """Over time, by trapezoids: the points need not be even."""
    pairs = zip(pairwise(times), pairwise(values), strict=True)
    return sum((b - a) * (y + z) / 2 for (a, b), (y, z) in pairs) / (times[-1] - times[0])
