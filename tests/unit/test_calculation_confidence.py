"""The confidence of an answer falls with what speaks against it, and is read from a file that says how it was made."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from tools.calculation import Calculated, Criterion, Used, calculate_from_note
from tools.calculation.confidence import Calibration, confidence, features, packaged


def value(name: str = "weight_kg", **more: object) -> Used:
    return Used.model_validate({"name": name, "value": 70.0, "span": (0, 5), "quote": "70 kg", **more})


def answer(*inputs: Used, unit: str = "kg/m2", **more: object) -> Calculated:
    return Calculated.model_validate({"calculator": "bmi", "answer": 24.0, "unit": unit, "inputs": inputs, **more})


PLAIN = answer(value(), value("height_cm"))


@pytest.mark.parametrize(
    "worse",
    [
        answer(value(others=("80 kg",)), value("height_cm")),
        answer(value(origin="derived"), value("height_cm")),
        answer(value(span=(9000, 9005)), value("height_cm")),
        PLAIN.model_copy(update={"unit": "{score}"}),
    ],
)
def test_what_speaks_against_an_answer_lowers_its_confidence(worse: Calculated) -> None:
    assert confidence(worse) < confidence(PLAIN)


def test_two_conflicts_are_worse_than_one() -> None:
    one = answer(value(others=("80 kg",)), value("height_cm"))
    two = answer(value(others=("80 kg",)), value("height_cm", others=("160 cm",)))
    assert confidence(two) < confidence(one)


def test_criteria_that_are_not_mentioned_lower_the_confidence_in_a_score() -> None:
    told = answer(value("age_years"), unit="{score}")
    silent = answer(value("age_years"), Used(name="melena", value=False, origin="assumed_absent"), unit="{score}")
    worded = told.model_copy(update={"criteria": (Criterion(name="melena", met=True, evidence="melena", span=(0, 6)),)})
    assert confidence(silent) < confidence(told) and confidence(worded) < confidence(told)


def test_no_answer_has_no_confidence() -> None:
    assert confidence(Calculated(calculator="bmi", reason="missing: weight_kg")) == 0


def test_a_calculator_that_was_never_seen_counts_as_its_kind() -> None:
    known = Calibration({"intercept": 1.0}, {"bmi": -1.0})
    assert confidence(PLAIN, known) == 0.5
    assert confidence(PLAIN.model_copy(update={"calculator": "new"}), known) == pytest.approx(0.731)


def test_notes_about_conventions_are_no_warnings() -> None:
    noted = PLAIN.model_copy(update={"warnings": ("benchmark convention no_domain: x",)})
    assert features(noted) == features(PLAIN)
    assert features(PLAIN.model_copy(update={"warnings": ("Outside its domain.",)}))["warnings"] > 0


def test_the_packaged_coefficients_are_those_of_the_features_and_say_how_they_were_made() -> None:
    stored = json.loads(resources.files("tools").joinpath("data/answer_confidence.json").read_text(encoding="utf-8"))
    assert set(packaged().weights) == set(features(PLAIN))
    assert stored["made_by"].startswith("python -m evals.calibration --notes") and "folds 0, 1, 2" in stored["data"]


def test_an_answer_over_a_note_carries_its_confidence() -> None:
    clear = calculate_from_note("A man of 80 kg and 180 cm.", "BMI?")
    unclear = calculate_from_note("A man of 80 kg and 180 cm. Two months later his weight was 62 kg.", "BMI?")
    assert 0.9 < clear.confidence <= 1
    assert unclear.confidence < clear.confidence
