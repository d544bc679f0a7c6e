"""Draft orders: a drug to start, change, renew, hold or stop, or a test, image, procedure or referral."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from domain.facts import Fact, FactKind, MedicationSig
from knowledge_base.drafts import Change, Finding, Severity
from knowledge_base.fhir_dosage import dosages
from knowledge_base.records import digest
from tools.concepts import Target
from tools.context import ToolContext, cite, day, number, plain_name
from tools.drafts import checks
from tools.drafts.proposal import Json, Proposal, by_severity, codings, read_text, subject
from tools.drafts.services import FREE_SERVICE, find_services, propose_service
from tools.drugs.medications import Course, courses, find_drug
from tools.measurements.readings import unit_label
from tools.outcome import FinalToolError, RetryableToolError

ACTIONS = ("start", "change", "renew", "hold", "stop")
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_UNITS = r"tablets?|tabs?|capsules?|caps?|pills?|patches|vials?|inhalers?"
# How much is dispensed is no part of how it is taken, and "90 tablets" must not be read as one dose.
_QUANTITY = re.compile(
    rf"(?:#\s*|\b(?:dispense|disp|qty|quantity|supply)\W*(?:of\s*)?)(\d{{1,4}})(?:\s*({_UNITS}))?\b|,\s*(\d{{1,4}})\s*({_UNITS})\b",
    re.IGNORECASE,
)
_REFILLS = re.compile(r"\b(?:(\d{1,2}|no|zero)\s*(?:refills?|repeats?)|refills?\W*(\d{1,2}))\b", re.IGNORECASE)
_FORM_WORDS = re.compile(
    r"\b(?:tartrate|succinate|acetate|citrate|maleate|besylate|mesylate|XR|ER|SR|XL|LA|CR|DR|EC)\b|\bextended[- ]release\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)?")


def propose_order(ctx: ToolContext, order: str, action: str = "start", reason: str = "") -> Proposal:
    """An order as a proposal.

    Args:
        ctx: The patient's record as of now.
        order: What is ordered as a clinician writes it: "furosemide 40 mg PO daily", "BMP tomorrow morning".
        action: start, change, renew, hold or stop; the last four are about a drug that is active.
        reason: Why, where that was said.

    Raises:
        RetryableToolError: no single drug, test, image, procedure or referral is named.
        FinalToolError: there is no active order to change, renew, hold or stop.
    """
    if action not in ACTIONS:
        raise RetryableToolError(f"action is one of {', '.join(ACTIONS)}")
    if not order.strip():
        raise RetryableToolError("order says what: a drug with its dose, or a test, image, procedure or referral")
    facts = [f for f in read_text(_without_supply(order)) if f.kind is FactKind.MEDICATION and f.concept_id]
    ordered = {f.concept_id: f for f in reversed(facts)}
    if len(ordered) > 1 and not _is_combination(order, list(ordered.values())):
        raise RetryableToolError("one order names one drug; call this once for each: " + ", ".join(sorted(ordered)))
    if facts and ctx.lexicon.vocabulary.get("medication", facts[0].concept_id) is not None:
        return _drug_order(ctx, order, facts[0], action, reason)
    named = ctx.lexicon.resolve(order, "medication")
    services = find_services(ctx, order)
    if services and (named is None or FREE_SERVICE.search(order)) and action == "start":
        return propose_service(ctx, order, services, reason)
    if named is not None:
        return _drug_order(ctx, order, named, action, reason)
    if action != "start":
        target = find_drug(ctx, order)
        return _drug_order(ctx, order, target, action, reason)
    if group := ctx.lexicon.resolve(order, "drug_class"):
        raise RetryableToolError(f"{group.label} is a class; name one drug of it")
    raise RetryableToolError("no drug, test, image, procedure or referral is recognised in the order; name one")


def _without_supply(order: str) -> str:
    return _REFILLS.sub(" ", _QUANTITY.sub(" ", order))


def _is_combination(order: str, facts: list[Fact]) -> bool:
    """Whether several ingredients are one product, as in "amlodipine-benazepril 5-20 mg"."""
    words = [re.escape(f.sig.drug if f.sig else f.text) for f in facts]
    return any(re.search(rf"\b{a}\s*[-/]\s*{b}\b", order, re.IGNORECASE) for a in words for b in words if a != b)


# --- drugs -----------------------------------------------------------------------------------------------------------


def _drug_order(ctx: ToolContext, order: str, found: Fact | Target, action: str, reason: str) -> Proposal:
    sig = found.sig if isinstance(found, Fact) else None
    target = found if isinstance(found, Target) else ctx.lexicon.resolve(found.concept_id, "medication")
    if target is None:
        raise RetryableToolError("the drug of the order is not in the vocabulary; use its ingredient or brand name")
    held = [c for c in courses(ctx, target) if c.is_active]
    if action in {"stop", "hold"}:
        return _stop(ctx, target, held, action, reason)
    if action in {"change", "renew"} and not held:
        raise FinalToolError(f"no active order of {target.label} is recorded, so there is none to {action}")
    if action == "renew" and (sig is None or sig.dose is None):
        return _renew(ctx, target, held, reason)
    replaced = held if action in {"change", "renew"} else []
    return _start(ctx, order, target, sig, replaced, reason, action)


def _start(
    ctx: ToolContext,
    order: str,
    target: Target,
    sig: MedicationSig | None,
    replaced: list[Course],
    reason: str,
    action: str,
) -> Proposal:
    sig = (sig or MedicationSig(drug=target.label)).model_copy(update={"status": ""})
    why = reason if not (sig.as_needed and sig.reason) else ""  # "as needed for pain" says it already
    words = _sig_words(sig)
    name = _product(target, order)
    dosage = dosages(sig, words or order.strip())
    concept = ctx.lexicon.vocabulary.get("medication", target.id)
    codes = tuple(c for c in (concept.codes if concept else ()) if c[0] == _RXNORM)
    resource: Json = {
        "resourceType": "MedicationRequest",
        "id": "new",
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": codings(codes, name, most=1),
        "subject": subject(ctx),
        "dosageInstruction": dosage,
        **({"reasonCode": [{"text": why}]} if why else {}),
        **_supply(order),
    }
    old = [_replacement(ctx, row, "stopped", "replaced by a new order") for c in replaced for row in _open_rows(c)]
    if old:
        resource["priorPrescription"] = {"reference": f"MedicationRequest/{old[0].resource['id']}"} if old[0].resource["resourceType"] == "MedicationRequest" else None  # fmt: skip
        resource = {key: value for key, value in resource.items() if value is not None}
    final = {"status": "active", "intent": "order", "authoredOn": "@at", "requester": {"display": "@by"}}
    findings = (
        *checks.check_order(ctx, target, sig, doses_a_day(dosage[0]), frozenset(c.latest.ref for c in replaced)),
        *_completeness(sig, order),
        *(f for c in replaced if sig.dose and action == "change" and (f := _same_dose(sig, c)) is not None),
    )
    lead = {"start": "Start", "change": "Change to", "renew": "Renew"}[action]
    lines = [f"{lead}: {name}{', ' + words if words else ''}{' for ' + why if why else ''}."]
    lines += [
        f"Stop: {plain_name(c.name)}{', ' + c.latest.dosage_text if c.latest.dosage_text else ''}." for c in replaced
    ]
    lines += _supply_words(resource)
    return Proposal(
        title=f"Order: {lead.lower()} {name}", text="\n".join(lines), changes=(Change(resource=resource, final=final), *old),
        evidence=tuple(cite(c.latest) for c in replaced), findings=by_severity(findings),
    )  # fmt: skip


def _same_dose(sig: MedicationSig, course: Course) -> Finding | None:
    """A change to a dose that the active order seems to have already."""
    shown = number(sig.dose.value, 4) if sig.dose else ""
    if shown not in _NUMBER.findall(f"{course.name} {course.latest.dosage_text}"):
        return None
    text = f"The active order, {course.name}, has the number {shown} already: look whether this changes anything."
    return Finding(check="duplicate", severity=Severity.WARNING, text=text, evidence=(cite(course.latest),))


def _renew(ctx: ToolContext, target: Target, held: list[Course], reason: str) -> Proposal:
    """The newest active order once more, as it stands."""
    row = held[-1].latest
    raw = ctx.store.resource(ctx.patient_id, row.ref)
    kept = ("medicationCodeableConcept", "medicationReference", "dosageInstruction", "dispenseRequest", "reasonCode", "reasonReference", "contained")  # fmt: skip
    resource: Json = {
        "resourceType": "MedicationRequest",
        "id": "new",
        "status": "draft",
        "intent": "proposal",
        "subject": subject(ctx),
        **{key: raw[key] for key in kept if key in raw},
    }
    if raw["resourceType"] == "MedicationRequest":
        resource["priorPrescription"] = {"reference": row.ref}
    elif "dosage" in raw:
        resource["dosageInstruction"] = raw["dosage"]
    if reason:
        resource["reasonCode"] = [{"text": reason}]
    old = [_replacement(ctx, r, "completed", "renewed") for r in _open_rows(held[-1])]
    sig = _sig_of_row(row)
    first = (resource.get("dosageInstruction") or [{}])[0]
    findings = checks.check_order(ctx, target, sig, doses_a_day(first), frozenset({row.ref}))
    how = row.dosage_text or "as before; the record has no dosage text"
    final = {"status": "active", "intent": "order", "authoredOn": "@at", "requester": {"display": "@by"}}
    return Proposal(
        title=f"Order: renew {plain_name(row.display)}", text=f"Renew: {plain_name(row.display)}, {how}.",
        changes=(Change(resource=resource, final=final), *old), evidence=(cite(row),), findings=by_severity(findings),
    )  # fmt: skip


def _stop(ctx: ToolContext, target: Target, held: list[Course], action: str, reason: str) -> Proposal:
    if not held:
        raise FinalToolError(f"no active order of {target.label} is recorded, so there is none to {action}")
    if len(held) > 1 and target.kind == "drug_class":
        names = "; ".join(plain_name(c.name) for c in held)
        raise RetryableToolError(f"several active drugs of {target.label} are recorded; name one: {names}")
    status = {"stop": "stopped", "hold": "on-hold"}[action]
    changes = tuple(_replacement(ctx, row, status, reason) for c in held for row in _open_rows(c))
    verb = {"stop": "Stop", "hold": "Hold"}[action]
    lines = [
        f"{verb}: {plain_name(c.name)}{', ' + c.latest.dosage_text if c.latest.dosage_text else ''} (last ordered {day(c.latest.time)})."
        for c in held
    ]
    if reason:
        lines.append(f"Reason: {reason}.")
    text = "What follows from stopping (withdrawal, rebound, what it was given for) is not checked."
    finding = Finding(check="interaction", severity=Severity.NOT_CHECKED, text=text)
    return Proposal(
        title=f"Order: {verb.lower()} {target.label}", text="\n".join(lines), changes=changes,
        evidence=tuple(cite(c.latest) for c in held), findings=(finding,),
    )  # fmt: skip


def _open_rows(course: Course) -> list[Any]:
    rows = [r for r in course.rows if r.status == "active" and r.kind in {"request", "statement"}]
    return rows or [course.latest]


def _replacement(ctx: ToolContext, row: Any, status: str, reason: str) -> Change:
    """The stored order with another status."""
    raw = ctx.store.resource(ctx.patient_id, row.ref)
    why: Any = {"text": reason} if reason else None
    if why is not None and raw["resourceType"] == "MedicationStatement":
        why = [why]
    final = {"status": status, **({"statusReason": why} if why is not None else {})}
    return Change(resource=raw, final=final, replaces=digest(raw))


def _sig_of_row(row: Any) -> MedicationSig | None:
    """A stored order as a sig, where its dose is structured or stands in its name."""
    for fact in read_text(f"{row.display} {row.dosage_text}"):
        if fact.kind is FactKind.MEDICATION and fact.sig is not None:
            return fact.sig
    return None


def doses_a_day(dosage: Json) -> float | None:
    """How many doses a day a FHIR Dosage means; None when its timing is not structured."""
    repeat = dosage.get("timing", {}).get("repeat", {})
    times, period, unit = repeat.get("frequency", 1), repeat.get("period"), repeat.get("periodUnit")
    days = {"min": 1 / 1440, "h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.4375, "a": 365.25}.get(unit)
    return float(times) / (float(period) * days) if period and days else None


def _product(target: Target, order: str) -> str:
    """The drug's name with the salt or release form that the order names."""
    forms = list(dict.fromkeys(m[0] for m in _FORM_WORDS.finditer(order)))
    return " ".join((target.label, *forms))


