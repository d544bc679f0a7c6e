"""Solutions of the linear two-compartment model with intermittent infusions; no medicine here.

Closed forms are used in production. `two_compartment_numerical` solves the same equations by stepping, so that tests
can hold one against the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from domain.errors import SolverFailed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Regimen:
    """A repeated infusion. Times are in h since the start of the first one."""

    dose_mg: float
    interval_h: float
    infusion_h: float
    doses: int = 1

    @property
    def start_times_h(self) -> Floats:
        """When each infusion starts."""
        return self.interval_h * np.arange(self.doses, dtype=float)

    def repeated(self, doses: int) -> Regimen:
        """The same regimen with another number of doses."""
        return Regimen(self.dose_mg, self.interval_h, self.infusion_h, doses)


@dataclass(frozen=True)
class TwoCompartment:
    """Individual parameters, one array element per individual (or one element for one patient)."""

    clearance_l_per_h: Floats
    central_volume_l: Floats
    intercompartmental_clearance_l_per_h: Floats
    peripheral_volume_l: Floats

    @classmethod
    def of(cls, clearance: object, central: object, intercompartmental: object, peripheral: object) -> TwoCompartment:
        """Parameters from numbers or arrays, broadcast to one shape (n,)."""
        arrays = np.broadcast_arrays(
            *(np.atleast_1d(np.asarray(a, dtype=float)) for a in (clearance, central, intercompartmental, peripheral))
        )
        return cls(*arrays)

    @property
    def rates_per_h(self) -> tuple[Floats, Floats, Floats]:
        """k10, k12, k21 in 1/h."""
        return (
            self.clearance_l_per_h / self.central_volume_l,
            self.intercompartmental_clearance_l_per_h / self.central_volume_l,
            self.intercompartmental_clearance_l_per_h / self.peripheral_volume_l,
        )

    def exponents(self) -> tuple[Floats, Floats]:
        """The hybrid rate constants (exponents (2, n) in 1/h, fast first) and their weights (2, n), which sum to 1."""
        k10, k12, k21 = self.rates_per_h
        total = k10 + k12 + k21
        root = np.sqrt(total**2 - 4 * k10 * k21)
        fast = (total + root) / 2
        slow = k10 * k21 / fast  # not (total - root) / 2, which cancels
        return np.stack([fast, slow]), np.stack([(fast - k21) / (fast - slow), (k21 - slow) / (fast - slow)])

    def terminal_half_life_h(self) -> Floats:
        """ln 2 over the slow exponent, in h, shape (n,)."""
        result: Floats = np.log(2) / self.exponents()[0][1]
        return result


def concentration_mg_per_l(parameters: TwoCompartment, regimen: Regimen, times_h: Floats) -> Floats:
    """Central concentration by superposition of the infusions, in mg/L.

    Args:
        parameters: n individuals.
        regimen: Infusions since time 0.
        times_h: Shape (t,).

    Returns:
        Shape (n, t).
    """
    lam, weight = parameters.exponents()
    elapsed = np.asarray(times_h, dtype=float)[None, :] - regimen.start_times_h[:, None]  # (doses, t)
    scale = regimen.dose_mg / regimen.infusion_h / parameters.central_volume_l
    total = np.zeros((lam.shape[1], elapsed.shape[1]))
    running = np.clip(elapsed, 0, regimen.infusion_h)
    after = np.clip(elapsed - regimen.infusion_h, 0, None)
    for one_running, one_after in zip(running, after, strict=True):
        begun = one_running > 0
        for rate, share in zip(lam, weight, strict=True):
            grown = -np.expm1(-np.outer(rate, one_running[begun])) * np.exp(-np.outer(rate, one_after[begun]))
            total[:, begun] += (share / rate * scale)[:, None] * grown
    return total


def steady_state_mg_per_l(parameters: TwoCompartment, regimen: Regimen, times_h: Floats) -> Floats:
    """Central concentration within one interval at steady state, in mg/L.

    Args:
        parameters: n individuals.
        regimen: Its number of doses is not looked at.
        times_h: Time since the start of the last infusion, shape (t,); past the interval no further dose is given.

    Returns:
        Shape (n, t).
    """
    lam, weight = parameters.exponents()
    time = np.asarray(times_h, dtype=float)
    running = np.clip(time, 0, regimen.infusion_h)
    after = np.clip(time - regimen.infusion_h, 0, None)
    scale = regimen.dose_mg / regimen.infusion_h / parameters.central_volume_l
    total = np.zeros((lam.shape[1], time.shape[0]))
    for rate, share in zip(lam, weight, strict=True):
        decay = rate[:, None]
        this = -np.expm1(-decay * running) * np.exp(-decay * after)
        since_last_end = time + regimen.interval_h - regimen.infusion_h
        earlier = (
            -np.expm1(-decay * regimen.infusion_h)
            * np.exp(-decay * since_last_end)
            / -np.expm1(-decay * regimen.interval_h)
        )
        total += (share / rate * scale)[:, None] * (this + earlier)
    return total


def auc_mg_h_per_l(parameters: TwoCompartment, regimen: Regimen, until_h: float) -> Floats:
    """Area under the central concentration from 0 to `until_h`, in mg.h/L, shape (n,)."""
    lam, weight = parameters.exponents()
    scale = regimen.dose_mg / regimen.infusion_h / parameters.central_volume_l
    total = np.zeros(lam.shape[1])
    for start in regimen.start_times_h:
        running = min(max(until_h - start, 0.0), regimen.infusion_h)
        after = max(until_h - start - regimen.infusion_h, 0.0)
        for rate, share in zip(lam, weight, strict=True):
            grown = -np.expm1(-rate * running)
            total += share / rate * scale * (running - grown / rate + grown * -np.expm1(-rate * after) / rate)
    return total


def amounts_mg(parameters: TwoCompartment, regimen: Regimen, time_h: float) -> tuple[Floats, Floats]:
    """Drug in the central and in the peripheral compartment at a time, in mg, each of shape (n,)."""
    lam, _ = parameters.exponents()
    _, k12, _ = parameters.rates_per_h
    central = concentration_mg_per_l(parameters, regimen, np.array([time_h]))[:, 0] * parameters.central_volume_l
    share = k12 / (lam[0] - lam[1])
    peripheral = np.zeros(lam.shape[1])
    for start in regimen.start_times_h:
        running = min(max(time_h - start, 0.0), regimen.infusion_h)
        after = max(time_h - start - regimen.infusion_h, 0.0)
        for rate, sign in zip(lam, (-1.0, 1.0), strict=True):
            grown = -np.expm1(-rate * running) * np.exp(-rate * after)
            peripheral += sign * share / rate * grown * regimen.dose_mg / regimen.infusion_h
    return central, peripheral


def mass_balance_error(parameters: TwoCompartment, regimen: Regimen, time_h: float) -> float:
    """|infused - in the body - eliminated| over infused, the largest of the individuals."""
    infused = regimen.dose_mg * float(np.sum(np.clip((time_h - regimen.start_times_h) / regimen.infusion_h, 0, 1)))
    central, peripheral = amounts_mg(parameters, regimen, time_h)
    eliminated = parameters.clearance_l_per_h * auc_mg_h_per_l(parameters, regimen, time_h)
    return float(np.max(np.abs(infused - central - peripheral - eliminated)) / infused)


def two_compartment_numerical(parameters: TwoCompartment, regimen: Regimen, times_h: Floats) -> Floats:
    """Central concentration of the first individual by numerical integration, in mg/L, shape (t,).

    Raises:
        SolverFailed: the integrator did not reach the end of a segment.
    """
    from scipy.integrate import solve_ivp

    k10, k12, k21 = (float(k[0]) for k in parameters.rates_per_h)
    times = np.asarray(times_h, dtype=float)
    starts = regimen.start_times_h
    edges = np.unique(np.concatenate([[0.0], starts, starts + regimen.infusion_h, [times.max()]]))
    edges = edges[edges <= times.max()]
    state, result = np.zeros(2), np.zeros_like(times)
    for left, right in pairwise(edges):
        middle = (left + right) / 2
        running = np.sum((starts <= middle) & (middle < starts + regimen.infusion_h))
        rate = regimen.dose_mg / regimen.infusion_h * running

        def slope(_time: float, a: Floats, inflow: float = float(rate)) -> list[float]:
            return [inflow - (k10 + k12) * a[0] + k21 * a[1], k12 * a[0] - k21 * a[1]]

        inside = (times > left) & (times <= right)
        wanted = np.unique(np.append(times[inside], right))
        solved = solve_ivp(slope, (left, right), state, method="LSODA", rtol=1e-10, atol=1e-10, t_eval=wanted)
        if not solved.success:
            raise SolverFailed(f"integration stopped: {solved.message}")
        result[inside] = np.interp(times[inside], solved.t, solved.y[0])
        state = solved.y[:, -1]
    concentration: Floats = result / float(parameters.central_volume_l[0])
    return concentration
