"""How a question is read before it is routed: what frames it, misspelt words, several asks at once, whose words are asked for."""

from __future__ import annotations

import pytest

from agents.context import RunContext
from agents.embedded.planner import Planner
from agents.embedded.plans import Call, Plan
from agents.embedded.reading.framing import without_framing
from agents.embedded.reading.mending import Mender
from agents.embedded.reading.note_source import note_whose_author_is_asked
from agents.embedded.reading.splitting import shares_its_time, stands_by_itself
from agents.embedded.routing.router import Router
from agents.embedded.routing.speakers import asks_of_a_helper, asks_of_a_speaker
from agents.models import build_embedded_model
from tests.conftest import Bench
from tools.concepts import default_lexicon

AHEAD = (
    "Seeing her at 3, ", "On the phone with her pharmacy: ", "Before I sign the discharge paperwork, ", "quick one before theatre - ", "Just got bleeped about her. ", "Post-take ward round. ",
    "I only have 2 minutes, ", "Consent form in front of me, ", "she is down in CT now, ", "Doing the referral letter, ", "nurse in charge wants to know ", "for the handover at 8: ",
    "Anaesthetics are asking, ", "prior auth form wants this - ", "Sorry to bother you again. ", "In clinic with her and her daughter - ", "Insurance is on hold, ", "Family meeting in ten. ",
    "The GP surgery rang. ", "My reg is asking me: ", "filling in the pre-op form... ", "Right, next thing, ", "the pharmacist asked me to double check, ",
)  # fmt: skip
BEHIND = (
    ", for the referral form", " - so I can finish the letter", ", thanks, am in clinic", ". The insurance form wants it.", " (asking for the pharmacist)", ", before I prescribe anything", " - she is waiting outside",
    ", if you have it", ", just want to be sure", ". No rush.", ", the family wants to know", " cheers", ", I can't find it in the chart", " as the lab called", ", need it for the discharge letter",
    " - couldn't see it on the first page", ", and that's all for now", ". Sorry, new here.",
)  # fmt: skip
ASKED = (
    "how old is she",
    "when was metformin started",
    "peak systolic pressure on file",
    "does anyone smoke at home",
    "what's the smoking status",
    "is she driving",
)


@pytest.mark.parametrize("frame", AHEAD)
def test_what_stands_before_a_question_is_not_asked(frame: str) -> None:
    for asked in ASKED:
        assert without_framing(f"{frame}{asked}?", default_lexicon()).rstrip("?") == asked


@pytest.mark.parametrize("frame", BEHIND)
def test_what_stands_behind_a_question_is_not_asked(frame: str) -> None:
    for asked in ASKED:
        assert without_framing(f"{asked}{frame}", default_lexicon()).rstrip("?") == asked


@pytest.mark.parametrize(
    "text",
    [
        "in the referral letter, what dose of allopurinol", "since the discharge, any falls?", "after the fall, did she go to ED", "when he was admitted, what was the potassium",
        "before we started metformin, what was his A1c", "she was given steroids in March, how long did they help", "he is on warfarin, what's the INR", "we stopped lisinopril in March, how has K been since",
        "if creatinine rose to 2, what is the eGFR", "GP letter says he is on ramipril, is he?", "what did she say about going into a care home", "what is the plan if the pain comes back",
        "is she waiting for surgery", "what does the pharmacist want changed", "has anyone asked about her wishes", "knee trouble - does it disturb sleep", "the last 3 sodiums, newest first", "pain, how bad?",
        "any problems with writing, typing or doing buttons", "getting worse, or better?", "working, or retired?", "naproxen with ckd - ok?", "we use g/L here - last hemoglobin?", "latest BP, pulse, weight",
    ],
)  # fmt: skip
def test_what_tells_when_where_or_of_what_stays(text: str) -> None:
    assert without_framing(text, default_lexicon()) == text


@pytest.fixture(scope="module")
def mender() -> Mender:
    return Mender(default_lexicon(), Router(None).words)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("bolod suagr", "blood sugar"), ("nigth couhg now?", "night cough now?"), ("how mcuh does he wiegh", "how much does he weigh"), ("last hepatiits B shot?", "last hepatitis B shot?"),
        ("reson she has no sttain", "reason she has no statin"), ("fahter's cacer?", "father's cancer?"), ("weight in pouns at the last vsiit", "weight in pounds at the last visit"),
        ("ferritin on 25 Augsut 2025", "ferritin on 25 august 2025"), ("what meds is her sistr on?", "what meds is her sister on?"), ("date of birh", "date of birth"), ("Na trlnd", "Na trend"),
        ("repair of iguinal heruia", "repair of inguinal hernia"), ("has he coguhed up blood?", "has he coughed up blood?"),
    ],
)  # fmt: skip
def test_slips_are_put_right(mender: Mender, typed: str, meant: str) -> None:
    assert mender.mended(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "does he use a rollator", "any tattoos or scuba diving", "is she drowsy in the mornings", "does the freezer at home work", "hobbies?", "ashwagandha use", "leqembi infusions", "zonulin levels",
        "ezetimibe dose", "who is the locum", "stoma bag leaking?", "is he a hoarder", "snus use", "cannabis edibles", "mould in the flat", "commode", "lorry driver?", "zopiclone", "hba1c egfr bnp",
        "MWRF score", "Mr Rehmna's blood pressure", "why hadn't he come", "they aren't", "BP supine", "every chore",
    ],
)  # fmt: skip
def test_what_is_right_stays(mender: Mender, text: str) -> None:
    assert mender.mended(text) == text


