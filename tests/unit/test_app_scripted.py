"""A scripted stand-in for the language model side: the assistant's interface over the real record store.

It answers a few fixed questions with every kind of event, citation, callout and plot that the doors have to show.
"""

from __future__ import annotations

import asyncio
import atexit
import gzip
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from app.assembly import Services
from app.settings import load_settings
from domain.answers import Answer, Citation, Conflict, ToolCall
from domain.errors import ChartTwinError, InvalidInput
from domain.facts import Evidence, Note
from domain.predictions import InputUsed, ModelRun, Output, Series

SYNTHEA = Path(__file__).parents[1] / "data" / "synthea_fhir" / "Edythe31_Morar593_9c3df38a.json.gz"
PATIENT_ID = "9c3df38a-d3b7-2198-3898-51f9153d023d"
POISON = '<script>window.poisoned = 1</script><img src="http://evil.example/x.png"> ${1+1} {{value}} [1](http://evil.example)'
RUN = ModelRun(
    id="run-0001",
    model_id="vancomycin_goti_2018",
    model_version="1",
    title="Vancomycin exposure",
    outputs=(Output(name="auc24", label="AUC over 24 h", value=512.3, unit="mg.h/L", display="512 mg·h/L"),),
    series=(
        Series(
            name="baseline",
            label="1000 mg every 12 h",
            unit="mg/L",
            times=(0, 2, 6, 12),
            values=(0, 28, 17, 9),
            lower=(0, 20, 11, 5),
            upper=(0, 36, 24, 14),
        ),
        Series(name="changed", label="1250 mg every 12 h", unit="mg/L", times=(0, 2, 6, 12), values=(0, 35, 21, 11)),
    ),
    inputs=(
        InputUsed(name="weight_kg", label="Body weight", value=71.2, unit="kg", origin="resource"),
        InputUsed(name="dialysis", label="On dialysis", value=False, origin="population_default", note="not recorded"),
    ),
    warnings=("The interval was not given and 12 h was assumed.",),
    source="Goti 2018",
    doi="10.1097/FTD.0000000000000490",
    population="Hospitalised adults",
)


class ScriptedEvent(NamedTuple):
    kind: str
    data: dict[str, Any]


