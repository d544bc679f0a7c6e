"""Values that a note tells in a phrase, under another name or in a unit that cannot be meant."""

from __future__ import annotations

from functools import lru_cache

import pytest

from domain.predictions import ModelInput
from tools.calculation import body_size, values
from tools.calculation.answers import Used
from tools.calculation.reading import NoteReading
from twin_backend.registry import all_models


@lru_cache(maxsize=1)
def _specs() -> dict[str, ModelInput]:
    return {spec.name: spec for model in all_models() for spec in model.card.inputs}


def read(name: str, text: str) -> Used | None:
    reader = body_size.measured if name in ("weight_kg", "height_cm") else values.number
    return reader(NoteReading.of(text), _specs()[name])


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("systolic_bp_mmhg", "Blood pressure and heart rate were 130x82 mmHg and 83 bpm.", 130),
        ("diastolic_bp_mmhg", "Blood pressure and heart rate were 130x82 mmHg and 83 bpm.", 82),
        ("spo2_percent", "He was saturating well (96%) on room air.", 96),
        ("spo2_percent", "Oxygen saturation by pulse oxymeter was 88%.", 88),
        ("respiratory_rate_per_min", "Heart rate 86 beats min⁻¹, respiratory rate 16 min⁻¹.", 16),
        ("temperature_c", "Her temperature was 36.8oC.", 36.8),
        ("temperature_c", "Vital signs were: temperature 98.6° Fahrenheit.", 37.0),
        ("age_years", "The patient, a man of 63 years, was admitted.", 63),
        ("age_years", "A 3½-year-old boy was seen.", 3.5),
        ("height_cm", "He is 5 feet 7 inches tall.", 170.18),
        ("height_cm", "She is 1 m 68 cm tall.", 168),
        ("weight_kg", "He weighs 11 stone 4.", 71.67),
        ("wbc_10e9_l", "There was mild leukocytosis (WBCs 12000).", 12),
        ("wbc_10e9_l", "White blood cell count 10.700/mm3.", 10.7),
        ("platelets_10e9_l", "The platelet count was 90/mm3.", 90),
        ("bilirubin_mg_dl", "Bilirubin (total/direct) 3.22/0.8 mg/dl.", 3.22),
        ("fasting_insulin_uiu_ml", "Insulin was 28 µU/ml.", 28),
    ],
)
def test_a_phrase_gives_its_value(name: str, text: str, expected: float) -> None:
    found = read(name, text)
    assert found is not None and float(found.taken) == pytest.approx(expected, abs=0.01)
    assert found.span is not None and text[slice(*found.span)] == found.quote


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("creatinine_mg_dl", "Creatinine was 172 mmol/L.", 1.95),
        ("creatinine_mg_dl", "Creatinine 1.4 g/dL.", 1.4),
        ("calcium_mg_dl", "Calcium 8.9 g/dl.", 8.9),
        ("glucose_mg_dl", "Glucose 300 g/dl.", 300),
        ("sodium_meq_l", "Sodium of 138 mEq/dL.", 138),
        ("hemoglobin_g_dl", "Hemoglobin 14.0 mg/dl.", 14),
    ],
)
def test_a_unit_that_makes_a_value_impossible_is_read_as_the_one_that_was_meant(
    name: str, text: str, expected: float
) -> None:
    found = read(name, text)
    assert found is not None and float(found.taken) == pytest.approx(expected, abs=0.01)
    assert "is impossible; taken as" in found.note


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("weight_kg", "The ethics board (201906053RINB, 1st approved in 2019) agreed."),
        ("weight_kg", "Ultrasound showed 2 stones in the gallbladder."),
        ("height_cm", "He stood within 3 feet of the source."),
        ("hemoglobin_g_dl", "Hemoglobin A1c 8.5 %."),
        ("wbc_10e9_l", "Urine microscopy showed 45 white blood cells/hpf."),
        ("spo2_percent", "Transferrin saturation 85%."),
        ("calcium_mg_dl", "Ionized calcium 1.2 mmol/L."),
    ],
)
def test_what_only_looks_like_a_value_is_none(name: str, text: str) -> None:
    assert read(name, text) is None


def test_fluids_that_are_given_are_no_other_fluid_than_blood() -> None:
    found = read("hemoglobin_g_dl", "A sample drawn prior to any fluid or drug therapy revealed hemoglobin 15.2 g/dL.")
    assert found is not None and found.taken == 15.2
