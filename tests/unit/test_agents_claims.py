"""What a question claims of a drug or a problem, in every polarity, and the near ones that claim nothing of the kind."""

from __future__ import annotations

from typing import Any

import pytest

from agents.embedded.plans import Call
from agents.embedded.reading.dating.calendar_days import with_whole_dates
from agents.embedded.reading.meant import as_meant
from agents.embedded.reading.reader import Question, Slot, Variant
from agents.embedded.routing.claims_asked import asks_advice, with_claim
from agents.embedded.supposing.wanted import wanted
from agents.embedded.turns.choices import chosen_among
from tests.conftest import NOW
from tools.concepts import default_lexicon


def _question(text: str, name: str, kind: str) -> Question:
    start = text.lower().index(name)
    slot = Slot(kind=kind, id=name, text=name, start=start, end=start + len(name), known=True)
    return Question(
        text=text, periods=(), numbers=(), variants=(Variant(slots=(slot,), cues=frozenset(), masked=text),)
    )


def _claimed(text: str, name: str, tool: str, aspect: str, left: str = "", **more: str) -> dict[str, Any]:
    slot = "drug" if tool == "medication" else "name"
    call = Call(tool=tool, arguments={"aspect": aspect, slot: name, **more})
    kind = "medication" if tool == "medication" else "condition"
    return dict(with_claim(call, _question(text, name, kind), text, left)[0].arguments)


DRUGS = [
    ("is she on ibuprofen?", {}),
    ("does she still take ibuprofen", {}),
    ("isn't she on ibuprofen?", {}),
    ("she's on ibuprofen, correct?", {}),
    ("ibuprofen?", {}),
    ("is she off ibuprofen?", {"claim": "not so"}),
    ("she isn't taking ibuprofen, right?", {"claim": "not so"}),
    ("he's not on ibuprofen any more, is he?", {"claim": "not so"}),
    ("isn't she on ibuprofen any more?", {"claim": "not so"}),
    ("no longer on ibuprofen?", {"claim": "not so"}),
    ("is ibuprofen finished?", {"claim": "not so"}),
    ("has she never had ibuprofen?", {"claim": "never", "aspect": "ever"}),
    ("is ibuprofen on hold?", {"claim": "held"}),
    ("are we holding the ibuprofen?", {"claim": "held"}),
    ("should she stay on ibuprofen?", {"claim": "advice"}),
    ("is ibuprofen ok for her?", {"claim": "advice"}),
    ("is she on or off ibuprofen", {"claim": "open"}),
    ("is her ibuprofen working?", {"claim": "open"}),
    ("is she on 400 mg ibuprofen?", {"aspect": "dose", "amount": "400 mg"}),
    ("confirm she takes ibuprofen daily", {"aspect": "dose", "frequency": "daily"}),
    ("is it three ibuprofen tablets a day?", {"aspect": "dose", "frequency": "a day"}),
    ("does she take ibuprofen daily or weekly?", {"claim": "open", "frequency": ""}),
]


@pytest.mark.parametrize(("text", "adds"), DRUGS)
def test_what_is_claimed_of_a_drug(text: str, adds: dict[str, str]) -> None:
    assert _claimed(text, "ibuprofen", "medication", "active") == {"aspect": "active", "drug": "ibuprofen", **adds}


@pytest.mark.parametrize(
    ("text", "adds"),
    [
        ("is she diabetes positive", {}),
        ("does she have diabetes or not", {}),
        ("doesn't she have diabetes?", {}),
        ("she doesn't have diabetes, correct?", {"claim": "not so"}),
        ("no diabetes, right?", {"claim": "not so"}),
        ("is he free of diabetes?", {"claim": "not so"}),
        ("no history of diabetes, right?", {"claim": "never"}),
        ("has he never had diabetes", {"claim": "never"}),
        ("the intake says no hx of diabetes, right?", {"claim": "never"}),
        ("was diabetes ruled out?", {"claim": "ruled out"}),
        ("is the diabetes well controlled?", {"claim": "open"}),
        ("is it acute or chronic diabetes", {"claim": "open"}),
        ("has her diabetes resolved?", {"claim": "resolved", "aspect": "resolved"}),
        ("is her diabetes in remission?", {"claim": "in remission", "aspect": "resolved"}),
    ],
)
def test_what_is_claimed_of_a_problem(text: str, adds: dict[str, str]) -> None:
    assert _claimed(text, "diabetes", "condition", "has") == {"aspect": "has", "name": "diabetes", **adds}


def test_a_word_that_nothing_explains_leaves_a_claim_open() -> None:
    assert _claimed("is diabetes hereditarily bound", "diabetes", "condition", "has", "bound")["claim"] == "open"
    assert "claim" not in _claimed("is she sure of diabetes", "diabetes", "condition", "has", "sure")


