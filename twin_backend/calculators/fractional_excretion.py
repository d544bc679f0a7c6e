"""Fractional excretion of sodium (Espinel 1976, doi:10.1001/jama.1976.03270060029022) and urea (Carvounis 2002)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, measured
from twin_backend.model import Model, Result, Values, closed_form

_CONTEXT = "Oliguric acute kidney injury: prerenal or intrinsic?"
_SAME_TIME = "Blood and spot urine must be taken together, before fluids or diuretics where possible."

SODIUM_CARD = ModelCard(
    id="fractional_excretion_sodium",
    version="1.0.0",
    title="Fractional excretion of sodium",
    aliases=("fena", "fe na", "fractional sodium excretion", "fractional excretion of na"),
    kind="calculator",
    summary="Share of filtered sodium that is excreted: (urine Na x serum creatinine) / (serum Na x urine creatinine).",
    inputs=(inputs.SODIUM, inputs.CREATININE, inputs.URINE_SODIUM, inputs.URINE_CREATININE),
    outputs=(("fractional_excretion_sodium", "%", "Fractional excretion of sodium"),),
    source="Espinel CH. The FENa test: use in the differential diagnosis of acute renal failure. JAMA 1976;236:579-81.",
    doi="10.1001/jama.1976.03270060029022",
    population="17 patients with oliguric acute renal failure.",
    context_of_use=_CONTEXT,
    limitations=(
        "Misleading after diuretics (use urea), in chronic kidney disease, glucosuria and bicarbonaturia.",
        "Under 1 % also in contrast nephropathy, rhabdomyolysis, glomerulonephritis and early obstruction.",
        _SAME_TIME,
    ),
)

UREA_CARD = ModelCard(
    id="fractional_excretion_urea",
    version="1.0.0",
    title="Fractional excretion of urea",
    aliases=("feurea", "fe urea", "feun", "fractional urea excretion", "fractional excretion of urea nitrogen"),
    kind="calculator",
    summary="Share of filtered urea that is excreted; holds on diuretics, where sodium does not.",
    inputs=(
        inputs.BUN,
        inputs.CREATININE,
        inputs.number(
            "urine_urea_nitrogen_mg_dl", "Urine urea nitrogen", "mg/dL", (5, 4000), substance="urea_nitrogen"
        ),
        inputs.URINE_CREATININE,
    ),
    outputs=(("fractional_excretion_urea", "%", "Fractional excretion of urea"),),
    source="Carvounis CP, Nisar S, Guro-Razuman S. Significance of the fractional excretion of urea in the "
    "differential diagnosis of acute renal failure. Kidney Int 2002;62:2223-9.",
    doi="10.1046/j.1523-1755.2002.00683.x",
    population="102 episodes of acute renal failure in hospital.",
    context_of_use=_CONTEXT,
    limitations=("Less sure in sepsis, in the elderly and with osmotic diuresis.", _SAME_TIME),
)


def sodium(values: Values) -> Result:
    """100 x (UNa x SCr) / (SNa x UCr), %."""
    fraction = _fraction(values, "urine_sodium_meq_l", "sodium_meq_l")
    limits = ((1.0, "under 1 %: suggests prerenal"), (2.0001, "1-2 %: indeterminate"))
    reading = band(fraction, limits, "over 2 %: suggests intrinsic (tubular) injury")
    return Result(
        (measured("fractional_excretion_sodium", "Fractional excretion of sodium", fraction, "%", 2, reading),),
        warnings=_over_all(fraction),
    )


def urea(values: Values) -> Result:
    """100 x (UUN x SCr) / (BUN x UCr), %."""
    fraction = _fraction(values, "urine_urea_nitrogen_mg_dl", "bun_mg_dl")
    limits = ((35.0001, "35 % or less: suggests prerenal"), (50.0001, "35-50 %: indeterminate"))
    reading = band(fraction, limits, "over 50 %: suggests intrinsic (tubular) injury")
    return Result((measured("fractional_excretion_urea", "Fractional excretion of urea", fraction, "%", 1, reading),),
                  warnings=_over_all(fraction))  # fmt: skip


def _fraction(values: Values, urine: str, serum: str) -> float:
    concentration = values.number("urine_creatinine_mg_dl") / values.number("creatinine_mg_dl")
    return 100 * values.number(urine) / values.number(serum) / concentration


def _over_all(fraction: float) -> tuple[str, ...]:
    if fraction <= 100:
        return ()
    return ("More than all that was filtered: the four values cannot be of one time; check them and their units.",)


def _dilute(values: Values) -> list[str]:
    if values.number("urine_creatinine_mg_dl") > values.number("creatinine_mg_dl"):
        return []
    return ["urine_creatinine_mg_dl must be above creatinine_mg_dl; are they swapped?"]


MODELS = (
    Model(SODIUM_CARD, closed_form(sodium), contradict=_dilute),
    Model(UREA_CARD, closed_form(urea), contradict=_dilute),
)
