"""Golden values, thresholds and refusals of the acute care scores.

Points were read off the published tables. Where no worked example was published, the docstring spells out the sum.
"""

from __future__ import annotations

from math import exp

import pytest

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain
from domain.predictions import ModelRun
from twin_backend import build_twin

TWIN = build_twin()
Given = dict[str, object]
NEWS: Given = {
    "respiratory_rate_per_min": 16, "spo2_percent": 97, "supplemental_oxygen": False, "systolic_bp_mmhg": 120,
    "heart_rate_bpm": 70, "consciousness": "alert", "temperature_c": 37.0,
}  # fmt: skip
QSOFA: Given = {"respiratory_rate_per_min": 16, "systolic_bp_mmhg": 120, "gcs": 15}
SIRS: Given = {"temperature_c": 37.0, "heart_rate_bpm": 80, "respiratory_rate_per_min": 16, "wbc_10e9_l": 8}
SOFA: Given = {
    "pao2_mmhg": 90, "fio2": 0.21, "mechanical_ventilation": False, "platelets_10e9_l": 250, "bilirubin_mg_dl": 0.8,
    "mean_arterial_pressure_mmhg": 85, "gcs": 15, "creatinine_mg_dl": 0.9,
}  # fmt: skip
APACHE: Given = {
    "age_years": 40, "temperature_c": 37.0, "mean_arterial_pressure_mmhg": 85, "heart_rate_bpm": 80, "respiratory_rate_per_min": 16,
    "fio2": 0.21, "pao2_mmhg": 90, "ph": 7.40, "sodium_meq_l": 140, "potassium_meq_l": 4.0, "creatinine_mg_dl": 1.0,
    "acute_renal_failure": False, "hematocrit_percent": 40, "wbc_10e9_l": 8, "gcs": 15,
    "chronic_organ_insufficiency": False, "admission_type": "nonoperative",
}  # fmt: skip
PSI: Given = {
    "age_years": 60, "sex": "male", "nursing_home_resident": False, "neoplastic_disease": False,
    "liver_disease": False, "heart_failure": False, "cerebrovascular_disease": False, "renal_disease": False,
    "altered_mental_status": False, "respiratory_rate_per_min": 18, "systolic_bp_mmhg": 120, "temperature_c": 38.0,
    "heart_rate_bpm": 90, "bun_mg_dl": 15, "sodium_meq_l": 138, "glucose_mg_dl": 110, "hematocrit_percent": 40,
    "pleural_effusion": False, "ph": 7.40, "pao2_mmhg": 75, "spo2_percent": 95,
}  # fmt: skip
PESI: Given = {
    "age_years": 60, "sex": "female", "cancer": False, "heart_failure": False, "chronic_lung_disease": False,
    "heart_rate_bpm": 90, "systolic_bp_mmhg": 120, "respiratory_rate_per_min": 18, "temperature_c": 37.0,
    "altered_mental_status": False, "spo2_percent": 95,
}  # fmt: skip
SPESI: Given = {
    "age_years": 60, "cancer": False, "chronic_cardiopulmonary_disease": False, "heart_rate_bpm": 90,
    "systolic_bp_mmhg": 120, "spo2_percent": 95,
}  # fmt: skip
WELLS_PE: Given = {
    "clinical_signs_dvt": False, "alternative_diagnosis_less_likely": False, "heart_rate_bpm": 80,
    "immobilization_or_surgery": False, "previous_dvt_or_pe": False, "hemoptysis": False, "malignancy": False,
}  # fmt: skip
WELLS_DVT: Given = {
    "active_cancer": False, "paralysis_or_immobilization": False, "bedridden_or_major_surgery": False,
    "localized_tenderness": False, "entire_leg_swollen": False, "calf_swelling_cm": 0, "pitting_edema": False,
    "collateral_superficial_veins": False, "previous_dvt": False, "alternative_diagnosis_as_likely": False,
}  # fmt: skip
PERC: Given = {
    "age_years": 40, "heart_rate_bpm": 80, "spo2_percent": 98, "unilateral_leg_swelling": False, "hemoptysis": False,
    "recent_surgery_or_trauma": False, "previous_dvt_or_pe": False, "hormone_use": False,
}  # fmt: skip
CENTOR: Given = {
    "age_years": 25, "temperature_c": 37.0, "absence_of_cough": False, "tender_anterior_cervical_nodes": False,
    "tonsillar_swelling_or_exudate": False,
}  # fmt: skip
FEVERPAIN: Given = {
    "fever_past_24_h": False, "purulence": False, "symptom_duration_days": 5, "severely_inflamed_tonsils": False,
    "no_cough_or_coryza": False,
}  # fmt: skip
BLATCHFORD: Given = {
    "sex": "male", "bun_mg_dl": 12, "hemoglobin_g_dl": 14, "systolic_bp_mmhg": 120, "heart_rate_bpm": 80,
    "melena": False, "syncope": False, "liver_disease": False, "heart_failure": False,
}  # fmt: skip
BASELINES: dict[str, Given] = {
    "news2": NEWS, "qsofa": QSOFA, "sirs": SIRS, "sofa": SOFA, "apache_ii": APACHE, "psi": PSI, "pesi": PESI,
    "spesi": SPESI, "wells_pe": WELLS_PE, "wells_dvt": WELLS_DVT, "perc": PERC, "centor_mcisaac": CENTOR,
    "feverpain": FEVERPAIN, "glasgow_blatchford": BLATCHFORD,
    "gcs": {"eye_response": 4, "verbal_response": 5, "motor_response": 6},
}  # fmt: skip


def run(model: str, **changes: object) -> ModelRun:
    return TWIN.predict(model, {**BASELINES[model], **changes})


