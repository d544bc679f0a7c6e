"""Claims that follow from values by arithmetic: differences, percentages, counts, ages, durations, totals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations, pairwise

from agents.verification.dates import DateSpan
from agents.verification.derived import (
    DAYS_PER,
    age_on,
    differences,
    fits_duration,
    percent_changes,
    ratios,
    shares,
    slack_of,
    telling,
)
from agents.verification.evidence import Point, are_kin, union_of
from agents.verification.findings import Against
from agents.verification.judging_events import days_of_items, stay_lengths, stays_of
from agents.verification.matching import owners_agree, visit_kind, visit_words
from agents.verification.names import TREATMENTS, State
from agents.verification.numbers import Number
from agents.verification.readings import Amount, Reading
from agents.verification.said import Said
from agents.verification.units import in_unit


def follows(amount: Amount, reading: Reading, against: Against) -> bool:
    """Whether a number follows from values of the evidence."""
    number = amount.number
    if number.is_age:
        return _age_follows(number, against)
    if amount.is_time:
        return _duration_follows(number, reading, against) or _rounds_time(number, against.said)
    if number.counts:
        return _count_follows(amount, reading, against.said)
    if amount.is_change and any(not TREATMENTS.isdisjoint(o.kinds) for o in amount.owners):
        doses = _doses(amount, against.said)
        return any(abs(d - number.value) <= slack_of(number) for d in differences(doses))
    values, day_bound = _values(amount, reading, against.said)
    slack = slack_of(number)
    if amount.restates is not None:
        return any(abs(p - number.value) <= max(slack, 0.5) for p in _restated(amount.restates, reading, against.said))
    if amount.is_change or number.unit == "%":
        if number.unit == "%" and any(
            abs(p - number.value) <= max(slack, 0.0 if number.digits else 0.5)
            for p in _percents(amount, reading, values)
        ):
            return True
        in_points = amount.is_change and (
            number.unit != "%" or all(p.unit == "%" for p in against.said.points(amount.owners))
        )
        if in_points and any(abs(d - number.value) <= slack for d in differences(telling(values))):
            return True
    if (
        amount.extreme == "mean"
        and values
        and abs(sum(values) / len(values) - number.value) <= max(slack, 0.5 * 10.0**-number.digits)
    ):
        return True
    if (number.in_range or amount.is_end) and not day_bound and len(values) > 1:
        return _is_envelope(number, reading, values)
    if number.comparator and values and not amount.is_change and not amount.is_limit:
        return any(0.5 * number.value <= abs(v) <= 2 * number.value for v in values) and _compares(
            number, values, reading.plain
        )
    return _total_follows(amount, reading, against.said)


def _values(amount: Amount, reading: Reading, said: Said) -> tuple[list[float], bool]:
    """The values of the amount's quantity in its unit: those that the sentence gives, else the course in the evidence."""
    number = amount.number
    compares = amount.is_change or number.unit == "%"
    beside = [] if not compares else [
        a.number.value
        for a in reading.amounts
        if a is not amount and not a.is_change and not a.number.counts and not a.is_time and not a.number.label and not a.number.sign
        and a.number.second is None
        and ({o.own for o in a.owners} & {o.own for o in amount.owners} or not amount.owners)
    ]  # fmt: skip
    if len(beside) >= 2:
        return [*beside, *_unrounded(beside, amount, said)], True
    of_before = _OF_BEFORE.match(reading.text, number.end) is not None
    unit = "" if number.unit == "%" and (amount.is_change or of_before) else number.unit
    points = said.points(amount.owners)
    if amount.is_change:
        points = between_days(points, reading, said)
    substance = said.substance(union_of(amount.owners)[0])
    found = [p.value if not unit or not p.unit else in_unit(p.value, p.unit, unit, substance) for p in points]
    values = [v for v in found if v is not None]
    if number.unit == "%" and not values:
        values = beside
    return values, False


def _unrounded(shown: Sequence[float], amount: Amount, said: Said) -> list[float]:
    """The recorded values behind those that a sentence shows rounded: a tool's percentage comes from these."""
    points = [p.value for p in said.points(amount.owners)]
    near = [min(points, key=lambda p: abs(p - v)) for v in shown] if points else []
    return near if all(abs(p - v) <= 0.05 * max(abs(v), 0.1) for p, v in zip(near, shown, strict=False)) else []


