"""The steps of a run, functions from state to state."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, RemoveMessage, ToolMessage
from langgraph.runtime import Runtime

from agents import guards
from agents.context import RunContext
from agents.embedded.chat_model import is_own_words, this_turn, write_answer
from agents.runtime.calls import call_key, run_calls
from agents.runtime.configured import ask_configured
from agents.runtime.faults import fault_of
from agents.runtime.replies import is_configured, text_of
from agents.runtime.results import calls_left, numbered_line, plain_of, tool_message, traced
from agents.runtime.run import RunCancelled
from agents.runtime.unsaid import without_unsaid
from agents.specialists import critic
from agents.state import GraphState
from agents.verification import Support, verify
from domain.answers import Answer, Citation, Conflict, ToolCall
from domain.facts import Evidence
from tools.conflicts import conflict_line
from tools.outcome import ToolResult

Node = Callable[..., dict[str, Any]]


def prefetch(state: GraphState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Starts a turn: refuses what is about somebody else, and clears the values of the turn before."""
    runtime.stream_writer({"kind": "step", "data": {"name": "prefetch"}})
    question, context = state["question"], runtime.context
    fresh: dict[str, Any] = {**_nothing_yet(), "trace": [], "warnings": [], "reply": "", "refused": False, "answer": {}}
    context.calls_made = 0
    if (stopped := guards.verdict(question, context.people, context.tools.lexicon)) is not None:
        fresh.update(reply=stopped.reply, refused=True)
    fresh["messages"] = [HumanMessage(content=question)]
    return fresh


def _nothing_yet() -> dict[str, Any]:
    """What a turn has gathered before its first look-up."""
    return {"rounds": 0, "tool_errors": 0, "repairs": 0, "refs": {}, "evidence": {}, "results": [], "draft": ""}


# --- plan ------------------------------------------------------------------------------------------------------------


def make_plan(model: BaseChatModel, fallback: BaseChatModel | None) -> Node:
    """The step that asks the chat model what to do next.

    A model that fails, runs out of its time or its rounds is replaced by the fallback for the rest of the run. The
    fallback starts the turn anew: what a failing model looked up says more about it than about the question.
    """

    def plan(state: GraphState, runtime: Runtime[RunContext]) -> dict[str, Any]:
        runtime.stream_writer({"kind": "step", "data": {"name": "plan"}})
        context, run = runtime.context, runtime.context.run
        run.check()
        if reads_context(model):
            why = [_given_up_warning(run.given_up)] if run.given_up else []  # it stands in for one that is not asked
            planned = _planned(state, _ask_embedded(model, state["messages"], context))
            return {**planned, "warnings": list(dict.fromkeys([*state["warnings"], *why]))}
        run.has_fallback = fallback is not None
        if not run.given_up:
            try:
                message = ask_configured(model, state["messages"], context)
                if fallback is None or not (unfinished := _unfinished(message, state, context)):
                    return _planned(state, message)
                run.given_up = unfinished
            except RunCancelled:
                raise
            except Exception as error:
                if fallback is None:
                    raise
                run.given_up = fault_of(error).reason
        if fallback is None:
            raise RuntimeError("the configured model was given up and there is no fallback")
        update = _start_anew(state, run.given_up, runtime) if _has_configured(state) else {}
        said = _given_up_warning(run.given_up)
        kept = [m for m in state["messages"] if m.id not in {r.id for r in update.get("messages", ())}]
        if said not in state["warnings"] and not update:
            runtime.stream_writer({"kind": "reset", "data": {"reason": "fallback"}})
        planned = _planned({**state, **update}, _ask_embedded(fallback, kept, context))
        planned["messages"] = [*update.pop("messages", []), *planned["messages"]]
        return {**update, **planned, "warnings": list(dict.fromkeys([*state["warnings"], said]))}

    return plan


def reads_context(model: BaseChatModel) -> bool:
    """Whether a model is the embedded one, which needs the run's context and is asked in place."""
    return bool(getattr(model, "reads_context", False))


def _ask_embedded(model: BaseChatModel, messages: list[Any], context: RunContext) -> AIMessage:
    reply = model.bind(run_context=context).invoke(messages)
    if not isinstance(reply, AIMessage):
        raise TypeError("the chat model did not return an AI message")
    return reply


