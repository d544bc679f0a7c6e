"""MedCalc-Bench: each convention changes what it says and nothing else; the official rule; quotes; the suite."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from domain.errors import InvalidInput
from evals.calibration import fit, main, written
from evals.medcalc import _FIXES, CONVENTIONS, RELEASES, MedCalcBench
from evals.medcalc_inputs import READERS
from evals.report import Figure
from evals.scorers.note_calculators import is_right, numbers_in, unquoted
from evals.suites.note_calculators import (
    JudgedAnswer,
    note_calculator_figures,
    read_labelled,
    run_note_calculators,
    worst_calculators,
)
from tools.calculation import Calculated, NoteCalculator, Used
from tools.calculation.calculate import _default

PERIOD = "The first day of her last menstrual period was 03/10/2023. Her cycle length is {} days."
GASES = "Sodium was 140 mEq/L, chloride 100 mEq/L and bicarbonate 26 mEq/L."
BLEEDER = (
    "A 60-year-old man vomited blood. Blood pressure 130/80 mmHg, heart rate 80 bpm, hemoglobin 14 g/dL, BUN {} mg/dL. "
)
CIRRHOTIC = (
    "A 55-year-old man with cirrhosis. Bilirubin 1.0 mg/dL, albumin 4.0 g/dL, INR 2.5. No ascites, no encephalopathy."
)
INFECTED = "A 50-year-old woman. Temperature 37.0 C, heart rate 80 bpm, respiratory rate 14/min, WBC {}."
PNEUMONIA = (
    "A 60-year-old man with pneumonia. Temperature 37.0 C, heart rate 80 bpm, respiratory rate 16/min, blood pressure "
    "130/80 mmHg, SpO2 {} %. BUN 12 mg/dL, sodium 140 mEq/L, glucose 100 mg/dL, hematocrit 42 %."
)
THROAT = "A {}-year-old girl with a sore throat. Temperature 37.0 C. {} Tonsils without exudate."
DATE = "{}? Answer as M/D/YYYY."


def answered(name: str, note: str, question: str) -> tuple[Any, Any]:
    """The textbook's answer, and the answer with one convention alone."""
    release = next(release for release, names in RELEASES.items() if name in names)
    alone = MedCalcBench(release, without=frozenset(CONVENTIONS) - {name})
    textbook = _default()
    return textbook(note, question).answer, NoteCalculator(textbook._twin, alone)(note, question).answer


@pytest.mark.parametrize(
    ("name", "note", "question", "textbook", "with_it"),
    [
        (
            "conception_day_14",
            PERIOD.format(33),
            DATE.format("Estimated date of conception"),
            "03/29/2023",
            "03/24/2023",
        ),
        ("due_date_absolute_cycle", PERIOD.format(25), DATE.format("Estimated due date"), "12/12/2023", "12/18/2023"),
        ("delta_ratio_any_sign", GASES, "What is the delta ratio?", None, -1.0),
        ("psi_pao2_only", PNEUMONIA.format(86), "PSI score?", 70, 60),
        ("psi_pao2_only", PNEUMONIA.format("86 %, PaO2 55 mmHg; later SpO2 88"), "PSI score?", 70, 70),
        ("gbs_bun_70", BLEEDER.format(70), "Glasgow-Blatchford score?", 6, 4),
        ("gbs_bun_70", BLEEDER.format(71), "Glasgow-Blatchford score?", 6, 6),
        ("gbs_findings_not_counted", BLEEDER.format(10) + "He had melena and fainted.", "Blatchford score?", 3, 0),
        ("gbs_findings_not_counted", BLEEDER.format(10) + "He has cirrhosis.", "Blatchford score?", 2, 2),
        ("child_pugh_inr_truncated", CIRRHOTIC, "Child-Pugh score?", 7, 6),
        ("sirs_heart_rate_always", INFECTED.format("8.0 x 10^9/L"), "SIRS criteria met?", 0, 1),
        ("sirs_wbc_units", INFECTED.format("8,000/µL"), "SIRS criteria met?", 0, 1),
        ("sirs_wbc_units", INFECTED.format("8,000/mm3"), "SIRS criteria met?", 0, 0),
        ("sirs_wbc_units", INFECTED.format("14,000/µL"), "SIRS criteria met?", 1, 1),
        ("feverpain_unmentioned_cough", THROAT.format(20, ""), "FeverPAIN score?", 1, 0),
        ("feverpain_unmentioned_cough", THROAT.format(20, "No cough or coryza."), "FeverPAIN score?", 1, 1),
        (
            "vte_now_is_previous",
            "A 40-year-old woman. Heart rate 80 bpm, SpO2 98 %. CT showed a pulmonary embolism.",
            "How many PERC criteria are met?",
            0,
            1,
        ),
    ],
)
def test_a_convention_changes_what_it_says(name: str, note: str, question: str, textbook: Any, with_it: Any) -> None:
    assert answered(name, note, question) == (textbook, with_it)


