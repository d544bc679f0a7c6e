"""Checks each sentence of a story against what it cites, by code of its own.

It reads the raw FHIR resources, the notes and the packaged statements, never the rows or functions that the story was
written with. A quote must stand in a cited source; a date, number, drug or diagnosis outside quotes must stand there too or
follow from it by an arithmetic named here; words of status, range and direction must agree with the cited values; a claim of
absence is checked against every resource of the patient. What it cannot judge (plain words for a diagnosis) it does not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from domain.facts import Evidence, Note
from nlp_pipeline.vocabulary import Vocabulary
from tools.concepts import Lexicon

Json = dict[str, Any]
_ISO = re.compile(r"(?<![\d.])((?:19|20)\d\d)-(\d\d)(?:-(\d\d))?(?![\d-])")
_MONTHS = "January February March April May June July August September October November December".split()
_WORDY = re.compile(rf"\b({'|'.join(_MONTHS)})(?: (\d{{1,2}}),)? ((?:19|20)\d\d)\b")
_YEAR = re.compile(r"(?<![\d.,/-])((?:19|20)\d\d)(?![\d.,/%-])")
_NUMBER = re.compile(r"(?<![\w.])[<>≤≥]?(\d+(?:,\d{3})*(?:\.\d+)?)(?!\w*\d)")
_UNIT_NUMBERS = re.compile(r"1\.73\s*m²|10[³⁶⁹]|×10\S+|m²|\b1\.73\b")
_CONVERTED = re.compile(r"(\d+(?:\.\d+)?)(?: [^\s(),;]+)? \((?:recorded|written) as [<>]?(\d+(?:\.\d+)?)\s*([^\s)]*)\)")
_QUOTE = re.compile(r"“([^”]*)”")
_COUNTS = re.compile(
    r"\b(\d+)(?= (?:more\b|further\b|active (?:orders|allerg)|episodes\b|active:|days with))|(?<=has )(\d+)(?= active)|(?<=says )(\d+)(?= active)"
)
_AGE = re.compile(r"\b(\d+)(?=-(?:year|month)-old\b)|(?<=are )(\d+)(?= (?:years|months?) old)|(?<=age of )(\d+)\b")
_FLAGGED = re.compile(r"(?<![\w./])[<>]?(\d+(?:\.\d+)?)(?:/(\d+))?(?: [^();]*?)? \(((?:19|20)\d\d(?:-\d\d){0,2}), (high|low)\)")
_MOVED = re.compile(
    r"(?<![\w./])[<>]?(\d+(?:\.\d+)?)(?:/\d+)?[^();:]*\([^()]*\)(?:, [<>]?[\d./]+(?: \(recorded as [^)]*\))? on [\d-]+)?, (up|down) from [<>]?(\d+(?:\.\d+)?)"
)
_ACROSS = re.compile(r"(?<![\w./])(\d+(?:\.\d+)?)[^();]*\([^()]*\); before (\d+(?:\.\d+)?)[^;]*?, across (\d+(?:\.\d+)?)")
_PEAKED = re.compile(r"(?<![\w./])[<>]?(\d+(?:\.\d+)?)(?:/\d+)?[^();:]*\([^()]*\), after a (peak|low) of [<>]?(\d+(?:\.\d+)?)")
_FACTORS = (
    88.42, 1 / 88.42, 0.45359, 2.20462, 18.016, 1 / 18.016, 2.54, 1 / 2.54, 10.0, 0.1, 1000.0, 0.001, 38.67, 1 / 38.67, 88.57, 1 / 88.57,
    17.104, 1 / 17.104, 0.357, 2.801, 4.008, 0.2495, 100.0, 0.01, 28.3495,
)  # fmt: skip
_LIVE = {"active", "recurrence", "relapse", ""}
_SEARCHED = {
    "allergy": "AllergyIntolerance", "problem": "Condition", "medication": "Medication", "result": "Observation", "visit": "Encounter",
    "note": "DocumentReference",
}  # fmt: skip
_SCREENED = {
    "colorectal cancer screening": r"colonoscop|fecal|faecal|\bfit\b|cologuard|sigmoidoscop", "mammography": r"mammogra",
    "bone density measurement": r"densitometry|dxa|dexa|bone density", "pneumococcal vaccination": r"pneumococ|pcv|ppsv",
    "influenza vaccination": r"influenza|flu\b",
}  # fmt: skip


class Fault(NamedTuple):
    """One thing that a sentence says and its evidence does not."""

    kind: str  # unresolved | quote | date | number | drug | diagnosis | status | range | direction | absence | later
    value: str
    sentence: str


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

                item = statement(evidence.ref.partition("/")[2])
                return _collected(Source(evidence.ref), [item.text, item.source, item.title, str(item.year)])
            raw = self._store.resource(self.patient_id, evidence.ref)
        except Exception:  # whatever the store says, the citation leads nowhere
            return None
        source = _collected(Source(evidence.ref, raw=raw), raw)
        for named in ("medicationReference", "reasonReference"):  # an order may name its drug and reason by reference
            for item in raw.get(named) if isinstance(raw.get(named), list) else [raw.get(named) or {}]:
                _collected(source, self._referenced(raw, str(item.get("reference") or "")))
        return source

    def _referenced(self, raw: Json, reference: str) -> Json:
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
                    if _is_true(raw) and not self.is_later(raw):
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
        rows = [r for r in self.all_of("Condition") if _is_open(r, self) and not _is_social(r, self)]
        return _named(rows)

    def active_drugs(self) -> dict[str, list[str]]:
        """Names of active orders and statements."""
        return _named([r for r in self.all_of("Medication") if r.get("status") == "active"], self)

    def active_allergies(self) -> dict[str, list[str]]:
        """Names of active allergies; a statement that none is known is none."""
        rows = [r for r in self.all_of("AllergyIntolerance") if _code_of(r, "clinicalStatus") in {"active", ""}]
        return _named([r for r in rows if "no known" not in _label(r).casefold()])

    def abnormal_results(self) -> dict[str, list[str]]:
        """Tests of the year before the newest result whose newest value is out of its reported or usual range."""
        newest: dict[str, Json] = {}
        for raw in self.all_of("Observation"):
            if (raw.get("category") or [{}])[0].get("coding", [{}])[0].get("code") == "laboratory" and "valueQuantity" in raw:
                newest[_label(raw)] = max(newest.get(_label(raw), raw), raw, key=lambda r: str(r.get("effectiveDateTime") or ""))
        last = max((str(r.get("effectiveDateTime") or "")[:10] for r in newest.values()), default="")
        if not last:
            return {}
        since = (date.fromisoformat(last) - timedelta(days=365)).isoformat()
        rows = [r for r in newest.values() if _effective(r) >= since]
        return _named([r for r in rows if any(v in {"high", "low"} for v in _verdicts(r, _effective(r), self, None))])

    def is_later(self, raw: Json) -> bool:
        """Whether a resource is of a day after the moment."""
        day = _effective(raw)
        return bool(day) and day > self.as_of.date().isoformat()[: len(day)]

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
        name = re.sub(r"\s*\((?:disorder|finding|situation|procedure)\)$", "", _label(raw)) or _referenced_label(raw, files)
        found.setdefault(name, []).append(f"{raw['resourceType']}/{raw['id']}")
    return found


def _referenced_label(raw: Json, files: PatientFiles | None) -> str:
    reference = str((raw.get("medicationReference") or {}).get("reference") or "")
    return _label(files._referenced(raw, reference)) if files is not None and reference else reference


def _is_true(raw: Json) -> bool:
    if raw.get("status") in {"entered-in-error", "cancelled", "not-done", "draft", "planned", "preparation", "proposed"}:
        return False
    return _code_of(raw, "verificationStatus") not in {"entered-in-error", "refuted"} and not raw.get("doNotPerform")


def _code_of(raw: Json | None, element: str) -> str:
    coding = ((raw or {}).get(element) or {}).get("coding") or [{}]
    return str(coding[0].get("code") or "")


def _effective(raw: Json) -> str:
    for key in ("effectiveDateTime", "performedDateTime", "authoredOn", "onsetDateTime", "recordedDate", "occurrenceDateTime", "dateAsserted"):
        if raw.get(key):
            return str(raw[key])[:10]
    for key in ("period", "performedPeriod", "effectivePeriod"):
        if (raw.get(key) or {}).get("start"):
            return str(raw[key]["start"])[:10]
    return ""


def _collected(source: Source, value: Any) -> Source:
    if isinstance(value, bool) or value is None:
        return source
    if isinstance(value, int | float):
        source.numbers.add(abs(float(value)))
    elif isinstance(value, str):
        flat = " ".join(value.split())
        source.strings.append(flat)
        for match in _ISO.finditer(value):
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


# --- one sentence ------------------------------------------------------------------------------------------------


def faults_of(text: str, basis: str, evidence: Sequence[Evidence], files: PatientFiles) -> list[Fault]:
    """Everything a sentence says that its evidence does not."""
    if not evidence:
        return [Fault("unresolved", "no evidence", text)]
    sources: list[Source] = []
    found: list[Fault] = []
    for item in evidence:
        source = files.source(item)
        if source is None:
            found.append(Fault("unresolved", item.ref, text))
            continue
        sources.append(source)
        if source.raw is not None and source.raw.get("resourceType") != "Patient":
            if files.is_later(source.raw):
                found.append(Fault("later", item.ref, text))
            if source.raw.get("status") == "entered-in-error" or _code_of(source.raw, "verificationStatus") == "entered-in-error":
                found.append(Fault("status", f"{item.ref} was entered in error", text))
    quotes = _QUOTE.findall(text)
    found += [Fault("quote", q, text) for q in quotes if not _stands_in(q, sources)]
    bare = _QUOTE.sub(" “” ", text)
    for check in (_dates, _numbers, _names, _statuses, _ranges, _directions, _absences):
        found += [Fault(kind, value, text) for kind, value in check(bare, basis, sources, files, quotes)]
    return found


Found = Iterable[tuple[str, str]]


def _flat(text: str) -> str:
    text = re.sub(r"\((\d{1,3})\)|\[(\d{1,3})\]", lambda m: f"({m[1] or m[2]})", text)
    return " ".join(re.sub(r"[“”]", "'", text).split()).casefold()


def _stands_in(quote: str, sources: Sequence[Source]) -> bool:
    wanted = _flat(quote)
    return any(wanted in _flat(s) for source in sources for s in [*source.strings, source.text.replace("\n", " ")])


def _said_dates(bare: str) -> list[str]:
    found = [m[0] for m in _ISO.finditer(bare)]
    for match in _WORDY.finditer(bare):
        month = f"{_MONTHS.index(match[1]) + 1:02d}"
        found.append(f"{match[3]}-{month}" + (f"-{int(match[2]):02d}" if match[2] else ""))
    rest = _WORDY.sub(" ", _ISO.sub(" ", bare))
    return found + [m[1] for m in _YEAR.finditer(rest)]


def _dates(bare: str, basis: str, sources: Sequence[Source], files: PatientFiles, quotes: Sequence[str]) -> Found:
    known = {d for s in sources for d in s.dates} | {files.as_of.date().isoformat()}
    due = set(_due_dates(sources, quotes)) if basis == "derived" else set()
    for said in _said_dates(bare):
        if not any(d == said or d.startswith(f"{said}-") for d in known | due):
            number = basis == "guidance" or any(float(said) in s.numbers for s in sources if said.isdigit())
            if not (said.isdigit() and number):
                yield "date", said


def _due_dates(sources: Sequence[Source], quotes: Sequence[str]) -> Iterator[str]:
    """A cited day plus each interval that a quote names."""
    words = dict(zip("one two three four five six seven eight nine ten twelve".split(), (*range(1, 11), 12), strict=True))
    days = {"day": 1.0, "week": 7.0, "month": 30.44, "year": 365.25}
    for quote in quotes:
        for number, unit in re.findall(r"\b(\d+|[a-z]+)\s+(day|week|month|year)s?\b", quote.lower()):
            count = int(number) if number.isdigit() else words.get(number, 1)
            for text in {d for s in sources for d in s.dates if len(d) == 10}:
                yield (date.fromisoformat(text) + timedelta(days=count * days[unit])).isoformat()


def _numbers(bare: str, basis: str, sources: Sequence[Source], files: PatientFiles, quotes: Sequence[str]) -> Found:
    text = _WORDY.sub(" ", _ISO.sub(" ", bare))
    text = _UNIT_NUMBERS.sub(" ", re.sub(r"^\s*\d{1,2}\. ", " ", text))
    known = {n for s in sources for n in s.numbers}
    for match in _CONVERTED.finditer(text):
        shown, recorded = float(match[1]), float(match[2])
        if not _converts(shown, recorded):
            yield "number", match[0]
        if not _has(match[2], known):
            yield "number", match[2]
    text = _CONVERTED.sub(lambda m: " ", text)
    for match in _AGE.finditer(text):
        if not _is_age(int(next(g for g in match.groups() if g)), "month" in match.string[match.end() : match.end() + 7], sources, files):
            yield "number", match[0]
    text = _AGE.sub(" ", text)
    for match in _ACROSS.finditer(text):
        low, high = sorted((float(match[1]), float(match[2])))
        if not low <= float(match[3]) <= high:
            yield "direction", match[0]
    text = re.sub(r", across \d+(?:\.\d+)?", " ", text)
    for match in _COUNTS.finditer(text):
        if "further" not in match.string[match.end() : match.end() + 9] and int(next(g for g in match.groups() if g)) > max(len(sources), 1):
            yield "number", match[0]
    text = _COUNTS.sub(" ", text)
    years = {d[:4] for s in sources for d in s.dates} | {str(files.as_of.year)}
    for match in _NUMBER.finditer(text):
        if match[1] in years and len(match[1]) == 4:
            continue
        if not _has(match[1], known) and not (len(match[1]) == 4 and match[1].isdigit() and _YEAR.fullmatch(match[1])):
            yield "number", match[1]


def _has(text: str, known: set[float]) -> bool:
    value = float(text.replace(",", ""))
    digits = len(text.partition(".")[2])
    slack = 0.5 * 10**-digits + 1e-9
    return value in known or any(abs(n - value) <= slack for n in known if digits or value >= 10)


def _converts(shown: float, recorded: float) -> bool:
    pairs = [recorded * f for f in _FACTORS] + [recorded * 0.0915 + 2.15, (recorded - 2.15) / 0.0915, recorded * 1.8 + 32, (recorded - 32) / 1.8]
    return any(abs(p - shown) <= max(0.012 * abs(shown), 0.06) for p in pairs)


def _is_age(said: int, months: bool, sources: Sequence[Source], files: PatientFiles) -> bool:
    for source in sources:
        raw = source.raw or {}
        if raw.get("resourceType") == "Patient" and raw.get("birthDate"):
            born = str(raw["birthDate"])
            year, month, day = (int(p) for p in (born + "-01-01")[:10].split("-")) if len(born) == 4 else (
                int(p) for p in (born if len(born) == 10 else f"{born}-01").split("-")
            )  # fmt: skip
            died = str(raw.get("deceasedDateTime") or "")[:10]
            at = date.fromisoformat(died) if died and died <= files.as_of.date().isoformat() else files.as_of.date()
            full = (at.year - year) * 12 + at.month - month - (at.day < day)
            return said == (full if months else full // 12)
    return False


def _names(bare: str, basis: str, sources: Sequence[Source], files: PatientFiles, quotes: Sequence[str]) -> Found:
    """Drugs and diagnoses outside quotes that no cited source names."""
    texts = "\n".join(s.text for s in sources).casefold()
    codes = {(c.get("system"), c.get("code")) for s in sources for c in _codings(s.raw)}
    coded = {c.id for key in codes for c in files.vocabulary.by_code.get(key, ())}  # type: ignore[call-overload]
    for kind, label in (("medication", "drug"), ("condition", "diagnosis")):
        known = coded | {i for s in sources for text in s.strings for i in files.ids(text, kind)}
        wide = known | {a for i in known for a in files.vocabulary.ancestors(kind, i)} if kind == "condition" else known
        for mention in files.lexicon.find_mentions(_without_frames(bare), (kind,), fuzzy=False):
            if len(mention.text) < 3:
                continue  # a unit or an abbreviation of anything
            said = {t.id for t in mention.targets if t.kind == kind}
            word = mention.text.casefold()
            measured = files.ids(mention.text, "observation") & coded
            if not said & wide and word not in texts and not measured and not _is_frame(word, basis):
                yield label, mention.text


def _codings(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if "code" in value and "system" in value:
            yield value
        for item in value.values():
            yield from _codings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _codings(item)


def _without_frames(bare: str) -> str:
    """The sentence without the words of its frame and the plain explanations in brackets that name no source."""
    return re.sub(r"\((?:a|the|they|high|how|signals|breathing|seizures|painful|itchy|blood|a drug)[^)]*\)", " ", bare)


def _is_frame(word: str, basis: str) -> bool:
    """Words of our own sentences that the vocabulary also knows: names of measurements and of screening."""
    return word in {
        "allergy", "allergies", "potassium", "sodium", "glucose", "iron", "calcium", "oxygen", "albumin", "insulin", "creatinine", "vaccine",
        "influenza", "colorectal cancer", "bone density", "death", "died", "smoking", "alcohol", "tobacco", "weight", "pain", "platelets",
        "blood pressure", "pneumococcal", "cancer",
    } or (basis in {"absence", "guidance"} and word in {"screening"})  # fmt: skip


_ACTIVE_LEADS = re.compile(r"^(?:Acute: |Active since|Active: |Also active: |Treatment: |On |Current(?:ly)? |You have |Allerg(?:y|ies): |Also active: )")
_OVER_LEADS = re.compile(r"^(?:Earlier drugs: |No longer taken|Resolved or inactive|Recently resolved|Resolved: |Stopped: |Started and ended)")


def _statuses(bare: str, basis: str, sources: Sequence[Source], files: PatientFiles, quotes: Sequence[str]) -> Found:
    current, over = _ACTIVE_LEADS.match(bare) is not None, _OVER_LEADS.match(bare) is not None
    for source in sources:
        raw = source.raw or {}
        kind = raw.get("resourceType")
        if kind == "Condition":
            doubt = _code_of(raw, "verificationStatus")
            active = _is_open(raw, files)
            if doubt in {"provisional", "unconfirmed", "differential"} and current and doubt not in bare and "not certain" not in bare:
                yield "status", f"{source.ref} is {doubt}"
            if doubt == "refuted" and "refuted" not in bare:
                yield "status", f"{source.ref} is refuted"
            if (current and not active) or (over and active):
                yield "status", f"{source.ref} is {'open' if active else 'over'}"
        elif kind in {"MedicationRequest", "MedicationStatement"} and (current or over) and not files_look_back(files):
            renewed = any(_same_drug(raw, s.raw) and (s.raw or {}).get("status") == "active" for s in sources)
            if (raw.get("status") == "active") == over and not (current and renewed):
                yield "status", f"{source.ref} is {raw.get('status')}"
        elif kind == "AllergyIntolerance" and current and _code_of(raw, "clinicalStatus") not in {"active", ""}:
            yield "status", f"{source.ref} is {_code_of(raw, 'clinicalStatus')}"
        elif kind == "FamilyMemberHistory":
            relative = str((raw.get("relationship") or {}).get("text") or "").casefold()
            if relative and relative not in bare.casefold():
                yield "status", f"{source.ref} is of the {relative}"


def _same_drug(one: Json, other: Json | None) -> bool:
    keys = ("medicationCodeableConcept", "medicationReference")
    return other is not None and any(one.get(k) and _plain_drug(one.get(k)) == _plain_drug(other.get(k)) for k in keys)


def _plain_drug(value: Any) -> Any:
    return (value or {}).get("text") or (value or {}).get("coding") or (value or {}).get("reference")


def files_look_back(files: PatientFiles) -> bool:
    """Whether the record goes on after the moment: its statuses are then of another day."""
    return files.goes_on


def _is_open(raw: Json, files: PatientFiles) -> bool:
    end = str(raw.get("abatementDateTime") or "")[:10]
    if end:
        return end > files.as_of.date().isoformat()[: len(end)]
    return _code_of(raw, "clinicalStatus") in _LIVE


def _ranges(bare: str, basis: str, sources: Sequence[Source], files: PatientFiles, quotes: Sequence[str]) -> Found:
    """Values called high or low that the reported range, the record's flag or the usual range does not call so."""
    for match in _FLAGGED.finditer(bare):
        day, word = match[3], match[4]
        shown = {float(g) for g in (match[1], match[2]) if g}
        exact = [v for s in sources for v in _verdicts(s.raw, day, files, shown)]
        verdicts = exact or [v for s in sources for v in _verdicts(s.raw, day, files, None)]
        if verdicts and word not in verdicts:
            yield "range", match[0]


