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


_DOSED = re.compile(r"\d\s*(?:m?c?g|grams?|units?|meq|mmol|ml|tabs?|tablets?|puffs?)\b", re.IGNORECASE)


def settle_order(question: str, plan: Plan, tools: ToolContext) -> Plan:
    """The plan, unless the question asks for something to be ordered, changed or sent and the plan drafts nothing."""
    if (plan.refused and plan.reply != guards.NO_WRITES) or any(call.tool.startswith("draft_") for call in plan.calls):
        return plan
    if (proposed := _proposed(question, tools)) is not None:
        return Plan(calls=(proposed,))
    writes = guards.asks_to_write(question, tools.lexicon)
    if not writes and _ASKS_FOR_A_DRAFT.match(question) is None:
        return plan
    request = read_draft_request(question, tools)
    if request is None and not writes:  # "draft a summary" is no change to the record
        return plan
    if request is None:
        return Plan(reply=guards.NO_WRITES, refused=True)
    return Plan(calls=(Call(tool=request.tool, arguments=request.arguments, intent="draft"),))


def _proposed(question: str, tools: ToolContext) -> Call | None:
    """The draft of an order put as a question ("start spironolactone 25 mg daily?"): it is shown with its checks, and waits.

    Without a dose the question may as well ask what was done ("start metformin?").
    """
    if not question.rstrip().endswith("?") or "?" in question.rstrip()[:-1]:
        return None
    request = read_draft_request(question, tools)
    if request is None or request.tool != "draft_order" or request.arguments["action"] not in {"start", "change"}:
        return None
    if not _DOSED.search(request.arguments["order"]):
        return None
    return Call(tool=request.tool, arguments=request.arguments, intent="draft")
