"""An answer as a document: Markdown, a page that prints, PDF, FHIR."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.deps import ServicesDep
from app.dates import now
from app.export.answers import FORMS, MEDIA_TYPES, export
from domain.answers import Answer

router = APIRouter(prefix="/v1/patients", tags=["questions"])


@router.post(
    "/{patient_id}/answers/export",
    summary="Export an answer",
    response_class=Response,
    responses={200: {"content": {media: {} for media in MEDIA_TYPES.values()}}},
)
def export_answer(
    patient_id: str,
    answer: Answer,
    services: ServicesDep,
    form: Annotated[str, Query(alias="format", max_length=20, description=f"{', '.join(FORMS)}")] = "markdown",
) -> Response:
    """The answer with each citation as it stands in this patient's record.

    A citation that this record does not hold is named as such, with a warning; an answer of which it holds none is
    about somebody else, and is refused.
    """
    document = export(services.store, patient_id, answer, form, now())
    headers = {"content-disposition": f'attachment; filename="answer.{FORMS[form]}"'}
    return Response(document, media_type=MEDIA_TYPES[form], headers=headers)
