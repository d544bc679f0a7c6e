"""Labs and vitals: the newest, the trend, statistics in one unit, thresholds, ranges, and honest absence."""

from __future__ import annotations

import random
import statistics as stats
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from knowledge_base.ingest import ingest_paths
from knowledge_base.records import RecordStore
from tests.conftest import LOINC, Bench
from tests.unit.test_kb_fhir import bundle, concept, observation, patient, write
from tools.outcome import RetryableToolError
from twin_backend.service import TwinBackend


def run(bench: Bench, who: int | str, tool: str, as_of: datetime | None = None, **arguments: Any) -> Any:
    return bench.run(who, tool, arguments, *([as_of] if as_of else []))


FIRST_LINES = [
    (6, "latest", {"concept": "creatinine"}, "Latest creatinine: **165 umol/L** on 2026-10-19."),
    (6, "latest", {"concept": "creatinine", "unit": "mg/dL"}, "Latest creatinine: **165 umol/L** (1.87 mg/dL) on 2026-10-19."),
    (6, "latest", {"concept": "creatinine", "offset": 1}, "Previous creatinine: **148 umol/L** on 2026-04-14."),
    (6, "latest", {"concept": "weight", "first": True}, "First body weight: **97.07 kg** on 2023-04-11."),
    (6, "latest", {"concept": "weight", "period": "in 2025"}, "Latest body weight in 2025: **91.2 kg** on 2025-10-14."),
    (4, "latest", {"concept": "BP"}, "Latest blood pressure: **132/76 mmHg** on 2026-10-12."),
    (4, "latest", {"concept": "smoking"}, "Latest tobacco smoking status: **Ex-smoker** on 2026-10-12."),
    (7, "latest", {"concept": "potassium"}, "Latest potassium: **4.4 mmol/L** on 2026-09-15."),
    (4, "statistics", {"concept": "BP", "statistic": "max"}, "Highest blood pressure: **152/88 mmHg** on 2023-11-06 (of 4 values)."),
    (4, "statistics", {"concept": "BP", "statistic": "count"}, "**4** blood pressure values are recorded, first 2023-11-06, last 2026-10-12."),
    (6, "statistics", {"concept": "creatinine"}, "Average creatinine: **140.56 umol/L** (6 values, 2023-04-11 to 2026-10-19)."),
    (4, "statistics", {"concept": "smoking"}, "Latest tobacco smoking status: **Ex-smoker** on 2026-10-12."),
    (4, "threshold", {"concept": "BP", "comparison": "above", "value": 140},
     "Yes: **2** of 4 blood pressure values were above 140 mmHg, most recently 144/82 mmHg on 2024-04-15."),
    (6, "threshold", {"concept": "creatinine", "comparison": "above", "value": 2, "unit": "mg/dL"},
     "No: none of 6 creatinine values was above 2 mg/dL = 176.8 umol/L; the highest was 165 umol/L on 2026-10-19."),
    (6, "change", {"concept": "creatinine", "period": "since 2020"},
     "Creatinine now: **165 umol/L** on 2026-10-19; earlier: **113.15 umol/L** on 2023-04-11 (up 51.85 umol/L, +46%)."),
    (1, "change", {"concept": "creatinine", "since_drug": "vancomycin"},
     "Creatinine now: **1.2 mg/dL** on 2026-11-02; before vancomycin was started: **1.1 mg/dL** on 2026-10-18 (up 0.1 mg/dL, +9%)."),
    (6, "series", {"concept": "weight", "limit": 2}, "Body weight, 2 values (the newest 2 of 6): about stable, from 88.6 kg on 2026-04-14 to **87.9 kg** on 2026-10-19."),
]  # fmt: skip


@pytest.mark.parametrize(("who", "tool", "arguments", "expected"), FIRST_LINES)
def test_first_line(cohort: Bench, who: int, tool: str, arguments: dict[str, Any], expected: str) -> None:
    result = cohort.run(who, tool, arguments)
    assert result.found and result.statements[0].text == expected
    cited = [e.ref.partition("#")[0] for e in result.statements[0].evidence]
    known = {r.ref for r in cohort.context(who).chart.observations}
    assert cited and set(cited) <= known


