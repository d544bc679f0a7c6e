"""What the survival models share: coefficients and validation from `data`, survival at the horizons, contributions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import exp
from pathlib import Path
from typing import Any

from domain.predictions import ModelInput, Output, Series, ValidationRecord
from twin_backend.display import measured, rounded
from twin_backend.engines.cox import CoxModel, from_json
from twin_backend.inputs import changed
from twin_backend.model import Result, Values, closed_form

_DATA = Path(__file__).parent / "data"
_DAYS_PER_YEAR = 365.25
_CURVE_STEPS = 40
_Z_95 = 1.96


@dataclass(frozen=True)
class Fit:
    """A fitted model with what its training recorded."""

    model: CoxModel
    ranges: dict[str, tuple[float, float]]
    validation: tuple[ValidationRecord, ...]


@cache
def fit_of(name: str) -> Fit:
    """The fit of the named data set."""
    data = json.loads((_DATA / f"{name}.json").read_text(encoding="utf-8"))
    ranges = {key: (float(low), float(high)) for key, (low, high) in data["ranges"].items()}
    return Fit(from_json(data["model"]), ranges, tuple(_validated(data)))


def _validated(data: dict[str, Any]) -> list[ValidationRecord]:
    found = data["validation"]
    where = (
        f"{data['patients']:,} patients ({data['events']:,} events) of the derivation data, nested cross-validation "
        f"({found['repeats']} x {found['outer_folds']} folds); bounds are 1.96 standard errors over the folds"
    )
    names = {"harrell_c": "C index (Harrell)", "uno_c": "C index (Uno)", "integrated_brier": "integrated Brier score"}
    spread = [
        ValidationRecord(
            population=where, measure=names[key], value=round(found[key]["mean"], 3),
            lower=round(found[key]["mean"] - _Z_95 * found[key]["standard_error"], 3),
            upper=round(found[key]["mean"] + _Z_95 * found[key]["standard_error"], 3),
        )
        for key in names
    ]  # fmt: skip
    pooled = f"the same patients, each predicted by the fold that left them out, at {found['calibrated_at_d']:.0f} days"
    slope = ValidationRecord(population=pooled, measure="calibration slope", value=round(found["calibration_slope"], 2))
    ratio = ValidationRecord(
        population=pooled, measure="expected to observed events", value=round(found["expected_to_observed"], 2)
    )
    return [*spread, slope, ratio]


def as_derived(name: str, *specs: ModelInput) -> tuple[ModelInput, ...]:
    """The inputs, numbers with the range that the derivation data had, as far as it is plausible."""
    ranges = fit_of(name).ranges
    return tuple(_with_range(spec, *ranges[spec.name]) if spec.name in ranges else spec for spec in specs)


def _with_range(spec: ModelInput, low: float, high: float) -> ModelInput:
    assert spec.plausible is not None
    return changed(spec, derivation=(max(low, spec.plausible[0]), min(high, spec.plausible[1])))


def survival_outputs(prefix: str, label: str, years: tuple[float, ...]) -> tuple[tuple[str, str, str], ...]:
    """The outputs of a card: survival at each horizon, and the hazard relative to the average patient."""
    horizons = ((f"{prefix}_{_suffix(year)}", "%", f"{label} at {_spoken(year)}") for year in years)
    return (*horizons, ("relative_hazard", "{ratio}", "Hazard relative to the average patient"))


def survival_equation(
    name: str, inputs: tuple[ModelInput, ...], prefix: str, label: str, years: tuple[float, ...]
) -> Callable[[Values, int], Result]:
    """S(t) = exp(-H0(t) exp(sum of contributions)), in percent, at each horizon."""
    labels = {spec.name: spec.label for spec in inputs}

    def compute(values: Values) -> Result:
        model = fit_of(name).model
        parts = model.contributions(lambda key: _raw(values, key))
        predictor = sum(parts.values())

        def percent(year: float) -> float:
            return 100 * model.survival(predictor, year * _DAYS_PER_YEAR)

        *horizons, hazard = survival_outputs(prefix, label, years)
        times = tuple(years[-1] * step / _CURVE_STEPS for step in range(_CURVE_STEPS + 1))
        return Result(
            outputs=(
                *(_at_horizon(out, percent(year)) for out, year in zip(horizons, years, strict=True)),
                measured(*hazard[::2], exp(predictor), hazard[1], 2, _read(parts, labels)),
            ),
            series=(
                Series(name=prefix, label=label, unit="%", time_unit="a", times=times, values=tuple(map(percent, times))),
            ),
        )  # fmt: skip

    return closed_form(compute)


def _at_horizon(output: tuple[str, str, str], percent: float) -> Output:
    name, unit, label = output
    return measured(name, label, percent, unit, 1, f"probability of the event {rounded(100 - percent, 1)}%")


def _read(parts: dict[str, float], labels: dict[str, str]) -> str:
    """Each input's factor of the hazard, the strongest first."""
    strongest = sorted(parts.items(), key=lambda item: -abs(item[1]))
    return "; ".join(f"{labels[name]} × {rounded(exp(part), 2)}" for name, part in strongest)


def _raw(values: Values, key: str) -> float | bool | str:
    found = values.items[key]
    assert not isinstance(found, tuple)
    return found


def _suffix(year: float) -> str:
    return f"{year:g}y" if year >= 1 else f"{12 * year:g}mo"


def _spoken(year: float) -> str:
    number, unit = (year, "year") if year >= 1 else (12 * year, "month")
    return f"{number:g} {unit}{'' if number == 1 else 's'}"
