"""What the rooms and the header show, without a browser: code status, spans of time, marks, runs compared, typed inputs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.dates import now
from app.evidence import EvidenceView
from app.settings import load_settings
from app.ui import plots
from app.ui.asking import ALL, begin_of
from app.ui.callbacks import Session
from app.ui.code_status import CodeStatus, code_status, status_html
from app.ui.evidence_panel import evidence_html
from app.ui.marks import interventions, stretches
from app.ui.render import footer_html
from app.ui.rooms.models import Kept, _read, run_html
from app.ui.rooms.page import Marks
from app.ui.rooms.story import blank_story
from domain.errors import InvalidInput
from domain.facts import Evidence, EvidenceKind, Note
from domain.predictions import ModelInput, ModelRun, Output, ValidationRecord
from knowledge_base.ingest import ingest_note
from tests.unit.test_app_scripted import PATIENT_ID, RUN, scripted_services
from tools.context import Chart, ToolContext

AS_OF = datetime(2024, 5, 31, tzinfo=UTC)


@pytest.fixture
def ctx(tmp_path: Path) -> ToolContext:
    services, _ = scripted_services(tmp_path)
    return ToolContext(services.store, PATIENT_ID, now(), services.twin)


def add_note(ctx: ToolContext, key: str, day: str, text: str) -> None:
    time = datetime.fromisoformat(f"{day}T10:00:00+00:00")
    ingest_note(Note(id=key, patient_id=PATIENT_ID, text=text, title="Note", time=time), ctx.store, facts=False)


def test_without_a_code_status_the_header_says_so(ctx: ToolContext) -> None:
    assert code_status(ctx) == [] and "Not documented" in status_html([], Marks(Session(), "head"))


def test_the_newest_code_status_stands_first_and_one_that_differs_beside_it(ctx: ToolContext) -> None:
    add_note(ctx, "n1", "2020-01-01", "Plan as before.\nCODE STATUS: Full code.\nThanks.")
    add_note(ctx, "n2", "2021-01-01", "Seen today. DNR/DNI, POLST signed. <b>Home</b> tomorrow.")
    first, other = code_status(ToolContext(ctx.store, PATIENT_ID, ctx.as_of, ctx.twin))
    assert first.text.startswith("DNR/DNI") and first.is_from_note and other.text == "Full code"
    session = Session(patient_id=PATIENT_ID)
    html = status_html([first, other], Marks(session, "head"))
    assert "Said otherwise" in html and session.refs["head-1"].startswith("Note/n2#") and "<b>Home" not in html
    before = ToolContext(ctx.store, PATIENT_ID, datetime(2020, 6, 1, tzinfo=UTC), ctx.twin)
    assert [one.text for one in code_status(before)] == ["Full code"]


def test_a_code_status_of_the_record_goes_before_a_note(ctx: ToolContext) -> None:
    add_note(ctx, "n1", "2021-01-01", "Code status: full.")
    row = ctx.chart.conditions[0].model_copy(
        update={"display": "Not for resuscitation (finding)", "clinical_status": "active"}
    )
    chart: Any = SimpleNamespace(
        observations=[],
        conditions=[row],
        procedures=[],
        medications=[],
        facts_by_note={},
        notes=ctx.chart.notes,
        suspicious_note_ids=set(),
    )
    fresh = ToolContext(ctx.store, PATIENT_ID, ctx.as_of, ctx.twin)
    fresh.__dict__["chart"] = chart
    first, second = code_status(fresh)
    assert not first.is_from_note and first.evidence[0].ref == row.ref and second.text == "Full"
    chart.conditions = [row.model_copy(update={"clinical_status": "resolved"})]
    assert [one.is_from_note for one in code_status(fresh)] == [True]


def test_markup_in_a_code_status_stays_text() -> None:
    evil = CodeStatus("<img src=x>", True, AS_OF, (Evidence(ref="Note/a#0-3", quote="<script>"),))
    html = status_html([evil], Marks(Session(), "head"))
    assert "<img" not in html and "<script" not in html


@pytest.mark.parametrize(
    ("since", "begin"),
    [("", None), (ALL, None), (None, None), ("2024-01-02", date(2024, 1, 2)), ("the last 30 days", date(2024, 5, 1)),
     ("the last year", date(2023, 6, 1))],
)  # fmt: skip
def test_a_span_counts_back_from_the_day_that_counts_as_today(since: str | None, begin: date | None) -> None:
    assert begin_of(since, "2024-05-31") == begin


def test_a_start_that_cannot_be_read_is_said() -> None:
    with pytest.raises(InvalidInput):
        begin_of("last Tuesday", "")


def test_nothing_of_the_patient_before_stays_in_the_story_room() -> None:
    assert "Choose a patient" in blank_story(Session()) and "story" in blank_story(Session(patient_id="p"))


def test_marks_lie_within_the_trend_and_a_day_has_one(ctx: ToolContext) -> None:
    chart = Chart(ctx.store, PATIENT_ID, now())
    times = sorted(row.time for row in chart.procedures if row.time)
    marks = interventions(chart, times[0], times[-1])
    assert marks and all(times[0] <= mark.time <= times[-1] for mark in marks)
    days = [mark.time.date() for mark in marks]
    assert len(days) == len(set(days)) and len(marks) <= 14
    assert interventions(chart, times[0] - timedelta(days=9), times[0] - timedelta(days=8)) == []


def test_a_trend_is_marked_and_draws_the_second_of_a_pair(ctx: ToolContext) -> None:
    chart = Chart(ctx.store, PATIENT_ID, now())
    times = sorted(row.time for row in chart.procedures if row.time)
    points = [{"time": t.isoformat(), "value": v, "second": v - 50} for t, v in ((times[0], 120), (times[-1], 130))]
    artifact = {"kind": "trend", "title": "BP", "unit": "mmHg", "points": points, "reference_range": [90, 120]}
    figure = plots.figure_of(artifact, chart)
    assert figure is not None
    assert [list(trace.y) for trace in figure.data[:2]] == [[120, 130], [70, 80]]
    assert figure.data[2].marker.symbol == "triangle-down" and len(figure.data[2].x) == len(figure.data[2].text)
    assert not any("reference" in str(a.text) for a in figure.layout.annotations), (
        "one range is not for two measurements"
    )
    alone = plots.figure_of({**artifact, "points": [{"time": p["time"], "value": p["value"]} for p in points]})
    assert alone is not None and "90 to 120" in alone.layout.title.text


def test_a_timeline_has_lanes_and_ends_at_the_day_that_counts_as_today(ctx: ToolContext) -> None:
    moment = datetime(2015, 1, 1, tzinfo=UTC)
    found = stretches(Chart(ctx.store, PATIENT_ID, moment))
    assert [lane for lane in ("Problems", "Drugs", "Procedures", "Visits") if any(s.lane == lane for s in found)]
    figure = plots.timeline(found, moment)
    assert figure is not None and plots.timeline([], moment) is None
    assert max(str(x) for trace in figure.data for x in trace.x) <= moment.isoformat()


def test_scenarios_of_one_quantity_are_named_by_what_differs() -> None:
    curve = {"times": [0, 1], "values": [1, 2], "unit": "mg/L", "time_unit": "h"}
    figure = plots.figure_of(
        {"kind": "simulation", "series": [{**curve, "label": f"level (dose {d} mg)"} for d in (1, 2)]}
    )
    assert figure is not None and [trace.name for trace in figure.data] == ["dose 1 mg", "dose 2 mg"]


def test_a_run_card_names_validation_what_was_not_given_and_where_inputs_are_from() -> None:
    record = ValidationRecord(
        population="2,000 <others>", measure="C statistic", value=0.8, lower=0.7, upper=0.9, doi="10.1/x"
    )
    run = RUN.model_copy(update={"validation": (record,), "not_given": ("measured_level",)})
    view = EvidenceView(ref=f"Run/{run.id}", kind=EvidenceKind.RUN, title=run.title, run=run)
    html = evidence_html(view, lambda evidence: f"[link {evidence[0].ref}]")
    assert "C statistic" in html and "0.8 (0.7 to 0.9)" in html and "2,000 &lt;others&gt;" in html
    assert "Not given" in html and "measured level" in html
    assert all(f"[link {i.evidence.ref}]" in html for i in run.inputs if i.evidence)
    bare = evidence_html(view.model_copy(update={"run": RUN.model_copy(update={"validation": ()})}))
    assert "No record of this is on file" in bare


def test_a_resource_is_read_as_a_clinician_reads_it() -> None:
    rows = (
        ("Type", "Observation"), ("Value", "0.84 mg/dL"), ("Reference range", "0.6 to 1.2"), ("Reference text", "0.6 to 1.2"),
        ("Interpretation", "HH"), ("Issued", "2025-11-12 14:45-05:00"),
    )  # fmt: skip
    html = evidence_html(EvidenceView(ref="Observation/1", kind=EvidenceKind.RESOURCE, title="Creatinine", rows=rows))
    assert "critically high" in html and "Reference text" not in html and "12 Nov 2025, 14:45" in html


def run_of(key: str, value: float) -> ModelRun:
    outputs = (Output(name="auc", label="AUC", value=value, display=f"{value:g} mg.h/L", interpretation="in range"),)
    return RUN.model_copy(update={"id": key, "outputs": outputs})


def test_runs_that_were_kept_stand_beside_the_one_of_now() -> None:
    html = run_html(
        run_of("c", 3), [Kept("A", run_of("a", 1)), Kept("B", run_of("b", 2))], Marks(Session(), "twin"), "k"
    )
    row = html.partition("<tbody>")[2].partition("</tr>")[0]
    assert [row.index(f"{n} mg.h/L") for n in (1, 2, 3)] == sorted(row.index(f"{n} mg.h/L") for n in (1, 2, 3))
    assert "in range" not in html and "in range" in run_html(run_of("c", 3), [], Marks(Session(), "twin"), "k")


@pytest.mark.parametrize(
    ("kind", "typed", "read"),
    [("number", "1.5", 1.5), ("integer", "12", 12), ("numbers", "1, 2;3", [1.0, 2.0, 3.0]), ("boolean", "yes", True),
     ("number", 2.5, 2.5), ("choice", "male", "male")],
)  # fmt: skip
def test_what_is_typed_is_read_by_the_kind_of_input(kind: str, typed: object, read: object) -> None:
    assert _read(ModelInput(name="x", label="X", kind=kind), typed) == read


@pytest.mark.parametrize("typed", ["five", "1,5", "nan", "inf", "1 2"])
def test_what_is_no_number_is_refused_with_what_is_taken(typed: str) -> None:
    with pytest.raises(InvalidInput, match="Dose is a number"):
        _read(ModelInput(name="x", label="Dose"), typed)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({}, "Nothing leaves"), ({"model": "openai:some-model"}, "Nothing leaves"),
     ({"model": "openai:some-model", "privacy": "deidentify"}, "sent to openai:some-model after identifying words"),
     ({"model": "openai:some-model", "privacy": "openai=allow"}, "sent to openai:some-model as they are")],
)  # fmt: skip
def test_the_page_says_where_questions_go(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    assert said in footer_html(load_settings(data_dir=tmp_path, **settings))