class ScriptedAssistant:
    """Answers by a word of the question; `started` and `finished` count runs, to see that one was stopped."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.threads: list[tuple[str, str | None, str]] = []
        self.started = 0
        self.finished = 0
        self.pause_s = 0.0

    def warm(self) -> None:
        pass

    def ask(
        self,
        patient_id: str,
        question: str,
        *,
        as_of: datetime | None = None,
        thread_id: str | None = None,
        owner: str = "local",
    ) -> Answer:
        for event in self.stream(patient_id, question, as_of=as_of, thread_id=thread_id):
            if event.kind == "answer":
                return Answer.model_validate(event.data)
        raise AssertionError("no answer")

    def stream(
        self,
        patient_id: str,
        question: str,
        *,
        as_of: datetime | None = None,
        thread_id: str | None = None,
        owner: str = "local",
    ) -> Iterator[ScriptedEvent]:
        self.started += 1
        self.threads.append((patient_id, thread_id, question))
        _check(question)
        self._services.store.patient(patient_id)
        yield ScriptedEvent("step", {"name": "prefetch"})
        yield ScriptedEvent("step", {"name": "act"})
        answer = self._answer(patient_id, question)
        for number, call in enumerate(answer.tool_calls):
            started = {"phase": "start", "id": f"call-{number}", "name": call.name, "arguments": call.arguments}
            yield ScriptedEvent("tool", started)
            yield ScriptedEvent("tool", {"phase": "end", "id": f"call-{number}", **call.model_dump(mode="json")})
        yield ScriptedEvent("token", {"text": "A draft that is taken back."})
        yield ScriptedEvent("reset", {})
        for word in re.findall(r"\S+\s*", answer.text):
            yield ScriptedEvent("token", {"text": word})
        yield ScriptedEvent("answer", answer.model_dump(mode="json"))
        self.finished += 1

    async def astream(
        self,
        patient_id: str,
        question: str,
        *,
        as_of: datetime | None = None,
        thread_id: str | None = None,
        owner: str = "local",
    ) -> AsyncIterator[ScriptedEvent]:
        try:
            for event in self.stream(patient_id, question, as_of=as_of, thread_id=thread_id):
                await asyncio.sleep(self.pause_s)
                yield event
        except ChartTwinError as error:
            yield ScriptedEvent("error", {"kind": error.kind, "message": error.message})

    def _answer(self, patient_id: str, question: str) -> Answer:
        text = question.lower()
        if "crash" in text:
            raise KeyError("PHI-MARKER-7731 in an exception")
        if "what if" in text:
            return self._simulation(patient_id, question)
        if "trend" in text:
            return self._trend(patient_id, question)
        if "poison" in text:
            return self._poisoned(patient_id, question)
        return Answer(question=question, text="Not documented: looked at conditions and notes.", abstained=True)

    def _trend(self, patient_id: str, question: str) -> Answer:
        rows = [
            r
            for r in self._services.store.observations(patient_id)
            if r.value is not None and "weight" in r.display.lower()
        ]
        assert rows, "the test record has body weights"
        note = self._services.store.notes(patient_id)[-1]
        points = [{"time": r.time.isoformat() if r.time else None, "value": r.value, "ref": r.ref} for r in rows]
        last = rows[-1]
        span = Evidence(ref=f"Note/{note.id}#0-40", quote=note.text[:40], time=note.time)
        return Answer(
            question=question,
            text=f"Body weight was last **{last.value:.1f} {last.unit}** [1] & was noted [2].\n\n- rows: {len(rows)} [1, 2]",
            citations=(
                Citation(
                    number=1, evidence=Evidence(ref=last.ref, quote=f"{last.display} {last.value:.1f}", time=last.time)
                ),
                Citation(number=2, evidence=span),
            ),
            warnings=("The last value is more than a year old.",),
            conflicts=(
                Conflict(topic="smoking", record_says="never smoker", note_says="active smoker", evidence=(span,)),
            ),
            tool_calls=(
                ToolCall(
                    name="series", arguments={"concept": "body weight"}, summary=f"{len(rows)} values", latency_ms=3.2
                ),
            ),
            artifacts=(
                {"kind": "trend", "title": "Body weight", "unit": last.unit, "points": points, "reference_range": None},
            ),
            latency_s=0.05,
        )

    def _simulation(self, patient_id: str, question: str) -> Answer:
        self._services.store.save_run(patient_id, RUN)
        series = [series.model_dump(mode="json") for series in RUN.series]
        return Answer(
            question=question,
            text="The simulated AUC over 24 h is **512 mg·h/L** [1].",
            citations=(Citation(number=1, evidence=Evidence(ref=f"Run/{RUN.id}", quote="AUC 512 mg·h/L")),),
            tool_calls=(
                ToolCall(name="simulate", arguments={"model": RUN.model_id}, summary="AUC 512", latency_ms=41),
            ),
            artifacts=({"kind": "simulation", "title": "Vancomycin", "series": series, "runs": [RUN.id]},),
        )

    def _poisoned(self, patient_id: str, question: str) -> Answer:
        note = next(n for n in self._services.store.notes(patient_id) if "poisoned" in n.text)
        start = note.text.index("<script>")
        evidence = Evidence(ref=f"Note/{note.id}#{start}-{start + len(POISON)}", quote=POISON, time=note.time)
        return Answer(
            question=question, text=f"The note says {POISON} [1]", citations=(Citation(number=1, evidence=evidence),)
        )


def _check(question: str) -> None:
    if not question.strip():
        raise InvalidInput("the question is empty")
    if len(question) > 20_000:
        raise InvalidInput("a question has at most 20,000 characters")


@cache
def loaded_record() -> Path:
    """A data directory with one Synthea patient and one poisoned note, without facts or vectors; never written again."""
    from knowledge_base.ingest import ingest_note, ingest_paths
    from knowledge_base.records import RecordStore

    data_dir = Path(tempfile.mkdtemp(prefix="charttwin-test-"))
    atexit.register(shutil.rmtree, data_dir, ignore_errors=True)
    store = RecordStore(data_dir)
    bundle = data_dir / "bundle.json"
    bundle.write_text(json.dumps(json.loads(gzip.decompress(SYNTHEA.read_bytes()))), encoding="utf-8")
    ingest_paths([bundle], store, facts=False)
    text = f"Nursing note\nPatient resting.\n{POISON}\nPlan: continue."
    time = datetime.fromisoformat("2019-04-02T09:30:00-04:00")
    note = Note(id="poisoned-1", patient_id=PATIENT_ID, text=text, title="Nursing note", time=time)
    ingest_note(note, store, facts=False)
    store.close()
    return data_dir


def scripted_services(data_dir: Path, **settings: Any) -> tuple[Services, ScriptedAssistant]:
    """Parts over a copy of the loaded record, with the scripted assistant and without an index."""
    shutil.copytree(loaded_record(), data_dir, dirs_exist_ok=True)
    services = Services(load_settings(data_dir=data_dir, **settings))
    assistant = ScriptedAssistant(services)
    return services.provide(assistant=assistant, index=None), assistant


def test_the_scripted_assistant_keeps_the_interface(tmp_path: Path) -> None:
    services, assistant = scripted_services(tmp_path)
    kinds = [event.kind for event in assistant.stream(PATIENT_ID, "weight trend")]
    assert set(kinds) == {"step", "tool", "token", "reset", "answer"} and kinds[-1] == "answer"
    assert assistant.ask(PATIENT_ID, "what if").artifacts
    services.close()
