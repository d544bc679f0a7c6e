"""Maximum a posteriori (MAP) estimate of an individual's random effects from measured concentrations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from domain.errors import SolverFailed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEP = 1e-3


@dataclass(frozen=True)
class Estimate:
    """The mode of the posterior of the random effects, and its covariance by Laplace's approximation."""

    eta: Floats
    covariance: Floats
    predicted: Floats


def map_estimate(
    predict: Callable[[Floats], Floats],
    observed: Floats,
    variance: Callable[[Floats], Floats],
    omega_sd: Floats,
) -> Estimate:
    """The random effects that best explain the measurements given the population.

    Args:
        predict: Random effects (k,) to predicted measurements (m,).
        observed: Measurements, shape (m,).
        variance: Predicted measurements to their residual variance, shape (m,).
        omega_sd: Standard deviations of the random effects in the population, shape (k,); taken as independent.

    Raises:
        SolverFailed: no mode was found.
    """
    from scipy.optimize import minimize

    def objective(z: Floats) -> float:  # z = eta / omega_sd, so that the search is well scaled
        predicted = predict(z * omega_sd)
        spread = variance(predicted)
        return float(np.sum((observed - predicted) ** 2 / spread + np.log(spread)) + np.sum(z**2)) / 2

    found = minimize(objective, np.zeros(len(omega_sd)), method="BFGS", options={"gtol": 1e-5})
    if not np.all(np.isfinite(found.x)) or np.max(np.abs(found.jac)) > 1e-2:
        raise SolverFailed("the individual estimate did not converge; check the measured levels and their times")
    curvature = _hessian(objective, found.x)
    eigenvalues, vectors = np.linalg.eigh(curvature)
    covariance_z = vectors @ np.diag(1 / np.maximum(eigenvalues, 1e-3)) @ vectors.T
    eta = found.x * omega_sd
    return Estimate(eta, covariance_z * np.outer(omega_sd, omega_sd), predict(eta))


def _hessian(function: Callable[[Floats], float], at: Floats) -> Floats:
    size = len(at)
    hessian = np.zeros((size, size))
    unit = np.eye(size) * _STEP
    for i in range(size):
        for j in range(i, size):
            corners = (
                function(at + unit[i] + unit[j])
                - function(at + unit[i] - unit[j])
                - function(at - unit[i] + unit[j])
                + function(at - unit[i] - unit[j])
            )
            hessian[i, j] = hessian[j, i] = corners / (4 * _STEP**2)
    return hessian