def between_days(points: list[Point], reading: Reading, said: Said) -> list[Point]:
    """The points that a sentence compares: on two days that it names, or from one that it names to the last.

    A month or year that it names stands for the readings in it.
    """
    spans = [d.date for d in reading.dates if d.date.first is not None and not d.date.is_day]
    if spans and len({(s.first, s.last) for s in spans}) == len(reading.dates) <= 2:
        inside = [[p for p in points if span.covers(p.day)] for span in spans]
        if len(inside) == 2 and all(inside):
            return [*inside[0], *inside[1]]
        if len(inside) == 1 and inside[0] and points[-1] not in inside[0]:
            return [*inside[0], points[-1]]
    named = sorted(
        {
            p.day
            for p in points
            for d in reading.dates
            if d.date.covers(p.day) and d.date.is_day | (d.date.month_day is not None)
        }
    )
    if (admitted := _on_admission(points, reading, said)) is not None and admitted.day not in named:
        named = sorted([*named, admitted.day])
    if len(named) == 1 and points and points[-1].day != named[0]:
        named.append(points[-1].day)
    if len(named) == 2:
        return [p for p in points if p.day in named]
    return _between_extremes(points, reading.plain) if not named else points


_ADMISSION = re.compile(r"\b(?:admission|presentation|arrival)\b", re.IGNORECASE)


def _on_admission(points: Sequence[Point], reading: Reading, said: Said) -> Point | None:
    """The first value of the last stay in hospital, where a sentence speaks of what was so on admission."""
    stays = [s for s in stays_of(said) if s.kind] if _ADMISSION.search(reading.plain) else []
    day = max((s.first for s in stays), default=None)
    near = [p for p in points if day is not None and abs((p.day - day).days) <= 1]
    return near[0] if near else None


_OF_BEFORE = re.compile(
    r"\s*%?\s*of (?:what (?:it|they)|(?:its|her|his|the) (?:\w+ )?(?:value|level|baseline|peak))\b", re.IGNORECASE
)
_MOVES = re.compile(r"\bchang(?:e|ed|es)\b|→|->", re.IGNORECASE)
_COMPARED = (
    ("first", re.compile(r"\b(?:baseline|first|initial|starting|earliest)\b", re.IGNORECASE)),
    ("max", re.compile(r"\b(?:peak|highest|maximum)\b", re.IGNORECASE)),
    ("min", re.compile(r"\b(?:nadir|lowest|minimum)\b", re.IGNORECASE)),
    ("previous", re.compile(r"\b(?:previous|prior|one before)\b", re.IGNORECASE)),
    ("last", re.compile(r"\b(?:latest|last|most recent|current(?:ly)?|now)\b", re.IGNORECASE)),
)


def _between_extremes(points: list[Point], text: str) -> list[Point]:
    """The two points that a sentence compares in words: the latest with the peak, the baseline, the one before."""
    if len(points) < 2:
        return points
    at = {
        "first": points[0], "last": points[-1], "previous": points[-2],
        "max": max(points, key=lambda p: p.value), "min": min(points, key=lambda p: p.value),
    }  # fmt: skip
    said = [word for word, pattern in _COMPARED if pattern.search(text)]
    if said and said != ["last"] and "last" not in said:
        said.append("last")
    chosen = [p for p in points if any(p is at[w] for w in said)]
    return chosen if len(said) == 2 and len(chosen) == 2 else points


def _percents(amount: Amount, reading: Reading, values: Sequence[float]) -> list[float]:
    moves = amount.is_change or bool(reading.trends) or _MOVES.search(reading.text) is not None
    if not moves:
        found: list[float] = []
    elif len(values) == 4 and len(amount_pairs := [values[:2], values[2:]]) == 2 and _is_shown(values, reading):
        found = [p for pair in amount_pairs for p in percent_changes(pair)]
    else:
        found = percent_changes(values if len(values) <= 3 else telling(values))
    if not amount.is_change and _OF_BEFORE.match(reading.text, amount.number.end):  # "60% of what it was"
        found += [abs(r) * 100 for r in ratios(values if len(values) <= 3 else telling(values))]
    if not amount.is_change:
        found += shares([a.number.value for a in reading.amounts if a is not amount and not a.number.unit])
    return found


