"""The batch door: rows `{id, text, patient_id?, time?}` in, rows `{id, facts}` or `{id, error}` out, as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from domain.facts import Fact, Note
from nlp_pipeline.parallel import batched, map_batches

if TYPE_CHECKING:
    from spacy.language import Language

MAX_CHARACTERS = 1_000_000  # spaCy's own limit for one text


def extract_rows(
    rows: Iterable[dict[str, Any]], nlp: Language | None = None, batch_size: int = 64, processes: int = 1
) -> Iterator[dict[str, Any]]:
    """One row out per row in, in order; a row that cannot be read gives `{id, error: {kind, message}}`.

    Args:
        rows: Mappings with `id` and `text` (strings), and optionally `patient_id` and `time` (ISO 8601; taken as UTC
            where it names no zone).
        nlp: A pipeline of `build_pipeline`; by default one is built once per process.
        batch_size: How many rows are read ahead, for each process.
        processes: Worker processes; each uses the default pipeline. Worth it from some thousand notes on.
    """
    if processes > 1:
        from nlp_pipeline.pipeline import default_pipeline

        default_pipeline()  # before the fork, so that the processes share it
        yield from map_batches(_rows_of, rows, batch_size, processes)
        return
    for batch in batched(rows, batch_size):
        yield from _rows_of(batch, nlp)


def to_json(fact: Fact) -> dict[str, Any]:
    """A fact as plain JSON values."""
    return fact.model_dump(mode="json", serialize_as_any=True)


def _rows_of(batch: list[dict[str, Any]], nlp: Language | None = None) -> list[dict[str, Any]]:
    from nlp_pipeline.extraction import extract

    read = [_note(row) for row in batch]
    facts = extract([note for note in read if isinstance(note, Note)], nlp=nlp, batch_size=len(batch))
    answers: list[dict[str, Any]] = []
    for row, note in zip(batch, read, strict=True):
        row_id = row.get("id") if isinstance(row, dict) else None
        if isinstance(note, Note):
            answers.append({"id": row_id, "facts": [to_json(fact) for fact in next(facts)]})
        else:
            answers.append({"id": row_id, "error": {"kind": "invalid_record", "message": note}})
    return answers


def _note(row: object) -> Note | str:
    """The note of a row, or what is wrong with it (never its text)."""
    if not isinstance(row, dict):
        return "a row is an object with id and text"
    row_id, text = row.get("id"), row.get("text")
    if not isinstance(row_id, (str, int)) or isinstance(row_id, bool) or str(row_id) == "":
        return "id must be a string or an integer"
    if not isinstance(text, str):
        return "text must be a string"
    if len(text) > MAX_CHARACTERS:
        return f"text has {len(text)} characters; at most {MAX_CHARACTERS} are accepted"
    time = _time(row.get("time"))
    if isinstance(time, str):
        return time
    return Note(id=str(row_id), patient_id=str(row.get("patient_id") or ""), text=text, time=time)


def _time(value: object) -> datetime | str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        return "time must be an ISO 8601 string"
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return "time must be ISO 8601, for example 2020-03-02T10:00:00+00:00"
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