def points(model: str, **changes: object) -> float:
    value = run(model, **changes).output(model).value
    assert isinstance(value, (int, float))
    return value


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("respiratory_rate_per_min", 8, 3), ("respiratory_rate_per_min", 9, 1), ("respiratory_rate_per_min", 11, 1),
        ("respiratory_rate_per_min", 12, 0), ("respiratory_rate_per_min", 20, 0), ("respiratory_rate_per_min", 21, 2),
        ("respiratory_rate_per_min", 24, 2), ("respiratory_rate_per_min", 25, 3),
        ("spo2_percent", 91, 3), ("spo2_percent", 92, 2), ("spo2_percent", 93, 2), ("spo2_percent", 94, 1),
        ("spo2_percent", 95, 1), ("spo2_percent", 96, 0), ("spo2_percent", {"value": 0.95, "unit": "1"}, 1),
        ("supplemental_oxygen", True, 2),
        ("systolic_bp_mmhg", 90, 3), ("systolic_bp_mmhg", 91, 2), ("systolic_bp_mmhg", 100, 2),
        ("systolic_bp_mmhg", 101, 1), ("systolic_bp_mmhg", 110, 1), ("systolic_bp_mmhg", 111, 0),
        ("systolic_bp_mmhg", 219, 0), ("systolic_bp_mmhg", 220, 3),
        ("heart_rate_bpm", 40, 3), ("heart_rate_bpm", 41, 1), ("heart_rate_bpm", 50, 1), ("heart_rate_bpm", 51, 0),
        ("heart_rate_bpm", 90, 0), ("heart_rate_bpm", 91, 1), ("heart_rate_bpm", 110, 1), ("heart_rate_bpm", 111, 2),
        ("heart_rate_bpm", 130, 2), ("heart_rate_bpm", 131, 3),
        ("consciousness", "confusion", 3), ("consciousness", "voice", 3), ("consciousness", "Unresponsive", 3),
        ("temperature_c", 35.0, 3), ("temperature_c", 35.1, 1), ("temperature_c", 36.0, 1), ("temperature_c", 36.1, 0),
        ("temperature_c", 38.0, 0), ("temperature_c", 38.1, 1), ("temperature_c", 39.0, 1), ("temperature_c", 39.1, 2),
        ("temperature_c", {"value": 100.4, "unit": "degF"}, 0), ("temperature_c", {"value": 102.4, "unit": "F"}, 2),
    ],
)  # fmt: skip
def test_news2_bands(name: str, value: object, expected: int) -> None:
    """RCP 2017, chart 1: both sides of every band; 100.4 °F is 38.0 °C, 102.4 °F is 39.1 °C."""
    assert points("news2", **{name: value}) == expected


@pytest.mark.parametrize(
    ("saturation", "oxygen", "expected"),
    [
        (83, False, 3), (84, False, 2), (85, False, 2), (86, False, 1), (87, False, 1), (88, False, 0), (92, False, 0),
        (93, False, 0), (99, False, 0), (92, True, 2), (93, True, 3), (94, True, 3), (95, True, 4), (96, True, 4),
        (97, True, 5), (85, True, 4),
    ],
)  # fmt: skip
def test_news2_scale_2(saturation: int, oxygen: bool, expected: int) -> None:
    """RCP 2017, SpO2 scale 2; oxygen itself is 2 points."""
    assert points("news2", spo2_scale=2, spo2_percent=saturation, supplemental_oxygen=oxygen) == expected


def test_news2_worst_patient_and_clinical_risk() -> None:
    """RCP 2017: at most 3 in six parameters and 2 for oxygen, 20 in all."""
    worst = {
        "respiratory_rate_per_min": 30, "spo2_percent": 85, "supplemental_oxygen": True, "systolic_bp_mmhg": 80,
        "heart_rate_bpm": 140, "consciousness": "pain", "temperature_c": 34,
    }  # fmt: skip
    assert points("news2", **worst) == 20
    risks = [
        run("news2", **changes).output("clinical_risk").value
        for changes in (
            {}, {"supplemental_oxygen": True, "spo2_percent": 92}, {"consciousness": "voice"},
            {"consciousness": "voice", "supplemental_oxygen": True}, worst,
        )
    ]  # fmt: skip
    assert risks == ["low", "low", "low-medium", "medium", "high"]


def test_news2_says_which_scale_it_took_and_refuses_children() -> None:
    used = {item.name: item for item in run("news2").inputs}
    assert used["spo2_scale"].value == 1 and used["spo2_scale"].origin == "population_default"
    with pytest.raises(OutsideModelDomain, match="16 years"):
        run("news2", age_years=12)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0), ({"respiratory_rate_per_min": 21}, 0), ({"respiratory_rate_per_min": 22}, 1),
        ({"systolic_bp_mmhg": 101}, 0), ({"systolic_bp_mmhg": 100}, 1), ({"gcs": 14}, 1),
        ({"gcs": None, "altered_mental_status": True}, 1), ({"gcs": None, "altered_mental_status": False}, 0),
        ({"respiratory_rate_per_min": 30, "systolic_bp_mmhg": 85, "gcs": 9}, 3),
    ],
)  # fmt: skip
def test_qsofa(changes: Given, expected: int) -> None:
    """Seymour 2016: rate 22 or over, systolic 100 or under, altered mentation."""
    output = run("qsofa", **changes).output("qsofa")
    assert output.value == expected
    assert ("positive" in output.interpretation) == (expected >= 2)


