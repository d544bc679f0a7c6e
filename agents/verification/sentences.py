"""One sentence read as claims: what is named, how much, when, how often, and which way it went.

Drafts and evidence are read by the same reader, so that a wording is understood alike on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agents.verification.binding import bind
from agents.verification.dates import DateSpan, find_dates
from agents.verification.names import Cues, Name, find_names
from agents.verification.numbers import Number, find_frequencies, find_numbers, find_times
from agents.verification.readings import MARKER, Before, Reading, plain
from tools.concepts import Lexicon

_CODE = re.compile(
    r"(?<![\w.-])(?:(?P<icd>[A-TV-Z]\d[0-9AB](?:\.[0-9A-Z]{1,4})?)|(?P<loinc>\d{3,7}-\d)|(?P<hpo>HP:\d{7})|(?P<long>\d{6,18}))(?![\w-]|\.\d)"
)
_CODE_CUE = re.compile(r"\b(?:ICD|LOINC|SNOMED|SCTID|RxNorm|RxCUI|CVX|CPT|ATC|HPO|codes?|coded)\b", re.IGNORECASE)
_SHORT_CODE = re.compile(
    r"\b(?:RxNorm|RxCUI|CVX|CPT|LOINC|SNOMED(?: CT)?|ICD(?:-?10(?:-CM)?)?|code)\W{1,3}(?P<code>[A-Z]?\d[\dA-Z]{0,17}(?:[.-][\dA-Z]{1,4})?)\b"
)
# Words of movement that are also the name of an accident.
_FALLS = frozenset({"fell", "fall", "falls", "falling", "fallen"})
_BY_SO_MUCH = re.compile(r"\s+(?:by|from|to|below|within)\s+(?:\w+\s+)?[-−+~<>]?\d", re.IGNORECASE)
_READ_AT_ONCE = 1500  # characters; a longer piece without an end is read in parts, so that time stays linear


def read(text: str, lexicon: Lexicon, before: Before = Before()) -> Reading:
    """The claims of one sentence, list item or table row."""
    if len(text) > _READ_AT_ONCE:
        return _in_parts(text, lexicon, before)
    reading = Reading(text, markers=[(m.start(), m.end(), m[0]) for m in MARKER.finditer(text)])
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
    numbers = [_without_inches(n, dates) for n in find_numbers(masked)]
    amounts = [(n.start, n.end) for n in numbers if n.unit and not n.label]
    named = _named_with_time(masked, numbers, lexicon)
    numbers = [n for n in numbers if not any(s <= n.start < e for s, e in named)]
    wordy = _masked(masked, [a for a in amounts if not any(s <= a[0] < e for s, e in named)])
    names = find_names(wordy, lexicon)
    if any("observation" in n.kinds for n in (*names, *before.owners)):
        names = [n for n in names if n.text.lower() not in _FALLS]
    names = [n for n in names if n.text.lower() not in _FALLS or not _BY_SO_MUCH.match(text, n.end)]
    starts = {(n.start, n.end) for n in names}
    numbers = [n for n in numbers if n.unit or not any(s <= n.start and n.end <= e for s, e in starts)]
    # Four digits with a unit are an amount, and without one a year.
    taken = {n.start for n in numbers if n.unit or n.counts}
    dates = [d for d in dates if not (d.may_be_number and d.start in taken)]
    numbers = [n for n in numbers if not any(d.start <= n.start < d.end for d in dates)]
    if not any("observation" in n.kinds for n in names) and (implied := _of_the_body(bare, numbers, lexicon)):
        before = replace(before, owners=implied, is_heading=True)
    cues = Cues(wordy, before.setting, names)
    reading.names = [cues.judge(n) for n in names]
    bind(reading, bare, numbers, dates, frequencies, before)
    return reading


# "She gained 3 kg", "he grew 12 cm": the measure of the body goes without saying.
_OF_THE_BODY = (
    ("weight", frozenset({"kg", "[lb_av]"}), re.compile(r"\b(?:gain(?:ed)?|lost|loss|put on|shed)\b", re.IGNORECASE)),
    ("height", frozenset({"cm", "[in_i]"}), re.compile(r"\b(?:grew|grown)\b", re.IGNORECASE)),
)


def _of_the_body(text: str, numbers: Sequence[Number], lexicon: Lexicon) -> tuple[Name, ...]:
    for label, units, verb in _OF_THE_BODY:
        if any(n.unit in units and verb.search(text, max(0, n.start - 40), n.start) for n in numbers):
            return tuple(find_names(label, lexicon)[:1])
    return ()


def _without_inches(number: Number, dates: Sequence[DateSpan]) -> Number:
    """The number without a unit where its "in" opens a date: "5.0 in April 2026"."""
    if number.unit != "[in_i]" or not any(0 <= d.start - number.end <= 1 for d in dates):
        return number
    return replace(number, unit="", end=number.start + len(number.text))


def _named_with_time(text: str, numbers: Sequence[Number], lexicon: Lexicon) -> list[tuple[int, int]]:
    """Where names hold an amount of time: "forced expiratory volume in 1 second", "2 hour glucose"."""
    times = [n.start for n in numbers if n.is_duration]
    found = [(m.start, m.end) for m in lexicon.find_mentions(text, fuzzy=False)] if times else []
    return [(s, e) for s, e in found if any(s <= t < e for t in times)]


def parts_of(text: str) -> list[tuple[int, str]]:
    """A text in parts that are read at once, each with where it starts."""
    found = []
    start = 0
    while len(text) - start > _READ_AT_ONCE:
        end = start + _READ_AT_ONCE
        gap = max(text.rfind(c, start + _READ_AT_ONCE // 2, end) for c in " \n")
        end = gap if gap > start else end
        found.append((start, text[start:end]))
        start = end
    return [*found, (start, text[start:])]


def _in_parts(text: str, lexicon: Lexicon, before: Before) -> Reading:
    whole = Reading(text)
    for _, part in parts_of(text):
        whole.extend(read(part, lexicon, before))
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
        if match["icd"] and not cued and "." not in match[0] and not _alone_in_brackets(text, match):
            continue
        if match["loinc"] and not (cued or _is_loinc(match[0])):
            continue
        if match["long"] and not (cued or len(match[0]) >= 8):
            continue
        found.append((match.start(), match.end(), match[0]))
    return sorted(found)


def _alone_in_brackets(text: str, match: re.Match[str]) -> bool:
    """Whether three characters such as "(I10)" are a code: not a vitamin, nor a vertebra."""
    enclosed = text[match.start() - 1 : match.start()] in {"(", "["} and text[match.end() : match.end() + 1] in {
        ")",
        "]",
    }
    return enclosed and match[0] != "B12" and match[0][0] not in "CTL"


def _is_loinc(code: str) -> bool:
    """Whether the check digit (Luhn, mod 10) is right."""
    digits, check = code.replace("-", "")[:-1], int(code[-1])
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return (10 - total % 10) % 10 == check
