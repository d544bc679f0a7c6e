"""UKPDS type 2 diabetes: coronary risk (Stevens 2001, doi:10.1042/cs1010671) and heart failure (Hayes 2013,
doi:10.1007/s00125-013-2940-y, equation 1 of Outcomes Model 2)."""

from __future__ import annotations

from math import exp, log

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_MG_DL_PER_MMOL_L = 38.665
_DURATION = inputs.number("diabetes_duration_years", "Years since diagnosis of diabetes", "a", (0, 90))

# Stevens 2001: q0, ratios per unit, and the growth of risk per year of diabetes
_Q0, _PER_YEAR_OF_DIABETES = 0.0112, 1.078
_AGE, _FEMALE, _AFRO_CARIBBEAN, _SMOKER, _HBA1C, _SYSTOLIC, _LIPID_RATIO = (
    1.059, 0.525, 0.390, 1.350, 1.183, 1.088, 3.845,
)  # fmt: skip

CHD = ModelCard(
    id="ukpds_chd",
    version="1.0.0",
    title="UKPDS risk engine: coronary heart disease (UKPDS 56)",
    aliases=("ukpds", "ukpds risk engine", "ukpds 56", "ukpds chd risk", "ukpds coronary risk",
             "coronary risk in type 2 diabetes"),
    kind="risk_score",
    summary="Risk of a first coronary event (fatal or non-fatal infarction, sudden death) in type 2 diabetes.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(25, 85)),
        _DURATION,
        inputs.SEX,
        inputs.flag("afro_caribbean", "Afro-Caribbean ethnicity"),
        inputs.CURRENT_SMOKER,
        inputs.HBA1C,
        inputs.SYSTOLIC,
        inputs.TOTAL_CHOLESTEROL,
        inputs.HDL,
        inputs.number("horizon_years", "Years to look ahead, beside 10", "a", (1, 30), required=False),
        inputs.PRIOR_CVD,
    ),
    outputs=(
        ("chd_risk_10y", "%", "10-year risk of coronary heart disease"),
        ("chd_risk_at_horizon", "%", "Risk of coronary heart disease at the horizon given"),
    ),
    source="Stevens RJ, et al. The UKPDS risk engine: a model for the risk of coronary heart disease in type II "
    "diabetes (UKPDS 56). Clin Sci 2001;101:671-9.",
    doi="10.1042/cs1010671",
    population="4,540 people aged 25-65 at diagnosis of type 2 diabetes in the UKPDS, without previous CHD.",
    context_of_use="Adults with type 2 diabetes and no coronary disease.",
    model_risk="medium",
    limitations=(
        "Overestimates in present-day cohorts (about twofold in EPIC-NL and EPIC-Potsdam).",
        "HbA1c and pressure entered as the means of the first two years after diagnosis in the derivation.",
        "Age counts from diagnosis; duration enters as time already lived with diabetes.",
    ),
)  # fmt: skip

# Hayes 2013, ESM table 4: Weibull proportional hazards on the time since diagnosis
_LAMBDA, _RHO = -12.332, 1.514
_HEART_FAILURE_YEARS = (1, 5, 10)
_FLAGS = {
    "atrial_fibrillation": 1.562, "micro_or_macroalbuminuria": 0.771, "peripheral_vascular_disease": 0.479,
    "amputation_history": 0.658, "ulcer_history": 0.654,
}  # fmt: skip

HEART_FAILURE = ModelCard(
    id="ukpds_om2_heart_failure",
    version="1.0.0",
    title="UKPDS Outcomes Model 2: heart failure",
    aliases=("ukpds outcomes model 2", "ukpds om2", "ukpds heart failure", "ukpds 82", "om2 heart failure",
             "heart failure risk in type 2 diabetes"),
    kind="risk_score",
    summary="Risk of a first heart failure event over 1, 5 and 10 years in type 2 diabetes.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(25, 95)),
        _DURATION,
        inputs.BMI,
        inputs.changed(inputs.EGFR, description="By MDRD in the derivation."),
        inputs.LDL,
        inputs.flag("atrial_fibrillation", "Atrial fibrillation"),
        inputs.flag("micro_or_macroalbuminuria", "Micro- or macroalbuminuria (urine albumin 50 mg/L or more)"),
        inputs.flag("peripheral_vascular_disease", "Claudication or ankle brachial index under 0.9"),
        inputs.flag("amputation_history", "Previous amputation"),
        inputs.flag("ulcer_history", "Previous diabetic foot ulcer"),
        inputs.flag("heart_failure", "Heart failure", required=False, description="Refused where true."),
    ),
    outputs=tuple((f"heart_failure_risk_{y}y", "%", f"{y}-year risk of heart failure") for y in _HEART_FAILURE_YEARS),
    source="Hayes AJ, et al. UKPDS Outcomes Model 2: a new version of a model to simulate lifetime health outcomes of "
    "patients with type 2 diabetes. Diabetologia 2013;56:1925-33.",
    doi="10.1007/s00125-013-2940-y",
    population="5,102 people aged 25-65 at diagnosis of type 2 diabetes in the UKPDS, followed for up to 30 years.",
    context_of_use="Adults with type 2 diabetes without heart failure: comparing risk factor changes.",
    model_risk="medium",
    limitations=(
        "Risk factors are held at the values given; the Outcomes Model lets them move with time.",
        "Death of other causes is not subtracted.",
        "eGFR above 60 has no effect: the equation uses a spline with its knot at 60.",
    ),
)  # fmt: skip