def test_qsofa_needs_consciousness_one_way_or_the_other_and_once() -> None:
    with pytest.raises(MissingCovariate, match="gcs"):
        run("qsofa", gcs=None)
    with pytest.raises(InvalidInput, match="altered_mental_status is false"):
        run("qsofa", gcs=13, altered_mental_status=False)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0), ({"temperature_c": 38.0}, 0), ({"temperature_c": 38.1}, 1), ({"temperature_c": 36.0}, 0),
        ({"temperature_c": 35.9}, 1), ({"temperature_c": {"value": 100.4, "unit": "[degF]"}}, 0),
        ({"temperature_c": {"value": 96.8, "unit": "[degF]"}}, 0), ({"heart_rate_bpm": 90}, 0),
        ({"heart_rate_bpm": 91}, 1), ({"respiratory_rate_per_min": 20}, 0), ({"respiratory_rate_per_min": 21}, 1),
        ({"paco2_mmhg": 32}, 0), ({"paco2_mmhg": 31}, 1), ({"paco2_mmhg": {"value": 4.2, "unit": "kPa"}}, 1),
        ({"respiratory_rate_per_min": 24, "paco2_mmhg": 30}, 1), ({"wbc_10e9_l": 12}, 0), ({"wbc_10e9_l": 12.1}, 1),
        ({"wbc_10e9_l": 4}, 0), ({"wbc_10e9_l": 3.9}, 1), ({"bands_percent": 10}, 0), ({"bands_percent": 11}, 1),
        ({"wbc_10e9_l": {"value": 15000, "unit": "/mm3"}}, 1),
        ({"temperature_c": 39, "heart_rate_bpm": 120, "respiratory_rate_per_min": 28, "wbc_10e9_l": 18}, 4),
    ],
)  # fmt: skip
def test_sirs(changes: Given, expected: int) -> None:
    """Bone 1992: over 38 or under 36 °C, over 90, over 20 or PaCO2 under 32, over 12, under 4 or over 10 % bands."""
    assert points("sirs", **changes) == expected


VENTILATED: Given = {"mechanical_ventilation": True, "fio2": 0.5}


@pytest.mark.parametrize(
    ("organ", "changes", "expected"),
    [
        ("respiration", {"pao2_mmhg": 200, "fio2": 0.5}, 0), ("respiration", {"pao2_mmhg": 199, "fio2": 0.5}, 1),
        ("respiration", {"pao2_mmhg": 150, "fio2": 0.5}, 1), ("respiration", {"pao2_mmhg": 149, "fio2": 0.5}, 2),
        ("respiration", {"pao2_mmhg": 40, "fio2": 0.5}, 2), ("respiration", {**VENTILATED, "pao2_mmhg": 100}, 2),
        ("respiration", {**VENTILATED, "pao2_mmhg": 99}, 3), ("respiration", {**VENTILATED, "pao2_mmhg": 50}, 3),
        ("respiration", {**VENTILATED, "pao2_mmhg": 49}, 4),
        ("coagulation", {"platelets_10e9_l": 150}, 0), ("coagulation", {"platelets_10e9_l": 149}, 1),
        ("coagulation", {"platelets_10e9_l": 99}, 2), ("coagulation", {"platelets_10e9_l": 49}, 3),
        ("coagulation", {"platelets_10e9_l": 20}, 3), ("coagulation", {"platelets_10e9_l": 19}, 4),
        ("liver", {"bilirubin_mg_dl": 1.1}, 0), ("liver", {"bilirubin_mg_dl": 1.2}, 1),
        ("liver", {"bilirubin_mg_dl": 1.9}, 1), ("liver", {"bilirubin_mg_dl": 2.0}, 2),
        ("liver", {"bilirubin_mg_dl": 5.9}, 2), ("liver", {"bilirubin_mg_dl": 6.0}, 3),
        ("liver", {"bilirubin_mg_dl": 11.9}, 3), ("liver", {"bilirubin_mg_dl": 12.1}, 4),
        ("cardiovascular", {"mean_arterial_pressure_mmhg": 70}, 0), ("cardiovascular", {"mean_arterial_pressure_mmhg": 69}, 1),
        ("cardiovascular", {"dopamine_ug_kg_min": 5}, 2), ("cardiovascular", {"dobutamine_ug_kg_min": 2.5}, 2),
        ("cardiovascular", {"dopamine_ug_kg_min": 5.1}, 3), ("cardiovascular", {"epinephrine_ug_kg_min": 0.1}, 3),
        ("cardiovascular", {"norepinephrine_ug_kg_min": 0.1}, 3), ("cardiovascular", {"dopamine_ug_kg_min": 15.1}, 4),
        ("cardiovascular", {"norepinephrine_ug_kg_min": {"value": 0.11, "unit": "mcg/kg/min"}}, 4),
        ("cardiovascular", {"epinephrine_ug_kg_min": 0.11}, 4),
        ("nervous_system", {"gcs": 14}, 1), ("nervous_system", {"gcs": 13}, 1), ("nervous_system", {"gcs": 12}, 2),
        ("nervous_system", {"gcs": 10}, 2), ("nervous_system", {"gcs": 9}, 3), ("nervous_system", {"gcs": 6}, 3),
        ("nervous_system", {"gcs": 5}, 4),
        ("kidney", {"creatinine_mg_dl": 1.1}, 0), ("kidney", {"creatinine_mg_dl": 1.2}, 1),
        ("kidney", {"creatinine_mg_dl": 1.9}, 1), ("kidney", {"creatinine_mg_dl": 2.0}, 2),
        ("kidney", {"creatinine_mg_dl": 3.4}, 2), ("kidney", {"creatinine_mg_dl": 3.5}, 3),
        ("kidney", {"creatinine_mg_dl": 4.9}, 3), ("kidney", {"creatinine_mg_dl": 5.1}, 4),
        ("kidney", {"urine_output_ml_day": 500}, 0), ("kidney", {"urine_output_ml_day": 499}, 3),
        ("kidney", {"urine_output_ml_day": 199}, 4), ("kidney", {"creatinine_mg_dl": 5.5, "urine_output_ml_day": 800}, 4),
    ],
)  # fmt: skip
def test_sofa_organ_bands(organ: str, changes: Given, expected: int) -> None:
    """Vincent 1996, table 3: both sides of every band, and the total moves with its organ."""
    answer = run("sofa", **changes)
    assert answer.output(f"sofa_{organ}").value == expected
    others = [o.value for o in answer.outputs if o.name not in {"sofa", f"sofa_{organ}"}]
    assert answer.output("sofa").value == expected + sum(float(value) for value in others)


