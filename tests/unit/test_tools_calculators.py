"""Calculators and simulations fed from the chart: inputs with their source, the missing named, the domain kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import pytest

from domain.predictions import ModelRun
from tests.conftest import Bench
from tools.outcome import FinalToolError, RetryableToolError
from tools.twin.covariates import covariate

CALCULATED = [
    (4, "ckd_epi_2021_creatinine", "**57 mL/min/1.73 m²", {"age_years", "sex", "creatinine_mg_dl"}),
    (
        6,
        "ckd_epi_2021_creatinine",
        "**29 mL/min/1.73 m²",
        {"age_years", "sex", "creatinine_mg_dl"},
    ),  # from umol/L; the laboratory says 29
    (4, "bmi", "**22.9 kg/m²", {"weight_kg", "height_cm"}),
    (4, "cha2ds2_vasc", "**5 points", {"age_years", "hypertension"}),
    (2, "pce_2013", "**5.2%", {"systolic_bp_mmhg", "hdl_mg_dl"}),
    (7, "fib4", "**7.46", {"ast_u_l", "alt_u_l"}),
    (7, "meld", "**20 points", {"inr"}),
]


@pytest.mark.parametrize(("who", "model", "shown", "inputs"), CALCULATED)
def test_from_the_newest_values_of_the_chart(cohort: Bench, who: int, model: str, shown: str, inputs: set[str]) -> None:
    result = cohort.run(who, "calculate", {"model": model})
    assert result.found and shown in result.statements[0].text
    assert inputs <= {i["name"] for i in result.data["inputs"]} or model in {"fib4"}
    run_ref = result.statements[0].evidence[0].ref
    saved = cohort.store.run(cohort.patient_id(who), run_ref.removeprefix("Run/"))
    assert isinstance(saved, ModelRun) and saved.id == result.data["id"]
    for used in saved.inputs:
        assert used.origin != "resource" or (
            used.evidence is not None and cohort.store.resolve(cohort.patient_id(who), used.evidence.ref)
        )
    assert "(source: " in result.summary


def test_a_birthday_changes_a_score(cohort: Bench) -> None:
    before, after = (datetime(2026, 8, d, 12, tzinfo=UTC) for d in (29, 30))
    assert "**4 points" in cohort.run(4, "calculate", {"model": "cha2ds2_vasc"}, before).summary
    assert "**5 points" in cohort.run(4, "calculate", {"model": "cha2ds2_vasc"}, after).summary


def test_what_is_taken_as_absent_is_said(cohort: Bench) -> None:
    result = cohort.run(4, "calculate", {"model": "cha2ds2_vasc"})
    assert "Assumed absent because the record does not mention them: heart failure" in result.summary
    assert any("Diabetes mellitus: not mentioned" in w for w in result.warnings)


MISSING = [
    (4, "meld", {"total bilirubin", "serum sodium", "serum albumin"}, "INR 1.6"),
    (11, "ckd_epi_2021_creatinine", {"serum creatinine"}, "age 9 years"),
    (4, "anion_gap", {"serum sodium", "serum chloride", "serum bicarbonate"}, ""),
    (12, "curb_65", {"respiratory rate"}, ""),
]


@pytest.mark.parametrize(("who", "model", "names", "available"), MISSING)
def test_missing_inputs_are_all_named(cohort: Bench, who: int, model: str, names: set[str], available: str) -> None:
    result = cohort.run(who, "calculate", {"model": model})
    assert (
        not result.found and result.data["missing"] and "cannot be calculated: **missing " in result.statements[0].text
    )
    assert all(name in result.statements[0].text for name in names)
    assert available in result.summary and "Looked at" in result.summary and result.looked_at


DECLINED = [
    (11, "pce_2013", {}, "outside_model_domain", "age_years 9 years is outside 40 to 79"),
    (4, "bmi", {"height_cm": -3}, "invalid_input", "outside 30 to 272"),
    (4, "bmi", {"weight_kg": "heavy"}, "invalid_input", "must be a number in kg"),
    (4, "bmi", {"weight_kg": 1e9}, "invalid_input", "outside"),
    (4, "bmi", {"weight_kg": {"value": 80, "unit": "furlong"}}, "invalid_input", "furlong"),
]


@pytest.mark.parametrize(("who", "model", "inputs", "kind", "why"), DECLINED)
def test_a_model_declines_rather_than_clamps(
    cohort: Bench, who: int, model: str, inputs: dict[str, Any], kind: str, why: str
) -> None:
    result = cohort.run(who, "calculate", {"model": model, "inputs": inputs})
    assert not result.found and result.data["declined"] == kind
    assert " declines: " in result.summary and why in result.summary and result.evidence == ()


def test_stated_inputs_override_the_chart_and_say_so(cohort: Bench) -> None:
    result = cohort.run(4, "calculate", {"model": "bmi", "inputs": {"weight_kg": {"value": 176.37, "unit": "[lb_av]"}}})
    assert "**25.8 kg/m²" in result.summary and "(as asked)" in result.summary
    assert not any("weight" in e.ref for e in result.evidence)


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("calculate", {"model": "zzz"}, "no twin model has this id; the catalogue lists all"),
        ("calculate", {"model": "chadsvask"}, "no twin model has this id; did you mean cha2ds2_vasc"),
        ("calculate", {"model": "bmi", "inputs": {"zzz": 3}}, "bmi has no input zzz; it takes weight_kg"),
        ("calculate", {"model": "bmi", "inputs": [1]}, "inputs"),
        ("calculate", {}, "model: Field required"),
        ("what_if", {"model": "bmi"}, "scenarios: Field required"),
        ("calculate", {"model": "bmi", "inputs": {"weight_kg": float("nan")}}, None),
        ("calculate", {"model": "bmi", "inputs": {"weight_kg": {"v": 1}}}, None),
        ("calculate", {"model": "bmi", "inputs": {"weight_kg": None}}, None),
        ("calculate", {"model": "bmi", "inputs": {"weight_kg": {"value": "heavy"}}}, None),
        ("what_if", {"model": "bmi", "scenarios": [{"changes": "x"}]}, None),
        ("what_if", {"model": "bmi", "scenarios": [{"changes": {"weight_kg": [1]}}]}, None),
        ("what_if", {"model": "pce_2013", "scenarios": [{"changes": {"nope": 1}}]}, None),
    ],
)
def test_arguments_to_correct(cohort: Bench, tool: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((RetryableToolError, FinalToolError), match=message) as caught:
        cohort.run(2 if "pce" in str(arguments) else 4, tool, arguments)
    assert caught.value.retryable


def test_what_if_against_the_baseline(cohort: Bench) -> None:
    result = cohort.run(
        2, "what_if", {"model": "pce_2013", "scenarios": [{"name": "SBP 120", "changes": {"systolic_bp_mmhg": 120}}]}
    )
    base, changed = (r["outputs"][0]["value"] for r in result.data["runs"])
    assert changed < base
    assert f"SBP 120 changes 10-year ASCVD risk by {round(changed - base, 2):g} %." in result.summary
    assert len({e.ref for e in result.evidence if e.ref.startswith("Run/")}) == 2


def test_a_change_relative_to_the_chart(cohort: Bench) -> None:
    result = cohort.run(
        4, "what_if", {"model": "bmi", "scenarios": [{"name": "10 kg less", "changes": {"weight_kg": {"add": -10}}}]}
    )
    values = [r["outputs"][0]["value"] for r in result.data["runs"]]
    assert values[1] == pytest.approx(values[0] * 61 / 71, rel=0.01)
    nothing = cohort.run(
        11,
        "what_if",
        {"model": "ckd_epi_2021_creatinine", "scenarios": [{"changes": {"creatinine_mg_dl": {"add": 1}}}]},
    )
    assert not nothing.found and "missing serum creatinine" in nothing.statements[0].text


def test_a_slope_is_of_values_outside_hospital(cohort: Bench) -> None:
    """Patient 1 had an acute kidney injury in hospital; its values are no decline."""
    result = cohort.run(1, "calculate", {"model": "egfr_slope"})
    values, _ = (i["value"] for i in result.data["inputs"][:2])
    assert [round(v) for v in values] == [92, 86]
    assert "8 of hospital stays left out" in " ".join(s.text for s in result.statements)


def test_the_calibration_of_a_risk_follows_the_country(cohort: Bench) -> None:
    result = cohort.run(
        1, "calculate", {"model": "kfre_4_variable", "inputs": {"uacr_mg_g": 300, "egfr_ml_min_1_73m2": 40}}
    )
    region = next(i for i in result.data["inputs"] if i["name"] == "region")
    assert region["value"] == "north_america" and region["origin"] == "resource"


def test_a_simulation_without_a_full_baseline_runs_alone(cohort: Bench) -> None:
    doses = [{"name": f"{d} mg", "changes": {"dose_mg": d, "interval_h": 12}} for d in (750, 1500)]
    result = cohort.run(1, "what_if", {"model": "vancomycin_goti2018", "scenarios": doses})
    low, high = (next(o["value"] for o in r["outputs"] if o["name"].startswith("auc24")) for r in result.data["runs"])
    assert high == pytest.approx(2 * low, rel=0.02)  # dose proportional
    [plot] = result.artifacts
    assert plot["kind"] == "simulation" and len(plot["runs"]) == 2
    again = cohort.run(1, "what_if", {"model": "vancomycin_goti2018", "scenarios": doses})
    assert again.summary == result.summary


def test_every_model_answers_for_every_patient(cohort: Bench) -> None:
    """A number with its run, or what is missing, or why not: never anything else."""
    models = [card.id for card in cohort.twin.catalogue()]
    assert len(models) > 100
    for who in (2, 7, 11, 12):
        for model in models:
            result = cohort.run(who, "calculate", {"model": model})
            has_run = any(e.ref.startswith("Run/") for e in result.evidence)
            assert has_run is result.found
            assert result.found or result.data.get("missing") or result.data.get("declined"), model


def test_abbreviations_keep_their_capitals(cohort: Bench) -> None:
    assert "hDL" not in cohort.run(2, "calculate", {"model": "pce_2013"}).summary


def test_a_calculator_over_a_note_cites_the_note_and_names_what_came_from_the_record(cohort: Bench) -> None:
    result = cohort.run(2, "calculate_from_note", {"question": "What is the eGFR by CKD-EPI 2021?"})
    assert result.found and result.data["calculator"] == "ckd_epi_2021_creatinine"
    origins = {item["name"]: item["origin"] for item in result.data["inputs"]}
    assert set(origins.values()) <= {"note", "derived", "record"}
    spans = [item for item in result.data["inputs"] if item["span"]]
    assert {e.ref.partition("#")[0] for e in result.evidence if e.ref.startswith("Note/")} or not spans


def test_a_calculator_over_a_note_knows_the_notes_of_this_patient_only(cohort: Bench) -> None:
    with pytest.raises(RetryableToolError, match="no such note"):
        cohort.run(2, "calculate_from_note", {"question": "eGFR?", "note": "someone-elses"})


@pytest.mark.parametrize(
    ("model", "value", "origin"),
    [
        ("mdrd", "other", "resource"),
        ("iwpc_warfarin_dose", "asian", "resource"),
        ("pce_2013", "white", "guideline_default"),
    ],
)
def test_a_recorded_race_is_read_as_each_model_knows_it(cohort: Bench, model: str, value: str, origin: str) -> None:
    """The chart says Asian: PCE's guideline names the equations to use; other models have a group for it."""
    wanted = next(spec for spec in cohort.twin.describe(model).inputs if spec.name == "race")
    found = covariate(cohort.context(5), wanted)
    assert found is not None and (found.value, found.origin) == (value, origin)
    assert ("guideline suggests" in found.note) == (model == "pce_2013")


def test_every_source_of_an_input_is_known_to_the_vocabulary_and_to_a_model(cohort: Bench) -> None:
    sources = json.loads(resources.files("tools").joinpath("data/covariates.json").read_text(encoding="utf-8"))
    vocabulary = cohort.context(1).lexicon.vocabulary
    inputs = {spec.name: spec for card in cohort.twin.catalogue() for spec in card.inputs}
    for name, concept in sources["numbers"].items():
        assert vocabulary.get("observation", concept) is not None, concept
        assert inputs[name].kind in ("number", "integer")