def _verdicts(raw: Json | None, day: str, files: PatientFiles, shown: set[float] | None) -> Iterator[str]:
    """What the ranges of an observation of that day, and of its components, make of its value, if it is one of those shown."""
    if not raw or raw.get("resourceType") != "Observation" or not str(_effective(raw)).startswith(day):
        return
    for part in (raw, *(raw.get("component") or ())):
        value = (part.get("valueQuantity") or {}).get("value")
        if value is None or (shown is not None and not any(abs(value - s) <= max(0.006 * abs(s), 0.005) for s in shown)):
            continue
        flag = str((((part.get("interpretation") or [{}])[0]).get("coding") or [{}])[0].get("code") or "")
        for limit in part.get("referenceRange") or raw.get("referenceRange") or ():
            low, high = (limit.get("low") or {}).get("value"), (limit.get("high") or {}).get("value")
            yield "high" if high is not None and value > high else "low" if low is not None and value < low else "in range"
        if flag[:1] in {"H", "L"}:
            yield "high" if flag[0] == "H" else "low"
        if not part.get("referenceRange") and not flag:
            yield from _by_usual_range(part, value, files)


def _by_usual_range(part: Json, value: float, files: PatientFiles) -> Iterator[str]:
    own = {"8480-6": (90, 139), "8462-4": (50, 89), "8867-4": (50, 110), "9279-1": (10, 22), "8310-5": (35.5, 38.0)}
    for coding in (part.get("code") or {}).get("coding") or ():
        for concept in files.vocabulary.by_code.get((str(coding.get("system")), str(coding.get("code"))), ()):
            low, high = own.get(str(coding.get("code")), (concept.number("low"), concept.number("high")))
            yield "high" if high is not None and value > high else "low" if low is not None and value < low else "in range"


