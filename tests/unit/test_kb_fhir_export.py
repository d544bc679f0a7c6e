"""Facts as FHIR: valid resources, statuses that say what the note says, and the way back to its characters."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.codes import CvxCode, LoincCode, RxNormCode, SnomedCode
from domain.facts import Assertion, DoseStep, Evidence, Fact, FactKind, MedicationSig, Note
from domain.quantities import Quantity
from knowledge_base.fhir_bundle import NOTE_SPAN, bundle_of, fault_bundle
from knowledge_base.validation import faults
from nlp_pipeline import extract

WHEN = datetime(2020, 3, 2, 10, tzinfo=UTC)
READ = datetime(2024, 1, 1, tzinfo=UTC)
NOTE = Note(id="n1", patient_id="p1", text="Stroke, BP 142/88, lisinopril 10 mg PO daily.", time=WHEN)
MG = Quantity(value=10, unit="mg")
FLAGS = ("negated", "historical", "hypothetical", "family", "uncertain")


def fact(kind: str, said: str = "", **fields: Any) -> Fact:
    number = fields.pop("number", 0)
    base = {
        "id": f"{kind[:4]}{number}".replace("_", "-"), "kind": FactKind(kind), "concept_id": kind, "text": "Stroke", "effective": WHEN,
        "assertion": Assertion(**{f"is_{said}": True} if said else {}), "section": "hpi", "extractor_version": "t/1",
        "evidence": Evidence(ref="Note/n1#0-6", quote="Stroke", time=WHEN),
        "codes": (SnomedCode(code="230690007", display="Stroke"),),
    }  # fmt: skip
    return Fact(**(base | fields))


def made(*facts: Fact, note: Note = NOTE) -> list[dict[str, Any]]:
    bundle = bundle_of(note, facts, recorded=READ, version="t/1")
    assert faults(bundle) == []
    resources = [entry["resource"] for entry in bundle["entry"]]
    assert [fault for r in resources for fault in faults(r)] == []
    return [r for r in resources if r["resourceType"] not in {"DocumentReference", "Provenance"}]


def only(*facts: Fact) -> dict[str, Any]:
    [resource] = made(*facts)
    return resource


def status(resource: dict[str, Any], element: str) -> str:
    return resource[element]["coding"][0]["code"] if element in resource else ""


@pytest.mark.parametrize("kind", list(FactKind))
@pytest.mark.parametrize("said", ["", *FLAGS])
@pytest.mark.parametrize("value", [None, "rash", Quantity(value=9.5, unit="%")], ids=["none", "text", "number"])
def test_every_kind_and_assertion_is_valid(kind: FactKind, said: str, value: Any) -> None:
    sig = MedicationSig(drug="lisinopril", dose=MG) if kind is FactKind.MEDICATION else None
    made(
        fact(kind.value, said, value=value, sig=sig),
        fact(kind.value, said, value=value, effective=None, codes=(), number=1),
    )


@pytest.mark.parametrize(
    ("said", "verification", "clinical"),
    [
        ("", "confirmed", "active"),
        ("negated", "refuted", ""),
        ("uncertain", "provisional", "active"),
        ("historical", "confirmed", "inactive"),
    ],
)
@pytest.mark.parametrize("kind", ["condition", "symptom"])
def test_a_condition_says_what_the_note_says(kind: str, said: str, verification: str, clinical: str) -> None:
    condition = only(fact(kind, said))
    assert condition["resourceType"] == "Condition" and condition["subject"] == {"reference": "Patient/p1"}
    assert (status(condition, "verificationStatus"), status(condition, "clinicalStatus")) == (verification, clinical)


@pytest.mark.parametrize("kind", ["condition", "symptom", "allergy", "social_history"])
def test_what_is_only_imagined_is_no_resource(kind: str) -> None:
    assert made(fact(kind, "hypothetical")) == []


def test_a_target_is_a_goal_and_no_result() -> None:
    goal = only(fact("observation", "hypothetical", value=Quantity(value=7, unit="%"), comparator="<"))
    assert goal["resourceType"] == "Goal" and goal["target"][0]["detailQuantity"]["comparator"] == "<"


def test_a_value_is_a_quantity_in_ucum() -> None:
    codes = (LoincCode(code="4548-4"), LoincCode(code="17856-6"))
    result = only(
        fact("observation", concept_id="hba1c", value=Quantity(value=9.5, unit="%"), comparator=">=", codes=codes)
    )
    assert result["valueQuantity"] == {
        "value": 9.5, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%", "comparator": ">=",
    }  # fmt: skip
    assert [c["code"] for c in result["code"]["coding"]] == ["4548-4"]
    assert result["category"][0]["coding"][0]["code"] == "laboratory"
    assert result["effectiveDateTime"] == WHEN.isoformat()


def test_a_blood_pressure_is_one_panel() -> None:
    upper = fact(
        "observation",
        concept_id="systolic_blood_pressure",
        value=Quantity(value=142, unit="mm[Hg]"),
        codes=(LoincCode(code="8480-6"),),
    )
    lower = fact(
        "observation",
        concept_id="diastolic_blood_pressure",
        value=Quantity(value=88, unit="mm[Hg]"),
        codes=(LoincCode(code="8462-4"),),
        number=1,
    )
    panel = only(upper, lower)
    assert panel["code"]["coding"][0]["code"] == "85354-9"
    assert [(c["code"]["coding"][0]["code"], c["valueQuantity"]["value"]) for c in panel["component"]] == [
        ("8480-6", 142),
        ("8462-4", 88),
    ]
    assert only(upper)["valueQuantity"]["value"] == 142


@pytest.mark.parametrize(
    ("sig_status", "said", "expected"),
    [("", "", "active"), ("stopped", "historical", "stopped"), ("", "negated", "not-taken"), ("", "hypothetical", "intended"),
     ("held", "", "on-hold"), ("", "historical", "completed"), ("", "uncertain", "unknown"), ("not taking", "negated", "not-taken"),
     ("started", "", "active")],
)  # fmt: skip
def test_a_drug_has_the_status_of_the_note(sig_status: str, said: str, expected: str) -> None:
    drug = only(
        fact(
            "medication",
            said,
            sig=MedicationSig(drug="lisinopril", status=sig_status),
            codes=(RxNormCode(code="29046"),),
        )
    )
    assert drug["status"] == expected


def test_a_sig_is_a_dosage() -> None:
    sig = MedicationSig(
        drug="lisinopril", dose=MG, dose_high=Quantity(value=20, unit="mg"), route="oral", frequency="twice daily", as_needed=True,
        reason="pain", duration="7 days",
    )  # fmt: skip
    [dosage] = only(fact("medication", sig=sig))["dosage"]
    assert dosage["timing"]["repeat"] == {
        "frequency": 2, "period": 1, "periodUnit": "d",
        "boundsDuration": {"value": 7, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"},
    }  # fmt: skip
    assert dosage["doseAndRate"][0]["doseRange"]["high"]["value"] == 20
    assert dosage["route"] == {"text": "oral"} and dosage["asNeededCodeableConcept"] == {"text": "pain"}


@pytest.mark.parametrize(
    "frequency",
    ["daily", "nightly", "every 6 hours", "every other day", "weekly", "3 times per week", "before meals", "daily at noon",
     "every 2 weeks", "on Monday, Wednesday and Friday", "continuous", "every hour", "six times daily"],
)  # fmt: skip
@pytest.mark.parametrize("duration", ["", "7 days", "10-14 days", "two weeks", "3 cycles"])
def test_every_frequency_is_a_valid_timing(frequency: str, duration: str) -> None:
    [dosage] = only(fact("medication", sig=MedicationSig(drug="x", frequency=frequency, duration=duration)))["dosage"]
    assert frequency in dosage["timing"]["code"]["text"]


def test_a_taper_is_a_sequence_and_an_infusion_a_rate() -> None:
    steps = (
        DoseStep(dose=Quantity(value=40, unit="mg"), duration="5 days"),
        DoseStep(dose=Quantity(value=20, unit="mg")),
    )
    dosages = only(fact("medication", sig=MedicationSig(drug="prednisone", dose=steps[0].dose, steps=steps)))["dosage"]
    assert [(d["sequence"], d["doseAndRate"][0]["doseQuantity"]["value"]) for d in dosages] == [(1, 40), (2, 20)]
    [drip] = only(fact("medication", sig=MedicationSig(drug="x", dose=Quantity(value=5, unit="ug/min"))))["dosage"]
    assert drip["doseAndRate"][0]["rateQuantity"]["value"] == 5


def test_allergies() -> None:
    allergy = only(fact("allergy", value="rash"))
    assert status(allergy, "verificationStatus") == "confirmed" and allergy["reaction"][0]["manifestation"] == [
        {"text": "rash"}
    ]
    assert allergy["patient"] == {"reference": "Patient/p1"}
    refuted = only(fact("allergy", "negated"))
    assert status(refuted, "verificationStatus") == "refuted" and "clinicalStatus" not in refuted
    none = only(fact("allergy", "negated", concept_id="no_known_allergies", text="NKDA", codes=()))
    assert status(none, "verificationStatus") == "confirmed" and none["code"]["coding"][0]["code"] == "716186003"


def test_family_history_names_the_relative_and_denials_are_left_out() -> None:
    history = only(fact("family_history", "family", value="mother"))
    assert history["relationship"]["coding"][0]["code"] == "MTH" and history["condition"][0]["code"]["text"] == "Stroke"
    assert only(fact("family_history", "family", value="great uncle"))["relationship"]["coding"][0]["code"] == "FAMMEMB"
    denied = fact("family_history", "family", assertion=Assertion(is_family=True, is_negated=True))
    assert made(denied) == []


def test_several_relatives_are_several_histories() -> None:
    note = NOTE.model_copy(update={"text": "Stroke in her mother and a great-grandmother."})
    found = made(*next(extract([note])), note=note)
    histories = [resource for resource in found if resource["resourceType"] == "FamilyMemberHistory"]
    assert [h["relationship"]["coding"][0]["code"] for h in histories] == ["GGRMTH", "MTH"]
    assert len({h["id"] for h in histories}) == 2 and len({h["condition"][0]["code"]["text"] for h in histories}) == 1


def test_procedures_and_immunizations() -> None:
    assert only(fact("procedure"))["status"] == "completed"
    assert only(fact("procedure", "negated"))["status"] == "not-done"
    shot = fact("procedure", codes=(CvxCode(code="140"), CvxCode(code="141")), effective=None)
    vaccine = only(shot)
    assert vaccine["resourceType"] == "Immunization" and vaccine["occurrenceString"] == "unknown"
    assert len(vaccine["vaccineCode"]["coding"]) == 1


def test_what_is_dated_after_its_note_has_not_been_done() -> None:
    later = WHEN.replace(month=5)
    assert only(fact("procedure", effective=later))["status"] == "preparation"
    assert only(fact("procedure", effective=WHEN.replace(hour=23)))["status"] == "completed"
    assert made(fact("procedure", codes=(CvxCode(code="140"),), effective=later)) == []


def test_every_resource_leads_back_to_its_characters() -> None:
    bundle = bundle_of(NOTE, [fact("condition"), fact("procedure", number=1)], recorded=READ, version="t/1")
    resources = [entry["resource"] for entry in bundle["entry"]]
    document, provenance = resources[0], resources[-1]
    text = base64.b64decode(document["content"][0]["attachment"]["data"]).decode()
    assert text == NOTE.text and document["id"] == "n1"
    for resource in resources[1:-1]:
        [span] = resource["extension"]
        parts = {part["url"]: next(v for k, v in part.items() if k != "url") for part in span["extension"]}
        assert span["url"] == NOTE_SPAN and text[parts["start"] : parts["end"]] == parts["quote"] == "Stroke"
        assert parts["noteId"] == "n1" and parts["section"] == "hpi" and parts["extractorVersion"] == "t/1"
    assert [t["reference"] for t in provenance["target"]] == [f"{r['resourceType']}/{r['id']}" for r in resources[1:-1]]
    assert (
        provenance["entity"][0]["what"] == {"reference": "DocumentReference/n1"}
        and provenance["recorded"] == READ.isoformat()
    )


@pytest.mark.parametrize(("patient", "expected"), [("", "extension"), ("p1", "reference"), ("a b/c", "identifier")])
def test_the_subject(patient: str, expected: str) -> None:
    note = NOTE.model_copy(update={"patient_id": patient, "id": "an id / that is none"})
    [condition] = made(fact("condition"), note=note)
    assert expected in condition["subject"]
    assert ("subject" in made(fact("observation", value="x"), note=note)[0]) is bool(patient)


def test_a_note_without_facts_or_text_is_a_bundle() -> None:
    assert made() == []
    assert made(note=NOTE.model_copy(update={"text": ""})) == []


def test_a_fault_is_an_operation_outcome() -> None:
    bundle = fault_bundle("line 3", "invalid_input", "line 3: the line is not JSON")
    assert faults(bundle) == [] and bundle["entry"][0]["resource"]["issue"][0]["severity"] == "error"
