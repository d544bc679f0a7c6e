"""Golden values and refusals of the kidney and cardiovascular models."""

from __future__ import annotations

from math import exp, log

import pytest

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain
from twin_backend import build_twin

TWIN = build_twin()


def value(model: str, output: str, inputs: dict[str, object]) -> float:
    result = TWIN.predict(model, inputs).output(output).value
    assert isinstance(result, (int, float))
    return result


def mmol(amount: float) -> dict[str, object]:
    return {"value": amount, "unit": "mmol/L"}


# --- eGFR -------------------------------------------------------------------------------------------------------------

KIDNEY: dict[str, object] = {"creatinine_mg_dl": 1.2, "age_years": 55, "sex": "male"}


@pytest.mark.parametrize(
    ("sex", "race", "expected"),
    [("male", "white", 62.9), ("female", "white", 46.7), ("male", "african_american", 76.2)],
)
def test_mdrd_by_hand(sex: str, race: str, expected: float) -> None:
    """Levey 2006: 175 x 1.2^-1.154 (0.8103) x 55^-0.203 (0.4433) = 62.86; x 0.742 = 46.64; x 1.212 = 76.2."""
    by_formula = 175 * 1.2**-1.154 * 55**-0.203
    by_formula *= (0.742 if sex == "female" else 1) * (1.212 if race == "african_american" else 1)
    result = value("mdrd", "egfr", {**KIDNEY, "sex": sex, "race": race})
    assert result == pytest.approx(by_formula, rel=1e-12) and result == pytest.approx(expected, abs=0.1)


def test_mdrd_takes_si_units_and_says_when_race_is_left_out() -> None:
    run = TWIN.predict("mdrd", {**KIDNEY, "creatinine_mg_dl": {"value": 106.1, "unit": "umol/L"}})
    assert run.output("egfr").display == "63 mL/min/1.73 m²" and run.output("gfr_category").value == "G2"
    assert any("Race not given" in warning and "76 mL/min" in warning for warning in run.warnings)
    assert not TWIN.predict("mdrd", {**KIDNEY, "race": "white"}).warnings


@pytest.mark.parametrize(
    ("cystatin", "sex", "age", "expected"),
    [
        (0.8, "male", 50, 133 * 0.996**50),
        (0.8, "female", 50, 133 * 0.996**50 * 0.932),
        (1.6, "male", 50, 133 * 2**-1.328 * 0.996**50),
        (0.6, "female", 30, 133 * 0.75**-0.499 * 0.996**30 * 0.932),
    ],
)
def test_ckd_epi_2012_cystatin(cystatin: float, sex: str, age: float, expected: float) -> None:
    """Inker 2012 as the National Kidney Foundation prints it, at, above and below the knot of 0.8 mg/L."""
    patient = {"cystatin_c_mg_l": cystatin, "sex": sex, "age_years": age}
    assert value("ckd_epi_2012_cystatin", "egfr", patient) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("creatinine", "cystatin", "sex", "age", "expected"),
    [
        (0.9, 0.8, "male", 40, 135 * 0.9961**40),
        (0.7, 0.8, "female", 40, 135 * 0.9961**40 * 0.963),
        (1.8, 1.6, "male", 60, 135 * 2**-0.544 * 2**-0.778 * 0.9961**60),
        (0.35, 0.4, "female", 25, 135 * 0.5**-0.219 * 0.5**-0.323 * 0.9961**25 * 0.963),
        (0.45, 0.4, "male", 25, 135 * 0.5**-0.144 * 0.5**-0.323 * 0.9961**25),
    ],
)
def test_ckd_epi_2021_creatinine_cystatin(
    creatinine: float, cystatin: float, sex: str, age: float, expected: float
) -> None:
    """Inker 2021, both markers at, above and below their knots."""
    patient = {"creatinine_mg_dl": creatinine, "cystatin_c_mg_l": cystatin, "sex": sex, "age_years": age}
    assert value("ckd_epi_2021_creatinine_cystatin", "egfr", patient) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("model", ["mdrd", "ckd_epi_2012_cystatin", "ckd_epi_2021_creatinine_cystatin"])
def test_egfr_equations_refuse_children(model: str) -> None:
    needed = {spec.name: 1.0 for spec in TWIN.describe(model).inputs if spec.kind == "number"}
    with pytest.raises(OutsideModelDomain, match="18 years"):
        TWIN.predict(model, {**needed, "age_years": 17, "sex": "female"})


# --- Kidney failure risk ----------------------------------------------------------------------------------------------

CKD: dict[str, object] = {
    "age_years": 70.36, "sex": "male", "egfr_ml_min_1_73m2": 36.11, "uacr_mg_g": exp(5.137), "region": "north_america",
}  # fmt: skip
CHEMISTRY: dict[str, object] = {
    "albumin_g_dl": 3.997, "phosphate_mg_dl": 3.916, "bicarbonate_meq_l": 25.57, "calcium_mg_dl": 9.355,
}  # fmt: skip


