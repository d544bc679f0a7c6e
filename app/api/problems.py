"""Errors as problem+json (RFC 9457) with a stable `kind`, free of patient text."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Literal, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from app.logs import log_unexpected
from domain.errors import ChartTwinError, InvalidInput

Form = Literal["problem", "fhir", "openai"]

STATUS_OF_KIND = {
    "invalid_input": 422,
    "unknown_unit": 422,
    "unit_mismatch": 422,
    "unknown_code": 422,
    "unknown_model": 404,
    "missing_input": 422,
    "outside_model_domain": 422,
    "insufficient_data": 422,
    "solver_failed": 500,
    "unknown_patient": 404,
    "unknown_evidence": 404,
    "prefetch_missing": 412,
    "unknown_thread": 404,
    "thread_busy": 409,
    "invalid_record": 422,
    "store_unavailable": 503,
    "model_unavailable": 503,
    "not_signed_in": 401,
    "not_permitted": 403,
    "too_many_requests": 429,
    "issuer_unreachable": 503,
    "retryable": 422,
    "final": 422,
    "unknown_draft": 404,
    "draft_conflict": 409,
    "draft_stale": 409,
    "draft_expired": 409,
    "override_needed": 409,
    "not_acceptable": 406,
    "not_found": 404,
}
_TITLES = {
    400: "The request cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible at this address",
    406: "No form that fits",
    409: "Not now",
    412: "Data is missing",
    413: "Too large",
    421: "Wrong host",
    422: "The request cannot be used",
    429: "Too many requests",
    500: "Something failed here",
    503: "Not available now",
}
# Details a client may act on; anything else an exception carries stays inside.
_PUBLIC_DETAILS = (
    "missing", "field", "accepted", "unit", "model", "names", "unknown", "range", "outside", "impossible",
    "from_unit", "to_unit", "version",
)  # fmt: skip


# What the validator says of these is about its own workings, or repeats a piece of the value.
_PLAIN_REASONS = {
    "json_invalid": "is not JSON",
    "dict_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object, sent with Content-Type: application/json",
    "uuid_parsing": "must be a UUID",
}


class NoSuchAddress(ChartTwinError):
    """This server has no such service, type or document."""

    kind = "not_found"


class Problem(JSONResponse):
    """A problem+json response."""

    media_type = "application/problem+json"


def problem(status: int, kind: str, detail: str, **extra: Any) -> Problem:
    """The problem document of one fault."""
    body = {
        "type": f"urn:charttwin:problem:{kind}",
        "title": _TITLES.get(status, "The request failed"),
        "status": status,
        "detail": detail,
        "kind": kind,
        **extra,
    }
    return Problem(body, status_code=status)


def problem_of(error: ChartTwinError) -> Problem:
    """The problem document of one of our errors."""
    return problem(STATUS_OF_KIND.get(error.kind, 500), error.kind, error.message, **public_details(error.details))


def openai_error(kind: str, message: str, status: int) -> dict[str, Any]:
    """The same fault in the form that OpenAI clients read."""
    name = "invalid_request_error" if 400 <= status < 500 else "server_error"
    return {"message": message, "type": name, "param": None, "code": kind}


def operation_outcome(kind: str, message: str, status: int) -> dict[str, Any]:
    """The same fault in the form that FHIR clients read."""
    codes = {401: "login", 403: "forbidden", 404: "not-found", 429: "throttled", 500: "exception", 503: "transient"}
    issue = {
        "severity": "error",
        "code": codes.get(status, "invalid"),
        "details": {"text": kind},
        "diagnostics": message,
    }
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def form_of(path: str) -> Form:
    """The form in which an address answers with faults: that of the clients it is for."""
    if path.startswith("/fhir"):
        return "fhir"
    return "openai" if path.startswith(("/v1/chat/", "/v1/models")) else "problem"


def fault_at(path: str, kind: str, message: str, status: int, **details: Any) -> JSONResponse:
    """A fault in the form of its address; only a problem document carries details."""
    form = form_of(path)
    if form == "fhir":
        return JSONResponse(operation_outcome(kind, message, status), status, media_type="application/fhir+json")
    if form == "openai":
        return JSONResponse({"error": openai_error(kind, message, status)}, status)
    return problem(status, kind, message, **details)


class StandardRoute(APIRoute):
    """A route of a standard with a form of its own for faults: what is raised is translated, bad requests are a 400."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with its errors translated."""
        original = super().get_route_handler()

        async def handle(request: Request) -> Response:
            path = request.scope["path"]
            try:
                return await original(request)
            except ChartTwinError as error:
                status = STATUS_OF_KIND.get(error.kind, 500)
                if form_of(path) == "fhir" and isinstance(error, InvalidInput):
                    status = 400
                return fault_at(path, error.kind, error.message, status)
            except RequestValidationError as error:
                prefix = "body." if form_of(path) == "openai" else ""
                faults = [f"{f['where'].removeprefix(prefix)}: {f['message']}" for f in faults_of(request, error)]
                return fault_at(path, "invalid_request", "; ".join(faults), 400)

        return handle


