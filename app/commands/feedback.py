"""Feedback at the terminal."""

from __future__ import annotations

from pathlib import Path

from app.commands.console import counted, remark, say
from app.commands.services import open_services
from app.feedback import FeedbackStore
from domain.errors import InvalidInput


def export(out: Path, *, data_dir: Path | None) -> None:
    """Write every row as JSON lines to a new file, or to standard output."""
    services = open_services(data_dir)
    services.store.patients()  # a data directory that is not there is said, not made
    rows = FeedbackStore(services.settings.data_dir).rows()
    services.close()
    if str(out) == "-":
        for row in rows:
            say(row.model_dump_json())
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            out.chmod(0o600)
            file.writelines(f"{row.model_dump_json()}\n" for row in rows)
    except FileExistsError:
        raise InvalidInput(f"{out} exists; name a new file") from None
    remark(f"{counted(len(rows), 'row')} written to {out}")
