"""The commands `charttwin access` and `charttwin audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.twin_cli import DataDir, Json

Subject = Annotated[str, typer.Argument(help="Who: an e-mail address, a staff number, the `sub` of a token.")]
PatientIds = Annotated[list[str], typer.Argument(metavar="PATIENT...", help="Patient ids; '*' stands for all.")]

access_app = typer.Typer(
    help="People, roles, keys and patient lists. They matter with CHARTTWIN_ACCESS=keys or oidc.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
audit_app = typer.Typer(help="The trail of who saw what.", no_args_is_help=True, rich_markup_mode=None)


@access_app.command("add")
def add(
    subject: Subject,
    role: Annotated[list[str], typer.Option("--role", help="clinician, integrator, evaluator or admin; repeatable.")],
    name: Annotated[str, typer.Option(help="As shown in the interface.")] = "",
    patient: Annotated[list[str] | None, typer.Option("--patient", help="In reach; '*' for all; repeatable.")] = None,
    days: Annotated[int, typer.Option(min=0, help="Days the key lasts; 0 for ever.")] = 365,
    key: Annotated[bool, typer.Option("--key/--no-key", help="Make an access key.")] = True,
    data_dir: DataDir = None,
) -> None:
    """Enter somebody; the access key is printed once and kept as a digest."""
    from app.commands import access

    access.add(subject, role, name, patient or [], days if key else None, data_dir=data_dir)


@access_app.command("list")
def list_people(as_json: Json = False, data_dir: DataDir = None) -> None:
    """Everybody entered, with roles and reach."""
    from app.commands import access

    access.list_people(as_json=as_json, data_dir=data_dir)


@access_app.command("allow")
def allow(subject: Subject, patients: PatientIds, data_dir: DataDir = None) -> None:
    """Put patients on somebody's list."""
    from app.commands import access

    access.change_list(subject, patients, adds=True, data_dir=data_dir)


@access_app.command("withdraw")
def withdraw(subject: Subject, patients: PatientIds, data_dir: DataDir = None) -> None:
    """Take patients off somebody's list."""
    from app.commands import access

    access.change_list(subject, patients, adds=False, data_dir=data_dir)


@access_app.command("rotate")
def rotate(
    subject: Subject,
    days: Annotated[int, typer.Option(min=0, help="Days the key lasts; 0 for ever.")] = 365,
    data_dir: DataDir = None,
) -> None:
    """End somebody's keys and make a new one."""
    from app.commands import access

    access.rotate(subject, days, data_dir=data_dir)


@access_app.command("disable")
def disable(subject: Subject, data_dir: DataDir = None) -> None:
    """Shut somebody out at once: keys, sessions and opened records end."""
    from app.commands import access

    access.disable(subject, data_dir=data_dir)


@audit_app.command("show")
def show(
    patient: Annotated[str, typer.Option(help="Of one patient.")] = "",
    actor: Annotated[str, typer.Option(help="Of one person.")] = "",
    last: Annotated[int, typer.Option(min=1, help="How many, the newest.")] = 50,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """The newest entries."""
    from app.commands import access

    access.show_trail(patient, actor, last, as_json=as_json, data_dir=data_dir)


@audit_app.command("verify")
def verify(data_dir: DataDir = None) -> None:
    """Compute every seal anew; exit status 1 when the trail was changed."""
    from app.commands import access

    access.verify_trail(data_dir=data_dir)


@audit_app.command("export")
def export(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="NDJSON of FHIR AuditEvent; - is stdout.")],
    data_dir: DataDir = None,
) -> None:
    """Write the whole trail as FHIR R4 AuditEvent resources."""
    from app.commands import access

    access.export_trail(out, data_dir=data_dir)
