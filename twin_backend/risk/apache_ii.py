"""APACHE II severity and predicted hospital mortality (Knaus et al. 1985, doi:10.1097/00003246-198510000-00009)."""

from __future__ import annotations

from math import exp

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form
from twin_backend.points import at_least, banded, listed, over

# input: its name in the list of items, ((lower limit, points), ...), and the points below the last limit
_BANDS: dict[str, tuple[str, tuple[tuple[float, int], ...], int]] = {
    "temperature_c": ("temperature", ((41, 4), (39, 3), (38.5, 1), (36, 0), (34, 1), (32, 2), (30, 3)), 4),
    "mean_arterial_pressure_mmhg": ("mean pressure", ((160, 4), (130, 3), (110, 2), (70, 0), (50, 2)), 4),
    "heart_rate_bpm": ("heart rate", ((180, 4), (140, 3), (110, 2), (70, 0), (55, 2), (40, 3)), 4),
    "respiratory_rate_per_min": ("respiratory rate", ((50, 4), (35, 3), (25, 1), (12, 0), (10, 1), (6, 2)), 4),
    "sodium_meq_l": ("sodium", ((180, 4), (160, 3), (155, 2), (150, 1), (130, 0), (120, 2), (111, 3)), 4),
    "potassium_meq_l": ("potassium", ((7, 4), (6, 3), (5.5, 1), (3.5, 0), (3, 1), (2.5, 2)), 4),
    "hematocrit_percent": ("haematocrit", ((60, 4), (50, 2), (46, 1), (30, 0), (20, 2)), 4),
    "wbc_10e9_l": ("white cells", ((40, 4), (20, 2), (15, 1), (3, 0), (1, 2)), 4),
}
_PH = ((7.7, 4), (7.6, 3), (7.5, 1), (7.33, 0), (7.25, 2), (7.15, 3))
_BICARBONATE = ((52, 4), (41, 3), (32, 1), (22, 0), (18, 2), (15, 3))
_CREATININE = ((3.5, 4), (2, 3), (1.5, 2), (0.6, 0))
_GRADIENT = ((500, 4), (350, 3), (200, 2))
_AGE = ((75, 6), (65, 5), (55, 3), (45, 2))
_CHRONIC = {"nonoperative": 5, "emergency_postoperative": 5, "elective_postoperative": 2}
_INTERCEPT, _PER_POINT, _EMERGENCY_SURGERY = -3.517, 0.146, 0.603

