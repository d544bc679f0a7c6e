"""Numbers, dates and movements held against the evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations

from agents.verification.dates import DateSpan
from agents.verification.derived import (
    differences,
    direction,
    fits_duration,
    fits_ratio,
    percent_changes,
    ratios,
    shares,
    slack_of,
    telling,
)
from agents.verification.judging import Against, Finding, contradicted, supported, unsupported
from agents.verification.names import TREATMENTS, Name, State
from agents.verification.numbers import Number
from agents.verification.said import Point, Said, SaidNumber, are_kin
from agents.verification.sentences import Amount, Moved, Reading, plain
from agents.verification.units import in_unit

_CHECKED_LABELS = re.compile(r"^(?:stage|grade|class|type|category|nyha|asa|kdigo|ckd|phase|trimester)\b")
_PERIOD_WORDS = re.compile(r"\b(?:in|during|since|before|after|between|from|over|within|until|on|prior|past|at)\b", re.IGNORECASE)
_FROM_TO = re.compile(r"^\s*(?:\([^)]*\)|[^.;]{0,40}?)?\s*(?:to|→|->|and (?:then )?(?:to)?|then|–|-)\b", re.IGNORECASE)


# --- dates -------------------------------------------------------------------------------------------------------


def judge_dates(reading: Reading, against: Against) -> Iterator[Finding]:
    """Each date must be one that the evidence gives, and gives to what the sentence speaks of."""
    said = against.said
    for dated in reading.dates:
        span = (dated.date.start, dated.date.end)
        label = dated.date.label
        hits = [d for d in said.dates if _same_date(dated.date, d.date)]
        if against.as_of is not None and dated.date.covers(against.as_of):
            yield supported("date", label, span)
            continue
        if not hits:
            if dated.date.may_be_number and _is_number(dated.date, said):
                continue
            yield unsupported("date", label, span, "no result gives this date")
            continue
        own, ids = _keys(dated.owners)
        if own:
            mine = [d for d in said.dates if are_kin(own, ids, d.own, d.ids)]
            if mine and not any(_same_date(dated.date, d.date) for d in mine) and not any(not d.own for d in hits):
                yield contradicted("date", label, span, "the results give it another date", mine[0].source)
                continue
            hits = [d for d in hits if are_kin(own, ids, d.own, d.ids)] or hits
        yield supported("date", label, span, hits[0].source)


def _same_date(claimed: DateSpan, given: DateSpan) -> bool:
    if given.month_day is not None:
        return claimed.month_day == given.month_day or (
            claimed.is_day and claimed.first is not None and (claimed.first.month, claimed.first.day) == given.month_day
        )
    if given.first is None or given.last is None:
        return False
    if claimed.month_day is not None:
        return given.is_day and claimed.covers(given.first)
    return claimed.covers(given.first) and claimed.covers(given.last)


def _is_number(written: DateSpan, said: Said) -> bool:
    return any(abs(n.value - float(written.text)) < 1e-9 for n, _ in said.near(float(written.text), "", 1e-9, ""))


# --- numbers -----------------------------------------------------------------------------------------------------


def judge_amounts(reading: Reading, against: Against) -> Iterator[Finding]:
    """Each number must be a value of the evidence, of the same quantity, unit and date, or follow from such values."""
    for amount in reading.amounts:
        number = amount.number
        span, shown = (number.start, number.end), number.text
        if number.label:
            if _CHECKED_LABELS.match(number.label) and number.label not in against.said.labels and not _in_words(number.label, against.said):
                yield unsupported("number", shown, span, "no result gives this stage or class")
            continue
        yield _judged(amount, reading, against, shown, span)


def _in_words(label: str, said: Said) -> bool:
    spelled = label.rsplit(" ", 1)
    return any(spelled[0] in n.name.text.lower() and spelled[-1] in n.name.text.lower() for n in said.names)


def _judged(amount: Amount, reading: Reading, against: Against, shown: str, span: tuple[int, int]) -> Finding:
    said, number = against.said, amount.number
    unit = number.unit
    kind = "duration" if number.is_duration and not number.is_age else "number"
    candidates = _candidates(amount, said)
    fitting = [c for c in candidates if _fits(c, amount)]
    fitting = _doses(fitting, amount, said)
    dated = [c for c in fitting if c.day is not None]
    if amount.date is not None and dated:
        fitting = [c for c in dated if c.day is not None and amount.date.covers(c.day)]
        if not fitting and not _follows(amount, reading, against):
            return contradicted(kind, shown, span, "the results give this value another date", dated[0].source, unit=unit)
    if number.counts and (named := _miscounted(number, reading)) is not None:
        return contradicted(kind, shown, span, f"the sentence itself names {named}")
    if fitting:
        wrong = _wrong_extreme(amount, reading, fitting, said)
        if wrong is not None:
            return contradicted(kind, shown, span, f"it is not the {amount.extreme} value", wrong.source, unit=unit)
        return supported(kind, shown, span, fitting[0].source, unit=unit)
    if _follows(amount, reading, against):
        return supported(kind, shown, span, unit=unit, reason="follows from the values of the results")
    other = _other_value(amount, said)
    if other is not None:
        return contradicted(kind, shown, span, "the results give another value", other.source, unit=unit)
    if candidates:
        reason = "the results give this number to something else or in another unit"
    else:
        reason = "no result gives this number"
    return unsupported(kind, shown, span, reason, unit=unit)


def _candidates(amount: Amount, said: Said) -> list[SaidNumber]:
    number = amount.number
    substance = said.substance(_keys(amount.owners)[0])
    found = [n for n, _ in said.near(number.value, number.unit, slack_of(number), substance)]
    if number.unit and not substance:  # the evidence may know of what it is: mg/dL of creatinine, then umol/L
        for named in {said.substance(n.own) for n in said.numbers if n.unit and n.unit != number.unit} - {""}:
            found += [n for n, converted in said.near(number.value, number.unit, slack_of(number), named) if converted and said.substance(n.own) == named]
    if number.second is not None:
        paired = [n for n in found if n.second is not None and abs(n.second - number.second) <= 0.5 + 1e-9]
        if paired:
            return paired
        lower = [n for n, _ in said.near(number.second, number.unit, 0.5, "")]
        return [n for n in found if n.second is None] if any(n.second is None for n in lower) else []
    return found


def _fits(candidate: SaidNumber, amount: Amount) -> bool:
    number = amount.number
    if number.is_age != candidate.is_age and (number.is_age and not (candidate.unit == "a" and not candidate.own)):
        return False
    if number.unit and not candidate.unit and not candidate.unit_unknown:
        return bool(candidate.own) and not candidate.counts and _owners_agree(candidate, amount)
    if number.counts and candidate.unit:
        return False
    if number.counts and not _counts_alike(amount, candidate):
        return False
    if not number.counts and not number.unit and candidate.counts and amount.owners and not amount.is_inherited:
        return amount.is_part and candidate.counts in {"value", "any"} and not number.digits and _owners_agree(candidate, amount)
    if amount.is_change != candidate.is_change and not candidate.unit_unknown:
        return False
    if number.sign and candidate.sign and number.sign.replace("−", "-") != candidate.sign.replace("−", "-") and not number.in_range:
        return False
    return _owners_agree(candidate, amount)


def _doses(fitting: list[SaidNumber], amount: Amount, said: Said) -> list[SaidNumber]:
    """A tablet's strength is no dose where the dose is given as well ("half a 25 mg tablet (12.5 mg)")."""
    fitting = _of_the_time(fitting, amount, said)
    if amount.is_strength or not any(c.is_strength for c in fitting):
        return fitting
    doses = [n for n in said.numbers if n.own and not n.is_strength and n.unit == amount.number.unit and _owners_agree(n, amount)]
    return [c for c in fitting if not c.is_strength] if doses else fitting


