"""Urine anion gap (Batlle 1988, doi:10.1056/NEJM198803103181002) and transtubular potassium gradient (Ethier 1990)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, closed_form

_ISOSTHENURIC = "urine_osmolality_mosm_kg must be above serum osmolality"

GAP_CARD = ModelCard(
    id="urine_anion_gap",
    version="1.0.0",
    title="Urine anion gap",
    aliases=("uag", "urinary anion gap", "urine net charge"),
    kind="calculator",
    summary="Urine sodium plus potassium minus chloride: an indirect measure of ammonium excretion.",
    inputs=(
        inputs.URINE_SODIUM,
        inputs.URINE_POTASSIUM,
        inputs.number("urine_chloride_meq_l", "Urine chloride", "meq/L", (1, 400), substance="chloride"),
    ),
    outputs=(("urine_anion_gap", "meq/L", "Urine anion gap"),),
    source="Batlle DC, et al. The use of the urinary anion gap in the diagnosis of hyperchloremic metabolic acidosis. "
    "N Engl J Med 1988;318:594-9.",
    doi="10.1056/NEJM198803103181002",
    population="38 patients with altered distal acidification, 8 with diarrhoea, and 7 healthy people.",
    context_of_use="Normal anion gap metabolic acidosis: gut loss or renal tubular acidosis?",
    limitations=(
        "Not valid with unmeasured urine anions (ketones, hippurate, drugs), or with urine sodium under 20 mEq/L.",
        "Follows ammonium only loosely in chronic kidney disease.",
    ),
)

TTKG_CARD = ModelCard(
    id="ttkg",
    version="1.0.0",
    title="Transtubular potassium gradient",
    aliases=("transtubular potassium gradient", "trans-tubular potassium gradient", "transtubular k gradient"),
    kind="calculator",
    summary="Urine over serum potassium, corrected for the water taken up in the collecting duct.",
    inputs=(
        inputs.POTASSIUM,
        inputs.URINE_POTASSIUM,
        inputs.number("serum_osmolality_mosm_kg", "Serum osmolality", "mosm/kg", (150, 600)),
        inputs.number("urine_osmolality_mosm_kg", "Urine osmolality", "mosm/kg", (20, 1500)),
    ),
    outputs=(("ttkg", "{ratio}", "Transtubular potassium gradient"),),
    source="Ethier JH, et al. The transtubular potassium concentration in patients with hypokalemia and hyperkalemia. "
    "Am J Kidney Dis 1990;15:309-15.",
    doi="10.1016/S0272-6386(12)80076-X",
    population="Healthy volunteers and patients with low or high potassium.",
    context_of_use="Unexplained hypokalaemia or hyperkalaemia.",
    limitations=(
        "Only where urine is more concentrated than serum and urine sodium is above 25 mEq/L.",
        "Its authors later withdrew it: urea recycling makes its assumptions unsafe.",
    ),
)


def urine_gap(values: Values) -> Result:
    """UNa + UK - UCl, meq/L."""
    gap = (
        values.number("urine_sodium_meq_l")
        + values.number("urine_potassium_meq_l")
        - values.number("urine_chloride_meq_l")
    )
    limits = ((0.0, "negative: ammonium is excreted, as with gut loss of bicarbonate"), (1e-9, "zero: indeterminate"))
    reading = band(gap, limits, "positive: ammonium excretion is low, as in distal renal tubular acidosis")
    return Result((measured("urine_anion_gap", "Urine anion gap", gap, "meq/L", 0, reading),))


def ttkg(values: Values) -> Result:
    """(UK / SK) / (Uosm / Sosm)."""
    potassium = values.number("potassium_meq_l")
    concentration = values.number("urine_osmolality_mosm_kg") / values.number("serum_osmolality_mosm_kg")
    gradient = values.number("urine_potassium_meq_l") / potassium / concentration
    return Result(
        (measured("ttkg", "Transtubular potassium gradient", gradient, "{ratio}", 1, _meaning(potassium, gradient)),)
    )


def _meaning(potassium: float, gradient: float) -> str:
    if potassium < 3.5:
        return "hypokalaemia: over 3 suggests renal loss" if gradient > 3 else "hypokalaemia: renal loss is unlikely"
    if potassium > 5.0:
        low = "hyperkalaemia: under 6 suggests low aldosterone effect"
        return low if gradient < 6 else "hyperkalaemia: aldosterone effect is present"
    return "potassium is normal; the gradient is read in hypo- or hyperkalaemia"


def _dilute(values: Values) -> list[str]:
    urine, serum = values.number("urine_osmolality_mosm_kg"), values.number("serum_osmolality_mosm_kg")
    return (
        [] if urine > serum else [f"{_ISOSTHENURIC} ({urine:g} against {serum:g}); below it the gradient is not valid"]
    )


MODELS = (Model(GAP_CARD, closed_form(urine_gap)), Model(TTKG_CARD, closed_form(ttkg), refuse=_dilute))
