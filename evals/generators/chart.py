"""A patient's record as its FHIR JSON states it: the reading that gold is computed from."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

Resource = dict[str, Any]

ANALYTES: dict[str, tuple[str, ...]] = {
    "a1c": ("4548-4",), "creatinine": ("38483-4", "2160-0", "14682-9"), "potassium": ("6298-4", "2823-3"),
    "sodium": ("2947-0", "2951-2"), "bun": ("6299-2", "3094-0"), "calcium": ("49765-1", "17861-6"),
    "chloride": ("2069-3", "2075-0"), "bicarbonate": ("20565-8", "2028-9"), "glucose": ("2339-0", "2345-7"),
    "ldl": ("18262-6", "13457-7"), "hdl": ("2085-9",), "cholesterol": ("2093-3",), "triglycerides": ("2571-8",),
    "uacr": ("14959-1", "9318-7"), "hemoglobin": ("718-7",), "hematocrit": ("4544-3",), "wbc": ("6690-2",),
    "platelets": ("777-3",), "mcv": ("787-2",), "alt": ("1742-6",), "ast": ("1920-8",), "alp": ("6768-6",),
    "albumin": ("1751-7",), "bilirubin": ("1975-2",), "crp": ("1988-5",), "ferritin": ("2276-4",), "tsh": ("3016-3",),
    "ddimer": ("48065-7",), "inr": ("6301-6",), "ldh": ("2532-0", "14804-9"), "procalcitonin": ("33959-8",),
    "troponin": ("89579-7",), "ck": ("2157-6",), "weight": ("29463-7",), "height": ("8302-2",), "bmi": ("39156-5",),
    "hr": ("8867-4",), "rr": ("9279-1",), "temp": ("8310-5",), "spo2": ("2708-6", "59408-5"), "bp": ("85354-9",),
    "smoking": ("72166-2",), "magnesium": ("19123-9",), "phosphate": ("2777-1",), "uric acid": ("3084-1",),
    "vitamin d": ("1989-3",), "b12": ("2132-9",), "psa": ("2857-1",), "ntprobnp": ("33762-6",), "lactate": ("2524-7",),
    "egfr": ("33914-3", "98979-8"), "lipase": ("3040-3",), "esr": ("4537-7",), "free t4": ("3024-7",),
}  # fmt: skip
SYSTOLIC, DIASTOLIC = "8480-6", "8462-4"
_VISIBLE = {"final", "amended", "corrected", ""}
# To the unit that the analyte is asked for in.
_FACTORS = {("creatinine", "umol/L"): 1 / 88.42, ("weight", "lb"): 0.45359237, ("weight", "[lb_av]"): 0.45359237}


class Reading(NamedTuple):
    """One result: when, its value in the analyte's usual unit, as it was written, and its reference."""

    time: str
    value: float
    written: float
    unit: str
    ref: str

    @property
    def day(self) -> str:
        """The calendar day as the record writes it."""
        return self.time[:10]


class Order(NamedTuple):
    """One prescription or reported drug."""

    text: str
    status: str
    day: str
    sig: str
    reason: str
    end: str
    ref: str


def words_of(concept: Resource | None) -> str:
    """A codeable concept's own words."""
    concept = concept or {}
    return concept.get("text") or "; ".join(c.get("display", "") for c in concept.get("coding", []))


def codes_of(concept: Resource | None) -> set[str]:
    """A codeable concept's codes."""
    return {c.get("code", "") for c in (concept or {}).get("coding", [])}


def read_bundle(path: Path) -> list[Resource]:
    """The resources of a bundle file, plain or gzipped."""
    raw = path.read_bytes()
    text = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return [entry["resource"] for entry in json.loads(text)["entry"]]


