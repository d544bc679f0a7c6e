"""Dates and numbers held against the evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from agents.verification.dates import DateSpan, is_same_date
from agents.verification.derived import (
    age_on,
    slack_of,
)
from agents.verification.evidence import Point, SaidDate, SaidNumber, Source, are_kin, union_of
from agents.verification.findings import Against, Finding, contradicted, stems_of, supported, unsupported
from agents.verification.judging_derived import follows
from agents.verification.judging_events import in_stay
from agents.verification.matching import active_counts, candidates_of, doses_of, fits, owners_agree
from agents.verification.names import RELATIVE, TREATMENTS, Name, State
from agents.verification.numbers import Number
from agents.verification.readings import Amount, Reading
from agents.verification.said import Said
from agents.verification.units import in_unit

_CHECKED_LABELS = re.compile(r"^(?:stage|grade|class|type|category|nyha|asa|kdigo|ckd|phase|trimester)\b")


# --- dates -------------------------------------------------------------------------------------------------------


def judge_dates(reading: Reading, against: Against) -> Iterator[Finding]:
    """Each date must be one that the evidence gives, and gives to what the sentence speaks of."""
    said = against.said
    for dated in reading.dates:
        span = (dated.date.start, dated.date.end)
        label = dated.date.label
        hits = [d for d in said.dates if is_same_date(dated.date, d.date)]
        if against.as_of is not None and dated.date.covers(against.as_of):
            yield supported("date", label, span)
            continue
        if not hits:
            if dated.date.may_be_number and _is_number(dated.date, said):
                continue
            yield unsupported("date", label, span, "no result gives this date")
            continue
        if _is_to_come(dated.date, reading, against):
            yield contradicted("date", label, span, "that day is still to come")
            continue
        own, ids = union_of(dated.owners)
        if not own and _is_of_another_day(reading, hits):
            yield unsupported("date", label, span, "nothing that the results give this day speaks of it")
            continue
        if own:
            mine = [d for d in said.dates if are_kin(own, ids, d.own, d.ids)]
            unowned = any(not d.own and _may_be_of(d, dated.owners) for d in hits) and not _are_events(dated.owners)
            is_done = not any(o.state in _NOT_DONE for o in dated.owners)
            if mine and is_done and not any(is_same_date(dated.date, d.date) for d in mine) and not unowned:
                yield contradicted("date", label, span, "the results give it another date", mine[0].source)
                continue
            hits = [d for d in hits if are_kin(own, ids, d.own, d.ids)] or hits
        yield supported("date", label, span, hits[0].source)


_DONE = re.compile(
    r"\b(?:was|were|has been|had) (?:\w+ )?(?:completed|finished|stopped|discontinued|given|done|performed|placed|removed|started|seen)\b|\b(?:underwent|received|completed|finished|had)\b",
    re.IGNORECASE,
)
_AHEAD = re.compile(r"\b(?:due|plan\w*|schedul\w*|appoint\w*|expect\w*|through|until|till|will|to be|follow-?up|next|by)\b", re.IGNORECASE)  # fmt: skip


def _is_to_come(day: DateSpan, reading: Reading, against: Against) -> bool:
    """Whether a sentence tells as done what it dates after today."""
    text = reading.plain
    if day.first is None or against.as_of is None or day.first <= against.as_of or len(reading.dates) > 1:
        return False
    return _DONE.search(text) is not None and _AHEAD.search(text) is None


_NOT_DONE = frozenset({State.ABSENT, State.CONSIDERED})


def _is_of_another_day(reading: Reading, hits: Sequence[SaidDate]) -> bool:
    """Whether a sentence without a clinical name shares no word with anything that the record has on its day."""
    if reading.names or reading.amounts or any(h.source.origin not in {"record", "note"} for h in hits):
        return False
    words = stems_of(reading.plain)
    return bool(words) and not any(words & stems_of(h.source.quote) for h in hits)


def _may_be_of(day: SaidDate, owners: Sequence[Name]) -> bool:
    """Whether a day of nothing named may be that of a drug: among all days of a record, one always is the day that is said."""
    return day.source.origin not in {"record", "note"} or any(TREATMENTS.isdisjoint(o.kinds) for o in owners)


def _are_events(names: Sequence[Name]) -> bool:
    """Whether names are of what happens on one day, so that another day's line cannot be theirs."""
    return all(n.kinds <= {"procedure", "immunization"} for n in names)