def _sig_words(sig: MedicationSig) -> str:
    parts = []
    if sig.strength:
        parts.append("/".join(number(q.value, 4) for q in sig.strength) + f" {unit_label(sig.strength[-1].unit)}")
    elif sig.dose is not None:
        high = f"-{number(sig.dose_high.value, 4)}" if sig.dose_high else ""
        parts.append(f"{number(sig.dose.value, 4)}{high} {_dose_unit(sig.dose.unit)}")
    if sig.amount is not None:
        parts.append(f"{number(sig.amount.value, 4)} {unit_label(sig.amount.unit)}")
    parts += [sig.form, sig.route, sig.frequency]
    if sig.as_needed:
        parts.append(f"as needed{' for ' + sig.reason if sig.reason else ''}")
    if sig.duration:
        parts.append(f"for {sig.duration}")
    if len(sig.steps) > 1:
        parts.append("in steps: " + ", then ".join(f"{number(s.dose.value, 4)} {s.dose.unit} {s.frequency} {s.duration}".strip() for s in sig.steps))  # fmt: skip
    return ", ".join(filter(None, parts))


def _dose_unit(unit: str) -> str:
    return {"[IU]": "units", "ug": "mcg"}.get(unit, unit_label(unit))


def _supply(order: str) -> Json:
    request: Json = {}
    if found := _QUANTITY.search(order):
        value, unit = found[1] or found[3], found[2] or found[4] or ""
        request["quantity"] = {"value": int(value), **({"unit": unit.lower()} if unit else {})}
    if found := _REFILLS.search(order):
        count = found[1] or found[2]
        request["numberOfRepeatsAllowed"] = int(count) if count.isdigit() else 0
    return {"dispenseRequest": request} if request else {}


