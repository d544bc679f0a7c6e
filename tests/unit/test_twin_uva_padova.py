"""UVA/Padova S2008: simglucose's own days, an independent integrator, balances, calibration, refusals.

`uva_padova_simglucose.csv` holds glucose (mg/dL) of simglucose 0.2.11's 30 patients on five days, every 30 min, made by
`python benchmarks/glucose.py --golden tests/data/uva_padova_simglucose.csv`.
"""

from __future__ import annotations

import csv
from math import tanh
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain
from domain.predictions import ModelRun, Scenario
from twin_backend import build_twin
from twin_backend.engines.sensor_noise import draws_needed, sensor_error_mg_per_dl
from twin_backend.engines.uva_padova import Day, Event, plan_day, simulate
from twin_backend.engines.uva_padova_patients import patient, published
from twin_backend.glucose.glucose_summary import summary

TWIN = build_twin()
MODEL = "glucose_uva_padova_s2008"
MEALS = {"carbohydrate_g": [45, 70, 80], "meal_time_h": [7, 12, 18]}
DAY = {"patient": "adult#001", **MEALS}
GOLDEN = Path(__file__).parents[1] / "data" / "uva_padova_simglucose.csv"
TOLERANCE_MG_PER_DL = 0.05
# Share of the three boluses, multiple of the basal rate, meals or none.
DAYS = {
    "full": ((1, 1, 1), 1.0, True), "missed": ((1, 0, 1), 1.0, True), "reduced": ((0.5, 0.5, 0.5), 1.0, True),
    "fasting": ((), 1.0, False), "fasting_low_basal": ((), 0.8, False),
}  # fmt: skip


def golden(day: str) -> tuple[list[str], np.ndarray]:
    """The ids and glucose of shape (49, 30) of one day."""
    header, *rows = csv.reader(GOLDEN.read_text(encoding="utf-8").splitlines())
    mine = [row for row in rows if row[0] == day]
    assert [int(row[1]) for row in mine] == list(range(0, 1441, 30))
    return header[2:], np.array([[float(value) for value in row[2:]] for row in mine])


@pytest.mark.parametrize("day", DAYS)
def test_all_30_patients_follow_simglucose(day: str) -> None:
    ids, theirs = golden(day)
    names, bodies = published()
    assert list(names) == ids
    shares, basal, eats = DAYS[day]
    meals = [Event(420, 45.0), Event(720, 70.0), Event(1080, 80.0)] if eats else []
    boluses = [Event(m.minute, s * m.amount / bodies.carb_ratio) for m, s in zip(meals, shares, strict=True)]
    course = simulate(bodies, plan_day(basal * bodies.basal_u_per_h, meals, boluses, 1440))
    np.testing.assert_allclose(course.sensor_glucose_mg_per_dl[::30], theirs, rtol=0, atol=TOLERANCE_MG_PER_DL)
    assert course.carbohydrate_error.max() < 1e-4
    if eats:
        assert np.ptp(theirs, axis=0).min() > 10  # nobody's day is a flat line


@pytest.mark.parametrize(
    ("day", "inputs"),
    [
        ("full", MEALS),
        ("missed", {**MEALS, "missed_bolus": 2}),
        ("reduced", {**MEALS, "bolus_percent": 50}),
        ("reduced", {**MEALS, "insulin_bolus_units": [2.25, 3.5, 4]}),
        ("full", {**MEALS, "insulin_carb_ratio_g_per_unit": 10}),
    ],
)
def test_the_front_door_gives_the_same_day(day: str, inputs: dict[str, object]) -> None:
    """Of adult#001, whose published ratio is 1 unit for 10 g."""
    ids, theirs = golden(day)
    run = TWIN.simulate(MODEL, {"patient": "adult#001", **inputs})
    glucose = next(series for series in run.series if series.name == "glucose")
    assert glucose.times[6] == 30
    column = theirs[:, ids.index("adult#001")]
    np.testing.assert_allclose(glucose.values[::6], column, rtol=0, atol=TOLERANCE_MG_PER_DL)


