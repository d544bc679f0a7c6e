"""The one finder of contradictions: what a note says against an order, a value or a habit; shown beside answers and in stories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import RXNORM, Bench
from tests.unit.test_kb_fhir import LOINC, bundle, concept, document, observation, patient, resource, write
from tools.story import AUDIENCES, KINDS, build_story

DRUGS = {
    "metformin": ("6809", 500, "BID", 2),
    "lisinopril": ("29046", 20, "QD", 1),
    "ibuprofen": ("5640", 400, "TID", 3),
}

# All three drugs are ordered and active; notes of 2026-05-01 (and 2026-06-01) say this.
AGAINST: list[tuple[tuple[str, ...], str]] = [
    (("Off ibuprofen since April.",), "ibuprofen"),
    (("Ibuprofen stopped. BP fine.",), "ibuprofen"),
    (("eGFR 29. Metformin has to stop; I have asked her to hold it until the repeat.",), "metformin"),
    (("Metformin: told him to hold it for now. Recheck in a week.",), "metformin"),
    (("On metformin 500 mg BID. Diarrhea for a week. We are holding it.",), "metformin"),
    (("Takes metformin 1000 mg twice daily.",), "metformin"),
    (("Lisinopril 40 mg daily, no cough.",), "lisinopril"),
    # nothing against the orders
    (("Takes metformin 500 mg twice daily and lisinopril 20 mg daily.",), ""),
    (("If eGFR falls below 30, hold metformin.",), ""),
    (("Sick-day rules: hold lisinopril and metformin if vomiting.",), ""),
    (("Metformin 500 mg BID. Aspirin given in ED. Told to hold it before the biopsy.",), ""),
    (("Would stop lisinopril if potassium rises.",), ""),
    (("Metformin: asked her to hold it.", "Metformin resumed 500 mg twice daily."), ""),
    (("Says she takes lisinopril 40 mg daily. Pharmacy label reads 20, so 40 is wrong.",), ""),
    (("No ibuprofen today.",), ""),
]
# A value of 37.5 of a day before the note.
SET_ASIDE: list[tuple[str, bool]] = [
    ("Vancomycin 37.5 on 10/22: NOT A TROUGH, drawn during the infusion.", True),
    ("Vancomycin level 37.5 mistimed, do not use.", True),
    ("Vancomycin 37.5: sample haemolysed.", True),
    ("Disregard vancomycin 37.5 (drawn from the PICC).", True),
    ("Vancomycin level\n 10/22  37.5  not a valid trough", True),
    ("Vancomycin trough 37.5, valid.", False),
    ("Vancomycin trough 37.5. Line not contaminated.", False),
    ("Vancomycin trough 37.5.\nPotassium 6.1 haemolysed.", False),
    ("Vancomycin trough 37.5, hold the next dose.", False),
    ("Potassium 37.5 erroneous.", False),
]


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory, twin: Any) -> Iterator[Bench]:
    from knowledge_base.ingest import ingest_paths
    from knowledge_base.records import RecordStore

    def order(who: str, drug: str) -> dict[str, Any]:
        code, dose, _, times = DRUGS[drug]
        return resource(
            "MedicationRequest", f"{who}-{drug}", who, status="active", intent="order", authoredOn="2025-01-10",
            medicationCodeableConcept={"coding": [{"system": RXNORM, "code": code, "display": drug}], "text": drug},
            dosageInstruction=[{
                "timing": {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": dose, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}],
            }],
        )  # fmt: skip

    resources: list[dict[str, Any]] = []
    for number, (texts, _) in enumerate(AGAINST):
        who = f"d{number}"
        resources += [patient(who), *[order(who, d) for d in DRUGS]]
        resources += [document(f"{who}-n{i}", t, f"2026-0{5 + i}-01T10:00:00+00:00", patient_id=who) for i, t in enumerate(texts)]  # fmt: skip
    for number, (text, _) in enumerate(SET_ASIDE):
        who = f"v{number}"
        level = observation(
            f"{who}-o", 37.5, "2026-04-30T00:20:00+00:00", code=concept("4092-3", "Vancomycin trough", LOINC), subject={"reference": f"Patient/{who}"},
            valueQuantity={"value": 37.5, "unit": "ug/mL", "system": "http://unitsofmeasure.org", "code": "ug/mL"},
        )  # fmt: skip
        resources += [patient(who), level, document(f"{who}-n", text, "2026-05-01T10:00:00+00:00", patient_id=who)]
    folder = tmp_path_factory.mktemp("conflicts")
    store = RecordStore(folder / "data")
    assert ingest_paths([write(folder / "ward.json", bundle(*resources))], store).rejected == ()
    yield Bench(store, None, twin)
    store.close()


@pytest.mark.parametrize("number", range(len(AGAINST)), ids=[" / ".join(t) for t, _ in AGAINST])
def test_a_note_against_an_active_order(ward: Bench, number: int) -> None:
    wanted = AGAINST[number][1]
    found = ward.run(f"d{number}", "record_vs_notes", {"topic": "medications"})
    assert [c.topic for c in found.conflicts] == ([wanted] if wanted else [])
    for drug in DRUGS:
        asked = ward.run(f"d{number}", "medication", {"drug": drug})
        assert [c.topic for c in asked.conflicts] == ([drug] if drug == wanted else [])
        assert asked.summary.startswith(f"Yes: **{drug}** is active")  # what the record has stands first


@pytest.mark.parametrize("number", range(len(SET_ASIDE)), ids=[t for t, _ in SET_ASIDE])
def test_a_value_that_a_note_sets_aside_is_shown_with_its_words(ward: Bench, number: int) -> None:
    wanted = SET_ASIDE[number][1]
    for tool in ("latest", "series"):
        result = ward.run(f"v{number}", tool, {"concept": "vancomycin trough"})
        assert "37.5" in result.summary and bool(result.conflicts) is wanted
    assert bool(ward.run(f"v{number}", "record_vs_notes", {"topic": "results"}).conflicts) is wanted


def test_the_quote_of_a_hold_holds_the_drug_and_the_hold(ward: Bench) -> None:
    [conflict] = ward.run("d2", "record_vs_notes").conflicts
    assert "Metformin has to stop; I have asked her to hold it until the repeat." in conflict.note_says


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("kind", [k for k in KINDS if k not in {"one_liner", "timeline"}])
def test_every_story_carries_the_hold_once_and_its_conflict(ward: Bench, kind: str, audience: str) -> None:
    story = build_story(ward.context("d2"), kind, audience)
    told = [s for s in story.sentences if s.basis == "conflict"]
    assert len(told) == 1 and "asked her to hold it" in told[0].text and len(story.conflicts) == 1


def test_what_is_wrong_in_the_wrong_chart_is_no_finding(cohort: Bench) -> None:
    asked = cohort.run(3, "condition", {"name": "hypertension"})
    assert "entered in error" in asked.summary and "as present" not in asked.summary and asked.conflicts == ()
    assert "hypertension" not in build_story(cohort.context(3), "full", "clinician_long").text.lower()


def test_a_resolved_injury_is_not_in_conflict_with_its_summary(cohort: Bench) -> None:
    assert cohort.run(1, "condition", {"name": "acute kidney injury"}).conflicts == ()
