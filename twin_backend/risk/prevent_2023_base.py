"""PREVENT base model: 10- and 30-year risk (Khan et al. 2024, doi:10.1161/CIRCULATIONAHA.123.067626, supplement)."""

from __future__ import annotations

from math import exp

from domain.predictions import ModelCard, ValidationRecord
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, closed_form

_MMOL_L_PER_MG_DL = 0.02586  # as the equations fix it
_OLDEST_FOR_30_YEARS = 59.0
_OUTCOMES = {"total_cvd": "total CVD", "ascvd": "ASCVD", "heart_failure": "heart failure"}

# Log-odds, in the order of `_terms`: constant, age, age squared, non-HDL, HDL, systolic under and over 110, diabetes,
# smoker, BMI under and over 30, eGFR under and over 60, treated, statin, treated x systolic, statin x non-HDL, and age x
# non-HDL, HDL, systolic, diabetes, smoker, BMI over 30, eGFR under 60.
_COEFFICIENTS: dict[tuple[str, str, int], tuple[float, ...]] = {
    ("female", "total_cvd", 10): (
        -3.307728, 0.7939329, 0, 0.0305239, -0.1606857, -0.2394003, 0.360078, 0.8667604, 0.5360739, 0, 0, 0.6045917,
        0.0433769, 0.3151672, -0.1477655, -0.0663612, 0.1197879, -0.0819715, 0.0306769, -0.0946348, -0.27057,
        -0.078715, 0, -0.1637806,
    ),
    ("male", "total_cvd", 10): (
        -3.031168, 0.7688528, 0, 0.0736174, -0.0954431, -0.4347345, 0.3362658, 0.7692857, 0.4386871, 0, 0, 0.5378979,
        0.0164827, 0.288879, -0.1337349, -0.0475924, 0.150273, -0.0517874, 0.0191169, -0.1049477, -0.2251948,
        -0.0895067, 0, -0.1543702,
    ),
    ("female", "ascvd", 10): (
        -3.819975, 0.719883, 0, 0.1176967, -0.151185, -0.0835358, 0.3592852, 0.8348585, 0.4831078, 0, 0, 0.4864619,
        0.0397779, 0.2265309, -0.0592374, -0.0395762, 0.0844423, -0.0567839, 0.0325692, -0.1035985, -0.2417542,
        -0.0791142, 0, -0.1671492,
    ),
    ("male", "ascvd", 10): (
        -3.500655, 0.7099847, 0, 0.1658663, -0.1144285, -0.2837212, 0.3239977, 0.7189597, 0.3956973, 0, 0, 0.3690075,
        0.0203619, 0.2036522, -0.0865581, -0.0322916, 0.114563, -0.0300005, 0.0232747, -0.0927024, -0.2018525,
        -0.0970527, 0, -0.1217081,
    ),
    ("female", "heart_failure", 10): (
        -4.310409, 0.8998235, 0, 0, 0, -0.4559771, 0.3576505, 1.038346, 0.583916, -0.0072294, 0.2997706, 0.7451638,
        0.0557087, 0.3534442, 0, -0.0981511, 0, 0, 0, -0.0946663, -0.3581041, -0.1159453, -0.003878, -0.1884289,
    ),
    ("male", "heart_failure", 10): (
        -3.946391, 0.8972642, 0, 0, 0, -0.6811466, 0.3634461, 0.923776, 0.5023736, -0.0485841, 0.3726929, 0.6926917,
        0.0251827, 0.2980922, 0, -0.0497731, 0, 0, 0, -0.1289201, -0.3040924, -0.1401688, 0.0068126, -0.1797778,
    ),
    ("female", "total_cvd", 30): (
        -1.318827, 0.5503079, -0.0928369, 0.0409794, -0.1663306, -0.1628654, 0.3299505, 0.6793894, 0.3196112, 0, 0,
        0.1857101, 0.0553528, 0.2894, -0.075688, -0.056367, 0.1071019, -0.0751438, 0.0301786, -0.0998776, -0.3206166,
        -0.1607862, 0, -0.1450788,
    ),
    ("male", "total_cvd", 30): (
        -1.148204, 0.4627309, -0.0984281, 0.0836088, -0.1029824, -0.2140352, 0.2904325, 0.5331276, 0.2141914, 0, 0,
        0.1155556, 0.0603775, 0.232714, -0.0272112, -0.0384488, 0.134192, -0.0511759, 0.0165865, -0.1101437,
        -0.2585943, -0.1566406, 0, -0.1166776,
    ),
    ("female", "ascvd", 30): (
        -1.974074, 0.4669202, -0.0893118, 0.1256901, -0.1542255, -0.0018093, 0.322949, 0.6296707, 0.268292, 0, 0,
        0.100106, 0.0499663, 0.1875292, 0.0152476, -0.0276123, 0.0736147, -0.0521962, 0.0316918, -0.1046101,
        -0.2727793, -0.1530907, 0, -0.1299149,
    ),
    ("male", "ascvd", 30): (
        -1.736444, 0.3994099, -0.0937484, 0.1744643, -0.120203, -0.0665117, 0.2753037, 0.4790257, 0.1782635, 0, 0,
        -0.0218789, 0.0602553, 0.1421182, 0.0135996, -0.0218265, 0.1013148, -0.0312619, 0.020673, -0.0920935,
        -0.2159947, -0.1548811, 0, -0.0712547,
    ),
    ("female", "heart_failure", 30): (
        -2.205379, 0.6254374, -0.0983038, 0, 0, -0.3919241, 0.3142295, 0.8330787, 0.3438651, 0.0594874, 0.2525536,
        0.2981642, 0.0667159, 0.333921, 0, -0.0893177, 0, 0, 0, -0.0974299, -0.404855, -0.1982991, -0.0035619,
        -0.1564215,
    ),
    ("male", "heart_failure", 30): (
        -1.95751, 0.5681541, -0.1048388, 0, 0, -0.4761564, 0.30324, 0.6840338, 0.2656273, 0.0833107, 0.26999,
        0.2541805, 0.0638923, 0.2583631, 0, -0.0391938, 0, 0, 0, -0.1269124, -0.3273572, -0.2043019, -0.0182831,
        -0.1342618,
    ),
}  # fmt: skip

