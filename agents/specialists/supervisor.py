"""The supervisor: splits a question that spans specialists, sends the parts out side by side, puts their answers together."""

from __future__ import annotations

import re
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.runtime import Runtime
from langgraph.types import Send

from agents.context import RunContext
from agents.embedded.chat_model import this_turn
from agents.nodes import Node
from agents.runtime.configured import ask_configured
from agents.runtime.run import RunCancelled
from agents.specialists.roster import ROSTER, by_name
from agents.specialists.scoped import ScopedModel, asked_before
from agents.specialists.splitting import MOST_PARTS, Part, Split, may_span, split_question
from agents.specialists.subgraph import opening
from agents.state import GraphState

_PART_CHARS = 400
_MARKER = re.compile(r"\[(\d{1,3})\]")
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")


def wants_supervisor(state: GraphState) -> bool:
    """Whether a question can be one that spans specialists: a look at its words, since most are not."""
    return not state["reply"] and may_span(state["question"])


def make_supervise(model: BaseChatModel, fallback: BaseChatModel | None) -> Node:
    """The step that splits a question, or leaves it to the straight path. It never fails: in doubt one side answers."""
    planner = getattr(model, "planner", None)

    def supervise(state: GraphState, runtime: Runtime[RunContext]) -> dict[str, Any]:
        runtime.context.run.check()
        if planner is not None:
            split = split_question(state["question"], planner, runtime.context, asked_before(state["messages"]))
        else:
            split = _split_by_model(model, state, runtime.context)
        fresh: dict[str, Any] = {"split": [], "outcomes": None}
        if split is None:
            return fresh
        sides = list(dict.fromkeys(p.specialist for p in split.parts))
        runtime.stream_writer({"kind": "step", "data": {"name": "supervise", "specialists": sides}})
        if split.is_spanning:
            return {**fresh, "split": [p.model_dump(mode="json") for p in split.parts]}
        return {**fresh, "messages": [_asking(split.parts[0], "call")], "rounds": 1}

    return supervise


def _asking(part: Part, prefix: str) -> AIMessage:
    calls = [
        {"name": c.tool, "args": c.arguments, "id": f"{prefix}_{n}", "type": "tool_call"}
        for n, c in enumerate(part.calls, 1)
    ]
    confidence = min((c.confidence for c in part.calls), default=1.0)
    return AIMessage(
        content="", tool_calls=calls, additional_kwargs={"plan": {"confidence": confidence, "refused": False}}
    )


def routed(state: GraphState) -> list[Send] | str:
    """The parts to their specialists, all at once; one call that is known already to `act`; else the straight path."""
    if not state["split"]:
        last = state["messages"][-1]
        return "act" if isinstance(last, AIMessage) and last.tool_calls else "plan"
    history = _before_this_turn(state["messages"])
    sent = []
    for place, raw in enumerate(state["split"]):
        part = Part.model_validate(raw)
        calls = list(_asking(part, f"part{place + 1}").tool_calls)
        sent.append(Send(part.specialist, opening(place, part.question, [dict(c) for c in calls], history)))
    return sent


def _before_this_turn(messages: list[AnyMessage]) -> list[AnyMessage]:
    return messages[: len(messages) - len(this_turn(messages))]


# --- putting together --------------------------------------------------------------------------------------------------


