"""The `charttwin` command; `twin` and its commands are in `app.twin_cli`. Only typer is imported here: each command imports what it needs when it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.access_cli import access_app, audit_app
from app.drafts_cli import drafts_app, query
from app.feedback_cli import feedback_app
from app.threads_cli import threads_app
from app.twin_cli import DataDir, Json, Port, twin_app

NotesIn = Annotated[
    Path, typer.Option("--notes", metavar="PATH", help="JSON lines {id, text}, a text file, a folder, or - for stdin.")
]
NotesOut = Annotated[Path, typer.Option("--out", metavar="FILE", help="Continued when it exists; - is stdout.")]
KeyFile = Annotated[Path | None, typer.Option("--key-file", metavar="FILE", help="The secret of the surrogates.")]
KeepIds = Annotated[bool, typer.Option("--keep-ids", help="Keep the ids of notes and patients as they are.")]
Processes = Annotated[int, typer.Option("--processes", min=1, max=64, help="Worker processes.")]

app = typer.Typer(
    name="charttwin",
    help="Cited answers about a patient's record, notes and digital twin. Not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(twin_app, name="twin")
app.add_typer(access_app, name="access")
app.add_typer(audit_app, name="audit")
app.add_typer(threads_app, name="threads")
app.add_typer(drafts_app, name="drafts")
app.add_typer(feedback_app, name="feedback")
app.command(name="query")(query)


def _print_version(wanted: bool) -> None:
    if wanted:
        from app import version

        typer.echo(f"charttwin {version()}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Cited answers about a patient's record, notes and digital twin. Not a medical device."""


@app.command()
def demo(
    port: Port = None,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve once loaded.")] = True,
    data_dir: DataDir = None,
) -> None:
    """Load the demo cohort, once, and serve chat and API on one loopback port."""
    from app.commands import serve as commands

    commands.demo(data_dir=data_dir, port=port, serve_it=serve)


@app.command()
def serve(
    port: Port = None,
    host: Annotated[str | None, typer.Option(help="Loopback when not given.")] = None,
    ui: Annotated[bool, typer.Option("--ui/--no-ui", help="With or without the chat.")] = True,
    data_dir: DataDir = None,
) -> None:
    """Serve chat and API over the records that are loaded."""
    from app.commands import serve as commands

    commands.serve(data_dir=data_dir, host=host, port=port, with_ui=ui)


@app.command()
def mcp(
    patient: Annotated[str, typer.Option("--patient", metavar="ID", help="The patient of this connection.")],
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="The date to treat as today.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve the tools to an agent over standard input and output (Model Context Protocol), for one patient."""
    from app.commands import mcp as commands

    commands.serve_stdio(patient, as_of=as_of, data_dir=data_dir)


@app.command()
def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH...", help="FHIR bundles, NDJSON, notes, folders.")
    ] = None,
    patient: Annotated[
        str | None,
        typer.Option(
            "--patient", metavar="ID", help="Whose notes the text files are; with --fhir-server, whom to pull."
        ),
    ] = None,
    fhir_server: Annotated[
        str | None,
        typer.Option("--fhir-server", metavar="URL", help="Pull from a FHIR R4 server; goes on where it stopped."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Load FHIR R4 records and text notes; loading the same twice changes nothing."""
    from app.commands import records

    if fhir_server is not None:
        records.ingest_server(fhir_server, patient_id=patient, data_dir=data_dir)
    if paths or fhir_server is None:
        records.ingest(paths or [], patient_id=patient, data_dir=data_dir)


@app.command()
def patients(as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the patients that are loaded."""
    from app.commands import records

    records.list_patients(data_dir=data_dir, as_json=as_json)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="One question.")] = None,
    patient: Annotated[str | None, typer.Option("--patient", metavar="ID", help="About whom.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="The date to treat as today."),
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option("--questions", metavar="FILE", help="JSON lines {id, patient_id, question, as_of}."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="With --questions: JSON lines; continued when it exists."),
    ] = None,
    as_json: Json = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Plain text.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Ask about one patient, or answer a file of questions."""
    from app.commands import ask as commands
    from domain.errors import InvalidInput

    if questions is not None and out is not None and question is None:
        commands.ask_many(questions, out, data_dir=data_dir)
    elif question is not None and patient is not None and questions is None:
        commands.ask_one(patient, question, as_of=as_of, data_dir=data_dir, as_json=as_json, no_color=no_color)
    else:
        raise InvalidInput('give --patient ID "question", or --questions in.jsonl --out out.jsonl')


@app.command()
def story(
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="The patient's id.")],
    kind: Annotated[
        str, typer.Option(help="one_liner, timeline, problem_oriented, since_last_visit, sbar or full.")
    ] = "problem_oriented",
    audience: Annotated[
        str, typer.Option(help="clinician_short, clinician_long, handoff, patient or evaluator.")
    ] = "clinician_short",
    form: Annotated[str, typer.Option("--format", help="markdown, json or fhir (an R4 document).")] = "markdown",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Standard output when not given.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="The date to treat as today.")] = None,
    period: Annotated[str, typer.Option("--period", help="Such as 'last 2 years' or 'since 2025-05-01'.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Tell a patient's story from record and notes, every sentence cited."""
    from app.commands import story as commands

    commands.story(
        patient, kind=kind, audience=audience, form=form, out=out, as_of=as_of, period=period, data_dir=data_dir
    )


@app.command()
def verify(
    answer: Annotated[Path, typer.Argument(metavar="FILE", help="The answer as text or Markdown; - for stdin.")],
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="ID", help="Hold it against this patient's whole record.")
    ] = None,
    evidence: Annotated[
        list[Path] | None,
        typer.Option("--evidence", metavar="FILE", help="Hold it against this text; may be repeated."),
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="The date to treat as today.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Check any system's answer claim by claim; the exit code is 3 when something does not hold."""
    from app.commands import verify as commands

    holds = commands.verify(
        answer, patient_id=patient, evidence=evidence or [], as_of=as_of, data_dir=data_dir, as_json=as_json
    )
    if not holds:
        raise typer.Exit(3)


@app.command()
def extract(
    notes: NotesIn,
    out: NotesOut = Path("-"),
    form: Annotated[str, typer.Option("--format", help="jsonl, or fhir for one R4 Bundle a line.")] = "jsonl",
    processes: Processes = 1,
    deidentified: Annotated[bool, typer.Option("--deidentify", help="De-identify the notes first.")] = False,
    key_file: KeyFile = None,
    keep_ids: KeepIds = False,
    data_dir: DataDir = None,
) -> None:
    """Read the facts from notes."""
    from app.commands import notes as commands
    from app.commands.deidentify import read_key

    key = read_key(key_file) if deidentified else None
    commands.extract_notes(notes, out, data_dir=data_dir, form=form, processes=processes, key=key, keep_ids=keep_ids)


@app.command()
def deidentify(
    notes: NotesIn,
    out: NotesOut = Path("-"),
    key_file: KeyFile = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="Bring the originals back.")] = False,
    keep_ids: KeepIds = False,
    processes: Processes = 1,
    data_dir: DataDir = None,
) -> None:
    """Replace names, dates, places and numbers in notes; only the key brings them back."""
    from app.commands import deidentify as commands

    commands.deidentify_notes(
        notes, out, key_file=key_file, data_dir=data_dir, reverse=reverse, keep_ids=keep_ids, processes=processes
    )


