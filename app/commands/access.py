"""People, keys, patient lists and the trail, from the command line of whoever holds the data directory."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from app.access.audit import audit_event
from app.access.callers import Role
from app.access.gate import Gate
from app.access.register import ALL_PATIENTS
from app.commands.console import counted, out_console, remark, say
from app.commands.services import open_services
from domain.errors import InvalidInput, InvalidRecord, StoreUnavailable

_OPERATOR = "operator"  # who changes access here is known by the machine's own login, not to us


def add(
    subject: str, roles: list[str], name: str, patients: list[str], key_days: int | None, *, data_dir: Path | None
) -> None:
    """Enter somebody and print the key."""
    unknown = [role for role in roles if role not in set(Role)]
    if unknown:
        raise InvalidInput(f"roles are {', '.join(Role)}", field="role", accepted=list(Role))
    with closing(_gate(data_dir)) as gate:
        gate.register.add(subject, frozenset(map(Role, roles)), name)
        gate.register.allow(subject, *patients)
        _note(gate, f"entered {subject} as {' '.join(sorted(roles))}")
        if key_days is not None:
            remark("The access key is shown this once:")
            say(gate.register.issue_key(subject, key_days or None))


def list_people(*, as_json: bool, data_dir: Path | None) -> None:
    """A table of everybody, or JSON."""
    with closing(_gate(data_dir)) as gate:
        rows: list[dict[str, Any]] = []
        for person in gate.register.people():
            reach = gate.register.patients_of(person.subject)
            rows.append(
                {
                    "subject": person.subject,
                    "name": person.name,
                    "roles": sorted(person.roles),
                    "patients": ALL_PATIENTS if reach is None else sorted(reach),
                    "disabled": person.is_disabled,
                }
            )
    if as_json:
        say(json.dumps(rows, indent=2))
        return
    if not rows:
        remark("Nobody is entered; `charttwin access add SUBJECT --role clinician` enters somebody.")
        return
    table = Table("Subject", "Name", "Roles", "Patients", "State", box=None)
    for row in rows:
        listed = "all" if row["patients"] == ALL_PATIENTS else str(len(row["patients"]))
        table.add_row(row["subject"], row["name"], ", ".join(row["roles"]), listed, "shut" if row["disabled"] else "")
    out_console().print(table)


def change_list(subject: str, patients: list[str], *, adds: bool, data_dir: Path | None) -> None:
    """Widen or narrow somebody's reach."""
    with closing(_gate(data_dir)) as gate:
        _require(gate, subject)
        (gate.register.allow if adds else gate.register.withdraw)(subject, *patients)
        for patient in patients:
            _note(gate, f"{'allowed' if adds else 'withdrew from'} {subject}", patient)
    say(f"{counted(len(patients), 'patient')} {'put on' if adds else 'taken off'} the list of {subject}")


def rotate(subject: str, days: int, *, data_dir: Path | None) -> None:
    """A new key in place of the old ones."""
    with closing(_gate(data_dir)) as gate:
        _require(gate, subject)
        ended = gate.register.revoke_keys(subject)
        _note(gate, f"rotated the keys of {subject}")
        remark(f"{counted(ended, 'key')} ended. The new one is shown this once:")
        say(gate.register.issue_key(subject, days or None))


def disable(subject: str, *, data_dir: Path | None) -> None:
    """Shut somebody out."""
    with closing(_gate(data_dir)) as gate:
        _require(gate, subject)
        gate.register.revoke_keys(subject)
        gate.register.disable(subject)
        _note(gate, f"shut out {subject}")
    say(f"{subject} is shut out")


def show_trail(patient: str, actor: str, last: int, *, as_json: bool, data_dir: Path | None) -> None:
    """The newest entries of the trail."""
    with closing(_gate(data_dir)) as gate:
        found = _trail(gate).entries(patient=patient, actor=actor, newest=True, limit=last)
    if as_json:
        say(json.dumps([asdict(entry) for entry in found], indent=2))
        return
    table = Table("No.", "Time", "Who", "Action", "Patient", "Outcome", "Reason", box=None)
    for entry in found:
        time = entry.time[:19].replace("T", " ")
        table.add_row(str(entry.seq), time, entry.actor, entry.action, entry.patient, entry.outcome, entry.reason)
    out_console().print(table)


def verify_trail(*, data_dir: Path | None) -> None:
    """Whether the trail is whole.

    Raises:
        InvalidRecord: it was changed.
    """
    with closing(_gate(data_dir)) as gate:
        verdict = _trail(gate).verify()
    if not verdict.is_whole:
        raise InvalidRecord(f"the trail was changed: entry {verdict.broken_at} does not fit the one before it")
    say(f"{counted(verdict.entries, 'entry')}, whole. Last seal: {verdict.last_seal}")


def export_trail(out: Path, *, data_dir: Path | None) -> None:
    """The trail as NDJSON of AuditEvent."""
    with closing(_gate(data_dir)) as gate:
        trail = _trail(gate)
        if str(out) == "-":
            for entry in trail.all():
                sys.stdout.write(json.dumps(audit_event(entry)) + "\n")
            return
        count = 0
        with out.open("w", encoding="utf-8") as file:
            for entry in trail.all():
                file.write(json.dumps(audit_event(entry)) + "\n")
                count += 1
    say(f"{counted(count, 'entry')} written")


def _gate(data_dir: Path | None) -> Gate:
    return open_services(data_dir, create=True).gate


def _trail(gate: Gate) -> Any:
    if gate.trail is None:
        raise StoreUnavailable("the data directory cannot be written, so there is no trail")
    return gate.trail


def _require(gate: Gate, subject: str) -> None:
    if gate.register.person(subject) is None:
        raise InvalidInput(f"nobody is entered as {subject}; `charttwin access list` shows who is", field="subject")


def _note(gate: Gate, reason: str, patient: str = "") -> None:
    _trail(gate).write(
        _OPERATOR, "access.manage", via="command", door="charttwin access", patient=patient, reason=reason
    )
