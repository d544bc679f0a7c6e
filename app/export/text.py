"""An answer as Markdown that reads as plain text too."""

from __future__ import annotations

from app.export.answers import NOT_A_DEVICE, NOT_FOUND, Exported, Source
from domain.answers import Answer


def to_markdown(whole: Exported) -> str:
    """The question, the answer, what to mind, and each source as it stands in the record."""
    answer = whole.answer
    parts = [
        f"# {_line(answer.question)}",
        answer.text,
        *(f"**Mind:** {_line(warning)}" for warning in answer.warnings if warning not in answer.text),
        *_conflicts(answer),
    ]
    if whole.sources:
        parts.append("## Sources\n\n" + "\n".join(map(_source, whole.sources)))
    parts.append(f"---\nPatient {whole.patient_id} · ChartTwin, {whole.made:%Y-%m-%d %H:%M} UTC\n{NOT_A_DEVICE}")
    return "\n\n".join(parts) + "\n"


def to_clipboard(answer: Answer) -> str:
    """The answer with its citations in a few lines, for pasting into another program."""
    lines = [
        f"[{c.number}] {' · '.join(filter(None, (c.evidence.ref, _day(c.evidence.time), _line(c.evidence.quote))))}"
        for c in answer.citations
    ]
    warnings = [f"Mind: {_line(warning)}" for warning in answer.warnings if warning not in answer.text]
    return "\n\n".join(filter(None, (answer.text, "\n".join(warnings), "\n".join(lines))))


def _conflicts(answer: Answer) -> list[str]:
    return [
        f"**Record and notes differ: {_line(c.topic)}.** Record: {_line(c.record_says)} Note: {_line(c.note_says)}"
        for c in answer.conflicts
    ]


def _source(source: Source) -> str:
    head = f"[{source.number}] {_line(source.title)} · {' · '.join(filter(None, (_day(source.time), source.ref)))}"
    if source.view is None:
        return f"- [{source.number}] {source.ref} · {NOT_FOUND}"
    before, cited, after = source.excerpt
    if cited:
        return f"- {head}\n  > …{_line(before)} **{_line(cited)}** {_line(after)}…"
    rows = "; ".join(f"{label}: {_line(value)}" for label, value in source.view.rows)
    return f"- {head}" + (f"\n  {rows}" if rows else "")


def _day(moment: object) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


def _line(text: str) -> str:
    return " ".join(text.split())
