"""A confirmed draft as resources of the record: the change itself, who confirmed it, and what was overridden.

Everything follows from the draft and its decision, ids included, so that writing twice stores the same bytes once.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from domain.errors import InvalidRecord, UnknownEvidence
from domain.facts import Evidence, EvidenceKind
from knowledge_base import fhir
from knowledge_base.documents import attached_notes
from knowledge_base.drafts import Change, Decision, Draft, DraftStale, Json
from knowledge_base.fhir_bundle import BASE_URL
from knowledge_base.records import StoredNote, StoredResource, digest
from knowledge_base.validation import faults

if TYPE_CHECKING:
    from knowledge_base.records import RecordStore

DRAFT_ID = f"{BASE_URL}/draft-id"
EVIDENCE_REF = f"{BASE_URL}/evidence-ref"
_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def confirmed_resources(draft: Draft) -> list[Json]:
    """What a confirmed draft writes: its changes, a DetectedIssue per overridden finding, a Provenance.

    Raises:
        InvalidRecord: a resource would not be valid FHIR; nothing is written then.
    """
    decision = draft.decision
    assert decision is not None and decision.decision == "confirm"
    issues = [_issue(draft, number, decision) for number in range(1, len(draft.critical) + 1)]
    changed = [_final(change, decision) for change in draft.changes]
    for resource in changed:
        if issues and resource["resourceType"] == "MedicationRequest" and resource["status"] == "active":
            resource["detectedIssue"] = [{"reference": f"DetectedIssue/{issue['id']}"} for issue in issues]
    written = [*changed, *issues]
    written.append(_provenance(draft, decision, written))
    for resource in written:
        if found := faults(resource):
            path, reason = found[0]
            raise InvalidRecord(
                f"the draft cannot be written: {resource['resourceType']}.{path} {reason}", path=path, reason=reason
            )
    return written


def write_confirmed(store: RecordStore, draft: Draft) -> tuple[str, ...]:
    """Writes a confirmed draft to the record in one transaction, and gives the references of what was written.

    Safe to call again after a crash: what is stored already is left as it is.

    Raises:
        DraftStale: a resource that the draft replaces has changed since.
        InvalidRecord: see `confirmed_resources`.
    """
    resources = confirmed_resources(draft)
    final = {(r["resourceType"], r["id"]): r for r in resources}
    for change in draft.changes:
        _require_unchanged(store, draft, change, final[change.resource["resourceType"], change.resource["id"]])
    by_ref = {f"{r['resourceType']}/{r['id']}": r for r in resources}
    stored: list[StoredResource] = []
    notes: list[StoredNote] = []
    for resource in resources:
        rows = fhir.read_rows(resource, draft.patient_id, by_ref.get)
        stored.append(StoredResource(draft.patient_id, resource, rows[0] if rows else None))
        notes += attached_notes(resource, draft.patient_id, by_ref.get)[0]
    store.save(stored, notes)
    return tuple(by_ref)


def _require_unchanged(store: RecordStore, draft: Draft, change: Change, final: Json) -> None:
    ref = f"{final['resourceType']}/{final['id']}"
    try:
        held = digest(store.resource(draft.patient_id, ref))
    except UnknownEvidence:
        held = ""
    if held not in {change.replaces, digest(final)}:  # the latter: written before, and the crash came after
        raise DraftStale("the entry that the draft changes has itself changed; look at the draft again")


def _final(change: Change, decision: Decision) -> Json:
    marks = {
        "@at": decision.at.isoformat(),
        "@date": decision.at.date().isoformat(),
        "@by": decision.name or decision.by,
    }

    def filled(value: object) -> object:
        if isinstance(value, str):
            return marks.get(value, value)
        if isinstance(value, list):
            return [filled(item) for item in value]
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        return value

    made = copy.deepcopy(change.resource)
    for key, value in change.final.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = filled(value)
    return made


def _who(decision: Decision) -> Json:
    return {"identifier": {"system": f"{BASE_URL}/user", "value": decision.by}, "display": decision.name or decision.by}


def _issue(draft: Draft, number: int, decision: Decision) -> Json:
    finding = draft.critical[number - 1]
    return {
        "resourceType": "DetectedIssue",
        "id": f"{draft.id}-issue-{number}",
        "status": "final",
        "severity": "high",
        "code": {"text": finding.check},
        "patient": {"reference": f"Patient/{draft.patient_id}"},
        "identifiedDateTime": decision.at.isoformat(),
        "detail": finding.text,
        "mitigation": [
            {"action": {"text": decision.reason}, "date": decision.at.isoformat(), "author": _who(decision)}
        ],
        **({"implicated": found} if (found := [_what(e) for e in finding.evidence if _is_resource(e)]) else {}),
    }


def _provenance(draft: Draft, decision: Decision, written: list[Json]) -> Json:
    evidence = {e.ref: e for e in (*draft.evidence, *(e for f in draft.findings for e in f.evidence))}
    return {
        "resourceType": "Provenance",
        "id": f"{draft.id}-provenance",
        "extension": [{"url": DRAFT_ID, "valueString": f"{draft.id} version {draft.version} {draft.fingerprint}"}],
        "target": [{"reference": f"{r['resourceType']}/{r['id']}"} for r in written],
        "occurredDateTime": decision.at.isoformat(),
        "recorded": decision.at.isoformat(),
        "activity": {"text": f"{draft.title}: drafted {draft.made_at.isoformat()}, confirmed by a person"},
        **({"reason": [{"text": decision.reason}]} if decision.reason else {}),
        "agent": [
            {"type": _participant("verifier"), "who": _who(decision)},
            {"type": _participant("assembler"), "who": {"display": f"ChartTwin, {draft.made_by or 'assistant'}"}},
            *([{"type": _participant("author"), "who": {"display": draft.edited_by}}] if draft.edited_by else []),
        ],
        **({"entity": [{"role": "source", "what": _what(e)} for e in evidence.values()]} if evidence else {}),
    }


def _participant(code: str) -> Json:
    return {"coding": [{"system": _PARTICIPANT, "code": code}]}


def _is_resource(evidence: Evidence) -> bool:
    return evidence.kind is EvidenceKind.RESOURCE


def _what(evidence: Evidence) -> Json:
    if _is_resource(evidence):
        return {"reference": evidence.ref}
    return {"identifier": {"system": EVIDENCE_REF, "value": evidence.ref}}
