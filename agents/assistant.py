"""The front door of the agents: a question about one patient in, a cited answer or a stream of events out."""

from __future__ import annotations

import asyncio
import re
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from agents.memory.records import LOCAL_OWNER
from agents.runtime.conduct import Conduct, untraced
from agents.runtime.run import DEFAULT_BUDGET_S, RunCancelled
from domain.answers import Answer
from domain.errors import InvalidInput
from domain.facts import Frozen
from tools.context import ToolContext
from tools.extent import WHOLE, Extent

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from agents.context import RunContext
    from agents.embedded.routing.router import Embeds
    from agents.memory import Conversations, OpenTurn
    from knowledge_base.records import RecordStore
    from knowledge_base.vectors import VectorIndex
    from twin_backend.service import TwinBackend

QUESTION_LIMIT = 20_000
_STEP_LIMIT = 120  # of graph steps; the bounds of `RunContext` end a run long before


class Event(Frozen):
    """One thing that happened in a run: a step, a tool call, a piece of the answer, the answer, or an error."""

    kind: Literal["step", "tool", "token", "reset", "answer", "error"]
    data: dict[str, Any] = {}


class Assistant:
    """Answers questions about one patient at a time. Thread safe; conversations are bound to their owner and patient."""

    def __init__(
        self,
        store: RecordStore,
        index: VectorIndex | None,
        twin: TwinBackend,
        graph: Any,
        lexicon: Any,
        clock: Callable[[], datetime] | None,
        memory: Conversations,
        conduct: Conduct | None = None,
    ) -> None:
        self.store, self.index, self.twin, self.memory = store, index, twin, memory
        self._graph, self._lexicon, self._clock = graph, lexicon, clock
        self.conduct = conduct or Conduct()

    def ask(
        self,
        patient_id: str,
        question: str,
        *,
        as_of: datetime | None = None,
        thread_id: str | None = None,
        owner: str = LOCAL_OWNER,
        extent: Extent = WHOLE,
    ) -> Answer:
        """The cited answer.

        Args:
            patient_id: The open patient.
            question: The question in the clinician's words.
            as_of: The moment to treat as now; later rows are invisible. The present by default.
            thread_id: A conversation to begin or continue: any name, or an id that `memory.list` gave.
            owner: Whose conversation it is. A name is the owner's own, for this patient alone.
            extent: How much of the chart is looked at; the answer begins with it when that is not all.

        Raises:
            UnknownPatient: no such patient.
            InvalidInput: the question is empty or longer than `QUESTION_LIMIT` characters; or the conversation is about
                another patient.
            UnknownThread: the id is of no conversation of this owner.
            ThreadBusy: the conversation is being continued by another question.
            StoreUnavailable: the conversation cannot be read or kept.
            RunCancelled: the run was stopped.
        """
        for event in self.stream(patient_id, question, as_of=as_of, thread_id=thread_id, owner=owner, extent=extent):
            if event.kind == "answer":
                return Answer.model_validate(event.data)
            if event.kind == "error":
                raise RunCancelled(str(event.data["message"]))
        raise RuntimeError("the run ended without an answer")

    def stream(
        self,
        patient_id: str,
        question: str,
        *,
        as_of: datetime | None = None,
        thread_id: str | None = None,
        owner: str = LOCAL_OWNER,
        stop: threading.Event | None = None,
        extent: Extent = WHOLE,
    ) -> Iterator[Event]:
        """The run's events as they happen; the last is the answer, or an error when the run was stopped.

        Tokens are sent only after the whole text has been verified. Closing the iterator, setting `stop` or calling
        `cancel` ends the run, also in the middle of a model's reply.
        """
        text = question.strip()
        if not text:
            raise InvalidInput("the question is empty; ask about a lab, drug, problem, visit, note or calculator")
        if len(text) > QUESTION_LIMIT:
            raise InvalidInput(f"the question has {len(text)} characters; at most {QUESTION_LIMIT} are accepted")
        moment = as_of if as_of is not None else self._now()
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if extent.since is not None and extent.since > moment.date():
            raise InvalidInput("the start of what is looked at lies after as_of", field="since")
        self.store.patient(patient_id)
        services = (self.twin, self.index, self._lexicon)
        tools = ToolContext(self.store, patient_id, moment, *services, asked=text, owner=owner, extent=extent)
        try:
            with self.conduct.running(tools, (owner, patient_id, thread_id or ""), stop) as context:
                yield from self._events(text, context, owner, thread_id)
        except RunCancelled as error:
            yield Event(kind="error", data={"kind": error.kind, "message": error.message})

    def _events(self, text: str, context: RunContext, owner: str, thread_id: str | None) -> Iterator[Event]:
        moment = context.tools.as_of
        with self._turn(owner, context.tools.patient_id, thread_id) as turn:
            final: dict[str, Any] = {}
            chunks = self._graph.stream(
                {"question": text}, _config(turn), context=context, stream_mode=["custom", "updates"]
            )
            stream = untraced(chunks)
            try:
                for mode, chunk in stream:
                    if mode == "custom":
                        yield Event.model_validate(chunk)
                    elif "answer" in chunk:
                        final = chunk["answer"]["answer"]
            except BaseException:  # the caller going included
                context.run.cancelled.set()  # first, so that closing does not wait for a model that hangs
                raise
            finally:
                stream.close()
            made = _told_of(context.tools.extent, Answer.model_validate(final)).model_copy(
                update={"trace_id": uuid.uuid4().hex, "latency_s": round(context.run.elapsed_s, 4)}
            )
            if turn is not None:  # kept before it is shown: what was read can be found again
                turn.commit(text, made, asked=self._clock() if self._clock else moment, as_of=moment)
        for piece in re.findall(r"\S+\s*", made.text):
            yield Event(kind="token", data={"text": piece})
        yield Event(kind="answer", data=made.model_dump(mode="json"))

    def cancel(self, patient_id: str, thread_id: str | None = None, owner: str = LOCAL_OWNER) -> int:
        """Stops the owner's runs under way about a patient, or those of one conversation; returns how many there were."""
        return self.conduct.cancel(owner, patient_id, *([thread_id] if thread_id is not None else []))

    def close(self) -> None:
        """Stops every run under way."""
        self.conduct.cancel()

    def _now(self) -> datetime:
        if self._clock is None:
            raise InvalidInput("as_of is needed: this assistant was built without a clock")
        return self._clock()

    def _turn(self, owner: str, patient_id: str, thread_id: str | None) -> AbstractContextManager[OpenTurn | None]:
        return nullcontext() if not thread_id else self.memory.turn(owner, patient_id, thread_id)

    async def astream(
        self,
        patient_id: str,
        question: str,
        *,
        as_of: datetime | None = None,
        thread_id: str | None = None,
        owner: str = LOCAL_OWNER,
        extent: Extent = WHOLE,
    ) -> AsyncIterator[Event]:
        """As `stream`, for asynchronous callers: the run stops when the caller goes.

        It has a thread of its own: in a shared pool a few questions that wait for a slow model would hold up all others.
        """
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
        stopped = threading.Event()

        def hand_over(item: Event | BaseException | None) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
                loop.call_soon_threadsafe(queue.put_nowait, item)

        def work() -> None:
            try:
                for event in self.stream(
                    patient_id, question, as_of=as_of, thread_id=thread_id, owner=owner, stop=stopped, extent=extent
                ):
                    if stopped.is_set() and event.kind != "error":
                        return
                    hand_over(event)
                hand_over(None)
            except Exception as error:
                hand_over(error)

        threading.Thread(target=copy_context().run, args=(work,), name="charttwin-run", daemon=True).start()
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stopped.set()

    def warm(self) -> None:
        """Loads what the first question would wait for. Nothing is asked of a model elsewhere."""
        patients = self.store.patients()
        if not patients:
            return
        moment = datetime(2000, 1, 1, tzinfo=UTC)
        tools = ToolContext(self.store, patients[0].id, moment, self.twin, self.index, self._lexicon)
        with self.conduct.running(tools, (), None) as context:
            context.run.given_up = "is not needed to warm up"
            for _ in self._events("how old is the patient?", context, LOCAL_OWNER, None):
                pass


