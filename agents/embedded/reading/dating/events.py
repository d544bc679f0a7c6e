"""An operation or an illness that a question names its time by ("Hb after the transfusion", "CRP when the VAP was diagnosed")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from agents.embedded.plans import Setting
from agents.embedded.reading.dating.phrases import ARTICLES, DAY, LAST, NTH, OF_A_SERIES, around, between, lead_to
from agents.embedded.reading.reader import Question, Slot

_LEADING = frozenset("since after before on at during when with as".split())
_BEGAN = re.compile(
    r"^\s+(?:(?:was|were|is|got|had been|had|has|first)\s+)*(?:diagnosed|found|picked up|confirmed|discovered|developed|started|began|identified|detected|set in|hit|done|performed|placed|inserted|put in|carried out|fitted|happened|occurred)\b",
    re.IGNORECASE,
)
_SOON = timedelta(days=90)
_ASUNDER = timedelta(days=3)  # entries nearer than this are of one event


def with_event_days(text: str, question: Question, setting: Setting) -> str:
    """A question for a result "since radiotherapy", "at her second DKA", as the days meant, where the record has the event.

    One event of that name is meant, or the one that the question counts; where there are several, none is picked.
    """
    for result, event in _pairs(question):
        lead = lead_to(text, event.start)
        if lead is None or lead.when not in _LEADING or result.start < event.start < result.end:
            continue
        if set(lead.which) - ARTICLES - LAST - NTH.keys() - {"acute"}:
            continue
        nth = next((NTH[w] for w in lead.which if w in NTH), 0)
        began = _BEGAN.match(text[event.end :])
        day = _day_of(event, nth, began is not None, setting)
        if day is not None:
            before, after = text[: lead.start], text[event.end + (began.end() if began else 0) :]
            return _put(before, lead.when, day, after, event) or text
    return text


def _put(before: str, when: str, day: datetime, after: str, event: Slot) -> str:
    """The question with the days; empty where it is for the whole of what began then."""
    if when == "before":
        return f"{before}before {day.date()}{after}"
    of_series = OF_A_SERIES.search(before) is not None
    if when == "since" or (when == "after" and (of_series or event.kind != "procedure")):
        return f"{before}since {day.date()}{after}"
    if when == "after":  # a value of years later is not what it came to after the operation
        return f"initial {before}{between(day + DAY, day + _SOON)}{after}"
    return "" if of_series else around(before, day, after)


def _pairs(question: Question) -> Iterator[tuple[Slot, Slot]]:
    """Each result that is named with each operation or illness beside it."""
    for variant in question.variants:
        result = variant.of("observation")
        for event in variant.slots:
            if result is not None and result.known and event.known and event.kind in {"procedure", "condition"}:
                yield result, event


def _day_of(event: Slot, nth: int, began: bool, setting: Setting) -> datetime | None:
    """When an event began; None where there are several, or where an illness is not one that came and went."""
    if event.kind == "procedure":
        moments = setting.record.moments("procedure", event.id)
    else:
        moments = [onset for onset, over in setting.record.spells(event.id) if over or began or nth]
    found: list[datetime] = []
    for moment in moments:
        if not found or moment - found[-1] > _ASUNDER:
            found.append(moment)
    if nth:
        return found[nth - 1] if nth <= len(found) else None
    return found[0] if len(found) == 1 else None
