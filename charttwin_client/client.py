"""The two clients. Each method says what it calls in `charttwin_client.calls`."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

import httpx

from charttwin_client import calls, models
from charttwin_client.calls import Call
from charttwin_client.errors import ChartTwinProblem

T = TypeVar("T")
_TIMEOUT_S = 120.0
_POLL_S = 0.5
_ENDED = ("done", "failed", "cancelled")


class _Base:
    @staticmethod
    def _headers(key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"} if key else {}

    @staticmethod
    def _options(call: Call[Any], idempotency_key: str | None = None) -> dict[str, Any]:
        options: dict[str, Any] = {"params": dict(call.query or {}) or None}
        if call.body is not None:
            options["json"] = call.body
        if idempotency_key:
            options["headers"] = {"idempotency-key": idempotency_key}
        return options


def _problem(response: httpx.Response) -> ChartTwinProblem:
    try:
        document = response.json()
    except ValueError:
        document = {}
    document = document if isinstance(document, dict) else {}
    return ChartTwinProblem(
        response.status_code, str(document.get("kind", "http_error")), str(document.get("detail", "")), document
    )


def _read(response: httpx.Response, call: Call[T]) -> T:
    if response.is_error:
        raise _problem(response)
    return call.read(response.json())


def _event(lines: Iterable[str]) -> models.Event | None:
    fields = dict(line.split(": ", 1) for line in lines if ": " in line and not line.startswith(":"))
    if "data" not in fields:
        return None
    return models.Event(id=int(fields.get("id", 0)), kind=fields.get("event", ""), data=json.loads(fields["data"]))


class ChartTwin(_Base):
    """The synchronous client.

    Args:
        base_url: Such as `http://127.0.0.1:7860`.
        key: An access key or token; none for a server in local mode.
        http: An httpx client to use instead of one of our own.
    """

    def __init__(self, base_url: str, key: str = "", *, http: httpx.Client | None = None) -> None:
        self._http = http or httpx.Client(base_url=base_url, timeout=_TIMEOUT_S)
        self._http.headers.update(self._headers(key))

    def __enter__(self) -> ChartTwin:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, call: Call[T], *, idempotency_key: str | None = None) -> T:
        """Send one call.

        Raises:
            ChartTwinProblem: the server refused it.
            httpx.HTTPError: there is no answer.
        """
        return _read(self._http.request(call.method, call.path, **self._options(call, idempotency_key)), call)

    def whoami(self) -> models.WhoAmI:
        """Who is calling."""
        return self.send(calls.whoami())

    def patients(self, limit: int = 500, offset: int = 0) -> list[models.Patient]:
        """A page of the patients in reach."""
        return self.send(calls.patients(limit, offset))

    def patient(self, patient_id: str, *, as_of: str | None = None) -> models.PatientDetail:
        """One patient with allergies, problems and counts."""
        return self.send(calls.patient(patient_id, as_of))

    def facts(
        self, patient_id: str, *, kind: str | None = None, limit: int = 500, offset: int = 0
    ) -> list[models.Fact]:
        """A page of what was read from notes."""
        return self.send(calls.facts(patient_id, kind, limit, offset))

    def ask(
        self,
        patient_id: str,
        question: str,
        *,
        as_of: str | None = None,
        thread_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Answer:
        """The cited answer."""
        return self.send(calls.ask(patient_id, question, as_of, thread_id), idempotency_key=idempotency_key)

    def stream(
        self, patient_id: str, question: str, *, as_of: str | None = None, thread_id: str | None = None
    ) -> Iterator[models.Event]:
        """The events of a run; the last is the answer, or an error."""
        call = calls.ask(patient_id, question, as_of, thread_id, stream=True)
        with self._http.stream(call.method, call.path, **self._options(call)) as response:
            if response.is_error:
                response.read()
                raise _problem(response)
            lines: list[str] = []
            for line in response.iter_lines():
                if line:
                    lines.append(line)
                    continue
                event, lines = _event(lines), []
                if event is not None:
                    yield event

    def evidence(self, patient_id: str, ref: str) -> dict[str, Any]:
        """What a citation points to."""
        return self.send(calls.evidence(patient_id, ref))

    def story(
        self,
        patient_id: str,
        *,
        kind: str = "problem_oriented",
        audience: str = "clinician_short",
        as_of: str | None = None,
    ) -> models.Story:
        """The patient's story, every sentence cited."""
        return self.send(calls.story(patient_id, kind, audience, as_of))

    def query(self, patient_id: str, sql: str) -> dict[str, Any]:
        """SQL over one patient's rows, read-only."""
        return self.send(calls.query(patient_id, sql))

    def calculate(self, text: str, question: str) -> models.Calculated:
        """A calculator over the text of a note."""
        return self.send(calls.calculate(text, question))

    def list_models(self) -> list[models.ModelCard]:
        """The models of the twin."""
        return self.send(calls.twin_models())

    def run_model(self, model_id: str, inputs: Mapping[str, Any]) -> models.ModelRun:
        """A run of a model; each input a value or `{"value": …, "unit": …}`."""
        return self.send(calls.run_model(model_id, inputs))

    def extract(self, notes: Sequence[Mapping[str, Any]], *, wait_s: float = 600.0) -> list[dict[str, Any]]:
        """What is read from notes `{"id": …, "text": …}`, as a job that is waited for."""
        return self._finished(self.send(calls.extract(notes)), wait_s)

    def ask_many(self, questions: Sequence[Mapping[str, Any]], *, wait_s: float = 3600.0) -> list[dict[str, Any]]:
        """Answers to questions `{"id", "patient_id", "question"}`, as a job that is waited for."""
        return self._finished(self.send(calls.ask_many(questions)), wait_s)

    def _finished(self, job: models.Job, wait_s: float) -> list[dict[str, Any]]:
        ends = time.monotonic() + wait_s
        while job.state not in _ENDED:
            if time.monotonic() > ends:
                raise TimeoutError(f"job {job.id} is {job.state} after {wait_s:g} s")
            time.sleep(_POLL_S)
            job = self.send(calls.job(job.id))
        return self.send(calls.job_result(_done(job).id))


