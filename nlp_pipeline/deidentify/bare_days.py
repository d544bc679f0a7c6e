"""Days written without a year, told from what looks like one: scores, strengths, fractions, pressures, pairs of values.

A month over a day is a day unless something around it says otherwise: a real day that stays beside moved ones gives the shift
away, a score that is moved is read back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_DATA = Path(__file__).parent / "data" / "bare_days.json"
# The second day of a range may follow the first: "10/20-10/24".
_BARE = re.compile(
    r"(?:(?<![\w./-])|(?<=/\d-)|(?<=/\d\d-))(?P<mm>\d{1,2})/(?P<dd>\d{1,2})(?P<dash>-(?P<dd2>\d{1,2})(?![\w/-]|\.\d))?(?![\w/%]|\.\d|-\d{1,3}\b(?!/))"
)
_ORDINAL = re.compile(
    r"\b(?:on|since|until|till|through|thru|by|before|after|from)\s+the\s+(?P<dd>\d{1,2})(?P<th>st|nd|rd|th)\b"
    r"(?=\s*(?:[,;:)]|\.(?!\d)|$|\n)|\s+(?:and|or|at|for|with|to|he|she|they|was|were|showed?|grew)\b)"
)
_WORD_BEFORE = re.compile(r"(?P<word>[A-Za-z][\w&/'-]*)\)?[ \t]*[:=#~]?[ \t]*[(\[]?$")
_WORD_AFTER = re.compile(r"[ \t]*(?P<word>[A-Za-z][\w]*)")
_WORDS = re.compile(r"[A-Za-z][A-Za-z']*")
_OF_WHOLE = re.compile(
    r"\s+(?:of (?:the|a|an|his|her|their|all|them|which|way|meals?|hallway)\b|way\b|full\b)", re.IGNORECASE
)
_PAIR = re.compile(r"[A-Z][A-Za-z0-9]{0,5}[/&][A-Z][A-Za-z0-9]{0,5}")
_CLOCK_FOLLOWS = re.compile(r"[ \t]+(?:[01]\d|2[0-3]):?[0-5]\d\b")
_VALUE_FOLLOWS = re.compile(r"[ \t]*[:=]|[ \t]+\d")
_LENGTH = re.compile(r"(?:(?<!scheduled )(?<!planned )(?<!set )\bfor|\bin|\bx|\bevery|\bover|\bcourse of)[ \t]+$", re.IGNORECASE)  # fmt: skip
# A part of something: "reduced by 1/2", "BCx 10/18 2/2", "BCx 2/2" (bottles), "fundal height 2/3".
_FRACTION = re.compile(r"(?:\b(?:by|height|about|approximately|approx|around|nearly|only|D5|HCV|HPV)|/\d{1,2}|\b(?:b|bl|blood)\s?(?:cx|cxs|cultures?))[ \t:~]*$", re.IGNORECASE)  # fmt: skip
_CLAUSE = re.compile(r"[.;\n]")
_SIMPLE = frozenset({(1, 2), (1, 3), (2, 3), (1, 4), (3, 4)})
_BEFORE, _AFTER = 40, 28


class Words(NamedTuple):
    """What stands before or after; see the data file."""

    dating: frozenset[str]
    counted: frozenset[str]
    settings: frozenset[str]
    scored: frozenset[str]
    scales: frozenset[int]
    follows: frozenset[str]
    pairs_not: frozenset[str]


@lru_cache(maxsize=1)
def _words() -> Words:
    return Words(**{name: frozenset(found) for name, found in json.loads(_DATA.read_text(encoding="utf-8")).items()})


def find_bare_days(text: str) -> Iterator[re.Match[str]]:
    """The days without a year, by month and day or by day alone ("on the 18th")."""
    last: re.Match[str] | None = None  # the day found just before: the end of its range is one too
    for match in _BARE.finditer(text):
        ends_range = last is not None and text[last.end() : match.start()] in {"-", " - ", "–", " – "}
        if ends_range if _in_calendar(match) and ends_range else is_day(text, match):
            last = match
            yield match
    yield from (m for m in _ORDINAL.finditer(text) if 1 <= int(m["dd"]) <= 31)


def is_day(text: str, match: re.Match[str]) -> bool:
    """Whether "3/14" is a day at its place in a text."""
    words = _words()
    first, second = int(match["mm"]), int(match["dd"])
    before = _CLAUSE.split(text[max(0, match.start() - _BEFORE) : match.start()])[-1]
    after = text[match.end() : match.end() + _AFTER]
    word = _word(_WORD_BEFORE.search(before))
    if not _in_calendar(match):
        return 13 <= first <= 31 and 1 <= second <= 12 and word in {"on", "since", "until"}  # the day first
    if _word(_WORD_AFTER.match(after)) in words.follows or _OF_WHOLE.match(after):
        return False
    if word in words.dating:
        return True
    part = first <= second
    if _is_value(word, before, after, part) or (_LENGTH.search(before) and second in {7, 12, 52} and part):
        return False
    if part and second in words.scales and _told(before, after) & words.scored:
        return False
    if (first == second and second <= 6) or (first, second) in _SIMPLE:
        return not _FRACTION.search(before)
    return True


def _told(before: str, after: str) -> set[str]:
    """The words of the clause before, and of what right follows: "4/5 in the RLE", but not "5/12 for CP"."""
    behind = _WORDS.findall(_CLAUSE.split(after)[0])[:3]
    near = behind if behind[:1] and behind[0].lower() in {"in", "on", "at", "of"} else behind[:1]
    return {w.lower() for w in (*_WORDS.findall(before), *near)}


def _is_value(word: str, before: str, after: str, part: bool) -> bool:
    """Whether a setting, a counted thing or a pair of tests stands right before: "BiPAP 12/5", "cycle 3/6", "H/H 8/24"."""
    words = _words()
    if _CLOCK_FOLLOWS.match(after):
        return False  # "before the 4th dose) 10/22 0020"
    if word in words.counted:
        return part
    if _VALUE_FOLLOWS.match(after):
        return False  # "BP 9/12: 130/80" is of that day
    found = _WORD_BEFORE.search(before)
    paired = found is not None and _PAIR.fullmatch(found["word"]) is not None and word not in words.pairs_not
    return paired or word in words.settings


def _in_calendar(match: re.Match[str]) -> bool:
    last = int(match["dd2"]) if match["dd2"] else 31
    return 1 <= int(match["mm"]) <= 12 and 1 <= int(match["dd"]) <= last <= 31


def _word(match: re.Match[str] | None) -> str:
    return match["word"].lower() if match is not None else ""
