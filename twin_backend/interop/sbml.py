"""SBML models through libroadrunner (the extra `sbml`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import InvalidInput, ModelUnavailable, SolverFailed
from twin_backend.interop.adapter import Course
from twin_backend.interop.manifest import Engine


def run(engine: Engine, start: Mapping[str, float], variables: Sequence[str], seed: int) -> Course:
    """The course of the variables from these start values, by CVODE.

    A variable is named as libroadrunner does: `k1` for a parameter, `S1` for an amount, `[S1]` for a concentration,
    `init(S1)` or `init([S1])` for a start value.

    Raises:
        ModelUnavailable: libroadrunner is not installed.
        InvalidInput: the file is not SBML, or has no such variable.
        SolverFailed: the integration stopped.
    """
    roadrunner = _library()
    try:
        model = roadrunner.RoadRunner(str(engine.file))
    except RuntimeError as error:
        raise InvalidInput(f"the SBML file cannot be loaded ({type(error).__name__})") from error
    model.integrator.setValue("relative_tolerance", engine.tolerance)
    model.integrator.setValue("absolute_tolerance", engine.tolerance * 1e-4)
    try:
        for name, value in start.items():
            model[name] = value
        model.reset()  # start values set by `init(...)` take effect; parameters stay as set
        model.timeCourseSelections = ["time", *variables]
    except (RuntimeError, ValueError) as error:
        raise InvalidInput("the SBML model has no variable of a name in the manifest") from error
    try:
        found = model.simulate(0, engine.stop, engine.points)
    except RuntimeError as error:
        raise SolverFailed("the integration of the SBML model stopped") from error
    columns = {name: tuple(float(v) for v in found[:, n]) for n, name in enumerate(["time", *variables])}
    return Course(columns.pop("time"), columns, f"CVODE of libroadrunner {roadrunner.__version__}")


def _library() -> Any:
    try:
        import roadrunner
    except ImportError as error:
        raise ModelUnavailable("SBML models need libroadrunner: pip install 'charttwin[sbml]'") from error
    return roadrunner
