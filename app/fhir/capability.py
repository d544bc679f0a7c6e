"""What this FHIR server can do, as it says itself."""

from __future__ import annotations

from typing import Any

from app import version
from app.fhir.resources import TYPES
from app.fhir.search import PARAMETERS
from app.settings import Settings

Json = dict[str, Any]


def capability(settings: Settings, base: str, date: str) -> Json:
    """The CapabilityStatement."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "publisher": "ChartTwin",
        "kind": "instance",
        "software": {"name": "ChartTwin", "version": version()},
        "implementation": {
            "description": "What is recorded, read from notes and computed, of each patient",
            "url": base,
        },
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "cors": False,
                    "service": [
                        _coded("http://terminology.hl7.org/CodeSystem/restful-security-service", "SMART-on-FHIR")
                    ]
                    if settings.access == "oidc"
                    else [],
                    "description": "Access keys or tokens as Authorization: Bearer; SMART scopes are understood.",
                },
                "resource": [*map(_resource, TYPES), _audit()],
                "interaction": [{"code": "batch"}],
            }
        ],
    }


def _resource(name: str) -> Json:
    interactions = ["read", "search-type"] + (["create"] if name == "DocumentReference" else [])
    found: Json = {
        "type": name,
        "interaction": [{"code": code} for code in interactions],
        "searchParam": [
            {"name": "patient", "type": "reference"},
            *({"name": key, "type": kind} for key, (kind, _) in PARAMETERS.items()),
        ],
    }
    if name == "Patient":
        found["operation"] = [
            {"name": "everything", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything"}
        ]
        found["searchParam"] = [{"name": "_id", "type": "token"}]
    return found


def _audit() -> Json:
    return {
        "type": "AuditEvent",
        "interaction": [{"code": "search-type"}],
        "searchParam": [{"name": "patient", "type": "reference"}],
    }


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def smart_configuration(issuer: str, authorize: str, token: str, keys: str) -> Json:
    """The SMART configuration document (SMART App Launch 2.2)."""
    return {
        "issuer": issuer,
        "jwks_uri": keys,
        "authorization_endpoint": authorize,
        "token_endpoint": token,
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "launch", "launch/patient", "patient/*.rs", "user/*.rs", "system/*.rs"],
        "capabilities": ["launch-ehr", "launch-standalone", "client-public", "client-confidential-symmetric",
                         "context-ehr-patient", "context-standalone-patient", "permission-patient", "permission-user"],
    }  # fmt: skip
