"""Measurements of a note: which number, result, unit, range and flag belong to which name, and what is no value."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest

from domain.facts import Fact, FactKind, Note
from domain.quantities import Quantity
from nlp_pipeline import build_pipeline, extract
from nlp_pipeline.measurements.units import RULES, ucum
from nlp_pipeline.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from spacy.language import Language

TIME = datetime(2020, 3, 2, 9, 30, tzinfo=UTC)


@lru_cache(maxsize=1)
def pipeline() -> Language:
    return build_pipeline()


def observations(text: str) -> list[Fact]:
    note = Note(id="n1", patient_id="p1", text=text, time=TIME)
    return [f for f in next(extract([note], nlp=pipeline())) if f.kind is FactKind.OBSERVATION]


def read(text: str) -> list[tuple[str, str]]:
    """(concept, comparator and value) of each observation, in text order."""
    return [(f.concept_id, f"{f.comparator}{f.value}") for f in observations(text)]


NUMBERS = [
    # the value after the name
    ("Creatinine, 4.2 mg/dL; sodium, 125 mmol/L.", [("creatinine", "4.2 mg/dL"), ("sodium", "125 mmol/L")]),
    ("She had a creatinine of 3 mg/dL and a lactate of 4.", [("creatinine", "3 mg/dL"), ("lactate", "4 mmol/L")]),
    ("C-reactive protein (CRP) was markedly raised at 88 mg/L.", [("crp", "88 mg/L")]),
    ("Hemoglobin (g/dL) 8.1", [("hemoglobin", "8.1 g/dL")]),
    ("The sodium level on 3/4/2020 was 118 mmol/L.", [("sodium", "118 mmol/L")]),
    ("Lactate after 6 hours was 3.4", [("lactate", "3.4 mmol/L")]),
    ("Her serum sodium was still only 131", [("sodium", "131 mmol/L")]),
    ("troponin < 0.01", [("troponin", "<0.01 ng/mL")]),
    ("ferritin of more than 2,000 ng/mL", [("ferritin", ">2000 ng/mL")]),
    ("ANA titre 1:640", [("ana", "1:640")]),
    ("Base excess -6", [("base_excess", "-6 mmol/L")]),
    ("Anemia with hemoglobin (6.5 g/dL)", [("hemoglobin", "6.5 g/dL")]),
    ("elevated creatinine (2.2)", [("creatinine", "2.2 mg/dL")]),
    ("hyponatremia (118 mmol/L)", [("sodium", "118 mmol/L")]),
    ("GCS E2V3M5", [("glasgow_coma_scale", "10 {score}")]),
    ("HR in the 120s", [("heart_rate", "120 /min")]),
    ("pH 7.21, pCO2 55, HCO3 14", [("blood_ph", "7.21 [pH]"), ("pco2", "55 mm[Hg]"), ("bicarbonate", "14 mmol/L")]),
    # tables flattened to text
    ("Sodium 128 Potassium 3.2 Chloride 99", [("sodium", "128 mmol/L"), ("potassium", "3.2 mmol/L"), ("chloride", "99 mmol/L")]),
    ("WBC 12.4 K/uL 4.0-11.0 H", [("wbc", "12.4 10*3/uL")]),
    ("Creatinine (mg/dL) 0.6-1.2 1.4", [("creatinine", "1.4 mg/dL")]),
    ("Creatinine 2.1 mg/dL (normal range: 0.6-1.2 mg/dL)", [("creatinine", "2.1 mg/dL")]),
    ("Ferritin 9 ng/mL [ref 15-300], lipase 40 U/L (<60)", [("ferritin", "9 ng/mL"), ("lipase", "40 U/L")]),
    # the value before the name
    ("Labs: 71 mg/dL glucose, 140 mg/dL total cholesterol", [("glucose", "71 mg/dL"), ("total_cholesterol", "140 mg/dL")]),
    ("WBC 9,800/mm3 with 85% neutrophils", [("wbc", "9800 /uL"), ("neutrophils_percent", "85 %")]),
    ("He is 181 cm tall and weighs 80 kg.", [("body_height", "181 cm"), ("body_weight", "80 kg")]),
    # lists
    (
        "Potassium and creatinine were 6.1 mmol/L and 2.3 mg/dL, respectively.",
        [("potassium", "6.1 mmol/L"), ("creatinine", "2.3 mg/dL")],
    ),
    ("ALT and AST levels of 250 and 310 U/L", [("alt", "250 U/L"), ("ast", "310 U/L")]),
    ("BUN/creatinine 23/1.2", [("bun", "23 mg/dL"), ("creatinine", "1.2 mg/dL")]),
    ("H&H 8.1/24", [("hematocrit", "24 %"), ("hemoglobin", "8.1 g/dL")]),
    (
        "Blood pressure and heart rate were 126/65 mmHg and 72 beats per minute.",
        [("diastolic_blood_pressure", "65 mm[Hg]"), ("systolic_blood_pressure", "126 mm[Hg]"), ("heart_rate", "72 /min")],
    ),
    # trends
    ("Hemoglobin fell from 9.3 to 7.1 g/dL", [("hemoglobin", "9.3 g/dL"), ("hemoglobin", "7.1 g/dL")]),
    ("Na 128 mmol/L (normal 135-145) and rose to 134 mmol/L", [("sodium", "128 mmol/L"), ("sodium", "134 mmol/L")]),
    ("Cr 1.4, 1.6 and 2.1", [("creatinine", "1.4 mg/dL"), ("creatinine", "1.6 mg/dL"), ("creatinine", "2.1 mg/dL")]),
    ("Bilirubin 6.8 at 24 h, 9.1 at 48 h", [("bilirubin_total", "6.8 mg/dL"), ("bilirubin_total", "9.1 mg/dL")]),
    ("leukocytosis (12.9) and anemia (3)", [("wbc", "12.9 10*3/uL")]),
    ("INR 4.4 (last 2.7)", [("inr", "4.4 {INR}"), ("inr", "2.7 {INR}")]),
    # units
    ("Platelets 35 × 10⁹/L", [("platelets", "35 10*9/L")]),
    ("WBC 8.5 × 103/μL", [("wbc", "8.5 10*3/uL")]),
    ("AST 97 IU/L", [("ast", "97 U/L")]),
    ("Sodium 130 mM/L", [("sodium", "130 mmol/L")]),
    ("Glucose 367 mg%", [("glucose", "367 mg/dL")]),
    ("Hemoglobin 7,4 g/dL", [("hemoglobin", "7.4 g/dL")]),
    ("Temperature 36.9 ℃", [("body_temperature", "36.9 Cel")]),
    ("Hb 79", [("hemoglobin", "79 g/L")]),
    ("FiO2 0.4", [("fio2", "0.4")]),
    ("anion gap 18 mEq/L", [("anion_gap", "18 meq/L")]),
    ("Platelets were 3,000 per cubic mm.", [("platelets", "3000 /uL")]),
    ("White cells 14 800 mm⁻³, platelets 186 000 µL⁻¹", [("wbc", "14800 /uL"), ("platelets", "186000 /uL")]),
    ("Potassium 3.3 m Eq/L", [("potassium", "3.3 meq/L")]),
    ("Hb 11.3 gm%", [("hemoglobin", "11.3 g/dL")]),
    ("The sodium was profoundly depressed at 104 mmol L⁻¹.", [("sodium", "104 mmol/L")]),
    ("Urea was 43 mg and the ESR 45 mm.", [("urea", "43 mg/dL"), ("esr", "45 mm/h")]),
    ("Blood urea—118 mg/dl, creatinine—4.2 mg/dl", [("bun", "118 mg/dL"), ("creatinine", "4.2 mg/dL")]),
    ("The total count was 21.28K/uL", [("wbc", "21.28 10*3/uL")]),
    ("POC glucose 312, POCT glucose 88", [("glucose_fingerstick", "312 mg/dL"), ("glucose_fingerstick", "88 mg/dL")]),
    # dates are no values
    ("Creatinine 1.4, repeat on 14 May 2020.", [("creatinine", "1.4 mg/dL")]),
    ("Creatinine 1.4 on 14 May 2020 and 1.6 on 3 June 2020.", [("creatinine", "1.4 mg/dL"), ("creatinine", "1.6 mg/dL")]),
    ("Creatinine 1.4, repeated in May 2020.", [("creatinine", "1.4 mg/dL")]),
    ("Creatinine (14 May 2020) 1.4", [("creatinine", "1.4 mg/dL")]),
    ("Creatinine: 12-May-2020 1.4", [("creatinine", "1.4 mg/dL")]),
    ("Hemoglobin 7.2 on 3rd May 2020 and 9 on 10th May 2020", [("hemoglobin", "7.2 g/dL"), ("hemoglobin", "9 g/dL")]),
    ("Creatinine 1.4 (May 14), 1.8 (May 20)", [("creatinine", "1.4 mg/dL"), ("creatinine", "1.8 mg/dL")]),
    ("A creatinine of 2 may be spurious.", [("creatinine", "2 mg/dL")]),
    # without a name
    ("He was 120/80 mmHg on the ward.", [("diastolic_blood_pressure", "80 mm[Hg]"), ("systolic_blood_pressure", "120 mm[Hg]")]),
    ("A 46-year-old man (174 cm, 65 kg)", [("body_height", "174 cm"), ("body_weight", "65 kg")]),
    ("febrile up to 39.2", [("body_temperature", "39.2 Cel")]),
    # groups
    (
        "CBC: 11.2>9.8/29.4<310",
        [("hematocrit", "29.4 %"), ("hemoglobin", "9.8 g/dL"), ("platelets", "310 10*3/uL"), ("wbc", "11.2 10*3/uL")],
    ),
    ("ABG 7.31/44/78", [("blood_ph", "7.31 [pH]"), ("pco2", "44 mm[Hg]"), ("po2", "78 mm[Hg]")]),
    # another specimen is another test
    ("CSF glucose 40 mg/dL", [("csf_glucose", "40 mg/dL")]),
    ("Urinary sodium 12 mEq/L", [("urine_sodium", "12 meq/L")]),
    ("Drain amylase 500 U/L", [("", "500 U/L")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), NUMBERS, ids=[t for t, _ in NUMBERS])
def test_numbers(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == expected


NOT_VALUES = [
    "Potassium 20 mEq PO daily",
    "Insulin 10 units at bedtime",
    "Calcium 500 mg BID",
    "Creatinine 3 days ago",
    "Platelets, 2 units",
    "Hemoglobin dropped by 2 g/dL",
    "T2 signal at L4, stage 3",
    "CT 2 days ago",
    "Creatinine 2019",
    "Creatinine: repeat 14 May 2020",
    "She lost 5 kg in weight.",
    "Sodium bicarbonate 50 mEq IV",
    "0.5 L of glucose solution",
    "Albumin 25 g was given.",
    "Creatinine 5 g daily",
    "Thiopental sodium 300 mg was injected.",
    "A total count of 5 lesions was seen.",
    "Tapped fluid: total count 1200 cells",
]


@pytest.mark.parametrize("text", NOT_VALUES)
def test_what_is_no_value(text: str) -> None:
    assert [f for f in observations(text) if isinstance(f.value, Quantity)] == []


RESULTS = [
    ("ANA was negative.", [("ana", "negative")]),
    ("Liver function tests were within normal limits.", [("liver_function", "normal")]),
    ("She had a normal creatinine.", [("creatinine", "normal")]),
    ("Sodium, potassium and chloride were all normal.", [("sodium", "normal"), ("potassium", "normal"), ("chloride", "normal")]),
    ("elevated ESR and ferritin", [("esr", "elevated"), ("ferritin", "elevated")]),
    ("Urine nitrite neg", [("urine_nitrite", "negative")]),
    ("Anti-frobnicase antibodies were positive.", [("", "positive")]),
    ("The electrocardiogram was normal.", [("electrocardiogram", "normal")]),
    ("EKG showed normal sinus rhythm", [("electrocardiogram", "normal sinus rhythm")]),
    ("No elevated troponin.", []),
    ("CT showed normal appendix.", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), RESULTS, ids=[t for t, _ in RESULTS])
def test_results_in_words(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == expected


def test_a_test_that_the_vocabulary_does_not_know_is_kept_without_a_code() -> None:
    [fact] = observations("Frobnicase of 45 ng/mL")
    assert (fact.concept_id, fact.codes, str(fact.value)) == ("", (), "45 ng/mL")
    assert fact.text == "Frobnicase of 45 ng/mL"
    [score] = observations("Her Smith-Jones score was 7.")
    assert (score.concept_id, str(score.value)) == ("", "7")


@pytest.mark.parametrize(
    ("text", "value", "high"), [("EF 25-30 %", 25, 30), ("Saturations between 88 and 92%", 88, 92), ("K 3.5–4.1 mmol/L", 3.5, 4.1)]
)  # fmt: skip
def test_ranges_keep_both_bounds(text: str, value: float, high: float) -> None:
    [fact] = observations(text)
    assert isinstance(fact.value, Quantity)
    assert (fact.value.value, fact.high) == (value, high)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("WBC: 12.4 (4.0-11.0) H", "H"),
        ("Potassium 2.9 L", "L"),
        ("Potassium 5.6 H", "H"),
        ("elevated CRP (88 mg/L)", "H"),
        ("Hemoglobin was low at 6.5 g/dL", "L"),
        ("Sodium 1280", "implausible"),
        ("Hemoglobin 10.3 mg/dL", "implausible"),
        ("Sodium 140", ""),
    ],
)
def test_flags(text: str, flag: str) -> None:
    [fact] = observations(text)
    assert fact.flag == flag


def test_evidence_shows_the_name_with_every_value() -> None:
    text = "Na 128 -> 131, later 134."
    found = observations(text)
    assert [f.text for f in found] == ["Na 128", "Na 128 -> 131", "Na 128 -> 131, later 134"]
    [spelled] = observations("N-terminal pro-brain natriuretic peptide (NT-proBNP) of 1,234 pg/mL")
    assert spelled.text.startswith("N-terminal") and spelled.text.endswith("pg/mL")


def test_baselines_are_history_and_goals_are_not_measured() -> None:
    now, before = observations("Cr 2.1 (baseline 1.4)")
    assert (now.assertion.is_historical, before.assertion.is_historical) == (False, True)
    [goal] = observations("Goal INR 2.0-3.0")
    assert goal.assertion.is_hypothetical


def test_a_date_between_name_and_value_dates_the_value() -> None:
    [fact] = observations("Creatinine on 1/15/2020 was 2.3")
    assert fact.effective == datetime(2020, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("mg / dL", "mg/dL"), ("gm/dl", "g/dL"), ("beats min−1", "/min"), ("mmol l-1", "mmol/L"), ("μIU/mL", "u[IU]/mL"),
        ("× 10^9/L", "10*9/L"), ("x 1000/µL", "10*3/uL"), ("lakh/mm3", "10*5/uL"), ("cells/mm3", "/uL"), ("mm Hg", "mm[Hg]"),
        ("mL/min/1.73m²", "mL/min/{1.73_m2}"), ("units per liter", "U/L"), ("degrees Fahrenheit", "[degF]"), ("/hpf", "/[HPF]"),
    ],
)  # fmt: skip
def test_units_as_people_write_them(written: str, unit: str) -> None:
    assert ucum(written) == unit


def test_rules_name_known_observations() -> None:
    rules = json.loads(RULES.read_text(encoding="utf-8"))
    known = {c.id for c in load_vocabulary().of_kind("observation")}
    named = {*rules["bounds"], *rules["bare"], *rules["also"], *rules["pairs"], *rules["findings"].values()}
    named |= {i for pair in rules["pairs"].values() for i in pair}
    assert named <= known
    assert all(low < high for low, high in rules["bounds"].values())


HOSTILE = {
    "series": "Cr " + "1.4, " * 8000,
    "names": "CRP, ESR, " * 4000,
    "gap": "CRP " + "was " * 8000 + "5",
    "dashes": "CRP " + "-" * 20000 + "5",
    "parentheses": "CRP " + "(a)" * 8000 + " 5",
    "digits": "WBC " + "9" * 40000,
    "ranges": "Na 128 (normal " + "1-" * 10000,
    "cues": "<" * 10000 + " negative" * 4000,
    "slashes": "Na/K/" * 5000 + " 1/2/3",
    "vitals": "°C T 37 P 80 R 20 " * 8000,
    "days": "Cr 1.4 on 14 May " * 4000,
    "thousands": "WBC " + "14 800 " * 8000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_takes_linear_time(text: str) -> None:
    nlp = pipeline()
    doc = nlp.get_pipe("charttwin_targets")(nlp.make_doc(text))
    started = time.process_time()
    nlp.get_pipe("charttwin_quantities")(doc)
    assert time.process_time() - started < 3
