"""Doses, how often and in which manner they are taken, as they belong together in one line: "10 mg by mouth twice daily"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from agents.verification.evidence import SaidOrder, Source
from agents.verification.names import TREATMENTS, Name, State
from agents.verification.numbers import Frequency
from agents.verification.readings import Amount, Reading
from agents.verification.units import MASS_UNITS

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORDS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("route", "oral", re.compile(r"\b(?:by mouth|oral(?:ly)?|tablets?|capsules?|chew\w*|swallow\w*|(?-i:PO))\b", re.IGNORECASE)),
    ("route", "intravenous", re.compile(r"\bintravenous(?:ly)?\b|\binfus(?:ion|ed)\b|(?-i:\bIV\b)", re.IGNORECASE)),
    ("route", "subcutaneous", re.compile(r"\bsub-?cut\w*|\bunder the skin\b|\bsubQ\b|(?-i:\bS[CQ]\b)", re.IGNORECASE)),
    ("route", "intramuscular", re.compile(r"\bintramuscular(?:ly)?\b|\binto the (?:thigh|muscle)\b|(?-i:\bIM\b)", re.IGNORECASE)),
    ("route", "injected", re.compile(r"\binject(?:ed|ion|ions|able|or)\b", re.IGNORECASE)),
    ("route", "inhaled", re.compile(r"\binhal\w+|\bpuffs?\b|\bnebuli[sz]\w+", re.IGNORECASE)),
    ("route", "on the skin", re.compile(r"\btopical(?:ly)?\b|\bcream\b|\bointment\b|\btransdermal(?:ly)?\b", re.IGNORECASE)),
    ("time of day", "morning", re.compile(r"\b(?:every|each|in the|at) mornings?\b|\bqam\b|\bmornings\b", re.IGNORECASE)),
    ("time of day", "evening", re.compile(r"\b(?:every|each|in the|at) (?:evening|night)s?\b|\b(?:at )?bedtime\b|\bq(?:pm|hs)\b|\bnightly\b|\bevenings\b", re.IGNORECASE)),
    *(("day of the week", day, re.compile(rf"\b(?:(?:on|every|each) {day}s?|{day}s)\b", re.IGNORECASE)) for day in _WEEKDAYS),
)  # fmt: skip
# "Injected" says one of these, and each of these is injected.
_INJECTED = frozenset({"intravenous", "subcutaneous", "intramuscular"})
_REACH = 12  # characters between a word of how something is given and the drug behind it
_STOP = re.compile(r"[a-z)][.;]\s|\b(?:and|then|to) ", re.IGNORECASE)


class Taken(NamedTuple):
    """A drug with one dose, or how often it is taken, or both."""

    drug: Name
    dose: Amount | None
    frequency: Frequency | None


def orders_of(reading: Reading, source: Source, more_days: Iterable[date] = ()) -> Iterator[SaidOrder]:
    """The orders that a line of the evidence speaks of, one for each drug, with their days."""
    days = (*more_days, *reading.days)
    for drug in _drugs(reading):
        doses = _doses_of(drug, reading)
        # A tablet's strength is no dose where the dose is given as well: "half a 25 mg tablet (12.5 mg)".
        doses = [a for a in doses if not a.is_strength] or doses
        rates = {f.per_day for f, owners in reading.frequencies if not f.is_denied and _is_of(drug, owners)}
        if doses or rates:
            yield SaidOrder(
                drug.own,
                drug.ids,
                frozenset((a.number.value, a.number.unit) for a in doses),
                frozenset(rates),
                drug.state,
                days,
                source,
                drug.is_attributed or source.origin == "note",
            )
    loose = {f.per_day for f, owners in reading.frequencies if not owners and not f.is_denied}
    if loose:
        nothing: frozenset[str] = frozenset()
        yield SaidOrder(
            nothing, nothing, frozenset(), frozenset(loose), State.NAMED, days, source, source.origin == "note"
        )


def taken_of(reading: Reading) -> Iterator[Taken]:
    """What a sentence says to be taken: each dose with the frequency that goes with it, and frequencies that stand alone."""
    for drug in _drugs(reading):
        doses = _doses_of(drug, reading)
        doses = [a for a in doses if not a.is_strength] or doses
        often = [f for f, owners in reading.frequencies if _is_of(drug, owners)]
        with_dose: set[int] = set()
        for place, dose in enumerate(doses):
            end = doses[place + 1].number.start if place + 1 < len(doses) else len(reading.text)
            near = [f for f in often if dose.number.end <= f.start < end]
            near = near or ([f for f in often if f.end <= dose.number.start] if place == 0 and len(doses) == 1 else [])
            with_dose |= {f.start for f in near[:1]}
            yield Taken(drug, dose, near[0] if near else None)
        for frequency in often:
            if frequency.start not in with_dose:
                yield Taken(drug, None, frequency)


def _drugs(reading: Reading) -> list[Name]:
    """The drugs that doses or frequencies of a line belong to, each once."""
    bound = [o for a in reading.amounts for o in a.owners] + [o for _, owners in reading.frequencies for o in owners]
    found: dict[tuple[frozenset[str], int], Name] = {}
    for owner in bound:
        if TREATMENTS.isdisjoint(owner.kinds):
            continue
        # An owner carries the state of its own line; the reading may have been corrected since.
        name = next((n for n in reading.names if n.start == owner.start and n.own == owner.own), owner)
        if not name.is_allergy and not name.is_family:
            found.setdefault((name.own, name.start), name)
    return list(found.values())


def _doses_of(drug: Name, reading: Reading) -> list[Amount]:
    return [a for a in reading.amounts if _is_dose(a) and _is_of(drug, a.owners)]


def _is_dose(amount: Amount) -> bool:
    number = amount.number
    return number.unit in MASS_UNITS and not amount.is_change and not number.label and number.second is None


def _is_of(drug: Name, owners: Iterable[Name]) -> bool:
    return any(o.start == drug.start and o.own == drug.own for o in owners)


class Manner(NamedTuple):
    """A drug with one way in which it is given; `start` and `end` are of the words that say so."""

    drug: Name
    group: str
    value: str
    start: int
    end: int


def manners_of(reading: Reading) -> Iterator[Manner]:
    """How the drugs of a line are given, each by the nearest drug in the same clause."""
    drugs = [n for n in reading.names if "medication" in n.kinds and n.state not in {State.ABSENT, State.CONSIDERED}]
    if not drugs:
        return
    text = reading.plain
    for group, value, pattern in _WORDS:
        for match in pattern.finditer(text):
            drug = _drug_of(drugs, text, match)
            if drug is not None:
                yield Manner(drug, group, value, *match.span())


def _drug_of(drugs: Sequence[Name], text: str, words: re.Match[str]) -> Name | None:
    """The last drug before words of manner, else one just behind ("oral prednisone"), in the same clause."""
    before = [d for d in drugs if d.end <= words.start() and not _STOP.search(text, d.end, words.start())]
    behind = [d for d in drugs if 0 <= d.start - words.end() <= _REACH and not _STOP.search(text, words.end(), d.start)]
    return before[-1] if before else behind[0] if behind else None


def agree(claimed: str, given: frozenset[str]) -> bool:
    """Whether one of the ways that the evidence gives is the one that is claimed."""
    return claimed in given or (claimed == "injected" and bool(given & _INJECTED)) or (claimed in _INJECTED and "injected" in given and not given & _INJECTED)  # fmt: skip
