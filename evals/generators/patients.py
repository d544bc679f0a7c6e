"""Synthetic patients for the agents' questions, from a pool and a seed: FHIR bundles with notes, and what is true of them.

Every name, number and sentence is invented. The same pool and seed give the same bundles to the last byte.
"""

from __future__ import annotations

import base64
import random
from datetime import date, timedelta
from typing import Any, NamedTuple

Resource = dict[str, Any]
AS_OF = "2026-11-01"


class Person(NamedTuple):
    """Who a generated patient is. Near-identical people stand next to each other in a pool."""

    given: str
    family: str
    gender: str
    born: str
    mrn: str


class Drug(NamedTuple):
    """A drug as it is ordered. `kinds` are words for its class."""

    name: str
    code: str
    strength: str
    sig: str
    kinds: str = ""


class Told(NamedTuple):
    """Something that only a note tells: ways to say it, ways to ask for it, and the words of a right answer.

    `gold` is groups joined by ";", alternatives by "|". `never` are words that would be wrong.
    """

    said: tuple[str, ...]
    asked: tuple[str, ...]
    gold: str
    category: str
    never: str = ""


class Clash(NamedTuple):
    """A note against the record. `{x}` is what the record holds (drug, allergen, dose or smoking status)."""

    kind: str
    said: str
    asked: tuple[str, ...]


class Pool(NamedTuple):
    """What patients are made of."""

    prefix: str
    people: tuple[Person, ...]
    conditions: tuple[tuple[str, str], ...]
    drugs: tuple[Drug, ...]
    allergies: tuple[tuple[str, str, str], ...]
    procedures: tuple[tuple[str, str], ...]
    told: tuple[Told, ...]
    clashes: tuple[Clash, ...]
    clinicians: tuple[str, ...]


class Made(NamedTuple):
    """One patient: the bundle's resources, and what its notes tell with the id of the note that tells it."""

    resources: list[Resource]
    told: list[tuple[Told, str]]
    clashes: list[tuple[Clash, str, str]]


# key, LOINC, words, unit, mean, spread, decimals
_LABS: tuple[tuple[str, str, str, float, float, int], ...] = (
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 1.15, 0.35, 2),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 4.5, 0.5, 1),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 138.0, 3.5, 0),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 12.6, 1.5, 1),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 6.9, 1.0, 1),
    ("13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation", "mg/dL", 118.0, 28.0, 0),
    ("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma", "mg/dL", 48.0, 9.0, 0),
    ("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", 232.0, 55.0, 0),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", 7.4, 2.1, 1),
    ("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", "mIU/L", 3.1, 1.6, 2),
    ("2276-4", "Ferritin [Mass/volume] in Serum or Plasma", "ng/mL", 88.0, 50.0, 0),
    ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "U/L", 34.0, 16.0, 0),
    ("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", "mg/L", 11.0, 9.0, 1),
    ("3084-1", "Urate [Mass/volume] in Serum or Plasma", "mg/dL", 6.4, 1.4, 1),
    ("1989-3", "25-hydroxyvitamin D3 [Mass/volume] in Serum or Plasma", "ng/mL", 26.0, 9.0, 0),
    ("2132-9", "Cobalamin (Vitamin B12) [Mass/volume] in Serum or Plasma", "pg/mL", 410.0, 140.0, 0),
    ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL", 9.4, 0.5, 1),
    ("1751-7", "Albumin [Mass/volume] in Serum or Plasma", "g/dL", 3.8, 0.4, 1),
    ("19123-9", "Magnesium [Mass/volume] in Serum or Plasma", "mg/dL", 1.9, 0.25, 1),
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 128.0, 34.0, 0),
)
_VACCINES = (
    ("140", "Influenza, seasonal, injectable, preservative free"), ("115", "Tdap"), ("187", "Zoster recombinant"),
    ("216", "Pneumococcal conjugate PCV20"), ("213", "SARS-COV-2 (COVID-19) vaccine"), ("43", "Hep B, adult"),
)  # fmt: skip
_SMOKING = (("8517006", "Former smoker"), ("266919005", "Never smoker"), ("449868002", "Current every day smoker"))
_FIRST = date(2023, 2, 6)


