"""The critic: what it adds to an answer, and as much, what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from agents.context import RunContext
from agents.specialists.critic import review
from tests.conftest import LOINC, RXNORM, Bench
from tools.outcome import ToolResult, say

if TYPE_CHECKING:
    from twin_backend.service import TwinBackend

AS_OF = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory, twin: TwinBackend) -> Iterator[Bench]:
    """One chart with every trap: an allergy to vancomycin, failing kidneys, interacting drugs, old and impossible values."""
    from knowledge_base.ingest import ingest_paths
    from knowledge_base.records import RecordStore
    from tests.unit.test_kb_fhir import bundle, concept, document, observation, patient, resource, write

    def lab(ident: str, code: str, name: str, value: float, unit: str, when: str) -> dict[str, Any]:
        quantity = {"value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}
        return observation(ident, value, when, patient_id="w", code=concept(code, name, LOINC), valueQuantity=quantity)

    def order(ident: str, code: str, name: str, status: str = "active") -> dict[str, Any]:
        return resource("MedicationRequest", ident, "w", status=status, intent="order", authoredOn="2026-10-01",
                        medicationCodeableConcept=concept(code, name, RXNORM))  # fmt: skip

    active = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
    }
    rows = [
        patient("w", birthDate="1950-01-01", gender="male"),
        resource("AllergyIntolerance", "w-a", "w", clinicalStatus=active, code=concept("11124", "vancomycin", RXNORM),
                 reaction=[{"manifestation": [{"text": "Anaphylaxis"}]}]),
        order("w-m1", "6809", "metformin 500 mg"), order("w-m2", "11289", "warfarin 5 mg"),
        order("w-m3", "703", "amiodarone 200 mg"), order("w-m4", "83367", "atorvastatin 20 mg", status="stopped"),
        lab("w-egfr", "98979-8", "eGFR CKD-EPI 2021", 25, "mL/min/{1.73_m2}", "2026-11-01T08:00:00+00:00"),
        lab("w-cr", "2160-0", "Creatinine", 2.4, "mg/dL", "2026-09-01T08:00:00+00:00"),
        lab("w-wt", "29463-7", "Body weight", 80, "kg", "2026-11-01T08:00:00+00:00"),
        lab("w-ldl", "13457-7", "LDL cholesterol", 130, "mg/dL", "2019-03-01T08:00:00+00:00"),
        lab("w-k", "2823-3", "Potassium", 41, "mmol/L", "2026-11-01T08:00:00+00:00"),
        lab("w-na", "2951-2", "Sodium", 140, "mmol/L", "2026-11-01T08:00:00+00:00"),
        document("w-n", "Medications: atorvastatin 20 mg daily, metformin 500 mg twice daily.", "2026-11-05T10:00:00+00:00", patient_id="w"),
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("ward")
    store = RecordStore(folder / "data")
    report = ingest_paths([write(Path(folder) / "ward.json", bundle(*rows))], store)
    assert report.rejected == ()
    yield Bench(store, None, twin)
    store.close()


def warnings(bench: Bench, question: str, *calls: tuple[str, dict[str, Any]]) -> tuple[str, ...]:
    results = [bench.run("w", tool, arguments, AS_OF) for tool, arguments in calls]
    return review(question, results, RunContext(tools=bench.context("w", AS_OF))).warnings


VANCOMYCIN = (
    "what_if",
    {"model": "vancomycin_goti2018", "scenarios": [], "inputs": {"dose_mg": 1000, "interval_h": 24}},
)

SPEAKS: list[tuple[str, tuple[str, dict[str, Any]], str]] = [
    ("vancomycin AUC with 1 g daily?", VANCOMYCIN, "Allergy recorded: vancomycin (reaction: Anaphylaxis)"),
    ("vancomycin AUC with 1 g daily?", VANCOMYCIN, "serum creatinine is 70 days old"),
    ("is he on metformin?", ("medication", {"drug": "metformin", "aspect": "active"}), "contraindicated below 30"),
    ("dose of metformin", ("medication", {"drug": "metformin", "aspect": "dose"}), "Metformin with eGFR 25"),
    ("should we continue warfarin?", ("medication", {"drug": "warfarin", "aspect": "active"}), "INR rises"),
    ("what is his LDL", ("latest", {"concept": "ldl"}), "LDL cholesterol was last measured 2811 days before 2026-11-10"),
    ("potassium?", ("latest", {"concept": "potassium"}), "The value 41 mmol/L is implausible"),
    ("atorvastatin in the notes?", ("search_notes", {"query": "atorvastatin"}), "The record disagrees on atorvastatin"),
]  # fmt: skip
LISTED = ("list_medications", {})
SPEAKS += [
    ("list his medications", LISTED, "Metformin with eGFR 25 mL/min/1.73 m² (2026-11-01): contraindicated below 30"),
    ("current meds?", LISTED, "Warfarin 5 mg with amiodarone 200 mg: INR rises"),
]
SILENT: list[tuple[str, tuple[str, dict[str, Any]]]] = [
    ("when was metformin started?", ("medication", {"drug": "metformin", "aspect": "start"})),
    ("how many orders of warfarin?", ("medication", {"drug": "warfarin", "aspect": "count"})),
    ("was he ever on warfarin", ("medication", {"drug": "warfarin", "aspect": "ever"})),
    ("is he on atorvastatin?", ("medication", {"drug": "atorvastatin", "aspect": "active"})),
    ("sodium?", ("latest", {"concept": "sodium"})),
    ("first LDL", ("latest", {"concept": "ldl", "first": True})),
    ("LDL in 2019", ("latest", {"concept": "ldl"})),
    ("any allergies?", ("allergies", {})),
    ("can I give warfarin?", ("medication_safety", {"drug": "warfarin"})),  # the tool itself shows the interaction
    ("is he allergic to vancomycin?", ("allergies", {"substance": "vancomycin"})),
    ("medications he was on", ("list_medications", {"status": "stopped"})),
    ("how old is he", ("demographics", {"field": "age"})),
    ("compare vancomycin plans", ("compare_plans", {"drug": "vancomycin"})),  # the tool itself stops at the allergy
]


@pytest.mark.parametrize(("question", "call", "said"), SPEAKS)
def test_it_says_what_the_results_leave_unsaid(
    ward: Bench, question: str, call: tuple[str, dict[str, Any]], said: str
) -> None:
    assert any(said in w for w in warnings(ward, question, call)), warnings(ward, question, call)


@pytest.mark.parametrize(("question", "call"), SILENT)
def test_it_leaves_alone_what_is_not_about_it(ward: Bench, question: str, call: tuple[str, dict[str, Any]]) -> None:
    assert warnings(ward, question, call) == ()


def test_an_allergy_that_is_shown_is_not_said_again(ward: Bench) -> None:
    found = warnings(ward, "can I give vancomycin?", ("medication_safety", {"drug": "vancomycin"}))
    assert not any("allergy" in w.lower() for w in found)


def test_an_active_allergy_stops_dosing_plans(ward: Bench) -> None:
    result = ward.run("w", "compare_plans", {"drug": "vancomycin"}, AS_OF)
    assert not result.found and result.data["stopped"] == "allergy" and "runs" not in result.data
    assert "Anaphylaxis" in result.summary and result.evidence[0].ref == "AllergyIntolerance/w-a"


def test_a_dose_already_run_with_the_kidneys_is_not_warned_about_for_them(ward: Bench) -> None:
    assert not any("below 60" in w for w in warnings(ward, "vancomycin AUC with 1 g daily?", VANCOMYCIN))


def test_three_at_most_and_the_allergy_first(ward: Bench) -> None:
    calls = [
        VANCOMYCIN,
        ("medication_safety", {"drug": "metformin"}),
        ("medication_safety", {"drug": "warfarin"}),
        ("latest", {"concept": "ldl"}),
    ]
    found = warnings(ward, "should I give vancomycin, metformin and warfarin?", *calls)
    assert len(found) == 3 and found[0].startswith("Allergy recorded: vancomycin")


def test_mixed_units_are_said_once(crafted: Bench) -> None:
    results = [crafted.run("units", "series", {"concept": "creatinine"})]
    context = RunContext(tools=crafted.context("units"))
    [found] = review("creatinine trend", results, context).warnings
    assert found == "The values were recorded in different units (mg/dL, umol/L); they are shown in one."
    told = [results[0].model_copy(update={"warnings": ("2 values had another unit.",)})]
    assert review("creatinine trend", told, context).warnings == ()


def test_nothing_is_added_to_no_results(ward: Bench) -> None:
    assert review("hello", [], RunContext(tools=ward.context("w", AS_OF))).warnings == ()


def test_one_note_alone_is_said_only_when_the_record_was_asked(ward: Bench) -> None:
    nothing = ward.run("w", "condition", {"name": "asthma"}, AS_OF)
    noted = ToolResult(
        tool="search_notes", statements=ward.run("w", "search_notes", {"query": "metformin"}, AS_OF).statements
    )
    assert noted.evidence and not nothing.found
    context = RunContext(tools=ward.context("w", AS_OF))
    assert "rests on one note" in review("does he have asthma", [nothing, noted], context).warnings[0]
    assert review("what do the notes say of asthma", [nothing, noted], context).warnings == ()


def test_a_draft_that_shows_a_finding_is_not_told_it_again(ward: Bench) -> None:
    shown = ToolResult(tool="draft_order", statements=(say("- Warning: Metformin with eGFR 25 mL/min/1.73 m² (2026-11-01): contraindicated below 30 mL/min/1.73 m². (source: FDA)"),))  # fmt: skip
    context = RunContext(tools=ward.context("w", AS_OF))
    assert review("start metformin 500 mg?", [shown], context).warnings == ()