def _is_number(written: DateSpan, said: Said) -> bool:
    return any(True for _ in said.near(float(written.text), "", 0.5 + 1e-9, ""))


# --- numbers -----------------------------------------------------------------------------------------------------


def judge_amounts(reading: Reading, against: Against) -> Iterator[Finding]:
    """Each number must be a value of the evidence, of the same quantity, unit and date, or follow from such values."""
    for amount in reading.amounts:
        number = amount.number
        span, shown = (number.start, number.end), number.text
        if number.label:
            if (
                _CHECKED_LABELS.match(number.label)
                and number.label not in against.said.labels
                and not _in_words(number.label, against.said)
            ):
                yield unsupported("number", shown, span, "no result gives this stage or class")
            continue
        yield _judged(amount, reading, against, shown, span)


def _in_words(label: str, said: Said) -> bool:
    spelled = label.rsplit(" ", 1)
    return any(spelled[0] in n.name.text.lower() and spelled[-1] in n.name.text.lower() for n in said.names)


# "two blood pressure medications" are some of the drugs, "two active medications" all of them.
_RESTRICTED = re.compile(
    r"\b(?!(?:active|current|currently|regular|home|recorded|listed|chronic|ongoing|medical|different)\b)[a-z-]+\s+(?=\S+$)"
)


def _judged(amount: Amount, reading: Reading, against: Against, shown: str, span: tuple[int, int]) -> Finding:
    said, number = against.said, amount.number
    unit, kind = number.unit, "duration" if amount.is_time and not number.is_age else "number"
    if number.counts == "other":
        if not {number.phrase, number.phrase.rstrip("s")} & said.words:
            return unsupported(kind, shown, span, "no result speaks of what is counted")
        number = replace(number, counts="", phrase="")
        amount = replace(amount, number=number)
    candidates = candidates_of(amount, said)
    fitting = doses_of([c for c in candidates if fits(c, amount, said)], amount, said)
    if (otherwise := _otherwise(amount, fitting, reading, against)) is not None:
        return contradicted(kind, shown, span, otherwise[0], *otherwise[1], unit=unit)
    fitting = _of_its_day(amount, fitting, said)
    if fitting:
        wrong = _wrong_extreme(amount, reading, fitting, said)
        if wrong is not None:
            reason = f"it is not the {amount.extreme or 'latest'} value"
            return contradicted(kind, shown, span, reason, wrong.source, unit=unit)
        return supported(kind, shown, span, fitting[0].source, unit=unit)
    as_change = replace(amount, is_change=True) if amount.may_be_change else amount
    if follows(amount, reading, against) or (amount.may_be_change and follows(as_change, reading, against)):
        return supported(kind, shown, span, unit=unit, reason="follows from the values of the results")
    other = _other_value(amount, said)
    if other is not None:
        return contradicted(kind, shown, span, "the results give another value", other.source, unit=unit)
    elsewhere = "the results give this number to something else or in another unit"
    return unsupported(kind, shown, span, elsewhere if candidates else "no result gives this number", unit=unit)


def _otherwise(
    amount: Amount, fitting: list[SaidNumber], reading: Reading, against: Against
) -> tuple[str, list[Source]] | None:
    """Why a number is wrong although the results may hold it elsewhere, and where they say so."""
    said, number = against.said, amount.number
    active = active_counts(amount, reading, said)
    if active and not any(n.value == number.value for n in active) and not _RESTRICTED.search(number.phrase):
        return "the results count another number as active", [active[0].source]
    if (mistake := _in_error(amount, fitting, said)) is not None:
        return "the record has this value as entered in error", [mistake.source]
    dated = [c for c in fitting if c.day is not None]
    if dated and not _of_its_day(amount, fitting, said) and not follows(amount, reading, against):
        return "the results give this value another date", [dated[0].source]
    if number.is_age and _is_beyond_age(number, reading, against):
        return "the patient is not that old", []
    if number.is_age and (whose := _of_relative(reading, said)) and not any(_has(q, number.text) for q in whose):
        return "the results give that relative another age", []
    if number.counts and (named := _miscounted(number, reading)) is not None:
        return f"the sentence itself names {named}", []
    return None