def _of_the_time(fitting: list[SaidNumber], amount: Amount, said: Said) -> list[SaidNumber]:
    """The dose of an order that is over is no dose of today, where an order of today gives one."""
    now = amount.owners and all(o.state is State.PRESENT and o.is_explicit for o in amount.owners)
    if not now or not any(c.state is State.PAST for c in fitting):
        return fitting
    today = [n for n in said.numbers if n.state is State.PRESENT and n.unit == amount.number.unit and _owners_agree(n, amount)]
    return [c for c in fitting if c.state is not State.PAST] if today else fitting


def _visits(phrase: str, counts: str) -> str:
    """Which visits are counted: emergency ones, hospital stays, or all."""
    if re.search(r"\b(?:emergency|ed|er)\b", phrase):
        return "emergency"
    return "inpatient" if counts == "visit" and re.search(r"inpatient|admission|admitted|hospital|stay", phrase) else ""


_NAMELY = re.compile(r"[^.;:]{0,60}?(?::|,?\s+namely\b|,?\s+i e\b|\s[–—])\s*(?=\w)", re.IGNORECASE)
_LISTED_KINDS = {"medication": TREATMENTS, "problem": {"condition"}, "allergy": {"allergen", *TREATMENTS}, "any": {*TREATMENTS, "condition", "procedure", "immunization"}, "procedure": {"procedure"}, "vaccination": {"immunization"}}  # fmt: skip