def test_a_child_is_answered_where_the_domain_is_not_kept() -> None:
    note = "A 7-year-old boy, creatinine 0.5 mg/dL."
    textbook, with_it = answered("no_domain", note, "eGFR by CKD-EPI?")
    assert textbook is None and with_it > 100


def test_an_age_under_3_gives_no_point_in_the_centor_score() -> None:
    note = THROAT.format(2, "No cough.")
    names = frozenset(CONVENTIONS) - {"no_domain", "centor_under_3_no_age_point"}
    both, only_domain = MedCalcBench("v1.2", names), MedCalcBench("v1.2", names | {"centor_under_3_no_age_point"})
    scores = [NoteCalculator(_default()._twin, c)(note, "Centor score?").answer for c in (only_domain, both)]
    assert scores == [2, 1]


def test_insulin_in_pmol_is_multiplied() -> None:
    note = "A 40-year-old woman. Fasting glucose 81 mg/dL, fasting insulin 60 pmol/L."
    textbook, with_it = answered("insulin_pmol_times_6", note, "HOMA-IR?")
    assert textbook == pytest.approx(2.0, rel=0.01) and with_it == pytest.approx(36 * textbook)


def test_ckd_epi_of_men_uses_the_constant_of_women_at_low_creatinine() -> None:
    note = "A 60-year-old {}, creatinine 0.8 mg/dL."
    textbook, with_it = answered("ckd_epi_a_0_7_men", note.format("man"), "eGFR by CKD-EPI 2021?")
    assert with_it == pytest.approx(textbook * (0.9 / 0.7) ** -0.302, rel=1e-3)
    assert len(set(answered("ckd_epi_a_0_7_men", note.format("woman"), "eGFR by CKD-EPI 2021?"))) == 1


def test_fentanyl_counts_by_the_dose() -> None:
    note = "The patient takes 15 mg of morphine 2 times a day and 20 mcg of fentanyl buccal 3 times a day."
    _, with_it = answered("fentanyl_per_dose", note, "Daily MME?")
    assert with_it == pytest.approx(30 + 0.13 * 60)


def test_every_convention_belongs_to_a_release_and_acts() -> None:
    assert set().union(*RELEASES.values()) == set(CONVENTIONS)
    assert set(_FIXES) | set(READERS) == set(CONVENTIONS) - {"no_domain"}
    assert not set(_FIXES) & set(READERS)
    assert RELEASES["verified"] < RELEASES["v1.2"] and RELEASES["verified"] < RELEASES["v1.0"]
    assert "due_date_absolute_cycle" not in RELEASES["v1.2"] and "child_pugh_inr_truncated" not in RELEASES["v1.0"]


def test_the_answer_names_the_convention() -> None:
    done = NoteCalculator(_default()._twin, MedCalcBench("v1.2"))(CIRRHOTIC, "Child-Pugh score?")
    assert any("child_pugh_inr_truncated" in warning for warning in done.warnings)


# --- the official rule ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calculator", "kind", "label", "answer", "right"),
    [
        (13, "date", "03/05/2021", "3/5/2021", True),
        (13, "date", "03/05/2021", "5/3/2021", False),
        (69, "weeks_days", "(34 weeks, 3 days)", "34 weeks 3 days", True),
        (69, "weeks_days", "(34 weeks, 3 days)", "34 weeks 4 days", False),
        (51, "integer", "3", 3.2, True),
        (51, "integer", "3", 4, False),
        (51, "integer", "3", float("nan"), False),
        (5, "decimal", "-2.0", -2.09, True),
        (5, "decimal", "-2.0", -2.2, False),
        (5, "decimal", "-2.0", None, False),
        (5, "decimal", "-2.0", "high", False),
    ],
)
def test_the_official_rule(calculator: int, kind: str, label: str, answer: Any, right: bool) -> None:
    # limits as the data have them for negative labels: the lower one is the larger
    row = {"calculator_id": calculator, "output_type": kind, "ground_truth_answer": label,
           "lower_limit": "-1.9", "upper_limit": "-2.1"}  # fmt: skip
    assert is_right(row, answer) is right


