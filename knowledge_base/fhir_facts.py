"""Facts as FHIR R4 resources: one function per kind, each saying by its status elements what the note says.

What is said not to be so is a refuted Condition, a procedure not done, a drug not taken. What is only possible is provisional.
What is only imagined ("if she develops a fever") is no event and gives no resource, except a plan: a drug that is intended and
a target value that is a Goal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from domain.codes import Code, CvxCode
from domain.facts import Fact, FactKind
from domain.quantities import Quantity
from knowledge_base.elements import Json
from knowledge_base.fhir_dosage import dosages, quantity

_TERMS = "http://terminology.hl7.org/CodeSystem/"
_LOINC = "http://loinc.org"
_ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
_NO_ALLERGY = {"coding": [{"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}]}
_PRESSURES = {"systolic_blood_pressure", "diastolic_blood_pressure"}
_DEMOGRAPHICS = {"age_years": ("30525-0", "Age"), "sex": ("46098-0", "Sex")}
# HL7 v3 RoleCode; relatives that it does not name are family members.
_ROLES = {
    "mother": "MTH", "father": "FTH", "parent": "PRN", "brother": "BRO", "half brother": "HBRO", "sister": "SIS", "half sister": "HSIS",
    "sibling": "SIB", "son": "SONC", "daughter": "DAUC", "child": "CHILD", "aunt": "AUNT", "maternal aunt": "MAUNT",
    "paternal aunt": "PAUNT", "uncle": "UNCLE", "maternal uncle": "MUNCLE", "paternal uncle": "PUNCLE", "cousin": "COUSN",
    "maternal cousin": "MCOUSN", "paternal cousin": "PCOUSN", "niece": "NIECE", "nephew": "NEPHEW", "grandmother": "GRMTH",
    "maternal grandmother": "MGRMTH", "paternal grandmother": "PGRMTH", "grandfather": "GRFTH", "maternal grandfather": "MGRFTH",
    "paternal grandfather": "PGRFTH", "grandparent": "GRPRN", "great grandmother": "GGRMTH", "great grandfather": "GGRFTH",
    "maternal great grandmother": "MGGRMTH", "paternal great grandmother": "PGGRMTH",
    "maternal great grandfather": "MGGRFTH", "paternal great grandfather": "PGGRFTH", "twin": "TWIN",
}  # fmt: skip
_DRUG_STATUS = {"stopped": "stopped", "not taking": "not-taken", "held": "on-hold", "on hold": "on-hold", "completed": "completed",
                "planned": "intended"}  # fmt: skip


def resources_of(facts: Sequence[Fact], subject: Json | None) -> Iterator[tuple[Json, Fact]]:
    """The resources that facts of one note become, each with the fact it rests on, without their provenance.

    Args:
        facts: Facts of one note.
        subject: A reference to the patient, if one is known.
    """
    about = subject or _ABSENT
    pairs = _pressure_pairs(facts)
    for fact in facts:
        if fact.id in pairs:
            made = _pressure(fact, pairs[fact.id]) if fact.concept_id == "systolic_blood_pressure" else None
        else:
            made = _MAKERS.get(fact.kind, _none)(fact)
        if made is None:
            continue
        kind = made["resourceType"]
        named = "patient" if kind in {"AllergyIntolerance", "FamilyMemberHistory", "Immunization"} else "subject"
        if named == "subject" and kind == "Observation" and subject is None:
            yield {**made, "id": fact.id}, fact
        else:
            yield {**made, "id": fact.id, named: about}, fact


def concept(fact: Fact) -> Json:
    """The fact's concept: the first code of each system, since further ones are narrower or older, and the words of the note."""
    codings = {code.system: _coding(code) for code in reversed(fact.codes)}
    ordered = [codings[system] for system in dict.fromkeys(code.system for code in fact.codes)]
    return {**({"coding": ordered} if ordered else {}), "text": fact.text}


def _coding(code: Code) -> Json:
    return {"system": code.system, "code": code.code, **({"display": code.display} if code.display else {})}


def _status(system: str, code: str) -> Json:
    return {"coding": [{"system": f"{_TERMS}{system}", "code": code}]}