class Chart:
    """One patient's resources, read as the record states them; what was entered in error is left out."""

    def __init__(self, resources: list[Resource], as_of: str) -> None:
        self.as_of = as_of
        self._by_type: dict[str, list[Resource]] = {}
        for resource in resources:
            self._by_type.setdefault(resource["resourceType"], []).append(resource)
        self.patient = self._by_type["Patient"][0]
        self.id: str = self.patient["id"]

    def of(self, kind: str) -> list[Resource]:
        """Resources of a kind, unordered."""
        return self._by_type.get(kind, [])

    @property
    def name(self) -> str:
        """Given and family name, without the digits that Synthea appends."""
        official = self.patient["name"][0]
        words = [*official["given"][:1], official["family"]]
        return " ".join("".join(c for c in word if not c.isdigit()) for word in words)

    @property
    def is_female(self) -> bool:
        """Administrative gender."""
        return bool(self.patient["gender"] == "female")

    def age(self, day: str | None = None) -> int:
        """Completed years on a day."""
        day, born = day or self.as_of, self.patient["birthDate"]
        return int(day[:4]) - int(born[:4]) - (day[5:10] < born[5:10])

    def _observations(self, analyte: str) -> Iterator[Resource]:
        for row in self.of("Observation"):
            if codes_of(row["code"]) & set(ANALYTES[analyte]) and row.get("status", "") in _VISIBLE:
                yield row

    def series(self, analyte: str, part: str | None = None) -> list[Reading]:
        """Results of one analyte, oldest first; a component of it with `part`."""
        found = []
        for row in self._observations(analyte):
            holder = next((c for c in row.get("component", []) if part in codes_of(c["code"])), {}) if part else row
            quantity = holder.get("valueQuantity")
            time = row.get("effectiveDateTime") or row.get("effectivePeriod", {}).get("start", "")
            if quantity is None or not time or time[:10] > self.as_of:
                continue
            unit, value = quantity.get("unit", ""), float(quantity["value"])
            factor = _FACTORS.get((analyte, unit), 1.0)
            found.append(Reading(time, value * factor, value, unit, f"Observation/{row['id']}"))
        return sorted(found, key=lambda r: r.time[:19])

    def coded(self, analyte: str) -> list[tuple[str, str]]:
        """Day and words of coded results, oldest first."""
        rows = [
            (r["effectiveDateTime"][:10], words_of(r.get("valueCodeableConcept"))) for r in self._observations(analyte)
        ]
        return sorted(rows)

    def orders(self) -> list[Order]:
        """Prescriptions and reported drugs, oldest first."""
        coded = {m["id"]: words_of(m["code"]) for m in self.of("Medication")}
        rows = []
        for row in [*self.of("MedicationRequest"), *self.of("MedicationStatement")]:
            text = words_of(row.get("medicationCodeableConcept"))
            for held in row.get("contained", []):
                text = text or words_of(held.get("code"))
            if not text:
                reference = row.get("medicationReference", {}).get("reference", "")
                text = coded.get(reference.split(":")[-1].split("/")[-1], "")
            sigs = row.get("dosageInstruction") or row.get("dosage") or [{}]
            day = str(row.get("authoredOn") or row.get("effectivePeriod", {}).get("start", ""))[:10]
            end = row.get("dispenseRequest", {}).get("validityPeriod", {}).get("end", "")[:10]
            ref = f"{row['resourceType']}/{row['id']}"
            reason = words_of(row.get("statusReason"))
            rows.append(Order(text, row["status"], day, sigs[0].get("text", ""), reason, end, ref))
        return sorted(rows, key=lambda o: o.day)

    def conditions(self) -> list[tuple[str, str, str, str]]:
        """Words, clinical status, onset and abatement of each condition that was confirmed."""
        rows = []
        for row in self.of("Condition"):
            verification = codes_of(row.get("verificationStatus"))
            if verification & {"refuted", "entered-in-error"}:
                continue
            status = "".join(codes_of(row.get("clinicalStatus")))
            rows.append((words_of(row["code"]), status, row.get("onsetDateTime", ""), row.get("abatementDateTime", "")))
        return sorted(rows, key=lambda r: r[2])

    def allergies(self) -> list[tuple[str, list[str]]]:
        """Substance and reactions of each active allergy."""
        rows = []
        for row in self.of("AllergyIntolerance"):
            if "active" in codes_of(row.get("clinicalStatus")) and "refuted" not in codes_of(
                row.get("verificationStatus")
            ):
                reactions = [words_of(m) for r in row.get("reaction", []) for m in r.get("manifestation", [])]
                rows.append((words_of(row["code"]), reactions))
        return rows

    def procedures(self) -> list[tuple[str, str]]:
        """Words and day of each procedure that was done, oldest first."""
        rows = [
            (words_of(r["code"]), str(r.get("performedDateTime") or r.get("performedPeriod", {}).get("start", ""))[:10])
            for r in self.of("Procedure")
            if r["status"] == "completed"
        ]
        return sorted(rows, key=lambda r: r[1])

    def vaccines(self) -> list[tuple[str, str]]:
        """Words and day of each vaccine that was given, oldest first."""
        rows = [
            (words_of(r["vaccineCode"]), r["occurrenceDateTime"][:10])
            for r in self.of("Immunization")
            if r["status"] == "completed"
        ]
        return sorted(rows, key=lambda r: r[1])

    def visits(self, code: str | None = None) -> list[tuple[str, str, str]]:
        """Class, start day and end day of each encounter, oldest first."""
        rows = [
            (r["class"]["code"], r["period"]["start"][:10], r["period"].get("end", "")[:10])
            for r in self.of("Encounter")
        ]
        return sorted((r for r in rows if code in (None, r[0]) and r[1] <= self.as_of), key=lambda r: r[1])

    def everything(self) -> str:
        """Every name in the record and every note, in lower case: for checking that something is nowhere."""
        texts = [o.text for o in self.orders()]
        for rows in self._by_type.values():
            for row in rows:
                texts += [
                    words_of(row.get(key)) for key in ("code", "vaccineCode", "type") if isinstance(row.get(key), dict)
                ]
        return "\n".join([*texts, *(text for _, _, text in self.notes())]).lower()

    def notes(self) -> list[tuple[str, str, str]]:
        """Id, day and text of each note, oldest first."""
        rows = []
        for row in self.of("DocumentReference"):
            data = row["content"][0]["attachment"].get("data", "")
            rows.append((row["id"], row["date"][:10], base64.b64decode(data).decode()))
        return sorted(rows, key=lambda r: r[1])
