"""The code status as notes have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.story.passages import around

if TYPE_CHECKING:
    from tools.story.model import Sentence
    from tools.story.testimony import Testimony

_CODE = re.compile(
    r"\b(?:full code|full treatment|DNR|DNI|DNACPR|do not (?:resuscitate|intubate|attempt)|code status|comfort measures only|POLST|MOLST)\b",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"\b(?:DNR|DNI|DNACPR|do not (?:resuscitate|intubate|attempt)|comfort measures only)\b", re.IGNORECASE
)
_FULL = re.compile(r"\bfull (?:code|treatment)\b|code status:?\s*full", re.IGNORECASE)


def code_status(testimony: Testimony) -> list[Sentence]:
    """The newest statement of the code status, and the newest one that says otherwise."""
    found: list[tuple[str, Sentence]] = []
    for note in testimony.notes:
        for match in _CODE.finditer(note.text):
            start, end = around(note.text, match.start(), match.end(), items=False)
            words = note.text[start:end]
            refuses, full = bool(_REFUSES.search(words)), bool(_FULL.search(words))
            kind = "both" if refuses and full else "limited" if refuses else "full" if full else ""
            if not kind or any(kind == k for k, _ in found):
                continue
            lead = "Code status in the note" if not found else "An earlier note differs: the note"
            found.append((kind, testimony.quote_at(note, start, end, lead)))
        if len(found) > 1:
            break
    return [sentence for _, sentence in found[:2]]
