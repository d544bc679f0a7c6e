"""One thing asked of the notes and of the record in a breath: "what do the notes say about creatinine, and what does the record say?"."""

from __future__ import annotations

import re

_OWNER = r"(?:(?:the|his|her|their|all|any|patient's)\s+)*"
_NOTES = (
    rf"{_OWNER}(?:(?:clinic(?:al)?|progress|free[- ]text)\s+)?(?:notes?|letters?|documents?|documentation|narrative)"
)
_RECORD = rf"{_OWNER}(?:(?:structured|coded|electronic|formal)\s+)?(?:records?|charts?|ehr|emr|file|data|lists?)"
_SAY = r"(?:says?|tells?(?: us| me)?|shows?|ha(?:ve|s)|mentions?|states?|gives?|holds?)"
_ABOUT = r"(?:about|on|of|for|regarding|concerning|re)"
_IT = rf"(?:\s+{_ABOUT}\s+(?:it|that|this|them|those|the same))?"
_AND = r"\s*(?:[,;?.]\s*)*(?:\b(?:and|but|while|versus|vs\.?|compared (?:with|to))\b\s*)+(?:then\s+|by contrast\s+)?"
_TOPIC = r"(?P<topic>\S(?:[^,;?.]*?[^,;?.\s])?)"
_END = r"\s*(?:too|as well|instead|respectively|each)?\W*$"


def _asked_first(first: str, second: str) -> re.Pattern[str]:
    lead = rf"^\W*(?:what|anything)\s+(?:(?:do|does|is there in)\s+)?{first}\s+(?:{_SAY}\s+)?{_ABOUT}\s+{_TOPIC}"
    return re.compile(rf"{lead}{_AND}(?:what\s+)?(?:do(?:es)?\s+)?{second}(?:\s+{_SAY})?{_IT}{_END}", re.IGNORECASE)


_NOTES_FIRST, _RECORD_FIRST = _asked_first(_NOTES, _RECORD), _asked_first(_RECORD, _NOTES)
_TOGETHER = re.compile(
    rf"^\W*(?:(?:please|can you)\s+)*(?:compare\s+)?what\s+(?:do(?:es)?\s+)?(?:{_NOTES}\s+and\s+{_RECORD}|{_RECORD}\s+and\s+{_NOTES})\s+(?:each\s+|both\s+)?{_SAY}\s+{_ABOUT}\s+{_TOPIC}{_END}",
    re.IGNORECASE,
)
_OF_WHAT_IS_OPEN = re.compile(rf"^\W*(?:and\s+)?what\s+do(?:es)?\s+{_RECORD}\s+{_SAY}{_END}", re.IGNORECASE)


def asked_of_both(text: str) -> list[str]:
    """What such a question asks, as two questions that each stand alone; empty for any other."""
    for pattern, notes_first in ((_NOTES_FIRST, True), (_RECORD_FIRST, False), (_TOGETHER, False)):
        if (match := pattern.match(text)) is not None:
            topic = match["topic"]
            asks = [f"what do the notes say about {topic}", topic]
            return asks if notes_first else asks[::-1]
    return []


def names_no_subject(text: str) -> bool:
    """Whether a text asks what the record says and not of what ("what does the record say?")."""
    return _OF_WHAT_IS_OPEN.match(text) is not None
