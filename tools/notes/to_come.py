"""Sentences that only say that a result is to come: "DXA pending", "if the repeat Doppler shows no clot". They are none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge_base.words import stem, words_of

_ASKS_A_RESULT = re.compile(
    r"\b(?:what|which|how)\b.{0,60}\b(?:shows?|showed|shown|finds?|found|reveal\w*|demonstrate\w*|grow|grew)\b|\b(?:results?|findings?|outcome|values?|readings?|t-?scores?|positive or negative)\b|\b(?:come|came|comes) back\b|\bwas it (?:positive|negative|normal|abnormal|clear)\b",
    re.IGNORECASE,
)
_ASKS_WHAT_NEXT = re.compile(
    r"\b(?:when|plan\w*|next|due|pending|book\w*|still|await\w*|waiting|outstanding|why|who|until|should|will|going to|chas\w+|repeat(?:ed)?\b.*\?|threshold|if)\b",
    re.IGNORECASE,
)
_TO_COME = re.compile(
    r"\b(?:pending|await\w*|outstanding|to follow|not (?:yet )?(?:back|done|available|reported)|request\w*|book(?:ed|ing)|schedul\w+|order(?:ed)?|sent|arrang\w+|organis\w+|organiz\w+|due|to (?:be )?(?:do|done|get|check|repeat)|if|once|until|unless|must be|should be|need(?:s|ed)?|consider|will (?:be|get|have|need)|plan(?:ned)?|for (?:repeat|next)|recheck|next|tomorrow)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[a-z)])[.;](?=\s|$)|\n|(?<=\d)\.\s")
_CLAUSE = re.compile(r",\s|\s[-–—]\s|(?<=\w):\s")
# What is only supposed or demanded: "if the Doppler shows no clot", "must be negative first".
_SUPPOSED = re.compile(r"\b(?:if|once|until|unless|when|must be|should be|has to be|needs to be)\b.*", re.IGNORECASE)
# A figure with its unit, or a finding: what a result has.
_TOLD = re.compile(
    r"\d\s?(?:mm|cm|mg|g|kg|ml|%|hu|kpa|mmhg|iu|units?|umol|mmol|ng)\b|\d%|(?<![/\d.])(?!(?:19|20)\d\d\b)(?:\d{2,}|\d+\.\d+)(?![/\d.]|\s*(?:weeks?|wks?|months?|days?|years?|h\b|hours?|th|st|nd|rd|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))|\b(?:was|were|showed|shows|shown|grew|grown|isolated|found|normal|negative|neg|positive|pos|clear|unchanged|stable|no)\b|[=]\s*\S",
    re.IGNORECASE,
)
_FRAME = frozenset(
    stem(w)
    for w in "what which how show shows showed find finds found reveal revealed result results finding findings outcome value values reading positive negative come came back last latest any report scan test first second repeat".split()
)


def is_only_to_come(question: str, quotes: Sequence[str]) -> bool:
    """Whether a question wants a result, and what names it, the likeliest sentence first, only tells that it is to come."""
    if not quotes or _ASKS_A_RESULT.search(question) is None or _ASKS_WHAT_NEXT.search(question):
        return False
    asked = {stem(w) for w in words_of(question) if not w[0].isdigit()} - _FRAME
    told = [
        [tail for sentence in _SENTENCE.split(quote) for tail in _from_its_name(sentence, asked)] for quote in quotes
    ]
    return bool(told[0]) and all(_is_to_come(tail) for tails in told for tail in tails)


# Right behind the name of the test it is all that is told of it, whatever the clause goes on about.
_OPEN_YET = re.compile(r"\b(?:pending|await(?:ed|ing)|outstanding|to follow|not (?:yet )?back)\b", re.IGNORECASE)


def _is_to_come(told: str) -> bool:
    if (open_yet := _OPEN_YET.search(told)) is not None and _TOLD.search(told[: open_yet.start()]) is None:
        return True
    return _TO_COME.search(told) is not None and _TOLD.search(_SUPPOSED.sub(" ", told)) is None


def _from_its_name(sentence: str, asked: set[str]) -> list[str]:
    """The part of a sentence from the first clause that holds the name; nothing where none does."""
    clauses = _CLAUSE.split(sentence)
    first = next((n for n, clause in enumerate(clauses) if asked & {stem(w) for w in words_of(clause)}), None)
    return [] if first is None else [", ".join(clauses[first:])]