CARD = ModelCard(
    id="apache_ii",
    version="1.0.0",
    title="APACHE II",
    aliases=("apache 2", "apache", "apache-ii", "acute physiology and chronic health evaluation"),
    kind="risk_score",
    summary="Severity of illness on the first day of intensive care, with predicted hospital mortality.",
    inputs=(
        inputs.AGE,
        inputs.TEMPERATURE,
        inputs.MEAN_PRESSURE,
        inputs.HEART_RATE,
        inputs.RESPIRATORY_RATE,
        inputs.FIO2,
        inputs.changed(inputs.PAO2, required=False, description="Needed unless aa_gradient_mmhg is given at FiO2 0.5+."),
        inputs.changed(inputs.PACO2, required=False, description="Needed at FiO2 0.5+ without aa_gradient_mmhg."),
        inputs.number("aa_gradient_mmhg", "Alveolar-arterial oxygen difference", "mm[Hg]", (-50, 700), required=False,
                      description="Scored at FiO2 0.5+; computed as 713 x FiO2 - PaCO2/0.8 - PaO2 where absent."),
        inputs.changed(inputs.ARTERIAL_PH, required=False, description="Preferred; else bicarbonate_meq_l is needed."),
        inputs.changed(inputs.BICARBONATE, required=False, description="Scored only where there is no arterial pH."),
        inputs.SODIUM,
        inputs.POTASSIUM,
        inputs.CREATININE,
        inputs.flag("acute_renal_failure", "Acute renal failure (doubles the creatinine points)"),
        inputs.HEMATOCRIT,
        inputs.WHITE_CELLS,
        inputs.GCS,
        inputs.flag("chronic_organ_insufficiency", "Severe organ insufficiency or immunocompromise before admission"),
        inputs.choice("admission_type", "Kind of admission",
                      ("nonoperative", "elective_postoperative", "emergency_postoperative")),
        inputs.number("diagnostic_category_weight", "Weight of the admission diagnosis (Knaus 1985)", "1", (-4, 2),
                      required=False, description="Of the paper's appendix; negative for diagnoses of lower risk."),
    ),
    outputs=(
        ("apache_ii", "{score}", "APACHE II"),
        ("acute_physiology_score", "{score}", "Acute physiology score"),
        ("predicted_mortality", "%", "Predicted hospital mortality"),
    ),
    source="Knaus WA, et al. APACHE II: a severity of disease classification system. Crit Care Med 1985;13:818-29.",
    doi="10.1097/00003246-198510000-00009",
    population="5,815 intensive care admissions to 13 US hospitals, 1979-1982.",
    context_of_use="Adults, worst values of the first 24 h in intensive care: case mix and severity, not one patient's fate.",
    model_risk="high",
    limitations=(
        "Mortality was fitted to care of around 1980 and overestimates today's.",
        "Not derived for burns or coronary artery bypass surgery.",
        "The oxygen gradient is computed for sea level.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """Twelve physiology items, age and chronic health; logit = -3.517 + 0.146 score + 0.603 emergency + weight."""
    physiology = {label: banded(values.number(name), bands, below) for name, (label, bands, below) in _BANDS.items()}
    physiology |= {
        "oxygenation": _oxygenation(values),
        "acidity": _acidity(values),
        "creatinine": banded(values.number("creatinine_mg_dl"), _CREATININE, 2)
        * (2 if values.flag("acute_renal_failure") else 1),
        "coma scale": 15 - int(values.number("gcs")),
    }
    admission = values.choice("admission_type")
    background = {
        "age": banded(values.number("age_years"), _AGE, 0),
        "chronic health": _CHRONIC[admission] if values.flag("chronic_organ_insufficiency") else 0,
    }
    acute = sum(physiology.values())
    total = acute + sum(background.values())
    weight = values.optional("diagnostic_category_weight")
    logit = _INTERCEPT + _PER_POINT * total + (weight or 0.0)
    logit += _EMERGENCY_SURGERY if admission == "emergency_postoperative" else 0.0
    reading = "with the diagnostic weight given" if weight is not None else "without a diagnostic weight"
    missing = "No diagnostic weight was given: mortality is that of a diagnosis of weight 0, which may be far off."
    return Result(
        outputs=(
            score("apache_ii", "APACHE II", total, listed(physiology | background)),
            score("acute_physiology_score", "Acute physiology score", acute),
            measured("predicted_mortality", "Predicted hospital mortality", 100 / (1 + exp(-logit)), "%", 1, reading),
        ),
        warnings=() if weight is not None else (missing,),
    )


def _oxygenation(values: Values) -> int:
    if at_least(values.number("fio2"), 0.5):
        gradient = values.optional("aa_gradient_mmhg")
        if gradient is None:
            alveolar = 713 * values.number("fio2") - values.number("paco2_mmhg") / 0.8
            gradient = alveolar - values.number("pao2_mmhg")
        return banded(gradient, _GRADIENT, 0)
    pao2 = values.number("pao2_mmhg")
    if over(pao2, 70):
        return 0
    return 1 if over(pao2, 60) else banded(pao2, ((55, 3),), 4)


def _acidity(values: Values) -> int:
    ph = values.optional("ph")
    return banded(values.number("bicarbonate_meq_l"), _BICARBONATE, 4) if ph is None else banded(ph, _PH, 4)


def _also_needed(values: Values) -> list[str]:
    if at_least(values.number("fio2"), 0.5):
        gas = [] if values.has("aa_gradient_mmhg") else ["pao2_mmhg", "paco2_mmhg"]
    else:
        gas = ["pao2_mmhg"]
    needed = [name for name in gas if not values.has(name)]
    return needed + ([] if values.has("ph") or values.has("bicarbonate_meq_l") else ["ph"])


MODEL = Model(CARD, closed_form(compute), refuse=adults_only, also_needed=_also_needed)
