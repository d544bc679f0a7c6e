"""The commands `charttwin drafts ...` and `charttwin query`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.twin_cli import DataDir, Json

DraftId = Annotated[str, typer.Argument(metavar="DRAFT", help="The draft's id.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="The version that you looked at.")]

drafts_app = typer.Typer(
    help="Draft orders, notes, problem-list changes and messages that wait for you to confirm them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@drafts_app.command("propose")
def propose(
    request: Annotated[str, typer.Argument(help='Such as "order furosemide 40 mg PO daily".')],
    patient: Annotated[str, typer.Option("--patient", metavar="ID", help="For whom.")],
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Make a draft; the record is not changed."""
    from app.commands import drafts

    drafts.propose_one(patient, request, as_json=as_json, data_dir=data_dir)


@drafts_app.command("list")
def list_them(
    patient: Annotated[str, typer.Option("--patient", metavar="ID", help="Of one patient.")] = "",
    status: Annotated[str, typer.Option(help="pending, confirmed, written or rejected.")] = "",
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List your drafts."""
    from app.commands import drafts

    drafts.list_drafts(patient_id=patient, status=status, as_json=as_json, data_dir=data_dir)


@drafts_app.command("show")
def show(draft: DraftId, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Show a draft with its findings."""
    from app.commands import drafts

    drafts.show_draft(draft, as_json=as_json, data_dir=data_dir)


@drafts_app.command("confirm")
def confirm(
    draft: DraftId,
    version: Version = None,
    override: Annotated[
        str, typer.Option("--override", metavar="REASON", help="Why, in spite of critical findings.")
    ] = "",
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Write a draft to the record, in your name."""
    from app.commands import drafts

    drafts.decide(draft, "approve", version=version, reason=override, as_json=as_json, data_dir=data_dir)


@drafts_app.command("edit")
def edit(
    draft: DraftId,
    change: Annotated[list[str], typer.Option("--set", metavar="NAME=VALUE", help="A new argument; repeatable.")],
    version: Version = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Change a draft; it is checked anew and waits again."""
    from app.commands import drafts

    drafts.decide(draft, "edit", version=version, changes=change, as_json=as_json, data_dir=data_dir)


@drafts_app.command("reject")
def reject(
    draft: DraftId,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Put a draft away; nothing is written."""
    from app.commands import drafts

    drafts.decide(draft, "reject", reason=reason, as_json=as_json, data_dir=data_dir)


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; see docs/how-to/query-the-record.md for the tables.")],
    patient: Annotated[str, typer.Option("--patient", metavar="ID", help="Whose record.")],
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="The date to treat as today.")] = None,
    as_json: Json = False,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", metavar="DIR", help="Where the records are.")] = None,
) -> None:
    """Query one patient's record with SQL, read only."""
    from app.commands import drafts

    drafts.query_one(patient, sql, as_of=as_of, as_json=as_json, data_dir=data_dir)
