"""Draft orders of tests, images, procedures and referrals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from domain.facts import Evidence
from knowledge_base.drafts import Change, Finding, Severity
from tools.concepts import Target, normalise_name
from tools.context import ToolContext, cite, day, plain_name
from tools.drafts.proposal import Json, Proposal, codings, subject
from tools.drugs.allergens import allergies_in_force
from tools.drugs.checks.engine import by_severity
from tools.drugs.checks.kidney import kidney_value
from tools.drugs.checks.pregnancy import imaging_pregnancy, pregnancy
from tools.drugs.checks.rules import groups_of
from tools.drugs.medications import courses
from tools.measurements.readings import readings

_PRIORITY = ((r"\bstat\b|\bimmediately\b|\bnow\b", "stat"), (r"\basap\b|\bas soon as possible\b", "asap"), (r"\burgent(?:ly)?\b", "urgent"))  # fmt: skip
_WHEN = re.compile(
    r"\b(?:tomorrow(?: morning)?|today|tonight|in the morning|(?:in|within) (?:\d+|a|one|two|three|four|six) (?:hours?|days?|weeks?|months?)"
    r"|next (?:week|month|visit)|before discharge|daily|weekly|every \w+ (?:hours?|days?|weeks?|months?))\b",
    re.IGNORECASE,
)
FREE_SERVICE = re.compile(
    r"\b(?:referral|refer|consult(?:ation)?|x-?rays?|radiographs?|ct|cat scan|mri|mra|ultrasound|echo(?:cardiogram)?|doppler|e[ck]g|eeg|emg"
    r"|culture|biopsy|swab|panel|level|labs?|blood (?:test|draw|work)|urinalysis|screen(?:ing)?|scan|physical therapy|physio(?:therapy)?"
    r"|occupational therapy|speech therapy|dietitian|dietician|nutrition|social work|home health|wound care|stress test|spirometry|endoscopy|colonoscopy|dialysis)\b",
    re.IGNORECASE,
)
# Angiography of CT or by catheter needs a contrast medium, whether the order says so or not.
_CONTRAST = re.compile(
    r"\b(?<!without )(?<!no )(?:iv |iodinated )?contrast\b|\bgadolinium\b|\b(?<!mr )angiogra\w+|\b(?:cta|ctpa)\b|\b(?:arterio|veno)gra(?:m|phy)\b"
    r"|\bcardiac cath\w*|\bct uro\w+",
    re.IGNORECASE,
)
_MAGNETIC = re.compile(r"\b(?:mri|mra|mrcp|mr|gadolinium)\b", re.IGNORECASE)
_ABBREVIATIONS = frozenset({"po", "pr", "iv", "im", "sc", "sl", "qd", "od"})  # of a route or rhythm: no test is meant
_GADOLINIUM = re.compile(
    r"\bgad(?:o|avist)|\b(?:magnevist|dotarem|omniscan|eovist|prohance|multihance)\b", re.IGNORECASE
)
_RAYS = re.compile(r"\b(?:x-?rays?|radiograph|ct|cat scan|mammogra\w+|fluoroscopy|pet)\b", re.IGNORECASE)
_ACR = (
    "ACR and NKF consensus on intravenous iodinated contrast, Radiology 2020;294:660-668, doi:10.1148/radiol.2019192094"
)


def find_services(ctx: ToolContext, order: str) -> list[Target]:
    """What is asked for: names of the vocabulary, else the words themselves where they say what kind it is."""
    mentions = ctx.lexicon.find_mentions(order, ("observation", "procedure", "immunization"))
    found = [
        t
        for m in mentions
        if m.text.lower() not in _ABBREVIATIONS
        and (t := m.of_kind("procedure", "observation", "immunization")) is not None
    ]
    if found:
        return list({t.id: t for t in found}.values())
    if FREE_SERVICE.search(order):
        label = " ".join(order.split())[:120]
        return [Target(kind="service", id="", label=label)]
    return []


def propose_service(ctx: ToolContext, order: str, services: list[Target], reason: str) -> Proposal:
    """A ServiceRequest for each thing asked for, with when it was last done."""
    priority = next((name for pattern, name in _PRIORITY if re.search(pattern, order, re.IGNORECASE)), "routine")
    when = m[0].lower() if (m := _WHEN.search(order)) else ""
    changes, findings, evidence = [], [], []
    for target in services:
        concept = ctx.lexicon.vocabulary.get(target.kind, target.id) if target.id else None
        resource: Json = {
            "resourceType": "ServiceRequest",
            "id": "new",
            "status": "draft",
            "intent": "proposal",
            "priority": priority,
            "code": codings(concept.codes if concept and _is_exact(ctx, target, order) else (), target.label),
            "subject": subject(ctx),
            **({"occurrenceTiming": {"code": {"text": when}}} if when else {}),
            **({"reasonCode": [{"text": reason}]} if reason else {}),
            "note": [{"text": f"As requested: {' '.join(order.split())}"}],
        }
        final = {"status": "active", "intent": "order", "authoredOn": "@at", "requester": {"display": "@by"}}
        changes.append(Change(resource=resource, final=final))
        seen, cited = _done_before(ctx, target)
        findings += seen
        evidence += cited
        findings += _vaccine(ctx, target) if target.kind == "immunization" else ()
    findings += _imaging(ctx, order)
    names = ", ".join(t.label for t in services)
    if not all(_is_exact(ctx, t, order) for t in services):
        text = f"The words of the request were read as {names}; the entry keeps both and has no code."
        findings.append(Finding(check="completeness", severity=Severity.WARNING, text=text))
    text = f"Order: {names}{', ' + when if when else ''} ({priority}).{f' Reason: {reason}.' if reason else ''}"
    text += f"\nAs requested: {' '.join(order.split())}"
    return Proposal(
        title=f"Order: {names}",
        text=text,
        changes=tuple(changes),
        evidence=tuple(evidence),
        findings=by_severity(findings),
    )


def _is_exact(ctx: ToolContext, target: Target, order: str) -> bool:
    """Whether the request says what the concept is: "CT abdomen" is less than "CT of abdomen and pelvis"."""
    said = set(normalise_name(order).split())
    words = {w for w in normalise_name(target.label).split() if w not in {"of", "and", "the", "in", "or"}}
    return target.kind in {"observation", "service"} or words <= said


def _done_before(ctx: ToolContext, target: Target) -> tuple[list[Finding], list[Evidence]]:
    """When the same was last done; within a day it may be a duplicate."""
    last: tuple[Any, Evidence, str] | None = None
    if target.kind == "observation":
        found = readings(ctx, target)
        is_group = len(target.ids) > 1
        shown = (
            (f"on {day(found[-1].time)}" if is_group else f"{found[-1].shown} on {day(found[-1].time)}")
            if found
            else ""
        )
        last = (found[-1].time, found[-1].evidence, shown) if found else None
    elif target.kind in {"procedure", "immunization"}:
        rows: list[Any] = [*ctx.chart.procedures] if target.kind == "procedure" else [*ctx.chart.immunizations]
        hits = [r for r in rows if ctx.lexicon.matches(target, r)]
        last = (hits[-1].time, cite(hits[-1]), day(hits[-1].time)) if hits else None
    if last is None:
        return [
            Finding(check="duplicate", severity=Severity.INFO, text=f"{target.label}: no earlier one is recorded.")
        ], []
    time, evidence, shown = last
    recent = time is not None and ctx.as_of - time < timedelta(days=1)
    text = f"{target.label}: last recorded {shown}{', less than a day ago' if recent else ''}."
    severity = Severity.WARNING if recent else Severity.INFO
    return [Finding(check="duplicate", severity=severity, text=text, evidence=(evidence,))], [evidence]


def _imaging(ctx: ToolContext, order: str) -> Iterable[Finding]:
    """Contrast against allergies, kidney and metformin; rays against pregnancy."""
    magnetic = _MAGNETIC.search(order) is not None
    if _CONTRAST.search(order):
        contrast = ctx.lexicon.resolve("iodinated_contrast", "allergen")
        for row in allergies_in_force(ctx):
            iodinated = contrast is not None and ctx.lexicon.matches_allergy(contrast, row)
            if _GADOLINIUM.search(row.display) if magnetic else iodinated and not _GADOLINIUM.search(row.display):
                text = f"Allergy recorded: {plain_name(row.display)}. Contrast is asked for."
                yield Finding(check="allergy", severity=Severity.CRITICAL, text=text, evidence=(cite(row),))
        yield from _contrast_kidney(ctx, magnetic)
    if _RAYS.search(order):
        yield from imaging_pregnancy(ctx)


def contrast_media(ctx: ToolContext) -> frozenset[str]:
    """Contrast media, which are drugs to the vocabulary."""
    return frozenset(ctx.lexicon.vocabulary.ingredients("contrast_medium"))


def _vaccine(ctx: ToolContext, vaccine: Target) -> Iterable[Finding]:
    """A live vaccine against pregnancy, and what of a vaccine is not looked at."""
    if live := groups_of(vaccine.id):
        yield from pregnancy(ctx, live)
    text = f"{vaccine.label}: allergy to its parts, immune state and doses still due are not checked."
    yield Finding(check="allergy", severity=Severity.NOT_CHECKED, text=text)


def _contrast_kidney(ctx: ToolContext, magnetic: bool) -> Iterable[Finding]:
    value = kidney_value(ctx, "egfr")
    if isinstance(value, str):
        yield Finding(
            check="kidney",
            severity=Severity.NOT_CHECKED,
            text=f"eGFR cannot be told ({value}), and contrast is asked for.",
        )
        return
    low = value.amount < 30
    medium = "gadolinium" if magnetic else "iodinated contrast"
    harm = "may cause nephrogenic systemic fibrosis" if magnetic else "may harm the kidney"
    text = f"Contrast with {value.shown}: " + (
        f"below 30 {medium} {harm}." if low else f"not below 30, the limit for {medium}."
    )
    yield Finding(
        check="kidney",
        severity=Severity.WARNING if low else Severity.INFO,
        text=text,
        evidence=value.evidence,
        source="US prescribing information of gadolinium-based contrast agents, boxed warning" if magnetic else _ACR,
    )
    metformin = ctx.lexicon.resolve("metformin", "medication")
    for course in courses(ctx, metformin) if low and metformin and not magnetic else []:
        if course.is_active:
            text = f"{course.name} is active: it is stopped for iodinated contrast at this eGFR."
            yield Finding(check="kidney", severity=Severity.WARNING, text=text, evidence=(cite(course.latest),), source="FDA Drug Safety Communication on metformin, 2016")  # fmt: skip
