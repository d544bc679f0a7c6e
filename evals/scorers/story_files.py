"""One patient's raw resources and notes as the judge of stories reads them: never through the rows that stories are written from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from importlib import resources
from typing import Any

from domain.facts import Evidence, Note
from evals.gold import moment
from nlp_pipeline.vocabulary import Vocabulary
from tools.concepts import Lexicon

Json = dict[str, Any]
ISO = re.compile(r"(?<![\d.])((?:19|20)\d\d)-(\d\d)(?:-(\d\d))?(?![\d-])")
LIVE = frozenset({"active", "recurrence", "relapse", ""})


@dataclass
class Source:
    """What one citation holds: its strings, numbers and dates, and the resource if it is one."""

    ref: str
    strings: list[str] = field(default_factory=list)
    numbers: set[float] = field(default_factory=set)
    dates: set[str] = field(default_factory=set)
    raw: Json | None = None

    @property
    def text(self) -> str:
        """Every string in one."""
        return "\n".join(self.strings)


def rules_behind(text: str) -> list[Source]:
    """The packaged rules of drug safety that a sentence names by the source in its brackets: nothing else of them is held."""
    named = [
        rule
        for rule in _all_rules(json.loads(resources.files("tools").joinpath("data/drug_rules.json").read_text("utf-8")))
        if f"({rule['source']})" in text
    ]
    return [_collected(Source("rule"), rule) for rule in named]


def _all_rules(part: Any) -> Iterator[Json]:
    if isinstance(part, dict):
        if "source" in part:
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from _all_rules(item)


class PatientFiles:
    """One patient's raw resources and notes, as the checker reads them."""

    def __init__(self, store: Any, patient_id: str, as_of: datetime, lexicon: Lexicon) -> None:
        self._store, self.patient_id, self.as_of, self.lexicon = store, patient_id, as_of, lexicon
        self.vocabulary: Vocabulary = lexicon.vocabulary
        self._sources: dict[str, Source | None] = {}
        self._ids: dict[tuple[str, str], frozenset[str]] = {}

    def source(self, evidence: Evidence) -> Source | None:
        """What a citation points to; None when it points to nothing of this patient."""
        if evidence.ref not in self._sources:
            self._sources[evidence.ref] = self._read(evidence)
        return self._sources[evidence.ref]

    def _read(self, evidence: Evidence) -> Source | None:
        try:
            if evidence.span is not None:
                return self._span(self._store.note(self.patient_id, evidence.span.note_id), evidence)
            if evidence.ref.startswith("Knowledge/"):
                from knowledge_base.guidelines import statement

                known = statement(evidence.ref.partition("/")[2])
                return _collected(Source(evidence.ref), [known.text, known.source, known.title, str(known.year)])
            raw = self._store.resource(self.patient_id, evidence.ref)
        except Exception:  # whatever the store says, the citation leads nowhere
            return None
        source = _collected(Source(evidence.ref, raw=raw), raw)
        for named in ("medicationReference", "reasonReference"):  # an order may name its drug and reason by reference
            for item in raw.get(named) if isinstance(raw.get(named), list) else [raw.get(named) or {}]:
                _collected(source, self.referenced(raw, str(item.get("reference") or "")))
        return source

    def referenced(self, raw: Json, reference: str) -> Json:
        if reference.startswith("#"):
            return next((c for c in raw.get("contained") or () if f"#{c.get('id')}" == reference), {})
        try:
            found: Json = self._store.resource(self.patient_id, reference)
        except Exception:  # not stored: the order then says no more than its own words
            return {}
        return {key: found[key] for key in ("code", "medicationCodeableConcept") if key in found}

    def _span(self, note: Note, evidence: Evidence) -> Source | None:
        span = evidence.span
        if span is None or span.end > len(note.text):
            return None
        source = _collected(Source(evidence.ref), [note.text[span.start : span.end], note.title, note.note_type])
        if note.time is not None:
            source.dates.add(note.time.date().isoformat())
        return source

    def all_of(self, *kinds: str) -> Iterator[Json]:
        """Every stored resource of these types that was true and known at the moment."""
        readers = {
            "AllergyIntolerance": ("allergies",), "Condition": ("conditions",), "Medication": ("medications",), "Observation": ("observations",),
            "Encounter": ("encounters",), "Procedure": ("procedures", "reports"), "Immunization": ("immunizations",),
            "DocumentReference": (),
        }  # fmt: skip
        for kind in kinds:
            for reader in readers[kind]:
                for row in getattr(self._store, reader)(self.patient_id):
                    raw = self._store.resource(self.patient_id, row.ref.partition("#")[0])
                    if is_true(raw) and not self.is_later(raw):
                        yield raw

    @cached_property
    def goes_on(self) -> bool:
        """Whether the record has orders or values of a later day than the moment."""
        rows = (*self._store.medications(self.patient_id), *self._store.observations(self.patient_id))
        return any(r.time is not None and r.time.date() > self.as_of.date() for r in rows)

    def notes(self) -> list[Note]:
        """The notes."""
        return [n for n in self._store.notes(self.patient_id) if n.time is None or n.time.date() <= self.as_of.date()]

    def open_problems(self) -> dict[str, list[str]]:
        """Names of open medical problems, each with the citations that would tell it."""
        rows = [r for r in self.all_of("Condition") if is_open(r, self) and not is_social(r, self)]
        return _named(rows)

    def active_drugs(self) -> dict[str, list[str]]:
        """Names of active orders and statements."""
        return _named([r for r in self.all_of("Medication") if r.get("status") == "active"], self)

    def active_allergies(self) -> dict[str, list[str]]:
        """Names of active allergies; a statement that none is known is none."""
        rows = [r for r in self.all_of("AllergyIntolerance") if code_of(r, "clinicalStatus") in {"active", ""}]
        return _named([r for r in rows if "no known" not in label_of(r).casefold()])

    def abnormal_results(self) -> dict[str, list[str]]:
        """Tests of the year before the newest result whose newest value is out of its reported or usual range."""
        newest: dict[str, Json] = {}
        for raw in self.all_of("Observation"):
            if (raw.get("category") or [{}])[0].get("coding", [{}])[0].get(
                "code"
            ) == "laboratory" and "valueQuantity" in raw:
                newest[label_of(raw)] = max(
                    newest.get(label_of(raw), raw), raw, key=lambda r: str(r.get("effectiveDateTime") or "")
                )
        last = max((str(r.get("effectiveDateTime") or "")[:10] for r in newest.values()), default="")
        if not last:
            return {}
        since = (date.fromisoformat(last) - timedelta(days=365)).isoformat()
        rows = [r for r in newest.values() if effective_day(r) >= since]
        return _named(
            [r for r in rows if any(v in {"high", "low"} for v in verdicts_of(r, effective_day(r), self, None))]
        )

    def is_later(self, raw: Json) -> bool:
        """Whether a resource is of a time after the moment; what has a day alone, of a day after it."""
        said = _effective(raw)
        if "T" in said:
            return moment(said) > self.as_of
        return bool(said) and said > self.as_of.date().isoformat()[: len(said)]

    def ids(self, text: str, kind: str) -> frozenset[str]:
        """The concepts of a kind that a text names."""
        key = (text, kind)
        if key not in self._ids:
            found = self.lexicon.find_mentions(text, (kind,), fuzzy=False)
            self._ids[key] = frozenset(t.id for m in found for t in m.targets if t.kind == kind)
        return self._ids[key]