def _directions(bare: str, basis: str, sources: Sequence[Source], files: PatientFiles, quotes: Sequence[str]) -> Found:
    for match in _MOVED.finditer(bare):
        if (float(match[1]) > float(match[3])) != (match[2] == "up"):
            yield "direction", match[0]
    for match in _PEAKED.finditer(bare):
        if (float(match[3]) > float(match[1])) != (match[2] == "peak"):
            yield "direction", match[0]


def _absences(bare: str, basis: str, sources: Sequence[Source], files: PatientFiles, quotes: Sequence[str]) -> Found:
    """Claims that the record has none of something, against everything it has."""
    if match := re.match(r"The record has no (.+) entry\.", bare):
        for name in re.split(r", | or ", match[1]):
            if any(True for _ in _matching(name, files)):
                yield "absence", name
    elif "No allergy entry is in the record" in bare or "no entry about allergies" in bare:
        if any(True for _ in files.all_of("AllergyIntolerance")):
            yield "absence", "allergy"
    elif re.match(r"No active medical problem|Your record lists no health problem", bare):
        if any(_is_open(r, files) and not _is_social(r, files) and not _is_old_event(r, files) for r in files.all_of("Condition")):
            yield "absence", "problem"
    elif re.match(r"No active medication|Your record lists no medicine", bare):
        if any(r.get("status") == "active" for r in files.all_of("Medication")) and not files_look_back(files):
            yield "absence", "medication"
    elif re.match(r"No visit is in", bare) and any(True for _ in files.all_of("Encounter")) and basis == "absence":
        if "since" not in bare and "in the record." in bare:
            yield "absence", "visit"
    elif "known allerg" in bare and basis == "record":
        if not any("no known" in s.text.casefold() for s in sources):
            yield "absence", "no known allergy"
    for name, pattern in _SCREENED.items():
        if re.search(rf"\bNo {name} is recorded", bare):
            texts = (_label(r) for r in files.all_of("Procedure", "Immunization", "Observation"))
            if any(re.search(pattern, t.casefold()) for t in texts):
                yield "absence", name