@pytest.mark.parametrize(
    ("micromol", "expected"),
    [(19, 0), (20, 1), (32, 1), (33, 2), (101, 2), (102, 3), (204, 3), (205, 4)],
)
def test_sofa_bilirubin_in_micromoles(micromol: int, expected: int) -> None:
    """Vincent 1996, the column in µmol/L."""
    assert points("sofa", bilirubin_mg_dl={"value": micromol, "unit": "umol/L"}) == expected


@pytest.mark.parametrize(
    ("micromol", "expected"), [(105, 0), (110, 1), (170, 1), (171, 2), (299, 2), (310, 3), (440, 3), (441, 4)]
)
def test_sofa_creatinine_in_micromoles(micromol: int, expected: int) -> None:
    """Vincent 1996, the column in µmol/L, apart from 107-109 and 300-309 where its two columns disagree."""
    assert points("sofa", creatinine_mg_dl={"value": micromol, "unit": "umol/L"}) == expected


def test_sofa_extremes_and_what_it_says_was_not_given() -> None:
    """Vincent 1996: 0 to 24."""
    worst = {
        **VENTILATED, "pao2_mmhg": 45, "platelets_10e9_l": 10, "bilirubin_mg_dl": 15, "mean_arterial_pressure_mmhg": 50, "gcs": 3,
        "norepinephrine_ug_kg_min": 0.5, "creatinine_mg_dl": 6, "urine_output_ml_day": 50,
    }  # fmt: skip
    healthy, dying = run("sofa"), run("sofa", **worst)
    assert (healthy.output("sofa").value, dying.output("sofa").value) == (0, 24)
    assert "over 80 %" in dying.output("sofa").interpretation and not dying.warnings
    assert [word in " ".join(healthy.warnings) for word in ("vasopressor", "Urine output")] == [True, True]


@pytest.mark.parametrize(
    ("name", "bands"),
    [
        ("temperature_c", {41: 4, 40.9: 3, 39: 3, 38.9: 1, 38.5: 1, 38.4: 0, 36: 0, 35.9: 1, 34: 1, 33.9: 2, 32: 2,
                           31.9: 3, 30: 3, 29.9: 4}),
        ("mean_arterial_pressure_mmhg", {160: 4, 159: 3, 130: 3, 129: 2, 110: 2, 109: 0, 70: 0, 69: 2, 50: 2, 49: 4}),
        ("heart_rate_bpm", {180: 4, 179: 3, 140: 3, 139: 2, 110: 2, 109: 0, 70: 0, 69: 2, 55: 2, 54: 3, 40: 3, 39: 4}),
        ("respiratory_rate_per_min", {50: 4, 49: 3, 35: 3, 34: 1, 25: 1, 24: 0, 12: 0, 11: 1, 10: 1, 9: 2, 6: 2, 5: 4}),
        ("pao2_mmhg", {71: 0, 70: 1, 61: 1, 60: 3, 55: 3, 54: 4}),
        ("ph", {7.70: 4, 7.69: 3, 7.60: 3, 7.59: 1, 7.50: 1, 7.49: 0, 7.33: 0, 7.32: 2, 7.25: 2, 7.24: 3, 7.15: 3,
                7.14: 4}),
        ("sodium_meq_l", {180: 4, 179: 3, 160: 3, 159: 2, 155: 2, 154: 1, 150: 1, 149: 0, 130: 0, 129: 2, 120: 2,
                          119: 3, 111: 3, 110: 4}),
        ("potassium_meq_l", {7: 4, 6.9: 3, 6: 3, 5.9: 1, 5.5: 1, 5.4: 0, 3.5: 0, 3.4: 1, 3: 1, 2.9: 2, 2.5: 2, 2.4: 4}),
        ("creatinine_mg_dl", {3.5: 4, 3.4: 3, 2: 3, 1.9: 2, 1.5: 2, 1.4: 0, 0.6: 0, 0.5: 2}),
        ("hematocrit_percent", {60: 4, 59.9: 2, 50: 2, 49.9: 1, 46: 1, 45.9: 0, 30: 0, 29.9: 2, 20: 2, 19.9: 4}),
        ("wbc_10e9_l", {40: 4, 39.9: 2, 20: 2, 19.9: 1, 15: 1, 14.9: 0, 3: 0, 2.9: 2, 1: 2, 0.9: 4}),
        ("gcs", {14: 1, 8: 7, 3: 12}),
        ("age_years", {44: 0, 45: 2, 54: 2, 55: 3, 64: 3, 65: 5, 74: 5, 75: 6}),
    ],
)  # fmt: skip
def test_apache_ii_bands(name: str, bands: dict[float, int]) -> None:
    """Knaus 1985, figure 1: both ends of every band."""
    assert {value: points("apache_ii", **{name: value}) for value in bands} == bands


