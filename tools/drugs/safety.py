"""Before a drug is given, and of what is taken now: allergies, limits, interactions and values, as the chart has them. No verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.context import ToolContext, cite, counted, plain_name
from tools.drugs.allergens import allergy_rows, is_active_allergy, related_allergies, set_aside_allergies
from tools.drugs.allergy_notes import allergy_conflicts, only_in_notes
from tools.drugs.checks.engine import by_severity, limits_and_interactions, of_list
from tools.drugs.checks.former import former, spoken_against
from tools.drugs.checks.kidney import KidneyValue, kidney_value
from tools.drugs.checks.others import ingredients
from tools.drugs.checks.rules import kinds_of, rules, rules_for
from tools.drugs.medications import Course, courses, find_drug
from tools.drugs.reaction_notes import tolerance_told
from tools.knowledge import knowledge_statements
from tools.measurements.observations import latest
from tools.outcome import Statement, ToolResult, say

if TYPE_CHECKING:
    from knowledge_base.drafts import Finding
    from knowledge_base.rows import AllergyRow
    from tools.concepts import Target

_YOURS = "This is what the chart says that bears on the decision; whether to give it is yours to decide."


def medication_safety(ctx: ToolContext, drug: str = "") -> ToolResult:
    """What the chart says that bears on giving a drug: allergy, same or related active drugs, kidney limits, relevant values, guidance.

    Without `drug`: every active drug is looked at, for its kidney limits, recorded allergies and grave interactions.
    """
    if not drug.strip():
        return _of_all(ctx)
    target = find_drug(ctx, drug)
    hits = [r for r in allergy_rows(ctx, target) if is_active_allergy(r)]
    statements = [_allergy(row) for row in hits] or _no_allergy(ctx, target)
    statements += tolerance_told(ctx, target, hits)
    same = [c for c in courses(ctx, target) if c.is_active]
    statements.extend(say(f"Already active: {c.name}.", cite(c.latest)) for c in same)
    found = limits_and_interactions(ctx, target)
    pairs = [f for f in found if f.check in {"interaction", "duplicate"}]
    shown = [*(f for f in found if f not in pairs), *by_severity(pairs)]
    statements.extend(said_as_finding(f) for f in (*shown, *former(ctx, target, kinds_of(ctx.lexicon, target.id))))
    if not pairs:
        active = sum(1 for c in courses(ctx) if c.is_active and c not in same)
        text = f"The packaged list of serious interactions has none with the {active} other active medications; it is not complete."
        statements.append(
            say(text) if active else say("No other medication is active, so no interaction was looked for.")
        )
    for concept in _relevant(ctx, target.id):
        result = latest(ctx, concept)
        statements.extend(result.statements[:1] if result.found else [say(f"{_name(ctx, concept)}: not documented.")])
    statements.extend(knowledge_statements(f"{target.label} contraindication renal dose monitoring", target.label))
    statements.append(say(_YOURS))
    return ToolResult(
        tool="medication_safety",
        statements=tuple(statements),
        conflicts=allergy_conflicts(ctx),
        data={"drug": target.id, "allergy": [r.ref for r in hits], "active": [c.name for c in same]},
        looked_at=_looked_at(ctx),
    )


def said_as_finding(finding: Finding) -> Statement:
    """A finding of a check as a line of an answer, with its source."""
    return say(with_source(finding), *finding.evidence)


def with_source(finding: Finding) -> str:
    """The words of a finding with the source they rest on."""
    return f"{finding.text.rstrip('.')} ({finding.source})." if finding.source else finding.text


# --- everything that is taken now --------------------------------------------------------------------------------------


def _of_all(ctx: ToolContext) -> ToolResult:
    """Every active drug against kidneys, allergies and one another, the gravest first, and how far that look reaches."""
    active = [c for c in courses(ctx) if c.is_active]
    if not active:
        text = f"No active medication is recorded, so there is none to check. Looked at {_looked_at(ctx)[1]}."
        return ToolResult(tool="medication_safety", found=False, statements=(say(text),), looked_at=_looked_at(ctx))
    found = by_severity((*of_list(ctx, active, all_limits=True), *_said_against(ctx, active)))
    if found:
        head = f"**{counted(len(found), 'point')}** to look at among {counted(len(active), 'active medication')}, the gravest first:"
        lines = [say(head), *(_line(f) for f in found)]
    else:
        text = f"No rule on file speaks against the {counted(len(active), 'active medication')}; that does not make them safe."
        lines = [say(text)]
    return ToolResult(
        tool="medication_safety",
        statements=(*lines, *_reach(ctx, active)),
        conflicts=allergy_conflicts(ctx),
        data={"drugs": [c.name for c in active], "points": len(found)},
        looked_at=_looked_at(ctx),
    )


def _said_against(ctx: ToolContext, active: list[Course]) -> list[Finding]:
    """Orders that forbid an active drug, and notes that say to avoid it."""
    found: dict[str, Finding] = {}
    for course in active:
        for one in ingredients(ctx, course):
            if (drug := ctx.lexicon.resolve(one, "medication")) is not None:
                for f in spoken_against(ctx, drug, kinds_of(ctx.lexicon, one)):
                    text = f"{course.name}: {f.text[:1].lower()}{f.text[1:]}"
                    found.setdefault(f.text, f.model_copy(update={"text": text}))
    return list(found.values())


def _line(finding: Finding) -> Statement:
    return say(with_source(finding), *finding.evidence, item=True)


def _reach(ctx: ToolContext, active: list[Course]) -> list[Statement]:
    """What was held against which measure, and which drugs no rule speaks of: silence never means safe."""
    lines = []
    values = [v for m in ("egfr", "crcl") if isinstance(v := kidney_value(ctx, m), KidneyValue)]
    if values:
        shown = "; ".join(v.shown for v in values)
        lines.append(say(f"Kidney function: {shown}.", *(e for v in values for e in v.evidence)))
    else:
        lines.append(say("Kidney function cannot be told from the record, so kidney limits were not checked."))
    bare = [c for c in active if not any(rules_for("kidney", kinds_of(ctx.lexicon, i)) for i in ingredients(ctx, c))]
    if bare:
        names = ", ".join(c.name for c in bare)
        lines.append(say(f"No kidney rule is on file for {names}: not checked.", *(cite(c.latest) for c in bare)))
    text = f"Interactions were looked for among {len(rules()['interactions'])} cited pairs of drugs and classes only; the list is not complete."
    return [*lines, say(text)]


# --- parts -------------------------------------------------------------------------------------------------------------


def _looked_at(ctx: ToolContext) -> tuple[str, str]:
    return (
        counted(len(ctx.chart.allergies), "allergy entry"),
        counted(len(ctx.chart.medications), "medication entry"),
    )


def _allergy(row: AllergyRow) -> Statement:
    reaction = f", reaction: {', '.join(row.reactions)}" if row.reactions else ""
    word = "Intolerance" if row.type == "intolerance" else "Allergy"
    return say(f"**{word} recorded: {plain_name(row.display)}**{reaction}.", cite(row))


def _no_allergy(ctx: ToolContext, target: Target) -> list[Statement]:
    """That none is recorded, with what comes near: entries set aside, relatives, and what only notes say."""
    n = len(ctx.chart.allergies)
    head = f"Allergy to {target.label}: none recorded ({counted(n, 'allergy entry')} looked at)."
    if not n and not ctx.chart.no_known_allergies:
        head = f"Allergy to {target.label}: not known, the record has no allergy entry at all, not even that none is known."
    return [say(head), *set_aside_allergies(ctx, target), *related_allergies(ctx, target), *only_in_notes(ctx, target)]


def _relevant(ctx: ToolContext, drug_id: str) -> list[str]:
    keys = [drug_id, *sorted(ctx.lexicon.vocabulary.classes_of(drug_id))]
    shown: dict[str, list[str]] = rules()["values_to_show"]
    return list(dict.fromkeys(c for key in keys for c in shown.get(key, ())))


def _name(ctx: ToolContext, concept: str) -> str:
    found = ctx.lexicon.vocabulary.get("observation", concept)
    return found.label if found else concept
