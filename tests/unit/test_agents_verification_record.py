"""Claims that a record refutes, and notes that say otherwise: what was seen to pass, and near sentences that are right."""

from __future__ import annotations

from typing import Any

import pytest

from agents.verification import Support, verify, verify_answer
from evals.suites.verifier_answers import read_calls
from tools.catalogue import run_tool

WRONG = [
    # An order that is over, a frequency that a note denies, a dose that was never in force
    (3, "Methotrexate 15 mg daily."), (3, "Methotrexate 15 mg every morning."), (3, "She takes methotrexate 20 mg once a week."),
    (6, "Her current metformin dose is 1000 mg twice daily."), (9, "Apixaban 10 mg twice daily is his current dose."),
    (11, "Epinephrine 0.15 mg is his current dose."), (9, "Apixaban was stopped."), (3, "Methotrexate 15 mg was started on 2018-01-22."),
    # Refuted, entered in error, another chart's
    (9, "He is allergic to penicillin."), (9, "Allergies: latex and penicillin."), (3, "She has hypertension."), (3, "Her LDL is 150."),
    # Relatives, denials that a line break cuts in two, what is only thought of
    (1, "He is allergic to penicillin."), (2, "She had an MI at age 51."), (9, "He had a stroke."), (1, "He has endocarditis."),
    (2, "She takes a statin."), (3, "She takes prednisone 10 mg."), (3, "She has a family history of rheumatoid arthritis."),
    # Units that a bare number of a note does not have
    (1, "Creatinine was 2.1 mmol/L."), (1, "Lactate was 2.6 mg/dL."), (1, "CRP was 212 mg/dL."), (1, "WBC was 18.4/µL."), (9, "Troponin was 12 ng/mL."),
    # Who it is
    (1, "Maria Gonzalez's creatinine was 2.1 mg/dL."), (1, "Harold Jones has MRSA bacteremia."), (1, "This is a 71-year-old woman."),
    (11, "He is 8 years old."), (1, "He is a current smoker."),
    # Absence of what is there
    (1, "Lactate was never checked."), (1, "No CRP was measured."), (1, "He has had no blood cultures."), (1, "He has never been on cefepime."),
    # Days, sides, superlatives, counts of something else
    (1, "The most recent creatinine 1.2 mg/dL was on October 20."), (1, "Vancomycin was changed to daptomycin on 10/24."),
    (1, "He was discharged on November 6th."), (9, "The PE was in the left upper lobe."), (1, "The vancomycin MIC was 2."), (6, "Her eGFR is 47 mL/min/1.73 m²."),
    # Results in words, sides of findings, specimens, manner, trends of a stretch, what is still to come
    (1, "Cultures remained positive through October 22."), (1, "The MRSA was resistant to vancomycin."), (1, "Urine cultures grew MRSA."),
    (9, "DVT in the left leg."), (1, "The PICC sits in the left arm."), (9, "Apixaban is given intravenously."), (6, "Empagliflozin is taken every evening."),
    (1, "eGFR has worsened since October 23."), (9, "Hemoglobin has kept falling since surgery."), (2, "Since 2024 she has lost 3.6 kg."),
    (1, "Daptomycin was completed on December 1, 2026."), (11, "Fluticasone was stepped down."), (9, "He had a DVT at the age of 70."), (1, "He was switched to linezolid."),
]  # fmt: skip
RIGHT = [
    (3, "She takes methotrexate 15 mg once a week."), (3, "The earlier methotrexate dose was 20 mg weekly."), (3, "Methotrexate is taken once weekly, never daily."),
    (6, "Metformin was reduced from 1000 mg to 500 mg twice daily in April 2024."), (9, "He took apixaban 10 mg twice daily for 7 days."), (9, "Aspirin was stopped."),
    (9, "He is not allergic to penicillin."), (3, "The diagnosis of hypertension was entered in error."), (3, "The LDL of 150 mg/dL belongs to another patient and was entered in error."),
    (1, "His mother was told she was allergic to penicillin."), (2, "Her father had a heart attack at 51."), (9, "He has never had a stroke."),
    (2, "A statin was discussed with her."), (1, "He was given cefepime 2 g in the emergency department."), (1, "There was no vegetation on the TEE."),
    (1, "CRP was 212 mg/L on 2026-10-18."), (1, "Mr. Okafor has MRSA bacteremia."), (1, "He is a 71-year-old man."), (1, "No troponin was measured."),
    (1, "Vancomycin was changed to daptomycin on 10/28."), (1, "He was discharged on November 3rd."), (1, "During the admission his creatinine was between 1.1 and 2.1 mg/dL."),
    (6, "She lost about 7 kg since April 2024."), (9, "He had a segmental PE in the right lower lobe."), (1, "The vancomycin MIC was 1."), (2, "The nadir SpO2 was 84%."),
    (6, "The ED triage note says no history of diabetes."), (11, "The school form says that he has no food allergies."), (1, "He was in hospital for 15 days."),
    (1, "His blood cultures cleared on October 22."), (1, "Cultures were still positive on October 20, in one of two sets."), (1, "The isolate was susceptible to daptomycin."),
    (9, "The duplex of the right leg showed an acute popliteal thrombus."), (1, "The PICC is in the right basilic vein."), (9, "Enoxaparin was given subcutaneously."),
    (1, "Neither echocardiogram showed a vegetation."), (2, "Since 2024 she has put on 3.6 kg."), (11, "He grew 12 cm in two years."),
]  # fmt: skip


