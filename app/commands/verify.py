"""Any system's answer checked claim by claim at the terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.console import counted, out_console, remark, say
from app.commands.services import open_services
from app.dates import now, parse_as_of
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from agents.verification import AnswerCheck

_STYLES = {"supported": "green", "unsupported": "yellow", "contradicted": "red", "not_checkable": "dim"}


def verify(
    answer: Path,
    *,
    patient_id: str | None,
    evidence: list[Path],
    as_of: str | None,
    data_dir: Path | None,
    as_json: bool,
) -> bool:
    """Print the claims of an answer with their verdicts; whether everything holds.

    Raises:
        InvalidInput: a file cannot be read, or there is nothing to check against.
    """
    from agents.verification import EvidenceText, verify_answer
    from tools.context import ToolContext

    text = _read(answer)
    texts = [EvidenceText(id=path.name, text=_read(path)) for path in evidence]
    moment = parse_as_of(as_of) or now()
    if patient_id is None:
        checked = verify_answer(text, evidence=texts, as_of=moment)
    else:
        services = open_services(data_dir)
        services.store.patient(patient_id)
        context = ToolContext(services.store, patient_id, moment, services.twin)
        checked = verify_answer(text, evidence=texts, context=context)
        services.close()
    if as_json:
        say(json.dumps(checked.model_dump(mode="json"), ensure_ascii=False, indent=2))
    else:
        _print(checked)
    return checked.is_grounded


def _read(path: Path) -> str:
    if str(path) == "-":
        return sys.stdin.read()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read as UTF-8 text") from error


def _shortened(why: str) -> str:
    """A quote without its middle: coded names are long, and the value with its date stands last."""
    return why if len(why) <= 80 else f"{why[:24].rstrip()} … {why[-50:].lstrip()}"


def _print(checked: AnswerCheck) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("claim", "kind", "verdict", "why", box=None, pad_edge=False)
    for claim in checked.claims:
        style = _STYLES[claim.verdict.value]
        why = claim.reason or "; ".join(e.quote or e.ref for e in claim.evidence[:1])
        shown = " ".join(claim.text.split())[:60]
        table.add_row(escape(shown), claim.kind, f"[{style}]{claim.verdict.value}[/{style}]", escape(_shortened(why)))
    console = out_console()
    console.print(table)
    console.print()
    console.print(escape(checked.text))
    summary = checked.summary
    remark(
        f"{counted(summary.claims, 'claim')}: {summary.supported} supported, {summary.unsupported} unsupported, "
        f"{summary.contradicted} contradicted, {summary.not_checkable} not checkable"
    )
