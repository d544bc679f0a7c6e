"""What the patient is or has against a drug: a disease on the problem list, breastfeeding, an age."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target, normalise_name
from tools.context import ToolContext, cite, dated, plain_name
from tools.drugs.checks.rules import Rule, after_colon, opening, rules_for

if TYPE_CHECKING:
    from knowledge_base.rows import ConditionRow


def conditions(ctx: ToolContext, drug: Target, kinds: frozenset[str]) -> Iterable[Finding]:
    """Active problems with which a drug is contraindicated or does harm, each drug and problem told once."""
    told: set[str] = set()
    active = [r for r in ctx.chart.conditions if ctx.chart.is_active(r)]
    for rule in rules_for("conditions", kinds):
        row = next((r for r in reversed(active) if _is_of(ctx, rule, r)), None)
        if row is not None and row.ref not in told:
            told.add(row.ref)
            text = f"{opening(drug.label)} with {plain_name(row.display)} ({dated(row)}): {after_colon(rule['text'])}"
            yield Finding(
                check="condition", severity=Severity(rule["severity"]), text=text, evidence=(cite(row),), source=rule["source"]
            )  # fmt: skip


def _is_of(ctx: ToolContext, rule: Rule, row: ConditionRow) -> bool:
    """Whether a problem is one that a rule names, by its concept or, where the vocabulary has none, by its words."""
    name = f" {normalise_name(row.display)} "
    if any(f" {normalise_name(words)} " in name for words in rule.get("said", ())):
        return True
    targets = (ctx.lexicon.resolve(c, "condition") for c in rule.get("conditions", ()))
    return any(t is not None and ctx.lexicon.matches(t, row, "condition") for t in targets)


def ages(ctx: ToolContext, drug: Target, kinds: frozenset[str]) -> Iterable[Finding]:
    """Ages at which a drug is contraindicated or to be avoided."""
    age = ctx.chart.age
    for rule in rules_for("ages", kinds) if age is not None else ():
        if age < rule.get("below", 0) or age >= rule.get("from", 200):
            text = f"{opening(drug.label)} at {age} years: {after_colon(rule['text'])}"
            yield Finding(check="age", severity=Severity(rule["severity"]), text=text, evidence=(cite(ctx.chart.patient, "birthDate"),), source=rule["source"])  # fmt: skip
