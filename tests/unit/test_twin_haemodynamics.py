"""The circulation: its equations by hand, published observations, ATLS classes and directions of change.

There is no published table of this beat-averaged form; what is checked is the static reflex of Ursino 1998 by hand, the
identities that hold at rest, published observations in volunteers, and the directions that textbooks give.
"""

from __future__ import annotations

import time
from functools import cache
from itertools import pairwise
from math import exp, log
from typing import Any

import numpy as np
import pytest

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain
from domain.predictions import ModelRun, Scenario
from domain.quantities import convert
from twin_backend import build_twin
from twin_backend.engines import circulation
from twin_backend.engines.circulation import NOTHING, Bodies, Events, Readings
from twin_backend.engines.circulation_bodies import SPREAD, ensemble, fitted

TWIN = build_twin()
BODY = Bodies()
REST = circulation.settle(BODY, 1)


def predict(**inputs: Any) -> ModelRun:
    return TWIN.predict("haemodynamics_ursino", {"weight_kg": 70, "horizon_min": 1, **inputs})


def value(run: ModelRun, name: str) -> float:
    return float(run.output(name).value)


def at_rest(body: Bodies) -> Readings:
    rest = REST if body is BODY else circulation.settle(body, 1)
    return circulation.read(body, rest.state)


@cache
def after_loss(percent: float) -> Readings:
    """One body, 10 % of its blood lost each 5 min, then 5 min."""
    volume = 53.0 * percent
    minutes = percent / 2
    _, states = circulation.simulate(
        BODY, REST, lambda s: Events(bleeding=volume / (60 * minutes)) if s < 60 * minutes - 1e-9 else NOTHING,
        minutes + 5,
    )  # fmt: skip
    return circulation.read(BODY, states[-1])


def under(events: Events, minutes: float = 15, body: Bodies = BODY, rest: circulation.Rest = REST) -> Readings:
    _, states = circulation.simulate(body, rest, lambda _: events, minutes)
    return circulation.read(body, states[-1], events)


def test_the_static_reflex_by_hand_at_its_set_point() -> None:
    """Ursino 1998, equations 33 to 36, at 92 mmHg: firing half way between 2.52 and 47.78 per s."""
    carotid = (2.52 + 47.78) / 2
    sympathetic = 2.10 + (16.11 - 2.10) * exp(-0.0675 * carotid)
    vagal = (3.2 + 6.3 * exp((carotid - 25) / 7.06)) / (1 + exp((carotid - 25) / 7.06))
    drive, found = circulation._reflex(BODY, np.array([92.0]))
    assert drive[0] == pytest.approx(log(sympathetic - 2.66 + 1)) and found[0] == pytest.approx(vagal)
    assert drive[0] == pytest.approx(1.100, abs=5e-4) and found[0] == pytest.approx(4.766, abs=5e-4)
    silent, _ = circulation._reflex(BODY, np.array([400.0]))
    assert silent[0] == 0.0  # sympathetic activity under its threshold of 2.66 per s


def test_rest_is_the_published_adult() -> None:
    """Ursino 1998 reports about 72 beats/min, 5 L/min and mean pressure near 91 mmHg at rest."""
    rest = at_rest(BODY)
    assert rest.mean_pressure[0] == pytest.approx(92, abs=3) and rest.heart_rate[0] == pytest.approx(70, abs=5)
    assert rest.cardiac_output[0] == pytest.approx(5.2, abs=0.3)
    assert 2 < rest.central_venous_pressure[0] < 7 and 5 < rest.lung_venous_pressure[0] < 12
    assert 12 < rest.lung_arterial_pressure[0] < 20 and 35 < rest.pulse_pressure[0] < 50


def test_rest_obeys_the_pressure_volume_relations_and_ohms_law() -> None:
    rest = at_rest(BODY)
    drive = REST.drive[0]
    filled = log(1 + rest.lung_venous_pressure[0] / 1.5) / 0.014
    stroke = filled - 16.77 - rest.mean_pressure[0] / (2.392 + 0.475 * drive)
    assert rest.stroke_volume[0] == pytest.approx(stroke, rel=1e-4)
    flow = rest.cardiac_output[0] * 1000 / 60
    drop = rest.mean_pressure[0] - rest.central_venous_pressure[0]
    assert drop / flow == pytest.approx(rest.resistance[0], rel=1e-4)
    assert 60 / rest.heart_rate[0] == pytest.approx(0.58 - 0.13 * drive + 0.09 * REST.vagal[0], rel=1e-4)


def test_rest_stays_at_rest() -> None:
    now, later = at_rest(BODY), under(NOTHING, 10)
    assert later.mean_pressure[0] == pytest.approx(now.mean_pressure[0], abs=1e-3)
    assert later.blood_volume[0] == pytest.approx(5300, abs=1e-6)


