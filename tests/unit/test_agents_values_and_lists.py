"""Values, vaccines, allergies and problems by other words, each with near ones that mean something else; over a demo patient."""

from __future__ import annotations

from typing import Any

import pytest

from agents.embedded.routing.asked_words import says_any_of
from tests.conftest import Bench
from tests.unit.test_agents_asked import Room


@pytest.fixture(scope="module")
def room(cohort: Bench) -> Room:
    return Room(cohort)


FLU, HEPB, JE = (f"{v}_vaccine" for v in ("influenza", "hepatitis_b", "japanese_encephalitis"))
K = {"concept": "potassium"}
BP = {"concept": "blood_pressure"}
CODEINE = {"substance": "codeine_allergen"}

VACCINES: list[tuple[str, str, dict[str, Any]]] = [
    ("has she already received flu?", "immunizations", {"aspect": "has", "name": FLU}),
    ("flu ever given?", "immunizations", {"aspect": "has", "name": FLU}),
    ("had her flu?", "immunizations", {"aspect": "has", "name": FLU}),
    ("most recent flu date", "immunizations", {"aspect": "last", "name": FLU}),
    ("was hepatitis B ever administered", "immunizations", {"aspect": "has", "name": HEPB}),
    ("vaccines: hep B yes or no", "immunizations", {"aspect": "has", "name": HEPB}),
    ("is Japanese encephalitis documented in her immunizations", "immunizations", {"aspect": "has", "name": JE}),
    ("was she vaccinated, yellow fever specifically", "immunizations", {"aspect": "has", "name": "yellow_fever_vaccine"}),
    # the disease itself
    ("did she have the flu?", "condition", {"aspect": "has", "name": "influenza"}),
    ("had flu?", "condition", {"aspect": "has", "name": "influenza"}),
    ("hepatitis B diagnosed?", "condition", {"aspect": "onset", "name": "hepatitis_b"}),
    ("does she have hepatitis B", "condition", {"aspect": "has", "name": "hepatitis_b"}),
]  # fmt: skip

ALLERGIES: list[tuple[str, str, dict[str, Any]]] = [
    ("about to expose her to kiwi fruit, is there an allergy", "allergies", {"aspect": "has", "substance": "kiwi"}),
    ("did anyone document nickel as an allergy", "allergies", {"aspect": "has", "substance": "nickel"}),
    ("check allergies for teicoplanin", "allergies", {"aspect": "has", "substance": "teicoplanin"}),
    ("latex - any allergy on file?", "allergies", {"aspect": "has", "substance": "latex"}),
    ("is the codeine label still valid", "allergies", {"aspect": "status", **CODEINE}),
    ("nature of the allergic reaction to codeine", "allergies", {"aspect": "reaction", **CODEINE}),
    ("what were her symptoms with codeine, per the allergy list", "allergies", {"aspect": "reaction", **CODEINE}),
    ("hives or anaphylaxis or what with codeine", "allergies", {"aspect": "reaction", **CODEINE}),
    ("was the codeine reaction anaphylaxis?", "allergies", {"aspect": "has", "reaction": "anaphylaxis", **CODEINE}),
    ("any ADRs on file", "allergies", {}),
    # near ones
    ("why was simvastatin stopped, did she react", "medication", {"aspect": "stop", "drug": "simvastatin"}),
    ("is she taking cetirizine for allergies", "medication", {"aspect": "active", "drug": "cetirizine", "claim": "open"}),
    ("is losartan used off label", "medication", {"aspect": "active", "drug": "losartan", "claim": "open"}),
    ("does she have urticaria", "condition", {"aspect": "has", "name": "urticaria"}),
    ("has she had anaphylaxis", "allergies", {"aspect": "has", "reaction": "anaphylaxis"}),
]  # fmt: skip

PROBLEMS: list[tuple[str, str, dict[str, Any]]] = [
    *(
        (text, "list_problems", {"status": "active"})
        for text in (
            "comorbids?",
            "what are her co-morbidities",
            "whats she got going on medically",
            "new pt to me, run down her medical problems",
            "background conditions please",
        )
    ),
    ("family mentioned obesity, do we have that on record", "condition", {"aspect": "has", "name": "obesity"}),
    ("her daughter says she has gout - is that on the problem list", "condition", {"aspect": "has", "name": "gout"}),
    ("does obesity run in the family", "family_history", {"name": "obesity"}),
    ("family history of gout?", "family_history", {"name": "gout"}),
]

VALUES: list[tuple[str, str, dict[str, Any]]] = [
    ("last potassium but one", "latest", {**K, "offset": 1}),
    ("go back one on the potassium", "latest", {**K, "offset": 1}),
    ("since the second to last check, what has potassium done", "change", K),
    ("where did her potassium level bottom out", "statistics", {**K, "statistic": "min"}),
    ("over the entire record how high did the potassium go", "statistics", {**K, "statistic": "max"}),
    ("what's the maximum potassium in the whole record", "statistics", {**K, "statistic": "max"}),
    ("potassium over the whole record", "series", K),
    ("what's the potassium history look like start to finish", "series", K),
    ("longitudinal potassium", "series", K),
    ("how high or low is her potassium as of the last check", "latest", K),
    ("could you dig up her earliest potassium", "latest", {**K, "first": True}),
    ("is she gaining or losing weight over the record", "series", {"concept": "body_weight"}),
    ("weight lost since May", "series", {"concept": "body_weight", "period": "since May"}),
    ("systolic over diastolic, most recent", "latest", BP),
    ("reviewing the Apr 14, 2026 labs, what did potassium show", "latest", {**K, "period": "Apr 14, 2026"}),
    ("I want to tell her whether her potassium improved since the very first one", "series", K),
    ("most recent cobalamin", "latest", {"concept": "vitamin_b12_level"}),
    # near ones
    ("is she on cobalamin", "medication", {"aspect": "active", "drug": "cyanocobalamin"}),
    ("average systolic", "statistics", {"concept": "systolic_blood_pressure", "statistic": "mean"}),
    ("how high has her potassium been", "statistics", {**K, "statistic": "max"}),
    ("is she on dig", "medication", {"aspect": "active", "drug": "digoxin"}),
]  # fmt: skip


@pytest.mark.parametrize(("question", "tool", "arguments"), [*VACCINES, *ALLERGIES, *PROBLEMS, *VALUES])
def test_what_is_asked_is_looked_up(room: Room, question: str, tool: str, arguments: dict[str, Any]) -> None:
    asked, given = room.first(question)
    assert (asked, given) == (tool, arguments)


def test_the_words_of_a_list_are_whole_words_unless_they_end_in_a_star() -> None:
    assert says_any_of("problem_list", "his co-morbidities") and says_any_of("problem_list", "Medical  problems?")
    assert not says_any_of("problem_list", "the problem with his knee")
    assert says_any_of("allergy", "no ADRs") and not says_any_of("allergy", "padre")


@pytest.mark.parametrize(
    "question",
    [
        "what did codeine cause",
        "she comes out in what with codeine",
        "what went wrong with codeine",
        "what was the trouble with codeine",
    ],
)
def test_whatever_is_asked_of_something_she_is_allergic_to_says_so(room: Room, question: str) -> None:
    tool, arguments = room.first(question)
    assert tool == "allergies" and arguments["substance"].startswith("codeine")


@pytest.mark.parametrize("question", ["what did metformin cause", "why can't she have kiwi"])
def test_what_she_is_not_allergic_to_is_no_reason_to_speak_of_allergies(room: Room, question: str) -> None:
    assert room.first(question)[0] != "allergies"
