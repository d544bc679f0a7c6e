"""Vancomycin in adults with haematological malignancy (Buelga et al. 2005, doi:10.1128/AAC.49.12.4934-4941.2005)."""

from __future__ import annotations

from math import log, sqrt
from typing import TYPE_CHECKING

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.calculators.cockcroft_gault import creatinine_clearance_ml_min
from twin_backend.model import Values
from twin_backend.pk.intermittent import model
from twin_backend.pk.intermittent_drug import Drug, level_inputs, outputs, regimen_inputs, target_inputs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin_backend.engines.compartments import Body

    Floats = NDArray[np.float64]

# Table 4, final model: CL = 1.08 CLcr (both L/h), V = 0.98 L/kg; CV 28.16 % and 37.15 %, correlation 23.12 %.
_CLEARANCE_PER_CRCL = 1.08
_CLEARANCE_PER_CRCL_IN_AML = 1.17
_VOLUME_L_PER_KG = 0.98
_VARIANCES = (log(1 + 0.2816**2), log(1 + 0.3715**2))
_COVARIANCE = 0.2312 * sqrt(_VARIANCES[0] * _VARIANCES[1])
_ADDITIVE_ERROR_MG_PER_L = 3.52
_HIGHEST_DOSE_MG = 5000


def _crcl_ml_min(values: Values) -> float:
    given = values.optional("crcl_ml_min")
    if given is not None:
        return given
    return creatinine_clearance_ml_min(
        values.number("age_years"), values.number("weight_kg"), values.number("creatinine_mg_dl"), values.choice("sex")
    )


def _body(values: Values, effects: Floats) -> Body:
    import numpy as np

    from twin_backend.engines.compartments import Body

    ratio = _CLEARANCE_PER_CRCL_IN_AML if values.flag("acute_myeloid_leukemia") else _CLEARANCE_PER_CRCL
    clearance = ratio * _crcl_ml_min(values) * 0.06
    volume = _VOLUME_L_PER_KG * values.number("weight_kg")
    return Body.of(clearance * np.exp(effects[:, 0]), (volume * np.exp(effects[:, 1]),))


def _residual_sd(predicted: Floats) -> Floats:
    sd: Floats = 0 * predicted + _ADDITIVE_ERROR_MG_PER_L
    return sd


DRUG = Drug(
    name="Vancomycin",
    effects=("clearance", "volume"),
    covariance=((_VARIANCES[0], _COVARIANCE), (_COVARIANCE, _VARIANCES[1])),
    body=_body,
    residual_sd=_residual_sd,
    auc_target=(400.0, 600.0),
)

CARD = ModelCard(
    id="vancomycin_buelga2005",
    version="1.0.0",
    title="Vancomycin exposure in haematological malignancy (Buelga 2005)",
    aliases=("buelga", "vancomycin buelga", "vancomycin haematology", "vancomycin hematology", "vancomycin leukaemia",
             "vancomycin leukemia", "vancomycin neutropenia"),
    kind="simulation",
    summary="Exposure of a vancomycin regimen in adults with haematological malignancy; individual with levels, and "
    "the dose for an AUC.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(15, 90)),
        inputs.changed(inputs.WEIGHT, derivation=(35, 110)),
        inputs.flag("acute_myeloid_leukemia", "Acute myeloblastic leukaemia", required=False, default=False,
                    default_source="The paper's general model is of every diagnosis together.",
                    description="The paper's own model for it has a clearance 8 % higher."),
        *regimen_inputs(_HIGHEST_DOSE_MG, 1.0, "Labelling: infuse over at least 60 minutes."),
        inputs.changed(inputs.SEX, required=False, description="Needed unless crcl_ml_min is given."),
        inputs.changed(inputs.CREATININE, required=False, description="Needed unless crcl_ml_min is given."),
        inputs.number("crcl_ml_min", "Creatinine clearance (Cockcroft-Gault)", "mL/min", (1, 400), required=False,
                      derivation=(10, 200), description="If absent, from creatinine, age, actual weight and sex."),
        *level_inputs(_HIGHEST_DOSE_MG, (0.5, 150), "vancomycin"),
        *target_inputs(peak=False),
    ),
    outputs=outputs(DRUG),
    source="Buelga DS, et al. Population pharmacokinetic analysis of vancomycin in patients with hematological "
    "malignancies. Antimicrob Agents Chemother 2005;49:4934-41; target: Rybak MJ, et al. Am J Health Syst Pharm "
    "2020;77:835-64 (doi:10.1093/ajhp/zxaa036).",
    doi="10.1128/AAC.49.12.4934-4941.2005",
    population="215 patients of 15 years or older on a haematology ward in Salamanca (mean 51.5 years, 64.7 kg, "
    "creatinine clearance 89 mL/min), 1,004 levels; patients in intensive care left out.",
    context_of_use="Adults with haematological malignancy on intermittent intravenous vancomycin, before and with "
    "levels.",
    model_risk="medium",
    limitations=(
        "One compartment: levels within 2 h of the end of an infusion do not fit it.",
        "Variability and residual error of the general model are used in acute myeloblastic leukaemia too.",
        "The ranges shown as derivation ranges are two to three standard deviations around the published means.",
        "Not for intensive care or kidney replacement; assumes stable kidney function.",
    ),
)  # fmt: skip


def _also_needed(values: Values) -> list[str]:
    return [] if values.has("crcl_ml_min") else [n for n in ("sex", "creatinine_mg_dl") if not values.has(n)]


MODEL = model(CARD, DRUG, _also_needed)