def _matching(name: str, files: PatientFiles) -> Iterator[Any]:
    kind = _SEARCHED[name]
    yield from files.notes() if kind == "DocumentReference" else files.all_of(kind)


def _is_old_event(raw: Json, files: PatientFiles) -> bool:
    """Open in the record for more than a year: the story tells such one-time events as past, with their date."""
    began = _effective(raw)
    return bool(began) and began < (files.as_of - timedelta(days=365)).date().isoformat()[: len(began)]


def _is_social(raw: Json, files: PatientFiles) -> bool:
    text = _label(raw)
    found = [files.vocabulary.get("condition", i) for i in files.ids(text, "condition")]
    coded = [c for k in _codings(raw.get("code")) for c in files.vocabulary.by_code.get((k.get("system"), k.get("code")), ())]  # type: ignore[arg-type]
    kinds = [c.extra.get("kind") for c in (*found, *coded) if c is not None]
    return bool(kinds) and all(k == "social" for k in kinds)


def _label(raw: Json) -> str:
    for key in ("code", "vaccineCode", "medicationCodeableConcept"):
        code = raw.get(key) or {}
        if code:
            return str(code.get("text") or (code.get("coding") or [{}])[0].get("display") or "")
    return ""


# --- planted faults ----------------------------------------------------------------------------------------------

