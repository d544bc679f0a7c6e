"""What the tests of conversations share: a small real graph over a memory, and short ways to have a conversation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage
from langgraph.graph import END, START, StateGraph

from agents.memory import Conversations
from agents.state import GraphState
from domain.answers import Answer, Citation
from domain.facts import Evidence

START_OF_TIME = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
KEY, OTHER_KEY, THIRD_KEY = (bytes(range(n, n + 32)).hex() for n in (1, 40, 80))


class Talk:
    """A memory with a graph that echoes, so that what a run was given to read can be looked at."""

    def __init__(self, memory: Conversations) -> None:
        self.memory = memory
        self.breaks = False
        graph = StateGraph(GraphState)
        graph.add_node("prefetch", lambda s: {"messages": [HumanMessage(content=s["question"])], "answer": {}})
        graph.add_node("answer", self._answer)
        graph.add_edge(START, "prefetch")
        graph.add_edge("prefetch", "answer")
        graph.add_edge("answer", END)
        self._graph = graph.compile(checkpointer=memory.saver)

    def _answer(self, state: GraphState) -> dict[str, Any]:
        if self.breaks:
            raise RuntimeError("the model broke")
        return {"messages": [AIMessage(content=f"answer to {state['question']}")], "answer": {"text": "x"}}

    def ask(self, owner: str, patient: str, thread: str, question: str, *, minutes: int = 0) -> list[str]:
        """One turn; what the run saw before it."""
        asked = START_OF_TIME + timedelta(minutes=minutes)
        with self.memory.turn(owner, patient, thread) as turn:
            seen = self.run(turn.id, question)
            turn.commit(question, answer_of(question), asked=asked, as_of=asked)
        return seen

    def run(self, thread_id: str, question: str) -> list[str]:
        """The graph alone, without keeping the turn."""
        config: Any = {"configurable": {"thread_id": thread_id}}
        found = self._graph.invoke({"question": question}, config, durability="exit")
        return [str(m.content) for m in found["messages"]][:-2]


def answer_of(question: str) -> Answer:
    """An answer with a citation."""
    citation = Citation(number=1, evidence=Evidence(ref="Observation/o1", quote=f"quote of {question}"))
    return Answer(question=question, text=f"answer to {question} [1]", citations=(citation,))


def files_of(path: Path) -> bytes:
    """Everything that lies beside the store, its log included."""
    return b"".join(p.read_bytes() for p in sorted(path.parent.glob(path.name + "*")))
