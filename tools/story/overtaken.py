"""What a quoted plan says of a drug and the record has overtaken: "continue vancomycin 1250 mg" of a drug stopped since."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.facts import Evidence, Fact, FactKind, Note
from tools.conflicts.drugs import order_words, per_day, told_per_day
from tools.conflicts.sources import passage
from tools.context import ToolContext, cite, dated, day
from tools.drugs.medications import Course
from tools.drugs.spans import ended_on
from tools.notes.claims import STOPPED

# Before the drug, in its clause: the note means it to be taken from then on.
_DIRECTS = re.compile(
    r"\b(?:continu\w*|cont|start\w*|resum\w*|restart\w*|increas\w*|decreas\w*|reduc\w*|giv(?:e|ing)|add(?:ing)?|keep|begin|maintain|remain\w*|chang\w+ to|switch\w* to|\bon)\b"
    r"[^.;\n]{0,60}$",
    re.IGNORECASE,
)
_PLAN = re.compile(r"\b(?:continu\w*|cont|start|resume|restart|increase|decrease|reduce|give|add|keep|begin|maintain)\b", re.IGNORECASE)  # fmt: skip

_NAMED = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DAY = re.compile(rf"(?<![\d/])(?:(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}})(?!\d)|(?P<n>\d{{1,2}}) (?P<named>{_NAMED}))")
# The old day is named as such: "moved from 12/02 to 12/09", "now 12/10, NOT 12/03".
_NOT_THEN = re.compile(
    rf"\b(?:from|not|NOT|instead of|rather than)\s+(?:\w{{3,9}}\s+)?(?P<then>\d{{1,2}}/\d{{1,2}}|\d{{1,2}} {_NAMED})"
)
_MOVES = re.compile(
    r"\b(?:moved|rescheduled|rebooked|postponed|brought forward|put (?:back|off)|changed|now|new date)\b", re.IGNORECASE
)


def overtaken(
    ctx: ToolContext, note: Note, start: int, end: int, everything: Sequence[Course]
) -> tuple[str, tuple[Evidence, ...]]:
    """What the record has since of each drug that a stretch of a note says to take, and its orders; empty where it still holds."""
    said: dict[str, Evidence] = {}
    for fact in ctx.chart.facts_by_note.get(note.id, ()):
        span = fact.evidence.span
        if span is None or not start <= span.start < end or not _is_directed(note, fact):
            continue
        own = [c for c in everything if fact.concept_id in ctx.lexicon.concept_ids("medication", c.latest)]
        told = _since(ctx, note, fact, own)
        if told is not None:
            said.setdefault(*told)
    return "; ".join(said), tuple(said.values())


def moved(ctx: ToolContext, note: Note, start: int, end: int) -> tuple[str, tuple[Evidence, ...]]:
    """What a later note says of an appointment that a stretch of a note gives and that is on another day now."""
    planned = {_day_key(m) for m in _DAY.finditer(note.text, start, end)}
    if not planned or note.time is None:
        return "", ()
    for later in reversed(ctx.chart.notes):
        if later.time is None or later.time <= note.time or later.id in ctx.chart.suspicious_note_ids:
            continue
        for match in _NOT_THEN.finditer(later.text):
            day_then = _DAY.search(match["then"])
            if day_then is not None and _day_key(day_then) in planned and _MOVES.search(_beside(later.text, match)):
                words, evidence = passage(later, match.start(), match.end())
                return f"note of {day(later.time)}: “{words}”", (evidence,)
    return "", ()


def _beside(text: str, match: re.Match[str]) -> str:
    return text[max(0, match.start() - 80) : match.end() + 40]


def _day_key(match: re.Match[str]) -> str:
    """ "12/03" and "12/3" are one day; a month in words counts by its first letters."""
    if match["m"]:
        return f"{int(match['m'])}/{int(match['d'])}"
    return f"{match['named'][:3].lower()} {int(match['n'])}"


def _is_directed(note: Note, fact: Fact) -> bool:
    span, said = fact.evidence.span, fact.assertion
    if fact.kind is not FactKind.MEDICATION or span is None or said.is_negated or said.is_hypothetical:
        return False
    if fact.sig is not None and fact.sig.status in STOPPED:
        return False
    before = note.text[max(0, span.start - 70) : span.start]
    return _DIRECTS.search(before) is not None and _PLAN.search(before + fact.evidence.quote) is not None


def _since(ctx: ToolContext, note: Note, fact: Fact, own: list[Course]) -> tuple[str, Evidence] | None:
    active = [c for c in own if c.is_active]
    if len(active) > 1 or not own or note.time is None:
        return None
    if active:
        row = active[0].latest
        ordered, told = per_day(row.dose_value, row.frequency), told_per_day(fact, row)
        if (
            ordered is None
            or told is None
            or row.time is None
            or row.time <= note.time
            or abs(told - ordered) <= 0.02 * ordered
        ):
            return None
        return f"the order now is {order_words(active[0])}, of {dated(row)}", cite(row)
    course = _meant(fact, own)
    row = course.latest
    moment, text = ended_on(ctx, row)
    return (f"{course.name} {course.status} {text}", cite(row)) if moment is not None else None


def _meant(fact: Fact, own: list[Course]) -> Course:
    """The course of the dose that the note gives, else the newest."""
    dose = fact.sig.dose.value if fact.sig is not None and fact.sig.dose is not None else None
    same = [c for c in own if dose is not None and c.latest.dose_value == dose]
    return max(same or own, key=lambda c: c.latest.time.timestamp() if c.latest.time else 0.0)
