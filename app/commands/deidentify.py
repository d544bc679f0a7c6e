"""Notes without the people in them, and back."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from app.batch import PLAIN, Form, Row
from app.commands.console import counted, remark
from app.commands.notes import prepared, stream
from app.commands.services import open_services
from app.note_sources import is_text
from domain.errors import InvalidInput


def deidentify_notes(
    notes: Path, out: Path, *, key_file: Path | None, data_dir: Path | None, reverse: bool = False, keep_ids: bool = False,
    processes: int = 1,
) -> None:  # fmt: skip
    """De-identify notes, or bring them back, continuing where an earlier run stopped.

    Raises:
        InvalidInput: there is no key, or a file cannot be read or written.
    """
    key = read_key(key_file)
    open_services(data_dir)
    if is_text(notes) and is_text(out):
        (_text_back if reverse else _text_safe)(notes, out, key)
        return
    if reverse:
        prepare = partial(prepared, key=None, keep_ids=True)
        stream(notes, out, partial(_back, key=key), prepare, _BACK, processes=processes, label="Bringing back")
        return
    prepare = partial(prepared, key=key, keep_ids=keep_ids)
    stream(
        notes,
        out,
        partial(_safe, key=key, keep_ids=keep_ids),
        prepare,
        PLAIN,
        processes=processes,
        label="De-identifying",
    )


def read_key(path: Path | None) -> bytes:
    """The key of a file.

    Raises:
        InvalidInput: there is none, it cannot be read, or it is too short.
    """
    from nlp_pipeline.deidentify import MIN_KEY_BYTES

    make = "make one with: openssl rand -hex 32 > FILE"
    if path is None:
        raise InvalidInput(f"de-identification needs a key, --key-file FILE; {make}")
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise InvalidInput(f"the key file {path} cannot be read: {error.strerror}; {make}") from None
    if len(key) < MIN_KEY_BYTES:
        raise InvalidInput(f"the key file {path} holds fewer than {MIN_KEY_BYTES} bytes; {make}")
    return key


def _text_safe(note: Path, out: Path, key: bytes) -> None:
    """One text to another; what was replaced is sealed beside it."""
    from nlp_pipeline.deidentify import deidentify

    _check_apart(note, out)
    safe = deidentify(_text_of(note), patient_id=note.stem, key=key)
    out.write_bytes(safe.text.encode("utf-8", "surrogatepass"))
    _seal_of(out).write_text(f"{safe.sealed}\n", encoding="utf-8")
    remark(f"{counted(len(safe.replacements), 'identifier')} replaced in {out}; {_seal_of(out).name} brings them back")


def _text_back(note: Path, out: Path, key: bytes) -> None:
    from nlp_pipeline.deidentify import reidentify

    _check_apart(note, out)
    out.write_bytes(reidentify(_text_of(note), _text_of(_seal_of(note)).strip(), key=key).encode("utf-8"))


def _seal_of(text: Path) -> Path:
    return text.with_name(f"{text.name}.sealed")


def _check_apart(note: Path, out: Path) -> None:
    if note.resolve() == out.resolve():
        raise InvalidInput("input and output are the same file")


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is not UTF-8") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from None


def _write_back(row: Row, result: dict[str, Any]) -> dict[str, Any]:
    """The original row; beside it the name that it had in between, by which a run that stopped is continued."""
    if "original" in result:
        return {**result["original"], "deidentified_id": row.value.get("id")}
    return PLAIN.write(row, result)


_BACK = Form(_write_back, lambda value: PLAIN.name({**value, "id": value.get("deidentified_id", value.get("id"))}))


def _safe(rows: list[dict[str, Any]], *, key: bytes, keep_ids: bool) -> Iterable[dict[str, Any]]:
    from nlp_pipeline.deidentify.rows import sealed_row

    return [sealed_row(row, key, keep_ids) for row in rows]


def _back(rows: list[dict[str, Any]], *, key: bytes) -> Iterable[dict[str, Any]]:
    from nlp_pipeline.deidentify.rows import reidentify_row

    return [{"original": reidentify_row(row, key)} for row in rows]
