"""Numbers and words that a calculator takes, chosen among what the note gives: the value on arrival, in the right unit.

A note gives many values of one test. The first that is the patient's own, current and possible is taken: case reports and
admission notes tell the arrival first. A value that the note calls baseline, a goal or past comes after those that it does not.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import resources
from typing import Any

from domain.predictions import ModelInput
from tools.calculation.answers import DERIVED, NOTE, Used
from tools.calculation.reading import Found, NoteReading
from tools.calculation.unread import converted, listed_around, unread

_OTHER_FLUID = re.compile(
    r"\b(?:urin\w*|spot|24[- ]?h\w*|csf|cerebrospinal|pleural|ascit\w*|peritoneal|dialysate|synovial|stool|(?<!any )fluid(?!\s(?:or|therap\w+|support|replacement|resuscitation|bolus\w*|challenge|intake|restriction|deprivation|administration|status|balance|overload|retention|loss\w*)\b|\sand\s))\b"
)
_OF_BLOOD = re.compile(r"^(?:hypo|hyper)?\w+a?emia\b")
_BLOOD = re.compile(r"\b(?:serum|plasma|blood|venous|arterial)\b|[.;]\s(?!it\b|this\b|these\b|which\b)")
_CLAUSE_END = re.compile(r"[.;:]\s|\n")
_NOW = re.compile(r"^.*\b(?:now|current(?:ly)?|present(?:ly|ation)?|admission|examination|today)\b", re.DOTALL)
_EARLIER = re.compile(
    r"\b(?:baseline|previous(?:ly)?|prior(?! to\b)|earlier|ago|\w+-old (?:\w+ )?(?:panel|labs?|results?|sample)|home|last (?:year|month|visit|week)|months? before|years? before|weeks? before"
    r"|pre-?op\w*|usual|known|recent|in the past|routine|annual|pre-?pregnan\w*|pre-?morbid|had been|history of)\b"
)
_NOT_HERE = re.compile(
    r"\b(?:birth|born|delivered|lift(?:ed|ing)|carrying|mid-?parental|predicted|father|mother|sister|brother|donor|target|goal|ideal|normal range|reference)\b"
)
_EARLIER_AFTER = re.compile(
    r"(?:(?!compar|versus|\bvs\b|from|than|baseline|against|relative|while|whereas|\bbut\b)(?:[^.;,()]|\.\d)){0,80}?"
    r"\b(?:earlier|ago|previously|(?:before|prior to) (?:admission|presentation|arrival))\b"
)
_LATER = re.compile(
    r"\b(?:peak\w*|at discharge|(?:at|on|during) (?:\S+ ){0,3}follow[- ]?up|nadir|stabili[sz]ed"
    r"|(?:after|following|with) (?:\w+ ){0,3}(?:treatment|therapy|dialysis|ha?emodialysis|transfusions?|fluids?|resuscitation))\b"
)
_ROUGH = re.compile(
    r"\b(?:up to|around|roughly|(?:higher|greater|more|less|lower) than|above|below|over|under|exceed\w*|between|ranging)\b|[<>≥≤~]"
)
_RISE = re.compile(r"\b(?:increas\w*|rose|ris(?:e|en|ing)|worsen\w*|elevat\w*|climb\w*|up)\b")
_FROM = re.compile(r"\bfrom\s+\d[\d.,]*\s*\S{0,10}$")
_HARMFUL_RISE = {"creatinine", "bun", "urea", "bilirubin_total", "ast", "alt", "inr", "glucose"}
_AGE = re.compile(
    r"\b(?:at|aged?|age of)\s+(?:the\s+)?(?:age\s+(?:of\s+)?)?(?P<n>\d{1,3}|one|two|three|four|five|six|eight|nine|ten)"
    r"[\s-]+(?P<unit>day|week|month|year)s?\b(?!\s+(?:after|later|of (?:treatment|therapy|follow)|post|into))"
)
_WORD_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "nine": 9, "ten": 10}
_YEARS = {"day": 1 / 365.25, "week": 7 / 365.25, "month": 1 / 12, "year": 1.0}
_STILL_THAT_AGE = 0.9  # of the patient's age
_CUT = re.compile(r"[.,]\d")  # the number goes on, as in "1,70 m"
_OTHER_SIZE = {"height_cm": re.compile(r"\s?(?:kg|lbs?)\b"), "weight_kg": re.compile(r"\s?(?:cm|m|stones?)\b")}
_MISREAD = {
    "albumin": re.compile(r"^(?!.*\balb|.*albumin).*protein"),
    "": re.compile(r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]*\.?\s\d{1,2}$"),
}  # of one concept, and of any: a total protein, the day of a month
_MISREAD_AFTER = {
    "calcium": re.compile(r"\b(?:ioni[sz]ed|free)\s$"),
    "body_height": re.compile(r"\d\s?m(?:et(?:er|re)s?)?\s(?:and )?$"),
}  # ionised calcium; the centimetres of "1 m 68 cm"
_BESIDE = re.compile(r"\([^()]*\)|^[^()]*\)")
_CHANGE = re.compile(r"\b(?:put on|gain\w*|los(?:t|s|ses|ing))\b.{0,30}$", re.DOTALL)
_BEDSIDE = re.compile(r"\b(?:capillary|finger\s?-?stick|point[- ]of[- ]care|glucometer|bedside)\b")
_CLAUSE = 110
_OF_ANOTHER = 3  # how many of the first ranks mean that a value is not one of this patient
_LOOK_BACK = 130


@lru_cache(maxsize=1)
def sources() -> dict[str, list[str]]:
    """The concepts that feed each numeric input, the better ones first; those of one group, joined by |, are equals."""
    text = resources.files("tools").joinpath("data/note_inputs.json").read_text(encoding="utf-8")
    loaded: dict[str, list[str]] = json.loads(text)
    return loaded


def number(reading: NoteReading, spec: ModelInput, near: frozenset[int] = frozenset()) -> Used | None:
    """The value of a measured input, or None where the note has none that is possible.

    Of values that are equally current, one that starts at one of the characters `near` is preferred.
    """
    usable = _usable(reading, spec)
    if not usable:
        return unread(reading, spec)
    place = _places(spec)
    ranked = sorted(
        usable,
        key=lambda pair: (
            _rank(reading, pair[0]),
            pair[0].start not in near,
            place[pair[0].concept_id],
            pair[0].start,
        ),
    )
    found, value = ranked[0]
    if paired := listed_around(reading, spec, found.start):
        return paired
    others = tuple(dict.fromkeys(reading.text[f.start : f.end] for f, v in ranked[1:] if abs(v - value) > 1e-9))
    same = abs(value - float(found.value)) <= 1e-9 * max(1.0, abs(value))
    return used(
        reading,
        spec.name,
        found.value,
        found.unit,
        found.start,
        found.end,
        others=others,
        converted=None if same else value,
    )


def _places(spec: ModelInput) -> dict[str, int]:
    groups = [group.split("|") for group in sources().get(spec.name, ())]
    return {concept: at for at, group in enumerate(groups) for concept in group}


def _usable(reading: NoteReading, spec: ModelInput) -> list[tuple[Found, float]]:
    """The values of the note that can be an input's, with the amount in its unit, in text order."""
    return [
        (found, value)
        for found in reading.measured(*_places(spec))
        if not _CUT.match(reading.lower, found.end)
        and not (spec.name in _OTHER_SIZE and _OTHER_SIZE[spec.name].match(reading.lower, found.end))
        and not _misread(reading, found)
        and is_of_urine(reading, found) is spec.name.startswith("urine")
        and (value := _in_unit(found, spec)) is not None
    ]