def slopes(t: float, y: np.ndarray, p: dict[str, float], grams: float, units: float, meal_mg: float) -> list[float]:
    """The 13 equations as published, written apart from the engine; `meal_mg` is D of the gastric emptying."""
    q1, q2, q3, gp, gt, ip, x, i1, idel, il, s1, s2, gs = y
    emptying = p["kmax"]
    if meal_mg > 0:
        alpha, beta = 5 / (2 * meal_mg * (1 - p["b"])), 5 / (2 * meal_mg * p["d"])
        bends = tanh(alpha * (q1 + q2 - p["b"] * meal_mg)) - tanh(beta * (q1 + q2 - p["d"] * meal_mg))
        emptying = p["kmin"] + (p["kmax"] - p["kmin"]) / 2 * (bends + 2)
    level = ip / p["vi"]
    production = max(p["kp1"] - p["kp2"] * gp - p["kp3"] * idel, 0)
    excretion = p["ke1"] * max(gp - p["ke2"], 0)
    use = (p["vm0"] + p["vmx"] * x) * gt / (p["km0"] + gt)
    exchange = p["k1"] * gp - p["k2"] * gt
    return [
        1000 * grams - p["kmax"] * q1, p["kmax"] * q1 - emptying * q2, emptying * q2 - p["kabs"] * q3,
        production + p["f"] * p["kabs"] * q3 / p["bw"] - p["fsnc"] - excretion - exchange, exchange - use,
        -(p["m2"] + p["m4"]) * ip + p["m1"] * il + p["ka1"] * s1 + p["ka2"] * s2,
        p["p2u"] * (level - p["ib"] - x), p["ki"] * (level - i1), p["ki"] * (i1 - idel),
        p["m2"] * ip - (p["m1"] + p["m30"]) * il,
        6000 * units / p["bw"] - (p["ka1"] + p["kd"]) * s1, p["kd"] * s1 - p["ka2"] * s2, p["ksc"] * (gp - gs),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["adult#004", "child#008", "average_adult"])
def test_stepping_agrees_with_an_adaptive_integrator(name: str) -> None:
    """Six hours with two meals, the second into a stomach that is not empty yet, a bolus too early and low basal."""
    body, minutes = patient(name), 360
    p = {field: float(getattr(body, field)[0]) for field in body.__dataclass_fields__}
    basal = 0.9 * body.basal_u_per_h
    day = plan_day(basal, [Event(30, 52.0), Event(120, 23.0)], [Event(15, 3.0)], minutes)
    ours = simulate(body, day)
    first, second, liver, plasma, p["ib"] = (float(one[0]) for one in body.fasting_insulin())
    glucose, tissue = p["gb"] * p["vg"], float(body.tissue_glucose(body.gb)[0])
    state = np.array([0, 0, 0, glucose, tissue, plasma, 0, p["ib"], p["ib"], liver, first, second, glucose])
    before = eaten = 0.0
    for minute in range(minutes):
        grams, units = float(day.eaten_g[minute, 0]), float(day.insulin_u[minute, 0])
        if grams and not (minute and day.eaten_g[minute - 1, 0]):
            before, eaten = state[0] + state[1], 0.0
        eaten += 1000 * grams
        solved = solve_ivp(
            slopes, (0, 1), state, method="DOP853", rtol=1e-9, atol=1e-9, args=(p, grams, units, before + eaten)
        )
        state = solved.y[:, -1]
        assert ours.plasma_glucose_mg_per_dl[minute + 1, 0] == pytest.approx(state[3] / p["vg"], abs=0.02)
        assert ours.sensor_glucose_mg_per_dl[minute + 1, 0] == pytest.approx(state[12] / p["vg"], abs=0.02)
        assert ours.insulin_pmol_per_l[minute + 1, 0] == pytest.approx(state[5] / p["vi"], rel=1e-7)


def test_published_steady_states_follow_from_the_parameters() -> None:
    """adolescent#001 in simglucose's table: Ib 97.554 pmol/L, Ipb 4.697517762, isc1ss 57.951224472, Gtb 176.506559902."""
    body = patient("adolescent#001")
    first, second, liver, plasma, level = (float(one[0]) for one in body.fasting_insulin())
    assert (first, second) == pytest.approx((57.951224472, 93.2258828462), rel=1e-9)
    assert (liver, plasma, level) == pytest.approx((3.19814917262, 4.697517762, 97.554), rel=1e-9)
    assert body.tissue_glucose(body.gb)[0] == pytest.approx(176.506559902, rel=1e-9)
    assert body.with_fasting_glucose(body.gb).kp1[0] == pytest.approx(11.5048231338, rel=1e-9)


