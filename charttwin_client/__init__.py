"""A typed client of a ChartTwin server, synchronous and asynchronous. It needs httpx and pydantic, and no other part of ChartTwin."""

from charttwin_client.client import AsyncChartTwin, ChartTwin
from charttwin_client.errors import ChartTwinProblem
from charttwin_client.models import (
    Answer,
    Calculated,
    Citation,
    Conflict,
    Event,
    Evidence,
    Fact,
    Job,
    ModelCard,
    ModelRun,
    Patient,
    PatientDetail,
    Story,
    WhoAmI,
)

__all__ = [
    "Answer", "AsyncChartTwin", "Calculated", "ChartTwin", "ChartTwinProblem", "Citation", "Conflict", "Event", "Evidence",
    "Fact", "Job", "ModelCard", "ModelRun", "Patient", "PatientDetail", "Story", "WhoAmI",
]  # fmt: skip
