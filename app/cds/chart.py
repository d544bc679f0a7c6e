"""The chart that a hook is answered from: the stored record when the patient is in reach, else what was prefetched."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.access.guarded import GuardedServices
from app.cds.schemas import HookRequest
from app.dates import now
from domain.errors import ChartTwinError, InvalidInput, UnknownPatient
from knowledge_base.ingest import ingest_bundle
from knowledge_base.records import RecordStore
from tools.context import ToolContext


class PrefetchMissing(ChartTwinError):
    """Neither the record store nor the prefetch holds the patient; the specification's answer is 412."""

    kind = "prefetch_missing"
    retryable = True


@contextmanager
def chart_of(request: HookRequest, services: GuardedServices) -> Iterator[ToolContext]:
    """The patient's chart for the time of one request.

    Prefetched data is what the EHR holds now, so it is used alone where it is whole; the stored record answers when the
    EHR sent nothing.

    Raises:
        PrefetchMissing: there is nothing to answer from.
        NotPermitted: the stored record is out of the caller's reach.
        InvalidInput: the prefetched patient is another than the one of the context.
    """
    patient_id = request.context.patientId
    resources = _prefetched(request)
    patient = next((r for r in resources if r.get("resourceType") == "Patient"), None)
    if patient is None:
        try:
            services.store.patient(patient_id)
        except UnknownPatient:
            raise PrefetchMissing("the patient is not stored here; send the prefetch that discovery names") from None
        yield ToolContext(services.store, patient_id, now(), services.twin, services.index)
        return
    if patient.get("id") != patient_id:
        raise InvalidInput("the prefetched patient is not the one of the context", field="prefetch.patient")
    services.guarded_store.admit(patient_id)
    with tempfile.TemporaryDirectory(prefix="charttwin-cds-") as folder:
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}
        store = RecordStore(Path(folder))
        try:
            has_notes = any(r.get("resourceType") in ("DocumentReference", "DiagnosticReport") for r in resources)
            ingest_bundle(bundle, store, nlp=services.nlp if has_notes else None, facts=has_notes)
            yield ToolContext(store, patient_id, now(), services.twin)
        finally:
            store.close()


def _prefetched(request: HookRequest) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for value in (request.prefetch or {}).values():
        for resource in _resources_in(value):
            key = (str(resource.get("resourceType")), str(resource.get("id")))
            found.setdefault(key, resource)
    return list(found.values())


def _resources_in(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    if value.get("resourceType") != "Bundle":
        return [value] if value.get("resourceType") and value.get("resourceType") != "OperationOutcome" else []
    entries = value.get("entry") if isinstance(value.get("entry"), list) else []
    return [r for e in entries or [] if isinstance(e, dict) and isinstance(r := e.get("resource"), dict)]
