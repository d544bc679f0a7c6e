"""Trends, levels and ratios held against the course of a quantity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from agents.verification.derived import direction, fits_ratio, ratios, slack_of, telling
from agents.verification.evidence import Point, are_kin, union_of
from agents.verification.findings import Against, Finding, contradicted, supported, unsupported
from agents.verification.judging_derived import between_days
from agents.verification.names import Name, State
from agents.verification.readings import Moved, Reading
from agents.verification.said import Said
from agents.verification.units import in_unit


def judge_movements(reading: Reading, against: Against) -> Iterator[Finding]:
    """Trends, levels and ratios, where the evidence lets one decide."""
    said = against.said
    if any(n.state is State.CONSIDERED for n in reading.names if "observation" in n.kinds):
        return
    for moved in reading.trends:
        possible = _possible_trends(moved, reading, said)
        if possible:
            yield _decided("trend", moved, possible)
    for moved in reading.levels:
        possible = _possible_levels(moved, reading, said)
        if possible:
            yield _decided("level", moved, possible)
    yield from _order(reading, said)
    for moved in reading.ratios:
        values = _course(moved.owners, reading, said)
        if len(values) < 2:
            yield unsupported("ratio", moved.text, (moved.start, moved.end), "no two values of it to compare")
        elif any(fits_ratio(moved.ratio, r, moved.hedge) for r in ratios(telling(values))):
            yield supported("ratio", moved.text, (moved.start, moved.end))
        else:
            yield contradicted("ratio", moved.text, (moved.start, moved.end), "the values do not give this ratio")


def _order(reading: Reading, said: Said) -> Iterator[Finding]:
    """ "From 7.8 to 8.6" where the record has 8.6 first."""
    by_owner = {a.owners[0].own: a.owners for a in reading.amounts if a.owners}
    for owners in by_owner.values():
        pair, points = _pair(owners, reading), said.points(owners)
        if pair is None or pair[0] == pair[1] or any(a.date is not None for a in reading.amounts):
            continue
        first = [p.day for p in points if abs(p.value - pair[0]) < 1e-9]
        second = [p.day for p in points if abs(p.value - pair[1]) < 1e-9]
        if first and second and min(first) > max(second):
            at = next(a.number for a in reading.amounts if a.owners and a.number.value == pair[0])
            yield contradicted("trend", at.text, (at.start, at.end), "the record has these values in the other order")


def _decided(kind: str, moved: Moved, possible: set[str]) -> Finding:
    span = (moved.start, moved.end)
    claimed = moved.kind
    if claimed.startswith("not "):
        holds = claimed[4:] not in possible or len(possible) > 1
    else:
        holds = claimed in possible
    if holds:
        return supported(kind, moved.text, span)
    return contradicted(kind, moved.text, span, f"by the results it is {' or '.join(sorted(possible))}")


def _course(owners: Sequence[Name], reading: Reading, said: Said) -> list[float]:
    pair = _pair(owners, reading)
    return list(pair) if pair is not None else [p.value for p in said.points(owners)]


def _pair(owners: Sequence[Name], reading: Reading) -> tuple[float, float] | None:
    """Earlier and later value where the sentence gives two of the quantity."""
    text = reading.plain
    mine = [
        a
        for a in reading.amounts
        if not a.is_change and not a.number.counts and not a.is_time and not a.number.in_range and not a.is_end and not a.number.label and not a.is_limit
        and not a.number.is_age and not a.number.sign and any(are_kin(o.own, o.ids, p.own, p.ids) for o in owners for p in a.owners)
    ]  # fmt: skip
    if len(mine) != 2:
        return None
    first, second = mine
    if first.date is not None and second.date is not None and first.date.first and second.date.first:
        if first.date.first == second.date.first:
            return None
        if first.date.first > second.date.first:
            first, second = second, first
        return first.number.value, second.number.value
    between = text[first.number.end : second.number.start]
    lead = text[max(0, first.number.start - 30) : first.number.start]
    if re.search(r"\bafter\b[^.;]*$", lead, re.IGNORECASE):  # "the day after the 1.9 it was 2.1"
        return first.number.value, second.number.value
    if re.search(
        r"\b(?:from|previously|was|before|earlier|baseline|prior|compared|versus|vs|above|than)\b[^.;]*$",
        between,
        re.IGNORECASE,
    ) and not re.search(r"\bfrom\b", lead, re.IGNORECASE):
        return second.number.value, first.number.value
    if re.search(r"\bfrom\b[^.;]*$", lead, re.IGNORECASE) or re.search(
        r"\b(?:to|then|now|later)\b|→|->", between, re.IGNORECASE
    ):
        return first.number.value, second.number.value
    return None


def _possible_trends(moved: Moved, reading: Reading, said: Said) -> set[str]:
    if moved.kind.removeprefix("not ") in {"better", "worse"}:
        return _possible_health(moved, reading, said)
    if {"up", "down"} <= {m.kind for m in reading.trends}:  # "rose to 58 and fell to 36": each step by itself
        values = [p.value for p in said.points(moved.owners)]
        return set().union(*(_signs(p) for p in pairwise(values)))
    pair = _pair(moved.owners, reading)
    if pair is not None:
        return _signs(pair)
    own, ids = union_of(moved.owners)
    stated = {kind for kind, there, narrower, _ in said.trends if there and are_kin(own, ids, there, narrower)}
    stated -= {"better", "worse", "not better", "not worse"}
    points = said.points(moved.owners)
    compared = between_days(points, reading, said)
    if len(compared) < len(points) and len(compared) >= 2:
        return _signs((compared[0].value, compared[-1].value)) | _signs_up_to(compared[0], points, reading)
    values = [p.value for p in points]
    if _STEADILY.search(reading.plain) and len(values) >= 3:
        steps = [_signs(p) for p in pairwise(values)]
        return {k for k in ("up", "down", "flat") if all(k in s or "flat" in s for s in steps)} or {"unsteady"}
    if far_apart := _pairs_apart(moved, reading, said, values):
        return set().union(*(_signs(p) for p in far_apart))
    possible = {k for k in stated if not k.startswith("not ")}
    if len(values) >= 2:
        possible |= _signs((values[0], values[-1]))
        if len(reading.trends) == 1 and _OVERALL.search(reading.plain):
            return possible
        possible |= _signs((values[-2], values[-1]))
        if len(values) >= 4 and any(d.date.is_day is False for d in reading.dates):
            return set()  # a stretch of the course
    return possible


def _signs_up_to(point: Point, points: Sequence[Point], reading: Reading) -> set[str]:
    """Which way a course went up to the one day that a sentence names, where it does not speak of the time since."""
    days = [d.date for d in reading.dates if d.date.is_day or d.date.month_day is not None]
    if len(days) != 1 or len(reading.dates) != 1 or _SINCE.search(reading.plain):
        return set()
    until = [p.value for p in points if p.day <= point.day]
    return _signs((until[0], until[-1])) | _signs((until[-2], until[-1])) if len(until) >= 2 else set()


def _possible_health(moved: Moved, reading: Reading, said: Said) -> set[str]:
    """Whether values came nearer to their range or went further from it, where they ever lie outside."""
    pair, points = _pair(moved.owners, reading), said.points(moved.owners)
    compared = between_days(points, reading, said)
    if pair is not None:
        steps = [pair]
    elif len(compared) < len(points) and len(compared) >= 2:
        steps = [(compared[0].value, compared[-1].value)]
    else:
        steps = [(p.value, points[-1].value) for p in points[:-1]]
    outside = [tuple(_beyond(v, moved.owners, said, points) for v in step) for step in steps]
    found = {"better" if b < a else "worse" for a, b in outside if a != b}
    return (
        found if len(steps) == 1 or len(found) == 1 or moved.kind.startswith("not ") else found & {moved.kind} or found
    )


def _beyond(value: float, owners: Sequence[Name], said: Said, points: Sequence[Point]) -> float:
    """How far a value lies outside its range; zero inside, and where none is known."""
    low, high, of = _range_of(owners, said)
    unit, substance = points[-1].unit if points else "", said.substance(union_of(owners)[0])
    here = in_unit(value, unit, of, substance) if unit and of else value
    if here is None:
        return 0.0
    return max(low - here if low is not None else 0.0, here - high if high is not None else 0.0, 0.0)


def _pairs_apart(moved: Moved, reading: Reading, said: Said, values: Sequence[float]) -> list[tuple[float, float]]:
    """The pairs of values between which the change lies that the sentence gives ("fell by 0.2 mg/dL")."""
    substance, points = said.substance(union_of(moved.owners)[0]), said.points(moved.owners)
    unit = points[0].unit if points else ""
    for amount in reading.amounts:
        number = amount.number
        if (
            not amount.is_change
            or amount.restates is not None
            or not any(o.own == p.own for o in moved.owners for p in amount.owners)
        ):
            continue
        if number.unit == "%" and unit != "%":
            continue
        size = in_unit(number.value, number.unit, unit, substance) if number.unit and unit else number.value
        if size is not None:
            slack = slack_of(number) * (size / number.value if number.value else 1.0)
            return [p for p in combinations(telling(values), 2) if abs(abs(p[1] - p[0]) - size) <= slack]
    return []


_SINCE = re.compile(r"\b(?:since|after|from|between|than)\b", re.IGNORECASE)
_STEADILY = re.compile(
    r"\b(?:kept (?!up\b)\w+ing|keeps \w+ing|steadily|continuously|progressively|without (?:a )?break)\b", re.IGNORECASE
)
_OVERALL = re.compile(
    r"\b(?:over time|overall|over the (?:period|years?|months?|course|admission)|in the long run|since the first|throughout)\b",
    re.IGNORECASE,
)


def _signs(pair: tuple[float, float]) -> set[str]:
    found = {direction(pair)}
    if pair[1] != pair[0]:
        found.add("up" if pair[1] > pair[0] else "down")
    if abs(pair[1] - pair[0]) <= 0.1 * max(abs(pair[0]), 1e-9):
        found.add("flat")
    return found


def _possible_levels(moved: Moved, reading: Reading, said: Said) -> set[str]:
    own, ids = union_of(moved.owners)
    stated = {kind for kind, there, narrower, _ in said.levels if there and are_kin(own, ids, there, narrower)}
    amounts = [a for a in reading.amounts if not a.is_time and not a.number.counts and not a.is_change and not a.is_limit and any(o.own == p.own for o in moved.owners for p in a.owners)]  # fmt: skip
    points = said.points(moved.owners)
    possible = {k for k in stated if not k.startswith("not ")}
    if amounts:
        computed = {level for a in amounts[:1] if (level := _level(a.number.value, a.number.unit, moved.owners, said))}
        possible = computed or possible
    elif not possible and points:
        level = _level(points[-1].value, points[-1].unit, moved.owners, said)
        possible = {level} if level else set()
    if possible & {"high", "low"}:
        possible = possible | {"abnormal"}
    return possible


def _level(value: float, unit: str, owners: Sequence[Name], said: Said) -> str:
    """Where a value lies against the reported range, else the usual adult one; empty where neither decides."""
    low, high, of = _range_of(owners, said)
    here = in_unit(value, unit, of, said.substance(union_of(owners)[0])) if unit and of else value if not unit else None
    if here is None or (low is None and high is None):
        return ""
    return "low" if low is not None and here < low else "high" if high is not None and here > high else "normal"


def _range_of(owners: Sequence[Name], said: Said) -> tuple[float | None, float | None, str]:
    """The reported range of a quantity, else the usual adult one, with its unit."""
    for key in sorted(union_of(owners)[0]):
        low, high, of = said.ranges.get(key, (None, None, ""))
        concept = said.lexicon.vocabulary.get(*key.split(":", 1))
        if low is None and high is None and concept is not None and concept.kind == "observation":
            low, high, of = concept.number("low"), concept.number("high"), concept.extra.get("unit", "")
        if low is not None or high is not None:
            return low, high, of
    return None, None, ""
