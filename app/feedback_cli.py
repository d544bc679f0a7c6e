"""The commands `charttwin feedback`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.twin_cli import DataDir

feedback_app = typer.Typer(
    help="What readers thought of answers, and corrected.", no_args_is_help=True, rich_markup_mode=None
)


@feedback_app.callback()
def _root() -> None:
    """What readers thought of answers, and corrected."""


@feedback_app.command("export")
def export(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file; - is stdout.")] = Path("-"),
    data_dir: DataDir = None,
) -> None:
    """Write every row as JSON lines; comments are as their writers left them."""
    from app.commands import feedback

    feedback.export(out, data_dir=data_dir)
