"""Scores of acute illness from a note: the criteria for and against, and the inputs that are no single value."""

from __future__ import annotations

import time

import pytest

from tools.calculation import Calculated, criteria
from tools.calculation.calculate import calculate_from_note
from tools.calculation.reading import NoteReading
from tools.calculation.special import SPECIAL
from tools.calculation.special_coma import coma_scale
from tools.calculation.special_liver import child_pugh
from tools.calculation.vitals import mean_pressure, together
from twin_backend import build_twin

SEEN = "A 61-year-old woman was seen in the emergency department. "
TWIN = build_twin()


def _value(answer: Calculated, name: str) -> object:
    return next(item.taken for item in answer.inputs if item.name == name)


@pytest.mark.parametrize(
    ("model", "name", "met", "text"),
    [
        ("curb_65", "confusion", True, "She was confused and hard to rouse."),
        ("curb_65", "confusion", True, "Her husband had noticed a decreased level of consciousness."),
        ("curb_65", "confusion", True, "Glasgow Coma Scale was 12."),
        ("curb_65", "confusion", False, "GCS was 15 and there was no confusion."),
        ("curb_65", "confusion", False, "She denied cough, pain when lying flat, confusion, or tremor."),
        ("curb_65", "confusion", False, "Come back at once if you become confused."),
        ("psi", "nursing_home_resident", True, "She is a nursing home resident."),
        ("psi", "nursing_home_resident", False, "She does not live in a nursing home."),
        ("psi", "neoplastic_disease", True, "Past history includes lung cancer."),
        ("psi", "neoplastic_disease", False, "She had breast cancer 12 years ago, cured by surgery."),
        ("psi", "neoplastic_disease", False, "Her colon cancer is in remission."),
        ("psi", "neoplastic_disease", False, "Her father died of colon cancer."),
        ("psi", "liver_disease", True, "She has compensated cirrhosis."),
        ("psi", "liver_disease", False, "There is no history of liver disease."),
        ("psi", "heart_failure", True, "She has chronic systolic dysfunction."),
        ("psi", "heart_failure", False, "There is no history of heart failure."),
        ("psi", "cerebrovascular_disease", True, "There is a history of cerebrovascular disease."),
        ("psi", "cerebrovascular_disease", False, "She denied any history of stroke."),
        ("psi", "renal_disease", True, "She has chronic kidney disease."),
        ("psi", "renal_disease", False, "She now has acute kidney injury."),
        ("psi", "pleural_effusion", True, "The film showed blunting of the left costophrenic angle."),
        ("psi", "pleural_effusion", False, "Echocardiography showed a small pericardial effusion."),
        ("psi", "altered_mental_status", False, "There were no signs of altered mental status."),
        ("glasgow_blatchford", "melena", True, "She had passed black, tarry stools twice."),
        ("glasgow_blatchford", "melena", False, "She denies any recent black stools."),
        ("glasgow_blatchford", "syncope", True, "She fainted at home this morning."),
        ("glasgow_blatchford", "syncope", False, "She reports presyncope only."),
        ("glasgow_blatchford", "liver_disease", True, "There is a history of hepatic disease."),
        ("glasgow_blatchford", "heart_failure", False, "There were no signs of heart failure."),
        ("apache_ii", "acute_renal_failure", True, "Acute renal failure was diagnosed."),
        ("apache_ii", "acute_renal_failure", False, "There was no acute renal failure."),
        ("apache_ii", "chronic_organ_insufficiency", True, "She is a kidney transplant recipient."),
        ("apache_ii", "chronic_organ_insufficiency", False, "She has no history of severe organ failure."),
        ("sofa", "mechanical_ventilation", True, "She was placed on CPAP."),
        ("sofa", "mechanical_ventilation", False, "Intubation will be considered if she worsens."),
        ("meld_na", "dialysis", True, "She had hemodialysis twice in the last week."),
        ("meld_na", "dialysis", False, "She has never received dialysis."),
        (
            "centor_mcisaac",
            "tender_anterior_cervical_nodes",
            True,
            "There are swollen, tender lymph nodes in the neck.",
        ),
        ("centor_mcisaac", "tender_anterior_cervical_nodes", False, "There are non-tender anterior cervical nodes."),
        ("centor_mcisaac", "tonsillar_swelling_or_exudate", True, "Both tonsils are enlarged with exudate."),
        ("centor_mcisaac", "tonsillar_swelling_or_exudate", False, "There was no exudate on the tonsils."),
        ("feverpain", "purulence", False, "The tonsils were red without pus."),
        ("feverpain", "severely_inflamed_tonsils", True, "The tonsils were severely inflamed."),
        ("feverpain", "severely_inflamed_tonsils", False, "The tonsils were mildly red."),
        ("feverpain", "fever_past_24_h", False, "She is afebrile and denies fever."),
    ],
)
def test_a_criterion_counts_what_the_note_asserts(model: str, name: str, met: bool, text: str) -> None:
    judged = criteria.judge(NoteReading.of(SEEN + text), model, name)
    assert judged is not None
    assert judged.met is met


