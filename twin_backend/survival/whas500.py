"""Survival after acute myocardial infarction, fitted to WHAS500 (Goldberg et al. 1988, doi:10.1016/0002-8703(88)90876-9)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.model import Model, Values, adults_only
from twin_backend.survival.fitted import as_derived, fit_of, survival_equation, survival_outputs

_NAME = "whas500"
_WORDS = ("survival", "Survival", (1.0, 2.0, 5.0))
_INPUTS = as_derived(
    _NAME,
    inputs.AGE,
    inputs.SEX,
    inputs.BMI,
    inputs.changed(inputs.HEART_RATE, description="On admission."),
    inputs.changed(inputs.SYSTOLIC, description="On admission."),
    inputs.changed(inputs.DIASTOLIC, description="On admission."),
    inputs.flag("heart_failure", "Heart failure, as a complication of the infarction"),
    inputs.flag("cardiogenic_shock", "Cardiogenic shock"),
    inputs.flag("atrial_fibrillation", "Atrial fibrillation"),
    inputs.flag("complete_heart_block", "Complete heart block"),
    inputs.flag("prior_cvd", "History of cardiovascular disease"),
    inputs.flag("prior_mi", "Previous myocardial infarction"),
    inputs.flag("q_wave_mi", "Q-wave infarction"),
)

CARD = ModelCard(
    id="survival_whas500",
    version="1.0.0",
    title="Survival after acute myocardial infarction (WHAS500)",
    aliases=(
        "whas500", "whas", "worcester heart attack study", "survival after heart attack",
        "survival after myocardial infarction", "long term mortality after mi", "post mi survival",
    ),
    kind="risk_score",
    summary="Probability of being alive 1, 2 and 5 years after admission with an acute myocardial infarction.",
    inputs=_INPUTS,
    outputs=survival_outputs(*_WORDS),
    source="Ridge Cox model fitted for this project to WHAS500 (Hosmer, Lemeshow & May, Applied Survival Analysis, 2008), "
    "without the length of stay, which leaks the outcome. Cohort: Goldberg RJ, et al. Incidence and case fatality rates "
    "of acute myocardial infarction: the Worcester Heart Attack Study. Am Heart J 1988;115:761-7.",
    doi="10.1016/0002-8703(88)90876-9",
    population="500 patients aged 30-104 admitted with acute myocardial infarction in Worcester, Massachusetts, in 1997, "
    "1999 and 2001; 215 died within 6.5 years.",
    context_of_use="Adults admitted with acute myocardial infarction: teaching and research on prognosis.",
    model_risk="medium",
    limitations=(
        "Not validated outside the cohort it was fitted to, and 500 patients are few.",
        "Care of 1997-2001: survival is better where primary angioplasty is routine.",
        "Heart failure, shock and heart block may have been recorded late in the admission; at the door they may be unknown.",
        "In cross-validation it ranks women (C index 0.69) less well than men (0.82), and predicts more deaths than seen "
        "under 65 (9.8 against 8.1 % in a year).",
        "Contributions are associations, not effects of treatment.",
    ),
    validation=fit_of(_NAME).validation,
)  # fmt: skip


def _contradict(values: Values) -> list[str]:
    if values.number("diastolic_bp_mmhg") < values.number("systolic_bp_mmhg"):
        return []
    return ["diastolic_bp_mmhg must be below systolic_bp_mmhg; are they swapped?"]


MODEL = Model(CARD, survival_equation(_NAME, _INPUTS, *_WORDS), refuse=adults_only, contradict=_contradict)
