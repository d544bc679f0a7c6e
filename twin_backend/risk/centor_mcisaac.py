"""Centor score as modified by McIsaac, for streptococcal sore throat (doi:10.1001/jama.291.13.1587)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import category, score
from twin_backend.model import Model, Result, Values, closed_form
from twin_backend.points import listed, over

_FLAGS = ("absence_of_cough", "tender_anterior_cervical_nodes", "tonsillar_swelling_or_exudate")
# Group A streptococcus by score; 0 or less first, 4 or more last (McIsaac 2000)
_PROBABILITY = ("1-2.5%", "5-10%", "11-17%", "28-35%", "51-53%")

CARD = ModelCard(
    id="centor_mcisaac",
    version="1.0.0",
    title="Centor score (McIsaac)",
    aliases=("centor", "mcisaac", "modified centor", "centor score", "mcisaac score", "strep throat score"),
    kind="risk_score",
    summary="Points for group A streptococcus as the cause of a sore throat, with its probability.",
    inputs=(
        inputs.changed(inputs.AGE, derivation=(3, 120)),
        inputs.changed(inputs.TEMPERATURE, required=False, description="This or fever is needed."),
        inputs.flag("fever", "Fever over 38 °C in the history", required=False,
                    description="Where there is no measured temperature, or it was measured before."),
        inputs.flag("absence_of_cough", "No cough"),
        inputs.flag("tender_anterior_cervical_nodes", "Tender anterior cervical lymph nodes"),
        inputs.flag("tonsillar_swelling_or_exudate", "Tonsillar swelling or exudate"),
    ),
    outputs=(
        ("centor_mcisaac", "{score}", "Centor score (McIsaac)"),
        ("centor", "{score}", "Centor score without age"),
        ("strep_probability", "", "Probability of group A streptococcus"),
    ),
    source="McIsaac WJ, et al. A clinical score to reduce unnecessary antibiotic use in patients with sore throat. "
    "CMAJ 1998;158:75-83; probabilities: CMAJ 2000;163:811-5; Centor RM, et al. Med Decis Making 1981;1:239-46. DOI: "
    "validation by McIsaac WJ, et al. JAMA 2004;291:1587-95.",
    doi="10.1001/jama.291.13.1587",
    population="521 patients of 3 years or older in Canadian family practice; probabilities from 621 more.",
    context_of_use="Sore throat from 3 years of age: whether to swab.",
    limitations=(
        "Not under 3 years, in outbreaks, or with a history of rheumatic fever.",
        "Even the highest score is right only about half of the time: test before antibiotics.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """A point for each of four findings; one more at 3-14 years, one less from 45."""
    temperature, age = values.optional("temperature_c"), int(values.number("age_years"))
    feverish = (temperature is not None and over(temperature, 38)) or (values.has("fever") and values.flag("fever"))
    items = {"fever over 38 °C": int(feverish), **{name.replace("_", " "): int(values.flag(name)) for name in _FLAGS}}
    centor = sum(items.values())
    by_age = {"age 3 to 14": int(age < 15), "age 45 or over": -int(age >= 45)}
    total = centor + sum(by_age.values())
    probability = _PROBABILITY[min(max(total, 0), 4)]
    return Result(
        outputs=(
            score("centor_mcisaac", "Centor score (McIsaac)", total, f"{_advice(total)}; {listed(items | by_age)}"),
            score("centor", "Centor score without age", centor, listed(items)),
            category("strep_probability", "Probability of group A streptococcus", probability, "McIsaac 2000"),
        )
    )


def _advice(total: int) -> str:
    if total >= 4:
        return "4 or more: test, or treat on clinical grounds"
    return "2 or 3: throat swab, treat if positive" if total >= 2 else "under 2: no swab, no antibiotic"


def _also_needed(values: Values) -> list[str]:
    return [] if values.has("temperature_c") or values.has("fever") else ["temperature_c", "fever"]


MODEL = Model(CARD, closed_form(compute), declines=("age_years",), also_needed=_also_needed)