@pytest.mark.parametrize(
    ("model", "region", "two", "five", "male"),
    [
        ("kfre_4_variable", "north_america", 0.9750, 0.9240, 0.2467),
        ("kfre_4_variable", "non-North America", 0.9832, 0.9365, 0.2467),
        ("kfre_8_variable", "north_america", 0.9780, 0.9301, 0.1602),
        ("kfre_8_variable", "non_north_america", 0.9827, 0.9245, 0.1602),
    ],
)
def test_kfre_at_the_means_is_the_baseline_risk(model: str, region: str, two: float, five: float, male: float) -> None:
    """Tangri 2016: a man at the mean of every variable has 1 - S0 ^ exp(b x (1 - 0.5642))."""
    patient = {**CKD, **(CHEMISTRY if "8" in model else {}), "region": region}
    hazard = exp(male * (1 - 0.5642))
    assert value(model, "kidney_failure_risk_2y", patient) == pytest.approx(100 * (1 - two**hazard), rel=1e-9)
    assert value(model, "kidney_failure_risk_5y", patient) == pytest.approx(100 * (1 - five**hazard), rel=1e-9)


def test_kfre_4_variable_by_hand() -> None:
    """Woman of 60, eGFR 25, ACR 500 mg/g: 0.2280 - 0.1392 + 1.2371 + 0.4860 = 1.8119, exp = 6.1222;

    1 - 0.975^6.1222 = 14.4 %, 1 - 0.924^6.1222 = 38.4 %.
    """
    patient = {**CKD, "age_years": 60, "sex": "female", "egfr_ml_min_1_73m2": 25, "uacr_mg_g": 500}
    run = TWIN.predict("kfre", patient)
    assert run.output("kidney_failure_risk_2y").value == pytest.approx(14.36, abs=0.05)
    assert run.output("kidney_failure_risk_5y").value == pytest.approx(38.36, abs=0.1)
    assert "multidisciplinary" in run.output("kidney_failure_risk_2y").interpretation
    in_mmol = {**patient, "uacr_mg_g": {"value": 500 / 8.8402, "unit": "mg/mmol"}}
    assert value("kfre", "kidney_failure_risk_5y", in_mmol) == pytest.approx(
        value("kfre", "kidney_failure_risk_5y", patient), abs=0.01
    )


def test_kfre_8_variable_moves_by_its_coefficients_and_takes_si_units() -> None:
    """One unit of each laboratory value multiplies the hazard by exp(coefficient)."""
    base = log(-log(1 - value("kfre_8_variable", "kidney_failure_risk_5y", {**CKD, **CHEMISTRY}) / 100))
    steps = {
        "albumin_g_dl": -0.3441,
        "phosphate_mg_dl": 0.2604,
        "bicarbonate_meq_l": -0.07354,
        "calcium_mg_dl": -0.2228,
    }
    for name, coefficient in steps.items():
        moved = {**CKD, **CHEMISTRY, name: float(str(CHEMISTRY[name])) + 1}
        risk = value("kfre_8_variable", "kidney_failure_risk_5y", moved)
        assert log(-log(1 - risk / 100)) - base == pytest.approx(coefficient, abs=1e-9)
    si = {"phosphate_mg_dl": mmol(1.2), "calcium_mg_dl": mmol(2.3), "albumin_g_dl": {"value": 40, "unit": "g/L"}}
    used = {item.name: item.value for item in TWIN.predict("kfre_8_variable", {**CKD, **CHEMISTRY, **si}).inputs}
    assert used["phosphate_mg_dl"] == pytest.approx(3.717, abs=1e-3)
    assert used["calcium_mg_dl"] == pytest.approx(9.218, abs=1e-3) and used["albumin_g_dl"] == pytest.approx(4.0)


def test_kfre_declines_without_kidney_disease_and_names_what_is_missing() -> None:
    with pytest.raises(OutsideModelDomain, match="under 60"):
        TWIN.predict("kfre", {**CKD, "egfr_ml_min_1_73m2": 60})
    with pytest.raises(MissingCovariate) as error:
        TWIN.predict("kfre_8_variable", CKD)
    assert error.value.details["missing"] == list(CHEMISTRY)
    with pytest.raises(MissingCovariate) as error:
        TWIN.predict("kfre", {k: v for k, v in CKD.items() if k != "region"})
    assert error.value.details["missing"] == ["region"]


# --- PREVENT ----------------------------------------------------------------------------------------------------------

PREVENT: dict[str, object] = {
    "age_years": 50, "sex": "female", "systolic_bp_mmhg": 160, "on_antihypertensive": True,
    "total_cholesterol_mg_dl": 200, "hdl_mg_dl": 45, "on_statin": False, "diabetes": True, "current_smoker": False,
    "egfr_ml_min_1_73m2": 90, "bmi_kg_m2": 35,
}  # fmt: skip


