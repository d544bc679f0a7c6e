"""Models of other tools behind the twin's interface: FMI, SBML, Modelica, and programs that speak JSON lines.

`load_models(manifest)` gives models for `build_twin(extra_models=...)`. A manifest names the source, units and bounds
that the file itself does not; nothing is run or imported until a model is asked for.
"""

from twin_backend.interop.adapter import load_models

__all__ = ["load_models"]
