"""CDS Hooks 2.0: discovery, the services, and feedback."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Depends, Request

from app.access.callers import Action
from app.api.deps import Needs, ServicesDep
from app.api.problems import NoSuchAddress
from app.cds.advice import chart_cards, order_cards
from app.cds.chart import chart_of
from app.cds.orders import draft_orders
from app.cds.schemas import Cards, Discovery, FeedbackRequest, HookRequest, Service
from domain.errors import InvalidInput
from domain.facts import Evidence

router = APIRouter(prefix="/cds-services", tags=["cds-hooks"])
_NEEDS = [Depends(Needs(Action.READ_RECORD)), Depends(Needs(Action.COMPUTE))]
_PREFETCH = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}",
    "medications": "MedicationRequest?patient={{context.patientId}}",
    "allergies": "AllergyIntolerance?patient={{context.patientId}}",
    "laboratory": "Observation?patient={{context.patientId}}&category=laboratory&_sort=-date&_count=200",
    "vitals": "Observation?patient={{context.patientId}}&category=vital-signs&_sort=-date&_count=100",
}
_ORDER_TEXT = (
    "Allergies with cross-reactivity, interactions, duplicates, kidney function, usual doses and pregnancy against each "
    "order, and for drugs dosed by level the exposure that the digital twin expects."
)
SERVICES = (
    Service(
        id="charttwin-chart",
        hook="patient-view",
        title="ChartTwin: contradictions and risks",
        description="Where notes and record disagree, and risks that the record has what it takes to compute.",
        prefetch={**_PREFETCH, "notes": "DocumentReference?patient={{context.patientId}}&_sort=-date&_count=20"},
    ),
    Service(
        id="charttwin-order-select",
        hook="order-select",
        title="ChartTwin: order checks",
        description=_ORDER_TEXT,
        prefetch=_PREFETCH,
    ),
    Service(
        id="charttwin-order-sign",
        hook="order-sign",
        title="ChartTwin: order checks before signing",
        description=_ORDER_TEXT,
        prefetch=_PREFETCH,
    ),
)


@router.get("", summary="Discover services", response_model_exclude_none=True)
async def discover() -> Discovery:
    """The services, their hooks and the data they want prefetched."""
    return Discovery(services=list(SERVICES))


@router.post("/{service_id}", summary="Call a service", response_model_exclude_none=True, dependencies=_NEEDS)
def call(service_id: str, body: HookRequest, request: Request, services: ServicesDep) -> Cards:
    """The cards of a service for one patient; 412 when there is no data to answer from."""
    service = _service(service_id)
    if body.hook != service.hook:
        raise InvalidInput(
            f"service {service.id} is for the hook {service.hook}", field="hook", accepted=[service.hook]
        )
    base = str(request.base_url).rstrip("/")

    def link(evidence: Evidence) -> str:
        return f"{base}/v1/patients/{quote(body.context.patientId)}/evidence?ref={quote(evidence.ref, safe='')}"

    with chart_of(body, services) as ctx:
        if service.hook == "patient-view":
            return Cards(cards=chart_cards(ctx, link))
        chosen = body.context.selections if service.hook == "order-select" else None
        return Cards(cards=order_cards(ctx, draft_orders(body.context.draftOrders, chosen), link))


@router.post("/{service_id}/feedback", summary="Say what became of cards", dependencies=_NEEDS)
def feedback(service_id: str, body: FeedbackRequest, services: ServicesDep) -> dict[str, int]:
    """Kept in the trail: which card, accepted or overridden, and the chosen reason's code. Comments are not kept."""
    service = _service(service_id)
    for item in body.feedback:
        reason = (item.overrideReason.reason or {}) if item.overrideReason else {}
        said = f"card {item.card} {item.outcome} {str(reason.get('code', ''))[:60]}".strip()
        services.gate.record(services.caller, "cds.feedback", door=f"/cds-services/{service.id}/feedback", reason=said)
    return {"received": len(body.feedback)}


def _service(service_id: str) -> Service:
    found = next((s for s in SERVICES if s.id == service_id), None)
    if found is None:
        raise NoSuchAddress("no such service; /cds-services lists them")
    return found
