"""Readings as they are shown and chosen: other units, worst and best, kin of a test, findings that are measured, doses in turn."""

from __future__ import annotations

from typing import Any

import pytest

from domain.quantities import convert
from tests.conftest import Bench
from tools.measurements.findings import measured_finding
from tools.problems import find_condition


def texts(bench: Bench, who: int, tool: str, **arguments: Any) -> list[str]:
    return [s.text for s in bench.run(who, tool, arguments).statements]


def test_a_series_is_shown_in_the_unit_asked_for_in_every_line(cohort: Bench) -> None:
    lines = texts(cohort, 6, "series", concept="creatinine", limit=2, unit="mg/dL")
    assert lines[1:] == ["2026-04-14: 148 umol/L (1.67 mg/dL)", "2026-10-19: 165 umol/L (1.87 mg/dL)"]
    assert "from 148 umol/L (1.67 mg/dL) on" in lines[0] and "**165 umol/L (1.87 mg/dL)**" in lines[0]


def test_a_change_is_shown_in_the_unit_asked_for(cohort: Bench) -> None:
    (line, *_) = texts(cohort, 6, "change", concept="hba1c", unit="mmol/mol")
    assert "(56.3 mmol/mol)" in line and "(55.2 mmol/mol)" in line


def test_weight_in_stone_is_said_as_stones_and_pounds(cohort: Bench) -> None:
    assert convert(6.35029318, "kg", "stone") == pytest.approx(1.0)
    assert "**87.9 kg** (13.84 st, 13 st 12 lb)" in texts(cohort, 6, "latest", concept="weight", unit="[stone_av]")[0]


@pytest.mark.parametrize(
    ("concept", "worst", "best"),
    [("egfr", ["Lowest"], ["Highest"]), ("creatinine", ["Highest"], ["Lowest"]), ("hemoglobin", ["Lowest"], ["Highest"]),
     ("potassium", ["Lowest", "Highest"], ["Lowest", "Highest"])],
)  # fmt: skip
def test_the_worst_value_is_at_the_end_that_is_bad(
    cohort: Bench, concept: str, worst: list[str], best: list[str]
) -> None:
    for statistic, expected in (("worst", worst), ("best", best)):
        found = texts(cohort, 6, "statistics", concept=concept, statistic=statistic)
        assert [line.split()[0] for line in found] == expected


def test_no_reading_before_a_drug_says_so_and_shows_what_came_after(cohort: Bench) -> None:
    result = cohort.run(6, "change", {"concept": "potassium", "since_drug": "losartan"})
    assert result.statements[0].text.startswith(
        "No potassium is documented before losartan was started (2019-04-16). Potassium, 6 values: rose from 4.6 mmol/L"
    )


def test_an_uncoded_result_is_found_by_its_name_without_its_method(cohort: Bench) -> None:
    assert "12 ng/L" in texts(cohort, 9, "latest", concept="troponin")[0]
    assert cohort.context(9).lexicon.concept_ids("observation", Row("Glucose, urine")) != frozenset({"glucose"})


class Row:
    """An observation row without a code."""

    codes: tuple[tuple[str, str], ...] = ()

    def __init__(self, display: str) -> None:
        self.display = display


def test_the_test_ordered_instead_is_named(cohort: Bench) -> None:
    result = cohort.run(9, "latest", {"concept": "bnp"})
    assert not result.found
    assert "Another test is recorded: NT-proBNP 210 pg/mL on 2026-08-19." in [s.text for s in result.statements]


@pytest.mark.parametrize(
    ("who", "finding", "said"),
    [(1, "hypoxic", "Of 2 oxygen saturation values the lowest is **95 %** on 2026-10-18; range 94–100 %."),
     (1, "fever", "Of 4 body temperature values the highest is **39.2 °C** on 2026-10-18; range 36.1–37.8 °C."),
     (6, "anemia", "Of 3 hemoglobin values the lowest is **11.1 g/dL** on 2026-10-19; range 12–17 g/dL.")],
)  # fmt: skip
def test_a_finding_that_is_measured_is_told_by_its_measurements(
    cohort: Bench, who: int, finding: str, said: str
) -> None:
    result = cohort.run(who, "condition", {"name": finding})
    assert not result.found and said in [s.text for s in result.statements]


def test_a_finding_that_nothing_measures_has_no_such_line(cohort: Bench) -> None:
    ctx = cohort.context(6)
    assert measured_finding(ctx, find_condition(ctx, "asthma")) == []
    assert measured_finding(ctx, find_condition(ctx, "neutropenia")) == []  # never measured in this record


def test_doses_are_told_one_after_the_other(cohort: Bench) -> None:
    lines = texts(cohort, 6, "medication", drug="metformin", aspect="dose_history")
    assert lines[0] == (
        "**metformin 500 mg** since **2024-04-09** (active); before that **metformin 1000 mg**, ordered 2010-02-15 (stopped)."
    )
    assert [line[:10] for line in lines[1:]] == ["2010-02-15", "2024-04-09"]
    (only, *_) = texts(cohort, 6, "medication", drug="losartan", aspect="dose_history")
    assert "no other dose is recorded" in only
    given = texts(cohort, 1, "medication", drug="vancomycin", aspect="dose_history")
    assert len(given) == 4  # a lead and three orders; what was given by them is not listed again


@pytest.mark.parametrize(
    ("who", "drug", "frequency", "verdict"),
    [(3, "methotrexate", "daily", "No: "), (3, "methotrexate", "weekly", "Yes: "), (6, "metformin", "twice a day", "Yes: "),
     (6, "metformin", "three times a day", "No: "), (6, "ferrous sulfate", "every other day", "Yes: "), (6, "metformin", "", "**met")],
)  # fmt: skip
def test_a_rhythm_asked_about_is_confirmed_or_denied(
    cohort: Bench, who: int, drug: str, frequency: str, verdict: str
) -> None:
    assert texts(cohort, who, "medication", drug=drug, aspect="dose", frequency=frequency)[0].startswith(verdict)