def test_names_of_people_are_never_put_right(mender: Mender) -> None:
    assert mender.mended("what did gonzelez say", names={"gonzelez"}) == "what did gonzelez say"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("what did neuro want for antiplatelets", True), ("the cardiologist's view on anticoagulation", True), ("bp target per nephro", True), ("what does his wife think about dialysis", True),
        ("did ortho recommend surgery", True), ("according to the physio, can he do stairs", True), ("what dose did cardiology suggest for the bisoprolol", True), ("renal team's plan for the potassium", True),
        ("when was she last seen by cardiology", False), ("did cardiology see him", False), ("who ordered the metformin", False), ("was she referred to neuro", False), ("what is the care plan", False),
        ("did the doctor stop metformin", False), ("renal function", False), ("what did she say about driving", False), ("when is her next ortho appointment", False), ("family history of cancer", False),
    ],
)  # fmt: skip
def test_whose_words_are_asked_for(text: str, asked: bool) -> None:
    assert asks_of_a_speaker(text) is asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("who drives her to clinic", True), ("who decides for him", True), ("can we talk to her son", True), ("should I call the family", True), ("who fills his pill box", True),
        ("who saw her last", False), ("who prescribed the metformin", False), ("who did the colonoscopy", False), ("can we stop the aspirin", False), ("who is her gp", False),
    ],
)  # fmt: skip
def test_who_helps_at_home(text: str, asked: bool) -> None:
    assert asks_of_a_helper(text) is asked


@pytest.mark.parametrize(
    ("part", "whole", "shared"),
    [
        ("sodium", "sodium and potassium in 2024", True), ("how many sodium", "how many sodium and potassium results in 2024", True),
        ("is she on digoxin", "is she on digoxin. And glucose on Mar 4, 2020", False), ("any kidney biopsy", "any kidney biopsy and how often was she seen in 1960", False),
        ("PMH", "PMH? Also, number of encounters during 1999", False),
    ],
)  # fmt: skip
def test_whose_time_the_end_of_a_sentence_is(part: str, whole: str, shared: bool) -> None:
    assert shares_its_time(part, whole) is shared


@pytest.mark.parametrize(
    ("part", "alone"),
    [
        ("how often was she seen in 1960", True), ("quote what she said about walking", True), ("when did she go home from the last hospital stay", True), ("size of the axillary lump", True),
        ("when was it taken", False), ("and why", False), ("what about potassium", False), ("potassium", False), ("is that normal", False),
    ],
)  # fmt: skip
def test_which_parts_are_asks_of_their_own(part: str, alone: bool) -> None:
    assert stands_by_itself(part) is alone


@pytest.fixture(scope="module")
def planner(cohort: Bench) -> Planner:
    return build_embedded_model(cohort.twin, None).planner


def plan_of(planner: Planner, cohort: Bench, text: str, previous: tuple[Call, ...] = ()) -> Plan:
    context = RunContext(tools=cohort.context(9))
    return planner.plan(text, context.setting, previous)


@pytest.mark.parametrize(
    ("shown", "then", "tool", "arguments"),
    [
        (Call(tool="procedures", arguments={"aspect": "list"}), "when was the last", "procedures", {"aspect": "last"}),
        (Call(tool="immunizations", arguments={"aspect": "list"}), "when was the flu one", "immunizations", {"aspect": "last", "name": "flu vaccine"}),
        (Call(tool="list_problems", arguments={"status": "all"}), "which are resolved", "list_problems", {"status": "resolved"}),
        (Call(tool="encounters", arguments={"kind": "any", "aspect": "last"}), "any ED visits", "encounters", {"kind": "emergency", "aspect": "has"}),
    ],
)  # fmt: skip
def test_what_is_asked_of_what_was_just_shown(
    planner: Planner, cohort: Bench, shown: Call, then: str, tool: str, arguments: dict[str, str]
) -> None:
    call = plan_of(planner, cohort, then, (shown,)).calls[0]
    assert call.tool == tool and call.arguments == arguments


@pytest.mark.parametrize(
    ("text", "tools"),
    [
        ("walking aid, plus when was he born?", ["search_notes|look_up", "demographics"]),
        ("is he on apixaban. Also, date of birth for this patient", ["medication", "demographics"]),
        ("A1c and creatinine trend", ["series", "series"]),
        ("did the patient report blood in his stools, plus which drugs is he on", ["look_up|search_notes|condition", "list_medications"]),
    ],
)  # fmt: skip
def test_every_ask_of_a_sentence_is_planned(planner: Planner, cohort: Bench, text: str, tools: list[str]) -> None:
    calls = [c for c in plan_of(planner, cohort, text).calls if not c.arguments.get("beside")]
    assert len(calls) >= len(tools)
    assert all(any(c.tool in wanted.split("|") for c in calls) for wanted in tools)
    assert len({c.part for c in calls}) == len(tools)


def test_a_misspelt_relative_is_nobody_elses_chart(planner: Planner, cohort: Bench) -> None:
    plan = plan_of(planner, cohort, "what meds is his wfie on")
    assert plan.refused and not plan.calls


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("who signed the pharmacy note", "the pharmacy note"),
        ("Who wrote the discharge summary?", "the discharge summary"),
        ("author of the ID consult", "the ID consult"),
        ("the operative report was dictated by whom", "the operative report"),
        ("which doctor wrote the H and P", "the history and physical"),
        ("who recorded the allergy to shellfish", None),
        ("who did the surgery", None),
        ("what did the note of May say about sleep", None),
        ("who prescribed the statin in the discharge summary", None),
    ],
)
def test_whose_note_is_asked(text: str, note: str | None) -> None:
    assert note_whose_author_is_asked(text) == note
