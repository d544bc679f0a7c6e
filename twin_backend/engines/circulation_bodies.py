"""Which bodies the circulation is run in: one like this patient, and an ensemble around it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from twin_backend.engines import circulation
from twin_backend.engines.circulation import Bodies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Coefficients of variation between people, log-normal; assumptions, of the order reported for healthy adults.
SPREAD = {
    "size": 0.08, "systemic resistance": 0.15, "lung resistance": 0.15, "arterial compliance": 0.20,
    "left elastance": 0.15, "right elastance": 0.15, "venous unstressed volume": 0.03, "reflex gain": 0.25,
    "fluid exchange": 0.30, "beat": 0.08, "set point": 0.05,
}  # fmt: skip
_SYSTEMIC = ("splanchnic_resistance", "other_resistance")
_VENOUS = ("splanchnic_venous_resistance", "other_venous_resistance")
_LUNG = ("lung_inlet_resistance", "lung_resistance")
_MOST_EJECTED = 0.9  # of what a ventricle holds above its unstressed volume


def fitted(body: Bodies, pressure: float | None, pulse_pressure: float | None, heart_rate: float | None) -> Bodies:
    """The body with this mean and pulse pressure (mmHg) and heart rate (per min) at rest.

    Filling pressures stay. A slower heart ejects more with each beat as far as it can, and flow falls beyond that;
    resistances, elastances, the reflex's set point and the intrinsic beat follow from it.
    """
    rest = circulation.settle(body, 1)
    now = circulation.read(body, rest.state)
    before, rate = float(now.mean_pressure[0]), float(now.heart_rate[0])
    stroke, central = float(now.stroke_volume[0]), float(now.central_venous_pressure[0])
    after = before if pressure is None else pressure
    faster = 1.0 if heart_rate is None else heart_rate / rate
    left = float(rest.state[circulation.LEFT_VENTRICLE, 0] - body.left_unstressed)
    right = float(rest.state[circulation.RIGHT_VENTRICLE, 0] - body.right_unstressed)
    ejected = min(stroke / faster, _MOST_EJECTED * min(left, right))
    flow = ejected * faster / stroke
    systemic = (after - central) / (before - central) / flow
    factors: dict[str, Floats | float] = {
        **dict.fromkeys(_SYSTEMIC, systemic),
        **dict.fromkeys((*_VENOUS, *_LUNG), 1 / flow),
        "aortic_resistance": after / before / flow,
        "left_elastance": (after / (left - ejected)) / (before / (left - stroke)),
        "right_elastance": (right - stroke) / (right - ejected),
        "beat_s": 1 / faster,
    }
    compliance = body.pulse_compliance if pulse_pressure is None else ejected / pulse_pressure
    moved = replace(
        body,
        set_point_mmhg=body.set_point_mmhg + after - before,
        pulse_compliance=compliance,
        arterial_unstressed=body.arterial_unstressed - body.arterial_compliance * (after - before),
    )
    return moved.scaled(factors)


def ensemble(body: Bodies, normals: Floats, held: frozenset[str] = frozenset()) -> Bodies:
    """The body in the first column and its relatives after it.

    Args:
        body: The body they are spread around.
        normals: Standard normal draws, shape (members, len(SPREAD)).
        held: Names of SPREAD that are known of this patient, and so do not vary.
    """
    z = np.vstack([np.zeros(len(SPREAD)), normals])
    sd = np.sqrt(np.log1p(np.array(list(SPREAD.values())) ** 2))
    factor = dict(zip(SPREAD, np.exp(z * sd).T, strict=True))
    factor.update({name: np.ones(len(z)) for name in held})
    varied = body.sized(factor["size"]).scaled({
        **dict.fromkeys(_SYSTEMIC, factor["systemic resistance"]),
        **dict.fromkeys(_LUNG, factor["lung resistance"]),
        **dict.fromkeys(("arterial_compliance", "pulse_compliance"), factor["arterial compliance"]),
        "left_elastance": factor["left elastance"],
        "right_elastance": factor["right elastance"],
        "reflex_gain": factor["reflex gain"],
        "beat_s": factor["beat"],
        "set_point_mmhg": factor["set point"],
        **dict.fromkeys(
            ("distribution_ml_per_s", "elimination_ml_per_s", "refill_ml_per_s"), factor["fluid exchange"]
        ),
    })  # fmt: skip
    unstressed = factor["venous unstressed volume"]
    return replace(
        varied,
        splanchnic_unstressed=(varied.splanchnic_unstressed[0] * unstressed, varied.splanchnic_unstressed[1]),
        other_unstressed=(varied.other_unstressed[0] * unstressed, varied.other_unstressed[1]),
    )
