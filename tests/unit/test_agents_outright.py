"""Words that name an ask outright, doses that a question states, and what no record can reach."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources

import pytest

from agents.embedded.reading.calculator_names import ModelNames
from agents.embedded.reading.places import last_few, names_statistic
from agents.embedded.reading.reader import Reader, Slot, Variant
from agents.embedded.reading.record_names import RecordNames
from agents.embedded.reading.splitting import _JOINERS, _PER_UNIT, _is_within
from agents.embedded.reading.wording import plain
from agents.embedded.routing.outright import beyond_any_record, named_outright
from agents.embedded.routing.router import Router
from agents.embedded.supposing.dosing import DOSE, INTERVAL, asks_exposure, hours_of, milligrams, stated_doses
from agents.guards import People, names_somebody_else
from tools.concepts import default_lexicon
from twin_backend import build_twin

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def router() -> Router:
    return Router(None)  # by words alone: these rules do not rest on likeness


@pytest.fixture(scope="module")
def reader(router: Router) -> Reader:
    names = json.loads(resources.files("agents.embedded").joinpath("model_names.json").read_text(encoding="utf-8"))
    return Reader(default_lexicon(), ModelNames(build_twin(0).catalogue(), names), router.words)


class Recorded(RecordNames):
    """A record that has every result."""

    def has(self, kind: str, concept_id: str) -> bool:
        return kind == "observation"


@pytest.fixture(scope="module")
def record() -> RecordNames:
    return Recorded(default_lexicon(), {})


@pytest.mark.parametrize(
    ("question", "intent", "slots"),
    [
        ("sbar please", "story", ()),
        ("sum him up in two sentences", "story", ()),
        ("what has changed since she was last seen", "story", ()),
        ("explain the chart in plain words", "story", ()),
        ("serial number of the pacemaker", "device.list", ()),
        ("do the notes and the chart clash on smoking", "conflict.smoking", ()),
        ("do amiodarone and simvastatin interact", "medication.safety", ("amiodarone", "simvastatin")),
        ("could lisinopril be behind the high potassium", "causes.possible", ("potassium",)),
        ("why is he hyponatremic", "causes.possible", ("sodium",)),
        ("what is she taking for her cholesterol", "medication.active", ("lipid_lowering",)),
        ("does he have better diabetes control, is diabetes improving", "observation.series", ("hba1c",)),
        ("was a pulmonary embolism ruled out", "condition.has", ("pulmonary_embolism",)),
        ("hypertension diagnosed at which age", "demographics.age_when", ("hypertension",)),
        ("did his aunt have asthma", "family.has", ("asthma",)),
    ],
)
def test_words_name_the_ask_outright(
    router: Router, reader: Reader, record: RecordNames, question: str, intent: str, slots: tuple[str, ...]
) -> None:
    read = reader.read(question, NOW)
    route = named_outright(router.route(read.variants, most=200), read, question, record)
    assert route is not None and route.intent == intent
    assert set(slots) <= {s.id for s in route.variant.slots}


@pytest.mark.parametrize(
    "question",
    [
        "latest potassium",
        "is she on lisinopril",
        "what changed in her creatinine since the last visit",
        "why was warfarin stopped",
    ],
)
def test_other_asks_are_left_to_the_router(router: Router, reader: Reader, record: RecordNames, question: str) -> None:
    read = reader.read(question, NOW)
    assert named_outright(router.route(read.variants, most=200), read, question, record) is None


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        ("labs from 1890", True), ("weight before he was born", True), ("what happened in 2350", True),
        ("labs from 1990", False), ("is 1890 mg too much", False), ("platelets before birth of her son", False),
        ("before 1200 kcal a day", False), ("birth control before surgery", False), ("vancomycin of 1250 mg", False),
    ],
)  # fmt: skip
def test_no_record_reaches_some_times(text: str, beyond: bool) -> None:
    assert (beyond_any_record(text) is not None) is beyond


@pytest.mark.parametrize(
    ("text", "doses", "hours"),
    [
        ("gentamicin 20,000 mg, what peak?", [20000.0], []),
        ("vancomycin 1 g q12h vs 1.25 g every 24 hours, AUC", [1000.0, 1250.0], [12.0, 24.0]),
        ("amikacin 15 mg/kg peak", [], []),
        ("digoxin 125 mcg od, level?", [0.125], [24.0]),
        ("vancomycin 750 mg tds trough", [750.0], [8.0]),
    ],
)
def test_doses_and_intervals_are_read(text: str, doses: list[float], hours: list[float]) -> None:
    assert [milligrams(m) for m in DOSE.finditer(text)] == pytest.approx(doses)
    assert [hours_of(m) for m in INTERVAL.finditer(text)] == hours


@pytest.mark.parametrize(
    ("drug", "text", "runs"),
    [
        ("gentamicin", "gentamicin 20000 mg, what peak?", True),
        ("gentamicin", "is he on gentamicin 240 mg", False),
        ("vancomycin", "vancomycin trough before the hold", False),
        ("metformin", "metformin 500 mg level", None),
    ],
)
def test_only_a_dose_with_an_exposure_is_run(drug: str, text: str, runs: bool | None) -> None:
    slot = Slot(kind="medication", start=0, end=len(drug), text=drug, id=drug)
    dosed = stated_doses(text, Variant(slots=(slot,), masked=text))
    assert (asks_exposure(text, dosed) if dosed is not None else None) is runs


@pytest.mark.parametrize(
    ("text", "cut"),
    [("mg/dL or 120/80", False), ("copies/mL", False), ("beats / min", False), ("sodium/potassium", True)],
)
def test_a_slash_in_a_unit_or_a_pressure_cuts_nothing(text: str, cut: bool) -> None:
    whole = [m.span() for m in _PER_UNIT.finditer(text)]
    assert any(not _is_within(m, whole) for m in _JOINERS.finditer(text)) is cut


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("corrected ca w/ alb 2.2", "corrected ca with alb 2.2"), ("iron def anaemia", "iron deficiency anaemia"),
        ("b12 def?", "b12 deficiency?"), ("ankle film", "ankle x-ray"), ("how many mg of atorvastatin", "what dose of atorvastatin"),
        ("Na hit 150", "Na reached 150"), ("liver US", "liver ultrasound"), ("Cr 2.4 -> eGFR", "Cr 2.4 what would be the eGFR"),
        ("he is def better", "he is def better"), ("is HIT excluded", "is HIT excluded"),
    ],
)  # fmt: skip
def test_chart_shorthand_is_written_out(typed: str, meant: str) -> None:
    assert plain(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("current medicaton list", "current medication list"), ("vacination history", "vaccination history"),
        ("what did her brother die of", "what did her brother die of"), ("zonulin levels", "zonulin levels"),
        ("located where", "located where"),
    ],
)  # fmt: skip
def test_everyday_words_are_mended_and_names_are_not(reader: Reader, typed: str, meant: str) -> None:
    assert reader.mender.mended(typed) == meant


@pytest.mark.parametrize(
    ("text", "n"), [("last three sodiums", 3), ("past 5 A1c", 5), ("last three years", 0), ("last one", 0)]
)
def test_how_many_of_the_newest(text: str, n: int) -> None:
    assert last_few(text) == n


def test_a_statistic_is_named_or_not() -> None:
    assert names_statistic("highest sodium") and names_statistic("how low did it go")
    assert not names_statistic("how has the sodium been behaving")


@pytest.mark.parametrize(
    ("question", "refused"),
    [
        ("Mrs Lindqvist's tablets", True), ("Mr Lindqvist's tablets", False), ("how is his mood since his wife died", False),
        ("his wife's tablets", True), ("what about the CRP before that latest one", False), ("the patient before this one", True),
    ],
)  # fmt: skip
def test_who_is_meant(question: str, refused: bool) -> None:
    people = People(own=frozenset({"walter", "lindqvist"}), others=frozenset({"maria"}), gender="male")
    assert names_somebody_else(question, people, default_lexicon()) is refused
