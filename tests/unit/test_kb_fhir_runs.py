"""Model runs as FHIR: valid R4, every number as computed, every source named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import InvalidInput, MissingCovariate, OutsideModelDomain
from domain.predictions import ModelCard, ModelRun, Output, Series
from knowledge_base.fhir_runs import bundle_of_run
from knowledge_base.validation import faults
from tests.unit.test_twin_contract import CITED, EGFR, TWIN, VANCOMYCIN, run_in_the_middle

RECORDED = datetime(2024, 6, 1, 9, 30, tzinfo=UTC)
PCE = {
    "age_years": 55, "sex": "female", "race": "white", "total_cholesterol_mg_dl": 213, "hdl_mg_dl": 50,
    "systolic_bp_mmhg": 120, "on_antihypertensive": False, "diabetes": False, "current_smoker": False,
}  # fmt: skip


def resources(run: ModelRun, kind: str, patient: str = "p-1") -> list[dict[str, Any]]:
    bundle = bundle_of_run(run, patient_id=patient, recorded=RECORDED)
    assert faults(bundle) == []
    assert [fault for entry in bundle["entry"] for fault in faults(entry["resource"])] == []
    ids = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(ids) == len(set(ids))
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


@pytest.mark.parametrize("card", TWIN.catalogue(), ids=lambda card: card.id)
def test_every_model_gives_valid_fhir(card: ModelCard) -> None:
    try:
        run = run_in_the_middle(card.id)
    except (InvalidInput, MissingCovariate, OutsideModelDomain) as refusal:
        pytest.skip(f"declines the middle of its ranges: {refusal.kind}")
    found = resources(run, "Observation")
    values = [o for o in found if not o["code"]["coding"][0]["code"].startswith(f"{run.model_id}.series.")]
    chances = [p for risk in resources(run, "RiskAssessment") for p in risk["prediction"] if "probabilityDecimal" in p]
    assert len(values) + len(chances) == len(run.outputs)
    (provenance,) = resources(run, "Provenance")
    assert len(provenance["target"]) == len(found) + len(resources(run, "RiskAssessment"))


def test_a_risk_is_a_risk_assessment_in_percent() -> None:
    run = TWIN.predict("pce_2013", PCE)
    (risk,) = resources(run, "RiskAssessment")
    assert risk["prediction"][0]["probabilityDecimal"] == run.output("ascvd_risk_10y").value
    assert 2 < risk["prediction"][0]["probabilityDecimal"] < 2.2  # 2.1 %, the example of the guideline's appendix
    assert risk["status"] == "preliminary" and risk["method"]["coding"][0]["code"] == "pce_2013"
    assert risk["note"][-1]["text"].startswith("Not a medical device") and resources(run, "Observation") == []


def test_a_score_is_an_observation_and_its_reading_a_risk() -> None:
    curb = {"age_years": 70, "confusion": True, "bun_mg_dl": 25, "respiratory_rate_per_min": 32}
    run = TWIN.predict("curb_65", {**curb, "systolic_bp_mmhg": 85, "diastolic_bp_mmhg": 50})
    (risk,) = resources(run, "RiskAssessment")
    points = next(o for o in resources(run, "Observation") if o["code"]["coding"][0]["code"] == "curb_65.curb_65")
    assert points["valueQuantity"]["value"] == 5
    assert {"reference": f"Observation/{points['id']}"} in risk["basis"]
    read = [one["qualitativeRisk"]["text"] for one in risk["prediction"] if "qualitativeRisk" in one]
    assert read == [run.output("curb_65").interpretation]


def test_what_a_run_rests_on_is_in_its_provenance() -> None:
    run = TWIN.predict("egfr", {**EGFR, "creatinine_mg_dl": CITED})
    (provenance,) = resources(run, "Provenance")
    assert provenance["entity"] == [{"role": "source", "what": {"reference": "Observation/17"}}]
    first = {part["url"]: part for part in provenance["extension"][0]["extension"]}
    assert first["name"]["valueCode"] == "creatinine_mg_dl" and first["origin"]["valueCode"] == "resource"
    assert first["value"]["valueQuantity"]["value"] == pytest.approx(1.2, abs=1e-3)
    assert first["time"]["valueDateTime"] == "2024-05-01T08:00:00+02:00"
    assert run.id in provenance["activity"]["text"]
    (device,) = resources(run, "Device")
    assert provenance["agent"][0]["who"]["reference"] == f"Device/{device['id']}"
    assert "10.1056/NEJMoa2102953" in device["note"][0]["text"]


def test_a_note_that_an_input_was_read_from_is_its_document() -> None:
    cited = {"value": 1.2, "origin": "note", "evidence": {"ref": "Note/n-1#4-20"}}
    (provenance,) = resources(TWIN.predict("egfr", {**EGFR, "creatinine_mg_dl": cited}), "Provenance")
    assert provenance["entity"][0]["what"]["reference"] == "DocumentReference/n-1"


def run_with(series: Series) -> ModelRun:
    output = Output(name="y", label="Y", value=1.0, unit="mg/L", display="1 mg/L")
    return TWIN.predict("egfr", EGFR).model_copy(update={"series": (series,), "outputs": (output,)})


def test_an_even_course_is_sampled_data_with_its_band() -> None:
    series = Series(
        name="c", label="C", unit="mg/L", time_unit="min", times=(0, 5, 10), values=(1, 2.5, 3), lower=(0, 2, 2.5),
        upper=(2, 3, 4), band="5th to 95th",
    )  # fmt: skip
    course = resources(run_with(series), "Observation")[-1]
    assert course["valueSampledData"] == {
        "origin": {"value": 0, "unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/L"},
        "period": 300_000.0, "dimensions": 3, "data": "1 0 2 2.5 2 3 3 2.5 4",
    }  # fmt: skip
    assert course["note"] == [{"text": "Bands: 5th to 95th"}]


def test_an_uneven_course_keeps_its_own_times() -> None:
    run = TWIN.predict("vanco", VANCOMYCIN)
    (series,) = run.series
    found = resources(run, "Observation")
    panel = next(o for o in found if "hasMember" in o)
    points = {o["id"]: o for o in found if "component" in o}
    members = [points[member["reference"].partition("/")[2]] for member in panel["hasMember"]]
    assert [point["valueQuantity"]["value"] for point in members] == list(series.values)
    assert [point["component"][1]["valueQuantity"]["value"] for point in members] == list(series.upper)
    offsets = [datetime.fromisoformat(point["effectiveDateTime"]) - RECORDED for point in members]
    assert offsets == [timedelta(hours=time) for time in series.times]


def test_a_patient_whose_id_fhir_cannot_hold_is_named_by_identifier() -> None:
    (found, _) = resources(TWIN.predict("egfr", EGFR), "Observation", patient="ward 7/12")
    assert found["subject"] == {
        "identifier": {"system": "https://charttwin.example/fhir/patient-id", "value": "ward 7/12"}
    }