@pytest.mark.parametrize(
    ("name", "points", "text"),
    [
        ("eye_response", 4, "She opened her eyes spontaneously but did not speak."),
        ("eye_response", 3, "She opens her eyes when her name is called."),
        ("eye_response", 3, "Eye opening occurred in response to voice."),
        ("eye_response", 2, "Application of painful stimuli caused her to open her eyes."),
        ("eye_response", 2, "Eye opening was elicited by sternal rub."),
        ("eye_response", 1, "She did not open her eyes to verbal or painful stimuli."),
        ("eye_response", 1, "Her eyes remained closed despite painful stimuli."),
        ("verbal_response", 5, "She was alert and oriented to person, place and time."),
        ("verbal_response", 4, "She answers in confused sentences."),
        ("verbal_response", 4, "She was disoriented and could not tell the date."),
        ("verbal_response", 3, "Her speech was limited to random, inappropriate words."),
        ("verbal_response", 2, "Only incomprehensible sounds were elicited."),
        ("verbal_response", 1, "She made no verbal response even to pain."),
        ("verbal_response", 1, "She had been confused for two days and now did not speak at all."),
        ("motor_response", 6, "She obeyed commands."),
        ("motor_response", 5, "She tried to push away the examiner's hand on sternal rub."),
        ("motor_response", 4, "She withdrew from painful stimuli."),
        ("motor_response", 4, "There was flexion withdrawal to pain."),
        ("motor_response", 3, "She showed decorticate posturing."),
        ("motor_response", 2, "She extended her limbs to painful stimuli."),
        ("motor_response", 1, "There was no motor response to pain."),
    ],
)
def test_responses_are_read_from_the_words_of_the_examination(name: str, points: int, text: str) -> None:
    told = coma_scale(NoteReading.of(SEEN + text), TWIN.describe("gcs"), "")
    assert told[name].value == points
    assert told[name].quote


def test_coma_scale_as_numbers_as_a_rest_of_the_total_and_not_at_all() -> None:
    written = calculate_from_note(SEEN + "GCS was E2 M5 V3.", "What is the Glasgow Coma Score?")
    assert written.answer == 10
    only_total = calculate_from_note(SEEN + "Her GCS was 9 on arrival.", "What is the Glasgow Coma Score?")
    assert only_total.answer == 9
    assert {item.quote for item in only_total.inputs if item.span} == {"GCS was 9"}
    assert all("only the total" in item.note for item in only_total.inputs if item.span)
    silent = calculate_from_note(SEEN + "Her blood pressure was 120/70 mmHg.", "What is the Glasgow Coma Score?")
    assert silent.answer is None


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("ascites", "none", "There was no ascites."),
        ("ascites", "slight", "Mild ascites was noted."),
        ("ascites", "slight", "Ultrasound showed a thin rim of perihepatic fluid."),
        ("ascites", "moderate", "The abdomen was tense with large-volume ascites."),
        ("ascites", "moderate", "The abdomen was distended with shifting dullness."),
        ("encephalopathy", "none", "She was alert and oriented, without asterixis."),
        ("encephalopathy", "none", "She has no history of encephalopathy."),
        ("encephalopathy", "grade_1_2", "Hepatic encephalopathy grade 1 was diagnosed."),
        ("encephalopathy", "grade_1_2", "There was asterixis and she was mildly confused."),
        ("encephalopathy", "grade_1_2", "Mental state was West Haven grade II."),
        ("encephalopathy", "grade_3_4", "She was in grade III hepatic encephalopathy."),
        ("encephalopathy", "grade_3_4", "She was stuporous."),
    ],
)
def test_ascites_and_encephalopathy_by_grade_or_findings(name: str, kind: str, text: str) -> None:
    told = child_pugh(NoteReading.of(SEEN + text), TWIN.describe("child_pugh"), "")
    assert told[name].value == kind


def test_child_pugh_from_a_note() -> None:
    note = (
        SEEN
        + "She has cirrhosis with moderate ascites and asterixis. Labs: total bilirubin 2.4 mg/dL, albumin 2.6 g/dL, INR 1.5."
    )
    answer = calculate_from_note(note, "What is the patient's Child-Pugh score?")
    assert answer.answer == 2 + 3 + 1 + 3 + 2
    assert all(note[item.span[0] : item.span[1]] == item.quote for item in answer.inputs if item.span)


