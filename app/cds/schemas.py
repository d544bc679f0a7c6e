"""What CDS Hooks 2.0 sends and gets (https://cds-hooks.hl7.org/2.0/)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Json = dict[str, Any]
Indicator = Literal["info", "warning", "critical"]
_SUMMARY_MOST = 140


class Service(BaseModel):
    """One service as discovery shows it."""

    id: str
    hook: str
    title: str
    description: str
    prefetch: dict[str, str]
    usageRequirements: str = ""


class Discovery(BaseModel):
    """Every service."""

    services: list[Service]


class HookContext(BaseModel):
    """The context of the hooks that are served; what others add is not read."""

    model_config = ConfigDict(extra="ignore")
    userId: Annotated[str, Field(max_length=200)] = ""
    patientId: Annotated[str, Field(min_length=1, max_length=200)]
    encounterId: Annotated[str, Field(max_length=200)] | None = None
    draftOrders: dict[str, JsonValue] | None = None  # a Bundle
    selections: list[Annotated[str, Field(max_length=300)]] | None = None


class HookRequest(BaseModel):
    """A call of a service. `fhirServer` and `fhirAuthorization` are not used: nothing is fetched from elsewhere."""

    model_config = ConfigDict(extra="ignore")
    hook: Annotated[str, Field(max_length=100)]
    hookInstance: UUID
    context: HookContext
    prefetch: dict[str, JsonValue] | None = None


class Link(BaseModel):
    """Where more can be read."""

    label: str
    url: str
    type: Literal["absolute", "smart"] = "absolute"


class CodedReason(BaseModel):
    """A reason for setting a card aside, as the clinician may choose it."""

    code: str
    system: str
    display: str


class Source(BaseModel):
    """Who says so."""

    label: str
    url: str | None = None
    topic: CodedReason | None = None


class Card(BaseModel):
    """One piece of advice."""

    uuid: str
    summary: Annotated[str, Field(max_length=_SUMMARY_MOST)]
    indicator: Indicator
    detail: str
    source: Source
    links: list[Link] = []
    overrideReasons: list[CodedReason] = []


class Cards(BaseModel):
    """The answer of a service."""

    cards: list[Card]


class AcceptedSuggestion(BaseModel):
    """A suggestion that was taken."""

    id: str


class OverrideReason(BaseModel):
    """Why a card was set aside."""

    model_config = ConfigDict(extra="ignore")
    reason: Json | None = None
    userComment: Annotated[str, Field(max_length=2000)] | None = None


class Feedback(BaseModel):
    """What became of one card."""

    model_config = ConfigDict(extra="ignore")
    card: Annotated[str, Field(min_length=1, max_length=100)]
    outcome: Literal["accepted", "overridden"]
    acceptedSuggestions: list[AcceptedSuggestion] | None = None
    overrideReason: OverrideReason | None = None
    outcomeTimestamp: datetime


class FeedbackRequest(BaseModel):
    """What became of cards."""

    feedback: Annotated[list[Feedback], Field(min_length=1, max_length=200)]


def short(text: str) -> str:
    """A summary of at most 140 characters, as the specification asks."""
    line = " ".join(text.split())
    return line if len(line) <= _SUMMARY_MOST else f"{line[: _SUMMARY_MOST - 1].rsplit(' ', 1)[0]}…"
