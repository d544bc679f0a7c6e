"""Notes to facts: measurements, sigs, allergies, family, social history, dates and what every fact carries."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from domain.facts import Fact, FactKind, Note
from domain.quantities import Quantity
from nlp_pipeline import EXTRACTOR_VERSION, build_pipeline, extract, extract_rows, find_sections
from nlp_pipeline.facts import fact_id

TIME = datetime(2020, 3, 2, 9, 30, tzinfo=UTC)


def note_of(text: str, note_id: str = "n1") -> Note:
    return Note(id=note_id, patient_id="p1", text=text, time=TIME)


def facts(text: str, kind: FactKind | None = None) -> list[Fact]:
    found = next(extract([note_of(text)]))
    return [f for f in found if kind is None or f.kind is kind]


QUANTITIES = [
    ("Cr 1.4", [("creatinine", 1.4, "mg/dL")]),
    ("Cr 1.4 (baseline 0.9)", [("creatinine", 1.4, "mg/dL"), ("creatinine", 0.9, "mg/dL")]),
    ("A1c of 8.2 %", [("hba1c", 8.2, "%")]),
    ("K+ 5.9 mmol/L", [("potassium", 5.9, "mmol/L")]),
    ("Na 128 -> 131", [("sodium", 128, "mmol/L"), ("sodium", 131, "mmol/L")]),
    ("Sodium of 118 mEq/L", [("sodium", 118, "meq/L")]),
    ("Potassium was low at 2.9.", [("potassium", 2.9, "mmol/L")]),
    ("AST/ALT 33/24", [("ast", 33, "U/L"), ("alt", 24, "U/L")]),
    ("WBC 4.2 x10^3/uL", [("wbc", 4.2, "10*3/uL")]),
    ("WBC 15.3 K/uL", [("wbc", 15.3, "10*3/uL")]),
    ("platelets 45,000", [("platelets", 45000, "/uL")]),
    ("T 38.1 C", [("body_temperature", 38.1, "Cel")]),
    ("Temp: 98.6°F", [("body_temperature", 98.6, "[degF]")]),
    ("T 100.4", [("body_temperature", 100.4, "[degF]")]),
    ("febrile to 39.2", [("body_temperature", 39.2, "Cel")]),
    ("HR 110, RR 24", [("heart_rate", 110, "/min"), ("respiratory_rate", 24, "/min")]),
    ("SpO2 92% on 2L", [("oxygen_saturation", 92, "%"), ("inhaled_oxygen_flow", 2, "L/min")]),
    ("SpO2 88% on RA -> 94% on 3L NC", [("oxygen_saturation", 88, "%"), ("oxygen_saturation", 94, "%"), ("inhaled_oxygen_flow", 3, "L/min")]),
    ("satting 91% on RA", [("oxygen_saturation", 91, "%")]),
    ("vancomycin trough 14.2 mcg/mL", [("vancomycin_trough", 14.2, "ug/mL")]),
    ("Vancomycin 1 g IV q12h; trough 18.2", [("vancomycin_trough", 18.2, "mg/L")]),
    ("Glucose 250 mg/dL", [("glucose", 250, "mg/dL")]),
    ("height 5'7\"", [("body_height", 67, "[in_i]")]),
    ("weighed 71.3-kg", [("body_weight", 71.3, "kg")]),
    ("Wt 180 lbs", [("body_weight", 180, "[lb_av]")]),
    ("GCS 13 (E3V4M6)", [("glasgow_coma_scale", 13, "{score}")]),
    ("EF 25-30 %", [("lvef", 25, "%")]),
    ("eGFR 55 mL/min/1.73 m2", [("egfr", 55, "mL/min/{1.73_m2}")]),
    ("INR 2.8", [("inr", 2.8, "{INR}")]),
    ("oxycodone-acetaminophen 5/325 mg 1-2 tabs", []),
    ("potassium 20 mEq PO daily", []),
    ("creatinine 3 days ago", []),
    ("glucose on 3/4/2020", []),
    ("WBC pending since 10:30", []),
    ("room 12, bed 4", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), QUANTITIES, ids=[t for t, _ in QUANTITIES])
def test_quantities(text: str, expected: list[tuple[str, float, str]]) -> None:
    found = [f for f in facts(text, FactKind.OBSERVATION) if isinstance(f.value, Quantity)]
    assert sorted(
        (f.concept_id, f.value.value, f.value.unit) for f in found if isinstance(f.value, Quantity)
    ) == sorted(expected)


def test_blood_pressure_is_two_facts_with_the_same_characters() -> None:
    found = facts("BP 66/40 on arrival", FactKind.OBSERVATION)
    assert [(f.concept_id, str(f.value), f.text) for f in found] == [
        ("diastolic_blood_pressure", "40 mm[Hg]", "BP 66/40"),
        ("systolic_blood_pressure", "66 mm[Hg]", "BP 66/40"),
    ]


def test_comparators_results_baselines_and_goals() -> None:
    [troponin] = facts("troponin < 0.01", FactKind.OBSERVATION)
    assert (troponin.comparator, troponin.value) == ("<", Quantity(value=0.01, unit="ng/mL"))
    assert [f.value for f in facts("urine ketones trace, nitrite negative", FactKind.OBSERVATION)] == [
        "trace",
        "negative",
    ]
    _, baseline = facts("Cr 2.1 (baseline 1.4)", FactKind.OBSERVATION)
    assert baseline.assertion.is_historical and baseline.text == "Cr 2.1 (baseline 1.4"
    [goal] = facts("Hold metoprolol for SBP < 100", FactKind.OBSERVATION)
    assert goal.assertion.is_hypothetical
    [measured] = facts("No chest pain, troponin 0.5", FactKind.OBSERVATION)
    assert not measured.assertion.is_negated


SIGS = [
    # text, drug, dose, route, frequency, as needed, duration, status
    ("metformin 1000 mg PO BID", "metformin", "1000 mg", "oral", "twice daily", False, "", ""),
    ("lisinopril 10mg daily", "lisinopril", "10 mg", "", "daily", False, "", ""),
    ("albuterol 2 puffs q4h prn wheezing", "albuterol", "2 {puff}", "", "every 4 hours", True, "", ""),
    ("Stopped metoprolol 25 mg BID.", "metoprolol", "25 mg", "", "twice daily", False, "", "stopped"),
    ("Warfarin was held.", "warfarin", None, "", "", False, "", "held"),
    ("hold lisinopril given AKI", "lisinopril", None, "", "", False, "", "held"),
    ("Increased furosemide to 80 mg IV BID for 5 days", "furosemide", "80 mg", "intravenous", "twice daily", False, "5 days", "increased"),
    ("Insulin glargine 20 units SQ at bedtime", "insulin_glargine", "20 [IU]", "subcutaneous", "nightly", False, "", ""),
    ("Start amlodipine 5 mg once daily", "amlodipine", "5 mg", "", "daily", False, "", "started"),
    ("Eliquis 5 mg twice daily", "apixaban", "5 mg", "", "twice daily", False, "", ""),
    ("gave 40 mg of furosemide", "furosemide", "40 mg", "", "", False, "", "given"),
    ("ibuprofen 600 mg every 6 hours as needed for back pain", "ibuprofen", "600 mg", "", "every 6 hours", True, "", ""),
    ("No longer taking warfarin", "warfarin", None, "", "", False, "", "stopped"),
    ("She stopped taking atorvastatin", "atorvastatin", None, "", "", False, "", "stopped"),
    ("continue gabapentin 300 mg TID", "gabapentin", "300 mg", "", "three times daily", False, "", "active"),
    ("nitrofurantoin 5 mg/ml oral suspension", "nitrofurantoin", None, "oral", "", False, "", ""),
]  # fmt: skip


@pytest.mark.parametrize("case", SIGS, ids=[c[0] for c in SIGS])
def test_sigs(case: tuple[str, str, str | None, str, str, bool, str, str]) -> None:
    text, concept, dose, route, frequency, as_needed, duration, status = case
    [fact] = facts(text, FactKind.MEDICATION)
    assert fact.sig is not None
    found = (str(fact.sig.dose) if fact.sig.dose else None, fact.sig.route, fact.sig.frequency, fact.sig.as_needed)
    assert fact.concept_id == concept
    assert (*found, fact.sig.duration, fact.sig.status) == (dose, route, frequency, as_needed, duration, status)
    assert fact.assertion.is_historical == (status == "stopped")


def test_a_switch_stops_one_drug_and_starts_the_other() -> None:
    old, new = facts("Switched from simvastatin to atorvastatin 40 mg nightly.", FactKind.MEDICATION)
    assert (old.concept_id, old.sig and old.sig.status) == ("simvastatin", "stopped")
    assert (new.concept_id, new.sig and new.sig.status) == ("atorvastatin", "started")
    assert new.sig and new.sig.dose == Quantity(value=40, unit="mg")


def test_allergies_with_reactions() -> None:
    found = facts("ALLERGIES: Penicillin (anaphylaxis), sulfa drugs (rash), codeine - nausea")
    assert [(f.kind, f.text, f.value) for f in found] == [
        (FactKind.ALLERGY, "Penicillin", "anaphylaxis"),
        (FactKind.ALLERGY, "sulfa drugs", "rash"),
        (FactKind.ALLERGY, "codeine", "nausea"),
    ]
    [latex] = facts("She is allergic to latex.", FactKind.ALLERGY)
    assert latex.concept_id == "latex" and latex.assertion.is_current_finding
    [denied] = facts("Denies allergy to penicillin.", FactKind.ALLERGY)
    assert denied.concept_id == "penicillin" and denied.assertion.is_negated


@pytest.mark.parametrize(
    "text", ["NKDA", "No Known Allergies.", "Allergies: none", "# Allergies\nNo known drug allergies"]
)
def test_no_known_allergies(text: str) -> None:
    [fact] = facts(text, FactKind.ALLERGY)
    assert fact.concept_id == "no_known_allergies" and fact.assertion.is_negated


def test_family_history_keeps_the_member() -> None:
    text = "FAMILY HISTORY: Father died of MI at age 60. Mother with diabetes. No family history of colon cancer."
    found = [(f.concept_id, f.value, f.assertion.is_negated) for f in facts(text, FactKind.FAMILY_HISTORY)]
    assert found == [
        ("myocardial_infarction", "father", False),
        ("diabetes", "mother", False),
        ("colorectal_cancer", "family", True),
    ]
    assert not facts(text, FactKind.CONDITION)
    [aunt] = facts("Ovarian cancer in a maternal aunt.", FactKind.FAMILY_HISTORY)
    assert aunt.value == "maternal aunt"


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("Breast cancer in her mother and two sisters.", ["mother", "sister"]),
        ("FAMILY HISTORY: Father, paternal uncle and brothers with gout.", ["brother", "father", "paternal uncle"]),
        ("Both parents had strokes.", ["parent"]),
        ("Family history of stroke.", ["family"]),
        ("No glaucoma in her father or brother.", ["brother", "father"]),
    ],
)
def test_each_relative_has_a_fact_of_its_own(text: str, members: list[str]) -> None:
    found = facts(text, FactKind.FAMILY_HISTORY)
    assert [f.value for f in found] == members
    assert len({f.id for f in found}) == len(members) and found == facts(text, FactKind.FAMILY_HISTORY)
    assert len({(f.evidence.ref, f.concept_id, f.assertion) for f in found}) == 1


def test_the_member_is_part_of_the_id_only_where_there_are_several() -> None:
    [one] = facts("Her mother had gout.", FactKind.FAMILY_HISTORY)
    assert one.id == fact_id("n1", 15, 19, FactKind.FAMILY_HISTORY, one.concept_id)
    father, mother = facts("Father and mother had gout.", FactKind.FAMILY_HISTORY)
    assert {father.id, mother.id}.isdisjoint({fact_id("n1", 22, 26, FactKind.FAMILY_HISTORY, one.concept_id)})
    assert mother.id == fact_id("n1", 22, 26, FactKind.FAMILY_HISTORY, one.concept_id, "mother")


@pytest.mark.parametrize(
    ("text", "concept", "value"),
    [
        ("Former smoker.", "tobacco_status", "former smoker"),
        ("Patient is an active smoker", "tobacco_status", "current smoker"),
        ("She never smoked.", "tobacco_status", "never smoker"),
        ("Tobacco: denies", "tobacco_status", "never smoker"),
        ("Quit smoking in 2005.", "tobacco_status", "former smoker"),
        ("Denies alcohol use.", "alcohol_use", "none"),
        ("Drinks 2 beers per week.", "alcohol_use", "current"),
        ("No illicit drugs.", "drug_use_history", "none"),
    ],
)
def test_social_history(text: str, concept: str, value: str) -> None:
    found = {f.concept_id: f.value for f in facts(text, FactKind.SOCIAL_HISTORY)}
    assert found == {concept: value}


def test_pack_years_and_demographics() -> None:
    text = "72-year-old woman with a 40 pack-year history."
    found = {f.concept_id: str(f.value) for f in facts(text) if f.kind is not FactKind.CONDITION}
    assert found == {"age_years": "72 a", "sex": "female", "pack_years": "40 {pack-years}"}


@pytest.mark.parametrize(
    ("text", "concept", "day"),
    [
        ("Appendectomy in 1998.", "appendectomy", datetime(1998, 1, 1, tzinfo=UTC)),
        ("Cholecystectomy on 2/14/2015.", "cholecystectomy", datetime(2015, 2, 14, tzinfo=UTC)),
        ("Chest pain 3 days ago.", "chest_pain", datetime(2020, 2, 28, tzinfo=UTC)),
        ("Chest pain since yesterday.", "chest_pain", datetime(2020, 3, 1, tzinfo=UTC)),
        ("Breast cancer 2009, in remission", "breast_cancer", datetime(2009, 1, 1, tzinfo=UTC)),
        ("Pneumonia in March 2012.", "pneumonia", datetime(2012, 3, 1, tzinfo=UTC)),
        ("Pneumonia today.", "pneumonia", datetime(2020, 3, 2, tzinfo=UTC)),
        ("Pneumonia.", "pneumonia", TIME),
        ("History of pneumonia.", "pneumonia", None),
        ("Pneumonia on 13/45/2020.", "pneumonia", TIME),
    ],
)
def test_effective_time(text: str, concept: str, day: datetime | None) -> None:
    [fact] = [f for f in facts(text) if f.concept_id == concept]
    assert fact.effective == day


@pytest.mark.parametrize(
    ("text", "concept", "day"),
    [
        ("Pneumonia, follow-up on 14 May 2020.", "pneumonia", TIME),
        ("No pneumonia, next visit 14 May 2020.", "pneumonia", TIME),
        ("Creatinine 1.4; recheck 14 May 2020.", "creatinine", TIME),
        ("Amoxicillin 500 mg TID, last dose 14 May 2020.", "amoxicillin", TIME),
        ("History of pneumonia, recheck 14 May 2020.", "pneumonia", None),
        ("Had a colonoscopy; rebooked 14 May 2020.", "colonoscopy", TIME),
        ("Colonoscopy on 14 May 2020.", "colonoscopy", datetime(2020, 5, 14, tzinfo=UTC)),
        ("Colonoscopy 2 March 2020 at 21:15.", "colonoscopy", datetime(2020, 3, 2, 21, 15, tzinfo=UTC)),
    ],
)
def test_what_is_stated_as_a_fact_is_not_dated_after_the_note(text: str, concept: str, day: datetime | None) -> None:
    [fact] = [f for f in facts(text) if f.concept_id == concept]
    assert not fact.assertion.is_hypothetical and fact.effective == day


@pytest.mark.parametrize(("day", "status"), [("14 May 2020", ""), ("1 February 2020", "stopped"), ("2019", "stopped")])
def test_a_drug_given_until_a_coming_day_is_not_stopped(day: str, status: str) -> None:
    [drug] = facts(f"Amoxicillin 500 mg TID until {day}.", FactKind.MEDICATION)
    assert drug.sig and drug.sig.status == status and drug.assertion.is_historical is bool(status)


def test_the_date_of_one_finding_is_not_given_to_its_neighbours() -> None:
    found = {f.concept_id: f.effective for f in facts("History of CHF, CAD s/p CABG in 2014 and gout.")}
    assert found["coronary_artery_bypass_grafting"] == datetime(2014, 1, 1, tzinfo=UTC)
    assert found["heart_failure"] is None and found["coronary_artery_disease"] is None


NOTE = """Admission Note

