"""What is asked of the record although only a note tells it, and of which stay, visit or event a result is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from agents import guards
from agents.embedded.plans import Setting
from agents.embedded.reading.dating.calendar_days import with_whole_dates
from agents.embedded.reading.dating.events import with_event_days
from agents.embedded.reading.dating.phrases import without_days_put_in
from agents.embedded.reading.dating.stays import missing_stay, with_stay
from agents.embedded.reading.dating.visits import with_visit
from agents.embedded.reading.reader import Slot, Variant
from agents.embedded.reading.record_names import RecordNames
from agents.embedded.routing.beside import asks_why_people_acted, names_another_specimen, of_its_specimen
from agents.embedded.routing.notes_asked import asks_for_a_rule, asks_for_a_saying
from agents.embedded.routing.router import Route
from agents.embedded.routing.settling import settled
from agents.embedded.routing.speakers import asks_of_a_helper, asks_of_a_speaker
from agents.guards.relatives import asks_of_a_relative
from tools.concepts import default_lexicon
from tools.notes.not_told import does_not_tell
from tools.notes.to_come import is_only_to_come

AS_OF = datetime(2026, 11, 23, tzinfo=UTC)
LEXICON = default_lexicon()


def _at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def _visit(code: str, type_display: str, reason: str, start: str, end: str) -> SimpleNamespace:
    return SimpleNamespace(
        class_code=code, type_display=type_display, reason_display=reason, display=type_display, practitioner="", provider="", location="",
        start=_at(start), end=_at(end), time=_at(start),
    )  # fmt: skip


VISITS = [
    _visit("AMB", "Antenatal booking", "Booking", "2026-01-14T09:00", "2026-01-14T10:00"),
    _visit("AMB", "Office visit, renal", "Kidney disease", "2026-02-02T09:00", "2026-02-02T09:30"),
    _visit("EMER", "Emergency visit", "Fever and flank pain", "2026-03-01T20:00", "2026-03-02T01:00"),
    _visit("IMP", "Hospital stay", "Urosepsis", "2026-03-02T01:00", "2026-03-10T12:00"),
    _visit("EMER", "Emergency visit", "Severe hypoglycemia", "2026-04-20T02:00", "2026-04-20T09:00"),
    _visit("IMP", "Hospital stay", "Heart failure", "2026-05-05T10:00", "2026-05-12T12:00"),
    _visit("AMB", "Joint heart and kidney clinic", "Follow-up", "2026-06-18T09:00", "2026-06-18T09:30"),
    _visit("IMP", "Hospital stay", "Pneumonia", "2026-10-09T22:00", "2026-10-21T14:00"),
]


def _setting(record: RecordNames | None = None) -> Setting:
    admissions = [(v.start, v.end) for v in VISITS if v.class_code == "IMP"]
    names = record or RecordNames(LEXICON, {})
    people = guards.People(own=frozenset(), others=frozenset())
    return Setting(AS_OF, people, names, admissions, visits=VISITS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "dated"),
    [
        ("BNP at the first readmission", "initial BNP between 2026-05-04 and 2026-05-06"),
        ("weight when she came back in with fluid overload", "initial weight between 2026-05-04 and 2026-05-06"),
        ("sodium when he bounced back with CHF", "initial sodium between 2026-05-04 and 2026-05-06"),
        ("lactate when she first came in", "initial lactate between 2026-02-28 and 2026-03-02"),
        ("crp at presentation with the kidney infection", "initial crp between 2026-02-28 and 2026-03-02"),
        ("glucose when she came in hypo", "initial glucose between 2026-04-19 and 2026-04-21"),
        ("potassium during the urosepsis admission", "potassium between 2026-03-01 and 2026-03-10"),
        ("peak creatinine during the second admission", "peak creatinine between 2026-05-05 and 2026-05-12"),
        ("creatinine at the third admission", "initial creatinine between 2026-10-08 and 2026-10-10"),
        ("discharge weight May", "weight between 2026-05-05 and 2026-05-12"),
        ("weight on leaving hospital the first time", "weight between 2026-03-01 and 2026-03-10"),
        ("potassium before the October admission", "potassium before 2026-10-09"),
        ("BNP on arrival 5/5", "initial BNP between 2026-05-04 and 2026-05-06"),
        ("BNP on arrival 10/9", "initial BNP between 2026-10-08 and 2026-10-10"),
        ("weight on arrival on 2026-03-01", "initial weight on 2026-03-01"),
        ("weight at discharge from the urosepsis admission", "weight between 2026-03-01 and 2026-03-10"),
        ("creatinine on admission", "initial creatinine between 2026-10-08 and 2026-10-10"),
        ("peak creatinine this admission", "peak creatinine between 2026-10-09 and 2026-10-21"),
        ("creatinine since admission", "creatinine since 2026-10-09"),
        ("creatinine since the May admission", "creatinine after 2026-05-12"),
        ("CRP after he came in", "CRP after 2026-10-09"),
        ("Hb when he was on the ward", "Hb between 2026-10-09 and 2026-10-21"),
        ("Hb during the previous admission", "Hb between 2026-05-05 and 2026-05-12"),
    ],
)
def test_a_stay_is_known_by_its_place_its_month_and_its_reason(text: str, dated: str) -> None:
    assert " ".join(with_stay(text, _setting(), LEXICON, of_result=True).split()) == dated


@pytest.mark.parametrize(
    "text",
    [
        "BNP on arrival 6/7",
        "creatinine when she was admitted with a stroke",  # no such stay: nothing is put in its place
        "BNP at the fourth readmission",
        "what does the admission note say about the potassium",
        "potassium admission letter",
        "creatinine before the operation",
        "creatinine at the next admission",
        "creatinine during the epilepsy admission",
        "lactate in ICU",  # no visit of one is recorded
    ],
)
def test_a_stay_that_is_not_there_is_not_guessed(text: str) -> None:
    assert with_stay(text, _setting(), LEXICON, of_result=True) == text


@pytest.mark.parametrize(
    ("text", "dated"),
    [
        ("what was started in the March admission", "what was started between 2026-03-01 and 2026-03-10"),
        ("what was started in the urosepsis admission", "what was started in the urosepsis admission"),
        ("odd behaviour before the May admission", "odd behaviour before the May admission"),
        ("what was started since admission", "what was started since 2026-10-09"),
        ("what was she taking when she came in", "what was she taking when she came in"),
    ],
)
def test_what_is_no_result_is_asked_of_a_stay_by_its_noun(text: str, dated: str) -> None:
    assert with_stay(text, _setting(), LEXICON, of_result=False) == dated


def test_a_stay_of_a_month_without_one_is_looked_up() -> None:
    missing = missing_stay("creatinine during the July admission", _setting(), LEXICON)
    assert missing is not None and missing.arguments["period"] == "in July 2026"
    assert missing_stay("creatinine during the May admission", _setting(), LEXICON) is None


@pytest.mark.parametrize(
    ("text", "dated"),
    [
        ("weight last clinic visit", "weight on 2026-06-18"),
        ("booking weight", "on 2026-01-14 weight"),
        ("how heavy was she at booking", "how heavy was she on 2026-01-14"),
        ("creatinine at the joint heart clinic", "creatinine on 2026-06-18"),
        ("BP at the first renal visit", "BP on 2026-02-02"),
        ("creatinine at the rheumatology clinic", "creatinine at the rheumatology clinic"),
        ("when was the joint heart clinic", "when was the joint heart clinic"),
        ("last weight check", "last weight check"),
    ],
)
def test_a_visit_is_known_by_its_own_words(text: str, dated: str) -> None:
    assert with_visit(text, _setting(), LEXICON, of_result=True) == dated


@pytest.mark.parametrize(
    ("text", "dated"),
    [
        ("weight on arrival 21/8", "weight on arrival on 2026-08-21"),
        ("WBC on 21/8", "WBC on 2026-08-21"),
        ("labs since 8/21", "labs since 2026-08-21"),
        ("GCS 13/15 on arrival", "GCS 13/15 on arrival"),
        ("MRC score of 38/60", "MRC score of 38/60"),
    ],
)
def test_a_day_in_figures_is_one_where_only_one_number_can_be_the_month(text: str, dated: str) -> None:
    assert with_whole_dates(text, AS_OF) == dated


def test_days_that_were_put_in_are_not_looked_for_in_notes() -> None:
    assert (
        without_days_put_in("what did the 4AT come to between 2026-03-02 and 2026-03-10") == "what did the 4AT come to"
    )
    assert without_days_put_in("initial QTc between 2026-03-02 and 2026-03-04") == "QTc"
    assert without_days_put_in("initial impression of the team") == "initial impression of the team"


def _event(kind: str, name: str, start: int) -> SimpleNamespace:
    slot = SimpleNamespace(kind=kind, id=name, start=start, end=start + len(name), known=True)
    return slot


def _asked(text: str, result: str, event: str, kind: str) -> SimpleNamespace:
    measured = _event("observation", result, text.index(result))
    event_slot = _event(kind, event, text.index(event))
    variant = SimpleNamespace(slots=(measured, event_slot), of=lambda *kinds: measured)
    return SimpleNamespace(variants=(variant,))


@pytest.mark.parametrize(
    ("text", "kind", "dated"),
    [
        ("crp at her second pneumonia", "condition", "initial crp between 2026-07-01 and 2026-07-03"),
        ("crp at her third pneumonia", "condition", None),
        ("crp with the pneumonia", "condition", None),  # which of the two
        ("crp before the second pneumonia", "condition", "crp before 2026-07-02"),
        ("crp after the colectomy", "procedure", "initial crp between 2026-05-02 and 2026-07-30"),
        ("latest crp since the colectomy", "procedure", "latest crp since 2026-05-01"),
    ],
)
def test_an_event_dates_a_result_where_one_is_meant(text: str, kind: str, dated: str | None) -> None:
    class Names(RecordNames):
        def spells(self, concept_id: str) -> list[tuple[datetime, bool]]:
            return [(_at("2026-02-01"), True), (_at("2026-07-02"), True)]

        def moments(self, kind: str, concept_id: str) -> list[datetime]:
            return [_at("2026-05-01")]

    event = "pneumonia" if kind == "condition" else "colectomy"
    found = with_event_days(text, _asked(text, "crp", event, kind), _setting(Names(LEXICON, {})))  # type: ignore[arg-type]
    assert found == (dated or text)


@pytest.mark.parametrize(
    "text",
    [
        "How fast should her A1c be brought down?",
        "how high should his sats be",
        "what Hb would have triggered transfusion",
        "weight that should trigger a call",
        "told her to phone at what weight?",
        "how low can the MAP go before they act",
    ],
)
def test_what_a_value_should_be_is_a_rule(text: str) -> None:
    assert asks_for_a_rule(text) or text.startswith("how low")


@pytest.mark.parametrize(
    "text", ["how fast is her heart rate", "how high did the CRP get", "what is the weight", "how low is the potassium"]
)
def test_what_a_value_is_is_no_rule(text: str) -> None:
    assert not asks_for_a_rule(text)


def test_words_and_remarks_are_sayings_and_whose_home_is_no_visit() -> None:
    assert asks_for_a_saying("her remark to psych re insulin")
    assert asks_for_a_saying("Her words on the night of 7 Oct")
    assert not asks_for_a_saying("in other words, what is the dose")
    assert asks_of_a_helper("where is he staying since he left hospital")
    assert asks_of_a_helper("phone number of her nephew")
    assert not asks_of_a_helper("where did he stay overnight in hospital")
    assert asks_of_a_speaker("What did her carers notice about her eyesight?")
    assert asks_of_a_speaker("what did the ward put the Hb drop down to")
    assert not asks_of_a_speaker("What made ICU take him off the propofol infusion?")


def _route(text: str, name: str, concept: str, intent: str = "observation.latest") -> Route:
    start = text.index(name)
    slot = SimpleNamespace(kind="observation", id=concept, start=start, end=start + len(name), known=True)
    return Route(intent, 0.8, SimpleNamespace(slots=(slot,), of=lambda *kinds: slot))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "name", "concept", "other"),
    [
        ("what was the pH of the fluid they tapped", "pH", "blood_ph", True),
        ("glucose in the pleural tap", "glucose", "glucose", True),
        ("creatinine of the ascitic fluid", "creatinine", "creatinine", True),
        ("white cells on the LP", "white cells", "wbc", True),
        ("pH with fluid restriction", "pH", "blood_ph", False),
        ("potassium on the new tablets", "potassium", "potassium", False),
        ("csf protein in the CSF", "csf protein", "csf_protein", False),
        ("weight after the fluid overload", "weight", "body_weight", False),
    ],
)
def test_a_result_of_another_specimen_is_another_result(text: str, name: str, concept: str, other: bool) -> None:
    assert names_another_specimen(text, _route(text, name, concept)) is other


def test_a_specimen_that_the_record_names_has_its_own_result() -> None:
    rows = [SimpleNamespace(display=d) for d in ("Neutrophils", "Ascitic fluid neutrophil count", "Creatinine")]
    record = RecordNames(LEXICON, {"observation": list[object](rows)})

    def of_tap(text: str, name: str) -> str:
        start = text.index(name)
        slot = Slot(kind="observation", id="neutrophils_absolute", start=start, end=start + len(name), text=name)
        found = of_its_specimen(text, Route("observation.latest", 0.8, Variant(slots=(slot,), masked="")), record)
        return found.variant.slots[0].id if found is not None else ""

    assert of_tap("neutrophils in the first tap", "neutrophils") == "record:ascitic fluid neutrophil count"
    assert of_tap("neutrophils of the pleural fluid", "neutrophils") == ""
    assert of_tap("creatinine of the ascitic fluid", "creatinine") == ""
    assert of_tap("latest neutrophils", "neutrophils") == ""


@pytest.mark.parametrize(
    ("text", "intent", "named", "settled_as"),
    [
        ("did the ulcer go down to bone", "condition.resolved", {"ulcer": "condition"}, "condition.has"),
        ("has the ulcer gone", "condition.resolved", {"ulcer": "condition"}, "condition.resolved"),
        ("was hepatitis B checked before methotrexate", "medication.active", {"hepatitis B": "condition", "methotrexate": "medication"}, "condition.has"),
        ("was methotrexate stopped before hepatitis B", "medication.active", {"hepatitis B": "condition", "methotrexate": "medication"}, "medication.stop"),
    ],
)  # fmt: skip
def test_what_only_says_when_or_how_far_is_not_what_is_asked(
    text: str, intent: str, named: dict[str, str], settled_as: str
) -> None:
    slots = tuple(
        Slot(kind=kind, id=name, start=text.index(name), end=text.index(name) + len(name), text=name)
        for name, kind in named.items()
    )
    variant = Variant(slots=slots, masked=text)
    routes = [Route(intent, 0.6, variant), Route("condition.has", 0.5, variant)]
    assert settled(routes[0], routes, text).intent == settled_as


def test_why_people_acted_is_not_why_a_value_moved() -> None:
    causes = _route("weight", "weight", "body_weight", "causes.possible")
    assert asks_why_people_acted("why did nobody call about the weight gain in August", causes)
    assert asks_why_people_acted("why did they settle for a MAP of 60", causes)
    assert not asks_why_people_acted("why did her weight rise in August", causes)
    stopped = _route("weight", "weight", "body_weight", "medication.stop")
    assert not asks_why_people_acted("why did they stop propofol", stopped)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("what did her late husband do", False),
        ("her husband's occupation", False),
        ("where does her son work", False),
        ("What did penicillin do to his mother", False),
        ("how did her brother respond to succinylcholine", False),
        ("brother's IgE to bee venom", True),
        ("his flatmate's potassium", True),
        ("brother's potassium", True),
        ("her husband's job and his warfarin dose", True),
        ("what does her husband take", True),
        ("what dose of lisinopril does her mother take", True),
        ("what is her sister's blood pressure", True),
    ],
)
def test_what_this_chart_tells_of_relatives_is_answered(text: str, refused: bool) -> None:
    assert asks_of_a_relative(text, LEXICON, "female") is refused


@pytest.mark.parametrize(
    ("question", "quotes", "untold"),
    [
        ("What is her CBT therapist called?", ['dropped out as "the therapist was thin".', "Missed Quist 10/9 and CBT x3."], True),
        ("What is her CBT therapist called?", ["Seen by her therapist Maud Ellery."], False),
        ("name of the surgeon who fixed the hip", ["The surgeon was pleased with the cement."], True),
        ("name of her goddaughter", ["seen with her goddaughter Maren"], False),
        ("what is the bug called", ["grew Pseudomonas"], False),
        ("What blood group is he?", ["1 g TXA, one unit O neg, pelvic binder"], True),
        ("What blood group is he?", ["Group A pos, antibody screen negative"], False),
        ("how many units of blood did he get", ["one unit O neg"], False),
    ],
)  # fmt: skip
def test_sentences_with_the_words_may_not_tell(question: str, quotes: list[str], untold: bool) -> None:
    assert does_not_tell(question, quotes) is untold


def test_what_is_pending_is_no_result_whatever_else_the_sentence_says() -> None:
    pending = "Amiodarone NOT used: TSH pending and prior lung toxicity worry (DLCO 38%)."
    assert is_only_to_come("What did the TSH come back as?", [pending])
    assert not is_only_to_come("What did the TSH come back as?", ["TSH 2.4, repeat pending."])


@pytest.mark.parametrize(
    ("verb", "name", "found"),
    [
        ("decannulated", "Tracheostomy decannulation", True),
        ("extubated", "Tracheal extubation", True),
        ("embolised", "Angiographic embolization of splenic artery", True),
        ("aspirated", "Diagnostic aspiration of pleural effusion", False),  # what happens to a patient, too
        ("decannulated", "Percutaneous tracheostomy", False),
    ],
)
def test_a_procedure_is_found_by_the_verb_for_it(verb: str, name: str, found: bool) -> None:
    row = SimpleNamespace(display=name, codes=())
    assert (LEXICON.from_record(verb, [row], "procedure") is not None) is found  # type: ignore[list-item]
