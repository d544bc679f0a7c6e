"""A visit that a question only mentions ("creatinine at the last clinic visit", "before the admission"), as its dates."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from agents.embedded.plans import Setting
from agents.embedded.routing.visit_words import Heard
from tools.events.visits import ENCOUNTER_KINDS, is_of_kind, is_stay, is_with

if TYPE_CHECKING:
    from knowledge_base.rows import EncounterRow

_THE = r"(?:(?:the|his|her|their|that|this|pt's|patient's)\s+)*"
_AT_VISIT = re.compile(
    rf"\b(?:at|during|on|from|in)\s+{_THE}(?P<which>very first|first|last|latest|most recent|previous|recent)\s+(?P<kind>(?:[\w&'.-]+\s+){{0,3}}?)"
    r"(?:visit|appointment|appt|check-?up|clinic|consultation|consult|encounter|review|physical|contact|attendance)\b(?:\s+(?:visit|appointment|appt|review)\b)?(?!\s+(?:note|letter|summary|report))",
    re.IGNORECASE,
)
# "Weight last visit": what stands before it is asked of that visit.
_OF_VISIT = re.compile(
    r"(?<=[\w)%])(?<!\bthe)(?<!\bhis)(?<!\bher)(?<!\btheir)(?<!\bof)(?<!\bfor)(?<!\bfrom)(?<!\bis)(?<!\bwas)(?<!\bsince)(?<!\bbefore)(?<!\bafter)(?<!\bbetween)(?<!\band)(?<!\babout)(?<!\bat)(?<!\bon)(?<!\bin)(?<!\bduring)"
    r"\s+(?=(?:last|latest|most recent|previous)\s+(?:\w+\s+)?(?:visit|appointment|appt|review|check-?up)\W*$)",
    re.IGNORECASE,
)
_OF_ITSELF = re.compile(
    r"\b(?:when|who|where|why|date|reason|how long|ago|notes?|summar\w+|seen|list|show|details?)\b", re.IGNORECASE
)
_STAY = r"(?:admission|hospitali[sz]ation|inpatient stay|hospital stay|hospital admission|being admitted|going into hospital)"
_BEFORE_STAY = re.compile(
    rf"\b(?:before|prior to|ahead of|preceding)\s+{_THE}(?:(?:last|latest|most recent|current)\s+)?{_STAY}\b",
    re.IGNORECASE,
)
_AFTER_STAY = re.compile(
    rf"\b(?:after|since|following)\s+{_THE}(?:(?:last|latest|most recent)\s+)?(?:{_STAY}|(?:hospital )?discharge|being discharged|going home|leaving hospital)\b(?!\s+(?:summary|letter|note|med))",
    re.IGNORECASE,
)
_SINCE_ADMITTED = re.compile(
    r"\bsince (?:hospital )?(?:admission|arrival|being admitted|coming in)\b|\bsince (?:he|she|they|the patient|pt) (?:was admitted|came in|arrived|got here)\b",
    re.IGNORECASE,
)
_IN_HOSPITAL = re.compile(
    r"\b(?:(?:while|when|whilst)\s+)?(?:(?:he|she|they|pt|the patient)\s+(?:was|were)\s+)?(?:(?:in|at) (?:the )?hospital|an inpatient|on the ward)\b(?=\W*$)",
    re.IGNORECASE,
)


_PUT_IN = re.compile(
    r"\s*\b(?:between|since|before|after|on) \d{4}-\d\d-\d\d(?: and \d{4}-\d\d-\d\d)?(?![\w/-])|^initial (?=.*\d{4}-\d\d-\d\d)"
)


def without_days_put_in(text: str) -> str:
    """A question without the days that stand in it for a visit or a stay: they are its period, and no note has them."""
    return " ".join(_PUT_IN.sub(" ", text).split()) or text


def before_the_stay(text: str, setting: Setting) -> str:
    """ "Before the admission" as the day on which the last hospital stay began."""
    match = _BEFORE_STAY.search(text)
    return (
        text
        if match is None or not setting.admissions
        else _put(text, match, f"before {_day(setting.admissions[-1][0])}")
    )


def with_visit_days(text: str, setting: Setting) -> str:
    """ "At the last clinic visit", "after discharge", "while in hospital" as the days they were, where the record has them."""
    if not _OF_ITSELF.search(text) and (bare := _OF_VISIT.search(text)) is not None and len(text[: bare.start()]) > 2:
        text = f"{text[: bare.start()]} at {text[bare.end() :]}"
    if (match := _AT_VISIT.search(text)) is not None and (row := _visit(match, setting)) is not None:
        start, end = row.start or row.time, row.end
        if start is not None:
            ends = end is not None and end.date() != start.date()
            return _put(
                text,
                match,
                f"between {_day(start)} and {_day(end)}" if ends and end is not None else f"on {_day(start)}",
            )
    if not setting.admissions:
        return text
    begun, ended = setting.admissions[-1]
    if (match := _SINCE_ADMITTED.search(text)) is not None:
        return _put(text, match, f"since {_day(begun)}")
    if (match := _AFTER_STAY.search(text)) is not None and ended is not None:
        return _put(text, match, f"after {_day(ended)}")
    if (match := _IN_HOSPITAL.search(text)) is not None:
        return _put(text, match, f"between {_day(begun)} and {_day(ended or setting.as_of)}")
    return text


def _visit(match: re.Match[str], setting: Setting) -> EncounterRow | None:
    """The visit meant by "last clinic", "first nephrology"; None where a word before it is no kind of visit."""
    heard = Heard(match[0][match.start("which") - match.start() :], setting.seen_by)
    if heard.left:
        return None
    kinds = [k for k in heard.kinds("noun") | heard.kinds("place") if k in ENCOUNTER_KINDS and k != "any"]
    if heard.seen_by:
        kinds = []
    rows = [r for r in setting.visits if all(is_of_kind(r, k) for k in kinds)]
    rows = [r for r in rows if not heard.seen_by or is_with(r, heard.seen_by)]
    if kinds == ["ambulatory"]:
        rows = [r for r in rows if not is_stay(r)]
    return None if not rows else rows[0] if "first" in match["which"].lower() else rows[-1]


def _day(moment: datetime) -> str:
    return str(moment.date())


def _put(text: str, match: re.Match[str], words: str) -> str:
    return f"{text[: match.start()]}{words}{text[match.end() :]}"
