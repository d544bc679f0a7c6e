"""Survival models fitted to open data: the twin evaluates what was fitted, and says how well it did.

No calculator has been published for them, because the coefficients are this project's own. Golden values are therefore
the exported coefficients evaluated by hand, and the effects that the trials reported; that the export is the fit, and
the fit what R's `coxph` finds, is in `test_twin_training.py`, for where the extra `training` is installed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from math import exp, log1p
from pathlib import Path

import pytest

import twin_backend
from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain
from twin_backend import build_twin
from twin_backend.engines.cox import CoxModel, Term, as_json, columns, from_json

TWIN = build_twin()
DATA = Path(twin_backend.__file__).parent / "survival" / "data"
INFARCTION = {
    "age_years": 72, "sex": "male", "bmi_kg_m2": 26, "heart_rate_bpm": 85, "systolic_bp_mmhg": 140,
    "diastolic_bp_mmhg": 78, "heart_failure": False, "cardiogenic_shock": False, "atrial_fibrillation": False,
    "complete_heart_block": False, "prior_cvd": True, "prior_mi": False, "q_wave_mi": False,
}  # fmt: skip
BREAST = {
    "age_years": 53, "tumor_size_mm": 25, "tumor_grade": 2, "positive_nodes": 3, "progesterone_receptor_fmol_mg": 32,
    "estrogen_receptor_fmol_mg": 36, "postmenopausal": True, "hormonal_therapy": False,
}  # fmt: skip
HIV = {
    "age_years": 38, "sex": "male", "cd4_cells_ul": 75, "karnofsky_score": 90, "prior_zidovudine_months": 21,
    "indinavir": False, "injection_drug_use": False, "hemophilia": False,
}  # fmt: skip
CHAINS = {"age_years": 65, "sex": "female", "kappa_flc_mg_dl": 1.27, "lambda_flc_mg_dl": 1.51, "mgus": False}
PATIENTS = {"survival_whas500": INFARCTION, "survival_gbsg2": BREAST, "survival_aids": HIV, "survival_flchain": CHAINS}
HORIZONS = {
    "survival_whas500": {"survival_1y": 365.25, "survival_2y": 730.5, "survival_5y": 1826.25},
    "survival_gbsg2": {
        "recurrence_free_survival_1y": 365.25, "recurrence_free_survival_2y": 730.5,
        "recurrence_free_survival_5y": 1826.25,
    },
    "survival_aids": {
        "aids_free_survival_3mo": 91.3125, "aids_free_survival_6mo": 182.625, "aids_free_survival_9mo": 273.9375,
    },
    "survival_flchain": {
        "survival_1y": 365.25, "survival_2y": 730.5, "survival_5y": 1826.25, "survival_10y": 3652.5,
    },
}  # fmt: skip


def _value(model: str, output: str, **changes: object) -> float:
    return float(TWIN.predict(model, {**PATIENTS[model], **changes}).output(output).value)


def test_a_spline_is_linear_outside_its_knots_and_curved_within() -> None:
    """Restricted cubic spline by hand, knots 0, 1, 2, at 1.5: 1.5^3 - (0.5^3 (2 - 0) - 0 (1 - 0)) / (2 - 1) = 3.125, / 4."""
    term = Term("x", "spline", knots=(0.0, 1.0, 2.0))
    assert columns(term, 1.5) == pytest.approx((1.5, 0.78125))
    assert columns(term, -3.0) == (-3.0, 0.0)
    beyond = [columns(term, x)[1] for x in (3.0, 4.0, 5.0)]
    assert beyond[1] - beyond[0] == pytest.approx(beyond[2] - beyond[1])


def test_survival_by_hand() -> None:
    """H0 = 0.2 from day 10 on; the predictor is 0.5 (4 - 2) + 0.7 (log 1 - 0) - 1 (1 - 0.4), by input."""
    model = CoxModel(
        (
            Term("a", "linear", centres=(2.0,), coefficients=(0.5,)),
            Term("b", "log1p", centres=(0.0,), coefficients=(0.7,)),
            Term("c", "is", level="yes", centres=(0.4,), coefficients=(-1.0,)),
        ),
        times_d=(10.0, 20.0),
        cumulative_hazard=(0.2, 0.5),
    )
    parts = model.contributions({"a": 4.0, "b": 0.0, "c": "yes"}.__getitem__)
    assert parts == pytest.approx({"a": 1.0, "b": 0.0, "c": -0.6})
    predictor = sum(parts.values())
    assert model.survival(predictor, 9.9) == 1.0
    assert model.survival(predictor, 10) == model.survival(predictor, 19.9) == pytest.approx(exp(-0.2 * exp(0.4)))
    assert model.survival(predictor, 20) == pytest.approx(exp(-0.5 * exp(0.4)))
    assert from_json(json.loads(json.dumps(as_json(model)))) == model


@pytest.mark.parametrize("model", PATIENTS)
def test_the_twin_gives_what_the_exported_coefficients_say(model: str) -> None:
    """The same JSON read and evaluated here, term by term, without the twin's code."""
    data = json.loads((DATA / f"{model.removeprefix('survival_')}.json").read_text(encoding="utf-8"))["model"]
    patient, predictor = PATIENTS[model], 0.0
    for term in data["terms"]:
        value = patient[term["input"]]
        if term["kind"] == "is":
            found = [float(str(value) == term["level"])]
        elif term["kind"] == "spline":
            x = log1p(value) if term.get("log") else float(value)  # type: ignore[arg-type]
            k = term["knots"]
            found = [x]
            for knot in k[:-2]:
                cubes = [max(x - at, 0) ** 3 for at in (knot, k[-2], k[-1])]
                weights = (1, -(k[-1] - knot) / (k[-1] - k[-2]), (k[-2] - knot) / (k[-1] - k[-2]))
                found.append(sum(w * c for w, c in zip(weights, cubes, strict=True)) / (k[-1] - k[0]) ** 2)
        else:
            found = [log1p(value) if term["kind"] == "log1p" else float(value)]  # type: ignore[arg-type]
        predictor += sum(b * (x - m) for b, x, m in zip(term["coefficients"], found, term["centres"], strict=True))
    run = TWIN.predict(model, patient)
    assert run.output("relative_hazard").value == pytest.approx(exp(predictor))
    for name, day in HORIZONS[model].items():
        hazard = max(
            (h for t, h in zip(data["times_d"], data["cumulative_hazard"], strict=True) if t <= day), default=0
        )
        assert run.output(name).value == pytest.approx(100 * exp(-hazard * exp(predictor)))
        assert run.output(name).unit == "%" and run.output(name).display.endswith("%")


