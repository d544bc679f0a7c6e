"""Numbers and words that a calculator takes, chosen among what the note gives: the value on arrival, in the right unit.

A note gives many values of one test. The first that is the patient's own, current and possible is taken: case reports and
admission notes tell the arrival first. A value that the note calls baseline, a goal or past comes after those that it does not.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import resources
from typing import Any

from domain.errors import InvalidInput
from domain.predictions import ModelInput
from domain.quantities import convert
from tools.calculation.answers import DERIVED, NOTE, Used
from tools.calculation.reading import Found, NoteReading

_OTHER_FLUID = re.compile(
    r"\b(?:urin\w*|spot|24[- ]?h\w*|csf|cerebrospinal|pleural|ascit\w*|peritoneal|dialysate|synovial|stool|fluid)\b"
)
_BLOOD = re.compile(r"\b(?:serum|plasma|blood|venous|arterial)\b|[.;]\s")
_CLAUSE_END = re.compile(r"[.;:]\s|\n")
_NOW = re.compile(r"^.*\b(?:now|current(?:ly)?|present(?:ly|ation)?|admission|examination|today)\b", re.DOTALL)
_EARLIER = re.compile(
    r"\b(?:baseline|previous(?:ly)?|prior|earlier|ago|last (?:year|month|visit|week)|months? before|years? before|weeks? before"
    r"|pre-?op\w*|usual|known|recent|in the past|routine|annual|pre-?pregnan\w*|pre-?morbid|had been|history of)\b"
)
_NOT_HERE = re.compile(
    r"\b(?:birth|born|delivered|father|mother|sister|brother|donor|target|goal|ideal|normal range|reference)\b"
)
_CLAUSE = 110
_LOOK_BACK = 130
_PMOL_PER_UIU = 6.0  # insulin, pmol/L in one uIU/mL (Knopp 2019, doi:10.1177/1932296818823720)


@lru_cache(maxsize=1)
def sources() -> dict[str, list[str]]:
    """The concepts that feed each numeric input, the better ones first; those of one group, joined by |, are equals."""
    text = resources.files("tools").joinpath("data/note_inputs.json").read_text(encoding="utf-8")
    loaded: dict[str, list[str]] = json.loads(text)
    return loaded


def number(reading: NoteReading, spec: ModelInput, near: frozenset[int] = frozenset()) -> Used | None:
    """The value of a measured input, or None where the note has none that is possible.

    Of values that are equally current, one that starts at one of the characters `near` is preferred.
    """
    groups = [group.split("|") for group in sources().get(spec.name, ())]
    place = {concept: at for at, group in enumerate(groups) for concept in group}
    usable = [
        (found, value)
        for found in reading.measured(*place)
        if is_of_urine(reading, found) is spec.name.startswith("urine") and (value := _in_unit(found, spec)) is not None
    ]
    if not usable:
        return None
    ranked = sorted(
        usable,
        key=lambda pair: (
            _rank(reading, pair[0]),
            pair[0].start not in near,
            place[pair[0].concept_id],
            pair[0].start,
        ),
    )
    found, value = ranked[0]
    others = tuple(dict.fromkeys(reading.text[f.start : f.end] for f, v in ranked[1:] if abs(v - value) > 1e-9))
    same = abs(value - float(found.value)) <= 1e-9 * max(1.0, abs(value))
    return used(
        reading,
        spec.name,
        found.value,
        found.unit,
        found.start,
        found.end,
        others=others,
        converted=None if same else value,
    )


@lru_cache(maxsize=1)
def _normals() -> dict[str, float]:
    text = resources.files("tools").joinpath("data/normal_values.json").read_text(encoding="utf-8")
    loaded: dict[str, float] = json.loads(text)
    return loaded


def normal(spec: ModelInput) -> float | None:
    """A value of an input that is in nobody's way: what a score takes where the note does not say."""
    return _normals().get(spec.name)


def used(
    reading: NoteReading, name: str, value: float | bool | str, unit: str, start: int, end: int, **more: Any
) -> Used:
    """An input with its quote."""
    return Used(name=name, value=value, unit=unit, span=(start, end), quote=reading.text[start:end],
                origin=more.pop("origin", NOTE), **more)  # fmt: skip


def _in_unit(found: Found, spec: ModelInput) -> float | None:
    amount, unit = float(found.value), found.unit
    if spec.name == "fasting_insulin_uiu_ml" and unit == "pmol/L":
        amount, unit = amount / _PMOL_PER_UIU, spec.unit
    try:
        value = convert(amount, unit, spec.unit, spec.substance)
    except InvalidInput:
        return None
    low, high = spec.plausible or (float("-inf"), float("inf"))
    return value if low <= value <= high else None


def is_of_urine(reading: NoteReading, found: Found) -> bool:
    """Whether a value is of urine or another fluid than blood, by its name or the words before it."""
    if found.concept_id.startswith("urine"):
        return True
    around = reading.lower[max(0, found.start - _LOOK_BACK) : found.end]
    other = [m.start() for m in _OTHER_FLUID.finditer(around)]
    return bool(other) and not any(m.start() > other[-1] for m in _BLOOD.finditer(around))


def _rank(reading: NoteReading, found: Found) -> tuple[bool, ...]:
    """What speaks against a value; False sorts first."""
    said = found.assertion
    clause = _clause_before(reading.lower, found.start)
    return (
        said.is_family,
        said.is_hypothetical,
        _NOT_HERE.search(_NOW.sub("", clause)) is not None,
        said.is_historical or _EARLIER.search(clause + reading.lower[found.start : found.end]) is not None,
        said.is_negated,
    )


def _clause_before(lower: str, start: int) -> str:
    before = lower[max(0, start - _CLAUSE) : start]
    return before[max((m.end() for m in _CLAUSE_END.finditer(before)), default=0) :]


def sex(reading: NoteReading, spec: ModelInput) -> Used | None:
    """Female or male as the note calls the patient."""
    for found in reading.written("sex"):
        if not found.assertion.is_family and found.value in spec.choices:
            return used(reading, spec.name, str(found.value), "", found.start, found.end)
    pronouns = [m for m in reading.matching(_PRONOUN)]
    women = [m for m in pronouns if m[0] in ("she", "her")]
    chosen = women if 2 * len(women) > len(pronouns) else [m for m in pronouns if m not in women]
    if not chosen:
        return None
    value = "female" if chosen[0] in women else "male"
    return used(reading, spec.name, value, "", *chosen[0].span(), origin=DERIVED, note="from the pronouns of the note")


_PRONOUN = re.compile(r"\b(?:she|her|he|his|him)\b")
