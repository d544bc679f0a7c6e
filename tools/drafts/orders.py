"""Draft orders: a drug to start, change, renew, hold or stop, or a test, image, procedure or referral."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from domain.facts import Fact, FactKind, Frozen, MedicationSig
from knowledge_base.drafts import Change, Finding, Severity
from knowledge_base.fhir_dosage import dosages
from knowledge_base.records import digest
from tools.concepts import Target
from tools.context import ToolContext, cite, day, number, plain_name
from tools.drafts.combinations import Combination, read_combination, strengths_on_file
from tools.drafts.proposal import Json, Proposal, codings, read_text, subject
from tools.drafts.services import FREE_SERVICE, contrast_media, find_services, propose_service
from tools.drugs.checks.doses import shown_in
from tools.drugs.checks.engine import by_severity, check_order
from tools.drugs.checks.others import ingredients
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
    r"\b(?:tartrate|succinate|acetate|citrate|maleate|besylate|mesylate|XR|ER|SR|XL|LA|CR|DR|EC|benzathine|procaine|decanoate|liposomal)\b|\bextended[- ]release\b",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\b(?:right now|for now|now|today|immediately|please|tablets?|therapy|treatment|order|\d+(?:\.\d+)?\s*m?c?g|po|iv|daily|bid|tid)\b",
    re.IGNORECASE,
)
# "Warfarin 5 mg to 2.5 mg daily": what it is changed from is no dose of the order.
_OLD_DOSE = re.compile(r"\b(?:from\s+)?\d+(?:[.,]\d+)?\s*[a-z]+(?:\s+[a-z]+){0,3}?\s+to\s+(?=\d)", re.IGNORECASE)
_TO = re.compile(r"\s+to\s+", re.IGNORECASE)
_SECOND_ORDER = re.compile(
    r"^(?:and |then |also )*(?:start|begin|order|prescribe|give|add|stop|hold|increase|reduce)\b", re.IGNORECASE
)
_BECAUSE = re.compile(r"\s+(?:because(?: of)?|due to|owing to|given|in view of)\s+", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)?")


def propose_order(ctx: ToolContext, order: str, action: str = "start", reason: str = "") -> Proposal:
    """An order as a proposal.

    Args:
        ctx: The patient's record as of now.
        order: What is ordered as a clinician writes it: "furosemide 40 mg PO daily", "BMP tomorrow morning".
        action: start, change, renew, hold or stop; the last four are about a drug that is active. A change "A to B 5 mg
            daily" stops one drug and starts another.
        reason: Why, where that was said.

    Raises:
        RetryableToolError: no single drug, test, image, procedure or referral is named.
        FinalToolError: there is no active order to change, renew, hold or stop.
    """
    if action not in ACTIONS:
        raise RetryableToolError(f"action is one of {', '.join(ACTIONS)}")
    if not order.strip():
        raise RetryableToolError("order says what: a drug with its dose, or a test, image, procedure or referral")
    if action in {"stop", "hold"}:
        order, reason = _without_reason(order, reason)
    if action == "change" and (switch := _switch(ctx, order)) is not None:
        return _one_order(ctx, switch[1], "start", reason, _leaving(ctx, switch[0]))
    return _one_order(ctx, _OLD_DOSE.sub("", order) if action == "change" else order, action, reason)


def _one_order(ctx: ToolContext, order: str, action: str, reason: str, leaving: tuple[Course, ...] = ()) -> Proposal:
    """One drug, or tests and the like; `leaving` are drugs that it takes the place of."""
    if (combination := read_combination(ctx.lexicon, _without_supply(order))) is not None:
        return _combination_order(ctx, order, combination, action, reason, leaving)
    facts = [f for f in read_text(_without_supply(order)) if f.kind is FactKind.MEDICATION and f.concept_id]
    ordered = {f.concept_id: f for f in reversed(facts)}
    if len(ordered) > 1:
        raise RetryableToolError(
            "one order names one drug; ask for each apart: " + ", ".join(sorted(i.replace("_", " ") for i in ordered))
        )
    services = find_services(ctx, order)
    if set(ordered) <= contrast_media(ctx) and services and action == "start":
        return propose_service(ctx, order, services, reason)  # a contrast medium goes with its image
    if facts and ctx.lexicon.vocabulary.get("medication", facts[0].concept_id) is not None:
        return _drug_order(ctx, order, facts[0], action, reason, leaving)
    named = ctx.lexicon.resolve(order, "medication")
    if services and (named is None or FREE_SERVICE.search(order)) and action == "start":
        return propose_service(ctx, order, services, reason)
    if named is not None:
        return _drug_order(ctx, order, named, action, reason, leaving)
    if action != "start":
        target = find_drug(ctx, order)
        return _drug_order(ctx, order, target, action, reason, leaving)
    if group := ctx.lexicon.resolve(order, "drug_class"):
        raise RetryableToolError(f"{group.label} is a class; name one drug of it")
    raise RetryableToolError("no drug, test, image, procedure or referral is recognised in the order; name one")


def _switch(ctx: ToolContext, order: str) -> tuple[str, str] | None:
    """The drug to stop and the order that takes its place ("warfarin", "apixaban 5 mg BID"), where "A to B" names both."""
    for join in _TO.finditer(order):
        old, new = order[: join.start()], order[join.end() :]
        leaving = ctx.lexicon.find_mentions(old, ("medication", "drug_class"), fuzzy=False)
        if leaving and ctx.lexicon.find_mentions(new, ("medication",), fuzzy=False):
            return old, new
    return None


def _leaving(ctx: ToolContext, old: str) -> tuple[Course, ...]:
    """The active orders of the drug that is switched from."""
    product = read_combination(ctx.lexicon, old)
    mention = ctx.lexicon.find_mentions(old, ("medication", "drug_class"), fuzzy=False)[0]
    target = product.parts[0][0] if product else find_drug(ctx, mention.text)
    wanted = {part.id for part, _ in product.parts} if product else set()
    held = [c for c in courses(ctx, target) if c.is_active and wanted <= set(ingredients(ctx, c))]
    if not held:
        raise _none_held(product.name if product else target.label, "stop")
    _require_one(target, held)
    return tuple(held)


def _without_reason(order: str, reason: str) -> tuple[str, str]:
    """What is stopped, and why: "ibuprofen, it interacts with methotrexate" stops one drug."""
    head, _, why = order.partition(", ") if ", " in order else (order, "", "")
    if _SECOND_ORDER.match(why):
        raise RetryableToolError(f"“{why}” is an order of its own; ask for each apart")
    if found := _BECAUSE.search(head):
        head, why = head[: found.start()], head[found.end() :]
    return head.strip(), reason or why.strip()


def _without_supply(order: str) -> str:
    return _REFILLS.sub(" ", _QUANTITY.sub(" ", order))


# --- drugs -----------------------------------------------------------------------------------------------------------


class _Ordered(Frozen):
    """What an order is of: its name and code, how it is taken, and each of its drugs with its own dose."""

    name: str
    codes: tuple[tuple[str, str], ...]
    sig: MedicationSig
    drugs: tuple[tuple[Target, MedicationSig | None], ...]
    remarks: tuple[str, ...] = ()
    strengths: str = ""  # on file, where the order of a combination says none
    said: str = ""  # the name that was used, where it is another


def _drug_order(
    ctx: ToolContext, order: str, found: Fact | Target, action: str, reason: str, leaving: tuple[Course, ...]
) -> Proposal:
    sig = found.sig if isinstance(found, Fact) else None
    target = found if isinstance(found, Target) else ctx.lexicon.resolve(found.concept_id, "medication")
    if target is None:
        raise RetryableToolError("the drug of the order is not in the vocabulary; use its ingredient or brand name")
    held = [c for c in courses(ctx, target) if c.is_active]
    if action in {"stop", "hold"}:
        return _stop(ctx, target, held, action, reason, order)
    _require_held(target.label, held, action)
    if action == "renew" and (sig is None or sig.dose is None):
        return _renew(ctx, target, held, reason)
    concept = ctx.lexicon.vocabulary.get("medication", target.id)
    codes = tuple(c for c in (concept.codes if concept else ()) if c[0] == _RXNORM)
    taken = (sig or MedicationSig(drug=target.label)).model_copy(update={"status": ""})
    mentions = ctx.lexicon.find_mentions(order, ("medication",), fuzzy=False)
    same = re.search(rf"\b{re.escape(target.label)}\b", order, re.IGNORECASE)
    said = mentions[0].text if mentions and not same else ""
    ordered = _Ordered(name=_product(target, order), codes=codes, sig=taken, drugs=((target, sig),), said=said)
    return _start(ctx, order, ordered, held if action in {"change", "renew"} else leaving, reason, action)


def _combination_order(
    ctx: ToolContext, order: str, product: Combination, action: str, reason: str, leaving: tuple[Course, ...]
) -> Proposal:
    """An order of one product of several drugs; each of them is checked."""
    first = product.parts[0][0]
    wanted = {target.id for target, _ in product.parts}
    held = [c for c in courses(ctx, first) if c.is_active and wanted <= set(ingredients(ctx, c))]
    if action in {"stop", "hold"}:
        return _stop(ctx, first.model_copy(update={"label": product.name}), held, action, reason, order)
    _require_held(product.name, held, action)
    if action == "renew" and not product.sig.strength:
        return _renew(ctx, first, held, reason)
    ordered = _Ordered(
        name=product.name,
        codes=(),
        sig=product.sig.model_copy(update={"status": ""}),
        drugs=tuple((target, product.sig_of(strength)) for target, strength in product.parts),
        remarks=(product.remark,) if product.remark else (),
        strengths="" if product.sig.strength else strengths_on_file(product),
    )
    return _start(ctx, order, ordered, held if action in {"change", "renew"} else leaving, reason, action)


def _require_held(name: str, held: list[Course], action: str) -> None:
    if action in {"change", "renew"} and not held:
        raise _none_held(name, action)


def _none_held(name: str, action: str) -> FinalToolError:
    return FinalToolError(f"no active order of {name} is recorded, so there is none to {action}")


def _start(
    ctx: ToolContext, order: str, ordered: _Ordered, replaced: Sequence[Course], reason: str, action: str
) -> Proposal:
    sig, name = ordered.sig, ordered.name
    why = reason if not (sig.as_needed and sig.reason) else ""  # "as needed for pain" says it already
    words = _sig_words(sig)
    dosage = dosages(sig, words or order.strip())
    resource: Json = {
        "resourceType": "MedicationRequest",
        "id": "new",
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": codings(ordered.codes, _with_strengths(ordered), most=1),
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
    out = frozenset(c.latest.ref for c in replaced)
    checked = [
        f for drug, own in ordered.drugs for f in check_order(ctx, drug, own, doses_a_day(dosage[0]), out, order)
    ]
    findings = (
        *dict.fromkeys(checked),
        *_completeness(ordered, order),
        *(f for c in replaced if sig.dose and action == "change" and (f := _same_dose(sig, c)) is not None),
        *(_not_checked_of_stop() if replaced and action == "start" else ()),
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


def _with_strengths(ordered: _Ordered) -> str:
    """The name that is stored: a combination with the strength of each of its drugs, so that none is lost."""
    if len(ordered.drugs) < 2 or not ordered.sig.strength:
        return ordered.name
    parts = zip(ordered.drugs, ordered.sig.strength, strict=True)
    return " / ".join(f"{target.label} {number(q.value, 4)} {shown_in(q.unit)}" for (target, _), q in parts)


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
    findings = check_order(ctx, target, sig, doses_a_day(first), frozenset({row.ref}))
    how = row.dosage_text or "as before; the record has no dosage text"
    final = {"status": "active", "intent": "order", "authoredOn": "@at", "requester": {"display": "@by"}}
    return Proposal(
        title=f"Order: renew {plain_name(row.display)}", text=f"Renew: {plain_name(row.display)}, {how}.",
        changes=(Change(resource=resource, final=final), *old), evidence=(cite(row),), findings=by_severity(findings),
    )  # fmt: skip


def _stop(ctx: ToolContext, target: Target, held: list[Course], action: str, reason: str, order: str = "") -> Proposal:
    if not held:
        raise _none_held(target.label, action)
    _require_one(target, held)
    status = {"stop": "stopped", "hold": "on-hold"}[action]
    changes = tuple(_replacement(ctx, row, status, reason) for c in held for row in _open_rows(c))
    verb = {"stop": "Stop", "hold": "Hold"}[action]
    lines = [
        f"{verb}: {plain_name(c.name)}{', ' + c.latest.dosage_text if c.latest.dosage_text else ''} (last ordered {day(c.latest.time)})."
        for c in held
    ]
    if reason:
        lines.append(f"Reason: {reason}.")
    findings = [*_not_checked_of_stop(), *_conditions(ctx, order)]
    return Proposal(
        title=f"Order: {verb.lower()} {target.label}", text="\n".join(lines), changes=changes,
        evidence=tuple(cite(c.latest) for c in held), findings=by_severity(findings),
    )  # fmt: skip


def _require_one(target: Target, held: Sequence[Course]) -> None:
    if len(held) > 1 and target.kind == "drug_class":
        names = "; ".join(plain_name(c.name) for c in held)
        raise RetryableToolError(f"several active drugs of {target.label} are recorded; name one: {names}")


def _not_checked_of_stop() -> Iterable[Finding]:
    text = "What follows from stopping (withdrawal, rebound, overlap, what it was given for) is not checked."
    yield Finding(check="interaction", severity=Severity.NOT_CHECKED, text=text)


def _conditions(ctx: ToolContext, order: str) -> Iterable[Finding]:
    """Words beside the drug, such as "48 hours before the procedure": an order is stopped or held at once, and keeps none."""
    mentions = ctx.lexicon.find_mentions(order, ("medication", "drug_class"), fuzzy=False)
    behind = order[max((m.start + len(m.text) for m in mentions), default=len(order)) :]
    words = _NOW.sub(" ", behind).strip(" ,.;")
    if len(words.split()) > 1:
        text = f"Not part of the draft: “{words}”. It takes effect when it is confirmed."
        yield Finding(check="completeness", severity=Severity.CRITICAL, text=text)


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
        parts.append(f"{number(sig.dose.value, 4)}{high} {shown_in(sig.dose.unit)}")
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


def _completeness(ordered: _Ordered, order: str) -> Iterable[Finding]:
    """What an order needs and this one lacks, how it was read, and numbers of it that were not understood."""
    sig = ordered.sig
    missing = [name for name, held in (("dose", sig.dose or sig.amount or sig.strength), ("route", sig.route), ("frequency", sig.frequency)) if not held]  # fmt: skip
    missing += ["strength (on file: " + ordered.strengths + ")"] if ordered.strengths else []
    if missing:
        text = f"Not stated: {', '.join(missing)}."
        bare = "dose" in missing  # an order that says no dose would be carried out with somebody's guess
        yield Finding(check="completeness", severity=Severity.CRITICAL if bare else Severity.WARNING, text=text)
    if ordered.said:
        text = f"“{ordered.said}” was read as {ordered.name}."
        yield Finding(check="completeness", severity=Severity.INFO, text=text)
    for remark in ordered.remarks:
        yield Finding(check="completeness", severity=Severity.WARNING, text=remark)
    said = f"{_sig_words(sig)} {sig.model_dump_json()} {' '.join(ordered.remarks)}"
    known = {float(n.replace(",", ".")) for n in _NUMBER.findall(said)}
    supply = _supply(order).get("dispenseRequest", {})
    known |= {float(supply["quantity"]["value"])} if "quantity" in supply else set()
    known |= {float(supply["numberOfRepeatsAllowed"])} if "numberOfRepeatsAllowed" in supply else set()
    unread = [n for n in _NUMBER.findall(order) if float(n.replace(",", ".")) not in known]
    if unread:
        text = f"Not understood in the request: {', '.join(dict.fromkeys(unread))}."
        yield Finding(check="completeness", severity=Severity.WARNING, text=text)
