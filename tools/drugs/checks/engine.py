"""The checks put together: of one drug that is to be given, and of everything that is taken now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.facts import MedicationSig
from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target
from tools.context import ToolContext, cite
from tools.drugs.checks.allergy import active_allergies, allergies
from tools.drugs.checks.conditions import ages, conditions
from tools.drugs.checks.doses import dose
from tools.drugs.checks.former import former
from tools.drugs.checks.kidney import kidney, laboratory
from tools.drugs.checks.others import duplicates, ingredients, interactions, pairs_of, reach_of_interactions
from tools.drugs.checks.pregnancy import pregnancy, recorded_pregnancy
from tools.drugs.checks.rules import kinds_of
from tools.drugs.checks.ways import ways
from tools.drugs.medications import Course, courses


def by_severity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, critical ones first."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda f: order.index(f.severity)))


def check_order(
    ctx: ToolContext,
    drug: Target,
    sig: MedicationSig | None,
    per_day: float | None,
    replaced: frozenset[str] = frozenset(),
    words: str = "",
) -> tuple[Finding, ...]:
    """Every finding about giving a drug, critical ones first.

    Args:
        ctx: The patient's record as of now.
        drug: The ingredient ordered.
        sig: How it is to be taken, as far as that was said.
        per_day: Doses a day, None when that was not said.
        replaced: Orders that this one takes the place of.
        words: The order as it was written.
    """
    kinds = kinds_of(ctx.lexicon, drug.id)
    taken = [c for c in courses(ctx) if c.is_active]
    active = [c for c in taken if c.latest.ref not in replaced]
    leaving = [c for c in taken if c.latest.ref in replaced]
    return by_severity(
        (
            *_deceased(ctx),
            *allergies(ctx, drug, kinds),
            *former(ctx, drug, kinds),
            *duplicates(ctx, drug, kinds, active),
            *interactions(ctx, drug, kinds, active),
            *interactions(ctx, drug, kinds, leaving, washout=True),
            *reach_of_interactions(ctx, active),
            *kidney(ctx, drug, kinds),
            *laboratory(ctx, kinds),
            *conditions(ctx, drug, kinds),
            *ages(ctx, drug, kinds),
            *dose(ctx, drug, kinds, sig, per_day, active),
            *ways(drug, kinds, sig, words),
            *pregnancy(ctx, kinds),
        )
    )


def _deceased(ctx: ToolContext) -> Iterable[Finding]:
    if ctx.chart.deceased_on is not None or ctx.chart.patient.is_deceased:
        patient = cite(ctx.chart.patient, "deceased")
        yield Finding(check="record", severity=Severity.CRITICAL, text="The record says that the patient has died.", evidence=(patient,))  # fmt: skip


def limits_and_interactions(ctx: ToolContext, drug: Target) -> list[Finding]:
    """What speaks against a drug or class by itself: kidneys, lab values, diseases, age, pregnancy; and with the other active drugs."""
    kinds = kinds_of(ctx.lexicon, drug.id)
    others = [c for c in courses(ctx) if c.is_active and not ctx.lexicon.matches(drug, c.latest, "medication")]
    found = (
        *kidney(ctx, drug, kinds),
        *laboratory(ctx, kinds),
        *conditions(ctx, drug, kinds),
        *ages(ctx, drug, kinds),
        *pregnancy(ctx, kinds),
        *duplicates(ctx, drug, kinds, others),
        *interactions(ctx, drug, kinds, others),
    )
    return [f for f in found if f.severity in (Severity.CRITICAL, Severity.WARNING)]


def of_list(ctx: ToolContext, taken: Sequence[Course], *, all_limits: bool = False) -> tuple[Finding, ...]:
    """What speaks against the drugs that are taken now, the gravest first, each finding once.

    Contraindications by kidney function, lab value, disease, age, allergy or a recorded pregnancy, and grave pairs; with
    `all_limits` also the limits at which a dose is only adjusted, and milder warnings and pairs.
    """
    wanted = {Severity.CRITICAL, Severity.WARNING} if all_limits else {Severity.CRITICAL}
    found: list[Finding] = []
    pregnant = recorded_pregnancy(ctx)
    for course in taken:
        for one in ingredients(ctx, course):
            drug = ctx.lexicon.resolve(one, "medication")
            if drug is None:
                continue
            kinds = kinds_of(ctx.lexicon, one)
            single = [*kidney(ctx, drug, kinds), *conditions(ctx, drug, kinds), *ages(ctx, drug, kinds)]
            single += [*active_allergies(ctx, drug), *_named(course, laboratory(ctx, kinds))]
            single += _named(course, pregnancy(ctx, kinds)) if pregnant else []
            cited = cite(course.latest)
            found += [
                f.model_copy(update={"evidence": (cited, *(e for e in f.evidence if e != cited))})
                for f in single
                if f.severity in wanted
            ]
    found += pairs_of(ctx, taken, grave_alone=not all_limits)
    return by_severity({f.text: f for f in found}.values())


def _named(course: Course, findings: Iterable[Finding]) -> list[Finding]:
    """Findings whose words do not name the drug, led by its name."""
    return [f.model_copy(update={"text": f"{course.name}: {f.text}"}) for f in findings]
