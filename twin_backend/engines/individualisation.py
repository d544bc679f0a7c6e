"""Bayesian individualisation of a population model: mode, covariance, shrinkage and draws of the random effects.

The mode is the maximum a posteriori (MAP) estimate, the posterior Laplace's approximation around it. Predictions are
asked for many random effects at once, so that a gradient costs one call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from domain.errors import SolverFailed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_STEP = 1e-4
_CURVATURE_STEP = 1e-3
_LEAST_CURVATURE = 1e-3
_FURTHEST_SD = 60.0  # no patient is there, and further out a leap of the line search could overflow
_STEEPEST = 1e-3


@dataclass(frozen=True)
class Population:
    """Random effects of a population model: what they act on, and their covariance, shape (k, k)."""

    names: tuple[str, ...]
    covariance: Floats

    @classmethod
    def of(cls, names: tuple[str, ...], covariance: ArrayLike) -> Population:
        """From nested sequences, as published tables give them."""
        return cls(names, np.asarray(covariance, dtype=float))

    def draws(self, normals: Floats) -> Floats:
        """Random effects of patients of the population from standard normals, both of shape (n, k)."""
        result: Floats = normals @ np.linalg.cholesky(self.covariance).T
        return result


@dataclass(frozen=True)
class Posterior:
    """What measurements leave of a population for one patient."""

    population: Population
    mode: Floats
    covariance: Floats
    predicted: Floats
    residual_sd: Floats

    def draws(self, normals: Floats) -> Floats:
        """Random effects this patient may have, from standard normals, both of shape (n, k)."""
        result: Floats = self.mode + normals @ np.linalg.cholesky(self.covariance).T
        return result

    def shrinkage(self) -> dict[str, float]:
        """By random effect, the share of the population's variance that is left."""
        left = np.diag(self.covariance) / np.diag(self.population.covariance)
        return {name: float(share) for name, share in zip(self.population.names, left, strict=True)}


def individualise(
    population: Population,
    predict: Callable[[Floats], Floats],
    observed: Floats,
    residual_sd: Callable[[Floats], Floats],
) -> Posterior:
    """The posterior of one patient's random effects.

    Args:
        population: The prior.
        predict: Random effects (n, k) to predicted measurements (n, m).
        observed: Measurements, shape (m,).
        residual_sd: Predicted measurements to the standard deviation of a measurement around them, same shape.

    Raises:
        SolverFailed: no mode was found.
    """
    from scipy.optimize import minimize

    root = np.linalg.cholesky(population.covariance)
    size = len(population.names)

    def objective(z: Floats) -> Floats:
        """Minus the log posterior of n points z (n, k), where effects = root z."""
        predicted = predict(np.clip(z, -_FURTHEST_SD, _FURTHEST_SD) @ root.T)
        spread = residual_sd(predicted)
        misfit = ((observed - predicted) / spread) ** 2 + 2 * np.log(spread)
        result: Floats = (misfit.sum(axis=1) + (z**2).sum(axis=1)) / 2
        return result

    def with_gradient(z: Floats) -> tuple[float, Floats]:
        shifts = _STEP * np.eye(size)
        values = objective(np.vstack([z, z + shifts, z - shifts]))
        return float(values[0]), (values[1 : size + 1] - values[size + 1 :]) / (2 * _STEP)

    found = minimize(with_gradient, np.zeros(size), jac=True, method="BFGS", options={"gtol": 1e-5})
    if not np.all(np.isfinite(found.x)) or np.max(np.abs(found.jac)) > _STEEPEST * max(1.0, abs(found.fun)):
        raise SolverFailed("the individual estimate did not converge; check the measured levels and their times")
    eigenvalues, vectors = np.linalg.eigh(_curvature(objective, found.x))
    within = vectors @ np.diag(1 / np.maximum(eigenvalues, _LEAST_CURVATURE)) @ vectors.T
    mode = root @ found.x
    predicted = predict(mode[None, :])[0]
    return Posterior(population, mode, root @ within @ root.T, predicted, residual_sd(predicted))


def _curvature(function: Callable[[Floats], Floats], at: Floats) -> Floats:
    """The matrix of second derivatives, by central differences in one call."""
    size = len(at)
    unit = np.eye(size) * _CURVATURE_STEP
    pairs = [(i, j) for i in range(size) for j in range(i, size)]
    points = [at + a * unit[i] + b * unit[j] for i, j in pairs for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
    corners = function(np.array(points)).reshape(len(pairs), 4) @ np.array([1.0, -1.0, -1.0, 1.0])
    curvature = np.zeros((size, size))
    for (i, j), corner in zip(pairs, corners, strict=True):
        curvature[i, j] = curvature[j, i] = corner / (4 * _CURVATURE_STEP**2)
    return curvature
