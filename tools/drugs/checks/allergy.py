"""Recorded allergies against a drug: itself, its class, a related one; then what the record refutes and notes add."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target
from tools.context import ToolContext, cite, dated, day, plain_name
from tools.drugs.allergens import allergies_in_force
from tools.drugs.allergy_notes import allergy_conflicts, only_in_notes, still_told
from tools.drugs.checks.relatives import allergy_finding
from tools.drugs.checks.rules import kinds_of

if TYPE_CHECKING:
    from knowledge_base.rows import AllergyRow


def allergies(ctx: ToolContext, drug: Target, kinds: frozenset[str]) -> Iterable[Finding]:
    """Allergies to the drug, its class or a related one; what was refuted; what only notes say; that there is none."""
    rows = allergies_in_force(ctx)
    hits = [f for r in rows if (f := allergy_finding(ctx, drug, kinds, r))]
    yield from hits
    refuted = [f for r in ctx.chart.refuted_allergies if (f := _refuted(ctx, drug, kinds, r))]
    yield from refuted
    for told in only_in_notes(ctx, drug):
        hits.append(Finding(check="allergy", severity=Severity.WARNING, text=told.text, evidence=told.evidence))
        yield hits[-1]
    for conflict in allergy_conflicts(ctx):
        text = f"Record and notes disagree on allergies: {conflict.record_says}; {conflict.note_says}. The record is followed."
        yield Finding(check="allergy", severity=Severity.INFO, text=text, evidence=conflict.evidence)
    if hits:
        return
    if rows or ctx.chart.no_known_allergies or refuted:
        known = [cite(r) for r in (*rows, *ctx.chart.no_known_allergies)]
        text = f"No allergy to {drug.label} or its relatives among {len(rows)} active allergies."
        yield Finding(check="allergy", severity=Severity.INFO, text=text, evidence=tuple(known))
    else:
        text = "The record has no allergy entry at all, not even that none is known: ask the patient."
        yield Finding(check="allergy", severity=Severity.NOT_CHECKED, text=text)


def _refuted(ctx: ToolContext, drug: Target, kinds: frozenset[str], row: AllergyRow) -> Finding | None:
    """That an allergy was recorded and refuted, with by whom and on what grounds as far as the record says."""
    if allergy_finding(ctx, drug, kinds, row) is None:
        return None
    raw = ctx.store.resource(ctx.patient_id, row.ref)
    who = next((n for k in ("asserter", "recorder") if (n := raw.get(k, {}).get("display"))), "")
    by = f" by {who}" if who else ""
    why = f" {row.note}" if row.note else ""
    told = still_told(ctx, row)
    said = f" A note of {day(ctx.chart.note_time(told))} still says “{told.evidence.quote}”." if told else ""
    text = f"The record has refuted an allergy{by}: {plain_name(row.display)} ({dated(row)}).{why}{said}"
    return Finding(
        check="allergy", severity=Severity.INFO, text=text, evidence=(cite(row), *((told.evidence,) if told else ()))
    )


def active_allergies(ctx: ToolContext, drug: Target) -> list[Finding]:
    """Findings of the active allergies that are to the drug, or to its class or a related drug with grave findings."""
    kinds = kinds_of(ctx.lexicon, drug.id)
    return [f for r in allergies_in_force(ctx) if (f := allergy_finding(ctx, drug, kinds, r))]
