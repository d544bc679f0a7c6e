"""What the words of a question ask of the one thing it names, whatever frame they stand in; over a demo patient."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from agents.context import RunContext
from agents.embedded.planner import Planner
from agents.embedded.reading.dating.calendar_days import with_whole_dates
from agents.embedded.reading.framing import without_framing
from agents.embedded.reading.note_source import source_is_notes
from agents.models import build_embedded_model
from knowledge_base.embedding import build_embedder
from tests.conftest import Bench
from tools.concepts import default_lexicon


class Room:
    """The embedded planner over a demo patient with drugs, results, problems and an intolerance."""

    def __init__(self, bench: Bench) -> None:
        context = RunContext(tools=bench.context(6))
        self.planner: Planner = build_embedded_model(
            bench.twin, cast(Any, build_embedder()), cache_dir=bench.store.data_dir / "cache"
        ).planner
        self.setting = context.setting

    def first(self, question: str) -> tuple[str, dict[str, Any]]:
        """The first look-up of the record that a question is planned as."""
        calls = [c for c in self.planner.plan(question, self.setting).calls if c.tool != "search_notes"]
        return (
            (calls[0].tool, {k: v for k, v in calls[0].arguments.items() if v and k != "question"})
            if calls
            else ("", {})
        )


@pytest.fixture(scope="module")
def room(cohort: Bench) -> Room:
    return Room(cohort)


DRUG = [
    ("is he on metformin", "active"),
    ("metformin - still active?", "active"),
    ("can you check whether losartan is active on her list today", "active"),
    ("does she still take the amlodipine", "active"),
    ("How much amlodipine is he on?", "dose"),
    ("current dosing of atorvastatin in the chart", "dose"),
    ("ordered atorvastatin dose please, hearing conflicting things", "dose"),
    ("family say the metformin was changed, what's the dose on the order", "dose"),
    ("there's talk in the note of a different metformin dose, what is actually ordered", "dose"),
    ("how many mg of amlodipine does she get", "dose"),
    ("clinic letter needs the date losartan was initiated", "start"),
    ("since when has she been on amlodipine", "start"),
    ("what year was losartan commenced", "start"),
    ("stop reason for simvastatin pls", "stop"),
    ("What was the reason given for stopping simvastatin?", "stop"),
    ("how come she came off simvastatin", "stop"),
    ("when was simvastatin discontinued", "stop"),
    ("authority form wants commencement date for losartan", "start"),
    ("isoniazid, what strength is he taking", "dose"),
    ("is metformin twice a day?", "dose"),
    ("the neighbour says 35 mg, what is the losartan dose as ordered?", "dose"),
    ("Please give the stop reason recorded against simvastatin.", "stop"),
    ("last metformin dose", "dose"),
    ("what dose of losartan per the record, her son says 50", "dose"),
    ("why no more simvastatin", "stop"),
    ("the note says she's on naproxen, is she?", "active"),
    ("when was metformin cut down and to what", "dose_history"),
    ("metformin dose before the current one", "dose_history"),
]


@pytest.mark.parametrize(("question", "aspect"), DRUG)
def test_a_drug_is_asked_for_one_thing(room: Room, question: str, aspect: str) -> None:
    tool, arguments = room.first(question)
    assert (tool, arguments["aspect"]) == ("medication", aspect)
    assert "period" not in arguments


NOT_THAT_OF_THE_DRUG = [
    ("why is she on losartan", "medication", "reason"),
    ("was she ever on simvastatin", "medication", "ever"),
    ("is losartan safe with her kidneys", "medication_safety", None),
    ("what does the last note say about the metformin dose", "", None),
    ("who prescribed empagliflozin", "medication", "prescriber"),
    ("when was losartan last ordered", "medication", "last"),
]


@pytest.mark.parametrize(("question", "tool", "aspect"), NOT_THAT_OF_THE_DRUG)
def test_near_questions_of_a_drug_keep_their_own_sense(
    room: Room, question: str, tool: str, aspect: str | None
) -> None:
    asked, arguments = room.first(question)
    assert asked == tool and (aspect is None or arguments["aspect"] == aspect)


K = {"concept": "potassium"}
RESULT: list[tuple[str, str, dict[str, Any]]] = [
    ("K up or down since the last check?", "change", K),
    ("Is the most recent potassium higher or lower than the one prior?", "change", K),
    ("has the potassium shifted since the time before", "change", K),
    ("last two potassiums what's the change", "change", K),
    ("potassium since we started the losartan", "change", {**K, "since_drug": "losartan"}),
    ("what's happened to the LDL since atorvastatin went in", "change", {"concept": "ldl", "since_drug": "atorvastatin"}),
    ("what was the potassium on the most recent bloods?", "latest", K),
    ("go one back from the current potassium what did it read", "latest", {**K, "offset": 1}),
    ("back at the beginning of the record what was the potassium", "latest", {**K, "first": True}),
    ("bottom potassium value in the chart please", "statistics", {**K, "statistic": "min"}),
    ("which month was the potassium worst", "statistics", {**K, "statistic": "worst"}),
    ("What's the worst, I mean the highest, his potassium has ever been?", "statistics", {**K, "statistic": "max"}),
    ("take all the potassium results from 2025 and give me the average", "statistics", {**K, "statistic": "mean", "period": "from 2025"}),
    ("where did the potassium start and where is it now", "series", K),
    ("what has the potassium done since we started following it", "series", K),
    ("Compare the earliest potassium on record with the latest one.", "series", K),
    ("how much weight has she lost", "series", {"concept": "body_weight"}),
    ("Last three creatinines in mg/dL", "series", {"concept": "creatinine", "limit": 3, "unit": "mg/dL"}),
    ("how many stone is he", "latest", {"concept": "body_weight", "unit": "[stone_av]"}),
    ("pounds please, what's her weight now", "latest", {"concept": "body_weight", "unit": "[lb_av]"}),
    ("newest weight but pounds not kilos", "latest", {"concept": "body_weight", "unit": "[lb_av]"}),
    ("I have the lab slip of 14 April 2026 but it is not readable, what was the potassium?", "latest", {**K, "period": "of 14 April 2026"}),
    ("has the potassium shifted since the second last reading", "change", K),
    ("how high has the s. potassium ever gone", "statistics", {**K, "statistic": "max"}),
    ("How many pounds does he weigh at the last measurement?", "latest", {"concept": "body_weight", "unit": "[lb_av]"}),
    ("Comparing only the two most recent potassium results, what is the change?", "change", K),
    ("bloods of Apr 14, 2026: the potassium?", "latest", {**K, "period": "of Apr 14, 2026"}),
    ("potassium in 2024 vs now", "change", {**K, "period": "in 2024"}),
    ("for comparison on the discharge letter i need the previous potassium", "latest", {**K, "offset": 1}),
    ("BP most recent pls, presenting in 10 min", "latest", {"concept": "blood_pressure"}),
    ("was the potassium high at any stage", "series", K),
    ("Kindly share the minimum potassium on file", "statistics", {**K, "statistic": "min"}),
    ("how bad has the eGFR got", "statistics", {"concept": "egfr", "statistic": "worst"}),
    ("on the fourteenth of April 2026 what was her potassium", "latest", {**K, "period": "on 14 April 2026"}),
    ("form needs lbs - latest weight?", "latest", {"concept": "body_weight", "unit": "[lb_av]"}),
    ("Looking at a letter from 2026-04-14 - what did the potassium come back as that day?", "latest", {**K, "period": "from 2026-04-14"}),
    ("potassium on the 19th of October", "latest", {**K, "period": "on 2026-10-19"}),
]  # fmt: skip


@pytest.mark.parametrize(("question", "tool", "arguments"), RESULT)
def test_a_result_is_asked_for_its_place(room: Room, question: str, tool: str, arguments: dict[str, Any]) -> None:
    assert room.first(question) == (tool, arguments)


OTHER: list[tuple[str, str, dict[str, Any]]] = [
    ("what date is on file for the start of diabetes", "condition", {"aspect": "onset", "name": "diabetes"}),
    ("insurance form wants the date diabetes began", "condition", {"aspect": "onset", "name": "diabetes"}),
    (
        "What CKD stage is documented?",
        "condition",
        {"aspect": "has", "name": "chronic_kidney_disease", "claim": "open"},
    ),
    (
        "codeine rxn",
        "allergies",
        {"aspect": "reaction", "substance": "codeine_allergen"},
    ),
    (
        "what did codeine do to her",
        "allergies",
        {"aspect": "reaction", "substance": "codeine_allergen"},
    ),
    ("what's on the red band, allergies I mean", "allergies", {}),
    ("about to give a dose of something, allergies please", "allergies", {}),
    ("list the allergies for the front of the kardex", "allergies", {}),
    ("allergy box on the discharge letter, what do I write", "allergies", {}),
    (
        "any allergies or intolerances besides codeine",
        "allergies",
        {"besides": "codeine"},
    ),
    (
        "Is there a recorded allergy to kiwi fruit?",
        "allergies",
        {"aspect": "has", "substance": "kiwi"},
    ),
    ("is she on anything for cholesterol", "medication", {"aspect": "active", "drug": "lipid_lowering"}),
    ("Opening line of my presentation: this is a how-many-year-old?", "demographics", {"field": "age"}),
    ("Kindly give the list of ongoing medicines", "list_medications", {"status": "active"}),
    ("med rec please, current list", "list_medications", {"status": "active"}),
    ("drug hx - current ones", "list_medications", {"status": "active"}),
    ("pmhx for the clerking", "list_problems", {"status": "active"}),
    ("radiology is asking for a date of birth on this one", "demographics", {"field": "birth_date"}),
    ("Please, on which date was the patient born?", "demographics", {"field": "birth_date"}),
    ("was she young when the diabetes began, what age exactly", "age_when", {"name": "diabetes"}),
    ("known case of what all? active ones", "list_problems", {"status": "active"}),
    ("does she smoke, the note says never", "latest", {"concept": "tobacco_status", "claim": "never smoked"}),
    ("need the age for the risk calculator", "demographics", {"field": "age"}),
    ("is it true she is a lifelong non-smoker", "latest", {"concept": "tobacco_status", "claim": "never smoked"}),
    ("note says current smoker, what's the recorded smoking status", "latest", {"concept": "tobacco_status"}),
    ("never smoker per the clinic note, does the record agree", "latest", {"concept": "tobacco_status"}),
]


@pytest.mark.parametrize(("question", "tool", "arguments"), OTHER)
def test_lists_problems_and_people_are_asked_by_other_names(
    room: Room, question: str, tool: str, arguments: dict[str, Any]
) -> None:
    assert room.first(question) == (tool, arguments)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("the most recent SCr but in umol/L for the transfer letter", "the most recent SCr but in umol/L"),
        ("For the annual review letter: the average vitamin D in 2024.", "the average vitamin D in 2024."),
        ("The coroner's form asks when the AF was diagnosed", "when the AF was diagnosed"),
        ("pharmacy wants to know if he is allergic to penicillin", "he is allergic to penicillin"),
        ("need his weight for the drug chart please", "need his weight"),
        *(
            (same, same)
            for same in (
                "what was the reason for the referral?",
                "what's the plan for the discharge",
                "what does the clinic letter want us to do about metformin",
                "The consultant wants him on warfarin, is he on it?",
                "what is he taking for his blood pressure",
                "what did the discharge summary say",
            )
        ),
    ],
)
def test_what_an_answer_is_for_is_no_part_of_the_question(text: str, kept: str) -> None:
    assert without_framing(text, default_lexicon()) == kept


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("since the 18th of October", "since 2026-10-18"),
        ("on 22 Oct", "on 2026-10-22"),
        ("on the 22nd", "on 2026-10-22"),
        ("potassium Nov 20th", "potassium 2025-11-20"),
        ("between 27 May and 2 June 2026", "between 2026-05-27 and 2026-06-02"),
        ("CRP 27 May to 2 June 2026", "CRP from 2026-05-27 to 2026-06-02"),
        ("from Dec 28 to Jan 3, 2026", "from 2025-12-28 to 2026-01-03"),
        *((same, same) for same in ("22 Oct 2025", "in Oct 24", "the 2nd dose", "on the 3rd floor", "at 5 may he eat", "on 31 Feb")),
    ],
)  # fmt: skip
def test_a_day_without_its_year_is_the_newest_one(text: str, whole: str) -> None:
    assert with_whole_dates(text, datetime(2026, 11, 15, tzinfo=UTC)) == whole


def test_a_note_told_of_beside_a_question_to_the_record_is_no_source() -> None:
    assert source_is_notes("what does the letter say about the metformin dose")
    assert source_is_notes("any mention of gout in the notes")
    assert source_is_notes("the note says he smokes, right?")
    assert not source_is_notes("does she smoke, the note says never")
    assert not source_is_notes("the note has 20 mg, what is actually ordered")
    assert not source_is_notes("never smoker per the clinic note, does the record agree")
