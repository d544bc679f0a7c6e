"""HOSPITAL score of potentially avoidable readmission (Donzé et al. 2016, doi:10.1001/jamainternmed.2015.8462)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# Potentially avoidable readmission within 30 days in percent, up to the score (Donzé 2016, 117,065 discharges)
_GROUPS = ((4, "low", 5.8), (6, "intermediate", 11.9), (13, "high", 22.8))

CARD = ModelCard(
    id="hospital_score",
    version="1.0.0",
    title="HOSPITAL score",
    aliases=("hospital readmission score", "hospital score for readmissions", "avoidable readmission", "donze score"),
    kind="risk_score",
    summary="Points at discharge for the risk of a potentially avoidable readmission within 30 days.",
    inputs=(
        inputs.changed(inputs.HEMOGLOBIN, description="At discharge."),
        inputs.flag("oncology_discharge", "Discharged from an oncology service"),
        inputs.changed(inputs.SODIUM, description="At discharge."),
        inputs.flag("procedure_during_stay", "Any coded procedure during the stay"),
        inputs.flag("urgent_admission", "Index admission was urgent or emergent"),
        inputs.integer("admissions_previous_year", "Hospital admissions in the previous 12 months", "1", (0, 200)),
        inputs.LENGTH_OF_STAY,
        inputs.OPTIONAL_AGE,
    ),
    outputs=(
        ("hospital_score", "{score}", "HOSPITAL score"),
        ("readmission_risk_30_day", "%", "Potentially avoidable readmission within 30 days"),
    ),
    source="Donzé JD, et al. International validity of the HOSPITAL score to predict 30-day potentially avoidable "
    "hospital readmissions. JAMA Intern Med 2016;176:496-502; derivation: JAMA Intern Med 2013;173:632-8 "
    "(doi:10.1001/jamainternmed.2013.3023).",
    doi="10.1001/jamainternmed.2015.8462",
    population="117,065 adults discharged from medical departments of 9 hospitals in 4 countries, 2011.",
    context_of_use="Adults leaving a medical ward: who needs more help with the transition home.",
    limitations=(
        "Counts avoidable readmissions only; all readmissions are about half as many again.",
        "For one admission in the previous year printed versions differ: 0 points (used here) or 2.",
    ),
)


def compute(values: Values) -> Result:
    """Haemoglobin, oncology 2, sodium, procedure, urgent admission, admissions 2 or 5, length of stay 2."""
    earlier = int(values.number("admissions_previous_year"))
    points = {
        "haemoglobin under 12 g/dL": int(values.number("hemoglobin_g_dl") < 12 - 1e-9),
        "oncology service": 2 * values.flag("oncology_discharge"),
        "sodium under 135 mEq/L": int(values.number("sodium_meq_l") < 135 - 1e-9),
        "procedure": int(values.flag("procedure_during_stay")),
        "urgent admission": int(values.flag("urgent_admission")),
        f"{earlier} earlier admissions": 5 if earlier > 5 else 2 if earlier > 1 else 0,
        "stay of 5 days or more": 2 * (values.number("length_of_stay_days") >= 5),
    }
    total = sum(points.values())
    group, risk = next((group, risk) for top, group, risk in _GROUPS if total <= top)
    items = ", ".join(f"{name} {value}" for name, value in points.items() if value) or "no items"
    warnings = ("One earlier admission scores 0 here; some printed versions give 2.",) if earlier == 1 else ()
    label = "Potentially avoidable readmission within 30 days"
    return Result(
        outputs=(
            score("hospital_score", "HOSPITAL score", total, f"{group} risk; {items}"),
            measured("readmission_risk_30_day", label, risk, "%", 1, f"{group} risk"),
        ),
        warnings=warnings,
    )


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
