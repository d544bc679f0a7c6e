"""Results in words: which way a test came out, of which specimen, and what a germ is resistant to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from agents.verification.dates import DateSpan
from agents.verification.names import TREATMENTS, Name, State
from agents.verification.readings import Reading

_SPECIMENS = r"blood|urine|urinary|sputum|wound|stool|throat|nasal|CSF|spinal fluid|pleural|ascitic|synovial|saliva"
_TEST = re.compile(
    r"\b(?P<test>cultures?|[BU]Cx|challenge|skin test|gram stain|antigen|antibod(?:y|ies)|PCR|swab|serology|smear|pregnancy test|biops(?:y|ies))\b",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"\b(?:negative|no growth|NGTD|sterile|clear(?:ed)?|not detected|non-?reactive|never (?:grew|positive)|(?:did not|didn['’]t|not) gr[eo]w\w*|not positive|no organisms?)\b",
    re.IGNORECASE,
)
_POSITIVE = re.compile(
    r"\b(?:positive|gr[eo]w(?:s|n|ing)?|growth of|yield(?:ed|s)|detected|reactive|[1-9] (?:of|out of) \d)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"(?<=[\w)])[.;](?=\s|$)|\b(?:but|while|whereas|after which|then)\b", re.IGNORECASE)
_SPECIMEN = re.compile(rf"\b(?P<specimen>{_SPECIMENS})\b", re.IGNORECASE)
_CULTURE = re.compile(r"\bcultures?\b", re.IGNORECASE)
_REACH = re.compile(r"\b(?P<not>not )?(?:(?P<resistant>resistant)|susceptible|sensitive)(?: to\b|:)", re.IGNORECASE)
_SAME_WORD = {"urinary": "urine", "spinal fluid": "csf", "bcx": "culture", "ucx": "culture"}


class Outcome(NamedTuple):
    """Which way a test is said to have come out, with the days that its clause names."""

    test: str
    is_positive: bool
    start: int
    end: int
    days: tuple[DateSpan, ...]


def outcomes_of(reading: Reading) -> Iterator[Outcome]:
    """The outcomes that a line gives, one for each clause that names a test and goes only one way."""
    text = reading.plain
    starts = [0, *(m.end() for m in _CLAUSE.finditer(text)), len(text)]
    for first, last in pairwise(starts):
        test = _TEST.search(text, first, last)
        if test is None:
            continue
        negative = _NEGATIVE.search(text, first, last)
        denied = [negative.span()] if negative is not None else []
        positive = next((m for m in _POSITIVE.finditer(text, first, last) if not any(s <= m.start() < e for s, e in denied)), None)  # fmt: skip
        found = negative or positive
        if found is not None and (negative is None or positive is None):
            days = tuple(d.date for d in reading.dates if first <= d.date.start < last)
            word = test["test"].lower()
            yield Outcome(_SAME_WORD.get(word, word.rstrip("s")), negative is None, *found.span(), days)


def specimens_of(reading: Reading) -> Iterator[tuple[str, str, int, int]]:
    """Each specimen with what was measured in it: the keys of quantities, and "culture"."""
    text = reading.plain
    for match in _SPECIMEN.finditer(text):
        word = match["specimen"].lower()
        specimen = _SAME_WORD.get(word, word)
        for name in reading.names:
            if "observation" in name.kinds:
                for key in sorted(name.own):
                    yield specimen, key, match.start(), name.start
        for culture in _CULTURE.finditer(text):
            yield specimen, "culture", match.start(), culture.start()


def reach_of(reading: Reading) -> Iterator[tuple[Name, bool]]:
    """The drugs that a germ is said to be resistant to (true) or not."""
    text = reading.plain
    cues = list(_REACH.finditer(text))
    for name in reading.names:
        before = [c for c in cues if c.end() <= name.start]
        if TREATMENTS.isdisjoint(name.kinds) or not before or name.state is State.CONSIDERED:
            continue
        if not re.search(r"[a-z)][.;]\s", text[before[-1].end() : name.start]):
            yield name, (before[-1]["resistant"] is not None) != (before[-1]["not"] is not None)
