"""A sentence that orders something gets a draft to confirm, or is told that nothing was done; it is never just looked up."""

from __future__ import annotations

import re

from agents import guards
from agents.embedded.plans import Call, Plan
from tools.context import ToolContext
from tools.drafts.reading import read_draft_request

_ASKS_FOR_A_DRAFT = re.compile(
    r"^\W*(?:(?:please|pls|kindly|can you|could you|would you|i need you to|i want you to|help me|go ahead and)[\s,]+)*(?:draft|pend|tee up|queue up|prepare|compose|propose)\b|^\W*(?:add |put |write |file )?(?:a |an )?(?:note|addendum) (?:to|in|for|into) (?:the |his |her )?(?:chart|record|file|notes?)\s*:|^\W*[\w-]{4,} (?:increase|decrease|reduce|raise|lower|change|hold|stop|switch)d? (?:to \d|now\b|today\b)[^?]*$|^\W*(?:(?:please|pls|new|need|i need|an?)\s+)*(?:rx|prescription|script)\s*(?:for\b|:).*\d\s*(?:m?c?g|units?|ml|tabs?|puffs?)\b[^?]*$",
    re.IGNORECASE,
)


def settle_order(question: str, plan: Plan, tools: ToolContext) -> Plan:
    """The plan, unless the question asks for something to be ordered, changed or sent and the plan drafts nothing."""
    if (plan.refused and plan.reply != guards.NO_WRITES) or any(call.tool.startswith("draft_") for call in plan.calls):
        return plan
    writes = guards.asks_to_write(question, tools.lexicon)
    if not writes and _ASKS_FOR_A_DRAFT.match(question) is None:
        return plan
    request = read_draft_request(question, tools)
    if request is None and not writes:  # "draft a summary" is no change to the record
        return plan
    if request is None:
        return Plan(reply=guards.NO_WRITES, refused=True)
    return Plan(calls=(Call(tool=request.tool, arguments=request.arguments, intent="draft"),))
