"""Drugs and rays that harm in pregnancy: for whom it may matter, and whether the record knows of one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from domain.facts import Evidence
from knowledge_base.drafts import Finding, Severity
from tools.context import ToolContext, cite
from tools.drugs.checks.rules import rules_for

_FERTILE_YEARS = range(11, 56)


def _may_be_pregnant(ctx: ToolContext) -> bool:
    age = ctx.chart.age
    return ctx.chart.patient.gender != "male" and (age is None or age in _FERTILE_YEARS)


def pregnancy(ctx: ToolContext, kinds: frozenset[str]) -> Iterable[Finding]:
    """What a drug does in pregnancy, where that may matter."""
    if not _may_be_pregnant(ctx):
        return
    found = sorted(rules_for("pregnancy", kinds), key=lambda r: list(Severity).index(r["severity"]))
    if not found:
        text = "No pregnancy rule for this drug is on file: not checked."
        yield Finding(check="pregnancy", severity=Severity.NOT_CHECKED, text=text)
        return
    rule, evidence = found[0], recorded_pregnancy(ctx)
    if evidence:
        text = f"The record says that the patient is pregnant. {rule['text']}"
        yield Finding(
            check="pregnancy", severity=Severity(rule["severity"]), text=text, evidence=evidence, source=rule["source"]
        )
    else:
        text = f"Whether the patient may be pregnant is not documented. {rule['text']}"
        yield Finding(check="pregnancy", severity=Severity.WARNING, text=text, source=rule["source"])


def recorded_pregnancy(ctx: ToolContext) -> tuple[Evidence, ...]:
    """The active entries of the last 300 days that say so."""
    target = ctx.lexicon.resolve("pregnancy", "condition")
    rows = [r for r in ctx.chart.conditions if ctx.chart.is_active(r)]
    recent = [r for r in rows if r.time is None or ctx.as_of - r.time < timedelta(days=300)]
    return tuple(cite(r) for r in recent if target is not None and ctx.lexicon.matches(target, r, "condition"))


def imaging_pregnancy(ctx: ToolContext) -> Iterable[Finding]:
    """Whether the record knows of a pregnancy, before an image with X-rays."""
    if not _may_be_pregnant(ctx):
        return
    if evidence := recorded_pregnancy(ctx):
        text = "The record says that the patient is pregnant, and X-rays are asked for."
        yield Finding(check="pregnancy", severity=Severity.CRITICAL, text=text, evidence=evidence)
    else:
        text = "Whether the patient may be pregnant is not documented, and X-rays are asked for."
        yield Finding(check="pregnancy", severity=Severity.WARNING, text=text)