def test_prevent_reproduces_the_documented_example() -> None:
    """The example that the R package preventr documents, base model, 10 and 30 years, to its three decimals."""
    run = TWIN.predict("prevent_2023_base", PREVENT)
    expected = {
        "total_cvd_risk_10y": 14.7, "ascvd_risk_10y": 9.2, "heart_failure_risk_10y": 8.1,
        "total_cvd_risk_30y": 53.0, "ascvd_risk_30y": 35.4, "heart_failure_risk_30y": 39.0,
    }  # fmt: skip
    assert {o.name: o.value for o in run.outputs} == pytest.approx(expected, abs=0.05)
    assert run.output("total_cvd_risk_10y").display == "14.7%"


@pytest.mark.parametrize(
    ("changes", "percent"),
    [
        ({"age_years": 40, "sex": "female", "total_cholesterol_mg_dl": 180, "hdl_mg_dl": 60, "systolic_bp_mmhg": 110,
          "on_antihypertensive": False, "diabetes": False, "bmi_kg_m2": 24, "egfr_ml_min_1_73m2": 95}, 0.5),
        ({"age_years": 60, "sex": "male", "total_cholesterol_mg_dl": 220, "hdl_mg_dl": 42, "systolic_bp_mmhg": 140,
          "diabetes": False, "bmi_kg_m2": 29, "egfr_ml_min_1_73m2": 72}, 10.9),
        ({"age_years": 70, "sex": "male", "total_cholesterol_mg_dl": 240, "hdl_mg_dl": 38, "systolic_bp_mmhg": 158,
          "current_smoker": True, "bmi_kg_m2": 31, "egfr_ml_min_1_73m2": 52}, 39.9),
    ],
)  # fmt: skip
def test_prevent_matches_preventr(changes: dict[str, object], percent: float) -> None:
    """R package preventr 0.11.0, base model, 10-year total CVD, to its three decimals."""
    assert value("prevent", "total_cvd_risk_10y", {**PREVENT, **changes}) == pytest.approx(percent, abs=0.05)


@pytest.mark.parametrize(
    ("sex", "statin", "expected"),
    [
        ("male", True, {"ascvd_risk_10y": -3.500655 - 0.0865581, "ascvd_risk_30y": -1.736444 + 0.0135996,
                        "total_cvd_risk_30y": -1.148204 - 0.0272112, "heart_failure_risk_10y": -3.946391,
                        "heart_failure_risk_30y": -1.95751}),
        ("female", True, {"ascvd_risk_10y": -3.819975 - 0.0592374, "ascvd_risk_30y": -1.974074 + 0.0152476,
                          "total_cvd_risk_30y": -1.318827 - 0.075688, "heart_failure_risk_10y": -4.310409,
                          "heart_failure_risk_30y": -2.205379}),
    ],
)  # fmt: skip
def test_prevent_at_its_centre_is_the_constant(sex: str, statin: bool, expected: dict[str, float]) -> None:
    """Khan 2024, supplement: age 55, non-HDL 3.5 and HDL 1.3 mmol/L, 130 mmHg, eGFR 90, BMI 25 leave constant and statin."""
    centre = {
        **PREVENT, "age_years": 55, "sex": sex, "systolic_bp_mmhg": 130, "on_antihypertensive": False,
        "total_cholesterol_mg_dl": 4.8 / 0.02586, "hdl_mg_dl": 1.3 / 0.02586, "diabetes": False, "bmi_kg_m2": 25,
        "egfr_ml_min_1_73m2": 90, "on_statin": statin,
    }  # fmt: skip
    run = TWIN.predict("prevent", centre)
    for name, log_odds in expected.items():
        assert run.output(name).value == pytest.approx(100 / (1 + exp(-log_odds)), rel=1e-6)


def test_prevent_limits() -> None:
    old = TWIN.predict("prevent", {**PREVENT, "age_years": 60})
    assert [o.name for o in old.outputs] == ["total_cvd_risk_10y", "ascvd_risk_10y", "heart_failure_risk_10y"]
    assert any("30 to 59" in warning for warning in old.warnings)
    for age in (29, 80):
        with pytest.raises(OutsideModelDomain, match="30 to 79"):
            TWIN.predict("prevent", {**PREVENT, "age_years": age})
    with pytest.raises(OutsideModelDomain, match="first event"):
        TWIN.predict("prevent", {**PREVENT, "prior_cvd": True})
    with pytest.raises(InvalidInput, match="body surface area"):
        TWIN.predict("prevent", {**PREVENT, "egfr_ml_min_1_73m2": {"value": 90, "unit": "mL/min"}})
    with pytest.raises(InvalidInput, match="swapped"):
        TWIN.predict("prevent", {**PREVENT, "hdl_mg_dl": 199, "total_cholesterol_mg_dl": 150})
    stout = TWIN.predict("prevent", {**PREVENT, "bmi_kg_m2": 45})
    assert stout.outside_derivation == ("bmi_kg_m2 45 kg/m² is outside 18.5 to 39.9",)


