"""Writes `data/open_terms.tsv.gz` and its counts: `python -m nlp_pipeline.vocabulary.compile`."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from nlp_pipeline.vocabulary.compile.cleaning import (
    clinical_phrases,
    is_drug_name,
    is_usable,
    names_a_measurement,
    rejected,
)
from nlp_pipeline.vocabulary.compile.sources import SourceTerm, all_sources
from nlp_pipeline.vocabulary.loader import DATA, load_vocabulary
from nlp_pipeline.vocabulary.open_terms import OPEN_TERMS, SHORT
from nlp_pipeline.vocabulary.surfaces import key_of


class Row(NamedTuple):
    """One line of the file."""

    kind: str
    group: str
    same: str  # id of the curated concept that the term is, or ""
    codes: str
    surfaces: tuple[str, ...]


def main() -> None:
    """Compile every source, drop names that an earlier source or the curated vocabulary has, write what is left."""
    curated = load_vocabulary()
    taken = {key_of(s) for s in (*curated.by_surface, *curated.by_ambiguous)}
    ids = {(c.kind, key_of(s)): c.id for c in curated.concepts.values() for s in c.surfaces}
    measured = {s.replace("-", " ") for c in curated.of_kind("observation") for s in c.surfaces}
    rows: dict[str, Row] = {}  # by the key of the first surface
    owner: dict[str, str] = {}
    report: dict[str, dict[str, int | str]] = {}
    for row in _note_terms():
        key = key_of(row.surfaces[0])
        rows[key] = row
        owner.update((key_of(s), key) for s in row.surfaces)
    report["notes"] = {"terms": len(rows), "surfaces": len(owner)}
    for system, source, terms in all_sources():
        counts: Counter[str] = Counter(terms=len(terms))
        for row in _rows(system, terms, measured):
            surfaces = tuple(s for s in row.surfaces if key_of(s.removeprefix(SHORT)) not in taken)
            row = row._replace(same=_same(system, row, ids))
            known = next((owner[key_of(s)] for s in surfaces if key_of(s) in owner), "")
            new = tuple(s for s in surfaces if key_of(s) not in owner)
            counts.update(curated=len(row.surfaces) - len(surfaces), surfaces=len(new))
            if known and rows[known].kind == row.kind:
                rows[known] = _merged(rows[known], row.codes, new)
            elif new and not known:
                known = key_of(new[0])
                rows[known] = row._replace(surfaces=new)
            else:
                continue
            owner.update((key_of(s), known) for s in new)
        report[system] = {**source._asdict(), **counts}
    lines = sorted("\t".join((r.kind, r.group, r.same, r.codes, "|".join(r.surfaces))) for r in rows.values())
    # No time stamp in the file: the same sources give the same bytes.
    (DATA / OPEN_TERMS).write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
    report["total"] = {"rows": len(lines), "surfaces": sum(len(r.surfaces) for r in rows.values())}
    (DATA / "open_terms.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _note_terms() -> Iterator[Row]:
    """Our own names that are general words of notes: questions that use them ask about something else."""
    for line in (Path(__file__).parent / "note_terms.tsv").read_text(encoding="utf-8").splitlines():
        kind, group, surfaces = line.split("\t")
        yield Row(kind, group, "", "", tuple(surfaces.split("|")))


def _rows(system: str, terms: Iterable[SourceTerm], measured: Container[str]) -> Iterator[Row]:
    for term in terms:
        if system == "drugbank":
            yield from _made("medication", "", "", _drug_names(term))
        elif system == "icd10":  # what a code includes are other things, not other names of its title
            for name in (term.name, *term.names):
                yield from _made("condition", term.kind, f"icd10:{term.code}", _disease_names((name,), measured))
        else:
            names = _disease_names((term.name, *term.names), measured)
            yield from _made("condition", term.kind, f"hpo:{term.code}", names + _short_names(term))


def _made(kind: str, group: str, codes: str, names: list[str]) -> Iterator[Row]:
    surfaces: dict[str, str] = {}
    for name in names:
        surfaces.setdefault(key_of(name), name)
    if surfaces:
        yield Row(kind, group, "", codes, tuple(surfaces.values()))


def _same(system: str, row: Row, ids: dict[tuple[str, str], str]) -> str:
    """The curated concept that a term is: a drug by any of its names, a finding by its preferred name only."""
    names = row.surfaces if system == "drugbank" else row.surfaces[:1]
    return next((ids[row.kind, key_of(s)] for s in names if (row.kind, key_of(s)) in ids), "")


def _disease_names(names: Iterable[str], measured: Container[str]) -> list[str]:
    phrases = [p for name in names for p in clinical_phrases(name)]
    return [_sentence_case(p) for p in phrases if is_usable(p) and not names_a_measurement(p, measured)]


def _short_names(term: SourceTerm) -> list[str]:
    return [SHORT + s for s in term.short if 2 < len(s) < 9 and s.isalnum() and s.lower() not in rejected()]


def _drug_names(term: SourceTerm) -> list[str]:
    marketed = bool(term.kind)
    names = [n for n in (term.name.lower(), *map(str.lower, term.names)) if is_drug_name(n, marketed)]
    return names if marketed or is_drug_name(term.name.lower(), marketed) else []


def _sentence_case(name: str) -> str:
    first, _, rest = name.partition(" ")
    return name if not first[1:].islower() else (first[0].lower() + first[1:] + (" " + rest if rest else ""))


def _merged(row: Row, codes: str, surfaces: tuple[str, ...]) -> Row:
    joined = row.codes if codes in row.codes.split(" ") else f"{row.codes} {codes}".strip()
    return row._replace(codes=joined, surfaces=row.surfaces + surfaces)


if __name__ == "__main__":
    main()
