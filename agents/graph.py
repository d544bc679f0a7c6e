"""The graph, the same for every chat model. Wiring only.

One side answers:      prefetch → plan ⇄ act → verify → answer
A question that spans: prefetch → supervise → specialists side by side → merge → verify → answer

The critic reads the answer before it leaves (`agents.specialists.critic`, called by `nodes.answer`).
"""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph

from agents import nodes
from agents.context import RunContext
from agents.specialists.roster import ROSTER
from agents.specialists.scoped import reading
from agents.specialists.subgraph import act_signed, make_specialist
from agents.specialists.supervisor import make_supervise, merge, routed, wants_supervisor
from agents.state import GraphState


def build_graph(model: BaseChatModel, fallback: BaseChatModel | None = None, checkpointer: Any = None) -> Any:
    """The compiled graph; `fallback` answers when `model` fails, `checkpointer` keeps threads."""
    graph = StateGraph(GraphState, context_schema=RunContext)
    fallback = reading(fallback)
    graph.add_node("prefetch", nodes.prefetch)
    graph.add_node("supervise", make_supervise(model, fallback))
    graph.add_node("plan", nodes.make_plan(model, fallback))
    graph.add_node("act", act_signed)
    for specialist in ROSTER:
        graph.add_node(specialist.name, make_specialist(specialist, model, fallback))
        graph.add_edge(specialist.name, "merge")
    graph.add_node("merge", merge)
    graph.add_node("verify", nodes.check)
    graph.add_node("answer", nodes.answer)
    graph.add_edge(START, "prefetch")
    graph.add_conditional_edges("prefetch", _after_prefetch, ["supervise", "plan", "verify"])
    graph.add_conditional_edges("supervise", routed, ["plan", "act", *(s.name for s in ROSTER)])
    graph.add_edge("merge", "verify")
    graph.add_conditional_edges("plan", nodes.next_step, ["act", "verify"])
    graph.add_edge("act", "plan")
    graph.add_conditional_edges("verify", nodes.after_check, ["plan", "answer"])
    graph.add_edge("answer", END)
    return graph.compile(checkpointer=checkpointer)


def _after_prefetch(state: GraphState) -> str:
    if state["reply"]:
        return "verify"
    return "supervise" if wants_supervisor(state) else "plan"
