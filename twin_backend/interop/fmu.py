"""Functional mock-up units (FMI 2 and 3) through FMPy (the extra `fmu`). An FMU holds native code: run only your own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import InvalidInput, ModelUnavailable, SolverFailed
from twin_backend.interop.adapter import Course
from twin_backend.interop.manifest import Engine


def run(engine: Engine, start: Mapping[str, float], variables: Sequence[str], seed: int) -> Course:
    """The course of the variables from these start values, by the unit's own solver or, in model exchange, by CVODE.

    Raises:
        ModelUnavailable: FMPy is not installed.
        InvalidInput: the file is not an FMU, or has no such variable.
        SolverFailed: the simulation stopped.
    """
    fmpy = _library()
    try:
        described = fmpy.read_model_description(str(engine.file))
    except Exception as error:  # of zip, XML or FMPy, according to what is wrong with the file
        raise InvalidInput(f"the FMU cannot be read ({type(error).__name__})") from error
    known = {variable.name for variable in described.modelVariables}
    if strange := sorted({*start, *variables} - known):
        raise InvalidInput(f"the FMU has no variable {', '.join(strange)}")
    try:
        found = fmpy.simulate_fmu(
            str(engine.file),
            stop_time=engine.stop,
            output_interval=engine.stop / (engine.points - 1),
            relative_tolerance=engine.tolerance,
            start_values=dict(start),
            output=list(variables),
        )
    except Exception as error:  # FMPy raises bare Exception for what the unit reports
        raise SolverFailed(f"the simulation of the FMU stopped ({type(error).__name__})") from error
    times, columns = found["time"], {name: tuple(float(v) for v in found[name]) for name in variables}
    how = "model exchange, CVODE" if described.coSimulation is None else "co-simulation"
    solver = f"FMI {described.fmiVersion} {how}, FMPy {fmpy.__version__}"
    return Course(tuple(float(v) for v in times), columns, solver)


def _library() -> Any:
    try:
        import fmpy
    except ImportError as error:
        raise ModelUnavailable("FMUs need FMPy: pip install 'charttwin[fmu]'") from error
    return fmpy
