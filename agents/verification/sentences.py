"""One sentence read as claims: what is named, how much, when, how often, and which way it went.

Drafts and evidence are read by the same reader, so that a wording is understood alike on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date as Day
from itertools import pairwise

from agents.verification.dates import DateSpan, find_dates
from agents.verification.names import TREATMENTS, Cues, Name, Setting, State, find_names
from agents.verification.numbers import Frequency, Number, find_frequencies, find_numbers, find_times
from agents.verification.units import MASS_UNITS
from tools.concepts import Lexicon

_MARKER = re.compile(r"\[\d{1,3}\](?!\()")
_EMPHASIS = re.compile(r"\*\*|__|`|(?<![\d\w])\*(?=\w)|(?<=\w)\*(?![\d\w/])")
_CODE = re.compile(
    r"(?<![\w.-])(?:(?P<icd>[A-TV-Z]\d[0-9AB](?:\.[0-9A-Z]{1,4})?)|(?P<loinc>\d{3,7}-\d)|(?P<hpo>HP:\d{7})|(?P<long>\d{6,18}))(?![\w-]|\.\d)"
)
_CODE_CUE = re.compile(r"\b(?:ICD|LOINC|SNOMED|SCTID|RxNorm|RxCUI|CVX|CPT|ATC|HPO|codes?|coded)\b", re.IGNORECASE)
_SHORT_CODE = re.compile(r"\b(?:RxNorm|RxCUI|CVX|CPT|LOINC|SNOMED(?: CT)?|ICD(?:-?10(?:-CM)?)?|code)\W{1,3}(?P<code>[A-Z]?\d[\dA-Z]{0,17}(?:[.-][\dA-Z]{1,4})?)\b")
_ABBREVIATED = re.compile(r"\b(?:i\.e\.|e\.g\.|vs\.|approx\.|ca\.|resp\.)", re.IGNORECASE)
_UP = r"ros[ei]n?|rise|increase|rising|risen|increas(?:ed|ing|es?)|up|higher|climb(?:ed|ing)|upward|worsen(?:ed|ing)|gone up|went up|going up|grew|grown|escalat\w+|gained"
_DOWN = r"fall|decrease|decline|drop|reduction|fell|fallen|falling|falls|decreas(?:ed|ing|es?)|declin(?:ed|ing|es?)|dropp?(?:ed|ing|s)?|down|lower|downward|gone down|went down|going down|reduc(?:ed|tion)|lost|dipped|diminish\w+|came down|come down"
_FLAT = r"(?:(?:about|largely|remained|relatively|roughly|essentially|broadly) )?stable|unchanged|steady|no (?:significant |real )?change|constant|plateau\w*|flat|the same|has not changed|hasn['’]t changed|did not change|didn['’]t change"
_TREND = re.compile(rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN})|(?P<flat>{_FLAT}))\b|(?P<arrow>[↑↓])", re.IGNORECASE)
_NO_TREND = re.compile(
    r"^(?:up|down|lower|higher)\s+(?:to date|extremit\w+|limit|dose|end|bound|risk|respiratory|back|abdom\w+|leg|GI|than (?:the )?(?:normal|reference|reported|usual|upper|range)|criticality|probability)|^(?:up|down)\s+(?:and|with|stairs)\b",
    re.IGNORECASE,
)
# "rise" and its like count as nouns only: "may rise" and "to reduce" claim no course.
_NOUNS = frozenset({"rise", "increase", "fall", "decrease", "decline", "drop", "reduction"})
_NOUN_AHEAD = re.compile(r"\s+(?:in|of|from|since|compared|over|between)\b|\s*[.,;)]|\s*$", re.IGNORECASE)
_NOUN_BEHIND = re.compile(r"(?:\d\s?\S{0,24}(?:\s?\S{1,4})?|percent|\ban?|\bthe|\bthis|\b(?:slight|small|large|clear|further|marked|modest|significant|overall))\s+$", re.IGNORECASE)
_DOUBLE_NEGATED = re.compile(r"\b(?:not|never|n['’]t|without|no)\s+(?:\w+\s+)?$", re.IGNORECASE)
_LEVEL = re.compile(
    r"\b(?:(?P<normal>within (?:the )?(?:normal|reference|usual|reported|target)(?: \w+)? (?:range|limits?)|in (?:the )?(?:normal|reference) range|within (?:the )?(?:range|normal limits)|normal|unremarkable|WNL)"
    r"|(?P<high>above (?:the )?(?:\w+ )?(?:normal|reference|reported|usual|upper|range)(?: \w+)?|higher than (?:the )?(?:normal|reference)|elevated|raised|high|hyper\w{0}|over the (?:limit|range))"
    r"|(?P<low>below (?:the )?(?:\w+ )?(?:normal|reference|reported|usual|lower|range)(?: \w+)?|lower than (?:the )?(?:normal|reference)|low|depressed|subnormal|under the (?:limit|range))"
    r"|(?P<abnormal>abnormal|outside (?:the )?(?:normal |reference )?range|out of range|deranged))\b(?![- ](?:dose|risk|criticality|limit|quality|back|extremit|probability|fat|salt|sodium diet|potassium diet|overnight|density|resolution|school|fever|grade|intensity|saline|sinus|delivery|range|pressure support|blood pressure medic))",
    re.IGNORECASE,
)
_RATIO = re.compile(
    r"\b(?P<about>nearly|almost|about|approximately|roughly|more than|over|less than|around)?\s*(?P<word>doubl(?:ed|ing)|tripl(?:ed|ing)|trebled|quadrupl(?:ed|ing)|halved|halving|twice (?:as|the|its|what)|half (?:of|the|its|what|as)|(?P<fold>\d+(?:\.\d+)?|two|three|four|five|ten)[- ]?(?:fold|times (?:as|the|higher|its)))\b",
    re.IGNORECASE,
)
_RATIO_WORDS = {"doubl": 2.0, "tripl": 3.0, "trebl": 3.0, "quadr": 4.0, "halve": 0.5, "halvi": 0.5, "twice": 2.0, "half ": 0.5}
_FOLDS = {"two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "ten": 10.0}
_EXTREMES = re.compile(
    r"\b(?:(?P<latest>latest|most recent(?:ly)?|last|newest|currently|current|now|at present)|(?P<max>highest|peak(?:ed)?|maxim(?:um|al)|max|greatest|topped)|(?P<min>lowest|nadir|minim(?:um|al)|min|bottomed)|(?P<first>first|earliest|initial(?:ly)?|oldest)|(?P<mean>mean|average[ds]?|averaging)|(?P<median>median))\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"(?:\b(?:by|change of|changes? .{0,40}? by|difference(?: of)?|an? (?:\w+ )?(?:increase|rise|decrease|fall|drop|decline|reduction|gain|loss|improvement|change) of|up|down|gain(?:ed)?|lost|rose|risen|fell|fallen|dropped|increased|decreased|declined|climbed|reduced|improved|worsened)|[+Δ])\s*(?:about|approximately|roughly|nearly|around|almost|~|a|an|some|over|just over|more than)?\s*$",
    re.IGNORECASE,
)
_CHANGE_AFTER = re.compile(
    r"^\s*(?:\([^)]*\)\s*)?(?:higher|lower|increase|decrease|rise|fall|drop|decline|reduction|more|less|change|difference|gain|loss|(?:above|below|under|over) (?:the |its |her |his |that )?(?:previous|baseline|peak|first|last|maximum|nadir|lowest|highest|initial|starting|earlier|prior)|up|down)\b",
    re.IGNORECASE,
)
_DATE_BEHIND = re.compile(
    r"^[\s,(:–-]*(?:(?:on|in|at|dated|from|as of|of|measured|recorded|resulted|obtained|collected|drawn|taken|reported|reading|value|level|result|back|was|the|morning|evening|check|h|H|L|units?)[\s,(:]*){0,4}$",
    re.IGNORECASE,
)
_DATE_AHEAD = re.compile(
    r"^[\s,)|:–-]*(?:(?:it|the|her|his|a|value|level|result|reading|was|were|is|of|at|had|measured|showed|shows|reached|came back|came|as|stood|to|recorded|been|and|reported|peaked|fell|rose|dropped)[\s,:)–-]*)*$",
    re.IGNORECASE,
)
_PART_OF = re.compile(r"\s*(?:out )?of\b", re.IGNORECASE)
_OF_WHOLE = re.compile(r"\bof\s+(?:the\s+|all\s+)?$", re.IGNORECASE)
_TABLET = re.compile(r"\s*(?:oral |ER |XR |extended[- ]release )*(?:tablets?|tabs?|capsules?|caps?|pills?)\b", re.IGNORECASE)
_TABLETS_OF = re.compile(r"(?:tablets?|capsules?|tabs?|caps?)\s+of\s+$", re.IGNORECASE)
_RANGED = re.compile(r"\b(?:ranged|ranging|ranges|varied|fluctuated)\b[^.;]*$", re.IGNORECASE)
_LIMIT = re.compile(
    r"\b(?:limits?|range|cut-?off|threshold|target|goal|ULN|LLN)\b(?:[\s:(=,]|of|is|was|under|below|above|over|less than|greater than|from|between|\d+(?:\.\d+)?\s*(?:[-–]|to))*$",
    re.IGNORECASE,
)
_RESPECTIVELY = re.compile(r"\brespectively\b", re.IGNORECASE)
_SEGMENT = re.compile(r"[;,()|\t]|\b(?:and|but|while|whereas|with|plus)\b|\s[–—-]\s", re.IGNORECASE)
_ANAPHOR = re.compile(
    r"^\W*(?:it|this|that|these|those|they|the (?:previous|prior|latest|most recent|last|first|earlier|current|value|level|result|reading|values|highest|lowest|peak|trend|dose|change|one)|previously|before that|earlier|later|prior|then|afterwards|at (?:its|that)|on|in|since|by|both|all|only|an? (?:increase|decrease|rise|fall|drop|decline|reduction)|up|down|most recent|latest|highest|lowest|above|below)\b",
    re.IGNORECASE,
)
_STOP = re.compile(r"\.(?!\d)|[;|]")
# Words of movement that are also the name of an accident.
_FALLS = frozenset({"fell", "fall", "falls", "falling", "fallen"})
_READ_AT_ONCE = 3000  # characters; a longer piece without an end is read in parts, so that time stays linear


@dataclass(slots=True)
class Amount:
    """A number with what it belongs to."""

    number: Number
    owners: tuple[Name, ...] = ()
    is_inherited: bool = False  # the owners stand in an earlier sentence or a heading
    date: DateSpan | None = None
    is_change: bool = False
    is_limit: bool = False  # of a reference range or a goal
    extreme: str = ""
    is_end: bool = False  # of a range that a course is said to have
    is_part: bool = False  # "3 of 7"
    is_strength: bool = False  # of one tablet, which need not be the dose


@dataclass(slots=True)
class Dated:
    """A date with the names that it may belong to."""

    date: DateSpan
    owners: tuple[Name, ...] = ()


@dataclass(slots=True)
class Moved:
    """A trend, a level or a ratio with the quantity that it is said of."""

    start: int
    end: int
    text: str
    kind: str  # up | down | flat; high | low | normal | abnormal; ratio
    owners: tuple[Name, ...] = ()
    ratio: float = 0.0
    hedge: str = ""


@dataclass(slots=True)
class Reading:
    """A sentence as claims."""

    text: str
    names: list[Name] = field(default_factory=list)
    amounts: list[Amount] = field(default_factory=list)
    dates: list[Dated] = field(default_factory=list)
    frequencies: list[tuple[Frequency, tuple[Name, ...]]] = field(default_factory=list)
    trends: list[Moved] = field(default_factory=list)
    levels: list[Moved] = field(default_factory=list)
    ratios: list[Moved] = field(default_factory=list)
    codes: list[tuple[int, int, str]] = field(default_factory=list)
    times: list[tuple[int, int, str]] = field(default_factory=list)
    markers: list[tuple[int, int, str]] = field(default_factory=list)
    days_before: tuple[Day, ...] = ()


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier lines leave open for a sentence: the heading's setting and the quantity spoken of."""

    setting: Setting = Setting()
    owners: tuple[Name, ...] = ()
    is_heading: bool = False  # the owners come from a heading, so that any line may lean on them
    days: tuple[Day, ...] = ()  # that the sentence before names, for "three days later"


