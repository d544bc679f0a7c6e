"""Dosing plans side by side: who proposes what, checked against the stored runs, and what stops a proposal."""

from __future__ import annotations

from typing import Any

import pytest

from domain.predictions import ModelRun
from tests.conftest import Bench
from tools.outcome import RetryableToolError, ToolResult
from tools.twin.dosing_rules import drugs_with_plans, guideline_plans, rules_for


def plans(bench: Bench, patient: int, drug: str, **arguments: Any) -> ToolResult:
    return bench.run(patient, "compare_plans", {"drug": drug, **arguments})


def stored(bench: Bench, result: ToolResult) -> list[ModelRun]:
    return [bench.twin.run(r["id"]) for r in result.data["runs"]]


def test_three_sides_propose_and_each_plan_is_a_stored_run(cohort: Bench) -> None:
    result = plans(cohort, 1, "vancomycin")
    assert [(p["proposed_by"], p["changes"]) for p in result.data["plans"]] == [
        ("chart", {"dose_mg": 1000.0, "interval_h": 24.0}),
        ("evidence", {"dose_mg": 1250.0, "interval_h": 12.0}),
        ("simulation", {"dose_mg": 1500.0, "interval_h": 24.0}),
    ]
    runs = stored(cohort, result)
    assert len({r.id for r in runs}) == 3 and len({r.seed for r in runs}) == 1
    for run, plan in zip(runs, result.data["plans"], strict=True):
        used = {i.name: i.value for i in run.inputs}
        assert (used["dose_mg"], used["interval_h"]) == (plan["changes"]["dose_mg"], plan["changes"]["interval_h"])
        auc, chance = run.output("auc24"), run.output("probability_auc24_in_target")
        assert auc.unit == "mg.h/L" and f"**{auc.display}**" in result.summary and chance.display in result.summary
    daily = {
        p["changes"]["dose_mg"] * 24 / p["changes"]["interval_h"]: r.output("auc24").value
        for p, r in zip(result.data["plans"], runs, strict=True)
    }
    per_mg = {round(float(auc) / dose, 6) for dose, auc in daily.items()}
    assert len(per_mg) == 1  # the model is linear in the daily dose
    best = max(runs, key=lambda r: float(r.output("probability_auc24_in_target").value))
    assert "aimed at AUC24 400-600" in result.summary and best.id == runs[2].id
    assert result.artifacts[0]["kind"] == "simulation" and len(result.artifacts[0]["runs"]) == 3
    assert {d["scenario"] for d in result.data["differences"]} == {p["name"] for p in result.data["plans"][1:]}
    assert "nothing was ordered" in result.summary


def test_the_charted_order_is_cited_and_a_stopped_one_is_said_to_be(cohort: Bench) -> None:
    result = plans(cohort, 1, "vancomycin", propose="current")
    dose = next(i for i in stored(cohort, result)[0].inputs if i.name == "dose_mg")
    assert (
        dose.origin == "resource" and dose.evidence is not None and dose.evidence.ref.startswith("MedicationRequest/")
    )
    assert "stopped, not active now" in result.summary and dose.evidence.ref in {e.ref for e in result.evidence}


def test_a_condition_is_run_beside_things_as_charted(cohort: Bench) -> None:
    result = plans(cohort, 1, "vancomycin", propose="current", conditions={"creatinine_mg_dl": 2})
    charted, changed = stored(cohort, result)
    values = [{i.name: i.value for i in r.inputs}["creatinine_mg_dl"] for r in (charted, changed)]
    assert values == [1.2, 2.0]
    assert float(changed.output("auc24").value) > float(charted.output("auc24").value)
    for run in (charted, changed):
        assert f"**{run.output('auc24').display}**" in result.summary
    assert "with serum creatinine 2 mg/dL" in result.summary


def test_a_condition_may_come_in_another_unit(cohort: Bench) -> None:
    given = {"creatinine_mg_dl": {"value": 176.8, "unit": "umol/L"}}
    a = plans(cohort, 1, "vancomycin", propose="current", conditions=given)
    b = plans(cohort, 1, "vancomycin", propose="current", conditions={"creatinine_mg_dl": 2.0})
    values = [float(stored(cohort, r)[1].output("auc24").value) for r in (a, b)]
    assert values[0] == pytest.approx(values[1], rel=1e-3)


def test_an_allergy_stops_every_proposal(crafted: Bench, cohort: Bench) -> None:
    from tools.drugs.medications import find_drug
    from tools.twin.dosing_plans import _allergy_stop

    ctx = cohort.context(
        8
    )  # anaphylaxis to penicillin; no dosing model is packaged for one, so the rule is asked itself
    stopped = _allergy_stop(ctx, find_drug(ctx, "ampicillin"))
    assert stopped is not None and not stopped.found and stopped.data["stopped"] == "allergy"
    assert "Anaphylaxis" in stopped.summary and "No dosing plan of ampicillin is proposed" in stopped.summary
    assert stopped.evidence[0].ref.startswith("AllergyIntolerance/")
    assert _allergy_stop(ctx, find_drug(ctx, "vancomycin")) is None
    refuted = crafted.context("status")  # a penicillin label that was refuted stops nothing
    assert _allergy_stop(refuted, find_drug(refuted, "ampicillin")) is None


