"""Sentences as draft requests: the tool, its arguments, and sentences that ask for none."""

from __future__ import annotations

import pytest

from tests.conftest import Bench
from tools.context import ToolContext
from tools.drafts import read_draft_request
from tools.drafts.reading import asks_for

ORDER, NOTE, PROBLEM, MESSAGE = "draft_order", "draft_note", "draft_problem_change", "draft_message"

# sentence; tool; what the arguments have to be, or hold (*)
REQUESTS: list[tuple[str, str, dict[str, str]]] = [
    ("order 40 mg furosemide", ORDER, {"order": "40 mg furosemide", "action": "start"}),
    ("Please prescribe amoxicillin 500 mg TID for 7 days.", ORDER, {"order": "amoxicillin 500 mg TID for 7 days", "action": "start"}),
    ("start her on metoprolol succinate 50 mg daily", ORDER, {"order": "metoprolol succinate 50 mg daily", "action": "start"}),
    ("put him on apixaban 5 mg bid", ORDER, {"order": "apixaban 5 mg bid", "action": "start"}),
    ("can you order lisinopril 10 mg for her hypertension?", ORDER, {"reason": "her hypertension"}),
    ("give 1 g vancomycin IV q12h", ORDER, {"order": "1 g vancomycin IV q12h"}),
    ("Draft an order for atorvastatin 40 mg nightly", ORDER, {"order": "atorvastatin 40 mg nightly"}),
    ("write a prescription for gabapentin 300 mg tid", ORDER, {"order": "gabapentin 300 mg tid"}),
    ("write a script for colchicine", ORDER, {"order": "colchicine"}),
    ("pend an order for warfarin 5 mg", ORDER, {"order": "warfarin 5 mg"}),
    ("I'd like to start empagliflozin 10 mg daily", ORDER, {"order": "empagliflozin 10 mg daily"}),
    ("let's start spironolactone 25 mg", ORDER, {"order": "spironolactone 25 mg"}),
    ("ok, go ahead and order ceftriaxone 2 g IV daily", ORDER, {"order": "ceftriaxone 2 g IV daily"}),
    ("rx prednisone 40 mg x 5 days", ORDER, {"order": "prednisone 40 mg x 5 days"}),
    ("stop the ibuprofen", ORDER, {"order": "ibuprofen", "action": "stop"}),
    ("D/C metformin please", ORDER, {"action": "stop"}),
    ("discontinue amlodipine because of edema", ORDER, {"action": "stop"}),
    ("take her off simvastatin", ORDER, {"order": "simvastatin", "action": "stop"}),
    ("switch losartan to amlodipine 5 mg daily", ORDER, {"action": "change", "order": "losartan to amlodipine 5 mg daily"}),
    ("please switch her from warfarin to apixaban 5 mg BID", ORDER, {"order": "warfarin to apixaban 5 mg BID"}),
    ("replace metformin with sitagliptin 50 mg daily", ORDER, {"order": "metformin to sitagliptin 50 mg daily"}),
    ("substitute apixaban 5 mg BID for warfarin", ORDER, {"order": "warfarin to apixaban 5 mg BID"}),
    ("stop the losartan and start amlodipine 5 mg daily", ORDER, {"action": "change", "order": "losartan to amlodipine 5 mg daily"}),
    ("start amlodipine 5 mg daily instead of losartan", ORDER, {"order": "losartan to amlodipine 5 mg daily"}),
    ("stop metformin, start insulin glargine 10 units nightly", ORDER, {"order": "metformin to insulin glargine 10 units nightly"}),
    ("stop warfarin and order an INR", ORDER, {"action": "stop"}),
    ("order PT consult", ORDER, {"order": "PT consult"}),
    ("start pt on amlodipine 5 mg daily", ORDER, {"order": "amlodipine 5 mg daily"}),
    ("increase losartan to 100 mg", ORDER, {"action": "change", "order": "losartan to 100 mg"}),
    ("hold losartan for now", ORDER, {"action": "hold"}),
    ("increase metformin to 1000 mg bid", ORDER, {"action": "change"}),
    ("decrease the furosemide dose to 20 mg daily", ORDER, {"action": "change"}),
    ("titrate carvedilol up to 12.5 mg bid", ORDER, {"action": "change"}),
    ("renew amlodipine", ORDER, {"order": "amlodipine", "action": "renew"}),
    ("refill atorvastatin, 90 tablets, 3 refills", ORDER, {"action": "renew"}),
    ("restart warfarin 2.5 mg", ORDER, {"order": "warfarin 2.5 mg", "action": "start"}),
    ("order a BMP", ORDER, {"order": "BMP", "action": "start"}),
    ("Order CBC and BMP tomorrow morning", ORDER, {"order": "CBC and BMP tomorrow morning"}),
    ("order potassium stat", ORDER, {"order": "potassium stat"}),
    ("get a chest x-ray", ORDER, {"order": "chest x-ray"}),
    ("request an MRI brain", ORDER, {"order": "MRI brain"}),
    ("order CT abdomen with contrast", ORDER, {"order": "CT abdomen with contrast"}),
    ("refer her to cardiology", ORDER, {"order": "referral to cardiology"}),
    ("place a referral to nephrology", ORDER, {"order": "*nephrology"}),
    ("schedule a colonoscopy in 3 months", ORDER, {"order": "*colonoscopy"}),
    ("repeat potassium in 1 week", ORDER, {"order": "*potassium"}),
    ("add an addendum to the note saying potassium was 5.9 on recheck", NOTE, {"text": "Potassium was 5.9 on recheck."}),
    ("write an addendum: pain is controlled", NOTE, {"text": "Pain is controlled."}),
    ("append to the last note that the family was informed", NOTE, {"text": "*family was informed"}),
    ("document in the chart that she refused the colonoscopy", NOTE, {"text": "*refused the colonoscopy"}),
    ("add to the note that lisinopril caused cough", NOTE, {"text": "*isinopril caused cough"}),
    ("draft a note that he declined dialysis", NOTE, {"text": "*declined dialysis"}),
    ("note in the chart that the daughter called", NOTE, {"text": "*daughter called"}),
    ("please document that he was counselled on diet", NOTE, {"text": "*counselled on diet"}),
    ("can you write a progress note saying the cellulitis is improving", NOTE, {"text": "*cellulitis is improving"}),
    ("add heart failure to the problem list", PROBLEM, {"problem": "heart failure", "action": "add"}),
    ("put gout on the problem list", PROBLEM, {"problem": "gout", "action": "add"}),
    ("please add atrial fibrillation to her problems, onset 2024-05", PROBLEM, {"problem": "atrial fibrillation", "onset": "2024-05"}),
    ("mark pneumonia as resolved", PROBLEM, {"problem": "pneumonia", "action": "resolve"}),
    ("resolve hypertension on the problem list", PROBLEM, {"problem": "hypertension", "action": "resolve"}),
    ("remove diabetes from the problem list", PROBLEM, {"problem": "diabetes", "action": "remove"}),
    ("take asthma off the problem list", PROBLEM, {"problem": "asthma", "action": "remove"}),
    ("reactivate asthma", PROBLEM, {"problem": "asthma", "action": "reactivate"}),
    ("update the problem list with gout", PROBLEM, {"problem": "gout", "action": "add"}),
    ("add Zorblax syndrome to the problem list", PROBLEM, {"problem": "Zorblax syndrome", "action": "add"}),
    ("message the patient that her potassium is 5.4", MESSAGE, {"to": "patient", "text": "Her potassium is 5.4."}),
    ("let her know the A1c came back normal", MESSAGE, {"to": "patient", "text": "*A1c came back normal"}),
    ("tell her nephrologist that eGFR is 29", MESSAGE, {"to": "nephrologist", "text": "eGFR is 29."}),
    ("send a message to the patient about the MRI", MESSAGE, {"to": "patient", "subject_line": "the MRI"}),
    ("write a letter to the GP saying metformin was stopped", MESSAGE, {"to": "GP", "text": "Metformin was stopped."}),
    ("remind him to take furosemide in the morning", MESSAGE, {"to": "patient", "text": "*take furosemide"}),
    ("notify the pcp that warfarin was started", MESSAGE, {"to": "pcp", "text": "Warfarin was started."}),
    ("can you message cardiology about the troponin?", MESSAGE, {"to": "cardiology"}),
    ("draft a portal message saying the results are back", MESSAGE, {"to": "patient", "text": "The results are back."}),
]  # fmt: skip

