"""An operation or an illness that a question names its time by ("Hb after the transfusion", "CRP when the VAP was diagnosed")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from agents.embedded.plans import Setting
from agents.embedded.reading.reader import Question, Slot

_THE = r"(?:(?:the|his|her|their|a|an|last|latest|acute|day of|time of)\s+)*"
_NTH = r"(?:(?P<nth>first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th)\s+)?"
_LEAD = re.compile(
    rf"\b(?P<when>since|after|following|before|prior to|on|at|during|when|with|as)\s+{_THE}{_NTH}{_THE}$", re.IGNORECASE
)
_BEGAN = re.compile(
    r"^\s+(?:(?:was|were|is|got|had been|had|has|first)\s+)*(?:diagnosed|found|picked up|confirmed|discovered|developed|started|began|identified|detected|set in|hit|done|performed|placed|inserted|put in|carried out|fitted|happened|occurred)\b",
    re.IGNORECASE,
)
_WHICH = {
    "first": 0,
    "1st": 0,
    "second": 1,
    "2nd": 1,
    "third": 2,
    "3rd": 2,
    "fourth": 3,
    "4th": 3,
    "fifth": 4,
    "5th": 4,
}
_OF_A_SERIES = re.compile(
    r"\b(?:peak|nadir|highest|lowest|max\w*|min\w*|worst|best|trend|average|mean|last|latest|now|current\w*|since|how (?:has|have|did)|chang\w+|all|every|any|ever|improv\w+|fall\w*|fell|r[io]se|drop\w*)\b",
    re.IGNORECASE,
)
_DAY = timedelta(days=1)
_SOON = timedelta(days=90)
_ASUNDER = timedelta(days=3)  # entries nearer than this are of one event


def with_event_days(text: str, question: Question, setting: Setting) -> str:
    """A question for a result "since radiotherapy", "at her second DKA", as the days meant, where the record has the event.

    One event of that name is meant, or the one that the question counts; where there are several, none is picked.
    """
    for result, event in _pairs(question):
        lead = _LEAD.search(text[: event.start])
        if lead is None or result.start < event.start < result.end:
            continue
        when = lead["when"].lower()
        began = _BEGAN.match(text[event.end :])
        day = _day_of(event, lead["nth"], began is not None, setting)
        if day is None:
            continue
        end = event.end + (began.end() if began else 0)
        before, after = text[: lead.start()], text[end:]
        if when in {"before", "prior to"}:
            return f"{before}before {day}{after}"
        if when == "since":
            return f"{before}since {day}{after}"
        if when in {"after", "following"}:
            if _OF_A_SERIES.search(before) or event.kind != "procedure":
                return f"{before}since {day}{after}"
            soon = datetime.fromisoformat(day)  # a value of years later is not what it came to after the operation
            return f"initial {before}between {(soon + _DAY).date()} and {(soon + _SOON).date()}{after}"
        if _OF_A_SERIES.search(before):
            return text
        begin = datetime.fromisoformat(day)
        return f"initial {before}between {(begin - _DAY).date()} and {(begin + _DAY).date()}{after}"
    return text


def _pairs(question: Question) -> Iterator[tuple[Slot, Slot]]:
    """Each result that is named with each operation or illness beside it."""
    for variant in question.variants:
        result = variant.of("observation")
        for event in variant.slots:
            if result is not None and result.known and event.known and event.kind in {"procedure", "condition"}:
                yield result, event


def _day_of(event: Slot, nth: str | None, began: bool, setting: Setting) -> str | None:
    """The day on which an event began; None where there are several, or where an illness is not one that came and went."""
    if event.kind == "procedure":
        moments = setting.record.moments("procedure", event.id)
    else:
        spells = setting.record.spells(event.id)
        moments = [onset for onset, over in spells if over or began or nth]
    days: list[datetime] = []
    for moment in moments:
        if not days or moment - days[-1] > _ASUNDER:
            days.append(moment)
    if nth:
        place = _WHICH[nth.lower()]
        return str(days[place].date()) if place < len(days) else None
    return str(days[0].date()) if len(days) == 1 else None
