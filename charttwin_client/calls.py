"""Every call as data: address, body, and what comes back. Both clients send these, and a test holds them against OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter

from charttwin_client import models

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request: `template` as OpenAPI writes the address, its values, and the type of the answer."""

    method: str
    template: str
    returns: Any
    values: Mapping[str, str] | None = None
    query: Mapping[str, Any] | None = None
    body: Mapping[str, Any] | None = None

    @property
    def path(self) -> str:
        """The address with its values, escaped."""
        found = self.template
        for name, value in (self.values or {}).items():
            found = found.replace(f"{{{name}}}", quote(value, safe=""))
        return found

    def read(self, answer: Any) -> T:
        """The answer, typed."""
        made: T = TypeAdapter(self.returns).validate_python(answer)
        return made


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def whoami() -> Call[models.WhoAmI]:
    """Who is calling."""
    return Call("GET", "/v1/whoami", models.WhoAmI)


def patients(limit: int, offset: int) -> Call[list[models.Patient]]:
    """A page of the patients in reach."""
    return Call("GET", "/v1/patients", list[models.Patient], query={"limit": limit, "offset": offset})


def patient(patient_id: str, as_of: str | None) -> Call[models.PatientDetail]:
    """One patient."""
    return Call(
        "GET", "/v1/patients/{patient_id}", models.PatientDetail, {"patient_id": patient_id}, _given(as_of=as_of)
    )


def facts(patient_id: str, kind: str | None, limit: int, offset: int) -> Call[list[models.Fact]]:
    """A page of what was read from notes."""
    query = _given(kind=kind, limit=limit, offset=offset)
    return Call("GET", "/v1/patients/{patient_id}/facts", list[models.Fact], {"patient_id": patient_id}, query)


def ask(
    patient_id: str, question: str, as_of: str | None, thread_id: str | None, stream: bool = False
) -> Call[models.Answer]:
    """A question about one patient."""
    body = _given(question=question, as_of=as_of, thread_id=thread_id) | ({"stream": True} if stream else {})
    return Call("POST", "/v1/patients/{patient_id}/ask", models.Answer, {"patient_id": patient_id}, body=body)


def evidence(patient_id: str, ref: str) -> Call[dict[str, Any]]:
    """What a citation points to."""
    return Call("GET", "/v1/patients/{patient_id}/evidence", dict[str, Any], {"patient_id": patient_id}, {"ref": ref})


def story(patient_id: str, kind: str, audience: str, as_of: str | None) -> Call[models.Story]:
    """The patient's story."""
    query = _given(kind=kind, audience=audience, as_of=as_of)
    return Call("GET", "/v1/patients/{patient_id}/story", models.Story, {"patient_id": patient_id}, query)


def query(patient_id: str, sql: str) -> Call[dict[str, Any]]:
    """SQL over one patient's rows."""
    return Call(
        "POST", "/v1/patients/{patient_id}/query", dict[str, Any], {"patient_id": patient_id}, body={"sql": sql}
    )


def calculate(text: str, question: str) -> Call[models.Calculated]:
    """A calculator over a note."""
    return Call("POST", "/v1/calculate", models.Calculated, body={"text": text, "question": question})


def twin_models() -> Call[list[models.ModelCard]]:
    """The models of the twin."""
    return Call("GET", "/v1/twin/models", list[models.ModelCard])


def run_model(model_id: str, inputs: Mapping[str, Any]) -> Call[models.ModelRun]:
    """A run of a model."""
    return Call(
        "POST",
        "/v1/twin/models/{model_id}/runs",
        models.ModelRun,
        {"model_id": model_id},
        body={"inputs": dict(inputs)},
    )


def extract(notes: Sequence[Mapping[str, Any]]) -> Call[models.Job]:
    """A job that reads notes."""
    return Call("POST", "/v1/jobs/extractions", models.Job, body={"notes": [dict(note) for note in notes]})


def ask_many(questions: Sequence[Mapping[str, Any]]) -> Call[models.Job]:
    """A job that answers questions."""
    return Call("POST", "/v1/jobs/questions", models.Job, body={"questions": [dict(q) for q in questions]})


def job(job_id: str) -> Call[models.Job]:
    """How far a job is."""
    return Call("GET", "/v1/jobs/{job_id}", models.Job, {"job_id": job_id})


def job_result(job_id: str) -> Call[list[dict[str, Any]]]:
    """The result of a job."""
    return Call("GET", "/v1/jobs/{job_id}/result", list[dict[str, Any]], {"job_id": job_id})
