"""HEART score for chest pain in the emergency department (Six 2008; Backus 2013, doi:10.1016/j.ijcard.2013.01.255)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_HISTORY = ("slightly_suspicious", "moderately_suspicious", "highly_suspicious")
_ECG = ("normal", "nonspecific_repolarization", "significant_st_deviation")
_RISK_FACTORS = (
    "hypertension", "hypercholesterolemia", "diabetes", "current_smoker", "family_history_cad", "obesity",
)  # fmt: skip
# Highest score of the group, name, major adverse cardiac events within 6 weeks in percent (Backus 2013)
_GROUPS = ((3, "low", 1.7), (6, "moderate", 16.6), (10, "high", 50.1))

CARD = ModelCard(
    id="heart_score",
    version="1.0.0",
    title="HEART score",
    aliases=("heart", "heart pathway", "chest pain score", "heart score for chest pain", "heart score for mace"),
    kind="risk_score",
    summary="Points for chest pain in the emergency department, with the 6-week rate of major cardiac events.",
    inputs=(
        inputs.choice("history", "How suspicious the history is of a coronary syndrome", _HISTORY),
        inputs.choice("ecg", "Electrocardiogram", _ECG,
                      description="Bundle branch block, pacing and hypertrophy count as nonspecific_repolarization."),
        inputs.AGE,
        inputs.HYPERTENSION,
        inputs.flag("hypercholesterolemia", "Hypercholesterolaemia"),
        inputs.DIABETES,
        inputs.changed(inputs.CURRENT_SMOKER, label="Current smoker, or stopped within 90 days"),
        inputs.flag("family_history_cad", "Family history of coronary disease before 65 years"),
        inputs.flag("obesity", "Obesity (BMI over 30 kg/m²)"),
        inputs.flag("atherosclerotic_disease", "Known atherosclerotic disease (coronary, cerebral or peripheral)"),
        inputs.number("troponin_ratio", "First troponin as a multiple of its upper limit of normal", "1", (0, 100000)),
    ),
    outputs=(
        ("heart_score", "{score}", "HEART score"),
        ("mace_6_weeks", "%", "Major adverse cardiac events within 6 weeks"),
    ),
    source="Backus BE, et al. A prospective validation of the HEART score for chest pain patients at the emergency "
    "department. Int J Cardiol 2013;168:2153-8; derivation: Six AJ, et al. Neth Heart J 2008;16:191-6 "
    "(doi:10.1007/BF03086144).",
    doi="10.1016/j.ijcard.2013.01.255",
    population="2,440 patients with chest pain in 10 Dutch emergency departments; 17 % had an event.",
    context_of_use="Adults with chest pain in the emergency department and no ST elevation: who may go home.",
    model_risk="medium",
    limitations=(
        "Not for ST elevation, unstable vital signs or a diagnosis already made.",
        "The 2008 derivation gave 2 points from twice the troponin limit; 2013, used here, from over three times.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """0 to 2 points each: history, ECG, age 45 and 65, risk factors (1-2; 3 or known disease), troponin (1x; 3x)."""
    age, troponin = values.number("age_years"), values.number("troponin_ratio")
    factors = [name.replace("_", " ") for name in _RISK_FACTORS if values.flag(name)]
    known = values.flag("atherosclerotic_disease")
    items = {
        "history": _HISTORY.index(values.choice("history")),
        "ECG": _ECG.index(values.choice("ecg")),
        "age": (age >= 45) + (age >= 65),
        "risk factors": 2 if known or len(factors) >= 3 else min(len(factors), 1),
        "troponin": (troponin > 1) + (troponin > 3),
    }
    total = sum(items.values())
    group, rate = next((name, rate) for top, name, rate in _GROUPS if total <= top)
    listed = ", ".join(f"{name} {points}" for name, points in items.items())
    return Result(
        outputs=(
            score("heart_score", "HEART score", total, f"{group} risk; {listed}"),
            measured("mace_6_weeks", "Major adverse cardiac events within 6 weeks", rate, "%", 1, f"{group} risk"),
        )
    )


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
