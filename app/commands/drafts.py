"""Drafts and record queries at the terminal."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.console import remark, say
from app.commands.services import open_services
from app.dates import now, parse_as_of
from app.drafting import drafting_of, evidence_of, index_written, propose, query, shown
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from app.assembly import Services
    from knowledge_base.drafts import Draft

OWNER = "local"  # as the doors of this computer call their user


def query_one(patient_id: str, sql: str, *, as_of: str | None, as_json: bool, data_dir: Path | None) -> None:
    """Print the rows of a SELECT, each with the citations behind it."""
    services = open_services(data_dir)
    try:
        result = query(services, patient_id, sql, parse_as_of(as_of) or now())
        if as_json:
            body = {
                **result.data,
                "evidence": [[e.ref for e in row] for row in evidence_of(result)],
                "looked_at": result.looked_at,
            }
            say(json.dumps(body, ensure_ascii=False))
        else:
            for statement in result.statements:
                refs = " ".join(f"[{e.ref}]" for e in statement.evidence)
                say(f"{statement.text} {refs}".rstrip())
        for warning in result.warnings:
            remark(warning)
    finally:
        services.close()


def propose_one(patient_id: str, request: str, *, as_json: bool, data_dir: Path | None) -> None:
    """Make a draft from a sentence and print it; the record is not changed."""
    services = open_services(data_dir)
    try:
        _print(propose(services, patient_id, OWNER, now(), request=request), as_json)
    finally:
        services.close()


def list_drafts(*, patient_id: str, status: str, as_json: bool, data_dir: Path | None) -> None:
    """Print the drafts that there are, newest first."""
    from knowledge_base.drafts import DraftStore

    services = open_services(data_dir)
    try:
        for draft in DraftStore(services.store.data_dir).of_owner(OWNER, patient_id, status):
            body = shown(draft, now())
            critical = f", {len(draft.critical)} critical" if draft.critical else ""
            line = f"{draft.id}  {draft.patient_id}  v{draft.version}  {body['status']}{critical}  {draft.title}"
            say(json.dumps(body, ensure_ascii=False) if as_json else line)
    finally:
        services.close()


def show_draft(draft_id: str, *, as_json: bool, data_dir: Path | None) -> None:
    """Print one draft with its findings and what happened to it."""
    from knowledge_base.drafts import DraftStore

    services = open_services(data_dir)
    try:
        drafts = DraftStore(services.store.data_dir)
        _print(drafts.get(draft_id, OWNER), as_json)
        for step in [] if as_json else drafts.steps(draft_id, OWNER):
            remark(
                f"{step['at'][:16]}  version {step['version']}  {step['step']}{' by ' + step['by'] if step['by'] else ''}"
            )
    finally:
        services.close()


def decide(
    draft_id: str,
    decision: str,
    *,
    version: int | None = None,
    reason: str = "",
    changes: list[str] | None = None,
    as_json: bool = False,
    data_dir: Path | None = None,
) -> None:
    """Confirm, edit or reject a draft.

    Raises:
        InvalidInput: no version is given, or a change is not of the form name=value.
    """
    from agents.drafting import Review

    services = open_services(data_dir)
    try:
        drafting = drafting_of(services, OWNER, services.store)
        draft = drafting.drafts.get(draft_id, OWNER)
        if decision != "reject" and version is None:
            raise InvalidInput(f"--version N says which version you looked at; it is at version {draft.version}")
        review = Review(
            decision=decision, by=getpass.getuser(), at=now(), version=version or draft.version, reason=reason,
            changes=_pairs(changes or []),
        )  # type: ignore[arg-type]  # fmt: skip
        settled = drafting.decide(draft_id, review)
        _print(settled, as_json)
        _after(services, settled)
    finally:
        services.close()


def _after(services: Services, draft: Draft) -> None:
    if any(ref.startswith("DocumentReference/") for ref in draft.written):
        index_written(services, services.store)


def _pairs(changes: list[str]) -> dict[str, str]:
    pairs = [change.partition("=") for change in changes]
    if any(not name or not sign for name, sign, _ in pairs):
        raise InvalidInput("--set takes name=value")
    return {name.strip(): value for name, _, value in pairs}


def _print(draft: Draft, as_json: bool) -> None:
    body = shown(draft, now())
    if as_json:
        say(json.dumps(body, ensure_ascii=False))
        return
    say(f"{draft.id}  version {draft.version}  {body['status']}")
    say(f"{draft.title}\n{draft.text}")
    for finding in draft.findings:
        source = f" (source: {finding.source})" if finding.source else ""
        refs = "".join(f" [{e.ref}]" for e in finding.evidence)
        say(f"- {finding.severity.replace('_', ' ')}: {finding.text}{source}{refs}")
    if draft.difference:
        say(f"Changed since the version before:\n{draft.difference}")
    if draft.written:
        say(f"In the record: {', '.join(draft.written)}")
    elif draft.status == "pending":
        say(f"Nothing is written until it is confirmed (by {draft.expires_at:%Y-%m-%d %H:%M %Z}).")
