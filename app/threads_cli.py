"""The commands `charttwin threads`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.twin_cli import DataDir, Json

_LOCAL = "local"  # as agents.memory.LOCAL_OWNER, which is not imported for a help text
Thread = Annotated[str, typer.Argument(metavar="ID", help="As `charttwin threads list` prints it.")]
Owner = Annotated[str, typer.Option("--owner", help="Whose; where nobody signs in, everything is local.")]

threads_app = typer.Typer(help="Conversations that were kept.", no_args_is_help=True, rich_markup_mode=None)


@threads_app.command("list")
def list_threads(
    owner: Owner = _LOCAL,
    patient: Annotated[str | None, typer.Option("--patient", metavar="ID", help="About one patient.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List conversations, the last used first."""
    from app.commands import threads

    threads.list_threads(owner, patient, data_dir=data_dir, as_json=as_json)


@threads_app.command("show")
def show(
    thread: Thread,
    owner: Owner = _LOCAL,
    as_json: Json = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Plain text.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Print a conversation: questions, answers, sources."""
    from app.commands import threads

    threads.show(thread, owner, data_dir=data_dir, as_json=as_json, no_color=no_color)


@threads_app.command("export")
def export(
    thread: Thread,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file; - is stdout.")] = Path("-"),
    owner: Owner = _LOCAL,
    data_dir: DataDir = None,
) -> None:
    """Write a conversation as JSON."""
    from app.commands import threads

    threads.export(thread, owner, out, data_dir=data_dir)


@threads_app.command("delete")
def delete(
    thread: Annotated[str | None, typer.Argument(metavar="[ID]", help="One conversation.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Whose; without an id, all of theirs.")] = None,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="ID", help="All about this patient, whoever had them.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Delete conversations for good."""
    from app.commands import threads

    threads.delete(thread, owner, patient, local_owner=_LOCAL, data_dir=data_dir)
