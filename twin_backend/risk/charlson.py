"""Charlson comorbidity index with age (Charlson et al. 1994, doi:10.1016/0895-4356(94)90129-5)."""

from __future__ import annotations

from math import exp

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# Charlson 1987: points, and what each item means
_ITEMS: dict[str, tuple[int, str]] = {
    "myocardial_infarction": (1, "Previous myocardial infarction"),
    "heart_failure": (1, "Congestive heart failure"),
    "peripheral_vascular_disease": (1, "Peripheral vascular disease, or aortic aneurysm of 6 cm or more"),
    "cerebrovascular_disease": (1, "Stroke with little or no residue, or TIA"),
    "dementia": (1, "Dementia"),
    "chronic_pulmonary_disease": (1, "Chronic pulmonary disease"),
    "connective_tissue_disease": (1, "Connective tissue disease"),
    "peptic_ulcer_disease": (1, "Peptic ulcer disease"),
    "mild_liver_disease": (1, "Mild liver disease (chronic hepatitis, or cirrhosis without portal hypertension)"),
    "diabetes": (1, "Diabetes mellitus treated with drugs"),
    "diabetes_end_organ_damage": (2, "Diabetes with retinopathy, neuropathy or nephropathy"),
    "hemiplegia": (2, "Hemiplegia or paraplegia"),
    "moderate_severe_renal_disease": (2, "Creatinine over 3 mg/dL, dialysis, transplant or uraemia"),
    "solid_tumor": (2, "Solid tumour without metastases, in the last 5 years"),
    "leukemia": (2, "Leukaemia"),
    "lymphoma": (2, "Lymphoma or myeloma"),
    "moderate_severe_liver_disease": (3, "Cirrhosis with portal hypertension"),
    "metastatic_solid_tumor": (6, "Metastatic solid tumour"),
    "aids": (6, "AIDS"),
}
# Of two grades of one disease the heavier counts.
_HEAVIER = {
    "diabetes": "diabetes_end_organ_damage",
    "mild_liver_disease": "moderate_severe_liver_disease",
    "solid_tumor": "metastatic_solid_tumor",
}

CARD = ModelCard(
    id="charlson",
    version="1.0.0",
    title="Charlson comorbidity index",
    aliases=(
        "charlson comorbidity index", "charlson index", "charlson score", "cci", "age-adjusted charlson",
        "age adjusted charlson comorbidity index", "acci", "comorbidity index", "10 year survival",
    ),
    kind="risk_score",
    summary="Points for comorbidity, the same with points for age, and the estimated ten-year survival.",
    inputs=(inputs.AGE, *(inputs.flag(name, label) for name, (_, label) in _ITEMS.items())),
    outputs=(
        ("charlson_age_adjusted", "{score}", "Charlson index with age"),
        ("charlson_comorbidity_index", "{score}", "Charlson index without age"),
        ("age_points", "{score}", "Points for age"),
        ("survival_10y", "%", "Estimated ten-year survival"),
    ),
    source="Charlson M, et al. Validation of a combined comorbidity index. J Clin Epidemiol 1994;47:1245-51; weights: "
    "Charlson ME, et al. J Chronic Dis 1987;40:373-83 (doi:10.1016/0021-9681(87)90171-8).",
    doi="10.1016/0895-4356(94)90129-5",
    population="Weights: 559 medical inpatients of one New York hospital, 1984; age: 226 patients with hypertension or "
    "diabetes having surgery, 1982-1985.",
    context_of_use="Adults: weighing the benefit of screening or treatment against other illness.",
    model_risk="medium",
    limitations=(
        "Mortality has fallen since: AIDS and peptic ulcer weigh less today.",
        "Age scores 4 points at most, from 80 years.",
        "The survival formula falls off quickly above 5 points; read it as low, not as a figure.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """Points of the diseases, plus one per decade from 50 (4 at most); survival 0.983 ^ exp(0.9 x points)."""
    present = [name for name in _ITEMS if values.flag(name) and not _outweighed(name, values)]
    comorbidity = sum(_ITEMS[name][0] for name in present)
    age_points = min(max(int(values.number("age_years") // 10) - 4, 0), 4)
    total = comorbidity + age_points
    survival = 100 * 0.983 ** exp(0.9 * total)
    items = ", ".join(f"{name.replace('_', ' ')} {_ITEMS[name][0]}" for name in present) or "no diseases"
    return Result(
        outputs=(
            score("charlson_age_adjusted", "Charlson index with age", total, f"age {age_points}; {items}"),
            score("charlson_comorbidity_index", "Charlson index without age", comorbidity, items),
            score("age_points", "Points for age", age_points),
            measured("survival_10y", "Estimated ten-year survival", survival, "%", 0, f"at {total} points"),
        )
    )


def _outweighed(name: str, values: Values) -> bool:
    return name in _HEAVIER and values.flag(_HEAVIER[name])


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
