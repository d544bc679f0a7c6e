"""From a note and a question to an answer: the right calculator, the right values with their spans, and abstention."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tools.calculation import Calculated, Used, calculate_from_note
from tools.calculation.calculate import _default
from tools.calculation.questions import Ask, aliases_of, ask_of
from tools.calculation.special_dates import read_date
from tools.calculation.special_doses import per_day

WORDINGS = json.loads(
    (Path(__file__).parents[1] / "data" / "calculation" / "question_wordings.json").read_text(encoding="utf-8")
)
MAN = "A 70-year-old man, weight 80 kg, height 175 cm, was seen with fatigue. "


def given(answer: Calculated) -> dict[str, Used]:
    return {item.name: item for item in answer.inputs}


@pytest.mark.parametrize(
    ("question", "model", "output"),
    [
        ("What is the patient's CHA2DS2-VASc score?", "cha2ds2_vasc", ""),
        ("What is his risk of stroke in AF?", "cha2ds2_vasc", ""),
        ("Using the Fridericia formula, what is the corrected QT interval?", "qtc", "qtc_fridericia"),
        ("QTc, please", "qtc", "qtc_bazett"),
        ("What is the albumin corrected delta gap in mEq/L?", "delta_gap", "delta_gap_corrected"),
        ("delta gap?", "delta_gap", "delta_gap"),
        ("Anion gap corrected for albumin?", "anion_gap", "anion_gap_corrected"),
        ("What is the quick SOFA?", "qsofa", ""),
        ("Using the MDRD GFR equation, what is the glomerular filtration rate?", "mdrd", ""),
        ("Estimate eGFR", "ckd_epi_2021_creatinine", ""),
        ("What is the Wells score for DVT?", "wells_dvt", ""),
        ("Wells criteria for pulmonary embolism", "wells_pe", ""),
        ("NEWS2?", "news2", ""),
    ],
)
def test_the_calculator_is_chosen_by_the_words_of_the_question(question: str, model: str, output: str) -> None:
    assert ask_of(question, aliases_of(_default()._twin)) == Ask(model, output)


@pytest.mark.parametrize("wanted", WORDINGS["wordings"])
def test_every_calculator_is_found_under_more_than_120_wordings(wanted: str) -> None:
    model, _, output = wanted.partition("|")
    aliases = aliases_of(_default()._twin)
    questions = [frame.format(name) for name in WORDINGS["wordings"][wanted] for frame in WORDINGS["frames"]]
    assert len(questions) >= 120
    asked = {question: ask_of(question, aliases) for question in questions}
    assert not {q: ask for q, ask in asked.items() if not ask or ask.model != model or (ask.output or output) != output}


@pytest.mark.parametrize("question", WORDINGS["other"])
def test_a_question_for_something_else_is_for_no_calculator(question: str) -> None:
    assert ask_of(question, aliases_of(_default()._twin)) is None


def test_typographic_dashes_quotes_and_digits_do_not_matter() -> None:
    aliases = aliases_of(_default()._twin)
    assert ask_of("CHA\u2082DS\u2082\u2011VASc?", aliases) == Ask("cha2ds2_vasc", "")
    assert ask_of("Wells\u2019 score for PE", aliases) == Ask("wells_pe", "")


def test_a_question_about_no_calculator_gets_no_answer() -> None:
    answer = calculate_from_note(MAN, "What did he have for breakfast?")
    assert answer.answer is None and answer.reason


def test_every_input_quotes_the_words_that_hold_it() -> None:
    text = MAN + "Creatinine 1.4 mg/dL."
    answer = calculate_from_note(text, "What is his creatinine clearance?")
    assert answer.answer == pytest.approx((140 - 70) * 80 / (72 * 1.4))
    for item in answer.inputs:
        assert item.span and text[slice(*item.span)] == item.quote
    assert "1.4" in given(answer)["creatinine_mg_dl"].quote
    assert "doi:10.1159/000180580" in answer.source


def test_a_value_in_another_unit_is_shown_as_stated_and_converted() -> None:
    item = given(calculate_from_note(MAN + "Creatinine 124 µmol/L.", "creatinine clearance"))["creatinine_mg_dl"]
    assert (item.value, item.unit) == (124, "umol/L")
    assert item.taken == pytest.approx(1.403, abs=0.002)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("On arrival creatinine was 2.1 mg/dL. On day 5 creatinine was 1.0 mg/dL.", 2.1),
        ("Her baseline creatinine is 0.9 mg/dL. On admission creatinine was 2.4 mg/dL.", 2.4),
        ("Six months earlier creatinine was 0.8 mg/dL; now creatinine 3.0 mg/dL.", 3.0),
        ("Urine creatinine 60 mg/dL. Serum creatinine 1.8 mg/dL.", 1.8),
        ("Creatinine had increased from 0.7 to 1.9 mg/dL. Creatinine was 2.6 mg/dL in our clinic.", 1.9),
        ("A clinic letter gave a creatinine of 0.8 mg/dL three weeks earlier. Today creatinine 2.2 mg/dL.", 2.2),
        ("A month-old panel documented creatinine 0.9 mg/dL. Labs prior to any fluids: creatinine 1.7 mg/dL.", 1.7),
        ("In hospital creatinine peaked at 5.1 mg/dL. On arrival creatinine was 3.3 mg/dL.", 3.3),
        ("At the age of 41 years creatinine was 0.9 mg/dL. Creatinine is 1.6 mg/dL.", 1.6),
        ("She is seen when creatinine is over 4 mg/dL. Creatinine 2.9 mg/dL.", 2.9),
    ],
)
def test_the_value_on_arrival_is_taken(text: str, value: float) -> None:
    answer = calculate_from_note("A 50-year-old woman came with vomiting. " + text, "What is the eGFR by CKD-EPI 2021?")
    assert given(answer)["creatinine_mg_dl"].value == value


def test_values_that_were_not_taken_are_shown() -> None:
    text = "A 50-year-old woman. Creatinine 2.1 mg/dL on arrival. Creatinine 1.0 mg/dL at discharge."
    assert any("1.0" in other for other in given(calculate_from_note(text, "eGFR?"))["creatinine_mg_dl"].others)


def test_an_equation_with_a_missing_input_abstains_and_names_it() -> None:
    answer = calculate_from_note("A 50-year-old man. Sodium 140, chloride 100.", "What is the anion gap?")
    assert answer.answer is None and answer.missing == ("bicarbonate_meq_l",)


def test_a_note_without_any_input_is_an_abstention() -> None:
    assert calculate_from_note("The patient slept well.", "What is the SIRS count?").answer is None


def test_a_child_is_declined_where_the_equation_was_made_in_adults() -> None:
    answer = calculate_from_note("A 7-year-old boy, creatinine 0.5 mg/dL.", "eGFR by CKD-EPI?")
    assert answer.answer is None and "7" in answer.reason


@pytest.mark.parametrize(
    ("text", "kg"),
    [
        ("A 9-kg infant girl of 8 months was admitted.", 9),
        ("A 20-year-old man (1.75 m tall and 76 kg) was admitted.", 76),
        ("A 67-year-old woman, 55 kg, was admitted.", 55),
        ("A 40-year-old man was 5'7\" and weighed 150 lb.", 68.04),
    ],
)
def test_a_weight_without_its_name(text: str, kg: float) -> None:
    weight = given(calculate_from_note(text, "What is the maintenance fluid rate?"))["weight_kg"]
    assert weight.taken == pytest.approx(kg, abs=0.05)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("A 50-year-old man (weight 71 kg, height 1,68 m).", "height_cm", 168),
        ("A 50-year-old man. Height 1.68 cm, weight 71 kg.", "height_cm", 168),
        ("A 50-year-old man. BMI 24 (body weight/body height = 68 kg/168 cm).", "height_cm", 168),
        ("A 20-year-old man of 64 kg is 161 cm tall; his mid-parental height of 177 cm is above.", "height_cm", 161),
        ("His weight, steady for ten years, was 52 kg. His height was 160 cm.", "weight_kg", 52),
        ("A newborn boy with a birth weight of 3150 gm and length 51 cm.", "weight_kg", 3.15),
        ("A 5-month-old girl, birth weight 3100 g and length 50 cm. She weighed 6.4 kg and was 64 cm long.", "height_cm", 64),
        ("A 36-year-old man hurt himself lifting a box weighing 40 pounds. Weight: 88 kg, height: 1.80 m.", "weight_kg", 88),
        ("A 4-year-old boy. At the age of 1 year his weight was 9 kg. Weight 15 kg, height 100 cm.", "weight_kg", 15),
    ],
)  # fmt: skip
def test_sizes_in_odd_places(text: str, name: str, value: float) -> None:
    assert given(calculate_from_note(text, "What is the BSA?"))[name].taken == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "question", "name", "value"),
    [
        ("Sodium 139 mEq/L, chlorine 103 mEq/L, bicarbonate 21 mEq/L.", "anion gap", "chloride_meq_l", 103),
        ("Serum Na/K/Cl, 137/4.4/101 mEq/L; HCO3 20 mmol/L.", "anion gap", "sodium_meq_l", 137),
        ("Na-134mmol/L, Cl-101mmol/L, HCO3-22mmol/L.", "anion gap", "sodium_meq_l", 134),
        ("Blood urine nitrogen 44 mg/dL, sodium 131 mmol/L, glucose 410 mg/dL.", "serum osmolality", "bun_mg_dl", 44),
        ("A 60-year-old man. Serum creatine was 2.4 mg/dl.", "CKD-EPI eGFR", "creatinine_mg_dl", 2.4),
        ("Total cholesterol 201, triglycerides 99, high density lipoproteins 44.", "LDL", "hdl_mg_dl", 44),
    ],
)
def test_values_under_other_names_are_read_with_their_quote(text: str, question: str, name: str, value: float) -> None:
    item = given(calculate_from_note(text, question))[name]
    assert item.taken == value and item.span
    assert text[slice(*item.span)] == item.quote and f"{value:g}" in item.quote


@pytest.mark.parametrize(
    ("text", "question", "name", "value"),
    [
        ("AST was 900 U/L (normal range 5 to 40), ALT of 850 U/L. Later ALT peaked at 1500 U/L.", "FIB-4", "alt_u_l", 850),
        ("Hypoproteinemia (4.9 g/dL) and hypoalbuminemia (1.8 g/dL); calcium 7.9 mg/dL.", "corrected calcium",
         "albumin_g_dl", 1.8),
        ("Capillary glucose was 131 mg/dL; fasting plasma glucose 122 mg/dL and insulin 14 uIU/mL.", "HOMA-IR",
         "fasting_glucose_mg_dl", 122),
        ("Calcium 7.2 mg/dL, albumin 2.6 mg/dl.", "corrected calcium", "albumin_g_dl", 2.6),
        ("Serum sodium 128 mEq/L. Spot urine chemistry was sent; it returned with a sodium concentration of 22 mEq/L.",
         "FENa", "urine_sodium_meq_l", 22),
        ("A plasma sodium of 138 mEq/L and serum creatinine of 0.8 mg/dL were noted a month ago. Plasma sodium 150 mEq/L.",
         "FENa", "sodium_meq_l", 150),
        ("He had put on weight (9 kg). Height 1.70 m, weight 92 kg.", "BMI", "weight_kg", 92),
    ],
)  # fmt: skip
def test_the_right_one_of_several_values(text: str, question: str, name: str, value: float) -> None:
    assert given(calculate_from_note("A 50-year-old woman. " + text, question))[name].taken == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "sex"),
    [
        ("The uterus was enlarged.", "female"),
        ("Prostatic biopsy was normal.", "male"),
        ("A uterine mass lay beside the testicular graft.", None),
    ],
)
def test_sex_by_organs_where_nothing_else_tells_it(text: str, sex: str | None) -> None:
    found = given(calculate_from_note("A 50-year-old patient, creatinine 1.1 mg/dL. " + text, "eGFR")).get("sex")
    assert (found.value if found else None) == sex


def test_a_value_of_urine_or_a_muscle_enzyme_is_no_serum_creatinine() -> None:
    text = "A 60-year-old man. Urine creatine 95 mg/dL. Creatine kinase 2.1 mg/dL."
    assert "creatinine_mg_dl" not in given(calculate_from_note(text, "CKD-EPI eGFR"))


@pytest.mark.parametrize("text", ["chloride (" * 4000, "na/k/" * 6000, "blood sugar " * 4000, "weight 1,7 " * 3000])
def test_long_repetitive_text_stays_fast(text: str) -> None:
    start = time.perf_counter()
    calculate_from_note("A 50-year-old man. " + text, "What is the anion gap?")
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("text", ["He lost 7 kg in a month.", "A 10-kg weight loss was noted.", "She gained 5 kg."])
def test_a_change_of_weight_is_no_weight(text: str) -> None:
    assert "weight_kg" not in given(calculate_from_note("A 60-year-old. " + text, "maintenance fluid rate"))


def test_a_birth_weight_gives_way_to_the_present_one() -> None:
    text = "A 3-year-old boy, born at term weighing 3,500 g, now has a weight of 14 kg and a height of 95 cm."
    assert given(calculate_from_note(text, "What is the BSA?"))["weight_kg"].taken == 14


def test_dates_of_pregnancy_come_in_the_format_that_is_asked_for() -> None:
    text = "Her last menstrual period was on 03/04/2023. Her cycle length is 30 days."
    us = calculate_from_note(text, "What is the estimated due date? Answer in the format of M/D/Y.")
    assert us.answer == "12/11/2023"
    assert calculate_from_note(text, "What is the estimated due date?").answer == "2023-12-11"


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("3/4/2023", "2023-03-04"),
        ("2023-3-4", "2023-03-04"),
        ("march 4, 2023", "2023-03-04"),
        ("4 mar 2023", "2023-03-04"),
    ],
)
def test_dates_are_read(text: str, iso: str) -> None:
    found = read_date(text)
    assert found and found.isoformat() == iso


def test_an_impossible_date_is_none() -> None:
    assert read_date("13/45/2023") is None


def test_steroids_convert_to_the_one_that_is_asked_for() -> None:
    answer = calculate_from_note(
        "He takes prednisone 20 mg daily.", "What is the equivalent dosage in mg of hydrocortisone?"
    )
    assert answer.answer == pytest.approx(80)


def test_opioids_add_up_over_the_day() -> None:
    text = "She takes oxycodone 10 mg three times a day and morphine 15 mg twice daily. She no longer takes codeine."
    assert calculate_from_note(text, "What is her daily MME?").answer == pytest.approx(10 * 3 * 1.5 + 30)


@pytest.mark.parametrize(
    ("words", "times"),
    [("twice daily", 2), ("every 6 hours", 4), ("5 times daily", 5), ("every 2 days", 0.5), ("often", None)],
)
def test_times_a_day(words: str, times: float | None) -> None:
    assert per_day(words) == times


def test_the_question_may_say_which_weight_counts() -> None:
    question = "Creatinine clearance by Cockcroft-Gault? Use adjusted body weight if the patient is overweight by BMI."
    text = "A 60-year-old man, weight 110 kg, height 175 cm, creatinine 1.0 mg/dL."
    ideal = 50 + 2.3 * (175 / 2.54 - 60)
    adjusted = ideal + 0.4 * (110 - ideal)
    assert calculate_from_note(text, question).answer == pytest.approx((140 - 60) * adjusted / 72, rel=1e-3)


def test_age_and_sex_are_no_evidence_for_a_score_of_measurements() -> None:
    assert calculate_from_note("He feels well.", "What is the MELD score?").answer is None
    assert calculate_from_note("A 70-year-old woman with palpitations.", "CHA2DS2-VASc?").answer == 2