def test_apache_ii_bicarbonate_replaces_ph_and_the_gradient_replaces_pao2() -> None:
    """Knaus 1985. At FiO2 0.6, PaCO2 40, PaO2 80 the gradient is 427.8 - 50 - 80 = 297.8 mmHg: 2 points."""
    bands = {52: 4, 51.9: 3, 41: 3, 40.9: 1, 32: 1, 31.9: 0, 22: 0, 21.9: 2, 18: 2, 17.9: 3, 15: 3, 14.9: 4}
    assert {value: points("apache_ii", ph=None, bicarbonate_meq_l=value) for value in bands} == bands
    assert points("apache_ii", fio2=0.6, paco2_mmhg=40, pao2_mmhg=80) == 2
    gradients = {500: 4, 499: 3, 350: 3, 349: 2, 200: 2, 199: 0}
    scored = {g: points("apache_ii", fio2=0.5, pao2_mmhg=None, aa_gradient_mmhg=g) for g in gradients}
    assert scored == gradients


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"creatinine_mg_dl": 3.5, "acute_renal_failure": True}, 8), ({"acute_renal_failure": True}, 0),
        ({"creatinine_mg_dl": {"value": 200, "unit": "umol/L"}, "acute_renal_failure": True}, 6),
        ({"chronic_organ_insufficiency": True}, 5),
        ({"chronic_organ_insufficiency": True, "admission_type": "emergency_postoperative"}, 5),
        ({"chronic_organ_insufficiency": True, "admission_type": "elective postoperative"}, 2),
        ({"admission_type": "emergency_postoperative"}, 0),
    ],
)  # fmt: skip
def test_apache_ii_renal_failure_and_chronic_health(changes: Given, expected: int) -> None:
    """Knaus 1985: creatinine points double in acute renal failure; chronic health 5, or 2 after elective surgery."""
    assert points("apache_ii", **changes) == expected


def test_apache_ii_predicted_mortality_by_hand() -> None:
    """Age 70 (5), GCS 10 (5), MAP 60 (2), pulse 120 (2), pH 7.30 (2), white cells 25 (2): 18 points.

    logit = -3.517 + 0.146 x 18 = -0.889; after emergency surgery with weight 0.113: -0.889 + 0.603 + 0.113 = -0.173.
    """
    patient = {
        "age_years": 70,
        "gcs": 10,
        "mean_arterial_pressure_mmhg": 60,
        "heart_rate_bpm": 120,
        "ph": 7.30,
        "wbc_10e9_l": 25,
    }
    plain = run("apache_ii", **patient)
    assert plain.output("apache_ii").value == 18 and plain.output("acute_physiology_score").value == 13
    assert plain.output("predicted_mortality").value == pytest.approx(100 / (1 + exp(0.889)))
    assert plain.output("predicted_mortality").display == "29.1%"
    assert any("diagnostic weight" in warning for warning in plain.warnings)
    surgical = run("apache_ii", **patient, admission_type="emergency_postoperative", diagnostic_category_weight=0.113)
    assert surgical.output("predicted_mortality").display == "45.7%" and not surgical.warnings


def test_apache_ii_names_the_gas_it_lacks() -> None:
    with pytest.raises(MissingCovariate) as error:
        run("apache_ii", fio2=0.6, ph=None, pao2_mmhg=None)
    assert error.value.details["missing"] == ["pao2_mmhg", "paco2_mmhg", "ph"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 60), ({"sex": "female"}, 50), ({"nursing_home_resident": True}, 70), ({"neoplastic_disease": True}, 90),
        ({"liver_disease": True}, 80), ({"heart_failure": True}, 70), ({"cerebrovascular_disease": True}, 70),
        ({"renal_disease": True}, 70), ({"altered_mental_status": True}, 80), ({"respiratory_rate_per_min": 29}, 60),
        ({"respiratory_rate_per_min": 30}, 80), ({"systolic_bp_mmhg": 90}, 60), ({"systolic_bp_mmhg": 89}, 80),
        ({"temperature_c": 35}, 60), ({"temperature_c": 34.9}, 75), ({"temperature_c": 39.9}, 60),
        ({"temperature_c": 40}, 75), ({"temperature_c": {"value": 104, "unit": "[degF]"}}, 75),
        ({"heart_rate_bpm": 124}, 60), ({"heart_rate_bpm": 125}, 70), ({"ph": 7.35}, 60), ({"ph": 7.34}, 90),
        ({"bun_mg_dl": 29}, 60), ({"bun_mg_dl": 30}, 80), ({"bun_mg_dl": {"value": 11, "unit": "mmol/L"}}, 80),
        ({"sodium_meq_l": 130}, 60), ({"sodium_meq_l": 129}, 80), ({"glucose_mg_dl": 249}, 60),
        ({"glucose_mg_dl": 250}, 70), ({"glucose_mg_dl": {"value": 14, "unit": "mmol/L"}}, 70),
        ({"hematocrit_percent": 30}, 60), ({"hematocrit_percent": 29.9}, 70), ({"pao2_mmhg": 60}, 60),
        ({"pao2_mmhg": 59}, 70), ({"spo2_percent": 90}, 60), ({"spo2_percent": 89}, 70),
        ({"pao2_mmhg": 50, "spo2_percent": 80}, 70), ({"pleural_effusion": True}, 70),
    ],
)  # fmt: skip
def test_psi_points(changes: Given, expected: int) -> None:
    """Fine 1997, table 2, over a man of 60."""
    assert points("psi", **changes) == expected


@pytest.mark.parametrize(
    ("changes", "risk_class", "mortality"),
    [
        ({"age_years": 50}, "I", 0.1), ({"age_years": 51}, "II", 0.6), ({"age_years": 70}, "II", 0.6),
        ({"age_years": 71}, "III", 0.9), ({"age_years": 90}, "III", 0.9), ({"age_years": 91}, "IV", 9.3),
        ({"age_years": 40, "heart_failure": True}, "II", 0.6), ({"age_years": 40, "heart_rate_bpm": 130}, "II", 0.6),
        ({"age_years": 40, "pleural_effusion": True, "bun_mg_dl": 40, "ph": 7.3}, "I", 0.1),
        ({"age_years": 70, "neoplastic_disease": True, "ph": 7.3}, "IV", 9.3),
        ({"age_years": 71, "neoplastic_disease": True, "ph": 7.3}, "V", 27.0),
    ],
)  # fmt: skip
def test_psi_classes_and_mortality(changes: Given, risk_class: str, mortality: float) -> None:
    """Fine 1997, figure 1 and table 3 (PORT cohort): class I is by history and examination alone; tops 70, 90, 130."""
    answer = run("psi", **changes)
    assert answer.output("risk_class").value == risk_class
    assert answer.output("mortality_30_day").value == mortality