def _miscounted(number: Number, reading: Reading) -> int | None:
    """How many a sentence lists after its count ("3 medications: A and B"), where that is another number."""
    text = plain(reading.text)
    opening = _NAMELY.match(text, number.end)
    kinds = _LISTED_KINDS.get(number.counts)
    if opening is None or kinds is None:
        return None
    listed = [n for n in reading.names if n.start >= opening.end() and not n.kinds.isdisjoint(kinds)]
    rest = text[opening.end() :]
    plain_list = re.fullmatch(r"[^.;:()\d]*\.?\s*", rest) is not None and not re.search(r"\b(?:more|others?|including|among|such as)\b", rest)
    parts = len(re.split(r",\s*(?:and\s+)?|\s+and\s+", rest.strip(" ."))) if plain_list else 0
    named = len(listed)
    return named if plain_list and named == parts and named != number.value else None


def _counts_alike(amount: Amount, candidate: SaidNumber) -> bool:
    """Whether both count the same kind of thing; a number that counts nothing named fits only beside its own name."""
    mine, other = amount.number.counts, candidate.counts
    if _visits(amount.number.phrase, mine) != _visits(candidate.phrase, other) and "visit" in (mine, other):
        return False
    if not other:
        return mine == "unit_of_drug" or (bool(candidate.own) and bool(amount.owners) and not candidate.unit_unknown)
    return mine == other or "any" in (mine, other) or {mine, other} in ({"procedure", "report"}, {"procedure", "value"}, {"note", "report"})


def _owners_agree(candidate: SaidNumber, amount: Amount) -> bool:
    if not candidate.own or not amount.owners:
        return True
    return any(are_kin(o.own, o.ids, candidate.own, candidate.ids) for o in amount.owners)


def _wrong_extreme(amount: Amount, reading: Reading, fitting: Sequence[SaidNumber], said: Said) -> Point | None:
    """The value that really is the latest, highest, lowest or first, where the sentence says so of another."""
    if not amount.extreme or amount.extreme in {"mean", "median"} or any(c.extreme == amount.extreme for c in fitting):
        return None
    points = said.points(amount.owners)
    if len({(p.day, p.order) for p in points}) < 2 or amount.is_inherited or len({p.unit for p in points}) > 1:
        return None
    if any(not d.date.is_day for d in reading.dates):
        return None  # an extreme of a period, which only the tool that was asked for it knows
    real = {
        "latest": points[-1],
        "first": points[0],
        "max": max(points, key=lambda p: p.value),
        "min": min(points, key=lambda p: p.value),
    }[amount.extreme]
    number = amount.number
    value = in_unit(real.value, real.unit, number.unit, said.substance(amount.owners[0].own)) if number.unit and real.unit else real.value
    if value is None or abs(abs(value) - number.value) <= slack_of(number):
        return None
    same_day = [p for p in points if p.day == real.day]
    if amount.extreme in {"latest", "first"} and any(abs(abs(p.value) - number.value) <= slack_of(number) for p in same_day):
        return None
    return real


