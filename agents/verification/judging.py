"""Claims held against the evidence: supported, contradicted, unsupported, or nothing that can be checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from agents.verification.evidence import Source
from agents.verification.names import Setting, State
from agents.verification.readings import Reading
from agents.verification.said import Said


class Verdict(StrEnum):
    """How a claim stands to the evidence."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"
    NOT_CHECKABLE = "not_checkable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim of a sentence with its verdict; `start` and `end` count the sentence's characters."""

    kind: str
    value: str
    start: int
    end: int
    verdict: Verdict
    unit: str = ""
    reason: str = ""
    sources: tuple[Source, ...] = ()

    @property
    def is_fault(self) -> bool:
        """Whether the sentence cannot stay."""
        return self.verdict in {Verdict.UNSUPPORTED, Verdict.CONTRADICTED}


def supported(
    kind: str, value: str, span: tuple[int, int], *sources: Source, unit: str = "", reason: str = ""
) -> Finding:
    """A claim that the evidence bears out."""
    return Finding(kind, value, *span, Verdict.SUPPORTED, unit, reason, sources[:3])


def unsupported(kind: str, value: str, span: tuple[int, int], reason: str, *, unit: str = "") -> Finding:
    """A claim that nothing in the evidence says."""
    return Finding(kind, value, *span, Verdict.UNSUPPORTED, unit, reason)


def contradicted(
    kind: str, value: str, span: tuple[int, int], reason: str, *sources: Source, unit: str = ""
) -> Finding:
    """A claim that the evidence says otherwise of."""
    return Finding(kind, value, *span, Verdict.CONTRADICTED, unit, reason, sources[:3])


@dataclass(frozen=True, slots=True)
class Against:
    """What claims are held against: the evidence, how many citations there are, and the date that counts as today."""

    said: Said
    citations: int
    as_of: date | None = None


def judge(reading: Reading, against: Against, setting: Setting = Setting()) -> list[Finding]:
    """Every claim of a sentence with its verdict; `setting` is what its heading says."""
    from agents.verification.judging_events import judge_deaths, judge_last_visits, judge_stays
    from agents.verification.judging_movements import judge_movements
    from agents.verification.judging_names import judge_absences, judge_names, judge_strangers, judge_unknown
    from agents.verification.judging_values import judge_amounts, judge_dates

    found: list[Finding] = []
    found += _markers(reading, against)
    found += judge_dates(reading, against)
    found += judge_amounts(reading, against)
    found += _frequencies(reading, against.said)
    found += _codes(reading, against.said)
    names = list(judge_names(reading, against))
    found += names
    found += judge_movements(reading, against)
    found += judge_stays(reading, against.said)
    found += judge_last_visits(reading, against.said)
    found += judge_deaths(reading, against.said)
    found += judge_unknown(reading, against, setting)
    absences = list(judge_absences(reading, against, names))
    # "no drug allergies" denies a whole list: that "drug allergies" is no entry of it says nothing.
    found = [f for f in found if f.kind != "absence" or f.is_fault or not any(_holds(a, f) for a in absences)]
    found += absences
    found += judge_strangers(reading, against, found)
    return found


def _holds(outer: Finding, inner: Finding) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _markers(reading: Reading, against: Against) -> Iterator[Finding]:
    for start, end, marker in reading.markers:
        if not 1 <= int(marker[1:-1]) <= against.citations:
            yield unsupported("citation", marker, (start, end), "there is no such citation")


def _codes(reading: Reading, said: Said) -> Iterator[Finding]:
    for start, end, code in reading.codes:
        if code in said.codes:
            yield supported("code", code, (start, end))
        elif not any(f"{n.value:g}" == code for n in said.numbers if n.unit == ""):
            yield unsupported("code", code, (start, end), "no result gives this code")
    for start, end, time in reading.times:
        if time not in said.times:
            yield unsupported("time", time, (start, end), "no result gives this time of day")


def _frequencies(reading: Reading, said: Said) -> Iterator[Finding]:
    for frequency, owners in reading.frequencies:
        span = (frequency.start, frequency.end)
        own = frozenset().union(*(o.own for o in owners)) if owners else frozenset()
        ids = frozenset().union(*(o.ids for o in owners)) if owners else frozenset()
        mine = [
            f for f in said.frequencies if not own or not f[1] or not f[1].isdisjoint(ids) or not own.isdisjoint(f[2])
        ]
        same = [f for f in mine if abs(f[0] - frequency.per_day) <= 0.02 * frequency.per_day]
        considered = any(n.state is State.CONSIDERED for n in reading.names)
        if same:
            yield supported("frequency", frequency.text, span, same[0][3])
        elif mine:
            yield contradicted("frequency", frequency.text, span, "the results give another frequency", mine[0][3])
        elif owners or not considered:
            yield unsupported("frequency", frequency.text, span, "no result gives a frequency")


def shifted(found: Sequence[Finding], by: int) -> list[Finding]:
    """Findings with their spans moved."""
    return [replace(f, start=f.start + by, end=f.end + by) for f in found]


def content_words(text: str) -> frozenset[str]:
    """Words of four letters and more, in lower case."""
    return frozenset(re.findall(r"[a-zà-ÿ]{4,}", text.lower()))
