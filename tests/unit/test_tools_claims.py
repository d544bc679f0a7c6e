"""Yes and no answer what was claimed; a drug on a day of the past; a score of one state of the patient; the nearest value."""

from __future__ import annotations

from typing import Any

import pytest

from domain.quantities import convert
from tests.conftest import Bench
from tools.claims import answered
from tools.outcome import ToolResult, say


def run(bench: Bench, patient: int, tool: str, **arguments: Any) -> ToolResult:
    return bench.run(patient, tool, arguments)


@pytest.mark.parametrize(
    ("claim", "text", "said"),
    [
        ("", "Yes: **gout**, active.", "Yes: **gout**, active."),
        ("not so", "Yes: **gout**, active.", "No, that is not right: **gout**, active."),
        ("not so", "No: naproxen is not active.", "Yes, that is right: naproxen is not active."),
        ("not so", "Not now: **AKI**, resolved.", "Yes, that is right: **AKI**, resolved."),
        ("never", "Not now: **AKI**, resolved.", "No, that is not right: **AKI**, resolved."),
        ("never", "Yes, in the past: **AKI**.", "No, that is not right: in the past: **AKI**."),
        ("ruled out", "No: PE was considered and **refuted**.", "Yes: PE was considered and **refuted**."),
        ("ruled out", "Yes: **PE**, active.", "No: **PE**, active."),
        ("open", "Yes: **metformin** is active.", "**metformin** is active."),
        ("open", "Yes, in the past: **AKI**.", "In the past: **AKI**."),
        ("advice", "No: naproxen is not active.", "Naproxen is not active."),
        ("open", "Nothing of the kind.", "Nothing of the kind."),
    ],
)
def test_the_same_fact_answers_each_claim(claim: Any, text: str, said: str) -> None:
    result = answered(ToolResult(tool="condition", statements=(say(text),)), claim)
    assert result.statements[0].text == said


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("", "No gout is recorded; looked at 3."),
        ("not so", "Yes, as far as is recorded: no gout is recorded; looked at 3."),
        ("ruled out", "Not documented: no gout is recorded; looked at 3."),
        ("open", "No gout is recorded; looked at 3."),
    ],
)
def test_absence_is_no_proof_of_the_contrary(claim: Any, said: str) -> None:
    found = ToolResult(tool="condition", found=False, statements=(say("No gout is recorded; looked at 3."),))
    assert answered(found, claim).statements[0].text == said


@pytest.mark.parametrize(
    ("patient", "drug", "more", "begins"),
    [
        (6, "ibuprofen", {"claim": "not so"}, "Yes, that is right: ibuprofen 600 mg is not active"),
        (6, "metformin", {"claim": "not so"}, "No, that is not right: **metformin 500 mg** is active"),
        (6, "metformin", {"claim": "advice"}, "**metformin 500 mg** is active"),
        (6, "metformin", {"claim": "held"}, "**metformin 500 mg** is active"),
        (6, "metformin", {"claim": "never", "aspect": "ever"}, "No, that is not right: metformin"),
        (6, "warfarin", {"claim": "never", "aspect": "ever"}, "Yes, that is right: no warfarin order"),
        (6, "metformin", {"aspect": "dose", "amount": "1000 mg"}, "No: **metformin 500 mg**"),
        (
            6,
            "metformin",
            {"aspect": "dose", "amount": "0.5 g", "frequency": "twice a day"},
            "Yes: **metformin 500 mg**",
        ),
        (6, "metformin", {"aspect": "dose", "amount": "500 mg", "frequency": "daily"}, "No: **metformin 500 mg**"),
        (6, "metformin", {"aspect": "dose", "amount": "5 units"}, "**metformin 500 mg**"),
        (3, "methotrexate", {"aspect": "dose", "frequency": "daily"}, "No: **methotrexate 15 mg**"),
    ],
)
def test_a_claim_of_a_drug(cohort: Bench, patient: int, drug: str, more: dict[str, Any], begins: str) -> None:
    assert run(cohort, patient, "medication", drug=drug, **more).summary.startswith(begins)


def test_a_hold_is_told_by_the_notes_of_the_drug_that_was_held(cohort: Bench) -> None:
    held = run(cohort, 6, "medication", drug="metformin", claim="held").summary
    assert "asked her to hold it until the repeat" in held and "shows no hold" in held
    other = run(
        cohort, 1, "medication", drug="daptomycin", claim="held"
    ).summary  # vancomycin was held, daptomycin named beside
    assert "No hold is recorded." in other and "Vancomycin was held" not in other


