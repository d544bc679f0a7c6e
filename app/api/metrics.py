"""Counts and times for Prometheus. Labels are route templates and statuses: no path, no id, no text of a request."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from app.access.callers import Action
from app.api.deps import Needs

REGISTRY = CollectorRegistry()
_REQUESTS = Counter(
    "charttwin_requests",
    "Requests by route template, method and status.",
    ["route", "method", "status"],
    registry=REGISTRY,
)
_SECONDS = Histogram(
    "charttwin_request_seconds", "Time to the end of the response.", ["route"], registry=REGISTRY,
    buckets=(0.01, 0.05, 0.1, 0.2, 0.4, 0.7, 1, 2, 5, 10, 30, 60),
)  # fmt: skip
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

router = APIRouter(tags=["health"])


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count one request; `route` is the template, `-` where none matched."""
    _REQUESTS.labels(route, method if method in _METHODS else "other", str(status)).inc()
    _SECONDS.labels(route).observe(seconds)


@router.get("/metrics", summary="Metrics", dependencies=[Depends(Needs(Action.READ_METRICS))])
def metrics() -> Response:
    """Counts and times in the text format of Prometheus."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
