"""Values of one moment: the sodium beside the bicarbonate, the height of the day of the weight."""

from __future__ import annotations

from tools.calculation import calculate_from_note

_TALE = "He was observed on the ward, where his course was uneventful and the nurses saw to his comfort. " * 5
_TWO_SAMPLES = (
    f"A 50-year-old man. Serum sodium was 118 mmol/L. {_TALE}On transfer, sodium was 140 mmol/L, chloride 100 mmol/L and "
    "bicarbonate 16 mmol/L."
)


def test_an_equation_takes_the_values_of_one_sample() -> None:
    done = calculate_from_note(_TWO_SAMPLES, "What is the anion gap?")
    assert done.answer == 24
    [sodium] = [item for item in done.inputs if item.name == "sodium_meq_l"]
    assert sodium.taken == 140 and any("118" in other for other in sodium.others)


def test_the_first_value_stays_where_no_sample_has_all() -> None:
    text = f"Serum sodium was 118 mmol/L and chloride 90 mmol/L. {_TALE}Bicarbonate was 16 mmol/L."
    assert calculate_from_note(text, "What is the anion gap?").answer == 12


def test_weight_and_height_are_those_of_one_day() -> None:
    text = f"At the first visit he weighed 6 kg. {_TALE}At the second, he weighed 10 kg and was 80 cm tall. He was a boy of 2 years."
    done = calculate_from_note(text, "What is the body surface area?")
    assert {item.name: item.taken for item in done.inputs}["weight_kg"] == 10


def test_a_score_keeps_the_first_of_each() -> None:
    text = f"A 60-year-old man with cirrhosis. Bilirubin 2 mg/dL. {_TALE}Bilirubin 5 mg/dL, INR 1.4, creatinine 1.1 mg/dL, sodium 135 mmol/L."
    done = calculate_from_note(text, "What is the MELD-Na score?")
    assert {item.name: item.taken for item in done.inputs}["bilirubin_mg_dl"] == 2