CHIEF COMPLAINT: Shortness of breath

HPI: 72-year-old woman with a history of CHF and type 2 diabetes mellitus who presents with 3 days of
worsening dyspnea. She denies chest pain, fever, or
cough. BP was 182/95, HR 104.

PMH:
1. Hypertension
2. Atrial fibrillation

MEDICATIONS:
- Aspirin 81 mg daily
- Furosemide 40 mg PO BID

LABS: Na 132, K 5.4. No pneumothorax. Possible pneumonia.
"""


def test_every_fact_quotes_its_characters_and_names_its_section() -> None:
    found = facts(NOTE)
    assert len(found) == 20
    for fact in found:
        span = fact.evidence.span
        assert span is not None and span.note_id == "n1"
        assert NOTE[span.start : span.end] == fact.evidence.quote == fact.text
        assert fact.evidence.time == TIME and fact.extractor_version == EXTRACTOR_VERSION
    by_concept = {f.concept_id: f for f in found}
    assert by_concept["hypertension"].assertion.is_historical
    assert by_concept["hypertension"].section == "past_medical_history"
    assert by_concept["chest_pain"].assertion.is_negated and by_concept["cough"].assertion.is_negated
    assert by_concept["heart_failure"].assertion.is_historical
    assert by_concept["pneumonia"].assertion.is_uncertain and by_concept["pneumothorax"].assertion.is_negated
    assert by_concept["aspirin"].sig and str(by_concept["aspirin"].sig.dose) == "81 mg"
    assert any(code.system == "http://loinc.org" for code in by_concept["sodium"].codes)


def test_facts_hold_what_their_checks_would_make_of_them() -> None:
    """They are built without checks, so that every field has to be there and of its type."""
    text = (
        NOTE + "Took lisinopril 10-20 mg daily until 2019. A1c 7-8 %. K 7.9 (H). Allergies: penicillin (rash). Smokes."
    )
    found = facts(text)
    assert {f.kind for f in found} >= {FactKind.ALLERGY, FactKind.MEDICATION, FactKind.OBSERVATION, FactKind.EVENT_DATE}
    for fact in found:
        checked = Fact.model_validate({name: getattr(fact, name) for name in Fact.model_fields}, strict=True)
        assert checked == fact and checked.model_dump_json() == fact.model_dump_json()
        assert fact.model_copy(update={"flag": "H"}) != fact.model_copy(update={"flag": "L"})


def test_extraction_is_repeatable_and_keeps_the_order_of_notes() -> None:
    notes = [note_of(NOTE, "a"), note_of("", "b"), note_of("No fever.", "c")]
    first, again = list(extract(notes)), list(extract(notes, batch_size=1))
    assert first == again
    assert [len(f) for f in first] == [20, 0, 1]
    ids = [f.id for group in first for f in group]
    assert len(ids) == len(set(ids))
    assert first[0] != next(extract([note_of(NOTE, "z")]))


def test_extract_streams() -> None:
    taken = []

    def endless():  # type: ignore[no-untyped-def]
        number = 0
        while True:
            taken.append(number)
            yield note_of("No fever.", str(number))
            number += 1

    stream = extract(endless(), batch_size=4)
    assert len(next(stream)) == 1
    assert len(taken) <= 16


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("fever " * 8000, 8000),
        ("no fever " * 5000, 5000),
        ("BP 120/80 " * 5000, 10000),
        ("(" * 50_000, 0),
        ("-" * 50_000, 0),
        (" " * 50_000, 0),
        ("a" * 50_000, 0),
        ("A: " * 16_000, 0),
        ("Cr from " * 6000, 0),
        ("creatinine " + "is " * 16_000, 0),
        ("\x00\u202e\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16") * 5000, 0),
    ],
    ids=["fever", "no-fever", "bp", "parens", "dashes", "spaces", "letters", "colons", "from", "links", "controls"],
)
def test_hostile_notes_finish_with_the_right_count(text: str, count: int) -> None:
    assert len(facts(text)) == count


def test_long_sentences_are_cut() -> None:
    doc = build_pipeline()("fever " * 3000)
    assert max(len(s) for s in doc.sents) <= 120
    assert len(doc.ents) == 3000


def test_negation_stays_within_its_bounded_sentence() -> None:
    found = facts("No " + "fever " * 500)
    assert sum(f.assertion.is_negated for f in found) < 120


def test_batch_rows_keep_going_after_a_bad_one() -> None:
    rows = [
        {"id": "1", "text": "No fever."},
        {"id": "2"},
        {"id": "3", "text": 5},
        {"text": "x"},
        {"id": "4", "text": "cough", "time": "yesterday"},
        "nonsense",
        {"id": 5, "text": "cough", "patient_id": "p", "time": "2020-03-02T10:00:00"},
    ]
    out = list(extract_rows(rows))  # type: ignore[arg-type]
    assert [row.get("id") for row in out] == ["1", "2", "3", None, "4", None, 5]
    assert ["error" in row for row in out] == [False, True, True, True, True, True, False]
    assert {row["error"]["kind"] for row in out if "error" in row} == {"invalid_record"}
    assert out[0]["facts"][0]["assertion"]["is_negated"] is True
    assert out[6]["facts"][0]["effective"] == "2020-03-02T10:00:00Z"
    assert out[6]["facts"][0]["evidence"]["ref"] == "Note/5#0-5"


def test_unknown_profile_is_refused() -> None:
    from domain.errors import InvalidInput

    with pytest.raises(InvalidInput):
        build_pipeline("other")


def test_medspacy_users_find_what_they_expect_on_the_doc() -> None:
    doc = build_pipeline()("PMH: gout\nHPI: No fever.")
    assert [(e.text, e._.is_negated, e._.is_historical) for e in doc.ents] == [
        ("gout", False, True),
        ("fever", True, False),
    ]
    assert [s.category for s in doc._.sections] == ["past_medical_history", "history_of_present_illness"]
    [(target, modifier)] = doc._.context_graph.edges
    assert (target.text, modifier.category, modifier.rule.literal) == ("fever", "NEGATED_EXISTENCE", "no")
    assert doc.ents[1]._.modifiers == (modifier,)
    assert doc._.context_graph.targets == list(doc.ents)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HPI: A man. PMH: COPD. Allergies: none", ["history_of_present_illness", "past_medical_history", "allergies"]),
        ("# Chief Complaint\nNone\n## Plan\nRest", ["chief_complaint", "plan"]),
        ("Past Medical History\nGout\nFamily History\nNone", ["past_medical_history", "family_history"]),
        (
            "REVIEW OF SYSTEMS:\nLungs: clear\nPHYSICAL EXAM:\nLungs: clear",
            ["review_of_systems"] * 2 + ["physical_exam"] * 2,
        ),
        ("He has a history of present\nillness and plans: none", [""]),
        ("COPD, CAD", [""]),
        ("Seen at 10:30 today", [""]),
        ("The differential diagnosis\nincludes gout.", [""]),
        ("", []),
    ],
)
def test_find_sections(text: str, expected: list[str]) -> None:
    sections = find_sections(text)
    assert [s.category for s in sections] == expected
    for section, following in pairwise(sections):
        assert section.end <= following.start
    for section in sections:
        assert section.title in text[section.start : section.end]


def test_importing_is_cheap() -> None:
    code = (
        "import sys, nlp_pipeline; from nlp_pipeline import find_sections, split_sentences, extract, assert_spans, extract_rows\n"
        "find_sections('PMH: gout'); split_sentences('a. b')\n"
        "print([m for m in ('spacy', 'medspacy', 'torch', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_building_prints_nothing() -> None:
    code = "from nlp_pipeline import build_pipeline; build_pipeline()('No fever.')"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
