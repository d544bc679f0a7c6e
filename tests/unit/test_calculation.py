"""From a note and a question to an answer: the right calculator, the right values with their spans, and abstention."""

from __future__ import annotations

import pytest

from tools.calculation import Calculated, Used, calculate_from_note
from tools.calculation.calculate import _default
from tools.calculation.questions import Ask, aliases_of, ask_of
from tools.calculation.special_dates import read_date
from tools.calculation.special_doses import per_day

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
