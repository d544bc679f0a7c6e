"""Linear mammillary models of one to three compartments; no medicine here, and any consistent units.

A body answers a unit dose at each site with a sum of decaying exponentials (`Response`). Absorption before the central
compartment and an effect site behind it are first-order steps (`Response.through`); boluses, infusions and steady state
are superposed in closed form. `solve_numerically` steps the same equations, so that tests can hold one against the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from domain.errors import SolverFailed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_DEGENERATE = 1e-7  # a step as fast as one of the body's exponents is made faster by twice this share


@dataclass(frozen=True)
class Doses:
    """Amounts with their start times and durations, each of shape (d,); a duration of 0 is a bolus."""

    amounts: Floats
    starts: Floats
    durations: Floats

    @classmethod
    def of(cls, amounts: ArrayLike, starts: ArrayLike, durations: ArrayLike = 0.0) -> Doses:
        """Doses from numbers or sequences, broadcast to one shape."""
        arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(a, dtype=float)) for a in (amounts, starts, durations)))
        return cls(*arrays)

    @classmethod
    def every(cls, amount: float, interval: float, count: int, duration: float = 0.0, start: float = 0.0) -> Doses:
        """The same dose again and again."""
        return cls.of(amount, start + interval * np.arange(count, dtype=float), duration)

    def given_by(self, time: float) -> float:
        """The amount that has entered by this time."""
        safe = np.where(self.durations > 0, self.durations, 1.0)
        share = np.where(self.durations > 0, np.clip((time - self.starts) / safe, 0, 1), time >= self.starts)
        return float(np.sum(self.amounts * share))


@dataclass(frozen=True)
class Response:
    """The answer to a unit bolus, sum of weights x exp(-rates t); both of shape (terms, n individuals)."""

    rates: Floats
    weights: Floats

    def through(self, rate: ArrayLike) -> Response:
        """The answer behind (or before: it is the same) a first-order step of this rate constant, shape (n,)."""
        step = np.broadcast_to(np.asarray(rate, dtype=float), self.rates.shape[1:])
        close = np.any(np.abs(step - self.rates) < _DEGENERATE * step, axis=0)
        step = np.where(close, step * (1 + 2 * _DEGENERATE), step)
        weights = self.weights * step / (step - self.rates)
        return Response(np.vstack([self.rates, step]), np.vstack([weights, -weights.sum(axis=0)]))

    def at(self, doses: Doses, times: ArrayLike) -> Floats:
        """The answer to doses at times of shape (t,), by superposition; shape (n, t)."""
        when = np.asarray(times, dtype=float)
        total = np.zeros((self.rates.shape[1], when.shape[0]))
        for amount, start, duration in zip(doses.amounts, doses.starts, doses.durations, strict=True):
            elapsed = when - start
            begun = elapsed >= 0
            total[:, begun] += amount * self._one(elapsed[begun], float(duration))
        return total

    def at_steady_state(self, amount: float, interval: float, duration: float, times: ArrayLike) -> Floats:
        """The answer to endless equal doses at times since the start of the last one, shape (n, t)."""
        when = np.asarray(times, dtype=float)
        rates = self.rates[:, :, None]
        grown = -np.expm1(-rates * duration) / (rates * duration) if duration > 0 else np.ones_like(rates)
        earlier = grown * np.exp(-rates * (when + interval - duration)) / -np.expm1(-rates * interval)
        past: Floats = np.einsum("kn,knt->nt", self.weights, earlier)
        result: Floats = amount * (self._one(when, duration) + past)
        return result

    def area(self, doses: Doses, until: float) -> Floats:
        """The area under the answer to doses from 0 to `until`, shape (n,)."""
        total = np.zeros(self.rates.shape[1])
        for amount, start, duration in zip(doses.amounts, doses.starts, doses.durations, strict=True):
            elapsed = until - start
            if elapsed <= 0:
                continue
            running, after = min(elapsed, duration), max(elapsed - duration, 0.0)
            grown = -np.expm1(-self.rates * running) / (self.rates * duration) if duration > 0 else np.ones(1)
            during = (running / duration - grown) / self.rates if duration > 0 else 0.0
            total += amount * np.sum(
                self.weights * (during + grown * -np.expm1(-self.rates * after) / self.rates), axis=0
            )
        return total

    def _one(self, elapsed: Floats, duration: float) -> Floats:
        """The answer to one unit dose at times of 0 or later, shape (n, t)."""
        rates = self.rates[:, :, None]
        if duration > 0:
            running, after = np.clip(elapsed, 0, duration), np.clip(elapsed - duration, 0, None)
            shape = -np.expm1(-rates * running) / (rates * duration) * np.exp(-rates * after)
        else:
            shape = np.exp(-rates * elapsed)
        result: Floats = np.einsum("kn,knt->nt", self.weights, shape)
        return result


@dataclass(frozen=True)
class Body:
    """Individuals: clearance (n,), volumes (c, n) with the central one first, flows (c - 1, n) to the other ones."""

    clearance: Floats
    volumes: Floats
    flows: Floats

    @classmethod
    def of(cls, clearance: ArrayLike, volumes: tuple[ArrayLike, ...], flows: tuple[ArrayLike, ...] = ()) -> Body:
        """Individuals from numbers or arrays, broadcast to one shape (n,)."""
        given = (clearance, *volumes, *flows)
        arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(a, dtype=float)) for a in given))
        middle = 1 + len(volumes)
        others = np.stack(arrays[middle:]) if flows else np.zeros((0, arrays[0].shape[0]))
        return cls(arrays[0], np.stack(arrays[1:middle]), others)

    @property
    def rates(self) -> Floats:
        """The rate matrix of the amounts, dA/dt = -rates A, shape (n, c, c)."""
        size = len(self.volumes)
        matrix = np.zeros((self.clearance.shape[0], size, size))
        matrix[:, 0, 0] = (self.clearance + self.flows.sum(axis=0)) / self.volumes[0]
        for j in range(1, size):
            matrix[:, j, j] = self.flows[j - 1] / self.volumes[j]
            matrix[:, 0, j] = -self.flows[j - 1] / self.volumes[j]
            matrix[:, j, 0] = -self.flows[j - 1] / self.volumes[0]
        return matrix

    def amounts(self) -> tuple[Response, ...]:
        """The amounts in the compartments after a unit bolus into the central one.

        Scaled by the roots of the volumes the rate matrix is symmetric, so its exponents are real and positive and its
        modes orthogonal: no root of a cubic is needed, and equal exponents do no harm.
        """
        roots = np.sqrt(self.volumes).T  # (n, c)
        symmetric = self.rates * roots[:, None, :] / roots[:, :, None]
        exponents, modes = np.linalg.eigh(symmetric)
        shares = modes * modes[:, :1, :] * (roots / roots[:, :1])[:, :, None]  # (n, compartment, mode)
        return tuple(Response(exponents.T, shares[:, j, :].T) for j in range(len(self.volumes)))

    def concentration(self) -> Response:
        """The central concentration after a unit bolus."""
        central = self.amounts()[0]
        return Response(central.rates, central.weights / self.volumes[0])

    def terminal_half_life(self) -> Floats:
        """ln 2 over the smallest exponent, shape (n,)."""
        result: Floats = np.log(2) / self.amounts()[0].rates.min(axis=0)
        return result

    def first(self) -> Body:
        """The first individual alone."""
        return Body(self.clearance[:1], self.volumes[:, :1], self.flows[:, :1])


def mass_balance_error(body: Body, doses: Doses, time: float) -> float:
    """|given - in the body - eliminated| over given, the largest of the individuals."""
    given = doses.given_by(time)
    inside = sum(site.at(doses, [time])[:, 0] for site in body.amounts())
    eliminated = body.clearance * body.concentration().area(doses, time)
    return float(np.max(np.abs(given - inside - eliminated)) / given) if given > 0 else 0.0


def solve_numerically(
    body: Body, doses: Doses, times: ArrayLike, absorption: float | None = None, effect: float | None = None
) -> tuple[Floats, Floats]:
    """Central and effect-site concentrations of the first individual by numerical integration, each of shape (t,).

    Args:
        body: Only its first individual is solved.
        doses: Into the central compartment, or into the gut where `absorption` is given (boluses then).
        times: Shape (t,), increasing.
        absorption: Rate constant from the gut to the central compartment.
        effect: Rate constant between the central compartment and the effect site; without it that result is zero.

    Raises:
        SolverFailed: the integrator did not reach the end of a segment.
    """
    from scipy.integrate import solve_ivp

    when = np.asarray(times, dtype=float)
    matrix, volume, size = body.rates[0], float(body.volumes[0, 0]), len(body.volumes)
    entry = size if absorption else 0  # state: compartments, gut, effect site
    edges = np.unique(np.concatenate([[0.0], doses.starts, doses.starts + doses.durations, [when.max()]]))
    edges = edges[(edges >= 0) & (edges <= when.max())]
    state, central, site = np.zeros(size + 2), np.zeros_like(when), np.zeros_like(when)

    def slope(_time: float, y: Floats, inflow: float) -> Floats:
        change = np.zeros(size + 2)
        change[:size] = -matrix @ y[:size]
        absorbed = (absorption or 0.0) * y[size]
        change[0] += absorbed
        change[size] -= absorbed
        change[size + 1] = (effect or 0.0) * (y[0] / volume - y[size + 1])
        change[entry] += inflow
        return change

    for left, right in pairwise([*edges, edges[-1]]):
        state[entry] += float(np.sum(doses.amounts[(doses.starts == left) & (doses.durations == 0)]))
        here = when == left
        central[here], site[here] = state[0] / volume, state[size + 1]
        if right <= left:
            break
        middle = (left + right) / 2
        on = (doses.durations > 0) & (doses.starts <= middle) & (middle < doses.starts + doses.durations)
        inflow = float(np.sum(doses.amounts[on] / doses.durations[on]))
        inside = (when > left) & (when < right)
        wanted = np.unique(np.append(when[inside], right))
        solved = solve_ivp(
            slope, (left, right), state, method="LSODA", rtol=1e-10, atol=1e-12, t_eval=wanted, args=(inflow,)
        )
        if not solved.success:
            raise SolverFailed(f"integration stopped: {solved.message}")
        central[inside] = np.interp(when[inside], solved.t, solved.y[0]) / volume
        site[inside] = np.interp(when[inside], solved.t, solved.y[size + 1])
        state = solved.y[:, -1].copy()
    return central, site
