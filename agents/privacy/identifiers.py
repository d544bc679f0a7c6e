"""What the record itself knows to identify its patient and the people and places around: exact, so nothing is guessed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.facts import Frozen
from nlp_pipeline.deidentify.lexicons import lexicons

if TYPE_CHECKING:
    from knowledge_base.records import RecordStore

_WORD = re.compile(r"[^\W_]+")
# Titles, credentials and particles say nothing about who it is.
_NO_NAME = frozenset(
    "dr mr mrs ms miss mx prof md do rn np pa phd dds jr sr ii iii iv the of and for at in de la del van von der al el st "
    "pa-c aprn facp msn bsn lpn cna pt ot".split()
)
# Kinds of places: "Medical Center" names none.
_KINDS = frozenset(
    "hospital clinic center centre medical health healthcare care general regional university practice group physicians "
    "associates department emergency urgent family internal medicine surgery surgical community memorial primary llc inc "
    "pc ltd services service system county city state national public private office laboratory lab labs diagnostics "
    "orthopedic cardiology oncology pediatric pediatrics women children veterans rehabilitation nursing home ward unit "
    "outpatient inpatient pharmacy imaging radiology dental eye kidney heart cancer institute foundation north south east "
    "west us usa".split()
)


class Identifiers(Frozen):
    """Identifiers by how they are replaced. Words stand in the spelling of the record."""

    people: tuple[str, ...] = ()  # names as written, of the patient and of those who treat
    phrases: tuple[tuple[str, str], ...] = ()  # (category, text): facilities, addresses, towns
    numbers: frozenset[str] = frozenset()  # record numbers, telephone numbers, ids

    @property
    def name_words(self) -> frozenset[str]:
        """The words of the people's names."""
        words = (w for name in self.people for w in _WORD.findall(name))
        return frozenset(w for w in words if len(w) > 1 and w.lower() not in _NO_NAME and not w.isdigit())

    @property
    def place_words(self) -> frozenset[str]:
        """The words of places that are no ordinary words."""
        words = (w for _, phrase in self.phrases for w in _WORD.findall(phrase))
        return frozenset(
            w for w in words if len(w) > 2 and not w.isdigit() and w.lower() not in _KINDS and not is_common(w)
        )


def is_common(word: str) -> bool:
    """Whether a word is one of the language or of medicine, so that it is a name only where it has a capital."""
    lower = word.lower()
    lex = lexicons()
    return lower in lex.common or lower in lex.clinical or lower in lex.ambiguous


def record_identifiers(store: RecordStore, patient_id: str) -> Identifiers:
    """Everything in the record that names somebody or some place, or is a number of somebody.

    Of every row ever stored, not only of those visible at the moment: an id does not become less of one later.
    """
    return store.derived(patient_id, "identifiers", lambda: _collect(store, patient_id))


def _collect(store: RecordStore, patient_id: str) -> Identifiers:
    patient = store.patient(patient_id)
    encounters = store.encounters(patient_id)
    procedures = store.procedures(patient_id)
    people = {patient.name, *patient.given, patient.family, patient.general_practitioner}
    people |= {e.practitioner for e in encounters} | {p.performer for p in procedures}
    people |= {m.requester for m in store.medications(patient_id)} | {r.performer for r in store.reports(patient_id)}
    notes = store.notes(patient_id)
    people |= {n.author for n in notes}
    facilities = {e.provider for e in encounters} | {e.location for e in encounters} | {p.location for p in procedures}
    facilities |= {i.location for i in store.immunizations(patient_id)}
    places = {patient.address_line, patient.address_city, patient.address_postal_code}
    places |= set(patient.birth_place.split(",")[:1])
    numbers = {patient.id, *(v for _, v in patient.identifiers), *(v for _, v in patient.telecom)}
    numbers |= {n.id for n in notes} | {i.lot_number for i in store.immunizations(patient_id)}
    for device in store.devices(patient_id):
        numbers |= {getattr(device, name) for name in ("udi", "serial_number", "lot_number")}
    phrases = {("hospital", f.strip()) for f in facilities} | {("location", p.strip()) for p in places}
    return Identifiers(
        people=tuple(sorted(filter(None, people))),
        phrases=tuple(sorted((kind, text) for kind, text in phrases if len(text) > 2)),
        numbers=frozenset(n.strip() for n in numbers if len(n.strip()) > 3),
    )