def plain(text: str) -> str:
    """The text with citation markers and emphasis blanked out, every character in its place."""
    bare = _EMPHASIS.sub(_blank, _MARKER.sub(_blank, text))
    return _ABBREVIATED.sub(lambda m: m[0].replace(".", " "), bare)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def read(text: str, lexicon: Lexicon, before: Before = Before()) -> Reading:
    """The claims of one sentence, list item or table row."""
    if len(text) > _READ_AT_ONCE:
        return _in_parts(text, lexicon, before)
    reading = Reading(text, markers=[(m.start(), m.end(), m[0]) for m in _MARKER.finditer(text)])
    reading.days_before = before.days
    bare = plain(text)
    dates = find_dates(bare)
    masked = _masked(bare, [(d.start, d.end) for d in dates if not d.may_be_number])
    reading.times = find_times(masked)
    masked = _masked(masked, [(s, e) for s, e, _ in reading.times])
    reading.codes = _codes(masked)
    masked = _masked(masked, [(s, e) for s, e, _ in reading.codes])
    frequencies = find_frequencies(masked)
    masked = _masked(masked, [(f.start, f.end) for f in frequencies])
    numbers = [n for n in find_numbers(masked)]
    wordy = _masked(masked, [(n.start, n.end) for n in numbers if n.unit and not n.label])
    names = find_names(wordy, lexicon)
    if any("observation" in n.kinds for n in (*names, *before.owners)):
        names = [n for n in names if n.text.lower() not in _FALLS]
    starts = {(n.start, n.end) for n in names}
    numbers = [n for n in numbers if n.unit or not any(s <= n.start and n.end <= e for s, e in starts)]
    # Four digits with a unit are an amount, and without one a year.
    taken = {n.start for n in numbers if n.unit or n.counts}
    dates = [d for d in dates if not (d.may_be_number and d.start in taken)]
    numbers = [n for n in numbers if not any(d.start <= n.start < d.end for d in dates)]
    cues = Cues(wordy, before.setting, names)
    reading.names = [cues.judge(n) for n in names]
    _bind(reading, bare, numbers, dates, frequencies, before)
    return reading


