"""The services as one caller may use them: whoever holds these cannot read a record out of the caller's reach."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from app.access.callers import Action, Caller
from app.access.gate import Gate
from domain.errors import UnknownEvidence

if TYPE_CHECKING:
    from agents import Assistant, Event
    from agents.memory import Conversation, Conversations, ThreadSummary
    from app.assembly import Services
    from domain.answers import Answer
    from domain.predictions import Explanation, ModelRun, Replay
    from knowledge_base.records import RecordStore
    from knowledge_base.vectors import VectorIndex
    from twin_backend import TwinBackend

# Methods of the store whose first argument is the patient. What is in neither list belongs to the system itself.
PATIENT_READS = frozenset(
    {"patient", "observations", "conditions", "medications", "allergies", "procedures", "immunizations", "encounters",
     "reports", "care_plans", "devices", "family_history", "counts", "resource", "notes", "note", "facts", "derived",
     "run", "runs", "resources", "save_run", "resolve"}
)  # fmt: skip


# Methods of the twin that make runs, and the ids of those that a result holds.
_MAKES_RUNS: dict[str, Callable[[Any], list[str]]] = {
    "predict": lambda made: [made.id],
    "simulate": lambda made: [made.id],
    "compare": lambda made: [run.id for run in made.runs],
    "what_if": lambda made: [run.id for run in made.runs],
    "joined": lambda made: [run.id for scenario in made.scenarios for run in scenario.runs.values()],
    "calibrate": lambda made: [made.run.id],
    "sensitivity": lambda made: [made.run_id],
}


class GuardedStore:
    """A record store that asks the gate before every patient, once per request and patient."""

    def __init__(self, store: RecordStore, gate: Gate, caller: Caller, door: str) -> None:
        self._store, self._gate, self._caller, self._door = store, gate, caller, door
        self._admitted: set[tuple[str, Action]] = set()
        self._has_listed = False

    def admit(self, patient_id: str, action: Action = Action.READ_RECORD) -> None:
        """Pass, or refuse; recorded the first time.

        Raises:
            NotPermitted: the patient or the action is out of reach.
        """
        if (patient_id, action) not in self._admitted:
            self._gate.admit(self._caller, patient_id, action, self._door)
            self._admitted.add((patient_id, action))

    def patients(self) -> list[Any]:
        """The patients in reach."""
        self._caller.require(Action.READ_RECORD)
        if not self._has_listed:
            self._gate.record(self._caller, "record.list", door=self._door)
            self._has_listed = True
        reach = self._caller.patients
        return [row for row in self._store.patients() if reach is None or row.id in reach]

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._store, name)
        if name in PATIENT_READS:

            def guarded(patient_id: str, *args: Any, **kwargs: Any) -> Any:
                self.admit(patient_id)
                return value(patient_id, *args, **kwargs)

            return guarded
        if name in ("data_dir",):
            return value
        raise AttributeError(f"{name} is not for callers")

    def for_writing(self, patient_id: str) -> RecordStore:
        """The store itself, for writing to one patient's record.

        Raises:
            NotPermitted: the caller may not write to it.
        """
        self.admit(patient_id, Action.WRITE_RECORD)
        return self._store


class GuardedAssistant:
    """The assistant for one caller: patients in reach, threads of the caller's own."""

    def __init__(self, assistant: Assistant, store: GuardedStore, caller: Caller) -> None:
        self._assistant, self._store, self._caller = assistant, store, caller

    def ask(self, patient_id: str, question: str, **options: Any) -> Answer:
        """As `Assistant.ask`."""
        self._store.admit(patient_id)
        return self._assistant.ask(patient_id, question, owner=self._caller.subject, **options)

    def stream(self, patient_id: str, question: str, **options: Any) -> Iterator[Event]:
        """As `Assistant.stream`."""
        self._store.admit(patient_id)
        return self._assistant.stream(patient_id, question, owner=self._caller.subject, **options)

    def astream(self, patient_id: str, question: str, **options: Any) -> AsyncIterator[Event]:
        """As `Assistant.astream`."""
        self._store.admit(patient_id)
        return self._assistant.astream(patient_id, question, owner=self._caller.subject, **options)