def faults_of(request: Request, error: RequestValidationError) -> list[dict[str, str]]:
    """What is wrong with a request, and where: by names that the API knows, since others are the sender's own words."""
    known = _known_names(request)
    return [{"where": _place(e, known), "message": _PLAIN_REASONS.get(e["type"], e["msg"])} for e in error.errors()]


def _place(fault: Mapping[str, Any], known: frozenset[str]) -> str:
    if fault["type"] == "json_invalid":
        return f"body, character {fault['loc'][-1]}"
    return ".".join(str(p) if isinstance(p, int) or p in known else "(unknown name)" for p in fault["loc"])


def _known_names(request: Request) -> frozenset[str]:
    app = request.app
    if not hasattr(app.state, "known_names"):
        # Where a field may be one of several types, the place also names the type.
        names = {"body", "query", "path", "header", "cookie", "str", "int", "float", "bool", "dict", "list"}
        document = app.openapi()
        names.update(document.get("components", {}).get("schemas", {}))
        _collect_names(document, names)
        app.state.known_names = frozenset(names)
    return cast("frozenset[str]", app.state.known_names)


def _collect_names(node: Any, names: set[str]) -> None:
    """The names of fields and parameters in an OpenAPI document."""
    if isinstance(node, dict):
        if isinstance(fields := node.get("properties"), dict):
            names.update(fields)
        if "in" in node and isinstance(node.get("name"), str):
            names.add(node["name"])
        for value in node.values():
            _collect_names(value, names)
    elif isinstance(node, list):
        for value in node:
            _collect_names(value, names)


def public_details(details: Mapping[str, object]) -> dict[str, Any]:
    """The details a client may see, JSON-ready."""
    shown = {name: details[name] for name in _PUBLIC_DETAILS if name in details}
    return {name: list(v) if isinstance(v, (tuple, set, frozenset)) else v for name, v in shown.items() if _plain(v)}


def _plain(value: object) -> bool:
    items = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
    return all(isinstance(item, (str, int, float, bool)) for item in items)


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of the API a problem document."""
    app.add_exception_handler(ChartTwinError, _on_charttwin_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_unexpected)


async def _on_charttwin_error(request: Request, error: Exception) -> Problem:
    assert isinstance(error, ChartTwinError)
    return problem_of(error)


async def _on_invalid_request(request: Request, error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)
    faults = faults_of(request, error)
    status = 400 if any(e["type"] == "json_invalid" for e in error.errors()) else 422
    detail = "; ".join(f"{fault['where']}: {fault['message']}" for fault in faults)
    return problem(status, "invalid_request", detail, errors=faults)


async def _on_http_error(request: Request, error: Exception) -> Problem:
    assert isinstance(error, HTTPException)
    kinds = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    details = {
        404: "no such address; /docs lists them",
        405: "this address takes other methods; Allow names them",
        413: "the body of the request is too large",
    }
    answer = problem(error.status_code, kinds.get(error.status_code, "http_error"), details.get(error.status_code, ""))
    answer.headers.update(error.headers or {})
    return answer


async def _on_unexpected(request: Request, error: Exception) -> Problem:
    log_unexpected(error)
    return problem(500, "internal_error", "an unexpected fault; the log of the server names the place")