def compute_chd(values: Values) -> Result:
    """1 - exp(-q d^T (1 - d^t) / (1 - d)), with T years of diabetes behind and t ahead, in percent."""
    yearly, duration = _yearly_rate(values), values.number("diabetes_duration_years")
    outputs = [_chd("chd_risk_10y", "10-year risk of coronary heart disease", yearly, duration, 10)]
    horizon = values.optional("horizon_years")
    if horizon is not None:
        label = "Risk of coronary heart disease at the horizon given"
        outputs.append(_chd("chd_risk_at_horizon", label, yearly, duration, horizon))
    known = values.has("prior_cvd")
    warnings = () if known else ("Applies only to people without previous coronary disease.",)
    return Result(outputs=tuple(outputs), warnings=warnings)


def _yearly_rate(values: Values) -> float:
    """q, the risk of the first year after diagnosis."""
    ratio = values.number("total_cholesterol_mg_dl") / values.number("hdl_mg_dl")
    return float(
        _Q0
        * _AGE ** (values.number("age_years") - values.number("diabetes_duration_years") - 55)
        * _FEMALE ** (values.choice("sex") == "female")
        * _AFRO_CARIBBEAN ** values.flag("afro_caribbean")
        * _SMOKER ** values.flag("current_smoker")
        * _HBA1C ** (values.number("hba1c_percent") - 6.72)
        * _SYSTOLIC ** ((values.number("systolic_bp_mmhg") - 135.7) / 10)
        * _LIPID_RATIO ** (log(ratio) - 1.59)
    )


def _chd(name: str, label: str, yearly: float, duration: float, horizon: float) -> Output:
    growth = _PER_YEAR_OF_DIABETES
    risk = 100 * (1 - exp(-yearly * growth**duration * (1 - growth**horizon) / (1 - growth)))
    return measured(name, label, risk, "%", 1, f"over {horizon:g} years")


def compute_heart_failure(values: Values) -> Result:
    """1 - exp(H(T) - H(T + t)), H(t) = exp(lambda + sum) t^rho, with T years of diabetes behind, in percent."""
    duration = values.number("diabetes_duration_years")
    log_hazard = (
        _LAMBDA
        + 0.068 * (values.number("age_years") - duration)
        + 0.072 * values.number("bmi_kg_m2")
        - 0.220 * min(values.number("egfr_ml_min_1_73m2"), 60) / 10
        + 0.012 * values.number("ldl_mg_dl") / _MG_DL_PER_MMOL_L * 10
        + sum(weight * values.flag(name) for name, weight in _FLAGS.items())
    )
    return Result(
        outputs=tuple(
            measured(f"heart_failure_risk_{years}y", f"{years}-year risk of heart failure",
                     100 * (1 - exp(exp(log_hazard) * (duration**_RHO - (duration + years) ** _RHO))), "%", 1)
            for years in _HEART_FAILURE_YEARS
        ),
        warnings=() if values.has("heart_failure") else ("Applies only to people without heart failure.",),
    )  # fmt: skip


def _refuse_chd(values: Values) -> list[str]:
    prior = values.has("prior_cvd") and values.flag("prior_cvd")
    return adults_only(values) + (["prior_cvd is true; the equation predicts a first event"] if prior else [])


def _refuse_heart_failure(values: Values) -> list[str]:
    known = values.has("heart_failure") and values.flag("heart_failure")
    return adults_only(values) + (["heart_failure is true; the equation predicts a first event"] if known else [])


def _contradict(values: Values) -> list[str]:
    problems = []
    if values.number("diabetes_duration_years") > values.number("age_years"):
        problems.append("diabetes_duration_years must not exceed age_years")
    if values.has("hdl_mg_dl") and values.number("hdl_mg_dl") >= values.number("total_cholesterol_mg_dl"):
        problems.append("hdl_mg_dl must be below total_cholesterol_mg_dl; are they swapped?")
    return problems


MODELS = (
    Model(CHD, closed_form(compute_chd), refuse=_refuse_chd, contradict=_contradict),
    Model(HEART_FAILURE, closed_form(compute_heart_failure), refuse=_refuse_heart_failure, contradict=_contradict),
)
