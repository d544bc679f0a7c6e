"""Whether anything of a name stands anywhere: every list of the record, then the notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from tools.concepts import Target, content_words, normalise_name
from tools.context import ToolContext, cite, dated, plain_name, within
from tools.events.findings import told_in_reports
from tools.measurements.readings import reading_of
from tools.notes.search import search_notes
from tools.outcome import Statement, ToolResult, say
from tools.times.periods import Period

_SENTENCE = 4  # words; such a "name" is a question that was looked up as it stands
_ASKS_WHETHER = re.compile(
    r"^\W*(?:(?:and|so|but)\s+)?(?:is|are|was|were|has|have|had|did|does|do|can|could|should|any|ever|still)\b",
    re.IGNORECASE,
)


def look_up(ctx: ToolContext, name: str, period: Period | None = None, question: str = "") -> ToolResult:
    """Anything recorded under a name, in any list or note. Use when it is unclear what kind of thing the name is.

    The notes are searched with the whole `question` where it is given.
    """
    statements: list[Statement] = []
    for kind, label, rows in _lists(ctx):
        target = ctx.lexicon.resolve(name, kind) if len(content_words(name)) else None
        if target is not None and target.id == "surgery" and len(content_words(name)) > 1:
            target = None  # "pituitary operation" is not any operation
        hits = [r for r in within(rows, period) if _hit(ctx, target, name, r, kind)]
        if hits:
            row = hits[-1]
            value = f": {reading_of(row).shown}" if kind == "observation" else ""
            count = f" ({len(hits)} entries, first {dated(hits[0])})" if len(hits) > 1 else ""
            says = f": {row.conclusion}" if kind == "report" and row.conclusion else ""
            says = f"; reaction: {', '.join(row.reactions)}" if kind == "allergen" and row.reactions else says
            text = f"{label}: **{plain_name(row.display)}**{value}, {dated(row)}{count}{says}"
            statements.append(say(text if says.endswith(".") else f"{text}.", cite(row)))
    looked = (
        f"{len(ctx.chart.observations)} observations",
        f"{len(ctx.chart.conditions)} conditions",
        f"{len(ctx.chart.medications)} medication entries",
        f"{len(ctx.chart.procedures)} procedures",
        f"{len(ctx.chart.immunizations)} vaccinations",
        f"{len(ctx.chart.reports)} reports",
        f"{len(ctx.chart.allergies)} allergies",
        f"{len(ctx.chart.devices)} devices",
        f"{len(ctx.chart.notes)} notes",
    )
    if statements:
        left = _left_over(ctx, name, statements)
        wanted = question or (name if left else "")
        more = search_notes(ctx, wanted, period, near=bool(left), beside=True) if wanted else None
        told = more.statements if more is not None and (more.found or more.data.get("nearest")) else ()
        # "Can he eat peanuts?" must not begin with a yes because an allergy was found.
        openly = _ASKS_WHETHER.match(question or name) is None and _is_sentence(question)
        allergic = any(s.text.startswith("Allergy") for s in statements)
        lead = "Recorded:" if allergic or openly else "Yes, recorded:"
        part = f"Recorded under part of that name; “{' '.join(left)}” is not documented in the structured record:"
        return ToolResult(
            tool="look_up",
            statements=(say(part if left else lead), *statements, *told),
            data={"name": name, "n": len(statements)},
            warnings=more.warnings if more is not None else (),
        )
    if reported := told_in_reports(ctx, question or name, period):
        more = search_notes(ctx, question or name, period, near=False, beside=True)
        told = more.statements if more.found else ()
        return ToolResult(
            tool="look_up", statements=(*reported, *told), data={"name": name, "n": 1}, warnings=more.warnings
        )
    noted = search_notes(ctx, question or name, period)
    if noted.found:
        listed = f"Not documented in the structured record under “{_short(name)}”"
        lines = (say(f"{listed}; notes mention it:"), *noted.statements)
        if _ASKS_WHETHER.match(question) is None:  # what is asked stands first
            listed = "Not documented in the structured record." if _is_sentence(name) else f"{listed}."
            lines = (*noted.statements, say(listed))
        return noted.model_copy(update={"tool": "look_up", "statements": lines})
    when = f" {period.label}" if period and period.label else ""
    text = f"No, not documented: nothing is recorded under “{_short(name)}”{when}."
    if noted.data.get("nearest"):
        head = say(f"Not documented in the structured record under “{_short(name)}”{when}.")
        return noted.model_copy(update={"tool": "look_up", "statements": (head, *noted.statements)})
    return ToolResult(
        tool="look_up",
        found=False,
        statements=(say(text), say(f"Looked at {', '.join(looked[:-1])} and {looked[-1]}."), *_hint(name)),
        looked_at=looked,
        data={"name": name, "n": 0},
        warnings=noted.warnings,
    )


def _left_over(ctx: ToolContext, name: str, statements: list[Statement]) -> list[str]:
    """Words of the name that no entry found has, nor the clinical name by which it was found: "wheal size" of a peanut."""
    shown = f" {normalise_name(' '.join(s.text for s in statements))} "
    mentions = ctx.lexicon.find_mentions(name)
    named = {w for m in mentions for w in content_words(m.text)}
    return [w for w in content_words(name) if w not in named and f" {w[:5]}" not in shown]


def _hint(name: str) -> tuple[Statement, ...]:
    """For whole sentences that were looked up as they stand: how to ask so that the right list is read."""
    if not _is_sentence(name):
        return ()
    return (say("If the record should have it, name the lab, drug, problem, procedure, visit or calculator you mean."),)


def _is_sentence(name: str) -> bool:
    return len(name.split()) >= _SENTENCE


def _short(name: str) -> str:
    words = " ".join(name.split())
    return words if len(words) <= 60 else words[:57] + "…"


def _lists(ctx: ToolContext) -> Iterable[tuple[str, str, list[Any]]]:
    chart = ctx.chart
    return (
        ("condition", "Problem", chart.conditions),
        ("procedure", "Procedure", chart.procedures),
        ("medication", "Medication", chart.medications),
        ("immunization", "Vaccination", chart.immunizations),
        ("observation", "Observation", chart.observations),
        ("report", "Report", chart.reports),
        ("allergen", "Allergy", chart.allergies),
        ("device", "Device", chart.devices),
        ("care_plan", "Care plan", chart.care_plans),
        ("encounter", "Visit", chart.encounters),
    )


_GENERIC = frozenset({"operation", "operations", "surgery"})  # what was operated on tells which


def _hit(ctx: ToolContext, target: Target | None, name: str, row: Any, kind: str) -> bool:
    matcher: Callable[[Target, Any], bool] = ctx.lexicon.matches
    if target is not None and kind not in {"report", "device", "care_plan", "encounter"} and matcher(target, row):
        return True
    words = [w for w in content_words(name) if w not in _GENERIC] or content_words(name)
    text = normalise_name(
        f"{row.display} {getattr(row, 'type_display', '')} {getattr(row, 'reason_display', '')} {getattr(row, 'value_text', '') if kind != 'observation' else ''}"
    )
    return bool(words) and any(len(w) > 3 for w in words) and all(f" {w}" in f" {text}" for w in words)
