"""An answer as a FHIR R4 bundle: a Communication about the patient, with its sources referred to."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from app import version
from app.export.answers import NOT_A_DEVICE, NOT_FOUND, Exported, Source
from domain.facts import EvidenceKind
from knowledge_base.validation import faults

Json = dict[str, Any]
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,39}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def to_bundle(whole: Exported) -> Json:
    """A collection with one Communication: the answer as its payload, what to mind as notes, the sources as `about`.

    Sources that FHIR has no address for, as a run of a model, are named and not linked.
    """
    answer = whole.answer
    sent = whole.made.isoformat(timespec="seconds")
    notes = [*(f"Mind: {w}" for w in answer.warnings), *(_conflict(c) for c in answer.conflicts), NOT_A_DEVICE]
    communication: Json = {
        "resourceType": "Communication",
        "status": "completed",
        "category": [{"text": "Answer of software about a record"}],
        "subject": _reference(f"Patient/{whole.patient_id}", ""),
        "sent": sent,
        "sender": {"display": f"ChartTwin {version()}"},
        "payload": [{"contentString": text} for text in (_text(answer.text),) if text],
        "note": [{"time": sent, "text": _text(note)} for note in notes],
    }
    if topic := _text(answer.question):
        communication["topic"] = {"text": topic}
    if whole.sources:
        communication["about"] = [_about(source) for source in whole.sources]
    if not communication["payload"]:
        del communication["payload"]
    entry = {"fullUrl": f"urn:uuid:{uuid.uuid4()}", "resource": communication}
    return {"resourceType": "Bundle", "type": "collection", "timestamp": sent, "entry": [entry]}


def to_json(whole: Exported) -> str:
    """The bundle as JSON.

    Raises:
        ValueError: the bundle is no valid FHIR, which is a fault of this module.
    """
    bundle = to_bundle(whole)
    found = faults(bundle)
    if found:
        raise ValueError(f"the exported bundle is not valid: {found[0]}")
    return json.dumps(bundle, ensure_ascii=False, indent=2)


def _conflict(conflict: Any) -> str:
    return f"Record and notes differ: {conflict.topic}. Record: {conflict.record_says} Note: {conflict.note_says}"


def _about(source: Source) -> Json:
    day = f"{source.time:%Y-%m-%d}" if source.time else ""
    state = NOT_FOUND if source.view is None else ""
    said = " · ".join(
        filter(None, (f"[{source.number}] {source.title if not state else ''}".strip(), day, source.quote, state))
    )
    kind, _, rest = source.ref.partition("/")
    if source.view is not None and source.view.kind is EvidenceKind.SPAN:
        kind, rest = "DocumentReference", rest.partition("#")[0]
    is_linked = source.view is not None and source.view.kind in (EvidenceKind.SPAN, EvidenceKind.RESOURCE)
    return _reference(f"{kind}/{rest}" if is_linked else "", f"{said} ({source.ref})" if not is_linked else said)


def _reference(target: str, display: str) -> Json:
    kind, _, key = target.partition("/")
    made: Json = {"reference": target} if _TYPE.fullmatch(kind) and _ID.fullmatch(key) else {}
    if not made:
        display = display or target
    return {**made, **({"display": _text(display)} if _text(display) else {})}


def _text(text: str) -> str:
    """A FHIR string: without control characters, and never blank."""
    return _CONTROLS.sub(" ", text).strip()