def _doses(amount: Amount, said: Said) -> list[float]:
    """Every dose that the results give of the drug, in the unit of the amount."""
    given = {
        (n.value, n.unit) for n in said.numbers if n.unit and n.own and not n.is_change and owners_agree(n, amount)
    }
    found = [in_unit(value, unit, amount.number.unit, "") for value, unit in sorted(given)]
    return [v for v in found if v is not None]


def _restated(change: Amount, reading: Reading, said: Said) -> list[float]:
    """The percentages of the pairs of values that lie as far apart as the sentence says."""
    values, _ = _values(change, reading, said)
    pairs = [(a, b) for a, b in combinations(telling(values), 2) if a]
    return [
        abs(b - a) / abs(a) * 100 for a, b in pairs if abs(abs(b - a) - change.number.value) <= slack_of(change.number)
    ]


def _is_shown(values: Sequence[float], reading: Reading) -> bool:
    """Whether the first two of four values stand in the sentence, so that the others are the same unrounded."""
    return {a.number.value for a in reading.amounts} >= set(values[:2])


def _is_envelope(number: Number, reading: Reading, values: Sequence[float]) -> bool:
    """Whether a range that the sentence gives holds every value and is not much wider than they are."""
    ends = sorted(a.number.value for a in reading.amounts if a.number.in_range or a.is_end)
    if len(ends) < 2:
        return False
    low, high = ends[0], ends[-1]
    inside = all(low - 1e-9 <= v <= high + 1e-9 for v in values)
    return inside and min(values) - low <= 0.1 * abs(min(values)) and high - max(values) <= 0.1 * abs(max(values))


def _compares(number: Number, values: Sequence[float], text: str) -> bool:
    tests = {">": lambda v: v > number.value, ">=": lambda v: v >= number.value, "<": lambda v: v < number.value, "<=": lambda v: v <= number.value}  # fmt: skip
    test = tests[number.comparator]
    if re.search(
        r"\b(?:all|always|every|remain\w*|stayed|consistently|never|none|throughout|persistently)\b",
        text,
        re.IGNORECASE,
    ):
        return all(test(v) for v in values)
    if re.search(r"\b(?:currently|now|latest|most recent|last|is)\b", text, re.IGNORECASE):
        return test(values[-1])
    return any(test(v) for v in values)


def _total_follows(amount: Amount, reading: Reading, said: Said) -> bool:
    """A dose a day from a dose and its frequency ("10 mg a day" of 5 mg twice daily), or tablets of a strength."""
    number = amount.number
    if number.unit not in {"mg", "g", "ug", "[IU]", "mL", "meq"} or not amount.owners:
        return False
    rates = [
        r
        for order in said.orders
        if any(are_kin(o.own, o.ids, order.own, order.ids) for o in amount.owners)
        for r in order.rates
    ]
    doses = [n for n in said.numbers if n.unit and owners_agree(n, amount) and n.own]
    per_day = re.search(r"\b(?:per|a|each|/)\s?day\b|\bdaily\b|\btotal\b", reading.text, re.IGNORECASE) is not None
    per_day = per_day and all(f.per_day == 1 for f, _ in reading.frequencies)
    for dose in doses:
        value = in_unit(dose.value, dose.unit, number.unit, "")
        if (
            value is not None
            and per_day
            and any(r != 1 and abs(value * r - number.value) <= slack_of(number) for r in rates)
        ):
            return True
    return False


def _count_follows(amount: Amount, reading: Reading, said: Said) -> bool:
    """A count that is the length of a list or of a course of values."""
    number = amount.number
    if number.digits:
        return False
    if number.counts in {"value", "any"} and amount.owners:
        points = said.points(amount.owners)
        if points and len(points) == number.value:
            return True
    if number.counts == "visit" and (of := visit_words(number.phrase)):
        return (
            number.value > 0 and len(days_of_items([i for i in said.items if all(w in i for w in of)])) == number.value
        )
    if number.counts == "visit" and (kind := visit_kind(number.phrase, "visit")):
        return number.value > 0 and sum(kind in item for item in said.items) == number.value
    words = {"medication": "medication", "problem": "problem", "allergy": "allerg", "visit": ("visit", "admission", "encounter"), "procedure": "procedure", "vaccination": "vaccin", "value": "value", "report": "report", "note": "note", "device": "device"}.get(number.counts, "")  # fmt: skip
    stems = (words,) if isinstance(words, str) else words
    for items, heading in said.item_counts:
        if items == number.value and any(stem and stem in heading for stem in stems):
            return True
    if reading.names:  # "two antihypertensives": as many as are named with it
        named = {n.own for n in reading.names if n.state is not State.ABSENT}
        if len(named) == number.value and number.counts in {
            "medication",
            "problem",
            "allergy",
            "procedure",
            "vaccination",
        }:
            return True
    return False


