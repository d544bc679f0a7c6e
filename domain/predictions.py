"""What the twin returns: model runs whose every input, source and limit is stated."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from domain.facts import Evidence, Frozen

NOT_A_DEVICE = "Not a medical device: for discussion with a clinician, not for treatment decisions on its own."


class ModelInput(Frozen):
    """One input a model takes: unit, plausible bounds (refused outside) and derivation range (declined outside)."""

    name: str
    label: str
    unit: str = ""
    kind: str = "number"  # number | numbers (a list) | integer | boolean | choice | date
    choices: tuple[str, ...] = ()
    required: bool = True
    plausible: tuple[float, float] | None = None
    derivation: tuple[float, float] | None = None
    substance: str | None = None
    default: float | bool | str | None = None
    default_source: str = ""
    description: str = ""


class ValidationRecord(Frozen):
    """How well a model did in patients it was not fitted to, as published."""

    population: str
    measure: str  # "C statistic", "calibration slope", ...
    value: float
    lower: float | None = None
    upper: float | None = None
    doi: str = ""


class ModelCard(Frozen):
    """What a model is, where it comes from and where it may be used."""

    id: str
    version: str
    title: str
    aliases: tuple[str, ...] = ()
    kind: str  # calculator | risk_score | simulation
    summary: str
    inputs: tuple[ModelInput, ...]
    outputs: tuple[tuple[str, str, str], ...]  # name, unit, label
    source: str
    doi: str
    population: str
    context_of_use: str
    model_risk: str = "low"
    limitations: tuple[str, ...] = ()
    validation: tuple[ValidationRecord, ...] = ()


class InputUsed(Frozen):
    """An input as the run used it, with its origin."""

    name: str
    label: str
    value: float | bool | str | tuple[float, ...]
    unit: str = ""
    time: datetime | None = None
    origin: str
    evidence: Evidence | None = None
    note: str = ""


class Output(Frozen):
    """One result value; `interpretation` is the published category, where there is one."""

    name: str
    label: str
    value: float | int | bool | str
    unit: str = ""
    display: str = ""  # the value rounded as clinicians read it, unit included
    interpretation: str = ""


class Series(Frozen):
    """A simulated trajectory: `times` in `time_unit` since start, `values` in `unit`, optional band."""

    name: str
    label: str
    unit: str
    time_unit: str = "h"
    times: tuple[float, ...]
    values: tuple[float, ...]
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    band: str = ""


class Numerics(Frozen):
    """How the equations were solved, as far as it can move a digit; `error_estimate` says of what in `error_basis`."""

    step: str = ""
    tolerance: str = ""
    error_estimate: float | None = None
    error_basis: str = ""


class Residual(Frozen):
    """A measurement beside what the fitted model gives for it; `standardised` is in residual standard deviations."""

    name: str
    measured: float
    predicted: float
    unit: str = ""
    standardised: float | None = None


class Calibration(Frozen):
    """How a model was fitted to this patient.

    `shrinkage` is, by parameter, the share of the population's variance that the measurements leave: 0 says they
    determine the parameter, 1 that they say nothing of it.
    """

    method: str
    residuals: tuple[Residual, ...] = ()
    shrinkage: dict[str, float] = Field(default_factory=dict)


class ModelRun(Frozen):
    """One execution of a model: replayable by `id`, which is a hash of model, version, inputs and seed."""

    id: str
    model_id: str
    model_version: str
    title: str
    scenario: str = ""
    outputs: tuple[Output, ...]
    series: tuple[Series, ...] = ()
    inputs: tuple[InputUsed, ...]
    outside_derivation: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    source: str
    doi: str
    population: str
    context_of_use: str = ""
    model_risk: str = "low"
    solver: str = "closed form"
    seed: int | None = None
    ensemble_size: int | None = None
    conservation: dict[str, float] = Field(default_factory=dict)
    wall_time_ms: float = 0.0
    disclaimer: str = NOT_A_DEVICE
    numerics: Numerics = Numerics()
    not_given: tuple[str, ...] = ()  # optional inputs without a value; a missing one is never filled silently
    filled: tuple[str, ...] = ()  # inputs that the publication's own default or an assumption stands for
    calibration: Calibration | None = None
    validation: tuple[ValidationRecord, ...] = ()

    def output(self, name: str) -> Output:
        """The named output.

        Raises:
            KeyError: the model has no such output.
        """
        for output in self.outputs:
            if output.name == name:
                return output
        raise KeyError(name)

    def provenance(self) -> dict[str, Any]:
        """Everything a sceptical reader needs to check the run, as JSON-ready values."""
        return self.model_dump(mode="json", exclude={"outputs", "series", "warnings"})


class Scenario(Frozen):
    """A named change of inputs over a baseline.

    A change is a new value in any form an input takes, None to leave the input out, or `{"add": x}` or
    `{"multiply": x}` to move the baseline's value, x in the input's own unit.
    """

    name: str
    changes: dict[str, Any] = {}

    def changed(self, **changes: Any) -> Scenario:
        """The same scenario with further changes."""
        return self.model_copy(update={"changes": {**self.changes, **changes}})


class Comparison(Frozen):
    """Runs of one model side by side; the first is the baseline.

    A difference between two ensembles has its band (`difference_low`, `difference_high`, `band`): the spread of the
    members' own differences, since every run draws the same members.
    """

    model_id: str
    runs: tuple[ModelRun, ...]
    differences: tuple[dict[str, Any], ...] = ()


class Step(Frozen):
    """One model of a chain, under a name of its own."""

    name: str
    model: str


class Link(Frozen):
    """An output of an earlier step that is an input of a later one."""

    from_step: str
    output: str
    to_step: str
    input: str


class Chain(Frozen):
    """Models joined: steps run in order on shared inputs, and links carry results from one to a later one."""

    name: str
    steps: tuple[Step, ...]
    links: tuple[Link, ...] = ()


class JoinedRun(Frozen):
    """One scenario through every step of a chain."""

    scenario: str
    runs: dict[str, ModelRun]


class JoinedComparison(Frozen):
    """Scenarios of a chain side by side; the first is the baseline. Each difference names its step."""

    chain: Chain
    scenarios: tuple[JoinedRun, ...]
    differences: tuple[dict[str, Any], ...] = ()


class Explanation(Frozen):
    """A run in plain words by topic, and the same as JSON-ready `facts`."""

    run_id: str
    title: str
    paragraphs: tuple[tuple[str, str], ...]
    facts: dict[str, Any]

    @property
    def text(self) -> str:
        """The whole explanation, a topic a line."""
        return "\n".join((self.title, *(f"{topic}: {text}" for topic, text in self.paragraphs)))


class Replay(Frozen):
    """An earlier run computed again; `differences` names what came out otherwise."""

    run_id: str
    identical: bool
    differences: tuple[str, ...] = ()
    run: ModelRun


class CalibratedModel(Frozen):
    """A model fitted to measurements of one patient: `inputs` make it predict for that patient from here on."""

    id: str
    model_id: str
    inputs: dict[str, Any]
    run: ModelRun


class Influence(Frozen):
    """How far one input moves the output.

    One at a time: the outputs at the two ends of the input's range. Variance-based and screening methods: `indices`,
    with their 95 % half-widths under `<name>_conf`.
    """

    input: str
    label: str
    unit: str = ""
    low: float | bool | str | None = None
    high: float | bool | str | None = None
    output_low: float | None = None
    output_high: float | None = None
    swing: float | None = None
    indices: dict[str, float] = Field(default_factory=dict)
    note: str = ""


class Sensitivity(Frozen):
    """What an output depends on, the most influential input first."""

    model_id: str
    output: str
    label: str
    unit: str = ""
    baseline: float
    method: str
    influences: tuple[Influence, ...]
    not_varied: tuple[str, ...] = ()
    runs: int
    seed: int | None = None
    run_id: str
    ranges: str  # where the ranges come from
