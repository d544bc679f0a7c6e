"""How a time is named before a noun ("during the second admission"), and the days that are put in its place."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.concepts import Lexicon
from tools.times.calendar_words import MONTHS

WHO = r"(?:he|she|they|the (?:patient|pt)|pt)"
DAY = timedelta(days=1)
ARTICLES = frozenset("the a an his her their that this same day time of".split())
LAST = frozenset("last latest recent most newest current this index".split())
NTH = {word: n for n, words in enumerate(("first 1st initial initially originally earliest", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th"), 1) for word in words.split()}  # fmt: skip

SAME = {"prior to": "before", "ahead of": "before", "preceding": "before", "following": "after", "upon": "at"}
_WHEN = rf"(?:(?:on|at|by) (?:the )?(?:time|day) of|(?:when|while|whilst) {WHO} (?:was|were)(?: in| on| at)?|(?:when|while|whilst) (?:in|on|at)|prior to|ahead of|preceding|following|throughout|during|before|after|since|upon|over|from|with|when|for|at|on|in|by|of|as)"
_NONE_OF_IT = r"(?:and|or|vs|versus|than|to|is|was|were|are|did|does|has|had|he|she|they|what|how)"
_LEAD = re.compile(
    rf"\b(?P<when>{_WHEN})\s+(?P<which>(?:(?!(?:{_WHEN}|{_NONE_OF_IT})\b)[\w'-]+\s+){{0,6}})$", re.IGNORECASE
)
# Of several values or a later one: such a question is for all of an illness or a stay, not for the day that it began on.
OF_A_SERIES = re.compile(
    r"\b(?:peak|nadir|highest|lowest|max\w*|min\w*|worst|best|trend|average|mean|last|latest|final|course|discharge|now|current\w*|since|how (?:has|have|did)|chang\w+|all|every|any|ever|improv\w+|fall\w*|fell|r[io]se|drop\w*)\b",
    re.IGNORECASE,
)
MONTHS_BUT_MAY = "|".join(sorted((m for m in MONTHS if m != "may"), key=len, reverse=True))
_OWN_TIME = re.compile(
    rf"\b(?:19|20)\d\d\b|\b\d{{1,2}}/\d{{1,2}}\b|\b(?:{MONTHS_BUT_MAY})\b|\b(?:ed|er|clinic)\b", re.IGNORECASE
)
_PUT_IN = re.compile(
    r"\s*\b(?:between|since|before|after|on) \d{4}-\d\d-\d\d(?: and \d{4}-\d\d-\d\d)?(?![\w/-])|^initial (?=.*\d{4}-\d\d-\d\d)"
)


class Lead(NamedTuple):
    """What leads to the noun that names a time: where it starts, its preposition, and the words that say which is meant."""

    start: int
    when: str
    which: tuple[str, ...] = ()


def lead_to(text: str, noun: int) -> Lead | None:
    """The preposition and the words before a noun; None where no preposition leads to it."""
    match = _LEAD.search(text[:noun])
    if match is None:
        return None
    when = " ".join(match["when"].lower().split())
    when = "at" if when.endswith(("time of", "day of")) else SAME.get(when, when)
    if when.startswith(("when ", "while ", "whilst ")):  # "while he was in", "when he was an inpatient"
        when = when.split()[-1] if when.endswith((" in", " on", " at")) else "in"
    return Lead(match.start(), when, tuple(match["which"].lower().split()))


def has_own_time(text: str, start: int, end: int) -> bool:
    """Whether a time or a visit is named beside a phrase of the text, too."""
    return _OWN_TIME.search(f"{text[:start]} {text[end:]}") is not None


def is_measured(behind: str, lexicon: Lexicon) -> bool:
    """Whether a result is named right behind a noun: "admission creatinine", "booking weight"."""
    return any(m.start <= 1 for m in lexicon.find_mentions(behind[:40], ("observation",), fuzzy=False))


def between(begun: datetime, ended: datetime) -> str:
    """The days of a stay or a visit, or its one day."""
    first, last = begun.date(), ended.date()
    return f"on {first}" if first == last else f"between {first} and {last}"


def around(before: str, moment: datetime, after: str) -> str:
    """A question for the first value about a moment: what was measured the evening before belongs to it."""
    return f"initial {before}between {(moment - DAY).date()} and {(moment + DAY).date()}{after}"


def without_days_put_in(text: str) -> str:
    """A question without the days that stand in it for a visit or a stay: they are its period, and no note has them."""
    return " ".join(_PUT_IN.sub(" ", text).split()) or text
