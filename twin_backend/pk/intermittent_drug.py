"""Intermittent intravenous drugs: what a population model of one says, and the inputs and outputs all share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from domain.predictions import ModelInput
from twin_backend import inputs
from twin_backend.model import Values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin_backend.engines.compartments import Body, Doses

    Floats = NDArray[np.float64]

LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Drug:
    """A population model of one drug.

    Attributes:
        name: As in text.
        effects: What the random effects act on.
        covariance: Of the random effects, as rows.
        body: The inputs and random effects (n, k) to individuals.
        residual_sd: Predicted levels to the standard deviation of a measured one.
        auc_target: AUC24 range in mg.h/L that probabilities refer to.
        peak_target: Least peak in mg/L, for drugs dosed by peak.
        trough_limit: Highest wanted trough in mg/L, for drugs dosed by peak.
        remarks: Warnings of the model's own.
    """

    name: str
    effects: tuple[str, ...]
    covariance: tuple[tuple[float, ...], ...]
    body: Callable[[Values, Floats], Body]
    residual_sd: Callable[[Floats], Floats]
    auc_target: tuple[float, float] | None = None
    peak_target: float | None = None
    trough_limit: float | None = None
    remarks: Callable[[Values], list[str]] = lambda _values: []


@dataclass(frozen=True)
class Regimen:
    """A repeated infusion."""

    dose_mg: float
    interval_h: float
    infusion_h: float

    def doses(self, count: int) -> Doses:
        from twin_backend.engines.compartments import Doses

        return Doses.every(self.dose_mg, self.interval_h, count, self.infusion_h)

    def in_one_day(self, dose_mg: float, start_h: float) -> Doses:
        """Doses of this rhythm over the 24 h from `start_h`."""
        from twin_backend.engines.compartments import Doses

        return Doses.every(dose_mg, self.interval_h, ceil(24 / self.interval_h), self.infusion_h, start_h)


def regimen_of(values: Values, prefix: str = "") -> Regimen:
    """The regimen asked about or, with `prefix` measured_, the one the levels belong to where it is another."""

    def either(name: str) -> float:
        return values.number(prefix + name if values.has(prefix + name) else name)

    return Regimen(either("dose_mg"), either("interval_h"), either("infusion_h"))


def regimen_inputs(highest_dose_mg: float, infusion_h: float, infusion_source: str) -> tuple[ModelInput, ...]:
    """Dose, interval and infusion time."""
    return (
        inputs.number("dose_mg", "Dose", "mg", (10, highest_dose_mg)),
        inputs.number("interval_h", "Dosing interval", "h", (4, 168)),
        inputs.number("infusion_h", "Infusion duration", "h", (0.1, 24), required=False, default=infusion_h,
                      default_source=infusion_source),
    )  # fmt: skip


def level_inputs(
    highest_dose_mg: float, level_mg_l: tuple[float, float], substance: str | None = None
) -> tuple[ModelInput, ...]:
    """Measured levels, and the regimen they belong to where it is another one."""
    rows: list[ModelInput] = []
    for n in LEVELS:
        rows += [
            inputs.number(f"level_{n}_mg_l", f"Measured level {n}", "mg/L", level_mg_l, required=False,
                          substance=substance),
            inputs.number(f"level_{n}_time_h", f"Level {n}: time since the start of the last dose before it", "h",
                          (0, 240), required=False),
            inputs.integer(f"level_{n}_dose_number", f"Level {n}: which dose that was (1 = first)", "1", (1, 200),
                           required=False, description="Without it the level is taken to be at steady state."),
        ]  # fmt: skip
    return (
        *rows,
        inputs.number("measured_dose_mg", "Dose given before the levels", "mg", (10, highest_dose_mg), required=False,
                      description="Without it the levels are taken to belong to dose_mg."),
        inputs.number("measured_interval_h", "Interval before the levels", "h", (4, 168), required=False),
        inputs.number("measured_infusion_h", "Infusion duration before the levels", "h", (0.1, 24), required=False),
    )  # fmt: skip


def target_inputs(peak: bool) -> tuple[ModelInput, ...]:
    """What a dose is searched for."""
    rows = [
        inputs.number("target_auc24_mg_h_l", "AUC24 to reach", "mg.h/L", (5, 2000), required=False,
                      description="Gives the dose that reaches it at this interval."),
        inputs.integer("doses_given", "Doses given so far", "1", (0, 200), required=False,
                       description="With target_auc24_mg_h_l: also the dose that reaches it within the next 24 h."),
    ]  # fmt: skip
    if peak:
        rows.append(
            inputs.number("target_peak_mg_l", "Peak to reach", "mg/L", (1, 200), required=False,
                          description="Gives the dose that reaches it at this interval.")
        )  # fmt: skip
    return tuple(rows)


def outputs(drug: Drug) -> tuple[tuple[str, str, str], ...]:
    """The declaration of every result."""
    rows = [
        ("auc24", "mg.h/L", "AUC24 at steady state"),
        ("auc24_low", "mg.h/L", "AUC24, 5th percentile"),
        ("auc24_high", "mg.h/L", "AUC24, 95th percentile"),
        ("auc_first_24h", "mg.h/L", "AUC of the first 24 h"),
        ("peak", "mg/L", "Peak at steady state (end of infusion)"),
        ("trough", "mg/L", "Trough at steady state"),
        ("first_peak", "mg/L", "Peak of the first dose (end of infusion)"),
        ("first_trough", "mg/L", "Level before the second dose"),
        ("half_life", "h", "Terminal half-life"),
        ("clearance", "L/h", f"{drug.name} clearance"),
        ("central_volume", "L", "Central volume of distribution"),
        ("steady_state_volume", "L", "Volume of distribution at steady state"),
        ("dose_for_target_auc24", "mg", "Dose that reaches the AUC24 asked for, at steady state"),
        ("next_24h_dose", "mg", "Dose that reaches the AUC asked for in the next 24 h"),
    ]
    if drug.auc_target:
        low, high = drug.auc_target
        rows += [
            ("probability_auc24_in_target", "%", f"Probability that AUC24 is {low:g}-{high:g}"),
            ("next_24h_probability_in_target", "%", f"Probability of {low:g}-{high:g} in the next 24 h at that dose"),
        ]
    if drug.peak_target:
        rows += [
            ("probability_peak_in_target", "%", f"Probability of a first peak of {drug.peak_target:g} mg/L or more"),
            ("dose_for_target_peak", "mg", "Dose that reaches the peak asked for, at steady state"),
        ]
    if drug.trough_limit:
        rows.append(
            ("probability_trough_below_limit", "%", f"Probability of a trough under {drug.trough_limit:g} mg/L")
        )
    return (*rows, *((f"level_{n}_predicted", "mg/L", f"Level {n} by the individual estimate") for n in LEVELS))
