"""What the vocabulary holds: one `Concept` per row of the data files, and the indexes over them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from domain.facts import Frozen

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
HPO = "http://human-phenotype-ontology.org"
CVX = "http://hl7.org/fhir/sid/cvx"
ATC = "http://www.whocc.no/atc"


class Concept(Frozen):
    """One thing a clinician may name: how it is called, which codes record it, and what it is a kind of.

    `parents` are ids of the same kind; for a medication they are drug classes. `extra` keeps the other columns of the
    row as text: unit, low, high and category of an observation, the ambiguous short forms of a condition, and so on.
    """

    kind: str
    id: str
    label: str
    synonyms: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    parents: tuple[str, ...] = ()
    extra: dict[str, str] = {}

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The lower-case forms under which text names this concept, label first, each once."""
        return tuple(dict.fromkeys(normalise_surface(s) for s in (self.label, *self.synonyms)))

    @property
    def ambiguous(self) -> tuple[str, ...]:
        """Short forms that also mean something else; they name this concept only where the context says so."""
        return split_cell(self.extra.get("ambiguous", ""))

    @property
    def members(self) -> tuple[str, ...]:
        """For an allergen: ids of the medications, drug classes and allergens that it covers."""
        return split_cell(self.extra.get("members", ""))

    def codes_of(self, system: str) -> tuple[str, ...]:
        """The codes of one system, as written in the data file."""
        return tuple(code for uri, code in self.codes if uri == system)

    def number(self, column: str) -> float | None:
        """A numeric column of `extra` ("low", "high"), or None where the row leaves it empty."""
        text = self.extra.get(column, "")
        return float(text) if text else None


class Vocabulary:
    """All concepts with their lookups by surface, by code and by group. Build it with `load_vocabulary()`."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self.concepts: dict[tuple[str, str], Concept] = {(c.kind, c.id): c for c in concepts}

    def get(self, kind: str, concept_id: str) -> Concept | None:
        """The concept of this kind and id, or None."""
        return self.concepts.get((kind, concept_id))

    def of_kind(self, kind: str) -> list[Concept]:
        """Every concept of one kind, in file order."""
        return [c for c in self.concepts.values() if c.kind == kind]

    @cached_property
    def by_surface(self) -> dict[str, list[Concept]]:
        """Concepts by lower-case label or synonym; ambiguous short forms are not in it."""
        index: dict[str, list[Concept]] = defaultdict(list)
        for concept in self.concepts.values():
            for surface in concept.surfaces:
                index[surface].append(concept)
        return dict(index)

    @cached_property
    def by_ambiguous(self) -> dict[str, list[Concept]]:
        """Concepts by short form that needs context ("mi", "ra", "pe"), lower case."""
        index: dict[str, list[Concept]] = defaultdict(list)
        for concept in self.concepts.values():
            for surface in concept.ambiguous:
                index[normalise_surface(surface)].append(concept)
        return dict(index)

    @cached_property
    def by_code(self) -> dict[tuple[str, str], list[Concept]]:
        """Concepts by (system URI, code)."""
        index: dict[tuple[str, str], list[Concept]] = defaultdict(list)
        for concept in self.concepts.values():
            for key in concept.codes:
                index[key].append(concept)
        return dict(index)

    def descendants(self, kind: str, concept_id: str) -> set[str]:
        """Ids of this kind whose chain of parents reaches the id, itself included; empty where it is unknown."""
        found = {concept_id} if (kind, concept_id) in self.concepts else set()
        waiting = list(found)
        while waiting:
            for child in self._children.get((kind, waiting.pop()), ()):
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return found

    def ancestors(self, kind: str, concept_id: str) -> set[str]:
        """Ids of the broader groups of a concept, itself not included."""
        found: set[str] = set()
        waiting = [concept_id]
        while waiting:
            concept = self.concepts.get((kind, waiting.pop()))
            for parent in concept.parents if concept else ():
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found

    def ingredients(self, class_id: str) -> set[str]:
        """Ids of the medications in a drug class or in any class below it."""
        classes = self.descendants("drug_class", class_id)
        return {c.id for c in self.of_kind("medication") if classes.intersection(c.parents)}

    def classes_of(self, medication_id: str) -> set[str]:
        """Ids of the drug classes of a medication, the broader ones included."""
        medication = self.get("medication", medication_id)
        direct = set(medication.parents) if medication else set()
        return direct.union(*(self.ancestors("drug_class", c) for c in direct)) if direct else set()

    @cached_property
    def _children(self) -> dict[tuple[str, str], list[str]]:
        children: dict[tuple[str, str], list[str]] = defaultdict(list)
        for concept in self.concepts.values():
            if concept.kind != "medication":  # a medication's parents are drug classes
                for parent in concept.parents:
                    children[concept.kind, parent].append(concept.id)
        return dict(children)


def normalise_surface(text: str) -> str:
    """Lower case with single spaces: the form of the keys of `by_surface`."""
    return " ".join(text.lower().split())


def split_cell(cell: str) -> tuple[str, ...]:
    """The items of a '|'-joined cell, trimmed, empty ones dropped."""
    return tuple([item for part in cell.split("|") if (item := part.strip())]) if cell else ()
