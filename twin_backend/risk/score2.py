"""SCORE2 and SCORE2-OP: 10-year cardiovascular risk in Europe (2021, doi:10.1093/eurheartj/ehab309 and ehab312).

Coefficients are those printed in the supplements, SCORE2-OP with its recalibration to two decimals.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log
from typing import NamedTuple

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, closed_form

_MG_DL_PER_MMOL_L = 38.665
_REGIONS = ("low", "moderate", "high", "very_high")


class _Sex(NamedTuple):
    """Log hazard ratios, each beside its interaction with age; recalibration (intercept, slope) by risk region."""

    age: float
    smoker: tuple[float, float]
    systolic: tuple[float, float]
    total_cholesterol: tuple[float, float]
    hdl: tuple[float, float]
    mean: float
    baseline_survival: float
    regions: dict[str, tuple[float, float]]


class _Centre(NamedTuple):
    """The value subtracted and the unit of each measurement."""

    age: tuple[float, float]
    systolic: tuple[float, float]
    total_cholesterol: tuple[float, float]
    hdl: tuple[float, float]


def _by_region(*scales: tuple[float, float]) -> dict[str, tuple[float, float]]:
    return dict(zip(_REGIONS, scales, strict=True))


_SCORE2_CENTRE = _Centre(age=(60, 5), systolic=(120, 20), total_cholesterol=(6, 1), hdl=(1.3, 0.5))
_SCORE2 = {
    "male": _Sex(
        0.3742, (0.6012, -0.0755), (0.2777, -0.0255), (0.1458, -0.0281), (-0.2698, 0.0426), 0, 0.9605,
        _by_region((-0.5699, 0.7476), (-0.1565, 0.8009), (0.3207, 0.9360), (0.5836, 0.8294)),
    ),
    "female": _Sex(
        0.4648, (0.7744, -0.1088), (0.3131, -0.0277), (0.1002, -0.0226), (-0.2606, 0.0613), 0, 0.9776,
        _by_region((-0.7380, 0.7019), (-0.3143, 0.7701), (0.5710, 0.9369), (0.9412, 0.8329)),
    ),
}  # fmt: skip
_SCORE2_OP_CENTRE = _Centre(age=(73, 1), systolic=(150, 1), total_cholesterol=(6, 1), hdl=(1.4, 1))
_SCORE2_OP = {
    "male": _Sex(
        0.0634, (0.3524, -0.0247), (0.0094, -0.0005), (0.0850, 0.0073), (-0.3564, 0.0091), 0.0929, 0.7576,
        _by_region((-0.34, 1.19), (0.01, 1.25), (0.08, 1.15), (0.05, 0.70)),
    ),
    "female": _Sex(
        0.0789, (0.4921, -0.0255), (0.0102, -0.0004), (0.0605, -0.0009), (-0.3040, 0.0154), 0.2288, 0.8082,
        _by_region((-0.52, 1.01), (-0.10, 1.10), (0.38, 1.09), (0.38, 0.69)),
    ),
}  # fmt: skip


def _card(id_: str, title: str, aliases: tuple[str, ...], ages: tuple[float, float], **more: str) -> ModelCard:
    return ModelCard(
        id=id_,
        version="1.0.0",
        title=title,
        aliases=aliases,
        kind="risk_score",
        summary="Ten-year risk of a first fatal or non-fatal heart attack or stroke in Europe, by risk region.",
        inputs=(
            inputs.changed(inputs.AGE, derivation=ages),
            inputs.SEX,
            inputs.choice("risk_region", "ESC risk region of the country of residence", _REGIONS),
            inputs.CURRENT_SMOKER,
            inputs.SYSTOLIC,
            inputs.TOTAL_CHOLESTEROL,
            inputs.HDL,
            inputs.changed(inputs.DIABETES, required=False, description="The score is refused where this is true."),
            inputs.PRIOR_CVD,
        ),
        outputs=(("cvd_risk_10y", "%", "10-year risk of cardiovascular disease"),),
        context_of_use="Primary prevention in apparently healthy Europeans (ESC 2021 prevention guideline).",
        model_risk="medium",
        limitations=(
            "Not for diabetes (SCORE2-Diabetes), chronic kidney disease, familial hypercholesterolaemia or pregnancy.",
            "The region is that of the country of residence; the ESC list assigns each country.",
            "ESC categories differ by age; a high category at under 50 is a far lower risk than at 70.",
        ),
        **more,
    )


CARD = _card(
    "score2",
    "SCORE2",
    (
        "score 2",
        "esc score2",
        "score2 risk",
        "european cardiovascular risk",
        "esc risk score",
        "systematic coronary risk",
    ),
    (40, 69),
    source="SCORE2 working group and ESC Cardiovascular risk collaboration. SCORE2 risk prediction algorithms. "
    "Eur Heart J 2021;42:2439-54.",
    doi="10.1093/eurheartj/ehab309",
    population="677,684 people aged 40-69 without cardiovascular disease or diabetes, of 45 cohorts in 13 countries; "
    "recalibrated to four European risk regions.",
)
CARD_OP = _card(
    "score2_op",
    "SCORE2-OP (older persons)",
    ("score2-op", "score2 op", "score 2 op", "score2 older persons", "score op"),
    (70, 89),
    source="SCORE2-OP working group and ESC Cardiovascular risk collaboration. SCORE2-OP risk prediction algorithms. "
    "Eur Heart J 2021;42:2455-67.",
    doi="10.1093/eurheartj/ehab312",
    population="28,503 Norwegians aged 65 or older without cardiovascular disease (CONOR), adjusted for death of other "
    "causes; recalibrated to four European risk regions; charts for ages 70-89.",
)


def _risk(table: dict[str, _Sex], centre: _Centre) -> Callable[[Values], Result]:
    def compute(values: Values) -> Result:
        """1 - exp(-exp(a + b ln(-ln(1 - uncalibrated risk)))), in percent."""
        sex = table[values.choice("sex")]
        intercept, slope = sex.regions[values.choice("risk_region")]
        # ln(-ln(survival)) of the uncalibrated model is its linear predictor plus ln(-ln(baseline survival))
        uncalibrated = _linear_predictor(sex, centre, values) + log(-log(sex.baseline_survival))
        risk = 100 * (1 - exp(-exp(intercept + slope * uncalibrated)))
        known = values.has("prior_cvd")
        warnings = () if known else ("Applies only to people without previous cardiovascular disease.",)
        reading = _category(risk, values.number("age_years"))
        output = measured("cvd_risk_10y", "10-year risk of cardiovascular disease", risk, "%", 1, reading)
        return Result(outputs=(output,), warnings=warnings)

    return compute


def _linear_predictor(sex: _Sex, centre: _Centre, values: Values) -> float:
    def centred(value: float, at: tuple[float, float]) -> float:
        return (value - at[0]) / at[1]

    age = centred(values.number("age_years"), centre.age)
    measured_terms = (
        (sex.smoker, float(values.flag("current_smoker"))),
        (sex.systolic, centred(values.number("systolic_bp_mmhg"), centre.systolic)),
        (
            sex.total_cholesterol,
            centred(values.number("total_cholesterol_mg_dl") / _MG_DL_PER_MMOL_L, centre.total_cholesterol),
        ),
        (sex.hdl, centred(values.number("hdl_mg_dl") / _MG_DL_PER_MMOL_L, centre.hdl)),
    )
    return sex.age * age + sum((alone + with_age * age) * x for (alone, with_age), x in measured_terms) - sex.mean


def _category(risk: float, age: float) -> str:
    """ESC 2021 prevention guideline (doi:10.1093/eurheartj/ehab484)."""
    high, very_high = (2.5, 7.5) if age < 50 else (5, 10) if age < 70 else (7.5, 15)
    limits = (
        (high, f"low to moderate (under {high:g} % at this age)"),
        (very_high, f"high ({high:g} to under {very_high:g} % at this age)"),
    )
    return band(risk, limits, f"very high ({very_high:g} % or more at this age)")


def _refuse(values: Values) -> list[str]:
    reasons = {
        "diabetes": "diabetes is true; the score is for people without diabetes (SCORE2-Diabetes)",
        "prior_cvd": "prior_cvd is true; the score predicts a first event",
    }
    return [reason for name, reason in reasons.items() if values.has(name) and values.flag(name)]


def _contradict(values: Values) -> list[str]:
    if values.number("hdl_mg_dl") < values.number("total_cholesterol_mg_dl"):
        return []
    return ["hdl_mg_dl must be below total_cholesterol_mg_dl; are they swapped?"]


MODELS = (
    Model(CARD, closed_form(_risk(_SCORE2, _SCORE2_CENTRE)), ("age_years",), _refuse, _contradict),
    Model(CARD_OP, closed_form(_risk(_SCORE2_OP, _SCORE2_OP_CENTRE)), ("age_years",), _refuse, _contradict),
)