@pytest.mark.parametrize("model", PATIENTS)
def test_survival_falls_with_time_and_the_curve_agrees(model: str) -> None:
    run = TWIN.predict(model, PATIENTS[model])
    values = [float(run.output(name).value) for name in HORIZONS[model]]
    assert 100 > values[0] > values[1] > values[-1] > 0
    (curve,) = run.series
    assert curve.values[0] == 100 and curve.values[-1] == pytest.approx(values[-1])
    assert list(curve.values) == sorted(curve.values, reverse=True)


@pytest.mark.parametrize(
    ("model", "output", "worse"),
    [
        ("survival_whas500", "survival_1y", {"age_years": 85}),
        ("survival_whas500", "survival_1y", {"heart_failure": True}),
        ("survival_whas500", "survival_1y", {"cardiogenic_shock": True}),
        ("survival_gbsg2", "recurrence_free_survival_5y", {"positive_nodes": 12}),
        ("survival_gbsg2", "recurrence_free_survival_5y", {"tumor_size_mm": 70}),
        ("survival_gbsg2", "recurrence_free_survival_5y", {"progesterone_receptor_fmol_mg": 0}),
        ("survival_aids", "aids_free_survival_6mo", {"cd4_cells_ul": 10}),
        ("survival_aids", "aids_free_survival_6mo", {"karnofsky_score": 70}),
        ("survival_flchain", "survival_5y", {"age_years": 80}),
        ("survival_flchain", "survival_5y", {"sex": "male"}),
        ("survival_flchain", "survival_5y", {"kappa_flc_mg_dl": 4, "lambda_flc_mg_dl": 4}),
    ],
)
def test_what_is_known_to_be_worse_lowers_survival(model: str, output: str, worse: dict[str, object]) -> None:
    assert _value(model, output, **worse) < _value(model, output) - 0.5


@pytest.mark.parametrize(
    ("model", "name", "values"),
    [
        ("survival_whas500", "age_years", range(30, 105)),
        ("survival_flchain", "age_years", range(50, 102)),
        ("survival_gbsg2", "positive_nodes", range(1, 52)),
        ("survival_aids", "cd4_cells_ul", range(390, -1, -10)),
    ],
)
def test_the_hazard_rises_along_the_whole_range(model: str, name: str, values: range) -> None:
    hazards = [_value(model, "relative_hazard", **{name: value}) for value in values]
    assert len(hazards) > 30
    assert all(before < after for before, after in pairwise(hazards))


def test_treatment_that_the_trials_found_to_work_helps() -> None:
    """Hazard ratio of AIDS or death with indinavir 0.50 (Hammer 1997); tamoxifen lowers recurrence (Schumacher 1994)."""
    ratio = _value("survival_aids", "relative_hazard", indinavir=True) / _value("survival_aids", "relative_hazard")
    assert ratio == pytest.approx(0.50, abs=0.12)
    assert _value("survival_gbsg2", "relative_hazard", hormonal_therapy=True) < _value(
        "survival_gbsg2", "relative_hazard"
    )


def test_the_contributions_multiply_to_the_relative_hazard() -> None:
    output = TWIN.predict("survival_flchain", {**CHAINS, "age_years": 85}).output("relative_hazard")
    factors = [float(part.rpartition("× ")[2]) for part in output.interpretation.split("; ")]
    assert len(factors) == len(CHAINS)
    product = 1.0
    for factor in factors:
        product *= factor
    assert product == pytest.approx(float(output.value), rel=0.03)
    assert output.interpretation.startswith("Age × ")


