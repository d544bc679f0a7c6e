"""Conversations at the terminal. Whoever can read the data directory and its key manages everybody's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from app.assembly import Services
from app.commands.console import counted, out_console, remark, say
from app.commands.services import open_services
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from agents.memory import Conversation


def list_threads(owner: str, patient_id: str | None, *, data_dir: Path | None, as_json: bool) -> None:
    """Print an owner's conversations, the last used first."""
    services = _open(data_dir)
    found = services.memory.list(owner, patient_id)
    if as_json:
        for summary in found:
            say(summary.model_dump_json())
    elif not found:
        remark(f"{owner} has no conversations{' about this patient' if patient_id else ''}")
    else:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("Conversation", "Patient", "Turns", "Created", "Last used", "Begins with"):
            table.add_column(name, overflow="fold", no_wrap=name == "Conversation")
        for s in found:
            times = (f"{moment:%Y-%m-%d %H:%M}" for moment in (s.created, s.last_used))
            table.add_row(s.id, s.patient_id, str(s.turns), *times, s.title)
        out_console().print(table)
    services.close()


def show(thread_id: str, owner: str, *, data_dir: Path | None, as_json: bool, no_color: bool) -> None:
    """Print the questions and answers of a conversation."""
    from app.commands.ask import print_answer

    services = _open(data_dir)
    found = services.memory.read(owner, thread_id)
    if as_json:
        say(_document(found))
    else:
        console = out_console(no_color)
        for entry in found.entries:
            console.print(
                f"\n{entry.number}. {entry.question}  ({entry.asked:%Y-%m-%d %H:%M})", style="bold", markup=False
            )
            print_answer(entry.answer, console)
    services.close()


def export(thread_id: str, owner: str, out: Path, *, data_dir: Path | None) -> None:
    """Write a conversation as JSON to a new file, or to standard output."""
    services = _open(data_dir)
    document = _document(services.memory.read(owner, thread_id))
    services.close()
    if str(out) == "-":
        say(document)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            out.chmod(0o600)
            file.write(document + "\n")
    except FileExistsError:
        raise InvalidInput(f"{out} exists; name a new file") from None
    remark(f"written to {out}")


def delete(
    thread_id: str | None, owner: str | None, patient_id: str | None, *, local_owner: str, data_dir: Path | None
) -> None:
    """Delete one conversation, or all of an owner, of a patient, or of one about the other."""
    if (thread_id is not None and patient_id is not None) or (thread_id, patient_id, owner) == (None, None, None):
        raise InvalidInput("give a conversation's id, or --patient ID or --owner NAME (or both) for all of theirs")
    services = _open(data_dir)
    if thread_id is not None:
        services.memory.delete(owner or local_owner, thread_id)
        say("1 conversation deleted")
    else:
        say(f"{counted(services.memory.delete_all(owner=owner, patient_id=patient_id), 'conversation')} deleted")
    services.close()


def _open(data_dir: Path | None) -> Services:
    services = open_services(data_dir)
    services.store.patients()  # a data directory that is not there is said, not made
    return services


def _document(found: Conversation) -> str:
    return json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=2)
