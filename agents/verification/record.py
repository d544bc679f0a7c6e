"""The whole stored record of one patient as evidence: every structured row with its citation, and what the notes say.

The rows are the complete lists, so a claim of absence can be decided. Notes are testimony: what was extracted from them
counts where the record is silent, and their sentences are read only where a claim names something that stands in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from agents.verification.dates import find_dates
from agents.verification.evidence import Lookup, SaidDate, SaidName, Source, union_of
from agents.verification.names import Name, Setting, State, find_names
from agents.verification.readings import Before, Reading
from agents.verification.said import Said
from agents.verification.sentences import read
from domain.facts import Fact, FactKind, Span, span_ref
from domain.quantities import Quantity, normalise_unit
from tools.context import ToolContext, abated, began, dated, day, number, plain_name
from tools.drugs.medications import courses
from tools.measurements.readings import is_pressure, readings, unit_label

_ALL_LISTS = (
    "condition",
    "medication",
    "allergen",
    "procedure",
    "immunization",
    "observation",
    "encounter",
    "device",
    "family",
    "care_plan",
)
_MOST_SENTENCES = 400
_SENTENCE = re.compile(r"[^\n.;!?]+(?:\.\d[^\n.;!?]*)*[.;!?]?")


def record_of(ctx: ToolContext) -> Said:
    """Everything that the patient's structured rows say as of the context's moment, and the facts of the notes."""
    said = Said(ctx.lexicon)
    chart = ctx.chart
    _person(said, ctx)
    _measurements(said, ctx)
    for row in chart.conditions:
        state = State.PRESENT if chart.is_active(row) else State.PAST
        status = "active" if state is State.PRESENT else row.clinical_status or "resolved"
        when = [began(row), abated(ctx, row), day(row.recorded) if row.recorded else ""]
        _event(said, row, "condition", ctx, state, when, f"{plain_name(row.display)}, {status} since {began(row)}")
    for row in chart.refuted_conditions:
        _event(said, row, "condition", ctx, State.ABSENT, [dated(row)], f"{plain_name(row.display)} was refuted")
    _drugs(said, ctx)
    for allergy in chart.allergies:
        state = State.PRESENT if allergy.clinical_status in {"active", ""} else State.PAST
        reactions = f", reaction: {', '.join(allergy.reactions)}" if allergy.reactions else ""
        text = f"{plain_name(allergy.display)}{reactions}"
        _event(said, allergy, "allergen", ctx, state, [dated(allergy)], text, is_allergy=True)
        for reaction in allergy.reactions:
            _words(said, reaction, Source(allergy.ref, text, "record"), state, is_allergy=True)
    for kind, rows in (("procedure", chart.procedures), ("immunization", chart.immunizations), ("procedure", chart.reports), ("procedure", chart.devices)):  # fmt: skip
        for item in rows:
            _event(said, item, kind, ctx, State.PRESENT, [dated(item)], plain_name(item.display))
            for field in ("reason_display", "conclusion", "outcome", "body_site"):
                if text := str(getattr(item, field, "") or ""):
                    said.add_reading(read(text, ctx.lexicon), Source(item.ref, text[:300], "record"))
    for visit in chart.encounters:
        title = " ".join(x for x in (plain_name(visit.type_display or visit.display), visit.reason_display and f"for {plain_name(visit.reason_display)}") if x)  # fmt: skip
        source = Source(visit.ref, f"{title} on {day(visit.time)}", "record")
        said.items.append(f"{title} ({visit.class_display or visit.class_code})".lower())
        reading = read(title, ctx.lexicon)
        said.add_reading(reading, source)
        for moment in (visit.start or visit.time, visit.end):
            _date(said, moment, [], source)
    for relative in chart.family_history:
        for name, onset in relative.conditions:
            text = f"{relative.relationship}: {plain_name(name)}" + (f" ({onset})" if onset else "")
            said.add_reading(
                read(text, ctx.lexicon, Before(Setting(State.FAMILY))), Source(relative.ref, text, "record")
            )
    for plan in chart.care_plans:
        said.add_reading(
            read(plan.title or plan.display, ctx.lexicon), Source(plan.ref, plan.title or plan.display, "record")
        )
        _date(said, plan.time, [], Source(plan.ref, plan.title or plan.display, "record"))
    _complete(said, ctx)
    for fact in chart.facts:
        _fact(said, fact, ctx)
    return said


def _complete(said: Said, ctx: ToolContext) -> None:
    chart = ctx.chart
    held: dict[str, Any] = {
        "condition": chart.conditions, "medication": chart.medications, "allergen": chart.allergies,
        "procedure": chart.procedures, "immunization": chart.immunizations, "observation": chart.observations,
        "encounter": chart.encounters, "device": chart.devices, "family": chart.family_history, "care_plan": chart.care_plans,
    }  # fmt: skip
    for kind in _ALL_LISTS:
        said.lookups.append(Lookup(kind, None, bool(held[kind]), source=Source("", f"{len(held[kind])} {kind} entries up to {day(ctx.as_of)}", "record")))  # fmt: skip
    counts = {
        "medication": sum(c.is_active for c in courses(ctx)), "problem": sum(chart.is_active(r) for r in chart.conditions),
        "allergy": sum(r.clinical_status in {"active", ""} for r in chart.allergies), "procedure": len(chart.procedures),
        "visit": len(chart.encounters), "vaccination": len(chart.immunizations), "note": len(chart.notes),
        "device": len(chart.devices), "report": len(chart.reports),
    }  # fmt: skip
    for counted, count in counts.items():
        said.add_count(count, counted, Source("", f"{count} {counted}", "record"))


def _person(said: Said, ctx: ToolContext) -> None:
    patient = ctx.chart.patient
    source = Source(patient.ref, "the patient's own entry", "record")
    if patient.birth_date is not None:
        said.births.append(patient.birth_date)
        _date(said, datetime.combine(patient.birth_date, datetime.min.time()), [], source)
    if (age := ctx.chart.age) is not None:
        said.add_count(age, "", source, is_age=True)
    _date(said, ctx.chart.deceased_on, [], source)
    said.words |= {w for w in re.findall(r"[a-z]{4,}", f"{patient.gender} {patient.language} {patient.marital_status} {patient.race} {patient.ethnicity} {patient.name}".lower())}  # fmt: skip


def _measurements(said: Said, ctx: ToolContext) -> None:
    for row in ctx.chart.observations:
        label = _concept(ctx, row) or plain_name(row.display)
        if row.value is None:
            if row.value_text:
                text = f"{plain_name(row.display)}: {plain_name(row.value_text)}"
                said.add_reading(read(text, ctx.lexicon), Source(row.ref, text, "record"))
                _date(said, row.time, [], Source(row.ref, text, "record"))
            continue
        shown = f"{plain_name(row.display)}: {row.comparator}{number(row.value)} {unit_label(row.unit)}".strip()
        source = Source(row.ref, f"{shown} on {day(row.time)}", "record")
        said.add_number(
            label, row.value, row.unit, row.time.isoformat() if row.time else "", source, comparator=row.comparator
        )
        if row.reference_low is not None or row.reference_high is not None:
            for key in said.keys_of(label)[0]:
                said.ranges[key] = (row.reference_low, row.reference_high, normalise_unit(row.unit))
    pressure = ctx.lexicon.resolve("blood_pressure", "observation")
    if pressure is not None and is_pressure(ctx, pressure):
        for reading in readings(ctx, pressure):
            if reading.value is not None:
                source = Source(reading.ref, f"Blood pressure: {reading.shown} on {day(reading.time)}", "record")
                said.add_number(pressure.id, reading.value, reading.unit, reading.time.isoformat() if reading.time else "", source, second=reading.second)  # fmt: skip


def _concept(ctx: ToolContext, row: Any) -> str:
    found = sorted(ctx.lexicon.concept_ids("observation", row))
    return found[0] if found else ""


def _drugs(said: Said, ctx: ToolContext) -> None:
    for course in courses(ctx):
        state = State.PRESENT if course.is_active else State.PAST
        for row in course.rows:
            reason = f" for {plain_name(row.reason_display)}" if row.reason_display else ""
            current = state if row is course.latest or state is State.PAST else State.PAST
            status = "active" if course.is_active else course.status
            text = f"{course.name}{f' ({row.dosage_text})' if row.dosage_text else ''}{reason}"
            source = Source(row.ref, f"{course.name}: {status}, ordered {day(row.time)}", "record")
            reading = read(text, ctx.lexicon)
            reading.names = [
                _as(n, current) if not n.kinds.isdisjoint({"medication", "drug_class"}) else n for n in reading.names
            ]
            said.add_reading(reading, source)
            for moment in (row.time, row.start, row.end, row.authored):
                _date(said, moment, reading.names, source)


def _as(name: Name, state: State, is_allergy: bool = False) -> Name:
    from dataclasses import replace

    return replace(
        name, state=state, is_explicit=True, is_ended=state is State.PAST, is_allergy=is_allergy, is_attributed=False
    )


def _event(
    said: Said, row: Any, kind: str, ctx: ToolContext, state: State, when: Iterable[str], text: str,
    is_allergy: bool = False,
) -> None:  # fmt: skip
    """A row by its codes and by its words: both name it."""
    source = Source(row.ref, f"{text} ({dated(row)})" if row.time and dated(row) not in text else text, "record")
    names = [_as(n, state, is_allergy) for n in find_names(plain_name(row.display), ctx.lexicon)]
    for concept_id in sorted(ctx.lexicon.concept_ids(kind, row)):
        concept = ctx.lexicon.vocabulary.get(kind, concept_id)
        if concept is not None:
            target = ctx.lexicon.target(concept)
            own = frozenset({f"{kind}:{target.id}"})
            names.append(Name(0, 0, target.label, own, own | {f"{kind}:{i}" for i in target.ids}, state, True, is_allergy, False, state is State.PAST))  # fmt: skip
    spans = [s for text in when for s in find_dates(f"in {text}")]  # "2012" is a year here, and no number
    days = tuple(s.first for s in spans if s.is_day and s.first is not None)
    for name in names:
        said.names.append(SaidName(name, source, days))
    said.add_reading(Reading(plain_name(row.display)), source)
    inner = read(plain_name(row.display), ctx.lexicon)
    inner.names = []
    said.add_reading(inner, source)
    said.codes |= {code for _, code in row.codes}
    own, ids = union_of(names)
    said.dates += [SaidDate(s, own, ids, source) for s in spans]
    if row.time is not None and row.time.time() != datetime.min.time():
        said.times.add(row.time.strftime("%H:%M"))


def _date(said: Said, moment: datetime | None, names: Iterable[Name], source: Source) -> None:
    if moment is None:
        return
    own, ids = union_of(names)
    said.add_day(moment.date(), own, ids, source)
    if moment.time() != datetime.min.time():
        said.times.add(moment.strftime("%H:%M"))


def _words(said: Said, text: str, source: Source, state: State, is_allergy: bool) -> None:
    for name in find_names(text, said.lexicon):
        said.names.append(SaidName(_as(name, state, is_allergy), source))


def _fact(said: Said, fact: Fact, ctx: ToolContext) -> None:
    """What was extracted from a note, with the assertion that the pipeline gave it."""
    source = Source(fact.evidence.ref, _quoted(fact, ctx), "note")
    assertion = fact.assertion
    state = (
        State.FAMILY if assertion.is_family or fact.kind is FactKind.FAMILY_HISTORY
        else State.ABSENT if assertion.is_negated
        else State.CONSIDERED if assertion.is_uncertain or assertion.is_hypothetical
        else State.PAST if assertion.is_historical or (fact.sig is not None and fact.sig.status in {"stopped", "held", "discontinued"})
        else State.PRESENT
    )  # fmt: skip
    is_allergy = fact.kind is FactKind.ALLERGY
    for name in find_names(fact.text, ctx.lexicon):
        said.names.append(SaidName(_noted(name, state, is_allergy), source))
    when = fact.effective or ctx.chart.note_time(fact)
    if isinstance(fact.value, Quantity) and fact.concept_id:
        said.add_number(fact.concept_id, fact.value.value, fact.value.unit, when.isoformat() if when else "", source)
    for dose in fact.sig.doses if fact.sig is not None else ():
        said.add_number(fact.text, dose.value, dose.unit, "", source)
    if fact.effective is not None:
        _date(said, fact.effective, [], source)


def _noted(name: Name, state: State, is_allergy: bool) -> Name:
    from dataclasses import replace

    return replace(
        name, state=state, is_explicit=True, is_allergy=is_allergy, is_attributed=True, is_family=state is State.FAMILY
    )


def _quoted(fact: Fact, ctx: ToolContext) -> str:
    return f"note of {day(ctx.chart.note_time(fact))}: “{fact.evidence.quote}”"


def add_note_sentences(said: Said, ctx: ToolContext, needles: Iterable[str]) -> int:
    """Reads the sentences of the patient's notes that hold one of the needles; how many were read.

    Notes that try to give orders are left out, as everywhere.
    """
    wanted = [n.lower() for n in dict.fromkeys(needles) if len(n) >= 2]
    if not wanted:
        return 0
    held = re.compile("|".join(rf"(?<![\w.]){re.escape(n)}(?!\w)" for n in wanted))
    count = 0
    for note in reversed(ctx.chart.notes):
        if note.id in ctx.chart.suspicious_note_ids or held.search(note.text.lower()) is None:
            continue
        for match in _SENTENCE.finditer(note.text):
            text = match[0].strip()
            if not text or held.search(text.lower()) is None:
                continue
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            ref = span_ref(Span(note_id=note.id, start=start, end=start + len(text)))
            source = Source(ref, f"note of {day(note.time)}: “{text[:240]}”", "note")
            said.add_reading(read(text, ctx.lexicon, Before(Setting(is_attributed=True))), source)
            if note.time is not None:
                _date(said, note.time, [], source)
            count += 1
            if count == _MOST_SENTENCES:
                return count
    return count
