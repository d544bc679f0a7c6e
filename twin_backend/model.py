"""What a twin model is: a card, an equation, and the rules by which it declines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from domain.predictions import Calibration, ModelCard, Numerics, Output, Series

Value = float | bool | str | tuple[float, ...]


@dataclass(frozen=True)
class Values:
    """The checked inputs of one run, in the units of the card; an input that was not given is absent."""

    items: Mapping[str, Value]

    def number(self, name: str) -> float:
        """A measured input that is known to be there."""
        return float(cast(float, self.items[name]))

    def optional(self, name: str) -> float | None:
        """A measured input, or None where it was not given."""
        return float(cast(float, self.items[name])) if name in self.items else None

    def numbers(self, name: str) -> tuple[float, ...]:
        """A series of measurements that is known to be there."""
        return cast(tuple[float, ...], self.items[name])

    def flag(self, name: str) -> bool:
        """A yes/no input that is known to be there."""
        return self.items[name] is True

    def choice(self, name: str) -> str:
        """A word input that is known to be there."""
        return str(self.items[name])

    def day(self, name: str) -> date:
        """A calendar day that is known to be there."""
        return date.fromisoformat(str(self.items[name]))

    def has(self, name: str) -> bool:
        """Whether the input was given or has a default."""
        return name in self.items


@dataclass(frozen=True)
class Result:
    """What an equation returns; the service adds identity and provenance.

    `draws` holds, by output name, the values of the ensemble's members in the order of its random stream: two runs of
    one seed are compared member by member. `seeded` says that the seed matters although there is no ensemble.
    """

    outputs: tuple[Output, ...]
    series: tuple[Series, ...] = ()
    warnings: tuple[str, ...] = ()
    solver: str = "closed form"
    ensemble_size: int | None = None
    outside: tuple[str, ...] = ()  # where the result left what the model is valid for
    conservation: dict[str, float] = field(default_factory=dict)
    numerics: Numerics = field(default_factory=Numerics)
    calibration: Calibration | None = None
    draws: Mapping[str, Sequence[float]] = field(default_factory=dict)
    seeded: bool = False


def _nothing(values: Values) -> list[str]:
    return []


def _nothing_held(values: Values) -> dict[str, Value]:
    return {}


@dataclass(frozen=True)
class Model:
    """One published model.

    Attributes:
        card: Identity, source, inputs with bounds, limits.
        compute: The equation; the seed matters to ensembles only.
        declines: Inputs whose derivation range is a hard limit; outside it the model refuses to answer.
        refuse: Reasons, beyond those ranges, why the model does not apply to these inputs.
        contradict: Inputs that cannot be true together.
        also_needed: Optional inputs that these inputs make necessary.
        held_in_comparison: Inputs that a what-if must keep from its baseline (see `vancomycin_goti2018`).
    """

    card: ModelCard
    compute: Callable[[Values, int], Result]
    declines: tuple[str, ...] = ()
    refuse: Callable[[Values], list[str]] = _nothing
    contradict: Callable[[Values], list[str]] = _nothing
    also_needed: Callable[[Values], list[str]] = _nothing
    held_in_comparison: Callable[[Values], dict[str, Value]] = _nothing_held


def closed_form(equation: Callable[[Values], Result]) -> Callable[[Values, int], Result]:
    """An equation without randomness in the form the service calls."""
    return lambda values, _seed: equation(values)


def adults_only(values: Values) -> list[str]:
    """The refusal of patients under 18, where an age is given."""
    age = values.optional("age_years")
    if age is None or age >= 18:
        return []
    return [f"age_years is {age:g}; this model was derived in adults (18 years or older)"]
