"""Doses and how often they are taken, as they belong together in one line: "10 mg twice daily, then 5 mg"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from agents.verification.evidence import SaidOrder, Source
from agents.verification.names import TREATMENTS, Name, State
from agents.verification.numbers import Frequency
from agents.verification.readings import Amount, Reading
from agents.verification.units import MASS_UNITS


class Taken(NamedTuple):
    """A drug with one dose, or how often it is taken, or both."""

    drug: Name
    dose: Amount | None
    frequency: Frequency | None


def orders_of(reading: Reading, source: Source, more_days: Iterable[date] = ()) -> Iterator[SaidOrder]:
    """The orders that a line of the evidence speaks of, one for each drug, with their days."""
    days = (*more_days, *_days(reading))
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


def _days(reading: Reading) -> Iterator[date]:
    return (d.date.first for d in reading.dates if d.date.is_day and d.date.first is not None)


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