def _age_follows(number: Number, against: Against) -> bool:
    today = against.as_of
    if today is None:
        return False
    return any(age_on(born, today) == number.value for born in against.said.births)


def _rounds_time(number: Number, said: Said) -> bool:
    for value, unit in {(n.value, n.unit) for n in said.numbers if n.unit in {"a", "mo", "wk", "d", "h", "min", "s"}}:
        same = in_unit(value, unit, number.unit, "")
        if same is not None and abs(same - number.value) <= slack_of(number):
            return True
    return False


def _duration_follows(number: Number, reading: Reading, against: Against) -> bool:
    """The time between two days of the sentence, else of what it speaks of, else up to today."""
    said = against.said
    named = [e for d in reading.dates for e in _ends(d.date)]
    text = reading.plain
    if number.unit in {"d", "wk"} and (lengths := stay_lengths(said, text)):
        return any(
            abs(days / DAYS_PER[number.unit] - number.value) <= (0.5 if number.unit == "wk" else 0.01)
            for days in lengths
        )
    ago = re.match(r"[\s-]*(?:ago|back)\b", text[number.end :], re.IGNORECASE)
    if sum(bool(_ends(d.date)) for d in reading.dates) >= 2:
        until = [against.as_of] if against.as_of is not None and _SINCE.search(text) else []
        return any(fits_duration(number, a, b) for a, b in combinations([*named, *until], 2))
    if reading.days_before and re.match(
        r"[\s-]*(?:later|earlier|afterwards|after that|before that|thereafter)\b", text[number.end :], re.IGNORECASE
    ):
        here = named or [e for d in said.dates for e in _ends(d.date)]
        return any(fits_duration(number, a, b) for a in reading.days_before for b in here)
    own, ids = union_of([*reading.names, *(o for a in reading.amounts for o in a.owners)])
    mine = {e for d in said.dates if own and d.own and are_kin(own, ids, d.own, d.ids) for e in _ends(d.date)}
    if ago is not None and visit_kind(text.lower(), "visit"):
        mine |= {s.first for s in stays_of(said) if s.kind == visit_kind(text.lower(), "visit")}
    # Of a whole record, the days of other things bear no time out: between so many, some pair always fits.
    others = {
        e for d in said.dates if (not own or not d.own) and d.source.origin in {"tool", "given"} for e in _ends(d.date)
    }
    days = sorted(mine | others)
    today = [against.as_of] if against.as_of is not None else []
    if mine and _BETWEEN.match(text, number.end):  # "two weeks after": of one of the things that are named
        return any(fits_duration(number, a, b) for a in mine for b in days)
    if ago is not None:
        return any(fits_duration(number, d, t) for d in named or days for t in today)
    if named:
        return any(fits_duration(number, d, t) for d in named for t in [*days, *today])
    return any(fits_duration(number, a, b) for a, b in _some_pairs(days, today))


_SINCE = re.compile(r"\bsince\b", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s-]*(?:after|before|following|prior to|from)\b", re.IGNORECASE)


def _ends(span: DateSpan) -> tuple[date, ...]:
    """First and last day of a date that is no wider than a month: a duration may be counted from either."""
    if span.first is None or span.last is None or (span.last - span.first).days > 31:
        return ()
    return (span.first,) if span.first == span.last else (span.first, span.last)


def _some_pairs(days: Sequence[date], today: Sequence[date]) -> Iterator[tuple[date, date]]:
    ends = [*days, *today]
    if len(ends) <= 12:
        yield from combinations(ends, 2)
        return
    # Of a long course: neighbours, and everything against the ends.
    yield from pairwise(ends)
    for day in ends:
        yield day, ends[0]
        yield day, ends[-1]
