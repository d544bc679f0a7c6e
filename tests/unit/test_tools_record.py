"""Medications, problems, allergies, events and who the patient is: what the record says, by status and date."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import MARK, NOW, Bench
from tools.outcome import RetryableToolError, ToolResult

Table = list[Any]


def day_of(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)


def check(result: ToolResult, found: bool, *phrases: str) -> None:
    assert result.found is found, result.summary
    for phrase in phrases:
        if phrase.startswith("!"):
            assert phrase[1:] not in result.summary
        else:
            assert phrase in result.summary
    for evidence in result.evidence:
        assert evidence.quote and evidence.ref.count("/") >= 1


MEDICATIONS: Table = [
    # cohort or crafted, patient, tool, arguments, found, what is said
    (4, "medication", {"drug": "lisinopril"}, True, ("No: lisinopril 20 mg is not active", "**stopped** on 2024-04-15 (Dry cough)")),
    (4, "medication", {"drug": "lisinopril", "aspect": "stop"}, True, ("**stopped** on **2024-04-15**, reason: Dry cough", "!gives no stop date")),
    (4, "medication", {"drug": "apixaban", "aspect": "stop"}, True, ("Not stopped: apixaban 5 mg is active",)),
    (4, "medication", {"drug": "anticoagulants", "aspect": "ever"}, True, ("apixaban 5 mg: first ordered 2024-02-12; active now", "warfarin 5 mg: first ordered 2022-02-20; stopped 2024-02-12")),
    (4, "medication", {"drug": "coumadin", "aspect": "reason"}, True, ("ordered for **Atrial fibrillation** (2022-02-20)",)),
    (4, "medication", {"drug": "apixaban", "aspect": "dose"}, True, ("instructions: Take 1 tablet (5 mg) by mouth twice daily",)),
    (4, "medication", {"drug": "apixaban", "aspect": "count"}, True, ("**1** order of apixaban",)),
    (4, "medication", {"drug": "losartan", "aspect": "start"}, True, ("**2024-04-15**", "losartan 100 mg: first ordered 2025-04-21")),
    (4, "medication", {"drug": "losartan", "aspect": "last"}, True, ("last ordered on **2025-04-21** (status active)",)),
    (3, "medication", {"drug": "methotrexate", "aspect": "dose"}, True, ("ONCE A WEEK",)),
    (4, "medication", {"drug": "metformin"}, False, ("No: no metformin order is recorded.", "Looked at 8 medication entries up to 2026-11-10 and 7 notes")),
    (4, "medication", {"drug": "warfarin", "period": "in 2025"}, False, ("No: no warfarin order is recorded in 2025", "Outside that period: warfarin 5 mg, last ordered 2022-02-20")),
    (8, "medication", {"drug": "ampicillin"}, False, ("it is not in the structured record",)),
    (4, "list_medications", {}, True, ("**4** active medications", "apixaban 5 mg", "!lisinopril", "!warfarin", "!losartan 50")),
    (4, "list_medications", {"status": "stopped"}, True, ("**4** stopped or completed", "warfarin 5 mg", "lisinopril 20 mg")),
    (4, "list_medications", {"drug": "statins"}, True, ("**1** active", "atorvastatin 40 mg")),
    (11, "list_medications", {"status": "stopped", "drug": "opioids"}, False, ("No stopped", "Looked at")),
    ("status", "medication", {"drug": "ibuprofen", "aspect": "ever"}, False, ("No: no ibuprofen order is recorded",)),
    ("status", "medication", {"drug": "metformin"}, True, ("not active", "**on-hold**")),
    ("status", "medication", {"drug": "atorvastatin"}, True, ("Yes: **Atorvastatin 40 MG** is active",)),
    ("status", "list_medications", {}, True, ("Lisinopril 10 MG", "!Ibuprofen", "!Atorvastatin 20", "!Metformin", "!Warfarin")),
    ("status", "list_medications", {}, True, ("!Aspirin",)),
    ("status", "medication", {"drug": "warfarin", "aspect": "ever"}, False, ()),
]  # fmt: skip

PROBLEMS: Table = [
    (6, "condition", {"name": "diabetes"}, True, ("Yes: **Type 2 diabetes mellitus**, active since 2008.",)),
    (6, "condition", {"name": "ckd", "aspect": "onset"}, True, ("stage 3A: onset **2019-04** (resolved 2024-04-09)", "stage 3B: onset **2024-04-09** (active)")),
    (1, "condition", {"name": "acute kidney injury"}, True, ("Yes, in the past: **Acute kidney injury**, 2026-10-22 to 2026-11-02",)),
    (1, "condition", {"name": "acute kidney injury", "aspect": "active"}, True, ("Not now",)),
    (1, "condition", {"name": "AKI", "aspect": "resolved"}, True, ("resolved on **2026-11-02**",)),
    (1, "condition", {"name": "gout", "aspect": "resolved"}, True, ("Not resolved: Gout is active",)),
    (5, "condition", {"name": "celiac disease"}, False, ("was considered and **refuted** (2023-11-20)", "as absent")),
    (3, "condition", {"name": "hypertension"}, False, ("No hypertension is recorded", "Looked at 4 conditions")),
    (12, "condition", {"name": "pregnancy"}, False, ("No pregnancy is recorded", "Looked at 2 conditions, 0 procedures and 4 notes up to 2026-11-10")),
    (6, "condition", {"name": "diabetes", "period": "in 2020"}, False, ("Outside that period: Type 2 diabetes mellitus, onset 2008",)),
    (6, "list_problems", {}, True, ("**5** active problems", "Chronic kidney disease stage 3B (since 2024-04-09)", "!stage 3A")),
    (1, "list_problems", {"status": "resolved"}, True, ("**2** resolved problems", "Acute kidney injury (2026-10-22 to 2026-11-02)")),
    ("status", "condition", {"name": "epilepsy"}, False, ("No: Epilepsy was considered and **refuted**",)),
    ("status", "condition", {"name": "hypertension"}, False, ("No hypertension is recorded",)),
    ("status", "list_problems", {"status": "all"}, True, ("!hypertension", "!Epilepsy", "Asthma (since 2021-03-01, provisional)", "Chronic sinusitis")),
    ("status", "condition", {"name": "chronic sinusitis"}, True, ("active since 2018-01-01",)),  # its abatement is still to come
]  # fmt: skip

ALLERGIES: Table = [
    (8, "allergies", {}, True, ("**1** active allergy recorded", "Allergy to penicillin (high criticality; medication; reaction: Anaphylaxis; since 1979)")),
    (8, "allergies", {"substance": "amoxicillin"}, True, ("Yes: **Allergy to penicillin** is recorded; high criticality; reaction: Anaphylaxis",)),
    (8, "allergies", {"substance": "latex"}, False, ("No latex allergy is recorded.", "Recorded allergies: Allergy to penicillin", "Looked at 1 allergy entry and 7 notes")),
    (8, "allergies", {"aspect": "none_known"}, True, ("No: **1** active allergy is recorded",)),
    (11, "allergies", {"category": "food"}, True, ("Allergy to peanut",)),
    (11, "allergies", {"category": "drug"}, True, ("No drug allergy is recorded. Other active entries (1):", "Allergy to peanut")),
    (9, "allergies", {"substance": "penicillin"}, False, ("No active allergy to penicillin: Allergy to penicillin (reaction then: Rash) is recorded as **refuted**. Skin test", "Latex allergy", "!not in the structured record")),
    ("status", "allergies", {"substance": "penicillin"}, False, ("No active allergy to penicillin", "**refuted**", "No known allergy (2001")),
    (2, "allergies", {}, False, ("No known allergy", "!1** active")),
    (2, "allergies", {"aspect": "none_known"}, False, ("No known allergy", "!No: ")),
    (2, "patient_card", {}, True, ("!Allergies (1)",)),
    (6, "medication_safety", {"drug": "metformin"}, True, ("Allergy to metformin: none recorded (1 allergy entry looked at)", "Already active: metformin 500 mg", "**29 mL/min/1.73 m²**", "contraindicated at an eGFR below 30", "yours to decide")),
    (8, "medication_safety", {"drug": "amoxicillin"}, True, ("**Allergy recorded: Allergy to penicillin**, reaction: Anaphylaxis", "yours to decide")),
]  # fmt: skip

EVENTS: Table = [
    (10, "procedures", {"name": "c-section", "aspect": "has"}, True, ("Yes: **Cesarean section for Severe pre-eclampsia** on 2022-11-04",)),
    (6, "procedures", {"name": "colonoscopy", "aspect": "last"}, True, ("on 2018-09-12",)),
    (6, "procedures", {"name": "colonoscopy", "period": "since 2020"}, False, ("No colonoscopy is recorded since 2020", "Outside that period: Colonoscopy on 2018-09-12")),
    ("status", "procedures", {"name": "appendectomy", "aspect": "has"}, False, ("No appendectomy is recorded as done: recorded as not done on 2024-01-01",)),
    ("status", "procedures", {}, True, ("Cholecystectomy: 2019-06-01", "!Appendectomy")),
    ("status", "procedures", {"name": "colonoscopy", "aspect": "has"}, False, ()),
    (2, "immunizations", {}, True, ("**2** vaccination entries", "Tdap: 2024-05-14")),
    (2, "immunizations", {"name": "flu shot", "aspect": "last"}, True, ("2025-10-14",)),
    (11, "immunizations", {"name": "tetanus", "period": "in 1950"}, False, ("recorded in 1950 (not documented)",)),
    (1, "encounters", {"kind": "inpatient", "aspect": "stay"}, True, ("2026-10-19 to 2026-11-03, **15 days**",)),
    (1, "encounters", {"kind": "emergency", "aspect": "count", "period": "last 2 years"}, True, ("**1** emergency department visit",)),
    (1, "encounters", {"kind": "emergency", "aspect": "count", "period": "in 2001"}, False, ("**0**: no emergency department visit", "Outside that period the last was on 2026-10-18")),
    (1, "encounters", {"aspect": "last", "offset": 99}, False, ("No earlier visit is documented; the first is of 2025-09-04",)),
    (1, "reports", {"name": "blood culture", "aspect": "last"}, True, ("MRSA in 2 of 2 sets",)),
    (1, "procedure_result", {"name": "lumbar mri"}, True, ("No epidural abscess",)),
    (1, "care_plans", {}, True, ("Outpatient parenteral antibiotic therapy (active, since 2026-11-03)",)),
    (1, "care_plans", {"status": "completed"}, False, ("No completed care plan is recorded. Looked at 1 care plans",)),
    (4, "devices", {"name": "pacemaker"}, True, ("Dual chamber cardiac pacemaker (active; serial number DDD-558213",)),
    (11, "devices", {"name": "pacemaker"}, False, ("No pacemaker device is recorded (not documented)",)),
    (3, "family_history", {"name": "breast cancer"}, True, ("mother: Malignant neoplasm of breast (age 62", "sister: Malignant neoplasm of breast")),
    (11, "family_history", {"name": "breast cancer"}, False, ("Not documented: no family history of",)),
    (1, "timeline", {"period": "in October 2026"}, True, ("2026-10-22: new problem Acute kidney injury", "2026-10-30: procedure Insertion of peripherally inserted")),
    (1, "timeline", {"period": "in 1980"}, False, ("Nothing is recorded in 1980",)),
    (1, "age_when", {"name": "bacteremia"}, True, ("**71 years** old",)),
    (1, "age_when", {"name": "zzz"}, False, ("Not documented: nothing called zzz is recorded",)),
    (1, "look_up", {"name": "vancomycin"}, True, ("Medication: **vancomycin", "Observation: **Vancomycin")),
    (1, "look_up", {"name": "zebra"}, False, ("No, not documented: nothing is recorded under “zebra”", "112 observations, 6 conditions", "10 notes")),
    (1, "search_knowledge", {"query": "metformin and egfr"}, True, ("Guidance: Metformin is contraindicated at an eGFR below 30",)),
]  # fmt: skip

WHO: Table = [
    (12, "demographics", {"field": "age"}, True, ("Age: **88 years** at death on 2026-06-17 (born 1938-05-29)",)),
    (12, "demographics", {"field": "deceased"}, True, ("Died on **2026-06-17**",)),
    (11, "demographics", {"field": "deceased"}, True, ("Alive: **no death** is recorded",)),
    (2, "demographics", {"field": "sex"}, True, ("Sex: **female**",)),
    (2, "demographics", {"field": "birth_date"}, True, ("Born **1968-04-12**",)),
    (3, "demographics", {"field": "birth_date"}, True, ("Born **1968-04-21**",)),
    ("units", "demographics", {"field": "phone"}, False, ("Not documented: the record has no phone", "Patient resource")),
    (4, "patient_card", {}, True, ("75-year-old male, as of 2026-11-10", "Active problems (", "apixaban 5 mg", "!lisinopril 20", "Last visit: 2026-10-12")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("who", "tool", "arguments", "found", "phrases"), [*MEDICATIONS, *PROBLEMS, *ALLERGIES, *EVENTS, *WHO]
)
def test_what_is_said(
    cohort: Bench,
    crafted: Bench,
    who: int | str,
    tool: str,
    arguments: dict[str, Any],
    found: bool,
    phrases: tuple[str, ...],
) -> None:
    check((cohort if isinstance(who, int) else crafted).run(who, tool, arguments), found, *phrases)


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("medication", {"drug": "xyzzol"}, "no drug or drug class of that name"),
        ("medication", {"drug": "apixaban", "aspect": "colour"}, "aspect is one of active, ever"),
        ("list_medications", {"status": "x"}, "status is one of active, stopped, all"),
        ("medication_safety", {"drug": "xyzzol"}, "no drug or drug class"),
        ("list_problems", {"status": "x"}, "status is one of active, resolved, all"),
        ("condition", {"name": "sepsis", "aspect": "x"}, "aspect is one of has"),
        ("encounters", {"kind": "x"}, "kind is one of any, emergency"),
        ("demographics", {"field": "x"}, "field is one of age"),
    ],
)
def test_arguments_to_correct(cohort: Bench, tool: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(RetryableToolError, match=message):
        cohort.run(4, tool, arguments)


# --- looking back ----------------------------------------------------------------------------------------------------

BACK: Table = [
    ("2022-01-01", 4, "list_medications", {"status": "all"}, ("lisinopril", "!apixaban", "!warfarin", "!losartan")),
    ("2023-06-01", 4, "medication", {"drug": "apixaban", "aspect": "ever"}, ("no apixaban order is recorded",)),
    ("2020-01-01", 6, "condition", {"name": "ckd"}, ("stage 3A**, active since 2019-04", "!3B")),
    ("2024-04-10", 6, "condition", {"name": "ckd"}, ("stage 3B**, active since 2024-04-09", "!3A")),
    ("2026-10-25", 1, "condition", {"name": "acute kidney injury"}, ("active since 2026-10-22",)),
    ("2026-10-25", 1, "encounters", {"kind": "inpatient", "aspect": "current"}, ("Yes: hospital admission since **2026-10-19**",)),
    ("2026-11-10", 1, "encounters", {"kind": "inpatient", "aspect": "current"}, ("No: no hospital admission is under way", "2026-10-19")),
    ("2026-01-01", 12, "demographics", {"field": "age"}, ("**87 years** as of 2026-01-01", "!death")),
    ("2026-01-01", 12, "demographics", {"field": "deceased"}, ("no death",)),
    ("2026-08-29", 4, "demographics", {"field": "age"}, ("**74 years**",)),
    ("2026-08-30", 4, "demographics", {"field": "age"}, ("**75 years**",)),
    ("2022-01-01", 10, "procedures", {}, ("No procedure is recorded",)),
    ("1978-01-01", 8, "allergies", {}, ("No allergy is recorded",)),
    ("2026-08-12", 9, "list_notes", {}, ("!2026-08-13",)),
]  # fmt: skip


@pytest.mark.parametrize(("as_of", "who", "tool", "arguments", "phrases"), BACK)
def test_what_came_later_is_invisible(
    cohort: Bench, as_of: str, who: int, tool: str, arguments: dict[str, Any], phrases: tuple[str, ...]
) -> None:
    result = cohort.run(who, tool, arguments, day_of(as_of))
    check(result, result.found, *phrases)


@pytest.mark.parametrize("who", [1, 4, 9, 12])
def test_no_tool_shows_a_day_after_as_of(cohort: Bench, who: int) -> None:
    as_of = day_of("2025-06-01")
    calls: list[tuple[str, dict[str, Any]]] = [
        ("patient_card", {}), ("timeline", {"limit": 500}), ("list_medications", {"status": "all"}), ("list_problems", {"status": "all"}),
        ("procedures", {}), ("immunizations", {}), ("encounters", {}), ("reports", {}), ("care_plans", {"status": "all"}), ("list_notes", {}),
        ("vital_signs", {}), ("lab_panel", {"panel": "cmp"}), ("record_vs_notes", {}), ("family_history", {}), ("search_notes", {"query": "pain"}),
    ]  # fmt: skip
    for tool, arguments in calls:
        result = cohort.run(who, tool, arguments, as_of)
        for evidence in result.evidence:
            if not evidence.ref.startswith("Patient/"):
                assert evidence.time is None or evidence.time.replace(tzinfo=None) <= as_of.replace(tzinfo=None), (
                    tool,
                    evidence.ref,
                )


def test_looking_back_says_that_statuses_are_of_today(cohort: Bench) -> None:
    result = cohort.run(4, "medication", {"drug": "warfarin"}, day_of("2023-06-01"))
    assert result.warnings or result.summary.startswith("Yes")


# --- notes against record --------------------------------------------------------------------------------------------

CONFLICTS: Table = [
    (8, "allergies", "1 active: Allergy to penicillin", "NKDA"),
    (11, "allergies", "Allergy to peanut", "but note of 2026-"),
    (4, "medications", "lisinopril 20 mg stopped", "lisinopril 20 mg daily"),
    (4, "smoking", "Ex-smoker (2026-10-12)", "never smoker"),
    (6, "problems", "active since 2008;", "“No history of diabetes”"),
]


@pytest.mark.parametrize(("who", "topic", "record", "note"), CONFLICTS)
def test_contradictions_cite_both_sides(cohort: Bench, who: int, topic: str, record: str, note: str) -> None:
    result = cohort.run(who, "record_vs_notes", {"topic": topic})
    line = next(s for s in result.statements if record in s.text)
    assert note in line.text
    kinds = [e.ref.partition("/")[0] for e in line.evidence]
    assert kinds[-1] == "Note" and kinds[0] != "Note"
    span = line.evidence[-1].span
    assert span is not None
    assert (
        cohort.store.note(cohort.patient_id(who), span.note_id).text[span.start : span.end] == line.evidence[-1].quote
    )


def test_agreement_is_said_with_what_was_looked_at(cohort: Bench) -> None:
    result = cohort.run(2, "record_vs_notes", {"topic": "medications"})
    check(result, False, "No contradiction about medications", "Looked at 5 notes")


def test_a_denial_of_another_allergy_is_no_contradiction(crafted: Bench) -> None:
    assert crafted.run("notes", "record_vs_notes", {"topic": "allergies"}).data["n"] == 0


def test_a_latex_free_room_does_not_deny_the_latex_allergy(cohort: Bench) -> None:
    assert cohort.run(9, "record_vs_notes", {"topic": "allergies"}).data["n"] == 0


def test_no_flare_is_not_no_disease(cohort: Bench) -> None:
    assert "Gout" not in cohort.run(1, "record_vs_notes", {"topic": "problems"}).summary


def test_a_poisoned_note_makes_no_contradiction(crafted: Bench) -> None:
    summary = (
        crafted.run("notes", "record_vs_notes").summary
        + crafted.run("notes", "medication", {"drug": "oxycodone"}).summary
    )
    assert "n-2" not in summary and "400" not in summary and "2025-03-02" not in summary


def test_the_patient_of_the_context_is_the_only_one(cohort: Bench, crafted: Bench) -> None:
    for tool in ("patient_card", "demographics", "timeline", "list_notes"):
        for evidence in cohort.run(2, tool).evidence:
            assert "demo-ct-002" in evidence.ref
    assert MARK in crafted.run("notes", "demographics", {"field": "name"}).summary
    assert cohort.context(2).as_of == NOW


@pytest.mark.parametrize(
    ("drug", "frequency", "shown"),
    [("methotrexate", "daily", True), ("methotrexate", "weekly", False), ("folic acid", "weekly", False)],
)
def test_a_note_that_has_a_drug_as_often_as_asked_against_its_order_is_a_conflict(
    drug: str, frequency: str, shown: bool, cohort: Bench
) -> None:
    told = cohort.run(3, "medication", {"drug": drug, "aspect": "dose", "frequency": frequency})
    assert bool(told.conflicts) is shown
    if shown:
        assert "ONCE A WEEK" in told.conflicts[0].record_says and "DAILY" in told.conflicts[0].note_says
