"""What-ifs: every value that the question states reaches the model, in its unit, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from agents.context import RunContext
from agents.embedded.planner import Planner, Setting
from agents.embedded.suppositions import supposed
from agents.guards import People
from agents.models import build_embedded_model
from knowledge_base.embedding import build_embedder
from tests.conftest import Bench

NOW = datetime(2026, 11, 10, tzinfo=UTC)

STATED: list[tuple[str, str, dict[str, Any]]] = [
    ("ckd_epi_2021_creatinine", "if her creatinine came back at 140 micromol/L, what eGFR is that", {"creatinine_mg_dl": {"value": 140.0, "unit": "umol/L"}}),
    ("ckd_epi_2021_creatinine", "suppose Cr goes to 2.4, eGFR then?", {"creatinine_mg_dl": {"value": 2.4, "unit": "mg/dL"}}),
    ("ckd_epi_2021_creatinine", "eGFR if creatinine were 230", {"creatinine_mg_dl": {"value": 230.0, "unit": "umol/L"}}),
    ("ckd_epi_2021_creatinine", "gfr supposing the creatinine doubles", {"creatinine_mg_dl": {"times": 2.0}}),
    ("ckd_epi_2021_creatinine", "eGFR if creatinine rises by 0.5", {"creatinine_mg_dl": {"add": 0.5}}),
    ("ckd_epi_2021_creatinine", "eGFR if creatinine falls by 20%", {"creatinine_mg_dl": {"times": 0.8}}),
    ("estimated_average_glucose", "what average glucose would an A1c of 10 mean?", {"hba1c_percent": {"value": 10.0, "unit": "%"}}),
    ("corrected_calcium", "adjusted calcium with an albumin of 22 g/L", {"albumin_g_dl": {"value": 22.0, "unit": "g/L"}}),
    ("corrected_calcium", "corrected calcium if albumin was 2.2 and calcium 8", {"albumin_g_dl": {"value": 2.2, "unit": "g/dL"}, "calcium_mg_dl": {"value": 8.0, "unit": "mg/dL"}}),
    ("bmi", "what would her BMI be after losing 8 kg?", {"weight_kg": {"add": -8.0}}),
    ("bmi", "BMI if he put on 5 kilos", {"weight_kg": {"add": 5.0}}),
    ("bmi", "bmi if she lost 10% of her weight", {"weight_kg": {"times": 0.9}}),
    ("bmi", "if he weighed 65 kg what would the BMI be", {"weight_kg": {"value": 65.0, "unit": "kg"}}),
    ("cockcroft_gault", "Cockcroft-Gault if the creatinine went to 2.1 mg/dL", {"creatinine_mg_dl": {"value": 2.1, "unit": "mg/dL"}}),
    ("cockcroft_gault", "CrCl if she were 80", {"age_years": {"value": 80.0, "unit": "a"}}),
    ("pce_2013", "10 year risk if he stopped smoking", {"current_smoker": False}),
    ("pce_2013", "ascvd risk with a systolic of 120", {"systolic_bp_mmhg": {"value": 120.0, "unit": "mm[Hg]"}}),
    ("haemodynamics_ursino", "she loses 1.5 L of blood over 30 min", {"blood_loss_ml": {"value": 1500.0, "unit": "mL"}, "blood_loss_rate_ml_min": {"value": 50.0, "unit": "mL/min"}}),
]  # fmt: skip
NOTHING = [
    ("ckd_epi_2021_creatinine", "what happens to metformin if eGFR is confirmed below 30"),
    ("ckd_epi_2021_creatinine", "what is her eGFR"),
    ("bmi", "BMI today"),
]


@pytest.fixture(scope="module")
def planner(crafted: Bench) -> Planner:
    return build_embedded_model(
        crafted.twin, cast(Any, build_embedder()), cache_dir=crafted.store.data_dir / "cache"
    ).planner


def _supposed(planner: Planner, model: str, text: str) -> dict[str, Any]:
    reader = planner.reader
    return supposed(text, reader.models.cards[model], reader.read(text, NOW), reader.lexicon)


@pytest.mark.parametrize(("model", "text", "inputs"), STATED)
def test_stated_values_are_taken(planner: Planner, model: str, text: str, inputs: dict[str, Any]) -> None:
    assert _supposed(planner, model, text) == inputs


@pytest.mark.parametrize(("model", "text"), NOTHING)
def test_limits_and_plain_questions_state_nothing(planner: Planner, model: str, text: str) -> None:
    assert _supposed(planner, model, text) == {}


def test_an_assumed_rate_is_called_assumed(planner: Planner) -> None:
    found = _supposed(planner, "haemodynamics_ursino", "simulate a 750 ml haemorrhage")
    assert found["blood_loss_ml"] == {"value": 750.0, "unit": "mL"}
    assert "assumed" in found["blood_loss_rate_ml_min"]


@pytest.mark.parametrize(
    ("question", "model"),
    [
        ("suppose Cr goes to 2.4, eGFR then?", "ckd_epi_2021_creatinine"),
        ("what average glucose would an A1c of 8 mean?", "estimated_average_glucose"),
        ("if A1c is 9 what's the mean glucose", "estimated_average_glucose"),
        ("BP after a 1 litre bleed?", "haemodynamics_ursino"),
        ("corrected calcium if albumin was 2.2?", "corrected_calcium"),
        ("what would his BMI be if he weighed 70 kg", "bmi"),
    ],
)
def test_a_supposition_is_run_and_not_looked_up(crafted: Bench, planner: Planner, question: str, model: str) -> None:
    context = RunContext(tools=crafted.context("units"))
    setting = Setting(NOW, People(own=frozenset(), others=frozenset()), context.record)
    plan = planner.plan(question, setting)
    assert [(c.tool, c.arguments["model"]) for c in plan.calls] == [("what_if", model)]


UNDER_A_CONDITION = [
    (8, "what if bp was 85/50 - curb 65?", "curb_65", {"systolic_bp_mmhg": {"value": 85.0, "unit": "mm[Hg]"}, "diastolic_bp_mmhg": {"value": 50.0, "unit": "mm[Hg]"}}),
    (8, "curb-65 with a BUN of 25", "curb_65", {"bun_mg_dl": {"value": 25.0, "unit": "mg/dL"}}),
    (9, "has-bled if he takes ibuprofen", "has_bled", {"antiplatelet_or_nsaid": True}),
    (4, "has-bled if he stops his aspirin", "has_bled", {"antiplatelet_or_nsaid": False}),
    (7, "meld-na with sodium 125", "meld_na", {"sodium_meq_l": {"value": 125.0, "unit": "meq/L"}}),
    (4, "supposing systolic came down to 120, 10 year risk?", "pce_2013", {"systolic_bp_mmhg": {"value": 120.0, "unit": "mm[Hg]"}}),
]  # fmt: skip


@pytest.mark.parametrize(("who", "question", "model", "changes"), UNDER_A_CONDITION)
def test_a_score_under_a_condition_is_run_under_it(
    cohort: Bench, who: int, question: str, model: str, changes: dict[str, Any]
) -> None:
    answer = cohort.assistant.ask(cohort.patient_id(who), question, as_of=NOW)
    (call,) = [c for c in answer.tool_calls if c.name == "what_if"]
    assert call.arguments["model"] == model
    assert [s["changes"] for s in call.arguments["scenarios"]] == [changes]


@pytest.mark.parametrize("question", ["curb-65 with a urea of 25", "has-bled if he moves to Spain"])
def test_a_condition_that_nothing_is_made_of_gives_no_score(cohort: Bench, question: str) -> None:
    answer = cohort.assistant.ask(cohort.patient_id(8), question, as_of=NOW)
    assert answer.refused and not answer.tool_calls and "Its inputs are" in answer.text


def test_an_auc_of_a_dose_without_a_drug_is_vancomycins(cohort: Bench) -> None:
    answer = cohort.assistant.ask(cohort.patient_id(1), "what would the AUC be on 1250 mg q12?", as_of=NOW)
    (call,) = [c for c in answer.tool_calls if c.name == "what_if"]
    assert call.arguments["inputs"] == {"dose_mg": 1250.0, "interval_h": 12.0}
