"""A closed circulation with baroreflex, averaged over the beat (after Ursino 1998), for many bodies at once.

Eight volumes, mL: systemic arteries, splanchnic and other veins, right atrium, right ventricle, pulmonary arteries,
pulmonary veins with left atrium, left ventricle. The vessels, the carotid reflex and the ventricles' pressure-volume
relations are those of Ursino (doi:10.1152/ajpheart.1998.275.5.H1733); what is averaged away is the beat:

    stroke volume = EDV - Vu - P_arterial / Emax          end-systolic elastance against the mean pressure
    EDV tends to ln(1 + P_atrial / P0) / kE within a beat  diastolic pressure-volume relation
    pulse pressure = stroke volume / total arterial compliance (Chemla 1998, doi:10.1152/ajpheart.1998.274.2.H500)

Low-pressure receptors mobilise venous blood as in Heldt 2002 (doi:10.1152/japplphysiol.00241.2001).
Fluid leaves and enters the vessels by volume kinetics (Drobin and Hahn 1999, doi:10.1097/00000542-199901000-00013).
Arrays have one column for each body. No medicine beyond these equations here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STEP_S = 0.2
RECORD_EVERY = 150  # steps: every half minute
(
    ARTERIES, SPLANCHNIC_VEINS, OTHER_VEINS, RIGHT_ATRIUM, RIGHT_VENTRICLE, LUNG_ARTERIES, LUNG_VEINS, LEFT_VENTRICLE,
    SENSED, TONE_RESISTANCE, TONE_HEART, TONE_RATE, TONE_VEINS, VAGAL_RATE, MOBILISED,
    CRYSTALLOID_IN_BLOOD, TISSUE, URINE, REFILLED, LOST, BLOOD_GIVEN, CRYSTALLOID_GIVEN, HEMOGLOBIN,
) = range(23)  # fmt: skip
_ROWS = HEMOGLOBIN + 1
_VESSELS = slice(ARTERIES, SENSED)
_REFLEX = slice(SENSED, CRYSTALLOID_IN_BLOOD)
_TONES = slice(TONE_RESISTANCE, VAGAL_RATE)
_FLUIDS = slice(CRYSTALLOID_IN_BLOOD, _ROWS)

# Ursino 1998, table 3: delays of 2, 5 and 0.2 s, in steps; time constants of the rows of _REFLEX; the sensor's lead.
_DELAY_FAST, _DELAY_VEINS, _DELAY_VAGAL = 10, 25, 1
_LEAD_S = 6.37
_REFLEX_SHARE = 1 - np.exp(-STEP_S / np.array([2.076, 6.0, 8.0, 2.0, 20.0, 1.5, 20.0]))[:, None]
_LOW_PRESSURE_RANGE = 5.0  # mmHg of atrial pressure (Heldt 2002)


@dataclass(frozen=True)
class Bodies:
    """Parameters, a number or one for each body; defaults are the 70 kg adult of Ursino 1998 (tables 1 to 3)."""

    blood_volume_ml: Floats | float = 5300.0
    # Compliances in mL/mmHg, unstressed volumes in mL, resistances in mmHg.s/mL. Systemic arteries hold the arterial,
    # splanchnic and other peripheral compartments of the paper, pulmonary veins its veins and left atrium.
    arterial_compliance: Floats | float = 0.28 + 2.05 + 1.67
    arterial_unstressed: Floats | float = 274.4 + 336.6
    splanchnic_venous_compliance: Floats | float = 61.11
    other_venous_compliance: Floats | float = 50.0
    right_atrial_compliance: Floats | float = 31.25
    right_atrial_unstressed: Floats | float = 25.0
    lung_arterial_compliance: Floats | float = 0.76 + 5.80
    lung_arterial_unstressed: Floats | float = 123.0
    lung_venous_compliance: Floats | float = 25.37 + 19.23
    lung_venous_unstressed: Floats | float = 120.0 + 25.0
    aortic_resistance: Floats | float = 0.06
    splanchnic_venous_resistance: Floats | float = 0.038
    other_venous_resistance: Floats | float = 0.016
    lung_inlet_resistance: Floats | float = 0.023
    lung_resistance: Floats | float = 0.0894 + 0.0056
    pulse_compliance: Floats | float = 1.7
    # Ventricles: P0 exp(kE V) - P0 in diastole, Emax (V - Vu) at the end of systole; mmHg, 1/mL, mL.
    diastolic_pressure: float = 1.5
    left_stiffness: Floats | float = 0.014
    right_stiffness: Floats | float = 0.011
    left_unstressed: Floats | float = 16.77
    right_unstressed: Floats | float = 40.8
    # What the reflex sets: value without sympathetic drive, and gain on its logarithm.
    splanchnic_resistance: tuple[Floats | float, Floats | float] = (2.49, 0.695)
    other_resistance: tuple[Floats | float, Floats | float] = (0.78, 0.53)
    left_elastance: tuple[Floats | float, Floats | float] = (2.392, 0.475)
    right_elastance: tuple[Floats | float, Floats | float] = (1.412, 0.282)
    splanchnic_unstressed: tuple[Floats | float, Floats | float] = (1435.4, -265.4)
    other_unstressed: tuple[Floats | float, Floats | float] = (1537.0, -132.5)
    beat_s: tuple[Floats | float, Floats | float, Floats | float] = (0.58, -0.13, 0.09)  # sympathetic, vagal
    set_point_mmhg: Floats | float = 92.0
    # Blood that low-pressure receptors mobilise from veins, mL for each mmHg of atrial pressure (Heldt 2002).
    splanchnic_mobilised: Floats | float = 64.0
    other_mobilised: Floats | float = 46.0
    reflex_gain: Floats | float = 1.0  # share of the reflex's departure from rest that reaches its effectors
    # Crystalloid: half of it is in the plasma at the end of half an hour's infusion, 18 % another half hour later, as
    # Hahn 2020 reports (doi:10.1111/aas.13533); elimination falls to a quarter after 900 mL of blood (Drobin 1999).
    # Refill from the tissues after blood loss: about 0.1 mL/kg/min after 900 mL, an assumption.
    plasma_volume_ml: Floats | float = 3000.0
    tissue_volume_ml: Floats | float = 7700.0
    distribution_ml_per_s: Floats | float = 120.0 / 60
    elimination_ml_per_s: Floats | float = 60.0 / 60
    elimination_lost_per_ml: Floats | float = (1 - 34 / 133) / 900.0
    refill_ml_per_s: Floats | float = 25.0 / 60

    def sized(self, size: Floats | float) -> Bodies:
        """The same bodies, larger: volumes, compliances and flows grow with `size`; pressures and times stay."""
        grown = (
            "blood_volume_ml", "arterial_compliance", "arterial_unstressed", "splanchnic_venous_compliance",
            "other_venous_compliance", "right_atrial_compliance", "right_atrial_unstressed",
            "lung_arterial_compliance", "lung_arterial_unstressed", "lung_venous_compliance", "lung_venous_unstressed",
            "pulse_compliance", "left_unstressed", "right_unstressed", "plasma_volume_ml", "tissue_volume_ml",
            "distribution_ml_per_s", "elimination_ml_per_s", "refill_ml_per_s", "splanchnic_unstressed",
            "other_unstressed", "splanchnic_mobilised", "other_mobilised",
        )  # fmt: skip
        shrunk = (
            "aortic_resistance", "splanchnic_venous_resistance", "other_venous_resistance", "lung_inlet_resistance",
            "lung_resistance", "left_stiffness", "right_stiffness", "splanchnic_resistance", "other_resistance",
            "left_elastance", "right_elastance", "elimination_lost_per_ml",
        )  # fmt: skip
        return self.scaled({**dict.fromkeys(grown, size), **dict.fromkeys(shrunk, 1 / size)})

    def scaled(self, factors: dict[str, Floats | float]) -> Bodies:
        """The same bodies with parameters multiplied; a pair or triple is multiplied as a whole."""
        changes: dict[str, Any] = {}
        for name, factor in factors.items():
            value = getattr(self, name)
            changes[name] = tuple(v * factor for v in value) if isinstance(value, tuple) else value * factor
        return replace(self, **changes)


@dataclass(frozen=True)
class Events:
    """What is done to every body at a moment; rates in mL/s, pressure in mmHg."""

    bleeding: float = 0.0
    blood: float = 0.0
    crystalloid: float = 0.0
    vasopressor: float = (
        0.0  # added to the logarithm of the sympathetic drive of arterioles, half of it of veins and heart
    )
    thoracic_pressure: float = 0.0


NOTHING = Events()


@dataclass(frozen=True)
class Readings:
    """What a monitor would show, one value for each body."""

    heart_rate: Floats
    mean_pressure: Floats
    pulse_pressure: Floats
    stroke_volume: Floats
    cardiac_output: Floats  # L/min
    central_venous_pressure: Floats
    lung_arterial_pressure: Floats  # transmural, as the next
    lung_venous_pressure: Floats
    resistance: Floats  # systemic, mmHg.s/mL
    blood_volume: Floats
    hemoglobin: Floats  # share of the concentration at the start


@dataclass(frozen=True)
class _Held:
    """What changes slowly enough to be held through a step: the effectors of the reflex, and the balance of fluid."""

    splanchnic_resistance: Floats
    other_resistance: Floats
    left_elastance: Floats
    right_elastance: Floats
    splanchnic_unstressed: Floats
    other_unstressed: Floats
    beat_s: Floats
    thoracic_pressure: float
    gain: Floats | float  # mL/s into the veins


@dataclass(frozen=True)
class _Flows:
    left_output: Floats
    right_output: Floats
    left_filling: Floats
    right_filling: Floats
    to_splanchnic: Floats
    to_other: Floats
    from_splanchnic: Floats
    from_other: Floats
    through_lung: Floats
    arterial_pressure: Floats
    atrial_pressure: Floats  # transmural, as the next
    lung_venous_pressure: Floats


def _effectors(b: Bodies, x: Floats, events: Events, gain: Floats | float = 0.0) -> _Held:
    tone = x[TONE_RESISTANCE] + events.vasopressor
    veins = x[TONE_VEINS] + events.vasopressor / 2
    heart = x[TONE_HEART] + events.vasopressor / 2
    return _Held(
        b.splanchnic_resistance[0] + b.splanchnic_resistance[1] * tone,
        b.other_resistance[0] + b.other_resistance[1] * tone,
        b.left_elastance[0] + b.left_elastance[1] * heart,
        b.right_elastance[0] + b.right_elastance[1] * heart,
        b.splanchnic_unstressed[0] + b.splanchnic_unstressed[1] * veins - b.splanchnic_mobilised * x[MOBILISED],
        b.other_unstressed[0] + b.other_unstressed[1] * veins - b.other_mobilised * x[MOBILISED],
        b.beat_s[0] + b.beat_s[1] * x[TONE_RATE] + b.beat_s[2] * x[VAGAL_RATE],
        events.thoracic_pressure,
        gain,
    )


def _flows(b: Bodies, v: Floats, h: _Held) -> _Flows:
    """Flows in mL/s and pressures in mmHg of the eight volumes; veins below their unstressed volume are collapsed."""
    arteries = (v[ARTERIES] - b.arterial_unstressed) / b.arterial_compliance
    splanchnic = np.maximum(v[SPLANCHNIC_VEINS] - h.splanchnic_unstressed, 0) / b.splanchnic_venous_compliance
    other = np.maximum(v[OTHER_VEINS] - h.other_unstressed, 0) / b.other_venous_compliance
    atrium = (v[RIGHT_ATRIUM] - b.right_atrial_unstressed) / b.right_atrial_compliance
    lung_in = (v[LUNG_ARTERIES] - b.lung_arterial_unstressed) / b.lung_arterial_compliance
    lung_out = (v[LUNG_VEINS] - b.lung_venous_unstressed) / b.lung_venous_compliance

    left_room = v[LEFT_VENTRICLE] - b.left_unstressed - (arteries - h.thoracic_pressure) / h.left_elastance
    right_room = v[RIGHT_VENTRICLE] - b.right_unstressed - lung_in / h.right_elastance
    left_output = np.maximum(left_room, 0) / (h.beat_s + b.aortic_resistance / h.left_elastance)
    right_output = np.maximum(right_room, 0) / (h.beat_s + b.lung_inlet_resistance / h.right_elastance)
    left_target = np.log1p(np.maximum(lung_out, 0) / b.diastolic_pressure) / b.left_stiffness
    right_target = np.log1p(np.maximum(atrium, 0) / b.diastolic_pressure) / b.right_stiffness
    outside = atrium + h.thoracic_pressure
    return _Flows(
        left_output,
        right_output,
        np.maximum((left_target - v[LEFT_VENTRICLE]) / h.beat_s + left_output, 0),
        np.maximum((right_target - v[RIGHT_VENTRICLE]) / h.beat_s + right_output, 0),
        (arteries - splanchnic) / h.splanchnic_resistance,
        (arteries - other) / h.other_resistance,
        np.maximum(splanchnic - outside, 0) / b.splanchnic_venous_resistance,
        np.maximum(other - outside, 0) / b.other_venous_resistance,
        (lung_in - lung_out) / b.lung_resistance,
        arteries,
        atrium,
        lung_out,
    )


def _volume_slopes(f: _Flows, h: _Held, splanchnic_share: Floats) -> Floats:
    into_splanchnic = h.gain * splanchnic_share
    return np.stack((
        f.left_output - f.to_splanchnic - f.to_other,
        f.to_splanchnic - f.from_splanchnic + into_splanchnic,
        f.to_other - f.from_other + (h.gain - into_splanchnic),
        f.from_splanchnic + f.from_other - f.right_filling,
        f.right_filling - f.right_output,
        f.right_output - f.through_lung,
        f.through_lung - f.left_filling,
        f.left_filling - f.left_output,
    ))  # fmt: skip


def _fluid_slopes(b: Bodies, x: Floats, events: Events) -> tuple[Floats, Floats]:
    """Change of the fluid rows, and the gain of blood volume, mL/s.

    Crystalloid in the blood spreads into the tissues and is excreted; blood lost is refilled from the tissues.
    """
    dilution, lost = x[CRYSTALLOID_IN_BLOOD] / b.plasma_volume_ml, x[LOST] - x[BLOOD_GIVEN]
    to_tissue = b.distribution_ml_per_s * (dilution - (x[TISSUE] + x[REFILLED]) / b.tissue_volume_ml)
    working = np.clip(1 - b.elimination_lost_per_ml * np.maximum(lost, 0), 0, 1)
    urine = b.elimination_ml_per_s * working * np.maximum(dilution, 0)
    refill = b.refill_ml_per_s * ((lost - x[REFILLED]) / b.plasma_volume_ml - x[REFILLED] / b.tissue_volume_ml)
    bled = events.bleeding / x[_VESSELS].sum(axis=0)
    slopes = np.empty((_FLUIDS.stop - _FLUIDS.start, x.shape[1]))
    slopes[0] = events.crystalloid - to_tissue - urine - bled * x[CRYSTALLOID_IN_BLOOD]
    slopes[1] = to_tissue - refill
    slopes[2] = urine
    slopes[3] = refill
    slopes[4] = events.bleeding
    slopes[5] = events.blood
    slopes[6] = events.crystalloid
    slopes[7] = events.blood - bled * x[HEMOGLOBIN]
    return slopes, events.blood + events.crystalloid - events.bleeding - to_tissue - urine + refill


def _reflex(b: Bodies, sensed: Floats) -> tuple[Floats, Floats]:
    """Logarithm of the sympathetic drive, and vagal activity in spikes/s, of the sensed pressure."""
    firing = np.exp(np.clip((sensed - b.set_point_mmhg) / 11.758, -50, 50))
    carotid = (2.52 + 47.78 * firing) / (1 + firing)
    sympathetic = 2.10 + (16.11 - 2.10) * np.exp(-0.0675 * carotid)
    vagal = np.exp((carotid - 25.0) / 7.06)
    return np.log1p(np.maximum(sympathetic - 2.66, 0)), (3.2 + 6.3 * vagal) / (1 + vagal)


@dataclass(frozen=True)
class Rest:
    """Bodies settled at rest: their state, the drives that hold it, and the atrial pressure they are used to."""

    state: Floats
    drive: Floats
    vagal: Floats
    atrial_pressure: Floats


def settle(bodies: Bodies, number: int, seconds: float = 300.0) -> Rest:
    """The bodies after `seconds` undisturbed, the carotid reflex at work."""
    b = bodies
    drive, vagal = _reflex(b, np.full(number, 1.0) * b.set_point_mmhg)
    state = np.zeros((_ROWS, number))
    state[ARTERIES] = b.arterial_unstressed + b.arterial_compliance * 0.95 * b.set_point_mmhg
    state[RIGHT_ATRIUM] = b.right_atrial_unstressed + 4.7 * b.right_atrial_compliance
    state[LUNG_ARTERIES] = b.lung_arterial_unstressed + 15.7 * b.lung_arterial_compliance
    state[LUNG_VEINS] = b.lung_venous_unstressed + 7.4 * b.lung_venous_compliance
    state[RIGHT_VENTRICLE] = np.log1p(4.7 / b.diastolic_pressure) / b.right_stiffness
    state[LEFT_VENTRICLE] = np.log1p(7.4 / b.diastolic_pressure) / b.left_stiffness
    state[SPLANCHNIC_VEINS] = b.splanchnic_unstressed[0] + b.splanchnic_unstressed[1] * drive
    state[OTHER_VEINS] = b.other_unstressed[0] + b.other_unstressed[1] * drive
    left_over = b.blood_volume_ml - state[_VESSELS].sum(axis=0)
    share = b.splanchnic_venous_compliance / (b.splanchnic_venous_compliance + b.other_venous_compliance)
    state[SPLANCHNIC_VEINS] += left_over * share
    state[OTHER_VEINS] += left_over * (1 - share)
    state[SENSED] = b.set_point_mmhg
    state[_TONES] = drive
    state[VAGAL_RATE] = vagal
    state[HEMOGLOBIN] = b.blood_volume_ml
    carotid_only = replace(b, splanchnic_mobilised=0.0, other_mobilised=0.0, reflex_gain=1.0)
    start = Rest(state, drive, vagal, np.zeros(number))
    _, states = _advance(carotid_only, start, lambda _: NOTHING, round(seconds / STEP_S))
    settled = states[-1]
    settled[MOBILISED] = 0.0
    atrium = (settled[RIGHT_ATRIUM] - b.right_atrial_unstressed) / b.right_atrial_compliance
    return Rest(settled, *_reflex(b, settled[SENSED]), atrium)


def simulate(bodies: Bodies, rest: Rest, course: Callable[[float], Events], minutes: float) -> tuple[Floats, Floats]:
    """States every half minute: times in min, shape (t,), and states, shape (t, rows, bodies).

    Args:
        bodies: Parameters.
        rest: Where the bodies start, from `settle`.
        course: Seconds since the start to what is being done then.
        minutes: How long.
    """
    return _advance(bodies, rest, course, round(60 * minutes / STEP_S))


def _advance(b: Bodies, rest: Rest, course: Callable[[float], Events], steps: int) -> tuple[Floats, Floats]:
    """Steps of 0.2 s: Heun's method for the volumes; fluids by Euler and the reflex by its exact decay, held within."""
    x = rest.state.copy()
    drives = np.tile(rest.drive, (_DELAY_VEINS + 1, 1))
    vagals = np.tile(rest.vagal, (_DELAY_VAGAL + 1, 1))
    times, states = [0.0], [x.copy()]
    for step in range(steps):
        events = course(step * STEP_S)
        fluids, gain = _fluid_slopes(b, x, events)
        held = _effectors(b, x, events, gain)
        in_splanchnic = x[SPLANCHNIC_VEINS]
        share = in_splanchnic / (in_splanchnic + x[OTHER_VEINS])
        flows = _flows(b, x[_VESSELS], held)
        first = _volume_slopes(flows, held, share)
        ahead = x[_VESSELS] + STEP_S * first
        second = _volume_slopes(_flows(b, ahead, held), held, share)

        drive, vagal = _reflex(b, x[SENSED])
        drives[step % len(drives)] = rest.drive + b.reflex_gain * (drive - rest.drive)
        vagals[step % len(vagals)] = rest.vagal + b.reflex_gain * (vagal - rest.vagal)
        fast, slow = drives[(step - _DELAY_FAST) % len(drives)], drives[(step - _DELAY_VEINS) % len(drives)]
        pressure = flows.arterial_pressure + b.aortic_resistance * flows.left_output
        goals = (
            pressure + _LEAD_S * first[ARTERIES] / b.arterial_compliance, fast, fast, fast, slow,
            vagals[(step - _DELAY_VAGAL) % len(vagals)],
            b.reflex_gain * _LOW_PRESSURE_RANGE * np.arctan((rest.atrial_pressure - flows.atrial_pressure) / _LOW_PRESSURE_RANGE),
        )  # fmt: skip
        x[_REFLEX] += (np.stack(goals) - x[_REFLEX]) * _REFLEX_SHARE
        x[_FLUIDS] += STEP_S * fluids
        x[_VESSELS] += STEP_S / 2 * (first + second)
        if (step + 1) % RECORD_EVERY == 0 or step + 1 == steps:
            times.append((step + 1) * STEP_S / 60)
            states.append(x.copy())
    return np.array(times), np.stack(states)


