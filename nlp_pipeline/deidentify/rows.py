"""Rows `{id, text, patient_id?, time?, names?}` de-identified and back; fields that are not known are left out."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

from domain.errors import InvalidInput
from nlp_pipeline.deidentify.sealing import check_key, seal, unseal
from nlp_pipeline.deidentify.text import Deidentified, deidentify, pseudonym, reidentify, shift_days

_ROW = "row"


def pseudonymous(row: dict[str, Any], key: bytes, keep_ids: bool = False) -> dict[str, Any]:
    """The row under another id, still with its text; `source` holds what it was called.

    A row without a patient is taken for a patient of its own.
    """
    row_id = row.get("id")
    if row_id is None:
        return row
    patient = str(row.get("patient_id") or "")
    shown = row_id if keep_ids else pseudonym(str(row_id), key=key, purpose="note")
    return {**row, "id": shown, "source": {"id": row_id, "patient_id": patient}}


def deidentify_row(row: dict[str, Any], key: bytes, keep_ids: bool = False) -> tuple[dict[str, Any], Deidentified]:
    """A row of `pseudonymous` without its identifiers, ready for extraction, and what was replaced in its text.

    Raises:
        InvalidInput: a field is missing or of the wrong kind.
    """
    source = row.get("source")
    text, names = row.get("text"), row.get("names") or []
    if not isinstance(source, dict) or isinstance(source["id"], (bool, float, list, dict)):
        raise InvalidInput("id must be a string or an integer")
    if not isinstance(text, str):
        raise InvalidInput("text must be a string")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidInput("names must be a list of strings")
    patient = source["patient_id"] or str(source["id"])
    moment = _moment(row.get("time"))
    year = {"year": moment.year} if moment else {}
    safe = deidentify(text, patient_id=patient, key=key, known_names=names, **year)
    out: dict[str, Any] = {"id": row["id"], "text": safe.text}
    if source["patient_id"]:
        out["patient_id"] = patient if keep_ids else pseudonym(patient, key=key)
    if moment:
        out["time"] = (moment + timedelta(days=shift_days(patient, key=key))).isoformat()
    return out, safe


def sealed_row(row: dict[str, Any], key: bytes, keep_ids: bool = False) -> dict[str, Any]:
    """The output row of `deidentify_row`: with the spans of the surrogates, and the originals sealed."""
    out, safe = deidentify_row(row, key, keep_ids)
    original = {**row["source"], **({"time": row["time"]} if row.get("time") else {})}
    return {
        **out,
        "replacements": [
            {"category": r.category.value, "start": r.new_start, "end": r.new_end} for r in safe.replacements
        ],
        "sealed": safe.sealed,
        "sealed_row": seal(json.dumps(original).encode(), _ROW, key),
    }


def reidentify_row(row: dict[str, Any], key: bytes) -> dict[str, Any]:
    """The original `{id, patient_id, time, text}` of a row of `sealed_row`.

    Raises:
        InvalidInput: the row is none of those, was changed, or was made with another key.
    """
    texts = [row.get(name) for name in ("text", "sealed", "sealed_row")]
    if not all(isinstance(text, str) for text in texts):
        raise InvalidInput("a row to bring back has text, sealed and sealed_row")
    original = json.loads(unseal(str(row["sealed_row"]), _ROW, check_key(key)))
    text = reidentify(str(row["text"]), str(row["sealed"]), key=key)
    return {**{name: value for name, value in original.items() if value != ""}, "text": text}


def _moment(value: object) -> datetime | date | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str):
            return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    except ValueError:
        pass
    raise InvalidInput("time must be ISO 8601, for example 2020-03-02T10:00:00+00:00")
