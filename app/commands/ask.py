"""One question at the terminal, and the batch door."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.assembly import Services
from app.batch import count_rows, run_batch
from app.commands.console import counted, day, out_console, progress_of, remark, say
from app.commands.services import open_services, require_patients
from app.dates import now, parse_as_of
from domain.answers import Answer
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from rich.console import Console

    from agents import Assistant


def ask_one(
    patient_id: str, question: str, *, as_of: str | None, data_dir: Path | None, as_json: bool, no_color: bool
) -> None:
    """Print the answer to one question."""
    services = open_services(data_dir)
    moment = parse_as_of(as_of) or now()
    require_patients(services)
    answer = services.assistant.ask(patient_id, question, as_of=moment)
    if as_json:
        say(json.dumps(answer.model_dump(mode="json"), ensure_ascii=False, indent=2))
    else:
        print_answer(answer, out_console(no_color))
    services.close()


def ask_many(questions: Path, out: Path, *, data_dir: Path | None) -> None:
    """Answer a file of questions, continuing where an earlier run stopped."""
    services = open_services(data_dir)
    total = count_rows(questions)
    assistant = _warm(services)
    owner = f"batch-{secrets.token_hex(8)}"  # of this run alone: its conversations are in nobody's list, and go with it
    try:
        with progress_of("Answering", total) as advance:
            report = run_batch(
                questions, out, lambda rows: [answer_row(assistant, row, owner) for row in rows], advance=advance
            )
    finally:
        services.memory.delete_all(owner=owner)
    before = f", {report.skipped} from before" if report.skipped else ""
    remark(f"{counted(report.rows, 'row')} in {out}{before}, {counted(report.errors, 'error')}")
    services.close()


def _warm(services: Services) -> Assistant:
    assistant = services.assistant
    assistant.warm()
    return assistant


def answer_row(assistant: Assistant, row: dict[str, Any], owner: str) -> dict[str, Any]:
    """The output row of one question `{id, patient_id, question, as_of}`, or of the last of its `turns`.

    Turns are remembered in a conversation of `owner`.

    Raises:
        InvalidInput: a field is missing or of the wrong kind.
    """
    from agents.memory import LOCAL_OWNER

    patient_id, turns = _text(row, "patient_id"), _turns(row)
    moment = parse_as_of(_text(row, "as_of", required=False)) or now()
    # A thread only where there is something to remember, and never the same one twice.
    kept = len(turns) > 1
    thread_id, whose = (secrets.token_hex(8), owner) if kept else (None, LOCAL_OWNER)
    for turn in turns:
        answer = assistant.ask(patient_id, turn, as_of=moment, thread_id=thread_id, owner=whose)
    return {"id": row.get("id"), **row_of(answer)}


def row_of(answer: Answer) -> dict[str, Any]:
    """An answer as the batch door writes it."""
    refs = [c.evidence.ref for c in sorted(answer.citations, key=lambda c: c.number)]
    return {
        "answer_text": answer.text,
        "citations": list(dict.fromkeys(refs)),
        "tool_calls": [call.model_dump(mode="json") for call in answer.tool_calls],
        "warnings": list(answer.warnings),
        "conflicts": [conflict.model_dump(mode="json") for conflict in answer.conflicts],
        "abstained": answer.abstained,
        "refused": answer.refused,
        "latency_s": round(answer.latency_s, 4),
    }


def _turns(row: dict[str, Any]) -> list[str]:
    """The questions of a row in order; `question`, when given, comes after the `turns`."""
    given = row.get("turns") or []
    if not isinstance(given, list):
        raise InvalidInput("turns must be a list of questions")
    turns = [turn.get("question") if isinstance(turn, dict) else turn for turn in given]
    if not turns or (row.get("question") is not None and row["question"] != turns[-1]):
        turns.append(_text(row, "question"))
    if not all(isinstance(turn, str) for turn in turns):
        raise InvalidInput("turns must be a list of questions")
    return [str(turn) for turn in turns]


def _text(row: dict[str, Any], name: str, required: bool = True) -> str:
    value = row.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise InvalidInput(f"a row needs {name} as text", field=name)
    return value


def print_answer(answer: Answer, console: Console) -> None:
    """The answer, what it rests on, and what to mind, for a terminal."""
    from rich.markdown import Markdown
    from rich.markup import escape

    if console.is_terminal:
        console.print(Markdown(answer.text))
    else:
        console.print(escape(answer.text))
    for label, style, lines in _remarks(answer):
        console.print(f"\n[{style}]{label}[/{style}]")
        for line in lines:
            console.print(f"  {escape(line)}")


def _remarks(answer: Answer) -> Iterable[tuple[str, str, list[str]]]:
    if answer.conflicts:
        lines = [f"{c.topic}: the record says {c.record_says}; a note says {c.note_says}" for c in answer.conflicts]
        yield "Record and notes differ", "bold yellow", lines
    if answer.warnings:
        yield "Mind", "bold yellow", list(answer.warnings)
    if answer.citations:
        yield "Sources", "bold", [_source_line(answer, i) for i in range(len(answer.citations))]


def _source_line(answer: Answer, index: int) -> str:
    citation = answer.citations[index]
    quote = " ".join(citation.evidence.quote.split())
    parts = (f"[{citation.number}]", day(citation.evidence.time), citation.evidence.ref, quote[:100])
    return "  ".join(part for part in parts if part)
