"""The twin's interface: the same in this process and over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from domain.predictions import (
    CalibratedModel,
    Chain,
    Comparison,
    Explanation,
    JoinedComparison,
    ModelCard,
    ModelRun,
    Replay,
    Scenario,
    Sensitivity,
)

BASELINE = "baseline"


@runtime_checkable
class TwinBackend(Protocol):
    """What a twin answers, in process or behind an API.

    Inputs are a mapping from the input names of a model's card to a bare value in the unit the name carries, a mapping
    `{value, unit, time, origin, evidence, note}`, a `Quantity`, or a `Covariate`.
    """

    def catalogue(self) -> list[ModelCard]:
        """Every model, in a stable order."""
        ...

    def describe(self, model_id: str) -> ModelCard:
        """The card of a model, by id or alias."""
        ...

    def predict(self, model_id: str, inputs: Mapping[str, Any], scenario: str = "") -> ModelRun:
        """One run of any model."""
        ...

    def simulate(self, model_id: str, inputs: Mapping[str, Any], scenario: str = "") -> ModelRun:
        """One run of a simulation model."""
        ...

    def compare(self, model_id: str, inputs: Mapping[str, Any], scenarios: Sequence[Scenario]) -> Comparison:
        """The baseline and each scenario, with common random numbers."""
        ...

    def what_if(self, model_id: str, inputs: Mapping[str, Any], changes: Mapping[str, Any]) -> Comparison:
        """The baseline and one change of it."""
        ...

    def joined(
        self, chain: Chain | str, inputs: Mapping[str, Any], scenarios: Sequence[Scenario] = ()
    ) -> JoinedComparison:
        """Several models as one, with results of earlier ones as inputs of later ones."""
        ...

    def chains(self) -> list[Chain]:
        """The chains that are known by name."""
        ...

    def calibrate(
        self, model_id: str, inputs: Mapping[str, Any], measurements: Sequence[Mapping[str, Any]]
    ) -> CalibratedModel:
        """A model fitted to this patient's measurements."""
        ...

    def sensitivity(
        self,
        model_id: str,
        inputs: Mapping[str, Any],
        method: str = "one_at_a_time",
        ranges: Mapping[str, Sequence[float]] | None = None,
        output: str = "",
        samples: int = 128,
    ) -> Sensitivity:
        """What an output of a model depends on, around these inputs."""
        ...

    def run(self, run_id: str) -> ModelRun:
        """An earlier run."""
        ...

    def explain(self, run_id: str) -> Explanation:
        """An earlier run in plain words, with its conditions."""
        ...

    def replay(self, run_id: str) -> Replay:
        """An earlier run computed again, and whether it came out the same."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """Around the runs of a batch, so that keeping them costs less."""
        ...
