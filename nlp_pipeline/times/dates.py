"""Dates and relative times in a note, resolved against the note's own time when it becomes facts."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from nlp_pipeline.folding import folded
from nlp_pipeline.layers import Chart, Entities, chart, entities, sentence_of
from nlp_pipeline.times.calendar_dates import calendar_dates
from nlp_pipeline.times.mentions import DAYS_PER_YEAR, DateMention, resolve
from nlp_pipeline.times.relative import RelativeTime, relative_times

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["DateMention", "DateReader", "find_dates", "resolve"]

_ORIGINS = {
    "admission": re.compile(
        r"\b(?:date\s+of\s+(?:admission|adm)|admi(?:ssion|t)\s+date|admission|doa|admitted(?:\s+to\s+[^.\n]{1,40})?)"
        r"\s*(?:\bon\b)?[\s:–-]*$",
        re.IGNORECASE,
    ),
    "operation": re.compile(
        r"\b(?:date\s+of\s+(?:surgery|operation|procedure)|(?:surgery|operation|procedure)\s+date|dos"
        r"|(?:surgery|operation|operated|underwent\s+[^.\n]{1,40}|s/p\s+[^.\n]{1,40}))\s*(?:\bon\b)?[\s:–-]*$",
        re.IGNORECASE,
    ),
    "birth": re.compile(r"\b(?:d\.?o\.?b\.?|date\s+of\s+birth|birth\s?date|born(?:\s+on)?)[\s:–-]*$", re.IGNORECASE),
}
_LOOK_BACK = 60


def find_dates(text: str, low: str | None = None) -> list[DateMention]:
    """Date expressions of a text in order; impossible dates (13/45/2020) are left out. `low` is the folded text."""
    low = folded(text) if low is None else low
    written = calendar_dates(text)
    told = relative_times(low)
    origins: dict[str, DateMention | None] = {}
    for read in told:
        if read.origin and read.origin not in origins:
            origins[read.origin] = _origin(text, read.origin, written)
    age = _age(low) if "birth" in origins and origins["birth"] is None else None
    found = written + [_placed(read, origins.get(read.origin), age) for read in told]
    return _with_range_years(text, _without_overlap(found))


def _origin(text: str, name: str, written: list[DateMention]) -> DateMention | None:
    """The date that the note gives for its admission, operation or the patient's birth; of several the latest."""
    cue = _ORIGINS[name]
    stated = [
        mention
        for mention in written
        if mention.precision == "day" and cue.search(text, max(0, mention.start - _LOOK_BACK), mention.start)
    ]
    return max(stated, key=_order, default=None)


def _order(mention: DateMention) -> tuple[int, int, int]:
    """For comparing dates of one note; one without a year is of the note's own time, so after the others."""
    year = mention.year + 2000 if mention.is_short_year else mention.year or 9999
    return year, mention.month, mention.day


def _age(low: str) -> float | None:
    from nlp_pipeline.person.demographics import stated_age

    return stated_age(low)


def _placed(read: RelativeTime, origin: DateMention | None, age: float | None) -> DateMention:
    if origin is not None:
        return read.mention._replace(base=origin, days_before=-read.days_after)
    if read.origin == "birth" and age is not None and read.days_after <= age * DAYS_PER_YEAR:
        return read.mention._replace(days_before=age * DAYS_PER_YEAR - read.days_after)
    return read.mention


def _without_overlap(found: list[DateMention]) -> list[DateMention]:
    """In text order; of those that share characters the longest."""
    kept: list[DateMention] = []
    for mention in sorted(found, key=lambda m: (m.start, -m.end)):
        if kept and mention.start < kept[-1].end:
            if mention.end - mention.start > kept[-1].end - kept[-1].start:
                kept[-1] = mention
            continue
        kept.append(mention)
    return kept


_RANGE = re.compile(r"\s*(?:-|–|to|through|thru|until|till|and)\s*", re.IGNORECASE)


def _with_range_years(text: str, mentions: list[DateMention]) -> list[DateMention]:
    """ "March 3 to March 7, 2014": the first date is of the year that the second one names."""
    for index in range(len(mentions) - 1):
        first, second = mentions[index], mentions[index + 1]
        if first.month and not first.year and second.year and second.month and second.start - first.end < 12:
            if _RANGE.fullmatch(text, first.end, second.start):
                mentions[index] = first._replace(year=second.year, is_short_year=second.is_short_year)
    return mentions


class DateReader:
    """spaCy component: the date expressions of a note, in `Doc._.chart.dates`."""

    def __call__(self, doc: Doc) -> Doc:
        layer = chart(doc)
        text = layer.text
        dates = find_dates(text, layer.folded)
        if any(_is_times(text, d) for d in dates):
            found = entities(doc)
            dates = [d for d in dates if not (_is_times(text, d) and _of_a_drug(found, layer, d))]
        layer.dates = dates
        return doc


def _is_times(text: str, mention: DateMention) -> bool:
    return mention.is_duration and text[mention.start] in "xX×"


def _of_a_drug(found: Entities, layer: Chart, mention: DateMention) -> bool:
    """Whether "x 7 days" says how long the drug before it is given, which dates nothing."""
    low = sentence_of(layer, mention.start)[0]
    last = bisect_left(found.starts, mention.start) - 1
    return last >= 0 and found.starts[last] >= low and found.labels[last] in {"MEDICATION", "DRUG_CLASS"}
