"""Survival by serum free light chains, fitted to FLChain (Dispenzieri et al. 2012, doi:10.1016/j.mayocp.2012.03.009)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.model import Model, Values
from twin_backend.survival.fitted import as_derived, fit_of, survival_equation, survival_outputs

_NAME = "flchain"
_WORDS = ("survival", "Survival", (1.0, 2.0, 5.0, 10.0))
_LIGHT_CHAIN = "mg/L is accepted with its unit (10 mg/L = 1 mg/dL)."
_INPUTS = as_derived(
    _NAME,
    inputs.AGE,
    inputs.SEX,
    inputs.number("kappa_flc_mg_dl", "Serum free light chain kappa", "mg/dL", (0.005, 3000), description=_LIGHT_CHAIN),
    inputs.number(
        "lambda_flc_mg_dl", "Serum free light chain lambda", "mg/dL", (0.005, 3000), description=_LIGHT_CHAIN
    ),
    inputs.flag("mgus", "Monoclonal gammopathy of undetermined significance"),
)

CARD = ModelCard(
    id="survival_flchain",
    version="1.0.0",
    title="Survival by serum free light chains (FLChain)",
    aliases=(
        "flchain", "free light chain", "serum free light chain", "free light chain survival", "sflc", "flc mortality",
    ),
    kind="risk_score",
    summary="Probability of being alive after 1, 2, 5 and 10 years by age, sex and serum free light chains.",
    inputs=_INPUTS,
    outputs=survival_outputs(*_WORDS),
    source="Ridge Cox model, with splines of age and of the logarithms of the light chains, fitted for this project to FLChain. Study: Dispenzieri A, et al. Use of nonclonal serum "
    "immunoglobulin free light chains to predict overall survival in the general population. Mayo Clin Proc "
    "2012;87:517-23.",
    doi="10.1016/j.mayocp.2012.03.009",
    population="7,874 residents of Olmsted County, Minnesota, aged 50 or over, sampled 1995-2003; 2,169 died within 14 years.",
    context_of_use="People of 50 or over without plasma cell malignancy: research on prognosis.",
    model_risk="medium",
    limitations=(
        "Not validated outside the county it was fitted to, whose residents were nearly all white.",
        "Creatinine is left out: a sixth of it was missing, and it added nothing to the rest; yet light chains rise where the "
        "kidney fails.",
        "The cause of death in the data was not used; it is known for the dead only.",
    ),
    validation=fit_of(_NAME).validation,
)  # fmt: skip


def _refuse(values: Values) -> list[str]:
    age = values.number("age_years")
    return [f"age_years is {age:g}; the study took people of 50 or over"] if age < 50 else []


MODEL = Model(CARD, survival_equation(_NAME, _INPUTS, *_WORDS), refuse=_refuse)
