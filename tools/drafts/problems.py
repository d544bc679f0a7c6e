"""Draft changes of the problem list: add, resolve, reactivate, or remove what was entered in error."""

from __future__ import annotations

import re
from typing import Any

from domain.facts import Evidence, FactKind
from knowledge_base.drafts import Change, Finding, Severity
from knowledge_base.records import digest
from tools.concepts import Target, content_words
from tools.context import ToolContext, cite, day, plain_name
from tools.drafts.proposal import Json, Proposal, codings, subject
from tools.drugs.checks.engine import by_severity
from tools.outcome import FinalToolError, RetryableToolError

_ALIKE = 2  # words that two names share
ACTIONS = ("add", "resolve", "reactivate", "remove")
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
_DATE = re.compile(r"(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")


def propose_problem_change(
    ctx: ToolContext, problem: str, action: str = "add", onset: str = "", reason: str = ""
) -> Proposal:
    """A change of the problem list.

    Args:
        ctx: The patient's record as of now.
        problem: The problem, as a clinician calls it.
        action: add, resolve, reactivate, or remove (entered in error).
        onset: When an added problem began: a year, month or day as 2024, 2024-05 or 2024-05-31, or words.
        reason: Why, where that was said.

    Raises:
        RetryableToolError: the problem or the action is not recognised, or several entries are meant.
        FinalToolError: there is no such entry to change.
    """
    if action not in ACTIONS:
        raise RetryableToolError(f"action is one of {', '.join(ACTIONS)}")
    name = " ".join(problem.split())
    if len(name) < 2 or len(name) > 200:
        raise RetryableToolError("problem is the name of a problem, of 2 to 200 characters")
    target = ctx.lexicon.resolve(name, "condition") or ctx.lexicon.from_record(name, ctx.chart.conditions, "condition")
    rows = [r for r in ctx.chart.conditions if target is not None and ctx.lexicon.matches(target, r, "condition")]
    if action == "add":
        return _add(ctx, name, target, rows, onset, reason)
    wanted = [r for r in rows if ctx.chart.is_active(r) == (action != "reactivate")] or (
        rows if action == "remove" else []
    )
    if not wanted:
        state = {"resolve": "active ", "reactivate": "resolved ", "remove": ""}[action]
        raise FinalToolError(f"the problem list has no {state}entry of that name, so there is none to {action}")
    displays = {plain_name(r.display).lower() for r in wanted}
    if len(displays) > 1:
        raise RetryableToolError("several entries are meant; name one: " + "; ".join(sorted(displays)))
    return _change(ctx, wanted, target, action, reason)