def _of_its_day(amount: Amount, fitting: list[SaidNumber], said: Said) -> list[SaidNumber]:
    """The numbers of the day that stands beside an amount, where they have days."""
    if amount.date is None:
        return fitting
    dated = [c for c in fitting if c.day is not None]
    if dated:
        return [c for c in dated if c.day is not None and amount.date.covers(c.day)]
    if _other_value(amount, said) is not None:  # a note's undated number gives that day no other value
        return [c for c in fitting if c.source.origin != "note"]
    return fitting


def _is_beyond_age(number: Number, reading: Reading, against: Against) -> bool:
    """Whether something is said to have happened to the patient at an age that they have not reached."""
    today = against.as_of
    ages = [age_on(born, today) for born in against.said.births] if today is not None else []
    told = [n for n in reading.names if 0 <= number.start - n.end <= 25 and n.state in {State.PRESENT, State.PAST}]
    return bool(ages and told) and number.value > max(ages) and RELATIVE.search(reading.text) is None


def _in_error(amount: Amount, fitting: Sequence[SaidNumber], said: Said) -> SaidNumber | None:
    """The value that the record itself calls a mistake, where only notes bear the amount out."""
    if any(c.source.origin != "note" for c in fitting) or any(
        o.is_attributed or o.state is State.ABSENT for o in amount.owners
    ):
        return None
    return next((n for n in said.in_error if abs(n.value - amount.number.value) <= slack_of(amount.number) and owners_agree(n, amount) and amount.owners), None)  # fmt: skip


def judge_errors(reading: Reading, said: Said) -> Iterator[Finding]:
    """Amounts that the record itself calls a mistake."""
    for amount in reading.amounts:
        fitting = [c for c in candidates_of(amount, said) if fits(c, amount, said)]
        if (mistake := _in_error(amount, fitting, said)) is not None:
            span = (amount.number.start, amount.number.end)
            yield contradicted("number", amount.number.text, span, "the record has this value as entered in error", mistake.source)  # fmt: skip


def _of_relative(reading: Reading, said: Said) -> list[str]:
    """The lines of the results about the one relative that a sentence speaks of."""
    told = {m[0].lower() for m in RELATIVE.finditer(reading.text)}
    return [item for item in said.items if item.startswith(tuple(told))] if len(told) == 1 else []


def _has(line: str, number: str) -> bool:
    return re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.]\d|\d)", line) is not None


def _wrong_extreme(amount: Amount, reading: Reading, fitting: Sequence[SaidNumber], said: Said) -> Point | None:
    """The value that really is the latest, highest, lowest or first, where the sentence says so of another."""
    extreme = amount.extreme or _is_now(amount, reading)
    if not extreme or extreme in {"mean", "median"}:
        return None
    named_only = extreme in {"latest", "first"}  # "Highest: 8.6" may go without the name that the tool was asked for
    told = [c for c in fitting if c.source.origin != "note"]
    if any(c.extreme == extreme and (c.own or not named_only) for c in told) and amount.date is None:
        return None
    points = in_stay(said.points(amount.owners), reading.plain, said)
    only = 1 if all(not c.own for c in fitting) else 2  # numbers of nothing named give way to a value of its own
    if len({(p.day, p.order) for p in points}) < only or amount.is_inherited or len({p.unit for p in points}) > 1:
        return None
    if any(not d.date.is_day and d.date.month_day is None for d in reading.dates):
        return None  # an extreme of a period, which only the tool that was asked for it knows
    real = {
        "latest": points[-1],
        "first": points[0],
        "max": max(points, key=lambda p: p.value),
        "min": min(points, key=lambda p: p.value),
    }[extreme]
    number = amount.number
    value = (
        in_unit(real.value, real.unit, number.unit, said.substance(amount.owners[0].own))
        if number.unit and real.unit
        else real.value
    )
    if value is None:
        return None
    if abs(abs(value) - number.value) <= slack_of(number):  # the same value may have stood there on another day as well
        return real if _is_other_day(amount, real, points) else None
    if (value > number.value and extreme == "min") or (value < number.value and extreme == "max"):
        return None  # a note has one that lies beyond those of the record
    same_day = [p for p in points if p.day == real.day]
    if extreme in {"latest", "first"} and any(abs(abs(p.value) - number.value) <= slack_of(number) for p in same_day):
        return None
    return real


