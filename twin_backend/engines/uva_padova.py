"""UVA/Padova type 1 diabetes simulator, version S2008: 13 states, many bodies at once (doi:10.1177/193229680900300106).

Equations: Dalla Man 2007 (doi:10.1109/TBME.2007.893506), gut Dalla Man 2006 (doi:10.1109/TBME.2006.883792), insulin
depots Kovatchev 2009. The system is a cascade, and each part is solved by what suits it: insulin is linear and does
not depend on glucose (exact propagator), the gut depends on meals alone (Runge-Kutta, 1 min steps, half of that
while somebody eats), glucose follows both (Runge-Kutta, 1 min steps). The conventions are those of simglucose 0.2.11, against which this is
tested: meals are eaten at 5 g/min, inputs are constant within a minute, a glucose state under zero stops moving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin_backend.engines.uva_padova_patients import PMOL_PER_UNIT, Bodies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EATING_G_PER_MIN = 5.0
_HALF = 0.5  # min
_FIRST, _SECOND, _LIVER, _PLASMA, _DELAYED_1, _DELAYED_2, _REMOTE, _INFUSION = range(8)


@dataclass(frozen=True)
class Day:
    """What the bodies eat and are given in each minute, each of shape (minutes, n)."""

    eaten_g: Floats
    insulin_u: Floats


@dataclass(frozen=True)
class Course:
    """Minute by minute from 0, each of shape (minutes + 1, n); `carbohydrate_error` is relative, shape (n,)."""

    plasma_glucose_mg_per_dl: Floats
    sensor_glucose_mg_per_dl: Floats  # subcutaneous, which simglucose calls BG
    insulin_pmol_per_l: Floats
    carbohydrate_error: Floats


@dataclass(frozen=True)
class Event:
    """Carbohydrate (g) or insulin (U) at a minute, one amount for all bodies or one for each."""

    minute: int
    amount: float | Floats


def plan_day(basal_u_per_h: Floats, meals: Sequence[Event], boluses: Sequence[Event], minutes: int) -> Day:
    """Constant basal insulin of shape (n,), boluses each within one minute, meals queued at the pace of eating."""
    insulin = np.tile(basal_u_per_h / 60, (minutes, 1))
    announced = np.zeros_like(insulin)
    for event in boluses:
        insulin[event.minute] += event.amount
    for event in meals:
        announced[event.minute] += event.amount
    eaten = np.zeros_like(insulin)
    waiting = np.zeros(insulin.shape[1])
    for minute in range(minutes):
        waiting += announced[minute]
        eaten[minute] = np.minimum(waiting, EATING_G_PER_MIN)
        waiting -= eaten[minute]
    return Day(eaten, insulin)


def simulate(bodies: Bodies, day: Day, start_glucose_mg_per_dl: Floats | None = None) -> Course:
    """A day from the fasting steady state of each body, or from another glucose at its fasting insulin.

    A body's course depends on who else is simulated by the gut's step alone, which is about 0.00001 mg/dL.
    """
    minutes = len(day.eaten_g)
    start = bodies.gb if start_glucose_mg_per_dl is None else start_glucose_mg_per_dl
    plasma, sensor, insulin = (np.empty((minutes + 1, len(bodies))) for _ in range(3))
    depots, gut, glucose = _Insulin(bodies), _Gut(bodies), _Glucose(bodies, start)
    infused = day.insulin_u * PMOL_PER_UNIT / bodies.bw
    for minute in range(minutes):
        plasma[minute], _, sensor[minute] = glucose.state
        insulin[minute] = depots.plasma_pmol_per_l
        appearance = gut.advance(1000 * day.eaten_g[minute])
        actions = depots.advance(infused[minute])
        glucose.advance(appearance, actions)
    plasma[-1], _, sensor[-1] = glucose.state
    insulin[-1] = depots.plasma_pmol_per_l
    return Course(plasma / bodies.vg, sensor / bodies.vg, insulin, gut.imbalance(1000 * day.eaten_g.sum(axis=0)))


def _exponential(matrices: Floats) -> Floats:
    """Matrix exponentials, shape (n, k, k), for norms near 1: Taylor's series to rounding error.

    SciPy's wakes threads that then spin, which costs more than the day of a single body.
    """
    total = np.broadcast_to(np.eye(matrices.shape[-1]), matrices.shape)
    term = total
    for order in range(1, 21):
        term = np.matmul(term, matrices) / order
        total = total + term
    return total


class _Insulin:
    """Depots, liver, plasma and delayed effects: seven linear states and the infusion, moved by a matrix exponential."""

    def __init__(self, bodies: Bodies) -> None:
        p, n = bodies, len(bodies)
        rate = np.zeros((n, 8, 8))
        rate[:, _FIRST, _FIRST], rate[:, _FIRST, _INFUSION] = -(p.ka1 + p.kd), 1.0
        rate[:, _SECOND, _FIRST], rate[:, _SECOND, _SECOND] = p.kd, -p.ka2
        rate[:, _LIVER, _LIVER], rate[:, _LIVER, _PLASMA] = -(p.m1 + p.m30), p.m2
        rate[:, _PLASMA, _PLASMA], rate[:, _PLASMA, _LIVER] = -(p.m2 + p.m4), p.m1
        rate[:, _PLASMA, _FIRST], rate[:, _PLASMA, _SECOND] = p.ka1, p.ka2
        rate[:, _DELAYED_1, _DELAYED_1], rate[:, _DELAYED_1, _PLASMA] = -p.ki, p.ki / p.vi
        rate[:, _DELAYED_2, _DELAYED_2], rate[:, _DELAYED_2, _DELAYED_1] = -p.ki, p.ki
        rate[:, _REMOTE, _REMOTE], rate[:, _REMOTE, _PLASMA] = -p.p2u, p.p2u / p.vi
        self._propagator = _exponential(_HALF * rate)
        self._vi = p.vi
        first, second, liver, plasma, level = p.fasting_insulin()
        # The papers' X counts from basal insulin; here it counts from none, and `_Glucose` takes the basal off.
        self._state = np.stack([first, second, liver, plasma, level, level, level, p.u2ss], axis=1)[:, :, None]

    @property
    def plasma_pmol_per_l(self) -> Floats:
        level: Floats = self._state[:, _PLASMA, 0] / self._vi
        return level

    def advance(self, infused: Floats) -> list[tuple[Floats, Floats]]:
        """A minute on; the effects on production and on use at its start, middle and end."""
        self._state[:, _INFUSION, 0] = infused
        seen = [self._state]
        for _ in range(2):
            seen.append(np.matmul(self._propagator, seen[-1]))
        self._state = seen[-1]
        return [(state[:, _DELAYED_2, 0], state[:, _REMOTE, 0]) for state in seen]


class _Gut:
    """Stomach (solid, liquid) and intestine, in mg; emptying slows in the middle of a meal's passage."""

    def __init__(self, bodies: Bodies) -> None:
        n = len(bodies)
        self._p = bodies
        self._solid, self._absorbed, self._before, self._eaten, self._last = (np.zeros(n) for _ in range(5))
        self._state = np.zeros((2, n))  # liquid, intestine
        self._per_kg = bodies.f * bodies.kabs / bodies.bw
        self._swing = (bodies.kmax - bodies.kmin) / 2
        self._stays = {part: np.exp(-bodies.kmax * part) for part in (0.25, 0.5, 1.0)}  # of the solid, by min
        # Before the first meal both bends vanish, and the stomach empties at kmax.
        self._curve: tuple[Floats, ...] = tuple(np.zeros(n) for _ in range(4))

    def advance(self, eaten_mg: Floats) -> list[Floats]:
        """A minute on; the rate of appearance of glucose at its start, middle and end, in mg/kg/min."""
        start = self._state[1]
        if eaten_mg.any():  # the emptying rate turns fastest while the meal is still small
            self._take(eaten_mg)
            self._step(eaten_mg, _HALF)
            middle = self._state[1]
            self._step(eaten_mg, _HALF)
        else:
            middle = self._step(eaten_mg, 1.0)
        self._last = eaten_mg
        self._absorbed = self._absorbed + self._p.kabs / 6 * (start + 4 * middle + self._state[1])
        return [self._per_kg * intestine for intestine in (start, middle, self._state[1])]

    def imbalance(self, eaten_mg: Floats) -> Floats:
        """|eaten - in the gut - absorbed| over eaten; 0 for who ate nothing."""
        error = np.abs(eaten_mg - self._solid - self._state.sum(axis=0) - self._absorbed)
        relative: Floats = np.divide(error, eaten_mg, out=np.zeros_like(error), where=eaten_mg > 0)
        return relative

    def _take(self, eaten_mg: Floats) -> None:
        """Slopes and offsets of the two bends of the emptying rate, for what this meal has brought so far."""
        starts = (eaten_mg > 0) & (self._last <= 0)
        self._before = np.where(starts, self._solid + self._state[0], self._before)
        self._eaten = np.where(starts, 0.0, self._eaten) + eaten_mg
        meal = self._before + self._eaten
        fed = meal > 0
        size = np.where(fed, meal, 1.0)
        rest = 1 - self._p.b
        slopes = (2.5 / (size * rest), 2.5 / (size * self._p.d))
        offsets = (2.5 * self._p.b / rest, np.full_like(size, 2.5))
        self._curve = tuple(np.where(fed, one, 0.0) for one in (*slopes, *offsets))

    def _step(self, eaten_mg: Floats, h: float) -> Floats:
        """`h` min on by the classical Runge-Kutta method; the intestine at the middle of the step, to third order."""
        p = self._p
        rise, fall, rise_at, fall_at = self._curve
        limit = eaten_mg / p.kmax
        middle = limit + (self._solid - limit) * self._stays[h / 2]
        end = limit + (self._solid - limit) * self._stays[h]

        def flows(solid: Floats, state: Floats) -> Floats:
            full = solid + state[0]
            bends = np.tanh(rise * full - rise_at) - np.tanh(fall * full - fall_at)
            emptied = (p.kmin + self._swing * (bends + 2)) * state[0]
            rate = np.empty_like(state)
            rate[0] = p.kmax * solid - emptied
            rate[1] = emptied - p.kabs * state[1]
            return rate

        now = self._state
        a = flows(self._solid, now)
        b = flows(middle, now + h / 2 * a)
        c = flows(middle, now + h / 2 * b)
        d = flows(end, now + h * c)
        self._solid = end
        self._state = now + h / 6 * (a + 2 * (b + c) + d)
        between: Floats = now[1] + h / 24 * (5 * a[1] + 4 * (b[1] + c[1]) - d[1])
        return between