def _dated(fact: Fact, element: str) -> Json:
    return {element: fact.effective.isoformat()} if fact.effective else {}


def _none(fact: Fact) -> Json | None:
    return None


def _condition(fact: Fact) -> Json | None:
    said = fact.assertion
    if said.is_hypothetical or said.is_family:
        return None
    verification = "refuted" if said.is_negated else "provisional" if said.is_uncertain else "confirmed"
    made: Json = {
        "resourceType": "Condition",
        "verificationStatus": _status("condition-ver-status", verification),
        "code": concept(fact),
    }
    if not said.is_negated:
        made["clinicalStatus"] = _status("condition-clinical", "inactive" if said.is_historical else "active")
    return made | _dated(fact, "recordedDate" if not said.is_historical else "onsetDateTime")


def _medication(fact: Fact) -> Json | None:
    said, sig = fact.assertion, fact.sig
    if said.is_family:
        return None
    status = _DRUG_STATUS.get(sig.status if sig else "")
    if status is None or (said.is_negated and status != "stopped"):
        status = (
            "not-taken" if said.is_negated else "intended" if said.is_hypothetical else "unknown" if said.is_uncertain
            else "completed" if said.is_historical else "active"
        )  # fmt: skip
    made: Json = {"resourceType": "MedicationStatement", "status": status, "medicationCodeableConcept": concept(fact)}
    if sig and (sig.doses or sig.amount or sig.route or sig.frequency or sig.as_needed or sig.duration):
        made["dosage"] = dosages(sig, fact.text)
    return made | _dated(fact, "effectiveDateTime")


def _allergy(fact: Fact) -> Json | None:
    said = fact.assertion
    if said.is_family or said.is_hypothetical:
        return None
    none_known = fact.concept_id.startswith("no_known") and said.is_negated
    verification = (
        "refuted" if said.is_negated and not none_known else "unconfirmed" if said.is_uncertain else "confirmed"
    )
    made: Json = {
        "resourceType": "AllergyIntolerance",
        "verificationStatus": _status("allergyintolerance-verification", verification),
        "code": {**_NO_ALLERGY, "text": fact.text} if none_known else concept(fact),
    }
    if verification != "refuted":
        made["clinicalStatus"] = _status("allergyintolerance-clinical", "inactive" if said.is_historical else "active")
    if isinstance(fact.value, str):
        made["reaction"] = [{"manifestation": [{"text": fact.value}]}]
    return made | _dated(fact, "recordedDate")


def _observation(fact: Fact) -> Json | None:
    if fact.assertion.is_family or fact.value is None:
        return None
    if fact.assertion.is_hypothetical:
        return _goal(fact)
    return _observed(fact, _category(fact.concept_id), concept(fact))


def _observed(fact: Fact, category: str, code: Json) -> Json:
    made: Json = {
        "resourceType": "Observation",
        "status": "final",
        "category": [_status("observation-category", category)],
        "code": code,
    }
    return made | _value(fact) | _dated(fact, "effectiveDateTime")


def _value(fact: Fact) -> Json:
    if isinstance(fact.value, Quantity):
        return {"valueQuantity": quantity(fact.value, fact.comparator)}
    if fact.value is None:
        return {"valueBoolean": not fact.assertion.is_negated}
    return {"valueCodeableConcept": {"text": fact.value}}


def _goal(fact: Fact) -> Json:
    """A target value: what should be, not what was."""
    made: Json = {"resourceType": "Goal", "lifecycleStatus": "proposed", "description": {"text": fact.text}}
    if isinstance(fact.value, Quantity):
        made["target"] = [{"measure": concept(fact), "detailQuantity": quantity(fact.value, fact.comparator)}]
    return made


def _pressure_pairs(facts: Sequence[Fact]) -> dict[str, Fact]:
    """Systolic and diastolic facts of one reading, each with the other."""
    by_ref: dict[str, dict[str, Fact]] = {}
    for fact in facts:
        if fact.concept_id in _PRESSURES and not fact.assertion.is_hypothetical and not fact.assertion.is_family:
            by_ref.setdefault(fact.evidence.ref, {})[fact.concept_id] = fact
    pairs: dict[str, Fact] = {}
    for both in by_ref.values():
        if len(both) == 2:
            upper, lower = both["systolic_blood_pressure"], both["diastolic_blood_pressure"]
            pairs |= {upper.id: lower, lower.id: upper}
    return pairs