@app.command()
def calculate(
    question: Annotated[str | None, typer.Argument(help="One question, with --note.")] = None,
    note: Annotated[Path | None, typer.Option("--note", metavar="FILE", help="The note, as text.")] = None,
    cases: Annotated[
        Path | None,
        typer.Option("--cases", metavar="FILE", help="JSON lines {row_number, patient_note, question}."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="With --cases: JSON lines; continued when it exists.")
    ] = None,
    conventions: Annotated[
        str,
        typer.Option(help="textbook; or medcalc-bench-verified, -v1.2, -v1.0: as that benchmark's labels have it."),
    ] = "textbook",
    processes: Processes = 1,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Answer calculator questions over notes, with the words of the note behind every input."""
    from app.commands import calculate as commands
    from domain.errors import InvalidInput

    if cases is not None and out is not None and note is None:
        commands.calculate_cases(cases, out, data_dir=data_dir, conventions=conventions, processes=processes)
    elif question is not None and note is not None and cases is None:
        commands.calculate_one(note, question, conventions=conventions, as_json=as_json)
    else:
        raise InvalidInput('give --note FILE "question", or --cases in.jsonl --out out.jsonl')


@app.command()
def generate(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the bundles.")],
    n: Annotated[int, typer.Option("--n", min=1, max=100_000, help="How many patients.")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same cohort.")] = 0,
    data_dir: DataDir = None,
) -> None:
    """Write a synthetic cohort as FHIR bundles."""
    from app.commands import records

    records.generate(n, seed, out)


@app.command(name="eval")
def evaluate(
    suite: Annotated[
        str,
        typer.Argument(
            help="record-qa, record-qa-synthea, agent-questions, agent-wordings, agent-charts, safety, poisoned, dialogues, story, verifier, adversarial-model, extraction, assertions, case-events, sections, links or note-calculators."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the report.")],
    limit: Annotated[int | None, typer.Option("--limit", "--n", min=1, help="Only the first cases.")] = None,
    bundles: Annotated[
        Path | None,
        typer.Option("--bundles", metavar="PATH", help="Bundles that the suite needs."),
    ] = None,
    split: Annotated[str, typer.Option(help="tune, held or both; or folds, such as 012.")] = "both",
    notes: Annotated[
        Path | None,
        typer.Option("--notes", metavar="FILE", help="Notes (JSON lines, also .gz) that stand-off gold refers to."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Run an evaluation suite and write its report."""
    from app.commands import evaluate as commands

    command = f"charttwin eval {suite}"
    command += f" --limit {limit}" if limit else ""
    command += f" --split {split}" if split != "both" else ""
    commands.evaluate(
        suite, out, data_dir=data_dir, limit=limit, bundles=bundles, split=split, notes=notes, command=command
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command; a fault is one line on standard error, without a traceback and without patient text."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """The exit code of the command: 2 for what the caller can mend, 1 for a fault of ours, 130 when interrupted."""
    from domain.errors import ChartTwinError

    try:
        return app(arguments, standalone_mode=False) or 0
    except ChartTwinError as error:
        return _complain(error.message, 2)
    except typer.Abort:
        return _complain("interrupted", 130)
    except KeyboardInterrupt:
        return _complain("interrupted; rows that were finished are kept", 130)
    except BrokenPipeError:
        return 1
    except OSError as error:
        return _complain(f"{error.filename or 'a file'}: {error.strerror or type(error).__name__}", 2)
    except Exception as error:
        return _on_other(error)


def _on_other(error: Exception) -> int:
    # Usage errors, known by their method: typer brings its own copy of click, whose classes it does not export.
    show = getattr(error, "format_message", None)
    if show is None:
        from app.logs import place_of

        return _complain(f"an unexpected fault: {place_of(error)}", 1)
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(str(show()), err=True)
        return 2
    return _complain(f"{show()} (charttwin --help)", 2)


def _complain(message: str, code: int) -> int:
    typer.echo(f"charttwin: {' '.join(message.split())}", err=True)
    return code


if __name__ == "__main__":
    main()
