"""The command line: what it prints, its exit codes, and one clear line for each fault."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.assembly import Services
from tests.unit.test_app_scripted import PATIENT_ID, SYNTHEA, ScriptedAssistant, loaded_record

MARK = "PHI-MARKER-7731"
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("own_loggers")


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A loaded record, answered by the scripted assistant."""
    monkeypatch.setattr(Services, "_build_assistant", lambda services: ScriptedAssistant(services))
    shutil.copytree(loaded_record(), tmp_path / "data")
    return tmp_path / "data"


def write_rows(path: Path, *rows: Any) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def is_one_line(text: str) -> bool:
    return text.startswith("charttwin: ") and text.count("\n") == 1 and "Traceback" not in text


def test_help_imports_nothing_heavy() -> None:
    """Time is not asserted; what costs it is: 0.13 s were measured where importing gradio alone takes 3 s."""
    code = "import sys, app.cli; app.cli.run(['--help']); print(sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "Ask about one patient" in out
    for module in ("gradio", "fastapi", "torch", "spacy", "pydantic", "sqlalchemy", "numpy", "langchain"):
        assert f"'{module}'" not in out


@pytest.mark.parametrize(
    "command",
    [(), ("demo",), ("serve",), ("ingest",), ("patients",), ("ask",), ("extract",), ("generate",), ("eval",), ("twin", "run"),
     *(("twin", name) for name in (
         "list", "describe", "predict", "compare", "join", "sensitivity", "explain", "replay", "export", "serve"))],
)  # fmt: skip
def test_every_command_explains_itself_and_takes_a_data_directory(run: Any, command: tuple[str, ...]) -> None:
    ran = run(*command, "--help")
    assert ran.code == 0 and "Usage:" in ran.out
    assert not command or "--data-dir" in ran.out


def test_version(run: Any) -> None:
    assert run("--version").out.startswith("charttwin ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("ask",),
        ("ask", "a question and no patient"),
        ("ask", "--questions", "in.jsonl"),
        ("ask", "--patient", "p", "q", "--as-of", "soon"),
        ("ingest", "no/such/file"),
        ("extract", "--notes", "none.jsonl", "--out", "out.jsonl"),
        ("ask", "--questions", "none.jsonl", "--out", "out.jsonl"),
        ("twin", "run", "--cases", "none.jsonl", "--out", "out.jsonl"),
        ("twin", "describe", "no_such_model"),
        ("twin", "predict", "bmi", "--input", "weight"),
        ("twin", "predict", "bmi"),
        ("twin", "run"),
        ("twin", "run", "--model", "bmi", "--cases", "in.jsonl", "--out", "out.jsonl"),
        ("twin", "run", "--model", "bmi", "--input", "weight_kg=70"),
        ("twin", "compare", "bmi", "-i", "weight_kg=70", "-i", "height_cm=175"),
        ("twin", "join", "nonsense"),
        ("twin", "sensitivity", "bmi", "-i", "weight_kg=70", "-i", "height_cm=175", "--range", "weight_kg=1"),
        ("twin", "sensitivity", "bmi", "-i", "weight_kg=70", "-i", "height_cm=175", "--method", "guess"),
        ("twin", "explain", "none"),
        ("twin", "replay", "none"),
        ("twin", "export", "none", "--patient", "p"),
        ("serve", "--port", "99999"),
        ("patients",),
        ("ask", "--patient", "p", "q"),
    ],
)
def test_a_fault_is_one_line_and_exit_code_2(
    run: Any, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*arguments)
    assert ran.code == 2 and is_one_line(ran.err), ran


def test_reading_commands_make_no_data_directory(run: Any, tmp_path: Path) -> None:
    ran = run("patients", "--data-dir", tmp_path / "none")
    assert "charttwin demo" in ran.err and not (tmp_path / "none").exists()


