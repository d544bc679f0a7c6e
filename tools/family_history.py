"""Diseases of relatives, from the record and from notes."""

from __future__ import annotations

from domain.facts import FactKind
from tools.concepts import Target
from tools.context import ToolContext, cite, day, in_sentence, plain_name
from tools.notes.search import sentence_around
from tools.outcome import Statement, ToolResult, say
from tools.problems import find_condition
from tools.relatives import is_of

_MOST_TOLD = 8  # sentences of notes


def family_history(ctx: ToolContext, name: str = "", relative: str = "") -> ToolResult:
    """Diseases of relatives, from FamilyMemberHistory and from notes; optionally one disease, of one relative or side."""
    target = find_condition(ctx, name) if name else None
    statements = []
    for row in ctx.chart.family_history:
        listed = [c for c in row.conditions if target is None or _family_match(ctx, target, c[0])]
        if listed and (not relative or is_of(relative, row.relationship)):
            what = ", ".join(plain_name(c[0]) + (f" ({onset_words(c[1])})" if c[1] else "") for c in listed)
            statements.append(say(f"{row.relationship}: {what}", cite(row, f"{row.relationship}: {what}"), item=True))
    statements += _told(ctx, target, relative)
    looked = (f"{len(ctx.chart.family_history)} family history entries", f"{len(ctx.chart.notes)} notes")
    if not statements:
        return ToolResult(
            tool="family_history",
            found=False,
            looked_at=looked,
            data={"n": 0},
            statements=(say(f"{_absent(ctx, target, relative)} Looked at {looked[0]} and {looked[1]}."),),
        )
    return ToolResult(
        tool="family_history", statements=(say("Family history:"), *statements), data={"n": len(statements)}
    )


def _told(ctx: ToolContext, target: Target | None, relative: str) -> list[Statement]:
    """What notes tell of relatives, the newest first, each disease and each sentence once."""
    seen: set[str] = set()
    told: list[Statement] = []
    for fact in reversed(ctx.chart.facts):
        is_family = fact.kind is FactKind.FAMILY_HISTORY or fact.assertion.is_family
        if not is_family or fact.assertion.is_negated or (target is not None and fact.concept_id not in target.ids):
            continue
        quote, evidence = sentence_around(ctx, fact.evidence)
        if {fact.concept_id, quote} & seen or len(told) >= _MOST_TOLD or (relative and not is_of(relative, quote)):
            continue
        seen |= {fact.concept_id, quote}
        told.append(say(f"note of {day(ctx.chart.note_time(fact))}: “{quote}”", evidence, item=True))
    return told


def _absent(ctx: ToolContext, target: Target | None, relative: str) -> str:
    """That nothing is recorded of what was asked, and of which relatives something is."""
    of_what = f" of {in_sentence(target)}" if target else ""
    if not relative:
        return f"Not documented: no family history{of_what} is recorded."
    of_whom = f"on the {relative} side" if relative.endswith("ternal") else f"for a {relative}"
    others = ", ".join(dict.fromkeys(r.relationship for r in ctx.chart.family_history if r.relationship))
    known = f" There are entries for: {others}." if others else ""
    return f"Not documented: no family history{of_what} is recorded {of_whom}.{known}"


def onset_words(text: str) -> str:
    """The onset of a relative's disease as people say it: "age 50 a" has the code for years."""
    return text.removesuffix(" a").strip() if text.startswith("age ") else text


def _family_match(ctx: ToolContext, target: Target, display: str) -> bool:
    found = ctx.lexicon.find_mentions(display, ("condition",), fuzzy=False)
    return any(t.id in target.ids for m in found for t in m.targets) or target.label.lower() in display.lower()
