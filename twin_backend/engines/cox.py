"""A fitted proportional hazards model, read from JSON and evaluated without numerical libraries."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log1p
from typing import Any

Raw = float | bool | str


@dataclass(frozen=True)
class Term:
    """One input's part of the linear predictor.

    Attributes:
        input: Name of the input.
        kind: `linear` (a number or a flag), `log1p` (of the number), `spline` (restricted cubic in `knots`) or `is`
            (the input is the word, or the whole number, `level`).
        knots: Of a spline, increasing, three or more, on the scale that `log` says.
        log: Whether a spline is of log(1 + x).
        level: The word of an `is` term.
        centres: Mean of each column in the derivation data.
        coefficients: Log hazard ratio for one unit of each column.
    """

    input: str
    kind: str
    knots: tuple[float, ...] = ()
    log: bool = False
    level: str = ""
    centres: tuple[float, ...] = ()
    coefficients: tuple[float, ...] = ()


def columns(term: Term, value: Raw) -> tuple[float, ...]:
    """What the term makes of a value, before centring: one number, or knots - 1 of them for a spline."""
    if term.kind == "is":
        word = value if isinstance(value, str) else f"{value:g}"
        return (float(word == term.level),)
    number = float(value)
    if term.kind == "log1p" or term.log:
        number = log1p(number)
    return _spline(number, term.knots) if term.kind == "spline" else (number,)


def _spline(x: float, knots: Sequence[float]) -> tuple[float, ...]:
    """Restricted cubic spline: x, and one column for each knot but the last two; linear beyond the outer knots."""
    *inner, before, last = knots
    scale = (last - knots[0]) ** 2

    def cubed(at: float) -> float:
        return max(x - at, 0.0) ** 3

    def bend(at: float) -> float:
        tails = cubed(before) * (last - at) - cubed(last) * (before - at)
        return (cubed(at) - tails / (last - before)) / scale

    return (x, *(bend(at) for at in inner))


@dataclass(frozen=True)
class CoxModel:
    """Terms and the cumulative hazard of the average patient, a step at each event time."""

    terms: tuple[Term, ...]
    times_d: tuple[float, ...]
    cumulative_hazard: tuple[float, ...]

    def contributions(self, value: Callable[[str], Raw]) -> dict[str, float]:
        """By input, the log hazard ratio against the average patient; they add up to the linear predictor."""
        parts: dict[str, float] = {}
        for term in self.terms:
            found = columns(term, value(term.input))
            part = sum(b * (x - m) for b, x, m in zip(term.coefficients, found, term.centres, strict=True))
            parts[term.input] = parts.get(term.input, 0.0) + part
        return parts

    def survival(self, linear_predictor: float, time_d: float) -> float:
        """Probability of being free of the event at `time_d` days."""
        step = bisect_right(self.times_d, time_d)
        hazard = self.cumulative_hazard[step - 1] if step else 0.0
        return exp(-hazard * exp(linear_predictor))


def as_json(model: CoxModel) -> dict[str, Any]:
    """The model as JSON-ready values, what is empty left out."""
    terms = [{key: value for key, value in vars(term).items() if value} for term in model.terms]
    return {"terms": terms, "times_d": model.times_d, "cumulative_hazard": model.cumulative_hazard}


def from_json(data: Mapping[str, Any]) -> CoxModel:
    """The model that `as_json` wrote."""

    def term(row: Mapping[str, Any]) -> Term:
        found: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        return Term(**found)

    return CoxModel(tuple(map(term, data["terms"])), tuple(data["times_d"]), tuple(data["cumulative_hazard"]))