# --- SCORE2 -----------------------------------------------------------------------------------------------------------

EUROPEAN: dict[str, object] = {
    "age_years": 50, "sex": "male", "risk_region": "low", "current_smoker": True, "systolic_bp_mmhg": 140,
    "total_cholesterol_mg_dl": mmol(5.5), "hdl_mg_dl": mmol(1.3),
}  # fmt: skip


@pytest.mark.parametrize(
    ("sex", "region", "percent"),
    [("male", "low", 5.9), ("male", "very high", 14.0), ("female", "low", 4.2), ("female", "very_high", 13.7)],
)
def test_score2_reproduces_the_abstract(sex: str, region: str, percent: float) -> None:
    """SCORE2 working group 2021, abstract: smoker of 50, 140 mmHg, cholesterol 5.5 and HDL 1.3 mmol/L."""
    patient = {**EUROPEAN, "sex": sex, "risk_region": region}
    assert value("score2", "cvd_risk_10y", patient) == pytest.approx(percent, abs=0.05)


@pytest.mark.parametrize(
    ("model", "age", "pressure", "hdl", "sex", "baseline", "mean"),
    [
        ("score2", 60, 120, 1.3, "male", 0.9605, 0.0), ("score2", 60, 120, 1.3, "female", 0.9776, 0.0),
        ("score2_op", 73, 150, 1.4, "male", 0.7576, 0.0929), ("score2_op", 73, 150, 1.4, "female", 0.8082, 0.2288),
    ],
)  # fmt: skip
@pytest.mark.parametrize("region", ["low", "moderate", "high", "very_high"])
def test_score2_at_its_centre_is_the_recalibrated_baseline(
    model: str, age: int, pressure: int, hdl: float, sex: str, baseline: float, mean: float, region: str
) -> None:
    """Supplements: at the centre the linear predictor is minus its mean; then each region's two scales."""
    scales = {
        ("score2", "male"): {"low": (-0.5699, 0.7476), "moderate": (-0.1565, 0.8009), "high": (0.3207, 0.9360),
                             "very_high": (0.5836, 0.8294)},
        ("score2", "female"): {"low": (-0.7380, 0.7019), "moderate": (-0.3143, 0.7701), "high": (0.5710, 0.9369),
                               "very_high": (0.9412, 0.8329)},
        ("score2_op", "male"): {"low": (-0.34, 1.19), "moderate": (0.01, 1.25), "high": (0.08, 1.15),
                                "very_high": (0.05, 0.70)},
        ("score2_op", "female"): {"low": (-0.52, 1.01), "moderate": (-0.10, 1.10), "high": (0.38, 1.09),
                                  "very_high": (0.38, 0.69)},
    }  # fmt: skip
    a, b = scales[model, sex][region]
    uncalibrated = 1 - baseline ** exp(-mean)
    expected = 100 * (1 - exp(-exp(a + b * log(-log(1 - uncalibrated)))))
    patient = {
        **EUROPEAN, "age_years": age, "sex": sex, "risk_region": region, "current_smoker": False,
        "systolic_bp_mmhg": pressure, "total_cholesterol_mg_dl": mmol(6.0), "hdl_mg_dl": mmol(hdl),
    }  # fmt: skip
    assert value(model, "cvd_risk_10y", patient) == pytest.approx(expected, rel=1e-9)


def test_score2_op_by_hand() -> None:
    """Man of 75 who smokes, 160 mmHg, cholesterol 5.5, HDL 1.2 mmol/L, low-risk region.

    0.0634 x 2 + 0.3524 - 0.0247 x 2 + 0.0094 x 10 - 0.0005 x 20 + 0.085 x -0.5 + 0.0073 x -1 - 0.3564 x -0.2
    + 0.0091 x -0.4 = 0.53164; less 0.0929 = 0.43874; ln(-ln(0.7576)) = -1.28157, sum -0.84283;
    -0.34 + 1.19 x -0.84283 = -1.34297; 1 - exp(-exp(-1.34297)) = 22.98 %.
    """
    patient = {
        **EUROPEAN, "age_years": 75, "systolic_bp_mmhg": 160, "total_cholesterol_mg_dl": mmol(5.5),
        "hdl_mg_dl": mmol(1.2),
    }  # fmt: skip
    run = TWIN.predict("score2_op", patient)
    assert run.output("cvd_risk_10y").value == pytest.approx(22.98, abs=0.05)
    assert "very high" in run.output("cvd_risk_10y").interpretation