def test_psi_says_which_tests_were_not_scored() -> None:
    warnings = run("psi", ph=None, pao2_mmhg=None).warnings
    assert any("ph, pao2_mmhg" in warning and "spo2" not in warning for warning in warnings)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 60), ({"sex": "male"}, 70), ({"cancer": True}, 90), ({"heart_failure": True}, 70),
        ({"chronic_lung_disease": True}, 70), ({"heart_rate_bpm": 109}, 60), ({"heart_rate_bpm": 110}, 80),
        ({"systolic_bp_mmhg": 100}, 60), ({"systolic_bp_mmhg": 99}, 90), ({"respiratory_rate_per_min": 29}, 60),
        ({"respiratory_rate_per_min": 30}, 80), ({"temperature_c": 36}, 60), ({"temperature_c": 35.9}, 80),
        ({"temperature_c": {"value": 96.8, "unit": "degF"}}, 60), ({"altered_mental_status": True}, 120),
        ({"spo2_percent": 90}, 60), ({"spo2_percent": 89}, 80),
    ],
)  # fmt: skip
def test_pesi_points(changes: Given, expected: int) -> None:
    """Aujesky 2005, table 3, over a woman of 60."""
    assert points("pesi", **changes) == expected


@pytest.mark.parametrize(
    ("age", "cancer", "risk_class", "mortality"),
    [
        (65, False, "I", "0-1.6%"), (66, False, "II", "1.7-3.5%"), (85, False, "II", "1.7-3.5%"),
        (86, False, "III", "3.2-7.1%"), (75, True, "III", "3.2-7.1%"), (76, True, "IV", "4.0-11.4%"),
        (95, True, "IV", "4.0-11.4%"), (96, True, "V", "10.0-24.5%"),
    ],
)  # fmt: skip
def test_pesi_classes(age: int, cancer: bool, risk_class: str, mortality: str) -> None:
    """Aujesky 2005; ESC 2019, table 7: tops of classes 65, 85, 105, 125."""
    answer = run("pesi", age_years=age, cancer=cancer)
    assert (answer.output("risk_class").value, answer.output("mortality_30_day").value) == (risk_class, mortality)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0), ({"age_years": 80}, 0), ({"age_years": 81}, 1), ({"cancer": True}, 1),
        ({"chronic_cardiopulmonary_disease": True}, 1), ({"heart_rate_bpm": 109}, 0), ({"heart_rate_bpm": 110}, 1),
        ({"systolic_bp_mmhg": 100}, 0), ({"systolic_bp_mmhg": 99}, 1), ({"spo2_percent": 90}, 0),
        ({"spo2_percent": 89.9}, 1),
        ({"age_years": 85, "cancer": True, "chronic_cardiopulmonary_disease": True, "heart_rate_bpm": 120,
          "systolic_bp_mmhg": 80, "spo2_percent": 80}, 6),
    ],
)  # fmt: skip
def test_spesi(changes: Given, expected: int) -> None:
    """Jiménez 2010: 30-day mortality 1.0 % at 0, 10.9 % from 1."""
    answer = run("spesi", **changes)
    assert answer.output("spesi").value == expected
    assert answer.output("mortality_30_day").display == ("10.9%" if expected else "1.0%")


@pytest.mark.parametrize(
    ("changes", "expected", "two_tier", "three_tier"),
    [
        ({}, 0, "PE unlikely", "low"), ({"heart_rate_bpm": 100}, 0, "PE unlikely", "low"),
        ({"heart_rate_bpm": 101}, 1.5, "PE unlikely", "low"), ({"hemoptysis": True}, 1, "PE unlikely", "low"),
        ({"hemoptysis": True, "malignancy": True}, 2, "PE unlikely", "moderate"),
        ({"clinical_signs_dvt": True, "malignancy": True}, 4, "PE unlikely", "moderate"),
        ({"alternative_diagnosis_less_likely": True, "previous_dvt_or_pe": True}, 4.5, "PE likely", "moderate"),
        ({"clinical_signs_dvt": True, "alternative_diagnosis_less_likely": True}, 6, "PE likely", "moderate"),
        ({"clinical_signs_dvt": True, "alternative_diagnosis_less_likely": True, "hemoptysis": True}, 7, "PE likely",
         "high"),
        ({"clinical_signs_dvt": True, "alternative_diagnosis_less_likely": True, "heart_rate_bpm": 120,
          "immobilization_or_surgery": True, "previous_dvt_or_pe": True, "hemoptysis": True, "malignancy": True}, 12.5,
         "PE likely", "high"),
    ],
)  # fmt: skip
def test_wells_pe(changes: Given, expected: float, two_tier: str, three_tier: str) -> None:
    """Wells 2000: 3, 3, 1.5, 1.5, 1.5, 1, 1; likely over 4; low under 2, high over 6."""
    answer = run("wells_pe", **changes)
    assert answer.output("wells_pe").value == expected
    assert (answer.output("two_tier").value, answer.output("three_tier").value) == (two_tier, three_tier)


