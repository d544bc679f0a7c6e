"""Files to text: what a note says, out of a text, PDF or Word file. Nothing is kept."""

from __future__ import annotations

import io
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from domain.errors import InvalidInput, InvalidRecord

router = APIRouter(prefix="/v1/notes", tags=["notes"])
_MOST_PAGES = 300
_MOST_TEXT = 2_000_000


class NoteText(BaseModel):
    """The text of a file."""

    text: str


@router.post(
    "/text",
    summary="The text of a file",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def text_of_file(request: Request, x_file_name: Annotated[str, Header(max_length=600)] = "") -> NoteText:
    """The text of a `.txt`, `.pdf` or `.docx` file sent as the body, its name in `X-File-Name`. A scan has no text."""
    body = await request.body()
    name = unquote(x_file_name).lower()
    if not body:
        raise InvalidInput("the file is empty", field="body")
    text = await run_in_threadpool(_read, body, name)
    if not text.strip():
        raise InvalidRecord("the file has no text; a scan must go through character recognition first")
    return NoteText(text=text[:_MOST_TEXT])


def _read(body: bytes, name: str) -> str:
    if body.startswith(b"%PDF-"):
        return _pdf(body)
    if body.startswith(b"PK\x03\x04") and name.endswith(".docx"):
        return _word(body)
    if name and not name.endswith((".txt", ".text", ".md")):
        raise InvalidInput("the file is neither text nor PDF nor Word (.docx)", field="x-file-name")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _pdf(body: bytes) -> str:
    from pypdf import PdfReader

    try:
        pages = PdfReader(io.BytesIO(body)).pages
        if len(pages) > _MOST_PAGES:
            raise InvalidInput(f"the file has more than {_MOST_PAGES} pages", field="body")
        return "\n\n".join(page.extract_text() for page in pages)
    except InvalidInput:
        raise
    except Exception as error:  # the library raises many kinds on files that are not what they say
        raise InvalidRecord("the PDF cannot be read") from error


def _word(body: bytes) -> str:
    from docx import Document

    try:
        document = Document(io.BytesIO(body))
    except Exception as error:
        raise InvalidRecord("the Word file cannot be read") from error
    lines = [paragraph.text for paragraph in document.paragraphs]
    lines += ["\t".join(cell.text for cell in row.cells) for table in document.tables for row in table.rows]
    return "\n".join(lines)