def of_any_time(reading: NoteReading, spec: ModelInput) -> list[Used]:
    """Every value of an input that is the patient's own and was measured, of whatever time, in text order."""
    return [
        used(reading, spec.name, found.value, found.unit, found.start, found.end, converted=value)
        for found, value in _usable(reading, spec)
        if not any(_rank(reading, found)[:_OF_ANOTHER])
    ]


def current(reading: NoteReading, spec: ModelInput) -> list[Used]:
    """The values of an input that nothing speaks against: the patient's own, now, exact; in text order."""
    return [
        used(
            reading, spec.name, found.value, found.unit, found.start, found.end,
            converted=None if abs(value - float(found.value)) <= 1e-9 * max(1.0, abs(value)) else value,
        )
        for found, value in _usable(reading, spec)
        if not any(_rank(reading, found))
    ]  # fmt: skip


@lru_cache(maxsize=1)
def _normals() -> dict[str, float]:
    text = resources.files("tools").joinpath("data/normal_values.json").read_text(encoding="utf-8")
    loaded: dict[str, float] = json.loads(text)
    return loaded


def normal(spec: ModelInput) -> float | None:
    """A value of an input that is in nobody's way: what a score takes where the note does not say."""
    return _normals().get(spec.name)


def used(
    reading: NoteReading, name: str, value: float | bool | str, unit: str, start: int, end: int, **more: Any
) -> Used:
    """An input with its quote."""
    return Used(name=name, value=value, unit=unit, span=(start, end), quote=reading.text[start:end],
                origin=more.pop("origin", NOTE), **more)  # fmt: skip


def _in_unit(found: Found, spec: ModelInput) -> float | None:
    unit = found.unit.replace("umol/dL", "umol/L")  # nobody measures µmol per dL
    return converted(float(found.value), unit, spec)


def is_of_urine(reading: NoteReading, found: Found) -> bool:
    """Whether a value is of urine or another fluid than blood, by its name or the words before it."""
    if found.concept_id.startswith("urine"):
        return True
    if _OF_BLOOD.match(reading.lower[found.start : found.end]):
        return False
    around = reading.lower[max(0, found.start - _LOOK_BACK) : found.end]
    other = [m.start() for m in _OTHER_FLUID.finditer(around)]
    return bool(other) and not any(m.start() > other[-1] for m in _BLOOD.finditer(around))


