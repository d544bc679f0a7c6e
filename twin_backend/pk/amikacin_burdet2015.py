"""Amikacin in ventilated patients with suspected pneumonia (Burdet et al. 2015, doi:10.1007/s00228-014-1766-y)."""

from __future__ import annotations

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

_HIGHEST_DOSE_MG = 5000
# Random effects on CL, V1, V2 and Q; their covariance as the R package posologyr quotes it from the paper.
_COVARIANCE = (
    (0.1, 0.01, 0.01, -0.06),
    (0.01, 0.05, 0.02, 0.004),
    (0.01, 0.02, 0.2, 0.003),
    (-0.06, 0.004, 0.003, 0.08),
)


def _body(values: Values, effects: Floats) -> Body:
    import numpy as np

    from twin_backend.engines.compartments import Body

    clearance = 4.3 * (values.number("crcl_ml_min") / 82) ** 0.7
    central = 15.9 * (values.number("weight_kg") / 78) ** 0.9 * (_pf_ratio(values) / 169) ** 0.4
    cl, v1, v2, q = np.exp(effects).T
    return Body.of(clearance * cl, (central * v1, 21.4 * v2), (12.1 * q,))


def _pf_ratio(values: Values) -> float:
    given = values.optional("pf_ratio_mmhg")
    return values.number("pao2_mmhg") / values.number("fio2") if given is None else given


def _residual_sd(predicted: Floats) -> Floats:
    sd: Floats = 0.2 + 0.1 * predicted
    return sd


def _remarks(values: Values) -> list[str]:
    ratio = _pf_ratio(values)
    if values.has("pf_ratio_mmhg") or 60 <= ratio <= 450:
        return []
    return [f"PaO2/FiO2 is {ratio:.0f} mmHg, beyond what ventilated patients of the study are likely to have had."]


DRUG = Drug(
    name="Amikacin",
    effects=("clearance", "central_volume", "peripheral_volume", "intercompartmental_clearance"),
    covariance=_COVARIANCE,
    body=_body,
    residual_sd=_residual_sd,
    peak_target=60.0,
    trough_limit=2.5,
    remarks=_remarks,
)

CARD = ModelCard(
    id="amikacin_burdet2015",
    version="1.0.0",
    title="Amikacin exposure in ventilator-associated pneumonia (Burdet 2015)",
    aliases=("amikacin", "amikacin pk", "amikacin dosing", "amikacin peak", "burdet", "amikacin_burdet",
             "amikacin burdet"),
    kind="simulation",
    summary="Peak, trough and AUC of an amikacin regimen in ventilated adults; individual with levels, and the dose "
    "for a peak or an AUC.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(18, 95)),
        inputs.changed(inputs.WEIGHT, derivation=(45, 130)),
        inputs.number("crcl_ml_min", "Creatinine clearance measured in urine over 4 h", "mL/min", (1, 400),
                      derivation=(10, 200), description="The paper measured it; an estimate from serum is no substitute."),
        inputs.changed(inputs.PAO2, required=False, description="With FiO2, unless pf_ratio_mmhg is given."),
        inputs.changed(inputs.FIO2, required=False),
        inputs.number("pf_ratio_mmhg", "PaO2/FiO2", "mm[Hg]", (20, 700), required=False, derivation=(60, 450),
                      description="If absent, from PaO2 and FiO2."),
        *regimen_inputs(_HIGHEST_DOSE_MG, 0.5, "Infused over 30 minutes in the study."),
        *level_inputs(_HIGHEST_DOSE_MG, (0.1, 250)),
        *target_inputs(peak=True),
    ),
    outputs=outputs(DRUG),
    source="Burdet C, et al. Population pharmacokinetics of single-dose amikacin in critically ill patients with "
    "suspected ventilator-associated pneumonia. Eur J Clin Pharmacol 2015;71:75-83; parameters as quoted by the R "
    "package posologyr.",
    doi="10.1007/s00228-014-1766-y",
    population="60 ventilated adults in intensive care with suspected ventilator-associated pneumonia, one dose of "
    "20 mg/kg.",
    context_of_use="Ventilated adults given amikacin for pneumonia: first dose, and the next one once levels are known.",
    model_risk="high",
    limitations=(
        "Derived from single doses: accumulation over days is an extrapolation.",
        "The target (first peak of 60 mg/L or more, trough under 2.5 mg/L) is French guidance; the MIC decides.",
        "The ranges shown as derivation ranges are approximate; the paper's own limits were not at hand.",
        "Not for kidney replacement, burns or children; assumes stable kidney function.",
    ),
)  # fmt: skip


def _also_needed(values: Values) -> list[str]:
    return [] if values.has("pf_ratio_mmhg") else [n for n in ("pao2_mmhg", "fio2") if not values.has(n)]


MODEL = model(CARD, DRUG, _also_needed)
