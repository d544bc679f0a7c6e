"""FeverPAIN score of streptococcal sore throat (Little et al. 2013, doi:10.1136/bmjopen-2013-003943)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import category, score
from twin_backend.model import Model, Result, Values, closed_form
from twin_backend.points import over

_FLAGS = ("fever_past_24_h", "purulence", "severely_inflamed_tonsils", "no_cough_or_coryza")
# top of the band, isolation of streptococci, NICE NG84
_BANDS = (
    (1, "13-18%", "no antibiotic"),
    (3, "34-40%", "no antibiotic, or a back-up prescription"),
    (5, "62-65%", "antibiotic now, or a back-up prescription"),
)

CARD = ModelCard(
    id="feverpain",
    version="1.0.0",
    title="FeverPAIN score",
    aliases=("fever pain", "fever-pain", "feverpain score"),
    kind="risk_score",
    summary="Five points for streptococci (groups A, C and G) as the cause of a sore throat.",
    inputs=(
        inputs.flag("fever_past_24_h", "Fever in the past 24 h"),
        inputs.flag("purulence", "Pus on the tonsils"),
        inputs.number("symptom_duration_days", "Days since onset", "d", (0, 60), description="A point up to 3 days."),
        inputs.flag("severely_inflamed_tonsils", "Severely inflamed tonsils"),
        inputs.flag("no_cough_or_coryza", "No cough or coryza"),
        inputs.changed(inputs.AGE, required=False, description="Given only to refuse children under 3."),
    ),
    outputs=(("feverpain", "{score}", "FeverPAIN"), ("strep_probability", "", "Isolation of streptococci")),
    source="Little P, et al. PRImary care Streptococcal Management (PRISM) study: identifying clinical variables "
    "associated with Lancefield group A and non-group A streptococcal throat infections. BMJ Open 2013;3:e003943; "
    "tested in BMJ 2013;347:f5806 (doi:10.1136/bmj.f5806); bands and advice as in NICE NG84.",
    doi="10.1136/bmjopen-2013-003943",
    population="1,123 patients of 5 years or older (606 and 517 in two cohorts) in UK general practice; the trial "
    "took patients from 3 years.",
    context_of_use="Acute sore throat in primary care: no, delayed or immediate antibiotic.",
    limitations=("Not for under 3 years, immunosuppression, quinsy or severe systemic illness.",),
)


def compute(values: Values) -> Result:
    """A point for each of five findings."""
    items = [name.replace("_", " ") for name in _FLAGS if values.flag(name)]
    items += [] if over(values.number("symptom_duration_days"), 3) else ["attended within 3 days"]
    total = len(items)
    isolation, advice = next((rate, advice) for top, rate, advice in _BANDS if total <= top)
    return Result(
        outputs=(
            score("feverpain", "FeverPAIN", total, f"NICE NG84: {advice}; {', '.join(items) or 'no items'}"),
            category("strep_probability", "Isolation of streptococci", isolation, "range over the cohorts"),
        )
    )


def _refuse(values: Values) -> list[str]:
    age = values.optional("age_years")
    if age is None or age >= 3:
        return []
    return [f"age_years is {age:g}; FeverPAIN was tested from 3 years"]


MODEL = Model(CARD, closed_form(compute), refuse=_refuse)