def test_entered_in_error_is_in_no_result(cohort: Bench, crafted: Bench) -> None:
    for bench, who, concept_name, wrong in (
        (cohort, 7, "potassium", 7.9),
        (cohort, 8, "weight", 135),
        (crafted, "status", "potassium", 7.9),
    ):
        values = [r["value"] for r in run(bench, who, "series", concept=concept_name).data["readings"]]
        assert values and wrong not in values
    assert run(crafted, "status", "statistics", concept="potassium", statistic="count").data["n"] == 1


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-11-10T12:00:00+00:00", "165 umol/L"),
        ("2026-10-19T09:00:00-05:00", "165 umol/L"),
        ("2026-10-18T23:59:00+00:00", "148 umol/L"),
        ("2025-01-01T00:00:00+00:00", "1.42 mg/dL"),
        ("2010-01-01T00:00:00+00:00", "Not documented: no creatinine result is recorded."),
    ],
)
def test_what_came_later_is_invisible(cohort: Bench, as_of: str, expected: str) -> None:
    result = run(cohort, 6, "latest", datetime.fromisoformat(as_of), concept="creatinine")
    assert expected in result.statements[0].text
    assert result.found is not expected.startswith("Not")


def test_a_result_of_an_hour_ago_far_east_is_visible(crafted: Bench) -> None:
    an_hour_later = datetime.fromisoformat("2025-11-10T09:30:00+11:00")
    assert "3.3" in run(crafted, "east", "latest", an_hour_later, concept="potassium").summary
    assert "3.3" in run(crafted, "east", "latest", an_hour_later.astimezone(UTC), concept="potassium").summary


def test_days_are_those_of_the_chart(crafted: Bench) -> None:
    late = datetime(2026, 1, 1, tzinfo=UTC)
    found = run(crafted, "east", "latest", late, concept="potassium", period="on 2025-11-08")
    assert "**4.1 mmol/L** on 2025-11-08" in found.summary
    assert not run(crafted, "east", "latest", late, concept="potassium", period="on 2025-11-09").found


# --- units -----------------------------------------------------------------------------------------------------------


def test_mixed_units_are_one_series(crafted: Bench) -> None:
    result = run(crafted, "units", "series", concept="creatinine")
    assert [(r["value"], r["unit"]) for r in result.data["readings"]] == [
        (pytest.approx(88.4, abs=0.01), "umol/L"),
        (120, "umol/L"),
        (88.4, "umol/L"),
    ]
    mean = run(crafted, "units", "statistics", concept="creatinine")
    assert mean.data["value"] == pytest.approx((88.4 + 120 + 88.4) / 3, abs=1e-3) and mean.warnings == ()


def test_a_converted_value_is_judged_by_a_converted_range(crafted: Bench) -> None:
    result = run(crafted, "units", "latest", concept="creatinine", first=True)
    assert "Above" not in result.summary


def test_a_converted_value_is_normal_when_it_was(crafted: Bench) -> None:
    assert "Normal" in run(crafted, "units", "is_normal", concept="creatinine", offset=2).summary


def test_a_citation_quotes_what_the_record_says(crafted: Bench) -> None:
    result = run(crafted, "units", "latest", concept="creatinine", first=True)
    assert result.evidence[0].ref == "Observation/u-cr1" and "1 mg/dL" in result.evidence[0].quote


def test_units_that_do_not_convert_are_left_out_and_it_is_said(crafted: Bench) -> None:
    result = run(crafted, "units", "statistics", concept="d-dimer")
    assert result.data["n"] == 1 and "left out" in result.warnings[0]


def test_no_difference_between_incomparable_units(crafted: Bench) -> None:
    assert "497.9" not in run(crafted, "units", "change", concept="d-dimer").summary


def test_no_threshold_across_incomparable_units(crafted: Bench) -> None:
    assert run(crafted, "units", "threshold", concept="d-dimer", comparison="above", value=100).data["n"] == 0


def test_no_direction_across_incomparable_units(crafted: Bench) -> None:
    assert "fell" not in run(crafted, "units", "series", concept="d-dimer").summary


def test_a_threshold_in_a_unit_of_another_kind_can_be_corrected(cohort: Bench) -> None:
    with pytest.raises(RetryableToolError):
        run(cohort, 6, "threshold", concept="weight", comparison="above", value=2, unit="mg/dL")


def test_a_threshold_without_a_unit_over_mixed_units_says_so(cohort: Bench) -> None:
    result = run(cohort, 6, "threshold", concept="creatinine", comparison="above", value=2)
    assert result.warnings or "mg/dL" in result.summary