def _done(job: models.Job) -> models.Job:
    if job.state != "done":
        fault = job.fault or {"kind": job.state, "message": "the job did not end well"}
        raise ChartTwinProblem(422, fault["kind"], fault["message"], {"job": job.id})
    return job


class AsyncChartTwin(_Base):
    """The asynchronous client; `send` takes every call of `charttwin_client.calls`."""

    def __init__(self, base_url: str, key: str = "", *, http: httpx.AsyncClient | None = None) -> None:
        self._http = http or httpx.AsyncClient(base_url=base_url, timeout=_TIMEOUT_S)
        self._http.headers.update(self._headers(key))

    async def __aenter__(self) -> AsyncChartTwin:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def send(self, call: Call[T], *, idempotency_key: str | None = None) -> T:
        """Send one call.

        Raises:
            ChartTwinProblem: the server refused it.
            httpx.HTTPError: there is no answer.
        """
        return _read(await self._http.request(call.method, call.path, **self._options(call, idempotency_key)), call)

    async def ask(
        self, patient_id: str, question: str, *, as_of: str | None = None, thread_id: str | None = None
    ) -> models.Answer:
        """The cited answer."""
        return await self.send(calls.ask(patient_id, question, as_of, thread_id))

    async def stream(
        self, patient_id: str, question: str, *, as_of: str | None = None, thread_id: str | None = None
    ) -> AsyncIterator[models.Event]:
        """The events of a run; the last is the answer, or an error."""
        call = calls.ask(patient_id, question, as_of, thread_id, stream=True)
        async with self._http.stream(call.method, call.path, **self._options(call)) as response:
            if response.is_error:
                await response.aread()
                raise _problem(response)
            lines: list[str] = []
            async for line in response.aiter_lines():
                if line:
                    lines.append(line)
                    continue
                event, lines = _event(lines), []
                if event is not None:
                    yield event