def test_advice_asks_for_the_safety_check_and_the_notes() -> None:
    text = "should she stay on ibuprofen?"
    call = Call(tool="medication", arguments={"aspect": "active", "drug": "ibuprofen"})
    planned = with_claim(call, _question(text, "ibuprofen", "medication"), text, "stay")
    assert [c.tool for c in planned] == ["medication", "medication_safety", "search_notes"]


@pytest.mark.parametrize(
    ("text", "is_advice"),
    [
        ("should vancomycin be restarted?", True),
        ("can we stop apixaban?", True),
        ("should vancomycin be restarted at 1 g q12h?", False),  # the twin can compute that
        ("when was vancomycin stopped?", False),
        ("should I worry", False),
    ],
)
def test_advice_supposes_nothing(text: str, is_advice: bool) -> None:
    assert asks_advice(text) is is_advice


@pytest.mark.parametrize(
    ("text", "lists", "status"),
    [
        ("list of antibiotics", True, "all"),
        ("which antibiotics did he receive?", True, "all"),
        ("what antibiotic was he on that is finished now", True, "all"),
        ("list the antibiotics he is taking now", True, "active"),
        ("which antibiotic and dose", False, ""),
        ("is he on antibiotics?", False, ""),
    ],
)
def test_the_list_of_a_class(text: str, lists: bool, status: str) -> None:
    call = Call(tool="medication", arguments={"aspect": "active", "drug": "antibiotic"})
    planned = with_claim(call, _question(text, "antibiotic", "drug_class"), text, "")[0]
    assert (planned.tool == "list_medications") is lists
    assert planned.arguments.get("status", "") == status


class _Record:
    """A record that has vancomycin troughs."""

    def has(self, kind: str, concept: str) -> bool:
        return (kind, concept) == ("observation", "vancomycin_trough")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("BP when most hypotensive", "lowest BP"),
        ("heart rate at his most tachycardic", "highest heart rate"),
        ("the last trough", "the last vancomycin trough"),
        ("does she take iron alt days?", "does she take iron every other day?"),
        ("BP when hypotensive", "BP when hypotensive"),
        ("heart rate when most hypotensive", "heart rate when most hypotensive"),  # whose lowest is something else
        ("what trough would 1 g give", "what trough would 1 g give"),
        ("last gentamicin trough", "last gentamicin trough"),
        ("ALT days after the start", "ALT days after the start"),
        ("last ALT", "last ALT"),
    ],
)
def test_what_the_bedside_means(text: str, meant: str) -> None:
    told: Any = _Record()
    assert as_meant(text, told, default_lexicon()) == meant


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("what creatinine would give an eGFR of 30", ("creatinine_for_egfr", {"target_egfr_ml_min_1_73m2": 30.0})),
        ("at what creatinine does her eGFR fall below 30?", ("creatinine_for_egfr", {"target_egfr_ml_min_1_73m2": 30.0})),
        ("what weight gives a BMI of 27", ("target_weight", {"target_bmi_kg_m2": 27.0})),
        ("what percent of his blood volume is 500 mL", ("blood_volume_nadler", {"volume_ml": 500.0})),
        ("how much of his blood volume is a 1.5 L bleed?", ("blood_volume_nadler", {"volume_ml": 1500.0})),
        ("what was her creatinine when eGFR was 34", None),
        ("what is her eGFR", None),
        ("blood volume", None),
        ("how much blood did he lose", None),
        ("what would her eGFR be with creatinine 2", None),
    ],
)  # fmt: skip
def test_questions_asked_backwards(text: str, asked: object) -> None:
    assert wanted(text) == asked


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("which gets AUC 400-600?", True),
        ("which one has the lowest trough?", True),
        ("which of them reaches the target?", True),
        ("which drug is she on?", False),
        ("what is the trough?", False),
    ],
)
def test_a_choice_among_what_was_compared(text: str, again: bool) -> None:
    compared = Call(tool="compare_plans", arguments={"drug": "vancomycin"})
    assert (chosen_among((compared,), text) == compared) is again
    assert chosen_among((Call(tool="latest", arguments={"concept": "auc"}),), text) is None


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("dose of vancomycin on 10/23", "dose of vancomycin on 2026-10-23"),
        ("creatinine since 11/9", "creatinine since 2026-11-09"),
        ("labs on 12/3", "labs on 2025-12-03"),  # the nearest past
        ("on 1/2 tablet", "on 1/2 tablet"),
        ("NT-proBNP on arrival 11/6", "NT-proBNP on arrival 11/6"),  # a figure whose order is not plain
    ],
)
def test_a_day_in_figures_without_its_year(text: str, whole: str) -> None:
    assert with_whole_dates(text, NOW) == whole
