"""Rows in, rows out: a stream in order, resumable, and a bad row never stops the rest.

Of the rows only their keys are kept, so that a file may be larger than the memory.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from app.logs import log_unexpected, place_of
from domain.errors import ChartTwinError, InvalidInput

Answerer = Callable[[list[dict[str, Any]]], Iterable[dict[str, Any]]]


class Row(NamedTuple):
    """One row of the input: its value, or what is wrong with it."""

    line: int
    key: str
    value: dict[str, Any]
    fault: str = ""


RowSource = Callable[[], Iterable[Row]]


class BatchReport(NamedTuple):
    """How a batch went; `skipped` rows were in the output before."""

    rows: int
    skipped: int
    errors: int


class Form(NamedTuple):
    """How a result is written as a line, and by which name its row is known when the line is read again."""

    write: Callable[[Row, dict[str, Any]], dict[str, Any]]
    name: Callable[[dict[str, Any]], str]


def run_batch(
    source: Path | RowSource,
    target: Path | None,
    answer: Answerer,
    *,
    batch_size: int = 1,
    processes: int = 1,
    form: Form | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> BatchReport:
    """Answer the rows of `source` that `target` does not hold yet, and leave `target` in the order of `source`.

    Args:
        source: JSON lines, each an object with an `id`; or a function that gives the rows anew each time it is called.
        target: JSON lines; made when missing, continued when not. None writes to standard output, from the start.
        answer: Answers for a list of rows, one each, in order. What it raises becomes the error of those rows.
        batch_size: How many rows `answer` is given at once.
        processes: Worker processes. With more than one, `answer` must be a function of a module, or a partial of one.
        form: How the lines look; by default the result with the row's id.
        advance: Called with the number of rows that were finished.

    Raises:
        InvalidInput: a file cannot be read or written, or `target` belongs to another `source`.
    """
    form = form or PLAIN
    if isinstance(source, Path):
        _check_input(source, target)
        rows: RowSource = partial(read_rows, source)
    else:
        rows = source
    if target is None:
        return _write(rows(), set(), sys.stdout, _answering(answer, batch_size, processes), form, advance)
    _check_output(target)
    done = _done_rows(target, form)
    in_order = _check_same_batch(rows, done, target) if done else True
    with target.open("a", encoding="utf-8", newline="\n") as out:
        report = _write(rows(), done.keys(), out, _answering(answer, batch_size, processes), form, advance)
    if not in_order:
        _put_in_order(rows, target, form)
    return report


def read_rows(source: Path) -> Iterator[Row]:
    """The rows of a file; a line that is no JSON object comes as a row with a fault. Empty lines do not count."""
    with source.open("rb") as lines:
        yield from rows_of(lines)


def rows_of(lines: Iterable[bytes]) -> Iterator[Row]:
    """The rows of lines that were opened by somebody else."""
    seen: Counter[str] = Counter()
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        value, fault = _parse(raw)
        yield numbered(Row(number, "", value, fault), seen)


def numbered(row: Row, seen: Counter[str]) -> Row:
    """The row with its key: its id, or its line where it has none, and how often that was met before."""
    name = _row_name(row.value, row.line)
    seen[name] += 1
    return row._replace(key=f"{name}#{seen[name]}")


def count_rows(source: Path) -> int:
    """How many rows a file has.

    Raises:
        InvalidInput: the file cannot be read.
    """
    try:
        with source.open("rb") as lines:
            return sum(1 for line in lines if line.strip())
    except OSError as error:
        raise InvalidInput(f"{source} cannot be read: {error.strerror}") from None


def error_of(error: Exception) -> dict[str, Any]:
    """The `error` of a row: stable kind, and a message without patient text."""
    if isinstance(error, ChartTwinError):
        return {"kind": error.kind, "message": error.message}
    log_unexpected(error, "row_failed")
    return {"kind": "internal_error", "message": place_of(error)}


def _parse(raw: bytes) -> tuple[dict[str, Any], str]:
    try:
        value = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return {}, "the line is not UTF-8"
    except RecursionError:
        return {}, "the line is nested too deeply"
    except json.JSONDecodeError as error:
        return {}, f"the line is not JSON: {error.msg} at column {error.colno}"
    except ValueError:  # a number of more digits than Python reads
        return {}, "the line is not JSON that can be read"
    return (value, "") if isinstance(value, dict) else ({}, "the line is not a JSON object")


def _row_name(value: dict[str, Any], line: int) -> str:
    return f"line {line}" if value.get("id") is None else json.dumps(value["id"], sort_keys=True)


def _write(
    rows: Iterable[Row],
    done: Iterable[str],
    out: IO[str],
    answered: Callable[[Iterable[Row]], Iterator[dict[str, Any]]],
    form: Form,
    advance: Callable[[int], None],
) -> BatchReport:
    """Write the results of the rows that are not done, in order, each as soon as it is there."""
    finished = set(done)
    total = skipped = errors = 0
    asked: list[Row] = []  # given to the answerer and not yet answered: bounded by what it reads ahead

    def waiting() -> Iterator[Row]:
        nonlocal total, skipped
        for row in rows:
            total += 1
            if row.key in finished:
                skipped += 1
                advance(1)
                continue
            asked.append(row._replace(value={"id": row.value.get("id")}))
            yield row

    for result in answered(waiting()):
        row = asked.pop(0)
        errors += "error" in result
        out.write(_dump(form.write(row, result)) + "\n")
        out.flush()
        advance(1)
    return BatchReport(total, skipped, errors)


def _answering(
    answer: Answerer, batch_size: int, processes: int
) -> Callable[[Iterable[Row]], Iterator[dict[str, Any]]]:
    """Rows to results, one each, in order, here or in worker processes."""

    def here(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        source = iter(rows)
        while batch := list(islice(source, batch_size)):
            yield from _answers(answer, batch)

    def in_processes(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        from nlp_pipeline.parallel import map_batches

        return map_batches(partial(_answers, answer), rows, batch_size, processes)

    return here if processes <= 1 else in_processes


def _answers(answer: Answerer, rows: list[Row]) -> list[dict[str, Any]]:
    """One result for each row: of `answer`, or the row's own fault."""
    good = iter(_safe(answer, [row.value for row in rows if not row.fault]))
    return [
        {"error": {"kind": "invalid_input", "message": f"line {row.line}: {row.fault}"}} if row.fault else next(good)
        for row in rows
    ]


