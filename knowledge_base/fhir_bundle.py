"""One note and its facts as a FHIR R4 Bundle: the note, the resources, and where each of them comes from."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

from domain.facts import Fact, Note
from knowledge_base.elements import Json
from knowledge_base.fhir_facts import resources_of

BASE_URL = "https://charttwin.example/fhir"
NOTE_SPAN = f"{BASE_URL}/StructureDefinition/note-span"
NOTE_ID = f"{BASE_URL}/note-id"
PATIENT_ID = f"{BASE_URL}/patient-id"
_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def bundle_of(note: Note, facts: Sequence[Fact], *, recorded: datetime, version: str) -> Json:
    """The collection Bundle of a note: a DocumentReference, a resource for each fact that FHIR can say, a Provenance.

    Args:
        note: The note that the facts were read from.
        facts: Its facts.
        recorded: When they were read.
        version: Of the extractor.
    """
    subject = _subject(note.patient_id)
    document = _document(note, subject)
    resources = [{**made, "extension": [span_extension(fact)]} for made, fact in resources_of(facts, subject)]
    entries = [document, *resources]
    if resources:
        entries.append(_provenance(document, resources, recorded, version))
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {"system": NOTE_ID, "value": note.id},
        "timestamp": recorded.isoformat(),
        "entry": [{"fullUrl": f"{BASE_URL}/{r['resourceType']}/{r['id']}", "resource": r} for r in entries],
    }


def fault_bundle(identifier: str, kind: str, message: str) -> Json:
    """The Bundle of a note that could not be read: an OperationOutcome that says why."""
    issue = {"severity": "error", "code": "invalid" if kind.startswith("invalid") else "exception",
             "details": {"text": kind}, "diagnostics": message}  # fmt: skip
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {"system": NOTE_ID, "value": identifier},
        "entry": [{"resource": {"resourceType": "OperationOutcome", "issue": [issue]}}],
    }


def span_extension(fact: Fact) -> Json:
    """The extension `note-span`: which characters of which note a resource was read from."""
    span = fact.evidence.span
    parts: list[Json] = []
    if span is not None:
        parts = [
            {"url": "noteId", "valueString": span.note_id},
            {"url": "start", "valueUnsignedInt": span.start},
            {"url": "end", "valueUnsignedInt": span.end},
        ]
    if fact.evidence.quote:
        parts.append({"url": "quote", "valueString": fact.evidence.quote})
    if fact.section:
        parts.append({"url": "section", "valueString": fact.section})
    return {
        "url": NOTE_SPAN,
        "extension": [*parts, {"url": "extractorVersion", "valueString": fact.extractor_version or "unknown"}],
    }


def _subject(patient_id: str) -> Json | None:
    if not patient_id:
        return None
    if _FHIR_ID.fullmatch(patient_id):
        return {"reference": f"Patient/{patient_id}"}
    return {"identifier": {"system": PATIENT_ID, "value": patient_id}}


def _document(note: Note, subject: Json | None) -> Json:
    raw = note.text.encode("utf-8", "replace")
    fits = _FHIR_ID.fullmatch(note.id) is not None
    attachment = {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(raw).decode()}
    return {
        "resourceType": "DocumentReference",
        "id": note.id if fits else hashlib.sha256(note.id.encode()).hexdigest()[:32],
        "identifier": [{"system": NOTE_ID, "value": note.id}],
        "status": "current",
        **({"subject": subject} if subject else {}),
        **({"date": note.time.isoformat()} if note.time else {}),
        "content": [{"attachment": attachment if raw else {"contentType": "text/plain", "title": "empty"}}],
    }


def _provenance(document: Json, resources: Sequence[Json], recorded: datetime, version: str) -> Json:
    named = "\x1f".join((document["id"], version, *(r["id"] for r in resources)))
    return {
        "resourceType": "Provenance",
        "id": hashlib.sha256(named.encode()).hexdigest()[:32],
        "target": [{"reference": f"{r['resourceType']}/{r['id']}"} for r in resources],
        "recorded": recorded.isoformat(),
        "activity": {"text": "extraction from a clinical note"},
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
                "who": {"display": f"ChartTwin extractor {version}"},
            }
        ],
        "entity": [{"role": "source", "what": {"reference": f"DocumentReference/{document['id']}"}}],
    }
