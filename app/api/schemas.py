"""Bodies of requests and responses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from domain.predictions import Chain, Scenario


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class AskBody(_Body):
    """One question."""

    question: str = Field(description="The question, in the words a clinician would use.")
    as_of: str | None = Field(default=None, description="The date or time to treat as now; now when absent.")
    thread_id: str | None = Field(
        default=None,
        max_length=128,
        pattern=r"^[A-Za-z0-9_.:-]+$",
        description="Questions of one thread know the previous ones. A thread belongs to one patient.",
    )
    stream: StrictBool = Field(
        default=False, description="Stream server-sent events, as with Accept: text/event-stream."
    )
    resumable: StrictBool = Field(
        default=False,
        description="Stream, and let the run go on when the connection breaks: `Location` says where to take it up "
        "again, with `Last-Event-ID`.",
    )


class VerifyEvidence(_Body):
    """A text that the answer should rest on."""

    id: str = Field(default="", max_length=200, description="How claims refer to it; evidence-1, ... when empty.")
    text: str = Field(min_length=1, max_length=200_000)


class VerifyBody(_Body):
    """An answer of any system, and what to hold it against."""

    text: str = Field(
        min_length=1,
        max_length=50_000,
        description="The answer, plain or Markdown.",
        examples=["Her potassium is 5.4 mmol/L and she takes warfarin."],
    )
    patient_id: str | None = Field(
        default=None,
        max_length=200,
        description="Whose whole record the answer is held against.",
        examples=["demo-ct-006"],
    )
    evidence: list[VerifyEvidence | dict[str, Any]] = Field(
        default_factory=list,
        max_length=200,
        description="Texts {id, text}, or results of this server's tools.",
        examples=[[{"id": "lab-1", "text": "Potassium 5.4 mmol/L on 2026-10-19."}]],
    )
    as_of: str | None = Field(default=None, max_length=40, description="The date or time to treat as now.")
    mode: Literal["auto", "evidence", "record"] = Field(
        default="auto", description="What counts: the evidence texts, the patient's record, or whatever is given."
    )


class RunBody(_Body):
    """Inputs of one run of a twin model."""

    inputs: dict[str, Any] = Field(default_factory=dict, description="By input name: a value, or {value, unit}.")
    scenario: str = Field(default="", max_length=200)


class CompareBody(_Body):
    """A baseline and scenarios of one model."""

    inputs: dict[str, Any] = Field(default_factory=dict, description="Of the baseline.")
    scenarios: list[Scenario] = Field(
        min_length=1, max_length=50, description="Changes over it: a value, null, or {add: x} or {multiply: x}."
    )


class JoinBody(_Body):
    """A chain of models and scenarios through it."""

    chain: Chain | str = Field(description="Steps and links, or the name of a known chain.")
    inputs: dict[str, Any] = Field(default_factory=dict, description="`name` for every step, `step.name` for one.")
    scenarios: list[Scenario] = Field(default_factory=list, max_length=50)


class CalibrateBody(_Body):
    """Measurements of one patient to fit a model to."""

    inputs: dict[str, Any] = Field(default_factory=dict)
    measurements: list[dict[str, Any]] = Field(max_length=50, description="Each by the fields that the card numbers.")


class SensitivityBody(_Body):
    """Around which inputs, and how, an output's dependence is looked at."""

    inputs: dict[str, Any] = Field(default_factory=dict)
    method: str = Field(default="one_at_a_time", description="one_at_a_time, morris or sobol.")
    ranges: dict[str, list[float]] | None = None
    output: str = Field(default="", description="The first numeric output when empty.")
    samples: int = Field(default=128, ge=2, le=1024)


class PatientSummary(BaseModel):
    """One patient in the list."""

    id: str
    name: str
    gender: str
    birth_date: date | None
    deceased: datetime | None = None


class PatientDetail(PatientSummary):
    """One patient with what the record holds."""

    allergies: list[str]
    problems: list[str]
    counts: dict[str, int]


class EvidenceBody(BaseModel):
    """What a citation points to."""

    ref: str
    kind: str
    title: str
    time: datetime | None = None
    rows: list[tuple[str, str]] = []
    text: str = ""
    start: int | None = None
    end: int | None = None
    run: dict[str, Any] | None = None


class Health(BaseModel):
    """Whether the process is alive."""

    status: str


class Ready(BaseModel):
    """Whether the models are loaded."""

    ready: bool
    parts: dict[str, str]


class Version(BaseModel):
    """What is running."""

    name: str = "charttwin"
    version: str
    model: str