def test_a_body_is_the_same_alone_and_among_others() -> None:
    _, bodies = published()
    day = plan_day(bodies.basal_u_per_h, [Event(10, 30.0)], [Event(0, 2.0)], 240)
    together = simulate(bodies, day).sensor_glucose_mg_per_dl[:, 12]
    alone = simulate(bodies.take([12]), Day(day.eaten_g[:, [12]], day.insulin_u[:, [12]]))
    np.testing.assert_allclose(alone.sensor_glucose_mg_per_dl[:, 0], together, rtol=0, atol=1e-9)


def test_meals_are_queued_at_the_pace_of_eating() -> None:
    day = plan_day(np.array([0.6]), [Event(1, 12.0), Event(2, 4.0)], [Event(3, 2.0)], 7)
    assert day.eaten_g[:, 0].tolist() == [0, 5, 5, 5, 1, 0, 0]
    assert day.insulin_u[:, 0] == pytest.approx([0.01, 0.01, 0.01, 2.01, 0.01, 0.01, 0.01])


def numbers(run: ModelRun) -> dict[str, float]:
    return {output.name: float(output.value) for output in run.outputs}


def test_fasting_on_its_own_basal_rate_nothing_moves() -> None:
    """adult#001: fasting glucose 138.56 mg/dL; basal u2ss BW 60/6000 = 1.2386 pmol/kg/min x 102.32 kg /100 U/h."""
    run = TWIN.simulate(MODEL, {"patient": "adult#001"})
    body = patient("adult#001")
    got = numbers(run)
    assert (got["min_glucose"], got["max_glucose"]) == pytest.approx((138.56, 138.56), abs=1e-6)
    assert got["basal_used"] == pytest.approx(float(body.u2ss[0] * body.bw[0]) / 100)
    assert (got["time_in_range"], got["bolus_total"]) == (100, 0)


@pytest.mark.parametrize("fasting", [90, 140, 220])
def test_calibrated_fasting_glucose_is_held_by_the_calibrated_basal_need(fasting: float) -> None:
    """220 mg/dL lies above the renal threshold (339 mg/kg over Vg), so excretion is part of the balance."""
    calibrated = {"fasting_glucose_mg_dl": fasting, "basal_need_units_per_h": 0.9, "weight_kg": 60}
    got = numbers(TWIN.simulate(MODEL, {"patient": "average_adult", **calibrated}))
    assert (got["min_glucose"], got["max_glucose"]) == pytest.approx((fasting, fasting), abs=1e-6)
    assert got["basal_used"] == pytest.approx(0.9)


def test_twice_the_basal_need_is_half_the_effect_of_insulin() -> None:
    """With kp3 and vmx halved and insulin doubled, the course of glucose is the same as before."""
    own = float(patient("adult#003").basal_u_per_h[0])
    meal = {"patient": "adult#003", "carbohydrate_g": [60], "meal_time_h": [1], "horizon_h": 8}
    before = TWIN.simulate(MODEL, {**meal, "insulin_bolus_units": [6]})
    after = TWIN.simulate(MODEL, {**meal, "insulin_bolus_units": [12], "basal_need_units_per_h": 2 * own})
    assert after.series[0].values == pytest.approx(before.series[0].values, abs=1e-8)
    assert after.series[2].values == pytest.approx([2 * level for level in before.series[2].values], rel=1e-9)


def test_the_average_adult_is_in_balance_and_between_the_adults() -> None:
    adults = published()[1].take(range(10, 20))
    mean = patient("average_adult")
    assert mean.bw[0] == pytest.approx(adults.bw.mean())
    got = numbers(TWIN.simulate(MODEL, {"patient": "Average adult"}))
    assert (got["min_glucose"], got["max_glucose"]) == pytest.approx((mean.gb[0], mean.gb[0]), abs=1e-6)


def test_a_starting_glucose_other_than_fasting_returns_to_it() -> None:
    run = TWIN.simulate(MODEL, {"patient": "adult#001", "glucose_mg_dl": {"value": 14, "unit": "mmol/L"}})
    assert run.series[0].values[0] == pytest.approx(252.2, abs=0.1)
    assert numbers(run)["final_glucose"] == pytest.approx(138.56, abs=3)


def test_scenarios_order_as_insulin_does() -> None:
    comparison = TWIN.compare(
        MODEL, DAY,
        [
            Scenario(name="missed", changes={"bolus_percent": 0}),
            Scenario(name="reduced", changes={"bolus_percent": 50}),
            Scenario(name="early", changes={"bolus_time_h": [6.75, 11.75, 17.75]}),
            Scenario(name="high basal", changes={"basal_units_per_h": 1.6}),
        ],
    )  # fmt: skip
    full, missed, reduced, early, high = (numbers(run) for run in comparison.runs)
    assert missed["mean_glucose"] > reduced["mean_glucose"] > full["mean_glucose"] > high["mean_glucose"]
    assert full["max_glucose"] > early["max_glucose"]
    assert (missed["bolus_total"], reduced["bolus_total"], full["bolus_total"]) == pytest.approx((0, 9.75, 19.5))


