"""Worked examples that others published, through the twin's front door; each names where it stands."""

from __future__ import annotations

from math import floor
from typing import Any

import pytest

from twin_backend import build_twin

TWIN = build_twin()


def _shown(model: str, inputs: dict[str, Any], output: str) -> float:
    return float(TWIN.predict(model, inputs).output(output).value)


@pytest.mark.parametrize(
    ("patient", "two_years", "five_years"),
    [
        ({"age_years": 63, "sex": "female", "egfr_ml_min_1_73m2": 45, "uacr_mg_g": 30}, 0.4, 1.3),
        ({"age_years": 55, "sex": "male", "egfr_ml_min_1_73m2": 38, "uacr_mg_g": 150}, 2.9, 9),
    ],
)
def test_kfre_in_clinician_reviews(patient: dict[str, Any], two_years: float, five_years: float) -> None:
    """Clinician Reviews 2017, "Kidney disease progression: how to calculate risk"; its decimals are cut off, not rounded."""
    given = {**patient, "region": "north_america"}
    assert floor(10 * _shown("kfre_4_variable", given, "kidney_failure_risk_2y")) / 10 == two_years
    assert floor(10 * _shown("kfre_4_variable", given, "kidney_failure_risk_5y")) / 10 == five_years


_PCE = {"age_years": 55, "total_cholesterol_mg_dl": 213, "hdl_mg_dl": 50, "systolic_bp_mmhg": 140, "diabetes": False,
        "current_smoker": False, "on_antihypertensive": False}  # fmt: skip


@pytest.mark.parametrize(
    ("race", "sex", "percent"),
    [
        ("african_american", "male", 7.95),
        ("african_american", "female", 5.08),
        ("white", "female", 2.76),
        ("white", "male", 7.01),
    ],
)
def test_pce_in_cvrisk(race: str, sex: str, percent: float) -> None:
    """Tests of the R package CVrisk (`ascvd_10y_accaha`), to two decimals."""
    risk = _shown("pce_2013", {**_PCE, "race": race, "sex": sex}, "ascvd_risk_10y")
    assert risk == pytest.approx(percent, abs=0.006)


def test_framingham_in_cvrisk() -> None:
    """Tests of the R package CVrisk (`ascvd_10y_frs`, `ascvd_10y_frs_simple`), to two decimals."""
    assert _shown("framingham_2008", {**_PCE, "sex": "male"}, "cvd_risk_10y") == pytest.approx(13.53, abs=0.006)
    simple = {name: value for name, value in _PCE.items() if name not in ("total_cholesterol_mg_dl", "hdl_mg_dl")}
    risk = _shown("framingham_2008_bmi", {**simple, "sex": "male", "bmi_kg_m2": 30}, "cvd_risk_10y")
    assert risk == pytest.approx(16.75, abs=0.006)


def test_prevent_in_cvrisk() -> None:
    """Test of the R package CVrisk (`ascvd_10y_prevent`): a man of 55, 3.9 % to its one decimal."""
    given = {**_PCE, "sex": "male", "on_statin": False, "egfr_ml_min_1_73m2": 90, "bmi_kg_m2": 30}
    assert round(_shown("prevent_2023_base", given, "ascvd_risk_10y"), 1) == 3.9


_SCORE2_EXAMPLES = [
    # SCORE2, supplementary methods table 4
    ("score2", "low", 50, "male", True, 140, 6.3, 1.4, 6), ("score2", "low", 50, "female", True, 140, 6.3, 1.4, 4),
    ("score2", "moderate", 50, "male", True, 140, 6.3, 1.4, 8),
    ("score2", "moderate", 50, "female", True, 140, 6.3, 1.4, 5),
    ("score2", "high", 50, "male", True, 140, 6.3, 1.4, 9), ("score2", "high", 50, "female", True, 140, 6.3, 1.4, 7),
    ("score2", "very_high", 50, "male", True, 140, 6.3, 1.4, 15),
    ("score2", "very_high", 50, "female", True, 140, 6.3, 1.4, 14),
    # heartscore.org
    ("score2", "low", 45, "male", False, 110, 5, 2, 1), ("score2", "very_high", 45, "female", True, 140, 5, 2, 6),
    ("score2", "high", 48, "male", True, 160, 8, 2, 10),
    # SCORE2-OP, supplementary methods table 3, and heartscore.org
    ("score2_op", "low", 75, "male", True, 140, 5.5, 1.3, 19), ("score2_op", "low", 75, "female", True, 140, 5.5, 1.3, 15),
    ("score2_op", "low", 75, "male", False, 140, 5.5, 1.3, 13), ("score2_op", "low", 75, "female", False, 110, 5, 2, 6),
    ("score2_op", "moderate", 75, "male", True, 140, 5.5, 1.3, 24),
    ("score2_op", "moderate", 75, "female", True, 140, 5.5, 1.3, 20),
    ("score2_op", "high", 75, "male", True, 140, 6, 1.3, 29), ("score2_op", "high", 75, "female", True, 110, 5, 2, 19),
    ("score2_op", "very_high", 75, "male", True, 140, 6, 1.3, 41),
    ("score2_op", "very_high", 75, "female", True, 140, 6, 1.3, 46),
]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "region", "age", "sex", "smoker", "systolic", "total", "hdl", "percent"), _SCORE2_EXAMPLES
)
def test_score2_in_the_supplements(
    model: str, region: str, age: int, sex: str, smoker: bool, systolic: int, total: float, hdl: float, percent: int
) -> None:
    """As collected, with ESC HeartScore as reference, by the tests of the R package RiskScorescvd; whole percent."""
    given = {
        "age_years": age, "sex": sex, "risk_region": region, "current_smoker": smoker, "systolic_bp_mmhg": systolic,
        "total_cholesterol_mg_dl": {"value": total, "unit": "mmol/L"}, "hdl_mg_dl": {"value": hdl, "unit": "mmol/L"},
    }  # fmt: skip
    assert round(_shown(model, given, "cvd_risk_10y")) == percent


@pytest.mark.parametrize(
    ("age", "weight", "creatinine", "sex", "expected"),
    [
        (70, 75, 1.0, "male", 72.9),
        (65, 70, 1.4, "male", 52.1),
        (45, 60, 0.9, "female", 74.8),
        (60, 80, 1.2, "male", 74.1),
    ],
)
def test_cockcroft_gault_in_textbook_pages(age: int, weight: int, creatinine: float, sex: str, expected: float) -> None:
    """Worked examples of droracle.ai and superglobalcalculator.com, to their one decimal."""
    given = {"age_years": age, "weight_kg": weight, "creatinine_mg_dl": creatinine, "sex": sex}
    assert round(_shown("cockcroft_gault", given, "creatinine_clearance"), 1) == expected


def test_alveolar_gradient_in_egans_workbook() -> None:
    """Egan's Fundamentals of Respiratory Care, workbook of chapter 12: PAO2 99.73, gradient about 10 mmHg."""
    given = {"fio2": 0.21, "paco2_mmhg": 40, "pao2_mmhg": 90}
    assert _shown("alveolar_gas", given, "alveolar_oxygen") == pytest.approx(99.73)
    assert TWIN.predict("alveolar_gas", given).output("a_a_gradient").display == "10 mmHg"


def test_fib4_in_a_worked_example() -> None:
    """droracle.ai: 50 years, AST 40, ALT 36, platelets 200: 1.67."""
    given = {"age_years": 50, "ast_u_l": 40, "alt_u_l": {"value": 36, "unit": "IU/L"}, "platelets_10_9_l": 200}
    assert round(_shown("fib4", given, "fib4"), 2) == 1.67