def _supply_words(resource: Json) -> list[str]:
    request = resource.get("dispenseRequest", {})
    quantity = request.get("quantity", {})
    words = [f"{quantity['value']} {quantity.get('unit', '')}".strip()] if quantity else []
    if "numberOfRepeatsAllowed" in request:
        words.append(f"{request['numberOfRepeatsAllowed']} refills")
    return [f"Dispense: {', '.join(words)}."] if words else []


def _completeness(sig: MedicationSig, order: str) -> Iterable[Finding]:
    """What an order needs and this one lacks, and numbers of the request that were not understood."""
    missing = [name for name, held in (("dose", sig.dose or sig.amount), ("route", sig.route), ("frequency", sig.frequency)) if not held]  # fmt: skip
    if missing:
        text = f"Not stated: {', '.join(missing)}."
        yield Finding(check="completeness", severity=Severity.WARNING, text=text)
    known = {float(n.replace(",", ".")) for n in _NUMBER.findall(f"{_sig_words(sig)} {sig.model_dump_json()}")}  # fmt: skip
    supply = _supply(order).get("dispenseRequest", {})
    known |= {float(supply["quantity"]["value"])} if "quantity" in supply else set()
    known |= {float(supply["numberOfRepeatsAllowed"])} if "numberOfRepeatsAllowed" in supply else set()
    unread = [n for n in _NUMBER.findall(order) if float(n.replace(",", ".")) not in known]
    if unread:
        text = f"Not understood in the request: {', '.join(dict.fromkeys(unread))}."
        yield Finding(check="completeness", severity=Severity.WARNING, text=text)
