"""Modelica models through the rumoca compiler (the extra `modelica`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import InvalidInput, ModelUnavailable, SolverFailed
from twin_backend.interop.adapter import Course
from twin_backend.interop.manifest import Engine


def run(engine: Engine, start: Mapping[str, float], variables: Sequence[str], seed: int) -> Course:
    """The course of the variables from these parameters and start values of states.

    Raises:
        ModelUnavailable: rumoca is not installed.
        InvalidInput: the file does not compile, or has no such variable.
        SolverFailed: the simulation stopped.
    """
    rumoca = _library()
    try:
        model = rumoca.Session().load(str(engine.file), model=engine.class_name or None)
    except rumoca.RumocaError as error:
        raise InvalidInput(f"the Modelica model cannot be compiled ({type(error).__name__})") from error
    parameters = {name: value for name, value in start.items() if name in model.parameters.names}
    states = {name: value for name, value in start.items() if name in model.states.names}
    if strange := sorted(set(start) - set(parameters) - set(states)):
        raise InvalidInput(f"the Modelica model has no parameter or state {', '.join(strange)}")
    config = rumoca.SimConfig(rtol=engine.tolerance, atol=engine.tolerance * 1e-2, max_wall_seconds=engine.timeout_s)
    step = engine.stop / (engine.points - 1)
    try:
        found = model.simulate(t=(0.0, engine.stop), dt=step, params=parameters, start=states, config=config)
    except rumoca.RumocaError as error:
        raise SolverFailed(f"the simulation of the Modelica model stopped ({type(error).__name__})") from error
    if strange := sorted(set(variables) - set(found.names)):
        raise InvalidInput(f"the Modelica model has no variable {', '.join(strange)}")
    columns = {name: tuple(float(value) for value in found[name]) for name in variables}
    return Course(tuple(float(value) for value in found.time), columns, f"rumoca {rumoca.version()}")


def _library() -> Any:
    try:
        import rumoca
    except ImportError as error:
        raise ModelUnavailable("Modelica models need rumoca: pip install 'charttwin[modelica]'") from error
    return rumoca
