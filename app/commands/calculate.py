"""Calculated answers from notes at the terminal: a file of questions, or one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from app.batch import Form, Row, count_rows, numbered, read_rows, run_batch
from app.commands.console import counted, progress_of, remark, say
from app.commands.services import open_services
from domain.errors import InvalidInput
from tools.calculation import Calculated, NoteCalculator

_BATCH = 16
TEXTBOOK = "textbook"


def calculate_cases(cases: Path, out: Path, *, data_dir: Path | None, conventions: str, processes: int) -> None:
    """Answer rows `{row_number, patient_note, question}`, continuing where an earlier run stopped.

    Raises:
        InvalidInput: a file cannot be read or written, or the conventions are not known.
    """
    calculator(conventions)
    open_services(data_dir)
    with progress_of("Calculating", count_rows(cases), threaded=processes == 1) as advance:
        report = run_batch(
            partial(_numbered_rows, cases), out, partial(_answers, conventions=conventions),
            batch_size=_BATCH, processes=processes, form=_FORM, advance=advance,
        )  # fmt: skip
    remark(f"{counted(report.rows, 'row')} in {out}, {counted(report.errors, 'error')}")


def calculate_one(note: Path, question: str, *, conventions: str, as_json: bool) -> None:
    """Answer one question over one note."""
    try:
        text = note.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{note} cannot be read as UTF-8 text") from error
    done = calculator(conventions)(text, question)
    if as_json:
        say(json.dumps(as_row(done), indent=2, ensure_ascii=False))
        return
    say(
        f"{done.calculator or 'no calculator'}: {done.display or done.answer if done.answer is not None else 'no answer'}"
    )
    if done.reason:
        say(done.reason)
    for item in done.inputs:
        shown = f"{item.value:g}" if isinstance(item.value, float) else str(item.value)
        where = f"“{item.quote}” at {item.span[0]}-{item.span[1]}" if item.span else item.note or item.origin
        if item.span and item.note:
            where += f" ({item.note})"
        say(f"  {item.name} = {shown} {item.unit}  {where}")
    for text in (*done.assumptions, *done.warnings):
        say(f"  note: {text}")


@lru_cache(maxsize=4)
def calculator(conventions: str) -> NoteCalculator:
    """The calculator under some conventions.

    Raises:
        InvalidInput: there are none of this name.
    """
    from evals.medcalc import RELEASES, MedCalcBench
    from twin_backend import build_twin

    if conventions == TEXTBOOK:
        return NoteCalculator(build_twin(keep_runs=1))
    release = conventions.removeprefix("medcalc-bench-")
    if release not in RELEASES:
        accepted = (TEXTBOOK, *(f"medcalc-bench-{name}" for name in RELEASES))
        raise InvalidInput(f"unknown conventions; choose one of {', '.join(accepted)}", accepted=accepted)
    return NoteCalculator(build_twin(keep_runs=1), MedCalcBench(release))


def as_row(done: Calculated) -> dict[str, Any]:
    """The answer as a JSON object; inputs that are criteria are listed once, as criteria."""
    row = done.model_dump(mode="json")
    criteria = {c["name"] for c in row["criteria"]}
    row["inputs"] = [item for item in row["inputs"] if item["name"] not in criteria]
    return row


def _answers(rows: list[dict[str, Any]], conventions: str) -> Iterator[dict[str, Any]]:
    answer = calculator(conventions)
    for row in rows:
        note, question = row.get("patient_note", row.get("text")), row.get("question")
        if not isinstance(note, str) or not isinstance(question, str):
            raise InvalidInput("a row needs patient_note and question, both text")
        yield as_row(answer(note, question))


def _numbered_rows(cases: Path) -> Iterator[Row]:
    """The rows, known by their `row_number`."""
    seen: Counter[str] = Counter()
    for row in read_rows(cases):
        number = row.value.get("row_number", row.value.get("id"))
        yield numbered(row._replace(value={**row.value, "id": number}), seen)


def _write(row: Row, result: dict[str, Any]) -> dict[str, Any]:
    return {"row_number": row.value.get("id"), **{key: value for key, value in result.items() if key != "id"}}


_FORM = Form(_write, lambda line: json.dumps(line.get("row_number")))
