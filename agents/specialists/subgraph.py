"""A specialist as a graph of its own: plan ⇄ act on one part of the question, within its own bounds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from agents import nodes
from agents.context import RunContext
from agents.embedded.chat_model import this_turn, write_answer
from agents.runtime.results import plain_of
from agents.runtime.run import RunCancelled
from agents.specialists.roster import Specialist, specialist_of
from agents.specialists.scoped import scoped
from agents.state import GraphState

_log = logging.getLogger("charttwin.agents")


class PartState(GraphState):
    """The state of one specialist at work: the turn's values for its part alone, and what went wrong."""

    place: int
    fault: str


class PartOutcome(TypedDict):
    """What a specialist hands back to the supervisor."""

    outcomes: list[dict[str, Any]]


def make_specialist(specialist: Specialist, model: BaseChatModel, fallback: BaseChatModel | None) -> nodes.Node:
    """The step of the main graph that runs a specialist's graph on its part and passes its events on as they happen."""
    graph = build_specialist(specialist, model, fallback)

    def work(state: PartState, runtime: Runtime[RunContext]) -> dict[str, Any]:
        outcome: dict[str, Any] = {}
        for mode, chunk in graph.stream(state, context=runtime.context, stream_mode=["custom", "values"]):
            if mode == "custom":
                runtime.stream_writer(chunk)
            else:
                outcome = chunk
        return {"outcomes": outcome["outcomes"]}

    return work


def build_specialist(specialist: Specialist, model: BaseChatModel, fallback: BaseChatModel | None) -> Any:
    """The compiled graph of a specialist. It keeps nothing between turns, and a failure in it is an outcome."""
    graph = StateGraph(PartState, context_schema=RunContext, output_schema=PartOutcome)
    plan, act = nodes.make_plan(scoped(model, specialist), fallback), nodes.act
    graph.add_node("plan", _guarded(specialist, plan))
    graph.add_node("act", _guarded(specialist, act))
    graph.add_node("report", _reporter(specialist))
    graph.add_conditional_edges(START, _has_calls, {True: "act", False: "plan"})
    graph.add_conditional_edges("plan", _next_step(specialist), ["act", "report"])
    graph.add_conditional_edges("act", lambda s: "report" if s.get("fault") else "plan", ["plan", "report"])
    graph.add_edge("report", END)
    return graph.compile(checkpointer=False, name=specialist.name)


def opening(place: int, question: str, calls: list[dict[str, Any]], history: list[AnyMessage]) -> dict[str, Any]:
    """The state a specialist starts from: the conversation before this turn, its part, and the calls that are known."""
    messages: list[BaseMessage] = [*history, HumanMessage(content=question)]
    if calls:
        messages.append(AIMessage(content="", tool_calls=calls, additional_kwargs={"plan": {"refused": False}}))
    return {
        "messages": messages, "question": question, "place": place, "rounds": 1 if calls else 0, "tool_errors": 0, "repairs": 0,
        "refs": {}, "evidence": {}, "results": [], "trace": [], "warnings": [], "reply": "", "refused": False, "draft": "",
        "fault": "",
    }  # fmt: skip


def _has_calls(state: PartState) -> bool:
    last = state["messages"][-1]
    return isinstance(last, AIMessage) and bool(last.tool_calls)


def _next_step(specialist: Specialist) -> Callable[[PartState, Runtime[RunContext]], str]:
    def step(state: PartState, runtime: Runtime[RunContext]) -> str:
        exhausted = state["rounds"] >= specialist.max_rounds or state["tool_errors"] > runtime.context.max_tool_errors
        return "act" if _has_calls(state) and not exhausted and not state.get("fault") else "report"

    return step


def _guarded(specialist: Specialist, step: nodes.Node) -> nodes.Node:
    """A step that names its specialist in every event, and whose failure costs this part alone."""

    def guarded(state: PartState, runtime: Runtime[RunContext]) -> dict[str, Any]:
        named = runtime.override(stream_writer=signed(runtime.stream_writer, specialist.name))
        try:
            return step(state, named)
        except RunCancelled:
            raise
        except Exception as error:
            # The type alone: a message could quote the record.
            _log.warning("specialist %s failed: %s", specialist.name, type(error).__name__)
            return {"fault": type(error).__name__}

    return guarded


def act_signed(state: GraphState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """`nodes.act` of the straight path, every event with the specialist that its tools belong to."""
    last = state["messages"][-1]
    tools = [c["name"] for c in last.tool_calls] if isinstance(last, AIMessage) else []
    sides = list(dict.fromkeys(specialist_of(t) for t in tools))
    write = runtime.stream_writer

    def written(event: dict[str, Any]) -> None:
        own = [specialist_of(event["data"]["name"])] if event["kind"] == "tool" else sides
        write({**event, "data": {**event["data"], "specialist": ", ".join(own)}})

    return nodes.act(state, runtime.override(stream_writer=written))


def signed(write: Callable[[Any], None], name: str) -> Callable[[Any], None]:
    """A stream writer that adds who is at work to steps, tool calls and resets."""

    def written(event: dict[str, Any]) -> None:
        write({**event, "data": {**event.get("data", {}), "specialist": name}})

    return written


def _reporter(specialist: Specialist) -> nodes.Node:
    def report(state: PartState, runtime: Runtime[RunContext]) -> dict[str, Any]:
        turn = this_turn(state["messages"])
        told = [m for m in turn if isinstance(m, ToolMessage)]
        good = [m.model_copy(update={"content": plain_of(m)}) for m in told if m.status != "error"]
        draft = state["draft"] or write_answer(good)
        outcome = {
            "place": state["place"], "specialist": specialist.name, "question": state["question"], "fault": state.get("fault", ""),
            "draft": draft, "messages": turn[1:], "refs": state["refs"], "evidence": state["evidence"],
            "results": state["results"], "trace": state["trace"], "tool_errors": state["tool_errors"],
            "warnings": state["warnings"], "refused": state["refused"], "rounds": state["rounds"],
        }  # fmt: skip
        data = {"name": "report", "specialist": specialist.name, "done": not outcome["fault"]}
        runtime.stream_writer({"kind": "step", "data": data})
        return {"outcomes": [outcome]}

    return report
