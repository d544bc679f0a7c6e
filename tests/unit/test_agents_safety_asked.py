"""Questions that are answered by a look at safety, and proposals that become a draft."""

from __future__ import annotations

import pytest

from agents.embedded.plans import Call, Plan
from agents.embedded.routing.ordering import settle_order
from agents.embedded.routing.safety_asked import safety_look
from tests.conftest import Bench
from tools.concepts import default_lexicon

LISTED = Plan(calls=(Call(tool="list_medications", arguments={"status": "active"}),))

OF_ALL = [
    "any contraindications to her current meds?",
    "what meds is she on that are unsafe with her kidneys?",
    "do any of her meds interact?",
    "which of his medications need renal dose adjustment?",
    "is she on anything she shouldn't be on?",
    "any drug interactions?",
    "are her tablets safe together?",
    "anything on her med list that needs a dose change for her kidneys?",
    "is her current regimen safe?",
]
OF_ONE = [
    ("should we start spironolactone 25 mg daily?", "spironolactone"),
    ("thinking of adding lisinopril", "lisinopril"),
    ("would it be reasonable to start apixaban", "apixaban"),
]
OF_NEITHER = [
    "what medications is she on?",
    "is she allergic to any medications?",
    "what medications were stopped as unsafe?",
    "did the pharmacist note any interactions?",
    "is metformin safe with her other meds?",
    "are her meds safe to crush?",
    "should we start anticoagulation?",
    "list her drugs",
    "any dose changes in her meds?",
    "is it safe to take her pills with grapefruit juice?",
    "what meds have been stopped?",
]


@pytest.mark.parametrize("question", OF_ALL)
def test_harm_from_all_that_is_taken_is_looked_for(question: str) -> None:
    [call] = safety_look(LISTED, question, default_lexicon())
    assert (call.tool, call.arguments) == ("medication_safety", {})


@pytest.mark.parametrize(("question", "drug"), OF_ONE)
def test_a_drug_that_is_thought_of_is_looked_at_first(question: str, drug: str) -> None:
    calls = safety_look(LISTED, question, default_lexicon())
    assert (calls[0].tool, calls[0].arguments) == ("medication_safety", {"drug": drug}) and calls[1:] == LISTED.calls


@pytest.mark.parametrize("question", OF_NEITHER)
def test_other_questions_keep_their_plan(question: str) -> None:
    assert safety_look(LISTED, question, default_lexicon()) == ()


def test_a_plan_that_computes_or_refuses_is_left_alone() -> None:
    computed = Plan(calls=(Call(tool="calculate", arguments={"model": "cockcroft_gault"}),))
    refused = Plan(reply="no", refused=True)
    assert safety_look(computed, OF_ALL[0], default_lexicon()) == ()
    assert safety_look(refused, OF_ALL[0], default_lexicon()) == ()


PROPOSED = ["start spironolactone 25 mg daily?", "increase losartan to 100 mg?", "add lisinopril 10 mg daily?"]
ASKED = [
    "start date of amlodipine 5 mg?", "start metformin?", "stop ibuprofen 600 mg?", "is amlodipine 5 mg daily?",
    "continue amlodipine 5 mg?", "change in dose of amlodipine 5 mg?", "should we start spironolactone 25 mg daily?",
]  # fmt: skip


@pytest.mark.parametrize("question", PROPOSED)
def test_an_order_put_as_a_question_is_drafted(crafted: Bench, question: str) -> None:
    [call] = settle_order(question, LISTED, crafted.context("units")).calls
    assert call.tool == "draft_order" and call.arguments["action"] in {"start", "change"}


@pytest.mark.parametrize("question", ASKED)
def test_a_question_about_an_order_is_not_drafted(crafted: Bench, question: str) -> None:
    assert settle_order(question, LISTED, crafted.context("units")) == LISTED