def generate(pool: Pool, seed: int) -> list[Made]:
    """One patient for each person of the pool; what the pool can tell in notes is dealt out to all of them."""
    deal = random.Random(seed)
    told, clashes = list(pool.told), list(pool.clashes)
    deal.shuffle(told)
    n = len(pool.people)
    return [
        _Writer(pool, person, number, random.Random(f"{seed}-{number}")).write(told[number::n], clashes[number::n])
        for number, person in enumerate(pool.people)
    ]


class _Writer:
    def __init__(self, pool: Pool, person: Person, number: int, rng: random.Random) -> None:
        self.pool, self.person, self.rng = pool, person, rng
        self.id = f"{pool.prefix}-{number + 1:02d}"
        self.resources: list[Resource] = []
        self._count = 0
        self.visits = sorted(rng.sample(range(0, 1340, 7), rng.randint(6, 9)))

    def day(self, visit: int) -> str:
        return str(_FIRST + timedelta(days=self.visits[visit]))

    def add(self, kind: str, **fields: Any) -> str:
        self._count += 1
        key = "patient" if kind in ("AllergyIntolerance", "Immunization") else "subject"
        row = {"resourceType": kind, "id": f"{self.id}-{self._count:03d}", key: {"reference": f"Patient/{self.id}"}}
        self.resources.append(row | fields)
        return str(row["id"])

    def write(self, told: list[Told], clashes: list[Clash]) -> Made:
        self._patient()
        self._encounters()
        self._results()
        conditions = self._conditions()
        active, stopped = self._drugs()
        allergies = self._allergies()
        smoking = self._smoking()
        self._procedures()
        notes = self._notes(told, conditions, active)
        answers = []
        for clash in clashes:
            held = {"allergy": allergies[0][0] if allergies else "", "stopped": stopped.name, "smoking": smoking,
                    "dose": active[0].name}[clash.kind]  # fmt: skip
            if held and not (clash.kind == "smoking" and smoking == "Never smoker"):
                answers.append((clash, held, self._note(self.day(-1), "Clinic note", clash.said.format(x=held))))
        return Made(self.resources, notes, answers)

    def _patient(self) -> None:
        p = self.person
        self.resources.append(
            {"resourceType": "Patient", "id": self.id, "birthDate": p.born, "gender": p.gender,
             "identifier": [{"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                                                  "code": "MR"}]}, "system": "urn:charttwin:eval", "value": p.mrn}],
             "name": [{"use": "official", "family": p.family, "given": [p.given]}]}
        )  # fmt: skip

    def _encounters(self) -> None:
        types = {"AMB": "Office visit", "EMER": "Emergency department visit", "IMP": "Inpatient admission"}
        for number in range(len(self.visits)):
            kind = "IMP" if number == 3 else "EMER" if number == 1 else "AMB"
            stay = self.rng.randint(2, 9) if kind == "IMP" else 0
            end = str(date.fromisoformat(self.day(number)) + timedelta(days=stay))
            self.add(
                "Encounter", status="finished", type=[{"text": types[kind]}],
                **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": kind}},
                period={"start": f"{self.day(number)}T09:00:00Z", "end": f"{end}T16:00:00Z"},
            )  # fmt: skip

    def _results(self) -> None:
        for code, words, unit, mean, spread, digits in self.rng.sample(_LABS, 11):
            n = self.rng.randint(3, len(self.visits))
            for visit in sorted(self.rng.sample(range(len(self.visits)), n)):
                value = max(round(self.rng.gauss(mean, spread), digits), round(mean / 3, digits))
                self._observation(code, words, self.day(visit), {"value": value, "unit": unit})
        weight = self.rng.uniform(58, 104)
        for visit in range(len(self.visits)):
            weight += self.rng.uniform(-3, 3)
            self._observation("29463-7", "Body weight", self.day(visit), {"value": round(weight, 1), "unit": "kg"})
            beats = self.rng.randint(58, 104)
            self._observation("8867-4", "Heart rate", self.day(visit), {"value": beats, "unit": "/min"})
            parts = [("8480-6", "Systolic blood pressure", self.rng.randint(104, 168)),
                     ("8462-4", "Diastolic blood pressure", self.rng.randint(58, 98))]  # fmt: skip
            self._observation("85354-9", "Blood pressure panel", self.day(visit), None, parts)
        self._observation("8302-2", "Body height", self.day(0), {"value": self.rng.randint(152, 190), "unit": "cm"})

    def _observation(
        self,
        code: str,
        words: str,
        day: str,
        quantity: Resource | None,
        parts: list[tuple[str, str, int]] | None = None,
    ) -> None:
        more: Resource = {"valueQuantity": _coded(quantity)} if quantity else {}
        if parts:
            more["component"] = [
                {"code": _code("http://loinc.org", c, w), "valueQuantity": _coded({"value": v, "unit": "mm[Hg]"})}
                for c, w, v in parts
            ]
        minute = self._count % 50 + 10
        self.add("Observation", status="final", code=_code("http://loinc.org", code, words),
                 effectiveDateTime=f"{day}T09:{minute}:00Z", **more)  # fmt: skip

    def _conditions(self) -> list[str]:
        chosen = self.rng.sample(self.pool.conditions, 5)
        for number, (words, code) in enumerate(chosen):
            onset = f"{self.rng.randint(2004, 2022)}-{self.rng.randint(1, 12):02d}-{self.rng.randint(1, 28):02d}"
            more: Resource = {"abatementDateTime": self.day(2)} if number == 4 else {}
            status = "resolved" if number == 4 else "active"
            self.add("Condition", code=_code("http://snomed.info/sct", code, words), onsetDateTime=onset, **more,
                     clinicalStatus=_status("condition-clinical", status),
                     verificationStatus=_status("condition-ver-status", "confirmed"))  # fmt: skip
        return [words for words, _ in chosen[:4]]

    def _drugs(self) -> tuple[list[Drug], Drug]:
        chosen = self.rng.sample(self.pool.drugs, 5)
        reasons = ("Dizziness", "Rash", "No longer needed", "Cost", "Muscle aches", "Ankle swelling", "Nausea")
        for number, drug in enumerate(chosen):
            stopped = number == 4
            more: Resource = {"statusReason": {"text": self.rng.choice(reasons)}} if stopped else {}
            if stopped:
                more["dispenseRequest"] = {"validityPeriod": {"start": self.day(0), "end": self.day(-2)}}
            self.add("MedicationRequest", status="stopped" if stopped else "active", intent="order", **more,
                     medicationCodeableConcept=_code("http://www.nlm.nih.gov/research/umls/rxnorm", drug.code,
                                                     f"{drug.name} {drug.strength}"),
                     authoredOn=self.day(min(number, 2)) if not stopped else self.day(0),
                     dosageInstruction=[{"text": drug.sig}])  # fmt: skip
        return chosen[:4], chosen[4]

    def _allergies(self) -> list[tuple[str, str, str]]:
        chosen = self.rng.sample(self.pool.allergies, self.rng.choice((1, 2)))
        for words, code, reaction in chosen:
            self.add("AllergyIntolerance", code=_code("http://snomed.info/sct", code, words), recordedDate=self.day(0),
                     clinicalStatus=_status("allergyintolerance-clinical", "active"),
                     verificationStatus=_status("allergyintolerance-verification", "confirmed"),
                     reaction=[{"manifestation": [{"text": reaction}]}])  # fmt: skip
        return chosen

    def _smoking(self) -> str:
        code, words = self.rng.choice(_SMOKING)
        value = {"valueCodeableConcept": _code("http://snomed.info/sct", code, words)}
        self.add("Observation", status="final", effectiveDateTime=f"{self.day(-1)}T09:05:00Z", **value,
                 code=_code("http://loinc.org", "72166-2", "Tobacco smoking status"))  # fmt: skip
        return words

    def _procedures(self) -> None:
        for words, code in self.rng.sample(self.pool.procedures, 2):
            day = self.day(self.rng.randrange(len(self.visits)))
            self.add("Procedure", status="completed", code=_code("http://snomed.info/sct", code, words),
                     performedDateTime=day)  # fmt: skip
        for code, words in self.rng.sample(_VACCINES, 3):
            day = self.day(self.rng.randrange(len(self.visits)))
            self.add("Immunization", status="completed", occurrenceDateTime=f"{day}T10:00:00Z",
                     vaccineCode=_code("http://hl7.org/fhir/sid/cvx", code, words))  # fmt: skip

    def _notes(self, told: list[Told], conditions: list[str], drugs: list[Drug]) -> list[tuple[Told, str]]:
        """What is told, two to a note, in a clinician's own style."""
        placed = []
        for number in range(0, len(told), 2):
            pair = told[number : number + 2]
            said = [self.rng.choice(t.said).format(**_pronouns(self.person.gender)) for t in pair]
            visit = min(number // 2 + 2, len(self.visits) - 1)
            style = _STYLES[self.rng.randrange(len(_STYLES))]
            note = self._note(self.day(visit), "Progress note", style(said, conditions, drugs, self.person, self.rng))
            placed += [(t, note) for t in pair]
        return placed

    def _note(self, day: str, title: str, text: str) -> str:
        body = base64.b64encode(text.encode()).decode()
        return self.add(
            "DocumentReference", status="current", date=f"{day}T11:{self._count % 50 + 10}:00Z", type={"text": title},
            author=[{"display": self.rng.choice(self.pool.clinicians)}],
            content=[{"attachment": {"contentType": "text/plain; charset=utf-8", "data": body, "title": title}}],
        )  # fmt: skip


def _code(system: str, code: str, words: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": words}], "text": words}


def _coded(quantity: Resource) -> Resource:
    return quantity | {"system": "http://unitsofmeasure.org", "code": quantity["unit"]}


def _status(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def _pronouns(gender: str) -> dict[str, str]:
    keys = ("he", "his", "him")
    return dict(zip(keys, ("she", "her", "her") if gender == "female" else keys, strict=True))


def _soap(said: list[str], conditions: list[str], drugs: list[Drug], person: Person, rng: random.Random) -> str:
    listed = "\n".join(f"- {d.name} {d.strength}" for d in drugs)
    return (f"SUBJECTIVE\n{said[0]}\n\nMEDICATIONS\n{listed}\n\nOBJECTIVE\nComfortable. Chest clear. No oedema.\n\n"
            f"ASSESSMENT AND PLAN\n{conditions[0]}: stable, continue.\n{' '.join(said[1:])}\n")  # fmt: skip


def _telegraphic(said: list[str], conditions: list[str], drugs: list[Drug], person: Person, rng: random.Random) -> str:
    return f"f/u {conditions[0].lower()}, {conditions[1].lower()}. NAD. {said[0]} exam nl. {' '.join(said[1:])} RTC prn"


def _letter(said: list[str], conditions: list[str], drugs: list[Drug], person: Person, rng: random.Random) -> str:
    title = "Mrs" if person.gender == "female" else "Mr"
    return (f"Dear colleague,\n\nThank you for asking me to see {title} {person.family}, who is known to have "
            f"{conditions[0].lower()} and {conditions[1].lower()}. {said[0]} On examination there was nothing new to "
            f"find.\n\n{' '.join(said[1:])}\n\nWith kind regards\n")  # fmt: skip


def _dictated(said: list[str], conditions: list[str], drugs: list[Drug], person: Person, rng: random.Random) -> str:
    return (f"This is a dictated note on {person.given} {person.family}. {' '.join(said)} "
            f"{conditions[1]} was discussed and is unchanged. Dictated but not read.")  # fmt: skip


def _bullets(said: list[str], conditions: list[str], drugs: list[Drug], person: Person, rng: random.Random) -> str:
    lines = "\n".join(f"* {line}" for line in said)
    return f"VISIT NOTE\n{lines}\n* {conditions[2]} - no change\n* meds reviewed, {drugs[0].name} tolerated\n"


_STYLES = (_soap, _telegraphic, _letter, _dictated, _bullets)
