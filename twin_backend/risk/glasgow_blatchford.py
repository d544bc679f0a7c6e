"""Glasgow-Blatchford score of upper gastrointestinal bleeding (2000, doi:10.1016/S0140-6736(00)02816-6)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import score
from twin_backend.model import Model, Result, Values, adults_only, closed_form
from twin_backend.points import at_least, banded, listed

# Urea of 6.5, 8, 10 and 25 mmol/L, as urea nitrogen in mg/dL
_BUN = ((70, 6), (28, 4), (22.4, 3), (18.2, 2))
_HEMOGLOBIN = {"male": ((13, 0), (12, 1), (10, 3)), "female": ((12, 0), (10, 1))}
_SYSTOLIC = ((110, 0), (100, 1), (90, 2))
_POINTS = {"melena": 1, "syncope": 2, "liver_disease": 2, "heart_failure": 2}

CARD = ModelCard(
    id="glasgow_blatchford",
    version="1.0.0",
    title="Glasgow-Blatchford score",
    aliases=("blatchford", "gbs", "glasgow blatchford score", "glasgow-blatchford", "upper gi bleed score"),
    kind="risk_score",
    summary="Need for treatment of upper gastrointestinal bleeding, before endoscopy.",
    inputs=(
        inputs.SEX,
        inputs.BUN,
        inputs.HEMOGLOBIN,
        inputs.SYSTOLIC,
        inputs.HEART_RATE,
        inputs.flag("melena", "Melaena"),
        inputs.flag("syncope", "Presentation with syncope"),
        inputs.flag("liver_disease", "Liver disease, known or by examination and tests"),
        inputs.flag("heart_failure", "Cardiac failure, known or by examination and echocardiogram"),
        inputs.OPTIONAL_AGE,
    ),
    outputs=(("glasgow_blatchford", "{score}", "Glasgow-Blatchford score"),),
    source="Blatchford O, et al. A risk score to predict need for treatment for upper-gastrointestinal haemorrhage. "
    "Lancet 2000;356:1318-21; low risk at 0 or 1: Stanley AJ, et al. BMJ 2017;356:i6432 (doi:10.1136/bmj.i6432).",
    doi="10.1016/S0140-6736(00)02816-6",
    population="1,748 adults admitted with upper gastrointestinal bleeding in the west of Scotland.",
    context_of_use="Adults with upper gastrointestinal bleeding: whom to treat without admission.",
    model_risk="medium",
    limitations=(
        "Predicts need for transfusion, endoscopic treatment or surgery, and death; weak at ranking high scores.",
        "Early haemoglobin may still be normal in brisk bleeding.",
    ),
)


def compute(values: Values) -> Result:
    """The sum of eight markers on admission, 0 to 23."""
    items = {
        "urea": banded(values.number("bun_mg_dl"), _BUN, 0),
        "haemoglobin": banded(values.number("hemoglobin_g_dl"), _HEMOGLOBIN[values.choice("sex")], 6),
        "systolic pressure": banded(values.number("systolic_bp_mmhg"), _SYSTOLIC, 3),
        "pulse 100 or over": int(at_least(values.number("heart_rate_bpm"), 100)),
        **{name.replace("_", " "): points * values.flag(name) for name, points in _POINTS.items()},
    }
    total = sum(items.values())
    reading = (
        "very low risk (0 or 1): outpatient care can be considered" if total <= 1 else "2 or more: not very low risk"
    )
    if total >= 6:
        reading = "6 or more: over half needed an intervention"
    return Result(
        outputs=(score("glasgow_blatchford", "Glasgow-Blatchford score", total, f"{reading}; {listed(items)}"),)
    )


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