def test_score2_limits_and_categories() -> None:
    with pytest.raises(OutsideModelDomain, match="40 to 69"):
        TWIN.predict("score2", {**EUROPEAN, "age_years": 70})
    with pytest.raises(OutsideModelDomain, match="70 to 89"):
        TWIN.predict("score2_op", {**EUROPEAN, "age_years": 69})
    with pytest.raises(OutsideModelDomain, match="without diabetes"):
        TWIN.predict("score2", {**EUROPEAN, "diabetes": True})
    with pytest.raises(MissingCovariate) as error:
        TWIN.predict("score2", {k: v for k, v in EUROPEAN.items() if k != "risk_region"})
    assert error.value.details["missing"] == ["risk_region"]
    young = TWIN.predict("score2", {**EUROPEAN, "age_years": 49}).output("cvd_risk_10y")
    assert young.interpretation.startswith("high (2.5")
    assert "5 to under 10 %" in TWIN.predict("score2", EUROPEAN).output("cvd_risk_10y").interpretation


# --- Framingham -------------------------------------------------------------------------------------------------------

WOMAN: dict[str, object] = {
    "age_years": 61, "sex": "female", "total_cholesterol_mg_dl": 180, "hdl_mg_dl": 47, "systolic_bp_mmhg": 124,
    "on_antihypertensive": False, "current_smoker": True, "diabetes": False,
}  # fmt: skip
MAN: dict[str, object] = {
    "age_years": 53, "sex": "male", "total_cholesterol_mg_dl": 161, "hdl_mg_dl": 55, "systolic_bp_mmhg": 125,
    "on_antihypertensive": True, "current_smoker": False, "diabetes": True,
}  # fmt: skip


@pytest.mark.parametrize(("patient", "percent"), [(WOMAN, 10.48), (MAN, 15.62)])
def test_framingham_2008_reproduces_the_paper(patient: dict[str, object], percent: float) -> None:
    """D'Agostino 2008, the two case studies of the paper."""
    assert value("framingham_2008", "cvd_risk_10y", patient) == pytest.approx(percent, abs=0.005)


@pytest.mark.parametrize(
    ("sex", "treated", "log_sum", "baseline"),
    [
        ("female", False, 2.72107 * log(50) + 0.51125 * log(27) + 2.81291 * log(135) + 0.77763 - 26.0145, 0.94833),
        ("female", True, 2.72107 * log(50) + 0.51125 * log(27) + 2.88267 * log(135) + 0.77763 - 26.0145, 0.94833),
        ("male", False, 3.11296 * log(50) + 0.79277 * log(27) + 1.85508 * log(135) + 0.53160 - 23.9388, 0.88431),
        ("male", True, 3.11296 * log(50) + 0.79277 * log(27) + 1.92672 * log(135) + 0.53160 - 23.9388, 0.88431),
    ],
)
def test_framingham_2008_bmi_by_formula(sex: str, treated: bool, log_sum: float, baseline: float) -> None:
    """D'Agostino 2008, the model with BMI in place of lipids, for a person of 50 with diabetes."""
    patient = {
        "age_years": 50, "sex": sex, "bmi_kg_m2": 27, "systolic_bp_mmhg": 135, "on_antihypertensive": treated,
        "current_smoker": False, "diabetes": True,
    }  # fmt: skip
    expected = 100 * (1 - baseline ** exp(log_sum))
    assert value("framingham_2008_bmi", "cvd_risk_10y", patient) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("age", [29, 75])
def test_framingham_2008_declines_outside_30_to_74(age: int) -> None:
    with pytest.raises(OutsideModelDomain, match="30 to 74"):
        TWIN.predict("framingham_2008", {**WOMAN, "age_years": age})


# --- UKPDS ------------------------------------------------------------------------------------------------------------

CENTRE: dict[str, object] = {
    "age_years": 55, "diabetes_duration_years": 0, "sex": "male", "afro_caribbean": False, "current_smoker": False,
    "hba1c_percent": 6.72, "systolic_bp_mmhg": 135.7, "total_cholesterol_mg_dl": 40 * exp(1.59), "hdl_mg_dl": 40,
}  # fmt: skip


def test_ukpds_chd_at_its_centre() -> None:
    """Stevens 2001: at diagnosis at 55, the reference man: 1 - exp(-0.0112 (1.078^10 - 1) / 0.078) = 14.85 %."""
    expected = 100 * (1 - exp(-0.0112 * (1.078**10 - 1) / 0.078))
    assert expected == pytest.approx(14.85, abs=0.01)
    assert value("ukpds_chd", "chd_risk_10y", CENTRE) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "ratio"),
    [
        ({"age_years": 56}, 1.059), ({"sex": "female"}, 0.525), ({"afro_caribbean": True}, 0.390),
        ({"current_smoker": True}, 1.350), ({"hba1c_percent": 7.72}, 1.183), ({"systolic_bp_mmhg": 145.7}, 1.088),
        ({"total_cholesterol_mg_dl": 40 * exp(1.6)}, 3.845**0.01),
        ({"age_years": 60, "diabetes_duration_years": 5}, 1.078**5),
    ],
)  # fmt: skip
def test_ukpds_chd_risk_ratios(changes: dict[str, object], ratio: float) -> None:
    """Stevens 2001: each step multiplies the hazard; years of diabetes by 1.078 each."""

    def hazard(patient: dict[str, object]) -> float:
        return -log(1 - value("ukpds_chd", "chd_risk_10y", patient) / 100)

    assert hazard({**CENTRE, **changes}) / hazard(CENTRE) == pytest.approx(ratio, rel=1e-9)


