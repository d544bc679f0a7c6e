"""What-ifs: every value that the question states reaches the model, in its unit, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from agents.context import RunContext
from agents.embedded.planner import Planner, Setting
from agents.embedded.reading.figures import in_figures
from agents.embedded.supposing.suppositions import supposed
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


@pytest.mark.parametrize("question", ["has-bled if he moves to Spain"])
def test_a_condition_that_nothing_is_made_of_gives_no_score(cohort: Bench, question: str) -> None:
    answer = cohort.assistant.ask(cohort.patient_id(8), question, as_of=NOW)
    assert answer.refused and not answer.tool_calls and "Its inputs are" in answer.text


def test_an_auc_of_a_dose_without_a_drug_is_vancomycins(cohort: Bench) -> None:
    answer = cohort.assistant.ask(cohort.patient_id(1), "what would the AUC be on 1250 mg q12?", as_of=NOW)
    (call,) = [c for c in answer.tool_calls if c.name == "what_if"]
    assert call.arguments["inputs"] == {"dose_mg": 1250.0, "interval_h": 12.0}


@pytest.mark.parametrize(
    ("question", "conditions"),
    [
        ("vancomycin dosing options", {}),
        ("what regimen of vancomycin for AUC 450", {}),
        ("dosing plans for vancomycin if creatinine reaches 2", {"creatinine_mg_dl": {"value": 2.0, "unit": "mg/dL"}}),
    ],
)
def test_dosing_plans_are_put_side_by_side(
    cohort: Bench, planner: Planner, question: str, conditions: dict[str, Any]
) -> None:
    (call,) = planner.plan(question, RunContext(tools=cohort.context(1)).setting).calls
    assert (call.tool, call.arguments["drug"], call.arguments["propose"]) == ("compare_plans", "vancomycin", "all")
    assert call.arguments.get("conditions", {}) == conditions


# One wording a line; each is the same question as the first of its table in another grammar.
IN_MANY_GRAMMARS = {
    ("ckd_epi_2021_creatinine", "creatinine_mg_dl", 2.3): """eGFR at creatinine 2.3
        with a creatinine of 2.3, where does his GFR land?
        were the creatinine 2.3, what eGFR would that correspond to?
        should his creatinine reach 2.3, what will the eGFR be
        say creatinine hits 2.3, GFR?
        imagine the serum creatinine were 2.3 mg/dl. what would the estimated gfr come out at?
        creatinine two point three, gfr?
        take creatinine as 2.3 and work out eGFR
        Estimate GFR given creatinine 2.3.""",
    ("bmi", "weight_kg", 75.0): """bmi at 75 kilos
        75 kg: BMI?
        BMI should he get down to 75 kg
        goal weight 75 kg - what BMI is that
        take the weight as 75 kg; BMI please""",
    ("corrected_calcium", "albumin_g_dl", 2.4): """correct his calcium for an albumin of 2.4
        albumin 2.4: corrected calcium?
        albumin adjusted calcium using 2.4 for the albumin
        Ca corrected, albumin = 2.4
        corr ca w alb 2.4
        what does his calcium come to when corrected for albumin 2.4""",
    ("estimated_average_glucose", "hba1c_percent", 8.5): """A1c 8.5 = what average sugar
        what would his average sugars be running at with an a1c of 8.5
        glycated haemoglobin 8.5: estimated average glucose please""",
    ("a1c_from_average_glucose", "mean_glucose_mg_dl", 180.0): """what A1c is an average sugar of 180
        average glucose of 180, what A1c does that equal""",
    ("haemodynamics_ursino", "blood_loss_ml", 1000.0): """1 litre bleed - BP?
        if he bled a litre what would his BP do
        acute blood loss 1000ml - what's the BP
        suppose he drops 1000 mL, what does the haemodynamics look like""",
}  # fmt: skip
LESS_WEIGHT = (
    "BMI minus 8 kg", "8 kg lighter, what BMI?", "BMI with 8 kg off", "if we diurese 8 kg off him what does the BMI become",
    "take 8 kg off the last weight and recalculate BMI", "a loss of 8 kg would bring BMI to what", "BMI following 8 kg of weight loss",
    "bmi if he was 8 kg lighter than now", "he wants to lose 8 kg. what BMI would that give him",
)  # fmt: skip
# Near ones, of what was measured: none of them supposes anything.
OF_THE_RECORD = (
    "when was creatinine 2.3", "was his creatinine above 2.3 with egfr under 30", "which creatinine goes with the egfr of 65",
    "creatinine and egfr on 2026-03-12", "is his BMI over 30", "albumin and calcium", "latest A1c and average glucose in 2025",
    "how much blood was lost in the operation", "was 500 ml of saline given", "urine output dropped to 500 mL, what happens", "vanc 1 g q12 ordered when",
    "is vanc 1250 mg q12 what he's on", "eats 3 meals a day?", "systolic over 140 ever",
)  # fmt: skip


@pytest.fixture(scope="module")
def setting(crafted: Bench) -> Setting:
    context = RunContext(tools=crafted.context("units"))
    return Setting(NOW, People(own=frozenset(), others=frozenset()), context.record)


def _runs(planner: Planner, setting: Setting, question: str) -> list[tuple[str, dict[str, Any]]]:
    """Model and supposed inputs of each run that a question is planned as."""
    found = []
    for call in planner.plan(question, setting).calls:
        scenarios = call.arguments.get("scenarios") or [{}]
        changes = dict(call.arguments.get("inputs") or {}) | dict(scenarios[0].get("changes") or {})
        found.append((str(call.arguments.get("model", call.tool)), changes))
    return found


@pytest.mark.parametrize(
    ("model", "name", "value", "question"),
    [(*key, line.strip()) for key, lines in IN_MANY_GRAMMARS.items() for line in lines.splitlines()],
)
def test_the_grammar_does_not_matter(
    planner: Planner, setting: Setting, model: str, name: str, value: float, question: str
) -> None:
    ((run, changes),) = _runs(planner, setting, question)
    assert run == model and changes[name]["value"] == value
    assert set(changes) <= {name, "blood_loss_rate_ml_min"}


@pytest.mark.parametrize("question", LESS_WEIGHT)
def test_weight_that_is_lost(planner: Planner, setting: Setting, question: str) -> None:
    assert _runs(planner, setting, question) == [("bmi", {"weight_kg": {"add": -8.0}})]


@pytest.mark.parametrize("question", OF_THE_RECORD)
def test_questions_of_the_record_suppose_nothing(planner: Planner, setting: Setting, question: str) -> None:
    assert all(call.tool != "what_if" for call in planner.plan(question, setting).calls)


@pytest.mark.parametrize(
    ("question", "dose", "hours"),
    [
        ("vanc 1250 q12", 1250.0, 12.0),
        ("1.25 g vanc bd, trough?", 1250.0, 12.0),
        ("vancomycin one and a quarter grams every twelve hours AUC", 1250.0, 12.0),
        ("vanc dosing 1250mg/12h what auc", 1250.0, 12.0),
        ("what would his vanc level be on 1250 mg every 12 hrs", 1250.0, 12.0),
        ("start vanc at 1.25 g q24: what AUC24 would that get him", 1250.0, 24.0),
        ("vanc 15 mg/kg q12", {"per_kg": 15.0}, 12.0),
        ("vancomycin 45 mg/kg/day q8h, AUC?", {"per_kg": 15.0}, 8.0),
    ],
)
def test_doses_as_they_are_written(planner: Planner, setting: Setting, question: str, dose: Any, hours: float) -> None:
    assert _runs(planner, setting, question) == [("vancomycin_goti2018", {"dose_mg": dose, "interval_h": hours})]


@pytest.mark.parametrize(
    ("question", "inputs"),
    [
        ("75 g carb meal with no bolus", {"carbohydrate_g": 75.0, "insulin_bolus_units": 0.0}),
        ("what if she skips her insulin with a 60 g meal", {"carbohydrate_g": 60.0, "insulin_bolus_units": 0.0}),
        ("glucose after eating 45 g and taking 4 units", {"carbohydrate_g": 45.0, "insulin_bolus_units": 4.0}),
    ],
)
def test_meals(planner: Planner, setting: Setting, question: str, inputs: dict[str, float]) -> None:
    assert _runs(planner, setting, question) == [("glucose_insulin_bergman", inputs)]


def test_other_asks_beside_a_supposition_are_kept(planner: Planner, setting: Setting) -> None:
    for question in (
        "eGFR if creatinine 2.3, and what's his latest potassium?",
        "latest potassium and the eGFR if creatinine is 2.3",
    ):
        calls = planner.plan(question, setting).calls
        assert sorted(c.tool for c in calls) == ["latest", "what_if"]
    both = planner.plan("MELD and child pugh if bilirubin 6", setting).calls
    assert [c.arguments["model"] for c in both] == ["meld_3_0", "child_pugh"]
    (one,) = planner.plan("child-pugh with albumin 2.1 and bilirubin 4", setting).calls
    assert set(one.arguments["scenarios"][0]["changes"]) == {"albumin_g_dl", "bilirubin_mg_dl"}


@pytest.mark.parametrize(
    ("question", "model", "changes"),
    [
        ("cystatin c of 1.8, egfr", "ckd_epi_2012_cystatin", {"cystatin_c_mg_l": {"value": 1.8, "unit": "mg/L"}}),
        ("gfr by mdrd if creatinine 2", "mdrd", {"creatinine_mg_dl": {"value": 2.0, "unit": "mg/dL"}}),
        ("crcl if he's 82", "cockcroft_gault", {"age_years": {"value": 82.0, "unit": "a"}}),
        ("egfr if he were a woman", "ckd_epi_2021_creatinine", {"sex": "female"}),
        ("bmi at 12 stone", "bmi", {"weight_kg": {"value": 12.0, "unit": "[stone_av]"}}),
        ("how heavy would he be at BMI 25", "target_weight", {"target_bmi_kg_m2": 25.0}),
        ("has bled off aspirin", "has_bled", {"antiplatelet_or_nsaid": False}),
        ("has-bled if he had a GI bleed", "has_bled", {"bleeding_history": True}),
        ("how much would quitting smoking help his ascvd risk", "pce_2013", {"current_smoker": False}),
        ("what an A1c of 9 is in mg/dL", "estimated_average_glucose", {"hba1c_percent": {"value": 9.0, "unit": "%"}}),
        ("norepinephrine 0.1 mcg/kg/min effect on MAP", "haemodynamics_ursino", {"norepinephrine_ug_kg_min": {"value": 0.1, "unit": "ug/kg/min"}}),
        ("10 year ascvd risk if LDL dropped to 70", "pce_2013", {"total_cholesterol_mg_dl": {"with": {"ldl_mg_dl": {"value": 70.0, "unit": "mg/dL"}}}}),
    ],
)  # fmt: skip
def test_which_model_and_which_input(
    planner: Planner, setting: Setting, question: str, model: str, changes: dict[str, Any]
) -> None:
    assert _runs(planner, setting, question) == [(model, changes)]


@pytest.mark.parametrize("question", ["when will his eGFR reach 30", "how fast is his kidney function declining", "years until egfr 15"])  # fmt: skip
def test_progression_is_the_slope_and_no_creatinine(planner: Planner, setting: Setting, question: str) -> None:
    (call,) = planner.plan(question, setting).calls
    assert (call.tool, call.arguments["model"]) == ("calculate", "egfr_slope")


def test_a_supposed_ldl_moves_the_total_cholesterol(cohort: Bench) -> None:
    changes = {"total_cholesterol_mg_dl": {"with": {"ldl_mg_dl": {"value": 70.0, "unit": "mg/dL"}}}}
    inputs = {"total_cholesterol_mg_dl": 220, "hdl_mg_dl": 50, "systolic_bp_mmhg": 130}
    arguments = {"model": "pce_2013", "inputs": inputs, "scenarios": [{"changes": changes}]}
    for who in (1, 2, 3, 6, 9, 11):
        result = cohort.run(who, "what_if", arguments)
        if len(result.data.get("runs", ())) != 2:
            continue
        charted, moved = ({i["name"]: i["value"] for i in run["inputs"]} for run in result.data["runs"])
        ldl = cohort.run(who, "latest", {"concept": "ldl"}).data["value"]
        assert moved["total_cholesterol_mg_dl"] == pytest.approx(220 - (ldl - 70), abs=0.01)
        assert charted["total_cholesterol_mg_dl"] == 220
        return
    pytest.fail("no patient of the cohort has an LDL and the rest of the equation")


def test_bare_urea_is_read_in_both_units(planner: Planner, setting: Setting) -> None:
    (call,) = planner.plan("curb-65 with a urea of 25", setting).calls
    assert [s["name"] for s in call.arguments["scenarios"]] == ["with urea 25 mmol/L", "with urea 25 mg/dL"]
    values = [s["changes"]["bun_mg_dl"] for s in call.arguments["scenarios"]]
    assert values[0]["value"] == 25.0 and values[0]["unit"] == "mmol/L"
    assert values[1]["value"] == pytest.approx(25 * 28.014 / 60.056, abs=0.01) and values[1]["unit"] == "mg/dL"


def test_the_answer_begins_with_what_was_asked(cohort: Bench) -> None:
    for question, words in (
        ("what would his eGFR be with a creatinine of 2.3", "with serum creatinine 2.3 mg/dL: Estimated GFR"),
        ("vanc 1 g q12, trough?", "Trough at steady state"),
        ("heart rate if he loses 1.5 L of blood?", "Heart rate at the end"),
    ):
        answer = cohort.assistant.ask(cohort.patient_id(1), question, as_of=NOW)
        assert words in answer.text.split(". ")[0].splitlines()[0]


def test_a_dose_per_kilogram_is_worked_out_from_the_charted_weight(cohort: Bench) -> None:
    answer = cohort.assistant.ask(cohort.patient_id(1), "gentamicin 5 mg/kg daily, peak?", as_of=NOW)
    assert "as asked: 5 mg/kg × 85.1 kg" in answer.text and "425.5 mg" in answer.text


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("a litre and a half", "1.5 litre"),
        ("seven hundred and fifty mls", "750 mls"),
        ("half a litre", "0.5 litre"),
        ("creatinine of two point four", "creatinine of 2.4"),
        ("every twelve hours", "every 12 hours"),
        ("two visits in the last three years", "two visits in the last three years"),
        ("a low haemoglobin, one more thing", "a low haemoglobin, one more thing"),
    ],
)
def test_amounts_in_words(text: str, figures: str) -> None:
    assert in_figures(text) == figures
