"""Error of a continuous glucose sensor (Breton and Kovatchev 2008, J Diabetes Sci Technol 2:853-62, PMC2740661).

A first-order autoregression every 15 min, bent into Johnson's unbounded distribution and joined by a cubic spline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STEP_MIN = 15
_CORRELATION = 0.7
_SHIFT, _SCALE, _GAMMA, _DELTA = -5.47, 15.9574, -0.5444, 1.6898  # mg/dL, mg/dL, 1, 1


def draws_needed(minutes: int) -> int:
    """How many standard normal draws cover this time; a spline needs four."""
    return max(-(-minutes // STEP_MIN) + 1, 4)


def sensor_error_mg_per_dl(normals: Floats, times_min: Floats) -> Floats:
    """What the sensor adds to subcutaneous glucose at these times, from draws of shape (k,), one every 15 min."""
    from scipy.interpolate import CubicSpline

    level, levels = float(normals[0]), [float(normals[0])]
    for draw in normals[1:]:
        level = _CORRELATION * (level + float(draw))
        levels.append(level)
    error = _SHIFT + _SCALE * np.sinh((np.array(levels) - _GAMMA) / _DELTA)
    result: Floats = CubicSpline(STEP_MIN * np.arange(len(error)), error)(times_min)
    return result
