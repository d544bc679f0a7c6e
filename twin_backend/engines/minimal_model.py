"""Bergman's minimal model with subcutaneous insulin and a meal, as identified in type 1 diabetes; no medicine here.

    dIsc/dt = (u/CI - Isc)/tau1          subcutaneous insulin, mU/dL
    dIp/dt  = (Isc - Ip)/tau2            plasma insulin, mU/dL
    dX/dt   = p2 (SI Ip - X)             insulin effect, 1/min
    dG/dt   = EGP - (GEZI + X) G + RA    glucose, mg/dL
    dD1/dt  = -D1/tau_m,  dD2/dt = (D1 - D2)/tau_m,  RA = 1000 D2/(VG tau_m)      meal, g

Bergman et al. 1979 (doi:10.1152/ajpendo.1979.236.6.E667) for G and X; Kanderian et al. 2009
(doi:10.1177/193229680900300508) for the insulin and meal routes and the identification in type 1 diabetes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STEP_MIN = 1.0
ISC, IP, EFFECT, GLUCOSE, MEAL_1, MEAL_2, ABSORBED = range(7)


@dataclass(frozen=True)
class Parameters:
    """The representative set used with this model in the control literature (the Medtronic virtual patient)."""

    tau1_min: float = 49.0
    tau2_min: float = 47.0
    insulin_clearance_dl_per_min: float = 20.1
    p2_per_min: float = 0.0106
    insulin_sensitivity_dl_per_mu_per_min: float = 0.0081
    glucose_effectiveness_per_min: float = 0.0022
    endogenous_production_mg_per_dl_per_min: float = 1.33
    glucose_volume_dl: float = 253.0
    tau_meal_min: float = 47.0

    def with_sensitivity(self, dl_per_mu_per_min: float) -> Parameters:
        """The same body with another insulin sensitivity."""
        return replace(self, insulin_sensitivity_dl_per_mu_per_min=dl_per_mu_per_min)

    def basal_mu_per_min(self, glucose_mg_per_dl: float) -> float:
        """The basal insulin rate that holds this glucose; negative where no insulin could."""
        effect = self.endogenous_production_mg_per_dl_per_min / glucose_mg_per_dl - self.glucose_effectiveness_per_min
        return effect / self.insulin_sensitivity_dl_per_mu_per_min * self.insulin_clearance_dl_per_min


@dataclass(frozen=True)
class Course:
    """What happens to the patient, from a start at rest on the basal rate."""

    start_glucose_mg_per_dl: float
    basal_mu_per_min: float
    carbohydrate_g: float
    meal_time_min: int
    bolus_mu: float
    bolus_time_min: int
    horizon_min: int


def slopes(parameters: Parameters, basal_mu_per_min: float, state: Floats) -> Floats:
    """The right-hand sides, state and result of shape (7,)."""
    p = parameters
    appearance = state[MEAL_2] / p.tau_meal_min
    return np.array([
        (basal_mu_per_min / p.insulin_clearance_dl_per_min - state[ISC]) / p.tau1_min,
        (state[ISC] - state[IP]) / p.tau2_min,
        p.p2_per_min * (p.insulin_sensitivity_dl_per_mu_per_min * state[IP] - state[EFFECT]),
        p.endogenous_production_mg_per_dl_per_min
        - (p.glucose_effectiveness_per_min + state[EFFECT]) * state[GLUCOSE]
        + 1000 * appearance / p.glucose_volume_dl,
        -state[MEAL_1] / p.tau_meal_min,
        (state[MEAL_1] - state[MEAL_2]) / p.tau_meal_min,
        appearance,
    ])  # fmt: skip


def start_state(parameters: Parameters, course: Course) -> Floats:
    """Insulin at its basal steady state, glucose where it is, nothing in the gut."""
    insulin = course.basal_mu_per_min / parameters.insulin_clearance_dl_per_min
    effect = parameters.insulin_sensitivity_dl_per_mu_per_min * insulin
    return np.array([insulin, insulin, effect, course.start_glucose_mg_per_dl, 0.0, 0.0, 0.0])


def events_at(parameters: Parameters, course: Course, minute: int) -> Floats:
    """What a bolus or meal at this minute adds to the state."""
    jump = np.zeros(7)
    if minute == course.bolus_time_min:
        jump[ISC] = course.bolus_mu / (parameters.insulin_clearance_dl_per_min * parameters.tau1_min)
    if minute == course.meal_time_min:
        jump[MEAL_1] = course.carbohydrate_g
    return jump


def simulate(parameters: Parameters, course: Course) -> Floats:
    """States minute by minute by the classical Runge-Kutta method, shape (horizon + 1, 7)."""
    states = np.empty((course.horizon_min + 1, 7))
    state = start_state(parameters, course)
    for minute in range(course.horizon_min + 1):
        state = state + events_at(parameters, course, minute)
        states[minute] = state
        a = slopes(parameters, course.basal_mu_per_min, state)
        b = slopes(parameters, course.basal_mu_per_min, state + STEP_MIN / 2 * a)
        c = slopes(parameters, course.basal_mu_per_min, state + STEP_MIN / 2 * b)
        d = slopes(parameters, course.basal_mu_per_min, state + STEP_MIN * c)
        state = state + STEP_MIN / 6 * (a + 2 * b + 2 * c + d)
    return states