def _coding(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _add(ctx: ToolContext, name: str, target: Target | None, rows: list[Any], onset: str, reason: str) -> Proposal:
    concept = ctx.lexicon.vocabulary.get("condition", target.id) if target is not None else None
    label = concept.label if concept is not None else name
    began = onset.strip()
    resource: Json = {
        "resourceType": "Condition",
        "id": "new",
        "clinicalStatus": _coding(_CLINICAL, "active"),
        "verificationStatus": _coding(_VERIFIED, "unconfirmed"),
        "category": [_coding(_CATEGORY, "problem-list-item")],
        "code": codings(concept.codes if concept else (), label),
        "subject": subject(ctx),
        **({"onsetDateTime" if _DATE.fullmatch(began) else "onsetString": began} if began else {}),
        **({"note": [{"text": reason}]} if reason else {}),
    }
    final = {
        "verificationStatus": _coding(_VERIFIED, "confirmed"),
        "recordedDate": "@at",
        "recorder": {"display": "@by"},
    }
    findings: list[Finding] = []
    for row in rows:
        state = "active" if ctx.chart.is_active(row) else row.clinical_status or "not active"
        text = f"Already on the list: {plain_name(row.display)}, {state}, onset {day(row.onset or row.time)}."
        severity = Severity.WARNING if ctx.chart.is_active(row) else Severity.INFO
        findings.append(Finding(check="duplicate", severity=severity, text=text, evidence=(cite(row),)))
    findings += _spoken_against(ctx, target)
    findings += _alike_on_the_list(ctx, label, rows)
    evidence = _testimony(ctx, target)
    if concept is None:
        text = "The name is not in the vocabulary: the entry has words and no code."
        findings.append(Finding(check="completeness", severity=Severity.WARNING, text=text))
    if not rows and not evidence:
        text = "Nothing in record or notes speaks for it: it rests on your word."
        findings.append(Finding(check="record", severity=Severity.INFO, text=text))
    when = f", onset {began}" if began else ""
    text = f"Add to the problem list: {label}{when}.{f' Reason: {reason}.' if reason else ''}"
    return Proposal(
        title=f"Problem list: add {label}", text=text, changes=(Change(resource=resource, final=final),),
        evidence=evidence, findings=by_severity(findings),
    )  # fmt: skip


def _alike_on_the_list(ctx: ToolContext, label: str, same: list[Any]) -> list[Finding]:
    """Active problems of nearly the same name, such as another stage or type: one may have to leave when the other comes."""
    words = set(content_words(label))
    findings = []
    for row in ctx.chart.conditions:
        theirs = set(content_words(plain_name(row.display)))
        shared = words & theirs
        if row in same or not ctx.chart.is_active(row) or len(shared) < _ALIKE or words == theirs:
            continue
        text = f"Also on the list: {plain_name(row.display)}, active since {day(row.onset or row.time)}."
        findings.append(Finding(check="duplicate", severity=Severity.WARNING, text=text, evidence=(cite(row),)))
    return findings


def _spoken_against(ctx: ToolContext, target: Target | None) -> list[Finding]:
    """Entries of the same problem that the record refutes, or that were made in error: it has been looked at before."""
    known = [r for r in ctx.store.conditions(ctx.patient_id) if ctx.chart.is_known(r.time)]
    mistaken = [r for r in known if r.verification_status == "entered-in-error"]
    findings = []
    for row in (*ctx.chart.refuted_conditions, *mistaken):
        if target is not None and ctx.lexicon.matches(target, row, "condition"):
            name, why = plain_name(row.display), f" {row.note}" if row.note else ""
            struck = row.verification_status == "entered-in-error"
            said = f"An entry {name} was made in error" if struck else f"The record has refuted {name}"
            text = f"{said} ({day(row.time)}).{why}"
            findings.append(Finding(check="record", severity=Severity.CRITICAL, text=text, evidence=(cite(row),)))
    return findings


def _testimony(ctx: ToolContext, target: Target | None, most: int = 3) -> tuple[Evidence, ...]:
    """What notes say of the problem, newest first."""
    kinds = {FactKind.CONDITION, FactKind.SYMPTOM}
    facts = [
        f for f in reversed(ctx.chart.facts) if f.kind in kinds and target is not None and f.concept_id in target.ids
    ]
    return tuple(f.evidence for f in facts if f.assertion.is_current_finding)[:most]


def _change(ctx: ToolContext, rows: list[Any], target: Target | None, action: str, reason: str) -> Proposal:
    final: Json
    if action == "resolve":
        final = {"clinicalStatus": _coding(_CLINICAL, "resolved"), "abatementDateTime": "@at"}
    elif action == "reactivate":
        final = {"clinicalStatus": _coding(_CLINICAL, "active"), "abatementDateTime": None, "abatementPeriod": None,
                 "abatementString": None, "abatementAge": None, "abatementRange": None}  # fmt: skip
    else:
        # FHIR con-5: an entry in error has no clinical status.
        final = {"clinicalStatus": None, "verificationStatus": _coding(_VERIFIED, "entered-in-error")}
    changes = []
    for row in {r.ref: r for r in rows}.values():
        raw = ctx.store.resource(ctx.patient_id, row.ref)
        noted = {"note": [*raw.get("note", []), {"text": reason}]} if reason else {}
        changes.append(Change(resource=raw, final={**final, **noted}, replaces=digest(raw)))
    name = plain_name(rows[-1].display)
    verb = {"resolve": "Resolve", "reactivate": "Reactivate", "remove": "Remove as entered in error"}[action]
    since = f" (onset {day(rows[-1].onset or rows[-1].time)})"
    text = f"{verb}: {name}{since}.{f' Reason: {reason}.' if reason else ''}"
    return Proposal(
        title=f"Problem list: {action} {name}", text=text, changes=tuple(changes),
        evidence=tuple(cite(r) for r in {r.ref: r for r in rows}.values()),
        findings=by_severity((*_still_treated(ctx, rows, action), *_still_noted(ctx, target, action))),
    )  # fmt: skip


def _still_noted(ctx: ToolContext, target: Target | None, action: str) -> tuple[Finding, ...]:
    """What notes say for a problem that would be called a mistake."""
    told = _testimony(ctx, target, most=1) if action == "remove" else ()
    return tuple(
        Finding(check="record", severity=Severity.WARNING, text=f"A note of {day(e.time)} has it: “{e.quote}”.", evidence=(e,))
        for e in told
    )  # fmt: skip


def _still_treated(ctx: ToolContext, rows: list[Any], action: str) -> tuple[Finding, ...]:
    """Active orders whose recorded reason is the problem that would leave the list."""
    from tools.drugs.medications import courses

    if action == "reactivate":
        return ()
    names = {plain_name(r.display).lower() for r in rows}
    held = [c for c in courses(ctx) if c.is_active and plain_name(c.latest.reason_display).lower() in names]
    return tuple(
        Finding(check="record", severity=Severity.WARNING, text=f"{c.name} is active and was ordered for it.", evidence=(cite(c.latest),))
        for c in held
    )  # fmt: skip
