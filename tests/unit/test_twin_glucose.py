"""The minimal model: steady states, an independent integrator, direction of effects, honesty about its limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from domain.errors import InvalidInput, OutsideModelDomain
from domain.predictions import Scenario
from twin_backend import build_twin
from twin_backend.engines.minimal_model import (
    EFFECT,
    GLUCOSE,
    IP,
    Course,
    Parameters,
    events_at,
    simulate,
    slopes,
    start_state,
)

TWIN = build_twin()
MEAL = {"diabetes_type": "type_1", "glucose_mg_dl": 120, "carbohydrate_g": 60, "insulin_bolus_units": 5}


def test_the_published_basal_rate_holds_the_published_glucose() -> None:
    """Medtronic virtual patient: 25.04 mU/min goes with 108 mg/dL (EGP/(GEZI + SI Ib/CI) = 108.2)."""
    assert Parameters().basal_mu_per_min(108.2) == pytest.approx(25.04, abs=0.05)


def test_nothing_happens_without_meal_or_bolus() -> None:
    run = TWIN.simulate("bergman", {**MEAL, "carbohydrate_g": 0, "insulin_bolus_units": 0})
    assert run.output("peak_glucose").value == pytest.approx(120, abs=1e-6)
    assert run.output("nadir_glucose").value == pytest.approx(120, abs=1e-6)
    assert run.output("time_in_range").value == 100


def test_stepping_agrees_with_an_adaptive_integrator() -> None:
    body = Parameters()
    course = Course(130, body.basal_mu_per_min(130), 60, 30, 6000, 0, 300)
    ours = simulate(body, course)
    state = start_state(body, course) + events_at(body, course, 0)
    for left, right in ((0, 30), (30, 300)):
        solved = solve_ivp(
            lambda _t, y: slopes(body, course.basal_mu_per_min, y), (left, right), state,
            method="DOP853", rtol=1e-10, atol=1e-12, t_eval=np.arange(left, right + 1),
        )  # fmt: skip
        np.testing.assert_allclose(ours[left:right, GLUCOSE], solved.y[GLUCOSE][:-1], rtol=1e-6)
        np.testing.assert_allclose(ours[left:right, [IP, EFFECT]], solved.y[[IP, EFFECT]].T[:-1], rtol=1e-6)
        state = solved.y[:, -1] + events_at(body, course, right)


def test_the_meal_is_accounted_for() -> None:
    run = TWIN.simulate("bergman", MEAL)
    assert run.conservation["carbohydrate_relative_error"] < 1e-12
    assert len(run.series[0].times) == len(run.series[0].values) == len(run.series[0].lower)


def test_more_insulin_lowers_and_an_earlier_bolus_flattens() -> None:
    comparison = TWIN.compare(
        "bergman", MEAL,
        [
            Scenario(name="no bolus", changes={"insulin_bolus_units": 0}),
            Scenario(name="late bolus", changes={"bolus_time_min": 60}),
        ],
    )  # fmt: skip
    now, none, late = (float(run.output("peak_glucose").value) for run in comparison.runs)
    assert now < late < none


def test_units_and_starting_glucose_in_mmol() -> None:
    mmol = TWIN.simulate("bergman", {**MEAL, "glucose_mg_dl": {"value": 6.6609, "unit": "mmol/L"}})
    assert mmol.output("peak_glucose").value == pytest.approx(
        TWIN.simulate("bergman", MEAL).output("peak_glucose").value, rel=1e-4
    )


def test_glucose_under_twenty_is_flagged_and_not_clamped() -> None:
    run = TWIN.simulate("bergman", {**MEAL, "carbohydrate_g": 0, "insulin_bolus_units": 60})
    assert 0 < float(run.output("nadir_glucose").value) < 20
    assert any("under 20 mg/dL" in text for text in run.outside_derivation)
    assert any("do not read values" in warning for warning in run.warnings)


@pytest.mark.parametrize("kind", ["type_2", "none"])
def test_only_type_1_is_simulated(kind: str) -> None:
    with pytest.raises(OutsideModelDomain, match="insulin secretion"):
        TWIN.simulate("bergman", {**MEAL, "diabetes_type": kind})


def test_a_start_no_insulin_rate_can_hold_needs_a_basal_rate() -> None:
    with pytest.raises(OutsideModelDomain, match="basal_units_per_h"):
        TWIN.simulate("bergman", {**MEAL, "glucose_mg_dl": 700})
    run = TWIN.simulate("bergman", {**MEAL, "glucose_mg_dl": 700, "basal_units_per_h": 1.0})
    assert run.outside_derivation


@pytest.mark.parametrize("change", [{"carbohydrate_g": -5}, {"meal_time_min": 12.5}, {"meal_time_min": 400}])
def test_impossible_courses_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        TWIN.simulate("bergman", {**MEAL, **change})
