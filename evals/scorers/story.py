"""Checks each sentence of a story against what it cites, by code of its own.

It reads the raw FHIR resources, the notes and the packaged statements, never the rows or functions that the story was
written with. A quote must stand in a cited source; a date, number, drug or diagnosis outside quotes must stand there too or
follow from it by an arithmetic named here; words of status, range and direction must agree with the cited values; a claim of
absence is checked against every resource of the patient. What it cannot judge (plain words for a diagnosis) it does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from domain.facts import Evidence
from evals.scorers.story_files import (
    ISO,
    Json,
    PatientFiles,
    Source,
    code_of,
    codings,
    effective_day,
    is_open,
    is_social,
    label_of,
    rules_behind,
    verdicts_of,
)

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
_FLAGGED = re.compile(
    r"(?<![\w./])[<>]?(\d+(?:\.\d+)?)(?:/(\d+))?(?: [^();]*?)? \(((?:19|20)\d\d(?:-\d\d){0,2}), (high|low)\)"
)
_MOVED = re.compile(
    r"(?<![\w./])[<>]?(\d+(?:\.\d+)?)(?:/\d+)?[^();:]*\([^()]*\)(?:, [<>]?[\d./]+(?: \(recorded as [^)]*\))? on [\d-]+)?, (up|down) from [<>]?(\d+(?:\.\d+)?)"
)
_ACROSS = re.compile(
    r"(?<![\w./])(\d+(?:\.\d+)?)[^();]*\([^()]*\); before (\d+(?:\.\d+)?)[^;]*?, across (\d+(?:\.\d+)?)"
)
_PEAKED = re.compile(
    r"(?<![\w./])[<>]?(\d+(?:\.\d+)?)(?:/\d+)?[^();:]*\([^()]*\), after a (peak|low) of [<>]?(\d+(?:\.\d+)?)"
)
_FACTORS = (
    88.42, 1 / 88.42, 0.45359, 2.20462, 18.016, 1 / 18.016, 2.54, 1 / 2.54, 10.0, 0.1, 1000.0, 0.001, 38.67, 1 / 38.67, 88.57, 1 / 88.57,
    17.104, 1 / 17.104, 0.357, 2.801, 4.008, 0.2495, 100.0, 0.01, 28.3495,
)  # fmt: skip
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
            if (
                source.raw.get("status") == "entered-in-error"
                or code_of(source.raw, "verificationStatus") == "entered-in-error"
            ):
                found.append(Fault("status", f"{item.ref} was entered in error", text))
    if basis == "guidance":
        sources += rules_behind(text)
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
    found = [m[0] for m in ISO.finditer(bare)]
    for match in _WORDY.finditer(bare):
        month = f"{_MONTHS.index(match[1]) + 1:02d}"
        found.append(f"{match[3]}-{month}" + (f"-{int(match[2]):02d}" if match[2] else ""))
    rest = _WORDY.sub(" ", ISO.sub(" ", bare))
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
    words = dict(
        zip("one two three four five six seven eight nine ten twelve".split(), (*range(1, 11), 12), strict=True)
    )
    days = {"day": 1.0, "week": 7.0, "month": 30.44, "year": 365.25}
    for quote in quotes:
        for number, unit in re.findall(r"\b(\d+|[a-z]+)\s+(day|week|month|year)s?\b", quote.lower()):
            count = int(number) if number.isdigit() else words.get(number, 1)
            for text in {d for s in sources for d in s.dates if len(d) == 10}:
                yield (date.fromisoformat(text) + timedelta(days=count * days[unit])).isoformat()


def _numbers(bare: str, basis: str, sources: Sequence[Source], files: PatientFiles, quotes: Sequence[str]) -> Found:
    text = _WORDY.sub(" ", ISO.sub(" ", bare))
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
        if not _is_age(
            int(next(g for g in match.groups() if g)),
            "month" in match.string[match.end() : match.end() + 7],
            sources,
            files,
        ):
            yield "number", match[0]
    text = _AGE.sub(" ", text)
    for match in _ACROSS.finditer(text):
        low, high = sorted((float(match[1]), float(match[2])))
        if not low <= float(match[3]) <= high:
            yield "direction", match[0]
    text = re.sub(r", across \d+(?:\.\d+)?", " ", text)
    for match in _COUNTS.finditer(text):
        if "further" not in match.string[match.end() : match.end() + 9] and int(
            next(g for g in match.groups() if g)
        ) > max(len(sources), 1):
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
    pairs = [recorded * f for f in _FACTORS] + [
        recorded * 0.0915 + 2.15,
        (recorded - 2.15) / 0.0915,
        recorded * 1.8 + 32,
        (recorded - 32) / 1.8,
    ]
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
    codes = {(c.get("system"), c.get("code")) for s in sources for c in codings(s.raw)}
    coded = {c.id for key in codes for c in files.vocabulary.by_code.get(key, ())}  # type: ignore[arg-type]
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


_CODE_STATUS = re.compile(r"\bfull code\b|\bDNR\b|\bDNI\b|\bcode status\b", re.IGNORECASE)
_EVENT = re.compile(
    r"stroke|infarct|arrest|miscarriage|pneumonia|embolism|thrombosis|hypox|covid|bronchitis|pharyngitis|viral sinusitis|fracture|sprain|sepsis"
    r"|ketoacidosis|transient isch|acute kidney|h(?:a|æ)?emorrhage|abscess|urinary tract infection|pregnancy|pre-?eclampsia",
    re.IGNORECASE,
)
_ACTIVE_LEADS = re.compile(
    r"^(?:Acute: |Active since|Active: |Also active: |Treatment: |On |Current(?:ly)? |You have |Allerg(?:y|ies): |Also active: )"
)
_OVER_LEADS = re.compile(
    r"^(?:Earlier drugs: |No longer taken|Resolved or inactive|Recently resolved|Resolved: |Stopped: |Started and ended)"
)


def _statuses(bare: str, basis: str, sources: Sequence[Source], files: PatientFiles, quotes: Sequence[str]) -> Found:
    current, over = _ACTIVE_LEADS.match(bare) is not None, _OVER_LEADS.match(bare) is not None
    for source in sources:
        raw = source.raw or {}
        kind = raw.get("resourceType")
        if kind == "Condition":
            doubt = code_of(raw, "verificationStatus")
            active = is_open(raw, files)
            if (
                doubt in {"provisional", "unconfirmed", "differential"}
                and current
                and doubt not in bare
                and "not certain" not in bare
            ):
                yield "status", f"{source.ref} is {doubt}"
            if doubt == "refuted" and "refuted" not in bare:
                yield "status", f"{source.ref} is refuted"
            if (current and not active) or (over and active):
                yield "status", f"{source.ref} is {'open' if active else 'over'}"
        elif kind in {"MedicationRequest", "MedicationStatement"} and (current or over) and not files_look_back(files):
            renewed = any(_same_drug(raw, s.raw) and (s.raw or {}).get("status") == "active" for s in sources)
            if (raw.get("status") == "active") == over and not (current and renewed):
                yield "status", f"{source.ref} is {raw.get('status')}"
        elif kind == "AllergyIntolerance" and current and code_of(raw, "clinicalStatus") not in {"active", ""}:
            yield "status", f"{source.ref} is {code_of(raw, 'clinicalStatus')}"
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


def _ranges(bare: str, basis: str, sources: Sequence[Source], files: PatientFiles, quotes: Sequence[str]) -> Found:
    """Values called high or low that the reported range, the record's flag or the usual range does not call so."""
    for match in _FLAGGED.finditer(bare):
        day, word = match[3], match[4]
        shown = {float(g) for g in (match[1], match[2]) if g}
        exact = [v for s in sources for v in verdicts_of(s.raw, day, files, shown)]
        verdicts = exact or [v for s in sources for v in verdicts_of(s.raw, day, files, None)]
        if verdicts and word not in verdicts:
            yield "range", match[0]


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
        if any(
            is_open(r, files) and not is_social(r, files) and not _is_old_event(r, files)
            for r in files.all_of("Condition")
        ):
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
    yield from _nothing_since(bare, sources, files)
    for name, pattern in _SCREENED.items():
        if re.search(rf"\bNo {name} is recorded", bare):
            texts = (label_of(r) for r in files.all_of("Procedure", "Immunization", "Observation"))
            if any(re.search(pattern, t.casefold()) for t in texts):
                yield "absence", name


