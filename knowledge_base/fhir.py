"""FHIR R4 resources as rows: one reader per resource type, each a plain function of the resource.

A reader gets a validated resource whose references are already of the form `Type/id`, and `look_up`, which gives the
raw resource of such a reference within the same patient, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from knowledge_base import rows
from knowledge_base.elements import (
    Json,
    choice,
    code_of_concept,
    codes_of,
    display_of,
    elapsed_text,
    first,
    frequency_text,
    label_of,
    moment,
    note_text,
    number,
    parse_date,
    parse_time,
    period_text,
    quantity_text,
    range_text,
    ratio_text,
    reference_of,
    timing_of,
    unit_of,
)

_MARITAL_STATUS = {
    "A": "Annulled",
    "D": "Divorced",
    "I": "Interlocutory",
    "L": "Legally separated",
    "M": "Married",
    "C": "Common law",
    "P": "Polygamous",
    "T": "Domestic partner",
    "U": "Unmarried",
    "S": "Never married",
    "W": "Widowed",
    "UNK": "Unknown",
}
LookUp = Callable[[str], Json | None]
_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"


def read_rows(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """The rows of one resource: one for most types, one more per component for an Observation, none if unread."""
    reader = READERS.get(resource["resourceType"])
    return reader(resource, patient_id, look_up) if reader else []


def _base(resource: Json, patient_id: str, concept: object, time_fields: tuple[Any, Any]) -> dict[str, Any]:
    return {
        "ref": f"{resource['resourceType']}/{resource['id']}",
        "patient_id": patient_id,
        "resource_type": resource["resourceType"],
        "status": resource.get("status", ""),
        "time": time_fields[0],
        "time_precision": time_fields[1],
        "display": display_of(concept),
        "codes": codes_of(concept),
        "encounter_ref": reference_of(resource.get("encounter") or resource.get("context")),
    }


def _first_time(*texts: object) -> tuple[Any, Any]:
    return next((parsed for parsed in map(parse_time, texts) if parsed[0]), (None, ""))


def _effective(resource: Json, stem: str, *fallbacks: object) -> tuple[Any, Any, Any]:
    """Start, end and (time, precision) of a choice element, with plain elements to fall back on."""
    start, end, precision = timing_of(resource, stem)
    dated = (start, precision) if start else (end, "instant") if end else _first_time(*fallbacks)
    return start, end, dated


def _reasons(resource: Json, look_up: LookUp) -> str:
    """The coded reasons, then the referenced ones by their own text or that of the condition they point to."""
    found = [display_of(concept) for concept in resource.get("reasonCode", ())]
    for reference in resource.get("reasonReference", ()):
        target = look_up(reference_of(reference))
        found.append(label_of(reference) or display_of((target or {}).get("code")))
    return "; ".join(dict.fromkeys(filter(None, found)))


def _labels(references: object, look_up: LookUp) -> tuple[str, ...]:
    """The displays of a list of references, resolved to a name or code where the display is missing."""
    listed = references if isinstance(references, list) else [references] if references else []
    named = (label_of(item) or _name_of_target(look_up(reference_of(item))) for item in listed)
    return tuple(dict.fromkeys(filter(None, named)))


def _name_of_target(target: Json | None) -> str:
    if target is None:
        return ""
    name = target.get("name")
    return name if isinstance(name, str) else human_name(name)[0] if name else display_of(target.get("code"))


def human_name(names: object) -> tuple[str, tuple[str, ...], str, str]:
    """Full name, given names, family name and prefix: the official name if there is one, else the first."""
    listed = [name for name in names if isinstance(name, dict)] if isinstance(names, list) else []
    if not listed:
        return "", (), "", ""
    best = next((name for name in listed if name.get("use") == "official"), listed[0])
    given, family = tuple(filter(None, best.get("given", ()))), best.get("family") or ""
    full = " ".join(filter(None, (*given, family))) or best.get("text", "")
    return full, given, family, " ".join(best.get("prefix", ()))


def _extension(resource: Json, url: str) -> Json:
    return next((item for item in resource.get("extension", ()) if item.get("url") == url), {})


def _us_core_text(resource: Json, name: str) -> str:
    parts = _extension(resource, _US_CORE + name).get("extension", ())
    texts = (part.get("valueString") for part in parts if part.get("url") == "text")
    displays = (part.get("valueCoding", {}).get("display") for part in parts if part.get("url") == "ombCategory")
    return next(filter(None, (*texts, *displays)), "")


def _marital_status(concept: object) -> str:
    """The status in words; some records give the code of HL7 as its own display."""
    return _MARITAL_STATUS.get(display_of(concept), display_of(concept))


def _address_text(address: Json) -> str:
    return ", ".join(filter(None, (address.get("city"), address.get("state"), address.get("country"))))


def read_patient(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """The patient's row; its time is None, since a person is not an event."""
    name, given, family, prefix = human_name(resource.get("name"))
    born, born_precision = parse_date(resource.get("birthDate"))
    died = moment(resource.get("deceasedDateTime"))
    address = first(resource.get("address"))
    spoken = resource.get("communication", ())
    preferred = first([item for item in spoken if item.get("preferred")] or spoken)
    identifiers = tuple(
        (display_of(item.get("type")) or item.get("system", ""), str(item["value"]))
        for item in resource.get("identifier", ())
        if item.get("value")
    )
    base = _base(resource, patient_id, None, (None, ""))
    base |= {"display": name, "status": "" if resource.get("active", True) else "inactive"}
    return [
        rows.PatientRow(
            **base,
            id=patient_id,
            name=name,
            given=given,
            family=family,
            prefix=prefix,
            gender=resource.get("gender", ""),
            birth_date=born,
            birth_date_precision=born_precision,
            is_deceased=bool(died or resource.get("deceasedBoolean")),
            deceased=died,
            identifiers=identifiers,
            marital_status=_marital_status(resource.get("maritalStatus")),
            race=_us_core_text(resource, "race"),
            ethnicity=_us_core_text(resource, "ethnicity"),
            birth_sex=_extension(resource, _US_CORE + "birthsex").get("valueCode", ""),
            birth_place=_address_text(_extension(resource, _BIRTH_PLACE).get("valueAddress", {})),
            language=display_of(preferred.get("language")),
            address_line=", ".join(address.get("line", ())),
            address_city=address.get("city", ""),
            address_state=address.get("state", ""),
            address_postal_code=address.get("postalCode", ""),
            address_country=address.get("country", ""),
            telecom=tuple((t.get("system", ""), t["value"]) for t in resource.get("telecom", ()) if t.get("value")),
            general_practitioner="; ".join(_labels(resource.get("generalPractitioner"), look_up)),
            active=resource.get("active"),
        )
    ]