def build_assistant(
    store: RecordStore,
    index: VectorIndex | None,
    twin: TwinBackend,
    *,
    model: str = "embedded",
    base_url: str = "",
    api_key: str = "",
    embedder: Embeds | None = None,
    exemplars: Path | None = None,
    memory: Conversations | None = None,
    chat_model: BaseChatModel | None = None,
    clock: Callable[[], datetime] | None = None,
    privacy: str = "",
    time_budget_s: float = DEFAULT_BUDGET_S,
) -> Assistant:
    """An assistant over the given services.

    Args:
        store: The record store.
        index: The vector index, or None for keyword search only.
        twin: The twin backend.
        model: `embedded`, or `provider:name`, or with `base_url` any name (see `agents.models`).
        base_url: Where the model is served; any OpenAI-compatible server will do.
        api_key: Its key, where it wants one.
        embedder: Sentence embedder for routing; words alone are used without one. The index's by default.
        exemplars: A hospital's own phrasings.
        memory: Where conversations are kept; in the process's memory when None.
        clock: What "now" is when a question has no `as_of`; without one every question needs it.
        chat_model: A chat model to use instead of `model` (tests, integrations). The caller answers for where it sends
            what it is shown; with `privacy="deidentify"` that is masked.
        privacy: What may leave this machine: `local` (the default), `deidentify` or `allow`, or by provider. A model
            that the policy excludes is not asked: the embedded one answers and says so.
        time_budget_s: Seconds that one question may take with a model other than `embedded`.

    Raises:
        InvalidInput: the privacy policy or the time budget cannot be used.
        ModelUnavailable: the model is not known or its package is missing.
    """
    from agents.graph import build_graph
    from agents.memory import Conversations
    from agents.models import build_embedded_model, choose_model
    from agents.privacy.policy import Policy
    from tools.concepts import default_lexicon

    lexicon = default_lexicon()
    embedder = embedder or getattr(index, "embedder", None)
    embedded = build_embedded_model(
        twin, embedder, lexicon=lexicon, exemplars=exemplars, cache_dir=store.data_dir / "cache"
    )
    if chat_model is not None:
        chosen, conduct = chat_model, Conduct(time_budget_s, deidentify=privacy == Policy.DEIDENTIFY)
    else:
        found = choose_model(model, base_url, api_key, privacy=privacy, timeout_s=time_budget_s)
        chosen = found.model or embedded
        conduct = Conduct(time_budget_s, deidentify=found.deidentify, not_asked=found.not_asked)
    kept = memory if memory is not None else Conversations()
    fallback = None if chosen is embedded else embedded
    threaded, single = build_graph(chosen, fallback, kept.saver), build_graph(chosen, fallback)
    return Assistant(store, index, twin, _Graphs(threaded, single), lexicon, clock, kept, conduct)


def _told_of(extent: Extent, made: Answer) -> Answer:
    """The answer with what it was narrowed to: "none is recorded" is true of that alone."""
    if extent.is_whole or made.refused:
        return made
    told = extent.told()
    return made.model_copy(update={"text": f"{told}\n\n{made.text}", "warnings": (told, *made.warnings)})


def _config(turn: OpenTurn | None) -> dict[str, Any]:
    """Without a conversation a run has no thread: it leaves no trace."""
    return {} if turn is None else {"configurable": {"thread_id": turn.id}}


class _Graphs:
    """The graph with memory for conversations and without for single questions: a single question leaves no trace."""

    def __init__(self, threaded: Any, single: Any) -> None:
        self._threaded, self._single = threaded, single

    def stream(self, state: dict[str, Any], config: dict[str, Any], **kwargs: Any) -> Iterator[Any]:
        graph = self._threaded if config else self._single
        if config:
            kwargs["durability"] = "exit"
        yield from graph.stream(state, {**config, "recursion_limit": _STEP_LIMIT}, **kwargs)
