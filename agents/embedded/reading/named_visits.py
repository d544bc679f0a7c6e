"""A clinic visit that a question names by what it was ("booking weight", "at the 34 week check"), as its day.

Which visit is meant is decided by the record's own words for it. Where two fit as well, none is picked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agents.embedded.plans import Setting
from knowledge_base.words import STOP_WORDS, stem
from tools.concepts import Lexicon, tokenize
from tools.events.visits import is_stay

if TYPE_CHECKING:
    from knowledge_base.rows import EncounterRow

_NOUN = re.compile(
    r"\b(?:visit|appointment|appt|clinic|check-?up|check|review|assessment|consultation|consult|contact|booking|follow-up)\b"
    r"(?!\s+(?:notes?|letter|summary|report|date|time)\b)",
    re.IGNORECASE,
)
_BEFORE = frozenset("at on during in from".split())
_QUALIFIERS = 5  # words between the preposition and the noun
_PLAIN = frozenset("the his her their that a an same most visit appointment appt clinic check check-up checkup review assessment consultation consult contact follow-up".split())  # fmt: skip
_FIRST, _LAST = frozenset({"first", "initial", "earliest"}), frozenset({"last", "latest", "recent", "newest"})
_ITSELF = "booking"  # a visit that is called by one word
_ASKS_OF_VISITS = re.compile(r"\b(?:when|who|where|why|how many|how often|date|reason)\b", re.IGNORECASE)


def with_named_visit(text: str, setting: Setting, lexicon: Lexicon) -> str:
    """The question with the day in place of the visit that it names; as it is where none is named or none is plainly meant."""
    if _ASKS_OF_VISITS.search(text):
        return text
    for match in _NOUN.finditer(text):
        start, words = _qualifiers(match, text, lexicon)
        row = _visit(words, setting) if start is not None else None
        moment = (row.start or row.time) if row is not None else None
        if moment is not None:
            return f"{text[:start]}on {moment.date()}{text[match.end() :]}"
    return text


def _qualifiers(match: re.Match[str], text: str, lexicon: Lexicon) -> tuple[int | None, list[str]]:
    """Where the naming of a visit begins, and its words; None where no preposition leads to it.

    "Booking weight" needs none.
    """
    noun = match[0].lower()
    words: list[str] = []
    for word in reversed(list(re.finditer(r"[\w'-]+", text[: match.start()]))[-_QUALIFIERS - 1 :]):
        if word[0].lower() in _BEFORE:
            return word.start(), [*words, noun]
        words.insert(0, word[0].lower())
    behind = text[match.end() :][:40]
    measured = any(m.start <= 1 for m in lexicon.find_mentions(behind, ("observation",), fuzzy=False))
    return (match.start(), [noun]) if noun == _ITSELF and measured else (None, [])


def _visit(words: list[str], setting: Setting) -> EncounterRow | None:
    """The one visit whose own words hold all of these, or the first or last of several where that is said."""
    which = set(words)
    asked = {stem(w) for w in words if w not in _PLAIN | _FIRST | _LAST | STOP_WORDS}
    if not asked:
        return None
    rows = [r for r in setting.visits if not is_stay(r)]
    found = [r for r in rows if asked <= _words(f"{r.type_display or r.display} {r.reason_display} {r.practitioner}")]
    if len(found) > 1:
        found = [r for r in found if asked <= _words(r.type_display or r.display)] or found
    if which & _FIRST:
        return found[0] if found else None
    return found[-1] if found and (which & _LAST or len(found) == 1) else None


def _words(text: str) -> set[str]:
    return {stem(t.norm) for t in tokenize(text)} | {t.norm for t in tokenize(text)}
