"""The judge of stories: supported sentences pass, every planted fault of a kind it claims to see is seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.facts import Evidence
from evals.scorers.planted import MUTATIONS
from evals.scorers.story import faults_of
from evals.scorers.story_files import PatientFiles
from evals.suites.story import coverage, judge_story, moments_of, reading_grade, run_stories, story_figures
from tests.conftest import NOW, Bench
from tools.concepts import default_lexicon
from tools.story import build_story

P6 = "demo-ct-006"


def files(bench: Bench, patient: int, moment: datetime = NOW) -> PatientFiles:
    return PatientFiles(bench.store, bench.patient_id(patient), moment, default_lexicon())


def kinds(
    text: str, evidence: list[Evidence], bench: Bench, patient: int = 6, basis: str = "record", moment: datetime = NOW
) -> set[str]:
    return {f.kind for f in faults_of(text, basis, evidence, files(bench, patient, moment))}


def ref(bench: Bench, patient: int, kind: str, word: str, **more: Any) -> Evidence:
    rows = getattr(bench.store, kind)(bench.patient_id(patient))
    row = next(r for r in rows if word in r.display and all(getattr(r, k) == v for k, v in more.items()))
    return Evidence(ref=row.ref.partition("#")[0])


def test_a_true_sentence_has_no_fault(cohort: Bench) -> None:
    metformin = ref(cohort, 6, "medications", "metformin 500")
    assert kinds("Treatment: metformin 500 mg twice daily (since 2024-04-09).", [metformin], cohort) == set()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Treatment: metformin 850 mg twice daily (since 2024-04-09).", "number"),
        ("Treatment: metformin 500 mg twice daily (since 2024-05-09).", "date"),
        ("Treatment: apixaban 500 mg twice daily (since 2024-04-09).", "drug"),
        ("Treatment: metformin 500 mg twice daily for heart failure (since 2024-04-09).", "diagnosis"),
        ("Treatment: metformin 500 mg twice daily: “with breakfast only”.", "quote"),
        ("Earlier drugs: metformin 500 mg.", "status"),
    ],
)
def test_a_false_word_is_seen(cohort: Bench, text: str, fault: str) -> None:
    assert fault in kinds(text, [ref(cohort, 6, "medications", "metformin 500")], cohort)


def test_no_evidence_another_patients_and_later_evidence(cohort: Bench) -> None:
    assert kinds("Active since 2008.", [], cohort) == {"unresolved"}
    assert "unresolved" in kinds("Active since 2009.", [ref(cohort, 1, "conditions", "hypertension")], cohort)
    late = ref(cohort, 6, "medications", "metformin 500")
    assert "later" in kinds("Treatment: metformin 500 mg.", [late], cohort, moment=datetime(2020, 1, 1, tzinfo=UTC))


def test_ranges_and_directions(cohort: Bench) -> None:
    egfr = [r for r in cohort.store.observations(P6) if r.display.startswith("Glomerular")]
    evidence = [Evidence(ref=r.ref) for r in (egfr[-1], egfr[0])]
    assert kinds("eGFR 29 mL/min/1.73 m² (2026-10-19, low), down from 47 (2023-04-11).", evidence, cohort) == set()
    assert kinds("eGFR 29 mL/min/1.73 m² (2026-10-19, low), up from 47 (2023-04-11).", evidence, cohort) == {
        "direction"
    }
    assert kinds("eGFR 29 mL/min/1.73 m² (2026-10-19, high).", evidence, cohort) == {"range"}


def test_an_absence_is_looked_up(cohort: Bench) -> None:
    who = [Evidence(ref=f"Patient/{P6}")]
    text = "No allergy entry is in the record, neither an allergy nor a statement that none is known."
    assert kinds(text, who, cohort, basis="absence") == {"absence"}
    assert kinds(text, [Evidence(ref="Patient/demo-ct-012")], cohort, 12, basis="absence") == set()
    assert kinds("No mammography is recorded.", [Evidence(ref="Patient/demo-ct-003")], cohort, 3, basis="guidance") == {
        "absence"
    }
    assert "absence" in kinds("No active medical problem is in the record.", who, cohort, basis="absence")
    assert "absence" in kinds("No active medication is in the record.", who, cohort, basis="absence")


def test_nothing_later_is_looked_up_too(cohort: Bench) -> None:
    scope = ref(cohort, 7, "procedures", "Esophagogastroduodenoscopy with variceal")
    assert "absence" in kinds("A repeat was due and no later one is recorded.", [scope], cohort, 7, basis="derived")
    who, text = [Evidence(ref="Patient/demo-ct-008")], "Code status is not documented in any note."
    assert kinds(text, who, cohort, 8, basis="absence") == {"absence"}
    assert kinds(text, [Evidence(ref="Patient/demo-ct-003")], cohort, 3, basis="absence") == set()
    new = "No new problem, order, result, procedure, visit or note is in the record between {} and 2026-11-10."
    seen = [Evidence(ref=f"Patient/{P6}"), *[Evidence(ref=r.ref) for r in cohort.store.encounters(P6)]]
    assert kinds(new.format("2026-10-19"), seen, cohort, basis="absence") == set()
    assert kinds(new.format("2026-04-14"), seen, cohort, basis="absence") == {"absence"}


def test_a_relative_and_a_refuted_diagnosis_are_not_the_patients(cohort: Bench) -> None:
    sister = ref(cohort, 5, "family_history", "", relationship="sister")
    assert "status" in kinds("Active since 2010: celiac disease.", [sister], cohort, 5)
    celiac = Evidence(ref=next(r.ref for r in cohort.store.conditions("demo-ct-005") if "Celiac" in r.display))
    assert "status" in kinds("Active since 2023-11-20.", [celiac], cohort, 5)


@pytest.mark.parametrize("patient", [1, 6, 8])
def test_planted_faults_are_found(cohort: Bench, patient: int) -> None:
    judge = files(cohort, patient)
    story = build_story(cohort.context(patient), "problem_oriented", "clinician_short")
    planted = [
        (name, changed, s)
        for s in story.sentences
        for name, mutate in MUTATIONS.items()
        if (changed := mutate(s.text)) is not None and changed != s.text
    ]
    missed = [
        (name, changed) for name, changed, s in planted if not faults_of(changed, s.basis.value, s.evidence, judge)
    ]
    assert len(planted) > 20 and missed == []


@pytest.mark.parametrize("patient", range(1, 13))
def test_no_demo_patient_has_an_unsupported_statement(cohort: Bench, patient: int) -> None:
    judge = files(cohort, patient)
    for kind, audience in (
        ("problem_oriented", "clinician_short"),
        ("full", "clinician_long"),
        ("sbar", "handoff"),
        ("full", "patient"),
    ):
        judged = judge_story(build_story(cohort.context(patient), kind, audience), judge)
        assert judged.faults == ()


def test_a_full_story_covers_problems_drugs_and_allergies(cohort: Bench) -> None:
    for patient in range(1, 13):
        found = coverage(build_story(cohort.context(patient), "full", "clinician_long"), files(cohort, patient))
        assert all(told == total for name, (told, total) in found.items() if "abnormal" not in name), (patient, found)


def test_the_suite_reports_figures(cohort: Bench) -> None:
    judged, planted = run_stories(["demo-ct-012"], cohort.store, cohort.twin)
    figures = {(f.name, f.group): f for f in story_figures(judged, planted)}
    assert figures["stories without an unsupported statement", "all"].value == 1.0
    assert figures["sentences supported", "all"].n == sum(j.sentences for j in judged) > 100
    assert figures["reading grade, median", "patient"].n == 6


def test_stale_records_are_told_twice(cohort: Bench) -> None:
    assert moments_of(cohort.store, "demo-ct-001") == [NOW]
    assert [m.date().isoformat() for m in moments_of(cohort.store, "5656ee0a-e373-844b-92da-9afb6c321e76")] == [
        "2026-11-10",
        "2021-03-09",
    ]


def test_reading_grade_orders_easy_and_hard() -> None:
    easy, hard = "The cat sat on the mat. It was warm.", "Longitudinal echocardiographic reevaluation demonstrated persistent ventricular dysfunction necessitating multidisciplinary consideration."  # fmt: skip
    assert reading_grade(easy) < 3 < 15 < reading_grade(hard) and reading_grade("") == 0.0
