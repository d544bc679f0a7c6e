"""Compensation expected in each simple acid-base disorder (Berend et al. 2014, doi:10.1056/NEJMra1003327)."""

from __future__ import annotations

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import category, measured, rounded
from twin_backend.model import Model, Result, Values, closed_form

_NORMAL_PACO2, _NORMAL_BICARBONATE = 40.0, 24.0
_TOLERANCE_MMHG = 2.0
# Change of bicarbonate in meq/L for each 10 mmHg of PaCO2: expected, and the other end of the published range
_PER_10_MMHG = {
    "acute_respiratory_acidosis": (1.0, 1.0), "chronic_respiratory_acidosis": (4.0, 5.0),
    "acute_respiratory_alkalosis": (2.0, 2.0), "chronic_respiratory_alkalosis": (4.0, 5.0),
}  # fmt: skip
_DISORDERS = ("metabolic_acidosis", "metabolic_alkalosis", *_PER_10_MMHG)

CARD = ModelCard(
    id="acid_base_compensation",
    version="1.0.0",
    title="Expected acid-base compensation",
    aliases=("compensation rules", "acid base compensation", "expected bicarbonate", "expected hco3"),
    kind="calculator",
    summary="PaCO2 or bicarbonate expected in a simple metabolic or respiratory disorder, against the measured one.",
    inputs=(
        inputs.choice("disorder", "Primary disorder", _DISORDERS),
        inputs.changed(inputs.BICARBONATE, required=False, description="Needed in metabolic disorders."),
        inputs.changed(inputs.PACO2, required=False, description="Needed in respiratory disorders."),
    ),
    outputs=(
        ("expected_paco2", "mm[Hg]", "Expected PaCO2"),
        ("expected_paco2_low", "mm[Hg]", "Expected PaCO2, lower bound"),
        ("expected_paco2_high", "mm[Hg]", "Expected PaCO2, upper bound"),
        ("expected_bicarbonate", "meq/L", "Expected bicarbonate"),
        ("expected_bicarbonate_low", "meq/L", "Expected bicarbonate, lower bound"),
        ("expected_bicarbonate_high", "meq/L", "Expected bicarbonate, upper bound"),
        ("compensation", "", "Measured against expected"),
    ),
    source="Berend K, de Vries AP, Gans RO. Physiological approach to assessment of acid-base disturbances. "
    "N Engl J Med 2014;371:1434-45.",
    doi="10.1056/NEJMra1003327",
    population="Review; the rules come from patients and volunteers in steady states of one disorder.",
    context_of_use="Adults with a known primary disorder, once compensation had time.",
    limitations=(
        "The primary disorder must be known; the rules do not find it.",
        "Metabolic compensation of a respiratory disorder takes 2 to 5 days to complete.",
        "Chronic respiratory disorders: 4 to 5 mEq/L for each 10 mmHg; the expected value uses 4.",
        "In metabolic alkalosis PaCO2 rarely exceeds 55 mmHg.",
    ),
)


def compute(values: Values) -> Result:
    """1.5 HCO3 + 8, 0.7 (HCO3 - 24) + 40, or 24 + change for each 10 mmHg of PaCO2 from 40."""
    disorder = values.choice("disorder")
    if disorder in _PER_10_MMHG:
        return _respiratory(values, *_PER_10_MMHG[disorder])
    bicarbonate = values.number("bicarbonate_meq_l")
    alkalosis = disorder == "metabolic_alkalosis"
    expected = 0.7 * (bicarbonate - _NORMAL_BICARBONATE) + _NORMAL_PACO2 if alkalosis else 1.5 * bicarbonate + 8
    low, high = expected - _TOLERANCE_MMHG, expected + _TOLERANCE_MMHG
    outputs = _bounds("paco2", "PaCO2", "mm[Hg]", "mmHg", expected, low, high)
    if values.has("paco2_mmhg"):
        outputs.append(
            _against(values.number("paco2_mmhg"), low, high, "respiratory acidosis", "respiratory alkalosis")
        )
    return Result(tuple(outputs))


def _respiratory(values: Values, per_10: float, per_10_far: float) -> Result:
    tens = (values.number("paco2_mmhg") - _NORMAL_PACO2) / 10
    expected, far = _NORMAL_BICARBONATE + per_10 * tens, _NORMAL_BICARBONATE + per_10_far * tens
    low, high = min(expected, far), max(expected, far)
    outputs = _bounds("bicarbonate", "bicarbonate", "meq/L", "mEq/L", expected, low, high)
    if values.has("bicarbonate_meq_l"):
        # The rules give a point or a narrow range; 2 mEq/L either side is within measurement and sampling.
        given = values.number("bicarbonate_meq_l")
        outputs.append(_against(given, low - 2, high + 2, "metabolic alkalosis", "metabolic acidosis"))
    return Result(tuple(outputs))


def _bounds(
    name: str, label: str, unit: str, written: str, expected: float, low: float, high: float
) -> list[Output]:  # fmt: skip
    span = f"expected range {rounded(low, 1)}-{rounded(high, 1)} {written}"
    return [
        measured(f"expected_{name}", f"Expected {label}", expected, unit, 1, span),
        measured(f"expected_{name}_low", f"Expected {label}, lower bound", low, unit, 1),
        measured(f"expected_{name}_high", f"Expected {label}, upper bound", high, unit, 1),
    ]


def _against(given: float, low: float, high: float, above: str, below: str) -> Output:
    label = "Measured against expected"
    if given > high + 1e-9:
        return category("compensation", label, "above expected", f"added {above}")
    if given < low - 1e-9:
        return category("compensation", label, "below expected", f"added {below}")
    return category("compensation", label, "as expected", "appropriate compensation")


def _needed(values: Values) -> list[str]:
    name = "paco2_mmhg" if values.choice("disorder") in _PER_10_MMHG else "bicarbonate_meq_l"
    return [] if values.has(name) else [name]


def _refuse(values: Values) -> list[str]:
    disorder = values.choice("disorder")
    respiratory = disorder in _PER_10_MMHG
    name, normal = ("paco2_mmhg", _NORMAL_PACO2) if respiratory else ("bicarbonate_meq_l", _NORMAL_BICARBONATE)
    given = values.number(name)
    raised = disorder.endswith("acidosis") == respiratory
    if (given > normal) if raised else (given < normal):
        return []
    words = disorder.replace("_", " ")
    return [f"{name} is {given:g}; {words} has a value {'above' if raised else 'below'} {normal:g}"]


MODEL = Model(CARD, closed_form(compute), refuse=_refuse, also_needed=_needed)
