"""MELD of 2002 (Wiesner et al. 2003, doi:10.1053/gast.2003.50016) and MELD-Na of 2016 (OPTN policy 9).

MELD-Na: Kim et al. 2008, doi:10.1056/NEJMoa0801209, refitted with the bounds of OPTN policy.
"""

from __future__ import annotations

from math import log

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form

_LOWEST, _HIGHEST = 6, 40
_MOST_CREATININE_MG_DL = 4.0
_LEAST_SODIUM, _MOST_SODIUM = 125.0, 137.0
_SODIUM_COUNTS_ABOVE = 11
# Three-month mortality on the US waiting list in percent, for a score under the limit (Wiesner 2003)
_MORTALITY = ((10, 1.9), (20, 6.0), (30, 19.6), (40, 52.6), (41, 71.3))
_LABORATORY = (inputs.BILIRUBIN, inputs.INR, inputs.CREATININE)
_LAST = (
    inputs.flag("dialysis", "Dialysis twice or more, or 24 h of continuous haemodialysis, in the last 7 days"),
    inputs.changed(inputs.AGE, required=False, description="Given only to refuse candidates under 18."),
)
_LIMITS = (
    "Replaced for US allocation by MELD 3.0 in 2023.",
    "Warfarin raises the INR and with it the score.",
    "Does not see ascites, encephalopathy or cancer; exception points are not included.",
)

ORIGINAL = ModelCard(
    id="meld_original",
    version="1.0.0",
    title="MELD (original, UNOS 2002)",
    aliases=(
        "original meld", "meld original", "unos meld", "meld unos", "meld(i)", "meld 2002", "classic meld",
        "meld without sodium",
    ),
    kind="risk_score",
    summary="The score of end-stage liver disease from bilirubin, INR and creatinine, with the three-month mortality.",
    inputs=(*_LABORATORY, *_LAST),
    outputs=(
        ("meld_original", "{score}", "MELD"),
        ("mortality_3_month", "%", "Three-month mortality of the score group"),
    ),
    source="Wiesner R, et al. Model for end-stage liver disease (MELD) and allocation of donor livers. Gastroenterology "
    "2003;124:91-6; equation: Kamath PS, et al. Hepatology 2001;33:464-70 (doi:10.1053/jhep.2001.22172), with the "
    "bounds of UNOS.",
    doi="10.1053/gast.2003.50016",
    population="3,437 adults with chronic liver disease on the US waiting list for transplant, 1999-2001.",
    context_of_use="Adults with end-stage liver disease: comparison with older records and studies.",
    model_risk="medium",
    limitations=_LIMITS,
)  # fmt: skip
SODIUM = ModelCard(
    id="meld_na",
    version="1.0.0",
    title="MELD-Na (OPTN 2016)",
    aliases=("meldna", "meld na", "meld-na", "meld sodium", "meld with sodium", "meld-na 2016", "optn 2016 meld"),
    kind="risk_score",
    summary="The original MELD corrected for a low sodium, as the US waiting list used it from 2016 to 2023.",
    inputs=(*_LABORATORY, inputs.SODIUM, *_LAST),
    outputs=(("meld_na", "{score}", "MELD-Na"), ("meld_original", "{score}", "MELD before sodium")),
    source="OPTN policy 9, MELD score from January 2016; concept: Kim WR, et al. Hyponatremia and mortality among "
    "patients on the liver-transplant waiting list. N Engl J Med 2008;359:1018-26.",
    doi="10.1056/NEJMoa0801209",
    population="6,769 adults registered for a first liver transplant in the US, 2005-2006.",
    context_of_use="Adults with end-stage liver disease: prognosis and transplant referral.",
    model_risk="medium",
    limitations=(*_LIMITS, "The 2008 paper printed other coefficients; these are those of the allocation policy."),
)


def original(values: Values) -> Result:
    """10 x (0.957 ln(Cr) + 0.378 ln(bili) + 1.120 ln(INR) + 0.643), within 6 and 40."""
    points = min(_initial(values), _HIGHEST)
    mortality = next(rate for limit, rate in _MORTALITY if points < limit)
    return Result(
        outputs=(
            score("meld_original", "MELD", points, band(points, ((15, "below 15"),), "15 or more")),
            measured("mortality_3_month", "Three-month mortality of the score group", mortality, "%", 1),
        ),
        warnings=tuple(_bounded_texts(values)),
    )


def with_sodium(values: Values) -> Result:
    """MELD + 1.32 (137 - Na) - 0.033 MELD (137 - Na) where MELD is over 11, rounded, within 6 and 40."""
    first = _initial(values)
    given = values.number("sodium_meq_l")
    sodium = min(max(given, _LEAST_SODIUM), _MOST_SODIUM)
    lack = _MOST_SODIUM - sodium
    raw = first + 1.32 * lack - 0.033 * first * lack if first > _SODIUM_COUNTS_ABOVE else first
    points = min(int(raw + 0.5), _HIGHEST)
    warnings = _bounded_texts(values)
    if sodium != given:
        warnings.append(f"sodium_meq_l {given:g} was taken as {sodium:g}, as the score prescribes.")
    if first <= _SODIUM_COUNTS_ABOVE:
        warnings.append("MELD is 11 or less: sodium does not enter, as the score prescribes.")
    return Result(
        outputs=(
            score("meld_na", "MELD-Na", points, band(points, ((15, "below 15"),), "15 or more")),
            score("meld_original", "MELD before sodium", min(first, _HIGHEST)),
        ),
        warnings=tuple(warnings),
    )


def _initial(values: Values) -> int:
    """MELD(i): policy rounds it before sodium is counted."""
    bilirubin, inr = max(values.number("bilirubin_mg_dl"), 1.0), max(values.number("inr"), 1.0)
    raw = 10 * (0.957 * log(_creatinine(values)) + 0.378 * log(bilirubin) + 1.120 * log(inr) + 0.643)
    return max(int(raw + 0.5), _LOWEST)


def _creatinine(values: Values) -> float:
    if values.flag("dialysis"):
        return _MOST_CREATININE_MG_DL
    return min(max(values.number("creatinine_mg_dl"), 1.0), _MOST_CREATININE_MG_DL)


def _bounded_texts(values: Values) -> list[str]:
    """Where the score's own bounds changed a value."""
    used = {name: max(values.number(name), 1.0) for name in ("bilirubin_mg_dl", "inr")}
    if values.flag("dialysis"):
        texts = ["Creatinine was taken as 4.0 mg/dL because of dialysis, as the score prescribes."]
    else:
        texts, used["creatinine_mg_dl"] = [], _creatinine(values)
    return texts + [
        f"{name} {values.number(name):g} was taken as {value:g}, as the score prescribes."
        for name, value in used.items()
        if value != values.number(name)
    ]


MODELS = (
    Model(ORIGINAL, closed_form(original), refuse=adults_only),
    Model(SODIUM, closed_form(with_sodium), refuse=adults_only),
)