def _other_value(amount: Amount, said: Said) -> SaidNumber | None:
    """What the evidence gives for the same quantity in its place: on the same day, or as its only value."""
    if not amount.owners or amount.is_change or amount.number.counts or amount.number.is_duration:
        return None
    mine = [n for n in said.numbers if n.own and not n.counts and not n.is_change and _owners_agree(n, amount)]
    if amount.date is not None:
        mine = [n for n in mine if n.day is not None and amount.date.covers(n.day)]
        return mine[0] if mine else None
    if amount.number.unit:
        mine = [n for n in mine if n.unit]
    values = {n.value for n in mine}
    return mine[0] if mine and (len(values) == 1 or amount.extreme) else None


# --- what follows from values ------------------------------------------------------------------------------------


def _follows(amount: Amount, reading: Reading, against: Against) -> bool:
    number = amount.number
    if number.is_age:
        return _age_follows(number, against)
    if number.is_duration:
        return _duration_follows(number, reading, against) or _rounds_time(number, against.said)
    if number.counts:
        return _count_follows(amount, reading, against.said)
    values, day_bound = _values(amount, reading, against.said)
    slack = slack_of(number)
    if amount.is_change or number.unit == "%":
        if number.unit == "%" and any(abs(p - number.value) <= max(slack, 0.0 if number.digits else 0.5) for p in _percents(amount, reading, values)):
            return True
        in_points = amount.is_change and (number.unit != "%" or all(p.unit == "%" for p in against.said.points(amount.owners)))
        if in_points and any(abs(d - number.value) <= slack for d in differences(values)):
            return True
    if amount.extreme == "mean" and values and abs(sum(values) / len(values) - number.value) <= max(slack, 0.5 * 10.0**-number.digits):
        return True
    if (number.in_range or amount.is_end) and not day_bound and len(values) > 1:
        return _is_envelope(number, reading, values)
    if number.comparator and values and not amount.is_change:
        return _compares(number, values, plain(reading.text))
    return _total_follows(amount, reading, against.said)


def _values(amount: Amount, reading: Reading, said: Said) -> tuple[list[float], bool]:
    """The values of the amount's quantity in its unit: those that the sentence gives, else the course in the evidence."""
    number = amount.number
    beside = [
        a.number.value
        for a in reading.amounts
        if a is not amount and not a.is_change and not a.number.counts and not a.number.is_duration and not a.number.label and not a.number.sign
        and a.number.second is None
        and ({o.own for o in a.owners} & {o.own for o in amount.owners} or not amount.owners)
    ]  # fmt: skip
    if len(beside) >= 2 and (amount.is_change or number.unit == "%"):
        return beside, True
    unit = "" if number.unit == "%" and amount.is_change else number.unit
    points = said.points(amount.owners)
    if amount.is_change:
        points = _between_days(points, reading)
    substance = said.substance(_keys(amount.owners)[0])
    found = [p.value if not unit or not p.unit else in_unit(p.value, p.unit, unit, substance) for p in points]
    values = [v for v in found if v is not None]
    if number.unit == "%" and not values:
        values = beside
    return values, False


def _between_days(points: list[Point], reading: Reading) -> list[Point]:
    """The points that a sentence compares: on two days that it names, or from one that it names to the last."""
    named = sorted({p.day for p in points for d in reading.dates if d.date.covers(p.day) and d.date.is_day | (d.date.month_day is not None)})
    if len(named) == 1 and points and points[-1].day != named[0]:
        named.append(points[-1].day)
    if len(named) == 2:
        return [p for p in points if p.day in named]
    return _between_extremes(points, plain(reading.text)) if not named else points


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
    found = percent_changes(values if len(values) <= 3 else telling(values)) if moves else []
    if not amount.is_change:
        found += shares([a.number.value for a in reading.amounts if a is not amount and not a.number.unit])
    return found


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
    if re.search(r"\b(?:all|always|every|remain\w*|stayed|consistently|never|none|throughout|persistently)\b", text, re.IGNORECASE):
        return all(test(v) for v in values)
    if re.search(r"\b(?:currently|now|latest|most recent|last|is)\b", text, re.IGNORECASE):
        return test(values[-1])
    return any(test(v) for v in values)