def test_ukpds_chd_horizon_and_units() -> None:
    run = TWIN.predict("ukpds_chd", {**CENTRE, "horizon_years": 5, "hba1c_percent": {"value": 50, "unit": "mmol/mol"}})
    assert next(i.value for i in run.inputs if i.name == "hba1c_percent") == pytest.approx(6.725, abs=0.001)
    expected = 100 * (1 - exp(-0.0112 * 1.183 ** (50 / 10.929 + 2.15 - 6.72) * (1.078**5 - 1) / 0.078))
    assert run.output("chd_risk_at_horizon").value == pytest.approx(expected, rel=1e-9)
    with pytest.raises(InvalidInput, match="hba1c_percent"):
        TWIN.predict("ukpds_chd", {**CENTRE, "hba1c_percent": 53})
    with pytest.raises(InvalidInput, match="must not exceed"):
        TWIN.predict("ukpds_chd", {**CENTRE, "diabetes_duration_years": 60})
    with pytest.raises(OutsideModelDomain, match="first event"):
        TWIN.predict("ukpds_chd", {**CENTRE, "prior_cvd": True})


DIABETIC: dict[str, object] = {
    "age_years": 60, "diabetes_duration_years": 8, "bmi_kg_m2": 28, "egfr_ml_min_1_73m2": 60, "ldl_mg_dl": mmol(3.5),
    "atrial_fibrillation": False, "micro_or_macroalbuminuria": False, "peripheral_vascular_disease": False,
    "amputation_history": False, "ulcer_history": False,
}  # fmt: skip


def test_ukpds_om2_heart_failure_by_hand() -> None:
    """Hayes 2013: -12.332 + 0.068 x 52 + 0.072 x 28 - 0.22 x 6 + 0.012 x 35 = -7.680; exp = 4.620e-4;

    H(9) - H(8) = 4.620e-4 x (27.842 - 23.296) = 2.100e-3, so 0.210 % in a year;
    H(18) - H(8) = 4.620e-4 x (79.514 - 23.296) = 2.597e-2, so 2.56 % in ten.
    """
    assert value("ukpds_om2_heart_failure", "heart_failure_risk_1y", DIABETIC) == pytest.approx(0.210, abs=0.001)
    assert value("ukpds_om2_heart_failure", "heart_failure_risk_10y", DIABETIC) == pytest.approx(2.56, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "coefficient"),
    [
        ({"atrial_fibrillation": True}, 1.562), ({"micro_or_macroalbuminuria": True}, 0.771),
        ({"peripheral_vascular_disease": True}, 0.479), ({"amputation_history": True}, 0.658),
        ({"ulcer_history": True}, 0.654), ({"bmi_kg_m2": 29}, 0.072), ({"ldl_mg_dl": mmol(3.6)}, 0.012),
        ({"egfr_ml_min_1_73m2": 50}, 0.220), ({"egfr_ml_min_1_73m2": 90}, 0.0), ({"age_years": 61}, 0.068),
    ],
)  # fmt: skip
def test_ukpds_om2_heart_failure_coefficients(changes: dict[str, object], coefficient: float) -> None:
    """Hayes 2013, ESM table 4: steps of the log hazard; eGFR counts below 60 only."""

    def log_hazard(patient: dict[str, object]) -> float:
        return log(-log(1 - value("ukpds_om2_heart_failure", "heart_failure_risk_5y", patient) / 100))

    assert log_hazard({**DIABETIC, **changes}) - log_hazard(DIABETIC) == pytest.approx(coefficient, abs=1e-9)


def test_ukpds_om2_heart_failure_declines_after_the_event() -> None:
    with pytest.raises(OutsideModelDomain, match="first event"):
        TWIN.predict("ukpds_om2_heart_failure", {**DIABETIC, "heart_failure": True})


# --- Acute coronary syndromes -----------------------------------------------------------------------------------------

ACS: dict[str, object] = {
    "age_years": 65, "heart_rate_bpm": 100, "systolic_bp_mmhg": 99, "creatinine_mg_dl": 1.0, "killip_class": 2,
    "cardiac_arrest_at_admission": False, "st_deviation": True, "elevated_cardiac_markers": True,
}  # fmt: skip
MILD: dict[str, object] = {
    "age_years": 55, "heart_rate_bpm": 60, "systolic_bp_mmhg": 80, "creatinine_mg_dl": 0.4, "killip_class": 1,
    "cardiac_arrest_at_admission": False, "st_deviation": False, "elevated_cardiac_markers": False,
}  # fmt: skip


