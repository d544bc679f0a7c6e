"""How much of a chart is looked at: from a day on, in the record or the notes; what is in force stays, safety sees all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest

from domain.errors import ChartTwinError
from knowledge_base.records import RecordStore
from tests.unit.test_app_scripted import PATIENT_ID, loaded_record
from tools.context import ToolContext
from tools.extent import Extent

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SINCE = date(2018, 1, 1)


@pytest.fixture(scope="module")
def store() -> Iterator[RecordStore]:
    opened = RecordStore(loaded_record(), create=False)
    yield opened
    opened.close()


def context(store: RecordStore, **extent: Any) -> ToolContext:
    return ToolContext(store, PATIENT_ID, NOW, cast(Any, None), extent=Extent(**extent))


def test_results_and_notes_of_before_are_not_looked_at(store: RecordStore) -> None:
    whole, part = context(store).chart, context(store, since=SINCE).chart
    for name in ("observations", "notes", "procedures"):
        some, all_ = getattr(part, name), getattr(whole, name)
        assert 0 < len(some) < len(all_), name
        assert [r for r in all_ if r.time and r.time.date() >= SINCE] == [r for r in some if r.time]


def test_what_was_in_force_is_looked_at_though_it_began_before(store: RecordStore) -> None:
    whole, part = context(store).chart, context(store, since=SINCE).chart
    active = {r.ref for r in whole.conditions if whole.is_active(r)}
    assert active <= {r.ref for r in part.conditions}
    over = [r for r in whole.conditions if r.abatement and r.abatement.date() < SINCE]
    assert over and not {r.ref for r in over} & {r.ref for r in part.conditions}
    assert part.allergies == whole.allergies


def test_sources_leave_out_the_other_side(store: RecordStore) -> None:
    record, notes = context(store, sources="record").chart, context(store, sources="notes").chart
    assert record.observations and not record.notes and not record.facts
    assert notes.notes and not notes.observations and not notes.conditions and not notes.medications


def test_safety_is_checked_against_the_whole_chart(store: RecordStore) -> None:
    narrowed = context(store, since=SINCE, sources="notes")
    assert len(narrowed.whole.chart.observations) == len(context(store).chart.observations)
    assert narrowed.whole.owner == narrowed.owner and context(store).whole.extent.is_whole


@pytest.mark.parametrize(
    ("extent", "words"),
    [
        (Extent(since=SINCE), ("the chart from 2018-01-01",)),
        (Extent(sources="notes"), ("the notes alone, not the record",)),
        (Extent(sources="record", since=SINCE), ("the record alone, no notes", "2018-01-01")),
    ],
)
def test_the_extent_is_told(extent: Extent, words: tuple[str, ...]) -> None:
    assert all(word in extent.told() for word in words) and Extent().told() == ""


def test_an_answer_begins_with_what_was_looked_at(store: RecordStore) -> None:
    from agents import build_assistant
    from twin_backend import build_twin

    assistant = build_assistant(store, None, build_twin())
    asked = {"as_of": NOW}
    whole = assistant.ask(PATIENT_ID, "latest weight?", **asked)
    part = assistant.ask(PATIENT_ID, "latest weight?", **asked, extent=Extent(sources="notes"))
    assert whole.citations and whole.citations[0].evidence.ref.startswith("Observation/")
    assert not any(c.evidence.ref.startswith("Observation/") for c in part.citations)
    assert part.text.startswith("Looked at: the notes alone") and part.text.startswith(part.warnings[0])
    with pytest.raises(ChartTwinError, match="after"):
        assistant.ask(PATIENT_ID, "latest weight?", **asked, extent=Extent(since=date(2030, 1, 1)))
