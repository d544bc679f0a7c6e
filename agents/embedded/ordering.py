"""A sentence that orders something gets a draft to confirm, or is told that nothing was done; it is never just looked up."""

from __future__ import annotations

from agents import guards
from agents.embedded.plans import Call, Plan
from tools.context import ToolContext
from tools.drafts.reading import read_draft_request


def settle_order(question: str, plan: Plan, tools: ToolContext) -> Plan:
    """The plan, unless the question asks for something to be ordered, changed or sent and the plan drafts nothing."""
    if (plan.refused and plan.reply != guards.NO_WRITES) or any(call.tool.startswith("draft_") for call in plan.calls):
        return plan
    if not guards.asks_to_write(question, tools.lexicon):
        return plan
    request = read_draft_request(question, tools)
    if request is None:
        return Plan(reply=guards.NO_WRITES, refused=True)
    return Plan(calls=(Call(tool=request.tool, arguments=request.arguments, intent="draft"),))