def test_grace_reproduces_the_papers_examples() -> None:
    """Granger 2003, text (quoted from memory): 20 + 53 + 15 + 58 + 7 + 0 + 28 + 14, about 16 %; 0 + 58 + 3 + 41 + 1 = 103, about 0.9 %."""
    first, second = TWIN.predict("grace", ACS), TWIN.predict("grace_in_hospital", MILD)
    assert first.output("grace_in_hospital").value == 195
    assert first.output("in_hospital_mortality").display == "16%"
    assert second.output("grace_in_hospital").value == 103
    assert second.output("in_hospital_mortality").display == "0.9%"


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ({"age_years": 30}, -41), ({"age_years": 31}, -33), ({"age_years": 60}, 17), ({"age_years": 90}, 59),
        ({"heart_rate_bpm": 50}, -3), ({"heart_rate_bpm": 70}, 6), ({"heart_rate_bpm": 200}, 43),
        ({"systolic_bp_mmhg": 81}, -5), ({"systolic_bp_mmhg": 100}, -15), ({"systolic_bp_mmhg": 200}, -58),
        ({"creatinine_mg_dl": 0.5}, 3), ({"creatinine_mg_dl": 2.0}, 20), ({"creatinine_mg_dl": 4.0}, 27),
        ({"creatinine_mg_dl": {"value": 106.08, "unit": "umol/L"}}, 6), ({"killip_class": 3}, 39),
        ({"killip_class": 4}, 59), ({"cardiac_arrest_at_admission": True}, 39), ({"st_deviation": True}, 28),
        ({"elevated_cardiac_markers": True}, 14),
    ],
)  # fmt: skip
def test_grace_points(changes: dict[str, object], points: int) -> None:
    """Granger 2003, nomogram."""
    assert value("grace", "grace_in_hospital", {**MILD, **changes}) == 103 + points


def test_grace_ends_of_the_nomogram() -> None:
    well = {**MILD, "age_years": 25, "systolic_bp_mmhg": 210}
    assert TWIN.predict("grace", well).output("in_hospital_mortality").display == "≤0.2%"
    ill = {**ACS, "killip_class": 4, "cardiac_arrest_at_admission": True}
    assert TWIN.predict("grace", ill).output("in_hospital_mortality").display == "≥52%"
    with pytest.raises(InvalidInput, match="killip_class"):
        TWIN.predict("grace", {**ACS, "killip_class": 5})


CHEST_PAIN: dict[str, object] = {
    "history": "slightly_suspicious", "ecg": "normal", "age_years": 44, "hypertension": False,
    "hypercholesterolemia": False, "diabetes": False, "current_smoker": False, "family_history_cad": False,
    "obesity": False, "atherosclerotic_disease": False, "troponin_ratio": 1.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ({}, 0), ({"history": "moderately suspicious"}, 1), ({"history": "highly_suspicious"}, 2),
        ({"ecg": "nonspecific_repolarization"}, 1), ({"ecg": "significant_st_deviation"}, 2), ({"age_years": 45}, 1),
        ({"age_years": 64}, 1), ({"age_years": 65}, 2), ({"obesity": True}, 1),
        ({"obesity": True, "diabetes": True}, 1), ({"obesity": True, "diabetes": True, "hypertension": True}, 2),
        ({"atherosclerotic_disease": True}, 2), ({"troponin_ratio": 1.1}, 1), ({"troponin_ratio": 3}, 1),
        ({"troponin_ratio": 3.1}, 2),
    ],
)  # fmt: skip
def test_heart_score_points(changes: dict[str, object], points: int) -> None:
    """Backus 2013."""
    assert value("heart_score", "heart_score", {**CHEST_PAIN, **changes}) == points


@pytest.mark.parametrize(("troponin", "age", "points", "rate"), [(1, 70, 3, 1.7), (2, 70, 4, 16.6), (9, 70, 5, 16.6)])
def test_heart_score_groups(troponin: float, age: float, points: int, rate: float) -> None:
    """Backus 2013: 1.7 % at 0-3, 16.6 % at 4-6, 50.1 % at 7-10."""
    patient = {**CHEST_PAIN, "troponin_ratio": troponin, "age_years": age, "diabetes": True}
    run = TWIN.predict("heart_score", patient)
    assert (run.output("heart_score").value, run.output("mace_6_weeks").value) == (points, rate)
    worst = {**patient, "troponin_ratio": 9, "history": "highly_suspicious", "ecg": "significant_st_deviation"}
    assert value("heart_score", "heart_score", worst) == 9 and value("heart_score", "mace_6_weeks", worst) == 50.1


