"""A medication sig as FHIR Dosage elements: text always, the structured parts where they are certain."""

from __future__ import annotations

import re

from domain.facts import DoseStep, MedicationSig
from domain.quantities import Quantity
from knowledge_base.elements import UCUM, Json

_TIMES = {
    "daily": (1, 1, "d"), "twice daily": (2, 1, "d"), "three times daily": (3, 1, "d"), "four times daily": (4, 1, "d"),
    "five times daily": (5, 1, "d"), "six times daily": (6, 1, "d"), "nightly": (1, 1, "d"), "every morning": (1, 1, "d"),
    "every evening": (1, 1, "d"), "daily at noon": (1, 1, "d"), "every other day": (1, 2, "d"), "every hour": (1, 1, "h"),
    "weekly": (1, 1, "wk"), "monthly": (1, 1, "mo"), "every other week": (1, 2, "wk"),
}  # fmt: skip
_WHEN = {"nightly": "HS", "every morning": "MORN", "every evening": "EVE", "before meals": "AC", "after meals": "PC",
         "with meals": "C", "daily at noon": "NOON"}  # fmt: skip
_EVERY = re.compile(r"every (\d{1,2}) (hour|day|week|month|minute)s?")
_PER = re.compile(r"(\d) times per (week|month)")
_LENGTH = re.compile(r"(\d{1,3})(?:\s?(?:-|–|to)\s?(\d{1,3}))?[\s-]*(h|d|w|mo|y)[a-z]*")
_UNITS = {
    "minute": "min",
    "hour": "h",
    "day": "d",
    "week": "wk",
    "month": "mo",
    "h": "h",
    "d": "d",
    "w": "wk",
    "mo": "mo",
    "y": "a",
}


def dosages(sig: MedicationSig, text: str) -> list[Json]:
    """The Dosage elements of a sig, one for each step of a taper; `text` is how the note says it."""
    steps = sig.steps or ((DoseStep(dose=sig.dose, dose_high=sig.dose_high),) if sig.dose else ())
    if len(steps) < 2:
        return [_dosage(sig, text, steps[0] if steps else None)]
    return [{"sequence": number, **_dosage(sig, text, step)} for number, step in enumerate(steps, start=1)]


def quantity(value: Quantity, comparator: str = "") -> Json:
    """A Quantity in UCUM; ChartTwin's own units in braces are UCUM annotations already."""
    element: Json = {"value": _plain(value.value), "unit": value.unit, "system": UCUM, "code": value.unit}
    if comparator in {"<", "<=", ">=", ">"}:
        element["comparator"] = comparator
    return element


def _dosage(sig: MedicationSig, text: str, step: DoseStep | None) -> Json:
    frequency = (step.frequency if step else "") or sig.frequency
    duration = (step.duration if step else "") or sig.duration
    element: Json = {"text": text}
    if repeat := _repeat(frequency, duration):
        element["timing"] = {"repeat": repeat}
    if words := ", ".join(filter(None, (frequency, f"for {duration}" if duration else ""))):
        element.setdefault("timing", {})["code"] = {"text": words}
    if sig.as_needed and sig.reason:
        element["asNeededCodeableConcept"] = {"text": sig.reason}
    elif sig.as_needed:
        element["asNeededBoolean"] = True
    if sig.route:
        element["route"] = {"text": sig.route}
    dose = _dose(sig, step)
    if dose:
        element["doseAndRate"] = [dose]
    return element


def _dose(sig: MedicationSig, step: DoseStep | None) -> Json:
    """What is taken at once; a number of units of a known strength is left to the text, since FHIR holds one dose."""
    if step is None:
        return {"doseQuantity": quantity(sig.amount)} if sig.amount else {}
    if step.dose.unit.endswith(("/h", "/min")):  # an infusion: a rate
        return {"rateQuantity": quantity(step.dose)}
    if sig.amount is not None:
        return {"doseQuantity": quantity(sig.amount)}
    if step.dose_high is not None:
        return {"doseRange": {"low": quantity(step.dose), "high": quantity(step.dose_high)}}
    return {"doseQuantity": quantity(step.dose)}


def _repeat(frequency: str, duration: str) -> Json:
    repeat: Json = {}
    if length := _LENGTH.fullmatch(duration):
        unit = _UNITS[length[3]]
        low = {"value": int(length[1]), "unit": unit, "system": UCUM, "code": unit}
        high = {**low, "value": int(length[2])} if length[2] else None
        repeat |= {"boundsRange": {"low": low, "high": high}} if high else {"boundsDuration": low}
    if times := _TIMES.get(frequency):
        repeat |= dict(zip(("frequency", "period", "periodUnit"), times, strict=True))
    elif every := _EVERY.fullmatch(frequency):
        repeat |= {"frequency": 1, "period": int(every[1]), "periodUnit": _UNITS[every[2]]}
    elif per := _PER.fullmatch(frequency):
        repeat |= {"frequency": int(per[1]), "period": 1, "periodUnit": _UNITS[per[2]]}
    if frequency in _WHEN:
        repeat["when"] = [_WHEN[frequency]]
    return repeat


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else value
