"""SQL over one patient's record."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.deps import ServicesDep
from app.dates import now, parse_as_of
from app.drafting import evidence_of, query
from domain.facts import Evidence

router = APIRouter(prefix="/v1/patients", tags=["query"])


class QueryBody(BaseModel):
    """One SELECT."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    sql: str = Field(
        min_length=1, max_length=8000, examples=["SELECT date, value FROM observation WHERE concept = 'potassium'"]
    )
    as_of: str | None = Field(default=None, max_length=40, description="The date or time to treat as now.")


class QueryResult(BaseModel):
    """Columns, rows, and for each row the citations of what it came from."""

    columns: list[str]
    rows: list[list[Any]]
    evidence: list[list[Evidence]]
    found: bool
    truncated: bool = False
    looked_at: list[str]
    warnings: list[str]


@router.post("/{patient_id}/query", summary="Query one patient's record")
def query_record(patient_id: str, body: QueryBody, services: ServicesDep) -> QueryResult:
    """A read-only SELECT (DuckDB) over the patient's rows as of a moment; see the guide for the tables."""
    result = query(services, patient_id, body.sql, parse_as_of(body.as_of) or now())
    return QueryResult(
        columns=result.data["columns"],
        rows=result.data["rows"],
        evidence=evidence_of(result) if result.found else [],
        found=result.found,
        truncated=bool(result.data.get("truncated")),
        looked_at=list(result.looked_at),
        warnings=list(result.warnings),
    )
