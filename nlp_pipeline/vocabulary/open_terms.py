"""The large layer: names of open terminologies that only the target matcher knows; questions are not read with it."""

from __future__ import annotations

import gzip
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from nlp_pipeline.vocabulary.concepts import HPO, ICD10

OPEN_TERMS = "open_terms.tsv.gz"
SHORT = "^"  # marks a surface that is an abbreviation: it needs its capitals
_SYSTEMS = {"hpo": HPO, "icd10": ICD10}


class OpenTerm(NamedTuple):
    """One line of the file: what it names and how it is called, the preferred name first."""

    kind: str
    group: str
    same: str  # id of the curated concept that it is, or ""
    codes: tuple[tuple[str, str], ...]
    surfaces: tuple[str, ...]

    @property
    def label(self) -> str:
        """The preferred name."""
        return self.surfaces[0].removeprefix(SHORT)


class OpenTerms:
    """The terms by line number; a line is parsed when it is first asked for."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @cached_property
    def _lines(self) -> list[str]:
        return gzip.decompress(self._content).decode().split("\n")

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: int) -> OpenTerm:
        kind, group, same, codes, surfaces = self._lines[index].split("\t")
        pairs = (code.partition(":") for code in codes.split(" ") if code)
        return OpenTerm(kind, group, same, tuple((_SYSTEMS[s], c) for s, _, c in pairs), tuple(surfaces.split("|")))


def read_open_terms(folder: Path) -> OpenTerms:
    """The packaged terms."""
    return OpenTerms((folder / OPEN_TERMS).read_bytes())