# --- quotes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quote", "number"),
    [("a 12,900/µL count", 12900), ("12 900", 12900), ("albumin 3,2 g/dl", 3.2), ("a seventy-two-year-old", 72),
     ("one hundred and five", 105), ("two and a half years", 2.5), (".5 mg", 0.5)],
)  # fmt: skip
def test_the_numbers_of_a_quote(quote: str, number: float) -> None:
    assert number in numbers_in(quote)


@pytest.mark.parametrize(
    ("value", "quote", "quoted"),
    [
        (1.4, "creatinine 1.4", True),
        (1.4, "creatinine 14", False),
        (1.25, "15-month-old", True),
        (90.0, "30 mg of morphine 3 times a day", True),
        (True, "cirrhosis", True),
        (60.0, "lasting several months", False),
        (1.4, " ", False),
    ],
)
def test_a_quote_holds_the_value_that_was_used(value: Any, quote: str, quoted: bool) -> None:
    answer = Calculated(answer=1, inputs=(Used(name="x", value=value, span=(4, 4 + len(quote)), quote=quote),))
    assert unquoted(f"... {quote} ...", answer) == ([] if quoted else ["x"])


def test_a_quote_that_is_not_at_its_span_does_not_hold() -> None:
    answer = Calculated(answer=1, inputs=(Used(name="x", value=1.4, span=(0, 14), quote="creatinine 1.4"),))
    assert unquoted("the creatinine 1.4", answer) == ["x"]


# --- the suite --------------------------------------------------------------------------------------------------------


def labelled(number: int, label: str, note: str, question: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"own-{number}", "calculator_id": 51, "calculator_name": "SIRS Criteria", "category": "diagnosis",
        "output_type": "integer", "version": "v1.0", "fold": 0, "patient_note": note, "question": question,
        "ground_truth_answer": label, "lower_limit": label, "upper_limit": label, **more,
    }  # fmt: skip


SIRS = "How many SIRS criteria are met?"
ROWS = [
    labelled(1, "1", INFECTED.format("8.0 x 10^9/L"), SIRS),
    labelled(2, "0", INFECTED.format("8.0 x 10^9/L"), SIRS, version="verified", fold=3),
    labelled(3, "2", INFECTED.format("8.0 x 10^9/L"), SIRS, version="v1.2", fold=4),
    labelled(4, "93", "Blood pressure 120/80 mmHg.", "Mean arterial pressure?", calculator_id=5, category="physical",
             calculator_name="Mean Arterial Pressure", output_type="decimal", lower_limit="90", upper_limit="97"),
    labelled(5, "1", "She slept well.", SIRS),
]  # fmt: skip


@pytest.fixture(scope="module")
def judged() -> list[JudgedAnswer]:
    return run_note_calculators(ROWS)


def figures_of(judged: list[JudgedAnswer]) -> dict[tuple[str, str], Figure]:
    return {(figure.name, figure.group): figure for figure in note_calculator_figures(judged, seed=0)}


def test_textbook_and_conventions_stand_side_by_side(judged: list[JudgedAnswer]) -> None:
    assert [item.right for item in judged] == [True, True, False, True, False]
    assert [item.textbook_right for item in judged] == [False, True, False, True, False]
    figures = figures_of(judged)
    counts = {key: (figure.successes, figure.n) for key, figure in figures.items()}
    assert counts["accuracy", "all"] == (3, 5) and counts["textbook accuracy", "all"] == (2, 5)
    assert counts["accuracy", "equations"] == (1, 1) and counts["accuracy", "rule-based"] == (2, 4)
    assert counts["answered", "all"] == (4, 5)
    assert counts["every span quotes what was used", "all"] == (4, 4)
    assert counts["precision at 50 % coverage", "all"][1] == 2
    assert counts["right with convention", "sirs_heart_rate_always"] == (1, 1)
    assert counts["right by the textbook instead", "sirs_heart_rate_always"] == (0, 1)
    assert sum(figure.n for key, figure in figures.items() if key[0] == "reliability") == 4