def _nothing_since(bare: str, sources: Sequence[Source], files: PatientFiles) -> Found:
    """Claims that nothing came after something."""
    if "Code status is not documented" in bare and any(_CODE_STATUS.search(n.text) for n in files.notes()):
        yield "absence", "code status"
    if "no later one is recorded" in bare:
        for raw in (s.raw for s in sources if s.raw is not None):
            same = (r for r in files.all_of("Procedure") if label_of(r).casefold() == label_of(raw).casefold())
            if any(effective_day(r) > effective_day(raw) for r in same):
                yield "absence", "a later one"
    if match := re.match(r"No new problem, order.* between (\S+) and (\S+)\.$", bare):
        kinds = ("Condition", "Medication", "Observation", "Encounter", "Procedure", "Immunization")
        days = [effective_day(r) for r in files.all_of(*kinds)] + [
            n.time.date().isoformat() for n in files.notes() if n.time
        ]
        if any(match[1] < d <= match[2] for d in days if len(d) == 10):
            yield "absence", "something new"
    if match := re.search(r"ordered in this dose (\S+) and no (.+?) result is recorded since", bare):
        wanted = {w for w in re.split(r", | and ", match[2])}
        found = (
            r
            for r in files.all_of("Observation")
            if wanted & {w for w in re.findall(r"[a-z]+", label_of(r).casefold())[:1]}
        )
        if any(effective_day(r) > match[1] for r in found):
            yield "absence", match[2]


def _matching(name: str, files: PatientFiles) -> Iterator[Any]:
    kind = _SEARCHED[name]
    yield from files.notes() if kind == "DocumentReference" else files.all_of(kind)


def _is_old_event(raw: Json, files: PatientFiles) -> bool:
    """A one-time event still open after a year: the story tells it as past, with its date. A chronic disease never is one."""
    began, text = effective_day(raw), label_of(raw)
    found = [files.vocabulary.get("condition", i) for i in files.ids(text, "condition")]
    passing = any(c is not None and c.extra.get("kind") in {"symptom", "injury"} for c in found)
    old = bool(began) and began < (files.as_of - timedelta(days=365)).date().isoformat()[: len(began)]
    return old and (passing or _EVENT.search(text) is not None)