def _planned(state: GraphState | dict[str, Any], message: AIMessage) -> dict[str, Any]:
    return {
        "messages": [message],
        "rounds": state["rounds"] + 1,
        "refused": bool(message.additional_kwargs.get("plan", {}).get("refused", False)),
        "draft": "" if message.tool_calls else text_of(message),
    }


def _unfinished(message: AIMessage, state: GraphState, context: RunContext) -> str:
    """Why a model that still wants to look things up is not let to."""
    if not message.tool_calls:
        return ""
    if state["rounds"] + 1 >= context.max_rounds:
        return f"came to no answer in {context.max_rounds} rounds"
    return "kept calling tools in ways that cannot work" if state["tool_errors"] > context.max_tool_errors else ""


def _has_configured(state: GraphState) -> bool:
    return any(is_configured(m) for m in this_turn(state["messages"]))


def _start_anew(state: GraphState, reason: str, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """The turn without what the configured model did in it; the trace keeps its calls."""
    runtime.stream_writer({"kind": "reset", "data": {"reason": "fallback"}})
    runtime.context.calls_made = 0
    removed = [RemoveMessage(id=str(m.id)) for m in this_turn(state["messages"])[1:]]
    warnings = list(dict.fromkeys([*state["warnings"], _given_up_warning(reason)]))
    return {**_nothing_yet(), "messages": removed, "warnings": warnings}


def _given_up_warning(reason: str) -> str:
    return f"The configured model {reason}; the embedded model answered instead."


# --- act -------------------------------------------------------------------------------------------------------------


def act(state: GraphState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Runs the planned tool calls side by side for the bound patient; a fault goes back to the model as a message."""
    runtime.stream_writer({"kind": "step", "data": {"name": "act"}})
    context, refs, evidence = runtime.context, dict(state["refs"]), dict(state["evidence"])
    last = state["messages"][-1]
    calls = list(last.tool_calls) if isinstance(last, AIMessage) else []
    for call in calls:
        data = {"phase": "start", "id": call["id"], "name": call["name"][:60], "arguments": call["args"]}
        runtime.stream_writer({"kind": "tool", "data": data})
    outcomes = run_calls(calls, context)
    known = _answered(state["messages"])
    messages: list[ToolMessage] = []
    results, trace, errors, repeats = list(state["results"]), list(state["trace"]), state["tool_errors"], 0
    for outcome in outcomes:
        key = call_key(outcome.call["name"], outcome.call["args"])
        is_repeat = outcome.result is not None and key in known
        if outcome.result is None:
            errors += 1
        elif is_repeat:
            repeats += 1
        else:
            known.add(key)
            results.append(outcome.result.model_dump(mode="json"))
        messages.append(tool_message(outcome, context, refs, evidence, is_repeat, is_configured(last)))
        trace.append(traced(outcome))
        span = {"started_s": round(outcome.started_s, 4), "ended_s": round(outcome.ended_s, 4)}
        runtime.stream_writer({"kind": "tool", "data": {"phase": "end", "id": outcome.call["id"], **trace[-1], **span}})
    # A message of nothing but calls that were answered before is a loop, and counts as an error.
    errors += 1 if outcomes and repeats == len(outcomes) else 0
    return {
        "messages": messages,
        "refs": refs,
        "evidence": evidence,
        "results": results,
        "trace": trace,
        "tool_errors": errors,
    }


def _answered(messages: Sequence[BaseMessage]) -> set[str]:
    """The calls of this turn that have a result."""
    turn = this_turn(messages)
    done = {m.tool_call_id for m in turn if isinstance(m, ToolMessage) and m.status != "error"}
    return {
        call_key(c["name"], c["args"])
        for m in turn
        if isinstance(m, AIMessage)
        for c in m.tool_calls
        if c["id"] in done
    }


def next_step(state: GraphState, runtime: Runtime[RunContext]) -> str:
    """After planning: run tools, or check the draft; the number of rounds is bounded."""
    last = state["messages"][-1]
    wants_tools = isinstance(last, AIMessage) and bool(last.tool_calls)
    exhausted = state["rounds"] >= runtime.context.max_rounds or state["tool_errors"] > runtime.context.max_tool_errors
    return "act" if wants_tools and not exhausted else "verify"


# --- verify ----------------------------------------------------------------------------------------------------------


def check(state: GraphState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Checks the draft against this turn's results: one repair round for a language model, then unsupported sentences go.

    When nothing of substance is left of a language model's draft, the embedded model answers.
    """
    runtime.stream_writer({"kind": "step", "data": {"name": "verify"}})
    runtime.context.run.check()
    allowed, faults = _allowed(state, runtime)
    update: dict[str, Any]
    if faults and not allowed["draft"]:
        update, removed = {"draft": ""}, True
    elif not state["results"]:
        update, removed = _unsupported_without_tools(allowed, runtime)
    else:
        pending = calls_left(state["messages"])
        update, removed = check_results(allowed, runtime)
        if pending:
            update = {"messages": pending, **update}
    if faults and "repairs" not in update:
        told = f"Removed from the answer: {' and '.join(faults)}."
        update, removed = {**update, "warnings": [*update.get("warnings", state["warnings"]), told]}, True
    run = runtime.context.run
    is_open = run.has_fallback and not run.given_up and _has_configured(state) and "repairs" not in update
    if is_open and _says_nothing(update["draft"], removed, state, runtime):
        run.given_up = "gave no answer that the record supports"
        return _start_anew(state, run.given_up, runtime)
    return update


def _allowed(state: GraphState, runtime: Runtime[RunContext]) -> tuple[GraphState, tuple[str, ...]]:
    """The state with a language model's draft rid of what it may not say at all, and what that was."""
    if not _has_configured(state) or not state["draft"]:
        return state, ()
    told = [plain_of(m) for m in this_turn(state["messages"]) if isinstance(m, ToolMessage)]
    draft, faults = without_unsaid(state["draft"], told, runtime.context.people)
    return ({**state, "draft": draft} if faults else state), faults  # type: ignore[typeddict-item]


def _says_nothing(draft: str, removed: bool, state: GraphState, runtime: Runtime[RunContext]) -> bool:
    """Whether a draft, or what is left of it, has nothing of what was found: no value, no name, not even a yes or no."""
    bare = re.sub(r"\[\d{1,3}\]", " ", draft)
    if (
        removed
        and bare == draft
        and not Support([], [], runtime.context.tools.lexicon, 0).names_something_clinical(bare)
    ):
        return True
    told = " ".join(plain_of(m) for m in this_turn(state["messages"]) if isinstance(m, ToolMessage)).lower()
    words = set(re.findall(r"[a-z]{4,}|\byes\b|\bno\b|\d", bare.lower()))
    return not any(w in {"yes", "no"} or w.isdigit() or w in told for w in words)


def check_results(state: GraphState, runtime: Runtime[RunContext]) -> tuple[dict[str, Any], bool]:
    """The draft held against this turn's results, and whether something was taken out of it for good."""
    turn = this_turn(state["messages"])
    told = [m for m in turn if isinstance(m, ToolMessage)]
    draft = state["draft"] or write_answer(
        [m.model_copy(update={"content": plain_of(m)}) for m in told if m.status != "error"]
    )
    support = Support(
        [plain_of(m) for m in told],
        [r["data"] for r in state["results"]],
        runtime.context.tools.lexicon,
        len(state["refs"]),
        results=state["results"],
        as_of=runtime.context.tools.as_of.date(),
        record=runtime.context.tools,
    )
    checked = verify(draft, support)
    if checked.is_grounded:
        return {"draft": checked.text}, False
    if state["repairs"] == 0 and state["rounds"] < runtime.context.max_rounds:
        faults = ", ".join(dict.fromkeys(f"{u.kind} {u.value}" for u in checked.unsupported))
        instruction = (
            f"These are in no tool result of this turn: {faults}. Rewrite the answer without them, or look them up."
        )
        repair = HumanMessage(content=instruction, additional_kwargs={"repair": True})
        return {"messages": [repair], "repairs": 1, "draft": ""}, False
    kinds = ", ".join(sorted({u.kind for u in checked.unsupported}))
    note = f"Removed from the answer because no tool result supports it: {len(checked.unsupported)} value(s) ({kinds})."
    return {"draft": checked.text, "warnings": [*state["warnings"], note]}, True


def _unsupported_without_tools(state: GraphState, runtime: Runtime[RunContext]) -> tuple[dict[str, Any], bool]:
    """A draft written without any look-up may refuse or explain, but may not state values."""
    if state["reply"]:
        return {"draft": state["reply"]}, False
    if state["refused"] or not state["draft"]:
        return {"draft": state["draft"]}, not state["refused"]
    if not _has_configured(state) and any(call["name"].startswith("draft_") for call in state["trace"]):
        # An order that could not be drafted is told to be no order: silence, or a fault of arguments, would read as done.
        return {"draft": guards.NO_WRITES, "refused": True}, False
    support = Support([], [], runtime.context.tools.lexicon, 0)
    checked = verify(state["draft"], support)
    # Without a look-up nothing clinical may be claimed, and least of all that something is absent.
    kept = [p for p in re.split(r"(?<=[.!?])\s+", checked.text) if p and not support.names_something_clinical(p)]
    if checked.is_grounded and " ".join(kept) == " ".join(checked.text.split()):
        return {"draft": checked.text}, False
    if state["messages"] and is_own_words(state["messages"][-1]):
        return {"draft": state["draft"]}, False
    warning = "Statements that no look-up supports were removed."
    return {"draft": " ".join(kept), "warnings": [*state["warnings"], warning]}, True


def after_check(state: GraphState) -> str:
    """Back to a model when a human message stands unanswered (its one repair, or a turn started anew), or on to the answer."""
    unanswered = bool(state["messages"]) and isinstance(state["messages"][-1], HumanMessage)
    return "plan" if unanswered and not state["draft"] and not state["reply"] else "answer"


# --- answer ----------------------------------------------------------------------------------------------------------


def answer(state: GraphState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """The answer with citations renumbered in reading order, conflicts and warnings beside it."""
    results = [ToolResult.model_validate(r) for r in state["results"]]
    text, refs, evidence = state["draft"], dict(state["refs"]), dict(state["evidence"])
    conflicts = _distinct([c for r in results for c in r.conflicts])
    stated = {c for r in results if r.tool == "record_vs_notes" for c in conflicts}
    for conflict in conflicts:
        if conflict not in stated:
            line = numbered_line(conflict_line(conflict).model_copy(update={"item": False}), refs, evidence)
            text += f"\n\nNote and record disagree on {line}. The record is followed."
    if not text:
        text = "I have no supported answer to that: what was drafted could not be traced to the record."
    text, citations = _renumber(text, refs, evidence)
    found = [r.found for r in results]
    reviewed = critic.review(state["question"], results, runtime.context).warnings
    warnings = tuple(dict.fromkeys([*state["warnings"], *(w for r in results for w in r.warnings), *reviewed]))
    plan: dict[str, Any] = next(
        (
            m.additional_kwargs.get("plan", {})
            for m in reversed(this_turn(state["messages"]))
            if isinstance(m, AIMessage) and m.tool_calls
        ),
        {},
    )
    made = Answer(
        question=state["question"],
        text=text,
        citations=citations,
        warnings=warnings,
        conflicts=tuple(conflicts),
        tool_calls=tuple(ToolCall.model_validate(t) for t in state["trace"]),
        artifacts=tuple(a for r in results for a in r.artifacts),
        confidence=plan.get("confidence"),
        abstained=bool(found) and not any(found),
        refused=state["refused"],
    )
    return {"answer": made.model_dump(mode="json"), "messages": [AIMessage(content=text)]}


def _distinct(conflicts: list[Conflict]) -> list[Conflict]:
    return list({json.dumps(c.model_dump(mode="json"), sort_keys=True): c for c in conflicts}.values())


def _renumber(text: str, refs: dict[str, int], evidence: dict[str, dict[str, Any]]) -> tuple[str, tuple[Citation, ...]]:
    by_number = {n: ref for ref, n in refs.items()}
    order: dict[str, int] = {}

    def replace(match: re.Match[str]) -> str:
        ref = by_number.get(int(match[1]))
        if ref is None:
            return ""
        order.setdefault(ref, len(order) + 1)
        return f"[{order[ref]}]"

    text = re.sub(r"\[(\d{1,3})\]", replace, text)
    return text, tuple(Citation(number=n, evidence=Evidence.model_validate(evidence[ref])) for ref, n in order.items())
