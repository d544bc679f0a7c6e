"""Vital signs of one moment: a note tells them together, so a value that stands among others is the one on arrival."""

from __future__ import annotations

import re

from domain.predictions import ModelCard, ModelInput
from tools.calculation import values
from tools.calculation.answers import DERIVED, Used
from tools.calculation.reading import Found, NoteReading

_SIGNS = {
    "temperature_c": "body_temperature",
    "heart_rate_bpm": "heart_rate",
    "respiratory_rate_per_min": "respiratory_rate",
    "systolic_bp_mmhg": "systolic_blood_pressure",
    "diastolic_bp_mmhg": "diastolic_blood_pressure",
    "spo2_percent": "spo2",
}
_MOST = 12  # signs of a set that are looked through for one that is told again
_SENTENCE_END = re.compile(r"[.;]\s|\n")
_APART = 150  # characters between two signs of one moment


def together(reading: NoteReading) -> frozenset[int]:
    """Where the values of the first set of vital signs start; empty where no two are told together."""
    found = sorted(reading.measured(*_SIGNS.values()), key=lambda f: f.start)
    groups: list[list[Found]] = []
    for sign in found:
        if groups and _continues(reading.lower, groups[-1], sign):
            groups[-1].append(sign)
        else:
            groups.append([sign])
    best = next((group for group in groups if _kinds(group) >= 3), None) or next(
        (group for group in groups if _kinds(group) >= 2), []
    )
    return frozenset(sign.start for sign in best if not sign.assertion.is_historical)


def _continues(low: str, group: list[Found], sign: Found) -> bool:
    """Whether a sign is told with those before it: close to them, and not told again in another sentence."""
    last = group[-1]
    if sign.start - last.end > _APART:
        return False
    again = any(other.concept_id == sign.concept_id for other in group[-_MOST:])
    return not (again and _SENTENCE_END.search(low, last.end, sign.start))


def _kinds(group: list[Found]) -> int:
    return len({sign.concept_id.removeprefix("systolic_").removeprefix("diastolic_") for sign in group})


def vital_signs(reading: NoteReading, card: ModelCard) -> dict[str, Used]:
    """The vital signs that a model takes; both pressures are those of one measurement."""
    near = together(reading)
    used: dict[str, Used] = {}
    for spec in card.inputs:
        if spec.name not in _SIGNS:
            continue
        with_other = used.get("systolic_bp_mmhg") if spec.name == "diastolic_bp_mmhg" else None
        close = frozenset({with_other.span[0]}) if with_other and with_other.span else near
        if item := values.number(reading, spec, close):
            used[spec.name] = item
    return used


def mean_pressure(reading: NoteReading, spec: ModelInput) -> Used | None:
    """The mean arterial pressure, from the two pressures on arrival where they are told, else as it is told."""
    from twin_backend import inputs

    near = together(reading)
    systolic = values.number(reading, inputs.SYSTOLIC, near)
    if systolic is None or systolic.span is None:
        return values.number(reading, spec)
    start, end = systolic.span
    diastolic = values.number(reading, inputs.DIASTOLIC, frozenset({start}))
    if diastolic is None or diastolic.span is None or not start <= diastolic.span[0] <= end + _APART:
        return values.number(reading, spec)
    mean = (float(systolic.taken) + 2 * float(diastolic.taken)) / 3
    both = (start, max(end, diastolic.span[1]))
    note = f"a third of {systolic.taken:g} and two thirds of {diastolic.taken:g}"
    return values.used(reading, spec.name, mean, spec.unit, *both, origin=DERIVED, note=note)