def merge(state: GraphState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """The parts as one turn: one numbering of citations, in the order of the question, whoever came back first.

    A part that failed is said; when every part failed the run fails as it would have on the straight path.

    Raises:
        RuntimeError: no specialist came back with anything.
    """
    outcomes = state["outcomes"]
    done = [o for o in outcomes if not o["fault"]]
    if not done:
        raise RuntimeError("no specialist could answer: " + ", ".join(sorted({o["fault"] for o in outcomes})))
    refs: dict[str, int] = {}
    evidence: dict[str, dict[str, Any]] = {}
    calls: list[Any] = []
    answers: list[ToolMessage] = []
    drafts: list[str] = []
    warnings = list(state["warnings"])
    for outcome in outcomes:
        numbers = _numbers_in(outcome, refs, evidence)
        asked, told = _calls_of(outcome, numbers)
        calls += asked
        answers += told
        drafts.append(_renumbered(outcome["draft"], numbers) if not outcome["fault"] else "")
        warnings += outcome["warnings"]
        if outcome["fault"]:
            title = by_name(outcome["specialist"]).title
            warnings.append(f"The {title} side of the question failed ({outcome['fault']}): that part is not answered.")
    plan = {"confidence": _confidence(outcomes), "refused": False}
    origin = next((o for o in map(_origin, outcomes) if o), "")
    extra = {"plan": plan} | ({"origin": origin} if origin else {})
    messages = [AIMessage(content="", tool_calls=calls, additional_kwargs=extra), *answers] if calls else []
    return {
        "messages": messages,
        "refs": refs,
        "evidence": evidence,
        "results": [r for o in outcomes for r in o["results"]],
        "trace": [t for o in outcomes for t in o["trace"]],
        "tool_errors": sum(o["tool_errors"] for o in outcomes),
        "rounds": max(o["rounds"] for o in outcomes),
        "warnings": list(dict.fromkeys(warnings)),
        "refused": all(o["refused"] for o in outcomes),
        "draft": "\n\n".join(dict.fromkeys(d for d in drafts if d)),
        "outcomes": None,
        "split": [],
    }


def _origin(outcome: dict[str, Any]) -> str:
    """The mark of a configured model's replies, which the verifier treats otherwise than the embedded one's."""
    marks = [m.additional_kwargs.get("origin") for m in outcome["messages"] if isinstance(m, AIMessage)]
    return next((str(mark) for mark in marks if mark), "")


def _confidence(outcomes: list[dict[str, Any]]) -> float | None:
    stated = [
        float(c)
        for o in outcomes
        for m in o["messages"]
        if isinstance(m, AIMessage) and (c := m.additional_kwargs.get("plan", {}).get("confidence")) is not None
    ]
    return min(stated, default=None)


def _numbers_in(outcome: dict[str, Any], refs: dict[str, int], evidence: dict[str, dict[str, Any]]) -> dict[int, int]:
    """The common number of each of a part's citations; a source that two parts cite has one."""
    numbers: dict[int, int] = {}
    for ref, number in sorted(outcome["refs"].items(), key=lambda item: int(item[1])):
        numbers[number] = refs.setdefault(ref, len(refs) + 1)
        evidence.setdefault(ref, outcome["evidence"][ref])
    return numbers


def _renumbered(text: str, numbers: dict[int, int]) -> str:
    return _MARKER.sub(lambda m: f"[{numbers[int(m[1])]}]" if int(m[1]) in numbers else "", text)


def _calls_of(outcome: dict[str, Any], numbers: dict[int, int]) -> tuple[list[Any], list[ToolMessage]]:
    """The calls of a part that were answered, and their answers, under ids that no other part uses."""
    place = outcome["place"] + 1
    told = {m.tool_call_id: m for m in outcome["messages"] if isinstance(m, ToolMessage)}
    calls: list[Any] = []
    answers: list[ToolMessage] = []
    for message in outcome["messages"]:
        for call in message.tool_calls if isinstance(message, AIMessage) else ():
            answer = told.get(str(call["id"]))
            if answer is None:
                continue
            name = f"p{place}_{len(calls) + 1}"
            calls.append({**call, "id": name})
            answers.append(_readdressed(answer, name, numbers))
    return calls, answers


def _readdressed(message: ToolMessage, name: str, numbers: dict[int, int]) -> ToolMessage:
    content = _renumbered(str(message.content), numbers)
    artifact = message.artifact
    if isinstance(artifact, dict) and "text" in artifact:
        artifact = {**artifact, "text": _renumbered(str(artifact["text"]), numbers)}
    return ToolMessage(content=content, tool_call_id=name, name=message.name, status=message.status, artifact=artifact)


# --- splitting by a language model ---------------------------------------------------------------------------------------

_SPLIT_SCHEMA = {
    "type": "function",
    "function": {
        "name": "split_question",
        "description": "The parts of a question that different specialists answer, in the order of the question.",
        "parameters": {
            "type": "object",
            "properties": {
                "parts": {
                    "type": "array", "minItems": 2, "maxItems": MOST_PARTS,
                    "items": {
                        "type": "object",
                        "properties": {
                            "question": {"type": "string", "description": "One part, complete without the others."},
                            "specialist": {"type": "string", "enum": [s.name for s in ROSTER]},
                        },
                        "required": ["question", "specialist"],
                    },
                }
            },
            "required": ["parts"],
        },
    },
}  # fmt: skip


def _split_by_model(model: BaseChatModel, state: GraphState, context: RunContext) -> Split | None:
    """The split that a language model proposes, if it is one: a single call, and the straight path in any doubt."""
    prompt = by_prompt()
    asked: Any = ScopedModel(model, prompt, [_SPLIT_SCHEMA])
    try:
        reply = ask_configured(asked, [HumanMessage(content=state["question"])], context)
    except RunCancelled:
        raise
    except Exception:  # the straight path meets the same fault, and says so
        return None
    proposed = next((c["args"].get("parts") for c in reply.tool_calls if c["name"] == "split_question"), None)
    return checked_split(proposed, state["question"])


def by_prompt() -> str:
    """What the supervisor is told, with who there is."""
    from importlib import resources

    text = resources.files("agents.specialists").joinpath("prompts/supervisor.md").read_text(encoding="utf-8").strip()
    return "\n".join([text, *(f"- {s.name}: {s.about}" for s in ROSTER)])


def checked_split(proposed: Any, question: str) -> Split | None:
    """A proposed split, None unless it is well formed, keeps every number of the question and adds none."""
    if not isinstance(proposed, list) or not 2 <= len(proposed) <= MOST_PARTS:
        return None
    names, parts = {s.name for s in ROSTER}, []
    for one in proposed:
        if not isinstance(one, dict) or one.get("specialist") not in names:
            return None
        text = one.get("question")
        if not isinstance(text, str) or not text.strip() or len(text) > _PART_CHARS:
            return None
        parts.append(Part(question=text.strip(), specialist=str(one["specialist"])))
    stated = {n for p in parts for n in _NUMBERS.findall(p.question)}
    if stated != set(_NUMBERS.findall(question)) or len({p.specialist for p in parts}) < 2:
        return None
    return Split(parts=tuple(parts), shared=True)