def _observed(element: Json) -> dict[str, Any]:
    """The value[x] of an Observation or of a component, as row fields."""
    fields: dict[str, Any] = {
        "interpretation": code_of_concept(element.get("interpretation")),
        "absent_reason": display_of(element.get("dataAbsentReason")),
    }
    for suffix, value in choice(element, "value"):
        if suffix == "Quantity":
            fields |= {"value": number(value.get("value")), "unit": unit_of(value)}
            fields |= {"comparator": value.get("comparator", ""), "value_text": quantity_text(value)}
        elif suffix == "Integer":
            fields |= {"value": number(value), "value_text": str(value)}
        elif suffix == "CodeableConcept":
            fields |= {"value_text": display_of(value), "value_codes": codes_of(value)}
        else:
            fields["value_text"] = _value_words(suffix, value)
    return fields | _reference_range(element)


def _value_words(suffix: str, value: Any) -> str:
    match suffix:
        case "Boolean":
            return "true" if value else "false"
        case "Range":
            return range_text(value)
        case "Ratio":
            return ratio_text(value)
        case "Period":
            return period_text(value)
        case "SampledData":
            return f"sampled data, {len(str(value.get('data', '')).split())} points"
    return str(value)


def _reference_range(element: Json) -> dict[str, Any]:
    ranges = element.get("referenceRange", ())
    normal = first([r for r in ranges if code_of_concept(r.get("type")) in {"", "normal"}] or ranges)
    low, high = normal.get("low", {}), normal.get("high", {})
    return {
        "reference_low": number(low.get("value")),
        "reference_high": number(high.get("value")),
        "reference_text": normal.get("text", "") or range_text(normal),
    }


