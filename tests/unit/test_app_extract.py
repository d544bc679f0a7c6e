"""`charttwin extract` and `charttwin deidentify`: where notes come from, how results are written, and what never shows."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from knowledge_base.validation import faults

MARK = "Xanthippe"
TEXT = f"Patient: KOWALCZYK, {MARK.upper()}. Ms. Kowalczyk was seen on 3/2/2020. Denies chest pain. Takes lisinopril 10 mg daily."


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rows: list[Any] = [{"id": i, "patient_id": "p1", "time": "2020-03-02", "text": TEXT} for i in range(3)]
    rows += [{"id": "x", "text": 5}, "{" + f'"id": "{MARK}', {"text": MARK}]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in rows), encoding="utf-8")
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text("0123456789abcdef" * 4 + "\n", encoding="utf-8")
    return tmp_path / "key"


def lines(path: Path | str) -> list[dict[str, Any]]:
    text = path if isinstance(path, str) else path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_facts_as_json_lines_with_an_error_for_each_bad_row(run: Any, source: Path, tmp_path: Path) -> None:
    ran = run("extract", "--notes", source, "--out", tmp_path / "out.jsonl")
    rows = lines(tmp_path / "out.jsonl")
    assert ran.code == 0 and "6 rows" in ran.err and "3 errors" in ran.err
    assert [row["id"] for row in rows] == [0, 1, 2, "x", None, None]
    assert all({"chest_pain", "lisinopril"} <= {f["concept_id"] for f in row["facts"]} for row in rows[:3])
    assert [row["error"]["kind"] for row in rows[3:]] == ["invalid_record", "invalid_input", "invalid_record"]
    assert MARK not in json.dumps(rows[3:]) + ran.err


def test_fhir_bundles_are_valid_and_continued(run: Any, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.ndjson"
    assert run("extract", "--notes", source, "--out", out, "--format", "fhir").code == 0
    whole = out.read_bytes()
    bundles = lines(out)
    assert [b["identifier"]["value"] for b in bundles] == ["0", "1", "2", "x", "line 5", "line 6"]
    assert [fault for b in bundles for e in b["entry"] for fault in faults(e["resource"])] == []
    assert {e["resource"]["resourceType"] for e in bundles[0]["entry"]} >= {
        "DocumentReference",
        "MedicationStatement",
        "Provenance",
    }
    assert all(b["entry"][0]["resource"]["resourceType"] == "OperationOutcome" for b in bundles[3:])
    assert MARK not in json.dumps(bundles[3:])
    out.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]) + b'{"resour')
    run("extract", "--notes", source, "--out", out, "--format", "fhir")
    assert out.read_bytes().splitlines()[:2] == whole.splitlines()[:2] and len(lines(out)) == 6


def test_several_processes_write_the_same(run: Any, source: Path, tmp_path: Path) -> None:
    run("extract", "--notes", source, "--out", tmp_path / "one.jsonl")
    assert run("extract", "--notes", source, "--out", tmp_path / "two.jsonl", "--processes", 2).code == 0
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_text_files_folders_gzip_and_standard_output(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("Denies fever.", encoding="utf-8")
    (folder / "deep" / "b.txt").write_bytes(b"\xff\xfe fever")
    (folder / "c.jsonl").write_text(json.dumps({"id": "c", "text": "Has a cough."}) + "\n", encoding="utf-8")
    (folder / "d.jsonl.gz").write_bytes(gzip.compress(json.dumps({"id": "d", "text": "No rash."}).encode()))
    (folder / "ignored.bin").write_bytes(b"\x00")
    rows = lines(run("extract", "--notes", folder).out)
    assert [row["id"] for row in rows] == ["a.txt", "c", "d", "deep/b.txt"]
    assert rows[0]["facts"][0]["concept_id"] == "fever" and "UTF-8" in rows[3]["error"]["message"]
    assert lines(run("extract", "--notes", folder / "a.txt").out)[0]["facts"] == [
        f | {"id": f["id"], "evidence": f["evidence"]} for f in rows[0]["facts"]
    ]


@pytest.mark.parametrize("given", [json.dumps({"id": "s", "text": "Denies fever."}) + "\n", "Denies fever.\n"])
def test_standard_input_is_json_lines_or_one_text(run: Any, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    ran = run("extract", "--notes", "-")
    assert ran.code == 0 and lines(ran.out)[0]["facts"][0]["concept_id"] == "fever"


def test_deidentified_facts_name_nobody(run: Any, source: Path, key: Path, tmp_path: Path) -> None:
    for form in ("jsonl", "fhir"):
        out = tmp_path / f"{form}.out"
        ran = run("extract", "--notes", source, "--out", out, "--deidentify", "--key-file", key, "--format", form)
        written = out.read_text(encoding="utf-8")
        assert ran.code == 0 and MARK.lower() not in (written + ran.err).lower() and "Kowalczyk" not in written
        assert "2020-03-02" not in written and '"p1"' not in written and "lisinopril" in written
    first = lines(tmp_path / "jsonl.out")[0]
    for fact in first["facts"]:
        start, end = map(int, fact["evidence"]["ref"].rpartition("#")[2].split("-"))
        assert first["text"][start:end] == fact["evidence"]["quote"]


def test_notes_are_deidentified_and_brought_back(run: Any, source: Path, key: Path, tmp_path: Path) -> None:
    safe, back = tmp_path / "safe.jsonl", tmp_path / "back.jsonl"
    ran = run("deidentify", "--notes", source, "--out", safe, "--key-file", key)
    rows = lines(safe)
    assert ran.code == 0 and len({row["text"] for row in rows[:3]}) == 1 and len({row["id"] for row in rows[:3]}) == 3
    assert MARK.lower() not in (safe.read_text(encoding="utf-8") + ran.err).lower()
    assert run("deidentify", "--notes", safe, "--out", back, "--key-file", key, "--reverse").code == 0
    originals = lines(source.read_text(encoding="utf-8").splitlines()[0])
    assert {k: v for k, v in lines(back)[0].items() if k != "deidentified_id"} == originals[0]
    whole = back.read_bytes()
    back.write_bytes(whole.splitlines(keepends=True)[0])
    run("deidentify", "--notes", safe, "--out", back, "--key-file", key, "--reverse")
    assert back.read_bytes() == whole
    other = tmp_path / "other"
    other.write_text("f" * 64, encoding="utf-8")
    run("deidentify", "--notes", safe, "--out", tmp_path / "wrong.jsonl", "--key-file", other, "--reverse")
    assert all("error" in row for row in lines(tmp_path / "wrong.jsonl"))


def test_a_text_file_is_deidentified_and_brought_back(run: Any, key: Path, tmp_path: Path) -> None:
    note, safe, back = (tmp_path / f"{name}.txt" for name in ("note", "safe", "back"))
    note.write_bytes((TEXT + "\r\n").encode())
    ran = run("deidentify", "--notes", note, "--out", safe, "--key-file", key)
    assert ran.code == 0 and MARK.upper() not in safe.read_text(encoding="utf-8") + ran.err
    assert run("deidentify", "--notes", safe, "--out", back, "--key-file", key, "--reverse").code == 0
    assert back.read_bytes() == note.read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        ("extract", "--notes", "none.jsonl"),
        ("extract", "--notes", "in.jsonl", "--format", "xml"),
        ("extract", "--notes", "in.jsonl", "--out", "in.jsonl"),
        ("extract", "--notes", "empty", "--out", "out.jsonl"),
        ("extract", "--notes", "in.jsonl", "--deidentify"),
        ("extract", "--notes", "in.jsonl", "--processes", "0"),
        ("deidentify", "--notes", "in.jsonl", "--out", "out.jsonl"),
        ("deidentify", "--notes", "in.jsonl", "--key-file", "none"),
        ("deidentify", "--notes", "in.jsonl", "--key-file", "short"),
        ("deidentify", "--notes", "none.txt", "--out", "out.txt", "--key-file", "key"),
        ("deidentify", "--notes", "a.txt", "--out", "out.txt", "--key-file", "key", "--reverse"),
        ("deidentify", "--notes", "a.txt", "--out", "a.txt", "--key-file", "key"),
    ],
)
def test_a_fault_is_one_line_and_exit_code_2(
    run: Any, source: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "short").write_text("abc", encoding="utf-8")
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    ran = run(*arguments)
    assert ran.code == 2 and ran.err.startswith("charttwin: ") and ran.err.count("\n") == 1, ran
    assert MARK not in ran.err + ran.out and (tmp_path / "a.txt").read_text(encoding="utf-8") == TEXT


def test_standard_input_is_not_continued(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out.jsonl").write_text('{"id": "s", "facts": []}\n', encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"id": "s", "text": "x"}\n')))
    ran = run("extract", "--notes", "-", "--out", tmp_path / "out.jsonl")
    assert ran.code == 2 and "standard input" in ran.err


def test_an_output_inside_the_input_is_refused(run: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Denies fever.", encoding="utf-8")
    assert run("extract", "--notes", tmp_path, "--out", tmp_path / "out.jsonl").code == 2
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["a.txt"]
