"""Drugs of which notes and orders disagree: taken though stopped, stopped or held though active, another daily amount."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from domain.answers import Conflict
from domain.facts import Fact, FactKind
from domain.quantities import normalise_unit
from tools.conflicts.sources import facts_newest_first, in_full, note_of
from tools.context import ToolContext, cite, dated, day
from tools.drugs.medications import Course, courses
from tools.drugs.spans import ended_on
from tools.measurements.changes import interval_in
from tools.notes.claims import STOPPED, is_set_right, lists_as_taken, sentence_of, taken_until

if TYPE_CHECKING:
    from knowledge_base.rows import MedicationRow

_STALE = timedelta(days=730)
_DAY = timedelta(days=1)
# A drug that is merely named is not listed as taken: it stands in a list of drugs, or somebody takes it.
_LIST = re.compile(r"(?:^|[\n.;]\s*)(?:\w+ ){0,2}(?:meds|medications?|rx|drugs)\b[^:\n.]{0,40}:", re.IGNORECASE)
_TAKES = re.compile(
    r"(?<!asked to )\b(?:tak(?:es|ing)|continu(?:e|es|ed|ing)|us(?:es|ing)|remains on|still on|restarted|resumed|(?:(?<!upset )(?<!rash )(?<!bleeding )(?<!worse )(?<!reaction )(?<!nausea )\bon))\b"
    r"(?![^.;]*->)[^.;:]*$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"[^.;,\n]{0,30}?\b(?:continues|ongoing|day \d+ of|taper\b|unchanged|cont\b)", re.IGNORECASE)
_SET_RIGHT_AFTER = re.compile(
    r"[^\n]{0,60}->\s*actual|.{0,240}?\b(?:(?:is|was) (?:not right|not correct|wrong|incorrect))\b",
    re.IGNORECASE | re.DOTALL,
)
_BECAUSE = re.compile(r"\b(?:since|because|after|due to|from|with|despite)\b[^.;]*\bon\b[^.;]*$", re.IGNORECASE)
_PLANNED = re.compile(
    r"\b(?:stop|hold|discontinue|d/c)\b[^.;]{0,40}\b(?:at|after|in|when|if|once|before|by|on)\b|\bif\b|\bshould\b|\bwill\b|\bwould\b",
    re.IGNORECASE,
)
_HELD_IT = re.compile(
    r"\b(?:(?:asked|told|advised|instructed|agreed)\b[^.;\n]{0,40}\bto\s+(?:hold|stop|pause|withhold|suspend)"
    r"|holding|held|paused|stopped|withheld|suspended)\s+(?:it|this|that|both|them)\b",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(r"\b(?:if|when|would|should|unless|whenever|in case)\b[^.;\n]*$", re.IGNORECASE)
_REACH, _LONG = 200, 160


def medication_conflicts(ctx: ToolContext) -> tuple[Conflict, ...]:
    """Every drug of which the newest note that speaks of it and the orders disagree."""
    facts = [f for f in facts_newest_first(ctx) if f.kind is FactKind.MEDICATION]
    found = []
    for members in _by_drug(ctx):
        now = [c for c in members if c.is_active]
        own = ctx.lexicon.concept_ids("medication", members[-1].latest)
        said = [f for f in facts if f.concept_id in own]
        if not said:
            continue
        newest = max(now or members, key=_stamp)
        conflict = (_said_stopped(ctx, newest, said, facts) or _other_dose(ctx, now, own, said)) if now else _listed(ctx, newest, said)  # fmt: skip
        if conflict is not None:
            found.append(conflict)
    return tuple(found)


def _by_drug(ctx: ToolContext) -> Iterable[list[Course]]:
    groups: dict[tuple[str, ...], list[Course]] = {}
    for course in courses(ctx):
        ids = tuple(sorted(ctx.lexicon.concept_ids("medication", course.latest)))
        if ids:
            groups.setdefault(ids, []).append(course)
    return groups.values()


def _stamp(course: Course) -> float:
    return course.latest.time.timestamp() if course.latest.time else 0.0


def _listed(ctx: ToolContext, course: Course, said: list[Fact]) -> Conflict | None:
    """A drug that the newest note naming it lists as taken although no order of it is active."""
    newest_note = max((n.time for n in ctx.chart.notes if n.time), default=None, key=lambda t: t.timestamp())
    fact, row = said[0], course.latest
    written = ctx.chart.note_time(fact)
    if newest_note is None or written is None or newest_note - written > _STALE or not is_listed_now(ctx, fact):
        return None
    over = taken_until(fact, written)
    ended = ended_on(ctx, row)[0]
    times = (row.time, getattr(row, "end", None), ended)
    if (over is not None and over <= ctx.as_of) or any(t is not None and written.date() <= t.date() for t in times):
        return None
    words, evidence = in_full(ctx, fact)
    if fact.section == "medications" or len(words) > _LONG:  # a list of drugs: its entry says it all
        words, evidence = fact.evidence.quote, fact.evidence
    return Conflict(
        topic=_label(ctx, fact),
        record_says=f"{course.name} {course.status}, last ordered {dated(row)}",
        note_says=f"note of {day(written)} lists “{words}”",
        evidence=(cite(row), evidence),
    )


def is_listed_now(ctx: ToolContext, fact: Fact) -> bool:
    """Whether a note lists a drug as taken: in a list of drugs, or with a word of taking; a mere mention lists nothing."""
    if not lists_as_taken(ctx, fact) or is_set_right(ctx, fact):
        return False
    text, place = sentence_of(ctx, fact)
    before, after = text[:place], text[place + len(fact.evidence.quote) :]
    if _is_set_right_after(ctx, fact) or _BECAUSE.search(before):
        return False
    in_list = fact.section == "medications" or _LIST.search(before) is not None
    return in_list or _TAKES.search(before.rpartition(". ")[2]) is not None or _GOES_ON.match(after) is not None


def _is_set_right_after(ctx: ToolContext, fact: Fact) -> bool:
    """Whether the note goes on to say that this is wrong: "says she takes 20 mg ... so 20 is not right"."""
    note, span = note_of(ctx, fact), fact.evidence.span
    return note is not None and span is not None and _SET_RIGHT_AFTER.match(note.text, span.end) is not None


def _said_stopped(ctx: ToolContext, course: Course, said: list[Fact], facts: list[Fact]) -> Conflict | None:
    """An active order of which the newest note that names the drug, written since, says that it is stopped or held."""
    row, newest = course.latest, said[0]
    written = ctx.chart.note_time(newest)
    if row.time is None or written is None or written - row.time < _DAY:
        return None
    same_note = [f for f in said if _note_id(f) == _note_id(newest)]
    place = 0
    held = next((hit for f in same_note if (hit := _held_by_pronoun(ctx, f, facts))), None)
    if held is not None:
        newest, place = held
    elif not all(f.sig is not None and f.sig.status in STOPPED and not f.assertion.is_hypothetical for f in same_note):
        return None
    elif _PLANNED.search(in_full(ctx, newest)[0]):
        return None
    words, evidence = in_full(ctx, newest, place)
    return Conflict(
        topic=_label(ctx, newest),
        record_says=f"{order_words(course)} is active, ordered {dated(row)}",
        note_says=f"note of {day(written)}: “{words}”",
        evidence=(cite(row), evidence),
    )


def _held_by_pronoun(ctx: ToolContext, fact: Fact, facts: list[Fact]) -> tuple[Fact, int] | None:
    """The drug that "asked her to hold it" speaks of is the one named last before; where that is this one, and its place."""
    note, span = note_of(ctx, fact), fact.evidence.span
    if note is None or span is None:
        return None
    match = _HELD_IT.search(note.text, span.end, span.end + _REACH)
    if match is None or _SUPPOSED.search(note.text[span.end : match.start()].rpartition(".")[2].rpartition(";")[2]):
        return None
    others = (s for f in facts if (s := f.evidence.span) is not None and s.note_id == span.note_id)
    if any(span.end <= s.start < match.start() for s in others) or "\n\n" in note.text[span.end : match.start()]:
        return None
    return fact, match.end()


def _other_dose(ctx: ToolContext, now: list[Course], own: frozenset[str], said: list[Fact]) -> Conflict | None:
    """A note since the order in force that gives the drug in another daily amount.

    Compared only where both sides state dose and times a day in one unit, and the note gives one dose, not steps.
    """
    if len(own) != 1 or len(now) != 1:
        return None
    row = now[0].latest
    ordered = per_day(row.dose_value, row.frequency)
    if ordered is None or row.time is None:
        return None
    for fact in said:
        written = ctx.chart.note_time(fact)
        if written is None or written - row.time < _DAY:
            return None
        told = told_per_day(fact, row)
        if told is None or not fact.assertion.is_current_finding or is_set_right(ctx, fact):
            continue
        if abs(told - ordered) <= 0.02 * ordered or _is_set_right_after(ctx, fact):
            return None  # the newest note with a full dose agrees, or sets another right
        words, evidence = in_full(ctx, fact)
        return Conflict(
            topic=_label(ctx, fact),
            record_says=f"{order_words(now[0])}, ordered {dated(row)}",
            note_says=f"note of {day(written)} has another dose: “{words}”",
            evidence=(cite(row), evidence),
        )
    return None


def order_words(course: Course) -> str:
    """A course as its order has it."""
    text = " ".join(course.latest.dosage_text.split()).rstrip(".")
    return f"{course.name} ({text})" if text else course.name


def per_day(dose: float | None, frequency: str) -> float | None:
    """The amount a day of a dose and a rhythm; None where either is not told."""
    hours = interval_in(frequency)
    return dose * 24.0 / hours if dose is not None and hours else None


def told_per_day(fact: Fact, row: MedicationRow) -> float | None:
    """The amount a day that a note gives, in the unit of an order; None where it gives steps, a range or no unit alike."""
    sig = fact.sig
    if sig is None or sig.dose is None or sig.steps or sig.dose_high or sig.amount or sig.as_needed:
        return None
    if sig.status in STOPPED or normalise_unit(sig.dose.unit) != normalise_unit(row.dose_unit):
        return None
    return per_day(sig.dose.value, sig.frequency)


def _label(ctx: ToolContext, fact: Fact) -> str:
    target = ctx.lexicon.resolve(fact.concept_id, "medication")
    return target.label if target else fact.text


def _note_id(fact: Fact) -> str:
    return fact.evidence.span.note_id if fact.evidence.span is not None else ""
