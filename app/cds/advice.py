"""Cards from what the record says: contradictions and risks of a chart, and what stands against an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import NAMESPACE_URL, uuid5

from app.cds.orders import DraftOrder
from app.cds.schemas import Card, CodedReason, Indicator, Link, Source, short
from domain.errors import ChartTwinError
from domain.facts import Evidence
from knowledge_base.drafts import Finding, Severity
from tools.conflicts import record_vs_notes
from tools.context import ToolContext
from tools.drafts.orders import propose_order
from tools.outcome import FinalToolError, RetryableToolError, ToolResult
from tools.twin.calculators import calculate
from tools.twin.dosing_plans import compare_plans
from tools.twin.dosing_rules import drugs_with_plans

LinkTo = Callable[[Evidence], str]
# What is merely worth knowing stays in the draft: a card for it would teach people to close cards.
_INDICATORS: dict[Severity, Indicator] = {Severity.CRITICAL: "critical", Severity.WARNING: "warning"}
_REASONS = [
    CodedReason(code=code, system="urn:charttwin:override", display=display)
    for code, display in (
        ("benefit-outweighs", "The benefit outweighs the risk"),
        ("will-monitor", "I will monitor"),
        ("tolerated-before", "Tolerated before"),
        ("record-wrong", "The record is wrong"),
        ("not-relevant", "Not relevant here"),
    )
]
# What is worth a clinician's glance when a chart is opened, where the chart has what it needs: model, why.
_RISKS = ("ckd_epi_2021_creatinine", "kfre_4", "prevent_2023_base", "cha2ds2_vasc")
_MOST_LINKS = 6


def chart_cards(ctx: ToolContext, link: LinkTo) -> list[Card]:
    """The cards of `patient-view`: at most one for contradictions and one for risks, so that they are read."""
    cards = []
    contradictions = record_vs_notes(ctx)
    if contradictions.conflicts:
        summary = f"Notes and record disagree on {', '.join(c.topic for c in contradictions.conflicts[:3])}"
        kind: Indicator = (
            "critical" if any("allerg" in c.topic.lower() for c in contradictions.conflicts) else "warning"
        )
        detail = "\n".join(f"- {_bare(s.text)}" for s in contradictions.statements[1:])
        cards.append(
            _card(ctx, "conflicts", summary, kind, detail, "Record and notes compared", contradictions.evidence, link)
        )
    results = [r for r in map(lambda name: _risk(ctx, name), _RISKS) if r is not None]
    if results:
        detail = "\n".join(f"- {_bare(s.text)}" for r in results for s in r.statements[:1])
        detail += "\n\n" + "\n".join(f"- {w}" for r in results for w in r.warnings[:2])
        evidence = [e for r in results for e in r.evidence]
        summary = _bare(results[0].statements[0].text)
        cards.append(
            _card(ctx, "risks", summary, "info", detail.strip(), "Published models, see detail", evidence, link)
        )
    return cards


def _risk(ctx: ToolContext, model: str) -> ToolResult | None:
    """A model's result where the chart holds what it needs and lies in its domain; otherwise it is not worth a card."""
    try:
        result = calculate(ctx, model)
    except (RetryableToolError, FinalToolError, ChartTwinError):
        return None
    return result if result.found and result.statements else None


def order_cards(ctx: ToolContext, orders: Iterable[DraftOrder], link: LinkTo) -> list[Card]:
    """The cards of `order-select` and `order-sign`: what the record says against each order, the gravest first."""
    cards: list[Card] = []
    for order in orders:
        try:
            proposal = propose_order(ctx, order.text)
        except (RetryableToolError, FinalToolError):
            proposal = None
        as_drug = proposal is not None and proposal.changes[0].resource.get("resourceType") == "MedicationRequest"
        if proposal is None or (order.drug and not as_drug):
            if order.drug:
                text = "This order was not checked: its drug is not in the vocabulary."
                cards.append(_card(ctx, f"unread {order.ref}", text, "info", text, "Order checks", (), link))
            continue
        cards += [_finding_card(ctx, order, f, link) for f in proposal.findings if f.severity in _INDICATORS]
        cards += _dosing_cards(ctx, order, link)
    rank = ("critical", "warning", "info")
    return sorted(cards, key=lambda card: rank.index(card.indicator))


def _finding_card(ctx: ToolContext, order: DraftOrder, finding: Finding, link: LinkTo) -> Card:
    name = f"{order.ref} {finding.check} {finding.text}"
    detail = f"**{order.text}**\n\n{finding.text}" + (f"\n\nSource: {finding.source}" if finding.source else "")
    source = finding.source or "The patient's record"
    return _card(ctx, name, finding.text, _INDICATORS[finding.severity], detail, source, finding.evidence, link)


def _dosing_cards(ctx: ToolContext, order: DraftOrder, link: LinkTo) -> list[Card]:
    """Exposure by the twin for drugs that are dosed by level, where the chart has what the model needs."""
    target = ctx.lexicon.resolve(order.drug, "medication") if order.drug else None
    if target is None or target.id not in drugs_with_plans():
        return []
    try:
        result = compare_plans(ctx, target.id)
    except (RetryableToolError, FinalToolError, ChartTwinError):
        return []
    if not result.found:
        return []
    detail = "\n".join(f"- {_bare(s.text)}" for s in result.statements)
    detail += "".join(f"\n- {warning}" for warning in result.warnings)
    summary = f"{target.label}: exposure of dosing plans, from this patient's values"
    return [_card(ctx, f"{order.ref} dosing", summary, "info", detail, "Digital twin", result.evidence, link)]


def _card(
    ctx: ToolContext,
    name: str,
    summary: str,
    indicator: Indicator,
    detail: str,
    source: str,
    evidence: Iterable[Evidence],
    link: LinkTo,
) -> Card:
    shown = list({e.ref: e for e in evidence}.values())[:_MOST_LINKS]
    return Card(
        # The same finding about the same patient has the same id, so that feedback on it can be counted.
        uuid=str(uuid5(NAMESPACE_URL, f"urn:charttwin:card:{ctx.patient_id}:{name}")),
        summary=short(_bare(summary)),
        indicator=indicator,
        detail=f"{detail}\n\nFrom the record as it stands. Not a medical device.",
        source=Source(label=short(f"ChartTwin: {source}")),
        links=[Link(label=short(f"Evidence: {e.quote or e.ref}"), url=link(e)) for e in shown],
        overrideReasons=_REASONS if indicator != "info" else [],
    )


def _bare(text: str) -> str:
    return text.replace("**", "")
