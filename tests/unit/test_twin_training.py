"""The training of the survival models, where the extra `training` is installed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("sksurv")
pytest.importorskip("optuna")
pytest.importorskip("pandera")
pytest.importorskip("xgboost")
pytest.importorskip("shap")

import numpy as np
from pandera.errors import SchemaErrors

from twin_backend import survival
from twin_backend.engines.cox import from_json
from twin_backend.training.__main__ import main
from twin_backend.training.datasets import LOADERS, _checked, load
from twin_backend.training.learners import LEARNERS, baseline_hazard
from twin_backend.training.nested import Fold, choose

DATA = Path(survival.__file__).parent / "data"


@pytest.mark.slow
@pytest.mark.parametrize("name", LOADERS)
def test_the_exported_model_is_the_fitted_one(name: str) -> None:
    """Fitted again here with the settings of the export: risk and survival agree for every patient."""
    stored, data = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")), load(name)
    assert (stored["patients"], stored["events"]) == (len(data.event), data.event.sum())
    fitted = LEARNERS[stored["learner"]].fit(data, stored["settings"], stored["seed"])
    exported = from_json(stored["model"])
    rows = data.frame.to_dict("records")[:200]
    predictors = [sum(exported.contributions(row.__getitem__).values()) for row in rows]
    assert predictors == pytest.approx(fitted.risk(data.frame.iloc[:200]), abs=1e-4)
    for day, wanted in zip(data.horizons_d, fitted.survival(data.frame.iloc[:200], data.horizons_d).T, strict=True):
        assert [exported.survival(p, day) for p in predictors] == pytest.approx(wanted, abs=1e-4)


def test_the_baseline_is_what_r_finds() -> None:
    """GBSG2, `coxph(Surv(time, cens) ~ ., data = GBSG2)` of R's survival with TH.data, as printed in Everitt & Hothorn,
    A Handbook of Statistical Analyses Using R: grade by orthogonal polynomials, L 0.5512988 and Q -0.2010905."""
    fitted = LEARNERS["cox"].fit(load("gbsg2"), {"penalty": 0.0}, 1).cox
    assert fitted is not None
    found = {f"{term.input} {term.level}".strip(): term.coefficients[0] for term in fitted.terms}
    linear, quadratic = 0.5512988 / 2**0.5, -0.2010905 / 6**0.5
    assert found == pytest.approx(
        {
            "hormonal_therapy": -0.3462784, "age_years": -0.0094592, "postmenopausal": 0.2584448,
            "tumor_size_mm": 0.0077961, "positive_nodes": 0.0487886, "progesterone_receptor_fmol_mg": -0.0022172,
            "estrogen_receptor_fmol_mg": 0.0001973, "tumor_grade 2": linear - 3 * quadratic, "tumor_grade 3": 2 * linear,
        },
        abs=1e-6,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", LOADERS)
def test_the_exported_survival_is_on_average_the_observed_one(name: str) -> None:
    """Kaplan–Meier by scikit-survival, in the patients the model was fitted to; two points leave room for the curve."""
    from sksurv.nonparametric import kaplan_meier_estimator

    data, exported = load(name), from_json(json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["model"])
    predictors = [sum(exported.contributions(row.__getitem__).values()) for row in data.frame.to_dict("records")]
    times, free = kaplan_meier_estimator(data.event, data.time_d)
    for day in data.horizons_d:
        observed = free[np.searchsorted(times, day, side="right") - 1]
        assert np.mean([exported.survival(p, day) for p in predictors]) == pytest.approx(observed, abs=0.02)


def test_the_command_runs_and_repeats_itself(tmp_path: Path) -> None:
    options = ["--dataset", "gbsg2", "--seed", "3", "--trials", "2", "--repeats", "1", "--outer-folds", "2"]
    options += ["--inner-folds", "2", "--patients", "240", "--out"]
    for folder in ("a", "b"):
        main([*options, str(tmp_path / folder)])
    for file in ("figures.json", "model.json", "card.md"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    figures = json.loads((tmp_path / "a/figures.json").read_text(encoding="utf-8"))
    assert list(figures["learners"]) == list(LEARNERS) and figures["data"]["patients"] == 240
    for found in figures["learners"].values():
        assert 0.5 < found["summary"]["harrell_c"]["mean"] < 1 and len(found["folds"]) == 2
        assert sum(group["n"] for group in found["calibration"]["groups"]) == 240
    assert set(figures["subgroups"]) == {"age", "menopause"}
    assert sum(row["n"] for row in figures["subgroups"]["menopause"].values()) == 240
    assert set(figures["shap"]) == set(figures["permutation_importance"]) == set(load("gbsg2").frame)
    card = (tmp_path / "a/card.md").read_text(encoding="utf-8")
    assert "240 patients" in card and all(f"| {title} |" in card for title in ("Learner", "Attribute", "Input"))


def test_what_leaks_the_outcome_is_left_out_with_its_reason() -> None:
    for name, leak in {"whas500": "los", "flchain": "chapter"}.items():
        data = load(name)
        assert data.left_out[leak] and leak not in data.frame


def test_faulty_data_are_not_trained_on() -> None:
    data = load("whas500")
    spec = {"age_years": (18, 110)}
    ages = data.frame[["age_years"]]
    _checked(ages, data.time_d, data.event, spec)
    for broken in (ages.assign(age_years=ages["age_years"] * 12), ages.assign(los=1.0), ages.mask(ages == ages.max())):
        with pytest.raises(SchemaErrors):
            _checked(broken, data.time_d, data.event, spec)
    with pytest.raises(SchemaErrors):
        _checked(ages, data.time_d * 0, data.event, spec)


def test_the_baseline_hazard_by_hand() -> None:
    """Nelson–Aalen at predictor 0: two of four at day 1, none at day 2, one of one at day 3: 2/4, then 2/4 + 1/1."""
    data = replace(
        load("whas500").rows(np.arange(4)), time_d=np.array([1.0, 1, 2, 3]), event=np.array([True, True, False, True])
    )
    times, hazard = baseline_hazard(data, np.zeros(4))
    assert times.tolist() == [1, 3] and hazard.tolist() == [0.5, 1.5]


@pytest.mark.parametrize(("gains", "best"), [((0.02, 0.03, 0.04), "b"), ((-0.02, 0.03, 0.01), "a"), ((0, 0, 0), "a")])
def test_a_complex_learner_must_win_by_more_than_its_standard_error(gains: tuple[float, ...], best: str) -> None:
    """Means 0.03, 0.0067 and 0 against standard errors 0.0058, 0.0145 and 0."""

    def runs(values: list[float]) -> list[Fold]:
        return [Fold(np.array([0]), {}, None, {"harrell_c": v}, np.array([1.0])) for v in values]  # type: ignore[arg-type]

    chosen, (step,) = choose({"a": runs([0.7] * 3), "b": runs([0.7 + gain for gain in gains])})
    assert chosen == best and step["preferred"] == (best == "b")
