"""Files as batches of entries: bundles, NDJSON and text notes, plain or gzipped, one by one or a folder of them."""

from __future__ import annotations

import gzip
import json
import math
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from domain.errors import InvalidRecord
from domain.facts import Note
from knowledge_base.elements import Json
from knowledge_base.rows import Rejection

BUNDLE_SUFFIXES = (".json", ".json.gz")
NDJSON_SUFFIXES = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
NOTE_SUFFIX = ".txt"


@dataclass(frozen=True)
class Entry:
    """One resource of a file, with the place it stands at."""

    file: str
    path: str
    full_url: str
    resource: Json


@dataclass
class Batch:
    """What is ingested in one transaction: a bundle, or the NDJSON files of one folder."""

    label: str
    files: int = 1
    needs_patient: bool = True
    entries: list[Entry] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True)
class Sources:
    """The files found under the paths given, by how they are read."""

    bundles: tuple[Path, ...]
    ndjson: tuple[tuple[Path, ...], ...]  # one group per folder: a bulk export is one record over several files
    notes: tuple[Path, ...]
    refused: tuple[Rejection, ...]

    @property
    def count(self) -> int:
        """How many files will be read."""
        return len(self.bundles) + sum(map(len, self.ndjson)) + len(self.notes)


def find_sources(paths: Iterable[Path | str]) -> Sources:
    """The readable files of the paths, folders searched in depth and in order of name."""
    bundles: list[Path] = []
    notes: list[Path] = []
    groups: dict[Path, list[Path]] = {}
    refused: list[Rejection] = []
    for path in map(Path, paths):
        if not path.exists():
            refused.append(Rejection(file=path.name, reason="there is no such file or folder"))
            continue
        found = sorted(item for item in path.rglob("*") if _is_data(item)) if path.is_dir() else [path]
        if not found:
            refused.append(Rejection(file=path.name, reason="the folder holds no " + _ACCEPTED))
        for item in found:
            name = item.name.lower()
            if name.endswith(NDJSON_SUFFIXES):
                groups.setdefault(item.parent, []).append(item)
            elif name.endswith(BUNDLE_SUFFIXES):
                bundles.append(item)
            elif name.endswith(NOTE_SUFFIX):
                notes.append(item)
            else:
                refused.append(Rejection(file=item.name, reason="is none of " + _ACCEPTED))
    unique = tuple(tuple(dict.fromkeys(group)) for group in groups.values())
    return Sources(tuple(dict.fromkeys(bundles)), unique, tuple(dict.fromkeys(notes)), tuple(refused))


_ACCEPTED = "*.json, *.json.gz, *.ndjson, *.ndjson.gz, *.txt"


def _is_data(path: Path) -> bool:
    visible = not any(part.startswith(".") for part in path.parts[-2:])
    return path.is_file() and visible and path.name.lower().endswith((*BUNDLE_SUFFIXES, *NDJSON_SUFFIXES, NOTE_SUFFIX))


def read_bundle(path: Path) -> Batch:
    """The entries of a bundle file.

    Raises:
        InvalidRecord: the file cannot be read, is not JSON, or is not a Bundle with entries.
    """
    return batch_of(_parse(path.name, "", _read_text(path)), path.name)


def batch_of(value: Any, label: str, *, needs_patient: bool = True) -> Batch:
    """The entries of a bundle as parsed.

    Raises:
        InvalidRecord: it is not a Bundle with entries.
    """
    batch = Batch(label=label, needs_patient=needs_patient)
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        _refuse(label, "resourceType", "is not Bundle; a single resource goes into a Bundle or an NDJSON file")
    _add_bundle(batch, label, "", value)
    if not batch.entries and not batch.rejected:
        _refuse(label, "entry", "the Bundle has no entries")
    return batch


def read_ndjson(paths: Iterable[Path]) -> Batch:
    """The resources of NDJSON files that belong together; a line may also hold a whole Bundle.

    A line that is not JSON is reported and skipped, a file that cannot be read likewise.
    """
    listed = list(paths)
    batch = Batch(label=listed[0].name, files=len(listed), needs_patient=False)
    for path in listed:
        try:
            lines = _read_text(path).splitlines()
        except InvalidRecord as error:
            batch.rejected.append(Rejection(file=path.name, reason=error.message))
            continue
        for number, line in enumerate(lines, start=1):
            if line.strip():
                _add_line(batch, path.name, f"line[{number}]", line)
    return batch


