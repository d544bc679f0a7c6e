"""Notes to facts, as a stream: JSON lines or FHIR bundles, with or without the people in the notes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from app.batch import PLAIN, BatchReport, Form, Row, run_batch
from app.commands.console import counted, progress_of, remark
from app.commands.services import open_services
from app.dates import now
from app.note_sources import STDIN, count_notes, note_source
from domain.errors import InvalidInput

# Large enough for the pipeline's own batching, small enough that an interrupted run loses little.
_BATCH = 16
_LINE = re.compile(r"line \d+")
Prepare = Callable[[Row], Row]


def extract_notes(
    notes: Path, out: Path, *, data_dir: Path | None, form: str = "jsonl", processes: int = 1, key: bytes | None = None,
    keep_ids: bool = False,
) -> None:  # fmt: skip
    """Read the facts from notes, continuing where an earlier run stopped.

    Args:
        notes: JSON lines `{id, text}`, a text file, a folder, or `-` for standard input.
        out: A file, or `-` for standard output.
        data_dir: As for every command.
        form: `jsonl`, or `fhir` for one Bundle a line.
        processes: Worker processes.
        key: De-identify the notes first, under this key.
        keep_ids: With a key: keep the ids of notes and patients.

    Raises:
        InvalidInput: a file cannot be read or written, or the form is not known.
    """
    if form not in FORMS:
        raise InvalidInput(f"unknown format; choose one of {', '.join(FORMS)}", accepted=tuple(FORMS))
    open_services(data_dir)
    load_pipeline()
    prepare = partial(prepared, key=key, keep_ids=keep_ids, as_text=form == "fhir")
    answer = partial(read_facts, key=key, keep_ids=keep_ids, recorded=now() if form == "fhir" else None)
    stream(notes, out, answer, prepare, FORMS[form], processes=processes, label="Reading notes")


def stream(
    notes: Path, out: Path, answer: Any, prepare: Prepare, form: Form, *, processes: int, label: str
) -> BatchReport:
    """Answer the rows of a note source into a file or standard output, with a bar and a closing line.

    Raises:
        InvalidInput: a file cannot be read or written.
    """
    source = note_source(notes)
    target = None if out == STDIN else out
    if target is not None:
        if notes != STDIN and target.resolve() == notes.resolve():
            raise InvalidInput("input and output are the same file")
        if notes != STDIN and notes.is_dir() and target.resolve().is_relative_to(notes.resolve()):
            raise InvalidInput("the output would become part of the input; choose an --out outside of it")
        if notes == STDIN and target.is_file() and target.stat().st_size:
            raise InvalidInput(f"{target} exists, and standard input cannot be continued; choose another --out")
    with progress_of(label, count_notes(notes), threaded=processes == 1) as advance:
        report = run_batch(
            lambda: map(prepare, source()), target, answer,
            batch_size=_BATCH, processes=processes, form=form, advance=advance,
        )  # fmt: skip
    where = f" in {target}" if target else ""
    remark(f"{counted(report.rows, 'row')}{where}, {counted(report.errors, 'error')}")
    return report


def load_pipeline() -> None:
    """Build the pipeline, before any process is forked."""
    from nlp_pipeline.pipeline import default_pipeline

    default_pipeline()


def prepared(row: Row, *, key: bytes | None, keep_ids: bool, as_text: bool = False) -> Row:
    """The row under the id that the output shows."""
    value = row.value
    if as_text and isinstance(value.get("id"), int) and not isinstance(value["id"], bool):
        value = {**value, "id": str(value["id"])}  # FHIR has no numbers for ids
    if key is not None:
        from nlp_pipeline.deidentify.rows import pseudonymous

        value = pseudonymous(value, key, keep_ids)
    name = json.dumps(value["id"], sort_keys=True) if value.get("id") is not None else f"line {row.line}"
    return row._replace(value=value, key=f"{name}#{row.key.rpartition('#')[2]}")


def read_facts(
    rows: list[dict[str, Any]], *, key: bytes | None, keep_ids: bool, recorded: datetime | None
) -> Iterable[dict[str, Any]]:
    """The results of some rows: facts, or a Bundle where `recorded` says when; de-identified text where there is a key."""
    from nlp_pipeline.batch import extract_rows

    texts: list[dict[str, Any]] = rows
    if key is not None:
        from nlp_pipeline.deidentify.rows import deidentify_row

        texts = [deidentify_row(row, key, keep_ids)[0] for row in rows]
    results = extract_rows(texts, batch_size=len(texts))
    for row, result in zip(texts, results, strict=True):
        if "error" in result:
            yield {"error": result["error"]}
        elif recorded is not None:
            yield {"bundle": _bundle(row, result["facts"], recorded)}
        elif key is not None:
            yield {
                **{name: row[name] for name in ("patient_id", "time", "text") if name in row},
                "facts": result["facts"],
            }
        else:
            yield {"facts": result["facts"]}


def _bundle(row: dict[str, Any], facts: list[dict[str, Any]], recorded: datetime) -> dict[str, Any]:
    from domain.facts import Fact, Note
    from knowledge_base.elements import moment
    from knowledge_base.fhir_bundle import bundle_of
    from nlp_pipeline import EXTRACTOR_VERSION

    note = Note(
        id=str(row["id"]), patient_id=str(row.get("patient_id") or ""), text=row["text"], time=moment(row.get("time"))
    )
    return bundle_of(note, [Fact.model_validate(fact) for fact in facts], recorded=recorded, version=EXTRACTOR_VERSION)


def _write_bundle(row: Row, result: dict[str, Any]) -> dict[str, Any]:
    if "bundle" in result:
        return dict(result["bundle"])
    from knowledge_base.fhir_bundle import fault_bundle

    identity = row.value.get("id")
    name = f"line {row.line}" if identity is None else identity if isinstance(identity, str) else json.dumps(identity)
    return fault_bundle(name, result["error"]["kind"], result["error"]["message"])


def _bundle_name(bundle: dict[str, Any]) -> str:
    name = str(bundle["identifier"]["value"])
    return name if _LINE.fullmatch(name) else json.dumps(name)


FORMS = {"jsonl": PLAIN, "fhir": Form(_write_bundle, _bundle_name)}
