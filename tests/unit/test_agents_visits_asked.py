"""Wordings of questions about visits, stays, procedures and vaccines, and near ones that ask for something else."""

from __future__ import annotations

from typing import Any

import pytest

from agents.context import RunContext
from agents.embedded.reading.calculator_names import ModelNames
from agents.embedded.reading.dating.dated import with_day_before_stay, with_days
from agents.embedded.reading.reader import Reader
from agents.embedded.reading.wording import plain
from agents.embedded.routing.events_asked import asked_of_event, dose_asked
from agents.embedded.routing.router import Router
from agents.embedded.routing.visits_asked import visits_asked
from agents.guards import names_somebody_else
from tests.conftest import Bench
from tools.concepts import default_lexicon


class Desk:
    """The reader over patient 9 of the demo: a stay for a knee replacement, an ED visit five days after, two clinic visits."""

    def __init__(self, bench: Bench) -> None:
        context = RunContext(tools=bench.context(9))
        self.reader = Reader(default_lexicon(), ModelNames(bench.twin.catalogue(), {}), Router(None).words)
        self.setting = context.setting

    def question(self, text: str) -> Any:
        return self.reader.read(text, self.setting.as_of, self.setting.record, self.setting.people.own)

    def visits(self, text: str) -> list[dict[str, Any]]:
        text = with_day_before_stay(plain(text), self.setting, self.reader.lexicon)
        return [c.arguments for c in visits_asked(text, self.question(text), self.setting)]

    def event(self, text: str) -> str:
        route = asked_of_event(self.question(text), text, self.setting.record)
        return route.intent if route is not None else ""


@pytest.fixture(scope="module")
def desk(cohort: Bench) -> Desk:
    return Desk(cohort)