def _named(rows: Iterable[Json], files: PatientFiles | None = None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for raw in rows:
        name = re.sub(r"\s*\((?:disorder|finding|situation|procedure)\)$", "", label_of(raw)) or _referenced_label(
            raw, files
        )
        found.setdefault(name, []).append(f"{raw['resourceType']}/{raw['id']}")
    return found


def _referenced_label(raw: Json, files: PatientFiles | None) -> str:
    reference = str((raw.get("medicationReference") or {}).get("reference") or "")
    return label_of(files.referenced(raw, reference)) if files is not None and reference else reference


def is_true(raw: Json) -> bool:
    """Whether a resource says something that happened and was not taken back."""
    if raw.get("status") in {
        "entered-in-error",
        "cancelled",
        "not-done",
        "draft",
        "planned",
        "preparation",
        "proposed",
    }:
        return False
    return code_of(raw, "verificationStatus") not in {"entered-in-error", "refuted"} and not raw.get("doNotPerform")


def code_of(raw: Json | None, element: str) -> str:
    """The first code of a status element."""
    coding = ((raw or {}).get(element) or {}).get("coding") or [{}]
    return str(coding[0].get("code") or "")


def effective_day(raw: Json) -> str:
    """The day a resource speaks of, as precisely as it says."""
    return _effective(raw)[:10]


def _effective(raw: Json) -> str:
    for key in (
        "effectiveDateTime",
        "performedDateTime",
        "authoredOn",
        "onsetDateTime",
        "recordedDate",
        "occurrenceDateTime",
        "dateAsserted",
    ):
        if raw.get(key):
            return str(raw[key])
    for key in ("period", "performedPeriod", "effectivePeriod"):
        if (raw.get(key) or {}).get("start"):
            return str(raw[key]["start"])
    return ""


def _collected(source: Source, value: Any) -> Source:
    if isinstance(value, bool) or value is None:
        return source
    if isinstance(value, int | float):
        source.numbers.add(abs(float(value)))
    elif isinstance(value, str):
        flat = " ".join(value.split())
        source.strings.append(flat)
        for match in ISO.finditer(value):
            source.dates.add(match[0])
        if re.fullmatch(r"(?:19|20)\d\d", value):
            source.dates.add(value)
        if re.match(r"\d{4}-\d\d-\d\dT", value):
            source.dates.add(value[:10])
        plain = re.sub(r"\d{4}-\d\d(?:-\d\d)?(?:T[\d:.+Z-]*)?", " ", flat)
        source.numbers.update(abs(float(n.replace(",", ""))) for n in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", plain))
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in {"reference", "system", "id", "url", "fullUrl", "data"}:
                _collected(source, item)
    elif isinstance(value, Sequence):
        for item in value:
            _collected(source, item)
    return source


def codings(value: Any) -> Iterator[Json]:
    """Every coding inside a value."""
    if isinstance(value, dict):
        if "code" in value and "system" in value:
            yield value
        for item in value.values():
            yield from codings(item)
    elif isinstance(value, list):
        for item in value:
            yield from codings(item)


def is_open(raw: Json, files: PatientFiles) -> bool:
    """Whether a condition was open at the moment."""
    end = str(raw.get("abatementDateTime") or "")[:10]
    if end:
        return end > files.as_of.date().isoformat()[: len(end)]
    return code_of(raw, "clinicalStatus") in LIVE


def verdicts_of(raw: Json | None, day: str, files: PatientFiles, shown: set[float] | None) -> Iterator[str]:
    """What the ranges of an observation of that day, and of its components, make of its value, if it is one of those shown."""
    if not raw or raw.get("resourceType") != "Observation" or not str(effective_day(raw)).startswith(day):
        return
    for part in (raw, *(raw.get("component") or ())):
        value = (part.get("valueQuantity") or {}).get("value")
        if value is None or (
            shown is not None and not any(abs(value - s) <= max(0.006 * abs(s), 0.005) for s in shown)
        ):
            continue
        flag = str((((part.get("interpretation") or [{}])[0]).get("coding") or [{}])[0].get("code") or "")
        for limit in part.get("referenceRange") or raw.get("referenceRange") or ():
            low, high = (limit.get("low") or {}).get("value"), (limit.get("high") or {}).get("value")
            yield _side(value, low, high)
        if flag[:1] in {"H", "L"}:
            yield "high" if flag[0] == "H" else "low"
        if not part.get("referenceRange") and not flag:
            yield from _by_usual_range(part, value, files)


def _side(value: float, low: float | None, high: float | None) -> str:
    if high is not None and value > high:
        return "high"
    return "low" if low is not None and value < low else "in range"


def _by_usual_range(part: Json, value: float, files: PatientFiles) -> Iterator[str]:
    own = {"8480-6": (90, 139), "8462-4": (50, 89), "8867-4": (50, 110), "9279-1": (10, 22), "8310-5": (35.5, 38.0)}
    for coding in (part.get("code") or {}).get("coding") or ():
        for concept in files.vocabulary.by_code.get((str(coding.get("system")), str(coding.get("code"))), ()):
            low, high = own.get(str(coding.get("code")), (concept.number("low"), concept.number("high")))
            yield _side(value, low, high)


def is_social(raw: Json, files: PatientFiles) -> bool:
    """Whether a condition is a social finding by the vocabulary."""
    text = label_of(raw)
    found = [files.vocabulary.get("condition", i) for i in files.ids(text, "condition")]
    coded = [
        c
        for k in codings(raw.get("code"))
        for c in files.vocabulary.by_code.get((str(k.get("system")), str(k.get("code"))), ())
    ]
    kinds = [c.extra.get("kind") for c in (*found, *coded) if c is not None]
    return bool(kinds) and all(k == "social" for k in kinds)


def label_of(raw: Json) -> str:
    """What a resource is called."""
    for key in ("code", "vaccineCode", "medicationCodeableConcept"):
        code = raw.get(key) or {}
        if code:
            return str(code.get("text") or (code.get("coding") or [{}])[0].get("display") or "")
    return ""
