"""A calculator over one stored note; what the note lacks is taken from the record, and said to be.

Of a patient no score is given with a measurement that nobody made: the convention of the scores, that what was not measured
counts as normal, is for a case that is told in full, and an office note is none.
"""

from __future__ import annotations

from domain.facts import Evidence, Note, Span, span_ref
from domain.predictions import ModelInput
from domain.quantities import Quantity
from tools.calculation import Calculated, NoteCalculator, Used
from tools.calculation.answers import ASSUMED_NORMAL, RECORD
from tools.context import ToolContext, day
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.times.periods import wall_clock
from tools.twin.covariates import concept_of_input, covariate
from tools.twin.moments import window_of

# Findings in words, which a note tells where they are there: their absence is no measurement.
_TOLD_WHERE_PRESENT = frozenset({"surgery", "mobility", "calf_swelling_cm"})


def calculate_from_note(ctx: ToolContext, question: str, note: str = "") -> ToolResult:
    """A calculator or score from what one note says; `note` is its id, by default the newest note.

    Every input is quoted from the note. A measured value that the note lacks comes from the record.
    """
    found = _note(ctx, note)
    done = NoteCalculator(ctx.twin)(
        found.text, question, elsewhere=lambda spec, model: _of_record(ctx, spec, found, model)
    )
    done = _without_normals(ctx, done)
    looked = (f"the note of {day(found.time)}", f"the record up to {day(ctx.as_of)}")
    if done.answer is None:
        return ToolResult(
            tool="calculate_from_note", found=False, looked_at=looked, data=done.model_dump(mode="json"),
            statements=(say(f"{done.calculator or 'The calculator'} gives no answer from this note: {done.reason}."),),
        )  # fmt: skip
    return ToolResult(
        tool="calculate_from_note", statements=tuple(_statements(done, found)), data=done.model_dump(mode="json"),
        warnings=done.warnings, looked_at=looked,
    )  # fmt: skip


def _note(ctx: ToolContext, note_id: str) -> Note:
    notes = [n for n in ctx.chart.notes if n.id not in ctx.chart.suspicious_note_ids]
    if note_id:
        notes = [n for n in notes if n.id == note_id]
    if not notes:
        raise RetryableToolError("this patient has no such note; list_notes shows those that there are")
    return max(notes, key=lambda n: n.time.timestamp() if n.time else 0.0)


def _without_normals(ctx: ToolContext, done: Calculated) -> Calculated:
    """The answer, or none where a measurement that it rests on was never made; `missing` and `reason` name those."""
    normal = [i for i in done.inputs if i.origin == ASSUMED_NORMAL and i.name not in _TOLD_WHERE_PRESENT]
    if done.answer is None or not normal:
        return done
    labels = {spec.name: spec.label for spec in ctx.twin.describe(done.calculator).inputs}
    reason = f"missing: {', '.join(labels.get(i.name, i.name) for i in normal)}"
    missing = tuple(i.name for i in normal)
    return done.model_copy(update={"answer": None, "display": "", "missing": missing, "reason": reason})


def _of_record(ctx: ToolContext, spec: ModelInput, note: Note, model: str) -> Used | None:
    """An input as the record has it; a measured one only where it belongs to the time of the note."""
    held = covariate(ctx, spec)
    if held is None or held.origin == "assumed_absent":
        return None
    window = window_of(model)
    if window is not None and held.time is not None and concept_of_input(spec.name) and note.time is not None:
        if abs(wall_clock(held.time) - wall_clock(note.time)) > window:
            return None
    value, unit = (held.value.value, held.value.unit) if isinstance(held.value, Quantity) else (held.value, "")
    quote = held.evidence.quote if held.evidence else ""
    when = f" of {day(held.time)}" if held.time else ""
    return Used(name=spec.name, value=value, unit=unit, quote=quote, origin=RECORD, note=f"from the record{when}")


def _statements(done: Calculated, note: Note) -> list[Statement]:
    evidence = [_evidence(note, item.span) for item in done.inputs if item.span]
    lines = [
        say(f"{done.calculator}: **{done.display or done.answer}**, from the note of {day(note.time)}.", *evidence)
    ]
    for item in done.inputs:
        if item.span and not isinstance(item.value, bool):
            lines.append(say(f"{item.name}: “{item.quote}”.", _evidence(note, item.span)))
        elif item.origin == RECORD:
            lines.append(say(f"{item.name}: {item.quote} ({item.note})."))
    for criterion in done.criteria:
        if criterion.span:
            met = "met" if criterion.met else "not met"
            lines.append(say(f"{criterion.name} {met}: “{criterion.evidence}”.", _evidence(note, criterion.span)))
    if done.assumptions:
        lines.append(say(f"Assumed: {'; '.join(done.assumptions)}."))
    return lines


def _evidence(note: Note, span: tuple[int, int]) -> Evidence:
    low, high = span
    return Evidence(ref=span_ref(Span(note_id=note.id, start=low, end=high)), quote=note.text[low:high], time=note.time)
