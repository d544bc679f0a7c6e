"""Wordings of language models that were once misread: the right ones stay, the wrong ones go."""

from __future__ import annotations

from datetime import date

import pytest

from agents.verification import verify
from tests.unit.test_agents_verification import CREATININE, POTASSIUM, VISITS, holding, reading, result

CARD = result("patient_card", "63-year-old male, as of 2026-11-23.", "Active medications (2): apixaban 5 mg; losartan 100 mg.", age=63, notes=8)  # fmt: skip
DRUGS = result("list_medications", "**3** medications:", "- apixaban 5 mg (twice daily; last ordered 2024-02-12)", "- losartan 100 mg (once daily; last ordered 2025-04-21)", "- insulin glargine 20 U (every night; stopped, last ordered 2023-11-20)", "- insulin glargine 22 U (every night; last ordered 2024-07-15)", status="all", n=3)  # fmt: skip
PROBLEMS = result("list_problems", "**4** problems:", "- Pulmonary embolism (since 2026-08-19)", "- Mild nonproliferative diabetic retinopathy, both eyes (since 2025-09-15)", "- Type 1 diabetes mellitus (since 2008-03)", "- Osteoarthritis of knee (2017 to 2026-08-11)", status="all", n=4)  # fmt: skip
ALLERGIES = result("allergies", "**1** active allergy recorded:", "- Adhesive tape (low criticality; environment; reaction: Rash; since 2019)", n=1, names=["Adhesive tape"])  # fmt: skip
PROCEDURES = result("procedures", "**2** procedure entries recorded:", "- Right total knee replacement: 2026-08-11", "- Mammography: 2025-06-17", n=2)  # fmt: skip
FAMILY = result("family_history", "Family history:", "- father: Myocardial infarction (age 51 a)", "- sister: Hypothyroidism (age 30 a)", n=2)  # fmt: skip
OFFICE = result("encounters", "**2** visits, newest first:", "- 2026-06-09: Office visit, family medicine for Annual physical", "- 2024-05-14: Office visit, family medicine for Annual physical", kind="any", n=2)  # fmt: skip
A1C = result("series", "Hemoglobin A1c, 2 values.", "- 2024-01-10: 8.6 %", "- 2026-01-10: 7.8 %", concept="hemoglobin_a1c", n=2, readings=[reading(8.6, "2024-01-10", "%"), reading(7.8, "2026-01-10", "%")])  # fmt: skip
LISTS = (CARD, DRUGS, PROBLEMS, ALLERGIES, PROCEDURES, FAMILY, OFFICE)
VALUES = (CREATININE, POTASSIUM, A1C)


@pytest.mark.parametrize(
    "draft",
    [
        # changes said twice, and between two dates
        "Over this period creatinine changed by 0.3 mg/dL (33%).", "Creatinine rose by 0.3 mg/dL, or 33%.", "Creatinine went up: 0.9 → 1.2 mg/dL (2025-09-04 to 2026-11-02).", "Creatinine peaked, then fell from 2.1 to 1.2 mg/dL between 23 October 2026 and 2 November 2026.",
        "Hemoglobin A1c dropped by roughly 9% (8.6 → 7.8 %).", "Baseline creatinine 0.9 mg/dL (2025-09-04); most recent 1.2 mg/dL (2026-11-02), net rise 0.3 mg/dL.", "Creatinine was 1.2 mg/dL, up 0.3 mg/dL from 0.9.",
        # ranges, headings, approximations, everyday words that are also abbreviations
        "Creatinine values span 0.9–2.1 mg/dL.", "The range of creatinine was 0.9 to 2.1 mg/dL.", "## Creatinine\n1.2 mg/dL on 2026-11-02", "Creatinine reached a high of 2.1 mg/dL.", "Creatinine hit its highest value on 2026-10-23.",
        "Creatinine is in the neighbourhood of 1.2 mg/dL.", "Potassium (5.4 mmol/L) is considered high.", "I found one recent result: creatinine at 1.2 mg/dL.",
    ],
)  # fmt: skip
def test_values_in_these_words_stay(draft: str) -> None:
    checked = verify(draft, holding(*VALUES))
    assert (checked.unsupported, checked.text) == ((), draft)


@pytest.mark.parametrize(
    "draft",
    [
        "Over this period creatinine changed by 0.3 mg/dL (45%).", "Creatinine fell by 0.3 mg/dL from the first to the last value.", "Creatinine values span 1.2–1.2 mg/dL.", "The range of creatinine was 0.9 to 1.5 mg/dL.",
        "Initially 0.9 mg/dL on 2025-09-04, creatinine later went up to 3.4 mg/dL.", "Potassium (5.4 mmol/L) is considered normal.", "## Potassium\n1.2 mg/dL on 2026-11-02", "Creatinine went up: 0.9 → 1.2 mg/dL (2025-09-04 to 2026-10-23).",
        "Baseline creatinine 0.9 mg/dL (2025-09-04); most recent 1.2 mg/dL (2026-11-02), net decline 0.3 mg/dL.",
    ],
)  # fmt: skip
def test_wrong_values_in_these_words_go(draft: str) -> None:
    checked = verify(draft, holding(*VALUES))
    assert checked.unsupported and "mg/dL" not in checked.text and "considered" not in checked.text


