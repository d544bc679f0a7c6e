"""The resources of one patient: as ingested, as read from notes, and as models computed them."""

from __future__ import annotations

from typing import Any

from app.access.guarded import GuardedServices
from app.dates import now
from domain.facts import Fact
from knowledge_base.fhir_bundle import bundle_of
from knowledge_base.fhir_runs import bundle_of_run
from tools.untrusted import trusted_facts

Json = dict[str, Any]
TAG = "urn:charttwin:origin"
RECORDED, EXTRACTED, COMPUTED = "recorded", "extracted", "computed"
# What is recorded and may be asked for; the rest of a bundle is bookkeeping and stays inside.
TYPES = (
    "AllergyIntolerance", "CarePlan", "Condition", "Device", "DiagnosticReport", "DocumentReference", "Encounter",
    "FamilyMemberHistory", "Goal", "Immunization", "MedicationAdministration", "MedicationRequest", "MedicationStatement",
    "Observation", "Patient", "Procedure", "Provenance", "RiskAssessment",
)  # fmt: skip


def resources_of_patient(services: GuardedServices, patient_id: str, types: tuple[str, ...] = TYPES) -> list[Json]:
    """Every resource of these types, each tagged with its origin; recorded ones first, then extracted, then computed.

    Raises:
        UnknownPatient: no such patient.
        NotPermitted: the patient is out of the caller's reach.
    """
    store = services.store
    found: dict[tuple[str, str], Json] = {}
    for kind in types:
        for raw in store.resources(patient_id, kind):
            _keep(found, raw, RECORDED)
    for made in _extracted(services, patient_id):
        if made["resourceType"] in types:
            _keep(found, made, EXTRACTED)
    for run in store.runs(patient_id):
        for entry in bundle_of_run(run, patient_id=patient_id, recorded=now())["entry"]:
            if entry["resource"]["resourceType"] in types:
                _keep(found, entry["resource"], COMPUTED)
    return list(found.values())


def _extracted(services: GuardedServices, patient_id: str) -> list[Json]:
    def make() -> list[Json]:
        store = services.store
        by_note: dict[str, list[Fact]] = {}
        for fact in trusted_facts(store, patient_id):
            if fact.evidence.span is not None:
                by_note.setdefault(fact.evidence.span.note_id, []).append(fact)
        made: list[Json] = []
        for note in store.notes(patient_id):
            facts = by_note.get(note.id, [])
            version = facts[0].extractor_version if facts else ""
            # The time of the note, not of this request: the same facts give the same resources.
            bundle = bundle_of(note, facts, recorded=note.time or now(), version=version)
            made += [entry["resource"] for entry in bundle["entry"]]
        return made

    cached: list[Json] = services.store.derived(patient_id, "fhir_extracted", make)
    return cached


def _keep(found: dict[tuple[str, str], Json], resource: Json, origin: str) -> None:
    key = (resource["resourceType"], resource["id"])
    if key not in found:
        meta = resource.get("meta") or {}
        tags = [*(meta.get("tag") or []), {"system": TAG, "code": origin}]
        found[key] = {**resource, "meta": {**meta, "tag": tags}}
