"""What the record says against an order before it is confirmed. A check without data says so; silence means nothing.

Allergies and active drugs come from the structured record; what only a note says is shown as such. Rules come from
`data/drug_rules.json`, each with its source.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.errors import ChartTwinError
from domain.facts import Evidence, FactKind, MedicationSig
from domain.quantities import convert
from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target
from tools.context import ToolContext, cite, day, number, plain_name
from tools.drafts.proposal import by_severity
from tools.drafts.rules import Rule, kinds_of, rules, rules_for
from tools.drugs.allergies import allergy_conflicts
from tools.drugs.medications import Course, courses
from tools.measurements.readings import readings, unit_label
from tools.notes.claims import is_set_right
from tools.twin import calculators

if TYPE_CHECKING:
    from knowledge_base.rows import AllergyRow

_OLD = timedelta(days=365)
_ADULT = 18
_FERTILE_YEARS = range(11, 56)
# The first output of a run is its result.
_KIDNEY = {"egfr": ("ckd_epi_2021_creatinine", "eGFR"), "crcl": ("cockcroft_gault", "creatinine clearance")}


def check_order(
    ctx: ToolContext,
    drug: Target,
    sig: MedicationSig | None,
    per_day: float | None,
    replaced: frozenset[str] = frozenset(),
) -> tuple[Finding, ...]:
    """Every finding about giving a drug, critical ones first.

    Args:
        ctx: The patient's record as of now.
        drug: The ingredient ordered.
        sig: How it is to be taken, as far as that was said.
        per_day: Doses a day, None when that was not said.
        replaced: Orders that this one takes the place of.
    """
    kinds = kinds_of(ctx.lexicon, drug.id)
    active = [c for c in courses(ctx) if c.is_active and c.latest.ref not in replaced]
    found = [
        *_deceased(ctx),
        *allergies(ctx, drug, kinds),
        *duplicates(ctx, drug, kinds, active),
        *interactions(ctx, drug, kinds, active),
        *kidney(ctx, drug, kinds),
        *laboratory(ctx, kinds),
        *dose(ctx, drug, kinds, sig, per_day),
        *pregnancy(ctx, kinds),
    ]
    return by_severity(found)


def _deceased(ctx: ToolContext) -> Iterable[Finding]:
    if ctx.chart.deceased_on is not None or ctx.chart.patient.is_deceased:
        patient = cite(ctx.chart.patient, "deceased")
        yield Finding(check="record", severity=Severity.CRITICAL, text="The record says that the patient has died.", evidence=(patient,))  # fmt: skip


# --- allergies -------------------------------------------------------------------------------------------------------


def allergies(ctx: ToolContext, drug: Target, kinds: frozenset[str]) -> Iterable[Finding]:
    """Allergies to the drug, its class or a related one; then what only notes say; then that there is none."""
    rows = [r for r in ctx.chart.allergies if r.clinical_status in {"active", ""}]
    hits = 0
    for row in rows:
        if finding := allergy_finding(ctx, drug, kinds, row):
            hits += 1
            yield finding
    for fact in ctx.chart.facts:
        told = fact.kind is FactKind.ALLERGY and not fact.assertion.is_negated and not fact.assertion.is_family
        if told and fact.concept_id and _means(ctx, fact.concept_id, drug) and not hits and not is_set_right(ctx, fact):
            hits += 1
            when = day(ctx.chart.note_time(fact))
            text = f"A note of {when} mentions an allergy, “{fact.evidence.quote}”, that the structured record does not have."
            yield Finding(check="allergy", severity=Severity.WARNING, text=text, evidence=(fact.evidence,))
    for conflict in allergy_conflicts(ctx):
        text = f"Record and notes disagree on allergies: {conflict.record_says}; {conflict.note_says}. The record is followed."
        yield Finding(check="allergy", severity=Severity.INFO, text=text, evidence=conflict.evidence)
    if hits:
        return
    if rows or ctx.chart.no_known_allergies:
        known = [cite(r) for r in (*rows, *ctx.chart.no_known_allergies)]
        text = f"No allergy to {drug.label} or its relatives among {len(rows)} active allergies."
        yield Finding(check="allergy", severity=Severity.INFO, text=text, evidence=tuple(known))
    else:
        text = "The record has no allergy entry at all, not even that none is known: ask the patient."
        yield Finding(check="allergy", severity=Severity.NOT_CHECKED, text=text)


def _means(ctx: ToolContext, concept: str, drug: Target) -> bool:
    target = ctx.lexicon.resolve(concept, "allergen", "medication", "drug_class")
    return target is not None and drug.id in _covered(ctx, {target.id, *target.ids})


def _covered(ctx: ToolContext, ids: set[str]) -> set[str]:
    """The ingredients that allergens, classes and drugs stand for."""
    found = set(ids)
    for concept in ids:
        if ctx.lexicon.vocabulary.get("drug_class", concept) is not None:
            found |= ctx.lexicon.vocabulary.ingredients(concept)
    return found


def allergy_finding(ctx: ToolContext, drug: Target, kinds: frozenset[str], row: AllergyRow) -> Finding | None:
    """What an allergy means for a drug or class: the same, of the same class, or cross-reacting; None when it means nothing."""
    reaction = f" (reaction: {', '.join(row.reactions)})" if row.reactions else ""
    name = f"{plain_name(row.display)}{reaction}"
    word = "Intolerance" if row.type == "intolerance" else "Allergy"
    if ctx.lexicon.matches_allergy(drug, row):
        mild = row.type == "intolerance" and row.criticality != "high"
        return Finding(
            check="allergy", severity=Severity.WARNING if mild else Severity.CRITICAL, evidence=(cite(row),),
            text=f"{word} recorded: {name}. {drug.label} is it or belongs to it.",
        )  # fmt: skip
    recorded = _allergy_kinds(ctx, row)
    everything = kinds | ctx.lexicon.vocabulary.classes_of(drug.id)
    if same := sorted(recorded & everything & set(rules()["same_class_reacts"])):
        text = f"{word} recorded: {name}. {drug.label[:1].upper()}{drug.label[1:]} is of the same class ({same[0].replace('_', ' ')})."
        severe = row.type != "intolerance" or row.criticality == "high"
        return Finding(
            check="allergy",
            severity=Severity.CRITICAL if severe else Severity.WARNING,
            text=text,
            evidence=(cite(row),),
        )
    for rule in rules()["cross_reactivity"]:
        harmless = rule.get("unless_reaction", ())  # a cough on an ACE inhibitor does not speak against an ARB
        if row.reactions and all(any(w in r.lower() for w in harmless) for r in row.reactions):
            continue
        if rule["allergy"] in recorded and rule["drug"] in everything:
            text = f"{word} recorded: {name}. {rule['text']}"
            return Finding(check="allergy", severity=Severity(rule["severity"]), text=text, evidence=(cite(row),), source=rule["source"])  # fmt: skip
    return None


def _allergy_kinds(ctx: ToolContext, row: AllergyRow) -> frozenset[str]:
    """The drugs and classes an allergy is about, with the classes of its drugs."""
    vocabulary = ctx.lexicon.vocabulary
    found = set(ctx.lexicon.concept_ids("medication", row)) | set(ctx.lexicon.concept_ids("drug_class", row))
    for concept in ctx.lexicon.concept_ids("allergen", row):
        allergen = vocabulary.get("allergen", concept)
        found |= {concept, *(allergen.members if allergen else ())}
    classes = {c for drug in found if vocabulary.get("medication", drug) for c in vocabulary.classes_of(drug)}
    return frozenset(found | classes)


# --- other drugs -----------------------------------------------------------------------------------------------------


def _drugs_of(ctx: ToolContext, course: Course) -> list[str]:
    return sorted(ctx.lexicon.concept_ids("medication", course.latest))


def duplicates(ctx: ToolContext, drug: Target, kinds: frozenset[str], active: list[Course]) -> Iterable[Finding]:
    """Active orders of the same ingredient, or of a class of which one is enough."""
    for course in active:
        held = _drugs_of(ctx, course)
        if drug.id in held:
            text = f"Already active: {course.name} (last ordered {day(course.latest.time)})."
            yield Finding(check="duplicate", severity=Severity.WARNING, text=text, evidence=(cite(course.latest),))
            continue
        theirs = frozenset(k for one in held for k in kinds_of(ctx.lexicon, one))
        for severity, classes in rules()["duplicates"].items():
            if shared := sorted(kinds & theirs & set(classes)):
                text = f"{course.name} is active: two of the class {shared[0].replace('_', ' ')}."
                yield Finding(
                    check="duplicate", severity=Severity(severity), text=text, evidence=(cite(course.latest),)
                )
                break


def interactions(ctx: ToolContext, drug: Target, kinds: frozenset[str], active: list[Course]) -> Iterable[Finding]:
    """Pairs of the rules with an active drug, then how far the rules reach."""
    unread = []
    for course in active:
        held = _drugs_of(ctx, course)
        if not held:
            unread.append(course)
        for other in held:
            if other != drug.id:
                theirs = kinds_of(ctx.lexicon, other)
                yield from (_interaction(r, course) for r in rules()["interactions"] if _joins(r, kinds, theirs))
    if unread:
        names = ", ".join(sorted(c.name for c in unread))
        text = f"Not checked for interactions, since their ingredients are not known: {names}."
        yield Finding(check="interaction", severity=Severity.NOT_CHECKED, text=text, evidence=tuple(cite(c.latest) for c in unread))  # fmt: skip
    text = (
        f"Interactions were looked for among {len(rules()['interactions'])} cited pairs only, with {len(active)} active "
        "drugs; pairs outside them, such as most that prolong QT, are not checked."
    )
    yield Finding(check="interaction", severity=Severity.NOT_CHECKED, text=text)


def _joins(rule: Rule, kinds: frozenset[str], theirs: frozenset[str]) -> bool:
    a, b = set(rule["a"]), set(rule["b"])
    return bool((a & kinds and b & theirs) or (b & kinds and a & theirs))


def _interaction(rule: Rule, course: Course) -> Finding:
    return Finding(
        check="interaction", severity=Severity(rule["severity"]), source=rule["source"], evidence=(cite(course.latest),),
        text=f"With {course.name}, which is active: {rule['text']}",
    )  # fmt: skip


# --- the patient's values --------------------------------------------------------------------------------------------


def kidney(ctx: ToolContext, drug: Target, kinds: frozenset[str]) -> Iterable[Finding]:
    """Limits by eGFR or creatinine clearance, calculated from the newest creatinine of the record."""
    found = rules_for("kidney", kinds)
    if not found:
        text = f"No kidney rule for {drug.label} is on file: not checked."
        yield Finding(check="kidney", severity=Severity.NOT_CHECKED, text=text)
        return
    for measure in sorted({rule["measure"] for rule in found}):
        value = kidney_value(ctx, measure)
        label = _KIDNEY[measure][1]
        if isinstance(value, str):
            text = f"{label} cannot be told ({value}), and {drug.label} depends on it: not checked."
            yield Finding(check="kidney", severity=Severity.NOT_CHECKED, text=text)
            continue
        amount, shown, measured, evidence = value
        when = f", creatinine of {day(measured)}" if measured else ""
        of_measure = sorted((r for r in found if r["measure"] == measure), key=lambda r: float(r["below"]))
        broken = next((r for r in of_measure if amount < r["below"]), None)
        if broken is None:
            text = f"{label} is {shown}{when}: above the limits on file for {drug.label}."
            yield Finding(
                check="kidney", severity=Severity.INFO, text=text, evidence=evidence, source=of_measure[0]["source"]
            )
        else:
            text = f"{label} is {shown}{when}. {broken['text']}"
            yield Finding(check="kidney", severity=Severity(broken["severity"]), text=text, evidence=evidence, source=broken["source"])  # fmt: skip
        if measured is not None and ctx.as_of - measured > _OLD:
            text = f"The creatinine behind the {label} is of {day(measured)}, more than a year old."
            yield Finding(check="kidney", severity=Severity.WARNING, text=text, evidence=evidence)


def kidney_value(ctx: ToolContext, measure: str) -> tuple[float, str, datetime | None, tuple[Evidence, ...]] | str:
    """Value, as shown, when its creatinine was measured, and evidence; or why it cannot be told.

    The run is not kept in the record: a proposal writes nothing there.
    """
    try:
        card = ctx.twin.describe(_KIDNEY[measure][0])
        run = ctx.twin.predict(card.id, calculators.gather(ctx, card, {}))
    except ChartTwinError as error:
        return error.message
    creatinine = next((i for i in run.inputs if i.name.startswith("creatinine")), None)
    evidence = {i.evidence.ref: i.evidence for i in run.inputs if i.evidence is not None}
    main = run.outputs[0]
    if not isinstance(main.value, int | float):
        return "the model gave no number"
    measured = creatinine.time if creatinine is not None else None
    return float(main.value), main.display or number(float(main.value)), measured, tuple(evidence.values())


def laboratory(ctx: ToolContext, kinds: frozenset[str]) -> Iterable[Finding]:
    """Limits by a lab value: the newest one decides."""
    for rule in rules_for("laboratory", kinds):
        target = ctx.lexicon.resolve(rule["concept"], "observation")
        values = [r for r in readings(ctx, target) if r.value is not None] if target else []
        label = target.label if target else rule["concept"]
        if not values:
            text = f"{label} is not documented: not checked."
            yield Finding(check="laboratory", severity=Severity.NOT_CHECKED, text=text)
            continue
        newest = values[-1]
        try:
            value = convert(newest.value or 0.0, newest.unit, rule["unit"]) if rule["unit"] else newest.value or 0.0
        except ChartTwinError:
            text = f"{label} is in {newest.unit or 'no unit'}: not checked."
            yield Finding(check="laboratory", severity=Severity.NOT_CHECKED, text=text, evidence=(newest.evidence,))
            continue
        limit = f"{number(rule['above'])} {unit_label(rule['unit'])}".strip()
        if value > rule["above"]:
            text = f"{label} is {newest.shown} on {day(newest.time)}, above {limit}. {rule['text']}"
            yield Finding(check="laboratory", severity=Severity(rule["severity"]), text=text, evidence=(newest.evidence,), source=rule["source"])  # fmt: skip
        else:
            text = f"{label} is {newest.shown} on {day(newest.time)}, not above {limit}."
            yield Finding(check="laboratory", severity=Severity.INFO, text=text, evidence=(newest.evidence,))


# --- the dose --------------------------------------------------------------------------------------------------------


def dose(
    ctx: ToolContext, drug: Target, kinds: frozenset[str], sig: MedicationSig | None, per_day: float | None
) -> Iterable[Finding]:
    """The day's dose against the most that the label gives to adults, and drugs that are not taken daily."""
    for warned in rules_for("not_daily", kinds):
        if per_day is None or per_day > 0.5:
            yield Finding(
                check="dose", severity=Severity(warned["severity"]), text=warned["text"], source=warned["source"]
            )
    listed = rules()["most_per_day"].get(drug.id, ())
    route = sig.route if sig else ""
    rule: Rule | None = next((r for r in listed if (route or "oral") in r["routes"]), None)
    if reason := _undosed(ctx, drug, sig, rule, route):
        yield Finding(check="dose", severity=Severity.NOT_CHECKED, text=reason)
        return
    assert sig is not None and sig.dose is not None and rule is not None
    highest = sig.dose_high or sig.dose
    count = sig.amount.value if sig.amount and sig.amount.unit.startswith("{") else 1.0
    try:
        single = convert(highest.value, highest.unit, rule["unit"]) * count
    except ChartTwinError:
        text = f"The dose is in {highest.unit}, the limit on file in {rule['unit']}: not checked."
        yield Finding(check="dose", severity=Severity.NOT_CHECKED, text=text)
        return
    total = single * max(per_day, 1.0) if per_day else single
    most = f"{number(rule['most_per_day'])} {rule['unit']} a day"
    note = f"; {rule['note']}" if rule.get("note") else ""
    said = f"{number(total)} {rule['unit']} a day" if per_day else f"One dose of {number(single)} {rule['unit']}"
    assumed = "" if route else ", taken as an oral dose"
    if total > rule["most_per_day"] * 1.0001:
        far = total >= 2 * rule["most_per_day"]
        text = f"{said} is more than the most that the label gives to adults{assumed}: {most}{note}."
        yield Finding(
            check="dose", severity=Severity.CRITICAL if far else Severity.WARNING, text=text, source=rule["source"]
        )
    else:
        text = f"{said} is within the most that the label gives to adults{assumed}: {most}{note}."
        yield Finding(check="dose", severity=Severity.INFO, text=text, source=rule["source"])