def test_nine_hundred_millilitres_lower_pressure_by_about_ten() -> None:
    """Drobin and Hahn 1999: 900 mL taken from young men lowered systolic and diastolic pressure by about 10 mmHg."""
    run = predict(blood_loss_ml=900, blood_loss_rate_ml_min=60, horizon_min=16, weight_kg=75)
    assert value(run, "baseline_mean_arterial_pressure") - value(run, "mean_arterial_pressure") == pytest.approx(
        10, abs=5
    )


def test_ringer_spreads_as_reported() -> None:
    """Hahn 2020: 50 to 60 % in the plasma while it runs, 15 to 20 % half an hour after; here 25 mL/kg over 30 min."""
    give = 1750 / 1800
    _, states = circulation.simulate(BODY, REST, lambda s: Events(crystalloid=give) if s < 1800 else NOTHING, 60)
    left = states[:, circulation.CRYSTALLOID_IN_BLOOD, 0] / 1750
    assert left[60] == pytest.approx(0.5, abs=0.03) and 0.15 <= left[120] <= 0.20
    assert circulation.balance_error(states) < 1e-12


def test_excretion_falls_to_a_quarter_after_blood_loss() -> None:
    """Drobin and Hahn 1999: elimination 133 mL/min, and 34 after 900 mL of blood."""
    after = REST.state.copy()
    after[circulation.CRYSTALLOID_IN_BLOOD] = 300.0
    intact, _ = circulation._fluid_slopes(BODY, after, NOTHING)
    after[circulation.LOST] = 900.0
    bled, _ = circulation._fluid_slopes(BODY, after, NOTHING)
    assert bled[2, 0] / intact[2, 0] == pytest.approx(34 / 133)


@pytest.mark.parametrize(
    ("percent", "rate", "systolic", "pulse"),
    [
        (10, (60, 100), (105, 130), (30, 46)),  # class I: rate under 100, pressure and pulse pressure near normal
        (25, (80, 120), (90, 115), (20, 35)),  # class II: rate up, pressure nearly kept, pulse pressure narrowed
        (35, (90, 140), (70, 95), (12, 25)),  # class III: hypotension
        (45, (100, 140), (30, 70), (5, 15)),  # class IV: profound
    ],
)
def test_atls_classes(
    percent: float, rate: tuple[float, float], systolic: tuple[float, float], pulse: tuple[float, float]
) -> None:
    """ATLS 10th edition by direction. Its rates (over 120, over 140) are not met by the model nor by registries: Guly
    2011 (Resuscitation 82:556-9) saw at most 114 in class IV."""
    found = after_loss(percent)
    assert rate[0] <= found.heart_rate[0] <= rate[1]
    assert systolic[0] <= found.mean_pressure[0] + 2 / 3 * found.pulse_pressure[0] <= systolic[1]
    assert pulse[0] <= found.pulse_pressure[0] <= pulse[1]


def test_the_more_is_lost_the_further_everything_goes() -> None:
    steps = [at_rest(BODY), *(after_loss(p) for p in (10, 25, 35, 45))]
    for name, sign in (("heart_rate", 1), ("mean_pressure", -1), ("pulse_pressure", -1), ("cardiac_output", -1),
                       ("central_venous_pressure", -1), ("resistance", 1)):  # fmt: skip
        values = [float(getattr(step, name)[0]) for step in steps]
        assert all(sign * (b - a) > 0 for a, b in pairwise(values)), name


@pytest.mark.parametrize(
    ("events", "signs"),
    [
        (Events(bleeding=1.0), "-+---+"),
        (Events(crystalloid=1.0), "+-+++-"),
        (Events(blood=1.0), "+-+++-"),
        (Events(vasopressor=1.0), "+-?+?+"),  # the output of a healthy heart may go either way
        (Events(thoracic_pressure=4.0), "-+--++"),
    ],
)
def test_directions_of_change(events: Events, signs: str) -> None:
    names = ("mean_pressure", "heart_rate", "cardiac_output", "stroke_volume", "central_venous_pressure", "resistance")
    before, after = at_rest(BODY), under(events, 8)
    for name, sign in zip(names, signs, strict=True):
        change = float(getattr(after, name)[0] - getattr(before, name)[0])
        assert sign == "?" or (change > 0) == (sign == "+"), f"{name} {change:+.2f}"


def test_ventilation_lowers_filling_although_central_venous_pressure_rises() -> None:
    before, after = at_rest(BODY), under(Events(thoracic_pressure=6.0))
    assert 0 < after.central_venous_pressure[0] - before.central_venous_pressure[0] < 6
    assert after.lung_venous_pressure[0] < before.lung_venous_pressure[0]


