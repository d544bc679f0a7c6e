"""Doses and frequencies held against orders: both must stand in one order, and in one that is in force where it is said of today."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from agents.verification.derived import slack_of
from agents.verification.evidence import SaidOrder, are_kin
from agents.verification.findings import Against, Finding, contradicted, supported, unsupported
from agents.verification.names import TREATMENTS, State
from agents.verification.numbers import Frequency, Number
from agents.verification.orders import Taken, agree, manners_of, taken_of
from agents.verification.readings import Reading
from agents.verification.said import Said
from agents.verification.units import in_unit

# Words that set a dose in the past, or make it one step of several.
_NOT_TODAY = re.compile(
    r"\b(?:was|were|had|received|took|given|got|started|began|ordered|increased|decreased|reduced|lowered|raised|changed|switched|earlier|notes?|stopped"
    r"|discontinued|complet\w*|finished|ended|lead-in|previous\w*|before|replaced|no longer|inactive|then|until|initial\w*|first|former\w*|loading|resumed|used to|from)\b",
    re.IGNORECASE,
)
_TODAY = re.compile(r"\b(?:current(?:ly)?|now|today|at present|takes|taking|is on)\b", re.IGNORECASE)
_BEGAN = re.compile(r"\b(?:started|begun|began|initiated|prescribed|ordered|since)\b", re.IGNORECASE)


def judge_orders(reading: Reading, against: Against) -> Iterator[Finding]:
    """What is taken and how often; a dose that no order has at all is left to those who judge numbers."""
    said = against.said
    for taken in taken_of(reading):
        yield from _judged(taken, reading, said)
    yield from _dose_moves(reading, said)
    yield from _manners(reading, said)
    considered = any(n.state is State.CONSIDERED for n in reading.names)
    for frequency, owners in reading.frequencies:
        if owners or frequency.is_denied:
            continue
        same = next((o for o in said.orders if _often(o, frequency)), None)
        if same is not None:
            yield supported("frequency", frequency.text, _span(frequency), same.source)
        elif any(o.rates for o in said.orders):
            yield contradicted("frequency", frequency.text, _span(frequency), "the results give another frequency")
        elif not considered:
            yield unsupported("frequency", frequency.text, _span(frequency), "no result gives a frequency")


def _judged(taken: Taken, reading: Reading, said: Said) -> Iterator[Finding]:
    drug, dose, frequency = taken
    orders = [o for o in said.orders if are_kin(drug.own, drug.ids, o.own, o.ids)]
    if frequency is not None and frequency.is_denied:
        current = [o for o in _in_force(orders) if _often(o, frequency)]
        if current and drug.state is not State.ABSENT:
            yield contradicted("frequency", frequency.text, _span(frequency), "the record has it so", current[0].source)
        return
    if frequency is not None and not any(o.rates for o in orders):
        if drug.state is not State.CONSIDERED:
            loose = next((o for o in said.orders if not o.own and _often(o, frequency)), None)
            yield (
                supported("frequency", frequency.text, _span(frequency), loose.source)
                if loose is not None
                else unsupported("frequency", frequency.text, _span(frequency), "no result gives a frequency")
            )
        return
    if drug.state in {State.CONSIDERED, State.ABSENT} or not orders:
        if frequency is not None and drug.state is State.CONSIDERED and not any(_often(o, frequency) for o in orders):
            yield unsupported("frequency", frequency.text, _span(frequency), "no result gives this frequency")
        return
    possible = _of_the_time(orders, taken, reading)
    if dose is not None and any(_dosed(o, dose.number) for o in orders):
        fitting = [o for o in possible if _dosed(o, dose.number)]
        if not fitting:
            span = (dose.number.start, dose.number.end)
            yield contradicted("number", dose.number.text, span, _why(possible, drug.text), possible[0].source, unit=dose.number.unit)  # fmt: skip
            return
        possible = fitting
    if frequency is not None:
        possible = [
            o for o in possible if o.rates
        ] or possible  # a line that gives only the dose leaves the rest to others
        fits = next((o for o in possible if _often(o, frequency) or _in_total(o, taken)), None)
        if fits is not None:
            yield supported("frequency", frequency.text, _span(frequency), fits.source)
        else:
            yield contradicted("frequency", frequency.text, _span(frequency), "the results give another frequency", possible[0].source)  # fmt: skip


_DOSE_UP = r"increased|raised|stepped up|up-?titrated|escalated|doubled"
_DOSE_DOWN = r"decreased|reduced|lowered|stepped down|tapered|down-?titrated|halved|cut"
_DOSE_MOVE = re.compile(rf"(?:'s)?(?: dose)? (?:was|has been|is) (?:\w+ly )?(?:(?P<up>{_DOSE_UP})|(?P<down>{_DOSE_DOWN}))\b", re.IGNORECASE)  # fmt: skip


def _dose_moves(reading: Reading, said: Said) -> Iterator[Finding]:
    """ "Fluticasone was stepped down" where its orders only ever went up."""
    if reading.amounts:  # the doses that it gives are held against the orders
        return
    for name in reading.names:
        move = _DOSE_MOVE.match(reading.text, name.end) if not TREATMENTS.isdisjoint(name.kinds) else None
        orders = [o for o in said.orders if o.days and len(o.doses) == 1 and are_kin(name.own, name.ids, o.own, o.ids)]
        orders = sorted((o for o in orders if not o.is_testimony), key=lambda o: min(o.days))
        steps = [(a, b) for a, b in pairwise(next(iter(o.doses)) for o in orders) if a[1] == b[1] and a[0] != b[0]]
        ways = {"up" if b[0] > a[0] else "down" for a, b in steps}
        if move is not None and ways and move.lastgroup not in ways:
            yield contradicted("dose", move[0].strip(), move.span(), f"the orders went {ways.pop()}", orders[-1].source)


def _manners(reading: Reading, said: Said) -> Iterator[Finding]:
    """By which route, at which time of day and on which day of the week a drug is given, where the evidence says."""
    for manner in manners_of(reading):
        given = frozenset(v for key in manner.drug.ids for v in said.manners.get((key, manner.group), ()))
        span, text = (manner.start, manner.end), reading.text[manner.start : manner.end]
        if not given or manner.drug.is_attributed:
            continue
        if agree(manner.value, given):
            yield supported(manner.group, text, span)
        else:
            yield contradicted(manner.group, text, span, f"the results give {' and '.join(sorted(given))}")


def _in_force(orders: Sequence[SaidOrder]) -> list[SaidOrder]:
    return [o for o in orders if o.is_current]


def _of_the_time(orders: Sequence[SaidOrder], taken: Taken, reading: Reading) -> list[SaidOrder]:
    """The orders that a sentence can mean: those in force where it speaks of today, else those of its day, else all."""
    text = reading.plain
    days = [d.date for d in reading.dates]
    recorded = [o for o in orders if not o.is_testimony] or list(orders)
    if taken.drug.is_attributed:
        return list(orders)
    if days and _BEGAN.search(text) and taken.dose is not None:
        dosed = [o for o in recorded if _dosed(o, taken.dose.number)]
        begun = [o for o in dosed if any(d.covers(day) for d in days for day in o.days)]
        if begun or any(o.days for o in dosed):
            return begun or [o for o in recorded if any(d.covers(day) for d in days for day in o.days)] or recorded
    is_today = _TODAY.search(text) is not None or not (days or _NOT_TODAY.search(text))
    if taken.drug.state is not State.PRESENT or not is_today:
        return list(orders)
    return _in_force(orders) or list(orders)


def _dosed(order: SaidOrder, number: Number) -> bool:
    found = (in_unit(value, unit, number.unit, "") for value, unit in order.doses)
    return any(v is not None and abs(v - number.value) <= slack_of(number) for v in found)


def _often(order: SaidOrder, frequency: Frequency) -> bool:
    return any(abs(rate - frequency.per_day) <= 0.02 * frequency.per_day for rate in order.rates)


def _in_total(order: SaidOrder, taken: Taken) -> bool:
    """ "20 mg a day" of 10 mg twice daily, and an order of a dose that says nothing of how often."""
    if not order.rates:
        return bool(order.doses)
    if taken.dose is None or taken.frequency is None:
        return False
    number, per_day = taken.dose.number, taken.frequency.per_day
    totals = (in_unit(v * r, u, number.unit, "") for v, u in order.doses for r in order.rates)
    return any(t is not None and abs(t - number.value * per_day) <= slack_of(number) for t in totals)


def _why(possible: Sequence[SaidOrder], drug: str) -> str:
    doses = sorted({f"{value:g} {unit}" for o in possible for value, unit in o.doses})
    return (
        f"the order in force of {drug} gives {' and '.join(doses)}"
        if doses
        else f"no order in force of {drug} gives this"
    )


def _span(frequency: Frequency) -> tuple[int, int]:
    return frequency.start, frequency.end
