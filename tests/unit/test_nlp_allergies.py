"""Allergies: agents with reactions, "no known allergies" in its forms, and what only looks like an allergy."""

from __future__ import annotations

import time

import pytest

from domain.facts import Fact, FactKind, Note
from nlp_pipeline import extract


def allergies(text: str) -> list[Fact]:
    found = next(extract([Note(id="n1", patient_id="p1", text=text)]))
    return [f for f in found if f.kind is FactKind.ALLERGY]


NONE = [
    "No ADRs.",
    "No known adverse drug reactions.",
    "ADRs: nil known",
    "Nil known ADR",
    "NKDA",
    "She has NKDA.",
    "No known allergies.",
    "No known drug or food allergies.",
    "Allergies: none",
    "Allergies: Denies",
    "ALLERGIES:\nNone known.",
    "He denies any drug allergies.",
    "She did not have any food or drug allergies.",
    "No history of allergy to any drugs.",
    "no known history of food or drug allergy",
    "She is not allergic to any medications.",
    "He is allergic to none.",
    "Known allergies: none",
    "without known allergies",
    "No known allergies of any kind. Routine review.",
    "Allergy status: nil",
    "Allergies (none)",
    "Never had a reaction to any medicine.",
    "Free of allergies.",
    "Denies any allergies to meds or food.",
    "Allergies: patient denies",
    "Allergies/ADRs: nil known",
    "Allergies checked - none stated",
    'Pre-clinic questionnaire: allergies box ticked "none"',
    "Allergies? No.",
    "Allergies: reviewed, nil",
    "Zero allergies",
    "She hasn't any allergies.",
    "Allergies: none per wife, no falls",
    "Allergies none noted at triage",
    "Allergies -> none at all",
    "Allergic to: nothing",
    "Not known to have any allergies",
    "No med allergies",
]


@pytest.mark.parametrize("text", NONE)
def test_no_known_allergies(text: str) -> None:
    [fact] = allergies(text)
    assert fact.concept_id == "no_known_allergies" and fact.assertion.is_negated


@pytest.mark.parametrize(
    "text",
    [
        "Allergies reviewed: no changes.",
        "Any allergies? Unknown.",
        "Allergies recorded as penicillin",
        "Allergies: unknown",
    ],
)
def test_what_does_not_say_that_there_are_none(text: str) -> None:
    assert not [f for f in allergies(text) if f.concept_id == "no_known_allergies"]


AGENTS = [
    # text, (concept, reaction) of every allergy
    ("She is allergic to latex.", [("latex", None)]),
    ("Allergic to penicillin and sulfa drugs.", [("penicillin", None), ("sulfa", None)]),
    ("allergic to sulfa and penicillin (hives)", [("sulfa", None), ("penicillin", "hives")]),
    ("allergic to sulfa and penicillin, both cause nausea", [("sulfa", "nausea"), ("penicillin", "nausea")]),
    ("Allergies: Penicillin - rash; Peanuts - anaphylaxis", [("penicillin", "rash"), ("peanut", "anaphylaxis")]),
    ("Allergies: Penicillin, rash; Peanuts, hives", [("penicillin", "rash"), ("peanut", "hives")]),
    ("ALLERGIES:\n1. Penicillin -> rash\n2. Latex [itching]\n", [("penicillin", "rash"), ("latex", "itching")]),
    ("Allergies: contrast dye: hives", [("iodinated_contrast", "hives")]),
    ("She has a penicillin allergy and asthma.", [("penicillin", None)]),
    ("He has a history of anaphylaxis to peanuts.", [("peanut", "anaphylaxis")]),
    ("She gets hives to shellfish.", [("shellfish", "hives")]),
    ("No known drug allergies except penicillin (hives).", [("penicillin", "hives")]),
    ("Possible allergy to peanuts.", [("peanut", None)]),
    ("Allergic to penicillin; takes aspirin.", [("penicillin", None)]),
    ("Due to penicillin allergy, antibiotics were changed.", [("penicillin", None)]),
    ("He had an adverse reaction\nto penicillin.", [("penicillin", None)]),
    ("She developed a rash from penicillin.", [("penicillin", "rash")]),
]


@pytest.mark.parametrize(("text", "expected"), AGENTS, ids=[t for t, _ in AGENTS])
def test_agents_and_reactions(text: str, expected: list[tuple[str, str | None]]) -> None:
    found = allergies(text)
    assert [(f.concept_id, f.value) for f in found] == expected
    assert not any(f.assertion.is_negated or f.assertion.is_historical for f in found)


def test_an_intolerance_says_so() -> None:
    [unable] = allergies("He could not tolerate morphine.")
    assert unable.value == "intolerance"
    [named] = allergies("He could not tolerate morphine due to vomiting.")
    assert named.value == "vomiting"
    [statin] = allergies("Statin intolerance.")
    assert statin.value == "intolerance"


def test_one_agent_denied() -> None:
    for text in ("Denies allergy to penicillin.", "No penicillin allergy.", "He is not allergic to penicillin."):
        [fact] = allergies(text)
        assert fact.concept_id == "penicillin" and fact.assertion.is_negated, text


def test_the_allergy_of_a_relative_is_not_the_patients() -> None:
    for text in ("Mother is allergic to penicillin.", "Family history: sister allergic to latex"):
        [fact] = allergies(text)
        assert fact.assertion.is_family, text


@pytest.mark.parametrize(
    "text",
    [
        "She tolerates cephalosporins.",
        "The patient tolerated the procedure well and received cefazolin 2 g.",
        "She was unable to tolerate oral intake.",
        "The isolate was sensitive to ceftriaxone and meropenem.",
        "Cultures showed sensitivity to ampicillin.",
        "Seasonal allergic rhinitis is treated with loratadine.",
        "She was treated for anaphylaxis with epinephrine.",
        "Skin allergy tests with dilutions of propofol were done.",
        "Heat or cold intolerance was denied.",
        "She has no other allergies.",
    ],
)
def test_what_is_no_allergy(text: str) -> None:
    assert allergies(text) == []


def test_a_tolerated_drug_in_the_allergy_section() -> None:
    found = next(
        extract([Note(id="n1", patient_id="p1", text="ALLERGIES: Penicillin (hives). Tolerates ceftriaxone.")])
    )
    assert [(f.kind, f.concept_id) for f in found if f.concept_id in {"penicillin", "ceftriaxone"}] == [
        (FactKind.ALLERGY, "penicillin"),
        (FactKind.MEDICATION, "ceftriaxone"),
    ]


@pytest.mark.parametrize(
    "text",
    ["allergic to penicillin " * 800, "no allergies " * 1500, "penicillin (" * 2000, "Allergies: " + "latex, " * 2500],
)
def test_time_is_linear(text: str) -> None:
    allergies("warm")
    started = time.process_time()
    allergies(text)
    assert time.process_time() - started < 6.0
