"""Recurrence of node-positive breast cancer, fitted to GBSG2 (Schumacher et al. 1994, doi:10.1200/JCO.1994.12.10.2086)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.model import Model, Values, adults_only
from twin_backend.survival.fitted import as_derived, fit_of, survival_equation, survival_outputs

_NAME = "gbsg2"
_WORDS = ("recurrence_free_survival", "Recurrence-free survival", (1.0, 2.0, 5.0))
_PREDICTORS = as_derived(
    _NAME,
    inputs.AGE,
    inputs.number("tumor_size_mm", "Tumour size", "mm", (0.5, 300)),
    inputs.integer("tumor_grade", "Tumour grade (1 to 3)", "1", (1, 3)),
    inputs.integer("positive_nodes", "Positive lymph nodes", "1", (0, 100)),
    inputs.number("progesterone_receptor_fmol_mg", "Progesterone receptor", "fmol/mg", (0, 5000)),
    inputs.number("estrogen_receptor_fmol_mg", "Oestrogen receptor", "fmol/mg", (0, 5000)),
    inputs.flag("postmenopausal", "Postmenopausal"),
    inputs.flag("hormonal_therapy", "Hormonal therapy (tamoxifen)"),
)
_INPUTS = (
    *_PREDICTORS,
    inputs.changed(inputs.SEX, required=False, description="Given only to refuse men, whom the trial did not include."),
)

CARD = ModelCard(
    id="survival_gbsg2",
    version="1.0.0",
    title="Recurrence-free survival in node-positive breast cancer (GBSG2)",
    aliases=(
        "gbsg2", "gbsg", "german breast cancer study", "breast cancer recurrence", "recurrence-free survival",
        "breast cancer survival", "node positive breast cancer",
    ),
    kind="risk_score",
    summary="Probability of being free of recurrence and alive 1, 2 and 5 years after surgery for node-positive breast cancer.",
    inputs=_INPUTS,
    outputs=survival_outputs(*_WORDS),
    source="Ridge Cox model, with a spline of age and logarithms of size, nodes and receptors, fitted for this project to "
    "GBSG2. Trial: Schumacher M, et al. Randomized 2 x 2 trial evaluating "
    "hormonal treatment and the duration of chemotherapy in node-positive breast cancer patients. J Clin Oncol "
    "1994;12:2086-93.",
    doi="10.1200/JCO.1994.12.10.2086",
    population="686 women aged 21-80 with node-positive primary breast cancer in a German trial, enrolled 1984-1989; 299 "
    "recurrences or deaths within 7.3 years.",
    context_of_use="Women with node-positive primary breast cancer: teaching and research on prognosis.",
    model_risk="medium",
    limitations=(
        "Not validated outside the trial it was fitted to.",
        "In cross-validation it predicts fewer events than seen under 45 (30 against 34 % in two years).",
        "Care of the 1980s: no HER2 status, taxanes, trastuzumab or aromatase inhibitors.",
        "Receptors as fmol per mg of protein by ligand binding; percent of stained cells cannot be converted.",
        "Contributions are associations; only hormonal therapy was in part randomised.",
    ),
    validation=fit_of(_NAME).validation,
)  # fmt: skip


def _refuse(values: Values) -> list[str]:
    reasons = adults_only(values)
    if values.number("positive_nodes") < 1:
        reasons.append("positive_nodes is 0; every patient of the trial had a positive node")
    if values.has("sex") and values.choice("sex") == "male":
        reasons.append("sex is male; the trial was in women")
    return reasons


MODEL = Model(CARD, survival_equation(_NAME, _PREDICTORS, *_WORDS), refuse=_refuse)
