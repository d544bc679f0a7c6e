"""Age, sex, race and pregnancy of the patient, and not those of relatives."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from domain.facts import FactKind, Note
from domain.quantities import Quantity
from nlp_pipeline import extract

WHEN = datetime(2020, 3, 2, tzinfo=UTC)


def demographics(text: str) -> dict[str, str | float]:
    note = Note(id="n", patient_id="p", text=text, time=WHEN)
    found = [f for f in next(extract([note])) if f.kind is FactKind.DEMOGRAPHIC]
    assert len({f.concept_id for f in found}) == len(found)  # once each
    return {f.concept_id: f.value.value if isinstance(f.value, Quantity) else str(f.value) for f in found}


AGE_AND_SEX = [
    ("45M with chest pain", 45, "male"),
    ("67 F with COPD", 67, "female"),
    ("48yoM here for follow-up", 48, "male"),
    ("45 y/o F presents with cough", 45, "female"),
    ("48 y.o. M", 48, "male"),
    ("48 yr old wm", 48, "male"),
    ("A 56-year-old gentleman", 56, "male"),
    ("A 72-year-old right-handed, previously healthy woman", 72, "female"),
    ("Male, 41 years old, admitted with fever", 41, "male"),
    ("A 23-yr-old woman", 23, "female"),
    ("Seventy-two-year-old woman", 72, "female"),
    ("18 years of age, male", 18, "male"),
    ("Thirty three year-old female patient", 33, "female"),
    ("A two and a half years old male", 2.5, "male"),
    ("This five-month-old male infant", 5 / 12, "male"),
    ("A girl aged 17.8 years", 17.8, "female"),
    ("A 51-year-old (172 cm, 72.7 kg) man", 51, "male"),
    ("aged 56, male", 56, "male"),
    ("Age: 56\nSex: F", 56, "female"),
    ("Boy aged 4 years", 4, "male"),
    ("A 4-year-and-3-month-old girl", 4.25, "female"),
    ("a 3-month-old boy", 0.25, "male"),
    ("A 7.5-year-old boy", 7.5, "male"),
    ("A 6-week-old male infant", 42 / 365.25, "male"),
    ("10 days old neonate, female", 10 / 365.25, "female"),
]


@pytest.mark.parametrize(("text", "age", "sex"), AGE_AND_SEX, ids=[c[0] for c in AGE_AND_SEX])
def test_age_and_sex(text: str, age: float, sex: str) -> None:
    found = demographics(text)
    assert found["sex"] == sex
    assert found["age_years"] == pytest.approx(age)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A man in his 70s with cough", "70-79"),
        ("A woman in her early 60s presents", "60-63"),
        ("A woman in her seventies", "70-79"),
    ],
)
def test_an_age_by_decade_stays_a_range(text: str, value: str) -> None:
    assert demographics(text)["age_years"] == value


def test_age_from_two_dates_of_the_note() -> None:
    assert demographics("DOB: 03/15/1950\nDate of visit: 03/02/2020\nCough.")["age_years"] == 69
    assert demographics("DOB: 3/1/49\nDate of service: 03/02/2020\nCough.")["age_years"] == 71
    assert "age_years" not in demographics("DOB: 03/15/1950. Cough.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Father is 80 years old.", {}),
        ("Mother died at 56. Father is 80 years old.", {}),
        ("Her 35-year-old brother has CF.", {"sex": "female"}),
        ("His father, aged 70, has CAD. The patient is a 40-year-old man.", {"age_years": 40.0, "sex": "male"}),
        ("Kidney from a 45-year-old donor. 30-year-old man.", {"age_years": 30.0, "sex": "male"}),
        ("FAMILY HISTORY: 60-year-old sister with lupus.", {}),
        ("A 34-year-old mother of two presented", {"age_years": 34.0}),
        ("a 10-year-old fracture and a 3-day-old infarct", {}),
        ("45-year-old patient with a male partner", {"age_years": 45.0}),
        ("diagnosed at age 12", {}),
        ("T 100 F, WBC 5", {}),
    ],
)
def test_ages_of_others_and_of_things_are_not_the_patients(text: str, expected: dict[str, object]) -> None:
    assert demographics(text) == expected


@pytest.mark.parametrize(
    ("text", "sex"),
    [
        ("This pleasant lady lives alone.", "female"),
        ("Mr. Smith is here for follow-up.", "male"),
        ("Seen with Mrs. Jones, his wife. He is well.", "male"),
        ("He has a cough. His knee hurts.", "male"),
        ("She denies fever.", "female"),
        ("He said that she has a cough.", None),
        ("No fever.", None),
    ],
)
def test_sex_without_an_age(text: str, sex: str | None) -> None:
    assert demographics(text).get("sex") == sex


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A 72-year-old African-American woman", {"race": "black"}),
        ("A 62-year-old Caucasian male", {"race": "white"}),
        ("A 45-year-old Hispanic male", {"ethnicity": "hispanic or latino"}),
        ("Race: Asian\nEthnicity: Not Hispanic", {"race": "asian", "ethnicity": "not hispanic or latino"}),
        ("A 61-year-old Japanese woman with black stool and a white count of 12", {}),
    ],
)
def test_race_and_ethnicity_only_as_stated(text: str, expected: dict[str, str]) -> None:
    found = demographics(text)
    assert {k: v for k, v in found.items() if k in {"race", "ethnicity"}} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("G2P1 at 32 weeks", {"gravidity": 2, "parity": 1, "gestational_age": 32}),
        ("G3P2002 at 38w4d", {"gravidity": 3, "parity": 2, "gestational_age": 38.57}),
        ("gravida 4, para 3", {"gravidity": 4, "parity": 3}),
        ("32 weeks and 4 days of gestation", {"gestational_age": 32.57}),
        ("gestational age of 32+4 weeks", {"gestational_age": 32.57}),
        ("She is 20 weeks pregnant", {"gestational_age": 20}),
        ("born at 32 weeks of gestation", {"gestational_age_at_birth": 32}),
        ("cough for 3 weeks, not pregnant", {}),
        ("G6PD deficiency", {}),
    ],
)
def test_pregnancy(text: str, expected: dict[str, float]) -> None:
    found = demographics(text)
    assert {k: v for k, v in found.items() if k not in {"sex", "age_years"}} == expected


@pytest.mark.parametrize("unit", ["45 year ", "year-old ", "he she ", "G2P", "12 weeks ", "his mother "])
def test_long_runs_stay_fast(unit: str) -> None:
    from nlp_pipeline.folding import folded
    from nlp_pipeline.person.demographics import stated_age
    from nlp_pipeline.person.pregnancy import pregnancy_findings

    text = "pregnant " + unit * (50_000 // len(unit))
    start = time.process_time()
    stated_age(folded(text))
    pregnancy_findings(text, folded(text))
    assert time.process_time() - start < 2.0