class GuardedMemory:
    """The caller's own conversations, and of these only those about patients in reach."""

    def __init__(self, memory: Conversations, store: GuardedStore, caller: Caller) -> None:
        self._memory, self._store, self._caller = memory, store, caller

    def list(self, patient_id: str | None = None) -> tuple[ThreadSummary, ...]:
        """As `Conversations.list`."""
        if patient_id is not None:
            self._store.admit(patient_id)
        reach = self._caller.patients
        found = self._memory.list(self._caller.subject, patient_id)
        return tuple(thread for thread in found if reach is None or thread.patient_id in reach)

    def read(self, thread_id: str) -> Conversation:
        """As `Conversations.read`."""
        found = self._memory.read(self._caller.subject, thread_id)
        self._store.admit(found.patient_id)
        return found

    def delete(self, thread_id: str) -> None:
        """As `Conversations.delete`; one's own may go also when its patient is out of reach by now."""
        self._memory.delete(self._caller.subject, thread_id)

    def delete_all(self, patient_id: str | None = None) -> int:
        """As `Conversations.delete_all`."""
        return self._memory.delete_all(owner=self._caller.subject, patient_id=patient_id)


class GuardedTwin:
    """The twin for one caller: every model, and of the runs made earlier the caller's own and those of patients in reach."""

    def __init__(self, services: Services, gate: Gate, caller: Caller) -> None:
        self._services, self._twin, self._gate, self._caller = services, services.twin, gate, caller

    def run(self, run_id: str) -> ModelRun:
        """As `TwinBackend.run`."""
        self._require(run_id)
        return self._twin.run(run_id)

    def explain(self, run_id: str) -> Explanation:
        """As `TwinBackend.explain`."""
        self._require(run_id)
        return self._twin.explain(run_id)

    def replay(self, run_id: str) -> Replay:
        """As `TwinBackend.replay`."""
        self._require(run_id)
        return self._twin.replay(run_id)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._twin, name)
        if name in ("catalogue", "describe", "chains", "together"):
            return value
        if name not in _MAKES_RUNS:
            raise AttributeError(f"{name} is not for callers")

        def kept(*args: Any, **kwargs: Any) -> Any:
            made = value(*args, **kwargs)
            if not self._gate.is_local:
                self._gate.register.note_runs(self._caller.subject, _MAKES_RUNS[name](made))
            return made

        return kept

    def _require(self, run_id: str) -> None:
        """Pass when the run may be shown; in the same words whether or not it exists."""
        if self._gate.is_local or self._gate.register.made_run(self._caller.subject, run_id):
            return
        if Action.READ_RECORD in self._caller.actions:
            holders = self._services.store.run_holders(run_id)
            if holders and (self._caller.patients is None or holders & self._caller.patients):
                return
        raise UnknownEvidence("no run of this id that you made, or that is kept in a record in your reach")


class GuardedServices:
    """What a door is given instead of `Services`."""

    def __init__(self, services: Services, gate: Gate, caller: Caller, door: str) -> None:
        self._services, self.gate, self.caller, self.door = services, gate, caller, door
        self._store: GuardedStore | None = None

    @property
    def settings(self) -> Any:
        """The settings."""
        return self._services.settings

    @property
    def store(self) -> RecordStore:
        """The records in reach; as a store it refuses every patient out of it."""
        return cast("RecordStore", self.guarded_store)

    @property
    def guarded_store(self) -> GuardedStore:
        """The same, with its own methods."""
        if self._store is None:
            self._store = GuardedStore(self._services.store, self.gate, self.caller, self.door)
        return self._store

    def holders(self, resource_type: str, resource_id: str) -> list[str]:
        """The patients in reach who have a resource of this type and id."""
        reach = self.caller.patients
        found = self._services.store.holders(resource_type, resource_id)
        return sorted(patient for patient in found if reach is None or patient in reach)

    @property
    def assistant(self) -> Assistant:
        """The assistant for this caller."""
        return cast("Assistant", GuardedAssistant(self._services.assistant, self.guarded_store, self.caller))

    @property
    def memory(self) -> GuardedMemory:
        """The caller's conversations."""
        return GuardedMemory(self._services.memory, self.guarded_store, self.caller)

    @property
    def index(self) -> VectorIndex | None:
        """The index; every query of it names a patient that the store has admitted."""
        return self._services.index

    @property
    def twin(self) -> TwinBackend:
        """The twin's models; of the runs made earlier, those that this caller may see."""
        self.caller.require(Action.COMPUTE)
        return cast("TwinBackend", GuardedTwin(self._services, self.gate, self.caller))

    @property
    def nlp(self) -> Any:
        """The note-reading pipeline."""
        self.caller.require(Action.COMPUTE)
        return self._services.nlp