def _total_follows(amount: Amount, reading: Reading, said: Said) -> bool:
    """A dose a day from a dose and its frequency ("10 mg a day" of 5 mg twice daily), or tablets of a strength."""
    number = amount.number
    if number.unit not in {"mg", "g", "ug", "[IU]", "mL", "meq"} or not amount.owners:
        return False
    rates = [f[0] for f in said.frequencies if any(are_kin(o.own, o.ids, f[1], f[2]) for o in amount.owners)]
    doses = [n for n in said.numbers if n.unit and _owners_agree(n, amount) and n.own]
    per_day = re.search(r"\b(?:per|a|each|/)\s?day\b|\bdaily\b|\btotal\b", reading.text, re.IGNORECASE) is not None
    per_day = per_day and all(f.per_day == 1 for f, _ in reading.frequencies)
    for dose in doses:
        value = in_unit(dose.value, dose.unit, number.unit, "")
        if value is not None and per_day and any(r != 1 and abs(value * r - number.value) <= slack_of(number) for r in rates):
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
    if number.counts == "visit" and (kind := _visits(number.phrase, "visit")):
        return number.value > 0 and sum(kind in item for item in said.items) == number.value
    words = {"medication": "medication", "problem": "problem", "allergy": "allerg", "visit": ("visit", "admission", "encounter"), "procedure": "procedure", "vaccination": "vaccin", "value": "value", "report": "report", "note": "note", "device": "device"}.get(number.counts, "")  # fmt: skip
    stems = (words,) if isinstance(words, str) else words
    for items, heading in said.item_counts:
        if items == number.value and any(stem and stem in heading for stem in stems):
            return True
    if reading.names:  # "two antihypertensives": as many as are named with it
        named = {n.own for n in reading.names if n.state is not State.ABSENT}
        if len(named) == number.value and number.counts in {"medication", "problem", "allergy", "procedure", "vaccination"}:
            return True
    return False


def _age_follows(number: Number, against: Against) -> bool:
    today = against.as_of
    if today is None:
        return False
    return any(today.year - b.year - ((today.month, today.day) < (b.month, b.day)) == number.value for b in against.said.births)


def _rounds_time(number: Number, said: Said) -> bool:
    for value, unit in {(n.value, n.unit) for n in said.numbers if n.unit in {"a", "mo", "wk", "d", "h", "min", "s"}}:
        same = in_unit(value, unit, number.unit, "")
        if same is not None and abs(same - number.value) <= slack_of(number):
            return True
    return False


def _duration_follows(number: Number, reading: Reading, against: Against) -> bool:
    """The time between two days of the sentence, else of what it speaks of, else up to today."""
    said = against.said
    named = [d.date.first for d in reading.dates if d.date.is_day and d.date.first is not None]
    text = plain(reading.text)
    ago = re.match(r"[\s-]*(?:ago|back)\b", text[number.end :], re.IGNORECASE)
    if len(named) >= 2:
        return any(fits_duration(number, a, b) for a, b in combinations(named, 2))
    if reading.days_before and re.match(r"[\s-]*(?:later|earlier|afterwards|after that|before that|thereafter)\b", text[number.end :], re.IGNORECASE):
        here = named or [d.date.first for d in said.dates if d.date.is_day and d.date.first]
        return any(fits_duration(number, a, b) for a in reading.days_before for b in here)
    own, ids = _keys(reading.names)
    mine = [d.date.first for d in said.dates if d.date.is_day and d.date.first and (not own or not d.own or are_kin(own, ids, d.own, d.ids))]
    days = sorted(set(mine))
    today = [against.as_of] if against.as_of is not None else []
    if ago is not None:
        return any(fits_duration(number, d, t) for d in named or days for t in today)
    if named:
        return any(fits_duration(number, d, t) for d in named for t in [*days, *today])
    return any(fits_duration(number, a, b) for a, b in _some_pairs(days, today))