CARD = ModelCard(
    id="prevent_2023_base",
    version="1.0.0",
    title="PREVENT base model (total CVD, ASCVD and heart failure)",
    aliases=(
        "prevent", "prevent 2023", "aha prevent", "prevent equations", "prevent base", "prevent risk", "10-year cvd risk",
        "30-year cvd risk", "heart failure risk", "10 year heart failure risk",
    ),
    kind="risk_score",
    summary="Ten- and thirty-year risk of cardiovascular disease, atherosclerotic disease and heart failure, without race.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(30, 79)),
        inputs.SEX,
        inputs.changed(inputs.TOTAL_CHOLESTEROL, derivation=(130, 320)),
        inputs.changed(inputs.HDL, derivation=(20, 100)),
        inputs.changed(inputs.SYSTOLIC, derivation=(90, 200)),
        inputs.changed(inputs.BMI, derivation=(18.5, 39.9)),
        inputs.changed(inputs.EGFR, derivation=(15, 150), description="From creatinine, by CKD-EPI 2021."),
        inputs.DIABETES,
        inputs.CURRENT_SMOKER,
        inputs.ON_ANTIHYPERTENSIVE,
        inputs.flag("on_statin", "Treated with a statin or other lipid-lowering drug"),
        inputs.PRIOR_CVD,
    ),
    outputs=tuple(
        (f"{outcome}_risk_{years}y", "%", f"{years}-year risk of {label}")
        for years in (10, 30)
        for outcome, label in _OUTCOMES.items()
    ),
    source="Khan SS, et al. Development and validation of the American Heart Association's PREVENT equations. "
    "Circulation 2024;149:430-49.",
    doi="10.1161/CIRCULATIONAHA.123.067626",
    population="3,281,919 US adults aged 30-79 without cardiovascular disease, of 25 cohorts, 1992-2017 (derivation).",
    context_of_use="Primary prevention in US adults aged 30-79.",
    model_risk="medium",
    limitations=(
        "Risks are lower than those of the Pooled Cohort Equations; their treatment thresholds do not carry over.",
        "30-year risk is for ages 30-59 only.",
        "Not for people with coronary disease, stroke or heart failure.",
        "Models with HbA1c, albuminuria or deprivation are separate and not implemented here.",
    ),
    validation=tuple(
        ValidationRecord(
            population=f"{who} of 3,330,085 US adults in 21 other cohorts", doi="10.1161/CIRCULATIONAHA.123.067626",
            measure=f"median {measure}, total CVD, with interquartile interval of cohorts", value=value, lower=low,
            upper=high,
        )
        for who, measure, value, low, high in (
            ("Women", "C statistic", 0.794, 0.763, 0.809), ("Men", "C statistic", 0.757, 0.727, 0.778),
            ("Women", "calibration slope", 1.03, 0.81, 1.16), ("Men", "calibration slope", 0.94, 0.81, 1.13),
        )
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """Logistic of the weighted terms, in percent."""
    terms, sex = _terms(values), values.choice("sex")
    young = values.number("age_years") <= _OLDEST_FOR_30_YEARS
    outputs = tuple(
        measured(
            f"{outcome}_risk_{years}y", f"{years}-year risk of {label}", _percent(terms, sex, outcome, years), "%", 1
        )
        for years in ((10, 30) if young else (10,))
        for outcome, label in _OUTCOMES.items()
    )
    warnings = [] if values.has("prior_cvd") else ["Applies only to people without previous cardiovascular disease."]
    warnings += [] if young else ["30-year risk is not given: it was derived for ages 30 to 59."]
    return Result(outputs=outputs, warnings=tuple(warnings))


def _percent(terms: tuple[float, ...], sex: str, outcome: str, years: int) -> float:
    log_odds = sum(b * x for b, x in zip(_COEFFICIENTS[sex, outcome, years], terms, strict=True))
    return 100 / (1 + exp(-log_odds))


def _terms(values: Values) -> tuple[float, ...]:
    age = (values.number("age_years") - 55) / 10
    total, hdl_mg_dl = values.number("total_cholesterol_mg_dl"), values.number("hdl_mg_dl")
    non_hdl = (total - hdl_mg_dl) * _MMOL_L_PER_MG_DL - 3.5
    hdl = (hdl_mg_dl * _MMOL_L_PER_MG_DL - 1.3) / 0.3
    pressure, bmi, egfr = (values.number(name) for name in ("systolic_bp_mmhg", "bmi_kg_m2", "egfr_ml_min_1_73m2"))
    low_pressure, pressure = (min(pressure, 110) - 110) / 20, (max(pressure, 110) - 130) / 20
    low_bmi, high_bmi = (min(bmi, 30) - 25) / 5, (max(bmi, 30) - 30) / 5
    low_egfr, high_egfr = (min(egfr, 60) - 60) / -15, (max(egfr, 60) - 90) / -15
    diabetes, smoker = values.flag("diabetes"), values.flag("current_smoker")
    treated, statin = values.flag("on_antihypertensive"), values.flag("on_statin")
    return (
        1, age, age**2, non_hdl, hdl, low_pressure, pressure, diabetes, smoker, low_bmi, high_bmi, low_egfr, high_egfr,
        treated, statin, treated * pressure, statin * non_hdl, age * non_hdl, age * hdl, age * pressure, age * diabetes,
        age * smoker, age * high_bmi, age * low_egfr,
    )  # fmt: skip


def _refuse(values: Values) -> list[str]:
    prior = values.has("prior_cvd") and values.flag("prior_cvd")
    return ["prior_cvd is true; the equations predict a first event"] if prior else []


def _contradict(values: Values) -> list[str]:
    if values.number("hdl_mg_dl") < values.number("total_cholesterol_mg_dl"):
        return []
    return ["hdl_mg_dl must be below total_cholesterol_mg_dl; are they swapped?"]


MODEL = Model(CARD, closed_form(compute), declines=("age_years",), refuse=_refuse, contradict=_contradict)
