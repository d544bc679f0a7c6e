"""Why a result changed: the change found, what lies around it, and what is said when nothing does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nlp_pipeline.vocabulary import load_vocabulary
from tests.conftest import Bench
from tools.measurements.changes import Move, drug_events, interval_hours, largest_move
from tools.measurements.known_effects import known_effects
from tools.measurements.readings import Reading
from tools.outcome import RetryableToolError

DAY0 = datetime(2026, 1, 1, tzinfo=UTC)


def lab(day: int, value: float) -> Reading:
    return Reading(ref=f"Observation/{day}", name="x", time=DAY0 + timedelta(days=day), value=value, unit="mg/dL")


def ends(move: Move | None) -> tuple[float | None, float | None] | None:
    return (move.before.value, move.after.value) if move is not None else None


@pytest.mark.parametrize(
    ("values", "direction", "expected"),
    [
        ([1.0, 1.0, 1.1, 1.9, 2.1, 1.5, 1.2], "up", (1.1, 2.1)),
        ([1.0, 1.0, 1.1, 1.9, 2.1, 1.5, 1.2], "down", (2.1, 1.2)),
        ([5.0, 4.0, 3.0], "up", None),
        ([5.0, 4.0, 3.0], "any", (5.0, 3.0)),
        ([4.0, 4.0], "any", None),
        ([4.0], "any", None),
        ([], "up", None),
    ],
)
def test_the_change_that_is_meant(values: list[float], direction: str, expected: tuple[float, float] | None) -> None:
    assert ends(largest_move([lab(i, v) for i, v in enumerate(values)], direction)) == expected


def test_a_recent_change_is_preferred_to_an_older_larger_one_unless_it_is_slight() -> None:
    old = [lab(0, 1.0), lab(5, 4.0), lab(20, 1.0)]
    assert ends(largest_move([*old, lab(900, 1.0), lab(920, 1.5)], "up")) == (1.0, 1.5)
    assert ends(largest_move([*old, lab(900, 1.0), lab(920, 1.02)], "up")) == (1.0, 4.0)
    assert ends(largest_move([*old, lab(900, 1.0), lab(920, 1.5)], "up", recent_first=False)) == (1.0, 4.0)


def test_every_packaged_effect_is_of_a_known_drug_on_a_known_result_with_a_source() -> None:
    vocabulary, data = load_vocabulary(), known_effects()
    assert len(data["drug_effects"]) >= 60
    for effect in data["drug_effects"]:
        drug = vocabulary.get("drug_class", effect["drug"]) or vocabulary.get("medication", effect["drug"])
        assert drug is not None and vocabulary.get("observation", effect["lab"]) is not None, effect
        assert effect["effect"] in {"up", "down"} and 1 <= effect["onset_days"] <= 1825
        source = data["sources"][effect["source"]]
        assert source["doi"].startswith("10.") or source["cite"].startswith("US prescribing information"), effect
    for row in data["conditions"]:
        assert all(vocabulary.get("condition", c) for c in row["conditions"]), row
        assert all(vocabulary.get("observation", lab) for lab in row["labs"]), row
    assert all(vocabulary.get("observation", lab) for lab in data["also_called"])


def test_a_creatinine_rise_with_its_neighbours_in_time(cohort: Bench) -> None:
    result = cohort.run(1, "possible_causes", {"concept": "creatinine", "direction": "rise"})
    before, after = result.data["before"], result.data["after"]
    assert (before["value"], after["value"], result.data["unit"]) == (1.2, 2.1, "mg/dL")
    assert (before["time"][:10], after["time"][:10]) == ("2026-10-20", "2026-10-23")
    known = {(c["name"], c["event"]) for c in result.data["candidates"] if c["known"]}
    assert known == {("vancomycin 2000 mg", "started"), ("Acute kidney injury", "recorded")}
    text = result.summary
    assert "not proven" in text and "doi:10.1093/ajhp/zxaa036" in text
    assert "naproxen 500 mg" in text and "Supratherapeutic trough and rising creatinine" in text
    assert "In force throughout" not in text  # amlodipine and allopurinol run on, but are not listed to raise it
    quoted = [e for e in result.evidence if e.span is not None]
    assert quoted
    for evidence in quoted:  # spans slice back to their notes
        span = evidence.span
        note = next(n for n in cohort.store.notes("demo-ct-001") if span is not None and n.id == span.note_id)
        assert span is not None and note.text[span.start : span.end] == evidence.quote


@pytest.mark.parametrize(
    ("patient", "concept", "direction", "named"),
    [
        (6, "egfr", "fall", "ibuprofen 600 mg"),
        (6, "potassium", "rise", "ibuprofen 600 mg"),
        (9, "hemoglobin", "fall", "Total replacement of right knee joint"),
        (7, "hemoglobin", "fall", "Variceal hemorrhage"),
        (4, "blood_pressure", "fall", "losartan 50 mg"),
    ],
)
def test_what_is_known_to_move_it_is_named(
    cohort: Bench, patient: int, concept: str, direction: str, named: str
) -> None:
    result = cohort.run(patient, "possible_causes", {"concept": concept, "direction": direction})
    assert named in {c["name"] for c in result.data["candidates"] if c["known"]}


def test_a_running_drug_is_not_passed_off_as_new(cohort: Bench) -> None:
    text = cohort.run(6, "possible_causes", {"concept": "potassium", "direction": "rise"}).summary
    assert "In force throughout, so not new, though it can raise potassium: losartan 100 mg" in text


def test_nothing_found_is_said_with_what_was_looked_at(cohort: Bench) -> None:
    text = cohort.run(4, "possible_causes", {"concept": "inr", "direction": "rise"}).summary
    assert "Nothing that is known to move INR that way was found around it" in text
    assert "Looked at 8 medication entries" in text and "Associated in time" not in text
    assert "on a date the record does not give" in text and "warfarin 5 mg" in text


@pytest.mark.parametrize(
    ("patient", "arguments", "said"),
    [
        (2, {"concept": "sodium"}, "The record shows no change of sodium: 3 values from 140 mmol/L"),
        (12, {"concept": "creatinine"}, "Only one creatinine is documented: **1.9 mg/dL**"),
        (8, {"concept": "glucose", "direction": "rise"}, "Not documented: no glucose result"),
    ],
)
def test_what_did_not_change_has_no_cause(cohort: Bench, patient: int, arguments: dict[str, Any], said: str) -> None:
    result = cohort.run(patient, "possible_causes", arguments)
    assert not result.found and result.summary.startswith(said)


def test_only_the_two_directions_are_accepted(cohort: Bench) -> None:
    with pytest.raises(RetryableToolError, match="direction is one of any, rise, fall"):
        cohort.run(1, "possible_causes", {"concept": "creatinine", "direction": "sideways"})


def test_a_note_that_gives_orders_is_no_reason(cohort: Bench) -> None:
    for concept in ("hemoglobin", "platelets", "creatinine"):
        result = cohort.run(9, "possible_causes", {"concept": concept})
        aside = cohort.context(9).chart.set_aside
        cited = [e.span for e in result.evidence if e.span]
        assert aside
        assert not any(a < s.end and s.start < b for s in cited for a, b in aside.get(s.note_id, ()))


def test_later_rows_are_invisible(cohort: Bench) -> None:
    as_of = datetime(2026, 10, 21, 12, tzinfo=UTC)
    result = cohort.run(1, "possible_causes", {"concept": "creatinine", "direction": "rise"}, as_of=as_of)
    assert result.data["after"]["value"] < 2.0
    assert not any(c["time"] > "2026-10-22" for c in result.data["candidates"])


def test_a_renewal_is_no_event_and_a_change_of_dose_is_one(cohort: Bench) -> None:
    events = [(e.event, e.name) for e in drug_events(cohort.context(4)) if "losartan" in e.name]
    assert events == [("started", "losartan 50 mg"), ("increased", "losartan 100 mg")]
    rows = {r.display: r for r in cohort.context(1).chart.medications if r.kind != "administration"}
    assert interval_hours(rows["vancomycin 1250 mg"]) == 12 and interval_hours(rows["vancomycin 2000 mg"]) is None
