"""The structured record of one patient as evidence: every row with its citation.

The rows are the complete lists, so a claim of absence can be decided. A row that the record refutes, or calls a mistake,
says that the thing is not there: no note overturns that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from agents.verification.dates import find_dates
from agents.verification.evidence import (
    Lookup,
    Person,
    SaidDate,
    SaidName,
    SaidNumber,
    SaidRelative,
    Source,
    Stay,
    union_of,
)
from agents.verification.judging_person import smoking_of
from agents.verification.names import Name, Setting, State, find_names
from agents.verification.readings import Before, Reading
from agents.verification.said import Said
from agents.verification.sentences import read
from domain.quantities import normalise_unit
from tools.context import ToolContext, abated, began, dated, day, number, plain_name
from tools.drugs.medications import courses
from tools.measurements.readings import is_pressure, readings, unit_label

_MISTAKES = {"entered-in-error": "was entered in error", "not-done": "was not done"}
_STAYS = {"IMP": "inpatient", "ACUTE": "inpatient", "NONAC": "inpatient", "EMER": "emergency", "OBSENC": "emergency"}


def record_of(ctx: ToolContext) -> Said:
    """Everything that the patient's structured rows say as of the context's moment."""
    said = Said(ctx.lexicon)
    chart = ctx.chart
    _person(said, ctx)
    _measurements(said, ctx)
    for row in chart.conditions:
        state = State.PRESENT if chart.is_active(row) else State.PAST
        status = "active" if state is State.PRESENT else row.clinical_status or "resolved"
        when = [began(row), abated(ctx, row), day(row.recorded) if row.recorded else ""]
        _event(said, row, "condition", ctx, state, when, f"{plain_name(row.display)}, {status} since {began(row)}")
    _denied(said, ctx)
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
    _visits(said, ctx)
    _relatives(said, ctx)
    for plan in chart.care_plans:
        said.add_reading(
            read(plan.title or plan.display, ctx.lexicon), Source(plan.ref, plan.title or plan.display, "record")
        )
        _date(said, plan.time, [], Source(plan.ref, plan.title or plan.display, "record"))
    _complete(said, ctx)
    return said


def _visits(said: Said, ctx: ToolContext) -> None:
    for visit in ctx.chart.encounters:
        title = " ".join(x for x in (plain_name(visit.type_display or visit.display), visit.reason_display and f"for {plain_name(visit.reason_display)}") if x)  # fmt: skip
        source = Source(visit.ref, f"{title} on {day(visit.time)}", "record")
        said.items.append(f"{title} ({visit.class_display or visit.class_code})".lower())
        reading = read(title, ctx.lexicon)
        said.add_reading(reading, source)
        first, last = visit.start or visit.time, visit.end or visit.start or visit.time
        if first is not None and last is not None:
            said.stays.append(Stay(first.date(), last.date(), _STAYS.get(visit.class_code, ""), source))
        for moment in (first, visit.end):
            _date(said, moment, [], source)


def _relatives(said: Said, ctx: ToolContext) -> None:
    for relative in ctx.chart.family_history:
        for name, onset in relative.conditions:
            text = f"{relative.relationship}: {plain_name(name)}" + (f" ({onset})" if onset else "")
            reading = read(text, ctx.lexicon, Before(Setting(State.FAMILY)))
            reading.names = [replace(n, relative=relative.relationship.lower()) for n in reading.names]
            source = Source(relative.ref, text, "record")
            said.add_reading(reading, source)
            ages = frozenset(float(n) for n in re.findall(r"\d+(?:\.\d+)?", onset))
            said.relatives.append(SaidRelative(relative.relationship.lower(), *union_of(reading.names), ages, source))


def _denied(said: Said, ctx: ToolContext) -> None:
    """What the record says is not so: refuted, entered in error, not done."""
    chart, store, patient_id = ctx.chart, ctx.store, ctx.patient_id
    rows: list[tuple[str, Any, str]] = [("condition", r, "was refuted") for r in chart.refuted_conditions]
    rows += [("allergen", r, "was refuted") for r in chart.refuted_allergies]
    for kind, stored in (
        ("condition", store.conditions(patient_id)), ("allergen", store.allergies(patient_id)), ("medication", store.medications(patient_id)),
        ("procedure", store.procedures(patient_id)), ("immunization", store.immunizations(patient_id)),
    ):  # fmt: skip
        for row in stored:
            how = _MISTAKES.get(row.status) or _MISTAKES.get(getattr(row, "verification_status", ""))
            if how and chart.is_known(row.time) and chart.extent.includes_row(row):
                rows.append((kind, row, how))
    for kind, row, how in rows:
        text = f"{plain_name(row.display)} {how}"
        _event(said, row, kind, ctx, State.ABSENT, [], text, is_allergy=kind == "allergen")
    for value in store.observations(patient_id):
        if value.status == "entered-in-error" and value.value is not None and chart.is_known(value.time):
            own, ids = said.keys_of(_concept(ctx, value) or plain_name(value.display))
            shown = f"{plain_name(value.display)}: {number(value.value)} {unit_label(value.unit)} was entered in error"
            said.in_error.append(SaidNumber(abs(value.value), normalise_unit(value.unit) if value.unit else "", own, ids, Source(value.ref, shown, "record"), day=value.time.date() if value.time else None))  # fmt: skip


def _complete(said: Said, ctx: ToolContext) -> None:
    chart = ctx.chart
    held: dict[str, Any] = {
        "condition": chart.conditions, "medication": chart.medications, "allergen": chart.allergies,
        "procedure": chart.procedures, "immunization": chart.immunizations, "observation": chart.observations,
        "encounter": chart.encounters, "device": chart.devices, "family": chart.family_history, "care_plan": chart.care_plans,
    }  # fmt: skip
    for kind, rows in held.items():
        said.lookups.append(Lookup(kind, None, bool(rows), source=Source("", f"{len(rows)} {kind} entries up to {day(ctx.as_of)}", "record")))  # fmt: skip
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
    said.person = person_of(ctx)
    source = Source(patient.ref, "the patient's own entry", "record")
    if patient.birth_date is not None:
        said.births.append(patient.birth_date)
        _date(said, datetime.combine(patient.birth_date, datetime.min.time()), [], source)
    if (age := ctx.chart.age) is not None:
        said.add_count(age, "", source, is_age=True)
    _date(said, ctx.chart.deceased_on, [], source)
    said.words |= {w for w in re.findall(r"[a-z]{4,}", f"{patient.gender} {patient.language} {patient.marital_status} {patient.race} {patient.ethnicity} {patient.name}".lower())}  # fmt: skip


def person_of(ctx: ToolContext) -> Person:
    """Who the open patient is, by the record."""
    chart = ctx.chart
    smoking = [r for r in chart.observations if r.value is None and "smok" in r.display.lower() and r.value_text]
    told = " ".join(n.author for n in chart.notes)
    return Person(
        names=_words_of(chart.patient.name), sex=chart.patient.gender, around=_words_of(told),
        smoking=smoking_of(plain_name(smoking[-1].value_text)) if smoking else "",
    )  # fmt: skip


def _words_of(names: str) -> frozenset[str]:
    return frozenset(w.lower() for w in re.findall(r"[^\W\d_]{2,}", names))


def _measurements(said: Said, ctx: ToolContext) -> None:
    for row in ctx.chart.observations:
        label = _concept(ctx, row) or plain_name(row.display)
        if row.value is None:
            if row.value_text:
                text = f"{plain_name(row.display)}: {plain_name(row.value_text)}"
                reading = read(text, ctx.lexicon)
                # "Culture: no growth" says that there was a culture.
                reading.names = [_as(n, State.PRESENT) if "observation" in n.kinds else n for n in reading.names]
                said.add_reading(
                    reading, Source(row.ref, text, "record"), days_of_order=[row.time.date()] if row.time else []
                )
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
        for measured in readings(ctx, pressure):
            if measured.value is not None:
                source = Source(measured.ref, f"Blood pressure: {measured.shown} on {day(measured.time)}", "record")
                said.add_number(pressure.id, measured.value, measured.unit, measured.time.isoformat() if measured.time else "", source, second=measured.second)  # fmt: skip


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
            moments = [m for m in (row.time, row.start, row.end, row.authored) if m is not None]
            said.add_reading(reading, source, days_of_order=[m.date() for m in moments])
            for moment in moments:
                _date(said, moment, reading.names, source)


def _as(name: Name, state: State, is_allergy: bool = False) -> Name:
    return replace(
        name, state=state, is_explicit=True, is_ended=state is State.PAST, is_allergy=is_allergy, is_attributed=False
    )


def _event(
    said: Said, row: Any, kind: str, ctx: ToolContext, state: State, when: Iterable[str], text: str,
    is_allergy: bool = False,
) -> None:  # fmt: skip
    """A row by its codes and by its words: both name it."""
    source = Source(row.ref, f"{text} ({dated(row)})" if row.time and dated(row) not in text else text, "record")
    inner = read(plain_name(row.display), ctx.lexicon)
    said.add_sides(inner)
    of_it = kind != "procedure"  # what a procedure is done for, its title only names
    names = [_as(n, state if of_it or kind in n.kinds else State.NAMED, is_allergy) for n in inner.names]
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