@pytest.mark.parametrize(
    ("changes", "expected", "two_tier", "three_tier"),
    [
        ({}, 0, "DVT unlikely", "low"), ({"alternative_diagnosis_as_likely": True}, -2, "DVT unlikely", "low"),
        ({"active_cancer": True}, 1, "DVT unlikely", "moderate"), ({"previous_dvt": True}, 1, "DVT unlikely", "moderate"),
        ({"calf_swelling_cm": 2.9}, 0, "DVT unlikely", "low"), ({"calf_swelling_cm": 3}, 1, "DVT unlikely", "moderate"),
        ({"calf_swelling_cm": {"value": 31, "unit": "mm"}}, 1, "DVT unlikely", "moderate"),
        ({"entire_leg_swollen": True, "pitting_edema": True}, 2, "DVT likely", "moderate"),
        ({"localized_tenderness": True, "collateral_superficial_veins": True, "bedridden_or_major_surgery": True}, 3,
         "DVT likely", "high"),
        ({"active_cancer": True, "paralysis_or_immobilization": True, "bedridden_or_major_surgery": True,
          "localized_tenderness": True, "entire_leg_swollen": True, "calf_swelling_cm": 4, "pitting_edema": True,
          "collateral_superficial_veins": True, "previous_dvt": True, "alternative_diagnosis_as_likely": True}, 7,
         "DVT likely", "high"),
    ],
)  # fmt: skip
def test_wells_dvt(changes: Given, expected: int, two_tier: str, three_tier: str) -> None:
    """Wells 2003: likely from 2; Wells 1997: low to 0, high from 3."""
    answer = run("wells_dvt", **changes)
    assert answer.output("wells_dvt").value == expected
    assert (answer.output("two_tier").value, answer.output("three_tier").value) == (two_tier, three_tier)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0), ({"age_years": 49}, 0), ({"age_years": 50}, 1), ({"heart_rate_bpm": 99}, 0),
        ({"heart_rate_bpm": 100}, 1), ({"spo2_percent": 95}, 0), ({"spo2_percent": 94}, 1),
        ({"unilateral_leg_swelling": True}, 1), ({"hemoptysis": True}, 1), ({"recent_surgery_or_trauma": True}, 1),
        ({"previous_dvt_or_pe": True}, 1), ({"hormone_use": True}, 1),
    ],
)  # fmt: skip
def test_perc(changes: Given, expected: int) -> None:
    """Kline 2004: rules out only where all eight are negative."""
    output = run("perc", **changes).output("perc")
    assert output.value == expected
    assert output.interpretation.startswith("positive" if expected else "negative")


ALL_CENTOR: Given = {
    "temperature_c": 38.5, "absence_of_cough": True, "tender_anterior_cervical_nodes": True,
    "tonsillar_swelling_or_exudate": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected", "centor", "probability"),
    [
        ({}, 0, 0, "1-2.5%"), ({"age_years": 45}, -1, 0, "1-2.5%"), ({"age_years": 44}, 0, 0, "1-2.5%"),
        ({"age_years": 14}, 1, 0, "5-10%"), ({"age_years": 15}, 0, 0, "1-2.5%"), ({"age_years": 3}, 1, 0, "5-10%"),
        ({"temperature_c": 38.0}, 0, 0, "1-2.5%"), ({"temperature_c": 38.1}, 1, 1, "5-10%"),
        ({"temperature_c": None, "fever": True}, 1, 1, "5-10%"), ({"fever": True}, 1, 1, "5-10%"),
        ({**ALL_CENTOR, "temperature_c": 37.0, "absence_of_cough": False}, 2, 2, "11-17%"),
        ({**ALL_CENTOR, "temperature_c": 37.0}, 3, 3, "28-35%"), ({**ALL_CENTOR, "age_years": 50}, 3, 4, "28-35%"),
        (ALL_CENTOR, 4, 4, "51-53%"), ({**ALL_CENTOR, "age_years": 10}, 5, 4, "51-53%"),
    ],
)  # fmt: skip
def test_centor_mcisaac(changes: Given, expected: int, centor: int, probability: str) -> None:
    """McIsaac 1998 and 2000: four findings, +1 at 3-14 years, -1 from 45."""
    answer = run("centor_mcisaac", **changes)
    assert (answer.output("centor_mcisaac").value, answer.output("centor").value) == (expected, centor)
    assert answer.output("strep_probability").value == probability


def test_centor_mcisaac_needs_a_temperature_or_its_history_and_three_years() -> None:
    with pytest.raises(MissingCovariate, match="temperature_c"):
        run("centor_mcisaac", temperature_c=None)
    with pytest.raises(OutsideModelDomain, match="3 to 120"):
        run("centor_mcisaac", age_years=2)


@pytest.mark.parametrize(
    ("changes", "expected", "isolation"),
    [
        ({}, 0, "13-18%"), ({"symptom_duration_days": 3}, 1, "13-18%"), ({"symptom_duration_days": 3.1}, 0, "13-18%"),
        ({"symptom_duration_days": {"value": 48, "unit": "h"}}, 1, "13-18%"), ({"purulence": True}, 1, "13-18%"),
        ({"fever_past_24_h": True, "no_cough_or_coryza": True}, 2, "34-40%"),
        ({"fever_past_24_h": True, "purulence": True, "severely_inflamed_tonsils": True}, 3, "34-40%"),
        ({"fever_past_24_h": True, "purulence": True, "severely_inflamed_tonsils": True, "no_cough_or_coryza": True}, 4,
         "62-65%"),
        ({"fever_past_24_h": True, "purulence": True, "severely_inflamed_tonsils": True, "no_cough_or_coryza": True,
          "symptom_duration_days": 1}, 5, "62-65%"),
    ],
)  # fmt: skip
def test_feverpain(changes: Given, expected: int, isolation: str) -> None:
    """Little 2013; bands as NICE NG84."""
    answer = run("feverpain", **changes)
    assert (answer.output("feverpain").value, answer.output("strep_probability").value) == (expected, isolation)


def test_feverpain_refuses_under_three() -> None:
    with pytest.raises(OutsideModelDomain, match="3 years"):
        run("feverpain", age_years=2)


