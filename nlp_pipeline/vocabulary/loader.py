"""Reads the packaged csv files into concepts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from nlp_pipeline.vocabulary.concepts import (
    ATC,
    CVX,
    HPO,
    ICD10,
    LOINC,
    RXNORM,
    SNOMED,
    Concept,
    Vocabulary,
    split_cell,
)

DATA = Path(__file__).parent / "data"
_CODE_COLUMNS = {
    "snomed": SNOMED,
    "loinc": LOINC,
    "rxnorm": RXNORM,
    "icd10": ICD10,
    "hpo": HPO,
    "cvx": CVX,
    "atc": ATC,
}


class DataFile(NamedTuple):
    """One csv file: the kind of its concepts, its column of group ids, and the columns that name a concept."""

    name: str
    kind: str
    parents: str = ""
    synonyms: tuple[str, ...] = ("synonyms",)


FILES = (
    DataFile("observations.csv", "observation", parents="parents"),
    DataFile("conditions.csv", "condition", parents="parents"),
    DataFile("medications.csv", "medication", parents="classes", synonyms=("synonyms", "brands")),
    DataFile("drug_classes.csv", "drug_class", parents="parents"),
    DataFile("procedures.csv", "procedure", parents="parents"),
    DataFile("immunizations.csv", "immunization"),
    DataFile("allergens.csv", "allergen"),
)


@lru_cache(maxsize=1)
def load_vocabulary() -> Vocabulary:
    """The packaged vocabulary, read once per process."""
    return Vocabulary(concept for file in FILES for concept in read_concepts(file))


def read_concepts(file: DataFile, folder: Path = DATA) -> Iterator[Concept]:
    """The concepts of one data file, in file order."""
    with (folder / file.name).open(encoding="utf-8", newline="") as rows:
        reader = csv.reader(rows)
        columns = {column: place for place, column in enumerate(next(reader))}
        used = {"id", "label", "synonyms", file.parents, *_CODE_COLUMNS}
        names = [columns[column] for column in file.synonyms]
        codes = [(uri, columns[column]) for column, uri in _CODE_COLUMNS.items() if column in columns]
        extra = [(column, place) for column, place in columns.items() if column not in used]
        parents = columns.get(file.parents)
        for row in reader:
            # The rows are ours and tested, so skipping validation is safe; it makes loading several times faster.
            yield Concept.model_construct(
                kind=file.kind,
                id=row[columns["id"]],
                label=row[columns["label"]],
                synonyms=tuple(dict.fromkeys(name for place in names for name in split_cell(row[place]))),
                codes=tuple((uri, code) for uri, place in codes if row[place] for code in split_cell(row[place])),
                parents=split_cell(row[parents]) if parents is not None else (),
                extra={column: row[place] for column, place in extra},
            )