def read(bodies: Bodies, state: Floats, events: Events = NOTHING) -> Readings:
    """The readings of one state, shape (rows, bodies)."""
    held = _effectors(bodies, state, events)
    f = _flows(bodies, state[_VESSELS], held)
    pressure = f.arterial_pressure + bodies.aortic_resistance * f.left_output
    stroke, blood = f.left_output * held.beat_s, state[_VESSELS].sum(axis=0)
    return Readings(
        heart_rate=60 / held.beat_s,
        mean_pressure=pressure,
        pulse_pressure=stroke / bodies.pulse_compliance,
        stroke_volume=stroke,
        cardiac_output=f.left_output * 60 / 1000,
        central_venous_pressure=f.atrial_pressure + events.thoracic_pressure,
        lung_arterial_pressure=f.lung_venous_pressure + f.through_lung * bodies.lung_resistance,
        lung_venous_pressure=f.lung_venous_pressure,
        resistance=bodies.aortic_resistance
        + 1
        / (
            1 / (held.splanchnic_resistance + bodies.splanchnic_venous_resistance)
            + 1 / (held.other_resistance + bodies.other_venous_resistance)
        ),
        blood_volume=blood,
        hemoglobin=state[HEMOGLOBIN] / blood,
    )


def balance_error(states: Floats) -> float:
    """The largest share of the blood volume that appeared from or vanished into nowhere, over times and bodies."""
    held = states[:, _VESSELS].sum(axis=1) + states[:, TISSUE] + states[:, URINE] + states[:, LOST]
    held = held - states[:, BLOOD_GIVEN] - states[:, CRYSTALLOID_GIVEN]
    return float(np.max(np.abs(held - held[0]) / held[0]))
