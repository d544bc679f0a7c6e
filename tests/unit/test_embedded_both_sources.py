"""One thing asked of notes and record in a breath, and the record asked of nothing in particular."""

from __future__ import annotations

import pytest

from agents.embedded.reading.both_sources import asked_of_both, names_no_subject


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("What do the notes say about creatinine, and what does the record say?", ["what do the notes say about creatinine", "creatinine"]),
        ("what do the letters say about potassium, and the record?", ["what do the notes say about potassium", "potassium"]),
        ("what does the chart have on warfarin and what do notes say about it", ["warfarin", "what do the notes say about warfarin"]),
        ("compare what the notes and the record say about his weight", ["his weight", "what do the notes say about his weight"]),
        ("what do the notes say about allergies", []),
        ("what does the record say about allergies", []),
        ("what do the notes say about the plan and who wrote it", []),
    ],
)  # fmt: skip
def test_the_topic_is_asked_of_each_source(question: str, asks: list[str]) -> None:
    assert asked_of_both(question) == asks


@pytest.mark.parametrize(
    ("question", "is_so"),
    [("what does the record say?", True), ("and what does the chart show", True), ("what does the record say about K", False), ("what do the notes say", False)],
)  # fmt: skip
def test_the_record_asked_of_nothing(question: str, is_so: bool) -> None:
    assert names_no_subject(question) is is_so
