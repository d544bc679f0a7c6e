"""The health story: one patient's record and notes as a cited narrative, written by rules and the same every time."""

from __future__ import annotations

from domain.errors import InvalidInput
from tools.context import ToolContext
from tools.outcome import RetryableToolError, Statement, ToolResult
from tools.story.kinds import build_story
from tools.story.model import AUDIENCES, KINDS, Basis, Section, Sentence, Story
from tools.story.render import to_markdown
from tools.times.periods import Period

__all__ = ["AUDIENCES", "KINDS", "Basis", "Section", "Sentence", "Story", "build_story", "health_story", "to_markdown"]


def health_story(
    ctx: ToolContext, kind: str = "problem_oriented", audience: str = "clinician_short", period: Period | None = None
) -> ToolResult:
    """The patient's story as cited prose. Use for "tell me about", summaries, handoffs, what changed, a timeline.

    `kind`: one_liner | timeline | problem_oriented | since_last_visit | sbar | full. `audience`: clinician_short |
    clinician_long | handoff | patient | evaluator. A period limits a timeline, or says since when changes count.
    It holds what is recorded and what notes say in quotes; it makes no diagnosis and no treatment decision.
    """
    try:
        story = build_story(ctx, kind, audience, period)
    except InvalidInput as error:
        raise RetryableToolError(error.message) from error
    statements: list[Statement] = []
    for section in story.sections:
        if len(story.sections) > 1:
            statements.append(Statement(text=f"**{section.title}**"))
        statements += [Statement(text=s.text, evidence=s.evidence, item=s.item) for s in section.sentences]
    return ToolResult(
        tool="health_story",
        statements=tuple(statements),
        data={
            "kind": kind, "audience": audience, "as_of": ctx.as_of.isoformat(), "sections": [s.title for s in story.sections],
            "sentences": len(story.sentences),
        },
        warnings=story.warnings,
        conflicts=story.conflicts,
        looked_at=story.looked_at,
    )  # fmt: skip