def test_below_the_limit_of_detection_is_shown_as_such(crafted: Bench) -> None:
    assert "**<0.01 ng/mL**" in run(crafted, "units", "latest", concept="troponin", first=True).summary
    assert "**<0.01 ng/mL**" in run(crafted, "units", "statistics", concept="troponin", statistic="min").summary


def test_below_the_limit_of_detection_is_below_it(crafted: Bench) -> None:
    assert run(crafted, "units", "threshold", concept="troponin", comparison="below", value=0.01).data["n"] == 1


def test_an_average_over_a_censored_value_says_so(crafted: Bench) -> None:
    assert run(crafted, "units", "statistics", concept="troponin").warnings


def test_two_roads_to_the_same_statistics(tmp_path: Path, twin: TwinBackend) -> None:
    """Random creatinines, some in another unit, against the standard library."""
    drawn, resources = random.Random(7), [patient("p1")]
    values = []
    for n in range(60):
        mg_dl = round(drawn.uniform(0.4, 9.0), 2)
        values.append(mg_dl)
        shown, unit = (mg_dl, "mg/dL") if n == 59 or drawn.random() < 0.5 else (mg_dl * 88.4017, "umol/L")
        quantity = {"value": round(shown, 4), "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}
        when = f"20{10 + n // 12}-{n % 12 + 1:02d}-05T08:00:00+01:00"
        resources.append(
            observation(f"o{n}", 0, when, code=concept("2160-0", "Creatinine", LOINC), valueQuantity=quantity)
        )
    store = RecordStore(tmp_path / "data")
    ingest_paths([write(tmp_path / "b.json", bundle(*resources))], store, facts=False)
    bench = Bench(store, None, twin)
    roads = {"mean": stats.fmean, "median": stats.median, "min": min, "max": max, "stdev": stats.stdev, "sum": sum}
    for name, function in roads.items():
        result = run(bench, "p1", "statistics", concept="creatinine", statistic=name)
        assert result.data["value"] == pytest.approx(function(values), rel=2e-3), name
    ten = run(bench, "p1", "statistics", concept="creatinine", limit=10, period="since 2010")
    assert ten.data["n"] == 10 and ten.data["value"] == pytest.approx(stats.fmean(values[-10:]), rel=2e-3)
    above = run(bench, "p1", "threshold", concept="creatinine", comparison="above", value=4.005)
    assert (above.data["n"], above.data["of"]) == (sum(v > 4.005 for v in values), 60)
    in_2012 = run(bench, "p1", "statistics", concept="creatinine", statistic="count", period="in 2012")
    assert in_2012.data["n"] == 12


# --- pairs, ranges, panels -------------------------------------------------------------------------------------------


def test_a_blood_pressure_is_one_reading_of_two_values(crafted: Bench) -> None:
    found = run(crafted, "units", "series", concept="blood pressure")
    assert [(r["value"], r["second"], r["ref"]) for r in found.data["readings"]] == [
        (150, 95, "Observation/u-bp1"),
        (128, 82, "Observation/u-bp2"),
    ]
    assert "**139/88.5 mmHg**" in run(crafted, "units", "statistics", concept="blood pressure").summary
    assert (
        "**95 mmHg**"
        in run(crafted, "units", "statistics", concept="diastolic blood pressure", statistic="max").summary
    )


@pytest.mark.parametrize(
    ("who", "arguments", "verdict"),
    [
        (6, {"concept": "creatinine"}, "High: above the range 53–106 umol/L (reported with the result)."),
        (2, {"concept": "bmi"}, "High: above the range 18.5–24.9 kg/m² (usual for adults)."),
        (
            4,
            {"concept": "weight"},
            "No reference range is documented for it, so it is not judged normal or abnormal here.",
        ),
    ],
)
def test_normal_says_by_which_range(cohort: Bench, who: int, arguments: dict[str, Any], verdict: str) -> None:
    assert run(cohort, who, "is_normal", **arguments).statements[1].text == verdict


def test_a_child_is_not_judged_by_the_adult_range(cohort: Bench) -> None:
    assert "usual for adults" not in run(cohort, 11, "is_normal", concept="bmi").summary


def test_panels(cohort: Bench) -> None:
    vitals = run(cohort, 1, "vital_signs")
    assert (
        "Blood pressure: 132/74 mmHg on 2026-11-03" in vitals.summary
        and "Body mass index: 26.7 kg/m²" in vitals.summary
    )
    assert "Potassium: " in run(cohort, 1, "lab_panel", panel="bmp").summary
    assert not run(cohort, 11, "lab_panel", panel="lipid panel").found
    with pytest.raises(RetryableToolError, match="panel is one of bmp"):
        run(cohort, 1, "lab_panel", panel="xx")


def test_a_panel_names_what_is_not_documented(cohort: Bench) -> None:
    assert "ematocrit" in run(cohort, 1, "lab_panel", panel="cbc").summary


def test_a_quantity_that_follows_from_others_is_calculated_and_it_is_said(cohort: Bench) -> None:
    result = run(cohort, 4, "latest", concept="mean arterial pressure")
    assert result.tool == "calculate" and "calculated" in result.summary and result.evidence[0].ref.startswith("Run/")
    assert not run(cohort, 4, "latest", concept="mean arterial pressure", period="in 2001").found


# --- absence and faults ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "more"),
    [
        ("latest", {}),
        ("series", {}),
        ("statistics", {}),
        ("threshold", {"comparison": "above", "value": 1}),
        ("change", {}),
        ("is_normal", {}),
    ],
)
def test_not_documented_says_what_was_looked_at(cohort: Bench, tool: str, more: dict[str, Any]) -> None:
    result = run(cohort, 11, tool, concept="troponin", **more)
    assert not result.found and result.data["n"] == 0 and result.evidence == ()
    assert result.statements[0].text == "Not documented: no troponin result is recorded."
    assert result.looked_at == ("27 observations up to 2026-11-10", "5 notes")