def _pressure(upper: Fact, lower: Fact) -> Json:
    panel = {"coding": [{"system": _LOINC, "code": "85354-9", "display": "Blood pressure panel"}], "text": upper.text}
    made: Json = {
        "resourceType": "Observation",
        "status": "final",
        "category": [_status("observation-category", "vital-signs")],
        "code": panel,
    }
    parts = [{"code": {"coding": concept(fact)["coding"]}, **_value(fact)} for fact in (upper, lower)]
    return made | {"component": parts} | _dated(upper, "effectiveDateTime")


@cache
def _category(concept_id: str) -> str:
    from nlp_pipeline.vocabulary import load_vocabulary

    known = load_vocabulary().get("observation", concept_id)
    kind = known.extra.get("category", "") if known else ""
    return {"vital": "vital-signs", "social": "social-history", "score": "survey"}.get(
        kind, "laboratory" if kind in {"lab", "micro"} else "exam"
    )


def _social(fact: Fact) -> Json | None:
    if fact.assertion.is_family or fact.assertion.is_hypothetical:
        return None
    return _observed(fact, "social-history", concept(fact))


def _demographic(fact: Fact) -> Json | None:
    code, label = _DEMOGRAPHICS.get(fact.concept_id, ("", ""))
    coded = (
        {"coding": [{"system": _LOINC, "code": code, "display": label}], "text": fact.text} if code else concept(fact)
    )
    return _observed(fact, "social-history", coded)


def _family(fact: Fact) -> Json | None:
    # FHIR has no way to refute a relative's condition, and "family history of X not known" is not X.
    if fact.assertion.is_negated or fact.assertion.is_hypothetical:
        return None
    member = fact.value if isinstance(fact.value, str) else "family"
    relationship = {
        "coding": [{"system": f"{_TERMS}v3-RoleCode", "code": _ROLES.get(member, "FAMMEMB")}],
        "text": member,
    }
    return {
        "resourceType": "FamilyMemberHistory",
        "status": "partial",
        "relationship": relationship,
        "condition": [{"code": concept(fact)}],
    }


def _procedure(fact: Fact) -> Json | None:
    said = fact.assertion
    if said.is_family:
        return None
    if any(code.system == CvxCode.SYSTEM for code in fact.codes):
        return _immunization(fact)
    status = (
        "not-done" if said.is_negated else "preparation" if said.is_hypothetical or _is_ahead(fact)
        else "unknown" if said.is_uncertain else "completed"
    )  # fmt: skip
    return {"resourceType": "Procedure", "status": status, "code": concept(fact)} | _dated(fact, "performedDateTime")


def _is_ahead(fact: Fact) -> bool:
    """Whether the note gives a day after its own, so that nothing has been done yet."""
    written = fact.evidence.time
    return written is not None and fact.effective is not None and fact.effective.date() > written.date()


def _immunization(fact: Fact) -> Json | None:
    if fact.assertion.is_hypothetical or fact.assertion.is_uncertain or _is_ahead(fact):
        return None
    status = "not-done" if fact.assertion.is_negated else "completed"
    when = _dated(fact, "occurrenceDateTime") or {"occurrenceString": "unknown"}
    return {"resourceType": "Immunization", "status": status, "vaccineCode": concept(fact), **when}


_MAKERS: dict[FactKind, Callable[[Fact], Json | None]] = {
    FactKind.CONDITION: _condition,
    FactKind.SYMPTOM: _condition,
    FactKind.MEDICATION: _medication,
    FactKind.ALLERGY: _allergy,
    FactKind.OBSERVATION: _observation,
    FactKind.DEVICE: _observation,
    FactKind.PROCEDURE: _procedure,
    FactKind.FAMILY_HISTORY: _family,
    FactKind.SOCIAL_HISTORY: _social,
    FactKind.DEMOGRAPHIC: _demographic,
}
