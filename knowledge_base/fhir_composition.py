"""A narrative as a FHIR R4 document: a Composition with coded sections, everything it cites, and Provenance.

The document is `preliminary`: a program wrote it and no clinician has signed it. A section's `entry` names the resources
its sentences cite; a note is cited as a DocumentReference, a guideline statement in the text only, with its link.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape

from domain.facts import Evidence, EvidenceKind, Frozen, Note
from knowledge_base.elements import Json
from knowledge_base.fhir_bundle import BASE_URL, NOTE_ID, PATIENT_ID

STORY_ID = f"{BASE_URL}/story-id"
_LOINC = "http://loinc.org"
_SUMMARY = {"coding": [{"system": _LOINC, "code": "60591-5", "display": "Patient summary Document"}]}
_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_XHTML = "http://www.w3.org/1999/xhtml"
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0 has no such characters
Look = Callable[[str], Json | None]


class Line(Frozen):
    """One sentence of a document with what it cites; `item` marks a line of a list."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    item: bool = False


class Part(Frozen):
    """One section of a document; `code` is its LOINC code."""

    title: str
    code: str
    lines: tuple[Line, ...] = ()


def document_of(
    patient: Json,
    patient_id: str,
    title: str,
    parts: Sequence[Part],
    *,
    look_up: Look,
    note: Callable[[str], Note | None],
    recorded: datetime,
    as_of: datetime,
    version: str,
) -> Json:
    """The document Bundle of a narrative.

    Args:
        patient: The Patient resource as stored.
        patient_id: Whom it is about.
        title: The document's title.
        parts: Its sections in order; one without lines says that nothing was available.
        look_up: The stored resource of a citation `<ResourceType>/<id>`, None when there is none.
        note: The note of an id.
        recorded: When it was written.
        as_of: The moment that it describes.
        version: Of the program.
    """
    refs = list(dict.fromkeys(e.ref for p in parts for line in p.lines for e in line.evidence))
    cited: dict[str, Json] = {}
    for ref in refs:
        made = _resource_of(ref, patient_id, look_up, note)
        if made is not None:
            cited[ref] = made
    who = {**patient, "resourceType": "Patient", "id": _safe(patient_id)}
    subject = {"reference": f"Patient/{who['id']}"}
    author = _device(version)
    composition = _composition(title, parts, cited, subject, author, recorded, as_of)
    others = {f"{r['resourceType']}/{r['id']}": r for r in cited.values() if r["resourceType"] != "Patient"}
    provenance = _provenance(composition, author, list(others), recorded)
    resources = [composition, who, author, *others.values(), provenance]
    return {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": STORY_ID, "value": composition["id"]},
        "timestamp": recorded.isoformat(),
        "entry": [{"fullUrl": f"{BASE_URL}/{r['resourceType']}/{r['id']}", "resource": r} for r in resources],
    }


def _resource_of(ref: str, patient_id: str, look_up: Look, note: Callable[[str], Note | None]) -> Json | None:
    evidence = Evidence(ref=ref)
    if evidence.kind is EvidenceKind.SPAN and (span := evidence.span) is not None:
        found = note(span.note_id)
        return _document_reference(found) if found is not None else None
    if evidence.kind is EvidenceKind.RESOURCE:
        return look_up(ref)
    return None


def _document_reference(note: Note) -> Json:
    raw = note.text.encode("utf-8", "replace")
    attachment = {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(raw).decode()}
    return {
        "resourceType": "DocumentReference",
        "id": _safe(note.id),
        "identifier": [{"system": NOTE_ID, "value": note.id}],
        "status": "current",
        **({"description": note.title} if note.title else {}),
        **({"date": note.time.isoformat()} if note.time else {}),
        "subject": _subject(note.patient_id),
        "content": [{"attachment": attachment if raw else {"contentType": "text/plain", "title": "empty"}}],
    }


def _subject(patient_id: str) -> Json:
    if _FHIR_ID.fullmatch(patient_id):
        return {"reference": f"Patient/{patient_id}"}
    return {"identifier": {"system": PATIENT_ID, "value": patient_id}}


def _safe(identifier: str) -> str:
    return identifier if _FHIR_ID.fullmatch(identifier) else hashlib.sha256(identifier.encode()).hexdigest()[:32]


def _composition(
    title: str,
    parts: Sequence[Part],
    cited: dict[str, Json],
    subject: Json,
    author: Json,
    recorded: datetime,
    as_of: datetime,
) -> Json:
    words = "\x1f".join(
        (subject["reference"], title, as_of.isoformat(), *(line.text for p in parts for line in p.lines))
    )
    sections = [_section(part, cited) for part in parts]
    return {
        "resourceType": "Composition",
        "id": hashlib.sha256(words.encode()).hexdigest()[:32],
        "status": "preliminary",
        "type": _SUMMARY,
        "subject": subject,
        "date": recorded.isoformat(),
        "author": [{"reference": f"Device/{author['id']}", "display": "ChartTwin"}],
        "title": title,
        "event": [{"period": {"end": as_of.isoformat()}}],
        "section": sections or [{"title": title, "emptyReason": _EMPTY}],
    }


_EMPTY = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/list-empty-reason",
            "code": "unavailable",
            "display": "Unavailable",
        }
    ]
}


def _section(part: Part, cited: dict[str, Json]) -> Json:
    made: Json = {"title": part.title, "code": {"coding": [{"system": _LOINC, "code": part.code}]}}
    if not part.lines:
        return {**made, "emptyReason": _EMPTY}
    found = [cited[e.ref] for line in part.lines for e in line.evidence if e.ref in cited]
    entries = list(dict.fromkeys(f"{r['resourceType']}/{r['id']}" for r in found if r["resourceType"] != "Patient"))
    made["text"] = {"status": "additional", "div": _div(part)}
    return {**made, **({"entry": [{"reference": ref} for ref in entries]} if entries else {})}


def _div(part: Part) -> str:
    blocks: list[str] = []
    items: list[str] = []
    for line in part.lines:
        if line.item:
            items.append(f"<li>{_xml(line.text)}</li>")
            continue
        if items:
            blocks.append(f"<ul>{''.join(items)}</ul>")
            items = []
        blocks.append(f"<p>{_xml(line.text)}</p>")
    if items:
        blocks.append(f"<ul>{''.join(items)}</ul>")
    return f'<div xmlns="{_XHTML}">{"".join(blocks)}</div>'


def _xml(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _device(version: str) -> Json:
    return {
        "resourceType": "Device",
        "id": hashlib.sha256(f"charttwin\x1f{version}".encode()).hexdigest()[:32],
        "deviceName": [{"name": "ChartTwin", "type": "manufacturer-name"}],
        "version": [{"value": version}],
        "note": [{"text": "Writes by rules, without a clinician. Not a medical device."}],
    }


def _provenance(composition: Json, author: Json, sources: Sequence[str], recorded: datetime) -> Json:
    kind = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "assembler"}]
    }
    return {
        "resourceType": "Provenance",
        "id": hashlib.sha256(f"{composition['id']}\x1fprovenance".encode()).hexdigest()[:32],
        "target": [{"reference": f"Composition/{composition['id']}"}],
        "recorded": recorded.isoformat(),
        "activity": {"text": "narrative assembled from the record and its notes"},
        "agent": [{"type": kind, "who": {"reference": f"Device/{author['id']}", "display": "ChartTwin"}}],
        "entity": [{"role": "source", "what": {"reference": ref}} for ref in sources],
    }