def read_observation(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """The observation's row, then one row per component with the same citation, status and time."""
    _, _, dated = _effective(resource, "effective", resource.get("issued"))
    base = _base(resource, patient_id, resource.get("code"), dated)
    shared = {
        "category": code_of_concept(resource.get("category")),
        "issued": moment(resource.get("issued")),
        "method": display_of(resource.get("method")),
        "body_site": display_of(resource.get("bodySite")),
        "note": note_text(resource),
    }
    found: list[rows.Row] = [rows.ObservationRow(**base, **shared, **_observed(resource))]
    for index, component in enumerate(resource.get("component", ())):
        concept = component.get("code")
        own = base | {"display": display_of(concept), "codes": codes_of(concept)}
        found.append(
            rows.ObservationRow(**own, **shared, **_observed(component), parent_ref=base["ref"], component_index=index)
        )
    return found


def read_condition(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """A problem; its time is the onset, else when it was recorded."""
    onset, _, dated = _effective(resource, "onset", resource.get("recordedDate"))
    start, end, _ = timing_of(resource, "abatement")
    verification = code_of_concept(resource.get("verificationStatus"))
    clinical = code_of_concept(resource.get("clinicalStatus"))
    base = _base(resource, patient_id, resource.get("code"), dated)
    base["status"] = verification if verification == "entered-in-error" else clinical
    return [
        rows.ConditionRow(
            **base,
            clinical_status=clinical,
            verification_status=verification,
            category=code_of_concept(resource.get("category")),
            onset=onset,
            onset_text=elapsed_text(resource, "onset"),
            abatement=end or start,
            abatement_text=elapsed_text(resource, "abatement"),
            recorded=moment(resource.get("recordedDate")),
            severity=display_of(resource.get("severity")),
            note=note_text(resource),
        )
    ]


def _medication_concept(resource: Json, look_up: LookUp) -> tuple[object, str]:
    """The drug's CodeableConcept and the reference it came from: inline, contained or another resource."""
    if concept := resource.get("medicationCodeableConcept"):
        return concept, ""
    reference = resource.get("medicationReference", {})
    name = reference_of(reference)
    if name.startswith("#"):
        target = next((item for item in resource.get("contained", ()) if item.get("id") == name[1:]), None)
    else:
        target = look_up(name)
    return (target or {}).get("code") or {"text": label_of(reference)}, name


def _dosage(dosages: list[Json]) -> dict[str, Any]:
    """How the drug is taken: the words of every step, structured values of the first."""
    if not dosages:
        return {}
    step = dosages[0]
    dose_and_rate = first(step.get("doseAndRate"))
    dose = dose_and_rate.get("doseQuantity") or step.get("dose") or {}
    ranged = dose_and_rate.get("doseRange") or {}
    frequency = frequency_text(step.get("timing"))
    as_needed = bool(step.get("asNeededBoolean") or step.get("asNeededCodeableConcept"))
    route, amount = display_of(step.get("route")), quantity_text(dose) or range_text(ranged)
    worded = "; ".join(filter(None, (dosage.get("text", "") for dosage in dosages)))
    built = " ".join(filter(None, (amount, route, frequency, "as needed" if as_needed else "")))
    return {
        "dosage_text": worded or built,
        "dose": amount,
        "dose_value": number(dose.get("value")),
        "dose_unit": unit_of(dose),
        "route": route,
        "frequency": frequency,
        "as_needed": as_needed,
    }


def read_medication_request(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """An order; its time is when it was written, its period the bounds of the first dosage."""
    concept, reference = _medication_concept(resource, look_up)
    dosages = resource.get("dosageInstruction", [])
    bounds = dosages[0].get("timing", {}).get("repeat", {}).get("boundsPeriod", {}) if dosages else {}
    authored = parse_time(resource.get("authoredOn"))
    return [
        rows.MedicationRow(
            **_base(resource, patient_id, concept, authored if authored[0] else parse_time(bounds.get("start"))),
            kind="request",
            do_not_perform=resource.get("doNotPerform") is True,
            intent=resource.get("intent", ""),
            category=code_of_concept(resource.get("category")),
            authored=authored[0],
            start=moment(bounds.get("start")) or authored[0],
            end=moment(bounds.get("end")),
            **_dosage(dosages),
            reason_display=_reasons(resource, look_up),
            status_reason=display_of(resource.get("statusReason")),
            requester="; ".join(_labels(resource.get("requester"), look_up)),
            medication_ref=reference,
            note=note_text(resource),
        )
    ]


def read_medication_statement(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """A drug reported as taken, over its effective period."""
    concept, reference = _medication_concept(resource, look_up)
    start, end, dated = _effective(resource, "effective", resource.get("dateAsserted"))
    return [
        rows.MedicationRow(
            **_base(resource, patient_id, concept, dated),
            kind="statement",
            category=code_of_concept(resource.get("category")),
            authored=moment(resource.get("dateAsserted")),
            start=start,
            end=end,
            **_dosage(resource.get("dosage", [])),
            reason_display=_reasons(resource, look_up),
            status_reason=display_of(resource.get("statusReason")),
            requester="; ".join(_labels(resource.get("informationSource"), look_up)),
            medication_ref=reference,
            note=note_text(resource),
        )
    ]


def read_medication_administration(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """A dose given."""
    concept, reference = _medication_concept(resource, look_up)
    start, end, dated = _effective(resource, "effective")
    performers = [item.get("actor") for item in resource.get("performer", ())]
    dosage = resource.get("dosage")
    return [
        rows.MedicationRow(
            **_base(resource, patient_id, concept, dated),
            kind="administration",
            category=code_of_concept(resource.get("category")),
            start=start,
            end=end or start,
            **_dosage([dosage] if dosage else []),
            reason_display=_reasons(resource, look_up),
            status_reason=display_of(resource.get("statusReason")),
            requester="; ".join(_labels(performers, look_up)),
            medication_ref=reference,
            note=note_text(resource),
        )
    ]


def read_allergy(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """An allergy; its time is the onset, else when it was recorded."""
    onset, _, dated = _effective(resource, "onset", resource.get("recordedDate"), resource.get("lastOccurrence"))
    clinical = code_of_concept(resource.get("clinicalStatus"))
    verification = code_of_concept(resource.get("verificationStatus"))
    reactions = resource.get("reaction", ())
    manifested = [display_of(concept) for item in reactions for concept in item.get("manifestation", ())]
    described = [f"{text.rstrip('.')}." for item in reactions if (text := str(item.get("description") or "").strip())]
    base = _base(resource, patient_id, resource.get("code"), dated)
    base["status"] = verification if verification == "entered-in-error" else clinical
    if not base["display"]:
        base["display"] = next(filter(None, (display_of(item.get("substance")) for item in reactions)), "")
    return [
        rows.AllergyRow(
            **base,
            clinical_status=clinical,
            verification_status=verification,
            criticality=resource.get("criticality", ""),
            category=tuple(resource.get("category", ())),
            type=resource.get("type", ""),
            reactions=tuple(dict.fromkeys(filter(None, manifested))),
            severity=next(filter(None, (item.get("severity") for item in reactions)), ""),
            onset=onset,
            recorded=moment(resource.get("recordedDate")),
            note=" ".join(filter(None, (*described, note_text(resource)))),
        )
    ]


def read_procedure(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """Something done; its time is when it began."""
    start, end, dated = _effective(resource, "performed")
    performers = [item.get("actor") for item in resource.get("performer", ())]
    return [
        rows.ProcedureRow(
            **_base(resource, patient_id, resource.get("code"), dated),
            start=start,
            end=end,
            category=code_of_concept(resource.get("category")),
            reason_display=_reasons(resource, look_up),
            outcome=display_of(resource.get("outcome")),
            body_site=display_of(resource.get("bodySite")),
            performer="; ".join(_labels(performers, look_up)),
            location=label_of(resource.get("location")),
            note=note_text(resource),
        )
    ]


def read_immunization(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """A vaccine, given or not done."""
    _, _, dated = _effective(resource, "occurrence", resource.get("recorded"))
    protocol = first(resource.get("protocolApplied"))
    return [
        rows.ImmunizationRow(
            **_base(resource, patient_id, resource.get("vaccineCode"), dated),
            lot_number=resource.get("lotNumber", ""),
            dose_number=next((str(value) for _, value in choice(protocol, "doseNumber")), ""),
            site=display_of(resource.get("site")),
            status_reason=display_of(resource.get("statusReason")),
            location=label_of(resource.get("location")),
        )
    ]


def read_encounter(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """A visit; its display is its type, else its class."""
    period = resource.get("period", {})
    kind = resource.get("class", {})
    participants = [item.get("individual") for item in resource.get("participant", ())]
    places = [item.get("location") for item in resource.get("location", ())]
    base = _base(resource, patient_id, resource.get("type"), parse_time(period.get("start")))
    base["display"] = base["display"] or kind.get("display", "") or kind.get("code", "")
    base["encounter_ref"] = base["ref"]
    return [
        rows.EncounterRow(
            **base,
            class_code=kind.get("code", ""),
            class_display=kind.get("display", ""),
            type_display=display_of(resource.get("type")),
            reason_display=_reasons(resource, look_up),
            start=moment(period.get("start")),
            end=moment(period.get("end")),
            provider="; ".join(_labels(resource.get("serviceProvider"), look_up)),
            practitioner="; ".join(_labels(participants, look_up)),
            location="; ".join(_labels(places, look_up)),
            discharge_disposition=display_of(resource.get("hospitalization", {}).get("dischargeDisposition")),
        )
    ]


def read_report(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """A diagnostic report; the text it presents is stored as a note."""
    _, _, dated = _effective(resource, "effective", resource.get("issued"))
    conclusions = (resource.get("conclusion", ""), display_of(resource.get("conclusionCode", [])))
    return [
        rows.ReportRow(
            **_base(resource, patient_id, resource.get("code"), dated),
            category=display_of(resource.get("category")),
            conclusion="; ".join(filter(None, conclusions)),
            result_refs=tuple(filter(None, map(reference_of, resource.get("result", ())))),
            issued=moment(resource.get("issued")),
            performer="; ".join(_labels(resource.get("performer"), look_up)),
        )
    ]


def read_care_plan(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """A plan of care; its title is given, else the worded categories."""
    period = resource.get("period", {})
    start = parse_time(period.get("start"))
    categories = resource.get("category", [])
    worded = [item for item in categories if item.get("text") or any(c.get("display") for c in item.get("coding", ()))]
    details = [item.get("detail", {}) for item in resource.get("activity", ())]
    activities = (display_of(detail.get("code")) or detail.get("description", "") for detail in details)
    addresses = (
        label_of(item) or display_of((look_up(reference_of(item)) or {}).get("code"))
        for item in resource.get("addresses", ())
    )
    base = _base(resource, patient_id, categories, start if start[0] else parse_time(resource.get("created")))
    base["display"] = resource.get("title") or display_of(worded) or base["display"]
    return [
        rows.CarePlanRow(
            **base,
            title=base["display"],
            category=code_of_concept(categories),
            intent=resource.get("intent", ""),
            activities=tuple(dict.fromkeys(filter(None, activities))),
            addresses=tuple(dict.fromkeys(filter(None, addresses))),
            start=start[0],
            end=moment(period.get("end")),
        )
    ]


def read_device(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """A device; when it was made is not when the patient got it, so the row has no time."""
    carrier = first(resource.get("udiCarrier"))
    names = resource.get("deviceName", ())
    base = _base(resource, patient_id, resource.get("type"), (None, ""))
    name = next((item.get("name", "") for item in names), "")
    base["display"] = base["display"] or name
    return [
        rows.DeviceRow(
            **base,
            type=display_of(resource.get("type")),
            udi=carrier.get("carrierHRF", "") or carrier.get("deviceIdentifier", ""),
            device_name=name,
            serial_number=resource.get("serialNumber", ""),
            lot_number=resource.get("lotNumber", ""),
            manufacturer=resource.get("manufacturer", ""),
            manufactured=moment(resource.get("manufactureDate")),
            expires=moment(resource.get("expirationDate")),
        )
    ]


def read_family_history(resource: Json, patient_id: str, look_up: LookUp) -> list[rows.Row]:
    """A relative; the codes are those of their conditions, so that a search by code finds the relative."""
    conditions = resource.get("condition", ())
    concepts = [item.get("code") for item in conditions]
    base = _base(resource, patient_id, concepts, parse_time(resource.get("date")))
    relationship = display_of(resource.get("relationship"))
    base["display"] = ": ".join(filter(None, (relationship, base["display"])))
    dead = next((value for suffix, value in choice(resource, "deceased") if suffix == "Boolean"), None)
    died = elapsed_text(resource, "deceased")
    return [
        rows.FamilyHistoryRow(
            **base,
            relationship=relationship,
            sex=display_of(resource.get("sex")),
            conditions=tuple((display_of(item.get("code")), elapsed_text(item, "onset")) for item in conditions),
            condition_codes=tuple(codes_of(concept) for concept in concepts),
            is_deceased=True if died else dead,
            deceased_text=died,
            note="; ".join(filter(None, (note_text(resource), *map(note_text, conditions)))),
        )
    ]


READERS: dict[str, Callable[[Json, str, LookUp], list[rows.Row]]] = {
    "Patient": read_patient,
    "Observation": read_observation,
    "Condition": read_condition,
    "MedicationRequest": read_medication_request,
    "MedicationStatement": read_medication_statement,
    "MedicationAdministration": read_medication_administration,
    "AllergyIntolerance": read_allergy,
    "Procedure": read_procedure,
    "Immunization": read_immunization,
    "Encounter": read_encounter,
    "DiagnosticReport": read_report,
    "CarePlan": read_care_plan,
    "Device": read_device,
    "FamilyMemberHistory": read_family_history,
}
