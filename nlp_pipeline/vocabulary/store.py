"""Derived files in the user's cache folder: rebuilt when missing, stale or damaged, and never needed to run."""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import tempfile
from collections.abc import Iterable
from pathlib import Path

_MAGIC = b"CTCACHE1"
_DIGEST = 32
_KEPT = 3  # versions of one file: environments side by side do not drive each other out


def cache_folder() -> Path:
    """The user's cache folder for this project; below the temporary files of a user without a home."""
    try:
        return Path.home() / ".cache" / "charttwin"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / "charttwin-cache"


def digest_of(parts: Iterable[bytes]) -> str:
    """A content hash over several byte strings, in order."""
    total = hashlib.sha256()
    for part in parts:
        total.update(struct.pack("<Q", len(part)))
        total.update(part)
    return total.hexdigest()


def read_parts(path: Path) -> list[bytes] | None:
    """The byte strings of a cache file; None where it is missing, not ours or does not match its checksum."""
    try:
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return None  # written by someone else: not trusted, though the content is only data
        content = path.read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + _DIGEST
    body = memoryview(content)[head:]
    if content[: len(_MAGIC)] != _MAGIC or hashlib.sha256(body).digest() != content[len(_MAGIC) : head]:
        return None
    parts, position = [], 0
    while position < len(body):
        (size,) = struct.unpack_from("<Q", body, position)
        parts.append(bytes(body[position + 8 : position + 8 + size]))
        position += 8 + size
    return parts


def write_parts(path: Path, parts: list[bytes]) -> None:
    """Write a cache file in one step, so that a reader or a second writer never sees half of it.

    A folder that cannot be written is no error: the next start builds again.
    """
    body = b"".join(struct.pack("<Q", len(part)) + part for part in parts)
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=path.stem, suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(body).digest() + body)
            Path(name).replace(path)
            _prune(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _prune(path: Path) -> None:
    """Remove the oldest files of the same kind: each version of the sources leaves one."""
    kind = path.name.partition("-")[0]
    files = sorted(path.parent.glob(f"{kind}-*{path.suffix}"), key=lambda file: file.stat().st_mtime)
    for old in files[:-_KEPT]:
        old.unlink(missing_ok=True)
