"""Goti et al. 2018, table 2 (doi:10.1097/FTD.0000000000000490), as data and as the covariate model."""

from __future__ import annotations

from math import log, sqrt
from typing import TYPE_CHECKING

from twin_backend.calculators.cockcroft_gault import creatinine_clearance_ml_min

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin_backend.engines.solvers import TwoCompartment

CLEARANCE_L_PER_H = 4.5  # at 120 mL/min, without haemodialysis
CENTRAL_VOLUME_L = 58.4  # at 70 kg, without haemodialysis
PERIPHERAL_VOLUME_L = 38.4
INTERCOMPARTMENTAL_CLEARANCE_L_PER_H = 6.5
CRCL_EXPONENT = 0.8
CRCL_REFERENCE_ML_MIN = 120.0
CRCL_CAP_ML_MIN = 150.0  # the paper truncated creatinine clearance here
DIALYSIS_ON_CLEARANCE = 0.7
DIALYSIS_ON_CENTRAL_VOLUME = 0.5
# Between-subject variability, coefficient of variation of a log-normal; in the order CL, V1, V2.
CV = (0.398, 0.816, 0.571)
OMEGA_SD = tuple(sqrt(log(1 + cv**2)) for cv in CV)
# Residual error: proportional and additive, independent.
PROPORTIONAL_ERROR = 0.227
ADDITIVE_ERROR_MG_PER_L = 3.4


def goti_creatinine_clearance(age_years: float, weight_kg: float, creatinine_mg_dl: float, sex: str) -> float:
    """Cockcroft-Gault as the paper prepared it: over 60 years, creatinine below 1 mg/dL counts as 1; in mL/min."""
    floored = max(creatinine_mg_dl, 1.0) if age_years > 60 else creatinine_mg_dl
    return creatinine_clearance_ml_min(age_years, weight_kg, floored, sex)


def individual(crcl_ml_min: float, weight_kg: float, dialysis: bool, eta: NDArray[np.float64]) -> TwoCompartment:
    """Parameters of individuals with random effects `eta` of shape (n, 3) on CL, V1 and V2."""
    import numpy as np

    from twin_backend.engines.solvers import TwoCompartment

    clearance = CLEARANCE_L_PER_H * (min(crcl_ml_min, CRCL_CAP_ML_MIN) / CRCL_REFERENCE_ML_MIN) ** CRCL_EXPONENT
    central = CENTRAL_VOLUME_L * weight_kg / 70
    if dialysis:
        clearance, central = clearance * DIALYSIS_ON_CLEARANCE, central * DIALYSIS_ON_CENTRAL_VOLUME
    effects = np.exp(eta)
    return TwoCompartment.of(
        clearance * effects[:, 0],
        central * effects[:, 1],
        INTERCOMPARTMENTAL_CLEARANCE_L_PER_H,
        PERIPHERAL_VOLUME_L * effects[:, 2],
    )


def residual_variance(predicted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of a measured level around its prediction, (mg/L)^2."""
    variance: NDArray[np.float64] = (PROPORTIONAL_ERROR * predicted) ** 2 + ADDITIVE_ERROR_MG_PER_L**2
    return variance