@pytest.mark.parametrize(
    ("patient", "name", "more", "begins"),
    [
        (6, "diabetes", {"claim": "not so"}, "No, that is not right: **Type 2 diabetes mellitus**"),
        (1, "diabetes", {"claim": "not so"}, "Yes, as far as is recorded: no diabetes"),
        (1, "aki", {"aspect": "resolved", "claim": "resolved"}, "Yes: Acute kidney injury resolved on **2026-11-02**"),
        (1, "gout", {"aspect": "resolved", "claim": "resolved"}, "No, not resolved: Gout is active"),
        (3, "breast_cancer", {"aspect": "resolved", "claim": "in remission"}, "Yes: Malignant neoplasm"),
        (3, "breast_cancer", {"aspect": "resolved", "claim": "resolved"}, "Malignant neoplasm"),
        (9, "pulmonary_embolism", {"claim": "ruled out"}, "No: **Pulmonary embolism**"),
        (11, "asthma", {"claim": "open"}, "**Asthma**, active"),
    ],
)
def test_a_claim_of_a_problem(cohort: Bench, patient: int, name: str, more: dict[str, Any], begins: str) -> None:
    assert run(cohort, patient, "condition", name=name, **more).summary.startswith(begins)


@pytest.mark.parametrize(
    ("patient", "drug", "aspect", "period", "said"),
    [
        (1, "vancomycin", "ever", "on 2026-10-23", "No: no dose is charted as given on 2026-10-23; the last before was 1250 mg at 2026-10-21 23:30"),
        (1, "vancomycin", "ever", "on 2026-10-24", "Yes: 1 dose given on 2026-10-24: **1000 mg at 2026-10-24 10:00**"),
        (1, "vancomycin", "dose", "on 2026-10-23", "No dose is charted as given on 2026-10-23"),
        (6, "metformin", "active", "in January 2025", "Yes: **metformin 500 mg** (ordered 2024-04-09, still active"),
        (6, "metformin", "dose", "in 2023", "**metformin 1000 mg** (ordered 2010-02-15, stopped 2024-04-09"),
        (6, "ibuprofen", "active", "in May 2026", "No: no ibuprofen order was in force in May 2026."),
        (6, "empagliflozin", "active", "2 years ago", "No: no empagliflozin order was in force 2 years ago."),
        (6, "empagliflozin", "active", "a year ago", "Yes: **empagliflozin 10 mg**"),
        (3, "methotrexate", "active", "in 2023", "Yes: **methotrexate 20 mg**"),
        (3, "methotrexate", "ever", "in 2023", "**methotrexate 20 mg**"),  # in force, though not ordered that year
    ],
)  # fmt: skip
def test_a_drug_at_a_time_of_the_past(
    cohort: Bench, patient: int, drug: str, aspect: str, period: str, said: str
) -> None:
    assert run(cohort, patient, "medication", drug=drug, aspect=aspect, period=period).summary.startswith(said)


def test_a_list_of_a_class_has_the_active_first_and_says_what_is_over(cohort: Bench) -> None:
    lines = [s.text for s in run(cohort, 1, "list_medications", drug="antibiotic", status="all").statements]
    assert lines[1].startswith("daptomycin 680 mg") and "stopped" not in lines[1]
    assert [("stopped" in t or "completed" in t) for t in lines[2:]] == [True] * 3


@pytest.mark.parametrize(
    ("concept", "period", "said"),
    [
        ("hba1c", "a year ago", "**7.4 %** on 2025-10-14, the value nearest to 2025-11-10 (27 days earlier)"),
        ("creatinine", "6 months ago", "**148 umol/L** on 2026-04-14"),
        ("potassium", "around May 2026", "**5 mmol/L** on 2026-04-14"),
    ],
)
def test_the_value_nearest_to_the_moment_asked(cohort: Bench, concept: str, period: str, said: str) -> None:
    result = run(cohort, 6, "latest", concept=concept, period=period)
    assert result.found and said in result.summary


