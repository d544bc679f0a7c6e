"""eGFR slope: the shrunk line by hand, its prior, thresholds and refusals.

No publication prints a worked patient; each number here is computed by hand from the published formula of the best
linear unbiased prediction with a flat prior on the level: the least-squares slope and the cohort's, each weighted by the
inverse of its variance.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist, fmean
from typing import Any

import pytest

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain
from domain.predictions import ModelRun
from twin_backend import build_twin

TWIN = build_twin()
YEARLY = {"egfr_values_ml_min_1_73m2": [52, 49, 47, 43, 40], "egfr_times_years": [0, 1, 2, 3, 4]}


def predict(**inputs: Any) -> ModelRun:
    return TWIN.predict("egfr_slope", {**YEARLY, **inputs})


def value(run: ModelRun, name: str) -> float:
    return float(run.output(name).value)


def test_the_prior_has_the_published_tails() -> None:
    """Naimark 2016, kidney-disease cohorts: 12 % of slopes under -5 and 7 % over +5; error variance 9/7 taken off."""
    slopes = NormalDist(-0.57, sqrt(3.60**2 + 9 / 7))
    assert 100 * slopes.cdf(-5) == pytest.approx(12, abs=0.15)
    assert 100 * (1 - slopes.cdf(5)) == pytest.approx(7, abs=0.15)


def test_two_values_by_hand() -> None:
    """30 then 22 a year later. Error SD 5.95 % of 26 = 1.547; least squares -8 with variance 2 x 1.547^2 = 4.787.

    Weights 1/4.787 = 0.2089 and 1/3.6^2 = 0.0772: slope (0.2089 x -8 + 0.0772 x -0.57)/0.2861 = -5.996, SD 1.870.
    """
    run = predict(egfr_values_ml_min_1_73m2=[30, 22], egfr_times_years=[-1, 0])
    assert value(run, "observed_slope") == pytest.approx(-8)
    assert value(run, "egfr_slope") == pytest.approx(-5.996, abs=0.003)
    half = (value(run, "egfr_slope_high") - value(run, "egfr_slope_low")) / 2
    assert half == pytest.approx(1.96 * 1.870, abs=0.005)
    assert run.calibration is not None and run.calibration.shrinkage["slope"] == pytest.approx(0.2698, abs=5e-4)
    # the level: mean 26 plus half a year of slope from the middle
    assert value(run, "current_egfr") == pytest.approx(26 - 5.996 / 2, abs=0.003)
    assert value(run, "years_to_egfr_15") == pytest.approx((26 - 2.998 - 15) / 5.996, abs=0.003)
    assert "rapid progression" in run.output("egfr_slope").interpretation


def test_five_values_by_hand() -> None:
    """Slope and variance: sum of squared times 10, error SD 5.95 % of 46.2."""
    run = predict()
    error = 0.0595 * fmean(YEARLY["egfr_values_ml_min_1_73m2"])
    squares = 10.0
    own, cohort = squares / error**2, 1 / 3.6**2
    assert value(run, "observed_slope") == pytest.approx(-3.0)
    slope = (own * -3.0 + cohort * -0.57) / (own + cohort)
    assert value(run, "egfr_slope") == pytest.approx(slope, abs=2e-3)
    level = 46.2 + 2 * slope
    assert value(run, "egfr_in_5_years") == pytest.approx(level + 5 * slope, abs=0.02)
    # seven years from the middle of the values: variance of the mean plus that of the slope
    spread = sqrt(error**2 / 5 + 49 / (own + cohort))
    below = 100 * NormalDist(level + 5 * slope, spread).cdf(30)
    assert value(run, "probability_below_30_in_5_years") == pytest.approx(below, abs=0.3)
    assert value(run, "years_to_egfr_30") == pytest.approx((level - 30) / -slope, abs=0.02)
    assert value(run, "years_to_egfr_30_low") < value(run, "years_to_egfr_30") < value(run, "years_to_egfr_30_high")
    assert run.output("probability_below_45_in_2_years").interpretation == "already under it"
    assert not any(output.name == "years_to_egfr_45" for output in run.outputs)


def test_a_sharp_prior_wins_and_a_vague_one_yields() -> None:
    assert value(predict(prior_slope_mean=0, prior_slope_sd=0.1), "egfr_slope") == pytest.approx(0, abs=0.05)
    assert value(predict(prior_slope_mean=0, prior_slope_sd=20), "egfr_slope") == pytest.approx(-3, abs=0.01)


def test_more_values_shrink_less() -> None:
    few = predict(egfr_values_ml_min_1_73m2=[52, 40], egfr_times_years=[0, 4])
    short = predict(egfr_values_ml_min_1_73m2=[52, 40], egfr_times_years=[0, 0.5])
    shares = [run.calibration.shrinkage["slope"] for run in (predict(), few, short) if run.calibration]
    assert shares == sorted(shares) and len(shares) == 3
    assert any("span 0.5 years" in text for text in short.warnings)


def test_order_and_origin_of_times_do_not_matter() -> None:
    turned = predict(egfr_values_ml_min_1_73m2=[40, 52, 43, 49, 47], egfr_times_years=[0, -4, -1, -3, -2])
    for name in ("egfr_slope", "current_egfr", "probability_below_30_in_5_years"):
        assert value(turned, name) == pytest.approx(value(predict(), name), abs=1e-9)


def test_months_are_converted() -> None:
    months = predict(egfr_times_years={"value": [0, 12, 24, 36, 48], "unit": "mo"})
    assert value(months, "egfr_slope") == pytest.approx(value(predict(), "egfr_slope"), abs=1e-6)


def test_a_rising_line_reaches_no_threshold() -> None:
    run = predict(egfr_values_ml_min_1_73m2=[70, 75, 80, 85], egfr_times_years=[0, 1, 2, 3])
    assert value(run, "egfr_slope") > 0
    assert any("not reached within 30 years" in text for text in run.warnings)
    assert value(run, "probability_below_15_in_5_years") < 1


def test_a_line_that_ends_is_called_kidney_failure_not_a_negative_number() -> None:
    run = predict(egfr_values_ml_min_1_73m2=[40, 30, 20], egfr_times_years=[0, 1, 2])
    assert value(run, "egfr_in_5_years") == 0 and "kidney failure" in run.output("egfr_in_5_years").interpretation
    assert min(run.series[0].values) == 0 and min(run.series[0].lower) == 0


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"egfr_times_years": [0, 1]}, "5 values and egfr_times_years 2"),
        ({"egfr_times_years": [1, 1, 1, 1, 1]}, "different times"),
        ({"egfr_values_ml_min_1_73m2": [50], "egfr_times_years": [0]}, "different times"),
        ({"egfr_values_ml_min_1_73m2": [52, 49, -47, 43, 40]}, "-47"),
        ({"egfr_values_ml_min_1_73m2": "52, 49"}, "egfr_values_ml_min_1_73m2"),
        ({"egfr_values_ml_min_1_73m2": {"value": [52, 49, 47, 43, 40], "unit": "mL/min"}}, "body surface"),
        ({"egfr_times_years": {"value": [0, 1, 2, 3, 4], "unit": "kg"}}, "egfr_times_years"),
    ],
)
def test_what_cannot_be_is_refused(inputs: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        predict(**inputs)


def test_children_are_refused_and_missing_lists_named() -> None:
    with pytest.raises(OutsideModelDomain, match="18 years"):
        predict(age_years=12)
    with pytest.raises(MissingCovariate) as error:
        TWIN.predict("ckd progression", {})
    assert error.value.details["missing"] == ["egfr_values_ml_min_1_73m2", "egfr_times_years"]
