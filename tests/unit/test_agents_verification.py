"""What a draft may state: what the tools of this run returned, in the same unit, of the same thing, at the same time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from agents.verification import Support, check, dates_in, verify
from domain.facts import Evidence
from tools.concepts import default_lexicon
from tools.outcome import Statement, ToolResult

RESULTS = [
    "Latest creatinine: **165 umol/L** (1.87 mg/dL) on 2026-10-19 [1].",
    "Estimated GFR 29.4 mL/min/1.73 m² [12]; hemoglobin A1c 7.8 %; blood pressure 132/76 mmHg; white cells 10.8 ×10³/µL; range 3.5–5.1 [3].",
    "lisinopril 20 mg: **stopped** (last ordered 2024-04-09); vancomycin 1,250 mg; risk changes by −1.15 %; 12.5 g; 0.285 mg/L [4].",
]
DATA = [
    {
        "n": 60,
        "value": 140.5567,
        "readings": [{"time": "2025-12-14T08:15:00-05:00", "value": 88.4017}],
        "flag": True,
        "none": None,
    }
]


def support() -> Support:
    return Support(RESULTS, DATA, default_lexicon(), 12)


SUPPORTED = [
    # as shown, rounded, regrouped, in another unit
    "Creatinine is 165 umol/L [1].", "It is 1.87 mg/dL, about 1.9.", "vancomycin 1250 mg", "vancomycin 1,250 mg", "The mean is 140.56 (140.6, 141).", "88.4 umol/L", "60 values",
    "risk changes by -1.15 %", "risk falls by 1.15 %", "13 g of carbohydrate", "a level of 0.29 mg/L", "creatinine of about 1.9 mg/dL", "vancomycin 1.25 g",
    # units that hold digits, pairs, ranges
    "eGFR 29 mL/min/1.73 m2", "eGFR 29 mL/min/1.73m²", "eGFR 29.4 mL/min/1.73 m²", "BP 132/76 mmHg", "range 3.5-5.1", "range 3.5–5.1", "WBC 10.8 ×10³/µL", "WBC 10.8 K/µL", "WBC 10.8 x10^9/L",
    "hemoglobin A1c is 7.8 %", "hemoglobin A1c is 7.8 percent", "SpO2, CHA2DS2-VASc and H1N1 hold digits that are no values.",
    # dates in any writing, years and months of known dates
    "on 2026-10-19", "on 10/19/2026", "on October 19, 2026", "on 19th of October 2026", "in 2026", "in October 2026", "2025-12-14", "on Oct 19", "on 19 Oct 2026", "in 10/2026",
    # drugs by any of their names
    "lisinopril", "Zestril was stopped",
    # list numbers are no values
    "1. Creatinine 165", "2) Stopped: lisinopril", "No value is stated.", "",
]  # fmt: skip
UNSUPPORTED = [
    ("creatinine 166 umol/L", ["number 166"]), ("creatinine 1.8 mg/dL", ["number 1.8"]), ("creatinine 1.877", ["number 1.877"]), ("A1c 8 %", ["number 8"]), ("eGFR 30", ["number 30"]),
    ("mean 140", ["number 140"]), ("BP 132/78", ["number 132/78"]), ("range 3.5-5.2", ["number 5.2"]), ("61 values", ["number 61"]), ("potassium −4.1", ["number −4.1"]), ("100%", ["number 100"]),
    ("vancomycin 125,000 mg", ["number 125,000"]), ("12 units of insulin", ["number 12", "drug insulin"]), ("potassium 3 mmol/L", ["number 3"]),
    # the right number in a wrong unit, or of something else
    ("creatinine 165 mg/dL", ["number 165"]), ("creatinine 1.87 mmol/L", ["number 1.87"]), ("sodium 7.8 %", ["number 7.8"]), ("potassium 1.87 mg/dL", ["number 1.87"]), ("eGFR 165", ["number 165"]),
    ("on 2026-10-20", ["date 2026-10-20"]), ("on October 20, 2026", ["date 2026-10-20"]), ("on 10/20/2026", ["date 2026-10-20"]), ("in 2019", ["date 2019"]), ("in March 2026", ["date 2026-03"]),
    ("on 2026-02-30", ["date 2026-02-30"]), ("on Oct 20", ["date Oct 20"]), ("at 08:20", ["time 08:20"]),
    ("amlodipine", ["drug amlodipine"]), ("Norvasc", ["drug Norvasc"]), ("warfarin and lisinopril", ["drug warfarin"]), ("an ACE inhibitor and a statin", ["drug statin"]),
    ("stopped [13]", ["citation [13]"]), ("stopped [0]", ["citation [0]"]), ("stopped [1][99]", ["citation [99]"]),
    ("amlodipine 5 mg on 2026-01-01 [77]", ["citation [77]", "date 2026-01-01", "number 5", "drug amlodipine"]),
    # absence needs a look-up
    ("vanc trough is not documented", ["absence vanc trough"]), ("Naproxen is not in the record.", ["absence Naproxen"]), ("No history of stroke.", ["absence history of stroke"]), ("No allergies.", ["absence No allergies"]),
]  # fmt: skip


@pytest.mark.parametrize("sentence", SUPPORTED)
def test_supported(sentence: str) -> None:
    assert support().missing(sentence) == []


@pytest.mark.parametrize(("sentence", "faults"), UNSUPPORTED)
def test_unsupported(sentence: str, faults: list[str]) -> None:
    assert [f"{u.kind} {u.value}" for u in support().missing(sentence)] == faults


def test_the_exponent_of_a_unit_is_no_value() -> None:
    assert Support(["White cells 10.8 ×10³/µL."], [], default_lexicon(), 0).missing("WBC 10.8 x10^3/uL") == []


# --- what results say beyond their words -------------------------------------------------------------------------


def result(tool: str, *lines: str, found: bool = True, looked_at: tuple[str, ...] = (), **data: Any) -> ToolResult:
    statements = tuple(Statement(text=x.removeprefix("- "), item=x.startswith("- ")) for x in lines)
    return ToolResult(tool=tool, statements=statements, found=found, looked_at=looked_at, data=data)


def reading(value: float, when: str, unit: str = "mg/dL") -> dict[str, Any]:
    return {
        "value": value,
        "second": None,
        "unit": unit,
        "time": f"{when}T08:00:00+00:00",
        "ref": f"Observation/{when}",
    }


CREATININE = result(
    "series", "Creatinine, 4 values: rose from 0.9 mg/dL on 2025-09-04 to **1.2 mg/dL** on 2026-11-02.",
    "- 2025-09-04: 0.9 mg/dL", "- 2026-10-23: 2.1 mg/dL", "- 2026-10-28: 1.5 mg/dL", "- 2026-11-02: 1.2 mg/dL",
    concept="creatinine", n=4, readings=[reading(0.9, "2025-09-04"), reading(2.1, "2026-10-23"), reading(1.5, "2026-10-28"), reading(1.2, "2026-11-02")],
)  # fmt: skip
POTASSIUM = result("latest", "Latest potassium: **5.4 mmol/L** on 2026-11-02.", "Above the reported range (high limit 5.1).", concept="potassium", n=1, **reading(5.4, "2026-11-02", "mmol/L"))  # fmt: skip
MEDICATIONS = result(
    "list_medications", "**3** active medications:",
    "- apixaban 5 mg (Take 1 tablet (5 mg) by mouth twice daily; last ordered 2024-02-12)",
    "- losartan 100 mg (Take 1 tablet (100 mg) by mouth once daily; last ordered 2025-04-21)",
    "- methotrexate 15 mg (Take 6 tablets of 2.5 mg (15 mg) by mouth ONCE A WEEK on Monday; last ordered 2024-02-13)",
    status="active", n=3, names=["apixaban 5 mg", "losartan 100 mg", "methotrexate 15 mg"],
)  # fmt: skip
STOPPED = result("medication", "No: lisinopril 20 mg is not active; the last order, of 2004-05-01, is recorded as **stopped** (Dry cough).", "The note of 2026-05-18 still mentions “lisinopril 20 mg daily”; the structured record is followed.", drug="lisinopril", active=False, n=1)  # fmt: skip
PROBLEMS = result("list_problems", "**3** problems:", "- Essential hypertension (since 2004-01-01)", "- Acute kidney injury (2026-10-22 to 2026-11-02)", "- Chronic kidney disease stage 3B (since 2024-04-09)", status="all", n=3)  # fmt: skip
EPILEPSY = result("condition", "No: Epilepsy was considered and **refuted** (2015-04-01).", found=False, looked_at=("5 conditions",), condition="epilepsy", active=False, n=0)  # fmt: skip
ALLERGIES = result("allergies", "**1** active allergy recorded:", "- Allergy to penicillin (high criticality; medication; reaction: Anaphylaxis; recorded 1979-01-01)", n=1, names=["Allergy to penicillin"])  # fmt: skip
FAMILY = result("family_history", "Family history:", "- mother: Breast cancer (age 62)", "- brother: Type 2 diabetes mellitus (age 60)", n=2)  # fmt: skip
VISITS = result("encounters", "**2** visits, newest first:", "- 2026-10-19: Inpatient admission for MRSA bacteremia (inpatient)", "- 2026-03-12: Office visit for Annual visit", kind="any", n=2)  # fmt: skip
TROPONIN = result("latest", "Not documented: no troponin result is recorded.", found=False, looked_at=("63 observations",), concept="troponin", n=0)  # fmt: skip
LEFT_OUT = result("list_problems", "**1** active problem in 2024:", "- Chronic kidney disease stage 3B (since 2024-04-09)", status="active", n=1)  # fmt: skip
ALL = [CREATININE, POTASSIUM, MEDICATIONS, STOPPED, PROBLEMS, EPILEPSY, ALLERGIES, FAMILY, VISITS, TROPONIN]


def holding(*results: ToolResult, as_of: date | None = date(2026, 11, 23)) -> Support:
    chosen = list(results) or ALL
    return Support(
        [r.summary for r in chosen], [r.data for r in chosen], default_lexicon(), 3, results=chosen, as_of=as_of
    )


TRUE = [
    # values of a course: differences, percentages, ratios, ranges, durations, counts, extremes, trends
    "Creatinine rose from 0.9 to 1.2 mg/dL, by 0.3 mg/dL (33%).", "Creatinine peaked at 2.1 mg/dL on 2026-10-23.", "Creatinine fell from 2.1 on 2026-10-23 to 1.2 on 2026-11-02, a 43% drop.",
    "Creatinine ranged from 0.9 to 2.1 mg/dL across four values.", "Creatinine more than doubled to 2.1 by 2026-10-23.", "The lowest creatinine was 0.9 mg/dL.", "Creatinine was 1.2 mg/dL on November 2, 2026, ten days after the peak on October 23.",
    "Potassium is elevated at 5.4 mmol/L.", "Potassium 5.4 mEq/L is above the normal range.", "Creatinine and potassium were 1.2 mg/dL and 5.4 mmol/L, respectively.", "Creatinine was above 2 mg/dL on one occasion.",
    # drugs: on, not on, dose, how often
    "She takes apixaban 5 mg BID and losartan 100 mg daily.", "Methotrexate 15 mg is taken once a week.", "She is on three active medications: apixaban, losartan and methotrexate.", "Lisinopril was stopped.", "She is not on lisinopril.", "She no longer takes lisinopril.",
    "She does not take warfarin.", "The note of 2026-05-18 still lists lisinopril 20 mg daily.", "Apixaban amounts to 10 mg per day.", "She takes an ARB.",
    # problems and their absence
    "She has hypertension and CKD stage 3B.", "Her acute kidney injury has resolved.", "There is no history of epilepsy.", "Epilepsy was considered and refuted.", "She has no history of stroke.", "No troponin is recorded.",
    # allergies, relatives, visits
    "She is allergic to penicillin (anaphylaxis).", "No latex allergy is recorded.", "Her mother had breast cancer.", "There is no family history of gout.", "Two visits are recorded, one of them an inpatient admission.",
    "Her last visit was five weeks ago.",
]  # fmt: skip
FALSE = [
    ("Creatinine fell from 0.9 to 1.2 mg/dL.", "trend"), ("Creatinine rose by 0.7 mg/dL between 2025-09-04 and 2026-11-02.", "number"), ("Creatinine fell by 60% from its peak.", "number"), ("Creatinine peaked at 1.5 mg/dL.", "number"),
    ("Creatinine tripled between 2025-09-04 and 2026-10-23.", "ratio"), ("The latest creatinine is 2.1 mg/dL.", "number"), ("Creatinine was 2.1 mg/dL on 2026-11-02.", "number"), ("Creatinine ranged from 0.9 to 1.5 mg/dL.", "number"),
    ("There are five creatinine values.", "number"), ("Creatinine was 1.2 mg/dL three weeks after 2026-10-23.", "duration"), ("Potassium is normal at 5.4 mmol/L.", "level"), ("Potassium was 1.2 mmol/L.", "number"), ("Creatinine and potassium were 5.4 mmol/L and 1.2 mg/dL, respectively.", "number"),
    ("Creatinine was always below 2 mg/dL.", "number"), ("| Test | Value |\n|---|---|\n| Creatinine | 1.7 mg/dL |", "number"),
    ("She takes apixaban 2.5 mg twice daily.", "number"), ("She takes apixaban 5 mg once daily.", "frequency"), ("Methotrexate 15 mg daily.", "frequency"), ("She takes warfarin.", "drug"), ("She is on lisinopril.", "drug"), ("Losartan was stopped.", "drug"),
    ("She is on four active medications.", "number"), ("She does not take losartan.", "absence"), ("She has never been prescribed warfarin.", "absence"), ("She takes an ACE inhibitor.", "drug"),
    ("She has epilepsy.", "condition"), ("She has pneumonia.", "condition"), ("She does not have hypertension.", "absence"), ("Her acute kidney injury is active.", "condition"), ("Her hypertension has resolved.", "condition"), ("She has CKD stage 5.", "condition"), ("She has diabetes.", "condition"),
    ("She has no known allergies.", "absence"), ("She is allergic to sulfa.", "allergy"), ("She is not allergic to penicillin.", "absence"), ("Her sister had breast cancer.", "condition"), ("Her mother does not have breast cancer.", "absence"), ("There is no potassium on record.", "absence"),
    ("She was admitted three times.", "number"), ("Hypertension (I10).", "code"), ("Creatinine (LOINC 2160-0) is 1.2 mg/dL.", "code"), ("She had a colonoscopy.", "procedure"), ("She received the zoster vaccine.", "vaccination"), ("She lives on a farm with goats.", "statement"),
]  # fmt: skip


@pytest.mark.parametrize("sentence", TRUE)
def test_what_the_results_bear_out_stays(sentence: str) -> None:
    assert [(u.kind, u.value, u.reason) for u in holding().missing(sentence)] == []


@pytest.mark.parametrize(("draft", "kind"), FALSE)
def test_what_they_do_not_bear_out_goes(draft: str, kind: str) -> None:
    checked = verify(draft, holding())
    assert kind in {u.kind for u in checked.unsupported}, checked.unsupported
    assert checked.text == ""


@pytest.mark.parametrize(
    ("sentence", "is_contradicted"),
    [
        ("She does not have hypertension.", True), ("She is on lisinopril.", True), ("Potassium is 4.4 mmol/L on 2026-11-02.", True),
        ("She has pneumonia.", False), ("Sodium is 140 mmol/L.", False), ("She takes warfarin.", False),
    ],
)  # fmt: skip
def test_a_contradiction_is_told_from_what_is_only_unsupported(sentence: str, is_contradicted: bool) -> None:
    assert {u.is_contradicted for u in holding().missing(sentence)} == {is_contradicted}


def test_a_list_of_one_period_proves_no_absence() -> None:
    assert [u.kind for u in holding(LEFT_OUT).missing("She has no history of stroke.")] == ["absence"]
    assert holding(PROBLEMS).missing("She has no history of stroke.") == []


def test_an_active_list_proves_that_nothing_is_taken_now_and_no_more() -> None:
    assert holding(MEDICATIONS).missing("She is not on warfarin.") == []
    assert [u.kind for u in holding(MEDICATIONS).missing("She has never taken warfarin.")] == ["absence"]


def test_a_narrower_diagnosis_is_not_borne_out_by_a_wider_one() -> None:
    wide = holding(result("list_problems", "**1** problem:", "- Diabetes mellitus (since 2010-01-01)", n=1))
    assert [u.kind for u in wide.missing("She has type 1 diabetes.")] == ["condition"]
    narrow = holding(result("list_problems", "**1** problem:", "- Type 1 diabetes mellitus (since 2010-01-01)", n=1))
    assert narrow.missing("She has diabetes.") == []


def test_what_only_a_note_says_gives_way_to_the_record() -> None:
    notes = result("search_notes", "The ED note of 2026-01-01, PMH, says: “asthma, takes albuterol”", n=1)
    assert holding(notes).missing("According to a note she has asthma.") == []
    refuted = result("condition", "No: Asthma was considered and **refuted** (2015-04-01).", found=False, condition="asthma", active=False, n=0)  # fmt: skip
    assert [u.kind for u in holding(notes, refuted).missing("She has asthma.")] == ["condition"]


# --- pieces ------------------------------------------------------------------------------------------------------

DRAFT = (
    "Creatinine is 165 umol/L on 2026-10-19 [1]. It was 240 umol/L before.\n\n- lisinopril 20 mg was stopped [4]\n- amlodipine 16 mg was started\n"
    "The eGFR is 29 mL/min/1.73 m² [12]! Do continue warfarin."
)


def test_only_the_sentences_without_a_parent_go() -> None:
    checked = verify(DRAFT, support())
    assert checked.text == (
        "Creatinine is 165 umol/L on 2026-10-19 [1].\n\n- lisinopril 20 mg was stopped [4]\nThe eGFR is 29 mL/min/1.73 m² [12]!"
    )
    assert [(u.kind, u.value) for u in checked.unsupported] == [
        ("number", "240"), ("number", "16"), ("drug", "amlodipine"), ("drug", "warfarin"),
    ]  # fmt: skip
    assert not checked.is_grounded


def test_a_row_goes_and_the_table_stays() -> None:
    table = "| Date | Creatinine (mg/dL) |\n|---|---|\n| 2026-10-23 | 2.1 |\n| 2026-10-28 | 1.9 |\n| 2026-11-02 | 1.2 |"
    assert verify(table, holding()).text == table.replace("| 2026-10-28 | 1.9 |\n", "")


def test_a_list_that_is_emptied_takes_its_heading_along() -> None:
    draft = "Her creatinine is 1.2 mg/dL.\n\n**Other drugs:**\n- warfarin 5 mg\n- digoxin 0.25 mg\n\nPotassium is 5.4 mmol/L."
    assert verify(draft, holding()).text == "Her creatinine is 1.2 mg/dL.\n\nPotassium is 5.4 mmol/L."


def test_a_tools_line_under_another_heading_is_read_and_not_waved_through() -> None:
    assert verify("Ferritin over time:\n- 2026-10-23: 2.1 mg/dL", holding()).text == ""
    assert verify(CREATININE.summary, holding()).is_grounded


def test_half_a_tools_sentence_is_not_its_own_words() -> None:
    assert verify("lisinopril 20 mg is active.", holding()).text == ""


def test_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    checked = verify(
        "Creatinine was 1.2 mg/dL (vs. 9.9 in the draft, i.e. Much more) on 2026-11-02. Potassium is 5.4 mmol/L.",
        holding(),
    )
    assert checked.text == "Potassium is 5.4 mmol/L."


def test_a_grounded_draft_is_left_as_it_is() -> None:
    draft = "\n".join(RESULTS)
    assert verify(draft, support()).text == draft and verify(draft, support()).is_grounded
    assert verify("", support()).text == "" and verify("", support()).is_grounded


def test_findings_say_where_they_stand() -> None:
    text = "All is well. Potassium is 5.4 mmol/L, creatinine 3.3 mg/dL."
    found = [f for piece in check(text, holding()) for f in piece.findings]
    assert [(text[f.start : f.end], f.verdict.value, f.unit) for f in found if f.kind == "number"] == [
        ("5.4 mmol/L", "supported", "mmol/L"), ("3.3 mg/dL", "unsupported", "mg/dL"),
    ]  # fmt: skip


def test_without_any_result_nothing_is_supported() -> None:
    nothing = Support([""], [], default_lexicon(), 0)
    found = nothing.missing("Potassium 4.1 on 2026-01-01, on lisinopril [1]")
    assert [u.kind for u in found] == ["citation", "date", "number", "drug"]
    assert nothing.names_something_clinical("his potassium") and not nothing.names_something_clinical("good morning")


def test_evidence_keeps_its_reference() -> None:
    cited = ToolResult(tool="latest", statements=(Statement(text="Latest sodium: **139 mmol/L** on 2026-01-02.", evidence=(Evidence(ref="Observation/7", quote="Sodium: 139"),)),), data={"concept": "sodium", **reading(139, "2026-01-02", "mmol/L")})  # fmt: skip
    finding = next(f for p in check("Sodium is 139 mmol/L.", holding(cited)) for f in p.findings)
    assert finding.sources[0].ref == "Observation/7"


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("2026-02-29 and 2024-02-29", ["2024-02-29"]),
        ("Feb. 29, 2024; 29 Feb 2024; 2/29/2024", ["2024-02-29"] * 3),
        ("phone 555-2024-02-2911, ratio 1/2/3", []),
        ("2026-10-19T08:15:00+02:00", ["2026-10-19"]),
        ("Oct 19-23, 2026", ["2026-10-19", "2026-10-23"]),
    ],
)
def test_dates(text: str, dates: list[str]) -> None:
    assert dates_in(text) == dates
