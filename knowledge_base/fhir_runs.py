"""A model run as a FHIR R4 Bundle: RiskAssessment, Observations, the model as a Device, and Provenance.

Everything is `preliminary`: a model said it and no clinician has confirmed it. A simulated course is an Observation
with SampledData where its times are even, else one Observation for each time in a panel; no value is resampled.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from domain.facts import EvidenceKind
from domain.predictions import InputUsed, ModelRun, Output, Series
from knowledge_base.elements import Json
from knowledge_base.fhir_bundle import BASE_URL, PATIENT_ID

RUN_ID = f"{BASE_URL}/run-id"
MODEL_ID = f"{BASE_URL}/model-id"
OUTPUT = f"{BASE_URL}/model-output"
INPUT = f"{BASE_URL}/StructureDefinition/model-input"
UCUM = "http://unitsofmeasure.org"
_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_MS_OF = {"s": 1e3, "min": 6e4, "h": 3.6e6, "d": 8.64e7, "wk": 6.048e8, "mo": 2.6298e9, "a": 3.15576e10}
_EVEN = 1e-6  # relative
_CHANCES = ("risk", "probability", "mortality", "survival", "rate", "chance")


def bundle_of_run(run: ModelRun, *, patient_id: str, recorded: datetime) -> Json:
    """The collection Bundle of a run.

    Args:
        run: What a model computed.
        patient_id: Whose inputs it was given.
        recorded: When; simulated courses start then.
    """
    subject = _subject(patient_id)
    device = _device(run)
    chances = [output for output in run.outputs if _is_chance(run, output)]
    observations = [_observation(run, output, subject, recorded) for output in run.outputs if output not in chances]
    observations += [made for series in run.series for made in _course(run, series, subject, recorded)]
    resources = list(observations)
    if predictions := [*map(_chance, chances), *map(_reading, filter(_is_read_score, run.outputs))]:
        resources.insert(0, _risk(run, predictions, observations, subject, recorded))
    entries = [*resources, device, _provenance(run, resources, recorded)]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {"system": RUN_ID, "value": run.id},
        "timestamp": recorded.isoformat(),
        "entry": [{"fullUrl": f"{BASE_URL}/{r['resourceType']}/{r['id']}", "resource": r} for r in entries],
    }


def _is_chance(run: ModelRun, output: Output) -> bool:
    """Whether an output is the probability of an event to come, and not a value of its own."""
    words = f"{output.name} {output.label}".lower()
    return output.unit == "%" and not run.series and any(word in words for word in _CHANCES)


def _is_read_score(output: Output) -> bool:
    return output.unit == "{score}" and bool(output.interpretation)


def _id(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _subject(patient_id: str) -> Json:
    if _FHIR_ID.fullmatch(patient_id):
        return {"reference": f"Patient/{patient_id}"}
    return {"identifier": {"system": PATIENT_ID, "value": patient_id}}


def _device(run: ModelRun) -> Json:
    return {
        "resourceType": "Device",
        "id": _id("model", run.model_id, run.model_version),
        "identifier": [{"system": MODEL_ID, "value": run.model_id}],
        "deviceName": [{"name": run.title, "type": "model-name"}],
        "version": [{"value": run.model_version}],
        "note": [{"text": f"{run.source} doi:{run.doi}"}, {"text": run.population}, {"text": run.disclaimer}],
    }


def _to_device(run: ModelRun) -> Json:
    return {"reference": f"Device/{_id('model', run.model_id, run.model_version)}"}


def _code(run: ModelRun, name: str, label: str) -> Json:
    return {"coding": [{"system": OUTPUT, "code": f"{run.model_id}.{name}", "display": label}], "text": label}


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit} if unit else {"value": value}


def _observation(run: ModelRun, output: Output, subject: Json, recorded: datetime) -> Json:
    if isinstance(output.value, bool):
        value: Json = {"valueBoolean": output.value}
    elif isinstance(output.value, str):
        value = {"valueString": output.value or "(none)"}
    else:
        value = {"valueQuantity": _quantity(output.value, output.unit)}
    reading = {"interpretation": [{"text": output.interpretation}]} if output.interpretation else {}
    return {
        **_base(run, output.name, output.label, subject),
        "effectiveDateTime": recorded.isoformat(),
        **value,
        **reading,
        **({"note": [{"text": text} for text in run.warnings]} if run.warnings else {}),
    }


def _base(run: ModelRun, name: str, label: str, subject: Json) -> Json:
    return {
        "resourceType": "Observation",
        "id": _id(run.id, name),
        "status": "preliminary",
        "category": [{"text": "computed by a model"}],
        "code": _code(run, name, label),
        "subject": subject,
        "device": _to_device(run),
    }


def _risk(
    run: ModelRun, predictions: Sequence[Json], observations: Sequence[Json], subject: Json, recorded: datetime
) -> Json:
    basis = [{"reference": ref} for ref in _evidence(run.inputs)]
    basis += [{"reference": f"Observation/{made['id']}"} for made in observations]
    return {
        "resourceType": "RiskAssessment",
        "id": _id(run.id, "risk"),
        "identifier": [{"system": RUN_ID, "value": run.id}],
        "status": "preliminary",
        "method": {"coding": [{"system": MODEL_ID, "code": run.model_id, "display": run.title}]},
        "subject": subject,
        "occurrenceDateTime": recorded.isoformat(),
        "performer": _to_device(run),
        **({"basis": basis} if basis else {}),
        "prediction": list(predictions),
        "note": [{"text": text} for text in (*run.warnings, f"Derived in: {run.population}", run.disclaimer)],
    }


def _chance(output: Output) -> Json:
    said: Json = {"qualitativeRisk": {"text": str(output.value)}}
    if not isinstance(output.value, (bool, str)):
        said = {"probabilityDecimal": output.value}  # in %, as FHIR has it
    reason = {"rationale": output.interpretation} if output.interpretation else {}
    return {"outcome": {"text": output.label}, **said, **reason}


def _reading(score: Output) -> Json:
    """What a publication says of so many points."""
    return {
        "outcome": {"text": score.label},
        "qualitativeRisk": {"text": score.interpretation},
        "rationale": score.display,
    }


def _course(run: ModelRun, series: Series, subject: Json, recorded: datetime) -> list[Json]:
    base = {**_base(run, f"series.{series.name}", series.label, subject), "effectiveDateTime": recorded.isoformat()}
    note = {"note": [{"text": f"Bands: {series.band}"}]} if series.band else {}
    period_ms = _period_ms(series)
    if period_ms is not None:
        return [{**base, **note, "valueSampledData": _sampled(series, period_ms)}]
    points = [_point(run, series, n, subject, recorded) for n in range(len(series.times))]
    members = [{"reference": f"Observation/{point['id']}"} for point in points]
    return [{**base, **note, "hasMember": members}, *points]


def _period_ms(series: Series) -> float | None:
    """The time between two points in ms, or None where the times are uneven."""
    gaps = [later - earlier for earlier, later in pairwise(series.times)]
    if not gaps or any(abs(gap - gaps[0]) > _EVEN * abs(gaps[0]) for gap in gaps) or gaps[0] <= 0:
        return None
    return gaps[0] * _MS_OF[series.time_unit]


def _sampled(series: Series, period_ms: float) -> Json:
    """Value by value, or value, lower, upper in turn where there is a band."""
    columns = [series.values, series.lower, series.upper] if series.lower and series.upper else [series.values]
    return {
        "origin": _quantity(0, series.unit),
        "period": period_ms,
        "dimensions": len(columns),
        "data": " ".join(f"{value:.10g}" for point in zip(*columns, strict=True) for value in point),
    }


def _point(run: ModelRun, series: Series, n: int, subject: Json, recorded: datetime) -> Json:
    after = timedelta(milliseconds=series.times[n] * _MS_OF[series.time_unit])
    made = {
        **_base(run, f"series.{series.name}", series.label, subject),
        "id": _id(run.id, series.name, str(n)),
        "effectiveDateTime": (recorded + after).isoformat(),
        "valueQuantity": _quantity(series.values[n], series.unit),
    }
    if series.lower and series.upper:
        limits = (("lower", series.lower[n]), ("upper", series.upper[n]))
        made["component"] = [
            {"code": _code(run, f"series.{series.name}.{name}", f"{name} end of the band"),
             "valueQuantity": _quantity(value, series.unit)}
            for name, value in limits
        ]  # fmt: skip
    return made


def _evidence(used: Sequence[InputUsed]) -> list[str]:
    """The resources and notes that inputs were read from, each once."""
    found = []
    for item in used:
        if item.evidence is None or item.evidence.kind not in (EvidenceKind.RESOURCE, EvidenceKind.SPAN):
            continue
        ref = item.evidence.ref
        found.append(f"DocumentReference/{ref[5:].partition('#')[0]}" if ref.startswith("Note/") else ref)
    return list(dict.fromkeys(found))


def _provenance(run: ModelRun, targets: Sequence[Json], recorded: datetime) -> Json:
    sources = [{"role": "source", "what": {"reference": ref}} for ref in _evidence(run.inputs)]
    return {
        "resourceType": "Provenance",
        "id": _id(run.id, "provenance", *(made["id"] for made in targets)),
        "extension": [_input_extension(item) for item in run.inputs],
        "target": [{"reference": f"{made['resourceType']}/{made['id']}"} for made in targets],
        "recorded": recorded.isoformat(),
        "activity": {"text": f"model run {run.id}: {run.model_id} {run.model_version}, seed {run.seed}, {run.solver}"},
        "agent": [
            {
                "type": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                            "code": "assembler",
                        }
                    ]
                },
                "who": _to_device(run),
            }
        ],
        **({"entity": sources} if sources else {}),
    }


def _input_extension(item: InputUsed) -> Json:
    """An input as the run used it: name, value in its unit, origin, time, and where it was read."""
    value = item.value
    if isinstance(value, bool):
        said: list[Json] = [{"url": "value", "valueBoolean": value}]
    elif isinstance(value, str):
        said = [{"url": "value", "valueString": value}]
    else:
        numbers = value if isinstance(value, tuple) else (value,)
        said = [{"url": "value", "valueQuantity": _quantity(number, item.unit)} for number in numbers]
    parts: list[Json] = [{"url": "name", "valueCode": item.name}, *said, {"url": "origin", "valueCode": item.origin}]
    if item.time is not None:
        parts.append({"url": "time", "valueDateTime": item.time.isoformat()})
    if item.evidence is not None:
        parts.append({"url": "evidence", "valueString": item.evidence.ref})
    if item.note:
        parts.append({"url": "note", "valueString": item.note})
    return {"url": INPUT, "extension": parts}