def test_under_20_is_flagged_and_not_clamped() -> None:
    run = TWIN.simulate(MODEL, {"patient": "adult#001", "insulin_bolus_units": [60], "bolus_time_h": [2]})
    assert numbers(run)["min_glucose"] < 10
    (said,) = run.outside_derivation
    assert said.startswith("glucose is under 20 mg/dL from minute ")
    minute = int(said.split("minute ")[1].split(";")[0])
    plasma = next(series for series in run.series if series.name == "plasma_glucose")
    assert min(v for t, v in zip(plasma.times, plasma.values, strict=True) if t < minute) >= 20
    assert any(said in warning for warning in run.warnings)


def test_over_600_is_flagged() -> None:
    meals = {"carbohydrate_g": [300, 300], "meal_time_h": [0, 2], "bolus_percent": 0}
    run = TWIN.simulate(MODEL, {"patient": "child#001", **meals})
    assert any("over 600 mg/dL" in text for text in run.outside_derivation)


def test_summary_of_a_known_course() -> None:
    """Ten minutes each at 50, 60, 100, 200 and 300 mg/dL; risk of a reading as Kovatchev 1997 has it.

    ln 50 = 3.9120, to the power 1.084 4.3869; 1.509 (4.3869 - 5.381) = -1.5001, squared times 10 = 22.50 (low).
    Likewise 60: 13.57 and 100: 0.48 (low), 200: 11.60 and 300: 33.95 (high).
    """
    got = {o.name: o for o in summary(np.repeat([50.0, 60.0, 100.0, 200.0, 300.0], 10))}
    assert got["mean_glucose"].value == pytest.approx(142)
    assert [got[f"time_{name}"].value for name in ("in_range", "below_70", "below_54", "above_180", "above_250")] == (
        pytest.approx([20, 40, 20, 40, 20])
    )
    assert got["min_glucose"].interpretation.startswith("level 2")
    assert (got["time_of_min"].value, got["time_of_max"].value) == (0, 40)
    assert got["lbgi"].value == pytest.approx((22.50 + 13.57 + 0.48) / 5, abs=0.01)
    assert got["hbgi"].value == pytest.approx((11.60 + 33.95) / 5, abs=0.01)


@pytest.mark.parametrize(("level", "in_range", "low"), [(70.0, 100, 0), (69.999, 0, 100), (180.0, 100, 0)])
def test_the_ends_of_the_target_range_belong_to_it(level: float, in_range: float, low: float) -> None:
    got = {o.name: o.value for o in summary(np.full(5, level))}
    assert (got["time_in_range"], got["time_below_70"]) == (in_range, low)


def test_sensor_error_of_known_draws() -> None:
    """Breton 2008 by hand: e1 = 0, e2 = 0.7(0 + 1) = 0.7, e3 = 0.7(0.7 - 1) = -0.21, e4 = -0.147.

    error = -5.47 + 15.9574 sinh((e + 0.5444)/1.6898), at the knots of the spline.
    """
    got = sensor_error_mg_per_dl(np.array([0.0, 1.0, -1.0, 0.0]), np.array([0.0, 15.0, 30.0, 45.0]))
    expected = [-5.47 + 15.9574 * np.sinh((e + 0.5444) / 1.6898) for e in (0.0, 0.7, -0.21, -0.147)]
    assert got == pytest.approx(expected, abs=1e-9)
    assert expected[0] == pytest.approx(-0.24, abs=0.01)
    assert (draws_needed(1440), draws_needed(61), draws_needed(10)) == (97, 6, 4)


def test_sensor_readings_depend_on_the_seed_alone() -> None:
    noisy = {**DAY, "cgm_noise": True}
    one, again, other = (build_twin(seed=seed).simulate(MODEL, noisy) for seed in (1, 1, 2))
    readings = [run.series[-1] for run in (one, again, other)]
    assert {series.name for series in readings} == {"cgm"}
    assert readings[0] == readings[1] and readings[0] != readings[2]
    assert one.outputs == other.outputs and one.seed == 1
    plain = TWIN.simulate(MODEL, DAY)
    assert plain.seed is None and [series.name for series in plain.series] == [
        "glucose", "plasma_glucose", "plasma_insulin",
    ]  # fmt: skip
    error = np.array(readings[0].values) - np.array(one.series[0].values)
    assert 2 < error.std() < 30 and (error > 0).any() and (error < 0).any()


