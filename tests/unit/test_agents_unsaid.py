"""What a language model may not say at all: that it acted, and who else is a patient."""

from __future__ import annotations

import pytest

from agents.guards import People
from agents.runtime.unsaid import without_unsaid

PEOPLE = People(
    own=frozenset({"maria", "gonzales"}),
    others=frozenset({"gonzalez", "samuel", "adeyemi", "clarke", "rose", "young"}),
    own_ids=frozenset({"demo-ct-003"}),
    other_ids=frozenset({"demo-ct-009", "ct-774120"}),
)


@pytest.mark.parametrize(
    "sentence",
    [
        "I have ordered a CT.", "I've now discontinued lisinopril [1].", "We successfully updated the chart.", "I will schedule the visit.",
        "I'll stop the drug.", "The order has been placed as requested.", "I also notified the team.", "The prescription has now been sent for you.",
    ],
)  # fmt: skip
def test_a_claim_to_have_acted_is_taken_out(sentence: str) -> None:
    assert without_unsaid(f"LDL is 150 [1]. {sentence} Next line.", [], PEOPLE) == (
        "LDL is 150 [1]. Next line.",
        ("a claim to have acted",),
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "Lisinopril was discontinued on 2024-01-02 [1].", "The note says: “I have ordered labs” was the plan.", "A CT was ordered [2].",
        "The dose has been increased since 2020 [1].", "I found no record of it.", "I cannot order anything.",
    ],
)  # fmt: skip
def test_what_others_did_is_told(sentence: str) -> None:
    assert without_unsaid(sentence, [], PEOPLE) == (sentence, ())


@pytest.mark.parametrize(
    "sentence",
    [
        "Maria L. Gonzalez has it too.",
        "See Samuel Adeyemi-Clarke.",
        "Chart demo-ct-009 has it.",
        "MRN CT-774120 differs.",
        "Rose Young too.",
    ],
)
def test_another_patient_is_taken_out(sentence: str) -> None:
    assert without_unsaid(f"LDL is 150 [1].\n{sentence}", [], PEOPLE) == (
        "LDL is 150 [1].",
        ("a mention of another patient",),
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "Maria Gonzales is 58 [1].",
        "A rose rash.",
        "Dr. Rose Young saw her [1].",
        "Young age is no risk.",
        "Demo-ct-003 is open.",
    ],
)
def test_the_open_patient_and_what_a_tool_said_stay(sentence: str) -> None:
    assert without_unsaid(sentence, ["seen by Dr. Rose Young"], PEOPLE) == (sentence, ())
