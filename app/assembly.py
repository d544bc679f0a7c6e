"""Builds the parts once, on first use, and hands them on."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from app.dates import now
from app.logs import log_event, place_of
from app.settings import Settings, go_offline
from domain.errors import ChartTwinError, ModelUnavailable, StoreUnavailable

if TYPE_CHECKING:
    from spacy.language import Language

    from agents import Assistant
    from agents.memory import Conversations
    from app.access.gate import Gate
    from knowledge_base.records import RecordStore
    from knowledge_base.vectors import VectorIndex
    from twin_backend import TwinBackend
    from twin_backend.model import Model

T = TypeVar("T")


class Services:
    """Store, index, pipeline, twin and assistant of one data directory; each is built when first asked for."""

    def __init__(self, settings: Settings, *, create: bool = True) -> None:
        """Hold the settings.

        Args:
            settings: Where the records are, which models are used.
            create: Make the data directory when it is missing; without, its absence is an error that says what to do.
        """
        go_offline(settings)
        self.settings = settings
        self._create = create
        self._parts: dict[str, Any] = {}
        self._lock = threading.RLock()

    @property
    def store(self) -> RecordStore:
        """The patients' records.

        Raises:
            StoreUnavailable: the data directory cannot be made, read or written.
        """
        return self._part("store", self._build_store)

    @property
    def index(self) -> VectorIndex | None:
        """The index of note passages, or None when it cannot be opened: retrieval then goes by words alone."""
        return self._part("index", self._build_index)

    @property
    def nlp(self) -> Language:
        """The note-reading pipeline."""
        return self._part("nlp", _build_nlp)

    @property
    def twin(self) -> TwinBackend:
        """The twin's models."""
        return self._part("twin", lambda: _build_twin(self.settings))

    @property
    def assistant(self) -> Assistant:
        """What answers questions."""
        return self._part("assistant", self._build_assistant)

    @property
    def memory(self) -> Conversations:
        """The conversations that were had.

        Raises:
            StoreUnavailable: they cannot be opened, or are encrypted with another key.
        """
        return self._part("memory", lambda: _build_memory(self.settings))

    @property
    def gate(self) -> Gate:
        """Who may see what, and the trail of what they saw."""
        return self._part("gate", lambda: _build_gate(self.settings))

    def provide(self, **parts: Any) -> Services:
        """Use these parts instead of building them; for tests and for embedding ChartTwin in another program."""
        self._parts.update(parts)
        return self

    def close(self) -> None:
        """Let go of files; the parts that were never built are not touched."""
        with self._lock:
            for part in self._parts.values():
                close = getattr(part, "close", None)
                if callable(close):
                    close()
            self._parts.clear()

    def _part(self, name: str, build: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._parts:
                self._parts[name] = build()
            return cast(T, self._parts[name])

    def _build_store(self) -> RecordStore:
        from knowledge_base.records import RecordStore

        return RecordStore(self.settings.data_dir, create=self._create)

    def _build_index(self) -> VectorIndex | None:
        from knowledge_base.embedding import build_embedder
        from knowledge_base.vectors import VectorIndex
        from tools.notes.sentences import note_texts

        try:
            return VectorIndex(self.settings.data_dir, build_embedder(self.settings.embedder), note_texts)
        except (ModelUnavailable, StoreUnavailable) as error:
            log_event("index_unavailable", kind=error.kind, where=place_of(error).replace(" at ", "@"))
            return None

    def _build_assistant(self) -> Assistant:
        from agents import build_assistant

        settings = self.settings
        return build_assistant(
            self.store,
            self.index,
            self.twin,
            model=settings.model,
            base_url=settings.base_url,
            api_key=settings.api_key.get_secret_value(),
            privacy=settings.privacy,
            time_budget_s=settings.time_budget_s,
            memory=self.memory,
            exemplars=settings.exemplars,
            clock=now,
        )


def _build_memory(settings: Settings) -> Conversations:
    from agents.memory import Conversations

    # A data directory that can only be read keeps no conversations: they last as long as the process.
    path = settings.conversations_path if _may_write(settings.data_dir) else None
    old_keys = tuple(filter(None, (key.strip() for key in settings.memory_old_keys.get_secret_value().split(","))))
    memory = Conversations(
        path, url=settings.memory_url.get_secret_value(), key=settings.memory_key.get_secret_value(), old_keys=old_keys
    )
    if settings.memory_days:
        expired = memory.expire(now() - timedelta(days=settings.memory_days))
        log_event("conversations_expired", count=expired)
    return memory


def _build_gate(settings: Settings) -> Gate:
    from app.access.gate import build_gate

    return build_gate(settings)


def _build_nlp() -> Language:
    from nlp_pipeline import build_pipeline

    return build_pipeline()


def _build_twin(settings: Settings) -> TwinBackend:
    from twin_backend import build_twin

    if settings.twin_url:
        from twin_backend.remote import RemoteTwin

        return RemoteTwin(settings.twin_url, key=settings.twin_key.get_secret_value())
    store = settings.twin_runs_path if _may_write(settings.data_dir) else None
    return build_twin(settings.seed, store=store, extra_models=_manifest_models(settings.twin_manifests))


def _manifest_models(manifests: tuple[Path, ...]) -> list[Model]:
    if not manifests:
        return []
    from twin_backend.interop import load_models

    return [model for manifest in manifests for model in load_models(manifest)]


def _may_write(folder: Path) -> bool:
    """Whether a file can be made in the folder, or the folder where it is missing."""
    nearest = next((path for path in (folder, *folder.parents) if path.exists()), None)
    return nearest is not None and nearest.is_dir() and os.access(nearest, os.W_OK)


class Readiness:
    """Loads the slow parts in the background and says how far it is."""

    PARTS = ("store", "twin", "index", "outbox", "assistant", "models")

    def __init__(self, services: Services) -> None:
        self._services = services
        self._thread: threading.Thread | None = None
        self.parts: dict[str, str] = dict.fromkeys(self.PARTS, "waiting")

    @property
    def ready(self) -> bool:
        """Whether questions can be answered at full speed."""
        return all(state in ("ready", "degraded") for state in self.parts.values())

    @property
    def failed(self) -> bool:
        """Whether a part could not be loaded."""
        return any(state.startswith("failed") for state in self.parts.values())

    def start(self) -> None:
        """Begin loading; a second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._load, name="charttwin-warm-up", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether loading came to an end within so many seconds."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self.ready

    def _load(self) -> None:
        for part in self.PARTS:
            try:
                self.parts[part] = self._load_part(part)
            except ChartTwinError as error:
                self.parts[part] = f"failed: {error.kind}"
            except Exception as error:  # a part that cannot load must show in /readyz, not end the thread unseen
                self.parts[part] = f"failed: {type(error).__name__}"
            if self.parts[part].startswith("failed"):
                log_event("part_failed", level=40, part=part)
                return
        log_event("ready")
        self._load_what_can_wait()

    def _load_what_can_wait(self) -> None:
        """The note-reading pipeline and the plots: the first who needs them would wait for seconds."""
        try:
            import plotly.graph_objects  # noqa: F401

            _ = self._services.nlp
        except Exception as error:  # whoever needs it gets the fault; the server goes on
            log_event("part_failed", level=30, part="pipeline", kind=type(error).__name__)

    def _load_part(self, part: str) -> str:
        if part == "outbox":  # an ingest that was cut off is finished before questions are answered
            from knowledge_base.ingest import resume

            resume(self._services.store, self._services.index)
            return "ready"
        if part == "models":
            self._services.assistant.warm()
            return "ready"
        return "ready" if getattr(self._services, part) is not None else "degraded"
