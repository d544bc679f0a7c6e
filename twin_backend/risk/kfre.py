"""Kidney failure risk equations, 4 and 8 variables (Tangri et al. 2016, doi:10.1001/jama.2015.18202)."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log

from domain.predictions import ModelCard, ModelInput, ValidationRecord
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# Term: (coefficient, mean of the derivation cohort); age in decades, eGFR in fives, ln of albumin-creatinine in mg/g.
_FOUR = {"age": (-0.2201, 7.036), "male": (0.2467, 0.5642), "egfr": (-0.5567, 7.222), "ln_acr": (0.4510, 5.137)}
_EIGHT = {
    "age": (-0.1992, 7.036), "male": (0.1602, 0.5642), "egfr": (-0.4919, 7.222), "ln_acr": (0.3364, 5.137),
    "albumin_g_dl": (-0.3441, 3.997), "phosphate_mg_dl": (0.2604, 3.916), "bicarbonate_meq_l": (-0.07354, 25.57),
    "calcium_mg_dl": (-0.2228, 9.355),
}  # fmt: skip
# Survival without kidney failure at the means, at 2 and 5 years, as recalibrated in 2016
_BASELINE_FOUR = {"north_america": (0.9750, 0.9240), "non_north_america": (0.9832, 0.9365)}
_BASELINE_EIGHT = {"north_america": (0.9780, 0.9301), "non_north_america": (0.9827, 0.9245)}


def _card(id_: str, title: str, aliases: tuple[str, ...], more: tuple[ModelInput, ...]) -> ModelCard:
    return ModelCard(
        id=id_,
        version="1.0.0",
        title=title,
        aliases=aliases,
        kind="risk_score",
        summary="Two- and five-year risk of kidney failure (dialysis or transplant) in chronic kidney disease G3a to G5.",
        inputs=(
            inputs.changed(inputs.AGE, derivation=(18, 90)),
            inputs.SEX,
            inputs.changed(inputs.EGFR, derivation=(10, 60)),
            inputs.UACR,
            inputs.choice(
                "region", "Calibration of the baseline risk", ("north_america", "non_north_america"),
                description="The same coefficients with another baseline risk outside North America.",
            ),
            *more,
        ),
        outputs=(
            ("kidney_failure_risk_2y", "%", "2-year risk of kidney failure"),
            ("kidney_failure_risk_5y", "%", "5-year risk of kidney failure"),
        ),
        source="Tangri N, et al. Multinational assessment of accuracy of equations for predicting risk of kidney "
        "failure. JAMA 2016;315:164-74; derivation: JAMA 2011;305:1553-9 (doi:10.1001/jama.2011.451).",
        doi="10.1001/jama.2015.18202",
        population="Derived in 3,449 Canadians referred with eGFR 10-59; recalibrated in 721,357 people with chronic "
        "kidney disease G3-G5 of 31 cohorts in over 30 countries.",
        context_of_use="Adults with chronic kidney disease G3a-G5 not on dialysis: referral and planning.",
        model_risk="medium",
        limitations=(
            "Not for acute kidney injury, dialysis or transplant recipients.",
            "Ignores death of other causes: five-year risk is too high in frail or very old patients.",
            "Derived with CKD-EPI 2009; with the 2021 equation the risk is slightly lower at the same creatinine.",
        ),
        validation=tuple(
            ValidationRecord(
                population="721,357 people with chronic kidney disease G3-G5 in 31 cohorts", value=value,
                measure=f"pooled C statistic at {years} years", doi="10.1001/jama.2015.18202",
            )
            for years, value in ((2, 0.90), (5, 0.88))
        ),
    )  # fmt: skip


CARD = _card(
    "kfre_4_variable",
    "Kidney failure risk equation, 4 variables",
    ("kfre", "kfre 4", "kfre-4", "tangri", "tangri score", "kidney failure risk", "kidney failure risk equation",
     "risk of dialysis"),
    (),
)  # fmt: skip
CARD_EIGHT = _card(
    "kfre_8_variable",
    "Kidney failure risk equation, 8 variables",
    ("kfre 8", "kfre-8", "tangri 8", "kidney failure risk equation 8 variable"),
    (inputs.ALBUMIN, inputs.PHOSPHATE, inputs.BICARBONATE, inputs.CALCIUM),
)


def _risk(
    terms: dict[str, tuple[float, float]], baseline: dict[str, tuple[float, float]]
) -> Callable[[Values], Result]:
    def compute(values: Values) -> Result:
        """1 - S0 ^ exp(sum of coefficient x (value - mean)), in percent."""
        scaled = {
            "age": values.number("age_years") / 10,
            "male": float(values.choice("sex") == "male"),
            "egfr": values.number("egfr_ml_min_1_73m2") / 5,
            "ln_acr": log(values.number("uacr_mg_g")),
        }
        given = {name: scaled[name] if name in scaled else values.number(name) for name in terms}
        hazard = exp(sum(b * (given[name] - mean) for name, (b, mean) in terms.items()))
        two, five = (100 * (1 - survival**hazard) for survival in baseline[values.choice("region")])
        return Result(
            outputs=(
                measured("kidney_failure_risk_2y", "2-year risk of kidney failure", two, "%", 1, _two_years(two)),
                measured("kidney_failure_risk_5y", "5-year risk of kidney failure", five, "%", 1, _five_years(five)),
            )
        )

    return compute


# Thresholds of KDIGO 2024 (doi:10.1016/j.kint.2023.10.018)
def _two_years(risk: float) -> str:
    limits = ((10, "under 10 %"), (40, "10 % or more: multidisciplinary care (KDIGO 2024)"))
    return band(risk, limits, "40 % or more: prepare for kidney replacement (KDIGO 2024)")


def _five_years(risk: float) -> str:
    return band(
        risk, ((3, "under 3 %"), (5, "3 to 5 %: consider referral (KDIGO 2024)")), "5 % or more: refer (KDIGO 2024)"
    )


def _refuse(values: Values) -> list[str]:
    reasons, egfr = adults_only(values), values.number("egfr_ml_min_1_73m2")
    if egfr >= 60:
        reasons.append(
            f"egfr_ml_min_1_73m2 is {egfr:g}; the equations are for chronic kidney disease with eGFR under 60"
        )
    return reasons


MODELS = (
    Model(CARD, closed_form(_risk(_FOUR, _BASELINE_FOUR)), refuse=_refuse),
    Model(CARD_EIGHT, closed_form(_risk(_EIGHT, _BASELINE_EIGHT)), refuse=_refuse),
)
