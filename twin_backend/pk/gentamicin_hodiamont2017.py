"""Gentamicin in critically ill adults (Hodiamont et al. 2017, doi:10.1097/FTD.0000000000000432)."""

from __future__ import annotations

from math import log, sqrt
from typing import TYPE_CHECKING

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.model import Values
from twin_backend.pk.intermittent import model
from twin_backend.pk.intermittent_drug import Drug, level_inputs, outputs, regimen_inputs, target_inputs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin_backend.engines.compartments import Body

    Floats = NDArray[np.float64]

_HIGHEST_DOSE_MG = 1500
# Table 2, final model: coefficients of variation 75.0 % (CL) and 27.0 % (V1), correlation 0.21.
_VARIANCES = (log(1 + 0.75**2), log(1 + 0.27**2))
_COVARIANCE = 0.21 * sqrt(_VARIANCES[0] * _VARIANCES[1])
_PROPORTIONAL_ERROR = 0.194
_ADDITIVE_ERROR_MG_PER_L = 0.13


def _body(_values: Values, effects: Floats) -> Body:
    import numpy as np

    from twin_backend.engines.compartments import Body

    return Body.of(2.3 * np.exp(effects[:, 0]), (21.6 * np.exp(effects[:, 1]), 10.2), (1.3,))


def _residual_sd(predicted: Floats) -> Floats:
    sd: Floats = ((_PROPORTIONAL_ERROR * predicted) ** 2 + _ADDITIVE_ERROR_MG_PER_L**2) ** 0.5
    return sd


def _remarks(values: Values) -> list[str]:
    if any(values.has(f"level_{n}_mg_l") for n in (1, 2, 3, 4)):
        return []
    return ["The model has no kidney function in it: without a level it is the same for everyone."]


DRUG = Drug(
    name="Gentamicin",
    effects=("clearance", "central_volume"),
    covariance=((_VARIANCES[0], _COVARIANCE), (_COVARIANCE, _VARIANCES[1])),
    body=_body,
    residual_sd=_residual_sd,
    auc_target=(70.0, 120.0),
    peak_target=15.0,
    trough_limit=1.0,
    remarks=_remarks,
)

CARD = ModelCard(
    id="gentamicin_hodiamont2017",
    version="1.0.0",
    title="Gentamicin exposure in intensive care (Hodiamont 2017)",
    aliases=("gentamicin", "gentamicin pk", "gentamicin icu", "hodiamont", "gentamicin population model",
             "gentamicin hodiamont"),
    kind="simulation",
    summary="Peak, trough and AUC of a gentamicin regimen in critically ill adults; individual with levels, and the "
    "dose for a peak or an AUC.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(18, 95)),
        *regimen_inputs(_HIGHEST_DOSE_MG, 0.5, "Infused over 30 minutes in the study."),
        *level_inputs(_HIGHEST_DOSE_MG, (0.05, 100)),
        *target_inputs(peak=True),
    ),
    outputs=outputs(DRUG),
    source="Hodiamont CJ, et al. Therapeutic drug monitoring of gentamicin peak concentrations in critically ill "
    "patients. Ther Drug Monit 2017;39:522-30.",
    doi="10.1097/FTD.0000000000000432",
    population="59 critically ill adults (mean 61 years, 79 kg, Cockcroft-Gault clearance 87 mL/min) of one Dutch "
    "intensive care unit, 416 levels.",
    context_of_use="Critically ill adults on gentamicin, once a level is known.",
    model_risk="high",
    limitations=(
        "No covariate improved the model, so kidney function is not in it: use it with a level.",
        "Variability between occasions was large in the paper and is not modelled here.",
        "The targets (AUC24 70-120 mg.h/L, peak 15 mg/L, trough under 1 mg/L) are common practice, not of the paper.",
        "Not for kidney replacement, pregnancy or children.",
    ),
)  # fmt: skip

MODEL = model(CARD, DRUG)
