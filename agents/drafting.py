"""A draft waits for a person: propose → review (interrupt) → settle. The one way from a draft into the record.

The graph stops at `review` with LangGraph's interrupt and goes on only with a person's decision, given as
`Command(resume=...)`. What it keeps while it waits is the id of the draft; the draft itself is in the draft store, so
that a decision can be given in another process, another day, or twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from pydantic import AwareDatetime
from typing_extensions import TypedDict

from agents import guards
from agents.context import RunContext
from domain.errors import InvalidInput
from domain.facts import Frozen
from knowledge_base.drafts import Decision, Draft, DraftStore
from knowledge_base.records import RecordStore
from tools.context import ToolContext
from tools.drafts.desk import Desk
from tools.outcome import RetryableToolError

_OTHERS = frozenset({"other_patient", "many_patients"})
_TOLD = frozenset({"draft_note", "draft_message"})  # texts, in which relatives are told of
_NAME = r"(?:,? [A-Z][\w’'-]+){1,2}"
_KIN = re.compile(rf"\b(?:(?i:his|her|their|the|patient's)\s+)?(?i:{guards.RELATIONS})(?:['’]s\b|\b)(?:{_NAME})?")
_CHART_OF_KIN = re.compile(
    rf"\b(?:{guards.RELATIONS})['’]s\s+(?:\w+\s+)?(?:problems?|charts?|records?|lists?|medications?|meds|orders?|notes?|allerg\w+)\b",
    re.IGNORECASE,
)
MakeContext = Callable[[str, datetime], ToolContext]  # patient and moment


def require_own_patient(context: ToolContext, tool: str, texts: Iterable[Any]) -> None:
    """Pass when no text speaks of another patient: a draft goes to the chart that is open, whomever it names.

    A note or message may tell of relatives, by name too; an order or a problem for one is of another chart.

    Raises:
        InvalidInput: one does, or asks for many patients.
    """
    people = RunContext(tools=context).people
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            continue
        spoken = _KIN.sub("she", text) if tool in _TOLD else text
        stopped = guards.verdict(spoken, people, context.lexicon)
        if stopped is not None and stopped.kind in _OTHERS:
            raise InvalidInput(stopped.reply)
        if _CHART_OF_KIN.search(spoken):
            raise InvalidInput(guards.OTHER_PATIENT)


class Review(Frozen):
    """What a person decides about the version of a draft that they looked at.

    `changes` are new arguments, for an edit; `reason` is the override of critical findings, or why it is rejected.
    """

    decision: Literal["approve", "edit", "reject"]
    by: str
    name: str = ""
    at: AwareDatetime
    version: int
    changes: dict[str, str] = {}
    reason: str = ""


class _Waiting(TypedDict, total=False):
    draft_id: str
    version: int
    status: str


class Drafting:
    """Drafts of one owner over one record.

    Args:
        store: The record, written to when a person approves.
        drafts: Where drafts wait.
        owner: Whose drafts; nobody else's can be seen or decided.
        context: Makes the tools of a patient at a moment, for checking.
    """

    def __init__(self, store: RecordStore, drafts: DraftStore, owner: str, context: MakeContext) -> None:
        self._store, self.drafts, self.owner, self._context = store, drafts, owner, context
        self._desk = Desk(drafts)

    def propose(
        self,
        patient_id: str,
        tool: str,
        arguments: Mapping[str, Any],
        at: datetime,
        made_by: str = "",
        request: str = "",
    ) -> Draft:
        """A draft that the owner asks for directly, with arguments, which were read from a sentence where `request` is one.

        Raises:
            InvalidInput: the sentence or an argument speaks of another patient.
            RetryableToolError, FinalToolError: see `Desk.propose`.
        """
        context = self._of_owner(patient_id, at)
        require_own_patient(context, tool, (request, *arguments.values()))
        return self._desk.propose(context, tool, arguments, made_by=made_by, request=request)

    def decide(self, draft_id: str, review: Review) -> Draft:
        """The draft after a person's decision: written, rejected, or in its next version and waiting again.

        Raises:
            UnknownDraft, DraftConflict, DraftStale, DraftExpired, OverrideNeeded: see `Desk.confirm`.
        """
        self.drafts.get(draft_id, self.owner)
        graph = self._graph()
        config: Any = {"configurable": {"thread_id": draft_id}}
        graph.invoke({"draft_id": draft_id}, config)  # up to the interrupt
        graph.invoke(Command(resume=review.model_dump(mode="json")), config)
        return self.drafts.get(draft_id, self.owner)

    def _of_owner(self, patient_id: str, at: datetime) -> ToolContext:
        context = self._context(patient_id, at)
        context.owner = self.owner
        return context

    def _graph(self) -> Any:
        graph = StateGraph(_Waiting)
        graph.add_node("present", self._present)
        graph.add_node("review", self._review)
        graph.add_edge(START, "present")
        graph.add_edge("present", "review")
        graph.add_conditional_edges("review", lambda s: "review" if s["status"] == "pending" else END, ["review", END])
        # Nothing but ids is kept while a draft waits, so the thread can begin anew in any process.
        return graph.compile(checkpointer=InMemorySaver())

    def _present(self, state: _Waiting) -> _Waiting:
        draft = self.drafts.get(state["draft_id"], self.owner)
        return {"version": draft.version, "status": draft.status}

    def _review(self, state: _Waiting) -> _Waiting:
        answer = interrupt({"draft_id": state["draft_id"], "version": state["version"]})
        review = Review.model_validate(answer)
        draft = self._settle(self.drafts.get(state["draft_id"], self.owner), review)
        return {"version": draft.version, "status": draft.status}

    def _settle(self, draft: Draft, review: Review) -> Draft:
        if review.decision == "reject":
            return self._desk.reject(draft, review.by, review.name, review.at, review.reason)
        context = self._of_owner(draft.patient_id, review.at)
        if review.decision == "edit":
            if not review.changes:
                raise RetryableToolError("an edit names the arguments that change")
            self._desk.require_version(draft, review.version)
            require_own_patient(context, draft.tool, review.changes.values())
            return self._desk.edit(context, draft, review.changes, review.by)
        decision = Decision(
            decision="confirm", by=review.by, name=review.name, at=review.at, version=review.version,
            reason=review.reason.strip(),
        )  # fmt: skip
        return self._desk.confirm(context, self._store, draft, decision)
