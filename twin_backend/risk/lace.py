"""LACE index of readmission or death after discharge (van Walraven et al. 2010, doi:10.1503/cmaj.091117)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import band, measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# Points for a stay of fewer days than the limit
_STAY_POINTS = ((1, 0), (2, 1), (3, 2), (4, 3), (7, 4), (14, 5))
_LONGEST_STAY_POINTS = 7
_ACUTE_POINTS = 3
_MOST_COMORBIDITY_POINTS, _MOST_VISIT_POINTS = 5, 4
# Expected death or unplanned readmission within 30 days in percent, by score
_EXPECTED = (
    2.0, 2.5, 3.0, 3.5, 4.3, 5.1, 6.1, 7.3, 8.7, 10.3, 12.2, 14.3, 17.0, 19.8, 23.0, 26.6, 30.4, 34.6, 39.1, 43.7,
)  # fmt: skip
_BANDS = ((5, "low (0 to 4)"), (10, "moderate (5 to 9)"))

CARD = ModelCard(
    id="lace",
    version="1.0.0",
    title="LACE index",
    aliases=("lace index", "lace score", "lace readmission", "readmission risk", "30 day readmission risk"),
    kind="risk_score",
    summary="Points at discharge for the risk of death or unplanned readmission within 30 days.",
    inputs=(
        inputs.LENGTH_OF_STAY,
        inputs.flag("acute_admission", "Acute (emergent) admission"),
        inputs.integer("charlson_index", "Charlson comorbidity index, without age", "{score}", (0, 37),
                       description="With the weights of the LACE paper (heart failure, chronic pulmonary disease and "
                       "any tumour 2; dementia and connective tissue disease 3; AIDS and advanced liver or renal "
                       "disease 4)."),
        inputs.integer("ed_visits_6_months", "Emergency visits in the 6 months before admission", "1", (0, 200),
                       description="Without the visit that led to this admission."),
        inputs.OPTIONAL_AGE,
    ),
    outputs=(
        ("lace", "{score}", "LACE index"),
        ("expected_risk_30_day", "%", "Expected death or unplanned readmission within 30 days"),
    ),
    source="van Walraven C, et al. Derivation and validation of an index to predict early death or unplanned readmission "
    "after discharge from hospital to the community. CMAJ 2010;182:551-7.",
    doi="10.1503/cmaj.091117",
    population="4,812 medical and surgical patients discharged home from 11 hospitals in Ontario, 2002-2006.",
    context_of_use="Adults leaving a medical or surgical ward for home: who needs closer follow-up.",
    limitations=(
        "Moderate discrimination (C statistic 0.68); weaker in the old.",
        "Not for nursing-home residents or obstetric and psychiatric stays.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """Length of stay 0-7, acute admission 3, comorbidity 0-5, emergency visits 0-4."""
    days, charlson = values.number("length_of_stay_days"), int(values.number("charlson_index"))
    points = {
        "length of stay": next((points for limit, points in _STAY_POINTS if days < limit), _LONGEST_STAY_POINTS),
        "acute admission": _ACUTE_POINTS if values.flag("acute_admission") else 0,
        "comorbidity": charlson if charlson < 4 else _MOST_COMORBIDITY_POINTS,
        "emergency visits": min(int(values.number("ed_visits_6_months")), _MOST_VISIT_POINTS),
    }
    total = sum(points.values())
    risk = band(total, _BANDS, "high (10 or more)")
    items = ", ".join(f"{name} {value}" for name, value in points.items())
    label = "Expected death or unplanned readmission within 30 days"
    return Result(
        outputs=(
            score("lace", "LACE index", total, f"{risk}; {items}"),
            measured("expected_risk_30_day", label, _EXPECTED[total], "%", 1, risk),
        )
    )


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