@pytest.mark.parametrize(("who", "sentence"), WRONG)
def test_what_the_record_does_not_bear_out_goes(cohort: Any, who: int, sentence: str) -> None:
    assert not verify_answer(sentence, context=cohort.context(f"demo-ct-{who:03d}")).is_grounded


@pytest.mark.parametrize(("who", "sentence"), RIGHT)
def test_what_the_record_or_a_note_says_stays(cohort: Any, who: int, sentence: str) -> None:
    checked = verify_answer(sentence, context=cohort.context(f"demo-ct-{who:03d}"))
    assert checked.is_grounded, [(c.kind, c.text, c.reason) for c in checked.claims]


@pytest.mark.parametrize(
    ("who", "calls", "wrong", "right"),
    [
        (3, "search_notes query=methotrexate", "She takes methotrexate 15 mg daily.", "She takes methotrexate 15 mg weekly."),
        (3, "search_notes query=LDL", "Her LDL was 150 mg/dL.", "The note of 2026-06-10 says that an LDL of 150 mg/dL was filed here."),
        (3, "search_notes query=hypertension", "She has hypertension.", "She has no diagnosis of hypertension."),
        (9, "search_notes query=penicillin; allergies", "He is allergic to penicillin.", "He is allergic to latex."),
        (6, "search_notes query=metformin; medication drug=metformin", "She takes metformin 1000 mg twice daily.", "She takes metformin 500 mg twice daily."),
    ],
)  # fmt: skip
def test_in_a_run_the_record_overrules_the_notes_that_were_quoted(
    cohort: Any, who: int, calls: str, wrong: str, right: str
) -> None:
    context = cohort.context(f"demo-ct-{who:03d}")
    results = [run_tool(context, name, arguments) for name, arguments in read_calls(calls)]
    support = Support([r.summary for r in results], [r.data for r in results], context.lexicon, 0, results=results, as_of=context.as_of.date(), record=context)  # fmt: skip
    assert verify(f"{wrong}\n\n{right}", support).text == right


def test_the_record_alone_supports_nothing_in_a_run(cohort: Any) -> None:
    context = cohort.context("demo-ct-001")
    support = Support(["Latest sodium: 137 mmol/L on 2026-10-23."], [], context.lexicon, 0, record=context)
    assert verify("He takes amlodipine 5 mg once daily.", support).text == ""


def test_a_simulated_dose_is_none_of_the_records_business(cohort: Any) -> None:
    context = cohort.context("demo-ct-006")
    told = "With metformin 850 mg twice daily the simulated glucose is 7.1 mmol/L."
    support = Support([told], [], context.lexicon, 0, record=context)
    assert verify("With metformin 850 mg twice daily, glucose would be 7.1 mmol/L.", support).is_grounded
