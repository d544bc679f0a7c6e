"""Values to markdown, HTML and plots: links that open evidence, and nothing else that acts."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.evidence import EvidenceView
from app.overview import AllergyLine, Overview
from app.ui import evidence_panel, plots, render
from domain.answers import Answer, Citation, Conflict
from domain.facts import Evidence, EvidenceKind
from tests.unit.test_app_scripted import POISON, RUN

TIME = datetime(2024, 5, 3, 8, 15, tzinfo=UTC)


def answer(text: str, *refs: str, **more) -> Answer:
    citations = tuple(
        Citation(number=i, evidence=Evidence(ref=ref, quote="q", time=TIME)) for i, ref in enumerate(refs, 1)
    )
    return Answer(question="?", text=text, citations=citations, **more)


def test_markers_become_links_that_the_session_can_open() -> None:
    given = answer("Creatinine 1.2 [1], noted [1, 2].", "Observation/a", "Note/n#3-9")
    shown = render.answer_markdown(given, "4")
    assert '<span class="ct-cites">' in shown
    assert shown.count('href="#cite-4-1"') == 3 and shown.count('href="#cite-4-2"') == 2  # the list of sources included
    assert render.citation_keys(given, "4") == {"4-1": "Observation/a", "4-2": "Note/n#3-9"}


def test_a_marker_without_citation_stays_text() -> None:
    assert "[7]" in render.answer_markdown(answer("See [7].", "Observation/a"), "1")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "![x](http://evil.example/x.png)",
        "[click](javascript:alert(1))",
        "[1]: http://evil.example",
        "<http://evil.example>",
        "www.evil.example",
        "a@evil.example",
    ],
)
def test_text_of_an_answer_cannot_act(text: str) -> None:
    from markdown_it import MarkdownIt

    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(render.neutral(text))
    assert not any(tag in html for tag in ("<script", "<img", "<a ")), html


@pytest.mark.parametrize(
    "quote", ["<img src=x onerror=go()>", "![x](http://evil.example/x.png)", "<script>go()</script>"]
)
def test_a_quoted_note_cannot_act(quote: str) -> None:
    from markdown_it import MarkdownIt

    evidence = Evidence(ref="Note/n#0-9", quote=quote)
    given = Answer(
        question="q", text=f"The note says: “{quote}” [1].", citations=(Citation(number=1, evidence=evidence),)
    )
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(render.answer_markdown(given, "1"))
    assert not any(tag in html for tag in ("<script", "<img")), html
    assert 'href="http' not in html and 'src="http' not in html


def test_markdown_that_clinicians_read_is_kept() -> None:
    text = "**1.2 mg/dL**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one"
    assert render.neutral(text) == text


def test_conflicts_and_warnings_stand_beside_the_answer() -> None:
    conflict = Conflict(topic="<b>", record_says="A", note_says="B", evidence=(Evidence(ref="Note/n#0-2"),))
    given = answer("x", warnings=("<i>old</i>",), conflicts=(conflict,))
    shown = render.answer_markdown(given, "2")
    assert "<b>" not in shown and "<i>" not in shown and 'href="#cite-2-c1-1"' in shown
    assert render.citation_keys(given, "2") == {"2-c1-1": "Note/n#0-2"}


def test_a_conflict_is_told_once() -> None:
    conflict = Conflict(topic="allergies", record_says="penicillin", note_says="NKDA")
    text = "One allergy.\n\nNote and record disagree: penicillin, but NKDA."
    assert render.answer_markdown(answer(text, conflicts=(conflict,)), "1").count("NKDA") == 1
    assert render.answer_markdown(answer(text.split("\n\n")[1], conflicts=(conflict,)), "1").count("NKDA") == 2


def test_the_header_names_allergies_before_problems_and_escapes_them() -> None:
    card = Overview(
        id="p",
        name="<b>Ann</b>",
        gender="female",
        birth_date=date(1950, 1, 2),
        age_years=74,
        allergies=(AllergyLine(label="Penicillin", reactions=("anaphylaxis",), high=True),),
        problems=tuple(f"Problem {i}" for i in range(10)),
        last_entry=TIME,
    )
    html = render.header_html(card)
    assert "<b>" not in html and "74 years" in html and "anaphylaxis" in html and "ct-high" in html
    assert html.index("Penicillin") < html.index("Problem 0") and "+3 more" in html


def test_no_allergy_entry_is_not_the_same_as_no_known_allergies() -> None:
    assert "None recorded" in render.header_html(Overview(id="p", name="A"))
    assert "No known allergies" in render.header_html(Overview(id="p", name="A", no_known_allergy=True))


def test_a_note_opens_with_exactly_its_span_marked_and_escaped() -> None:
    text = f"before {POISON} after"
    view = EvidenceView(
        ref="Note/n#7-9", kind=EvidenceKind.SPAN, title="<h1>", text=text, start=7, end=7 + len(POISON), time=TIME
    )
    html = evidence_panel.evidence_html(view)
    hit = html.partition('<mark class="ct-hit">')[2].partition("</mark>")[0]
    assert (
        hit == render.esc(POISON)
        and "<script" not in html
        and "<h1>" not in html
        and "${" not in html
        and "{{" not in html
    )


def test_a_run_opens_as_a_card_with_the_origin_of_each_input() -> None:
    html = evidence_panel.evidence_html(
        EvidenceView(ref="Run/run-0001", kind=EvidenceKind.RUN, title=RUN.title, run=RUN)
    )
    for said in (
        "512 mg·h/L",
        "71.2 kg",
        "record",
        "population default",
        "not recorded",
        "10.1097/FTD",
        RUN.warnings[0],
    ):
        assert said in html


def test_a_trend_is_drawn_with_its_reference_range() -> None:
    points = [
        {"time": "2024-01-01", "value": 1.0, "ref": "Observation/a"},
        {"time": "2024-02-01", "value": 1.4, "ref": "b"},
    ]
    artifact = {"kind": "trend", "title": "Creat <b>", "unit": "mg/dL", "points": points, "reference_range": [0.6, 1.2]}
    figure = plots.figure_of(artifact)
    assert list(figure.data[0].y) == [1.0, 1.4] and figure.layout.shapes[0].y1 == 1.2
    assert "<b>" not in figure.layout.title.text


def test_a_simulation_draws_every_series_and_its_band() -> None:
    artifact = {"kind": "simulation", "title": "x", "series": [series.model_dump() for series in RUN.series]}
    figure = plots.figure_of(artifact)
    assert [trace.name for trace in figure.data if trace.name] == ["1000 mg every 12 h", "1250 mg every 12 h"]
    assert any(trace.fill == "toself" for trace in figure.data)


@pytest.mark.parametrize("artifact", [{}, {"kind": "trend", "points": []}, {"kind": "simulation"}, {"kind": "other"}])
def test_nothing_to_draw_draws_nothing(artifact: dict) -> None:
    assert plots.figure_of(artifact) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Lead.\n- one\n- two\nThe next.", "Lead.\n- one\n- two\n\nThe next."),
        ("- one\n\nThe next.", "- one\n\nThe next."),
        ("- one\n  goes on\n- two", "- one\n  goes on\n- two"),
    ],
)
def test_what_follows_a_list_is_no_part_of_its_last_point(text: str, shown: str) -> None:
    assert render.streaming_markdown(text) == shown
