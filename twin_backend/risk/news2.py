"""National Early Warning Score 2 (Royal College of Physicians 2017; doi:10.1016/j.resuscitation.2018.09.026)."""

from __future__ import annotations

from domain.predictions import ModelCard
from twin_backend import inputs
from twin_backend.display import category, rounded, score
from twin_backend.model import Model, Result, Values, closed_form
from twin_backend.points import banded, listed

# (lower limit of the band, points); the chart has whole numbers, and temperature to one decimal
_RESPIRATION = ((25, 3), (21, 2), (12, 0), (9, 1))
_SPO2_SCALE_1 = ((96, 0), (94, 1), (92, 2))
_SPO2_SCALE_2_ON_AIR = ((88, 0), (86, 1), (84, 2))
_SPO2_SCALE_2_ON_OXYGEN = ((97, 3), (95, 2), (93, 1), *_SPO2_SCALE_2_ON_AIR)
_SYSTOLIC = ((220, 3), (111, 0), (101, 1), (91, 2))
_PULSE = ((131, 3), (111, 2), (91, 1), (51, 0), (41, 1))
_TEMPERATURE = ((39.1, 2), (38.1, 1), (36.1, 0), (35.1, 1))

CARD = ModelCard(
    id="news2",
    version="1.0.0",
    title="National Early Warning Score 2",
    aliases=("news 2", "news-2", "news", "national early warning score", "early warning score"),
    kind="risk_score",
    summary="Early warning score of acute deterioration from seven bedside observations, with its clinical risk.",
    inputs=(
        inputs.RESPIRATORY_RATE,
        inputs.SPO2,
        inputs.integer(
            "spo2_scale", "SpO2 scale: 1, or 2 for a prescribed target of 88-92 %", "1", (1, 2), required=False,
            default=1.0,
            default_source="RCP 2017: scale 1, unless hypercapnic respiratory failure is confirmed and scale 2 prescribed",
        ),
        inputs.flag("supplemental_oxygen", "On supplemental oxygen"),
        inputs.SYSTOLIC,
        inputs.HEART_RATE,
        inputs.choice(
            "consciousness", "Consciousness (ACVPU)", ("alert", "confusion", "voice", "pain", "unresponsive"),
            description="confusion: new confusion; voice, pain: responds only to it.",
        ),
        inputs.TEMPERATURE,
        inputs.OPTIONAL_AGE,
    ),
    outputs=(("news2", "{score}", "NEWS2"), ("clinical_risk", "", "Clinical risk")),
    source="Royal College of Physicians. National Early Warning Score (NEWS) 2: standardising the assessment of "
    "acute-illness severity in the NHS. London: RCP; 2017. DOI: its comparison with NEWS, Pimentel MAF, et al. "
    "Resuscitation 2019;134:147-56.",
    doi="10.1016/j.resuscitation.2018.09.026",
    population="Adults of 16 years or older in acute care; validated in 251,266 admissions to five UK hospitals.",
    context_of_use="Adults (16 and over, not pregnant) in hospital or prehospital care: tracking and escalation.",
    model_risk="medium",
    limitations=(
        "Not for children, pregnancy, or spinal cord injury with disturbed autonomic control.",
        "Scale 2 is only for confirmed hypercapnic respiratory failure with a prescribed target of 88-92 %.",
        "A low score does not overrule clinical concern.",
    ),
)  # fmt: skip


def compute(values: Values) -> Result:
    """The sum of seven observations, each 0 to 3 points (oxygen 0 or 2)."""
    oxygen = values.flag("supplemental_oxygen")
    items = {
        "respiratory rate": banded(_whole(values, "respiratory_rate_per_min"), _RESPIRATION, 3),
        "oxygen saturation": banded(_whole(values, "spo2_percent"), _saturation_bands(values), 3),
        "supplemental oxygen": 2 * oxygen,
        "systolic pressure": banded(_whole(values, "systolic_bp_mmhg"), _SYSTOLIC, 3),
        "pulse": banded(_whole(values, "heart_rate_bpm"), _PULSE, 3),
        "consciousness": 0 if values.choice("consciousness") == "alert" else 3,
        "temperature": banded(float(rounded(values.number("temperature_c"), 1)), _TEMPERATURE, 3),
    }
    total = sum(items.values())
    risk, response = _risk(total, 3 in items.values())
    return Result(
        outputs=(
            score("news2", "NEWS2", total, f"{risk} clinical risk; {listed(items)}"),
            category("clinical_risk", "Clinical risk", risk, response),
        )
    )


def _whole(values: Values, name: str) -> float:
    return float(rounded(values.number(name), 0))


def _saturation_bands(values: Values) -> tuple[tuple[float, int], ...]:
    if values.number("spo2_scale") == 1:
        return _SPO2_SCALE_1
    return _SPO2_SCALE_2_ON_OXYGEN if values.flag("supplemental_oxygen") else _SPO2_SCALE_2_ON_AIR


def _risk(total: int, single_three: bool) -> tuple[str, str]:
    if total >= 7:
        return "high", "7 or more: emergency response threshold"
    if total >= 5:
        return "medium", "5 or 6: key threshold for urgent response"
    if single_three:
        return "low-medium", "3 in a single parameter: urgent ward-based response"
    return "low", "0 to 4: ward-based response"


def _refuse(values: Values) -> list[str]:
    age = values.optional("age_years")
    if age is None or age >= 16:
        return []
    return [f"age_years is {age:g}; NEWS2 is for patients of 16 years or older"]


MODEL = Model(CARD, closed_form(compute), refuse=_refuse)