def _add_line(batch: Batch, file: str, place: str, line: str) -> None:
    try:
        value = _parse(file, place, line)
    except InvalidRecord as error:
        batch.rejected.append(Rejection(file=file, path=place, reason=str(error.details["reason"])))
        return
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        _add_bundle(batch, file, f"{place}.", value)
    elif isinstance(value, dict):
        batch.entries.append(Entry(file, place, "", value))
    else:
        batch.rejected.append(Rejection(file=file, path=place, reason="is not a JSON object"))


def _add_bundle(batch: Batch, file: str, prefix: str, bundle: Json) -> None:
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        _refuse(file, f"{prefix}entry", "must be a list")
    for index, entry in enumerate(entries):
        place = f"{prefix}entry[{index}]"
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            batch.rejected.append(Rejection(file=file, path=f"{place}.resource", reason="the entry has no resource"))
            continue
        url = entry.get("fullUrl")
        batch.entries.append(Entry(file, f"{place}.resource", url if isinstance(url, str) else "", resource))


def _read_text(path: Path) -> str:
    try:
        data = gzip.decompress(path.read_bytes()) if path.name.lower().endswith(".gz") else path.read_bytes()
        return data.decode("utf-8-sig")
    except (gzip.BadGzipFile, EOFError, zlib.error):
        _refuse(path.name, "", "is not a gzip file, or is cut short")
    except UnicodeDecodeError:
        _refuse(path.name, "", "is not UTF-8 text")
    except OSError as error:
        _refuse(path.name, "", f"cannot be read ({error.strerror})")


def _parse(file: str, place: str, text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        # The message of the decoder is a fixed phrase; the document itself stays out.
        _refuse(file, place, f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    except ValueError:
        _refuse(file, place, "holds a number that is not finite, or has too many digits")
    except RecursionError:
        _refuse(file, place, "is nested too deeply")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("infinite")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse(file: str, place: str, reason: str) -> NoReturn:
    where = f"{file}: {place}" if place else file
    raise InvalidRecord(f"{where} {reason}", file=file, path=place, reason=reason) from None


# --- text notes -------------------------------------------------------------------------------------------------------

_NOTE_NAME = re.compile(r"(?P<patient>[A-Za-z0-9.\-]{1,64})__(?P<date>[0-9T\-]+)(?:__(?P<title>.+))?")


def read_note(path: Path, patient_id: str | None = None) -> Note:
    """A text file as a note of a patient.

    The file is named `<patient_id>__<date>__<title>.txt`, with the date as `2024-03-05` or `2024-03-05T0830` (UTC)
    and `_` for spaces in the title. With `patient_id` given, any name will do: date and title are read from a name of
    that form, and otherwise the name is the title and the note is undated.

    Raises:
        InvalidRecord: the file is empty or unreadable, or nothing says whose note it is.
    """
    text = _read_text(path)
    if not text.strip():
        _refuse(path.name, "", "is empty")
    named = _NOTE_NAME.fullmatch(path.stem)
    if named is None and patient_id is None:
        _refuse(path.name, "", "does not say whose note it is: name it <patient_id>__<date>__<title>.txt")
    if named is not None and patient_id is not None and named["patient"] != patient_id:
        _refuse(path.name, "", "is named for another patient than the one given")
    title = (named["title"] or "") if named else path.stem
    return Note(
        id=f"file-{path.stem}" if re.fullmatch(r"[A-Za-z0-9._\-]+", path.stem) else _stable_id(path.stem),
        patient_id=named["patient"] if named else str(patient_id),
        text=text,
        title=title.replace("_", " ").strip(),
        time=_note_time(path.name, named["date"]) if named else None,
    )


def _stable_id(stem: str) -> str:
    from knowledge_base.records import digest

    return f"file-{digest(stem)[:24]}"


def _note_time(file: str, text: str) -> datetime:
    for form in ("%Y-%m-%d", "%Y-%m-%dT%H%M", "%Y-%m-%dT%H%M%S"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    _refuse(file, "", "has a date that is not of the form 2024-03-05 or 2024-03-05T0830")


def iter_batches(sources: Sources, refused: list[Rejection]) -> Iterator[Batch]:
    """Every batch of the sources, read one at a time; a file that is refused whole is added to `refused`."""
    for path in sources.bundles:
        try:
            yield read_bundle(path)
        except InvalidRecord as error:
            details = error.details
            place = {"path": str(details["path"]), "reason": str(details["reason"])}
            refused.append(Rejection(file=path.name, **place))
    for group in sources.ndjson:
        yield read_ndjson(group)