TIMI_FLAGS = (
    "three_or_more_cad_risk_factors", "known_coronary_stenosis", "aspirin_last_7_days", "severe_angina", "st_deviation",
    "elevated_cardiac_markers",
)  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "age", "points", "rate"),
    [(0, 64, 0, 4.7), (0, 65, 1, 4.7), (1, 70, 2, 8.3), (2, 70, 3, 13.2), (3, 70, 4, 19.9), (4, 70, 5, 26.2),
     (5, 70, 6, 40.9), (6, 70, 7, 40.9)],
)  # fmt: skip
def test_timi_nstemi(flags: int, age: float, points: int, rate: float) -> None:
    """Antman 2000."""
    patient: dict[str, object] = {name: i < flags for i, name in enumerate(TIMI_FLAGS)}
    run = TWIN.predict("timi_nstemi", {**patient, "age_years": age})
    assert (run.output("timi_nstemi").value, run.output("event_rate_14_day").value) == (points, rate)


STEMI: dict[str, object] = {
    "age_years": 64, "diabetes_hypertension_or_angina": False, "systolic_bp_mmhg": 100, "heart_rate_bpm": 100,
    "killip_class": 1, "weight_kg": 67, "anterior_st_elevation_or_lbbb": False, "time_to_treatment_h": 4,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "points", "rate"),
    [
        ({}, 0, 0.8), ({"weight_kg": 66.9}, 1, 1.6), ({"weight_kg": {"value": 147, "unit": "lb"}}, 1, 1.6),
        ({"diabetes_hypertension_or_angina": True}, 1, 1.6), ({"anterior_st_elevation_or_lbbb": True}, 1, 1.6),
        ({"time_to_treatment_h": {"value": 300, "unit": "min"}}, 1, 1.6), ({"age_years": 65}, 2, 2.2),
        ({"heart_rate_bpm": 101}, 2, 2.2), ({"killip_class": 2}, 2, 2.2), ({"age_years": 75}, 3, 4.4),
        ({"systolic_bp_mmhg": 99}, 3, 4.4), ({"age_years": 75, "systolic_bp_mmhg": 90, "heart_rate_bpm": 110}, 8, 26.8),
        ({"age_years": 80, "systolic_bp_mmhg": 90, "heart_rate_bpm": 110, "killip_class": 4, "weight_kg": 50,
          "diabetes_hypertension_or_angina": True, "anterior_st_elevation_or_lbbb": True,
          "time_to_treatment_h": 6}, 14, 35.9),
    ],
)  # fmt: skip
def test_timi_stemi(changes: dict[str, object], points: int, rate: float) -> None:
    """Morrow 2000."""
    run = TWIN.predict("timi_stemi", {**STEMI, **changes})
    assert (run.output("timi_stemi").value, run.output("mortality_30_day").value) == (points, rate)


SURGERY: dict[str, object] = {
    "high_risk_surgery": False, "ischemic_heart_disease": False, "heart_failure": False,
    "cerebrovascular_disease": False, "insulin_treated_diabetes": False, "creatinine_mg_dl": 2.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "points", "rates"),
    [
        ({}, 0, (0.4, 0.5, 3.9)),
        ({"creatinine_mg_dl": 2.1}, 1, (0.9, 1.3, 6.0)),
        ({"creatinine_mg_dl": {"value": 177, "unit": "umol/L"}}, 0, (0.4, 0.5, 3.9)),
        ({"high_risk_surgery": True, "heart_failure": True}, 2, (6.6, 3.6, 10.1)),
        ({"ischemic_heart_disease": True, "cerebrovascular_disease": True, "insulin_treated_diabetes": True}, 3,
         (11.0, 9.1, 15.0)),
        ({name: True for name in SURGERY if name != "creatinine_mg_dl"} | {"creatinine_mg_dl": 3}, 6, (11.0, 9.1, 15.0)),
    ],
)  # fmt: skip
def test_rcri(changes: dict[str, object], points: int, rates: tuple[float, ...]) -> None:
    """Lee 1999 (validation and derivation); Duceppe 2017."""
    run = TWIN.predict("rcri", {**SURGERY, **changes})
    names = ("", "_derivation", "_updated")
    assert run.output("rcri").value == points
    assert tuple(run.output(f"major_cardiac_event_rate{suffix}").value for suffix in names) == rates


@pytest.mark.parametrize(
    ("model", "patient"),
    [("grace", ACS), ("heart_score", CHEST_PAIN), ("timi_stemi", STEMI), ("rcri", SURGERY), ("timi_nstemi",
     {name: False for name in TIMI_FLAGS} | {"age_years": 50})],
)  # fmt: skip
def test_acute_scores_name_everything_missing_and_refuse_children(model: str, patient: dict[str, object]) -> None:
    with pytest.raises(MissingCovariate) as error:
        TWIN.predict(model, {})
    missing = error.value.details["missing"]
    assert isinstance(missing, list) and sorted(missing) == sorted(patient)
    with pytest.raises(OutsideModelDomain, match="18 years"):
        TWIN.predict(model, {**patient, "age_years": 12})
