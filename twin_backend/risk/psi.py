"""Pneumonia Severity Index of the PORT study (Fine et al. 1997, doi:10.1056/NEJM199701233360402)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import category, measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form
from twin_backend.points import at_least, listed, under

_COMORBIDITIES = {
    "neoplastic_disease": 30, "liver_disease": 20, "heart_failure": 10, "cerebrovascular_disease": 10,
    "renal_disease": 10,
}  # fmt: skip
_CLASSES = ((70, "II"), (90, "III"), (130, "IV"))
# Deaths within 30 days, %: PORT validation cohort; MedisGroups derivation and validation cohorts (Fine 1997, table 3)
_MORTALITY = {
    "I": (0.1, 0.4, 0.1), "II": (0.6, 0.7, 0.6), "III": (0.9, 2.8, 2.8), "IV": (9.3, 8.5, 8.2), "V": (27.0, 31.1, 29.2),
}  # fmt: skip
_IF_MEASURED = ("ph", "pao2_mmhg", "spo2_percent")

CARD = ModelCard(
    id="psi",
    version="1.0.0",
    title="Pneumonia Severity Index",
    aliases=("pneumonia severity index", "port score", "psi/port", "psi port", "psi score", "fine score"),
    kind="risk_score",
    summary="Points and risk class of community-acquired pneumonia, with the 30-day mortality of the class.",
    inputs=(
        inputs.AGE,
        inputs.SEX,
        inputs.flag("nursing_home_resident", "Nursing home resident"),
        inputs.flag("neoplastic_disease", "Cancer active at presentation or within a year (not basal or squamous skin)"),
        inputs.flag("liver_disease", "Cirrhosis or other chronic liver disease"),
        inputs.flag("heart_failure", "Congestive heart failure"),
        inputs.flag("cerebrovascular_disease", "Previous stroke or TIA"),
        inputs.flag("renal_disease", "Chronic kidney disease"),
        inputs.ALTERED_MENTAL_STATUS,
        inputs.RESPIRATORY_RATE,
        inputs.SYSTOLIC,
        inputs.TEMPERATURE,
        inputs.HEART_RATE,
        inputs.BUN,
        inputs.SODIUM,
        inputs.GLUCOSE,
        inputs.HEMATOCRIT,
        inputs.flag("pleural_effusion", "Pleural effusion on the chest radiograph"),
        inputs.changed(inputs.ARTERIAL_PH, required=False, description="Scores nothing where not measured (Fine 1997)."),
        inputs.changed(inputs.PAO2, required=False, description="This or SpO2; scores nothing where not measured."),
        inputs.changed(inputs.SPO2, required=False, description="This or PaO2; scores nothing where not measured."),
    ),
    outputs=(
        ("psi", "{score}", "PSI"),
        ("risk_class", "", "PSI risk class"),
        ("mortality_30_day", "%", "30-day mortality of the risk class"),
    ),
    source="Fine MJ, et al. A prediction rule to identify low-risk patients with community-acquired pneumonia. "
    "N Engl J Med 1997;336:243-50; mortality: its PORT validation cohort of 2,287 patients.",
    doi="10.1056/NEJM199701233360402",
    population="14,199 adults admitted with pneumonia in 1989 (derivation); 38,039 admitted in 1991 and 2,287 in- and "
    "outpatients of the PORT study (validation), USA and Canada.",
    context_of_use="Adults with community-acquired pneumonia: whom to treat at home.",
    model_risk="medium",
    limitations=(
        "Weighs age heavily: may underestimate severe pneumonia in the young.",
        "Not for HIV infection, a hospital stay in the last week, or pregnancy.",
        "Class I is by history and examination alone, whatever the points.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """Age (10 less for women) plus the points of nineteen findings."""
    vitals = {
        "altered mental status": 20 * values.flag("altered_mental_status"),
        "respiratory rate 30 or over": 20 * at_least(values.number("respiratory_rate_per_min"), 30),
        "systolic pressure under 90": 20 * under(values.number("systolic_bp_mmhg"), 90),
        "temperature under 35 or from 40 °C": 15 * _temperature(values.number("temperature_c")),
        "pulse 125 or over": 10 * at_least(values.number("heart_rate_bpm"), 125),
    }
    comorbidities = {name.replace("_", " "): points * values.flag(name) for name, points in _COMORBIDITIES.items()}
    age = int(values.number("age_years"))
    items = {
        "age": age,
        "female sex": -10 * (values.choice("sex") == "female"),
        "nursing home": 10 * values.flag("nursing_home_resident"),
        **comorbidities, **vitals, **_tests(values),
    }  # fmt: skip
    total = sum(items.values())
    first_class = age <= 50 and not any({**comorbidities, **vitals}.values())
    risk_class = "I" if first_class else next((name for top, name in _CLASSES if total <= top), "V")
    port, derivation, validation = _MORTALITY[risk_class]
    cohorts = f"PORT cohort; MedisGroups derivation {derivation:g}%, validation {validation:g}%"
    unmeasured = [name for name in _IF_MEASURED if not values.has(name)]
    return Result(
        outputs=(
            score("psi", "PSI", total, f"class {risk_class}; {listed(items)}"),
            category("risk_class", "PSI risk class", risk_class, _site(risk_class)),
            measured("mortality_30_day", "30-day mortality of the risk class", port, "%", 1, cohorts),
        ),
        warnings=(f"Not given, so not scored, as Fine et al. did: {', '.join(unmeasured)}.",) if unmeasured else (),
    )


def _temperature(celsius: float) -> bool:
    return under(celsius, 35) or at_least(celsius, 40)


def _tests(values: Values) -> dict[str, int]:
    ph, pao2, spo2 = (values.optional(name) for name in _IF_MEASURED)
    hypoxaemia = (pao2 is not None and under(pao2, 60)) or (spo2 is not None and under(spo2, 90))
    return {
        "arterial pH under 7.35": 30 * (ph is not None and under(ph, 7.35)),
        "BUN 30 mg/dL or over": 20 * at_least(values.number("bun_mg_dl"), 30),
        "sodium under 130": 20 * under(values.number("sodium_meq_l"), 130),
        "glucose 250 mg/dL or over": 10 * at_least(values.number("glucose_mg_dl"), 250),
        "haematocrit under 30 %": 10 * under(values.number("hematocrit_percent"), 30),
        "PaO2 under 60 mmHg or SpO2 under 90 %": 10 * hypoxaemia,
        "pleural effusion": 10 * values.flag("pleural_effusion"),
    }


def _site(risk_class: str) -> str:
    if risk_class in {"IV", "V"}:
        return "hospital treatment (Fine 1997)"
    return "brief observation in hospital (Fine 1997)" if risk_class == "III" else "treatment at home (Fine 1997)"


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
