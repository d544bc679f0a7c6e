"""Where the notes contradict the structured record: one finder for the question, for every answer on one thing, and the story.

The record is followed; both sides are shown and cited.
"""

from __future__ import annotations

import re
from weakref import WeakKeyDictionary

from domain.answers import Conflict
from tools.conflicts.drugs import medication_conflicts
from tools.conflicts.problems import problem_conflicts
from tools.conflicts.smoking import smoking_conflicts
from tools.conflicts.values import value_conflicts
from tools.context import Chart, ToolContext, day
from tools.drugs.allergies import allergies
from tools.drugs.allergy_notes import allergy_conflicts, unlisted_allergies
from tools.measurements.readings import readings
from tools.outcome import Statement, ToolResult, say

__all__ = ["TOPICS", "beside", "conflict_line", "contradictions", "medication_conflicts", "problem_conflicts", "record_vs_notes", "smoking_conflicts", "value_conflicts"]  # fmt: skip

# A note affirms an allergy with a word of one: "ketamine 80, roc 100" affirms none.
_ALLERGIC = re.compile(
    r"allerg|intoleran|anaphyl|hypersens|sensitiv|reaction|reacts|hives|urticaria|rash|angioedema|swelling|wheez|itch|nausea|vomit|side effect",
    re.IGNORECASE,
)
_FINDERS = {
    "allergies": lambda c: (
        *allergy_conflicts(c),
        *(x for x in unlisted_allergies(c) if _ALLERGIC.search(x.note_says)),
    ),
    "medications": medication_conflicts,
    "problems": problem_conflicts,
    "results": value_conflicts,
    "smoking": smoking_conflicts,
}
TOPICS = tuple(_FINDERS)
# The tools that answer on one thing; a list has what it lists, and its conflicts are asked for by name.
_ON_ONE_THING = {
    "medication": "medications", "list_medications": "medications", "condition": "problems", "latest": "results", "series": "results", "statistics": "results",
    "extreme": "results", "threshold": "results", "change": "results", "is_normal": "results", "count": "results",
}  # fmt: skip
_found: WeakKeyDictionary[Chart, dict[str, tuple[Conflict, ...]]] = WeakKeyDictionary()


def contradictions(ctx: ToolContext, topic: str) -> tuple[Conflict, ...]:
    """The contradictions of a topic, looked for once for each chart."""
    known = _found.setdefault(ctx.chart, {})
    if topic not in known:
        known[topic] = tuple(_FINDERS[topic](ctx))
    return known[topic]


def beside(ctx: ToolContext, tool: str, result: ToolResult) -> ToolResult:
    """The result with the contradictions of exactly those entries that it cites; what it says first stays the record's."""
    topic = _ON_ONE_THING.get(tool)
    if topic is None or not result.statements:
        return result
    cited = {e.ref.partition("#")[0] for s in result.statements for e in s.evidence}
    more = tuple(
        c for c in contradictions(ctx, topic)
        if c.evidence[0].ref.partition("#")[0] in cited and c not in result.conflicts
    )  # fmt: skip
    return result.model_copy(update={"conflicts": (*result.conflicts, *more)}) if more else result


def record_vs_notes(ctx: ToolContext, topic: str = "all") -> ToolResult:
    """Contradictions between notes and record. `topic`: all | allergies | medications | problems | results | smoking."""
    chosen = [topic] if topic in _FINDERS else list(_FINDERS)
    conflicts = tuple(c for name in chosen for c in contradictions(ctx, name))
    looked = (f"{len(ctx.chart.notes)} notes against the structured record",)
    if not conflicts:
        about = f" about {topic}" if topic in _FINDERS else ""
        text = f"No contradiction{about} between notes and record was found. Looked at {looked[0]}."
        return ToolResult(
            tool="record_vs_notes",
            found=False,
            statements=(say(text), *_record_side(ctx, topic)),
            looked_at=looked,
            data={"n": 0},
        )
    head = say(
        f"**{len(conflicts)}** {'contradiction' if len(conflicts) == 1 else 'contradictions'} between notes and record:"
    )
    return ToolResult(
        tool="record_vs_notes",
        statements=(head, *[conflict_line(c) for c in conflicts]),
        conflicts=conflicts,
        data={"n": len(conflicts)},
    )


def _record_side(ctx: ToolContext, topic: str) -> tuple[Statement, ...]:
    """What the record itself says on the topic."""
    if topic == "allergies":
        return allergies(ctx).statements
    if topic == "smoking":
        target = ctx.lexicon.resolve("tobacco_status", "observation")
        recorded = [r for r in readings(ctx, target) if r.text] if target else []
        return tuple(say(f"The record says: **{r.text}** ({day(r.time)}).", r.evidence) for r in recorded[-1:])
    return ()


def conflict_line(conflict: Conflict) -> Statement:
    """A conflict as one cited line."""
    text = f"{conflict.topic}: the record says {conflict.record_says}; but {conflict.note_says}"
    return say(text, *conflict.evidence, item=True)
