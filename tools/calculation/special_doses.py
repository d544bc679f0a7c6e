"""Doses of drugs that a calculator converts: steroids to one another, opioids to morphine."""

from __future__ import annotations

import re

from domain.errors import InvalidInput
from domain.facts import Fact
from domain.predictions import ModelCard
from domain.quantities import convert
from tools.calculation.answers import QUESTION, Used
from tools.calculation.reading import NoteReading, bounds
from tools.calculation.values import used

_STEROIDS = ("hydrocortisone", "cortisone", "prednisone", "prednisolone", "methylprednisolone", "triamcinolone",
             "deflazacort", "dexamethasone", "betamethasone")  # fmt: skip
_NAMED = re.compile(rf"\b(?:{'|'.join(sorted(_STEROIDS, key=len, reverse=True))})\b")
_PER_DAY = {
    "daily": 1.0, "nightly": 1.0, "at bedtime": 1.0, "every morning": 1.0, "every evening": 1.0, "once": 1.0,
    "once daily": 1.0, "twice daily": 2.0, "three times daily": 3.0, "four times daily": 4.0, "every other day": 0.5, "weekly": 1 / 7,
}  # fmt: skip
_TIMES = re.compile(r"(\d+) times daily")
_EVERY = re.compile(r"every (\d+)(?:-\d+)? (hour|day)s?")


def steroids(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """The steroid and dose that the note gives, and the steroid that the question wants."""
    asked = _NAMED.findall(question.lower())
    given = [f for f in reading.about(*_STEROIDS) if f.sig and f.sig.dose and _milligrams(f) is not None]
    named = [f for f in given if f.concept_id in asked]
    chosen = (named or given)[:1]
    if not chosen:
        return {}
    fact, dose = chosen[0], _milligrams(chosen[0]) or 0.0
    found = {
        "steroid": used(reading, "steroid", fact.concept_id, "", *bounds(fact)),
        "dose_mg": used(reading, "dose_mg", dose, "mg", *bounds(fact)),
    }
    targets = [name for name in asked if name != fact.concept_id] or asked[-1:]
    if targets:
        found["target_steroid"] = Used(name="target_steroid", value=targets[-1], quote=targets[-1], origin=QUESTION)
    return found


def _milligrams(fact: Fact) -> float | None:
    try:
        return convert(fact.sig.dose.value, fact.sig.dose.unit, "mg") if fact.sig and fact.sig.dose else None
    except InvalidInput:
        return None


def opioids(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """The daily dose of each opioid that the note gives; one drug in two doses is added up."""
    known = {spec.name.removesuffix("_mg_per_day"): spec for spec in card.inputs if spec.name.endswith("_mg_per_day")}
    found: dict[str, Used] = {}
    for fact in reading.about(*known, "fentanyl"):
        said = fact.assertion
        if fact.sig is None or said.is_negated or said.is_family or said.is_historical or said.is_hypothetical:
            continue
        dose, times = _milligrams(fact), per_day(fact.sig.frequency)
        if fact.concept_id == "fentanyl":
            name, dose = "_fentanyl", fact.sig.dose.value if fact.sig.dose else None
        else:
            name = known[fact.concept_id].name
        if dose is None or times is None:
            continue
        before = found[name].value if name in found else 0.0
        item = used(reading, name, float(before) + dose * times, "mg/d", *bounds(fact),
                    note=f"{fact.sig.dose} {fact.sig.frequency}")  # fmt: skip
        found[name] = item.model_copy(update={"unit": ""}) if name == "_fentanyl" else item
    return found


def per_day(frequency: str) -> float | None:
    """How often a day, or None where the words do not say."""
    if frequency in _PER_DAY:
        return _PER_DAY[frequency]
    if match := _TIMES.fullmatch(frequency):
        return float(match[1])
    if match := _EVERY.fullmatch(frequency):
        return (24.0 if match[2] == "hour" else 1.0) / float(match[1])
    return None
