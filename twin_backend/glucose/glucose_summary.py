"""A course of glucose in the numbers of the consensus on sensor data (Battelino 2019, doi:10.2337/dci19-0028)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.predictions import Output
from twin_backend.calculators.blood_glucose_risk_index import risk
from twin_backend.display import band, measured

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RISK_SCALE = (20.0, 600.0)  # mg/dL: the indices' scale ends here (Kovatchev 1997)
_LOW = ((54.0, "level 2 hypoglycaemia (below 54 mg/dL)"), (70.0, "level 1 hypoglycaemia (54-69 mg/dL)"))


def summary(glucose_mg_per_dl: NDArray[np.float64]) -> list[Output]:
    """Mean, extremes, times in and out of range, and risk indices of readings one minute apart, shape (n,)."""
    import numpy as np

    glucose = glucose_mg_per_dl
    lowest, highest = int(np.argmin(glucose)), int(np.argmax(glucose))
    risks = np.array([risk(one) for one in np.clip(glucose, *_RISK_SCALE).tolist()])

    def share(name: str, label: str, hit: NDArray[np.bool_]) -> Output:
        return measured(name, label, float(100 * np.mean(hit)), "%", 1)

    low = float(glucose[lowest])
    return [
        measured("mean_glucose", "Mean glucose", float(glucose.mean()), "mg/dL", 0),
        measured("min_glucose", "Lowest glucose", low, "mg/dL", 0, band(low, _LOW, "no hypoglycaemia")),
        measured("time_of_min", "Time of the lowest glucose", lowest, "min", 0),
        measured("max_glucose", "Highest glucose", float(glucose[highest]), "mg/dL", 0),
        measured("time_of_max", "Time of the highest glucose", highest, "min", 0),
        measured("final_glucose", "Glucose at the end", float(glucose[-1]), "mg/dL", 0),
        share("time_in_range", "Time in range 70-180 mg/dL", (glucose >= 70) & (glucose <= 180)),
        share("time_below_70", "Time below 70 mg/dL", glucose < 70),
        share("time_below_54", "Time below 54 mg/dL", glucose < 54),
        share("time_above_180", "Time above 180 mg/dL", glucose > 180),
        share("time_above_250", "Time above 250 mg/dL", glucose > 250),
        measured("lbgi", "Low blood glucose index", float(np.maximum(-risks, 0).mean()), "{index}", 2),
        measured("hbgi", "High blood glucose index", float(np.maximum(risks, 0).mean()), "{index}", 2),
    ]
