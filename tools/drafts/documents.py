"""Draft texts: an addendum to a note, a message. What they say of the record is held against it."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from domain.errors import ChartTwinError, UnknownEvidence
from domain.facts import Evidence, Fact, FactKind, Note
from domain.quantities import Quantity, convert
from knowledge_base.drafts import Change, Finding, Severity
from tools.concepts import Target
from tools.context import ToolContext, cite, day, number, plain_name
from tools.drafts.proposal import Json, Proposal, read_text, subject
from tools.drugs.allergens import allergy_rows, is_active_allergy, set_aside_rows
from tools.drugs.medications import courses
from tools.measurements.readings import Reading, readings, unit_label
from tools.outcome import RetryableToolError

LONGEST = 8_000  # characters
_SAME = 0.005  # relative: what rounding to the digits shown can do


def propose_note(ctx: ToolContext, text: str, note: str = "", title: str = "") -> Proposal:
    """An addendum to a note of the patient; `note` is its id, by default the newest.

    Raises:
        RetryableToolError: there is no text, or no such note.
    """
    said = _checked(text)
    base = _base_note(ctx, note)
    name = title or "Addendum"
    encoded = base64.b64encode(said.encode("utf-8")).decode()
    resource: Json = {
        "resourceType": "DocumentReference",
        "id": "new",
        "status": "current",
        "docStatus": "preliminary",
        "type": {"text": "Addendum"},
        "subject": subject(ctx),
        "description": name,
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": encoded, "title": name}}],
    }
    evidence: tuple[Evidence, ...] = ()
    where = "as a note of its own: the patient has none to add to"
    if base is not None:
        where = f"to “{base.title or base.note_type or 'note'}” of {day(base.time)}"
        evidence = (Evidence(ref=f"Note/{base.id}", quote=base.title or base.note_type or "note", time=base.time),)
        if _is_document(ctx, base):
            target = {"reference": f"DocumentReference/{base.id}"}
            resource["relatesTo"] = [{"code": "appends", "target": target}]
        if base.encounter_id:
            resource["context"] = {"encounter": [{"reference": f"Encounter/{base.encounter_id}"}]}
    findings, cited = _against_record(ctx, said)
    final = {"docStatus": "final", "date": "@at", "author": [{"display": "@by"}]}
    return Proposal(
        title=f"Note: {name.lower()} {where.partition(':')[0]}", text=f"{name} {where}:\n{said}",
        changes=(Change(resource=resource, final=final),), evidence=_distinct((*evidence, *cited)), findings=findings,
    )  # fmt: skip


def propose_message(ctx: ToolContext, text: str, to: str = "patient", subject_line: str = "") -> Proposal:
    """A message to the patient or a colleague.

    Raises:
        RetryableToolError: there is no text or nobody to send it to.
    """
    said = _checked(text)
    who = " ".join(to.split())
    if not who or len(who) > 120:
        raise RetryableToolError("to is `patient`, or who the colleague is, in at most 120 characters")
    is_patient = who.lower() in {"patient", "the patient", "pt"}
    resource: Json = {
        "resourceType": "Communication",
        "id": "new",
        "status": "preparation",
        "subject": subject(ctx),
        "recipient": [subject(ctx) if is_patient else {"display": who}],
        **({"topic": {"text": subject_line}} if subject_line else {}),
        "payload": [{"contentString": said}],
    }
    findings, cited = _against_record(ctx, said)
    recipient = "the patient" if is_patient else who
    head = f"To {recipient}{f', about {subject_line}' if subject_line else ''}:"
    # ChartTwin sends nothing: what is confirmed is ready to be sent.
    final = {"status": "in-progress", "sender": {"display": "@by"}}
    return Proposal(
        title=f"Message to {recipient}", text=f"{head}\n{said}", changes=(Change(resource=resource, final=final),),
        evidence=cited, findings=findings,
    )  # fmt: skip


def _checked(text: str) -> str:
    said = text.strip()
    if len(said) < 3:
        raise RetryableToolError("text is what the draft says; it is empty")
    if len(said) > LONGEST:
        raise RetryableToolError(f"text has at most {LONGEST} characters")
    if any("\ud800" <= letter <= "\udfff" or letter == "\x00" for letter in said):
        raise RetryableToolError("text holds a character that is none")
    return said


def _base_note(ctx: ToolContext, identifier: str) -> Note | None:
    notes = [n for n in ctx.chart.notes if n.id not in ctx.chart.suspicious_note_ids]
    wanted = identifier.removeprefix("Note/").partition("#")[0]
    if wanted:
        notes = [n for n in notes if n.id == wanted]
        if not notes:
            raise RetryableToolError("this patient has no such note; list_notes shows those that there are")
    return max(notes, key=lambda n: n.time.timestamp() if n.time else 0.0, default=None)


def _is_document(ctx: ToolContext, note: Note) -> bool:
    try:
        ctx.store.resource(ctx.patient_id, f"DocumentReference/{note.id}")
    except UnknownEvidence:
        return False
    return True


# --- what a text says, against the record ----------------------------------------------------------------------------


def _against_record(ctx: ToolContext, text: str) -> tuple[tuple[Finding, ...], tuple[Evidence, ...]]:
    """Values, drugs and denied allergies of a text: the evidence of those that are right, findings for the others."""
    findings: list[Finding] = []
    evidence: list[Evidence] = []
    for fact in read_text(text):
        for finding, cited in _of_fact(ctx, fact):
            findings += [finding] if finding else []
            evidence += cited
    if not findings:
        said = "Values and drugs that were recognised in the text agree with the record." if evidence else "No value or drug of the record was recognised in the text."  # fmt: skip
        findings.append(Finding(check="text", severity=Severity.INFO, text=said, evidence=tuple(evidence)))
    findings.append(
        Finding(
            check="text", severity=Severity.NOT_CHECKED, text="Advice, dates and reasoning in the text are not checked."
        )
    )
    return tuple(findings), _distinct(evidence)


def _of_fact(ctx: ToolContext, fact: Fact) -> Iterable[tuple[Finding | None, list[Evidence]]]:
    if fact.kind is FactKind.OBSERVATION and fact.concept_id and isinstance(fact.value, Quantity):
        yield _value(ctx, fact, fact.value)
    elif fact.kind is FactKind.MEDICATION and fact.concept_id and not fact.assertion.is_negated:
        yield _drug(ctx, fact)
    elif fact.kind is FactKind.ALLERGY and fact.concept_id == "no_known_allergies":
        active = [r for r in ctx.chart.allergies if r.clinical_status in {"active", ""}]
        if active:
            text = f"“{fact.evidence.quote}” disagrees with the record, which has {len(active)} active allergies."
            yield Finding(check="text", severity=Severity.CRITICAL, text=text, evidence=tuple(map(cite, active))), []
    elif fact.kind is FactKind.ALLERGY and fact.concept_id and not fact.assertion.is_family:
        yield from _allergy(ctx, fact)


def _allergy(ctx: ToolContext, fact: Fact) -> Iterable[tuple[Finding | None, list[Evidence]]]:
    """An allergy that a text affirms or denies, against the allergy list."""
    target = ctx.lexicon.resolve(fact.concept_id, "allergen", "medication", "drug_class")
    if target is None:
        return
    active = [r for r in allergy_rows(ctx, target) if is_active_allergy(r)]
    past = [r for r in set_aside_rows(ctx, target) if r not in active]
    cited = [cite(r) for r in active]
    if fact.assertion.is_negated:
        if active:
            names = ", ".join(plain_name(r.display) for r in active)
            text = f"“{fact.evidence.quote}” disagrees with the record, which has: {names}."
            yield Finding(check="text", severity=Severity.CRITICAL, text=text, evidence=tuple(cited)), []
    elif active:
        yield None, cited
    else:
        became = (
            f"; {plain_name(past[-1].display)} is {past[-1].verification_status or past[-1].clinical_status}"
            if past
            else ""
        )
        text = f"“{fact.evidence.quote}”: the allergy list has no such active entry{became}. A text does not change the list."
        yield Finding(check="text", severity=Severity.WARNING, text=text, evidence=tuple(map(cite, past))), []


def _value(ctx: ToolContext, fact: Fact, value: Quantity) -> tuple[Finding | None, list[Evidence]]:
    target = ctx.lexicon.resolve(fact.concept_id, "observation")
    found = readings(ctx, target) if target is not None else []
    if target is None:
        return None, []
    if not found:
        text = f"“{fact.evidence.quote}”: no {target.label} is recorded."
        return Finding(check="text", severity=Severity.WARNING, text=text), []
    same = next((r for r in reversed(found) if _agrees(r, value, target, ctx)), None)
    if same is not None and same.ref == found[-1].ref:
        return None, [same.evidence]
    newest = f"the newest {target.label} is {found[-1].shown} on {day(found[-1].time)}"
    if same is not None:
        text = f"“{fact.evidence.quote}” is of {day(same.time)}; {newest}."
        return Finding(check="text", severity=Severity.INFO, text=text, evidence=(same.evidence, found[-1].evidence)), [same.evidence]  # fmt: skip
    text = f"“{fact.evidence.quote}” is not a recorded value; {newest}."
    return Finding(check="text", severity=Severity.WARNING, text=text, evidence=(found[-1].evidence,)), []


def _agrees(reading: Reading, value: Quantity, target: Target, ctx: ToolContext) -> bool:
    if reading.value is None:
        return False
    concept = ctx.lexicon.vocabulary.get("observation", target.id)
    substance = str(concept.extra.get("substance", "")) if concept else ""
    stated = value.value
    if value.unit and reading.unit and value.unit != reading.unit:
        try:
            stated = convert(value.value, value.unit, reading.unit, substance or None)
        except ChartTwinError:
            return False
    digits = len(number(value.value, 4).partition(".")[2])
    slack = (
        max(abs(stated) * _SAME, 0.5 * 10**-digits)
        if value.unit == reading.unit or not value.unit
        else abs(stated) * 0.02
    )
    return abs(reading.value - stated) <= slack


def _drug(ctx: ToolContext, fact: Fact) -> tuple[Finding | None, list[Evidence]]:
    target = ctx.lexicon.resolve(fact.concept_id, "medication")
    active = [c for c in courses(ctx, target) if c.is_active] if target is not None else []
    if target is None or fact.assertion.is_hypothetical or fact.assertion.is_historical:
        return None, [cite(c.latest) for c in active]
    if not active:
        text = f"{target.label} is named and is on no active order."
        return Finding(check="text", severity=Severity.INFO, text=text), []
    sig = fact.sig
    course = active[-1]
    stated = f"{number(sig.dose.value, 4)} {unit_label(sig.dose.unit)}" if sig and sig.dose else ""
    if stated and number(sig.dose.value, 4) not in f"{course.name} {course.latest.dosage_text}":  # type: ignore[union-attr]
        text = (
            f"{target.label} is said to be {stated}; the active order is {course.name} {course.latest.dosage_text}".rstrip()
            + "."
        )
        return Finding(check="text", severity=Severity.WARNING, text=text, evidence=(cite(course.latest),)), []
    return None, [cite(course.latest)]


def _distinct(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    return tuple({item.ref: item for item in evidence}.values())