@pytest.mark.parametrize(
    "sentence",
    [
        "She takes two medications.", "Her sister developed hypothyroidism at 30.", "Her father had a myocardial infarction (at 51).", "There are no hospital admissions on record.", "She has no recorded drug allergies.",
        "Adhesive tape gives her a rash.", "She has had mild non-proliferative retinopathy since September 2025.", "She has had type 1 diabetes since March 2008, so for over 18 years.", "Her right knee was replaced on 11 August 2026.",
        "She had a right knee replacement.", "The glargine dose went up by 2 units.", "The PE was found 8 days after the knee replacement.", "Warfarin does not appear in the medication list.", "Osteoarthritis of the knee dates from 2017.",
    ],
)  # fmt: skip
def test_statements_in_these_words_stay(sentence: str) -> None:
    assert [(u.kind, u.value, u.reason) for u in holding(*LISTS).missing(sentence)] == []


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("She takes three medications.", "number"), ("She had a mammogram in 2024.", "date"), ("She was hospitalized for hypertension.", "visit"), ("She was admitted twice.", "number"), ("Latex gives her a rash.", "allergy"),
        ("She reacts to iodine contrast with nausea.", "allergy"), ("Avoid eggs: documented reaction is rash.", "allergy"), ("She had a left knee replacement.", "side"), ("The PE was diagnosed eight weeks after surgery.", "duration"),
        ("Type 1 diabetes does not appear in the problem list.", "absence"), ("She has proliferative retinopathy.", "condition"), ("Losartan was taken in the past.", "drug"), ("Type 1 diabetes was diagnosed on 2008-03-14.", "date"),
        ("The glargine dose went up by 6 units.", "number"), ("No, Plavix is no longer active.", "drug"),
    ],
)  # fmt: skip
def test_false_statements_in_these_words_go(sentence: str, kind: str) -> None:
    assert kind in {u.kind for u in holding(*LISTS).missing(sentence)}


def test_a_stay_is_borne_out_by_a_list_that_has_one() -> None:
    assert holding(VISITS).missing("He was admitted for MRSA bacteremia.") == []
    assert holding(VISITS).missing("There are no hospital admissions on record.")


PRENATAL = result("encounters", "**3** visits, newest first:", "- 2026-11-04: Prenatal visit for Pregnancy", "- 2026-10-05: Prenatal visit for Pregnancy", "- 2022-11-03: Inpatient admission for Pre-eclampsia (inpatient)", kind="any", n=3)  # fmt: skip
DIED = result("patient_card", "88-year-old male, died 2026-06-17, as of 2026-11-23.", "Last visit: 2026-06-12, Home hospice visit.")  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("She has had two prenatal visits.", ""), ("The number of visits on record is 3.", ""), ("She has had three prenatal visits.", "number"), ("The last prenatal visit was on November 4.", ""), ("The last prenatal visit was on October 5.", "date"),
        ("The last admission was on 2022-11-03.", ""), ("The last admission was on 2026-10-05.", "date"), ("He died on June 17, 2026.", ""), ("He died on June 12, 2026.", "date"), ("She has been to the ED three times.", "number"),
        ("Her sister was diagnosed at 30.", ""), ("Her sister was diagnosed at 51.", "number"), ("She has no intolerances.", "absence"), ("History of Fabry disease.", "condition"), ("She had a mammogram, now in the past.", ""),
    ],
)  # fmt: skip
def test_visits_death_and_ages_of_relatives(sentence: str, kind: str) -> None:
    support = holding(PRENATAL, DIED, FAMILY, ALLERGIES, PROCEDURES)
    assert {u.kind for u in support.missing(sentence)} == ({kind} if kind else set())


def test_the_latest_value_is_its_own_and_no_number_of_something_unnamed() -> None:
    unnamed = result("latest", "Latest flow index: **16.3** on 2026-06-09.")
    assert holding(POTASSIUM, unnamed).missing("Latest potassium: 16.3.")
    assert not holding(POTASSIUM, unnamed).missing("Latest potassium: 5.4.")


def test_what_leans_on_a_sentence_that_goes_falls_with_it() -> None:
    checked = verify("She takes warfarin. It was last ordered on 2024-02-12. She takes losartan.", holding(*LISTS))
    assert checked.text == "She takes losartan."


def test_a_count_of_notes_is_no_duration() -> None:
    assert [u.kind for u in holding(CARD, as_of=date(2026, 11, 23)).missing("It has lasted eight weeks.")] == [
        "duration"
    ]
