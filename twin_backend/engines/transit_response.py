"""A dose compartment that inhibits the input of transit chains (K-PD with sigmoid inhibition); no medicine here.

dA/dt = -k A, with a dose added at the start of each day
E = (k A)^g / (d50^g + (k A)^g)
each chain: dC1/dt = r (1 - E - C1), dC2/dt = r (C1 - C2), dC3/dt = r (C2 - C3), all 1 at the start
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

HOURS_A_DAY = 24


@dataclass(frozen=True)
class Response:
    """Rates in 1/h; `half_rate` is the elimination rate, in mg/h, with half of the greatest inhibition."""

    elimination: float
    half_rate: float
    steepness: float
    chain_rates: tuple[float, float]

    def drug_rate(self, doses: ArrayLike, hours: Floats) -> Floats:
        """k A at times, in mg/h; a dose at the start of each day counts from that moment on."""
        amounts = np.asarray(doses, dtype=float)
        since = hours[:, None] - HOURS_A_DAY * np.arange(len(amounts))[None, :]
        left = np.where(since >= 0, np.exp(-self.elimination * np.clip(since, 0, None)), 0.0)
        rate: Floats = self.elimination * left @ amounts
        return rate

    def inhibition(self, rate: Floats) -> Floats:
        """E at an elimination rate."""
        raised = rate**self.steepness
        share: Floats = raised / (self.half_rate**self.steepness + raised)
        return share

    def mean_of_chains(self, doses: ArrayLike) -> Floats:
        """The mean of the two last compartments at the hours 0, 1, ... of the days dosed, by Runge-Kutta steps of 1 h."""
        count = HOURS_A_DAY * len(np.asarray(doses, dtype=float))
        hours = np.arange(count, dtype=float)
        ends = np.nextafter(hours + 1, 0)  # the end of a step is before the dose that the next one starts with
        inputs = [1 - self.inhibition(self.drug_rate(doses, at)) for at in (hours, hours + 0.5, ends)]
        rates = np.array(self.chain_rates)[:, None]
        state, means = np.ones((2, 3)), np.empty(count + 1)
        means[0] = 1.0

        def slope(inflow: float, now: Floats) -> Floats:
            before = np.hstack([np.full((2, 1), inflow), now[:, :2]])
            change: Floats = rates * (before - now)
            return change

        for hour, (start, middle, end) in enumerate(zip(*inputs, strict=True)):
            a = slope(start, state)
            b = slope(middle, state + a / 2)
            c = slope(middle, state + b / 2)
            d = slope(end, state + c)
            state = state + (a + 2 * b + 2 * c + d) / 6
            means[hour + 1] = state[:, 2].mean()
        return means

    def mean_at_steady_state(self, daily_dose: float) -> float:
        """The mean of the chains over a day of endless equal doses: that of their input, since chains only delay."""
        hours = (np.arange(480) + 0.5) / 20
        amount = daily_dose * np.exp(-self.elimination * hours) / -np.expm1(-self.elimination * HOURS_A_DAY)
        return float(np.mean(1 - self.inhibition(self.elimination * amount)))
