"""Diseases of relatives, from the record and from notes."""

from __future__ import annotations

from domain.facts import FactKind
from tools.concepts import Target
from tools.context import ToolContext, cite, day, in_sentence, plain_name
from tools.notes.search import sentence_around
from tools.outcome import ToolResult, say
from tools.problems import find_condition


def family_history(ctx: ToolContext, name: str = "") -> ToolResult:
    """Diseases of relatives, from FamilyMemberHistory and from notes; optionally one disease."""
    target = find_condition(ctx, name) if name else None
    statements = []
    for row in ctx.chart.family_history:
        listed = [c for c in row.conditions if target is None or _family_match(ctx, target, c[0])]
        if listed:
            what = ", ".join(plain_name(c[0]) + (f" ({onset_words(c[1])})" if c[1] else "") for c in listed)
            statements.append(say(f"{row.relationship}: {what}", cite(row, f"{row.relationship}: {what}"), item=True))
    seen: set[str] = set()
    for fact in reversed(ctx.chart.facts):
        is_family = fact.kind is FactKind.FAMILY_HISTORY or fact.assertion.is_family
        if not is_family or fact.assertion.is_negated or (target is not None and fact.concept_id not in target.ids):
            continue
        if fact.concept_id not in seen and len(seen) < 8:
            seen.add(fact.concept_id)
            when = day(ctx.chart.note_time(fact))
            quote, evidence = sentence_around(ctx, fact.evidence)
            statements.append(say(f"note of {when}: “{quote}”", evidence, item=True))
    looked = (f"{len(ctx.chart.family_history)} family history entries", f"{len(ctx.chart.notes)} notes")
    if not statements:
        of_what = f" of {in_sentence(target)}" if target else ""
        return ToolResult(
            tool="family_history",
            found=False,
            looked_at=looked,
            data={"n": 0},
            statements=(
                say(f"Not documented: no family history{of_what} is recorded. Looked at {looked[0]} and {looked[1]}."),
            ),
        )
    return ToolResult(
        tool="family_history", statements=(say("Family history:"), *statements), data={"n": len(statements)}
    )


def onset_words(text: str) -> str:
    """The onset of a relative's disease as people say it: "age 50 a" has the code for years."""
    return text.removesuffix(" a").strip() if text.startswith("age ") else text


def _family_match(ctx: ToolContext, target: Target, display: str) -> bool:
    found = ctx.lexicon.find_mentions(display, ("condition",), fuzzy=False)
    return any(t.id in target.ids for m in found for t in m.targets) or target.label.lower() in display.lower()
