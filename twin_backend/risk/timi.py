"""TIMI risk scores: UA/NSTEMI (Antman 2000, doi:10.1001/jama.284.7.835), STEMI (Morrow 2000,
doi:10.1161/01.CIR.102.17.2031)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# Death, infarction or urgent revascularisation within 14 days, percent, at 0 to 7 points (0-1 and 6-7 were pooled)
_EVENTS_14_DAYS = (4.7, 4.7, 8.3, 13.2, 19.9, 26.2, 40.9, 40.9)
_NSTEMI_FLAGS = (
    "three_or_more_cad_risk_factors", "known_coronary_stenosis", "aspirin_last_7_days", "severe_angina", "st_deviation",
    "elevated_cardiac_markers",
)  # fmt: skip
# Death within 30 days, percent, at 0 to 8 points, and above 8
_MORTALITY_30_DAYS = (0.8, 1.6, 2.2, 4.4, 7.3, 12.4, 16.1, 23.4, 26.8, 35.9)

NSTEMI = ModelCard(
    id="timi_nstemi",
    version="1.0.0",
    title="TIMI risk score for unstable angina and NSTEMI",
    aliases=("timi", "timi risk score", "timi ua/nstemi", "timi_ua_nstemi", "timi ua nstemi", "timi unstable angina"),
    kind="risk_score",
    summary="Points for death, infarction or urgent revascularisation within 14 days in unstable angina or NSTEMI.",
    inputs=(
        inputs.AGE,
        inputs.flag("three_or_more_cad_risk_factors", "Three or more of: family history of coronary disease, "
                    "hypertension, hypercholesterolaemia, diabetes, current smoking"),
        inputs.flag("known_coronary_stenosis", "Known coronary stenosis of 50 % or more"),
        inputs.flag("aspirin_last_7_days", "Aspirin within the last 7 days"),
        inputs.flag("severe_angina", "Two or more anginal episodes within 24 h"),
        inputs.flag("st_deviation", "ST segment deviation of 0.5 mm or more"),
        inputs.flag("elevated_cardiac_markers", "Raised troponin or other cardiac enzymes"),
    ),
    outputs=(
        ("timi_nstemi", "{score}", "TIMI (UA/NSTEMI)"),
        ("event_rate_14_day", "%", "Death, infarction or urgent revascularisation within 14 days"),
    ),
    source="Antman EM, et al. The TIMI risk score for unstable angina/non-ST elevation MI. JAMA 2000;284:835-42.",
    doi="10.1001/jama.284.7.835",
    population="1,957 patients given unfractionated heparin in TIMI 11B (derivation); 5,124 others for validation.",
    context_of_use="Adults with unstable angina or NSTEMI: early invasive or conservative treatment.",
    model_risk="medium",
    limitations=(
        "Derived in trial patients with a diagnosis; not for unselected chest pain (HEART score).",
        "Derived around 1997; rates with present-day treatment are lower.",
    ),
)  # fmt: skip
STEMI = ModelCard(
    id="timi_stemi",
    version="1.0.0",
    title="TIMI risk score for STEMI",
    aliases=("timi st elevation", "timi risk score for st-elevation myocardial infarction", "timi score stemi"),
    kind="risk_score",
    summary="Points for death within 30 days in myocardial infarction with ST elevation.",
    inputs=(
        inputs.AGE,
        inputs.flag("diabetes_hypertension_or_angina", "Diabetes, hypertension or angina"),
        inputs.SYSTOLIC,
        inputs.HEART_RATE,
        inputs.KILLIP,
        inputs.WEIGHT,
        inputs.flag("anterior_st_elevation_or_lbbb", "Anterior ST elevation or left bundle branch block"),
        inputs.number("time_to_treatment_h", "Time from symptoms to treatment", "h", (0, 240)),
    ),
    outputs=(("timi_stemi", "{score}", "TIMI (STEMI)"), ("mortality_30_day", "%", "30-day mortality")),
    source="Morrow DA, et al. TIMI risk score for ST-elevation myocardial infarction. Circulation 2000;102:2031-7.",
    doi="10.1161/01.CIR.102.17.2031",
    population="14,114 patients eligible for fibrinolysis in InTIME II; 30-day mortality 6.7 %.",
    context_of_use="Adults with ST-elevation infarction at presentation.",
    model_risk="medium",
    limitations=(
        "Derived with fibrinolysis; mortality after primary angioplasty is lower.",
        "Rates are those of trial patients; registries saw higher mortality at the same score.",
    ),
)


def compute_nstemi(values: Values) -> Result:
    """One point for each item and for age 65 or over."""
    items = ["age 65 or over"] if values.number("age_years") >= 65 else []
    items += [name.replace("_", " ") for name in _NSTEMI_FLAGS if values.flag(name)]
    total = len(items)
    rate = _EVENTS_14_DAYS[total]
    label = "Death, infarction or urgent revascularisation within 14 days"
    group = "high (5-7)" if total >= 5 else "intermediate (3-4)" if total >= 3 else "low (0-2)"
    return Result(
        outputs=(
            score("timi_nstemi", "TIMI (UA/NSTEMI)", total, f"{group} risk; {', '.join(items) or 'no items'}"),
            measured("event_rate_14_day", label, rate, "%", 1, "TIMI 11B, unfractionated heparin"),
        )
    )


def compute_stemi(values: Values) -> Result:
    """Age 75+ 3 or 65+ 2, systolic < 100 3, rate > 100 2, Killip II-IV 2, and 1 each for the others."""
    age = values.number("age_years")
    present = {
        "age 75 or over": 3 * (age >= 75),
        "age 65 to 74": 2 * (65 <= age < 75),
        "diabetes, hypertension or angina": int(values.flag("diabetes_hypertension_or_angina")),
        "systolic under 100": 3 * (values.number("systolic_bp_mmhg") < 100),
        "rate over 100": 2 * (values.number("heart_rate_bpm") > 100),
        "Killip II to IV": 2 * (values.number("killip_class") >= 2),
        "under 67 kg": int(values.number("weight_kg") < 67 - 1e-9),
        "anterior ST elevation or LBBB": int(values.flag("anterior_st_elevation_or_lbbb")),
        "over 4 h to treatment": int(values.number("time_to_treatment_h") > 4 + 1e-9),
    }
    total = sum(present.values())
    listed = ", ".join(f"{name} {points}" for name, points in present.items() if points) or "no items"
    rate = _MORTALITY_30_DAYS[min(total, len(_MORTALITY_30_DAYS) - 1)]
    return Result(
        outputs=(
            score("timi_stemi", "TIMI (STEMI)", total, listed),
            measured("mortality_30_day", "30-day mortality", rate, "%", 1, "InTIME II, with fibrinolysis"),
        )
    )


MODELS = (
    Model(NSTEMI, closed_form(compute_nstemi), refuse=adults_only),
    Model(STEMI, closed_form(compute_stemi), refuse=adults_only),
)