Mutation = Callable[[str], str | None]


def _shift_number(text: str) -> str | None:
    bare = [m for m in re.finditer(r"(?<![\w.,/-])(\d+(?:\.\d+)?)(?= (?:mg|g|mcg|mmol|µmol|%|mL|kg|U/L|×))", text) if not _in_quote(text, m.start())]
    return _replaced(text, bare[-1], f"{float(bare[-1][1]) * 1.7 + 3:.1f}") if bare else None


def _shift_date(text: str) -> str | None:
    bare = [m for m in _ISO.finditer(text) if not _in_quote(text, m.start()) and m[3]]
    return _replaced(text, bare[-1], f"{int(bare[-1][1]) - 7}-{bare[-1][2]}-{bare[-1][3]}") if bare else None


def _other_drug(text: str) -> str | None:
    match = re.search(r"\b(?:amlodipine|apixaban|losartan|metformin|atorvastatin|lisinopril|furosemide|insulin glargine|methotrexate|levothyroxine|warfarin)\b", _blank(text), re.IGNORECASE)
    return _replaced(text, match, "rivaroxaban") if match else None


def _other_diagnosis(text: str) -> str | None:
    match = re.search(r"\b(?:essential hypertension|type [12] diabetes mellitus|gout|osteoporosis|atrial fibrillation|asthma|anemia|prediabetes|hyperlipidemia|obesity|pregnancy|hypertension)\b", _blank(text), re.IGNORECASE)
    return _replaced(text, match, "multiple sclerosis") if match else None


def _other_quote(text: str) -> str | None:
    match = _QUOTE.search(text)
    return _replaced(text, match, "“metastases throughout both lungs”") if match else None


def _turned(text: str) -> str | None:
    for a, b in ((", down from", ", up from"), (", up from", ", down from"), (", high)", ", low)"), (", low)", ", high)"), ("Earlier drugs:", "Treatment:")):
        if a in _blank(text):
            return text.replace(a, b, 1)
    return None


MUTATIONS: dict[str, Mutation] = {
    "number": _shift_number, "date": _shift_date, "drug": _other_drug, "diagnosis": _other_diagnosis, "quote": _other_quote, "direction or status": _turned,
}  # fmt: skip


def _in_quote(text: str, position: int) -> bool:
    return any(m.start() < position < m.end() for m in _QUOTE.finditer(text))


def _blank(text: str) -> str:
    return _QUOTE.sub(lambda m: " " * len(m[0]), text)


def _replaced(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]