NO_REQUESTS = [
    "what is her potassium?",
    "give me her potassium",
    "show me the last note",
    "tell me about her diabetes",
    "let me know her A1c",
    "is she still on lisinopril?",
    "when was furosemide started?",
    "who ordered the CT?",
    "did we order a CT?",
    "was metformin stopped?",
    "why was warfarin stopped",
    "should I start a statin?",
    "would you start a statin?",
    "can she take ibuprofen?",
    "is it safe to give amoxicillin?",
    "any order for heparin?",
    "how many times was furosemide increased?",
    "don't order furosemide",
    "do not stop the warfarin",
    "problem list",
    "active problems",
    "current meds",
    "what does the discharge summary say about metformin",
    "what did they tell the patient about the biopsy",
    "list the notes",
    "hello",
    "",
    "thanks!",
    "A1c trend",
    "CHA2DS2-VASc",
    "what if vanc 1 g q12h",
    "get her last creatinine?",
    "has he been referred to cardiology?",
    "start date of metoprolol",
    "stop date of warfarin?",
    "order date of the CT",
    "change in creatinine since 2020",
    "repeat that",
]


@pytest.fixture(scope="module")
def ctx(crafted: Bench) -> ToolContext:
    """Any patient: only what a sentence names is read."""
    return crafted.context("units")


@pytest.mark.parametrize(("sentence", "tool", "expected"), REQUESTS)
def test_a_request_is_read(ctx: ToolContext, sentence: str, tool: str, expected: dict[str, str]) -> None:
    found = read_draft_request(sentence, ctx)
    assert found is not None and found.tool == tool
    for name, value in expected.items():
        held = found.arguments.get(name, "")
        assert value[1:] in held if value.startswith("*") else held == value, found


@pytest.mark.parametrize("sentence", NO_REQUESTS)
def test_a_sentence_that_asks_for_no_draft(ctx: ToolContext, sentence: str) -> None:
    assert read_draft_request(sentence, ctx) is None


def test_the_last_request_of_several_sentences_counts(ctx: ToolContext) -> None:
    assert asks_for("Her potassium is 5.4. Please stop the losartan.", ctx) == ORDER
    assert asks_for("She takes losartan. What is her potassium?", ctx) == ""


@pytest.mark.parametrize("sentence", [s for s, _, _ in REQUESTS])
def test_spelling_of_a_request_does_not_matter(ctx: ToolContext, sentence: str) -> None:
    read = read_draft_request(sentence, ctx)
    assert read is not None
    for varied in (f"  {sentence}  ", sentence.lower(), sentence.upper(), f"Hi, {sentence[:1].lower()}{sentence[1:]}"):
        other = read_draft_request(varied, ctx)
        assert other is not None and other.tool == read.tool, varied