def _in_parts(text: str, lexicon: Lexicon, before: Before) -> Reading:
    whole = Reading(text)
    start = 0
    while start < len(text):
        end = min(len(text), start + _READ_AT_ONCE)
        if end < len(text):
            gap = max(text.rfind(" ", start + _READ_AT_ONCE // 2, end), text.rfind("\n", start + _READ_AT_ONCE // 2, end))
            end = gap if gap > start else end
        part = read(text[start:end], lexicon, before)
        for name in ("names", "amounts", "dates", "frequencies", "trends", "levels", "ratios", "codes", "times", "markers"):
            getattr(whole, name).extend(getattr(part, name))
        start = end
    return whole


def _masked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    if not spans:
        return text
    pieces, position = [], 0
    for start, end in sorted(spans):
        if start >= position:
            pieces += [text[position:start], " " * (end - start)]
            position = end
    return "".join([*pieces, text[position:]])


def _codes(text: str) -> list[tuple[int, int, str]]:
    cued = _CODE_CUE.search(text) is not None
    found = [(m.start("code"), m.end("code"), m["code"]) for m in _SHORT_CODE.finditer(text)] if cued else []
    for match in _CODE.finditer(text):
        if any(s < match.end() and match.start() < e for s, e, _ in found):
            continue
        if match["icd"] and not cued and "." not in match[0]:
            continue
        if match["loinc"] and not (cued or _is_loinc(match[0])):
            continue
        if match["long"] and not (cued or len(match[0]) >= 8):
            continue
        found.append((match.start(), match.end(), match[0]))
    return sorted(found)


def _is_loinc(code: str) -> bool:
    """Whether the check digit (Luhn, mod 10) is right."""
    digits, check = code.replace("-", "")[:-1], int(code[-1])
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return (10 - total % 10) % 10 == check


# --- binding -----------------------------------------------------------------------------------------------------


def _bind(
    reading: Reading,
    text: str,
    numbers: list[Number],
    dates: list[DateSpan],
    frequencies: list[Frequency],
    before: Before,
) -> None:
    segments = [0, *(m.start() for m in _SEGMENT.finditer(text)), len(text)]
    quantities = [n for n in reading.names if "observation" in n.kinds]
    treatments = [n for n in reading.names if not TREATMENTS.isdisjoint(n.kinds) or "immunization" in n.kinds]
    leans = before.is_heading or _ANAPHOR.match(text) is not None
    inherited = before.owners if leans else ()
    for number in numbers:
        eligible = _eligible(number, quantities, treatments)
        owners = _owners(number, eligible, numbers, segments, text)
        made = Amount(number, owners)
        if not owners and inherited:
            fitting = tuple(_eligible(number, [o for o in inherited if "observation" in o.kinds], [o for o in inherited if not TREATMENTS.isdisjoint(o.kinds)]))
            made.owners, made.is_inherited = fitting, True
        made.is_change = _is_change(text, number) or (bool(number.sign) and not number.in_range)
        made.is_part = _PART_OF.match(text, number.end) is not None or _OF_WHOLE.search(text, max(0, number.start - 14), number.start) is not None
        made.is_strength = _TABLET.match(text, number.end) is not None or _TABLETS_OF.search(text, max(0, number.start - 14), number.start) is not None
        made.is_limit = _LIMIT.search(text, max(0, number.start - 40), number.start) is not None
        made.extreme = _extreme(text, number, numbers)
        reading.amounts.append(made)
    _respectively(reading, text, quantities)
    _ends_of_range(reading, text)
    _bind_dates(reading, text, dates)
    for frequency in frequencies:
        owners = _nearest(frequency.start, frequency.end, treatments, text)
        reading.frequencies.append((frequency, owners or tuple(o for o in inherited if not TREATMENTS.isdisjoint(o.kinds))))
    _movements(reading, text, quantities, tuple(o for o in inherited if "observation" in o.kinds))


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


def _owners(number: Number, eligible: list[Name], numbers: list[Number], segments: list[int], text: str) -> tuple[Name, ...]:
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
        lead = text[max(0, first.number.start - 30) : first.number.start]
        if second.number.in_range | (" to " in text[first.number.end : second.number.start]) and _RANGED.search(lead):
            low, high = sorted((first, second), key=lambda a: a.number.value)
            low.extreme, high.extreme = "min", "max"
            low.is_end = high.is_end = True


def _bind_dates(reading: Reading, text: str, dates: list[DateSpan]) -> None:
    amounts = [a for a in reading.amounts if not a.number.is_duration and not a.number.label and not a.is_change]
    for date in dates:
        owners = _nearest(date.start, date.end, reading.names, text, most=3)
        reading.dates.append(Dated(date, owners))
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


def _extreme(text: str, number: Number, numbers: list[Number]) -> str:
    """Whether the number is said to be the latest, highest, lowest, first or mean value."""
    if number.is_duration or number.label or number.is_age or number.counts:
        return ""
    previous = max((n.end for n in numbers if n.end <= number.start), default=0)
    lead = text[max(previous, number.start - 80) : number.start]
    lead = re.split(r"[;.]|\bup from\b|\bdown from\b|\bfrom\b|\bcompared\b|\bversus\b|\bvs\b", lead)[-1]
    found = list(_EXTREMES.finditer(lead))
    if not found or re.search(r"\b(?:from|since|before|previous|prior|change|changed|by|limit)\b", lead[found[-1].end() :], re.IGNORECASE):
        return ""
    if re.search(r"\b(?:second|third|next|\d(?:nd|rd|th))\b[\s-]*$", lead[: found[-1].start()], re.IGNORECASE):
        return ""
    if re.match(r"\s*(?:dose|order|ordered|visit|admission|filled|year|month|week|two|three|\d)", lead[found[-1].end() :], re.IGNORECASE):
        return ""
    return found[-1].lastgroup or ""


def _movements(reading: Reading, text: str, quantities: list[Name], inherited: tuple[Name, ...]) -> None:
    for match in _TREND.finditer(text):
        behind = text[match.start() :]
        if _NO_TREND.match(behind) or not _is_course(match, text):
            continue
        kind = match.lastgroup or ""
        if kind == "arrow":
            kind = "up" if match[0] == "↑" else "down"
        negated = _DOUBLE_NEGATED.search(text[max(0, match.start() - 14) : match.start()]) is not None
        owners = _subject(match.start(), match.end(), quantities, text) or inherited
        if owners:
            reading.trends.append(Moved(match.start(), match.end(), match[0], f"not {kind}" if negated else kind, owners))
    for match in _LEVEL.finditer(text):
        owners = _subject(match.start(), match.end(), quantities, text, level=True) or inherited
        negated = _DOUBLE_NEGATED.search(text[max(0, match.start() - 14) : match.start()]) is not None
        if owners:
            kind = match.lastgroup or ""
            reading.levels.append(Moved(match.start(), match.end(), match[0], f"not {kind}" if negated else kind, owners))
    for match in _RATIO.finditer(text):
        owners = _subject(match.start(), match.end(), quantities, text) or inherited
        if owners:
            fold = match["fold"]
            ratio = (_FOLDS.get(fold.lower()) or float(fold)) if fold else _RATIO_WORDS.get(match["word"].lower()[:5], 0.0)
            reading.ratios.append(Moved(match.start(), match.end(), match[0], "ratio", owners, ratio, (match["about"] or "").lower()))


def _is_course(match: re.Match[str], text: str) -> bool:
    if match[0].lower() not in _NOUNS:
        return True
    return _NOUN_AHEAD.match(text, match.end()) is not None and _NOUN_BEHIND.search(text, max(0, match.start() - 40), match.start()) is not None


def _subject(start: int, end: int, quantities: list[Name], text: str, level: bool = False) -> tuple[Name, ...]:
    """The quantity that a word of movement or level is said of: the one just behind it, else the last before it."""
    behind = [n for n in quantities if 0 <= n.start - end <= (2 if level else 12)]
    if behind and re.fullmatch(r"\s*(?:in|of|the|serum|her|his|\s)*\s*", text[end : behind[0].start], re.IGNORECASE):
        return (behind[0],)
    before = [n for n in quantities if n.end <= start and not _parted(text[n.end : start])]
    if not before:
        return ()
    gap = text[before[-1].end : start]
    if level and (len(gap) > 60 or (re.search(r"\b(?:and|with|but)\b", gap) and not re.search(r"\d", gap))):
        return ()
    return (before[-1],) if len(gap) <= 120 else ()


def _parted(gap: str) -> bool:
    """Whether a stop lies between, after which no "it" takes up what was spoken of."""
    last = max((m.end() for m in re.finditer(r"[;|.](?=\s)", gap)), default=0)
    return bool(last) and re.search(r"\b(?:it|this|that|which)\b", gap[last:], re.IGNORECASE) is None


def is_said(state: State) -> bool:
    """Whether a state claims something of the patient."""
    return state not in {State.CONSIDERED, State.NAMED}
