"""The record of one patient as flat tables, in the spirit of SQL on FHIR: one row a resource, values as columns.

Who the patient is by name, number and address is in none of them. Notes that try to give orders are left out, as
everywhere. Times are on the record's own clock, as answers write them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from domain.errors import ChartTwinError
from domain.facts import Evidence, Fact
from domain.quantities import Quantity, convert
from tools.context import Chart, ToolContext, cite, plain_name
from tools.drugs.medications import courses
from tools.measurements.readings import reading_of
from tools.untrusted import gives_orders

if TYPE_CHECKING:
    from knowledge_base.rows import Codes, Row

Value = str | float | int | bool | None
Line = tuple[tuple[Value, ...], Evidence]


@dataclass(frozen=True)
class Table:
    """A table: its columns with types, what it holds, and how its rows are read from the chart."""

    name: str
    about: str
    columns: tuple[tuple[str, str], ...]
    read: Callable[[ToolContext], Iterable[Line]]

    @property
    def described(self) -> str:
        """The table as the model reads it."""
        return f"{self.name}({', '.join(name for name, _ in self.columns)}): {self.about}"


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    """`a b:DOUBLE` as pairs; a name without a type is text."""
    pairs = (item.partition(":") for item in text.split())
    return tuple((name, kind or "VARCHAR") for name, _, kind in pairs)


def _clock(moment: datetime | None) -> str | None:
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds") if moment else None


def _day(moment: datetime | date | None) -> str | None:
    if moment is None:
        return None
    return (moment.date() if isinstance(moment, datetime) else moment).isoformat()


def _text(value: str) -> str | None:
    return value or None


def _free(text: str) -> str | None:
    """Prose of the record, unless it reads as orders to the assistant."""
    return text if text and not gives_orders(text) else None


def _code(codes: Codes) -> tuple[str | None, str | None]:
    return (codes[0][0] or None, codes[0][1]) if codes else (None, None)


def _concept(ctx: ToolContext, kind: str, row: Row) -> str | None:
    return next(iter(sorted(ctx.lexicon.concept_ids(kind, row))), None)


def _patients(ctx: ToolContext) -> Iterable[Line]:
    row, chart = ctx.chart.patient, ctx.chart
    yield (
        row.ref, _day(row.birth_date), chart.age, _text(row.gender), _text(row.birth_sex), _text(row.race),
        _text(row.ethnicity), _text(row.language), _text(row.marital_status), chart.deceased_on is not None,
        _day(chart.deceased_on), _day(ctx.as_of),
    ), cite(row, "patient")  # fmt: skip


def _observations(ctx: ToolContext) -> Iterable[Line]:
    for row in ctx.chart.observations:
        concept = _concept(ctx, "observation", row)
        value, unit = _in_usual_unit(ctx, concept, row.value, row.unit)
        yield (
            row.ref, concept, plain_name(row.display), *_code(row.codes), _text(row.category), _day(row.time),
            _clock(row.time), row.value, _text(row.unit), value, unit, _text(row.value_text), _text(row.comparator),
            row.reference_low, row.reference_high, _text(row.interpretation), row.status, _text(row.parent_ref),
            _text(row.encounter_ref), _text(row.body_site),
        ), reading_of(row).evidence  # fmt: skip


def _in_usual_unit(
    ctx: ToolContext, concept: str | None, value: float | None, unit: str
) -> tuple[float | None, str | None]:
    """The value in the unit that the vocabulary has for the concept; nothing where it cannot be converted."""
    found = ctx.lexicon.vocabulary.get("observation", concept) if concept else None
    wanted = str(found.extra.get("unit", "")) if found else ""
    if value is None or found is None or not wanted:
        return (value, _text(unit)) if value is not None else (None, None)
    if unit == wanted:
        return value, wanted
    try:
        return convert(value, unit, wanted, found.extra.get("substance") or None), wanted
    except ChartTwinError:
        return None, None


def _conditions(ctx: ToolContext) -> Iterable[Line]:
    for row in ctx.chart.conditions:
        yield (
            row.ref, _concept(ctx, "condition", row), plain_name(row.display), *_code(row.codes),
            ctx.chart.is_active(row), _text(row.clinical_status), _text(row.verification_status), _text(row.category),
            _day(row.onset or row.time), _day(row.abatement), _day(row.recorded), _text(row.severity),
            _text(row.encounter_ref),
        ), cite(row)  # fmt: skip


def _medications(ctx: ToolContext) -> Iterable[Line]:
    active = {course.latest.ref for course in courses(ctx) if course.is_active}
    for row in ctx.chart.medications:
        drugs = sorted(ctx.lexicon.concept_ids("medication", row))
        classes = sorted({c for drug in drugs for c in ctx.lexicon.vocabulary.classes_of(drug)})
        yield (
            row.ref, _text(" + ".join(drugs)), _text(" ".join(classes)), plain_name(row.display), *_code(row.codes),
            row.kind, row.status, row.ref in active, _day(row.time), _clock(row.time), _day(row.start), _day(row.end),
            _text(row.dosage_text), row.dose_value, _text(row.dose_unit), _text(row.route), _text(row.frequency),
            row.as_needed, _text(plain_name(row.reason_display)), _text(row.status_reason), _text(row.requester),
            _text(row.encounter_ref),
        ), cite(row)  # fmt: skip


def _allergies(ctx: ToolContext) -> Iterable[Line]:
    for row in (*ctx.chart.allergies, *ctx.chart.no_known_allergies):
        concept = _concept(ctx, "allergen", row) or _concept(ctx, "medication", row)
        yield (
            row.ref, concept, plain_name(row.display), *_code(row.codes), row.clinical_status in {"active", ""},
            _text(row.clinical_status), _text(row.verification_status), _text(row.criticality),
            _text(" ".join(row.category)), _text(row.type), _text("; ".join(row.reactions)), _text(row.severity),
            _day(row.onset), _day(row.recorded or row.time),
        ), cite(row)  # fmt: skip


def _procedures(ctx: ToolContext) -> Iterable[Line]:
    for row in ctx.chart.procedures:
        yield (
            row.ref, _concept(ctx, "procedure", row), plain_name(row.display), *_code(row.codes), row.status,
            _day(row.time), _clock(row.start or row.time), _clock(row.end), _text(plain_name(row.reason_display)),
            _text(row.outcome), _text(row.body_site), _text(row.performer), _text(row.location),
            _text(row.encounter_ref),
        ), cite(row)  # fmt: skip


def _encounters(ctx: ToolContext) -> Iterable[Line]:
    for row in ctx.chart.encounters:
        # A stay that has not ended yet, as of the question, has no end.
        end = row.end if ctx.chart.is_known(row.end) else None
        yield (
            row.ref, _text(row.class_code), _text(plain_name(row.type_display or row.display)), row.status,
            _text(plain_name(row.reason_display)), _day(row.start or row.time), _clock(row.start or row.time),
            _day(end), _clock(end), _text(row.provider), _text(row.practitioner), _text(row.location),
            _text(row.discharge_disposition),
        ), cite(row)  # fmt: skip


def _immunizations(ctx: ToolContext) -> Iterable[Line]:
    for row in ctx.chart.immunizations:
        yield (
            row.ref, _concept(ctx, "immunization", row), plain_name(row.display), *_code(row.codes), row.status,
            _day(row.time), _text(row.dose_number), _text(row.site), _text(row.lot_number), _text(row.location),
            _text(row.encounter_ref),
        ), cite(row)  # fmt: skip


def _reports(ctx: ToolContext) -> Iterable[Line]:
    for row in ctx.chart.reports:
        yield (
            row.ref, plain_name(row.display), *_code(row.codes), _text(row.category), row.status, _day(row.time),
            _clock(row.time), _free(row.conclusion), _text(row.performer), _text(row.encounter_ref),
        ), cite(row)  # fmt: skip


def _care_plans(ctx: ToolContext) -> Iterable[Line]:
    for row in ctx.chart.care_plans:
        yield (
            row.ref, _text(row.title or plain_name(row.display)), _text(row.category), row.status, _day(row.start),
            _day(row.end), _text("; ".join(row.activities)), _text("; ".join(row.addresses)),
        ), cite(row)  # fmt: skip


def _devices(ctx: ToolContext) -> Iterable[Line]:
    for row in ctx.chart.devices:
        yield (
            row.ref, plain_name(row.display), _text(row.type), row.status, _text(row.manufacturer),
            _day(row.manufactured), _day(row.expires),
        ), cite(row)  # fmt: skip


def _family_history(ctx: ToolContext) -> Iterable[Line]:
    for row in ctx.chart.family_history:
        codes = row.condition_codes
        for index, (name, onset) in enumerate(row.conditions or (("", ""),)):
            code = _code(codes[index]) if index < len(codes) else (None, None)
            yield (
                row.ref, _text(row.relationship), _text(row.sex), _text(plain_name(name)) if name else None, *code,
                _text(onset), row.is_deceased, _text(row.deceased_text),
            ), cite(row, f"{row.relationship}: {name}".strip(": "))  # fmt: skip


def _trusted(chart: Chart) -> list[Any]:
    return [note for note in chart.notes if note.id not in chart.suspicious_note_ids]


def _notes(ctx: ToolContext) -> Iterable[Line]:
    for note in _trusted(ctx.chart):
        ref = f"Note/{note.id}"
        yield (
            ref, _text(note.title), _text(note.note_type), _day(note.time), _clock(note.time), _text(note.author),
            _text(note.encounter_id), note.text,
        ), Evidence(ref=ref, quote=note.title or note.note_type or "note", time=note.time)  # fmt: skip


def _note_facts(ctx: ToolContext) -> Iterable[Line]:
    for fact in ctx.chart.facts:
        span, how, sig = fact.evidence.span, fact.assertion, fact.sig
        value = fact.value if isinstance(fact.value, Quantity) else None
        yield (
            fact.evidence.ref, f"Note/{span.note_id}" if span else None, fact.kind.value, _text(fact.concept_id),
            fact.text, value.value if value else None, _text(value.unit) if value else None,
            fact.value if isinstance(fact.value, str) else None, _text(fact.section), how.is_negated,
            how.is_historical, how.is_hypothetical, how.is_family, how.is_uncertain,
            sig.dose.value if sig and sig.dose else None, sig.dose.unit if sig and sig.dose else None,
            _text(sig.route) if sig else None, _text(sig.frequency) if sig else None,
            _day(ctx.chart.note_time(fact)), _day(fact.effective),
        ), _fact_evidence(fact, ctx)  # fmt: skip


def _fact_evidence(fact: Fact, ctx: ToolContext) -> Evidence:
    return fact.evidence.model_copy(update={"time": fact.evidence.time or ctx.chart.note_time(fact)})


_LIST = (
    Table("patient", "one row; as_of is the day that counts as today", _columns(
        "ref birth_date:DATE age_years:INTEGER gender birth_sex race ethnicity language marital_status"
        " is_deceased:BOOLEAN deceased_date:DATE as_of:DATE"), _patients),
    Table("observation", "labs, vitals, scores, social findings; a blood pressure is two rows with one parent_ref; "
          "value and unit as recorded, usual_value in usual_unit for comparing and averaging", _columns(
        "ref concept display system code category date:DATE time:TIMESTAMP value:DOUBLE unit usual_value:DOUBLE"
        " usual_unit value_text comparator reference_low:DOUBLE reference_high:DOUBLE interpretation status parent_ref"
        " encounter_ref body_site"), _observations),
    Table("condition", "problems and diagnoses, resolved ones too: is_active tells", _columns(
        "ref concept display system code is_active:BOOLEAN clinical_status verification_status category onset_date:DATE"
        " abatement_date:DATE recorded_date:DATE severity encounter_ref"), _conditions),
    Table("medication", "every order, statement and administration; drug is the ingredient, classes its classes; "
          "is_active marks the order in force of each product", _columns(
        "ref drug classes display system code kind status is_active:BOOLEAN date:DATE time:TIMESTAMP start_date:DATE"
        " end_date:DATE dosage_text dose_value:DOUBLE dose_unit route frequency as_needed:BOOLEAN reason status_reason"
        " requester encounter_ref"), _medications),
    Table("allergy", "allergies and intolerances, and statements that there is none", _columns(
        "ref concept display system code is_active:BOOLEAN clinical_status verification_status criticality category"
        " type reactions severity onset_date:DATE recorded_date:DATE"), _allergies),
    Table("procedure", "what was done", _columns(
        "ref concept display system code status date:DATE start_time:TIMESTAMP end_time:TIMESTAMP reason outcome"
        " body_site performer location encounter_ref"), _procedures),
    Table("encounter", "visits and stays; class is AMB, EMER, IMP, ...", _columns(
        "ref class type status reason start_date:DATE start_time:TIMESTAMP end_date:DATE end_time:TIMESTAMP provider"
        " practitioner location discharge_disposition"), _encounters),
    Table("immunization", "vaccines given", _columns(
        "ref concept display system code status date:DATE dose_number site lot_number location encounter_ref"),
        _immunizations),
    Table("report", "diagnostic reports", _columns(
        "ref display system code category status date:DATE time:TIMESTAMP conclusion performer encounter_ref"), _reports),
    Table("care_plan", "plans with their activities", _columns(
        "ref title category status start_date:DATE end_date:DATE activities addresses"), _care_plans),
    Table("device", "devices", _columns(
        "ref display type status manufacturer manufactured_date:DATE expires_date:DATE"), _devices),
    Table("family_history", "one row a relative and condition", _columns(
        "ref relationship sex condition system code onset is_deceased:BOOLEAN deceased_text"), _family_history),
    Table("note", "notes with their text", _columns(
        "ref title note_type date:DATE time:TIMESTAMP author encounter_id text"), _notes),
    Table("note_fact", "what was read from the notes, testimony beside the record: mind is_negated, is_family, "
          "is_historical, is_hypothetical, is_uncertain", _columns(
        "ref note_ref kind concept text value:DOUBLE unit value_text section is_negated:BOOLEAN is_historical:BOOLEAN"
        " is_hypothetical:BOOLEAN is_family:BOOLEAN is_uncertain:BOOLEAN dose_value:DOUBLE dose_unit route frequency"
        " note_date:DATE effective_date:DATE"), _note_facts),
)  # fmt: skip
TABLES: dict[str, Table] = {table.name: table for table in _LIST}
