"""Smoking, alcohol and drugs: one status each, from the clause that speaks of it, and amounts as stated."""

from __future__ import annotations

import time

import pytest

from domain.facts import FactKind, Note
from domain.quantities import Quantity
from nlp_pipeline import extract

_SHORT = {"tobacco_status": "t", "alcohol_use": "a", "drug_use_history": "d"}
AMOUNTS = ("pack_years", "packs_per_day", "cigarettes_per_day", "smoking_duration")


def social(text: str) -> dict[str, str | float]:
    facts = next(extract([Note(id="n", patient_id="p", text=text)]))
    found = [f for f in facts if f.kind is FactKind.SOCIAL_HISTORY]
    return {f.concept_id: f.value.value if isinstance(f.value, Quantity) else str(f.value) for f in found}


def statuses(text: str) -> str:
    """ "t:former a:current": the status of each substance, in a fixed order."""
    found = social(text)
    return " ".join(
        f"{short}:{str(found[name]).removesuffix(' smoker')}" for name, short in _SHORT.items() if name in found
    )


STATUSES = [
    ("Never smoker.", "t:never"),
    ("Non-smoker.", "t:never"),
    ("Lifelong nonsmoker and teetotaler", "t:never a:none"),
    ("He does not smoke or drink alcohol.", "t:never a:none"),
    ("Doesn't smoke.", "t:never"),
    ("Tobacco: denies", "t:never"),
    ("Smoking status: Never", "t:never"),
    ("No past medical history of smoking", "t:never"),
    ("Ex-smoker", "t:former"),
    ("Former heavy smoker", "t:former"),
    ("Quit smoking 10 years ago", "t:former"),
    ("A smoker who quit in 2010", "t:former"),
    ("Smoking status: Former smoker", "t:former"),
    ("He smoked 1 pack per day for 20 years but quit in 2010", "t:former"),
    ("She no longer smokes.", "t:former"),
    ("He smoked in college.", "t:former"),
    ("Smokes 1 ppd", "t:current"),
    ("A 45-year-old smoker with cough", "t:current"),
    ("He has smoked one pack of cigarettes daily for 25 years.", "t:current"),
    ("Continues to smoke half a pack per day", "t:current"),
    ("+tob, -EtOH, +IVDU", "t:current a:none d:current"),
    ("Denies EtOH", "a:none"),
    ("She has never consumed alcohol.", "a:never"),
    ("EtOH: social", "a:current"),
    ("Social drinker", "a:current"),
    ("He drank alcohol only socially.", "a:current"),
    ("He drinks a glass of wine each night.", "a:current"),
    ("Alcohol use: Yes, 2 glasses of wine per week", "a:current"),
    ("Recovering alcoholic, sober for 10 years", "a:former"),
    ("No longer drinks alcohol", "a:former"),
    ("Heavy alcohol use until 2015", "a:former"),
    ("History of cocaine abuse", "d:former"),
    ("Active IV drug use", "d:current"),
    ("Uses marijuana daily", "d:current"),
    ("Never used illicit substances", "d:never"),
    ("No tobacco, alcohol, or illicit drug use.", "t:never a:none d:none"),
    ("Does not smoke, drink or use drugs.", "t:never a:none d:none"),
    ("Denies alcohol/tobacco/drugs", "t:never a:none d:none"),
    ("Tobacco: quit 2005. Alcohol: none. Drugs: denies.", "t:former a:none d:none"),
    ("Quit smoking, drinks socially, denies illicit drugs", "t:former a:current d:none"),
    ("Does not smoke, drinks 2 beers a day", "t:never a:current"),
    ("Denies tobacco but drinks 6 beers a day.", "t:never a:current"),
    ("He denied recent alcohol consumption and had quit smoking a year earlier.", "t:former a:none"),
    ("She consumes one glass of wine on special occasions, quit smoking years ago.", "t:former a:current"),
    ("Not a transplant candidate due to active alcohol abuse.", "a:current"),
    ("Her husband is a smoker but she has never smoked.", "t:never"),
    ("Lives with wife, smokes 1/2 ppd, no drugs.", "t:current d:none"),
    ("Wife reports he smokes 2 packs per day", "t:current"),
]

NO_STATUS = [
    "Father smokes.", "Her husband is a heavy drinker.", "Exposed to second-hand smoke.", "Passive smoking at work.",
    "Smoking cessation counselling given.", "Advised to quit smoking.", "Avoid alcohol.", "Encouraged to drink fluids.",
    "Eating and drinking well.", "Drinks only tea.", "Drinks plenty of water.", "Cleaned with alcohol swab.",
    "Port-wine stain.", "Serum alcohol level 20.", "Alcohol odor on breath.", "Smoke inhalation.", "UDS positive for cocaine.",
    "Nonalcoholic fatty liver disease.", "Alcoholic hepatitis.", "FAMILY HISTORY: heavy smoker.", "Intravenous drug therapy.",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), STATUSES, ids=[t for t, _ in STATUSES])
def test_statuses(text: str, expected: str) -> None:
    assert statuses(text) == expected


@pytest.mark.parametrize("text", NO_STATUS)
def test_others_advice_and_other_liquids_give_no_status(text: str) -> None:
    assert statuses(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40 pack-year smoking history", {"pack_years": 40}),
        ("Ex-smoker, 30 pk-yr", {"pack_years": 30}),
        ("Thirty-pack-year smoker", {"pack_years": 30}),
        ("Pack years: 30", {"pack_years": 30}),
        ("Smokes 1 ppd x 30 years", {"packs_per_day": 1, "smoking_duration": 30}),
        ("Smokes 1/2 ppd", {"packs_per_day": 0.5}),
        ("Smokes half a pack per day", {"packs_per_day": 0.5}),
        ("He smoked one to two packs of cigarettes daily for 50 years", {"packs_per_day": 2, "smoking_duration": 50}),
        ("Smokes 10 cigarettes per day", {"cigarettes_per_day": 10}),
        ("PPD 10 mm, ice packs", {}),
        ("Father smoked 2 packs per day", {}),
    ],
)
def test_amounts_smoked_are_kept_as_stated(text: str, expected: dict[str, float]) -> None:
    assert {k: v for k, v in social(text).items() if k in AMOUNTS} == expected


def test_status_carries_negation_history_and_words() -> None:
    facts = next(
        extract([Note(id="n", patient_id="p", text="Former smoker. Drinks 2 beers per week. No illicit drugs.")])
    )
    found = {f.concept_id: f for f in facts if f.kind is FactKind.SOCIAL_HISTORY}
    assert found["tobacco_status"].assertion.is_historical and found["tobacco_status"].text == "Former smoker"
    assert found["alcohol_use"].text == "Drinks 2 beers per week" and found["alcohol_use"].assertion.is_current_finding
    assert found["drug_use_history"].assertion.is_negated


@pytest.mark.parametrize(
    "unit", ["smokes ", "no smoking, ", "drinks a ", "alcohol/", "quit ", "1 pack ", "denies drugs and "]
)
def test_long_runs_stay_fast(unit: str) -> None:
    start = time.process_time()
    next(extract([Note(id="n", patient_id="p", text=unit * (20_000 // len(unit)))]))
    assert time.process_time() - start < 10.0