def test_without_the_reflex_pressure_falls_further_and_the_rate_stays() -> None:
    deaf = BODY.scaled({"reflex_gain": 0.0})
    found, intact = under(Events(bleeding=1.0), 12, deaf), under(Events(bleeding=1.0), 12)
    assert found.heart_rate[0] == pytest.approx(at_rest(BODY).heart_rate[0], abs=0.05)
    assert found.mean_pressure[0] < intact.mean_pressure[0] - 5


def test_blood_given_back_restores_the_circulation() -> None:
    give = {"blood_loss_ml": 1200, "blood_loss_rate_ml_min": 120}
    bled = predict(**give, horizon_min=11)
    back = predict(**give, blood_transfusion_ml=1200, blood_transfusion_rate_ml_min=120, blood_transfusion_start_min=10,
                   horizon_min=22)  # fmt: skip
    start = value(back, "baseline_mean_arterial_pressure")
    assert value(bled, "mean_arterial_pressure") < start - 8
    assert value(back, "mean_arterial_pressure") == pytest.approx(start, abs=2)
    assert back.output("baseline_heart_rate").value == pytest.approx(value(back, "heart_rate"), abs=2)


def test_size_changes_flows_and_nothing_else() -> None:
    small = predict(weight_kg=50, blood_loss_ml=500, blood_loss_rate_ml_min=100, horizon_min=6)
    large = predict(weight_kg=100, blood_loss_ml=1000, blood_loss_rate_ml_min=200, horizon_min=6)
    for name in ("mean_arterial_pressure", "heart_rate", "central_venous_pressure", "blood_loss_percent"):
        assert value(small, name) == pytest.approx(value(large, name), rel=1e-9)
    assert 2 * value(small, "cardiac_output") == pytest.approx(value(large, "cardiac_output"), rel=1e-9)
    assert value(small, "baseline_blood_volume") == pytest.approx(5.3 * 50 / 70)


def test_blood_volume_with_height_by_lemmens() -> None:
    """120 kg and 170 cm: body mass index 41.52, so 75.71 mL/kg x sqrt(22/41.52) = 55.11 mL/kg, 6.61 L."""
    assert value(predict(weight_kg=120, height_cm=170), "baseline_blood_volume") == pytest.approx(6.613, abs=2e-3)


@pytest.mark.parametrize(("pressure", "pulse", "rate"), [(110, 55, 60), (75, 35, 95), (93, 45, 48)])
def test_the_patients_resting_vital_signs_are_met(pressure: float, pulse: float, rate: float) -> None:
    rest = at_rest(fitted(BODY, pressure, pulse, rate))
    assert rest.mean_pressure[0] == pytest.approx(pressure, abs=0.5)
    assert rest.pulse_pressure[0] == pytest.approx(pulse, abs=0.5)
    assert rest.heart_rate[0] == pytest.approx(rate, abs=0.5)
    assert 2 < rest.central_venous_pressure[0] < 7


def test_vital_signs_in_the_run() -> None:
    run = predict(systolic_bp_mmhg=140, diastolic_bp_mmhg=80, heart_rate_bpm=62)
    assert value(run, "systolic_pressure") == pytest.approx(140, abs=1)
    assert value(run, "diastolic_pressure") == pytest.approx(80, abs=1)
    assert value(run, "baseline_heart_rate") == pytest.approx(62, abs=0.5)


def test_the_ensemble_conserves_volume_is_reproducible_and_fast() -> None:
    normals = np.random.default_rng(1).standard_normal((200, len(SPREAD)))
    bodies = ensemble(BODY, normals)
    rest = circulation.settle(bodies, 201)
    started = time.process_time()
    _, states = circulation.simulate(bodies, rest, lambda s: Events(bleeding=1.5, crystalloid=0.5), 15)
    took = time.process_time() - started
    assert circulation.balance_error(states) < 1e-12 and np.isfinite(states).all()
    assert 200 * 15 * 60 / took > 10_000  # each of 200 members more than 1,000 times faster than real time, with room
    rest_readings = circulation.read(bodies, rest.state)
    assert rest_readings.mean_pressure[0] == pytest.approx(at_rest(BODY).mean_pressure[0], abs=1e-6)
    assert np.std(np.log(rest_readings.blood_volume[1:])) == pytest.approx(0.08, abs=0.015)


