"""The patient's story: JSON, Markdown or a FHIR document."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel

from app.api.deps import ServicesDep
from app.dates import now, parse_as_of
from app.stories import accepted_form, check_form, story_document, tell_story
from domain.answers import Conflict
from domain.facts import Evidence
from tools.story import AUDIENCES, KINDS

_VARIES = {"Vary": "Accept"}
router = APIRouter(prefix="/v1/patients", tags=["story"])


class SentenceBody(BaseModel):
    """One sentence, the ground it stands on, and what supports it."""

    text: str
    basis: str
    item: bool = False
    evidence: list[Evidence]


class SectionBody(BaseModel):
    """One titled run of sentences; `code` is its LOINC code."""

    id: str
    title: str
    code: str
    sentences: list[SentenceBody]


class StoryBody(BaseModel):
    """The story with its conflicts, warnings and what was searched."""

    kind: str
    audience: str
    patient_id: str
    title: str
    as_of: str
    period: str = ""
    sections: list[SectionBody]
    conflicts: list[Conflict] = []
    warnings: list[str] = []
    looked_at: list[str] = []


@router.get(
    "/{patient_id}/story",
    summary="The patient's story",
    response_model=StoryBody,
    responses={
        200: {"content": {"text/markdown": {}, "application/fhir+json": {}}},
        406: {"description": "The Accept header takes none of the three forms."},
    },
)
def get_story(
    patient_id: str,
    services: ServicesDep,
    kind: Annotated[
        str, Query(max_length=40, json_schema_extra={"enum": list(KINDS)}, description="What is told, and how.")
    ] = "problem_oriented",
    audience: Annotated[
        str, Query(max_length=40, json_schema_extra={"enum": list(AUDIENCES)}, description="Whom it is told to.")
    ] = "clinician_short",
    form: Annotated[
        str,
        Query(alias="format", max_length=20, description="json, markdown or fhir; without it what Accept likes best"),
    ] = "",
    as_of: Annotated[str | None, Query(max_length=40, description="The date or time to treat as now.")] = None,
    period: Annotated[str, Query(max_length=120, description="Such as 'last 2 years' or 'since 2025-05-01'.")] = "",
    accept: Annotated[str, Header(max_length=1000, include_in_schema=False)] = "",
) -> Response:
    """A cited narrative of the record and its notes. It makes no diagnosis and no treatment decision."""
    form = check_form(form) if form else accepted_form(accept)
    story = tell_story(
        services, patient_id, kind=kind, audience=audience, as_of=parse_as_of(as_of) or now(), period=period
    )
    if form == "markdown":
        from tools.story import to_markdown

        return PlainTextResponse(to_markdown(story), media_type="text/markdown; charset=utf-8", headers=_VARIES)
    if form == "fhir":
        document: dict[str, Any] = story_document(services, story, now())
        return JSONResponse(document, media_type="application/fhir+json", headers=_VARIES)
    return JSONResponse(
        StoryBody.model_validate(story.model_dump(mode="json")).model_dump(mode="json"), headers=_VARIES
    )
