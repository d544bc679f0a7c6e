"""The twin's contract: runs that can be explained and replayed, what-ifs, chains, calibration, sensitivity."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from domain.errors import (
    InsufficientData,
    InvalidInput,
    MissingCovariate,
    ModelUnavailable,
    OutsideModelDomain,
    StoreUnavailable,
    UnknownEvidence,
    UnknownModel,
)
from domain.predictions import (
    Calibration,
    Chain,
    Link,
    ModelCard,
    ModelRun,
    Numerics,
    Output,
    Residual,
    Scenario,
    Step,
    ValidationRecord,
)
from twin_backend import LocalTwin, TwinBackend, build_twin, inputs
from twin_backend.calibration import measurement_fields
from twin_backend.chains import CHAINS
from twin_backend.explanation import explain
from twin_backend.model import Model, Result, Values, closed_form
from twin_backend.randomness import standard_normals
from twin_backend.runs import SqliteRuns

EGFR = {"creatinine_mg_dl": 1.2, "age_years": 55, "sex": "male"}
VANCOMYCIN: dict[str, Any] = {
    "age_years": 60, "weight_kg": 80, "hemodialysis": False, "sex": "male", "creatinine_mg_dl": 1.1, "dose_mg": 1000,
    "interval_h": 12,
}  # fmt: skip
CITED = {
    "value": 106.1, "unit": "umol/L", "time": "2024-05-01T08:00:00+02:00", "origin": "resource",
    "evidence": {"ref": "Observation/17", "quote": "Creatinine 106.1 umol/L"}, "note": "fasting",
}  # fmt: skip
LEVEL = {"mg_l": 12.1, "time_h": 11.5}
TO_VANCOMYCIN = next(chain for chain in CHAINS if chain.name == "creatinine_to_vancomycin")
TWIN = build_twin(seed=3)


def plain_card(identity: str, **more: Any) -> ModelCard:
    """A card of a model made for a test: y from x."""
    fields: dict[str, Any] = {
        "id": identity, "version": "1", "title": identity, "aliases": (f"the {identity}",), "kind": "simulation",
        "summary": "A test.", "inputs": (inputs.number("x", "X", "mg", (0, 100)),), "outputs": (("y", "mg", "Y"),),
        "source": "made for a test", "doi": "10.0/test", "population": "none", "context_of_use": "tests",
        "limitations": ("a test",),
    }  # fmt: skip
    return ModelCard(**{**fields, **more})


def output(value: float) -> Output:
    return Output(name="y", label="Y", value=value, unit="mg", display=f"{value:.2f} mg")


def spread_model(name: str = "spread", members: int = 400) -> Model:
    """y = x + e x for members with noise e: the difference between two x has a known, narrow band."""

    def compute(values: Values, seed: int) -> Result:
        noise = standard_normals(seed, name, (members,)) * 0.1
        x = values.number("x")
        return Result(outputs=(output(x),), ensemble_size=members, draws={"y": tuple(x + noise * x)})

    return Model(plain_card(name), compute)


# --- the store -------------------------------------------------------------------------------------------------------


def test_a_run_is_found_explained_and_replayed_by_another_process(tmp_path: Path) -> None:
    store = tmp_path / "deep" / "runs.sqlite3"
    twin = build_twin(seed=5, store=store)
    assert not store.exists()  # a folder appears with the first run, not with the twin
    run = twin.simulate("vanco", VANCOMYCIN, scenario="first")
    code = (
        "import sys, pathlib; from twin_backend import build_twin\n"
        "twin = build_twin(seed=99, store=pathlib.Path(sys.argv[1]))\n"
        "replay = twin.replay(sys.argv[2])\n"
        "print(replay.identical, replay.run.seed, twin.run(sys.argv[2]).scenario, len(twin.explain(sys.argv[2]).text))"
    )
    done = subprocess.run([sys.executable, "-c", code, store, run.id], capture_output=True, text=True, check=True)
    identical, seed, scenario, length = done.stdout.split()
    assert (identical, seed, scenario) == ("True", "5", "first") and int(length) > 500


def test_the_stored_run_is_the_run(tmp_path: Path) -> None:
    twin = build_twin(store=tmp_path / "runs.sqlite3")
    run = twin.predict("egfr", {**EGFR, "creatinine_mg_dl": CITED})
    twin.close()
    assert build_twin(store=tmp_path / "runs.sqlite3").run(run.id) == run


def test_a_store_takes_writers_at_once(tmp_path: Path) -> None:
    stores = [SqliteRuns(tmp_path / "runs.sqlite3") for _ in range(4)]
    runs = [TWIN.predict("egfr", {**EGFR, "age_years": age}) for age in range(30, 70)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: stores[pair[0] % 4].save_run(pair[1]), enumerate(runs)))
    assert {run.id for run in stores[0].runs()} == {run.id for run in runs}


def test_the_runs_of_a_batch_are_written_together_and_found_meanwhile(tmp_path: Path) -> None:
    twin, other = (build_twin(store=tmp_path / "runs.sqlite3") for _ in range(2))
    with twin.together():
        first = twin.predict("egfr", EGFR)
        with pytest.raises(UnknownEvidence):
            other.run(first.id)
        assert twin.run(first.id) == first and other.run(first.id) == first  # reading writes what was waiting
        second = twin.predict("bmi", {"weight_kg": 70, "height_cm": 175})
    assert other.run(second.id) == second


def test_a_store_without_the_run_says_so(tmp_path: Path) -> None:
    twin = build_twin(store=tmp_path / "runs.sqlite3")
    with pytest.raises(UnknownEvidence):
        twin.run("0" * 16)
    twin.predict("egfr", EGFR)
    for call in (twin.run, twin.explain, twin.replay, twin.calibration):
        with pytest.raises(UnknownEvidence):
            call("0" * 16)


def test_a_store_that_cannot_be_used_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "runs.sqlite3").write_text("not a database, but long enough to be read as a header " * 20)
    with pytest.raises(StoreUnavailable, match=r"runs\.sqlite3.*--data-dir"):
        build_twin(store=tmp_path / "runs.sqlite3").predict("egfr", EGFR)
    with pytest.raises(StoreUnavailable):
        build_twin(store=tmp_path / "runs.sqlite3" / "below" / "runs.sqlite3").predict("egfr", EGFR)


def test_a_snapshot_carries_runs_and_calibrations_to_another_twin() -> None:
    first = build_twin(seed=3)
    run = first.predict("egfr", {**EGFR, "creatinine_mg_dl": CITED})
    fitted = first.calibrate("vanco", VANCOMYCIN, [LEVEL])
    text = first.snapshot()
    second = build_twin(seed=8)
    assert second.restore(text) == 3  # two runs, one calibration
    assert second.run(run.id) == run and second.calibration(fitted.id) == fitted
    assert second.replay(fitted.run.id).identical
    assert json.loads(second.snapshot())["runs"] == json.loads(text)["runs"]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": 2}', '{"format": 1, "runs": [{}]}', '{"format": 1, "runs": 3}']
)
def test_what_is_no_snapshot_is_refused_whole(text: str) -> None:
    twin = build_twin()
    with pytest.raises(InvalidInput, match="snapshot"):
        twin.restore(text)
    assert json.loads(twin.snapshot())["runs"] == []


# --- replay and explanation ------------------------------------------------------------------------------------------


@cache
def run_in_the_middle(model_id: str) -> ModelRun:
    """A run of a model amid its ranges; made once, since some take seconds."""
    card = TWIN.describe(model_id)
    try:
        return TWIN.predict(model_id, _typical_inputs(card, ()))
    except MissingCovariate as error:
        missing = error.details["missing"]
        assert isinstance(missing, list)
        return TWIN.predict(model_id, _typical_inputs(card, missing))


def _typical_inputs(card: ModelCard, also: Sequence[str]) -> dict[str, Any]:
    def middle(spec: Any) -> Any:
        if spec.kind == "boolean":
            return False
        if spec.kind == "choice":
            return spec.choices[0]
        if spec.kind == "date":
            return "2024-03-01"
        low, high = spec.derivation or spec.plausible
        value = low + (high - low) * 0.4
        if spec.kind == "numbers":
            return [value, value * 0.99, value * 0.98]
        return round(value) if spec.kind == "integer" else value

    return {spec.name: middle(spec) for spec in card.inputs if spec.required or spec.name in also}


@pytest.mark.parametrize("card", TWIN.catalogue(), ids=lambda card: card.id)
def test_every_model_replays_to_the_last_bit_and_explains_itself(card: ModelCard) -> None:
    try:
        run = run_in_the_middle(card.id)
    except (InvalidInput, OutsideModelDomain) as refusal:
        pytest.skip(f"declines the middle of its ranges: {refusal.kind}")
    assert ModelRun.model_validate_json(run.model_dump_json()) == run
    replay = TWIN.replay(run.id)
    assert replay.identical and replay.run.id == run.id, replay.differences
    explanation = TWIN.explain(run.id)
    assert (
        run.doi in explanation.text and run.disclaimer in explanation.text and card.limitations[0] in explanation.text
    )
    assert all(item.label in explanation.text for item in run.inputs)
    json.dumps(explanation.facts, allow_nan=False)


def test_the_seed_of_an_ensemble_is_part_of_its_replay() -> None:
    text = _snapshot_of_one_run(build_twin(seed=3))
    other = build_twin(seed=4)
    other.restore(text)
    (body,) = json.loads(text)["runs"]
    assert other.replay(body["id"]).identical


def _snapshot_of_one_run(twin: LocalTwin) -> str:
    twin.predict("vanco", VANCOMYCIN)
    return twin.snapshot()


def test_a_seed_without_an_ensemble_is_kept_where_it_matters() -> None:
    def noisy(values: Values, seed: int) -> Result:
        return Result(outputs=(output(values.number("x") + float(standard_normals(seed, "n", (1,))[0])),), seeded=True)

    model = Model(plain_card("noisy"), noisy)
    first, second = LocalTwin([model], seed=1), LocalTwin([model], seed=2)
    run = first.predict("noisy", {"x": 5})
    assert run.seed == 1 and second.predict("noisy", {"x": 5}).output("y").value != run.output("y").value
    second.restore(first.snapshot())
    assert second.replay(run.id).identical


def test_a_replay_names_what_came_out_otherwise() -> None:
    def model(factor: float, version: str) -> Model:
        return Model(
            plain_card("factor", version=version),
            closed_form(lambda values: Result(outputs=(output(factor * values.number("x")),))),
        )

    old, new = LocalTwin([model(2, "1")]), LocalTwin([model(3, "2")])
    run = old.predict("factor", {"x": 4})
    new.restore(old.snapshot())
    replay = new.replay(run.id)
    assert not replay.identical and replay.run.output("y").value == 12
    text = "; ".join(replay.differences)
    assert "y was 8.0, is 12.0" in text and "version 2" in text and "made by 1" in text


def test_a_replay_of_a_model_that_is_gone_says_so() -> None:
    gone = LocalTwin([spread_model("gone")])
    run = gone.predict("gone", {"x": 1})
    twin = build_twin()
    twin.restore(gone.snapshot())
    with pytest.raises(UnknownModel):
        twin.replay(run.id)
    assert "gone" in twin.explain(run.id).text  # what was computed can still be read


def test_an_explanation_states_where_each_input_came_from() -> None:
    twin = build_twin()
    run = twin.predict("crcl", {**EGFR, "creatinine_mg_dl": CITED, "weight_kg": 70})
    explanation = twin.explain(run.id)
    told = dict(explanation.paragraphs)
    assert "from the record, of 2024-05-01T08:00+02:00, Observation/17, fasting" in told["Inputs"]
    assert "Age 55 years, stated in the request" in told["Inputs"]
    assert told["Not measured, filled"].startswith("weight_basis actual: Cockcroft and Gault used actual")
    assert told["Not given"] == "height_cm" and run.not_given == ("height_cm",)
    facts = explanation.facts
    assert facts["model"]["doi"] == "10.1159/000180580" and facts["status"]["disclaimer"].startswith(
        "Not a medical device"
    )
    assert facts["inputs"]["inputs"][2]["evidence"]["ref"] == "Observation/17"


def test_an_explanation_states_spread_conservation_and_what_lies_outside() -> None:
    twin = build_twin(seed=3)
    told = dict(twin.explain(twin.predict("vanco", {**VANCOMYCIN, "weight_kg": 20}).id).paragraphs)
    assert "weight_kg 20 kg is outside 33 to 255" in told["Outside the range it was derived in or is valid for"]
    assert told["Spread"].startswith("500 members, seed 3; bands are the 5th to 95th percentile")
    assert "mass balance relative error" in told["Conserved"]


def test_an_explanation_states_fit_error_and_validation() -> None:
    """All fields at once, on a run written by hand."""
    run = TWIN.predict("egfr", EGFR).model_copy(
        update={
            "numerics": Numerics(step="1 min", tolerance="1e-6", error_estimate=0.004, error_basis="half the step"),
            "calibration": Calibration(
                method="MAP",
                residuals=(Residual(name="level_1", measured=12, predicted=11.5, unit="mg/L", standardised=0.14),),
                shrinkage={"clearance": 0.25},
            ),
            "validation": (
                ValidationRecord(population="A", measure="C statistic", value=0.8, lower=0.7, upper=0.9, doi="10.1/x"),
            ),
        }
    )
    told = dict(explain(run, None).paragraphs)
    assert told["Solved by"] == "closed form, step 1 min, tolerance 1e-6, estimated error 0.004 (half the step)"
    assert told["Fitted to this patient"] == (
        "MAP; level_1 measured 12, fitted 11.5 mg/L (+0.1 SD); shrinkage of clearance 25%"
    )
    assert told["Validated in"] == "A: C statistic 0.8 (0.7 to 0.9) doi:10.1/x"


def test_how_a_model_was_validated_is_told_with_its_run() -> None:
    """Medians and interquartile intervals of the abstract of Khan et al. 2024 (doi:10.1161/CIRCULATIONAHA.123.067626)."""
    run = TWIN.joined("cardiovascular_risk", HEART).scenarios[0].runs["prevent"]
    told = dict(TWIN.explain(run.id).paragraphs)["Validated in"]
    assert (
        "Women of 3,330,085 US adults in 21 other cohorts: median C statistic" in told
        and "0.794 (0.763 to 0.809)" in told
    )
    assert run.validation == TWIN.describe("prevent_2023_base").validation


def test_the_examples_of_the_how_to_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "twin.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/how-to/twin.md", "exec"), names)
    assert len(blocks) == 5 and names["fitted"].run.calibration is not None


# --- what if ---------------------------------------------------------------------------------------------------------


def test_a_change_may_be_relative_to_the_baseline() -> None:
    changes = {"creatinine_mg_dl": {"multiply": 2}, "age_years": {"add": -5}}
    moved = TWIN.what_if("egfr", {**EGFR, "creatinine_mg_dl": {"value": 106.08, "unit": "umol/L"}}, changes)
    stated = TWIN.predict("egfr", {**EGFR, "creatinine_mg_dl": 2 * 106.08 * 113.12 / 1e4, "age_years": 50})
    assert moved.runs[1].output("egfr").value == pytest.approx(stated.output("egfr").value, rel=1e-12)
    notes = {item.name: item.note for item in moved.runs[1].inputs}
    assert notes["age_years"] == "55 of the baseline -5" and notes["creatinine_mg_dl"].endswith("× 2")


def test_a_list_is_moved_value_by_value_and_one_number_is_a_list_of_one() -> None:
    card = plain_card("total", inputs=(inputs.numbers("x", "X", "mg", (0, 100)),))
    twin = LocalTwin([Model(card, closed_form(lambda v: Result(outputs=(output(sum(v.numbers("x"))),))))])
    (row,) = twin.what_if("total", {"x": [1, 2, 3]}, {"x": {"multiply": 2}}).differences
    assert (row["baseline"], row["value"]) == (6, 12)
    assert twin.predict("total", {"x": {"value": 0.005, "unit": "g"}}).output("y").value == 5
    for bad in ([], "3", [True], {"value": []}):
        with pytest.raises(InvalidInput, match="x must"):
            twin.predict("total", {"x": bad})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sex": {"add": 1}}, "sex has no number"),
        ({"age_years": {"add": "5"}}, "takes a number"),
        ({"age_years": {"multiply": True}}, "takes a number"),
        ({"height_cm": {"add": 1}}, "height_cm has no number"),
        ({"age_years": {"add": 200}}, "outside 0 to 120"),
        ({"age_years": {"add": 1, "multiply": 2}}, "age_years has fields"),
    ],
)
def test_a_move_that_cannot_be_made_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        TWIN.what_if("egfr", EGFR, changes)


def test_a_scenario_is_not_changed_by_being_extended() -> None:
    scenario = Scenario(name="a", changes={"x": 1})
    assert scenario.changed(y=2).changes == {"x": 1, "y": 2} and scenario.changes == {"x": 1}


def test_the_band_of_a_difference_is_that_of_the_paired_members() -> None:
    """y = x(1 + e): from x = 10 to x = 11 each member's difference is 1 + e, so the band is that of e around 1.

    Unpaired, the band of the difference would be that of 11 e' - 10 e, some fifteen times as wide.
    """
    twin = LocalTwin([spread_model()], seed=7)
    (row,) = twin.what_if("spread", {"x": 10}, {"x": {"add": 1}}).differences
    noise = sorted(standard_normals(7, "spread", (400,)) * 0.1)
    assert row["difference"] == 1
    assert row["difference_low"] == pytest.approx(1 + noise[20], abs=0.01)
    assert row["difference_high"] == pytest.approx(1 + noise[379], abs=0.01)
    assert row["band"] == "5th to 95th percentile of 400 paired members"


def test_a_difference_without_ensembles_has_no_band() -> None:
    for row in TWIN.what_if("egfr", EGFR, {"age_years": 70}).differences:
        assert "band" not in row


# --- chains ----------------------------------------------------------------------------------------------------------


def test_a_chain_carries_a_result_with_its_run() -> None:
    twin = build_twin(seed=3)
    joined = twin.joined(
        "creatinine_to_vancomycin", VANCOMYCIN, [Scenario(name="worse kidneys", changes={"creatinine_mg_dl": 2.2})]
    )
    assert [one.scenario for one in joined.scenarios] == ["baseline", "worse kidneys"]
    first, second = joined.scenarios
    clearance = first.runs["clearance"].output("creatinine_clearance")
    used = next(item for item in first.runs["exposure"].inputs if item.name == "crcl_ml_min")
    assert used.value == clearance.value and used.origin == "derived" and used.evidence is not None
    assert used.evidence.ref == f"Run/{first.runs['clearance'].id}"
    assert used.note == "creatinine_clearance of cockcroft_gault 1.0.0"
    assert twin.run(first.runs["clearance"].id) == first.runs["clearance"]
    assert "computed by another model" in twin.explain(first.runs["exposure"].id).text
    halved = second.runs["clearance"].output("creatinine_clearance").value
    assert halved == pytest.approx(float(clearance.value) / 2)
    alone = twin.predict("vanco", {**VANCOMYCIN, "crcl_ml_min": halved}).output("auc24").value
    assert second.runs["exposure"].output("auc24").value == pytest.approx(float(alone))
    assert {row["step"] for row in joined.differences} == {"clearance", "exposure"}
    assert twin.replay(second.runs["exposure"].id).identical


def test_an_input_of_one_step_is_named_with_the_step() -> None:
    chain = Chain(name="two", steps=(Step(name="a", model="egfr"), Step(name="b", model="egfr")))
    joined = TWIN.joined(
        chain, {**EGFR, "b.age_years": 70}, [Scenario(name="older", changes={"a.age_years": {"add": 1}})]
    )
    ages = [
        {step: next(i.value for i in run.inputs if i.name == "age_years") for step, run in one.runs.items()}
        for one in joined.scenarios
    ]
    assert ages == [{"a": 55, "b": 70}, {"a": 56, "b": 70}]


def chain_of(*links: tuple[str, str, str, str], steps: tuple[str, ...] = ("a", "b")) -> Chain:
    models = {"a": "cockcroft_gault", "b": "vancomycin_goti2018"}
    return Chain(
        name="bad", steps=tuple(Step(name=step, model=models[step]) for step in steps),
        links=tuple(Link(from_step=a, output=out, to_step=b, input=into) for a, out, b, into in links),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("chain", "says"),
    [
        (chain_of(("b", "auc24", "a", "age_years")), "must come from an earlier step"),
        (chain_of(("c", "auc24", "b", "age_years")), "must come from an earlier step"),
        (chain_of(("a", "nothing", "b", "age_years")), "a has no output nothing"),
        (chain_of(("a", "weight_used", "b", "nothing")), "b has no input nothing"),
        (chain_of(("a", "weight_used", "b", "weight_kg"), ("a", "weight_used", "b", "weight_kg")), "two links"),
        (chain_of(steps=("a", "a")), "distinct names"),
        (chain_of(steps=()), "distinct names"),
    ],
)
def test_a_chain_that_cannot_run_is_refused(chain: Chain, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        TWIN.joined(chain, VANCOMYCIN)


def test_a_chain_refuses_what_no_step_takes_and_what_a_link_gives() -> None:
    with pytest.raises(InvalidInput) as error:
        TWIN.joined(TO_VANCOMYCIN, {**VANCOMYCIN, "crcl_ml_min": 50, "height": 3, "exposure.bmi": 2})
    assert all(name in error.value.message for name in ("crcl_ml_min", "height", "exposure.bmi"))
    with pytest.raises(UnknownModel, match="creatinine_to_vancomycin"):
        TWIN.joined("nonsense", {})


def test_a_link_in_the_wrong_unit_is_refused_not_guessed() -> None:
    wrong = chain_of(("a", "weight_used", "b", "dose_mg"), ("a", "creatinine_clearance", "b", "interval_h"))
    with pytest.raises(InvalidInput, match="interval_h"):
        TWIN.joined(wrong, {k: v for k, v in VANCOMYCIN.items() if k not in ("dose_mg", "interval_h")})


HEART = {
    "age_years": 55, "sex": "female", "race": "white", "total_cholesterol_mg_dl": 213, "hdl_mg_dl": 50,
    "systolic_bp_mmhg": 150, "on_antihypertensive": False, "diabetes": False, "current_smoker": False,
    "on_statin": False, "weight_kg": 80, "height_cm": 165, "creatinine_mg_dl": 0.9,
}  # fmt: skip


def test_a_change_of_blood_pressure_reaches_both_risks_and_the_kidney_value_one() -> None:
    lower = Scenario(name="treated", changes={"systolic_bp_mmhg": {"add": -15}})
    joined = TWIN.joined("cardiovascular_risk", HEART, [lower])
    changes = {(row["step"], row["output"]): row["difference"] for row in joined.differences}
    assert changes["pce", "ascvd_risk_10y"] < 0 and changes["prevent", "total_cvd_risk_10y"] < 0
    assert {step for step, _ in changes} == {"pce", "prevent"}
    runs = joined.scenarios[1].runs
    pce = {name: HEART[name] for name in (i.name for i in runs["pce"].inputs)}
    alone = TWIN.predict("pce_2013", {**pce, "systolic_bp_mmhg": 135})
    assert runs["pce"].outputs == alone.outputs
    used = {item.name: item for item in runs["prevent"].inputs}
    assert used["bmi_kg_m2"].value == pytest.approx(80 / 1.65**2) and used["bmi_kg_m2"].origin == "derived"
    assert used["egfr_ml_min_1_73m2"].value == runs["egfr"].output("egfr").value


def test_a_meal_and_a_bolus_move_both_glucose_models_the_same_way() -> None:
    meal = {
        "diabetes_type": "type_1", "glucose_mg_dl": 140, "carbohydrate_g": 60, "insulin_bolus_units": 5,
        "padova.patient": TWIN.describe("glucose_uva_padova_s2008").inputs[0].choices[0],
        "padova.meal_time_h": 1, "padova.bolus_time_h": 1,
    }  # fmt: skip
    more = Scenario(name="larger meal", changes={"carbohydrate_g": {"multiply": 1.5}})
    found = TWIN.joined("meal_and_insulin", meal, [more]).differences
    final = {row["step"]: row["difference"] for row in found if row["output"] == "final_glucose"}
    assert final["minimal"] > 0
    peak = next(row["difference"] for row in found if row["step"] == "padova" and row["output"] == "max_glucose")
    assert peak > 0


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_every_known_chain_leads_from_outputs_to_inputs_of_the_same_unit(chain: Chain) -> None:
    cards = {step.name: TWIN.describe(step.model) for step in chain.steps}
    assert {card.id for card in cards.values()} == {step.model for step in chain.steps}
    for link in chain.links:
        unit = next(unit for name, unit, _ in cards[link.from_step].outputs if name == link.output)
        assert unit == next(spec.unit for spec in cards[link.to_step].inputs if spec.name == link.input)
    assert chain in TWIN.chains()


# --- calibration -----------------------------------------------------------------------------------------------------


def test_a_calibrated_model_predicts_for_the_patient_from_then_on() -> None:
    twin = build_twin(seed=3)
    fitted = twin.calibrate("vanco", VANCOMYCIN, [LEVEL, {"mg_l": 25, "time_h": 2.5}])
    direct = {**VANCOMYCIN, "level_1_mg_l": 12.1, "level_1_time_h": 11.5, "level_2_mg_l": 25, "level_2_time_h": 2.5}
    assert fitted.run.outputs == twin.predict("vanco", direct).outputs and twin.calibration(fitted.id) == fitted
    doubled = twin.predict("vanco", {**fitted.inputs, "dose_mg": 2000})
    # The same body, so twice the dose is twice the exposure; the levels still belong to the dose they were measured at.
    assert doubled.output("auc24").value == pytest.approx(2 * float(fitted.run.output("auc24").value), rel=1e-6)
    json.dumps(fitted.inputs)


def test_only_numbered_inputs_are_measurements() -> None:
    groups = {card.id: measurement_fields(card) for card in TWIN.catalogue()}
    learners = {name for name, found in groups.items() if found}
    assert {"vancomycin_goti2018", "vancomycin_buelga2005"} <= learners
    assert not {"kfre_4_variable", "prevent_2023_base", "ckd_epi_2021_creatinine"} & learners  # egfr_ml_min_1_73m2
    assert list(groups["vancomycin_goti2018"]["level"]) == [1, 2]


def test_a_fit_states_residuals_and_what_the_levels_leave_open() -> None:
    run = TWIN.calibrate("vanco", VANCOMYCIN, [LEVEL]).run
    assert run.calibration is not None
    (residual,) = run.calibration.residuals
    assert (residual.measured, residual.predicted) == (12.1, run.output("level_1_predicted").value)
    # Goti 2018: residual error 22.7 % and 3.4 mg/L, so the standard deviation at this prediction is
    sd = math.hypot(0.227 * residual.predicted, 3.4)
    assert residual.standardised == pytest.approx((12.1 - residual.predicted) / sd)
    # One level of a steady state says much of clearance and little of volume.
    assert 0.1 < run.calibration.shrinkage["clearance"] < 0.6 < run.calibration.shrinkage["central_volume"]
    assert TWIN.predict("vanco", VANCOMYCIN).calibration is None


def test_half_the_dose_is_half_the_exposure_in_every_member() -> None:
    """Linear kinetics: each member's AUC24 halves, so the band of the difference is half the band of the baseline."""
    comparison = TWIN.what_if("vanco", VANCOMYCIN, {"dose_mg": {"multiply": 0.5}})
    baseline = comparison.runs[0]
    row = next(row for row in comparison.differences if row["output"] == "auc24")
    assert row["difference"] == pytest.approx(-float(baseline.output("auc24").value) / 2)
    assert row["difference_low"] == pytest.approx(-float(baseline.output("auc24_high").value) / 2)
    assert row["difference_high"] == pytest.approx(-float(baseline.output("auc24_low").value) / 2)


