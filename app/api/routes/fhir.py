"""The FHIR R4 door: read and search, notes in, whole records in and out."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Body, Request, Response
from fastapi.responses import JSONResponse

from app.access.audit import audit_event
from app.access.callers import Action
from app.access.guarded import GuardedServices
from app.api.deps import ServicesDep
from app.api.problems import NoSuchAddress, StandardRoute
from app.dates import now
from app.fhir.capability import capability, smart_configuration
from app.fhir.resources import EXTRACTED, TAG, TYPES, resources_of_patient
from app.fhir.search import page_of, search
from domain.errors import InvalidInput, InvalidRecord, UnknownEvidence
from knowledge_base.documents import attached_notes
from knowledge_base.ingest import ingest_bundle
from knowledge_base.records import digest
from knowledge_base.validation import faults
from tools.untrusted import set_aside_of

Json = dict[str, Any]
_MEDIA = "application/fhir+json"


class FhirJson(JSONResponse):
    """A FHIR response."""

    media_type = _MEDIA


router = APIRouter(prefix="/fhir", tags=["fhir"], route_class=StandardRoute, default_response_class=FhirJson)


@router.get("/metadata", summary="What this server can do")
def metadata(request: Request, services: ServicesDep) -> Json:
    """The CapabilityStatement."""
    return capability(services.settings, _base(request), now().date().isoformat())


@router.get("/.well-known/smart-configuration", summary="SMART configuration")
def smart(services: ServicesDep) -> Json:
    """Where a SMART app signs in; 404 without an identity provider."""
    verifier = services.gate.verifier
    if verifier is None:
        raise NoSuchAddress("no identity provider is set up: CHARTTWIN_ACCESS is not oidc")
    found = verifier.endpoints()
    return smart_configuration(verifier.issuer, found.authorize, found.token, found.keys)


@router.get("/Patient", summary="Search patients")
def search_patients(request: Request, services: ServicesDep) -> Json:
    """The patients in reach."""
    services.caller.require_type("Patient")
    query = _query(request)
    wanted = {item for value in query.get("_id", []) for item in value.split(",")}
    rows = [row for row in services.store.patients() if not wanted or row.id in wanted]
    size, start = page_of(query)
    shown = [r for row in rows[start : start + size] for r in services.store.resources(row.id, "Patient")]
    return _searchset(request, shown, len(rows), size, start)


@router.get("/AuditEvent", summary="Search the trail")
def search_trail(request: Request, services: ServicesDep) -> Json:
    """Who saw what, newest first; for administrators."""
    services.caller.require(Action.READ_AUDIT)
    query = _query(request)
    size, start = page_of(query)
    patient = _patient_named(query)
    services.gate.record(services.caller, Action.READ_AUDIT, door="/fhir/AuditEvent", patient=patient or "")
    trail = services.gate.trail
    found = trail.entries(patient=patient or "", newest=True, limit=start + size) if trail else []
    newest = list(reversed(found))
    return _searchset(request, [audit_event(e) for e in newest[start:]], len(found), size, start)


@router.get("/Patient/{patient_id}/$everything", summary="Everything of a patient")
def everything(patient_id: str, request: Request, services: ServicesDep) -> Json:
    """Every resource of a patient: recorded, read from notes, computed."""
    services.caller.require(Action.READ_RECORD)
    services.caller.require_all_types()
    found = search(resources_of_patient(services, patient_id), {})
    query = _query(request)
    size, start = page_of(query) if "_count" in query or "_offset" in query else (len(found), 0)
    return _searchset(request, found[start : start + size], len(found), size, start)


@router.get("/{resource_type}/{resource_id}", summary="Read a resource")
def read(resource_type: str, resource_id: str, services: ServicesDep) -> Json:
    """One resource of a patient in reach."""
    _require_type(services, resource_type)
    store = services.store
    if resource_type == "Patient":
        return store.resource(resource_id, f"Patient/{resource_id}")
    holders = services.holders(resource_type, resource_id)
    for patient_id in holders:
        for resource in resources_of_patient(services, patient_id, (resource_type,)):
            if resource["id"] == resource_id:
                return resource
    raise UnknownEvidence("no such resource in your reach")


@router.get("/{resource_type}", summary="Search resources")
def search_type(resource_type: str, request: Request, services: ServicesDep) -> Json:
    """The resources of one type and one patient: `patient` or `subject` is needed."""
    _require_type(services, resource_type)
    query = _query(request)
    patient_id = _patient_named(query)
    if patient_id is None:
        raise InvalidInput("name the patient: ?patient=ID", field="patient")
    found = search(resources_of_patient(services, patient_id, (resource_type,)), query)
    size, start = page_of(query)
    if query.get("_summary") == ["count"]:
        size = 0
    return _searchset(request, found[start : start + size], len(found), size, start)


def _takes(resource_type: str, *required: str) -> Json:
    """What the description says of a body that is checked as FHIR, element by element, and not by a schema."""
    schema = {"type": "object", "required": ["resourceType", *required],
              "properties": {"resourceType": {"const": resource_type}}}  # fmt: skip
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@router.post(
    "/DocumentReference",
    summary="Take a note in",
    status_code=201,
    openapi_extra=_takes("DocumentReference", "subject", "content"),
)
def take_note(body: Annotated[Json, Body()], request: Request, response: Response, services: ServicesDep) -> Json:
    """Stores a note of a stored patient and extracts its facts; the answer holds both, with provenance to the span.

    Text that addresses software instead of describing care is stored with the note; no fact is read from it, and an
    OperationOutcome in the answer says so.
    """
    if body.get("resourceType") != "DocumentReference":
        raise InvalidInput("this takes a DocumentReference", field="resourceType")
    patient_id = _subject(body)
    store = services.guarded_store.for_writing(patient_id)
    store.patient(patient_id)
    body = {**body, "id": body.get("id") or f"content-{digest(body)[:32]}"}  # the same note has the same id again
    _require_text(body, patient_id)
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": body}]}
    report = ingest_bundle(bundle, store, services.index, services.nlp, needs_patient=False)
    if report.rejected:
        raise InvalidRecord(f"{report.rejected[0].path}: {report.rejected[0].reason}")
    made = resources_of_patient(services, patient_id)
    newest = next(r for r in made if (r["resourceType"], r["id"]) == ("DocumentReference", body["id"]))
    notes = {f.evidence.span.note_id for f in services.store.facts(patient_id) if f.evidence.span}
    related = [
        r
        for r in made
        if _is_extracted(r) and _note_of(r) in {newest["id"], f"DocumentReference/{newest['id']}"} & notes
    ]
    response.headers["location"] = f"{_base(request)}/DocumentReference/{newest['id']}"
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": r} for r in (newest, *related, *_warnings(services, patient_id, newest["id"]))],
    }


def _warnings(services: GuardedServices, patient_id: str, note_id: str) -> list[Json]:
    if not {note_id, f"DocumentReference/{note_id}"} & set_aside_of(services.store, patient_id).keys():
        return []
    told = "parts of the note address software instead of describing care; no facts are read from them"
    return [{"resourceType": "OperationOutcome",
             "issue": [{"severity": "warning", "code": "suppressed", "diagnostics": told}]}]  # fmt: skip


def _require_text(body: Json, patient_id: str) -> None:
    """Refuses a note that cannot be read before anything is stored: afterwards it would stand there without its words."""
    found = faults(body)
    if not found:
        notes, found = attached_notes(body, patient_id, lambda _: None)
        if not notes and not found:
            found = [("content[0].attachment.data", "holds no text; it is the base64 of it")]
    if found:
        raise InvalidRecord("; ".join(f"{path} {reason}".strip() for path, reason in found))


@router.post("", summary="Take a record in", openapi_extra=_takes("Bundle", "entry"))
def take_bundle(body: Annotated[Json, Body()], services: ServicesDep) -> Json:
    """A Bundle of one or more patients, `$everything` of another server for example; taking it twice changes nothing."""
    if body.get("resourceType") != "Bundle":
        raise InvalidInput("this takes a Bundle", field="resourceType")
    entries = body.get("entry") if isinstance(body.get("entry"), list) else []
    named = {
        str(r.get("id"))
        for e in entries or []
        if isinstance(e, dict) and isinstance(r := e.get("resource"), dict) and r.get("resourceType") == "Patient"
    }
    if not named:
        raise InvalidRecord("the Bundle has no Patient, so nothing in it can be filed")
    for patient_id in sorted(named):
        store = services.guarded_store.for_writing(patient_id)
    report = ingest_bundle(body, store, services.index, services.nlp)
    stored = sum(report.resources.values())
    told = f"{stored} resources, {report.notes} notes, {report.facts} facts"
    issues: list[Json] = [{"severity": "information", "code": "informational", "diagnostics": told}]
    issues += [
        {"severity": "warning", "code": "invalid", "expression": [r.path], "diagnostics": r.reason}
        for r in report.rejected[:200]
    ]
    return {"resourceType": "OperationOutcome", "issue": issues}


def _require_type(services: Any, resource_type: str) -> None:
    services.caller.require(Action.READ_RECORD)
    if resource_type not in TYPES:
        raise NoSuchAddress("this server has no such type; /fhir/metadata lists them")
    services.caller.require_type(resource_type)


def _query(request: Request) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        found.setdefault(name, []).append(value)
    return found


def _patient_named(query: dict[str, list[str]]) -> str | None:
    values = [*query.get("patient", []), *query.get("subject", [])]
    if len(set(values)) > 1:
        raise InvalidInput("one patient a search", field="patient")
    return values[0].removeprefix("Patient/") if values else None


def _subject(body: Json) -> str:
    subject = body.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    if not isinstance(reference, str) or not reference.startswith("Patient/"):
        raise InvalidInput("subject.reference names the patient: Patient/ID", field="subject")
    return reference.removeprefix("Patient/")


def _is_extracted(resource: Json) -> bool:
    return any(t.get("system") == TAG and t.get("code") == EXTRACTED for t in resource["meta"]["tag"])


def _note_of(resource: Json) -> str:
    for extension in resource.get("extension") or []:
        for part in extension.get("extension") or []:
            if part.get("url") == "noteId":
                return str(part.get("valueString"))
    return ""


def _searchset(request: Request, found: list[Json], total: int, size: int, start: int) -> Json:
    links = [{"relation": "self", "url": str(request.url)}]
    if size and start + size < total:
        query: dict[str, Any] = {k: v for k, v in request.query_params.items() if k != "_offset"}
        query |= {"_count": size, "_offset": start + size}
        links.append(
            {"relation": "next", "url": f"{_base(request)}{request.url.path.removeprefix('/fhir')}?{urlencode(query)}"}
        )
    entries = [
        {"fullUrl": f"{_base(request)}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": "match"}}
        for r in found
    ]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": links,
        **({"entry": entries} if entries else {}),
    }


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/fhir"
