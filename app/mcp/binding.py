"""What one MCP request works on: a patient that the address or the process names, never an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from tools.context import ToolContext

if TYPE_CHECKING:
    from knowledge_base.records import RecordStore


class Parts(Protocol):
    """The parts of a server as the caller may use them."""

    @property
    def store(self) -> RecordStore:
        """The records in reach."""
        ...

    @property
    def index(self) -> Any:
        """The index of note passages."""
        ...

    @property
    def twin(self) -> Any:
        """The twin's models."""
        ...

    @property
    def assistant(self) -> Any:
        """What answers questions."""
        ...


@dataclass
class Binding:
    """One patient and one moment."""

    parts: Parts
    patient_id: str
    as_of: datetime

    @cached_property
    def tools(self) -> ToolContext:
        """What the tools run against.

        Raises:
            UnknownPatient: no such patient.
            NotPermitted: the patient is out of the caller's reach.
        """
        self.parts.store.patient(self.patient_id)
        return ToolContext(self.parts.store, self.patient_id, self.as_of, self.parts.twin, self.parts.index)