@pytest.mark.parametrize(
    ("model", "measurements", "error", "says"),
    [
        ("egfr", [LEVEL], InvalidInput, "does not learn"),
        ("vanco", [], InsufficientData, "one or more"),
        ("vanco", [LEVEL] * 3, InvalidInput, "at most 2"),
        ("vanco", [{**LEVEL, "colour": 3}], InvalidInput, "no colour; it has mg_l, time_h"),
        ("vanco", [3], InvalidInput, "object"),
        ("vanco", [{"mg_l": 12}], MissingCovariate, "level_1_time_h"),
        ("vanco", [{**LEVEL, "group": "glucose"}], InvalidInput, "level"),
    ],
)
def test_measurements_that_cannot_be_used_are_refused(model: str, measurements: Any, error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        TWIN.calibrate(model, VANCOMYCIN if model == "vanco" else EGFR, measurements)


def test_a_measurement_is_not_given_twice() -> None:
    with pytest.raises(InvalidInput, match="level_1_mg_l"):
        TWIN.calibrate("vanco", {**VANCOMYCIN, "level_1_mg_l": 3}, [LEVEL])


# --- sensitivity -----------------------------------------------------------------------------------------------------


def linear_model() -> Model:
    """y = 3 a + b + 0 c, whose indices are known."""
    card = plain_card("linear", kind="calculator", inputs=tuple(inputs.number(n, n, "mg", (0, 100)) for n in "abc"))
    return Model(card, closed_form(lambda v: Result(outputs=(output(3 * v.number("a") + v.number("b")),))))


LINEAR = LocalTwin([linear_model()], seed=1)
MIDDLE = {"a": 10, "b": 10, "c": 10}


def test_the_bars_of_a_tornado_are_the_outputs_at_the_ends() -> None:
    found = LINEAR.sensitivity("linear", MIDDLE)
    assert [(row.input, row.low, row.high, row.output_low, row.output_high) for row in found.influences] == [
        ("a", 9, 11, 37, 43), ("b", 9, 11, 39, 41), ("c", 9, 11, 40, 40),
    ]  # fmt: skip
    assert found.baseline == 40 and found.runs == 6 and found.seed is None
    assert [row.swing for row in found.influences] == [6, 2, 0] and "10%" in found.ranges


def test_given_ranges_are_the_only_ones_varied() -> None:
    found = LINEAR.sensitivity("linear", MIDDLE, ranges={"b": [0, 100]})
    assert [(row.input, row.swing) for row in found.influences] == [("b", 100)]
    assert found.not_varied == ("a", "c") and found.ranges == "as given"


def test_yes_no_and_words_are_bars_too() -> None:
    found = TWIN.sensitivity("egfr", EGFR)
    sex = next(row for row in found.influences if row.input == "sex")
    assert (sex.low, sex.high) == ("female", "male") and sex.swing is not None and sex.swing > 10
    assert [row.swing for row in found.influences] == sorted((r.swing or 0 for r in found.influences), reverse=True)


def test_where_the_model_declines_the_bar_is_open_and_says_why() -> None:
    found = TWIN.sensitivity("egfr", {**EGFR, "age_years": 18}, ranges={"age_years": [10, 30]})
    (row,) = found.influences
    assert row.output_low is None and row.output_high is not None and "age_years is 10" in row.note


def test_a_run_in_a_sweep_is_not_kept() -> None:
    twin = build_twin()
    twin.sensitivity("egfr", EGFR)
    assert len(json.loads(twin.snapshot())["runs"]) == 1  # the middle


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"method": "guess"}, "one_at_a_time"),
        ({"samples": 1}, "samples"),
        ({"output": "gfr_category"}, "numeric output"),
        ({"output": "nothing"}, "numeric output"),
        ({"ranges": {"sex": [0, 1], "age_years": [70, 60], "creatinine_mg_dl": [1, 88]}}, "sex.*age_years.*creatinine"),
        ({"ranges": {"age_years": 3}}, "low, high"),
    ],
)
def test_a_sweep_that_cannot_be_made_is_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        TWIN.sensitivity("egfr", EGFR, **arguments)