def test_a_data_directory_that_cannot_be_made_is_one_line(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    ran = run("ingest", SYNTHEA, "--data-dir", tmp_path / "file" / "data")
    assert ran.code == 2 and is_one_line(ran.err) and "--data-dir" in ran.err


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write anywhere")
def test_a_read_only_data_directory_is_one_line(run: Any, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    ran = run("ingest", SYNTHEA, "--data-dir", tmp_path / "locked")
    assert ran.code == 2 and is_one_line(ran.err) and "read-only" in ran.err


def test_an_unexpected_fault_shows_its_place_and_not_its_text(run: Any, data_dir: Path) -> None:
    ran = run("ask", "--patient", PATIENT_ID, "crash", "--data-dir", data_dir)
    assert ran.code == 1 and is_one_line(ran.err) and "KeyError at unit/test_app_scripted.py" in ran.err
    assert MARK not in ran.err + ran.out


def test_a_taken_port_is_told_before_anything_is_loaded(run: Any, data_dir: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        ran = run("serve", "--port", port, "--data-dir", data_dir)
    assert ran.code == 2 and is_one_line(ran.err) and f"port {port} is taken" in ran.err and "--port 0" in ran.err


def test_patients_are_listed(run: Any, data_dir: Path) -> None:
    ran = run("patients", "--data-dir", data_dir)
    assert ran.code == 0 and PATIENT_ID in ran.out and "Edythe Morar" in ran.out
    assert json.loads(run("patients", "--json", "--data-dir", data_dir).out)["id"] == PATIENT_ID


def test_one_question_is_answered_with_its_sources(run: Any, data_dir: Path) -> None:
    ran = run("ask", "--patient", PATIENT_ID, "weight trend", "--no-color", "--data-dir", data_dir)
    assert ran.code == 0 and "Body weight was last" in ran.out and "[1]" in ran.out and "Observation/" in ran.out
    assert "The last value is more than a year old." in ran.out and "never smoker" in ran.out and "\x1b[" not in ran.out


def test_one_question_as_json(run: Any, data_dir: Path) -> None:
    ran = run("ask", "--patient", PATIENT_ID, "weight trend", "--as-of", "2024-01-01", "--json", "--data-dir", data_dir)
    assert json.loads(ran.out)["citations"][0]["number"] == 1


@pytest.mark.parametrize(("patient", "question"), [(MARK, "weight"), (PATIENT_ID, " "), (PATIENT_ID, "x" * 50_000)])
def test_a_question_that_cannot_be_asked_is_one_line(run: Any, data_dir: Path, patient: str, question: str) -> None:
    ran = run("ask", "--patient", patient, question, "--data-dir", data_dir)
    assert ran.code == 2 and is_one_line(ran.err) and MARK not in ran.err and len(ran.err) < 200


def test_the_batch_door_answers_in_order_and_names_what_is_wrong(run: Any, data_dir: Path, tmp_path: Path) -> None:
    questions = write_rows(
        tmp_path / "in.jsonl",
        {"id": "a", "patient_id": PATIENT_ID, "question": "weight trend", "as_of": "2024-01-01"},
        f'{{"id": "b", "question": "{MARK}',
        {"id": "c", "patient_id": MARK, "question": "x"},
        {"id": "d", "patient_id": PATIENT_ID, "question": ""},
        {"id": "e", "patient_id": PATIENT_ID},
        {"id": "f", "patient_id": PATIENT_ID, "question": "x", "as_of": "soon"},
        {"id": "g", "patient_id": PATIENT_ID, "question": "crash"},
        {"id": "h", "patient_id": PATIENT_ID, "question": "¿Cuál es su última creatinina?"},
        {"id": "i", "patient_id": PATIENT_ID, "turns": "not a list"},
    )
    ran = run("ask", "--questions", questions, "--out", tmp_path / "out.jsonl", "--data-dir", data_dir)
    rows = read_rows(tmp_path / "out.jsonl")
    assert ran.code == 0 and [row["id"] for row in rows] == ["a", None, "c", "d", "e", "f", "g", "h", "i"]
    kinds = [row.get("error", {}).get("kind") for row in rows]
    bad = "invalid_input"
    assert kinds == [None, bad, "unknown_patient", bad, bad, bad, "internal_error", None, bad]
    assert {"id", "answer_text", "citations", "tool_calls", "warnings", "latency_s"} <= rows[0].keys()
    assert rows[0]["citations"][0].startswith("Observation/") and rows[0]["citations"][1].startswith("Note/")
    written = (tmp_path / "out.jsonl").read_text(encoding="utf-8") + ran.err + ran.out
    assert MARK not in written


def test_the_batch_door_goes_on_where_it_stopped(run: Any, data_dir: Path, tmp_path: Path) -> None:
    rows = [{"id": i, "patient_id": PATIENT_ID, "question": "weight trend"} for i in range(4)]
    questions, out = write_rows(tmp_path / "in.jsonl", *rows), tmp_path / "out.jsonl"
    run("ask", "--questions", questions, "--out", out, "--data-dir", data_dir)
    whole = out.read_text(encoding="utf-8").splitlines(keepends=True)
    out.write_text("".join(whole[:2]) + whole[2][:30], encoding="utf-8")
    ran = run("ask", "--questions", questions, "--out", out, "--data-dir", data_dir)
    assert "2 from before" in ran.err and [row["id"] for row in read_rows(out)] == [0, 1, 2, 3]
    assert out.read_text(encoding="utf-8").splitlines(keepends=True)[:2] == whole[:2]


def test_turns_are_asked_in_one_thread_and_the_last_answer_is_written(
    run: Any, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[ScriptedAssistant] = []

    def build(services: Services) -> ScriptedAssistant:
        made.append(ScriptedAssistant(services))
        return made[-1]

    monkeypatch.setattr(Services, "_build_assistant", build)
    questions = write_rows(
        tmp_path / "in.jsonl",
        {"id": 1, "patient_id": PATIENT_ID, "turns": ["asdf", {"question": "qwer"}], "question": "what if"},
        {"id": 2, "patient_id": PATIENT_ID, "turns": ["asdf", "what if"]},
        {"id": 3, "patient_id": PATIENT_ID, "question": "what if"},
    )
    run("ask", "--questions", questions, "--out", tmp_path / "out.jsonl", "--data-dir", data_dir)
    threads = [thread for _, thread, _ in made[0].threads]
    assert [question for _, _, question in made[0].threads] == ["asdf", "qwer", "what if", "asdf", "what if", "what if"]
    assert threads[0] == threads[1] == threads[2] != threads[3] == threads[4] and threads[5] is None
    assert all(row["citations"] == ["Run/run-0001"] for row in read_rows(tmp_path / "out.jsonl"))


def test_twin_cases_are_run_row_by_row(run: Any, tmp_path: Path) -> None:
    cases = write_rows(
        tmp_path / "in.jsonl",
        {"id": 1, "model": "bmi", "inputs": {"weight_kg": 70, "height_cm": 175}},
        {"id": 2, "model": "none", "inputs": {}},
        "broken",
        {"id": 4, "model": "bmi", "inputs": {}},
    )
    assert run("twin", "run", "--cases", cases, "--out", tmp_path / "out.jsonl").code == 0
    rows = read_rows(tmp_path / "out.jsonl")
    assert [row.get("error", {}).get("kind") for row in rows] == [
        None,
        "unknown_model",
        "invalid_input",
        "missing_input",
    ]
    assert rows[0]["outputs"]["bmi"]["value"] == pytest.approx(22.857, abs=0.01) and rows[0]["provenance"]


def test_the_twin_is_listed_described_and_run(run: Any) -> None:
    assert "bmi" in run("twin", "list").out
    assert "weight_kg" in run("twin", "describe", "bmi").out
    ran = run("twin", "predict", "bmi", "--input", "weight_kg=70", "--input", "height_cm=1.75 m")
    assert ran.code == 0 and "22.9" in ran.out and "Not a medical device" in ran.out
    assert json.loads(run("twin", "predict", "bmi", "-i", "weight_kg=70", "-i", "height_cm=175", "--json").out)["id"]


EGFR = ("-i", "creatinine_mg_dl=88.4 umol/L", "-i", "age_years=60", "-i", "sex=female")


def test_a_run_made_by_hand_is_explained_replayed_and_exported_later(run: Any, tmp_path: Path) -> None:
    there = ("--data-dir", tmp_path / "data")
    made = json.loads(run("twin", "run", "--model", "egfr", *EGFR, "--json", *there).out)
    told = run("twin", "explain", f"Run/{made['id']}", *there).out
    assert "stated in the request" in told and made["doi"] in told and made["disclaimer"] in told
    assert json.loads(run("twin", "explain", made["id"], "--json", *there).out)["run_id"] == made["id"]
    again = run("twin", "replay", made["id"], *there)
    assert (again.code, again.out) == (0, "identical\n")
    bundle = json.loads(run("twin", "export", made["id"], "--patient", "p-1", *there).out)
    assert bundle["identifier"]["value"] == made["id"]
    assert bundle["entry"][0]["resource"]["subject"] == {"reference": "Patient/p-1"}
    # Its own file: the record store of the folder stays as it is, here absent.
    assert [path.name for path in (tmp_path / "data").glob("*.sqlite3")] == ["twin_runs.sqlite3"]


def test_a_replay_that_differs_has_exit_code_1(run: Any, tmp_path: Path) -> None:
    there = ("--data-dir", tmp_path / "data")
    made = json.loads(run("twin", "predict", "egfr", *EGFR, "--json", *there).out)
    made["outputs"][0]["value"] += 1
    with sqlite3.connect(tmp_path / "data" / "twin_runs.sqlite3") as store:
        store.execute("UPDATE runs SET body = ?", (json.dumps(made),))
    store.close()
    again = run("twin", "replay", made["id"], *there)
    assert again.code == 1 and again.out.startswith("not identical\negfr was")


def test_changes_are_compared_with_the_baseline(run: Any, tmp_path: Path) -> None:
    there = ("--data-dir", tmp_path / "data")
    shown = run("twin", "compare", "egfr", *EGFR, "-c", "creatinine_mg_dl=x2", "-c", "age_years=+5", *there)
    assert shown.code == 0 and " → " in shown.out and "Not a medical device" in shown.out
    found = json.loads(run("twin", "compare", "egfr", *EGFR, "-c", "age_years=-5", "--json", *there).out)
    used = {item["name"]: item["value"] for item in found["runs"][1]["inputs"]}
    assert used["age_years"] == 55 and found["differences"][0]["output"] == "egfr"
    replaced = json.loads(run("twin", "compare", "egfr", *EGFR, "-c", "sex=male", "--json", *there).out)
    assert {item["name"]: item["value"] for item in replaced["runs"][1]["inputs"]}["sex"] == "male"


def test_chains_are_listed_and_run(run: Any, tmp_path: Path) -> None:
    there = ("--data-dir", tmp_path / "data")
    assert "cockcroft_gault → vancomycin_goti2018" in run("twin", "join", *there).out
    inputs = (*EGFR, "-i", "weight_kg=70", "-i", "hemodialysis=no", "-i", "dose_mg=1000", "-i", "interval_h=12")
    shown = run("twin", "join", "creatinine_to_vancomycin", *inputs, "-c", "creatinine_mg_dl=x2", *there)
    assert shown.code == 0 and "[derived]" in shown.out and "AUC24 at steady state" in shown.out
    found = json.loads(run("twin", "join", "creatinine_to_vancomycin", *inputs, "--json", *there).out)
    assert set(found["scenarios"][0]["runs"]) == {"clearance", "exposure"} and found["differences"] == []


def test_a_tornado_is_drawn_as_a_page_of_its_own(run: Any, tmp_path: Path) -> None:
    page = tmp_path / "tornado.html"
    assert run("twin", "sensitivity", "egfr", *EGFR, "--plot", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert "Serum creatinine" in text and "Age" in text and "<script src=" not in text
    refused = run("twin", "sensitivity", "egfr", *EGFR, "--plot", tmp_path / "nowhere" / "x.html")
    assert refused.code == 2 and is_one_line(refused.err)


def test_sensitivity_is_a_table_widest_first(run: Any, tmp_path: Path) -> None:
    there = ("--data-dir", tmp_path / "data")
    shown = run("twin", "sensitivity", "egfr", *EGFR, "--range", "age_years=40:80", *there)
    assert shown.code == 0 and "Age" in shown.out and "creatinine" not in shown.out
    found = json.loads(run("twin", "sensitivity", "egfr", *EGFR, "--json", *there).out)
    swings = [row["swing"] for row in found["influences"]]
    assert swings == sorted(swings, reverse=True) and len(swings) == 3


def test_a_cohort_is_generated_and_the_seed_decides(run: Any, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert run("generate", "--n", 2, "--seed", 5, "--out", tmp_path / name).code == 0
    files = sorted((tmp_path / "a").iterdir())
    assert len(files) == 2 and [f.read_bytes() for f in files] == [
        (tmp_path / "b" / f.name).read_bytes() for f in files
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.json", f'{{"resourceType": "{MARK}'),
        ("empty.json", '{"resourceType": "Bundle", "type": "collection", "entry": []}'),
        ("other.json", '{"resourceType": "Questionnaire"}'),
        ("list.json", "[1, 2]"),
        ("nothing.json", ""),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_by_name(run: Any, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    ran = run("ingest", tmp_path / name, "--data-dir", tmp_path / "data")
    assert ran.code == 2 and name in ran.err and "Traceback" not in ran.err and MARK not in ran.err


def test_an_unknown_suite_is_one_line(run: Any, data_dir: Path, tmp_path: Path) -> None:
    ran = run("eval", "none", "--out", tmp_path / "report", "--data-dir", data_dir)
    assert ran.code == 2 and "record-qa" in ran.err


def test_a_model_that_did_not_answer_is_not_reported_as_if_it_had(
    run: Any, cohort: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARTTWIN_MODEL", "some-model")
    monkeypatch.setenv("CHARTTWIN_BASE_URL", "http://127.0.0.1:9/v1")  # nobody listens on the discard port
    data = shutil.copytree(cohort.store.data_dir, tmp_path / "data")
    ran = run("eval", "record-qa", "--limit", 1, "--out", tmp_path / "report", "--data-dir", data)
    assert ran.code == 0 and "2 of 2 answers by the embedded model" in ran.err
    for name in ("report.md", "report.html", "report.json"):
        text = (tmp_path / "report" / name).read_text(encoding="utf-8")
        assert "2 of 2 answers by the embedded model" in text and "charttwin eval record-qa --limit 1" in text


def test_calculate_answers_a_file_of_questions_and_continues(tmp_path: Path, run: Callable[..., Any]) -> None:
    note = "A 70-year-old man, weight 80 kg, creatinine 1.4 mg/dL."
    rows = [{"row_number": n, "patient_note": note, "question": q} for n, q in enumerate(("CrCl?", "anion gap?"), 7)]
    cases, out = write_rows(tmp_path / "in.jsonl", *rows), tmp_path / "out.jsonl"
    for _ in range(2):
        assert run("calculate", "--cases", cases, "--out", out).code == 0
    first, second = read_rows(out)
    assert (first["row_number"], round(first["answer"])) == (7, 56)
    assert second["answer"] is None and second["missing"]


def test_calculate_knows_its_conventions(tmp_path: Path, run: Callable[..., Any]) -> None:
    note = tmp_path / "note.txt"
    note.write_text("A 70-year-old man, 80 kg, 175 cm.", encoding="utf-8")
    assert "bmi: 26.1" in run("calculate", "BMI?", "--note", note).out
    refused = run("calculate", "BMI?", "--note", note, "--conventions", "x")
    assert refused.code == 2 and "medcalc-bench-verified" in refused.err and is_one_line(refused.err)
