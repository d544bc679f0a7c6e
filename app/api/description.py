"""The OpenAPI document: what FastAPI derives, with real examples, the documents that faults come as, and how to sign in.

The examples are answers of this server about demo patients (`python docs/render_api_examples.py` asks for them anew).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from app.api.problems import Form, form_of

Json = dict[str, Any]
EXAMPLES = Path(__file__).parent / "examples.json"
_METHODS = ("get", "post", "put", "patch", "delete")
_FAULTS = {
    "400": "The request cannot be read",
    "401": "Sign in",
    "403": "Out of the caller's rights or reach",
    "404": "Not found",
    "409": "In conflict with what is stored",
    "413": "Too large",
    "422": "The request cannot be used",
    "429": "Too many requests; Retry-After says how long to wait",
    "503": "A part of the server does not answer; try again",
}
_PROBLEM: Json = {
    "title": "Problem",
    "description": "RFC 9457. `kind` is stable; other members say what to change.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "kind"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:charttwin:problem:unknown_patient"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "kind": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"where": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_OUTCOME: Json = {
    "title": "OperationOutcome",
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {"type": "array", "items": {"type": "object"}},
    },
}
_OPENAI_ERROR: Json = {
    "title": "OpenAIError",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
        }
    },
}


_FAULT_SCHEMAS: dict[Form, tuple[str, str]] = {
    "problem": ("application/problem+json", "Problem"),
    "fhir": ("application/fhir+json", "OperationOutcome"),
    "openai": ("application/json", "OpenAIError"),
}


def install_description(app: FastAPI, public: frozenset[str] | None) -> None:
    """Make `/openapi.json` the whole description; addresses in `public` need no credential, none does where it is None."""
    derived = app.openapi

    def whole() -> Json:
        if app.openapi_schema is None:
            _complete(derived(), public)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]


@cache
def examples() -> dict[str, Json]:
    """By `METHOD path`: the example's `path`, `query`, `body`, `status` and `answer`, those that there are."""
    found: dict[str, Json] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return found


def _complete(document: Json, public: frozenset[str] | None) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= {"Problem": _PROBLEM, "OperationOutcome": _OUTCOME, "OpenAIError": _OPENAI_ERROR}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    if public is not None:
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "description": "An access key, or an organisation's token."},
            "session": {"type": "apiKey", "in": "cookie", "name": "charttwin_session"},
        }
        document["security"] = [{"bearer": []}, {"session": []}]
    _plain_pairs(document)
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if (operation := operations.get(method)) is not None:
                if public is not None and path in public:
                    operation["security"] = []
                _add_faults(operation, path)
                _add_example(operation, examples().get(f"{method.upper()} {path}", {}))


def _plain_pairs(node: Any) -> None:
    """Pairs of like things as lists of two: the same values, in words that more tools read."""
    if isinstance(node, dict):
        places = node.get("prefixItems")
        if isinstance(places, list) and all(place == places[0] for place in places):
            node["items"] = node.pop("prefixItems")[0]
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            _plain_pairs(value)


def _add_faults(operation: Json, path: str) -> None:
    media, name = _FAULT_SCHEMAS[form_of(path)]
    content = {media: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    responses = operation.setdefault("responses", {})
    responses.pop("422", None)
    for status, description in _FAULTS.items():
        responses.setdefault(status, {"description": description, "content": content})


def _add_example(operation: Json, example: Json) -> None:
    for parameter in operation.get("parameters", []):
        place = {"path": "path", "query": "query"}.get(parameter["in"], "")
        if parameter["name"] in example.get(place, {}):
            parameter["example"] = example[place][parameter["name"]]
    if "body" in example:
        for media in operation.get("requestBody", {}).get("content", {}).values():
            media["example"] = example["body"]
    if "answer" in example:
        response = operation["responses"].setdefault(str(example["status"]), {"description": "Successful response"})
        contents = response.setdefault("content", {example.get("media", "application/json"): {}})
        media_type = example.get("media", next(iter(contents)))
        contents.setdefault(media_type, {})["example"] = example["answer"]
