"""Expected PaCO2 in metabolic acidosis (Albert, Dell and Winters 1967, doi:10.7326/0003-4819-66-2-312)."""

from __future__ import annotations

from math import log10

from domain.predictions import ModelCard, Output
from twin_backend import inputs
from twin_backend.display import category, measured, rounded
from twin_backend.model import Model, Result, Values, closed_form

_TOLERANCE_MMHG = 2.0
_NORMAL_BICARBONATE_MEQ_L = 22.0

CARD = ModelCard(
    id="winters",
    version="1.0.0",
    title="Winters' formula",
    aliases=("winter's formula", "winters formula", "expected pco2", "expected paco2", "respiratory compensation"),
    kind="calculator",
    summary="PaCO2 expected from the bicarbonate in metabolic acidosis, 1.5 x HCO3 + 8 ± 2 mmHg.",
    inputs=(
        inputs.changed(inputs.BICARBONATE, derivation=(2, 22)),
        inputs.changed(inputs.PACO2, label="Measured PaCO2", required=False,
                      description="To compare with the expected value."),
        inputs.number("ph", "Arterial pH", "[pH]", (6.5, 8.0), required=False,
                      description="Given only to notice that there is no acidaemia."),
    ),
    outputs=(
        ("expected_paco2", "mm[Hg]", "Expected PaCO2"),
        ("expected_paco2_low", "mm[Hg]", "Expected PaCO2, lower bound"),
        ("expected_paco2_high", "mm[Hg]", "Expected PaCO2, upper bound"),
        ("compensation", "", "Measured against expected"),
    ),
    source="Albert MS, Dell RB, Winters RW. Quantitative displacement of acid-base equilibrium in metabolic acidosis. "
    "Ann Intern Med 1967;66:312-22.",
    doi="10.7326/0003-4819-66-2-312",
    population="60 patients, mostly children, in steady metabolic acidosis.",
    context_of_use="Metabolic acidosis, once compensation had time (12-24 h).",
    limitations=("Says nothing in metabolic alkalosis or primary respiratory disorders.",),
)  # fmt: skip


def compute(values: Values) -> Result:
    """1.5 HCO3 + 8, mm[Hg]."""
    expected = 1.5 * values.number("bicarbonate_meq_l") + 8
    low, high = expected - _TOLERANCE_MMHG, expected + _TOLERANCE_MMHG
    span = f"{rounded(low, 0)}-{rounded(high, 0)} mmHg"
    outputs = [
        measured("expected_paco2", "Expected PaCO2", expected, "mm[Hg]", 0, f"expected range {span}"),
        measured("expected_paco2_low", "Expected PaCO2, lower bound", low, "mm[Hg]", 0),
        measured("expected_paco2_high", "Expected PaCO2, upper bound", high, "mm[Hg]", 0),
    ]
    paco2 = values.optional("paco2_mmhg")
    if paco2 is not None:
        outputs.append(_compensation(paco2, low, high))
    ph = values.optional("ph")
    warnings = []
    if ph is not None and ph >= 7.35:
        warnings.append("pH is 7.35 or above: there is no acidaemia to compensate for.")
    if ph is not None and paco2 is not None:
        warnings += _mismatch(ph, paco2, values.number("bicarbonate_meq_l"))
    return Result(outputs=tuple(outputs), warnings=tuple(warnings))


def _mismatch(ph: float, paco2: float, bicarbonate: float) -> list[str]:
    """Henderson-Hasselbalch: the three values of one sample determine each other."""
    implied = 6.1 + log10(bicarbonate / (0.0307 * paco2))
    if abs(implied - ph) < 0.1:
        return []
    return [f"PaCO2 and bicarbonate imply a pH of {rounded(implied, 2)}, not {ph:g}: are they of one sample?"]


def _compensation(paco2: float, low: float, high: float) -> Output:
    if paco2 > high:
        return category("compensation", "Measured against expected", "above expected", "added respiratory acidosis")
    if paco2 < low:
        return category("compensation", "Measured against expected", "below expected", "added respiratory alkalosis")
    return category("compensation", "Measured against expected", "as expected", "appropriate compensation")


def _refuse(values: Values) -> list[str]:
    bicarbonate = values.number("bicarbonate_meq_l")
    if bicarbonate <= _NORMAL_BICARBONATE_MEQ_L:
        return []
    return [f"bicarbonate_meq_l is {bicarbonate:g}; the formula is for metabolic acidosis (22 or below)"]


MODEL = Model(CARD, closed_form(compute), refuse=_refuse)