def test_vital_signs_of_one_moment_are_taken_before_a_lone_earlier_value() -> None:
    note = (
        SEEN
        + "Two days before, a temperature of 39.6°C had been taken. On examination her temperature was 37.4°C, pulse was "
        "88/min, respiratory rate was 18/min and blood pressure was 118/70 mmHg. White blood cell count was 9,000/mm3."
    )
    answer = calculate_from_note(note, "How many SIRS criteria are met by the patient?")
    assert (_value(answer, "temperature_c"), answer.answer) == (37.4, 0)
    assert len(together(NoteReading.of(note))) == 4


def test_the_two_pressures_belong_to_one_measurement() -> None:
    note = (
        SEEN + "Blood pressure was 86/50 mmHg and heart rate 120/min. Two hours later blood pressure was 124/76 mmHg. "
    )
    spec = next(item for item in TWIN.describe("sofa").inputs if item.name == "mean_arterial_pressure_mmhg")
    mean = mean_pressure(NoteReading.of(note), spec)
    assert mean is not None
    assert mean.value == pytest.approx(62)
    assert "86/50" in mean.quote


def test_sofa_takes_oxygen_drips_and_the_urine_of_a_day() -> None:
    note = (
        SEEN
        + "She is intubated. PaO2 was 80 mm Hg on 50 % oxygen. Blood pressure was 92/50 mmHg. Norepinephrine at 0.08 "
        "mcg/kg/min was running. GCS was 14. Platelets were 90,000/µL, bilirubin 2.5 mg/dL, creatinine 1.4 mg/dL. She had "
        "passed 420 mL of urine over 24 hours."
    )
    answer = calculate_from_note(note, "What is the SOFA score?")
    assert _value(answer, "fio2") == pytest.approx(0.5)
    assert _value(answer, "norepinephrine_ug_kg_min") == pytest.approx(0.08)
    assert _value(answer, "urine_output_ml_day") == pytest.approx(420)
    assert answer.answer == 3 + 2 + 2 + 3 + 1 + 3


def test_apache_assumes_a_medical_admission_and_says_so() -> None:
    note = (
        SEEN
        + "Temperature was 39.2 °C, pulse 112/min, respiratory rate 26/min, blood pressure 100/55 mmHg. GCS was 14. pH was "
        "7.31 and PaO2 was 66 mm Hg on an FiO2 of 40%. Sodium 136 mEq/L, potassium 4.4 mEq/L, creatinine 1.1 mg/dL, "
        "hematocrit 34%, white blood cell count 16,400/mm3."
    )
    answer = calculate_from_note(note, "What is the APACHE II score?")
    assert answer.answer == 3 + 3 + 2 + 1 + 0 + 1 + 2 + 1 + 1
    assert any("operation" in text for text in answer.assumptions)
    emergency = calculate_from_note(
        note + " She had undergone emergency laparotomy. She is a heart transplant recipient.",
        "What is the APACHE II score?",
    )
    assert _value(emergency, "admission_type") == "emergency_postoperative"
    assert emergency.answer == answer.answer + 5


@pytest.mark.parametrize(
    ("cough", "points"),
    [("She has a cough.", 3), ("She denies cough.", 4), ("", 4)],
)
def test_centor_takes_unmentioned_cough_as_absent(cough: str, points: int) -> None:
    note = (
        "A 20-year-old woman has a sore throat. "
        + cough
        + " Temperature was 38.9°C. The tonsils are swollen and there are "
        "tender anterior cervical nodes."
    )
    answer = calculate_from_note(note, "What is the patient's Centor score?")
    assert answer.answer == points
    assert bool(answer.assumptions) is (cough == "")


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("She has had fever and a sore throat for 2 days. She denies cough or runny nose. The tonsils show pus.", 4),
        ("She has had fever and a sore throat for 2 weeks. She denies cough or runny nose. The tonsils show pus.", 3),
        ("She has a runny nose and has had fever since yesterday.", 2),
    ],
)
def test_feverpain_counts_the_days_since_onset(text: str, points: int) -> None:
    answer = calculate_from_note("A 20-year-old woman was seen. " + text, "What is the FeverPAIN score?")
    assert answer.answer == points


def test_hostile_text_stays_fast() -> None:
    start = time.process_time()
    for piece in ("eyes open ", "tonsil ", "flexion arms ", "ascites mild ", "for 2 days ", "("):
        reading = NoteReading(piece * (12_000 // len(piece)), ())
        for model in ("gcs", "child_pugh", "feverpain", "centor_mcisaac"):
            SPECIAL[model](reading, TWIN.describe(model), "")
    assert time.process_time() - start < 8
