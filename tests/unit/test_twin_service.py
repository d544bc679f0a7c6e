"""The front door: validation, provenance, identity, comparison, memory."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain, UnknownEvidence, UnknownModel
from domain.facts import Evidence
from domain.patient import Covariate
from domain.predictions import ModelCard, ModelInput, Scenario
from domain.quantities import COUNTED_IN_UNITS, MOLAR_MASS_G_PER_MOL, VALENCE, Quantity, convert
from twin_backend import TwinBackend, build_twin, run_case
from twin_backend.docs import render_pages

TWIN = build_twin()
EGFR = {"creatinine_mg_dl": 1.2, "age_years": 55, "sex": "male"}
CARDS = TWIN.catalogue()


def test_the_twin_is_a_twin_backend() -> None:
    assert isinstance(TWIN, TwinBackend)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_every_card_is_complete(card: ModelCard) -> None:
    assert card.doi.startswith("10.") and card.source and card.population and card.context_of_use and card.limitations
    assert card.kind in {"calculator", "risk_score", "simulation"}
    assert card.aliases and card.outputs and card.summary
    for spec in card.inputs:
        assert spec.label and spec.kind in {"number", "integer", "boolean", "choice", "date", "numbers"}
        if spec.kind in {"number", "integer", "numbers"}:
            assert spec.unit and spec.plausible and spec.plausible[0] < spec.plausible[1]
            assert convert(1.0, spec.unit, spec.unit, spec.substance) == 1.0
            assert not spec.derivation or spec.plausible[0] <= spec.derivation[0] < spec.derivation[1]
        if spec.kind == "choice":
            assert len(spec.choices) > 1
        if spec.substance:
            assert spec.substance in {*MOLAR_MASS_G_PER_MOL, *VALENCE, *COUNTED_IN_UNITS, "hba1c"}
        if spec.default is not None:
            assert spec.default_source and not spec.required


def test_aliases_lead_to_one_model_only() -> None:
    owners: dict[str, str] = {}
    for card in CARDS:
        for alias in card.aliases:
            assert owners.setdefault(alias.lower(), card.id) == card.id
            assert TWIN.describe(alias).id == card.id


@pytest.mark.parametrize(
    ("words", "model"),
    [
        ("egfr", "ckd_epi_2021_creatinine"), ("CKD-EPI", "ckd_epi_2021_creatinine"), ("CrCl", "cockcroft_gault"),
        ("C-G", "cockcroft_gault"), ("chads vasc", "cha2ds2_vasc"), ("CHA₂DS₂-VASc", "cha2ds2_vasc"),
        ("ASCVD risk", "pce_2013"), ("10 year risk", "pce_2013"), ("body mass index", "bmi"),
        ("vanc AUC", "vancomycin_goti2018"), ("vanco", "vancomycin_goti2018"), ("MELD", "meld_3_0"),
        ("bergman", "glucose_insulin_bergman"),
    ],
)  # fmt: skip
def test_models_answer_to_what_clinicians_type(words: str, model: str) -> None:
    assert TWIN.describe(words).id == model


def test_an_unknown_model_is_told_what_is_near() -> None:
    with pytest.raises(UnknownModel, match="cha2ds2_vasc"):
        TWIN.describe("chadsvasx")


def test_every_fault_is_reported_at_once() -> None:
    faulty = {"creatinine_mg_dl": 88, "age_years": "55", "weight_kg": -70, "height": 180}
    with pytest.raises(InvalidInput) as error:
        TWIN.predict("cockcroft_gault", faulty)
    text = error.value.message
    assert "creatinine_mg_dl 88 mg/dL is outside 0.1 to 30" in text
    assert "age_years must be a number" in text and "weight_kg -70" in text and "unknown input height" in text
    assert error.value.details["missing"] == ["sex"]
    assert error.value.details["unknown"] == ["height"]


@pytest.mark.parametrize(
    "bad",
    [
        float("nan"), float("inf"), -1, 0, "1.2", True, [1.2], {"value": "1.2"}, {"value": 1.2, "unit": "kg"},
        {"value": 1.2, "unit": "bananas"}, {"value": 1.2, "units": "mg/dL"}, {"unit": "mg/dL"}, 10**400,
        {"value": 106, "unit": "mg/dL"}, {"value": 1.2, "time": "2024-05-01T08:00:00"}, {"value": 1.2, "evidence": 3}, {"value": 1.2, "unit": 3}, Quantity(value=1.2, unit="mmol"),
    ],
)  # fmt: skip
def test_malformed_values_are_refused(bad: object) -> None:
    with pytest.raises(InvalidInput, match="creatinine_mg_dl"):
        TWIN.predict("egfr", {**EGFR, "creatinine_mg_dl": bad})


@pytest.mark.parametrize("bad", ["yes", 1, 0, "false", {"value": "true"}])
def test_yes_and_no_must_be_true_or_false(bad: object) -> None:
    inputs = {"age_years": 60, "confusion": bad, "bun_mg_dl": 10, "respiratory_rate_per_min": 16}
    with pytest.raises(InvalidInput, match="confusion must be true or false"):
        TWIN.predict("curb_65", {**inputs, "systolic_bp_mmhg": 120, "diastolic_bp_mmhg": 80})


def test_none_is_missing() -> None:
    with pytest.raises(MissingCovariate) as error:
        TWIN.predict("egfr", {"creatinine_mg_dl": None, "age_years": {"value": None}, "sex": "F"})
    assert error.value.details["missing"] == ["creatinine_mg_dl", "age_years"]


def test_being_outside_the_domain_is_said_before_asking_for_more() -> None:
    with pytest.raises(OutsideModelDomain):
        TWIN.predict("pce_2013", {"age_years": 30})


def test_provenance_travels_from_the_covariate_to_the_run() -> None:
    seen = datetime(2024, 5, 1, tzinfo=UTC)
    covariate = Covariate(
        name="creatinine_mg_dl", value=Quantity(value=106.1, unit="umol/L"), time=seen, origin="resource",
        evidence=Evidence(ref="Observation/17", quote="Creatinine 106.1 umol/L"),
    )  # fmt: skip
    run = TWIN.predict("egfr", {**EGFR, "creatinine_mg_dl": covariate})
    used = next(item for item in run.inputs if item.name == "creatinine_mg_dl")
    assert used.value == pytest.approx(1.2, abs=1e-3) and used.unit == "mg/dL"
    assert (used.time, used.origin) == (seen, "resource")
    assert used.evidence is not None and used.evidence.ref == "Observation/17"
    assert run.provenance()["doi"] == "10.1056/NEJMoa2102953"


def test_what_was_assumed_absent_is_declared() -> None:
    absent = Covariate(name="confusion", value=False, origin="assumed_absent")
    inputs = {"age_years": 60, "confusion": absent, "bun_mg_dl": 10, "respiratory_rate_per_min": 16}
    pressures = {"systolic_bp_mmhg": 120, "diastolic_bp_mmhg": 80}
    run = TWIN.predict("curb_65", {**inputs, **pressures})
    assert "New confusion: not mentioned in the record, taken as absent." in run.warnings
    present = absent.model_copy(update={"value": True})
    with pytest.raises(InvalidInput, match="assumed_absent"):
        TWIN.predict("curb_65", {**inputs, **pressures, "confusion": present})


def test_defaults_are_declared_with_their_source() -> None:
    run = TWIN.predict("crcl", {**EGFR, "weight_kg": 70})
    used = next(item for item in run.inputs if item.name == "weight_basis")
    assert (used.value, used.origin) == ("actual", "population_default") and "actual body weight" in used.note


def test_equal_content_has_equal_identity_and_evidence_is_content() -> None:
    other = build_twin().predict("egfr", EGFR)
    run = TWIN.predict("ckd-epi", EGFR, scenario="again")
    assert run.id == other.id and run.outputs == other.outputs
    assert TWIN.predict("egfr", {**EGFR, "age_years": 56}).id != run.id
    cited = {"value": 1.2, "unit": "mg/dL", "origin": "resource", "evidence": {"ref": "Observation/1"}}
    assert TWIN.predict("egfr", {**EGFR, "creatinine_mg_dl": cited}).id != run.id


def test_runs_are_kept_up_to_a_bound() -> None:
    twin = build_twin(keep_runs=2)
    first, second, _third = (twin.predict("egfr", {**EGFR, "age_years": age}) for age in (50, 51, 52))
    assert twin.run(second.id) == second
    with pytest.raises(UnknownEvidence):
        twin.run(first.id)


def test_simulate_is_for_simulations() -> None:
    with pytest.raises(InvalidInput, match="use predict"):
        TWIN.simulate("egfr", EGFR)


def test_compare_lists_what_changed() -> None:
    comparison = TWIN.compare("egfr", EGFR, [Scenario(name="worse", changes={"creatinine_mg_dl": 2.4})])
    assert [run.scenario for run in comparison.runs] == ["baseline", "worse"]
    change = next(row for row in comparison.differences if row["output"] == "egfr")
    assert change["difference"] == pytest.approx(change["value"] - change["baseline"])
    assert change["display"] == "71 mL/min/1.73 m² → 31 mL/min/1.73 m²"


@pytest.mark.parametrize("names", [[], ["a", "a"], ["baseline"], [""]])
def test_compare_needs_named_scenarios(names: list[str]) -> None:
    with pytest.raises(InvalidInput):
        TWIN.compare("egfr", EGFR, [Scenario(name=name) for name in names])


def test_batch_rows_answer_or_explain_and_never_raise() -> None:
    good = run_case(TWIN, {"id": "a", "model": "egfr", "inputs": EGFR})
    assert good["id"] == "a" and good["outputs"]["egfr"]["display"] == "71 mL/min/1.73 m²"
    assert good["provenance"]["model_id"] == "ckd_epi_2021_creatinine" and good["warnings"] == []
    kinds = {
        "missing_input": {"model": "egfr", "inputs": {}},
        "unknown_model": {"model": "nope", "inputs": {}},
        "outside_model_domain": {"model": "egfr", "inputs": {**EGFR, "age_years": 10}},
        "invalid_input": {"model": "egfr", "inputs": [1]},
    }
    for kind, row in kinds.items():
        assert run_case(TWIN, {"id": 7, **row})["error"]["kind"] == kind
    for row in (None, 3, "x", [], {}, {"id": 1}, {"id": 1, "model": 3, "inputs": {}}):
        assert run_case(TWIN, row)["error"]["kind"] == "invalid_input"  # type: ignore[arg-type]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted({spec.name for card in CARDS for spec in card.inputs})


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([card.id for card in CARDS]),
    st.dictionaries(st.sampled_from(NAMES), JSON | st.fixed_dictionaries({"value": JSON, "unit": JSON}), max_size=12),
)
def test_no_row_however_strange_is_an_internal_error(model: str, inputs: dict[str, object]) -> None:
    answer = run_case(TWIN, {"id": 1, "model": model, "inputs": inputs})
    assert "outputs" in answer or answer["error"]["kind"] != "internal_error"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CARDS), st.data())
def test_any_plausible_patient_gets_finite_numbers_or_a_reason(card: ModelCard, data: st.DataObject) -> None:
    def draw(spec: ModelInput) -> object:
        if spec.kind == "boolean":
            return data.draw(st.booleans())
        if spec.kind == "choice":
            return data.draw(st.sampled_from(spec.choices))
        if spec.kind == "date":
            return data.draw(st.dates(date(2024, 1, 1), date(2024, 12, 31))).isoformat()
        low, high = spec.derivation or spec.plausible or (0, 1)
        if spec.kind == "numbers":
            return data.draw(st.lists(st.floats(low, high), min_size=1, max_size=5))
        return data.draw(st.integers(round(low), round(high)) if spec.kind == "integer" else st.floats(low, high))

    inputs = {spec.name: draw(spec) for spec in card.inputs if spec.required or data.draw(st.booleans())}
    answer = run_case(TWIN, {"id": 1, "model": card.id, "inputs": inputs})
    if "error" in answer:
        assert answer["error"]["kind"] in {"invalid_input", "missing_input", "outside_model_domain"}
        return
    for output in answer["outputs"].values():
        assert output["display"] and (isinstance(output["value"], str) or math.isfinite(output["value"]))
    declared = {name: (unit, label) for name, unit, label in card.outputs}
    run = TWIN.run(answer["provenance"]["id"])
    assert all(declared[output.name] == (output.unit, output.label) for output in run.outputs)
    json.dumps(answer, allow_nan=False)


def test_the_reference_pages_are_current() -> None:
    folder = Path(__file__).parents[2] / "docs" / "reference" / "models"
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")} == render_pages()


def test_import_does_not_load_the_numerical_libraries() -> None:
    code = "import sys, twin_backend; twin_backend.build_twin(); print('numpy' in sys.modules, 'scipy' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "False"]
