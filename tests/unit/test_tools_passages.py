"""Passages that answer: shorthand, what a question only frames, what the next or the last sentence completes."""

from __future__ import annotations

import pytest

from tests.conftest import Bench
from tools.notes.subjects import what_is_asked

# Written by the author of the tools over the demo cohort, and used to choose what is here: no measure of quality.
TOLD: list[tuple[int, str, str]] = [
    # shorthand
    (4, "vision in the right eye", "VA OD 20/80"),
    (9, "blood loss during surgery", "EBL 250 mL"),
    (10, "baby's heart rate", "FHT 1"),
    (10, "rhesus status", "Rh neg"),
    (10, "HIV status", "HIV NR"),
    (10, "how does she want to deliver", "desires TOLAC"),
    (12, "does he want a defibrillator", "No ICD per his wish"),
    (12, "who makes decisions for him", "Joan is HCP"),
    (3, "swollen joint count", "SJC"),
    (1, "was there an infusion reaction", "No rxn noted"),
    # a question's frame is told by the note
    (4, "can he drive after the pacemaker", "No driving 1 week"),
    (4, "who gave the history on admission", "son (pt drowsy)"),
    (4, "living situation since his wife died", "eating alone"),
    # the next sentence completes it, or the one before
    (2, "how well does she use her CPAP", "used 27/30 nights"),
    (3, "what went wrong with the pharmacy", "their profile was"),
    (2, "why isn't she on a statin", "She would rather try diet another year"),
    # contractions ask for nothing
    (7, "why wasn't tips done", "No TIPS for now"),
]


# The sentence names neither the drug nor a date of its own, and others of the chart come nearer.
@pytest.mark.parametrize(("who", "question", "told"), TOLD)
def test_what_is_quoted(cohort: Bench, who: int, question: str, told: str) -> None:
    result = cohort.run(who, "search_notes", {"query": question})
    assert told in result.summary, result.summary
    for evidence in result.evidence:
        span = evidence.span
        assert span is not None
        text = cohort.store.note(cohort.patient_id(who), span.note_id).text
        assert text[span.start : span.end] == evidence.quote
        assert len(evidence.quote) <= 420


@pytest.mark.parametrize(
    "question",
    [
        "does he keep bees",
        "which football club does he support",
        "blood type of his brother-in-law",
        "colour of his car",
    ],
)
def test_what_no_note_tells_is_not_said_to_be_told(cohort: Bench, question: str) -> None:
    assert not cohort.run(1, "search_notes", {"query": question}).found


def test_quotes_do_not_overlap(cohort: Bench) -> None:
    for who, question, _ in TOLD:
        spans = [e.span for e in cohort.run(who, "search_notes", {"query": question}).evidence if e.span]
        for i, one in enumerate(spans):
            for other in spans[i + 1 :]:
                assert one.note_id != other.note_id or one.end <= other.start or other.end <= one.start


def test_frames_weigh_less_than_what_is_asked(cohort: Bench) -> None:
    lexicon = cohort.context(4).lexicon
    asked = {a.own[0]: a.frames for a in what_is_asked("driving advice after the pacemaker", lexicon)}
    assert asked["pacemaker"] and not asked[next(w for w in asked if w.startswith("driv"))]
    assert not any(a.frames for a in what_is_asked("after the pacemaker", lexicon))  # nothing else is asked
    assert [a.own for a in what_is_asked("why isn't she walking", lexicon)] == [("walk",)]


def test_what_a_name_leaves_over_is_said(cohort: Bench) -> None:
    result = cohort.run(11, "look_up", {"name": "peanut wheal size", "question": "peanut wheal size"})
    assert "“wheal size” is not documented in the structured record" in result.summary
    assert "skin test 9 mm in June" in result.summary
    assert cohort.run(11, "look_up", {"name": "peanut allergy"}).summary.startswith("Recorded:")


def test_a_sentence_that_only_repeats_the_question_tells_nothing(cohort: Bench) -> None:
    from tools.notes.passages import _echoes

    assert _echoes("how much exercise does she get -", "How much exercise does she get?")
    assert not _echoes("No fever.", "any fever?") and not _echoes("Fever.", "fever")
    assert not _echoes("She exercises twice a week.", "how much exercise does she get")


def test_numbers_under_a_heading_are_found(cohort: Bench) -> None:
    assert "96/188/162/131" in cohort.run(10, "search_notes", {"query": "OGTT values"}).summary