def _some_pairs(days: Sequence[date], today: Sequence[date]) -> Iterator[tuple[date, date]]:
    ends = [*days, *today]
    if len(ends) <= 12:
        yield from combinations(ends, 2)
        return
    # Of a long course: neighbours, and everything against the ends.
    yield from zip(ends, ends[1:], strict=False)
    for day in ends:
        yield day, ends[0]
        yield day, ends[-1]


# --- movement ----------------------------------------------------------------------------------------------------


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
    """"From 7.8 to 8.6" where the record has 8.6 first."""
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
    text = plain(reading.text)
    mine = [
        a
        for a in reading.amounts
        if not a.is_change and not a.number.counts and not a.number.is_duration and not a.number.in_range and not a.number.label and not a.is_limit
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
    if re.search(r"\b(?:from|previously|was|before|earlier|baseline|prior|compared|versus|vs|above|than)\b[^.;]*$", between, re.IGNORECASE) and not re.search(r"\bfrom\b", lead, re.IGNORECASE):
        return second.number.value, first.number.value
    if re.search(r"\bfrom\b[^.;]*$", lead, re.IGNORECASE) or re.search(r"\b(?:to|then|now|later)\b|→|->", between, re.IGNORECASE):
        return first.number.value, second.number.value
    return None


def _possible_trends(moved: Moved, reading: Reading, said: Said) -> set[str]:
    pair = _pair(moved.owners, reading)
    if pair is not None:
        return _signs(pair)
    own, ids = _keys(moved.owners)
    stated = {kind for kind, there, narrower, _ in said.trends if there and are_kin(own, ids, there, narrower)}
    points = said.points(moved.owners)
    compared = _between_days(points, reading)
    if len(compared) < len(points) and len(compared) >= 2:
        return _signs((compared[0].value, compared[-1].value))
    values = [p.value for p in points]
    possible = {k for k in stated if not k.startswith("not ")}
    if len(values) >= 2:
        possible |= _signs((values[0], values[-1])) | _signs((values[-2], values[-1]))
        if len(values) >= 4 and any(d.date.is_day is False for d in reading.dates):
            return set()  # a stretch of the course
    return possible


def _signs(pair: tuple[float, float]) -> set[str]:
    found = {direction(pair)}
    if pair[1] != pair[0]:
        found.add("up" if pair[1] > pair[0] else "down")
    if abs(pair[1] - pair[0]) <= 0.1 * max(abs(pair[0]), 1e-9):
        found.add("flat")
    return found


def _possible_levels(moved: Moved, reading: Reading, said: Said) -> set[str]:
    own, ids = _keys(moved.owners)
    stated = {kind for kind, there, narrower, _ in said.levels if there and are_kin(own, ids, there, narrower)}
    amounts = [a for a in reading.amounts if not a.number.is_duration and not a.number.counts and not a.is_change and not a.is_limit and any(o.own == p.own for o in moved.owners for p in a.owners)]  # fmt: skip
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
    for key in sorted(_keys(owners)[0]):
        low, high, of = said.ranges.get(key, (None, None, ""))
        if low is None and high is None:
            concept = said.lexicon.vocabulary.get(*key.split(":", 1))
            if concept is None or concept.kind != "observation":
                continue
            low, high, of = concept.number("low"), concept.number("high"), concept.extra.get("unit", "")
        if low is None and high is None:
            continue
        here = in_unit(value, unit, of, said.substance([key])) if unit and of else value if not unit else None
        if here is None:
            continue
        return "low" if low is not None and here < low else "high" if high is not None and here > high else "normal"
    return ""


def _keys(names: Sequence[Name]) -> tuple[frozenset[str], frozenset[str]]:
    own: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    for name in names:
        own, ids = own | name.own, ids | name.ids
    return own, ids