def _rank(reading: NoteReading, found: Found) -> tuple[bool, ...]:
    """What speaks against a value; False sorts first."""
    said = found.assertion
    low = reading.lower
    clause, quote = _clause_before(reading, found.start), low[found.start : found.end]
    return (
        said.is_family,
        said.is_hypothetical,
        _NOT_HERE.search(_NOW.sub("", clause)) is not None
        or (found.concept_id == "body_weight" and _CHANGE.search(clause + quote) is not None),
        said.is_historical
        or _EARLIER.search(clause + quote) is not None
        or _EARLIER_AFTER.match(low, found.end) is not None
        or _at_a_younger_age(reading, clause)
        or _before_a_rise(found, clause, quote),
        _LATER.search(clause + quote) is not None,
        bool(found.comparator) or found.high is not None or _is_rough(found, quote),
        said.is_negated,
    )


def _is_rough(found: Found, quote: str) -> bool:
    bedside = found.concept_id.startswith("glucose") and _BEDSIDE.search(quote) is not None
    return bedside or _ROUGH.search(quote) is not None


def _misread(reading: NoteReading, found: Found) -> bool:
    """Whether what was extracted is another thing: a total protein for albumin, a day of a month for a value."""
    quote = reading.lower[found.start : found.end]
    before = _MISREAD_AFTER.get(found.concept_id)
    if before and before.search(reading.lower[max(0, found.start - 12) : found.start]):
        return True
    return any(name in ("", found.concept_id) and pattern.search(quote) for name, pattern in _MISREAD.items())


def is_of_another_time(reading: NoteReading, span: tuple[int, int]) -> bool:
    """Whether the words before a value give it to another time or another person than the patient's present."""
    clause = _clause_before(reading, span[0])
    return (
        _NOT_HERE.search(_NOW.sub("", clause)) is not None
        or _EARLIER.search(clause) is not None
        or _at_a_younger_age(reading, clause)
    )


def _before_a_rise(found: Found, clause: str, quote: str) -> bool:
    """Whether the value is where a harmful rise began: "creatinine increased from 0.8 to 2.4"."""
    return (
        found.concept_id in _HARMFUL_RISE
        and _FROM.search(quote) is not None
        and _RISE.search(clause[-40:] + quote) is not None
    )


def _at_a_younger_age(reading: NoteReading, clause: str) -> bool:
    """Whether the clause tells of the patient at an age well below the present one."""
    told = _AGE.search(clause)
    if told is None:
        return False
    present = next((float(f.value) for f in reading.measured("age_years") if not f.assertion.is_family), 0.0)
    then = float(_WORD_NUMBERS.get(told["n"]) or told["n"]) * _YEARS[told["unit"]]
    return then < _STILL_THAT_AGE * present


def _clause_before(reading: NoteReading, start: int) -> str:
    """The words of a value's own clause before it, without remarks in brackets (the range of the value before)."""
    first = max(0, start - _CLAUSE)
    own = max((m.end() for m in _CLAUSE_END.finditer(reading.lower, first, start)), default=first)
    return _BESIDE.sub(" ", reading.text[own:start]).lower()


def sex(reading: NoteReading, spec: ModelInput) -> Used | None:
    """Female or male as the note calls the patient."""
    for found in reading.written("sex"):
        if not found.assertion.is_family and found.value in spec.choices:
            return used(reading, spec.name, str(found.value), "", found.start, found.end)
    pronouns = [m for m in reading.matching(_PRONOUN)]
    women = [m for m in pronouns if m[0] in ("she", "her")]
    chosen = women if 2 * len(women) > len(pronouns) else [m for m in pronouns if m not in women]
    if not chosen:
        return _sex_by_body(reading, spec)
    value = "female" if chosen[0] in women else "male"
    return used(reading, spec.name, value, "", *chosen[0].span(), origin=DERIVED, note="from the pronouns of the note")


def _sex_by_body(reading: NoteReading, spec: ModelInput) -> Used | None:
    """Female or male by what only one of the two has; None where both are named."""
    told = reading.matching(_FEMALE_BODY), reading.matching(_MALE_BODY)
    if bool(told[0]) is bool(told[1]):
        return None
    value, match = ("female", told[0][0]) if told[0] else ("male", told[1][0])
    return used(reading, spec.name, value, "", *match.span(), origin=DERIVED, note="from the organs of the note")


_FEMALE_BODY = re.compile(
    r"\b(?:pregnan(?:t|cy)|gravida|uter(?:us|ine)|vagina\w*|ovar(?:y|ies|ian)|menopaus\w+|hysterectomy|g\d ?p\d)\b"
)
_MALE_BODY = re.compile(r"\b(?:prostat\w+|testic\w+|testis|testes|scrot\w+|penis|penile)\b")
_PRONOUN = re.compile(r"\b(?:she|her|he|his|him)\b")
