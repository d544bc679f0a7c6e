"""The notes that DocumentReference and DiagnosticReport carry as attachments."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable
from email.message import Message

from domain.facts import Note
from knowledge_base.elements import Json, display_of, label_of, moment, reference_of, timing_of
from knowledge_base.records import StoredNote

_LookUp = Callable[[str], Json | None]
_Problem = tuple[str, str]  # path within the resource, reason


def attached_notes(resource: Json, patient_id: str, look_up: _LookUp) -> tuple[list[StoredNote], list[_Problem]]:
    """The text attachments of a resource as notes, and the attachments that could not be read.

    The first note has the id of its resource, so that `Note/<id>` and `DocumentReference/<id>` agree.
    """
    notes: list[StoredNote] = []
    problems: list[_Problem] = []
    for path, attachment in _attachments(resource):
        if not attachment.get("data") and not attachment.get("url"):
            continue
        text = _text_of(attachment, look_up)
        if isinstance(text, _Unread):
            problems.append((f"{path}.{text.element}", text.reason))
        elif text.strip():
            suffix = f".{len(notes)}" if notes else ""
            notes.append(_note(resource, patient_id, attachment, text, suffix))
    return notes, problems


def _attachments(resource: Json) -> list[tuple[str, Json]]:
    if resource["resourceType"] == "DocumentReference":
        content = resource.get("content", ())
        return [(f"content[{i}].attachment", item.get("attachment", {})) for i, item in enumerate(content)]
    if resource["resourceType"] == "DiagnosticReport":
        return [(f"presentedForm[{i}]", item) for i, item in enumerate(resource.get("presentedForm", ()))]
    return []


class _Unread:
    """Why an attachment is not a note."""

    def __init__(self, element: str, reason: str) -> None:
        self.element = element
        self.reason = reason


def _text_of(attachment: Json, look_up: _LookUp) -> str | _Unread:
    content_type, data, element = attachment.get("contentType", "text/plain"), attachment.get("data"), "data"
    if not data:
        binary = look_up(attachment["url"])
        if binary is None:
            return _Unread("url", "points outside the batch; only text that comes with it is read")
        content_type, data, element = binary.get("contentType", content_type), binary.get("data", ""), "url"
    kind, charset = _media_type(content_type)
    if kind not in {"text/plain", "text/html", "text/markdown", "application/xhtml+xml"}:
        return _Unread("contentType", "is not text; text/plain, text/markdown and text/html are read")
    try:
        # Lines may be wrapped; whatever else is no base64 would be passed over, and a note lost in silence.
        text = base64.b64decode("".join(data.split()), validate=True).decode(charset)
    except (binascii.Error, ValueError, LookupError):
        return _Unread(element, "is not base64 of text in its charset")
    return _html_text(text) if kind.endswith("html") or kind.endswith("html+xml") else text.removeprefix("\ufeff")


def _media_type(content_type: str) -> tuple[str, str]:
    message = Message()
    message["content-type"] = content_type
    return message.get_content_type(), str(message.get_param("charset", "utf-8"))


def _html_text(markup: str) -> str:
    """The words of a page, its blocks as lines."""
    bare = re.sub(r"(?is)<(script|style)\b.*?</\1>", "", markup)
    lines = re.sub(r"(?i)<(?:br|/p|/div|/h\d|/li|/tr|/table)\b[^>]*>", "\n", bare)
    return html.unescape(re.sub(r"<[^>]+>", " ", lines))


def _note(resource: Json, patient_id: str, attachment: Json, text: str, suffix: str) -> StoredNote:
    is_document = resource["resourceType"] == "DocumentReference"
    kind = resource.get("type") if is_document else resource.get("code")
    context = resource.get("context", {}) if is_document else {}
    encounters = context.get("encounter", ()) or [resource.get("encounter")]
    authors = resource.get("author" if is_document else "performer", ())
    period = moment(context.get("period", {}).get("start"))
    effective = timing_of(resource, "effective")[0]
    # When the care took place, rather than when the document was filed.
    time = (period or moment(resource.get("date"))) if is_document else (effective or moment(resource.get("issued")))
    note = Note(
        id=f"{resource['id']}{suffix}",
        patient_id=patient_id,
        text=text,
        title=attachment.get("title") or resource.get("description", "") or display_of(kind),
        note_type=display_of(kind),
        time=time or moment(attachment.get("creation")),
        author="; ".join(filter(None, map(label_of, authors))),
        encounter_id=reference_of(encounters[0]).removeprefix("Encounter/") if encounters else "",
    )
    return StoredNote(note, f"{resource['resourceType']}/{resource['id']}")