class _Glucose:
    """Plasma, tissue and subcutaneous glucose, in mg/kg."""

    def __init__(self, bodies: Bodies, start_mg_per_dl: Floats) -> None:
        self._p = bodies
        plasma = start_mg_per_dl * bodies.vg
        self.state = np.stack([plasma, bodies.tissue_glucose(start_mg_per_dl), plasma])
        *_, basal = bodies.fasting_insulin()
        self._use_at_no_insulin = bodies.vm0 - bodies.vmx * basal

    def advance(self, appearance: Sequence[Floats], actions: Sequence[tuple[Floats, Floats]]) -> None:
        """A minute on by the classical Runge-Kutta method."""
        p = self._p
        supply = [p.kp1 - p.kp3 * delayed for delayed, _ in actions]
        use = [self._use_at_no_insulin + p.vmx * remote for _, remote in actions]
        arriving = [rate - p.fsnc for rate in appearance]

        def slopes(at: int, state: Floats) -> Floats:
            plasma, tissue, sensor = state
            production = np.maximum(supply[at] - p.kp2 * plasma, 0)
            lost = p.ke1 * np.maximum(plasma - p.ke2, 0)
            back = p.k2 * tissue - p.k1 * plasma
            rate = np.empty_like(state)
            rate[0] = production + arriving[at] - lost + back
            rate[1] = -use[at] * tissue / (p.km0 + tissue) - back
            rate[2] = p.ksc * (plasma - sensor)
            rate *= state >= 0
            return rate

        now = self.state
        a = slopes(0, now)
        b = slopes(1, now + a / 2)
        c = slopes(1, now + b / 2)
        d = slopes(2, now + c)
        self.state = now + (a + 2 * (b + c) + d) / 6
