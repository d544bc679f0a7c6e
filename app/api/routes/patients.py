"""Patients and what was read from their notes."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.deps import ServicesDep
from app.api.pages import PageDep
from app.api.schemas import PatientDetail, PatientSummary
from app.dates import now, parse_as_of
from app.overview import overview_of, patient_name
from domain.facts import Fact
from tools.untrusted import trusted_facts

router = APIRouter(prefix="/v1/patients", tags=["patients"])


@router.get("", summary="List patients")
def list_patients(services: ServicesDep, page: PageDep) -> list[PatientSummary]:
    """Every patient in the caller's reach."""
    found = [
        PatientSummary(
            id=row.id,
            name=patient_name(row),
            gender=row.gender or "",
            birth_date=row.birth_date,
            deceased=row.deceased,
        )
        for row in services.store.patients()
    ]
    return page.of(found)


@router.get("/{patient_id}", summary="One patient")
def get_patient(patient_id: str, services: ServicesDep, as_of: str | None = None) -> PatientDetail:
    """Who the patient is, active allergies and problems, and how much the record holds."""
    card = overview_of(services.store, patient_id, parse_as_of(as_of) or now())
    return PatientDetail(
        id=card.id,
        name=card.name,
        gender=card.gender,
        birth_date=card.birth_date,
        deceased=card.deceased,
        allergies=[allergy.label for allergy in card.allergies],
        problems=list(card.problems),
        counts=card.counts,
    )


@router.get("/{patient_id}/facts", summary="Facts read from notes")
def list_facts(
    patient_id: str,
    services: ServicesDep,
    page: PageDep,
    kind: str | None = None,
    concept_id: str | None = None,
) -> list[Fact]:
    """What the note-reading pipeline found, each fact with its span and assertion.

    Nothing of it stands in text that addresses software instead of describing care.
    """
    services.store.patient(patient_id)
    facts = [
        fact
        for fact in trusted_facts(services.store, patient_id)
        if (kind is None or fact.kind == kind) and (concept_id is None or fact.concept_id == concept_id)
    ]
    return page.of(facts)
