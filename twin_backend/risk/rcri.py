"""Revised Cardiac Risk Index before noncardiac surgery (Lee et al. 1999, doi:10.1161/01.CIR.100.10.1043)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_FLAGS = (
    "high_risk_surgery", "ischemic_heart_disease", "heart_failure", "cerebrovascular_disease",
    "insulin_treated_diabetes",
)  # fmt: skip
_CREATININE_LIMIT_MG_DL = 2.0
_CLASSES = ("I", "II", "III", "IV")
# Percent with 0, 1, 2 and 3 or more factors: (output, label, rates)
_RATES = (
    ("major_cardiac_event_rate", "Major cardiac complications (Lee 1999, validation)", (0.4, 0.9, 6.6, 11.0)),
    ("major_cardiac_event_rate_derivation", "Major cardiac complications (Lee 1999, derivation)", (0.5, 1.3, 3.6, 9.1)),
    ("major_cardiac_event_rate_updated", "Infarction, arrest or death within 30 days (CCS 2017)",
     (3.9, 6.0, 10.1, 15.0)),
)  # fmt: skip

CARD = ModelCard(
    id="rcri",
    version="1.0.0",
    title="Revised Cardiac Risk Index",
    aliases=("revised cardiac risk index (lee)", "lee index", "lee's index", "cardiac risk index", "perioperative cardiac risk",
             "surgical cardiac risk", "preoperative cardiac risk"),
    kind="risk_score",
    summary="Points for major cardiac complications of noncardiac surgery, with the rates first and later published.",
    inputs=(
        inputs.flag("high_risk_surgery", "Intraperitoneal, intrathoracic or suprainguinal vascular surgery"),
        inputs.flag("ischemic_heart_disease", "Infarction, positive exercise test, ischaemic chest pain, nitrate use or "
                    "pathological Q waves"),
        inputs.flag("heart_failure", "History of heart failure"),
        inputs.flag("cerebrovascular_disease", "Previous stroke or TIA"),
        inputs.flag("insulin_treated_diabetes", "Diabetes treated with insulin"),
        inputs.CREATININE,
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse patients under 18."),
    ),
    outputs=(("rcri", "{score}", "Revised Cardiac Risk Index"), *((name, "%", label) for name, label, _ in _RATES)),
    source="Lee TH, et al. Derivation and prospective validation of a simple index for prediction of cardiac risk of "
    "major noncardiac surgery. Circulation 1999;100:1043-9; updated rates: Duceppe E, et al. Can J Cardiol "
    "2017;33:17-32 (doi:10.1016/j.cjca.2016.09.008).",
    doi="10.1161/01.CIR.100.10.1043",
    population="4,315 patients aged 50 or over having major elective noncardiac surgery in Boston "
    "(2,893 derivation, 1,422 validation).",
    context_of_use="Adults before noncardiac surgery: whether to investigate, monitor or measure troponin.",
    model_risk="medium",
    limitations=(
        "The original rates, before routine troponin, are far below those of later cohorts; counsel with the updated.",
        "Original: infarction, pulmonary oedema, ventricular fibrillation or arrest, complete block; updated: "
        "infarction, arrest or death within 30 days.",
        "Discriminates poorly in vascular surgery.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """One point for each item and for creatinine over 2.0 mg/dL."""
    items = [name.replace("_", " ") for name in _FLAGS if values.flag(name)]
    # 177 µmol/L, the limit as laboratories with SI units know it, is 2.002 mg/dL and does not score
    items += (
        ["creatinine over 2 mg/dL"] if round(values.number("creatinine_mg_dl"), 2) > _CREATININE_LIMIT_MG_DL else []
    )
    group = min(len(items), len(_CLASSES) - 1)
    reading = f"class {_CLASSES[group]}; {', '.join(items) or 'no items'}"
    rates = (measured(name, label, percents[group], "%", 1) for name, label, percents in _RATES)
    return Result(outputs=(score("rcri", "Revised Cardiac Risk Index", len(items), reading), *rates))


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
