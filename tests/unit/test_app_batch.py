"""The batch runner: order, resuming, bad rows."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.batch import run_batch
from domain.errors import InvalidInput, UnknownPatient

Rows = list[dict[str, Any]]
MARK = "PHI-MARKER-7731"


def shout(rows: Rows) -> Rows:
    return [{"id": row.get("id"), "said": str(row["word"]).upper()} for row in rows]


def written(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"id": f"q{i}", "word": f"w{i}"}) + "\n" for i in range(5)), encoding="utf-8")
    return path


def test_rows_come_out_in_order(source: Path, tmp_path: Path) -> None:
    report = run_batch(source, tmp_path / "deep" / "out.jsonl", shout, batch_size=2)
    assert report == (5, 0, 0)
    assert [row["said"] for row in written(tmp_path / "deep" / "out.jsonl")] == ["W0", "W1", "W2", "W3", "W4"]


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_a_bad_row_never_stops_the_rest(tmp_path: Path, batch_size: int) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [
        b'{"id": 1, "word": "a"}',
        f'{{"id": 2, "word": "{MARK}'.encode(),
        b'["not", "an", "object"]',
        b"",
        b'{"id": 3}',
        b'{"id": 4, "word": "\xff\xfe"}',
        b'{"word": "no id"}',
        b'{"id": "unknown", "word": "x"}',
        b'{"id": 5, "word": "b"}',
    ]
    source.write_bytes(b"\n".join(lines) + b"\n")

    def answer(rows: Rows) -> Rows:
        if any(row.get("id") == "unknown" for row in rows):
            raise UnknownPatient("no such patient")
        return shout(rows)

    report = run_batch(source, target, answer, batch_size=batch_size)
    rows = written(target)
    assert [row["id"] for row in rows] == [1, None, None, 3, None, None, "unknown", 5]
    kinds = [row.get("error", {}).get("kind") for row in rows]
    assert kinds == [
        None,
        "invalid_input",
        "invalid_input",
        "internal_error",
        "invalid_input",
        None,
        "unknown_patient",
        None,
    ]
    assert [row["line"] for row in rows if row["id"] is None] == [2, 3, 6, 7]
    assert report.errors == 5 and MARK not in target.read_text(encoding="utf-8")


def test_an_internal_fault_shows_its_place_and_not_its_text(source: Path, tmp_path: Path) -> None:
    def answer(rows: Rows) -> Rows:
        raise RuntimeError(MARK)

    run_batch(source, tmp_path / "out.jsonl", answer)
    error = written(tmp_path / "out.jsonl")[0]["error"]
    assert error["kind"] == "internal_error" and "RuntimeError at unit/test_app_batch.py" in error["message"]
    assert MARK not in json.dumps(error)


def test_finished_rows_are_not_answered_again(source: Path, tmp_path: Path) -> None:
    target, asked = tmp_path / "out.jsonl", []

    def answer(rows: Rows) -> Rows:
        asked.extend(row["id"] for row in rows)
        if "q2" in asked and len(asked) == 3:
            raise KeyboardInterrupt
        return shout(rows)

    with pytest.raises(KeyboardInterrupt):
        run_batch(source, target, answer)
    report = run_batch(source, target, answer)
    assert asked == ["q0", "q1", "q2", "q2", "q3", "q4"] and report.skipped == 2
    assert [row["id"] for row in written(target)] == ["q0", "q1", "q2", "q3", "q4"]


def test_a_last_line_that_was_cut_off_is_answered_again(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    run_batch(source, target, shout)
    whole = target.read_bytes()
    target.write_bytes(whole[:-9])
    assert run_batch(source, target, shout).skipped == 4
    assert target.read_bytes() == whole


def test_rows_that_were_added_to_the_input_end_up_in_its_order(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    run_batch(source, target, shout)
    source.write_text(
        json.dumps({"id": "first", "word": "f"}) + "\n" + source.read_text(encoding="utf-8"), encoding="utf-8"
    )
    run_batch(source, target, shout)
    assert [row["id"] for row in written(target)] == ["first", "q0", "q1", "q2", "q3", "q4"]


def test_an_id_that_comes_twice_is_answered_twice(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"id": 1, "word": "a"}\n{"id": 1, "word": "b"}\n', encoding="utf-8")
    run_batch(source, target, shout)
    assert [row["said"] for row in written(target)] == ["A", "B"]
    assert run_batch(source, target, shout).skipped == 2


def _same_file(source: Path, tmp_path: Path) -> tuple[Path, Path]:
    return source, source


def _missing_input(source: Path, tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "none.jsonl", tmp_path / "out.jsonl"


def _folder_as_output(source: Path, tmp_path: Path) -> tuple[Path, Path]:
    return source, tmp_path


def _output_of_another(source: Path, tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "out.jsonl").write_text('{"id": "elsewhere"}\n', encoding="utf-8")
    return source, tmp_path / "out.jsonl"


def _no_json_in_output(source: Path, tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "out.jsonl").write_text(f"{MARK}\n", encoding="utf-8")
    return source, tmp_path / "out.jsonl"


@pytest.mark.parametrize(
    "files", [_same_file, _missing_input, _folder_as_output, _output_of_another, _no_json_in_output]
)
def test_files_that_cannot_be_used_are_refused(
    files: Callable[[Path, Path], tuple[Path, Path]], source: Path, tmp_path: Path
) -> None:
    first, second = files(source, tmp_path)
    before = source.read_bytes()
    with pytest.raises(InvalidInput) as caught:
        run_batch(first, second, shout)
    assert MARK not in caught.value.message and source.read_bytes() == before


def test_rows_are_not_kept_in_memory(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    row = json.dumps({"word": "x" * 20_000})
    with source.open("w", encoding="utf-8") as out:
        for number in range(3_000):  # 60 MB
            out.write(f'{{"id": {number}, {row[1:]}\n')

    def answer(rows: Rows) -> Rows:
        return [{"length": len(row["word"])} for row in rows]

    tracemalloc.start()
    try:
        report = run_batch(source, target, answer, batch_size=16)
        assert run_batch(source, target, answer, batch_size=16).skipped == 3_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report == (3_000, 0, 0) and peak < 8_000_000


def test_worker_processes_keep_the_order_and_the_faults(source: Path, tmp_path: Path) -> None:
    with source.open("a", encoding="utf-8") as out:
        out.write(f'{{"id": "{MARK}\n{{"id": "w"}}\n{{"id": "last", "word": "z"}}\n')
    report = run_batch(source, tmp_path / "one.jsonl", shout, batch_size=2)
    assert run_batch(source, tmp_path / "two.jsonl", shout, batch_size=2, processes=2) == report == (8, 0, 2)
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_results_go_to_standard_output(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_batch(source, None, shout).rows == 5
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == ["q0", "q1", "q2", "q3", "q4"]