@pytest.mark.parametrize(
    ("model", "inputs", "named"),
    [
        ("survival_whas500", {**INFARCTION, "age_years": 17}, "adults"),
        ("survival_gbsg2", {**BREAST, "positive_nodes": 0}, "positive_nodes is 0"),
        ("survival_gbsg2", {**BREAST, "sex": "male"}, "the trial was in women"),
        ("survival_aids", {**HIV, "karnofsky_score": 60}, "70 or more"),
        ("survival_aids", {**HIV, "prior_zidovudine_months": 0}, "3 or more"),
        ("survival_aids", {**HIV, "cd4_cells_ul": 800}, "cd4_cells_ul 800"),
        ("survival_flchain", {**CHAINS, "age_years": 49}, "people of 50 or over"),
    ],
)
def test_other_patients_than_those_of_the_study_are_refused(model: str, inputs: dict[str, object], named: str) -> None:
    with pytest.raises(OutsideModelDomain) as error:
        TWIN.predict(model, inputs)
    assert named in error.value.message


@pytest.mark.parametrize(
    ("model", "bad"),
    [
        ("survival_whas500", {"age_years": -1}), ("survival_whas500", {"heart_failure": 1}),
        ("survival_whas500", {"systolic_bp_mmhg": 80, "diastolic_bp_mmhg": 120}),
        ("survival_whas500", {"bmi_kg_m2": {"value": 26, "unit": "kg"}}),
        ("survival_gbsg2", {"positive_nodes": 2.5}), ("survival_gbsg2", {"tumor_grade": 4}),
        ("survival_gbsg2", {"progesterone_receptor_fmol_mg": {"value": 80, "unit": "%"}}),
        ("survival_aids", {"cd4_cells_ul": -5}), ("survival_aids", {"karnofsky_score": 190}),
        ("survival_flchain", {"kappa_flc_mg_dl": 0}), ("survival_flchain", {"length_of_stay_days": 3}),
    ],
)  # fmt: skip
def test_impossible_values_are_refused(model: str, bad: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as error:
        TWIN.predict(model, {**PATIENTS[model], **bad})
    assert next(reversed(bad)) in error.value.message or "swapped" in error.value.message


@pytest.mark.parametrize("model", PATIENTS)
def test_every_missing_input_is_named(model: str) -> None:
    with pytest.raises(MissingCovariate) as error:
        TWIN.predict(model, {})
    assert set(error.value.details["missing"]) == set(PATIENTS[model])


def test_a_value_beyond_the_derivation_data_is_answered_with_a_warning() -> None:
    run = TWIN.predict("survival_gbsg2", {**BREAST, "positive_nodes": 60})
    assert any("positive_nodes" in text and "1 to 51" in text for text in run.outside_derivation)


@pytest.mark.parametrize(
    ("model", "given", "same"),
    [
        ("survival_flchain", {"kappa_flc_mg_dl": {"value": 12.7, "unit": "mg/L"}}, {}),
        ("survival_aids", {"cd4_cells_ul": {"value": 0.075, "unit": "10*9/L"}}, {}),
        ("survival_aids", {"cd4_cells_ul": {"value": 75, "unit": "cells/uL"}}, {}),
        ("survival_aids", {"prior_zidovudine_months": {"value": 2, "unit": "years"}}, {"prior_zidovudine_months": 24}),
        ("survival_gbsg2", {"tumor_size_mm": {"value": 2.5, "unit": "cm"}}, {}),
    ],
)
def test_other_units_give_the_same_survival(model: str, given: dict[str, object], same: dict[str, object]) -> None:
    assert _value(model, "relative_hazard", **given) == pytest.approx(_value(model, "relative_hazard", **same))


def test_what_leaks_the_outcome_is_not_an_input() -> None:
    """Length of stay (WHAS500) and cause of death (FLChain) are known only once the patient has left or died."""
    names = {spec.name for model in PATIENTS for spec in TWIN.describe(model).inputs}
    assert not [name for name in names if "stay" in name or "cause" in name or "chapter" in name]


@pytest.mark.parametrize(
    ("model", "baseline"),
    [("survival_whas500", 0.76), ("survival_gbsg2", 0.67), ("survival_aids", 0.73), ("survival_flchain", 0.79)],
)
def test_the_card_carries_the_cross_validated_figures(model: str, baseline: float) -> None:
    records = {record.measure: record for record in TWIN.describe(model).validation}
    c, brier = records["C index (Harrell)"], records["integrated Brier score"]
    assert c.lower is not None and c.upper is not None and c.lower < c.value < c.upper
    assert baseline < c.value < 0.85 and 0 < brier.value < 0.2
    assert 0.8 < records["calibration slope"].value < 1.25
    assert 0.9 < records["expected to observed events"].value < 1.1


def test_prediction_needs_no_numerical_library() -> None:
    code = (
        "import json, sys, twin_backend\n"
        f"twin_backend.build_twin().predict('survival_flchain', json.loads({json.dumps(CHAINS)!r}))\n"
        "print(sorted({'numpy', 'scipy', 'pandas', 'sksurv'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
