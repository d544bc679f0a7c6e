"""Where notes come from: JSON lines, a text file, a folder of either, or standard input; one row at a time."""

from __future__ import annotations

import gzip
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from app.batch import Row, RowSource, count_rows, numbered, rows_of
from domain.errors import InvalidInput

STDIN = Path("-")
_TEXT = (".txt", ".text", ".md")
_LINES = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz")


def note_source(path: Path) -> RowSource:
    """The rows of a path, anew each time it is called; those of standard input only once.

    Raises:
        InvalidInput: there is nothing that can be read.
    """
    if path == STDIN:
        return _stdin
    if path.is_dir():
        if not _files(path):
            raise InvalidInput(f"{path} holds no notes; wanted are {', '.join((*_TEXT, *_LINES))}")
        return lambda: _folder_rows(path)
    try:
        path.open("rb").close()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from None
    return lambda: _file_rows(path, path.name)


def count_notes(path: Path) -> int | None:
    """How many notes there are, where that can be told without reading them."""
    if path == STDIN:
        return None
    files = _files(path) if path.is_dir() else [path]
    if any(file.suffix == ".gz" for file in files):
        return None
    return sum(1 if file.suffix.lower() in _TEXT else count_rows(file) for file in files)


def is_text(path: Path) -> bool:
    """Whether the file is one note rather than lines of them."""
    return path.suffix.lower() in _TEXT


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name.lower().endswith(_TEXT + _LINES))


def _folder_rows(folder: Path) -> Iterator[Row]:
    seen: Counter[str] = Counter()
    number = 0
    for file in _files(folder):
        for row in _file_rows(file, file.relative_to(folder).as_posix()):
            number += 1
            yield numbered(row._replace(line=number), seen)


def _file_rows(path: Path, name: str) -> Iterator[Row]:
    if is_text(path):
        yield numbered(_text_row(path.read_bytes(), name), Counter())
        return
    if path.suffix == ".gz":
        try:
            with gzip.open(path, "rb") as lines:
                yield from rows_of(lines)
        except (EOFError, gzip.BadGzipFile):
            raise InvalidInput(f"{path} is not a whole gzip file") from None
        return
    with path.open("rb") as plain:
        yield from rows_of(plain)


def _text_row(raw: bytes, name: str) -> Row:
    try:
        return Row(1, "", {"id": name, "text": raw.decode("utf-8-sig")})
    except UnicodeDecodeError:
        return Row(1, "", {"id": name}, "the file is not UTF-8")


def _stdin() -> Iterator[Row]:
    lines = iter(sys.stdin.buffer)
    first = next((line for line in lines if line.strip()), b"")
    if first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{"):
        yield from rows_of(chain([first], lines))
    elif first:
        yield numbered(_text_row(first + b"".join(lines), "stdin"), Counter())