def test_outside_the_period_is_said(cohort: Bench) -> None:
    result = run(cohort, 11, "latest", concept="weight", period="in 2019")
    assert not result.found
    assert result.statements[1].text == "The first after that was 23.8 kg on 2024-10-10."


def test_further_back_than_the_record_goes(cohort: Bench) -> None:
    result = run(cohort, 11, "latest", concept="weight", offset=3)
    assert not result.found and "the record has 3 values, the first on 2024-10-10 (23.8 kg)" in result.summary


def test_a_value_only_in_a_note_is_testimony(crafted: Bench) -> None:
    result = run(crafted, "notes", "latest", concept="sodium")
    assert not result.found and "note text only, not in the structured record" in result.summary
    [evidence] = [e for e in result.evidence if e.span]
    note = crafted.store.note("notes", evidence.span.note_id)  # type: ignore[union-attr]
    assert note.text[evidence.span.start : evidence.span.end] == evidence.quote and "139" in evidence.quote  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("latest", {"concept": "flux capacitance"}, "no observation is called that; this record has: .*Body weight"),
        ("latest", {"concept": ""}, "no observation is called that"),
        ("statistics", {"concept": "weight", "statistic": "mode"}, "statistic is one of mean, median"),
        ("threshold", {"concept": "weight", "comparison": "near", "value": 1}, "comparison is one of above, below"),
        ("latest", {"concept": "weight", "period": "whenever"}, "period is not understood"),
        ("latest", {"concept": "weight", "offset": -1}, "offset"),
        ("series", {"concept": "weight", "limit": -2}, "limit"),
        ("is_normal", {"concept": "weight", "offset": -1}, "offset"),
    ],
)
def test_arguments_to_correct(cohort: Bench, tool: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(RetryableToolError, match=message):
        cohort.run(11, tool, arguments)


def test_a_value_without_a_unit_leaves_no_space(cohort: Bench) -> None:
    assert "**2.7**" in run(cohort, 4, "statistics", concept="inr").summary


def test_a_few_values_beyond_a_limit_are_listed_one_by_one(cohort: Bench) -> None:
    result = cohort.run(4, "threshold", {"concept": "creatinine", "comparison": "above", "value": 1.2})
    assert [s.text for s in result.statements[1:]] == ["2025-04-21: 1.22 mg/dL", "2026-10-12: 1.31 mg/dL"]


def test_a_converted_value_is_no_finer_than_it_is_known(cohort: Bench) -> None:
    assert "(61.7 mmol/mol)" in cohort.run(5, "latest", {"concept": "hba1c", "unit": "mmol/mol"}).summary