@pytest.mark.parametrize(
    ("eye", "verbal", "motor", "expected", "severity"),
    [
        (4, 5, 6, 15, "mild"), (3, 4, 6, 13, "mild"), (3, 4, 5, 12, "moderate"), (2, 2, 5, 9, "moderate"),
        (2, 2, 4, 8, "severe"), (1, 1, 1, 3, "severe"),
    ],
)  # fmt: skip
def test_gcs(eye: int, verbal: int, motor: int, expected: int, severity: str) -> None:
    """Teasdale and Jennett: the sum, 3 to 15."""
    output = run("gcs", eye_response=eye, verbal_response=verbal, motor_response=motor).output("gcs")
    assert output.value == expected
    assert severity in output.interpretation and f"E{eye} V{verbal} M{motor}" in output.interpretation


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0), ({"bun_mg_dl": 18.1}, 0), ({"bun_mg_dl": 18.2}, 2), ({"bun_mg_dl": 22.3}, 2), ({"bun_mg_dl": 22.4}, 3),
        ({"bun_mg_dl": 27.9}, 3), ({"bun_mg_dl": 28}, 4), ({"bun_mg_dl": 69.9}, 4), ({"bun_mg_dl": 70}, 6),
        ({"bun_mg_dl": {"value": 6.4, "unit": "mmol/L"}}, 0), ({"bun_mg_dl": {"value": 6.5, "unit": "mmol/L"}}, 2),
        ({"bun_mg_dl": {"value": 7.9, "unit": "mmol/L"}}, 2), ({"bun_mg_dl": {"value": 8, "unit": "mmol/L"}}, 3),
        ({"bun_mg_dl": {"value": 9.9, "unit": "mmol/L"}}, 3), ({"bun_mg_dl": {"value": 10, "unit": "mmol/L"}}, 4),
        ({"bun_mg_dl": {"value": 24.9, "unit": "mmol/L"}}, 4), ({"bun_mg_dl": {"value": 25, "unit": "mmol/L"}}, 6),
        ({"hemoglobin_g_dl": 13}, 0), ({"hemoglobin_g_dl": 12.9}, 1), ({"hemoglobin_g_dl": 12}, 1),
        ({"hemoglobin_g_dl": 11.9}, 3), ({"hemoglobin_g_dl": 10}, 3), ({"hemoglobin_g_dl": 9.9}, 6),
        ({"hemoglobin_g_dl": {"value": 129, "unit": "g/L"}}, 1),
        ({"sex": "female", "hemoglobin_g_dl": 12}, 0), ({"sex": "female", "hemoglobin_g_dl": 11.9}, 1),
        ({"sex": "female", "hemoglobin_g_dl": 10}, 1), ({"sex": "female", "hemoglobin_g_dl": 9.9}, 6),
        ({"systolic_bp_mmhg": 110}, 0), ({"systolic_bp_mmhg": 109}, 1), ({"systolic_bp_mmhg": 100}, 1),
        ({"systolic_bp_mmhg": 99}, 2), ({"systolic_bp_mmhg": 90}, 2), ({"systolic_bp_mmhg": 89}, 3),
        ({"heart_rate_bpm": 99}, 0), ({"heart_rate_bpm": 100}, 1), ({"melena": True}, 1), ({"syncope": True}, 2),
        ({"liver_disease": True}, 2), ({"heart_failure": True}, 2),
        ({"bun_mg_dl": 80, "hemoglobin_g_dl": 7, "systolic_bp_mmhg": 80, "heart_rate_bpm": 120, "melena": True,
          "syncope": True, "liver_disease": True, "heart_failure": True}, 23),
    ],
)  # fmt: skip
def test_glasgow_blatchford(changes: Given, expected: int) -> None:
    """Blatchford 2000, table 3: both sides of every band, 0 to 23."""
    assert points("glasgow_blatchford", **changes) == expected


@pytest.mark.parametrize("model", sorted(BASELINES))
def test_every_missing_input_is_named(model: str) -> None:
    required = [spec.name for spec in TWIN.describe(model).inputs if spec.required and spec.default is None]
    with pytest.raises(MissingCovariate) as error:
        TWIN.predict(model, {})
    assert required and error.value.details["missing"] == required
    last = required[-1]
    with pytest.raises(MissingCovariate, match=last):
        run(model, **{last: None})


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        ("news2", "temperature_c", 98.6), ("news2", "spo2_percent", 0.97), ("news2", "spo2_scale", 3),
        ("news2", "consciousness", "sleepy"), ("qsofa", "gcs", 16), ("qsofa", "gcs", 12.5),
        ("sirs", "wbc_10e9_l", 12000), ("sofa", "fio2", 40), ("sofa", "platelets_10e9_l", 250000),
        ("sofa", "creatinine_mg_dl", 88), ("sofa", "creatinine_mg_dl", {"value": 88, "unit": "kg"}),
        ("apache_ii", "ph", 74), ("apache_ii", "hematocrit_percent", 0.4), ("psi", "age_years", -1),
        ("pesi", "heart_rate_bpm", -90), ("wells_pe", "hemoptysis", 1), ("wells_dvt", "calf_swelling_cm", 300),
        ("perc", "spo2_percent", 101), ("centor_mcisaac", "temperature_c", 101), ("gcs", "eye_response", 5),
        ("gcs", "motor_response", 0), ("feverpain", "symptom_duration_days", -1),
        ("glasgow_blatchford", "hemoglobin_g_dl", 130), ("spesi", "systolic_bp_mmhg", {"value": 120, "unit": "mg/dL"}),
    ],
)  # fmt: skip
def test_the_impossible_is_refused_by_name(model: str, name: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=name):
        run(model, **{name: value})


@pytest.mark.parametrize("model", ["qsofa", "sirs", "sofa", "apache_ii", "psi", "pesi", "spesi", "wells_pe",
                                   "wells_dvt", "perc", "glasgow_blatchford"])  # fmt: skip
def test_scores_for_adults_refuse_children(model: str) -> None:
    with pytest.raises(OutsideModelDomain, match="18 years"):
        run(model, age_years=17)
