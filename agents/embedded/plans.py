"""What a plan is made of: calls of tools, or a reply; the intents, and the setting that a question is read against."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from agents import guards
from agents.embedded.reading.record_names import RecordNames
from domain.facts import Frozen

if TYPE_CHECKING:
    from knowledge_base.rows import EncounterRow
    from tools.drugs.reacted import Reacted


class Call(Frozen):
    """One tool call of the plan."""

    tool: str
    arguments: dict[str, Any] = {}
    intent: str = ""
    confidence: float = 1.0
    part: str = ""  # the ask of a sentence with several that it answers


class Plan(Frozen):
    """What to do about a question: calls, or a direct reply (a refusal, help, or "not understood")."""

    calls: tuple[Call, ...] = ()
    reply: str = ""
    refused: bool = False
    confidence: float = 1.0


@lru_cache(maxsize=1)
def intents() -> dict[str, dict[str, Any]]:
    """What each intent calls."""
    loaded: dict[str, dict[str, Any]] = json.loads(
        resources.files("agents.embedded").joinpath("intents.json").read_text("utf-8")
    )
    return loaded


class Setting(NamedTuple):
    """What a question is read against: the moment, the people and the names of the open record."""

    as_of: datetime
    people: guards.People
    record: RecordNames
    admissions: Sequence[tuple[datetime, datetime | None]] = ()
    born: date | None = None
    seen_by: Sequence[str] = ()  # the clinicians and places that the record's visits name
    visits: Sequence[EncounterRow] = ()  # oldest first
    reacted: Reacted | None = None  # what the chart has of allergies


def needs_no_name(intent: str) -> bool:
    """Whether an intent asks without naming anything."""
    spec = intents().get(intent)
    return spec is not None and (spec.get("slot") is None or bool(spec.get("optional")))
