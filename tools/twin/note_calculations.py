"""A calculator over one stored note; what the note lacks is taken from the record, and said to be."""

from __future__ import annotations

from domain.facts import Evidence, Note, Span, span_ref
from domain.predictions import ModelInput
from domain.quantities import Quantity
from tools.calculation import Calculated, NoteCalculator, Used
from tools.calculation.answers import RECORD
from tools.context import ToolContext, day
from tools.outcome import RetryableToolError, Statement, ToolResult, say
from tools.twin.covariates import covariate


def calculate_from_note(ctx: ToolContext, question: str, note: str = "") -> ToolResult:
    """A calculator or score from what one note says; `note` is its id, by default the newest note.

    Every input is quoted from the note. A measured value that the note lacks comes from the record.
    """
    found = _note(ctx, note)
    done = NoteCalculator(ctx.twin)(found.text, question, elsewhere=lambda spec: _of_record(ctx, spec))
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


def _of_record(ctx: ToolContext, spec: ModelInput) -> Used | None:
    held = covariate(ctx, spec)
    if held is None or held.origin == "assumed_absent":
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
