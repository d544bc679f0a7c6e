"""What an output depends on: one input at a time, Morris screening, or Sobol indices of variance.

Morris 1991 (doi:10.1080/00401706.1991.10484804); Sobol 2001 (doi:10.1016/S0378-4754(00)00270-6) with the estimators of
Saltelli et al. 2010 (doi:10.1016/j.cpc.2009.09.018), both as SALib computes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import ChartTwinError, InvalidInput, ModelUnavailable, OutsideModelDomain
from domain.predictions import Influence, InputUsed, ModelInput, ModelRun, Output

METHODS = ("one_at_a_time", "morris", "sobol")
SPAN = 0.1  # of the value to each side, where no range is given
_MORRIS_LEVELS = 4

Evaluate = Callable[[dict[str, Any]], float]


@dataclass(frozen=True)
class Question:
    """What is varied around which run.

    Attributes:
        specs: The model's inputs by name.
        baseline: The run in the middle.
        output: Which of its results is looked at.
        ranges: Limits by input name, in the unit of the card.
    """

    specs: Mapping[str, ModelInput]
    baseline: ModelRun
    output: Output
    ranges: Mapping[str, Sequence[float]]

    def value(self) -> float:
        """The output in the middle."""
        return float(self.output.value)

    def measured(self) -> list[InputUsed]:
        """The numeric inputs of the run, or those with a range where ranges are given."""
        found = [u for u in self.baseline.inputs if self.specs[u.name].kind in ("number", "integer")]
        return [u for u in found if u.name in self.ranges] if self.ranges else found

    def limits(self, item: InputUsed) -> tuple[float, float]:
        """Between which values an input is varied."""
        if item.name in self.ranges:
            low, high = self.ranges[item.name]
            return float(low), float(high)
        spec, value = self.specs[item.name], float(item.value)  # type: ignore[arg-type]
        reach = max(abs(value) * SPAN, 1.0 if spec.kind == "integer" else 0.0)
        floor, ceiling = spec.derivation or spec.plausible or (float("-inf"), float("inf"))
        if not floor <= value <= ceiling:
            floor, ceiling = spec.plausible or (float("-inf"), float("inf"))
        return max(value - reach, floor), min(value + reach, ceiling)


def pick_output(run: ModelRun, name: str) -> Output:
    """The output that is asked for; the first numeric one where none is named.

    Raises:
        InvalidInput: there is no such output, or it is a category.
    """
    numeric = {o.name: o for o in run.outputs if not isinstance(o.value, (bool, str))}
    if not numeric or (name and name not in numeric):
        raise InvalidInput(
            f"sensitivity needs a numeric output of {run.model_id}: {', '.join(numeric) or 'it has none'}"
        )
    return numeric[name] if name else next(iter(numeric.values()))


def check_ranges(specs: Mapping[str, ModelInput], ranges: Mapping[str, Any]) -> None:
    """Refuse ranges that cannot be varied over; every fault at once.

    Raises:
        InvalidInput: a range names no numeric input, or is not two rising numbers within plausible bounds.
    """
    faults = [fault for name, limits in ranges.items() if (fault := _range_fault(specs.get(name), name, limits))]
    if faults:
        raise InvalidInput("; ".join(faults))


def _range_fault(spec: ModelInput | None, name: str, limits: Any) -> str:
    if spec is None or spec.kind not in ("number", "integer"):
        return f"{name} is not a numeric input of this model"
    if not isinstance(limits, (list, tuple)) or len(limits) != 2:
        return f"the range of {name} is [low, high]"
    if not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in limits) or not limits[0] < limits[1]:
        return f"the range of {name} takes two rising numbers in {spec.unit}"
    if spec.plausible and not spec.plausible[0] <= limits[0] < limits[1] <= spec.plausible[1]:
        return f"the range of {name} leaves {spec.plausible[0]:g} to {spec.plausible[1]:g}, which is plausible"
    return ""


def one_at_a_time(question: Question, evaluate: Evaluate) -> list[Influence]:
    """The output at both ends of each input, the rest at their values: the bars of a tornado plot, widest first."""
    rows = [_bar(question, item, *question.limits(item), evaluate) for item in question.measured()]
    if not question.ranges:
        rows += [
            _alternatives(question, item, evaluate) for item in question.baseline.inputs if _is_word(question, item)
        ]
    return sorted(rows, key=lambda row: -(row.swing or 0.0))


def _is_word(question: Question, item: InputUsed) -> bool:
    return question.specs[item.name].kind in ("boolean", "choice")


def _bar(question: Question, item: InputUsed, low: Any, high: Any, evaluate: Evaluate) -> Influence:
    ends: list[float | None] = []
    notes = []
    for value in (low, high):
        try:
            ends.append(evaluate({item.name: value}))
        except OutsideModelDomain as error:
            ends.append(None)
            notes.append(f"declined at {value}: {error.message}")
    known = [value for value in (*ends, question.value()) if value is not None]
    return Influence(
        input=item.name, label=item.label, unit=item.unit, low=low, high=high, output_low=ends[0], output_high=ends[1],
        swing=max(known) - min(known), note="; ".join(notes),
    )  # fmt: skip


def _alternatives(question: Question, item: InputUsed, evaluate: Evaluate) -> Influence:
    """A yes/no input at no and yes; a word input at the words that give the least and the most."""
    spec = question.specs[item.name]
    if spec.kind == "boolean":
        return _bar(question, item, False, True, evaluate)
    reached: dict[str, float] = {}
    for word in spec.choices:
        try:
            reached[word] = evaluate({item.name: word})
        except ChartTwinError:  # a word that the other inputs do not go with is not an alternative
            continue
    low, high = min(reached, key=lambda word: reached[word]), max(reached, key=lambda word: reached[word])
    return Influence(
        input=item.name, label=item.label, low=low, high=high, output_low=reached[low], output_high=reached[high],
        swing=reached[high] - reached[low],
    )  # fmt: skip


def sampled(question: Question, evaluate: Evaluate, method: str, samples: int, seed: int) -> list[Influence]:
    """Indices of every numeric input by Morris or Sobol, the most influential first.

    Raises:
        ModelUnavailable: SALib is not installed.
        OutsideModelDomain: the model declines somewhere in the ranges.
        InvalidInput: nothing can be varied.
    """
    items = [item for item in question.measured() if question.limits(item)[0] < question.limits(item)[1]]
    if not items:
        raise InvalidInput("no numeric input can be varied; give ranges")
    names, bounds = [item.name for item in items], [question.limits(item) for item in items]
    problem = {"num_vars": len(items), "names": names, "bounds": [list(limits) for limits in bounds]}
    draw, analyse = _salib(method, samples, seed)
    points = draw(problem)
    results = [_evaluate_at(question, names, point, evaluate) for point in points.tolist()]
    indices = analyse(problem, points, results)
    main = "ST" if method == "sobol" else "mu_star"
    rows = [
        Influence(
            input=item.name, label=item.label, unit=item.unit, low=low, high=high,
            indices={name: float(values[n]) for name, values in indices.items()},
        )
        for n, (item, (low, high)) in enumerate(zip(items, bounds, strict=True))
    ]  # fmt: skip
    return sorted(rows, key=lambda row: -row.indices[main])


def _evaluate_at(question: Question, names: list[str], point: list[float], evaluate: Evaluate) -> float:
    values = {
        name: float(round(value)) if question.specs[name].kind == "integer" else value
        for name, value in zip(names, point, strict=True)
    }
    try:
        return evaluate(values)
    except OutsideModelDomain as error:
        raise OutsideModelDomain(f"the model declines within these ranges; narrow them: {error.message}") from error


def _salib(method: str, samples: int, seed: int) -> tuple[Callable[[Any], Any], Callable[[Any, Any, Any], Any]]:
    try:
        import numpy as np
        from SALib.analyze import morris as morris_analysis
        from SALib.analyze import sobol as sobol_analysis
        from SALib.sample import morris as morris_sample
        from SALib.sample import sobol as sobol_sample
    except ImportError as error:
        raise ModelUnavailable(
            "Sobol and Morris need SALib: pip install 'charttwin[sensitivity]'; one_at_a_time needs nothing"
        ) from error
    if method == "sobol":

        def draw(problem: Any) -> Any:
            return sobol_sample.sample(problem, samples, calc_second_order=False, seed=seed)

        def analyse(problem: Any, _points: Any, results: list[float]) -> Any:
            found = sobol_analysis.analyze(problem, np.array(results), calc_second_order=False, seed=seed)
            return {name: found[name] for name in ("S1", "S1_conf", "ST", "ST_conf")}

        return draw, analyse

    def draw_paths(problem: Any) -> Any:
        return morris_sample.sample(problem, samples, num_levels=_MORRIS_LEVELS, seed=seed)

    def analyse_paths(problem: Any, points: Any, results: list[float]) -> Any:
        found = morris_analysis.analyze(problem, points, np.array(results), num_levels=_MORRIS_LEVELS, seed=seed)
        return {name: found[name] for name in ("mu", "mu_star", "sigma", "mu_star_conf")}

    return draw_paths, analyse_paths
