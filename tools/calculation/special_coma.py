"""Glasgow Coma Scale: eye, verbal and motor response as numbers (E3 V4 M6) or in the words of the examination."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from domain.predictions import ModelCard
from tools.calculation.answers import DERIVED, Used
from tools.calculation.reading import NoteReading
from tools.calculation.values import used

_TRIPLE = re.compile(
    r"(?<![a-z])e(?:yes?)?(?:\s(?:opening|response|score))?\s?[:=-]?\s?(?P<e>[1-4])[\s,;/+-]*(?:and\s)?v(?:erbal)?(?:\s(?:response|score))?\s?[:=-]?\s?(?P<v>[1-5]|t)t?[\s,;/+-]*(?:and\s)?m(?:otor)?(?:\s(?:response|score))?\s?[:=-]?\s?(?P<m>[1-6])"
    r"|(?<![a-z])e(?:yes?)?(?:\s(?:opening|response|score))?\s?[:=-]?\s?(?P<e2>[1-4])[\s,;/+-]*m(?:otor)?(?:\s(?:response|score))?\s?[:=-]?\s?(?P<m2>[1-6])[\s,;/+-]*v(?:erbal)?(?:\s(?:response|score))?\s?[:=-]?\s?(?P<v2>[1-5]|t)"
)


class _Row(NamedTuple):
    points: int
    pattern: re.Pattern[str]


@lru_cache(maxsize=1)
def _scales() -> dict[str, tuple[_Row, ...]]:
    """The words of each response; the first row whose words are asserted gives the points."""
    data = json.loads(resources.files("tools").joinpath("data/coma_scale.json").read_text(encoding="utf-8"))
    return {name: tuple(_row(row[0], row[1], data["words"]) for row in rows) for name, rows in data["scales"].items()}


def _row(points: int, patterns: list[str], words: dict[str, str]) -> _Row:
    joined = "|".join(f"(?:{pattern})" for pattern in patterns)
    for name, word in words.items():
        joined = joined.replace(f"{{{name}}}", word)
    return _Row(points, re.compile(joined))


_FULL = {"eye_response": 4, "verbal_response": 5, "motor_response": 6}
_LOSES_FIRST = ("verbal_response", "motor_response", "eye_response")
# Rows whose words are a denial themselves: ConText's negation is what they say, not what takes it back.
_DENIALS = {("eye_response", 1), ("verbal_response", 1), ("motor_response", 1)}


def coma_scale(reading: NoteReading, card: ModelCard, question: str) -> dict[str, Used]:
    """The three responses; one that the note does not tell is what is left of a total that it tells, else full."""
    told = _numbered(reading) or _described(reading)
    missing = [name for name in _FULL if name not in told]
    total = next((f for f in reading.measured("glasgow_coma_scale") if not f.assertion.is_historical), None)
    if total and missing and (left := _shared(int(float(total.value)) - _sum(told), missing)):
        note = "the note tells only the total, of which this is a part"
        return told | {
            name: used(reading, name, points, "{score}", total.start, total.end, note=note)
            for name, points in left.items()
        }
    if not told:
        return {}
    return told | {
        name: Used(
            name=name, value=_FULL[name], unit="{score}", origin="assumed_normal", note="not told, taken as full"
        )
        for name in missing
    }


def _sum(told: dict[str, Used]) -> int:
    return sum(int(float(item.value)) for item in told.values())


def _shared(points: int, names: list[str]) -> dict[str, int]:
    """Points shared among responses, the verbal one losing first; empty where they do not fit."""
    shares = {name: _FULL[name] for name in names}
    lost = sum(shares.values()) - points
    if not 0 <= lost <= sum(full - 1 for full in shares.values()):
        return {}
    for name in sorted(names, key=_LOSES_FIRST.index):
        shares[name] -= (taken := min(lost, shares[name] - 1))
        lost -= taken
    return shares


def _numbered(reading: NoteReading) -> dict[str, Used]:
    for match in reading.matching(_TRIPLE):
        groups = {key: match[key[0]] or match[key[0] + "2"] for key in ("eye", "verbal", "motor")}
        return {
            f"{key}_response": used(
                reading, f"{key}_response", 1 if value == "t" else int(value), "{score}", *match.span()
            )
            for key, value in groups.items()
        }
    return {}


def _described(reading: NoteReading) -> dict[str, Used]:
    found = {}
    reading.asserted([m.span() for rows in _scales().values() for row in rows for m in reading.matching(row.pattern)])
    for name, rows in _scales().items():
        if item := _first_asserted(reading, name, rows):
            found[name] = item
    return found


def _first_asserted(reading: NoteReading, name: str, rows: tuple[_Row, ...]) -> Used | None:
    for points, pattern in rows:
        spans = [m.span() for m in reading.matching(pattern)]
        for span, said in zip(spans, reading.asserted(spans), strict=True):
            if said.is_hypothetical or said.is_family:
                continue
            if said.is_negated and (name, points) not in _DENIALS:
                continue
            return used(
                reading, name, points, "{score}", *span, origin=DERIVED, note="from the words of the examination"
            )
    return None
