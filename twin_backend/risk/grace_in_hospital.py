"""GRACE risk of death in hospital in acute coronary syndromes (Granger et al. 2003, doi:10.1001/archinte.163.19.2345)."""

from __future__ import annotations

from itertools import pairwise

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import band, measured, score
from twin_backend.model import Model, Result, Values, adults_only, closed_form

# Upper limit of each band (the lowest includes its limit, the others do not) and its points
_BANDS: dict[str, tuple[tuple[float, int], ...]] = {
    "age_years": ((30, 0), (40, 8), (50, 25), (60, 41), (70, 58), (80, 75), (90, 91), (float("inf"), 100)),
    "heart_rate_bpm": ((50, 0), (70, 3), (90, 9), (110, 15), (150, 24), (200, 38), (float("inf"), 46)),
    "systolic_bp_mmhg": ((80, 58), (100, 53), (120, 43), (140, 34), (160, 24), (200, 10), (float("inf"), 0)),
    "creatinine_mg_dl": ((0.4, 1), (0.8, 4), (1.2, 7), (1.6, 10), (2.0, 13), (4.0, 21), (float("inf"), 28)),
}
_KILLIP = {1: 0, 2: 20, 3: 39, 4: 59}
_FLAGS = {"cardiac_arrest_at_admission": 39, "st_deviation": 28, "elevated_cardiac_markers": 14}
# Probability of death in hospital, percent, at each total; read off in between
_NOMOGRAM = (
    (60, 0.2), (70, 0.3), (80, 0.4), (90, 0.6), (100, 0.8), (110, 1.1), (120, 1.6), (130, 2.1), (140, 2.9), (150, 3.9),
    (160, 5.4), (170, 7.3), (180, 9.8), (190, 13), (200, 18), (210, 23), (220, 29), (230, 36), (240, 44), (250, 52),
)  # fmt: skip
# Thirds of risk in the registry, without ST elevation (ESC 2011, doi:10.1093/eurheartj/ehr236) and with it
_WITHOUT_ELEVATION = ((109, "low"), (141, "intermediate"))
_WITH_ELEVATION = ((126, "low"), (155, "intermediate"))

CARD = ModelCard(
    id="grace_in_hospital",
    version="1.0.0",
    title="GRACE risk score (death in hospital)",
    aliases=("grace", "grace score", "grace acs", "grace risk score", "grace in-hospital mortality", "granger score"),
    kind="risk_score",
    summary="Points and probability of death in hospital in acute coronary syndromes, from findings on admission.",
    inputs=(
        inputs.AGE,
        inputs.HEART_RATE,
        inputs.SYSTOLIC,
        inputs.CREATININE,
        inputs.KILLIP,
        inputs.flag("cardiac_arrest_at_admission", "Cardiac arrest at admission"),
        inputs.flag("st_deviation", "ST segment deviation"),
        inputs.flag("elevated_cardiac_markers", "Raised troponin or other cardiac enzymes"),
    ),
    outputs=(
        ("grace_in_hospital", "{score}", "GRACE (in hospital)"),
        ("in_hospital_mortality", "%", "Probability of death in hospital"),
    ),
    source="Granger CB, et al. Predictors of hospital mortality in the Global Registry of Acute Coronary Events. "
    "Arch Intern Med 2003;163:2345-53.",
    doi="10.1001/archinte.163.19.2345",
    population="11,389 patients with acute coronary syndromes of 94 hospitals in 14 countries, 1999-2001; "
    "509 deaths in hospital.",
    context_of_use="Adults admitted with an acute coronary syndrome: intensity and timing of treatment.",
    model_risk="medium",
    limitations=(
        "Derived around 2000; present-day mortality at the same score is lower.",
        "The post-discharge and 6-month GRACE models, and GRACE 2.0 and 3.0, have other points.",
        "The lowest bands include their limits (80 mmHg, 50/min, 30 years, 0.4 mg/dL), as in the paper's nomogram and examples.",
    ),
)


def compute(values: Values) -> Result:
    """The sum of the nomogram's points; the probability is read off its scale, linearly between the marks."""
    killip = round(values.number("killip_class"))
    items = [(name, _points(values.number(name), bands)) for name, bands in _BANDS.items()]
    items += [("killip_class", _KILLIP[killip])]
    items += [(name, points) for name, points in _FLAGS.items() if values.flag(name)]
    total = sum(points for _, points in items)
    labels = {spec.name: spec.label for spec in CARD.inputs} | {"killip_class": f"Killip class {killip}"}
    listed = ", ".join(f"{labels[name]} {points}" for name, points in items)
    without, with_elevation = band(total, _WITHOUT_ELEVATION, "high"), band(total, _WITH_ELEVATION, "high")
    reading = f"{without} risk without ST elevation, {with_elevation} with ST elevation; points: {listed}"
    return Result(outputs=(score("grace_in_hospital", "GRACE (in hospital)", total, reading), _mortality(total)))


def _points(value: float, bands: tuple[tuple[float, int], ...]) -> int:
    lowest, points = bands[0]
    if value <= lowest + 1e-9:
        return points
    return next(points for limit, points in bands[1:] if value < limit - 1e-9)


def _mortality(total: int) -> Output:
    label = "Probability of death in hospital"
    (lowest, least), (highest, most) = _NOMOGRAM[0], _NOMOGRAM[-1]
    if total <= lowest:
        return measured("in_hospital_mortality", label, least, "%", 1, written=f"≤{least}%")
    if total >= highest:
        return measured("in_hospital_mortality", label, most, "%", 0, written=f"≥{most}%")
    (low, at_low), (high, at_high) = next(pair for pair in pairwise(_NOMOGRAM) if total <= pair[1][0])
    probability = at_low + (at_high - at_low) * (total - low) / (high - low)
    return measured("in_hospital_mortality", label, probability, "%", 1 if probability < 10 else 0)


MODEL = Model(CARD, closed_form(compute), refuse=adults_only)