def test_the_surest_answers_are_counted_first(judged: list[JudgedAnswer]) -> None:
    figures = figures_of(judged)
    surest = max((item for item in judged), key=lambda item: item.answer.confidence)
    assert surest.case.id == "own-4" and judged[4].answer.confidence == 0
    assert figures["precision at 50 % coverage", "all"].successes in (1, 2)


def test_the_worst_calculators_have_counts(judged: list[JudgedAnswer]) -> None:
    assert "SIRS Criteria 2 of 4" in worst_calculators(judged)


def test_no_case_holds_the_note(judged: list[JudgedAnswer]) -> None:
    assert not any(ROWS[0]["patient_note"] in item.case.model_dump_json() for item in judged)


def test_a_suite_without_rows_has_no_accuracy() -> None:
    figures = figures_of(run_note_calculators([]))
    assert figures["accuracy", "all"].value is None


def test_folds_are_chosen_by_name_or_number(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    ids = {split: [row["id"] for row in read_labelled(path, split)] for split in ("tune", "held", "both", "012", "4")}
    assert ids["tune"] == ids["012"] == ["own-1", "own-4", "own-5"]
    assert ids["held"] == ["own-2", "own-3"] and ids["4"] == ["own-3"] and len(ids["both"]) == 5
    assert len(read_labelled(path, "both", limit=2)) == 2
    with pytest.raises(InvalidInput, match="no split"):
        read_labelled(path, "all")


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1}', json.dumps(ROWS[0] | {"version": "v9"})])
def test_rows_that_are_not_labelled_are_refused_without_their_text(line: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"rows.jsonl, line 1: not a labelled row") as fault:
        read_labelled(path)
    assert "50-year-old" not in str(fault.value)


# --- the fit of the confidence ----------------------------------------------------------------------------------------


def an_answer(calculator: str = "bmi", *, others: tuple[str, ...] = ()) -> Calculated:
    item = Used(name="weight_kg", value=70.0, span=(0, 5), quote="70 kg", others=others)
    return Calculated(calculator=calculator, answer=1.0, inputs=(item,))


def test_the_fit_learns_what_makes_answers_wrong() -> None:
    sure, unsure = an_answer(), an_answer(others=("80 kg",))
    fitted = fit([(sure, True)] * 30 + [(unsure, True)] * 10 + [(unsure, False)] * 20)
    assert fitted.weights["conflicting_inputs"] < -1
    assert fitted == fit([(sure, True)] * 30 + [(unsure, True)] * 10 + [(unsure, False)] * 20)


def test_a_calculator_moves_from_its_kind_by_its_counts() -> None:
    rest = [(an_answer("map"), True)] * 80 + [(an_answer("map"), False)] * 20
    few = fit([*rest, (an_answer("bsa"), False)]).calculators["bsa"]
    many = fit([*rest, *[(an_answer("bsa"), False)] * 20]).calculators["bsa"]
    assert many < few < 0
    assert few > -1


def test_nothing_is_fitted_to_no_answers() -> None:
    with pytest.raises(ValueError, match="no answers"):
        fit([])


def test_the_command_writes_the_coefficients_and_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out.json"
    rows.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    monkeypatch.setattr("evals.calibration.OUT", out)
    monkeypatch.setattr(sys, "argv", ["calibration", "--notes", str(rows), "--split", "012"])
    main()
    stored = json.loads(out.read_text(encoding="utf-8"))
    assert stored["made_by"] == "python -m evals.calibration --notes rows.jsonl --split 012"
    assert set(stored["calculators"]) == {"sirs", "mean_arterial_pressure"}
    assert stored == written(fit_of(stored), 2, "rows.jsonl", "012")


def fit_of(stored: dict[str, Any]) -> Any:
    from tools.calculation.confidence import Calibration

    return Calibration(stored["weights"], stored["calculators"])


def test_the_documented_table_is_that_of_the_code() -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / "explanation" / "calculation.md").read_text(encoding="utf-8")
    rendered = runpy.run_path(str(docs / "render_calculation.py"))["rendered"]
    assert all(f"| `{name}` |" in page for name in CONVENTIONS)
    assert rendered(page) == page, "run: python docs/render_calculation.py"
