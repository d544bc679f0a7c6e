"""Where notes and record disagree, told in place: the record's side, the note's words, and who set it right.

A note that reports a mistake ("ED chart said no DM; she HAS diabetes") is no denial: a note that also asserts the problem
does not count against it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.answers import Conflict
from domain.facts import Fact, FactKind
from domain.quantities import normalise_unit
from tools.context import ToolContext, cite, dated, day
from tools.drugs.spans import ended_on
from tools.notes.claims import STOPPED, denies_problem
from tools.story.drugs import Drug
from tools.story.model import Basis, Sentence, tell
from tools.story.problems import Problem
from tools.story.testimony import Line, Testimony
from tools.story.wording import excerpt, regimen, small

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLANNED = re.compile(
    r"\b(?:stop|hold|discontinue|d/c)\b[^.;]{0,40}\b(?:at|after|in|when|if|once|until|before|by|on)\b|\bif\b|\bshould\b|\bwill\b",
    re.IGNORECASE,
)
_A_DAY = {
    "daily": 1.0, "nightly": 1.0, "every 24 hours": 1.0, "twice daily": 2.0, "every 12 hours": 2.0, "three times daily": 3.0, "every 8 hours": 3.0,
    "four times daily": 4.0, "every 6 hours": 4.0, "weekly": 1 / 7, "once weekly": 1 / 7, "every other day": 0.5, "monthly": 1 / 30,
    "bid": 2.0, "tid": 3.0, "qid": 4.0, "q24h": 1.0, "q12h": 2.0, "q8h": 3.0, "q6h": 4.0, "once every day": 1.0, "once daily": 1.0, "at bedtime": 1.0,
}  # fmt: skip


def denials(
    ctx: ToolContext, problems: Sequence[Problem], testimony: Testimony
) -> list[tuple[Problem, Conflict, Sentence]]:
    """Active problems that a note written since their beginning denies; the newest such note for each."""
    found = []
    for problem in problems:
        if not (problem.is_active or problem.row.abatement is None) or not problem.ids:
            continue
        fact = _denial(ctx, problem, testimony)
        line = testimony.line_of(fact) if fact is not None else None
        if fact is None or line is None:
            continue
        quote, evidence = excerpt(line.note, line.start, line.end, 160)
        state = f"active since {problem.onset}" if ctx.chart.is_active(problem.row) else f"recorded {problem.onset}"
        written = day(line.note.time)
        text = f"Conflict: a note of {written} denies {problem.name}: {quote} The record lists it as {state} and is followed."
        conflict = Conflict(
            topic=problem.name,
            record_says=state,
            note_says=f"note of {written}: {quote}",
            evidence=(cite(problem.row), evidence),
        )
        after = _asserted_after(problem, testimony, fact)
        sources = [cite(problem.row), evidence]
        if after is not None and after.note.id != line.note.id:
            words, more = excerpt(after.note, after.start, after.end, 140)
            text += f" A note of {day(after.note.time)} affirms it: {words}"
            sources.append(more)
        found.append((problem, conflict, tell(text, *sources, basis=Basis.CONFLICT)))
    return found


def _denial(ctx: ToolContext, problem: Problem, testimony: Testimony) -> Fact | None:
    wanted = _own_ids(ctx, problem)
    began = problem.row.onset or problem.row.time
    asserted = {
        s.note_id for f in testimony.facts
        if f.kind is FactKind.CONDITION and f.concept_id in wanted and _asserts(f) and (s := f.evidence.span) is not None
    }  # fmt: skip
    for fact in testimony.facts:
        span, said = fact.evidence.span, fact.assertion
        if span is None or fact.concept_id not in wanted or said.is_historical or not denies_problem(ctx, fact):
            continue
        written = ctx.chart.note_time(fact)
        early = began is not None and (written is None or written < began)
        if span.note_id not in asserted and not early:
            return fact
    return None


def _own_ids(ctx: ToolContext, problem: Problem) -> frozenset[str]:
    """The concept and the broader names that denying it denies too ("no diabetes", "no kidney problems")."""
    vocabulary = ctx.lexicon.vocabulary
    broad = {
        a
        for i in problem.ids
        for a in vocabulary.ancestors("condition", i)
        if len(vocabulary.descendants("condition", a)) <= 30
    }
    return frozenset(problem.ids | broad)


def _asserts(fact: Fact) -> bool:
    said = fact.assertion
    return not (said.is_negated or said.is_family or said.is_hypothetical)


def _asserted_after(problem: Problem, testimony: Testimony, denied: Fact) -> Line | None:
    """Where a note no older than the denial affirms the problem."""
    span = denied.evidence.span
    for fact in testimony.facts:
        place = fact.evidence.span
        if place is not None and span is not None and place.note_id == span.note_id:
            return None
        if (
            fact.kind is FactKind.CONDITION
            and fact.concept_id in problem.ids
            and _asserts(fact)
            and not fact.assertion.is_uncertain
        ):
            return testimony.line_of(fact)
    return None


def other_doses(ctx: ToolContext, drugs: Sequence[Drug], testimony: Testimony) -> list[tuple[Drug, Conflict, Sentence]]:
    """Notes since the order in force that give a drug in another daily amount; the newest such note for each drug.

    Compared only where both sides state dose and times a day in one unit, and the note gives one dose, not steps.
    """
    found = []
    for drug in drugs:
        if len(drug.ids) != 1 or len(drug.now) != 1:
            continue
        row = drug.newest
        ordered = _per_day(row.dose_value, row.frequency)
        if ordered is None or row.time is None:
            continue
        for fact in testimony.facts:
            written = ctx.chart.note_time(fact)
            if fact.kind is not FactKind.MEDICATION or fact.concept_id not in drug.ids or written is None:
                continue
            if written - row.time < timedelta(days=1):
                break
            told = _told_per_day(fact, row.dose_unit)
            if told is None or not fact.assertion.is_current_finding:
                continue
            if abs(told - ordered) <= 0.02 * ordered:
                break  # the newest note with a full dose agrees
            line = testimony.line_of(fact)
            if line is None:
                break
            quote, evidence = excerpt(line.note, line.start, line.end, 200)
            text = f"Conflict: the order in force is {regimen(row, drug.names)} ({dated(row)}), a note of {day(written)} has another dose: {quote} The record is followed."
            conflict = Conflict(
                topic=drug.name,
                record_says=regimen(row, drug.names),
                note_says=f"note of {day(written)}: {quote}",
                evidence=(cite(row), evidence),
            )
            found.append((drug, conflict, tell(text, cite(row), evidence, basis=Basis.CONFLICT)))
            break
    return found


def said_stopped(
    ctx: ToolContext, drugs: Sequence[Drug], testimony: Testimony
) -> list[tuple[Drug, Conflict, Sentence]]:
    """Active orders of which the newest note that names the drug, written since, says that it was stopped or held."""
    found = []
    for drug in drugs:
        row = drug.newest
        if not drug.is_active or row.time is None:
            continue
        newest = next((f for f in testimony.facts if f.kind is FactKind.MEDICATION and f.concept_id in drug.ids), None)
        written = ctx.chart.note_time(newest) if newest is not None else None
        if newest is None or written is None or written - row.time < timedelta(days=1):
            continue
        span = newest.evidence.span
        same_note = [
            f for f in testimony.facts
            if f.concept_id in drug.ids and f.kind is FactKind.MEDICATION and (s := f.evidence.span) is not None and span is not None
            and s.note_id == span.note_id
        ]  # fmt: skip
        if not all(
            f.sig is not None and f.sig.status in STOPPED and not f.assertion.is_hypothetical for f in same_note
        ):
            continue
        line = testimony.line_of(newest)
        if line is None or _PLANNED.search(line.note.text[line.start : line.end]):
            continue
        quote, evidence = excerpt(line.note, line.start, line.end, 160)
        text = f"Conflict: {regimen(row, drug.names)} is active in the record, a note of {day(written)} says otherwise: {quote} The record is followed."
        conflict = Conflict(
            topic=drug.name,
            record_says=f"{regimen(row, drug.names)} active",
            note_says=f"note of {day(written)}: {quote}",
            evidence=(cite(row), evidence),
        )
        found.append((drug, conflict, tell(text, cite(row), evidence, basis=Basis.CONFLICT)))
    return found


def _per_day(dose: float | None, frequency: str) -> float | None:
    times = _A_DAY.get(frequency.strip().lower())
    return dose * times if dose is not None and times is not None else None


def _told_per_day(fact: Fact, unit: str) -> float | None:
    sig = fact.sig
    if (
        sig is None
        or sig.dose is None
        or sig.steps
        or sig.dose_high
        or sig.amount
        or sig.status in STOPPED
        or sig.as_needed
    ):
        return None
    if normalise_unit(sig.dose.unit) != normalise_unit(unit):
        return None
    return _per_day(sig.dose.value, sig.frequency)


def listed_after_stop(ctx: ToolContext, conflicts: Sequence[Conflict], drugs: Sequence[Drug]) -> tuple[Conflict, ...]:
    """The contradictions about stopped drugs, without those of a note no newer than the day that the drug ended."""
    rows = {c.latest.ref: c.latest for d in drugs for c in d.past}
    kept = []
    for conflict in conflicts:
        row = next((rows[e.ref] for e in conflict.evidence if e.ref in rows), None)
        end = ended_on(ctx, row)[0] if row is not None else None
        written = next((e.time for e in conflict.evidence if e.span is not None), None) or _written(ctx, conflict)
        if end is None or written is None or written.date() > end.date():
            kept.append(conflict)
    return tuple(kept)


def _written(ctx: ToolContext, conflict: Conflict) -> datetime | None:
    return next((ctx.chart.note_times.get(s.note_id) for e in conflict.evidence if (s := e.span) is not None), None)


def told(conflict: Conflict) -> Sentence:
    """A contradiction found elsewhere, with both sides; the record is followed."""
    note = " ".join(conflict.note_says.split())
    conflict = conflict.model_copy(update={"note_says": note})
    text = f"Conflict on {small(conflict.topic)}: the record says {conflict.record_says}; a {conflict.note_says}. The record is followed."
    return tell(text, *conflict.evidence, basis=Basis.CONFLICT)