def test_same_seed_same_run_and_scenarios_share_their_bodies() -> None:
    first, second = predict(norepinephrine_ug_kg_min=0.1), predict(norepinephrine_ug_kg_min=0.1)
    assert first.outputs == second.outputs and first.ensemble_size == 200 and first.seed is not None
    assert first.conservation["blood_and_fluid_relative_error"] < 1e-12
    compared = TWIN.compare(
        "haemodynamics_ursino", {"weight_kg": 70, "horizon_min": 4},
        [Scenario(name="bleeding", changes={"blood_loss_ml": 500, "blood_loss_rate_ml_min": 100})],
    )  # fmt: skip
    row = next(row for row in compared.differences if row["output"] == "mean_arterial_pressure")
    assert row["difference_low"] < row["difference"] < row["difference_high"] < 0


@pytest.mark.parametrize(
    ("loss", "name"),
    [(795, "II"), (794, "I"), (1590, "II"), (1600, "III"), (2120, "III"), (2130, "IV")],
)
def test_the_class_of_a_loss(loss: float, name: str) -> None:
    """Of 5,300 mL: 15 % is 795, 30 % is 1,590, 40 % is 2,120."""
    run = predict(blood_loss_ml=loss, blood_loss_rate_ml_min=1000)
    assert run.output("atls_class").value == name


def test_collapse_is_said_to_be_outside_the_model() -> None:
    run = predict(blood_loss_ml=2600, blood_loss_rate_ml_min=650, horizon_min=8)
    assert value(run, "lowest_mean_arterial_pressure") < 40
    assert any("under 40 mmHg from minute" in text for text in run.outside_derivation)
    assert all(s.values for s in run.series) and {s.name for s in run.series} >= {"heart_rate", "cardiac_output"}


def test_hemoglobin_falls_by_dilution_only() -> None:
    """Whole blood lost leaves the concentration: what dilutes is fluid, here 1 L on the way out of the vessels."""
    lost = predict(hemoglobin_g_dl=14, blood_loss_ml=1000, blood_loss_rate_ml_min=500, horizon_min=3)
    filled = predict(hemoglobin_g_dl=14, blood_loss_ml=1000, blood_loss_rate_ml_min=500, crystalloid_ml=1000,
                     crystalloid_rate_ml_min=500, crystalloid_start_min=3, horizon_min=6)  # fmt: skip
    assert 13.8 < value(lost, "hemoglobin") < 14
    assert 11.2 < value(filled, "hemoglobin") < 12.2


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"blood_loss_ml": -100}, "blood_loss_ml -100"),
        ({"weight_kg": -70}, "weight_kg"),
        ({"norepinephrine_ug_kg_min": 40}, "norepinephrine"),
        ({"peep_cmh2o": 10, "mean_airway_pressure_cmh2o": 14}, "not both"),
        ({"systolic_bp_mmhg": 100, "diastolic_bp_mmhg": 95}, "must exceed"),
        ({"blood_loss_ml": {"value": 500, "unit": "kg"}}, "blood_loss_ml"),
    ],
)
def test_what_cannot_be_is_refused(inputs: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        predict(**inputs)


def test_missing_rates_and_pressures_are_named() -> None:
    with pytest.raises(MissingCovariate) as error:
        predict(blood_loss_ml=500, crystalloid_ml=500, systolic_bp_mmhg=120)
    wanted = ["blood_loss_rate_ml_min", "crystalloid_rate_ml_min", "diastolic_bp_mmhg"]
    assert error.value.details["missing"] == wanted


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"age_years": 10}, "18 years or older"),
        ({"blood_loss_ml": 2700, "blood_loss_rate_ml_min": 100}, "51 % of the blood volume"),
        ({"systolic_bp_mmhg": 70, "diastolic_bp_mmhg": 45}, "90 to 180"),
        ({"heart_rate_bpm": 140}, "45 to 110"),
        ({"weight_kg": 20}, "40 to 150"),
    ],
)
def test_patients_it_was_not_made_for_are_refused(inputs: dict[str, Any], words: str) -> None:
    with pytest.raises(OutsideModelDomain, match=words):
        predict(**inputs)


def test_other_units_are_converted() -> None:
    plain = predict(blood_loss_ml=500, blood_loss_rate_ml_min=250, peep_cmh2o=10, horizon_min=3)
    other = predict(
        weight_kg={"value": 70000, "unit": "g"}, blood_loss_ml={"value": 0.5, "unit": "L"},
        blood_loss_rate_ml_min={"value": 15, "unit": "L/h"}, peep_cmh2o={"value": 7.35559, "unit": "mmHg"}, horizon_min=3,
    )  # fmt: skip
    assert value(other, "mean_arterial_pressure") == pytest.approx(value(plain, "mean_arterial_pressure"), abs=1e-3)
    assert convert(10, "cmH2O", "mmHg") == pytest.approx(7.3556, abs=1e-4)
