"""Writes `app/api/examples.json`: one real exchange for each operation of the API, over a copy of a loaded demo.

`charttwin demo --no-serve --data-dir DIR`, then `python docs/render_api_examples.py DIR`.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from app.api.description import EXAMPLES
from app.api.main import build_app
from app.assembly import Services
from app.fhir.capability import smart_configuration
from app.settings import load_settings

PATIENT, AS_OF = "demo-ct-006", "2026-11-01"
LONGEST_LIST, LONGEST_ROW, LONGEST_TEXT = 2, 6, 400
Json = dict[str, Any]


class Exchanges:
    """Asks, keeps what was asked and answered, and hands on what later requests need."""

    def __init__(self, client: TestClient) -> None:
        self.client, self.kept = client, dict[str, Json]()

    def __call__(
        self,
        method: str,
        template: str,
        *,
        path: Json | None = None,
        query: Json | None = None,
        body: Any = None,
        **options: Any,
    ) -> Any:
        """One exchange; the answer in full."""
        address = template
        for name, value in (path or {}).items():
            address = address.replace(f"{{{name}}}", str(value))
        if isinstance(body, bytes):
            options["content"] = body
        elif body is not None:
            options["json"] = body
        answer = self.client.request(method, address, params=query, follow_redirects=False, **options)
        media = answer.headers.get("content-type", "").partition(";")[0]
        if answer.status_code >= 400:
            raise SystemExit(f"{method} {template}: {answer.status_code} {answer.text[:500]}")
        told: Any = answer.text if not media.endswith("json") else answer.json() if answer.content else None
        example: Json = {"path": path, "query": query, "body": body if not isinstance(body, bytes) else None}
        example = {name: value for name, value in example.items() if value is not None} | {"status": answer.status_code}
        if told is not None and answer.content:
            example |= {"media": media, "answer": _shortened(told)}
        self.kept[f"{method} {template}"] = example
        return told


def _shortened(value: Any) -> Any:
    """As it was, with long lists and texts cut."""
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        plain = all(isinstance(item, str | int | float | bool) for item in value)  # a pair or triple stays whole
        return [_shortened(item) for item in value[: LONGEST_ROW if plain else LONGEST_LIST]]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]} …"
    return value


def ask_everything(ask: Exchanges) -> None:
    """Every operation once, in an order in which each finds what it needs."""
    patient = {"patient_id": PATIENT}
    for _ in range(600):
        if (ready := ask.client.get("/readyz")).status_code == 200:
            break
        time.sleep(0.2)
    else:
        raise SystemExit(f"the server does not become ready: {ready.text}")
    for address in ("/healthz", "/readyz", "/version", "/v1/whoami", "/cds-services", "/fhir/metadata", "/v1/models"):
        ask("GET", address)
    ask("GET", "/metrics")
    ask("GET", "/v1/models/{model_id}", path={"model_id": "charttwin"})
    ask("GET", "/v1/patients", query={"limit": 2})
    ask("GET", "/v1/patients/{patient_id}", path=patient)
    ask("GET", "/v1/patients/{patient_id}/facts", path=patient, query={"limit": 2})
    answer = ask(
        "POST",
        "/v1/patients/{patient_id}/ask",
        path=patient,
        body={"question": "What was the last potassium?", "as_of": AS_OF, "thread_id": "example-1"},
    )
    ref = next(c["evidence"]["ref"] for c in answer["citations"])
    ask("GET", "/v1/patients/{patient_id}/evidence", path=patient, query={"ref": ref})
    ask("POST", "/v1/patients/{patient_id}/answers/export", path=patient, query={"format": "markdown"}, body=answer)
    ask(
        "POST",
        "/v1/feedback",
        body={"patient_id": PATIENT, "question": "What was the last potassium?", "verdict": "helpful"},
    )
    _follow(ask, patient)
    listed = ask("GET", "/v1/threads", query={"patient_id": PATIENT})
    thread = {"thread_id": listed[0]["id"]}
    ask("GET", "/v1/threads/{thread_id}", path=thread)
    ask("GET", "/v1/threads/{thread_id}/export", path=thread)
    ask("DELETE", "/v1/threads/{thread_id}", path=thread)
    ask("DELETE", "/v1/threads", query={"patient_id": PATIENT})
    story = {"kind": "one_liner", "as_of": AS_OF}
    ask("GET", "/v1/patients/{patient_id}/story", path=patient, query=story)
    sql = "SELECT date, value, unit FROM observation WHERE concept = 'potassium' ORDER BY date DESC"
    ask("POST", "/v1/patients/{patient_id}/query", path=patient, body={"sql": sql, "as_of": AS_OF})
    _drafts(ask, patient)
    _twin(ask)
    ask(
        "POST",
        "/v1/calculate",
        body={"text": "A 70-year-old man, weight 80 kg, creatinine 1.4 mg/dL.", "question": "creatinine clearance?"},
    )
    ask("POST", "/v1/notes/text", body=b"Denies chest pain.", headers={"x-file-name": "note.txt"})
    ask(
        "POST",
        "/v1/verify",
        body={
            "text": "Her potassium is 6.4 mmol/L.",
            "evidence": [{"id": "lab-1", "text": "Potassium 5.4 mmol/L on 2026-10-19."}],
        },
    )
    ask(
        "POST",
        "/v1/chat/completions",
        body={
            "model": "charttwin",
            "messages": [{"role": "user", "content": "What was the last potassium?"}],
            "metadata": {"patient_id": PATIENT, "as_of": AS_OF},
        },
    )
    agui: Json = {"threadId": "t-1", "runId": "r-1", "forwardedProps": {"as_of": AS_OF}}
    agui["messages"] = [{"id": "m-1", "role": "user", "content": "What was the last potassium?"}]
    ask("POST", "/v1/patients/{patient_id}/agui", path=patient, body=agui)
    _jobs(ask)
    _fhir(ask, patient)
    _cds(ask)
    ask(
        "POST",
        "/v1/patients/{patient_id}/break-glass",
        path=patient,
        body={"reason": "Called to a cardiac arrest on the ward, patient unknown to me."},
    )
    ask("GET", "/v1/audit", query={"patient": PATIENT, "limit": 2})


def _follow(ask: Exchanges, patient: Json) -> None:
    asked = {"question": "What was the last sodium?", "as_of": AS_OF, "resumable": True}
    started = ask.client.post(f"/v1/patients/{PATIENT}/ask", json=asked)
    run = {"run_id": started.headers["location"].rsplit("/", 1)[1]}
    ask("GET", "/v1/patients/{patient_id}/ask/{run_id}", path={**patient, **run})


def _drafts(ask: Exchanges, patient: Json) -> None:
    made = ask(
        "POST", "/v1/patients/{patient_id}/drafts", path=patient, body={"request": "order furosemide 20 mg PO daily"}
    )
    draft = {"draft_id": made["id"]}
    ask("GET", "/v1/patients/{patient_id}/drafts", path=patient)
    ask("GET", "/v1/drafts/{draft_id}", path=draft)
    changed = {"version": 1, "arguments": {"order": "furosemide 40 mg PO daily"}}
    ask("POST", "/v1/drafts/{draft_id}/edit", path=draft, body=changed)
    reason = "discussed with the renal team"
    ask("POST", "/v1/drafts/{draft_id}/confirm", path=draft, body={"version": 2, "override_reason": reason})
    other = ask.client.post(f"/v1/patients/{PATIENT}/drafts", json={"request": "order aspirin 81 mg PO daily"}).json()
    ask("POST", "/v1/drafts/{draft_id}/reject", path={"draft_id": other["id"]}, body={"reason": "not indicated"})


def _twin(ask: Exchanges) -> None:
    gap = {"model_id": "anion_gap"}
    inputs = {"sodium_meq_l": 140, "chloride_meq_l": 104, "bicarbonate_meq_l": 14}
    ask("GET", "/v1/twin/models")
    ask("GET", "/v1/twin/models/{model_id}", path=gap)
    run = ask("POST", "/v1/twin/models/{model_id}/runs", path=gap, body={"inputs": inputs})
    scenarios = [{"name": "corrected", "changes": {"bicarbonate_meq_l": 24}}]
    both = {"inputs": inputs, "scenarios": scenarios}
    ask("POST", "/v1/twin/models/{model_id}/comparisons", path=gap, body=both)
    ask("POST", "/v1/twin/models/{model_id}/sensitivity", path=gap, body={"inputs": inputs})
    vancomycin = {"model_id": "vancomycin_buelga2005"}
    person = {"age_years": 60, "sex": "male", "weight_kg": 80, "height_cm": 175, "creatinine_mg_dl": 1.0}
    regimen = {"dose_mg": 1000, "interval_h": 12, "infusion_h": 1}
    card = ask.client.get("/v1/twin/models/vancomycin_buelga2005").json()
    names = {i["name"] for i in card["inputs"]}
    given = {name: value for name, value in {**person, **regimen}.items() if name in names}
    measured = [{"mg_l": 12.0, "time_h": 11.5, "dose_number": 3}]
    body = {"inputs": given, "measurements": measured}
    ask("POST", "/v1/twin/models/{model_id}/calibrations", path=vancomycin, body=body)
    ask("GET", "/v1/twin/chains")
    ask(
        "POST",
        "/v1/twin/joined",
        body={
            "chain": {"name": "kidney", "steps": [{"name": "kidney", "model": "cockcroft_gault"}]},
            "inputs": person,
        },
    )
    kept = {"run_id": run["id"]}
    ask("GET", "/v1/twin/runs/{run_id}", path=kept)
    ask("GET", "/v1/twin/runs/{run_id}/explanation", path=kept)
    ask("POST", "/v1/twin/runs/{run_id}/replay", path=kept)


def _jobs(ask: Exchanges) -> None:
    ask("POST", "/v1/jobs/extractions", body={"notes": [{"id": "n1", "text": "Denies chest pain. BP 140/90."}]})
    question = {"id": "1", "patient_id": PATIENT, "question": "latest potassium?", "as_of": AS_OF}
    job = {"job_id": ask("POST", "/v1/jobs/questions", body={"questions": [question]})["id"]}
    while ask("GET", "/v1/jobs/{job_id}", path=job)["state"] not in ("done", "failed"):
        time.sleep(0.2)
    ask("GET", "/v1/jobs", query={"limit": 2})
    ask("GET", "/v1/jobs/{job_id}/result", path=job)
    ask("DELETE", "/v1/jobs/{job_id}", path=job)


def _fhir(ask: Exchanges, patient: Json) -> None:
    ask("GET", "/fhir/Patient", query={"_count": 2})
    ask("GET", "/fhir/AuditEvent", query={"patient": PATIENT, "_count": 1})
    ask("GET", "/fhir/Patient/{patient_id}/$everything", path=patient, query={"_count": 2})
    found = ask(
        "GET", "/fhir/{resource_type}", path={"resource_type": "Observation"}, query={"patient": PATIENT, "_count": 1}
    )
    one = found["entry"][0]["resource"]["id"]
    ask("GET", "/fhir/{resource_type}/{resource_id}", path={"resource_type": "Observation", "resource_id": one})
    note = {
        "resourceType": "DocumentReference",
        "id": "example-note",
        "status": "current",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "date": "2026-11-01T09:00:00Z",
        "content": [{"attachment": {"contentType": "text/plain", "data": "RGVuaWVzIGNoZXN0IHBhaW4u"}}],
    }
    ask("POST", "/fhir/DocumentReference", body=note)
    person = {"resourceType": "Patient", "id": "example-1", "name": [{"family": "Example", "given": ["Ada"]}]}
    ask("POST", "/fhir", body={"resourceType": "Bundle", "type": "collection", "entry": [{"resource": person}]})


def _cds(ask: Exchanges) -> None:
    hook = "7d3f2b0e-6f0c-4c5b-9d0a-0f3f6e0f4a11"
    context = {"userId": "Practitioner/example", "patientId": PATIENT}
    body = {"hook": "patient-view", "hookInstance": hook, "context": context}
    cards = ask("POST", "/cds-services/{service_id}", path={"service_id": "charttwin-chart"}, body=body)
    card = cards["cards"][0]["uuid"]
    feedback = {"feedback": [{"card": card, "outcome": "accepted", "outcomeTimestamp": "2026-11-01T09:00:00Z"}]}
    ask("POST", "/cds-services/{service_id}/feedback", path={"service_id": "charttwin-chart"}, body=feedback)


def main(folder: Path) -> None:
    """Ask, and write the file."""
    with tempfile.TemporaryDirectory() as scratch:
        data_dir = Path(shutil.copytree(folder, Path(scratch) / "data"))
        app = build_app(Services(load_settings(data_dir=data_dir, access="local")), with_ui=False)
        with TestClient(app, base_url="http://127.0.0.1:7860") as client:
            ask = Exchanges(client)
            ask_everything(ask)
    issuer = "https://id.hospital.example"
    configured = smart_configuration(issuer, f"{issuer}/authorize", f"{issuer}/token", f"{issuer}/keys")
    ask.kept["GET /fhir/.well-known/smart-configuration"] = {"status": 200, "answer": configured}
    EXAMPLES.write_text(json.dumps(dict(sorted(ask.kept.items())), indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