def test_without_the_extra_the_methods_that_need_it_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SALib.sample", None)
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(ModelUnavailable, match=r"charttwin\[sensitivity\]"):
        LINEAR.sensitivity("linear", MIDDLE, method="sobol")


def test_sobol_indices_of_a_linear_model_are_its_shares_of_variance() -> None:
    """Var(3a) : Var(b) = 9 : 1 for equal ranges, so S(a) = 0.9, S(b) = 0.1 and S(c) = 0, without interactions."""
    pytest.importorskip("SALib")
    ranges = {name: [0, 20] for name in "abc"}
    found = LINEAR.sensitivity("linear", MIDDLE, method="sobol", ranges=ranges, samples=512)
    assert [row.input for row in found.influences] == ["a", "b", "c"] and found.runs == 512 * 5
    for row, share in zip(found.influences, (0.9, 0.1, 0.0), strict=True):
        assert row.indices["S1"] == pytest.approx(share, abs=0.02)
        assert row.indices["ST"] == pytest.approx(share, abs=0.02)
    again = LINEAR.sensitivity("linear", MIDDLE, method="sobol", ranges=ranges, samples=512)
    assert again == found


def test_morris_screening_of_a_linear_model_gives_its_slopes() -> None:
    """Elementary effects are taken on the unit cube: 3 and 1 over a range of 20 are 60 and 20, without spread."""
    pytest.importorskip("SALib")
    ranges = {name: [0, 20] for name in "abc"}
    found = LINEAR.sensitivity("linear", MIDDLE, method="morris", ranges=ranges, samples=10)
    assert [row.indices["mu_star"] for row in found.influences] == pytest.approx([60, 20, 0], abs=1e-9)
    assert [row.indices["sigma"] for row in found.influences] == pytest.approx([0, 0, 0], abs=1e-9)


def test_a_sweep_that_leaves_the_domain_says_to_narrow_it() -> None:
    pytest.importorskip("SALib")
    with pytest.raises(OutsideModelDomain, match="narrow"):
        TWIN.sensitivity("egfr", EGFR, method="sobol", ranges={"age_years": [10, 60]}, samples=8)


# --- the catalogue ---------------------------------------------------------------------------------------------------


def test_a_caller_may_add_models_but_not_replace_one() -> None:
    twin = build_twin(extra_models=[spread_model("mine")])
    assert isinstance(twin, TwinBackend) and twin.predict("the mine", {"x": 2}).output("y").value == 2
    with pytest.raises(InvalidInput, match="bmi"):
        build_twin(extra_models=[Model(plain_card("bmi"), spread_model().compute)])


def test_a_time_without_a_zone_is_refused_and_one_with_it_is_kept() -> None:
    when = datetime(2024, 5, 1, 8, tzinfo=UTC)
    run = TWIN.predict("egfr", {**EGFR, "age_years": {"value": 55, "time": when}})
    assert next(i.time for i in run.inputs if i.name == "age_years") == when