def test_what_was_taken_from_the_virtual_body_is_said() -> None:
    text = " ".join(TWIN.simulate(MODEL, DAY).warnings)
    assert "not this patient's" in text and "Basal insulin was set" in text and "1 unit for 10 g" in text
    given = {**DAY, "basal_units_per_h": 1.2, "insulin_bolus_units": [4, 7, 8]}
    said = TWIN.simulate(MODEL, given).warnings
    assert len(said) == 1 and "not this patient's" in said[0]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"patient": None}, ["patient"]),
        ({"meal_time_h": None}, ["meal_time_h"]),
        ({"carbohydrate_g": None}, ["carbohydrate_g"]),
        ({"carbohydrate_g": None, "meal_time_h": None, "insulin_bolus_units": [4]}, ["bolus_time_h"]),
        ({"carbohydrate_g": None, "meal_time_h": None, "bolus_time_h": [4]}, ["insulin_bolus_units"]),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, object], missing: list[str]) -> None:
    with pytest.raises(MissingCovariate) as error:
        TWIN.simulate(MODEL, {**DAY, **changes})
    assert error.value.details["missing"] == missing


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"patient": "adult#011"}, "patient must be one of"),
        ({"meal_time_h": [7, 12]}, "one value each for every meal"),
        ({"meal_time_h": [7, 12, 24]}, "meal_time_h 24 lies beyond the 24 h"),
        ({"bolus_time_h": [7, 12]}, "3 boluses have 2 times"),
        ({"bolus_time_h": [7, 12, 30]}, "bolus_time_h 30 lies beyond"),
        ({"missed_bolus": 4}, "missed_bolus is 4, of 3 boluses"),
        ({"insulin_bolus_units": [4, 7, 8], "insulin_carb_ratio_g_per_unit": 10}, "exclude each other"),
        ({"carbohydrate_g": [45, -70, 80]}, "carbohydrate_g -70 g is outside 0 to 300"),
        ({"carbohydrate_g": {"value": [45, 70, 80], "unit": "mmol"}}, "carbohydrate_g: "),
        ({"weight_kg": -70}, "weight_kg -70 kg is outside"),
        ({"basal_units_per_h": {"value": 1, "unit": "mg/h"}}, "basal_units_per_h: "),
        ({"glucose_mg_dl": 5.5}, "glucose_mg_dl 5.5 mg/dL is outside 20 to 600"),
        ({"horizon_h": 0}, "horizon_h 0 h is outside"),
        ({"dinner": 80}, "unknown input dinner"),
    ],
)
def test_impossible_days_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said.replace("(", r"\(")):
        TWIN.simulate(MODEL, {**DAY, **changes})


@pytest.mark.parametrize("kind", ["type_2", "none"])
def test_only_type_1_is_simulated(kind: str) -> None:
    with pytest.raises(OutsideModelDomain, match="type 1"):
        TWIN.simulate(MODEL, {**DAY, "diabetes_type": kind})


def test_other_units_are_converted() -> None:
    plain = TWIN.simulate(MODEL, {**DAY, "horizon_h": 20, "weight_kg": 81.6466266, "fasting_glucose_mg_dl": 140})
    other = TWIN.simulate(MODEL, {
        "patient": "adult#001", "carbohydrate_g": {"value": [0.045, 0.07, 0.08], "unit": "kg"},
        "meal_time_h": {"value": [420, 720, 1080], "unit": "min"}, "horizon_h": {"value": 1200, "unit": "min"},
        "weight_kg": {"value": 180, "unit": "lb"}, "fasting_glucose_mg_dl": {"value": 7.771, "unit": "mmol/L"},
    })  # fmt: skip
    assert other.series[0].values == pytest.approx(plain.series[0].values, abs=0.01)


def test_calibration_outside_the_published_patients_is_warned_of() -> None:
    run = TWIN.simulate(MODEL, {**DAY, "fasting_glucose_mg_dl": 200, "basal_need_units_per_h": 2.5})
    assert len(run.outside_derivation) == 2 and "outside 133 to 153" in run.outside_derivation[0]