def test_doses_out_of_range_are_flagged(cohort: Bench) -> None:
    big = plans(cohort, 1, "vancomycin", propose="none", plans=[{"name": "big", "dose": 4000, "interval_h": 12}])
    assert any("4000 mg a dose is above the usual maximum of 3000" in w for w in big.warnings)
    assert any("8000 mg a day is above the usual maximum of 4500" in w for w in big.warnings)
    small = plans(cohort, 1, "vancomycin", propose="none", plans=[{"dose": 250, "interval_h": 12}])
    assert any("below the usual single dose" in w for w in small.warnings)
    usual = plans(cohort, 1, "vancomycin", propose="none", plans=[{"dose": 1000, "interval_h": 12}])
    assert not any("usual" in w for w in usual.warnings)


def test_no_plan_of_the_packaged_rules_is_out_of_its_own_range() -> None:
    for drug in drugs_with_plans():
        rules = rules_for(drug)
        assert rules is not None
        for weight in (45.0, 70.0, 100.0):
            for crcl in (15.0, 45.0, 90.0, 140.0):
                proposed = guideline_plans(rules, weight, crcl)
                assert not any("above" in f for p in proposed.plans for f in p.flags), (drug, weight, crcl, proposed)


def test_the_guideline_for_normal_kidneys_is_not_offered_to_failing_ones(cohort: Bench) -> None:
    result = plans(cohort, 4, "vancomycin")
    assert any("is for normal kidney function, here creatinine clearance is" in r for r in result.data["left_out"])
    assert any("15 mg a day per mL/min" in p["name"] for p in result.data["plans"])
    assert "the record has no vancomycin order" in result.summary


def test_outside_its_domain_the_model_declines_with_its_reason(cohort: Bench) -> None:
    conditions = {"creatinine_mg_dl": 0.5}
    result = plans(cohort, 11, "vancomycin", conditions=conditions)  # nine years old
    assert not result.found and "18" in result.summary and "runs" not in result.data


def test_what_is_missing_is_named(cohort: Bench) -> None:
    result = plans(cohort, 11, "vancomycin")
    assert not result.found and "missing serum creatinine" in result.summary


def test_a_declined_plan_does_not_take_the_others_with_it(cohort: Bench) -> None:
    given = [{"name": "fine", "dose": 1000, "interval_h": 12}, {"name": "absurd", "dose": 90000, "interval_h": 12}]
    result = plans(cohort, 1, "vancomycin", propose="none", plans=given)
    assert [r["scenario"] for r in result.data["runs"]] == ["fine"]
    assert any(r.startswith("absurd: ") for r in result.data["left_out"]) and "Not proposed: absurd" in result.summary


@pytest.mark.parametrize(
    ("patient", "drug", "arguments", "names"),
    [
        (12, "digoxin", {}, {"last order", "0.125 mg a day", "aimed at 0.5-0.9 ng/mL, 62.5 ug a day"}),
        (2, "phenytoin", {}, {"300 mg a day", "aimed at 10-20 mg/L, 480 mg a day"}),
        (5, "insulin", {"conditions": {"carbohydrate_g": 60}}, {"bolus by the ordered ratio", "no bolus"}),
        (9, "fluids", {"conditions": {"blood_loss_ml": 1500, "blood_loss_rate_ml_min": 100}},
         {"no treatment", "1 L of crystalloid over 20 min", "transfusion of the volume lost at 50 mL/min",
          "norepinephrine 0.1 ug/kg/min"}),
    ],
)  # fmt: skip
def test_other_models_are_compared_the_same_way(
    cohort: Bench, patient: int, drug: str, arguments: dict[str, Any], names: set[str]
) -> None:
    result = plans(cohort, patient, drug, **arguments)
    assert {p["name"] for p in result.data["plans"]} == names == {r["scenario"] for r in result.data["runs"]}
    assert all(
        run.output(o["name"]).value == o["value"]
        for run, raw in zip(stored(cohort, result), result.data["runs"], strict=True)
        for o in raw["outputs"]
    )


def test_the_bolus_follows_the_ratio_of_the_order(cohort: Bench) -> None:
    result = plans(cohort, 5, "insulin", conditions={"carbohydrate_g": 60})
    used = {i["name"]: i["value"] for i in result.data["runs"][0]["inputs"]}
    assert used["insulin_bolus_units"] == 7.5  # 1 unit per 8 g


@pytest.mark.parametrize(
    ("drug", "arguments", "fault"),
    [
        ("metformin", {}, "no dosing model is packaged for that drug; there are vancomycin"),
        ("vancomycin", {"propose": "best"}, "propose is one of"),
        ("vancomycin", {"conditions": {"shoe_size": 44}}, "has no input shoe_size"),
        ("insulin", {}, "conditions needs carbohydrate_g"),
        ("notadrug", {}, "no drug or drug class of that name"),
    ],
)
def test_what_cannot_be_compared_is_told(cohort: Bench, drug: str, arguments: dict[str, Any], fault: str) -> None:
    with pytest.raises(RetryableToolError, match=fault):
        plans(cohort, 5, drug, **arguments)
