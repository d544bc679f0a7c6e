"""Long work as jobs: notes to extract, questions to answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.access.callers import Action
from app.api.deps import Needs, ServicesDep
from app.api.jobs import Job, JobBoard
from app.api.pages import PageDep
from app.dates import now, parse_as_of
from domain.answers import Answer
from domain.errors import ChartTwinError, InvalidInput
from domain.facts import Fact, Note

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
Identifier = Annotated[str, Field(min_length=1, max_length=200)]


class NoteIn(BaseModel):
    """One note; it is not stored."""

    model_config = ConfigDict(extra="forbid")
    id: Identifier
    text: Annotated[str, Field(max_length=500_000)]
    time: datetime | None = None


class ExtractionsBody(BaseModel):
    """Notes to read."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"notes": [{"id": "n1", "text": "Denies chest pain. BP 140/90."}]}]},
    )
    notes: Annotated[list[NoteIn], Field(min_length=1, max_length=1000)]


class AskedQuestion(BaseModel):
    """One question of a batch."""

    model_config = ConfigDict(extra="forbid")
    id: Identifier
    patient_id: Identifier
    question: Annotated[str, Field(min_length=1, max_length=20_000)]
    as_of: str | None = None


class QuestionsBody(BaseModel):
    """Questions to answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"questions": [{"id": "1", "patient_id": "p001", "question": "latest potassium?"}]}]
        },
    )
    questions: Annotated[list[AskedQuestion], Field(min_length=1, max_length=1000)]


class JobStatus(BaseModel):
    """How far a job is; `result` is where its outcome will be."""

    id: str
    kind: str
    state: str
    created: datetime
    finished: datetime | None
    done: int
    total: int
    fault: dict[str, str] | None
    result: str


class Extracted(BaseModel):
    """What was read from one note."""

    id: str
    facts: list[Fact]


class Answered(BaseModel):
    """The answer to one question, or why there is none."""

    id: str
    answer: Answer | None = None
    fault: dict[str, str] | None = None


def _board(request: Request) -> JobBoard:
    board: JobBoard = request.app.state.jobs
    return board


BoardDep = Annotated[JobBoard, Depends(_board)]


@router.post("/extractions", status_code=202, summary="Read notes", dependencies=[Depends(Needs(Action.COMPUTE))])
def extract_notes(body: ExtractionsBody, services: ServicesDep, board: BoardDep, response: Response) -> JobStatus:
    """Reads facts from notes that are not stored; the result is a list in the order of the notes."""

    def work(job: Job) -> list[dict[str, Any]]:
        from nlp_pipeline import extract

        found = []
        notes = [Note(id=n.id, patient_id="", text=n.text, time=_aware(n.time)) for n in body.notes]
        for count, facts in enumerate(extract(notes, nlp=services.nlp), 1):
            found.append(Extracted(id=body.notes[count - 1].id, facts=list(facts)).model_dump(mode="json"))
            job.advance(count, len(notes))
        return found

    return _taken(board.submit(services.caller.subject, "extractions", work), response)


@router.post("/questions", status_code=202, summary="Ask questions", dependencies=[Depends(Needs(Action.READ_RECORD))])
def ask_questions(body: QuestionsBody, services: ServicesDep, board: BoardDep, response: Response) -> JobStatus:
    """Answers questions one after the other; one that cannot be answered says why and does not hold up the others."""
    for question in body.questions:
        parse_as_of(question.as_of)

    def work(job: Job) -> list[dict[str, Any]]:
        found = []
        for count, asked in enumerate(body.questions, 1):
            try:
                moment = parse_as_of(asked.as_of) or now()
                answer = services.assistant.ask(asked.patient_id, asked.question, as_of=moment)
                outcome = Answered(id=asked.id, answer=answer)
            except ChartTwinError as error:
                outcome = Answered(id=asked.id, fault={"kind": error.kind, "message": error.message})
            found.append(outcome.model_dump(mode="json"))
            job.advance(count, len(body.questions))
        return found

    return _taken(board.submit(services.caller.subject, "questions", work), response)


@router.get("", summary="List your jobs")
def list_jobs(services: ServicesDep, board: BoardDep, page: PageDep) -> list[JobStatus]:
    """The caller's jobs, the newest first."""
    return page.of([_status(job) for job in board.of(services.caller.subject)])


@router.get("/{job_id}", summary="How far a job is")
def get_job(job_id: str, services: ServicesDep, board: BoardDep) -> JobStatus:
    """Its state and progress."""
    return _status(board.find(services.caller.subject, job_id))


@router.get("/{job_id}/result", summary="The result of a job")
def get_result(job_id: str, services: ServicesDep, board: BoardDep) -> list[dict[str, Any]]:
    """Its outcome, once it is done.

    Raises:
        InvalidInput: it is not done.
    """
    job = board.find(services.caller.subject, job_id)
    if job.state != "done":
        raise InvalidInput(f"the job is {job.state}", field="job_id")
    result: list[dict[str, Any]] = job.result
    return result


@router.delete("/{job_id}", summary="Cancel a job")
def cancel_job(job_id: str, services: ServicesDep, board: BoardDep) -> JobStatus:
    """Stops it at the next step; what was done so far is forgotten."""
    job = board.find(services.caller.subject, job_id)
    job.stop.set()
    return _status(job)


def _taken(job: Job, response: Response) -> JobStatus:
    response.headers["location"] = f"/v1/jobs/{job.id}"
    response.headers["retry-after"] = "1"
    return _status(job)


def _status(job: Job) -> JobStatus:
    return JobStatus(
        id=job.id, kind=job.kind, state=job.state, created=job.created, finished=job.finished, done=job.done,
        total=job.total, fault=job.fault, result=f"/v1/jobs/{job.id}/result",
    )  # fmt: skip


def _aware(moment: datetime | None) -> datetime | None:
    from datetime import UTC

    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
