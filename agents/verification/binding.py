"""To what each number, date and frequency of a sentence belongs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from agents.verification.dates import DateSpan
from agents.verification.movements import find_movements
from agents.verification.names import HANDED_OVER, RELATIVE, TREATMENTS, Name
from agents.verification.numbers import Frequency, Number
from agents.verification.readings import Amount, Before, Dated, Reading
from agents.verification.units import MASS_UNITS

_EXTREMES = re.compile(
    r"\b(?:(?P<latest>latest|most recent(?:ly)?|last|newest|currently|current|now|at present)|(?P<max>highest|peak(?:ed)?|maxim(?:um|al)|max|greatest|topped|high of)|(?P<min>lowest|nadir|minim(?:um|al)|min|bottomed|low of)|(?P<first>first|earliest|initial(?:ly)?|oldest)|(?P<mean>mean|average[ds]?|averaging)|(?P<median>median))\b",
    re.IGNORECASE,
)
# "2.1 mg/dL on 2026-10-23 was the highest creatinine"
_EXTREME_BEHIND = re.compile(
    r"[^.;|]{0,40}?\b(?:was|is|being|marks|represents)\s+(?:the|her|his|its)\s+(latest|most recent|newest|highest|peak|maximum|lowest|nadir|minimum|first|earliest)\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"(?:\b(?:by|change of|changes? .{0,40}? by|difference(?: of)?|an? (?:\w+ )?(?:increase|rise|decrease|fall|drop|decline|reduction|gain|loss|improvement|change) of|net (?:increase|rise|decrease|fall|drop|decline|reduction|gain|loss|change)(?: of|:)?|up|down|gain(?:ed)?|put on|grew|grown|lost|rose|risen|fell|fallen|dropped|increased|decreased|declined|climbed|reduced|improved|worsened)|[+Δ])\s*(?:about|approximately|roughly|nearly|around|almost|~|a|an|some|over|just over|more than)?\s*$",
    re.IGNORECASE,
)
_CHANGE_AFTER = re.compile(
    r"^\s*(?:\([^)]*\)\s*)?(?:higher|lower|increase|decrease|rise|fall|drop|decline|reduction|more|less|change|difference|different|gain|loss|(?:above|below|under|over) (?:the |its |her |his |that )?(?:previous|baseline|peak|first|last|maximum|nadir|lowest|highest|initial|starting|earlier|prior)|up|down)\b",
    re.IGNORECASE,
)
_WEEKDAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_DATE_BEHIND = re.compile(
    r"^[\s,(:–-]*(?:(?:on|in|at|dated|from|as of|of|measured|recorded|resulted|obtained|collected|drawn|taken|reported|reading|value|level|result|back|was|the|(?:mon|tues|wednes|thurs|fri|satur|sun)day|morning|evening|check|h|H|L|units?)[\s,(:]*){0,4}$",
    re.IGNORECASE,
)
_DATE_AHEAD = re.compile(
    r"^[\s,)|:–-]*(?:(?:when|where|it|the|her|his|a|value|level|result|reading|was|were|is|of|at|had|measured|showed|shows|reached|came back|came|as|stood|to|recorded|been|and|reported|peaked|fell|rose|dropped)[\s,:)–-]*)*$",
    re.IGNORECASE,
)
_PART_OF = re.compile(r"\s*(?:out )?of\b", re.IGNORECASE)
_OF_WHOLE = re.compile(r"\bof\s+(?:the\s+|all\s+)?$", re.IGNORECASE)
_TABLET = re.compile(
    r"\s*(?:oral |ER |XR |extended[- ]release )*(?:tablets?|tabs?|capsules?|caps?|pills?)\b", re.IGNORECASE
)
_TABLETS_OF = re.compile(r"(?:tablets?|capsules?|tabs?|caps?)\s+of\s+$", re.IGNORECASE)
_VALUE_IN_BRACKETS = re.compile(r"\b(?:above|below|within|outside|in)\b[^.;(]*\brange\s*\($", re.IGNORECASE)
_RANGED = re.compile(
    r"\b(?:ranged|ranging|ranges|range (?:was|is)|range of [^.;]{0,60}|varied|varies|fluctuat\w+|span(?:s|ned|ning)?|(?:is|was|were|been|stayed|remained|lay|lies) between)\b[^.;\d]*$",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"\b(?:limits?|range|cut-?off|threshold|target|goal|ULN|LLN)\b(?:[\s:(=,]|of|is|was|up to|at most|at least|under|below|above|over|less than|greater than|from|between|\d+(?:\.\d+)?\s*(?:[-–]|to))*$",
    re.IGNORECASE,
)
_RESPECTIVELY = re.compile(r"\brespectively\b", re.IGNORECASE)
_SEGMENT = re.compile(r"[;,()|\t]|\b(?:and|but|while|whereas|with|plus)\b|\s[–—-]\s", re.IGNORECASE)
_ANAPHOR = re.compile(
    r"^\W*(?:it|this|that|these|those|they|the (?:previous|prior|latest|most recent|last|first|earlier|current|value|level|result|reading|values|highest|lowest|peak|trend|dose|change|one)|previously|before that|earlier|later|prior|then|afterwards|at (?:its|that)|on|in|since|by|both|all|only|an? (?:increase|decrease|rise|fall|drop|decline|reduction)|up|down|most recent|latest|highest|lowest|above|below)\b",
    re.IGNORECASE,
)
_VALUE_FIRST = re.compile(r"^\W*\d")
_STOP = re.compile(r"\.(?!\d)|[;|]")
# "(2026-02-13 to 2026-10-13)", "between 13 May and 9 June"
_UNTIL = re.compile(rf"^\s*(?:to|and|until|till|through|[-–—→])\s*(?:the\s+|{_WEEKDAY}[\s,]*)?$", re.IGNORECASE)
_FROM_BEHIND = re.compile(r"\s+(?:from|to)\s", re.IGNORECASE)
_ONWARD = re.compile(r"\s*%?\s*(?:→|->|to|then|,)\s*\d", re.IGNORECASE)  # "(8.6 → 7.8 %)" are values
_ATTRIBUTE = re.compile(r"\b(?:an?|her|his|their)\s$", re.IGNORECASE)
_SAME_CHANGE = re.compile(
    r"^\s*(?:\(|,?\s*(?:or|i\.?\s?e\.?,?|that is,?|=|/)\s*)\s*[~≈]?\s*(?:about|approximately|roughly|some|an?)?\s*$",
    re.IGNORECASE,
)


# "hypothyroidism at 30", "a stroke (at 72)"
_AT_AGE = re.compile(r"(?:\bat|\(at)\s+$", re.IGNORECASE)


def bind(
    reading: Reading,
    text: str,
    numbers: list[Number],
    dates: list[DateSpan],
    frequencies: list[Frequency],
    before: Before,
) -> None:
    """Fills a reading with its amounts, dates, frequencies and movements, each with its owners."""
    segments = [0, *(m.start() for m in _SEGMENT.finditer(text)), len(text)]
    quantities = [n for n in reading.names if "observation" in n.kinds]
    treatments = [n for n in reading.names if not TREATMENTS.isdisjoint(n.kinds) or "immunization" in n.kinds]
    # "## LDL" and then "150 mg/dL on 2026-06-09": a line that begins with its value names nothing of its own.
    leans = before.is_heading or _ANAPHOR.match(text) is not None or (not quantities and _VALUE_FIRST.match(text))
    inherited = before.owners if leans else ()
    for number in numbers:
        number = _as_age(number, reading.names, text)
        eligible = _eligible(number, quantities, treatments)
        owners = _owners(number, eligible, numbers, segments, text)
        made = _amount(number, owners, inherited, numbers, text)
        _restate(made, reading, text)
        reading.amounts.append(made)
    _respectively(reading, text, quantities)
    _ends_of_range(reading, text)
    _bind_dates(reading, text, dates)
    for frequency in frequencies:
        owners = _nearest(frequency.start, frequency.end, treatments, text)
        if (
            _ATTRIBUTE.search(text, max(0, frequency.start - 8), frequency.start)
            and text[frequency.end :][1:2].isalpha()
        ):
            owners = tuple(n for n in treatments if 0 < n.start - frequency.end <= 2)  # "a daily prenatal vitamin"
        reading.frequencies.append(
            (frequency, owners or tuple(o for o in inherited if not TREATMENTS.isdisjoint(o.kinds)))
        )
    find_movements(reading, text, quantities, tuple(o for o in inherited if "observation" in o.kinds))


def _amount(
    number: Number, owners: tuple[Name, ...], inherited: Sequence[Name], numbers: list[Number], text: str
) -> Amount:
    """A number with what it belongs to and what kind of amount it is."""
    made = Amount(number, owners)
    if not owners and inherited:
        fitting = tuple(
            _eligible(
                number,
                [o for o in inherited if "observation" in o.kinds],
                [o for o in inherited if not TREATMENTS.isdisjoint(o.kinds)],
            )
        )
        made.owners, made.is_inherited = fitting, True
    made.is_change = _is_change(text, number) or (bool(number.sign) and not number.in_range)
    if made.is_change and number.unit == "{score}":  # "fell by 18 points" of any quantity
        made.number = number = replace(number, unit="")
    made.may_be_change = (
        not made.is_change
        and _FROM_BEHIND.match(text, number.end) is not None
        and (_CHANGE.search(text[max(0, number.start - 60) : number.start]) is not None)
    )
    made.is_part = (
        _PART_OF.match(text, number.end) is not None
        or _OF_WHOLE.search(text, max(0, number.start - 14), number.start) is not None
    )
    made.is_strength = (
        _TABLET.match(text, number.end) is not None
        or _TABLETS_OF.search(text, max(0, number.start - 14), number.start) is not None
    )
    made.is_limit = _is_limit(text, number)
    made.extreme = _extreme(text, number, numbers)
    return made


def _restate(made: Amount, reading: Reading, text: str) -> None:
    """Marks a percentage that says the change before it once more: "changed by 2.5 g/dL (18%)"."""
    number = made.number
    if number.unit == "%" and not made.is_change and reading.amounts and reading.amounts[-1].is_change:
        # "changed by 2.5 g/dL (18%)"
        between = text[reading.amounts[-1].number.end : number.start]
        if _SAME_CHANGE.match(between) and not _ONWARD.match(text, number.end):
            made.is_change, made.restates = True, reading.amounts[-1]


def _as_age(number: Number, names: Sequence[Name], text: str) -> Number:
    """The number as an age where it stands behind a disease with "at"."""
    plain_count = not (number.unit or number.digits or number.counts or number.label or number.is_age)
    if (
        not plain_count
        or not 0 < number.value < 111
        or not _AT_AGE.search(text, max(0, number.start - 6), number.start)
    ):
        return number
    before = max((n for n in names if n.end <= number.start), key=lambda n: n.end, default=None)
    is_disease = before is not None and "condition" in before.kinds and "observation" not in before.kinds
    is_disease = is_disease or (before is None and RELATIVE.search(text, 0, number.start) is not None)
    return replace(number, is_age=True, unit="a") if is_disease else number


def _eligible(number: Number, quantities: Sequence[Name], treatments: Sequence[Name]) -> list[Name]:
    if number.is_age or number.label:
        return []
    if number.counts == "unit_of_drug":
        return list(treatments)
    if number.counts not in {"", "value", "any"}:
        return []
    if number.is_duration:
        return [n for n in quantities if number.unit in {"h", "min", "s"}]
    if number.counts == "value":
        return list(quantities)
    if number.unit in MASS_UNITS or number.unit.startswith(("mg/kg", "ug/kg", "mg/h", "ug/h", "ug/min", "mL/h")):
        return [*treatments, *(n for n in quantities if n not in treatments)]
    if number.unit:
        return list(quantities)
    return [*quantities, *(n for n in treatments if n not in quantities)]


def _owners(
    number: Number, eligible: list[Name], numbers: list[Number], segments: list[int], text: str
) -> tuple[Name, ...]:
    """The names a number may belong to: the nearest before it, or in its own stretch the nearest behind it."""
    if not eligible:
        return ()
    first = max(s for s in segments if s <= number.start)
    last = min(s for s in segments if s >= number.end) if number.end < len(text) else len(text)
    before = sorted((n for n in eligible if n.end <= number.start), key=lambda n: n.end)
    behind = sorted((n for n in eligible if n.start >= number.end and n.start < last), key=lambda n: n.start)
    if before and before[-1].start >= first:
        return _run(before, numbers)
    if behind:
        gap = text[number.end : behind[0].start]
        near = not re.search(r"[.;:]", gap) and not any(number.end <= n.start < behind[0].start for n in numbers)
        if near:
            # "a potassium of 5.4, 1.2 mg/dL creatinine": the one behind in the same stretch, or what was spoken of.
            return (behind[0], *before[-1:])
    return _run(before, numbers) if before else tuple(_later(number, eligible, numbers))


def _later(number: Number, eligible: list[Name], numbers: list[Number]) -> list[Name]:
    """Where nothing stands before, the first name behind, as long as no other number comes first."""
    behind = min((n for n in eligible if n.start >= number.end), key=lambda n: n.start, default=None)
    if behind is None or behind.start - number.end > 60:
        return []
    return [behind]


def _run(before: list[Name], numbers: list[Number]) -> tuple[Name, ...]:
    """The last name with those joined to it without a number between ("sodium and potassium")."""
    run = [before[-1]]
    for name in reversed(before[:-1]):
        if any(name.end <= n.start < run[-1].start for n in numbers) or run[-1].start - name.end > 30:
            break
        run.append(name)
    return tuple(run)


def _respectively(reading: Reading, text: str, quantities: list[Name]) -> None:
    """Pairs a run of names with a run of numbers by order where the sentence says "respectively"."""
    if not _RESPECTIVELY.search(text):
        return
    amounts = [a for a in reading.amounts if len(a.owners) > 1 and not a.is_inherited]
    runs: dict[frozenset[int], list[Amount]] = {}
    for amount in amounts:
        runs.setdefault(frozenset(o.start for o in amount.owners), []).append(amount)
    for starts, group in runs.items():
        if len(starts) == len(group):
            ordered = sorted(group[0].owners, key=lambda o: o.start)
            for amount, owner in zip(group, ordered, strict=True):
                amount.owners = (owner,)


def _ends_of_range(reading: Reading, text: str) -> None:
    """In "ranged from 1.2 to 1.8" the two are said to be the lowest and the highest."""
    for first, second in pairwise(reading.amounts):
        lead = text[max(0, first.number.start - 80) : first.number.start]
        if second.number.in_range | (" to " in text[first.number.end : second.number.start]) and _RANGED.search(lead):
            low, high = sorted((first, second), key=lambda a: a.number.value)
            low.extreme, high.extreme = "min", "max"
            low.is_end = high.is_end = True


def _bind_dates(reading: Reading, text: str, dates: list[DateSpan]) -> None:
    amounts = [a for a in reading.amounts if not a.is_time and not a.number.label and not a.is_change]
    ranged = _date_ranges(text, dates, amounts)
    for date in dates:
        owners = _nearest(date.start, date.end, reading.names, text, most=3)
        if len(owners) > 1 and HANDED_OVER.search(text, owners[-2].end, owners[-1].start):
            owners = owners[-1:]  # the day on which X was changed to Y is the first of Y
        reading.dates.append(Dated(date, owners))
        if date.start in ranged:
            continue
        ahead = [a for a in amounts if a.number.end <= date.start]
        if ahead and ahead[-1].date is None and _DATE_BEHIND.match(text[ahead[-1].number.end : date.start]):
            ahead[-1].date = date
            continue
        behind = [a for a in amounts if a.number.start >= date.end]
        if behind and behind[0].date is None:
            between = text[date.end : behind[0].number.start]
            for owner in behind[0].owners:
                if date.end <= owner.start and owner.end <= behind[0].number.start:
                    between = between.replace(owner.text, "")
            if _DATE_AHEAD.match(between):
                behind[0].date = date


def _date_ranges(text: str, dates: list[DateSpan], amounts: list[Amount]) -> set[int]:
    """Binds the ends of a stretch of time to the two values before it; where both ends of stretches stand."""
    ends: set[int] = set()
    for first, last in pairwise(dates):
        if first.start in ends or not _UNTIL.match(text[first.end : last.start]):
            continue
        ahead = [a for a in amounts if a.number.end <= first.start and a.date is None]
        if len(ahead) >= 2 and {o.own for o in ahead[-1].owners} == {o.own for o in ahead[-2].owners}:
            ahead[-2].date, ahead[-1].date = first, last
            ends |= {first.start, last.start}
    return ends


def _nearest(start: int, end: int, names: Sequence[Name], text: str, most: int = 1) -> tuple[Name, ...]:
    """The nearest names before, else the nearest behind, within the same clause."""
    before = [n for n in names if n.end <= start and not _STOP.search(text, n.end, start)]
    if before:
        return tuple(before[-most:])
    behind = [n for n in names if n.start >= end and not _STOP.search(text, end, n.start)]
    return (behind[0],) if behind else ()


def _is_change(text: str, number: Number) -> bool:
    if number.is_duration or number.is_age or number.label:
        return False
    before = text[max(0, number.start - 60) : number.start]
    if _CHANGE.search(before):
        lead = _CHANGE.search(before)
        word = lead[0].strip().lower() if lead else ""
        # "down 70 mg/dL", "fell 12%"; but "increased 1.2 to 2.1" and "up 5.4 from" show values.
        return not re.match(r"^\s*(?:to|from|→|->)\s", text[number.end : number.end + 8]) or word.endswith(("by", "of"))
    return _CHANGE_AFTER.match(text[number.end : number.end + 30]) is not None and not re.match(
        r"^\s*(?:more|less)\b", text[number.end : number.end + 8]
    )


def _is_limit(text: str, number: Number) -> bool:
    """Whether a number is the end of a reference range or a goal; "above the normal range (5.4)" shows the value."""
    lead = text[max(0, number.start - 60) : number.start]
    return _LIMIT.search(lead) is not None and _VALUE_IN_BRACKETS.search(lead) is None


def _extreme(text: str, number: Number, numbers: list[Number]) -> str:
    """Whether the number is said to be the latest, highest, lowest, first or mean value."""
    if number.is_duration or number.label or number.is_age or number.counts:
        return ""
    behind = _EXTREME_BEHIND.match(text, number.end)
    if behind is not None and (word := _EXTREMES.search(behind[1])) is not None:
        return word.lastgroup or ""
    near = text[max(0, number.start - 80) : number.start]
    if _EXTREMES.search(near) is None:
        return ""
    previous = max((n.end for n in numbers if n.end <= number.start), default=0)
    lead = text[max(previous, number.start - 80) : number.start]
    lead = re.split(r"[;.]|\bup from\b|\bdown from\b|\bfrom\b|\bcompared\b|\bversus\b|\bvs\b", lead)[-1]
    found = list(_EXTREMES.finditer(lead))
    if not found or re.search(
        r"\b(?:from|since|before|previous|prior|change|changed|by|limit)\b", lead[found[-1].end() :], re.IGNORECASE
    ):
        return ""
    if re.search(r"\b(?:second|third|next|\d(?:nd|rd|th))\b[\s-]*$", lead[: found[-1].start()], re.IGNORECASE):
        return ""
    if re.match(
        r"\s*(?:dose|order|ordered|visit|admission|filled|year|month|week|two|three|\d)",
        lead[found[-1].end() :],
        re.IGNORECASE,
    ):
        return ""
    return found[-1].lastgroup or ""