INPATIENT, EMERGENCY, ANY = {"kind": "inpatient"}, {"kind": "emergency"}, {"kind": "any"}
ASKED: list[tuple[str, dict[str, Any]]] = [
    # the last one, whatever it is called
    ("when did anyone here last lay eyes on him", {**ANY, "aspect": "last"}),
    ("date of latest consultation", {**ANY, "aspect": "last"}),
    ("receptionist is asking, when was he last seen", {**ANY, "aspect": "last"}),
    ("when was the previous time he was seen", {**ANY, "aspect": "last"}),
    ("last casualty attendance", {**EMERGENCY, "aspect": "last"}),
    ("when did he last come onto the ward", {**INPATIENT, "aspect": "last"}),
    ("whn was he admited last", {**INPATIENT, "aspect": "last"}),
    ("the visit before last", {**ANY, "aspect": "last", "offset": 1}),
    ("first hematology visit", {**ANY, "aspect": "first", "first": True, "seen_by": "hematology"}),
    ("when did Dr Solano last see him", {**ANY, "aspect": "last", "seen_by": "Dr Solano"}),
    ("when was he at Westgrove", {**ANY, "aspect": "last", "seen_by": "Westgrove"}),
    ("when was he last seen before the admission", {**ANY, "aspect": "last", "period": "before 2026-08-11"}),
    # how many
    ("no. of A and E visits", {**EMERGENCY, "aspect": "count"}),
    ("how often has he been through casualty, total?", {**EMERGENCY, "aspect": "count"}),
    ("ER visits - how many all told", {**EMERGENCY, "aspect": "count"}),
    ("how many contacts with us in 2026", {**ANY, "aspect": "count", "period": "in 2026"}),
    ("no. of visits in 2026 including A&E and admissions", {**ANY, "aspect": "count", "period": "in 2026"}),
    ("total encounters in 2026, inpatient and outpatient together", {**ANY, "aspect": "count", "period": "in 2026"}),
    ("how many times has he seen nephrology", {**ANY, "aspect": "count", "seen_by": "nephrology"}),
    # out of hospital, and how long in it
    ("d/c date of last admission", {**INPATIENT, "aspect": "discharge"}),
    ("when was he d/c'd home", {**ANY, "aspect": "discharge"}),
    ("when'd he get out of the hospital last time", {**INPATIENT, "aspect": "discharge"}),
    ("date he left hospital last time", {**INPATIENT, "aspect": "discharge"}),
    ("when did he go home after the knee replacement", {**ANY, "aspect": "discharge", "reason": "total_knee_replacement"}),
    ("LOS?", {**INPATIENT, "aspect": "stay"}),
    ("for coding, number of days of the latest admission", {**INPATIENT, "aspect": "stay"}),
    ("how many days did they keep him in on the last admission", {**INPATIENT, "aspect": "stay"}),
    ("length of ED stay", {**EMERGENCY, "aspect": "stay"}),
    ("how long was he in hospital for the knee replacement", {**INPATIENT, "aspect": "stay", "reason": "total_knee_replacement"}),
    ("discharged to where", {**ANY, "aspect": "disposition"}),
    # why, who, where, in which setting, what happened
    ("what did he come to the ED with", {**EMERGENCY, "aspect": "reason"}),
    ("reason for the august ED visit", {**EMERGENCY, "aspect": "reason", "period": "in august"}),
    ("who looked after him during the admission", {**INPATIENT, "aspect": "provider"}),
    ("which hospital was he admitted to", {**INPATIENT, "aspect": "place"}),
    ("which clinicians has he seen this year", {**ANY, "aspect": "clinicians", "period": "this year"}),
    ("who is his usual doctor", {**ANY, "aspect": "clinicians"}),
    ("was he an inpatient or outpatient for the ankle", {**ANY, "aspect": "setting", "reason": "ankle"}),
    ("was his last visit in person", {**ANY, "aspect": "setting"}),
    ("what happened at the last ED visit", {**EMERGENCY, "aspect": "told"}),
    ("list the ED visits with reasons", {**EMERGENCY, "aspect": "list"}),
    # between visits
    ("how long since his last visit", {**ANY, "aspect": "since"}),
    ("how many days since discharge", {**ANY, "aspect": "since_discharge"}),
    ("how many months between his last two visits", {**ANY, "aspect": "between"}),
    ("was he readmitted within 60 days", {**ANY, "aspect": "readmission", "within_days": 60}),
    ("did he bounce back to ED after discharge", {**EMERGENCY, "aspect": "readmission", "within_days": 30}),
    ("how soon after discharge was he back in the ED", {**EMERGENCY, "aspect": "readmission", "within_days": 30}),
    ("when is his next appointment", {**ANY, "aspect": "next"}),
    ("is he an inpatient now", {**INPATIENT, "aspect": "current"}),
    ("has he ever seen a cardiologist", {**ANY, "aspect": "has", "seen_by": "cardiologist"}),
    ("has he seen ID", {**ANY, "aspect": "has", "seen_by": "id"}),
    ("was he in the ICU", {**ANY, "aspect": "has", "seen_by": "icu"}),
    # again, and out of a stay
    ("when does he see urology again", {**ANY, "aspect": "next", "seen_by": "urology"}),
    ("when is he back with the cardiologist", {**ANY, "aspect": "next", "seen_by": "cardiologist"}),
    ("next hf clinic appointment", {**ANY, "aspect": "next", "seen_by": "hf clinic"}),
    ("when did he leave ICU", {**ANY, "aspect": "discharge", "seen_by": "icu"}),
    ("when did he come out of the ICU", {**ANY, "aspect": "discharge", "seen_by": "icu"}),
    ("when was he moved to the rehab unit", {**ANY, "aspect": "last", "seen_by": "rehab unit"}),
    ("how long was he in the stroke unit", {**ANY, "aspect": "stay", "seen_by": "stroke unit"}),
    # a flare of what it was for
    ("when was he admitted with the copd flare", {**INPATIENT, "aspect": "last", "reason": "copd"}),
    ("when was he admitted with an infective exacerbation of COPD", {**INPATIENT, "aspect": "last", "reason": "copd"}),
    ("how long was he in hospital with the gout attack", {**INPATIENT, "aspect": "stay", "reason": "gout"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), ASKED)
def test_a_visit_is_asked_for(desk: Desk, text: str, wanted: dict[str, Any]) -> None:
    assert desk.visits(text) == [wanted]


def test_two_kinds_are_two_looks(desk: Desk) -> None:
    assert [a["kind"] for a in desk.visits("any ED visits or admissions")] == ["emergency", "inpatient"]


NOT_ASKED = [
    "when was he moved to the ward",
    "when was the last flare that he was admitted with",
    "who came with him to the visit",
    "what was the plan at the last visit",
    "creatinine at the last visit",
    "was a rash seen at the last visit",
    "emergency contact?",
    "any discharge from the wound",
    "discharge medications",
    "what did the discharge summary say",
    "review of systems at the last visit",
    "does he have ED",
    "contact precautions?",
    "how did he get to the hospital",
    "when was he told to go to the ED",
    "when should he come back",
    "why did he stop metformin in the hospital",
    "what meds was he discharged on",
    "how long was the operation",
    "has he been in the ED since the discharge",  # the discharge is only the time
    "how many ED visits after the operation",
    "how many ED visits and who saw him",
    "can you see a mass on the CT",
    "left knee pain, how long",
    "did his fever come back",
    "last dose of apixaban in the ED",
]


@pytest.mark.parametrize("text", NOT_ASKED)
def test_what_only_speaks_of_a_visit_is_not_read_as_asking_for_one(desk: Desk, text: str) -> None:
    assert desk.visits(text) == []


DAYS = [
    ("creatinine at the last clinic visit", "creatinine on 2026-11-05"),
    ("BP at his first visit", "BP on 2026-07-21"),
    ("what was the plan at the last hematology visit", "what was the plan on 2026-11-05"),
    ("temperature at the last ED visit", "temperature between 2026-08-19 and 2026-08-20"),
    ("has he been in the ED since the discharge", "has he been in the ED after 2026-08-14"),
    ("hemoglobin while in hospital", "hemoglobin between 2026-08-11 and 2026-08-14"),
    ("what did the last visit note say", "what did the last visit note say"),
    ("creatinine at the last podiatry visit", "creatinine at the last podiatry visit"),
    ("weight at the last mystery visit", "weight at the last mystery visit"),
]


@pytest.mark.parametrize(("text", "dated"), DAYS)
def test_a_visit_that_is_only_mentioned_is_its_days(desk: Desk, text: str, dated: str) -> None:
    assert with_days(text, desk.setting, desk.reader) == dated


@pytest.mark.parametrize(
    ("text", "dated"),
    [
        ("hemoglobin on discharge", "hemoglobin between 2026-08-11 and 2026-08-14"),
        ("hb at discharge from the knee admission", "hb between 2026-08-11 and 2026-08-14"),
        ("weight when he went home", "weight between 2026-08-11 and 2026-08-14"),
        ("discharge summary of the weight", "discharge summary of the weight"),
        ("discharge date", "discharge date"),
    ],
)
def test_a_result_on_discharge_is_the_newest_of_the_stay(desk: Desk, text: str, dated: str) -> None:
    assert with_days(text, desk.setting, desk.reader) == dated


EVENTS = [
    ("who did the knee replacement", "procedure.who"),
    ("which surgeon did the knee replacement", "procedure.who"),
    ("where was the knee replacement done", "procedure.where"),
    ("why did he have the colonoscopy", "procedure.reason"),
    ("why was the colonoscopy not done", "procedure.why_not"),
    ("is he overdue a colonoscopy", "procedure.due"),
    ("how long did the knee replacement take", "procedure.duration"),
    ("how long ago was the colonoscopy", "procedure.since"),
    ("was the colonoscopy normal", "report.has"),
    ("when was the colonoscopy", ""),
    ("has he had a colonoscopy", ""),
    ("who should we refer to for the colonoscopy", ""),
    ("colonoscopy showed a polyp, where", ""),
    ("did he have pain after the colonoscopy", ""),
    ("is he due a flu shot", "immunization.due"),
    ("is the hep B series complete", "immunization.due"),
    ("any vaccines due", "immunization.due"),
    ("did he refuse any vaccine", "immunization.declined"),
    ("why did he not get the flu shot", "immunization.why_not"),
    ("lot number of the flu shot", "immunization.lot"),
    ("starting a biologic, is a hepatitis B vaccine documented", "immunization.has"),
    ("school form wants to know when the flu shot was given", "immunization.last"),
    ("is the flu shot safe with his egg allergy", ""),
    ("fever after the flu shot", ""),
    ("when did he get covid", ""),  # the disease
]


@pytest.mark.parametrize(("text", "intent"), EVENTS)
def test_the_fact_of_a_procedure_or_vaccine_that_is_asked(desk: Desk, text: str, intent: str) -> None:
    assert desk.event(text) == intent


@pytest.mark.parametrize(
    ("text", "dose"),
    [("2nd MMR date", 2), ("dose 3 of hep B", 3), ("first shingles shot", 1), ("flu shot #2", 2), ("MMR date", 0), ("the second to last flu shot", 0)],
)  # fmt: skip
def test_which_dose_of_a_series(text: str, dose: int) -> None:
    assert dose_asked(text) == dose


@pytest.mark.parametrize(
    ("text", "somebody_else"),
    [
        ("how many visits at Westgrove Medical Center", False),
        ("when did Henrik Solano see him", False),
        ("does Mr Solano have diabetes", True),
        ("is Solano's creatinine ok", True),
        ("how many visits at Elderglen Jansky", True),
    ],
)
def test_who_the_patient_was_seen_by_is_nobody_elses_chart(desk: Desk, text: str, somebody_else: bool) -> None:
    assert names_somebody_else(text, desk.setting.people, default_lexicon()) is somebody_else
