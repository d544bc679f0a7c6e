"""Survival in primary biliary cholangitis by the Mayo natural history model (Dickson et al. 1989).

doi:10.1002/hep.1840100102
"""

from __future__ import annotations

from math import exp, log

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_MEAN_RISK = 5.07
# Survival at the mean risk, after 1 to 7 years
_BASELINE_SURVIVAL = (0.970, 0.941, 0.883, 0.833, 0.774, 0.721, 0.651)
_EDEMA = {"none": 0.0, "without_or_resolved_by_diuretics": 0.5, "despite_diuretics": 1.0}

CARD = ModelCard(
    id="mayo_pbc",
    version="1.0.0",
    title="Mayo risk score for primary biliary cholangitis",
    aliases=(
        "mayo risk score", "mayo pbc", "mayo pbc score", "pbc survival", "primary biliary cholangitis survival",
        "primary biliary cirrhosis survival", "dickson 1989",
    ),
    kind="risk_score",
    summary="Risk score and survival without transplant over 1 to 7 years in primary biliary cholangitis.",
    inputs=(
        inputs.AGE,
        inputs.BILIRUBIN,
        inputs.ALBUMIN,
        inputs.number("prothrombin_time_s", "Prothrombin time", "s", (7, 150)),
        inputs.choice("edema", "Peripheral oedema", tuple(_EDEMA),
                      description="none: no oedema and no diuretics (0 in the paper); "
                      "without_or_resolved_by_diuretics: 0.5; despite_diuretics: 1."),
    ),
    outputs=(
        ("mayo_risk_score", "{index}", "Mayo risk score"),
        *((f"survival_{year}y", "%", f"Survival after {year} year{'s' if year > 1 else ''}") for year in range(1, 8)),
    ),
    source="Dickson ER, et al. Prognosis in primary biliary cirrhosis: model for decision making. "
    "Hepatology 1989;10:1-7.",
    doi="10.1002/hep.1840100102",
    population="312 adults with primary biliary cholangitis at the Mayo Clinic, 1974-1984; validated in 106 more.",
    context_of_use="Adults with primary biliary cholangitis: prognosis and time of transplant referral.",
    model_risk="medium",
    limitations=(
        "Derived before ursodeoxycholic acid; underestimates survival in patients who respond to it.",
        "The prothrombin time depends on the laboratory's reagent.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """R = 0.871 ln(bili) - 2.53 ln(alb) + 0.039 age + 2.38 ln(PT) + 0.859 oedema; S(t) = S0(t)^exp(R - 5.07)."""
    risk = (
        0.871 * log(values.number("bilirubin_mg_dl"))
        - 2.53 * log(values.number("albumin_g_dl"))
        + 0.039 * values.number("age_years")
        + 2.38 * log(values.number("prothrombin_time_s"))
        + 0.859 * _EDEMA[values.choice("edema")]
    )
    survival = {year: 100 * start ** exp(risk - _MEAN_RISK) for year, start in enumerate(_BASELINE_SURVIVAL, start=1)}
    labels = {name: label for name, _, label in CARD.outputs}
    return Result(
        outputs=(
            measured("mayo_risk_score", labels["mayo_risk_score"], risk, "{index}", 2, "5.07 was the cohort's mean"),
            *(
                measured(
                    f"survival_{year}y",
                    labels[f"survival_{year}y"],
                    percent,
                    "%",
                    0 if percent >= 1 else 1,
                    "without transplant",
                )
                for year, percent in survival.items()
            ),
        )
    )


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
