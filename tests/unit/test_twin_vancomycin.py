"""Vancomycin: two roads to one answer, linearity, published estimates, refusals, common random numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain
from domain.predictions import Scenario
from twin_backend import build_twin
from twin_backend.engines.estimation import map_estimate
from twin_backend.engines.solvers import (
    Regimen,
    TwoCompartment,
    amounts_mg,
    auc_mg_h_per_l,
    concentration_mg_per_l,
    mass_balance_error,
    steady_state_mg_per_l,
    two_compartment_numerical,
)
from twin_backend.engines.vancomycin_goti2018_population import OMEGA_SD, individual

TWIN = build_twin(seed=1)
PATIENT = {
    "age_years": 60, "weight_kg": 70, "hemodialysis": False, "crcl_ml_min": 120, "dose_mg": 1000, "interval_h": 12,
}  # fmt: skip
BODIES = st.builds(
    TwoCompartment.of, st.floats(0.3, 12), st.floats(10, 150), st.floats(0.5, 15), st.floats(10, 120)
)  # fmt: skip
REGIMENS = st.builds(
    Regimen, st.floats(250, 3000), st.sampled_from([6.0, 8.0, 12.0, 24.0, 48.0]), st.floats(0.5, 4),
    st.integers(1, 6),
)  # fmt: skip
FEW = settings(max_examples=25, deadline=None)


@FEW
@given(BODIES, REGIMENS)
def test_analytic_and_numerical_solutions_agree(body: TwoCompartment, regimen: Regimen) -> None:
    times = np.linspace(0.1, regimen.interval_h * regimen.doses + 5, 40)
    exact = concentration_mg_per_l(body, regimen, times)[0]
    stepped = two_compartment_numerical(body, regimen, times)
    np.testing.assert_allclose(exact, stepped, rtol=1e-6, atol=1e-7)


@FEW
@given(BODIES, REGIMENS, st.floats(0.1, 10))
def test_concentration_is_proportional_to_dose(body: TwoCompartment, regimen: Regimen, factor: float) -> None:
    times = np.linspace(0, 60, 30)
    scaled = Regimen(regimen.dose_mg * factor, regimen.interval_h, regimen.infusion_h, regimen.doses)
    once = concentration_mg_per_l(body, regimen, times)
    np.testing.assert_allclose(concentration_mg_per_l(body, scaled, times), factor * once, rtol=1e-9)
    assert np.all(once >= 0)


@FEW
@given(BODIES, REGIMENS)
def test_doses_superpose(body: TwoCompartment, regimen: Regimen) -> None:
    times = np.linspace(0, 100, 50)
    single = regimen.repeated(1)
    shifted = sum(concentration_mg_per_l(body, single, times - start) for start in regimen.start_times_h)
    np.testing.assert_allclose(concentration_mg_per_l(body, regimen, times), shifted, rtol=1e-9, atol=1e-12)


@FEW
@given(BODIES, REGIMENS)
def test_drug_is_neither_made_nor_lost(body: TwoCompartment, regimen: Regimen) -> None:
    for time in (0.3, regimen.infusion_h, regimen.interval_h + 0.7, 200.0):
        assert mass_balance_error(body, regimen, time) < 1e-9
        assert min(float(amount[0]) for amount in amounts_mg(body, regimen, time)) >= -1e-9


def test_steady_state_is_the_limit_of_many_doses_and_its_area_is_dose_over_clearance() -> None:
    body, regimen = TwoCompartment.of(3.0, 50.0, 6.5, 38.4), Regimen(1000, 12, 1.5, 200)
    within = np.linspace(0, 12, 25)
    many = concentration_mg_per_l(body, regimen, 12.0 * 199 + within)
    np.testing.assert_allclose(many, steady_state_mg_per_l(body, regimen, within), rtol=1e-9)
    area = auc_mg_h_per_l(body, regimen, 2400.0) - auc_mg_h_per_l(body, regimen, 2388.0)
    assert area[0] == pytest.approx(1000 / 3.0, rel=1e-9)


def test_map_estimate_matches_monolix() -> None:
    """R package posologyr, tests/testthat/test_map_mlx.R, patient 2: Monolix gives CL 1.72 L/h, V1 59.8 L and V2 41.6 L,
    to three digits, with the residual error a + b f."""
    first, second = Regimen(1900, 1000, 1), Regimen(1750, 1000, 1)
    times, observed = np.array([12.0, 37.5]), np.array([14.8, 22.5])

    def predict(eta: np.ndarray) -> np.ndarray:
        body = individual(34, 62, False, eta[None, :])
        return (concentration_mg_per_l(body, first, times) + concentration_mg_per_l(body, second, times - 22.2))[0]

    estimate = map_estimate(predict, observed, lambda f: (3.4 + 0.227 * f) ** 2, np.array(OMEGA_SD))
    body = individual(34, 62, False, estimate.eta[None, :])
    assert body.clearance_l_per_h[0] == pytest.approx(1.72, rel=1e-2)
    assert body.central_volume_l[0] == pytest.approx(59.8, rel=1e-2)
    assert body.peripheral_volume_l[0] == pytest.approx(41.6, rel=1e-2)


def test_typical_values_are_the_papers() -> None:
    """Goti 2018, table 2, at 70 kg and 120 mL/min: CL 4.5 L/h, V1 58.4 L; AUC24 = 2000 mg / 4.5 L/h."""
    run = TWIN.simulate("vancomycin_goti2018", PATIENT)
    assert run.output("clearance").value == pytest.approx(4.5)
    assert run.output("central_volume").value == pytest.approx(58.4)
    assert run.output("auc24").value == pytest.approx(2000 / 4.5)
    on_dialysis = TWIN.simulate("vancomycin_goti2018", {**PATIENT, "hemodialysis": True})
    assert on_dialysis.output("clearance").value == pytest.approx(4.5 * 0.7)
    assert on_dialysis.output("central_volume").value == pytest.approx(58.4 * 0.5)


def test_clearance_comes_from_creatinine_as_the_paper_prepared_it() -> None:
    """Methods of Goti 2018: capped at 150 mL/min; over 60 years creatinine below 1 mg/dL counts as 1."""
    base = {k: v for k, v in PATIENT.items() if k != "crcl_ml_min"} | {"sex": "male"}
    old = TWIN.simulate("vanco", {**base, "age_years": 80, "creatinine_mg_dl": 0.5})
    assert old.output("crcl_used").value == pytest.approx(60 * 70 / 72)
    young = TWIN.simulate("vanco", {**base, "age_years": 25, "creatinine_mg_dl": 0.5})
    assert young.output("crcl_used").value == 150
    assert any("taken as 150" in warning for warning in young.warnings)


def test_probabilities_of_the_target_add_up_and_follow_the_published_spread() -> None:
    run = TWIN.simulate("vanco", PATIENT)
    parts = [float(run.output(f"probability_auc24_{part}").value) for part in ("in_target", "below", "above")]
    assert sum(parts) == pytest.approx(100) and all(0 <= part <= 100 for part in parts)
    # Log-normal with CV 39.8 %: P(AUC < 400) = Phi(ln(400/444.4)/0.383) = 39 %; 500 draws carry +/- 4.4 points.
    assert parts[1] == pytest.approx(39.2, abs=6.6)
    assert run.ensemble_size == 500 and run.conservation["mass_balance_relative_error"] < 1e-9


def test_runs_are_deterministic_and_follow_the_seed() -> None:
    again = build_twin(seed=1).simulate("vanco", PATIENT)
    run = TWIN.simulate("vanco", PATIENT)
    assert (again.id, again.outputs, again.series) == (run.id, run.outputs, run.series)
    other = build_twin(seed=2).simulate("vanco", PATIENT)
    assert other.id != run.id and other.output("auc24_low").value != run.output("auc24_low").value


def test_scenarios_share_their_random_numbers() -> None:
    """With common draws a doubled dose doubles every percentile exactly."""
    comparison = TWIN.compare("vanco", PATIENT, [Scenario(name="double", changes={"dose_mg": 2000})])
    before, after = comparison.runs
    for name in ("auc24", "auc24_low", "auc24_high", "peak", "trough"):
        assert after.output(name).value == pytest.approx(2 * float(before.output(name).value), rel=1e-9)


def test_a_high_level_lowers_the_estimated_clearance_and_narrows_the_band() -> None:
    prior = TWIN.simulate("vanco", PATIENT)
    level = {"level_1_mg_l": 30, "level_1_time_h": 11.5, "level_1_dose_number": 4}
    run = TWIN.simulate("vanco", {**PATIENT, **level})
    assert float(run.output("clearance").value) < float(prior.output("clearance").value)
    assert float(prior.output("trough").value) < float(run.output("trough").value)
    assert "measured 30 mg/L" in run.output("level_1_predicted").interpretation

    def width(of: object) -> float:
        return np.log(of.output("auc24_high").value / of.output("auc24_low").value)  # type: ignore[attr-defined]

    assert width(run) < width(prior)


def test_a_level_in_mass_per_millilitre_is_the_same_level() -> None:
    plain = TWIN.simulate("vanco", {**PATIENT, "level_1_mg_l": 15, "level_1_time_h": 11})
    units = TWIN.simulate("vanco", {**PATIENT, "level_1_mg_l": {"value": 15, "unit": "mcg/mL"}, "level_1_time_h": 11})
    assert units.output("auc24").value == pytest.approx(plain.output("auc24").value)


def test_a_what_if_dose_does_not_rewrite_the_regimen_of_the_level() -> None:
    inputs = {**PATIENT, "level_1_mg_l": 18, "level_1_time_h": 11.5}
    before, after = TWIN.compare("vanco", inputs, [Scenario(name="more", changes={"dose_mg": 1500})]).runs
    assert after.output("clearance").value == pytest.approx(before.output("clearance").value)
    assert after.output("auc24").value == pytest.approx(1.5 * float(before.output("auc24").value))


def test_children_and_impossible_regimens_are_refused() -> None:
    with pytest.raises(OutsideModelDomain, match="adults"):
        TWIN.simulate("vanco", {**PATIENT, "age_years": 9})
    for change in ({"dose_mg": 100000}, {"interval_h": 0}, {"infusion_h": 20, "interval_h": 12},
                   {"level_1_mg_l": 900, "level_1_time_h": 2}, {"level_1_time_h": 2},
                   {"measured_dose_mg": 500}):  # fmt: skip
        with pytest.raises(InvalidInput):
            TWIN.simulate("vanco", {**PATIENT, **change})


def test_what_is_needed_depends_on_what_is_given() -> None:
    without = {k: v for k, v in PATIENT.items() if k != "crcl_ml_min"}
    with pytest.raises(MissingCovariate) as error:
        TWIN.simulate("vanco", {**without, "level_1_mg_l": 15})
    assert error.value.details["missing"] == ["sex", "creatinine_mg_dl", "level_1_time_h"]
    with pytest.raises(MissingCovariate) as error:
        TWIN.simulate("vanco", {"age_years": 60, "weight_kg": 70})
    assert error.value.details["missing"] == ["hemodialysis", "dose_mg", "interval_h"]


def test_an_indexed_egfr_is_not_taken_for_a_clearance() -> None:
    with pytest.raises(InvalidInput, match="body surface area"):
        TWIN.simulate("vanco", {**PATIENT, "crcl_ml_min": {"value": 60, "unit": "mL/min/1.73 m²"}})
