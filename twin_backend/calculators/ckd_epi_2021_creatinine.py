"""eGFR from creatinine without race: CKD-EPI 2021 (Inker et al., doi:10.1056/NEJMoa2102953, Table S10)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, category, measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# sex: (kappa in mg/dL, alpha, factor)
COEFFICIENTS = {"female": (0.7, -0.241, 1.012), "male": (0.9, -0.302, 1.0)}
# KDIGO 2024 GFR categories (doi:10.1016/j.kint.2023.10.018)
_CATEGORIES = ((15, "G5"), (30, "G4"), (45, "G3b"), (60, "G3a"), (90, "G2"))
_MEANING = {
    "G1": "normal or high", "G2": "mildly decreased", "G3a": "mildly to moderately decreased",
    "G3b": "moderately to severely decreased", "G4": "severely decreased", "G5": "kidney failure",
}  # fmt: skip

CARD = ModelCard(
    id="ckd_epi_2021_creatinine",
    version="1.0.0",
    title="CKD-EPI 2021 creatinine eGFR",
    aliases=(
        "egfr", "gfr", "ckd-epi", "ckd epi", "ckd-epi 2021", "estimated gfr", "estimated glomerular filtration rate",
        "kidney function", "renal function", "egfr stage", "ckd stage", "gfr category",
    ),
    kind="calculator",
    summary="Estimated glomerular filtration rate from creatinine, age and sex, with its KDIGO G category.",
    inputs=(
        inputs.changed(inputs.CREATININE, derivation=(0.3, 15)),
        inputs.changed(inputs.AGE, derivation=(18, 97)),
        inputs.SEX,
    ),
    outputs=(
        ("egfr", "mL/min/{1.73_m2}", "Estimated GFR"),
        ("gfr_category", "", "KDIGO GFR category"),
    ),
    source="Inker LA, et al. New creatinine- and cystatin C-based equations to estimate GFR without race. "
    "N Engl J Med 2021;385:1737-49.",
    doi="10.1056/NEJMoa2102953",
    population="8,254 adults of 10 studies (development) and 4,050 of 12 (validation); IDMS-traceable assays.",
    context_of_use="Adults with stable creatinine: staging and follow-up of kidney function.",
    limitations=(
        "Not valid while creatinine is changing (acute kidney injury) or in pregnancy.",
        "Misleading at extremes of muscle mass, after amputation, or with a very high or low meat diet.",
        "Indexed to body surface area; drug labels mostly use Cockcroft-Gault.",
        "Chronic kidney disease needs over 3 months at a category; G1 and G2 also need a marker of damage.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """eGFR = 142 x min(Scr/k,1)^a x max(Scr/k,1)^-1.200 x 0.9938^age (x 1.012 for women)."""
    kappa, alpha, factor = COEFFICIENTS[values.choice("sex")]
    ratio = values.number("creatinine_mg_dl") / kappa
    egfr = 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938 ** values.number("age_years") * factor
    # Laboratories report whole numbers, and the category follows the reported one.
    stage = band(int(egfr + 0.5), _CATEGORIES, "G1")
    meaning = f"{stage}: {_MEANING[stage]}"
    return Result(
        outputs=(
            measured("egfr", "Estimated GFR", egfr, "mL/min/{1.73_m2}", 0, meaning),
            category("gfr_category", "KDIGO GFR category", stage, meaning),
        )
    )


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
