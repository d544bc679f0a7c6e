"""eGFR by MDRD (doi:10.7326/0003-4819-145-4-200608150-00004), CKD-EPI cystatin C 2012 and creatinine-cystatin C 2021."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, category, measured
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_BLACK_FACTOR = 1.212
_CYSTATIN_MG_L = 0.8
# sex: (kappa in mg/dL, alpha, factor), CKD-EPI 2021 creatinine and cystatin C
_CREATININE_CYSTATIN = {"female": (0.7, -0.219, 0.963), "male": (0.9, -0.144, 1.0)}
# KDIGO 2024 GFR categories (doi:10.1016/j.kint.2023.10.018)
_CATEGORIES = ((15, "G5"), (30, "G4"), (45, "G3b"), (60, "G3a"), (90, "G2"))
_OUTPUTS = (("egfr", "mL/min/{1.73_m2}", "Estimated GFR"), ("gfr_category", "", "KDIGO GFR category"))
_CYSTATIN_LIMITS = (
    "Cystatin C rises with steroids, thyroid excess, inflammation, obesity and smoking, whatever the kidney does.",
    "Needs an assay traceable to the international reference material (ERM-DA471/IFCC).",
    "Indexed to body surface area; drug labels mostly use Cockcroft-Gault.",
)

MDRD = ModelCard(
    id="mdrd",
    version="1.0.0",
    title="MDRD eGFR (4 variables, IDMS)",
    aliases=("mdrd egfr", "mdrd 4", "mdrd 4-variable", "mdrd gfr", "mdrd 175", "modification of diet in renal disease"),
    kind="calculator",
    summary="Estimated GFR by the 4-variable MDRD equation for IDMS-traceable creatinine (factor 175).",
    inputs=(
        inputs.CREATININE,
        inputs.changed(inputs.AGE, derivation=(18, 70)),
        inputs.SEX,
        inputs.choice("race", "Race, as the equation uses it", ("white", "african_american", "other"), required=False,
                      description="Without it the factor 1.212 is left out and the run says so."),
    ),
    outputs=_OUTPUTS,
    source="Levey AS, et al. Using standardized serum creatinine values in the Modification of Diet in Renal Disease "
    "Study equation. Ann Intern Med 2006;145:247-54.",
    doi="10.7326/0003-4819-145-4-200608150-00004",
    population="1,628 adults aged 18-70 with chronic kidney disease (mean GFR 40) of the MDRD Study.",
    context_of_use="Comparison with older results; CKD-EPI 2021 has replaced it for staging.",
    limitations=(
        "Underestimates above 60 mL/min/1.73 m²; laboratories reported such values as over 60 only.",
        "The race factor is no longer recommended (NKF-ASN 2021).",
        "Not valid while creatinine is changing, in pregnancy or at extremes of muscle mass.",
    ),
)  # fmt: skip
CYSTATIN = ModelCard(
    id="ckd_epi_2012_cystatin",
    version="1.0.0",
    title="CKD-EPI 2012 cystatin C eGFR",
    aliases=("ckd-epi cystatin", "ckd epi cystatin c", "egfr cystatin", "egfrcys", "ckd_epi_2012_cystatin_c",
             "cystatin c egfr"),
    kind="calculator",
    summary="Estimated GFR from cystatin C, age and sex, without creatinine.",
    inputs=(inputs.CYSTATIN_C, inputs.changed(inputs.AGE, derivation=(18, 97)), inputs.SEX),
    outputs=_OUTPUTS,
    source="Inker LA, et al. Estimating glomerular filtration rate from serum creatinine and cystatin C. "
    "N Engl J Med 2012;367:20-9.",
    doi="10.1056/NEJMoa1114248",
    population="5,352 adults of 13 studies (development) and 1,119 of 5 (validation), 2012.",
    context_of_use="Adults in whom creatinine misleads (muscle wasting, amputation), or confirming eGFR 45-59.",
    limitations=_CYSTATIN_LIMITS,
)  # fmt: skip
CREATININE_CYSTATIN = ModelCard(
    id="ckd_epi_2021_creatinine_cystatin",
    version="1.0.0",
    title="CKD-EPI 2021 creatinine-cystatin C eGFR",
    aliases=("ckd-epi creatinine cystatin", "egfr creatinine cystatin", "egfrcr-cys", "egfr combined",
             "ckd_epi_2021_creatinine_cystatin_c", "ckd-epi 2021 combined"),
    kind="calculator",
    summary="Estimated GFR from creatinine and cystatin C together, without race.",
    inputs=(
        inputs.CREATININE, inputs.CYSTATIN_C, inputs.changed(inputs.AGE, derivation=(18, 97)), inputs.SEX,
    ),
    outputs=_OUTPUTS,
    source="Inker LA, et al. New creatinine- and cystatin C-based equations to estimate GFR without race. "
    "N Engl J Med 2021;385:1737-49.",
    doi="10.1056/NEJMoa2102953",
    population="5,352 adults of 13 studies (development) and 4,050 of 12 (validation).",
    context_of_use="Adults with stable kidney function when the decision needs the most accurate estimate.",
    limitations=("Not valid while creatinine is changing (acute kidney injury) or in pregnancy.", *_CYSTATIN_LIMITS),
)  # fmt: skip


def compute_mdrd(values: Values) -> Result:
    """175 x Scr^-1.154 x age^-0.203 x 0.742 (women) x 1.212 (African American)."""
    egfr = 175 * values.number("creatinine_mg_dl") ** -1.154 * values.number("age_years") ** -0.203
    egfr *= 0.742 if values.choice("sex") == "female" else 1
    if not values.has("race"):
        unknown = f"Race not given: the factor {_BLACK_FACTOR} for African American people was left out; with it the "
        return _with_category(egfr, (f"{unknown}result is {egfr * _BLACK_FACTOR:.0f} mL/min/1.73 m².",))
    return _with_category(egfr * (_BLACK_FACTOR if values.choice("race") == "african_american" else 1))


def compute_cystatin(values: Values) -> Result:
    """133 x min(Scys/0.8, 1)^-0.499 x max(Scys/0.8, 1)^-1.328 x 0.996^age (x 0.932 for women)."""
    ratio = values.number("cystatin_c_mg_l") / _CYSTATIN_MG_L
    factor = 0.932 if values.choice("sex") == "female" else 1
    return _with_category(
        133 * min(ratio, 1) ** -0.499 * max(ratio, 1) ** -1.328 * 0.996 ** values.number("age_years") * factor
    )


def compute_creatinine_cystatin(values: Values) -> Result:
    """135 x min(Scr/k,1)^a x max(Scr/k,1)^-0.544 x min(Scys/0.8,1)^-0.323 x max(Scys/0.8,1)^-0.778 x 0.9961^age
    (x 0.963 for women)."""
    kappa, alpha, factor = _CREATININE_CYSTATIN[values.choice("sex")]
    creatinine = values.number("creatinine_mg_dl") / kappa
    cystatin = values.number("cystatin_c_mg_l") / _CYSTATIN_MG_L
    egfr = 135 * min(creatinine, 1) ** alpha * max(creatinine, 1) ** -0.544
    egfr *= min(cystatin, 1) ** -0.323 * max(cystatin, 1) ** -0.778
    return _with_category(egfr * 0.9961 ** values.number("age_years") * factor)


def _with_category(egfr: float, warnings: tuple[str, ...] = ()) -> Result:
    stage = band(int(egfr + 0.5), _CATEGORIES, "G1")  # the category follows the whole number a laboratory reports
    return Result(
        outputs=(
            measured("egfr", "Estimated GFR", egfr, "mL/min/{1.73_m2}", 0, stage),
            category("gfr_category", "KDIGO GFR category", stage),
        ),
        warnings=warnings,
    )


MODELS = (
    Model(MDRD, closed_form(compute_mdrd), refuse=adults_only),
    Model(CYSTATIN, closed_form(compute_cystatin), refuse=adults_only),
    Model(CREATININE_CYSTATIN, closed_form(compute_creatinine_cystatin), refuse=adults_only),
)