def _safe(answer: Answerer, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not values:
        return []
    try:
        results = list(answer(values))
        if len(results) != len(values):
            raise InvalidInput("the rows did not each get an answer")
    except Exception as error:  # reported in the row; a batch of several is retried one by one
        if len(values) > 1:
            return [result for value in values for result in _safe(answer, [value])]
        return [{"error": error_of(error)}]
    return results


def _named(row: Row, result: dict[str, Any]) -> dict[str, Any]:
    identity = row.value.get("id")
    rest = {name: value for name, value in result.items() if name not in ("id", "line")}
    return {"id": identity, **rest} if identity is not None else {"id": None, "line": row.line, **rest}


def _named_as(value: dict[str, Any]) -> str:
    return _row_name(value, int(value.get("line") or 0))


PLAIN = Form(_named, _named_as)


def _check_input(source: Path, target: Path | None) -> None:
    if target is not None and source.resolve() == target.resolve():
        raise InvalidInput("input and output are the same file")
    try:
        source.open("rb").close()
    except OSError as error:
        raise InvalidInput(f"{source} cannot be read: {error.strerror}") from None


def _check_output(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.open("ab").close()
    except OSError as error:
        raise InvalidInput(f"{target} cannot be written: {error.strerror}") from None


def _done_rows(target: Path, form: Form) -> dict[str, int]:
    """Where each finished row begins, by key, in file order; a last line that was cut off is removed from the file."""
    done: dict[str, int] = {}
    seen: Counter[str] = Counter()
    position = 0
    with target.open("rb+") as out:
        for number, raw in enumerate(out, start=1):
            if not raw.endswith(b"\n"):
                break
            value, fault = _parse(raw)
            try:
                name = form.name(value)
            except (LookupError, TypeError, ValueError):
                fault = fault or "other"
            if fault:
                raise InvalidInput(f"{target} line {number} was not written by this command; choose another --out")
            seen[name] += 1
            done[f"{name}#{seen[name]}"] = position
            position += len(raw)
        out.truncate(position)
    return done


def _check_same_batch(rows: RowSource, done: dict[str, int], target: Path) -> bool:
    """Whether the finished rows are the first ones of the source, in its order."""
    expected = iter(done)
    in_order, left = True, set(done)
    for row in rows():
        if in_order and left:
            in_order = row.key == next(expected)
        left.discard(row.key)
        if not left:
            return in_order
    raise InvalidInput(f"{target} holds rows of another input; choose another --out")


def _put_in_order(rows: RowSource, target: Path, form: Form) -> None:
    done = _done_rows(target, form)
    draft = target.with_name(f"{target.name}.tmp")
    with target.open("rb") as old, draft.open("wb") as new:
        for row in rows():
            old.seek(done[row.key])
            new.write(old.readline())
    os.replace(draft, target)


def _dump(result: dict[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False, default=str)
