"""Every identifier of a text: the finders in order of trust, each taking only characters that are still free."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from nlp_pipeline.deidentify.casing import recased
from nlp_pipeline.deidentify.contacts import find_contacts
from nlp_pipeline.deidentify.dates import find_ages, find_dates
from nlp_pipeline.deidentify.names import find_names
from nlp_pipeline.deidentify.places import find_places
from nlp_pipeline.deidentify.spans import Category, PhiSpan

_JOINER = re.compile(r"[\W_]*(?:(?:of|at|and|the|from)\s+)*")

__all__ = ["Category", "PhiSpan", "find_phi"]


def find_phi(text: str, known_names: Sequence[str] = ()) -> list[PhiSpan]:
    """The identifiers of a text in order, without overlaps.

    Args:
        text: A note.
        known_names: Names that the note may hold, as the record has them; found wherever they stand.
    """
    free = bytearray(b"\x01" * len(text))
    found: list[PhiSpan] = []

    def take(spans: Iterable[PhiSpan]) -> None:
        for span in spans:
            taken = free.rfind(0, span.start, span.end)  # what begins inside another identifier loses its beginning
            start = span.start if taken < 0 else taken + 1
            start = _JOINER.match(text, start, span.end).end() if taken >= 0 else start  # type: ignore[union-attr]
            if start < span.end and any(char.isalnum() for char in text[start : span.end]):
                free[start : span.end] = bytes(span.end - start)
                found.append(span._replace(start=start))

    take(find_contacts(text))
    take(PhiSpan(date.start, date.end, Category.DATE) for date in find_dates(text))
    take(find_ages(text))
    shown = recased(text)
    names = find_names(shown, known_names)
    take(PhiSpan(n.start, n.end, Category.NAME) for n in names if n.sure)  # "Dr. Boston" is a person
    take(find_places(text))
    if shown != text:
        take(find_places(shown))
    take(PhiSpan(n.start, n.end, Category.NAME) for n in names if not n.sure)
    return sorted(found)