def _undosed(ctx: ToolContext, drug: Target, sig: MedicationSig | None, rule: Rule | None, route: str) -> str:
    """Why the dose cannot be held against a limit; empty when it can."""
    if sig is None or sig.dose is None:
        return "No dose was given: not checked."
    if "/kg" in sig.dose.unit or "/" in sig.dose.unit:
        return f"A dose in {sig.dose.unit} is not checked."
    age = ctx.chart.age
    if age is None or age < _ADULT:
        return "The limits on file are for adults: not checked." if age is not None else "The age is not documented: the dose is not checked."  # fmt: skip
    if rule is None:
        way = f" given by the {route} route" if route else ""
        return f"No dose limit for {drug.label}{way} is on file: not checked."
    return ""


# --- pregnancy -------------------------------------------------------------------------------------------------------


def pregnancy(ctx: ToolContext, kinds: frozenset[str]) -> Iterable[Finding]:
    """Drugs that harm in pregnancy: for whom it may matter, and whether the record knows of one."""
    found = sorted(rules_for("pregnancy", kinds), key=lambda r: list(Severity).index(r["severity"]))
    age = ctx.chart.age
    if ctx.chart.patient.gender == "male" or (age is not None and age not in _FERTILE_YEARS):
        return
    if not found:
        text = "No pregnancy rule for this drug is on file: not checked."
        yield Finding(check="pregnancy", severity=Severity.NOT_CHECKED, text=text)
        return
    rule, evidence = found[0], _pregnant(ctx)
    if evidence:
        text = f"The record says that the patient is pregnant. {rule['text']}"
        yield Finding(
            check="pregnancy", severity=Severity(rule["severity"]), text=text, evidence=evidence, source=rule["source"]
        )
    else:
        text = f"Whether the patient may be pregnant is not documented. {rule['text']}"
        yield Finding(check="pregnancy", severity=Severity.WARNING, text=text, source=rule["source"])


def _pregnant(ctx: ToolContext) -> tuple[Evidence, ...]:
    target = ctx.lexicon.resolve("pregnancy", "condition")
    rows = [r for r in ctx.chart.conditions if ctx.chart.is_active(r)]
    recent = [r for r in rows if r.time is None or ctx.as_of - r.time < timedelta(days=300)]
    return tuple(cite(r) for r in recent if target is not None and ctx.lexicon.matches(target, r, "condition"))


def imaging_pregnancy(ctx: ToolContext) -> Iterable[Finding]:
    """Whether the record knows of a pregnancy, before an image with X-rays."""
    age = ctx.chart.age
    if ctx.chart.patient.gender == "male" or (age is not None and age not in _FERTILE_YEARS):
        return
    if evidence := _pregnant(ctx):
        text = "The record says that the patient is pregnant, and X-rays are asked for."
        yield Finding(check="pregnancy", severity=Severity.CRITICAL, text=text, evidence=evidence)
    else:
        text = "Whether the patient may be pregnant is not documented, and X-rays are asked for."
        yield Finding(check="pregnancy", severity=Severity.WARNING, text=text)