def test_what_is_too_far_from_the_moment_is_no_answer(cohort: Bench) -> None:
    result = run(cohort, 6, "latest", concept="hemoglobin", period="one year ago")
    assert not result.found
    assert [s.text for s in result.statements[1:3]] == [
        "The last before that was 11.9 g/dL on 2024-04-09.",
        "The first after that was 11.1 g/dL on 2026-10-19.",
    ]


@pytest.mark.parametrize(("model", "missing"), [("sofa", "platelets_10e9_l"), ("meld_3_0", "bilirubin_mg_dl")])
def test_no_score_from_measurements_that_nobody_made(cohort: Bench, model: str, missing: str) -> None:
    name = model.split("_")[0].upper()
    assert missing in run(cohort, 6, "calculate", model=model).data["missing"]
    of_note = run(cohort, 6, "calculate_from_note", question=f"{name} score")
    assert not of_note.found and missing in of_note.data["missing"]
    assert of_note.data["answer"] is None and "taken as normal" not in of_note.summary


def test_an_acute_score_mixes_no_months(cohort: Bench) -> None:
    result = run(cohort, 9, "calculate", model="apache_ii")
    assert not result.found
    assert "Available: age 63 years, heart rate 72 /min (2026-11-05)" in result.summary
    assert "measured more than 24 h from the rest: body temperature 37.2 °C (2026-08-19)" in result.summary


def test_the_newest_values_that_lie_together_are_taken(cohort: Bench) -> None:
    result = run(cohort, 1, "calculate", model="sirs")
    assert result.found and {i["time"][:10] for i in result.data["inputs"] if i["time"] and i["name"] != "age_years"} == {"2026-10-18", "2026-10-19"}  # fmt: skip
    assert "Newer, but without the other values within 24 h, and so not used: body temperature" in result.summary


def test_a_chronic_risk_takes_the_newest_of_each(cohort: Bench) -> None:
    assert run(cohort, 2, "calculate", model="pce_2013").found


@pytest.mark.parametrize(("focus", "begins"), [("", "2-year"), ("kidney_failure_risk_5y", "5-year")])
def test_two_risks_of_one_run_bear_their_years(cohort: Bench, focus: str, begins: str) -> None:
    head = run(cohort, 6, "calculate", model="kfre_4_variable", focus=focus).statements[0].text
    assert head.startswith(f"Kidney failure risk equation, 4 variables: {begins} risk of kidney failure **")


def test_which_scenario_reaches_the_target_comes_first(cohort: Bench) -> None:
    plans = [{"name": n, "changes": {"dose_mg": d, "interval_h": h}} for n, d, h in (("a", 1000, 12), ("b", 1500, 24))]
    head = run(cohort, 1, "what_if", model="vancomycin_goti2018", scenarios=plans).statements[0].text
    assert head.startswith("Within the target of 400-600: **b** (AUC24")


@pytest.mark.parametrize("egfr", [12.0, 30.0, 59.0, 90.0, 120.0])
def test_the_creatinine_of_an_egfr_is_the_equation_backwards(cohort: Bench, egfr: float) -> None:
    twin = cohort.twin
    who = {"age_years": 66, "sex": "female"}
    back = {
        o.name: o.value for o in twin.predict("creatinine_for_egfr", {**who, "target_egfr_ml_min_1_73m2": egfr}).outputs
    }
    forward = twin.predict("ckd_epi_2021_creatinine", {**who, "creatinine_mg_dl": back["creatinine"]}).outputs[0].value
    assert forward == pytest.approx(egfr, rel=1e-6)
    assert back["creatinine_si"] == pytest.approx(convert(back["creatinine"], "mg/dL", "umol/L", "creatinine"))


def test_a_share_of_the_blood_volume(cohort: Bench) -> None:
    outputs = run(cohort, 1, "calculate", model="blood_volume_nadler", inputs={"volume_ml": 500}).data["outputs"]
    found = {o["name"]: o["value"] for o in outputs}
    assert found["share_of_blood_volume"] == pytest.approx(500 / found["blood_volume"] / 10)


@pytest.mark.parametrize(
    ("period", "said"),
    [("in 2020", "**59 to 60 years**"), ("in March 2019", "**58 years**"), ("10 years ago", "**56 years**")],
)
def test_the_age_at_a_time(cohort: Bench, period: str, said: str) -> None:
    assert said in run(cohort, 6, "demographics", field="age", period=period).summary
