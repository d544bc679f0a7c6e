"""The patient's digital twin: published models with their sources, bounds and refusals.

`build_twin()` gives a `TwinBackend`; `run_case` answers one row of a batch. Numerical libraries load with the first
simulation, so importing this package is cheap.
"""

from twin_backend.batch import run_case
from twin_backend.contract import BASELINE, TwinBackend
from twin_backend.service import LocalTwin, build_twin

__all__ = ["BASELINE", "LocalTwin", "TwinBackend", "build_twin", "run_case"]