def _is_now(amount: Amount, reading: Reading) -> str:
    """ "latest" where a sentence says what a quantity is, of no other time."""
    is_measured = any("observation" in o.kinds for o in amount.owners) and not amount.is_limit
    lead = reading.plain[max(0, amount.number.start - 40) : amount.number.start]
    return "latest" if is_measured and not reading.dates and _IS.search(lead) else ""


_IS = re.compile(
    r"\b(?:is|weighs|stands at|sits at)(?: (?:\w+ ){0,2}at)?\s+(?:about |approximately |around |roughly |still |now |currently |at |only |~ ?){0,2}$",
    re.IGNORECASE,
)


def _is_other_day(amount: Amount, real: Point, points: Sequence[Point]) -> bool:
    """Whether the right value is given a day on which it was not the extreme one."""
    day = amount.date
    if day is None or (not day.is_day and day.month_day is None) or day.covers(real.day):
        return False
    same = [p for p in points if abs(p.value - real.value) < 1e-9]
    return amount.extreme in {"latest", "first"} or not any(day.covers(p.day) for p in same)


def _other_value(amount: Amount, said: Said) -> SaidNumber | None:
    """What the evidence gives for the same quantity in its place: on the same day, or as its only value."""
    if not amount.owners or amount.is_change or amount.number.counts or amount.is_time:
        return None
    mine = [n for n in said.numbers if n.own and not n.counts and not n.is_change and owners_agree(n, amount)]
    if amount.date is not None:
        mine = [n for n in mine if n.day is not None and amount.date.covers(n.day)]
        return mine[0] if mine else None
    if amount.number.unit:
        mine = [n for n in mine if n.unit]
    values = {n.value for n in mine}
    if mine and amount.extreme in {"max", "min"}:
        return (max if amount.extreme == "max" else min)(mine, key=lambda n: n.value)
    if mine and amount.extreme == "latest":
        return max(mine, key=lambda n: n.day or date.min)
    return mine[0] if mine and (len(values) == 1 or amount.extreme) else None


_NAMELY = re.compile(r"[^.;:]{0,60}?(?::|,?\s+namely\b|,?\s+i e\b|\s[–—])\s*(?=\w)", re.IGNORECASE)
_LISTED_KINDS = {"medication": TREATMENTS, "problem": {"condition"}, "allergy": {"allergen", *TREATMENTS}, "any": {*TREATMENTS, "condition", "procedure", "immunization"}, "procedure": {"procedure"}, "vaccination": {"immunization"}}  # fmt: skip


def _miscounted(number: Number, reading: Reading) -> int | None:
    """How many a sentence lists after its count ("3 medications: A and B"), where that is another number."""
    text = reading.plain
    opening = _NAMELY.match(text, number.end)
    kinds = _LISTED_KINDS.get(number.counts)
    if opening is None or kinds is None:
        return None
    listed = [n for n in reading.names if n.start >= opening.end() and not n.kinds.isdisjoint(kinds)]
    rest = text[opening.end() :]
    plain_list = re.fullmatch(r"[^.;:()\d]*\.?\s*", rest) is not None and not re.search(
        r"\b(?:more|others?|including|among|such as)\b", rest
    )
    parts = len(re.split(r",\s*(?:and\s+)?|\s+and\s+", rest.strip(" ."))) if plain_list else 0
    named = len(listed)
    return named if plain_list and named == parts and named != number.value else None
