"""Section headers: `find_sections` on plain text, and the spaCy component that puts them where medspaCy puts its own.

medspaCy's sectionizer matches its titles anywhere in running text and knows a third of the headers of free-form notes;
`section_headers` asks for a header position and a title's shape instead. Sections here end where the text goes on to
something else.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from nlp_pipeline.layers import chart
from nlp_pipeline.structure.headers import Header, find_headers

if TYPE_CHECKING:
    from spacy.tokens import Doc

_GOES_ON = re.compile(
    r"(?:(?P<blank>\n[ \t\r]{0,20}\n\s{0,20})|[.;](?:[ \t]{1,3}|\n(?!\s)))"
    r"(?P<opener>(?:The|This)\s(?:patient|pt|child|infant|boy|girl|man|woman|gentleman|lady)\b"
    r"|(?:He|She|They|Patient|Pt)\b|M(?:r|rs|s)\.\s\w+|This\s(?:is|\d)"
    r"|(?:Up)?[Oo]n\s(?:exam|arrival|admission|presentation|physical|evaluation)\w*|In\sthe\s(?:ED|ER|emergency)"
    r"|Today\b|We\s|I\s)"
)
_PRESENTS = re.compile(
    r",?\s(?:(?:now|today|currently|then)\s)?(?:presents|presented|comes\sin|came\sin|arrived"
    r"|is\s(?:here|now|currently|being|admitted)|was\sbrought|returns|today)\b"
)
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)|\n\s*\n")
_PAST = re.compile(
    r"\b(?:history|previous\w*|prior|past|ago|diagnosed|since|childhood|s/p|status\spost|remote|chronic\w*|known|also\shas"
    r"|(?:19|20)\d\d|surger\w+|years?)\b",
    re.IGNORECASE,
)
_STAYS = {
    "family_history": re.compile(
        r"\b(?:family|mother|father|parents?|brothers?|sisters?|siblings?|sons?|daughters?|children|aunts?|uncles?|cousins?"
        r"|grand\w+|maternal|paternal|relatives?|adopted|twin|hereditary|inherited)\b",
        re.IGNORECASE,
    ),
    "past_medical_history": _PAST,
    "past_surgical_history": _PAST,
    "allergies": re.compile(r"allerg|react|tolera|rash|hives|anaphyla|sensitiv", re.IGNORECASE),
}


class Section(NamedTuple):
    """Characters [start, end) under one header; `title` is as written, the text itself begins at `body_start`."""

    start: int
    end: int
    title: str
    category: str
    body_start: int = 0


def find_sections(text: str, breaks: Iterable[int] | None = None) -> list[Section]:
    """The sections of a note in order; text before the first header is a section without title and category.

    Args:
        text: the note.
        breaks: its `hard_breaks`, for callers that have them.
    """
    return _close(find_headers(text, breaks), text)


def section_at(sections: list[Section], position: int) -> Section | None:
    """The section that holds a character position, or None in a note without text there."""
    low, high = 0, len(sections)
    while low < high:
        middle = (low + high) // 2
        if sections[middle].end <= position:
            low = middle + 1
        else:
            high = middle
    return sections[low] if low < len(sections) and sections[low].start <= position else None


def _close(headers: list[Header], text: str) -> list[Section]:
    sections = []
    first = headers[0].start if headers else len(text)
    if text[:first].strip():
        sections.append(Section(0, first, "", "", 0))
    ends = [*(h.start for h in headers[1:]), len(text)][: len(headers)]
    for header, end in zip(headers, ends, strict=True):
        close = _end_of_field(header, end, text)
        sections.append(Section(header.start, close, header.title, header.category, header.body_start))
        if close < end:
            sections.append(Section(close, end, "", "", close))
    return sections


def _end_of_field(header: Header, end: int, text: str) -> int:
    """Where a section ends: a form field ("Date of Admission: 3/1/2020") with its line, a history where the visit begins.

    Findings under these titles are read as old or as another person's, so that text which goes on about the patient's
    present state must not stay under them.
    """
    if header.category == "administrative":
        line_end = text.find("\n", header.body_start, end)
        if line_end == -1 or not text[header.body_start : line_end].strip():
            return end
        return line_end if text[line_end:end].strip() else end
    stays = _STAYS.get(header.category)
    if stays is None:
        return end
    for match in _GOES_ON.finditer(text, header.body_start, end):
        begin = match.start("opener")
        if not text[header.body_start : begin].strip():
            continue
        if match["blank"] is None and not _PRESENTS.match(text, match.end(), end):
            continue
        stop = _SENTENCE_END.search(text, begin, min(end, begin + 400))
        if not stays.search(text, begin, stop.start() if stop else min(end, begin + 400)):
            return begin
    return end


class Sectionizer:
    """spaCy component: the sections of the text, also as medspaCy `Section` objects in `Doc._.sections`."""

    def __init__(self) -> None:
        from medspacy.section_detection.section import Section as MedspacySection

        self._section: Any = MedspacySection

    def __call__(self, doc: Doc) -> Doc:
        from spacy.attrs import IDX

        layer = chart(doc)
        layer.sections = find_sections(layer.text, layer.line_breaks)
        if len(layer.sections) == 1 and not layer.sections[0].title:
            doc._.sections = [self._section(None, 0, 0, 0, len(doc))]
            return doc
        starts = doc.to_array([IDX]).ravel().tolist()
        doc._.sections = [
            self._section(
                category=s.category or None,
                title_start=bisect_left(starts, s.start),
                title_end=(body := bisect_left(starts, s.body_start)),
                body_start=body,
                body_end=bisect_left(starts, s.end),
            )
            for s in layer.sections
        ]
        return doc
