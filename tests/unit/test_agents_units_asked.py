"""Units in a question: the one wanted, and those that belong to numbers."""

from __future__ import annotations

import pytest

from agents.embedded.reading.units_asked import NUMBER, is_unit_alone, ucum, unit_of, unit_spans

WANTED = [
    ("latest LDL in mmol/L", "mmol/L"),
    ("convert her last LDL to mmol/l", "mmol/L"),
    ("hemoglobin expressed in g/L?", "g/L"),
    ("we use g/L here - last hemoglobin?", "g/L"),
    ("last weight, lb", "[lb_av]"),
    ("how many kilos does he weigh", "kg"),
    ("convert last creatinine from umol/L to mg/dL", "mg/dL"),
    ("creatinine (µmol/L)", "umol/L"),
    ("creatinine in micromoles per litre", "umol/L"),
    ("Hb in g per L", "g/L"),
    ("temperature in F?", "[degF]"),
    ("A1c in mmol/mol please", "mmol/mol"),
    ("weight in April 2025 in kg?", "kg"),
    ("LDL? SI units please", "SI"),
    ("creatinine in US units", "conventional"),
    ("in mg/dL, not mmol/L", "mg/dL"),
]


@pytest.mark.parametrize(("question", "unit"), WANTED)
def test_the_unit_wanted(question: str, unit: str) -> None:
    assert unit_of(question) == unit


@pytest.mark.parametrize(
    "question",
    [
        "is she in pain",
        "was potassium ever above 5.5 mmol/L",
        "eGFR if creatinine were 230 umol/L?",
        "metformin 500 mg",
        "weight of 92 kg?",
        "is he in AF",
        "any change in creatinine",
    ],
)
def test_no_unit_is_wanted(question: str) -> None:
    assert unit_of(question) == ""


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("140 micromol/L", "140", "umol/L"), ("230 umol/l", "230", "umol/L"), ("2.1 mg/dL", "2.1", "mg/dL"), ("12,500 units", "12,500", "[IU]"),
        ("80 kilos", "80", "kg"), ("180 lbs", "180", "[lb_av]"), ("8 kPa", "8", "kPa"), ("9 percent", "9", "%"),
    ],
)  # fmt: skip
def test_a_number_carries_its_unit(text: str, value: str, unit: str) -> None:
    found = NUMBER.search(text)
    assert found is not None and (found["value"], ucum(found["unit"])) == (value, unit)


def test_units_are_no_names() -> None:
    text = "latest creatinine in mg/dL"
    assert [text[a:b] for a, b in unit_spans(text)] == ["mg/dL", "in mg/dL"]


@pytest.mark.parametrize(
    ("text", "alone"), [("SI units please", True), ("in mmol/L", True), ("potassium in mmol/L", False)]
)
def test_a_unit_alone_is_no_question(text: str, alone: bool) -> None:
    assert is_unit_alone(text) is alone
