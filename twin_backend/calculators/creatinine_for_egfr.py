"""The creatinine at which a person has some eGFR: CKD-EPI 2021 solved for creatinine (doi:10.1056/NEJMoa2102953, Table S10)."""

from __future__ import annotations

from domain.predictions import ModelCard
from domain.quantities import convert
from twin_backend import inputs
from twin_backend.calculators.ckd_epi_2021_creatinine import CARD as FORWARD
from twin_backend.calculators.ckd_epi_2021_creatinine import COEFFICIENTS
from twin_backend.display import measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

CARD = ModelCard(
    id="creatinine_for_egfr",
    version="1.0.0",
    title="Creatinine at an eGFR",
    aliases=("creatinine for an egfr", "creatinine at an egfr", "egfr to creatinine"),
    kind="calculator",
    summary="The serum creatinine that CKD-EPI 2021 turns into a given eGFR, at the person's age and sex.",
    inputs=(
        inputs.number("target_egfr_ml_min_1_73m2", "eGFR to be reached", "mL/min/{1.73_m2}", (5, 150)),
        inputs.changed(inputs.AGE, derivation=(18, 97)),
        inputs.SEX,
    ),
    outputs=(("creatinine", "mg/dL", "Creatinine"), ("creatinine_si", "umol/L", "Creatinine in SI units")),
    source=FORWARD.source.replace(
        "Engl J Med 2021;385:1737-49.", "Engl J Med 2021;385:1737-49 (solved for creatinine)."
    ),
    doi=FORWARD.doi,
    population=FORWARD.population,
    context_of_use="Which creatinine a limit of kidney function stands for, as a drug's.",
    limitations=FORWARD.limitations,
)


def compute(values: Values) -> Result:
    """kappa x (E / target)^(1/1.2) below E, the eGFR at creatinine = kappa; kappa x (target / E)^(1/alpha) from there up."""
    kappa, alpha, factor = COEFFICIENTS[values.choice("sex")]
    at_kappa = 142 * 0.9938 ** values.number("age_years") * factor
    target = values.number("target_egfr_ml_min_1_73m2")
    ratio = (at_kappa / target) ** (1 / 1.2) if target <= at_kappa else (target / at_kappa) ** (1 / alpha)
    creatinine = kappa * ratio
    in_si = convert(creatinine, "mg/dL", "umol/L", "creatinine")
    return Result(
        outputs=(
            measured("creatinine", "Creatinine", creatinine, "mg/dL", 2),
            measured("creatinine_si", "Creatinine in SI units", in_si, "umol/L", 0),
        )
    )


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
