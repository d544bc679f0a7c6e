"""The twin's front door: what models there are, and runs of them with everything a sceptical reader needs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from time import perf_counter
from typing import Any

from domain.errors import InvalidInput, UnknownModel
from domain.predictions import (
    CalibratedModel,
    Chain,
    Comparison,
    Explanation,
    InputUsed,
    JoinedComparison,
    JoinedRun,
    ModelCard,
    ModelRun,
    Replay,
    Scenario,
    Sensitivity,
)
from twin_backend import chains, sensitivity
from twin_backend.calibration import with_measurements
from twin_backend.comparison import Executed, absolute, differences, named
from twin_backend.contract import BASELINE, TwinBackend
from twin_backend.explanation import explain
from twin_backend.model import Model, Result
from twin_backend.names import ModelIndex, card_names
from twin_backend.replaying import deviations, inputs_of
from twin_backend.runs import MemoryRuns, RunStore, SqliteRuns
from twin_backend.snapshots import read_snapshot, snapshot_of
from twin_backend.validation import CheckedInputs, check_inputs

__all__ = ["BASELINE", "LocalTwin", "TwinBackend", "build_twin"]

_FILLED = ("population_default", "guideline_default", "assumed_absent")


class LocalTwin:
    """The twin in this process. What it computes is kept in `store`, from where it can be explained and replayed."""

    def __init__(self, models: Sequence[Model], seed: int = 0, store: RunStore | None = None) -> None:
        self._models = {model.card.id: model for model in models}
        self._names = ModelIndex(model.card for model in models)
        self._seed = seed
        self._store: RunStore = store if store is not None else MemoryRuns()

    def catalogue(self) -> list[ModelCard]:
        """Every model's card, in the order of `twin_backend.registry`."""
        return [model.card for model in self._models.values()]

    def describe(self, model_id: str) -> ModelCard:
        """The card of a model, by its id or one of its aliases.

        Raises:
            UnknownModel: no model has this id or alias; the message offers near ones.
        """
        return self._model(model_id).card

    def predict(self, model_id: str, inputs: Mapping[str, Any], scenario: str = "") -> ModelRun:
        """One run of a model.

        Args:
            model_id: Id or alias.
            inputs: See `TwinBackend`.
            scenario: A name for this run, shown beside its results.

        Raises:
            UnknownModel: no such model.
            InvalidInput: an input is unknown, malformed or impossible; every fault is listed.
            MissingCovariate: inputs are absent; `details['missing']` names every one.
            OutsideModelDomain: the model was not made for this patient and declines.
        """
        return self._kept(self._execute(self._model(model_id), inputs, scenario)).run

    def simulate(self, model_id: str, inputs: Mapping[str, Any], scenario: str = "") -> ModelRun:
        """One run of a simulation model; see `predict` for arguments and errors."""
        card = self.describe(model_id)
        if card.kind != "simulation":
            raise InvalidInput(f"{card.id} is a {card.kind}, not a simulation; use predict()")
        return self.predict(model_id, inputs, scenario)

    def compare(self, model_id: str, inputs: Mapping[str, Any], scenarios: Sequence[Scenario]) -> Comparison:
        """Runs of one model side by side: the baseline first, then each scenario's changes over it.

        All runs draw the same random numbers, so that ensembles are compared member by member.

        Raises:
            InvalidInput: there is no scenario, or two have the same name, or a move has nothing to move.
            ChartTwinError: as for `predict`, when the baseline or a scenario cannot be run.
        """
        model = self._model(model_id)
        named(scenarios, at_least=1)
        runs = [self._kept(self._execute(model, inputs, BASELINE))]
        runs += [
            self._kept(self._execute(model, self._changed(model, inputs, runs[0].run, scenario.changes), scenario.name))
            for scenario in scenarios
        ]
        return Comparison(
            model_id=model.card.id, runs=tuple(one.run for one in runs), differences=tuple(differences(runs))
        )

    def what_if(self, model_id: str, inputs: Mapping[str, Any], changes: Mapping[str, Any]) -> Comparison:
        """The baseline and one change of it; see `Scenario` for what a change may be."""
        return self.compare(model_id, inputs, [Scenario(name="changed", changes=dict(changes))])

    def chains(self) -> list[Chain]:
        """The chains known by name whose models this twin has."""
        return [chain for chain in chains.CHAINS if all(step.model in self._models for step in chain.steps)]

    def joined(
        self, chain: Chain | str, inputs: Mapping[str, Any], scenarios: Sequence[Scenario] = ()
    ) -> JoinedComparison:
        """Several models as one: the baseline, and each scenario's changes over it.

        Args:
            chain: The steps and links, or the name of a known chain.
            inputs: A plain name goes to every step that takes it, `step.name` to that step alone.
            scenarios: Changes by the same names.

        Raises:
            InvalidInput: the chain cannot run, a name belongs to no step, or two scenarios share a name.
            ChartTwinError: as for `predict`, of the first step that cannot be run.
        """
        found = self._chain(chain)
        models = {step.name: self._model(step.model) for step in found.steps}
        cards = {name: model.card for name, model in models.items()}
        chains.check_chain(found, cards)
        named(scenarios, at_least=0)
        shares = chains.inputs_by_step(found, cards, inputs)
        done = [self._through(found, models, shares, {}, None, BASELINE)]
        for scenario in scenarios:
            changes = chains.inputs_by_step(found, cards, scenario.changes)
            done.append(self._through(found, models, shares, changes, done[0], scenario.name))
        return JoinedComparison(
            chain=found,
            scenarios=tuple(
                JoinedRun(scenario=name, runs={step: one.run for step, one in steps.items()})
                for name, steps in zip([BASELINE, *(s.name for s in scenarios)], done, strict=True)
            ),
            differences=tuple(
                row for step in found.steps for row in differences([one[step.name] for one in done], step.name)
            ),
        )

    def calibrate(
        self, model_id: str, inputs: Mapping[str, Any], measurements: Sequence[Mapping[str, Any]]
    ) -> CalibratedModel:
        """A model fitted to measurements of one patient; `inputs` of the result predict for that patient.

        Raises:
            InvalidInput: the model does not learn from measurements, or one has fields that are not its own.
            InsufficientData: there is no measurement.
            ChartTwinError: as for `predict`.
        """
        model = self._model(model_id)
        placed = with_measurements(model.card, inputs, measurements)
        run = self._kept(self._execute(model, placed, "calibration")).run
        held = self._changed(
            model, _plain_inputs(run), run, {}
        )  # a later change of dose must not touch the measured one
        fitted = CalibratedModel(id=run.id, model_id=model.card.id, inputs=held, run=run)
        self._store.save_calibration(fitted)
        return fitted

    def calibration(self, calibration_id: str) -> CalibratedModel:
        """A calibration made earlier, by its id."""
        return self._store.calibration(calibration_id)

    def sensitivity(
        self,
        model_id: str,
        inputs: Mapping[str, Any],
        method: str = "one_at_a_time",
        ranges: Mapping[str, Sequence[float]] | None = None,
        output: str = "",
        samples: int = 128,
    ) -> Sensitivity:
        """What an output of a model depends on, around these inputs.

        Args:
            model_id: Id or alias.
            inputs: The middle.
            method: "one_at_a_time" (a tornado plot's bars), "morris" or "sobol".
            ranges: By input name, [low, high] in its unit; only these are varied. Without: 10 % of each value to both
                sides, within the range the model was derived in.
            output: Which result; the first numeric one where none is named.
            samples: Of Sobol the base samples (a power of two), of Morris the paths.

        Raises:
            InvalidInput: no such method, output or range.
            ModelUnavailable: Sobol and Morris need the extra `sensitivity`.
            ChartTwinError: as for `predict`, in the middle or within the ranges.
        """
        model = self._model(model_id)
        if method not in sensitivity.METHODS or not 2 <= samples <= 8192:
            raise InvalidInput(f"method is one of {', '.join(sensitivity.METHODS)}; samples from 2 to 8192")
        specs = {spec.name: spec for spec in model.card.inputs}
        sensitivity.check_ranges(specs, ranges or {})
        middle = self._kept(self._execute(model, inputs, BASELINE)).run
        question = sensitivity.Question(specs, middle, sensitivity.pick_output(middle, output), ranges or {})
        held = self._changed(model, inputs, middle, {})
        counted = 0

        def evaluate(changes: dict[str, Any]) -> float:
            nonlocal counted
            counted += 1
            run = self._execute(model, {**held, **changes}, "").run
            return float(run.output(question.output.name).value)

        if method == "one_at_a_time":
            rows = sensitivity.one_at_a_time(question, evaluate)
        else:
            rows = sensitivity.sampled(question, evaluate, method, samples, self._seed)
        varied = {row.input for row in rows}
        return Sensitivity(
            model_id=model.card.id, output=question.output.name, label=question.output.label,
            unit=question.output.unit, baseline=question.value(), method=method, influences=tuple(rows),
            not_varied=tuple(item.name for item in middle.inputs if item.name not in varied), runs=counted,
            seed=None if method == "one_at_a_time" else self._seed, run_id=middle.id,
            ranges="as given" if ranges else f"{sensitivity.SPAN:.0%} of each value to both sides",
        )  # fmt: skip

    def run(self, run_id: str) -> ModelRun:
        """A run made earlier, in this process or in another one that shares the store.

        Raises:
            UnknownEvidence: the run is not, or no longer, kept.
        """
        return self._store.run(run_id)

    def explain(self, run_id: str) -> Explanation:
        """A run in plain words and as facts, with everything that conditions it; raises as `run` does."""
        run = self.run(run_id)
        model = self._models.get(run.model_id)
        return explain(run, model.card if model else None)

    def replay(self, run_id: str) -> Replay:
        """A run computed again from its own record.

        Raises:
            UnknownEvidence: the run is not kept.
            UnknownModel: the catalogue no longer has its model.
            ChartTwinError: the model, changed since, declines what it once answered.
        """
        old = self.run(run_id)
        seed = self._seed if old.seed is None else old.seed
        new = self._execute(self._model(old.model_id), inputs_of(old), old.scenario, seed).run
        found = deviations(old, new)
        return Replay(run_id=run_id, identical=not found, differences=found, run=new)

    def snapshot(self) -> str:
        """Every run and calibration kept, as JSON for `restore`; it holds what patients were described by."""
        return snapshot_of(self._seed, self._store)

    def restore(self, snapshot: str) -> int:
        """Adds the runs and calibrations of a snapshot, and says how many; what is kept already stays.

        Raises:
            InvalidInput: the text is no snapshot, or of a later format; nothing is added then.
        """
        return read_snapshot(snapshot, self._store)

    def together(self) -> AbstractContextManager[None]:
        """Within it, the store writes the runs at once at the end; for the rows of a batch."""
        return self._store.together()

    def close(self) -> None:
        """Let go of the store's file."""
        self._store.close()

    def _model(self, model_id: str) -> Model:
        if model_id in self._models:
            return self._models[model_id]
        return self._models[self._names.find(str(model_id))]

    def _chain(self, chain: Chain | str) -> Chain:
        if isinstance(chain, Chain):
            return chain
        known = {one.name: one for one in self.chains()}
        if chain not in known:
            raise UnknownModel(f"no chain has this name; known are {', '.join(known)}", accepted=sorted(known))
        return known[chain]

    def _through(
        self,
        chain: Chain,
        models: Mapping[str, Model],
        shares: Mapping[str, Mapping[str, Any]],
        changes: Mapping[str, Mapping[str, Any]],
        baseline: Mapping[str, Executed] | None,
        scenario: str,
    ) -> dict[str, Executed]:
        """One scenario through the steps; each sees the runs before it."""
        done: dict[str, Executed] = {}
        for step in chain.steps:
            model, inputs = models[step.name], shares[step.name]
            if baseline is not None:
                inputs = self._changed(model, inputs, baseline[step.name].run, changes[step.name])
            links = chains.linked_inputs(chain, step, {name: one.run for name, one in done.items()})
            done[step.name] = self._kept(self._execute(model, {**inputs, **links}, scenario))
        return done

    def _changed(
        self, model: Model, inputs: Mapping[str, Any], baseline: ModelRun, changes: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The inputs of a scenario: the baseline's, what must be held from it, and the changes."""
        specs = {spec.name: spec for spec in model.card.inputs}
        used = {item.name: item for item in baseline.inputs}
        held = model.held_in_comparison(check_inputs(model, inputs_of(baseline)).values)
        moved = absolute(specs, used, card_names(model.card, changes))
        return {**held, **card_names(model.card, inputs), **moved}

    def _execute(self, model: Model, inputs: Mapping[str, Any], scenario: str, seed: int | None = None) -> Executed:
        started = perf_counter()
        used_seed = self._seed if seed is None else seed
        checked = check_inputs(model, inputs)
        result = model.compute(checked.values, used_seed)
        kept_seed = used_seed if result.ensemble_size or result.seeded else None
        elapsed_ms = (perf_counter() - started) * 1000
        return Executed(_assemble(model.card, checked, result, scenario, kept_seed, elapsed_ms), result.draws)

    def _kept(self, executed: Executed) -> Executed:
        self._store.save_run(executed.run)
        return executed


def build_twin(
    seed: int = 0, keep_runs: int = 1000, store: Path | None = None, extra_models: Sequence[Model] = ()
) -> LocalTwin:
    """A twin with every model of this package.

    Args:
        seed: Fixes the random streams of ensembles; the same seed and inputs give the same numbers.
        keep_runs: How many runs stay in memory where no store is named; the least recently used goes first.
        store: A SQLite file that keeps every run, for this and other processes; made when the first run is saved.
        extra_models: Models of the caller, such as those of `twin_backend.interop`.

    Raises:
        InvalidInput: an extra model has the id of another.
    """
    from twin_backend.registry import all_models

    models = (*all_models(), *extra_models)
    ids = [model.card.id for model in models]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise InvalidInput(f"two models have the id {', '.join(twice)}")
    return LocalTwin(models, seed=seed, store=SqliteRuns(store) if store else MemoryRuns(keep_runs))


def _assemble(
    card: ModelCard, checked: CheckedInputs, result: Result, scenario: str, seed: int | None, wall_time_ms: float
) -> ModelRun:
    given = {item.name for item in checked.used}
    return ModelRun(
        id=_run_id(card, checked.used, seed),
        model_id=card.id,
        model_version=card.version,
        title=card.title,
        scenario=scenario,
        outputs=result.outputs,
        series=result.series,
        inputs=checked.used,
        outside_derivation=(*checked.outside_derivation, *result.outside),
        warnings=(*checked.warnings, *result.warnings),
        source=card.source,
        doi=card.doi,
        population=card.population,
        context_of_use=card.context_of_use,
        model_risk=card.model_risk,
        solver=result.solver,
        seed=seed,
        ensemble_size=result.ensemble_size,
        conservation=result.conservation,
        wall_time_ms=wall_time_ms,
        numerics=result.numerics,
        not_given=tuple(spec.name for spec in card.inputs if spec.name not in given),
        filled=tuple(_filled(item) for item in checked.used if item.origin in _FILLED),
        calibration=result.calibration,
        validation=card.validation,
    )


def _filled(item: InputUsed) -> str:
    return f"{item.name} {item.value}: {item.note.rstrip('.') or item.origin.replace('_', ' ')}"


def _plain_inputs(run: ModelRun) -> dict[str, Any]:
    """The inputs of a run, JSON-ready, without the defaults that the model brings itself."""
    kept = {item.name for item in run.inputs if item.origin != "population_default"}
    fields = {item.name: item.model_dump(mode="json") for item in run.inputs if item.name in kept}
    wanted = ("value", "unit", "time", "origin", "evidence", "note")
    return {name: {key: body[key] for key in wanted if body[key] not in (None, "")} for name, body in fields.items()}


def _run_id(card: ModelCard, used: tuple[InputUsed, ...], seed: int | None) -> str:
    """A hash of what determined the run.

    Where each input came from is part of it: two patients with equal values must not share a run, which would show
    one of them the other's evidence.
    """
    inputs = [
        [u.name, f"{u.value:.9g}" if isinstance(u.value, float) else u.value, u.unit, u.origin, str(u.time or ""),
         u.evidence.ref if u.evidence else "", u.note]
        for u in used
    ]  # fmt: skip
    content = json.dumps([card.id, card.version, inputs, seed], separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()[:16]
